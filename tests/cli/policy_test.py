"""dd0c policy: what is shown, words on changes, panic without a proxy (R10.5); running proxies are in tests/proxy/panic_test.py."""
import json
import sqlite3
import time

NOW = {"SOURCE_DATE_EPOCH": ""}


def put_checks(cli, **counts):
    """Checks of this week, as a proxy writes them."""
    cli.run("policy", "panic", "off", env=NOW)          # makes the database
    texts = {"alone": "Allowed by audit mode", "approved": "Approved", "blocked": "Blocked by strict mode", "frozen": "Panic mode active — frozen"}
    db = sqlite3.connect(cli.dir / "state/dd0c/config.db")
    for name, n in counts.items():
        mode = "strict" if name == "strict" else "audit"
        for i in range(n):
            value = json.dumps({"result": texts["alone" if name in ("old", "strict") else name], "mode": mode, "what": "rules (routes)"}, ensure_ascii=False)
            at = (time.time() - (8 if name == "old" else 1) * 86400) * 1000
            db.execute("INSERT INTO audit_log (org, time_ms, who, action, object, old_value, new_value) VALUES ('default', ?, 'dd0c', 'governance.check', 'abc', '', ?)",
                       (int(at), value))
    db.commit()
    db.close()


def shown(cli):
    return json.loads(cli.run("policy", "show", "--format", "json", env=NOW).out)


def test_defaults(cli):
    text = cli.run("policy", "show").out
    assert "mode       audit" in text and "panic      off" in text and "not there" in text and "alert" not in text, text
    assert cli.run("policy", "log").out == ""


def test_the_week_s_ratio_and_its_alert_R10_5(cli):
    put_checks(cli, alone=4, approved=1, old=50)
    week = shown(cli)["week"]
    assert week == {"alone": 4, "approved": 1, "blocked": 0, "frozen": 0, "share_alone": 0.8, "alert": False}, week
    put_checks(cli, alone=1, blocked=1, frozen=1)
    week = shown(cli)["week"]
    assert week["alert"] and week["alone"] == 5 and week["blocked"] == 1 and week["frozen"] == 1, week
    assert "alert      more than 80%" in cli.run("policy", "show", env=NOW).out
    cli.write("state/dd0c/policy.json", '{"governance_mode": "strict"}')
    assert not shown(cli)["week"]["alert"], "those were applied in audit mode"
    put_checks(cli, strict=1)
    assert shown(cli)["week"]["alert"]
    assert "Panic mode active — frozen" in cli.run("policy", "log", env=NOW).out


def test_panic_keeps_what_else_is_in_the_file_R10_5(cli):
    cli.write("my/policy.json", '{"governance_mode": "strict", "panic": {"provider": "backup"}, "note": [1, 2]}')
    cli.write("dd0c.yaml", "governance: {file: my/policy.json}\n")
    cli.run("policy", "panic", "on")
    assert json.loads((cli.dir / "my/policy.json").read_text()) == {"governance_mode": "strict", "panic": {"provider": "backup"}, "note": [1, 2], "panic_mode": True}
    text = cli.run("policy", "show").out
    assert "panic      on, provider backup" in text and "mode       strict" in text, text
    cli.write("dd0c.yaml", "governance: {file: my/policy.json}\nnonsense: 1\n")
    p = cli.run("policy", "panic", "on")
    assert "the state folder's policy.json is meant" in p.err and (cli.dir / "state/dd0c/policy.json").exists(), "a broken configuration keeps nobody from panic"
    assert "takes on or off" in cli.run("policy", "panic", "maybe", status=2).err


def test_bad_files_are_named(cli):
    for text, why in (("[]", "an object is needed"), ('{"governance_mode": "loose"}', "governance_mode is strict or audit"), ('{"panic_mode": "yes"}', "panic_mode is true or false"),
                      ("{", "line 1")):
        cli.write("p.json", text)
        assert why in cli.run("policy", "show", "--file", "p.json", status=3).err, why


def test_a_word_on_a_change(cli):
    cli.write("state/dd0c/governance.json", json.dumps({"changes": {"aaaa00000000": {"state": "waits", "what": "rules (routes)", "who": "", "at": 1795132700},
                                                                    "aaab00000000": {"state": "waits", "what": "prices", "who": "", "at": 1795132700}}}))
    assert "more than one" not in cli.run("policy", "approve", "aaa", status=3).err, "four digits at least"
    cli.run("policy", "reject", "aaab")
    assert "change aaaa00000000 is approved: rules (routes)" in cli.run("policy", "approve", "aaaa00000000").out
    kept = json.loads((cli.dir / "state/dd0c/governance.json").read_text())["changes"]
    assert kept["aaaa00000000"]["state"] == "approved" and kept["aaaa00000000"]["who"] and kept["aaab00000000"]["state"] == "rejected"
    assert json.loads(cli.run("policy", "show", "--format", "json").out)["waiting"] == []
    rows = sqlite3.connect(cli.dir / "state/dd0c/config.db").execute("SELECT action, object FROM audit_log ORDER BY id").fetchall()
    assert rows == [("governance.reject", "aaab00000000"), ("governance.approve", "aaaa00000000")], rows
