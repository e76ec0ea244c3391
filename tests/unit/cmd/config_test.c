/* cmd/config: the settings of dd0c.yaml, read by one table. */
#include "../test.h"

#include <stdlib.h>

#include "base/json.h"
#include "cmd/config_parts.h"
#include "route/policy.h"

static dd_code parse(dd_config *c, const char *text, dd_err *err)
{
    dd_config_init(c);
    return dd_config_parse(c, dd_str_z(text), "config \"t.yaml\"", err);
}

TEST(config_reads_a_route_with_all_its_settings) /* R2.2, R2.3, RC.5 */
{
    dd_config c;
    dd_err    err = DD_ERR_INIT;
    CHECK_OK(parse(&c,
                   "routes:\n"
                   "  - name: a\n"
                   "    when: 'tier == \"free\"'\n"
                   "    strategy: cascading\n"
                   "    from: [openai/x, {model: openai/y, weight: 3, timeout: 1500ms, retries: 2, max_score: 40%}]\n"
                   "    fallback: [{provider: groq, timeout: 2}, {provider: openai, model: z}]\n"
                   "    fallback_on: [429, 5xx, content_policy]\n"
                   "    escalate_on: [refusal, invalid_json]\n"
                   "    verifier: openai/v\n"
                   "    sticky: session\n"
                   "    weights: {cost: 1, latency: 0.5}\n"
                   "    min_quality: 90%\n"
                   "    flag: f\n"
                   "    cache: off\n"
                   "  - {name: b, fallback: none}\n"
                   "  - {name: c, fallback: [], from: openai/x}\n",
                   &err));
    CHECK_EQ(c.n_routes, 3, "three entries");
    const dd_config_route *r = c.routes;
    CHECK_STR(dd_str_z(r->when), "tier == \"free\"");
    CHECK_EQ(r->line, 2, "where it begins");
    CHECK_EQ(r->when_line, 3, "where its condition stands");
    CHECK_EQ(r->strategy, DD_STRATEGY_CASCADE, "by its name");
    CHECK_EQ(r->from.n, 2, "a name and a mapping");
    CHECK_EQ(r->from.v[0].weight, -1, "nothing said");
    CHECK_EQ(r->from.v[1].weight, 3, "weight");
    CHECK_EQ(r->from.v[1].timeout, 1500, "ms");
    CHECK_EQ(r->from.v[1].retries, 2, "retries");
    CHECK(r->from.v[1].threshold == 0.4);
    CHECK_STR(dd_str_z(r->fallback.v[0].model), "groq/");
    CHECK_EQ(r->fallback.v[0].timeout, 2000, "a bare number is seconds");
    CHECK_STR(dd_str_z(r->fallback.v[1].model), "openai/z");
    CHECK_EQ(r->fallback_on, DD_ON_RATE_LIMIT | DD_ON_SERVER | DD_ON_CONTENT, "bits");
    CHECK_EQ(r->checks, DD_CHECK_REFUSAL | DD_CHECK_JSON, "escalate_on is checks");
    CHECK_EQ(r->sticky, DD_STICKY_SESSION, "session");
    CHECK(r->weights.cost == 1 && r->weights.latency == 0.5 && r->weights.task == -1 && r->min_quality == 0.9);
    CHECK_EQ(r->cache, 0, "an unquoted off");
    CHECK(r[1].fallback.none && r[2].fallback.none && !r[0].fallback.none);
    CHECK_EQ(r[2].from.n, 1, "one name needs no list");
    dd_config_fini(&c);
}

TEST(config_reads_money_rates_and_spans) /* RC.3, RO.8, RC.7, R2.4 */
{
    dd_config c;
    dd_err    err = DD_ERR_INIT;
    CHECK_OK(parse(&c,
                   "budgets:\n"
                   "  - {scope: key, limit: $100/month, on_exceed: block}\n"
                   "  - {scope: team, match: s*, limit: 2.50, period: day, warn_at: off, on_exceed: downgrade:cheap, plan: yes}\n"
                   "  - {limit: 1 usd per hour, on_exceed: local}\n"
                   "  - {scope: key, limit: $5/month}\n"
                   "limits:\n"
                   "  - {requests: 100/min, tokens: 1M/hour, concurrent: 5}\n"
                   "  - {scope: org, requests: 7/10s}\n"
                   "  - {scope: user, requests: 3 per day}\n"
                   "  - {tokens: 9}\n"
                   "retry: {attempts: 2, backoff: 250ms..5s, respect_retry_after: no, budget: 20%}\n"
                   "breaker: {error_rate: 10%, window: 60s, min_requests: 20, cooldown: 30s}\n"
                   "cache: {mode: no, disk: off, ttl: 24h, max_memory: 16MB}\n",
                   &err));
    CHECK_EQ(c.budgets[0].limit, INT64_C(100) * DD_PUSD_PER_USD, "dollars are picodollars");
    CHECK_EQ(c.budgets[0].period, DD_PERIOD_MONTH, "of the limit's text");
    CHECK_EQ(c.budgets[0].on_exceed, DD_EXCEED_BLOCK, "block");
    CHECK(c.budgets[0].warn_at == 0.8);
    CHECK_STR(dd_str_z(c.budgets[0].name), "key-month");
    CHECK_STR(dd_str_z(c.budgets[3].name), "key-month-2");
    CHECK_EQ(c.budgets[1].limit, INT64_C(5) * DD_PUSD_PER_USD / 2, "2.50");
    CHECK_EQ(c.budgets[1].period, DD_PERIOD_DAY, "beside the amount");
    CHECK_STR(dd_str_z(c.budgets[1].downgrade), "cheap");
    CHECK(c.budgets[1].warn_at == 0 && c.budgets[1].plan == 1);
    CHECK_EQ(c.budgets[2].scope, DD_SCOPE_GLOBAL, "where none is named");
    CHECK_EQ(c.budgets[2].period, DD_PERIOD_HOUR, "per hour");
    CHECK_EQ(c.limits[0].requests.n, 100, "requests");
    CHECK_EQ(c.limits[0].requests.window_ms, 60000, "a minute");
    CHECK_EQ(c.limits[0].tokens.n, 1000000, "M is a million");
    CHECK_EQ(c.limits[0].tokens.window_ms, 3600000, "an hour");
    CHECK_EQ(c.limits[1].requests.window_ms, 10000, "a duration");
    CHECK_EQ(c.limits[2].requests.window_ms, 86400000, "a day");
    CHECK_EQ(c.limits[3].tokens.window_ms, 60000, "a number alone is per minute");
    CHECK_EQ(c.retry.backoff.from_ms, 250, "from");
    CHECK_EQ(c.retry.backoff.to_ms, 5000, "to");
    CHECK_EQ(c.retry.respect_retry_after, 0, "no");
    CHECK(c.breaker.error_rate == 0.1);
    CHECK_STR(dd_str_z(c.cache.mode), "off");
    CHECK_EQ(c.cache.disk, -2, "off");
    dd_config_fini(&c);
}

TEST(config_takes_off_as_yaml_writes_it)
{
    static const char *const spellings[] = { "off", "no", "false", "\"off\"", "False" };
    for (size_t i = 0; i < DD_COUNT(spellings); i++) {
        dd_config c;
        dd_err    err = DD_ERR_INIT;
        char      text[64];
        snprintf(text, sizeof text, "cache: {mode: %s}\nbreaker: {error_rate: %s}\n", spellings[i], "off");
        CHECK_OK(parse(&c, text, &err));
        CHECK_STR(dd_str_z(c.cache.mode), "off");
        CHECK(c.breaker.error_rate > 1);
        dd_config_fini(&c);
    }
}

static const struct { const char *text, *said, *hint; } wrong[] = {
    { "routes: [{name: a}, {name: a}]", "line 1: route \"a\" is there already, on line 1", "" },
    { "routes:\n  - {name: a}\n  - {name: b}\n  - {name: a}\n", "line 4: route \"a\" is there already, on line 2", "" },
    { "budgets:\n  - {name: x, limit: 1}\n  - {name: x, limit: 2}\n", "line 3: budget \"x\" is there already, on line 2", "" },
    { "limits:\n  - {name: x, requests: 1}\n  - {name: x, requests: 2}\n", "line 3: limit \"x\" is there already", "" },
    { "routes: [{when: 'true'}]", "a name is needed", "" },
    { "routes: [{name: a, strategy: cheapst}]", "\"cheapst\" is not known to \"strategy\"", "Did you mean \"cheapest\"?" },
    { "fallback_on: [429, timout]", "\"timout\" is not known", "Did you mean \"timeout\"?" },
    { "routes: [{name: a, checks: [refusl]}]", "\"refusl\" is not known", "Did you mean \"refusal\"?" },
    { "budgets: [{scope: team}]", "a limit such as $100/month is needed", "" },
    { "budgets: [{limit: 5 eur}]", "not an amount such as $100/month", "Periods" },
    { "budgets: [{limit: $5/month, period: day}]", "the limit names another period", "" },
    { "budgets: [{limit: 5, on_exceed: downgrade}]", "no such choice for \"on_exceed\"", "downgrade:ROUTE" },
    { "limits: [{scope: key}]", "requests, tokens or concurrent is needed", "" },
    { "limits: [{requests: 5/fortnight}]", "not a rate such as 100/min", "" },
    { "limits: [{requests: -5}]", "not a rate", "" },
    { "retry: {backoff: 5s..1s}", "not a span of durations", "" },
    { "breaker: {error_rate: 110%}", "not a share such as 10%", "" },
    { "breaker: {error_rate: 10}", "not a share such as 10%", "" },
    { "retry: {atempts: 2}", "line 1: unrecognized key \"atempts\"", "Did you mean \"attempts\"?" },
    { "retrys: {}", "unrecognized key \"retrys\"", "Did you mean \"retry\"?" },
    { "attempts: 2", "unrecognized key \"attempts\"", "It stands under \"retry:\"." },
    { "step: {model: x}", "unrecognized key \"step\"", "" },
    { "routes: {a: b}", "a list is needed under \"routes\"", "" },
    { "fallback: [{timeout: 2s}]", "a model (provider/model) is needed", "" },
    { "fallback: 5", "a list of models is needed", "" },
    { "routes: [5]", "keys are needed", "" },
    { "models: [a]", "names are needed under \"models\"", "" },
    { "cache: {mode: yes}", "no such choice for \"mode\"", "off|exact" },
    { "routing_policy: []\nroutes: []", "routes stands beside \"routing_policy\"", "" },
    { "routing_policy: {rules: [{name: a, condition: {weather: bad}, action: x}]}", "routing_policy.rules[0].condition.weather", "" },
};

TEST(config_names_what_is_wrong_with_line_and_suggestion)
{
    for (size_t i = 0; i < DD_COUNT(wrong); i++) {
        dd_config c;
        dd_err    err = DD_ERR_INIT;
        dd_code   rc  = parse(&c, wrong[i].text, &err);
        CHECK_EQ(rc, DD_ERR_PARSE, wrong[i].text);
        if (!strstr(err.msg, wrong[i].said) || !strstr(err.hint, wrong[i].hint) || strncmp(err.msg, "config \"t.yaml\"", 15) != 0)
            dd_test_fail(__FILE__, __LINE__, "%s: said %s (%s), not %s (%s)", wrong[i].text, err.msg, err.hint, wrong[i].said, wrong[i].hint);
        dd_config_fini(&c);
    }
}

TEST(config_reads_a_policy_file_beside_its_own_sections) /* RC.5 */
{
    dd_config c;
    dd_err    err = DD_ERR_INIT;
    CHECK_OK(parse(&c,
                   "unpriced: warn\n"
                   "routing_policy:\n"
                   "  rules:\n"
                   "    - {name: short, condition: tokens < 500 and tier == \"free\", action: {model: openai/x, timeout: 2s}}\n"
                   "    - {name: night, condition: {time_of_day: \"22:00-06:00\", tags: {feature: batch}}, action: cheapest}\n"
                   "fallback_chain: [{provider: groq, model: y, timeout: 2, retries: 1}]\n",
                   &err));
    CHECK_EQ(c.n_routes, 2, "a route a rule");
    CHECK_STR(dd_str_z(c.routes[0].when), "input_tokens < 500 && tier == \"free\"");
    CHECK_EQ(c.routes[0].from.v[0].timeout, 2000, "the action's timeout");
    CHECK_EQ(c.routes[0].line, 2, "errors lead to routing_policy");
    CHECK_STR(dd_str_z(c.routes[1].when), "(hour >= 22 || hour < 6) && feature == \"batch\"");
    CHECK_EQ(c.routes[1].strategy, DD_STRATEGY_CHEAPEST, "a strategy is an action");
    CHECK_STR(dd_str_z(c.fallback.v[0].model), "groq/y");
    CHECK_EQ(c.fallback.v[0].retries, 1, "per step");
    dd_config_fini(&c);
}

TEST(config_table_is_in_order_and_its_words_are_known)
{
    for (size_t i = 1; i < dd_config_keys_count; i++) {
        const dd_config_key *a = &dd_config_keys[i - 1], *b = &dd_config_keys[i];
        int                  section = strcmp(a->section, b->section);
        if (section > 0 || (section == 0 && strcmp(a->name, b->name) >= 0))
            dd_test_fail(__FILE__, __LINE__, "%s.%s stands before %s.%s", a->section, a->name, b->section, b->name);
    }
    for (size_t i = 0; i < dd_config_keys_count; i++) {
        const dd_config_key *k = &dd_config_keys[i];
        int64_t              unused;
        CHECK(k->help && k->help[0] && (!k->section[0] || dd_config_section_find(k->section)));
        for (dd_str rest = dd_str_z(k->word ? k->choices : NULL); rest.len;) {
            dd_str word = dd_str_cut(&rest, '|');
            if (!k->word(word, &unused))
                dd_test_fail(__FILE__, __LINE__, "%s.%s: \"%.*s\" is offered and not known", k->section, k->name, DD_STR_ARG(word));
        }
    }
    for (int s = 0; s < DD_STRATEGY_COUNT; s++)
        for (size_t i = 0; i < dd_config_keys_count; i++)
            if (strcmp(dd_config_keys[i].name, "strategy") == 0 && !strstr(dd_config_keys[i].choices, dd_strategy_name((dd_strategy)s)))
                dd_test_fail(__FILE__, __LINE__, "strategy %s is not offered", dd_strategy_name((dd_strategy)s));
}

TEST(config_schema_has_every_key)
{
    dd_buf out  = DD_BUF_INIT(0);
    dd_err err  = DD_ERR_INIT;
    dd_config_schema(&out);
    cJSON *root = dd_json_parse(dd_buf_str(&out), "schema", &err), *all = cJSON_GetObjectItem(root, "properties");
    for (size_t i = 0; i < dd_config_keys_count; i++) {
        const dd_config_key     *k    = &dd_config_keys[i];
        const dd_config_section *s    = k->section[0] ? dd_config_section_find(k->section) : NULL;
        const cJSON             *node = s ? cJSON_GetObjectItem(all, k->section) : all;
        if (s && s->shape == SECTION_PART)
            continue;
        if (s && s->shape != SECTION_KEYS)
            node = cJSON_GetObjectItem(node, s->shape == SECTION_LIST ? "items" : "additionalProperties");
        if (s)
            node = cJSON_GetObjectItem(node, "properties");
        if (!cJSON_GetObjectItem(node, k->name))
            dd_test_fail(__FILE__, __LINE__, "%s.%s is not in the schema", k->section, k->name);
    }
    const char *step = cJSON_Print(cJSON_GetObjectItem(all, "fallback"));
    CHECK(strstr(step, "\"timeout\"") && strstr(step, "\"threshold\""));
    free((char *)(uintptr_t)step);
    cJSON_Delete(root);
    dd_buf_free(&out);
}
