#!/usr/bin/env python3
"""The compatibility suite (RC.1): official SDKs against `dd0c mock`, directly and through `dd0c proxy`.

usage: tests/compat/run.py --program build/dd0c [--only TEXT]

SDKs are fetched, pinned, into build/compat (PyPI and npm); nothing of theirs is kept here. Prints what failed, a table by kind, the known gaps, and closes
with "N passed, M failed".
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build" / "compat"


def install():
    WORK.mkdir(parents=True, exist_ok=True)
    venv, wanted = WORK / "venv", (HERE / "requirements.txt").read_text()
    stamp = WORK / "requirements.stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin" / "pip", "-q", "install", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    for name in ("package.json", "package-lock.json", "cases.mjs"):
        if (HERE / name).exists():
            (WORK / name).write_bytes((HERE / name).read_bytes())
    lock, stamp = (HERE / "package-lock.json").read_text(), WORK / "npm.stamp"
    if not stamp.exists() or stamp.read_text() != lock:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=WORK, check=True)
        stamp.write_text(lock)


def serve(command, env):
    p = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env, cwd=env["HOME"])
    for line in p.stderr:
        m = re.search(r"listening on (http\S+)", line)
        if m:
            import threading
            threading.Thread(target=lambda: [None for _ in p.stderr], daemon=True).start()
            return p, m[1]
    sys.exit(f"{' '.join(map(str, command))} did not start")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    ap.add_argument("--only", default="")
    args = ap.parse_args()
    program = pathlib.Path(args.program).resolve()
    install()
    with tempfile.TemporaryDirectory(prefix="dd0c-compat-") as home:
        env = {**{k: v for k, v in os.environ.items() if not k.endswith(("_API_KEY", "_PROXY", "_proxy"))}, "HOME": home, "DD0C_HOME": home + "/state", "XDG_CACHE_HOME": home + "/cache"}
        mock, direct = serve([program, "mock", "--listen", "127.0.0.1:0"], env)
        pathlib.Path(home, "dd0c.yaml").write_text(f"providers:\n  openai: {{type: openai, base_url: {direct}/v1, api_key: none}}\n  anthropic: {{type: anthropic, base_url: {direct}, api_key: none}}\n")
        key = subprocess.run([program, "keys", "create", "--name", "compat", "--quiet"], env=env, capture_output=True, text=True, check=True).stdout.strip()
        proxy, proxied = serve([program, "proxy", "--listen", "127.0.0.1:0"], env)
        results = []
        try:
            for command in ([WORK / "venv/bin/python", HERE / "cases.py"], ["node", WORK / "cases.mjs"]):
                p = subprocess.run([*map(str, command), direct, proxied, key], capture_output=True, text=True, env=env, timeout=900)
                lines = [json.loads(line) for line in p.stdout.splitlines() if line.startswith("{")]
                if p.returncode or not lines:
                    lines.append({"group": "suite", "name": command[-1].name, "ok": False, "why": p.stderr[-2000:]})
                results += lines
        finally:
            for server in (proxy, mock):
                server.terminate()
                server.wait(30)
    results = [r for r in results if args.only in r["name"]]
    for r in results:
        if not r["ok"]:
            print(f"FAIL {r['name']}\n     {r['why']}")
    table = collections.defaultdict(lambda: [0, 0])
    for r in results:
        table[r["group"]][not r["ok"]] += 1
    print(f"\n{'kind':<14}{'passed':>8}{'failed':>8}")
    for group, (good, bad) in sorted(table.items()):
        print(f"{group:<14}{good:>8}{bad:>8}")
    print("\nknown gaps: docs/compatibility.md")
    failed = sum(not r["ok"] for r in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not results else 0)


main()
