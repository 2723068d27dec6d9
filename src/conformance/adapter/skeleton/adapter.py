#!/usr/bin/env python3
"""An adapter between the tigress harness and your wallet. Its protocol: docs/adapter.md.

    tigress test --adapter 'python3 adapter.py' --only public_key

Fill in METHODS, one function after the other: `tigress adapter methods public_key.decode` shows what each is asked and answers.
What is not there counts as not implemented. Standard output is for answers alone: what your library prints goes to standard error.
"""

import json
import sys


class Refused(Exception):
    """Your wallet refuses: the profile's name for the error or your own, and what it says of it."""

    def __init__(self, error, message=""):
        super().__init__(message or error)
        self.error = error


# Your devices, by the handle that the harness gives them.
devices = {}


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
    devices.clear()
    return {}


# Bytes are lower-case hex: bytes.fromhex(params["message"]), some_bytes.hex().
#
# def device_decrypt(params):
#     device, message = devices[params["handle"]], bytes.fromhex(params["message"])
#     try:
#         plaintext = device.decrypt(params["peer"], params["kind"], message)
#     except my_wallet.Error as error:
#         raise Refused(type(error).__name__, str(error))
#     return {"plaintext": plaintext.hex()}

METHODS = {
    "describe": describe,
    "reset": reset,
    # "public_key.decode": public_key_decode,
    # "public_key.derive": public_key_derive,
    # "device.create": device_create,
    # "device.bundle": device_bundle,
    # "device.process_bundle": device_process_bundle,
    # "device.encrypt": device_encrypt,
    # "device.decrypt": device_decrypt,
}

# The protocol's methods: one under another name would never be called.
KNOWN = """
@METHODS@
""".split()
for name in METHODS:
    if name not in KNOWN:
        print(f'adapter.py: the protocol has no method "{name}"; `tigress adapter methods` lists its methods', file=sys.stderr)


def answer(request):
    method = METHODS.get(request["method"])
    if method is None:
        return {"error": {"code": -32601, "message": "not implemented"}}
    try:
        return {"result": method(request["params"])}
    except Refused as refused:
        return {"error": {"code": 1, "message": str(refused), "data": {"error": refused.error}}}


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer(request)}), flush=True)
