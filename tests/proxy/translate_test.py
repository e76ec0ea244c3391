"""A client of one family against a provider of another, whole and streamed (R1.6; T and S rules in docs/translation.md)."""
import json
import socket

from support import CHAT, MESSAGE, Client, Upstream, chat_chunk, config, events, usage_chunk

TOOLS = [{"type": "function", "function": {"name": "weather", "description": "Weather of a city", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
ASK = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hi"}]}
ASK_MESSAGES = {"model": "gpt-4o-mini", "max_tokens": 50, "system": "Be brief.", "messages": [{"role": "user", "content": "Say hi"}]}


def proxy(cli, openai=None, anthropic=None, extra=""):
    config(cli, openai, extra, anthropic)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")


def sse(*items):
    return "".join(f"event: {i['type']}\ndata: {json.dumps(i)}\n\n" for i in items)


MESSAGE_STREAM = sse(
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None, "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 0, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}, {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "there"}}, {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"city":'}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '"Rome"}'}}, {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 17}}, {"type": "message_stop"})


def stream_of(text):
    def script(r, c):
        c.start_stream()
        for i in range(0, len(text), 37):            # anywhere
            c.chunk(text[i:i + 37])
        c.end_stream()
    return script


def test_chat_client_messages_provider(cli):
    an = Upstream(lambda r, c: c.json({**MESSAGE, "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 3}}))
    p = proxy(cli, anthropic=an)
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "seed": 7, "tools": TOOLS}, {"Authorization": "Bearer x"})
    assert a.status == 200, a.body
    sent = an.requests[0]
    assert sent.target == "/v1/messages" and sent.headers["x-api-key"] == "upstream-secret-2" and sent.headers["anthropic-version"] == "2023-06-01" and "authorization" not in sent.headers
    assert sent.json["system"] in ("Be brief.", [{"type": "text", "text": "Be brief."}]) and sent.json["max_tokens"] == 50
    assert sent.json["tools"][0]["input_schema"]["properties"] == {"city": {"type": "string"}}
    got = a.json
    assert got["object"] == "chat.completion" and got["choices"][0]["message"]["content"] == "Hi" and got["choices"][0]["finish_reason"] == "stop"
    assert got["usage"]["prompt_tokens"] == 15 and got["usage"]["prompt_tokens_details"]["cached_tokens"] == 5 and got["usage"]["completion_tokens"] == 3      # S3
    assert "seed" in a.headers["x-dd0c-dropped"]                                                                                                             # T18
    e = events(cli, 1)[0]
    assert e["usage"]["input"] == 10 and e["usage"]["cache_read"] == 5 and e["usage"]["output"] == 3 and e["provider"] == "anthropic", e
    assert "seed" in e["dropped"]


def test_chat_client_messages_stream(cli):
    an = Upstream(stream_of(MESSAGE_STREAM))
    p = proxy(cli, anthropic=an)
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "stream": True, "stream_options": {"include_usage": True}, "tools": TOOLS})
    assert a.status == 200 and a.headers["content-type"].startswith("text/event-stream")
    assert a.events[-1] == "[DONE]"
    chunks = [json.loads(d) for d in a.events[:-1]]
    assert "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"]) == "Hi there"
    calls = [t for c in chunks if c["choices"] for t in c["choices"][0]["delta"].get("tool_calls", [])]
    assert calls[0]["index"] == 0 and calls[0]["id"] == "toolu_1" and calls[0]["function"]["name"] == "weather"                                               # S6
    assert json.loads("".join(t["function"].get("arguments", "") for t in calls)) == {"city": "Rome"}
    assert [c["choices"][0]["finish_reason"] for c in chunks if c["choices"] and c["choices"][0].get("finish_reason")] == ["tool_calls"]
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["prompt_tokens"] == 15 and chunks[-1]["usage"]["completion_tokens"] == 17                    # S9
    e = events(cli, 1)[0]
    assert e["usage"]["input"] == 10 and e["usage"]["output"] == 17 and e["stream"]


def test_messages_client_chat_provider(cli):
    up = Upstream(lambda r, c: c.json({**CHAT, "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": None, "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Rome\"}"}}]}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107, "prompt_tokens_details": {"cached_tokens": 60}}}))
    p = proxy(cli, up)
    a = Client(p.port).ask("POST", "/v1/messages", {**ASK_MESSAGES, "tools": [{"name": "weather", "input_schema": {"type": "object"}}]}, {"anthropic-version": "2023-06-01", "x-api-key": "y"})
    assert a.status == 200, a.body
    assert up.requests[0].target == "/v1/chat/completions" and up.requests[0].headers["authorization"] == "Bearer upstream-secret-1"
    assert up.requests[0].json["messages"][0]["content"] == "Be brief." and up.requests[0].json["tools"][0]["function"]["name"] == "weather"
    got = a.json
    assert got["type"] == "message" and got["stop_reason"] == "tool_use"
    assert [b for b in got["content"] if b["type"] == "tool_use"] == [{"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Rome"}}], got
    assert got["usage"]["input_tokens"] == 40 and got["usage"]["cache_read_input_tokens"] == 60 and got["usage"]["output_tokens"] == 7


def test_messages_client_chat_stream(cli):
    text = chat_chunk({"role": "assistant", "content": ""}) + ": comment\n\n" + chat_chunk({"content": "Hi "}) + chat_chunk({"content": "there"}) + chat_chunk(
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}]}) + chat_chunk(
        {"tool_calls": [{"index": 0, "function": {"arguments": "{\"city\":\"Rome\"}"}}]}) + chat_chunk({}, "tool_calls") + usage_chunk(20, 9) + "data: [DONE]\n\n"
    up = Upstream(stream_of(text))
    p = proxy(cli, up)
    a = Client(p.port).ask("POST", "/v1/messages", {**ASK_MESSAGES, "stream": True}, {"anthropic-version": "2023-06-01"})
    items = [json.loads(d) for d in a.events]
    kinds = [i["type"] for i in items if i["type"] != "ping"]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"], kinds
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 2
    assert "".join(i["delta"].get("text", "") for i in items if i["type"] == "content_block_delta") == "Hi there"
    assert json.loads("".join(i["delta"].get("partial_json", "") for i in items if i["type"] == "content_block_delta")) == {"city": "Rome"}
    last = [i for i in items if i["type"] == "message_delta"][0]
    assert last["delta"]["stop_reason"] == "tool_use" and last["usage"]["output_tokens"] == 9
    assert up.requests[0].json["stream_options"] == {"include_usage": True}, "translated streams ask for usage too"


def test_responses_client_messages_provider(cli):
    an = Upstream(lambda r, c: c.json(MESSAGE))
    p = proxy(cli, anthropic=an)
    a = Client(p.port).ask("POST", "/v1/responses", {"model": "claude-haiku-4-5", "instructions": "Be brief.", "input": "Say hi"})
    assert a.status == 200, a.body
    got = a.json
    assert got["object"] == "response" and got["status"] == "completed" and got["output"][-1]["content"][0]["text"] == "Hi" and got["usage"]["input_tokens"] == 12


def test_responses_client_messages_stream(cli):
    an = Upstream(stream_of(MESSAGE_STREAM))
    p = proxy(cli, anthropic=an)
    a = Client(p.port).ask("POST", "/v1/responses", {"model": "claude-haiku-4-5", "input": "Say hi", "stream": True})
    items = [json.loads(d) for d in a.events]
    assert items[0]["type"] == "response.created" and items[-1]["type"] == "response.completed", [i["type"] for i in items]
    assert [i["sequence_number"] for i in items] == list(range(len(items)))
    assert "".join(i["delta"] for i in items if i["type"] == "response.output_text.delta") == "Hi there"
    calls = [o for o in items[-1]["response"]["output"] if o["type"] == "function_call"]
    assert json.loads(calls[0]["arguments"]) == {"city": "Rome"} and items[-1]["response"]["usage"]["output_tokens"] == 17


def test_errors_in_the_clients_own_shape_S12(cli):
    an = Upstream(lambda r, c: c.json({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "r"}, 529, {"retry-after": "3"}))
    up = Upstream(lambda r, c: c.json({"error": {"message": "slow down", "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}}, 429, {"retry-after-ms": "30"}))
    p = proxy(cli, up, an)
    a = Client(p.port).ask("POST", "/v1/chat/completions", ASK)
    assert a.status == 503 and a.json["error"]["message"] == "Overloaded" and a.headers["retry-after"] == "3", (a.status, a.body)
    m = Client(p.port).ask("POST", "/v1/messages", ASK_MESSAGES, {"anthropic-version": "2023-06-01"})
    assert m.status == 429 and m.json["type"] == "error" and m.json["error"]["type"] == "rate_limit_error" and m.headers["retry-after-ms"] == "30", m.body


def test_error_in_the_midst_of_a_stream_S11(cli):
    broken = MESSAGE_STREAM.split("event: content_block_stop")[0] + sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    p = proxy(cli, Upstream(stream_of(chat_chunk({"content": "Hal"}) + 'data: {"error":{"message":"boom","type":"server_error","code":500}}\n\n')), Upstream(stream_of(broken)))
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "stream": True})
    assert "[DONE]" not in a.events and json.loads(a.events[-1])["error"]["message"] == "Overloaded", a.body
    m = Client(p.port).ask("POST", "/v1/messages", {**ASK_MESSAGES, "stream": True}, {"anthropic-version": "2023-06-01"})
    assert json.loads(m.events[-1])["type"] == "error" and "message_stop" not in m.body.decode(), m.body


def test_cut_translated_stream_is_an_error_S8(cli):
    def script(r, c):
        c.start_stream()
        c.chunk(chat_chunk({"content": "Hal"}))
        c.cut()
    p = proxy(cli, Upstream(script))
    m = Client(p.port).ask("POST", "/v1/messages", {**ASK_MESSAGES, "stream": True}, {"anthropic-version": "2023-06-01"})
    assert m.whole and json.loads(m.events[-1])["type"] == "error" and "message_stop" not in m.body.decode(), m.body


def test_unsupported_members_can_be_errors_P14(cli):
    an = Upstream(lambda r, c: c.json(MESSAGE))
    p = proxy(cli, anthropic=an, extra="unsupported: error\n")
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "logit_bias": {"1": 2}})
    assert a.status == 400 and "logit_bias" in a.body.decode() and not an.requests, a.body


def test_models_get_what_they_take_T15_T16(cli):
    an, mi = Upstream(lambda r, c: c.json(MESSAGE)), Upstream()
    config(cli, None, f"  mistral: {{base_url: {mi.url}, api_key: k}}\n", an)
    cli.write("dd0c.yaml", (cli.dir / "dd0c.yaml").read_text())
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")
    c = Client(p.port)
    ask = {**ASK, "temperature": 0.3, "top_p": 0.9, "reasoning_effort": "high", "max_tokens": 6000}
    old = c.ask("POST", "/v1/chat/completions", {**ask, "model": "claude-sonnet-4-20250514"})
    assert old.status == 200 and an.requests[-1].json["thinking"]["type"] == "enabled" and an.requests[-1].json["thinking"]["budget_tokens"] < 6000
    new = c.ask("POST", "/v1/chat/completions", {**ask, "model": "claude-opus-4-7"})
    body = an.requests[-1].json
    assert new.status == 200 and body["thinking"]["type"] == "adaptive" and body["output_config"]["effort"] == "high" and "temperature" not in body, body
    assert "temperature" in new.headers["x-dd0c-dropped"]
    a = c.ask("POST", "/v1/messages", {**ASK_MESSAGES, "model": "mistral/mistral-small-latest", "metadata": {"user_id": "u"}}, {"anthropic-version": "2023-06-01"})
    assert a.status == 200 and "user" not in mi.requests[-1].json and mi.requests[-1].json["max_tokens"] == 50, mi.requests[-1].json


def test_count_tokens_is_estimated_where_the_provider_cannot_S20(cli):
    p = proxy(cli, Upstream())
    a = Client(p.port).ask("POST", "/v1/messages/count_tokens", ASK_MESSAGES, {"anthropic-version": "2023-06-01"})
    assert a.status == 200 and 3 <= a.json["input_tokens"] <= 40 and a.headers["x-dd0c-estimate"] == "true", a.body


def test_counting_translates_nothing_S20(cli):
    """What has no place in another API is no reason not to count."""
    up = Upstream()
    c = Client(proxy(cli, up, extra="unsupported: error\n").port)
    body, version = {**ASK_MESSAGES, "container": "c-1", "top_k": 5}, {"anthropic-version": "2023-06-01"}
    assert c.ask("POST", "/v1/messages", body, version).status == 400
    a = c.ask("POST", "/v1/messages/count_tokens", body, version)
    assert a.status == 200 and 3 <= a.json["input_tokens"] <= 40 and "x-dd0c-dropped" not in a.headers and not up.requests, (a.headers, a.body)


def test_embeddings_to_a_provider_without_them(cli):
    p = proxy(cli, anthropic=Upstream())
    a = Client(p.port).ask("POST", "/v1/embeddings", {"model": "claude-haiku-4-5", "input": "x"})
    assert a.status == 400 and "embeddings" in a.json["error"]["message"]


def test_dev_mode_sends_everything_to_the_local_server_RC_2(cli):
    local = Upstream(lambda r, c: c.json({**CHAT, "model": r.json["model"]}))
    cli.write("dd0c.yaml", "dev: {model: qwen3, models: {gpt-4o: llama3.3}}\n")
    p = cli.start("proxy", "--dev", "--listen", "127.0.0.1:0", env={"OLLAMA_BASE_URL": local.url, "OPENAI_API_KEY": "never-used"})
    c = Client(p.port)
    for asked, got in (("gpt-4o", "llama3.3"), ("claude-opus-4-5", "qwen3"), ("whatever", "qwen3")):
        a = c.ask("POST", "/v1/chat/completions", {**ASK, "model": asked})
        assert a.status == 200 and local.requests[-1].json["model"] == got and a.headers["x-dd0c-cost"] == "0", (asked, a.body, a.headers)
    m = c.ask("POST", "/v1/messages", {**ASK_MESSAGES, "model": "claude-opus-4-5"}, {"anthropic-version": "2023-06-01"})
    assert m.status == 200 and m.json["type"] == "message" and local.requests[-1].json["model"] == "qwen3"
    assert "never-used" not in str([r.headers for r in local.requests])


def test_run_gives_a_command_its_proxy(cli):
    up = Upstream()
    config(cli, up)
    script = cli.write("app.py", """
import json, os, urllib.request
r = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", json.dumps({"model": "gpt-4o-mini", "messages": []}).encode(), {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]})
print(json.load(urllib.request.urlopen(r))["choices"][0]["message"]["content"])
raise SystemExit(7)
""")
    r = cli.run("run", "--", "python3", str(script), status=7)
    assert r.out == "Hi\n" and up.requests[0].headers["authorization"] == "Bearer upstream-secret-1"
    assert "no command given" in cli.run("run", status=2).err
    assert "no-such-program" in cli.run("run", "--", "no-such-program", status=3).err


def test_vectors_as_the_client_asked_S18(cli):
    import base64
    import struct
    up = Upstream(lambda r, c: c.json({"object": "list", "model": "e", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -2, 1e-3]}], "usage": {"prompt_tokens": 1, "total_tokens": 1}}))
    p = proxy(cli, up)
    c = Client(p.port)
    ask = {"model": "text-embedding-3-small", "input": "a"}
    assert c.ask("POST", "/v1/embeddings", {**ask, "encoding_format": "float"}).json["data"][0]["embedding"] == [0.5, -2, 1e-3]
    text = c.ask("POST", "/v1/embeddings", {**ask, "encoding_format": "base64"}).json["data"][0]["embedding"]
    assert base64.b64decode(text) == struct.pack("<3f", 0.5, -2, 1e-3)


def test_a_whole_stream_whose_connection_is_reset_is_whole(cli):
    def script(r, c):
        c.start_stream()
        c.chunk(MESSAGE_STREAM)
        c.cut()
    p = proxy(cli, anthropic=Upstream(script))
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "stream": True})
    assert a.events[-1] == "[DONE]", a.body[-300:]
    m = Client(p.port).ask("POST", "/v1/messages", {**ASK, "messages": ASK["messages"][1:], "stream": True}, {"anthropic-version": "2023-06-01"})
    assert json.loads(m.events[-1])["type"] == "message_stop", m.body[-300:]


def test_a_proxy_that_keys_guard_runs_commands_all_the_same(cli):
    """The command gets a key of its own, which is good as long as it runs; what others bring is checked as ever."""
    up = Upstream()
    config(cli, up)
    cli.run("keys", "create", "--name", "somebody")
    script = cli.write("app.py", """
import json, os, urllib.error, urllib.request
def ask(key):
    r = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", json.dumps({"model": "gpt-4o-mini", "messages": []}).encode(), {"Content-Type": "application/json", "Authorization": "Bearer " + key})
    try:
        return urllib.request.urlopen(r).status
    except urllib.error.HTTPError as e:
        return e.code
print(ask(os.environ["OPENAI_API_KEY"]), ask(os.environ["ANTHROPIC_API_KEY"]), ask("x"), ask(os.environ["OPENAI_API_KEY"][:-1] + "?"), len(set(os.environ["OPENAI_API_KEY"])) > 8)
""")
    assert cli.run("run", "--", "python3", str(script)).out == "200 200 401 401 True\n"
    assert {r.headers["authorization"] for r in up.requests} == {"Bearer upstream-secret-1"}


def test_errors_say_what_to_do(cli):
    up = Upstream()
    p = proxy(cli, up, anthropic=up)
    c = Client(p.port)
    assert "the request body is no JSON: line 1" in c.ask("POST", "/v1/chat/completions", b"{").json["error"]["message"]
    a = c.ask("POST", "/v1/chat/completions", {**ASK, "model": "in-house-7b"})
    assert a.status == 404 and "PROVIDER/MODEL (openai, anthropic)" in a.json["error"]["message"], a.body
    assert "did you mean gpt-4o-mini" in c.ask("POST", "/v1/chat/completions", {**ASK, "model": "gtp-4o-mini"}).json["error"]["message"]
    free = socket.socket()
    free.bind(("127.0.0.1", 0))          # nobody listens there
    dev = cli.start("proxy", "--dev", "--listen", "127.0.0.1:0", env={"OLLAMA_BASE_URL": f"http://127.0.0.1:{free.getsockname()[1]}"})
    a = Client(dev.port).ask("POST", "/v1/chat/completions", ASK)
    assert a.status == 502 and "ollama serve" in a.json["error"]["message"], a.body
    free.close()


def test_a_stream_that_the_provider_answered_whole_is_a_stream_R1_2(cli):
    up, anth = Upstream(lambda r, c: c.json(CHAT)), Upstream(lambda r, c: c.json(MESSAGE))
    config(cli, up, anthropic=anth)
    c = Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)
    ask = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5, "stream": True}
    for body, usages in ((ask, 0), ({**ask, "stream_options": {"include_usage": True}}, 1)):
        a = c.ask("POST", "/v1/chat/completions", body)
        assert a.status == 200 and a.headers["content-type"].startswith("text/event-stream"), a.headers
        chunks = [json.loads(d) for d in a.events[:-1]]
        assert a.events[-1] == "[DONE]" and "".join(x["delta"].get("content", "") for k in chunks for x in k["choices"]) == "Hi"
        assert [k["usage"]["prompt_tokens"] for k in chunks if k.get("usage")] == [1000] * usages, chunks
        assert [x["finish_reason"] for k in chunks for x in k["choices"]] == [None, "stop"]
    a = c.ask("POST", "/v1/messages", ask, {"anthropic-version": "2023-06-01"})             # another API
    assert [json.loads(d)["type"] for d in a.events] == ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"]
    claude = {**ask, "model": "claude-haiku-4-5"}
    a = c.ask("POST", "/v1/messages", claude, {"anthropic-version": "2023-06-01"})
    assert [json.loads(d)["type"] for d in a.events] == ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"]
    a = c.ask("POST", "/v1/chat/completions", claude)
    assert "".join(x["delta"].get("content") or "" for d in a.events[:-1] for x in json.loads(d)["choices"]) == "Hi" and a.events[-1] == "[DONE]"
    for e, n in zip(events(cli, 5), (100, 100, 100, 3, 3)):
        assert e["stream"] and e["usage"]["output"] == n and e["usage_source"] == "reported" and e["status"] == 200 and e["error"] in (None, "none", ""), e


def test_an_error_in_place_of_a_stream_stays_one(cli):
    refused = {"error": {"message": "no", "type": "server_error", "param": None, "code": None}}
    up = Upstream(lambda r, c: c.json(refused, 200))
    config(cli, up)
    c = Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)
    ask = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5, "stream": True}
    a = c.ask("POST", "/v1/chat/completions", ask)
    assert a.json == refused and a.headers["content-type"] == "application/json", (a.status, a.body)
    a = c.ask("POST", "/v1/messages", ask, {"anthropic-version": "2023-06-01"})
    assert a.status >= 400 and a.json["type"] == "error", (a.status, a.body)
