#include "tests/unit/route/sites.h"
#include "base/time.h"
#include "route/quality.h"

/* Facts used here, all of the tables of 2026-11-20: gpt-4o 2.50/10, ends 2027-01-14, successor gpt-6-luna 0.10/0.50; claude-haiku-5-5 0.10/0.50;
 * text-embedding-3-large 0.13, -3-small 0.02; claude-sonnet-4-5 ends 2026-11-30. */

static dd_prices *prices;
static dd_arena   arena;

static dd_site run(dd_site s, bool other_first)
{
    dd_err           err = DD_ERR_INIT;
    dd_estimate_opts o   = test_opts();
    o.other_providers = other_first;
    if (prices == NULL)
        prices = dd_prices_open(&(dd_prices_opts){ .cache_dir = NULL }, &err);
    CHECK_OK(dd_estimate_site(&s, &arena, prices, &o, &err));
    return s;
}

static dd_site classifier(const char *provider, const char *model)
{
    dd_site s = test_site(provider, model);
    s.system_text     = DD_STR("Classify the sentiment of the review as positive or negative.");
    s.note_tokens_in  = 1000;
    s.note_tokens_out = 100;
    return s;
}

static const dd_advice *advice(const dd_site *s, dd_advice_kind kind)
{
    for (size_t i = 0; i < s->n_advice; i++)
        if (s->advice[i].kind == kind)
            return &s->advice[i];
    return NULL;
}

TEST(a_cheaper_model_with_its_saving)
{
    dd_site s = run(classifier("openai", "gpt-4o"), false);
    CHECK(s.suggestion != NULL);
    if (s.suggestion == NULL)
        return;
    CHECK_STR(s.suggestion->model, "gpt-6-luna");
    /* 1,000 x 2.50 + 100 x 10 = 0.0035 USD; 1,000 x 0.10 + 100 x 0.50 = 0.00015: 0.00335 a call, 3.35 a month */
    CHECK_EQ(s.per_call.expected, 3500000000, "now");
    CHECK_EQ(s.suggestion->per_call, 3350000000, "saved a call");
    CHECK_EQ(s.suggestion->monthly, 3350000000000, "saved a month");
    CHECK(dd_str_has(s.suggestion->reason, "95% cheaper"));
    CHECK(s.suggestion->unchecked.len > 0);
    CHECK(s.other_provider == NULL || !dd_str_eqz(s.other_provider->provider, "openai"));
}

TEST(no_volume_no_monthly_saving)
{
    dd_site s = classifier("openai", "gpt-4o");
    s.context = DD_CTX_TEST;
    s = run(s, false);
    CHECK(s.suggestion != NULL && s.suggestion->monthly == DD_PUSD_UNKNOWN && s.suggestion->per_call > 0);
}

/* Properties that hold for every suggestion, over every model of the table and three kinds of work. */
static const char *const work[] = {
    "Classify the sentiment of the review.", "You are a helpful chatbot for customer support.",
    "You are a senior software engineer. Refactor the code step by step, mind complex edge cases and architecture.",
};

static void check_candidate(const dd_site *s, const dd_suggestion *g, uint32_t caps)
{
    if (g == NULL)
        return;
    dd_price_hit hit = dd_prices_find(prices, g->provider, g->model);
    CHECK(hit.price != NULL);
    if (hit.price == NULL)
        return;
    const dd_price *row = hit.price;
    CHECK_EQ(row->status, DD_MODEL_ACTIVE, "only what can be had");
    CHECK(row->retires == DD_DAY_NONE || row->retires - DAY_TODAY >= 180);
    CHECK_EQ(row->caps & caps, caps, "every capability that is needed");
    CHECK(row->context > s->input_tokens.high);
    CHECK(row->max_output == 0 || row->max_output >= s->max_tokens);
    CHECK(g->per_call * 5 >= s->per_call.expected);   /* at least a fifth */
    CHECK(row->kind == DD_KIND_CHAT && !row->free && !row->suspect);
}

TEST(every_suggestion_passes_the_gates)
{
    (void)run(classifier("openai", "gpt-4o"), false);
    for (size_t i = 0; i < dd_prices_count(prices); i++) {
        const dd_price *row = dd_prices_at(prices, i);
        for (size_t w = 0; w < DD_COUNT(work); w++) {
            dd_site s = test_site("", "");
            s.provider    = row->provider;
            s.model       = row->id;
            s.system_text = dd_str_z(work[w]);
            s.holes_large = 1;
            s.tools       = w == 2 ? 2 : 0;
            s.images      = w == 1 ? 1 : 0;
            s.max_tokens  = 2000;
            s = run(s, false);
            uint32_t caps = w == 2 ? DD_CAP_TOOLS : w == 1 ? DD_CAP_VISION : 0;
            check_candidate(&s, s.suggestion, caps);
            check_candidate(&s, s.other_provider, caps);
            if (s.suggestion != NULL)
                CHECK(dd_str_eq(s.suggestion->provider, row->provider));
            if (s.other_provider != NULL)
                CHECK(!dd_str_eq(s.other_provider->provider, row->provider));
            if (row->kind == DD_KIND_EMBEDDING)
                CHECK(s.suggestion == NULL && s.other_provider == NULL);
        }
    }
}

TEST(hard_work_needs_an_equal_model)
{
    dd_site s = test_site("anthropic", "claude-opus-5-5");
    s.system_text = dd_str_z(work[2]);
    s.holes_large = 1, s.tools = 3;
    s = run(s, false);
    CHECK_EQ(s.cls.complexity, DD_COMPLEXITY_HIGH, "hard");
    CHECK(s.suggestion == NULL); /* every cheaper Claude scores less: 57.6 against 56.0 and 43.4 (97.2 % and 75 %) */
    s = test_site("anthropic", "claude-opus-5-5");
    s.system_text = dd_str_z(work[1]);
    s.holes_large = 1;
    s = run(s, false);
    CHECK(s.suggestion != NULL && dd_str_startsz(s.suggestion->model, "claude-sonnet-5")); /* 97.2 % will do for medium */
}

TEST(other_providers_come_first_when_asked_for)
{
    dd_site s = run(classifier("anthropic", "claude-opus-4-5"), false), t = run(classifier("anthropic", "claude-opus-4-5"), true);
    CHECK(s.suggestion != NULL && dd_str_eqz(s.suggestion->provider, "anthropic"));
    if (t.suggestion != NULL && t.other_provider != NULL)
        CHECK(t.suggestion->per_call >= t.other_provider->per_call);
}

TEST(retired_models_are_flagged)   /* DD0C002 */
{
    dd_site s = run(classifier("openai", "gpt-4"), false);
    const dd_advice *a = advice(&s, DD_ADVICE_RETIRED);
    CHECK(a != NULL && dd_str_has(a->text, "was retired on 2026-10-23"));
    CHECK(s.suggestion != NULL); /* and something active is named */
    s = run(classifier("anthropic", "claude-sonnet-4-5"), false);
    a = advice(&s, DD_ADVICE_RETIRED);
    CHECK(a != NULL && dd_str_has(a->text, "will be retired on 2026-11-30"));
    if (a != NULL)
        CHECK_STR(a->model, "claude-sonnet-5-5");
    s = run(classifier("openai", "gpt-5.1"), false); /* ends 2027-04-01: in 132 days */
    CHECK(advice(&s, DD_ADVICE_RETIRED) == NULL);
    s = run(classifier("anthropic", "claude-3-5-sonnet-20241022"), false); /* its successor is on its way out, too */
    a = advice(&s, DD_ADVICE_RETIRED);
    if (a != NULL)
        CHECK_STR(a->model, "claude-sonnet-5-5");
}

TEST(missing_caps_and_batchable_scripts)   /* DD0C003, DD0C005 */
{
    dd_site s = run(classifier("openai", "gpt-4o"), false);
    CHECK(advice(&s, DD_ADVICE_NO_CAP) != NULL);
    CHECK(advice(&s, DD_ADVICE_BATCH) == NULL); /* a user waits */
    s = classifier("openai", "gpt-4o");
    s.max_tokens = 20, s.max_tokens_set = true;
    s = run(s, false);
    CHECK(advice(&s, DD_ADVICE_NO_CAP) == NULL);
    s = classifier("openai", "gpt-4o");
    s.context = DD_CTX_SCRIPT;
    s = run(s, false);
    const dd_advice *a = advice(&s, DD_ADVICE_BATCH);
    CHECK(a != NULL);
    if (a != NULL)
        CHECK_EQ(a->monthly, s.monthly.expected / 2, "half of 100 calls");
    s = classifier("openai", "gpt-4o");
    s.context = DD_CTX_SCRIPT, s.stream = true;
    s = run(s, false);
    CHECK(advice(&s, DD_ADVICE_BATCH) == NULL);
}

TEST(static_prefixes_that_would_be_cached)   /* DD0C004 */
{
    dd_buf text = DD_BUF_INIT(0);
    while (text.len < 12000)
        dd_buf_addz(&text, "All answers have to follow the house rules of the support team. ");
    dd_site s = test_site("anthropic", "claude-sonnet-5-5");
    s.system_text         = dd_buf_str(&text);
    s.system_static_first = true;
    s.holes_small         = 1;
    s = run(s, false);
    const dd_advice *a = advice(&s, DD_ADVICE_CACHE);
    CHECK(a != NULL && a->monthly == 0); /* 1,000 calls a month are one in 43 minutes: nothing is still in the cache */
    s.note_calls = 1000000;
    s = run(s, false);
    a = advice(&s, DD_ADVICE_CACHE);
    CHECK(a != NULL && a->monthly > 0 && a->monthly < s.monthly.expected);
    s.cached = true;
    s = run(s, false);
    CHECK(advice(&s, DD_ADVICE_CACHE) == NULL);
    dd_buf_free(&text);
}

TEST(embeddings_are_never_swapped)   /* DD0C008 */
{
    dd_site s = test_site("openai", "text-embedding-3-large");
    s.api = DD_STR("embeddings");
    s.note_tokens_in = 1000, s.note_tokens_out = 0;
    s = run(s, false);
    CHECK(s.suggestion == NULL && s.other_provider == NULL);
    const dd_advice *a = advice(&s, DD_ADVICE_EMBED);
    CHECK(a != NULL);
    if (a == NULL)
        return;
    CHECK_STR(a->model, "text-embedding-3-small");
    /* 1,000 x 1,000 tokens: 0.13 - 0.02 USD */
    CHECK_EQ(a->monthly, (dd_pusd)110000000000, "0.11 USD a month");
    CHECK(dd_str_has(a->text, "index must be made again"));
}

TEST(unknown_and_default_models_are_said)   /* DD0C006, DD0C007 */
{
    dd_site s = run(test_site("openai", "gtp-4o-mini"), false);
    CHECK(advice(&s, DD_ADVICE_UNKNOWN) != NULL);
    s = run(test_site("openai", NULL), false);
    CHECK(advice(&s, DD_ADVICE_UNKNOWN) != NULL);
    s = test_site("openai", "gpt-3.5-turbo");
    s.model_source = DD_SRC_SDK_DEFAULT;
    s = run(s, false);
    CHECK(advice(&s, DD_ADVICE_SDK_DEFAULT) != NULL);
}

TEST(qualities_are_compared_within_one_set)
{
    (void)run(classifier("openai", "gpt-4o"), false);
    const dd_price *a = dd_prices_find(prices, DD_STR("openai"), DD_STR("gpt-5.4")).price, *b = dd_prices_find(prices, DD_STR("openai"), DD_STR("gpt-5.6-luna")).price;
    dd_quality_compare q;
    CHECK(dd_quality_between(a, b, DD_TASK_CHAT, &q));
    CHECK_EQ((int)(q.from * 10 + 0.5), 514, "index of 2026-08-01");
    CHECK_EQ((int)(q.to * 10 + 0.5), 512, "index of 2026-08-01");
    CHECK(dd_quality_between(a, b, DD_TASK_CODING, &q) && strstr(q.title, "Coding") != NULL);
    dd_quality_tier t;
    CHECK(dd_quality_tier_of(dd_prices_find(prices, DD_STR("openai"), DD_STR("gpt-6-luna")).price, &t));
    CHECK_EQ(t.tier, 3, "the fourth of four");
    const dd_price *resold = dd_prices_find(prices, DD_STR("azure"), DD_STR("gpt-4o")).price;
    CHECK(resold != NULL && dd_str_eqz(resold->provider, "azure") && dd_quality_known(resold));
}

TEST(suggestions_are_quick)
{
    dd_site s = test_site("openai", "gpt-4o");
    s.system_text = dd_str_z(work[1]);
    int64_t best = INT64_MAX;
    for (int i = 0; i < 20; i++) {
        int64_t start = dd_mono_now().ns;
        (void)run(s, false);
        int64_t took = dd_mono_now().ns - start;
        best = took < best ? took : best;
    }
    if (getenv("DD_BENCH"))
        printf("estimate and suggest one site: %.3f ms\n", (double)best / 1e6);
}
