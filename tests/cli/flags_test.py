"""dd0c flags: what may be written, what is shown, what is changed in its place, what fails in CI (R10.1)."""
import json
import sqlite3

# The tests' day is 2026-11-20.
OURS = """# our flags
cheap-chat: {on: true, rollout: 10, owner: ada, created: 2026-11-20, ttl: 7d, doc: cheap models for chat}   # one line
new-rules:
  # a block
  rollout: 25%
  owner: bob
  created: 2026-11-10
  ttl: 2w
"""
FLAGD = {"$schema": "https://flagd.dev/schema/v0/flags.json", "metadata": {"owner": "ada", "team": "core"}, "flags": {
    "half": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off",
             "targeting": {"fractional": [{"var": "session"}, ["on", 1], ["off", 1]]}, "metadata": {"created": "2026-11-19", "ttl": "48h"}},
    "all": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on", "metadata": {"created": "2026-11-20", "ttl": 14}},
    "none": {"state": "DISABLED", "variants": {"yes": True, "no": False}, "defaultVariant": "yes", "metadata": {"owner": "bob", "created": "2026-11-20", "ttl": "1w"}}}}


def listed(cli, *args, **kw):
    return {f["name"]: f for f in json.loads(cli.run("flags", "--format", "json", *args, **kw).out)["flags"]}


def test_both_spellings_R10_1(cli):
    cli.write("flags.yaml", OURS)
    cli.write("dd0c.yaml", "flags: {file: flags.yaml}\n")
    ours = listed(cli)
    assert ours["cheap-chat"] == {"name": "cheap-chat", "state": "on", "on": True, "rollout": 10, "owner": "ada", "created": "2026-11-20", "expires": "2026-11-27",
                                  "doc": "cheap models for chat", "tripped": None, "tripped_at": None}
    assert ours["new-rules"]["rollout"] == 25 and ours["new-rules"]["expires"] == "2026-11-24"
    text = cli.run("flags").out
    assert "cheap-chat on          10% 2026-11-27 ada   cheap models for chat" in text, text
    assert "expires  2026-11-24" in cli.run("flags", "show", "new-rules").out
    cli.write("flags.json", json.dumps(FLAGD, indent=2))
    theirs = listed(cli, "--file", "flags.json")
    assert [(f["rollout"], f["on"], f["owner"], f["expires"]) for f in (theirs["all"], theirs["half"], theirs["none"])] == [
        (100, True, "ada", "2026-12-04"), (50, True, "ada", "2026-11-21"), (100, False, "bob", "2026-11-27")], theirs
    assert listed(cli, env={"DD0C_FLAG_CHEAP_CHAT": "75%", "DD0C_FLAG_NEW_RULES": "off"})["cheap-chat"]["rollout"] == 75
    assert 'did you mean "cheap-chat"' in cli.run("flags", "show", "cheap-chta", status=3).err.lower()


def test_what_may_not_be_written_R10_1(cli):
    good = "owner: ada, created: 2026-11-20, ttl: 7d"
    for text, why in (
            ("a: {on: true, created: 2026-11-20, ttl: 7d}", 'line 1: flag "a": owner is missing'),
            (f"a: {{{good}}}\nb: {{owner: x, created: 2026-11-20}}", 'line 2: flag "b": ttl is missing'),
            ("a: {owner: x, ttl: 7d}", "created is missing"),
            ("a: {owner: x, created: 2026-11-20, ttl: 15d}", "ttl is more than 14 days"),
            ("a: {owner: x, created: 2026-11-20, ttl: 3w}", "ttl is more than 14 days"),
            ("a: {owner: x, created: soon, ttl: 3d}", "created is a day"),
            (f"a: {{rollout: 101, {good}}}", "rollout is a share of 0 to 100"),
            (f"a: {{rolout: 10, {good}}}", 'unrecognized key "rolout"'),
            (f"a: {{on: maybe, {good}}}", "on is true or false"),
            ("a: true", "are needed"),
            ("- a", "names of flags are needed"),
            ('{"flags": {"a": {"state": "ENABLED", "variants": {"x": "red"}}}}', "true or false"),
            ('{"flags": {"a": {"state": "ON", "variants": {"x": true}}}}', "ENABLED or DISABLED"),
            ('{"flags": {"a": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": []}}}}', "fractional"),
            ('{"flags": {"a": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "off"}}}', "defaultVariant")):
        cli.write("flags.yaml", text)
        p = cli.run("flags", "check", "--file", "flags.yaml", status=None)
        assert p.returncode in (2, 3) and why in p.err, (text, p.err)
    cli.write("flags.yaml", "a: {on: true, created: 2026-11-20, ttl: 7d}")
    cli.write("dd0c.yaml", "flags: {file: flags.yaml}\n")
    assert "owner is missing" in cli.run("config", "check", status=None).err


def test_check_fails_for_an_expired_flag_at_full_rollout_R10_1(cli):
    cli.write("flags.yaml", "fresh: {owner: a, created: 2026-11-19, ttl: 1d}\nold: {owner: a, created: 2026-11-01, ttl: 14d}\n"
                            "part: {owner: a, created: 2026-11-01, ttl: 14d, rollout: 99}\noff: {on: false, owner: a, created: 2026-11-01, ttl: 14d}\n")
    p = cli.run("flags", "check", "--file", "flags.yaml", status=1)
    assert p.out == "Expired flag at full rollout: old\n" and 'flag "part" of a has expired' in p.err, (p.out, p.err)
    cli.write("flags.yaml", "fresh: {owner: a, created: 2026-11-19, ttl: 1d}\n")
    assert cli.run("flags", "check", "--file", "flags.yaml").out == ""
    assert cli.run("flags", "check").out == ""


def test_set_changes_one_flag_and_nothing_else_R10_1(cli):
    cli.write("flags.yaml", OURS)
    cli.write("dd0c.yaml", "flags: {file: flags.yaml}\n")
    cli.run("flags", "set", "cheap-chat", "rollout", "50%")
    cli.run("flags", "set", "new-rules", "off")
    text = (cli.dir / "flags.yaml").read_text()
    assert text == OURS.replace("rollout: 10", "rollout: 50").replace("new-rules:\n", "new-rules:\n  on: false\n"), text
    cli.run("flags", "set", "new-rules", "rollout", "30")
    assert listed(cli)["new-rules"]["rollout"] == 30 and not listed(cli)["new-rules"]["on"]
    rows = sqlite3.connect(cli.dir / "state/dd0c/config.db").execute("SELECT action, object, old_value, new_value FROM audit_log ORDER BY id").fetchall()
    assert rows[0] == ("flag.set", "cheap-chat", '{"on":true,"rollout":10}', '{"on":true,"rollout":50}') and len(rows) == 3, rows
    cli.write("flags.json", json.dumps(FLAGD))
    cli.run("flags", "set", "all", "rollout", "5", "--file", "flags.json")
    cli.run("flags", "set", "none", "on", "--file", "flags.json")
    got = json.loads((cli.dir / "flags.json").read_text())
    want = json.loads(json.dumps(FLAGD))
    want["flags"]["all"]["targeting"] = {"fractional": [["on", 5], ["off", 95]]}
    want["flags"]["none"]["state"] = "ENABLED"
    assert got == want, got
    assert "takes a flag" in cli.run("flags", "set", "all", "rollout", "500", "--file", "flags.json", status=2).err


def test_reset(cli):
    cli.write("flags.yaml", OURS)
    cli.write("state/dd0c/flags-tripped.json", '{"tripped": {"cheap-chat": {"at": 1795132700, "why": "P99 900 ms, 300 ms beside it"}}}')
    assert listed(cli, "--file", "flags.yaml")["cheap-chat"]["state"] == "tripped"
    assert "P99 900 ms" in cli.run("flags", "--file", "flags.yaml").out
    assert "counts again" in cli.run("flags", "reset", "cheap-chat", "--file", "flags.yaml").out
    assert listed(cli, "--file", "flags.yaml")["cheap-chat"]["state"] == "on"
    assert "had not" in cli.run("flags", "reset", "cheap-chat", "--file", "flags.yaml").out
