#include "pricing-cache/update.h"

#include <string.h>

#include "base/file.h"
#include "pricing-cache/formats.h"

static void cache_path(const char *dir, dd_buf *out) { dd_buf_printf(out, "%s/prices.json", dir); }

/* What the cache holds, when it can be read; an empty list else: an update is how a broken one is mended. */
static void read_cache(const char *dir, dd_price_list *out)
{
    dd_buf path = DD_BUF_INIT(0), text = DD_BUF_INIT(DD_PRICES_MAX_BYTES);
    dd_err ignored = DD_ERR_INIT;
    cache_path(dir, &path);
    if (dd_file_read(dd_buf_z(&path), &text, &ignored) != DD_OK || dd_prices_read(dd_buf_str(&text), "price cache", 0, out, &ignored) != DD_OK)
        dd_price_list_free(out);
    dd_buf_free(&text);
    dd_buf_free(&path);
}

static dd_code write_cache(const char *dir, const dd_price_list *list, dd_err *err)
{
    dd_buf path = DD_BUF_INIT(0), text = DD_BUF_INIT(0);
    cache_path(dir, &path);
    dd_prices_write(list, &text);
    dd_code rc = dd_file_replace(dd_buf_z(&path), dd_buf_str(&text), 0644, err);
    dd_buf_free(&text);
    dd_buf_free(&path);
    return rc;
}

static void describe(const dd_price_list *list, dd_prices_updated *out)
{
    snprintf(out->format, sizeof out->format, "%.*s", (int)list->origin.len, list->origin.ptr);
    memcpy(out->first_skipped, list->first_skipped, sizeof out->first_skipped);
    out->rows    = list->n;
    out->skipped = list->skipped;
    out->date    = list->generated;
}

static dd_code keep(const char *dir, dd_price_list *list, dd_day today, dd_prices_updated *out, dd_err *err)
{
    list->origin = dd_str_z(list->format);
    if (list->generated == DD_DAY_NONE || list->generated > today)
        list->generated = today;
    describe(list, out);
    return write_cache(dir, list, err);
}

dd_code dd_prices_import(const char *cache_dir, dd_str text, const char *what, dd_day today, dd_prices_updated *out, dd_err *err)
{
    dd_price_list list = DD_PRICE_LIST_INIT;
    dd_code       rc   = dd_prices_read(text, what, 0, &list, err);
    *out               = (dd_prices_updated){ .date = DD_DAY_NONE };
    if (rc == DD_OK && list.n == 0)
        rc = dd_fail(err, DD_ERR_PARSE, "%s: it holds no row", what);
    list.etag = list.url = DD_STR("");
    if (rc == DD_OK)
        rc = keep(cache_dir, &list, today, out, err);
    dd_price_list_free(&list);
    return rc;
}

/* A list of our own says which day it speaks for. Others are as of the day they were fetched, and that is today again. */
static dd_code unchanged(const dd_prices_source *opts, dd_price_list *cached, dd_prices_updated *out, dd_err *err)
{
    out->unchanged = true;
    describe(cached, out);
    if (dd_str_eqz(cached->origin, "dd0c-prices") || cached->generated == opts->today)
        return DD_OK;
    cached->generated = out->date = opts->today;
    return write_cache(opts->cache_dir, cached, err);
}

static dd_code take(const dd_prices_source *opts, const dd_fetch_reply *reply, const char *what, dd_prices_updated *out, dd_err *err)
{
    dd_price_list list = DD_PRICE_LIST_INIT;
    dd_code       rc   = dd_prices_read(dd_buf_str(&reply->body), what, 0, &list, err);
    if (rc == DD_OK && list.n == 0)
        rc = dd_fail(err, DD_ERR_PARSE, "%s: it holds no row", what);
    list.url  = dd_str_z(opts->url);
    list.etag = dd_str_z(reply->etag);
    if (rc == DD_OK)
        rc = keep(opts->cache_dir, &list, opts->today, out, err);
    dd_price_list_free(&list);
    return rc;
}

dd_code dd_prices_update(const dd_prices_source *opts, dd_prices_updated *out, dd_err *err)
{
    dd_price_list  cached = DD_PRICE_LIST_INIT;
    dd_fetch_reply reply  = { 0, DD_BUF_INIT(DD_PRICES_MAX_BYTES), "" };
    dd_buf         what   = DD_BUF_INIT(600);
    read_cache(opts->cache_dir, &cached);
    dd_buf_printf(&what, "price list \"%s\"", opts->url);
    bool    known = cached.n && dd_str_eqz(cached.url, opts->url);
    dd_code rc    = opts->fetch(opts->ctx, opts->url, known ? cached.etag.ptr : "", &reply, err);
    *out          = (dd_prices_updated){ .date = DD_DAY_NONE };
    if (rc == DD_OK && reply.status == 304 && known)
        rc = unchanged(opts, &cached, out, err);
    else if (rc == DD_OK && reply.status == 200)
        rc = take(opts, &reply, dd_buf_z(&what), out, err);
    else if (rc == DD_OK) {
        rc = dd_fail(err, DD_ERR_NET, "%s: the server answered with status %d", dd_buf_z(&what), reply.status);
        dd_hint(err, "The prices at hand are still used. Is the address right?");
    }
    dd_buf_free(&reply.body);
    dd_buf_free(&what);
    dd_price_list_free(&cached);
    return rc;
}
