"""Tells GitHub what a result of `tigress test --format json` says: annotations, a summary of the job, and the output `verdict`.

Usage: annotate.py RESULT SUMMARY OUTPUT

The result may hold what a hostile adapter has said: nothing of it begins a line, a command of GitHub's, or markup.
"""

import json
import os
import re
import sys

# GitHub shows ten errors of a step.
SHOWN = 10
# A longer text is cut.
LONG = 1_000


def escaped(text):
    """A message, as GitHub asks for it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text):
    """The value of a property, as GitHub asks for it."""
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def shown(text):
    """Without what a terminal or a page would obey."""
    text = text if len(text) <= LONG else text[:LONG] + "…"
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{{{ord(c):x}}}" for c in text)


def in_markdown(text):
    """As code of one line, which holds no markup."""
    return "`" + re.sub(r"[`|\n]", "'", shown(text)) + "`"


def message(failure):
    """What is said of one failure."""
    lines = [failure.get("comment", "")]
    lines += [f"{it['id']}: {it['text']}" for it in failure.get("requirements", [])[:1]]
    for difference in failure.get("differences", [])[:3]:
        expected, got = (str(difference.get(key, "")) for key in ("expected", "got"))
        lines.append(f"{difference.get('field') or 'answer'}: expected {expected}, got {got}")
    return shown("\n".join(line for line in lines if line))


def annotation(failure):
    """One command of GitHub's."""
    name = failure["name"]
    properties = [f"title={escaped_property(shown(name))}"]
    # A scenario's name is the file and the line of its script; a script that travels inside the program is no file of the repository.
    place = re.fullmatch(r"(.+):([0-9]{1,9})", name)
    if place and os.path.isfile(place[1]) and not os.path.isabs(place[1]) and ".." not in place[1].split("/"):
        properties = [f"file={escaped_property(place[1])}", f"line={place[2]}"] + properties
    return f"::error {','.join(properties)}::{escaped(message(failure))}"


def main():
    result_file, summary_file, output_file = sys.argv[1:]
    with open(result_file, encoding="utf-8") as file:
        result = json.load(file)
    failures = [it for it in result["failures"] if not it.get("known")]
    for failure in failures[:SHOWN]:
        print(annotation(failure))
    if len(failures) > SHOWN:
        print(f"::notice::{len(failures) - SHOWN} further failures stand in the report")
    verdict = re.sub(r"[^a-z-]", "", result["verdict"])
    counts = [f"{kind}: " + ", ".join(f"{count} {'not claimed' if what == 'notClaimed' else what}" for what, count in result[kind].items()) for kind in ("vectors", "scenarios")]
    with open(summary_file, "a", encoding="utf-8") as summary:
        subject = in_markdown(f"{result['subject']['name']} {result['subject']['version']}")
        print(f"## Tigress: {subject}: {verdict}\n", *(f"- {line}" for line in counts), "", sep="\n", file=summary)
        for failure in failures[:SHOWN]:
            print(f"- {in_markdown(failure['name'])} {in_markdown(failure.get('comment', ''))}", file=summary)
    with open(output_file, "a", encoding="utf-8") as output:
        print(f"verdict={verdict}", file=output)


main()
