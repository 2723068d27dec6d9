"""Recomputes the test vectors with other people's libraries, and says where they disagree.

Exit status: 0 where everything agrees, 1 where something does not, 2 where the vectors cannot be read.
"""

import argparse
import collections
import copy
import json
import random
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trace
from device import Device
from operations import OPERATIONS, PARAMETER_ONLY, STEPS, Fields, Operation
from outcome import NotCovered, Refused, Split
from randomness import SCRIPT

PROFILE = 1
SUITE = "tigress-1"
META = {"tcId", "comment", "flags", "requirements", "result", "error"}
MISSING = "nothing"


@dataclass(frozen=True)
class Disagreement:
    step: int | None  # of a conversation, from 1
    field: str
    expected: Any
    got: Any


# ---- one vector ----------------------------------------------------------------------------------------


def leaves(value: Any, path: str) -> dict[str, Any]:
    """The single values of an answer, by their path. A null is as good as nothing."""
    found: dict[str, Any] = {}
    if isinstance(value, dict):
        for name, part in value.items():
            found |= leaves(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, part in enumerate(value):
            found |= leaves(part, f"{path}[{number}]")
    elif value is not None:
        found[path] = value
    return found


def compare(operation: Operation, fields: Fields, may_refuse: bool, *parameters: Any) -> list[tuple[str, Any, Any]]:
    """Runs one operation and holds its answer or refusal against the vector's."""
    unknown = set(fields) - META - {"op"} - operation.inputs - operation.outputs
    if unknown:
        raise NotCovered(f"no field is known here by the name {', '.join(sorted(unknown))}")
    error = fields.get("error")
    carried = bytes.fromhex(fields.get("randomness", ""))
    SCRIPT.load(carried)
    try:
        answer = operation.run(*parameters)
    except Refused as refusal:
        if error is None and may_refuse:
            return []
        expected = "accepted" if error is None else f"refused with {error}"
        got = f"refused with {refusal.code}"
        return [] if got == expected else [("result", expected, got)]
    except Split as split:
        return [("result", "one answer", str(split))]
    if error is not None:
        return [("result", f"refused with {error}", "accepted")]
    expected = leaves({name: fields.get(name) for name in operation.outputs}, "")
    got = leaves(answer, "")
    differences = [
        (name, expected.get(name, MISSING), got.get(name, MISSING))
        for name in sorted(expected.keys() | got.keys())
        if expected.get(name, MISSING) != got.get(name, MISSING)
    ]
    if SCRIPT.left():
        differences.append(("randomness", f"{len(carried)} bytes drawn", f"{SCRIPT.left()} bytes left"))
    return differences


def check_call(group: str, test: Fields) -> list[Disagreement]:
    if group not in OPERATIONS:
        raise NotCovered(f"vectors of type {group} are not known here")
    operation = OPERATIONS[group]
    fields = test
    if group in PARAMETER_ONLY:
        operation = Operation(lambda _: operation_run(test), operation.inputs, operation.outputs)
    raise NotImplementedError(fields)


def main() -> int:
    raise NotImplementedError
