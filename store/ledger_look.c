/* store/ledger_look.c - giving back what the dead and the late hold, and what is told of accounts. */
#include "store/ledger_parts.h"

enum { RECYCLE_MS = 60000, KNOWN = LEDGER_OWNERS };

/* Each owner is asked for once. */
static bool is_dead(const dd_ledger *l, uint32_t owner, signed char *known)
{
    if (owner >= KNOWN)
        return ledger_owner_dead(l, owner);
    if (known[owner] == 0)
        known[owner] = ledger_owner_dead(l, owner) ? 1 : -1;
    return known[owner] > 0;
}

static bool is_late(const dd_ledger *l, uint32_t slot, uint64_t state, int64_t now_ms)
{
    return ledger_phase_of(state) == PHASE_HELD && atomic_load(&l->slots[slot].expires_ms) <= now_ms;
}

size_t ledger_clear(dd_ledger *l, int64_t now_ms)
{
    signed char known[KNOWN] = { 0 };
    size_t      n            = 0;
    uint32_t    high         = atomic_load(&l->head->high);
    for (uint32_t i = 0; i < high && i < l->head->slots; i++) {
        uint64_t state = atomic_load(&l->states[i]);
        if (ledger_phase_of(state) != PHASE_FREE && (is_late(l, i, state, now_ms) || is_dead(l, ledger_owner_of(state), known)))
            n += ledger_take_over(l, i, state);
    }
    return n;
}

void ledger_clear_own(dd_ledger *l)
{
    uint32_t high = atomic_load(&l->head->high);
    for (uint32_t i = 0; i < high && i < l->head->slots; i++) {
        uint64_t state = atomic_load(&l->states[i]);
        if (ledger_phase_of(state) != PHASE_FREE && ledger_owner_of(state) == l->owner)
            (void)ledger_take_over(l, i, state);
    }
}

size_t dd_ledger_reclaim(dd_ledger *l, int64_t now_ms)
{
    if (!ledger_lock(l, 0))
        return 0; /* someone is at it */
    size_t n = ledger_clear(l, now_ms);
    if (now_ms - l->recycled_ms >= RECYCLE_MS) {
        l->recycled_ms = now_ms;
        ledger_recycle(l);
    }
    ledger_unlock(l);
    return n;
}

static void tell(const dd_ledger *l, uint32_t at, uint64_t id, dd_ledger_row *out)
{
    ledger_account *a         = &l->accounts[at];
    int64_t         committed = atomic_load(&a->committed.value);
    out->id       = id;
    out->spent    = atomic_load(&a->spent.value);
    out->reserved = committed > out->spent ? committed - out->spent : 0; /* between the two steps of a settlement for a moment too much */
    out->limit    = atomic_load(&a->limit);
    out->from_s   = a->from_s;
    out->to_s     = a->to_s;
    out->scope     = (dd_budget_scope)a->scope;
    out->period    = (dd_period)a->period;
    out->on_exceed = (dd_on_exceed)a->on_exceed;
    memcpy(out->name, a->name, sizeof out->name);
    memcpy(out->value, a->value, sizeof out->value);
    out->name[sizeof out->name - 1]   = '\0';
    out->value[sizeof out->value - 1] = '\0';
}

bool dd_ledger_look(const dd_ledger *l, const dd_account *a, dd_ledger_row *out)
{
    uint32_t at = ledger_find(l, a);
    if (at == LEDGER_NOWHERE)
        return false;
    tell(l, at, a->id, out);
    return true;
}

void dd_ledger_each(const dd_ledger *l, int64_t now_s, void (*fn)(void *ctx, const dd_ledger_row *row), void *ctx)
{
    for (uint32_t i = 0; i < l->head->accounts; i++) {
        dd_ledger_row row;
        uint64_t      id = atomic_load_explicit(&l->ids[i], memory_order_acquire);
        if (id < DD_BUDGET_ID_MIN || l->accounts[i].to_s <= now_s)
            continue;
        tell(l, i, id, &row);
        fn(ctx, &row);
    }
}

bool dd_ledger_forgive(dd_ledger *l, uint64_t id, dd_pusd *spent)
{
    for (uint32_t i = 0; i < l->head->accounts; i++) {
        if (atomic_load(&l->ids[i]) != id || id < DD_BUDGET_ID_MIN)
            continue;
        ledger_account *a = &l->accounts[i];
        *spent            = atomic_load(&a->spent.value);
        atomic_fetch_add(&a->forgiven, *spent);
        ledger_raise(l, a, -*spent, -*spent);
        return true;
    }
    return false;
}

void dd_ledger_stats(const dd_ledger *l, dd_ledger_counts *out)
{
    *out = (dd_ledger_counts){ .accounts_max = l->head->accounts, .holds_max = l->head->slots, .crowded = atomic_load(&l->head->crowded) };
    for (uint32_t i = 0; i < l->head->accounts; i++)
        out->accounts += atomic_load(&l->ids[i]) >= DD_BUDGET_ID_MIN;
    for (uint32_t i = 0; i < l->head->slots; i++)
        out->holds += ledger_phase_of(atomic_load(&l->states[i])) != PHASE_FREE;
}
