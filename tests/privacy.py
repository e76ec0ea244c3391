#!/usr/bin/env python3
"""A thousand requests with secrets planted in them, then a look for each secret wherever something of a request is kept, shown or sent (R1.7, R2.8, R10.4).

  tests/privacy.py --program build/release/dd0c [--requests 1000] [--keep]

Every place of a request and of an answer (PLACES) carries words, an e-mail address, a phone number and a key of its own; requests go well and fail in
every way (SCENES): provider's errors that repeat the prompt, streams cut within an event, clients that leave, bodies that are no JSON, wrong keys, panic,
a store that is locked so that events wait in the spool, SIGSEGV with requests under way. Then each channel (CHANNELS) is searched: raw, and as base64.
Each channel must also hold what it owes (a canary), or nothing was looked at. Standard library only; tests talk to loopback only.
"""
import argparse
import base64
import concurrent.futures
import gzip
import http.client
import json
import os
import pathlib
import re
import resource
import secrets
import shutil
import signal
import socket
import sqlite3
import string
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "proxy"))
from support import CHAT, MESSAGE, Upstream, chat_chunk, usage_chunk   # noqa: E402

LETTERS = string.ascii_letters + string.digits
TEAM, FEATURE = "canaryteam", "canaryfeature"


def letters(n):
    return "".join(secrets.choice(LETTERS) for _ in range(n - 1)) + "7"


class Place:
    """Somewhere that a secret can stand. `said`: the client names it on purpose, to find its requests again (docs/store.md); keys in it are redacted all the same."""

    def __init__(self, name, said=False):
        self.name, self.said = name, said
        self.word = "planted" + letters(14)
        self.mail = f"jo.{letters(10).lower()}@example.org"
        self.phone = "+49 30 " + "".join(secrets.choice(string.digits) for _ in range(9))
        self.key = "sk-" + "proj-" + letters(44)

    def text(self, i):
        return f"{self.word} of {i}: write to {self.mail}, call {self.phone}, use {self.key}"

    def tokens(self):
        return {"word": self.word, "mail": self.mail, "phone": self.phone[4:], "key": self.key[-30:]}


PLACES = {p.name: p for p in [
    *(Place(n) for n in ["system", "developer", "user_text", "assistant", "tool_name_text", "tool_arguments", "tool_result", "tool_description", "schema", "file_name",
                         "file_data", "image_url", "stop", "unknown_member", "embedding_input", "prompt", "instructions", "response_input", "broken_body", "header",
                         "cookie", "query", "session", "wrong_key", "wrong_bearer", "basic", "path", "stranger_agent",
                         "answer_text", "answer_header", "answer_stream", "answer_tool", "error_body", "error_header", "error_event", "error_page", "trailing"]),
    *(Place(n, said=True) for n in ["end_user", "metadata", "tag_header", "user_header"])]}
PROVIDER_KEYS = ["sk-" + "prov-" + letters(40), "sk-" + "ant-api03-" + letters(60)]
ADMIN_WORD = letters(24)


def t(name, i):
    return PLACES[name].text(i)


# --- the provider ---

def refuse(request, c, status, headers=None):
    """As the careless do: it repeats what it was sent."""
    i = request.headers.get("x-number", "0")
    words = " ".join([t("error_body", i), request.body.decode("utf-8", "replace"), request.headers.get("authorization", ""), request.headers.get("x-api-key", "")])
    c.json({"type": "error", "error": {"type": "invalid_request_error", "message": words, "code": t("error_body", i)[:60], "param": words[:200]}}, status,
           {"x-upstream-note": t("error_header", i), **(headers or {})})


def stream(request, c, end):
    i = request.headers.get("x-number", "0")
    messages = request.target.endswith("/messages")
    c.start_stream({"x-upstream-note": t("answer_header", i)})
    if messages:
        c.chunk("event: message_start\ndata: " + json.dumps({"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}}) + "\n\n")
        c.chunk("event: content_block_start\ndata: " + json.dumps({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}) + "\n\n")
        c.chunk("event: content_block_delta\ndata: " + json.dumps({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": t("answer_stream", i)}}) + "\n\n")
    else:
        c.chunk(chat_chunk({"role": "assistant", "content": t("answer_stream", i)}))
    if end == "cut":                 # within an event
        c.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"" + t("answer_stream", i)[:70])
        c.cut()
    elif end == "reset":
        c.cut(reset=True)
    elif end == "error":
        c.chunk("event: error\ndata: " + json.dumps({"type": "error", "error": {"type": "api_error", "message": t("error_event", i)}}) + "\n\n")
        c.end_stream()
    elif end == "hold":
        time.sleep(1.5)
        c.cut()
    elif messages:
        c.chunk("event: message_delta\ndata: " + json.dumps({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}) + "\n\n")
        c.chunk("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
        c.end_stream()
    else:
        c.chunk(chat_chunk({}, "stop") + usage_chunk(20, 9) + "data: [DONE]\n\n")
        c.end_stream()


def good(request, c):
    i = request.headers.get("x-number", "0")
    if b'"stream":true' in request.body.replace(b" ", b""):
        return stream(request, c, "end")
    if request.target.endswith("/messages"):
        answer = {**MESSAGE, "content": [{"type": "text", "text": t("answer_text", i)}, {"type": "tool_use", "id": "t1", "name": "look", "input": {"q": t("answer_tool", i)}}]}
    elif request.target.endswith("/responses"):
        answer = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-4o-mini", "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11},
                  "output": [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": t("answer_text", i), "annotations": []}]}]}
    elif request.target.endswith("/embeddings"):
        answer = {"object": "list", "model": "text-embedding-3-small", "data": [{"object": "embedding", "index": 0, "embedding": [0.1]}], "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    else:
        call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": json.dumps({"q": t("answer_tool", i)})}}
        answer = {**CHAT, "choices": [{"index": 0, "message": {"role": "assistant", "content": t("answer_text", i), "tool_calls": [call]}, "finish_reason": "tool_calls", "text": t("answer_text", i)}]}
    c.json(answer, headers={"x-upstream-note": t("answer_header", i)})


def number(request):
    return request.headers.get("x-number", "0")


UPSTREAM = {
    "good": good,
    "400": lambda r, c: refuse(r, c, 400), "401": lambda r, c: refuse(r, c, 401), "403": lambda r, c: refuse(r, c, 403), "404": lambda r, c: refuse(r, c, 404),
    "413": lambda r, c: refuse(r, c, 413), "422": lambda r, c: refuse(r, c, 422), "429": lambda r, c: refuse(r, c, 429, {"retry-after": "0"}), "500": lambda r, c: refuse(r, c, 500),
    "529": lambda r, c: refuse(r, c, 529),
    "page": lambda r, c: c.reply(502, {"Content-Type": "text/html"}, f"<html>{t('error_page', number(r))}</html>"),
    "no-json": lambda r, c: c.reply(200, {"Content-Type": "application/json"}, '{"choices": [' + t("error_page", number(r))),
    "garbage": lambda r, c: (c.send(f"{t('error_page', number(r))}\r\n\r\n"), c.cut()),
    "bad-header": lambda r, c: (c.send(f"HTTP/1.1 200 OK\r\n{t('error_header', number(r))}\r\n\r\n"), c.cut()),
    "reset": lambda r, c: c.cut(reset=True), "gone": lambda r, c: c.cut(),
    "short": lambda r, c: (c.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" + t("answer_text", number(r))), c.cut()),
    "slow": lambda r, c: (time.sleep(1.2), c.cut()),
    "stream": lambda r, c: stream(r, c, "end"), "stream-cut": lambda r, c: stream(r, c, "cut"), "stream-reset": lambda r, c: stream(r, c, "reset"),
    "stream-error": lambda r, c: stream(r, c, "error"), "stream-hold": lambda r, c: stream(r, c, "hold"),
}


def provide(request, c):
    UPSTREAM.get(request.headers.get("x-scene", "good"), good)(request, c)


# --- what is asked ---

def chat_body(i, streaming=False, model="gpt-4o-mini"):
    return {"model": model, "stream": streaming, "max_tokens": 20, "user": t("end_user", i), "stop": [t("stop", i)], "x_unknown": {"deep": [t("unknown_member", i)]},
            "metadata": {"note": t("metadata", i)},
            "tools": [{"type": "function", "function": {"name": "look", "description": t("tool_description", i), "parameters": {"type": "object", "properties": {"q": {
                "type": "string", "description": t("schema", i)}}}}}],
            "messages": [{"role": "system", "content": t("system", i)}, {"role": "developer", "content": t("developer", i)},
                         {"role": "user", "name": "someone", "content": [
                             {"type": "text", "text": t("user_text", i)}, {"type": "image_url", "image_url": {"url": "https://example.org/" + PLACES["image_url"].word + "/" + PLACES["image_url"].key}},
                             {"type": "file", "file": {"filename": t("file_name", i), "file_data": "data:application/pdf;base64," + base64.b64encode(t("file_data", i).encode()).decode()}}]},
                         {"role": "assistant", "content": t("assistant", i), "tool_calls": [{"id": "c0", "type": "function", "function": {
                             "name": "look", "arguments": json.dumps({"q": t("tool_arguments", i)})}}]},
                         {"role": "tool", "tool_call_id": "c0", "content": t("tool_result", i)}, {"role": "user", "content": t("tool_name_text", i)}]}


def message_body(i, streaming=False):
    return {"model": "claude-haiku-4-5", "stream": streaming, "max_tokens": 20, "system": t("system", i), "metadata": {"user_id": t("end_user", i)},
            "messages": [{"role": "user", "content": [{"type": "text", "text": t("user_text", i)}]},
                         {"role": "assistant", "content": [{"type": "tool_use", "id": "t0", "name": "look", "input": {"q": t("tool_arguments", i)}}]},
                         {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t0", "content": t("tool_result", i)}]}]}


BODIES = [
    ("/v1/chat/completions", lambda i: chat_body(i)),
    ("/v1/chat/completions", lambda i: chat_body(i, True)),
    ("/v1/chat/completions", lambda i: chat_body(i, model="claude-haiku-4-5")),
    ("/v1/messages", lambda i: message_body(i)),
    ("/v1/messages", lambda i: message_body(i, True)),
    ("/v1/responses", lambda i: {"model": "gpt-4o-mini", "instructions": t("instructions", i), "input": t("response_input", i), "user": t("end_user", i)}),
    ("/v1/embeddings", lambda i: {"model": "text-embedding-3-small", "input": [t("embedding_input", i)]}),
    ("/v1/completions", lambda i: {"model": "gpt-3.5-turbo-instruct", "prompt": t("prompt", i), "max_tokens": 9}),
    ("/v1/messages/count_tokens", lambda i: {k: v for k, v in message_body(i).items() if k not in ("max_tokens", "stream", "metadata")}),
    ("/p/openai/chat/completions", lambda i: chat_body(i)),
    ("/v1/files", lambda i: {"purpose": "batch", "file": t("file_data", i)}),
    ("/v1/chat", lambda i: chat_body(i)),
    ("/v1/router/debug", lambda i: chat_body(i)),
]


def headers(i, scene, key):
    return {"Content-Type": "application/json", "Authorization": "Bearer " + key, "x-scene": scene, "x-number": str(i), "x-note": t("header", i), "Cookie": "session=" + t("cookie", i),
            "X-DD0C-Team": TEAM, "X-DD0C-Feature": FEATURE, "X-DD0C-Session": t("session", i), "X-DD0C-Ticket": t("tag_header", i), "X-DD0C-User": t("user_header", i),
            "User-Agent": t("stranger_agent", i)}


class World:
    """The proxy and what is around it."""

    def __init__(self, args):
        self.program = str(pathlib.Path(args.program).resolve())
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dd0c-privacy-"))
        self.cwd = self.dir / "work"
        self.cwd.mkdir()
        self.state = self.dir / "state" / "dd0c"
        self.upstream = Upstream(provide)
        self.spans, self.collector = [], Upstream(self.collect)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.dir), "XDG_STATE_HOME": str(self.dir / "state"), "XDG_CONFIG_HOME": str(self.dir / "config"), "XDG_CACHE_HOME": str(self.dir / "cache"),
                    "LC_ALL": "C.UTF-8", "TERM": "dumb", "OTEL_EXPORTER_OTLP_ENDPOINT": self.collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200", "OTEL_METRIC_EXPORT_INTERVAL": "1000",
                    "UPSTREAM_KEY_A": PROVIDER_KEYS[0], "UPSTREAM_KEY_B": PROVIDER_KEYS[1], "DD0C_MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
        (self.cwd / "dd0c.yaml").write_text(f"""providers:
  openai: {{type: openai, base_url: "{self.upstream.url}/v1", api_key: "${{UPSTREAM_KEY_A}}"}}
  anthropic: {{type: anthropic, base_url: "{self.upstream.url}", api_key: "${{UPSTREAM_KEY_B}}"}}
cache: {{mode: exact}}
premium: openai/gpt-4o
timeouts: {{first_token: 700ms, idle: 700ms}}
budgets:
  - {{name: per-user, scope: user, limit: $100/month}}
  - {{name: per-team, scope: team, limit: $100/month}}
fallback: [openai/gpt-4o-mini]
""")
        self.logs, self.process = [], None
        self.key = self.run("keys", "create", "--name", "app", "--quiet").stdout.decode().strip()
        self.admin = self.run("keys", "create", "--name", "root", "--scope", "admin", "--scope", "chat", "--quiet").stdout.decode().strip()
        self.narrow = self.run("keys", "create", "--name", "narrow", "--models", "gpt-4o", "--quiet", check=False).stdout.decode().strip() or self.key

    def collect(self, request, c):
        body = gzip.decompress(request.body) if request.headers.get("content-encoding") == "gzip" else request.body
        self.spans.append((" ".join(request.parts) + json.dumps(request.headers)).encode() + body)
        c.reply(200, {"Content-Type": request.headers.get("content-type", "")}, b"")

    def run(self, *args, check=True):
        p = subprocess.run([self.program, *args], cwd=self.cwd, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert not check or p.returncode == 0, (args, p.stderr)
        return p

    def start(self, *more):
        log = self.dir / f"log-{len(self.logs)}"
        self.logs.append(log)

        def free_core():
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        with open(log, "wb") as f:
            self.process = subprocess.Popen([self.program, "proxy", "--listen", "127.0.0.1:0", "--log-level", "debug", *more], cwd=self.cwd, env=self.env, stdin=subprocess.DEVNULL,
                                            stdout=f, stderr=f, preexec_fn=free_core)
        end = time.monotonic() + 20
        while not (found := re.search(rb"listening on http://127.0.0.1:(\d+)", log.read_bytes())):
            assert time.monotonic() < end and self.process.poll() is None, log.read_text()
            time.sleep(0.02)
        self.port = int(found[1])

    def ask(self, method, path, body=None, head=None, leave=False):
        """(status, body); 0 when the connection just ended."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            c.request(method, path, data, head or {})
            if leave:
                time.sleep(0.05)
                c.sock.shutdown(socket.SHUT_RDWR)
                return 0, b""
            r = c.getresponse()
            return r.status, r.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            c.close()

    def get(self, path):
        return self.ask("GET", path, head={"Authorization": "Bearer " + self.admin})

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0, self.logs[-1].read_text()[-2000:]


# --- odd requests ---

def odd(w, i):
    path, make = BODIES[i % len(BODIES)]
    body, head = make(i), headers(i, "good", w.key)
    ways = [
        lambda: w.ask("POST", path, (json.dumps(body) + t("trailing", i)).encode(), head),
        lambda: w.ask("POST", path, ("{\"model\":\"gpt-4o-mini\",\"messages\":[" + t("broken_body", i)).encode(), head),
        lambda: w.ask("POST", path, b"\xff\xfe" + t("broken_body", i).encode(), head),
        lambda: w.ask("POST", path, body, {**head, "Authorization": "Bearer " + t("wrong_bearer", i)}),
        lambda: w.ask("POST", path, body, {**head, "Authorization": "Bearer " + PLACES["wrong_key"].key}),
        lambda: w.ask("POST", path, body, {**head, "Authorization": "Basic " + base64.b64encode(("me:" + t("basic", i)).encode()).decode()}),
        lambda: w.ask("POST", path, body, {k: v for k, v in head.items() if k != "Authorization"}),
        lambda: w.ask("POST", path + "?api_key=" + PLACES["query"].key + "&who=" + PLACES["query"].word, body, head),
        lambda: w.ask("GET", "/nothing/" + PLACES["path"].word + "/" + PLACES["path"].key, None, head),
        lambda: w.ask("GET", "/v1/files/" + PLACES["path"].word, None, head),
        lambda: w.ask("DELETE", path, body, head),
        lambda: w.ask("POST", path, body, {**head, "x-scene": "slow"}, leave=True),
        lambda: w.ask("POST", "/v1/chat/completions", {**chat_body(i), "model": "gpt-4o-mini"}, {**head, "Authorization": "Bearer " + w.narrow}),
        lambda: w.ask("POST", "/v1/chat/completions", {**chat_body(i), "model": "no-such-model"}, head),
        lambda: w.ask("POST", "/v1/chat/completions", {**chat_body(i), "messages": t("broken_body", i)}, head),
        lambda: w.ask("POST", "/v1/chat/completions", {**chat_body(i), "n": 999999999999999999999}, head),
        lambda: w.ask("POST", path, body, {**head, "Content-Encoding": "gzip"}),
        lambda: w.ask("POST", path, gzip.compress(json.dumps(body).encode()), {**head, "Content-Encoding": "gzip"}),
        lambda: w.ask("POST", path, body, {**head, "x-big": t("header", i) * 400}),
        lambda: w.ask("POST", path, b'{"model":"gpt-4o-mini","model":"gpt-4o","messages":[{"role":"user","content":"' + t("user_text", i).encode() + b'"}]}', head),
        lambda: raw(w, f"POST {path} HTTP/1.1\r\nHost: x\r\n{t('header', i)}\r\n\r\n"),
        lambda: raw(w, f"{PLACES['path'].word} / HTTP/9.9\r\n\r\n"),
    ]
    return ways[i // 7 % len(ways)]()


def raw(w, text):
    with socket.create_connection(("127.0.0.1", w.port), timeout=5) as s:
        s.sendall(text.encode())
        s.settimeout(2)
        try:
            return 0, s.recv(4096)
        except OSError:
            return 0, b""


def one(w, i):
    if i % 7 == 0:
        return odd(w, i)
    path, make = BODIES[i % len(BODIES)]
    scenes = list(UPSTREAM)
    scene = "good" if i % 5 < 2 else scenes[i // 2 % len(scenes)]
    same = i % 11 == 0       # asked before: the cache knows it
    return w.ask("POST", path, make(11 if same else i), headers(i, scene, w.key))


def ask_many(w, first, n):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda i: one(w, i), range(first, first + n)))


# --- channels ---

def files(w, *patterns):
    found = [f for p in patterns for f in sorted(w.state.glob(p)) if f.is_file()]
    return b"\0".join(f.read_bytes() for f in found)


def other_files(w):
    known = [f for p in ("telemetry.db*", "config.db*", "cache.db*", "spool/*", "ledger*") for f in w.state.glob(p)]
    return b"\0".join(str(f.relative_to(w.dir)).encode() + f.read_bytes() for f in sorted((w.dir / "state").rglob("*")) if f.is_file() and f not in known)


def command(*args):
    def look(w):
        p = w.run(*args, check=False)
        assert b"unknown command" not in p.stderr, "no such command"
        return p.stdout + p.stderr
    return look


def when_there(*args):
    """None: this build has no such command."""
    def look(w):
        p = w.run(*args, check=False)
        return p.stdout + p.stderr if p.returncode == 0 else None
    return look


def over_http(path):
    def look(w):
        body = w.get(path)[1]
        return None if b"nothing answers here" in body else body
    return look


NAMES_USERS = {"events", "spool", "tail", "trace", "api", "ledger", "budgets"}   # where what a client says of its own user and tags may be read
# name, what may stand there, when it is looked at ("live": while the proxy runs; "end": after the crash), how, what must be in it; None: it need not be there
CHANNELS = [
    ("telemetry.db", "events", "end", lambda w: files(w, "telemetry.db*"), FEATURE),
    ("spool", "spool", "end", lambda w: files(w, "spool/*"), FEATURE),
    ("config.db", "", "end", lambda w: files(w, "config.db*"), "SQLite"),
    ("cache.db", "", "end", lambda w: files(w, "cache.db*"), "SQLite"),
    ("ledger", "ledger", "end", lambda w: files(w, "ledger*"), ""),
    ("other files of the state", "", "end", other_files, ""),
    ("log", "", "end", lambda w: b"".join(f.read_bytes() for f in w.logs), "listening"),
    ("crash output", "", "end", lambda w: w.logs[-1].read_bytes(), "a fatal error"),
    ("core", "", "end", lambda w: b"\0".join(f.read_bytes() for f in sorted(w.cwd.glob("core*"))), ""),
    ("tail", "tail", "live", command("tail", "--limit", "2000"), FEATURE),
    ("tail, json", "tail", "live", command("tail", "--limit", "2000", "--format", "json"), FEATURE),
    ("tail, csv", "tail", "live", command("tail", "--limit", "2000", "--format", "csv"), None),
    ("trace", "trace", "live", command("trace", "last"), "ms"),
    ("trace, json", "trace", "live", command("trace", "last", "--format", "json"), "spans"),
    ("costs", "budgets", "live", command("costs"), ""),
    ("costs, json", "budgets", "live", command("costs", "--format", "json"), "cost"),
    *(("top, " + tab, "tail", "live", when_there("top", "--once", "--plain", "--tab", tab), None) for tab in ("overview", "spend", "providers", "budgets", "requests")),
    ("top, json", "tail", "live", when_there("top", "--once", "--format", "json"), None),
    ("report savings", "budgets", "live", when_there("report", "savings", "--format", "markdown"), None),
    ("budgets", "budgets", "live", command("budgets", "--format", "json"), "per-team"),
    ("keys", "", "live", command("keys", "list", "--format", "json"), "app"),
    ("keys usage", "", "live", command("keys", "usage", "app", "--format", "json"), "requests"),
    ("audit", "", "live", command("audit", "--format", "json"), "key.create"),
    ("GET /metrics", "", "live", over_http("/metrics"), TEAM),
    ("GET /admin/live", "", "live", over_http("/admin/live"), "dd0c.live"),
    ("GET /v1/usage", "budgets", "live", over_http("/v1/usage?by=feature"), FEATURE),
    ("GET /health/providers", "", "live", over_http("/health/providers"), "openai"),
    ("GET /v1/models", "", "live", over_http("/v1/models"), "gpt-4o"),
    ("GET /api/dashboard/summary", "", "live", over_http("/api/dashboard/summary?period=24h"), "dashboard.summary"),
    ("GET /api/dashboard/treemap", "", "live", over_http("/api/dashboard/treemap?period=24h"), FEATURE),
    ("GET /api/requests", "api", "live", lambda w: pages(w), FEATURE),
    ("GET /api/requests/ID", "api", "live", lambda w: singles(w), "spans"),
    ("OTLP", "", "end", lambda w: b"\0".join(w.spans), TEAM),
]


def pages(w):
    out, before = [], ""
    while True:
        status, body = w.get("/api/requests?limit=200" + before)
        assert status == 200, body
        out.append(body)
        following = json.loads(body)["next"]
        if following is None:
            return b"\0".join(out)
        before = "&before=" + following


def singles(w):
    ids = [e["id"] for e in json.loads(w.get("/api/requests?limit=60")[1])["data"]]
    return b"\0".join(w.get("/api/requests/" + i)[1] for i in ids)


def spellings(token):
    """As it is, in base64 at each of three offsets, and as hex."""
    yield token.encode()
    for pad in range(3):
        text = base64.b64encode(b"\0" * pad + token.encode())
        yield text[4 if pad else 0:-4]
    yield token.encode().hex().encode()


def search(name, may_hold, data, w):
    leaks = []
    wanted = [(p.name, kind, token, p.said and kind != "key" and may_hold in NAMES_USERS) for p in PLACES.values() for kind, token in p.tokens().items()]
    wanted += [("provider's key", "key", k[-30:], False) for k in PROVIDER_KEYS] + [("client's key", "key", k[-30:], False) for k in (w.key, w.admin)]
    wanted += [("master key", "key", w.env["DD0C_MASTER_KEY"][:30], False)]
    for place, kind, token, allowed in wanted:
        if allowed:
            continue
        for form in spellings(token):
            at = data.find(form)
            if at >= 0:
                leaks.append(f"{name}: the {kind} of {place}: ...{data[max(0, at - 60):at + 40]!r}")
                break
    return leaks, len(wanted)


def look(w, when, results):
    for name, may_hold, phase, read, canary in CHANNELS:
        if phase != when:
            continue
        try:
            data = read(w)
        except Exception as e:
            results.append((name, [f"{name}: could not be read: {e!r}"], 0))
            continue
        if data is None or (canary is None and not data):
            print(f"  {name}: not there")
            continue
        leaks, n = search(name, may_hold, data, w)
        if canary and canary.encode() not in data:
            leaks.append(f"{name}: lacks \"{canary}\", so nothing was looked at: {data[:200]!r}")
        results.append((name, leaks, n))
        print(f"  {name}: {len(data)} bytes, {n} secrets, {len(leaks)} found", flush=True)


# --- the run ---

def all_arrived(w):
    """Places that a provider should have seen, to know that the secrets were under way at all."""
    seen = b"\0".join(r.body + json.dumps(r.headers).encode() for r in w.upstream.requests)
    inner = [n for n in PLACES if not n.startswith(("answer", "error")) and n not in ("broken_body", "cookie", "session", "wrong_key", "wrong_bearer", "basic", "path", "trailing",
                                                                                     "tag_header", "user_header", "metadata", "file_data", "query")]
    return [n for n in inner if PLACES[n].word.encode() not in seen]


def wait_written(w, seconds=15):
    end, last = time.monotonic() + seconds, -1
    while time.monotonic() < end:
        n = json.loads(w.get("/api/dashboard/summary?period=24h")[1])["request_count"]
        if n == last:
            return n
        last = n
        time.sleep(1.2)
    return last


def crash(w):
    """With requests under way, and their prompts in memory."""
    threads = [threading.Thread(target=w.ask, args=("POST", "/v1/chat/completions", chat_body(10000 + i), headers(10000 + i, "slow", w.key))) for i in range(8)]
    before = len(w.upstream.requests)
    for th in threads:
        th.start()
    w.upstream.wait(lambda u: len(u.requests) >= before + 8)
    w.process.send_signal(signal.SIGSEGV)
    w.process.wait(60)
    for th in threads:
        th.join(30)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--program", required=True)
    p.add_argument("--requests", type=int, default=1000)
    p.add_argument("--keep", action="store_true", help="leave the folder")
    args = p.parse_args()
    w, results = World(args), []
    w.start()
    first = args.requests * 7 // 10
    got = ask_many(w, 0, first // 2)
    w.ask("POST", "/admin/panic", {"on": True, "reason": "a test"}, {"Authorization": "Bearer " + w.admin, "Content-Type": "application/json"})
    got += ask_many(w, first // 2, first // 4)
    w.ask("POST", "/admin/panic", {"on": False}, {"Authorization": "Bearer " + w.admin, "Content-Type": "application/json"})
    got += ask_many(w, first // 2 + first // 4, first - first // 2 - first // 4)
    print(f"{len(got)} requests; {wait_written(w)} recorded; statuses {dict(sorted({s: sum(1 for g in got if g[0] == s) for s in {g[0] for g in got}}.items()))}")
    missing = all_arrived(w)
    look(w, "live", results)
    w.stop()
    w.start("--log-format", "json")
    lock = sqlite3.connect(w.state / "telemetry.db", timeout=20, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")                       # nobody else writes: events go to the spool
    ask_many(w, first, args.requests - first)
    end = time.monotonic() + 20
    while not files(w, "spool/*") and time.monotonic() < end:
        time.sleep(0.1)
    crash(w)
    lock.execute("ROLLBACK")
    lock.close()
    look(w, "end", results)
    failed = [leak for _, leaks, _ in results for leak in leaks[:12]] + [f"{n}: planted, but the provider never saw it" for n in missing]
    for line in failed:
        print("FAIL " + line)
    if args.keep:
        print("kept:", w.dir)
    else:
        shutil.rmtree(w.dir, ignore_errors=True)
    good_ones = sum(1 for _, leaks, _ in results if not leaks) + (not missing)
    print(f"{good_ones} passed, {len(results) + 1 - good_ones} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
