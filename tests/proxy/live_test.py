"""The socket of a running proxy and GET /admin/live (docs/live.md): who may ask, what is told, what becomes of sockets."""
import contextlib
import glob
import json
import os
import pathlib
import re
import signal
import socket
import stat
import threading
import time

from support import CHAT, Client, Upstream, config, events

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}
MEMBERS = ["schema", "pid", "version", "url", "started", "uptime_ms", "now_ms", "panic", "under_way", "requests", "errors", "hits", "misses",
           "fallbacks", "unpriced", "tokens", "cost_usd", "saved_usd", "latency_ms", "first_ms", "overhead_ms", "providers", "cache", "events", "export"]


class SocketClient(Client):
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(path))
        self.file = self.sock.makefile("rb")


def run_folder(cli):
    return cli.dir / "state" / "dd0c" / "run"


def start(cli, *args, env=None, workers=2):
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", workers, *args, env=env)


def path_of(cli, p):
    return run_folder(cli) / f"{p.process.pid}.sock"


def ask(p, headers=None):
    return Client(p.port).ask("POST", "/v1/chat/completions", ASK, headers)


def look(cli, p):
    answer = SocketClient(path_of(cli, p)).ask("GET", "/admin/live")
    assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    return answer.json


def look_quiet(cli, p):
    """When each request was counted: the last bytes of an answer may arrive a moment before that."""
    end = time.monotonic() + 10
    while (now := look(cli, p))["under_way"]:
        assert time.monotonic() < end
    return now


def stop(p):
    p.process.send_signal(signal.SIGTERM)
    assert p.process.wait(20) == 0


def test_live_tells_what_it_counted(cli):
    config(cli, Upstream())
    p = start(cli)
    before = look(cli, p)
    assert list(before) == MEMBERS
    assert (before["schema"], before["pid"], before["url"]) == ("dd0c.live/1", p.process.pid, p.url)
    assert (before["requests"], before["latency_ms"], before["cost_usd"]) == (0, None, 0)
    assert before["export"] == [] and before["events"]["up"] and not before["panic"] and before["cache"] is None
    assert abs(before["now_ms"] - time.time() * 1000) < 60000 and before["started"].endswith("Z")
    for _ in range(20):
        assert ask(p).status == 200
    assert Client(p.port).ask("POST", "/v1/chat/completions", {"model": 5}).status == 400
    now = look_quiet(cli, p)
    # 1,000 tokens in and 100 out of gpt-4o-mini: 0.15 and 0.60 USD a million; what was refused cost nothing
    assert now["requests"] == 21 and now["errors"] == 1 and now["unpriced"] == 0
    assert abs(now["cost_usd"] - 20 * (1000 * 0.15 + 100 * 0.60) / 1e6) < 1e-12
    assert now["tokens"] == {"input": 20000, "cache_read": 0, "cache_write": 0, "output": 2000, "reasoning": 0}
    for name in ("latency_ms", "first_ms", "overhead_ms"):
        assert 0 < now[name]["p50"] <= now[name]["p95"] <= now[name]["p99"] < 30000
    assert now["overhead_ms"]["p50"] <= now["latency_ms"]["p50"]
    rows = [r for r in now["providers"] if r.get("model") == "gpt-4o-mini"]
    assert len(rows) == 1 and rows[0]["provider"] == "openai" and rows[0]["breaker"] == "closed"
    assert (rows[0]["requests"], rows[0]["failures"], rows[0]["under_way"]) == (20, 0, 0)
    assert now["uptime_ms"] >= before["uptime_ms"] and now["now_ms"] >= before["now_ms"]


def test_a_provider_is_no_better_than_its_models(cli):
    up = Upstream(lambda r, c: c.json(CHAT) if r.json["model"] != "bad" else c.json({"error": {"message": "no"}}, 503))
    config(cli, up, "breaker: {min_requests: 3, cooldown: 1h}\nretry: {attempts: 1}\n")
    p = start(cli)
    assert ask(p).status == 200
    for _ in range(3):
        assert Client(p.port).ask("POST", "/v1/chat/completions", {**ASK, "model": "bad"}).status >= 500
    rows = {r.get("model", ""): r for r in look_quiet(cli, p)["providers"]}
    assert (rows["bad"]["breaker"], rows["gpt-4o-mini"]["breaker"]) == ("open", "closed"), rows
    assert (rows[""]["breaker"], rows[""]["models"], rows[""]["models_held_back"]) == ("closed", 2, 1), rows
    assert rows[""]["error_rate"] >= 0.5, "three of four failed"
    assert "models" not in rows["bad"]
    out = cli.run("top", "--once", "--tab", "providers", "--size", "120x20").out
    assert re.search("◐ openai +1/2 open", out), out


def test_live_counts_what_is_under_way(cli):
    go = threading.Event()
    config(cli, Upstream(lambda r, c: (go.wait(20), c.json(CHAT))))
    p, clients = start(cli), []
    for _ in range(3):
        clients.append(Client(p.port))
        clients[-1].send("POST", "/v1/chat/completions", ASK)
    end = time.monotonic() + 10
    while look(cli, p)["under_way"] != 3:
        assert time.monotonic() < end, look(cli, p)["under_way"]
    clients.pop().close()                       # one leaves, two get answers
    while look(cli, p)["under_way"] != 2:
        assert time.monotonic() < end
    go.set()
    assert all(c.answer().status == 200 for c in clients)
    while look(cli, p)["under_way"] != 0:
        assert time.monotonic() < end
    assert look(cli, p)["errors"] == 1, "who left"


def test_socket_is_its_owners_alone(cli):
    config(cli, Upstream())
    run_folder(cli).mkdir(parents=True)
    run_folder(cli).chmod(0o755)
    p = start(cli)
    assert stat.S_IMODE(run_folder(cli).stat().st_mode) == 0o700
    assert stat.S_IMODE(path_of(cli, p).stat().st_mode) == 0o600 and stat.S_ISSOCK(path_of(cli, p).stat().st_mode)


def test_address_wants_an_admins_key(cli):
    config(cli, Upstream())
    admin = cli.run("keys", "create", "--quiet", "--name", "a", "--scope", "admin").out.strip()
    plain = cli.run("keys", "create", "--quiet", "--name", "b").out.strip()
    p = start(cli)
    get = lambda headers=None: Client(p.port).ask("GET", "/admin/live", headers=headers).status
    assert get() == 401
    assert get({"Authorization": f"Bearer {plain}"}) == 403
    assert get({"Authorization": f"Bearer {admin}"}) == 200
    assert look_quiet(cli, p)["requests"] == 2, "refusals are remembered, looks are not"


def test_socket_serves_admins_questions_alone(cli):
    up = Upstream()
    config(cli, up)
    cli.run("keys", "create", "--name", "b")    # from now on keys are asked for: not here
    p = start(cli)
    c = SocketClient(path_of(cli, p))
    for path in ("/admin/live", "/health", "/ready", "/health/providers", "/v1/usage", "/v1/models", "/v1/admin/live"):
        assert c.ask("GET", path).status == 200, path
    for method, path in (("POST", "/v1/chat/completions"), ("POST", "/v1/messages"), ("GET", "/v1/files"), ("POST", "/p/openai/v1/chat/completions"),
                         ("POST", "/v1/router/debug"), ("OPTIONS", "/v1/chat/completions")):
        assert c.ask(method, path, ASK).status == 404, path
    assert c.ask("POST", "/admin/panic", {"on": True}).status in (200, 400), "an admin may"
    assert not up.requests
    assert look(cli, p)["requests"] == 0, "nothing asked here is counted"
    ask(p)                                      # 401
    assert [e["status"] for e in events(cli, 1)] == [401], "nor remembered"


def test_socket_goes_with_its_proxy(cli):
    config(cli, Upstream())
    p, q = start(cli), start(cli)
    assert look(cli, p)["pid"] != look(cli, q)["pid"], "several on one folder"
    stop(p)
    assert not path_of(cli, p).exists()
    assert look(cli, q)["pid"] == q.process.pid, "the other's is not touched"
    q.process.kill()
    q.process.wait(20)
    assert path_of(cli, q).exists(), "a kill leaves it"
    r = start(cli)
    assert not path_of(cli, q).exists(), "the next one sweeps"
    assert look(cli, r)["pid"] == r.process.pid


def test_what_lives_or_is_no_socket_stays(cli):
    config(cli, Upstream())
    folder = run_folder(cli)
    folder.mkdir(parents=True)
    gone = pathlib.Path("/proc/sys/kernel/pid_max").read_text().strip()     # never given to a process
    other = socket.socket(socket.AF_UNIX)
    other.bind(str(folder / f"{gone}.2.sock"))
    other.listen(1)                                                          # another container's: its pid means nothing here
    (folder / f"{gone}.sock").write_text("a file")
    (folder / "notes.txt").write_text("a file")
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(folder / f"{gone}.3.sock"))
    stale.close()
    p = start(cli)
    assert sorted(os.listdir(folder)) == sorted([f"{p.process.pid}.sock", f"{gone}.sock", f"{gone}.2.sock", "notes.txt"])
    os.replace(folder / f"{gone}.2.sock", path_of(cli, p))                  # another took its place
    stop(p)
    assert path_of(cli, p).exists(), "that one is not removed"
    other.close()


def test_a_path_that_is_too_long_is_told(cli):
    config(cli, Upstream())
    home = cli.dir / ("long-" * 24)
    p = start(cli, env={"DD0C_HOME": str(home)})
    p.wait_log("dd0c top.*set DD0C_HOME to a folder with a shorter name")
    assert ask(p).status == 200 and not glob.glob(str(home / "run" / "*"))


def test_live_is_quick_and_steady(cli):
    config(cli, Upstream())
    p = start(cli, workers=1)
    c, times, last = SocketClient(path_of(cli, p)), [], 0
    for i in range(200):
        begin = time.perf_counter()
        now = c.ask("GET", "/admin/live").json
        times.append(time.perf_counter() - begin)
        assert now["requests"] >= last
        last = now["requests"]
        if i % 20 == 0:
            ask(p)
    assert sorted(times)[100] < 0.02, "the median; a bound for busy machines"


def test_top_hears_each_proxy_though_others_hang(cli):
    """Sockets that take a question and never answer, as those of stopped processes do, stand between those that answer."""
    body = json.dumps({"schema": "dd0c.live/1", "requests": 1, "cost_usd": 0, "providers": []}).encode()
    run_folder(cli).mkdir(parents=True)
    listeners = []

    def answer(listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                sock.recv(65536)
                sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    for i in range(40):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(run_folder(cli) / f"{i}.sock"))
        listener.listen(8)
        listeners.append(listener)
        if i % 2:
            threading.Thread(target=answer, args=(listener,), daemon=True).start()
    end = time.monotonic() + 20
    while ((now := json.loads(cli.run("top", "--once", "--format", "json").out)["live"]) or {}).get("proxies") != 20:
        assert time.monotonic() < end, now        # a busy machine may take more than the time that they get
    for listener in listeners:
        listener.close()
