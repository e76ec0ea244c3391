#include "pricing-cache/diff.h"

static bool rates_equal(const dd_rates *a, const dd_rates *b)
{
    return a->input == b->input && a->output == b->output && a->cache_read == b->cache_read && a->cache_write == b->cache_write &&
           a->cache_write_1h == b->cache_write_1h;
}

static bool steps_equal(const dd_price *a, const dd_price *b)
{
    if (a->n_tiers != b->n_tiers || a->n_scheduled != b->n_scheduled)
        return false;
    for (size_t i = 0; i < a->n_tiers; i++)
        if (a->tiers[i].above_input_tokens != b->tiers[i].above_input_tokens || !rates_equal(&a->tiers[i].rates, &b->tiers[i].rates))
            return false;
    for (size_t i = 0; i < a->n_scheduled; i++)
        if (a->scheduled[i].from != b->scheduled[i].from || !rates_equal(&a->scheduled[i].rates, &b->scheduled[i].rates))
            return false;
    return rates_equal(&a->off_peak, &b->off_peak);
}

static unsigned compare(const dd_price *a, const dd_price *b)
{
    unsigned what = 0;
    if (a->rates.input != b->rates.input || a->rates.output != b->rates.output)
        what |= DD_DIFF_PRICE;
    else if (!rates_equal(&a->rates, &b->rates) || a->batch_input != b->batch_input || a->batch_output != b->batch_output || !steps_equal(a, b))
        what |= DD_DIFF_OTHER;
    if (a->status != b->status || a->retires != b->retires)
        what |= DD_DIFF_STATUS;
    if (a->context != b->context || a->max_output != b->max_output)
        what |= DD_DIFF_LIMITS;
    return what;
}

static int order(const dd_price *a, const dd_price *b)
{
    int c = dd_str_cmp(a->provider, b->provider);
    return c ? c : dd_str_cmp(a->id, b->id);
}

size_t dd_prices_diff(const dd_prices *before, const dd_prices *after, dd_arena *a, dd_price_diff **out)
{
    size_t         n = dd_prices_count(before), m = dd_prices_count(after), i = 0, j = 0, found = 0;
    dd_price_diff *list = dd_newn(a, dd_price_diff, n + m + 1);
    while (i < n || j < m) {
        const dd_price *x = i < n ? dd_prices_at(before, i) : NULL, *y = j < m ? dd_prices_at(after, j) : NULL;
        int             c = !x ? 1 : !y ? -1 : order(x, y);
        unsigned        what = c == 0 ? compare(x, y) : DD_DIFF_PRICE;
        if (what)
            list[found++] = (dd_price_diff){ c <= 0 ? x : NULL, c >= 0 ? y : NULL, what };
        i += c <= 0;
        j += c >= 0;
    }
    *out = list;
    return found;
}
