#include "route/budget.h"

#include "tests/unit/test.h"

#define USD DD_PUSD_PER_USD

TEST(RC_3_limits_are_read_as_people_write_them)
{
    static const struct { const char *text; dd_pusd limit; dd_period period; } cases[] = {
        { "$100/month", 100 * USD, DD_PERIOD_MONTH },    { "5 usd per day", 5 * USD, DD_PERIOD_DAY },    { "$0.50 / hour", USD / 2, DD_PERIOD_HOUR },
        { " 1,200.25/Week ", 1200 * USD + USD / 4, DD_PERIOD_WEEK }, { "3 dollars/total", 3 * USD, DD_PERIOD_TOTAL }, { "0/day", 0, DD_PERIOD_DAY },
        { "50usd/monthly", 50 * USD, DD_PERIOD_MONTH },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_err    err = DD_ERR_INIT;
        dd_pusd   limit = -1;
        dd_period period = DD_PERIOD_TOTAL;
        CHECK_OK(dd_budget_parse_limit(dd_str_z(cases[i].text), &limit, &period, &err));
        CHECK_EQ(limit, cases[i].limit, cases[i].text);
        CHECK_EQ(period, cases[i].period, cases[i].text);
    }
    static const char *const bad[] = { "", "$100", "100/fortnight", "/month", "abc/month", "-5/day", "1,20/day", "99999999999/day", "$5//day",
                                       "5 per", "usd/day" };
    for (size_t i = 0; i < DD_COUNT(bad); i++) {
        dd_err    err = DD_ERR_INIT;
        dd_pusd   limit = -1;
        dd_period period = DD_PERIOD_TOTAL;
        CHECK_EQ(dd_budget_parse_limit(dd_str_z(bad[i]), &limit, &period, &err), DD_ERR_PARSE, bad[i]);
        CHECK_EQ(limit, -1, "untouched");
        CHECK(err.hint[0] != '\0');
    }
}

TEST(names_of_scopes_and_periods_are_found_again)
{
    for (int i = 0; i < DD_SCOPE_COUNT; i++) {
        dd_budget_scope s = DD_SCOPE_COUNT;
        CHECK(dd_budget_scope_find(dd_str_z(dd_budget_scope_name((dd_budget_scope)i)), &s) && s == (dd_budget_scope)i);
    }
    for (int i = 0; i <= DD_PERIOD_TOTAL; i++) {
        dd_period p = DD_PERIOD_TOTAL;
        CHECK(dd_period_find(dd_str_z(dd_period_name((dd_period)i)), &p) && p == (dd_period)i);
    }
    dd_budget_scope s;
    CHECK(!dd_budget_scope_find(DD_STR("model"), &s));
}

static size_t accounts(const dd_budget *v, size_t n, const dd_facts *f, dd_account *out)
{
    return dd_budget_accounts(&(dd_budgets){ v, n }, f, 1000, out, 8);
}

TEST(RC_3_a_budget_applies_to_whom_it_names)
{
    static const dd_budget all[] = {
        { .name = { "g", 1 }, .scope = DD_SCOPE_GLOBAL, .period = DD_PERIOD_DAY },
        { .name = { "k", 1 }, .scope = DD_SCOPE_KEY, .match = { "*", 1 } },
        { .name = { "t", 1 }, .scope = DD_SCOPE_TEAM, .match = { "se*", 3 } },
        { .name = { "u", 1 }, .scope = DD_SCOPE_USER },
        { .name = { "o", 1 }, .scope = DD_SCOPE_ORG, .match = { "acme", 4 } },
        { .name = { "f", 1 }, .scope = DD_SCOPE_FEATURE, .match = { "chat", 4 } },
    };
    dd_account a[8];
    dd_facts   f = { .key = DD_STR("k1"), .team = DD_STR("search"), .org = DD_STR("acme"), .feature = DD_STR("Chat") };
    CHECK_EQ(accounts(all, 6, &f, a), 4, "global, key, team and org; no user is named, and the feature's name differs");
    CHECK_STR(a[0].value, "");
    CHECK_STR(a[1].value, "k1");
    CHECK_STR(a[2].value, "search");
    CHECK_STR(a[3].budget->name, "o");
    CHECK_EQ(a[0].from_s, 0, "the day that holds 1,000 s");
    CHECK_EQ(a[0].to_s, 86400, "UTC");
    CHECK_EQ(accounts(all, 6, &(dd_facts){ 0 }, a), 1, "who says nothing has the global one");
    dd_account few[2];
    CHECK_EQ(dd_budget_accounts(&(dd_budgets){ all, 6 }, &f, 1000, few, 2), 2, "no more than there is room for");
}

TEST(an_account_is_the_same_everywhere_and_another_one_in_another_period)
{
    dd_budget  b = { .name = DD_STR("k"), .scope = DD_SCOPE_KEY, .period = DD_PERIOD_DAY }, c = b;
    dd_account one, two;
    dd_facts   f = { .key = DD_STR("k1") };
    c.limit = 5;
    dd_budget_accounts(&(dd_budgets){ &b, 1 }, &f, 1000, &one, 1);
    dd_budget_accounts(&(dd_budgets){ &c, 1 }, &f, 86399, &two, 1);
    CHECK(one.id == two.id); /* another limit, another moment of the day */
    CHECK(one.id == UINT64_C(0x3e67133aaa6a1fc4)); /* FNV-1a and MurmurHash3's finalizer, reckoned by hand: files and machines agree */
    dd_budget_accounts(&(dd_budgets){ &c, 1 }, &f, 86400, &two, 1);
    CHECK(one.id != two.id);
    f.key = DD_STR("k2");
    dd_budget_accounts(&(dd_budgets){ &b, 1 }, &f, 1000, &two, 1);
    CHECK(one.id != two.id);
    c.name = DD_STR("kk"), f.key = DD_STR("1");
    CHECK(dd_budget_id(&b, DD_STR("k1"), 0) != dd_budget_id(&c, DD_STR("1"), 0)); /* a name's end is not a value's start */
}

/* 2 USD in, 8 out a million tokens; above 200,000 in: 4 and 12. */
static const dd_price_tier tiers[] = { { 200000, { 4000000, 12000000, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE } } };
static const dd_price      price = {
    .rates = { 2000000, 8000000, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE }, .tiers = tiers, .n_tiers = 1, .max_output = 50000
};

TEST(P5_an_estimate_is_what_the_price_function_says_of_input_and_cap)
{
    static const struct { const char *why; int64_t input, cap, fallback; dd_pusd want; } cases[] = {
        { "1,000 in at $2/M, 500 out at $8/M: 2,000 + 4,000 microdollars", 1000, 500, 4096, INT64_C(6000) * 1000000 },
        { "P5: the whole request at the tier: 300,000 * 4 + 1,000 * 12", 300000, 1000, 4096, INT64_C(1212000) * 1000000 },
        { "no cap: the default", 0, -1, 4096, INT64_C(32768) * 1000000 },
        { "no cap, the model answers less than the default", 0, -1, 100000, INT64_C(400000) * 1000000 },
        { "no cap, no default: the model's largest answer", 0, -1, 0, INT64_C(400000) * 1000000 },
        { "a cap is taken as it is", 0, 100000, 4096, INT64_C(800000) * 1000000 },
        { "a cap of 0", 1000, 0, 4096, INT64_C(2000) * 1000000 },
        { "input that is not known", -1, 500, 4096, INT64_C(4000) * 1000000 },
        { "past what can be told", INT64_MAX / 2, 1, 1, INT64_MAX },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        CHECK_EQ(dd_budget_estimate(&price, cases[i].input, cases[i].cap, cases[i].fallback, 20000), cases[i].want, cases[i].why);
    dd_price unknown = price;
    unknown.rates.output = DD_PRICE_NONE;
    CHECK_EQ(dd_budget_estimate(&unknown, 1, 1, 1, 20000), DD_PUSD_UNKNOWN, "unknown is never 0");
    CHECK_EQ(dd_budget_estimate(NULL, 1, 1, 1, 20000), DD_PUSD_UNKNOWN, "no price");
    dd_price embedding = { .kind = DD_KIND_EMBEDDING, .rates = { 2000000, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE } };
    CHECK_EQ(dd_budget_estimate(&embedding, 1000, -1, 4096, 20000), INT64_C(2000) * 1000000, "embeddings have no output");
}

TEST(a_projection_goes_on_at_the_pace_so_far)
{
    CHECK_EQ(dd_budget_projection(30 * USD, 0, 3000, 1000), 90 * USD, "a third is over");
    CHECK_EQ(dd_budget_projection(30 * USD, 0, 3000, 29), DD_PUSD_UNKNOWN, "too early to say");
    CHECK_EQ(dd_budget_projection(30 * USD, 0, 3000, 30), 3000 * USD, "a hundredth is over");
    CHECK_EQ(dd_budget_projection(30 * USD, 0, 3000, 4000), 30 * USD, "it is over");
    CHECK_EQ(dd_budget_projection(30 * USD, 0, INT64_MAX, 4000), DD_PUSD_UNKNOWN, "it never ends");
    CHECK_EQ(dd_budget_projection(9000000 * USD, 0, 3000, 30), INT64_MAX, "no overflow");
}

/* Europe/Berlin in 2026 (zoneinfo): UTC+1, from 2026-03-29T01:00Z UTC+2, from 2026-10-25T01:00Z UTC+1. Asia/Kolkata: UTC+5:30. */
static const int64_t berlin_from[] = { 1774746000, 1792890000 };
static const int32_t berlin_offset[] = { 7200, 3600 };
static const dd_zone berlin = { berlin_from, berlin_offset, 2, 3600 }, kolkata = { NULL, NULL, 0, 19800 };

TEST(periods_follow_the_clocks_of_their_zone)
{
    static const struct { const char *why; dd_period p; const dd_zone *z; int64_t t, from, to; } cases[] = {
        { "an hour of UTC", DD_PERIOD_HOUR, NULL, 7201, 7200, 10800 },
        { "before 1970", DD_PERIOD_DAY, NULL, -1, -86400, 0 },
        { "1970-01-01 was a Thursday", DD_PERIOD_WEEK, NULL, 0, -259200, 345600 },
        { "January 1970", DD_PERIOD_MONTH, NULL, 86400, 0, 2678400 },
        { "February 2024 has 29 days", DD_PERIOD_MONTH, NULL, 1708000000, 1706745600, 1709251200 },
        { "the day that clocks go forward has 23 hours", DD_PERIOD_DAY, &berlin, 1774746000, 1774738800, 1774738800 + 23 * 3600 },
        { "the day that clocks go back has 25 hours", DD_PERIOD_DAY, &berlin, 1792890000, 1792879200, 1792879200 + 25 * 3600 },
        { "its last second", DD_PERIOD_DAY, &berlin, 1792969199, 1792879200, 1792969200 },
        { "and the next day", DD_PERIOD_DAY, &berlin, 1792969200, 1792969200, 1793055600 },
        { "a week with a change has an hour less", DD_PERIOD_WEEK, &berlin, 1774746000, 1774220400, 1774220400 + 7 * 86400 - 3600 },
        { "March 2026 in Berlin: from 23:00Z to 22:00Z", DD_PERIOD_MONTH, &berlin, 1774000000, 1772319600, 1774994400 },
        { "half an hour: 2026-11-20 in Kolkata begins at 18:30Z", DD_PERIOD_DAY, &kolkata, 1795132800, 1795113000, 1795199400 },
        { "and so do its hours", DD_PERIOD_HOUR, &kolkata, 1795132800, 1795131000, 1795134600 },
        { "total", DD_PERIOD_TOTAL, &berlin, 1795132800, 0, INT64_MAX },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        int64_t from, to;
        dd_period_bounds(cases[i].p, cases[i].z, cases[i].t, &from, &to);
        CHECK_EQ(from, cases[i].from, cases[i].why);
        CHECK_EQ(to, cases[i].to, cases[i].why);
    }
    /* Beirut set its clocks from 00:00 to 01:00 on 2021-03-28 (zoneinfo: 2021-03-27T22:00Z, +2 to +3): that day begins at 01:00 and has 23 hours. */
    static const int64_t beirut_from[] = { 1616882400 };
    static const int32_t beirut_offset[] = { 10800 };
    const dd_zone        beirut = { beirut_from, beirut_offset, 1, 7200 };
    int64_t              from, to;
    dd_period_bounds(DD_PERIOD_DAY, &beirut, 1616900000, &from, &to);
    CHECK_EQ(from, 1616882400, "midnight that does not exist");
    CHECK_EQ(to - from, 23 * 3600, "a day of 23 hours");
    CHECK_EQ(dd_zone_offset(&berlin, 1774745999), 3600, "before");
    CHECK_EQ(dd_zone_offset(&berlin, 1774746000), 7200, "after");
    CHECK_EQ(dd_zone_offset(NULL, 0), 0, "UTC");
}

TEST(each_moment_is_in_one_period_that_meets_its_neighbours)
{
    /* Clocks that skip midnight, repeat it, change by half an hour, skip a whole day. */
    /* 23:30 to 00:30, 00:30 to 23:30, then larger ones. */
    static const int64_t from[] = { 11 * 86400 - 1800 + 3600, 30 * 86400 + 1800, 5000000, 7000000, 9000000 };
    static const int32_t offset[] = { 0, -3600, 5400, -36000, 50400 };
    const dd_zone        z = { from, offset, 5, -3600 };
    for (int p = DD_PERIOD_HOUR; p <= DD_PERIOD_MONTH; p++)
        for (int64_t t = 0; t < 12000000;) {
            int64_t a, b, c, d;
            dd_period_bounds((dd_period)p, &z, t, &a, &b);
            dd_period_bounds((dd_period)p, &z, b, &c, &d);
            if (a > t || t >= b || b != c || b - a > 32 * 86400) {
                dd_test_fail(__FILE__, __LINE__, "%s at %lld: [%lld, %lld) then [%lld, %lld)", dd_period_name((dd_period)p), (long long)t,
                             (long long)a, (long long)b, (long long)c, (long long)d);
                return;
            }
            for (int64_t inner = b - 1; inner >= a; inner -= (b - a) / 50 + 1) {
                dd_period_bounds((dd_period)p, &z, inner, &c, &d);
                CHECK(a == c && b == d);
            }
            t = b;
        }
    for (int p = DD_PERIOD_HOUR; p <= DD_PERIOD_MONTH; p++) {
        int64_t a, b;
        dd_period_bounds((dd_period)p, &z, INT64_MAX, &a, &b); /* no overflow */
        dd_period_bounds((dd_period)p, &z, INT64_MIN, &a, &b);
        CHECK(a < b);
    }
}
