#include "pricing-cache/bundled.h"

static const dd_packed_table *const P = &dd_prices_bundled;

static dd_str  text(uint32_t at) { return dd_str_z(P->text + at); }
static int64_t price(uint32_t v) { return v == DD_PACKED_NONE ? DD_PRICE_NONE : (int64_t)v; }
static dd_day  day(uint16_t v) { return v ? (dd_day)v : DD_DAY_NONE; }

static dd_rates rates(const dd_packed_rates *r)
{
    return (dd_rates){ price(r->input), price(r->output), price(r->cache_read), price(r->cache_write), price(r->cache_write_1h) };
}

static void unfold_steps(dd_price_row *row, const dd_packed_row *p, dd_arena *a)
{
    dd_price_tier   *tiers   = dd_newn(a, dd_price_tier, p->n_tiers);
    dd_price_change *changes = dd_newn(a, dd_price_change, p->n_scheduled);
    for (size_t i = 0; i < p->n_tiers; i++)
        tiers[i] = (dd_price_tier){ P->tiers[p->tiers + i].at, rates(&P->tiers[p->tiers + i].rates) };
    for (size_t i = 0; i < p->n_scheduled; i++)
        changes[i] = (dd_price_change){ (dd_day)P->changes[p->scheduled + i].at, rates(&P->changes[p->scheduled + i].rates) };
    row->price.tiers       = p->n_tiers ? tiers : NULL;
    row->price.n_tiers     = p->n_tiers;
    row->price.scheduled   = p->n_scheduled ? changes : NULL;
    row->price.n_scheduled = p->n_scheduled;
}

static void unfold_names(dd_price_row *row, const dd_packed_row *p, dd_arena *a)
{
    if (p->n_aliases) {
        const char **names = dd_newn(a, const char *, p->n_aliases + 1u);
        for (size_t i = 0; i < p->n_aliases; i++)
            names[i] = P->text + P->aliases[p->aliases + i];
        row->aliases = names;
    }
    if (p->n_regions) {
        dd_price_region *regions = dd_newn(a, dd_price_region, p->n_regions);
        for (size_t i = 0; i < p->n_regions; i++) {
            const dd_packed_region *g = &P->regions[p->regions + i];
            regions[i]                = (dd_price_region){ text(g->prefix), price(g->input), price(g->output) };
        }
        row->regions   = regions;
        row->n_regions = p->n_regions;
    }
}

static void unfold(dd_price_row *row, const dd_packed_row *p, dd_arena *a)
{
    dd_price *d           = &row->price;
    d->provider           = text(p->provider);
    d->id                 = text(p->id);
    d->kind               = (dd_price_kind)p->kind;
    d->status             = (dd_model_status)p->status;
    d->rates              = rates(&p->rates);
    d->batch_input        = price(p->batch_input);
    d->batch_output       = price(p->batch_output);
    d->off_peak           = p->off_peak ? rates(&P->off_peak[p->off_peak - 1]) : dd_rates_none;
    d->peak_utc           = text(p->peak_utc);
    d->context            = p->context;
    d->max_output         = p->max_output;
    d->caps               = p->caps;
    d->released           = day(p->released);
    d->retires            = day(p->retires);
    d->retires_not_before = day(p->retires_not_before);
    d->replacement        = text(p->replacement);
    d->tokenizer          = text(p->tokenizer);
    d->source             = text(p->source);
    d->source_date        = day(p->source_date);
    d->note               = text(p->note);
    d->free               = p->flags & DD_PACKED_FREE;
    d->suspect            = p->flags & DD_PACKED_SUSPECT;
    d->batch_derived      = p->flags & DD_PACKED_BATCH_DERIVED;
    d->agreeing           = p->agreeing;
    d->differing          = p->differing;
    row->has              = DD_ROW_KIND | DD_ROW_STATUS | (p->flags & DD_PACKED_HAS_CAPS ? DD_ROW_CAPS : 0);
    unfold_steps(row, p, a);
    unfold_names(row, p, a);
}

void dd_bundled_list(dd_price_list *out)
{
    *out           = (dd_price_list)DD_PRICE_LIST_INIT;
    out->format    = "dd0c-prices";
    out->generated = P->generated;
    out->n         = P->n_rows;
    out->cap       = P->n_rows + P->n_regions;
    out->rows      = dd_newn(&out->arena, dd_price_row, out->cap);
    for (size_t i = 0; i < P->n_rows; i++)
        unfold(&out->rows[i], &P->rows[i], &out->arena);
}

dd_code dd_bundled_table(const dd_price_list *list, dd_arena *a, dd_price_table *out, dd_err *err)
{
    dd_price_row *rows  = NULL;
    size_t        n_all = 0;
    dd_code       rc    = dd_price_expand(list, a, &rows, &n_all, err);
    if (rc == DD_OK)
        *out = (dd_price_table){ rows, list->n, n_all, P->pool, P->names, P->n_names, P->slots, P->n_slots };
    return rc;
}
