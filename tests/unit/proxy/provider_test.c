/* Providers: their URLs as people write them (P22), their keys by weight, their authentication (T26). */
#include "tests/unit/test.h"

#include "proxy/provider.h"

static const struct { const char *kind, *url, *base; } bases[] = {
    { "openai", "https://api.openai.com", "https://api.openai.com/v1" },
    { "openai", "https://api.openai.com/v1", "https://api.openai.com/v1" },
    { "openai", "https://api.openai.com/v1/", "https://api.openai.com/v1" },
    { "openai", "http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1" },
    { "openai", "http://127.0.0.1:8000/custom/path", "http://127.0.0.1:8000/custom/path" },
    { "anthropic", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1" },
    { "anthropic", " https://api.anthropic.com/ ", "https://api.anthropic.com/v1" },
    { "azure", "https://res.openai.azure.com", "https://res.openai.azure.com/openai/v1" },
    { "groq", "https://api.groq.com", "https://api.groq.com/openai/v1" },
    { "ollama", "http://127.0.0.1:11434", "http://127.0.0.1:11434/v1" },
    { "openai", "ftp://x", NULL },
    { "openai", "https://", NULL },
    { "openai", "api.openai.com/v1", NULL },
    { "openai", "https://h/v1?x=1", NULL },
    { "openai", "http://h:99999/v1", NULL },
    { "openai", "http://h:/v1", NULL },
    { "openai", "http://h:11434x", NULL },
    { "openai", "http://:80", NULL },
    { "openai", "http://u:p@[::1]:80", "http://u:p@[::1]:80/v1" },
    { "openai", "http://u:p@h", "http://u:p@h/v1" },
    { "openai", "http://[::1]", "http://[::1]/v1" },
};

TEST(base_urls_as_people_write_them_P22)
{
    for (size_t i = 0; i < DD_COUNT(bases); i++) {
        dd_buf                  out  = DD_BUF_INIT(0);
        dd_err                  err  = DD_ERR_INIT;
        const dd_provider_kind *kind = dd_provider_kind_find(dd_str_z(bases[i].kind));
        dd_code                 rc   = dd_provider_base(kind, dd_str_z(bases[i].url), &out, &err);
        CHECK_EQ(rc == DD_OK, bases[i].base != NULL, bases[i].url);
        if (bases[i].base)
            CHECK_EQ(dd_str_eqz(dd_buf_str(&out), bases[i].base), true, bases[i].url);
        else
            CHECK_EQ(err.hint[0] != 0, true, "a URL that is none comes with a hint");
        dd_buf_free(&out);
    }
}

static bool url_is(const dd_provider *p, const char *path, const char *model, const char *query, const char *want)
{
    dd_buf out = DD_BUF_INIT(0);
    dd_provider_url(p, dd_str_z(path), dd_str_z(model), dd_str_z(query), &out);
    bool same = dd_str_eqz(dd_buf_str(&out), want);
    dd_buf_free(&out);
    return same;
}

TEST(urls_of_endpoints)
{
    dd_provider p = { .kind = dd_provider_kind_find(DD_STR("openai")), .base = DD_STR("https://h/v1") };
    CHECK(url_is(&p, "/chat/completions", "gpt-4o", "", "https://h/v1/chat/completions"));
    CHECK(url_is(&p, "/files", "", "limit=2", "https://h/v1/files?limit=2"));
    dd_provider azure = { .kind = dd_provider_kind_find(DD_STR("azure")), .base = DD_STR("https://r.openai.azure.com/openai/v1"), .api_version = DD_STR("2024-10-21") };
    CHECK(url_is(&azure, "/chat/completions", "my gpt/4o", "", "https://r.openai.azure.com/openai/deployments/my%20gpt%2F4o/chat/completions?api-version=2024-10-21"));
    CHECK(url_is(&azure, "/chat/completions", "..", "", "https://r.openai.azure.com/openai/deployments/%2E%2E/chat/completions?api-version=2024-10-21"));
}

TEST(keys_are_picked_by_weight)
{
    dd_provider_key keys[] = { { DD_STR("a"), 3 }, { DD_STR("b"), 0 }, { DD_STR("c"), 1 } };
    dd_provider     p      = { .keys = keys, .n_keys = 3, .total_weight = 4 };
    int             times[3] = { 0, 0, 0 };
    for (uint64_t i = 0; i < 400; i++)
        times[dd_provider_pick(&p, i) - keys]++;
    CHECK_EQ(times[0], 300, "weight 3 of 4");
    CHECK_EQ(times[1], 0, "weight 0 is never taken");
    CHECK_EQ(times[2], 100, "weight 1 of 4");
    p = (dd_provider){ .n_keys = 0 };
    CHECK(dd_provider_pick(&p, 0) == NULL);
}

TEST(each_provider_is_told_who_calls_T26)
{
    dd_arena    a = DD_ARENA_INIT;
    dd_header   h[2];
    dd_provider openai = { .kind = dd_provider_kind_find(DD_STR("openai")) }, anthropic = { .kind = dd_provider_kind_find(DD_STR("anthropic")) },
                azure = { .kind = dd_provider_kind_find(DD_STR("azure")) }, ollama = { .kind = dd_provider_kind_find(DD_STR("ollama")) };
    CHECK_EQ(dd_provider_auth(&openai, DD_STR("k"), &a, h), 1, "openai");
    CHECK_STR(h[0].value, "Bearer k");
    CHECK_EQ(dd_provider_auth(&anthropic, DD_STR("k"), &a, h), 2, "key and version");
    CHECK_STR(h[0].name, "x-api-key");
    CHECK_STR(h[1].value, "2023-06-01");
    CHECK_EQ(dd_provider_auth(&azure, DD_STR("k"), &a, h), 1, "azure");
    CHECK_STR(h[0].name, "api-key");
    CHECK_EQ(dd_provider_auth(&ollama, DD_STR(""), &a, h), 0, "needs none");
    CHECK(dd_provider_kind_find(DD_STR("together_ai")) != NULL && dd_provider_kind_find(DD_STR("nobody")) == NULL);
    dd_arena_fini(&a);
}
