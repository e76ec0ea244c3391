#!/usr/bin/env python3
"""House rules that a compiler does not know. `make lint` runs all of them; each prints file:line: what.

  direction    includes point down: cmd > scan report > route > pricing-cache > base, never sideways
  headers      each header compiles alone
  complexity   cyclomatic complexity at most 10 a function in route/ (lizard)
  decisions    docs/decisions/*.json are whole, and a change to route/, prices or migrations has one
  migrations   store/migrations/ only adds: nothing is dropped, renamed, or given another type
  words        no download address of a registry, no machine path in a tracked file
  cppcheck, clang-tidy   their findings are errors
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RANK = {"base": 0, "pricing-cache": 1, "route": 2, "store": 3, "scan": 3, "report": 3, "proxy": 3, "cmd": 4}
OURS = sorted(p for d in RANK for p in (ROOT / d).rglob("*.[ch]"))
CFLAGS = ["-std=gnu11", "-I.", "-Ibuild/release/gen", "-Inode_modules/tree-sitter/vendor/tree-sitter/lib/include", "-include", "base/banned.h",
          "-Wall", "-Wextra", "-Wno-missing-field-initializers"]
DECISION_FIELDS = ("prompt", "reasoning", "alternatives_considered", "confidence", "timestamp", "author")
GUARDED = ("route/", "pricing-cache/bundled", "store/migrations")


def run(*cmd, **kw):
    return subprocess.run(cmd, cwd=ROOT, capture_output=True, text=True, **kw)


def rel(path):
    return str(path.relative_to(ROOT))


def direction():
    for path in OURS:
        layer = path.relative_to(ROOT).parts[0]
        for n, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            m = re.match(r'\s*#\s*include\s+"([^"/]+)/', line)
            if not m or m[1] not in RANK:
                continue
            if RANK[m[1]] > RANK[layer] or (RANK[m[1]] == RANK[layer] and m[1] != layer):
                yield f"{rel(path)}:{n}: {layer}/ may not include {m[1]}/"


def headers():
    flags = [f for f in CFLAGS] + pkg_config()

    def alone(path):
        p = run("cc", *flags, "-Werror", "-fsyntax-only", "-x", "c", "-", input=f'#include "{rel(path)}"\n')
        return None if p.returncode == 0 else f"{rel(path)}:1: does not compile alone: {p.stderr.strip().splitlines()[0] if p.stderr else ''}"

    with concurrent.futures.ThreadPoolExecutor() as pool:
        yield from filter(None, pool.map(alone, [p for p in OURS if p.suffix == ".h"]))


def pkg_config():
    return run("pkg-config", "--cflags", "libpcre2-8", "libcjson", "libcurl", "yaml-0.1", "sqlite3", "libssl", "libzstd", "zlib").stdout.split() + ["-I/usr/share/include/llhttp"]


def venv(*packages):
    """A Python in build/venv that has the pinned packages."""
    folder = ROOT / "build" / "venv"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    have = run(str(python), "-m", "pip", "freeze").stdout.lower().split()
    need = [p for p in packages if p.lower() not in have]
    if need:
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *need], check=True)
    return str(python)


def complexity():
    python = venv("lizard==1.17.31")
    p = run(python, "-m", "lizard", "-l", "c", "-C", "10", "-w", "route")
    for line in p.stdout.splitlines():
        m = re.match(r"(.*?):(\d+): warning: (\S+) has .*?(\d+) CCN", line)
        if m:
            yield f"{m[1]}:{m[2]}: {m[3]} has cyclomatic complexity {m[4]}, 10 is the limit in route/"


def decisions(base=None):
    for path in sorted((ROOT / "docs" / "decisions").glob("*.json")):
        try:
            data = json.loads(path.read_text())
        except ValueError as e:
            yield f"{rel(path)}:1: not JSON: {e}"
            continue
        for field in DECISION_FIELDS:
            if not data.get(field):
                yield f"{rel(path)}:1: field \"{field}\" is missing"
    base = base or os.environ.get("DD0C_BASE") or run("git", "describe", "--tags", "--abbrev=0", "--match", "v*").stdout.strip() or None
    span = [f"{base}..HEAD"] if base else ["HEAD"]
    changed = set(run("git", "log", "--format=", "--name-only", *span).stdout.split("\n"))
    changed |= set(run("git", "diff", "--name-only", "HEAD").stdout.split("\n"))
    changed |= set(run("git", "ls-files", "--others", "--exclude-standard").stdout.split("\n"))
    touched = sorted(f for f in changed if f.startswith(GUARDED) and f.endswith((".c", ".def", ".json", ".sql")))
    if touched and not any(f.startswith("docs/decisions/") for f in changed):
        yield f"{touched[0]}:1: Decision log required for routing changes"


SQL_SKIP = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.S)
DESTRUCTIVE = re.compile(r"\b(DROP|RENAME|TRUNCATE)\b|\bALTER\b[^;]*?\bALTER\b[^;]*?\bTYPE\b|\bMODIFY\b", re.I)
ADD_COLUMN = re.compile(r"\bADD\s+(?:COLUMN\b)?[^;]*?\bNOT\s+NULL\b(?![^;]*\bDEFAULT\b)", re.I)


def migrations(folder=None):
    """R10.2. Comments and texts say nothing; what is found is told by the line on which its statement begins."""
    folder = pathlib.Path(folder or ROOT / "store" / "migrations")
    for path in sorted(folder.rglob("*.sql")):
        sql = SQL_SKIP.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), path.read_text())
        at = 0
        for statement in sql.split(";"):
            line = sql.count("\n", 0, at + len(statement) - len(statement.lstrip())) + 1
            if DESTRUCTIVE.search(statement):
                yield f"{path}:{line}: Destructive schema change detected"
            elif re.match(r"\s*ALTER\b", statement, re.I) and ADD_COLUMN.search(statement):
                yield f"{path}:{line}: a new column must be nullable or have a default"
            at += len(statement) + 1


def words():
    pattern = r"(^|[^a-z])/(work|farm|root|home/[a-z]+)/|\"resolved\": *\"http|https?://[^ \"]*(registry|/simple|pypi|crates|goproxy)[^ \"]*"
    p = run("git", "grep", "-nIE", pattern, "--", ":!tools/lint.py", ":!tests/data")
    for line in p.stdout.splitlines():
        yield line[:160] + ": an address or path that does not belong here"


def cppcheck():
    p = run("cppcheck", "-q", "--std=c11", "--enable=warning,performance,portability", "--inline-suppr", "-j2", "--error-exitcode=1", "-I.",
            "--suppress=missingIncludeSystem", "--suppress=normalCheckLevelMaxBranches", "--suppress=checkersReport", "--template={file}:{line}: {message} ({id})",
            "--suppressions-list=tools/cppcheck.suppress", *[d for d in RANK if (ROOT / d).exists()])
    yield from (line for line in p.stderr.splitlines() if line.strip())


def clang_tidy():
    flags = CFLAGS + pkg_config()

    def one(path):
        p = run("clang-tidy", "--quiet", rel(path), "--", *flags)
        return [line for line in p.stdout.splitlines() if re.search(r": (warning|error): ", line) and "node_modules" not in line]

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for found in pool.map(one, [p for p in OURS if p.suffix == ".c" and not p.name.endswith("_fuzz.c")]):
            yield from found


CHECKS = {"direction": direction, "headers": headers, "complexity": complexity, "decisions": decisions, "migrations": migrations, "words": words,
          "cppcheck": cppcheck, "clang-tidy": clang_tidy}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("checks", nargs="*", help="only these: " + " ".join(CHECKS))
    args = ap.parse_args()
    bad = 0
    for name in args.checks or CHECKS:
        found = sorted(set(CHECKS[name]()))
        bad += len(found)
        for line in found:
            print(f"{line.replace(str(ROOT) + '/', '')} [{name}]")
        print(f"lint: {name}: {len(found) or 'nothing'} found", flush=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
