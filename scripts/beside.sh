#!/usr/bin/env bash
# Run targets of the Makefile side by side, and show each one's output whole: scripts/beside.sh types 'sql audit'
#
# Each argument is one row of targets, done one after another. Fails where any of them does, after all have ended.
set -uo pipefail

kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
pids=()
for row in "$@"; do
    # shellcheck disable=SC2086  # a row is several words
    "${MAKE:-make}" --no-print-directory $row > "$kept/${#pids[@]}" 2>&1 &
    pids+=($!)
done
status=0
for place in "${!pids[@]}"; do
    wait "${pids[$place]}" || status=1
    cat "$kept/$place"
done
exit "$status"
