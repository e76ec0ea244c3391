/* What rules may ask of a request: names, types, what is filled when (R2.2, RC.5). */
#include "tests/unit/test.h"

#include "route/facts.h"

static int filled;
static void fill(dd_facts *f, unsigned which)
{
    filled |= (int)which;
    f->known |= which;
    f->input_tokens = 812;
    f->class        = (dd_class){ .task = DD_TASK_CODING, .complexity = DD_COMPLEXITY_HIGH, .score = 0.9 };
    f->budget_used  = 0.5;
}

/* 2026-11-20 was a Friday; 23:30 UTC is 00:30 on Saturday an hour further east. */
enum { FRIDAY_2330 = 1795217400 };
static const dd_tag tags[] = { { { "tenant", 6 }, { "acme", 4 } }, { { "tenant", 6 }, { "late", 4 } } };

static dd_facts request(void)
{
    return (dd_facts){ .model = DD_STR("gpt-4o"), .feature = DD_STR("classify"), .max_tokens = -1, .messages = 3, .turns = 2, .has_tools = true,
                       .tools = 4, .tags = tags, .n_tags = 2, .time_s = FRIDAY_2330, .max_cost = DD_PUSD_UNKNOWN, .fill = fill };
}

static bool holds(const char *when, dd_facts *f)
{
    dd_arena      a   = DD_ARENA_INIT;
    dd_err        err = DD_ERR_INIT;
    dd_cel       *p   = dd_cel_compile(dd_str_z(when), &dd_facts_env, &a, &err, NULL);
    dd_facts_view v   = { .facts = f, .arena = &a };
    dd_cel_vars   vars = { dd_newn(&a, dd_cel_value, dd_facts_env.n), dd_facts_fill, &v };
    if (!p)
        dd_test_fail(__FILE__, __LINE__, "%s: %s", when, err.msg);
    bool is = p && dd_cel_test(p, &vars, &a);
    dd_arena_fini(&a);
    return is;
}

TEST(names_of_facts_are_sorted_and_told)
{
    for (size_t i = 0; i < dd_facts_env.n; i++) {
        CHECK(dd_facts_env.vars[i].doc && dd_facts_env.vars[i].doc[0]);
        if (i)
            CHECK(strcmp(dd_facts_env.vars[i - 1].name, dd_facts_env.vars[i].name) < 0);
    }
}

static const struct { const char *when; bool want; } cases[] = {
    { "model == 'gpt-4o'", true }, { "feature == 'classify' && messages > 2", true }, { "team == ''", true },
    { "tools == 4 && has_tools && turns == 2", true },
    { "max_tokens > 1000", false }, { "max_tokens < 1000", false }, { "max_tokens == null", true }, { "max_cost == null", true },
    { "hour == 23 && weekday == 5", true }, { "tags.tenant == 'acme'", true }, { "tags.other == 'x'", false }, { "'other' in tags", false },
    { "has(tags.tenant)", true }, { "family == 'openai'", true }, { "priority == ''", true }, { "latency > 0.0", false }, { "latency == null", true },
    { "expected_cost == null", true }, { "time.getMinutes() == 30", true }, { "key_tags.plan == 'pro'", false },
};

TEST(facts_R2_2)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_facts f = request();
        CHECK_EQ(holds(cases[i].when, &f), cases[i].want, cases[i].when);
    }
    dd_facts f = request();
    f.max_tokens = 2000;
    CHECK(holds("max_tokens > 1000", &f));
    f.tz_minutes = 60;
    CHECK(holds("hour == 0 && weekday == 6", &f));
    f.time_s = -1;   /* a second before 1970, a Wednesday, in UTC */
    f.tz_minutes = 0;
    CHECK(holds("hour == 23 && weekday == 3", &f));
}

TEST(what_costs_time_is_filled_when_a_rule_asks)
{
    dd_facts f = request();
    filled     = 0;
    CHECK(holds("model == 'gpt-4o' || input_tokens > 5", &f));
    CHECK_EQ(filled, 0, "nothing was asked for");
    CHECK(holds("input_tokens == 812", &f));
    CHECK_EQ(filled, DD_FACT_TOKENS, "tokens alone");
    CHECK(holds("task == 'coding' && complexity == 'high' && score > 0.8", &f));
    CHECK_EQ(filled, DD_FACT_TOKENS | DD_FACT_CLASS, "and the class");
    CHECK(holds("budget.used >= 0.5", &f));
    f.fill  = NULL;
    f.known = 0;
    CHECK(!holds("budget.used >= 0.5", &f));
    CHECK(!holds("budget.used < 0.5", &f));
}

TEST(unknown_names_and_types_of_facts_are_errors)
{
    static const char *const wrong[] = { "features == 'x'", "messages == 'three'", "stream > 2", "model && true" };
    for (size_t i = 0; i < DD_COUNT(wrong); i++) {
        dd_arena a   = DD_ARENA_INIT;
        dd_err   err = DD_ERR_INIT;
        CHECK(dd_cel_compile(dd_str_z(wrong[i]), &dd_facts_env, &a, &err, NULL) == NULL);
        dd_arena_fini(&a);
    }
}

TEST(words_of_a_policy)
{
    dd_strategy s;
    unsigned    bits = 0;
    for (int i = 0; i < DD_STRATEGY_COUNT; i++)
        CHECK(dd_strategy_find(dd_str_z(dd_strategy_name((dd_strategy)i)), &s) && (int)s == i);
    CHECK(!dd_strategy_find(DD_STR("cheap"), &s));
    CHECK(dd_on_find(DD_STR("429"), &bits) && bits == DD_ON_RATE_LIMIT);
    CHECK(dd_on_find(DD_STR("507"), &bits) && bits == DD_ON_SERVER);
    CHECK(!dd_on_find(DD_STR("418"), &bits));
    CHECK(dd_check_find(DD_STR("invalid_json"), &bits) && bits == DD_CHECK_JSON);
    dd_policy p;
    dd_policy_defaults(&p);
    CHECK_EQ(p.retry.attempts, 1, "R1.4: no retry unless asked for");
    CHECK_EQ(p.breaker.min_requests, 20, "R2.4");
    CHECK_EQ(p.breaker.error_rate * 100, 10, "R2.4");
    CHECK_EQ(p.w_cost * 10 + p.w_latency * 10 + p.w_task * 10, 10, "RO.4: 0.4/0.3/0.3");
}
