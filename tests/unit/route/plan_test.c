/* Plans: rules, candidates, strategies, chains (R2.2, R2.3, R2.4, R2.5, RC.5, RC.7, RO.1, RO.4, RO.5, RO.6). Costs are arithmetic on the small
 * table below. */
#include "tests/unit/test.h"

#include <cjson/cJSON.h>
#include <math.h>

#include "route/plan.h"

#define TOKENS ",\"tokenizer\":\"o200k_base\"}"
static const char rows[] =
    "[{\"provider\":\"openai\",\"id\":\"t-small\",\"input\":0.1,\"output\":0.4,\"context\":1000,\"max_output\":500,"
    "\"caps\":[\"tools\",\"json\"]" TOKENS ","
    "{\"provider\":\"openai\",\"id\":\"t-big\",\"input\":10,\"output\":30,\"cache_read\":1,\"context\":100000,"
    "\"caps\":[\"tools\",\"json\",\"vision\",\"pdf_in\"]" TOKENS ","
    "{\"provider\":\"anthropic\",\"id\":\"t-mid\",\"input\":1,\"output\":5,\"cache_read\":0.1,\"context\":200000,"
    "\"caps\":[\"vision\",\"prompt_cache\"]" TOKENS ","
    "{\"provider\":\"anthropic\",\"id\":\"t-old\",\"status\":\"retired\",\"input\":1,\"output\":5" TOKENS "]";

static const dd_str             local_models[] = { { "llama3.3", 8 } };
static const dd_policy_provider providers[]    = {
    { .name = DD_STR("openai"), .billed_as = DD_STR("openai"), .family = DD_FAMILY_OPENAI },
    { .name = DD_STR("anthropic"), .billed_as = DD_STR("anthropic"), .family = DD_FAMILY_ANTHROPIC },
    { .name = DD_STR("local"), .family = DD_FAMILY_OPENAI, .free = true, .local = true, .models = local_models, .n_models = 1 },
    { .name = DD_STR("openrouter"), .billed_as = DD_STR("openrouter"), .family = DD_FAMILY_OPENAI },
};
#define STEP(name) { .model = DD_STR(name), .weight = 1, .timeout_ms = -1, .retries = -1, .threshold = -1 }
static const dd_route_step three[]    = { STEP("openai/t-big"), STEP("anthropic/t-mid"), STEP("openai/t-small") };
static const dd_route_step mid_big[]  = { STEP("anthropic/t-mid"), STEP("openai/t-big") };
static const dd_route_step just_mid[] = { STEP("t-mid") }, just_small[] = { STEP("t-small") };
static const dd_route_step split[]    = { { .model = DD_STR("t-big"), .weight = 1, .timeout_ms = 2000, .retries = 3, .threshold = -1 },
                                          { .model = DD_STR("t-mid"), .weight = 3, .timeout_ms = -1, .retries = -1, .threshold = -1 } };
static const dd_route_step by_score[] = {
    { .model = DD_STR("t-small"), .weight = 1, .threshold = 0.3, .timeout_ms = -1, .retries = -1 },
    { .model = DD_STR("t-mid"), .weight = 1, .threshold = 0.7, .timeout_ms = -1, .retries = -1 },
    STEP("t-big"),
};
static const dd_policy_alias aliases[] = { { .name = DD_STR("smart"), .targets = mid_big, .n = 2, .fallback_on = DD_ON_TIMEOUT } };

/* What a test has: prices, a policy that it fills, facts, an arena. */
typedef struct {
    dd_prices   *prices;
    dd_arena     arena;
    dd_policy    policy;
    dd_route     routes[8];
    dd_facts     facts;
    dd_plan_opts opts;
    dd_plan      plan;
    int          asked;      /* DD_FACT_... that were asked for */
} world;

static void fill(dd_facts *f, unsigned which)
{
    world *w = f->ctx;
    w->asked |= (int)which;
    f->known |= which;
}

static void start(world *w)
{
    memset(w, 0, sizeof *w);
    cJSON         *json = cJSON_Parse(rows);
    dd_prices_opts o    = { .config_rows = json, .config_name = "test" };
    dd_err         err  = DD_ERR_INIT;
    w->prices           = dd_prices_open(&o, &err);
    if (!w->prices)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    cJSON_Delete(json);
    dd_policy_defaults(&w->policy);
    w->policy.providers   = providers;
    w->policy.n_providers = DD_COUNT(providers);
    w->policy.aliases     = aliases;
    w->policy.n_aliases   = DD_COUNT(aliases);
    w->policy.routes      = w->routes;
    w->facts = (dd_facts){ .model = DD_STR("t-big"), .endpoint = DD_STR("chat.completions"), .max_tokens = -1, .max_cost = DD_PUSD_UNKNOWN,
                           .input_tokens = 100,
                           .class = { .task = DD_TASK_CLASSIFICATION, .complexity = DD_COMPLEXITY_LOW, .score = 0.5 }, .fill = fill, .ctx = w };
    w->opts = (dd_plan_opts){ .policy = &w->policy, .prices = w->prices, .day = dd_day_make(2026, 11, 20) };
}

static void end(world *w)
{
    dd_live_free(w->opts.live);
    dd_prices_close(w->prices);
    dd_arena_fini(&w->arena);
}

static const dd_cel *compile(world *w, const char *when)
{
    dd_err  err = DD_ERR_INIT;
    dd_cel *p   = dd_cel_compile(dd_str_z(when), &dd_facts_env, &w->arena, &err, NULL);
    if (!p)
        dd_test_fail(__FILE__, __LINE__, "%s: %s", when, err.msg);
    return p;
}

static dd_route *add_route(world *w, const char *name, const char *when, dd_strategy s)
{
    dd_route *r = &w->routes[w->policy.n_routes++];
    *r = (dd_route){ .name = dd_str_z(name), .when = dd_str_z(when), .test = *when ? compile(w, when) : NULL, .strategy = s, .w_cost = -1,
                     .w_latency = -1, .w_task = -1, .cache = -1 };
    return r;
}

static void from(dd_route *r, const dd_route_step *steps, size_t n)
{
    r->from   = steps;
    r->n_from = n;
}

static dd_plan *make(world *w)
{
    w->policy.index = NULL;
    w->facts.known  = 0;
    dd_policy_index(&w->policy, w->prices, &w->arena);
    dd_plan_make(&w->opts, &w->facts, &w->arena, &w->plan);
    return &w->plan;
}

/* "t-mid t-big": the models of the steps. */
static dd_str steps(world *w)
{
    dd_str s = DD_STR("");
    for (size_t i = 0; i < w->plan.n_steps; i++)
        s = dd_arena_printf(&w->arena, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(s), i ? " " : "", DD_STR_ARG(w->plan.steps[i].model));
    return s;
}

static const dd_candidate *considered(const dd_plan *p, const char *model)
{
    for (size_t i = 0; i < p->n_considered; i++)
        if (dd_str_eqz(p->considered[i].model, model))
            return &p->considered[i];
    static const dd_candidate none = { .fit = DD_FIT_COUNT };
    return &none;
}

/* --- rules --- */

TEST(without_a_route_the_requested_model_is_called_R2_2)
{
    world w;
    start(&w);
    add_route(&w, "other", "feature == 'classify'", DD_STRATEGY_CHEAPEST);
    dd_plan *p = make(&w);
    CHECK_EQ(p->verdict, DD_DECIDED, "");
    CHECK_STR(steps(&w), "t-big");
    CHECK_STR(dd_str_z(p->strategy_name), "passthrough");
    CHECK(p->route == NULL);
    CHECK_EQ(p->n_steps, 1, "R1.4: no chain unless configured");
    CHECK_EQ(w.asked, 0, "neither counted nor classified");
    dd_decision d = dd_plan_decision(p, 0);
    CHECK(d.requested.price && d.requested.price == d.used.price);
    end(&w);
}

TEST(the_first_rule_that_holds_wins_R2_2)
{
    world w;
    start(&w);
    from(add_route(&w, "never", "feature == 'x'", DD_STRATEGY_PASSTHROUGH), just_mid, 1);
    from(add_route(&w, "error", "tags.tenant == 'acme'", DD_STRATEGY_PASSTHROUGH), just_mid, 1);
    add_route(&w, "flagged", "", DD_STRATEGY_CHEAPEST)->flag = DD_STR("new");
    from(add_route(&w, "first", "model == 't-big'", DD_STRATEGY_PASSTHROUGH), just_small, 1);
    from(add_route(&w, "second", "", DD_STRATEGY_PASSTHROUGH), just_mid, 1);
    w.opts.trace = true;
    dd_plan *p   = make(&w);
    CHECK_STR(p->route->name, "first");
    CHECK_STR(steps(&w), "t-small");
    CHECK_EQ(p->n_rules, 4, "those that were tried");
    CHECK(dd_str_has(p->rules[0].why, "feature"));
    CHECK(dd_str_startsz(p->rules[1].why, "error: "));
    CHECK(dd_str_has(p->rules[2].why, "\"new\" is not on"));
    CHECK(p->rules[3].matched);
    end(&w);
}

TEST(rules_that_were_tried_are_told_as_far_as_there_is_room)
{
    world w;
    start(&w);
    add_route(&w, "one", "stream", DD_STRATEGY_PASSTHROUGH);
    add_route(&w, "the \"second\"", "stream", DD_STRATEGY_PASSTHROUGH);
    CHECK_STR(dd_policy_tried(&w.policy, 1, &w.arena), "");            /* no index, no names */
    make(&w);
    CHECK_STR(dd_policy_tried(&w.policy, 0, &w.arena), "");
    CHECK_STR(dd_policy_tried(&w.policy, 1, &w.arena), "[\"one\"]");
    CHECK_STR(dd_policy_tried(&w.policy, 2, &w.arena), "[\"one\",\"the \\\"second\\\"\"]");
    CHECK_STR(dd_policy_tried(&w.policy, 9, &w.arena), "[\"one\",\"the \\\"second\\\"\"]");
    end(&w);
}

TEST(a_rule_may_ask_what_the_request_would_cost_RC_5)
{
    world w;
    start(&w);
    /* t-big: 100 at 10 and 10 at 30 USD a million: 0.0013 */
    from(add_route(&w, "dear", "expected_cost > 0.00129 && expected_cost < 0.00131 && latency == null", DD_STRATEGY_PASSTHROUGH), just_small, 1);
    CHECK_STR(make(&w)->route ? w.plan.route->name : DD_STR("none"), "dear");
    w.facts.model = DD_STR("t-mid");
    CHECK(make(&w)->route == NULL);
    end(&w);
}

TEST(a_budget_names_its_route)
{
    world w;
    start(&w);
    from(add_route(&w, "spent", "feature == 'never'", DD_STRATEGY_PASSTHROUGH), just_small, 1);
    w.opts.only_route = DD_STR("spent");
    make(&w);
    CHECK_STR(steps(&w), "t-small");
    static const dd_str others[] = { DD_STR("nobody/*"), DD_STR("t-big") };
    w.opts.allow   = others;
    w.opts.n_allow = DD_COUNT(others);
    make(&w);
    CHECK_EQ(w.plan.verdict, DD_DECIDED_NOT_ALLOWED, "as it was it is too dear");
    w.opts.only_route = DD_STR("");
    w.opts.n_allow    = 0;
    w.opts.only_local = true;
    make(&w);
    CHECK_STR(steps(&w), "llama3.3");   /* t-big is not local */
    CHECK_STR(dd_str_z(w.plan.strategy_name), "local");
    w.policy.n_providers = 2;
    make(&w);
    CHECK_EQ(w.plan.verdict, DD_DECIDED_TOO_DEAR, "nothing is local");
    w.policy.n_providers = DD_COUNT(providers);
    end(&w);
}

/* --- candidates --- */

TEST(cheapest_by_this_very_request_R2_2_R2_5)
{
    world w;
    start(&w);
    from(add_route(&w, "r", "", DD_STRATEGY_CHEAPEST), three, 3);
    dd_plan *p = make(&w);
    CHECK_STR(steps(&w), "t-small");
    CHECK_EQ(p->steps[0].expected, 14000000, "100 at 0.1 and 10 at 0.4 USD a million");
    CHECK_EQ(considered(p, "t-mid")->expected, 150000000, "100 at 1 and 10 at 5");
    CHECK_EQ(p->expected_requested, 1300000000, "100 at 10 and 10 at 30");
    CHECK_EQ(p->expected_output, 10, "a classification answers in 10 tokens (docs/estimates.md)");
    CHECK_STR(dd_str_z(p->strategy_name), "cheapest");
    w.facts.input_tokens = 995;
    make(&w);
    CHECK_STR(steps(&w), "t-mid");
    CHECK_EQ(considered(p, "t-small")->fit, DD_FIT_CONTEXT, "995 + 10 > 1,000");
    w.facts.input_tokens = 100;
    w.facts.max_tokens   = 600;
    make(&w);
    CHECK_STR(steps(&w), "t-mid");
    CHECK_EQ(considered(p, "t-small")->fit, DD_FIT_OUTPUT, "600 > 500");
    end(&w);
}

TEST(capabilities_decide_by_how_sure_they_are)
{
    world w;
    start(&w);
    from(add_route(&w, "r", "", DD_STRATEGY_CHEAPEST), three, 3);
    w.facts.has_images = true;
    make(&w);
    CHECK_STR(steps(&w), "t-mid");
    CHECK_EQ(considered(&w.plan, "t-small")->fit, DD_FIT_VISION, "its row names other things, and no pictures");
    w.facts.has_images = false;
    w.facts.has_tools  = true;
    from(&w.routes[0], mid_big, 2);
    make(&w);
    CHECK_STR(steps(&w), "t-big");
    CHECK_EQ(considered(&w.plan, "t-mid")->fit, DD_FIT_OK, "tools that are not listed are weak evidence");
    CHECK(considered(&w.plan, "t-mid")->weak);
    from(&w.routes[0], just_mid, 1);
    make(&w);
    CHECK_STR(steps(&w), "t-mid");
    end(&w);
}

TEST(the_keys_list_and_retired_models)
{
    static const dd_route_step old_small[] = { STEP("t-old"), STEP("t-small") };
    static const dd_str        only_mid[]  = { { "t-mid", 5 } }, only_smart[] = { { "smart", 5 } };
    world w;
    start(&w);
    from(add_route(&w, "r", "model == 't-big'", DD_STRATEGY_CHEAPEST), three, 3);
    w.opts.allow   = only_mid;
    w.opts.n_allow = 1;
    make(&w);
    CHECK_STR(steps(&w), "t-mid");
    CHECK_EQ(considered(&w.plan, "t-small")->fit, DD_FIT_NOT_ALLOWED, "");
    w.facts.model = DD_STR("t-small");
    make(&w);
    CHECK_EQ(w.plan.verdict, DD_DECIDED_NOT_ALLOWED, "the key may not");
    CHECK_EQ(w.plan.n_steps, 0, "");
    w.facts.model = DD_STR("smart");
    w.opts.allow  = only_smart;
    make(&w);
    CHECK_STR(steps(&w), "t-mid t-big");
    w.opts.n_allow = 0;
    w.facts.model  = DD_STR("t-big");
    from(&w.routes[0], old_small, 2);
    w.routes[0].strategy = DD_STRATEGY_PASSTHROUGH;
    make(&w);
    CHECK_STR(steps(&w), "t-small");
    CHECK_EQ(considered(&w.plan, "t-old")->fit, DD_FIT_RETIRED, "");
    w.facts.model = DD_STR("t-old");
    make(&w);
    CHECK_STR(steps(&w), "t-old");   /* who asks for it gets its provider's own answer */
    end(&w);
}

TEST(names_that_nobody_knows)
{
    world w;
    start(&w);
    w.facts.model = DD_STR("t-bigg");
    CHECK_EQ(make(&w)->verdict, DD_DECIDED_NO_MODEL, "");
    CHECK(dd_str_has(w.plan.near, "t-big"));
    from(add_route(&w, "r", "model == 'auto'", DD_STRATEGY_CHEAPEST), three, 3);
    w.facts.model = DD_STR("auto");
    CHECK_EQ(make(&w)->verdict, DD_DECIDED, "a route gives a name its meaning");
    CHECK_STR(steps(&w), "t-small");
    CHECK(w.plan.requested.price == NULL);
    w.policy.n_providers = 0;
    CHECK_EQ(make(&w)->verdict, DD_DECIDED_NO_PROVIDER, "");
    end(&w);
}

/* --- weights --- */

TEST(weights_split_requests_and_sessions_keep_theirs)
{
    enum { N = 4000 };
    world w;
    int   mid = 0;
    start(&w);
    from(add_route(&w, "r", "", DD_STRATEGY_WEIGHTED), split, 2);
    make(&w);
    for (int i = 0; i < N; i++) {
        w.facts.random = dd_str_hash((dd_str){ (const char *)&i, sizeof i });
        dd_plan_make(&w.opts, &w.facts, &w.arena, &w.plan);
        mid += dd_str_eqz(w.plan.steps[0].model, "t-mid");
    }
    CHECK(mid > N * 0.72 && mid < N * 0.78);   /* 3 of 4; 4 standard deviations are 2.7% */
    w.routes[0].sticky = DD_STICKY_SESSION;
    w.facts.session    = DD_STR("s-1");
    dd_str first       = make(&w)->steps[0].model;
    for (int i = 0; i < 50; i++) {
        w.facts.random += 0x9e3779b97f4a7c15u;
        dd_plan_make(&w.opts, &w.facts, &w.arena, &w.plan);
        CHECK(dd_str_eq(w.plan.steps[0].model, first));
    }
    end(&w);
}

/* --- chains --- */

TEST(chains_R2_3_RC_7)
{
    static const dd_route_step global[] = { STEP("t-big"), STEP("llama3.3") };
    world w;
    start(&w);
    w.policy.fallback   = global;
    w.policy.n_fallback = 2;
    make(&w);
    CHECK_STR(steps(&w), "t-big llama3.3");   /* no model twice */
    CHECK_EQ(w.plan.n_primary, 1, "");
    CHECK_EQ(w.plan.fallback_on, DD_ON_USUAL, "");
    w.facts.model = DD_STR("smart");
    make(&w);
    CHECK_STR(steps(&w), "t-mid t-big");
    CHECK_STR(dd_str_z(w.plan.strategy_name), "alias");
    CHECK_EQ(w.plan.fallback_on, DD_ON_TIMEOUT, "the alias's");
    CHECK(w.plan.requested.price == w.plan.steps[0].price.price);   /* an alias asks for what it gets */
    w.facts.model = DD_STR("t-big");
    dd_route *r   = add_route(&w, "r", "", DD_STRATEGY_PASSTHROUGH);
    r->fallback   = split;
    r->n_fallback = 2;
    make(&w);
    CHECK_STR(steps(&w), "t-big t-mid");
    w.opts.own_chain   = just_small;
    w.opts.n_own_chain = 1;
    make(&w);
    CHECK_STR(steps(&w), "t-big t-small");
    r->no_fallback = true;
    make(&w);
    CHECK_STR(steps(&w), "t-big");
    r->no_fallback     = false;
    w.opts.n_own_chain = 0;
    from(r, split, 1);
    make(&w);
    CHECK_EQ(w.plan.steps[0].timeout_ms, 2000, "a step's own");
    CHECK_EQ(w.plan.steps[0].retries, 3, "");
    w.policy.panic = true;
    make(&w);
    CHECK_STR(steps(&w), "t-big");   /* frozen: no failover (R10.5) */
    CHECK(w.plan.panic);
    w.policy.panic_provider = DD_STR("local");
    make(&w);
    CHECK_STR(steps(&w), "llama3.3");
    CHECK_STR(dd_str_z(w.plan.strategy_name), "panic");
    end(&w);
}

static void fail_often(world *w, const char *provider, const char *model)
{
    uint32_t slot = dd_live_slot(w->opts.live, dd_str_z(provider), dd_str_z(model), 0, true);
    for (int i = 0; i < 40; i++)
        dd_live_end(w->opts.live, slot, &w->policy.breaker, DD_LIVE_FAILED, 1000, 0, w->opts.now_ms);
}

TEST(an_open_breaker_steers_and_never_refuses_R2_4)
{
    world w;
    start(&w);
    w.opts.live   = dd_live_new(64, 64);
    w.opts.now_ms = 100000;
    w.policy.fallback   = just_mid;
    w.policy.n_fallback = 1;
    fail_often(&w, "openai", "t-big");
    make(&w);
    CHECK_STR(steps(&w), "t-mid t-big");
    CHECK_EQ(w.plan.n_primary, 0, "what comes first is a fallback");
    w.policy.n_fallback = 0;
    make(&w);
    CHECK_STR(steps(&w), "t-big");
    CHECK_EQ(w.plan.steps[0].breaker, DD_BREAKER_OPEN, "with no alternative it is sent");
    from(add_route(&w, "r", "", DD_STRATEGY_PASSTHROUGH), three, 3);
    make(&w);
    CHECK_STR(steps(&w), "t-mid");
    fail_often(&w, "anthropic", "");
    make(&w);
    CHECK_STR(steps(&w), "t-small");   /* the whole provider fails */
    end(&w);
}

/* --- strategies --- */

TEST(score_is_RO_4s_formula)
{
    world w;
    start(&w);
    w.opts.live   = dd_live_new(64, 64);
    w.opts.now_ms = 1000;
    const struct { const char *provider, *model; int64_t us; } late[] = { { "openai", "t-big", 400000 }, { "anthropic", "t-mid", 800000 }, { "openai",
        "t-small", 200000 } };
    for (size_t i = 0; i < 3; i++)
        dd_live_end(w.opts.live, dd_live_slot(w.opts.live, dd_str_z(late[i].provider), dd_str_z(late[i].model), 0, true), &w.policy.breaker,
                    DD_LIVE_GOOD,
                    late[i].us, late[i].us, 1000);
    dd_route *r = add_route(&w, "r", "", DD_STRATEGY_SCORE);
    from(r, three, 3);
    dd_plan *p = make(&w);
    /* cost over the dearest (1300): small 14/1300, mid 150/1300; latency over the slowest (800 ms): small 1/4, mid 1, big 1/2; quality is not known:
     * 0.5 each */
    CHECK_STR(steps(&w), "t-small");
    CHECK(fabs(considered(p, "t-small")->score - (0.4 * (1 - 14.0 / 1300) + 0.3 * 0.75 + 0.3 * 0.5)) < 1e-9);
    CHECK(fabs(considered(p, "t-mid")->score - (0.4 * (1 - 150.0 / 1300) + 0.3 * 0 + 0.3 * 0.5)) < 1e-9);
    CHECK(fabs(considered(p, "t-big")->score - (0.4 * 0 + 0.3 * 0.5 + 0.3 * 0.5)) < 1e-9);
    r->w_cost = 0, r->w_latency = 1, r->w_task = 0;
    from(r, mid_big, 2);
    make(&w);
    CHECK_STR(steps(&w), "t-big");
    r->strategy = DD_STRATEGY_LATENCY;
    from(r, three, 3);
    make(&w);
    CHECK_STR(steps(&w), "t-small");
    end(&w);
}

TEST(task_match_asks_for_no_more_than_the_work_needs)
{
    static const dd_route_step known[] = { STEP("anthropic/claude-opus-4-8"), STEP("anthropic/claude-haiku-4-5") };
    world w;
    start(&w);
    dd_route *r = add_route(&w, "r", "", DD_STRATEGY_SCORE);
    from(r, known, 2);
    r->w_cost = 0.1, r->w_latency = 0, r->w_task = 0.9;
    w.facts.class.task       = DD_TASK_CHAT;
    w.facts.class.complexity = DD_COMPLEXITY_HIGH;
    make(&w);
    CHECK_STR(steps(&w), "claude-opus-4-8");
    r->strategy = DD_STRATEGY_QUALITY;
    make(&w);
    CHECK_STR(steps(&w), "claude-opus-4-8");
    CHECK(w.plan.steps[0].quality > considered(&w.plan, "claude-haiku-4-5")->quality);
    CHECK_STR(dd_str_z(w.plan.strategy_name), "quality-first");
    end(&w);
}

TEST(complexity_picks_by_threshold)
{
    static const struct { double score; const char *want; } scores[] = { { 0.0, "t-small" }, { 0.3, "t-small" }, { 0.31, "t-mid" }, { 0.7, "t-mid" },
                                                                         { 0.9, "t-big" } };
    world w;
    start(&w);
    from(add_route(&w, "r", "", DD_STRATEGY_COMPLEXITY), by_score, 3);
    for (size_t i = 0; i < DD_COUNT(scores); i++) {
        w.facts.class.score = scores[i].score;
        make(&w);
        CHECK_STR(steps(&w), scores[i].want);
    }
    w.facts.class.score  = 0.1;
    w.facts.input_tokens = 5000;   /* more than t-small takes: on to the stronger one */
    make(&w);
    CHECK_STR(steps(&w), "t-mid");
    end(&w);
}

TEST(cascades_climb_from_cheap_to_good)
{
    static const dd_route_step rungs[] = { STEP("anthropic/claude-opus-4-8"), STEP("anthropic/claude-haiku-4-5"), STEP("openai/gpt-4.1"),
                                           STEP("anthropic/claude-opus-4-0") };
    world w;
    start(&w);
    dd_route *r = add_route(&w, "r", "", DD_STRATEGY_CASCADE);
    from(r, rungs, 4);
    r->checks     = DD_CHECK_EMPTY;
    r->fallback   = just_small;
    r->n_fallback = 1;
    w.facts.class.task = DD_TASK_CHAT;
    make(&w);
    /* opus 4.0 is retired; gpt-4.1 costs more than haiku and scores less */
    CHECK_STR(steps(&w), "claude-haiku-4-5 claude-opus-4-8 t-small");
    CHECK_EQ(w.plan.n_primary, 2, "the ladder");
    CHECK_EQ(w.plan.checks, DD_CHECK_EMPTY, "");
    end(&w);
}

TEST(an_open_cascade_has_two_rungs)
{
    world w;
    start(&w);
    add_route(&w, "r", "", DD_STRATEGY_CASCADE);
    w.facts.model      = DD_STR("gpt-5.4");
    w.facts.class.task = DD_TASK_CHAT;
    dd_plan *p         = make(&w);
    CHECK(p->n_steps == 1 || p->n_steps == 2);
    const dd_candidate *last = &p->steps[p->n_steps - 1], *asked = considered(p, "gpt-5.4");
    CHECK(p->steps[0].expected <= last->expected && last->expected <= p->expected_requested);
    CHECK(asked->fit == DD_FIT_COUNT || last->quality >= asked->quality);
    CHECK(p->steps[0].quality >= 0.5 * 0.7);   /* gpt-5.4 has more than 0.7 of the best */
    end(&w);
}

TEST(an_open_route_takes_nothing_weaker_R2_2)
{
    world w;
    start(&w);
    dd_route *r = add_route(&w, "r", "", DD_STRATEGY_CHEAPEST);
    w.facts.model = DD_STR("gpt-4.1");
    dd_plan *p = make(&w);
    CHECK_EQ(p->n_steps, 1, "");
    CHECK(p->steps[0].expected < p->expected_requested);
    CHECK(p->steps[0].quality >= considered(p, "gpt-4.1")->quality);
    dd_pusd equal = p->steps[0].expected;
    r->min_quality = 0.3;
    make(&w);
    CHECK(p->steps[0].expected <= equal);
    w.facts.model = DD_STR("t-big");   /* of which nobody knows how good it is */
    make(&w);
    CHECK_STR(steps(&w), "t-big");
    w.facts.model    = DD_STR("text-embedding-3-small");
    w.facts.endpoint = DD_STR("embeddings");
    make(&w);
    CHECK_STR(steps(&w), "text-embedding-3-small");   /* never swapped silently */
    static const dd_route_step registry[] = { STEP("openai/gpt-5"), STEP("openai/gpt-4o-mini") };
    w.policy.registry   = registry;
    w.policy.n_registry = 2;
    w.facts.model       = DD_STR("gpt-4.1");
    w.facts.endpoint    = DD_STR("chat.completions");
    r->min_quality      = 0;
    make(&w);
    CHECK_EQ(considered(p, "gpt-4o-mini")->fit, DD_FIT_COUNT, "weaker: not even looked at");
    w.opts.trace = true;
    make(&w);
    CHECK_EQ(considered(p, "gpt-4o-mini")->fit, DD_FIT_QUALITY, "but told to who asks");
    CHECK(!dd_str_eqz(p->steps[0].model, "gpt-4o-mini"));
    end(&w);
}

TEST(a_provider_alone_is_its_nearest_equal_R2_3)
{
    static const dd_route_step other[] = { STEP("openrouter/") }, claude[] = { STEP("anthropic/") }, home[] = { STEP("local/") };
    world w;
    start(&w);
    dd_route *r   = add_route(&w, "r", "", DD_STRATEGY_PASSTHROUGH);
    r->n_fallback = 1;
    r->fallback   = other;
    w.facts.model = DD_STR("gpt-4o-mini");
    make(&w);
    CHECK_STR(steps(&w), "gpt-4o-mini openai/gpt-4o-mini");
    r->fallback = claude;
    make(&w);
    CHECK_EQ(w.plan.n_steps, 2, "");
    CHECK_STR(w.plan.steps[1].price.price->provider, "anthropic");
    CHECK(w.plan.steps[1].quality >= 0.97 * w.plan.steps[0].quality);
    r->fallback = home;
    make(&w);
    CHECK_STR(steps(&w), "gpt-4o-mini llama3.3");
    end(&w);
}

/* --- sessions --- */

TEST(a_warm_prompt_cache_is_not_given_up_for_less_than_it_saves)
{
    static const dd_route_step pair[] = { STEP("anthropic/t-mid"), STEP("openai/t-small") };
    world w;
    start(&w);
    w.opts.live   = dd_live_new(64, 64);
    w.opts.now_ms = 1000000;
    dd_route *r   = add_route(&w, "r", "", DD_STRATEGY_CHEAPEST);
    from(r, pair, 2);
    w.facts.session      = DD_STR("s-1");
    w.facts.input_tokens = 800;
    dd_plan *p    = make(&w);
    CHECK_STR(steps(&w), "t-small");
    CHECK(p->session != 0);
    uint32_t mid = dd_live_slot(w.opts.live, DD_STR("anthropic"), DD_STR("t-mid"), 0, true);
    dd_live_session_put(w.opts.live, p->session, mid, 800, 990000);
    make(&w);
    /* t-mid: 800 cached at 0.1 and 10 at 5: 130; t-small: 800 at 0.1 and 10 at 0.4: 84: still cheaper */
    CHECK_EQ(considered(p, "t-mid")->expected, 130000000, "800 cached tokens at 0.1, 10 at 5");
    CHECK_STR(steps(&w), "t-small");
    from(r, three, 2);   /* t-big and t-mid */
    uint32_t big = dd_live_slot(w.opts.live, DD_STR("openai"), DD_STR("t-big"), 0, true);
    dd_live_session_put(w.opts.live, p->session, big, 800, 990000);
    make(&w);
    /* t-big cached: 800 at 1 and 10 at 30: 1100; t-mid: 800 at 1 and 10 at 5: 850 */
    CHECK_STR(steps(&w), "t-mid");
    w.facts.input_tokens = 100000;
    dd_live_session_put(w.opts.live, p->session, big, 99000, 990000);
    w.facts.max_tokens = 4;
    from(r, mid_big, 2);
    r->strategy = DD_STRATEGY_SCORE, r->w_cost = 0, r->w_latency = 0, r->w_task = 1;
    make(&w);
    CHECK_EQ(considered(p, "t-big")->fit, DD_FIT_CONTEXT, "100,000 + 4 > 100,000");
    w.facts.input_tokens = 90000;
    dd_live_session_put(w.opts.live, p->session, big, 90000, 990000);
    make(&w);
    /* t-mid first by order; t-big: 90,000 cached at 1 and 3 at 30: 90,090; t-mid: 90,000 at 1 and 3 at 5: 90,015: moving saves */
    CHECK_STR(steps(&w), "t-mid");
    dd_live_session_put(w.opts.live, p->session, mid, 90000, 990000);
    from(r, three, 2);
    make(&w);
    /* t-big first by order, but t-mid has the cache: 9,015 against 900,090 */
    CHECK_STR(steps(&w), "t-mid");
    CHECK(p->stuck);
    w.opts.now_ms = 990000 + 6 * 60000;   /* cold by now */
    make(&w);
    CHECK_STR(steps(&w), "t-big");
    r->sticky = DD_STICKY_SESSION;
    dd_live_session_put(w.opts.live, make(&w)->session, mid, 0, w.opts.now_ms);
    make(&w);
    CHECK_STR(steps(&w), "t-mid");
    CHECK(p->stuck);
    fail_often(&w, "anthropic", "t-mid");
    make(&w);
    CHECK_STR(steps(&w), "t-big");
    end(&w);
}

/* --- POST /v1/chat --- */

TEST(omni_requests_without_routes_RO_1_RO_5_RO_6)
{
    static const dd_route_step registry[] = { STEP("anthropic/claude-opus-4-8"), STEP("openai/gpt-5.6-luna"), STEP("openai/gpt-4.1-nano") };
    world w;
    start(&w);
    w.policy.registry    = registry;
    w.policy.n_registry  = 3;
    w.policy.premium     = DD_STR("t-big");
    w.facts.model        = DD_STR("");
    w.facts.endpoint     = DD_STR("chat");
    w.facts.class.task   = DD_TASK_CHAT;
    w.facts.priority     = DD_PRIORITY_CHEAP;
    dd_plan *p           = make(&w);
    CHECK_EQ(p->verdict, DD_DECIDED, "");
    CHECK_STR(p->steps[0].model, "gpt-5.6-luna");   /* gpt-4.1-nano is retired */
    CHECK_STR(dd_str_z(p->strategy_name), "cheapest");
    CHECK_EQ(p->expected_premium, (100 * 10 + 350 * 30) * INT64_C(1000000), "R RO.6: a chat answer is 350 tokens; t-big at 10 and 30 USD a million");
    w.facts.priority = DD_PRIORITY_BEST;
    make(&w);
    CHECK_STR(steps(&w), "claude-opus-4-8 gpt-5.6-luna");   /* primary, backup = cheapest */
    w.facts.max_cost = 1;
    make(&w);
    CHECK_EQ(p->verdict, DD_DECIDED_TOO_DEAR, "RO.1");
    CHECK(p->cheapest > 1 && p->cheapest < INT64_C(1000000000));
    w.facts.max_cost      = DD_PUSD_UNKNOWN;
    w.policy.role_coding  = DD_STR("t-mid");
    w.policy.role_fallback = DD_STR("t-small");
    w.facts.priority      = DD_PRIORITY_BALANCED;
    w.facts.class.task    = DD_TASK_CODING;
    make(&w);
    CHECK_STR(steps(&w), "t-mid t-small");
    CHECK_STR(dd_str_z(p->strategy_name), "role");
    w.policy.n_registry = 0;
    w.policy.role_coding = DD_STR("");
    w.facts.priority    = DD_PRIORITY_BEST;
    make(&w);
    CHECK_EQ(p->verdict, DD_DECIDED, "all that the providers have");
    CHECK(p->steps[0].quality > 0.9);
    end(&w);
}

TEST(development_goes_to_the_local_server_RC_2)
{
    world w;
    start(&w);
    w.policy.dev_mode  = true;
    w.policy.dev_model = DD_STR("llama3.2");
    w.policy.providers = &providers[2];
    w.policy.n_providers = 1;
    make(&w);
    CHECK_STR(steps(&w), "llama3.2");
    CHECK_STR(dd_str_z(w.plan.strategy_name), "dev");
    end(&w);
}

/* --- how plans are shown --- */

TEST(plans_as_JSON_R10_4)
{
    world w;
    start(&w);
    add_route(&w, "not", "feature == 'x'", DD_STRATEGY_PASSTHROUGH);
    from(add_route(&w, "r", "", DD_STRATEGY_CHEAPEST), three, 3);
    w.opts.trace = true;
    dd_plan *p   = make(&w);
    dd_buf   b   = DD_BUF_INIT(0);
    dd_plan_json(p, &w.policy, &w.facts, &b);
    cJSON *j = cJSON_ParseWithLength(b.ptr, b.len);
    CHECK(j != NULL);
    CHECK_STR(dd_str_z(cJSON_GetStringValue(cJSON_GetObjectItem(j, "route"))), "r");
    CHECK_EQ(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rules")), 2, "");
    CHECK_EQ(cJSON_GetArraySize(cJSON_GetObjectItem(j, "considered")), 3, "");
    CHECK(dd_str_has(dd_buf_str(&b), "\"expected_cost_usd\":0.000014,"));
    CHECK(dd_str_has(dd_buf_str(&b), "\"expected_saving_usd\":0.001286,"));   /* 0.0013 - 0.000014 */
    cJSON_Delete(j);
    dd_buf_clear(&b);
    dd_plan_considered(p, &w.policy, 4096, &b);
    j = cJSON_ParseWithLength(b.ptr, b.len);
    CHECK_EQ(cJSON_GetArraySize(j), 3, "");
    cJSON_Delete(j);
    size_t whole = b.len;
    for (size_t max = 0; max <= whole; max++) {
        dd_buf_clear(&b);
        dd_plan_considered(p, &w.policy, max, &b);
        CHECK(b.len <= max);
        j = max < 2 ? NULL : cJSON_ParseWithLength(b.ptr, b.len);
        CHECK(max < 2 || cJSON_IsArray(j));
        cJSON_Delete(j);
    }
    dd_buf_free(&b);
    end(&w);
}

TEST(the_index_changes_nothing_but_the_time)
{
    world w;
    start(&w);
    from(add_route(&w, "r", "", DD_STRATEGY_CHEAPEST), three, 3);
    make(&w);
    dd_str with    = steps(&w);
    w.policy.index = NULL;
    dd_plan_make(&w.opts, &w.facts, &w.arena, &w.plan);
    CHECK(dd_str_eq(with, steps(&w)));
    end(&w);
}

/* --- whatever comes --- */

static uint64_t dice(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return *s >> 33;
}

static dd_route_step any_step(uint64_t *s)
{
    static const char *const names[] = { "t-big", "anthropic/t-mid", "openai/t-small", "t-old", "smart", "openrouter/", "local/", "nobody/", "gpt-4o",
                                         "llama3.3", "",
                                         "anthropic/claude-haiku-4-5", "text-embedding-3-small", "x/y", "/", "lost" };
    return (dd_route_step){ .model = dd_str_z(names[dice(s) % DD_COUNT(names)]), .weight = (int64_t)(dice(s) % 3), .timeout_ms = -1, .retries = -1,
                            .threshold = dice(s) % 3 ? (double)(dice(s) % 10) / 10 : -1 };
}

static void any_steps(world *w, uint64_t *s, const dd_route_step **out, size_t *n)
{
    *n               = dice(s) % 5;
    dd_route_step *v = dd_newn(&w->arena, dd_route_step, *n + 1);
    for (size_t i = 0; i < *n; i++)
        v[i] = any_step(s);
    *out = v;
}

static void any_world(world *w, uint64_t *s)
{
    static const dd_policy_alias odd[] = { { .name = DD_STR("smart"), .targets = mid_big, .n = 2 }, { .name = DD_STR("lost"), .targets = NULL,
        .n = 0 } };
    dd_facts *f      = &w->facts;
    w->policy.n_routes  = 0;
    w->policy.aliases   = odd;
    w->policy.n_aliases = 2;
    for (uint64_t i = dice(s) % 3; i > 0; i--) {
        dd_route *r = add_route(w, "r", dice(s) % 2 ? "" : "input_tokens < 500", (dd_strategy)(dice(s) % DD_STRATEGY_COUNT));
        any_steps(w, s, &r->from, &r->n_from);
        any_steps(w, s, &r->fallback, &r->n_fallback);
        r->no_fallback = dice(s) % 8 == 0;
        r->sticky      = (dd_sticky_by)(dice(s) % 3);
        r->min_quality = dice(s) % 2 ? 0.5 : 0;
    }
    any_steps(w, s, &w->policy.fallback, &w->policy.n_fallback);
    any_steps(w, s, &w->policy.registry, &w->policy.n_registry);
    any_steps(w, s, &w->opts.own_chain, &w->opts.n_own_chain);
    w->policy.panic          = dice(s) % 10 == 0;
    w->policy.panic_provider = dice(s) % 2 ? DD_STR("openrouter") : DD_STR("");
    w->policy.refuse_unpriced = dice(s) % 4 == 0;
    w->policy.role_coding    = dice(s) % 3 ? DD_STR("") : any_step(s).model;
    w->opts.trace            = dice(s) % 2;
    w->opts.only_local       = dice(s) % 10 == 0;
    f->model        = dice(s) % 5 ? any_step(s).model : DD_STR("");
    f->endpoint     = dice(s) % 6 ? DD_STR("chat.completions") : DD_STR("embeddings");
    f->has_images   = dice(s) % 4 == 0;
    f->has_tools    = dice(s) % 3 == 0;
    f->input_tokens = (int64_t)(dice(s) % 300000);
    f->max_tokens   = dice(s) % 2 ? -1 : (int64_t)(dice(s) % 2000);
    f->max_cost     = dice(s) % 5 ? DD_PUSD_UNKNOWN : (dd_pusd)(dice(s) % 1000000000);
    f->priority     = (dd_priority)(dice(s) % 4);
    f->fast         = dice(s) % 5 == 0;
    f->provider     = DD_STR("");
    f->session      = dice(s) % 2 ? DD_STR("s") : DD_STR("");
    f->random       = dice(s);
}

static void check_plan(const world *w, uint64_t seed)
{
    const dd_plan *p = &w->plan;
    bool           twice = false, wild = false;
    for (size_t i = 0; i < p->n_steps; i++) {
        wild |= p->steps[i].provider >= w->policy.n_providers || !p->steps[i].model.len;
        wild |= p->steps[i].fit != DD_FIT_OK && p->steps[i].fit != DD_FIT_BREAKER;
        wild |= w->facts.max_cost != DD_PUSD_UNKNOWN && p->steps[i].expected != DD_PUSD_UNKNOWN && p->steps[i].expected > w->facts.max_cost;
        for (size_t k = 0; k < i; k++)
            twice |= p->steps[i].provider == p->steps[k].provider && dd_str_eq(p->steps[i].model, p->steps[k].model);
    }
    bool whole = (p->verdict == DD_DECIDED) == (p->n_steps > 0) && p->n_primary <= p->n_steps && (!w->policy.panic || p->n_steps <= p->n_primary);
    if (!whole || twice || wild)
        dd_test_fail(__FILE__, __LINE__, "seed %llu: verdict %d, %zu steps, %zu primary", (unsigned long long)seed, (int)p->verdict, p->n_steps,
                     p->n_primary);
}

TEST(any_policy_and_request_make_a_whole_plan)
{
    world w;
    start(&w);
    w.opts.live   = dd_live_new(256, 64);
    w.opts.now_ms = 1000000;
    fail_often(&w, "anthropic", "t-mid");
    for (uint64_t seed = 1; seed <= 400; seed++) {
        uint64_t s = seed;
        any_world(&w, &s);
        make(&w);
        check_plan(&w, seed);
        if (w.plan.n_steps)
            dd_live_session_put(w.opts.live, w.plan.session | 1, dd_live_slot(w.opts.live, providers[w.plan.steps[0].provider].name,
                                                                              w.plan.steps[0].model, 0, true),
                                5000, w.opts.now_ms);
        dd_buf b = DD_BUF_INIT(0);
        dd_plan_json(&w.plan, &w.policy, &w.facts, &b);
        cJSON *j = cJSON_ParseWithLength(b.ptr, b.len);
        CHECK(j != NULL);
        cJSON_Delete(j);
        dd_buf_free(&b);
    }
    end(&w);
}

TEST(prices_that_nobody_knows_are_refused_when_that_is_wanted)
{
    world w;
    start(&w);
    w.facts.model            = DD_STR("openai/made-up");
    w.policy.refuse_unpriced = true;
    CHECK_EQ(make(&w)->verdict, DD_DECIDED_UNPRICED, "");
    w.policy.refuse_unpriced = false;
    CHECK_EQ(make(&w)->verdict, DD_DECIDED, "");
    CHECK_EQ(w.plan.steps[0].expected, DD_PUSD_UNKNOWN, "unknown is never 0");
    end(&w);
}

TEST(flags_hold_rules_back_R10_1)
{
    dd_flag  f  = { .name = DD_STR("new"), .on = true, .rollout = 100, .created = dd_day_make(2026, 11, 10), .expires = dd_day_make(2026, 11, 24) };
    dd_flags fs = { &f, 1 };
    world    w;
    start(&w);
    dd_route *r = add_route(&w, "r", "", DD_STRATEGY_PASSTHROUGH);
    from(r, just_small, 1);
    r->flag      = DD_STR("new");
    w.opts.flags = &fs;
    make(&w);
    CHECK_STR(steps(&w), "t-small");
    f.on = false;
    make(&w);
    CHECK_STR(steps(&w), "t-big");   /* off: as if it were not there */
    end(&w);
}
