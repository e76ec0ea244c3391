/* Which route holds: the first whose flag is on and whose condition is true. A condition that ends in an error is not true. */
#include "route/plan_parts.h"

/* What the requested model costs and how it does of late, when a rule asks. */
static void reckon(void *ctx, dd_facts *f)
{
    plan_work        *w = ctx;
    plan_candidate    k = { .t = w->asked_target, .asked = true };
    f->expected_cost    = DD_PUSD_UNKNOWN;
    f->latency_ms = f->error_rate = -1;
    if (k.t) {
        plan_need_costs(w);
        plan_weigh(w, &k);
        f->expected_cost = k.c.expected;
        f->latency_ms    = k.c.latency_ms;
        f->error_rate    = k.c.error_rate;
    }
    f->known |= DD_FACT_COST;
}

/* The same unit of work gets the same answer of a rollout: a session, else a user, else a key, else by chance. */
static uint64_t rollout_unit(const dd_facts *f)
{
    dd_str by = f->session.len ? f->session : f->user.len ? f->user : f->key;
    return by.len ? dd_str_hash(by) : f->random;
}

static void note(plan_work *w, const dd_route *r, bool matched, dd_str why)
{
    if (w->o->trace)
        w->p->rules[w->p->n_rules++] = (dd_rule_trace){ r, matched, why };
}

/* Whom a rollout left out of a rule that holds: what those inside are compared with. */
static void note_held(plan_work *w, const dd_route *r, const dd_cel_vars *vars)
{
    const dd_flag *flag = dd_flags_find(w->o->flags, r->flag);
    if (!w->p->held && flag->guard && (!r->test || dd_cel_test(r->test, vars, w->arena)))
        w->p->held = r;
}

static bool flag_off(plan_work *w, const dd_route *r, const dd_cel_vars *vars)
{
    if (!r->flag.len)
        return false;
    dd_flag_state s = w->o->flags ? dd_flags_decide(w->o->flags, r->flag, rollout_unit(w->f), w->o->day) : DD_FLAG_UNKNOWN;
    if (s == DD_FLAG_ON)
        return false;
    if (s == DD_FLAG_OUTSIDE)
        note_held(w, r, vars);
    if (w->o->trace)
        note(w, r, false, dd_arena_printf(w->arena, "its flag \"" DD_STR_FMT "\" is not on: %s", DD_STR_ARG(r->flag), dd_flag_state_name(s)));
    return true;
}

static dd_str why_not(plan_work *w, const dd_route *r, const dd_cel_vars *vars, const dd_cel_value *v)
{
    dd_buf b = DD_BUF_INIT(1024);
    if (v->type == DD_CEL_ERROR)
        dd_buf_addz(&b, "error: ");
    dd_cel_why(r->test, vars, w->arena, &b);
    dd_str s = dd_arena_dup(w->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

static bool holds(plan_work *w, const dd_route *r, const dd_cel_vars *vars)
{
    dd_cel_value v;
    if (!r->test)
        return true;
    if (!w->o->trace)
        return dd_cel_test(r->test, vars, w->arena);
    dd_cel_eval(r->test, vars, w->arena, &v, NULL);
    if (v.type == DD_CEL_BOOL && v.b)
        return true;
    note(w, r, false, why_not(w, r, vars, &v));
    return false;
}

static const dd_route *by_name(const dd_policy *p, dd_str name)
{
    for (size_t i = 0; i < p->n_routes; i++)
        if (dd_str_eq(p->routes[i].name, name))
            return &p->routes[i];
    return NULL;
}

const dd_route *plan_route(plan_work *w)
{
    const dd_policy *p    = w->policy;
    dd_facts_view    view = { w->f, w->arena, reckon, w };
    dd_cel_vars      vars = { NULL, dd_facts_fill, &view };
    if (w->o->trace)
        w->p->rules = dd_newn(w->arena, dd_rule_trace, p->n_routes + 1);
    if (w->o->only_route.len) {
        const dd_route *r = by_name(p, w->o->only_route);
        if (r)
            note(w, r, true, DD_STR(""));
        return r;
    }
    if (p->n_routes)
        vars.values = dd_newn(w->arena, dd_cel_value, dd_facts_env.n);
    for (size_t i = 0; i < p->n_routes; i++) {
        const dd_route *r = &p->routes[i];
        if (flag_off(w, r, &vars) || !holds(w, r, &vars)) {
            w->p->n_tried = i + 1;
            continue;
        }
        note(w, r, true, DD_STR(""));
        return r;
    }
    return NULL;
}
