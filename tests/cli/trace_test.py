"""dd0c trace over a database that is filled by hand: a request, all of a trace, the newest, and what is not there."""
import json
import pathlib
import re

from tail_test import add, make

ROOT  = pathlib.Path(__file__).resolve().parent.parent.parent
TRACE = "0af7651916cd43dd8448eb211c80319c"


def newest(cli):
    return json.loads(cli.run("tail", "--format", "json", "--limit", 1).out)["id"]


def fill(cli, n=1, **more):
    db = make(cli)
    for i in range(1, n + 1):
        add(db, i, trace_id=TRACE, parent_span="b7ad6b7169203331", endpoint="chat.completions", requested_model="gpt-4o", strategy="cheapest", route="cheap",
            rules='["night","large"]', considered='[{"model":"openai/gpt-4o-mini","cost":0.0002,"why":"cheapest"},{"model":"openai/gpt-4o","cost":0.0035,"why":"17x the cost"}]',
            total_us=100000, queue_us=1000, auth_us=200, decide_us=500, cost_actual=210000000, cost_original=3500000000, cost_saved=3290000000, team="web", **more)
    return db


def test_a_request_as_text(cli):
    fill(cli)
    out = cli.run("trace", newest(cli)).out
    assert "\x1b" not in out, "a pipe gets no colour"
    for part in ("200 gpt-4o → openai/gpt-4o-mini · 100 ms · $0.00021 · saved $0.0033 (94%)", "POST /v1/chat/completions", "├ auth", "└ ai_routing_decision",
                 'Rule        cheap', 'Strategy    cheapest: the least expected cost of those that will do', "Not held    night, large", "openai/gpt-4o       $0.0035  17x the cost",
                 "$0.0033 less than gpt-4o: $0.00021 instead of $0.0035", "Team        web", "Trace       " + TRACE, "b7ad6b7169203331, the client's span"):
        assert part in out, (part, out)
    assert cli.run("trace", "last").out == out
    assert cli.run("trace", newest(cli).upper().replace("REQ_", "req_")).out == out, "people copy ids from screens"


def test_all_requests_of_a_trace(cli):
    db = fill(cli, 3)
    add(db, 9, trace_id="f" * 32)
    for word in (TRACE, TRACE.upper(), f"00-{TRACE}-b7ad6b7169203331-01"):
        got = json.loads(cli.run("trace", word, "--format", "json").out)
        assert got["schema"] == "dd0c.trace/1" and [r["request"]["usage"]["input"] for r in got["requests"]] == [1, 2, 3], word
    assert all(r["trace_id"] == TRACE and r["spans"][0]["parent"] == "b7ad6b7169203331" for r in got["requests"])
    assert cli.run("trace", TRACE).out.count("POST /v1/chat/completions") == 3


def test_a_trace_that_began_here_is_found_by_its_time(cli):
    db  = make(cli)
    own = f"{1795132800 + 5:08x}" + "ab" * 12
    for n in (1, 5, 6, 3605, 4000):
        add(db, n, trace_id=own if n >= 5 else "f" * 32)
    got = json.loads(cli.run("trace", own, "--format", "json").out)
    assert [r["request"]["usage"]["input"] for r in got["requests"]] == [5, 6], "seconds are looked at: its first request alone has no parent"
    add(db, 7200, trace_id=own, parent_span="b7ad6b7169203331")
    got = json.loads(cli.run("trace", own, "--format", "json").out)
    assert [r["request"]["usage"]["input"] for r in got["requests"]] == [5, 6, 7200], "and what it called later through us, by the index"
    assert cli.run("trace", own[:-1] + "0", status=3).err.count("none is recorded") == 1


def test_a_client_s_trace_is_found_by_its_index(cli):
    """Or, where an older program made the database, among the newest requests."""
    db = fill(cli, 3)
    db.execute("BEGIN")
    for n in range(10, 3010):
        add(db, n, **({"trace_id": f"{n:032x}"} if n % 2 else {}))
    db.execute("COMMIT")

    def found():
        return [r["request"]["usage"]["input"] for r in json.loads(cli.run("trace", TRACE, "--format", "json").out)["requests"]]
    assert found() == [1, 2, 3]
    db.execute("DROP INDEX events_client_trace")
    assert found() == [1, 2, 3]


def test_what_is_not_there(cli):
    assert "nothing is recorded" in cli.run("trace", "last", status=3).err
    assert not (cli.dir / "state").exists(), "looking makes nothing"
    fill(cli)
    there = newest(cli)
    typo  = there[:-1] + ("0" if there[-1] != "0" else "1")
    err   = cli.run("trace", typo, status=3).err
    assert f'request "{typo}": none is recorded' in err and f'Did you mean "{there}"?' in err
    err = cli.run("trace", "req_00000zzzzzzzz", status=3).err
    assert "days old" in err and "telemetry.retention" in err, err
    assert "traceparent" in cli.run("trace", "f" * 32, status=3).err
    for word in ("yesterday", "req_", TRACE[:-1], TRACE[:-1] + "x", ""):
        err = cli.run("trace", word, status=2).err
        assert "is no id" in err and "x-dd0c-request-id" in err, (word, err)
    assert "dd0c trace last" in cli.run("trace", status=2).err
    assert 'unexpected word "two"' in cli.run("trace", "last", "two", status=2).err
    assert cli.run("trace", typo, "--format", "json", status=3).out == "", "no half of a document"


def test_columns_and_colours(cli):
    fill(cli)
    for columns in (30, 60, 80, 120, 200):
        lines = cli.terminal(columns, "trace", "last")
        assert all(len(line) <= columns for line in lines), (columns, lines)
        assert any("ai_routing" in line for line in lines), columns
    assert all(len(line) <= 50 for line in cli.run("trace", "last", "--width", 50).out.splitlines())
    ascii_only = cli.run("trace", "last", "--ascii").out
    assert ascii_only.isascii() and "#" in ascii_only and "gpt-4o -> openai" in ascii_only
    coloured = cli.run("trace", "last", "--color", "always", env={"NO_COLOR": ""}).out
    assert re.search("\x1b\\[0;1;32m200", coloured), "a good status in the role of what is good"
    assert "\x1b" not in cli.run("trace", "last", "--color", "auto", env={"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}).out


def test_old_records_and_hostile_words(cli):
    db = make(cli)
    add(db, 1, team="a\x1b[31mb\nc", feature="\u202e", considered="{", rules="[1,", route="x", strategy="y\tz", total_us=None)
    out = cli.run("trace", "last").out
    assert "\x1b" not in out and "\u202e" not in out
    add(db, 2, total_us=None)
    t = json.loads(cli.run("trace", "last", "--format", "json").out)["requests"][0]
    assert t["spans"][0]["duration_us"] is None and re.fullmatch("[0-9a-f]{32}", t["trace_id"])


def test_the_picture_in_the_guide_is_what_is_printed(cli):
    golden = (ROOT / "tests/golden/report/trace-fallback-80.txt").read_text().strip("\n")   # which the unit tests compare
    assert golden in (ROOT / "docs/traces.md").read_text()
