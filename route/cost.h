/* route/cost.h - what a request costs.
 *
 * Tokens and a price in, money out. No I/O, no clock, no globals; any thread. */
#ifndef DD_ROUTE_COST_H
#define DD_ROUTE_COST_H
#include "pricing-cache/price.h"
#include "route/money.h"

typedef struct {
    int64_t input;          /* tokens neither read from nor written to the prompt cache */
    int64_t cache_read;
    int64_t cache_write;    /* kept minutes */
    int64_t cache_write_1h; /* kept an hour */
    int64_t output;         /* tokens, reasoning among them */
} dd_usage;

enum { DD_COST_BATCH = 1, DD_COST_OFF_PEAK = 2 }; /* flags */

/* The rates that hold for a request of this size on this day: schedule, then tier by the whole input (cached part
 * included), then batch or off-peak. A cache price that is not listed is the input price. */
void dd_cost_rates(const dd_price *price, const dd_usage *usage, dd_day day, unsigned flags, dd_rates *out);
/* Cost of one request, to *out, in picodollars. `price` and `usage` are only read.
 * DD_ERR_RANGE: a negative count, or a sum past dd_pusd; DD_ERR_NOT_FOUND: a price that is needed is not known. *out is then as it was.
 * Source: docs/decisions/0004-money.json. */
dd_code dd_cost_request(const dd_price *price, const dd_usage *usage, dd_day day, unsigned flags, dd_pusd *out, dd_err *err);
#endif
