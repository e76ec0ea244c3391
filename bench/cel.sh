#!/bin/sh
# What conditions cost: 200 rules compiled, compared with each other, evaluated (none matches), and single conditions.
set -eu
cd "$(dirname "$0")/.."
dir=${DIR:-build/bench}/cel
mkdir -p "$dir"
parts=$(ls route/cel*.c | grep -v _fuzz)
${CC:-cc} -std=gnu11 -O2 -pthread -I. -include base/banned.h -o "$dir/bench" bench/cel_bench.c $parts base/arena.c base/buf.c base/err.c base/near.c base/str.c \
    base/time.c -lpcre2-8 -lm
"$dir/bench" ${N:-200}
