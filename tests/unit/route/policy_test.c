/* Which provider and model a request goes to: the order in which names resolve, and the bill (R2.2, R2.5, RC.2). */
#include "tests/unit/test.h"

#include "route/policy.h"

static const dd_str             local_models[] = { { "llama*", 6 }, { "qwen3", 5 } };
static const dd_policy_provider providers[]    = {
    { .name = DD_STR("openai"), .billed_as = DD_STR("openai"), .family = DD_FAMILY_OPENAI },
    { .name = DD_STR("anthropic"), .billed_as = DD_STR("anthropic"), .family = DD_FAMILY_ANTHROPIC },
    { .name = DD_STR("local"), .billed_as = DD_STR(""), .family = DD_FAMILY_OPENAI, .free = true, .models = local_models, .n_models = 2 },
};
static const dd_route_step   smart_targets[] = { { .model = DD_STR("anthropic/claude-haiku-4-5") } }, lost_targets[] = { { .model = DD_STR("nobody/x") } },
                             odd_targets[] = { { .model = DD_STR("local/llama3.3") } };
static const dd_policy_alias aliases[]       = { { .name = DD_STR("smart"), .targets = smart_targets, .n = 1 }, { .name = DD_STR("lost"), .targets = lost_targets, .n = 1 },
                                                { .name = DD_STR("gpt-4o"), .targets = odd_targets, .n = 1 } };
static const dd_policy       policy          = { .providers = providers, .n_providers = 3, .aliases = aliases, .n_aliases = 3 };

static dd_prices *open_prices(void)
{
    dd_prices_opts o = { 0 };
    return dd_prices_open(&o, NULL);
}

static const struct { const char *asked; dd_verdict verdict; const char *provider, *model, *strategy; } cases[] = {
    { "gpt-4o-mini", DD_DECIDED, "openai", "gpt-4o-mini", "passthrough" },
    { "claude-haiku-4-5", DD_DECIDED, "anthropic", "claude-haiku-4-5", "passthrough" },
    { "openai/not-in-the-table", DD_DECIDED, "openai", "not-in-the-table", "passthrough" },
    { "smart", DD_DECIDED, "anthropic", "claude-haiku-4-5", "alias" },
    { "gpt-4o", DD_DECIDED, "local", "llama3.3", "alias" },
    { "qwen3", DD_DECIDED, "local", "qwen3", "passthrough" },
    { "llama3.2:1b", DD_DECIDED, "local", "llama3.2:1b", "passthrough" },
    { "lost", DD_DECIDED_NO_PROVIDER, NULL, NULL, NULL },
    { "gpt-4o-mimi", DD_DECIDED_NO_MODEL, NULL, NULL, NULL },
    { "", DD_DECIDED_NO_MODEL, NULL, NULL, NULL },
    { "openai/", DD_DECIDED_NO_MODEL, NULL, NULL, NULL },
};

TEST(names_of_models_resolve_in_order)
{
    dd_prices *prices = open_prices();
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_str asked = dd_str_z(cases[i].asked);
        dd_decision d;
        dd_decide(&policy, prices, asked, &d, NULL);
        CHECK_EQ(d.verdict, cases[i].verdict, cases[i].asked);
        if (d.verdict != DD_DECIDED || cases[i].verdict != DD_DECIDED)
            continue;
        CHECK_EQ(dd_str_eqz(policy.providers[d.provider].name, cases[i].provider), true, cases[i].asked);
        CHECK_EQ(dd_str_eqz(d.model, cases[i].model), true, cases[i].asked);
        CHECK_EQ(dd_str_eqz(dd_str_z(d.strategy), cases[i].strategy), true, cases[i].asked);
    }
    dd_buf   near  = DD_BUF_INIT(0);
    dd_str asked = DD_STR("gpt-4o-mimi");
    dd_decision d;
    dd_decide(&policy, prices, asked, &d, &near);
    CHECK(dd_str_has(dd_buf_str(&near), "gpt-4o-mini"));
    dd_buf_free(&near);
    dd_prices_close(prices);
}

TEST(bills_R2_5)
{
    dd_prices  *prices = open_prices();
    dd_usage    usage  = { .input = 1000, .output = 100 };
    dd_str asked = DD_STR("gpt-4o-mini");
    dd_decision d;
    dd_decide(&policy, prices, asked, &d, NULL);
    dd_bill b = dd_decision_bill(&policy, &d, &usage, dd_day_make(2026, 11, 20));
    CHECK_EQ(b.actual, 210000000, "gpt-4o-mini: 1,000 at 0.15 and 100 at 0.60 USD a million");
    CHECK_EQ(b.saved, 0, "the same model saves nothing");
    asked = DD_STR("gpt-4o");            /* answered by the local one: 2.50 and 10 USD a million not spent */
    dd_decide(&policy, prices, asked, &d, NULL);
    b = dd_decision_bill(&policy, &d, &usage, dd_day_make(2026, 11, 20));
    CHECK_EQ(b.actual, 0, "a free provider");
    CHECK_EQ(b.original, 3500000000, "what was asked for");
    CHECK_EQ(b.saved, 3500000000, "the difference");
    asked = DD_STR("openai/not-in-the-table");
    dd_decide(&policy, prices, asked, &d, NULL);
    b = dd_decision_bill(&policy, &d, &usage, dd_day_make(2026, 11, 20));
    CHECK(b.actual == DD_PUSD_UNKNOWN && b.original == DD_PUSD_UNKNOWN);
    usage.output = -1;
    asked = DD_STR("gpt-4o-mini");
    dd_decide(&policy, prices, asked, &d, NULL);
    CHECK(dd_decision_bill(&policy, &d, &usage, dd_day_make(2026, 11, 20)).actual == DD_PUSD_UNKNOWN);
    dd_prices_close(prices);
}

TEST(unpriced_models_can_be_refused_P8)
{
    dd_prices  *prices = open_prices();
    dd_policy   strict = policy;
    dd_decision d;
    dd_str asked = DD_STR("openai/not-in-the-table");
    strict.refuse_unpriced = true;
    dd_decide(&strict, prices, asked, &d, NULL);
    CHECK_EQ(d.verdict, DD_DECIDED_UNPRICED, "unknown price");
    asked = DD_STR("qwen3");
    dd_decide(&strict, prices, asked, &d, NULL);
    CHECK_EQ(d.verdict, DD_DECIDED, "a free provider needs no price");
    dd_prices_close(prices);
}

TEST(the_only_provider_takes_any_name_and_nobody_none)
{
    dd_prices  *prices = open_prices();
    dd_policy   one    = { .providers = providers, .n_providers = 1 }, none = { 0 };
    dd_decision d;
    dd_str asked = DD_STR("whatever-they-call-it");
    dd_decide(&one, prices, asked, &d, NULL);
    CHECK_EQ(d.verdict, DD_DECIDED, "the only provider");
    dd_decide(&none, prices, asked, &d, NULL);
    CHECK_EQ(d.verdict, DD_DECIDED_NO_PROVIDER, "no provider");
    CHECK_EQ(dd_policy_family(&policy, DD_FAMILY_ANTHROPIC), 1, "by family");
    CHECK_EQ(dd_policy_family(&one, DD_FAMILY_ANTHROPIC) == SIZE_MAX, true, "none of that family");
    dd_prices_close(prices);
}

TEST(models_of_a_key) /* R9.3 */
{
    dd_str allowed[] = { DD_STR("gpt-4o-mini"), DD_STR("anthropic/*") };
    CHECK(dd_policy_allows(allowed, 2, DD_STR("gpt-4o-mini")) && dd_policy_allows(allowed, 2, DD_STR("openai/GPT-4o-mini")));
    CHECK(dd_policy_allows(allowed, 2, DD_STR("anthropic/claude-haiku-4-5")) && !dd_policy_allows(allowed, 2, DD_STR("claude-haiku-4-5")));
    CHECK(!dd_policy_allows(allowed, 2, DD_STR("gpt-4o")) && !dd_policy_allows(allowed, 2, DD_STR("")));
    CHECK(dd_policy_allows(NULL, 0, DD_STR("anything")));
}
