#!/bin/sh
# usage: bench/gateways.sh [portkey] [litellm] [gomodel]     (all of them; ROUNDS=3)
# What dd0c and other gateways add to a sequential request, on the same upstream, in turns.
# Portkey (npm) and LiteLLM (PyPI) are installed, pinned, in build/bench-gateways; GoModel is in no registry: GOMODEL names its program, else PATH.
# A gateway that cannot be had, or does not start, is left out with a word.
set -eu
cd "$(dirname "$0")/.."
program=$(realpath "${DD0C:-build/dd0c}") work=$PWD/build/bench-gateways dir=$(mktemp -d)
wanted=${*:-portkey litellm gomodel}
gomodel=$(command -v "${GOMODEL:-gomodel}" || true)
pids=
trap 'kill $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$work"
wants() { case " $wanted " in *" $1 "*) true ;; *) false ;; esac; }
for name in $wanted; do
    case $name in portkey | litellm | gomodel) ;; *) echo "$name: not known here; dd0c bench --gateway measures any gateway" ;; esac
done
if wants portkey && [ ! -d "$work/node_modules/@portkey-ai/gateway" ]; then
    npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts @portkey-ai/gateway@1.15.2 || echo "portkey: not installed"
fi
if wants litellm && [ ! -x "$work/venv/bin/litellm" ]; then
    { python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install 'litellm[proxy]==1.106.2'; } || echo "litellm: not installed"
fi
if wants gomodel && [ -z "$gomodel" ]; then echo "gomodel: no program; GOMODEL names one"; fi
export DD0C_HOME="$dir/state" HOME="$dir"
address() { timeout 60 sh -c 'until sed -n "s/.*listening on //p" "$0" | grep .; do sleep 0.05; done' "$1" | head -n 1; }
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ready() { # NAME URL: listed when it answers
    if timeout 120 sh -c 'until curl -sf -o /dev/null "$0"; do kill -0 "$1" || exit 1; sleep 0.1; done' "$2" "${pids##* }" 2>/dev/null
    then running="$running $1"
    else echo "$1: did not start" && tail -n 3 "$1.log"
    fi
}
cd "$dir"
"$program" mock --listen 127.0.0.1:0 --fixed 2>mock.log & pids="$pids $!"
upstream=$(address mock.log)
printf 'providers:\n  openai: {type: openai, base_url: "%s/v1", api_key: none}\n' "$upstream" >dd0c.yaml
KEY=$("$program" keys create --name bench --quiet) && export KEY
"$program" proxy --listen 127.0.0.1:0 2>proxy.log & pids="$pids $!"
ours=$(address proxy.log)
running=dd0c
if wants portkey && [ -d "$work/node_modules/@portkey-ai/gateway" ]; then
    portkey=http://127.0.0.1:$(port)
    node "$work/node_modules/@portkey-ai/gateway/build/start-server.js" --port="${portkey##*:}" --headless >portkey.log 2>&1 & pids="$pids $!"
    ready portkey "$portkey/"
fi
if wants litellm && [ -x "$work/venv/bin/litellm" ]; then
    litellm=http://127.0.0.1:$(port)
    LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY=true OPENAI_API_KEY=none \
        "$work/venv/bin/litellm" --model openai/mock-model --api_base "$upstream/v1" --port "${litellm##*:}" --host 127.0.0.1 --telemetry False >litellm.log 2>&1 & pids="$pids $!"
    ready litellm "$litellm/health/liveliness"
fi
# Room for what it records of a run, so that it does not spend its time on saying that it drops; the list of models that it fetches is nowhere.
if wants gomodel && [ -n "$gomodel" ]; then
    gomodel_url=http://127.0.0.1:$(port)
    PORT=${gomodel_url##*:} OPENAI_API_KEY=none OPENAI_BASE_URL="$upstream/v1" OPENAI_MODELS=mock-model CONFIGURED_PROVIDER_MODELS_MODE=allowlist \
        MODEL_LIST_URL="$upstream/none" LOG_LEVEL=warn USAGE_BUFFER_SIZE=100000 "$gomodel" >gomodel.log 2>&1 & pids="$pids $!"
    ready gomodel "$gomodel_url/health"
fi
measure() { # NAME OPTIONS...
    name=$1 && shift
    "$program" bench --quick --upstream "$upstream" --format json "$@" >"$name.$i.json"
}
i=0
while [ $i -lt "${ROUNDS:-3}" ]; do
    for name in $running; do
        case $name in
        dd0c) measure dd0c --gateway "$ours" --model gpt-4o-mini --key KEY ;;
        portkey) measure portkey --gateway "$portkey" --header 'x-portkey-provider: openai' --header "x-portkey-custom-host: $upstream/v1" ;;
        litellm) measure litellm --gateway "$litellm" --model openai/mock-model ;;
        gomodel) measure gomodel --gateway "$gomodel_url" ;;
        esac
    done
    i=$((i + 1))
done
# shellcheck disable=SC2086
python3 - $i $running <<'END'
import json, statistics, sys
print(f"added to a sequential request, ms; median and range of {sys.argv[1]} rounds in turns; p99 is the gateway's own")
ours = {}
for name in sys.argv[2:]:
    runs = [json.load(open(f"{name}.{i}.json")) for i in range(int(sys.argv[1]))]
    for key, what in (("sequential", "7 x 25"), ("sequential_9x400", "9 x 400")):
        added = [r[key]["overhead_ms"] for r in runs]
        p50, p99 = statistics.median(added), statistics.median(r[key]["gateway"]["p99"] for r in runs)
        ours.setdefault(key, p50)
        beside = f"   {p50 / ours[key]:6.1f} times dd0c's" if name != "dd0c" else ""
        print(f"{name:<10}{what:<9} p50 {p50:8.3f}  ({min(added):.3f} to {max(added):.3f})   p99 {p99:8.3f}{beside}")
END
