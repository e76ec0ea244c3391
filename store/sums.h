/* store/sums.h - questions to the sums by hour and day: what was spent, by whom, on what.
 *
 * Answers come from the two summary tables alone, however many events there were. Each call opens telemetry.db and closes it. */
#ifndef DD_STORE_SUMS_H
#define DD_STORE_SUMS_H
#include "route/event.h"

enum { DD_BY_ORG = 1, DD_BY_TEAM = 2, DD_BY_FEATURE = 4, DD_BY_MODEL = 8, DD_BY_PROVIDER = 16, DD_BY_KEY = 32, DD_BY_PERIOD = 64 };

typedef struct {
    bool     daily;                                        /* days instead of hours: they are kept for ever */
    int64_t  from_s, to_s;                                 /* hours, or days, that begin in [from, to); seconds since 1970. to 0: no end */
    unsigned by;                                           /* a row for each; 0: one row of all */
    dd_str   org, team, feature, model, provider, key_id;  /* only these; ptr NULL: any */
} dd_sums_ask;

typedef struct {
    int64_t  period_s;                                     /* with DD_BY_PERIOD, else 0 */
    dd_str   org, team, feature, model, provider, key_id;  /* those asked for by `by`, else empty; borrowed for the call */
    int64_t  requests, errors, unpriced;                   /* unpriced: of requests whose cost is not known, and so is not in `cost` */
    int64_t  latencies, latency_us;                        /* how many are known, and their sum */
    int64_t  premiums, hits;                               /* requests whose premium cost is known; those that the cache answered */
    dd_pusd  cost, saved, premium_saved;                   /* the last: cost by the premium model less actual cost, of `premiums` */
    dd_usage usage;
} dd_sum;

typedef void dd_sums_fn(void *ctx, const dd_sum *sum);
/* Dearest first, with DD_BY_PERIOD oldest first. No rows when nothing was recorded. DD_ERR_NOT_FOUND: there is no database yet. */
dd_code dd_sums_read(const char *dir, const dd_sums_ask *ask, dd_sums_fn *fn, void *ctx, dd_err *err);
#endif
