#include "base/time.h"
#include "route/retry.h"
#include "tests/unit/test.h"

static const dd_retry rule = { .attempts = 3, .backoff_ms = 250, .backoff_max_ms = 5000, .respect_retry_after = true, .retry_after_max_ms = 10000,
                               .on = DD_ON_RATE_LIMIT | DD_ON_SERVER | DD_ON_TIMEOUT | DD_ON_CONNECT };

TEST(retry_or_step_or_answer)   /* R1.4, R2.3, RC.7 */
{
    static const struct {
        const char *why; dd_failure f; int tries; bool steps, keys, budget; int64_t left; dd_next want;
    } cases[] = {
        { "503: again", { DD_EC_OVERLOADED, 503, -1 }, 1, true, false, true, 60000, DD_NEXT_RETRY },
        { "503 a third time: the next step", { DD_EC_OVERLOADED, 503, -1 }, 3, true, false, true, 60000, DD_NEXT_STEP },
        { "503 a third time, no step left: the provider's answer", { DD_EC_OVERLOADED, 503, -1 }, 3, false, false, true, 60000, DD_NEXT_ANSWER },
        { "a client's mistake is answered", { DD_EC_INVALID, 400, -1 }, 1, true, true, true, 60000, DD_NEXT_ANSWER },
        { "too long for this model: another model, not again", { DD_EC_CONTEXT, 400, -1 }, 1, true, false, true, 60000, DD_NEXT_STEP },
        { "a content filter is final unless asked otherwise", { DD_EC_CONTENT, 400, -1 }, 1, true, false, true, 60000, DD_NEXT_ANSWER },
        { "429 with another key: that one", { DD_EC_RATE_LIMIT, 429, 2000 }, 1, true, true, true, 60000, DD_NEXT_KEY },
        { "401 with another key: that one", { DD_EC_AUTH, 401, -1 }, 1, true, true, true, 60000, DD_NEXT_KEY },
        { "401 of the only key: the next step", { DD_EC_AUTH, 401, -1 }, 1, true, false, true, 60000, DD_NEXT_STEP },
        { "429 that asks for a minute: the next step", { DD_EC_RATE_LIMIT, 429, 60000 }, 1, true, false, true, 600000, DD_NEXT_STEP },
        { "429 that asks for a minute, no step: its answer", { DD_EC_RATE_LIMIT, 429, 60000 }, 1, false, false, true, 600000, DD_NEXT_ANSWER },
        { "429 that asks for 2 s", { DD_EC_RATE_LIMIT, 429, 2000 }, 1, true, false, true, 60000, DD_NEXT_RETRY },
        { "longer than the request may take", { DD_EC_RATE_LIMIT, 429, 2000 }, 1, true, false, true, 1500, DD_NEXT_STEP },
        { "no time left at all", { DD_EC_TIMEOUT, 0, -1 }, 3, true, false, true, 0, DD_NEXT_ANSWER },
        { "a storm: no retry, another step all the same", { DD_EC_RESET, 0, -1 }, 1, true, false, false, 60000, DD_NEXT_STEP },
        { "a storm and no step", { DD_EC_RESET, 0, -1 }, 1, false, false, false, 60000, DD_NEXT_ANSWER },
        { "200 that is no answer", { DD_EC_UPSTREAM, 200, -1 }, 1, true, false, true, 60000, DD_NEXT_STEP },
        { "our own mistake", { DD_EC_INTERNAL, 0, -1 }, 1, true, true, true, 60000, DD_NEXT_ANSWER },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_attempts a = { .tries_here = cases[i].tries, .retries = -1, .more_steps = cases[i].steps, .more_keys = cases[i].keys,
                          .fallback_on = DD_ON_USUAL, .within_budget = cases[i].budget, .left_ms = cases[i].left };
        CHECK_EQ(dd_retry_next(&rule, &cases[i].f, &a).next, cases[i].want, cases[i].why);
    }
}

TEST(retry_waits_as_told)
{
    dd_failure    limited = { DD_EC_RATE_LIMIT, 429, 1500 }, busy = { DD_EC_OVERLOADED, 503, -1 };
    dd_attempts   a       = { .tries_here = 1, .retries = 5, .within_budget = true, .left_ms = 60000, .random = 7 };
    dd_retry_step s       = dd_retry_next(&rule, &limited, &a);
    CHECK_EQ(s.wait_ms, 1500, "Retry-After wins over the backoff");
    for (int n = 1; n <= 6; n++) {
        int64_t most = n == 1 ? 250 : n == 2 ? 500 : n == 3 ? 1000 : n == 4 ? 2000 : n == 5 ? 4000 : 5000;
        for (uint64_t r = 0; r < 3000; r += 37) {
            int64_t wait = dd_backoff(&rule, n, r);
            CHECK(wait >= most / 2 && wait <= most);
        }
    }
    a.tries_here = 6;
    CHECK_EQ(dd_retry_next(&rule, &busy, &a).next, DD_NEXT_ANSWER, "the step's own number of retries holds");
    dd_retry none = rule;
    none.attempts = 1;
    a             = (dd_attempts){ .tries_here = 1, .retries = -1, .within_budget = true, .left_ms = 60000 };
    CHECK_EQ(dd_retry_next(&none, &busy, &a).next, DD_NEXT_ANSWER, "R1.4: without a configured retry nothing is retried");
}

TEST(retry_after_in_its_forms)
{
    static const struct { const char *ms, *s; int64_t want; } cases[] = {
        { "", "2", 2000 }, { "", "0", 0 }, { "", "0.5", 500 }, { "750", "2", 750 }, { "12.5", "", 12 }, { "", "", -1 }, { "", "soon", -1 },
        { "", "-1", -1 }, { "x", "3", 3000 }, { "", "Fri, 20 Nov 2026 13:06:09 GMT", 10000 }, { "", "Fri, 20 Nov 2026 13:05:00 GMT", 0 },
        { "", "Fri, 20 Xyz 2026 13:05:00 GMT", -1 },
    };
    int64_t now = (int64_t)dd_day_make(2026, 11, 20) * 86400 + 13 * 3600 + 5 * 60 + 59;
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        CHECK_EQ(dd_retry_after(dd_str_z(cases[i].ms), dd_str_z(cases[i].s), now), cases[i].want, cases[i].s);
}
