#!/usr/bin/env bash
# Run one step of the build and say its name, how it ended and how long it took: scripts/step.sh NAME COMMAND...
set -uo pipefail
name=$1
shift
printf '\n== %s\n' "$name"
started=$(date +%s%N)
"$@"
status=$?
took=$((($(date +%s%N) - started) / 100000000))
if [ "$status" = 0 ]; then verdict=ok; else verdict="FAILED (exit $status)"; fi
printf '== %s: %s, %d.%d s\n' "$name" "$verdict" $((took / 10)) $((took % 10))
exit "$status"
