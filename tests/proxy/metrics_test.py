"""GET /metrics: who may read it, whether scrapers can, and whether it says what happened (docs/metrics.md)."""
import collections
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import exposition  # noqa: E402
from live_test import SocketClient, path_of  # noqa: E402
from support import CHAT, Client, Upstream, chat_chunk, config, events  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}
OPEN = {"Accept": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}          # Prometheus 2.42's
PROMTOOL = os.environ.get("DD0C_PROMTOOL") or shutil.which("promtool")


def start(cli, *args, workers=2, env=None):
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--workers", workers, *args, env=env)
    p.metrics = p.wait_log(r"metrics: (?P<url>http://127\.0\.0\.1:\d+)/metrics, without a key")["url"]
    return p


def get(url, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=30) as r:
        return r.read(), r.headers


def text_of(p, headers=None):
    """A scrape after each request was counted: the last bytes of an answer may arrive a moment before that."""
    end = time.monotonic() + 10
    while True:
        text, head = get(p.metrics + "/metrics", headers)
        if b"\ndd0c_in_flight_requests 0\n" in text:
            return text, head
        assert time.monotonic() < end


def scrape(p, openmetrics=False):
    return exposition.read(text_of(p, OPEN if openmetrics else None)[0], openmetrics)


def ask(p, body=None, **headers):
    return Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, **(body or {})}, {k.replace("_", "-"): v for k, v in headers.items()})


def promtool(*args, stdin=None):
    if PROMTOOL:
        p = subprocess.run([PROMTOOL, *map(str, args)], input=stdin, capture_output=True, timeout=60)
        assert p.returncode == 0, (p.stdout + p.stderr).decode()


def test_both_formats_say_the_same(cli):
    config(cli, Upstream(), "budgets: [{name: all, limit: $5/day}]\n")
    p = start(cli)
    for i in range(20):
        ask(p, X_DD0C_Team="desk", X_DD0C_Feature=f"f{i % 3}")
    ask(p, {"model": 5})
    text, head = text_of(p)
    assert head["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    promtool("check", "metrics", stdin=text)
    plain = exposition.read(text)
    body, head = text_of(p, OPEN)
    assert head["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    other = exposition.read(body, openmetrics=True)
    now = lambda name: name.startswith("process_") or name.startswith("dd0c_events_") or "projected" in name
    a, b = ({k: v for k, v in exposition.samples(f).items() if not now(k[0])} for f in (plain, other))
    assert a == b, "the same series, the same figures"
    assert sorted(plain) == sorted(n if n in plain else n + ("_info" if other[n].type == "info" else "_total") for n in other)
    assert get(p.metrics + "/metrics?name=x")[1]["content-type"].startswith("text/plain"), "what stands behind ? is nobody's"


def test_figures_are_those_of_the_events(cli):
    # gpt-4o: 2.50 and 10.00 USD a million; gpt-4o-mini: 0.15 and 0.60
    up = Upstream(lambda r, c: c.json({"error": {"message": "no", "type": "server_error"}}, 503) if b"fail" in r.body else c.json(CHAT))
    config(cli, up, """routes:
  - {name: cheaper, when: 'feature == "cheap"', strategy: cheapest, from: [openai/gpt-4o-mini]}
  - {name: dearer, when: 'feature == "dear"', strategy: cheapest, from: [openai/gpt-4o]}
breaker: {error_rate: off}
""")
    p, n = start(cli), 0
    for body, feature, times in (({"model": "gpt-4o"}, "cheap", 7), ({}, "dear", 5), ({}, "same", 9),
                                 ({"messages": [{"role": "user", "content": "fail"}]}, "bad", 4), ({"model": 5}, "wrong", 3)):
        for _ in range(times):
            ask(p, body, X_DD0C_Team="desk", X_DD0C_Feature=feature)
            n += 1
    f, seen = scrape(p), events(cli, n)
    by = collections.Counter((e["provider"] or "", e["used_model"] or "", e["requested_model"] or "", e["endpoint"], e["error"]) for e in seen)
    for (provider, model, requested, operation, error), count in by.items():
        assert exposition.total(f, "dd0c_requests_total", provider=provider, model=model, requested_model=requested, operation=operation,
                                outcome="ok" if error in (None, "none") else error) == count, (error, provider, model)
    assert exposition.total(f, "dd0c_requests_total") == n, "each once"
    assert exposition.total(f, "dd0c_requests_total") - exposition.total(f, "dd0c_requests_total", outcome="ok") == 7, "4 + 3 errors, once each"
    assert exposition.total(f, "dd0c_spend_errors_total") == 7 and exposition.total(f, "dd0c_spend_errors_total", feature="bad") == 4
    money = lambda e, name: e[name] or 0
    close = lambda a, b: math.isclose(a, b, abs_tol=1e-12)
    assert close(exposition.total(f, "dd0c_cost_usd_total"), math.fsum(money(e, "cost_usd" if "cost_usd" in e else "cost_actual") for e in seen))
    cheap, dear = 7 * (1000 * (2.50 - 0.15) + 100 * (10.00 - 0.60)) / 1e6, 5 * (1000 * (2.50 - 0.15) + 100 * (10.00 - 0.60)) / 1e6
    assert close(exposition.total(f, "dd0c_saved_usd_total"), cheap) and close(exposition.total(f, "dd0c_lost_usd_total"), dear)
    for feature in ("cheap", "dear", "same"):
        mine = math.fsum(money(e, "cost_usd" if "cost_usd" in e else "cost_actual") for e in seen if e["feature"] == feature)
        assert close(exposition.total(f, "dd0c_spend_usd_total", team="desk", feature=feature), mine) and mine > 0
    assert exposition.total(f, "dd0c_tokens_total", kind="input") == 21000 and exposition.total(f, "dd0c_tokens_total", kind="output") == 2100
    for name in ("dd0c_request_duration_seconds_count", "dd0c_overhead_seconds_count"):
        assert exposition.total(f, name) == n
    assert exposition.total(f, "dd0c_provider_failures_total", model="gpt-4o-mini") == 4
    assert exposition.total(f, "dd0c_in_flight_requests") == 0


def test_counters_only_grow(cli):
    config(cli, Upstream(), "routes:\n  - {name: dearer, when: 'feature == \"dear\"', strategy: cheapest, from: [openai/gpt-4o]}\n")
    p, before = start(cli), {}
    for i in range(12):
        ask(p, {"model": 5} if i % 4 == 0 else None, X_DD0C_Feature="dear" if i % 2 else "plain")
        f   = scrape(p, openmetrics=i % 2 == 0)
        moves = {name for x in f.values() if x.type in ("gauge", "info") for name, _, _ in x.samples}
        now   = {k: v for k, v in exposition.samples(f).items() if k[0] not in moves}
        assert set(before) <= set(now), "no series goes"
        assert all(now[k] >= v for k, v in before.items()), [k for k, v in before.items() if now[k] < v]
        before = now


def test_each_request_is_counted_however_it_ends(cli):
    """Clients that leave, providers that fail and cut, streams: as many requests as events, and nothing stays under way."""
    def script(r, c):
        n = int(r.json["messages"][0]["content"])
        if n % 7 == 0:
            c.json({"error": {"message": "no"}}, 500)
        elif n % 7 == 1:
            c.cut()
        elif n % 2:
            c.start_stream()
            for _ in range(5):
                c.chunk(chat_chunk({"content": "x" * 50}))
            if n % 7 == 2:
                c.cut(reset=True)
            else:
                c.chunk(chat_chunk({}, "stop") + "data: [DONE]\n\n")
                c.end_stream()
        else:
            c.json(CHAT)

    def work(port, first):
        for n in range(first, first + 60):
            c = Client(port)
            c.send("POST", "/v1/chat/completions", {**ASK, "stream": n % 2 == 1, "messages": [{"role": "user", "content": str(n)}]})
            if n % 5:
                c.answer()
            c.close()

    config(cli, Upstream(script), "breaker: {error_rate: off}\nretry: {attempts: 2, backoff: 1ms..5ms}\n")
    p       = start(cli)
    threads = [threading.Thread(target=work, args=(p.port, i * 60)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    end = time.monotonic() + 15
    while exposition.total(f := scrape(p), "dd0c_events_written_total") + exposition.total(f, "dd0c_events_spooled_total") < 360:
        assert time.monotonic() < end, "requests that nobody waits for are counted, too"
    assert exposition.total(f, "dd0c_requests_total") == 360
    assert exposition.total(f, "dd0c_provider_in_flight_requests") == 0
    assert exposition.total(f, "dd0c_disconnects_total") == exposition.total(f, "dd0c_requests_total", outcome="aborted")


def test_who_may_read(cli):
    config(cli, Upstream())
    admin = cli.run("keys", "create", "--quiet", "--name", "a", "--scope", "admin").out.strip()
    plain = cli.run("keys", "create", "--quiet", "--name", "b").out.strip()
    p = start(cli)
    at = lambda key=None, path="/metrics", method="GET": Client(p.port).ask(method, path, headers={"Authorization": f"Bearer {key}"} if key else None)
    assert [at().status, at(plain).status, at(admin).status] == [401, 403, 200]
    assert at(admin, method="POST").status == 404
    exposition.read(at(admin).body)
    exposition.read(SocketClient(path_of(cli, p)).ask("GET", "/metrics").body)
    exposition.read(text_of(p)[0])
    assert json.loads(get(p.metrics + "/health")[0])["status"] == "ok"
    port = int(p.metrics.rsplit(":", 1)[1])
    for method, path in (("GET", "/admin/live"), ("POST", "/v1/chat/completions"), ("GET", "/v1/usage"), ("POST", "/admin/panic"),
                         ("GET", "/v1/models"), ("GET", "/health/providers"), ("GET", "/"), ("OPTIONS", "/metrics")):
        assert Client(port).ask(method, path, ASK, {"Authorization": f"Bearer {admin}"}).status == 404, path


def test_labels_are_escaped(cli):
    config(cli, Upstream())
    p, teams = start(cli), ['we"ird', "back\\slash", "\\n", "Zürich", "日本", "a=b,c={}", "x" * 300]
    for team in teams:
        ask(p, X_DD0C_Team=team)
    c = Client(p.port)
    body = json.dumps(ASK).encode()
    c.sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-DD0C-Team: \xff\xfe\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert c.answer().status == 200
    text = text_of(p)[0]
    promtool("check", "metrics", stdin=text)
    got = {dict(l)["team"] for n, l in exposition.samples(exposition.read(text)) if n == "dd0c_spend_usd_total"}
    assert got == set(teams[:-1]) | {"x" * 95, "(other)"}, got


def test_words_of_clients_have_an_end(cli):
    config(cli, Upstream())
    p, c = start(cli), None
    c = Client(p.port)
    for i in range(2500):
        assert c.ask("POST", "/v1/chat/completions", {**ASK, "model": f"nobody/m{i}"}, {"X-DD0C-Feature": f"feature-{i}"}).status in (200, 404)
    text = text_of(p)[0]
    f = exposition.read(text)
    assert len(text) < 4 << 20 and exposition.total(f, "dd0c_requests_total") == 2500
    assert exposition.total(f, "dd0c_spend_requests_total", feature="(other)") > 1000


def test_budgets_without_names_of_people(cli):
    config(cli, Upstream(), """budgets:
  - {name: all, limit: $5/day}
  - {name: people, scope: user, limit: $1/month}
  - {name: keys, scope: key, limit: $2/month}
""")
    one = cli.run("keys", "create", "--quiet", "--name", "desk").out.strip()
    two = cli.run("keys", "create", "--quiet", "--name", "night").out.strip()
    p = start(cli)
    for key, user in ((one, "ann@example.com"), (one, "bob@example.com"), (two, "bob@example.com")):
        assert ask(p, {"user": user}, Authorization=f"Bearer {key}").status == 200
    text = text_of(p)[0]
    f = exposition.read(text)
    cost = (1000 * 0.15 + 100 * 0.60) / 1e6
    spent = lambda **l: exposition.total(f, "dd0c_budget_spent_usd", **l)
    assert math.isclose(spent(budget="all", scope="global"), 3 * cost) and math.isclose(spent(budget="keys", value="desk"), 2 * cost)
    assert math.isclose(spent(budget="people", scope="user", value="(fullest)"), 2 * cost), "bob's"
    assert exposition.total(f, "dd0c_budget_limit_usd", budget="keys") == 4, "an account a key"
    assert b"example.com" not in text and b"ann" not in text.replace(b"channel", b"") and one.encode() not in text


def test_nothing_of_prompts_or_keys(cli):
    config(cli, Upstream())
    p = start(cli)
    secret, mail = "sk-" + "proj-" + "Ab1" * 12, "carol" + "@example.org"
    for where in ("messages", "user", "model", "team"):
        body = {"messages": [{"role": "user", "content": f"{secret} {mail}"}], **({"user": mail} if where == "user" else {}),
                **({"model": secret} if where == "model" else {})}
        ask(p, body, **({"X_DD0C_Team": secret} if where == "team" else {}))
    found = [line for line in text_of(p)[0].decode().splitlines() if secret in line or mail in line or "upstream-secret" in line]
    assert not found, found[:3]
    for path in ("/admin/live", "/health/providers"):
        text = SocketClient(path_of(cli, p)).ask("GET", path).body.decode()
        assert "[redacted]" in text, ("somebody took a key for a model", text)
        assert mail not in text and secret not in text and "upstream-secret" not in text


def test_breaker_is_told(cli):
    config(cli, Upstream(lambda r, c: c.json({"error": {"message": "no"}}, 500)), "breaker: {min_requests: 5, cooldown: 1h}\n")
    p = start(cli)
    assert exposition.total(scrape(p), "dd0c_breaker_state") == 0
    for _ in range(8):
        ask(p)
    f = scrape(p)
    assert exposition.total(f, "dd0c_breaker_state", provider="openai", model="gpt-4o-mini") == 2, "open"
    assert exposition.total(f, "dd0c_breaker_openings_total", provider="openai", model="gpt-4o-mini") == 1


def test_listen_by_configuration_and_when_it_is_taken(cli):
    taken = Upstream()
    config(cli, Upstream(), f"metrics: {{listen: '127.0.0.1:{taken.port}'}}\n")
    e = cli.run("proxy", "--listen", "127.0.0.1:0", status=3).err
    assert f"could not listen on \"127.0.0.1:{taken.port}\"" in e
    config(cli, Upstream(), "metrics: {listen: '127.0.0.1:0'}\n")
    p = cli.start("proxy", "--listen", "127.0.0.1:0")
    url = p.wait_log(r"metrics: (?P<url>http://127\.0\.0\.1:\d+/metrics), without a key")["url"]
    exposition.read(get(url)[0])
    config(cli, Upstream(), "metrics: {listen: nowhere}\n")
    assert "\"nowhere\" is no address to listen on" in cli.run("config", "check", status=None).err


def test_docs_list_the_families(cli):
    config(cli, Upstream())
    f = scrape(start(cli))
    rows = re.findall(r"^\| `([a-z0-9_]+)`(?: `\{([a-z_,]*)\}`)? \| (\w+) \| (.*) \|$", (ROOT / "docs/metrics.md").read_text(), re.M)
    assert [(n, t, h) for n, _, t, h in rows] == [(n, x.type, x.help) for n, x in f.items()], "docs/metrics.md tells what there is, in its order"
