/* store/ledger_parts.h - the mapped file's layout, and what the parts of the ledger share.
 *
 * Problem: a process may be killed between any two instructions, and what it has half done must be found out and undone or finished by others,
 * exactly, while requests of other processes go on with the same accounts.
 *
 * Idea: a sum is 16 bytes, a value and a tag, changed together by one compare-and-swap. The tag names the step that made this value: reservation,
 * its turn, and the how manyth step of it. Before a tag is replaced, its step is noted in the reservation it names (`done`). So whether a step has
 * been done can always be told: its tag still stands in the account, or `done` says so. A reservation's steps are done in order by one driver: its
 * owner, and once that is dead, whoever took over. No step is done twice or lost, no log is written, nobody waits.
 *
 *   free -> claimed -> reserving -> held -> ending -> closing -> free        claimed: being written, nothing done yet
 *                          `-> undoing (an account had no room) -> free      ending: `actual` is being written
 *
 * steps of a reservation of n accounts: 1..n add `amount` to committed; n+1..2n add actual - amount to committed; 2n+1..3n add actual to spent.
 * `k` of the n accounts were reserved (fewer than n only in undoing).
 *
 * What it does not do: survive a torn file after a power cut. A file from before the last boot is taken as it is and each account raised to what
 * the sums say. */
#ifndef DD_STORE_LEDGER_PARTS_H
#define DD_STORE_LEDGER_PARTS_H
#include <pthread.h>
#include <stdatomic.h>

#include "store/ledger.h"

enum { LEDGER_VERSION = 1, LEDGER_OWNERS = 256, LEDGER_WINDOW = 64 /* ids that an account may stand at */, LEDGER_NAME = 48, LEDGER_VALUE = 64 };
enum { ID_EMPTY = 0, ID_REMOVED = 1, ID_DYING = 2 }; /* all below DD_BUDGET_ID_MIN */

typedef struct { _Alignas(16) _Atomic int64_t value; _Atomic uint64_t tag; } ledger_sum;

/* 192 bytes: what requests touch is the first 64. */
typedef struct {
    _Alignas(64) ledger_sum committed, spent;
    _Atomic int64_t  limit;
    _Atomic int64_t  forgiven;                   /* what `budgets reset` took off: the sums do not know */
    _Atomic uint64_t mark;                       /* of the value: two values with one id are two accounts */
    _Atomic uint32_t stale;                      /* from before the last boot: ask the seed again */
    uint8_t          scope, period, on_exceed, spare;
    int64_t          from_s, to_s;
    char             name[LEDGER_NAME], value[LEDGER_VALUE];
} ledger_account;

typedef enum { PHASE_FREE, PHASE_CLAIMED, PHASE_RESERVING, PHASE_UNDOING, PHASE_HELD, PHASE_ENDING, PHASE_CLOSING, PHASE_COUNT } ledger_phase;

/* 128 bytes. Its state stands apart, so that looking for a free one reads little. */
typedef struct {
    _Alignas(64) _Atomic uint64_t done;          /* turn << 32 | the last step noted */
    _Atomic int64_t  amount, actual, expires_ms;
    _Atomic uint32_t n, k;
    _Atomic uint32_t at[DD_LEDGER_ACCOUNTS];     /* in ascending order: who waits for another's decision waits at a higher one */
} ledger_slot;

typedef enum { OWNER_NONE, OWNER_OPEN, OWNER_CLOSED } ledger_owner_state;
typedef struct {
    _Alignas(64) _Atomic uint32_t state;
    uint32_t pid;
    _Atomic uint32_t locked;                     /* it holds its byte's lock while it lives; else pid and start tell */
    uint32_t spare;
    uint64_t start;                              /* clock ticks from boot to the process's start */
    char     boot[40];
} ledger_owner;

typedef struct {
    char     magic[16];
    uint32_t version, account_bytes, slot_bytes, accounts, slots, owners;
    uint64_t check;                              /* of the above */
    char     boot[40];                           /* of the last one who opened it alone */
    _Alignas(64) _Atomic uint32_t high;          /* slots used so far */
    _Atomic uint32_t anonymous;                  /* turns of steps that have no slot */
    _Atomic uint64_t crowded;                    /* reservations that found no slot */
} ledger_head;

struct dd_ledger {
    int               fd;
    uint32_t          owner;
    size_t            bytes;
    ledger_head      *head;
    ledger_owner     *owners;
    _Atomic uint64_t *ids;                       /* of the accounts */
    _Atomic uint64_t *states;                    /* of the slots: turn << 32 | owner << 8 | phase */
    ledger_slot      *slots;
    ledger_account   *accounts;
    int64_t           expiry_ms, recycled_ms;
    dd_pusd         (*seed)(void *ctx, const dd_account *a);
    void             *seed_ctx;
    int64_t         (*wall_s)(void);
    pthread_mutex_t   mutex;                     /* with the file's lock: for making and recycling accounts and owners, never for requests */
    char              note[256];
};

#define LEDGER_HEAD_BYTES   4096
#define LEDGER_LOCKS_AT     (INT64_C(1) << 40)   /* an owner's byte to lock: behind any file's end */
#define LEDGER_NO_SLOT      UINT32_C(0xfffff)    /* in a tag: a step without a reservation */

static inline uint64_t ledger_state(uint32_t turn, uint32_t owner, ledger_phase p)
{
    return (uint64_t)turn << 32 | (uint64_t)owner << 8 | (uint64_t)p;
}
static inline uint32_t ledger_turn(uint64_t state) { return (uint32_t)(state >> 32); }
static inline uint32_t ledger_owner_of(uint64_t state) { return (uint32_t)(state >> 8) & 0xffffff; }
static inline ledger_phase ledger_phase_of(uint64_t state) { return (ledger_phase)(state & 0xff); }
static inline uint64_t ledger_tag(uint32_t slot, uint32_t turn, uint32_t step) { return (uint64_t)slot << 44 | (uint64_t)turn << 12 | step; }

/* ledger_step.c: steps, and the way of a reservation from closing to free. */
void ledger_apply(dd_ledger *l, ledger_sum *sum, int64_t delta, uint64_t tag);
bool ledger_try(dd_ledger *l, ledger_sum *sum, int64_t value, uint64_t old_tag, int64_t delta, uint64_t tag);
/* Whether this step was done; `sum` is the one that it changes. `seen`: the tag that stood there just now. */
bool ledger_was_done(const ledger_slot *s, uint32_t step, uint64_t tag, uint64_t seen);
void ledger_close_slot(dd_ledger *l, uint32_t slot, uint32_t turn, uint32_t done);
/* Takes over what a dead owner left, or a held one that is late, and gives it back or finishes it. False: someone else was quicker. */
bool ledger_take_over(dd_ledger *l, uint32_t slot, uint64_t state);
void ledger_raise(dd_ledger *l, ledger_account *a, int64_t committed, int64_t spent); /* adds to both, without a reservation */

/* ledger_account.c: where accounts stand. */
#define LEDGER_NOWHERE UINT32_MAX
uint32_t ledger_find(const dd_ledger *l, const dd_account *a);
uint32_t ledger_find_or_make(dd_ledger *l, const dd_account *a);
void     ledger_recycle(dd_ledger *l);                      /* with the lock */

/* ledger_look.c: slots of dead and late owners, with the lock; of this one. */
size_t ledger_clear(dd_ledger *l, int64_t now_ms);
void   ledger_clear_own(dd_ledger *l);

/* ledger_owner.c: who has it open. */
bool ledger_lock(dd_ledger *l, int wait_ms);
void ledger_unlock(dd_ledger *l);
bool ledger_flock(int fd, int wait_ms);                     /* the file's lock alone, while there is no ledger yet */
void ledger_funlock(int fd);
bool ledger_owner_dead(const dd_ledger *l, uint32_t owner);
bool ledger_join(dd_ledger *l, dd_err *err);                /* with the lock */
void ledger_leave(dd_ledger *l);
bool ledger_anyone(int fd);                                 /* someone else has the file open: also one whose layout is not known */
bool ledger_alone(const dd_ledger *l);
void ledger_boot(char out[40]);
#endif
