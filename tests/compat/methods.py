#!/usr/bin/env python3
"""Each method of the official Python SDKs, found by looking through the clients: called against one provider directly and through `dd0c proxy`.

usage: build/compat/venv/bin/python tests/compat/methods.py --program build/dd0c

The provider answers any path alike and keeps what it got. Both calls must reach it with the same method, path, query and body, and the SDK must come to the
same end (an answer, or the same error). Arguments are made from each signature. What only opens a WebSocket is listed, not called. Closes with
"N passed, M failed".
"""
import argparse
import http.server
import inspect
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading

import anthropic
import openai


class Provider(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []

    def answer(self):
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size) if size else b""
        if self.headers.get("transfer-encoding") == "chunked":
            while (n := int(self.rfile.readline(), 16)):
                body += self.rfile.read(n)
                self.rfile.readline()
            self.rfile.readline()
        kind = self.headers.get("content-type") or ""
        boundary = re.search(r"boundary=(\S+)", kind)
        if boundary:
            body = body.replace(boundary[1].encode(), b"BOUNDARY")
        Provider.seen.append((self.command, self.path, body))
        text = json.dumps({"id": "x", "object": "list", "data": [], "has_more": False, "choices": [], "content": [], "output": [], "type": "message"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text if self.command != "HEAD" else b"")

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = answer

    def log_message(self, *_):
        pass


BY_NAME = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], "input": "hi", "prompt": "hi", "file": ("a.txt", b"abc"), "image": ("a.png", b"abc"),
           "data": ("a", b"abc"), "files": [("a.txt", b"abc")], "max_tokens": 5, "requests": [], "training_file": "file-1", "purpose": "batch", "stream": False}


def argument(name, p, anthropics):
    if name == "model" and anthropics:
        return "claude-haiku-4-5"
    if name in BY_NAME:
        return BY_NAME[name]
    text = str(p.annotation)
    if "bool" in text:
        return False
    if "int" in text and "str" not in text:
        return 1
    if "Iterable" in text or "List" in text or "SequenceNotStr" in text:
        return []
    if "Dict" in text or "Params" in text or "Param" in text and "str" not in text:
        return {}
    return "x1"


def methods(resource, path, depth=0):
    """(name, bound method) of a client's resources."""
    skip = {"with_raw_response", "with_streaming_response", "copy", "with_options", "close", "is_closed"}
    for name in sorted(n for n in dir(type(resource)) if not n.startswith("_") and n not in skip):
        try:
            value = getattr(resource, name)
        except Exception:
            continue
        full = f"{path}.{name}" if path else name
        if inspect.ismethod(value) and path:
            yield full, value
        elif depth < 5 and type(value).__module__.split(".")[0] in ("openai", "anthropic") and "resources" in type(value).__module__:
            yield from methods(value, full, depth + 1)


def call(method, anthropics):
    """What reached the provider, and how the SDK ended."""
    Provider.seen.clear()
    required = {n: argument(n, p, anthropics) for n, p in inspect.signature(method).parameters.items()
                if p.default is inspect.Parameter.empty and p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    first = [required.pop(n) for n, p in inspect.signature(method).parameters.items() if n in required and p.kind == p.POSITIONAL_OR_KEYWORD]
    for name in ("model", "messages", "input", "prompt"):     # overloads say too little
        p = inspect.signature(method).parameters.get(name)
        if p is not None and p.kind == p.KEYWORD_ONLY and name in ("model",):
            required.setdefault(name, argument(name, p, anthropics))
    try:
        out = method(*first, **required, timeout=5) if "timeout" in inspect.signature(method).parameters else method(*first, **required)
        end = type(out).__name__
    except (openai.APIStatusError, anthropic.APIStatusError) as e:
        end = f"{type(e).__name__} {e.status_code}: {str(e)[:160]}"
    except Exception as e:
        end = type(e).__name__
    return list(Provider.seen), end


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--program", required=True)
    program = str(pathlib.Path(ap.parse_args().program).resolve())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    upstream = f"http://127.0.0.1:{server.server_address[1]}"
    home = tempfile.mkdtemp(prefix="dd0c-methods-")
    pathlib.Path(home, "dd0c.yaml").write_text(f"providers:\n  openai: {{base_url: {upstream}/v1, api_key: k}}\n  anthropic: {{base_url: {upstream}, api_key: k}}\n")
    env = {"PATH": os.environ["PATH"], "HOME": home, "DD0C_HOME": home}
    p = subprocess.Popen([program, "proxy", "--config", home + "/dd0c.yaml", "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True, env=env)
    gateway = re.search(r"http\S+", p.stderr.readline())[0]
    threading.Thread(target=lambda: [None for _ in p.stderr], daemon=True).start()
    passed, failed, silent = 0, 0, []
    for anthropics, make in ((False, lambda u: openai.OpenAI(base_url=u + "/v1", api_key="k", max_retries=0, timeout=5, admin_api_key="k") if "admin_api_key" in inspect.signature(openai.OpenAI).parameters
                              else openai.OpenAI(base_url=u + "/v1", api_key="k", max_retries=0, timeout=5)),
                             (True, lambda u: anthropic.Anthropic(base_url=u, api_key="k", max_retries=0, timeout=5))):
        direct, through = dict(methods(make(upstream), "")), dict(methods(make(gateway), ""))
        for name in direct:
            if re.search(r"(poll|wait|connect|stream|upload_and|create_and|tool_runner|until_done)", name.split(".")[-1]):
                silent.append(name)          # loops and helpers around the others, and WebSockets
                continue
            want, got = call(direct[name], anthropics), call(through[name], anthropics)
            if not want[0]:
                silent.append(name)          # refused by the SDK itself before anything is sent
            elif [s[:2] for s in want[0]] == [s[:2] for s in got[0]] and want[1] == got[1] and all(
                    a[2] == b[2] or json_equal(a[2], b[2]) for a, b in zip(want[0], got[0])):
                passed += 1
            elif name.endswith("models.list") and got[1] == want[1]:
                passed += 1                  # our own list
            else:
                failed += 1
                print(f"{'anthropic' if anthropics else 'openai'}.{name}: direct {[s[:2] for s in want[0]]} {want[1]}; through the proxy {[s[:2] for s in got[0]]} {got[1]}")
    p.terminate()
    print(f"not called, or refused before anything was sent: {len(silent)}")
    print(f"{passed} passed, {failed} failed")
    raise SystemExit(failed != 0)


def json_equal(a, b):
    try:
        return json.loads(a) == json.loads(b)
    except ValueError:
        return False


main()
