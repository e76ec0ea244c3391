#!/usr/bin/env python3
"""One provider of two fails in every way `dd0c mock` knows; the other is well. Each request has a chain of both.

  tests/resilience.py --program build/release/dd0c [--requests 4000] [--breaker]

Expected: at least 99.9% of the requests get a whole and good answer, 99% of them within the first step's timeout and what an answer takes, no
tool is called twice in one answer, and the bill is what the answers that were given cost. Standard library only; tests talk to loopback only.
"""
import argparse
import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

FAULTS = ["status=500", "status=502", "status=503", "status=529", "status=429;retry-after=1", "status=429;retry-after-ms=20", "status=401", "status=402", "status=403",
          "status=404", "status=408", "reset", "stall", "garbage-headers", "reset-after=0", "stall-after=0", "error-after=0", "latency=5s"]
LATE = ["truncate", "malformed"]     # these strike a stream behind its first content, where nothing may be tried again: only the breaker helps
TIMEOUT = 0.3
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}


class Server:
    def __init__(self, program, *args, env=None):
        self.p = subprocess.Popen([program, *args], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env)
        while True:
            line = self.p.stderr.readline().decode()
            assert line, "it did not start"
            found = re.search(r"listening on http://127.0.0.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                break
        os.set_blocking(self.p.stderr.fileno(), False)

    def stop(self):
        self.p.terminate()
        self.p.wait(30)


def good(stream, tool, body):
    """The answer is whole, and calls its tool once if it was to."""
    if not stream:
        message = json.loads(body)["choices"][0]["message"]
        return len(message.get("tool_calls") or []) == 1 if tool else bool(message["content"])
    data = [line[6:] for line in body.decode().splitlines() if line.startswith("data: ")]
    if not data or data[-1] != "[DONE]":
        return False
    chunks = [json.loads(d) for d in data[:-1]]
    if any("error" in c for c in chunks):
        return False
    calls = {c["index"] for k in chunks for ch in k["choices"] for c in ch["delta"].get("tool_calls") or []}
    text = "".join(ch["delta"].get("content") or "" for k in chunks for ch in k["choices"])
    return len(calls) == 1 if tool else bool(text)


def ask(port, number, seed):
    r = random.Random(seed * 1000003 + number)
    stream, tool = r.random() < 0.5, r.random() < 0.3
    body = {"model": "smart", "stream": stream, "messages": [{"role": "user", "content": f"Say something, {number}"}], "max_tokens": 30}
    if tool:
        body.update(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "look_up"}})
    begun = time.monotonic()
    try:
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        c.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
        answer = c.getresponse()
        text = answer.read()
        c.close()
        ok = answer.status == 200 and good(stream, tool, text)
        why = "" if ok else f"{answer.status} {text[:120]}"
    except Exception as e:            # what a client would see as a failure, whatever it is
        ok, why = False, repr(e)
    return ok, time.monotonic() - begun, why


def round_of(program, requests, seed=1, threads=24, breaker=False):
    home = tempfile.mkdtemp(prefix="dd0c-resilience-")
    env = {"PATH": os.environ["PATH"], "DD0C_HOME": home, "HOME": home}
    faults = FAULTS + (LATE if breaker else [])
    share = 100 / len(faults)
    well = Server(program, "mock", "--listen", "127.0.0.1:0", env=env)
    ill = [Server(program, "mock", "--listen", "127.0.0.1:0", "--workers", "1", *sum((["--fault", f"{share:g}%:{f}"] for f in faults), []), env=env)]
    config = pathlib.Path(home, "dd0c.yaml")
    config.write_text(f"""
providers:
  ill: {{type: openai, base_url: "http://127.0.0.1:{ill[0].port}/v1", api_key: k}}
  well: {{type: openai, base_url: "http://127.0.0.1:{well.port}/v1", api_key: k}}
models:
  smart: {{targets: [{{model: ill/gpt-4o-mini, timeout: {int(TIMEOUT * 1000)}ms}}, well/gpt-4o-mini]}}
breaker: {{error_rate: 10%, min_requests: {20 if breaker else 1000000}, cooldown: 1s}}
""")
    proxy = Server(program, "proxy", "--config", str(config), "--listen", "127.0.0.1:0", "--workers", "2", env=env)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(lambda n: ask(proxy.port, n, seed), range(requests)))
    proxy.stop()
    lines = subprocess.run([program, "tail", "--format", "json", "--limit", str(requests + 10)], env=env, capture_output=True, text=True).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    for s in ill + [well]:
        s.stop()
    fails = [r for r in results if not r[0]]
    times = sorted(r[1] for r in results)
    providers = collections.Counter(e["provider"] for e in events)
    double = [e for e in events if abs((e["cost_actual"] or 0) - sum(a["cost"] or 0 for a in e["attempts"])) > 1e-12]
    return {"requests": requests, "good": requests - len(fails), "share": (requests - len(fails)) / requests, "p50": times[len(times) // 2],
            "p99": times[int(len(times) * 0.99)], "events": len(events), "by": dict(providers), "double": len(double), "fails": [f[2] for f in fails[:5]],
            "retries": sum(e["retries"] or 0 for e in events)}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--program", required=True)
    a.add_argument("--requests", type=int, default=4000)
    a.add_argument("--seed", type=int, default=1)
    a = a.parse_args()
    passed = failed = 0
    for breaker in (False, True):
        got = round_of(a.program, a.requests, a.seed, breaker=breaker)
        print(f"breaker {'as configured' if breaker else 'never opens'}: {got['good']} of {got['requests']} good ({got['share']:.4%}), "
              f"p50 {got['p50'] * 1000:.0f} ms, p99 {got['p99'] * 1000:.0f} ms, {got['retries']} fallbacks, answered by {got['by']}")
        for why in got["fails"]:
            print("  ", why)
        checks = {"99.9% good": got["share"] >= 0.999, "p99 within the first step's timeout and a second": got["p99"] <= TIMEOUT + 1,
                  "an event a request": got["events"] == got["requests"], "nothing is charged twice": got["double"] == 0}
        for name, ok in checks.items():
            passed, failed = passed + ok, failed + (not ok)
            if not ok:
                print("   failed:", name, got)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
