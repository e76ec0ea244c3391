"""The frame that all commands share: help, man pages, completion, names, output and exit status."""
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def names(cli):
    return cli.run("help", "--names").out.split("\n")[:-1]


def options(help_text):
    return set(re.findall(r"^  (?:-\w, |    )--([a-z-]+)", help_text, re.M))


def test_commands_are_sorted(cli):
    assert names(cli) == sorted(names(cli))


def test_version_and_overview(cli):
    version = cli.run("--version").out
    assert re.fullmatch(r"dd0c \d+\.\d+\.\d+\n", version), version
    overview = cli.run("--help").out
    for name in names(cli):
        assert re.search(rf"^  {re.escape(name)} ", overview, re.M), name
    assert cli.run().out == overview


def test_help_man_and_completion_name_the_same_options(cli):
    bash = cli.run("completion", "bash").out
    zsh = cli.run("completion", "zsh").out
    fish = cli.run("completion", "fish").out
    for name in names(cli):
        helped = cli.run(*name.split(), "--help").out
        assert helped == cli.run("help", *name.split()).out
        page = (ROOT / "man" / f"dd0c-{name.replace(' ', '-')}.1").read_text()
        assert page == cli.run("help", "--man", *name.split()).out, f"man/dd0c-{name}.1 is old: make man"
        block = re.search(rf'"{re.escape(name)}"\) words="([^"]*)"', bash)[1]
        in_bash = {w[2:] for w in block.split()} - {"help"}
        zblock = re.search(rf'"{re.escape(name)}"\) _arguments(.*?);;', zsh, re.S)[1]
        in_zsh = set(re.findall(r"'\*?--([a-z-]+)[\[']", zblock)) - {"help"}
        assert options(helped) == in_bash == in_zsh, f"{name}: {options(helped) ^ in_bash} {options(helped) ^ in_zsh}"
        for option in options(helped):
            assert f"\\-\\-{option.replace('-', chr(92) + '-')}" in page, f"{name} --{option} is not in its man page"
            assert f"-l {option}" in fish


def test_man_index(cli):
    assert (ROOT / "man" / "dd0c.1").read_text() == cli.run("help", "--man").out, "man/dd0c.1 is old: make man"
    pages = {p.name for p in (ROOT / "man").glob("*.1")}
    assert pages == {"dd0c.1"} | {f"dd0c-{n.replace(' ', '-')}.1" for n in names(cli)}


def test_completion_scripts_parse(cli):
    for shell in ("bash", "zsh", "fish"):
        if shutil.which(shell):
            script = cli.write(f"c.{shell}", cli.run("completion", shell).out)
            subprocess.run([shell, "-n", str(script)], check=True)
    p = cli.run("completion", "tcsh", status=2)
    assert "bash, fish, zsh" in p.err


def test_bash_completes(cli):
    script = cli.write("c.bash", cli.run("completion", "bash").out)
    def complete(*words):
        line = " ".join(f"'{w}'" for w in words)
        run = f'source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _dd0c; printf "%s\\n" "${{COMPREPLY[@]}}"'
        return subprocess.run(["bash", "-c", run], capture_output=True, text=True, check=True, cwd=cli.dir).stdout.split()
    assert "scan" in complete("dd0c", "sc")
    assert "sarif" in complete("dd0c", "scan", "--format", "s")
    assert "--max-monthly" in complete("dd0c", "scan", "--max")
    assert "list" in complete("dd0c", "prices", "l")
    assert "keys" in complete("dd0c", "help", "k") and "revoke" in complete("dd0c", "help", "keys", "re")


def test_link_is_the_command(cli):
    link = cli.dir / "dd0c-scan"
    link.symlink_to(cli.program)
    p = subprocess.run([str(link), "--help"], capture_output=True, text=True)
    assert p.returncode == 0 and p.stdout.startswith("dd0c scan - ")


def test_unknown_command_option_and_value(cli):
    p = cli.run("scna", status=2)
    assert 'unknown command "scna"' in p.err and 'dd0c scan' in p.err
    p = cli.run("prices", status=2)
    assert "prices diff" in p.err and "prices update" in p.err, p.err
    p = cli.run("scan", "--formt", "json", status=2)
    assert 'unknown option "--formt"' in p.err and '"--format"' in p.err
    p = cli.run("scan", "--format", "xml", status=2)
    assert "text|json" in p.err
    p = cli.run("scan", "--calls", "-3", status=2)
    assert "whole number" in p.err
    p = cli.run("scan", "--calls", status=2)
    assert "needs a value" in p.err


def test_messages_have_one_line_and_a_hint(cli):
    p = cli.run("scan", "no such\nfolder", status=3)
    lines = p.err.strip().split("\n")
    assert lines[0].startswith("dd0c scan: ") and "no such?folder" in lines[0]
    assert all(line.startswith("hint: ") for line in lines[1:])


def test_full_disk_and_closed_output(cli):
    cli.write("a.py", "from openai import OpenAI\nOpenAI().chat.completions.create(model='gpt-4o', messages=[])\n")
    with open("/dev/full", "wb") as full:
        p = subprocess.run([cli.program, "scan", "."], stdout=full, stderr=subprocess.PIPE, cwd=cli.dir, env=cli.env)
    assert p.returncode == 3 and b"could not write to standard output" in p.stderr
    p = subprocess.run(["sh", "-c", f"'{cli.program}' scan . >&-"], capture_output=True, cwd=cli.dir, env=cli.env)
    assert p.returncode == 3 and b"standard output" in p.stderr
    p = cli.run("scan", "-f", "json", "-o", "/dev/full/x.json", status=3)
    assert "could not" in p.err


def test_reader_that_leaves_is_no_error(cli):
    cli.write("a.py", "import openai\n" + "openai.chat.completions.create(model='gpt-4o', messages=[])\n" * 3000)
    p = subprocess.run(["bash", "-c", f"set -o pipefail; '{cli.program}' scan -f jsonl . | head -n 1; exit ${{PIPESTATUS[0]}}"],
                       capture_output=True, cwd=cli.dir, env=cli.env)
    assert p.returncode == 141 and p.stderr == b"", (p.returncode, p.stderr)


def test_ci_runs_the_readme_commands(cli):
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    for command in ("./setup.sh --tests && make check",):
        assert command in readme and command in ci
    assert "./setup.sh && make scan" in readme


def test_readme_shows_what_the_example_prints(cli):
    """Line by line, in order; README leaves lines out but changes none."""
    shown = re.search(r"^```\n(.*?)^```$", (ROOT / "README.md").read_text(), re.S | re.M)[1].split("\n")
    printed = iter(cli.run("scan", "--width", "80", "examples/support-desk", cwd=ROOT).out.split("\n"))
    for line in shown:
        assert any(line.rstrip() == p.rstrip() for p in printed), f"README shows, and the example does not print (there): {line!r}"


def test_readme_figures_have_a_method(cli):
    """Whoever reads a figure finds how it was measured."""
    readme = (ROOT / "README.md").read_text()
    assert "docs/measurements.md" in readme and (ROOT / "docs" / "measurements.md").exists()
