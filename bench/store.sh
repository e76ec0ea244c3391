#!/bin/sh
# What events cost: nanoseconds of a push with a store that works and one that takes 5 s, milliseconds until a follower sees one, events a second
# into telemetry.db with their sums, also when each has a client's trace, and 50,000 a second from four threads beside two readers.
# Needs: make, a folder on a real disk ($DIR, default: build/bench).
set -eu
cd "$(dirname "$0")/.."
OUT=${OUT:-build/release}
DIR=${DIR:-build/bench}/store
rm -rf "$DIR" && mkdir -p "$DIR"
make -s OUT="$OUT" "$OUT/bench/store_bench"
for what in push slow seen ingest traced storm; do
    mkdir -p "$DIR/$what"
    "$OUT/bench/store_bench" "$DIR/$what" "$what" ${N:-500000}
done
ls -l "$DIR/ingest/telemetry.db" | awk -v n="${N:-500000}" '{ printf "telemetry.db: %.0f bytes an event\n", $5 / n }'
rm -rf "$DIR"
