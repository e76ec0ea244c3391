"""deploy/grafana and deploy/prometheus against a running proxy: each name and label that they ask for is there;
promtool takes their expressions."""
import json
import pathlib
import re

import exposition  # beside run.py
from metrics_test import PROMTOOL, ROOT, ask, promtool, start, text_of
from support import Upstream, config

DASHBOARD = json.loads((ROOT / "deploy/grafana/dd0c.json").read_text())
RULES = ROOT / "deploy/prometheus"
KINDS = {"row", "stat", "timeseries", "table", "bargauge", "heatmap", "state-timeline"}
UNITS = {"currencyUSD", "percentunit", "short", "reqps", "s", "bytes"}
VARIABLES = {"$__rate_interval": "5m", "$__range": "6h", "$instance": "a|b", "$provider": "openai", "$team": ".*"}
WORDS = {"sum", "max", "min", "rate", "increase", "changes", "histogram_quantile", "time", "by", "on", "and", "or", "offset", "vector"}


def plain(expr):
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    assert "$" not in expr, f"a variable nobody sets: {expr}"
    return expr


def panels():
    return [p for p in DASHBOARD["panels"] if p["type"] != "row"]


def board_exprs():
    out = [t["expr"] for p in panels() for t in p["targets"]] + [a["expr"] for a in DASHBOARD["annotations"]["list"]]
    return [plain(e) for e in out]


def rule_exprs():
    """Of alerts.yml: what stands behind `expr:`, on its line or as a block."""
    text = (RULES / "alerts.yml").read_text()
    out  = [" ".join(m[1].split()) for m in re.finditer(r"^        expr: (?:\|\n((?:          .*\n)+))", text, re.M)]
    return out + [m[1].strip() for m in re.finditer(r"^        expr: ([^|\n].*)$", text, re.M)]


def asked(expr):
    """[(name, labels matched)] and the labels grouped by."""
    text   = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expr)
    groups = {w for m in re.finditer(r"\b(?:by|on)\s*\(([^)]*)\)", text) for w in re.split(r"[\s,]+", m[1].strip()) if w}
    bare   = re.sub(r"\b(?:by|on)\s*\([^)]*\)", "", text)
    names  = [(m[1], set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", m[2] or "")))
              for m in re.finditer(r"\b([a-z_][a-z0-9_]*)\b(?:\{([^}]*)\})?(?!\()", bare)
              if m[1] not in WORDS and not re.fullmatch(r"[smhdwy]", m[1]) and not re.search(r"\{[^}]*$", bare[:m.start()])]
    return names, groups


def labels_there():
    """{sample's name: its labels}, by docs/metrics.md, which metrics_test holds against the program."""
    out  = {"up": {"instance", "job"}}
    rows = re.findall(r"^\| `([a-z0-9_]+)`(?: `\{([a-z_,]*)\}`)? \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    for name, labels, kind in rows:
        has = {"instance", "job"} | set(filter(None, labels.split(",")))
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            out[name + suffix] = has | ({"le"} if suffix == "_bucket" else set())
    return out


def test_names_and_labels_are_there(cli):
    config(cli, Upstream(), "budgets: [{name: all, limit: $5/day}]\n")
    p = start(cli)
    ask(p)
    live, there = {n for n, _ in exposition.samples(exposition.read(text_of(p)[0]))}, labels_there()
    exprs = board_exprs() + rule_exprs()
    assert len(rule_exprs()) == (RULES / "alerts.yml").read_text().count("- alert:") and len(exprs) > 60
    for expr in exprs:
        names, groups = asked(expr)
        assert names, expr
        for name, labels in names:
            assert name in there, f"{name} in {expr}"
            assert name in live or name.startswith("dd0c_export_") or name == "up", f"{name} is not in a scrape: {expr}"
            assert labels <= there[name], f"{name} has no {labels - there[name]}: {expr}"
        assert groups <= set().union(*(there[n] for n, _ in names)), f"{groups} in {expr}"
    for v in DASHBOARD["templating"]["list"]:
        if v["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", v["query"]["query"]).groups()
            assert metric in live and label in there[metric]


def test_this_test_sees_what_is_wrong(cli):
    assert asked('sum by (le, x) (rate(dd0c_a_bucket{instance=~"a|b",provider="x{y}"}[5m])) / foo') == (
        [("dd0c_a_bucket", {"instance", "provider"}), ("foo", set())], {"le", "x"})


def test_dashboard_is_one(cli):
    d = DASHBOARD
    assert d["title"] == "dd0c" and d["schemaVersion"] >= 36 and d["uid"] == "dd0c"
    assert len({p["id"] for p in d["panels"]}) == len(d["panels"])
    taken = {}
    for p in d["panels"]:
        g = p["gridPos"]
        assert p["type"] in KINDS and p["title"] and 0 <= g["x"] and g["x"] + g["w"] <= 24 and g["h"] > 0, p["title"]
        for x in range(g["x"], g["x"] + g["w"]):
            for y in range(g["y"], g["y"] + g["h"]):
                assert taken.setdefault((x, y), p["id"]) == p["id"], f"{p['title']} lies on another"
    for p in panels():
        assert p["description"] and p["targets"] and p["datasource"]["uid"] == "${datasource}", p["title"]
        assert p["fieldConfig"]["defaults"]["unit"] in UNITS, p["title"]
        assert len({t["refId"] for t in p["targets"]}) == len(p["targets"])
        assert all(t["datasource"]["uid"] == "${datasource}" and t["format"] in ("time_series", "table", "heatmap") for t in p["targets"])
        renamed = [n for x in p.get("transformations", []) for n in x["options"].get("renameByName", {})]
        assert all(n == f"Value #{t['refId']}" for n, t in zip(renamed, p["targets"])) and len(renamed) in (0, len(p["targets"])), p["title"]
    assert d["templating"]["list"][0]["type"] == "datasource"
    assert "/work" not in json.dumps(d) and "http" not in json.dumps(d)


def test_promtool_takes_them(cli):
    if not PROMTOOL:
        return
    rules = [{"record": f"dd0c:board:{i}", "expr": e} for i, e in enumerate(board_exprs())]
    file  = cli.write("board.yml", json.dumps({"groups": [{"name": "board", "rules": rules}]}))   # JSON is YAML
    promtool("check", "rules", file)
    promtool("check", "rules", RULES / "alerts.yml")
    promtool("check", "config", RULES / "prometheus.yml")
    promtool("test", "rules", RULES / "alerts_test.yml")


def test_each_rule_has_a_case(cli):
    names = re.findall(r"- alert: (\w+)", (RULES / "alerts.yml").read_text())
    cases = re.findall(r"alertname: (\w+)\n\s+eval_time: \w+\n\s+exp_alerts:", (RULES / "alerts_test.yml").read_text())
    assert sorted(set(names)) == sorted(names) and set(names) == set(cases)
