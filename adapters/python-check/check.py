"""Recomputes the test vectors with other people's libraries, and says where the two disagree.

Exit status: 0 where everything agrees, 1 where something does not, 2 where the vectors cannot be read.
"""

import argparse
import copy
import json
import random
import string
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import operations
import seen
import signal_v3.device
import signal_v3.operations
from device import Device
from operations import STEPS, Fields, Operation
from outcome import NotCovered, Refused, Split
from randomness import SCRIPT

PROFILE = 2
SUITE = "tigress-1"
# By the suite: what each type of vector asks, and the device of a conversation. What is no suite's is asked as in the first.
OPERATIONS = {SUITE: operations.OPERATIONS, "signal-v3": signal_v3.operations.OPERATIONS}
DEVICES: dict[str, type[Device]] = {SUITE: Device, "signal-v3": signal_v3.device.Device}
CONVERSATION = "Conversation"
META = {"tcId", "name", "comment", "flags", "requirements", "result", "error", "op"}
NOTHING = "nothing"
SHOWN = 64  # of a long value, this many characters are shown


@dataclass(frozen=True)
class Vector:
    suite: str  # the first where it is no suite's
    family: str  # with its suite: tigress-1/kdf, or payload, which is no suite's
    group: str
    test: Fields

    @property
    def name(self) -> str:
        return f"{self.family}/{self.test['name']}"

    def is_called(self, name: str) -> bool:
        """By its whole name, its family's, or either without the suite."""
        names = {self.family, self.name}
        return name in names | {one.removeprefix(f"{SUITE}/") for one in names}


@dataclass(frozen=True)
class Disagreement:
    step: int | None  # of a conversation, from 1
    field: str
    expected: Any
    got: Any


# ---- one vector ----------------------------------------------------------------------------------


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """The single values of an answer, by their path. A null is the same as nothing."""
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


def check_operation(
    operation: Operation, fields: Fields, step: int | None, *subject: Any
) -> list[Disagreement]:
    """Runs one operation and holds its answer or its refusal against the vector's."""
    unknown = fields.keys() - META - operation.inputs - operation.outputs
    if unknown:
        raise NotCovered(f"fields that are not known here: {', '.join(sorted(unknown))}")
    code = fields.get("error")
    SCRIPT.load(bytes.fromhex(fields.get("randomness", "")))
    try:
        answer = operation.run(*subject, fields)
    except Refused as refusal:
        if refusal.code == code or (code is None and fields.get("result") == "acceptable"):
            return []
        expected = "accepted" if code is None else f"refused with {code}"
        return [Disagreement(step, "result", expected, f"refused with {refusal.code}")]
    except Split as split:
        return [Disagreement(step, "result", "an answer", str(split))]
    if code is not None:
        return [Disagreement(step, "result", f"refused with {code}", "accepted")]
    expected_values = leaves({name: fields.get(name) for name in operation.outputs})
    values = leaves(answer)
    found = [
        Disagreement(step, name, expected_values.get(name, NOTHING), values.get(name, NOTHING))
        for name in sorted(expected_values.keys() | values.keys())
        if expected_values.get(name) != values.get(name)
    ]
    if SCRIPT.left():
        found.append(Disagreement(step, "randomness", "all of it drawn", f"{SCRIPT.left()} bytes left"))
    return found


def check_conversation(of: type[Device], test: Fields) -> Iterator[Disagreement]:
    unknown = test.keys() - META - {"device", "steps"}
    if unknown:
        raise NotCovered(f"fields that are not known here: {', '.join(sorted(unknown))}")
    device = of.load(test["device"])
    for number, step in enumerate(test["steps"], 1):
        if step["op"] not in STEPS:
            raise NotCovered(f"steps `{step['op']}`")
        must_stay = device.state() if step.get("error") else None
        found = check_operation(STEPS[step["op"]], step, number, device)
        if test["result"] == "acceptable" and any(one.field == "result" for one in found) and not step.get("error"):
            return  # it may be refused, and a refused step ends it
        yield from found
        if must_stay is not None and device.state() != must_stay:
            yield Disagreement(number, "state", "as before the refused step", "changed")


def check(vector: Vector) -> list[Disagreement]:
    """All disagreements; raises `NotCovered`."""
    test = vector.test
    seen.forget()
    try:
        if vector.group == CONVERSATION:
            refused = any(step.get("error") for step in test["steps"])
            found = list(check_conversation(DEVICES[vector.suite], test))
        elif vector.group in OPERATIONS[vector.suite]:
            refused = bool(test.get("error"))
            found = check_operation(OPERATIONS[vector.suite][vector.group], test, None)
        else:
            raise NotCovered(f"vectors of type {vector.group}")
    except NotCovered:
        raise
    except Exception as error:  # a fault of this program must not look like agreement
        return [Disagreement(None, "program", "an answer", f"stopped at {error!r}")]
    if test["result"] != "acceptable" and refused != (test["result"] == "invalid"):
        found.append(Disagreement(None, "result", test["result"], "a refusal" if refused else "no refusal"))
    return found


# ---- all vectors ---------------------------------------------------------------------------------


def read(folder: Path, only: list[str]) -> dict[str, list[Vector]]:
    """The selected vectors by family."""
    families: dict[str, list[Vector]] = {}
    for path in sorted(folder.glob("**/*.json")):
        if path.stem != path.parent.name:
            continue
        file = json.loads(path.read_text(encoding="utf-8"))
        suite = file.get("suite")
        family = f"{suite}/{file['family']}" if suite else file["family"]
        if file["profile"] != PROFILE:
            raise ValueError(f"{path}: profile {file['profile']}, where {PROFILE} is known")
        if suite is not None and suite not in OPERATIONS:
            raise ValueError(f"{path}: suite {suite}, which is not known")
        vectors = [
            Vector(suite or SUITE, family, group["type"], test)
            for group in file["testGroups"]
            for test in group["tests"]
        ]
        if len({vector.name for vector in vectors}) != file["numberOfTests"]:
            raise ValueError(f"{path}: {len(vectors)} tests, where {file['numberOfTests']} are announced")
        families[family] = vectors
    if not families:
        raise ValueError(f"{folder}: no vectors")
    for name in only:
        if not any(vector.is_called(name) for vectors in families.values() for vector in vectors):
            raise ValueError(f"no family and no vector has the name {name}")
    selected = {
        family: [vector for vector in vectors if not only or any(map(vector.is_called, only))]
        for family, vectors in families.items()
    }
    return {family: vectors for family, vectors in selected.items() if vectors}


def shown(expected: Any, got: Any) -> tuple[str, str]:
    """Both values, long ones from a little before the place where they differ."""
    texts = [value if isinstance(value, str) else json.dumps(value) for value in (expected, got)]
    same = next((at for at, pair in enumerate(zip(*texts)) if pair[0] != pair[1]), min(map(len, texts)))
    start = max(0, same - SHOWN // 4) if max(map(len, texts)) > SHOWN else 0
    cut = [
        ("…" if start else "") + text[start : start + SHOWN] + ("…" if len(text) > start + SHOWN else "")
        for text in texts
    ]
    return (cut[0] or "(empty)", cut[1] or "(empty)")


def report(vector: Vector, found: list[Disagreement]) -> Iterator[str]:
    yield f"\n{vector.name}: {vector.test['comment']}"
    for disagreement in found:
        place = disagreement.field
        if disagreement.step is not None:
            place = f"step {disagreement.step} ({vector.test['steps'][disagreement.step - 1]['op']}), {place}"
        expected, got = shown(disagreement.expected, disagreement.got)
        yield f"  {place}\n    expected {expected}\n    got      {got}"


def run(families: dict[str, list[Vector]]) -> bool:
    """Prints a line a family, then every disagreement; says whether everything agrees."""
    width = max(map(len, families))
    total: Counter[str] = Counter()
    details: list[str] = []

    def line(name: str, counts: Counter[str]) -> str:
        words = [f"{counts['agree']:4} agree"]
        words += [f"{counts[word]} {word}" for word in ("disagree", "not covered") if counts[word]]
        return f"{name:{width}} {', '.join(words)}"

    for family, vectors in families.items():
        counts: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for vector in vectors:
            try:
                found = check(vector)
            except NotCovered as reason:
                counts["not covered"] += 1
                reasons[str(reason)] += 1
                continue
            counts["disagree" if found else "agree"] += 1
            if found:
                details += report(vector, found)
        print(line(family, counts), flush=True)
        for why, count in reasons.items():
            print(f"{'':{width}} {count:4} not covered: {why}")
        total += counts
    print(line("all", total))
    for detail in details:
        print(detail)
    return not total["disagree"]


# ---- self-test -----------------------------------------------------------------------------------


def changed(value: Any, path: str, chance: random.Random, paths: set[str]) -> Any:
    """`value` with every single value in it changed, one hex digit of each; notes their paths."""
    if isinstance(value, dict):
        return {
            name: part if name == "name" else changed(part, f"{path}.{name}" if path else name, chance, paths)
            for name, part in value.items()
        }
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [changed(part, f"{path}[{number}]", chance, paths) for number, part in enumerate(value)]
    paths.add(path)
    if value is None:
        return 1
    if isinstance(value, list):
        return [*value, 1]
    if isinstance(value, int):
        return value ^ 1
    places = [at for at, digit in enumerate(value) if digit in string.hexdigits]
    if not places:
        return value + "00"
    at = chance.choice(places)
    return value[:at] + f"{int(value[at], 16) ^ 1:x}" + value[at + 1 :]


def spoil(operation: Operation, fields: Fields, chance: random.Random) -> set[str]:
    """Changes what is expected of one operation; the fields in which that must be noticed."""
    paths: set[str] = set()
    if fields.get("error"):
        fields["error"] = "not-found" if fields["error"] != "not-found" else "malformed"
        return {"result"}
    for name in sorted(operation.outputs):
        if fields.get(name) is not None:
            fields[name] = changed(fields[name], name, chance, paths)
    if not paths:
        fields["error"] = "not-found"
        paths.add("result")
    return paths


def self_test(families: dict[str, list[Vector]]) -> bool:
    """Changes every expected value of every vector, in memory, and counts how many of them are noticed."""
    width = max(map(len, families))
    chance = random.Random(0)
    everything = True
    for family, vectors in families.items():
        made = caught = 0
        for vector in vectors:
            if vector.test["result"] == "acceptable":
                continue  # refused, it agrees with any answer
            spoiled = Vector(vector.suite, family, vector.group, copy.deepcopy(vector.test))
            must_be_found: set[tuple[int | None, str]] = set()
            if vector.group == CONVERSATION:
                for number, step in enumerate(spoiled.test["steps"], 1):
                    if step["op"] in STEPS:
                        must_be_found |= {(number, path) for path in spoil(STEPS[step["op"]], step, chance)}
            elif vector.group in OPERATIONS[vector.suite]:
                operation = OPERATIONS[vector.suite][vector.group]
                must_be_found = {(None, path) for path in spoil(operation, spoiled.test, chance)}
            try:
                found = {(one.step, one.field) for one in check(spoiled)}
            except NotCovered:
                continue
            made += len(must_be_found)
            caught += len(must_be_found & found)
        everything = everything and caught == made
        print(f"{family:{width}} {caught:4} of {made} changed values noticed", flush=True)
    return everything


def main() -> int:
    parser = argparse.ArgumentParser(description="Recomputes the test vectors with other people's libraries.")
    default = Path(__file__).resolve().parent.parent.parent / "vectors"
    parser.add_argument("vectors", nargs="?", type=Path, default=default, help="the vectors' folder")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="a family or a vector; may be repeated"
    )
    parser.add_argument(
        "--self-test", action="store_true", help="change every expected value and see that it is noticed"
    )
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        families = read(arguments.vectors, arguments.only)
    except (OSError, ValueError, KeyError) as error:
        print(f"python check: {error}", file=sys.stderr)
        return 2
    good = self_test(families) if arguments.self_test else run(families)
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
