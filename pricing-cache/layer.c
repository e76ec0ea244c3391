#include "pricing-cache/layer.h"

const dd_price_row *dd_price_same(const dd_price_table *t, dd_str provider, dd_str id)
{
    char                 key[DD_PRICE_NAME_MAX];
    size_t               len  = dd_price_fold(id, key), n = 0;
    const dd_price_name *name = len ? dd_price_lookup(t, (dd_str){ key, len }, &n) : NULL;
    for (size_t i = 0; name && i < n; i++) {
        const dd_price_row *row = &t->rows[name[i].row];
        if (name[i].kind <= DD_NAME_ALIAS && dd_str_eq(row->price.provider, provider))
            return row;
    }
    return NULL;
}

static void keep_rate(int64_t *to, int64_t from)
{
    if (*to == DD_PRICE_NONE)
        *to = from;
}

static void inherit_prices(dd_price_row *row, const dd_price_row *base)
{
    dd_price *p = &row->price;
    keep_rate(&p->rates.cache_read, base->price.rates.cache_read);
    keep_rate(&p->rates.cache_write, base->price.rates.cache_write);
    keep_rate(&p->rates.cache_write_1h, base->price.rates.cache_write_1h);
    if (p->batch_input == DD_PRICE_NONE && p->batch_output == DD_PRICE_NONE) {
        p->batch_input   = base->price.batch_input;
        p->batch_output  = base->price.batch_output;
        p->batch_derived = base->price.batch_derived;
    }
    if (!p->n_tiers) {
        p->tiers   = base->price.tiers;
        p->n_tiers = base->price.n_tiers;
    }
    if (!p->n_scheduled) {
        p->scheduled   = base->price.scheduled;
        p->n_scheduled = base->price.n_scheduled;
    }
    if (p->off_peak.input == DD_PRICE_NONE) {
        p->off_peak = base->price.off_peak;
        p->peak_utc = base->price.peak_utc;
    }
    if (!row->n_regions) {
        row->regions   = base->regions;
        row->n_regions = base->n_regions;
    }
}

static void keep_text(dd_str *to, dd_str from)
{
    if (!to->len)
        *to = from;
}

static void keep_day(dd_day *to, dd_day from)
{
    if (*to == DD_DAY_NONE)
        *to = from;
}

static void inherit_facts(dd_price_row *row, const dd_price_row *base, unsigned layer)
{
    dd_price       *p = &row->price;
    const dd_price *b = &base->price;
    if (!(row->has & DD_ROW_KIND))
        p->kind = b->kind;
    if (!(row->has & DD_ROW_STATUS))
        p->status = b->status;
    if (!(row->has & DD_ROW_CAPS) || layer == DD_LAYER_CACHE) /* lists differ in what they know: a missing flag says little */
        p->caps |= b->caps;
    p->context    = p->context ? p->context : b->context;
    p->max_output = p->max_output ? p->max_output : b->max_output;
    keep_day(&p->released, b->released);
    keep_day(&p->retires, b->retires);
    keep_day(&p->retires_not_before, b->retires_not_before);
    keep_text(&p->replacement, b->replacement);
    keep_text(&p->tokenizer, b->tokenizer);
}

/* Same thing under the same id: the lower spelling stays, with its other names. */
static void take_place(dd_price_row *row, const dd_price_row *base)
{
    row->price.id = base->price.id;
    if (!row->aliases)
        row->aliases = base->aliases;
}

static bool same_id(dd_str a, dd_str b)
{
    char   x[DD_PRICE_NAME_MAX], y[DD_PRICE_NAME_MAX];
    size_t n = dd_price_fold(a, x);
    return n && dd_price_fold(b, y) == n && memcmp(x, y, n) == 0;
}

void dd_price_overlay(const dd_price_table *base, const dd_price_list *over, unsigned layer, dd_price_list *out)
{
    *out      = (dd_price_list)DD_PRICE_LIST_INIT;
    out->cap  = base->n_main + over->n;
    out->rows = dd_newn(&out->arena, dd_price_row, out->cap + 1);
    out->n    = base->n_main;
    if (base->n_main)
        memcpy(out->rows, base->rows, base->n_main * sizeof *out->rows);
    for (size_t i = 0; i < over->n; i++) {
        dd_price_row        row = over->rows[i];
        const dd_price_row *old = dd_price_same(base, row.price.provider, row.price.id);
        row.layer               = layer;
        if (!old) {
            out->rows[out->n++] = row;
            continue;
        }
        inherit_facts(&row, old, layer);
        if (row.price.rates.input == old->price.rates.input && row.price.rates.output == old->price.rates.output)
            inherit_prices(&row, old);
        if (same_id(row.price.id, old->price.id)) {
            take_place(&row, old);
            out->rows[old - base->rows] = row;
        } else {
            out->rows[out->n++] = row;
        }
    }
    dd_price_list_sort(out);
}
