#include "store/key_usage.h"

#include "store/sql.h"

#define SUMS \
    "sum(request_count), sum(error_count), sum(unpriced_count), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), " \
    "sum(cache_write_1h_tokens), sum(output_tokens), sum(total_cost), sum(total_saved) FROM daily_cost_summary " \
    "WHERE day >= ? AND org = ? AND key_id = ? "

static const char by_day_sql[]   = "SELECT day, '', '', " SUMS "GROUP BY day ORDER BY day";
static const char by_model_sql[] = "SELECT 0, model, provider, " SUMS
                                   "GROUP BY model, provider ORDER BY sum(total_cost) DESC, sum(request_count) DESC, model";

static dd_key_sum read_row(dd_sql *s, bool by_day, dd_arena *a)
{
    return (dd_key_sum){
        .day      = by_day ? dd_day_of((dd_wall){ dd_sql_get_i64(s, 0) }) : DD_DAY_NONE,
        .model    = dd_arena_dup(a, dd_sql_get_text(s, 1)),
        .provider = dd_arena_dup(a, dd_sql_get_text(s, 2)),
        .requests = dd_sql_get_i64(s, 3),
        .errors   = dd_sql_get_i64(s, 4),
        .unpriced = dd_sql_get_i64(s, 5),
        .tokens   = { .input = dd_sql_get_i64(s, 6), .cache_read = dd_sql_get_i64(s, 7), .cache_write = dd_sql_get_i64(s, 8),
                      .cache_write_1h = dd_sql_get_i64(s, 9), .output = dd_sql_get_i64(s, 10) },
        .cost     = dd_sql_get_i64(s, 11),
        .saved    = dd_sql_get_i64(s, 12),
    };
}

dd_code dd_key_usage(const char *dir, dd_str org, dd_str key_id, dd_day from, bool by_day, dd_arena *a, dd_key_sum **out, size_t *n, dd_err *err)
{
    DD_VEC(dd_key_sum) rows = { 0 };
    *out      = NULL;
    *n        = 0;
    dd_db *db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = dir }, err);
    if (!db)
        return err->code == DD_ERR_NOT_FOUND ? DD_OK : err->code;
    dd_sql s = dd_sql_prepare(db, by_day ? by_day_sql : by_model_sql, err);
    dd_sql_i64(&s, (int64_t)from * 86400);
    dd_sql_text(&s, org);
    dd_sql_text(&s, key_id);
    while (dd_sql_row(&s))
        dd_avec_push(a, &rows, read_row(&s, by_day, a));
    dd_code rc = dd_sql_end(&s);
    dd_db_close(db);
    *out = rows.v;
    *n   = rows.n;
    return rc;
}
