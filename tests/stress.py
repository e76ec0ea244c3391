#!/usr/bin/env python3
"""Requests by the thousand through `dd0c proxy` to `dd0c mock`, which fails in every way it knows, from clients that leave in every phase.

  tests/stress.py --program build/release/dd0c [--requests 20000] [--seed 1] [--tls] [--keys] [--http2]

Each client must get a well-formed outcome, each request that was delivered exactly one event, and at the end no descriptor and no connection
may be left. Standard library only; tests/proxy/fault_test.py runs a short round of the same.
"""
import argparse
import asyncio
import collections
import json
import os
import pathlib
import random
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time

ENDPOINTS = {      # path, how an answer says it is one, how a stream says it is at its end
    "chat": ("/v1/chat/completions", "choices"),
    "messages": ("/v1/messages", "content"),
    "responses": ("/v1/responses", "output"),
    "completions": ("/v1/completions", "choices"),
    "embeddings": ("/v1/embeddings", "data"),
    "pass": ("/p/oai/v1/chat/completions", "choices"),
}
STREAMS = ("chat", "messages", "responses", "completions", "pass")
CUTS = ("truncate", "reset-after", "stall-after")     # what is only passed on can be cut off, and nothing else would be true
FAULTS = ["", "", "", "", "status=400", "status=401", "status=403", "status=404", "status=408", "status=409", "status=413", "status=422", "status=429;retry-after=1",
          "status=429;retry-after-ms=20", "status=500", "status=502", "status=503", "status=504", "status=529", "reset", "stall", "truncate", "malformed", "garbage-headers",
          "drip=50us", "no-done", "no-usage", "no-done;no-usage", "reset-after=0", "reset-after=1", "reset-after=5", "stall-after=0", "stall-after=3", "error-after=0", "error-after=4",
          "latency=5ms..30ms", "chunk-delay=1ms..3ms", "tokens=0", "tokens=1", "tokens=1500"]
TAME = ["", "status=404", "status=409", "status=429", "status=503", "latency=5ms..30ms", "tokens=0", "tokens=300", "no-usage", "chunk-delay=1ms..3ms"]   # that another proxy passes on
PHASES = ["stay"] * 8 + ["head", "body", "sent", "answer", "first", "middle", "last", "slow", "pipeline", "reset"]


class Request:
    def __init__(self, number, r, faults=FAULTS, known_key=None):
        self.known_key = known_key
        self.number, self.ref = number, f"r{number}"
        self.api = r.choice(("chat", "chat", "chat", "messages", "messages", "responses", "completions", "embeddings", "pass"))
        self.stream = self.api in STREAMS and r.random() < 0.6
        self.across = self.api in ("chat", "messages", "responses") and r.random() < 0.5
        self.fault, self.phase = r.choice(faults), r.choice(PHASES)
        anthropic = (self.api == "messages") != self.across
        self.to_messages = anthropic
        self.model = "mock-model" if self.api == "pass" else ("ant" if anthropic else "oai") + "/mock-model"
        self.key = "none" if r.random() < 0.005 else None      # else the one that is known
        text = "word " * r.choice((1, 20, 400, 4000))
        body = {"model": self.model}
        if self.api == "embeddings" or self.api == "responses":
            body["input"] = text
        elif self.api == "completions":
            body["prompt"] = text
        else:
            body["messages"] = [{"role": "user", "content": text}]
        if self.api == "messages":
            body["max_tokens"] = 2000
        if self.stream:
            body["stream"] = True
        self.body = json.dumps(body).encode()

    @property
    def bytes(self):
        head = f"POST {ENDPOINTS[self.api][0]} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-DD0C-Ref: {self.ref}\r\n"
        if self.known_key:
            head += f"Authorization: Bearer {self.key or self.known_key}\r\n"
        if self.fault:
            head += f"x-mock-fault: {self.fault}\r\n"
        if self.api == "messages":
            head += "anthropic-version: 2023-06-01\r\n"
        return head.encode() + b"Content-Length: %d\r\n\r\n" % len(self.body) + self.body

    def __str__(self):
        return f"{self.ref} {self.api}{' stream' if self.stream else ''}{' across' if self.across else ''} fault={self.fault!r} {self.phase}"


class Outcome:
    def __init__(self):
        self.status, self.headers, self.body, self.whole = None, {}, b"", False


async def read_answer(reader, out, pace=None, stop_at=None):
    """Reads one answer into `out`; stop_at(out) ends it early (then False)."""
    line = await reader.readline()
    if not line:
        return False
    out.status = int(line.split()[1])
    while True:
        line = await reader.readline()
        if line in (b"\r\n", b""):
            break
        name, _, value = line.decode("latin-1").partition(":")
        out.headers[name.strip().lower()] = value.strip()
    if stop_at and stop_at(out):
        return False
    if "content-length" in out.headers:
        left = int(out.headers["content-length"])
        while left:
            data = await reader.read(min(left, 1024 if pace else 65536))
            if not data:
                return False
            out.body += data
            left -= len(data)
            if pace:
                await asyncio.sleep(pace)
            if stop_at and stop_at(out):
                return False
    else:
        while True:
            head = await reader.readline()
            if not head:
                return False
            size = int(head, 16)
            data = await reader.readexactly(size + 2)
            out.body += data[:-2]
            if pace and len(out.body) // 2048 > (len(out.body) - size) // 2048:
                await asyncio.sleep(pace)
            if size == 0:
                break
            if stop_at and stop_at(out):
                return False
    out.whole = True
    return True


def is_error(api, value):
    if not isinstance(value, dict) or not isinstance(value.get("error"), dict) or not isinstance(value["error"].get("message"), str):
        return False
    return value.get("type") == "error" and isinstance(value["error"].get("type"), str) if api == "messages" else True


def stream_events(body):
    out = []
    for block in body.decode().replace("\r\n", "\n").split("\n\n"):
        data = [line[5:].lstrip(" ") for line in block.split("\n") if line.startswith("data:")]
        if data:
            out.append("\n".join(data))
    return out


def problem_of_stream(q, out):
    events = stream_events(out.body)
    if not events:
        return "an empty stream"
    last = events[-1]
    if last == "[DONE]":
        return None if q.api in ("chat", "completions") else "[DONE] in the wrong place"
    if q.api == "completions" and not q.across and "no-done" in q.fault:
        return None
    try:
        value = json.loads(last)
    except ValueError:
        return f"the last event is no JSON: {last[:80]!r}"
    kind = value.get("type") if isinstance(value, dict) else None
    if q.api == "messages" and kind == "message_stop" or q.api == "responses" and kind in ("response.completed", "response.incomplete", "response.failed"):
        return None
    if q.api == "responses" and kind == "error" or is_error(q.api, value):
        return None
    if "no-done" in q.fault and q.api == "messages" and not q.across and kind == "message_delta" and value["delta"].get("stop_reason"):
        return None        # how it ended was said
    if "no-done" in q.fault and not q.across and q.api == "chat":
        return None if any('"finish_reason":"' in e or '"finish_reason": "' in e for e in events) else "no end, no error event"
    return f"no end and no error event, but {last[:160]!r}"


def problem_of(q, out):
    """What is wrong with an answer that a client read to its end; None: nothing."""
    if out.status is None:
        return "no answer"
    if not out.whole and q.api == "pass" and out.status == 200 and q.fault.startswith(CUTS):
        return None
    if not out.whole:
        return f"status {out.status}, cut off"
    if "x-dd0c-request-id" not in out.headers:
        return f"status {out.status} without an id"
    if out.status == 200 and q.stream:
        return None if q.api == "pass" else problem_of_stream(q, out)
    try:
        value = json.loads(out.body)
    except ValueError:
        malformed = "malformed" in q.fault and not q.across
        return None if malformed else f"status {out.status}: no JSON: {out.body[:100]!r}"
    if out.status == 200:
        return None if ENDPOINTS[q.api][1] in value else f"200 without {ENDPOINTS[q.api][1]}"
    return None if is_error(q.api, value) else f"status {out.status}: an error of another shape: {out.body[:200]!r}"


EXPECTED = {"reset": (502,), "stall": (504,), "garbage-headers": (502,)}


def unexpected_status(q, out):
    if q.known_key and q.key:
        return None if out.status in (401, 429) else f"status {out.status} for a key that is none"
    fault = q.fault.split(";")[0]
    if fault.startswith("status="):
        want = int(fault[7:])
        if out.status == want or q.across and out.status >= 400:
            return None
        return f"status {out.status}, not {want}"
    if fault == "" or fault.startswith(("latency", "chunk-delay", "tokens", "drip", "no-")):
        return None if out.status == 200 else f"status {out.status}, not 200: {out.body[:200]!r}"
    if fault in EXPECTED:
        return None if out.status in EXPECTED[fault] else f"status {out.status}, not {EXPECTED[fault]}: {out.body[:200]!r}"
    return None


async def leave(writer, hard):
    if hard and writer.get_extra_info("socket"):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Run:
    def __init__(self, port, seed=1, connections=48, tls=False, faults=FAULTS, key=None):
        self.tls, self.faults, self.key = None, faults, key
        if tls:
            self.tls = ssl.create_default_context()
            self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        self.port, self.connections, self.random = port, connections, random.Random(seed)
        self.problems, self.answers, self.at_most, self.never, self.sure = [], {}, set(), set(), set()
        self.counts = collections.Counter()

    async def connect(self, slow=False):
        sock = socket.socket()
        if slow:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return await asyncio.open_connection(sock=sock, limit=4096 if slow else 65536, ssl=self.tls, server_hostname="localhost" if self.tls else None)

    def bad(self, q, why):
        self.problems.append(f"{q}: {why}")

    def check(self, q, out):
        why = problem_of(q, out) or unexpected_status(q, out)
        if why:
            self.bad(q, why)
        if out.headers.get("x-dd0c-request-id"):
            self.answers[q.ref] = (out.headers["x-dd0c-request-id"], out.status)

    async def stay(self, q, conn, pace=None):
        reader, writer = conn
        writer.write(q.bytes)
        out = Outcome()
        await read_answer(reader, out, pace)
        self.check(q, out)
        return out.whole and out.headers.get("connection", "").lower() != "close"

    async def pipeline(self, q, conn):
        """Three at once: three answers, in order."""
        reader, writer = conn
        more = [Request(f"{q.number}.{i}", self.random, self.faults, self.key) for i in (1, 2)]
        for m in more:
            m.phase = "pipelined"
        writer.write(b"".join(m.bytes for m in [q] + more))
        for m in [q] + more:
            out = Outcome()
            await read_answer(reader, out)
            self.check(m, out)
            self.counts["requests"] += m is not q
            if not out.whole:
                return False
        return True

    async def half(self, q, conn, cut):
        _, writer = conn
        writer.write(q.bytes[:cut])
        await writer.drain()
        await asyncio.sleep(self.random.random() * 0.01)
        self.never.add(q.ref)
        await leave(writer, self.random.random() < 0.3)
        return False

    async def part(self, q, conn, stop_at):
        """Leaves when stop_at(what came so far); an answer that is over before counts as read."""
        reader, writer = conn
        writer.write(q.bytes)
        out = Outcome()
        if await read_answer(reader, out, stop_at=stop_at):
            self.check(q, out)
        elif out.status is None:
            self.bad(q, "no answer")
        else:
            if out.headers.get("x-dd0c-request-id"):
                self.answers[q.ref] = (out.headers["x-dd0c-request-id"], None)
        await leave(writer, self.random.random() < 0.3)
        return False

    async def gone_at_once(self, q, conn, hard):
        _, writer = conn
        writer.write(q.bytes)
        await writer.drain()
        await asyncio.sleep(self.random.random() * 0.01)
        (self.at_most if hard else self.sure).add(q.ref)
        await leave(writer, hard)
        return False

    async def one(self, q, conn):
        head = q.bytes.index(b"\r\n\r\n") + 4
        at = self.random.random()
        if q.phase == "head":
            return await self.half(q, conn, 1 + int((head - 2) * at))
        if q.phase == "body":
            return await self.half(q, conn, head + int((len(q.body) - 1) * at))
        if q.phase in ("sent", "reset"):
            return await self.gone_at_once(q, conn, q.phase == "reset")
        if q.phase == "answer":
            return await self.part(q, conn, lambda o: True)
        if q.phase == "first":
            return await self.part(q, conn, lambda o: len(o.body) > 0)
        if q.phase == "middle":
            return await self.part(q, conn, lambda o: len(o.body) > 1500)
        if q.phase == "last":
            return await self.part(q, conn, lambda o: b"[DONE]" in o.body or b"message_stop" in o.body or b"response.completed" in o.body)
        if q.phase == "slow":
            return await self.stay(q, conn, 0.0005)
        if q.phase == "pipeline":
            return await self.pipeline(q, conn)
        return await self.stay(q, conn)

    async def client(self, numbers):
        conn = None
        for n in numbers:
            q = Request(n, self.random, self.faults, self.key)
            if conn is None or q.phase == "slow":
                if conn:
                    await leave(conn[1], False)
                conn = await self.connect(q.phase == "slow")
            self.counts["requests"] += 1
            self.counts[q.phase] += 1
            try:
                keep = await asyncio.wait_for(self.one(q, conn), 60)
            except (OSError, asyncio.IncompleteReadError, ValueError) as e:
                self.bad(q, f"{type(e).__name__}: {e}")
                keep = False
            except asyncio.TimeoutError:
                self.bad(q, "nothing for a minute")
                keep = False
            if not keep or q.phase == "slow":
                await leave(conn[1], False)
                conn = None
        if conn:
            await leave(conn[1], False)

    async def warm_up(self):
        q = Request("warm", random.Random(3), self.faults, self.key)
        q.ref, q.fault, q.key = "warm", "", None
        conn = await self.connect()
        await self.stay(q, conn)
        await leave(conn[1], False)

    async def go(self, requests):
        numbers = iter(range(1, requests + 1))
        await asyncio.gather(*(self.client(numbers) for _ in range(self.connections)))

    def compare(self, events):
        """Events against what clients know: by the tag of each request, one to one."""
        by_ref, ids = collections.defaultdict(list), set()
        for e in events:
            if e["id"] in ids:
                self.problems.append(f"the id {e['id']} twice")
            ids.add(e["id"])
            by_ref[e["tags"].get("ref", "?") if e["tags"] else "?"].append(e)
        for ref, (rid, status) in self.answers.items():
            got = by_ref.get(ref, [])
            if [e["id"] for e in got] != [rid]:
                self.problems.append(f"{ref}: the client was told {rid}, events are {[e['id'] for e in got]}")
            elif status is not None and got[0]["status"] != status and got[0]["status"] != 499:
                self.problems.append(f"{ref}: the client saw {status}, the event says {got[0]['status']}")
        for ref in self.sure:
            if len(by_ref.get(ref, [])) != 1:
                self.problems.append(f"{ref}: delivered, but {len(by_ref.get(ref, []))} events")
        for ref, got in by_ref.items():
            refused = all(e["endpoint"] == "refused" for e in got)       # what never was whole may be told so: an event, and no call
            if refused and (ref == "?" or (ref in self.never and len(got) == 1)):
                continue
            if len(got) > 1 or ref in self.never:
                self.problems.append(f"{ref}: {len(got)} events{', but it was never whole' if ref in self.never else ''}")


CONFIG = """providers:
  oai: {{type: openai, base_url: {0}/v1, api_key: upstream-1, first_token: {1}, idle: {1}}}
  ant: {{type: anthropic, base_url: {0}, api_key: upstream-2, first_token: {1}, idle: {1}}}
"""


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def mock_stats(port):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"GET /mock/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    data = b""
    while True:
        more = s.recv(65536)
        if not more:
            break
        data += more
    s.close()
    return json.loads(data.partition(b"\r\n\r\n")[2])


def wait_until(what, seconds, why):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise AssertionError(why() if callable(why) else why)
        time.sleep(0.02)


def all_events(cli, seconds=30):
    """When no more come."""
    last, end = None, time.monotonic() + seconds
    while time.monotonic() < end:
        lines = cli.run("tail", "--format", "json", "--limit", "1000000").out.splitlines()
        if len(lines) == last:
            return [json.loads(line) for line in lines]
        last = len(lines)
        time.sleep(1.3)
    raise AssertionError("events do not come to an end")


def certificate(cli):
    """For clients that come by TLS; None without openssl's command."""
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", cli.dir / "key.pem", "-out", cli.dir / "cert.pem"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return ["--tls-cert", str(cli.dir / "cert.pem"), "--tls-key", str(cli.dir / "key.pem")]


NGINX = """daemon off; pid {dir}/nginx.pid; error_log {dir}/nginx.log; worker_processes 1;
events {{ worker_connections 2000; }}
http {{ access_log off; client_body_temp_path {dir}/nb; proxy_temp_path {dir}/np; fastcgi_temp_path {dir}/nf; uwsgi_temp_path {dir}/nu; scgi_temp_path {dir}/ns;
  client_body_buffer_size 1m;
  server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
    location / {{ proxy_pass http://127.0.0.1:{mock}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }} }} }}
"""


def http2_before(cli, mock_port):
    """nginx, which speaks HTTP/2 by TLS, before the mock: (process, port); None where it is not installed."""
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", "")) or not certificate(cli):
        return None
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    user = "user root; " if os.getuid() == 0 else ""
    cli.write("nginx.conf", user + NGINX.format(dir=cli.dir, port=port, mock=mock_port))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", ""))
    process = subprocess.Popen([program, "-p", cli.dir, "-c", cli.dir / "nginx.conf"], stderr=subprocess.DEVNULL)

    def listens():
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except OSError:
            return process.poll() is not None
    wait_until(listens, 10, "nginx does not listen")
    return (process, port) if process.poll() is None else None


def http2_round(cli, requests, seed=1, connections=60):
    """Plain requests go to such a provider by HTTP/2, streams by HTTP/1.1: each client gets its own answer. None without nginx."""
    mock = cli.start("mock", "--listen", "127.0.0.1:0", "--tokens", "12")
    before = http2_before(cli, mock.port)
    if not before:
        return None
    try:
        cli.write("dd0c.yaml", CONFIG.format(f"https://127.0.0.1:{before[1]}", "20s").replace("api_key", "verify_tls: no, api_key"))
        proxy = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "2", "--log-level", "error")
        run = Run(proxy.port, seed, connections, faults=TAME)
        asyncio.run(run.go(requests))
        run.compare(all_events(cli))
        if proxy.stop() != 0:
            run.problems.append("the proxy did not end well")
        return run
    finally:
        before[0].terminate()
        before[0].wait()


def round_of(cli, requests, seed=1, connections=48, workers=2, patience="400ms", tls=False, keys=False):
    """Starts mock and proxy, runs, checks, stops both. Returns the run."""
    mock = cli.start("mock", "--listen", "127.0.0.1:0", "--tokens", "12")
    cli.write("dd0c.yaml", CONFIG.format(f"http://127.0.0.1:{mock.port}", patience))
    key = json.loads(cli.run("keys", "create", "--name", "stress", "--format", "json").out)["key"] if keys else None
    secure = certificate(cli) if tls else None
    proxy = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", str(workers), "--log-level", "error", *(secure or []))
    run = Run(proxy.port, seed, connections, secure, key=key)
    warm = Run(proxy.port, seed, 1, secure, key=key)
    asyncio.run(warm.warm_up())
    all_events(cli)
    pid = proxy.process.pid
    wait_until(lambda: mock_stats(mock.port)["open_connections"] <= 1 + workers, 5, "the warm-up left connections")
    base = descriptors(pid) - (mock_stats(mock.port)["open_connections"] - 1)
    asyncio.run(run.go(requests))
    wait_until(lambda: descriptors(pid) - (mock_stats(mock.port)["open_connections"] - 1) <= base, 5,
               lambda: f"descriptors: {descriptors(pid)} with {mock_stats(mock.port)['open_connections'] - 1} kept to the provider; {base} at the start")
    run.compare([e for e in all_events(cli) if e["tags"] and e["tags"].get("ref") != "warm"])
    run.stats = mock_stats(mock.port)
    status = proxy.stop()
    if status != 0:
        run.problems.append(f"the proxy ended with {status}: " + "\n".join(line for line in proxy.log if line)[-4000:])
    wait_until(lambda: mock_stats(mock.port)["open_connections"] == 1, 2, lambda: f"the mock is left with {mock_stats(mock.port)}")
    return run


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    ap.add_argument("--requests", type=int, default=20000)
    ap.add_argument("--connections", type=int, default=48)
    ap.add_argument("--workers", type=int, default=2)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--patience", default="400ms")
    ap.add_argument("--http2", action="store_true")
    ap.add_argument("--tls", action="store_true")
    ap.add_argument("--keys", action="store_true")
    args = ap.parse_args()
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    from run import Cli
    cli, began = Cli(pathlib.Path(args.program).resolve()), time.monotonic()
    try:
        run = http2_round(cli, args.requests, args.seed, args.connections) if args.http2 else round_of(cli, args.requests, args.seed, args.connections, args.workers, args.patience, args.tls, args.keys)
    finally:
        cli.close()
    print(dict(run.counts), f"{time.monotonic() - began:.0f} s")
    for p in run.problems[:40]:
        print("PROBLEM", p)
    print(f"{run.counts['requests']} requests, {len(run.answers)} answers, {len(run.problems)} problems")
    sys.exit(1 if run.problems else 0)


if __name__ == "__main__":
    main()
