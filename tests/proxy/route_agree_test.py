"""What `dd0c route explain` says is what the proxy decides: the same facts, rules and steps as POST /v1/router/debug tells, and as an answer's headers say."""
import json

from support import CHAT, Client, Upstream, config

RULES = """\
models: {smart: [openai/gpt-5.4, openai/gpt-5.4-mini]}
routes:
  - {name: pictures, when: 'has_images && !stream', from: [openai/gpt-5.4, openai/gpt-5.4-mini], strategy: cheapest}
  - {name: tools, when: 'tools > 1 || has_documents', from: [openai/gpt-5.5]}
  - {name: capped, when: 'max_tokens < 100 && turns == 1', from: [openai/gpt-5.4-nano]}
  - {name: tagged, when: 'feature == "search" && tags.tenant == "acme"', strategy: quality-first, from: [openai/gpt-5.4, openai/gpt-5.5]}
  - {name: json, when: 'json_schema || reasoning', from: [openai/gpt-5.4-mini]}
fallback: [openai/gpt-5.2]
"""
USER = {"role": "user", "content": "Say hi"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
IMAGE = {"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}
BODIES = [
    {"messages": [USER]}, {"messages": [USER], "max_tokens": 50}, {"messages": [IMAGE]}, {"messages": [IMAGE], "stream": True},
    {"messages": [USER], "tools": [TOOL, {**TOOL, "function": {"name": "g"}}]}, {"messages": [USER], "response_format": {"type": "json_object"}},
    {"messages": [USER], "reasoning_effort": "high"}, {"messages": [{"role": "system", "content": "Be brief."}, USER, {"role": "assistant", "content": "hi"}, USER], "max_tokens": 50},
]
SAME = ["model", "provider", "stream", "has_tools", "tools", "has_images", "json_schema", "reasoning", "max_tokens", "messages", "turns", "feature", "team", "tags", "task",
        "complexity", "family"]


def test_explain_and_the_proxy_agree(cli):
    up = Upstream(lambda r, c: c.json(CHAT))
    config(cli, up, RULES)
    client = Client(cli.start("proxy", "--listen", "127.0.0.1:0", "--workers", "1").port)
    headers = {"x-dd0c-feature": "search", "x-dd0c-tenant": "acme"}
    seen = set()
    for body in BODIES:
        for model in ("gpt-5.4", "smart"):
            for tags in ({}, headers):
                asked = {"model": model, **body}
                told = json.loads(client.ask("POST", "/v1/router/debug", asked, tags).body)
                options = [word for k, v in tags.items() for word in ("--header", f"{k}={v}")]
                said = json.loads(cli.run("route", "explain", "--format", "json", *options, stdin=json.dumps(asked)).out)
                for name in SAME:
                    assert told["facts"][name] == said["facts"][name], (asked, name, told["facts"][name], said["facts"][name])
                short = [{k: [(s["provider"], s["model"], s["role"]) for s in plan["steps"]] if k == "steps" else plan[k] for k in ("route", "strategy", "verdict", "steps")}
                         for plan in (told, said)]
                assert short[0] == short[1], (asked, tags, short)
                seen.add(said["route"])
                if not body.get("stream"):
                    answer = client.ask("POST", "/v1/chat/completions", asked, tags)
                    assert answer.headers["x-dd0c-strategy"] == said["strategy"] and answer.headers["x-dd0c-model"].split("/")[-1] == said["steps"][0]["model"], answer.headers
    assert seen == {None, "pictures", "tools", "capped", "tagged", "json"}, seen
