#!/usr/bin/env python3
"""Public vectors that are not kept in this project, from a folder beside it (--shared). Fails when they are absent.

  tests/conformance.py --program build/dd0c --shared ../shared
"""
import argparse
import concurrent.futures
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile


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


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    ap.add_argument("--shared", required=True, type=pathlib.Path)
    args = ap.parse_args()
    if not args.shared.is_dir():
        sys.exit(f"conformance: the vectors are not at {args.shared}")
    program, passed, failed = os.path.abspath(args.program), 0, 0
    for suite in (token_vectors, json_suite):
        for what, ok in suite(program, args.shared):
            passed += ok
            failed += not ok
            if not ok and failed <= 20:
                print(f"FAIL {suite.__name__}: {what}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
