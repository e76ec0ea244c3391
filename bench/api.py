#!/usr/bin/env python3
"""How long the dashboard's questions take, asked of a running proxy over HTTP, with a history behind it (docs/api.md).

  bench/api.py --program build/dd0c --history DIR [--rounds 9]

DIR holds a telemetry.db (a copy: the proxy opens it to write, though nothing is recorded here). Each question is asked `rounds` times, first cold to this
process, then again; pages also in the middle and near the end of the history. Milliseconds, as a client sees them: first, median, slowest; then the processor
time of the proxy for the first one, and the median: the figure to compare on a machine that does other things, too. At last, filters that little or nothing
fits are followed from page to page to the end of the history: how many pages, and what all of them took.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from urllib.parse import quote


def start(program, history, home):
    (home / "state").mkdir()
    (home / "state" / "dd0c").symlink_to(history.resolve())
    (home / "dd0c.yaml").write_text("providers: {openai: {type: openai, base_url: \"http://127.0.0.1:1/v1\", api_key: none}}\ntelemetry: {retention: 3650d}\n")
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    p = subprocess.Popen([program, "proxy", "--listen", "127.0.0.1:0", "--workers", "1"], cwd=home, env=env, stderr=subprocess.PIPE)
    for line in p.stderr:
        found = re.search(rb"listening on http://127.0.0.1:(\d+)", line)
        if found:
            os.set_blocking(p.stderr.fileno(), False)
            return p, int(found[1])
    raise SystemExit("the proxy did not start")


def ask(connection, path):
    begun = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - begun) * 1000
    assert answer.status == 200, (path, answer.status, body[:300])
    return took, json.loads(body), len(body)


def samples(history):
    """A common and a rare value of what is filtered by, and ids at some depths."""
    db = sqlite3.connect(f"file:{history / 'telemetry.db'}?mode=ro", uri=True)
    newest, oldest = db.execute("SELECT max(id), min(id) FROM events").fetchone()
    out = {"common": {}, "rare": {}}
    names = {1: "team", 2: "feature", 3: "model", 6: "provider", 7: "key", 8: "user", 9: "route", 12: "call_site"}      # store/dims.h
    for number, name in names.items():
        rows = db.execute("SELECT value FROM dimension_summary WHERE org = 'default' AND dimension = ? AND unit = 86400 AND value NOT IN ('', '(other)') "
                          "GROUP BY value ORDER BY sum(request_count) DESC", (number,)).fetchall()
        if rows:
            out["common"][name], out["rare"][name] = rows[0][0], rows[-1][0]
    db.close()
    return out, [0] + [oldest + (newest - oldest) // n * k for n, k in ((2, 1), (10, 1), (1000, 1))]


CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def spell(number):
    return "req_" + "".join(CROCKFORD[number >> 5 * i & 31] for i in range(12, -1, -1))


def busy(pid):
    """Milliseconds that its threads have run."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e6


class Table:
    def __init__(self, port, pid, rounds):
        self.c, self.pid, self.rounds, self.worst, self.worst_cpu = http.client.HTTPConnection("127.0.0.1", port, timeout=60), pid, rounds, 0, 0

    def row(self, name, path, say=lambda body: ""):
        took, ran, body, size = [], [], None, 0
        for _ in range(self.rounds):
            before = busy(self.pid)
            ms, body, size = ask(self.c, path)
            ran.append(busy(self.pid) - before)
            took.append(ms)
        self.worst, self.worst_cpu = max(self.worst, statistics.median(took)), max(self.worst_cpu, statistics.median(ran))
        print(f"{name:52} {took[0]:7.1f} {statistics.median(took):7.1f} {max(took):7.1f} {ran[0]:7.1f} {statistics.median(ran):7.1f} {size / 1000:7.1f} kB  {say(body)}", flush=True)


    def follow(self, filters, most=20000):
        pages, found, slowest, before, begun, ran = 0, 0, 0, "", time.perf_counter(), busy(self.pid)
        while before is not None and pages < most:
            was = busy(self.pid)
            _, body, _ = ask(self.c, f"/api/requests?limit=50&{filters}{'&before=' + before if before else ''}")
            slowest = max(slowest, busy(self.pid) - was)
            pages, found, before = pages + 1, found + body["count"], body["next"] or None
        print(f"all pages of {filters:39} {pages:6} pages, {found} requests, {(time.perf_counter() - begun) * 1000:.1f} ms; of processor time "
              f"{busy(self.pid) - ran:.1f} ms, {slowest:.1f} ms for the slowest page", flush=True)


def rest(pid):
    """Waits until the proxy does nothing by itself any more."""
    was = -1
    while busy(pid) - was > 1:
        was = busy(pid)
        time.sleep(0.3)
    return was


def page(body):
    return f"{body['count']} of a page{', partial' if body['partial'] else ''}"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--program", required=True)
    p.add_argument("--history", required=True, type=pathlib.Path)
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--follow", action="append", default=[], help="another filter to follow to the end")
    args = p.parse_args()
    values, depths = samples(args.history)
    with tempfile.TemporaryDirectory(prefix="dd0c-api-") as home:
        proxy, port = start(str(pathlib.Path(args.program).resolve()), args.history, pathlib.Path(home))
        try:
            t = Table(port, proxy.pid, args.rounds)
            print(f"processor time of the start, until nothing is done: {rest(proxy.pid):.1f} ms")
            print(f"{'question':52} {'first':>7} {'median':>7} {'slowest':>7} {'CPU':>7} {'median':>7}")
            t.row("treemap 90d, the very first question", "/api/dashboard/treemap?period=90d")
            for period in ("1h", "24h", "7d", "30d", "90d"):
                t.row(f"summary {period}", f"/api/dashboard/summary?period={period}", lambda b: f"{b['request_count']} requests")
            for period in ("24h", "7d", "30d", "90d"):
                t.row(f"treemap {period}, team > feature > model", f"/api/dashboard/treemap?period={period}", lambda b: f"{b['request_count']} requests")
            for by in ("team", "call_site", "key", "provider,model"):
                t.row(f"treemap 90d, {by}", f"/api/dashboard/treemap?period=90d&by={by}")
            t.row("treemap 90d within a team", f"/api/dashboard/treemap?period=90d&by=feature,model&within=team={quote(values['common'].get('team', ''))}")
            filters = [""] + [f"{name}={quote(values[kind][name])}" for kind in ("common", "rare") for name in values[kind]]
            filters += ["model=gpt-4*", "status=5xx", "status>=400", "status=503", "error=*", "cost>0.05", "cost>50", "team=", "user=nobody", "latency>30s", "from=2020-01-01&to=2021-01-01"]
            for f in filters:
                for depth in depths:
                    before = f"&before={spell(depth)}" if depth else ""
                    t.row(f"requests {f or '(all)'}{', deep' if depth else ''}"[:52], f"/api/requests?limit=50&{f}{before}", page)
            seldom = ["user=nobody", "key=nobody", "call_site=nobody*", "route=nobody", "provider=nobody", "latency>600s", "cost>5000", "error=reset"]
            for f in seldom + [f"{name}={quote(value)}" for name, value in values["rare"].items() if name in ("user", "call_site")] + args.follow:
                t.follow(f)
            print(f"slowest median: {t.worst:.1f} ms, of processor time {t.worst_cpu:.1f} ms")
        finally:
            proxy.terminate()
            proxy.wait(60)
    return 0


if __name__ == "__main__":
    sys.exit(main())
