#include "tests/unit/test.h"
#include "route/money.h"

static const struct { dd_pusd m; const char *json, *show; } shown[] = {
    { 0, "0", "$0.00" },
    { 14850000000, "0.01485", "$0.015" },                 /* R2.5: 0.015 - 0.00015 */
    { 12 * DD_PUSD_PER_USD, "12", "$12.00" },
    { -DD_PUSD_PER_USD / 2, "-0.5", "-$0.50" },
    { 1234560000000000, "1234.56", "$1,234.56" },
    { 1234567890000000000, "1234567.89", "$1,234,567.89" },
    { 4200000000, "0.0042", "$0.0042" },
    { 1, "0.000000000001", "$0.000000000001" },
    { 10, "0.00000000001", "$0.00000000001" },
    { 50000000000, "0.05", "$0.05" },
    { 99600000000, "0.0996", "$0.10" },                   /* two digits: 0.0996 -> 0.100 */
    { 994999999999, "0.994999999999", "$0.99" },
    { 995000000000, "0.995", "$1.00" },                   /* half away from zero */
    { -995000000000, "-0.995", "-$1.00" },
    { 999995000000000, "999.995", "$1,000.00" },
    { INT64_MAX, "9223372.036854775807", "$9,223,372.04" },
    { -INT64_MAX, "-9223372.036854775807", "-$9,223,372.04" },
    { DD_PUSD_UNKNOWN, "null", "unknown" },               /* unknown is never 0 */
};

TEST(money_is_written_exactly_and_shown_briefly)
{
    for (size_t i = 0; i < DD_COUNT(shown); i++) {
        dd_buf b = DD_BUF_INIT(0);
        dd_money_json(shown[i].m, &b);
        CHECK_STR(dd_buf_str(&b), shown[i].json);
        dd_buf_clear(&b);
        dd_money_show(shown[i].m, &b);
        CHECK_STR(dd_buf_str(&b), shown[i].show);
        dd_buf_free(&b);
    }
}

static const struct { const char *text; dd_code code; dd_pusd want; } parsed[] = {
    { "12.50", DD_OK, 12500000000000 },
    { "$12.50", DD_OK, 12500000000000 },
    { " $12.5 ", DD_OK, 12500000000000 },
    { "1,200", DD_OK, 1200 * DD_PUSD_PER_USD },
    { "1,234,567.89", DD_OK, 1234567890000000000 },
    { ".5", DD_OK, DD_PUSD_PER_USD / 2 },
    { "5.", DD_OK, 5 * DD_PUSD_PER_USD },
    { "-0.5", DD_OK, -DD_PUSD_PER_USD / 2 },
    { "0.000000000001", DD_OK, 1 },
    { "0.0000000000010", DD_OK, 1 },
    { "0.0000000000011", DD_ERR_RANGE, 0 },
    { "9223372.036854775807", DD_OK, INT64_MAX },
    { "9223372.036854775808", DD_ERR_RANGE, 0 },
    { "99999999999999999999", DD_ERR_RANGE, 0 },
    { "", DD_ERR_PARSE, 0 }, { "$", DD_ERR_PARSE, 0 }, { ".", DD_ERR_PARSE, 0 }, { "-", DD_ERR_PARSE, 0 },
    { "1,20", DD_ERR_PARSE, 0 }, { "1,2000", DD_ERR_PARSE, 0 }, { "1200,000", DD_ERR_PARSE, 0 }, { ",200", DD_ERR_PARSE, 0 },
    { "1e3", DD_ERR_PARSE, 0 }, { "12 50", DD_ERR_PARSE, 0 }, { "1.2.3", DD_ERR_PARSE, 0 }, { "12$", DD_ERR_PARSE, 0 },
};

TEST(money_is_read)
{
    for (size_t i = 0; i < DD_COUNT(parsed); i++) {
        dd_err  err = DD_ERR_INIT;
        dd_pusd got = 0;
        CHECK_EQ(dd_money_parse(dd_str_z(parsed[i].text), &got, &err), parsed[i].code, parsed[i].text);
        CHECK_EQ(got, parsed[i].want, parsed[i].text);
    }
}

TEST(sums_and_products_past_the_range_are_errors)
{
    dd_pusd out = 7;
    CHECK_EQ(dd_money_add(INT64_MAX, 1, &out), DD_ERR_RANGE, "sum");
    CHECK_EQ(dd_money_add(-INT64_MAX, -1, &out), DD_ERR_RANGE, "the unknown mark is no sum");
    CHECK_EQ(dd_money_add(DD_PUSD_UNKNOWN, 1, &out), DD_ERR_RANGE, "unknown is not added");
    CHECK_EQ(dd_money_mul(DD_PUSD_PER_USD, 9223373, &out), DD_ERR_RANGE, "product");
    CHECK_EQ(dd_money_mul(DD_PUSD_UNKNOWN, 0, &out), DD_ERR_RANGE, "unknown times nothing is unknown");
    CHECK_EQ(out, 7, "left as it was");
    CHECK_OK(dd_money_mul(DD_PUSD_PER_USD, 9223372, &out));
    CHECK_EQ(out, 9223372 * DD_PUSD_PER_USD, "the largest whole dollar");
    CHECK_OK(dd_money_add(3, -5, &out));
    CHECK_EQ(out, -2, "a difference");
}

static uint64_t next(uint64_t *s)
{
    *s ^= *s << 13, *s ^= *s >> 7, *s ^= *s << 17;
    return *s;
}

TEST(a_difference_that_cannot_be_is_not_known)
{
    CHECK_EQ(dd_money_less(3, 5), -2, "3 - 5");
    CHECK_EQ(dd_money_less(INT64_MAX, 0), INT64_MAX, "the largest");
    CHECK_EQ(dd_money_less(INT64_MAX, -1), DD_PUSD_UNKNOWN, "past the end");
    CHECK_EQ(dd_money_less(INT64_MIN + 2, 3), DD_PUSD_UNKNOWN, "past the other end");
    CHECK_EQ(dd_money_less(DD_PUSD_UNKNOWN, 0), DD_PUSD_UNKNOWN, "not known");
    CHECK_EQ(dd_money_less(0, DD_PUSD_UNKNOWN), DD_PUSD_UNKNOWN, "not known");
}

TEST(what_is_written_reads_back)   /* property: parse(json(m)) == m, for amounts of every size */
{
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        dd_pusd m = (dd_pusd)(next(&seed) >> (next(&seed) % 63)), back = -1;
        if (next(&seed) & 1)
            m = -m;
        if (m == DD_PUSD_UNKNOWN)
            continue;
        dd_buf b = DD_BUF_INIT(0);
        dd_money_json(m, &b);
        CHECK_OK(dd_money_parse(dd_buf_str(&b), &back, NULL));
        CHECK_EQ(back, m, "round trip");
        dd_buf_free(&b);
    }
}
