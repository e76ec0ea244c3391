"""dd0c secrets: sealed under a master key from file, environment or command; never in argv, output or database."""
import json
import os
import pty
import select
import sqlite3
import stat
import subprocess
import time

VALUE = "value-of-a-" + "provider-4711"
HEX = "ab" * 32


def home(cli):
    return cli.dir / "state" / "dd0c"


def names(cli, **kw):
    return [s["name"] for s in json.loads(cli.run("secrets", "list", "--format", "json", **kw).out)["secrets"]]


def test_set_list_rm(cli):
    """R4.3, R1.7"""
    assert names(cli) == [] and not home(cli).exists()
    p = cli.run("secrets", "set", "openai", stdin=VALUE + "\n")
    assert p.out == "" and '"openai" was set' in p.err and VALUE not in p.err
    assert "was replaced" in cli.run("secrets", "set", "openai", stdin=VALUE).err
    assert cli.run("secrets", "set", "anthropic", "-q", stdin="x").err == ""
    assert names(cli) == ["anthropic", "openai"]
    assert "openai" in cli.run("secrets", "list").out and VALUE not in cli.run("secrets", "list").out
    for path in home(cli).iterdir():
        assert VALUE.encode() not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    cli.run("secrets", "rm", "openai")
    assert names(cli) == ["anthropic"]
    p = cli.run("secrets", "rm", "antropic", status=3)
    assert '"anthropic"' in p.err
    with sqlite3.connect(home(cli) / "config.db") as db:
        rows = db.execute("SELECT action, object FROM audit_log ORDER BY id").fetchall()
    assert rows == [("secret.set", "openai"), ("secret.set", "openai"), ("secret.set", "anthropic"), ("secret.remove", "openai")]


def test_values_do_not_come_by_argument(cli):
    p = cli.run("secrets", "set", "openai", VALUE, status=2)
    assert VALUE not in p.err and "standard input" in p.err
    assert "empty" in cli.run("secrets", "set", "openai", stdin="\n", status=2).err
    assert "letters" in cli.run("secrets", "set", "a/b", stdin="x", status=2).err
    assert "65536" in cli.run("secrets", "set", "big", stdin="x" * 70000, status=2).err
    assert names(cli) == []
    cli.run("secrets", "set", "big", stdin="x" * 65536 + "\r\n")
    assert names(cli) == ["big"]


def test_prompt_does_not_echo(cli):
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cli.dir)
        os.execve(cli.program, ["dd0c", "secrets", "set", "openai"], cli.env)
    seen = b""
    def until(word):
        nonlocal seen
        end = time.monotonic() + 60
        while word not in seen and time.monotonic() < end:
            if select.select([fd], [], [], 1)[0]:
                try:
                    seen += os.read(fd, 1000)
                except OSError:
                    break
        assert word in seen, seen
    until(b"not shown): ")
    os.write(fd, VALUE.encode() + b"\n")
    until(b"was set")
    assert os.waitpid(pid, 0)[1] == 0 and VALUE.encode() not in seen
    os.close(fd)
    assert names(cli) == ["openai"]


def test_master_key_from_the_environment(cli):
    env = {"DD0C_MASTER_KEY": HEX}
    cli.run("secrets", "set", "openai", stdin=VALUE, env=env)
    assert not (home(cli) / "master.key").exists()
    p = cli.run("secrets", "set", "other", stdin="x", env={"DD0C_MASTER_KEY": "cd" * 32}, status=3)
    assert "does not fit" in p.err and "hint: " in p.err
    p = cli.run("secrets", "set", "other", stdin="x", status=3)
    assert "missing" in p.err and not (home(cli) / "master.key").exists(), "no second master key is made"
    p = cli.run("secrets", "set", "other", stdin="x", env={"DD0C_MASTER_KEY": "abc" + HEX}, status=3)
    assert "DD0C_MASTER_KEY: " in p.err and HEX not in p.err
    cli.run("secrets", "set", "other", stdin="x", env={"DD0C_MASTER_KEY": "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="})  # the same 32 bytes
    assert names(cli) == ["openai", "other"]


def test_master_key_from_a_command(cli):
    key = cli.write("kms.txt", HEX + "\n")
    cli.run("secrets", "set", "openai", stdin=VALUE, env={"DD0C_MASTER_KEY_CMD": f"cat '{key}'"})
    cli.run("secrets", "set", "other", stdin=VALUE, env={"DD0C_MASTER_KEY": HEX, "DD0C_MASTER_KEY_CMD": "false"})
    for command, word in (("false", "failed"), ("echo nothing", "32 bytes"), (f"cat '{key}'; exit 3", "failed")):
        p = cli.run("secrets", "set", "x", stdin=VALUE, env={"DD0C_MASTER_KEY_CMD": command}, status=3)
        assert word in p.err and HEX not in p.err, p.err
    p = cli.run("secrets", "set", "x", stdin=VALUE, env={"DD0C_MASTER_KEY_CMD": "head -c 100000 /dev/zero"}, status=3)
    assert "32 bytes" in p.err


def test_a_readable_master_key_is_refused(cli):
    cli.run("secrets", "set", "openai", stdin=VALUE)
    (home(cli) / "master.key").chmod(0o644)
    p = cli.run("secrets", "set", "openai", stdin=VALUE, status=3)
    assert "chmod 600" in p.err


def test_rotate(cli):
    """All secrets under a new master key; a cut-off change leaves a key that fits."""
    file = home(cli) / "master.key"
    cli.run("secrets", "set", "openai", stdin=VALUE)
    cli.run("secrets", "set", "other", stdin=VALUE)
    old = file.read_text()
    assert "2 secrets are sealed" in cli.run("secrets", "rotate").err
    new = file.read_text()
    assert new != old and len(new) == 65 and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(p.name for p in home(cli).iterdir() if "master" in p.name) == ["master.key"]
    cli.run("secrets", "set", "openai", stdin=VALUE)
    p = cli.run("secrets", "set", "openai", stdin=VALUE, env={"DD0C_MASTER_KEY": old}, status=3)
    assert "does not fit" in p.err
    # as after a crash between the database's change and the file's
    (home(cli) / "master.key.new").write_text(new)
    (home(cli) / "master.key.new").chmod(0o600)
    file.write_text(old)
    cli.run("secrets", "set", "openai", stdin=VALUE)
    assert file.read_text() == new and not (home(cli) / "master.key.new").exists()
    # out of the file
    cli.run("secrets", "rotate", env={"DD0C_NEW_MASTER_KEY": HEX})
    assert not file.exists()
    cli.run("secrets", "set", "openai", stdin=VALUE, env={"DD0C_MASTER_KEY": HEX})
    assert "DD0C_NEW_MASTER_KEY" in cli.run("secrets", "rotate", env={"DD0C_MASTER_KEY": HEX}, status=2).err
    cli.run("secrets", "rotate", env={"DD0C_MASTER_KEY": HEX, "DD0C_NEW_MASTER_KEY": "cd" * 32})
    cli.run("secrets", "set", "openai", stdin=VALUE, env={"DD0C_MASTER_KEY": HEX}, status=3)
    cli.run("secrets", "set", "openai", stdin=VALUE, env={"DD0C_MASTER_KEY": "cd" * 32})


def test_first_secrets_at_once_share_a_master_key(cli):
    started = [subprocess.Popen([cli.program, "secrets", "set", f"s{i}", "-q"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=cli.env) for i in range(6)]
    for p in started:
        p.stdin.write(VALUE.encode())
    for p in started:
        assert p.communicate()[1] == b"" and p.returncode == 0
    assert len(names(cli)) == 6
    cli.run("secrets", "rotate")
