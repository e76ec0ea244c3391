"""dd0c top in a terminal of its own: screens, keys, sizes, signals, and what it does where there is no terminal."""
import codecs
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

from support import CHAT, Client, Upstream, config, events

PATIENCE = 30


# Leads the session in which a program runs, and outlives it: when a leader ends, the kernel throws away what of the terminal's output nobody has read
# yet. Tells the program's id and, when it has ended, its status; ends when it is let go.
LEADER = """
import fcntl, os, signal, sys, termios
tells, waits = int(sys.argv[1]), int(sys.argv[2])
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
pid = os.fork()
if pid == 0:
    os.close(tells)
    os.close(waits)
    os.execvp(sys.argv[3], sys.argv[3:])
os.close(2)
os.write(tells, b"%d\\n" % pid)
os.write(tells, b"%d\\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
os.read(waits, 1)
"""


class Screen:
    """What a terminal shows: the few control sequences that ncurses sends to an xterm, and no more."""

    def __init__(self, width, height):
        self.w, self.h = width, height
        self.cells = [[" "] * width for _ in range(height)]
        self.x = self.y = 0
        self.last, self.rest = " ", ""
        self.alternate, self.unknown = False, []
        self.top, self.bottom = 0, height

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def resize(self, width, height):
        self.cells = [(row + [" "] * width)[:width] for row in (self.cells + [[] for _ in range(height)])[:height]]
        self.w, self.h, self.x, self.y = width, height, 0, 0
        self.top, self.bottom = 0, height

    def feed(self, data):
        data = self.rest + data
        at = 0
        pattern = re.compile(r"\x1b\[([?>]?)([0-9;]*)([@-~])|\x1b[()][AB0]|\x1b[=>78M]|\x1b\][^\x07]*\x07|[\x00-\x1a\x1c-\x1f]|[^\x00-\x1f]")
        while at < len(data):
            m = pattern.match(data, at)
            if not m:                        # the end of a sequence is yet to come: an ESC alone is none
                if len(data) - at > 64:
                    self.unknown.append(data[at:at + 20])
                    at += 1
                    continue
                break
            at = m.end()
            if m[3]:
                self.control(m[1], [int(n or 0) for n in m[2].split(";")], m[3])
            elif m[0] >= " ":
                self.put(m[0])
            elif m[0] == "\r":
                self.x = 0
            elif m[0] == "\n" and self.y == self.bottom - 1:
                self.scroll("S")
            elif m[0] == "\n":
                self.y = min(self.y + 1, self.h - 1)
            elif m[0] == "\b":
                self.x = max(self.x - 1, 0)
        self.rest = data[at:]

    def scroll(self, what):
        at = self.y if what in "LM" else self.top
        if what in "SM":
            del self.cells[at]
            self.cells.insert(self.bottom - 1, [" "] * self.w)
        else:
            del self.cells[self.bottom - 1]
            self.cells.insert(at, [" "] * self.w)

    def put(self, char):
        if self.x < self.w:
            self.cells[self.y][self.x] = char
        self.x += 1
        self.last = char

    def control(self, kind, n, what):
        one = n[0] or 1
        row = self.cells[self.y]
        if kind:
            if n[0] == 1049:
                self.alternate = what == "h"
        elif what == "H":
            self.y, self.x = min(one, self.h) - 1, min((n[1] if len(n) > 1 else 1) or 1, self.w) - 1
        elif what == "d":
            self.y = min(one, self.h) - 1
        elif what == "G":
            self.x = min(one, self.w) - 1
        elif what in "ABCD":
            dx, dy = {"A": (0, -1), "B": (0, 1), "C": (1, 0), "D": (-1, 0)}[what]
            self.x, self.y = max(0, min(self.x + dx * one, self.w - 1)), max(0, min(self.y + dy * one, self.h - 1))
        elif what == "K":
            a, b = {0: (self.x, self.w), 1: (0, self.x + 1), 2: (0, self.w)}[n[0]]
            row[a:b] = [" "] * (b - a)
        elif what == "J":
            if n[0] == 0:
                row[self.x:] = [" "] * (self.w - self.x)
            for y in range(0 if n[0] else self.y + 1, self.h):
                self.cells[y] = [" "] * self.w
        elif what == "X":
            row[self.x:self.x + one] = [" "] * len(row[self.x:self.x + one])
        elif what == "b":
            for _ in range(one):
                self.put(self.last)
        elif what == "@":
            row[self.x:] = ([" "] * one + row[self.x:])[:self.w - self.x]
        elif what == "P":
            row[self.x:] = row[self.x + one:] + [" "] * min(one, self.w - self.x)
        elif what == "r":
            self.top, self.bottom = one - 1, (n[1] if len(n) > 1 and n[1] else self.h)
            self.x = self.y = 0
        elif what in "STLM":
            for _ in range(one):
                self.scroll(what)
        elif what not in "mhltc":
            self.unknown.append(what)


class Top:
    """dd0c top with a terminal of so many cells, and someone at its keys."""

    def __init__(self, cli, *args, width=80, height=24, env=None, under=()):
        self.screen, self.changed, self.raw = Screen(width, height), threading.Condition(), b""
        main, side = pty.openpty()
        self.fd = main
        self.size(width, height)
        base = {k: v for k, v in cli.env.items() if k != "SOURCE_DATE_EPOCH"}
        self.before = termios.tcgetattr(side)
        told, tells = os.pipe()
        waits, self.hold = os.pipe()
        command = [*under, cli.program, "top", "--interval", "100ms", *args]
        self.process = subprocess.Popen([sys.executable, "-ISc", LEADER, str(tells), str(waits), *map(str, command)], stdin=side, stdout=side,
                                        stderr=subprocess.PIPE, cwd=cli.dir, env={**base, "TERM": "xterm-256color", **(env or {})},
                                        start_new_session=True, pass_fds=(tells, waits))
        os.close(tells)
        os.close(waits)
        self.side, self.told, self.status = side, open(told, "rb", buffering=0), None
        self.pid = int(self.told.readline())
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        cli.servers.append(self)

    def read(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")   # a program that is killed ends in the middle of a character
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            with self.changed:
                self.raw += data
                self.screen.feed(decoder.decode(data))
                self.changed.notify_all()

    def size(self, width, height):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width, height):
        with self.changed:
            self.screen.resize(width, height)
        self.size(width, height)

    def keys(self, text):
        os.write(self.fd, text.encode())

    def wait(self, *parts, gone=(), seconds=PATIENCE):
        """Until all of these are seen, and none of those."""
        def there():
            text = self.screen.text()
            return all(re.search(p, text) for p in parts) and not any(re.search(p, text) for p in gone)
        with self.changed:
            if not self.changed.wait_for(there, seconds):
                raise AssertionError(f"never seen: {parts}, or still there: {gone}, in\n{self.screen.text()}\n{self.err()}")
            assert not self.screen.unknown, self.screen.unknown
            return self.screen.text()

    def err(self):
        return self.process.stderr.read().decode() if self.status is not None else ""

    def send(self, number):
        os.kill(self.pid, number)

    def left(self, seconds=PATIENCE):
        """Its exit status, once it has ended."""
        if self.status is None:
            assert select.select([self.told], [], [], seconds)[0], f"it does not end:\n{self.screen.text()}"
            self.status = int(self.told.readline())
        return self.status

    def ends(self, seconds=PATIENCE):
        status = self.left(seconds)
        with self.changed:
            self.changed.wait_for(lambda: not self.screen.alternate, seconds)
        assert not self.screen.alternate, f"the terminal's own screen is back: {status}, {self.raw[-600:]}"
        after = termios.tcgetattr(self.side)
        assert after[3] == self.before[3] and after[0] == self.before[0], "keys are echoed again"
        assert b"\x1b[?25h" in self.raw[-400:] or b"\x1b[?12l\x1b[?25h" in self.raw, "the cursor is back"
        return status

    def stop(self, signum=signal.SIGKILL, seconds=10):
        if self.side >= 0:
            if self.status is None:
                self.send(signum)
            self.left(seconds)
            os.close(self.hold)
            self.process.wait(seconds)
            self.told.close()
            self.process.stderr.close()
            os.close(self.side)              # nobody has that end any more: the reader ends, and only then its descriptor is free
            self.side = -1
            self.reader.join(10)
            os.close(self.fd)


def traffic(cli, n=12):
    """A proxy with requests of three teams: gpt-4o-mini at 0.00021 USD each, two thirds of them by search, and a model whose price nobody knows."""
    up = Upstream(lambda r, c: c.json(CHAT) if r.json["model"] != "broken" else c.json({"error": {"message": "no"}}, 500))
    config(cli, up)
    proxy = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")
    client = Client(proxy.port)
    for i in range(n):
        client.ask("POST", "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "swordfish"}]},
                   {"x-dd0c-team": ["search", "search", "growth"][i % 3], "x-dd0c-feature": "triage"})
    client.ask("POST", "/v1/chat/completions", {"model": "broken", "messages": []}, {"x-dd0c-team": "lab"})
    events(cli, n + 1)
    return proxy, client


def test_screens_and_keys(cli):
    traffic(cli)
    top = Top(cli)
    text = top.wait(r"You saved .* this week", r"● live", r"search", r"Providers", r"errors 7\.7%")
    assert text.splitlines()[0].startswith(" 1 Overview  2 Spend"), text
    top.keys("2")
    text = top.wait(r"by \[team\]", r"▸ search .* 67%", r"growth .* 33%", r"total", r"lab .* - ")
    assert re.search(r"▸ search .*\$0\.0017", text), "8 of 0.00021 USD"
    top.keys("\x1b[C")
    top.wait(r"\[feature\]", r"▸ triage")
    top.keys("\x1bOD")                      # as an xterm has it whose keypad sends application codes
    top.wait(r"\[team\]", r"▸ search")
    top.keys("j\r")
    top.wait(r"only team growth", r"by  team \[feature\]", r"triage .* 100%")
    top.keys("\x1b")
    top.wait(r"\[team\]", gone=[r"only team"])
    top.keys("/gro")
    top.wait(r"find: gro", r"▸ growth", gone=[r"▸ search", r"  search +▁"])
    top.keys("\r\x1b")
    top.wait(r"search", gone=[r"find:", "names with"])
    top.keys("3")
    top.wait(r"provider, model", r"● openai")
    top.keys("4")
    top.wait(r"No budget is set")
    top.keys("\t")
    top.wait(r"Latest requests", r"500 +broken", r"200 +gpt-4o-mini")
    top.keys("/status>=500\r")
    top.wait(r"only status>=500", r"500 +broken", gone=[r"200 +gpt"])
    top.keys("/x\r")
    top.wait(r"only status>=500x", r'"status>=500x"|500x".*')
    top.keys("/\x15modle=x\r")
    top.wait(r'events have no "modle"\. Did you mean "model"\?')
    top.keys("\x1b")
    top.wait(r"200 +gpt-4o-mini", gone=["only "])
    top.keys("G")
    top.wait(r"▸ .*200 +gpt-4o-mini")
    top.keys("\r")
    text = top.wait(r"req_\w{13} +20\d\d-.* UTC\n 200 ", r"Decision", r"Asked for +gpt-4o-mini", r"Strategy +none: the model that was asked for")
    top.keys("\x1b[6~")
    text += top.wait(r"Request ─", r"Team +", r"Trace +[0-9a-f]{32}")
    assert "swordfish" not in text and b"swordfish" not in top.raw, "no word of a prompt"
    top.keys("\x1b")
    top.wait("Latest requests")
    top.keys("?")
    top.wait(r"this help", r"filter as dd0c tail does")
    top.keys("?pp1")
    top.wait(r" 30d ", r"You saved")
    top.keys("q")
    assert top.ends() == 0


def test_it_follows_and_pauses(cli):
    _, client = traffic(cli, 3)
    top = Top(cli, "--tab", "requests")
    top.wait("newest 4|── 4")
    ask = lambda: client.ask("POST", "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": []}, {"x-dd0c-feature": "fresh"})
    ask()
    top.wait(r"── 5")
    top.keys(" ")
    top.wait("‖ paused")
    ask()
    events(cli, 6)
    top.keys("k")
    assert "── 5" in top.wait("‖ paused")
    top.keys(" ")
    top.wait(r"── 6", "live")
    top.keys("q")
    assert top.ends() == 0


def test_sizes(cli):
    traffic(cli, 3)
    top = Top(cli, width=120, height=40)
    top.wait("dd0c top", "Overhead ─", "Spend by team")
    top.resize(20, 8)
    top.wait("needs 50 x", gone=["Spend by team"])
    top.resize(200, 60)
    text = top.wait("Spend by team", r"\? help  q quit")
    assert max(map(len, text.splitlines())) > 190 and len(text.splitlines()) == 60
    top.resize(80, 24)
    text = top.wait("You saved", "Budgets", r"\? help  q quit")
    assert len(text.splitlines()) == 24
    top.keys("\x0c")
    top.wait("You saved", "Budgets")
    top.keys("q")
    assert top.ends() == 0


def test_the_mouse(cli):
    traffic(cli, 6)
    top = Top(cli)
    top.wait("You saved", "search", "live")
    click = lambda x, y: top.keys(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")
    click(16, 1)
    text = top.wait(r"by \[team\]", "▸ search")
    y = next(i for i, line in enumerate(text.splitlines(), 1) if re.match("   growth", line))
    click(10, y)
    top.wait("▸ growth")
    click(10, y)
    top.wait("only team growth")
    top.keys("q")
    assert top.ends() == 0


def test_signals_give_the_terminal_back(cli):
    traffic(cli, 1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        top = Top(cli)
        top.wait("You saved")
        top.send(number)
        assert top.ends() == (0 if number == signal.SIGINT else -number), number
    top = Top(cli)
    top.wait("You saved")
    top.send(signal.SIGSEGV)
    assert top.ends() == -signal.SIGSEGV
    assert "a fatal error" in top.err()


def test_stopped_and_gone_on(cli):
    traffic(cli, 1)
    shell = ("sh", "-c", 'set -m; "$@"; echo it stopped; read line; fg', "sh")
    top = Top(cli, under=shell)
    top.wait("You saved")
    top.keys("\x1a")
    top.wait("it stopped")
    assert not top.screen.alternate, "the shell's screen is back"
    top.keys("\n")
    with top.changed:
        assert top.changed.wait_for(lambda: top.screen.alternate, PATIENCE), "it is back"
    top.wait("You saved", "Budgets", r"\? help  q quit")
    top.keys("2")
    top.wait(r"by \[team\]")
    top.keys("q")
    top.left()


def test_without_colours_and_in_ascii(cli):
    traffic(cli, 3)
    top = Top(cli, env={"NO_COLOR": "1"})
    top.wait("┌─", "You saved")
    assert b"\x1b[38;5" not in top.raw and b"\x1b[3" not in re.sub(rb"\x1b\[39", b"", top.raw)[:0]
    top.keys("q")
    assert top.ends() == 0
    top = Top(cli, env={"LC_ALL": "C"})
    text = top.wait("You saved", r"\* live")
    assert text.isascii(), text
    top.keys("q")
    assert top.ends() == 0
    top = Top(cli, env={"TERM": "vt100"})
    top.wait("You saved")
    top.keys("q")
    assert top.left() == 0


def test_a_terminal_that_can_only_print(cli):
    traffic(cli, 3)
    top = Top(cli, "--once", env={"TERM": "dumb"})
    top.wait("You saved")
    assert top.left() == 0 and b"\x1b" not in top.raw
    top = Top(cli, env={"TERM": "dumb"})
    top.wait(r"Live: ", r"In 24h: 4 requests, spent \$0\.00063, errors 25%\.", r"Nothing was saved this month\.")
    assert b"\x1b" not in top.raw
    top.stop(signal.SIGTERM)


def test_lines_tell_what_changed(cli):
    proxy, client = traffic(cli, 4)
    env = {k: v for k, v in cli.env.items() if k != "SOURCE_DATE_EPOCH"}
    p = subprocess.Popen([cli.program, "top", "--plain", "--interval", "100ms"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=cli.dir, env=env, text=True)
    try:
        seen = [p.stdout.readline() for _ in range(3)]
        assert seen[0].startswith("Live: ") and seen[1].startswith("In 24h: 5 requests, spent $0.00084, errors 20%."), seen
        proxy.stop()
        lines = []
        while not any("No proxy runs here." in line for line in lines):
            lines.append(p.stdout.readline())
        assert not select.select([p.stdout], [], [], 0.5)[0], "and then it is still"
        p.stdout.close()                     # nobody listens any more
        assert p.wait(PATIENCE) is not None
    finally:
        p.kill()
        p.wait()


def test_once_text_and_json(cli):
    p = cli.run("top")
    assert "Nothing is recorded yet." in p.out and p.err == "" and "\x1b" not in p.out
    assert not (cli.dir / "state").exists(), "looking makes nothing"
    traffic(cli, 3)
    env = {"SOURCE_DATE_EPOCH": str(int(time.time()))}
    out = cli.run("top", "--once", "--tab", "spend", "--by", "model", "--size", "100x20", env=env).out
    assert len(out.splitlines()) == 20 and "gpt-4o-mini" in out and "\x1b" not in out
    j = json.loads(cli.run("top", "--once", "--format", "json", env=env).out)
    assert j["schema"] == "dd0c.top/1" and j["total"]["requests"] == 4 and j["total"]["errors"] == 1, j
    assert abs(j["total"]["cost_usd"] - 3 * 0.00021) < 1e-12 and j["total"]["unpriced"] == 1
    assert {r["name"]: r["now"]["requests"] for r in j["rows"]} == {"search": 2, "growth": 1, "lab": 1}
    assert {r["name"]: r["now"]["cost_usd"] for r in j["rows"]}["lab"] is None, "not known is not 0"
    assert j["live"]["proxies"] == 1 and [p["provider"] for p in j["providers"] if not p["model"]] == ["openai"]


def test_rows_add_up(cli):
    _, client = traffic(cli, 3)
    for i in range(60):
        client.ask("POST", "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": []},
                   {"x-dd0c-team": f"team-{i % 20}", "x-dd0c-feature": f"f{i % 7}", "x-dd0c-call-site": f"app.py:{i % 5}"})
    events(cli, 64)
    env = {"SOURCE_DATE_EPOCH": str(int(time.time()))}
    for by, n in (("team", 23), ("feature", 9), ("model", 2), ("call_site", 6), ("provider", 1), ("key", 1), ("route", 1)):
        for period in ("24h", "7d", "90d"):
            j = json.loads(cli.run("top", "--once", "--format", "json", "--by", by, "--period", period, env=env).out)
            names = [r["value"] for r in j["rows"]]
            assert len(names) == len(set(names)) == n, (by, period, names)
            assert sum(r["now"]["requests"] for r in j["rows"]) == j["total"]["requests"] == 64
            assert abs(sum(r["now"]["cost_usd"] or 0 for r in j["rows"]) - j["total"]["cost_usd"]) < 1e-12


def test_mistakes(cli):
    assert 'unexpected word "now"' in cli.run("top", "now", status=2).err
    assert "goes with --once" in cli.run("top", "--format", "json", status=2).err
    assert "120x40" in cli.run("top", "--once", "--size", "big", status=2).err
    assert "100ms" in cli.run("top", "--once", "--interval", "1ms", status=2).err
    p = cli.run("top", "--once", "--filter", "foo=1", status=2)
    assert 'no "foo"' in p.err and "Did you mean" not in p.err, "no name is near to it"
    (cli.dir / "state").mkdir(exist_ok=True)
    (cli.dir / "state" / "telemetry.db").write_text("no database at all, but a text that is longer than the head of one would be: a hundred bytes and more, to be sure")
    p = cli.run("top", "--once", env={"DD0C_HOME": str(cli.dir / "state")}, status=3)
    assert "You saved" in p.out and "not a database" in p.err, "a script reads the status"


def test_a_proxy_that_hangs_holds_nothing_up(cli):
    traffic(cli, 3)[0].stop()
    folder = cli.dir / "state" / "dd0c" / "run"
    folder.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(folder / "1.sock"))
        s.listen()                           # and never answers
        top = Top(cli)
        top.wait("You saved", "○ no answer")
        for key, want in (("2", r"by \[team\]"), ("5", "Latest requests"), ("1", "You saved")):
            start = time.monotonic()
            top.keys(key)
            top.wait(want)
            assert time.monotonic() - start < 5
        top.keys("q")
        assert top.ends() == 0


def test_a_locked_database_holds_nothing_up(cli):
    import sqlite3
    traffic(cli, 3)[0].stop()
    top = Top(cli, "--tab", "requests")
    top.wait("Latest requests", "gpt-4o-mini")
    db = sqlite3.connect(cli.dir / "state" / "dd0c" / "telemetry.db", isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    top.keys("?")
    top.wait("this help")
    top.keys("?j")
    top.wait("▸")
    db.execute("ROLLBACK")
    db.close()
    top.keys("q")
    assert top.ends() == 0
