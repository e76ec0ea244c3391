/* R10.4 and issue of a trace: names are those of the GenAI conventions, times and sums are reckoned here by hand. */
#include "route/trace.h"
#include "tests/unit/test.h"

static const dd_usage none = { -1, -1, -1, -1, -1 };

/* Two attempts: openai fails after 300 ms, anthropic answers. 10 ms until the key is known, then 2 + 1 + 1 ms of ours. */
static const dd_attempt two[] = {
    { .provider = { "openai", 6 }, .model = { "gpt-4o", 6 }, .status = 500, .error = DD_EC_UPSTREAM, .start_us = 14000, .first_us = 310000,
        .total_us = 300000,
      .usage = { -1, -1, -1, -1, -1 }, .cost = DD_PUSD_UNKNOWN },
    { .provider = { "mistral", 7 }, .model = { "mistral-small", 13 }, .status = 200, .start_us = 320000, .first_us = 400000, .total_us = 600000,
      .usage = { 100, 30, 20, 7, 40 }, .cost = 2500000000 },
};

static dd_event sample(void)
{
    return (dd_event){
        .id = 123456789, .time_ms = 1795000000000, .org = DD_STR("default"), .key_id = DD_STR("k1"), .user = DD_STR("jane@example.org"),
        .team = DD_STR("web"), .feature = DD_STR("chat"), .tags = DD_STR("{\"ticket\":\"T-77\"}"), .task = DD_STR("chat"),
            .strategy = DD_STR("fallback"),
        .route = DD_STR("cheap"), .endpoint = DD_STR("chat.completions"), .requested_model = DD_STR("gpt-4o"), .used_model = DD_STR("mistral-small"),
        .provider = DD_STR("mistral"), .stream = true, .status = 200, .usage = { 100, 30, 20, 7, 40 }, .reasoning_tokens = 12,
        .cost_original = 10000000000, .cost_actual = 2500000000, .cost_saved = 7500000000, .first_us = 420000, .total_us = 925000,
            .overhead_us = 25000,
        .queue_us = 10000, .attempts = two, .n_attempts = 2, .retries = 1, .complexity = DD_STR("low"), .score = 0.25,
        .considered = DD_STR("[{\"model\":\"openai/gpt-4o\",\"why\":\"x\"}]"), .cost_premium = DD_PUSD_UNKNOWN, .cache = DD_STR("miss"),
        .prompt_hash = DD_STR("aa"), .rules = DD_STR("[\"a\",\"b\"]"), .finish_reason = DD_STR("stop"),
            .trace_id = DD_STR("0af7651916cd43dd8448eb211c80319c"),
        .parent_span = DD_STR("b7ad6b7169203331"), .auth_us = 500, .decide_us = 2000, .cache_us = 1000, .prepare_us = 800, .answer_us = 3000,
    };
}

static const dd_span *find(const dd_trace *t, dd_span_kind kind, size_t nth)
{
    for (size_t i = 0; i < t->n_spans; i++)
        if (t->spans[i].kind == kind && nth-- == 0)
            return &t->spans[i];
    return NULL;
}

static const dd_attr *attr(const dd_span *s, const char *name)
{
    for (size_t i = 0; s && i < s->n_attrs; i++)
        if (strcmp(s->attrs[i].name, name) == 0)
            return &s->attrs[i];
    return NULL;
}

static dd_str word(const dd_span *s, const char *name)
{
    const dd_attr *a = attr(s, name);
    return a ? a->text : DD_STR("(none)");
}

static int64_t count(const dd_span *s, const char *name)
{
    const dd_attr *a = attr(s, name);
    return a && (a->kind == DD_ATTR_INT || a->kind == DD_ATTR_BOOL) ? a->number : -99;
}

/* in units of 1e-9 */
static int64_t nano(const dd_span *s, const char *name)
{
    const dd_attr *a = attr(s, name);
    return a && a->kind == DD_ATTR_DOUBLE ? (int64_t)(a->real * 1e9 + (a->real < 0 ? -0.5 : 0.5)) : -99;
}

TEST(trace_of_a_fallback)
{
    static const struct { dd_span_kind kind; const char *name; int64_t start, duration; } want[] = {
        { DD_SPAN_REQUEST, "POST /v1/chat/completions", 0, 925000 },
        { DD_SPAN_AUTH, "auth", 9500, 500 },
        { DD_SPAN_DECISION, "ai_routing_decision", 10000, 2000 },
        { DD_SPAN_CACHE, "cache", 12000, 1000 },
        { DD_SPAN_PREPARE, "transform request", 13200, 800 },             /* until the first attempt */
        { DD_SPAN_ATTEMPT, "chat gpt-4o", 14000, 300000 },
        { DD_SPAN_ATTEMPT, "chat mistral-small", 320000, 600000 },
        { DD_SPAN_ANSWER, "transform answer", 922000, 3000 },
    };
    dd_arena arena = DD_ARENA_INIT;
    dd_event e     = sample();
    dd_trace t;
    dd_trace_make(&e, &arena, &t);
    CHECK_EQ(t.n_spans, DD_COUNT(want), "one span a step");
    for (size_t i = 0; i < t.n_spans && i < DD_COUNT(want); i++) {
        CHECK_EQ(t.spans[i].kind, want[i].kind, want[i].name);
        CHECK_STR(t.spans[i].name, want[i].name);
        CHECK_EQ(t.spans[i].start_us, want[i].start, want[i].name);
        CHECK_EQ(t.spans[i].duration_us, want[i].duration, want[i].name);
        CHECK_EQ(t.spans[i].parent, i ? 0 : -1, "R10.4: children of the request");
        CHECK(t.spans[i].id != 0);
        CHECK_EQ(t.spans[i].client, want[i].kind == DD_SPAN_ATTEMPT, "an attempt is a call to somebody else");
        for (size_t k = 0; k < i; k++)
            CHECK(t.spans[i].id != t.spans[k].id);
    }
    CHECK(t.parent_span == UINT64_C(0xb7ad6b7169203331));
    CHECK(t.trace_id[0] == 0x0a && t.trace_id[15] == 0x9c);
    CHECK(t.sampled);
    CHECK(t.start_ns == INT64_C(1795000000000) * 1000000 - 925000000);   /* the event's time is its end */
    CHECK(t.spans[0].id == dd_trace_span(e.id, 0) && t.spans[5].id == dd_trace_span(e.id, 1) && t.spans[6].id == dd_trace_span(e.id, 2));
    CHECK_STR(t.spans[0].error, "");
    CHECK_STR(t.spans[5].error, "upstream");
    CHECK_STR(t.spans[6].error, "");
    dd_arena_fini(&arena);
}

TEST(trace_of_who_was_asked_beside)
{
    static const dd_attempt asides[] = {
        { .provider = { "openai", 6 }, .model = { "luna", 4 }, .status = 200, .start_us = 10500, .total_us = 1000, .usage = { 80, 0, 0, 0, 3 }, .cost = 1000000000,
          .purpose = DD_CALL_CLASSIFIES },
        { .provider = { "judge", 5 }, .model = { "gpt-4o", 6 }, .status = 0, .error = DD_EC_TIMEOUT, .start_us = 315000, .total_us = 4000,
          .usage = { -1, -1, -1, -1, -1 }, .cost = DD_PUSD_UNKNOWN, .purpose = DD_CALL_VERIFIES },
    };
    static const dd_span_kind want[] = { DD_SPAN_REQUEST, DD_SPAN_AUTH, DD_SPAN_DECISION, DD_SPAN_ASIDE, DD_SPAN_CACHE, DD_SPAN_PREPARE, DD_SPAN_ATTEMPT,
                                         DD_SPAN_ASIDE, DD_SPAN_ATTEMPT, DD_SPAN_ANSWER };
    dd_arena arena = DD_ARENA_INIT;
    dd_event e     = sample();
    dd_trace t;
    e.asides   = asides;
    e.n_asides = 2;
    dd_trace_make(&e, &arena, &t);
    CHECK_EQ(t.n_spans, DD_COUNT(want), "one each");
    for (size_t i = 0; i < t.n_spans && i < DD_COUNT(want); i++) {
        CHECK_EQ(t.spans[i].kind, want[i], "by their starts");
        CHECK(i == 0 || t.spans[i].start_us >= t.spans[i - 1].start_us);
        for (size_t k = 0; k < i; k++)
            CHECK(t.spans[i].id != t.spans[k].id);
    }
    const dd_span *class = find(&t, DD_SPAN_ASIDE, 0), *verify = find(&t, DD_SPAN_ASIDE, 1);
    CHECK(class && verify && class->client && verify->client);
    CHECK_STR(class->name, "chat luna");
    CHECK_STR(word(class, "dd0c.purpose"), "classify");
    CHECK_EQ(count(class, "gen_ai.usage.input_tokens"), 80, "its own");
    CHECK(attr(class, "dd0c.cost") && attr(class, "dd0c.cost")->real == 0.001);
    CHECK(!attr(class, "dd0c.attempt") && !attr(class, "gen_ai.request.stream"));
    CHECK_STR(word(verify, "dd0c.purpose"), "verify");
    CHECK_STR(word(verify, "error.type"), "timeout");
    CHECK_STR(verify->error, "timeout");
    CHECK(!attr(verify, "dd0c.cost") && !attr(verify, "http.response.status_code"));   /* not known is left out */
    CHECK(find(&t, DD_SPAN_ATTEMPT, 1)->id == dd_trace_span(e.id, 2));                  /* what the provider was told */
    dd_arena_fini(&arena);
}

TEST(trace_attributes)
{
    dd_arena arena = DD_ARENA_INIT;
    dd_event e     = sample();
    dd_trace t;
    dd_trace_make(&e, &arena, &t);
    const dd_span *r = find(&t, DD_SPAN_REQUEST, 0), *d = find(&t, DD_SPAN_DECISION, 0), *bad = find(&t, DD_SPAN_ATTEMPT, 0), *good = find(&t,
        DD_SPAN_ATTEMPT, 1);
    CHECK_STR(word(r, "http.request.method"), "POST");
    CHECK_STR(word(r, "http.route"), "/v1/chat/completions");
    CHECK_EQ(count(r, "http.response.status_code"), 200, "status");
    CHECK_STR(word(r, "dd0c.request.id"), "req_00000003nqk8n");
    CHECK_STR(word(r, "dd0c.team"), "web");
    CHECK_STR(word(r, "dd0c.key.id"), "k1");
    CHECK_EQ(nano(r, "dd0c.cost"), 2500000, "0.0025 USD");
    CHECK_EQ(nano(r, "dd0c.saved"), 7500000, "0.0075 USD");
    CHECK_EQ(count(r, "dd0c.overhead_us"), 25000, "overhead");
    CHECK_STR(word(d, "ai.model_selected"), "mistral-small");
    CHECK_STR(word(d, "ai.model_alternatives"), "[{\"model\":\"openai/gpt-4o\",\"why\":\"x\"}]");
    CHECK_EQ(nano(d, "ai.cost_delta"), -7500000, "R10.4: against the requested model, 0.0025 - 0.01");
    CHECK_EQ(nano(d, "ai.complexity_score"), 250000000, "R10.4");
    CHECK_STR(word(d, "ai.routing_strategy"), "fallback");
    CHECK_STR(word(d, "ai.prompt_hash"), "aa");
    CHECK_STR(word(d, "dd0c.route"), "cheap");
    CHECK_STR(word(d, "dd0c.rules"), "[\"a\",\"b\"]");
    CHECK_STR(word(find(&t, DD_SPAN_CACHE, 0), "dd0c.cache"), "miss");

    CHECK_STR(word(good, "gen_ai.operation.name"), "chat");
    CHECK_STR(word(good, "gen_ai.provider.name"), "mistral_ai");
    CHECK_STR(word(good, "gen_ai.request.model"), "mistral-small");
    CHECK_STR(word(good, "gen_ai.response.model"), "mistral-small");
    CHECK_EQ(count(good, "gen_ai.request.stream"), 1, "streamed");
    CHECK_EQ(count(good, "gen_ai.usage.input_tokens"), 157, "all that went in: 100 + 30 + 20 + 7");
    CHECK_EQ(count(good, "gen_ai.usage.cache_read.input_tokens"), 30, "of them from the cache");
    CHECK_EQ(count(good, "gen_ai.usage.cache_creation.input_tokens"), 27, "20 + 7 into it");
    CHECK_EQ(count(good, "gen_ai.usage.output_tokens"), 40, "out");
    CHECK_EQ(count(good, "gen_ai.usage.reasoning.output_tokens"), 12, "of them reasoning");
    CHECK_EQ(attr(good, "gen_ai.response.finish_reasons") ? (int)attr(good, "gen_ai.response.finish_reasons")->kind : -1, DD_ATTR_TEXTS, "an array");
    CHECK_EQ(nano(good, "gen_ai.response.time_to_first_chunk"), 100000000, "seconds since the attempt's start: 420 - 320 ms");
    CHECK_EQ(nano(good, "dd0c.cost"), 2500000, "cost");
    CHECK(!attr(good, "error.type"));

    CHECK_STR(word(bad, "error.type"), "upstream");
    CHECK_EQ(count(bad, "http.response.status_code"), 500, "status");
    CHECK(!attr(bad, "gen_ai.response.model") && !attr(bad, "gen_ai.usage.input_tokens") && !attr(bad, "dd0c.cost"));    /* unknown is no 0 */
    CHECK(!attr(bad, "gen_ai.response.finish_reasons") && !attr(bad, "gen_ai.response.time_to_first_chunk"));
    dd_arena_fini(&arena);
}

TEST(trace_names_nobody)      /* R10.4: no personal data; no tags, no user */
{
    dd_arena arena = DD_ARENA_INIT;
    dd_event e     = sample();
    dd_trace t;
    e.session = DD_STR("00112233445566ff");
    dd_trace_make(&e, &arena, &t);
    for (size_t i = 0; i < t.n_spans; i++) {
        CHECK(!dd_str_has(t.spans[i].name, "jane"));
        for (size_t k = 0; k < t.spans[i].n_attrs; k++)
            CHECK(!dd_str_has(t.spans[i].attrs[k].text, "jane") && !dd_str_has(t.spans[i].attrs[k].text, "T-77"));
    }
    dd_arena_fini(&arena);
}

static void check_inside(const dd_trace *t, const char *why)
{
    int64_t last = 0;
    for (size_t i = 0; i < t->n_spans; i++) {
        const dd_span *s = &t->spans[i];
        CHECK(s->start_us >= last);
        if (t->spans[0].duration_us >= 0 && s->start_us + (s->duration_us > 0 ? s->duration_us : 0) > t->spans[0].duration_us)
            dd_test_fail(__FILE__, __LINE__, "%s: span %zu ends behind the request", why, i);
        last = s->start_us;
    }
}

TEST(trace_of_what_never_went_out)
{
    dd_arena arena = DD_ARENA_INIT;
    dd_trace t;
    dd_event refused = { .id = 7, .time_ms = 1795000000000, .endpoint = DD_STR("messages"), .status = 401, .error = DD_EC_AUTH, .usage = none,
        .total_us = 900,
                         .queue_us = -1, .first_us = -1, .overhead_us = 900, .auth_us = 300, .decide_us = -1, .cache_us = -1, .prepare_us = -1,
                             .answer_us = -1,
                         .cost_original = DD_PUSD_UNKNOWN, .cost_actual = DD_PUSD_UNKNOWN, .cost_saved = DD_PUSD_UNKNOWN, .score = -1,
                             .reasoning_tokens = -1 };
    dd_trace_make(&refused, &arena, &t);
    CHECK_EQ(t.n_spans, 2, "401: the request and auth");
    CHECK_STR(t.spans[0].error, "auth");
    CHECK_STR(t.spans[1].error, "auth");
    CHECK_EQ(t.spans[1].start_us, 600, "auth is the last that was done");
    CHECK(!attr(&t.spans[0], "dd0c.cost"));

    dd_event budget = refused;
    budget.status = 402, budget.error = DD_EC_BUDGET, budget.queue_us = 500, budget.decide_us = 200, budget.strategy = DD_STR("cheapest"),
        budget.budget = DD_STR("team web");
    dd_trace_make(&budget, &arena, &t);
    CHECK_EQ(t.n_spans, 3, "402: the decision says no");
    CHECK_STR(t.spans[1].error, "");
    CHECK_STR(t.spans[2].error, "budget");
    CHECK_STR(word(&t.spans[2], "dd0c.budget"), "team web");
    CHECK_STR(word(&t.spans[2], "ai.model_alternatives"), "[]");

    dd_event hit = budget;
    hit.status = 200, hit.error = DD_EC_NONE, hit.cache = DD_STR("hit"), hit.cache_us = 100, hit.answer_us = -1;
    dd_trace_make(&hit, &arena, &t);
    CHECK_EQ(t.n_spans, 4, "a kept answer: nobody is asked");
    CHECK_STR(word(&t.spans[3], "dd0c.cache"), "hit");
    CHECK_EQ(t.spans[3].start_us, 700, "behind the decision");
    check_inside(&t, "hit");

    dd_event http = { .id = 9, .endpoint = DD_STR("refused"), .status = 400, .error = DD_EC_INVALID, .usage = none, .total_us = -1, .queue_us = -1,
        .first_us = -1,
                      .overhead_us = -1, .auth_us = -1, .decide_us = -1, .cache_us = -1, .prepare_us = -1, .answer_us = -1, .score = -1,
                          .reasoning_tokens = -1,
                      .cost_original = DD_PUSD_UNKNOWN, .cost_actual = DD_PUSD_UNKNOWN, .cost_saved = DD_PUSD_UNKNOWN };
    dd_trace_make(&http, &arena, &t);
    CHECK_EQ(t.n_spans, 1, "what HTTP refused");
    CHECK_STR(t.spans[0].name, "refused");
    CHECK_EQ(t.spans[0].duration_us, -1, "not known is not 0");
    CHECK(!attr(&t.spans[0], "dd0c.overhead_us") && !attr(&t.spans[0], "http.route"));
    dd_arena_fini(&arena);
}

/* Times that clocks or old records make impossible: nothing leaves its parent, nothing goes back. */
TEST(trace_stays_inside)
{
    static const int64_t odd[] = { -1, 0, 1, 5, 1000, 999999999 };
    dd_arena arena = DD_ARENA_INIT;
    dd_trace t;
    uint64_t seed = 42;
    for (int round = 0; round < 5000; round++) {
        dd_event   e = sample();
        dd_attempt a[2] = { two[0], two[1] };
        int64_t   *const v[] = { &e.total_us, &e.queue_us, &e.auth_us, &e.decide_us, &e.cache_us, &e.prepare_us, &e.answer_us, &e.first_us,
                                 &a[0].start_us, &a[0].total_us, &a[1].start_us, &a[1].total_us };
        for (size_t i = 0; i < DD_COUNT(v); i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            *v[i] = odd[(seed >> 33) % DD_COUNT(odd)];
        }
        e.attempts = a;
        dd_trace_make(&e, &arena, &t);
        check_inside(&t, "odd");
        if (round % 64 == 0)
            dd_arena_fini(&arena);
    }
    dd_arena_fini(&arena);
}

TEST(trace_of_an_event_without_one)
{
    dd_arena arena = DD_ARENA_INIT;
    dd_event e     = sample(), other = sample();
    dd_trace a, b, c;
    e.trace_id = other.trace_id = DD_STR("");
    other.id++;
    dd_trace_make(&e, &arena, &a);
    dd_trace_make(&e, &arena, &b);
    dd_trace_make(&other, &arena, &c);
    CHECK(memcmp(a.trace_id, b.trace_id, 16) == 0);
    CHECK(memcmp(a.trace_id, c.trace_id, 16) != 0);
    CHECK(a.parent_span == 0);                 /* a parent in another trace is none */
    e.trace_id = DD_STR("0af7651916cd43dd8448eb211c80319x");
    dd_trace_make(&e, &arena, &b);
    CHECK(memcmp(a.trace_id, b.trace_id, 16) == 0);
    e.unsampled = true;
    dd_trace_make(&e, &arena, &b);
    CHECK(!b.sampled);
    dd_arena_fini(&arena);
}

TEST(trace_words)
{
    CHECK_STR(dd_trace_operation(DD_STR("messages")), "chat");
    CHECK_STR(dd_trace_operation(DD_STR("completions")), "text_completion");
    CHECK_STR(dd_trace_operation(DD_STR("embeddings")), "embeddings");
    CHECK_STR(dd_trace_operation(DD_STR("passthrough")), "passthrough");
    CHECK_STR(dd_trace_provider(DD_STR("openai")), "openai");
    CHECK_STR(dd_trace_provider(DD_STR("gemini")), "gcp.gemini");
    CHECK_STR(dd_trace_provider(DD_STR("xai")), "x_ai");
    CHECK_STR(dd_trace_provider(DD_STR("azure")), "azure.ai.openai");
    CHECK_STR(dd_trace_provider(DD_STR("ours")), "ours");
}

#define T "0af7651916cd43dd8448eb211c80319c"
#define S "b7ad6b7169203331"
static const struct { const char *why, *header; bool ok, sampled; } parents[] = {      /* W3C Trace Context, level 1, section 3.2.2 */
    { "the specification's example", "00-" T "-" S "-01", true, true },
    { "not sampled", "00-" T "-" S "-00", true, false },
    { "other flags are ignored", "00-" T "-" S "-fe", true, false },
    { "random flag of level 2", "00-" T "-" S "-03", true, true },
    { "a later version", "cc-" T "-" S "-01", true, true },
    { "a later version with more", "cc-" T "-" S "-01-what-the-future-will-be-like", true, true },
    { "a later version without a dash", "cc-" T "-" S "-01.what", false, false },
    { "version 00 has nothing more", "00-" T "-" S "-01-x", false, false },
    { "a trailing dash", "00-" T "-" S "-01-", false, false },
    { "version ff", "ff-" T "-" S "-01", false, false },
    { "a trace of zeros", "00-00000000000000000000000000000000-" S "-01", false, false },
    { "a parent of zeros", "00-" T "-0000000000000000-01", false, false },
    { "capitals", "00-0AF7651916CD43DD8448EB211C80319C-" S "-01", false, false },
    { "a capital version", "0A-" T "-" S "-01", false, false },
    { "no hex", "00-" T "-b7ad6b716920333g-01", false, false },
    { "flags no hex", "00-" T "-" S "-0x", false, false },
    { "short", "00-" T "-" S "-0", false, false },
    { "nothing", "", false, false },
    { "other dividers", "00_" T "-" S "-01", false, false },
    { "a short trace", "00-0af7651916cd43dd8448eb211c80319-" S "-011", false, false },
};

TEST(traceparent_read)
{
    for (size_t i = 0; i < DD_COUNT(parents); i++) {
        dd_traceparent p = { .sampled = false };
        CHECK_EQ(dd_traceparent_read(dd_str_z(parents[i].header), &p), parents[i].ok, parents[i].why);
        CHECK_EQ(p.sampled, parents[i].sampled, parents[i].why);
        if (parents[i].ok) {
            CHECK_STR(dd_str_z(p.trace_id), T);
            CHECK_STR(dd_str_z(p.parent_span), S);
        }
    }
}

TEST(traceparent_write)
{
    char out[56], id[33];
    dd_traceparent_write(T, UINT64_C(0xb7ad6b7169203331), true, out);
    CHECK_STR(dd_str_z(out), "00-" T "-" S "-01");
    dd_traceparent_write(T, 0x0a, false, out);
    CHECK_STR(dd_str_z(out), "00-" T "-000000000000000a-00");
    dd_trace_new_id(0, 0, id);
    CHECK_STR(dd_str_z(id), "00000000000000000000000000000001");
    dd_trace_new_id(UINT64_C(0x0123456789abcdef), 16, id);
    CHECK_STR(dd_str_z(id), "0123456789abcdef0000000000000010");
    for (int64_t e = 0; e < 1000; e++)
        for (unsigned n = 0; n < 4; n++)
            CHECK(dd_trace_span(e, n) != 0 && dd_trace_span(e, n) != dd_trace_span(e, n + 1) && dd_trace_span(e, n) != dd_trace_span(e + 1, n));
}
