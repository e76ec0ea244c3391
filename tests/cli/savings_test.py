"""dd0c report savings: every figure is a sum over recorded requests, to the picodollar; what is not known is said; hostile names do no harm (R5.2, RC.3, R7.1, RO.6)."""
import csv
import decimal
import html.parser
import io
import json
import random
import re
import threading
import time

import written
from support import Client, Upstream, config
from tail_test import make

DAY_MS, NOW_MS = 86400000, 1795132800000      # the clock of all tests: 2026-11-20T00:00:00Z
NOW_MS += 14 * 3600000                        # ... moved to the afternoon here
PICO = decimal.Decimal("0.000000000001")
HOSTILE = ['<script>alert(1)</script>', '=cmd()|"x"', "+1+1", "@SUM(A1)", "-2", "| pipe | `tick` |", "a\nb\tc", "\u202egnp.exe", "\x1b[31mred\x07", "a > b > c", " > x",
           "x" * 256, "\u5b57" * 85, "![](http://x)", "<!-- -->", "&amp;", '" onload="x', "(other)", "(not broken down)", "[x](javascript:x)", "\xff", "'"]


def clock(cli):
    cli.env["SOURCE_DATE_EPOCH"] = str(NOW_MS // 1000)


def savings(cli, *args):
    return json.loads(cli.run("report", "savings", "--format", "json", *args).out, parse_float=decimal.Decimal)


def event(n, time_ms, original=None, actual=None, premium=None, **more):
    e = {"id": written.event_id(time_ms, n), "time_ms": time_ms, "status": 200, "cost_original": original, "cost_actual": actual, "cost_premium": premium,
         "cost_saved": None if original is None or actual is None else original - actual, "requested_model": "gpt-4o", "used_model": "gpt-4o-mini",
         "provider": "openai", "prices_day": 20777, **more}
    return {k: v for k, v in e.items() if v is not None}


def random_events(seed, n):
    r, out = random.Random(seed), []
    amounts = [lambda: 0, lambda: r.randrange(1, 100), lambda: r.randrange(10 ** 9), lambda: r.randrange(10 ** 13), lambda: r.randrange(4 * 10 ** 15)]
    models, words = ["gpt-4o", "gpt-4o-mini", "claude", "smart"] + HOSTILE[:6], ["search", "web", None, None] + HOSTILE
    for i in range(n):
        # days about the edges of the period more often: its first, the one before, today
        day = r.choice([0, 0, 1, 6, 7, 13, 14, 29, 30, 31, 59, 60, r.randrange(70)])
        time_ms = NOW_MS // DAY_MS * DAY_MS - day * DAY_MS + r.choice([0, DAY_MS - 1, r.randrange(DAY_MS)])
        actual = None if r.random() < 0.15 else r.choice(amounts)()
        original = None if r.random() < 0.15 else actual if r.random() < 0.2 else r.choice(amounts)()
        more = {"feature": r.choice(words), "team": r.choice(words), "route": r.choice(["cheap", "best", None] + HOSTILE[:4]), "requested_model": r.choice(models + [None]),
                "used_model": r.choice(models + [None]), "input_tokens": r.choice([None, 0, 7, 10 ** 6]), "output_tokens": r.choice([None, 3])}
        if r.random() < 0.1:
            more.update(cache="hit", strategy="cache")
            actual = 0
        if r.random() < 0.1:
            more.update(status=r.choice([429, 500, 502]), error=r.choice([0, 6, 10]))
        out.append(event(i, time_ms, original, actual, None if r.random() < 0.5 else r.choice(amounts)(), mark=i + 1, **more))
    out += r.sample(out, n // 10)               # again: known by id and mark
    r.shuffle(out)
    return out


def model_of(e):
    return e["used_model"] or e["requested_model"]


def swap_of(e):
    asked, used = e["requested_model"], e["used_model"]
    return f"{asked} > {used}" if asked and used and asked != used else None


KEYS = {"model": model_of, "requested": lambda e: e["requested_model"], "feature": lambda e: e["feature"], "team": lambda e: e["team"], "route": lambda e: e["route"]}


def sums(events):
    """What the statement owes for these objects of `dd0c tail --format json`; exact."""
    def total(values):
        return sum(values, decimal.Decimal(0))
    priced = [e for e in events if e["cost_actual"] is not None]
    compared = [e for e in priced if e["cost_original"] is not None]
    premium = [e for e in priced if e["cost_premium"] is not None]
    saved = total(e["cost_saved"] for e in events if e["cost_saved"] is not None)
    cost = total(e["cost_actual"] for e in priced)
    known = priced or not events
    return {
        "requests": len(events), "errors": sum(e["error"] is not None or e["status"] >= 400 for e in events),
        "cache_hits": sum(e["cache"] == "hit" for e in events), "unpriced": len(events) - len(priced),
        "spent_usd": cost if known else None, "instead_usd": cost + saved if known else None, "saved_usd": saved if compared or not events else None,
        "compared": {"requests": len(compared), "requested_usd": total(e["cost_original"] for e in compared) if compared or not events else None,
                     "spent_usd": total(e["cost_actual"] for e in compared) if compared or not events else None},
        "premium": {"requests": len(premium), "saved_usd": total(e["cost_premium"] - e["cost_actual"] for e in premium) if premium else None},
        "input_tokens": sum(e["usage"][k] or 0 for e in events for k in ("input", "cache_read", "cache_write", "cache_write_1h")),
        "output_tokens": sum(e["usage"]["output"] or 0 for e in events)}


def figures(row):
    return {k: row[k] for k in sums([])}


def check_statement(s, events):
    first, last = s["period"]["from"], s["period"]["to"]
    inside = [e for e in events if first <= e["time"][:10] <= last]
    assert figures(s["total"]) == sums(inside), (s["period"], s["total"], sums(inside))
    b = s["before"]
    assert figures(b) == sums([e for e in events if b["from"] <= e["time"][:10] <= b["to"]]), b
    assert figures(s["cache"]) == sums([e for e in inside if e["cache"] == "hit"])
    for by, key in {**KEYS, "swap": swap_of}.items():
        names = {key(e) for e in inside}
        rows = {r[by]: r for r in s["by"][by]}
        assert len(rows) == len(s["by"][by]) and rows.keys() == names, (by, rows.keys() ^ names)
        for name, row in rows.items():
            assert figures(row) == sums([e for e in inside if key(e) == name]), (by, name)
        sizes = [-abs(r["saved_usd"] or 0) for r in s["by"][by]]
        assert sizes == sorted(sizes), "what was saved or lost most stands first"
    for d in s["days"]:
        assert figures(d) == sums([e for e in inside if e["time"][:10] == d["day"]]), d
    for w in s["weeks"]:
        assert figures(w) == sums([e for e in inside if w["from"] <= e["time"][:10] <= w["to"]]), w
    t = s["total"]
    assert len(s["days"]) == s["period"]["days"] and s["not_counted"]["unpriced"] == t["unpriced"]
    assert s["not_counted"]["not_compared"] == t["requests"] - t["unpriced"] - t["compared"]["requests"]
    if t["compared"]["requests"]:
        assert t["compared"]["requested_usd"] - t["compared"]["spent_usd"] == t["saved_usd"]


def check_csv(s, text):
    """Each group of rows sums to the total, exactly; the JSON says the same."""
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    total = next(r for r in rows if r["by"] == "total")
    for by in list(KEYS) + ["swap", "day", "week"]:
        group = [r for r in rows if r["by"] == by]
        for column in list(total)[4:]:
            got = sum(decimal.Decimal(r[column] or 0) for r in group)
            assert got == decimal.Decimal(total[column] or 0), (by, column, got, total[column])
    assert decimal.Decimal(total["spent_usd"] or 0) == (s["total"]["spent_usd"] or 0) and int(total["requests"]) == s["total"]["requests"]


def test_every_figure_adds_up_to_the_rows(cli):
    clock(cli)
    written.write(cli, random_events(5, 1500))
    p = cli.run("tail", "--format", "json", "--limit", "all", "--quiet")
    events = [json.loads(line, parse_float=decimal.Decimal) for line in p.out.splitlines()]
    assert len(events) == 1500, "what came twice counts once"
    for e in events:
        for name in ("cost_original", "cost_actual", "cost_saved", "cost_premium"):
            e[name] = e[name] if e[name] is None else decimal.Decimal(e[name])
    for period in ("7d", "30d", "90d", "month", "week", "last-month", "last-week", "2026-10", "2026-11-13", "2026-10-21..2026-11-06", "2026-05"):
        s = savings(cli, "--period", period)
        assert s["schema"] == "dd0c.savings/1" and s["period"]["name"] == period
        check_statement(s, events)
        check_csv(s, cli.run("report", "savings", "--format", "csv", "--period", period).out)
    assert len(savings(cli, "--period", "90d")["by"]["feature"]) > 20


def test_it_adds_up_while_requests_come(cli):
    """Sums that are written between two questions are in all of the statement or in nothing of it; the clock is the real one here, as the proxy's."""
    del cli.env["SOURCE_DATE_EPOCH"]
    config(cli, Upstream())
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")
    stop, sent = threading.Event(), []

    def send():
        c = Client(p.port)
        while not stop.is_set():
            sent.append(c.ask("POST", "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]},
                              {"X-DD0C-Team": f"t{len(sent) % 7}", "X-DD0C-Feature": f"f{len(sent) % 3}"}).status)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        seen, end = set(), time.monotonic() + 60
        while len(seen) < 4:
            assert time.monotonic() < end, seen
            text = cli.run("report", "savings", "--format", "csv", "--period", "7d").out
            total = next(csv.DictReader(io.StringIO(text)))
            seen.add(total["requests"])
            check_csv({"total": {"spent_usd": decimal.Decimal(total["spent_usd"] or 0), "requests": int(total["requests"])}}, text)
            assert "(not broken down)" not in text
    finally:
        stop.set()
        sender.join()
    assert set(sent) == {200}


def test_periods_and_what_they_are_compared_with(cli):
    """Days are UTC; today is in, so far; a month so far is compared with as many days of the one before."""
    clock(cli)
    for period, want in {"7d": ("2026-11-14", "2026-11-20", "2026-11-07", "2026-11-13", True), "90d": ("2026-08-23", "2026-11-20", "2026-05-25", "2026-08-22", True),
                         "2w": ("2026-11-07", "2026-11-20", "2026-10-24", "2026-11-06", True),
                         "month": ("2026-11-01", "2026-11-20", "2026-10-01", "2026-10-20", True), "week": ("2026-11-16", "2026-11-20", "2026-11-09", "2026-11-13", True),
                         "last-month": ("2026-10-01", "2026-10-31", "2026-09-01", "2026-09-30", False), "2026-03": ("2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28", False),
                         "2024-02": ("2024-02-01", "2024-02-29", "2024-01-01", "2024-01-31", False), "2026-01": ("2026-01-01", "2026-01-31", "2025-12-01", "2025-12-31", False),
                         "last-week": ("2026-11-09", "2026-11-15", "2026-11-02", "2026-11-08", False), "2026-11-05": ("2026-11-05", "2026-11-05", "2026-11-04", "2026-11-04", False),
                         "2026-11-01..2026-11-10": ("2026-11-01", "2026-11-10", "2026-10-22", "2026-10-31", False)}.items():
        s = savings(cli, "--period", period)
        got = (s["period"]["from"], s["period"]["to"], s["before"]["from"], s["before"]["to"], s["period"]["so_far"])
        assert got == want, (period, got)
        assert s["period"]["zone"] == "UTC" and len(s["days"]) == s["period"]["days"]
    for bad in ("yesterday", "0d", "-1d", "2026-13", "2026-11-10..2026-11-01", "7", "d", "99999d", "2026-11-32", ""):
        assert "Periods are 7d" in cli.run("report", "savings", "--period", bad, status=2).err, bad
    assert "yet to come" in cli.run("report", "savings", "--period", "2027-01", status=2).err
    assert 'unexpected word "now"' in cli.run("report", "savings", "now", status=2).err


FORMATS = ("text", "markdown", "html", "csv", "json")


def test_nothing_yet(cli):
    for f in FORMATS:
        out = cli.run("report", "savings", "--format", f).out
        assert f in ("csv", "json") or "Nothing is recorded yet" in out, (f, out)
    assert not (cli.dir / "state").exists(), "looking makes nothing"
    assert savings(cli)["total"]["requests"] == 0 and savings(cli)["by"]["team"] == []
    make(cli).close()
    for f in ("text", "markdown", "html"):
        assert "No request was recorded" in cli.run("report", "savings", "--format", f).out


def usd(n):
    return n * 10 ** 12


def test_what_a_person_reads(cli):
    """Whole dollars, so that what is shown adds up as it stands; a dearer swap is a loss and says so."""
    clock(cli)
    today = NOW_MS // DAY_MS * DAY_MS
    cli.write("dd0c.yaml", "premium: anthropic/claude-opus-5\nbudgets:\n  - {name: all, scope: global, limit: $100/month}\n")
    written.write(cli, [
        event(1, today, usd(100), usd(30), usd(200), feature="search", team="a", route="cheap"),
        event(2, today - 3 * DAY_MS, usd(20), usd(25), feature="chat", team="a", requested_model="gpt-4o-mini", used_model="gpt-4o"),
        event(3, today - 8 * DAY_MS, usd(10), 0, feature="chat", team="b", used_model="gpt-4o", cache="hit", strategy="cache"),
        event(4, today - 8 * DAY_MS, None, usd(7), feature="chat", requested_model="smart"),
        event(5, today - 9 * DAY_MS, None, None, status=502, error=10),
        event(6, today - 40 * DAY_MS, usd(50), usd(25)),
    ])
    text = cli.run("report", "savings", "--width", "100").out
    # saved 70 - 5 + 10, spent 30 + 25 + 7, so 137 without
    assert "$75.00 saved (55%): $62.00 spent instead of $137.00" in text and "5 calls" in text, text
    assert re.search(r"Saved +\$75\.00 +55% \u00b7 \$25\.00 before \(1 of 30 days recorded\)", text), text
    assert re.search(r"Spent +\$62\.00 +\$25\.00 before \(1 of 30 days recorded\)", text)
    assert re.search(r"by other models +\$65\.00\n", text) and re.search(r"by kept answers +\$10\.00 +1 answer out of the cache", text)
    assert re.search(r"Against the best model +\$170\.00 +if anthropic/claude-opus-5 had answered 1 call", text), text
    assert re.search(r"gpt-4o-mini \u2192 gpt-4o +1 +\$20\.00 +\$25\.00 +-\$5\.00 +-25%", text) and re.search(r"smart \u2192 gpt-4o-mini +1 +\$7\.00 +\$7\.00 +unknown", text)
    assert "what 1 call cost is not known" in text and "of 1 call the model that was asked for has no price" in text and "1 call ended in an error" in text
    assert "before: 2026-09-22 to 2026-10-21" in text and "that of 2026-11-20" in " ".join(text.split()), text
    assert "all (all requests), $62.00 of $100.00/month" in text
    for table in ("By model: asked for and answered", "By feature", "By team", "By routing rule", "Week over week"):
        rows = text.split(table)[1].split("\n\n")[0].splitlines()[2:]
        cells = [[0 if c == "unknown" else float(c.replace("$", "")) for c in re.findall(r"(?<=\s)(?:-?\$[\d.]+|unknown)", r)] for r in rows]
        assert all(len(c) == 3 for c in cells) and [sum(c) for c in zip(*cells[:-1])] == cells[-1] == [137, 62, 75], (table, cells)
    markdown = cli.run("report", "savings", "--format", "markdown").out
    assert "**$75.00 saved** (55%): $62.00 spent instead of $137.00, over 5 calls." in markdown
    assert "| `gpt-4o-mini` \u2192 `gpt-4o` | 1 | $20.00 | $25.00 | -$5.00 | -25% |" in markdown, markdown
    for table in (t for t in markdown.split("\n## ")[1:] if not t.startswith("Budgets")):
        rows = [re.findall(r"(?:-?\$[\d.]+|unknown)", line) for line in table.splitlines() if line.startswith("| ") and "$" in line]
        cells = [[0 if c == "unknown" else float(c.replace("$", "")) for c in r] for r in rows if len(r) == 3]
        assert not cells or [sum(c) for c in zip(*cells[:-1])] == cells[-1], table
    page = Page()
    page.feed(cli.run("report", "savings", "--format", "html").out)
    assert page.tables and "$75.00" in page.text and page.unclosed() == []
    for rows in page.tables:
        cells = [[0 if c == "unknown" else float(c.replace("$", "")) for c in r if re.fullmatch(r"-?\$[\d.]+|unknown", c)] for r in rows]
        cells = [c for c in cells if len(c) == 3]
        assert not cells or [sum(c) for c in zip(*cells[:-1])] == cells[-1] == [137, 62, 75], rows
    out = cli.dir / "s.html"
    assert "wrote" in cli.run("report", "savings", "-o", out).err and out.read_text().startswith("<!doctype html>"), "the ending names the format"
    lost = cli.run("report", "savings", "--period", "2026-11-17").out
    assert "$5.00 lost (-25%): $25.00 spent instead of $20.00" in lost, lost
    assert "What was saved is not known: unknown spent" in cli.run("report", "savings", "--period", "2026-11-11").out
    assert [r["saved_usd"] for r in savings(cli)["top_savers"]["swap"]] == [70, 10], "what lost is no saver"


def test_a_sum_that_is_too_large_is_told(cli):
    """Money is within +-9.2 million USD: what passes that is not shown as if it were exact."""
    clock(cli)
    written.write(cli, [event(i, NOW_MS - i * 1000, usd(9 * 10 ** 6), usd(6 * 10 ** 6), team=f"t{i}") for i in range(1, 4)])
    for f in ("text", "markdown", "html"):
        out = cli.run("report", "savings", "--format", f).out
        assert re.search("sum is larger than can be told", out) and "(not broken down)" not in out, out
    assert savings(cli)["not_counted"]["too_large"] is True


class Page(html.parser.HTMLParser):
    """Tags and attributes as a browser meets them."""
    VOID = {"meta", "input", "br", "rect", "line", "path"}

    def __init__(self):
        super().__init__()
        self.open, self.bad, self.tables, self.text, self.tags, self.attributes, self.cell = [], [], [], "", set(), set(), None

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.bad += [a for a in attrs if a[0] in ("href", "src", "srcset", "action") or a[0].startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        self.cell = [] if tag == "td" else self.cell

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append(tag)
        if tag == "td":
            self.tables[-1][-1].append("".join(self.cell))

    def handle_data(self, data):
        self.text += data
        if self.cell is not None:
            self.cell.append(data)

    def unclosed(self):
        return self.open + self.bad


def test_hostile_names_do_no_harm(cli):
    clock(cli)
    events, n = [], 0
    for name in HOSTILE:
        for field in ("feature", "team", "route", "requested_model", "used_model"):
            n += 1
            events.append(event(n, NOW_MS - n, usd(n), usd(1), **{field: name}))
    written.write(cli, events)
    args = ("report", "savings", "--period", "30d", "--top", "200", "--format")
    for width in ("30", "80", "120"):
        text = cli.run(*args, "text", "--width", width).out
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), "nothing that moves a cursor or turns text"
        assert all(columns(line) <= int(width) for line in text.splitlines()), [line for line in text.splitlines() if columns(line) > int(width)]
    page = Page()
    page.feed(cli.run(*args, "html").out)
    assert page.unclosed() == [] and page.tags <= {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "span", "main", "div", "b", "p", "section",
                                                  "small", "table", "tr", "th", "td", "i", "svg", "g", "rect", "line", "text", "input", "label", "ul", "li"}, page.tags
    assert page.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class", "aria-label", "viewbox", "role", "x", "y", "x1", "x2", "y1", "y2", "width", "height",
                               "rx", "text-anchor", "style", "type", "id", "checked", "for"}, page.attributes
    assert "<script>alert(1)</script>" in page.text and "\u202e" not in page.text, "it is shown as what it is"
    markdown = cli.run(*args, "markdown").out
    for line in markdown.splitlines():
        if line.startswith("| ") and "$" in line:
            assert len(re.findall(r"(?<!\\)\|", re.sub(r"(`+).*?\1", lambda m: m[0].replace("\\|", ""), line))) == 7, line
    bare = re.sub(r"(`+) ?.*? ?\1", "", markdown)
    assert "<" not in bare and "](" not in bare and "\u202e" not in markdown and "\x1b" not in markdown, bare
    for row in csv.reader(io.StringIO(cli.run(*args, "csv").out, newline="")):
        assert len(row) == 18 and not any(c[:1] in "=+@" for c in row if c) and not row[1].startswith("-"), row
    s = savings(cli)
    assert {r["feature"] for r in s["by"]["feature"]} >= {"<script>alert(1)</script>", '=cmd()|"x"', "\u202egnp.exe"}, "JSON says what was there"
    assert s["total"]["saved_usd"] == sum(range(1, n + 1)) - n


def columns(line):
    import unicodedata
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
