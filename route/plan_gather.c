/* Who the candidates are: those that a route, an alias or the request names; else, out of all that the providers have, those that public evidence
 * knows to be no weaker than the requested model. */
#include "route/plan_parts.h"

#include <math.h>

/* Of an open route no more are compared than this many by price and as many by quality. */
enum { MOST_OPEN = 24 };

plan_candidate plan_candidate_of(plan_work *w, const plan_ref *ref)
{
    plan_candidate k = { .t = ref->target, .step = ref->step, .name = ref->name, .named = true };
    k.c.timeout_ms   = ref->step ? ref->step->timeout_ms : -1;
    k.c.retries      = ref->step ? ref->step->retries : -1;
    if (!k.t && ref->provider != SIZE_MAX)
        k.t = plan_nearest(w, ref->provider);
    if (!k.t) {
        k.c.provider = SIZE_MAX;
        k.c.model    = ref->name;
        k.c.fit      = DD_FIT_NO_PROVIDER;
        k.c.why      = dd_str_z(dd_fit_text(DD_FIT_NO_PROVIDER));
    }
    return k;
}

static void add(plan_work *w, plan_candidate k)
{
    for (size_t i = 0; k.t && i < w->list.n; i++)
        if (w->list.v[i].t == k.t)
            return;
    k.order = w->list.n;
    dd_avec_push(w->arena, &w->list, k);
}

static void add_target(plan_work *w, const plan_target *t, bool asked, bool named)
{
    plan_candidate k = { .t = t, .asked = asked, .named = named, .name = asked ? w->f->model : DD_STR("") };
    k.c.timeout_ms = k.c.retries = -1;
    if (t)
        add(w, k);
}

static void add_refs(plan_work *w, const plan_refs *refs)
{
    for (size_t i = 0; i < refs->n; i++)
        add(w, plan_candidate_of(w, &refs->v[i]));
}

/* --- "provider/": its nearest equal of the requested model --- */

/* The same model as the provider calls it, if it has it. */
static const plan_target *same_model(plan_work *w, size_t provider, dd_str model)
{
    const dd_policy_provider *p = &w->policy->providers[provider];
    dd_price_hit hit = p->billed_as.len ? dd_prices_find(w->ix->prices, p->billed_as, model) : (dd_price_hit){ .price = NULL };
    dd_str       id  = hit.price && dd_str_eq(hit.price->provider, p->billed_as) && hit.match != DD_MATCH_DEPLOYMENT ? hit.price->id : model;
    for (size_t i = 0; i < w->ix->all.n; i++)
        if (w->ix->all.v[i]->provider == provider && dd_str_eq(w->ix->all.v[i]->model, id))
            return w->ix->all.v[i];
    return NULL;
}

static bool nearer_price(const plan_target *a, const plan_target *b, const plan_target *to)
{
    double at = to ? (double)to->blended : 0;   /* INT64_MAX, not known: the dearest is the nearest */
    return fabs((double)a->blended - at) < fabs((double)b->blended - at);
}

/* Of those that are no weaker (within 3%) the cheapest; else the strongest; where nothing is known of quality, the nearest list price. Without a
 * model to equal the strongest. */
static bool nearer(const plan_work *w, const plan_target *a, const plan_target *b, const plan_target *to)
{
    double p = to ? plan_ratio(w, a, to) : plan_level(w, a), q = to ? plan_ratio(w, b, to) : plan_level(w, b);
    bool   good = to && p >= 0.97, other = to && q >= 0.97;
    if (good != other)
        return good;
    if (good)
        return a->blended < b->blended;
    return p >= 0 || q >= 0 ? p > q : nearer_price(a, b, to);
}

/* Where no model was asked for, the one that was chosen is to be equalled. */
static const plan_target *to_equal(const plan_work *w)
{
    return w->asked_target || !w->list.n ? w->asked_target : w->list.v[0].t;
}

const plan_target *plan_nearest(plan_work *w, size_t provider)
{
    const plan_target *to = to_equal(w), *best = NULL;
    if (to && to->provider == provider)
        return to;
    if (to && (best = same_model(w, provider, to->model)))
        return best;
    for (size_t i = 0; i < w->ix->n_pool; i++) {
        const plan_target *t = w->ix->by_price[i];
        if (t->provider == provider && (!best || nearer(w, t, best, to)))
            best = t;
    }
    return best;
}

/* --- the open choice --- */

/* What a public comparison has to say before a model may stand in for another: as good within one set of scores; where it was carried over from
 * another set, better by a margin that such a line may be off by. */
static bool good_enough(const plan_work *w, const plan_target *t, const plan_target *asked, double least)
{
    if (!asked || t == asked)
        return true;
    double ratio  = plan_ratio(w, t, asked);
    bool   linked = t->quality.linked[w->kind] || asked->quality.linked[w->kind];
    return ratio >= 0 && (t->price.price == asked->price.price || ratio >= least * (linked ? 1.03 : 0.995));
}

static void add_open(plan_work *w, const plan_target *const *pool, size_t n, const plan_target *asked, double least)
{
    size_t took = 0;
    for (size_t i = 0; i < n && took < MOST_OPEN; i++) {
        plan_candidate k = { .t = pool[i], .c = { .timeout_ms = -1, .retries = -1 } };
        if (!good_enough(w, k.t, asked, least))
            continue;
        plan_weigh(w, &k);
        if (k.c.fit != DD_FIT_OK && k.c.fit != DD_FIT_BREAKER && k.c.fit != DD_FIT_TOO_DEAR && !w->o->trace)
            continue;
        took += k.c.fit == DD_FIT_OK;
        add(w, k);
    }
}

static bool takes_open(const plan_work *w)
{
    dd_str e = w->f->endpoint;   /* vectors of one model mean nothing to another: never swapped unless it is said */
    return !dd_str_eqz(e, "embeddings") && !dd_str_eqz(e, "completions") && !dd_str_eqz(e, "passthrough");
}

static void add_registry(plan_work *w, const plan_target *asked, double least)
{
    for (size_t i = 0; i < w->ix->registry.n; i++) {
        plan_candidate k    = plan_candidate_of(w, &w->ix->registry.v[i]);
        bool           weak = k.t && !good_enough(w, k.t, asked, least);
        if (weak && !w->o->trace)
            continue;
        plan_weigh(w, &k);
        if (weak && plan_usable(&k)) {
            k.c.fit = DD_FIT_QUALITY;
            k.c.why = dd_str_z(dd_fit_text(DD_FIT_QUALITY));
        }
        add(w, k);
    }
}

/* The registry if there is one, else the pool. */
static void gather_open(plan_work *w, double least)
{
    const plan_target *asked = w->asked_target;
    w->open = true;
    plan_need_costs(w);
    add_target(w, asked, true, true);
    if (!takes_open(w) || (asked && !asked->known && !w->ix->registry.n))
        return;
    if (w->ix->registry.n) {
        add_registry(w, asked, least);
        return;
    }
    add_open(w, w->ix->by_price, w->ix->n_pool, asked, least);
    add_open(w, w->ix->by_level, w->ix->n_pool, asked, least);
}

/* What a route takes when it says nothing. A cascade begins below the requested model: that is what its checks are for. */
static double least_quality(const dd_route *r)
{
    return r->min_quality > 0 ? r->min_quality : r->strategy == DD_STRATEGY_CASCADE ? 0.5 : 1.0;
}

/* --- POST /v1/chat without a route --- */

static const plan_target *role_of(const plan_work *w)
{
    switch (w->f->class.task) {
    case DD_TASK_CODING: return w->ix->role[PLAN_ROLE_CODING];
    case DD_TASK_REASONING: return w->ix->role[PLAN_ROLE_REASONING];
    default: return w->f->class.complexity == DD_COMPLEXITY_HIGH ? w->ix->role[PLAN_ROLE_REASONING] : w->ix->role[PLAN_ROLE_CHEAP];
    }
}

static void gather_omni(plan_work *w)
{
    static const dd_strategy by[] = { [DD_PRIORITY_NONE] = DD_STRATEGY_SCORE, [DD_PRIORITY_CHEAP] = DD_STRATEGY_CHEAPEST,
                                      [DD_PRIORITY_BALANCED] = DD_STRATEGY_SCORE, [DD_PRIORITY_BEST] = DD_STRATEGY_QUALITY };
    plan_need_costs(w);
    w->omni        = true;
    w->p->strategy = w->f->fast ? DD_STRATEGY_LATENCY : by[w->f->priority];
    const plan_target *role = role_of(w);
    bool balanced = !w->f->fast && (w->f->priority == DD_PRIORITY_NONE || w->f->priority == DD_PRIORITY_BALANCED);
    if (role && balanced) {
        w->p->strategy = DD_STRATEGY_PASSTHROUGH;   /* the role's model first, the others behind it */
        add_target(w, role, false, true);
        add_target(w, w->ix->role[PLAN_ROLE_FALLBACK], false, true);
        add_target(w, w->ix->role[PLAN_ROLE_CHEAP], false, true);
    } else {
        gather_open(w, 0);
    }
    w->p->strategy_name = role && balanced ? "role" : dd_strategy_name(w->p->strategy);
}

/* --- who asks for what --- */

static void gather_alias(plan_work *w)
{
    const dd_policy_alias *a = w->p->alias;
    w->p->strategy      = a->strategy;
    w->p->strategy_name = a->strategy == DD_STRATEGY_PASSTHROUGH ? "alias" : dd_strategy_name(a->strategy);
    add_refs(w, &w->ix->aliases[a - w->policy->aliases]);
}

static void gather_route(plan_work *w, const dd_route *r)
{
    w->p->strategy      = r->strategy;
    w->p->strategy_name = dd_strategy_name(r->strategy);
    if (r->n_from)
        add_refs(w, &w->ix->from[r - w->policy->routes]);
    else if (w->p->alias)
        add_refs(w, &w->ix->aliases[w->p->alias - w->policy->aliases]);
    else if (r->strategy == DD_STRATEGY_PASSTHROUGH)
        add_target(w, w->asked_target, true, true);
    else
        gather_open(w, least_quality(r));
}

/* The provider that stands in for all while the rules are frozen. */
static bool gather_panic(plan_work *w)
{
    size_t at = w->policy->panic && w->policy->panic_provider.len ? dd_policy_find(w->policy, w->policy->panic_provider) : SIZE_MAX;
    if (at == SIZE_MAX)
        return false;
    plan_ref ref = { .provider = at, .name = w->policy->panic_provider };
    add(w, plan_candidate_of(w, &ref));
    w->p->strategy_name = "panic";
    return true;
}

/* The budget is spent: what costs nothing, or stands here, may take the request over. */
static void gather_local(plan_work *w)
{
    if (w->p->alias && w->p->route)
        add_refs(w, &w->ix->aliases[w->p->alias - w->policy->aliases]);
    for (size_t i = 0; i < w->ix->n_pool && takes_open(w); i++)
        if (w->ix->by_price[i]->free || w->ix->by_price[i]->local)
            add_target(w, w->ix->by_price[i], false, true);
    w->p->strategy_name = "local";
}

static void gather_asked(plan_work *w)
{
    const dd_route *r = w->p->route;
    bool passes = !r || (r->strategy == DD_STRATEGY_PASSTHROUGH && !r->n_from);
    w->p->strategy_name = "passthrough";
    if (gather_panic(w))
        return;
    if (!passes)
        gather_route(w, r);
    else if (w->p->alias)
        gather_alias(w);
    else if (!w->f->model.len || (!r && w->f->priority != DD_PRIORITY_NONE))
        gather_omni(w);
    else
        add_target(w, w->asked_target, true, true);
    if (!w->list.n)
        add_target(w, w->asked_target, true, true);
}

void plan_gather(plan_work *w)
{
    gather_asked(w);
    if (w->o->only_local)
        gather_local(w);
}
