#!/usr/bin/env python3
"""Runs dd0c's tests and closes with one line, `N passed, N failed`.

  tests/run.py --program build/release/dd0c [--unit build/release/unit-tests] [FILTER]

Kinds: unit tests (C, through headers); tests/scan/<case>/ (source files and the call sites they owe); tests/cli/*.py and
tests/proxy/*.py (each defines test_* functions that take a `Cli`). Standard library only; tests talk to loopback only.
"""
import argparse
import concurrent.futures
import fcntl
import importlib.util
import inspect
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"


class Cli:
    """What a command test gets: the program, a folder of its own, and helpers."""

    def __init__(self, program):
        self.program = str(program)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dd0c-cli-"))
        self.servers = []
        self.env = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.dir / "home"), "LC_ALL": "C.UTF-8", "TERM": "dumb",
                    "SOURCE_DATE_EPOCH": "1795132800",
                    "XDG_CACHE_HOME": str(self.dir / "cache"), "XDG_CONFIG_HOME": str(self.dir / "config"),
                    "XDG_STATE_HOME": str(self.dir / "state")}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def write(self, path, text):
        file = self.dir / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            file.write_bytes(text)
        else:
            file.write_text(text, encoding="utf-8")
        return file

    def run(self, *args, stdin=b"", status=0, env=None, cwd=None, timeout=120):
        """Runs dd0c; checks the exit status (None: any); returns the completed process with text streams."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        p = subprocess.run([self.program, *map(str, args)], input=data, capture_output=True, timeout=timeout,
                           cwd=cwd or self.dir, env={**self.env, **(env or {})})
        p.out = p.stdout.decode("utf-8", "surrogateescape")
        p.err = p.stderr.decode("utf-8", "surrogateescape")
        if status is not None and p.returncode != status:
            raise AssertionError(f"dd0c {' '.join(map(str, args))}: exit {p.returncode}, not {status}\n{p.out[-2000:]}\n{p.err[-2000:]}")
        return p

    def terminal(self, columns, *args):
        """The lines that dd0c prints to a terminal of so many columns."""
        main, side = os.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        p = subprocess.Popen([self.program, *map(str, args)], stdin=subprocess.DEVNULL, stdout=side, stderr=subprocess.DEVNULL, cwd=self.dir, env=self.env)
        os.close(side)
        out, more = b"", b"?"
        while more:
            try:
                more = os.read(main, 65536)
            except OSError:           # so Linux tells that the other side is closed
                more = b""
            out += more
        p.wait()
        os.close(main)
        return out.decode().replace("\r\n", "\n").splitlines()

    def start(self, *args, env=None, ready=r"listening on (?P<url>http\S+:(?P<port>\d+))"):
        """Starts dd0c and waits for its line that says it is ready; stopped by close()."""
        server = Server([self.program, *map(str, args)], cwd=self.dir, env={**self.env, **(env or {})}, ready=ready)
        self.servers.append(server)
        return server

    def sites(self, *args):
        return [json.loads(line) for line in self.run("scan", "--format", "jsonl", *args).out.splitlines()]

    def close(self):
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


class Server:
    """A dd0c that serves; its standard error is kept."""

    def __init__(self, command, cwd, env, ready):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=env)
        self.log, self.changed = [], threading.Condition()
        self.out = []
        self.readers = [threading.Thread(target=self._read, args=(self.process.stderr, self.log), daemon=True),
                        threading.Thread(target=self._read, args=(self.process.stdout, self.out), daemon=True)]
        for r in self.readers:
            r.start()
        m = self.wait_log(ready, 60)
        self.url, self.port = m["url"], int(m["port"])

    def _read(self, stream, into):
        for line in stream:
            with self.changed:
                into.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            into.append(None)
            self.changed.notify_all()

    def wait_log(self, pattern, seconds=20):
        """The match of the first line of standard error that holds `pattern`."""
        found = []

        def there():
            found[:] = [m for m in (re.search(pattern, line) for line in self.log if line is not None) if m]
            return found or None in self.log
        with self.changed:
            self.changed.wait_for(there, seconds)
        if not found:
            raise AssertionError(f"no line {pattern!r} in: " + "\n".join(line for line in self.log if line is not None))
        return found[0]

    def stop(self, signum=signal.SIGTERM, seconds=30):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        for r in self.readers:
            r.join(5)
        return status


def run_unit(binary, filter_text):
    p = subprocess.run([str(binary)] + ([filter_text] if filter_text else []), capture_output=True, text=True, errors="replace", cwd=ROOT)
    m = re.search(r"^unit: (\d+) passed, (\d+) failed$", p.stdout, re.M)
    passed, failed = (int(m[1]), int(m[2])) if m else (0, 1)
    if failed or p.returncode:
        print(p.stdout[-6000:], p.stderr[-6000:], f"unit tests: exit {p.returncode}", sep="\n")
        failed = max(failed, 1)
    return passed, failed


def scan_case(program, folder):
    """A folder of source files and expected.json: the call sites, in order, each a subset of its fields."""
    cli = Cli(program)
    try:
        want = json.loads((folder / "expected.json").read_text())
        args = (folder / "args").read_text().split() if (folder / "args").exists() else []
        sources = folder / "input" if (folder / "input").is_dir() else folder
        got = cli.sites(*args, str(sources))
        got = [s for s in got if s["path"] not in ("expected.json", "args")]
        problems = []
        if len(got) != len(want):
            problems.append(f"{len(got)} sites, not {len(want)}: " + "; ".join(f"{s['path']}:{s['line']} {s['sdk']} {s['api']} {s['model']}" for s in got))
        for w, g in zip(want, got):
            for key, value in w.items():
                if key != "why" and g.get(key) != value:
                    problems.append(f"{g['path']}:{g['line']} {key}: {g.get(key)!r}, not {value!r} ({w.get('why', '')})")
        if problems:
            raise AssertionError("\n".join(problems))
    finally:
        cli.close()


def cli_tests():
    sys.path[:0] = [str(TESTS / "cli"), str(TESTS / "proxy")]
    for file in sorted((TESTS / "cli").glob("*_test.py")) + sorted((TESTS / "proxy").glob("*_test.py")):
        spec = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, fn in sorted(inspect.getmembers(module, inspect.isfunction)):
            if name.startswith("test_") and fn.__module__ == file.stem:
                yield f"{file.parent.name}/{file.stem}:{name}", fn


def run_cli(program, fn):
    cli = Cli(program)
    try:
        fn(cli)
    finally:
        cli.close()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    ap.add_argument("--unit")
    ap.add_argument("filter", nargs="?", default="")
    args = ap.parse_args()
    program = pathlib.Path(args.program).resolve()
    passed = failed = 0
    if args.unit:
        passed, failed = run_unit(pathlib.Path(args.unit).resolve(), args.filter)
    jobs = [(f"scan/{d.parent.relative_to(TESTS / 'scan')}",
             lambda d=d: scan_case(program, d.parent)) for d in sorted((TESTS / "scan").rglob("expected.json"))]
    jobs += [(name, lambda fn=fn: run_cli(program, fn)) for name, fn in cli_tests()]
    jobs = [j for j in jobs if args.filter in j[0]]
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        for (name, _), result in zip(jobs, pool.map(lambda j: attempt(j[1]), jobs)):
            if result is None:
                passed += 1
            else:
                failed += 1
                print(f"FAIL {name}\n{result}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


def attempt(fn):
    try:
        fn()
        return None
    except AssertionError as e:
        frame = traceback.extract_tb(e.__traceback__)[-1]
        return f"  {os.path.basename(frame.filename)}:{frame.lineno}: {e}" if str(e) else f"  {os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}"
    except Exception:
        return traceback.format_exc()


if __name__ == "__main__":
    main()
