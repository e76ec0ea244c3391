"""dd0c tail over a database that is filled by hand: the columns are those of store/migrations/telemetry."""
import csv
import decimal
import glob
import io
import json
import os
import pathlib
import re
import select
import signal
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EPOCH_MS = 1577836800000


def make(cli, folder="state/dd0c"):
    folder = cli.dir / folder
    folder.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(folder / "telemetry.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, readable_from INTEGER NOT NULL, applied_ms INTEGER NOT NULL)")
    for path in sorted(glob.glob(str(ROOT / "store/migrations/telemetry/*.sql"))):
        db.executescript(pathlib.Path(path).read_text())
        db.execute("INSERT INTO schema_migrations VALUES (?, ?, 1, 0)", (int(os.path.basename(path)[:4]), path))
    return db


def add(db, n, batch=None, **columns):
    time_ms = 1795132800000 + n * 1000
    row = {"id": (time_ms - EPOCH_MS) << 21, "batch": batch or time_ms, "time_ms": time_ms, "status": 200, "input_tokens": n, "used_model": "gpt-4o-mini",
           "provider": "openai", **columns}
    db.execute(f"INSERT INTO events ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def bring(cli, n, batch):
    """A whole database with one event, in one step: who opens a file that is being made would make it, too."""
    db = make(cli, "aside")
    add(db, n, batch=batch)
    db.close()
    (cli.dir / "state/dd0c").mkdir(parents=True, exist_ok=True)
    os.rename(cli.dir / "aside/telemetry.db", cli.dir / "state/dd0c/telemetry.db")


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_newest_oldest_first(cli):
    db = make(cli)
    for n in range(1, 31):
        add(db, n, feature="search" if n % 2 else None, cost_actual=1500000 * n)
    got = lines(cli.run("tail", "--format", "json", "--limit", 3).out)
    assert [e["usage"]["input"] for e in got] == [28, 29, 30], got
    assert got[0]["feature"] is None and got[1]["feature"] == "search"
    assert got[2]["time"] == "2026-11-20T00:00:30.000Z", got[2]["time"]
    assert re.fullmatch(r"req_[0-9a-z]{13}", got[2]["id"])
    assert got[2]["cost_actual"] == 0.000045 and got[2]["cost_saved"] is None
    assert got[2]["attempts"] == [] and got[2]["error"] is None
    assert len(cli.run("tail").out.splitlines()) == 20
    got = lines(cli.run("tail", "--format=json", "--filter", "feature=se*", "--filter", "usage.input<6").out)
    assert [e["usage"]["input"] for e in got] == [1, 3, 5]
    one = lines(cli.run("tail", "--format=json", "--filter", "id=" + got[1]["id"]).out)
    assert len(one) == 1 and one[0]["usage"]["input"] == 3


def test_text_line(cli):
    db = make(cli)
    add(db, 5, feature="a\x1b[31mb\nc", output_tokens=7, total_us=830000, cost_actual=210000000, requested_model="smart", status=429, error=6)
    out = cli.run("tail").out
    assert len(out.splitlines()) == 1 and "\x1b" not in out, "names of clients do not colour the terminal"
    for part in (" 429 ", "openai/gpt-4o-mini for smart", "5>7", "$0.00021", "830 ms", "error=rate_limit", "feature=a"):
        assert part in out, (part, out)


def test_nothing_yet(cli):
    p = cli.run("tail")
    assert p.out == "" and "nothing is recorded in" in p.err
    assert not (cli.dir / "state").exists(), "looking makes nothing"


def test_mistakes(cli):
    p = cli.run("tail", "--filter", "modle=x", status=2)
    assert 'events have no "modle"' in p.err and 'Did you mean "model"?' in p.err
    assert cli.run("tail", "--filter", "nonsense", status=2).err.count("\n") == 2
    assert "2026-11-20T08:00" in cli.run("tail", "--filter", "time>yesterday", status=2).err
    assert "microseconds" in cli.run("tail", "--filter", "latency>long", status=2).err
    p = cli.run("tail", "now", status=2)
    assert 'filter "now": not NAME=VALUE' in p.err and "cost>0.01" in p.err, p.err
    assert 'takes a number or all, not "many"' in cli.run("tail", "-n", "many", status=2).err
    assert 'no time "yesterday"' in cli.run("tail", "--since", "yesterday", status=2).err
    p = cli.run("tail", "--columns", "time,stauts", status=2)
    assert 'events have no column "stauts"' in p.err and 'Did you mean "status"?' in p.err, p.err
    assert "--columns is for text and CSV" in cli.run("tail", "--columns", "time", "--format", "json", status=2).err
    assert "names no column" in cli.run("tail", "--columns", " , ", status=2).err


def test_not_a_database(cli):
    cli.write("state/dd0c/telemetry.db", "this is no database, however long one looks at it: " * 10)
    p = cli.run("tail", status=3)
    assert "file is not a database" in p.err, p.err


def test_words_are_filters(cli):
    """R5.6: dd0c tail 'model=gpt-4o*' 'cost>0.01' status>=400 feature=classify: all must hold, words and --filter alike."""
    db = make(cli)
    for n in range(1, 9):
        add(db, n, used_model="gpt-4o-mini" if n % 2 else "claude", cost_actual=n * 5 * 10 ** 9, status=400 if n > 3 else 200, feature="classify" if n < 8 else "")
    got = lines(cli.run("tail", "--format", "json", "model=gpt-4o*", "cost>0.01", "status>=400", "feature=classify").out)
    assert [e["usage"]["input"] for e in got] == [5, 7], got
    got = lines(cli.run("tail", "--format", "json", "--filter", "cost>0.01", "--", "model=claude", "status=2*").out)
    assert got == [], "4, 6 and 8 were refused, 2 costs 0.01 and not more"


def test_since_and_all(cli):
    db = make(cli)                           # the clock of all tests stands at 2026-11-20T00:00:00Z, the first event is a second later
    for n in range(-7300, 40, 10):
        add(db, n)
    def count(*args): return len(cli.run("tail", "--format", "json", *args).out.splitlines())
    assert count() == 20 and count("--limit", "all") == 734 and count("-n", "0") == 0
    assert count("--since", "2h") == 724, "-7200 to 30"
    assert count("--since", "2h", "--limit", "5") == 5 and count("--since", "60s") == 10
    assert count("--since", "2026-11-20") == count("--since", "2026-11-20T00:00Z") == 4
    assert count("--since", "2026-11-20T00:00:20") == 2 and count("--since", "2019-01-01") == 734
    assert "no request matches" in cli.run("tail", "--since", "2027-01-01").err


def test_columns(cli):
    db = make(cli)
    add(db, 5, feature="search", output_tokens=7, total_us=830000, cost_actual=210000000, cost_saved=-30, requested_model="smart", status=429, error=6, score=250000)
    p = cli.run("tail", "--columns", "id,time_ms,model,status,error,cost,saved,latency,score,stream,team")
    got = p.out.split()
    assert re.fullmatch(r"req_\w{13}", got[0]) and got[1:4] == ["2026-11-20T00:00:05.000Z", "gpt-4o-mini", "429"], got
    assert got[4:] == ["rate_limit", "$0.00021", "-$0.00000000003", "830", "ms", "0.25", "no", "-"], got
    head, row, *_ = cli.terminal(100, "tail", "--columns", "time,models,route,cost_actual")
    assert head.split() == ["TIME", "MODELS", "ROUTE", "COST_ACTUAL"] and "openai/gpt-4o-mini for smart" in row and row.endswith("$0.00021"), (head, row)
    out = cli.run("tail", "--columns", "help").out
    for name in ("total_us (latency)", "requested_model", "call_site", "trace_id", "labels"):
        assert name in out, out


def test_csv(cli):
    """RFC 4180, exact money, one thing a column; what a client wrote is no formula and turns no line."""
    db = make(cli)
    hostile = ['=cmd()|"x"', "+1", "-1", "@x", 'a,b"c', "two\nlines", "\u202eabc", "a" * 256, "<b>", "tab\there", "\x1b[31m"]
    for n, text in enumerate(hostile, 1):
        add(db, n, feature=text, team=text, cost_actual=n, cost_saved=None, total_us=1500)
    p = cli.run("tail", "--format", "csv", "--limit", "all")
    assert "11 requests" in p.err and "\x1b" not in p.out and "\u202e" not in p.out
    rows = list(csv.DictReader(io.StringIO(p.out, newline="")))
    assert len(rows) == len(hostile) and all(None not in r and None not in r.values() for r in rows), "as many cells as the head has"
    for n, (row, text) in enumerate(zip(rows, hostile), 1):
        want = ("'" if text[0] in "=+-@" else "") + text.replace("\u202e", "\ufffd").replace("\x1b", "\ufffd")
        assert row["feature"] == row["team"] == want, (row["feature"], want)
        assert decimal.Decimal(row["cost_actual"]) == decimal.Decimal(n) / 10 ** 12 and row["cost_saved"] == "" and row["total_us"] == "1500"
        assert row["time"] == f"2026-11-20T00:00:{n:02}.000Z"
    assert cli.run("tail", "--format", "csv", "feature=nobody").out.count("\n") == 1, "the head alone"
    out = cli.run("tail", "--format", "csv", "--columns", "models,tokens,error", "--limit", "1").out
    assert out.splitlines()[0] == ("provider,requested_model,used_model,input_tokens,cache_read_tokens,cache_write_tokens,cache_write_1h_tokens,"
                                   "output_tokens,error"), out
    rows = list(csv.DictReader(io.StringIO(cli.run("tail", "--format", "csv", "--columns", "all").out, newline="")))
    assert len(rows[0]) > 50 and rows[0]["retries"] == ""


def test_totals(cli):
    db = make(cli)
    for n in range(1, 101):
        add(db, n, output_tokens=2, total_us=n * 1000, cost_actual=n * 10 ** 10 if n > 10 else None, cost_saved=10 ** 10 if n > 50 else None,
            status=503 if n % 25 == 0 else 200)
    p = cli.run("tail", "--limit", "all")
    # (11 + ... + 100) cents are 49.95 USD; 50 times a cent; 1 + ... + 100 tokens
    assert p.err == "dd0c tail: 100 requests \u00b7 4 errors \u00b7 $49.95 \u00b7 saved $0.50 \u00b7 10 not priced \u00b7 5,050 tokens in, 200 out \u00b7 p50 50 ms, p95 95 ms\n", p.err
    assert len(p.out.splitlines()) == 100 and cli.run("tail", "--quiet").err == ""
    assert cli.run("tail", "--format", "json").err.startswith("dd0c tail: 20 requests")
    assert "no request matches" in cli.run("tail", "team=nobody").err


def test_colours_by_role(cli):
    db = make(cli)
    add(db, 1, status=503, error=10, cost_actual=10 ** 9, cost_saved=10 ** 9, total_us=1)
    cli.env["TERM"] = "xterm-256color"
    lines = cli.terminal(120, "tail")
    assert "\x1b[0;38;5;167m503" in lines[1] and "\x1b[0;1;38;5;35m$0.001" in lines[1] and "38;5;167merror=" in lines[1], lines[1]
    assert "\x1b" not in cli.run("tail").out, "a pipe is plain"
    cli.env["NO_COLOR"] = "1"
    assert "\x1b" not in "".join(cli.terminal(120, "tail"))
    assert "\x1b[0;38;5;167m503" in cli.run("tail", "--color", "always").out
    assert cli.run("tail", "--color", "always", "--ascii").out.isascii()


class Follower:
    def __init__(self, cli, *args):
        self.p = subprocess.Popen([cli.program, "tail", "-f", "--format", "json", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=cli.env, cwd=cli.dir)
        self.rest = b""

    def line(self, timeout=20):
        until = time.monotonic() + timeout
        while b"\n" not in self.rest:
            ready = select.select([self.p.stdout], [], [], max(0, until - time.monotonic()))[0]
            if not ready:
                raise AssertionError("no line came")
            self.rest += os.read(self.p.stdout.fileno(), 65536)
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def close(self):
        self.p.kill()
        self.p.communicate()


def test_follow(cli):
    db = make(cli)
    add(db, 1)
    f = Follower(cli, "--limit", "1", "--filter", "status=200")
    try:
        assert f.line()["usage"]["input"] == 1
        add(db, 3, batch=1795132809000)
        start = time.monotonic()
        assert f.line()["usage"]["input"] == 3
        took = time.monotonic() - start
        assert took < 5, took  # 50 ms and a bit; a test machine may be busy
        add(db, 4, batch=1795132810000, status=500)
        add(db, 2, batch=1795132811000)  # it began before the others and ended after them
        assert f.line()["usage"]["input"] == 2
        for name in glob.glob(str(cli.dir / "state/dd0c/telemetry.db*")):
            os.unlink(name)
        db.close()
        bring(cli, 9, 1795132820000)
        assert f.line()["usage"]["input"] == 9, "another file of that name is followed"
    finally:
        f.close()


def test_interrupting_tells_the_totals(cli):
    """Ctrl-C is the way to end it: status 0, and what it came to on standard error, not among the objects."""
    db = make(cli)
    add(db, 1, cost_actual=10 ** 12)
    f = Follower(cli)
    f.line()
    add(db, 2, batch=1795132809000, cost_actual=2 * 10 ** 12, status=500)
    f.line()
    f.p.send_signal(signal.SIGINT)
    out, err = f.p.communicate(timeout=20)
    assert f.p.returncode == 0 and out == b"", (f.p.returncode, out)
    assert err.decode().startswith("dd0c tail: 2 requests \u00b7 1 error \u00b7 $3.00"), err


def test_rotation_loses_nothing(cli):
    """Moved away while it is written, gone for a while, replaced by what is no database yet, then there again: each event once."""
    db = make(cli)
    add(db, 1)
    f = Follower(cli)
    folder = cli.dir / "state/dd0c"
    try:
        assert f.line()["usage"]["input"] == 1
        os.kill(f.p.pid, signal.SIGSTOP)
        add(db, 2, batch=1795132809000)      # written and rotated between two looks
        for name in glob.glob(str(folder / "telemetry.db*")):
            os.rename(name, name.replace("telemetry.db", "old.db"))
        os.kill(f.p.pid, signal.SIGCONT)
        assert f.line()["usage"]["input"] == 2, "what was written before it was moved"
        cli.write("state/dd0c/telemetry.db", "half a copy of a database")
        assert "still trying" in f.p.stderr.readline().decode()
        (folder / "telemetry.db").unlink()
        bring(cli, 3, 1795132819000)
        assert f.line()["usage"]["input"] == 3
    finally:
        f.close()


def test_a_screen_that_is_interrupted(cli):
    """In a terminal the totals stand below the lines."""
    db = make(cli)
    add(db, 1, cost_actual=10 ** 12, total_us=5000)
    main, side = os.openpty()
    p = subprocess.Popen([cli.program, "tail", "-f"], stdin=subprocess.DEVNULL, stdout=side, stderr=subprocess.PIPE, env={**cli.env, "COLUMNS": "80"}, cwd=cli.dir)
    os.close(side)
    got = b""
    while b"$1.00" not in got:
        assert select.select([main], [], [], 20)[0], got
        got += os.read(main, 65536)
    p.send_signal(signal.SIGINT)
    assert p.wait(20) == 0 and p.stderr.read() == b""
    while select.select([main], [], [], 0)[0]:
        try:
            got += os.read(main, 65536)
        except OSError:
            break
    os.close(main)
    p.stderr.close()
    lines = got.decode().replace("\r\n", "\n").splitlines()
    assert lines[-1] == "1 request \u00b7 $1.00 \u00b7 1 tokens in, 0 out \u00b7 p50 5.0 ms, p95 5.0 ms" and set(lines[-2]) == {"\u2500"}, lines


def test_follow_before_there_is_anything(cli):
    f = Follower(cli)
    try:
        assert b"nothing is recorded" in f.p.stderr.readline()
        bring(cli, 1, 1)
        assert f.line()["usage"]["input"] == 1
    finally:
        f.close()


def test_follow_ends_with_its_reader(cli):
    add(make(cli), 1)
    f = Follower(cli)
    f.line()
    f.p.stdout.close()
    assert f.p.wait(20) == 0
    f.p.stderr.close()


def test_lines_fit_the_terminal(cli):
    db = make(cli)
    add(db, 1, output_tokens=7, total_us=830000, cost_actual=210000000, team="web")
    add(db, 2, used_model="a-model-with-quite-a-long-name-2026-11-20-preview", requested_model="smart", feature="f" * 300, status=503, error=6, cost_actual=None)
    add(db, 3, used_model=None, provider=None, requested_model=None, endpoint="models", input_tokens=None)
    for columns in (40, 80, 120, 200):
        lines = cli.terminal(columns, "tail")
        assert lines[4] == "\u2500" * columns and all(len(line) <= columns for line in lines), (columns, lines)
        assert lines[5].startswith("3 requests \u00b7 1 error"), lines
        lines = lines[:4]
        if columns >= 80:
            assert lines[0].split() == ["TIME", "MODEL", "IN>OUT", "COST"] + ["SAVED"] * (columns >= 100) + ["TOOK"]
            assert lines[1].index("$0.00021") == lines[0].index("COST") and lines[1].index("1>7") == lines[0].index("IN>OUT"), lines
            assert "team=web" in lines[1] and "\u2026" in lines[2] and "(models)" in lines[3], lines
    assert re.search(r"team=web req_\w{13}$", lines[1]), "a wide one has room for all"
    assert cli.terminal(80, "tail", "--format", "json")[0].startswith("{"), "data has no heading"


def test_a_name_is_not_said_twice(cli):
    db = make(cli)
    add(db, 1, used_model="gpt-4o-mini", requested_model="openai/gpt-4o-mini")
    assert " for " not in cli.run("tail").out
