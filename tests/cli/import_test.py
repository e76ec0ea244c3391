"""Configurations of other gateways become a dd0c.yaml that loads; secrets stay behind, and what has no equivalent is named."""
import json

SECRETS = ["hunter" + "2-redis", "topsecret" + "-cache", "db" + "pass", "master" + "-of-all", "pw" + "-in-url", "lf" + "-callback", "literal" + "-key-1234567890"]

LITELLM = f"""
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-eu
      api_base: https://my-endpoint-europe.openai.azure.com/
      api_key: os.environ/AZURE_API_KEY_EU
      api_version: "2024-02-15-preview"
      rpm: 6
  - model_name: gpt-4o
    litellm_params: {{model: openai/gpt-4o, api_key: {SECRETS[6]}, rpm: 12, timeout: 30}}
    model_info: {{id: x, input_cost_per_token: 0.1}}
  - model_name: claude
    litellm_params: {{model: claude-sonnet-5-5, api_key: os.environ/ANTHROPIC_API_KEY, temperature: 0.1}}
  - model_name: bedrock-claude
    litellm_params: {{model: bedrock/anthropic.claude-3-sonnet, aws_region_name: us-east-1}}
  - model_name: vllm
    litellm_params: {{model: hosted_vllm/llama-3, api_base: "http://user:{SECRETS[4]}@vllm.internal:8000/v1", api_key: none}}
  - model_name: "openai/*"
    litellm_params: {{model: "openai/*", api_key: os.environ/OPENAI_API_KEY}}
  - model_name: local
    litellm_params: {{model: ollama/llama3.2}}
router_settings:
  routing_strategy: simple-shuffle
  model_group_alias: {{gpt-4: gpt-4o, old: {{model: nothing, hidden: true}}}}
  num_retries: 2
  timeout: 30
  allowed_fails: 3
  cooldown_time: 60
  redis_host: os.environ/REDIS_HOST
  redis_password: {SECRETS[0]}
  fallbacks: [{{gpt-4o: [claude, vllm]}}]
  context_window_fallbacks: [{{claude: [gpt-4o]}}]
  content_policy_fallbacks: [{{claude: [gpt-4o]}}]
litellm_settings:
  drop_params: true
  cache: true
  cache_params: {{type: redis, password: {SECRETS[1]}, ttl: 600}}
  max_budget: 100
  budget_duration: 30d
  success_callback: [langfuse]
  default_fallbacks: [local]
general_settings:
  master_key: sk-{SECRETS[3]}
  database_url: "postgresql://u:{SECRETS[2]}@host/db"
environment_variables: {{LANGFUSE_SECRET_KEY: {SECRETS[5]}}}
guardrails: []
"""

PORTKEY = {
    "strategy": {"mode": "conditional", "default": "spread", "conditions": [
        {"query": {"metadata.user_plan": {"$eq": "paid"}}, "then": "best"},
        {"query": {"$or": [{"metadata.team": {"$in": ["a", "b"]}}, {"$and": [{"params.max_tokens": {"$lt": 100}}, {"params.model": {"$regex": "^gpt"}}]}]},
         "then": "spread"},
        {"query": {"params.temperature": {"$gt": 0.7}}, "then": "best"},
        {"query": {"url.pathname": {"$eq": "/v1/embeddings"}}, "then": "vectors"}]},
    "retry": {"attempts": 3, "on_status_codes": [429, 500, 422]},
    "cache": {"mode": "simple", "max_age": 600},
    "request_timeout": 30000,
    "targets": [
        {"name": "best", "strategy": {"mode": "fallback", "on_status_codes": [429, 503]}, "targets": [
            {"provider": "anthropic", "api_key": SECRETS[0], "override_params": {"model": "claude-sonnet-5-5", "temperature": 0.1}},
            {"virtual_key": "openai-prod-9f2a", "override_params": {"model": "gpt-5.6-sol"}, "request_timeout": 5000, "retry": {"attempts": 1}}]},
        {"name": "spread", "strategy": {"mode": "loadbalance"}, "targets": [
            {"provider": "openai", "api_key": "{{env.OPENAI_API_KEY}}", "weight": 0.7},
            {"strategy": {"mode": "fallback"}, "weight": 0.3, "targets": [
                {"provider": "azure-openai", "resource_name": "myres", "deployment_id": "dep", "api_version": "2024-06-01", "api_key": SECRETS[1]},
                {"provider": "bedrock"},
                {"provider": "@groq-main", "override_params": {"model": "llama-3.3-70b-versatile"}}]}]},
        {"name": "vectors", "provider": "custom", "custom_host": "https://emb.example.com/v1?key=" + SECRETS[2], "api_key": SECRETS[3], "input_guardrails": ["x"]}]}

POLICY = """
routing_policy:
  rules:
    - {name: short, condition: tokens < 500 and tier == "free", action: {model: openai/gpt-6-luna, timeout: 2s, retries: 1}}
    - name: night
      condition: {time_of_day: "22:00-06:00", tags: {feature: batch, tenant: acme}, complexity: [low, medium], latency_ms: "> 2000", expected_cost: {gt: 0.01}}
      action: cheapest
    - {name: odd, condition: {weather: bad}, action: openai/gpt-6-luna}
    - name: hard
      priority: 1
      when: {complexity: high}
      action: {strategy: quality, models: [anthropic/claude-sonnet-5-5, {provider: openai, model: gpt-5.6-sol}], fallback: [openai/gpt-6-luna]}
  default: {model: openai/gpt-6-luna}
fallback_chain:
  - {provider: groq, model: llama-3.3-70b-versatile, timeout: 2, retries: 1}
  - {provider: anthropic, timeout: 5s}
"""


def made(cli, form, name, text):
    cli.write(name, text)
    p = cli.run("config", "import", form, name, "-o", "dd0c.yaml")
    out = (cli.dir / "dd0c.yaml").read_text()
    assert cli.run("config", "check").out == "dd0c.yaml: fine\n", out
    assert "needs a hand" not in p.err and not any(s in out + p.err + p.out for s in SECRETS), "a secret was copied"
    for line in out.split("# Not taken over:\n")[1].splitlines() if "# Not taken over" in out else []:
        assert f"not taken over: {line[2:].strip()}" in p.err, line
    (cli.dir / "dd0c.yaml").unlink()
    return out, p.err


def test_litellm(cli):
    out, err = made(cli, "litellm", "config.yaml", LITELLM)
    for line in ('base_url: "https://my-endpoint-europe.openai.azure.com/"', 'api_version: "2024-02-15-preview"', 'api_key: "${AZURE_API_KEY_EU}"',
                 "targets: [{model: azure/gpt-4o-eu, weight: 6}, {model: openai/gpt-4o, weight: 12, timeout: 30s}]", "strategy: weighted",
                 "targets: [anthropic/claude-sonnet-5-5]", 'base_url: "http://vllm.internal:8000/v1"', "targets: [ollama/llama3.2]", "  gpt-4:\n",
                 "when: 'model == \"gpt-4o\"'", "fallback: [gpt-4o, claude, vllm]", "fallback: [gpt-4, claude, vllm]", "fallback: [gpt-4o]", "fallback_on: [context, content_policy]", "fallback: [local]",
                 "retry: {attempts: 3}", "breaker: {error_rate: 50%, window: 60s, min_requests: 4, cooldown: 60s}", "timeouts: {total: 30s}", "unsupported: drop",
                 'cache: {mode: "exact", ttl: 600s, scope: key}', "{scope: global, limit: $100, period: month, on_exceed: block}"):
        assert line in out, (line, out)
    for path in ("model_list[0].litellm_params.rpm", "model_list[1].model_info.input_cost_per_token", "model_list[2].litellm_params.temperature",
                 "model_list[3].litellm_params.model", "router_settings.model_group_alias.old", "router_settings.redis_password", "litellm_settings.success_callback",
                 "litellm_settings.cache_params.type", "general_settings.database_url", "environment_variables.LANGFUSE_SECRET_KEY", "guardrails"):
        assert f"#   {path}: " in out, (path, out)
    assert "the secret at model_list[1].litellm_params.api_key is not copied" in err and "master_key is not copied" in err, err
    assert '"${OPENAI_API_KEY_2}"' in out and '"${OPENAI_API_KEY}"' in out, "the literal key gets a name that the source does not use"


def test_portkey(cli):
    out, err = made(cli, "portkey", "config.json", json.dumps(PORTKEY))
    for line in ("""when: '"user_plan" in tags && tags["user_plan"] == "paid"'""", "from: [anthropic/claude-sonnet-5-5]",
                 "fallback: [{model: openai-prod-9f2a/gpt-5.6-sol, timeout: 5s, retries: 1}]", "fallback_on: [429, 5xx, timeout, reset]",
                 """when: '(team in ["a", "b"] || (max_tokens < 100 && model.matches("^gpt")))'""", "from: [{provider: openai, weight: 7}, {model: group-1, weight: 3}]",
                 "targets: [azure/dep, groq-main/llama-3.3-70b-versatile]", """when: 'endpoint == "embeddings"'""", "retry: {attempts: 4, on: [429, 5xx, timeout, reset]}",
                 "timeouts: {total: 30s}", 'cache: {mode: "exact", ttl: 600s, scope: key}', 'base_url: "https://myres.openai.azure.com"',
                 'base_url: "https://emb.example.com/v1"'):
        assert line in out, (line, out)
    for path in ("retry.on_status_codes[2]", "targets[0].targets[0].override_params.temperature", "targets[1].targets[1].targets[1]",
                 "strategy.conditions[2].query.params.temperature", "targets[2].input_guardrails"):
        assert f"#   {path}: " in out, (path, out)
    assert "temperature" not in out.split("# Not taken over")[0], "a condition that cannot be said makes no route"


def test_portkey_plain(cli):
    out, _ = made(cli, "portkey", "config.json", json.dumps({"provider": "openai", "override_params": {"model": "gpt-6-luna"}}))
    assert "from: [openai/gpt-6-luna]" in out
    out, _ = made(cli, "portkey", "config.json", json.dumps({"strategy": {"mode": "loadbalance"}, "cache": {"mode": "semantic"}, "targets": [
        {"provider": "openai", "weight": 0.25}, {"provider": "anthropic", "weight": 0.75}]}))
    assert "from: [{provider: openai, weight: 1}, {provider: anthropic, weight: 3}]" in out and "#   cache.mode: " in out


def test_policy(cli):
    out, _ = made(cli, "policy", "policy.yaml", POLICY)
    for line in ("""when: 'input_tokens < 500 && tier == "free"'""", "from: [{model: openai/gpt-6-luna, timeout: 2s, retries: 1}]",
                 """(hour >= 22 || hour < 6) && feature == "batch" && "tenant" in tags && tags["tenant"] == "acme" && complexity in ["low", "medium"] && latency > 2000""",
                 "strategy: cheapest", "strategy: quality-first", "from: [anthropic/claude-sonnet-5-5, openai/gpt-5.6-sol]",
                 "fallback: [{model: groq/llama-3.3-70b-versatile, timeout: 2s, retries: 1}, {provider: anthropic, timeout: 5s}]"):
        assert line in out, (line, out)
    assert "#   routing_policy.rules[2].condition.weather: " in out and "odd" not in out
    assert out.index("name: hard") < out.index("name: short"), "by priority"
    cli.write("dd0c.yaml", POLICY.replace("{weather: bad}", "stream"))
    assert "fine" in cli.run("config", "check").out, "such a file is read in place, too"
    cli.write("dd0c.yaml", POLICY)
    assert "routing_policy.rules[2].condition.weather" in cli.run("config", "check", status=3).err


def test_what_is_no_such_configuration(cli):
    cli.write("x.yaml", "a: b\n")
    for form in ("litellm", "portkey", "policy"):
        assert "this is no" in cli.run("config", "import", form, "x.yaml", status=3).err
    assert "One of: litellm, portkey, policy." in cli.run("config", "import", "helicone", "x.yaml", status=2).err
    assert "a format and a file" in cli.run("config", "import", "litellm", status=2).err
    cli.run("config", "import", "litellm", "gone.yaml", status=3)
    cli.write("c.json", '{"provider": "openai"}')
    cli.write("dd0c.yaml", "unpriced: warn\n")
    assert "is there already" in cli.run("config", "import", "portkey", "c.json", "-o", "dd0c.yaml", status=2).err
    assert (cli.dir / "dd0c.yaml").read_text() == "unpriced: warn\n"


def test_shapes_nobody_expects(cli):
    """Wrong types anywhere end in a message or a list, never in a signal."""
    for text in ("model_list: 5", "model_list: [5, {}, {model_name: a}, {model_name: a, litellm_params: x}]", "model_list: []\nrouter_settings: {fallbacks: 7, retry_policy: [1]}",
                 "litellm_settings: {cache: yes, cache_params: [], max_budget: x, fallbacks: [[{a: b}]], num_retries: -7}",
                 "router_settings: {model_group_alias: [a], num_retries: 1e300, timeout: -1, cooldown_time: 1e300}"):
        cli.write("x.yaml", text)
        p = cli.run("config", "import", "litellm", "x.yaml", status=None)
        assert p.returncode in (0, 3), (text, p.returncode, p.err)
    for text in ('{"targets": 5}', '{"strategy": 5, "targets": [5]}', '{"strategy": {"mode": "conditional", "conditions": [5, {"query": 5, "then": 5}]}, "targets": [{"name": 5}]}',
                 '{"strategy": {"mode": "conditional", "conditions": [{"query": {"metadata.a": {"$in": []}}, "then": "x"}]}, "targets": [{"name": "x", "provider": "openai"}]}',
                 '{"retry": {"attempts": 1e300, "on_status_codes": ["x"]}, "provider": "openai", "weight": 1e300, "request_timeout": 1e300}',
                 '{"targets": ' * 40 + '[]' + '}' * 40, '{"targets": [' * 25 + '{"provider": "openai"}' + ']}' * 25):
        cli.write("x.json", text)
        p = cli.run("config", "import", "portkey", "x.json", status=None)
        assert p.returncode in (0, 3), (text, p.returncode, p.err)
    for text in ("routing_policy: 5", "routing_policy: {rules: 5}", "routing_policy: [5, {condition: [[[a]]]}, {condition: {tags: 5}, action: 5}]", "fallback_chain: [[a], 5, {}]",
                 "routing_policy: {rules: [{condition: {input_tokens: {}}, action: x}, {condition: {input_tokens: '< x'}, action: x}]}"):
        cli.write("x.yaml", text)
        p = cli.run("config", "import", "policy", "x.yaml", status=None)
        assert p.returncode in (0, 3), (text, p.returncode, p.err)


def test_a_key_where_none_belongs_stays_behind(cli):
    key = "sk" + "-proj-" + "Ab1" * 16
    out, _ = made(cli, "portkey", "config.json", json.dumps({"provider": "openai", "override_params": {"model": key}}))
    assert key not in out and "[redacted]" in out, out
