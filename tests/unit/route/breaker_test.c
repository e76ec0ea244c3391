#include <pthread.h>

#include "route/breaker.h"
#include "tests/unit/test.h"

static const dd_breaker_rule rule = { .error_rate = 0.10, .window_ms = 60000, .cooldown_ms = 30000, .min_requests = 20, .probes = 1 };

static void note_many(dd_breaker *b, int good, int failed, int64_t now_ms)
{
    for (int i = 0; i < good; i++)
        dd_breaker_note(b, &rule, false, now_ms);
    for (int i = 0; i < failed; i++)
        dd_breaker_note(b, &rule, true, now_ms);
}

TEST(breaker_opens_past_a_tenth_of_twenty)   /* R2.4: more than 10% of at least N in 60 s */
{
    static const struct { const char *why; int good, failed; dd_breaker_state want; } cases[] = {
        { "nothing happened", 0, 0, DD_BREAKER_CLOSED },
        { "19 failures are fewer than 20 requests", 0, 19, DD_BREAKER_CLOSED },
        { "20 failures", 0, 20, DD_BREAKER_OPEN },
        { "exactly a tenth is not more than a tenth", 18, 2, DD_BREAKER_CLOSED },
        { "3 of 20", 17, 3, DD_BREAKER_OPEN },
        { "11 of 110 is a tenth", 99, 11, DD_BREAKER_CLOSED },
        { "12 of 111 is more", 99, 12, DD_BREAKER_OPEN },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_breaker b = { 0 };
        note_many(&b, cases[i].good, cases[i].failed, 1000);
        CHECK_EQ(dd_breaker_look(&b, &rule, 1000), cases[i].want, cases[i].why);
    }
}

TEST(breaker_forgets_what_left_the_window)
{
    dd_breaker b = { 0 };
    int64_t    requests, failures;
    note_many(&b, 0, 19, 5000);
    note_many(&b, 0, 1, 5000 + 60000);
    CHECK_EQ(dd_breaker_look(&b, &rule, 65000), DD_BREAKER_CLOSED, "the 19 are a minute old");
    dd_breaker_window(&b, &rule, 65000, &requests, &failures);
    CHECK_EQ(requests, 1, "only the new one");
    note_many(&b, 0, 19, 70000);
    CHECK_EQ(dd_breaker_look(&b, &rule, 70000), DD_BREAKER_OPEN, "20 within a minute");
}

TEST(breaker_lets_one_probe_through)         /* R2.4: half-open probes */
{
    dd_breaker b = { 0 };
    note_many(&b, 0, 20, 1000);
    CHECK(!dd_breaker_take(&b, &rule, 1001));
    CHECK_EQ(dd_breaker_look(&b, &rule, 30999), DD_BREAKER_OPEN, "until 30 s have passed");
    CHECK_EQ(dd_breaker_look(&b, &rule, 31000), DD_BREAKER_HALF_OPEN, "then half open");
    CHECK(!dd_breaker_note(&b, &rule, false, 31000));   /* nobody took the probe: an old request's end */
    CHECK(dd_breaker_take(&b, &rule, 31000));
    CHECK(!dd_breaker_take(&b, &rule, 31001));          /* one at a time */
    CHECK(dd_breaker_note(&b, &rule, true, 31500));     /* it failed: another pause */
    CHECK_EQ(dd_breaker_look(&b, &rule, 61499), DD_BREAKER_OPEN, "30 s from the probe's end");
    CHECK(dd_breaker_take(&b, &rule, 61500));
    CHECK(dd_breaker_note(&b, &rule, false, 61600));
    CHECK_EQ(dd_breaker_look(&b, &rule, 61600), DD_BREAKER_CLOSED, "a good probe closes it");
    note_many(&b, 0, 1, 61700);
    CHECK_EQ(dd_breaker_look(&b, &rule, 61700), DD_BREAKER_CLOSED, "the old failures do not count again");
    CHECK_EQ(atomic_load(&b.openings), 2, "the first opening and the one after the probe");
}

TEST(breaker_gives_a_lost_probe_up)
{
    dd_breaker b = { 0 };
    note_many(&b, 0, 20, 1000);
    CHECK(dd_breaker_take(&b, &rule, 31000));
    CHECK(!dd_breaker_take(&b, &rule, 60999));
    CHECK(dd_breaker_take(&b, &rule, 61000));           /* 30 s without a word */
}

TEST(breaker_wants_several_good_probes)
{
    dd_breaker_rule three = rule;
    dd_breaker      b     = { 0 };
    three.probes          = 3;
    note_many(&b, 0, 20, 1000);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(dd_breaker_look(&b, &three, 31000 + i), DD_BREAKER_HALF_OPEN, "not yet");
        CHECK(dd_breaker_take(&b, &three, 31000 + i));
        CHECK_EQ(dd_breaker_note(&b, &three, false, 31000 + i), i == 2, "the third closes it");
    }
}

static void *hammer(void *arg)
{
    for (int i = 0; i < 20000; i++)
        dd_breaker_note(arg, &rule, i % 20 == 0, 1000);   /* 5% fail */
    return NULL;
}

TEST(breaker_counts_what_threads_note)
{
    dd_breaker b = { 0 };
    pthread_t  t[4];
    int64_t    requests, failures;
    for (size_t i = 0; i < DD_COUNT(t); i++)
        pthread_create(&t[i], NULL, hammer, &b);
    for (size_t i = 0; i < DD_COUNT(t); i++)
        pthread_join(t[i], NULL);
    dd_breaker_window(&b, &rule, 1000, &requests, &failures);
    if (dd_breaker_look(&b, &rule, 1000) == DD_BREAKER_CLOSED) {   /* four first failures at once can be more than a tenth of 20 */
        CHECK_EQ(requests, 80000, "none is lost");
        CHECK_EQ(failures, 4000, "one in twenty");
    }
}
