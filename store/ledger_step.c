/* store/ledger_step.c - steps that are done once, whoever dies. See store/ledger_parts.h. */
#include "store/ledger_parts.h"

#if defined(__x86_64__)
#define CAS16 __attribute__((target("cx16")))
#else
#define CAS16
#endif

typedef union { struct { int64_t value; uint64_t tag; } part; __int128 both; } pair;

CAS16 static bool swap(ledger_sum *sum, pair from, pair to)
{
    return __sync_bool_compare_and_swap((__int128 *)(void *)sum, from.both, to.both);
}

/* Notes the step that a tag names, before the tag goes. A turn that has ended needs no notes. */
static void note(dd_ledger *l, uint64_t tag)
{
    uint32_t slot = (uint32_t)(tag >> 44), turn = (uint32_t)(tag >> 12), step = (uint32_t)tag & 0xfff;
    if (slot >= l->head->slots)
        return;
    _Atomic uint64_t *done = &l->slots[slot].done;
    uint64_t          d    = atomic_load(done);
    while ((uint32_t)(d >> 32) == turn && (uint32_t)d < step && !atomic_compare_exchange_weak(done, &d, (uint64_t)turn << 32 | step))
        ;
}

bool ledger_try(dd_ledger *l, ledger_sum *sum, int64_t value, uint64_t old_tag, int64_t delta, uint64_t tag)
{
    pair from, to;
    note(l, old_tag);
    from.part.value = value;
    from.part.tag   = old_tag;
    to.part.value   = (int64_t)((uint64_t)value + (uint64_t)delta);
    to.part.tag     = tag;
    return swap(sum, from, to);
}

void ledger_apply(dd_ledger *l, ledger_sum *sum, int64_t delta, uint64_t tag)
{
    for (;;) {
        uint64_t old = atomic_load(&sum->tag);
        if (ledger_try(l, sum, atomic_load(&sum->value), old, delta, tag))
            return;
    }
}

bool ledger_was_done(const ledger_slot *s, uint32_t step, uint64_t tag, uint64_t seen)
{
    uint64_t done = atomic_load(&s->done);
    return seen == tag || (uint32_t)done >= step;
}

static ledger_account *account_of(dd_ledger *l, const ledger_slot *s, uint32_t j)
{
    return &l->accounts[atomic_load_explicit(&s->at[j], memory_order_relaxed)];
}

/* The last step of this turn that was done: the highest whose tag still stands, or that was noted. Tags first: one that goes away meanwhile was
 * noted before. */
static uint32_t last_step(dd_ledger *l, uint32_t slot, uint32_t turn)
{
    ledger_slot *s = &l->slots[slot];
    uint32_t     n = atomic_load(&s->n), last = 0;
    for (uint32_t j = 0; j < n; j++) {
        ledger_account *a      = account_of(l, s, j);
        const uint64_t  tags[] = { atomic_load(&a->committed.tag), atomic_load(&a->spent.tag) };
        for (size_t i = 0; i < DD_COUNT(tags); i++)
            if (tags[i] >> 12 == ledger_tag(slot, turn, 0) >> 12 && (tags[i] & 0xfff) > last)
                last = (uint32_t)tags[i] & 0xfff;
    }
    uint32_t noted = (uint32_t)atomic_load(&s->done);
    return noted > last ? noted : last;
}

void ledger_close_slot(dd_ledger *l, uint32_t slot, uint32_t turn, uint32_t done)
{
    ledger_slot *s      = &l->slots[slot];
    uint32_t     n      = atomic_load_explicit(&s->n, memory_order_relaxed), k = atomic_load_explicit(&s->k, memory_order_relaxed);
    int64_t      actual = atomic_load_explicit(&s->actual, memory_order_relaxed);
    int64_t      delta  = (int64_t)((uint64_t)actual - (uint64_t)atomic_load_explicit(&s->amount, memory_order_relaxed));
    for (uint32_t j = 0; j < k && delta != 0; j++)
        if (n + 1 + j > done)
            ledger_apply(l, &account_of(l, s, j)->committed, delta, ledger_tag(slot, turn, n + 1 + j));
    for (uint32_t j = 0; j < k && actual != 0; j++)
        if (2 * n + 1 + j > done)
            ledger_apply(l, &account_of(l, s, j)->spent, actual, ledger_tag(slot, turn, 2 * n + 1 + j));
    atomic_store(&l->states[slot], ledger_state(turn, 0, PHASE_FREE));
}

bool ledger_take_over(dd_ledger *l, uint32_t slot, uint64_t state)
{
    uint32_t     turn = ledger_turn(state);
    ledger_slot *s    = &l->slots[slot];
    ledger_phase p    = ledger_phase_of(state);
    if (p == PHASE_FREE)
        return false;
    if (p == PHASE_CLAIMED)
        return atomic_compare_exchange_strong(&l->states[slot], &state, ledger_state(turn, 0, PHASE_FREE));
    /* What is held, or was about to say what it cost, ends without a cost. */
    ledger_phase mine = p == PHASE_HELD ? PHASE_ENDING : p;
    if (!atomic_compare_exchange_strong(&l->states[slot], &state, ledger_state(turn, l->owner, mine)))
        return false;
    uint32_t last = last_step(l, slot, turn);
    if (mine == PHASE_RESERVING) {
        atomic_store(&s->k, last);
        atomic_store(&l->states[slot], ledger_state(turn, l->owner, PHASE_UNDOING));
    } else if (mine == PHASE_ENDING) {
        atomic_store(&s->actual, 0);
        atomic_store(&l->states[slot], ledger_state(turn, l->owner, PHASE_CLOSING));
    }
    ledger_close_slot(l, slot, turn, last);
    return true;
}

void ledger_raise(dd_ledger *l, ledger_account *a, int64_t committed, int64_t spent)
{
    uint32_t turn = atomic_fetch_add(&l->head->anonymous, 1);
    ledger_apply(l, &a->committed, committed, ledger_tag(LEDGER_NO_SLOT, turn, 1));
    ledger_apply(l, &a->spent, spent, ledger_tag(LEDGER_NO_SLOT, turn, 2));
}
