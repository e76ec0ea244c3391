/* pricing-cache/layer.h - one price list laid over a table.
 *
 * A row of the upper list replaces the row of its provider and name. What the upper row does not say is taken from the lower one when
 * it cannot have moved with the price (limits, capabilities, dates, tokenizer, names); other prices (batch, cache, tiers, schedule,
 * regions) are taken only when input and output price are the same in both. */
#ifndef DD_PRICING_LAYER_H
#define DD_PRICING_LAYER_H
#include "pricing-cache/table.h"

/* The merged rows, sorted, to *out (text borrowed from both). */
void dd_price_overlay(const dd_price_table *base, const dd_price_list *over, unsigned layer, dd_price_list *out);
/* The main row of `provider` whose id or alias folds to the same name; NULL: none. */
const dd_price_row *dd_price_same(const dd_price_table *t, dd_str provider, dd_str id);
#endif
