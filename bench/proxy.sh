#!/bin/sh
# The proxy beside nginx and HAProxy (bench/proxy.py), then what it adds to single requests, streams and larger bodies (dd0c bench).
set -eu
cd "$(dirname "$0")/.."
python3 bench/proxy.py --dd0c "${DD0C:-build/dd0c}" --rounds "${RUNS:-5}"
program=${DD0C:-$PWD/build/dd0c} dir=$(mktemp -d)
mock= proxy=
trap 'kill $mock $proxy 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
export DD0C_HOME="$dir/state" HOME="$dir"
address() { timeout 20 sh -c 'until sed -n "s/.*listening on //p" "$0" | grep .; do sleep 0.05; done' "$1" | head -n 1; }
cd "$dir"
"$program" mock --listen 127.0.0.1:0 2>mock.log & mock=$!
upstream=$(address mock.log)
printf 'providers:\n  openai: {type: openai, base_url: "%s/v1", api_key: none}\n' "$upstream" >dd0c.yaml
KEY=$("$program" keys create --name bench --quiet) && export KEY
"$program" proxy --listen 127.0.0.1:0 2>proxy.log & proxy=$!
"$program" bench --gateway "$(address proxy.log)" --upstream "$upstream" --model gpt-4o-mini --key KEY
