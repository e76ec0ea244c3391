/* pricing-cache/diff.h - what differs between two price tables. */
#ifndef DD_PRICING_DIFF_H
#define DD_PRICING_DIFF_H
#include "base/arena.h"
#include "pricing-cache/prices.h"

enum { /* what moved */
    DD_DIFF_PRICE = 1,  /* input or output */
    DD_DIFF_OTHER = 2,  /* cache, batch, tier, schedule or off-peak price */
    DD_DIFF_STATUS = 4,
    DD_DIFF_LIMITS = 8  /* context or output size */
};

typedef struct {
    const dd_price *before, *after; /* NULL: the row is not there */
    unsigned        what;
} dd_price_diff;

/* Rows that differ, by provider and id, in arena `a`; returns how many. Borrowed from both tables. */
size_t dd_prices_diff(const dd_prices *before, const dd_prices *after, dd_arena *a, dd_price_diff **out);
#endif
