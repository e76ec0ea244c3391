"""Requests of three APIs, translated: against what other translators made of some, and against the rules of the target for recorded ones; part of
tests/conformance.py. Nothing here knows of the C code."""
import json
import re

from dialects import CORE, merged, run

# Where the golden entry is known to be wrong or one product's taste: what is done instead, as a merge patch on what it expects, or the error.
BETTER = {
    "ag/requests/completions/full.anthropic": {"error": "n"},  # three answers cannot come from an API that gives one: said, not dropped
    "ag/requests/completions/image-url.anthropic": {"patch": {"max_tokens": 8192}, "drops": []},  # 4096 cuts answers off
    "ag/requests/messages/cache_control.completions": {  # pictures of results follow in the user's message; marks only to providers that take them
        "patch": {"messages": [
            {"role": "system", "content": [{"type": "text", "text": "First system block"}, {"type": "text", "text": "Second system block"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "First assistant block"}, {"type": "text", "text": "Second assistant block"}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}]},
            {"role": "assistant", "tool_calls": [{"type": "function", "id": i, "function": {"name": "lookup", "arguments": {}}}
                                                 for i in ("call_text", "call_array", "call_image", "call_mixed")]},
            {"role": "tool", "content": "text result", "tool_call_id": "call_text"},
            {"role": "tool", "content": "array result", "tool_call_id": "call_array"},
            {"role": "tool", "content": "The result is in the next message.", "tool_call_id": "call_image"},
            {"role": "tool", "content": [{"type": "text", "text": "before image"}, {"type": "text", "text": "after image"}], "tool_call_id": "call_mixed"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}] * 2},
            {"role": "system", "content": "System-role block"}]},
        "drops": ["system[1].cache_control", "messages[].content[].cache_control", "messages[3].content[].content[].cache_control"]},
    "ag/requests/messages/responses_agent_subset.responses": {  # no item id of ours; thoughts sealed, as the client gives them back
        "patch": {"include": ["reasoning.encrypted_content"], "input": {"1": {"id": None}}}, "drops": []},
    "ag/requests/messages/server_tools.completions": {"patch": {}, "drops": ["tools[0].web_search_20250305"]},  # said, not dropped in silence
    "ag/requests/messages/structured-output.completions": {"patch": {"reasoning_effort": "high"}, "drops": ["top_k"]},
}


def plain(value, key=None):
    """Arguments as what they say."""
    if isinstance(value, dict):
        return {k: plain(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return json.loads(value) if key == "arguments" and isinstance(value, str) else value


def patched(value, patch):
    """A merge patch that also reaches into arrays, by position."""
    if isinstance(value, list) and isinstance(patch, dict):
        return [patched(v, patch.get(str(i), {})) for i, v in enumerate(value)]
    if isinstance(value, dict) and isinstance(patch, dict):
        out = {k: patched(v, patch[k]) if k in patch else v for k, v in value.items() if k not in patch or patch[k] is not None}
        out.update((k, v) for k, v in patch.items() if k not in value and v is not None)
        return out
    return value if patch == {} else patch


def golden(driver, entries):
    entries = [e for e in entries if e["core"] and e["kind"] == "request" and e["from"] != e["to"]]
    jobs = [{"op": "request", "from": e["from"], "to": e["to"], "body": json.dumps(e["input"]), "model": e["input"]["model"]} for e in entries]
    answers, well = run(driver, jobs)
    yield f"the driver ends well, {len(entries)} golden requests", well and len(entries) >= 10
    for e, got in zip(entries, answers):
        better, want = BETTER.get(e["name"]), e["expected"]
        if better and "error" in better:
            yield f"{e['name']}: refused for {better['error']}", not got.get("ok") and got.get("error", {}).get("param") == better["error"]
            continue
        if "prefer" in e:
            want = merged(want, e["prefer"])
        want = patched(plain(want), better["patch"]) if better else plain(want)
        yield f"{e['name']}: {got.get('error') or plain(got.get('body'))} is not {want}", got.get("ok") is True and plain(got["body"]) == want
        yield f"{e['name']}: drops {got.get('drops')}", got.get("drops") == (better or {}).get("drops", [])


# --- recorded requests ---
def blocks(content):
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def messages_rules(body):
    """What Anthropic refuses."""
    turns = body["messages"]
    yield "a limit", isinstance(body.get("max_tokens"), int)
    yield "turns alternate and begin with the user's", all(t["role"] == ("user", "assistant")[i % 2] for i, t in enumerate(turns)) and turns
    yield "no blank text", all(b["text"].strip() for t in turns for b in blocks(t["content"]) if b["type"] == "text")
    used = set()
    for before, t in zip([None] + turns, turns):
        calls = [b["id"] for b in blocks(before["content"]) if b["type"] == "tool_use"] if before else []
        results = [b["tool_use_id"] for b in blocks(t["content"]) if b["type"] == "tool_result"]
        kinds = [b["type"] == "tool_result" for b in blocks(t["content"])]
        yield "results answer the calls before them, first of all", sorted(calls) == sorted(results) and kinds == sorted(kinds, reverse=True)
        yield "ids are new and of plain letters", all(re.fullmatch(r"[A-Za-z0-9_-]+", i) and i not in used for i in calls)
        used.update(calls)
    names = {t["name"] for t in body.get("tools", [])}
    yield "calls have their tools", not used or names
    marks = json.dumps(body).count('"cache_control": {')
    yield "four marks", marks <= 4
    thinking, choice = body.get("thinking", {}), body.get("tool_choice", {})
    yield "a choice needs tools", not choice or names
    yield "thinking and a forced tool", thinking.get("type") not in ("enabled", "adaptive") or choice.get("type") not in ("any", "tool")


def chat_rules(body):
    waiting = set()
    for m in body["messages"]:
        if m["role"] == "tool":
            yield "a result has its call", m["tool_call_id"] in waiting
            waiting.discard(m["tool_call_id"])
        else:
            yield "calls have their results", not waiting
            waiting = {c["id"] for c in m.get("tool_calls", [])}
            yield "ids are short", all(len(i) <= 40 for i in waiting)
    yield "the last calls have their results", not waiting
    yield "a choice needs tools", "tool_choice" not in body or body.get("tools")


def responses_rules(body):
    calls = {i["call_id"] for i in body["input"] if i["type"] in ("function_call", "custom_tool_call")}
    outputs = [i["call_id"] for i in body["input"] if i["type"].endswith("_output")]
    yield "each call has one output", sorted(calls) == sorted(outputs)
    yield "some input", bool(body["input"])
    yield "a choice needs tools", "tool_choice" not in body or body.get("tools")


RULES = {"chat.completions": chat_rules, "messages": messages_rules, "responses": responses_rules}


def said(api, body):
    """What the user and the system say: it has to arrive."""
    if api == "responses":
        turns = [i for i in body["input"] if i.get("role") in ("user", "system", "developer")] if isinstance(body["input"], list) else [{"content": body["input"]}]
    else:
        turns = [m for m in body["messages"] if m["role"] in ("user", "system", "developer", "tool")]
    texts = [b.get("text") for t in turns for b in blocks(t.get("content")) if isinstance(b, dict) and b.get("type") in ("text", "input_text")]
    texts += [b["text"] for b in blocks(body.get("system") or body.get("instructions"))]
    return [t for t in texts if t and t.strip()]


def recorded(driver, records):
    rows = []
    for r in records:
        if r["api"] in CORE and r.get("request"):
            body = json.loads(r["request"]) if isinstance(r["request"], str) else r["request"]
            rows += [(r, body, to) for to in CORE if to != r["api"]]
    answers, well = run(driver, [{"op": "request", "from": r["api"], "to": to, "body": json.dumps(body), "model": "m"} for r, body, to in rows])
    yield f"the driver ends well, {len(rows)} recorded requests", well and len(rows) > 500
    refused = 0
    for (r, body, to), got in zip(rows, answers):
        name = f"{r['path']}.{r.get('n')} to {to}"
        if not got.get("ok"):
            refused += 1
            yield f"{name}: {got}", got.get("error", {}).get("status") == 400 and bool(got["error"].get("param"))
            continue
        for rule, held in RULES[to](got["body"]):
            yield f"{name}: {rule}", bool(held)
        text = json.dumps(got["body"])
        for t in said(r["api"], body):
            yield f"{name}: {t[:60]!r} arrives", json.dumps(t)[1:-1] in text
    yield f"{refused} of {len(rows)} refused", refused < len(rows) // 20


def suites(driver, records, entries):
    yield from golden(driver, entries)
    yield from recorded(driver, records)
