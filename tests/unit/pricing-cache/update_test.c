/* A fetched list into the cache: kept whole or not at all, and asked for by its tag. The server is a function. */
#include "pricing-cache/update.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "pricing-cache/diff.h"
#include "pricing-cache/formats.h"
#include "pricing-cache/prices.h"
#include "tests/unit/test.h"

typedef struct { int status; const char *body, *etag; char asked_tag[64]; dd_code fail; int calls; } server;

static dd_code serve(void *ctx, const char *url, const char *etag, dd_fetch_reply *reply, dd_err *err)
{
    server *s = ctx;
    s->calls++;
    snprintf(s->asked_tag, sizeof s->asked_tag, "%s", etag);
    if (s->fail)
        return dd_fail(err, s->fail, "address \"%s\": no answer", url);
    reply->status = s->status;
    dd_buf_addz(&reply->body, s->body);
    snprintf(reply->etag, sizeof reply->etag, "%s", s->etag);
    return DD_OK;
}

static const char list_a[] = "{\"data\":[{\"id\":\"openai/gpt-4o\",\"pricing\":{\"prompt\":\"0.000002\",\"completion\":\"0.00001\"}}]}";

static dd_code update(server *s, const char *url, dd_day today, dd_prices_updated *out, dd_err *err)
{
    dd_prices_source from = { dd_test_dir(), url, today, serve, s };
    *err = (dd_err)DD_ERR_INIT;
    return dd_prices_update(&from, out, err);
}

static void cache_text(dd_buf *out)
{
    dd_err err = DD_ERR_INIT;
    char   path[600];
    snprintf(path, sizeof path, "%s/prices.json", dd_test_dir());
    dd_buf_clear(out);
    dd_file_read(path, out, &err);
}

TEST(an_update_is_kept_with_its_tag)
{
    server            s = { 200, list_a, "\"v1\"", "?", DD_OK, 0 };
    dd_prices_updated r;
    dd_err            err;
    dd_day            day = dd_day_make(2030, 1, 1);
    CHECK_OK(update(&s, "http://prices.test/x", day, &r, &err));
    CHECK_STR(dd_str_z(s.asked_tag), "");
    CHECK_STR(dd_str_z(r.format), "openrouter");
    CHECK_EQ(r.rows, 1, "rows");
    CHECK_EQ(r.date, day, "a list without a day is of the day it was fetched");
    dd_prices *p = dd_prices_open(&(dd_prices_opts){ .cache_dir = dd_test_dir() }, &err);
    CHECK_EQ(dd_prices_find(p, DD_STR("openrouter"), DD_STR("openai/gpt-4o")).price->rates.input, 2000000, "2 USD now");
    dd_prices *bundled = dd_prices_open(NULL, &err);
    dd_arena       arena = DD_ARENA_INIT;
    dd_price_diff *diff;
    CHECK_EQ(dd_prices_diff(bundled, p, &arena, &diff), 1, "one row differs");
    CHECK_EQ(diff[0].what & DD_DIFF_PRICE, DD_DIFF_PRICE, "in its price");
    CHECK_EQ(diff[0].before->rates.input, 2500000, "2.50 USD before");
    dd_arena_fini(&arena);
    dd_prices_close(bundled);
    dd_prices_close(p);

    s.status = 304;
    s.body   = "";
    CHECK_OK(update(&s, "http://prices.test/x", day + 5, &r, &err));
    CHECK_STR(dd_str_z(s.asked_tag), "\"v1\"");
    CHECK(r.unchanged);
    CHECK_EQ(r.date, day + 5, "the server vouches for it today");

    s.status = 200;
    s.body   = list_a;
    CHECK_OK(update(&s, "http://other.test/x", day, &r, &err));
    CHECK_STR(dd_str_z(s.asked_tag), "");
}

static const struct { const char *why; server s; dd_code want; } failures[] = {
    { "not found", { 404, "gone", "" }, DD_ERR_NET },
    { "server error", { 500, "", "" }, DD_ERR_NET },
    { "unasked 304", { 304, "", "" }, DD_ERR_NET },
    { "no answer", { 0, "", "", "", DD_ERR_NET }, DD_ERR_NET },
    { "half a list", { 200, "{\"data\":[{\"id\":\"openai/gpt-4o\",\"pric", "" }, DD_ERR_PARSE },
    { "a login page", { 200, "<html>", "" }, DD_ERR_PARSE },
    { "an empty list", { 200, "{\"data\":[]}", "" }, DD_ERR_PARSE },
    { "our empty list", { 200, "{\"schema\":\"dd0c-prices/1\",\"models\":[]}", "" }, DD_ERR_PARSE },
};

TEST(a_failed_update_leaves_the_cache_alone)
{
    server            good = { 200, list_a, "\"v1\"", "", DD_OK, 0 };
    dd_prices_updated r;
    dd_err            err;
    dd_buf            before = DD_BUF_INIT(0), after = DD_BUF_INIT(0);
    CHECK_OK(update(&good, "http://prices.test/x", dd_day_make(2030, 1, 1), &r, &err));
    cache_text(&before);
    CHECK(before.len > 50);
    for (size_t i = 0; i < DD_COUNT(failures); i++) {
        server s = failures[i].s;
        CHECK_EQ(update(&s, "http://elsewhere.test/x", dd_day_make(2030, 1, 2), &r, &err), failures[i].want, failures[i].why);
        CHECK(err.msg[0]);
        cache_text(&after);
        CHECK(dd_str_eq(dd_buf_str(&before), dd_buf_str(&after)));
    }
    dd_buf_free(&before);
    dd_buf_free(&after);
}

TEST(a_day_in_the_future_is_today)
{
    dd_prices_updated r;
    dd_err            err   = DD_ERR_INIT;
    dd_day            today = dd_day_make(2030, 1, 1);
    CHECK_OK(dd_prices_import(dd_test_dir(), DD_STR("{\"schema\":\"dd0c-prices/1\",\"generated\":\"2990-01-01\",\"models\":[{\"provider\":\"openai\",\"id\":\"m\","
             "\"input\":1,\"output\":1}]}"), "price list", today, &r, &err));
    CHECK_EQ(r.date, today, "no list speaks for tomorrow");
}
