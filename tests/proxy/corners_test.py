"""What a proxy owes at its corners: framing of decoded answers, limits of keys, slow readers, tunnels, and ends while work is under way."""
import gzip
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

from support import CHAT, Client, Upstream, config, events

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}


def proxy(cli, upstream, extra="", env=None):
    config(cli, upstream, extra)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", env=env)


def test_a_decoded_answer_has_not_the_length_of_the_encoded_one(cli):
    packed = gzip.compress(b"all of it " * 500)
    up = Upstream(lambda r, c: c.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed))
    a = Client(proxy(cli, up).port).ask("GET", "/v1/files/f-1/content")
    assert a.whole and a.body == b"all of it " * 500, (a.headers, len(a.body))


def test_a_pause_for_a_slow_reader_is_not_the_providers_silence(cli):
    size = 12 << 20
    up = Upstream(lambda r, c: c.reply(200, {"Content-Type": "application/octet-stream"}, b"x" * size))
    client = Client(proxy(cli, up, "timeouts: {idle: 300ms}\n").port)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.send("GET", "/v1/files/f-1/content")
    threading.Event().wait(1.5)                      # five times the limit, in which nothing is read
    a = client.answer()
    assert a.whole and len(a.body) == size, len(a.body)
    assert events(cli, 1)[0]["error"] in (None, "none", ""), "nobody failed"


def test_an_answer_too_large_to_translate_is_an_error_in_the_clients_shape(cli):
    def script(r, c):
        c.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40000000\r\n\r\n")
        try:
            for _ in range(40):
                c.send(b" " * 1000000)
        except OSError:
            pass
        c.closed = True
    client = Client(proxy(cli, Upstream(script)).port)
    a = client.ask("POST", "/v1/messages", {**ASK, "model": "openai/gpt-4o-mini"}, {"anthropic-version": "2023-06-01"})
    assert a.status == 502 and a.json["type"] == "error", (a.status, a.body[:100])


def test_a_key_with_a_list_of_models_reaches_no_other_by_passthrough_R9_3(cli):
    key = json.loads(cli.run("keys", "create", "--name", "cheap", "--model", "gpt-4o-m*", "--format", "json").out)["key"]
    up = Upstream()
    c = Client(proxy(cli, up).port)
    auth = {"Authorization": "Bearer " + key}
    for path, body in (("/p/openai/v1/chat/completions", {**ASK, "model": "gpt-4o"}), ("/v1/audio/speech", {"model": "tts-1", "input": "x"}),
                       ("/v1/chat/completions/x", b"model=gpt-4o"), ("/v1/batches", {"input_file_id": "f"}),
                       ("/p/openai/v1/chat/completions", b'{"model":"gpt-4o-mini","model":"gpt-4o"}')):
        a = c.ask("POST", path, body, auth)
        assert a.status == 403 and "error" in a.json, (path, a.status, a.body)
    assert not up.requests
    assert c.ask("POST", "/p/openai/v1/chat/completions", ASK, auth).status == 200
    assert c.ask("GET", "/v1/files", headers=auth).status == 200


def test_a_list_of_models_may_name_a_provider_R9_3(cli):
    """docs/keys.md: held against the name as written and as provider/model, letters without case."""
    key = json.loads(cli.run("keys", "create", "--name", "own", "--model", "OpenAI/*", "--format", "json").out)["key"]
    other = json.loads(cli.run("keys", "create", "--name", "other", "--model", "anthropic/*", "--format", "json").out)["key"]
    c = Client(proxy(cli, Upstream()).port)
    for path in ("/v1/chat/completions", "/p/openai/v1/chat/completions"):
        assert c.ask("POST", path, ASK, {"Authorization": "Bearer " + key}).status == 200, path
        assert c.ask("POST", path, ASK, {"Authorization": "Bearer " + other}).status == 403, path


def test_a_tunnels_own_answer_is_not_the_providers(cli):
    """HTTPS_PROXY: the proxy on the way answers CONNECT first."""
    cert = cli.dir / "cert.pem"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                           "-keyout", str(cli.dir / "key.pem"), "-out", str(cert)], capture_output=True)
    assert made.returncode == 0, made.stderr
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, cli.dir / "key.pem")
    tunnels = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        sock, _ = server.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(4096)
        tunnels.append(head)
        sock.sendall(b"HTTP/1.1 200 Connection established\r\nX-Tunnel: yes\r\n\r\n")
        inner = context.wrap_socket(sock, server_side=True)
        file = inner.makefile("rb")
        length = 0
        while (line := file.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        file.read(length)
        text = json.dumps(CHAT).encode()
        inner.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
        file.read(1)
    threading.Thread(target=serve, daemon=True).start()
    cli.write("dd0c.yaml", "providers:\n  openai:\n    type: openai\n    base_url: https://provider.test/v1\n    api_key: k\n    verify_tls: no\n")
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", env={"HTTPS_PROXY": f"http://127.0.0.1:{server.getsockname()[1]}"})
    a = Client(p.port).ask("POST", "/v1/chat/completions", ASK)
    assert tunnels and tunnels[0].startswith(b"CONNECT provider.test:443"), tunnels
    assert a.status == 200 and a.json == CHAT and "x-tunnel" not in a.headers, (a.headers, a.body)


def test_fields_named_by_connection_stay_here(cli):
    """RFC 9110 section 7.6.1."""
    up = Upstream()
    Client(proxy(cli, up).port).ask("POST", "/v1/chat/completions", ASK, {"Connection": "keep-alive, X-Hop", "X-Hop": "1", "X-Stays": "2"})
    assert "x-hop" not in up.requests[0].headers and up.requests[0].headers["x-stays"] == "2", up.requests[0].headers


def test_a_key_of_the_environment_may_end_in_a_line_break(cli):
    up = Upstream()
    cli.write("dd0c.yaml", f"providers:\n  openai: {{type: openai, base_url: '{up.url}', api_key: '${{UP_KEY}}'}}\n")
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", env={"UP_KEY": "abc\n"})
    assert Client(p.port).ask("POST", "/v1/chat/completions", ASK).status == 200
    assert up.requests[0].headers["authorization"] == "Bearer abc" and up.requests[0].json == ASK


def test_bytes_of_an_answer_are_counted_R3_6(cli):
    client = Client(proxy(cli, Upstream()).port)
    client.send("POST", "/v1/chat/completions", ASK)
    got = client.read_until(b'"total_tokens": 1100}}')
    assert events(cli, 1)[0]["bytes_out"] == len(got)


def test_an_end_while_keys_are_checked(cli):
    made = json.loads(cli.run("keys", "create", "--name", "a", "--format", "json").out)
    p = proxy(cli, Upstream())
    clients = [Client(p.port) for _ in range(8)]
    for i, c in enumerate(clients):
        c.send("POST", "/v1/chat/completions", ASK, {"Authorization": "Bearer " + made["key"][:-1] + "abcdefgh"[i]})
    for c in clients:
        c.close()
    assert p.stop() == 0


def test_run_passes_signals_on(cli):
    config(cli, Upstream())
    ran = cli.dir / "ran"
    p = subprocess.Popen([cli.program, "run", "--", "sh", "-c", f"trap 'exit 9' TERM; echo ok > '{ran}'; for i in $(seq 100); do sleep 0.05; done"], cwd=cli.dir, env=cli.env)
    try:
        while not ran.exists():
            threading.Event().wait(0.02)
        p.send_signal(signal.SIGTERM)
        assert p.wait(10) == 9
    finally:
        p.kill()


def test_a_crash_in_any_thread_is_told(cli):
    """The handler of fatal signals runs in the thread that failed: none may block them."""
    p = proxy(cli, Upstream())
    tasks = f"/proc/{p.process.pid}/task"
    if not os.path.isdir(tasks):
        return
    fatal = sum(1 << n - 1 for n in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT))
    end = time.monotonic() + 10
    while True:                                      # a thread that is being made blocks all signals until it runs
        masks = [int(next(line for line in open(f"{tasks}/{t}/status") if line.startswith("SigBlk")).split()[1], 16) for t in os.listdir(tasks)]
        if len(masks) > 3 and not [m for m in masks if m & fatal]:
            return
        assert time.monotonic() < end, [hex(m) for m in masks]
        time.sleep(0.01)


def test_a_clients_own_key_goes_to_no_server_that_takes_none(cli):
    up = Upstream()
    cli.write("dd0c.yaml", f"providers:\n  ollama: {{base_url: '{up.url}/v1'}}\n")
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")
    a = Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "model": "ollama/llama3.2"}, {"Authorization": "Bearer the-clients-own"})
    assert a.status == 200 and "authorization" not in up.requests[0].headers, up.requests[0].headers
