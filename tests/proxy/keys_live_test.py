"""Keys at a running proxy: made, used, added up, rotated and revoked by other processes while it runs (R1.5, R4.5, R9.3)."""
import json
import sqlite3
import threading
import time

from support import Client, Upstream, config, events

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 5}


def make(cli, name, *args):
    return json.loads(cli.run("keys", "create", "--name", name, "--format", "json", *args).out)


def proxy(cli, upstream):
    config(cli, upstream)
    return cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")


def ask(client, key, body=ASK, path="/v1/chat/completions"):
    return client.ask("POST", path, body, {"Authorization": "Bearer " + key})


def test_a_key_is_good_the_moment_it_is_made(cli):
    first = make(cli, "first")
    c = Client(proxy(cli, Upstream()).port)
    assert ask(c, first["key"]).status == 200
    for i in range(5):
        made = make(cli, f"k{i}")
        assert ask(c, made["key"]).status == 200


def test_a_start_waits_for_who_has_the_keys_to_himself(cli):
    made = make(cli, "first")
    db = sqlite3.connect(cli.dir / "state" / "dd0c" / "config.db", isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    db.execute("CREATE TABLE another (x)")
    release = threading.Timer(0.5, lambda: (db.execute("ROLLBACK"), db.close()))
    release.start()
    assert ask(Client(proxy(cli, Upstream()).port), made["key"]).status == 200
    release.join()


def test_open_mode_ends_with_the_first_key_R1_5(cli):
    up = Upstream()
    p = proxy(cli, up)
    c = Client(p.port)
    assert c.ask("POST", "/v1/chat/completions", ASK).status == 200
    made = make(cli, "first")
    assert ask(c, made["key"]).status == 200
    end = time.monotonic() + 5
    while c.ask("POST", "/v1/chat/completions", ASK).status != 401:
        assert time.monotonic() < end
    cli.run("keys", "revoke", "first")
    end = time.monotonic() + 5
    while ask(c, made["key"]).status != 401:
        assert time.monotonic() < end
    assert c.ask("POST", "/v1/chat/completions", ASK).status == 401, "revoking the last key opens nothing"


def test_rotate_kills_the_old_key_at_once_R9_3(cli):
    made = make(cli, "svc")
    c = Client(proxy(cli, Upstream()).port)
    assert ask(c, made["key"]).status == 200
    fresh = cli.run("keys", "rotate", "svc", "-q").out.strip()
    assert ask(c, fresh).status == 200
    assert ask(c, made["key"]).status == 401


def test_what_a_key_may_do(cli):
    cheap = make(cli, "cheap", "--model", "gpt-4o-m*")
    embed = make(cli, "embed", "--scope", "embeddings")
    up = Upstream()
    c = Client(proxy(cli, up).port)
    assert ask(c, cheap["key"]).status == 200 and ask(c, cheap["key"], {**ASK, "model": "openai/gpt-4o-mini"}).status == 200
    for body in ({**ASK, "model": "gpt-4o"}, {**ASK, "model": "openai/gpt-4o"}):
        a = ask(c, cheap["key"], body)
        assert a.status in (403, 404) and "error" in a.json, a.body
    a = ask(c, embed["key"])
    assert a.status == 403 and "error" in a.json, a.body
    assert len(up.requests) == 2, "nothing that was refused went to the provider"


def test_passing_on_is_no_way_around_a_scope_R4_5(cli):
    """The path decides what is asked for, however it is spelled."""
    files, embed, all_of_it = (make(cli, name, *args)["key"] for name, args in (("files", ("--scope", "passthrough")), (
        "embed", ("--scope", "passthrough", "--scope", "embeddings")), ("all", ())))
    up = Upstream()
    port = proxy(cli, up).port
    c = Client(port)
    for path in ("/p/openai/chat/completions", "/p/openai/v1/chat/completions", "/p/openai/chat/completions/", "/p/openai//chat//completions", "/p/openai/v1/v1/chat/completions",
                 "/p/openai/chat%2Fcompletions", "/p/openai/chat/%63ompletions", "/p/openai/files/../chat/completions", "/p/openai/chat/completions/x/..",
                 "/p/openai/Chat/Completions", "/p/openai/deployments/x/chat/completions?api-version=1", "/p/openai/completions;a=b", "/p/openai/responses", "/p/openai/messages",
                 "/p/openai/models/gemini:generateContent", "/p/openai/threads/t/runs", "/v1//chat/completions", "/v1/chat/completions/.", "/v1/x/../messages",
                 "/p/openai" + "/a" * 40):
        for key in (files, embed):
            a = ask(Client(port), key, path=path)
            assert a.status in (400, 403), (path, a.status, a.body)     # 400: HTTP refuses dots
    for path in ("/p/openai/embeddings", "/v1//embeddings"):
        assert ask(c, files, path=path).status == 403, path
    assert not up.requests, "nothing that was refused went to the provider"
    assert ask(c, embed, path="/p/openai/embeddings").status == 200 and ask(c, all_of_it, path="/p/openai/chat/completions").status == 200
    for path in ("/v1/files", "/p/openai/audio/speech", "/p/openai/threads/t/messages", "/p/openai/messages/count_tokens", "/v1/messages/batches"):
        assert ask(c, files, path=path).status == 200, path
    assert c.ask("GET", "/p/openai/responses/r-1", headers={"Authorization": "Bearer " + files}).status == 200


def test_usage_adds_up(cli):
    made, other = make(cli, "svc", "--team", "web"), make(cli, "other")
    c = Client(proxy(cli, Upstream()).port)
    for _ in range(3):
        assert ask(c, made["key"]).status == 200
    assert ask(c, other["key"]).status == 200
    assert {e["team"] for e in events(cli, 4) if e["key_id"] == made["id"]} == {"web"}
    used = json.loads(cli.run("keys", "usage", "svc", "--format", "json").out)
    row = {"requests": 3, "errors": 0, "unpriced": 0, "input_tokens": 3000, "cache_read_tokens": 0, "cache_write_tokens": 0, "cache_write_1h_tokens": 0,
           "output_tokens": 300, "cost_usd": 0.00063, "saved_usd": 0}  # 3 * (1,000 * 0.15 + 100 * 0.60) / 1,000,000 USD
    assert used["total"] == row and used["rows"] == [{"provider": "openai", "model": "gpt-4o-mini", **row}], used
    by_day = json.loads(cli.run("keys", "usage", "svc", "--by", "day", "--days", "2", "--format", "json").out)
    assert by_day["total"] == row and "day" in by_day["rows"][0]
    text = cli.run("keys", "usage", "svc").out
    assert "openai/gpt-4o-mini" in text and "$0.00063" in text and "3000" in text


def test_a_providers_key_comes_from_the_secrets_R4_3(cli):
    value = "sealed-" + "provider-key"
    up = Upstream()
    cli.write("dd0c.yaml", f"providers:\n  openai:\n    type: openai\n    base_url: {up.url}/v1\n    api_key: secret:openai\n")
    p = cli.run("proxy", "--listen", "127.0.0.1:0", status=3)
    assert "secret" in p.err and "hint: " in p.err, p.err
    cli.run("secrets", "set", "other", stdin="x")
    assert '"openai"' in cli.run("proxy", "--listen", "127.0.0.1:0", status=3).err
    cli.run("secrets", "set", "openai", stdin=value)
    server = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")
    assert Client(server.port).ask("POST", "/v1/chat/completions", ASK).status == 200
    assert up.requests[0].headers["authorization"] == "Bearer " + value
    assert value not in "".join(line or "" for line in server.log)
    p = cli.run("proxy", "--listen", "127.0.0.1:0", env={"DD0C_MASTER_KEY": "ab" * 32}, status=3)
    assert "master key" in p.err and value not in p.err, p.err


def until(what, seconds=10):
    end, last = time.monotonic() + seconds, None
    while last := what():
        assert time.monotonic() < end, f"still {last}"


def reads(server):
    return sum("read again" in (line or "") for line in server.log)


def test_a_renewed_secret_reaches_a_running_proxy_by_itself_R4_3(cli):
    values = ["provider-" + "key-one", "provider-" + "key-two", "provider-" + "key-three"]
    up = Upstream()
    cli.write("dd0c.yaml", f"providers:\n  openai:\n    type: openai\n    base_url: {up.url}/v1\n    keys: [{{value: 'secret:openai'}}]\n")
    cli.run("secrets", "set", "openai", stdin=values[0])
    server = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1")
    c = Client(server.port)

    def sent():
        assert c.ask("POST", "/v1/chat/completions", ASK).status == 200
        return up.requests[-1].headers["authorization"][len("Bearer "):]
    assert sent() == values[0]
    cli.run("secrets", "set", "openai", stdin=values[1])
    until(lambda: sent() != values[1] and sent())
    server.wait_log("a secret was set anew")
    cli.run("secrets", "set", "another", stdin="not used")      # before the next one in the same database: it was looked at
    make(cli, "a-key")
    until(lambda: c.ask("POST", "/v1/chat/completions", ASK).status - 401)
    key = make(cli, "b-key")["key"]
    cli.run("secrets", "rm", "openai")                      # nothing to take: what was there stays
    server.wait_log("is refused, the old one stays: .*openai")
    assert ask(c, key).status == 200 and up.requests[-1].headers["authorization"] == "Bearer " + values[1]
    cli.run("secrets", "set", "openai", stdin=values[2])
    until(lambda: (ask(c, key).status, up.requests[-1].headers["authorization"]) != (200, "Bearer " + values[2]) and server.log)
    until(lambda: reads(server) != 2 and server.log)
    assert not [v for v in values if v in "".join(line or "" for line in server.log)], server.log


def test_a_vault_that_cannot_be_opened_leaves_the_old_keys_R4_3(cli):
    first, second = "ab" * 32, "cd" * 32
    up = Upstream()
    cli.write("dd0c.yaml", f"providers:\n  openai:\n    type: openai\n    base_url: {up.url}/v1\n    api_key: secret:openai\n")
    cli.run("secrets", "set", "openai", stdin="provider-key", env={"DD0C_MASTER_KEY": first})
    server = cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1", env={"DD0C_MASTER_KEY": first})
    cli.run("secrets", "rotate", env={"DD0C_MASTER_KEY": first, "DD0C_NEW_MASTER_KEY": second})
    server.wait_log("is refused, the old one stays: .*master key")
    assert Client(server.port).ask("POST", "/v1/chat/completions", ASK).status == 200
    assert up.requests[-1].headers["authorization"] == "Bearer provider-key"
