#include "store/dims.h"

#include <unistd.h>

#include "store/db.h"
#include "store/events.h"
#include "store/ring.h"
#include "store/rollup.h"
#include "store/writer.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

enum { HOUR_S = 3600, DAY_S = 86400, LONG_MS = 20000 };

static int64_t telemetry(const char *dir, const char *sql) { return sample_number(dir, "telemetry.db", sql); }

/* ---- events by chance ---- */

static uint64_t chance(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return *x;
}

static dd_str one_of(uint64_t *x, const char *const *words, size_t n) { return dd_str_z(words[chance(x) % n]); }
#define ONE_OF(x, ...) one_of(x, (const char *const[]){ __VA_ARGS__ }, DD_COUNT(((const char *const[]){ __VA_ARGS__ })))
static dd_pusd money(uint64_t *x) { return chance(x) % 7 == 0 ? DD_PUSD_UNKNOWN : (dd_pusd)(chance(x) % 2000000000000); }
static int64_t number(uint64_t *x, int64_t below) { return chance(x) % 9 == 0 ? -1 : (int64_t)(chance(x) % (uint64_t)below); }

/* Of three days and two organisations; what may be unknown or empty is so at times. */
static dd_event by_chance(uint64_t *x, int64_t n)
{
    int64_t  time_ms = sample_now_ms() / 86400000 * 86400000 - (int64_t)(chance(x) % (3 * 86400000));
    dd_event e = {
        .id = (time_ms - DD_EVENT_EPOCH_MS) << 21 | n, .time_ms = time_ms, .org = ONE_OF(x, "", "default", "acme"), .key_id = ONE_OF(x, "", "k1", "k2"),
        .user = ONE_OF(x, "", "ada", "bob", "it's", "(other)"), .feature = ONE_OF(x, "", "search", "chat"), .team = ONE_OF(x, "", "core", "d\xc3\xa4ta", "x"),
        .env = ONE_OF(x, "", "prod", "dev"), .task = ONE_OF(x, "", "chat", "code"), .strategy = ONE_OF(x, "", "cheapest"), .route = ONE_OF(x, "", "main"),
        .requested_model = ONE_OF(x, "", "gpt-4o", "openai/gpt-4o", "mini"), .used_model = ONE_OF(x, "", "gpt-4o", "mini", "4o"),
        .provider = ONE_OF(x, "", "openai", "groq"), .call_site = ONE_OF(x, "", "app.py:12", "app.py:99"), .cache = ONE_OF(x, "", "hit", "miss"),
        .status = (int)(chance(x) % 2 ? 200 : 503), .error = (dd_error_class)(chance(x) % DD_EC_COUNT), .fallback = chance(x) % 3 == 0,
        .usage = { number(x, 9999), number(x, 999), number(x, 99), number(x, 9), number(x, 9999) }, .reasoning_tokens = -1, .cost_original = money(x),
        .cost_actual = money(x), .cost_premium = money(x), .cost_saved = DD_PUSD_UNKNOWN, .prices = DD_DAY_NONE, .first_us = number(x, 1000000),
        .total_us = number(x, 100000000), .overhead_us = number(x, 100), .queue_us = -1, .bytes_in = 1, .bytes_out = 1, .score = -1,
    };
    if (e.cost_original != DD_PUSD_UNKNOWN && e.cost_actual != DD_PUSD_UNKNOWN)
        e.cost_saved = e.cost_original - e.cost_actual;
    return e;
}

static void frame(const dd_event *e, dd_buf *out)
{
    dd_ring *r = dd_ring_new(1);
    CHECK(dd_ring_put(r, e, SIZE_MAX) > 0 && dd_ring_take(r, out));
    dd_ring_free(r);
}

/* ---- the sums beside the rows ---- */

/* What the header says of each dimension, as SQL over the rows. */
static const char *const as_sql[DD_DIM_COUNT] = {
    [DD_DIM_TOTAL] = "''", [DD_DIM_TEAM] = "coalesce(team, '')", [DD_DIM_FEATURE] = "coalesce(feature, '')",
    [DD_DIM_MODEL] = "coalesce(used_model, requested_model, '')", [DD_DIM_REQUESTED] = "coalesce(requested_model, '')",
    [DD_DIM_SWAP] = "CASE WHEN used_model IS NULL OR requested_model IS NULL OR requested_model = used_model OR"
                    " substr(requested_model, -length(used_model) - 1) = '/' || used_model THEN '' ELSE requested_model || ' > ' || used_model END",
    [DD_DIM_PROVIDER] = "coalesce(provider, '')", [DD_DIM_KEY] = "coalesce(key_id, '')", [DD_DIM_USER] = "coalesce(user, '')",
    [DD_DIM_ROUTE] = "coalesce(route, '')", [DD_DIM_STRATEGY] = "coalesce(strategy, '')", [DD_DIM_TASK] = "coalesce(task, '')",
    [DD_DIM_CALL_SITE] = "coalesce(call_site, '')", [DD_DIM_ENV] = "coalesce(env, '')", [DD_DIM_ERROR] = NULL,
};
#define BOTH "(cost_original IS NOT NULL AND cost_actual IS NOT NULL)"
static const char sums_of_rows[] =
    "count(*) AS request_count, sum(error > 0 OR status >= 400) AS error_count, sum(cost_actual IS NULL) AS unpriced_count, sum(" BOTH ") AS compared_count,"
    " sum(cost_premium IS NOT NULL AND cost_actual IS NOT NULL) AS premium_count, sum(cache IS 'hit') AS cache_hit_count, sum(fallback) AS fallback_count,"
    " count(total_us) AS latency_count, coalesce(sum(total_us), 0) AS total_latency_us, coalesce(sum(cost_actual), 0) AS total_cost,"
    " sum(iif(" BOTH ", cost_original, 0)) AS original_cost, sum(iif(" BOTH ", cost_actual, 0)) AS compared_cost,"
    " sum(iif(" BOTH ", cost_original - cost_actual, 0)) AS total_saved, sum(coalesce(cost_premium - cost_actual, 0)) AS premium_saved,"
    " coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,"
    " coalesce(sum(cache_write_tokens), 0) AS cache_write_tokens, coalesce(sum(cache_write_1h_tokens), 0) AS cache_write_1h_tokens,"
    " coalesce(sum(output_tokens), 0) AS output_tokens";
static const char columns[] =
    "request_count, error_count, unpriced_count, compared_count, premium_count, cache_hit_count, fallback_count, latency_count, total_latency_us, total_cost,"
    " original_cost, compared_cost, total_saved, premium_saved, input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens";

static void error_names(dd_buf *sql)
{
    dd_buf_addz(sql, "CASE error");
    for (int i = 0; i < DD_EC_COUNT; i++)
        dd_buf_printf(sql, " WHEN %d THEN '%s'", i, dd_error_class_name((dd_error_class)i));
    dd_buf_addz(sql, " END");
}

/* Rows of the sums that the events do not make, and the other way round. */
static int64_t differences(const char *dir, int d, int unit)
{
    dd_buf sql = DD_BUF_INIT(0), value = DD_BUF_INIT(0);
    if (as_sql[d] != NULL)
        dd_buf_addz(&value, as_sql[d]);
    else
        error_names(&value);
    dd_buf_printf(&sql, "WITH want AS (SELECT org, time_ms / 1000 / %d * %d AS start, %s AS value, %s FROM events GROUP BY 1, 2, 3),"
                        " got AS (SELECT org, start, value, %s FROM dimension_summary WHERE dimension = %d AND unit = %d)"
                        " SELECT (SELECT count(*) FROM (SELECT * FROM want EXCEPT SELECT * FROM got))"
                        " + (SELECT count(*) FROM (SELECT * FROM got EXCEPT SELECT * FROM want))",
                  unit, unit, dd_buf_z(&value), sums_of_rows, columns, d, unit);
    int64_t n = telemetry(dir, dd_buf_z(&sql));
    dd_buf_free(&sql);
    dd_buf_free(&value);
    return n;
}

/* Sums of the dimension that are not the total's. */
static int64_t not_the_total(const char *dir, int d, int unit)
{
    dd_buf sql = DD_BUF_INIT(0);
    dd_buf_printf(&sql, "WITH s AS (SELECT org, dimension, unit, start");
    for (dd_str all = dd_str_z(columns); all.len > 0;) {
        dd_str one = dd_str_trim(dd_str_cut(&all, ','));
        dd_buf_printf(&sql, ", sum(" DD_STR_FMT ")", DD_STR_ARG(one));
    }
    dd_buf_printf(&sql, " FROM dimension_summary WHERE dimension IN (0, %d) AND unit = %d GROUP BY 1, 2, 3, 4)"
                        " SELECT count(*) FROM (SELECT * FROM s WHERE dimension = 0) a LEFT JOIN (SELECT * FROM s WHERE dimension = %d) b"
                        " ON a.org = b.org AND a.start = b.start WHERE NOT (b.org IS NOT NULL", d, unit, d);
    int at = 0;
    for (dd_str all = dd_str_z(columns); all.len > 0; at++) {
        dd_str one = dd_str_trim(dd_str_cut(&all, ','));
        dd_buf_printf(&sql, " AND a.\"sum(" DD_STR_FMT ")\" = b.\"sum(" DD_STR_FMT ")\"", DD_STR_ARG(one), DD_STR_ARG(one));
    }
    dd_buf_addc(&sql, ')');
    int64_t n = telemetry(dir, dd_buf_z(&sql));
    dd_buf_free(&sql);
    return n;
}

static void check_sums(const char *dir, bool folded)
{
    for (int d = 0; d < DD_DIM_COUNT; d++)
        for (int unit = HOUR_S; unit <= DAY_S; unit += DAY_S - HOUR_S) {
            if (!folded)
                CHECK_EQ(differences(dir, d, unit), 0, dd_dim_name((dd_dim)d));
            CHECK_EQ(not_the_total(dir, d, unit), 0, dd_dim_name((dd_dim)d));
        }
}

static void expect_latencies(const char *dir, const dd_event *v, size_t n)
{
    dd_dims *d = dd_dims_new(dir);
    for (int kind = 0; kind < DD_LATENCY_COUNT; kind++)
        for (int daily = 0; daily < 2; daily++) {
            dd_hist want = {0}, got = {0};
            dd_err  err = DD_ERR_INIT;
            for (size_t i = 0; i < n; i++) {
                int64_t us = kind == DD_LATENCY_TOTAL ? v[i].total_us : kind == DD_LATENCY_FIRST ? v[i].first_us : v[i].overhead_us;
                if (us >= 0)
                    dd_hist_add(&want, us);
            }
            CHECK_OK(dd_dims_latency(d, (dd_latency_kind)kind, DD_STR_NULL, daily, 0, 0, &got, &err));
            CHECK(want.n > 0 && memcmp(&want, &got, sizeof want) == 0);
        }
    dd_dims_free(d);
}

TEST(every_sum_is_that_of_the_rows_and_what_comes_twice_counts_once)
{
    enum { N = 3000, BATCH = 250 };
    static dd_event v[N];
    const char *dir = sample_dir("dims");
    dd_err      err = DD_ERR_INIT;
    dd_buf      before = DD_BUF_INIT(0), batch = DD_BUF_INIT(0);
    uint64_t    x = 88172645463325252;
    dd_writer  *w = dd_writer_new(&(dd_writer_opts){ .dir = dir });
    for (int64_t i = 0; i < N; i++) {
        v[i] = by_chance(&x, i);
        frame(&v[i], &batch);
        if (i % BATCH == BATCH - 1) {          /* with it the one before comes again */
            dd_writer_count n = {0};
            dd_buf          both = DD_BUF_INIT(0);
            dd_buf_add(&both, dd_buf_str(&before));
            dd_buf_add(&both, dd_buf_str(&batch));
            CHECK_OK(dd_writer_put(w, dd_buf_str(&both), &n, &err));
            CHECK_EQ(n.written, BATCH, "R3.5 idempotent");
            CHECK_EQ(n.known, i < BATCH ? 0 : BATCH, "known");
            before.len = 0;
            dd_buf_add(&before, dd_buf_str(&batch));
            batch.len = 0;
            dd_buf_free(&both);
        }
    }
    check_sums(dir, false);
    expect_latencies(dir, v, N);
    dd_writer_free(w);
    dd_buf_free(&before);
    dd_buf_free(&batch);
}

static int at_times(void *ctx) { return (*(int *)ctx)++ % 3 != 0 ? SQLITE_IOERR : SQLITE_OK; }

TEST(every_sum_is_that_of_the_rows_when_they_come_by_the_spool)
{
    enum { N = 3000 };
    const char *dir = sample_dir("dims");
    dd_err      err = DD_ERR_INIT;
    uint64_t    x = 362436069;
    int         turn = 1;
    dd_events_counts c = {0};
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir, .slots = 100, .batch_ms = 5, .fault = at_times, .fault_ctx = &turn }, &err);
    CHECK(s != NULL);
    for (int64_t i = 0; i < N; i++) {
        dd_event e = by_chance(&x, i);
        while (!dd_events_push(s, &e))
            usleep(200);
    }
    for (int i = 0; i < LONG_MS && c.written < N; i++, usleep(1000))
        dd_events_count(s, &c);
    dd_events_close(s, LONG_MS);
    CHECK(c.spooled > 0 && c.failures > 0);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), N, "each once");
    check_sums(dir, false);
}

/* The statement that fails is the last of the batch: all before it goes back, also what the writer knows of the tables. */
TEST(a_batch_that_is_rolled_back_leaves_no_sum)
{
    const char     *dir = sample_dir("dims");
    dd_err          err = DD_ERR_INIT;
    dd_writer_count n = {0};
    dd_buf          batch = DD_BUF_INIT(0);
    uint64_t        x = 2463534242;
    dd_writer      *w = dd_writer_new(&(dd_writer_opts){ .dir = dir });
    for (int64_t i = 0; i < 100; i++) {
        dd_event e = by_chance(&x, i);
        frame(&e, &batch);
    }
    CHECK_OK(dd_writer_put(w, dd_str_sub(dd_buf_str(&batch), 0, 0), &n, &err));
    CHECK_EQ(telemetry(dir, "CREATE TRIGGER no BEFORE INSERT ON latency_summary WHEN new.kind = 2 BEGIN SELECT raise(ABORT, 'no'); END"), -1, "set");
    CHECK(dd_writer_put(w, dd_buf_str(&batch), &n, &err) != DD_OK);
    CHECK_EQ(telemetry(dir, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM dimension_summary)"), 0, "nothing");
    CHECK_EQ(telemetry(dir, "DROP TRIGGER no"), -1, "mended");
    CHECK_OK(dd_writer_put(w, dd_buf_str(&batch), &n, &err));
    CHECK_EQ(n.written, 100, "all");
    check_sums(dir, false);
    dd_writer_free(w);
    dd_buf_free(&batch);
}

/* ---- asking ---- */

static void show(void *ctx, const dd_dims_row *r)
{
    dd_buf_printf(ctx, "%lld:" DD_STR_FMT "|%lld|%lld|%lld|%lld ", (long long)r->period_s % DAY_S / HOUR_S, DD_STR_ARG(r->value), (long long)r->requests,
                  (long long)r->cost, (long long)r->saved, (long long)r->compared);
}

/* Six requests of the hours 1, 1, 2, 2, 3 and 3 of a day, costs 1 to 6; the even ones of team "data", the last one of another organisation, and of
 * unknown cost by the requested model. And one of the day before, of cost 100. */
static const char *six(int64_t *day_s)
{
    const char *dir = sample_dir("dims");
    dd_err      err = DD_ERR_INIT;
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    *day_s = sample_now_ms() / 1000 / DAY_S * DAY_S - DAY_S;
    for (int64_t i = 0; i <= 6; i++) {
        dd_event e = sample_event(i);
        e.time_ms = (*day_s + (i > 0 ? (i + 1) / 2 : -1) * HOUR_S + 5) * 1000;
        e.cost_actual = i > 0 ? i : 100;
        e.cost_original = i == 6 ? DD_PUSD_UNKNOWN : e.cost_actual + 10;
        e.team = i % 2 == 0 ? DD_STR("data") : DD_STR("core");
        e.org = i == 6 ? DD_STR("acme") : DD_STR("default");
        CHECK(dd_events_push(s, &e));
    }
    dd_events_close(s, LONG_MS);
    return dir;
}

TEST(dimensions_are_asked_by_period_and_value)
{
    int64_t     day_s;
    const char *dir = six(&day_s);
    dd_dims    *d = dd_dims_new(dir);
    const struct { const char *why; dd_dims_ask ask; const char *want; } cases[] = {
        { "hours of the day: 1 + ... + 6, 10 saved by five", { DD_DIM_TOTAL, .from_s = day_s }, "0:|6|21|50|5 " },
        { "dearest first", { DD_DIM_TEAM, .from_s = day_s }, "0:data|3|12|20|2 0:core|3|9|30|3 " },
        { "one", { DD_DIM_TEAM, .from_s = day_s, .limit = 1 }, "0:data|3|12|20|2 " },
        { "to is not in it", { DD_DIM_TEAM, .from_s = day_s + HOUR_S, .to_s = day_s + 2 * HOUR_S }, "0:data|1|2|10|1 0:core|1|1|10|1 " },
        { "from in the middle of an hour", { DD_DIM_TEAM, .from_s = day_s + HOUR_S + 1, .to_s = day_s + 2 * HOUR_S + 1 }, "0:data|1|4|10|1 0:core|1|3|10|1 " },
        { "one value", { DD_DIM_TEAM, .from_s = day_s, .value = DD_STR("core") }, "0:core|3|9|30|3 " },
        { "one value, from in the middle of an hour", { DD_DIM_TEAM, .from_s = day_s + HOUR_S + 1, .value = DD_STR("core") }, "0:core|2|8|20|2 " },
        { "one value, to the middle of an hour", { DD_DIM_TEAM, .from_s = day_s, .to_s = day_s + 2 * HOUR_S + 1, .value = DD_STR("core") }, "0:core|2|4|20|2 " },
        { "a value that is not there", { DD_DIM_TEAM, .value = DD_STR("nobody") }, "" },
        { "one organisation", { DD_DIM_TEAM, .org = DD_STR("default"), .from_s = day_s }, "0:core|3|9|30|3 0:data|2|6|20|2 " },
        { "another", { DD_DIM_TOTAL, .org = DD_STR("acme"), .daily = true }, "0:|1|6|0|0 " },
        { "none", { DD_DIM_TOTAL, .org = DD_STR("nobody") }, "" },
        { "by hour", { DD_DIM_TOTAL, .from_s = day_s, .by_period = true }, "1:|2|3|20|2 2:|2|7|20|2 3:|2|11|10|1 " },
        { "by hour, of one value", { DD_DIM_TEAM, .from_s = day_s, .by_period = true, .value = DD_STR("core") }, "1:core|1|1|10|1 2:core|1|3|10|1 3:core|1|5|10|1 " },
        { "days", { DD_DIM_TOTAL, .daily = true, .by_period = true }, "0:|1|100|10|1 0:|6|21|50|5 " },
        { "all days", { DD_DIM_TEAM, .daily = true }, "0:data|4|112|30|3 0:core|3|9|30|3 " },
        { "all days of one value", { DD_DIM_TEAM, .daily = true, .value = DD_STR("data") }, "0:data|4|112|30|3 " },
        { "swaps", { DD_DIM_SWAP, .daily = true }, "0:gpt-4o > claude-haiku-4-5|7|121|60|6 " },
        { "nothing yet", { DD_DIM_TOTAL, .from_s = day_s + 30 * DAY_S }, "" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_err err = DD_ERR_INIT;
        dd_buf got = DD_BUF_INIT(0);
        CHECK_OK(dd_dims_read(d, &cases[i].ask, show, &got, &err));
        if (!dd_str_eqz(dd_buf_str(&got), cases[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s: got \"%s\", want \"%s\"", cases[i].why, dd_buf_z(&got), cases[i].want);
        dd_buf_free(&got);
    }
    dd_dims_free(d);
}

TEST(names_of_dimensions_are_found)
{
    dd_dim d;
    for (int i = 0; i < DD_DIM_COUNT; i++)
        CHECK(dd_dim_find(dd_str_z(dd_dim_name((dd_dim)i)), &d) && d == (dd_dim)i);
    CHECK(!dd_dim_find(DD_STR("prompt"), &d));
    CHECK(dd_str_eqz(dd_str_z(dd_dim_name(DD_DIM_CALL_SITE)), "call_site"));
}

static void keep(void *ctx, const dd_dims_row *r) { *(int64_t *)ctx = r->requests; }

TEST(the_version_says_when_to_ask_again)
{
    const char *dir = sample_dir("dims");
    char        path[300];
    dd_err      err = DD_ERR_INIT;
    dd_dims    *d = dd_dims_new(dir);
    int64_t     requests = 0;
    CHECK_EQ(dd_dims_version(d), 0, "no database yet");
    CHECK_EQ(dd_dims_read(d, &(dd_dims_ask){ DD_DIM_TOTAL }, keep, &requests, &err), DD_ERR_NOT_FOUND, "no database yet");
    dd_events *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    dd_event   e = sample_event(1);
    CHECK(dd_events_push(s, &e) && dd_events_flush(s, LONG_MS));
    int64_t one = dd_dims_version(d);
    CHECK(one != 0 && dd_dims_version(d) == one);
    e = sample_event(2);
    CHECK(dd_events_push(s, &e) && dd_events_flush(s, LONG_MS));
    int64_t two = dd_dims_version(d);
    CHECK(two != one && dd_dims_version(d) == two);
    dd_events_close(s, LONG_MS);
    snprintf(path, sizeof path, "%s/telemetry.db", dir);
    CHECK(unlink(path) == 0);
    s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    CHECK(dd_events_push(s, &e) && dd_events_flush(s, LONG_MS));
    CHECK(dd_dims_version(d) != two && dd_dims_version(d) != one);
    CHECK_OK(dd_dims_read(d, &(dd_dims_ask){ DD_DIM_TOTAL }, keep, &requests, &err));
    CHECK_EQ(requests, 1, "of the new one");
    dd_events_close(s, LONG_MS);
    dd_dims_free(d);
}

/* ---- what is much, what is old ---- */

TEST(a_user_for_each_request_does_not_fill_the_dimension)
{
    enum { N = DD_DIMS_VALUES + 600 };
    const char *dir = sample_dir("dims");
    char        name[32];
    dd_err      err = DD_ERR_INIT;
    for (int round = 0; round < 2; round++) {        /* a second process knows what the first one has filled */
        dd_writer      *w = dd_writer_new(&(dd_writer_opts){ .dir = dir });
        dd_buf          batch = DD_BUF_INIT(0);
        dd_writer_count n = {0};
        for (int64_t i = 0; i < N; i++) {
            dd_event e = sample_event(i + round * N);
            snprintf(name, sizeof name, "user %d", (int)i);
            e.user = dd_str_z(name);
            e.time_ms -= round * DAY_S * 1000;       /* another day has room of its own */
            frame(&e, &batch);
            e = sample_event(i + (round + 2) * N);
            e.user = dd_str_z(name);
            frame(&e, &batch);
            if (i % 100 == 99) {
                CHECK_OK(dd_writer_put(w, dd_buf_str(&batch), &n, &err));
                batch.len = 0;
            }
        }
        CHECK_EQ(batch.len, 0, "all");
        dd_buf_free(&batch);
        dd_writer_free(w);
    }
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM dimension_summary WHERE dimension = 8 AND unit = 86400 GROUP BY start ORDER BY start LIMIT 1"),
             DD_DIMS_VALUES + 1, "P17: the rest is (other)");
    CHECK_EQ(telemetry(dir, "SELECT max(n) FROM (SELECT count(*) AS n FROM dimension_summary WHERE dimension = 8 GROUP BY unit, start)"),
             DD_DIMS_VALUES + 1, "P17: in each hour and day");
    CHECK_EQ(telemetry(dir, "SELECT request_count FROM dimension_summary WHERE dimension = 8 AND unit = 86400 AND value = '(other)' ORDER BY start LIMIT 1"),
             N - DD_DIMS_VALUES, "the day before: those that came too late");
    CHECK_EQ(telemetry(dir, "SELECT max(request_count) FROM dimension_summary WHERE dimension = 8 AND unit = 86400 AND value = 'user 3'"), 3, "grows");
    check_sums(dir, true);
}

static dd_code put_users(dd_writer *w, int from, int to)
{
    char            name[32];
    dd_err          err = DD_ERR_INIT;
    dd_writer_count n = {0};
    dd_buf          batch = DD_BUF_INIT(0);
    for (int i = from; i < to; i++) {
        dd_event e = sample_event(i);
        snprintf(name, sizeof name, "user %d", i);
        e.user = dd_str_z(name);
        frame(&e, &batch);
    }
    dd_code rc = dd_writer_put(w, dd_buf_str(&batch), &n, &err);
    dd_buf_free(&batch);
    return rc;
}

TEST(what_was_rolled_back_fills_no_dimension)
{
    const char *dir = sample_dir("dims");
    dd_writer  *w = dd_writer_new(&(dd_writer_opts){ .dir = dir });
    CHECK_OK(put_users(w, 0, DD_DIMS_VALUES - 50));
    CHECK_EQ(telemetry(dir, "CREATE TRIGGER no BEFORE INSERT ON latency_summary BEGIN SELECT raise(ABORT, 'no'); END"), -1, "set");
    CHECK(put_users(w, DD_DIMS_VALUES - 50, DD_DIMS_VALUES + 50) != DD_OK);
    CHECK_EQ(telemetry(dir, "DROP TRIGGER no"), -1, "mended");
    CHECK_OK(put_users(w, DD_DIMS_VALUES + 50, DD_DIMS_VALUES + 110));
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM dimension_summary WHERE dimension = 8 AND unit = 86400"), DD_DIMS_VALUES + 1, "filled by those that are there");
    CHECK_EQ(telemetry(dir, "SELECT request_count FROM dimension_summary WHERE dimension = 8 AND unit = 86400 AND value = '(other)'"), 10, "and ten too many");
    check_sums(dir, true);
    dd_writer_free(w);
}

TEST(hours_of_dimensions_go_and_days_stay)
{
    const char *dir = sample_dir("dims");
    dd_err      err = DD_ERR_INIT;
    bool        more = true;
    dd_buf      batch = DD_BUF_INIT(0);
    dd_writer_count n = {0};
    dd_writer  *w = dd_writer_new(&(dd_writer_opts){ .dir = dir, .hourly_days = 90 });
    for (int64_t i = 0; i < 100; i++) {
        dd_event e = sample_event(i);
        e.time_ms -= i < 60 ? (90 * (int64_t)DAY_S + (i % 30 + 2) * HOUR_S) * 1000 : 0;
        e.org = i % 3 == 0 ? DD_STR("acme") : DD_STR("default");
        frame(&e, &batch);
    }
    CHECK_OK(dd_writer_put(w, dd_buf_str(&batch), &n, &err));
    for (int i = 0; i < 200 && more; i++)
        CHECK_OK(dd_writer_tidy(w, sample_now_ms(), &more, &err));
    CHECK(!more);
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM dimension_summary WHERE unit = 3600"), 40 * DD_DIM_COUNT, "R3.4: hours for 90 days");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM dimension_summary WHERE unit = 86400"), 100 * DD_DIM_COUNT, "R3.4: days for ever");
    CHECK_EQ(telemetry(dir, "SELECT sum(requests) FROM latency_summary WHERE unit = 3600"), 40 * DD_LATENCY_COUNT, "R3.4: hours for 90 days");
    CHECK_EQ(telemetry(dir, "SELECT sum(requests) FROM latency_summary WHERE unit = 86400"), 100 * DD_LATENCY_COUNT, "R3.4: days for ever");
    dd_writer_free(w);
    dd_buf_free(&batch);
}

/* ---- an older database ---- */

TEST(sums_of_an_older_program_are_taken_over)
{
    const char *dir = sample_dir("dims");
    dd_err      err = DD_ERR_INIT;
    dd_db      *db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = dir, .create = true, .migrations = dd_migrations_telemetry, .n_migrations = 3 }, &err);
    CHECK(db != NULL);
    CHECK_EQ(dd_db_version(db), 3, "older");
    /* 1700006400 is 0:00 of a day. Three combinations in one hour, one in another day; 11 + 12 + 13 requests of which one each has no price. */
    CHECK_OK(dd_db_exec(db,
        "INSERT INTO hourly_cost_summary (hour, org, team, feature, model, provider, key_id, request_count, error_count, unpriced_count, latency_count,"
        " total_latency_us, total_cost, total_saved, input_tokens, premium_count, premium_saved, cache_hit_count) VALUES"
        " (1700006400, 'default', 'core', 'search', 'gpt-4o', 'openai', 'k1', 11, 1, 1, 10, 1000, 500, 50, 7, 2, 20, 3),"
        " (1700006400, 'default', 'core', 'chat', 'mini', 'openai', 'k2', 12, 0, 1, 10, 1000, 600, 60, 7, 2, 20, 3),"
        " (1700006400, 'default', 'data', 'chat', 'mini', 'groq', 'k1', 13, 0, 1, 10, 1000, 700, 70, 7, 2, 20, 3),"
        " (1700010000, 'acme', 'core', 'search', 'gpt-4o', 'openai', 'k1', 1, 0, 0, 1, 5, 6, 0, 7, 0, 0, 0),"
        " (1690000000, 'acme', 'core', 'search', 'gpt-4o', 'openai', 'k1', 1, 0, 0, 1, 5, 6, 0, 7, 0, 0, 0);"
        "INSERT INTO daily_cost_summary SELECT * FROM (SELECT hour / 86400 * 86400, org, team, feature, model, provider, key_id, request_count, error_count,"
        " unpriced_count, latency_count, total_latency_us, total_cost, total_saved, input_tokens, cache_read_tokens, cache_write_tokens,"
        " cache_write_1h_tokens, output_tokens, premium_count, premium_saved, cache_hit_count FROM hourly_cost_summary)", &err));
    dd_db_close(db);
    db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = dir }, &err);
    CHECK(db != NULL);
    dd_db_close(db);
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM dimension_summary WHERE unit = 86400 AND dimension = 0"), 38, "days: all");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM dimension_summary WHERE unit = 3600 AND dimension = 0"), 37, "hours: the last days");
    static const struct { dd_dim dim; const char *want; } cases[] = {
        { DD_DIM_TOTAL, "0:|36|1800|180|33 " },
        { DD_DIM_TEAM, "0:core|23|1100|110|21 0:data|13|700|70|12 " },
        { DD_DIM_FEATURE, "0:chat|25|1300|130|23 0:search|11|500|50|10 " },
        { DD_DIM_MODEL, "0:mini|25|1300|130|23 0:gpt-4o|11|500|50|10 " },
        { DD_DIM_PROVIDER, "0:openai|23|1100|110|21 0:groq|13|700|70|12 " },
        { DD_DIM_KEY, "0:k1|24|1200|120|22 0:k2|12|600|60|11 " },
        { DD_DIM_USER, "0:(other)|36|1800|180|33 " },
    };
    dd_dims *d = dd_dims_new(dir);
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_buf got = DD_BUF_INIT(0);
        CHECK_OK(dd_dims_read(d, &(dd_dims_ask){ cases[i].dim, .org = DD_STR("default"), .by_period = true }, show, &got, &err));
        if (!dd_str_eqz(dd_buf_str(&got), cases[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s: got \"%s\", want \"%s\"", dd_dim_name(cases[i].dim), dd_buf_z(&got), cases[i].want);
        dd_buf_free(&got);
    }
    dd_dims_free(d);
    check_sums(dir, true);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM dimension_summary WHERE original_cost - compared_cost <> total_saved OR compared_count > request_count"), 0,
             "what was saved is the difference");
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM latency_summary"), 0, "not known");
}
