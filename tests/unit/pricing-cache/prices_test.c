/* Layers of the table: bundled, cache, configuration, override; a damaged or old cache. */
#include "pricing-cache/prices.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "tests/unit/test.h"

static char path_text[600];
static const char *in_dir(const char *name)
{
    snprintf(path_text, sizeof path_text, "%s/%s", dd_test_dir(), name);
    return path_text;
}

static void put(const char *name, const char *text)
{
    dd_err err = DD_ERR_INIT;
    CHECK_OK(dd_file_replace(in_dir(name), dd_str_z(text), 0644, &err));
}

static dd_prices *open_with(const char *override, dd_err *err)
{
    char           file[600];
    dd_prices_opts o = { .cache_dir = dd_test_dir() };
    if (override) {
        snprintf(file, sizeof file, "%s/%s", dd_test_dir(), override);
        o.override_file = file;
    }
    return dd_prices_open(&o, err);
}

static int64_t input_of(const dd_prices *p, const char *model)
{
    dd_price_hit h = dd_prices_find(p, DD_STR(""), dd_str_z(model));
    return h.price ? h.price->rates.input : -1;
}

static void start(void)
{
    unlink(in_dir("prices.json"));
    unlink(in_dir("prices.json.damaged"));
}

TEST(a_newer_cache_wins_over_the_bundled_table)
{
    dd_err err = DD_ERR_INIT;
    start();
    put("prices.json", "{\"schema\":\"dd0c-prices/1\",\"generated\":\"2099-01-01\",\"models\":["
                       "{\"provider\":\"openai\",\"id\":\"gpt-4o\",\"input\":1.5,\"output\":9},"
                       "{\"provider\":\"openai\",\"id\":\"gpt-4o-mini\",\"input\":0.15,\"output\":0.6},"
                       "{\"provider\":\"openai\",\"id\":\"gpt-99\",\"kind\":\"chat\",\"input\":7,\"output\":8}]}");
    dd_prices *p = open_with(NULL, &err);
    CHECK_EQ(input_of(p, "gpt-4o"), 1500000, "the cache's price");
    CHECK_EQ(input_of(p, "gpt-99"), 7000000, "a model only the cache has");
    CHECK_EQ(input_of(p, "gpt-4.1"), 2000000, "a model only the bundled table has");
    const dd_price *g = dd_prices_find(p, DD_STR(""), DD_STR("gpt-4o-2024-08-06")).price;
    CHECK_EQ(g->rates.input, 1500000, "an alias follows its row");
    CHECK_EQ(g->rates.cache_read, DD_PRICE_NONE, "an old cache price does not outlive the price it belonged to");
    CHECK_EQ(g->context, 128000, "limits stay");
    CHECK_EQ(g->status, DD_MODEL_DEPRECATED, "status stays");
    CHECK_STR(g->tokenizer, "o200k_base");
    CHECK_EQ(dd_prices_find(p, DD_STR(""), DD_STR("gpt-4o-mini")).price->rates.cache_read, 75000, "the same price: its cache price stays");
    CHECK_STR(dd_prices_about(p).name, "cache");
    CHECK_EQ(dd_prices_about(p).date, dd_day_make(2099, 1, 1), "the cache's day");
    CHECK_EQ(dd_prices_about(p).from_cache, 3, "rows it gave");
    CHECK_STR(dd_prices_warning(p), "");
    dd_prices_close(p);
}

TEST(an_older_cache_is_not_used)
{
    dd_err err = DD_ERR_INIT;
    start();
    put("prices.json", "{\"schema\":\"dd0c-prices/1\",\"generated\":\"2020-01-01\",\"models\":["
                       "{\"provider\":\"openai\",\"id\":\"gpt-4o\",\"input\":99,\"output\":99}]}");
    dd_prices *p = open_with(NULL, &err);
    CHECK_EQ(input_of(p, "gpt-4o"), 2500000, "the bundled price");
    CHECK_STR(dd_prices_about(p).name, "bundled");
    dd_prices_close(p);
}

TEST(an_override_wins_over_all)
{
    dd_err err = DD_ERR_INIT;
    start();
    put("prices.json", "{\"schema\":\"dd0c-prices/1\",\"generated\":\"2099-01-01\",\"models\":["
                       "{\"provider\":\"openai\",\"id\":\"gpt-4o\",\"input\":1.5,\"output\":9}]}");
    put("mine.json", "[{\"provider\":\"openai\",\"id\":\"gpt-4o\",\"input\":0,\"output\":0},"
                     "{\"provider\":\"acme\",\"id\":\"my-model\",\"input\":\"0.000001\",\"output\":2}]");
    cJSON         *rows = cJSON_Parse("[{\"provider\":\"openai\",\"id\":\"gpt-4o\",\"input\":5,\"output\":5},"
                                      "{\"provider\":\"openai\",\"id\":\"gpt-4.1\",\"input\":3,\"output\":3}]");
    char           file[600];
    dd_prices_opts o = { .cache_dir = dd_test_dir(), .override_file = file, .config_rows = rows, .config_name = "config" };
    snprintf(file, sizeof file, "%s", in_dir("mine.json"));
    dd_prices *p = dd_prices_open(&o, &err);
    CHECK_EQ(input_of(p, "gpt-4o"), 0, "the override's");
    CHECK_EQ(input_of(p, "gpt-4.1"), 3000000, "the configuration's");
    CHECK_EQ(dd_prices_find(p, DD_STR("acme"), DD_STR("my-model")).price->rates.input, 1, "a microdollar");
    CHECK(dd_prices_find(p, DD_STR(""), DD_STR("my-model")).price == NULL);
    CHECK_STR(dd_prices_about(p).name, "cache + config + override");
    dd_prices_close(p);
    cJSON_Delete(rows);
}

TEST(a_broken_override_is_an_error)
{
    dd_err err = DD_ERR_INIT;
    start();
    put("mine.json", "[{\"provider\":\"openai\",\"id\":\"gpt-4o\",\"inptu\":1,\"output\":1}]");
    CHECK(open_with("mine.json", &err) == NULL);
    CHECK(strstr(err.msg, "row 1 \"gpt-4o\": \"inptu\" is not a member") != NULL);
    CHECK_STR(dd_str_z(err.hint), "Did you mean \"input\"?");
    CHECK(open_with("absent.json", &err) == NULL);
    CHECK_EQ(err.code, DD_ERR_NOT_FOUND, "a file that was named must be there");
}

static const char *const damaged[] = {
    "", "{", "[]x", "{\"schema\":\"dd0c-prices/9\",\"generated\":\"2099-01-01\",\"models\":[]}",
    "{\"schema\":\"dd0c-prices/1\",\"generated\":\"2099-01-01\",\"models\":[]}",
    "{\"schema\":\"dd0c-prices/1\",\"generated\":\"2099-01-01\",\"models\":[{\"provider\":\"openai\"}]}",
    "{\"schema\":\"dd0c-prices/1\",\"models\":[{\"provider\":\"openai\",\"id\":\"x\",\"input\":1,\"output\":1}]}",
};

TEST(a_damaged_cache_is_put_aside)
{
    for (size_t i = 0; i < DD_COUNT(damaged); i++) {
        dd_err err = DD_ERR_INIT;
        start();
        put("prices.json", damaged[i]);
        dd_prices *p = open_with(NULL, &err);
        CHECK(p != NULL);
        CHECK_EQ(input_of(p, "gpt-4o"), 2500000, "the bundled table is used");
        CHECK(dd_str_has(dd_prices_warning(p), "the bundled prices are used"));
        CHECK(dd_str_chr(dd_prices_warning(p), '\n') < 0);
        CHECK(!dd_file_exists(in_dir("prices.json")));
        CHECK(dd_file_exists(in_dir("prices.json.damaged")));
        dd_prices_close(p);
    }
}

TEST(an_old_table_is_one_warning)
{
    dd_err err = DD_ERR_INIT;
    start();
    dd_prices *p   = open_with(NULL, &err);
    dd_day     day = dd_prices_about(p).date;
    dd_prices_check_age(p, day + 30);
    CHECK_STR(dd_prices_warning(p), "");
    dd_prices_check_age(p, day + 31);
    CHECK(dd_str_has(dd_prices_warning(p), "31 days ago"));
    dd_prices_close(p);
}

TEST(rows_are_sorted_and_counted)
{
    dd_err     err = DD_ERR_INIT;
    dd_prices *p   = dd_prices_open(NULL, &err);
    for (size_t i = 1; i < dd_prices_count(p); i++) {
        const dd_price *a = dd_prices_at(p, i - 1), *b = dd_prices_at(p, i);
        int             c = dd_str_cmp(a->provider, b->provider);
        CHECK(c < 0 || (c == 0 && dd_str_cmp(a->id, b->id) < 0));
    }
    CHECK(dd_prices_at(p, dd_prices_count(p)) == NULL);
    CHECK_EQ(dd_prices_about(p).models, dd_prices_count(p), "models");
    CHECK(dd_prices_about(p).names > dd_prices_about(p).models);
    dd_prices_close(p);
    dd_prices_close(NULL);
}
