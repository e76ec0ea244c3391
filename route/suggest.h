/* route/suggest.h - which cheaper model would do.
 *
 * Candidates come from public quality facts (route/quality.h, generated from data with source and date) and the price table: same
 * provider first. A candidate must have every capability the call needs, room for its context and output, and a
 * quality tier that the task and complexity allow. An embedding is never swapped silently. */
#ifndef DD_ROUTE_SUGGEST_H
#define DD_ROUTE_SUGGEST_H
#include "route/estimate.h"

/* Fills site->suggestion, ->other_provider and ->advice; needs price, class, tokens and per_call of the site. Memory from `arena`. */
void dd_suggest(dd_site *site, dd_arena *arena, const dd_prices *prices, const dd_estimate_opts *opts);
#endif
