/* Readers of price files: ours and three foreign ones; what is wrong is named, and exact decimals stay exact. */
#include "pricing-cache/formats.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "tests/unit/test.h"

static const struct { const char *text; int scale; int64_t want; } decimals[] = {
    { "0.15", 6, 150000 },        { "1.5e-07", 12, 150000 },  { "0.00000015", 12, 150000 }, { "15E-8", 12, 150000 },
    { "2.5e-06", 12, 2500000 },   { "0", 12, 0 },             { "-1", 12, -1000000000000 }, { "0.0000000375", 12, 37500 },
    { "0.0000005", 6, 1 },        { "0.0000004", 6, 0 },      { "600", 6, 600000000 },      { "0.95526", 6, 955260 },
    { "1e3", 6, 1000000000 },     { "000.5", 6, 500000 },     { "0.1499999999999999999999", 6, 150000 },
};
static const char *const no_decimals[] = { "", "-", ".", "e5", "1e", "1.2.3", "0x10", "NaN", "inf", "1e999", "1 ", "99999999999999999999" };

TEST(decimals_are_exact)
{
    for (size_t i = 0; i < DD_COUNT(decimals); i++) {
        int64_t got = 1;
        CHECK(dd_decimal_scale(dd_str_z(decimals[i].text), decimals[i].scale, &got));
        CHECK_EQ(got, decimals[i].want, decimals[i].text);
        got = 1;
        CHECK(dd_double_scale(strtod(decimals[i].text, NULL), decimals[i].scale, &got));
        CHECK_EQ(got, decimals[i].want, decimals[i].text);
    }
    for (size_t i = 0; i < DD_COUNT(no_decimals); i++) {
        int64_t got;
        CHECK(!dd_decimal_scale(dd_str_z(no_decimals[i]), 6, &got));
    }
}

/* Every price of six places up to 2 USD comes back from a double as it was written. */
TEST(doubles_give_whole_microdollars)
{
    for (int64_t micros = 0; micros <= 2000000; micros += 7) {
        char    text[40];
        int64_t per_m = -1, per_token = -1;
        snprintf(text, sizeof text, "%lld.%06lld", (long long)(micros / 1000000), (long long)(micros % 1000000));
        dd_double_scale(strtod(text, NULL), 6, &per_m);
        snprintf(text, sizeof text, "%llde-12", (long long)micros);
        dd_double_scale(strtod(text, NULL), 12, &per_token);
        if (per_m != micros || per_token != micros)
            CHECK_EQ(per_m + per_token, 2 * micros, text);
    }
}

static dd_code read(const char *text, dd_price_list *l, dd_err *err)
{
    *l   = (dd_price_list)DD_PRICE_LIST_INIT;
    *err = (dd_err)DD_ERR_INIT;
    return dd_prices_read(dd_str_z(text), "price list \"x\"", 0, l, err);
}

static const dd_price_row *row(const dd_price_list *l, const char *provider, const char *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (dd_str_eqz(l->rows[i].price.provider, provider) && dd_str_eqz(l->rows[i].price.id, id))
            return &l->rows[i];
    dd_test_fail(__FILE__, __LINE__, "no row %s %s", provider, id);
    static dd_price_row none;
    dd_price_row_init(&none);
    return &none;
}

#define ROW "{\"schema\":\"dd0c-prices/1\",\"models\":[{\"provider\":\"openai\",\"id\":\"m\","
static const struct { const char *why, *text, *message; } broken[] = {
    { "no JSON", "{\"a\":", "price list \"x\", line 1" },
    { "another shape", "{\"a\":1}", "not a price list of a known shape" },
    { "a number", "17", "not a price list of a known shape" },
    { "a later schema", "{\"schema\":\"dd0c-prices/2\",\"models\":[]}", "schema \"dd0c-prices/2\"" },
    { "text for a price", ROW "\"input\":\"cheap\",\"output\":1}]}", "row 1 \"m\": \"input\" is not a price" },
    { "a list for a price", ROW "\"input\":[1],\"output\":1}]}", "\"input\" is not a price" },
    { "negative", ROW "\"input\":-0.1,\"output\":1}]}", "row 1 \"m\": \"input\" is negative" },
    { "absurd", ROW "\"input\":1,\"output\":10001}]}", "\"output\" is above 10000 USD" },
    { "infinite", ROW "\"input\":1e999,\"output\":1}]}", "\"input\" is not a price" },
    { "not a number", ROW "\"input\":NaN,\"output\":1}]}", "not valid JSON" },
    { "no input", ROW "\"output\":1}]}", "\"input\" is missing" },
    { "no output", ROW "\"input\":1}]}", "\"output\" is missing" },
    { "no id", "{\"schema\":\"dd0c-prices/1\",\"models\":[{\"provider\":\"openai\",\"input\":1,\"output\":1}]}", "row 1: \"id\" is missing" },
    { "a row twice", ROW "\"input\":1,\"output\":1},{\"provider\":\"openai\",\"id\":\"m\",\"input\":1,\"output\":1}]}", "row \"m\" of provider \"openai\" is there twice" },
    { "a member twice", ROW "\"input\":1,\"input\":2,\"output\":1}]}", "\"input\" is there twice" },
    { "row is text", "{\"schema\":\"dd0c-prices/1\",\"models\":[\"m\"]}", "row 1" },
    { "kind", ROW "\"input\":1,\"output\":1,\"kind\":\"image\"}]}", "\"kind\" is not one of chat" },
    { "date", ROW "\"input\":1,\"output\":1,\"retires\":\"soon\"}]}", "\"retires\" is not a date" },
    { "context", ROW "\"input\":1,\"output\":1,\"context\":1.5}]}", "\"context\" is not a whole number" },
    { "tiers fall", ROW "\"input\":1,\"output\":1,\"tiers\":[{\"above_input_tokens\":9,\"input\":1},{\"above_input_tokens\":9,\"input\":1}]}]}", "\"tiers\" is not ascending" },
    { "tier without bound", ROW "\"input\":1,\"output\":1,\"tiers\":[{\"input\":1}]}]}", "\"above_input_tokens\"" },
    { "aliases", ROW "\"input\":1,\"output\":1,\"aliases\":[1]}]}", "is not text" },
    { "control", ROW "\"input\":1,\"output\":1,\"note\":\"a\\u0007\"}]}", "control character" },
    { "day of the list", "{\"schema\":\"dd0c-prices/1\",\"generated\":\"today\",\"models\":[]}", "\"generated\" is not a date" },
    { "only images", "{\"dall-e-3\":{\"litellm_provider\":\"openai\",\"mode\":\"image_generation\",\"input_cost_per_token\":1e-6}}", "no row with a token price" },
};

TEST(what_is_wrong_is_named)
{
    for (size_t i = 0; i < DD_COUNT(broken); i++) {
        dd_price_list l;
        dd_err        err;
        CHECK(read(broken[i].text, &l, &err) != DD_OK);
        if (!strstr(err.msg, broken[i].message))
            dd_test_fail(__FILE__, __LINE__, "%s: message is: %s", broken[i].why, err.msg);
        dd_price_list_free(&l);
    }
}

TEST(deep_nesting_is_an_error)
{
    dd_buf        b = DD_BUF_INIT(0);
    dd_price_list l = DD_PRICE_LIST_INIT;
    dd_err        err = DD_ERR_INIT;
    dd_buf_pad(&b, '[', 200000);
    CHECK_EQ(dd_prices_read(dd_buf_str(&b), "price list", 0, &l, &err), DD_ERR_PARSE, "200,000 brackets");
    dd_buf_free(&b);
    dd_price_list_free(&l);
}

TEST(litellm_is_read)
{
    static const char text[] =
        "{\"sample_spec\":{\"litellm_provider\":\"one of\",\"mode\":\"chat\",\"input_cost_per_token\":0,\"output_cost_per_token\":0},"
        "\"gpt-4o-mini\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\",\"input_cost_per_token\":1.5e-07,\"output_cost_per_token\":6e-07,"
        " \"cache_read_input_token_cost\":7.5e-08,\"input_cost_per_token_batches\":7.5e-08,\"max_input_tokens\":128000,\"max_output_tokens\":16384,"
        " \"supports_vision\":true,\"supports_function_calling\":true,\"deprecation_date\":\"2027-02-03\"},"
        "\"azure/gpt-4o\":{\"litellm_provider\":\"azure\",\"mode\":\"chat\",\"input_cost_per_token\":2.5e-06,\"output_cost_per_token\":1e-05},"
        "\"azure/eu/gpt-4o\":{\"litellm_provider\":\"azure\",\"mode\":\"chat\",\"input_cost_per_token\":2.75e-06,\"output_cost_per_token\":1.1e-05},"
        "\"gemini/gemini-2.5-pro\":{\"litellm_provider\":\"gemini\",\"mode\":\"chat\",\"input_cost_per_token\":1.25e-06,\"output_cost_per_token\":1e-05,"
        " \"input_cost_per_token_above_200k_tokens\":2.5e-06,\"output_cost_per_token_above_200k_tokens\":1.5e-05},"
        "\"fireworks_ai/accounts/fireworks/models/x\":{\"litellm_provider\":\"fireworks_ai\",\"mode\":\"chat\",\"input_cost_per_token\":1e-06,\"output_cost_per_token\":1e-06},"
        "\"openrouter/openai/gpt-4o\":{\"litellm_provider\":\"openrouter\",\"mode\":\"chat\",\"input_cost_per_token\":2.5e-06,\"output_cost_per_token\":1e-05},"
        "\"us.amazon.nova-lite-v1:0\":{\"litellm_provider\":\"bedrock_converse\",\"mode\":\"chat\",\"input_cost_per_token\":6e-08,\"output_cost_per_token\":2.4e-07},"
        "\"text-embedding-3-small\":{\"litellm_provider\":\"openai\",\"mode\":\"embedding\",\"input_cost_per_token\":2e-08,\"output_cost_per_token\":0},"
        "\"dall-e-3\":{\"litellm_provider\":\"openai\",\"mode\":\"image_generation\",\"input_cost_per_pixel\":1e-07},"
        "\"bad\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\",\"input_cost_per_token\":-1e-06,\"output_cost_per_token\":1e-06},"
        "\"absurd\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\",\"input_cost_per_token\":0.5,\"output_cost_per_token\":0.5}}";
    dd_price_list l;
    dd_err        err;
    CHECK_OK(read(text, &l, &err));
    CHECK_STR(dd_str_z(l.format), "litellm");
    CHECK_EQ(l.n, 7, "rows with a price of ours");
    CHECK_EQ(l.skipped, 5, "sample, second level, image, negative, absurd");
    const dd_price *m = &row(&l, "openai", "gpt-4o-mini")->price;
    CHECK_EQ(m->rates.input, 150000, "1.5e-07 a token");
    CHECK_EQ(m->rates.output, 600000, "6e-07 a token");
    CHECK_EQ(m->rates.cache_read, 75000, "7.5e-08 a token");
    CHECK_EQ(m->batch_input, 75000, "batches");
    CHECK_EQ(m->context, 128000, "max_input_tokens");
    CHECK_EQ(m->retires, dd_day_make(2027, 2, 3), "deprecation_date");
    CHECK_EQ(m->caps, DD_CAP_VISION | DD_CAP_TOOLS, "supports_*");
    CHECK_EQ(row(&l, "azure", "gpt-4o")->price.rates.input, 2500000, "azure/");
    CHECK_EQ(row(&l, "google", "gemini-2.5-pro")->price.tiers[0].rates.output, 15000000, "above 200k");
    CHECK_EQ(row(&l, "fireworks", "accounts/fireworks/models/x")->price.rates.input, 1000000, "fireworks_ai/");
    CHECK_EQ(row(&l, "openrouter", "openai/gpt-4o")->price.rates.input, 2500000, "openrouter/");
    CHECK_EQ(row(&l, "bedrock", "us.amazon.nova-lite-v1:0")->price.rates.input, 60000, "bedrock_converse");
    CHECK_EQ(row(&l, "openai", "text-embedding-3-small")->price.rates.output, DD_PRICE_NONE, "embedding");
    dd_price_list_free(&l);
}

TEST(models_dev_is_read)
{
    static const char text[] =
        "{\"openai\":{\"id\":\"openai\",\"models\":{\"gpt-4o\":{\"id\":\"gpt-4o\",\"reasoning\":false,\"tool_call\":true,\"release_date\":\"2024-05-13\","
        " \"modalities\":{\"input\":[\"text\",\"image\"],\"output\":[\"text\"]},\"cost\":{\"input\":2.5,\"output\":10,\"cache_read\":1.25},"
        " \"limit\":{\"context\":128000,\"output\":16384}}, \"sora\":{\"id\":\"sora\"}}},"
        "\"amazon-bedrock\":{\"models\":{\"amazon.nova-lite-v1:0\":{\"cost\":{\"input\":0.06,\"output\":0.24},\"limit\":{}}}},"
        "\"google\":{\"models\":{\"gemini-2.5-pro\":{\"cost\":{\"input\":1.25,\"output\":10,\"context_over_200k\":{\"input\":2.5,\"output\":15}}}}},"
        "\"google-vertex\":{\"models\":{\"gemini-2.5-pro\":{\"cost\":{\"input\":9,\"output\":9}}}},"
        "\"acme\":{\"models\":{\"big\":{\"cost\":{\"input\":-1,\"output\":9}},\"small\":{\"cost\":{\"input\":0.000001,\"output\":9}}}}}";
    dd_price_list l;
    dd_err        err;
    CHECK_OK(read(text, &l, &err));
    CHECK_STR(dd_str_z(l.format), "models.dev");
    CHECK_EQ(l.n, 4, "rows");
    CHECK_EQ(l.skipped, 3, "no price, resold, negative");
    const dd_price *m = &row(&l, "openai", "gpt-4o")->price;
    CHECK_EQ(m->rates.cache_read, 1250000, "cache_read");
    CHECK_EQ(m->max_output, 16384, "limit.output");
    CHECK_EQ(m->caps, DD_CAP_VISION | DD_CAP_TOOLS, "modalities and tool_call");
    CHECK_EQ(row(&l, "google", "gemini-2.5-pro")->price.tiers[0].rates.input, 2500000, "above 200k");
    CHECK_EQ(row(&l, "bedrock", "amazon.nova-lite-v1:0")->price.rates.input, 60000, "amazon-bedrock");
    CHECK_EQ(row(&l, "acme", "small")->price.rates.input, 1, "a microdollar");
    dd_price_list_free(&l);
}

TEST(openrouter_is_read)
{
    static const char text[] =
        "{\"data\":[{\"id\":\"openai/gpt-4o\",\"context_length\":128000,\"architecture\":{\"input_modalities\":[\"text\",\"image\",\"file\"]},"
        " \"pricing\":{\"prompt\":\"0.0000025\",\"completion\":\"0.00001\",\"request\":\"0\",\"input_cache_read\":\"0.00000125\"},"
        " \"top_provider\":{\"max_completion_tokens\":16384},\"supported_parameters\":[\"tools\",\"structured_outputs\"]},"
        "{\"id\":\"openrouter/auto\",\"pricing\":{\"prompt\":\"-1\",\"completion\":\"-1\"}},"
        "{\"id\":\"x/y:free\",\"pricing\":{\"prompt\":\"0\",\"completion\":\"0\"}}, {\"id\":7}, 5]}";
    dd_price_list l;
    dd_err        err;
    CHECK_OK(read(text, &l, &err));
    CHECK_STR(dd_str_z(l.format), "openrouter");
    CHECK_EQ(l.n, 2, "rows");
    CHECK_EQ(l.skipped, 3, "a router, two that are none");
    const dd_price *m = &row(&l, "openrouter", "openai/gpt-4o")->price;
    CHECK_EQ(m->rates.input, 2500000, "prompt");
    CHECK_EQ(m->rates.output, 10000000, "completion");
    CHECK_EQ(m->rates.cache_read, 1250000, "input_cache_read");
    CHECK_EQ(m->caps, DD_CAP_VISION | DD_CAP_PDF_IN | DD_CAP_TOOLS | DD_CAP_JSON, "modalities and parameters");
    CHECK(row(&l, "openrouter", "x/y:free")->price.free);
    dd_price_list_free(&l);
}

/* The committed table read and written is the same file from its list of models on. */
TEST(our_file_is_canonical)
{
    dd_buf        in = DD_BUF_INIT(DD_PRICES_MAX_BYTES), out = DD_BUF_INIT(0);
    dd_price_list l   = DD_PRICE_LIST_INIT;
    dd_err        err = DD_ERR_INIT;
    CHECK_OK(dd_file_read("pricing-cache/bundled/prices.json", &in, &err));
    CHECK_OK(dd_prices_read(dd_buf_str(&in), "bundled", DD_READ_STRICT, &l, &err));
    dd_prices_write(&l, &out);
    ptrdiff_t a = dd_str_findz(dd_buf_str(&in), "\"models\":["), b = dd_str_findz(dd_buf_str(&out), "\"models\":[");
    CHECK(a > 0 && b > 0);
    CHECK(dd_str_eq(dd_str_sub(dd_buf_str(&in), (size_t)a, in.len), dd_str_sub(dd_buf_str(&out), (size_t)b, out.len)));
    dd_buf_free(&in);
    dd_buf_free(&out);
    dd_price_list_free(&l);
}
