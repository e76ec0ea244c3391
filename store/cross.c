#include "store/cross.h"

#include "base/map.h"
#include "store/db.h"
#include "store/rollup.h"

enum { KEPT = 4, HOUR_S = 3600, DAY_S = 86400, PERIODS = 20000, KEY = 2048 };

static const char *const names[DD_CROSS_COLUMNS]   = { "team", "feature", "model", "provider", "key" };
static const char *const columns[DD_CROSS_COLUMNS] = { "team", "feature", "model", "provider", "key_id" };

typedef struct {
    dd_arena arena;                 /* of keys and texts */
    dd_map   known;
    DD_VEC(dd_cross_leaf *) leaves;
} gathering;

/* What is over, for one question. */
typedef struct {
    dd_buf    question;             /* "" the place is free */
    int64_t   upto_s, requests, used;
    gathering sum;
} kept;

struct dd_cross {
    char    *dir;
    dd_dims *dims;
    dd_db   *db;
    kept     kept[KEPT];
    int64_t  turn;
};

const char *dd_cross_name(dd_cross_column c) { return (unsigned)c < DD_CROSS_COLUMNS ? names[c] : "unknown"; }

bool dd_cross_find(dd_str name, dd_cross_column *out)
{
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        if (dd_str_eqz(name, names[i])) {
            *out = (dd_cross_column)i;
            return true;
        }
    return false;
}

/* ---- adding up ---- */

static void add_i64(int64_t *to, int64_t n)
{
    if (__builtin_add_overflow(*to, n, to))
        *to = n > 0 ? INT64_MAX : INT64_MIN + 1;
}

static void clear(gathering *g)
{
    dd_map_free(&g->known);
    dd_vec_free(&g->leaves);
    dd_arena_fini(&g->arena);
    *g = (gathering){0};
}

/* Names are clients' words and may hold anything: each with its length before it. */
static dd_str key_of(const dd_cross_leaf *l, size_t n, char room[KEY])
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        uint16_t len = (uint16_t)(l->value[i].len < KEY / 4 ? l->value[i].len : KEY / 4);
        memcpy(room + at, &len, sizeof len);
        if (len > 0)
            memcpy(room + at + sizeof len, l->value[i].ptr, len);
        at += sizeof len + len;
    }
    return (dd_str){ room, at };
}

static dd_cross_leaf *leaf_of(gathering *g, const dd_cross_leaf *l, size_t n)
{
    char          room[KEY];
    dd_str        key = key_of(l, n, room);
    dd_cross_leaf *found = dd_map_get(&g->known, key);
    if (found != NULL)
        return found;
    if (g->leaves.n >= DD_CROSS_LEAVES && !(n > 0 && dd_str_eq(l->value[n - 1], DD_ROLLUP_OTHER))) {
        dd_cross_leaf other = { .value = { DD_ROLLUP_OTHER, DD_ROLLUP_OTHER, DD_ROLLUP_OTHER } };
        return leaf_of(g, &other, n);   /* once: the last value says so */
    }
    found = dd_new(&g->arena, dd_cross_leaf);
    for (size_t i = 0; i < n; i++)
        found->value[i] = dd_arena_dup(&g->arena, l->value[i]);
    dd_map_put(&g->known, dd_arena_dup(&g->arena, key), found);
    dd_vec_push(&g->leaves, found);
    return found;
}

static void add(gathering *g, const dd_cross_leaf *l, size_t n)
{
    dd_cross_leaf *to = leaf_of(g, l, n);
    add_i64(&to->requests, l->requests);
    add_i64(&to->unpriced, l->unpriced);
    add_i64(&to->cost, l->cost);
    add_i64(&to->saved, l->saved);
}

/* ---- reading ---- */

static dd_str text_at(sqlite3_stmt *stmt, int column)
{
    const void *p = sqlite3_column_blob(stmt, column);
    return (dd_str){ p != NULL ? p : "", p != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0 };
}

static void make_sql(const dd_cross_ask *a, dd_buf *sql)
{
    dd_buf_addz(sql, "SELECT request_count, unpriced_count, total_cost, total_saved");
    for (size_t i = 0; i < a->n_by; i++)
        dd_buf_printf(sql, ", %s", columns[a->by[i]]);
    dd_buf_printf(sql, " FROM %s_cost_summary WHERE %s = ? AND org = ?", a->daily ? "daily" : "hourly", a->daily ? "day" : "hour");
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        if (a->within[i].ptr != NULL)
            dd_buf_printf(sql, " AND %s = ?", columns[i]);
}

static int read_period(sqlite3_stmt *stmt, const dd_cross_ask *a, int64_t period_s, gathering *g)
{
    int code;
    sqlite3_bind_int64(stmt, 1, period_s);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        dd_cross_leaf l = { .requests = sqlite3_column_int64(stmt, 0), .unpriced = sqlite3_column_int64(stmt, 1), .cost = sqlite3_column_int64(stmt, 2),
                           .saved = sqlite3_column_int64(stmt, 3) };
        for (size_t i = 0; i < a->n_by; i++)
            l.value[i] = text_at(stmt, (int)i + 4);
        add(g, &l, a->n_by);
    }
    sqlite3_reset(stmt);
    return code;
}

/* The first period that there is, so that "since 1970" is no loop over decades. */
static int64_t first_period(dd_cross *t, const dd_cross_ask *a)
{
    sqlite3_stmt *stmt = NULL;
    const char   *sql = a->daily ? "SELECT min(day) FROM daily_cost_summary" : "SELECT min(hour) FROM hourly_cost_summary";
    int64_t       s = INT64_MAX;
    if (sqlite3_prepare_v2(dd_db_sqlite(t->db), sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW &&
        sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        s = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return s;
}

static dd_code read_periods(dd_cross *t, const dd_cross_ask *a, int64_t from_s, int64_t to_s, gathering *g, dd_err *err)
{
    sqlite3_stmt *stmt = NULL;
    dd_buf        sql = DD_BUF_INIT(0);
    int64_t       unit = a->daily ? DAY_S : HOUR_S, first = first_period(t, a), end = to_s;
    int           at = 2;
    from_s = first > from_s ? first : from_s;
    if (from_s >= to_s)
        return DD_OK;
    from_s = (from_s + unit - 1) / unit * unit;
    if ((end - from_s) / unit > PERIODS)
        end = from_s + PERIODS * unit;
    make_sql(a, &sql);
    int code = sqlite3_prepare_v2(dd_db_sqlite(t->db), dd_buf_z(&sql), -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(stmt, at++, a->org.ptr, (int)a->org.len, SQLITE_STATIC);
        for (int i = 0; i < DD_CROSS_COLUMNS; i++)
            if (a->within[i].ptr != NULL)
                sqlite3_bind_text(stmt, at++, a->within[i].ptr, (int)a->within[i].len, SQLITE_STATIC);
        code = SQLITE_DONE;
        for (int64_t s = from_s; s < end && code == SQLITE_DONE; s += unit)
            code = read_period(stmt, a, s, g);
    }
    dd_code rc = code == SQLITE_DONE ? DD_OK : dd_db_fail(t->db, err, "read the sums");
    sqlite3_finalize(stmt);
    dd_buf_free(&sql);
    return rc;
}

/* ---- what is over ---- */

static void name_question(const dd_cross_ask *a, dd_buf *out)
{
    dd_buf_printf(out, "%d %lld %zu:" DD_STR_FMT, a->daily, (long long)a->from_s, a->org.len, DD_STR_ARG(a->org));
    for (size_t i = 0; i < a->n_by; i++)
        dd_buf_printf(out, " %d", a->by[i]);
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        if (a->within[i].ptr != NULL)
            dd_buf_printf(out, " %d=%zu:" DD_STR_FMT, i, a->within[i].len, DD_STR_ARG(a->within[i]));
}

static void sum_requests(void *ctx, const dd_dims_row *row) { add_i64(ctx, row->requests); }

/* A request adds one to its period and none is ever taken away: as many as before are the same ones. Counted before the sums are read: what comes
 * between makes them be read again, and is not lost. */
static dd_code count_requests(dd_cross *t, const dd_cross_ask *a, int64_t upto_s, int64_t *out, dd_err *err)
{
    const dd_dims_ask ask = { .dim = DD_DIM_TOTAL, .org = a->org, .daily = a->daily, .from_s = a->from_s, .to_s = upto_s };
    *out = 0;
    return dd_dims_read(t->dims, &ask, sum_requests, out, err);
}

static kept *place_of(dd_cross *t, dd_str question)
{
    kept *oldest = &t->kept[0];
    for (size_t i = 0; i < KEPT; i++) {
        if (dd_str_eq(dd_buf_str(&t->kept[i].question), question))
            return &t->kept[i];
        if (t->kept[i].used < oldest->used)
            oldest = &t->kept[i];
    }
    clear(&oldest->sum);
    dd_buf_clear(&oldest->question);
    dd_buf_add(&oldest->question, question);
    oldest->upto_s = 0;
    return oldest;
}

static dd_code read_over(dd_cross *t, const dd_cross_ask *a, int64_t upto_s, kept **out, dd_err *err)
{
    dd_buf  question = DD_BUF_INIT(0);
    int64_t requests;
    dd_code rc = count_requests(t, a, upto_s, &requests, err);
    if (rc != DD_OK)
        return rc;
    name_question(a, &question);
    kept *k = *out = place_of(t, dd_buf_str(&question));
    dd_buf_free(&question);
    k->used = ++t->turn;
    if (k->upto_s == upto_s && k->requests == requests)
        return DD_OK;
    clear(&k->sum);
    rc = read_periods(t, a, a->from_s, upto_s, &k->sum, err);
    k->upto_s = rc == DD_OK ? upto_s : 0;
    k->requests = requests;
    return rc;
}

/* ---- the whole ---- */

static void forget(dd_cross *t)
{
    for (size_t i = 0; i < KEPT; i++) {
        clear(&t->kept[i].sum);
        dd_buf_clear(&t->kept[i].question);
        t->kept[i].upto_s = 0;
    }
}

static dd_code open_db(dd_cross *t, dd_err *err)
{
    if (t->db != NULL && !dd_db_moved(t->db))
        return DD_OK;
    forget(t);
    dd_db_close(t->db);
    t->db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = t->dir }, err);
    return t->db != NULL ? DD_OK : err->code;
}

dd_cross *dd_cross_new(const char *dir, dd_dims *dims)
{
    dd_cross *t = dd_calloc(1, sizeof *t);
    t->dir = dd_strdup(dd_str_z(dir));
    t->dims = dims;
    return t;
}

void dd_cross_free(dd_cross *t)
{
    if (t == NULL)
        return;
    forget(t);
    for (size_t i = 0; i < KEPT; i++)
        dd_buf_free(&t->kept[i].question);
    dd_db_close(t->db);
    free(t->dir);
    free(t);
}

static void hand_out(const gathering *g, dd_arena *arena, dd_cross_leaf **out, size_t *n)
{
    *n = g->leaves.n;
    *out = dd_newn(arena, dd_cross_leaf, g->leaves.n + 1);
    for (size_t i = 0; i < g->leaves.n; i++) {
        (*out)[i] = *g->leaves.v[i];
        for (size_t k = 0; k < DD_CROSS_DEPTH; k++)
            (*out)[i].value[k] = dd_arena_dup(arena, g->leaves.v[i]->value[k]);
    }
}

/* The transaction begins with the first read of the sums. */
dd_code dd_cross_read(dd_cross *t, const dd_cross_ask *ask, dd_arena *arena, dd_cross_leaf **out, size_t *n, dd_err *err)
{
    gathering g = {0};
    kept     *over = NULL;
    int64_t   upto = ask->over_s < ask->to_s ? ask->over_s : ask->to_s;
    dd_code   rc = open_db(t, err);
    *out = NULL;
    *n = 0;
    if (rc != DD_OK || (rc = dd_db_exec(t->db, "BEGIN", err)) != DD_OK)
        return rc;
    if (upto > ask->from_s)
        rc = read_over(t, ask, upto, &over, err);
    for (size_t i = 0; rc == DD_OK && over != NULL && i < over->sum.leaves.n; i++)
        add(&g, over->sum.leaves.v[i], ask->n_by);
    if (rc == DD_OK)
        rc = read_periods(t, ask, upto > ask->from_s ? upto : ask->from_s, ask->to_s, &g, err);
    dd_db_rollback(t->db);
    if (rc == DD_OK)
        hand_out(&g, arena, out, n);
    clear(&g);
    return rc;
}
