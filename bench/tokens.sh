#!/bin/sh
# Token counting against npm tiktoken (WebAssembly) and PyPI tiktoken, in one run, one thread each, best of RUNS.
#   code.txt     this project's own sources
#   english.txt  TEXT, or the English prose that a Debian system and the npm packages carry
# The two are installed, pinned, into build/bench-tokens. Ours is timed in the process, as theirs are.
set -eu
cd "$(dirname "$0")/.."
out=${OUT:-build/release} dir=build/bench-tokens runs=${RUNS:-5}
mkdir -p "$dir"
[ -x "$dir/venv/bin/python" ] || python3 -m venv "$dir/venv"
"$dir/venv/bin/python" -c 'import tiktoken' 2>/dev/null || "$dir/venv/bin/pip" -q install tiktoken==0.14.0
[ -d "$dir/node_modules/tiktoken" ] || npm --prefix "$dir" install --silent --no-audit --no-fund --ignore-scripts tiktoken@1.0.22

cat base/*.[ch] pricing-cache/*.[ch] route/*.[ch] scan/*.[ch] report/*.[ch] cmd/*.[ch] tests/unit/*/*.c tests/*/*.py >"$dir/code.txt"
if [ -n "${TEXT:-}" ]; then
    cat "$TEXT" >"$dir/english.txt"
else
    find /usr/share/perl /usr/share/perl5 /usr/share/common-licenses /usr/share/doc /usr/lib/python3 node_modules \
        \( -name '*.pod' -o -path '*/common-licenses/*' -o -name 'README*' -o -name '*.txt' -o -name '*.rst' \) \
        -type f ! -name '*.gz' ! -ipath '*unico*' -size +2k 2>/dev/null | sort | tr '\n' '\0' | xargs -0 cat | iconv -c -f utf-8 -t utf-8 | head -c 20000000 >"$dir/english.txt"
fi

cc -std=gnu11 -O2 -I. -include base/banned.h -o "$dir/tokens_bench" bench/tokens_bench.c \
    "$out"/route/tokens*.o "$out"/base/buf.o "$out"/base/str.o "$out"/base/err.o "$out"/base/file.o "$out"/base/time.o -lm
uname -srm
grep -m 1 'model name' /proc/cpuinfo 2>/dev/null || true
wc -c "$dir/code.txt" "$dir/english.txt" | head -n 2
{
    "$dir/tokens_bench" "$((runs * 4))" "$dir/code.txt" "$dir/english.txt"
    "$dir/venv/bin/python" bench/tokens_pypi.py "$runs" "$out/gen/tokens" "$dir/code.txt" "$dir/english.txt"
    node bench/tokens_npm.mjs "$runs" "$dir" "$dir/code.txt" "$dir/english.txt"
} | python3 bench/tokens_table.py
