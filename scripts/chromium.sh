#!/usr/bin/env bash
# See that Chromium is here, which opens the pages in the tests; on Debian and Ubuntu, install it where that is allowed.
# Where it is not to be had this says so, and those tests are skipped, each with that reason.
set -euo pipefail

found() { command -v "${REGULARS_CHROMIUM:-chromium}" || command -v google-chrome; }

install() {
  command -v apt-get > /dev/null && [ "$(id -u)" = 0 ] || return 1
  printf 'chromium is not here: installing it with apt-get\n'
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk > /dev/null
}

if ! found > /dev/null && ! { install && found > /dev/null; }; then
  printf 'chromium is not here and could not be installed from here (root and apt-get are needed).\n' >&2
  printf 'Tests of pages are skipped. Name another place with REGULARS_CHROMIUM=/path/to/chromium.\n' >&2
fi
