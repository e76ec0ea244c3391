#include "store/rollup.h"

enum { TEXTS = 6, COUNTERS = 15, FIRST_SLOTS = 256, RECOUNT = 1000 };
static const int64_t hour_s = 3600, day_s = 86400;

enum { ORG, TEAM, FEATURE, MODEL, PROVIDER, KEY };
static const char *const text_columns[TEXTS] = { "org", "team", "feature", "model", "provider", "key_id" };
enum { REQUESTS, ERRORS, UNPRICED, LATENCIES, LATENCY_US, COST, SAVED, INPUT, CACHE_READ, CACHE_WRITE, CACHE_WRITE_1H, OUTPUT, PREMIUM, PREMIUM_SAVED, HITS };
static const char *const counter_columns[COUNTERS] = {
    [REQUESTS] = "request_count", [ERRORS] = "error_count", [UNPRICED] = "unpriced_count", [LATENCIES] = "latency_count",
    [LATENCY_US] = "total_latency_us", [COST] = "total_cost", [SAVED] = "total_saved", [INPUT] = "input_tokens", [CACHE_READ] = "cache_read_tokens",
    [CACHE_WRITE] = "cache_write_tokens", [CACHE_WRITE_1H] = "cache_write_1h_tokens", [OUTPUT] = "output_tokens",
    [PREMIUM] = "premium_count", [PREMIUM_SAVED] = "premium_saved", [HITS] = "cache_hit_count",
};

typedef struct {
    int64_t  hour;           /* seconds since 1970 */
    dd_str   text[TEXTS];
    uint64_t hash;
    int64_t  counter[COUNTERS];
} row;

struct dd_rollup {
    DD_VEC(row) rows;
    uint32_t *slots;         /* open addressing: index + 1 of a row; 0 free */
    size_t    n_slots;
    int64_t   day;           /* that is counted */
    bool      crowded;       /* it has all the rows that it gets */
    int       since_count;
};

dd_rollup *dd_rollup_new(void)
{
    dd_rollup *r = dd_calloc(1, sizeof *r);
    r->n_slots = FIRST_SLOTS;
    r->slots = dd_calloc(r->n_slots, sizeof *r->slots);
    return r;
}

void dd_rollup_free(dd_rollup *r)
{
    if (r == NULL)
        return;
    dd_vec_free(&r->rows);
    free(r->slots);
    free(r);
}

void dd_rollup_clear(dd_rollup *r)
{
    r->rows.n = 0;
    memset(r->slots, 0, r->n_slots * sizeof *r->slots);
}

/* ---- summing ---- */

static int64_t start_of(int64_t s, int64_t unit)
{
    return (s >= 0 ? s : s - unit + 1) / unit * unit;
}

static row key_of(const dd_event *e)
{
    row k = { .hour = start_of(e->time_ms / 1000, hour_s),
              .text = { e->org.len > 0 ? e->org : DD_STR("default"), e->team, e->feature, e->used_model.len > 0 ? e->used_model : e->requested_model,
                        e->provider, e->key_id } };
    k.hash = (uint64_t)k.hour;
    for (size_t i = 0; i < TEXTS; i++)
        k.hash = (k.hash ^ dd_str_hash(k.text[i])) * UINT64_C(0x9E3779B97F4A7C15);
    k.hash ^= k.hash >> 32;
    return k;
}

static bool same(const row *a, const row *b)
{
    bool eq = a->hash == b->hash && a->hour == b->hour;
    for (size_t i = 0; i < TEXTS && eq; i++)
        eq = dd_str_eq(a->text[i], b->text[i]);
    return eq;
}

static void grow(dd_rollup *r)
{
    free(r->slots);
    r->n_slots *= 2;
    r->slots = dd_calloc(r->n_slots, sizeof *r->slots);
    for (size_t i = 0; i < r->rows.n; i++) {
        size_t at = r->rows.v[i].hash & (r->n_slots - 1);
        while (r->slots[at] != 0)
            at = (at + 1) & (r->n_slots - 1);
        r->slots[at] = (uint32_t)i + 1;
    }
}

static row *find(dd_rollup *r, const dd_event *e)
{
    row    k = key_of(e);
    size_t at = k.hash & (r->n_slots - 1);
    for (; r->slots[at] != 0; at = (at + 1) & (r->n_slots - 1))
        if (same(&r->rows.v[r->slots[at] - 1], &k))
            return &r->rows.v[r->slots[at] - 1];
    dd_vec_push(&r->rows, k);
    r->slots[at] = (uint32_t)r->rows.n;
    if (r->rows.n * 2 > r->n_slots)
        grow(r);
    return &r->rows.v[r->rows.n - 1];
}

/* Tokens and money that are not known add nothing; a sum past 64 bits stays at its end. */
static void add(int64_t *sum, int64_t v, bool known)
{
    if (known && __builtin_add_overflow(*sum, v, sum))
        *sum = v > 0 ? INT64_MAX : INT64_MIN + 1;
}

void dd_rollup_add(dd_rollup *r, const dd_event *e)
{
    int64_t *c = find(r, e)->counter;
    c[REQUESTS]++;
    c[ERRORS] += e->error != DD_EC_NONE || e->status >= 400;
    c[UNPRICED] += e->cost_actual == DD_PUSD_UNKNOWN;
    c[LATENCIES] += e->total_us >= 0;
    add(&c[LATENCY_US], e->total_us, e->total_us >= 0);
    add(&c[COST], e->cost_actual, e->cost_actual != DD_PUSD_UNKNOWN);
    add(&c[SAVED], e->cost_saved, e->cost_saved != DD_PUSD_UNKNOWN);
    add(&c[INPUT], e->usage.input, e->usage.input >= 0);
    add(&c[CACHE_READ], e->usage.cache_read, e->usage.cache_read >= 0);
    add(&c[CACHE_WRITE], e->usage.cache_write, e->usage.cache_write >= 0);
    add(&c[CACHE_WRITE_1H], e->usage.cache_write_1h, e->usage.cache_write_1h >= 0);
    add(&c[OUTPUT], e->usage.output, e->usage.output >= 0);
    int64_t saved;
    bool    premium = e->cost_premium != DD_PUSD_UNKNOWN && e->cost_actual != DD_PUSD_UNKNOWN &&
                      !__builtin_sub_overflow(e->cost_premium, e->cost_actual, &saved);
    c[PREMIUM] += premium;
    add(&c[PREMIUM_SAVED], premium ? saved : 0, premium);
    c[HITS] += dd_str_eqz(e->cache, "hit");
}

/* ---- writing ---- */

static int prepare(sqlite3 *db, const char *table, const char *period, sqlite3_stmt **out)
{
    dd_buf sql = DD_BUF_INIT(0);
    dd_buf_printf(&sql, "INSERT INTO %s (%s", table, period);
    for (size_t i = 0; i < TEXTS; i++)
        dd_buf_printf(&sql, ", %s", text_columns[i]);
    for (size_t i = 0; i < COUNTERS; i++)
        dd_buf_printf(&sql, ", %s", counter_columns[i]);
    dd_buf_addz(&sql, ") VALUES (?");
    for (size_t i = 0; i < TEXTS + COUNTERS; i++)
        dd_buf_addz(&sql, ", ?");
    dd_buf_printf(&sql, ") ON CONFLICT (%s", period);
    for (size_t i = 0; i < TEXTS; i++)
        dd_buf_printf(&sql, ", %s", text_columns[i]);
    dd_buf_addz(&sql, ") DO UPDATE SET ");
    for (size_t i = 0; i < COUNTERS; i++)
        dd_buf_printf(&sql, "%s%s = %s + excluded.%s", i == 0 ? "" : ", ", counter_columns[i], counter_columns[i], counter_columns[i]);
    int code = sqlite3_prepare_v3(db, dd_buf_z(&sql), -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    dd_buf_free(&sql);
    return code;
}

int dd_rollup_prepare(sqlite3 *db, dd_rollup_stmts *out)
{
    dd_buf has = DD_BUF_INIT(0);
    int    code = prepare(db, "hourly_cost_summary", "hour", &out->hourly);
    if (code == SQLITE_OK)
        code = prepare(db, "daily_cost_summary", "day", &out->daily);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v3(db, "SELECT count(*) FROM daily_cost_summary WHERE day = ?", -1, SQLITE_PREPARE_PERSISTENT, &out->count, NULL);
    dd_buf_addz(&has, "SELECT 1 FROM daily_cost_summary WHERE day = ?");
    for (size_t i = 0; i < TEXTS; i++)
        dd_buf_printf(&has, " AND %s = ?", text_columns[i]);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v3(db, dd_buf_z(&has), -1, SQLITE_PREPARE_PERSISTENT, &out->has, NULL);
    dd_buf_free(&has);
    return code;
}

/* ---- a day that has enough rows ---- */

static int bind_key(sqlite3_stmt *stmt, int64_t period, const row *k)
{
    int at = 1;
    sqlite3_bind_int64(stmt, at++, period);
    for (size_t i = 0; i < TEXTS; i++)
        sqlite3_bind_text(stmt, at++, k->text[i].len > 0 ? k->text[i].ptr : "", (int)k->text[i].len, SQLITE_STATIC);
    return at;
}

static int recount(dd_rollup *r, sqlite3_stmt *count, int64_t day)
{
    if (day == r->day && r->since_count < RECOUNT)
        return SQLITE_OK;
    sqlite3_bind_int64(count, 1, day);
    int code = sqlite3_step(count);
    r->crowded = sqlite3_column_int64(count, 0) >= DD_ROLLUP_ROWS_A_DAY;
    sqlite3_reset(count);
    r->day = day;
    r->since_count = 0;
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int fold(sqlite3_stmt *has, int64_t day, row *k)
{
    bind_key(has, day, k);
    int code = sqlite3_step(has);
    sqlite3_reset(has);
    if (code == SQLITE_DONE)
        k->text[TEAM] = k->text[FEATURE] = k->text[MODEL] = DD_ROLLUP_OTHER;
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

static int write_row(sqlite3_stmt *stmt, int64_t period, const row *k)
{
    int at = bind_key(stmt, period, k);
    for (size_t i = 0; i < COUNTERS; i++)
        sqlite3_bind_int64(stmt, at++, k->counter[i]);
    int code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int dd_rollup_write(dd_rollup *r, const dd_rollup_stmts *stmts)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < r->rows.n && code == SQLITE_OK; i++) {
        row    *k = &r->rows.v[i];
        int64_t day = start_of(k->hour, day_s);
        code = recount(r, stmts->count, day);
        if (code == SQLITE_OK && r->crowded)
            code = fold(stmts->has, day, k);
        if (code == SQLITE_OK)
            code = write_row(stmts->hourly, k->hour, k);
        if (code == SQLITE_OK)
            code = write_row(stmts->daily, day, k);
        r->since_count++;
    }
    return code;
}
