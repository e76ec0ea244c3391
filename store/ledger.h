/* store/ledger.h - what budgets have spent and reserved: a mapped file, so that a kill loses nothing and no request waits for a disk.
 *
 * An account is a budget's value in one period (route/budget.h names it by a 64-bit id). Reserving adds to `committed` (spent + reserved) when
 * that stays within the limit, for all accounts of a request or for none; settling replaces the reserved by the actual sum; a reservation has an
 * owner (a process) and an expiry, and is given back by anyone when its owner is gone or its time is over. A kill between any two instructions
 * loses nothing and leaves nothing that a reclaim does not give back. Several processes may share a file; it must not be removed while one has it
 * open. Threads: any. Reserving, settling and releasing take no lock and call no system, but for the first request of an account, which asks the
 * seed.
 *
 * Layout versioned; a file of another version, or a damaged one, is put aside (path + ".damaged") and begun anew with what `seed` says; while
 * another process has such a file open, opening fails instead: two files would be two budgets. Source: docs/decisions/0021-budgets.json. */
#ifndef DD_STORE_LEDGER_H
#define DD_STORE_LEDGER_H
#include "route/budget.h"

enum { DD_LEDGER_ACCOUNTS = 16 };         /* that one request may be charged to */

typedef struct dd_ledger dd_ledger;
typedef struct {
    const char *path;                     /* $DD0C_HOME/ledger */
    size_t      accounts, reservations;   /* of a new file; 0: 16,384 and 8,192 */
    int64_t     expiry_ms;                /* of a reservation; 0: 15 min. A hold that lasts longer counts no more until it is settled */
    /* What an account has spent, when it is not in the file: from the sums (dd_ledger_seed_sums); NULL: 0. On a request's thread, once an account. */
    dd_pusd   (*seed)(void *ctx, const dd_account *a);
    void       *seed_ctx;
    int64_t   (*wall_s)(void);            /* by which periods are over; NULL: the system's */
} dd_ledger_opts;
dd_ledger  *dd_ledger_open(const dd_ledger_opts *opts, dd_err *err);
void        dd_ledger_close(dd_ledger *l);             /* NULL is fine; what this handle still holds is given back */
const char *dd_ledger_note(const dd_ledger *l);        /* a line for the log on what was found when it was opened; "" nothing */

typedef struct { uint32_t slot; uint32_t turn; } dd_hold;    /* a reservation; turn 0: none */
typedef struct {
    size_t  refused;                /* index of the account that had no room; SIZE_MAX: none */
    dd_pusd spent, reserved, limit; /* of that one, when it was refused */
    double  used;                   /* the largest (spent + reserved) / limit of all */
} dd_ledger_verdict;
/* `now_ms`, here and in reclaim: of one clock that all processes share and nobody sets, CLOCK_MONOTONIC.
 * Takes `amount` (below 0: 0) from all accounts or none. Soft ones (DD_EXCEED_WARN) are counted and never refuse, and nothing refuses an amount of
 * 0. False: refused, or no slot or no place for an account is free, or n is above DD_LEDGER_ACCOUNTS (then refused is SIZE_MAX: the caller
 * decides). Nobody is refused for what another reservation, refused itself in the end, held for a moment. */
bool dd_ledger_reserve(dd_ledger *l, const dd_account *v, size_t n, dd_pusd amount, int64_t now_ms, dd_hold *out, dd_ledger_verdict *verdict);
/* The request cost `actual` (below 0: 0); its reservation ends. A hold that expired meanwhile, or none, is charged all the same. Once a hold. */
void dd_ledger_settle(dd_ledger *l, dd_hold h, const dd_account *v, size_t n, dd_pusd actual);
void dd_ledger_release(dd_ledger *l, dd_hold h);             /* nothing was spent */
/* Gives back what dead or late owners hold; returns how many. Once a second from one thread is enough. Also recycles accounts of past periods. */
size_t dd_ledger_reclaim(dd_ledger *l, int64_t now_ms);

typedef struct {
    uint64_t id;
    dd_pusd  spent, reserved, limit;
    int64_t  from_s, to_s;
    dd_budget_scope scope;
    dd_period       period;
    dd_on_exceed    on_exceed;      /* as of its first request */
    char     name[48], value[64];   /* cut to fit */
} dd_ledger_row;
bool dd_ledger_look(const dd_ledger *l, const dd_account *a, dd_ledger_row *out);
/* Live accounts (to_s > now_s), in no order. */
void dd_ledger_each(const dd_ledger *l, int64_t now_s, void (*fn)(void *ctx, const dd_ledger_row *row), void *ctx);
/* `dd0c budgets reset`: what was spent counts no more; *spent says how much. False: no such account. */
bool dd_ledger_forgive(dd_ledger *l, uint64_t id, dd_pusd *spent);
typedef struct { size_t accounts, accounts_max, holds, holds_max; uint64_t crowded; /* reservations that found no slot, ever */ } dd_ledger_counts;
void dd_ledger_stats(const dd_ledger *l, dd_ledger_counts *out);

/* A seed: what the sums (store/sums.h; of users store/dims.h) know of the account's period. ctx is the state folder's path, a const char *. The hour
 * in which the period began counts whole. */
dd_pusd dd_ledger_seed_sums(void *ctx, const dd_account *a);
#endif
