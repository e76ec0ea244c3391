"""dd0c tail over a database that is filled by hand: the columns are those of store/migrations/telemetry."""
import glob
import json
import os
import pathlib
import re
import select
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EPOCH_MS = 1577836800000


def make(cli):
    folder = cli.dir / "state" / "dd0c"
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
    for part in (" 429 ", "openai/gpt-4o-mini for smart", "5>7", "$0.00021", "830.0 ms", "error=rate_limit", "feature=a"):
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
    assert 'unexpected word "now"' in cli.run("tail", "now", status=2).err


def test_not_a_database(cli):
    cli.write("state/dd0c/telemetry.db", "this is no database, however long one looks at it: " * 10)
    p = cli.run("tail", status=3)
    assert "file is not a database" in p.err, p.err


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
        db = make(cli)
        add(db, 9, batch=1795132820000)
        assert f.line()["usage"]["input"] == 9, "another file of that name is followed"
    finally:
        f.close()


def test_follow_before_there_is_anything(cli):
    f = Follower(cli)
    try:
        assert b"nothing is recorded" in f.p.stderr.readline()
        add(make(cli), 1)
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
        assert len(lines) == 4 and all(len(line) <= columns for line in lines), (columns, lines)
        if columns >= 80:
            assert lines[0].split() == ["TIME", "MODEL", "IN>OUT", "COST", "TOOK"]
            assert lines[1].index("$0.00021") == lines[0].index("COST") and lines[1].index("1>7") == lines[0].index("IN>OUT"), lines
            assert "team=web" in lines[1] and "\u2026" in lines[2] and "(models)" in lines[3], lines
    assert re.search(r"team=web req_\w{13}$", lines[1]), "a wide one has room for all"
    assert cli.terminal(80, "tail", "--format", "json")[0].startswith("{"), "data has no heading"


def test_a_name_is_not_said_twice(cli):
    db = make(cli)
    add(db, 1, used_model="gpt-4o-mini", requested_model="openai/gpt-4o-mini")
    assert " for " not in cli.run("tail").out
