#!/usr/bin/env bash
# Tests an adapter, and leaves report.html and result.json in a folder; prints what GitHub reads as annotations.
#
# ADAPTER, OPTIONS and REPORT are the inputs of action.yml; GITHUB_OUTPUT and GITHUB_STEP_SUMMARY are GitHub's.
# Exit status: that of `tigress test`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
report=${REPORT:-tigress-report}
mkdir -p "$report"
# As a shell splits words, and without anything else that a shell does.
mapfile -d '' options < <(python3 -c 'import os, shlex; [print(word, end="\0") for word in shlex.split(os.environ.get("OPTIONS", ""))]')
[[ -z ${ADAPTER-} ]] || options=(--adapter "$ADAPTER" "${options[@]}")

status=0
tigress test "${options[@]}" --format json --report "$report/report.html" >"$report/result.json" || status=$?
if [[ -s $report/result.json ]]; then
    python3 "$here/annotate.py" "$report/result.json" "${GITHUB_STEP_SUMMARY:-/dev/null}" "${GITHUB_OUTPUT:-/dev/null}"
fi
exit "$status"
