/* tests/unit/route/sites.h - call sites and prices for the tests of estimate and suggestions. */
#ifndef DD_TEST_SITES_H
#define DD_TEST_SITES_H
#include "tests/unit/test.h"
#include "base/file.h"
#include "route/estimate.h"

/* Round prices of models that do not exist: USD per million tokens. The bundled table stays underneath. */
static const char site_prices[] =
    "{\"schema\":\"dd0c-prices/1\",\"generated\":\"2026-11-20\",\"models\":["
    "{\"provider\":\"openai\",\"id\":\"t-plain\",\"kind\":\"chat\",\"input\":2,\"output\":8,\"batch_input\":1,\"batch_output\":4,\"context\":128000,\"max_output\":16384,"
    "\"tokenizer\":\"o200k_base\",\"status\":\"active\",\"caps\":[\"tools\",\"json\",\"vision\"]},"
    "{\"provider\":\"openai\",\"id\":\"t-think\",\"kind\":\"chat\",\"input\":2,\"output\":8,\"context\":128000,\"max_output\":16384,"
    "\"tokenizer\":\"o200k_base\",\"status\":\"active\",\"caps\":[\"tools\",\"json\",\"reasoning\"]},"
    "{\"provider\":\"anthropic\",\"id\":\"t-cache\",\"kind\":\"chat\",\"input\":3,\"output\":15,\"cache_read\":0.3,\"cache_write\":3.75,\"context\":200000,"
    "\"max_output\":64000,\"tokenizer\":\"o200k_base\",\"status\":\"active\",\"caps\":[\"tools\"]},"
    "{\"provider\":\"openai\",\"id\":\"t-embed\",\"kind\":\"embedding\",\"input\":0.1,\"batch_input\":0.05,\"context\":8191,\"tokenizer\":\"o200k_base\",\"status\":\"active\"}"
    "]}";

enum { DAY_TODAY = 20777 }; /* 2026-11-20 */

static inline dd_prices *test_prices(void)
{
    static char path[128];
    dd_err      err = DD_ERR_INIT;
    snprintf(path, sizeof path, "%s/prices.json", dd_test_dir());
    CHECK_OK(dd_file_replace(path, dd_str_z(site_prices), 0600, &err));
    dd_prices *p = dd_prices_open(&(dd_prices_opts){ .override_file = path }, &err);
    if (p == NULL)
        dd_test_fail(__FILE__, __LINE__, "prices: %s", err.msg);
    return p;
}

static inline dd_estimate_opts test_opts(void)
{
    return (dd_estimate_opts){ .preset = "default", .calls = -1, .today = DAY_TODAY };
}

/* A plain production chat call. */
static inline dd_site test_site(const char *provider, const char *model)
{
    return (dd_site){
        .id = DD_STR("0123456789ab"), .path = DD_STR("app/main.py"), .line = 10, .cell = -1, .sdk = DD_STR("openai"), .api = DD_STR("chat.completions"),
        .symbol = DD_STR("f"), .context = DD_CTX_PRODUCTION, .provider = dd_str_z(provider), .model = model != NULL ? dd_str_z(model) : DD_STR_NULL,
        .model_source = model != NULL ? DD_SRC_LITERAL : DD_SRC_DYNAMIC, .max_tokens = -1, .thinking_budget = -1, .n = 1, .loop = 1, .rounds = 1, .retries = -1,
        .note_calls = -1, .note_tokens_in = -1, .note_tokens_out = -1,
    };
}
#endif
