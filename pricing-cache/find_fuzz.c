/* Any name is looked up. The answer does not depend on white space around the name or on its case, its price is a row of the table
 * (or a free route), and EXACT and ALIAS mean what they say. The first byte picks the hint. */
#include <stdlib.h>

#include "pricing-cache/prices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static bool is_name_of(const dd_prices *p, const dd_price_hit *h, dd_str name)
{
    if (h->match == DD_MATCH_EXACT)
        return dd_str_eq(h->price->id, name);
    for (const char *const *a = dd_prices_aliases(p, h->price); *a; a++)
        if (dd_str_eqz(name, *a))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const hints[] = { "", "openai", "anthropic", "bedrock", "azure", "openrouter", "google", "ollama", "nobody", "fireworks" };
    static dd_prices        *p;
    const dd_price          *near[4];
    dd_err                   err = DD_ERR_INIT;
    if (!p)
        p = dd_prices_open(NULL, &err);
    if (!size)
        return 0;
    dd_str       hint = dd_str_z(hints[data[0] % DD_COUNT(hints)]), name = { (const char *)data + 1, size - 1 };
    dd_price_hit h    = dd_prices_find(p, hint, name), t = dd_prices_find(p, hint, dd_str_trim(name));
    must(h.price == t.price && h.match == t.match);
    must((h.price != NULL) == (h.match != DD_MATCH_NONE));
    if (h.match == DD_MATCH_EXACT || h.match == DD_MATCH_ALIAS)
        must(is_name_of(p, &h, dd_str_trim(name)));
    if (h.price)
        must(h.price->provider.len && h.price->id.len);
    if (size % 8 == 0) /* it looks at every row: slow */
        must(dd_prices_near(p, name, near, 4) <= 4);
    return 0;
}
