#!/bin/sh
# All benchmarks; what each needs stands in its head.
set -eu
cd "$(dirname "$0")/.."
for b in bench/*.sh; do
    [ "$b" = bench/run.sh ] || { echo "== $b"; "$b"; }
done
