#!/usr/bin/env bash
# Installs the MCP clients that `cargo test -p portcullis-tests --test clients` drives, under target/clients.
#
# What is there already is left alone, so it may run before every test. Versions and hashes are pinned beside this
# file. Node and Python come from apt where they are missing; a Node that is too old stays, and one from npm is used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
readonly NODE=22.23.3
readonly NODE_MAJOR=20
readonly PYTHON_MINOR=10

mkdir -p ../../target/clients
target=$(cd ../../target/clients && pwd)
readonly target

# Packages of the system, if they can be had.
system() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
    "${as_root[@]}" apt-get update --quiet && "${as_root[@]}" apt-get install --yes --no-install-recommends "$@"
}

# done_before FOLDER FILE…: whether the folder was made from exactly these files. Otherwise it is removed.
done_before() {
    local folder=$1
    shift
    cat "$@" | cmp --silent - "$folder/made-from" && return
    rm -rf "$folder"
    return 1
}

# made FOLDER FILE…: remembers what the folder was made from. Comes last, so that half a folder is made again.
made() {
    local folder=$1
    shift
    cat "$@" >"$folder/made-from"
}

node_is_new_enough() {
    command -v node >/dev/null && [ "$(node --print 'process.versions.node.split(".")[0]')" -ge "$NODE_MAJOR" ]
}

typescript() {
    done_before "$target/node" package.json package-lock.json .npmrc && return
    command -v npm >/dev/null || system nodejs npm
    if ! node_is_new_enough; then
        mkdir -p "$target/runtime"
        (cd "$target/runtime" && npm install --loglevel=error --no-save "node@$NODE")
        PATH="$target/runtime/node_modules/.bin:$PATH"
    fi
    mkdir -p "$target/node"
    cp package.json package-lock.json .npmrc "$target/node"
    (cd "$target/node" && npm ci --loglevel=error --ignore-scripts)
    made "$target/node" package.json package-lock.json .npmrc
}

# python FOLDER REQUIREMENTS
python() {
    local folder="$target/$1"
    done_before "$folder" "$2" && return
    command -v python3 >/dev/null || system python3
    if ! python3 -c "import sys; sys.exit(sys.version_info < (3, $PYTHON_MINOR))"; then
        printf 'the Python clients need Python 3.%s or later\n' "$PYTHON_MINOR" >&2
        return 1
    fi
    # Debian has it in a package of its own.
    python3 -c 'import ensurepip' 2>/dev/null || system python3-venv
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$2"
    made "$folder" "$2"
}

typescript
python py1 requirements-v1.txt
python py2 requirements-v2.txt
printf 'the MCP clients are in %s\n' "$target"
