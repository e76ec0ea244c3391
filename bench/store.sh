#!/bin/sh
# What events cost: nanoseconds of a push with a store that works and one that takes 5 s, milliseconds until a follower sees one, events a second
# into telemetry.db with their sums.
# Needs: make, a folder on a real disk ($DIR, default: build/bench).
set -eu
cd "$(dirname "$0")/.."
OUT=${OUT:-build/release}
DIR=${DIR:-build/bench}/store
rm -rf "$DIR" && mkdir -p "$DIR"
make -s OUT="$OUT" "$OUT/gen/migrations.o"
${CC:-cc} -std=gnu11 -O2 -pthread -I. -include base/banned.h -o "$DIR/bench" bench/store_bench.c "$OUT/gen/migrations.o" route/event.c route/money.c route/histogram.c \
    store/db.c store/field.c store/record.c store/ring.c store/spool.c store/tally.c store/rollup.c store/rollup_write.c store/writer.c store/events.c store/query.c store/filter.c store/rows.c \
    base/arena.c base/buf.c base/str.c base/err.c base/file.c base/json.c base/time.c -lsqlite3 -lcjson -lm
for what in push slow seen ingest; do
    mkdir -p "$DIR/$what"
    "$DIR/bench" "$DIR/$what" "$what" ${N:-500000}
done
ls -l "$DIR/ingest/telemetry.db" | awk -v n="${N:-500000}" '{ printf "telemetry.db: %.0f bytes an event\n", $5 / n }'
rm -rf "$DIR"
