"""Money guarded at a running proxy: budgets that hold under concurrency, what an exceeded one does, rate limits (RC.3, RO.8, P3-P5, P25)."""
import json
import threading

from support import CHAT, Client, Upstream, events

# 1,000 tokens in, 100 out of gpt-4o-mini: 0.15 and 0.60 USD a million = 0.00015 + 0.00006 USD
COST = 0.00021
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 100}
# reserved: about 10 tokens in, 100 out = 0.0000615 USD at most
LOCAL = """
  local: {type: ollama, base_url: "%s/v1"}
"""


def start(cli, upstream, extra, more=""):
    cli.write("dd0c.yaml", f'providers:\n  openai: {{base_url: "{upstream.url}/v1", api_key: sk-x}}\n{more}{extra}')
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2")


def ask(client, body=ASK, **headers):
    return client.ask("POST", "/v1/chat/completions", body, {k.replace("_", "-"): v for k, v in headers.items()})


def test_a_spent_budget_is_402_and_says_why_RC_3_P4(cli):
    up = Upstream()
    c  = Client(start(cli, up, "budgets:\n  - {name: all, scope: global, limit: $0.0004/month}\n").port)
    assert ask(c).status == 200 and ask(c).status == 200
    answer = ask(c)
    error  = json.loads(answer.body)["error"]
    assert answer.status == 402 and error["code"] == "budget_exceeded" and error["type"] == "insufficient_quota"
    assert answer.headers["x-should-retry"] == "false" and "all" in error["message"] and "0.00042" in error["message"]
    assert len(up.requests) == 2
    assert [e["error"] for e in events(cli, 3)] == [None, None, "budget"]


def test_budgets_outlive_the_proxy(cli):
    up = Upstream()
    rule = "budgets:\n  - {name: all, scope: global, limit: $0.0002/month}\n"
    p = start(cli, up, rule)
    assert ask(Client(p.port)).status == 200
    p.stop()
    assert ask(Client(start(cli, up, rule).port)).status == 402


def test_a_budget_for_each_team(cli):
    c = Client(start(cli, Upstream(), "budgets:\n  - {name: teams, scope: team, limit: $0.0002/day}\n").port)
    assert ask(c, x_dd0c_team="a").status == 200
    assert ask(c, x_dd0c_team="a").status == 402
    assert ask(c, x_dd0c_team="b").status == 200
    assert ask(c).status == 200, "without a team the budget of teams does not apply"


def test_warnings_before_the_end(cli):
    c = Client(start(cli, Upstream(), "budgets:\n  - {name: all, scope: global, limit: $0.0005/month, warn_at: 0.5}\n").port)
    assert "x-dd0c-budget" not in ask(c).headers
    ask(c)
    assert "%" in ask(c).headers["x-dd0c-budget"]


def test_a_soft_budget_never_refuses(cli):
    c = Client(start(cli, Upstream(), "budgets:\n  - {name: soft, scope: global, limit: $0.0001/month, on_exceed: warn}\n").port)
    assert [ask(c).status for _ in range(4)] == [200] * 4


def test_downgrade_goes_to_a_route_P25(cli):
    c = Client(start(cli, Upstream(), """
routes:
  - {name: cheap, when: 'false', strategy: passthrough, from: [openai/gpt-5.6-luna]}
budgets:
  - {name: all, scope: global, limit: $0.0004/month, on_exceed: "downgrade:cheap"}
""").port)
    for _ in range(2):
        assert ask(c).headers["x-dd0c-model"] == "gpt-4o-mini"
    answer = ask(c)
    assert answer.status == 200 and answer.headers["x-dd0c-model"] == "gpt-5.6-luna" and answer.headers["x-dd0c-route"] == "cheap"


def test_local_models_go_on_when_the_money_is_spent_P25(cli):
    up = Upstream()
    c  = Client(start(cli, up, """
models:
  smart: {targets: [openai/gpt-4o-mini, local/llama3.2]}
budgets:
  - {name: all, scope: global, limit: $0.0002/month, on_exceed: local}
""", LOCAL % up.url).port)
    assert ask(c, {**ASK, "model": "smart"}).headers["x-dd0c-provider"] == "openai"
    answer = ask(c, {**ASK, "model": "smart"})
    assert answer.status == 200 and answer.headers["x-dd0c-provider"] == "local", answer.body
    assert ask(c, {**ASK, "model": "local/llama3.2"}).status == 200, "what costs nothing passes"


def test_no_overrun_under_concurrency_P3(cli):
    gate = threading.Event()

    def script(r, c):
        gate.wait(10)
        c.json({**CHAT, "usage": {"prompt_tokens": 10, "completion_tokens": 100, "total_tokens": 110}})

    up = Upstream(script)
    limit = 10 * 0.00007          # ten reservations of a little more than 0.00006
    p = start(cli, up, f"budgets:\n  - {{name: all, scope: global, limit: ${limit:.6f}/month}}\n")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(Client(p.port)))) for _ in range(40)]
    for t in threads:
        t.start()
    up.wait(lambda u: len(u.requests) >= 10)
    gate.set()
    for t in threads:
        t.join()
    good = sum(a.status == 200 for a in answers)
    assert good + sum(a.status == 402 for a in answers) == 40
    spent = good * (10 * 0.15 + 100 * 0.60) / 1e6
    assert spent <= limit and good >= 10, (good, spent)


def test_errors_cost_nothing(cli):
    c = Client(start(cli, Upstream(lambda r, c: c.json({"error": {"message": "x"}}, 500)), "budgets:\n  - {name: all, scope: global, limit: $0.0001/month}\n").port)
    assert [ask(c).status for _ in range(6)] == [500] * 6, "what was set aside is given back"


def test_limits_answer_429_and_when_to_come_again_RO_8(cli):
    c = Client(start(cli, Upstream(), "limits:\n  - {name: few, scope: global, requests: 3/min}\n").port)
    assert [ask(c).status for _ in range(3)] == [200] * 3
    answer = ask(c)
    assert answer.status == 429 and 1 <= int(answer.headers["retry-after"]) <= 60
    assert json.loads(answer.body)["error"]["code"] == "rate_limit_exceeded"


def test_so_many_at_a_time(cli):
    gate = threading.Event()

    def script(r, c):
        gate.wait(10)
        c.json(CHAT)

    up = Upstream(script)
    p = start(cli, up, "limits:\n  - {name: two, scope: global, concurrent: 2}\n")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(Client(p.port)).status)) for _ in range(2)]
    for t in threads:
        t.start()
    up.wait(lambda u: len(u.requests) == 2)
    assert ask(Client(p.port)).status == 429
    gate.set()
    for t in threads:
        t.join()
    assert answers == [200, 200] and ask(Client(p.port)).status == 200


def test_a_key_s_own_team_pays_whatever_the_request_names(cli):
    made = json.loads(cli.run("keys", "create", "--name", "a", "--team", "a", "--format", "json").out)
    c = Client(start(cli, Upstream(), "budgets:\n  - {name: teams, scope: team, limit: $0.0002/day}\n").port)
    assert [ask(c, x_dd0c_team=t, authorization="Bearer " + made["key"]).status for t in ("a", "b")] == [200, 402]
