"""dd0c prices: list, show, diff, import, and update against a server on loopback."""
import contextlib
import http.server
import json
import threading

LIST = {"data": [{"id": "openai/gpt-4o", "context_length": 128000, "pricing": {"prompt": "0.000002", "completion": "0.00001"}},
                 {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}}]}


class Server(http.server.BaseHTTPRequestHandler):
    """Paths are behaviours; what was asked is kept in the server's `asked` (tests run side by side)."""

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("If-None-Match"), self.headers.get("User-Agent")))
        if self.path in ("/list", "/api/v1/pricing/current"):
            if self.headers.get("If-None-Match") == '"one"':
                return self.reply(304, ETag='"one"')
            return self.reply(200, json.dumps(LIST).encode(), ETag='"one"')
        if self.path == "/moved":
            return self.reply(302, b"elsewhere", Location="/list")
        if self.path == "/file":
            return self.reply(302, Location="file:///etc/passwd")
        if self.path == "/loop":
            return self.reply(302, Location="/loop")
        if self.path == "/big":
            return self.reply(200, b" " * (33 << 20))
        if self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(json.dumps(LIST).encode()[:40])
            return None
        return self.reply(404, b"no such list")


@contextlib.contextmanager
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as s:
        s.asked = []
        threading.Thread(target=s.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{s.server_address[1]}", s.asked
        finally:
            s.shutdown()


def shown(cli, *names, **kw):
    return json.loads(cli.run("prices", "show", "--format", "json", *names, **kw).out)["names"]


def cache(cli):
    return cli.dir / "cache" / "dd0c" / "prices.json"


def test_list(cli):
    text = cli.run("prices", "list", "--provider", "anthropic", "--status", "active", "haiku").out
    assert "claude-haiku-4-5" in text and "claude-3-haiku" not in text and "openai" not in text, text
    rows = json.loads(cli.run("prices", "list", "--format", "json").out)
    assert rows["schema"] == "dd0c.prices/1" and rows["table"]["date"] == "2026-11-20"
    assert len(rows["models"]) == rows["table"]["models"] > 900
    mini = next(r for r in rows["models"] if (r["provider"], r["id"]) == ("openai", "gpt-4o-mini"))
    assert (mini["input"], mini["output"], mini["cache_read"], mini["batch_input"]) == (0.15, 0.6, 0.075, 0.075), mini
    csv = cli.run("prices", "list", "--format", "csv", "--provider", "vertex_ai").out.splitlines()
    assert len(csv) > 40 and all(line.startswith("google,") for line in csv[1:])
    cli.run("prices", "list", "--status", "gone", status=2)


def test_show(cli):
    one, two = shown(cli, "openai/gpt-4o-2024-08-06", "us.anthropic.claude-haiku-4-5-v1:0")
    assert one["match"] == "normalised" and one["model"]["id"] == "gpt-4o"
    assert two["model"]["provider"] == "bedrock" and two["model"]["input"] == 1.1
    text = cli.run("prices", "show", "text-davinci-003").out
    assert "2024-01-04" in text and "gpt-3.5-turbo-instruct" in text
    azure, = shown(cli, "gpt-4o-prod", "--provider", "azure")
    assert azure["match"] == "deployment"


def test_show_unknown(cli):
    p = cli.run("prices", "show", "gpt-4-trubo", status=3)
    assert p.out == "" and "gpt-4-turbo" in p.err and p.err.count("\n") == 2, p.err
    both = cli.run("prices", "show", "--format", "json", "my-model", "gpt-4o", status=3)
    names = json.loads(both.out)["names"]
    assert names[0]["match"] == "none" and names[1]["model"]["id"] == "gpt-4o"
    cli.run("prices", "show", status=2)


def test_update(cli):
    with server() as (url, asked):
        p = cli.run("prices", "update", "--url", url + "/list")
        assert p.out == "" and "fetched 1 prices" in p.err and "left out 1" in p.err, p.err
        assert shown(cli, "openrouter/openai/gpt-4o")[0]["model"]["input"] == 2
        assert shown(cli, "gpt-4o")[0]["model"]["input"] == 2.5
        assert "still the newest" in cli.run("prices", "update", env={"DD0C_PRICES_URL": url + "/list"}).err
        assert [a[:2] for a in asked] == [("/list", None), ("/list", '"one"')] and asked[0][2].startswith("dd0c/"), asked
        diff = cli.run("prices", "diff").out
        assert "openai/gpt-4o" in diff and "$2.5 / $10 -> $2 / $10" in diff and "1 changed, 0 added" in diff, diff
        cli.run("prices", "update", "--quiet", "--url", url + "/moved")
        cli.run("prices", "update", "--quiet", "--url", url)
        assert asked[-1][0] == "/api/v1/pricing/current"


def test_update_that_fails_keeps_the_cache(cli):
    with server() as (url, asked):
        cli.run("prices", "update", "--url", url + "/list")
        before = cache(cli).read_bytes()
        for path, word in (("/none", "404"), ("/file", "rotocol"), ("/loop", "redirect"), ("/big", "larger"), ("/cut", "")):
            p = cli.run("prices", "update", "--url", url + path, status=3)
            assert word in p.err and p.err.startswith("dd0c prices update: "), p.err
            assert cache(cli).read_bytes() == before
    assert cli.run("prices", "update", "--url", url + "/list", status=3).err
    assert cli.run("prices", "update", "--url", "file:///etc/passwd", status=3).err
    assert [f.name for f in cache(cli).parent.iterdir()] == ["prices.json"]


def test_update_without_address(cli):
    p = cli.run("prices", "update", status=2)
    assert "--url" in p.err and "DD0C_PRICES_URL" in p.err


def test_configured_address(cli):
    with server() as (url, asked):
        cli.write("dd0c.yaml", f"prices:\n  url: {url}/list\n")
        cli.run("prices", "update")
        assert asked[0][0] == "/list"


def test_import(cli):
    cli.write("litellm.json", json.dumps({"gpt-99": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.5e-07,
                                                      "output_cost_per_token": 6e-07}}))
    assert "(litellm)" in cli.run("prices", "import", "litellm.json").err
    row, = shown(cli, "gpt-99")
    assert row["model"]["input"] == 0.15 and row["model"]["source"] == "litellm"
    cli.run("prices", "import", "-", stdin='[{"provider":"openai","id":"gpt-98","input":1,"output":2}]')
    assert shown(cli, "gpt-98")[0]["model"]["output"] == 2
    before = cache(cli).read_bytes()
    cli.write("bad.json", '[{"provider":"openai","id":"gpt-98","input":-1,"output":2}]')
    p = cli.run("prices", "import", "bad.json", status=3)
    assert 'row 1 "gpt-98": "input" is negative' in p.err and cache(cli).read_bytes() == before
    cli.run("prices", "import", "absent.json", status=3)
    cli.run("prices", "import", status=2)


def test_damaged_cache(cli):
    cli.write("cache/dd0c/prices.json", "{ half")
    p = cli.run("prices", "show", "gpt-4o")
    assert "warning" in p.err and "bundled" in p.err and p.err.count("\n") == 1, p.err
    assert not cache(cli).exists() and cache(cli).with_name("prices.json.damaged").exists()
    assert cli.run("prices", "show", "gpt-4o").err == ""


def test_override(cli):
    mine = cli.write("mine.json", '[{"provider":"openai","id":"gpt-4o","input":0,"output":0}]')
    assert shown(cli, "gpt-4o", "--price-override", mine)[0]["model"]["input"] == 0
    broken = cli.write("broken.json", '[{"provider":"openai","id":"gpt-4o","inptu":0,"output":0}]')
    p = cli.run("prices", "show", "gpt-4o", "--price-override", broken, status=3)
    assert '"inptu"' in p.err and "input" in p.err


def test_stale(cli):
    p = cli.run("prices", "show", "gpt-4o", env={"SOURCE_DATE_EPOCH": "1830000000"})
    assert p.err.count("\n") == 1 and "days ago" in p.err, p.err
