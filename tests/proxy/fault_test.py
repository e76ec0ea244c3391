"""What goes wrong: providers that break off, clients that leave, stores that fail, reloads in the midst of it (P13, R1.7, R1.8, R2.6, R3.5)."""
import json
import os
import pathlib
import resource
import signal
import socket
import sqlite3
import sys
import threading
import time

from support import CHAT, MESSAGE, Client, Upstream, chat_chunk, config, events, usage_chunk

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import stress

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}
STREAM = {**ASK, "stream": True}


def proxy(cli, upstream, extra="", *more, **kw):
    config(cli, upstream, extra, **kw)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", *more)


def memory_kb(pid, what="RssAnon"):
    return int(next(line for line in open(f"/proc/{pid}/status") if line.startswith(what)).split()[1])


# --- each fault of the mock, clients that leave in each phase ---

def test_faults_and_leaving_clients(cli):
    run = stress.round_of(cli, 240, seed=11, connections=60, patience="300ms" if "san" not in cli.program else "3s")
    assert not run.problems, "\n".join(run.problems[:10])
    assert len(run.answers) > 150


def test_each_client_gets_its_own_answer_by_http2_and_http1(cli):
    """Both go to one provider at a time, and connections to it are being made: where nginx is installed to speak HTTP/2."""
    run = stress.http2_round(cli, 300, seed=12)
    assert run is None or not run.problems, "\n".join(run.problems[:10])


# --- one request, one call ---

def test_a_kept_connection_that_was_closed_is_replaced_once(cli):
    """The provider closed between two requests: what the client sent goes out again, on a new connection."""
    def script(r, c):
        if len(up.requests) == 2:
            c.cut()                      # of the second request it has seen, but says nothing
        else:
            c.json(CHAT)
    up = Upstream(script)
    p = proxy(cli, up)
    client = Client(p.port)
    assert [client.ask("POST", "/v1/chat/completions", ASK).status for _ in range(2)] == [200, 200]
    assert len(up.requests) == 3


def test_a_request_that_was_worked_on_is_not_sent_twice(cli):
    def script(r, c):
        if len(up.requests) > 1:
            threading.Event().wait(1.2)
            c.cut()
        else:
            c.json(CHAT)
    up = Upstream(script)
    p = proxy(cli, up)
    client = Client(p.port)
    assert client.ask("POST", "/v1/chat/completions", ASK).status == 200
    assert client.ask("POST", "/v1/chat/completions", ASK).status == 502
    assert len(up.requests) == 2, "the provider may have taken money for the first"


def test_a_provider_that_only_resets_is_asked_twice_at_most(cli):
    up = Upstream(lambda r, c: c.json(CHAT) if r.json["max_tokens"] == 5 else c.cut(reset=True))
    p = proxy(cli, up)
    clients = [Client(p.port) for _ in range(6)]
    for c in clients:
        c.send("POST", "/v1/chat/completions", ASK)
    assert [c.answer().status for c in clients] == [200] * 6      # now several connections are kept
    before = len(up.requests)
    assert clients[0].ask("POST", "/v1/chat/completions", {**ASK, "max_tokens": 6}).status == 502
    assert len(up.requests) - before <= 2, len(up.requests) - before


def test_time_in_which_the_client_reads_nothing_is_not_the_provider_s(cli):
    """idle is about the provider: a client that pauses for longer gets its stream whole."""
    def script(r, c):
        c.start_stream()
        for _ in range(40):
            c.chunk(chat_chunk({"content": "x" * 65536}))
        c.chunk(chat_chunk({}, "stop"))
        c.chunk(usage_chunk(1, 1))
        c.chunk("data: [DONE]\n\n")
        c.end_stream()
    up = Upstream(script)
    p = proxy(cli, up, "timeouts: {idle: 200ms}\n")
    client = Client(p.port)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.send("POST", "/v1/chat/completions", STREAM)
    client.sock.settimeout(15)
    up.wait(lambda u: u.requests)
    threading.Event().wait(1)
    a = client.answer()
    assert a.whole and a.events[-1] == "[DONE]", a.events[-1][:200]


# --- clients that leave (R1.8) ---

def leave_and_time(up, client, hard=False):
    if hard:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    began = time.monotonic()
    client.close()
    up.wait(lambda u: u.open == 0, 5)
    return time.monotonic() - began


def test_leaving_closes_the_provider_within_a_second_in_every_phase(cli):
    hold = threading.Event()
    tokens = [chat_chunk({"role": "assistant", "content": ""})] + [chat_chunk({"content": f"word{i} "}) for i in range(4)]

    def script(r, c):
        phase = r.json["user"]
        c.closed = True                                     # whatever happens, nothing follows
        if phase == "waiting":
            c.sock.recv(1)
        elif phase == "half a body":
            c.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":")
            c.sock.recv(1)
        elif phase == "flood":
            c.start_stream()
            while True:
                c.chunk(chat_chunk({"content": "y" * 65536}))
        else:
            c.start_stream()
            for part in tokens[:{"head": 0, "role": 1, "first token": 2, "mid-stream": 5}[phase]]:
                c.chunk(part)
            c.sock.recv(1)
    up = Upstream(script)
    p = proxy(cli, up)
    seen = {"head": b"text/event-stream", "role": b"assistant", "first token": b"word0", "mid-stream": b"word3", "flood": b"yyyy"}
    phases = ["waiting", "half a body", "head", "role", "first token", "mid-stream", "flood"]
    for hard in (False, True):
        for phase in phases:
            client = Client(p.port)
            client.send("POST", "/v1/chat/completions", {**(ASK if phase == "half a body" else STREAM), "user": phase})
            if phase in seen:
                client.read_until(seen[phase])
            else:
                up.wait(lambda u: u.requests and u.requests[-1].json["user"] == phase)
            if phase == "flood":
                hold.wait(0.3)                              # held back by now
            took = leave_and_time(up, client, hard)
            assert took < 1, f"{phase}: {took:.2f} s"
            with up.changed:
                up.requests.clear()
    got = events(cli, 2 * len(phases))
    assert all(e["status"] == 499 and e["disconnected"] and e["error"] == "aborted" for e in got), got
    outputs = {e["user"]: e["usage"]["output"] for e in got}
    for phase in ("waiting", "half a body", "head", "role"):
        assert outputs[phase] in (0, None), f"{phase}: {outputs[phase]} tokens, although none was passed on"
    assert 1 <= outputs["first token"] <= 3 and 4 <= outputs["mid-stream"] <= 12, outputs


def test_leaving_with_much_sent_ahead(cli):
    """More than is read ahead lies in the socket: that the client left is seen all the same. (What the socket does not take either stays with the
    client's kernel, and so does the word that it left.)"""
    up = Upstream(lambda r, c: (c.sock.recv(1), c.cut()))
    p = proxy(cli, up)
    client = Client(p.port)
    body = json.dumps({**ASK, "pad": "x" * 60000})
    client.send("POST", "/v1/chat/completions", body)
    up.wait(lambda u: u.requests)
    for _ in range(2):
        client.send("POST", "/v1/chat/completions", body)
    assert leave_and_time(up, client) < 1
    assert len(up.requests) == 1


# --- the store (R3.5) ---

def count_rows(cli):
    db = sqlite3.connect(cli.dir / "state" / "dd0c" / "telemetry.db")
    try:
        return db.execute("SELECT count(*), count(DISTINCT id) FROM events").fetchone()
    finally:
        db.close()


def degraded(p):
    return Client(p.port).ask("GET", "/ready").json["degraded"]


def await_that(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def ask_many(p, n):
    """Seconds of the slowest of n requests."""
    client, slowest = Client(p.port), 0
    for _ in range(n):
        began = time.monotonic()
        assert client.ask("POST", "/v1/chat/completions", ASK).status == 200
        slowest = max(slowest, time.monotonic() - began)
    return slowest


def test_a_store_that_is_locked_gone_or_no_store_costs_clients_nothing(cli):
    up = Upstream()
    p = proxy(cli, up)
    state = cli.dir / "state" / "dd0c"
    ask_many(p, 5)
    events(cli, 5)
    assert degraded(p) == []

    lock = sqlite3.connect(state / "telemetry.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    assert ask_many(p, 300) < 1
    await_that(lambda: degraded(p) == ["store"])
    lock.execute("ROLLBACK")
    lock.close()
    await_that(lambda: count_rows(cli) == (305, 305) and degraded(p) == [])

    for name in ("telemetry.db", "telemetry.db-wal", "telemetry.db-shm"):     # away, and a folder in its place
        (state / name).exists() and (state / name).rename(state / (name + ".old"))
    (state / "telemetry.db").mkdir()
    assert ask_many(p, 300) < 1
    await_that(lambda: degraded(p) == ["store"])
    (state / "telemetry.db").rmdir()
    for name in ("telemetry.db", "telemetry.db-wal", "telemetry.db-shm"):
        (state / (name + ".old")).exists() and (state / (name + ".old")).rename(state / name)
    await_that(lambda: degraded(p) == [] and count_rows(cli) == (605, 605))

    for name in ("telemetry.db", "telemetry.db-wal", "telemetry.db-shm"):     # deleted for good: a new one begins
        (state / name).unlink(missing_ok=True)
    assert ask_many(p, 20) < 1
    await_that(lambda: (state / "telemetry.db").exists() and len(cli.run("tail", "--format", "json", "--limit", 100).out.splitlines()) == 20)
    assert p.stop() == 0


def test_a_disk_that_is_full_costs_clients_nothing(cli):
    """No file may grow: as on a full disk the database refuses, then the spool; what both hold is there afterwards."""
    up = Upstream()
    p = proxy(cli, up)
    ask_many(p, 5)
    events(cli, 5)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.prlimit(p.process.pid, resource.RLIMIT_FSIZE, (60000, hard))      # the spool has room for a while
    assert ask_many(p, 300) < 1
    await_that(lambda: degraded(p) == ["store"])
    assert ask_many(p, 200) < 1
    resource.prlimit(p.process.pid, resource.RLIMIT_FSIZE, (0, hard))          # nothing has: the queue keeps what it can
    assert ask_many(p, 200) < 1
    resource.prlimit(p.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    await_that(lambda: degraded(p) == [] and count_rows(cli) == (705, 705))
    assert p.stop() == 0


def test_what_was_spooled_is_there_after_a_restart(cli):
    up = Upstream()
    p = proxy(cli, up)
    state = cli.dir / "state" / "dd0c"
    ask_many(p, 1)
    events(cli, 1)
    lock = sqlite3.connect(state / "telemetry.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    ask_many(p, 150)
    assert p.stop() == 0
    lock.execute("ROLLBACK")
    lock.close()
    p = proxy(cli, up)
    await_that(lambda: count_rows(cli) == (151, 151))
    assert p.stop(signal.SIGKILL) == -9
    assert count_rows(cli) == (151, 151)


# --- secrets and prompts (R1.7, R2.8) ---

def test_no_secret_and_no_prompt_is_kept_or_logged(cli):
    marks = []

    def mark(kind, i):
        text = {"key": f"sk-{'proj'}-AbCd{i:04d}EfGhIjKlMnOpQrStUvWx0123456789", "bearer": f"sk-{'ant'}-api03-{i:04d}zYxWvUtSrQpOnMlKjIhGfEdCbA98765",
                "mail": f"jane.doe{i:04d}@patients.example", "prompt": f"zebra{i:04d}quartz"}[kind]
        marks.append(text)
        return text

    def script(r, c):
        i, kind = len(up.requests), r.headers.get("x-case", "")
        auth = r.headers.get("authorization", r.headers.get("x-api-key", ""))
        if kind == "echo":
            c.json({"error": {"message": f"Incorrect API key provided: {auth}. You sent {r.body.decode()[:300]}", "type": "invalid_request_error", "code": "invalid_api_key"}}, 401)
        elif kind == "cut":
            c.send(f"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: application/json\r\n\r\n{r.body.decode()}")
            c.cut()
        elif kind == "garbage":
            c.send(f"{auth} {r.body.decode()}\r\n\r\n")
            c.cut()
        elif r.body and r.json.get("stream"):
            c.start_stream()
            c.chunk(chat_chunk({"content": r.json["messages"][0]["content"]}))
            c.chunk("data: {\"broken\": " + r.body.decode()[:200] + "\n\n")
            c.cut()
        else:
            c.json({**CHAT, "echo": r.body.decode()})
    up = Upstream(script)
    config(cli, up)
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", "--log-level", "debug")
    client, n = Client(p.port), 0
    for i in range(120):
        for kind in ("plain", "echo", "cut", "garbage", "stream", "bad", "path", "model"):
            n += 1
            body = {**ASK, "messages": [{"role": "user", "content": f"{mark('prompt', n)} {mark('mail', n)} {mark('key', n)}"}], "system": mark("prompt", 5000 + n)}
            headers = {"Authorization": "Bearer " + mark("bearer", n), "x-case": kind, "x-trace": mark("key", 3000 + n)}
            path = "/v1/chat/completions"
            if kind == "stream":
                body["stream"] = True
            if kind == "path":
                path = f"/v1/files/{mark('key', 6000 + n)}?token={mark('bearer', 6000 + n)}"
            if kind == "model":
                body["model"] = mark("key", 7000 + n)
                headers["X-DD0C-Feature"] = mark("key", 8000 + n)
                headers["X-DD0C-Any"] = mark("bearer", 8000 + n)
                body["metadata"] = {"note": mark("key", 9000 + n)}
            text = json.dumps(body)
            if kind == "bad":
                text = text[:-20]
            a = client.ask("POST", path, text, headers)
            assert a is not None and headers["Authorization"][7:] not in json.dumps(a.headers), "no answer shows the client's key"
            if kind == "echo":
                assert a.status == 401 and b"upstream-secret" not in a.body and b"zyx" not in a.body.lower() and b"zebra" in a.body, a.body
            if not a.whole or a.headers.get("connection") == "close":
                client.close()
                client = Client(p.port)
    out = cli.run("tail", "--format", "json", "--limit", 5000).out
    lock = sqlite3.connect(cli.dir / "state" / "dd0c" / "telemetry.db", isolation_level=None, timeout=10)
    lock.execute("BEGIN EXCLUSIVE")                      # what comes now goes to the spool
    for i in range(200):
        client.ask("POST", "/v1/chat/completions", {**ASK, "model": mark("key", 2000 + i), "messages": [{"role": "user", "content": mark("prompt", 2000 + i)}]})
    await_that(lambda: any((cli.dir / "state" / "dd0c" / "spool").glob("*")))
    kept = {str(f.relative_to(cli.dir)): f.read_bytes() for f in (cli.dir / "state").rglob("*") if f.is_file()}
    lock.execute("ROLLBACK")
    lock.close()
    assert p.stop() == 0
    kept["tail"] = (out + cli.run("tail", "--limit", 5000).out + cli.run("tail", "--format", "json", "--limit", 5000).out).encode()
    kept["log"] = "\n".join(line for line in p.log if line).encode()
    kept.update({str(f.relative_to(cli.dir)) + " after": f.read_bytes() for f in (cli.dir / "state").rglob("*") if f.is_file()})
    assert len(kept["tail"].splitlines()) > 900 and b"->" in kept["log"], "there is something to look at"
    found = {(name, m) for name, data in kept.items() for m in marks if m.encode() in data}
    assert not found, sorted(found)[:10]


# --- changes while it runs (R2.6) ---

class Traffic:
    """Clients that ask without pause and note what fails; a connection that the proxy closes between two requests is opened again."""

    def __init__(self, port, n=6, stream=True):
        self.port, self.ended, self.done, self.failures, self.may_close = port, threading.Event(), 0, [], False
        self.threads = [threading.Thread(target=self._run, args=(stream and i % 2 == 0,)) for i in range(n)]
        for t in self.threads:
            t.start()

    def _run(self, stream):
        client = None
        while not self.ended.is_set():
            try:
                client = client or Client(self.port)
            except ConnectionRefusedError:
                return
            try:
                client.send("POST", "/v1/chat/completions", STREAM if stream else ASK)
                a = client.answer()
            except OSError:
                a = None
            if a is None:                       # closed while idle: nothing of an answer came, and there is no event of it
                if not self.may_close:
                    self.failures.append("no answer")
                client = None
                continue
            if a.status != 200 or not a.whole or (stream and a.events[-1] != "[DONE]"):
                self.failures.append((a.status, a.whole, a.body[-300:]))
            self.done += 1
            if a.headers.get("connection") == "close":
                client.close()
                client = None

    def end(self):
        self.ended.set()
        for t in self.threads:
            t.join(20)


def quick_stream(r, c):
    if not r.json.get("stream"):
        c.json(CHAT)
        return
    c.start_stream()
    for part in (chat_chunk({"content": "a"}), chat_chunk({}, "stop"), usage_chunk(9, 1), "data: [DONE]\n\n"):
        c.chunk(part)
    c.end_stream()


def test_reloads_and_an_end_in_the_midst_of_traffic(cli):
    up = Upstream(quick_stream)
    config(cli, up)
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2")
    t = Traffic(p.port)
    for i in range(100):
        p.process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    await_that(lambda: t.done > 200)
    before = stress.descriptors(p.process.pid)
    t.may_close = True
    assert p.stop(signal.SIGTERM) == 0
    t.end()
    assert not t.failures, t.failures[:3]
    assert before < 60, before
    ids = [json.loads(line)["status"] for line in cli.run("tail", "--format", "json", "--limit", 100000).out.splitlines()]
    assert len(ids) >= t.done and ids.count(200) == len(ids), (len(ids), t.done, ids.count(200))


# --- memory ---

def test_streams_that_wait_are_small_and_paused_ones_stay_small(cli):
    mock = cli.start("mock", "--listen", "127.0.0.1:0")
    cli.write("dd0c.yaml", stress.CONFIG.format(f"http://127.0.0.1:{mock.port}", "60s"))
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", "--log-level", "error")

    def open_streams(n, fault):
        body = json.dumps({"model": "oai/mock-model", "messages": [{"role": "user", "content": "word " * 200}], "stream": True}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nx-mock-fault: {fault}\r\nContent-Length: {len(body)}\r\n\r\n"
        socks = []
        for _ in range(n):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            s.connect(("127.0.0.1", p.port))
            s.sendall(head.encode() + body)
            socks.append(s)
        return socks

    def leave(socks):
        for s in socks:
            s.close()
        stress.wait_until(lambda: stress.mock_stats(mock.port)["open_connections"] == 1, 10, "the provider is left with connections")
    leave([s for s in open_streams(20, "stall-after=3") if s.recv(200)])
    base = memory_kb(p.process.pid)
    exact = base < 20000                     # else a sanitizer keeps what was freed
    socks = open_streams(1000, "stall-after=3")
    for s in socks:
        s.recv(200)
    each = (memory_kb(p.process.pid) - base) * 1024 / len(socks)
    leave(socks)
    assert not exact or each < 27000, f"{each:.0f} bytes a stream"      # 5,000 of them: below 24,000; fewer share what is had once among fewer
    await_that(lambda: not exact or memory_kb(p.process.pid) < base + 8 * 1024)     # what they held is the system's again
    socks = open_streams(10, "tokens=100000")     # 20 MB each
    last, now = None, 0
    while now != last:                       # until nothing moves
        time.sleep(0.4)
        last, now = now, memory_kb(p.process.pid)
    assert not exact or now - base < each * 1000 / 1024 + 10 * 1024, f"{now - base} kB for ten streams that nobody reads"
    leave(socks)
