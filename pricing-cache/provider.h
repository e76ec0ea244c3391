/* pricing-cache/provider.h - who bills for a model, and the names those go by.
 *
 * One table: spelling -> provider of the price table. SDKs, gateways and price lists each have their own spelling. */
#ifndef DD_PRICING_PROVIDER_H
#define DD_PRICING_PROVIDER_H
#include "base/str.h"

/* The table's name for `name` (any case), or `name` as it is when it is one; "" for an unknown name. */
dd_str dd_provider_find(dd_str name);
/* "gateway/openai/gpt-4o": a name in front that says nothing about who bills. */
bool dd_provider_transparent(dd_str name);
/* Who bills by other prices than this table's, or does not bill at all: ollama, vllm, replicate. Such a model is unknown unless
 * the table has rows of just that provider. */
bool dd_provider_elsewhere(dd_str name);
/* Order in which rows are tried when nobody says who bills: makers first, then those who sell others' models.
 * From DD_PROVIDER_RESELLER on: not the maker; DD_PROVIDER_OTHER: only when it is named. */
enum { DD_PROVIDER_RESELLER = 10, DD_PROVIDER_OTHER = 100 };
int dd_provider_rank(dd_str provider);
#endif
