#!/bin/sh
# What dd0c and other gateways add to a sequential request, on the same upstream, in turns: Portkey (npm) and LiteLLM (PyPI), pinned, in build/bench-gateways.
# ROUNDS of all (3). A gateway that cannot be installed here is left out with a word.
set -eu
cd "$(dirname "$0")/.."
root=$PWD program=${DD0C:-$PWD/build/dd0c} work=$PWD/build/bench-gateways dir=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
mkdir -p "$work"
[ -d "$work/node_modules/@portkey-ai/gateway" ] || npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts @portkey-ai/gateway@1.15.2 || echo "Portkey: not installed"
[ -x "$work/venv/bin/litellm" ] || { python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install 'litellm[proxy]==1.106.2'; } || echo "LiteLLM: not installed"
export DD0C_HOME="$dir/state" HOME="$dir"
address() { timeout 60 sh -c 'until sed -n "s/.*listening on //p" "$0" | grep .; do sleep 0.05; done' "$1" | head -n 1; }
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ready() { timeout 120 sh -c 'until curl -s -o /dev/null "$0"; do sleep 0.2; done' "$1"; }
cd "$dir"
"$program" mock --listen 127.0.0.1:0 --fixed 2>mock.log & pids="$pids $!"
upstream=$(address mock.log)
printf 'providers:\n  openai: {type: openai, base_url: "%s/v1", api_key: none}\n' "$upstream" >dd0c.yaml
KEY=$("$program" keys create --name bench --quiet) && export KEY
"$program" proxy --listen 127.0.0.1:0 2>proxy.log & pids="$pids $!"
ours=$(address proxy.log)
portkey=$(port) litellm=$(port)
if [ -d "$work/node_modules/@portkey-ai/gateway" ]; then
    node "$work/node_modules/@portkey-ai/gateway/build/start-server.js" --port="$portkey" --headless >portkey.log 2>&1 & pids="$pids $!"
    ready "http://127.0.0.1:$portkey/"
fi
if [ -x "$work/venv/bin/litellm" ]; then
    LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY=true OPENAI_API_KEY=none "$work/venv/bin/litellm" --model openai/mock-model --api_base "$upstream/v1" --port "$litellm" --host 127.0.0.1 --telemetry False >litellm.log 2>&1 & pids="$pids $!"
    ready "http://127.0.0.1:$litellm/health/liveliness"
fi
measure() { # NAME OPTIONS...
    name=$1 && shift
    "$program" bench --quick --upstream "$upstream" --format json "$@" | python3 -c '
import json, sys
b = json.load(sys.stdin)
for key, what in (("sequential", "7 x 25"), ("sequential_9x400", "9 x 400")):
    s = b[key]
    p50, p99 = s["overhead_ms"], s["gateway"]["p99"]
    print(f"{sys.argv[1]:<10}{what:<9} added p50 {p50:8.3f} ms   p99 of all {p99:8.3f} ms")' "$name"
}
i=0
while [ $i -lt "${ROUNDS:-3}" ]; do
    measure dd0c --gateway "$ours" --model gpt-4o-mini --key KEY
    [ ! -f portkey.log ] || measure Portkey --gateway "http://127.0.0.1:$portkey" --header 'x-portkey-provider: openai' --header "x-portkey-custom-host: $upstream/v1"
    [ ! -f litellm.log ] || measure LiteLLM --gateway "http://127.0.0.1:$litellm" --model openai/mock-model
    i=$((i + 1))
done
cd "$root"
