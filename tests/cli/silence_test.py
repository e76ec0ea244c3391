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
