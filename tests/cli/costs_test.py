"""dd0c costs over sums that are filled by hand: totals that add up, days of a time zone, budgets, projections (RC.3)."""
import csv
import decimal
import glob
import io
import json
import os
import pathlib
import sqlite3

import written

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NOW = 1795132800              # 2026-11-20T00:00:00Z, the clock of all tests
DAY, HOUR, USD = 86400, 3600, 10 ** 12


def make(cli):
    folder = cli.dir / "state" / "dd0c"
    folder.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(folder / "telemetry.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, readable_from INTEGER NOT NULL, "
               "applied_ms INTEGER NOT NULL)")
    for path in sorted(glob.glob(str(ROOT / "store/migrations/telemetry/*.sql"))):
        db.executescript(pathlib.Path(path).read_text())
        db.execute("INSERT INTO schema_migrations VALUES (?, ?, 1, 0)", (int(os.path.basename(path)[:4]), path))
    return db


def add(db, time, cost, calls=1, saved=0, unpriced=0, **texts):
    row = {"org": "default", "team": "", "feature": "", "model": "gpt-4o-mini", "provider": "openai", "key_id": "", **texts,
           "request_count": calls, "total_cost": cost, "total_saved": saved, "unpriced_count": unpriced}
    for table, name, size in (("hourly", "hour", HOUR), ("daily", "day", DAY)):
        r = {name: time // size * size, **row}
        db.execute(f"INSERT INTO {table}_cost_summary ({', '.join(r)}) VALUES ({', '.join('?' * len(r))}) ON CONFLICT DO UPDATE SET "
                   "request_count = request_count + excluded.request_count, total_cost = total_cost + excluded.total_cost, "
                   "total_saved = total_saved + excluded.total_saved, unpriced_count = unpriced_count + excluded.unpriced_count", list(r.values()))
        for number, value in {0: "", 1: row["team"], 2: row["feature"], 6: row["provider"], 7: row["key_id"]}.items():     # store/dims.h
            d = {"org": "default", "dimension": number, "unit": size, "start": r[name], "value": value,
                 **{k: row[k] for k in ("request_count", "total_cost", "total_saved", "unpriced_count")}}
            db.execute(f"INSERT INTO dimension_summary ({', '.join(d)}) VALUES ({', '.join('?' * len(d))}) ON CONFLICT DO UPDATE SET "
                       "request_count = request_count + excluded.request_count, total_cost = total_cost + excluded.total_cost, "
                       "total_saved = total_saved + excluded.total_saved, unpriced_count = unpriced_count + excluded.unpriced_count", list(d.values()))


def costs(cli, *args):
    return json.loads(cli.run("costs", "--format", "json", *args).out, parse_float=decimal.Decimal)


def test_rows_are_sorted_and_add_up_exactly(cli):
    db = make(cli)
    for i in range(40):
        add(db, NOW - HOUR * i, 10 ** 11 + i, calls=i + 1, saved=i, team=f"t{i % 7}", key_id=f"k{i % 3}", feature=f"f{i % 5}", model=f"m{i % 4}",
            provider=f"p{i % 2}")
    for by, n in (("team", 7), ("key", 3), ("feature", 5), ("model", 4), ("provider", 2), ("day", 3)):
        got = costs(cli, "--by", by, "--period", "7d")
        assert got["schema"] == "dd0c.costs/1" and got["by"] == by and len(got["rows"]) == n, got
        for name in ("cost_usd", "saved_usd", "calls"):
            assert sum(r[name] for r in got["rows"]) == got["total"][name], (by, name)
        assert got["total"]["cost_usd"] == decimal.Decimal("4.00000000078") and got["total"]["calls"] == 820, "40 * 0.1 and 0 + ... + 39 picodollars"
        order = [r[by] if by == "day" else -r["cost_usd"] for r in got["rows"]]
        assert order == sorted(order)
    rows = list(csv.DictReader(io.StringIO(cli.run("costs", "--by", "model", "--period", "7d", "--format", "csv").out)))
    assert [r["model"] for r in rows] == ["p1/m3", "p0/m2", "p1/m1", "p0/m0"]
    assert sum(decimal.Decimal(r["cost_usd"]) for r in rows) == decimal.Decimal("4.00000000078")


def test_how_far_back(cli):
    db = make(cli)
    add(db, NOW - 30 * 60, USD)              # 23:30 yesterday
    add(db, NOW - 5 * HOUR, 2 * USD)
    add(db, NOW - 6 * DAY, 4 * USD)
    add(db, NOW - 19 * DAY + HOUR, 8 * USD)  # 1 November
    add(db, NOW - 25 * DAY, 16 * USD)
    add(db, NOW - 88 * DAY, 32 * USD)
    add(db, NOW - 200 * DAY, 64 * USD)
    for args, want in (("", 15), ("--period 1h", 1), ("--period 24h", 3), ("--period 7d", 7), ("--period month", 15), ("--period 30d", 31),
                       ("--period 90d", 63), ("--since 2026-11-14", 7), ("--since 2026-11-15", 3), ("--since 6h", 3), ("--since 52w", 127),
                       ("--since 2026-01-01", 127)):
        assert costs(cli, *args.split())["total"]["cost_usd"] == want, args
    assert "yet to come" in cli.run("costs", "--since", "2027-01-01", status=2).err
    assert "such as 2026-11-01" in cli.run("costs", "--since", "yesterday", status=2).err


def test_days_and_months_of_a_time_zone(cli):
    db = make(cli)
    cli.write("dd0c.yaml", "timezone: Asia/Kolkata\n")
    add(db, NOW - 6 * HOUR, USD)             # 18:00Z is 23:30 there on the 19th; its hour, too
    add(db, NOW - 5 * HOUR, 2 * USD)         # 00:30 on the 20th
    add(db, NOW - 20 * DAY - 5 * HOUR, 4 * USD)   # 30 October 19:00Z: 00:30 on the 31st
    add(db, NOW - 19 * DAY - 5 * HOUR, 8 * USD)   # 31 October 19:00Z: 00:30 on 1 November
    got = costs(cli, "--by", "day")
    assert {r["day"]: r["cost_usd"] for r in got["rows"]} == {"2026-11-01": 8, "2026-11-19": 1, "2026-11-20": 2}
    assert got["month"]["cost_usd"] == 11 and got["month"]["today_usd"] == 2 and got["month"]["from"] == "2026-10-31T18:30:00Z"


def test_projection_and_budgets(cli):
    """RC.3: 19 of 30 days are over; 19 USD were spent."""
    db = make(cli)
    cli.write("dd0c.yaml", "budgets:\n  - {name: all, scope: global, limit: $25/month}\n  - {name: roomy, scope: global, limit: $31/month}\n"
              "  - {name: search, scope: team, match: search, limit: $8/month, on_exceed: warn}\n")
    add(db, NOW - 10 * DAY, 10 * USD, team="search")
    add(db, NOW - 9 * DAY, 9 * USD, team="chat")
    got = costs(cli, "--by", "team")
    assert got["month"]["projection_usd"] == 30 and got["month"]["today_usd"] == 0
    known = {b["name"]: b for b in got["budgets"]}
    assert known["all"]["verdict"] == "will_exceed" and known["all"]["exceeded_on"] == "2026-11-26T00:00:00Z", "25 USD at a dollar a day"
    assert known["roomy"]["verdict"] == "holds" and known["search"]["verdict"] == "exceeded" and known["all"]["source"] == "sums"
    search, chat = got["rows"]
    assert search["team"] == "search" and search["budget_usd"] == 8 and search["budget_used"] == decimal.Decimal("1.25")
    assert chat["budget_usd"] is None
    assert abs(search["daily_usd"] - decimal.Decimal(10) / 19) < decimal.Decimal("1e-9") and search["share"] == decimal.Decimal("0.5263")
    text = cli.run("costs", "--by", "team", "--width", "120").out
    assert "$19.00 since 2026-11-01 · 2 calls" in text and "$30.00 by 2026-11-30 at this pace" in text and "125% of $8.00" in text, text
    assert "will be exceeded on 2026-11-26" in text and "exceeded until 2026-12-01: requests go on, with a warning" in text, text
    assert "day 20 of 30" in text


def test_what_has_no_price_is_in_no_amount(cli):
    db = make(cli)
    add(db, NOW - HOUR, 0, calls=3, unpriced=3, model="mine")
    add(db, NOW - HOUR, USD, calls=2, unpriced=1)
    got = costs(cli)
    assert [r["cost_usd"] for r in got["rows"]] == [1, None] and got["total"]["unpriced"] == 4
    text = cli.run("costs").out
    assert "unknown" in text and "of 4 calls the price is not known" in text, text


def test_nothing_yet(cli):
    assert "Nothing is recorded yet" in cli.run("costs").out
    assert costs(cli)["rows"] == [] and not (cli.dir / "state").exists(), "looking makes nothing"
    make(cli)
    assert "Nothing was recorded since 2026-11-01." in cli.run("costs").out
    assert 'unexpected word "now"' in cli.run("costs", "now", status=2).err


def test_it_fits_its_width(cli):
    db = make(cli)
    for i in range(12):
        add(db, NOW - HOUR, 10 ** (18 - i), calls=10 ** 6, saved=10 ** (17 - i), model=f"a-model-with-quite-a-long-name-{i}\x1b[31m", key_id=f"k{i}",
            team="t\u00e4am")
    cli.write("dd0c.yaml", "budgets:\n  - {name: per-team, scope: team, match: t\u00e4am, limit: $1234567/month}\n")
    for columns in (80, 120):
        for by in ("model", "key", "team", "day"):
            lines = cli.terminal(columns, "costs", "--by", by)
            assert any("total" in line for line in lines) and all(len(line) <= columns for line in lines), lines
            assert "\x1b[31m" not in "\n".join(lines)
    plain = cli.run("costs", "--ascii", "--width", "80").out
    assert plain.isascii(), plain


def test_series_are_what_it_cost_day_by_day(cli):
    """A spark line a row; in JSON its figures, which add up to the row's cost exactly."""
    db = make(cli)
    for day, cost in ((0, 7), (1, 1), (3, 4), (6, 2)):
        add(db, NOW - day * DAY - 3 * HOUR if day else NOW, cost * USD + 1, team="a")
    add(db, NOW - 6 * DAY, 8 * USD, team="b")
    for by in ("team", "model", "day", "provider"):
        got = costs(cli, "--by", by, "--period", "7d")
        assert got["series_unit"] == "day"
        for row in got["rows"] + [got["total"]]:
            assert sum(row["series_usd"]) == row["cost_usd"] and len(row["series_usd"]) == 7, (by, row)
    a, b = costs(cli, "--by", "team", "--period", "7d")["rows"]
    tiny = decimal.Decimal("1e-12")
    assert a["series_usd"] == [0, 0, 0, 4 + tiny, 0, 1 + tiny, 7 + tiny] or a["series_usd"] == [0, 0, 4 + tiny, 0, 1 + tiny, 0, 7 + tiny], a
    assert b["series_usd"] == [8, 0, 0, 0, 0, 0, 0]
    assert costs(cli, "--period", "24h")["series_unit"] == "hour" and costs(cli, "--since", "100w")["series_unit"] == "week"
    text = cli.run("costs", "--by", "team", "--period", "7d", "--width", "80").out
    assert "\u2588\u2581\u2581\u2581\u2581\u2581\u2581" in text, text
    assert "#______" in cli.run("costs", "--by", "team", "--period", "7d", "--ascii").out
    assert all(len(line) <= 60 for line in cli.terminal(60, "costs", "--by", "team"))


def test_by_user_rule_and_call_site(cli):
    """RC.3: sums by one dimension, written by the proxy's own writer; each adds up to the total."""
    events = [{"id": written.event_id(NOW * 1000 - i * 7200000), "time_ms": NOW * 1000 - i * 7200000, "status": 200, "used_model": "m", "requested_model": "m",
               "provider": "p", "cost_actual": USD * (i + 1), "cost_original": USD * (i + 1), "cost_saved": 0, "user": f"u{i % 3}", "route": f"r{i % 2}",
               "call_site": f"app.py:{i % 5}", "key_id": f"k{i % 4}", "team": f"t{i % 6}"} for i in range(60)]
    written.write(cli, events)
    for by, n in (("user", 3), ("route", 2), ("call_site", 5), ("key", 4), ("team", 6), ("provider", 1)):
        for period in ("7d", "month", "90d"):
            got = costs(cli, "--by", by, "--period", period)
            assert len(got["rows"]) == n and sum(r["cost_usd"] for r in got["rows"]) == got["total"]["cost_usd"] == sum(range(1, 61)), (by, got["total"])
            assert sum(r["calls"] for r in got["rows"]) == 60
    cli.write("dd0c.yaml", "timezone: Asia/Kolkata\n")
    for by in ("user", "team", "model", "day"):
        assert costs(cli, "--by", by, "--period", "30d")["total"]["cost_usd"] == sum(range(1, 61)), "days of another zone are made of hours"
