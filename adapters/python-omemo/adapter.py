"""An adapter for Python's libraries of Signal's formats (docs/adapter.md): `adapter.py LIBRARY`.

A module for each library has a class `Device`, whose methods are those of the role `device`, and `PRIMITIVES`.
README.md says what of them the library does.
"""

import importlib
import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import fields
from fields import BadParameters, Fields
from randomness import SCRIPT

# The module by which each is asked.
MODULES = {"oldmemo": "of_oldmemo", "omemo-dr": "of_omemo_dr", "python-axolotl": "of_axolotl"}

LIBRARY = sys.argv[1]
library: Any = importlib.import_module(MODULES[LIBRARY])

REFUSED = 1
NO_REQUEST = -32600
NOT_FOUND = -32601
INVALID_PARAMS = -32602

HELD: dict[str, Any] = {}


def describe(_: Fields) -> Fields:
    return {
        "name": LIBRARY,
        "version": version(LIBRARY),
        "protocol": 1,
        "suites": ["signal-v3"],
        "roles": ["primitives", "device"] if library.PRIMITIVES else ["device"],
        "randomness": "injected",
    }


def reset(_: Fields) -> Fields:
    HELD.clear()
    return {}


def made(make: Callable[[Fields], Any]) -> Callable[[Fields], Fields]:
    def method(params: Fields) -> Fields:
        HELD[fields.text(params, "handle")] = make(params)
        return {}

    return method


def create(params: Fields) -> Fields:
    device = library.Device.create(params)
    first = {"oneTimePreKeyId": 1} if fields.number(params, "oneTimePreKeys") > 0 else {}
    bundle = device.bundle(first)
    HELD[fields.text(params, "handle")] = device
    return dict(bundle)


def restore(params: Fields) -> Any:
    return library.Device.restored(fields.data(params, "state"))


def on_device(step: str) -> Callable[[Fields], Fields]:
    def method(params: Fields) -> Fields:
        device = HELD.get(fields.text(params, "handle"))
        if device is None:
            raise BadParameters("no device has this handle")
        return dict(getattr(device, step)(params) or {})

    return method


METHODS: dict[str, Callable[[Fields], Fields]] = {
    "describe": describe,
    "reset": reset,
    "device.create": create,
    "device.load": made(library.Device.load),
    "device.restore": made(restore),
    "device.bundle": on_device("bundle"),
    "device.keys": on_device("keys"),
    "device.process_bundle": on_device("process_bundle"),
    "device.encrypt": on_device("encrypt"),
    "device.decrypt": on_device("decrypt"),
    "device.drop_sessions": on_device("drop_sessions"),
    "device.save": on_device("save"),
    **library.PRIMITIVES,
}


def failure(code: int, message: str) -> Fields:
    return {"error": {"code": code, "message": message}}


def refusal(error: BaseException) -> Fields:
    """By the exception's own name. What it was raised from is named without its words: they may show a key."""
    causes = []
    cause = error.__cause__
    while cause is not None:
        causes.append(type(cause).__name__)
        cause = cause.__cause__
    name = type(error).__name__
    said = failure(REFUSED, ", from ".join([f"{name}: {error}"[:1000], *causes]))
    said["error"]["data"] = {"error": name}
    return said


def answer(request: Fields) -> Fields:
    method = METHODS.get(request["method"])
    if method is None:
        return failure(NOT_FOUND, f"{request['method']} is not implemented")
    params = request["params"]
    try:
        SCRIPT.load(fields.data(params, "randomness") if fields.has(params, "randomness") else b"")
        return {"result": method(params)}
    except BadParameters as error:
        return failure(INVALID_PARAMS, str(error))
    except Exception as error:
        return refusal(error)


def main() -> None:
    # What a library prints goes to standard error.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        number = None
        try:
            request = json.loads(line)
            number = request["id"]
            said = answer(request)
        except Exception as error:
            said = failure(NO_REQUEST, f"no request: {error}")
        print(json.dumps({"jsonrpc": "2.0", "id": number, **said}), file=answers, flush=True)


main()
