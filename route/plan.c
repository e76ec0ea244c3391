#include "route/budget.h"
#include "route/plan_parts.h"

/* Prompt caches of the large providers are kept for five minutes after their last use. */
enum { CACHE_WARM_MS = 5 * 60 * 1000 };

static const struct { const char *name, *text; } fits[DD_FIT_COUNT] = {
    [DD_FIT_OK] = { "ok", "" },
    [DD_FIT_CONTEXT] = { "context", "the request is longer than its context" },
    [DD_FIT_OUTPUT] = { "output", "it does not write as much as max_tokens asks for" },
    [DD_FIT_TOOLS] = { "tools", "it takes no tools" },
    [DD_FIT_VISION] = { "vision", "it takes no pictures" },
    [DD_FIT_DOCUMENTS] = { "documents", "it takes no documents" },
    [DD_FIT_AUDIO] = { "audio", "it takes no sound" },
    [DD_FIT_JSON] = { "json", "it gives no JSON by a schema" },
    [DD_FIT_REASONING] = { "reasoning", "it does not reason" },
    [DD_FIT_ENDPOINT] = { "endpoint", "it does not serve this endpoint" },
    [DD_FIT_RETIRED] = { "retired", "its provider has retired it" },
    [DD_FIT_UNPRICED] = { "unpriced", "its price is not known" },
    [DD_FIT_NOT_ALLOWED] = { "not_allowed", "the key may not use it" },
    [DD_FIT_NO_PROVIDER] = { "no_provider", "no configured provider has it" },
    [DD_FIT_QUALITY] = { "quality", "it is weaker than the route allows" },
    [DD_FIT_TOO_DEAR] = { "too_dear", "it costs more than max_cost" },
    [DD_FIT_BREAKER] = { "breaker", "it failed too often of late" },
    [DD_FIT_NOT_LOCAL] = { "not_local", "the budget is spent, and it is neither local nor free" },
};

const char *dd_fit_name(dd_fit fit) { return (unsigned)fit < DD_FIT_COUNT ? fits[fit].name : "unknown"; }
const char *dd_fit_text(dd_fit fit) { return (unsigned)fit < DD_FIT_COUNT ? fits[fit].text : "unknown"; }

static void clear(dd_plan *p)
{
    *p = (dd_plan){ .strategy = DD_STRATEGY_PASSTHROUGH, .strategy_name = "passthrough", .expected_requested = DD_PUSD_UNKNOWN,
                    .expected_premium = DD_PUSD_UNKNOWN, .cheapest = DD_PUSD_UNKNOWN, .expected_output = -1, .cache = -1, .checks = DD_CHECK_USUAL };
}

/* What keeps requests of one conversation together. A session that is not named is known by what its requests begin with. */
static uint64_t session_of(const dd_facts *f, const dd_route *r)
{
    bool   user = r && r->sticky == DD_STICKY_USER && f->user.len;
    dd_str by   = user ? f->user : f->session;
    if (!by.len && !f->prefix)
        return 0;
    uint64_t id = by.len ? dd_str_hash(by) : f->prefix;
    return (id ^ dd_str_hash(f->key) ^ (user ? 0x9e3779b97f4a7c15u : 0)) | 1;
}

static void set_asked(plan_work *w)
{
    dd_plan *p = w->p;
    w->asked   = (dd_decision){ .verdict = DD_DECIDED_NO_MODEL };
    if (!w->f->model.len)
        return;
    p->alias = dd_policy_alias_find(w->policy, w->f->model);
    if (p->alias)
        w->asked = w->ix->alias_asked[p->alias - w->policy->aliases];
    else
        w->asked_target = plan_index_find(w->ix, w->f->model, w->arena, &w->asked);
    if (!w->f->provider.len && w->asked.verdict == DD_DECIDED)
        w->f->provider = w->policy->providers[w->asked.provider].name;
}

/* A route that only says what holds for all says nothing: the alias has its own. */
static unsigned falls_back_on(const dd_plan *p, const dd_policy *policy)
{
    if (p->route && p->route->fallback_on && p->route->fallback_on != policy->fallback_on)
        return p->route->fallback_on;
    bool by_alias = p->alias && p->alias->fallback_on && (!p->route || !p->route->n_from);
    return by_alias ? p->alias->fallback_on : policy->fallback_on;
}

/* Who answered this session last. What the provider kept of it is gone after a while. */
static void find_stuck(plan_work *w)
{
    w->has_stuck = w->p->session && w->o->live && dd_live_session_find(w->o->live, w->p->session, &w->stuck);
    if (w->has_stuck && w->o->now_ms - w->stuck.last_ms > CACHE_WARM_MS)
        w->stuck.cached_tokens = 0;
}

static void set_terms(plan_work *w)
{
    dd_plan        *p = w->p;
    const dd_route *r = p->route;
    p->fallback_on    = falls_back_on(p, w->policy);
    p->cache          = r ? r->cache : -1;
    p->verifier       = r ? r->verifier : DD_STR("");
    p->checks         = r && r->checks ? r->checks : DD_CHECK_USUAL;
    p->session        = session_of(w->f, r);
    find_stuck(w);
}

/* Everything goes to the local server (RC.2). */
static void plan_dev(plan_work *w)
{
    dd_plan    *p = w->p;
    dd_decision d;
    dd_decide(w->policy, w->o->prices, w->f->model, &d, NULL);
    p->verdict       = d.verdict;
    p->strategy_name = "dev";
    p->steps         = dd_newn(w->arena, dd_candidate, 1);
    p->steps[0]      = (dd_candidate){ .provider = d.provider, .model = d.model, .price = d.used, .quality = -1, .latency_ms = -1, .error_rate = -1,
                                       .timeout_ms = -1, .retries = -1 };
    p->considered    = p->steps;
    p->n_steps = p->n_primary = p->n_considered = d.verdict == DD_DECIDED;
    p->requested     = d.requested;
    p->fallback_on   = w->policy->fallback_on;
}

static int minutes_east(const dd_policy *p, int64_t time_s)
{
    return p->zone ? (int)(dd_zone_offset(p->zone, time_s) / 60) : p->tz_minutes;
}

void dd_plan_make(const dd_plan_opts *o, dd_facts *facts, dd_arena *arena, dd_plan *out)
{
    plan_work   w = { .o = o, .policy = o->policy, .ix = o->policy->index, .f = facts, .arena = arena, .p = out };
    plan_index  own;
    clear(out);
    facts->tz_minutes = minutes_east(o->policy, facts->time_s);
    out->panic        = o->policy->panic;
    if (o->policy->dev_mode && o->policy->n_providers) {
        plan_dev(&w);
        return;
    }
    if (!w.ix || w.ix->policy != o->policy || w.ix->prices != o->prices) {
        plan_index_make(&own, o->policy, o->prices, arena);
        w.ix = &own;
    }
    set_asked(&w);
    out->route = plan_route(&w);
    set_terms(&w);
    plan_gather(&w);
    plan_choose(&w);
    plan_finish(&w);
}

dd_decision dd_plan_decision(const dd_plan *p, size_t step)
{
    dd_decision d = { .verdict = p->verdict, .strategy = p->strategy_name, .requested = p->requested };
    if (step >= p->n_steps)
        return d;
    d.provider = p->steps[step].provider;
    d.model    = p->steps[step].model;
    d.used     = p->steps[step].price;
    return d;
}
