"""Raw requests and what a careful server answers (tests/data/http.md), through the whole program to a provider that keeps what reaches it."""
import base64
import gzip
import json
import pathlib
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

from support import Upstream, config

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "http.jsonl.gz"
CANARY = "smuggled-canary"


def parse(data, head_requests):
    """(final statuses, interim ones, True if the last answer is whole)."""
    final, interim = [], []
    while data:
        head, mark, rest = data.partition(b"\r\n\r\n")
        if not mark or not head.startswith(b"HTTP/1.1 "):
            return final, interim, False
        status = int(head[9:12])
        if status < 200:
            interim.append(status)
            data = rest
            continue
        final.append(status)
        fields = dict((n.strip().lower(), v.strip()) for n, _, v in (line.partition(b":") for line in head.split(b"\r\n")[1:]))
        if head_requests or status in (204, 304):
            data = rest
        elif b"content-length" in fields:
            size = int(fields[b"content-length"])
            if len(rest) < size:
                return final, interim, False
            data = rest[size:]
        elif fields.get(b"transfer-encoding") == b"chunked":
            end = rest.find(b"0\r\n\r\n")
            if end < 0:
                return final, interim, False
            data = rest[end + 5:]
        else:
            data = b""            # the end of the connection is the end of the body
    return final, interim, True


def deliver(port, raw, delivery, bytewise, must_close, want):
    """What came back, and whether the proxy closed by itself."""
    s = socket.create_connection(("127.0.0.1", port), timeout=8)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    got, closed = b"", False
    try:
        try:
            for piece in ([raw[i:i + 1] for i in range(len(raw))] if bytewise else [raw]):
                s.sendall(piece)
        except (ConnectionResetError, BrokenPipeError):
            pass                                # it has closed, and what it said is there to be read
        if delivery == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return got, True
        if delivery == "half_close":
            s.shutdown(socket.SHUT_WR)
        ended = delivery == "half_close" or must_close
        s.settimeout(0.4 if delivery == "hold" and not must_close else 8)
        while True:
            more = s.recv(65536)
            if not more:
                closed = True
                break
            got += more
            final, _, whole = parse(got, raw.startswith(b"HEAD "))
            if not ended and whole and len(final) >= want:
                s.shutdown(socket.SHUT_WR)      # nothing more is to come
                ended = True
    except (ConnectionResetError, BrokenPipeError):
        closed = True
    except socket.timeout:
        pass
    finally:
        s.close()
    return got, closed


def meets(expect, status, interim):
    return any((one == "close" and status is None) or (one == "4xx" and status is not None and status // 100 == 4) or (one == "100" and interim) or one == str(status)
               for one in expect.split("|"))


def judge(v, got, closed):
    final, interim, whole = parse(got, base64.b64decode(v["raw_base64"]).startswith(b"HEAD "))
    first = final[0] if final else None
    if not meets(v["expect"], first, interim):
        return f"{first}, not {v['expect']}"
    if v.get("responses") and len(final) > v["responses"]:
        return f"{len(final)} answers, not {v['responses']}"
    if v.get("must_close") and not closed:
        return "the connection stays open"
    if not whole:
        return f"a broken answer: {got[-200:]!r}"
    for expect, status in zip(v.get("then", []), final[1:]):
        if not meets(expect, status, []):
            return f"then {status}, not {expect}"
    return None


def test_http_vectors_through_the_whole_program(cli):
    up = Upstream()
    config(cli, up)
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", "--log-level", "error")
    vectors = [json.loads(line) for line in gzip.open(DATA, "rt")]

    def run(v, mark):
        raw = base64.b64decode(v["raw_base64"])
        delivery = v.get("delivery", "all")
        if mark == "bytewise":
            if len(raw) > 1500 or delivery in ("bytewise", "reset", "hold"):
                return None
        before = len(up.requests)
        got, closed = deliver(p.port, raw, delivery, "bytewise" in (mark, delivery), v.get("must_close", False), v.get("responses") or 1)
        why = judge(v, got, closed) if delivery != "reset" else None
        if mark == "alone" and not why and v.get("needs") == "upstream" and got.startswith(b"HTTP/1.1 200") and len(up.requests) - before < 1:
            why = "the provider saw nothing"
        if v.get("responses") == 1 and CANARY.encode() in got:
            why = why or "the canary was answered"
        return why and f"{v['name']} ({mark}): {why}"

    slow = [v for v in vectors if v.get("delivery") == "hold"]
    with ThreadPoolExecutor(8) as pool:
        held = [pool.submit(run, v, "held") for v in slow]
        problems = [run(v, "alone") for v in vectors if v not in slow] + [run(v, "bytewise") for v in vectors if v not in slow] + [f.result() for f in held]
    problems = [x for x in problems if x]
    assert len(vectors) == 126
    for r in up.requests:
        if not r.whole or CANARY in r.target or any(CANARY in n or any(c <= " " or c > "~" for c in n) for n in r.headers):
            problems.append(f"reached the provider: {r.parts} {r.headers}")
    assert not problems, "\n".join(problems)
    assert p.process.poll() is None and p.stop() == 0
