#!/usr/bin/env bash
# See that wrk is here, which makes the load of `make bench-till`; on Debian and Ubuntu, install it where that is allowed.
set -euo pipefail

if command -v wrk > /dev/null; then
  printf 'wrk: %s\n' "$(command -v wrk)"
  exit 0
fi
if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
  printf 'wrk is not here: installing it with apt-get\n'
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends wrk > /dev/null
  printf 'wrk: %s\n' "$(command -v wrk)"
  exit 0
fi
printf 'wrk is not here, and makes the load. Install it (Debian: sudo apt-get install wrk) and run this again.\n' >&2
exit 1
