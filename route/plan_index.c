/* What the names of a policy mean, looked up once: a request then compares and adds, and searches no table by text. */
#include "base/json.h"
#include "route/event.h"
#include "route/plan_parts.h"
#include "route/tokens.h"
#include "route/typical.h"

#include <stdlib.h>

/* --- targets --- */

/* Moving names, trial versions and models for one purpose: who wants one names it. */
static bool is_special(dd_str id)
{
    static const char *const words[] = {
        "latest", "preview", "-exp", "deep-research", "computer-use", "cyber", "daybreak", "search", "codex", "audio", "realtime", "guard",
        "translate", "embed", "-pro", ":free", "labs-", "vision", "ft:", "image", "tts", "ocr",
    };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_has(id, words[i]))
            return true;
    return false;
}

/* Prompts are three times as long as answers, and more, in what gateways see. */
static int64_t blend(const dd_price *row)
{
    if (!row || row->rates.input == DD_PRICE_NONE || row->rates.input < 0 || row->rates.input > INT64_MAX / 8)
        return INT64_MAX;
    int64_t out = row->rates.output == DD_PRICE_NONE ? 0 : row->rates.output;
    return out < 0 || out > INT64_MAX / 8 ? INT64_MAX : 3 * row->rates.input + out;
}

/* Over o200k's; cl100k and o200k differ by 0.978 on mixed text (docs/tokens.md). */
static double tokenizer_weight(const dd_price *row, dd_str model)
{
    const dd_tokenizer *t = dd_tokenizer_find(row && row->tokenizer.len ? row->tokenizer : dd_tokenizer_guess(model));
    return t->text * (t->base == DD_ENC_CL100K ? 1.0 / 0.978 : 1.0);
}

static const char *effort_of(const dd_price *row, dd_str model)
{
    return row && !(row->caps & DD_CAP_REASONING) ? "none" : dd_default_effort(row ? row->id : model);
}

static plan_target *new_target(const plan_index *ix, dd_arena *arena, size_t provider, dd_str model, dd_price_hit hit)
{
    const dd_policy_provider *p = &ix->policy->providers[provider];
    plan_target              *t = dd_new(arena, plan_target);
    *t = (plan_target){ .provider = provider, .model = model, .price = hit, .free = p->free, .local = p->local, .special = is_special(model) };
    t->full    = dd_arena_printf(arena, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(p->name), DD_STR_ARG(model));
    t->weight  = tokenizer_weight(hit.price, model);
    t->effort  = effort_of(hit.price, model);
    t->blended = t->free ? 0 : blend(hit.price);
    for (int c = 0; c < 3; c++)
        t->hidden[c] = dd_typical_hidden(t->effort, (dd_complexity)c);
    for (int k = 0; k < DD_QUALITY_KINDS; k++)
        t->quality.level[k] = -1;
    t->known = hit.price && dd_quality_levels_of(&ix->scale, hit.price, &t->quality);
    return t;
}

static const plan_target *known_target(const plan_index *ix, size_t provider, dd_str model)
{
    for (size_t i = 0; i < ix->all.n; i++)
        if (ix->all.v[i]->provider == provider && dd_str_eq(ix->all.v[i]->model, model))
            return ix->all.v[i];
    return NULL;
}

static const plan_target *target_of(plan_index *ix, dd_arena *arena, const dd_decision *d)
{
    const plan_target *t = known_target(ix, d->provider, d->model);
    if (!t) {
        t = new_target(ix, arena, d->provider, d->model, d->used);
        dd_avec_push(arena, &ix->all, t);
    }
    return t;
}

static bool resolved(const dd_decision *d) { return d->verdict == DD_DECIDED || d->verdict == DD_DECIDED_UNPRICED; }

/* --- steps --- */

/* "openai/" alone. */
static size_t provider_alone(const dd_policy *policy, dd_str name)
{
    return name.len > 1 && name.ptr[name.len - 1] == '/' ? dd_policy_find(policy, dd_str_sub(name, 0, name.len - 1)) : SIZE_MAX;
}

static void add_plain(plan_index *ix, dd_arena *arena, const dd_route_step *step, dd_str model, plan_refs *out)
{
    plan_ref    ref = { .provider = provider_alone(ix->policy, model), .step = step, .name = step->model };
    dd_decision d;
    if (ref.provider == SIZE_MAX) {
        dd_decide(ix->policy, ix->prices, model, &d, NULL);
        if (resolved(&d)) {
            ref.target   = target_of(ix, arena, &d);
            ref.provider = d.provider;
        }
    }
    dd_avec_push(arena, out, ref);
}

static void add_step(plan_index *ix, dd_arena *arena, const dd_route_step *step, plan_refs *out)
{
    const dd_policy_alias *a = dd_policy_alias_find(ix->policy, step->model);
    for (size_t i = 0; a && i < a->n; i++)
        add_plain(ix, arena, step, a->targets[i].model, out);
    if (!a)
        add_plain(ix, arena, step, step->model, out);
}

static void add_steps(plan_index *ix, dd_arena *arena, const dd_route_step *steps, size_t n, plan_refs *out)
{
    for (size_t i = 0; i < n; i++)
        add_step(ix, arena, &steps[i], out);
}

/* The targets of an alias are its steps, with what they say of time and tries. */
static void add_alias(plan_index *ix, dd_arena *arena, const dd_policy_alias *a, plan_refs *out)
{
    for (size_t i = 0; i < a->n; i++) {
        add_plain(ix, arena, &a->targets[i], a->targets[i].model, out);
        out->v[out->n - 1].name = a->name;
    }
}

static const plan_target *role(plan_index *ix, dd_arena *arena, dd_str name)
{
    dd_decision d;
    if (!name.len)
        return NULL;
    dd_decide(ix->policy, ix->prices, name, &d, NULL);
    return resolved(&d) ? target_of(ix, arena, &d) : NULL;
}

/* --- the pool: what an open route may choose --- */

static bool serves(const dd_policy_provider *p, dd_str model)
{
    for (size_t i = 0; i < p->n_models; i++)
        if (dd_str_glob(p->models[i], model, false))
            return true;
    return p->n_models == 0;
}

static bool for_pool(const dd_price *row)
{
    return row->status == DD_MODEL_ACTIVE && row->kind == DD_KIND_CHAT && !row->suspect && !row->free && row->rates.input > 0
        && row->rates.output != DD_PRICE_NONE;
}

static void add_rows(plan_index *ix, dd_arena *arena)
{
    for (size_t i = 0, n = dd_prices_count(ix->prices); i < n; i++) {
        const dd_price *row = dd_prices_at(ix->prices, i);
        for (size_t k = 0; k < ix->policy->n_providers; k++) {
            const dd_policy_provider *p = &ix->policy->providers[k];
            if (p->billed_as.len && dd_str_eq(p->billed_as, row->provider) && serves(p, row->id)) {
                const plan_target *t = new_target(ix, arena, k, row->id, (dd_price_hit){ .price = row, .match = DD_MATCH_EXACT });
                dd_avec_push(arena, &ix->all, t);
            }
        }
    }
}

/* Models that a provider lists by their whole names. */
static void add_listed(plan_index *ix, dd_arena *arena)
{
    for (size_t k = 0; k < ix->policy->n_providers; k++) {
        const dd_policy_provider *p = &ix->policy->providers[k];
        for (size_t i = 0; i < p->n_models; i++) {
            if (dd_str_chr(p->models[i], '*') >= 0 || known_target(ix, k, p->models[i]))
                continue;
            dd_price_hit       none = { NULL, DD_MATCH_NONE, false, false };
            dd_price_hit       hit  = p->billed_as.len ? dd_prices_find(ix->prices, p->billed_as, p->models[i]) : none;
            const plan_target *t    = new_target(ix, arena, k, p->models[i], hit);
            dd_avec_push(arena, &ix->all, t);
        }
    }
}

static int by_price(const void *a, const void *b)
{
    const plan_target *x = *(const plan_target *const *)a, *y = *(const plan_target *const *)b;
    if (x->blended != y->blended)
        return x->blended < y->blended ? -1 : 1;
    if (x->provider != y->provider)
        return x->provider < y->provider ? -1 : 1;
    return dd_str_cmp(x->model, y->model);
}

static int by_level(const void *a, const void *b)
{
    const plan_target *x = *(const plan_target *const *)a, *y = *(const plan_target *const *)b;
    double             p = x->quality.level[DD_QUALITY_GENERAL], q = y->quality.level[DD_QUALITY_GENERAL];
    return p != q ? (p > q ? -1 : 1) : by_price(a, b);
}

static void sort_pool(plan_index *ix, dd_arena *arena)
{
    ix->by_price = dd_newn(arena, const plan_target *, ix->all.n + 1);
    for (size_t i = 0; i < ix->all.n; i++) {
        const plan_target *t = ix->all.v[i];
        if (t->price.price ? for_pool(t->price.price) && t->known && !t->special : t->free || t->local)
            ix->by_price[ix->n_pool++] = t;
    }
    ix->by_level = dd_newn(arena, const plan_target *, ix->n_pool + 1);
    memcpy(ix->by_level, ix->by_price, ix->n_pool * sizeof *ix->by_level);
    qsort(ix->by_price, ix->n_pool, sizeof *ix->by_price, by_price);
    qsort(ix->by_level, ix->n_pool, sizeof *ix->by_level, by_level);
}

/* --- names that clients ask for --- */

static int by_name(const void *a, const void *b) { return dd_str_cmp(((const plan_name *)a)->name, ((const plan_name *)b)->name); }

static void add_name(plan_index *ix, dd_arena *arena, dd_str name, const plan_target *t)
{
    plan_name one = { .name = name, .target = t };
    dd_decide(ix->policy, ix->prices, name, &one.decision, NULL);
    bool same = one.decision.verdict == DD_DECIDED && one.decision.provider == t->provider && dd_str_eq(one.decision.model, t->model);
    if (same && !dd_policy_alias_find(ix->policy, name))
        dd_avec_push(arena, &ix->names, one);
}

static void add_names(plan_index *ix, dd_arena *arena)
{
    for (size_t i = 0; i < ix->all.n; i++) {
        add_name(ix, arena, ix->all.v[i]->full, ix->all.v[i]);
        add_name(ix, arena, ix->all.v[i]->model, ix->all.v[i]);
    }
    if (ix->names.n)
        qsort(ix->names.v, ix->names.n, sizeof *ix->names.v, by_name);
}

static const plan_name *find_name(const plan_index *ix, dd_str name)
{
    size_t lo = 0, hi = ix->names.n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int    c   = dd_str_cmp(name, ix->names.v[mid].name);
        if (c == 0)
            return &ix->names.v[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const plan_target *plan_index_find(const plan_index *ix, dd_str name, dd_arena *arena, dd_decision *d)
{
    const plan_name *n = find_name(ix, name);
    if (n) {
        *d = n->decision;
        return n->target;
    }
    dd_decide(ix->policy, ix->prices, name, d, NULL);
    if (!resolved(d))
        return NULL;
    const plan_target *t = known_target(ix, d->provider, d->model);
    return t ? t : new_target(ix, arena, d->provider, d->model, d->used);
}

void plan_index_refs(const plan_index *ix, const dd_route_step *steps, size_t n, dd_arena *arena, plan_refs *out)
{
    plan_index mine = *ix;           /* what is new in it is the request's */
    mine.all.cap    = mine.all.n;    /* the shared list is copied before it grows */
    add_steps(&mine, arena, steps, n, out);
}

/* --- what an event says of rules that did not hold --- */

static void add_tried(plan_index *ix, dd_arena *arena)
{
    const dd_policy *p    = ix->policy;
    dd_buf           text = DD_BUF_INIT(0);
    bool             room = true;
    ix->tried_end = dd_newn(arena, uint16_t, p->n_routes + 1);
    for (size_t i = 0; i < p->n_routes; i++) {
        size_t before = text.len;
        if (room) {
            dd_buf_addc(&text, i ? ',' : '[');
            dd_json_quote(&text, p->routes[i].name);
            room = text.len + 1 <= DD_EVENT_RULES;
        }
        if (!room)
            text.len = before;
        ix->tried_end[i + 1] = (uint16_t)text.len;
    }
    ix->tried = dd_arena_dup(arena, dd_buf_str(&text));
    dd_buf_free(&text);
}

dd_str dd_policy_tried(const dd_policy *p, size_t n, dd_arena *arena)
{
    const plan_index *ix  = p->index;
    size_t            end = ix ? ix->tried_end[n < p->n_routes ? n : p->n_routes] : 0;
    if (!end)
        return DD_STR("");
    char *text = dd_arena_alloc(arena, end + 1);
    memcpy(text, ix->tried.ptr, end);
    text[end] = ']';
    return (dd_str){ text, end + 1 };
}

/* --- all of it --- */

static void add_routes(plan_index *ix, dd_arena *arena)
{
    const dd_policy *p = ix->policy;
    ix->from     = dd_newn(arena, plan_refs, p->n_routes + 1);
    ix->fallback = dd_newn(arena, plan_refs, p->n_routes + 1);
    ix->aliases  = dd_newn(arena, plan_refs, p->n_aliases + 1);
    for (size_t i = 0; i < p->n_routes; i++) {
        add_steps(ix, arena, p->routes[i].from, p->routes[i].n_from, &ix->from[i]);
        add_steps(ix, arena, p->routes[i].fallback, p->routes[i].n_fallback, &ix->fallback[i]);
    }
    ix->alias_asked = dd_newn(arena, dd_decision, p->n_aliases + 1);
    for (size_t i = 0; i < p->n_aliases; i++) {
        add_alias(ix, arena, &p->aliases[i], &ix->aliases[i]);
        dd_decide(p, ix->prices, p->aliases[i].name, &ix->alias_asked[i], NULL);
    }
    add_steps(ix, arena, p->fallback, p->n_fallback, &ix->global);
    add_steps(ix, arena, p->registry, p->n_registry, &ix->registry);
    add_tried(ix, arena);
}

void plan_index_make(plan_index *ix, const dd_policy *policy, const dd_prices *prices, dd_arena *arena)
{
    memset(ix, 0, sizeof *ix);
    ix->policy = policy;
    ix->prices = prices;
    dd_quality_scale_make(&ix->scale);
    if (policy->n_providers && !policy->dev_mode) {
        add_rows(ix, arena);
        add_listed(ix, arena);
    }
    sort_pool(ix, arena);
    add_routes(ix, arena);
    const dd_str roles[PLAN_ROLES] = { [PLAN_ROLE_CHEAP] = policy->role_cheap, [PLAN_ROLE_REASONING] = policy->role_reasoning,
                                       [PLAN_ROLE_CODING] = policy->role_coding, [PLAN_ROLE_FALLBACK] = policy->role_fallback,
                                       [PLAN_ROLE_PREMIUM] = policy->premium };
    for (int i = 0; i < PLAN_ROLES; i++)
        ix->role[i] = role(ix, arena, roles[i]);
    add_names(ix, arena);
}

void dd_policy_index(dd_policy *policy, const dd_prices *prices, dd_arena *arena)
{
    plan_index *ix = dd_new(arena, plan_index);
    plan_index_make(ix, policy, prices, arena);
    policy->index = ix;
}
