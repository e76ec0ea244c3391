/* store/key_usage.h - what a key has cost: the daily sums of telemetry.db, for one key. */
#ifndef DD_STORE_KEY_USAGE_H
#define DD_STORE_KEY_USAGE_H
#include "base/arena.h"
#include "base/time.h"
#include "route/cost.h"

typedef struct {
    dd_day   day;               /* DD_DAY_NONE unless grouped by day */
    dd_str   model, provider;   /* "" unless grouped by model */
    int64_t  requests, errors;
    int64_t  unpriced;          /* requests whose cost is not known: in no sum of money */
    dd_usage tokens;
    dd_pusd  cost, saved;
} dd_key_sum;

/* Sums since `from`, a row a day or a row a model and provider, dearest model first. The texts live in `a`. No telemetry yet: no rows. `dir`: the
 * state folder. */
dd_code dd_key_usage(const char *dir, dd_str org, dd_str key_id, dd_day from, bool by_day, dd_arena *a, dd_key_sum **out, size_t *n, dd_err *err);
#endif
