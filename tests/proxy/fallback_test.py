"""Never down: retries, chains, keys set aside, the breaker, streams that are held until they have content (R1.4, R2.3, R2.4, RC.7, P12)."""
import json
import threading
import time

from support import CHAT, Client, Upstream, chat_chunk, events, usage_chunk

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}


def write(cli, first, second, extra="", keys="api_key: sk-first"):
    cli.write("dd0c.yaml", f"""
providers:
  openai: {{base_url: "{first.url}/v1", {keys}}}
  backup: {{type: openai, base_url: "{second.url}/v1", api_key: sk-second}}
""" + extra)


def start(cli):
    return Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)


def ask(client, body=ASK, **headers):
    return client.ask("POST", "/v1/chat/completions", body, {k.replace("_", "-"): v for k, v in headers.items()})


def failing(status, headers=None, body=None):
    return Upstream(lambda r, c: c.json(body or {"error": {"message": "no", "type": "server_error"}}, status, headers))


CHAIN = "fallback:\n  - {model: backup/gpt-4o-mini}\n"


def test_nothing_is_retried_without_being_asked_R1_4(cli):
    first, second = failing(503, {"Retry-After": "7"}), Upstream()
    write(cli, first, second)
    answer = ask(start(cli))
    assert answer.status == 503 and answer.headers["retry-after"] == "7" and json.loads(answer.body)["error"]["message"] == "no"
    assert len(first.requests) == 1 and not second.requests


def test_a_chain_answers_in_its_place_R2_3(cli):
    for status in (500, 503, 429, 401, 404):
        first, second = failing(status), Upstream()
        write(cli, first, second, CHAIN)
        answer = ask(start(cli))
        assert answer.status == 200, status
        assert answer.headers["x-dd0c-provider"] == "backup" and answer.headers["x-dd0c-strategy"] == "fallback", (status, answer.headers)
        assert answer.headers["x-dd0c-fallbacks"] == f"openai/gpt-4o-mini={status}"
        assert len(second.requests) == 1
    event = events(cli, 1)[0]
    assert event["status"] == 200 and [a["status"] for a in event["attempts"]] == [404, 200] and event["strategy"] == "fallback"


def test_a_client_s_mistake_is_answered_at_once(cli):
    first, second = failing(400, body={"error": {"message": "bad role", "type": "invalid_request_error"}}), Upstream()
    write(cli, first, second, CHAIN + "retry: {attempts: 3, backoff: 1ms..2ms}\n")
    answer = ask(start(cli))
    assert answer.status == 400 and "bad role" in answer.body.decode()
    assert len(first.requests) == 1 and not second.requests


def test_too_long_for_one_model_goes_to_the_next(cli):
    body = {"error": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"}}
    first, second = failing(400, body=body), Upstream()
    write(cli, first, second, CHAIN)
    assert ask(start(cli)).headers["x-dd0c-fallbacks"] == "openai/gpt-4o-mini=400"


def test_all_fail_and_the_first_one_s_error_is_given_R1_4(cli):
    first, second = failing(503, {"x-own": "first"}, {"error": {"message": "first"}}), failing(500, {}, {"error": {"message": "second"}})
    write(cli, first, second, CHAIN)
    answer = ask(start(cli))
    assert answer.status == 503 and answer.headers["x-own"] == "first" and json.loads(answer.body)["error"]["message"] == "first"
    assert answer.headers["x-dd0c-fallbacks"] == "openai/gpt-4o-mini=503, backup/gpt-4o-mini=500"


def test_retries_wait_as_told_and_then_go_on_RC_7(cli):
    count = []

    def script(r, c):
        count.append(time.monotonic())
        if len(count) < 3:
            c.json({"error": {"message": "busy"}}, 429, {"retry-after-ms": "60"})
        else:
            c.json(CHAT)

    first, second = Upstream(script), Upstream()
    write(cli, first, second, "retry: {attempts: 3, backoff: 1ms..2ms, respect_retry_after: true}\n")
    answer = ask(start(cli))
    assert answer.status == 200 and len(count) == 3
    assert count[1] - count[0] >= 0.055 and count[2] - count[1] >= 0.055
    assert answer.headers["x-dd0c-fallbacks"].count("429") == 2


def test_a_connection_that_breaks_and_one_that_is_refused(cli):
    def cut(r, c):
        c.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":")
        c.cut()

    gone = Upstream()
    gone.close()
    for first in (Upstream(cut), gone):
        second = Upstream()
        write(cli, first, second, CHAIN)
        answer = ask(start(cli))
        assert answer.status == 200 and answer.headers["x-dd0c-provider"] == "backup"


def test_a_step_s_timeout_bounds_the_wait(cli):
    for stream in (False, True):
        answered = threading.Event()
        stall = lambda r, c: answered.wait(60)          # whoever waits for it longer than its step may is never answered
        first, second = Upstream(stall), Upstream(streaming if stream else None)
        write(cli, first, second, """
models:
  smart:
    targets: [{model: openai/gpt-4o-mini, timeout: 200ms}, backup/gpt-4o-mini]
""")
        begun = time.monotonic()
        answer = ask(start(cli), {**ASK, "model": "smart", "stream": stream})
        assert answer.status == 200 and answer.headers["x-dd0c-provider"] == "backup"
        assert time.monotonic() - begun > 0.19
        answered.set()
        assert answer.headers["x-dd0c-fallbacks"] == "openai/gpt-4o-mini=timeout"


def streaming(r, c):
    c.start_stream()
    c.chunk(chat_chunk({"role": "assistant", "content": ""}))
    c.chunk(chat_chunk({"content": "hello"}))
    c.chunk(chat_chunk({}, "stop"))
    c.chunk(usage_chunk(5, 1))
    c.chunk("data: [DONE]\n\n")
    c.end_stream()


def test_a_stream_that_fails_before_its_first_content_P12(cli):
    def error(r, c):
        c.start_stream()
        c.chunk(chat_chunk({"role": "assistant", "content": ""}))
        c.chunk('data: {"error":{"message":"overloaded","type":"server_error","code":503}}\n\n')
        c.end_stream()

    def cut(r, c):
        c.start_stream()
        c.chunk(": waiting\n\n")
        c.cut()

    def nothing(r, c):
        c.start_stream()
        c.end_stream()

    for script in (error, cut, nothing):
        first, second = Upstream(script), Upstream(streaming)
        write(cli, first, second, CHAIN)
        answer = ask(start(cli), {**ASK, "stream": True})
        assert answer.status == 200 and answer.headers["x-dd0c-provider"] == "backup", script
        text = "".join(e["choices"][0]["delta"].get("content") or "" for e in map(json.loads, (d for d in answer.events if d != "[DONE]")) if e["choices"])
        assert text == "hello" and answer.events[-1] == "[DONE]"


def test_after_the_first_content_nothing_is_tried_again(cli):
    def breaks(r, c):
        c.start_stream()
        c.chunk(chat_chunk({"role": "assistant", "content": "hel"}))
        c.cut()

    first, second = Upstream(breaks), Upstream(streaming)
    write(cli, first, second, CHAIN + "retry: {attempts: 3}\n")
    answer = ask(start(cli), {**ASK, "stream": True})
    assert answer.status == 200 and "hel" in answer.body.decode() and '"error"' in answer.body.decode() and "[DONE]" not in answer.body.decode()
    assert len(first.requests) == 1 and not second.requests


def test_a_good_stream_is_held_no_longer_than_its_first_content(cli):
    first, second = Upstream(streaming), Upstream()
    write(cli, first, second, CHAIN)
    answer = ask(start(cli), {**ASK, "stream": True, "stream_options": {"include_usage": True}})
    assert answer.headers["x-dd0c-provider"] == "openai" and "x-dd0c-fallbacks" not in answer.headers
    assert [json.loads(d)["choices"][0]["delta"] for d in answer.events[:2]] == [{"role": "assistant", "content": ""}, {"content": "hello"}]


def test_a_refused_key_rests_and_another_goes_on(cli):
    def script(r, c):
        if r.headers["authorization"].endswith("sk-bad-one"):
            c.json({"error": {"message": "no such key", "code": "invalid_api_key"}}, 401)
        else:
            c.json(CHAT)

    first, second = Upstream(script), Upstream()
    write(cli, first, second, keys="keys: [{value: sk-bad-one}, {value: sk-good-one}]")
    c = start(cli)
    assert all(ask(c).status == 200 for _ in range(12))
    assert sum(r.headers["authorization"].endswith("sk-bad-one") for r in first.requests) <= 1
    state = json.loads(c.ask("GET", "/health/providers").body)["providers"][0]
    assert state["provider"] == "openai" and state["keys"] == 2 and state["keys_aside"] <= 1


def test_the_breaker_opens_and_closes_as_configured_R2_4(cli):
    well = []
    first, second = Upstream(lambda r, c: c.json(CHAT) if well else c.json({"error": {"message": "down"}}, 503)), Upstream()
    write(cli, first, second, CHAIN + "breaker: {error_rate: 10%, window: 60s, min_requests: 5, cooldown: 300ms}\n")
    c = start(cli)
    for _ in range(20):
        assert ask(c).status == 200
    assert len(first.requests) == 5, "five failures open it, then nothing is sent there"
    model = json.loads(c.ask("GET", "/health/providers").body)["providers"][0]["models"][0]
    assert model["breaker"] == "open" and model["openings"] == 1
    well.append(1)
    end = time.monotonic() + 5
    while ask(c).headers["x-dd0c-provider"] != "openai":
        assert time.monotonic() < end
        time.sleep(0.02)
    assert json.loads(c.ask("GET", "/health/providers").body)["providers"][0]["models"][0]["breaker"] == "closed"


def test_the_breaker_steers_and_never_refuses_R2_4(cli):
    first, second = failing(503), Upstream()
    write(cli, first, second, "breaker: {min_requests: 2, cooldown: 60s}\n")
    c = start(cli)
    for _ in range(6):
        assert ask(c).status == 503
    assert len(first.requests) == 6, "with no alternative it is sent"


def test_a_request_brings_its_own_chain_RC_7(cli):
    first, second = failing(503), Upstream()
    write(cli, first, second)
    answer = ask(start(cli), x_dd0c_fallback="backup/gpt-4o-mini;timeout=2s;retries=1")
    assert answer.status == 200 and answer.headers["x-dd0c-provider"] == "backup"


def test_a_cascade_goes_up_when_an_answer_is_not_good_enough_R2_2(cli):
    def refuse(r, c):
        text = json.loads(r.body)
        assert "stream" not in text, "an answer that is checked first comes in one piece"
        reply = json.loads(json.dumps(CHAT))
        reply["choices"][0]["message"]["content"] = "I'm sorry, but I can't help with that."
        c.json(reply)

    first, second = Upstream(refuse), Upstream()
    write(cli, first, second, """
routes:
  - name: ladder
    strategy: cascading
    from: [openai/gpt-4o-mini, backup/gpt-4o]
""")
    c = start(cli)
    answer = ask(c)
    assert answer.status == 200 and answer.headers["x-dd0c-provider"] == "backup" and answer.headers["x-dd0c-strategy"] == "cascading"
    assert answer.headers["x-dd0c-fallbacks"] == "openai/gpt-4o-mini=rejected"
    event = events(cli, 1)[0]
    assert event["route"] == "ladder" and len(event["attempts"]) == 2
    assert abs(event["cost_actual"] - sum(a["cost"] or 0 for a in event["attempts"])) < 1e-12, "what was thrown away was paid for"


def test_a_health_check_opens_a_provider_s_breaker_and_closes_it_RC_7(cli):
    well = []
    first  = Upstream(lambda r, c: c.json(CHAT) if r.method == "POST" or well else c.json({"error": {"message": "down"}}, 503))
    second = Upstream()
    write(cli, first, second, CHAIN + "health: {interval: 50ms, timeout: 1s}\n")
    c = start(cli)
    first.wait(lambda u: len(u.requests) >= 3)
    assert all(r.target == "/v1/models" and r.method == "GET" for r in first.requests)
    assert ask(c).headers["x-dd0c-provider"] == "backup", "known to be away before a request finds out"
    well.append(1)
    end = time.monotonic() + 10
    while ask(c).headers["x-dd0c-provider"] != "openai":
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_verifier_has_the_last_word_in_a_cascade_R2_2(cli):
    verdicts = []

    def script(r, c):
        body, reply = json.loads(r.body), json.loads(json.dumps(CHAT))
        if body["model"] == "gpt-5.6-luna":
            verdicts.append(body)
            reply["choices"][0]["message"]["content"] = "NO" if len(verdicts) == 1 else "Yes."
        c.json(reply)

    first, second = Upstream(script), Upstream()
    write(cli, first, second, """
routes:
  - name: ladder
    strategy: cascading
    from: [openai/gpt-4o-mini, backup/gpt-4o]
    verifier: openai/gpt-5.6-luna
""")
    c = start(cli)
    assert ask(c).headers["x-dd0c-provider"] == "backup"
    answer = ask(c)
    assert answer.headers["x-dd0c-provider"] == "openai" and "Say hi" in json.dumps(verdicts[1])
    assert float(answer.headers["x-dd0c-cost"]) > 0.00021, "what the verifier cost is the request's"


def test_a_cheap_model_may_be_asked_how_hard_a_request_is_RO_3(cli):
    asked, answered = [], threading.Event()

    def script(r, c):
        body, reply = json.loads(r.body), json.loads(json.dumps(CHAT))
        if body["model"] == "gpt-5.6-luna":
            asked.append(body)
            if len(asked) == 2:
                answered.wait(60)
            reply["choices"][0]["message"]["content"] = "HIGH reasoning"
        c.json(reply)

    first, second = Upstream(script), Upstream()
    write(cli, first, second, """
classifier: {model: openai/gpt-5.6-luna, timeout: 300ms}
routes:
  - {name: hard, when: 'complexity == "high" && task == "reasoning"', strategy: passthrough, from: [backup/gpt-4o]}
""")
    c = start(cli)
    answer = ask(c)
    assert answer.headers["x-dd0c-route"] == "hard" and answer.headers["x-dd0c-provider"] == "backup"
    assert "Say hi" in json.dumps(asked[0]) and float(answer.headers["x-dd0c-cost"]) > 0.0035, "asking is part of what it cost"
    assert ask(c).headers["x-dd0c-provider"] == "openai", "a model that does not answer in time is done without"
    answered.set()
