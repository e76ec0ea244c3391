#include "pricing-cache/prices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "pricing-cache/bundled.h"
#include "pricing-cache/formats.h"
#include "pricing-cache/layer.h"
#include "pricing-cache/prices_impl.h"
#include "pricing-cache/provider.h"

enum { STALE_DAYS = 30 };

struct free_row {
    struct free_row *next;
    const dd_price  *base;
    dd_price_row     row;
    char             id[DD_PRICE_NAME_MAX + 8];
};

static void warn(dd_prices *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warn(dd_prices *p, const char *fmt, ...)
{
    va_list ap;
    if (p->warning.len)
        dd_buf_addz(&p->warning, "; ");
    va_start(ap, fmt);
    dd_buf_vprintf(&p->warning, fmt, ap);
    va_end(ap);
}

static void name_layer(dd_prices *p, const char *layer)
{
    p->meta.name = p->meta.name.len ? dd_arena_printf(&p->arena, DD_STR_FMT " + %s", DD_STR_ARG(p->meta.name), layer) : dd_arena_dupz(&p->arena, layer);
}

/* Lays `list` (kept by p from here on) over what is there. */
static dd_code add_layer(dd_prices *p, const dd_price_list *list, unsigned layer, dd_err *err)
{
    dd_price_list *kept = &p->lists[p->n_lists++], *merged = &p->lists[p->n_lists++];
    dd_price_row  *rows  = NULL;
    size_t         n_all = 0;
    *kept                = *list;
    dd_price_overlay(&p->table, kept, layer, merged);
    dd_code rc = dd_price_expand(merged, &p->arena, &rows, &n_all, err);
    return rc == DD_OK ? dd_price_index(rows, merged->n, n_all, &p->arena, &p->table, err) : rc;
}

static dd_code read_list(const char *path, const char *what, unsigned flags, dd_price_list *out, dd_err *err)
{
    dd_buf  text = DD_BUF_INIT(DD_PRICES_MAX_BYTES);
    dd_code rc   = dd_file_read(path, &text, err);
    if (rc == DD_OK)
        rc = dd_prices_read(dd_buf_str(&text), what, flags, out, err);
    dd_buf_free(&text);
    return rc;
}

static void put_aside(dd_prices *p, const char *path, const dd_err *why)
{
    dd_str aside = dd_arena_printf(&p->arena, "%s.damaged", path);
    if (rename(path, aside.ptr) == 0)
        warn(p, "%s: the bundled prices are used, the file is kept as \"%s\"", why->msg, aside.ptr);
    else
        warn(p, "%s: the bundled prices are used", why->msg);
}

/* Nothing about the cache is a failure: the bundled table is always there. */
static void add_cache(dd_prices *p, const char *dir)
{
    dd_err        err  = DD_ERR_INIT;
    dd_price_list list = DD_PRICE_LIST_INIT;
    dd_str        path = dd_arena_printf(&p->arena, "%s/prices.json", dir);
    dd_str        what = dd_arena_printf(&p->arena, "price cache \"%s\"", path.ptr);
    dd_code       rc   = dd_file_exists(path.ptr) ? read_list(path.ptr, what.ptr, 0, &list, &err) : DD_ERR_NOT_FOUND;
    if (rc == DD_OK && (list.n == 0 || list.generated == DD_DAY_NONE))
        rc = dd_fail(&err, DD_ERR_PARSE, "%s: %s", what.ptr, list.n ? "it does not say its day" : "it is empty");
    if (rc == DD_OK && list.generated >= p->meta.date) {
        p->meta.date = list.generated;
        if (add_layer(p, &list, DD_LAYER_CACHE, &err) == DD_OK)
            p->meta.name = DD_STR("cache");
        else
            warn(p, "%s", err.msg);
        return;
    }
    dd_price_list_free(&list);
    if (rc == DD_ERR_PARSE || rc == DD_ERR_LIMIT)
        put_aside(p, path.ptr, &err);
    else if (rc != DD_OK && rc != DD_ERR_NOT_FOUND)
        warn(p, "%s: the bundled prices are used", err.msg);
}

static dd_code add_table_file(dd_prices *p, const char *path, dd_err *err)
{
    dd_price_list list = DD_PRICE_LIST_INIT;
    dd_str        what = dd_arena_printf(&p->arena, "price list \"%s\"", path);
    dd_code       rc   = read_list(path, what.ptr, 0, &list, err);
    if (rc != DD_OK) {
        dd_price_list_free(&list);
        return rc;
    }
    p->meta.name = DD_STR("file");
    p->meta.date = list.generated != DD_DAY_NONE ? list.generated : p->meta.date;
    return add_layer(p, &list, DD_LAYER_CACHE, err);
}

static dd_code add_config(dd_prices *p, const dd_prices_opts *opts, dd_err *err)
{
    dd_price_list list = DD_PRICE_LIST_INIT;
    dd_code       rc   = dd_prices_read_rows(opts->config_rows, opts->config_name ? opts->config_name : "config", DD_READ_STRICT, &list, err);
    if (rc != DD_OK) {
        dd_price_list_free(&list);
        return rc;
    }
    name_layer(p, "config");
    return add_layer(p, &list, DD_LAYER_CONFIG, err);
}

static dd_code add_override(dd_prices *p, const char *path, dd_err *err)
{
    dd_price_list list = DD_PRICE_LIST_INIT;
    dd_str        what = dd_arena_printf(&p->arena, "price override \"%s\"", path);
    dd_code       rc   = read_list(path, what.ptr, DD_READ_STRICT, &list, err);
    if (rc != DD_OK) {
        dd_price_list_free(&list);
        return rc;
    }
    name_layer(p, "override");
    return add_layer(p, &list, DD_LAYER_OVERRIDE, err);
}

static void count(dd_prices *p)
{
    p->meta.models = p->table.n_main;
    for (size_t i = 0; i < p->table.n_main; i++) {
        const dd_price_row *row = &p->table.rows[i];
        p->meta.names++;
        for (size_t k = 0; row->aliases && row->aliases[k]; k++)
            p->meta.names++;
        p->meta.from_cache += row->layer == DD_LAYER_CACHE;
        p->meta.from_override += row->layer > DD_LAYER_CACHE;
    }
}

dd_prices *dd_prices_open(const dd_prices_opts *opts, dd_err *err)
{
    dd_prices *p = dd_calloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    p->n_lists = 1;
    dd_bundled_list(&p->lists[0]);
    p->meta.date = p->lists[0].generated;
    p->meta.name = DD_STR("bundled");
    dd_code rc   = dd_bundled_table(&p->lists[0], &p->arena, &p->table, err);
    if (rc == DD_OK && opts && opts->table_file)
        rc = add_table_file(p, opts->table_file, err);
    else if (rc == DD_OK && opts && opts->cache_dir)
        add_cache(p, opts->cache_dir);
    if (rc == DD_OK && opts && opts->config_rows)
        rc = add_config(p, opts, err);
    if (rc == DD_OK && opts && opts->override_file)
        rc = add_override(p, opts->override_file, err);
    if (rc != DD_OK) {
        dd_prices_close(p);
        return NULL;
    }
    count(p);
    return p;
}

void dd_prices_close(dd_prices *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_lists; i++)
        dd_price_list_free(&p->lists[i]);
    while (p->free_rows) {
        struct free_row *next = p->free_rows->next;
        free(p->free_rows);
        p->free_rows = next;
    }
    dd_arena_fini(&p->arena);
    dd_buf_free(&p->warning);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static struct free_row *make_free(const dd_price *base)
{
    struct free_row *f = dd_calloc(1, sizeof *f);
    snprintf(f->id, sizeof f->id, "%.*s:free", (int)base->id.len, base->id.ptr);
    dd_price_row_init(&f->row);
    f->base                    = base;
    f->row.price               = *base;
    f->row.price.id            = dd_str_z(f->id);
    f->row.price.rates         = (dd_rates){ 0, 0, 0, 0, 0 };
    f->row.price.batch_input   = f->row.price.batch_output = DD_PRICE_NONE;
    f->row.price.n_tiers       = f->row.price.n_scheduled = 0;
    f->row.price.off_peak      = dd_rates_none;
    f->row.price.free          = true;
    return f;
}

const dd_price *dd_prices_free_route(const dd_prices *p, const dd_price *base)
{
    dd_prices       *own = (dd_prices *)(uintptr_t)p; /* a memo behind a lock: to the reader the table does not change */
    struct free_row *f;
    pthread_mutex_lock(&own->lock);
    for (f = own->free_rows; f && f->base != base; f = f->next)
        ;
    if (!f) {
        f              = make_free(base);
        f->next        = own->free_rows;
        own->free_rows = f;
    }
    pthread_mutex_unlock(&own->lock);
    return &f->row.price;
}

size_t          dd_prices_count(const dd_prices *p) { return p->table.n_main; }
const dd_price *dd_prices_at(const dd_prices *p, size_t i) { return i < p->table.n_main ? &p->table.rows[i].price : NULL; }
dd_str          dd_prices_provider(dd_str name) { return dd_provider_find(name); }
dd_prices_meta  dd_prices_about(const dd_prices *p) { return p->meta; }
dd_str          dd_prices_warning(const dd_prices *p) { return dd_buf_str(&p->warning); }

const char *const *dd_prices_aliases(const dd_prices *p, const dd_price *row)
{
    static const char *const none[] = { NULL };
    const dd_price_row      *r      = (const dd_price_row *)row;
    (void)p;
    return r && r->aliases ? r->aliases : none;
}

void dd_prices_check_age(dd_prices *p, dd_day today)
{
    char day[11];
    if (today - p->meta.date <= STALE_DAYS)
        return;
    dd_day_format(p->meta.date, day);
    warn(p, "prices are those of %s, %d days ago: \"dd0c prices update\" fetches newer ones", day, (int)(today - p->meta.date));
}

const char *dd_match_name(dd_match match)
{
    static const char *const names[] = { "none", "exact", "alias", "normalised", "snapshot", "fine-tuned", "deployment" };
    return (size_t)match < DD_COUNT(names) ? names[match] : "none";
}
