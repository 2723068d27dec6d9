"""An adapter for the packages X3DH, DoubleRatchet, XEdDSA and cryptography (docs/adapter.md).

It adds what a wallet has to add to them: messages, ids, which key and which session. README.md has the list.
"""

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import libraries  # noqa: F401  # first: it says what is left to the packages
import devices
import doubleratchet
import operations
import x3dh
import xeddsa
from device import Device
from outcome import Refused
from randomness import SCRIPT

Fields = dict[str, Any]

NOT_FOUND = -32601
# An exception of a package that is no refusal the profile knows of.
FAILED = -32000


def describe(_: Fields) -> Fields:
    packages = ("X3DH", "DoubleRatchet", "XEdDSA", "cryptography")
    return {
        "name": "Python: " + ", ".join(f"{package} {version(package)}" for package in packages),
        "version": "1",
        "protocol": 1,
        "suites": ["tigress-1"],
        "roles": ["primitives", "device"],
        "randomness": "injected",
    }


def reset(_: Fields) -> Fields:
    devices.HELD.clear()
    return {}


def on_device(step: Callable[[Device, Fields], Fields]) -> Callable[[Fields], Fields]:
    return lambda params: step(devices.held(params), params)


METHODS: dict[str, Callable[[Fields], Fields]] = {
    "describe": describe,
    "reset": reset,
    "public_key.decode": operations.public_key_decode,
    "public_key.derive": operations.public_key_derive,
    "xeddsa.sign": operations.xeddsa_sign,
    "xeddsa.verify": operations.xeddsa_verify,
    "x3dh.shared_secret": operations.shared_secret,
    "x3dh.initiate": operations.x3dh_initiate,
    "x3dh.respond": operations.x3dh_respond,
    "ratchet.root_step": operations.root_step,
    "ratchet.chain_step": operations.chain_step,
    "ratchet.message_key": operations.message_key,
    "ratchet.encrypt": operations.message_encrypt,
    "ratchet.decrypt": operations.message_decrypt,
    "wire.decode_ratchet": operations.ratchet_message_decode,
    "wire.encode_ratchet": operations.ratchet_message_encode,
    "wire.decode_prekey": operations.pre_key_message_decode,
    "wire.encode_prekey": operations.pre_key_message_encode,
    "fingerprint.compute": operations.fingerprint,
    "device.create": devices.create,
    "device.load": devices.load,
    "device.process_bundle": devices.process_bundle,
    "device.decrypt": devices.decrypt,
    "device.save": devices.save,
    "device.restore": devices.restore,
    "device.bundle": on_device(Device.step_bundle),
    "device.keys": on_device(Device.step_keys),
    "device.pin": on_device(Device.step_pin),
    "device.unpin": on_device(Device.step_unpin),
    "device.open_anew": on_device(Device.step_open_anew),
    "device.read_opening": on_device(Device.step_read_opening),
    "device.encrypt": on_device(Device.step_encrypt),
    "device.drop_sessions": on_device(Device.step_drop_sessions),
    "device.tick": on_device(Device.step_tick),
    "device.set_counters": on_device(Device.step_set_counters),
}


# Where a package refuses as the profile asks, but in its own words: what it raises, words of it, the profile's code.
REFUSALS: list[tuple[type[Exception], str, str]] = [
    (x3dh.KeyAgreementException, "", "invalid-signature"),
    (doubleratchet.AuthenticationFailedException, "", "decrypt-failed"),
    (ValueError, "Expected size of the signature", "invalid-signature"),
    (ValueError, "Error computing shared key", "invalid-key"),
    (xeddsa.XEdDSAException, "Key agreement failed", "invalid-key"),
]


def refusal(code: str, message: str) -> Fields:
    return {"error": {"code": 1, "message": message, "data": {"error": code}}}


def answer(request: Fields) -> Fields:
    method = METHODS.get(request["method"])
    if method is None:
        return {"error": {"code": NOT_FOUND, "message": f"{request['method']} is not implemented"}}
    params = request.get("params", {})
    SCRIPT.load(bytes.fromhex(params.get("randomness", "")))
    try:
        return {"result": method(params)}
    except Refused as refused:
        return refusal(refused.code, str(refused))
    except Exception as error:
        for kind, words, code in REFUSALS:
            if isinstance(error, kind) and words in str(error):
                return refusal(code, f"{type(error).__name__}: {error}")
        return failure(error)


def failure(error: Exception) -> Fields:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" at {at.tb_frame.f_globals.get('__name__')}:{at.tb_lineno}" if at else ""
    return {"error": {"code": FAILED, "message": f"{type(error).__name__}{where}: {error}"}}


def main() -> None:
    for line in sys.stdin:
        number = None
        try:
            request = json.loads(line)
            number = request["id"]
            said = answer(request)
        except Exception as error:
            said = {"error": {"code": -32600, "message": f"no request: {error}"}}
        print(json.dumps({"jsonrpc": "2.0", "id": number, **said}), flush=True)


main()
