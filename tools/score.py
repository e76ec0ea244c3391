#!/usr/bin/env python3
"""Scores `dd0c scan` against the labelled corpus, tuned and held-out trees apart.

  tools/score.py --program build/dd0c --trees DIR [--corpus ../shared/scan-corpus] [--errors N] [--only KEY]

DIR holds one folder a tree, named after the repository with every run of characters outside [A-Za-z0-9._-] as "_".
Rules of the resolver and detectors may be tuned on the first group only.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HELD_OUT = {
    "AntonOsika/gpt-engineer", "openai/openai-quickstart-node", "npm:i18n-ai-translate@5.1.0", "openai/openai-responses-starter-app",
    "vercel-labs/gemini-chatbot", "Aider-AI/aider", "npm:@elizaos/plugin-anthropic@1.5.12", "anthropics/anthropic-quickstarts",
}
BARS = [("core F1", 0.99), ("extended F1", 0.96), ("core model, all sites", 0.96), ("extended model, all sites", 0.90), ("null said null", 0.95),
        ("sdk", 0.97), ("api", 0.97), ("max_tokens known", 0.90), ("max_tokens null", 0.97)]


def key(repo):
    return re.sub(r"[^A-Za-z0-9._-]+", "_", repo)


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def scan(program, tree, repo, out):
    p = subprocess.run([program, "scan", "--format", "jsonl", str(tree)], capture_output=True, text=True, errors="replace")
    if p.returncode not in (0, 1):
        print(f"{repo}: exit {p.returncode}: {p.stderr.strip()[-300:]}", file=sys.stderr)
    for line in p.stdout.splitlines():
        out.write(json.dumps({"repo": repo, **json.loads(line)}) + "\n")


def numbers(corpus, findings, repos, errors):
    cmd = [sys.executable, str(corpus / "score.py"), str(findings)] + [w for r in repos for w in ("--repo", r)]
    got = json.loads(subprocess.run(cmd + ["--json"], capture_output=True, text=True, check=True).stdout)
    if errors:
        text = subprocess.run(cmd + ["--errors", str(errors)], capture_output=True, text=True).stdout
        print(text[text.find("\nmisses"):])
    return got


def caps(labels, found):
    """max_tokens over the labels whose line a finding of the same place is nearest to."""
    known = [0, 0]
    null = [0, 0]
    wrong = []
    for lab in labels:
        near = [f for f in found.get((lab["repo"], lab["path"], lab.get("cell")), []) if lab["line"] - 2 <= f["line"] <= lab["line_end"] + 2]
        if not near:
            known[1] += lab["max_tokens"] is not None
            continue
        best = min(near, key=lambda f: abs(f["line"] - lab["line"]))
        side = null if lab["max_tokens"] is None else known
        side[1] += 1
        side[0] += best.get("max_tokens") == lab["max_tokens"]
        if best.get("max_tokens") != lab["max_tokens"]:
            wrong.append(f"  {lab['repo']} {lab['path']} {lab.get('cell')}:{lab['line']} max_tokens {lab['max_tokens']}, finding {best.get('max_tokens')}")
    return known, null, wrong


def table(got, known, null):
    tier, model, agree = got["detection"]["tier"], got["model"], got["agreement"]

    def f1(t):
        return tier.get(t, {}).get("f1")

    def share(s):
        return s["share"]

    def ratio(s):
        return s[0] / s[1] if s[1] else None
    return [f1("core"), f1("extended"), share(model["core"]["known: equal, missed sites counted"]), share(model["extended"]["known: equal, missed sites counted"]),
            share(model["all"]["unknown: null"]), share(agree["sdk"]), share(agree["api"]), ratio(known), ratio(null)]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--program", required=True)
    ap.add_argument("--trees", required=True, type=pathlib.Path)
    ap.add_argument("--corpus", type=pathlib.Path, default=ROOT.parent / "shared" / "scan-corpus")
    ap.add_argument("--errors", type=int, default=0)
    ap.add_argument("--held-errors", action="store_true", help="list the errors of the held-out trees too (reading them ends their use)")
    ap.add_argument("--only", default="", help="only trees whose name contains this")
    args = ap.parse_args()
    repos = [r["repo"] for r in rows(args.corpus / "repos.jsonl") if args.only in r["repo"]]
    labels = rows(args.corpus / "labels.jsonl")
    with tempfile.TemporaryDirectory() as tmp:
        findings = pathlib.Path(tmp) / "findings.jsonl"
        with findings.open("w") as out:
            for repo in repos:
                if (args.trees / key(repo)).is_dir():
                    scan(args.program, args.trees / key(repo), repo, out)
                else:
                    print(f"{repo}: no folder {args.trees / key(repo)}", file=sys.stderr)
        found = {}
        for f in rows(findings):
            found.setdefault((f["repo"], f["path"], f.get("cell")), []).append(f)
        columns = []
        for name, pick in (("tuned", lambda r: r not in HELD_OUT), ("held out", lambda r: r in HELD_OUT), ("all", lambda r: True)):
            some = [r for r in repos if pick(r)]
            if not some:
                continue
            errors = args.errors if name == "tuned" or (name == "held out" and args.held_errors) else 0
            got = numbers(args.corpus, findings, some, errors)
            known, null, wrong = caps([l for l in labels if l["repo"] in set(some)], found)
            if errors:
                print("\n".join(["wrong max_tokens"] + wrong[:errors]))
            columns.append((name, table(got, known, null)))
    print(f"\n{'':26} {'bar':>6}" + "".join(f"{name:>10}" for name, _ in columns))
    for i, (name, bar) in enumerate(BARS):
        print(f"{name:26} {bar:6.3f}" + "".join(f"{'-' if c[i] is None else format(c[i], '.4f'):>10}" for _, c in columns))
    overall = columns[-1][1]
    sys.exit(1 if any(v is not None and v < bar for v, (_, bar) in zip(overall, BARS)) else 0)


if __name__ == "__main__":
    main()
