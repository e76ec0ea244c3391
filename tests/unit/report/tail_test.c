#include "report/tail.h"

#include "tests/unit/test.h"

static dd_event event(int64_t n)
{
    return (dd_event){ .id = n << 21, .time_ms = DD_EVENT_EPOCH_MS + n, .status = 200, .used_model = DD_STR("m"), .usage = { n, 10, 0, -1, 2 },
                       .cost_original = DD_PUSD_UNKNOWN, .cost_actual = n, .cost_saved = DD_PUSD_UNKNOWN, .cost_premium = DD_PUSD_UNKNOWN,
                       .total_us = n * 1000, .prices = DD_DAY_NONE };
}

/* Nearest rank: 1..n milliseconds have their q-th at ceil(q * n). */
TEST(tail_percentiles_are_exact_while_there_are_few)
{
    static const struct { int64_t n; double q; double want; } cases[] = {
        { 1, 0.5, 1 }, { 1, 0.95, 1 }, { 2, 0.5, 1 }, { 3, 0.5, 2 }, { 100, 0.95, 95 }, { 101, 0.95, 96 }, { DD_TAIL_EXACT, 0.5, DD_TAIL_EXACT / 2.0 },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_tail_sum *s = dd_calloc(1, sizeof *s);
        for (int64_t k = cases[i].n; k > 0; k--) {
            dd_event e = event(k);
            dd_tail_add(s, &e);
        }
        CHECK_EQ((int64_t)dd_tail_quantile_us(s, cases[i].q), (int64_t)(cases[i].want * 1000), "R5.6: the nearest rank");
        free(s);
    }
    dd_tail_sum *many = dd_calloc(1, sizeof *many);
    CHECK(dd_tail_quantile_us(many, 0.5) < 0);
    for (int64_t k = 1; k <= 10000; k++) {
        dd_event e = event(k);
        dd_tail_add(many, &e);
    }
    double p50 = dd_tail_quantile_us(many, 0.5);
    CHECK(p50 > 4.5e6 && p50 < 5.5e6); /* 5,000 ms within 9% */
    free(many);
}

TEST(tail_totals_know_what_is_not_known)
{
    dd_tail_sum *s   = dd_calloc(1, sizeof *s);
    dd_tail_look k   = { .width = 0 };
    dd_buf       out = DD_BUF_INIT(0);
    dd_event     e   = event(5);
    e.cost_actual = DD_PUSD_UNKNOWN;
    e.total_us    = -1;
    dd_tail_add(s, &e);
    dd_tail_totals(&k, s, &out);
    CHECK_STR(dd_buf_str(&out), "1 request · 1 not priced · 15 tokens in, 2 out\n"); /* no price: no amount, not $0 */
    dd_buf_clear(&out);
    e.cost_actual = INT64_MAX;
    dd_tail_add(s, &e);
    dd_tail_add(s, &e);
    dd_tail_totals(&k, s, &out);
    CHECK_STR(dd_buf_str(&out), "3 requests · money: too large a sum · 1 not priced · 45 tokens in, 6 out\n");
    dd_buf_clear(&out);
    e = event(1);
    e.cost_saved = -2 * DD_PUSD_PER_USD;
    memset(s, 0, sizeof *s);
    dd_tail_add(s, &e);
    dd_tail_totals(&k, s, &out);
    CHECK(dd_str_has(dd_buf_str(&out), "saved -$2.00")); /* routing that cost more is said */
    dd_buf_free(&out);
    free(s);
}

TEST(tail_lines_hold_no_more_than_a_terminal)
{
    static const int widths[] = { 20, 40, 79, 80, 99, 100, 120, 200 };
    char             name[257];
    memset(name, 'x', 256);
    name[256] = '\0';
    dd_event e = event(7);
    e.requested_model = e.team = e.feature = e.provider = dd_str_z(name);
    e.user = DD_STR("\xe5\xad\x97\xe5\xad\x97\x1b[2J\xe2\x80\xae\n");
    for (size_t i = 0; i < DD_COUNT(widths); i++) {
        dd_tail_look k = { .width = widths[i] };
        dd_buf       out = DD_BUF_INIT(0);
        k.columns = dd_tail_usual(k.width, &k.n);
        dd_tail_head(&k, &out);
        dd_tail_line(&k, &e, &out);
        dd_str rest = dd_buf_str(&out);
        for (int n = 0; n < 2; n++)
            CHECK(dd_utf8_width(dd_str_cut(&rest, '\n')) <= (size_t)widths[i]);
        CHECK_EQ(rest.len, 0, "a line each");
        dd_buf_free(&out);
    }
}
