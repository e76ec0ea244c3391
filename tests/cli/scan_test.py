"""dd0c scan: contracts, filters, volume, gates, formats and mistakes."""
import csv
import io
import json
import os
import re
import subprocess

CALL = "from openai import OpenAI\nclient = OpenAI()\n\ndef ask(q):\n    return client.chat.completions.create(model='{model}', max_tokens=50, messages=[{{'role': 'user', 'content': q}}])\n"


def tree(cli, **models):
    for name, model in (models or {"app": "gpt-4o"}).items():
        cli.write(f"src/{name}.py", CALL.format(model=model))
    return cli.dir / "src"


def totals(cli, *args):
    return json.loads(cli.run("scan", "--format", "json", *args).out)


def test_jsonl_has_the_contract_fields(cli):
    site, = cli.sites(tree(cli))
    for field in ("path line end_line language sdk api model model_source max_tokens input_tokens output_tokens cost_per_call_usd "
                  "monthly_cost_usd id symbol context candidates suggestion").split():
        assert field in site, field
    assert (site["path"], site["line"], site["end_line"]) == ("app.py", 5, 5)
    assert (site["sdk"], site["api"], site["model"], site["model_source"], site["max_tokens"]) == ("openai", "chat.completions", "gpt-4o", "literal", 50)
    assert (site["language"], site["symbol"], site["context"]) == ("python", "ask", "production")
    assert re.fullmatch(r"[0-9a-f]{12}", site["id"])


def test_id_survives_line_shifts(cli):
    before, = cli.sites(tree(cli))
    source = (cli.dir / "src" / "app.py").read_text()
    cli.write("src/app.py", "# a comment\n\n\n" + source)
    after, = cli.sites(cli.dir / "src")
    assert after["line"] == before["line"] + 3 and after["id"] == before["id"]


def test_cost_is_tokens_times_price(cli):
    """1,000 calls a month; every figure is exact: the two are compared as decimals."""
    from decimal import Decimal
    out = cli.run("scan", "--format", "jsonl", tree(cli)).out
    site = json.loads(out, parse_float=Decimal)
    price = json.loads(cli.run("prices", "show", "gpt-4o", "--format", "json").out, parse_float=Decimal)
    row = price["names"][0]["model"]
    want = (site["input_tokens"] * Decimal(str(row["input"])) + site["output_tokens"] * Decimal(str(row["output"]))) / 1000000
    assert Decimal(site["cost_per_call_usd"]) == want, (site, row)
    assert Decimal(site["monthly_cost_usd"]) == 1000 * want


def test_paths_follow_the_argument(cli):
    tree(cli)
    assert [s["path"] for s in cli.sites("src")] == ["app.py"]
    assert [s["path"] for s in cli.sites("src/app.py")] == ["app.py"]
    cli.write("lib/b.py", CALL.format(model="gpt-4o-mini"))
    assert [s["path"] for s in cli.sites("src", "lib")] == ["lib/b.py", "src/app.py"]
    assert [s["path"] for s in cli.sites()] == ["lib/b.py", "src/app.py"]


def test_unknown_model_is_unknown_and_in_no_total(cli):
    known = totals(cli, tree(cli))
    cli.write("src/other.py", CALL.format(model="my-own-model"))
    cli.write("src/dynamic.py", "import openai\ndef f(m):\n    return openai.chat.completions.create(model=m, messages=[])\n")
    both = totals(cli, cli.dir / "src")
    sites = {s["path"]: s for s in both["sites"]}
    assert sites["other.py"]["monthly_cost_usd"] is None and sites["other.py"]["cost_per_call_usd"] is None
    assert sites["dynamic.py"]["model"] is None and sites["dynamic.py"]["model_source"] == "dynamic"
    assert both["totals"]["monthly_cost_usd"] == known["totals"]["monthly_cost_usd"]


def test_tests_and_examples_stand_apart(cli):
    tree(cli)
    alone = totals(cli, "src")["totals"]["monthly_cost_usd"]
    cli.write("src/tests/test_a.py", CALL.format(model="gpt-4o"))
    cli.write("src/examples/demo.py", CALL.format(model="gpt-4o"))
    separate = totals(cli, "src")
    assert {s["context"] for s in separate["sites"]} == {"production", "test", "example"}
    assert separate["totals"]["monthly_cost_usd"] == alone
    assert len(totals(cli, "src", "--tests", "exclude")["sites"]) == 1
    assert totals(cli, "src", "--tests", "include")["totals"]["monthly_cost_usd"] == round(3 * alone, 9)


def test_volume_calls_preset_usage_and_comment(cli):
    one = totals(cli, tree(cli), "--calls", "1")["totals"]["monthly_cost_usd"]
    assert abs(totals(cli, "src", "--calls", "7000")["totals"]["monthly_cost_usd"] - 7000 * one) < 1e-9
    assert abs(totals(cli, "src", "--usage-preset", "medium")["totals"]["monthly_cost_usd"] - 30000 * one) < 1e-9
    cli.run("scan", "--sync-usage", "usage.yaml", "-f", "json", "src")
    text = (cli.dir / "usage.yaml").read_text()
    site, = cli.sites("src")
    assert site["id"] in text and "app.py:5" in text
    cli.write("usage.yaml", text.replace("    calls:\n", "    calls: 500\n"))
    assert abs(totals(cli, "src", "--usage", "usage.yaml")["totals"]["monthly_cost_usd"] - 500 * one) < 1e-9
    cli.run("scan", "--sync-usage", "usage.yaml", "-f", "json", "src")
    assert "calls: 500" in (cli.dir / "usage.yaml").read_text(), "syncing keeps what was written"
    cli.write("src/app.py", (cli.dir / "src" / "app.py").read_text().replace("    return", "    # dd0c: calls=20 label=ask\n    return"))
    assert abs(totals(cli, "src")["totals"]["monthly_cost_usd"] - 20 * one) < 1e-9


def test_names_of_files_do_no_harm(cli):
    """Terminal escapes, line breaks (U+2028 is one to YAML), markup and formulas in file names."""
    names = ["=HYPERLINK(1).py", "a\x1b[31mred.py", "b\u2028sites: {}.py", "c\x9b2J.py", "d\u202etxt.py", "e</script><b>.py", "f\nversion: 9.py", "g\u0085x: 1.py"]
    for name in names:
        cli.write("src/" + name, CALL.format(model="gpt-4o"))
    cli.write("out/.keep", "")
    p = cli.run("scan", "src", "-f", "text", "--width", "120", "--sync-usage", "u.yaml", *[x for f in ("html", "csv", "md", "sarif", "json") for x in ("-o", "out/a." + f)])
    for text in [p.out, p.err] + [(cli.dir / "out" / f"a.{f}").read_text() for f in ("html", "csv", "md", "sarif", "json")] + [(cli.dir / "u.yaml").read_text()]:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", text.replace("\r\n", "\n"))
    assert "</script><b>" not in (cli.dir / "out/a.html").read_text()
    assert not re.search(r'^"?=HYPER|,"?=HYPER', (cli.dir / "out/a.csv").read_text(), re.M)
    cli.run("scan", "--usage", "u.yaml", "src")


def test_output_to_devices_and_links(cli):
    tree(cli)
    p = cli.run("scan", "src", "-f", "json", "-o", "/dev/stdout", "-q")
    assert json.loads(p.out)["schema"] == "dd0c.scan/1" and os.path.islink("/dev/stdout")
    cli.write("real.json", "old")
    os.symlink("real.json", cli.dir / "link.json")
    cli.run("scan", "src", "-o", "link.json", "-q")
    assert (cli.dir / "link.json").is_symlink() and json.loads((cli.dir / "real.json").read_text())
    read, write = os.pipe()
    os.write(write, (cli.dir / "real.json").read_bytes())
    os.close(write)
    again = subprocess.run([cli.program, "report", f"/dev/fd/{read}", "-f", "json"], pass_fds=[read], capture_output=True, env=cli.env)
    os.close(read)
    assert again.returncode == 0 and json.loads(again.stdout)["sites"]


def test_rings_of_imports_end(cli):
    """Forty modules that each take everything from all: asked once a search, not once a path."""
    for i in range(40):
        cli.write(f"py/m{i}.py", "".join(f"from m{j} import *\n" for j in range(40)) + "import openai\n" + "openai.chat.completions.create(model=MODEL, messages=[])\n")
        cli.write(f"js/m{i}.ts", "".join(f'export * from "./m{j}";\n' for j in range(40)) + 'import { MODEL } from "./m0";\nimport OpenAI from "openai";\nnew OpenAI().chat.completions.create({ model: MODEL, messages: [] });\n')
    cli.write("py/m39.py", (cli.dir / "py/m39.py").read_text() + "MODEL = 'gpt-4o'\n")
    sites = json.loads(cli.run("scan", "-f", "json", timeout=60).out)["sites"]
    assert len(sites) == 80
    assert {s["model"] for s in sites if s["path"].startswith("py/")} == {"gpt-4o"} and {s["model"] for s in sites if s["path"].startswith("js/")} == {None}


def test_many_calls_with_a_megabyte_of_prompt_each(cli):
    """Past 16 MB of prompts the start of each stands for the rest: memory does not grow with calls times text."""
    cli.write("src/p.txt", "hello world " * 80000)
    cli.write("src/a.py", "import openai\nP = open('p.txt').read()\n" + "openai.chat.completions.create(model='gpt-4o', messages=[{'role': 'user', 'content': P}])\n" * 60)
    audit = totals(cli, "src", "-j", "1")
    tokens = [s["input_tokens"] for s in audit["sites"]]
    assert len(tokens) == 60 and all(abs(n - 160000) < 1600 for n in tokens)      # two tokens, "hello" and " world", each
    assert any("first 4 kB" in line for line in audit["assumptions"])


def test_yaml_aliases_do_not_unfold_without_end(cli):
    cli.write("src/c.yaml", "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]\n" for i in range(1, 10)) + "model: gpt-4o\n")
    cli.write("src/a.py", "import openai, yaml\nc = yaml.safe_load(open('c.yaml'))\nopenai.chat.completions.create(model=c['model'], messages=c['a9'])\n")
    p = cli.run("scan", "-f", "json", "src", timeout=20)
    assert json.loads(p.out)["sites"][0]["model"] == "gpt-4o"
    assert "there twice" in cli.run("scan", "--usage", cli.write("u.yaml", "sites:\n" + "".join(f"  k{i}: {{}}\n" for i in range(40000)) + "  k7: {}\n"), "src", status=3, timeout=20).err


def test_usage_mistakes(cli):
    tree(cli)
    cli.write("u.yaml", "version: 1\nsites:\n  ffffffffffff:\n    calls: 3\n")
    p = cli.run("scan", "--usage", "u.yaml", "src", status=3)
    assert 'line 3' in p.err and "ffffffffffff" in p.err and "hint:" in p.err and p.out == ""
    cli.write("u.yaml", "sites:\n  x: {cals: 3}\n")
    site, = cli.sites("src")
    cli.write("u.yaml", f"sites:\n  \"{site['id']}\": {{cals: 3}}\n")
    assert '"cals"' in cli.run("scan", "--usage", "u.yaml", "src", status=3).err
    cli.write("u.yaml", "contexts: {prodction: {calls: 1}}\n")
    assert "production" in cli.run("scan", "--usage", "u.yaml", "src", status=3).err
    assert "sync-usage" in cli.run("scan", "--usage", "absent.yaml", "src", status=3).err


def test_ignore_comment_and_annotation(cli):
    tree(cli)
    cli.write("src/app.py", (cli.dir / "src" / "app.py").read_text().replace("messages=", "messages=").replace("    return", "    # dd0c: ignore\n    return"))
    assert cli.sites("src") == []


def test_gates(cli):
    tree(cli, a="gpt-4o", b="gpt-3.5-turbo")
    p = cli.run("scan", "--max-monthly", "0.000001", "src", status=1)
    assert "gate:" in p.err and p.out
    cli.run("scan", "--max-monthly", "100000", "src")
    assert "retired" in cli.run("scan", "--fail-on", "retired", "src", status=1).err
    cli.run("scan", "--fail-on", "unknown", "src")
    cli.write("src/c.py", CALL.format(model="no-such-model-1"))
    assert "unknown" in cli.run("scan", "--fail-on", "unknown", "src", status=1).err
    cli.run("scan", "--fail-on", "opportunity=0.0000001", "src", status=1)
    cli.run("scan", "--fail-on", "opportunity=1000000", "src")
    for no_gate in ("cost", "", "opportunity=", "opportunity=x", "opportunity=-1"):
        assert "opportunity=USD" in cli.run("scan", "--fail-on", no_gate, "src", status=2).err


def test_formats_and_files(cli):
    tree(cli)
    cli.run("scan", "src", "-o", "a.html", "-o", "a.sarif", "-o", "a.csv", "-o", "a.md", "-o", "a.json", "-o", "a.jsonl", "-q")
    sarif = json.loads((cli.dir / "a.sarif").read_text())
    assert sarif["version"] == "2.1.0" and sarif["runs"][0]["tool"]["driver"]["name"] == "dd0c"
    rows = list(csv.DictReader(io.StringIO((cli.dir / "a.csv").read_text())))
    assert len(rows) == 1 and rows[0]["model"] == "gpt-4o"
    html = (cli.dir / "a.html").read_text()
    assert html.startswith("<!doctype html>") or html.startswith("<!DOCTYPE html>")
    assert not re.search(r'(src|href)="https?://', html), "the page asks nobody"
    assert "dd0c" in (cli.dir / "a.md").read_text()
    saved = json.loads((cli.dir / "a.json").read_text())
    assert saved["schema"] == "dd0c.scan/1"
    line, = (cli.dir / "a.jsonl").read_text().splitlines()
    assert json.loads(line)["id"] == saved["sites"][0]["id"]
    for fmt, file in (("html", "a.html"), ("sarif", "a.sarif"), ("csv", "a.csv"), ("markdown", "a.md"), ("json", "a.json"), ("jsonl", "a.jsonl")):
        again = cli.run("report", "a.json", "--format", fmt).stdout
        assert again == (cli.dir / file).read_bytes(), f"{fmt}: a saved scan renders as the scan did"


def test_text_beside_files(cli):
    p = cli.run("scan", tree(cli), "-f", "text", "-f", "json", "-o", "x.json")
    assert "app.py" in p.out and (cli.dir / "x.json").exists()
    assert "more than one format" in cli.run("scan", "-f", "json", "-f", "csv", "src", status=2).err
    assert "ending" in cli.run("scan", "-o", "noending", "src", status=2).err
    assert not (cli.dir / "noending").exists()


def test_report_refuses_other_files(cli):
    cli.write("x.json", '{"schema": "other/1"}')
    assert "x.json" in cli.run("report", "x.json", status=3).err
    cli.write("x.json", '{"schema": "dd0c.scan/1", "sites": [{"line": "x"}]}')
    assert cli.run("report", "x.json", status=3).err
    cli.run("report", "absent.json", status=3)
    cli.run("report", status=2)


def test_explain(cli):
    cli.write("src/m.py", "import os\nMODEL = os.getenv('CHAT_MODEL', 'gpt-4o-mini')\n")
    cli.write("src/app.py", "from openai import OpenAI\nfrom m import MODEL\nOpenAI().chat.completions.create(model=MODEL, messages=[])\n")
    site, = cli.sites("src")
    assert (site["model"], site["model_source"]) == ("gpt-4o-mini", "env-default")
    text = cli.run("scan", "--explain", site["id"], "src").out
    assert "CHAT_MODEL" in text and "m.py" in text and "gpt-4o-mini" in text
    assert "hint:" in cli.run("scan", "--explain", "000000000000", "src", status=3).err


def test_missing_empty_and_unreadable(cli):
    assert "no-such-dir" in cli.run("scan", "no-such-dir", status=3).err
    (cli.dir / "empty").mkdir()
    assert "0 " in cli.run("scan", "empty").out or "No LLM" in cli.run("scan", "empty").out
    cli.write("odd/broken.py", "from openai import OpenAI\nOpenAI().chat.completions.create(model='gpt-4o', messages=[])\ndef (((:\n")
    assert len(cli.sites("odd")) == 1
    cli.write("big/app.py", b"from openai import OpenAI\n" + b"#" * 3000000)
    assert "app.py" in cli.run("scan", "-v", "big").out
    os.mkfifo(cli.dir / "pipe.py")
    assert "it is not a regular file" in cli.run("scan", "pipe.py", timeout=20).out


def test_hostile_files_beside_a_good_one(cli):
    """Whatever stands beside it, the good file's call is found, and each format is whole."""
    good = CALL.format(model="gpt-4o")
    code = good.encode()
    files = {"good.py": code, "nul.py": b"\0" + code, "utf16.py": good.encode("utf-16"), "invalid.py": code + bytes(range(128, 256)) * 50, "empty.py": b"",
             "cut.js": b"import O from 'openai';new O().chat.completions.create({model:`${", "cut.py": code + b"OpenAI().chat.completions.create(model=f'{",
             "deep.py": code + b"y = " + b"(" * 50000 + b"1" + b")" * 50000, "deep.js": b"import O from 'openai';x" + b".f()" * 50000, "lambda.py": code + b"y = " + b"lambda: " * 20000,
             "no.ipynb": b"", "half.ipynb": b'{"cells":[{"cell_type":"code","source":"openai\\', "odd.ipynb": b'{"cells":[null,1,"openai",[],{"source":{}}]}',
             ".gitignore": b"\0\n[\n[!\n\\\n" + b"a?" * 3000, ".dd0cignore": bytes(range(256)) * 40,
             "tsconfig.json": b'{"extends":"./tsconfig.json","references":[{"path":"."}]}', "package.json": b'{"workspaces":["**"],"imports":{"#*":"#*"}}'}
    for name, data in files.items():
        cli.write("odd/" + name, data)
    for name, to in (("self", "."), ("a", "b"), ("b", "a"), ("zero.py", "/dev/zero"), ("gone.py", "nowhere.py")):
        (cli.dir / "odd" / name).symlink_to(to)
    os.mkfifo(cli.dir / "odd" / "pipe.py")
    os.mkfifo(cli.dir / "odd" / "requirements.txt")
    with open(os.fsencode(cli.dir) + b"/odd/\xff\x1b[31m.py", "wb") as f:
        f.write(code)
    found = cli.sites("odd")
    assert "good.py" in [s["path"] for s in found] and all(s["model"] in ("gpt-4o", None) for s in found)
    for fmt in ("text", "json", "markdown", "sarif", "csv", "html"):
        out = cli.run("scan", "-f", fmt, "odd").stdout.decode("utf-8")
        assert "\x1b" not in out
        if fmt in ("json", "sarif"):
            json.loads(out)


def test_config_file(cli):
    tree(cli)
    cli.write("src/gen/x.py", CALL.format(model="gpt-4o"))
    cli.write("dd0c.yaml", "scan:\n  exclude: [gen/]\n  calls: 10\n  max_monthly: $0.000001\n")
    p = cli.run("scan", "-f", "jsonl", "src", status=1)
    assert len(p.out.splitlines()) == 1
    assert "fine" in cli.run("config", "check").out
    cli.write("dd0c.yaml", "scan:\n  excldue: [gen/]\n")
    p = cli.run("config", "check", status=3)
    assert 'line 2' in p.err and '"exclude"' in p.err
    cli.run("scan", "src", status=3)
    schema = json.loads(cli.run("config", "schema").out)
    assert schema["properties"]["scan"]["properties"]["calls"]["type"] == "integer"
    cli.write("dd0c.yaml", "scan:\n  default_model: gpt-4o\n")
    cli.write("src/dynamic.py", "import openai\ndef f(m):\n    return openai.chat.completions.create(model=m, messages=[])\n")
    sites = {s["path"]: s for s in cli.sites("src")}
    assert sites["dynamic.py"]["model"] is None and sites["dynamic.py"]["monthly_cost_usd"] is not None


def test_filters(cli):
    tree(cli, a="gpt-4o", b="gpt-4o-mini")
    cli.write("src/web.ts", 'import Anthropic from "@anthropic-ai/sdk";\nawait new Anthropic().messages.create({ model: "claude-sonnet-4-5", max_tokens: 9, messages: [] });\n')
    assert len(cli.sites("src")) == 3
    assert [s["path"] for s in cli.sites("--lang", "typescript", "src")] == ["web.ts"]
    assert [s["path"] for s in cli.sites("--provider", "anthropic", "src")] == ["web.ts"]
    assert [s["path"] for s in cli.sites("--include", "a.py", "src")] == ["a.py"]
    assert [s["path"] for s in cli.sites("--exclude", "*.py", "src")] == ["web.ts"]
    cli.write("src/.gitignore", "b.py\n")
    assert [s["path"] for s in cli.sites("src")] == ["a.py", "web.ts"]
    assert len(cli.sites("--no-ignore", "src")) == 3
    cli.write("src/.dd0cignore", "web.ts\n")
    assert [s["path"] for s in cli.sites("src")] == ["a.py"]


def test_same_tree_same_bytes(cli):
    for i in range(40):
        cli.write(f"src/p{i % 7}/m{i}.py", CALL.format(model=f"gpt-4o{'-mini' if i % 3 else ''}"))
    outs = {re.sub(r'"seconds": ?[\d.e-]+', "", cli.run("scan", "-f", "json", "-j", str(j), "src").out) for j in (1, 2, 5, 2)}
    assert len(outs) == 1


def test_no_prompt_text_in_any_output(cli):
    cli.write("src/app.py", CALL.format(model="gpt-4o").replace("'content': q", "'content': 'TOPSECRET prompt ' + q") + "KEY = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789'\n")
    for fmt in "text json jsonl markdown sarif csv html".split():
        out = cli.run("scan", "-f", fmt, "-v", "src").out
        assert "TOPSECRET" not in out and "sk-proj" not in out, fmt
    assert "TOPSECRET" in cli.run("scan", "-f", "json", "--show-source", "src").out


def test_colours(cli):
    tree(cli)
    assert "\x1b[" not in cli.run("scan", "src").out
    assert "\x1b[" in cli.run("scan", "--color", "always", "src").out
    assert "\x1b[" in cli.run("scan", "src", env={"CLICOLOR_FORCE": "1"}).out
    assert "\x1b[" not in cli.run("scan", "src", env={"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}).out
    assert cli.run("scan", "--ascii", "src").out.isascii()
    for width in (40, 60, 80, 120):
        for line in cli.run("scan", "--width", str(width), "src").out.splitlines():
            assert len(line) <= width, (width, line)
