#!/usr/bin/env python3
"""Where the proxy's worker spends a request, by stage (proxy/http/stage.h): medians of rounds, each a proxy of its own against `dd0c mock`.

usage: bench/stages.py [--dd0c build/dd0c] [--rounds 5] [--seconds 2] [--connections 1] [--trend docs/trend-stages.csv] [--version NAME]

Microseconds of wall time, the kernel's part of each stage included. Each is also told as a ratio to the calibration, a fixed piece of work
that the worker does between its requests: compare ratios between machines and days, microseconds within one run. --trend appends a line.
"""
import argparse, csv, json, os, pathlib, re, statistics, subprocess, sys, tempfile, time

STAGES = ["parse", "auth", "route", "upstream", "answer", "record", "loop"]


def start(command, env):
    p = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env)
    for line in p.stderr:
        if m := re.search(r"listening on (http\S+)", line):
            return p, m[1]
    sys.exit(f"{command[0]} did not start")


def one_round(program, folder, env, url, args):
    p, gateway = start([program, "proxy", "--config", str(folder / "dd0c.yaml"), "--listen", "127.0.0.1:0"], {**env, "DD0C_STAGES": "1"})
    load = [program, "bench", "--gateway", gateway, "--model", "gpt-4o-mini", "--key", "KEY", "--rate", "0", "--duration", f"{args.seconds}s",
            "--connections", str(args.connections), "--only", "closed", "--format", "json"]
    out = subprocess.run(load, env=env, capture_output=True, text=True)
    p.terminate()
    said = p.stderr.read()
    p.wait()
    if out.returncode or json.loads(out.stdout)["load"][0]["bad"]:
        sys.exit(out.stderr or "bad answers")
    line = re.search(r"(\d+) requests:(.*)", said)
    if not line:
        sys.exit(f"no stages were told: {said}")
    words = line[2].split()
    return int(line[1]), dict(zip(words[::2], map(float, words[1::2])))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--dd0c", default="build/dd0c")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=2)
    ap.add_argument("--connections", type=int, default=1)   # more: times depend on who is awake
    ap.add_argument("--trend")
    ap.add_argument("--version", help="what the line calls the program; git describe otherwise")
    args = ap.parse_args()
    program = str(pathlib.Path(args.dd0c).resolve())
    with tempfile.TemporaryDirectory(prefix="dd0c-bench-") as name:
        folder = pathlib.Path(name)
        env = {**os.environ, "DD0C_HOME": name + "/state", "HOME": name}
        mock, url = start([program, "mock", "--listen", "127.0.0.1:0", "--fixed", "--workers", "1"], env)
        provider = f"openai: {{type: openai, base_url: {url}/v1, api_key: none}}"
        (folder / "dd0c.yaml").write_text(f"server: {{workers: 1}}\nproviders:\n  {provider}\n")
        make = [program, "keys", "create", "--name", "bench", "--quiet"]
        env["KEY"] = subprocess.run(make, env=env, capture_output=True, text=True, check=True).stdout.strip()
        rounds = [one_round(program, folder, env, url, args) for _ in range(args.rounds)]
        mock.terminate()
        mock.wait()
    requests = sum(n for n, _ in rounds)
    us = {s: statistics.median(r[s] for _, r in rounds) for s in STAGES}
    ratio = {s: statistics.median(r[s] / r["calibration"] for _, r in rounds) for s in STAGES}
    unit = statistics.median(r["calibration"] for _, r in rounds)
    print(f"{requests} requests in {args.rounds} rounds, {args.connections} connections, one worker; calibration {unit:.2f} us")
    print(f"{'stage':<10}{'us':>8}{'ratio':>8}")
    for s in STAGES:
        print(f"{s:<10}{us[s]:>8.2f}{ratio[s]:>8.2f}")
    print(f"{'all':<10}{sum(us.values()):>8.2f}{sum(ratio.values()):>8.2f}")
    if args.trend:
        path = pathlib.Path(args.trend)
        new = not path.exists()
        version = args.version or subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
        with path.open("a", newline="") as f:
            out = csv.writer(f, lineterminator="\n")
            if new:
                names = [s + "_us" for s in STAGES] + [s + "_ratio" for s in STAGES]
                out.writerow(["date", "version", "requests", "connections"] + names + ["all_ratio"])
            figures = [us[s] for s in STAGES] + [ratio[s] for s in STAGES] + [sum(ratio.values())]
            today = time.strftime("%Y-%m-%d", time.gmtime())
            out.writerow([today, version, requests, args.connections] + [f"{v:.2f}" for v in figures])


main()
