/* What a flag's path does to requests, counted without a lock, and the tests that turn it off (docs/flags.md).
 *
 * Latencies go into buckets of 1/128 to 1/256 of their value (0.8% at most), 128 an octave; a threshold is rounded to the side that lets the flag
 * live. */
#include <math.h>
#include <stdlib.h>

#include "route/flags.h"

enum { SUB = 128, BUCKETS = 4096, TOP_BIT = 37 /* 76 hours */, WINDOWS = 2, SIDES = 2 };

typedef struct {
    _Atomic uint32_t good[BUCKETS];
    _Atomic uint32_t failed;
} side_counts;
typedef struct {
    int64_t     began_ms;
    side_counts side[SIDES];
} window;
struct dd_guard_windows { window v[WINDOWS]; };

static const int64_t lengths_ms[WINDOWS] = { DD_GUARD_FAST_MS, DD_GUARD_SLOW_MS };

/* --- counting --- */

static unsigned bucket_of(int64_t us)
{
    uint64_t v = us < 0 ? 0 : (uint64_t)us;
    if (v < SUB)
        return (unsigned)v;
    if (v >> (TOP_BIT + 1))
        return BUCKETS - 1;
    unsigned shift = 56 - (unsigned)__builtin_clzll(v);   /* the top eight bits stay */
    return (shift + 1) * SUB + (unsigned)(v >> shift) - SUB;
}

static int64_t lower_edge(unsigned b)
{
    if (b < SUB)
        return b;
    return (int64_t)(SUB + b % SUB) << (b / SUB - 1);
}

void dd_guard_note(dd_flag_guard *g, dd_guard_side side, int64_t latency_us, bool failed)
{
    if (!g || !g->windows)
        return;
    for (int i = 0; i < WINDOWS; i++) {
        side_counts *s = &g->windows->v[i].side[side];
        atomic_fetch_add_explicit(failed ? &s->failed : &s->good[bucket_of(latency_us)], 1, memory_order_relaxed);
    }
}

void dd_flags_note(const dd_flags *f, dd_str with, dd_str held, int64_t latency_us, bool failed)
{
    for (size_t i = 0; i < f->n; i++) {
        const dd_flag *flag = &f->v[i];
        if (!flag->guard || !flag->on)
            continue;
        if (with.len && dd_str_eq(flag->name, with))
            dd_guard_note(flag->guard, DD_GUARD_PATH, latency_us, failed);
        else if (flag->rollout >= 100 || (held.len && dd_str_eq(flag->name, held)))
            dd_guard_note(flag->guard, DD_GUARD_BESIDE, latency_us, failed);
    }
}

/* --- the tests --- */

static double log_choose(int64_t n, int64_t k) { return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1); }

double dd_guard_tail(int64_t all, int64_t marked, int64_t drawn, int64_t x)
{
    int64_t least = marked + drawn - all, most = marked < drawn ? marked : drawn;
    if (x <= (least > 0 ? least : 0))
        return 1;
    if (x > most)
        return 0;
    double term = exp(log_choose(marked, x) + log_choose(all - marked, drawn - x) - log_choose(all, drawn)), sum = 0;
    for (int64_t i = x; i <= most && term > 0; i++) {
        sum += term;
        if (term < sum * 1e-17)
            break;
        term *= (double)(marked - i) * (double)(drawn - i) / ((double)(i + 1) * (double)(all - marked - drawn + i + 1));
    }
    return sum < 1 ? sum : 1;
}

typedef struct { uint32_t good[BUCKETS]; int64_t n_good; } histogram;

static void take(const side_counts *s, histogram *h, dd_guard_counts *out)
{
    h->n_good = 0;
    for (unsigned b = 0; b < BUCKETS; b++)
        h->n_good += h->good[b] = atomic_load_explicit(&s->good[b], memory_order_relaxed);
    out->failed = atomic_load_explicit(&s->failed, memory_order_relaxed);
    out->n      = h->n_good + out->failed;
}

/* The bucket of the 99th percentile; *above: how many stand in it and behind it. */
static unsigned tail_bucket(const histogram *h, int64_t *above)
{
    int64_t  want = h->n_good / 100 + 1;
    unsigned b    = BUCKETS;
    *above        = 0;
    while (b > 0 && *above < want)
        *above += h->good[--b];
    return b;
}

static int64_t p99(const histogram *h)
{
    int64_t above;
    return h->n_good ? lower_edge(tail_bucket(h, &above)) : -1;
}

/* How many of the path's are slower than 1.05 times the k-th slowest beside it: were both alike but for that factor, the slowest of all together
 * would be the path's by its share of all. */
static double latency_chance(const histogram *path, const histogram *beside)
{
    int64_t  k = 0, x = 0;
    unsigned b    = tail_bucket(beside, &k);
    double   over = (double)lower_edge(b + 1) * DD_GUARD_LATENCY;
    for (unsigned i = BUCKETS; i-- > 0 && (double)lower_edge(i) > over;)
        x += path->good[i];
    if (x * beside->n_good <= k * path->n_good)
        return 1;
    return dd_guard_tail(path->n_good + beside->n_good, x + k - 1, path->n_good, x);
}

static void weigh(const window *w, dd_guard_look *out)
{
    static _Thread_local histogram h[SIDES];
    take(&w->side[DD_GUARD_PATH], &h[DD_GUARD_PATH], &out->path);
    take(&w->side[DD_GUARD_BESIDE], &h[DD_GUARD_BESIDE], &out->beside);
    const dd_guard_counts *p = &out->path, *o = &out->beside;
    out->p_latency = out->p_errors = 1;
    out->slower = out->failing = false;
    if (p->n < DD_GUARD_LEAST || o->n < DD_GUARD_LEAST)
        return;
    out->path.p99_us   = p99(&h[DD_GUARD_PATH]);
    out->beside.p99_us = p99(&h[DD_GUARD_BESIDE]);
    if (h[DD_GUARD_PATH].n_good >= DD_GUARD_LEAST && h[DD_GUARD_BESIDE].n_good >= DD_GUARD_LEAST)
        out->p_latency = latency_chance(&h[DD_GUARD_PATH], &h[DD_GUARD_BESIDE]);
    double rise   = (double)p->failed / (double)p->n - (double)o->failed / (double)o->n;
    out->p_errors = rise > 0 ? dd_guard_tail(p->n + o->n, p->failed + o->failed, p->n, p->failed) : 1;
    out->slower   = out->p_latency < DD_GUARD_P;
    out->failing  = out->p_errors < DD_GUARD_P && rise > DD_GUARD_ERRORS;
}

static void restart(window *w, int64_t now_ms)
{
    for (int s = 0; s < SIDES; s++) {
        for (unsigned b = 0; b < BUCKETS; b++)
            atomic_store_explicit(&w->side[s].good[b], 0, memory_order_relaxed);
        atomic_store_explicit(&w->side[s].failed, 0, memory_order_relaxed);
    }
    w->began_ms = now_ms;
}

bool dd_guard_check(dd_flag_guard *g, int64_t now_ms, dd_guard_look *out)
{
    bool trip = false;
    for (int i = 0; i < WINDOWS && g->windows && !trip; i++) {
        window *w   = &g->windows->v[i];
        int64_t age = now_ms - w->began_ms;
        *out        = (dd_guard_look){ .path.p99_us = -1, .beside.p99_us = -1 };
        weigh(w, out);
        trip      = out->slower || out->failing;
        bool full = out->path.n >= DD_GUARD_LEAST && out->beside.n >= DD_GUARD_LEAST;
        if (!trip && age >= lengths_ms[i] * (full ? 1 : DD_GUARD_STRETCH))
            restart(w, now_ms);
    }
    return trip;
}

void dd_guard_reset(dd_flag_guard *g, int64_t now_ms)
{
    for (int i = 0; i < WINDOWS && g->windows; i++)
        restart(&g->windows->v[i], now_ms);
}

/* --- those of a process --- */

typedef struct entry {
    dd_flag_guard guard;
    struct entry *next;
    double        share;        /* that it is counted under; < 0: not yet */
    char         *name;
} entry;
struct dd_guards { entry *first; };

dd_guards *dd_guards_new(void) { return dd_calloc(1, sizeof(dd_guards)); }

void dd_guards_free(dd_guards *g)
{
    while (g && g->first) {
        entry *e = g->first;
        g->first = e->next;
        free(e->guard.windows);
        free(e->name);
        free(e);
    }
    free(g);
}

static entry *find(dd_guards *g, dd_str name)
{
    for (entry *e = g->first; e; e = e->next)
        if (dd_str_eqz(name, e->name))
            return e;
    return NULL;
}

static entry *find_or_make(dd_guards *g, dd_str name)
{
    entry *e = find(g, name);
    if (e)
        return e;
    e                = dd_calloc(1, sizeof *e);
    e->name          = dd_strdup(name);
    e->share         = -1;
    e->guard.windows = dd_calloc(1, sizeof *e->guard.windows);
    e->next          = g->first;
    g->first         = e;
    return e;
}

dd_flag_guard *dd_guards_find(dd_guards *g, dd_str name, bool make)
{
    entry *e = make ? find_or_make(g, name) : find(g, name);
    return e ? &e->guard : NULL;
}

void dd_guards_attach(dd_guards *g, dd_flags *f, int64_t now_ms)
{
    for (size_t i = 0; i < f->n; i++) {
        entry *e     = find_or_make(g, f->v[i].name);
        double share = f->v[i].on ? f->v[i].rollout : 0;
        if (share < e->share || share > e->share)
            dd_guard_reset(&e->guard, now_ms);
        e->share      = share;
        f->v[i].guard = &e->guard;
    }
}
