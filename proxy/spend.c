/* proxy/spend.c - what a request may cost and how many there may be: rate limits, then money set aside before the call and settled after it. */
#include "proxy/exchange.h"

/* --- limits --- */

struct limiting { dd_limit_hold hold; dd_limit_verdict verdict; bool open; };

static int64_t mono_ms(const exchange *x) { return dd_loop_now(x->w->loop).ns / 1000000; }

static bool counts_tokens(const dd_limit_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++)
        if (rules->v[i].tokens >= 0)
            return true;
    return false;
}

bool spend_limits(exchange *x)
{
    const dd_limit_rules *rules = &x->s->limits;
    if (!rules->n)
        return true;
    weigh_facts(x);
    int64_t tokens = 0;
    if (counts_tokens(rules) && x->body.n) {
        dd_facts_need(&x->asked, DD_FACT_TOKENS);
        tokens = x->asked.input_tokens + (x->asked.max_tokens > 0 ? x->asked.max_tokens : 0);
    }
    struct limiting *g = x->limiting = dd_new(x->h->arena, struct limiting);
    *g      = (struct limiting){ .open = false };
    g->open = dd_limits_take(dd_gateway_limits(x->w->gateway), rules, &x->asked, tokens, mono_ms(x), &g->hold, &g->verdict);
    if (g->open)
        return true;
    const dd_limit *l = g->verdict.rule;
    return fail_request(x, 429, "rate_limit_error", "rate_limit_exceeded", "", "the limit \"" DD_STR_FMT "\" of %s is reached; the next one may come in %.1f s",
                        DD_STR_ARG(l ? l->name : DD_STR("")), g->verdict.what ? g->verdict.what : "requests", (double)g->verdict.retry_after_ms / 1000);
}

/* --- budgets --- */

/* Answers that are asked for at once: each may be as long as the cap. */
static int64_t choices(const exchange *x)
{
    enum { MOST = 1000 };
    int64_t n = 1, best = 1;
    if (x->ep.dialect != DD_DIALECT_CHAT && x->ep.dialect != DD_DIALECT_COMPLETIONS)
        return 1;
    if (!dd_jspan_i64(&x->body, dd_jspan_member(&x->body, 0, "n", NULL), &n))
        n = 1;
    if (x->ep.dialect == DD_DIALECT_COMPLETIONS && dd_jspan_i64(&x->body, dd_jspan_member(&x->body, 0, "best_of", NULL), &best) && best > n)
        n = best;
    return n < 1 ? 1 : n > MOST ? MOST : n;
}

static int64_t times(int64_t tokens, int64_t n)
{
    int64_t all;
    return tokens < 0 ? tokens : __builtin_mul_overflow(tokens, n, &all) ? INT64_MAX : all;
}

/* What may be spent: a cascade's ladder may all be called, a verifier be asked between its rungs, and the chain behind it; of a chain the dearest is. A provider that
 * costs nothing needs no money. */
static dd_pusd at_most(exchange *x)
{
    bool    cascade = x->plan.strategy == DD_STRATEGY_CASCADE && x->plan.checks;
    dd_pusd sum = 0, most = 0, ask = cascade && x->plan.n_primary > 1 ? verify_at_most(x) : 0;
    for (size_t i = 1; ask > 0 && i < x->plan.n_primary; i++)
        if (dd_money_add(sum, ask, &sum) != DD_OK)
            sum = INT64_MAX;
    most = sum;
    dd_day  day = dd_day_of((dd_wall){ x->asked.time_s });
    int64_t n = choices(x), cap = times(x->asked.max_tokens, n), expected = times(x->plan.expected_output, n);
    for (size_t i = 0; i < x->plan.n_steps; i++) {
        const dd_candidate *c = &x->plan.steps[i];
        if (x->s->policy.providers[c->provider].free || !c->price.price)
            continue;
        if (cap < 0 && x->plan.expected_output < 0) {   /* nothing that was chosen depended on it until now */
            dd_facts_need(&x->asked, DD_FACT_CLASS);
            expected = times(dd_plan_output(&x->asked, c->price.price), n);
        }
        dd_pusd one = dd_budget_estimate(c->price.price, x->asked.input_tokens, cap, expected, day);
        if (one == DD_PUSD_UNKNOWN)
            continue;
        if (cascade && dd_money_add(sum, one, &one) != DD_OK)
            one = INT64_MAX;
        if (cascade && i < x->plan.n_primary)
            sum = one;
        most = one > most ? one : most;
    }
    return x->spent && dd_money_add(most, x->spent, &most) != DD_OK ? INT64_MAX : most;   /* asking how hard it is was paid already */
}

static bool refuse(exchange *x, const dd_account *a)
{
    dd_buf spent = DD_BUF_INIT(64), reserved = DD_BUF_INIT(64), limit = DD_BUF_INIT(64);
    dd_money_show(x->reserved.spent, &spent);
    dd_money_show(x->reserved.reserved, &reserved);
    dd_money_show(x->reserved.limit, &limit);
    bool plan = a->budget->plan != 0;
    fail_request(x, plan ? 429 : 402, plan ? "rate_limit_error" : "insufficient_quota", plan ? "plan_limit_exceeded" : "budget_exceeded", "",
                 "the budget \"" DD_STR_FMT "\" has no room for this request: %s spent and %s reserved of %s a %s%s", DD_STR_ARG(a->budget->name),
                 dd_buf_z(&spent), dd_buf_z(&reserved), dd_buf_z(&limit), dd_period_name(a->budget->period), plan ? "; a larger plan lifts it" : "");
    x->budget         = a->budget->name;
    x->error.no_retry = true;                /* or an agent's SDK hammers on (S13) */
    x->failure        = DD_EC_BUDGET;
    dd_buf_free(&spent);
    dd_buf_free(&reserved);
    dd_buf_free(&limit);
    return false;
}

/* What the budget that has no room wants instead of refusing; true: planned anew. What then goes on is counted, and not refused by this budget again. */
static bool instead(exchange *x, dd_account *a, bool *ok)
{
    bool local = a->budget->on_exceed == DD_EXCEED_LOCAL;
    if (!local && a->budget->on_exceed != DD_EXCEED_DOWNGRADE)
        return false;
    dd_budget *soft = dd_new(x->h->arena, dd_budget);
    dd_str     to   = a->budget->downgrade;
    *soft           = *a->budget;
    soft->on_exceed = DD_EXCEED_WARN;
    a->budget       = soft;
    x->budget       = soft->name;
    *ok             = weigh_again(x, local ? DD_STR("") : to, local);
    return true;
}

/* The ledger has no place for an account more. Who makes up names for users, teams and features has filled it, and is bound by no budget of theirs anyway: what holds is
 * that of all, of the organisation and of the key. false: none was left out. */
static bool leave_out_made_up(exchange *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n_accounts; i++) {
        dd_budget_scope scope = x->accounts[i].budget->scope;
        bool known = scope == DD_SCOPE_GLOBAL || scope == DD_SCOPE_ORG || scope == DD_SCOPE_KEY || (scope == DD_SCOPE_USER && x->caller.user.len);
        if (known)
            x->accounts[n++] = x->accounts[i];
    }
    bool fewer    = n < x->n_accounts;
    x->n_accounts = n;
    return fewer;
}

bool spend_reserve(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    if (!x->s->budgets.n || !hooks->reserve)
        return true;
    x->accounts   = dd_newn(x->h->arena, dd_account, ACCOUNTS_MAX);
    x->n_accounts = dd_budget_accounts(&x->s->budgets, &x->asked, x->asked.time_s, x->accounts, ACCOUNTS_MAX);
    if (!x->n_accounts)
        return true;
    dd_facts_need(&x->asked, DD_FACT_TOKENS);
    for (;;) {
        dd_pusd amount = at_most(x);
        bool    ok     = true;
        if (amount == 0 || hooks->reserve(hooks->ctx, x->accounts, x->n_accounts, amount, &x->money, &x->reserved))
            return true;                     /* what is free passes (P25) */
        if (x->reserved.refused >= x->n_accounts) {
            if (leave_out_made_up(x)) {
                if (!x->n_accounts)
                    return true;
                continue;
            }
            fail_request(x, 503, "server_error", "budget_busy", "", "too many requests hold money at this moment");
            return false;
        }
        dd_account *a = &x->accounts[x->reserved.refused];
        if (!instead(x, a, &ok))
            return refuse(x, a);
        if (!ok)
            return refuse(x, a);             /* nothing else can answer: the budget is the reason */
    }
}

/* A budget that refuses, and has nothing left; NULL: none. */
static const dd_budget *spent_one(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    if (!x->s->budgets.n || !hooks->used)
        return NULL;
    weigh_facts(x);
    dd_account *v = dd_newn(x->h->arena, dd_account, ACCOUNTS_MAX);
    size_t      n = dd_budget_accounts(&x->s->budgets, &x->asked, x->asked.time_s, v, ACCOUNTS_MAX);
    for (size_t i = 0; i < n; i++)
        if (v[i].budget->on_exceed != DD_EXCEED_WARN && hooks->used(hooks->ctx, &v[i], 1) >= 1)
            return v[i].budget;
    return NULL;
}

bool spend_is_left(exchange *x) { return !spent_one(x); }

bool spend_pass(exchange *x)
{
    dd_str method = x->h->method;
    bool   reads  = dd_str_eqz(method, "GET") || dd_str_eqz(method, "HEAD") || dd_str_eqz(method, "DELETE");
    const dd_budget *spent = reads ? NULL : spent_one(x);
    if (!spent)
        return true;
    fail_request(x, 402, "insufficient_quota", "budget_exceeded", "", "the budget \"" DD_STR_FMT "\" is spent", DD_STR_ARG(spent->name));
    x->budget         = spent->name;
    x->error.no_retry = true;
    x->failure        = DD_EC_BUDGET;
    return false;
}

/* What was asked of a model before anything could be set aside: an answer that was kept, or a refusal, followed. */
static void charge_unreserved(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    if (x->money || x->spent <= 0 || !x->s->budgets.n || !hooks->settle)
        return;
    dd_account *v = dd_newn(x->h->arena, dd_account, ACCOUNTS_MAX);
    size_t      n = dd_budget_accounts(&x->s->budgets, &x->asked, x->asked.time_s, v, ACCOUNTS_MAX);
    hooks->settle(hooks->ctx, 0, v, n, x->spent);
}

void spend_settle(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    struct limiting *g = x->limiting;
    if (x->settled)
        return;
    x->settled = true;
    if (g && g->open) {
        const dd_usage *u    = &x->usage.usage;
        bool            told = x->usage_source != DD_USAGE_NONE;
        int64_t         n    = x->attempts.n ? -1 : 0;   /* nobody was asked: nothing is used up */
        if (told)
            n = u->input + u->cache_read + u->cache_write + u->cache_write_1h + u->output;
        dd_limits_end(dd_gateway_limits(x->w->gateway), &x->s->limits, &g->hold, n, mono_ms(x));
    }
    if (g)
        g->open = false;
    charge_unreserved(x);
    if (x->money && hooks->settle) {
        dd_pusd actual = x->bill.actual != DD_PUSD_UNKNOWN ? x->bill.actual : x->spent;
        hooks->settle(hooks->ctx, x->money, x->accounts, x->n_accounts, actual > 0 ? actual : 0);
    }
    x->money = 0;
}

/* --- headers --- */

static dd_header number(exchange *x, const char *name, int64_t n) { return (dd_header){ dd_str_z(name), dd_arena_printf(x->h->arena, "%lld", (long long)n) }; }

/* The budget that is nearest to its end, once it is worth a word. */
static bool warns(const exchange *x)
{
    for (size_t i = 0; i < x->n_accounts; i++)
        if (x->accounts[i].budget->warn_at > 0 && x->reserved.used >= x->accounts[i].budget->warn_at)
            return true;
    return false;
}

dd_str spend_spoke(exchange *x)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    dd_str          name  = x->budget;
    double          most  = -1;
    if (name.len || !warns(x))
        return name;
    for (size_t i = 0; i < x->n_accounts; i++) {
        double used = x->n_accounts > 1 && hooks->used ? hooks->used(hooks->ctx, &x->accounts[i], 1) : 0;
        if (used > most)
            name = x->accounts[i].budget->name;
        most = used > most ? used : most;
    }
    return name;
}

size_t spend_headers(exchange *x, dd_header *out)
{
    size_t n = 0;
    const dd_limit_verdict *v = x->limiting ? &x->limiting->verdict : NULL;
    if (v && v->rule) {
        out[n++] = number(x, "retry-after", (v->retry_after_ms + 999) / 1000);
        out[n++] = number(x, "retry-after-ms", v->retry_after_ms);
        if (v->limit >= 0) {
            out[n++] = number(x, "x-ratelimit-limit-requests", v->limit);
            out[n++] = number(x, "x-ratelimit-remaining-requests", v->remaining);
        }
    }
    if (warns(x))
        out[n++] = (dd_header){ DD_STR("x-dd0c-budget"), dd_arena_printf(x->h->arena, "%.0f%% used", x->reserved.used * 100) };
    return n;
}
