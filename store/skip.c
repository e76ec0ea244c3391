#include "store/skip.h"

#include "base/sum.h"
#include "store/dims.h"
#include "store/field.h"
#include "store/rollup.h"
#include "store/rows.h"

enum { HOUR_S = 3600, DAY_S = 86400, ORGS = 16, ID_TIME_SHIFT = 21 };
static const int64_t known_s = (INT64_C(1) << 53) / 1000;   /* later times are not known in an event */
static const int64_t long_ms = 86400000, clock_ms = 3600000, most_ms = INT64_C(1) << 42;

typedef struct {
    int64_t start, unit, first, last;                     /* ids, both among them */
    int64_t requests, most_cost, fallbacks, hits;
    bool    exact;                                        /* all events were counted with their ids, latencies and costs */
    size_t  org;
} period;
typedef DD_VEC(period) periods;

typedef struct part part;
typedef bool part_fn(dd_skip *s, const part *p, const period *d);
struct part {
    const dd_filter_part *of;
    part_fn              *may_be;
    int                   dim;          /* or kind of latency */
    bool                  other;        /* a value may stand behind DD_ROLLUP_OTHER */
    unsigned              low, high;    /* buckets */
    dd_str                above, below; /* values are from here up to there; ptr NULL: no end */
    sqlite3_stmt         *condition;
};

struct dd_skip {
    dd_db           *db;
    const dd_filter *f;
    dd_arena         arena;
    DD_VEC(dd_str)   orgs;
    DD_VEC(part)     parts;
    int64_t          from_ms, to_ms;    /* of events, as the filter says, both among them */
    bool             timed, failed;
    bool             shared;            /* the database has events of others, too */
    int64_t          from, below;
    periods          days, hours;       /* days: latest id first, looked at up to `at`; hours of those that were opened */
    size_t           at;
    sqlite3_stmt    *totals, *value, *latency;
};

/* ---- ids and times ---- */

int64_t dd_skip_id_at(int64_t time_ms)
{
    int64_t ms = time_ms < DD_EVENT_EPOCH_MS ? 0 : time_ms - DD_EVENT_EPOCH_MS;
    return (ms < most_ms ? ms : most_ms - 1) << ID_TIME_SHIFT;
}

static int64_t within(int64_t ms) { return ms < 0 ? 0 : ms < 2 * most_ms ? ms : 2 * most_ms; }

void dd_skip_rule(int64_t from_ms, int64_t to_ms, int64_t *from, int64_t *below)
{
    *from = dd_skip_id_at(within(from_ms) - long_ms);
    *below = dd_skip_id_at(within(to_ms) + clock_ms);
}

static int64_t ms_of(int64_t s) { return s < 2 * most_ms / 1000 ? s * 1000 : 2 * most_ms; }

/* ---- statements ---- */

static int prepare(dd_skip *s, const char *sql, sqlite3_stmt **out) { return sqlite3_prepare_v2(dd_db_sqlite(s->db), sql, -1, out, NULL); }

static void bind_text(sqlite3_stmt *stmt, int at, dd_str t)
{
    sqlite3_bind_text(stmt, at, t.len > 0 ? t.ptr : "", (int)t.len, SQLITE_STATIC);
}

/* Is there a row? What cannot be asked counts as there. */
static bool any(dd_skip *s, sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    s->failed = s->failed || (code != SQLITE_ROW && code != SQLITE_DONE);
    sqlite3_reset(stmt);
    return code != SQLITE_DONE;
}

static void bind_period(dd_skip *s, sqlite3_stmt *stmt, int number, const period *d)
{
    bind_text(stmt, 1, s->orgs.v[d->org]);
    sqlite3_bind_int64(stmt, 2, number);
    sqlite3_bind_int64(stmt, 3, d->unit);
    sqlite3_bind_int64(stmt, 4, d->start);
}

/* ---- may a period have an event that fits? ---- */

static bool has_value(dd_skip *s, const part *p, const period *d, dd_str value)
{
    bind_period(s, s->value, p->dim, d);
    bind_text(s->value, 5, value);
    return any(s, s->value);
}

static bool by_value(dd_skip *s, const part *p, const period *d)
{
    return has_value(s, p, d, s->f->values.v[p->of->value_at].text) || has_value(s, p, d, DD_ROLLUP_OTHER);
}

static bool by_condition(dd_skip *s, const part *p, const period *d)
{
    int at = 5;
    bind_period(s, p->condition, p->dim, d);
    if (p->above.ptr != NULL)
        bind_text(p->condition, at++, p->above);
    if (p->below.ptr != NULL)
        bind_text(p->condition, at++, p->below);
    dd_rows_bind(p->condition, at, s->f, p->of->value_at, p->of->n_values);
    return any(s, p->condition) || (p->other && has_value(s, p, d, DD_ROLLUP_OTHER));
}

static bool by_latency(dd_skip *s, const part *p, const period *d)
{
    if (!d->exact)
        return true;
    bind_period(s, s->latency, p->dim, d);
    sqlite3_bind_int64(s->latency, 5, p->low);
    sqlite3_bind_int64(s->latency, 6, p->high);
    return any(s, s->latency);
}

static bool by_cost(dd_skip *s, const part *p, const period *d)
{
    int64_t least = s->f->values.v[p->of->value_at].number;
    return !d->exact || d->most_cost > least || (d->most_cost == least && p->of->kind != DD_FILTER_ABOVE);
}

static bool by_fallback(dd_skip *s, const part *p, const period *d)
{
    (void)s, (void)p;
    return !d->exact || d->fallbacks > 0;
}

static bool by_hit(dd_skip *s, const part *p, const period *d)
{
    (void)s, (void)p;
    return !d->exact || d->hits > 0;
}

/* ---- parts of the filter that the sums know ---- */

static dd_str piece(const dd_skip *s, const dd_filter_part *of)
{
    return dd_str_sub(dd_buf_str(&s->f->sql), of->sql_at, of->sql_at + of->sql_len);
}

/* Does it hold for this number, or for what is not known? */
static bool holds(dd_skip *s, const dd_filter_part *of, bool null, int64_t number)
{
    sqlite3_stmt *stmt = NULL;
    dd_buf        sql = DD_BUF_INIT(0);
    dd_buf_printf(&sql, "SELECT 1 FROM (SELECT ? AS %s) WHERE 1" DD_STR_FMT, of->field->name, DD_STR_ARG(piece(s, of)));
    bool yes = true;
    if (prepare(s, dd_buf_z(&sql), &stmt) == SQLITE_OK) {
        if (!null)
            sqlite3_bind_int64(stmt, 1, number);
        dd_rows_bind(stmt, 2, s->f, of->value_at, of->n_values);
        yes = any(s, stmt);
    }
    sqlite3_finalize(stmt);
    dd_buf_free(&sql);
    return yes;
}

#define VALUES_OF "FROM dimension_summary WHERE org = ?1 AND dimension = ?2 AND unit = ?3 AND start = ?4"

/* Behind all texts that begin with these characters of ASCII. */
static dd_str behind(dd_arena *a, dd_str prefix)
{
    size_t n = prefix.len - 1;
    return dd_arena_printf(a, DD_STR_FMT "%c", DD_STR_ARG(dd_str_sub(prefix, 0, n)), prefix.ptr[n] + 1);
}

static bool use_condition(dd_skip *s, part *p)
{
    const dd_filter_part *of = p->of;
    dd_buf sql = DD_BUF_INIT(0);
    if (of->kind == DD_FILTER_GLOB && (p->above = dd_filter_prefix(s->f->values.v[of->value_at].text)).len > 0)
        p->below = behind(&s->arena, p->above);
    else
        p->above = DD_STR_NULL;
    dd_buf_printf(&sql, "SELECT 1 FROM (SELECT nullif(value, '') AS %s " VALUES_OF "%s%s) WHERE 1" DD_STR_FMT " LIMIT 1", of->field->name,
                  p->above.ptr != NULL ? " AND value >= ?5" : "", p->below.ptr != NULL ? " AND value < ?6" : "", DD_STR_ARG(piece(s, of)));
    bool ok = prepare(s, dd_buf_z(&sql), &p->condition) == SQLITE_OK;
    dd_buf_free(&sql);
    p->may_be = by_condition;
    p->other = true;
    return ok;
}

static bool use_text(dd_skip *s, part *p)
{
    p->may_be = by_value;
    return p->of->kind == DD_FILTER_EQUAL || use_condition(s, p);
}

/* Requests that no model answered count under the one that was asked for. */
static bool use_model(dd_skip *s, part *p)
{
    return p->of->kind == DD_FILTER_EQUAL || !holds(s, p->of, true, 0) ? use_text(s, p) : false;
}

/* Kept as a number in events, as a word in the sums. Any word but those that it does not hold for: newer programs may know more. */
static bool use_error(dd_skip *s, part *p)
{
    dd_buf sql = DD_BUF_INIT(0);
    size_t said = 0;
    dd_buf_addz(&sql, "SELECT 1 " VALUES_OF " AND value NOT IN (");
    for (int i = 0; i < DD_EC_COUNT; i++)
        if (!holds(s, p->of, false, i))
            dd_buf_printf(&sql, "%s'%s'", said++ > 0 ? ", " : "", dd_error_class_name((dd_error_class)i));
    dd_buf_addz(&sql, ") LIMIT 1");
    bool ok = prepare(s, dd_buf_z(&sql), &p->condition) == SQLITE_OK;
    dd_buf_free(&sql);
    p->may_be = by_condition;
    return ok;
}

static bool use_latency(dd_skip *s, part *p)
{
    dd_filter_kind k = p->of->kind;
    if (k == DD_FILTER_OTHER)
        return false;
    unsigned b = dd_hist_bucket(s->f->values.v[p->of->value_at].number);
    p->low = k == DD_FILTER_BELOW || k == DD_FILTER_UPTO ? 0 : b;
    p->high = k == DD_FILTER_ABOVE || k == DD_FILTER_FROM ? DD_HIST_BUCKETS : b;
    p->may_be = by_latency;
    return true;
}

static bool use_cost(dd_skip *s, part *p)
{
    (void)s;
    p->may_be = by_cost;
    return p->of->kind == DD_FILTER_ABOVE || p->of->kind == DD_FILTER_FROM || p->of->kind == DD_FILTER_EQUAL;
}

static bool use_fallback(dd_skip *s, part *p)
{
    p->may_be = by_fallback;
    return p->of->kind == DD_FILTER_EQUAL && s->f->values.v[p->of->value_at].number == 1;
}

static bool use_cache(dd_skip *s, part *p)
{
    p->may_be = by_hit;
    return p->of->kind == DD_FILTER_EQUAL && dd_str_eqz(s->f->values.v[p->of->value_at].text, "hit");
}

static const struct { const char *field; int dim; bool (*use)(dd_skip *s, part *p); } known[] = {
    { "team", DD_DIM_TEAM, use_text },         { "feature", DD_DIM_FEATURE, use_text },     { "used_model", DD_DIM_MODEL, use_model },
    { "provider", DD_DIM_PROVIDER, use_text }, { "key_id", DD_DIM_KEY, use_text },          { "requested_model", DD_DIM_REQUESTED, use_text },
    { "user", DD_DIM_USER, use_text },         { "route", DD_DIM_ROUTE, use_text },         { "strategy", DD_DIM_STRATEGY, use_text },
    { "task", DD_DIM_TASK, use_text },         { "call_site", DD_DIM_CALL_SITE, use_text }, { "env", DD_DIM_ENV, use_text },
    { "error", DD_DIM_ERROR, use_error },      { "cost_actual", 0, use_cost },              { "total_us", DD_LATENCY_TOTAL, use_latency },
    { "fallback", 0, use_fallback },           { "cache", 0, use_cache },                   { "first_us", DD_LATENCY_FIRST, use_latency },
    { "overhead_us", DD_LATENCY_OVERHEAD, use_latency },
};

static void use_time(dd_skip *s, const dd_filter_part *of)
{
    if (of->kind == DD_FILTER_OTHER)
        return;
    int64_t ms = within(s->f->values.v[of->value_at].number);
    s->timed = true;
    if (of->kind != DD_FILTER_BELOW && of->kind != DD_FILTER_UPTO)
        s->from_ms = ms > s->from_ms ? ms : s->from_ms;
    if (of->kind != DD_FILTER_ABOVE && of->kind != DD_FILTER_FROM && ms < 2 * most_ms)
        s->to_ms = ms < s->to_ms ? ms : s->to_ms;
}

static void use_part(dd_skip *s, const dd_filter_part *of)
{
    if (of->field == NULL)
        return;
    if (strcmp(of->field->name, "time_ms") == 0)
        use_time(s, of);
    for (size_t i = 0; i < DD_COUNT(known); i++) {
        part p = { .of = of, .dim = known[i].dim };
        if (strcmp(of->field->name, known[i].field) != 0)
            continue;
        if (known[i].use(s, &p))
            dd_vec_push(&s->parts, p);
        else
            sqlite3_finalize(p.condition);
    }
}

/* ---- organisations ---- */

static void add_org(dd_skip *s, dd_str org)
{
    dd_str own = dd_arena_dup(&s->arena, org);
    dd_vec_push(&s->orgs, own);
}

/* Those that have sums, `most` and one more. */
static bool find_orgs(dd_skip *s, size_t most)
{
    sqlite3_stmt *stmt = NULL;
    dd_str        last = DD_STR("");
    int           code = prepare(s, "SELECT min(org) FROM dimension_summary WHERE org > ?", &stmt);
    while (code == SQLITE_OK && s->orgs.n <= most) {
        bind_text(stmt, 1, last);
        if ((code = sqlite3_step(stmt)) != SQLITE_ROW || sqlite3_column_type(stmt, 0) == SQLITE_NULL)
            break;
        add_org(s, (dd_str){ sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0) });
        last = s->orgs.v[s->orgs.n - 1];
        code = sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return code == SQLITE_ROW || code == SQLITE_OK;
}

static dd_str org_of(const dd_skip *s, dd_str org)
{
    for (size_t i = 0; i < s->f->parts.n && org.ptr == NULL; i++) {
        const dd_filter_part *p = &s->f->parts.v[i];
        if (p->field != NULL && p->kind == DD_FILTER_EQUAL && strcmp(p->field->name, "org") == 0)
            org = s->f->values.v[p->value_at].text;
    }
    return org;
}

/* Whose periods are asked; where there are others, it is known by them alone what is another's. Rows without any sums were written by no dd0c. */
static bool choose_orgs(dd_skip *s, dd_str org)
{
    org = org_of(s, org);
    if (!find_orgs(s, org.ptr != NULL ? 1 : ORGS) || s->orgs.n == 0)
        return false;
    if (org.ptr == NULL)
        return s->orgs.n <= ORGS && (s->parts.n > 0 || s->timed);
    s->shared = s->orgs.n > 1 || !dd_str_eq(s->orgs.v[0], org);
    s->orgs.n = 0;
    add_org(s, org);
    return s->parts.n > 0 || s->timed || s->shared;
}

/* ---- periods ---- */

static bool in_time(const dd_skip *s, int64_t start, int64_t unit) { return start + unit > s->from_ms / 1000 && start <= s->to_ms / 1000; }

static period read_period(sqlite3_stmt *row, int64_t unit, size_t org)
{
    period p = { .start = sqlite3_column_int64(row, 0), .unit = unit, .org = org, .requests = sqlite3_column_int64(row, 1) };
    bool   known_ids = sqlite3_column_type(row, 4) != SQLITE_NULL;
    p.start = p.start < -known_s ? -known_s : p.start < known_s ? p.start : known_s;
    p.fallbacks = sqlite3_column_int64(row, 2);
    p.hits = sqlite3_column_int64(row, 3);
    p.first = sqlite3_column_int64(row, 4);
    p.last = sqlite3_column_int64(row, 5);
    p.most_cost = sqlite3_column_int64(row, 7);
    p.exact = known_ids && sqlite3_column_int64(row, 6) == p.requests;
    if (!p.exact) {
        int64_t from, below;
        dd_skip_rule(ms_of(p.start), ms_of(p.start + unit), &from, &below);
        p.first = known_ids && p.first < from ? p.first : from;
        p.last = known_ids && p.last >= below ? p.last : below - 1;
    }
    return p;
}

/* The periods of [start, end); what they add up to. */
static int64_t read_periods(dd_skip *s, size_t org, int64_t unit, int64_t start, int64_t end, periods *out)
{
    int64_t requests = 0;
    int     code;
    bind_text(s->totals, 1, s->orgs.v[org]);
    sqlite3_bind_int64(s->totals, 2, unit);
    sqlite3_bind_int64(s->totals, 3, start);
    sqlite3_bind_int64(s->totals, 4, end);
    while ((code = sqlite3_step(s->totals)) == SQLITE_ROW) {
        period p = read_period(s->totals, unit, org);
        dd_sum_add(&requests, p.requests);
        dd_vec_push(out, p);
    }
    s->failed = s->failed || code != SQLITE_DONE;
    sqlite3_reset(s->totals);
    return requests;
}

/* Only what may still be of interest. */
static void thin(dd_skip *s, periods *v, size_t first)
{
    size_t n = first;
    for (size_t i = first; i < v->n; i++)
        if (in_time(s, v->v[i].start, v->v[i].unit) && v->v[i].first < s->below && v->v[i].last >= s->from)
            v->v[n++] = v->v[i];
    v->n = n;
}

static int by_last(const void *pa, const void *pb)
{
    const period *a = pa, *b = pb;
    return (a->last < b->last) - (a->last > b->last);
}

static bool read_days(dd_skip *s)
{
    static const char totals[] =
        "SELECT d.start, d.request_count, d.fallback_count, d.cache_hit_count, i.first_id, i.last_id, i.request_count, i.most_cost"
        " FROM dimension_summary d LEFT JOIN id_summary i ON i.org = d.org AND i.unit = d.unit AND i.start = d.start"
        " WHERE d.org = ?1 AND d.dimension = 0 AND d.unit = ?2 AND d.start >= ?3 AND d.start < ?4";
    if (prepare(s, totals, &s->totals) != SQLITE_OK)
        return false;
    for (size_t i = 0; i < s->orgs.n && !s->failed; i++)
        read_periods(s, i, DAY_S, s->from_ms / 1000 - DAY_S, s->to_ms / 1000 + 1, &s->days);
    thin(s, &s->days, 0);
    if (s->days.n > 0)
        qsort(s->days.v, s->days.n, sizeof *s->days.v, by_last);
    return !s->failed;
}

/* ---- from the newest to the oldest ---- */

static bool may_be(dd_skip *s, const period *d)
{
    for (size_t i = 0; i < s->parts.n; i++)
        if (!s->parts.v[i].may_be(s, &s->parts.v[i], d))
            return false;
    return true;
}

/* Its hours, if they are all there; false: the day counts as a whole. */
static bool open_day(dd_skip *s, const period *day)
{
    size_t had = s->hours.n;
    bool   whole = read_periods(s, day->org, HOUR_S, day->start, day->start + DAY_S, &s->hours) == day->requests;
    for (size_t i = had; i < s->hours.n; i++) {
        period *h = &s->hours.v[i];
        whole = whole && (h->exact || !day->exact);
        h->first = h->first > day->first ? h->first : day->first;
        h->last = h->last < day->last ? h->last : day->last;
    }
    if (whole)
        thin(s, &s->hours, had);
    else
        s->hours.n = had;
    return whole;
}

/* The open hour with the latest id; NULL: none. */
static period *latest_hour(const dd_skip *s)
{
    period *best = NULL;
    for (size_t i = 0; i < s->hours.n; i++)
        if (best == NULL || s->hours.v[i].last > best->last)
            best = &s->hours.v[i];
    return best;
}

/* False: there is none. */
static bool take_latest(dd_skip *s, period *out)
{
    period *hour = latest_hour(s);
    if (s->at < s->days.n && (hour == NULL || s->days.v[s->at].last > hour->last)) {
        *out = s->days.v[s->at++];
        return true;
    }
    if (hour == NULL)
        return false;
    *out = *hour;
    *hour = s->hours.v[--s->hours.n];
    return true;
}

int64_t dd_skip_done(const dd_skip *s)
{
    const period *hour = latest_hour(s);
    int64_t       last = hour != NULL ? hour->last : -1;
    if (s->at < s->days.n && s->days.v[s->at].last > last)
        last = s->days.v[s->at].last;
    return last < s->below ? last + 1 : s->below;
}

dd_skip_step dd_skip_next(dd_skip *s, int64_t below, int64_t *from, int64_t *to)
{
    period p;
    s->below = below < s->below ? below : s->below;
    do
        if (!take_latest(s, &p))
            return DD_SKIP_END;
    while (p.first >= s->below);
    bool there = may_be(s, &p);
    if (s->failed)
        return DD_SKIP_FAILED;
    if (!there || (p.unit == DAY_S && open_day(s, &p)))
        return s->failed ? DD_SKIP_FAILED : DD_SKIP_LOOKING;
    if (s->failed)
        return DD_SKIP_FAILED;
    *from = p.first > s->from ? p.first : s->from;
    *to = p.last < s->below ? p.last + 1 : s->below;
    s->below = *from;
    return DD_SKIP_FOUND;
}

void dd_skip_span(const dd_skip *s, int64_t *from, int64_t *below)
{
    *from = *below = s->days.n > 0 ? s->days.v[0].first : s->from;
    for (size_t i = 0; i < s->days.n; i++) {
        const period *d = &s->days.v[i];
        *from = d->first < *from ? d->first : *from;
        *below = d->last < *below ? *below : d->last < INT64_MAX ? d->last + 1 : INT64_MAX;
    }
    *from = *from > s->from ? *from : s->from;
    *below = *below < s->below ? *below : s->below;
}

/* ---- its life ---- */

bool dd_skip_without(dd_skip *s, const dd_filter_part *of)
{
    for (size_t i = s->parts.n; i-- > 0;)
        if (s->parts.v[i].of == of) {
            sqlite3_finalize(s->parts.v[i].condition);
            memmove(&s->parts.v[i], &s->parts.v[i + 1], (s->parts.n - i - 1) * sizeof *s->parts.v);
            s->parts.n--;
        }
    return s->parts.n > 0 || s->timed || s->shared;
}

static bool make(dd_skip *s, dd_str org)
{
    bool ok = prepare(s, "SELECT 1 " VALUES_OF " AND value = ?5", &s->value) == SQLITE_OK &&
              prepare(s, "SELECT 1 FROM latency_summary WHERE org = ?1 AND kind = ?2 AND unit = ?3 AND start = ?4 AND bucket >= ?5 AND bucket <= ?6"
                      " LIMIT 1", &s->latency) == SQLITE_OK;
    for (size_t i = 0; i < s->f->parts.n && ok; i++)
        use_part(s, &s->f->parts.v[i]);
    return ok && choose_orgs(s, org) && read_days(s) && !s->failed;
}

dd_skip *dd_skip_new(dd_db *db, const dd_filter *f, dd_str org, int64_t from, int64_t below)
{
    static const dd_filter none = {0};
    f = f != NULL ? f : &none;
    dd_skip *s = dd_calloc(1, sizeof *s);
    *s = (dd_skip){ .db = db, .f = f, .arena = DD_ARENA_INIT, .to_ms = INT64_MAX, .from = from, .below = below };
    if (make(s, org))
        return s;
    dd_skip_free(s);
    return NULL;
}

void dd_skip_free(dd_skip *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->parts.n; i++)
        sqlite3_finalize(s->parts.v[i].condition);
    sqlite3_finalize(s->totals);
    sqlite3_finalize(s->value);
    sqlite3_finalize(s->latency);
    dd_vec_free(&s->parts);
    dd_vec_free(&s->orgs);
    dd_vec_free(&s->days);
    dd_vec_free(&s->hours);
    dd_arena_fini(&s->arena);
    free(s);
}
