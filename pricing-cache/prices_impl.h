/* pricing-cache/prices_impl.h - the body of dd_prices, for the files of this folder that share it. */
#ifndef DD_PRICING_PRICES_IMPL_H
#define DD_PRICING_PRICES_IMPL_H
#include <pthread.h>

#include "pricing-cache/prices.h"
#include "pricing-cache/table.h"

enum { DD_PRICES_LAYERS = 7 }; /* bundled; cache, config, override and what each makes with the layers below */

struct dd_prices {
    dd_arena        arena;
    dd_price_list   lists[DD_PRICES_LAYERS];
    size_t          n_lists;
    dd_price_table  table;
    dd_prices_meta  meta;
    dd_buf          warning;
    struct free_row *free_rows;  /* ":free" spellings that were asked for; owned, made under the lock */
    pthread_mutex_t lock;
};

/* A row for `base`'s ":free" route: the same model at price 0. Borrowed until close. */
const dd_price *dd_prices_free_route(const dd_prices *p, const dd_price *base);
#endif
