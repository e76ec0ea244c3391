/* Any bytes are read as a price file or refused. What is read holds: it is written and read back as the same rows, every price is in
 * range, and every row can be indexed and found again. */
#include <stdlib.h>
#include <string.h>

#include "pricing-cache/formats.h"
#include "pricing-cache/layer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_rates(const dd_rates *r)
{
    const int64_t all[] = { r->input, r->output, r->cache_read, r->cache_write, r->cache_write_1h };
    for (size_t i = 0; i < DD_COUNT(all); i++)
        must(all[i] == DD_PRICE_NONE || (all[i] >= 0 && all[i] <= INT64_C(1000000) * DD_PRICES_MAX_USD_PER_M));
}

static void check_rows(const dd_price_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const dd_price *p = &l->rows[i].price;
        must(p->provider.len && p->id.len && p->rates.input != DD_PRICE_NONE);
        check_rates(&p->rates);
        for (size_t k = 0; k < p->n_tiers; k++)
            check_rates(&p->tiers[k].rates);
        if (i) {
            int c = dd_str_cmp(l->rows[i - 1].price.provider, p->provider);
            must(c < 0 || (c == 0 && dd_str_cmp(l->rows[i - 1].price.id, p->id) < 0));
        }
    }
}

static void check_round_trip(const dd_price_list *l)
{
    dd_buf        once = DD_BUF_INIT(0), twice = DD_BUF_INIT(0);
    dd_price_list again = DD_PRICE_LIST_INIT;
    dd_err        err   = DD_ERR_INIT;
    dd_prices_write(l, &once);
    must(dd_prices_read(dd_buf_str(&once), "again", DD_READ_STRICT, &again, &err) == DD_OK);
    dd_prices_write(&again, &twice);
    must(again.n == l->n && dd_str_eq(dd_buf_str(&once), dd_buf_str(&twice)));
    dd_price_list_free(&again);
    dd_buf_free(&once);
    dd_buf_free(&twice);
}

static void check_index(const dd_price_list *l)
{
    dd_arena       a     = DD_ARENA_INIT;
    dd_err         err   = DD_ERR_INIT;
    dd_price_row  *rows  = NULL;
    size_t         n_all = 0;
    dd_price_table t;
    char           key[DD_PRICE_NAME_MAX];
    if (dd_price_expand(l, &a, &rows, &n_all, &err) == DD_OK && dd_price_index(rows, l->n, n_all, &a, &t, &err) == DD_OK) {
        dd_price_list merged;
        for (size_t i = 0; i < l->n; i++)
            must(!dd_price_fold(rows[i].price.id, key) || dd_price_same(&t, rows[i].price.provider, rows[i].price.id));
        dd_price_overlay(&t, l, DD_LAYER_OVERRIDE, &merged);
        must(merged.n <= l->n * 2);
        dd_price_list_free(&merged);
    }
    dd_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_price_list l   = DD_PRICE_LIST_INIT;
    dd_err        err = DD_ERR_INIT;
    dd_code       rc  = dd_prices_read((dd_str){ (const char *)data, size }, "price list", size & 1 ? DD_READ_STRICT : 0, &l, &err);
    must((rc == DD_OK) == (err.msg[0] == '\0'));
    if (rc == DD_OK) {
        check_rows(&l);
        check_round_trip(&l);
        check_index(&l);
    }
    dd_price_list_free(&l);
    return 0;
}
