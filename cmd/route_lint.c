#include "cmd/route_lint.h"

#include <string.h>

#include "base/near.h"
#include "route/policy.h"

typedef struct { const dd_config *c; const dd_snapshot *s; dd_lint *out; } lint;

static void note(lint *l, int line, dd_lint_severity severity, dd_str message, dd_str hint)
{
    dd_avec_push(&l->out->arena, l->out, ((dd_lint_note){ line, severity, message, hint }));
}

#define SAY(l, line, severity, hint, ...) note(l, line, severity, dd_arena_printf(&(l)->out->arena, __VA_ARGS__), hint)

static dd_str hint(lint *l, const char *fmt, const char *word) { return dd_arena_printf(&l->out->arena, fmt, word); }

/* --- rules that never match --- */

static bool is_downgrade(const lint *l, dd_str route)
{
    for (size_t i = 0; i < l->s->budgets.n; i++)
        if (dd_str_eq(l->s->budgets.v[i].downgrade, route))
            return true;
    return false;
}

/* Matches whatever comes; a flag may be off, so that one with a flag does not. */
static bool always(const dd_route *r) { return !r->flag.len && (!r->test || dd_cel_constant(r->test) == DD_CEL_ALWAYS); }

static void check_match(lint *l, size_t at)
{
    const dd_route *routes = l->s->policy.routes, *r = &routes[at];
    if (dd_str_eqz(dd_str_trim(r->when), "false"))   /* switched off, or for a budget's downgrade alone */
        return;
    if (r->test && dd_cel_constant(r->test) == DD_CEL_NEVER) {
        SAY(l, l->c->routes[at].when_line, is_downgrade(l, r->name) ? DD_LINT_WARNING : DD_LINT_ERROR,
            DD_STR("Write when: \"false\" where that is meant."),
            "route \"" DD_STR_FMT "\" never matches: its condition is never true", DD_STR_ARG(r->name));
        return;
    }
    for (size_t i = 0; i < at; i++) {
        const dd_route *e = &routes[i];
        if (!always(e) && (e->flag.len || !r->test || !e->test || !dd_cel_covers(e->test, r->test)))
            continue;
        SAY(l, r->line, is_downgrade(l, r->name) ? DD_LINT_WARNING : DD_LINT_ERROR, DD_STR("The first match wins: put the narrower rule first."),
            "route \"" DD_STR_FMT "\" never matches: route \"" DD_STR_FMT "\" on line %d takes all that it would", DD_STR_ARG(r->name),
            DD_STR_ARG(e->name), e->line);
        return;
    }
}

/* --- words that a fact never is --- */

/* The hint: the name that was meant, else `otherwise`. */
static dd_str meant(lint *l, const dd_near *near, const char *otherwise)
{
    dd_err err = DD_ERR_INIT;
    return dd_near_hint(near, &err) ? dd_arena_dupz(&l->out->arena, err.hint) : dd_str_z(otherwise);
}

typedef const char *name_fn(int i);
static const char *task(int i) { return i < DD_TASK_COUNT ? dd_task_name((dd_task)i) : NULL; }
static const char *complexity(int i) { return i <= DD_COMPLEXITY_HIGH ? dd_complexity_name((dd_complexity)i) : NULL; }
static const struct { const char *fact; name_fn *name; } closed[] = { { "complexity", complexity }, { "task", task } };

static bool is_word(char c) { return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

/* The text behind `fact ==` or `fact !=` at `at`; false: something else stands there. */
static bool compared(dd_str when, size_t at, dd_str *value)
{
    dd_str rest = dd_str_trim(dd_str_sub(when, at, when.len));
    if (!dd_str_startsz(rest, "==") && !dd_str_startsz(rest, "!="))
        return false;
    rest = dd_str_trim(dd_str_sub(rest, 2, rest.len));
    if (!rest.len || (rest.ptr[0] != '"' && rest.ptr[0] != '\''))
        return false;
    ptrdiff_t end = dd_str_chr(dd_str_sub(rest, 1, rest.len), rest.ptr[0]);
    *value        = dd_str_sub(rest, 1, (size_t)(end < 0 ? 0 : end) + 1);
    return end >= 0;
}

static void check_value(lint *l, const dd_config_route *r, size_t fact, dd_str value)
{
    dd_near near = { .asked = value };
    for (int i = 0; closed[fact].name(i); i++) {
        dd_near_look(&near, dd_str_z(closed[fact].name(i)));
        if (dd_str_eq_nocase(value, dd_str_z(closed[fact].name(i))))
            return;
    }
    SAY(l, r->when_line, DD_LINT_ERROR, meant(l, &near, "docs/routing.md lists what it can be."),
        "route \"%s\": %s is never \"" DD_STR_FMT "\"", r->name, closed[fact].fact, DD_STR_ARG(value));
}

static void check_words(lint *l, const dd_config_route *r)
{
    dd_str when = dd_str_z(r->when), value;
    char   quote = 0;
    for (size_t i = 0; i < when.len; i++) {
        char c = when.ptr[i];
        if (quote || c == '"' || c == '\'') {
            quote = !quote ? c : c == quote ? 0 : quote;
            continue;
        }
        for (size_t k = 0; k < DD_COUNT(closed); k++) {
            size_t n = strlen(closed[k].fact);
            bool   here = dd_str_startsz(dd_str_sub(when, i, when.len), closed[k].fact) && (i + n == when.len || !is_word(when.ptr[i + n])) &&
                        (i == 0 || (!is_word(when.ptr[i - 1]) && when.ptr[i - 1] != '.'));
            if (here && compared(when, i + n, &value))
                check_value(l, r, k, value);
        }
    }
}

/* --- models --- */

static void check_price(lint *l, const char *where, dd_str model, int line, const dd_decision *d)
{
    const dd_policy_provider *p = &l->s->policy.providers[d->provider];
    const dd_price           *near[1], *row = d->used.price;
    dd_str                    more = DD_STR("");
    if (row && row->replacement.len)
        more = dd_arena_printf(&l->out->arena, "Its provider names \"" DD_STR_FMT "\" in its place.", DD_STR_ARG(row->replacement));
    if (row && row->status == DD_MODEL_RETIRED) {
        SAY(l, line, DD_LINT_WARNING, more, "%s: \"" DD_STR_FMT "\" is retired", where, DD_STR_ARG(model));
    } else if (row && row->status == DD_MODEL_DEPRECATED && more.len) {
        SAY(l, line, DD_LINT_WARNING, more, "%s: \"" DD_STR_FMT "\" is to be retired", where, DD_STR_ARG(model));
    } else if (!row && p->billed_as.len && !p->free) {
        bool like = dd_prices_near(l->s->prices, d->model, near, 1) > 0;
        SAY(l, line, DD_LINT_WARNING,
            like ? dd_arena_printf(&l->out->arena, "Did you mean \"" DD_STR_FMT "/" DD_STR_FMT "\"?", DD_STR_ARG(p->name), DD_STR_ARG(near[0]->id))
                 : DD_STR("prices.override gives it a price."),
            "%s: no price is known for \"" DD_STR_FMT "\"", where, DD_STR_ARG(model));
    }
}

static void check_model(lint *l, const char *where, const char *name, int line)
{
    dd_str      model = dd_str_z(name);
    ptrdiff_t   slash = dd_str_chr(model, '/');
    dd_str      maker = dd_str_sub(model, 0, slash > 0 ? (size_t)slash : 0);
    dd_decision d;
    if (!model.len || (size_t)(slash + 1) == model.len || dd_policy_alias_find(&l->s->policy, model))
        return;   /* a provider alone; a name of models:, whose targets are looked at themselves */
    if (maker.len && dd_provider_kind_find(maker) && dd_policy_find(&l->s->policy, maker) == SIZE_MAX)
        return;   /* passed over here */
    dd_decide(&l->s->policy, l->s->prices, model, &d, NULL);
    if (d.verdict == DD_DECIDED || d.verdict == DD_DECIDED_UNPRICED)
        check_price(l, where, model, line, &d);
}

static void check_steps(lint *l, const char *where, const dd_config_steps *steps)
{
    for (size_t i = 0; i < steps->n; i++) {
        check_model(l, where, steps->v[i].model, steps->v[i].line);
        for (size_t k = 0; k < i; k++)
            if (strcmp(steps->v[i].model, steps->v[k].model) == 0)
                SAY(l, steps->v[i].line, DD_LINT_WARNING, DD_STR(""), "%s: \"%s\" is there twice", where, steps->v[i].model);
    }
}

/* --- strategies --- */

static void check_strategy(lint *l, const dd_config_route *r)
{
    dd_strategy s = r->strategy < 0 ? DD_STRATEGY_PASSTHROUGH : (dd_strategy)r->strategy;
    size_t      n = r->from.n;
    int64_t     weight = 0;
    double      last = -1;
    if (s == DD_STRATEGY_CASCADE && n < 2)
        SAY(l, r->line, DD_LINT_ERROR, DD_STR("List them in from:, the cheapest first."),
            "route \"%s\": a cascade needs two models or more", r->name);
    if ((s == DD_STRATEGY_WEIGHTED || s == DD_STRATEGY_COMPLEXITY) && n < 2)
        SAY(l, r->line, DD_LINT_WARNING, DD_STR("List models in from:."),
            "route \"%s\": strategy %s has nothing to choose from", r->name, dd_strategy_name(s));
    for (size_t i = 0; i < n && s == DD_STRATEGY_WEIGHTED; i++)
        weight += r->from.v[i].weight < 0 ? 1 : r->from.v[i].weight;
    if (s == DD_STRATEGY_WEIGHTED && n && !weight)
        SAY(l, r->line, DD_LINT_ERROR, DD_STR(""), "route \"%s\": all its weights are 0", r->name);
    for (size_t i = 0; i < n && s == DD_STRATEGY_COMPLEXITY; i++) {
        double t = r->from.v[i].threshold;
        if (i + 1 < n && t < 0)
            SAY(l, r->from.v[i].line, DD_LINT_WARNING, DD_STR("Give each but the last a threshold: {model: ..., threshold: 0.3}."),
                "route \"%s\": \"%s\" has no threshold, so that none behind it is chosen", r->name, r->from.v[i].model);
        else if (t >= 0 && t <= last)
            SAY(l, r->from.v[i].line, DD_LINT_ERROR, DD_STR("Thresholds ascend, from the cheapest model to the strongest."),
                "route \"%s\": \"%s\" is never chosen: one before it takes all scores up to its threshold", r->name, r->from.v[i].model);
        last = t > last ? t : last;
    }
}

/* Settings that the route's strategy does not look at. */
static void check_idle(lint *l, const dd_config_route *r)
{
    dd_strategy s = r->strategy < 0 ? DD_STRATEGY_PASSTHROUGH : (dd_strategy)r->strategy;
    const struct { bool set; dd_strategy of; const char *key; } settings[] = {
        { r->verifier != NULL, DD_STRATEGY_CASCADE, "verifier" },
        { r->checks >= 0, DD_STRATEGY_CASCADE, "checks" },
        { r->weights.cost >= 0 || r->weights.latency >= 0 || r->weights.task >= 0, DD_STRATEGY_SCORE, "weights" },
    };
    for (size_t i = 0; i < DD_COUNT(settings); i++)
        if (settings[i].set && s != settings[i].of)
            SAY(l, r->line, DD_LINT_WARNING, hint(l, "It is for strategy: %s.", dd_strategy_name(settings[i].of)),
                "route \"%s\": %s has no effect", r->name, settings[i].key);
}

static void check_flag(lint *l, const dd_config_route *r)
{
    if (!r->flag)
        return;
    dd_near near = { .asked = dd_str_z(r->flag) };
    for (size_t i = 0; i < l->s->flags.n; i++) {
        dd_str name = l->s->flags.v[i].name;
        if (dd_str_eqz(name, r->flag))
            return;
        dd_near_look(&near, name);
    }
    if (!l->s->flags.n)
        SAY(l, r->line, DD_LINT_WARNING, DD_STR("flags: {file: ...} names the file of flags."),
            "route \"%s\": there are no flags, so that \"%s\" is never on", r->name, r->flag);
    else
        SAY(l, r->line, DD_LINT_ERROR, meant(l, &near, "`dd0c flags` lists them."),
            "route \"%s\": there is no flag \"%s\"", r->name, r->flag);
}

/* --- budgets --- */

enum { LEAST_USD_MILLIONTHS = 100 };   /* a hundred tokens of an ordinary model */

static bool same_accounts(const dd_config_budget *a, const dd_config_budget *b)
{
    const char *x = a->match ? a->match : "", *y = b->match ? b->match : "";
    const char *p = a->timezone ? a->timezone : "", *q = b->timezone ? b->timezone : "";
    return a->scope == b->scope && a->period == b->period && strcmp(x, y) == 0 && strcmp(p, q) == 0;
}

static void check_budget(lint *l, const dd_config_budget *b)
{
    if (b->scope == DD_SCOPE_GLOBAL && b->match && *b->match && strcmp(b->match, "*") != 0)
        SAY(l, b->line, DD_LINT_ERROR, DD_STR("Name whose spending it is: scope: key, team, user, feature or org."),
            "budget \"%s\" holds for no request: scope global has nothing that \"%s\" could match", b->name, b->match);
    if (b->limit == 0 && b->on_exceed == DD_EXCEED_BLOCK)
        SAY(l, b->line, DD_LINT_WARNING, DD_STR("With on_exceed: local only free models would answer."),
            "budget \"%s\" refuses every request that costs anything", b->name);
    else if (b->limit > 0 && b->limit < LEAST_USD_MILLIONTHS * (DD_PUSD_PER_USD / 1000000))
        SAY(l, b->line, DD_LINT_WARNING, DD_STR("Amounts are USD."), "budget \"%s\" is smaller than one ordinary request costs", b->name);
    for (const dd_config_budget *o = l->c->budgets; o < l->c->budgets + l->c->n_budgets; o++) {
        bool tighter = o->limit < b->limit || (o->limit == b->limit && o < b);
        if (o != b && same_accounts(o, b) && o->on_exceed == DD_EXCEED_BLOCK && b->on_exceed != DD_EXCEED_WARN && tighter) {
            SAY(l, b->line, DD_LINT_WARNING, DD_STR(""), "budget \"%s\" is never reached: \"%s\" on line %d ends first", b->name, o->name, o->line);
            break;
        }
    }
    if (b->on_exceed == DD_EXCEED_LOCAL) {
        bool local = false;
        for (size_t i = 0; i < l->s->policy.n_providers; i++)
            local |= l->s->policy.providers[i].local || l->s->policy.providers[i].free;
        if (!local)
            SAY(l, b->line, DD_LINT_ERROR, DD_STR("A provider with cost: 0 or an address of this machine is one."),
                "budget \"%s\": on_exceed is local, and no provider is", b->name);
    }
}

/* --- the whole --- */

/* Notes come nearly in order: those of a route together. */
static void sort(dd_lint *l)
{
    for (size_t i = 1; i < l->n; i++) {
        dd_lint_note n = l->v[i];
        size_t       k = i;
        for (; k && l->v[k - 1].line > n.line; k--)
            l->v[k] = l->v[k - 1];
        l->v[k] = n;
    }
}

dd_code dd_route_lint(const dd_config *c, const dd_snapshot *s, dd_lint *out)
{
    lint l = { c, s, out };
    for (size_t i = 0; i < c->n_models; i++)
        check_steps(&l, dd_arena_printf(&out->arena, "model \"%s\"", c->models[i].name).ptr, &c->models[i].targets);
    for (size_t i = 0; i < c->n_routes && i < s->policy.n_routes; i++) {
        const dd_config_route *r     = &c->routes[i];
        const char            *where = dd_arena_printf(&out->arena, "route \"%s\"", r->name).ptr;
        check_match(&l, i);
        check_words(&l, r);
        check_steps(&l, where, &r->from);
        check_steps(&l, where, &r->fallback);
        check_model(&l, where, r->verifier, r->line);
        check_strategy(&l, r);
        check_idle(&l, r);
        check_flag(&l, r);
    }
    check_steps(&l, "fallback", &c->fallback);
    check_steps(&l, "registry", &c->registry);
    check_model(&l, "premium", c->premium, dd_config_section_line(c, "premium"));
    const char *const roles[] = { c->roles.cheap, c->roles.coding, c->roles.fallback, c->roles.reasoning };
    for (size_t i = 0; i < DD_COUNT(roles); i++)
        check_model(&l, "roles", roles[i], dd_config_section_line(c, "roles"));
    for (size_t i = 0; i < c->n_budgets; i++)
        check_budget(&l, &c->budgets[i]);
    sort(out);
    return DD_OK;
}

void dd_lint_fini(dd_lint *l)
{
    dd_arena_fini(&l->arena);
    *l = (dd_lint){ 0 };
}
