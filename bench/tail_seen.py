#!/usr/bin/env python3
"""How long after a response `dd0c tail -f` has its line on the screen: a real proxy, the mock provider, a terminal (a pty) that tail writes to.

  bench/tail_seen.py --program build/dd0c [--n 200]

Requests come at moments that have nothing to do with the writer's second. Prints p50, p95 and the longest."""
import argparse
import http.client
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import tempfile
import threading
import time


def start(program, env, cwd, *args):
    p = subprocess.Popen([program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env, cwd=cwd, text=True)
    for line in p.stderr:
        m = re.search(r"listening on http://127.0.0.1:(\d+)", line)
        if m:
            threading.Thread(target=p.stderr.read, daemon=True).start()
            return p, int(m[1])
    raise SystemExit("did not start: " + " ".join(args))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--program", default="build/dd0c")
    args.add_argument("--n", type=int, default=200)
    args = args.parse_args()
    program = str(pathlib.Path(args.program).resolve())
    random.seed(7)
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "HOME": folder, "DD0C_HOME": folder + "/state", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "COLUMNS": "120"}
        mock, port = start(program, env, folder, "mock", "--listen", "127.0.0.1:0")
        pathlib.Path(folder, "dd0c.yaml").write_text(f"providers: {{openai: {{type: openai, base_url: 'http://127.0.0.1:{port}/v1', api_key: test}}}}\n")
        proxy, port = start(program, env, folder, "proxy", "--listen", "127.0.0.1:0", "--workers", "1")
        main_end, side = os.openpty()
        tail = subprocess.Popen([program, "tail", "-f", "--columns", "id,time,models,cost"], stdin=subprocess.DEVNULL, stdout=side, stderr=subprocess.DEVNULL,
                                env=env, cwd=folder)
        os.close(side)
        seen, there = {}, threading.Condition()

        def watch():
            rest = b""
            while True:
                try:
                    more = os.read(main_end, 65536)
                except OSError:
                    return
                now, rest = time.monotonic(), rest + more
                with there:
                    for m in re.finditer(rb"req_[0-9a-z]{13}", rest):
                        seen.setdefault(m[0].decode(), now)
                    there.notify_all()
                rest = rest[-16:]
        threading.Thread(target=watch, daemon=True).start()
        client, answered = http.client.HTTPConnection("127.0.0.1", port), {}
        body = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}]})
        for _ in range(args.n):
            client.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            answer = client.getresponse()
            answer.read()
            answered[answer.headers["x-dd0c-request-id"]] = time.monotonic()
            time.sleep(random.uniform(0, 0.35))
        with there:
            there.wait_for(lambda: answered.keys() <= seen.keys(), 10)
        late = sorted(seen[i] - answered[i] for i in answered if i in seen)
        print(f"{len(late)} of {args.n} seen: p50 {statistics.median(late):.3f} s, p95 {late[int(len(late) * .95)]:.3f} s, longest {late[-1]:.3f} s")
        for p in (tail, proxy, mock):
            p.terminate()
            p.wait()


main()
