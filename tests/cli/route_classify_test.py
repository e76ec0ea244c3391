"""R2.1, RO.3, the contract of `dd0c route classify`: lines in, complexity, score and task out, in order."""
import json
import pathlib

REQUESTS = [json.loads(line) for line in (pathlib.Path(__file__).resolve().parent.parent / "data" / "classify-requests.jsonl").read_text().splitlines()]


def answers(cli, requests, *args):
    lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in requests)
    return [json.loads(line) for line in cli.run("route", "classify", "--jsonl", *args, stdin=lines).out.splitlines()]


def user(text, system=None, more=0):
    turns = [{"role": "user" if i % 2 == 0 else "assistant", "content": "and then?"} for i in range(more)]
    return {"messages": ([{"role": "system", "content": system}] if system else []) + turns + [{"role": "user", "content": text}]}


def test_the_scenarios_of_r2_1(cli):
    got = answers(cli, [
        {"text": "Extract the name from this text"},
        user("Extract the name from this text"),
        {"system": "Extract the name from this text", "messages": [{"role": "user", "content": "I am Ada."}]},
        user("so?", "Analyze the discussion", 9), user("so?", "You analyse contracts", 9), user("so?", "Reason about it", 9), user("so?", "COMPARE offers", 9),
        {"text": "lorem ipsum dolor sit amet"},
        {"text": ""},
    ])
    assert [g["complexity"] for g in got] == ["low"] * 3 + ["high"] * 4 + ["medium"] * 2
    assert got[0]["task"] == "extraction"
    few = answers(cli, [user("so?", "Analyze the discussion", 2), user("Analyze the discussion", None, 11)])
    assert all(g["complexity"] != "high" for g in few), few
    long = answers(cli, [{"text": "Extract the name from this text\n" + "He said that he would come. " * 2000}])
    assert long[0]["task"] == "extraction"                     # and no promise of low


def test_every_form_of_a_request_is_read(cli):
    text = "Translate this into French: good morning"
    same = answers(cli, [
        {"text": text},
        {"messages": [{"role": "user", "content": text}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}], "max_tokens": 200, "temperature": 0.1, "model": "gpt-4o"},
        {"input": text, "model": "gpt-5-mini"},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": text}]}]},
        {"text": text, "system": None, "tools": None},
    ])
    assert all(g["task"] == "translation" for g in same) and len({g["score"] for g in same}) == 1, same
    system = [
        {"messages": [{"role": "system", "content": "You translate to French."}, {"role": "user", "content": "good morning"}]},
        {"messages": [{"role": "developer", "content": "You translate to French."}, {"role": "user", "content": "good morning"}]},
        {"system": "You translate to French.", "messages": [{"role": "user", "content": "good morning"}]},
        {"system": [{"type": "text", "text": "You translate to French."}], "messages": [{"role": "user", "content": "good morning"}]},
        {"instructions": "You translate to French.", "input": "good morning"},
    ]
    assert len({json.dumps(g) for g in answers(cli, system)}) == 1


def test_the_newest_turn_is_what_is_asked(cli):
    """What was asked before does not make a question harder or easier."""
    hard = "Let f(x) = x^4 - 5x^2 + 4. Determine all real k such that f(x) = k has exactly four solutions, and prove it."
    alone, after, thanks = answers(cli, [
        user(hard), {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": hard}]},
        {"messages": [{"role": "user", "content": hard}, {"role": "assistant", "content": "..."}, {"role": "user", "content": "thanks"}]}])
    assert abs(alone["score"] - after["score"]) < 0.05 and thanks["score"] < alone["score"], (alone, after, thanks)


def test_answers_have_three_members(cli):
    for g in answers(cli, [r["request"] for r in REQUESTS]):
        assert set(g) == {"complexity", "score", "task"} and 0 <= g["score"] <= 1 and g["complexity"] in ("low", "medium", "high"), g
    assert all(g["why"] for g in answers(cli, [r["request"] for r in REQUESTS], "--why"))


def test_production_requests_are_named_as_a_person_would(cli):
    """RO.3: 66 requests written for this test, in eight languages; at least 85 % of the tasks and of the complexities."""
    got = answers(cli, [r["request"] for r in REQUESTS])
    tasks = [(r["task"], g["task"]) for r, g in zip(REQUESTS, got)]
    assert sum(a == b for a, b in tasks) >= 0.85 * len(tasks), [t for t in tasks if t[0] != t[1]]
    sizes = [(r["complexity"], g["complexity"]) for r, g in zip(REQUESTS, got)]
    assert sum(b in a for a, b in sizes) >= 0.85 * len(sizes), [s for s in sizes if s[1] not in s[0]]


def test_a_bad_line_ends_it_with_its_number(cli):
    for bad in ('{"text": 3}', "[]", '{"text":"a"', '{"text":"a"} x', "{}", '{"text":"a\tb"}', '{"messages": 1}', '{"messages": [1]}', '{"input": {}}', "nonsense",
                '{"text":"a","text":"b"}', '{"messages":[' + "[" * 600 + "]" * 600 + "]}"):
        p = cli.run("route", "classify", "--jsonl", stdin='{"text":"ok"}\n\n' + bad + "\n", status=3)
        assert p.out.count("\n") == 1 and json.loads(p.out)["task"], (bad, p.out)
        assert "line 3" in p.err and "hint:" in p.err, p.err


def test_a_line_without_an_end_counts(cli):
    assert cli.run("route", "classify", "--jsonl", stdin='{"text":"hi"}').out.count("\n") == 1
    assert cli.run("route", "classify", "--jsonl", stdin="").out == ""


def test_a_file_or_a_text(cli):
    cli.write("requests.jsonl", '{"text": "Translate to Dutch: yes"}\n' * 3)
    assert cli.run("route", "classify", "--jsonl", "requests.jsonl").out.count("translation") == 3
    cli.write("bad.jsonl", '{"text": "x"}\n7\n')
    assert 'file "bad.jsonl": line 2' in cli.run("route", "classify", "--jsonl", "bad.jsonl", status=3).err
    assert cli.run("route", "classify", stdin="Extract the name from this text: I am Ada.").out.startswith("extraction, low, score 0.")
    assert "(extract*)" in cli.run("route", "classify", "--why", "-", stdin="Extract the name from this text").out
    cli.run("route", "classify", "none.txt", status=3)
    cli.run("route", "classify", "a", "b", status=2)


def test_long_lines_and_many(cli):
    got = answers(cli, [{"text": "Summarize this. " + "word " * 1_000_000}, {"text": "hi"}])
    assert got[0]["task"] == "summarization"
    assert len(answers(cli, [{"text": "who is it?"}] * 20_000)) == 20_000
