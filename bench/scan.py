#!/usr/bin/env python3
"""Speed and memory of `dd0c scan` beside ripgrep and tokentoll, on the same files in the same run.

usage: bench/scan.py [--dd0c build/dd0c] [--runs 7] [--tokentoll PROGRAM] NAME=DIR[,DIR...] ...

Each NAME is one row: its folders are scanned in one run of each program. ripgrep does `rg -c -e openai -e anthropic` over files
of the languages that dd0c reads. Runs alternate, the first is thrown away, medians are printed. With --tokentoll (0.8.2 of PyPI,
in a virtual environment) both programs also scan a copy that holds the Python files alone.
"""
import argparse, os, shutil, statistics, subprocess, sys, tempfile, time

GLOBS = ["*.py", "*.ipynb", "*.js", "*.jsx", "*.mjs", "*.cjs", "*.ts", "*.tsx", "*.mts", "*.cts"]


def run(command):
    """Seconds on the clock, processor seconds, and the largest resident set in kB."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"{command[0]} ended with {child.returncode}: {' '.join(command)[:200]}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def median_of(commands, runs):
    """Alternates the commands, so that all see the same machine."""
    taken = [[] for _ in commands]
    for i in range(runs + 1):
        for command, list_ in zip(commands, taken):
            result = run(command)
            if i:
                list_.append(result)
    return [tuple(statistics.median(r[k] for r in list_) for k in range(3)) for list_ in taken]


def python_copy(folders, into):
    n = 0
    for number, folder in enumerate(folders):
        for path, dirs, files in os.walk(folder):
            dirs[:] = [d for d in dirs if d not in (".git", "node_modules")]
            for name in files:
                if name.endswith(".py"):
                    target = os.path.join(into, str(number), os.path.relpath(path, folder))
                    os.makedirs(target, exist_ok=True)
                    shutil.copyfile(os.path.join(path, name), os.path.join(target, name))
                    n += 1
    return n


def machine():
    name = "unknown processor"
    try:
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores, {os.uname().sysname} {os.uname().release}"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--dd0c", default="build/dd0c")
    ap.add_argument("--rg", default=shutil.which("rg"))
    ap.add_argument("--tokentoll")
    ap.add_argument("--runs", type=int, default=7)
    ap.add_argument("rows", nargs="+", metavar="NAME=DIR[,DIR...]")
    args = ap.parse_args()
    scan = [args.dd0c, "scan", "--format", "jsonl", "-o", os.devnull]
    print(machine(), f"median of {args.runs}", sep="; ")
    print(f"{'':14} {'dd0c s':>8} {'cpu s':>7} {'MB':>6}   {'rg s':>7} {'cpu s':>7}   {'ratio':>6} {'cpu':>6}")
    for row in args.rows:
        name, _, where = row.partition("=")
        folders = [f for f in where.split(",") if f]
        if not args.rg:
            ours, = median_of([scan + folders], args.runs)
            print(f"{name:14} {ours[0]:8.3f} {ours[1]:7.3f} {ours[2] / 1024:6.1f}   ripgrep is not there")
            continue
        rg = [args.rg, "-c", "-e", "openai", "-e", "anthropic", *[a for g in GLOBS for a in ("-g", g)], *folders]
        ours, theirs = median_of([scan + folders, rg], args.runs)
        print(f"{name:14} {ours[0]:8.3f} {ours[1]:7.3f} {ours[2] / 1024:6.1f}   {theirs[0]:7.3f} {theirs[1]:7.3f}   {ours[0] / theirs[0]:6.1f} {ours[1] / max(theirs[1], 1e-3):6.1f}")
        if args.tokentoll:
            with tempfile.TemporaryDirectory() as copy:
                n = python_copy(folders, copy)
                ours, theirs = median_of([scan + [copy], [args.tokentoll, "scan", "--format", "json", copy]], 1) if n else (None, None)
            if n:
                print(f"  {n:5} python  {ours[0]:8.3f} {ours[1]:7.3f} {ours[2] / 1024:6.1f}   tokentoll {theirs[0]:.2f} s: {theirs[0] / ours[0]:.0f} times as long")


if __name__ == "__main__":
    main()
