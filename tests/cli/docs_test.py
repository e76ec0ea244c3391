"""What the documents say can be typed can be typed: commands, options, make targets, links, and examples of dd0c.yaml."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GUIDES = ["README.md"] + [f"docs/{name}.md" for name in ("proxy", "keys", "store", "local-development", "compatibility", "routing", "traces")]
SCRIPTS = ["deploy/ci-github.yaml", "deploy/ci-gitlab.yaml", "deploy/compose.dev.yaml", "deploy/Dockerfile"]


def blocks(text, *kinds):
    return [body for kind, body in re.findall(r"^```(\w+)\n(.*?)^```", text, re.M | re.S) if kind in kinds]


def typed(text):
    """The command lines that start dd0c: lines of sh blocks, and what stands in backticks."""
    lines = [line for body in blocks(text, "sh") for line in body.splitlines()] + re.findall(r"`(dd0c [^`]+)`", text)
    for line in lines:
        line = re.sub(r"(^|\s)#.*", "", line)
        yield from re.findall(r"(?:^|[$(;|&]\s*|\s)dd0c ((?:(?!dd0c )[^|;&)`])+)", line)


def check_command(words, names, options):
    """None, or what is wrong with `dd0c WORDS`."""
    command = " ".join(words[:2]) if " ".join(words[:2]) in names else words[0]
    if command not in names:
        return f"there is no command {command!r}" if not any(n.startswith(command + " ") for n in names) or (len(words) > 1 and re.fullmatch(r"[a-z]+", words[1])) else None
    for word in words[1:]:
        if word == "--":
            return None                # what `run` runs has options of its own
        name = re.match(r"--([a-z][a-z-]*)", word)
        if name and name[1] not in options(command):
            return f"{command} has no option --{name[1]}"
    return None


def test_commands_and_options_exist(cli):
    names, known = cli.run("help", "--names").out.split("\n"), {}

    def options(command):
        if command not in known:
            known[command] = set(re.findall(r"--([a-z][a-z-]*)", cli.run("help", *command.split()).out)) | {"help"}
        return known[command]
    wrong, seen = [], 0
    for path in GUIDES:
        for command in typed((ROOT / path).read_text()):
            seen += 1
            why = check_command(command.split(), names, options)
            wrong += [f"{path}: dd0c {command}: {why}"] if why else []
    for path in SCRIPTS:
        for command in re.findall(r"(?:^|[\s;|&])dd0c ((?:scan|mock|run|proxy)(?: [^|;&'\n]+)?)", (ROOT / path).read_text()):
            seen += 1
            why = check_command(command.split(), names, options)
            wrong += [f"{path}: dd0c {command}: {why}"] if why else []
    assert not wrong, "\n".join(wrong)
    assert seen > 50, seen
    assert check_command(["keys", "make"], names, options) and check_command(["tail", "--nothing"], names, options) and check_command(["frob"], names, options)


def test_examples_of_the_configuration_are_right(cli):
    n = 0
    for path in GUIDES:
        for body in blocks((ROOT / path).read_text(), "yaml"):
            n += 1
            cli.write("dd0c.yaml", body)
            p = cli.run("config", "check", status=None)
            assert p.returncode == 0 and all("the environment has no" in line for line in p.err.splitlines()), (path, body, p.err)
    assert n >= 3, "documents lost their examples"
    for path in SCRIPTS:
        for body in re.findall(r"printf ['\"](providers:.*?)['\"] >", (ROOT / path).read_text()):
            cli.write("dd0c.yaml", body.replace("\\n", "\n").replace('\\"', '"'))
            assert cli.run("config", "check").err == "", (path, body)


def test_links_lead_somewhere(_cli):
    gone = []
    for path in ["CONTRIBUTING.md", *GUIDES]:
        text = (ROOT / path).read_text()
        for target in re.findall(r"\]\(([^)#]+)", text):
            if not target.startswith("http") and not (ROOT / path).parent.joinpath(target).exists():
                gone.append((path, target))
    assert not gone, gone


def test_targets_of_make_exist(_cli):
    rules = (ROOT / "Makefile").read_text()
    for path in GUIDES:
        text = (ROOT / path).read_text()
        for code in blocks(text, "sh") + re.findall(r"`([^`]+)`", text):
            for target in re.findall(r"(?:^|&& |; )make ([a-z][a-z-]*)", code):
                assert re.search(rf"^([a-z-]+ )*{target}( [a-z-]+)*:", rules, re.M), (path, target)


def test_each_environment_variable_of_the_documents_is_read(_cli):
    sources = "".join(p.read_text() for folder in ("base", "cmd", "proxy", "store", "scan", "pricing-cache") for p in (ROOT / folder).rglob("*.c"))
    for path in GUIDES:
        for name in set(re.findall(r"\b(DD0C_[A-Z_]+|OLLAMA_[A-Z_]+|[A-Z]+_API_KEY)\b", (ROOT / path).read_text())) - {"DD0C_KEY", "DD0C_REPOSITORY"}:
            assert f'"{name}"' in sources, (path, name)
