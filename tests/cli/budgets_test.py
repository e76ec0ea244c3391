"""dd0c budgets: what a proxy keeps, with and without it running; which budgets a request meets; beginning one anew (RC.3, P4, P25)."""
import json
import signal
import sqlite3

from support import Client, Upstream, config

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}
NOW = {"SOURCE_DATE_EPOCH": ""}     # the proxy's clock is the real one
# An answer of the scripted provider: 1,000 tokens in at $0.15 and 100 out at $0.60 a million.
COST = 0.00021
BUDGETS = """budgets:
  - {name: everything, scope: global, limit: $0.0006/total}
  - {name: per-team, scope: team, limit: $5/month, on_exceed: warn}
  - {name: search, scope: team, match: search, limit: $1/day}
  - {name: per-user, scope: user, limit: $2/week}
"""


def serve(cli, extra=BUDGETS):
    config(cli, Upstream(), extra)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", env=NOW)


def budgets(cli, *args):
    return {(b["name"], b["value"]): b for b in json.loads(cli.run("budgets", *args, "--format", "json", env=NOW).out)["budgets"]}


def ask(p, team="chat"):
    return Client(p.port).ask("POST", "/v1/chat/completions", ASK, {"X-DD0C-Team": team})


def test_a_budget_is_spent_shown_and_begun_anew(cli):
    p = serve(cli)
    for _ in range(3):
        assert ask(p).status == 200
    refused = ask(p)
    assert refused.status == 402 and b"budget_exceeded" in refused.body, refused.body
    got = budgets(cli)
    all_of_it, team = got["everything", None], got["per-team", "chat"]
    assert all_of_it["spent_usd"] == 3 * COST and all_of_it["reserved_usd"] == 0 and all_of_it["limit_usd"] == 0.0006, all_of_it
    assert all_of_it["verdict"] == "exceeded" and all_of_it["used"] == 1.05 and all_of_it["source"] == "ledger" and all_of_it["to"] is None
    assert team["spent_usd"] == 3 * COST and team["scope"] == "team" and team["on_exceed"] == "warn" and 0 < team["days_left"] <= 31
    assert got["search", "search"]["spent_usd"] == 0 and got["per-user", None]["source"] == "none"
    p.process.send_signal(signal.SIGKILL)
    p.process.wait()
    assert budgets(cli)["everything", None]["spent_usd"] == 3 * COST, "a kill loses nothing, and no proxy need run"
    text = cli.run("budgets", env=NOW).out
    assert "everything" in text and "exceeded: requests get 402" in text and "105%" in text, text
    assert "$0.00063 that was spent counts no more" in cli.run("budgets", "reset", "everything", env=NOW).out
    assert budgets(cli)["everything", None]["spent_usd"] == 0 and budgets(cli)["per-team", "chat"]["spent_usd"] == 3 * COST
    row = sqlite3.connect(cli.dir / "state/dd0c/config.db").execute("SELECT action, object, old_value, new_value FROM audit_log").fetchall()
    assert row == [("budget.reset", "everything", '{"spent_usd":0.00063}', '{"spent_usd":0}')], row
    assert ask(serve(cli)).status == 200


def test_reset_beside_a_running_proxy(cli):
    p = serve(cli)
    while ask(p).status == 200:
        pass
    cli.run("budgets", "reset", "everything", env=NOW)
    assert ask(p).status == 200, "it needs no word"
    assert 'there is no budget "nobody"' in cli.run("budgets", "reset", "nobody", status=3, env=NOW).err
    assert 'has no account for "sales"' in cli.run("budgets", "reset", "per-team", "sales", status=3, env=NOW).err
    assert "takes a budget's name" in cli.run("budgets", "reset", status=2).err


def test_explain_says_what_a_request_meets(cli):
    config(cli, Upstream(), BUDGETS)
    p = cli.run("budgets", "explain", "--team", "search", "--cost", "1.5", "--format", "json", status=1)
    got = json.loads(p.out)
    assert got["fits"] is False and got["refused_by"] == "everything" and got["cost_usd"] == 1.5
    assert [(b["name"], b["applies"], b["fits"]) for b in got["budgets"]] == [
        ("everything", True, False), ("per-team", True, True), ("search", True, False), ("per-user", False, True)]
    assert got["budgets"][3]["why"] == "the request names none"
    text = cli.run("budgets", "explain", "--team", "sales", "--cost", "0.0001").out
    assert "search (team search, $1.00/day): does not apply: another value" in text and "A request of up to $0.0001 is let in." in text, text
    assert cli.run("budgets", "explain", "--cost", "0").out.endswith("is let in.\n"), "what costs nothing passes"


def test_no_budgets(cli):
    for args in ((), ("list",), ("explain",)):
        assert "limit: $100/month" in cli.run("budgets", *args).out
    assert json.loads(cli.run("budgets", "--format", "json").out) == {"schema": "dd0c.budgets/1", "time": "2026-11-20T00:00:00Z", "budgets": []}
    assert not (cli.dir / "state").exists(), "looking makes nothing"


def test_mistakes(cli):
    assert 'unexpected word "now"' in cli.run("budgets", "list", "now", status=2).err
    cli.write("dd0c.yaml", "budgets:\n  - {scope: galaxy, limit: $1/day}\n")
    assert "galaxy" in cli.run("budgets").err, "a warning: what the ledger knows is shown all the same"
    assert "galaxy" in cli.run("budgets", "--config", "dd0c.yaml", status=3).err


def test_it_fits_its_width(cli):
    name = "a budget with a name that is longer than anybody would ever want to read in a terminal"
    config(cli, Upstream(), BUDGETS + f"  - {{name: {name}, scope: feature, match: {'x' * 60}, limit: $123456.78/month}}\n")
    for columns in (80, 120):
        lines = cli.terminal(columns, "budgets")
        assert any("everything" in line for line in lines) and all(len(line) <= columns for line in lines), lines
    assert "$123,456.78/month" in cli.run("budgets", "--width", "80").out
