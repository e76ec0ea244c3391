#!/usr/bin/env python3
"""Makes pricing-cache/bundled/prices.json from a model-price fact file.

usage: tools/prices-import.py FACTS.json [OUT.json]

FACTS.json has the schema dd0c-model-prices/1 (docs/prices.md lists the fields). What dd0c does not use is dropped, the
additions below are put in, rows are sorted, and one row is written a line, so that a price change is one line of a diff.
Run it by hand when the facts move; the build needs only the file it wrote (tools/gen_prices.c).
A price that is finer than a microdollar per million tokens stops the import: the table is exact or it is not made.
"""
import json
import sys
from decimal import Decimal

SCHEMA = "dd0c-prices/1"
RATES = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
KINDS = ("chat", "completion", "embedding")
LIMIT = Decimal(10000)

# Names people write which no price list carries. Moving names point where they pointed on the day of the table.
ALIASES = {
    ("anthropic", "claude-opus-5-5"): ["opus"],
    ("anthropic", "claude-sonnet-5-5"): ["sonnet"],
    ("anthropic", "claude-haiku-5-5"): ["haiku"],
    ("openai", "gpt-4.5-preview"): ["gpt-4.5-preview-2025-02-27"],
    ("xai", "grok-4-fast-reasoning"): ["grok-4-fast"],
}

# OpenAI bills calls of a fine-tuned model at rates of their own: id "ft:<base>", reached from "ft:<base>:<org>:<name>:<id>".
FT_SOURCE = "litellm-copies"
FINE_TUNED = [  # base, input, output, cache_read, dated names
    ("gpt-3.5-turbo", "3", "6", None, ["gpt-3.5-turbo-0125", "gpt-3.5-turbo-1106", "gpt-3.5-turbo-0613"]),
    ("gpt-4.1", "3", "12", "0.75", ["gpt-4.1-2025-04-14"]),
    ("gpt-4.1-mini", "0.8", "3.2", "0.2", ["gpt-4.1-mini-2025-04-14"]),
    ("gpt-4.1-nano", "0.2", "0.8", "0.05", ["gpt-4.1-nano-2025-04-14"]),
    ("gpt-4o", "3.75", "15", "1.875", ["gpt-4o-2024-08-06"]),
    ("gpt-4o-mini", "0.3", "1.2", "0.15", ["gpt-4o-mini-2024-07-18"]),
]
EXTRA_SOURCES = {
    FT_SOURCE: {"title": "public copies of LiteLLM's price map, fine-tuned rows", "date": "2026-11-20", "licence": "MIT"},
}


def fail(message):
    sys.exit("prices-import: " + message)


def money(value, where):
    """Decimal text of USD per million tokens, at most six places, without trailing zeros."""
    d = Decimal(value)
    if d < 0 or d > LIMIT or d != d.quantize(Decimal("0.000001")):
        fail(f"{where}: price {value} is negative, absurd or finer than a microdollar")
    text = format(d.normalize(), "f")
    return Decimal(text)


def rates(src, where):
    return {k: money(src[k], where) for k in RATES if k in src}


def day(text):
    return text if len(text) == 10 else text + "-01"


def convert(m):
    where = f"{m['provider']} {m['id']}"
    if m["kind"] not in KINDS:
        fail(f"{where}: kind {m['kind']}")
    row = {"provider": m["provider"], "id": m["id"], "kind": m["kind"], "status": m["status"]}
    row.update(rates(m, where))
    for k in ("batch_input", "batch_output"):
        if k in m:
            row[k] = money(m[k], where)
    if "policy" in m.get("batch_source", ""):
        row["batch_derived"] = True
    for k in ("tiers", "scheduled"):
        if k in m:
            key = "above_input_tokens" if k == "tiers" else "from"
            row[k] = [{key: t[key], **rates(t, where)} for t in sorted(m[k], key=lambda t: t[key])]
    if "off_peak" in m:
        hours = m["off_peak"]["peak_utc"].split(" (")[0].replace(" and ", ",")
        row["off_peak"] = {**rates(m["off_peak"], where), "peak_utc": hours}
    if "region_prefixes" in m:
        row["region_prefixes"] = {r: rates(v, where) for r, v in m["region_prefixes"].items()}
    names = sorted(set(m.get("aliases", [])) | set(ALIASES.get((m["provider"], m["id"]), [])))
    if names:
        row["aliases"] = names
    for k in ("context", "max_output", "caps", "released", "retires", "retires_not_before", "replacement", "tokenizer",
              "free", "suspect", "note"):
        if k in m:
            row[k] = m[k]
    if isinstance(row.get("suspect"), str):
        row["note"] = row.pop("note", row["suspect"])
        row["suspect"] = True
        row = {k: v for k, v in row.items() if k != "note"} | {"note": row["note"]}
    row["source"] = {"name": m["source"]["name"], "date": day(m["source"]["date"])}
    if m.get("agree"):
        row["agreeing"] = len(m["agree"])
    if m.get("disagree"):
        row["differing"] = len(m["disagree"])
    return row


def fine_tuned(by_name):
    for base, inp, out, cached, names in FINE_TUNED:
        like = by_name[("openai", base)]
        row = {"provider": "openai", "id": "ft:" + base, "kind": "chat", "status": like["status"],
               "input": money(inp, base), "output": money(out, base)}
        if cached:
            row["cache_read"] = money(cached, base)
        row["aliases"] = ["ft:" + n for n in sorted(names)]
        for k in ("context", "max_output", "caps", "tokenizer"):
            if k in like:
                row[k] = like[k]
        row["note"] = "calls of a fine-tuned model; training is billed apart"
        row["source"] = {"name": FT_SOURCE, "date": EXTRA_SOURCES[FT_SOURCE]["date"]}
        yield row


def text(value):
    """Compact JSON; a Decimal is written as it stands."""
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text(v) for v in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)


def main():
    if len(sys.argv) not in (2, 3):
        fail("usage: tools/prices-import.py FACTS.json [OUT.json]")
    with open(sys.argv[1], encoding="utf-8") as f:
        facts = json.load(f, parse_float=Decimal)
    if not facts.get("schema", "").startswith("dd0c-model-prices/"):
        fail("not a dd0c-model-prices file")
    rows = [convert(m) for m in facts["models"]]
    rows += list(fine_tuned({(r["provider"], r["id"]): r for r in rows}))
    rows.sort(key=lambda r: (r["provider"].encode(), r["id"].encode()))
    seen = set()
    for r in rows:
        for name in [r["id"]] + r.get("aliases", []):
            if (r["provider"], name) in seen:
                fail(f"{r['provider']} {name}: named twice")
            seen.add((r["provider"], name))
    used = {r["source"]["name"] for r in rows}
    sources = {**facts["sources"], **EXTRA_SOURCES}
    head = {"schema": SCHEMA, "generated": facts["generated"]}
    lines = ["{" + ",\n".join(text(k) + ":" + text(v) for k, v in head.items()) + ",", '"sources":{']
    lines.append(",\n".join(" " + text(k) + ":" + text({f: day(v[f]) if f == "date" else v[f] for f in ("title", "date", "licence")})
                            for k, v in sorted(sources.items()) if k in used))
    lines.append('},\n"models":[')
    lines.append(",\n".join(text(r) for r in rows))
    lines.append("]}\n")
    out = sys.argv[2] if len(sys.argv) == 3 else "pricing-cache/bundled/prices.json"
    with open(out, "w", encoding="utf-8") as f:
        f.write("\n".join(lines))
    print(f"{out}: {len(rows)} rows, {len(seen)} names, as of {facts['generated']}")


main()
