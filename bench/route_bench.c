/* bench/route_bench.c - how long a decision takes: 200 rules that are all tried, 40 models that are all compared. Tokens and class are known before.
 *
 * Each plan is timed alone, in processor time of its thread, so that what else runs on the machine counts less; the cost of asking for that time is in
 * each figure, and said. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "route/plan.h"

enum { RULES = 200, MODELS = 40, PLANS = 100000, WARM = 2000 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static dd_policy_provider providers[] = {
    { .name = DD_STR("openai"), .billed_as = DD_STR("openai"), .family = DD_FAMILY_OPENAI },
    { .name = DD_STR("anthropic"), .billed_as = DD_STR("anthropic"), .family = DD_FAMILY_ANTHROPIC },
    { .name = DD_STR("google"), .billed_as = DD_STR("google"), .family = DD_FAMILY_OPENAI },
    { .name = DD_STR("mistral"), .billed_as = DD_STR("mistral"), .family = DD_FAMILY_OPENAI },
};

/* The first chat models of these providers in the table. */
static size_t pick_models(const dd_prices *prices, dd_arena *a, dd_route_step *out)
{
    size_t n = 0;
    for (size_t i = 0; i < dd_prices_count(prices) && n < MODELS; i++) {
        const dd_price *row = dd_prices_at(prices, i);
        for (size_t k = 0; k < DD_COUNT(providers); k++)
            if (dd_str_eq(row->provider, providers[k].billed_as) && row->kind == DD_KIND_CHAT && row->status == DD_MODEL_ACTIVE && n < MODELS)
                out[n++] = (dd_route_step){ .model = dd_arena_printf(a, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(row->provider), DD_STR_ARG(row->id)),
                                            .weight = 1, .timeout_ms = -1, .retries = -1, .threshold = -1 };
    }
    return n;
}

static const dd_cel *compile(dd_arena *a, dd_str when)
{
    dd_err  err = DD_ERR_INIT;
    dd_cel *p   = dd_cel_compile(when, &dd_facts_env, a, &err, NULL);
    if (!p) {
        fprintf(stderr, "%s\n", err.msg);
        exit(3);
    }
    return p;
}

static void make_routes(dd_arena *a, dd_route *r, dd_strategy s, const dd_route_step *from, size_t n)
{
    static const char *const forms[] = {
        "feature == \"feature-%d\" && input_tokens < 500",
        "team == \"team-%d\" && (task == \"coding\" || score > 0.7)",
        "tags.tenant == \"tenant-%d\" && env == \"production\"",
        "hour >= 8 && hour < 18 && user == \"user-%d@example.com\"",
        "model.startsWith(\"model-%d\") || endpoint == \"none-%d\"",
    };
    for (int i = 0; i < RULES; i++) {
        char when[200];
        snprintf(when, sizeof when, forms[i % (int)DD_COUNT(forms)], i, i);
        dd_str text = i + 1 < RULES ? dd_arena_dupz(a, when) : DD_STR("stream || messages > 0");
        r[i] = (dd_route){ .name = dd_arena_printf(a, "rule-%d", i), .when = text, .test = compile(a, text), .strategy = s, .from = from, .n_from = n,
                           .w_cost = -1, .w_latency = -1, .w_task = -1, .cache = -1 };
    }
}

static void measure(const char *name, dd_plan_opts *o, dd_facts *f, int64_t *ns)
{
    dd_arena a    = DD_ARENA_INIT;
    dd_plan  plan = { 0 };
    for (int i = 0; i < PLANS + WARM; i++) {
        dd_arena_mark mark = dd_arena_here(&a);
        f->random += 0x9e3779b97f4a7c15u;
        f->input_tokens = 50 + i % 2000;
        f->known        = DD_FACT_TOKENS | DD_FACT_CLASS | DD_FACT_BUDGET;
        int64_t from = now_ns();
        dd_plan_make(o, f, &a, &plan);
        int64_t took = now_ns() - from;
        if (i >= WARM)
            ns[i - WARM] = took;
        dd_arena_back(&a, mark);
    }
    qsort(ns, PLANS, sizeof *ns, by_size);
    printf("%-22s %3zu considered  p50 %6.1f us  p99 %6.1f us  p99.9 %6.1f us\n", name, plan.n_considered, (double)ns[PLANS / 2] / 1e3,
           (double)ns[PLANS * 99 / 100] / 1e3, (double)ns[PLANS / 1000 * 999] / 1e3);
    dd_arena_fini(&a);
}

int main(void)
{
    dd_prices_opts po     = { 0 };
    dd_prices     *prices = dd_prices_open(&po, NULL);
    dd_arena       a      = DD_ARENA_INIT;
    dd_route_step  models[MODELS];
    dd_route       routes[RULES];
    dd_policy      policy;
    int64_t       *ns = dd_calloc(PLANS, sizeof *ns);
    dd_tag         tags[] = { { DD_STR("tenant"), DD_STR("acme") }, { DD_STR("version"), DD_STR("3") } };
    dd_facts f = { .model = DD_STR("gpt-4o"), .endpoint = DD_STR("chat.completions"), .feature = DD_STR("search"), .team = DD_STR("core"),
                   .env = DD_STR("production"), .user = DD_STR("someone@example.com"), .session = DD_STR("session-1"), .max_tokens = -1, .messages = 3,
                   .turns = 2, .has_tools = true, .tools = 2, .tags = tags, .n_tags = 2, .time_s = 1795000000, .max_cost = DD_PUSD_UNKNOWN,
                   .class = { .task = DD_TASK_CHAT, .complexity = DD_COMPLEXITY_MEDIUM, .score = 0.5 } };
    static const dd_strategy tried[] = { DD_STRATEGY_CHEAPEST, DD_STRATEGY_SCORE, DD_STRATEGY_QUALITY, DD_STRATEGY_CASCADE, DD_STRATEGY_WEIGHTED };
    dd_policy_defaults(&policy);
    policy.providers   = providers;
    policy.n_providers = DD_COUNT(providers);
    policy.routes      = routes;
    policy.n_routes    = RULES;
    dd_plan_opts o = { .policy = &policy, .prices = prices, .live = dd_live_new(0, 0), .now_ms = 1000, .day = dd_day_make(2026, 11, 20) };
    size_t       n = pick_models(prices, &a, models);
    for (int i = 0; i < PLANS; i++) {
        int64_t from = now_ns();
        ns[i]        = now_ns() - from;
    }
    qsort(ns, PLANS, sizeof *ns, by_size);
    printf("%d rules, %zu models, %d plans each; the clock itself: p50 %.2f us, p99 %.2f us\n", RULES, n, PLANS, (double)ns[PLANS / 2] / 1e3,
           (double)ns[PLANS * 99 / 100] / 1e3);
    for (size_t s = 0; s < DD_COUNT(tried); s++) {
        make_routes(&a, routes, tried[s], models, n);
        dd_policy_index(&policy, prices, &a);
        measure(dd_strategy_name(tried[s]), &o, &f, ns);
    }
    make_routes(&a, routes, DD_STRATEGY_CHEAPEST, models, 0);
    int64_t from = now_ns();
    dd_policy_index(&policy, prices, &a);
    int64_t index = now_ns() - from;
    measure("cheapest, no list", &o, &f, ns);
    policy.n_routes = 0;
    measure("no rules", &o, &f, ns);
    printf("dd_policy_index of %zu prices: %.1f ms\n", dd_prices_count(prices), (double)index / 1e6);
    free(ns);
    dd_live_free(o.live);
    dd_arena_fini(&a);
    dd_prices_close(prices);
    return 0;
}
