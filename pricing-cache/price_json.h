/* pricing-cache/price_json.h - the members of a price row in JSON, as the price file and the commands both write them.
 *
 * What a row does not know is left out. Prices are dollars a million tokens, days "2026-11-20". */
#ifndef DD_PRICING_PRICE_JSON_H
#define DD_PRICING_PRICE_JSON_H
#include "base/json.h"
#include "pricing-cache/prices.h"

void dd_price_json_usd(dd_json *j, const char *key, int64_t micros);   /* DD_PRICE_NONE: nothing */
void dd_price_json_rates(dd_json *j, const dd_rates *r);
void dd_price_json_text(dd_json *j, const char *key, dd_str s);
void dd_price_json_day(dd_json *j, const char *key, dd_day day);
void dd_price_json_count(dd_json *j, const char *key, int64_t n);      /* 0: nothing */
void dd_price_json_true(dd_json *j, const char *key, bool b);          /* false: nothing */
void dd_price_json_steps(dd_json *j, const dd_price *row);             /* tiers, scheduled prices, hours off peak */
void dd_price_json_names(dd_json *j, const char *const *names);        /* "aliases"; NULL or none: nothing */
void dd_price_json_caps(dd_json *j, uint32_t caps);
/* From "released" to "note", which both forms have in this order. */
void dd_price_json_life(dd_json *j, const dd_price *row);
#endif
