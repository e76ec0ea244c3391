#include "store/dims.h"

#include <stddef.h>

#include "base/sum.h"
#include "store/db.h"
#include "store/tally.h"

enum { HOUR_S = 3600, DAY_S = 86400, STEPS_MAX = 20000 /* seeks; past that all rows between are read */ };

static const char *const names[DD_DIM_COUNT] = {
    [DD_DIM_TOTAL] = "total", [DD_DIM_TEAM] = "team", [DD_DIM_FEATURE] = "feature", [DD_DIM_MODEL] = "model", [DD_DIM_REQUESTED] = "requested",
    [DD_DIM_SWAP] = "swap", [DD_DIM_PROVIDER] = "provider", [DD_DIM_KEY] = "key", [DD_DIM_USER] = "user", [DD_DIM_ROUTE] = "route",
    [DD_DIM_STRATEGY] = "strategy", [DD_DIM_TASK] = "task", [DD_DIM_CALL_SITE] = "call_site", [DD_DIM_ENV] = "env", [DD_DIM_ERROR] = "error",
};

static const struct { const char *column; size_t in_row; bool money; } sums[] = {
    { "request_count", offsetof(dd_dims_row, requests) },        { "error_count", offsetof(dd_dims_row, errors) },
    { "unpriced_count", offsetof(dd_dims_row, unpriced) },       { "compared_count", offsetof(dd_dims_row, compared) },
    { "premium_count", offsetof(dd_dims_row, premiums) },        { "cache_hit_count", offsetof(dd_dims_row, hits) },
    { "fallback_count", offsetof(dd_dims_row, fallbacks) },      { "latency_count", offsetof(dd_dims_row, latencies) },
    { "total_latency_us", offsetof(dd_dims_row, latency_us) },   { "total_cost", offsetof(dd_dims_row, cost), true },
    { "original_cost", offsetof(dd_dims_row, original), true },        { "compared_cost", offsetof(dd_dims_row, compared_cost), true },
    { "total_saved", offsetof(dd_dims_row, saved), true },             { "premium_saved", offsetof(dd_dims_row, premium_saved), true },
    { "input_tokens", offsetof(dd_dims_row, usage.input) },      { "cache_read_tokens", offsetof(dd_dims_row, usage.cache_read) },
    { "cache_write_tokens", offsetof(dd_dims_row, usage.cache_write) }, { "cache_write_1h_tokens", offsetof(dd_dims_row, usage.cache_write_1h) },
    { "output_tokens", offsetof(dd_dims_row, usage.output) },
};

struct dd_dims {
    char    *dir;
    dd_db   *db;
    int64_t  opened;   /* how often: connections number commits each by itself */
};

const char *dd_dim_name(dd_dim d) { return (unsigned)d < DD_DIM_COUNT ? names[d] : "unknown"; }

bool dd_dim_find(dd_str name, dd_dim *out)
{
    for (int d = 0; d < DD_DIM_COUNT; d++)
        if (dd_str_eqz(name, names[d])) {
            *out = (dd_dim)d;
            return true;
        }
    return false;
}

dd_dims *dd_dims_new(const char *dir)
{
    dd_dims *d = dd_calloc(1, sizeof *d);
    d->dir = dd_strdup(dd_str_z(dir));
    return d;
}

void dd_dims_free(dd_dims *d)
{
    if (d == NULL)
        return;
    dd_db_close(d->db);
    free(d->dir);
    free(d);
}

static dd_code open_db(dd_dims *d, dd_err *err)
{
    if (d->db != NULL && !dd_db_moved(d->db))
        return DD_OK;
    dd_db_close(d->db);
    d->db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = d->dir }, err);
    d->opened += d->db != NULL;
    return d->db != NULL ? DD_OK : err->code;
}

int64_t dd_dims_version(dd_dims *d)
{
    dd_err  err = DD_ERR_INIT;
    int64_t commits = 0;
    if (open_db(d, &err) != DD_OK || dd_db_commits(d->db, &commits, &err) != DD_OK)
        return 0;
    return d->opened << 32 | (commits & UINT32_MAX);
}

/* ---- statements ---- */

static dd_str text_at(sqlite3_stmt *stmt, int column)
{
    const void *p = sqlite3_column_blob(stmt, column);
    return (dd_str){ p != NULL ? p : "", p != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0 };
}

static void bind_text(sqlite3_stmt *stmt, int at, dd_str s)
{
    sqlite3_bind_text(stmt, at, s.len > 0 ? s.ptr : "", (int)s.len, SQLITE_STATIC);
}

/* What is asked of one organisation after another. */
typedef struct question question;
struct question {
    dd_dims        *d;
    const char     *table, *number;   /* "dimension_summary", "dimension" */
    const char     *columns;          /* the first is `start` */
    int             which;
    int64_t         unit, from_s, to_s;
    dd_str          value;            /* only this; ptr NULL: all */
    bool            damaged;          /* a count was below zero */
    void          (*row)(question *q, sqlite3_stmt *stmt);
    void           *ctx;
};

static int64_t count_at(question *q, sqlite3_stmt *stmt, int column)
{
    int64_t n = sqlite3_column_int64(stmt, column);
    q->damaged = q->damaged || n < 0;
    return n;
}

static int prepare(question *q, const char *select, const char *where, dd_str org, sqlite3_stmt **out)
{
    dd_buf sql = DD_BUF_INIT(0);
    dd_buf_printf(&sql, "SELECT %s FROM %s WHERE org = ?1 AND %s = ?2 AND unit = ?3%s", select, q->table, q->number, where);
    int code = sqlite3_prepare_v2(dd_db_sqlite(q->d->db), dd_buf_z(&sql), -1, out, NULL);
    dd_buf_free(&sql);
    if (code == SQLITE_OK) {
        bind_text(*out, 1, org);
        sqlite3_bind_int64(*out, 2, q->which);
        sqlite3_bind_int64(*out, 3, q->unit);
    }
    return code;
}

static int hand_over(question *q, sqlite3_stmt *stmt)
{
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        q->row(q, stmt);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int scan(question *q, dd_str org)
{
    sqlite3_stmt *stmt = NULL;
    int code = prepare(q, q->columns, q->value.ptr != NULL ? " AND start >= ?4 AND start < ?5 AND value = ?6" : " AND start >= ?4 AND start < ?5", org, &stmt);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 4, q->from_s);
        sqlite3_bind_int64(stmt, 5, q->to_s);
        if (q->value.ptr != NULL)
            bind_text(stmt, 6, q->value);
        code = hand_over(q, stmt);
    }
    sqlite3_finalize(stmt);
    return code;
}

/* The first or last period that has a row; false: none. */
static bool edge(question *q, const char *select, dd_str org, int64_t *out, int *code)
{
    sqlite3_stmt *stmt = NULL;
    bool          any = false;
    *code = prepare(q, select, "", org, &stmt);
    if (*code == SQLITE_OK && (*code = sqlite3_step(stmt)) == SQLITE_ROW) {
        any = sqlite3_column_type(stmt, 0) != SQLITE_NULL;
        *out = sqlite3_column_int64(stmt, 0);
        *code = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return any;
}

static int64_t up_to_unit(int64_t s, int64_t unit) { return s % unit == 0 ? s : s > 0 ? s + unit - s % unit : s - s % unit; }

/* The key is by period, then value: rows of one value are found by a seek each, not among those of all others. */
static int seek_each(question *q, dd_str org, int64_t from_s, int64_t to_s)
{
    sqlite3_stmt *stmt = NULL;
    int           code = prepare(q, q->columns, " AND start = ?4 AND value = ?5", org, &stmt);
    for (int64_t s = from_s; s < to_s && code == SQLITE_OK; s += q->unit) {
        sqlite3_bind_int64(stmt, 4, s);
        bind_text(stmt, 5, q->value);
        code = hand_over(q, stmt);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return code;
}

static int ask_one(question *q, dd_str org)
{
    int     code;
    int64_t first = 0, last = 0;
    if (q->value.ptr == NULL)
        return scan(q, org);
    if (!edge(q, "min(start)", org, &first, &code) || !edge(q, "max(start)", org, &last, &code))
        return code;
    first = first > q->from_s ? first : up_to_unit(q->from_s, q->unit);
    last = last < q->to_s ? last + 1 : q->to_s;
    if (first < last && (last - first) / q->unit > STEPS_MAX)
        return scan(q, org);
    return seek_each(q, org, first, last);
}

/* The next organisation behind *org, which holds its name then. SQLITE_ROW: there is one; SQLITE_DONE: none. */
static int next_org(sqlite3_stmt *stmt, dd_buf *org)
{
    dd_buf next = DD_BUF_INIT(0);
    bind_text(stmt, 1, dd_buf_str(org));
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_NULL)
        code = SQLITE_DONE;
    if (code == SQLITE_ROW)
        dd_buf_add(&next, text_at(stmt, 0));
    sqlite3_reset(stmt);
    dd_buf_free(org);
    *org = next;
    return code;
}

static int prepare_orgs(dd_dims *d, const char *table, sqlite3_stmt **out)
{
    dd_buf sql = DD_BUF_INIT(0);
    dd_buf_printf(&sql, "SELECT min(org) FROM %s WHERE org > ?", table);
    int code = sqlite3_prepare_v2(dd_db_sqlite(d->db), dd_buf_z(&sql), -1, out, NULL);
    dd_buf_free(&sql);
    return code;
}

static int ask_all(question *q)
{
    sqlite3_stmt *stmt = NULL;
    dd_buf        org = DD_BUF_INIT(0);
    int           code = prepare_orgs(q->d, q->table, &stmt);
    while (code == SQLITE_OK && (code = next_org(stmt, &org)) == SQLITE_ROW)
        code = ask_one(q, dd_buf_str(&org));
    sqlite3_finalize(stmt);
    dd_buf_free(&org);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

size_t dd_dims_orgs(dd_dims *d, dd_arena *a, dd_str *out, size_t max)
{
    sqlite3_stmt *stmt = NULL;
    dd_err        err = DD_ERR_INIT;
    dd_buf        org = DD_BUF_INIT(0);
    size_t        n = 0;
    if (open_db(d, &err) == DD_OK && prepare_orgs(d, "dimension_summary", &stmt) == SQLITE_OK)
        while (n < max && next_org(stmt, &org) == SQLITE_ROW)
            out[n++] = dd_arena_dup(a, dd_buf_str(&org));
    sqlite3_finalize(stmt);
    dd_buf_free(&org);
    return n;
}

static dd_code ask(question *q, dd_str org, dd_err *err)
{
    dd_err own = DD_ERR_INIT;
    err = err != NULL ? err : &own;
    dd_code rc = open_db(q->d, err);
    if (rc == DD_OK)
        rc = dd_db_exec(q->d->db, "BEGIN", err);   /* all of one moment */
    if (rc != DD_OK)
        return rc;
    if ((org.ptr != NULL ? ask_one(q, org) : ask_all(q)) != SQLITE_OK)
        rc = dd_db_fail(q->d->db, err, "read the sums");
    else if (q->damaged)
        rc = dd_db_damaged(q->d->db, err, "read the sums", "a count is below zero");
    dd_db_rollback(q->d->db);
    return rc;
}

/* ---- rows by value ---- */

typedef struct { dd_tally tally; dd_arena texts; bool by_period; } gathering;

static const int64_t most = INT64_C(1) << 56;   /* of a count: differences of three of them stay whole numbers */

static void gather(question *q, sqlite3_stmt *stmt)
{
    gathering    *g = q->ctx;
    bool          fresh;
    dd_str        value = text_at(stmt, 1);
    dd_tally_key  k = { g->by_period ? sqlite3_column_int64(stmt, 0) : 0, 0, 0 };
    dd_tally_row *row = dd_tally_find(&g->tally, k, &value, &fresh);
    int64_t      *c = dd_tally_counters(&g->tally, row);
    if (fresh)
        *dd_tally_texts(row) = dd_arena_dup(&g->texts, value);
    for (size_t i = 0; i < DD_COUNT(sums); i++)
        dd_sum_add(&c[i], sums[i].money ? sqlite3_column_int64(stmt, (int)i + 2) : count_at(q, stmt, (int)i + 2));
}

static void to_row(const gathering *g, dd_tally_row *from, dd_dims_row *to)
{
    *to = (dd_dims_row){ .period_s = from->key.period, .value = *dd_tally_texts(from) };
    for (size_t i = 0; i < DD_COUNT(sums); i++) {
        int64_t v = dd_tally_counters(&g->tally, from)[i];
        *(int64_t *)(void *)((char *)to + sums[i].in_row) = v > most && !sums[i].money ? most : v;
    }
}

static int by_period_and_cost(const void *pa, const void *pb)
{
    const dd_dims_row *a = pa, *b = pb;
    size_t             shorter = a->value.len < b->value.len ? a->value.len : b->value.len;
    int                order = (a->period_s > b->period_s) - (a->period_s < b->period_s);
    if (order == 0)
        order = (a->cost < b->cost) - (a->cost > b->cost);
    if (order == 0)
        order = (a->requests < b->requests) - (a->requests > b->requests);
    if (order == 0)
        order = memcmp(a->value.ptr, b->value.ptr, shorter);
    return order != 0 ? order : (a->value.len > b->value.len) - (a->value.len < b->value.len);
}

static void tell(const gathering *g, size_t limit, dd_dims_fn *fn, void *ctx)
{
    size_t       n = g->tally.n;
    dd_dims_row *rows = dd_calloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        to_row(g, dd_tally_at(&g->tally, i), &rows[i]);
    qsort(rows, n, sizeof *rows, by_period_and_cost);
    for (size_t i = 0; i < n && (limit == 0 || i < limit); i++)
        fn(ctx, &rows[i]);
    free(rows);
}

dd_code dd_dims_read(dd_dims *d, const dd_dims_ask *a, dd_dims_fn *fn, void *ctx, dd_err *err)
{
    gathering g = { .by_period = a->by_period };
    dd_buf    columns = DD_BUF_INIT(0);
    dd_tally_init(&g.tally, 1, DD_COUNT(sums));
    dd_buf_addz(&columns, "start, value");
    for (size_t i = 0; i < DD_COUNT(sums); i++)
        dd_buf_printf(&columns, ", %s", sums[i].column);
    question q = { .d = d, .table = "dimension_summary", .number = "dimension", .columns = dd_buf_z(&columns), .which = (int)a->dim,
                   .unit = a->daily ? DAY_S : HOUR_S, .from_s = a->from_s, .to_s = a->to_s != 0 ? a->to_s : INT64_MAX, .value = a->value,
                   .row = gather, .ctx = &g };
    dd_code rc = ask(&q, a->org, err);
    if (rc == DD_OK)
        tell(&g, a->limit, fn, ctx);
    dd_tally_fini(&g.tally);
    dd_arena_fini(&g.texts);
    dd_buf_free(&columns);
    return rc;
}

/* ---- latencies ---- */

static void add_bucket(question *q, sqlite3_stmt *stmt)
{
    dd_hist *h = q->ctx;
    int64_t  bucket = sqlite3_column_int64(stmt, 1), n = count_at(q, stmt, 2);
    if (bucket < 0 || bucket >= DD_HIST_BUCKETS)
        return;
    dd_sum_add(&h->count[bucket], n);
    dd_sum_add(&h->n, n);
    dd_sum_add(&h->sum_us, count_at(q, stmt, 3));
}

dd_code dd_dims_latency(dd_dims *d, dd_latency_kind kind, dd_str org, bool daily, int64_t from_s, int64_t to_s, dd_hist *out, dd_err *err)
{
    question q = { .d = d, .table = "latency_summary", .number = "kind", .columns = "start, bucket, requests, total_us", .which = (int)kind,
                   .unit = daily ? DAY_S : HOUR_S, .from_s = from_s, .to_s = to_s != 0 ? to_s : INT64_MAX, .row = add_bucket, .ctx = out };
    return ask(&q, org, err);
}
