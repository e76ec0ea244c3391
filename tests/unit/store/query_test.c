#include "store/query.h"

#include <unistd.h>

#include "store/events.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

static void collect(void *ctx, const dd_event *e)
{
    dd_buf_printf(ctx, "%lld ", (long long)e->usage.input);
}

static void collect_json(void *ctx, const dd_event *e)
{
    dd_event_json(e, ctx);
}

/* Events of 1..10 input tokens that differ in what a filter may ask for. */
static void fill(const char *dir, int64_t from, int64_t n)
{
    dd_err     err = DD_ERR_INIT;
    dd_events *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    CHECK(s != NULL);
    for (int64_t i = from; i < from + n; i++) {
        dd_event e = sample_event(i);
        if (i % 2 == 0) {
            e.status = 503;
            e.error = DD_EC_OVERLOADED;
            e.used_model = DD_STR("gpt-4o-mini");
            e.feature = DD_STR_NULL;
            e.tags = DD_STR_NULL;
            e.cost_actual = DD_PUSD_UNKNOWN;
        }
        if (i == 4)
            e.tags = DD_STR("not JSON");
        e.total_us = i * 1000;
        CHECK(dd_events_push(s, &e));
    }
    dd_events_close(s, 20000);
}

static const struct { const char *why, *filter, *want; } cases[] = {
    { "a text", "feature=search", "1 3 5 7 9 " },
    { "another text", "feature!=search", "2 4 6 8 10 " },
    { "an alias", "model=gpt-4o-mini", "2 4 6 8 10 " },
    { "a glob", "model=claude*", "1 3 5 7 9 " },
    { "a glob in the middle", "model=gpt*mini", "2 4 6 8 10 " },
    { "a glob, not", "model!=*mini", "1 3 5 7 9 " },
    { "what SQLite's globs have besides", "model=gpt-4?-mini", "" },
    { "and sets", "model=gpt-4[o]*", "" },
    { "not known", "feature=", "2 4 6 8 10 " },
    { "known", "feature!=", "1 3 5 7 9 " },
    { "a number", "status=503", "2 4 6 8 10 " },
    { "greater", "input_tokens>8", "9 10 " },
    { "at least", "usage.input>=8", "8 9 10 " },
    { "less", "input_tokens<3", "1 2 " },
    { "at most", "input_tokens <= 3", "1 2 3 " },
    { "a family", "status=5xx", "2 4 6 8 10 " },
    { "a glob of digits", "status=2*", "1 3 5 7 9 " },
    { "none of a family", "status!=5xx", "1 3 5 7 9 " },
    { "money in USD: 5 picodollars", "cost>=0.000000000005", "5 7 9 " },
    { "unknown money", "cost=", "2 4 6 8 10 " },
    { "a word", "error=overloaded", "2 4 6 8 10 " },
    { "no error", "error=none", "1 3 5 7 9 " },
    { "any error", "error=*", "2 4 6 8 10 " },
    { "a duration", "total_us>8ms", "9 10 " },
    { "a fraction of one", "latency>=0.0095s", "10 " },
    { "true", "stream=true", "1 2 3 4 5 6 7 8 9 10 " },
    { "false", "stream=no", "" },
    { "R3.6 the cache's word", "cache=miss", "1 2 3 4 5 6 7 8 9 10 " },
    { "another one", "cache=hit", "" },
    { "R2.1 complexity", "complexity=low", "1 2 3 4 5 6 7 8 9 10 " },
    { "a share", "score>=0.25", "1 2 3 4 5 6 7 8 9 10 " },
    { "a share, less", "score<0.25", "" },
    { "RO.6 premium, in USD: 9 picodollars more than tokens", "premium>0.000000000018", "10 " },
    { "a fallback", "fallback=yes", "1 2 3 4 5 6 7 8 9 10 " },
    { "a budget", "budget=core*", "1 2 3 4 5 6 7 8 9 10 " },
    { "a route", "route=main", "1 2 3 4 5 6 7 8 9 10 " },
    { "a call site", "call_site=app.py:*", "1 2 3 4 5 6 7 8 9 10 " },
    { "a tag", "tags.ticket=T-1", "1 3 5 7 9 " },
    { "a tag with a glob", "tags.ticket=T*", "1 3 5 7 9 " },
    { "no such tag", "tags.none=x", "" },
    { "since", "time>=2026-01-01", "1 2 3 4 5 6 7 8 9 10 " },
    { "before", "time<2020-02-03T04:05:06.789Z", "" },
    { "the day of the prices: 20000 is 2024-10-04", "prices=2024-10-04", "1 2 3 4 5 6 7 8 9 10 " },
    { "a quote is no end", "feature=a' OR '1'='1", "" },
};

TEST(filters_choose_events)
{
    const char *dir = sample_dir("query");
    fill(dir, 1, 10);
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_err    err = DD_ERR_INIT;
        dd_buf    got = DD_BUF_INIT(0);
        dd_query *q = dd_query_new(dir);
        CHECK_OK(dd_query_where(q, dd_str_z(cases[i].filter), &err));
        CHECK_OK(dd_query_newest(q, 100, collect, &got, &err));
        if (!dd_str_eqz(dd_buf_str(&got), cases[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s: %s gave \"%s\", want \"%s\"", cases[i].why, cases[i].filter, dd_buf_z(&got), cases[i].want);
        dd_query_free(q);
        dd_buf_free(&got);
    }
}

TEST(filters_hold_together_and_an_id_finds_its_event)
{
    const char *dir = sample_dir("query");
    dd_err      err = DD_ERR_INIT;
    dd_buf      got = DD_BUF_INIT(0);
    char        filter[64] = "id=";
    fill(dir, 1, 10);
    dd_query *q = dd_query_new(dir);
    CHECK_OK(dd_query_where(q, DD_STR("status=200"), &err));
    CHECK_OK(dd_query_where(q, DD_STR("input_tokens>5"), &err));
    CHECK_OK(dd_query_where(q, DD_STR("tags.ticket=T-1"), &err));
    CHECK_OK(dd_query_newest(q, 2, collect, &got, &err));
    CHECK_STR(dd_buf_str(&got), "7 9 "); /* the newest two, oldest first */
    dd_query_free(q);
    q = dd_query_new(dir);
    dd_event_spell(sample_event(3).id, filter + 3);
    CHECK_OK(dd_query_where(q, dd_str_z(filter), &err));
    dd_buf_clear(&got);
    CHECK_OK(dd_query_newest(q, 5, collect, &got, &err));
    CHECK_STR(dd_buf_str(&got), "3 ");
    dd_query_free(q);
    dd_buf_free(&got);
}

TEST(a_filter_that_cannot_be_says_why)
{
    static const struct { const char *filter, *says, *hint; } bad[] = {
        { "status", "not NAME=VALUE", "For example" },
        { "=x", "not NAME=VALUE", "For example" },
        { "modell=x", "events have no \"modell\"", "Did you mean \"model\"?" },
        { "status=many", "not a number", "" },
        { "cost>cheap", "not an amount of USD", "" },
        { "score>high", "not a number", "" },
        { "complexity>low", "it has no order", "" },
        { "stream=maybe", "neither true nor false", "" },
        { "model>gpt", "it has no order", "" },
        { "error=bad", "no such word", "rate_limit" },
        { "error>none", "they have no order", "rate_limit" },
        { "tags.=x", "the name of a tag is missing", "" },
        { "time>yesterday", "not a number", "" },
    };
    for (size_t i = 0; i < DD_COUNT(bad); i++) {
        dd_err    err = DD_ERR_INIT;
        dd_query *q = dd_query_new("nowhere");
        CHECK_EQ(dd_query_where(q, dd_str_z(bad[i].filter), &err), DD_ERR_USAGE, bad[i].filter);
        CHECK(dd_str_has(dd_str_z(err.msg), bad[i].says));
        CHECK(dd_str_has(dd_str_z(err.hint), bad[i].hint));
        dd_query_free(q);
    }
}

TEST(an_event_comes_back_whole)
{
    const char *dir = sample_dir("query");
    dd_err      err = DD_ERR_INIT;
    dd_buf      got = DD_BUF_INIT(0), want = DD_BUF_INIT(0);
    dd_event    e = sample_event(7);
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    CHECK(dd_events_push(s, &e));
    dd_events_close(s, 20000);
    dd_query *q = dd_query_new(dir);
    CHECK_OK(dd_query_newest(q, 1, collect_json, &got, &err));
    dd_event_json(&e, &want);
    CHECK(dd_str_eq(dd_buf_str(&got), dd_buf_str(&want))); /* R3.6, attempts too */
    CHECK(want.len > 0 && dd_str_has(dd_buf_str(&got), "\"cost\":0.000000123456"));
    dd_query_free(q);
    dd_buf_free(&got);
    dd_buf_free(&want);
}

TEST(following_gives_each_event_once_in_the_order_of_writing)
{
    const char *dir = sample_dir("query");
    dd_err      err = DD_ERR_INIT;
    dd_buf      got = DD_BUF_INIT(0);
    dd_query   *q = dd_query_new(dir);
    char        path[300];
    CHECK_EQ(dd_query_newest(q, 5, collect, &got, &err), DD_ERR_NOT_FOUND, "none yet");
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    fill(dir, 50, 3);
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    CHECK_STR(dd_buf_str(&got), "50 51 52 ");
    fill(dir, 20, 2); /* began earlier, were written later */
    dd_buf_clear(&got);
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    CHECK_STR(dd_buf_str(&got), "20 21 ");
    fill(dir, 40, 2);
    fill(dir, 30, 2);
    dd_buf_clear(&got);
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    CHECK_STR(dd_buf_str(&got), "40 41 30 31 ");
    snprintf(path, sizeof path, "%s/telemetry.db", dir);
    CHECK(unlink(path) == 0);
    dd_buf_clear(&got);
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    fill(dir, 60, 1);
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    CHECK_STR(dd_buf_str(&got), "60 "); /* another file of the same name */
    CHECK(unlink(path) == 0);
    fill(dir, 70, 1);
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    CHECK_STR(dd_buf_str(&got), "60 70 ");
    dd_query_free(q);
    dd_buf_free(&got);
}

TEST(following_begins_behind_the_newest)
{
    const char *dir = sample_dir("query");
    dd_err      err = DD_ERR_INIT;
    dd_buf      got = DD_BUF_INIT(0);
    dd_query   *q = dd_query_new(dir);
    CHECK_OK(dd_query_where(q, DD_STR("status=200"), &err));
    fill(dir, 1, 5);
    CHECK_OK(dd_query_newest(q, 0, collect, &got, &err));
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    CHECK_EQ(got.len, 0, "none is new");
    fill(dir, 11, 4);
    CHECK_OK(dd_query_more(q, collect, &got, &err));
    CHECK_STR(dd_buf_str(&got), "11 13 ");
    dd_query_free(q);
    dd_buf_free(&got);
}
