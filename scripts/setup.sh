#!/usr/bin/env bash
# Make this clone runnable: scripts/setup.sh run | dev | node
#
#   run   what `make demo` needs (the platform and the data it replays)
#   dev   that, and every check of `make test`
#   node  besides either: Node, to build the pages where the machine has none
#
# Everything lands in .venv; every package is pinned and its hash is checked. Which package index is asked is
# yours to say, in the usual places (UV_*, PIP_*, uv.toml, pip.conf); with none of them, the public one.
# Costs a few milliseconds when nothing changed.
set -euo pipefail
cd -P "$(dirname "$0")/.."

kind=${1:-dev}
venv=.venv
stamp=$venv/.installed
unreachable="not everything could be installed; the lines above say why. When the package index cannot be reached, name
       yours (PIP_INDEX_URL, UV_DEFAULT_INDEX) or your proxy (HTTPS_PROXY), and run this again: it goes on from here."

die() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}
say() { printf 'setup: %s\n' "$*"; }

case $kind in
run | dev | node) ;;
*) die "'$kind' is not something to set up: say 'run' (to use it), 'dev' (to work on it) or 'node' (to build pages)." ;;
esac

# The path counts too: a virtual environment does not survive being moved.
fingerprint() { { pwd -P && cat pyproject.toml requirements/*.txt; } | cksum; }

is_installed() {
    [ -f "$stamp" ] && [ -x "$venv/bin/python" ] || return 1
    local what print
    { read -r what && read -r print; } < "$stamp"
    # All of `run` is in `dev`.
    [ "$print" = "$(fingerprint)" ] && { [ "$what" = "$kind" ] || [ "$what" = dev ]; }
}

is_python_good() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14 python; do
        if is_python_good "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is needed and none was found (found: $(python3 --version 2>&1 || true))." \
        "Install one (Debian, Ubuntu: apt-get install python3 python3-venv) or name it: PYTHON=/path/to/python make demo"
}

# Debian ships Python without the part that makes environments.
ensure_venv_module() {
    "$1" -c 'import ensurepip, venv' 2> /dev/null && return
    if [ "$(id -u)" = 0 ] && [ "$1" = /usr/bin/python3 ] && command -v apt-get > /dev/null; then
        say "installing python3-venv, which this Python lacks"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv > /dev/null
    else
        die "$1 cannot make virtual environments: its venv module is not installed." \
            "Debian, Ubuntu: sudo apt-get install python3-venv; or put uv on your PATH; then run this again."
    fi
}

# uv does not read pip's configuration; people who have only that one should not have to say it twice.
adopt_pip_settings() {
    local index
    [ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
    # Nor does it trust the certificates that this machine trusts, a company's own among them, unless told.
    [ ! -e /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
    [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}${UV_CONFIG_FILE:-}" ] || return 0
    index=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2> /dev/null ||
        "$1" -m pip config get global.index-url 2> /dev/null || true)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
}

make_environment() { # PYTHON: sets $uv
    local python=$1
    if [ -e "$venv" ] && ! { is_python_good "$venv/bin/python" && grep -qsF "$PWD/$venv" "$venv/bin/activate"; }; then
        [ -f "$venv/pyvenv.cfg" ] || die "$venv is in the way and is no virtual environment; move it."
        say "$venv no longer works (it was moved, or its Python is gone); making it anew"
        rm -rf "$venv"
    fi
    if uv=$(command -v uv); then
        [ -d "$venv" ] || "$uv" venv --quiet --python "$python" "$venv"
        return
    fi
    uv=$venv/bin/uv
    if ! [ -d "$venv" ]; then
        ensure_venv_module "$python"
        say "making $venv with $("$python" --version)"
        "$python" -m venv "$venv"
    fi
    if ! [ -x "$uv" ]; then
        "$venv/bin/python" -m pip --version > /dev/null 2>&1 || "$venv/bin/python" -m ensurepip > /dev/null ||
            die "$venv has no pip and cannot get it; remove $venv and run this again."
        say "installing uv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
            -r requirements/uv.txt || die "$unreachable"
    fi
}

! is_installed || exit 0
# Two of us in one checkout would install over each other: the second waits, and then finds it done.
if command -v flock > /dev/null; then
    exec 9< pyproject.toml
    flock 9
    ! is_installed || exit 0
fi

started=$SECONDS
python=$(find_python) || exit 1
make_environment "$python"
adopt_pip_settings "$python"
if [ "$kind" = node ]; then
    "$uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements/node.txt || die "$unreachable"
    exit 0
fi
rm -f "$stamp"
say "installing what '$kind' needs into $venv"
# Compiled now, once: where Python may not keep what it compiles, every start would do it again.
"$uv" pip install --quiet --compile-bytecode --python "$venv/bin/python" --require-hashes -r "requirements/$kind.txt" ||
    die "$unreachable"
# Its build backend came with the requirements, hash and all: nothing is fetched to build it.
"$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
printf '%s\n%s\n' "$kind" "$(fingerprint)" > "$stamp"
say "ready in $((SECONDS - started)) s"
