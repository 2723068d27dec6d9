# Sourced by the scripts `run` of the adapters of npm's libraries, with their folder in $here: leaves in $packages the folder
# that the packages of its package.json are installed into, target/adapters/NAME. They are installed where the first argument
# of `run` is --ready, as package-lock.json has them. Where they are not there, or cannot be installed, it says so and ends
# with 3.

name=$(basename "$here")
packages=$here/../../target/adapters/$name

skip() {
    echo "$name: skipped: $1" >&2
    exit 3
}

command -v node >/dev/null || skip "there is no Node 20 or later"
# The copy of the lock file is written last: it says that all of it is there.
if ! cmp --silent "$here/package-lock.json" "$packages/installed.json"; then
    [[ ${1-} == --ready ]] || skip "\`adapters/setup $name\` installs it"
    node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' || skip "there is no Node 20 or later"
    command -v npm >/dev/null || skip "there is no npm"
    mkdir -p "$packages"
    cp "$here/package.json" "$here/package-lock.json" "$packages"
    # Nothing of what it brings is run at its installation.
    error=$(npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund --loglevel error \
        --fetch-retries 1 --fetch-timeout 15000 2>&1) ||
        skip "the packages cannot be installed: ${error##*$'\n'}"
    cp "$here/package-lock.json" "$packages/installed.json"
fi
