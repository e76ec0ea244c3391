"""A request's way through the proxy: what the provider gets, what the client gets, what is remembered (R1.1-R1.4, R1.8, R2.5, R3.6)."""
import json
import socket
import threading

from support import CHAT, MESSAGE, Client, Upstream, chat_chunk, config, events, usage_chunk

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}


def proxy(cli, upstream=None, extra="", anthropic=None, **kw):
    config(cli, upstream, extra, anthropic)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", **kw)


def test_same_family_bytes_go_through_untouched_R1_1(cli):
    up = Upstream()
    p = proxy(cli, up)
    body = b'{ "zz":1.0e+2, "model" : "gpt-4o-mini","messages":[{"role":"user","content":"a\\u0000\\ud800 \xc3\xa9"}],"big":123456789012345678901234567890, "zz2":[1 ,2]}'
    a = Client(p.port).ask("POST", "/v1/chat/completions", body, {"Authorization": "Bearer anything"})
    assert a.status == 200 and a.json == CHAT, (a.status, a.body)
    assert up.requests[0].body == body
    assert up.requests[0].target == "/v1/chat/completions"
    assert up.requests[0].headers["authorization"] == "Bearer upstream-secret-1"


def test_answer_bytes_and_headers_go_through_R1_4(cli):
    text = b'{"id":"x",  "choices":[{"index":0,"message":{"role":"assistant","content":"\\ud83d\\ude00"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}'
    up = Upstream(lambda r, c: c.json(text, headers={"x-ratelimit-remaining-requests": "7", "x-request-id": "req-up", "Connection": "keep-alive", "Set-Cookie": "a=b"}))
    p = proxy(cli, up)
    a = Client(p.port).ask("POST", "/v1/chat/completions", ASK)
    assert a.body == text
    assert a.headers["x-ratelimit-remaining-requests"] == "7" and a.headers["x-request-id"] == "req-up"
    assert "set-cookie" not in a.headers
    assert a.headers["x-dd0c-request-id"].startswith("req_") and a.headers["x-dd0c-model"] == "gpt-4o-mini" and a.headers["x-dd0c-provider"] == "openai"
    # gpt-4o-mini: 0.15 and 0.60 USD a million: 1,000 * 0.15e-6 + 100 * 0.60e-6 = 0.00021
    assert a.headers["x-dd0c-cost"] == "0.00021" and a.headers["x-dd0c-saved"] == "0", a.headers
    assert int(a.headers["x-dd0c-overhead-us"]) < 1_000_000


def test_no_header_of_an_answer_is_lost(cli):
    many = {f"x-one-of-many-{i}": str(i) for i in range(300)}
    up = Upstream(lambda r, c: c.json(CHAT, headers=many))
    a = Client(proxy(cli, up).port).ask("POST", "/v1/chat/completions", ASK)
    assert a.status == 200 and {k: a.headers.get(k) for k in many} == many and "x-dd0c-cost" in a.headers


def test_event_of_a_request_R3_6(cli):
    up = Upstream()
    p = proxy(cli, up)
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "user": "u-7"}, {"X-DD0C-Feature": "greet", "X-DD0C-Team": "web", "X-DD0C-Trial": "b"})
    e = events(cli, 1)[0]
    assert e["id"] == a.headers["x-dd0c-request-id"]
    assert (e["requested_model"], e["used_model"], e["provider"], e["endpoint"], e["status"], e["stream"]) == ("gpt-4o-mini", "gpt-4o-mini", "openai", "chat.completions", 200, False), e
    assert e["usage"]["input"] == 1000 and e["usage"]["output"] == 100 and e["usage_source"] == "reported"
    assert float(e["cost_actual"]) == 0.00021 and float(e["cost_saved"]) == 0
    assert (e["feature"], e["team"], e["user"], e["org"]) == ("greet", "web", "u-7", "default")
    assert e["tags"] == {"trial": "b"}
    assert len(e["attempts"]) == 1 and e["attempts"][0]["status"] == 200
    assert "Say hi" not in json.dumps(e) and "secret" not in json.dumps(e)


def test_stream_goes_chunk_by_chunk_R1_2(cli):
    first, go = threading.Event(), threading.Event()

    def script(r, c):
        c.start_stream()
        c.chunk(chat_chunk({"role": "assistant", "content": "Hel"}))
        first.set()
        go.wait(10)
        c.chunk(chat_chunk({"content": "lo"}))
        c.chunk(chat_chunk({}, "stop"))
        c.chunk(usage_chunk(12, 2))
        c.chunk("data: [DONE]\n\n")
        c.end_stream()
    up = Upstream(script)
    p = proxy(cli, up)
    client = Client(p.port)
    client.send("POST", "/v1/chat/completions", {**ASK, "stream": True})
    assert first.wait(10)
    seen = client.read_until(b'"Hel"')          # before the provider sent the rest
    assert b"lo" not in seen.split(b'"Hel"')[1]
    go.set()
    rest = client.read_until(b"0\r\n\r\n")
    assert b"[DONE]" in rest
    assert b'"usage"' not in rest, "the client did not ask for usage"
    assert up.requests[0].json["stream_options"] == {"include_usage": True}
    e = events(cli, 1)[0]
    assert e["stream"] and e["usage"]["input"] == 12 and e["usage"]["output"] == 2 and e["usage_source"] == "reported", e


def test_stream_keeps_the_usage_that_was_asked_for_R1_2(cli):
    def script(r, c):
        c.start_stream()
        for part in (chat_chunk({"content": "a"}), chat_chunk({}, "stop"), usage_chunk(9, 1), "data: [DONE]\n\n"):
            c.chunk(part)
        c.end_stream()
    up = Upstream(script)
    p = proxy(cli, up)
    body = {**ASK, "stream": True, "stream_options": {"include_usage": True}}
    a = Client(p.port).ask("POST", "/v1/chat/completions", body)
    assert [json.loads(d)["usage"]["prompt_tokens"] for d in a.events if '"usage"' in d] == [9]
    assert up.requests[0].body == json.dumps(body).encode()


def test_provider_errors_pass_R1_4(cli):
    for status, extra in ((400, {}), (401, {}), (404, {}), (429, {"Retry-After": "7", "x-ratelimit-reset-requests": "1s"}), (500, {}), (503, {"retry-after-ms": "20"})):
        text = json.dumps({"error": {"message": f"no {status}", "type": "t", "param": None, "code": "c"}})
        up = Upstream(lambda r, c: c.json(text, status, extra))
        p = proxy(cli, up)
        a = Client(p.port).ask("POST", "/v1/chat/completions", ASK)
        assert a.status == status and a.body == text.encode()
        for name, value in extra.items():
            assert a.headers[name.lower()] == value
        assert len(up.requests) == 1, "nothing is retried without being configured"
        assert p.stop() == 0
        up.close()
    assert [e["status"] for e in events(cli, 6)] == [400, 401, 404, 429, 500, 503]
    assert [e["error"] for e in events(cli, 6)][3] == "rate_limit"


def test_no_provider_answers(cli):
    dead = socket.create_server(("127.0.0.1", 0))
    port = dead.getsockname()[1]
    dead.close()
    cli.write("dd0c.yaml", f"providers:\n  openai:\n    type: openai\n    base_url: http://127.0.0.1:{port}/v1\n    api_key: k\n")
    p = cli.start("proxy", "--listen", "127.0.0.1:0")
    a = Client(p.port).ask("POST", "/v1/chat/completions", ASK)
    assert a.status == 502 and a.json["error"]["code"] == "upstream_unreachable", a.body
    assert events(cli, 1)[0]["error"] == "connect"


def test_cut_stream_is_an_error_event_not_a_silent_end_P13(cli):
    def script(r, c):
        c.start_stream()
        c.chunk(chat_chunk({"content": "half an ans"}))
        c.cut()
    up = Upstream(script)
    p = proxy(cli, up)
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "stream": True})
    assert a.whole and "[DONE]" not in a.body.decode()
    assert "error" in json.loads(a.events[-1]), a.body
    e = events(cli, 1)[0]
    assert e["error"] in ("truncated", "reset"), e


def test_timeouts_are_504(cli):
    hold = threading.Event()
    up = Upstream(lambda r, c: hold.wait(20))
    p = proxy(cli, up, "timeouts: {first_token: 200ms}\n")
    a = Client(p.port).ask("POST", "/v1/chat/completions", ASK)
    hold.set()
    assert a.status == 504, (a.status, a.body)
    assert events(cli, 1)[0]["error"] == "timeout"


def test_client_that_leaves_ends_the_call_R1_8(cli):
    def script(r, c):
        c.start_stream()
        try:
            for i in range(100000):
                c.chunk(chat_chunk({"content": f"word{i} "}))
                gone.wait(0.01)
        except OSError:
            c.closed = True
            gone.set()
    gone = threading.Event()
    up = Upstream(script)
    p = proxy(cli, up)
    client = Client(p.port)
    client.send("POST", "/v1/chat/completions", {**ASK, "stream": True})
    client.read_until(b"word3")
    client.close()
    up.wait(lambda u: u.open == 0, 3)
    e = events(cli, 1)[0]
    assert e["disconnected"] and e["status"] == 499 and e["error"] == "aborted", e
    assert 0 < e["usage"]["output"] < 200 and e["usage_source"] == "counted", e


def test_client_that_leaves_before_the_first_token_R1_8(cli):
    hold = threading.Event()
    up = Upstream(lambda r, c: (hold.wait(20), c.cut()))
    p = proxy(cli, up)
    client = Client(p.port)
    client.send("POST", "/v1/chat/completions", {**ASK, "stream": True})
    up.wait(lambda u: u.requests)
    client.close()
    e = events(cli, 1)[0]
    hold.set()
    assert e["disconnected"] and e["usage"]["output"] in (0, -1, None), e


def test_unknown_models_are_404_with_names(cli):
    up, an = Upstream(), Upstream(lambda r, c: c.json(MESSAGE))
    p = proxy(cli, up, anthropic=an)
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "model": "gpt-4o-mimi"})
    assert a.status == 404 and a.json["error"]["code"] == "model_not_found" and "gpt-4o-mini" in a.json["error"]["message"], a.body
    assert a.headers["x-should-retry"] == "false"
    m = Client(p.port).ask("POST", "/v1/messages", {**ASK, "model": "claude-nothing"}, {"anthropic-version": "2023-06-01"})
    assert m.status == 404 and m.json["type"] == "error" and m.json["error"]["type"] == "not_found_error", m.body


def test_names_of_models(cli):
    up, an = Upstream(), Upstream(lambda r, c: c.json(MESSAGE))
    p = proxy(cli, up, "models:\n  smart: {targets: [anthropic/claude-haiku-4-5, openai/gpt-4o]}\n  quick: openai/gpt-4o-mini\n", anthropic=an)
    c = Client(p.port)
    for asked, server, got in (("gpt-4o-mini", up, "gpt-4o-mini"), ("openai/gpt-4o", up, "gpt-4o"), ("quick", up, "gpt-4o-mini"), ("smart", an, "claude-haiku-4-5"),
                               ("claude-haiku-4-5", an, "claude-haiku-4-5"), ("openai/not-in-any-table", up, "not-in-any-table")):
        a = c.ask("POST", "/v1/chat/completions", {**ASK, "model": asked})
        assert a.status == 200, (asked, a.body)
        assert server.requests[-1].json["model"] == got, asked
        assert a.headers["x-dd0c-model"] == got
    unpriced = events(cli, 6)[-1]
    assert unpriced["cost_actual"] is None, "an unknown price is unknown, never 0"


def test_bad_bodies_are_400(cli):
    up = Upstream()
    p = proxy(cli, up)
    c = Client(p.port)
    for body, what in ((b"", "body"), (b"{", "line 1"), (b"[1]", "object"), (b'{"messages":[]}', "model"), (b'{"model":5}', "model"), (b'{"model":"a","model":"b"}', "twice"),
                       (b'{"model":"gpt-4o-mini"} x', "line 1")):
        a = c.ask("POST", "/v1/chat/completions", body)
        assert a.status == 400 and what in a.json["error"]["message"], (body, a.body)
    assert not up.requests


def test_keys_R1_5_R4_5_R9_3(cli):
    made = json.loads(cli.run("keys", "create", "--name", "ci", "--format", "json").out)
    up = Upstream()
    p = proxy(cli, up)
    c = Client(p.port)
    for headers in ({}, {"Authorization": "Bearer sk-wrong"}, {"x-api-key": made["key"][:-1] + ("A" if made["key"][-1] != "A" else "B")}):
        a = c.ask("POST", "/v1/chat/completions", ASK, headers)
        assert a.status == 401 and a.json["error"]["message"].startswith("Invalid API key") and "x-dd0c-request-id" in a.headers, a.body
    for headers in ({"Authorization": "Bearer " + made["key"]}, {"x-api-key": made["key"]}, {"api-key": made["key"]}):
        assert c.ask("POST", "/v1/chat/completions", ASK, headers).status == 200
    assert made["key"] not in str([r.headers for r in up.requests])
    assert events(cli, 1, "status=200")[0]["key_id"] == made["id"]
    cli.run("keys", "revoke", made["id"])
    for _ in range(100):
        if c.ask("POST", "/v1/chat/completions", ASK, {"x-api-key": made["key"]}).status == 401:
            break
        threading.Event().wait(0.02)
    else:
        raise AssertionError("a revoked key still works after two seconds")


def test_what_http_refuses_has_an_id_and_an_event_R1_5(cli):
    up = Upstream()
    p = proxy(cli, up, "server: {max_body: 1K}\n")
    seen = {}
    for name, raw, status in (("framing", b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
                              ("no HTTP", b"\x16\x03\x01\r\n\r\n", 400),
                              ("too large", b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX-DD0C-Team: web\r\nContent-Length: 5000\r\n\r\n", 413)):
        c = Client(p.port)
        c.sock.sendall(raw)
        a = c.answer()
        assert a.status == status and a.headers["x-dd0c-request-id"].startswith("req_") and "error" in a.json, (name, a.status, a.body)
        seen[a.headers["x-dd0c-request-id"]] = status
        c.close()
    got = events(cli, 3)
    assert {e["id"]: e["status"] for e in got} == seen, got
    assert [e["error"] for e in got].count("too_large") == 1 and not up.requests


def test_tags_of_header_body_and_key(cli):
    key = cli.run("keys", "create", "--name", "t", "--tag", "tier=gold", "--tag", "trial=key", "--team", "web", "--quiet").out.strip()
    up = Upstream()
    p = proxy(cli, up)
    body = {**ASK, "metadata": {"trial": "body", "run": "7", "nested": {"a": 1}}}
    Client(p.port).ask("POST", "/v1/chat/completions", body, {"Authorization": "Bearer " + key, "X-DD0C-Trial": "header"})
    e = events(cli, 1)[0]
    assert e["tags"] == {"trial": "header", "run": "7", "tier": "gold"} and e["team"] == "web", e


def test_provider_keys_from_the_secret_store_R4_3(cli):
    up = Upstream()
    cli.run("secrets", "set", "acme", stdin="sealed-provider-key\n")
    cli.write("dd0c.yaml", f"providers:\n  openai: {{type: openai, base_url: {up.url}, api_key: 'secret:acme'}}\n")
    p = cli.start("proxy", "--listen", "127.0.0.1:0")
    assert Client(p.port).ask("POST", "/v1/chat/completions", ASK).status == 200
    assert up.requests[0].headers["authorization"] == "Bearer sealed-provider-key"
    for file in (cli.dir / "state").rglob("*"):
        assert not file.is_file() or b"sealed-provider-key" not in file.read_bytes(), file
    cli.write("dd0c.yaml", "providers:\n  openai: {api_key: 'secret:nobody'}\n")
    assert "nobody" in cli.run("proxy", "--listen", "127.0.0.1:0", status=3).err


def test_keys_by_weight(cli):
    up = Upstream()
    cli.write("dd0c.yaml", f"providers:\n  openai: {{base_url: {up.url}, keys: [{{value: key-a, weight: 3}}, {{value: key-b}}]}}\n")
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")
    c = Client(p.port)
    for _ in range(8):
        c.ask("POST", "/v1/chat/completions", ASK)
    used = [r.headers["authorization"] for r in up.requests]
    assert (used.count("Bearer key-a"), used.count("Bearer key-b")) == (6, 2), used


def test_passthrough_and_health(cli):
    up = Upstream(lambda r, c: c.reply(200, {"Content-Type": "application/octet-stream"}, b"\x00\xff" + r.target.encode()))
    p = proxy(cli, up)
    c = Client(p.port)
    assert c.ask("GET", "/health").status == 200 and c.ask("GET", "/ready").json["degraded"] == []
    assert c.ask("GET", "/v1/files?limit=2").body == b"\x00\xff/v1/files?limit=2"
    assert c.ask("POST", "/p/openai/v1/anything/else", b"x\xff").body == b"\x00\xff/v1/anything/else"
    assert up.requests[-1].body == b"x\xff"
    assert c.ask("DELETE", "/v1/files/f-1").status == 200 and up.requests[-1].method == "DELETE"
    assert c.ask("GET", "/p/nobody/x").status == 404
    models = c.ask("GET", "/v1/models").json
    assert models["object"] == "list" and any(m["id"] == "gpt-4o-mini" for m in models["data"])
    theirs = c.ask("GET", "/v1/models", headers={"anthropic-version": "2023-06-01"}).json
    assert theirs["has_more"] is False and theirs["data"][0]["type"] == "model"
    for path in ("/chat/completions", "/v1/chat/completions/"):
        assert c.ask("POST", path, ASK).status == 200


def test_slow_client_holds_back_its_provider(cli):
    sent = []

    def script(r, c):
        c.start_stream()
        block = "x" * 65536
        try:
            for i in range(1600):
                c.chunk(chat_chunk({"content": block}))
                sent.append(i)
        except OSError:
            c.closed = True
    up = Upstream(script)
    p = proxy(cli, up)
    base = int(next(line for line in open(f"/proc/{p.process.pid}/status") if line.startswith("VmRSS")).split()[1])
    client = Client(p.port)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.send("POST", "/v1/chat/completions", {**ASK, "stream": True})
    client.read_until(b"xxxx")
    last = -1
    while len(sent) != last:                         # until nothing moves for a while
        last = len(sent)
        threading.Event().wait(0.5)
    assert len(sent) < 700, f"{len(sent)} blocks of 64 kB were taken from the provider for a client that reads nothing"
    rss = int(next(line for line in open(f"/proc/{p.process.pid}/status") if line.startswith("VmRSS")).split()[1])
    assert rss < 60000 or base > 40000, f"{rss} kB"     # a sanitizer keeps what was freed


def test_reload_R2_6(cli):
    up, other = Upstream(), Upstream()
    p = proxy(cli, up)
    c = Client(p.port)
    c.ask("POST", "/v1/chat/completions", ASK)
    config(cli, other)
    p.process.send_signal(1)
    p.wait_log("read again")
    c.ask("POST", "/v1/chat/completions", ASK)
    assert (len(up.requests), len(other.requests)) == (1, 1)
    cli.write("dd0c.yaml", "providrs: {}\n")
    p.process.send_signal(1)
    p.wait_log('refused.*providrs.*Did you mean "providers"')
    assert c.ask("POST", "/v1/chat/completions", ASK).status == 200


def test_drain_on_sigterm(cli):
    started, go = threading.Event(), threading.Event()

    def script(r, c):
        started.set()
        go.wait(10)
        c.json(CHAT)
    up = Upstream(script)
    p = proxy(cli, up)
    client = Client(p.port)
    client.send("POST", "/v1/chat/completions", ASK)
    assert started.wait(10)
    p.process.send_signal(15)
    threading.Timer(0.3, go.set).start()
    assert client.answer().status == 200
    assert p.stop() == 0
    assert events(cli, 1)[0]["status"] == 200


def test_listening_for_others_needs_keys(cli):
    config(cli, Upstream())
    assert "no key guards" in cli.run("proxy", "--listen", "0.0.0.0:0", status=2).err
    cli.start("proxy", "--listen", "0.0.0.0:0", "--insecure")


def test_cors_R1_9(cli):
    up = Upstream()
    p = proxy(cli, up, "server: {cors_origins: [https://app.example]}\n")
    c = Client(p.port)
    a = c.ask("OPTIONS", "/v1/chat/completions", headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"})
    assert a.status == 204 and a.headers["access-control-allow-origin"] == "https://app.example" and a.headers["access-control-allow-headers"] == "x-a"
    assert c.ask("POST", "/v1/chat/completions", ASK, {"Origin": "https://app.example"}).headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in c.ask("POST", "/v1/chat/completions", ASK, {"Origin": "https://evil.example"}).headers
