#include "route/spend.h"

#include "tests/unit/test.h"

#define USD DD_PUSD_PER_USD

TEST(RC_3_an_outlook_says_whether_a_limit_holds_and_when_it_will_not)
{
    static const struct {
        const char     *why;
        dd_pusd         spent, limit;
        int64_t         now_s;
        dd_outlook_kind kind;
        dd_pusd         projection;
        int64_t         when_s;
    } cases[] = {
        { "a third over, 30 of 100: 90 at the end", 30 * USD, 100 * USD, 1000, DD_OUTLOOK_HOLDS, 90 * USD, 0 },
        { "40 of 100: 120; 100 is reached at 1000 * 100 / 40", 40 * USD, 100 * USD, 1000, DD_OUTLOOK_WILL_EXCEED, 120 * USD, 2500 },
        { "spent", 100 * USD, 100 * USD, 2000, DD_OUTLOOK_EXCEEDED, 150 * USD, 0 },
        { "too early to say", 1 * USD, 100 * USD, 10, DD_OUTLOOK_NONE, DD_PUSD_UNKNOWN, 0 },
        { "too early, but spent", 101 * USD, 100 * USD, 10, DD_OUTLOOK_EXCEEDED, DD_PUSD_UNKNOWN, 0 },
        { "a limit of 0 has no room", 0, 0, 1000, DD_OUTLOOK_EXCEEDED, 0, 0 },
        { "without a limit: the projection", 30 * USD, DD_PUSD_UNKNOWN, 1000, DD_OUTLOOK_NONE, 90 * USD, 0 },
        { "the end is exactly the limit", 10 * USD, 30 * USD, 1000, DD_OUTLOOK_HOLDS, 30 * USD, 0 },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_outlook o = dd_spend_outlook(cases[i].spent, cases[i].limit, 0, 3000, cases[i].now_s);
        CHECK_EQ(o.kind, cases[i].kind, cases[i].why);
        CHECK_EQ(o.projection, cases[i].projection, cases[i].why);
        CHECK_EQ(o.when_s, cases[i].when_s, cases[i].why);
    }
    CHECK_EQ(dd_spend_outlook(5 * USD, 10 * USD, 0, INT64_MAX, 1000).kind, DD_OUTLOOK_NONE, "a total never ends");
}

TEST(a_row_without_a_known_price_has_no_cost)
{
    CHECK(dd_spend_has_cost(&(dd_spend_row){ 0 }));
    CHECK(dd_spend_has_cost(&(dd_spend_row){ .requests = 2, .unpriced = 1 }));
    CHECK(!dd_spend_has_cost(&(dd_spend_row){ .requests = 2, .unpriced = 2 }));
    CHECK(dd_spend_has_cost(&(dd_spend_row){ .requests = 2, .unpriced = 2, .cost = 1 })); /* attempts were paid */
}
