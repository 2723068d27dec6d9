#!/usr/bin/env bash
# Builds the program of this very revision, where it is not installed yet. A runner of GitHub has cargo.
#
# GITHUB_PATH is the file in which a step names folders for the steps after it.
set -euo pipefail
cd "$(dirname "$0")/.."
if command -v tigress >/dev/null; then
    tigress --version
    exit
fi
root=${RUNNER_TEMP:-$(mktemp -d)}/tigress
cargo install --locked --path . --root "$root"
echo "$root/bin" >>"${GITHUB_PATH:-/dev/null}"
"$root/bin/tigress" --version
