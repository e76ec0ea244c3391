"""What someone new types, and gets wrong, in the first half hour."""
import csv
import os
import pwd

OPENAI = "providers:\n  openai: {api_key: x}\n"


def test_a_group_of_commands_lists_itself(cli):
    for words in (("help", "keys"), ("keys", "--help")):
        out = cli.run(*words).out
        assert all("keys " + word in out for word in ("create", "list", "revoke", "rotate", "show", "usage")) and "secrets" not in out, out
    alone = cli.run("keys", status=2)
    assert alone.out == "" and "keys create" in alone.err, "no answer for a script, a list for people"
    assert 'unknown command "keys lst"' in cli.run("keys", "lst", status=2).err and "dd0c keys list" in cli.run("keys", "lst", status=2).err
    assert "dd0c route\"" in cli.run("rout", status=2).err
    assert '"dd0c help keys"' in cli.run("keys", "frobnicate", status=2).err
    assert 'no command "kees"' in cli.run("help", "kees", status=2).err


def test_check_finds_what_the_proxy_would(cli):
    for text, said in (
            ("providers: {a: {type: opnai, api_key: x}}", 'Did you mean "openai"?'),
            ("providers: {mine: {api_key: x}}", "Types: openai"),
            ("providers: {a: {type: openai, base_url: 'localhost:11434'}}", "is no base URL"),
            ("providers: {a: {type: openai, base_url: 'http://127.0.0.1:99999'}}", "is no base URL"),
            ("providers: {a: {type: openai, base_url: 'http://127.0.0.1:/v1'}}", "is no base URL"),
            ("providers: {a: {type: azure, api_key: x}}", "base_url is missing"),
            ("providers: {openai: {api_key: '${OPENAI_API_KEY'}}", 'without "}"'),
            (OPENAI + "  anthropic:\nmodels: {q: nope/gpt-4o}", 'the target "nope/gpt-4o"'),
            (OPENAI + "server: {listen: here}", "is no address to listen on"),
            (OPENAI + "server: {listen: 'http://127.0.0.1:4000'}", "is no address to listen on"),
            (OPENAI + "server: {tls_cert: a.pem}", "the key is missing"),
            ("providers:\n\topenai:\n", "tab"),
            ("providers: {openai: {api_key: 12345}}", "quotes")):
        cli.write("dd0c.yaml", text)
        check = cli.run("config", "check", status=3)
        assert said in check.err, (text, check.err)
        start = cli.run("proxy", "--listen", "127.0.0.1:0", status=None, timeout=20) if "listen" not in text else cli.run("proxy", status=None, timeout=20)
        assert start.returncode in (2, 3) and said in start.err, (text, start.err)
    assert not (cli.dir / "state" / "dd0c" / "master.key").exists()


def test_check_takes_what_only_the_environment_lacks_as_a_warning(cli):
    cli.write("dd0c.yaml", """
providers:
  openai: {api_key: "${OPENAI_API_KEY}", base_url: "https://${HOST}/v1"}
  anthropic: {api_key: os.environ/CLAUDE_KEY}
  groq: {api_key: "secret:groq"}
  local: {type: openai, base_url: "http://[::1]:8080", cost: 0}
models: {quick: groq/llama-3.3-70b-versatile, own: local/org/name}
""")
    p = cli.run("config", "check")
    assert p.out == "dd0c.yaml: fine\n" and all(name in p.err for name in ("OPENAI_API_KEY", "HOST", "CLAUDE_KEY")), p.err
    p = cli.run("config", "check", env={"OPENAI_API_KEY": "a", "HOST": "h", "CLAUDE_KEY": "b"})
    assert p.err == "", "nothing is missing, and no secret is opened to see"
    cli.write("dd0c.yaml", "models: {q: groq/llama-3.3-70b}\n")
    cli.run("config", "check")


def test_tls_needs_both_its_files(cli):
    p = cli.run("proxy", "--listen", "127.0.0.1:0", "--tls-key", "k.pem", status=2, timeout=20)
    assert "the certificate is missing" in p.err, "it must not serve plain HTTP instead"
    p = cli.run("proxy", "--listen", "127.0.0.1:0", "--tls-key", "k.pem", "--tls-cert", "c.pem", status=3, timeout=20)
    assert 'could not read certificate "c.pem": No such file' in p.err


def test_the_start_says_who_is_served(cli):
    p = cli.start("proxy", "--listen", "127.0.0.1:0", env={"OPENAI_API_KEY": "x"})
    p.wait_log(r"providers: openai, anthropic \(no key here: the client's own goes on\)")
    p.wait_log("clients need no key: every program on this machine")
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--dev", "--log-format", "json")
    p.wait_log(r'"level":"info","message":"providers: ollama: every model is llama3.2 at http://127.0.0.1:11434/v1')
    cli.run("keys", "create", "--name", "a")
    p = cli.start("proxy", "--listen", "127.0.0.1:0", "--log-level", "error")
    p.wait_log(r"providers: openai \(no key\), anthropic \(no key\)$")


def test_without_HOME_the_state_is_not_where_others_may_write(cli):
    p = cli.run("tail", "--limit", "1", env={"HOME": "", "XDG_STATE_HOME": ""}, status=None)
    home = pwd.getpwuid(os.getuid()).pw_dir
    assert p.err == "" or f'"{home}/.local/state/dd0c"' in p.err, p.err


def test_a_reload_says_what_it_cannot_change(cli):
    import signal
    cli.write("dd0c.yaml", OPENAI)
    p = cli.start("proxy", "--listen", "127.0.0.1:0")
    cli.write("dd0c.yaml", OPENAI + "server: {listen: '127.0.0.1:1'}\n")
    p.process.send_signal(signal.SIGHUP)
    p.wait_log("warning: address, TLS or none, workers and telemetry are read at the start only")


def test_options_of_a_command_that_is_run(cli):
    assert cli.run("run", "echo", "a", "b").out == "a b\n"
    p = cli.run("run", "python3", "-c", "pass", status=2)
    assert 'unknown option "-c"' in p.err and "behind --" in p.err


def test_a_benchmark_without_anything_to_compare_says_so(cli):
    assert "--upstream" in cli.run("bench", "--quick", status=2).err


def test_the_first_secret_tells_of_the_master_key(cli):
    assert "master.key" in cli.run("secrets", "set", "a", stdin="x").err
    assert "master.key" not in cli.run("secrets", "set", "b", stdin="x").err


def test_the_log_of_changes_names_keys_and_seconds(cli):
    cli.run("keys", "create", "--name", "team-a")
    cli.run("secrets", "set", "openai", stdin="x")
    lines = cli.run("audit").out.splitlines()
    assert lines[1].endswith("  team-a") and lines[2].split()[-2:] == ["secret.set", "openai"], lines
    row = list(csv.DictReader(cli.run("audit", "--format", "csv").out.splitlines()))[0]
    assert row["time"].endswith("Z") and row["time"].count(":") == 2
