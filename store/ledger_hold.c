/* store/ledger_hold.c - what each request does: reserve, settle, release. No lock, no call of the system (but for an account's first request). */
#include <sched.h>
#include <time.h>

#include "store/ledger_parts.h"

/* Where this thread looks for a free slot first: where it freed one, so that few slots stay warm. */
static _Thread_local uint32_t hint;

static uint32_t next_turn(uint32_t turn) { return turn + 1 != 0 ? turn + 1 : 1; }

static void raise_high(dd_ledger *l, uint32_t to)
{
    uint32_t high = atomic_load(&l->head->high);
    while (high < to && !atomic_compare_exchange_weak(&l->head->high, &high, to))
        ;
}

/* A slot is this owner's from one compare-and-swap on: nobody loses one. False: all are taken. */
static bool claim(dd_ledger *l, uint32_t *slot, uint32_t *turn)
{
    uint32_t n = l->head->slots;
    for (uint32_t i = 0, at = hint % n; i < n; i++, at = at + 1 < n ? at + 1 : 0) {
        uint64_t state = atomic_load_explicit(&l->states[at], memory_order_relaxed);
        uint32_t t     = next_turn(ledger_turn(state));
        if (ledger_phase_of(state) != PHASE_FREE)
            continue;
        raise_high(l, at + 1); /* before it is taken: who looks through all slots does not miss it */
        if (!atomic_compare_exchange_strong(&l->states[at], &state, ledger_state(t, l->owner, PHASE_CLAIMED)))
            continue;
        atomic_store_explicit(&l->slots[at].done, (uint64_t)t << 32, memory_order_release);
        *slot = at;
        *turn = t;
        hint  = at + 1;
        return true;
    }
    atomic_fetch_add_explicit(&l->head->crowded, 1, memory_order_relaxed);
    return false;
}

static void fill(dd_ledger *l, uint32_t slot, const uint32_t *at, size_t n, int64_t amount, int64_t actual, int64_t expires_ms)
{
    ledger_slot *s = &l->slots[slot];
    atomic_store_explicit(&s->amount, amount, memory_order_relaxed);
    atomic_store_explicit(&s->actual, actual, memory_order_relaxed);
    atomic_store_explicit(&s->expires_ms, expires_ms, memory_order_relaxed);
    atomic_store_explicit(&s->n, (uint32_t)n, memory_order_relaxed);
    atomic_store_explicit(&s->k, (uint32_t)n, memory_order_relaxed);
    for (size_t j = 0; j < n; j++)
        atomic_store_explicit(&s->at[j], at[j], memory_order_relaxed);
}

/* Makes the slot's accounts known, then looks whether they are still there: recycling removes an account first and then looks whether a slot names
 * it, so one of both sees. */
static bool publish(dd_ledger *l, uint32_t slot, uint32_t turn, const uint32_t *at, const uint64_t *ids, size_t n)
{
    atomic_store(&l->states[slot], ledger_state(turn, l->owner, PHASE_RESERVING));
    for (size_t j = 0; j < n; j++)
        if (atomic_load(&l->ids[at[j]]) != ids[j]) {
            atomic_store(&l->states[slot], ledger_state(turn, 0, PHASE_FREE));
            return false;
        }
    return true;
}

/* What other reservations that are not decided yet (an account of theirs may refuse, or has) have added to this account's `committed`. One that a
 * dead owner left is undone on the way. */
static int64_t undecided(dd_ledger *l, uint32_t account, uint32_t mine, uint64_t seen, bool look_for_dead)
{
    int64_t  sum  = 0;
    uint32_t high = atomic_load(&l->head->high);
    for (uint32_t i = 0; i < high && i < l->head->slots; i++) {
        uint64_t     state = atomic_load(&l->states[i]);
        ledger_phase p     = ledger_phase_of(state);
        if (i == mine || (p != PHASE_RESERVING && p != PHASE_UNDOING))
            continue;
        const ledger_slot *s = &l->slots[i];
        uint32_t           n = atomic_load(&s->n), turn = ledger_turn(state);
        for (uint32_t j = 0; j < n && j < DD_LEDGER_ACCOUNTS; j++)
            if (atomic_load(&s->at[j]) == account && ledger_was_done(s, j + 1, ledger_tag(i, turn, j + 1), seen) &&
                !ledger_was_done(s, n + j + 1, ledger_tag(i, turn, n + j + 1), seen))
                sum += atomic_load(&s->amount);
        if (look_for_dead && ledger_owner_dead(l, ledger_owner_of(state)))
            ledger_take_over(l, i, state);
    }
    return sum;
}

enum { SPINS = 200, YIELDS = 400, NAPS = 1000 };

/* Waits for another thread's decision: a few instructions of it, unless it was stopped amid them. False: long enough. */
static bool wait_a_moment(int tries)
{
    if (tries < SPINS)
        return true;
    if (tries < YIELDS)
        sched_yield();
    else
        nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
    return tries < NAPS;
}

#define NO_LIMIT INT64_MAX

static bool no_room(int64_t committed, int64_t amount, int64_t limit)
{
    int64_t sum;
    if (limit == NO_LIMIT)
        return false;
    return __builtin_add_overflow(committed, amount, &sum) || sum > limit;
}

/* Adds to one account. False: it has no room, also when all that is undecided is taken off. */
static bool take(dd_ledger *l, uint32_t slot, uint32_t account, int64_t amount, int64_t limit, uint64_t tag, int64_t *committed)
{
    ledger_sum *sum = &l->accounts[account].committed;
    for (int tries = 0;;) {
        uint64_t seen  = atomic_load(&sum->tag);
        int64_t  value = atomic_load(&sum->value);
        *committed     = value;
        if (!no_room(value, amount, limit)) {
            if (ledger_try(l, sum, value, seen, amount, tag)) {
                *committed = (int64_t)((uint64_t)value + (uint64_t)amount);
                return true;
            }
            continue;
        }
        int64_t others = undecided(l, account, slot, seen, tries == SPINS);
        if (atomic_load(&sum->tag) == seen && no_room(value - others, amount, limit))
            return false;
        if (!wait_a_moment(tries++))
            return false;
    }
}

typedef struct { uint32_t at[DD_LEDGER_ACCOUNTS]; uint64_t ids[DD_LEDGER_ACCOUNTS]; size_t which[DD_LEDGER_ACCOUNTS]; size_t n; } places;

/* Where the accounts stand, in ascending order. */
static bool locate(dd_ledger *l, const dd_account *v, size_t n, places *p)
{
    p->n = n;
    for (size_t i = 0; i < n; i++) {
        uint32_t at = ledger_find_or_make(l, &v[i]);
        size_t   j  = i;
        if (at == LEDGER_NOWHERE)
            return false;
        for (; j > 0 && p->at[j - 1] > at; j--) {
            p->at[j]    = p->at[j - 1];
            p->ids[j]   = p->ids[j - 1];
            p->which[j] = p->which[j - 1];
        }
        p->at[j]    = at;
        p->ids[j]   = v[i].id;
        p->which[j] = i;
    }
    return true;
}

/* A slot that names these accounts. An account may be recycled on the way: then all is looked up again. */
static bool claim_for(dd_ledger *l, const dd_account *v, size_t n, int64_t amount, int64_t actual, int64_t expires_ms, places *where, dd_hold *out)
{
    for (int tries = 0; tries < 3; tries++) {
        if (!locate(l, v, n, where) || !claim(l, &out->slot, &out->turn))
            return false;
        fill(l, out->slot, where->at, n, amount, actual, expires_ms);
        if (publish(l, out->slot, out->turn, where->at, where->ids, n))
            return true;
    }
    return false;
}

static double share(int64_t committed, int64_t limit) { return limit > 0 ? (double)committed / (double)limit : committed > 0 ? 1.0 : 0.0; }

static void tell_refused(dd_ledger *l, const places *p, size_t j, const dd_account *v, int64_t committed, dd_ledger_verdict *out)
{
    int64_t spent = atomic_load(&l->accounts[p->at[j]].spent.value);
    out->refused  = p->which[j];
    out->spent    = spent;
    out->reserved = committed > spent ? committed - spent : 0;
    out->limit    = v[p->which[j]].budget->limit;
    out->used     = share(committed, out->limit);
}

/* An account that is only warned of, and a request that costs nothing, always have room. */
static int64_t limit_of(ledger_account *a, const dd_budget *b, int64_t amount)
{
    if (atomic_load_explicit(&a->limit, memory_order_relaxed) != b->limit)
        atomic_store_explicit(&a->limit, b->limit, memory_order_relaxed);
    return b->on_exceed == DD_EXCEED_WARN || amount == 0 ? NO_LIMIT : b->limit;
}

bool dd_ledger_reserve(dd_ledger *l, const dd_account *v, size_t n, dd_pusd amount, int64_t now_ms, dd_hold *out, dd_ledger_verdict *verdict)
{
    places where;
    *out     = (dd_hold){ 0, 0 };
    *verdict = (dd_ledger_verdict){ .refused = SIZE_MAX };
    if (n == 0)
        return true;
    amount = amount < 0 ? 0 : amount;
    if (n > DD_LEDGER_ACCOUNTS || !claim_for(l, v, n, amount, 0, now_ms + l->expiry_ms, &where, out)) {
        *out = (dd_hold){ 0, 0 };
        return false;
    }
    for (size_t j = 0; j < n; j++) {
        const dd_budget *b = v[where.which[j]].budget;
        int64_t committed, limit = limit_of(&l->accounts[where.at[j]], b, amount);
        if (!take(l, out->slot, where.at[j], amount, limit, ledger_tag(out->slot, out->turn, (uint32_t)j + 1), &committed)) {
            tell_refused(l, &where, j, v, committed, verdict);
            atomic_store(&l->slots[out->slot].k, (uint32_t)j);
            atomic_store(&l->states[out->slot], ledger_state(out->turn, l->owner, PHASE_UNDOING));
            ledger_close_slot(l, out->slot, out->turn, (uint32_t)j);
            hint = out->slot;
            *out = (dd_hold){ 0, 0 };
            return false;
        }
        double used   = share(committed, b->limit);
        verdict->used = used > verdict->used ? used : verdict->used;
    }
    atomic_store(&l->states[out->slot], ledger_state(out->turn, l->owner, PHASE_HELD));
    return true;
}

/* From held to closing. False: it is held no more, its time was over. */
static bool finish(dd_ledger *l, dd_hold h, int64_t actual)
{
    if (h.turn == 0 || h.slot >= l->head->slots)
        return false;
    uint64_t held = ledger_state(h.turn, l->owner, PHASE_HELD);
    if (!atomic_compare_exchange_strong(&l->states[h.slot], &held, ledger_state(h.turn, l->owner, actual != 0 ? PHASE_ENDING : PHASE_CLOSING)))
        return false;
    if (actual != 0) {
        atomic_store_explicit(&l->slots[h.slot].actual, actual, memory_order_release);
        atomic_store(&l->states[h.slot], ledger_state(h.turn, l->owner, PHASE_CLOSING));
    }
    ledger_close_slot(l, h.slot, h.turn, atomic_load(&l->slots[h.slot].n));
    hint = h.slot;
    return true;
}

/* Without a reservation: one of amount 0 that is all reserved already, so that this, too, is done whole or not at all. */
static void charge(dd_ledger *l, const dd_account *v, size_t n, int64_t actual)
{
    places  where;
    dd_hold h;
    if (actual == 0 || n == 0)
        return;
    n = n > DD_LEDGER_ACCOUNTS ? DD_LEDGER_ACCOUNTS : n;
    if (claim_for(l, v, n, 0, actual, INT64_MAX, &where, &h)) {
        atomic_store(&l->states[h.slot], ledger_state(h.turn, l->owner, PHASE_CLOSING));
        ledger_close_slot(l, h.slot, h.turn, (uint32_t)n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t at = ledger_find_or_make(l, &v[i]);
        if (at != LEDGER_NOWHERE)
            ledger_raise(l, &l->accounts[at], actual, actual);
    }
}

void dd_ledger_settle(dd_ledger *l, dd_hold h, const dd_account *v, size_t n, dd_pusd actual)
{
    actual = actual < 0 ? 0 : actual;
    if (!finish(l, h, actual))
        charge(l, v, n, actual);
}

void dd_ledger_release(dd_ledger *l, dd_hold h) { (void)finish(l, h, 0); }
