/* route/flags.h - feature flags, decided on this machine (R10.1).
 *
 * A set is a snapshot read from a file (flagd's format or ours) by cmd/; deciding is pure. A flag that is off or expired lets the request pass through.
 * Each has an owner and a ttl of at most 14 days. What a flag's path does to latency and errors is counted in a guard, which the process shares: past
 * +5% p99 or +2% errors the flag is off for all.
 * Source: docs/decisions/0022-flags.json. */
#ifndef DD_ROUTE_FLAGS_H
#define DD_ROUTE_FLAGS_H
#include <stdatomic.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/time.h"

typedef struct dd_flag_guard { atomic_bool tripped; } dd_flag_guard;

typedef struct {
    dd_str  name, owner, doc;
    bool    on;
    double  rollout;                /* 0..100: share of keys (users, sessions) that get it */
    dd_day  created, expires;       /* expires: created + ttl */
    struct dd_flag_guard *guard;    /* owned by the process; NULL: none */
} dd_flag;
typedef struct dd_flags { const dd_flag *v; size_t n; } dd_flags;   /* sorted by name */

typedef enum { DD_FLAG_ON, DD_FLAG_OFF, DD_FLAG_OUTSIDE /* of the rollout */, DD_FLAG_EXPIRED, DD_FLAG_TRIPPED, DD_FLAG_UNKNOWN } dd_flag_state;
const char   *dd_flag_state_name(dd_flag_state s);
const dd_flag *dd_flags_find(const dd_flags *f, dd_str name);
/* `unit` is what the rollout spreads over: a session, a user or a request; the same unit gets the same answer while the share only grows. */
dd_flag_state dd_flags_decide(const dd_flags *f, dd_str name, uint64_t unit, dd_day today);
#endif
