"""Both ends of the proxy for tests: a provider whose answers are scripted byte by byte, and a client that sees raw bytes."""
import json
import socket
import threading
import time


class Upstream:
    """Answers each request by `script(request, connection)`; keeps what arrived. request: method, target, headers (dict, lower case), body."""

    def __init__(self, script=None):
        self.script = script or (lambda r, c: c.json(CHAT))
        self.requests, self.open, self.lock, self.changed = [], 0, threading.Lock(), threading.Condition()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                sock, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _count(self, n):
        with self.changed:
            self.open += n
            self.changed.notify_all()

    def _serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._count(1)
        file = sock.makefile("rb")
        try:
            while True:
                request = read_message(file)
                if request is None:
                    return
                with self.changed:
                    self.requests.append(request)
                    self.changed.notify_all()
                c = Connection(sock)
                self.script(request, c)
                if c.closed:
                    return
        except OSError:
            pass
        finally:
            file.close()
            sock.close()
            self._count(-1)

    def wait(self, what, seconds=10):
        """Until what(self) holds."""
        with self.changed:
            assert self.changed.wait_for(lambda: what(self), seconds), "the provider never came to that"

    def close(self):
        try:
            self.server.shutdown(socket.SHUT_RDWR)   # or the thread that waits in accept() keeps it open for one more
        except OSError:
            pass
        self.server.close()


class Connection:
    def __init__(self, sock):
        self.sock, self.closed = sock, False

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def reply(self, status=200, headers=None, body=b"", reason="OK"):
        body = body if isinstance(body, bytes) else body.encode()
        lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}"] + [f"{k}: {v}" for k, v in (headers or {}).items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def json(self, value, status=200, headers=None):
        text = value if isinstance(value, (str, bytes)) else json.dumps(value)
        self.reply(status, {"Content-Type": "application/json", **(headers or {})}, text)

    def start_stream(self, headers=None):
        self.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n" +
                  "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items()) + "\r\n")

    def chunk(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end_stream(self):
        self.send(b"0\r\n\r\n")

    def cut(self, reset=False):
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.shutdown(socket.SHUT_RDWR) if not reset else None
        self.sock.close()
        self.closed = True


def read_message(file):
    """A request or an answer: (first line's parts, headers, body); None at the end of the connection."""
    first = file.readline()
    while first in (b"\r\n", b"\n"):
        first = file.readline()
    if not first:
        return None
    parts, headers = first.decode("latin-1").split(None, 2), {}
    while True:
        line = file.readline()
        if line in (b"\r\n", b"\n", b""):
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body, whole = b"", True
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while True:
            head = file.readline()
            if not head:
                whole = False
                break
            size = int(head.split(b";")[0], 16)
            data = file.read(size)
            body += data
            if len(data) < size:
                whole = False
                break
            file.readline()
            if size == 0:
                break
    elif "content-length" in headers:
        body = file.read(int(headers["content-length"]))
        whole = len(body) == int(headers["content-length"])
    return Message(parts, headers, body, whole)


class Message:
    def __init__(self, parts, headers, body, whole):
        self.parts, self.headers, self.body, self.whole = parts, headers, body, whole
        self.method, self.target = parts[0], parts[1] if len(parts) > 1 else ""

    @property
    def status(self):
        return int(self.parts[1])

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def events(self):
        """Data of the server-sent events in the body."""
        out = []
        for block in self.body.decode().replace("\r\n", "\n").split("\n\n"):
            data = [line[5:].lstrip(" ") for line in block.split("\n") if line.startswith("data:")]
            if data:
                out.append("\n".join(data))
        return out


class Client:
    """One connection to the proxy."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")

    def send(self, method, target, body=None, headers=None):
        data = b"" if body is None else body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        head = {"Host": "localhost", **({"Content-Type": "application/json", "Content-Length": str(len(data))} if body is not None else {}), **(headers or {})}
        self.sock.sendall("".join([f"{method} {target} HTTP/1.1\r\n"] + [f"{k}: {v}\r\n" for k, v in head.items()]).encode() + b"\r\n" + data)

    def ask(self, method, target, body=None, headers=None, head_only=False):
        self.send(method, target, body, headers)
        return self.answer()

    def answer(self):
        return read_message(self.file)

    def read_until(self, text, seconds=10):
        """Raw bytes until `text` is among them."""
        got = b""
        self.sock.settimeout(seconds)
        while text not in got:
            more = self.file.read1(65536)
            assert more, f"the connection ended; so far {got!r}"
            got += more
        return got

    def close(self):
        self.file.close()
        self.sock.close()


CHAT = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5", "content": [{"type": "text", "text": "Hi"}],
           "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 12, "output_tokens": 3}}


def chat_chunk(delta, finish=None, **more):
    return "data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini",
                                  "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}) + "\n\n"


def usage_chunk(prompt, completion):
    return "data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini", "choices": [],
                                  "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}}) + "\n\n"


def config(cli, upstream, extra="", anthropic=None, keys=True):
    """A dd0c.yaml that names the scripted providers."""
    text = "providers:\n"
    if upstream:
        text += f"  openai:\n    type: openai\n    base_url: {upstream.url}/v1\n    api_key: upstream-secret-1\n"
    if anthropic:
        text += f"  anthropic:\n    type: anthropic\n    base_url: {anthropic.url}\n    api_key: upstream-secret-2\n"
    return cli.write("dd0c.yaml", text + extra)


def events(cli, n, *filters):
    """The newest n events, once they are there."""
    end = time.monotonic() + 15
    while True:
        args = [a for f in filters for a in ("--filter", f)]
        lines = cli.run("tail", "--format", "json", "--limit", n, *args).out.splitlines()
        if len(lines) >= n:
            return [json.loads(line) for line in lines]
        assert time.monotonic() < end, f"{len(lines)} events, not {n}"
        time.sleep(0.05)          # events are written by the second; there is nothing to wait for but the store
