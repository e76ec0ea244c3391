"""R6.3: nothing leaves the machine. A scan opens no internet socket and connects to nobody; it reads nothing outside the tree that code names."""
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def test_scan_opens_no_socket(cli):
    if not shutil.which("strace"):
        raise AssertionError("strace is needed: ./setup.sh --tests")
    log = cli.dir / "strace.log"
    p = subprocess.run(["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto,execve", "-o", str(log), cli.program, "scan", str(ROOT / "examples")],
                       capture_output=True, env={**cli.env, "ASAN_OPTIONS": "detect_leaks=0"})
    assert p.returncode == 0, p.stderr
    text = log.read_text()
    assert "AF_INET" not in text and "connect(" not in text, text
    assert text.count("execve(") == 1, "no other program is run"


def test_env_files_are_not_read(cli):
    cli.write("src/.env", "OPENAI_MODEL=gpt-4o\n")
    cli.write("src/a.py", "import os, openai\nopenai.chat.completions.create(model=os.environ['OPENAI_MODEL'], messages=[])\n")
    log = cli.dir / "strace.log"
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat,open", "-o", str(log), cli.program, "scan", "src"], cwd=cli.dir,
                   capture_output=True, env={**cli.env, "ASAN_OPTIONS": "detect_leaks=0"})
    assert '.env"' not in log.read_text()


def test_files_outside_the_tree_are_not_read(cli):
    secret = cli.write("secret.txt", "outside " * 50)
    cli.write("src/a.py", f"import openai\nopenai.chat.completions.create(model='gpt-4o', messages=[{{'role': 'user', 'content': open('{secret}').read()}}])\n"
                          "openai.chat.completions.create(model='gpt-4o', messages=[{'role': 'user', 'content': open('../secret.txt').read()}])\n")
    out = cli.run("scan", "-f", "json", "--show-source", "src").out
    assert "outside outside" not in out


def test_opt_in_shows_exactly_what_it_sends(cli):
    import http.server
    import json
    import threading
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204 if "fail" not in self.path else 500)
            self.end_headers()

        def log_message(self, *a):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api/v1/scan-summaries"
    cli.write("secret-project/pay.py", "import openai\ndef hidden_symbol(q):\n    openai.chat.completions.create(model='gpt-4o', messages=[{'role': 'user', 'content': 'hidden prompt ' + q}])\n"
                                       "    openai.chat.completions.create(model='private-model-x', messages=[])\n")
    assert "no address" in cli.run("scan", "--opt-in", ".", status=2).err
    p = cli.run("scan", "--opt-in", "-f", "json", ".", env={"DD0C_SUMMARY_URL": url})
    (path, headers, body), = got
    assert path == "/api/v1/scan-summaries" and headers["Content-Type"] == "application/json"
    assert body.decode() in p.err, "shown byte for byte"
    summary = json.loads(body)
    assert summary["sites"] == 2 and summary["by_model"] == {"(other)": 1, "gpt-4o": 1}
    for word in ("secret-project", "pay.py", "hidden", "private-model-x", str(cli.dir)):
        assert word not in body.decode(), word
    assert len(f"{summary['monthly_usd']:.10f}".replace(".", "").strip("0")) <= 2
    assert "status 500" in cli.run("scan", "--opt-in", "-q", ".", env={"DD0C_SUMMARY_URL": url + "/fail"}, status=3).err
    server.shutdown()
