"""Answers kept for equal requests at a running proxy (RC.4, R4.8): what is a hit, what is never kept, who waits for whom, whose answers are whose."""
import json
import threading
import time

from support import CHAT, MESSAGE, Client, Upstream, chat_chunk, config, events, usage_chunk

ASK  = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "a rare question"}], "temperature": 0.5}
PATH = "/v1/chat/completions"
STREAM = [chat_chunk({"role": "assistant", "content": "H"}), chat_chunk({"content": "i"}), chat_chunk({}, "stop"), usage_chunk(1000, 100), "data: [DONE]\n\n"]


def start(cli, up, more="", extra="", **of_config):
    config(cli, up, f"cache: {{mode: exact{more}}}\n{extra}", **of_config)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2")


def ask(c, body=ASK, path=PATH, **headers):
    return c.ask("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})


def word(answer):
    return answer.headers.get("x-dd0c-cache")


def streaming(parts, end=lambda c: c.end_stream()):
    def script(request, c):
        c.start_stream()
        for part in parts:
            c.chunk(part)
        end(c)
    return script


def make(cli, name, *more):
    return json.loads(cli.run("keys", "create", "--name", name, "--format", "json", *more).out)


def test_an_equal_request_is_a_hit_RC_4(cli):
    up = Upstream()
    c  = Client(start(cli, up).port)
    first, again = ask(c), ask(c)
    assert (word(first), word(again)) == ("miss", "hit") and len(up.requests) == 1
    assert again.body == first.body and again.status == 200 and again.headers["content-type"] == "application/json"
    assert again.headers["x-dd0c-cost"] == "0" and again.headers["x-dd0c-saved"] == first.headers["x-dd0c-cost"] == "0.00021"
    assert again.headers["x-dd0c-model"] == "gpt-4o-mini" and again.headers["x-dd0c-strategy"] == "cache" and int(again.headers["age"]) >= 0
    e = events(cli, 2)[-1]
    assert (e["strategy"], e["cost_original"], e["cost_actual"], e["cost_saved"]) == ("cache", 0.00021, 0, 0.00021), e


def test_off_unless_it_is_wanted(cli):
    up = Upstream()
    config(cli, up)
    c = Client(cli.start("proxy", "--listen", "127.0.0.1:0").port)
    assert [word(ask(c)), word(ask(c))] == ["off", "off"] and len(up.requests) == 2
    assert not list(cli.dir.rglob("cache.db")) and not list(cli.dir.rglob("cache.key"))


def test_a_route_turns_it_on(cli):
    up = Upstream()
    config(cli, up, 'routes:\n  - {name: kept, when: "feature == \\"faq\\"", cache: on}\n')
    c = Client(cli.start("proxy", "--listen", "127.0.0.1:0").port)
    assert [word(ask(c, x_dd0c_feature="faq")) for _ in range(2)] == ["miss", "hit"]
    assert [word(ask(c)) for _ in range(2)] == ["off", "off"]


def test_what_is_equal_RC_4(cli):
    c = Client(start(cli, Upstream()).port)
    assert word(ask(c)) == "miss"
    same = ['{ "temperature":0.5, "messages" : [ {"content":"a rare question","role":"user"} ],"model":"gpt-4o-mini"}', {**ASK, "user": "ada"}, {**ASK, "metadata": {"a": "b"}},
            {**ASK, "stream": False}]
    other = [{**ASK, "temperature": 0.6}, {**ASK, "model": "gpt-4o"}, {**ASK, "seed": 1}, {**ASK, "max_tokens": 9}, {**ASK, "messages": ASK["messages"] * 2},
             json.dumps({**ASK})[:-1] + ',"top_p":1,"top_p":0.1}', json.dumps({**ASK})[:-1] + ',"top_p":0.1,"top_p":1}']
    for body in same:
        assert word(ask(c, body)) == "hit", body
    for body in other:
        assert word(ask(c, body)) == "miss", body
    assert word(ask(c, openai_beta="x")) == "miss", "a header that the provider heeds"


def test_requests_say_how_they_want_it_RC_4(cli):
    up = Upstream()
    c  = Client(start(cli, up).port)
    assert word(ask(c, cache_control="no-store")) == "bypass"
    assert word(ask(c)) == "miss", "no-store kept nothing"
    assert word(ask(c, cache_control="max-age=0, no-store")) == "bypass", "and asks nothing"
    up.script = lambda r, x: x.json({**CHAT, "id": "newer"})
    assert ask(c, cache_control="no-cache").json["id"] == "newer"
    assert word(ask(c)) == "hit" and ask(c).json["id"] == "newer", "no-cache asks anew, and its answer is kept"
    assert len(up.requests) == 4
    assert word(ask(c, {**ASK, "seed": 7}, x_dd0c_cache_ttl="0")) == "miss" and word(ask(c, {**ASK, "seed": 7})) == "miss", "kept for no time at all"
    assert word(ask(c, cache_control="max-age=3600")) == "hit"


def test_streams_are_replayed_RC_4(cli):
    up = Upstream(streaming(STREAM))
    c  = Client(start(cli, up).port)
    body = {**ASK, "stream": True, "stream_options": {"include_usage": True}}
    first, again = ask(c, body), ask(c, body)
    assert (word(first), word(again)) == ("miss", "hit") and len(up.requests) == 1
    assert again.body == first.body and again.events[-1] == "[DONE]" and again.headers["content-type"].startswith("text/event-stream")
    up.script = lambda r, x: x.json(CHAT)
    assert word(ask(c)) == "miss", "a stream is no answer to who wants none"


def test_another_dialect_and_its_streams(cli):
    an = Upstream(lambda r, x: x.json(MESSAGE))
    c  = Client(start(cli, None, anthropic=an).port)
    body = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "Hi"}]}
    first, again = ask(c, body), ask(c, body)
    assert (word(first), word(again)) == ("miss", "hit") and first.body == again.body and again.json["object"] == "chat.completion"
    body = {**body, "max_tokens": 9}
    assert [word(ask(c, body, "/v1/messages", anthropic_version="2023-06-01")) for _ in range(2)] == ["miss", "hit"]


def test_embeddings_are_kept(cli):
    up = Upstream(lambda r, x: x.json({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}))
    c  = Client(start(cli, up).port)
    body = {"model": "text-embedding-3-small", "input": "a"}
    assert [word(ask(c, body, "/v1/embeddings")) for _ in range(2)] == ["miss", "hit"]
    up.script = lambda r, x: x.json({"object": "list"})
    assert [word(ask(c, {**body, "input": "b"}, "/v1/embeddings")) for _ in range(2)] == ["miss", "miss"], "no vectors: no answer"


def test_errors_and_cut_answers_are_never_kept_RC_4(cli):
    def choice(reason, **more):
        return {**CHAT, "choices": [{**CHAT["choices"][0], "finish_reason": reason, **more}]}
    scripts = [lambda r, x: x.json({"error": {"message": "no"}}, 500), lambda r, x: x.json({"error": {"message": "no"}}, 400), lambda r, x: x.json({"error": {"message": "no"}}, 200),
               lambda r, x: x.json(choice("length")), lambda r, x: x.json(choice("content_filter")), lambda r, x: x.json(choice(None)), lambda r, x: x.reply(200, {"Content-Type": "application/json"}, '{"id":'),
               lambda r, x: x.json({**CHAT, "choices": []}), lambda r, x: x.json(choice("stop"), 201)]
    up = Upstream()
    c  = Client(start(cli, up).port)
    for i, script in enumerate(scripts):
        body = {**ASK, "seed": i}
        up.script = script
        ask(c, body)
        up.script = lambda r, x: x.json(CHAT)
        assert word(ask(c, body)) == "miss", i
        assert word(ask(c, body)) == "hit", i
    both = {**CHAT, "choices": [CHAT["choices"][0], {**CHAT["choices"][0], "index": 1, "finish_reason": "length"}]}
    up.script = lambda r, x: x.json(both)
    assert [word(ask(c, {**ASK, "n": 2})) for _ in range(2)] == ["miss", "miss"], "the second choice was cut short"


def test_broken_streams_are_never_kept_RC_4(cli):
    error = 'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n'
    scripts = [streaming(STREAM[:2], lambda c: c.cut()), streaming(STREAM[:2]), streaming([*STREAM[:2], error]), streaming([*STREAM[:2], chat_chunk({}, "length"), STREAM[-1]]),
               streaming(STREAM[:2], lambda c: c.cut(True))]
    up = Upstream()
    c  = Client(start(cli, up).port)
    for i, script in enumerate(scripts):
        body = {**ASK, "stream": True, "seed": i}
        up.script = script
        ask(c, body)
        up.script = streaming(STREAM)
        assert word(ask(c, body)) == "miss", i
        assert word(ask(c, body)) == "hit", i


def test_a_client_that_leaves_keeps_nothing_RC_4(cli):
    gate = threading.Event()
    def script(request, c):
        c.start_stream()
        c.chunk(STREAM[0])
        gate.wait(20)
        for part in STREAM[1:]:
            c.chunk(part)
        c.end_stream()
    up   = Upstream(script)
    port = start(cli, up).port
    body = {**ASK, "stream": True}
    c = Client(port)
    c.send("POST", PATH, body)
    c.read_until(b'"H"')
    c.close()
    assert events(cli, 1)[0]["status"] == 499
    gate.set()
    assert word(ask(Client(port), body)) == "miss"


def test_large_answers_are_not_kept(cli):
    up = Upstream(lambda r, x: x.json({**CHAT, "choices": [{**CHAT["choices"][0], "message": {"role": "assistant", "content": "x" * 3000}}]}))
    c  = Client(start(cli, up, ", max_entry: 2KB").port)
    assert [word(ask(c)) for _ in range(2)] == ["miss", "miss"]


# --- equal requests under way ---

class Gated(Upstream):
    """Answers when the gate opens."""

    def __init__(self, script=None):
        self.gate = threading.Event()
        then = script or (lambda r, c: c.json(CHAT))
        def held(request, c):
            self.gate.wait(20)
            then(request, c)
        super().__init__(held)


def send_many(port, n, body=ASK):
    clients = [Client(port) for _ in range(n)]
    for c in clients:
        c.send("POST", PATH, body)
    return clients


def all_in(cli, port, n):
    """The proxy has taken in what was sent before: it answers another request, and more than once."""
    for _ in range(n):
        Client(port).ask("GET", "/health")


def test_a_hundred_at_once_are_one_call_RC_4(cli):
    up = Gated()
    port = start(cli, up).port
    clients = send_many(port, 100)
    up.wait(lambda u: len(u.requests) >= 1)
    all_in(cli, port, 20)
    up.gate.set()
    answers = [c.answer() for c in clients]
    assert len(up.requests) == 1 and all(a.status == 200 for a in answers)
    assert sorted(word(a) for a in answers) == ["hit"] * 99 + ["miss"]
    assert len({a.body for a in answers}) == 1


def test_who_fails_is_followed_by_another_RC_4(cli):
    up = Upstream()
    def script(request, c):
        with up.lock:
            n = len(up.requests)
        c.json({"error": {"message": "no"}}, 400) if n == 1 else c.json(CHAT)
    gated = threading.Event()
    up.script = lambda r, c: (gated.wait(20), script(r, c))
    port = start(cli, up).port
    clients = send_many(port, 10)
    up.wait(lambda u: len(u.requests) >= 1)
    all_in(cli, port, 20)
    gated.set()
    statuses = sorted(c.answer().status for c in clients)
    assert statuses == [200] * 9 + [400] and len(up.requests) == 2, (statuses, len(up.requests))


def test_answers_that_cannot_be_kept_are_not_waited_for_in_line_RC_4(cli):
    up = Gated(lambda r, c: c.json({**CHAT, "choices": [{**CHAT["choices"][0], "finish_reason": "length"}]}))
    port = start(cli, up).port
    clients = send_many(port, 30)
    up.wait(lambda u: len(u.requests) >= 1)
    up.gate.set()
    assert [c.answer().status for c in clients] == [200] * 30 and len(up.requests) == 30


def test_the_first_leaves_and_another_goes_on_RC_4(cli):
    up = Gated()
    port = start(cli, up).port
    leader = send_many(port, 1)[0]
    up.wait(lambda u: len(u.requests) == 1)
    others = send_many(port, 5)
    all_in(cli, port, 20)
    leader.close()
    up.wait(lambda u: len(u.requests) == 2)   # one of the others
    all_in(cli, port, 20)
    up.gate.set()
    assert [c.answer().status for c in others] == [200] * 5 and len(up.requests) == 2


def test_who_waits_and_leaves_is_forgotten_RC_4(cli):
    up = Gated()
    port = start(cli, up).port
    first = send_many(port, 1)[0]
    up.wait(lambda u: len(u.requests) == 1)
    for c in send_many(port, 20):
        c.close()
    stays = send_many(port, 1)[0]
    all_in(cli, port, 20)
    up.gate.set()
    assert first.answer().status == 200 and word(stays.answer()) == "hit" and len(up.requests) == 1


def test_a_proxy_that_stops_leaves_nobody_hanging(cli):
    up = Gated()
    config(cli, up, "cache: {mode: exact}\ntimeouts: {drain: 100ms}\n")
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2")
    clients = send_many(p.port, 5)
    up.wait(lambda u: len(u.requests) == 1)
    all_in(cli, p.port, 20)
    p.stop()
    up.gate.set()
    for c in clients:
        c.answer()                       # an error or the connection's end: both come


# --- whose answers ---

def bearer(key):
    return {"Authorization": "Bearer " + key["key"]}


def test_keys_do_not_share_answers_R4_8(cli):
    a, b = make(cli, "a"), make(cli, "b")
    c = Client(start(cli, Upstream()).port)
    assert [word(ask(c, **bearer(k))) for k in (a, b, a, b)] == ["miss", "miss", "hit", "hit"]


def test_an_org_shares_when_it_is_told_to_R4_8(cli):
    a, b, less = make(cli, "a"), make(cli, "b"), make(cli, "less", "--model", "gpt-4o-mini*")
    c = Client(start(cli, Upstream(), ", scope: org").port)
    assert [word(ask(c, **bearer(k))) for k in (a, b, less)] == ["miss", "hit", "miss"], "who may have fewer models asks alone"


def test_in_open_mode_clients_with_keys_of_their_own_do_not_share(cli):
    up = Upstream()
    cli.write("dd0c.yaml", f"providers:\n  openai: {{type: openai, base_url: {up.url}/v1}}\ncache: {{mode: exact}}\n")
    c  = Client(cli.start("proxy", "--listen", "127.0.0.1:0").port)
    one, two = {"Authorization": "Bearer client-one-1234"}, {"Authorization": "Bearer client-two-1234"}
    assert [word(ask(c, **h)) for h in (one, two, one)] == ["miss", "miss", "hit"]


def test_a_hit_costs_no_budget(cli):
    c = Client(start(cli, Upstream(), extra="budgets:\n  - {name: all, scope: global, limit: $0.0004/month}\n").port)
    body = {**ASK, "max_tokens": 100}
    assert ask(c, body).status == 200 and ask(c, {**body, "seed": 1}).status == 200
    assert ask(c, {**body, "seed": 2}).status == 402
    assert word(ask(c, body)) == "hit"


def test_what_a_spent_budget_fell_back_to_is_not_kept(cli):
    up, local = Upstream(), Upstream(lambda r, c: c.json({**CHAT, "model": "llama3.2"}))
    cli.write("dd0c.yaml", f'''providers:
  openai: {{base_url: "{up.url}/v1", api_key: sk-x}}
  local: {{type: ollama, base_url: "{local.url}/v1"}}
models:
  smart: {{targets: [openai/gpt-4o-mini, local/llama3.2]}}
budgets:
  - {{name: all, scope: global, limit: $0.0002/month, on_exceed: local}}
cache: {{mode: exact}}
''')
    c = Client(cli.start("proxy", "--listen", "127.0.0.1:0").port)
    body = {**ASK, "model": "smart", "max_tokens": 100}
    assert ask(c, body).headers["x-dd0c-provider"] == "openai" and word(ask(c, body)) == "hit"
    for _ in range(2):
        a = ask(c, {**body, "seed": 1})
        assert (a.headers["x-dd0c-provider"], word(a)) == ("local", "miss"), a.headers


# --- invalidating ---

def invalidate(c, body, **headers):
    return ask(c, body, "/v1/cache/invalidate", **headers)


def fill(c, *bodies, **headers):
    for b in bodies:
        ask(c, b, **headers)


def test_kept_answers_are_invalidated_RC_4(cli):
    c = Client(start(cli, Upstream()).port)
    big = {**ASK, "model": "gpt-4o"}
    fill(c, ASK, big)
    assert invalidate(c, {"pattern": "gpt-4o"}).json == {"invalidated": 1}
    assert (word(ask(c)), word(ask(c, big))) == ("hit", "miss")
    assert invalidate(c, {"pattern": "gpt-4o*"}).json == {"invalidated": 2}
    fill(c, ASK, x_dd0c_team="search")
    fill(c, big, x_dd0c_team="research", x_dd0c_ticket="T-1")
    assert invalidate(c, {"tag": "team=search"}).json == {"invalidated": 1} and invalidate(c, {"tag": "team=sea"}).json == {"invalidated": 0}
    assert invalidate(c, {"tag": "ticket=T-1"}).json == {"invalidated": 1}
    fill(c, ASK, big)
    assert invalidate(c, {}).json == {"invalidated": 2} and word(ask(c)) == "miss"
    assert invalidate(c, "").json == {"invalidated": 1}
    for bad in ("[1]", "{", {"model": "x"}, {"tag": 1}, {"pattern": ""}, '{"key":"a","key":"b"}'):
        a = invalidate(c, bad)
        assert a.status == 400 and a.json["error"]["type"] == "invalid_request_error", (bad, a.body)
    assert "cache.invalidate" in cli.run("audit").out


def test_only_an_admin_invalidates(cli):
    user, admin = make(cli, "user"), make(cli, "admin", "--scope", "admin", "--scope", "chat")
    c = Client(start(cli, Upstream()).port)
    fill(c, ASK, **bearer(user))
    assert invalidate(c, {}, **bearer(user)).status == 403 and invalidate(c, {}).status == 401
    assert invalidate(c, {"key": admin["id"]}, **bearer(admin)).json == {"invalidated": 0}
    assert invalidate(c, {"key": user["id"]}, **bearer(admin)).json == {"invalidated": 1}
    assert "cache.invalidate" in cli.run("audit", "--format", "csv").out and admin["id"] in cli.run("audit", "--format", "csv").out


# --- disk ---

def test_answers_outlive_the_proxy_and_the_disk_tells_nothing_RC_4(cli):
    up = Upstream()
    p  = start(cli, up)
    ask(Client(p.port))
    p.stop()
    p = start(cli, up)
    a = ask(Client(p.port))
    assert word(a) == "hit" and a.json == CHAT and len(up.requests) == 1
    p.stop()
    files = [f for f in cli.dir.rglob("cache.*") if f.is_file()]
    assert {f.name for f in files} >= {"cache.db", "cache.key"} and all(f.stat().st_mode & 0o77 == 0 for f in files)
    held = b"".join(f.read_bytes() for f in files)
    for text in (b"a rare question", b"chatcmpl-1", b"gpt-4o-mini", b"finish_reason"):
        assert text not in held, text


def test_without_a_disk_memory_serves(cli):
    p = start(cli, Upstream(), ", disk: off")
    c = Client(p.port)
    assert [word(ask(c)) for _ in range(2)] == ["miss", "hit"] and not list(cli.dir.rglob("cache.db"))


def test_a_damaged_database_costs_no_request(cli):
    up = Upstream()
    p  = start(cli, up)
    ask(Client(p.port))
    p.stop()
    path = next(cli.dir.rglob("cache.db"))
    path.write_bytes(b"this is no database" * 500)
    c = Client(start(cli, up).port)
    assert [word(ask(c)) for _ in range(2)] == ["miss", "hit"]


def test_conversations_are_not_kept(cli):
    answer = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-4o-mini", "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
              "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "Hi", "annotations": []}]}]}
    c = Client(start(cli, Upstream(lambda r, x: x.json(answer))).port)
    body = {"model": "gpt-4o-mini", "input": "Hi"}
    assert [word(ask(c, body, "/v1/responses")) for _ in range(2)] == ["miss", "hit"]
    assert [word(ask(c, {**body, "conversation": "conv_1"}, "/v1/responses")) for _ in range(2)] == ["bypass", "bypass"]
    assert word(ask(c, {**body, "user": "ada"}, "/v1/responses")) == "miss", "an answer that repeats who asked is theirs"


def clear(cli, *args, **kw):
    return json.loads(cli.run("cache", "clear", "--format", "json", *args, **kw).out)


def eventually(what, why):
    end = time.monotonic() + 15
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.05)          # another process looks once a second


def test_the_command_says_how_it_stands_and_clears_RC_4(cli):
    assert "cache: {mode: exact}" in cli.run("cache").out and not (cli.dir / "state").exists(), "looking makes nothing"
    assert clear(cli, "--all") == {"schema": "dd0c.cache-clear/1", "invalidated": 0, "proxies": 0, "proxies_failed": 0}
    up = Upstream()
    p  = start(cli, up)
    c  = Client(p.port)
    for n in (1, 1, 2, 3):
        ask(c, {**ASK, "seed": n}, x_dd0c_team=f"t{n}")
    events(cli, 4)
    eventually(lambda: json.loads(cli.run("cache", "--format", "json").out)["disk"]["entries"] == 3, "written")
    got = json.loads(cli.run("cache", "--format", "json").out)
    assert got["schema"] == "dd0c.cache/1" and got["disk"]["bytes"] > 0 and got["disk"]["oldest"] <= got["disk"]["newest"], got
    assert {k: got["memory"][k] for k in ("proxies", "entries", "hits", "misses", "lost")} == {"proxies": 1, "entries": 3, "hits": 1, "misses": 3, "lost": 0}, got
    assert got["memory"]["bytes"] > 0 and got["week"] == {"hits": 1, "saved_usd": 0.00021}, got
    text = cli.run("cache").out
    assert "3 answers" in text and "in 1 proxy" in text and "1 hit, 3 misses (25% hits)" in text and "1 hit recorded, saved $0.00021" in text, text
    assert clear(cli, "--tag", "team=t2") == {"schema": "dd0c.cache-clear/1", "invalidated": 1, "proxies": 1, "proxies_failed": 0}
    assert word(ask(c, {**ASK, "seed": 2}, x_dd0c_team="t2")) == "miss" and word(ask(c, {**ASK, "seed": 3}, x_dd0c_team="t3")) == "hit"
    assert "1 answer forgotten, on disk and by 1 running proxy" in cli.run("cache", "invalidate", "--pattern", "gpt-4o*", "--tag", "team=t2").out
    assert clear(cli, "--pattern", "claude*")["invalidated"] == 0
    p.stop()
    assert clear(cli, "--all") == {"schema": "dd0c.cache-clear/1", "invalidated": 2, "proxies": 0, "proxies_failed": 0}, "on disk, without a proxy"
    assert "on disk      0 answers" in cli.run("cache").out and "no proxy runs" in cli.run("cache").out
    assert cli.run("audit", "--format", "csv").out.count("cache.invalidate") >= 5


def test_what_the_command_refuses(cli):
    for args, why in (((), "which answers"), (("--all", "--key", "k"), "not both"), (("--tag", "team"), "no value"), (("--pattern", ""), "empty"), (("all",), "unexpected word")):
        assert why in cli.run("cache", "clear", *args, status=2).err, args


def test_clearing_by_a_key_s_name(cli):
    up = Upstream()
    ci, app = make(cli, "ci"), make(cli, "app")
    c = Client(start(cli, up).port)
    for key in (ci, app):
        ask(c, ASK, **bearer(key))
    assert clear(cli, "--key", "ci")["invalidated"] == 1
    assert word(ask(c, ASK, **bearer(ci))) == "miss" and word(ask(c, ASK, **bearer(app))) == "hit"
    assert clear(cli, "--key", app["id"])["invalidated"] == 1


def test_other_processes_forget_too_RC_4(cli):
    """Those with the same file within a second or two, whoever was asked; those without one when the command asks them."""
    up   = Upstream()
    one  = Client(start(cli, up).port)
    two  = Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2").port)
    config(cli, up, "cache: {mode: exact, disk: off}\n")
    bare = Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2").port)
    word(ask(one))
    eventually(lambda: word(ask(two)) == "hit", "from the file into the other's memory")
    assert word(ask(bare)) == "miss" and word(ask(bare)) == "hit"
    assert invalidate(one, {"tag": "team=nobody"}).json == {"invalidated": 0} and word(ask(two)) == "hit"
    asked = len(up.requests)
    assert invalidate(one, {"pattern": "gpt-4o*"}).json == {"invalidated": 1}
    eventually(lambda: len(up.requests) > asked or word(ask(two)) == "miss", "the other one forgets")
    assert word(ask(bare)) == "hit", "it has no file"
    assert word(ask(two)) == "hit", "what it asked since then stays"
    got = clear(cli, "--all")
    assert got["proxies"] == 3 and got["proxies_failed"] == 0 and got["invalidated"] >= 2, got
    assert [word(ask(c)) for c in (bare, one)] == ["miss", "miss"]
