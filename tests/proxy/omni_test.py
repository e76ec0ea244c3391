"""The endpoints of our own: POST /v1/chat, /v1/agent-step, /v1/router/debug, GET /health/providers (RO.1, RO.3, RO.6, RO.7, P20)."""
import json

from support import CHAT, Client, Upstream, events

MESSAGES = [{"role": "user", "content": "Extract the name from this text: Ada Lovelace wrote it."}]
REGISTRY = "registry: [openai/gpt-4o-mini, openai/gpt-4o, openai/gpt-5.6-luna]\npremium: openai/gpt-4o\n"


def start(cli, up, extra=REGISTRY):
    cli.write("dd0c.yaml", f'providers:\n  openai: {{base_url: "{up.url}/v1", api_key: sk-x}}\n{extra}')
    return Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)


def test_chat_answers_with_what_it_cost_RO_1(cli):
    up = Upstream()
    c  = start(cli, up)
    answer = c.ask("POST", "/v1/chat", {"messages": MESSAGES, "priority": "cheap"})
    got    = json.loads(answer.body)
    assert answer.status == 200 and got["output"] == "Hi" and got["finish_reason"] == "stop" and got["latency_ms"] >= 0
    sent = json.loads(up.requests[-1].body)
    assert sent["model"] == got["model_used"] and set(sent) == {"model", "messages"}, "what only we know stays here"
    assert up.requests[-1].target == "/v1/chat/completions"
    # the premium model's price on the same tokens: 1,000 in at 2.50 and 100 out at 10 USD a million
    assert abs(got["cost"] + got["savings_estimate"] - 0.0035) < 1e-12 and got["premium_model"] == "gpt-4o"
    event = events(cli, 1)[0]
    assert event["endpoint"] == "chat" and event["used_model"] == got["model_used"]


def test_priorities_choose_by_cost_or_by_quality_RO_1(cli):
    c = start(cli, Upstream())
    cheap = json.loads(c.ask("POST", "/v1/chat", {"messages": MESSAGES, "priority": "cheap"}).body)
    best  = json.loads(c.ask("POST", "/v1/chat", {"messages": MESSAGES, "priority": "best"}).body)
    assert cheap["cost"] < best["cost"]


def test_nothing_within_max_cost_is_400_and_names_the_cheapest_RO_1(cli):
    c = start(cli, Upstream())
    answer = c.ask("POST", "/v1/chat", {"messages": MESSAGES, "max_cost": 0.0000000001})
    assert answer.status == 400 and "$" in json.loads(answer.body)["error"]["message"] and json.loads(answer.body)["error"]["code"] == "max_cost"
    assert c.ask("POST", "/v1/chat", {"messages": MESSAGES, "max_cost": 1}).status == 200
    for wrong in ({"max_cost": "much"}, {"max_cost": -1}, {"max_cost": []}, {"priority": "soon"}):
        assert c.ask("POST", "/v1/chat", {"messages": MESSAGES, **wrong}).status == 400, wrong


def test_chat_does_not_stream_and_says_so(cli):
    assert start(cli, Upstream()).ask("POST", "/v1/chat", {"messages": MESSAGES, "stream": True}).status == 400


def test_an_agent_s_steps_are_routed_one_by_one_RO_7(cli):
    up = Upstream()
    c  = start(cli, up)
    for i in range(3):
        answer = c.ask("POST", "/v1/agent-step", {"messages": MESSAGES, "session": "run-1", "step": i})
        assert answer.status == 200 and json.loads(answer.body)["output"] == "Hi"
    assert len({json.loads(r.body)["model"] for r in up.requests}) == 1, "a session keeps its model while its prompt cache pays"


def test_a_decision_can_be_explained_without_being_taken_P20(cli):
    up = Upstream()
    c  = start(cli, up, REGISTRY + """
routes:
  - {name: big, when: 'input_tokens > 100000', strategy: passthrough, from: [openai/gpt-4o]}
  - {name: classify, when: 'feature == "classify" && input_tokens < 500', strategy: cheapest, from: [openai/gpt-4o-mini, openai/gpt-4o]}
""")
    answer = c.ask("POST", "/v1/router/debug", {"model": "gpt-4o", "messages": MESSAGES}, {"X-DD0C-Feature": "classify"})
    plan   = json.loads(answer.body)
    assert answer.status == 200 and plan["route"] == "classify" and plan["steps"][0]["model"] == "gpt-4o-mini"
    assert [r["matched"] for r in plan["rules"]] == [False, True] and "input_tokens" in plan["rules"][0]["why"]
    assert not up.requests, "nothing is called"
    taken = c.ask("POST", "/v1/chat/completions", {"model": "gpt-4o", "messages": MESSAGES}, {"X-DD0C-Feature": "classify"})
    assert taken.headers["x-dd0c-route"] == "classify" and taken.headers["x-dd0c-model"] == "gpt-4o-mini"
    assert float(taken.headers["x-dd0c-saved"]) > 0


def test_health_of_providers_is_what_traffic_met_RC_7(cli):
    up = Upstream(lambda r, c: c.json(CHAT) if "mini" in r.body.decode() else c.json({"error": {"message": "x"}}, 500))
    c  = start(cli, up)
    c.ask("POST", "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": MESSAGES})
    c.ask("POST", "/v1/chat/completions", {"model": "gpt-4o", "messages": MESSAGES})
    models = {m["model"]: m for m in json.loads(c.ask("GET", "/health/providers").body)["providers"][0]["models"]}
    assert models["gpt-4o-mini"]["failures"] == 0 and models["gpt-4o"]["failures"] == 1 and models["gpt-4o-mini"]["latency_ms"] > 0


def test_the_list_of_models_holds_the_registry_RO_2(cli):
    c = start(cli, Upstream())
    c.ask("POST", "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": MESSAGES})
    models = {m["id"]: m for m in json.loads(c.ask("GET", "/v1/models").body)["data"]}
    mini = models["gpt-4o-mini"]
    assert mini["object"] == "model" and mini["dd0c"]["input_usd_per_mtok"] == 0.15 and mini["dd0c"]["output_usd_per_mtok"] == 0.6
    assert "vision" in mini["dd0c"]["capabilities"] and mini["dd0c"]["context"] == 128000 and mini["dd0c"]["latency_ms"] > 0
    assert models["gpt-4o"]["dd0c"]["latency_ms"] is None
