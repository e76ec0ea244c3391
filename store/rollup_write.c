/* store/rollup_write.c - a batch's sums into the tables. */
#include "store/rollup_parts.h"

enum { RECOUNT = 1000, ROOM_ENOUGH = 100, ROOMS_USED = ROOMS * 3 / 4 };

/* ---- the tables ---- */

static const char *const combination_texts[TEXTS] = { "org", "team", "feature", "model", "provider", "key_id" };
static const char *const dimension_texts[DIM_TEXTS] = { "org", "value" };
static const char *const latency_texts[LATENCY_TEXTS] = { "org" };
/* NULL: the table has it not. */
static const char *const combination_counters[COUNTERS] = {
    [REQUESTS] = "request_count", [ERRORS] = "error_count", [UNPRICED] = "unpriced_count", [LATENCIES] = "latency_count",
    [LATENCY_US] = "total_latency_us", [COST] = "total_cost", [SAVED] = "total_saved", [INPUT] = "input_tokens", [CACHE_READ] = "cache_read_tokens",
    [CACHE_WRITE] = "cache_write_tokens", [CACHE_WRITE_1H] = "cache_write_1h_tokens", [OUTPUT] = "output_tokens",
    [PREMIUM] = "premium_count", [PREMIUM_SAVED] = "premium_saved", [HITS] = "cache_hit_count",
};
static const char *const dimension_counters[COUNTERS] = {
    [REQUESTS] = "request_count", [ERRORS] = "error_count", [UNPRICED] = "unpriced_count", [LATENCIES] = "latency_count",
    [LATENCY_US] = "total_latency_us", [COST] = "total_cost", [INPUT] = "input_tokens", [CACHE_READ] = "cache_read_tokens",
    [CACHE_WRITE] = "cache_write_tokens", [CACHE_WRITE_1H] = "cache_write_1h_tokens", [OUTPUT] = "output_tokens",
    [PREMIUM] = "premium_count", [PREMIUM_SAVED] = "premium_saved", [HITS] = "cache_hit_count", [COMPARED] = "compared_count",
    [FALLBACKS] = "fallback_count", [ORIGINAL] = "original_cost", [COMPARED_COST] = "compared_cost", [COMPARED_SAVED] = "total_saved",
};
static const char *const latency_counters[BUCKET_COUNTERS] = { "requests", "total_us" };

/* Parameters stand in this order: unit, the two numbers, texts, period, counters; those that the table has. */
static const struct sheet {
    const char        *table, *period, *unit, *a, *b;
    const char *const *texts, *const *counters;
    size_t             n_texts, n_counters;
    int64_t            limit;          /* rows of one `a` a day; 0: it cannot grow past bounds */
    size_t             fold[3], n_fold; /* texts that become DD_ROLLUP_OTHER past it */
} sheets[SHEETS] = {
    [SHEET_HOURLY] = { "hourly_cost_summary", "hour", NULL, NULL, NULL, combination_texts, combination_counters, TEXTS, OF_COMBINATION },
    [SHEET_DAILY] = { "daily_cost_summary", "day", NULL, NULL, NULL, combination_texts, combination_counters, TEXTS, OF_COMBINATION,
                      DD_ROLLUP_ROWS_A_DAY, { TEAM, FEATURE, MODEL }, 3 },
    [SHEET_DIMENSIONS] = { "dimension_summary", "start", "unit", "dimension", NULL, dimension_texts, dimension_counters, DIM_TEXTS, COUNTERS,
                           DD_DIMS_VALUES, { DIM_VALUE }, 1 },
    [SHEET_LATENCY] = { "latency_summary", "start", "unit", "kind", "bucket", latency_texts, latency_counters, LATENCY_TEXTS, BUCKET_COUNTERS },
};

/* ---- statements ---- */

static size_t columns_of(const struct sheet *s, const char *out[static TEXTS + COUNTERS + 4])
{
    const char *const numbers[] = { s->unit, s->a, s->b };
    size_t            n = 0;
    for (size_t i = 0; i < DD_COUNT(numbers); i++)
        if (numbers[i] != NULL)
            out[n++] = numbers[i];
    for (size_t i = 0; i < s->n_texts; i++)
        out[n++] = s->texts[i];
    out[n++] = s->period;
    return n;
}

static void list(dd_buf *sql, const char *format, const char *between, const char *const *names, size_t n)
{
    for (size_t i = 0, said = 0; i < n; i++)
        if (names[i] != NULL) {
            dd_buf_addz(sql, said++ > 0 ? between : "");
            for (const char *p = format; *p != '\0'; p++)
                if (*p == '$')
                    dd_buf_addz(sql, names[i]);
                else
                    dd_buf_addc(sql, *p);
        }
}

static int prepare(sqlite3 *db, dd_buf *sql, sqlite3_stmt **out)
{
    int code = sqlite3_prepare_v3(db, dd_buf_z(sql), -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    sql->len = 0;
    return code;
}

static int prepare_put(sqlite3 *db, const struct sheet *s, dd_buf *sql, sqlite3_stmt **out)
{
    const char *keys[TEXTS + COUNTERS + 4];
    size_t      n = columns_of(s, keys);
    dd_buf_printf(sql, "INSERT INTO %s (", s->table);
    list(sql, "$", ", ", keys, n);
    dd_buf_addz(sql, ", ");
    list(sql, "$", ", ", s->counters, s->n_counters);
    dd_buf_addz(sql, ") VALUES (");
    list(sql, "?", ", ", keys, n);
    dd_buf_addz(sql, ", ");
    list(sql, "?", ", ", s->counters, s->n_counters);
    dd_buf_addz(sql, ") ON CONFLICT (");
    list(sql, "$", ", ", keys, n);
    dd_buf_addz(sql, ") DO UPDATE SET ");
    list(sql, "$ = $ + excluded.$", ", ", s->counters, s->n_counters);
    return prepare(db, sql, out);
}

/* How many rows a day has, and whether a row is among them. */
static int prepare_room(sqlite3 *db, const struct sheet *s, dd_buf *sql, sqlite3_stmt **count, sqlite3_stmt **has)
{
    const char *keys[TEXTS + COUNTERS + 4];
    size_t      n = columns_of(s, keys);
    if (s->limit == 0)
        return SQLITE_OK;
    dd_buf_printf(sql, "SELECT count(*) FROM %s WHERE %s = ?", s->table, s->period);
    if (s->a != NULL)
        dd_buf_printf(sql, " AND %s = ? AND %s = ? AND %s = ?", s->unit, s->a, s->texts[0]);
    int code = prepare(db, sql, count);
    dd_buf_printf(sql, "SELECT 1 FROM %s WHERE ", s->table);
    list(sql, "$ = ?", " AND ", keys, n);
    return code == SQLITE_OK ? prepare(db, sql, has) : code;
}

/* The oldest hour: of all combinations; of one organisation and one dimension or kind. */
static int prepare_old(sqlite3 *db, const struct sheet *s, dd_buf *sql, sqlite3_stmt **out)
{
    dd_buf own = DD_BUF_INIT(0);
    if (s->a != NULL)
        dd_buf_printf(&own, " AND %s = 3600 AND org = ?2 AND %s = ?3", s->unit, s->a);
    dd_buf_printf(sql, "DELETE FROM %s WHERE %s < ?1%s AND %s = (SELECT min(%s) FROM %s WHERE 1%s)", s->table, s->period, dd_buf_z(&own), s->period,
                  s->period, s->table, dd_buf_z(&own));
    dd_buf_free(&own);
    return prepare(db, sql, out);
}

int dd_rollup_open(dd_rollup *r, sqlite3 *db)
{
    dd_buf sql = DD_BUF_INIT(0);
    r->db = db;
    dd_buf_addz(&sql, "SELECT min(org) FROM dimension_summary WHERE org > ?");
    int code = prepare(db, &sql, &r->org);
    if (code == SQLITE_OK)
        code = rollup_ids_open(r, db);
    for (size_t i = 0; i < SHEETS && code == SQLITE_OK; i++) {
        code = prepare_put(db, &sheets[i], &sql, &r->put[i]);
        if (code == SQLITE_OK)
            code = prepare_room(db, &sheets[i], &sql, &r->count[i], &r->has[i]);
        if (code == SQLITE_OK && i != SHEET_DAILY)
            code = prepare_old(db, &sheets[i], &sql, &r->old[i]);
    }
    dd_buf_free(&sql);
    return code;
}

void dd_rollup_close(dd_rollup *r)
{
    for (size_t i = 0; i < SHEETS; i++) {
        sqlite3_finalize(r->put[i]);
        sqlite3_finalize(r->count[i]);
        sqlite3_finalize(r->has[i]);
        sqlite3_finalize(r->old[i]);
        r->put[i] = r->count[i] = r->has[i] = r->old[i] = NULL;
    }
    rollup_ids_close(r);
    sqlite3_finalize(r->org);
    r->org = NULL;
    r->db = NULL;
    dd_rollup_forget(r);
}

void dd_rollup_forget(dd_rollup *r)
{
    memset(r->rooms, 0, sizeof r->rooms);
    r->n_rooms = 0;
}

/* ---- rows ---- */

static void bind_text(sqlite3_stmt *stmt, int at, dd_str s)
{
    sqlite3_bind_text(stmt, at, s.len > 0 ? s.ptr : "", (int)s.len, SQLITE_STATIC);
}

static int bind_key(sqlite3_stmt *stmt, const struct sheet *s, int64_t unit, dd_tally_row *row)
{
    int at = 1;
    if (s->unit != NULL)
        sqlite3_bind_int64(stmt, at++, unit);
    if (s->a != NULL)
        sqlite3_bind_int64(stmt, at++, row->key.a);
    if (s->b != NULL)
        sqlite3_bind_int64(stmt, at++, row->key.b);
    for (size_t i = 0; i < s->n_texts; i++)
        bind_text(stmt, at++, dd_tally_texts(row)[i]);
    sqlite3_bind_int64(stmt, at++, start_of(row->key.period, unit));
    return at;
}

static int step(sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int put(dd_rollup *r, sheet_kind kind, int64_t unit, const int64_t *counters, dd_tally_row *row)
{
    const struct sheet *s = &sheets[kind];
    int                 at = bind_key(r->put[kind], s, unit, row);
    for (size_t i = 0; i < s->n_counters; i++)
        if (s->counters[i] != NULL)
            sqlite3_bind_int64(r->put[kind], at++, counters[i]);
    return step(r->put[kind]);
}

/* ---- days that have enough ---- */

static room *room_of(dd_rollup *r, sheet_kind kind, dd_tally_row *row, int64_t day)
{
    uint64_t tag = ((uint64_t)day << 16 ^ (uint64_t)row->key.a << 8 ^ (uint64_t)kind) * UINT64_C(0x9E3779B97F4A7C15);
    if (sheets[kind].a != NULL)
        tag ^= dd_str_hash(dd_tally_texts(row)[0]);
    tag = (tag ^ tag >> 32) | 1;
    if (r->n_rooms > ROOMS_USED)
        dd_rollup_forget(r);
    size_t at = tag % ROOMS;
    for (; r->rooms[at].tag != 0 && r->rooms[at].tag != tag; at = (at + 1) % ROOMS)
        continue;
    r->n_rooms += r->rooms[at].tag == 0;
    r->rooms[at].tag = tag;
    return &r->rooms[at];
}

static int recount(dd_rollup *r, sheet_kind kind, dd_tally_row *row, int64_t day, room *m)
{
    sqlite3_stmt *stmt = r->count[kind];
    sqlite3_bind_int64(stmt, 1, day);
    if (sheets[kind].a != NULL) {
        sqlite3_bind_int64(stmt, 2, DAY_S);
        sqlite3_bind_int64(stmt, 3, row->key.a);
        bind_text(stmt, 4, dd_tally_texts(row)[0]);
    }
    int code = sqlite3_step(stmt);
    m->rows = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    m->tight = sheets[kind].limit - m->rows < ROOM_ENOUGH;
    m->left = m->tight ? RECOUNT : sheets[kind].limit - m->rows;
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* A day's limit holds for its hours, too: the day's row says what both are counted under. */
static int fold(dd_rollup *r, sheet_kind kind, dd_tally_row *row)
{
    const struct sheet *s = &sheets[kind];
    int64_t             day = start_of(row->key.period, DAY_S);
    room               *m = room_of(r, kind, row, day);
    int                 code = m->left == 0 ? recount(r, kind, row, day, m) : SQLITE_OK;
    m->left--;
    if (code != SQLITE_OK || !m->tight)
        return code;
    bind_key(r->has[kind], s, DAY_S, row);
    code = step(r->has[kind]);
    if (code != SQLITE_OK)
        return code == SQLITE_ROW ? SQLITE_OK : code;
    if (m->rows < s->limit)
        m->rows++;
    else
        for (size_t i = 0; i < s->n_fold; i++)
            dd_tally_texts(row)[s->fold[i]] = DD_ROLLUP_OTHER;
    return SQLITE_OK;
}

int dd_rollup_write(dd_rollup *r)
{
    const struct { dd_tally *t; sheet_kind hours, days; } all[] = {
        { &r->combinations, SHEET_HOURLY, SHEET_DAILY },
        { &r->dims, SHEET_DIMENSIONS, SHEET_DIMENSIONS },
        { &r->latency, SHEET_LATENCY, SHEET_LATENCY },
    };
    int code = SQLITE_OK;
    rollup_spread(r);
    for (size_t k = 0; k < DD_COUNT(all); k++)
        for (size_t i = 0; i < all[k].t->n && code == SQLITE_OK; i++) {
            dd_tally_row  *row = dd_tally_at(all[k].t, i);
            const int64_t *counters = dd_tally_counters(all[k].t, row);
            if (sheets[all[k].days].limit > 0)
                code = fold(r, all[k].days, row);
            if (code == SQLITE_OK)
                code = put(r, all[k].hours, HOUR_S, counters, row);
            if (code == SQLITE_OK)
                code = put(r, all[k].days, DAY_S, counters, row);
        }
    return code == SQLITE_OK ? rollup_ids_write(r) : code;
}

/* ---- what is old ---- */

static int tidy_one(dd_rollup *r, sheet_kind kind, int64_t before_s, dd_str org, int a, bool *more)
{
    sqlite3_bind_int64(r->old[kind], 1, before_s);
    if (sheets[kind].a != NULL) {
        bind_text(r->old[kind], 2, org);
        sqlite3_bind_int64(r->old[kind], 3, a);
    }
    int code = step(r->old[kind]);
    *more = *more || (code == SQLITE_OK && sqlite3_changes(r->db) > 0);
    return code;
}

/* In one transaction: an hour is there in all dimensions or in none, which store/skip.h relies on. */
static int tidy_org(dd_rollup *r, dd_str org, int64_t before_s, bool *more)
{
    int code = sqlite3_exec(r->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (int d = 0; d < DD_DIM_COUNT && code == SQLITE_OK; d++)
        code = tidy_one(r, SHEET_DIMENSIONS, before_s, org, d, more);
    for (int kind = 0; kind < DD_LATENCY_COUNT && code == SQLITE_OK; kind++)
        code = tidy_one(r, SHEET_LATENCY, before_s, org, kind, more);
    if (code == SQLITE_OK)
        code = rollup_ids_tidy(r, org, before_s);
    if (code == SQLITE_OK)
        code = sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL);
    return code;   /* who asked rolls back what failed */
}

/* The next organisation behind *org; false: none. */
static bool next_org(dd_rollup *r, dd_buf *org, int *code)
{
    bind_text(r->org, 1, dd_buf_str(org));
    *code = sqlite3_step(r->org);
    bool   any = *code == SQLITE_ROW && sqlite3_column_type(r->org, 0) != SQLITE_NULL;
    dd_str next = { any ? (const char *)sqlite3_column_text(r->org, 0) : "", any ? (size_t)sqlite3_column_bytes(r->org, 0) : 0 };
    dd_buf was = *org;
    *org = (dd_buf)DD_BUF_INIT(0);
    dd_buf_add(org, next);
    sqlite3_reset(r->org);
    dd_buf_free(&was);
    *code = *code == SQLITE_ROW ? SQLITE_OK : *code;
    return any;
}

int dd_rollup_tidy(dd_rollup *r, int64_t before_s, bool *more)
{
    dd_buf org = DD_BUF_INIT(0);
    int    code = tidy_one(r, SHEET_HOURLY, before_s, DD_STR(""), 0, more), found = SQLITE_OK;
    while (code == SQLITE_OK && next_org(r, &org, &found))
        code = tidy_org(r, dd_buf_str(&org), before_s, more);
    dd_buf_free(&org);
    return code != SQLITE_OK ? code : found;
}
