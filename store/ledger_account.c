/* store/ledger_account.c - where an account stands in the file, how it comes in, and how it goes when its period is long over. */
#include "store/ledger_parts.h"

#include <string.h>
#include <time.h>

/* A second hash of the value: clients choose values, and two with one id must not share an account. */
static uint64_t mark_of(dd_str value)
{
    uint64_t h = value.len + 1;
    for (size_t i = 0; i < value.len; i++) {
        h = (h + (unsigned char)value.ptr[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h;
}

uint32_t ledger_find(const dd_ledger *l, const dd_account *a)
{
    uint32_t n = l->head->accounts, at = (uint32_t)(a->id % n);
    uint64_t mark = 0;
    for (uint32_t i = 0; i < LEDGER_WINDOW && i < n; i++, at = at + 1 < n ? at + 1 : 0) {
        uint64_t id = atomic_load_explicit(&l->ids[at], memory_order_acquire);
        if (id == ID_EMPTY)
            break;
        if (id != a->id)
            continue;
        mark = mark != 0 ? mark : mark_of(a->value);
        if (atomic_load_explicit(&l->accounts[at].mark, memory_order_relaxed) == mark)
            return at;
    }
    return LEDGER_NOWHERE;
}

/* As much as there is room for, cut at a character. */
static void keep_text(char *out, size_t cap, dd_str s)
{
    size_t n = s.len < cap ? s.len : cap - 1;
    while (n < s.len && n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
        n--;
    memset(out, 0, cap);
    memcpy(out, s.len ? s.ptr : "", n);
}

static void sum_init(ledger_sum *s, int64_t value)
{
    atomic_store(&s->tag, 0);
    atomic_store(&s->value, value);
}

static uint32_t free_place(const dd_ledger *l, const dd_account *a)
{
    uint32_t n = l->head->accounts, at = (uint32_t)(a->id % n);
    for (uint32_t i = 0; i < LEDGER_WINDOW && i < n; i++, at = at + 1 < n ? at + 1 : 0)
        if (atomic_load(&l->ids[at]) <= ID_REMOVED)
            return at;
    return LEDGER_NOWHERE;
}

/* All is written before the id, so that one that was killed here has made nothing. */
static uint32_t insert(dd_ledger *l, const dd_account *a, dd_pusd spent)
{
    uint32_t at = ledger_find(l, a);
    if (at != LEDGER_NOWHERE)
        return at;
    at = free_place(l, a);
    if (at == LEDGER_NOWHERE)
        return at;
    ledger_account *e = &l->accounts[at];
    sum_init(&e->committed, spent);
    sum_init(&e->spent, spent);
    atomic_store(&e->limit, a->budget->limit);
    atomic_store(&e->forgiven, 0);
    atomic_store(&e->mark, mark_of(a->value));
    atomic_store(&e->stale, 0);
    e->scope     = (uint8_t)a->budget->scope;
    e->period    = (uint8_t)a->budget->period;
    e->on_exceed = (uint8_t)a->budget->on_exceed;
    e->from_s    = a->from_s;
    e->to_s      = a->to_s;
    keep_text(e->name, sizeof e->name, a->budget->name);
    keep_text(e->value, sizeof e->value, a->value);
    atomic_store(&l->ids[at], a->id);
    return at;
}

static dd_pusd seed_of(const dd_ledger *l, const dd_account *a)
{
    dd_pusd spent = l->seed != NULL ? l->seed(l->seed_ctx, a) : 0;
    return spent > 0 ? spent : 0;
}

/* The sums may know of requests whose charge was lost with the power. */
static void refresh(dd_ledger *l, const dd_account *a, ledger_account *e)
{
    dd_pusd spent = seed_of(l, a) - atomic_load(&e->forgiven), have;
    if (!ledger_lock(l, 1000))
        return;
    have = atomic_load(&e->spent.value);
    if (atomic_exchange(&e->stale, 0) != 0 && spent > have)
        ledger_raise(l, e, spent - have, spent - have);
    ledger_unlock(l);
}

uint32_t ledger_find_or_make(dd_ledger *l, const dd_account *a)
{
    uint32_t at = ledger_find(l, a);
    if (at != LEDGER_NOWHERE) {
        if (atomic_load_explicit(&l->accounts[at].stale, memory_order_relaxed) != 0)
            refresh(l, a, &l->accounts[at]);
        return at;
    }
    dd_pusd spent = seed_of(l, a); /* may take milliseconds: without the lock */
    if (!ledger_lock(l, 1000))
        return LEDGER_NOWHERE;
    at = insert(l, a, spent);
    ledger_unlock(l);
    return at;
}

/* Whose time is over, and that of a late settlement, too. */
static bool is_over(const dd_ledger *l, const ledger_account *e, int64_t now_s) { return e->to_s < now_s - l->expiry_ms / 1000 - 3600; }

static void spare_named(dd_ledger *l, uint32_t slot, uint64_t *names)
{
    const ledger_slot *s = &l->slots[slot];
    uint32_t           n = atomic_load(&s->n);
    for (uint32_t j = 0; j < n && j < DD_LEDGER_ACCOUNTS; j++) {
        uint32_t at = atomic_load(&s->at[j]);
        if (at < l->head->accounts)
            names[at / 64] |= UINT64_C(1) << (at % 64);
    }
}

/* First all that are over are taken out of sight, then the slots are looked through: what one names comes back (a period that is over for an hour
 * is rarely named). */
void ledger_recycle(dd_ledger *l)
{
    int64_t   now_s = l->wall_s != NULL ? l->wall_s() : (int64_t)time(NULL);
    uint32_t  n = l->head->accounts, dying = 0, high = atomic_load(&l->head->high);
    uint64_t *ids = NULL, *names = NULL;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t id = atomic_load_explicit(&l->ids[i], memory_order_relaxed);
        if (id != ID_DYING && (id < DD_BUDGET_ID_MIN || !is_over(l, &l->accounts[i], now_s)))
            continue;
        ids    = ids != NULL ? ids : dd_calloc(n, sizeof *ids);
        ids[i] = id; /* one that a killed recycler left has lost its id, and nobody can ask for it */
        atomic_store(&l->ids[i], ID_DYING);
        dying++;
    }
    if (dying == 0)
        return;
    names = dd_calloc(n / 64 + 1, sizeof *names);
    for (uint32_t i = 0; i < high && i < l->head->slots; i++)
        if (ledger_phase_of(atomic_load(&l->states[i])) != PHASE_FREE)
            spare_named(l, i, names);
    for (uint32_t i = 0; i < n; i++)
        if (ids[i] != 0 && !(names[i / 64] >> (i % 64) & 1))
            atomic_store(&l->ids[i], ID_REMOVED);
        else if (ids[i] >= DD_BUDGET_ID_MIN)
            atomic_store(&l->ids[i], ids[i]);
    free(ids);
    free(names);
}
