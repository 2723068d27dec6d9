# Sourced by the scripts of the folders here: makes the virtual environment $venv with the packages of the file
# $requirements where it is not there, and leaves its interpreter in $python. Where neither is set, they are target/python-check
# and python-check/requirements.txt. Where there is no Python 3.10 with venv, or the packages cannot be installed, it calls
# `skip WHY`.

adapters=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
requirements=${requirements:-$adapters/python-check/requirements.txt}
venv=${venv:-$adapters/../target/python-check}
python=$venv/bin/python

# The copy of the requirements is written last: it says that the environment is complete.
if ! cmp --silent "$requirements" "$venv/requirements.txt"; then
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
        skip "there is no Python 3.10 or later with venv"
    mkdir -p "$(dirname "$venv")"
    error=$(python3 -m venv --clear "$venv" 2>&1) ||
        skip "the virtual environment cannot be made: ${error##*$'\n'}"
    error=$("$python" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 15 \
        --requirement "$requirements" 2>&1) ||
        skip "the packages cannot be installed: ${error##*$'\n'}"
    cp "$requirements" "$venv/requirements.txt"
fi
