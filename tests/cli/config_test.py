"""dd0c.yaml as a user meets it: what is read, what is refused and with which words, and the page that lists it all."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

ALL = """
server: {listen: 127.0.0.1:4000}
timezone: Europe/Berlin
providers:
  openai: {api_key: "${OPENAI_API_KEY}"}
  anthropic:
    keys:
      - value: os.environ/ANTHROPIC_API_KEY
        weight: 1
  local: {type: openai, base_url: "http://127.0.0.1:11434/v1", cost: 0, health: no}
models:
  smart:
    targets: [anthropic/claude-sonnet-5-5, {model: openai/gpt-5.6-sol, timeout: 20s, retries: 0}]
    fallback_on: [429, 5xx, timeout, context]
routes:
  - name: classify
    when: 'feature == "classify" && input_tokens < 500'
    strategy: cheapest
    from: [openai/gpt-6-luna, anthropic/claude-haiku-5-5]
    sticky: session
  - {name: careful, when: 'task == "extraction"', strategy: cascading, from: [openai/gpt-6-luna, smart], escalate_on: [invalid_json, refusal]}
  - {name: spare, when: "false", from: [local/llama3.2], fallback: none}
fallback:
  - {model: groq/llama-3.3-70b-versatile, timeout: 2s, retries: 1}
  - {model: anthropic/claude-sonnet-5-5, timeout: 5s}
retry:     {attempts: 2, backoff: 250ms..5s, respect_retry_after: true}
breaker:   {error_rate: 10%, window: 60s, min_requests: 20, cooldown: 30s}
timeouts:  {connect: 3s, first_token: 30s, idle: 60s, total: 10m}
scoring:   {weights: {cost: 0.5, latency: 0.2, task: 0.3}}
cache:     {mode: off, ttl: 24h, scope: key}
health:    {interval: 30s}
classifier: {thresholds: {low: 30%, high: 70%}}
roles:     {cheap: openai/gpt-6-luna, reasoning: smart}
budgets:
  - {scope: key, limit: $100/month, on_exceed: block}
  - {scope: team, match: search, limit: $5, period: day, on_exceed: downgrade:spare, warn_at: 50%}
limits:
  - {scope: key, requests: 100/min, tokens: 100000/min, concurrent: 20}
unpriced:  warn
telemetry: {store: sqlite, retention: 30d}
metrics:   {listen: "127.0.0.1:9464"}
"""
KEYS = {"OPENAI_API_KEY": "a", "ANTHROPIC_API_KEY": "b", "GROQ_API_KEY": "c"}


def test_a_configuration_with_every_section_is_fine(cli):
    cli.write("dd0c.yaml", ALL)
    p = cli.run("config", "check", env=KEYS)
    assert p.out == "dd0c.yaml: fine\n" and p.err == "", p.err
    p = cli.run("config", "check")
    assert p.out == "dd0c.yaml: fine\n" and 'fallback: "groq/llama-3.3-70b-versatile" is passed over: the environment has no GROQ_API_KEY' in p.err, p.err
    cli.write("dd0c.json", json.dumps({"routes": [{"name": "a", "when": "stream", "strategy": "cheapest"}], "cache": {"mode": False}}))
    assert "fine" in cli.run("config", "check", "dd0c.json").out


def test_what_is_wrong_has_file_line_and_suggestion(cli):
    for text, said, hint in (
            ("routes:\n  - name: a\n    when: 'feture == \"x\"'\n", 'config "dd0c.yaml", line 3: route "a", when, column 1: unknown name "feture"', '"feature"'),
            ("routes:\n  - {name: a}\n  - {name: a, when: stream}\n", 'line 3: route "a" is there already, on line 2', ""),
            ("routes:\n  - {name: a}\n  - {name: b, when: stream}\n", 'line 3: route "b" never matches: route "a" on line 2', ""),
            ("budgets:\n  - {scope: taem, limit: 5}\n", 'line 2: "taem" is not known to "scope"', '"team"'),
            ("budgets:\n  - {limit: 5, timezone: Europe/Berln}\n", "there is no time zone", '"Europe/Berlin"'),
            ("fallback: [gruq/llama]\n", 'line 1: fallback: no configured provider has the target "gruq/llama"', '"groq/llama"'),
            ("retry: {atempts: 2}\n", 'line 1: unrecognized key "atempts"', '"attempts"')):
        cli.write("dd0c.yaml", text)
        p = cli.run("config", "check", status=3)
        assert said in p.err and hint in p.err and p.out == "", (text, p.err)


def test_doubts_are_warnings(cli):
    cli.write("dd0c.yaml", "fallback:\n  - openai/gpt-6-lunaa\nbudgets: [{limit: 0}]\n")
    p = cli.run("config", "check", env={"OPENAI_API_KEY": "a"})
    assert 'warning: config "dd0c.yaml", line 2: fallback: no price is known for "openai/gpt-6-lunaa"' in p.err and 'hint: Did you mean "openai/gpt-6-luna"?' in p.err, p.err
    assert "line 3: budget \"global-month\" refuses every request" in p.err, p.err


def test_rate_limits_come_from_the_environment_too(cli):
    cli.write("dd0c.yaml", "unpriced: warn\n")
    assert "fine" in cli.run("config", "check", env={"RATE_LIMIT_MAX": "100", "RATE_LIMIT_WINDOW_SEC": "60"}).out
    for env in ({"RATE_LIMIT_MAX": "many"}, {"RATE_LIMIT_MAX": "5", "RATE_LIMIT_WINDOW_SEC": "0"}):
        assert list(env)[-1] in cli.run("config", "check", env=env, status=3).err


def test_the_page_names_every_key(cli):
    """docs/configuration.md has a section for each section of the schema, and in it a row for each key."""
    page = (ROOT / "docs" / "configuration.md").read_text()
    parts = dict(re.findall(r"^## `([a-z_]+)`[^\n]*\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    schema = json.loads(cli.run("config", "schema").out)
    for section, node in schema["properties"].items():
        entry = node.get("items", node) if node["type"] == "array" else node
        entry = entry.get("additionalProperties") or entry
        keys = entry.get("properties") if isinstance(entry, dict) else None
        if keys is None or section in ("fallback", "registry"):
            assert f"`{section}`" in parts["top"], f"{section} is not on the page"
            continue
        assert section in parts, f"the page has no section {section}"
        for key in keys:
            assert f"| `{key}` |" in parts[section], f"{section}.{key} is not on the page"
    step = schema["properties"]["fallback"]["items"]["properties"]
    assert all(f"| `{key}` |" in parts["step"] for key in step)


def test_examples_are_right(cli):
    names = sorted(p for p in (ROOT / "examples" / "policies").glob("*.yaml"))
    bodies = [p.read_text() for p in names]
    for page in ("configuration", "import"):
        bodies += re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs" / f"{page}.md").read_text(), re.M | re.S)
    assert len(bodies) >= 3
    for body in bodies:
        cli.write("dd0c.yaml", body)
        p = cli.run("config", "check", status=None, env=KEYS)
        assert p.returncode == 0 and p.err == "", (body, p.err)


def test_panic_comes_from_the_environment_too(cli):
    """R10.5"""
    cli.write("dd0c.yaml", "providers: {openai: {api_key: x}, anthropic: {api_key: y}}\npanic: {provider: anthropic}\n")
    for env, panics in (({}, False), ({"DD0C_PANIC": "1"}, True), ({"DD0C_PANIC": "off"}, False)):
        plan = json.loads(cli.run("route", "explain", "--format", "json", "--model", "gpt-6-luna", stdin="Hello", env=env).out)
        assert plan["panic"] is panics and (plan["strategy"] == "panic") is panics, plan


def test_a_panic_provider_that_is_none_R10_5(cli):
    base = "providers: {openai: {api_key: x}, anthropic: {api_key: y}}\n"
    cli.write("dd0c.yaml", base + "panic: {provider: anthropc}\n")
    p = cli.run("config", "check", status=3)
    assert 'line 2: panic: there is no provider "anthropc"' in p.err and 'hint: Did you mean "anthropic"?' in p.err, p.err
    cli.write("dd0c.yaml", base + "governance: {file: policy.json}\n")
    assert cli.run("config", "check").err == "", "no policy.json is fine"
    cli.write("policy.json", '{"governance_mode": "audit",\n "panic": {"provider": "anthropc"}}')
    p = cli.run("config", "check", status=3)
    assert 'policy.json", line 2: panic: there is no provider "anthropc"' in p.err and 'hint: Did you mean "anthropic"?' in p.err and "fine" not in p.out, p.err
    cli.write("policy.json", '{"panic": {"provider": "anthropic"}}')
    assert cli.run("config", "check").err == ""
    cli.write("policy.json", '{"panic": {"provider": 7}}')
    assert "panic.provider names a provider" in cli.run("config", "check", status=3).err
