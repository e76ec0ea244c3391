#include "tests/unit/route/sites.h"
#include "route/tokens.h"

/* Money of `in` and `out` tokens of t-plain: 2 and 8 USD per million, so 2,000,000 and 8,000,000 picodollars each. */
#define PLAIN(in, out) ((dd_pusd)(in) * 2000000 + (dd_pusd)(out) * 8000000)

static dd_prices *prices;
static dd_arena   arena;

static void run(dd_site *s, const dd_estimate_opts *o)
{
    dd_err err = DD_ERR_INIT;
    if (prices == NULL)
        prices = test_prices();
    dd_code rc = dd_estimate_site(s, &arena, prices, o, &err);
    if (rc != DD_OK)
        dd_test_fail(__FILE__, __LINE__, "estimate: %s", err.msg);
}

static dd_site estimated(dd_site s)
{
    dd_estimate_opts o = test_opts();
    run(&s, &o);
    return s;
}

static int64_t overhead(int messages)
{
    dd_chat_overhead o = dd_tokens_overhead(DD_STR("o200k_base"));
    return o.per_message * messages + o.per_reply;
}

TEST(static_text_is_counted_and_parts_are_allowed_for)   /* P-1, P-2, P-4 */
{
    dd_site s = test_site("openai", "t-plain");
    s.system_text = DD_STR("Classify the sentiment of the review.");
    s.user_text   = DD_STR("Review: ");
    s.holes_large = 1;
    s.holes_small = 2;
    s.messages    = 2;
    s = estimated(s);
    int64_t text = dd_tokens_count(DD_ENC_O200K, s.system_text) + dd_tokens_count(DD_ENC_O200K, s.user_text);
    CHECK_EQ(s.static_tokens, text, "both texts");
    CHECK(s.tokens_exact);
    CHECK_EQ(s.input_tokens.expected, text + overhead(2) + 1500 + 2 * 20, "one large part, two small ones");
    CHECK_EQ(s.input_tokens.low, text + overhead(2) + 300 + 2 * 3, "low");
    CHECK_EQ(s.input_tokens.high, text + overhead(2) + 6000 + 2 * 80, "high");
    CHECK_EQ(s.cls.task, DD_TASK_CLASSIFICATION, "task");
    CHECK_EQ(s.output_tokens.expected, 10, "a label");
    CHECK_EQ(s.per_call.expected, PLAIN(s.input_tokens.expected, 10), "2 and 8 USD per million");
    CHECK_EQ(s.calls, 1000, "default preset, production");
    CHECK_EQ(s.monthly.expected, s.per_call.expected * 1000, "a month");
    CHECK(s.in_total);
    CHECK_STR(s.calls_basis, "preset default, production: 1,000 calls a month");
    CHECK(dd_str_has(s.tokens_basis, "o200k_base, exact"));
    CHECK(dd_str_has(s.tokens_basis, "1 large dynamic part x 1,500"));
}

static const struct { const char *why, *text; int64_t cap; dd_range want; } outputs[] = {
    { "no cap: by the task", "Write a blog post about gardening.", -1, { 150, 800, 2500 } },
    { "a cap is the upper end", "Write a blog post about gardening.", 1000, { 150, 750, 1000 } },   /* 3/4 of 1,000 */
    { "a far cap leaves the expected value alone", "Write a blog post about gardening.", 4096, { 150, 800, 4096 } },
    { "a cap that says nothing is not the upper end", "Write a blog post about gardening.", 100000, { 150, 800, 2500 } },
    { "a cap of 1 to 16 means classification", "hello there", 5, { 1, 4, 5 } },
    { "a cap of one", "hello there", 1, { 1, 1, 1 } },
};

TEST(output_by_task_with_the_cap_as_bound)   /* call-shapes 19 */
{
    for (size_t i = 0; i < DD_COUNT(outputs); i++) {
        dd_site s = test_site("openai", "t-plain");
        s.user_text      = dd_str_z(outputs[i].text);
        s.max_tokens     = outputs[i].cap;
        s.max_tokens_set = outputs[i].cap > 0;
        s = estimated(s);
        CHECK_EQ(s.output_tokens.low, outputs[i].want.low, outputs[i].why);
        CHECK_EQ(s.output_tokens.expected, outputs[i].want.expected, outputs[i].why);
        CHECK_EQ(s.output_tokens.high, outputs[i].want.high, outputs[i].why);
    }
}

static const struct { const char *why, *system; dd_range want; } lengths[] = {
    { "characters: 80 / 4", "You write titles. Write a title of at most 80 characters.", { 10, 20, 40 } },
    { "words: 1.4 each", "Write a blog post of 500 words.", { 350, 700, 1400 } },
    { "a range: its upper end", "Write a product text in 3-5 sentences.", { 62, 125, 250 } },
    { "a word between", "Summarize the text in 4 short bullets.", { 60, 120, 240 } },
    { "a title without a number", "Generate a short title for the conversation.", { 5, 30, 120 } },
};

TEST(a_length_that_the_prompt_names_counts)
{
    for (size_t i = 0; i < DD_COUNT(lengths); i++) {
        dd_site s = test_site("openai", "t-plain");
        s.system_text = dd_str_z(lengths[i].system);
        s.holes_large = 1;
        s = estimated(s);
        CHECK_EQ(s.output_tokens.low, lengths[i].want.low, lengths[i].why);
        CHECK_EQ(s.output_tokens.expected, lengths[i].want.expected, lengths[i].why);
        CHECK_EQ(s.output_tokens.high, lengths[i].want.high, lengths[i].why);
    }
    dd_site s = test_site("openai", "t-plain"); /* digits at the end of the text, and no unit */
    s.user_text = DD_STR("Write a poem about the number 7000");
    CHECK_EQ(estimated(s).output_tokens.expected, 800, "no unit, no length");
}

TEST(a_response_schema_says_how_long_the_answer_is)
{
    dd_buf b = DD_BUF_INIT(0);
    while (dd_tokens_count(DD_ENC_O200K, dd_buf_str(&b)) < 200)
        dd_buf_addz(&b, "\"name\":{\"type\":\"string\"},");
    dd_site s = test_site("openai", "t-plain");
    s.system_text = DD_STR("Extract the fields.");
    s.tools_text  = dd_buf_str(&b);
    s.json_schema = true;
    int64_t n = dd_tokens_count(DD_ENC_O200K, s.tools_text);
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, n * 60 / 100, "60 % of the schema");
    dd_buf_addz(&b, "\"all\":{\"type\":\"array\"}");
    s.tools_text = dd_buf_str(&b);
    n = dd_tokens_count(DD_ENC_O200K, s.tools_text);
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, n * 3 * 60 / 100, "three times that with lists");
    s.tools_text = DD_STR("{}");
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, 150, "a schema that is not in the source says nothing");
    dd_buf_free(&b);
}

TEST(the_old_completion_stops_at_16)
{
    dd_site s = test_site("openai", "text-davinci-003");
    s.api = DD_STR("completions"), s.user_text = DD_STR("Suggest three names for an animal.");
    CHECK_EQ(estimated(s).output_tokens.expected, 16, "the API's default");
    s.max_tokens = 100, s.max_tokens_set = true;
    CHECK_EQ(estimated(s).output_tokens.expected, 75, "three quarters of a cap below the task's length");
}

TEST(summaries_follow_their_material)
{
    dd_site s = test_site("openai", "t-plain");
    s.system_text = DD_STR("Summarize the article.");
    s.holes_large = 2;
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, 450, "15 % of 2 x 1,500");
    s = test_site("openai", "t-plain");
    s.system_text = DD_STR("Translate the text to German.");
    s.holes_large = 1;
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, 1650, "110 % of 1,500");
}

TEST(reasoning_adds_hidden_tokens)
{
    dd_site s = test_site("openai", "t-think");
    s.user_text = DD_STR("You are a friendly chatbot for customer support.");
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, 350, "the model does not reason by default");
    s.reasoning_effort = DD_STR("high");
    s.reasoning        = true;
    s.cls.complexity   = DD_COMPLEXITY_MEDIUM;
    s = estimated(s);
    CHECK(s.output_tokens.expected >= 350 + 2500); /* high effort; twice that when the task is hard */
    CHECK(dd_str_has(s.tokens_basis, "reasoning (high)"));
    s.reasoning_effort = DD_STR("");
    s.thinking_budget  = 3000;
    s = estimated(s);
    CHECK(s.output_tokens.expected >= 350 + 1000);           /* a third of the budget */
    CHECK(s.output_tokens.high <= 2500 + 3000);
    s = test_site("openai", "t-plain");                      /* cannot reason, whatever is asked */
    s.user_text        = DD_STR("You are a friendly chatbot for customer support.");
    s.reasoning_effort = DD_STR("high");
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, 350, "no such capability");
    s = test_site("openai", "o3");
    s.user_text = DD_STR("You are a friendly chatbot for customer support.");
    s = estimated(s);
    CHECK(s.output_tokens.expected > 350);                   /* reasons by default */
    s = test_site("openai", "gpt-5.4");
    s.user_text = DD_STR("You are a friendly chatbot for customer support.");
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, 350, "its default effort is none");
}

TEST(multipliers)   /* */
{
    dd_site base = test_site("openai", "t-plain");
    base.user_text = DD_STR("Write a blog post about gardening.");
    dd_site one = estimated(base), s = base;
    s.n = 3;
    s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, 3 * one.output_tokens.expected, "n completions");
    CHECK_EQ(s.input_tokens.expected, one.input_tokens.expected, "one prompt");

    s = base, s.loop = 12, s = estimated(s);
    CHECK_EQ(s.calls, 12000, "1,000 runs of 12 items");
    CHECK_EQ(s.per_call.expected, one.per_call.expected, "a call costs the same");
    CHECK_STR(s.calls_basis, "preset default, production: 1,000 runs a month x 12 items");
    s = base, s.loop = 0, s = estimated(s);
    CHECK_EQ(s.calls, 1000, "one item assumed");
    CHECK(dd_str_has(s.calls_basis, "loop of unknown length"));

    /* 3 rounds: in = 3 x first + (0 + 1 + 2) x (200 + 500); out = 2 x 200 + 800 */
    s = base, s.rounds = 3, s = estimated(s);
    CHECK_EQ(s.input_tokens.expected, 3 * one.input_tokens.expected + 3 * 700, "history grows");
    CHECK_EQ(s.output_tokens.expected, 2 * 200 + 800, "steps, then the answer");
    CHECK_EQ(s.per_call.expected, PLAIN(s.input_tokens.expected, s.output_tokens.expected), "no tier in the way");
    s = base, s.rounds = 500, s = estimated(s);
    CHECK_EQ(s.output_tokens.expected, 9 * 200 + 800, "a bound of 500 is not an expectation");
    CHECK_EQ(s.output_tokens.low, one.output_tokens.low, "one round at best");

    s = base, s.batch = true, s = estimated(s);
    CHECK_EQ(s.per_call.expected * 2, one.per_call.expected, "batch is half");
    s = base, s.flex = true, s = estimated(s);
    CHECK_EQ(s.per_call.expected * 2, one.per_call.expected, "flex is half");
    s = base, s.priority = true, s = estimated(s);
    CHECK_EQ(s.per_call.expected, one.per_call.expected, "a price of priority is not known for this model");
    CHECK_EQ(s.per_call.high, one.per_call.high * 2, "so only the upper end doubles");
    s = base, s.retries = 2, s = estimated(s);
    CHECK_EQ(s.monthly.expected, one.monthly.expected, "X-5: retries are the worst case only");
    CHECK_EQ(s.monthly.high, one.monthly.high * 3, "two more attempts");
}

TEST(a_cached_prefix_is_read)   /* */
{
    dd_buf text = DD_BUF_INIT(0);
    while (text.len < 12000)
        dd_buf_addz(&text, "All answers have to follow the house rules of the support team. ");
    dd_site s = test_site("anthropic", "t-cache");
    s.system_text = dd_buf_str(&text);
    s.holes_small = 1;
    s.user_text   = DD_STR("Customer: ");
    dd_site plain = estimated(s);
    int64_t prefix = dd_tokens_count(DD_ENC_O200K, s.system_text);
    CHECK(prefix >= 1024);
    s.cached = true;
    s = estimated(s);
    /* 3.00 - 0.30 = 2.70 USD per million saved on the prefix */
    CHECK_EQ(plain.per_call.expected - s.per_call.expected, prefix * 2700000, "the prefix at the price of a read");
    CHECK_EQ(s.per_call.high - plain.per_call.high, prefix * 750000, "at worst each call writes it: 3.75 - 3.00");
    s.system_text = DD_STR("Be brief.");
    plain = s, plain.cached = false;
    plain = estimated(plain), s = estimated(s);
    CHECK_EQ(s.per_call.expected, plain.per_call.expected, "too short to be cached");
    dd_buf_free(&text);
}

TEST(embeddings_have_no_output)
{
    dd_site s = test_site("openai", "t-embed");
    s.api = DD_STR("embeddings");
    s.holes_large = 1;
    s = estimated(s);
    CHECK_EQ(s.input_tokens.expected, 400, "a chunk, no chat form");
    CHECK_EQ(s.output_tokens.high, 0, "no output");
    CHECK_EQ(s.per_call.expected, 400 * 100000, "0.10 USD per million");
    CHECK(s.suggestion == NULL);
}

TEST(volume_by_context_and_preset)   /* design.md: Volume */
{
    static const struct { const char *preset; int64_t production, script; } want[] = {
        { "default", 1000, 100 }, { "small", 1000, 100 }, { "medium", 30000, 1000 }, { "large", 1000000, 10000 },
    };
    for (size_t i = 0; i < DD_COUNT(want); i++)
        for (int ctx = 0; ctx < DD_CTX_COUNT; ctx++) {
            dd_estimate_opts o = test_opts();
            dd_site s = test_site("openai", "t-plain");
            o.preset  = want[i].preset;
            s.context = (dd_context)ctx;
            run(&s, &o);
            bool billed = ctx == DD_CTX_PRODUCTION || ctx == DD_CTX_SCRIPT;
            CHECK_EQ(s.calls, ctx == DD_CTX_PRODUCTION ? want[i].production : ctx == DD_CTX_SCRIPT ? want[i].script : 0, want[i].preset);
            CHECK_EQ(s.in_total, billed, dd_context_name((dd_context)ctx));
            CHECK(s.per_call.expected > 0);
            CHECK_EQ(s.monthly.expected, s.per_call.expected * s.calls, "priced by call, no month without calls");
        }
    dd_estimate_opts o = test_opts();
    dd_site s = test_site("openai", "t-plain");
    dd_err  err = DD_ERR_INIT;
    o.preset = "huge";
    CHECK_EQ(dd_estimate_site(&s, &arena, prices, &o, &err), DD_ERR_USAGE, "no such preset");
}

static bool fake_glob(dd_str pattern, dd_str path)
{
    return dd_str_eqz(pattern, "app/*") && dd_str_startsz(path, "app/");
}

TEST(the_user_s_figures_win_the_most_specific_first)
{
    dd_usage_rule rules[] = {
        { .context = -1, .path_glob = DD_STR("app/*"), .calls = 500, .tokens_in = -1, .tokens_out = -1 },
        { .context = DD_CTX_PRODUCTION, .calls = 70, .tokens_in = 900, .tokens_out = 33 },
        { .context = -1, .id = DD_STR("0123456789ab"), .calls = 9, .tokens_in = -1, .tokens_out = -1 },
        { .context = DD_CTX_SCRIPT, .calls = 1, .tokens_in = -1, .tokens_out = -1 },
    };
    dd_estimate_opts o = test_opts();
    o.rules = rules, o.glob = fake_glob, o.calls = 5;
    dd_site s = test_site("openai", "t-plain");

    o.n_rules = 0, run(&s, &o);
    CHECK_EQ(s.calls, 5, "--calls over the preset");
    CHECK_STR(s.calls_basis, "--calls: 5 calls a month");
    o.n_rules = 3, run(&s, &o);
    CHECK_EQ(s.calls, 9, "the id over everything");
    CHECK_STR(s.calls_basis, "usage file, by id: 9 calls a month");
    CHECK_EQ(s.input_tokens.expected, 900, "tokens of a rule that gives them");
    CHECK_EQ(s.per_call.low, PLAIN(900, 33), "given figures have no range");
    CHECK_EQ(s.per_call.high, PLAIN(900, 33), "given figures have no range");
    s = test_site("openai", "t-plain");
    o.n_rules = 2, run(&s, &o);
    CHECK_EQ(s.calls, 500, "the path over the context");
    s.note_calls = 77, s.note_tokens_in = 10, s.note_tokens_out = 1;
    run(&s, &o);
    CHECK_EQ(s.calls, 77, "the inline note over path and context");
    CHECK_EQ(s.per_call.expected, PLAIN(10, 1), "and its tokens");
    o.n_rules = 3, run(&s, &o);
    CHECK_EQ(s.calls, 9, "but the id over the note");
    s = test_site("openai", "t-plain");
    s.loop = 5, run(&s, &o);
    CHECK_EQ(s.calls, 9, "calls the user counted are not multiplied again");
    s = test_site("openai", "t-plain");
    s.context = DD_CTX_SCRIPT, s.path = DD_STR("x.py"), s.id = DD_STR("ffffffffffff");
    o.n_rules = 4, run(&s, &o);
    CHECK_EQ(s.calls, 1, "by context");
    rules[3].calls = INT64_MAX;
    dd_err err = DD_ERR_INIT;
    CHECK_EQ(dd_estimate_site(&s, &arena, prices, &o, &err), DD_ERR_RANGE, "a month that cannot be represented is an error");
    CHECK(dd_str_has(dd_str_z(err.msg), "x.py:10"));
}

TEST(unknown_is_apart)
{
    dd_site s = estimated(test_site("openai", "no-such-model-at-all"));
    CHECK_EQ(s.per_call.expected, DD_PUSD_UNKNOWN, "no price");
    CHECK_EQ(s.monthly.high, DD_PUSD_UNKNOWN, "no month");
    CHECK(!s.in_total && s.suggestion == NULL);
    CHECK(s.input_tokens.expected > 0);

    s = estimated(test_site("openai", NULL));
    CHECK_EQ(s.per_call.low, DD_PUSD_UNKNOWN, "dynamic model");
    CHECK(!s.in_total);

    static const dd_str two[] = { { "t-plain", 7 }, { "t-cache", 7 }, { "nobody-knows-it", 15 } };
    s = test_site("", NULL);
    s.candidates = two, s.n_candidates = 3;
    s.note_tokens_in = 1000, s.note_tokens_out = 100;
    s = estimated(s);
    CHECK_EQ(s.per_call.low, PLAIN(1000, 100), "the cheaper candidate");                       /* 2.8e9 */
    CHECK_EQ(s.per_call.high, (dd_pusd)1000 * 3000000 + (dd_pusd)100 * 15000000, "the dearer one");     /* 4.5e9 */
    CHECK_EQ(s.per_call.expected, ((dd_pusd)2800000000 + 4500000000) / 2, "the mean of those with a price");
    CHECK_EQ(s.monthly.expected, DD_PUSD_UNKNOWN, "a range is in no total");
    CHECK(!s.in_total);

    dd_usage_rule rule = { .context = -1, .path_glob = DD_STR("app/*"), .calls = -1, .tokens_in = -1, .tokens_out = -1, .model = DD_STR("t-plain") };
    dd_estimate_opts o = test_opts();
    o.rules = &rule, o.n_rules = 1, o.glob = fake_glob;
    s = test_site("openai", NULL);
    run(&s, &o);
    CHECK(s.in_total && s.model.ptr == NULL); /* dynamic is priced when the user names a model */
    CHECK(dd_str_has(s.tokens_basis, "t-plain from the usage file"));
}

TEST(local_and_other_units_are_apart)
{
    dd_site s = test_site("", "llama3");
    s.local = true;
    s = estimated(s);
    CHECK_EQ(s.monthly.expected, 0, "no API bill: that is 0, not unknown");
    CHECK(!s.in_total && s.n_advice == 0);
    s = test_site("openai", "dall-e-3");
    s.unit = DD_UNIT_IMAGE, s.api = DD_STR("images");
    s = estimated(s);
    CHECK_EQ(s.per_call.expected, DD_PUSD_UNKNOWN, "not billed by tokens");
    CHECK_EQ(s.input_tokens.expected, -1, "and no tokens are claimed");
    s = test_site("openai", "t-plain");
    s.ignore = true;
    s = estimated(s);
    CHECK(!s.in_total && s.suggestion == NULL && s.n_advice == 0);
}

TEST(retired_models_are_priced_at_their_last_price)   /* design.md; data of 2026-11-20: gpt-4 ended 2026-10-23, 30 and 60 USD */
{
    dd_site s = test_site("openai", "gpt-4");
    s.note_tokens_in = 1000, s.note_tokens_out = 100;
    s = estimated(s);
    CHECK(s.in_total);
    CHECK_EQ(s.per_call.expected, (dd_pusd)1000 * 30000000 + (dd_pusd)100 * 60000000, "1,000 x 30 + 100 x 60");
    CHECK(s.n_advice >= 1 && s.advice[0].kind == DD_ADVICE_RETIRED);
    CHECK(dd_str_has(s.advice[0].text, "2026-10-23"));
}

TEST(the_name_helps_when_the_prompt_is_not_in_the_source)
{
    dd_site s = test_site("openai", "t-plain");
    s.symbol = DD_STR("ReportService.translateText");
    s = estimated(s);
    CHECK_EQ(s.cls.task, DD_TASK_TRANSLATION, "by the method's name");
    s = test_site("openai", "t-plain");
    s.path = DD_STR("lib/summarizer.ts");
    s = estimated(s);
    CHECK_EQ(s.cls.task, DD_TASK_SUMMARIZATION, "by the file's name");
    CHECK_EQ(s.input_tokens.expected, 1000 + overhead(1), "the prompt itself is assumed");
}

TEST(an_audit_adds_up)
{
    dd_site sites[7];
    dd_site *list[7];
    for (int i = 0; i < 7; i++) {
        sites[i] = test_site("openai", "t-plain");
        sites[i].note_tokens_in = 1000, sites[i].note_tokens_out = 100; /* 2.8e9 picodollars a call */
        sites[i].line = (uint32_t)(100 - i);
        list[i]  = &sites[i];
    }
    sites[1].path = DD_STR("jobs/nightly.py"), sites[1].context = DD_CTX_SCRIPT;
    sites[2].context = DD_CTX_TEST;
    sites[3].model = DD_STR("nobody-knows-it");
    sites[4].local = true;
    sites[5].unit = DD_UNIT_AUDIO;
    sites[6].model = DD_STR("t-cache"), sites[6].provider = DD_STR("anthropic"); /* 4.5e9 a call */

    dd_audit a = { .sites = list, .n_sites = 7 };
    dd_estimate_opts o = test_opts();
    dd_err err = DD_ERR_INIT;
    if (prices == NULL)
        prices = test_prices();
    CHECK_OK(dd_estimate_audit(&a, prices, &o, &err));
    /* 1,000 x 2.8e9 + 100 x 2.8e9 + 1,000 x 4.5e9 = 7.58e12 = $7.58 */
    CHECK_EQ(a.monthly.expected, 7580000000000, "the bill");
    CHECK_EQ(a.n_in_total, 3, "two production, one script");
    CHECK_EQ(a.n_priced, 4, "and a test");
    CHECK_EQ(a.n_unknown, 1, "unknown");
    CHECK_EQ(a.n_local, 1, "local");
    CHECK_EQ(a.n_not_tokens, 1, "audio");
    CHECK_EQ(a.n_priced + a.n_unknown + a.n_local + a.n_not_tokens + a.n_ignored, a.n_sites, "each site is one kind");
    CHECK_EQ(a.per_1000.expected, 1000 * (3 * (dd_pusd)2800000000 + 4500000000), "1,000 calls of every priced site");
    CHECK(!a.no_production);
    CHECK_EQ(a.n_by_model, 2, "models in the bill");
    CHECK_STR(a.by_model[0].name, "t-cache");
    CHECK_STR(a.by_provider[0].name, "anthropic");
    CHECK_EQ(a.by_model[1].sites, 2, "sites of the other");
    CHECK_STR(a.by_dir[0].name, "app");
    CHECK_STR(a.by_dir[1].name, "jobs");
    CHECK_EQ(a.by_dir[0].monthly.expected + a.by_dir[1].monthly.expected, a.monthly.expected, "folders add up");
    dd_pusd files = 0;
    for (size_t i = 0; i < a.n_by_file; i++)
        files += a.by_file[i].monthly.expected;
    CHECK_EQ(files, a.monthly.expected, "files add up");
    CHECK(a.n_assumptions >= 2);
    CHECK_STR(a.assumptions[0], "volume of 2 sites in production by preset default: 1,000 calls a month each");
    CHECK_STR(a.assumptions[1], "volume of 1 site in scripts by preset default: 100 runs a month each");
    CHECK_STR(a.volume_basis, "preset default");
    for (size_t i = 1; i < a.n_opportunities; i++)
        CHECK(a.opportunities[i - 1]->suggestion->monthly >= a.opportunities[i]->suggestion->monthly);
    dd_arena_fini(&a.arena);
}

TEST(a_total_past_the_range_is_an_error)
{
    dd_site s[3], *list[3];
    for (int i = 0; i < 3; i++) {
        s[i] = test_site("openai", "t-plain");
        s[i].note_calls = 1000000000, s[i].note_tokens_in = 2000000, s[i].note_tokens_out = 0; /* 4 USD x 1e9 is past 9.2e6 USD */
        list[i] = &s[i];
    }
    dd_audit a = { .sites = list, .n_sites = 3 };
    dd_estimate_opts o = test_opts();
    dd_err err = DD_ERR_INIT;
    CHECK_EQ(dd_estimate_audit(&a, prices, &o, &err), DD_ERR_RANGE, "one site");
    for (int i = 0; i < 3; i++)
        s[i].note_calls = 2000000; /* 8e6 USD each: each fits, the sum does not */
    CHECK_EQ(dd_estimate_audit(&a, prices, &o, &err), DD_ERR_RANGE, "the sum");
    dd_arena_fini(&a.arena);
}
