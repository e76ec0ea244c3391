#include "store/query.h"

#include "store/db.h"
#include "store/filter.h"
#include "store/pages.h"
#include "store/record.h"
#include "store/rows.h"
#include "store/skip.h"

enum { LONG_US = 1 << 30 };
typedef DD_VEC(int64_t) id_list;

struct dd_query {
    char     *dir;
    dd_filter filter;
    dd_db    *db;
    int64_t   seen;          /* the highest batch handed over */
    int64_t   data_version;  /* of the connection, when it was last looked */
};

dd_query *dd_query_new(const char *dir)
{
    dd_query *q = dd_calloc(1, sizeof *q);
    q->dir = dd_strdup(dd_str_z(dir));
    return q;
}

void dd_query_free(dd_query *q)
{
    if (q == NULL)
        return;
    dd_db_close(q->db);
    dd_filter_fini(&q->filter);
    free(q->dir);
    free(q);
}

dd_code dd_query_where(dd_query *q, dd_str filter, dd_err *err)
{
    return dd_filter_add(&q->filter, filter, err);
}

static dd_code open_db(dd_query *q, dd_err *err)
{
    if (q->db != NULL && !dd_db_moved(q->db))
        return DD_OK;
    dd_db_close(q->db);
    q->data_version = -1;
    q->db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = q->dir }, err);
    return q->db != NULL ? DD_OK : err->code;
}

/* One number; 0 when there is none. */
static dd_code number(dd_query *q, const char *sql, int64_t *out, dd_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int           code = sqlite3_prepare_v2(dd_db_sqlite(q->db), sql, -1, &stmt, NULL);
    *out = 0;
    if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    dd_code rc = code == SQLITE_ROW || code == SQLITE_DONE ? DD_OK : dd_db_fail(q->db, err, "read");
    sqlite3_finalize(stmt);
    return rc;
}

/* ---- rows ---- */

static void hand_over(sqlite3_stmt *stmt, dd_query_fn *fn, void *ctx)
{
    dd_attempt attempts[DD_RECORD_ATTEMPTS];
    dd_event   e;
    dd_rows_read(stmt, &e, attempts);
    fn(ctx, &e);
}

static void select_columns(dd_buf *sql)
{
    dd_buf_addz(sql, "SELECT ");
    dd_rows_columns(sql);
    dd_buf_addz(sql, " FROM events WHERE 1");
}

/* Values of the filter stand first, then these two, or one, as far as the statement has them. */
static void bind_all(const dd_query *q, sqlite3_stmt *stmt, int64_t a, int64_t b)
{
    int at = dd_rows_bind(stmt, 1, &q->filter, 0, q->filter.values.n);
    sqlite3_bind_int64(stmt, at, a);
    if (sqlite3_bind_parameter_count(stmt) > at)
        sqlite3_bind_int64(stmt, at + 1, b);
}

static dd_code run(dd_query *q, const char *sql, int64_t a, int64_t b, dd_query_fn *fn, void *ctx, dd_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int           code = sqlite3_prepare_v2(dd_db_sqlite(q->db), sql, -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        bind_all(q, stmt, a, b);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
            hand_over(stmt, fn, ctx);
    }
    dd_code rc = code == SQLITE_DONE ? DD_OK : dd_db_fail(q->db, err, "read events");
    sqlite3_finalize(stmt);
    return rc;
}

/* ---- the newest ---- */

static void keep_id(void *ctx, const dd_event *e)
{
    id_list *ids = ctx;
    dd_vec_push(ids, e->id);
}

static dd_code newest_ids(dd_query *q, int64_t limit, id_list *ids, dd_err *err)
{
    dd_pages    *p = dd_pages_over(q->db);
    dd_page      page;
    dd_pages_ask ask = { .filter = &q->filter, .work_us = LONG_US, .just = true };
    dd_code      rc;
    do {
        int64_t left = limit - (int64_t)ids->n;
        ask.limit = left < DD_PAGES_MOST ? left : DD_PAGES_MOST;
        rc = dd_pages_read(p, &ask, keep_id, ids, &page, err);
        ask.before = page.next;
    } while (rc == DD_OK && page.next > 0 && (int64_t)ids->n < limit);
    dd_pages_free(p);
    return rc;
}

static dd_code newest(dd_query *q, int64_t limit, dd_query_fn *fn, void *ctx, dd_err *err)
{
    sqlite3_stmt *stmt = NULL;
    id_list       ids = {0};
    dd_buf        sql = DD_BUF_INIT(0);
    dd_code       rc = newest_ids(q, limit, &ids, err);
    select_columns(&sql);
    dd_buf_addz(&sql, " AND id = ?");
    if (rc == DD_OK && sqlite3_prepare_v2(dd_db_sqlite(q->db), dd_buf_z(&sql), -1, &stmt, NULL) != SQLITE_OK)
        rc = dd_db_fail(q->db, err, "read events");
    for (size_t i = ids.n; rc == DD_OK && i-- > 0;) {
        sqlite3_bind_int64(stmt, 1, ids.v[i]);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            hand_over(stmt, fn, ctx);
        else
            rc = dd_db_fail(q->db, err, "read events");
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    dd_vec_free(&ids);
    dd_buf_free(&sql);
    return rc;
}

/* Where all that fit are: pairs of a range's ends, newest first. */
static dd_code find_ranges(dd_query *q, id_list *out, dd_err *err)
{
    dd_skip     *s = dd_skip_new(q->db, &q->filter, DD_STR_NULL, 0, INT64_MAX);
    dd_skip_step step = DD_SKIP_LOOKING;
    int64_t      from = 0, below = INT64_MAX;
    if (s == NULL) {
        dd_vec_push(out, below);
        dd_vec_push(out, from);
        return DD_OK;
    }
    while (step == DD_SKIP_FOUND || step == DD_SKIP_LOOKING) {
        step = dd_skip_next(s, INT64_MAX, &from, &below);
        if (step == DD_SKIP_FOUND && out->n > 0 && out->v[out->n - 1] == below)
            out->v[out->n - 1] = from;
        else if (step == DD_SKIP_FOUND) {
            dd_vec_push(out, below);
            dd_vec_push(out, from);
        }
    }
    dd_code rc = step == DD_SKIP_FAILED ? dd_db_fail(q->db, err, "read events") : DD_OK;
    dd_skip_free(s);
    return rc;
}

/* In the table's order, nothing is sorted. */
static dd_code everything(dd_query *q, dd_query_fn *fn, void *ctx, dd_err *err)
{
    id_list ends = {0};
    dd_buf  sql = DD_BUF_INIT(0);
    dd_code rc = find_ranges(q, &ends, err);
    select_columns(&sql);
    dd_buf_add(&sql, dd_buf_str(&q->filter.sql));
    dd_buf_addz(&sql, " AND id >= ? AND id < ? ORDER BY id");
    for (size_t i = ends.n; rc == DD_OK && i >= 2; i -= 2)
        rc = run(q, dd_buf_z(&sql), ends.v[i - 1], ends.v[i - 2], fn, ctx, err);
    dd_vec_free(&ends);
    dd_buf_free(&sql);
    return rc;
}

/* ---- the two questions ---- */

/* In one transaction, so that "newest" and "since then" neither overlap nor leave a gap. */
dd_code dd_query_newest(dd_query *q, int64_t limit, dd_query_fn *fn, void *ctx, dd_err *err)
{
    int64_t seen;
    dd_code rc = open_db(q, err);
    if (rc != DD_OK)
        return rc;
    if ((rc = dd_db_exec(q->db, "BEGIN", err)) == DD_OK)
        rc = number(q, "SELECT max(batch) FROM events", &seen, err);
    if (rc == DD_OK)
        q->seen = seen > q->seen ? seen : q->seen;
    if (rc == DD_OK && limit != 0)
        rc = limit > 0 ? newest(q, limit, fn, ctx, err) : everything(q, fn, ctx, err);
    dd_db_rollback(q->db);
    return rc;
}

static dd_code since(dd_query *q, int64_t upto, dd_query_fn *fn, void *ctx, dd_err *err)
{
    dd_buf sql = DD_BUF_INIT(0);
    select_columns(&sql);
    dd_buf_add(&sql, dd_buf_str(&q->filter.sql));
    dd_buf_addz(&sql, " AND batch > ? AND batch <= ? ORDER BY batch, id");
    dd_code rc = run(q, dd_buf_z(&sql), q->seen, upto, fn, ctx, err);
    dd_buf_free(&sql);
    return rc;
}

/* What was written into a database between the last look and its being replaced. It may be broken by now: then nothing more comes of it. */
static void take_leave(dd_query *q, dd_query_fn *fn, void *ctx)
{
    int64_t upto;
    if (q->db != NULL && dd_db_moved(q->db) && number(q, "SELECT max(batch) FROM events", &upto, NULL) == DD_OK && upto > q->seen &&
        since(q, upto, fn, ctx, NULL) == DD_OK)
        q->seen = upto;
}

dd_code dd_query_more(dd_query *q, dd_query_fn *fn, void *ctx, dd_err *err)
{
    int64_t version = 0, upto = 0;
    take_leave(q, fn, ctx);
    dd_code rc = open_db(q, err);
    if (rc == DD_ERR_NOT_FOUND)
        return DD_OK;
    if (rc == DD_OK)
        rc = number(q, "PRAGMA data_version", &version, err);
    if (rc != DD_OK || version == q->data_version)
        return rc;
    rc = number(q, "SELECT max(batch) FROM events", &upto, err);
    if (rc == DD_OK && upto > q->seen)
        rc = since(q, upto, fn, ctx, err);
    if (rc != DD_OK)
        return rc;
    q->seen = upto > q->seen ? upto : q->seen;
    q->data_version = version;
    return DD_OK;
}

/* ---- a trace ---- */

static dd_code run_trace(dd_query *q, const char *sql, dd_str trace_id, const int64_t numbers[3], dd_query_fn *fn, void *ctx, dd_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int           code = sqlite3_prepare_v2(dd_db_sqlite(q->db), sql, -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, trace_id.ptr, (int)trace_id.len, SQLITE_STATIC);
        for (int i = 0; i < 3; i++)
            sqlite3_bind_int64(stmt, 2 + i, numbers[i]);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
            hand_over(stmt, fn, ctx);
    }
    dd_code rc = code == SQLITE_DONE ? DD_OK : dd_db_fail(q->db, err, "read events");
    sqlite3_finalize(stmt);
    return rc;
}

dd_code dd_query_trace(dd_query *q, dd_str trace_id, int64_t own_from, int64_t own_upto, int64_t limit, bool *all, dd_query_fn *fn, void *ctx, dd_err *err)
{
    dd_buf        sql        = DD_BUF_INIT(0);
    int64_t       there      = 0;
    const int64_t numbers[3] = { own_from, own_upto, limit };
    dd_code       rc         = open_db(q, err);
    if (rc == DD_OK)
        rc = number(q, "SELECT count(*) FROM pragma_index_list('events') WHERE name = 'events_client_trace'", &there, err);
    *all = there > 0;
    if (rc != DD_OK || !there)
        return rc;
    dd_buf_addz(&sql, "SELECT * FROM (");
    select_columns(&sql);
    dd_buf_addz(&sql, " AND id IN (SELECT id FROM events INDEXED BY events_client_trace WHERE trace_id = ?1 AND parent_span IS NOT NULL"
                      " UNION SELECT id FROM events NOT INDEXED WHERE id >= ?2 AND id < ?3 AND trace_id = ?1) ORDER BY id DESC LIMIT ?4) ORDER BY id");
    rc = run_trace(q, dd_buf_z(&sql), trace_id, numbers, fn, ctx, err);
    dd_buf_free(&sql);
    return rc;
}
