/* store/dims.h - questions to the sums by one dimension, and to the histograms of latency: what views ask over and over.
 *
 * A dimension has a row for each of its values in each hour and each day, so a question over 90 days reads thousands of rows, not millions, however
 * many events and combinations there were. The sums by combinations (store/sums.h) answer what crosses two dimensions.
 *
 * An event counts once in each dimension; where it has no value it counts under "". Teams, features, users and call sites are words of clients: past
 * DD_DIMS_VALUES values of a dimension a day, new ones count under DD_ROLLUP_OTHER, so each dimension's sums are those of DD_DIM_TOTAL at any time.
 * Days begin at 0:00 UTC. What was summed by an older program, and not by this dimension, counts under DD_ROLLUP_OTHER, too
 * (store/migrations/telemetry/0004_views.sql). */
#ifndef DD_STORE_DIMS_H
#define DD_STORE_DIMS_H
#include "base/arena.h"
#include "route/event.h"
#include "route/histogram.h"

enum { DD_DIMS_VALUES = 2000 };

/* The numbers are stored: append only. */
typedef enum {
    DD_DIM_TOTAL,      /* one value, "" */
    DD_DIM_TEAM, DD_DIM_FEATURE,
    DD_DIM_MODEL,      /* that answered; of requests that no model answered, the one that was asked for */
    DD_DIM_REQUESTED,  /* the model that was asked for */
    DD_DIM_SWAP,       /* "gpt-4o > gpt-4o-mini": asked for and answered; "" when they are one, or none answered */
    DD_DIM_PROVIDER, DD_DIM_KEY, DD_DIM_USER, DD_DIM_ROUTE, DD_DIM_STRATEGY, DD_DIM_TASK, DD_DIM_CALL_SITE, DD_DIM_ENV,
    DD_DIM_ERROR,      /* class of error; "none" */
    DD_DIM_COUNT
} dd_dim;
const char *dd_dim_name(dd_dim d);                        /* "call_site" */
bool        dd_dim_find(dd_str name, dd_dim *out);

typedef struct {
    dd_dim  dim;
    dd_str  org;            /* ptr NULL: all */
    bool    daily;          /* days instead of hours: they are kept for ever, hours for 90 days */
    int64_t from_s, to_s;   /* periods that begin in [from, to); to 0: no end */
    bool    by_period;      /* a row for each value and period, oldest first; else one a value, dearest first */
    dd_str  value;          /* only this: a seek for each period, however many values there are; ptr NULL: all */
    size_t  limit;          /* rows at most; 0: all. What is cut is not told */
} dd_dims_ask;

/* The sums of the requests that are in; money of requests whose price is not known is in no sum. */
typedef struct {
    int64_t  period_s;      /* with by_period, else 0 */
    dd_str   value;         /* borrowed for the call */
    int64_t  requests, errors, hits, fallbacks;
    int64_t  unpriced;      /* their cost is not known, and so is not in `cost` */
    int64_t  compared;      /* cost by the requested model and actual cost are both known */
    int64_t  premiums;      /* cost by the premium model and actual cost are both known */
    int64_t  latencies, latency_us;
    dd_pusd  cost;          /* actual */
    dd_pusd  original, compared_cost;   /* of those compared: by the requested model; actual. Their difference is `saved` */
    dd_pusd  saved, premium_saved;
    dd_usage usage;
} dd_dims_row;

typedef struct dd_dims dd_dims;
/* `dir` is the state folder. The database is opened when it is first asked, and again when it was replaced. One thread. Caller owns. */
dd_dims *dd_dims_new(const char *dir);
void     dd_dims_free(dd_dims *d);
typedef void dd_dims_fn(void *ctx, const dd_dims_row *row);
/* DD_ERR_NOT_FOUND: there is no database yet. */
dd_code  dd_dims_read(dd_dims *d, const dd_dims_ask *ask, dd_dims_fn *fn, void *ctx, dd_err *err);

typedef enum { DD_LATENCY_TOTAL, DD_LATENCY_FIRST, DD_LATENCY_OVERHEAD, DD_LATENCY_COUNT } dd_latency_kind;
/* Adds what was counted in [from, to) to *out, which the caller has cleared. to 0: no end. On failure *out may hold a part. */
dd_code  dd_dims_latency(dd_dims *d, dd_latency_kind kind, dd_str org, bool daily, int64_t from_s, int64_t to_s, dd_hist *out, dd_err *err);
/* Organisations that have sums, in the order of their names, `max` at most; how many. 0 also when they cannot be read. */
size_t   dd_dims_orgs(dd_dims *d, dd_arena *a, dd_str *out, size_t max);
/* A number that changes when something was written; 0: there is nothing yet. Next to nothing to ask. */
int64_t  dd_dims_version(dd_dims *d);
#endif
