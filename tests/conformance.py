#!/usr/bin/env python3
"""Public vectors that are not kept in this project, from a folder beside it (--shared). Fails when they are absent.

  tests/conformance.py --program build/dd0c --shared ../shared
"""
import argparse
import base64
import concurrent.futures
import gzip
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

from dialect_requests import suites as request_suites
from dialects import suites as dialect_suites


def token_vectors(program, shared):
    """R2.7: every string's count, for both encodings, and the ids where the vector has them."""
    rows = [json.loads(line) for line in gzip.open(shared / "data" / "token-vectors.jsonl.gz", "rt", encoding="utf-8")]
    text = "".join(json.dumps({"text": r["text"]}) + "\n" for r in rows)
    for encoding, key in (("cl100k_base", "cl100k"), ("o200k_base", "o200k")):
        out = subprocess.run([program, "tokens", "--encoding", encoding, "--jsonl", "--ids"], input=text.encode(), capture_output=True, check=True).stdout
        got = [json.loads(line) for line in out.splitlines()]
        yield f"{encoding}: as many lines as strings", len(got) == len(rows)
        for r, g in zip(rows, got):
            ids = r.get("ids_" + key)
            yield f"{encoding}: {r['text'][:40]!r}: {g['tokens']}, not {r[key]}", g["tokens"] == r[key] and (ids is None or ids == g["ids"])


def json_suite(program, shared):
    """JSONTestSuite: every file where a saved scan, a price list or a notebook is expected ends with a message, never with a signal."""
    with tempfile.TemporaryDirectory() as folder:
        for archive in sorted((shared / "data" / "wire" / "json").glob("*.tar.gz")):
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data") if sys.version_info >= (3, 12) else tar.extractall(folder)
        files = sorted(p for p in pathlib.Path(folder).rglob("*.json"))
        yield "JSONTestSuite is there", len(files) > 100

        def one(path):
            found = []
            book = path.with_suffix(".ipynb")
            book.write_bytes(path.read_bytes())
            env = {**os.environ, "XDG_CACHE_HOME": folder + "/cache"}
            for args, ok in ((["report", path], (0, 3)), (["prices", "diff", path], (0, 3)), (["scan", "--format", "jsonl", book], (0, 3))):
                p = subprocess.run([program, *map(str, args)], capture_output=True, env=env, timeout=60)
                found.append((f"{path.name}: {args[0]} ends with {p.returncode}", p.returncode in ok and (p.returncode == 0 or p.stderr.startswith(b"dd0c "))))
            return found

        with concurrent.futures.ThreadPoolExecutor() as pool:
            for found in pool.map(one, files):
                yield from found


def compiled(folder, name, *sources):
    """A small program of ours, from C files of this project, under the sanitizers."""
    root = pathlib.Path(__file__).resolve().parent.parent
    out = os.path.join(folder, name)
    subprocess.run(["cc", "-std=gnu11", "-pthread", "-I.", "-include", "base/banned.h", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined",
                    "-o", out, *sources, *(f"base/{n}.c" for n in ("arena", "buf", "err", "file", "str", "jspan", "jspan_text", "jspan_edit")), "-lz"], cwd=root, check=True)
    return out, root


def recorded(shared):
    with gzip.open(shared / "data" / "wire" / "recorded" / "recorded.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def is_json(text):
    try:
        json.loads(text, parse_constant=lambda word: json.loads(""))
        return True
    except ValueError:
        return False


def body_reader(program, shared):
    """JSONTestSuite against the reader of bodies: y_ parse, n_ are refused, i_ may do either."""
    with tempfile.TemporaryDirectory() as folder:
        reader, _ = compiled(folder, "jspan", "tests/drivers/jspan.c")
        for archive in sorted((shared / "data" / "wire" / "json").glob("*.tar.gz")):
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data") if sys.version_info >= (3, 12) else tar.extractall(folder)
        files = sorted(p for p in pathlib.Path(folder).rglob("*.json"))
        yield "JSONTestSuite is there", len(files) > 100
        said = subprocess.run([reader, *map(str, files)], capture_output=True, text=True, timeout=60)
        yield f"the reader ends with {said.returncode}", said.returncode == 0
        for path, word in zip(files, said.stdout.split()):
            yield f"{path.name} is {word}", {"y": word == "parsed", "n": word == "refused"}.get(path.name[0], True)
        bodies = [r["body"] for r in recorded(shared) if r["framing"] == "json"]
        for n, body in enumerate(bodies):
            pathlib.Path(folder, f"{n}.body").write_text(body, encoding="utf-8", newline="")
        said = subprocess.run([reader, *(f"{n}.body" for n in range(len(bodies)))], cwd=folder, capture_output=True, text=True, timeout=60)
        yield f"{len(bodies)} recorded answers are read", said.returncode == 0 and len(bodies) > 500
        for n, word in enumerate(said.stdout.split()):
            yield f"recorded answer {n} is {word}: {bodies[n][:60]!r}", (word == "parsed") == is_json(bodies[n])


def is_usage_only(block):
    """The chunk that include_usage adds, by its event's text."""
    data = "\n".join(line[5:] for line in block.splitlines() if line.startswith("data:"))
    chunk = json.loads(data) if is_json(data) else None
    return isinstance(chunk, dict) and chunk.get("choices") == [] and isinstance(chunk.get("usage"), dict) and not chunk.get("error")


def usage_chunks(program, shared):
    """R1.2: recorded chat streams come out byte for byte, but for the chunk with nothing but usage."""
    with tempfile.TemporaryDirectory() as folder:
        strip, _ = compiled(folder, "strip", "tests/drivers/strip.c", "proxy/splice.c", "proxy/http/sse.c")
        streams = removed = 0
        for r in recorded(shared):
            if r["kind"] != "stream" or r["api"] != "chat.completions":
                continue
            body = r["body"] if r["framing"] == "sse" else "".join(f"data: {line}\n\n" for line in r["body"].split("\n") if line.strip()) + "data: [DONE]\n\n"
            blocks = re.findall(r".*?(?:\r\n\r\n|\n\n|\r\r|$)", body, re.S)
            want = "".join(b for b in blocks if not is_usage_only(b))
            streams, removed = streams + 1, removed + (want != body)
            for size in (1, 7, 61, 1400, 16384):
                got = subprocess.run([strip, str(size)], input=body.encode(), capture_output=True, timeout=60).stdout
                yield f"{r['path']}.{r.get('n')}: in pieces of {size}", got == want.encode()
        yield f"{streams} streams, {removed} with such a chunk", streams > 30 and removed > 15


def event_streams(program, shared):
    """Published event streams, cut at every byte, and the redaction vectors: the unit tests over the files beside the project."""
    wire = shared / "data" / "wire"
    with tempfile.TemporaryDirectory() as folder:
        unit, root = compiled(folder, "unit", "tests/unit/main.c", "tests/unit/gz.c", "tests/unit/proxy/http/sse_test.c", "tests/unit/base/redact_test.c", "proxy/http/sse.c",
                              "base/redact.c")
        env = {**os.environ, "DD_SSE_VECTORS": str((wire / "sse" / "sse.jsonl.gz").resolve()),
               "DD_REDACTION_VECTORS": str((wire / "redaction" / "redaction.jsonl.gz").resolve())}
        for test in ("event_streams_cut_anywhere", "redaction_vectors"):
            p = subprocess.run([unit, test], capture_output=True, text=True, env=env, cwd=root, timeout=120)
            yield f"{test}: {p.stdout[-500:]}", p.returncode == 0


def dialects(program, shared):
    """R2.5: recorded requests, answers and streams, read and translated; what other translators made of some."""
    with gzip.open(shared / "data" / "wire" / "golden" / "golden.jsonl.gz", "rt", encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(__file__).resolve().parent.parent
        parts = sorted(str(p.relative_to(root)) for p in (root / "proxy" / "dialect").glob("*.c") if not p.name.endswith("_fuzz.c"))
        driver, _ = compiled(folder, "dialect", "tests/drivers/dialect.c", "proxy/http/sse.c", "base/map.c", "base/redact.c", *parts)
        records = list(recorded(shared))
        yield from request_suites(driver, records, entries)
        yield from dialect_suites(driver, records, entries)


def cel_literal(value):
    """A typed value of the vectors as an expression."""
    (kind, v), = value.items()
    if kind in ("int", "uint"):
        return v + ("u" if kind == "uint" else "")
    if kind == "double":
        return f'double("{v}")'
    if kind == "string":
        return '"' + "".join(f"\\U{ord(c):08x}" for c in v) + '"'
    if kind == "bytes_b64":
        return 'b"' + "".join(f"\\x{c:02x}" for c in base64.b64decode(v)) + '"'
    if kind == "list":
        return "[" + ", ".join(map(cel_literal, v)) + "]"
    if kind == "map":
        return "{" + ", ".join(f"{cel_literal(k)}: {cel_literal(x)}" for k, x in v) + "}"
    if kind == "timestamp":
        return f'timestamp({v[0]}) + duration("{v[1]}ns")'
    if kind == "duration":
        return f'duration("{v[0]}s") + duration("{v[1]}ns")'
    return {"bool": str(v).lower(), "null": "null", "type": v}[kind]


def cel_same(got, want):
    """Typed values, equal as the vectors mean it: NaN is NaN, maps have no order."""
    (kind, g), (wanted, w) = *got.items(), *want.items()
    if kind == "bytes" and wanted == "bytes_b64":
        return bytes.fromhex(g) == base64.b64decode(w)
    if kind != wanted:
        return False
    if kind == "string":
        return bytes.fromhex(g) == w.encode()
    if kind == "double":
        return math.isnan(float(g)) and math.isnan(float(w)) or float(g) == float(w)
    if kind == "list":
        return len(g) == len(w) and all(map(cel_same, g, w))
    if kind == "map":
        return len(g) == len(w) and all(any(cel_same(gk, wk) and cel_same(gv, wv) for gk, gv in g) for wk, wv in w)
    return g == w


def cel(program, shared):
    """R2.1: conditions mean what the public vectors of the Common Expression Language say."""
    with gzip.open(shared / "data" / "wire" / "cel" / "cel.jsonl.gz", "rt", encoding="utf-8") as lines:
        vectors = [json.loads(line) for line in lines]
    text = ""
    for r in vectors:
        fields = [r["expr"].encode().hex(), r.get("container", "").encode().hex(), "unchecked" if r.get("unchecked") else "-"]
        text += "\t".join(fields + [f"{k.encode().hex()}={cel_literal(v).encode().hex()}" for k, v in r.get("bindings", {}).items()]) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(__file__).resolve().parent.parent
        parts = sorted(str(p.relative_to(root)) for p in (root / "route").glob("cel*.c") if not p.name.endswith("_fuzz.c"))
        driver, _ = compiled(folder, "cel", "tests/drivers/cel.c", "base/near.c", "base/time.c", "base/zone.c", *parts, "-lpcre2-8", "-lm")
        said = subprocess.run([driver], input=text.encode(), capture_output=True, timeout=300)
    got = said.stdout.splitlines()
    yield f"{len(got)} answers for {len(vectors)} expressions: {said.stderr[-300:]!r}", len(got) == len(vectors) > 0
    for r, line in zip(vectors, got):
        value = json.loads(line) if is_json(line) else {"error": ""}
        told = bytes.fromhex(value["error"]).decode(errors="replace") if "error" in value else value
        yield f"{r['suite']} {r['section']} {r['name']}: {r['expr'][:120]!r} is {told}, not {r.get('value', 'an error')}", (
            "error" in value) if "error" in r else "error" not in value and cel_same(value, r["value"])


def configuration(program, shared):
    """The configuration that the design shows loads word for word, and a proxy starts with it."""
    text = (shared / "design.md").read_text(encoding="utf-8")
    body = re.search(r"^## Configuration\n.*?^```yaml\n(.*?)^```", text, re.M | re.S)
    yield "the design has a configuration", body is not None
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "dd0c.yaml"
        path.write_text(body[1] if body else "")
        env = {**os.environ, "OPENAI_API_KEY": "a", "ANTHROPIC_API_KEY": "b", "DD0C_HOME": folder, "XDG_CACHE_HOME": folder}
        p = subprocess.run([program, "config", "check", str(path)], capture_output=True, text=True, env=env, timeout=60)
        yield f"config check: {p.stderr}", p.returncode == 0 and p.stdout.endswith(": fine\n")
        server = subprocess.Popen([program, "proxy", "--config", str(path), "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True, env=env)
        line = server.stderr.readline()
        server.terminate()
        server.communicate(timeout=60)
        yield f"proxy: {line}", line.startswith("listening on http://127.0.0.1:") and server.returncode == 0


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    ap.add_argument("--shared", required=True, type=pathlib.Path)
    args = ap.parse_args()
    if not args.shared.is_dir():
        sys.exit(f"conformance: the vectors are not at {args.shared}")
    program, passed, failed = os.path.abspath(args.program), 0, 0
    for suite in (token_vectors, json_suite, body_reader, usage_chunks, event_streams, dialects, cel, configuration):
        for what, ok in suite(program, args.shared):
            passed += ok
            failed += not ok
            if not ok and failed <= 20:
                print(f"FAIL {suite.__name__}: {what}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
