/* cmd/snapshot: from dd0c.yaml to what decides and guards a request; cmd/route_lint: what is doubtful in it. */
#include "../test.h"

#include "cmd/route_lint.h"
#include "cmd/snapshot.h"
#include "cmd/zone.h"
#include "route/plan.h"

typedef struct { dd_config c; dd_snapshot *s; dd_err err; dd_buf missing; } made;

#define PROVIDERS \
    "providers: {openai: {api_key: x}, anthropic: {api_key: y}, local: {type: openai, base_url: \"http://127.0.0.1:9/v1\", cost: 0, health: no}}\n"

static made make(const char *text)
{
    made m = { .err = DD_ERR_INIT, .missing = DD_BUF_INIT(0) };
    dd_config_init(&m.c);
    m.c.path = "t.yaml";
    if (dd_config_parse(&m.c, dd_str_z(text), "config \"t.yaml\"", &m.err) == DD_OK)
        m.s = dd_snapshot_draft(&m.c, &m.missing, &m.err);
    return m;
}

static void end(made *m)
{
    dd_snapshot_drop(m->s);
    dd_config_fini(&m->c);
    dd_buf_free(&m->missing);
}

TEST(snapshot_holds_rules_chains_budgets_and_limits)
{
    made m = make(PROVIDERS
                  "timezone: Europe/Berlin\n"
                  "models: {smart: {targets: [{model: anthropic/claude-sonnet-5-5, weight: 3}, openai/gpt-6-luna], strategy: weighted, "
                  "fallback_on: [429]}}\n"
                  "routes:\n"
                  "  - {name: a, when: 'input_tokens < 500', strategy: cheapest, sticky: user, "
                  "from: [smart, {model: openai/gpt-6-luna, timeout: 3s}]}\n"
                  "  - {name: b, strategy: cascading, from: [openai/gpt-6-luna, smart], verifier: openai/gpt-6-luna, fallback: none}\n"
                  "fallback: [{provider: anthropic, timeout: 2s, retries: 1}]\n"
                  "fallback_on: [5xx]\n"
                  "retry: {attempts: 3, backoff: 100ms..2s}\n"
                  "breaker: {error_rate: off, probes: 2}\n"
                  "scoring: {weights: {cost: 1}}\n"
                  "cache: {mode: exact, ttl: 1h, scope: org, disk: off, max_entry: 2KB}\n"
                  "classifier: {model: smart, thresholds: {low: 0.2, high: 70%}}\n"
                  "health: {interval: 10s}\n"
                  "budgets:\n"
                  "  - {scope: key, limit: $100/month, on_exceed: downgrade:a}\n"
                  "  - {scope: team, limit: $1/day, timezone: UTC, plan: yes}\n"
                  "limits: [{scope: org, requests: 100/min, tokens: 1000/hour, concurrent: 2}]\n"
                  "panic: {provider: anthropic}\n");
    if (!m.s) {
        dd_test_fail(__FILE__, __LINE__, "%s", m.err.msg);
        end(&m);
        return;
    }
    const dd_policy *p = &m.s->policy;
    CHECK_EQ(p->n_routes, 2, "routes");
    CHECK(p->routes[0].test && !p->routes[1].test);
    CHECK_EQ(p->routes[0].fallback_on, DD_ON_SERVER, "as the policy's");
    CHECK_EQ(p->routes[0].sticky, DD_STICKY_USER, "user");
    CHECK_EQ(p->routes[0].from[1].timeout_ms, 3000, "a step's timeout");
    CHECK_EQ(p->routes[1].checks, DD_CHECK_USUAL | DD_CHECK_VERIFIER, "a cascade checks");
    CHECK(p->routes[1].no_fallback && !p->routes[0].no_fallback);
    CHECK_EQ(p->aliases[0].strategy, DD_STRATEGY_WEIGHTED, "of a name");
    CHECK_EQ(p->aliases[0].fallback_on, DD_ON_RATE_LIMIT, "its own");
    CHECK_EQ(p->aliases[0].targets[0].weight, 3, "weight");
    CHECK_EQ(p->aliases[0].targets[1].weight, 1, "one, where none is said");
    CHECK_STR(p->fallback[0].model, "anthropic/");
    CHECK_EQ(p->retry.attempts, 3, "attempts");
    CHECK_EQ(p->retry.backoff_max_ms, 2000, "to");
    CHECK(p->breaker.error_rate > 1 && p->breaker.probes == 2 && p->breaker.min_requests == 20);
    CHECK(p->w_cost == 1 && p->w_latency == 0 && p->w_task == 0);
    CHECK(p->providers[2].local && p->providers[2].free && !p->providers[0].local);
    CHECK_STR(p->panic_provider, "anthropic");
    CHECK(m.s->cache.on && m.s->cache.ttl_s == 3600 && m.s->cache.scope == DD_CACHE_BY_ORG && m.s->cache.max_disk_bytes == -1);
    CHECK_EQ(m.s->cache.max_entry_bytes, 2048, "as options spell sizes");
    CHECK_STR(m.s->classifier.model, "smart");
    CHECK(m.s->classifier.low == 0.2 && m.s->classifier.high == 0.7 && m.s->classifier.timeout_ms == 500);
    CHECK_EQ(m.s->health.interval_ms, 10000, "10s");
    CHECK(m.s->health.providers[0].on && !m.s->health.providers[2].on);
    CHECK_EQ(m.s->budgets.n, 2, "budgets");
    CHECK_STR(m.s->budgets.v[0].downgrade, "a");
    CHECK_EQ(dd_zone_offset(m.s->budgets.v[0].zone, INT64_C(1720000000)), 7200, "3 July 2024 in Berlin: summer, as the top says");
    CHECK(!m.s->budgets.v[1].zone);
    CHECK_EQ(m.s->budgets.v[1].plan, DD_PUSD_PER_USD, "its limit");
    CHECK_EQ(m.s->limits.n, 2, "a rule has one window: the tokens get a rule of their own");
    CHECK(m.s->limits.v[0].requests == 100 && m.s->limits.v[0].tokens == -1 && m.s->limits.v[0].concurrent == 2);
    CHECK(m.s->limits.v[1].tokens == 1000 && m.s->limits.v[1].window_ms == 3600000 && m.s->limits.v[1].scope == DD_SCOPE_ORG);
    CHECK(p->index != NULL);
    end(&m);
}

TEST(hour_and_weekday_follow_the_clocks) /* RC.5 */
{
    static const struct { int64_t at; const char *route; const char *why; } cases[] = {
        { INT64_C(1720000800), "noon", "3 July 2024, 10:00 UTC: summer, 12 in Berlin" },
        { INT64_C(1704276000), "before", "3 January 2024, 10:00 UTC: winter, 11 in Berlin" },
    };
    made m = make(PROVIDERS "timezone: Europe/Berlin\nroutes: [{name: noon, when: 'hour == 12'}, {name: before, when: 'hour == 11'}]\n");
    for (size_t i = 0; i < DD_COUNT(cases) && m.s; i++) {
        dd_arena     arena = DD_ARENA_INIT;
        dd_facts     f     = { .model = DD_STR("gpt-6-luna"), .endpoint = DD_STR("chat.completions"), .max_tokens = -1, .time_s = cases[i].at,
                               .max_cost = DD_PUSD_UNKNOWN, .known = DD_FACT_TOKENS | DD_FACT_CLASS | DD_FACT_BUDGET };
        dd_plan_opts o     = { .policy = &m.s->policy, .prices = m.s->prices, .day = dd_day_make(2026, 11, 20) };
        dd_plan      p;
        dd_plan_make(&o, &f, &arena, &p);
        if (!p.route || !dd_str_eqz(p.route->name, cases[i].route))
            dd_test_fail(__FILE__, __LINE__, "%s", cases[i].why);
        dd_arena_fini(&arena);
    }
    end(&m);
}

TEST(snapshot_passes_over_a_step_whose_key_is_not_here)
{
    made m = make(PROVIDERS "fallback: [together/some-model, openai/gpt-6-luna]\n");
    CHECK(m.s != NULL);
    CHECK(dd_str_has(dd_buf_str(&m.missing), "\"together/some-model\" is passed over: the environment has no TOGETHER_API_KEY"));
    end(&m);
}

static const struct { const char *text, *said, *hint; } wrong[] = {
    { "routes:\n  - name: a\n    when: 'feture == \"x\"'\n", "line 4: route \"a\", when, column 1: unknown name \"feture\"", "\"feature\"" },
    { "routes: [{name: a, when: 'input_tokens <'}]", "line 2: route \"a\", when, column 15", "" },
    { "routes: [{name: a, when: '1'}]", "a condition is true or false, this is of type int", "" },
    { "routes: [{name: a, when: 'feature < 5'}]", "line 2: route \"a\", when, column", "" },
    { "routes:\n  - name: a\n    when: |\n      feature == \"x\" &&\n      feture == \"y\"\n", "line 2, column 1", "\"feature\"" },
    { "timezone: Europe/Berln", "line 2: timezone: there is no time zone \"Europe/Berln\"", "\"Europe/Berlin\"" },
    { "timezone: berlin", "there is no time zone", "\"Europe/Berlin\"" },
    { "timezone: ../../etc/passwd", "there is no time zone", "" },
    { "budgets: [{limit: $5/month, timezone: Mars/Olympus}]", "budget \"global-month\": there is no time zone", "" },
    { "routes: [{name: cheap}]\nbudgets: [{limit: $5/month, on_exceed: 'downgrade:chaep'}]", "there is no route \"chaep\"", "\"cheap\"" },
    { "fallback: [anthropc/x]", "line 2: fallback: no configured provider has the target \"anthropc/x\"", "\"anthropic/x\"" },
    { "fallback: [anthropc/]", "there is no provider \"anthropc\"", "\"anthropic\"" },
    { "models: {a: b, b: openai/gpt-6-luna}", "its target \"b\" is a name of models: itself", "" },
    { "panic: {provider: opnai}", "line 2: panic: there is no provider \"opnai\"", "\"openai\"" },
    { "classifier: {thresholds: {low: 0.7, high: 0.2}}", "low is not above high", "" },
    { "roles: {cheap: nothing-of-that-name}", "line 2: role cheap: no configured provider", "" },
};

TEST(snapshot_names_what_cannot_work)
{
    for (size_t i = 0; i < DD_COUNT(wrong); i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s", PROVIDERS, wrong[i].text);
        made m = make(text);
        if (m.s || !strstr(m.err.msg, wrong[i].said) || !strstr(m.err.hint, wrong[i].hint))
            dd_test_fail(__FILE__, __LINE__, "%s: said %s (%s), not %s (%s)", wrong[i].text, m.err.msg, m.err.hint, wrong[i].said, wrong[i].hint);
        end(&m);
    }
}

/* --- the lint --- */

static const struct { const char *text; int line; dd_lint_severity severity; const char *said, *hint; } doubtful[] = {
    { "routes:\n  - name: a\n    when: 'feature == \"x\" && feature == \"y\"'\n", 4, DD_LINT_ERROR, "route \"a\" never matches", "" },
    { "routes: [{name: a}, {name: b, when: 'hour < 3'}]", 2, DD_LINT_ERROR, "route \"b\" never matches: route \"a\" on line 2", "" },
    { "routes: [{name: a, when: 'input_tokens < 500'}, {name: b, when: 'input_tokens < 100'}]", 2, DD_LINT_ERROR, "route \"b\" never matches", "" },
    { "routes: [{name: a, when: 'complexity == \"hgih\"'}]", 2, DD_LINT_ERROR, "complexity is never \"hgih\"", "\"high\"" },
    { "routes: [{name: a, when: 'task != \"codng\"'}]", 2, DD_LINT_ERROR, "task is never \"codng\"", "\"coding\"" },
    { "routes: [{name: a, strategy: cascading, from: [openai/gpt-6-luna]}]", 2, DD_LINT_ERROR, "a cascade needs two models", "" },
    { "routes: [{name: a, strategy: complexity, from: [{model: openai/gpt-6-luna, threshold: 0.5}, {model: local/x, threshold: 0.4}]}]", 2,
      DD_LINT_ERROR, "is never chosen", "" },
    { "routes: [{name: a, strategy: weighted, from: [{model: openai/gpt-6-luna, weight: 0}, {model: local/x, weight: 0}]}]", 2, DD_LINT_ERROR,
      "all its weights are 0", "" },
    { "routes: [{name: a, verifier: openai/gpt-6-luna}]", 2, DD_LINT_WARNING, "verifier has no effect", "cascading" },
    { "routes: [{name: a, flag: f}]", 2, DD_LINT_WARNING, "there are no flags", "" },
    { "fallback: [openai/gpt-6-lunaa]", 2, DD_LINT_WARNING, "no price is known for \"openai/gpt-6-lunaa\"", "openai/gpt-6-luna\"" },
    { "fallback: [openai/gpt-4-0314]", 2, DD_LINT_WARNING, "\"openai/gpt-4-0314\" is retired", "in its place" },
    { "fallback: [openai/gpt-6-luna, openai/gpt-6-luna]", 2, DD_LINT_WARNING, "is there twice", "" },
    { "budgets: [{limit: 0}]", 2, DD_LINT_WARNING, "refuses every request", "" },
    { "budgets: [{limit: $0.00001/day}]", 2, DD_LINT_WARNING, "smaller than one ordinary request", "" },
    { "budgets: [{scope: global, match: x, limit: 5}]", 2, DD_LINT_ERROR, "holds for no request", "" },
    { "budgets: [{scope: key, limit: 5}, {scope: key, limit: 9, name: b}]", 2, DD_LINT_WARNING, "budget \"b\" is never reached", "" },
};

TEST(lint_finds_what_never_works)
{
    for (size_t i = 0; i < DD_COUNT(doubtful); i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s", PROVIDERS, doubtful[i].text);
        made    m     = make(text);
        dd_lint notes = { 0 };
        bool    found = false;
        if (m.s)
            CHECK_OK(dd_route_lint(&m.c, m.s, &notes));
        for (size_t k = 0; k < notes.n; k++)
            found |= dd_str_has(notes.v[k].message, doubtful[i].said) && dd_str_has(notes.v[k].hint, doubtful[i].hint) &&
                notes.v[k].line == doubtful[i].line &&
                     notes.v[k].severity == doubtful[i].severity;
        if (!found)
            dd_test_fail(__FILE__, __LINE__, "%s: %s not found among %zu (%.*s) %s", doubtful[i].text, doubtful[i].said, notes.n,
                         notes.n ? (int)notes.v[0].message.len : 0, notes.n ? notes.v[0].message.ptr : "", m.err.msg);
        dd_lint_fini(&notes);
        end(&m);
    }
}

TEST(lint_is_silent_where_all_is_well)
{
    made    m     = make(PROVIDERS
                        "routes:\n"
                        "  - {name: flagged, flag: f, when: 'true'}\n"
                        "  - {name: narrow, when: 'input_tokens < 100 && task == \"chat\"', strategy: cheapest, "
                        "from: [openai/gpt-6-luna, anthropic/claude-haiku-5-5]}\n"
                        "  - {name: wide, when: 'input_tokens < 500 || \"task == codng\" == feature'}\n"
                        "  - {name: spare, when: 'false', from: [local/x]}\n"
                        "budgets:\n"
                        "  - {scope: key, limit: $5/day, on_exceed: 'downgrade:spare'}\n"
                        "  - {scope: key, limit: $100/month, on_exceed: local}\n");
    dd_lint notes = { 0 };
    CHECK(m.s != NULL);
    if (m.s)
        CHECK_OK(dd_route_lint(&m.c, m.s, &notes));
    for (size_t k = 0; k < notes.n; k++)
        if (!dd_str_has(notes.v[k].message, "there are no flags"))
            dd_test_fail(__FILE__, __LINE__, "%.*s", DD_STR_ARG(notes.v[k].message));
    dd_lint_fini(&notes);
    end(&m);
}

/* --- zones --- */

/* the tz database's rules: arithmetic, and published changes */
static const struct { const char *zone; int64_t at; int32_t offset; const char *why; } offsets[] = {
    { "Europe/Berlin", INT64_C(1711846799), 3600, "2024-03-31 00:59:59 UTC: winter" },
    { "Europe/Berlin", INT64_C(1711846800), 7200, "01:00 UTC: summer" },
    { "Europe/Berlin", INT64_C(1729990799), 7200, "2024-10-27 00:59:59 UTC" },
    { "Europe/Berlin", INT64_C(1729990800), 3600, "01:00 UTC" },
    { "Europe/Berlin", INT64_C(2540246400), 7200, "1 July 2050: behind the table's end" },
    { "America/New_York", INT64_C(1720000000), -14400, "July: EDT" },
    { "America/New_York", INT64_C(1704067200), -18000, "January: EST" },
    { "Asia/Kathmandu", INT64_C(1720000000), 20700, "+05:45, no summer time" },
    { "Australia/Lord_Howe", INT64_C(1704067200), 39600, "January: summer is half an hour ahead" },
    { "Australia/Lord_Howe", INT64_C(1720000000), 37800, "July: +10:30" },
};

TEST(zones_know_their_offsets)
{
    dd_arena arena = DD_ARENA_INIT;
    for (size_t i = 0; i < DD_COUNT(offsets); i++) {
        const dd_zone *z   = NULL;
        dd_err         err = DD_ERR_INIT;
        if (dd_zone_load(dd_str_z(offsets[i].zone), &arena, &z, &err) == DD_OK)
            CHECK_EQ(dd_zone_offset(z, offsets[i].at), offsets[i].offset, offsets[i].why);
        else
            CHECK(strstr(err.hint, "tzdata") != NULL);   /* a machine without zones */
    }
    const dd_zone *utc = (const dd_zone *)&arena;
    CHECK_OK(dd_zone_load(DD_STR("UTC"), &arena, &utc, NULL));
    CHECK(utc == NULL);
    dd_arena_fini(&arena);
}
