/* Spellings of one model -> its price row. Wanted rows are read off the price facts and off the catalogue of spellings
 * (docs/prices.md), not off the program. */
#include "pricing-cache/prices.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "tests/unit/test.h"

enum { EXACT = DD_MATCH_EXACT, ALIAS = DD_MATCH_ALIAS, NORM = DD_MATCH_NORMALISED, SNAP = DD_MATCH_SNAPSHOT, TUNED = DD_MATCH_FINE_TUNED,
       DEPL = DD_MATCH_DEPLOYMENT, NONE = DD_MATCH_NONE };

typedef struct { const char *hint, *name, *provider, *id; int match; int batch, priority; } spelling;

static const spelling spellings[] = {
    /* API ids and aliases */
    { "", "gpt-4o-mini", "openai", "gpt-4o-mini", EXACT },
    { "openai", "gpt-4o-mini", "openai", "gpt-4o-mini", EXACT },
    { "", "claude-haiku-4-5", "anthropic", "claude-haiku-4-5", EXACT },
    { "", "gemini-3.8-flash", "google", "gemini-3.8-flash", EXACT },
    { "", "text-embedding-3-small", "openai", "text-embedding-3-small", EXACT },
    { "", "mistral-large-latest", "mistral", "mistral-large-latest", EXACT },
    { "", "llama-3.3-70b-versatile", "groq", "llama-3.3-70b-versatile", EXACT },
    { "", "command-r-plus", "cohere", "command-r-plus", EXACT },
    { "", "deepseek-chat", "deepseek", "deepseek-chat", EXACT },
    { "", "grok-4.7", "xai", "grok-4.7", EXACT },
    { "", "claude-3-5-sonnet-latest", "anthropic", "claude-3-5-sonnet", ALIAS },
    { "", "gpt-5.3-chat-latest", "openai", "gpt-5.3-chat-latest", EXACT },
    { "", "chatgpt-4o-latest", "openai", "chatgpt-4o-latest", EXACT },
    { "", "gpt-5.6", "openai", "gpt-5.6-sol", ALIAS },
    { "", "opus", "anthropic", "claude-opus-5-5", ALIAS },
    { "anthropic", "sonnet", "anthropic", "claude-sonnet-5-5", ALIAS },
    { "", "grok-4", "xai", "grok-4-0709", ALIAS },
    { "", "gpt-4-turbo-preview", "openai", "gpt-4-0125-preview", ALIAS },
    { "", "  gpt-4o ", "openai", "gpt-4o", EXACT },
    /* dated snapshots: a dated row first */
    { "", "gpt-4o-2024-08-06", "openai", "gpt-4o", ALIAS },
    { "", "gpt-4o-2024-05-13", "openai", "gpt-4o-2024-05-13", EXACT },
    { "", "gpt-4o-2030-01-31", "openai", "gpt-4o", SNAP },
    { "", "gpt-3.5-turbo-0613", "openai", "gpt-3.5-turbo-0613", EXACT },
    { "", "gpt-3.5-turbo-0125", "openai", "gpt-3.5-turbo", ALIAS },
    { "", "claude-haiku-4-5-20251001", "anthropic", "claude-haiku-4-5", ALIAS },
    { "", "claude-sonnet-4-5@20250929", "anthropic", "claude-sonnet-4-5", NORM },
    { "", "claude-3-7-sonnet@20250219", "anthropic", "claude-3-7-sonnet-20250219", NORM },
    { "", "claude-3-5-sonnet-v2@20241022", "anthropic", "claude-3-5-sonnet", SNAP },
    { "", "claude-sonnet-5-5-20261231", "anthropic", "claude-sonnet-5-5", SNAP },
    { "", "gpt-4o-2024-13-99", NULL, NULL, NONE },
    { "", "claude-sonnet-4-5-latest", "anthropic", "claude-sonnet-4-5", NORM },
    { "", "claude-haiku-4-5@latest", "anthropic", "claude-haiku-4-5", NORM },
    { "", "gemini-2.5-flash-latest", "google", "gemini-2.5-flash", NORM },
    /* prefixes */
    { "", "openai/gpt-4o", "openai", "gpt-4o", NORM },
    { "", "openai:gpt-5.5", "openai", "gpt-5.5", NORM },
    { "", "openai-responses:gpt-5.5", "openai", "gpt-5.5", NORM },
    { "", "anthropic:claude-haiku-4-5", "anthropic", "claude-haiku-4-5", NORM },
    { "", "anthropic/claude-3-7-sonnet-latest", "anthropic", "claude-3-7-sonnet-20250219", NORM },
    { "", "google-gla:gemini-2.5-flash", "google", "gemini-2.5-flash", NORM },
    { "", "google-vertex:gemini-2.5-pro", "google", "gemini-2.5-pro", NORM },
    { "", "gemini/gemini-1.5-pro", "google", "gemini-1.5-pro", NORM },
    { "", "vertex_ai/gemini-2.5-flash", "google", "gemini-2.5-flash", NORM },
    { "", "google/gemini-2.5-flash-lite", "google", "gemini-2.5-flash-lite", NORM },
    { "", "groq/llama-3.3-70b-versatile", "groq", "llama-3.3-70b-versatile", NORM },
    { "", "mistral/mistral-small-latest", "mistral", "mistral-small-latest", NORM },
    { "", "xai/grok-4.5", "xai", "grok-4.5", NORM },
    { "", "x-ai/grok-4.5", "xai", "grok-4.5", NORM },
    { "", "deepseek/deepseek-reasoner", "deepseek", "deepseek-reasoner", NORM },
    { "", "openrouter/openai/gpt-4o", "openrouter", "openai/gpt-4o", NORM },
    { "openrouter", "openai/gpt-4o", "openrouter", "openai/gpt-4o", EXACT },
    { "openrouter", "gpt-4o", "openrouter", "openai/gpt-4o", NORM },
    { "openrouter", "anthropic/claude-2", "anthropic", "claude-2.0", NORM },
    { "", "gateway/anthropic:claude-sonnet-5", "anthropic", "claude-sonnet-5", NORM },
    { "", "litellm_proxy/gpt-4o", "openai", "gpt-4o", NORM },
    { "", "openai/claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5", NORM },
    { "", "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", "together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", NORM },
    /* one id at several sellers: the hint decides */
    { "groq", "openai/gpt-oss-20b", "groq", "openai/gpt-oss-20b", EXACT },
    { "together", "openai/gpt-oss-20b", "together", "openai/gpt-oss-20b", EXACT },
    { "fireworks", "gpt-oss-20b", "fireworks", "accounts/fireworks/models/gpt-oss-20b", NORM },
    { "openrouter", "openai/gpt-oss-20b", "openrouter", "openai/gpt-oss-20b", EXACT },
    { "azure", "gpt-4o", "azure", "gpt-4o", EXACT },
    { "azure", "gpt-4o-mini-2024-07-18", "azure", "gpt-4o-mini-2024-07-18", EXACT },
    { "openai", "claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5", NORM },
    { "", "mistralai/Mixtral-8x7B-Instruct-v0.1", "together", "mistralai/Mixtral-8x7B-Instruct-v0.1", EXACT },
    { "", "meta-llama/Llama-4-Scout-17B-16E-Instruct", "together", "meta-llama/Llama-4-Scout-17B-16E-Instruct", EXACT },
    { "", "meta-llama/llama-4-scout-17b-16e-instruct", "groq", "meta-llama/llama-4-scout-17b-16e-instruct", EXACT },
    { "ollama", "gpt-oss-20b", NULL, NULL, NONE },
    { "vllm", "meta-llama/Llama-3.3-70B-Instruct-Turbo", NULL, NULL, NONE },
    { "", "ollama/llama3", NULL, NULL, NONE },
    { "", "watsonx/meta-llama/llama-3-8b-instruct", NULL, NULL, NONE },
    /* gateway dots, word order */
    { "", "anthropic/claude-opus-5.5", "anthropic", "claude-opus-5-5", NORM },
    { "", "claude-opus-5.5", "anthropic", "claude-opus-5-5", NORM },
    { "openrouter", "anthropic/claude-opus-4-5", "openrouter", "anthropic/claude-opus-4.5", NORM },
    { "", "anthropic/claude-haiku-4.5", "anthropic", "claude-haiku-4-5", NORM },
    { "", "claude-4.5-sonnet", "anthropic", "claude-sonnet-4-5", NORM },
    { "", "claude-sonnet-3.5", "anthropic", "claude-3-5-sonnet", NORM },
    { "", "claude-3.5-haiku", "anthropic", "claude-3-5-haiku-20241022", NORM },
    /* routes: a row of its own first */
    { "", "anthropic/claude-opus-4.8-fast", "openrouter", "anthropic/claude-opus-4.8-fast", EXACT },
    { "anthropic", "claude-opus-4-8-fast", "anthropic", "claude-opus-4-8", NORM, .priority = 1 },
    { "", "xai/grok-3-fast", "xai", "grok-3-fast", NORM },
    { "", "grok-9-fast", NULL, NULL, NONE },
    { "", "gpt-5.6-sol-batch", "openai", "gpt-5.6-sol", NORM, .batch = 1 },
    { "openrouter", "meta-llama/llama-3.3-70b-instruct:free", "openrouter", "meta-llama/llama-3.3-70b-instruct:free", NORM },
    { "", "openai/gpt-4o:nitro", "openrouter", "openai/gpt-4o", NORM, .priority = 1 },
    { "openrouter", "openai/gpt-4o:online", "openrouter", "openai/gpt-4o", NORM, .priority = 1 },
    { "openrouter", "anthropic/claude-opus-4.5:extended", "openrouter", "anthropic/claude-opus-4.5", NORM, .priority = 1 },
    /* Bedrock */
    { "", "anthropic.claude-3-haiku-20240307-v1:0", "bedrock", "anthropic.claude-3-haiku-20240307-v1:0", EXACT },
    { "", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", NORM },
    { "", "us.anthropic.claude-haiku-4-5-v1:0", "bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", NORM },
    { "bedrock", "global.anthropic.claude-haiku-4-5-20251001-v1:0", "bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0", NORM },
    { "", "anthropic.claude-haiku-4-5-v1:0", "bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0", NORM },
    { "", "anthropic.claude-sonnet-5-v1:0", "bedrock", "anthropic.claude-sonnet-5", NORM },
    { "", "apac.anthropic.claude-opus-5-5", "bedrock", "anthropic.claude-opus-5-5", NORM },
    { "", "anthropic.claude-3-sonnet-20240229-v1:0:200k", "bedrock", "anthropic.claude-3-sonnet-20240229-v1:0", NORM },
    { "", "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0", "bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", NORM },
    { "", "bedrock/converse/us.anthropic.claude-haiku-4-5-20251001-v1:0", "bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", NORM },
    { "bedrock", "claude-sonnet-4-5", "bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", NORM },
    { "", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-opus-5-5", "bedrock", "eu.anthropic.claude-opus-5-5", NORM },
    { "", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2", "bedrock", "anthropic.claude-v2", NORM },
    { "", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3", NULL, NULL, NONE },
    { "", "amazon.titan-embed-text-v2:0", "bedrock", "amazon.titan-embed-text-v2:0", EXACT },
    { "", "amazon.nova-premier-v1:0", "bedrock", "us.amazon.nova-premier-v1:0", NORM },
    { "", "us.openai.gpt-5.6-sol", "bedrock", "openai.gpt-5.6-sol", NORM },
    { "", "openai.gpt-5.4", "bedrock", "openai.gpt-5.4", EXACT },
    { "", "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock", "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", NORM },
    /* Azure */
    { "azure", "gpt-35-turbo", "azure", "gpt-35-turbo", EXACT },
    { "", "gpt-35-turbo", "azure", "gpt-35-turbo", EXACT },
    { "azure", "gpt-3.5-turbo-16k", "azure", "gpt-35-turbo-16k", NORM },
    { "", "azure/gpt-4o", "azure", "gpt-4o", NORM },
    { "azure", "gpt-4o-prod", "azure", "gpt-4o", DEPL },
    { "", "azure/gpt-4o-prod", "azure", "gpt-4o", DEPL },
    { "azure", "team-gpt-4-1-mini-eastus", "azure", "gpt-4.1-mini", DEPL },
    { "azure", "gpt-4o-mini-eu", "azure", "gpt-4o-mini", DEPL },
    { "azure", "gpt-5.9-mini", NULL, NULL, NONE },
    { "azure", "chat-prod", NULL, NULL, NONE },
    { "openai", "gpt-4o-prod", NULL, NULL, NONE },
    /* paths */
    { "", "models/gemini-2.5-flash", "google", "gemini-2.5-flash", NORM },
    { "google", "models/text-embedding-004", "google", "text-embedding-004", NORM },
    { "", "publishers/google/models/gemini-2.5-pro", "google", "gemini-2.5-pro", NORM },
    { "", "projects/p/locations/us/publishers/google/models/gemini-2.5-pro", "google", "gemini-2.5-pro", NORM },
    { "", "accounts/fireworks/models/glm-5p3", "fireworks", "accounts/fireworks/models/glm-5p3", EXACT },
    { "fireworks", "glm-5p3", "fireworks", "accounts/fireworks/models/glm-5p3", NORM },
    { "", "fireworks_ai/accounts/fireworks/models/glm-5p3", "fireworks", "accounts/fireworks/models/glm-5p3", NORM },
    /* case */
    { "", "GPT-4o", "openai", "gpt-4o", NORM },
    { "", "Claude-Sonnet-4-5", "anthropic", "claude-sonnet-4-5", NORM },
    { "together", "deepseek-ai/deepseek-v3", "together", "deepseek-ai/DeepSeek-V3", NORM },
    /* fine-tuned */
    { "", "ft:gpt-4o-mini-2024-07-18:acme::id", "openai", "ft:gpt-4o-mini", TUNED },
    { "openai", "ft:gpt-3.5-turbo-0613:acme::7p4lURel", "openai", "ft:gpt-3.5-turbo", TUNED },
    { "", "openai/ft:gpt-4o-2024-08-06:acme:x:1", "openai", "ft:gpt-4o", TUNED },
    { "", "ft:gpt-4-0613:acme::id", "openai", "gpt-4", TUNED },
    { "", "davinci:ft-acme-2023-01-01", "openai", "davinci", TUNED },
    { "", "ft:nothing-known:acme::id", NULL, NULL, NONE },
    /* never by resemblance */
    { "", "auto", NULL, NULL, NONE },
    { "", "openrouter/auto", NULL, NULL, NONE },
    { "", "my-model", NULL, NULL, NONE },
    { "", "router-mf-0.11593", NULL, NULL, NONE },
    { "", "unknown-model", NULL, NULL, NONE },
    { "", "gpt-4o-audio-preview", NULL, NULL, NONE },
    { "", "gpt-4-trubo", NULL, NULL, NONE },
    { "", "gpt", NULL, NULL, NONE },
    { "", "gpt-4oo", NULL, NULL, NONE },
    { "", "", NULL, NULL, NONE },
    { "openai", "", NULL, NULL, NONE },
    { "", "gpt-4o mini", NULL, NULL, NONE },
    { "", "openai/", NULL, NULL, NONE },
    { "", "/", NULL, NULL, NONE },
    { "", ":", NULL, NULL, NONE },
    { "", "ft:", NULL, NULL, NONE },
};

static dd_prices *bundled(void)
{
    dd_err     err = DD_ERR_INIT;
    dd_prices *p   = dd_prices_open(NULL, &err);
    CHECK(p != NULL);
    return p;
}

TEST(spellings_lead_to_their_row)
{
    dd_prices *p = bundled();
    for (size_t i = 0; i < DD_COUNT(spellings); i++) {
        const spelling *s = &spellings[i];
        dd_price_hit    h = dd_prices_find(p, dd_str_z(s->hint), dd_str_z(s->name));
        char            why[300];
        snprintf(why, sizeof why, "%s|%s", s->hint, s->name);
        if (!h.price || !s->id) {
            CHECK_EQ(h.price != NULL, s->id != NULL, why);
            CHECK_EQ(h.match, s->match, why);
            continue;
        }
        CHECK_STR(h.price->provider, s->provider);
        CHECK_STR(h.price->id, s->id);
        CHECK_EQ(h.match, s->match, why);
        CHECK_EQ(h.batch, s->batch, why);
        CHECK_EQ(h.priority, s->priority, why);
    }
    dd_prices_close(p);
}

TEST(every_row_is_reached_by_its_own_names)
{
    dd_prices *p = bundled();
    for (size_t i = 0; i < dd_prices_count(p); i++) {
        const dd_price *row = dd_prices_at(p, i);
        dd_price_hit    h   = dd_prices_find(p, row->provider, row->id);
        CHECK(h.price == row);
        CHECK(h.match == DD_MATCH_EXACT || dd_str_startsz(row->id, "ft:"));
        for (const char *const *a = dd_prices_aliases(p, row); *a; a++)
            CHECK(dd_prices_find(p, row->provider, dd_str_z(*a)).price == row);
    }
    dd_prices_close(p);
}

TEST(a_long_or_broken_name_is_unknown)
{
    dd_prices *p = bundled();
    char       name[5000];
    memset(name, 'a', sizeof name);
    CHECK(dd_prices_find(p, DD_STR(""), (dd_str){ name, sizeof name }).price == NULL);
    memset(name, '/', sizeof name);
    CHECK(dd_prices_find(p, DD_STR(""), (dd_str){ name, 240 }).price == NULL);
    memset(name, ':', sizeof name);
    CHECK(dd_prices_find(p, DD_STR(""), (dd_str){ name, 200 }).price == NULL);
    CHECK(dd_prices_find(p, DD_STR(""), (dd_str){ "gpt-4o\0x", 8 }).price == NULL);
    CHECK(dd_prices_find(p, DD_STR(""), DD_STR("gpt-4\xc3\xb6")).price == NULL);
    CHECK(dd_prices_find(p, DD_STR(""), DD_STR_NULL).price == NULL);
    dd_prices_close(p);
}

TEST(facts_of_some_rows)
{
    dd_prices      *p    = bundled();
    const dd_price *mini = dd_prices_find(p, DD_STR(""), DD_STR("gpt-4o-mini")).price;
    CHECK_EQ(mini->rates.input, 150000, "0.15 USD");
    CHECK_EQ(mini->rates.output, 600000, "0.60 USD");
    CHECK_EQ(mini->rates.cache_read, 75000, "0.075 USD");
    CHECK(mini->caps & DD_CAP_TOOLS);
    CHECK_STR(mini->tokenizer, "o200k_base");
    const dd_price *flash = dd_prices_find(p, DD_STR(""), DD_STR("gemini-3.8-flash")).price;
    CHECK_EQ(flash->n_scheduled, 1, "an announced price");
    CHECK_EQ(flash->scheduled[0].from, dd_day_make(2027, 1, 1), "from 2027");
    CHECK_EQ(flash->scheduled[0].rates.output, 7500000, "7.50 USD then");
    const dd_price *big = dd_prices_find(p, DD_STR(""), DD_STR("gpt-5.5")).price;
    CHECK_EQ(big->tiers[0].above_input_tokens, 272000, "long requests");
    CHECK_EQ(big->tiers[0].rates.input, 10000000, "cost twice");
    const dd_price *ds = dd_prices_find(p, DD_STR(""), DD_STR("deepseek-v4-pro")).price;
    CHECK_EQ(ds->off_peak.input, 660000, "half outside the peak");
    CHECK_STR(ds->peak_utc, "Mon-Fri 01:00-04:00,06:00-10:00");
    const dd_price *old = dd_prices_find(p, DD_STR(""), DD_STR("text-davinci-003")).price;
    CHECK_EQ(old->status, DD_MODEL_RETIRED, "gone");
    CHECK_EQ(old->retires, dd_day_make(2024, 1, 4), "since");
    CHECK_STR(old->replacement, "gpt-3.5-turbo-instruct");
    const dd_price *emb = dd_prices_find(p, DD_STR(""), DD_STR("text-embedding-3-large")).price;
    CHECK_EQ(emb->kind, DD_KIND_EMBEDDING, "kind");
    CHECK_EQ(emb->rates.output, DD_PRICE_NONE, "an embedding has no output");
    dd_prices_close(p);
}

TEST(a_region_has_its_own_price)
{
    dd_prices      *p  = bundled();
    const dd_price *us = dd_prices_find(p, DD_STR(""), DD_STR("us.anthropic.claude-haiku-4-5-20251001-v1:0")).price;
    const dd_price *eu = dd_prices_find(p, DD_STR("bedrock"), DD_STR("eu.amazon.nova-2-lite-v1:0")).price;
    CHECK_EQ(us->rates.input, 1100000, "10 % above the global 1.00");
    CHECK_EQ(us->rates.output, 5500000, "10 % above the global 5.00");
    CHECK_EQ(us->rates.cache_read, 110000, "the premium holds for cached input: 0.10 + 10 %");
    CHECK_EQ(eu->rates.input, 374000, "0.374 USD");
    dd_prices_close(p);
}

TEST(a_free_route_costs_nothing)
{
    dd_prices      *p = bundled();
    const dd_price *f = dd_prices_find(p, DD_STR("openrouter"), DD_STR("openai/gpt-4o:free")).price;
    CHECK_EQ(f->rates.input, 0, "free");
    CHECK_EQ(f->rates.output, 0, "free");
    CHECK(f->free);
    CHECK(f == dd_prices_find(p, DD_STR("openrouter"), DD_STR("openai/gpt-4o:free")).price);
    CHECK_EQ(dd_prices_aliases(p, f)[0] == NULL, true, "it has no other name");
    dd_prices_close(p);
}

TEST(a_miss_has_near_names)
{
    dd_prices      *p = bundled();
    const dd_price *near[5];
    CHECK(dd_prices_near(p, DD_STR("gpt-4-trubo"), near, 5) >= 1);
    CHECK_STR(near[0]->id, "gpt-4-turbo");
    CHECK_STR(near[0]->provider, "openai");
    CHECK(dd_prices_near(p, DD_STR("claude-sonet-4-5"), near, 5) >= 1);
    CHECK_STR(near[0]->id, "claude-sonnet-4-5");
    CHECK_EQ(dd_prices_near(p, DD_STR("zzzzzzzzzzzzzzzzzzzz"), near, 5), 0, "nothing looks like it");
    CHECK_EQ(dd_prices_near(p, DD_STR("gpt-4o-min"), near, 0), 0, "no room");
    dd_prices_close(p);
}

TEST(providers_have_many_names)
{
    CHECK_STR(dd_prices_provider(DD_STR("Vertex_AI")), "google");
    CHECK_STR(dd_prices_provider(DD_STR("amazon-bedrock")), "bedrock");
    CHECK_STR(dd_prices_provider(DD_STR("nobody")), "");
}
