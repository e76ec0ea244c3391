#!/usr/bin/env python3
"""Budgets under load, under SIGKILL and in the world's time zones: what takes longer than a unit test may.

  tests/budgets.py [--runs 20] [--tsan] [--program build/dd0c] [steps|storm|zones|proxies|bench ...]

steps   a reservation is stopped after every single instruction; what a kill there leaves is cleared away, others working before or not, and
        clearing is stopped after each of its instructions, too
storm   processes with threads that hold 1,000 requests at once, some killed amid them, over and over: never over a limit, no refusal while there
        is room, no leak
zones   hours, days, weeks and months against Python's zoneinfo
proxies two `dd0c proxy` on one state folder, 1,000 HTTP requests at once, one of them killed amid every second run
bench   nanoseconds of a reservation and its settlement

Compiles tests/drivers/{ledger,zones}.c. Closes with one line, `N passed, N failed`.
"""
import argparse
import asyncio
import collections
import datetime
import decimal
import functools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import zoneinfo

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = [f"base/{n}.c" for n in ("str", "buf", "err", "file", "time")]
ROUTE = [f"route/{n}.c" for n in ("budget", "budget_time", "cost", "money")]
LEDGER = [f"store/{n}.c" for n in ("ledger", "ledger_step", "ledger_hold", "ledger_account", "ledger_owner", "ledger_look")]
ZONES = ["UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata",
         "Asia/Kathmandu", "Asia/Beirut", "Asia/Tehran", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Apia", "Pacific/Chatham",
         "Pacific/Kiritimati", "Africa/Casablanca", "Africa/Cairo", "Antarctica/Troll", "America/Caracas", "Asia/Pyongyang", "Africa/Monrovia"]


def compiled(folder, name, sources, *flags):
    out = folder / name
    driver = f"tests/drivers/{name.split('-')[0]}.c"
    options = ["-std=gnu11", "-pthread", "-I.", "-include", "base/banned.h", "-O2", "-g", *flags]
    subprocess.run(["cc", *options, "-o", out, driver, *sources], cwd=ROOT, check=True)
    return out


def run(program, *args, **more):
    with tempfile.TemporaryDirectory() as home:
        mode, *rest = map(str, args)
        p = subprocess.run([program, mode, home, *rest], capture_output=True, text=True, timeout=900, **more)
    if p.returncode or "WARNING" in p.stderr:
        raise AssertionError(f"{mode} {' '.join(rest)}: exit {p.returncode}: {p.stderr.strip()[:2000]}")
    return json.loads(p.stdout)


def steps(folder, args):
    got = run(compiled(folder, "ledger", LEDGER + ROUTE + BASE), "steps")
    if "skipped" not in got:
        assert got["instructions"] > 1000 and got["states"] >= 50 and got["charged"] > 0 and got["states_of_clearing"] > 100, got
    return got


def storm(folder, args):
    program = compiled(folder, "ledger", LEDGER + ROUTE + BASE)
    total = {"runs": 0, "requests": 0, "refused": 0, "killed_while_settling": 0, "kills": 0}
    for seed in range(args.runs):
        got = run(program, "storm", seed, 5, 4, 50, 4)
        assert got["requests"] > 1000, got
        total["runs"] += 1
        total["kills"] += 4
        for k in ("requests", "refused", "killed_while_settling"):
            total[k] += got[k]
    if args.tsan:
        races = compiled(folder, "ledger-tsan", LEDGER + ROUTE + BASE, "-fsanitize=thread", "-O1")
        for seed in range(3):
            run(races, "storm", seed, 2, 8, 20, 1)
        total["tsan"] = 3
    return total


def changes(zone, first, last):
    """The moments at which the zone's offset changes, found by looking at every third hour and halving."""
    offset = lambda t: int(datetime.datetime.fromtimestamp(t, zone).utcoffset().total_seconds())
    out, before = [], offset(first)
    for t in range(first, last, 3 * 3600):
        low, high = t, t + 3 * 3600
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        out.append((high, offset(high)))
    return before, out


def expected(day, zone):
    """The first moment at which the zone's clock shows this date or a later one: by zoneinfo's own arithmetic."""
    naive = datetime.datetime.combine(day, datetime.time())
    for fold in (0, 1):
        t = naive.replace(tzinfo=zone, fold=fold).timestamp()
        if datetime.datetime.fromtimestamp(t, zone).replace(tzinfo=None, fold=0) == naive:
            return int(t)
    low, high = int(naive.replace(tzinfo=zone, fold=1).timestamp()), int(naive.replace(tzinfo=zone, fold=0).timestamp())
    while high - low > 1:                                  # midnight does not exist: the change that skips it
        middle = (low + high) // 2
        low, high = (middle, high) if datetime.datetime.fromtimestamp(middle, zone).date() < day else (low, middle)
    return high


def span(period, day):
    if period == "day":
        return day, day + datetime.timedelta(1)
    if period == "week":
        monday = day - datetime.timedelta(day.weekday())
        return monday, monday + datetime.timedelta(7)
    first = day.replace(day=1)
    return first, (first + datetime.timedelta(32)).replace(day=1)


def zones(folder, args):
    program, asked, rng = compiled(folder, "zones", ROUTE + BASE), 0, random.Random(1)
    first, last = 0, int(datetime.datetime(2037, 1, 1).timestamp())
    for name in ZONES:
        zone = zoneinfo.ZoneInfo(name)
        before, moves = changes(zone, first, last)
        times = [rng.randrange(86400 * 40, last - 86400 * 40) for _ in range(300)]
        for t, _ in moves:
            times += [t + d for d in (-1, 0, 1, -1800, 1800, -3600, 3600, 7200, -86400, 86400) if 86400 * 40 < t + d < last - 86400 * 40]
        text = f"z {before}\n" + "".join(f"t {t} {o}\n" for t, o in moves) + "".join(f"q {t}\n" for t in times)
        lines = subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
        assert len(lines) == len(times)
        for t, line in zip(times, lines):
            got = list(map(int, line.split()))
            hour, local = got[:2], datetime.datetime.fromtimestamp(t, zone)
            assert hour[0] <= t < hour[1] <= hour[0] + 3600, (name, t, hour)
            inner = [m for m, _ in moves if hour[0] < m < hour[1]]
            whole = local.replace(minute=0, second=0, microsecond=0, tzinfo=None)
            begun = t - (local.replace(tzinfo=None) - whole).total_seconds()
            assert not inner and (hour[0] == begun or hour[0] in [m for m, _ in moves]), (name, t, hour)
            for i, period in enumerate(("day", "week", "month")):
                day = local.date()
                a, b = span(period, day)
                if t >= expected(b, zone):                 # clocks were set back over midnight: the next period has begun
                    a, b = span(period, b)
                want = [expected(a, zone), expected(b, zone)]
                assert got[2 + 2 * i:4 + 2 * i] == want, (name, period, t, got, want)
                asked += 1
    return {"zones": len(ZONES), "periods": asked}


ASK = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say something of some length."}], "max_tokens": 40})


async def one(port, gate):
    """Status, cost in USD and when it ended; status 0: the proxy was gone."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await gate.wait()
        writer.write(f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(ASK)}\r\n\r\n{ASK}".encode())
        data = await reader.read()
        writer.close()
    except OSError:
        return 0, 0
    head, _, body = data.partition(b"\r\n\r\n")
    cost = re.search(rb"x-dd0c-cost: ([0-9.]+)", head)
    if not head or (head.startswith(b"HTTP/1.1 200") and (not cost or not body.endswith(b"}"))):
        return 0, 0
    return int(head.split()[1]), decimal.Decimal(cost[1].decode()) if cost else 0


def account(program, env, home):
    p = subprocess.run([program, "budgets", "--format", "json"], env=env, cwd=home, capture_output=True, check=True)
    return json.loads(p.stdout, parse_float=decimal.Decimal)["budgets"][0]


def listen(program, args, env, home):
    p = subprocess.Popen([program, *args], env=env, cwd=home, stderr=subprocess.PIPE, text=True)
    for line in p.stderr:
        m = re.search(r"listening on \S+:(\d+)", line)
        if m:
            threading.Thread(target=lambda: [None for _ in p.stderr], daemon=True).start()
            return p, int(m[1])
    raise AssertionError("it does not listen")


async def crowd(ports, victim, delay, look):
    gate, most = asyncio.Event(), 0
    tasks = [asyncio.create_task(one(ports[i % len(ports)], gate)) for i in range(1000)]
    await asyncio.sleep(0.5)
    gate.set()
    if victim:
        await asyncio.sleep(delay)
        victim.kill()
    while not all(t.done() for t in tasks):
        state = await asyncio.to_thread(look)
        most = max(most, state["spent_usd"] + state["reserved_usd"])
        assert most <= state["limit_usd"], f"{most} of {state['limit_usd']}"
    return [t.result() for t in tasks], most


def crowd_run(program, seed, home):
    """Room for about 600 of 1,000. A killed proxy's requests were paid or not, each whole."""
    env = {"PATH": os.environ["PATH"], "HOME": home, "DD0C_HOME": home + "/state", "OPENAI_API_KEY": "x", "LC_ALL": "C.UTF-8"}
    mock, port = listen(program, ["mock", "--listen", "127.0.0.1:0", "--latency", "100ms..600ms"], env, home)
    limit = decimal.Decimal("0.0168")
    pathlib.Path(home, "dd0c.yaml").write_text(f"providers:\n  openai: {{type: openai, base_url: 'http://127.0.0.1:{port}/v1', api_key: x}}\n"
                                               f"budgets:\n  - {{name: all, scope: global, limit: ${limit}/total}}\n")
    proxies = [listen(program, ["proxy", "--listen", "127.0.0.1:0", "--workers", "2"], env, home) for _ in range(2)]
    look, kill = functools.partial(account, program, env, home), seed % 2 == 1
    try:
        delay = random.Random(seed).uniform(0.02, 0.8)
        answers, most = asyncio.run(crowd([p for _, p in proxies], proxies[0][0] if kill else None, delay, look))
        end = time.monotonic() + 10
        while (state := look())["reserved_usd"] != 0:      # the other proxy reclaims once a second
            assert time.monotonic() < end, f"leaked: {state}"
            time.sleep(0.1)
        paid, gone = [cost for status, cost in answers if status == 200], sum(status == 0 for status, _ in answers)
        each, lost = max(paid), state["spent_usd"] - sum(paid)
        assert set(paid) == {each}, "all requests are alike"
        assert 0 <= lost <= gone * each and lost % each == 0, (lost, gone)
        assert state["spent_usd"] <= limit and (kill or gone == 0), (state, gone)
        left = sum(status == 402 for status, _ in answers)
        assert len(paid) + gone + left == 1000, collections.Counter(status for status, _ in answers)
    finally:
        for p, _ in [*proxies, (mock, 0)]:
            p.kill()
            p.wait()
    return {"runs": 1, "paid": len(paid), "refused": left, "gone": gone, "charged_though_gone": int(lost / each), "kills": int(kill)}


def proxies(folder, args):
    total = collections.Counter()
    for seed in range(args.runs):
        with tempfile.TemporaryDirectory() as home:
            total.update(crowd_run(str(pathlib.Path(args.program).resolve()), seed, home))
    return dict(total)


def bench(folder, args):
    got = run(compiled(folder, "ledger", LEDGER + ROUTE + BASE), "bench")
    assert got["reserve_and_settle_ns"] <= 1000, got
    return got


KINDS = {"steps": steps, "storm": storm, "zones": zones, "proxies": proxies, "bench": bench}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("kinds", nargs="*", help="only these: " + " ".join(KINDS))
    ap.add_argument("--runs", type=int, default=20)
    ap.add_argument("--program", default=str(ROOT / "build" / "dd0c"))
    ap.add_argument("--tsan", action="store_true", help="storms under ThreadSanitizer, too")
    args = ap.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in args.kinds or KINDS:
            try:
                print(f"{name}: {json.dumps(KINDS[name](pathlib.Path(folder), args))}", flush=True)
                passed += 1
            except (AssertionError, subprocess.SubprocessError, ValueError) as e:
                print(f"FAIL {name}: {e}", flush=True)
                failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
