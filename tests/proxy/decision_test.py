"""What the event tells of the decision (R3.6, R10.4): complexity, what was compared, premium, fallback, budget, session, call site; never a word of a prompt."""
import hashlib
import json
import pathlib

from support import CHAT, Client, Upstream, config, events

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}
# 1,000 tokens in, 100 out: gpt-4o (2.50 and 10.00 USD a million) 0.0035 USD, gpt-4o-mini (0.15, 0.60) 0.00021 USD
PREMIUM, MINI = 0.0035, 0.00021


def start(cli, upstream, extra=""):
    config(cli, upstream, extra)
    return Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)


def ask(client, body=ASK, path="/v1/chat/completions", **headers):
    return client.ask("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})


def test_a_plain_request_says_little_R3_6(cli):
    assert ask(start(cli, Upstream())).status == 200
    e = events(cli, 1)[0]
    assert e["task"] == "chat" and e["complexity"] in ("low", "medium", "high") and 0 <= e["score"] <= 1, "RO.3: known though no rule asked"
    assert e["considered"] is None and e["budget"] is None and e["session"] is None and e["call_site"] is None and e["cache"] is None
    assert e["fallback"] is False and e["prompt_hash"] is None, "there is no system prompt"


def test_a_route_that_compares_leaves_its_reasons_R3_6(cli):
    c = start(cli, Upstream(), """premium: openai/gpt-4o
routes:
  - {name: simple, when: 'complexity == "low" || score < 2.0', strategy: cheapest, from: [openai/gpt-4o, openai/gpt-4o-mini]}
""")
    assert ask(c, x_dd0c_call_site="app.py:12", x_dd0c_session="s-1", x_dd0c_ticket="T-1").status == 200
    e = events(cli, 1)[0]
    assert e["route"] == "simple" and e["complexity"] in ("low", "medium", "high") and 0 <= e["score"] <= 1
    assert [m["model"] for m in e["considered"]] == ["openai/gpt-4o-mini", "openai/gpt-4o"], e["considered"]
    assert all(m["why"] and m["cost"] > 0 for m in e["considered"])
    assert e["cost_premium"] == PREMIUM and e["cost_actual"] == MINI
    assert e["call_site"] == "app.py:12" and "call-site" not in e["tags"] and e["tags"]["ticket"] == "T-1"
    assert len(e["session"]) == 16 and e["session"] != "s-1"
    assert [x["id"] for x in events(cli, 1, "route=simple", "call_site=app*", "premium>0.003", "score<=1")] == [e["id"]]
    assert cli.run("tail", "--filter", "complexity=extreme", "--format", "json").out == ""


def test_the_system_prompt_is_a_hash_of_its_first_500_characters_R10_4(cli):
    c = start(cli, Upstream())
    system = "Grüße \\ \"du\" 😀\n" * 40
    assert len(system) > 500
    same = hashlib.sha256(system[:500].encode()).hexdigest()
    user = {"role": "user", "content": "Say hi"}
    bodies = [
        ({"model": "gpt-4o-mini", "messages": [{"role": "system", "content": system}, user]}, "/v1/chat/completions"),
        ({"model": "gpt-4o-mini", "messages": [{"role": "developer", "content": [{"type": "text", "text": system + "x"}]}, user]}, "/v1/chat/completions"),
        ({"model": "gpt-4o-mini", "max_tokens": 9, "system": system[:501], "messages": [user]}, "/v1/messages"),
        ({"model": "gpt-4o-mini", "instructions": system[:500], "input": "Say hi"}, "/v1/responses"),
    ]
    for body, path in bodies:
        for ascii_only in (True, False):
            assert ask(c, json.dumps(body, ensure_ascii=ascii_only), path).status == 200, path
    ask(c, {"model": "gpt-4o-mini", "messages": [{"role": "system", "content": system[:499]}, user]})
    got = [e["prompt_hash"] for e in events(cli, 9)]
    assert got[:8] == [same] * 8, got
    assert got[8] == hashlib.sha256(system[:499].encode()).hexdigest()
    kept = b"".join(p.read_bytes() for p in pathlib.Path(cli.dir / "state").rglob("*") if p.is_file())
    assert same.encode() in kept and b"Say hi" not in kept and "Grüße".encode() not in kept


def test_a_fallback_and_a_budget_are_told(cli):
    def script(request, connection):
        if json.loads(request.body)["model"] == "gpt-4o":
            connection.json({"error": {"message": "down"}}, 503)
        else:
            connection.json(CHAT)
    c = start(cli, Upstream(script), """routes:
  - {name: both, from: [openai/gpt-4o], fallback: [openai/gpt-4o-mini]}
budgets:
  - {name: all, scope: global, limit: $0.0015/month, warn_at: 0.1}
""")
    assert ask(c).status == 200
    assert ask(c).headers["x-dd0c-budget"]
    assert ask(c, {**ASK, "max_tokens": 10000}).status == 402
    first, warned, refused = events(cli, 3)
    assert first["fallback"] and warned["fallback"] and not refused["fallback"]
    assert warned["budget"] == "all" and refused["budget"] == "all" and refused["error"] == "budget"
    assert len(events(cli, 2, "fallback=true")) == 2


def test_a_downgrade_names_its_budget(cli):
    c = start(cli, Upstream(), """
routes:
  - {name: cheap, when: 'false', strategy: passthrough, from: [openai/gpt-5.6-luna]}
budgets:
  - {name: wide, scope: global, limit: $10/month}
  - {name: all, scope: global, limit: $0.0002/month, on_exceed: "downgrade:cheap"}
""")
    assert [ask(c).status for _ in range(2)] == [200, 200]
    assert events(cli, 2)[1]["budget"] == "all"


def test_keys_in_what_the_client_says_are_not_kept(cli):
    key = "sk-" + "proj-" + "Ab3dEf6hIj9lMn2pQr5tUv8x" * 2
    assert ask(start(cli, Upstream()), x_dd0c_call_site=key).status == 200
    e = events(cli, 1)[0]
    assert e["call_site"] and key not in e["call_site"]
