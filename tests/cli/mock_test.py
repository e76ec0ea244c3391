"""dd0c mock: the shapes of its answers, streams beside plain ones, tools, counts, faults, what it records."""
import base64
import http.client
import json
import socket
import struct
import time


def ask(server, path, body=None, headers=None, raw=False):
    c = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    c.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
    r = c.getresponse()
    data = r.read()
    c.close()
    return (r.status, data, r) if raw else (r.status, json.loads(data))


def events(server, path, body, headers=None):
    """The stream's events as (name, data); [DONE] as text."""
    status, data, r = ask(server, path, {**body, "stream": True}, headers, raw=True)
    assert status == 200 and r.getheader("content-type").startswith("text/event-stream")
    out = []
    for block in data.decode().split("\n\n")[:-1]:
        lines = block.split("\n")
        name = lines[0][7:] if lines[0].startswith("event: ") else None
        text = lines[-1][6:]
        out.append((name, text if text == "[DONE]" else json.loads(text)))
    return out


def chat(text, **more):
    return {"model": "any", "messages": [{"role": "user", "content": text}], **more}


WEATHER = {"type": "object", "required": ["city"], "properties": {
    "city": {"type": "string", "enum": ["Z\u00fcrich \"A\""]}, "days": {"type": "integer", "minimum": 3}, "exact": {"type": "boolean"},
    "where": {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "null"}]}}}}
SAMPLE = {"city": "Z\u00fcrich \"A\"", "days": 3, "exact": True, "where": [1.5]}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}, {"type": "function", "function": {"name": "clock"}}]


def test_chat_answers_are_equal_counted_and_cut_short(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0")
    status, first = ask(s, "/v1/chat/completions", chat("hi"))
    assert status == 200 and first["object"] == "chat.completion" and first == ask(s, "/any/prefix/chat/completions", chat("hi"))[1]
    text = first["choices"][0]["message"]["content"]
    counted = cli.run("tokens", "--encoding", "o200k_base", "--jsonl", stdin=json.dumps({"text": text}) + "\n").out
    assert json.loads(counted)["tokens"] == first["usage"]["completion_tokens"] == 16
    short = ask(s, "/v1/chat/completions", chat("hi", max_completion_tokens=3, n=2))[1]
    assert [c["finish_reason"] for c in short["choices"]] == ["length", "length"] and short["usage"]["completion_tokens"] == 6


def test_chat_stream_says_the_same_as_the_plain_answer(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0")
    for body in (chat("hi", n=2), chat("echo a \u00fc\u0000\ud800 \"q\" end"), chat("use parallel", tools=TOOLS)):
        body = {**body, "stream_options": {"include_usage": True}}
        plain = ask(s, "/v1/chat/completions", body)[1]
        got = [d for _, d in events(s, "/v1/chat/completions", body)]
        assert got[-1] == "[DONE]" and got[-2]["choices"] == [] and got[-2]["usage"] == plain["usage"]
        for want in plain["choices"]:
            deltas = [c for d in got[:-1] for c in d["choices"] if c["index"] == want["index"]]
            assert deltas[-1]["finish_reason"] == want["finish_reason"] and all(c["finish_reason"] is None for c in deltas[:-1])
            assert "".join(c["delta"].get("content") or "" for c in deltas) == (want["message"]["content"] or "")
            calls = {}
            for t in (t for c in deltas for t in c["delta"].get("tool_calls", [])):
                calls.setdefault(t["index"], {"id": t.get("id"), "name": t["function"].get("name"), "arguments": ""})["arguments"] += t["function"]["arguments"]
            told = [{"id": t["id"], "name": t["function"]["name"], "arguments": t["function"]["arguments"]} for t in want["message"].get("tool_calls", [])]
            assert list(calls.values()) == told


def test_tools_are_called_when_asked_for(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0")

    def called(body):
        m = ask(s, "/v1/chat/completions", body)[1]["choices"][0]["message"]
        return [(t["function"]["name"], json.loads(t["function"]["arguments"])) for t in m.get("tool_calls", [])]
    assert called(chat("hi", tools=TOOLS)) == []
    assert called(chat("hi", tools=TOOLS, tool_choice="required")) == [("weather", SAMPLE)]
    assert called(chat("hi", tools=TOOLS, tool_choice={"type": "function", "function": {"name": "clock"}})) == [("clock", {})]
    assert called(chat("what does the clock say", tools=TOOLS)) == [("clock", {})]
    assert called(chat("use a tool", tools=TOOLS, tool_choice="none")) == []
    after = chat("use a tool", tools=TOOLS)
    after["messages"] += [{"role": "assistant", "tool_calls": []}, {"role": "tool", "tool_call_id": "x", "content": "tool says 3"}]
    assert called(after) == []
    schema = {"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER}}
    assert json.loads(ask(s, "/v1/chat/completions", chat("hi", response_format=schema))[1]["choices"][0]["message"]["content"]) == SAMPLE


def test_messages(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0")
    body = {**chat("parallel"), "max_tokens": 100, "thinking": {"type": "enabled", "budget_tokens": 1024},
            "tools": [{"name": "weather", "input_schema": WEATHER}, {"name": "clock", "input_schema": {"type": "object"}}]}
    for b in (body, {**chat("hi"), "max_tokens": 100}):
        plain = ask(s, "/v1/messages", b)[1]
        got = events(s, "/v1/messages", b)
        assert [n for n, _ in got] == [d["type"] for _, d in got] and got[0][0] == "message_start" and got[-1][0] == "message_stop"
        blocks = {}
        for n, d in got:
            if n == "content_block_start":
                assert d["index"] == len(blocks)
                blocks[d["index"]] = {**d["content_block"]}
            elif n == "content_block_delta":
                at, delta = blocks[d["index"]], d["delta"]
                key = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature", "input_json_delta": "partial_json"}[delta["type"]]
                at[key] = at.get(key, "") + delta[key]
        for at in blocks.values():
            if at["type"] == "tool_use":
                at["input"] = json.loads(at.pop("partial_json"))
        assert list(blocks.values()) == plain["content"]
        last = next(d for n, d in got if n == "message_delta")
        assert last["delta"]["stop_reason"] == plain["stop_reason"] and last["usage"]["output_tokens"] == plain["usage"]["output_tokens"]
    assert ask(s, "/v1/messages", body)[1]["content"][1]["input"] == SAMPLE
    assert ask(s, "/v1/messages/count_tokens", chat("hi"))[1]["input_tokens"] == ask(s, "/v1/messages", chat("hi"))[1]["usage"]["input_tokens"]


def test_responses_completions_embeddings_models(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0")
    for body in ({"model": "m", "input": "hi"}, {"model": "m", "input": [{"role": "user", "content": "weather"}], "tools": [{"type": "function", "name": "weather", "parameters": WEATHER}]}):
        plain = ask(s, "/v1/responses", body)[1]
        got = events(s, "/v1/responses", body)
        assert [d["sequence_number"] for _, d in got] == list(range(len(got))) and got[-1][0] == "response.completed"
        assert got[-1][1]["response"] == plain
    assert json.loads(plain["output"][0]["arguments"]) == SAMPLE
    assert ask(s, "/v1/completions", {"model": "m", "prompt": "hi", "n": 2})[1]["choices"][1]["text"]
    assert "".join(d["choices"][0]["text"] for _, d in events(s, "/v1/completions", {"model": "m", "prompt": "hi"})[:-1]) == ask(s, "/v1/completions", {"model": "m", "prompt": "hi"})[1]["choices"][0]["text"]
    ask_for = {"model": "m", "input": ["a", "b"], "dimensions": 7}
    floats = ask(s, "/v1/embeddings", ask_for)[1]["data"]
    packed = ask(s, "/v1/embeddings", {**ask_for, "encoding_format": "base64"})[1]["data"]
    assert len(floats) == 2 and len(floats[0]["embedding"]) == 7 and floats[0]["embedding"] != floats[1]["embedding"]
    assert [list(struct.unpack("<7f", base64.b64decode(d["embedding"]))) for d in packed] == [d["embedding"] for d in floats]
    assert ask(s, "/v1/models")[1]["object"] == "list" and ask(s, "/v1/models", headers={"anthropic-version": "2023-06-01"})[1]["has_more"] is False
    assert ask(s, "/v1/models/x")[1]["id"] == "x"


def test_refusals_have_the_shape_of_the_api(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0")
    assert ask(s, "/v1/chat/completions", {})[1]["error"]["type"] == "invalid_request_error"
    assert ask(s, "/v1/messages", {})[1]["type"] == "error"
    assert ask(s, "/nope", {})[0] == 404 and ask(s, "/v1/chat/completions")[0] == 405
    assert ask(s, "/v1/chat/completions", chat("x", n=99))[0] == 400


def cut(server, fault, body):
    """What arrives of a stream that fails: the bytes, and how the connection ended."""
    c = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    text = json.dumps({**body, "stream": True}).encode()
    c.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nx-mock-fault: %s\r\nContent-Length: %d\r\n\r\n" % (fault.encode(), len(text)) + text)
    got, end = b"", "end"
    try:
        while piece := c.recv(65536):
            got += piece
            if got.endswith(b"0\r\n\r\n"):
                end = "whole"
                break
    except ConnectionResetError:
        end = "reset"
    c.close()
    return got, end


def test_faults(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0")
    status, data, r = ask(s, "/v1/chat/completions", chat("hi"), {"x-mock-fault": "status=429;retry-after=7"}, raw=True)
    assert status == 429 and r.getheader("retry-after") == "7" and json.loads(data)["error"]["type"] == "rate_limit_error"
    assert ask(s, "/v1/messages", {**chat("hi"), "model": "any!status=529"})[1]["error"]["type"] == "overloaded_error"
    assert ask(s, "/v1/chat/completions", chat("hi"), {"x-mock-fault": "what"})[0] == 400
    got, end = cut(s, "reset", chat("hi"))
    assert (got, end) == (b"", "reset")
    got, end = cut(s, "reset-after=2", chat("hi"))
    assert got.count(b"data: ") <= 2 and end == "reset"
    got, end = cut(s, "truncate", chat("hi"))
    assert got.count(b"data: ") == 4 and end == "end"
    got, end = cut(s, "error-after=3", chat("hi"))
    assert got.count(b"data: ") == 4 and b'"error"' in got and end == "whole"
    got, end = cut(s, "no-done", chat("hi"))
    assert b"[DONE]" not in got and end == "whole"
    got, end = cut(s, "garbage-headers", chat("hi"))
    assert b"\r\n\x01\x02: x\r\n" in got and end == "end"
    try:
        ask(s, "/v1/chat/completions", chat("hi"), {"x-mock-fault": "truncate"})
        raise AssertionError("a cut body was whole")
    except http.client.IncompleteRead:
        pass
    try:
        ask(s, "/v1/chat/completions", chat("hi"), {"x-mock-fault": "malformed"})
        raise AssertionError("a malformed body was JSON")
    except ValueError:
        pass
    assert len(events(s, "/v1/chat/completions", chat("echo a"), {"x-mock-fault": "drip=50us"})) == 4
    assert ask(s, "/v1/chat/completions", chat("hi"), {"x-mock-fault": "drip=50us"})[0] == 200


def test_schedule_takes_its_share_evenly(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0", "--fault", "25%:status=503")
    assert [ask(s, "/v1/chat/completions", chat("hi"))[0] for _ in range(8)] == [200, 200, 200, 503] * 2
    assert cli.run("mock", "--fault", "x%:reset", status=2).err and "unknown fault" in cli.run("mock", "--fault", "10%:what", status=2).err


def test_times(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0", "--latency", "60ms", "--ttft", "10ms..20ms", "--chunk-delay", "5ms", "--tokens", "8")
    start = time.monotonic()
    ask(s, "/v1/chat/completions", chat("hi"))
    assert time.monotonic() - start >= 0.06
    start = time.monotonic()
    assert len(events(s, "/v1/chat/completions", chat("hi"))) == 11
    assert time.monotonic() - start >= 0.01 + 10 * 0.005
    assert "is no time" in cli.run("mock", "--ttft", "soon", status=2).err


def test_statistics_and_record(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0", "--record", "--workers", "2")
    ask(s, "/v1/chat/completions", chat("h\u00e9"), {"Authorization": "Bearer x"})
    c = socket.create_connection(("127.0.0.1", s.port), timeout=10)
    text = json.dumps({**chat("hi"), "stream": True}).encode()
    c.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nx-mock-fault: stall-after=1\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
    c.recv(10)
    assert ask(s, "/mock/stats")[1]["open_connections"] >= 2
    c.close()
    for _ in range(500):
        stats = ask(s, "/mock/stats")[1]
        if stats["aborted_streams"]:
            break
        time.sleep(0.01)
    assert stats["requests"] == 2 and stats["aborted_streams"] == 1 and stats["faults"] == 1, stats
    assert s.stop() == 0
    lines = [json.loads(line) for line in s.out if line]
    assert len(lines) == 2 and lines[0]["method"] == "POST" and lines[0]["headers"]["authorization"] == "Bearer x"
    assert json.loads(lines[0]["body"]) == chat("h\u00e9")


def test_fixed(cli):
    s = cli.start("mock", "--listen", "127.0.0.1:0", "--fixed")
    assert ask(s, "/v1/chat/completions", {"not": "looked at"})[1]["choices"][0]["message"]["content"] == "Hello from the mock."
