"""What the dashboard asks a running proxy (R4.4, R4.8, R5.1, R5.2, R5.4)."""
import json
import pathlib
import re
import sqlite3
import time
from urllib.parse import quote

from support import CHAT, Client, Upstream, config, events

# 1,000 tokens in, 100 out: gpt-4o-mini (0.15 and 0.60 USD a million) 0.00021 USD, gpt-4o (2.50 and 10.00) 0.0035 USD
MINI, BIG = 0.00021, 0.0035
SECRET = "the-answer-is-swordfish"
PATHS = ["/api/dashboard/summary", "/api/dashboard/treemap", "/api/requests"]


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


def chat(client, key=None, model="gpt-4o-mini", status=200, **headers):
    head = {k.replace("_", "-"): v for k, v in headers.items()}
    body = {"model": model, "messages": [{"role": "system", "content": "Be brief, " + SECRET}, {"role": "user", "content": SECRET}], "max_tokens": 5}
    answer = client.ask("POST", "/v1/chat/completions", body, {**auth(key), **head})
    assert answer.status == status, answer.body
    return answer


def get(client, path, key=None, status=200):
    answer = client.ask("GET", path, headers=auth(key))
    assert answer.status == status, (path, answer.status, answer.body)
    assert answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store"
    assert SECRET not in answer.body.decode() and "Be brief" not in answer.body.decode(), "R4.4: never any prompt content"
    return answer.json


def key(cli, *args, org=None):
    made = json.loads(cli.run("keys", "create", "--format", "json", *args).out)
    if org:
        with sqlite3.connect(cli.dir / "state" / "dd0c" / "config.db", timeout=20) as db:
            db.execute("INSERT OR IGNORE INTO orgs (id, name, created_s) VALUES (?, ?, 1)", (org, org))
            db.execute("UPDATE keys SET org = ? WHERE id = ?", (org, made["id"]))
    return made["key"]


def some(cli):
    """A proxy with six requests of two teams."""
    c = Client(start(cli).port)
    chat(c, x_dd0c_team="search", x_dd0c_feature="faq"), chat(c, x_dd0c_team="search", x_dd0c_feature="rank"), chat(c, model="gpt-4o", x_dd0c_team="search", x_dd0c_feature="faq")
    chat(c, x_dd0c_team="web", x_dd0c_feature="faq"), chat(c), chat(c, model="openai/broken", status=400, x_dd0c_team="web")
    events(cli, 6)
    return c


def picos(usd):
    return round(usd * 10**12)


def test_summary_R4_4_R5_2(cli):
    c = some(cli)
    s = get(c, "/api/dashboard/summary?period=24h")
    assert s["object"] == "dashboard.summary" and s["org"] == "default" and s["period"] == "24h"
    assert (s["request_count"], s["errors"], s["unpriced"], s["cache_hits"]) == (6, 1, 1, 0)
    assert s["error_rate"] == 0.166667 and s["not_compared"] == 1
    assert picos(s["total_cost"]) == picos(4 * MINI + BIG) and s["total_saved"] == 0
    assert s["tokens"] == {"input": 5000, "cache_read": 0, "cache_write": 0, "cache_write_1h": 0, "output": 500}
    assert 0 < s["avg_latency"] < 5000 and 0 < s["latency_ms"]["p50"] <= s["latency_ms"]["p95"] <= s["latency_ms"]["p99"]
    assert 0 < s["overhead_ms"]["p50"] <= s["overhead_ms"]["p99"]
    assert set(s["saved"]) == {"today", "this_week", "this_month"} and s["saved"]["this_month"] == 0
    assert s["before"]["request_count"] == 0 and s["change"]["total_cost"] is None, "by nothing there is no share"
    assert s["resolution"] == "hour" and sum(x["request_count"] for x in s["series"]) == 6
    assert picos(sum(x["total_cost"] or 0 for x in s["series"])) == picos(s["total_cost"])
    for period, unit in [("1h", "hour"), ("7d", "day"), ("30d", "day"), ("90d", "day")]:
        other = get(c, f"/api/dashboard/summary?period={period}")
        assert (other["request_count"], other["resolution"], other["total_cost"]) == (6, unit, s["total_cost"]), period
    assert get(c, "/api/dashboard/summary")["period"] == "7d"
    day = time.strftime("%Y-%m-%d", time.gmtime())
    assert get(c, f"/api/dashboard/summary?from={day}")["request_count"] == 6
    past = get(c, "/api/dashboard/summary?from=2024-01-01&to=2024-02-01")
    assert past["request_count"] == 0 and past["total_cost"] == 0 and past["avg_latency"] is None and past["latency_ms"]["p50"] is None


def test_treemap_R5_1(cli):
    c = some(cli)
    t = get(c, "/api/dashboard/treemap?period=7d")
    assert t["object"] == "dashboard.treemap" and t["by"] == ["team", "feature", "model"] and t["within"] == {}
    s = get(c, "/api/dashboard/summary")
    assert (t["total_cost"], t["request_count"]) == (s["total_cost"], s["request_count"])
    assert [(v["value"], v["requests"], picos(v["cost"])) for v in t["values"]] == [
        ("search", 3, picos(2 * MINI + BIG)), ("web", 2, picos(MINI)), (None, 1, picos(MINI))], "the larger spender first"
    search = t["values"][0]
    assert [(v["value"], picos(v["cost"])) for v in search["values"]] == [("faq", picos(MINI + BIG)), ("rank", picos(MINI))]
    assert [(v["value"], v["requests"]) for v in search["values"][0]["values"]] == [("gpt-4o", 1), ("gpt-4o-mini", 1)]
    assert abs(sum(v["share"] for v in t["values"]) - 1) < 1e-5
    web = get(c, "/api/dashboard/treemap?period=7d&by=model&within=team%3Dweb")
    assert web["within"] == {"team": "web"} and [(v["value"], v["cost"], v["unpriced"]) for v in web["values"]] == [("gpt-4o-mini", MINI, 0), ("broken", None, 1)]
    assert [v["value"] for v in get(c, "/api/dashboard/treemap?by=provider")["values"]] == ["openai"]
    assert [v["requests"] for v in get(c, "/api/dashboard/treemap?by=key")["values"]] == [6]
    assert [v["requests"] for v in get(c, "/api/dashboard/treemap?by=call_site")["values"]] == [6]
    short = get(c, "/api/dashboard/treemap?by=team&limit=2")["values"]
    assert [(v["value"], v.get("merged"), v["requests"]) for v in short] == [("search", None, 3), ("(other)", 2, 3)]


def test_what_is_over_is_read_once_and_again_when_it_grows(cli):
    """The treemap keeps what is over: a late event must be seen all the same."""
    c = Client(start(cli).port)
    chat(c)
    events(cli, 1)
    day = int(time.time()) // 86400 * 86400 - 3 * 86400
    db = sqlite3.connect(cli.dir / "state" / "dd0c" / "telemetry.db", timeout=20)

    def late(cost):
        with db:
            db.execute("INSERT INTO daily_cost_summary (day, org, team, feature, model, provider, key_id, request_count, total_cost) "
                       "VALUES (?, 'default', 'late', '', 'm', 'p', '', 1, ?) ON CONFLICT DO UPDATE SET request_count = request_count + 1, "
                       "total_cost = total_cost + excluded.total_cost", (day, cost))
            db.execute("INSERT INTO dimension_summary (org, dimension, unit, start, value, request_count, total_cost) VALUES ('default', 0, 86400, ?, '', 1, ?) "
                       "ON CONFLICT DO UPDATE SET request_count = request_count + 1, total_cost = total_cost + excluded.total_cost", (day, cost))

    def spent():
        t = get(c, "/api/dashboard/treemap?period=7d&by=team,model")
        assert t["request_count"] == get(c, "/api/dashboard/summary?period=7d")["request_count"]
        return {v["value"]: v["requests"] for v in t["values"]}

    assert spent() == {None: 1}
    late(1000)
    assert spent() == {None: 1, "late": 1} == spent()
    late(1000)
    assert spent() == {None: 1, "late": 2}
    chat(c)
    events(cli, 2)
    assert spent() == {None: 2, "late": 2}


def test_requests_are_paged_R4_4_R5_4(cli):
    c = some(cli)
    page = get(c, "/api/requests?limit=4")
    assert page["object"] == "list" and page["count"] == 4 and page["has_more"] and not page["partial"]
    rest = get(c, "/api/requests?limit=4&before=" + page["next"])
    assert rest["count"] == 2 and not rest["has_more"] and rest["next"] is None
    ids = [e["id"] for e in page["data"] + rest["data"]]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == 6
    assert [json.loads(line)["id"] for line in cli.run("tail", "--format", "json", "--limit", 6).out.splitlines()] == ids[::-1], "as tail has them"
    cases = {"model=gpt-4o": 1, "model=gpt-4*": 5, "feature=faq": 3, "team=search": 3, "team=": 1, "status=200": 5, "status=4xx": 1, "status%3E%3D400": 1, "status>=400": 1,
             "status!=200": 1, "cost%3E0.001": 1, "cost>0.001": 1, "cost>=0.00021": 5, "provider=openai": 6, "provider=none": 0, "key=": 6, "user=": 6, "error=*": 1, "error=invalid": 1,
             "error=none": 5, "route=": 6, "call_site=": 6, "team=search&feature=faq": 2, "filter=" + quote("status>=400"): 1, "latency>0": 6,
             "period=1h": 6, "from=2024-01-01&to=2024-02-01": 0, "time>=2024-01-01": 6, "time<2024-01-01": 0}
    for query, n in cases.items():
        got = get(c, "/api/requests?" + query)
        assert got["count"] == n and not got["partial"], (query, n, got["count"])
    one = get(c, "/api/requests/" + ids[0])
    assert one["schema"] == "dd0c.trace/1" and one["requests"][0]["request"] == page["data"][0], one
    names = [s["name"] for s in one["requests"][0]["spans"]]
    assert "ai_routing_decision" in names, names
    assert get(c, "/api/requests/req_0000000000000", status=404)["error"]["code"] == "not_found"
    assert get(c, "/api/requests/nonsense", status=404)["error"]["code"] == "not_found"


def test_an_admin_of_its_own_organisation_alone_R4_8(cli):
    a, b = key(cli, "--name", "a", "--scope", "admin", "--scope", "chat"), key(cli, "--name", "b", "--scope", "admin", "--scope", "chat", org="other")
    plain = key(cli, "--name", "c")
    c = Client(start(cli).port)
    chat(c, a, x_dd0c_team="alpha"), chat(c, a, x_dd0c_team="alpha"), chat(c, b, model="gpt-4o", x_dd0c_team="beta")
    events(cli, 3)
    for k, org, team, n, cost in [(a, "default", "alpha", 2, 2 * MINI), (b, "other", "beta", 1, BIG), (a, "default", "alpha", 2, 2 * MINI)]:
        s, t, r = (get(c, p, k) for p in PATHS)
        assert s["org"] == t["org"] == r["org"] == org
        assert (s["request_count"], picos(s["total_cost"])) == (n, picos(cost)) == (t["request_count"], picos(t["total_cost"]))
        assert [v["value"] for v in t["values"]] == [team] and r["count"] == n and {e["team"] for e in r["data"]} == {team}
        assert s["latency_ms"]["p50"] is not None
        assert get(c, "/api/requests?org=" + ("other" if org == "default" else "default"), k)["count"] == 0
        assert get(c, "/api/requests?team=" + ("beta" if org == "default" else "alpha"), k)["count"] == 0
        assert get(c, "/api/dashboard/treemap?by=model&within=team=" + ("beta" if org == "default" else "alpha"), k)["values"] == []
        assert [v["requests"] for v in get(c, "/api/dashboard/treemap?by=call_site", k)["values"]] == [n]
    foreign = get(c, "/api/requests", b)["data"][0]["id"]
    assert get(c, "/api/requests/" + foreign, b)["requests"][0]["request"]["team"] == "beta"
    assert get(c, "/api/requests/" + foreign, a, 404)["error"]["code"] == "not_found"
    for path in PATHS + ["/api/requests/" + foreign]:
        assert c.ask("GET", path).status == 401
        refused = c.ask("GET", path, headers=auth(plain))
        assert refused.status == 403 and refused.json["error"]["type"] == "permission_error", refused.body


def test_what_is_of_all_organisations_is_for_the_admins_of_its_own_R4_8(cli):
    """Figures of the whole process, and its panic mode: an admin of another organisation gets 403, and of budgets what is its organisation's."""
    ours, theirs = (key(cli, "--name", name, "--scope", "admin", "--scope", "chat", org=org) for name, org in [("ours", None), ("theirs", "other")])
    budgets = "".join(f"  - {{name: {scope}, scope: {scope}, limit: $9/month}}\n" for scope in ("key", "team", "user", "org", "global"))
    c = Client(start(cli, "budgets:\n" + budgets + "  - {name: named, scope: team, match: gamma, limit: $9/month}\n").port)
    chat(c, ours, x_dd0c_team="alpha", x_dd0c_user="ann"), chat(c, theirs, x_dd0c_team="beta", x_dd0c_user="bob")
    for method, path in [("GET", "/metrics"), ("GET", "/admin/live"), ("GET", "/v1/metrics"), ("POST", "/admin/panic")]:
        body = {"on": False} if method == "POST" else None
        assert c.ask(method, path, body, auth(ours)).status == 200
        refused = c.ask(method, path, body, auth(theirs))
        assert refused.status == 403 and refused.json["error"]["type"] == "permission_error", (path, refused.body)
    seen, unseen = (c.ask("GET", "/health/providers", headers=auth(k)).json["providers"][0] for k in (ours, theirs))
    assert len(seen["models"]) == 1 and unseen["models"] == [] and unseen["status"] == seen["status"] == "ok", (seen, unseen)
    assert {(b["scope"], b["value"]) for b in c.ask("GET", "/v1/usage", headers=auth(theirs)).json["budgets"]} == {("org", "other")}
    all_but_orgs = c.ask("GET", "/v1/usage", headers=auth(ours)).json["budgets"]
    assert {"alpha", "beta", "gamma", "ann", "bob"} < {b["value"] for b in all_but_orgs} and "other" not in {b["value"] for b in all_but_orgs}


BAD = [
    ("/api/dashboard/summary?period=2w", "period", "1h, 24h, 7d, 30d or 90d"), ("/api/dashboard/summary?by=team", "by", "period, from, to"),
    ("/api/dashboard/summary?from=yesterday", "from", "no time"), ("/api/dashboard/summary?period=7d&from=2026-01-01", "period", "not both"),
    ("/api/dashboard/summary?from=2026-01-02&to=2026-01-01", "from", "before"), ("/api/dashboard/summary?period=7d&period=7d", "period", "twice"),
    ("/api/dashboard/treemap?by=colour", "by", "colour"), ("/api/dashboard/treemap?by=team,feature,model,key", "by", "up to three"),
    ("/api/dashboard/treemap?by=team,team", "by", "twice"), ("/api/dashboard/treemap?within=colour=red", "within", "colour"),
    ("/api/dashboard/treemap?limit=0", "limit", "1 to 500"), ("/api/dashboard/treemap?by=call_site&within=team=a", "within", "by themselves"),
    ("/api/dashboard/treemap?form=1", "form", "by, within and limit"), ("/api/requests?limit=501", "limit", "1 to 500"), ("/api/requests?before=x", "before", "no request's id"),
    ("/api/requests?modell=x", "modell", "Did you mean \"model\"?"), ("/api/requests?status=many", "status", "not a number"), ("/api/requests?cost>cheap", "cost", "amount"),
    ("/api/requests?filter=status", "filter", "not NAME=VALUE"), ("/api/requests?a=%zz", None, "question mark"), ("/api/requests?from=x", "from", "no time"),
]


def test_bad_questions_are_told_in_openais_shape(cli):
    c = Client(start(cli).port)
    assert get(c, PATHS[2])["data"] == [] and get(c, PATHS[1])["values"] == [] and get(c, PATHS[0])["request_count"] == 0, "before there is anything"
    for path, param, says in BAD:
        error = get(c, path, status=400)["error"]
        assert set(error) == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error", error
        assert error["param"] == param and says in error["message"], (path, error)
    for path in PATHS + ["/api/requests/req_0000000000000"]:
        answer = c.ask("POST", path, {})
        assert answer.status == 405 and answer.headers["allow"] == "GET" and "takes GET" in answer.json["error"]["message"], answer.body
    for path in ["/api", "/api/nothing", "/api/requests/a/b", "/api/dashboard"]:
        assert c.ask("GET", path).status == 404, path
    assert c.ask("OPTIONS", PATHS[0]).status == 204


def test_head_and_cors(cli):
    port = start(cli, "server:\n  cors_origins: [\"https://board.example\"]\n").port
    for path in PATHS:
        c = Client(port)
        c.send("HEAD", path, headers={"Origin": "https://board.example"})
        head = c.read_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and b"access-control-allow-origin: https://board.example" in head.lower(), head
        c.close()


def shape(value):
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "null" if value is None else "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def fits(doc, got, where=""):
    """Members are the same, but where the example leaves some out; a null is where a value may be."""
    if isinstance(doc, dict) and isinstance(got, dict):
        assert set(doc) == set(got) or "..." in doc, (where, set(doc) ^ set(got))
        for k in set(doc) - {"..."}:
            fits(doc[k], got[k], where + "/" + k)
    elif isinstance(doc, list) and isinstance(got, list):
        if doc and got:
            fits(doc[0], got[0], where + "[]")
    else:
        assert doc == got or "null" in (doc, got), (where, doc, got)


def test_examples_of_the_documentation_have_the_members_of_the_program(cli):
    c = some(cli)
    text = (pathlib.Path(__file__).parents[2] / "docs" / "api.md").read_text()
    examples = re.findall(r"```\nGET (\S+)\n```\n+```json\n(.*?)```", text, re.S)
    assert len(examples) >= 4, "each endpoint has one"
    for target, example in examples:
        if "req_" in target:
            target = "/api/requests/" + get(c, "/api/requests?team=search&limit=1")["data"][0]["id"]
        fits(shape(json.loads(example)), shape(get(c, target)), target)
