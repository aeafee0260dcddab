#!/usr/bin/env bash
# Run the smoke tests (pytest -m smoke) on Debian's PostgreSQL 15: the oldest release we promise to work on.
# In CI they must run. On a laptop that has no PostgreSQL 15 this says so, and passes.
set -euo pipefail
cd "$(dirname "$0")/.."

bindir=${REGULARS_SMOKE_PG_BINDIR:-/usr/lib/postgresql/15/bin}

install_postgres() {
    [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || return 1
    echo "smoke: no PostgreSQL 15 in $bindir; installing Debian's (no cluster is made, nothing is started)"
    # The package would otherwise make a cluster and start it.
    local conf=/etc/postgresql-common/createcluster.conf
    if ! [ -e "$conf" ]; then
        mkdir -p "$(dirname "$conf")"
        echo 'create_main_cluster = false' > "$conf"
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold postgresql-15 > /dev/null
}

if ! [ -x "$bindir/postgres" ] && ! { install_postgres && [ -x "$bindir/postgres" ]; }; then
    why="no PostgreSQL 15 in $bindir, and it could not be installed from here (root and apt-get are needed)"
    if [ -n "${CI:-}" ]; then
        echo "smoke: FAILED: $why" >&2
        exit 1
    fi
    echo "smoke: skipped: $why. Name another place with REGULARS_SMOKE_PG_BINDIR=/path/to/bin."
    exit 0
fi

echo "smoke: $("$bindir/postgres" --version)"
# Only the files that have any are read: to collect all tests takes longer than to run these.
files=$(grep -rlE 'mark\.smoke' tests --include='test_*.py')
# shellcheck disable=SC2086  # several names, none with a space
REGULARS_PG_BINDIR=$bindir exec .venv/bin/pytest -m smoke -n 2 $files "$@"
