#!/usr/bin/env python3
"""An adapter between the tigress harness and your wallet. Its protocol: docs/adapter.md.

    tigress test --adapter 'python3 adapter.py'

Fill in METHODS, one function after the other. What is not there counts as not implemented.
"""

import json
import sys


class Refused(Exception):
    """Your wallet refuses. The profile's name for the error, or your own."""


def describe(params):
    return {
        "name": "my wallet",
        "version": "0",
        "protocol": 1,
        "suites": ["tigress-1"],
        # Strike out what you do not offer.
        "roles": ["primitives", "device", "wallet"],
        # "own" where you cannot hand randomness in.
        "randomness": "injected",
    }


def reset(params):
    """Forget every device and wallet."""
    return {}


# Bytes are lower-case hex: bytes.fromhex(params["publicKey"]), some_bytes.hex().
#
# def public_key_decode(params):
#     try:
#         return {"u": my_wallet.decode(bytes.fromhex(params["publicKey"])).hex()}
#     except my_wallet.BadKey:
#         raise Refused("invalid-key")

METHODS = {
    "describe": describe,
    "reset": reset,
    # "public_key.decode": public_key_decode,
}


def answer(request):
    method = METHODS.get(request["method"])
    if method is None:
        return {"error": {"code": -32601, "message": "not implemented"}}
    try:
        return {"result": method(request["params"])}
    except Refused as refused:
        return {"error": {"code": 1, "message": str(refused), "data": {"error": str(refused)}}}


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer(request)}), flush=True)
