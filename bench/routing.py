#!/usr/bin/env python3
"""Scores `dd0c route classify` on public results of strong and cheap models (data/routing of the shared folder).

Each question is sent to the stronger model when its score is at or above a threshold, else to the cheap one. Every distinct score is a threshold, ties are
shared evenly. PGR is the part of the quality gap that is recovered, APGR its area over the share of strong calls, save@95gap the largest cost saving with
PGR >= 0.95, save@98q the same with 98 % of the strong model's quality. Length is the baseline: longer prompts to the strong model.

usage: bench/routing.py --program build/dd0c [--data ../shared/data/routing] [--format text|json]
"""
import argparse
import gzip
import json
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SETS = ("routellm-mmlu", "routellm-gsm8k", "routellm-mtbench", "mmlupro", "zeroeval", "ulab-mixed", "routerarena")
PAIRS = (   # set, strong, cheap
    ("routellm-mmlu", "gpt-4-1106-preview", "mixtral-8x7b-instruct-v0.1"),
    ("routellm-gsm8k", "gpt-4-1106-preview", "mixtral-8x7b-instruct-v0.1"),
    ("routellm-mtbench", "gpt-4-1106-preview", "mixtral-8x7b-instruct-v0.1"),
    ("mmlupro", "gemini-1.5-pro-002", "gemini-1.5-flash-002"),
    ("mmlupro", "llama-3.1-70b-instruct", "llama-3.1-8b-instruct"),
    ("zeroeval", "gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18"),
    ("zeroeval", "claude-3-5-sonnet-20241022", "claude-3-haiku-20240307"),
    ("zeroeval", "claude-3-5-sonnet-20241022", "claude-3-5-haiku-20241022"),
    ("zeroeval", "o1-mini-2024-09-12", "gpt-4o-mini-2024-07-18"),
    ("zeroeval", "meta-llama-3.1-70b-instruct", "meta-llama-3.1-8b-instruct"),
    ("ulab-mixed", "llama-3.1-nemotron-51b-instruct", "mistral-7b-instruct-v0.3"),
    ("ulab-mixed", "llama-3.1-nemotron-51b-instruct", "llama-3.1-8b-instruct"),
    ("routerarena", "gemini-2.0-flash-001", "claude-3-haiku-20240307"),
)
NO_COST = {"routerarena"}   # the better model is the cheaper one


def load(folder):
    """-> rows by set, prices."""
    folder = pathlib.Path(folder)
    rows = {s: [json.loads(line) for line in gzip.open(folder / f"{s}.jsonl.gz")] for s in SETS}
    return rows, json.load(open(folder / "prices.json"))["models"]


def cost(row, model, prices):
    answer = row["models"][model]
    if "usd" in answer:
        return answer["usd"]
    return (row["in_tok"] * prices[model]["input"] + answer.get("out_tok", 1) * prices[model]["output"]) / 1e6


def outcomes(rows, strong, cheap, prices):
    """-> (strong's score, cheap's score, strong's cost, cheap's cost) a row."""
    return [(r["models"][strong]["score"], r["models"][cheap]["score"], cost(r, strong, prices), cost(r, cheap, prices)) for r in rows]


def curve(scores, out):
    """Points (share of strong calls, quality gained, cost added) from none to all, a step for every distinct score."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    points, gained, added = [(0.0, 0.0, 0.0)], 0.0, 0.0
    for n, i in enumerate(order):
        gained += out[i][0] - out[i][1]
        added += out[i][2] - out[i][3]
        if n + 1 == len(order) or scores[order[n + 1]] != scores[i]:
            points.append(((n + 1) / len(order), gained, added))
    return points


def measure(scores, out):
    points = curve(scores, out)
    gap = sum(o[0] - o[1] for o in out)
    strong, cheap = sum(o[0] for o in out), sum(o[1] for o in out)
    strong_cost, cheap_cost = sum(o[2] for o in out), sum(o[3] for o in out)
    pgr = [p[1] / gap for p in points]
    saving = [1 - (cheap_cost + p[2]) / strong_cost for p in points]
    return {
        "apgr": sum((points[i + 1][0] - points[i][0]) * (pgr[i] + pgr[i + 1]) / 2 for i in range(len(points) - 1)),
        "cpt50": next(p[0] for p, q in zip(points, pgr) if q >= 0.5),
        "cpt80": next(p[0] for p, q in zip(points, pgr) if q >= 0.8),
        "save95gap": max([0.0] + [s for s, q in zip(saving, pgr) if q >= 0.95]),
        "save98q": max([0.0] + [s for s, p in zip(saving, points) if cheap + p[1] >= 0.98 * strong]),
    }


def report(scores, rows, prices):
    """scores: by set. -> a list of one dict a pair."""
    table = []
    for name, strong, cheap in PAIRS:
        out = outcomes(rows[name], strong, cheap, prices)
        got = {"set": name, "strong": strong, "cheap": cheap, "n": len(out), **measure(scores[name], out)}
        length = measure([len(r["prompt"]) for r in rows[name]], out)
        got["length"] = {k: length[k] for k in ("apgr", "save95gap", "save98q")}
        chance = [measure([random.Random(seed * 100003 + i).random() for i in range(len(out))], out)["save95gap"] for seed in range(10)]
        got["random_save95gap"] = sum(chance) / len(chance)
        table.append(got)
    return table


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def summary(table):
    priced = [t for t in table if t["set"] not in NO_COST]
    return {
        "apgr": mean(t["apgr"] for t in table), "length_apgr": mean(t["length"]["apgr"] for t in table),
        "worst_under_length": min(t["apgr"] - t["length"]["apgr"] for t in table),
        "save95gap": mean(t["save95gap"] for t in priced), "random_save95gap": mean(t["random_save95gap"] for t in priced),
        "save98q_at_least_20": sum(t["save98q"] >= 0.2 for t in priced), "priced": len(priced),
    }


def show(table, out=sys.stdout):
    print(f"{'set':17}{'strong / cheap':52}{'n':>5} {'APGR':>6} {'length':>6} {'diff':>7} {'CPT50':>6} {'CPT80':>6} {'s@95gap':>8} {'random':>7} {'s@98q':>6}", file=out)
    for t in table:
        priced = t["set"] not in NO_COST
        money = f"{100 * t['save95gap']:8.1f} {100 * t['random_save95gap']:7.1f} {100 * t['save98q']:6.1f}" if priced else f"{'':>8} {'':>7} {'':>6}"
        print(f"{t['set']:17}{t['strong'] + ' / ' + t['cheap']:52}{t['n']:5} {t['apgr']:6.3f} {t['length']['apgr']:6.3f} {t['apgr'] - t['length']['apgr']:+7.3f} "
              f"{100 * t['cpt50']:6.1f} {100 * t['cpt80']:6.1f} {money}", file=out)
    s = summary(table)
    print(f"mean APGR {s['apgr']:.4f}, length {s['length_apgr']:.4f} ({s['apgr'] - s['length_apgr']:+.4f}), worst pair {s['worst_under_length']:+.3f}; "
          f"mean save@95gap {100 * s['save95gap']:.2f} %, random {100 * s['random_save95gap']:.2f} % (x{s['save95gap'] / s['random_save95gap']:.2f}); "
          f"save@98q >= 20 % in {s['save98q_at_least_20']} of {s['priced']} pairs", file=out)


def classify(program, rows):
    """Scores of the program, by set."""
    scores = {}
    for name, those in rows.items():
        lines = "".join(json.dumps({"messages": [{"role": "user", "content": r["prompt"]}]}) + "\n" for r in those)
        p = subprocess.run([program, "route", "classify", "--jsonl"], input=lines, capture_output=True, text=True, check=True)
        scores[name] = [json.loads(line)["score"] for line in p.stdout.splitlines()]
        assert len(scores[name]) == len(those), name
    return scores


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--program", default=str(ROOT / "build" / "dd0c"))
    ap.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "routing"))
    ap.add_argument("--format", choices=("text", "json"), default="text")
    args = ap.parse_args()
    rows, prices = load(args.data)
    table = report(classify(args.program, rows), rows, prices)
    if args.format == "json":
        json.dump({"pairs": table, "summary": summary(table)}, sys.stdout, indent=1)
        print()
    else:
        show(table)


if __name__ == "__main__":
    main()
