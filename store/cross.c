#include "store/cross.h"

#include "base/map.h"
#include "base/sum.h"
#include "store/db.h"
#include "store/rollup.h"

enum { HOUR_S = 3600, DAY_S = 86400, PERIODS = 20000, BLOCKS = 64, NAMES = 50000 };

static const char *const names[DD_CROSS_COLUMNS] = { "team", "feature", "model", "provider", "key" };

/* Names stand once, with a number. */
typedef struct {
    dd_arena arena;
    dd_map   known;                 /* name -> number + 1 */
    DD_VEC(dd_str) v;
} name_list;

typedef struct {
    uint32_t name[DD_CROSS_COLUMNS];
    int64_t  requests, unpriced;
    dd_pusd  cost, saved;
} cell;
typedef DD_VEC(cell) cells;

/* The sums of all combinations of one organisation in [from, to). */
typedef struct {
    dd_str  org;                    /* heap */
    bool    daily;
    int64_t from_s, to_s, requests, used;   /* used 0: the place is free */
    cells   cells;
} block;

struct dd_cross {
    char     *dir;
    dd_dims  *dims;
    dd_db    *db;
    name_list names;
    block     blocks[BLOCKS];
    int64_t   turn;
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

/* ---- names ---- */

static uint32_t number_of(name_list *l, dd_str name)
{
    uintptr_t n = (uintptr_t)dd_map_get(&l->known, name);
    if (n != 0)
        return (uint32_t)n - 1;
    dd_str own = dd_arena_dup(&l->arena, name);
    dd_vec_push(&l->v, own);
    dd_map_put(&l->known, own, (void *)(uintptr_t)l->v.n);
    return (uint32_t)l->v.n - 1;
}

static void forget_names(name_list *l)
{
    dd_map_free(&l->known);
    dd_vec_free(&l->v);
    dd_arena_fini(&l->arena);
    *l = (name_list){0};
}

/* ---- reading rows ---- */

typedef struct {
    dd_cross *t;
    cells    *to;
    dd_arena  arena;                /* of keys */
    dd_map    known;                /* the numbers of a cell's names -> its place + 1 */
    uint32_t  last[DD_CROSS_COLUMNS];
    bool      any, damaged;
} reading;

static cell *cell_of(reading *r, const uint32_t name[DD_CROSS_COLUMNS])
{
    dd_str    key = { (const char *)name, DD_CROSS_COLUMNS * sizeof *name };
    uintptr_t at = (uintptr_t)dd_map_get(&r->known, key);
    if (at != 0)
        return &r->to->v[at - 1];
    cell      c = {0};
    uint32_t  other = r->to->n >= DD_CROSS_LEAVES ? number_of(&r->t->names, DD_ROLLUP_OTHER) : UINT32_MAX;
    bool      full = other != UINT32_MAX && name[0] != other;
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        c.name[i] = full ? other : name[i];
    if (full)
        return cell_of(r, c.name);   /* once: its first name is the other one */
    dd_vec_push(r->to, c);
    dd_map_put(&r->known, dd_arena_dup(&r->arena, key), (void *)(uintptr_t)r->to->n);
    return &r->to->v[r->to->n - 1];
}

/* Rows come in the order of their names: most are those of the row before. */
static uint32_t name_at(reading *r, sqlite3_stmt *stmt, int column)
{
    const void *p = sqlite3_column_blob(stmt, column + 4);
    dd_str      s = { p != NULL ? p : "", p != NULL ? (size_t)sqlite3_column_bytes(stmt, column + 4) : 0 };
    if (!r->any || !dd_str_eq(s, r->t->names.v.v[r->last[column]]))
        r->last[column] = number_of(&r->t->names, s);
    return r->last[column];
}

static void take_row(reading *r, sqlite3_stmt *stmt)
{
    uint32_t name[DD_CROSS_COLUMNS];
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        name[i] = name_at(r, stmt, i);
    r->any = true;
    cell *c = cell_of(r, name);
    int64_t requests = sqlite3_column_int64(stmt, 0), unpriced = sqlite3_column_int64(stmt, 1);
    r->damaged = r->damaged || requests < 0 || unpriced < 0;
    dd_sum_add(&c->requests, requests);
    dd_sum_add(&c->unpriced, unpriced);
    dd_sum_add(&c->cost, sqlite3_column_int64(stmt, 2));
    dd_sum_add(&c->saved, sqlite3_column_int64(stmt, 3));
}

static int64_t unit_of(bool daily) { return daily ? DAY_S : HOUR_S; }

/* The periods of [from, to), each a seek: the primary key begins with the period and the organisation. */
static dd_code read_rows(dd_cross *t, const dd_cross_ask *a, int64_t from_s, int64_t to_s, cells *to, dd_err *err)
{
#define COLUMNS "SELECT request_count, unpriced_count, total_cost, total_saved, team, feature, model, provider, key_id"
    static const char *const sql[] = { COLUMNS " FROM hourly_cost_summary WHERE hour = ? AND org = ?",
                                       COLUMNS " FROM daily_cost_summary WHERE day = ? AND org = ?" };
    reading       r = { .t = t, .to = to };
    sqlite3_stmt *stmt = NULL;
    int           code = sqlite3_prepare_v2(dd_db_sqlite(t->db), sql[a->daily], -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(stmt, 2, a->org.ptr, (int)a->org.len, SQLITE_STATIC) == SQLITE_OK ? SQLITE_DONE : SQLITE_ERROR;
    for (int64_t s = from_s; s < to_s && code == SQLITE_DONE; s += unit_of(a->daily)) {
        sqlite3_bind_int64(stmt, 1, s);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
            take_row(&r, stmt);
        sqlite3_reset(stmt);
    }
    dd_code rc = code == SQLITE_DONE ? DD_OK : dd_db_fail(t->db, err, "read the sums");
    if (rc == DD_OK && r.damaged)
        rc = dd_db_damaged(t->db, err, "read the sums", "a count is below zero");
    sqlite3_finalize(stmt);
    dd_map_free(&r.known);
    dd_arena_fini(&r.arena);
    return rc;
}

/* ---- what is over ---- */

static void drop(block *b)
{
    free((void *)(uintptr_t)b->org.ptr);
    dd_vec_free(&b->cells);
    *b = (block){0};
}

static void forget(dd_cross *t)
{
    for (size_t i = 0; i < BLOCKS; i++)
        drop(&t->blocks[i]);
    forget_names(&t->names);
}

static block *oldest_block(dd_cross *t)
{
    block *oldest = NULL;
    for (size_t i = 0; i < BLOCKS; i++)
        if (t->blocks[i].used != 0 && (oldest == NULL || t->blocks[i].used < oldest->used))
            oldest = &t->blocks[i];
    return oldest;
}

/* A free place; what is kept leaves room for one more block. */
static block *free_place(dd_cross *t)
{
    for (;;) {
        block *place = NULL;
        size_t kept = 0;
        for (size_t i = 0; i < BLOCKS; i++) {
            kept += t->blocks[i].cells.n;
            place = t->blocks[i].used == 0 ? &t->blocks[i] : place;
        }
        if (place != NULL && kept <= DD_CROSS_CELLS - DD_CROSS_LEAVES)
            return place;
        drop(oldest_block(t));
    }
}

static block *find_block(dd_cross *t, const dd_cross_ask *a, int64_t from_s, int64_t to_s)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        block *b = &t->blocks[i];
        if (b->used != 0 && b->daily == a->daily && b->from_s == from_s && b->to_s == to_s && dd_str_eq(b->org, a->org))
            return b;
    }
    return NULL;
}

/* A request adds one to its period and none is ever taken away: as many as before are the same ones. They were counted before the sums are read: what
 * comes between makes them be read again, and is not lost. */
static dd_code have_block(dd_cross *t, const dd_cross_ask *a, int64_t from_s, int64_t to_s, int64_t requests, block **out, dd_err *err)
{
    block *b = find_block(t, a, from_s, to_s);
    if (b != NULL && b->requests != requests) {
        drop(b);
        b = NULL;
    }
    if (b == NULL) {
        b = free_place(t);
        *b = (block){ .org = dd_str_z(dd_strdup(a->org)), .daily = a->daily, .from_s = from_s, .to_s = to_s, .requests = requests };
        b->used = ++t->turn;
        dd_code rc = read_rows(t, a, from_s, to_s, &b->cells, err);
        if (rc != DD_OK) {
            drop(b);
            return rc;
        }
    }
    b->used = ++t->turn;
    *out = b;
    return DD_OK;
}

/* ---- an answer ---- */

typedef struct { int64_t period_s, requests; } period;

typedef struct {
    dd_cross           *t;
    const dd_cross_ask *ask;
    dd_arena           *arena;
    int64_t             within[DD_CROSS_COLUMNS];   /* a name's number; -1: all */
    dd_map              known;                      /* the numbers of a leaf's names -> its place + 1 */
    DD_VEC(dd_cross_leaf) leaves;
    int64_t             upto_s;
    DD_VEC(period)      periods;                    /* those that are over and have some */
} answer;

static dd_cross_leaf *leaf_of(answer *w, const cell *c)
{
    uint32_t  name[DD_CROSS_DEPTH] = {0};
    for (size_t i = 0; i < w->ask->n_by; i++)
        name[i] = c->name[w->ask->by[i]];
    dd_str    key = { (const char *)name, sizeof name };
    uintptr_t at = (uintptr_t)dd_map_get(&w->known, key);
    if (at != 0)
        return &w->leaves.v[at - 1];
    dd_cross_leaf l = {0};
    for (size_t i = 0; i < w->ask->n_by; i++)
        l.value[i] = dd_arena_dup(w->arena, w->t->names.v.v[name[i]]);
    dd_avec_push(w->arena, &w->leaves, l);
    dd_map_put(&w->known, dd_arena_dup(w->arena, key), (void *)(uintptr_t)w->leaves.n);
    return &w->leaves.v[w->leaves.n - 1];
}

static bool is_within(const answer *w, const cell *c)
{
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        if (w->within[i] >= 0 && c->name[i] != (uint32_t)w->within[i])
            return false;
    return true;
}

static void add_cells(answer *w, const cells *from)
{
    for (size_t i = 0; i < from->n; i++) {
        const cell *c = &from->v[i];
        if (!is_within(w, c))
            continue;
        dd_cross_leaf *l = leaf_of(w, c);
        dd_sum_add(&l->requests, c->requests);
        dd_sum_add(&l->unpriced, c->unpriced);
        dd_sum_add(&l->cost, c->cost);
        dd_sum_add(&l->saved, c->saved);
    }
}

static void take_period(void *ctx, const dd_dims_row *row)
{
    answer *w = ctx;
    period  p = { row->period_s, row->requests };
    dd_vec_push(&w->periods, p);
}

static int64_t block_of(bool daily) { return daily ? 7 * DAY_S : 6 * HOUR_S; }
static int64_t floor_to(int64_t s, int64_t unit) { return s / unit * unit; }

typedef struct { int64_t from_s, to_s, requests; } stretch;

/* The next block that has requests in periods from the *i-th on. */
static bool next_block(const answer *w, size_t *i, stretch *out)
{
    const dd_cross_ask *a = w->ask;
    if (*i >= w->periods.n)
        return false;
    int64_t aligned = floor_to(w->periods.v[*i].period_s, block_of(a->daily)), end = aligned + block_of(a->daily);
    *out = (stretch){ aligned > a->from_s ? aligned : a->from_s, end < w->upto_s ? end : w->upto_s, 0 };
    for (; *i < w->periods.n && w->periods.v[*i].period_s < end; ++*i)
        dd_sum_add(&out->requests, w->periods.v[*i].requests);
    return true;
}

static dd_code add_over(answer *w, dd_err *err)
{
    stretch s;
    block  *b;
    dd_code rc = DD_OK;
    for (size_t i = 0; rc == DD_OK && next_block(w, &i, &s);)
        if ((rc = have_block(w->t, w->ask, s.from_s, s.to_s, s.requests, &b, err)) == DD_OK)
            add_cells(w, &b->cells);
    return rc;
}

static dd_code add_under_way(answer *w, dd_err *err)
{
    cells   now = {0};
    int64_t from = w->upto_s > w->ask->from_s ? w->upto_s : w->ask->from_s, most = from + PERIODS * unit_of(w->ask->daily);
    dd_code rc = read_rows(w->t, w->ask, from, w->ask->to_s < most ? w->ask->to_s : most, &now, err);
    if (rc == DD_OK)
        add_cells(w, &now);
    dd_vec_free(&now);
    return rc;
}

static dd_code open_db(dd_cross *t, dd_err *err)
{
    if (t->names.v.n > NAMES)
        forget(t);
    if (t->db != NULL && !dd_db_moved(t->db))
        return DD_OK;
    forget(t);
    dd_db_close(t->db);
    t->db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = t->dir }, err);
    return t->db != NULL ? DD_OK : err->code;
}

static dd_code count_requests(answer *w, dd_err *err)
{
    const dd_cross_ask *a = w->ask;
    const dd_dims_ask   ask = { .dim = DD_DIM_TOTAL, .org = a->org, .daily = a->daily, .from_s = a->from_s, .to_s = w->upto_s, .by_period = true };
    return w->upto_s > a->from_s ? dd_dims_read(w->t->dims, &ask, take_period, w, err) : DD_OK;
}

static dd_code read_all(answer *w, dd_err *err)
{
    const dd_cross_ask *a = w->ask;
    dd_code             rc = count_requests(w, err);
    for (int i = 0; i < DD_CROSS_COLUMNS; i++)
        w->within[i] = a->within[i].ptr != NULL ? (int64_t)number_of(&w->t->names, a->within[i]) : -1;
    if (rc == DD_OK)
        rc = add_over(w, err);
    return rc == DD_OK ? add_under_way(w, err) : rc;
}

dd_code dd_cross_read(dd_cross *t, const dd_cross_ask *ask, dd_arena *arena, dd_cross_leaf **out, size_t *n, dd_err *err)
{
    answer  w = { .t = t, .ask = ask, .arena = arena, .upto_s = floor_to(ask->over_s < ask->to_s ? ask->over_s : ask->to_s, unit_of(ask->daily)) };
    dd_code rc = open_db(t, err);
    *out = NULL;
    *n = 0;
    if (rc != DD_OK)
        return rc;
    rc = read_all(&w, err);
    dd_map_free(&w.known);
    dd_vec_free(&w.periods);
    if (rc != DD_OK)
        return rc;
    *out = w.leaves.v;
    *n = w.leaves.n;
    return DD_OK;
}

bool dd_cross_ahead(dd_cross *t, dd_str org, bool daily, int64_t from_s, int64_t over_s)
{
    const dd_cross_ask ask = { .org = org, .daily = daily, .from_s = from_s, .to_s = over_s };
    answer  w = { .t = t, .ask = &ask, .upto_s = floor_to(over_s, unit_of(daily)) };
    stretch s, missing = {0};
    block  *b;
    dd_err  err = DD_ERR_INIT;
    if (open_db(t, &err) == DD_OK && count_requests(&w, &err) == DD_OK)
        for (size_t i = 0; next_block(&w, &i, &s);) {
            b = find_block(t, &ask, s.from_s, s.to_s);
            if (b == NULL || b->requests != s.requests)
                missing = s;
        }
    dd_vec_free(&w.periods);
    return missing.to_s > 0 && have_block(t, &ask, missing.from_s, missing.to_s, missing.requests, &b, &err) == DD_OK;
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
    dd_db_close(t->db);
    free(t->dir);
    free(t);
}
