#!/usr/bin/env python3
"""Writes route/quality.def from a file of public model facts (schema dd0c-model-quality/1).

    tools/quality-import.py FACTS.json > route/quality.def

Keeps, of the facts: the tiers of each family, and the score sets that compare general ability. Values are whole numbers
(tenths for indexes, points for ratings); of several settings of one model the one without a name is kept. Output is
sorted, so that a new file of facts shows as a small diff. Format of the output: route/quality.c.
"""
import json
import sys

# set id, short name, parts of a point, where it was published: newest and widest first, because the first set that holds both models decides
SETS = [
    ("aa-intelligence-2026-08-01", "INDEX_2026_08", 10, "artificialanalysis.ai, by OpenRouter's model list"),
    ("aa-intelligence-2026-10-20", "INDEX_2026_10", 10, "artificialanalysis.ai model pages, partial"),
    ("aa-intelligence-2026-07-05", "INDEX_2026_07", 10, "artificialanalysis.ai, public API"),
    ("aa-coding-2026-08-01", "CODING_2026_08", 10, "artificialanalysis.ai, by OpenRouter's model list"),
    ("aa-agentic-2026-08-01", "AGENTIC_2026_08", 10, "artificialanalysis.ai, by OpenRouter's model list"),
    ("lmarena-text-2025-08-06", "ARENA_2025_08", 1, "LMArena leaderboard, last public table"),
    ("terminal-bench-4-2026-10", "TERMINAL_2026_10", 10, "makers' announcements, partial"),
]


def text(s):
    return json.dumps(s, ensure_ascii=False)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: quality-import.py FACTS.json > route/quality.def")
    with open(sys.argv[1], encoding="utf-8") as f:
        facts = json.load(f)
    if facts.get("schema") != "dd0c-model-quality/1":
        sys.exit("quality facts: not of schema dd0c-model-quality/1")
    out = ["/* Made by tools/quality-import.py from facts of %s; not edited by hand. */" % facts["generated"], ""]

    known = {s["id"]: s for s in facts["score_sets"]}
    out.append("/* SET(name, title, date, source, divisor, rating): values of different sets are never compared. */")
    for set_id, name, unit, source in SETS:
        s = known[set_id]
        rating = "true" if unit == 1 else "false"
        out.append("SET(%s, %s, %s, %s, %d, %s)" % (name, text(s["name"]), text(s["date"]), text(source), unit, rating))

    out += ["", "/* TIER(provider, model, family, tier, tiers): 0 is the strongest. */"]
    rows = []
    for fam in facts["families"]:
        for i, tier in enumerate(fam["tiers"]):
            for model in tier:
                rows.append((fam["provider"], model, fam["family"], i, len(fam["tiers"])))
    for p, m, fam, i, n in sorted(rows):
        out.append("TIER(%s, %s, %s, %d, %d)" % (text(p), text(m), text(fam), i, n))

    out += ["", "/* SCORE(provider, model, set, value) */"]
    scores = {}
    names = {s[0]: (s[1], s[2]) for s in SETS}
    for s in facts["scores"]:
        if s["set"] not in names or s.get("part") or s.get("test"):
            continue
        name, unit = names[s["set"]]
        provider, model = s["model"].split("/", 1)
        key = (provider, model, name)
        if "variant" in s and key in scores:
            continue
        if "variant" not in s or key not in scores:
            scores[key] = (round(s["value"] * unit), "variant" in s)
    for (p, m, name), (v, _) in sorted(scores.items()):
        out.append("SCORE(%s, %s, %s, %d)" % (text(p), text(m), name, v))
    print("\n".join(out))


main()
