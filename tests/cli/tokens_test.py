"""R2.7, design's contract of `dd0c tokens`: the public vectors, and what the command owes its users."""
import gzip
import json
import pathlib

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "token-vectors.jsonl.gz"
VECTORS = [json.loads(line) for line in gzip.open(DATA)]
NAMES = {"cl100k_base": "cl100k", "o200k_base": "o200k"}


def answers(cli, args, text):
    return [json.loads(line) for line in cli.run("tokens", *args, stdin=text).out.splitlines()]


def test_all_vectors(cli):
    for ascii_only in (True, False):
        lines = "".join(json.dumps({"text": v["text"]}, ensure_ascii=ascii_only) + "\n" for v in VECTORS)
        for encoding, key in NAMES.items():
            got = answers(cli, ["--encoding", encoding, "--jsonl", "--ids"], lines)
            assert len(got) == len(VECTORS) == 3000
            wrong = [v["text"][:60] for v, g in zip(VECTORS, got) if v[key] != g["tokens"] or len(g["ids"]) != g["tokens"]]
            assert not wrong, f"{encoding}: {len(wrong)} counts differ, first {wrong[0]!r}"
            with_ids = [(v, g) for v, g in zip(VECTORS, got) if f"ids_{key}" in v]
            assert len(with_ids) == 300
            assert all(v[f"ids_{key}"] == g["ids"] for v, g in with_ids), encoding


def test_lines_are_read_as_json(cli):
    lines = [
        ('{"text":"hello world"}', 2),
        ('  { "n" : [1, {"text": "not this"}], "\\u0074ext" : "hello world" }\r', 2),
        ('{"text": "\\ud83d"}', 1),                 # a lone surrogate is U+FFFD, one token
        ('{"text": "\\ud83d\\ude00"}', 1),          # a pair is one character
        ('{"text": "one", "text": "hello world"}', 2),
        ('{"text": ""}', 0),
    ]
    got = answers(cli, ["--jsonl"], "\n".join(line for line, _ in lines))
    assert [g["tokens"] for g in got] == [n for _, n in lines], got


def test_a_bad_line_ends_it_with_its_number(cli):
    for bad in ('{"text": 3}', "[]", '{"text":"a"', '{"text":"a"} x', "{}", '{"text":"a\tb"}', '{"a":01,"text":""}', '{"text":"\\x"}', "nonsense"):
        p = cli.run("tokens", "--jsonl", stdin='{"text":"ok"}\n\n' + bad + "\n", status=3)
        assert p.out == '{"tokens": 1}\n', p.out
        assert "line 3" in p.err and "hint:" in p.err, p.err


def test_a_line_of_many_megabytes(cli):
    text = json.dumps({"text": "hello world " * 500_000}) + "\n"
    got = answers(cli, ["--jsonl"], text * 2)
    assert [g["tokens"] for g in got] == [1_000_001] * 2      # " hello" and " world" alternate; the last blank is its own


def test_bytes_that_are_not_utf8(cli):
    got = answers(cli, ["--jsonl", "--ids"], b'{"text":"a\xff\xe2\x82z"}\n{"text":"a\\ufffd\\ufffdz"}\n')
    assert got[0] == got[1]


def test_files_and_their_sum(cli):
    cli.write("a.txt", "hello world")
    cli.write("b.txt", "")
    p = cli.run("tokens", "a.txt", "b.txt")
    assert [line.split() for line in p.out.splitlines()] == [["2", "a.txt"], ["0", "b.txt"], ["2", "total"]]
    doc = json.loads(cli.run("tokens", "--format", "json", "--ids", "a.txt").out)
    assert doc["exact"] is True and doc["total"]["tokens"] == 2 and doc["files"][0]["ids"] == [24912, 2375]
    assert cli.run("tokens", "a.txt", "none.txt", status=3).err.count("none.txt") == 1


def test_a_model_names_its_encoding(cli):
    assert json.loads(cli.run("tokens", "--model", "gpt-4", "--jsonl", "--ids", stdin='{"text":"hello world"}').out)["ids"] == [15339, 1917]
    assert json.loads(cli.run("tokens", "--model", "gpt-4o", "--jsonl", "--ids", stdin='{"text":"hello world"}').out)["ids"] == [24912, 2375]
    estimate = json.loads(cli.run("tokens", "--model", "claude-opus-5", "--format", "json", stdin="hello world").out)
    assert estimate["exact"] is False and estimate["total"]["low"] <= estimate["total"]["tokens"] <= estimate["total"]["high"]
    assert "ids" in cli.run("tokens", "--model", "claude-opus-5", "--ids", stdin="x", status=2).err
    cli.run("tokens", "--model", "gpt-4", "--encoding", "o200k_base", stdin="x", status=2)
