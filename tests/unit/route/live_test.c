#include <pthread.h>

#include "route/live.h"
#include "tests/unit/test.h"

static const dd_breaker_rule rule = { .error_rate = 0.10, .window_ms = 60000, .cooldown_ms = 30000, .min_requests = 20, .probes = 1 };

TEST(live_slots_are_found_again)
{
    dd_live *l = dd_live_new(64, 64);
    uint32_t a = dd_live_slot(l, DD_STR("openai"), DD_STR("gpt-4o"), 0, true), b = dd_live_slot(l, DD_STR("openai"), DD_STR("gpt-4o-mini"), 0, true);
    CHECK(a != b && a != DD_LIVE_NONE && b != DD_LIVE_NONE);
    CHECK_EQ(dd_live_slot(l, DD_STR("openai"), DD_STR("gpt-4o"), 0, false), a, "the same name, the same slot");
    CHECK(dd_live_slot(l, DD_STR("openai"), DD_STR("gpt-4o"), 42, true) != a);
    CHECK_EQ(dd_live_slot(l, DD_STR("nobody"), DD_STR("gpt-4o"), 0, false), DD_LIVE_NONE, "asked about, not made");
    dd_live_name name;
    CHECK(dd_live_at(l, b, &name));
    CHECK_STR(dd_str_z(name.model), "gpt-4o-mini");
    for (int i = 0; i < 1000; i++) {           /* names without end: the table fills, and says so */
        char model[32];
        snprintf(model, sizeof model, "made-up-%d", i);
        dd_live_slot(l, DD_STR("openai"), dd_str_z(model), 0, true);
    }
    CHECK_EQ(dd_live_slot(l, DD_STR("openai"), DD_STR("one-more"), 0, true), DD_LIVE_NONE, "full");
    CHECK(dd_live_begin(l, DD_LIVE_NONE, &rule, false, 1));   /* what is not known goes on */
    CHECK(!dd_live_end(l, DD_LIVE_NONE, &rule, DD_LIVE_FAILED, -1, -1, 1));
    CHECK_EQ(dd_live_slot(l, DD_STR("openai"), DD_STR("gpt-4o"), 0, false), a, "the first ones stay");
    dd_live_free(l);
}

TEST(live_breaker_and_averages)    /* R2.4, RO.2 */
{
    dd_live      *l = dd_live_new(0, 0);
    uint32_t      s = dd_live_slot(l, DD_STR("groq"), DD_STR("llama"), 0, true);
    dd_live_facts f;
    CHECK(dd_live_look(l, s, &rule, 1000, &f));
    CHECK(f.latency_ms < 0 && f.error_rate < 0);
    for (int i = 0; i < 100; i++) {
        CHECK(dd_live_begin(l, s, &rule, false, 1000));
        dd_live_end(l, s, &rule, DD_LIVE_GOOD, 200000, 50000, 1000);
    }
    dd_live_look(l, s, &rule, 1000, &f);
    CHECK_EQ(f.latency_ms, 200, "the average of equal values");
    CHECK_EQ(f.first_ms, 50, "to the first token");
    CHECK_EQ(f.error_rate * 1000, 0, "no errors");
    bool opened = false;
    for (int i = 0; i < 12 && !opened; i++) {
        CHECK(dd_live_begin(l, s, &rule, false, 2000));
        opened = dd_live_end(l, s, &rule, DD_LIVE_FAILED, -1, -1, 2000);
    }
    CHECK(opened);                              /* 12 of 112 */
    CHECK(!dd_live_begin(l, s, &rule, false, 2001));
    CHECK(dd_live_begin(l, s, &rule, true, 2001));   /* nowhere else to go: sent all the same */
    CHECK(!dd_live_end(l, s, &rule, DD_LIVE_GOOD, 1000, 1000, 2002));
    CHECK(dd_live_begin(l, s, &rule, false, 32001));
    CHECK(!dd_live_end(l, s, &rule, DD_LIVE_NEITHER, -1, -1, 32002));   /* the client left: the probe said nothing */
    CHECK(dd_live_begin(l, s, &rule, false, 32003));
    CHECK(dd_live_end(l, s, &rule, DD_LIVE_GOOD, 1000, 1000, 32004));
    dd_live_look(l, s, &rule, 32004, &f);
    CHECK_EQ(f.breaker, DD_BREAKER_CLOSED, "closed again");
    CHECK_EQ(f.under_way, 0, "all ended");
    dd_live_free(l);
}

TEST(live_keys_aside)
{
    dd_live *l = dd_live_new(0, 0);
    uint32_t s = dd_live_slot(l, DD_STR("openai"), DD_STR(""), 7, true);
    CHECK(!dd_live_is_aside(l, s, 10));
    dd_live_aside(l, s, 1000);
    CHECK(dd_live_is_aside(l, s, 999));
    CHECK(!dd_live_is_aside(l, s, 1000));
    dd_live_free(l);
}

TEST(live_retries_are_a_share_of_requests)
{
    dd_live *l = dd_live_new(0, 0);
    int      n = 0;
    while (n < 10000 && dd_live_retry(l, 0.2, 10, 1000))
        n++;
    CHECK_EQ(n, 200, "a rush: ten seconds of 10, and a fifth of 500");
    for (int i = 0; i < 50; i++)
        dd_live_request(l, 0.2, 10, 1000);
    for (n = 0; n < 100 && dd_live_retry(l, 0.2, 10, 1000);)
        n++;
    CHECK_EQ(n, 10, "50 requests bring 10");
    for (n = 0; n < 100 && dd_live_retry(l, 0.2, 10, 3000);)
        n++;
    CHECK_EQ(n, 20, "two seconds bring 20");
    dd_live_free(l);
}

TEST(live_sessions_stick)
{
    dd_live        *l = dd_live_new(16, 8);
    dd_live_session s;
    CHECK(!dd_live_session_find(l, 5, &s));
    dd_live_session_put(l, 5, 3, 12345, 100);
    CHECK(dd_live_session_find(l, 5, &s));
    CHECK_EQ(s.target, 3, "its model");
    CHECK_EQ(s.cached_tokens, 12345, "what is kept there");
    CHECK_EQ(s.last_ms, 100, "when");
    CHECK(!dd_live_session_find(l, 0, &s));
    for (uint64_t i = 100; i < 200; i++)
        dd_live_session_put(l, i, 1, 1, (int64_t)i);
    CHECK(!dd_live_session_find(l, 5, &s));     /* the newest win */
    CHECK(dd_live_session_find(l, 199, &s));
    dd_live_free(l);
}

static void *work(void *arg)
{
    dd_live *l = arg;
    for (int i = 0; i < 5000; i++) {
        char model[16];
        snprintf(model, sizeof model, "m%d", i % 40);
        uint32_t s = dd_live_slot(l, DD_STR("p"), dd_str_z(model), 0, true);
        dd_live_begin(l, s, &rule, true, i);
        dd_live_end(l, s, &rule, i % 3 ? DD_LIVE_GOOD : DD_LIVE_FAILED, 1000, 500, i);
        dd_live_session_put(l, (uint64_t)(i % 64) + 1, s, i, i);
        dd_live_session out;
        if (dd_live_session_find(l, (uint64_t)(i % 64) + 1, &out))
            CHECK(out.target < dd_live_count(l));
    }
    return NULL;
}

TEST(live_shared_by_threads)
{
    dd_live  *l = dd_live_new(0, 0);
    pthread_t t[4];
    for (size_t i = 0; i < DD_COUNT(t); i++)
        pthread_create(&t[i], NULL, work, l);
    for (size_t i = 0; i < DD_COUNT(t); i++)
        pthread_join(t[i], NULL);
    int64_t      all = 0, open = 0;
    size_t       n   = 0;
    for (uint32_t i = 0; i < dd_live_count(l); i++) {
        dd_live_facts f;
        dd_live_name  name;
        if (!dd_live_at(l, i, &name))
            continue;
        dd_live_look(l, i, &rule, 5000, &f);
        all  += f.total;
        open += f.under_way;
        n++;
    }
    CHECK_EQ(n, 40, "a slot a model, whoever came first");
    CHECK_EQ(all, 20000, "each end is counted");
    CHECK_EQ(open, 0, "none is left under way");
    dd_live_free(l);
}
