"""Panic and governance in a running proxy: what freezes, what waits, what is heard at once; flags that turn themselves off (R10.1, R10.5)."""
import json
import signal
import sqlite3
import time

from support import Client, Upstream

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}
NOW = {"SOURCE_DATE_EPOCH": ""}
FROZEN = "Panic mode active — frozen"


def write(cli, first, second, extra=""):
    cli.write("dd0c.yaml", f"""
providers:
  openai: {{base_url: "{first.url}/v1", api_key: sk-first}}
  backup: {{type: openai, base_url: "{second.url}/v1", api_key: sk-second}}
governance: {{file: policy.json}}
{extra}""")


def start(cli, env=None):
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2", env={**NOW, **(env or {})})


def ask(p, **headers):
    return Client(p.port).ask("POST", "/v1/chat/completions", ASK, {k.replace("_", "-"): v for k, v in headers.items()})


def audit(cli, action="governance.check"):
    rows = sqlite3.connect(cli.dir / "state/dd0c/config.db").execute("SELECT new_value FROM audit_log WHERE action = ? ORDER BY id", (action,)).fetchall()
    return [json.loads(r[0]) for r in rows]


def policy(cli, **members):
    cli.write("policy.json", json.dumps(members))


def until(what, why, seconds=15):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.05)          # files are looked at by the second


def failing():
    return Upstream(lambda r, c: c.json({"error": {"message": "no", "type": "server_error"}}, 503))


TO_BACKUP = "routes:\n  - {name: moved, strategy: cheapest, from: [backup/gpt-4o-mini]}\n"


def test_audit_mode_applies_and_logs_R10_5(cli):
    first, second = Upstream(), Upstream()
    write(cli, first, second)
    p = start(cli)
    assert ask(p).headers["x-dd0c-provider"] == "openai"
    write(cli, first, second, TO_BACKUP)
    p.wait_log(r"Allowed by audit mode: rules \(routes\), change [0-9a-f]{12}")
    p.wait_log("configuration read again")
    assert ask(p).headers["x-dd0c-provider"] == "backup"
    assert [(r["result"], r["mode"], r["what"]) for r in audit(cli)] == [("Allowed by audit mode", "audit", "rules (routes)")]
    assert "1 applied by themselves, 0 approved" in cli.run("policy", "show", env=NOW).out and "alert" in cli.run("policy", "show", env=NOW).out


def test_strict_mode_waits_for_a_word_R10_5(cli):
    first, second = Upstream(), Upstream()
    policy(cli, governance_mode="strict")
    write(cli, first, second)
    p = start(cli)
    write(cli, first, second, TO_BACKUP)
    change = p.wait_log(r"Blocked by strict mode: rules \(routes\), change (?P<id>[0-9a-f]{12}) waits")["id"]
    assert ask(p).headers["x-dd0c-provider"] == "openai"
    shown = json.loads(cli.run("policy", "show", "--format", "json", env=NOW).out)
    assert [(w["id"], w["what"]) for w in shown["waiting"]] == [(change, "rules (routes)")] and shown["governance_mode"] == "strict"
    cli.run("policy", "approve", change[:6], env=NOW)
    p.wait_log(f"Approved: rules .routes., change {change}")
    until(lambda: ask(p).headers["x-dd0c-provider"] == "backup", "the approved change is taken")
    assert [r["result"] for r in audit(cli)] == ["Blocked by strict mode", "Approved"]
    assert json.loads(cli.run("policy", "show", "--format", "json", env=NOW).out)["waiting"] == []
    assert "Blocked by strict mode" in cli.run("policy", "log", env=NOW).out
    # no to another one, and what an admin asks for himself
    write(cli, first, second)
    other = p.wait_log(r"Blocked by strict mode: .* change (?P<id>(?!" + change + r")[0-9a-f]{12}) waits")["id"]
    cli.run("policy", "reject", other, env=NOW)
    p.wait_log(f"Rejected: .*{other}")
    assert ask(p).headers["x-dd0c-provider"] == "backup"
    assert "no change" in cli.run("policy", "approve", "ffffffff", status=3, env=NOW).err
    p.process.send_signal(signal.SIGHUP)
    p.wait_log("Approved by who asked for it")
    until(lambda: ask(p).headers["x-dd0c-provider"] == "openai", "the admin's own change is taken")


def test_a_change_taken_back_waits_no_more(cli):
    first, second = Upstream(), Upstream()
    policy(cli, governance_mode="strict")
    write(cli, first, second)
    p = start(cli)
    write(cli, first, second, TO_BACKUP)
    p.wait_log("Blocked by strict mode")
    write(cli, first, second)
    until(lambda: json.loads(cli.run("policy", "show", "--format", "json", env=NOW).out)["waiting"] == [], "nothing waits")
    assert ask(p).headers["x-dd0c-provider"] == "openai"


def test_a_policy_that_cannot_be_read_lets_nothing_through(cli):
    first, second = Upstream(), Upstream()
    cli.write("policy.json", '{"governance_mode": "strikt"}')
    write(cli, first, second)
    p = start(cli)
    p.wait_log("governance_mode is strict or audit")
    write(cli, first, second, TO_BACKUP)
    p.wait_log("Blocked by strict mode")
    policy(cli, governance_mode="audit")
    p.wait_log("Allowed by audit mode")
    until(lambda: ask(p).headers["x-dd0c-provider"] == "backup", "the mode allows it now")


def test_panic_by_command_freezes_rules_and_failover_R10_5(cli):
    first, second = failing(), Upstream()
    chain = "fallback:\n  - {model: backup/gpt-4o-mini}\n"
    write(cli, first, second, chain)
    p = start(cli)
    calm = ask(p)
    assert calm.status == 200 and calm.headers["x-dd0c-provider"] == "backup" and "x-dd0c-panic" not in calm.headers
    cli.run("policy", "panic", "on", env=NOW)
    p.wait_log("panic mode is on")
    answer = ask(p)
    assert answer.status == 503 and answer.headers["x-dd0c-panic"] == "active" and len(second.requests) == 1, answer.headers
    write(cli, first, second, chain + TO_BACKUP)
    p.wait_log(FROZEN)
    p.process.send_signal(signal.SIGHUP)
    assert ask(p).status == 503
    assert audit(cli)[0]["result"] == FROZEN and audit(cli, "panic.on") == [{"panic": True}]
    cli.run("policy", "panic", "off", env=NOW)
    p.wait_log("panic mode is over")
    p.wait_log("Allowed by audit mode")
    until(lambda: "x-dd0c-fallbacks" not in ask(p).headers, "what was frozen is taken")
    assert "x-dd0c-panic" not in ask(p).headers and ask(p).headers["x-dd0c-provider"] == "backup"


def test_panic_provider_overrides_R10_5(cli):
    first, second = Upstream(), Upstream()
    write(cli, first, second)
    p = start(cli)
    assert ask(p).headers["x-dd0c-provider"] == "openai"
    policy(cli, panic_mode=True, panic={"provider": "backup"})
    until(lambda: ask(p).headers["x-dd0c-provider"] == "backup", "panic.provider gets the requests")
    policy(cli, panic_mode=False, panic={"provider": "backup"})
    until(lambda: ask(p).headers["x-dd0c-provider"] == "openai", "leaving panic restores")


def test_panic_to_a_provider_that_is_none_breaks_nothing_R10_5(cli):
    """Said at the start and when it is written, with its place; dd0c.yaml's holds, else the rules as they are."""
    first, second = Upstream(), Upstream()
    cli.write("policy.json", '{\n  "panic": {"provider":\n    "bakcup"}\n}\n')
    write(cli, first, second)
    p = start(cli)
    p.wait_log(r'policy "\S*policy.json", line 3: panic: there is no provider "bakcup": .*Did you mean "backup"\?')
    policy(cli, panic_mode=True, panic={"provider": "nobody"})
    p.wait_log('there is no provider "nobody": .*One of providers: is needed')
    p.wait_log("panic mode is on")
    for _ in range(4):          # both workers
        answer = ask(p)
        assert answer.status == 200 and answer.headers["x-dd0c-provider"] == "openai" and answer.headers["x-dd0c-panic"] == "active", answer.headers
    policy(cli, panic_mode=True, panic={"provider": "backup"})
    until(lambda: ask(p).headers["x-dd0c-provider"] == "backup", "mended while it goes on")
    policy(cli, panic_mode=True, panic={"provider": "nobody"})
    until(lambda: ask(p).headers["x-dd0c-provider"] == "openai", "and broken again")
    policy(cli, panic_mode=False)
    p.wait_log("panic mode is over")
    write(cli, first, second, "panic: {provider: backup}\n")
    p.wait_log("configuration read again")
    policy(cli, panic_mode=True, panic={"provider": "nobody"})
    until(lambda: ask(p).headers["x-dd0c-provider"] == "backup", "dd0c.yaml names one that is there")


def test_panic_by_environment_R10_5(cli):
    first, second = failing(), Upstream()
    write(cli, first, second, "fallback:\n  - {model: backup/gpt-4o-mini}\n")
    answer = ask(start(cli, {"DD0C_PANIC": "1"}))
    assert answer.status == 503 and answer.headers["x-dd0c-panic"] == "active"


def test_panic_by_request_R10_5(cli):
    first, second = Upstream(), Upstream()
    write(cli, first, second)
    admin = cli.run("keys", "create", "--name", "ops", "--scope", "admin", "--scope", "chat", "-q", env=NOW).out.strip()
    other = cli.run("keys", "create", "--name", "app", "-q", env=NOW).out.strip()
    p = start(cli)

    def panic(body, key):
        return Client(p.port).ask("POST", "/admin/panic", body, {"Authorization": f"Bearer {key}"})

    def headers():
        return ask(p, Authorization=f"Bearer {other}").headers

    assert panic({"on": True}, other).status == 403 and "x-dd0c-panic" not in headers()
    assert panic({"on": "yes"}, admin).status == 400
    answer = panic({"on": True}, admin)
    assert answer.status == 200 and answer.json["panic"] is True, answer.body
    assert headers()["x-dd0c-panic"] == "active", "at once"
    until(lambda: json.loads((cli.dir / "policy.json").read_text())["panic_mode"] is True if (cli.dir / "policy.json").exists() else False, "other proxies see it")
    # a revoked key is refused all the same
    cli.run("keys", "revoke", "app", env=NOW)
    until(lambda: ask(p, Authorization=f"Bearer {other}").status == 401, "revocations apply in panic")
    assert panic({"on": False}, admin).json["panic"] is False
    until(lambda: json.loads((cli.dir / "policy.json").read_text())["panic_mode"] is False, "and its end")
    assert "x-dd0c-panic" not in ask(p, Authorization=f"Bearer {admin}").headers


# --- flags ---

def today():
    return time.strftime("%Y-%m-%d", time.gmtime())


def flags(cli, text):
    cli.write("flags.yaml", text.replace("TODAY", today()))


FLAGGED = "flags: {file: flags.yaml}\nroutes:\n  - {name: new, flag: new-model, strategy: cheapest, from: [backup/gpt-4o-mini]}\n"


def test_flags_in_a_running_proxy_R10_1(cli):
    first, second = Upstream(), Upstream()
    flags(cli, "new-model: {on: false, owner: ada, created: TODAY, ttl: 7d}\n")
    write(cli, first, second, FLAGGED)
    p = start(cli)
    assert ask(p).headers["x-dd0c-provider"] == "openai", "off is passthrough"
    cli.run("flags", "set", "new-model", "on", env=NOW)
    until(lambda: ask(p).headers["x-dd0c-provider"] == "backup", "the flag is taken")
    cli.run("flags", "set", "new-model", "rollout", "40", env=NOW)
    p.wait_log("Allowed by audit mode: flags|it only takes away: flags")
    got = {}
    until(lambda: len({ask(p, X_DD0C_User=f"user-{i}").headers["x-dd0c-provider"] for i in range(30)}) == 2, "some have it, some have not")
    for _ in range(2):
        for i in range(20):
            got.setdefault(i, set()).add(ask(p, X_DD0C_User=f"user-{i}").headers["x-dd0c-provider"])
    assert all(len(v) == 1 for v in got.values()), "who has it keeps it"


def test_a_flag_turned_off_needs_no_word_R10_5(cli):
    first, second = Upstream(), Upstream()
    flags(cli, "new-model: {owner: ada, created: TODAY, ttl: 7d}\n")
    policy(cli, governance_mode="strict")
    write(cli, first, second, FLAGGED)
    p = start(cli)
    assert ask(p).headers["x-dd0c-provider"] == "backup"
    cli.run("flags", "set", "new-model", "off", env=NOW)
    p.wait_log("Applied: it only takes away: flags")
    until(lambda: ask(p).headers["x-dd0c-provider"] == "openai", "off at once")
    cli.run("flags", "set", "new-model", "on", env=NOW)
    p.wait_log("Blocked by strict mode: flags")
    assert ask(p).headers["x-dd0c-provider"] == "openai"


def test_a_flag_whose_path_fails_turns_itself_off_everywhere_R10_1(cli):
    first, second = Upstream(), failing()
    flags(cli, "new-model: {rollout: 50, owner: ada, created: TODAY, ttl: 7d}\n")
    write(cli, first, second, FLAGGED + "breaker: {min_requests: 100000}\n")
    p, beside = start(cli), start(cli)
    client = Client(p.port)
    statuses = [client.ask("POST", "/v1/chat/completions", ASK, {"X-DD0C-User": f"user-{i}"}).status for i in range(520)]
    bad = time.monotonic()
    assert 200 < statuses.count(503) < 320, statuses.count(503)
    p.wait_log(r'flag "new-model" turned itself off: 100.0% of its requests fail, 0.0% beside it')
    beside.wait_log('flag "new-model" was turned off by another proxy')
    assert time.monotonic() - bad < 30
    assert all(ask(q, X_DD0C_User=f"user-{i}").status == 200 for q in (p, beside) for i in range(20))
    assert "fail" in audit(cli, "flag.trip")[0]["tripped"]
    assert json.loads(cli.run("flags", "--format", "json", env=NOW).out)["flags"][0]["state"] == "tripped"
    cli.run("flags", "reset", "new-model", env=NOW)
    p.wait_log('flag "new-model" was reset')
    assert 503 in {ask(p, X_DD0C_User=f"user-{i}").status for i in range(20)}


def test_panic_by_the_configuration_begins_and_ends_whatever_the_mode_R10_5(cli):
    first, second = Upstream(), Upstream()
    policy(cli, governance_mode="strict")
    write(cli, first, second, "panic: {mode: off, provider: backup}\n")
    p = start(cli)
    assert ask(p).headers["x-dd0c-provider"] == "openai"
    write(cli, first, second, "panic: {mode: on, provider: backup}\n" + TO_BACKUP.replace("backup/", "openai/"))
    until(lambda: ask(p).headers.get("x-dd0c-panic") == "active", "panic waits for nobody")
    assert ask(p).headers["x-dd0c-provider"] == "backup"
    write(cli, first, second, "panic: {mode: off, provider: backup}\n")
    until(lambda: "x-dd0c-panic" not in ask(p).headers, "and neither does its end")
    assert ask(p).headers["x-dd0c-provider"] == "openai"


def test_a_price_table_waits_too_and_a_secret_does_not_R10_5(cli):
    first, second = Upstream(), Upstream()
    policy(cli, governance_mode="strict")
    cli.run("secrets", "set", "first", stdin="sk-one", env=NOW)
    cli.write("dd0c.yaml", f'providers:\n  openai: {{base_url: "{first.url}/v1", api_key: "secret:first"}}\ngovernance: {{file: policy.json}}\n')
    p = start(cli)
    assert ask(p).status == 200 and first.requests[-1].headers["authorization"] == "Bearer sk-one"
    prices = Upstream(lambda r, c: c.json({"data": [{"id": "openai/gpt-4o", "context_length": 128000, "pricing": {"prompt": "0.000002", "completion": "0.00001"}}]}))
    cli.run("prices", "update", "--quiet", "--url", prices.url + "/list")
    p.wait_log("Blocked by strict mode: prices, change")
    cli.run("secrets", "set", "first", stdin="sk-two", env=NOW)
    p.wait_log("a secret was set anew")
    until(lambda: ask(p).status == 200 and first.requests[-1].headers["authorization"] == "Bearer sk-two", "the new secret is used")
    assert len(json.loads(cli.run("policy", "show", "--format", "json", env=NOW).out)["waiting"]) == 1
