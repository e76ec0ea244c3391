/* route/limit.c - one table for all workers, without a lock but for a value's first request.
 *
 * A slot is a rule's value ("per key", key k1). Its word holds who it is (40 bits of a keyed hash) and how many requests under way use it (24
 * bits): one compare-and-swap takes both a place and a share of `concurrent`. While a request uses it, it is nobody else's; one that nobody uses
 * and whose windows have run empty may become another's.
 *
 * Requests: a time at which the bucket will be empty (GCRA), in nanoseconds; a request moves it on by window / limit and is refused where that
 * would be more than a window ahead. So an interval of length t has at most limit * (1 + t / window) requests.
 *
 * Tokens: what is estimated is set aside while a request is under way (`pending`) and what was used goes into the bucket at its end: let in while
 * both together are within the limit. What is used by requests that end in an interval of length t is at most limit * (1 + t / window), and what
 * they used above their estimates. An estimate that was too high costs nobody anything afterwards. One above the whole limit is let in when
 * nothing else is there: it would never be otherwise. */
#include "route/limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/secret.h"

enum { WINDOW = 16 /* slots that a value may stand in */, MAX_SLOTS = 1 << 20, MAX_RULES = 1 << 12 };
#define USERS_MASK UINT64_C(0xffffff)
static const int64_t ns_a_ms = 1000000, max_window_ms = INT64_C(366) * 86400000;

typedef struct {
    _Alignas(64) _Atomic uint64_t word;           /* hash << 24 | users; 0: never used */
    _Atomic int64_t requests_ns, tokens_ns;       /* when they will be empty */
    _Atomic int64_t pending;                      /* tokens of requests under way */
} slot;

struct dd_limits {
    slot            *slots;
    size_t           n;
    uint64_t         key;                         /* so that no client can choose a place */
    _Atomic uint64_t full;
    pthread_mutex_t  making;
};

dd_limits *dd_limits_new(size_t slots)
{
    dd_limits *l = dd_calloc(1, sizeof *l);
    slots        = slots == 0 ? 8192 : slots < WINDOW ? WINDOW : slots > MAX_SLOTS ? MAX_SLOTS : slots;
    l->n         = slots;
    l->slots     = aligned_alloc(64, slots * sizeof *l->slots);
    if (l->slots == NULL)
        abort();
    memset((void *)l->slots, 0, slots * sizeof *l->slots);
    dd_random_bytes(&l->key, sizeof l->key);
    pthread_mutex_init(&l->making, NULL);
    return l;
}

void dd_limits_free(dd_limits *l)
{
    if (l == NULL)
        return;
    pthread_mutex_destroy(&l->making);
    free(l->slots);
    free(l);
}

uint64_t dd_limits_full(const dd_limits *l) { return atomic_load(&l->full); }

static uint64_t mixed(uint64_t h, dd_str s)
{
    h ^= s.len;
    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    return h;
}

static uint64_t hash_of(const dd_limits *l, const dd_limit *rule, dd_str value)
{
    uint64_t h = mixed(mixed(l->key, rule->name), value) ^ l->key << 17 ^ (uint64_t)rule->scope;
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 29;
}

static uint64_t users_of(uint64_t word) { return word & USERS_MASK; }

static bool is_idle(const slot *s, uint64_t word, int64_t now_ns)
{
    return users_of(word) == 0 && atomic_load(&s->requests_ns) <= now_ns && atomic_load(&s->tokens_ns) <= now_ns && atomic_load(&s->pending) == 0;
}

/* One more user of the slot, if that is what it still is. */
static bool join(slot *s, uint64_t *word, uint64_t name, int64_t concurrent, bool *crowded)
{
    while (*word >> 24 == name) {
        *crowded = users_of(*word) == USERS_MASK || (concurrent >= 0 && (int64_t)users_of(*word) >= concurrent);
        if (*crowded || atomic_compare_exchange_weak(&s->word, word, *word + 1))
            return true;
    }
    *crowded = false;
    return false;
}

static slot *find(dd_limits *l, size_t at, uint64_t name, int64_t concurrent, bool *crowded)
{
    *crowded = false;
    for (size_t i = 0; i < WINDOW; i++) {
        slot    *s    = &l->slots[(at + i) % l->n];
        uint64_t word = atomic_load(&s->word);
        if (join(s, &word, name, concurrent, crowded))
            return s;
        if (word == 0)
            break;
    }
    return NULL;
}

static slot *take_idle(dd_limits *l, size_t at, uint64_t name, int64_t now_ns)
{
    for (size_t i = 0; i < WINDOW; i++) {
        slot    *s    = &l->slots[(at + i) % l->n];
        uint64_t word = atomic_load(&s->word);
        if (is_idle(s, word, now_ns) && atomic_compare_exchange_strong(&s->word, &word, name << 24 | 1))
            return s;
    }
    return NULL;
}

/* The value's slot, used once more; NULL: the table is full here. *crowded: as many use it as may; then it is not used. The first request of a
 * value takes a lock, so that no value gets two slots. */
static slot *use(dd_limits *l, uint64_t hash, int64_t concurrent, int64_t now_ns, bool *crowded)
{
    uint64_t name = hash >> 24 ? hash >> 24 : 1;
    size_t   at   = (size_t)(hash % l->n);
    slot    *s    = find(l, at, name, concurrent, crowded);
    if (s != NULL)
        return s;
    pthread_mutex_lock(&l->making);
    s = find(l, at, name, concurrent, crowded); /* another thread was quicker? */
    if (s == NULL && concurrent != 0)
        s = take_idle(l, at, name, now_ns);
    pthread_mutex_unlock(&l->making);
    *crowded = *crowded || (s == NULL && concurrent == 0);
    return s;
}

static void unuse(slot *s) { atomic_fetch_sub(&s->word, 1); }

/* Nanoseconds that one of `limit` in a window stands for. */
static int64_t each_ns(const dd_limit *r, int64_t limit)
{
    int64_t window = r->window_ms < 1 ? 1 : r->window_ms > max_window_ms ? max_window_ms : r->window_ms;
    return limit > 0 ? (window * ns_a_ms + limit - 1) / limit : window * ns_a_ms;
}

static int64_t times(int64_t n, int64_t ns)
{
    int64_t product;
    return __builtin_mul_overflow(n, ns, &product) || product > INT64_MAX / 4 ? INT64_MAX / 4 : product;
}

static int64_t ms_up(int64_t ns) { return ns <= 0 ? 0 : (ns + ns_a_ms - 1) / ns_a_ms; }

/* How far ahead the bucket is: 0 empty. */
static int64_t level_at(int64_t empty_ns, int64_t now_ns) { return empty_ns > now_ns ? empty_ns - now_ns : 0; }

/* One request more. False: *wait_ns until there is room. */
static bool take_request(slot *s, const dd_limit *r, int64_t now_ns, int64_t *wait_ns, int64_t *level_ns)
{
    int64_t each = each_ns(r, r->requests), whole = times(r->requests, each), empty = atomic_load(&s->requests_ns);
    for (;;) {
        int64_t level = level_at(empty, now_ns) + each;
        if (level > whole) {
            *wait_ns  = r->requests > 0 ? level - whole : each;
            *level_ns = level - each;
            return false;
        }
        if (atomic_compare_exchange_weak(&s->requests_ns, &empty, now_ns + level)) {
            *level_ns = level;
            return true;
        }
    }
}

static bool take_tokens(slot *s, const dd_limit *r, int64_t tokens, int64_t now_ns, int64_t *wait_ns)
{
    int64_t each = each_ns(r, r->tokens), asked = r->tokens == 0 ? 1 : tokens < r->tokens ? tokens : r->tokens;
    int64_t before = atomic_fetch_add(&s->pending, tokens); /* first: what ends meanwhile is in the bucket before it is off here */
    int64_t level  = level_at(atomic_load(&s->tokens_ns), now_ns), whole = times(r->tokens, each);
    int64_t waiting = times(before, each), sum = level + waiting + times(asked, each);
    if (sum <= whole)
        return true;
    atomic_fetch_sub(&s->pending, tokens);
    *wait_ns = sum - whole;
    if (*wait_ns > level) /* it waits for answers, and nobody knows when they end */
        *wait_ns = level > 1000 * ns_a_ms ? level : 1000 * ns_a_ms;
    return false;
}

static void spend_tokens(slot *s, const dd_limit *r, int64_t tokens, int64_t now_ns)
{
    int64_t cost = times(tokens, each_ns(r, r->tokens)), empty = atomic_load(&s->tokens_ns), next;
    do
        next = now_ns + level_at(empty, now_ns) + cost;
    while (tokens > 0 && !atomic_compare_exchange_weak(&s->tokens_ns, &empty, next > 0 ? next : INT64_MAX / 2));
}

/* `taken`: what of this rule was taken, to be given back because of another rule, or because it ended. */
enum { TOOK_REQUEST = 1, TOOK_TOKENS = 2 };

static void give_back(slot *s, const dd_limit *r, unsigned taken, int64_t tokens)
{
    if (taken & TOOK_REQUEST)
        atomic_fetch_sub(&s->requests_ns, each_ns(r, r->requests));
    if (taken & TOOK_TOKENS)
        atomic_fetch_sub(&s->pending, tokens);
    unuse(s);
}

static void tell_room(const dd_limit *r, int64_t level_ns, dd_limit_verdict *out)
{
    int64_t each = each_ns(r, r->requests), left = r->requests - (level_ns + each - 1) / each;
    left         = left < 0 ? 0 : left;
    if (out->limit >= 0 && left >= out->remaining)
        return;
    out->limit     = r->requests;
    out->remaining = left;
    out->reset_ms  = ms_up(level_ns);
}

static void refuse(const dd_limit *r, const char *what, int64_t wait_ms, dd_limit_verdict *out)
{
    out->rule           = r;
    out->what           = what;
    out->retry_after_ms = wait_ms < 1 ? 1 : wait_ms;
}

/* All that one rule asks. False: refused, and nothing of it is taken. */
static bool take_rule(slot *s, const dd_limit *r, int64_t tokens, int64_t now_ns, dd_limit_verdict *out)
{
    int64_t wait_ns = 0, level_ns = 0;
    if (r->requests >= 0) {
        bool in = take_request(s, r, now_ns, &wait_ns, &level_ns);
        tell_room(r, level_ns, out);
        if (!in) {
            refuse(r, "requests", ms_up(wait_ns), out);
            unuse(s);
            return false;
        }
    }
    if (r->tokens >= 0 && !take_tokens(s, r, tokens, now_ns, &wait_ns)) {
        refuse(r, "tokens", ms_up(wait_ns), out);
        give_back(s, r, r->requests >= 0 ? TOOK_REQUEST : 0, 0);
        return false;
    }
    return true;
}

static unsigned taken_by(const dd_limit *r) { return (r->requests >= 0 ? TOOK_REQUEST : 0) | (r->tokens >= 0 ? TOOK_TOKENS : 0); }
static uint32_t slot_part(uint32_t packed) { return packed & (MAX_SLOTS - 1); }
static uint32_t rule_part(uint32_t packed) { return packed >> 20; }

static void undo(dd_limits *l, const dd_limit_rules *rules, dd_limit_hold *h)
{
    for (int i = 0; i < h->n; i++) {
        const dd_limit *r = &rules->v[rule_part(h->slots[i])];
        give_back(&l->slots[slot_part(h->slots[i])], r, taken_by(r), h->tokens);
    }
    h->n = 0;
}

/* 1: taken; 0: refused; -1: the rule does not apply, or there is no place for it. */
static int apply(dd_limits *l, const dd_limit *r, const dd_facts *f, int64_t tokens, int64_t now_ns, uint32_t *at, dd_limit_verdict *out)
{
    dd_str value;
    bool   crowded;
    if ((r->requests < 0 && r->tokens < 0 && r->concurrent < 0) || !dd_budget_applies(r->scope, r->match, f, &value))
        return -1;
    slot *s = use(l, hash_of(l, r, value), r->concurrent, now_ns, &crowded);
    if (crowded) {
        refuse(r, "concurrent", 1000, out); /* when one ends nobody knows */
        return 0;
    }
    if (s == NULL) {
        atomic_fetch_add(&l->full, 1);
        return -1;
    }
    *at = (uint32_t)(s - l->slots);
    return take_rule(s, r, tokens, now_ns, out);
}

bool dd_limits_take(dd_limits *l, const dd_limit_rules *rules, const dd_facts *f, int64_t tokens, int64_t now_ms, dd_limit_hold *hold,
                    dd_limit_verdict *out)
{
    *hold = (dd_limit_hold){ .tokens = tokens > 0 ? tokens : 0 };
    *out  = (dd_limit_verdict){ .limit = -1 };
    for (size_t i = 0; i < rules->n && i < MAX_RULES && hold->n < DD_LIMIT_RULES; i++) {
        uint32_t at   = 0;
        int      done = apply(l, &rules->v[i], f, hold->tokens, now_ms * ns_a_ms, &at, out);
        if (done == 0) {
            undo(l, rules, hold);
            return false;
        }
        if (done > 0)
            hold->slots[hold->n++] = (uint32_t)i << 20 | at;
    }
    return true;
}

void dd_limits_end(dd_limits *l, const dd_limit_rules *rules, dd_limit_hold *hold, int64_t tokens, int64_t now_ms)
{
    int64_t used = tokens < 0 ? hold->tokens : tokens;
    for (int i = 0; i < hold->n; i++) {
        const dd_limit *r = &rules->v[rule_part(hold->slots[i])];
        slot           *s = &l->slots[slot_part(hold->slots[i])];
        if (r->tokens >= 0)
            spend_tokens(s, r, used, now_ms * ns_a_ms);
        give_back(s, r, taken_by(r) & TOOK_TOKENS, hold->tokens);
    }
    hold->n = 0;
}
