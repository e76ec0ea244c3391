/* route/breaker.c - see docs/decisions/0020-resilience.json for why slices and why it only steers. */
#include "route/breaker.h"

enum { NUMBER = 40, FAILED = 20, COUNT_MASK = (1 << 20) - 1 };
#define NUMBER_MASK INT64_C(0x7fffff)

const char *dd_breaker_name(dd_breaker_state s)
{
    static const char *const names[] = { "closed", "open", "half_open" };
    return names[s];
}

static int64_t slice_ms(const dd_breaker_rule *rule)
{
    int64_t ms = rule->window_ms / DD_BREAKER_SLICES;
    return ms > 0 ? ms : 1;
}

static void count(dd_breaker *b, const dd_breaker_rule *rule, bool failed, int64_t now_ms)
{
    int64_t          turn   = now_ms / slice_ms(rule), number = turn & NUMBER_MASK;
    _Atomic int64_t *slice  = &b->slice[turn % DD_BREAKER_SLICES];
    int64_t          before = atomic_load_explicit(slice, memory_order_relaxed), after;
    do {
        after = before >> NUMBER == number ? before : number << NUMBER;
        if ((after & COUNT_MASK) == COUNT_MASK)
            return;                     /* a million in a slice: its share is known well enough */
        after += failed ? (INT64_C(1) << FAILED) + 1 : 1;
    } while (!atomic_compare_exchange_weak_explicit(slice, &before, after, memory_order_relaxed, memory_order_relaxed));
}

void dd_breaker_window(const dd_breaker *b, const dd_breaker_rule *rule, int64_t now_ms, int64_t *requests, int64_t *failures)
{
    int64_t number = now_ms / slice_ms(rule) & NUMBER_MASK;
    *requests      = 0;
    *failures      = 0;
    for (size_t i = 0; i < DD_BREAKER_SLICES; i++) {
        int64_t s = atomic_load_explicit(&b->slice[i], memory_order_relaxed);
        if (((number - (s >> NUMBER)) & NUMBER_MASK) >= DD_BREAKER_SLICES)
            continue;
        *requests += s & COUNT_MASK;
        *failures += s >> FAILED & COUNT_MASK;
    }
}

dd_breaker_state dd_breaker_look(const dd_breaker *b, const dd_breaker_rule *rule, int64_t now_ms)
{
    int64_t opened = atomic_load_explicit(&b->opened_ms, memory_order_acquire);
    if (!opened)
        return DD_BREAKER_CLOSED;
    return now_ms - opened < rule->cooldown_ms ? DD_BREAKER_OPEN : DD_BREAKER_HALF_OPEN;
}

bool dd_breaker_take(dd_breaker *b, const dd_breaker_rule *rule, int64_t now_ms)
{
    dd_breaker_state s = dd_breaker_look(b, rule, now_ms);
    if (s != DD_BREAKER_HALF_OPEN)
        return s == DD_BREAKER_CLOSED;
    int64_t probe = atomic_load(&b->probe_ms), pause = rule->cooldown_ms > 0 ? rule->cooldown_ms : 1;
    if (probe && now_ms - probe < pause)
        return false;
    return atomic_compare_exchange_strong(&b->probe_ms, &probe, now_ms ? now_ms : 1);
}

static void open_at(dd_breaker *b, int64_t now_ms)
{
    atomic_store(&b->good, 0);
    atomic_store(&b->probe_ms, 0);
    atomic_store_explicit(&b->opened_ms, now_ms ? now_ms : 1, memory_order_release);
    atomic_fetch_add(&b->openings, 1);
}

static void close_now(dd_breaker *b)
{
    for (size_t i = 0; i < DD_BREAKER_SLICES; i++)
        atomic_store(&b->slice[i], 0);    /* what led to the opening would open it again at once */
    atomic_store(&b->good, 0);
    atomic_store(&b->probe_ms, 0);
    atomic_store_explicit(&b->opened_ms, 0, memory_order_release);
}

static bool note_closed(dd_breaker *b, const dd_breaker_rule *rule, bool failed, int64_t now_ms)
{
    int64_t requests, failures;
    count(b, rule, failed, now_ms);
    if (!failed)
        return false;
    dd_breaker_window(b, rule, now_ms, &requests, &failures);
    if (requests < rule->min_requests || (double)failures <= rule->error_rate * (double)requests)
        return false;
    int64_t closed = 0;
    if (!atomic_compare_exchange_strong(&b->opened_ms, &closed, now_ms ? now_ms : 1))
        return false;                     /* another thread has seen it */
    atomic_store(&b->good, 0);
    atomic_store(&b->probe_ms, 0);
    atomic_fetch_add(&b->openings, 1);
    return true;
}

bool dd_breaker_note(dd_breaker *b, const dd_breaker_rule *rule, bool failed, int64_t now_ms)
{
    dd_breaker_state s = dd_breaker_look(b, rule, now_ms);
    if (s == DD_BREAKER_CLOSED)
        return note_closed(b, rule, failed, now_ms);
    if (s == DD_BREAKER_OPEN || !atomic_load(&b->probe_ms))
        return false;                     /* began before it opened, or was sent because there was nowhere else to go */
    if (failed) {
        open_at(b, now_ms);
        return true;
    }
    atomic_store(&b->probe_ms, 0);
    if (atomic_fetch_add(&b->good, 1) + 1 < rule->probes)
        return false;
    close_now(b);
    return true;
}

void dd_breaker_force(dd_breaker *b, bool open, int64_t now_ms)
{
    if (open)
        open_at(b, now_ms);
    else
        close_now(b);
}
