/* pricing-cache/formats.h - price files: ours, and those other projects publish.
 *
 * Which one a file is is seen from its shape: ours (schema "dd0c-prices/1", or "dd0c-model-prices/1" whose rows are a superset),
 * LiteLLM's model_prices JSON, models.dev's api.json, OpenRouter's GET /models. docs/prices.md has the fields. Prices become whole
 * microdollars per million tokens, rounded to the nearest.
 *
 * A row of ours that is wrong is an error that names it. A row of a foreign file that holds no usable price (images, negative or
 * absurd prices, other currencies) is skipped and counted. Nothing of a file that fails is kept. */
#ifndef DD_PRICING_FORMATS_H
#define DD_PRICING_FORMATS_H
#include <cjson/cJSON.h>
#include "pricing-cache/rows.h"

enum { DD_PRICES_MAX_BYTES = 32 << 20, DD_PRICES_MAX_ROWS = 20000 };
#define DD_PRICES_MAX_USD_PER_M 10000 /* a price above this is a mistake of units */

enum { DD_READ_STRICT = 1 }; /* a member we do not know is an error, with the nearest name: for files people write by hand */

/* Reads a whole file. `what` names it in messages: price list "x". The caller frees *out in any case. */
dd_code dd_prices_read(dd_str text, const char *what, unsigned flags, dd_price_list *out, dd_err *err);
/* Rows of our own schema, as JSON: a list, or an object with "models". */
dd_code dd_prices_read_rows(const cJSON *rows, const char *what, unsigned flags, dd_price_list *out, dd_err *err);
/* Our format, canonical: sorted as given, one row a line. */
void dd_prices_write(const dd_price_list *list, dd_buf *out);

/* For the readers of foreign formats (foreign.c). */
typedef dd_code dd_foreign_fn(const cJSON *tree, const char *what, dd_price_list *out, dd_err *err);
dd_foreign_fn  *dd_prices_foreign(const cJSON *tree, const char **format); /* NULL: no shape we know */
dd_price_row   *dd_price_list_add(dd_price_list *list);
uint32_t        dd_price_cap(dd_str name);       /* 0: no such capability */
const char     *dd_price_cap_name(unsigned bit); /* 0.. in the order they are written; NULL behind the last */
#endif
