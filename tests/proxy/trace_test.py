"""A request as a trace: W3C traceparent in and out, times of each step, rules tried, how an answer ended; spans stay inside of their request (R10.4)."""
import json
import re
import threading
import time

from support import CHAT, MESSAGE, Client, Message, Upstream, chat_chunk, config, events, usage_chunk

ASK  = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}
PATH = "/v1/chat/completions"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
STEPS = ("auth_us", "decide_us", "cache_us", "prepare_us", "answer_us")


def start(cli, upstream, extra="", workers=1, **of_config):
    config(cli, upstream, extra, **of_config)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", str(workers))


def ask(client, body=ASK, path=PATH, **headers):
    return client.ask("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})


def trace(cli, answer):
    """The trace of the request that got this answer, once it is there; the tree holds together."""
    e   = events(cli, 1, "id=" + answer.headers["x-dd0c-request-id"])[0]
    one = json.loads(cli.run("trace", e["id"], "--format", "json").out)
    assert one["schema"] == "dd0c.trace/1" and len(one["requests"]) == 1
    t = one["requests"][0]
    assert t["request"] == e
    check_tree(t)
    return t


def check_tree(t):
    root, last = t["spans"][0], 0
    ids = [s["id"] for s in t["spans"]]
    assert len(set(ids)) == len(ids) and re.fullmatch("[0-9a-f]{32}", t["trace_id"]) and t["trace_id"] != "0" * 32
    for s in t["spans"]:
        assert s["start_us"] >= last, t["spans"]
        last = s["start_us"]
        assert s is root or s["parent"] == root["id"]
        assert s["start_us"] + (s["duration_us"] or 0) <= root["duration_us"], (s, root)
    text = json.dumps(t["spans"])
    assert "Say hi" not in text and "upstream-secret" not in text


def kinds(t):
    return [s["kind"] for s in t["spans"]]


def span(t, kind, n=0):
    return [s for s in t["spans"] if s["kind"] == kind][n]


def streaming(parts, end=lambda c: c.end_stream()):
    def script(request, c):
        c.start_stream()
        for part in parts:
            c.chunk(part)
        end(c)
    return script


STREAM = [chat_chunk({"role": "assistant", "content": "H"}), chat_chunk({"content": "i"}), chat_chunk({}, "stop"), usage_chunk(1000, 100), "data: [DONE]\n\n"]


def sse(*items):
    return "".join(f"event: {i['type']}\ndata: {json.dumps(i)}\n\n" for i in items)


def test_a_request_is_a_tree_with_times_R10_4(cli):
    up = Upstream()
    c  = Client(start(cli, up).port)
    t = trace(cli, ask(c, x_dd0c_team="web"))
    e = t["request"]
    assert kinds(t) == ["request", "auth", "decision", "prepare", "attempt", "answer"]
    assert all(e[name] is not None and e[name] >= 0 for name in STEPS if name != "cache_us") and e["cache_us"] is None, e
    assert sum(e[name] or 0 for name in STEPS) + e["attempts"][0]["total_us"] <= e["total_us"] + 10
    assert e["decide_us"] > 0 and e["answer_us"] > 0 and e["prepare_us"] < e["total_us"]
    assert e["finish_reason"] == "stop" and e["parent_span"] is None and e["sampled"] is True and t["spans"][0]["parent"] is None
    a = span(t, "attempt")["attributes"]
    assert span(t, "attempt")["name"] == "chat gpt-4o-mini" and span(t, "request")["name"] == "POST /v1/chat/completions"
    assert (a["gen_ai.operation.name"], a["gen_ai.provider.name"], a["gen_ai.request.model"]) == ("chat", "openai", "gpt-4o-mini")
    assert (a["gen_ai.usage.input_tokens"], a["gen_ai.usage.output_tokens"], a["gen_ai.response.finish_reasons"]) == (1000, 100, ["stop"])
    assert a["http.response.status_code"] == 200 and a["dd0c.cost"] == 0.00021
    assert span(t, "request")["attributes"]["dd0c.team"] == "web"
    assert "traceparent" not in up.requests[0].headers, "who sent none needs none"
    again = trace(cli, ask(c))["trace_id"]
    assert again != t["trace_id"] and abs(int(again[:8], 16) - time.time()) < 60, "an id of ours begins with the time"


def test_the_client_s_trace_goes_on_in_ours_and_ours_in_the_provider_s(cli):
    up = Upstream()
    c  = Client(start(cli, up).port)
    t = trace(cli, ask(c, traceparent=PARENT, tracestate="vendor=a1,other=b2"))
    assert t["trace_id"] == TRACE and t["spans"][0]["parent"] == SPAN and t["sampled"]
    sent = up.requests[0].headers
    assert sent["traceparent"] == f"00-{TRACE}-{span(t, 'attempt')['id']}-01", "the provider's parent is the attempt"
    assert sent["tracestate"] == "vendor=a1,other=b2"
    t = trace(cli, ask(c, traceparent=PARENT[:-2] + "00"))
    assert up.requests[1].headers["traceparent"] == f"00-{TRACE}-{span(t, 'attempt')['id']}-00"
    assert t["sampled"] is False and t["request"]["sampled"] is False


def test_with_a_collector_every_provider_hears_of_the_trace(cli):
    up, collector = Upstream(), Upstream(lambda r, c: c.json("{}"))
    c = Client(start(cli, up, f'telemetry: {{otlp: {{endpoint: "{collector.url}", protocol: http/json}}}}\n').port)
    t = trace(cli, ask(c, tracestate="a=b"))
    sent = up.requests[0].headers
    assert sent["traceparent"] == f"00-{t['trace_id']}-{span(t, 'attempt')['id']}-01"
    assert "tracestate" not in sent, "without a traceparent it says nothing"
    collector.wait(lambda u: any(t["trace_id"].encode() in r.body and span(t, "attempt")["id"].encode() in r.body for r in u.requests))


def test_a_traceparent_that_is_none_is_as_none(cli):
    up = Upstream()
    c  = Client(start(cli, up).port)
    bad = ["00-" + TRACE + "-" + "0" * 16 + "-01", "00-" + "0" * 32 + "-" + SPAN + "-01", PARENT.upper(), "ff" + PARENT[2:], PARENT + "-x", PARENT[:-1], "x"]
    answers = []
    for value in bad:
        answers.append(ask(c, traceparent=value, tracestate="a=b"))
        assert "traceparent" not in up.requests[-1].headers and "tracestate" not in up.requests[-1].headers, value
    body = json.dumps(ASK)
    c.sock.sendall((f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\ntraceparent: {PARENT}\r\nTraceparent: {PARENT}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
    answers.append(c.answer())
    assert "traceparent" not in up.requests[-1].headers, "two are none"
    for answer in answers:
        t = trace(cli, answer)
        assert answer.status == 200 and t["trace_id"] != TRACE and t["spans"][0]["parent"] is None and t["sampled"]
    assert trace(cli, ask(c, traceparent="cc-" + PARENT[3:] + "-from-the-future"))["trace_id"] == TRACE, "a later version is read as far as it is known"


def test_each_attempt_is_a_span_that_the_provider_hears_of(cli):
    first, second = Upstream(lambda r, c: c.json({"error": {"message": "down"}}, 503)), Upstream()
    cli.write("dd0c.yaml", f"""
providers:
  openai: {{base_url: "{first.url}/v1", api_key: sk-first}}
  backup: {{type: openai, base_url: "{second.url}/v1", api_key: sk-second}}
retry: {{attempts: 2, backoff: 1ms..2ms}}
fallback: [backup/gpt-4o-mini]
""")
    c = Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)
    t = trace(cli, ask(c, traceparent=PARENT))
    assert kinds(t) == ["request", "auth", "decision", "prepare", "attempt", "attempt", "attempt", "answer"]
    attempts = [s for s in t["spans"] if s["kind"] == "attempt"]
    heard    = [r.headers["traceparent"].split("-")[2] for r in first.requests + second.requests]
    assert heard == [s["id"] for s in attempts] and len(set(heard)) == 3
    assert [s["error"] for s in attempts] == ["overloaded", "overloaded", None]
    assert [s["attributes"].get("gen_ai.response.finish_reasons") for s in attempts] == [None, None, ["stop"]]
    assert span(t, "decision")["attributes"]["ai.routing_strategy"] == "fallback"


def test_who_passes_through_has_a_trace_too(cli):
    up = Upstream(lambda r, c: c.json({"object": "list"}))
    c  = Client(start(cli, up).port)
    for path in ("/p/openai/v1/files?x=1", "/v1/files"):
        t = trace(cli, c.ask("GET", path, None, {"traceparent": PARENT, "tracestate": "a=b"}))
        assert t["trace_id"] == TRACE and up.requests[-1].headers["traceparent"].split("-")[2] == span(t, "attempt")["id"], path
        assert up.requests[-1].headers["tracestate"] == "a=b"
        assert kinds(t) == ["request", "auth", "decision", "prepare", "attempt", "answer"], kinds(t)
        assert t["request"]["finish_reason"] is None


def test_rules_that_were_tried_are_named(cli):
    rules = "routes:\n" + "".join(f"  - {{name: rule-{i:03}, when: 'feature == \"f{i}\"', from: [openai/gpt-4o-mini]}}\n" for i in range(60))
    c = Client(start(cli, Upstream(), rules).port)
    for feature, n in (("f0", 0), ("f3", 3), ("f59", None), ("none", None)):
        e = trace(cli, ask(c, x_dd0c_feature=feature))["request"]
        if n is not None:
            assert (e["rules"] or []) == [f"rule-{i:03}" for i in range(n)] and e["route"] == f"rule-{n:03}", e["rules"]
        else:
            assert e["rules"] == [f"rule-{i:03}" for i in range(len(e["rules"]))] and 40 < len(e["rules"]) < 60, "as many as have room"
            assert len(json.dumps(e["rules"], separators=(",", ":"))) <= 512


def test_a_downgrade_keeps_the_rules_that_were_tried_before(cli):
    c = Client(start(cli, Upstream(), """routes:
  - {name: never, when: 'feature == "x"', from: [openai/gpt-4o]}
  - {name: usual, when: 'feature == "y"', from: [openai/gpt-4o]}
  - {name: small, when: 'feature == "z"', from: [openai/gpt-4o-mini]}
budgets:
  - {name: all, scope: global, limit: $0.0001/month, on_exceed: "downgrade:small"}
""").port)
    ask(c, x_dd0c_feature="y")
    t = trace(cli, ask(c, x_dd0c_feature="y"))
    assert t["request"]["route"] == "small" and t["request"]["rules"] == ["never"] and t["request"]["budget"] == "all", t["request"]
    assert kinds(t) == ["request", "auth", "decision", "prepare", "attempt", "answer"]


def test_how_an_answer_ended_in_openai_s_words(cli):
    def chat(reason):
        return {**CHAT, "choices": [{**CHAT["choices"][0], "finish_reason": reason}]}

    want = []
    up, an = Upstream(), Upstream()
    c = Client(start(cli, up, anthropic=an).port)
    messages = {"model": "claude-haiku-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": "Say hi"}]}
    for theirs, ours in (("stop", "stop"), ("length", "length"), ("tool_calls", "tool_calls"), ("content_filter", "content_filter")):
        up.script = lambda r, c: c.json(chat(theirs))
        ask(c)
        up.script = streaming([chat_chunk({"content": "a"}), chat_chunk({}, theirs), usage_chunk(9, 1), "data: [DONE]\n\n"])
        ask(c, {**ASK, "stream": True})
        want += [ours, ours]
    for theirs, ours in (("end_turn", "stop"), ("max_tokens", "length"), ("tool_use", "tool_calls"), ("stop_sequence", "stop"), ("refusal", "content_filter")):
        an.script = lambda r, c: c.json({**MESSAGE, "stop_reason": theirs})
        assert ask(c, messages, "/v1/messages").status == 200
        assert ask(c, {**messages, "max_tokens": 6}).status == 200          # the same, translated
        an.script = streaming([sse(
            {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}}, {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}, {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": theirs}, "usage": {"output_tokens": 3}}, {"type": "message_stop"})])
        ask(c, {**messages, "stream": True}, "/v1/messages")
        ask(c, {**messages, "stream": True})
        want += [ours] * 4
    call   = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"}
    words  = {"type": "message", "id": "m_1", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "Hi", "annotations": []}]}
    for items, more, ours in (([words], {}, "stop"), ([words, call], {}, "tool_calls"),
                              ([words], {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length")):
        whole = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-4o-mini", "status": "completed", "output": items,
                 "usage": {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10}, **more}
        up.script = lambda r, c: c.json(whole)
        assert ask(c, {"model": "gpt-4o-mini", "input": "Say hi"}, "/v1/responses").status == 200
        parts = [{"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}}]
        for i, item in enumerate(items):
            parts.append({"type": "response.output_item.added", "output_index": i, "item": {**item, "arguments": "", "content": []}})
            parts.append({"type": "response.output_item.done", "output_index": i, "item": item})
        parts.append({"type": "response." + whole["status"], "response": whole})
        up.script = streaming([sse(*parts)])
        ask(c, {"model": "gpt-4o-mini", "input": "Say hi", "stream": True}, "/v1/responses")
        want += [ours, ours]
    for reason in ("stop", "length"):
        up.script = lambda r, c: c.json({"id": "cmpl-1", "object": "text_completion", "model": "gpt-4o-mini", "choices": [{"text": "a", "index": 0, "finish_reason": reason}],
                                         "usage": {"prompt_tokens": 9, "completion_tokens": 1}})
        assert ask(c, {"model": "gpt-4o-mini", "prompt": "Say hi"}, "/v1/completions").status == 200
        want.append(reason)
    got = [e["finish_reason"] for e in events(cli, len(want))]
    assert got == want, list(zip(got, want))


def test_streams_cut_and_left(cli):
    up = Upstream(streaming(STREAM[:2], lambda c: c.cut()))
    c  = Client(start(cli, up).port)
    t = trace(cli, ask(c, {**ASK, "stream": True}))
    assert t["request"]["finish_reason"] == "error" and span(t, "attempt")["error"] and span(t, "request")["error"], t["request"]
    gate = threading.Event()
    up.script = streaming(STREAM[:2], lambda c: (gate.wait(20), c.cut()))
    leaver = Client(c.sock.getpeername()[1])
    leaver.send("POST", PATH, {**ASK, "stream": True})
    leaver.read_until(b'"i"')
    leaver.close()
    answer = Message(["", ""], {"x-dd0c-request-id": events(cli, 1, "status=499")[0]["id"]}, b"", False)
    gate.set()
    t = trace(cli, answer)
    e = t["request"]
    assert e["disconnected"] and e["finish_reason"] is None and e["answer_us"] is None and kinds(t)[-1] == "attempt", e
    up.script = streaming(STREAM)
    t = trace(cli, ask(Client(c.sock.getpeername()[1]), {**ASK, "stream": True}))
    a = span(t, "attempt")["attributes"]
    assert a["gen_ai.request.stream"] is True and 0 < a["gen_ai.response.time_to_first_chunk"] < t["request"]["total_us"] / 1e6


def test_who_is_refused_has_the_step_that_refused(cli):
    key = json.loads(cli.run("keys", "create", "--name", "k", "--format", "json").out)["key"]
    p   = start(cli, Upstream(), """budgets:
  - {name: web, scope: team, match: web, limit: $0.0001/month}
limits:
  - {name: few, scope: team, match: fast, requests: 1/min}
""", anthropic=Upstream())
    c  = Client(p.port)
    ok = {"authorization": f"Bearer {key}"}

    def refused(status, answer):
        assert answer.status == status, (answer.status, status, answer.body)
        return trace(cli, answer)
    t = refused(401, ask(c))
    assert kinds(t) == ["request", "auth"] and span(t, "auth")["error"] == "auth", kinds(t)
    t = refused(404, ask(c, {**ASK, "model": "no-such-model"}, **ok))
    assert kinds(t) == ["request", "auth", "decision"] and span(t, "decision")["error"] == "not_found"
    ask(c, x_dd0c_team="web", **ok)
    t = refused(402, ask(c, x_dd0c_team="web", **ok))
    assert span(t, "decision")["error"] == "budget" and span(t, "decision")["attributes"]["dd0c.budget"] == "web" and kinds(t)[-1] == "decision"
    ask(c, x_dd0c_team="fast", **ok)
    t = refused(429, ask(c, x_dd0c_team="fast", **ok))
    assert span(t, "decision")["error"] == "rate_limit" and kinds(t)[-1] == "decision"
    t = refused(400, ask(c, {**ASK, "model": 7}, **ok))
    assert kinds(t) == ["request", "auth", "decision"] and span(t, "decision")["error"] == "invalid"
    t = refused(404, c.ask("GET", "/nothing"))
    assert kinds(t) == ["request"] and t["spans"][0]["error"] == "not_found"
    c.sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert kinds(refused(400, c.answer())) == ["request"]


def test_kept_answers_and_those_that_wait_for_one(cli):
    gate = threading.Event()
    up   = Upstream(lambda r, c: (gate.wait(20), c.json(CHAT)))
    p    = start(cli, up, "cache: {mode: exact}\n")
    a, b = Client(p.port), Client(p.port)
    a.send("POST", PATH, ASK)
    up.wait(lambda u: len(u.requests) == 1)
    b.send("POST", PATH, ASK)
    Client(p.port).ask("GET", "/health")
    gate.set()
    answers = [a.answer(), b.answer(), ask(a)]
    assert [x.status for x in answers] == [200] * 3 and answers[2].headers["x-dd0c-cache"] == "hit"
    got = {}
    for t in [trace(cli, x) for x in answers]:
        got.setdefault(t["request"]["cache"], []).append(t)
    assert kinds(got["miss"][0]) == ["request", "auth", "decision", "cache", "prepare", "attempt", "answer"]
    assert len(got["hit"]) == 2
    for t in got["hit"]:
        assert kinds(t) == ["request", "auth", "decision", "cache"] and span(t, "cache")["attributes"]["dd0c.cache"] == "hit"
        assert span(t, "decision")["attributes"]["ai.cost_delta"] == -0.00021


def test_a_cascade_with_a_verifier(cli):
    verdicts = []

    def script(r, c):
        body, reply = json.loads(r.body), json.loads(json.dumps(CHAT))
        if body["model"] == "gpt-5.6-luna":
            verdicts.append(r)
            reply["choices"][0]["message"]["content"] = "NO"
        c.json(reply)

    first, second = Upstream(script), Upstream()
    cli.write("dd0c.yaml", f"""
providers:
  openai: {{base_url: "{first.url}/v1", api_key: sk-first}}
  backup: {{type: openai, base_url: "{second.url}/v1", api_key: sk-second}}
routes:
  - name: ladder
    strategy: cascading
    from: [openai/gpt-4o-mini, backup/gpt-4o]
    verifier: openai/gpt-5.6-luna
""")
    c = Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)
    answer = ask(c, traceparent=PARENT)
    assert answer.headers["x-dd0c-provider"] == "backup" and len(verdicts) == 1
    t = trace(cli, answer)
    assert [s["name"] for s in t["spans"] if s["kind"] == "attempt"] == ["chat gpt-4o-mini", "chat gpt-4o"]
    assert second.requests[0].headers["traceparent"].split("-")[2] == span(t, "attempt", 1)["id"]
    assert span(t, "decision")["attributes"]["ai.routing_strategy"] == "cascading"
    # the verifier: a span between the two, with what it cost and took
    assert [k for k in kinds(t) if k in ("attempt", "aside")] == ["attempt", "aside", "attempt"]
    aside, e = span(t, "aside"), t["request"]
    assert aside["name"] == "chat gpt-5.6-luna" and aside["attributes"]["dd0c.purpose"] == "verify" and aside["attributes"]["http.response.status_code"] == 200
    assert aside["attributes"]["gen_ai.usage.input_tokens"] == 1000 and aside["attributes"]["gen_ai.usage.output_tokens"] == 100 and aside["duration_us"] > 0
    assert len(e["attempts"]) == 2 and e["retries"] == 1 and [a["purpose"] for a in e["asides"]] == ["verify"], "no attempt"
    assert e["asides"][0]["cost"] > 0 and abs(e["cost_actual"] - sum(a["cost"] for a in e["attempts"] + e["asides"])) < 1e-12, "all that was paid"
    text = cli.run("trace", e["id"]).out
    assert "chat gpt-5.6-luna verify" in text and "Asked about it" in text and "1 call" in text, text


def test_models_that_are_asked_how_hard_it_is(cli):
    slow = threading.Event()

    def script(r, c):
        body, reply = json.loads(r.body), json.loads(json.dumps(CHAT))
        if body["model"] == "gpt-5.6-luna":
            if "wait" in r.body.decode():
                slow.wait(20)
            reply["choices"][0]["message"]["content"] = "HIGH reasoning"
        c.json(reply)

    up = Upstream(script)
    cli.write("dd0c.yaml", f"""
providers:
  openai: {{base_url: "{up.url}/v1", api_key: sk-first}}
classifier: {{model: openai/gpt-5.6-luna, timeout: 300ms}}
routes:
  - {{name: hard, when: 'complexity == "high"', from: [openai/gpt-4o]}}
""")
    c = Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)
    t = trace(cli, ask(c))
    a = span(t, "aside")["attributes"]
    assert a["dd0c.purpose"] == "classify" and a["dd0c.cost"] > 0 and kinds(t).index("aside") == kinds(t).index("decision") + 1
    e = t["request"]
    assert len(e["attempts"]) == 1 and abs(e["cost_actual"] - e["attempts"][0]["cost"] - e["asides"][0]["cost"]) < 1e-12
    t = trace(cli, ask(c, {**ASK, "messages": [{"role": "user", "content": "Say hi, and wait"}]}))
    slow.set()
    assert span(t, "aside")["error"] == "timeout" and t["request"]["asides"][0]["cost"] is None and t["request"]["status"] == 200


def test_our_own_endpoints_and_vectors(cli):
    up = Upstream()
    c  = Client(start(cli, up, "registry: [openai/gpt-4o-mini, openai/gpt-4o]\npremium: openai/gpt-4o\n").port)
    t = trace(cli, c.ask("POST", "/v1/chat", {"messages": ASK["messages"], "priority": "cheap"}))
    assert t["spans"][0]["name"] == "POST /v1/chat" and span(t, "attempt")["name"] == "chat gpt-4o-mini" and t["request"]["finish_reason"] == "stop"
    alternatives = json.loads(span(t, "decision")["attributes"]["ai.model_alternatives"])
    assert [a["model"] for a in alternatives] and all(a["why"] for a in alternatives)
    up.script = lambda r, c: c.json({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "text-embedding-3-small",
                                     "usage": {"prompt_tokens": 8, "total_tokens": 8}})
    t = trace(cli, c.ask("POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "Say hi"}))
    assert span(t, "attempt")["name"] == "embeddings text-embedding-3-small" and t["request"]["finish_reason"] is None
    assert kinds(trace(cli, c.ask("POST", "/v1/router/debug", ASK)))[:2] == ["request", "auth"]
