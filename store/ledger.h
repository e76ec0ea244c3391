/* store/ledger.h - what budgets have spent and reserved: a mapped file, so that a kill loses nothing and no request waits for a disk.
 *
 * An account is a budget's value in one period (route/budget.h names it by a 64-bit id). Reserving adds to `committed` (spent + reserved) when that stays within the limit, in one atomic step, for
 * all accounts of a request or for none; settling replaces the reserved by the actual sum; a reservation has an owner (process, its start time) and an expiry, and is
 * given back by anyone when its owner is gone or its time is over. Several processes may share a file. Threads: any. Layout versioned; a file of another version, or a damaged one, is put
 * aside and begun anew with what `seed` says. Source: docs/decisions/0021-budgets.json. */
#ifndef DD_STORE_LEDGER_H
#define DD_STORE_LEDGER_H
#include "route/budget.h"

typedef struct dd_ledger dd_ledger;
typedef struct {
    const char *path;              /* $DD0C_HOME/ledger */
    size_t      accounts, reservations;   /* 0: 16,384 and 8,192 (more wait in line as DD_ERR_LIMIT); of a new file */
    int64_t     expiry_ms;         /* of a reservation; 0: 15 min */
    /* What an account has spent, when it is not in the file: from the sums; NULL: 0. */
    dd_pusd   (*seed)(void *ctx, const dd_account *a);
    void       *seed_ctx;
} dd_ledger_opts;
dd_ledger *dd_ledger_open(const dd_ledger_opts *opts, dd_err *err);
void       dd_ledger_close(dd_ledger *l);

typedef struct { uint32_t slot; uint32_t turn; } dd_hold;    /* a reservation; turn 0: none */
typedef struct {
    size_t  refused;               /* index of the account that had no room; SIZE_MAX: none */
    dd_pusd spent, reserved, limit;/* of that one, when it was refused */
    double  used;                  /* the largest (spent + reserved) / limit of all */
} dd_ledger_verdict;
/* Takes `amount` from all accounts or none. Soft ones (DD_EXCEED_WARN) are counted and never refuse. False: refused, or no slot is free (then refused is SIZE_MAX: the caller decides). */
bool dd_ledger_reserve(dd_ledger *l, const dd_account *v, size_t n, dd_pusd amount, int64_t now_ms, dd_hold *out, dd_ledger_verdict *verdict);
/* The request cost `actual` (>= 0); its reservation ends. A hold that expired meanwhile is charged all the same. */
void dd_ledger_settle(dd_ledger *l, dd_hold h, const dd_account *v, size_t n, dd_pusd actual);
void dd_ledger_release(dd_ledger *l, dd_hold h);             /* nothing was spent */
/* Gives back what dead or late owners hold; returns how many. Once a second from one thread is enough. */
size_t dd_ledger_reclaim(dd_ledger *l, int64_t now_ms);

typedef struct { uint64_t id; dd_pusd spent, reserved, limit; int64_t to_s; char name[48], value[64]; } dd_ledger_row;
bool dd_ledger_look(const dd_ledger *l, const dd_account *a, dd_ledger_row *out);
/* Live accounts (to_s > now_s), in no order. */
void dd_ledger_each(const dd_ledger *l, int64_t now_s, void (*fn)(void *ctx, const dd_ledger_row *row), void *ctx);
#endif
