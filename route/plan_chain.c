/* What is called: the choice, then the chain behind it; and the verdict when there is nothing to call. */
#include "route/plan_parts.h"

/* An event holds some of them; what was asked to trace, all. */
enum { CONSIDERED = 16 };

/* --- the chain --- */

static bool has(const plan_list *l, const plan_target *t)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].t == t || (l->v[i].t->provider == t->provider && dd_str_eq(l->v[i].t->model, t->model)))
            return true;
    return false;
}

static void add_chain(plan_work *w, plan_list *steps, plan_candidate k)
{
    plan_weigh(w, &k);
    dd_avec_push(w->arena, &w->chain, k);
    if (k.t && plan_usable(&k) && !has(steps, k.t))
        dd_avec_push(w->arena, steps, k);
}

static void chain_refs(plan_work *w, plan_list *steps, const plan_refs *refs)
{
    for (size_t i = 0; i < refs->n; i++)
        add_chain(w, steps, plan_candidate_of(w, &refs->v[i]));
}

/* The other targets of an alias, in the order that its strategy gave them. */
static void chain_alias(plan_work *w, plan_list *steps)
{
    for (size_t i = 0; i < w->list.n; i++)
        if (plan_usable(&w->list.v[i]) && !has(steps, w->list.v[i].t))
            dd_avec_push(w->arena, steps, w->list.v[i]);
}

static const plan_candidate *next_best(const plan_work *w, const plan_list *steps)
{
    for (size_t i = 0; i < w->list.n; i++)
        if (plan_usable(&w->list.v[i]) && !has(steps, w->list.v[i].t))
            return &w->list.v[i];
    return NULL;
}

static const plan_candidate *cheapest(const plan_work *w)
{
    const plan_candidate *best = NULL;
    for (size_t i = 0; i < w->list.n; i++) {
        const plan_candidate *k = &w->list.v[i];
        if (plan_usable(k) && k->c.expected != DD_PUSD_UNKNOWN && (!best || k->c.expected < best->c.expected))
            best = k;
    }
    return best;
}

/* Primary, backup, cheapest (RO.5). */
static void chain_omni(plan_work *w, plan_list *steps)
{
    const plan_target    *backup = w->ix->role[PLAN_ROLE_FALLBACK];
    const plan_candidate *next   = backup ? NULL : next_best(w, steps), *cheap = cheapest(w);
    if (backup)
        add_chain(w, steps, (plan_candidate){ .t = backup, .named = true, .c = { .timeout_ms = -1, .retries = -1 } });
    if (next)
        dd_avec_push(w->arena, steps, *next);
    if (cheap && !has(steps, cheap->t))
        dd_avec_push(w->arena, steps, *cheap);
}

static bool alias_serves(const plan_work *w) { return w->p->alias && (!w->p->route || !w->p->route->n_from); }

static bool is_closed(const plan_work *w) { return w->policy->panic || (w->p->route && w->p->route->no_fallback); }

static void chain(plan_work *w, plan_list *steps)
{
    const dd_route *r = w->p->route;
    if (is_closed(w))
        return;
    if (w->o->n_own_chain) {
        plan_refs own = { 0 };
        plan_index_refs(w->ix, w->o->own_chain, w->o->n_own_chain, w->arena, &own);
        chain_refs(w, steps, &own);
    } else if (r && r->n_fallback) {
        chain_refs(w, steps, &w->ix->fallback[r - w->policy->routes]);
    } else if (alias_serves(w) && w->p->alias->n > 1) {
        chain_alias(w, steps);
    } else if (w->ix->global.n) {
        chain_refs(w, steps, &w->ix->global);
    } else if (w->omni) {
        chain_omni(w, steps);
    }
}

/* The breaker steers: what is held back goes last, the order is as it was otherwise. */
static void open_last(plan_work *w, plan_list *steps)
{
    size_t          n = 0, held = 0, front = 0;
    plan_candidate *late = dd_newn(w->arena, plan_candidate, steps->n + 1);
    for (size_t i = 0; i < steps->n; i++) {
        if (steps->v[i].c.fit == DD_FIT_BREAKER) {
            late[held++] = steps->v[i];
            continue;
        }
        front += i < w->p->n_primary;
        steps->v[n++] = steps->v[i];
    }
    if (n && held)
        w->p->n_primary = front;
    if (held)
        memcpy(&steps->v[n], late, held * sizeof *late);
}

/* --- when there is nothing to call --- */

static void count_fits(const plan_list *l, size_t fits[DD_FIT_COUNT], dd_pusd *cheapest)
{
    for (size_t i = 0; i < l->n; i++) {
        const dd_candidate *c = &l->v[i].c;
        fits[c->fit]++;
        if (c->fit == DD_FIT_TOO_DEAR && (*cheapest == DD_PUSD_UNKNOWN || c->expected < *cheapest))
            *cheapest = c->expected;
    }
}

static dd_verdict no_model(plan_work *w)
{
    dd_buf      near = DD_BUF_INIT(400);
    dd_decision d;
    dd_decide(w->policy, w->ix->prices, w->f->model, &d, &near);
    w->p->near = dd_arena_dup(w->arena, dd_buf_str(&near));
    dd_buf_free(&near);
    return d.verdict == DD_DECIDED_NO_PROVIDER ? DD_DECIDED_NO_PROVIDER : DD_DECIDED_NO_MODEL;
}

static dd_verdict verdict(plan_work *w)
{
    size_t n[DD_FIT_COUNT] = { 0 }, all = w->list.n + w->chain.n;
    count_fits(&w->list, n, &w->p->cheapest);
    count_fits(&w->chain, n, &w->p->cheapest);
    if (!all)
        return no_model(w);
    if (n[DD_FIT_TOO_DEAR] || n[DD_FIT_NOT_LOCAL])
        return DD_DECIDED_TOO_DEAR;
    if (n[DD_FIT_NO_PROVIDER] == all)
        return DD_DECIDED_NO_PROVIDER;
    if (n[DD_FIT_NOT_ALLOWED])
        return DD_DECIDED_NOT_ALLOWED;
    return n[DD_FIT_UNPRICED] ? DD_DECIDED_UNPRICED : DD_DECIDED_INCAPABLE;
}

/* A route whose candidates all cannot leaves the request as it was, if that can be sent. Not so the route of a spent budget: as it was it was too dear. */
static void as_asked(plan_work *w, plan_list *steps)
{
    plan_candidate k = { .t = w->asked_target, .asked = true, .named = true, .name = w->f->model, .c = { .timeout_ms = -1, .retries = -1 } };
    bool named_only  = w->o->only_route.len || (w->p->route && w->p->route->no_fallback);
    if (!k.t || named_only)
        return;
    plan_weigh(w, &k);
    if (!plan_usable(&k))
        return;
    dd_avec_push(w->arena, steps, k);
    w->p->strategy      = DD_STRATEGY_PASSTHROUGH;
    w->p->strategy_name = "passthrough";
    w->p->n_primary     = 1;
}

/* --- results --- */

static dd_str against(plan_work *w, const dd_candidate *c)
{
    if (c->why.len || c->expected == DD_PUSD_UNKNOWN || w->p->expected_requested == DD_PUSD_UNKNOWN || w->p->expected_requested <= 0)
        return c->why;
    double times = (double)c->expected / (double)w->p->expected_requested;
    return dd_arena_printf(w->arena, times < 0.1 ? "%.2gx the requested model's cost" : "%.1fx the requested model's cost", times);
}

static bool there(const dd_candidate *v, size_t n, const dd_candidate *c)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].provider == c->provider && dd_str_eq(v[i].model, c->model))
            return true;
    return false;
}

static void copy(plan_work *w, const plan_list *from, size_t most, dd_candidate *to, size_t *n)
{
    for (size_t i = 0; i < from->n && *n < most; i++) {
        dd_candidate c = from->v[i].c;
        if (there(to, *n, &c))
            continue;
        if (w->o->trace)
            c.why = against(w, &c);
        to[(*n)++] = c;
    }
}

static const plan_target *premium(const plan_work *w)
{
    if (w->ix->role[PLAN_ROLE_PREMIUM])
        return w->ix->role[PLAN_ROLE_PREMIUM];
    for (size_t i = 0; i < w->ix->n_pool; i++)
        if (w->ix->by_level[i]->price.price && w->ix->by_level[i]->known)
            return w->ix->by_level[i];
    return NULL;
}

/* An alias without a price of its own asks for what it gets; once a route took it elsewhere, for what it would have got. */
static const plan_target *baseline(plan_work *w, const plan_list *steps)
{
    dd_plan *p = w->p;
    p->requested = w->asked.requested;
    if (!p->alias)
        return w->asked_target;
    const dd_decision *named = &w->ix->alias_asked[p->alias - w->policy->aliases];
    p->requested = named->requested;
    if (named->requested.price != named->used.price)
        return NULL;
    const plan_refs   *refs  = &w->ix->aliases[p->alias - w->policy->aliases];
    const plan_target *first = p->route && p->route->n_from ? (refs->n ? refs->v[0].target : NULL) : steps->n ? steps->v[0].t : NULL;
    if (first)
        p->requested = first->price;
    return first;
}

static void reckon(plan_work *w, const plan_list *steps)
{
    dd_plan           *p   = w->p;
    const plan_target *asked = baseline(w, steps), *top = premium(w);
    if (!p->requested.price && !w->f->model.len && steps->n)
        p->requested = steps->v[0].c.price;
    if (top)
        p->premium = top->price;
    if (!w->costs)
        return;
    p->expected_requested = asked ? plan_cost(w, asked, 0) : DD_PUSD_UNKNOWN;
    p->expected_premium   = top ? plan_cost(w, top, 0) : DD_PUSD_UNKNOWN;
    p->expected_output    = steps->n ? plan_output(w, steps->v[0].t) : -1;
}

void plan_finish(plan_work *w)
{
    dd_plan  *p     = w->p;
    plan_list steps = { 0 };
    for (size_t i = 0; i < p->n_primary; i++)
        dd_avec_push(w->arena, &steps, w->list.v[i]);
    if (w->list.n)
        chain(w, &steps);   /* a name that nobody knows is no failure that a chain is for */
    if (!steps.n)
        as_asked(w, &steps);
    open_last(w, &steps);
    reckon(w, &steps);
    p->verdict = steps.n ? DD_DECIDED : verdict(w);
    p->steps   = dd_newn(w->arena, dd_candidate, steps.n + 1);
    copy(w, &steps, SIZE_MAX, p->steps, &p->n_steps);
    size_t most   = w->o->trace ? SIZE_MAX : CONSIDERED;
    p->considered = dd_newn(w->arena, dd_candidate, w->list.n + w->chain.n + 1);
    copy(w, &w->list, most, p->considered, &p->n_considered);
    copy(w, &w->chain, most, p->considered, &p->n_considered);
}
