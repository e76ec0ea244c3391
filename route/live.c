/* route/live.c - a table of slots found by a 64-bit hash, open addressing, nothing is ever removed.
 *
 * A configuration has some dozens of providers and models; clients that ask for names without end fill the table, and what is new then is simply not
 * known. */
#include "route/live.h"

#include <stdlib.h>

enum { SLOTS = 2048, SESSIONS = 16384, TRIES = 32, WAYS = 4, UNIT = 1000000 };

typedef struct {
    _Atomic uint64_t id;              /* 0: free */
    _Atomic bool     named;
    char             provider[64], model[128];
    uint64_t         key;
    dd_breaker       breaker;
    _Atomic int64_t  latency_us, first_us;   /* moving averages; 0: none yet */
    _Atomic int64_t  errors;          /* moving share, in millionths, + 1; 0: none yet */
    _Atomic int64_t  under_way, aside_until_ms, total, failures;
} slot;

typedef struct { _Atomic uint64_t id; _Atomic uint64_t what; _Atomic int64_t last_ms; } session;   /* what: target << 32 | tokens */

struct dd_live {
    size_t          n_slots, n_sessions;
    slot           *slots;
    session        *sessions;
    _Atomic int64_t tokens, refilled_ms;     /* of the retry budget: thousandths of a retry spent beyond what came in; 0: full */
};

dd_live *dd_live_new(size_t slots, size_t sessions)
{
    dd_live *l    = dd_calloc(1, sizeof *l);
    l->n_slots    = slots ? slots : SLOTS;
    l->n_sessions = (sessions ? sessions : SESSIONS) / WAYS * WAYS;
    l->slots      = dd_calloc(l->n_slots, sizeof *l->slots);
    l->sessions   = dd_calloc(l->n_sessions + WAYS, sizeof *l->sessions);
    return l;
}

void dd_live_free(dd_live *l)
{
    if (!l)
        return;
    free(l->slots);
    free(l->sessions);
    free(l);
}

/* --- slots --- */

static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    return h;
}

static void copy_name(char *to, size_t room, dd_str from)
{
    size_t n = from.len < room - 1 ? from.len : room - 1;
    memcpy(to, from.ptr, n);
    to[n] = '\0';
}

static void name_slot(slot *s, dd_str provider, dd_str model, uint64_t key)
{
    copy_name(s->provider, sizeof s->provider, provider);
    copy_name(s->model, sizeof s->model, model);
    s->key = key;
    atomic_store_explicit(&s->named, true, memory_order_release);
}

uint32_t dd_live_slot(dd_live *l, dd_str provider, dd_str model, uint64_t key, bool make)
{
    uint64_t id = mix(dd_str_hash(provider) ^ mix(dd_str_hash(model) + 0x9e3779b97f4a7c15u) ^ mix(key));
    id += !id;
    for (size_t i = 0; i < TRIES; i++) {
        size_t   at = (size_t)(id + i) % l->n_slots;
        uint64_t is = atomic_load_explicit(&l->slots[at].id, memory_order_acquire);
        if (is == 0 && !make)
            return DD_LIVE_NONE;
        if (is == 0 && atomic_compare_exchange_strong(&l->slots[at].id, &is, id)) {
            name_slot(&l->slots[at], provider, model, key);
            return (uint32_t)at;
        }
        if (is == id)
            return (uint32_t)at;
    }
    return DD_LIVE_NONE;
}

uint32_t dd_live_count(const dd_live *l) { return (uint32_t)l->n_slots; }

bool dd_live_at(const dd_live *l, uint32_t at, dd_live_name *out)
{
    if (at >= l->n_slots || !atomic_load_explicit(&l->slots[at].named, memory_order_acquire))
        return false;
    const slot *s = &l->slots[at];
    memcpy(out->provider, s->provider, sizeof out->provider);
    memcpy(out->model, s->model, sizeof out->model);
    out->key = s->key;
    return true;
}

bool dd_live_look(const dd_live *l, uint32_t at, const dd_breaker_rule *rule, int64_t now_ms, dd_live_facts *out)
{
    *out = (dd_live_facts){ .latency_ms = -1, .first_ms = -1, .error_rate = -1 };
    if (at >= l->n_slots)
        return false;
    const slot *s = &l->slots[at];
    int64_t latency = atomic_load_explicit(&s->latency_us, memory_order_relaxed), first = atomic_load_explicit(&s->first_us, memory_order_relaxed);
    int64_t errors  = atomic_load_explicit(&s->errors, memory_order_relaxed);
    out->breaker    = dd_breaker_look(&s->breaker, rule, now_ms);
    dd_breaker_window(&s->breaker, rule, now_ms, &out->requests, &out->failures);
    if (latency)
        out->latency_ms = (double)latency / 1000;
    if (first)
        out->first_ms = (double)first / 1000;
    if (errors)
        out->error_rate = (double)(errors - 1) / UNIT;
    out->under_way      = atomic_load_explicit(&s->under_way, memory_order_relaxed);
    out->aside_until_ms = atomic_load_explicit(&s->aside_until_ms, memory_order_relaxed);
    out->total          = atomic_load_explicit(&s->total, memory_order_relaxed);
    out->total_failures = atomic_load_explicit(&s->failures, memory_order_relaxed);
    out->openings       = atomic_load_explicit(&s->breaker.openings, memory_order_relaxed);
    return true;
}

bool dd_live_begin(dd_live *l, uint32_t at, const dd_breaker_rule *rule, bool force, int64_t now_ms)
{
    if (at >= l->n_slots)
        return true;
    if (!dd_breaker_take(&l->slots[at].breaker, rule, now_ms) && !force)
        return false;
    atomic_fetch_add_explicit(&l->slots[at].under_way, 1, memory_order_relaxed);
    return true;
}

/* One tenth of the new to nine of the old. Threads that meet lose one sample of two: it is an average. */
static void average(_Atomic int64_t *of, int64_t sample)
{
    int64_t old = atomic_load_explicit(of, memory_order_relaxed);
    atomic_store_explicit(of, old ? old + (sample - old) / 10 : sample, memory_order_relaxed);
}

bool dd_live_end(dd_live *l, uint32_t at, const dd_breaker_rule *rule, dd_live_outcome o, int64_t latency_us, int64_t first_us, int64_t now_ms)
{
    if (at >= l->n_slots)
        return false;
    slot *s = &l->slots[at];
    atomic_fetch_sub_explicit(&s->under_way, 1, memory_order_relaxed);
    if (o == DD_LIVE_NEITHER) {
        atomic_store(&s->breaker.probe_ms, 0);   /* a probe that says nothing makes room for another */
        return false;
    }
    atomic_fetch_add_explicit(&s->total, 1, memory_order_relaxed);
    if (o == DD_LIVE_FAILED)
        atomic_fetch_add_explicit(&s->failures, 1, memory_order_relaxed);
    average(&s->errors, (o == DD_LIVE_FAILED ? UNIT : 0) + 1);
    if (o == DD_LIVE_GOOD && latency_us > 0)
        average(&s->latency_us, latency_us);
    if (o == DD_LIVE_GOOD && first_us > 0)
        average(&s->first_us, first_us);
    return dd_breaker_note(&s->breaker, rule, o == DD_LIVE_FAILED, now_ms);
}

void dd_live_aside(dd_live *l, uint32_t at, int64_t until_ms)
{
    if (at < l->n_slots)
        atomic_store_explicit(&l->slots[at].aside_until_ms, until_ms, memory_order_relaxed);
}

void dd_live_force(dd_live *l, uint32_t at, bool open, int64_t now_ms)
{
    if (at < l->n_slots)
        dd_breaker_force(&l->slots[at].breaker, open, now_ms);
}

bool dd_live_is_aside(const dd_live *l, uint32_t at, int64_t now_ms)
{
    return at < l->n_slots && atomic_load_explicit(&l->slots[at].aside_until_ms, memory_order_relaxed) > now_ms;
}

/* --- the budget of retries: what is spent flows back with requests and with time --- */

static void give_back(dd_live *l, int64_t thousandths)
{
    int64_t spent = atomic_load_explicit(&l->tokens, memory_order_relaxed), left;
    do {
        if (spent <= 0)
            return;
        left = spent > thousandths ? spent - thousandths : 0;
    } while (!atomic_compare_exchange_weak(&l->tokens, &spent, left));
}

void dd_live_request(dd_live *l, double share, double min, int64_t now_ms)
{
    if (atomic_load_explicit(&l->tokens, memory_order_relaxed) <= 0)
        return;
    int64_t last = atomic_load(&l->refilled_ms), past = now_ms - last;
    give_back(l, (int64_t)(share * 1000));
    if (past >= 100 && atomic_compare_exchange_strong(&l->refilled_ms, &last, now_ms))
        give_back(l, (int64_t)((double)(past > 60000 ? 60000 : past) * min));
}

bool dd_live_retry(dd_live *l, double share, double min, int64_t now_ms)
{
    dd_live_request(l, 0, min, now_ms);
    int64_t most  = (int64_t)((min * 10 + share * 500) * 1000);   /* in one rush: ten seconds' worth, and the share of 500 requests */
    int64_t spent = atomic_load(&l->tokens);
    do {
        if (spent + 1000 > most)
            return false;
    } while (!atomic_compare_exchange_weak(&l->tokens, &spent, spent + 1000));
    if (spent == 0)
        atomic_store(&l->refilled_ms, now_ms);
    return true;
}

/* --- sessions: sets of four, the oldest of a set gives way --- */

static session *set_of(const dd_live *l, uint64_t id) { return &l->sessions[mix(id) % (l->n_sessions / WAYS) * WAYS]; }

bool dd_live_session_find(const dd_live *l, uint64_t id, dd_live_session *out)
{
    if (!id || !l->n_sessions)
        return false;
    session *set = set_of(l, id);
    for (size_t i = 0; i < WAYS; i++) {
        if (atomic_load_explicit(&set[i].id, memory_order_acquire) != id)
            continue;
        uint64_t what = atomic_load_explicit(&set[i].what, memory_order_acquire);
        int64_t  last = atomic_load_explicit(&set[i].last_ms, memory_order_acquire);
        if (atomic_load_explicit(&set[i].id, memory_order_acquire) != id)
            return false;             /* given to another session meanwhile */
        *out = (dd_live_session){ .target = (uint32_t)(what >> 32), .cached_tokens = (int64_t)(what & UINT32_MAX), .last_ms = last };
        return true;
    }
    return false;
}

void dd_live_session_put(dd_live *l, uint64_t id, uint32_t target, int64_t cached_tokens, int64_t now_ms)
{
    if (!id || !l->n_sessions)
        return;
    session *set = set_of(l, id), *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (atomic_load_explicit(&set[i].id, memory_order_relaxed) == id) {
            oldest = &set[i];
            break;
        }
        int64_t last = atomic_load_explicit(&set[i].last_ms, memory_order_relaxed);
        if (last < atomic_load_explicit(&oldest->last_ms, memory_order_relaxed))
            oldest = &set[i];
    }
    uint64_t tokens = cached_tokens < 0 ? 0 : cached_tokens > UINT32_MAX ? UINT32_MAX : (uint64_t)cached_tokens;
    atomic_store_explicit(&oldest->id, 0, memory_order_release);
    atomic_store_explicit(&oldest->what, (uint64_t)target << 32 | tokens, memory_order_release);
    atomic_store_explicit(&oldest->last_ms, now_ms, memory_order_release);
    atomic_store_explicit(&oldest->id, id, memory_order_release);
}
