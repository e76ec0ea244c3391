/* pricing-cache/rows.h - price rows as they are read and kept: a row, its other names, its regional prices.
 *
 * A list owns its memory in one arena. Lists come from the bundled table (bundled.h) or from a file (formats.h), are laid over
 * each other (layer.c) and indexed (table.h). */
#ifndef DD_PRICING_ROWS_H
#define DD_PRICING_ROWS_H
#include "base/arena.h"
#include "base/err.h"
#include "pricing-cache/price.h"

typedef struct {
    dd_str  prefix; /* "us", "eu", "us-gov" */
    int64_t input, output;
} dd_price_region;

enum { DD_ROW_KIND = 1, DD_ROW_STATUS = 2, DD_ROW_CAPS = 4 }; /* said by the file, not a default */

typedef struct {
    dd_price               price; /* first: a dd_price borrowed from a table is a row */
    const char *const     *aliases; /* NULL-terminated; NULL: none */
    const dd_price_region *regions;
    size_t                 n_regions;
    unsigned               has;
    unsigned               layer; /* DD_LAYER_* */
} dd_price_row;

enum { DD_LAYER_BUNDLED, DD_LAYER_CACHE, DD_LAYER_CONFIG, DD_LAYER_OVERRIDE };

typedef struct {
    dd_arena      arena;
    dd_price_row *rows;
    size_t        n, cap;
    dd_day        generated;    /* DD_DAY_NONE: the file does not say */
    const char   *format;       /* static text: "dd0c-prices", "litellm", ... */
    size_t        skipped;      /* rows of a foreign file that hold no usable token price */
    char          first_skipped[160];
    dd_str        etag, url, origin; /* where a fetched file came from, and its format there */
} dd_price_list;

#define DD_PRICE_LIST_INIT { DD_ARENA_INIT, NULL, 0, 0, DD_DAY_NONE, "", 0, "", { "", 0 }, { "", 0 }, { "", 0 } }

extern const dd_rates dd_rates_none;
void dd_price_row_init(dd_price_row *row);   /* all unknown */
void dd_price_list_sort(dd_price_list *list); /* by provider, id */
void dd_price_list_free(dd_price_list *list);

/* A decimal, times 10^scale, to the nearest whole number (a half goes up). False: not a decimal, or past int64. Exact for text. */
bool dd_decimal_scale(dd_str text, int scale, int64_t *out);
/* The same from a double: exact wherever the result is below 2^50 and the decimal is not within 1e-6 of a half. */
bool dd_double_scale(double value, int scale, int64_t *out);
/* Microdollars as decimal USD without trailing zeros: 150000 -> "0.15". */
void dd_price_show(int64_t micros, dd_buf *out);
#endif
