"""GET /v1/usage: figures of a running proxy, for the key that asks (RO.7, RC.3, RO.6)."""
import concurrent.futures
import json
import sqlite3
import time

from support import CHAT, Client, Upstream, config, events

# 1,000 tokens in, 100 out: gpt-4o-mini (0.15 and 0.60 USD a million) 0.00021 USD, gpt-4o (2.50 and 10.00) 0.0035 USD
MINI, BIG = 0.00021, 0.0035
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}
FIGURES = {"requests", "errors", "unpriced", "cache_hits", "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
           "cost_usd", "saved_usd", "premium_saved_usd", "average_ms"}


def start(cli, extra=""):
    def script(request, connection):
        if request.json["model"] == "broken":
            connection.json({"error": {"message": "no"}}, 400)
        else:
            connection.json(CHAT)
    config(cli, Upstream(script), extra)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")


def auth(key):
    return {"Authorization": "Bearer " + key} if key else {}


def chat(client, key=None, model="gpt-4o-mini", **headers):
    head = {k.replace("_", "-"): v for k, v in headers.items()}
    answer = client.ask("POST", "/v1/chat/completions", {**ASK, "model": model}, {**auth(key), **head})
    assert answer.status == 200, answer.body
    return answer


def usage(client, query="", key=None, status=200):
    answer = client.ask("GET", "/v1/usage" + query, headers=auth(key))
    assert answer.status == status, (answer.status, answer.body)
    assert answer.headers["content-type"] == "application/json"
    return answer.json


def make(cli, *args):
    made = json.loads(cli.run("keys", "create", "--format", "json", *args).out)
    return made["id"], made["key"]


def row(hour, requests=1, cost=1000, model="gpt-4o-mini", team="", feature="", key="", org="default"):
    return (hour, org, team, feature, model, "openai", key, requests, requests, cost, cost // 10)


def fill(cli, table, rows):
    """Sums of the past."""
    db, end = sqlite3.connect(cli.dir / "state" / "dd0c" / "telemetry.db", timeout=20), time.monotonic() + 20
    while not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'daily_cost_summary'").fetchone():   # the proxy's writer makes it
        assert time.monotonic() < end
        time.sleep(0.02)
    unit = "hour" if table == "hourly" else "day"
    db.executemany(f"INSERT INTO {table}_cost_summary ({unit}, org, team, feature, model, provider, key_id, request_count, input_tokens, total_cost, total_saved) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.commit()
    db.close()


def test_totals_series_models_and_savings_RO_7(cli):
    c = Client(start(cli, "premium: openai/gpt-4o\n").port)
    before = usage(c)
    assert before["totals"]["requests"] == 0 and before["totals"]["cost_usd"] == 0 and before["series"] == [] and before["models"] == []
    chat(c, x_dd0c_team="search"), chat(c, x_dd0c_team="search"), chat(c, model="gpt-4o", x_dd0c_feature="faq")
    assert c.ask("POST", "/v1/chat/completions", {**ASK, "model": "openai/broken"}).status == 400
    events(cli, 4)
    u = usage(c)
    assert u["object"] == "usage" and u["org"] == "default" and u["key_id"] is None
    t = u["totals"]
    assert set(t) == FIGURES
    assert (t["requests"], t["errors"], t["unpriced"], t["cache_hits"]) == (4, 1, 1, 0), "usage itself is in no figure"
    assert (t["input_tokens"], t["output_tokens"]) == (3000, 300)
    assert t["cost_usd"] == round(2 * MINI + BIG, 8) and t["saved_usd"] == 0
    assert u["savings"] == {"saved_usd": 0, "cache_hits": 0, "premium_model": "openai/gpt-4o", "premium_requests": 3,
                            "premium_saved_usd": round(2 * (BIG - MINI), 8)}, u["savings"]
    assert [(m["provider"], m["model"], m["requests"]) for m in u["models"]] == [("openai", "gpt-4o", 1), ("openai", "gpt-4o-mini", 2), ("openai", "broken", 1)]
    assert u["models"][2]["cost_usd"] is None, "not known is not 0"
    assert sum(s["requests"] for s in u["series"]) == 4
    assert u["from"] == time.strftime("%Y-%m-01T00:00:00Z", time.gmtime()), "the month of now"
    assert u["month"]["cost_usd"] == t["cost_usd"] and u["budgets"] == []
    teams = usage(c, "?by=team")
    assert [(r["team"], r["requests"]) for r in teams["rows"]] == [(None, 2), ("search", 2)] and teams["by"] == "team"
    assert [r["feature"] for r in usage(c, "?by=feature")["rows"]] == ["faq", None]
    assert [r["model"] for r in usage(c, "?by=model")["rows"]] == ["openai/gpt-4o", "openai/gpt-4o-mini", "openai/broken"]
    assert "rows" not in u
    assert len(cli.run("tail", "--limit", 100).out.splitlines()) == 4, "usage itself is no event"


def test_a_key_sees_its_own_an_admin_all(cli):
    admin_id, admin = make(cli, "--name", "root", "--scope", "admin", "--scope", "chat")
    a_id, a = make(cli, "--name", "a")
    b_id, b = make(cli, "--name", "b")
    c = Client(start(cli, """budgets:
  - {name: per-key, scope: key, limit: $0.01/month}
  - {name: all, scope: global, limit: $1/month}
""").port)
    chat(c, a), chat(c, a), chat(c, b)
    events(cli, 3)
    u = usage(c, "?by=key", key=a)
    assert u["key_id"] == a_id and u["totals"]["requests"] == 2 and u["totals"]["cost_usd"] == 2 * MINI
    assert [(r["key"], r["name"]) for r in u["rows"]] == [(a_id, "a")]
    assert u["month"]["cost_usd"] == 2 * MINI
    assert [(x["name"], x["value"], x["spent_usd"], x["limit_usd"], x["used"]) for x in u["budgets"]] == [("per-key", a_id, 2 * MINI, 0.01, 0.042)]
    assert b_id not in json.dumps(u)
    all_ = usage(c, "?by=key", key=admin)
    assert all_["key_id"] is None and all_["totals"]["requests"] == 3
    assert [(r["key"], r["name"], r["requests"]) for r in all_["rows"]] == [(a_id, "a", 2), (b_id, "b", 1)]
    spent = {(x["name"], x["value"]): x["spent_usd"] for x in all_["budgets"]}
    assert spent == {("per-key", a_id): 2 * MINI, ("per-key", b_id): MINI, ("all", None): round(3 * MINI, 8)}, spent
    fresh = usage(c, key=make(cli, "--name", "new")[1])
    assert fresh["totals"]["requests"] == 0 and [x["spent_usd"] for x in fresh["budgets"]] == [0]
    assert c.ask("GET", "/v1/usage").status == 401
    assert c.ask("GET", "/v1/usage", headers=auth("dd0c_sk_" + "x" * 12 + "_" + "y" * 43)).status == 401


def test_kept_answers_are_savings_RC_4(cli):
    c = Client(start(cli, "cache: {mode: exact}\n").port)
    assert [chat(c).headers["x-dd0c-cache"] for _ in range(3)] == ["miss", "hit", "hit"]
    chat(c, cache_control="no-store")
    assert [e["cache"] for e in events(cli, 4)] == ["miss", "hit", "hit", "bypass"]
    assert len(events(cli, 2, "cache=hit")) == 2
    u = usage(c)
    assert u["totals"]["cache_hits"] == u["savings"]["cache_hits"] == 2
    assert u["totals"]["cost_usd"] == 2 * MINI and u["savings"]["saved_usd"] == 2 * MINI and u["totals"]["unpriced"] == 0


def test_from_and_to(cli):
    c = Client(start(cli).port)
    now = int(time.time())
    base = now // 86400 * 86400 - 20 * 86400
    day = time.strftime("%Y-%m-%d", time.gmtime(base))
    next_day = time.strftime("%Y-%m-%d", time.gmtime(base + 86400))
    fill(cli, "hourly", [row(base, cost=1), row(base + 3600, cost=10), row(base + 23 * 3600, cost=100), row(base + 24 * 3600, cost=1000)])
    picos = lambda q: round(usage(c, q)["totals"]["cost_usd"] * 10**12)
    assert picos(f"?from={day}&to={day}") == 111, "a day as the end is in it"
    assert picos(f"?from={day}&to={next_day}") == 1111
    assert picos(f"?from={day}T01:00:00Z&to={day}T02:00:00Z") == 10
    assert picos(f"?from={day}T02:00:00%2B01:00&to={day}T02:00:00.5Z") == 10, "an offset"
    assert picos(f"?from={day}T00:59:59Z&to={day}T01:00:01Z") == 11, "hours that are begun count whole"
    assert picos(f"?from={base}&to={base + 7200}") == 11
    assert picos(f"?from={base + 1}&to={base + 3600}") == 1, "whole hours"
    assert picos(f"?from={day}") == 1111 and picos(f"?from={base + 86400}") == 1000
    fine, coarse = usage(c, f"?from={day}&to={day}"), usage(c, f"?from={day}")
    assert fine["resolution"] == "hour" and [s["start"][11:13] for s in fine["series"]] == ["00", "01", "23"]
    assert coarse["resolution"] == "day" and [s["start"] for s in coarse["series"]] == [day + "T00:00:00Z", next_day + "T00:00:00Z"]
    assert [r["day"] for r in usage(c, f"?from={day}&by=day")["rows"]] == [day, next_day]
    assert fine["from"] == day + "T00:00:00Z" and fine["to"] == next_day + "T00:00:00Z"


def test_what_is_older_than_hours_comes_from_days(cli):
    c = Client(start(cli).port)
    old = int(time.time()) // 86400 * 86400 - 400 * 86400
    fill(cli, "daily", [row(old, requests=7), row(old + 86400, requests=5), row(old, requests=1, org="other")])
    day = time.strftime("%Y-%m-%d", time.gmtime(old))
    u = usage(c, f"?from={day}")
    assert u["totals"]["requests"] == 12 and u["resolution"] == "day" and [s["requests"] for s in u["series"]] == [7, 5]
    assert usage(c, f"?from={day}&to={day}")["totals"]["requests"] == 7, "and none of another organisation"
    assert usage(c, "?from=0")["totals"]["requests"] == 12


def test_days_are_those_of_the_time_zone(cli):
    c = Client(start(cli, "timezone: Asia/Tokyo\n").port)
    base = int(time.time()) // 86400 * 86400 - 20 * 86400
    day = time.strftime("%Y-%m-%d", time.gmtime(base))
    fill(cli, "hourly", [row(base - 10 * 3600, requests=1), row(base - 9 * 3600, requests=2), row(base + 14 * 3600, requests=4), row(base + 15 * 3600, requests=8)])
    u = usage(c, f"?from={day}&to={day}&by=day")
    assert u["totals"]["requests"] == 6 and [(r["day"], r["requests"]) for r in u["rows"]] == [(day, 6)], "Tokyo is nine hours ahead"
    assert u["from"] == time.strftime("%Y-%m-%dT15:00:00Z", time.gmtime(base - 86400))


def test_many_names_are_shortened(cli):
    c = Client(start(cli).port)
    base = int(time.time()) // 86400 * 86400 - 2 * 86400
    fill(cli, "hourly", [row(base, team=f"t{i}", cost=5000 - i) for i in range(1500)])
    u = usage(c, "?by=team&from=%d" % base)
    assert len(u["rows"]) == 1000 and u["rows"][-1]["team"] == "(other)" and u["rows"][0]["team"] == "t0"
    assert sum(r["requests"] for r in u["rows"]) == u["totals"]["requests"] == 1500
    assert round(sum(r["cost_usd"] for r in u["rows"]) * 10**12) == sum(5000 - i for i in range(1500)) == round(u["totals"]["cost_usd"] * 10**12)


BAD = [
    ("?from=yesterday", "from", "yesterday"), ("?to=2026-13-01", "to", "2026-13-01"), ("?from=2026-11-20T10:00", "from", "RFC 3339"),
    ("?from=2026-11-20&to=2026-11-19", "from", "before"), ("?from=-1", "from", "-1"), ("?from=99999999999999", "from", "9999"),
    ("?by=color", "by", "color"), ("?form=2026-11-20", "form", "from, to and by"), ("?from=1&from=2", "from", "twice"), ("?from=%zz", None, "question mark"),
    ("?from=", "from", "no time"), ("?by=team&by=key", "by", "twice"), ("?" + "&".join(f"a{i}=1" for i in range(50)), None, "question mark"),
]


def test_bad_parameters_are_named_in_openais_shape(cli):
    c = Client(start(cli).port)
    for query, param, says in BAD:
        error = usage(c, query, status=400)["error"]
        assert set(error) == {"message", "type", "param", "code"}, error
        assert error["type"] == "invalid_request_error" and error["param"] == param and says in error["message"], (query, error)
    assert usage(c, "?&from=2026-11-20&")["from"] == "2026-11-20T00:00:00Z"


def test_requests_are_served_while_many_ask(cli):
    port = start(cli).port

    def some(_):
        c = Client(port)
        return [c.ask("GET", "/v1/usage?by=team").status for _ in range(10)]

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        asked = [pool.submit(some, i) for i in range(40)]
        c = Client(port)
        for _ in range(20):
            chat(c)
        got = [s for f in asked for s in f.result()]
    assert len(got) == 400 and set(got) <= {200, 503} and 200 in got, set(got)


def test_a_stop_answers_who_waits(cli):
    p = start(cli)
    clients = [Client(p.port) for _ in range(30)]
    for c in clients:
        c.send("GET", "/v1/usage")
    p.stop()
    for c in clients:
        answer = c.answer()
        assert answer is None or answer.status in (200, 503)
    assert p.process.returncode == 0
