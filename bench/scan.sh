#!/bin/sh
# Speed and memory of `dd0c scan`: see bench/scan.py. Trees come from the environment, none is needed.
#   TREES  folder whose folders are scanned in one run      LARGE  one large tree      PLAIN  one that calls no model
#   TOKENTOLL=1  also installs tokentoll 0.8.2 into build/tokentoll and compares
set -eu
cd "$(dirname "$0")/.."
set -- --dd0c "${DD0C:-build/dd0c}" --runs "${RUNS:-7}"
if [ -n "${TOKENTOLL:-}" ]; then
    [ -x build/tokentoll/bin/tokentoll ] || { python3 -m venv build/tokentoll && build/tokentoll/bin/pip -q install tokentoll==0.8.2; }
    set -- "$@" --tokentoll build/tokentoll/bin/tokentoll
fi
[ -z "${TREES:-}" ] || set -- "$@" "trees=$(ls -d "$TREES"/*/ | tr '\n' ',')"
[ -z "${LARGE:-}" ] || set -- "$@" "large=$LARGE"
[ -z "${PLAIN:-}" ] || set -- "$@" "plain=$PLAIN"
exec python3 bench/scan.py "$@" "example=examples"
