#include "store/sums.h"

#include <stddef.h>

#include "store/db.h"

static const struct { const char *column; unsigned by; size_t in_ask, in_sum; } texts[] = {
    { "org", DD_BY_ORG, offsetof(dd_sums_ask, org), offsetof(dd_sum, org) },
    { "team", DD_BY_TEAM, offsetof(dd_sums_ask, team), offsetof(dd_sum, team) },
    { "feature", DD_BY_FEATURE, offsetof(dd_sums_ask, feature), offsetof(dd_sum, feature) },
    { "model", DD_BY_MODEL, offsetof(dd_sums_ask, model), offsetof(dd_sum, model) },
    { "provider", DD_BY_PROVIDER, offsetof(dd_sums_ask, provider), offsetof(dd_sum, provider) },
    { "key_id", DD_BY_KEY, offsetof(dd_sums_ask, key_id), offsetof(dd_sum, key_id) },
};
static const struct { const char *column; size_t in_sum; } counts[] = {
    { "request_count", offsetof(dd_sum, requests) },        { "error_count", offsetof(dd_sum, errors) },
    { "unpriced_count", offsetof(dd_sum, unpriced) },       { "latency_count", offsetof(dd_sum, latencies) },
    { "total_latency_us", offsetof(dd_sum, latency_us) },   { "input_tokens", offsetof(dd_sum, usage.input) },
    { "cache_read_tokens", offsetof(dd_sum, usage.cache_read) }, { "cache_write_tokens", offsetof(dd_sum, usage.cache_write) },
    { "cache_write_1h_tokens", offsetof(dd_sum, usage.cache_write_1h) }, { "output_tokens", offsetof(dd_sum, usage.output) },
    { "premium_count", offsetof(dd_sum, premiums) },        { "cache_hit_count", offsetof(dd_sum, hits) },
};
/* Money is summed in dollars and in what is left of each: SQLite's sum stops at 64 bits, which are nine million dollars. */
static const struct { const char *column; size_t in_sum; } moneys[] = {
    { "total_cost", offsetof(dd_sum, cost) },
    { "total_saved", offsetof(dd_sum, saved) },
    { "premium_saved", offsetof(dd_sum, premium_saved) },
};

static const int64_t most = INT64_C(1) << 56;   /* of a count: differences of three of them stay whole numbers */

static dd_str asked(const dd_sums_ask *a, size_t i) { return *(const dd_str *)(const void *)((const char *)a + texts[i].in_ask); }

static void make_sql(const dd_sums_ask *a, dd_buf *sql)
{
    const char *period = a->daily ? "day" : "hour";
    char        between = ' ';
    dd_buf_printf(sql, "SELECT %s", a->by & DD_BY_PERIOD ? period : "0");
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        dd_buf_printf(sql, ", %s", a->by & texts[i].by ? texts[i].column : "NULL");
    for (size_t i = 0; i < DD_COUNT(counts); i++)
        dd_buf_printf(sql, ", sum(%s)", counts[i].column);
    for (size_t i = 0; i < DD_COUNT(moneys); i++)
        dd_buf_printf(sql, ", sum(%s / 1000000000000), sum(%s %% 1000000000000)", moneys[i].column, moneys[i].column);
    dd_buf_printf(sql, " FROM %s_cost_summary WHERE %s >= ? AND %s < ?", a->daily ? "daily" : "hourly", period, period);
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        if (asked(a, i).ptr != NULL)
            dd_buf_printf(sql, " AND %s = ?", texts[i].column);
    if (a->by != 0)
        dd_buf_addz(sql, " GROUP BY");
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        if (a->by & texts[i].by) {
            dd_buf_printf(sql, "%c%s", between, texts[i].column);
            between = ',';
        }
    if (a->by & DD_BY_PERIOD)
        dd_buf_printf(sql, "%c%s", between, period);
    dd_buf_printf(sql, " HAVING sum(request_count) > 0 ORDER BY %s sum(total_cost / 1000000.0) DESC", a->by & DD_BY_PERIOD ? "1," : "");
}

static dd_pusd whole(int64_t dollars, int64_t rest)
{
    __int128 m = (__int128)dollars * DD_PUSD_PER_USD + rest;
    return m > INT64_MAX ? INT64_MAX : m <= INT64_MIN ? INT64_MIN + 1 : (dd_pusd)m;
}

/* False: a count is below zero. */
static bool read_counts(sqlite3_stmt *stmt, int at, dd_sum *s)
{
    bool fine = true;
    for (size_t i = 0; i < DD_COUNT(counts); i++) {
        int64_t n = sqlite3_column_int64(stmt, at + (int)i);
        fine = fine && n >= 0;
        *(int64_t *)(void *)((char *)s + counts[i].in_sum) = n < most ? n : most;
    }
    return fine;
}

static bool hand_over(sqlite3_stmt *stmt, dd_sums_fn *fn, void *ctx)
{
    dd_sum s = {0};
    char  *to = (char *)&s;
    int    at = 1;
    s.period_s = sqlite3_column_int64(stmt, 0);
    for (size_t i = 0; i < DD_COUNT(texts); i++, at++) {
        const char *p = (const char *)sqlite3_column_text(stmt, at);
        *(dd_str *)(void *)(to + texts[i].in_sum) = (dd_str){ p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, at) };
    }
    if (!read_counts(stmt, at, &s))
        return false;
    at += (int)DD_COUNT(counts);
    for (size_t i = 0; i < DD_COUNT(moneys); i++, at += 2)
        *(dd_pusd *)(void *)(to + moneys[i].in_sum) = whole(sqlite3_column_int64(stmt, at), sqlite3_column_int64(stmt, at + 1));
    fn(ctx, &s);
    return true;
}

static void bind_all(sqlite3_stmt *stmt, const dd_sums_ask *a)
{
    int at = 3;
    sqlite3_bind_int64(stmt, 1, a->from_s);
    sqlite3_bind_int64(stmt, 2, a->to_s != 0 ? a->to_s : INT64_MAX);
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        if (asked(a, i).ptr != NULL)
            sqlite3_bind_text(stmt, at++, asked(a, i).ptr, (int)asked(a, i).len, SQLITE_STATIC);
}

dd_code dd_sums_read(const char *dir, const dd_sums_ask *ask, dd_sums_fn *fn, void *ctx, dd_err *err)
{
    sqlite3_stmt *stmt = NULL;
    dd_err        own = DD_ERR_INIT;
    dd_buf        sql = DD_BUF_INIT(0);
    bool          fine = true;
    err = err != NULL ? err : &own;
    dd_db *db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = dir }, err);
    if (db == NULL)
        return err->code;
    make_sql(ask, &sql);
    int code = sqlite3_prepare_v2(dd_db_sqlite(db), dd_buf_z(&sql), -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        bind_all(stmt, ask);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
            if (!(fine = hand_over(stmt, fn, ctx)))
                break;
    }
    dd_code rc = !fine ? dd_db_damaged(db, err, "read the sums", "a count is below zero")
        : code == SQLITE_DONE ? DD_OK : dd_db_fail(db, err, "read the sums");
    sqlite3_finalize(stmt);
    dd_db_close(db);
    dd_buf_free(&sql);
    return rc;
}
