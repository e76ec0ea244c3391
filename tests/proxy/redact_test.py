"""No key of a provider in what a client gets: error events within streams, response headers (R1.7). Ordinary events keep their bytes."""
import json

from support import CHAT, MESSAGE, Client, Upstream, chat_chunk, config

OWN = ("upstream-secret-1", "upstream-secret-2")
TOKEN = "sk-" + "proj-" + "a1B2c3D4e5F6g7H8i9J0k1L2"
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5, "stream": True}
CLAUDE = {**ASK, "model": "claude-haiku-4-5"}


def proxy(cli, upstream, anthropic=None):
    config(cli, upstream, anthropic=anthropic)
    return Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)


def stream(text, step):
    def script(r, c):
        c.start_stream()
        data = text.encode()
        for i in range(0, len(data), step):
            c.chunk(data[i:i + step])
        c.end_stream()
    return script


def test_error_events_of_a_relayed_stream(cli):
    plain = chat_chunk({"content": f"an error told {TOKEN}"})      # the model's own words
    bad = "data: " + json.dumps({"error": {"message": f"Incorrect API key: {OWN[0]}, or {TOKEN}", "type": "invalid_request_error", "code": None}}) + "\n\n"
    text, state = plain + bad, {}
    up = Upstream(lambda r, c: stream(text, state["step"])(r, c))
    c = proxy(cli, up)
    for asked in ({}, {"stream_options": {"include_usage": True}}):
        for path in ("/v1/chat/completions", "/p/openai/v1/chat/completions"):
            for step in (7, 64, len(text)):
                state["step"] = step
                a = c.ask("POST", path, {**ASK, **asked})
                assert a.whole and a.body.startswith(plain.encode()), a.body
                rest = a.body[len(plain.encode()):].decode()
                assert OWN[0] not in rest and TOKEN not in rest and "Incorrect API key" in json.loads(a.events[1])["error"]["message"], (path, step, rest)


def test_error_events_of_other_apis(cli):
    failing = "event: message_start\ndata: " + json.dumps({"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}}) + "\n\n" + \
        "event: error\ndata: " + json.dumps({"type": "error", "error": {"type": "authentication_error", "message": f"bad key {OWN[1]} {TOKEN}"}}) + "\n\n"
    anth = Upstream(stream(failing, 50))
    up = Upstream(stream("data: " + json.dumps({"type": "response.failed", "response": {"id": "r", "error": {"code": "x", "message": f"bad key {OWN[0]} {TOKEN}"}}}) + "\n\n", 50))
    c = proxy(cli, up, anth)
    for path, body in (("/v1/messages", CLAUDE), ("/v1/chat/completions", CLAUDE), ("/v1/responses", {"model": "claude-haiku-4-5", "input": "x", "stream": True}),
                       ("/v1/responses", {"model": "gpt-4o-mini", "input": "x", "stream": True})):
        a = c.ask("POST", path, body, {"anthropic-version": "2023-06-01"})
        assert a.status == 200 and "bad key" in a.body.decode() and not [k for k in (*OWN, TOKEN) if k in a.body.decode()], (path, a.body)


def test_headers_of_an_answer(cli):
    up = Upstream(lambda r, c: c.json(CHAT, headers={"x-debug": f"auth={r.headers['authorization']}", "x-seen": TOKEN, "x-request-id": "0123456789abcdef0123456789"}))
    c = proxy(cli, up)
    for path in ("/v1/chat/completions", "/p/openai/v1/chat/completions"):
        a = c.ask("POST", path, {**ASK, "stream": False})
        assert a.json == CHAT and a.headers["x-request-id"] == "0123456789abcdef0123456789"
        assert OWN[0] not in a.headers["x-debug"] and TOKEN not in a.headers["x-seen"], a.headers


def test_a_stream_that_breaks_off_ends_in_an_error_that_can_be_read(cli):
    def script(r, c):
        c.start_stream()
        c.chunk(chat_chunk({"content": "a"}) + 'data: {"id":"c","choi')
        c.cut()
    c = proxy(cli, Upstream(script))
    a = c.ask("POST", "/v1/chat/completions", ASK)
    assert a.whole and [list(json.loads(d)) for d in a.events][-1] == ["error"] and len(a.events) == 2, a.body
