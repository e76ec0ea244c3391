/* Who of the candidates stands first. Each strategy gives every candidate a key; what cannot serve stands last whatever its key, what is only weakly
 * known to serve behind what is known to, and an open breaker behind both. Ties: the quicker of late, then the configured order.
 * Figures and reasons: docs/decisions/0019-routes.json. */
#include "route/plan_parts.h"

#include <math.h>
#include <stdlib.h>

/* Share of the best model's ability that work of this complexity asks for; as route/suggest.c has it. */
static const double ability_needed[] = { [DD_COMPLEXITY_LOW] = 0.50, [DD_COMPLEXITY_MEDIUM] = 0.85, [DD_COMPLEXITY_HIGH] = 0.98 };

static int rank_of(const plan_candidate *k)
{
    if (!plan_usable(k))
        return 4;
    return (k->c.fit == DD_FIT_BREAKER ? 2 : 0) + (k->c.weak ? 1 : 0);
}

static int by_key(const void *a, const void *b)
{
    const plan_candidate *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank - y->rank;
    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    double p = x->c.latency_ms < 0 ? INFINITY : x->c.latency_ms, q = y->c.latency_ms < 0 ? INFINITY : y->c.latency_ms;
    if (p != q)
        return p < q ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static void sort(plan_work *w)
{
    if (w->list.n > 1)
        qsort(w->list.v, w->list.n, sizeof *w->list.v, by_key);
}

/* --- what the keys are relative to --- */

typedef struct { double cost, latency, level, known_latency; } most;

static most most_of(const plan_work *w)
{
    most   m   = { 0, 0, 0, 0 };
    double sum = 0;
    for (size_t i = 0; i < w->list.n; i++) {
        const dd_candidate *c = &w->list.v[i].c;
        if (!plan_usable(&w->list.v[i]))
            continue;
        m.cost    = c->expected != DD_PUSD_UNKNOWN ? fmax(m.cost, (double)c->expected) : m.cost;
        m.level   = fmax(m.level, c->quality);
        m.latency = fmax(m.latency, c->latency_ms);
        if (c->latency_ms >= 0) {
            sum += c->latency_ms;
            m.known_latency++;
        }
    }
    m.known_latency = m.known_latency > 0 && m.latency > 0 ? sum / m.known_latency / m.latency : 0.5;   /* what an unknown one is taken for */
    return m;
}

static double share_of_cost(const dd_candidate *c, const most *m)
{
    return c->expected == DD_PUSD_UNKNOWN ? 1.0 : m->cost > 0 ? (double)c->expected / m->cost : 0.0;
}

static double share_of_latency(const dd_candidate *c, const most *m)
{
    return c->latency_ms < 0 || m->latency <= 0 ? m->known_latency : c->latency_ms / m->latency;
}

/* 1 for a model that is able enough for work of this complexity; less by what it lacks of that. */
static double task_match(const plan_work *w, const dd_candidate *c, const most *m)
{
    if (c->quality < 0 || m->level <= 0)
        return 0.5;
    double match = c->quality / (m->level * ability_needed[w->f->class.complexity]);
    return match > 1 ? 1 : match;
}

/* --- strategies: a key for each --- */

static void key_order(plan_work *w)
{
    for (size_t i = 0; i < w->list.n; i++)
        w->list.v[i].key = -(double)w->list.v[i].order;
}

static void key_cost(plan_work *w)
{
    most m = most_of(w);
    for (size_t i = 0; i < w->list.n; i++) {
        plan_candidate *k = &w->list.v[i];
        k->key     = k->c.expected == DD_PUSD_UNKNOWN ? -INFINITY : -(double)k->c.expected;
        k->c.score = 1 - share_of_cost(&k->c, &m);
    }
}

static void key_quality(plan_work *w)
{
    for (size_t i = 0; i < w->list.n; i++)
        w->list.v[i].key = w->list.v[i].c.score = w->list.v[i].c.quality;
}

static void key_score(plan_work *w)
{
    const dd_route  *r = w->p->route;
    const dd_policy *p = w->policy;
    double cost    = r && r->w_cost >= 0 ? r->w_cost : p->w_cost;
    double latency = r && r->w_latency >= 0 ? r->w_latency : p->w_latency;
    double task    = r && r->w_task >= 0 ? r->w_task : p->w_task;
    most   m       = most_of(w);
    for (size_t i = 0; i < w->list.n; i++) {
        plan_candidate *k = &w->list.v[i];
        k->key = k->c.score = cost * (1 - share_of_cost(&k->c, &m)) + latency * (1 - share_of_latency(&k->c, &m)) + task * task_match(w, &k->c, &m);
    }
}

/* What is not known yet is tried first among named models, so that it becomes known; among those that nobody named it stands last. */
static void key_latency(plan_work *w)
{
    for (size_t i = 0; i < w->list.n; i++) {
        plan_candidate *k = &w->list.v[i];
        k->key     = k->c.latency_ms >= 0 ? -k->c.latency_ms : w->open ? -INFINITY : INFINITY;
        k->c.score = k->key;
    }
}

static int64_t weight_of(const plan_candidate *k) { return !k->step || k->step->weight < 0 ? 1 : k->step->weight; }

static int best_rank(const plan_work *w)
{
    int best = 4;
    for (size_t i = 0; i < w->list.n; i++)
        best = w->list.v[i].rank < best ? w->list.v[i].rank : best;
    return best;
}

/* The same number always takes the same one: a sticky session keeps its share although nothing is remembered of it. FNV's low bits are mixed. */
static uint64_t draw(const plan_work *w)
{
    bool     sticky = w->p->route && w->p->route->sticky != DD_STICKY_NONE && w->p->session;
    uint64_t x      = sticky ? w->p->session : w->f->random;
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    return x ^ x >> 33;
}

static void key_weight(plan_work *w)
{
    int     rank  = best_rank(w);
    int64_t total = 0, chosen = 0;
    for (size_t i = 0; i < w->list.n; i++)
        total += w->list.v[i].rank == rank ? weight_of(&w->list.v[i]) : 0;
    int64_t at = total > 0 ? (int64_t)(draw(w) % (uint64_t)total) : 0;
    for (size_t i = 0; i < w->list.n; i++) {
        plan_candidate *k = &w->list.v[i];
        k->c.score = total > 0 && k->rank == rank ? (double)weight_of(k) / (double)total : 0;
        k->key     = k->c.score;
        if (k->rank != rank || chosen)
            continue;
        at -= weight_of(k);
        if (at < 0) {
            chosen = 1;
            k->key = 2;
        }
    }
}

/* Without any threshold the steps share the range of the score evenly. */
static double threshold_of(const plan_work *w, size_t i, bool any)
{
    const dd_route_step *s = w->list.v[i].step;
    if (!any)
        return (double)(i + 1) / (double)w->list.n;
    return s && s->threshold >= 0 ? s->threshold : 1;
}

/* The first whose threshold the score does not exceed; if that cannot, the next stronger one, and weaker ones last. */
static void key_complexity(plan_work *w)
{
    bool   any = false;
    size_t at  = 0;
    for (size_t i = 0; i < w->list.n; i++)
        any |= w->list.v[i].step && w->list.v[i].step->threshold >= 0;
    while (at + 1 < w->list.n && w->f->class.score > threshold_of(w, at, any))
        at++;
    for (size_t i = 0; i < w->list.n; i++)
        w->list.v[i].key = w->list.v[i].c.score = i >= at ? 1.0 / (double)(i - at + 1) : -(double)(at - i);
}

typedef void keys(plan_work *w);
static keys *const strategies[DD_STRATEGY_COUNT] = {
    [DD_STRATEGY_PASSTHROUGH] = key_order, [DD_STRATEGY_CHEAPEST] = key_cost,      [DD_STRATEGY_QUALITY] = key_quality,
    [DD_STRATEGY_CASCADE] = key_cost,      [DD_STRATEGY_SCORE] = key_score,        [DD_STRATEGY_WEIGHTED] = key_weight,
    [DD_STRATEGY_LATENCY] = key_latency,   [DD_STRATEGY_COMPLEXITY] = key_complexity,
};

/* --- cascades --- */

static void to_front(plan_work *w, size_t from, size_t to)
{
    plan_candidate k = w->list.v[from];
    memmove(&w->list.v[to + 1], &w->list.v[to], (from - to) * sizeof k);
    w->list.v[to] = k;
}

/* Of rungs that nobody named two are enough: the cheapest, and the cheapest that is no weaker than what was asked for; the best when nothing was. */
static size_t cut_short(plan_work *w, size_t n)
{
    double asked = w->asked_target ? plan_level(w, w->asked_target) : INFINITY;
    size_t up    = n - 1;
    if (n < 3)
        return n;
    for (size_t i = n - 1; i > 0; i--)
        up = w->list.v[i].c.quality >= asked ? i : up;
    to_front(w, up, 1);
    return w->list.v[0].c.quality >= asked ? 1 : 2;
}

/* A rung that costs more than the one before and is known to be no better helps nobody. */
static size_t make_ladder(plan_work *w)
{
    size_t n = 0;
    double level = -1;
    for (size_t i = 0; i < w->list.n; i++) {
        const plan_candidate *k = &w->list.v[i];
        if (!plan_usable(k) || (n && k->c.quality >= 0 && k->c.quality <= level))
            continue;
        level = k->c.quality >= 0 ? k->c.quality : level;
        to_front(w, i, n++);
    }
    return w->open ? cut_short(w, n) : n;
}

/* --- sessions --- */

static bool keeps_anyway(const plan_work *w)
{
    return w->p->route && w->p->route->sticky != DD_STICKY_NONE && w->p->strategy != DD_STRATEGY_PASSTHROUGH;
}

/* To go elsewhere would lose what the provider has cached: only for less money than that, or for a better model. */
static bool switch_loses(const plan_work *w, const plan_candidate *stuck, const plan_candidate *first)
{
    if (w->p->strategy == DD_STRATEGY_WEIGHTED || w->p->strategy == DD_STRATEGY_PASSTHROUGH || w->p->strategy == DD_STRATEGY_CASCADE)
        return false;
    if (stuck->c.expected == DD_PUSD_UNKNOWN || first->c.expected == DD_PUSD_UNKNOWN || w->stuck.cached_tokens <= 0)
        return false;
    return first->c.expected >= stuck->c.expected && first->c.quality <= stuck->c.quality;
}

static void stick(plan_work *w)
{
    for (size_t i = 0; w->has_stuck && i < w->list.n; i++) {
        plan_candidate *k = &w->list.v[i];
        if (k->slot == DD_LIVE_NONE || k->slot != w->stuck.target || k->c.fit != DD_FIT_OK || k->rank != w->list.v[0].rank)
            continue;
        if (i == 0) {
            w->p->stuck = keeps_anyway(w);
        } else if (keeps_anyway(w) || switch_loses(w, k, &w->list.v[0])) {
            w->p->stuck = true;
            k->c.why    = DD_STR("kept: its prompt cache is warm");
            to_front(w, i, 0);
        }
        return;
    }
}

/* A cap so low that it cuts every kind of answer makes the kind matter to no price. */
static bool capped_alike(const plan_work *w)
{
    enum { SHORTEST = 10 };   /* tokens of the shortest kind of answer (docs/estimates.md) */
    return w->f->max_tokens > 0 && w->f->max_tokens * 3 / 4 <= SHORTEST;
}

static bool in_given_order(dd_strategy s) { return s == DD_STRATEGY_PASSTHROUGH || s == DD_STRATEGY_WEIGHTED || s == DD_STRATEGY_LATENCY; }

/* Nobody asks for more than the choice itself. */
static bool is_plain(const plan_work *w) { return !w->o->trace && w->f->max_cost == DD_PUSD_UNKNOWN && !w->open; }

static void need_tokens(plan_work *w, bool costs)
{
    dd_facts_need(w->f, DD_FACT_TOKENS);
    w->costs |= costs;
    if (costs)
        w->visible = w->f->max_tokens;   /* what is left under the cap */
}

/* Classifying a prompt takes longer than all else here, and counting it the next: only for a choice that depends on it. Whether a model takes the
 * prompt at all is known by its tokens. */
static void need_for_choice(plan_work *w)
{
    bool several = w->list.n > 1, plain = is_plain(w);
    if (plain && !several)
        return;
    if (plain && in_given_order(w->p->strategy) && !w->has_stuck)
        need_tokens(w, false);
    else if (plain && w->p->strategy == DD_STRATEGY_CHEAPEST && capped_alike(w))
        need_tokens(w, true);
    else
        plan_need_costs(w);
}

void plan_choose(plan_work *w)
{
    dd_strategy s = w->p->strategy;
    need_for_choice(w);
    for (size_t i = 0; i < w->list.n; i++) {
        plan_weigh(w, &w->list.v[i]);
        w->list.v[i].rank = rank_of(&w->list.v[i]);
    }
    if (s == DD_STRATEGY_COMPLEXITY && w->open)
        s = DD_STRATEGY_CHEAPEST;   /* no steps to choose between: who is good enough was decided before */
    strategies[s](w);
    sort(w);
    stick(w);
    w->p->n_primary = s == DD_STRATEGY_CASCADE ? make_ladder(w) : w->list.n && plan_usable(&w->list.v[0]) ? 1 : 0;
}
