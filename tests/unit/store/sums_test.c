#include "store/sums.h"

#include "store/events.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

static void show(void *ctx, const dd_sum *s)
{
    dd_buf_printf(ctx, DD_STR_FMT "|" DD_STR_FMT "|%lld|%lld|%lld|%lld ", DD_STR_ARG(s->team), DD_STR_ARG(s->model),
                  (long long)s->requests, (long long)s->cost, (long long)s->usage.input, (long long)s->unpriced);
}

/* Events 1..6: odd ones of team core, even ones of team data and another model; the last one has no price. */
static const char *fill(void)
{
    const char *dir = sample_dir("sums");
    dd_err      err = DD_ERR_INIT;
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    for (int64_t i = 1; i <= 6; i++) {
        dd_event e = sample_event(i);
        e.used_model = DD_STR("big");
        if (i % 2 == 0) {
            e.team = DD_STR("data");
            e.used_model = DD_STR("mini");
        }
        if (i == 6)
            e.cost_actual = DD_PUSD_UNKNOWN;
        CHECK(dd_events_push(s, &e));
    }
    dd_events_close(s, 20000);
    return dir;
}

TEST(sums_are_asked_by_what_one_likes)
{
    const char *dir = fill();
    static const struct { const char *why; dd_sums_ask ask; const char *want; } cases[] = {
        { "all: 1 + ... + 5, the sixth has no price", { .by = 0 }, "||6|15|21|1 " },
        { "by team, dearest first", { .by = DD_BY_TEAM }, "core||3|9|9|0 data||3|6|12|1 " },
        { "by two", { .by = DD_BY_TEAM | DD_BY_MODEL, .daily = true }, "core|big|3|9|9|0 data|mini|3|6|12|1 " },
        { "of one team", { .by = DD_BY_MODEL, .team = DD_STR("data") }, "|mini|3|6|12|1 " },
        { "of a key that has none", { .key_id = DD_STR("nobody") }, "" },
        { "before there was anything", { .from_s = 0, .to_s = 1000000 }, "" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_err err = DD_ERR_INIT;
        dd_buf got = DD_BUF_INIT(0);
        CHECK_OK(dd_sums_read(dir, &cases[i].ask, show, &got, &err));
        if (!dd_str_eqz(dd_buf_str(&got), cases[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s: got \"%s\", want \"%s\"", cases[i].why, dd_buf_z(&got), cases[i].want);
        dd_buf_free(&got);
    }
}

static void keep(void *ctx, const dd_sum *s) { *(dd_sum *)ctx = *s; }

TEST(sums_hold_more_money_than_a_row_and_know_their_hours)
{
    const char *dir = sample_dir("sums");
    dd_err      err = DD_ERR_INIT;
    dd_sum      got = {0};
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    for (int64_t i = 0; i < 3; i++) {
        dd_event e = sample_event(i);
        e.cost_actual = i < 2 ? INT64_MAX / 4 : 5;
        e.key_id = i == 0 ? DD_STR("a") : DD_STR("b");
        CHECK(dd_events_push(s, &e));
    }
    dd_events_close(s, 20000);
    CHECK_OK(dd_sums_read(dir, &(dd_sums_ask){ .by = DD_BY_PERIOD }, keep, &got, &err));
    CHECK_EQ(got.cost, INT64_MAX / 4 * 2 + 5, "exact");
    CHECK_EQ(got.period_s % 3600, 0, "an hour");
    CHECK_EQ(got.period_s, sample_event(0).time_ms / 3600000 * 3600, "this hour");
    CHECK_EQ(got.latencies * 1000, got.latency_us, "a millisecond each");
    CHECK_EQ(sample_number(dir, "telemetry.db", "UPDATE hourly_cost_summary SET total_cost = 9000000000000000000"), -1, "done");
    CHECK_OK(dd_sums_read(dir, &(dd_sums_ask){ .by = 0 }, keep, &got, &err));
    CHECK_EQ(got.cost, INT64_MAX, "past the end it stays there");
    CHECK_EQ(dd_sums_read(sample_dir("sums"), &(dd_sums_ask){ .by = 0 }, keep, &got, &err), DD_ERR_NOT_FOUND, "no database");
}
