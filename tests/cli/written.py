"""Events into telemetry.db by the proxy's own writer: a spool file is made by hand (store/record.h, store/spool.h), a proxy finds it when it starts."""
import pathlib
import re
import struct
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EPOCH_MS = 1577836800000
FIELDS = [(m[2], m[1] == "TEXT") for m in
          re.finditer(r'^    (TEXT|NUM)\("(\w+)"', (ROOT / "store/field.c").read_text(), re.M)]


def number(n):
    out = bytearray()
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def signed(v):
    """Zigzag, moved up by one; 0 is not known."""
    return number(0) if v is None else number((v << 1 if v >= 0 else (-v << 1) - 1) + 1)


def frame(event, mark):
    body = bytearray(b"\1" + number(len(FIELDS)))
    for name, is_text in FIELDS:
        v = event.get(name)
        if is_text:
            v = (v or "").encode()
            body += number(len(v)) + v
        else:
            body += signed(v)
    body += number(0)      # attempts
    rest, h = struct.pack("<q", mark) + bytes(body), 14695981039346656037
    for b in rest:
        h = (h ^ b) * 1099511628211 & 0xffffffffffffffff
    return struct.pack("<II", len(body), (h ^ h >> 32) & 0xffffffff) + rest


def event_id(time_ms, sequence=0):
    return (time_ms - EPOCH_MS) << 21 | sequence


def write(cli, events):
    """Takes them into the store; those that come twice (same id and mark) count once. Events are dicts by the names of store/field.c."""
    spool = cli.dir / "state/dd0c/spool"
    spool.mkdir(parents=True, exist_ok=True)
    (spool / "0000000000001-1-0.spool").write_bytes(b"dd0cspl2" + b"".join(frame(e, e.get("mark", i + 1)) for i, e in enumerate(events)))
    cli.write("writer.yaml", "providers: {openai: {api_key: none-is-needed}}\ntelemetry: {retention: 36500d}\n")
    p = cli.start("proxy", "--config", cli.dir / "writer.yaml", "--listen", "127.0.0.1:0", "--workers", "1")
    end = time.monotonic() + 60
    while list(spool.glob("*.spool")):
        assert time.monotonic() < end, "the spool is not read"
        time.sleep(0.05)
    assert p.stop() == 0
