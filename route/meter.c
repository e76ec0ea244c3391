/* route/meter.c - counters that many threads write and none waits for.
 *
 * There are some copies of all counters (shards). Who counts takes one that nobody else is writing to: one atomic exchange, after which plain loads
 * and stores do for its thirty counters. Is it taken, he goes on to the next; the last one is for all who found none, by atomic additions. A reader
 * adds the shards up. So a count is never lost, nobody waits, and workers do not share cache lines: the first shard tried is the worker's that the event's id
 * names. Labels stand apart, once; a row is found by hash and never moves. */
#include "route/meter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LABELS_MAX = 4, SHARDS = 17 /* the last is shared */, SLOTS = 4096 /* a power of two, well above the rows */ };
enum { OTHER = 0, REFUSED_ROWS = DD_METER_SERIES / 4, SPARE = 100 };
typedef _Atomic int64_t cell;

/* The counters of a plain struct, from `first` on, as cells of the same order. */
#define CELLS(T, first) ((sizeof(T) - offsetof(T, first)) / sizeof(int64_t))
#define AT(T, first, member) ((offsetof(T, member) - offsetof(T, first)) / sizeof(int64_t))
#define MODEL(member) AT(dd_meter_model, requests, member)
#define SPENDER(member) AT(dd_meter_spender, requests, member)
#define SUM(member) AT(dd_meter_sum, requests, member)
enum { MODEL_CELLS = CELLS(dd_meter_model, requests), SPENDER_CELLS = CELLS(dd_meter_spender, requests), SUM_CELLS = CELLS(dd_meter_sum, requests) };
_Static_assert(offsetof(dd_meter_model, requests) == LABELS_MAX * DD_METER_LABEL && offsetof(dd_meter_spender, requests) == 2 * DD_METER_LABEL &&
               offsetof(dd_meter_sum, requests) == 0, "labels first, then counters");
_Static_assert(sizeof(dd_pusd) == sizeof(cell) && sizeof(cell) == sizeof(int64_t), "counters are cells of one size");

typedef struct {
    cell model[DD_METER_SERIES][MODEL_CELLS];
    cell spender[DD_METER_SERIES][SPENDER_CELLS];
    cell sum[SUM_CELLS];
} counters;
typedef struct {
    atomic_bool         taken;
    _Atomic(counters *) of;                   /* NULL: nobody counted here yet */
    char                apart[112];           /* no two in one cache line */
} shard;

typedef struct { uint64_t hash; uint8_t len[LABELS_MAX]; char text[LABELS_MAX][DD_METER_LABEL]; } row;
typedef struct {
    size_t            labels;                 /* a row has */
    _Atomic uint16_t  slots[SLOTS];           /* row + 1; 0: free. Nothing is ever removed */
    row               rows[DD_METER_SERIES];
    _Atomic uint16_t  n, refused;
} table;

struct dd_meter {
    size_t          own;                      /* shards for one writer at a time */
    shard           shards[SHARDS];
    table           models, spenders;
    pthread_mutex_t making;                   /* of rows; not of counting */
};

/* --- labels --- */

typedef struct { dd_str v[LABELS_MAX]; size_t n; uint64_t hash; } key;

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 29;
}

static uint64_t hash_text(uint64_t h, dd_str s)
{
    uint64_t word = 0;
    size_t   at   = 0;
    for (; at + sizeof word <= s.len; at += sizeof word) {
        memcpy(&word, s.ptr + at, sizeof word);
        h = mix(h ^ word);
    }
    word = 0;
    if (s.len > at)
        memcpy(&word, s.ptr + at, s.len - at);
    return mix(h ^ word ^ (uint64_t)s.len << 56);
}

static dd_str cut(dd_str s)
{
    if (s.len < DD_METER_LABEL)
        return s;
    size_t n = DD_METER_LABEL - 1;
    while (n > 0 && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)
        n--;
    return (dd_str){ s.ptr, n };
}

static key make_key(const dd_str *v, size_t n)
{
    key k = { .n = n };
    for (size_t i = 0; i < n; i++) {
        k.v[i] = cut(v[i]);
        k.hash = hash_text(k.hash, k.v[i]);
    }
    return k;
}

static bool is_row(const row *r, const key *k)
{
    bool same = r->hash == k->hash;
    for (size_t i = 0; i < k->n && same; i++)
        same = r->len[i] == k->v[i].len && (r->len[i] == 0 || memcmp(r->text[i], k->v[i].ptr, r->len[i]) == 0);
    return same;
}

/* The row, or -1; *slot: where its number would be. */
static int find(table *t, const key *k, size_t *slot)
{
    for (size_t at = (size_t)k->hash & (SLOTS - 1);; at = (at + 1) & (SLOTS - 1)) {
        unsigned is = atomic_load_explicit(&t->slots[at], memory_order_acquire);
        *slot       = at;
        if (is == 0)
            return -1;
        if (is_row(&t->rows[is - 1], k))
            return (int)is - 1;
    }
}

static bool may_be_label(const key *k)
{
    bool good = true;
    for (size_t i = 0; i < k->n; i++)
        good = good && dd_utf8_valid(k->v[i]) && dd_str_chr(k->v[i], '\0') < 0;
    return good;
}

static int make(table *t, const key *k, size_t slot)
{
    unsigned n = atomic_load_explicit(&t->n, memory_order_relaxed);
    row     *r = &t->rows[n];
    r->hash    = k->hash;
    for (size_t i = 0; i < k->n; i++) {
        r->len[i] = (uint8_t)k->v[i].len;
        if (k->v[i].len)
            memcpy(r->text[i], k->v[i].ptr, k->v[i].len);
    }
    atomic_store_explicit(&t->slots[slot], (uint16_t)(n + 1), memory_order_release);
    atomic_store_explicit(&t->n, (uint16_t)(n + 1), memory_order_release);
    return (int)n;
}

static bool has_room(const table *t, unsigned most, bool refused)
{
    return atomic_load_explicit(&t->n, memory_order_relaxed) < most &&
           (!refused || atomic_load_explicit(&t->refused, memory_order_relaxed) < REFUSED_ROWS);
}

/* Found, or made while there are fewer than `most` rows; else -1. */
static int find_or_make(dd_meter *m, table *t, const key *k, unsigned most, bool refused)
{
    size_t slot;
    int    at = find(t, k, &slot);
    if (at >= 0 || !has_room(t, most, refused) || !may_be_label(k))
        return at;
    pthread_mutex_lock(&m->making);
    at = find(t, k, &slot);
    if (at < 0 && has_room(t, most, refused)) {
        at = make(t, k, slot);
        atomic_fetch_add_explicit(&t->refused, refused, memory_order_relaxed);
    }
    pthread_mutex_unlock(&m->making);
    return at;
}

static size_t model_row(dd_meter *m, const dd_event *e)
{
    dd_str v[]     = { e->endpoint, e->provider, e->requested_model, e->used_model };
    dd_str other[] = { e->endpoint, e->provider, DD_METER_OTHER, e->used_model.len ? DD_METER_OTHER : DD_STR("") };
    key    k       = make_key(v, LABELS_MAX);
    int    at      = find_or_make(m, &m->models, &k, DD_METER_SERIES - SPARE, !e->provider.len);
    if (at < 0) {
        k  = make_key(other, LABELS_MAX);
        at = find_or_make(m, &m->models, &k, DD_METER_SERIES, false);
    }
    return at < 0 ? OTHER : (size_t)at;
}

static size_t spender_row(dd_meter *m, const dd_event *e)
{
    bool   unknown = e->error == DD_EC_AUTH && !e->provider.len;      /* whoever it was, he may say what he likes */
    dd_str v[]     = { unknown ? DD_STR("") : e->team, unknown ? DD_STR("") : e->feature };
    key    k       = make_key(v, DD_COUNT(v));
    int    at      = find_or_make(m, &m->spenders, &k, DD_METER_SERIES, false);
    return at < 0 ? OTHER : (size_t)at;
}

/* --- counting --- */

/* A sum past 64 bits stays at its end. */
static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? INT64_MAX : INT64_MIN + 1) : sum;
}

typedef struct { cell *c; bool alone; } writer;   /* alone: nobody else writes here */

static void add(writer w, size_t at, int64_t n)
{
    if (!w.alone) {
        atomic_fetch_add_explicit(&w.c[at], n, memory_order_relaxed);
        return;
    }
    atomic_store_explicit(&w.c[at], plus(atomic_load_explicit(&w.c[at], memory_order_relaxed), n), memory_order_relaxed);
}

static void add_if(writer w, size_t at, bool is)
{
    if (is)
        add(w, at, 1);
}

static void add_known(writer w, size_t at, int64_t n)
{
    if (n > 0)
        add(w, at, n);
}

static void add_money(writer w, size_t at, dd_pusd m)
{
    if (m != DD_PUSD_UNKNOWN && m != 0)
        add(w, at, m);
}

typedef struct { int bucket; int64_t us; } duration;   /* bucket < 0: not known */

static duration measure(int64_t us) { return (duration){ us < 0 ? -1 : (int)dd_hist_bucket(us), us }; }

/* dd_hist.n is what the buckets sum up to: the reader's work. */
static void add_duration(writer w, size_t hist, duration d)
{
    if (d.bucket < 0)
        return;
    add(w, hist + AT(dd_hist, count, count) + (size_t)d.bucket, 1);
    add(w, hist + AT(dd_hist, count, sum_us), d.us);
}

typedef struct {
    const dd_event *e;
    dd_error_class  error;
    dd_pusd         lost, premium_saved;      /* 0: none, or not known */
    int64_t         tokens[DD_METER_KINDS];
    duration        total, first, overhead;
} facts;

static dd_error_class class_of(const dd_event *e)
{
    if (e->error != DD_EC_NONE || e->status < 400)
        return (unsigned)e->error < DD_EC_COUNT ? e->error : DD_EC_INTERNAL;
    return e->status < 500 ? DD_EC_INVALID : DD_EC_UPSTREAM;
}

static int64_t both(int64_t a, int64_t b) { return (a > 0 ? a : 0) + (b > 0 ? b : 0); }

static facts look(const dd_event *e)
{
    facts   f     = { .e = e, .error = class_of(e), .total = measure(e->total_us), .first = measure(e->first_us),
                      .overhead = measure(e->overhead_us) };
    dd_pusd saved = 0;
    f.lost = e->cost_saved != DD_PUSD_UNKNOWN && e->cost_saved < 0 ? -e->cost_saved : 0;
    if (e->cost_premium != DD_PUSD_UNKNOWN && e->cost_actual != DD_PUSD_UNKNOWN && !__builtin_sub_overflow(e->cost_premium, e->cost_actual, &saved))
        f.premium_saved = saved;
    f.tokens[DD_METER_INPUT]       = e->usage.input;
    f.tokens[DD_METER_CACHE_READ]  = e->usage.cache_read;
    f.tokens[DD_METER_CACHE_WRITE] = both(e->usage.cache_write, e->usage.cache_write_1h);
    f.tokens[DD_METER_OUTPUT]      = e->usage.output;
    f.tokens[DD_METER_REASONING]   = e->reasoning_tokens;
    return f;
}

static void count_model(writer w, const facts *f)
{
    const dd_event *e = f->e;
    add(w, MODEL(requests), 1);
    add(w, MODEL(errors) + f->error, 1);
    add_if(w, MODEL(unpriced), e->cost_actual == DD_PUSD_UNKNOWN);
    add_if(w, MODEL(hits), dd_str_eqz(e->cache, "hit"));
    add_if(w, MODEL(fallbacks), e->fallback);
    add_known(w, MODEL(retries), e->retries);
    for (size_t i = 0; i < DD_METER_KINDS; i++)
        add_known(w, MODEL(tokens) + i, f->tokens[i]);
    add_money(w, MODEL(cost), e->cost_actual);
    add_money(w, MODEL(saved), e->cost_saved);
    add_money(w, MODEL(lost), f->lost);
    add_money(w, MODEL(premium_saved), f->premium_saved);
    add_duration(w, MODEL(total), f->total);
    add_duration(w, MODEL(first), f->first);
}

static void count_spender(writer w, const facts *f)
{
    add(w, SPENDER(requests), 1);
    add_if(w, SPENDER(errors), f->error != DD_EC_NONE);
    add_if(w, SPENDER(unpriced), f->e->cost_actual == DD_PUSD_UNKNOWN);
    add_money(w, SPENDER(cost), f->e->cost_actual);
    add_money(w, SPENDER(saved), f->e->cost_saved);
    add_money(w, SPENDER(lost), f->lost);
}

static void count_sum(writer w, const facts *f)
{
    const dd_event *e = f->e;
    add(w, SUM(requests), 1);
    add_if(w, SUM(errors), f->error != DD_EC_NONE);
    add_if(w, SUM(unpriced), e->cost_actual == DD_PUSD_UNKNOWN);
    add_if(w, SUM(hits), dd_str_eqz(e->cache, "hit"));
    add_if(w, SUM(misses), dd_str_eqz(e->cache, "miss"));
    add_if(w, SUM(bypasses), dd_str_eqz(e->cache, "bypass"));
    add_if(w, SUM(fallbacks), e->fallback);
    add_known(w, SUM(retries), e->retries);
    add_if(w, SUM(disconnected), e->disconnected);
    for (size_t i = 0; i < DD_METER_KINDS; i++)
        add_known(w, SUM(tokens) + i, f->tokens[i]);
    add_money(w, SUM(cost), e->cost_actual);
    add_money(w, SUM(saved), e->cost_saved);
    add_money(w, SUM(lost), f->lost);
    add_duration(w, SUM(total), f->total);
    add_duration(w, SUM(first), f->first);
    add_duration(w, SUM(overhead), f->overhead);
}

/* --- shards --- */

static counters *counters_of(shard *s)
{
    counters *c = atomic_load_explicit(&s->of, memory_order_acquire), *none = NULL;
    if (c)
        return c;
    c = dd_calloc(1, sizeof *c);
    if (atomic_compare_exchange_strong(&s->of, &none, c))
        return c;
    free(c);                                  /* in the shared one another was first */
    return none;
}

static shard *take(dd_meter *m, int64_t id)
{
    size_t worker = (size_t)(id >> 13) & 0xff;
    for (size_t i = 0; i < m->own; i++) {
        shard *s = &m->shards[(worker + i) % m->own];
        if (!atomic_exchange_explicit(&s->taken, true, memory_order_acquire))
            return s;
    }
    return &m->shards[SHARDS - 1];
}

void dd_meter_add(dd_meter *m, const dd_event *e)
{
    facts     f       = look(e);
    size_t    model   = model_row(m, e), spender = spender_row(m, e);
    shard    *s       = take(m, e->id);
    bool      alone   = s != &m->shards[SHARDS - 1];
    counters *c       = counters_of(s);
    count_model((writer){ c->model[model], alone }, &f);
    count_spender((writer){ c->spender[spender], alone }, &f);
    count_sum((writer){ c->sum, alone }, &f);
    if (alone)
        atomic_store_explicit(&s->taken, false, memory_order_release);
}

/* --- reading --- */

/* Cells from `offset` in each shard, added up into what begins at `to`. */
static void read_cells(const dd_meter *m, size_t offset, size_t n, void *to)
{
    int64_t *out = to;
    for (size_t i = 0; i < SHARDS; i++) {
        const counters *c = atomic_load_explicit(&m->shards[i].of, memory_order_acquire);
        if (!c)
            continue;
        const cell *from = (const cell *)(const void *)((const char *)c + offset);
        for (size_t k = 0; k < n; k++)
            out[k] = plus(out[k], atomic_load_explicit(&from[k], memory_order_relaxed));
    }
}

static void finish(dd_hist *h)
{
    h->n = 0;
    for (size_t i = 0; i < DD_HIST_BUCKETS; i++)
        h->n += h->count[i];
}

/* False: there is no such row. The struct, all 0, begins with its labels. */
static bool read_labels(const table *t, size_t i, void *out)
{
    if (i >= atomic_load_explicit(&t->n, memory_order_acquire))
        return false;
    memcpy(out, t->rows[i].text, t->labels * sizeof t->rows[i].text[0]);
    return true;
}

bool dd_meter_model_at(const dd_meter *m, size_t i, dd_meter_model *out)
{
    *out = (dd_meter_model){ .requests = 0 };
    if (!read_labels(&m->models, i, out))
        return false;
    read_cells(m, offsetof(counters, model) + i * MODEL_CELLS * sizeof(cell), MODEL_CELLS, (char *)out + offsetof(dd_meter_model, requests));
    finish(&out->total);
    finish(&out->first);
    return true;
}

bool dd_meter_spender_at(const dd_meter *m, size_t i, dd_meter_spender *out)
{
    *out = (dd_meter_spender){ .requests = 0 };
    if (!read_labels(&m->spenders, i, out))
        return false;
    read_cells(m, offsetof(counters, spender) + i * SPENDER_CELLS * sizeof(cell), SPENDER_CELLS,
               (char *)out + offsetof(dd_meter_spender, requests));
    return true;
}

void dd_meter_total(const dd_meter *m, dd_meter_sum *out)
{
    *out = (dd_meter_sum){ .requests = 0 };
    read_cells(m, offsetof(counters, sum), SUM_CELLS, out);
    finish(&out->total);
    finish(&out->first);
    finish(&out->overhead);
}

/* --- life --- */

static void begin(table *t, size_t labels)
{
    static const dd_str other[LABELS_MAX] = { { "(other)", 7 }, { "(other)", 7 }, { "(other)", 7 }, { "(other)", 7 } };
    key    k = make_key(other, labels);
    size_t slot;
    t->labels = labels;
    find(t, &k, &slot);
    make(t, &k, slot);                        /* row OTHER */
}

dd_meter *dd_meter_new(void) { return dd_meter_new_of(SHARDS - 1); }

dd_meter *dd_meter_new_of(unsigned copies)
{
    dd_meter *m = dd_calloc(1, sizeof *m);
    m->own      = copies < SHARDS ? copies : SHARDS - 1;
    pthread_mutex_init(&m->making, NULL);
    begin(&m->models, 4);
    begin(&m->spenders, 2);
    return m;
}

void dd_meter_free(dd_meter *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        free(atomic_load(&m->shards[i].of));
    pthread_mutex_destroy(&m->making);
    free(m);
}
