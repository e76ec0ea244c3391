"""dd0c route explain, check and replay: what they say of a request, of rules, of recorded traffic (RC.5, R2.2, R2.5)."""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tail_test import add, make

CONFIG = """\
providers:
  openai: {api_key: "${NOT_SET_HERE}"}
  anthropic: {api_key: "${NOT_SET_HERE}"}
models:
  smart: [anthropic/claude-sonnet-5-5, openai/gpt-5.6-sol]
routes:
  - name: premium
    when: 'feature == "premium" && env == "production"'
  - name: night
    when: 'hour >= 22 || weekday >= 6'
    from: [openai/gpt-5.6-luna]
  - name: tagged
    when: 'tags.tenant == "acme"'
    from: [openai/gpt-5.6-terra]
  - name: short
    when: 'input_tokens < 200 && max_tokens < 100'
    strategy: cheapest
    from: [openai/gpt-5.6-luna, anthropic/claude-haiku-5-5]
fallback: [anthropic/claude-sonnet-5-5, openai/]
premium: anthropic/claude-opus-5-5
"""
ASK = {"model": "gpt-5.4", "max_tokens": 50, "messages": [{"role": "user", "content": "Is this review positive? The food was great."}]}
FRIDAY_NOON = ("--at", "2026-11-20T12:00")


def explained(cli, body, *args, **kw):
    return json.loads(cli.run("route", "explain", "--format", "json", *args, stdin=json.dumps(body), **kw).out)


def test_explain_says_what_was_tried_and_chosen(cli):
    cli.write("dd0c.yaml", CONFIG)
    got = explained(cli, ASK, *FRIDAY_NOON, "--tag", "feature=premium")
    assert got["schema"] == "dd0c.plan/1" and got["verdict"] == "decided" and got["route"] == "short" and got["strategy"] == "cheapest"
    assert [(r["name"], r["matched"]) for r in got["rules"]] == [("premium", False), ("night", False), ("tagged", False), ("short", True)]
    assert "env" in got["rules"][0]["why"] and "hour is 12" in got["rules"][1]["why"] and got["rules"][2]["why"].startswith("error: ")
    assert got["rules"][3]["line"] == 15, got["rules"][3]
    steps = [f'{s["provider"]}/{s["model"]}' for s in got["steps"]]
    costs = {f'{c["provider"]}/{c["model"]}': c["expected_cost_usd"] for c in got["considered"]}
    assert costs[steps[0]] == min(costs["openai/gpt-5.6-luna"], costs["anthropic/claude-haiku-5-5"])
    assert steps[1:] == ["anthropic/claude-sonnet-5-5", "openai/gpt-5.4"] and got["n_primary"] == 1
    assert abs(got["expected_saving_usd"] - (got["expected_requested_usd"] - got["expected_cost_usd"])) < 1e-12
    assert got["premium"]["model"] == "claude-opus-5-5" and got["facts"]["max_tokens"] == 50 and got["facts"]["provider"] == "openai"
    assert explained(cli, {**ASK, "max_tokens": None}, *FRIDAY_NOON)["route"] is None, "without a cap neither < nor > holds"
    assert explained(cli, ASK, "--at", "2026-11-21")["route"] == "night", "a Saturday"
    assert explained(cli, ASK, *FRIDAY_NOON, "--header", "X-DD0C-Tenant: acme")["route"] == "tagged"
    assert [s["model"] for s in explained(cli, ASK, *FRIDAY_NOON, "--header", "x-dd0c-fallback=smart")["steps"]][1:] == ["claude-sonnet-5-5", "gpt-5.6-sol"]


def test_explain_reads_every_api(cli):
    cli.write("dd0c.yaml", CONFIG)
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    f = explained(cli, {**ASK, "tools": [tool], "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": [image]}]}, *FRIDAY_NOON)["facts"]
    assert (f["endpoint"], f["has_tools"], f["tools"], f["has_images"], f["messages"], f["turns"]) == ("chat.completions", True, 1, True, 2, 1)
    f = explained(cli, {"model": "claude-sonnet-5", "max_tokens": 9, "system": "s", "messages": [{"role": "user", "content": "hi"}]})["facts"]
    assert (f["endpoint"], f["family"], f["max_tokens"]) == ("messages", "anthropic", 9)
    f = explained(cli, {"model": "gpt-5", "input": "hi", "stream": True})["facts"]
    assert (f["endpoint"], f["stream"], f["turns"]) == ("responses", True, 1)
    got = explained(cli, {"priority": "best", "messages": [{"role": "user", "content": "hi"}]}, *FRIDAY_NOON)
    assert got["facts"]["priority"] == "best" and got["strategy"] == "quality-first" and got["steps"]
    got = explained(cli, {"priority": "cheap", "max_cost": 1e-9, "messages": [{"role": "user", "content": "hi"}]}, *FRIDAY_NOON)
    assert got["verdict"] == "too_dear" and got["cheapest_usd"] > 1e-9 and not got["steps"]
    assert "gpt-4.1" in cli.run("route", "explain", "--model", "gpt-4.1", stdin="Prove it.").out


def test_explain_for_people(cli):
    cli.write("dd0c.yaml", CONFIG)
    for width in (80, 120):
        out = cli.run("route", "explain", "--width", width, *FRIDAY_NOON, stdin=json.dumps(ASK)).out
        assert max(map(len, out.splitlines())) <= width, out
        for words in ("gpt-5.4 → ", "route \"short\", cheapest", "saves $", "Rules", "Candidates", "chosen", "On failure", "Premium"):
            assert words in out, (words, out)
    assert cli.run("route", "explain", "--ascii", stdin=json.dumps(ASK)).out.isascii()
    out = cli.run("route", "explain", stdin=json.dumps({**ASK, "model": "gpt-5.44", "max_tokens": None})).out
    assert "no_model" in out and "gpt-5.4" in out.split("Near")[1], out


def test_explain_as_a_key(cli):
    cli.write("dd0c.yaml", CONFIG)
    made = json.loads(cli.run("keys", "create", "--name", "ci", "--model", "anthropic/*", "--tag", "env=production", "--feature", "premium", "--format", "json").out)
    got = explained(cli, ASK, *FRIDAY_NOON, "--key", made["id"])
    assert got["route"] == "premium" and got["facts"]["key_tags"] == {"env": "production"} and got["facts"]["key"] == made["id"]
    assert [s["model"] for s in got["steps"]] == ["claude-sonnet-5-5"], "what the key may not use is passed over"
    assert "not_allowed" in {c["fit"] for c in got["considered"]}


def test_explain_refuses_what_is_no_request(cli):
    cli.write("dd0c.yaml", CONFIG)
    for stdin, args, words in (("{", (), "request"), ("", (), "empty"), ('{"messages": []}', (), ""), ("hi", (), "names no model"), ("hi", ("--at", "noon"), "noon"),
                               ("hi", ("--tag", "x"), "NAME=VALUE")):
        p = cli.run("route", "explain", *args, stdin=stdin, status=None)
        assert p.returncode in (2, 3) and words in p.err and not p.out, (stdin, p.err)


def test_check_lists_what_is_wrong(cli):
    cli.write("dd0c.yaml", CONFIG)
    assert "nothing wrong" in cli.run("route", "check").out
    cli.write("bad.yaml", CONFIG.replace("input_tokens", "input_tokns"))
    p = cli.run("route", "check", "bad.yaml", status=1)
    assert "line 16" in p.out and "input_tokens" in p.out, p.out
    cli.write("odd.yaml", CONFIG.replace("hour >= 22 || weekday >= 6", 'model == \\"a\\" && model == \\"b\\"'.replace("\\", "")).replace("[anthropic/claude-sonnet-5-5, openai/]",
              "[anthropic/claude-sonnet-5-5, openai/, anthropic/claude-sonnet-5-5]"))
    got = json.loads(cli.run("route", "check", "odd.yaml", "--format", "json", status=None).out)
    text = json.dumps(got["findings"])
    assert "never" in text and "twice" in text, text
    assert got["routes"] == 4 and got["errors"] + got["warnings"] == len(got["findings"])


def test_replay_of_recorded_requests(cli):
    db = make(cli)
    usd = 10 ** 12
    for n in range(1, 11):      # gpt-4o: 1,000 at 2.50 and 100 at 10 USD a million: 0.0035
        add(db, -n * 60, feature="search" if n <= 6 else None, requested_model="gpt-4o", used_model="gpt-4o", provider="openai", endpoint="chat.completions", input_tokens=1000,
            output_tokens=100, task="chat", cost_original=35 * usd // 10000, cost_actual=35 * usd // 10000, cost_saved=0)
    add(db, -5, status=500, requested_model="gpt-4o", endpoint="chat.completions")
    db.close()
    cli.write("new.yaml", """\
providers: {openai: {api_key: k}}
routes:
  - {name: search, when: 'feature == "search"', from: [openai/gpt-4o-mini]}
  - {name: long, when: 'messages > 20', from: [openai/gpt-4o-mini]}
""")
    got = json.loads(cli.run("route", "replay", "--config", "new.yaml", "--format", "json").out)
    assert (got["events"], got["requests"], got["changed"], got["failed"], got["untold"]) == (11, 6, 6, 1, 4), got
    assert abs(got["recorded_usd"] - 6 * 0.0035) < 1e-12
    assert abs(got["decided_usd"] - 6 * (1000 * 0.15 + 100 * 0.6) / 1e6) < 1e-12, "gpt-4o-mini: 0.15 and 0.60 USD a million"
    assert got["cannot_be_told"] == [{"route": "long", "fact": "messages", "requests": 4}]
    assert [(c["from"], c["to"], c["requests"]) for c in got["changes"]] == [("openai/gpt-4o", "openai/gpt-4o-mini", 6)]
    out = cli.run("route", "replay", "--config", "new.yaml").out
    assert "94%" in out and 'route "long" needs messages' in out and "openai/gpt-4o -> openai/gpt-4o-mini" in out, out
    assert "no requests" in cli.run("route", "replay", "--config", "new.yaml", "--since", "1s").out


def test_replay_knows_what_was_classified(cli):
    """Task, complexity and score as recorded; what an event does not know is not guessed in a condition, and counted where it weighs (RC.5)."""
    db  = make(cli)
    usd = 10 ** 12
    one = dict(requested_model="gpt-4o", used_model="gpt-4o", provider="openai", endpoint="chat.completions", input_tokens=1000, output_tokens=100,
               cost_original=35 * usd // 10000, cost_actual=35 * usd // 10000, cost_saved=0)
    for n, known in enumerate([dict(task="extraction", complexity="low", score=100000)] * 3 + [dict(task="coding", complexity="high", score=900000)] * 2 + [{}] * 4):
        add(db, -60 * (n + 1), **one, **known)
    add(db, -5, **one, task="translation")          # of a release that kept the task alone
    db.close()

    def replay(rules, form="json"):
        cli.write("new.yaml", "providers: {openai: {api_key: k}}\n" + rules)
        out = cli.run("route", "replay", "--config", "new.yaml", "--format", form).out
        return json.loads(out) if form == "json" else out

    got = replay("routes: [{name: easy, when: 'complexity == \"low\" && score < 0.3', from: [openai/gpt-4o-mini]}]")
    assert {r["route"]: r["requests"] for r in got["routes"]} == {"easy": 3, None: 2} and (got["changed"], got["untold"], got["unclassified"]) == (3, 5, 0), got
    assert got["cannot_be_told"] == [{"route": "easy", "fact": "score", "requests": 5}]
    got = replay("routes: [{name: words, when: 'task == \"translation\" || task == \"chat\"', from: [openai/gpt-4o-mini]}]")
    assert {r["route"]: r["requests"] for r in got["routes"]} == {"words": 1, None: 5}, got
    assert got["cannot_be_told"] == [{"route": "words", "fact": "task", "requests": 4}], "no task is not chat"
    # the new configuration says where low ends
    rule = "routes: [{name: easy, when: 'complexity != \"high\"', from: [openai/gpt-4o-mini]}]\n"
    assert replay(rule)["changed"] == 3 and replay(rule + "classifier: {thresholds: {low: 0.92, high: 0.95}}\n")["changed"] == 5
    # strategies weigh it
    ladder = "routes: [{name: ladder, strategy: complexity, from: [{model: openai/gpt-4o-mini, threshold: 0.5}, {model: openai/gpt-4o, threshold: 1}]}]"
    got = replay(ladder)
    assert [(c["to"], c["requests"]) for c in got["changes"]] == [("openai/gpt-4o-mini", 3)] and got["cannot_be_told"] == [{"route": "ladder", "fact": "score", "requests": 5}], got
    cheap = "routes: [{name: cheap, strategy: cheapest, from: [openai/gpt-4o-mini, openai/gpt-4o]}]"
    got = replay(cheap)
    assert (got["requests"], got["untold"], got["unclassified"]) == (10, 0, 5), got
    assert "5 requests had no task and complexity on record where they count: taken as chat of medium complexity" in replay(cheap, "text")


def test_docs_routing_lists_every_name(_cli):
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    code = (root / "route/facts.c").read_text().replace("\\\n", " ")
    names = re.findall(r'X\("([^"]+)", \w+, \w+, \w+, \w+,\s+"((?:[^"\\]|\\.)*)"\)', code)
    page = (root / "docs/routing.md").read_text()
    told = re.findall(r"^\| `([\w.]+)` \| [^|]+ \| (.*) \|$", page[page.index("## Names in `when`"):], re.M)
    assert len(names) >= 40 and [n for n, _ in names] == [n for n, _ in told]
    for (name, doc), (_, text) in zip(names, told):
        assert doc.replace('\\"', '"') == text, (name, doc, text)
