#!/usr/bin/env python3
"""Precision, recall and model resolution on real packages, fetched by name from npm and PyPI.

  tools/score_packages.py --program build/dd0c [--errors N]

tests/data/packages holds the hand-made labels. A package that cannot be fetched, or whose checksum differs, fails the run.
A site matches a label of the same file and cell when its line is within two lines of it; matching is one to one, nearest first.
"""
import argparse
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data" / "packages"
CORE = {"openai", "openai-legacy", "azure-openai", "anthropic"}
# Bars: docs/measurements.md. Shares of labels, over all packages together.
BARS = {"core f1": 0.99, "extended f1": 0.96, "core model": 0.96, "extended model": 0.90, "null model": 0.95, "sdk": 0.97, "api": 0.97}


def rows(name):
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def fetch(package, sha256, folder):
    """Unpacks the package below `folder` and returns its top folder."""
    kind, _, spec = package.partition(":")
    folder.mkdir(parents=True, exist_ok=True)
    archives = list(folder.glob("*.t*gz"))
    if not archives:
        cmd = ["npm", "pack", "--silent", spec] if kind == "npm" else [
            sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", spec.split("==")[0], spec]
        p = subprocess.run(cmd, cwd=folder, capture_output=True, text=True)
        archives = list(folder.glob("*.t*gz"))
        if p.returncode or len(archives) != 1:
            sys.exit(f"score: {package} could not be fetched: {(p.stderr or p.stdout).strip()[-300:]}")
    if sha256 and hashlib.sha256(archives[0].read_bytes()).hexdigest() != sha256:
        sys.exit(f"score: {package}: the checksum of {archives[0].name} is another one")
    if not (folder / "tree").exists():
        with tarfile.open(archives[0]) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder / "tree", filter="data")
            else:
                tar.extractall(folder / "tree")
    tops = [p for p in (folder / "tree").iterdir() if p.is_dir()]
    return tops[0]


def glob_regex(glob):
    parts = re.split(r"(\*\*|\*)", glob)
    return re.compile("^" + "".join(".*" if p == "**" else "[^/]*" if p == "*" else re.escape(p) for p in parts) + "$")


def near(label, line):
    return abs(label["line"] - line) if label["line"] - 2 <= line <= (label.get("line_end") or label["line"]) + 2 else None


def match(labels, sites):
    edges = sorted((d, i, j) for i, l in enumerate(labels) for j, s in enumerate(sites)
                   if l["path"] == s["path"] and l.get("cell") == s.get("cell") for d in [near(l, s["line"])] if d is not None)
    pairs, taken = {}, set()
    for _, i, j in edges:
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs


def share(good, total):
    return good / total if total else 1.0


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--program", required=True, type=pathlib.Path)
    ap.add_argument("--cache", default=ROOT / "build" / "packages", type=pathlib.Path)
    ap.add_argument("--errors", type=int, default=40)
    args = ap.parse_args()
    labels, quiet = rows("labels.jsonl"), rows("dontcare.jsonl")
    count, errors = collections.Counter(), []
    for p in rows("packages.jsonl"):
        top = fetch(p["package"], p.get("sha256"), args.cache / re.sub(r"[^A-Za-z0-9._-]+", "_", p["package"]))
        out = subprocess.run([str(args.program.resolve()), "scan", "--format", "jsonl", str(top)], capture_output=True, text=True, check=True).stdout
        excluded = [glob_regex(g) for g in p["excluded"]]
        sites = [s for s in map(json.loads, out.splitlines()) if not any(g.match(s["path"]) for g in excluded)]
        mine = [l for l in labels if l["package"] == p["package"]]
        known_paths = {l["path"] for l in mine}
        if p["package"].startswith("pypi:"):  # a source archive may hold files that the labelled commit has not
            sites = [s for s in sites if s["path"] in known_paths or (top / s["path"]).exists()]
        pairs = match(mine, sites)
        for i, l in enumerate(mine):
            if i not in pairs:
                count[l["tier"] + " miss"] += 1
                count[l["tier"] + " model labels"] += l["model"] is not None
                errors.append(f"miss {p['package']} {l['path']}:{l['line']} {l['sdk']} {l['api']}")
                continue
            s = sites[pairs[i]]
            count[l["tier"] + " hit"] += 1
            count["sdk ok"] += s["sdk"] == l["sdk"]
            count["api ok"] += s["api"] == l["api"]
            count["matched"] += 1
            if l["model"] is None:
                count["null labels"] += 1
                count["null ok"] += s["model"] is None
            else:
                count[l["tier"] + " model labels"] += 1
                count[l["tier"] + " model ok"] += s["model"] == l["model"]
            if s["model"] != l["model"]:
                errors.append(f"model {p['package']} {l['path']}:{l['line']}: {s['model']!r}, label {l['model']!r} ({l['model_source']})")
        for j, s in enumerate(sites):
            ignored = any(q["package"] == p["package"] and q["path"] == s["path"] and q.get("cell") == s.get("cell") and near(q, s["line"]) is not None for q in quiet)
            if j not in pairs.values() and not ignored:
                tier = "core" if s["sdk"] in CORE else "extended"
                count[tier + " false"] += 1
                errors.append(f"false {p['package']} {s['path']}:{s['line']} {s['sdk']} {s['api']}")
    result = {}
    for tier in ("core", "extended"):
        hit, miss, false = (count[f"{tier} {k}"] for k in ("hit", "miss", "false"))
        result[tier + " f1"] = share(2 * hit, 2 * hit + miss + false)
        result[tier + " model"] = share(count[tier + " model ok"], count[tier + " model labels"])
        print(f"{tier:9} sites {hit + miss:4}  found {hit:4}  false {false:3}  F1 {result[tier + ' f1']:.4f}  right model {result[tier + ' model']:.4f}")
    result["null model"] = share(count["null ok"], count["null labels"])
    result["sdk"], result["api"] = share(count["sdk ok"], count["matched"]), share(count["api ok"], count["matched"])
    print(f"null models said null {result['null model']:.4f}  sdk {result['sdk']:.4f}  api {result['api']:.4f}")
    for line in errors[: args.errors]:
        print("  " + line)
    failed = 0
    for name, bar in BARS.items():
        if result[name] < bar:
            failed += 1
            print(f"FAIL {name}: {result[name]:.4f} is below {bar}")
    print(f"{len(BARS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
