#include "store/pages.h"

#include <limits.h>

#include "base/time.h"
#include "store/db.h"
#include "store/field.h"
#include "store/record.h"
#include "store/rows.h"
#include "store/skip.h"

/* VALUES: a column with more that a filter holds for is not merged. PEEK: how far each index is followed to see which one reaches furthest. */
enum { BATCH = 8, VALUES = 256, SEEN = 1024, PEEK = 64, CLOCK_EVERY = 16 };

typedef struct { const dd_field *field; char name[64]; } index_of;

struct dd_pages {
    char  *dir;                 /* NULL: the connection is another's */
    dd_db *db;
    bool   known;               /* its indexes */
    DD_VEC(index_of) indexes;   /* of one column each */
};

/* One value of an indexed column: its ids, newest first, some at a time. */
typedef struct {
    dd_filter_value value;
    bool            null, ended;
    int             n, at;
    int64_t         ids[BATCH];
} lane;

/* An index, for one filter. */
typedef struct {
    const dd_filter_part *part;
    sqlite3_stmt *more, *more_null;
    DD_VEC(lane)  lanes;
    int64_t       peeked[PEEK];
    size_t        n_peeked, at;
} source;

typedef struct {
    dd_pages           *p;
    const dd_pages_ask *ask;
    dd_err             *err;
    dd_arena            arena;      /* of values */
    int64_t             from, below; /* ids in [from, below) */
    sqlite3_stmt       *row, *scan;
    int                 range_at;   /* where in `scan` its range is bound */
    source             *source;     /* NULL: all events are looked at */
    dd_skip            *skip;       /* NULL: all of [from, below) is one range */
    int64_t             low, high;  /* the range that is being looked at: ids in [low, high) */
    bool                scanning;   /* `scan` is in it */
    int64_t             start_ns, looked;
    int64_t             first, done; /* what is below the first is of this page; nothing from `done` on is left to look at */
    bool                failed;
} paging;

dd_pages *dd_pages_new(const char *dir)
{
    dd_pages *p = dd_calloc(1, sizeof *p);
    p->dir = dd_strdup(dd_str_z(dir));
    return p;
}

dd_pages *dd_pages_over(dd_db *db)
{
    dd_pages *p = dd_calloc(1, sizeof *p);
    p->db = db;
    return p;
}

static void close_db(dd_pages *p)
{
    dd_vec_free(&p->indexes);
    p->known = false;
    if (p->dir != NULL)
        dd_db_close(p->db);
    p->db = NULL;
}

void dd_pages_free(dd_pages *p)
{
    if (p == NULL)
        return;
    close_db(p);
    free(p->dir);
    free(p);
}

/* ---- the database ---- */

static dd_code prepare(dd_pages *p, const char *sql, sqlite3_stmt **out, dd_err *err)
{
    return sqlite3_prepare_v2(dd_db_sqlite(p->db), sql, -1, out, NULL) == SQLITE_OK ? DD_OK : dd_db_fail(p->db, err, "read events");
}

static dd_code find_indexes(dd_pages *p, dd_err *err)
{
    static const char sql[] = "SELECT l.name, max(i.name) FROM pragma_index_list('events') l, pragma_index_info(l.name) i GROUP BY 1 HAVING count(*) = 1";
    sqlite3_stmt *stmt = NULL;
    if (prepare(p, sql, &stmt, err) != DD_OK)
        return err->code;
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        index_of    one = { .field = dd_field_find(dd_str_z((const char *)sqlite3_column_text(stmt, 1))) };
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        if (one.field == NULL || strlen(name) >= sizeof one.name)
            continue;
        snprintf(one.name, sizeof one.name, "%s", name);
        dd_vec_push(&p->indexes, one);
    }
    p->known = true;
    sqlite3_finalize(stmt);
    return DD_OK;
}

static dd_code open_db(dd_pages *p, dd_err *err)
{
    dd_code rc = DD_OK;
    if (p->dir != NULL && (p->db == NULL || dd_db_moved(p->db))) {
        close_db(p);
        if ((p->db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = p->dir }, err)) == NULL)
            return err->code;
    }
    if (!p->known && (rc = find_indexes(p, err)) != DD_OK)
        close_db(p);
    return rc;
}

/* ---- how far to look ---- */

static void raise_from(paging *g, int64_t id) { g->from = id > g->from ? id : g->from; }
static void lower_below(paging *g, int64_t id) { g->below = id < g->below ? id : g->below; }

static void bound_by_id(paging *g, dd_filter_kind kind, int64_t id)
{
    int64_t behind = id < INT64_MAX ? id + 1 : id;
    if (kind == DD_FILTER_EQUAL || kind == DD_FILTER_FROM)
        raise_from(g, id);
    if (kind == DD_FILTER_ABOVE)
        raise_from(g, behind);
    if (kind == DD_FILTER_EQUAL || kind == DD_FILTER_UPTO)
        lower_below(g, behind);
    if (kind == DD_FILTER_BELOW)
        lower_below(g, id);
}

static void bound_by_time(paging *g, dd_filter_kind kind, int64_t ms)
{
    int64_t from, below;
    dd_skip_rule(ms, ms, &from, &below);
    if (kind == DD_FILTER_EQUAL || kind == DD_FILTER_FROM || kind == DD_FILTER_ABOVE)
        raise_from(g, from);
    if (kind == DD_FILTER_EQUAL || kind == DD_FILTER_UPTO || kind == DD_FILTER_BELOW)
        lower_below(g, below);
}

static void bound_by(paging *g, const char *field, void (*bound)(paging *g, dd_filter_kind kind, int64_t number))
{
    const dd_filter *f = g->ask->filter;
    for (size_t i = 0; f != NULL && i < f->parts.n; i++) {
        const dd_filter_part *part = &f->parts.v[i];
        if (part->kind != DD_FILTER_OTHER && part->field != NULL && strcmp(part->field->name, field) == 0)
            bound(g, part->kind, f->values.v[part->value_at].number);
    }
}

/* The sums know which ids a time has; without them, the rule says it. */
static void choose_bounds(paging *g)
{
    g->from = 0;
    g->below = g->first = g->done = g->ask->before > 0 ? g->ask->before : INT64_MAX;
    bound_by(g, "id", bound_by_id);
    g->skip = dd_skip_new(g->p->db, g->ask->filter, g->ask->org, g->from, g->below);
    if (g->skip != NULL)
        dd_skip_span(g->skip, &g->from, &g->below);
    else
        bound_by(g, "time_ms", bound_by_time);
}

/* ---- the two statements ---- */

static void add_conditions(const paging *g, dd_buf *sql)
{
    if (g->ask->org.ptr != NULL)
        dd_buf_addz(sql, " AND org = ?");
    if (g->ask->filter != NULL)
        dd_buf_add(sql, dd_buf_str(&g->ask->filter->sql));
}

static int bind_conditions(const paging *g, sqlite3_stmt *stmt, int at)
{
    const dd_filter *f = g->ask->filter;
    if (g->ask->org.ptr != NULL)
        sqlite3_bind_text(stmt, at++, g->ask->org.ptr, (int)g->ask->org.len, SQLITE_STATIC);
    return f != NULL ? dd_rows_bind(stmt, at, f, 0, f->values.n) : at;
}

static dd_code prepare_row(paging *g)
{
    dd_buf sql = DD_BUF_INIT(0);
    dd_buf_addz(&sql, "SELECT ");
    dd_rows_columns(&sql);
    dd_buf_addz(&sql, " FROM events WHERE id = ?");
    add_conditions(g, &sql);
    dd_code rc = prepare(g->p, dd_buf_z(&sql), &g->row, g->err);
    dd_buf_free(&sql);
    if (rc == DD_OK)
        bind_conditions(g, g->row, 2);
    return rc;
}

static dd_code prepare_scan(paging *g)
{
    dd_buf sql = DD_BUF_INIT(0);
    dd_buf_addz(&sql, "SELECT id, 1");
    add_conditions(g, &sql);
    dd_buf_addz(&sql, " FROM events WHERE id < ? AND id >= ? ORDER BY id DESC");
    dd_code rc = prepare(g->p, dd_buf_z(&sql), &g->scan, g->err);
    dd_buf_free(&sql);
    if (rc != DD_OK)
        return rc;
    g->range_at = bind_conditions(g, g->scan, 1);
    return DD_OK;
}

/* ---- which values of a column a filter holds for ---- */

static bool out_of_time(const paging *g, int share)
{
    int64_t us = g->ask->work_us > 0 ? g->ask->work_us : DD_PAGES_US;
    return dd_mono_now().ns - g->start_ns > us * 1000 / share;
}

static void bind_value(sqlite3_stmt *stmt, int at, const dd_filter_value *v)
{
    if (v->is_text)
        sqlite3_bind_text(stmt, at, v->text.ptr, (int)v->text.len, SQLITE_STATIC);
    else
        sqlite3_bind_int64(stmt, at, v->number);
}

static void add_lane(source *s, const dd_filter_value *v)
{
    lane l = { .null = v == NULL };
    if (v != NULL)
        l.value = *v;
    dd_vec_push(&s->lanes, l);
}

typedef struct {
    paging               *g;
    const index_of       *index;
    const dd_filter_part *part;
    sqlite3_stmt         *first, *next, *holds;
    dd_str                prefix;
} finding;

static dd_code prepare_finding(finding *d)
{
    const char      *column = d->part->field->name;
    const dd_filter *f = d->g->ask->filter;
    dd_buf           sql = DD_BUF_INIT(0);
    dd_code          rc = DD_OK;
    for (int i = 0; i < 2 && rc == DD_OK; i++) {
        dd_buf_clear(&sql);
        dd_buf_printf(&sql, "SELECT min(%s) FROM events INDEXED BY \"%s\" WHERE %s %s ?", column, d->index->name, column, i == 0 ? ">=" : ">");
        rc = prepare(d->g->p, dd_buf_z(&sql), i == 0 ? &d->first : &d->next, d->g->err);
    }
    dd_buf_clear(&sql);
    dd_buf_printf(&sql, "SELECT 1 FROM (SELECT ? AS %s) WHERE 1" DD_STR_FMT, column,
                  DD_STR_ARG(dd_str_sub(dd_buf_str(&f->sql), d->part->sql_at, d->part->sql_at + d->part->sql_len)));
    if (rc == DD_OK)
        rc = prepare(d->g->p, dd_buf_z(&sql), &d->holds, d->g->err);
    dd_buf_free(&sql);
    if (rc == DD_OK)
        dd_rows_bind(d->holds, 2, f, d->part->value_at, d->part->n_values);
    return rc;
}

static bool holds(finding *d, const dd_filter_value *v)
{
    if (v != NULL)
        bind_value(d->holds, 1, v);
    else
        sqlite3_bind_null(d->holds, 1);
    bool yes = sqlite3_step(d->holds) == SQLITE_ROW;
    sqlite3_reset(d->holds);
    return yes;
}

/* False: there is none behind *v. */
static bool step_value(finding *d, sqlite3_stmt *stmt, dd_filter_value *v)
{
    bind_value(stmt, 1, v);
    bool some = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    if (some && v->is_text) {
        dd_str text = { sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0) };
        v->text = dd_arena_dup(&d->g->arena, text);
    } else if (some)
        v->number = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return some && !(v->is_text && !dd_str_starts(v->text, d->prefix));
}

/* From value to value, a seek each. False: there are too many. */
static bool find_values(finding *d, source *s)
{
    const dd_filter_value *given = d->part->n_values > 0 ? &d->g->ask->filter->values.v[d->part->value_at] : NULL;
    dd_filter_value        v = { .is_text = d->part->field->kind == DD_F_TEXT, .number = INT64_MIN };
    d->prefix = given != NULL && d->part->kind == DD_FILTER_GLOB ? dd_filter_prefix(given->text) : DD_STR("");
    v.text = d->prefix;
    if (holds(d, NULL))
        add_lane(s, NULL);
    size_t seen = 0;
    for (sqlite3_stmt *stmt = d->first; step_value(d, stmt, &v); stmt = d->next) {
        if (++seen > SEEN || s->lanes.n > VALUES || out_of_time(d->g, 3))
            return false;
        if (holds(d, &v))
            add_lane(s, &v);
    }
    return true;
}

static void free_finding(finding *d)
{
    sqlite3_finalize(d->first);
    sqlite3_finalize(d->next);
    sqlite3_finalize(d->holds);
}

/* ---- ids out of an index ---- */

static bool prepare_more(paging *g, source *s, const index_of *index)
{
    bool   ok = true;
    dd_buf sql = DD_BUF_INIT(0);
    for (size_t i = 0; i < s->lanes.n && i < 2 && ok; i++) {   /* a lane without a value is the first one */
        bool          null = s->lanes.v[i].null;
        sqlite3_stmt **to = null ? &s->more_null : &s->more;
        dd_buf_clear(&sql);
        dd_buf_printf(&sql, "SELECT id FROM events INDEXED BY \"%s\" WHERE id < ?1 AND id >= ?2 AND %s %s ORDER BY id DESC LIMIT %d", index->name,
                      index->field->name, null ? "IS NULL" : "= ?3", BATCH);
        ok = *to != NULL || sqlite3_prepare_v2(dd_db_sqlite(g->p->db), dd_buf_z(&sql), -1, to, NULL) == SQLITE_OK;
    }
    dd_buf_free(&sql);
    return ok;   /* an index may leave out rows without a value */
}

static void refill(paging *g, source *s, lane *l)
{
    sqlite3_stmt *stmt = l->null ? s->more_null : s->more;
    int           code;
    sqlite3_bind_int64(stmt, 1, l->n > 0 ? l->ids[l->n - 1] : g->below);
    sqlite3_bind_int64(stmt, 2, g->from);
    if (!l->null)
        bind_value(stmt, 3, &l->value);
    l->n = l->at = 0;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        l->ids[l->n++] = sqlite3_column_int64(stmt, 0);
    l->ended = l->n < BATCH;
    if (code != SQLITE_DONE && !g->failed) {
        g->failed = true;
        dd_db_fail(g->p->db, g->err, "read events");
    }
    sqlite3_reset(stmt);
}

static int64_t head(paging *g, source *s, lane *l)
{
    if (l->at == l->n && !l->ended)
        refill(g, s, l);
    return l->at < l->n ? l->ids[l->at] : -1;
}

/* The newest id that is left; -1: none. */
static int64_t merge(paging *g, source *s)
{
    lane   *best = NULL;
    int64_t newest = -1;
    for (size_t i = 0; i < s->lanes.n; i++) {
        int64_t id = head(g, s, &s->lanes.v[i]);
        if (id > newest) {
            newest = id;
            best = &s->lanes.v[i];
        }
    }
    if (best != NULL)
        best->at++;
    return newest;
}

static int64_t take(paging *g, source *s)
{
    return s->at < s->n_peeked ? s->peeked[s->at++] : merge(g, s);
}

/* On to the ids below this one. */
static void jump(paging *g, source *s, int64_t below)
{
    g->below = below;
    while (s->at < s->n_peeked && s->peeked[s->at] >= below)
        s->at++;
    for (size_t i = 0; i < s->lanes.n; i++) {
        lane *l = &s->lanes.v[i];
        while (l->at < l->n && l->ids[l->at] >= below)
            l->at++;
        if (l->at == l->n && !l->ended && (l->n == 0 || l->ids[l->n - 1] >= below))
            l->at = l->n = 0;   /* from there on, where it is not further already */
    }
}

static void peek(paging *g, source *s)
{
    do
        s->peeked[s->n_peeked++] = merge(g, s);
    while (s->n_peeked < PEEK && s->peeked[s->n_peeked - 1] >= 0);
}

/* ---- which index ---- */

static void free_source(source *s)
{
    if (s == NULL)
        return;
    sqlite3_finalize(s->more);
    sqlite3_finalize(s->more_null);
    dd_vec_free(&s->lanes);
    free(s);
}

/* NULL: this filter has no index that helps. */
static source *make_source(paging *g, const index_of *index, const dd_filter_part *part)
{
    source *s = dd_calloc(1, sizeof *s);
    bool    ok = true;
    s->part = part;
    if (part->kind == DD_FILTER_EQUAL)
        add_lane(s, &g->ask->filter->values.v[part->value_at]);
    else {
        finding d = { .g = g, .index = index, .part = part };
        ok = prepare_finding(&d) == DD_OK && find_values(&d, s);
        free_finding(&d);
    }
    if (ok && prepare_more(g, s, index)) {
        peek(g, s);
        return s;
    }
    free_source(s);
    return NULL;
}

/* The one whose ids go back furthest has the fewest. */
static void choose_source(paging *g)
{
    const dd_filter *f = g->ask->filter;
    for (size_t i = 0; f != NULL && i < f->parts.n; i++)
        for (size_t k = 0; k < g->p->indexes.n; k++) {
            source *s = g->p->indexes.v[k].field == f->parts.v[i].field ? make_source(g, &g->p->indexes.v[k], &f->parts.v[i]) : NULL;
            if (s == NULL)
                continue;
            if (g->source == NULL || s->peeked[s->n_peeked - 1] < g->source->peeked[g->source->n_peeked - 1]) {
                free_source(g->source);
                g->source = s;
            } else
                free_source(s);
        }
    if (g->source != NULL && g->skip != NULL && !dd_skip_without(g->skip, g->source->part)) {
        dd_skip_free(g->skip);
        g->skip = NULL;
    }
}

/* ---- a page ---- */

typedef enum { THERE, NOT_THERE, TIRED } found;

static found fail(paging *g)
{
    if (!g->failed)
        dd_db_fail(g->p->db, g->err, "read events");
    g->failed = true;
    return NOT_THERE;
}

/* A page that ends before it looked at anything would not get anywhere. */
static bool may_rest(const paging *g) { return g->done < g->first && out_of_time(g, 1); }

/* The next range of ids below this one. */
static found next_range(paging *g, int64_t below)
{
    dd_skip_step step = DD_SKIP_LOOKING;
    while (step == DD_SKIP_LOOKING) {
        if (may_rest(g))
            return TIRED;
        step = dd_skip_next(g->skip, below, &g->low, &g->high);
        if (step == DD_SKIP_LOOKING && dd_skip_done(g->skip) < g->done)
            g->done = dd_skip_done(g->skip);
    }
    return step == DD_SKIP_FOUND ? THERE : step == DD_SKIP_END ? NOT_THERE : fail(g);
}

static found look_by_index(paging *g, int64_t *id)
{
    while ((*id = take(g, g->source)) >= 0) {
        while (*id < g->low) {
            found f = g->skip != NULL ? next_range(g, *id + 1) : NOT_THERE;
            if (f != THERE)
                return f;
        }
        if (*id < g->high)
            return THERE;
        jump(g, g->source, g->high);
    }
    return NOT_THERE;
}

/* Begins with the next range; without sums there is one. */
static found scan_next(paging *g)
{
    found f = g->skip != NULL ? next_range(g, g->done) : g->low > g->from ? THERE : NOT_THERE;
    if (g->skip == NULL) {
        g->low = g->from;
        g->high = g->below;
    }
    sqlite3_reset(g->scan);
    sqlite3_bind_int64(g->scan, g->range_at, g->high);
    sqlite3_bind_int64(g->scan, g->range_at + 1, g->low);
    g->scanning = f == THERE;
    return f;
}

static found look_by_scan(paging *g, int64_t *id, bool *fits)
{
    for (;;) {
        found f = g->scanning ? THERE : scan_next(g);
        if (f != THERE)
            return f;
        int code = sqlite3_step(g->scan);
        if (code == SQLITE_ROW) {
            *id = sqlite3_column_int64(g->scan, 0);
            *fits = sqlite3_column_int(g->scan, 1) != 0;
            return THERE;
        }
        if (code != SQLITE_DONE)
            return fail(g);
        g->scanning = false;
        g->done = g->low;
    }
}

/* The next event to look at; *fits: it may be one of those asked for. */
static found look(paging *g, int64_t *id, bool *fits)
{
    *fits = true;
    return g->source != NULL ? look_by_index(g, id) : look_by_scan(g, id, fits);
}

/* Hands the event over if the filters hold for it; fn NULL: only whether they do. */
static bool show(paging *g, int64_t id, dd_pages_fn *fn, void *ctx)
{
    dd_attempt attempts[DD_RECORD_ATTEMPTS];
    dd_event   e;
    sqlite3_bind_int64(g->row, 1, id);
    int code = sqlite3_step(g->row);
    if (code == SQLITE_ROW && fn != NULL) {
        dd_rows_read(g->row, &e, attempts);
        fn(ctx, &e);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE && !g->failed) {
        g->failed = true;
        dd_db_fail(g->p->db, g->err, "read events");
    }
    sqlite3_reset(g->row);
    return code == SQLITE_ROW;
}

static bool enough_work(const paging *g)
{
    return (g->ask->work > 0 && g->looked >= g->ask->work) || (g->looked > 0 && g->looked % CLOCK_EVERY == 0 && out_of_time(g, 1));
}

/* One more than the limit is looked for, to say whether there is more; if that takes too long, there may be. */
static void fill(paging *g, dd_pages_fn *fn, void *ctx, dd_page *out)
{
    int64_t shown = 0, last_shown = 0, id = 0;
    bool    fits;
    for (;;) {
        found f = enough_work(g) ? TIRED : look(g, &id, &fits);
        if (f == NOT_THERE)
            return;
        if (f == TIRED) {
            out->partial = shown < g->ask->limit;
            out->next = out->partial ? g->done : last_shown;
            return;
        }
        g->looked++;
        g->done = id;
        if (!fits || !show(g, id, shown < g->ask->limit ? fn : NULL, ctx))
            continue;
        if (shown == g->ask->limit) {
            out->next = last_shown;
            return;
        }
        last_shown = id;
        if (++shown == g->ask->limit && g->ask->just) {
            out->next = id;
            return;
        }
    }
}

static void end(paging *g)
{
    sqlite3_finalize(g->row);
    sqlite3_finalize(g->scan);
    free_source(g->source);
    dd_skip_free(g->skip);
    dd_arena_fini(&g->arena);
    if (g->p->dir != NULL)
        dd_db_rollback(g->p->db);
}

dd_code dd_pages_read(dd_pages *p, const dd_pages_ask *ask, dd_pages_fn *fn, void *ctx, dd_page *out, dd_err *err)
{
    dd_err  own = DD_ERR_INIT;
    paging  g = { .p = p, .ask = ask, .err = err != NULL ? err : &own, .start_ns = dd_mono_now().ns };
    *out = (dd_page){0};
    dd_code rc = open_db(p, g.err);
    if (rc != DD_OK)
        return rc;
    if (ask->limit < 1 || ask->limit > DD_PAGES_MOST || ask->before < 0)
        return dd_fail(g.err, DD_ERR_USAGE, "a page has 1 to %d requests", DD_PAGES_MOST);
    if (p->dir != NULL)
        rc = dd_db_exec(p->db, "BEGIN", g.err);
    if (rc == DD_OK && (rc = prepare_row(&g)) == DD_OK) {
        choose_bounds(&g);
        choose_source(&g);
        g.low = g.high = g.skip != NULL ? INT64_MAX : g.below;
        if (g.skip == NULL && g.source != NULL)
            g.low = g.from;
        rc = g.source == NULL ? prepare_scan(&g) : DD_OK;
        if (rc == DD_OK)
            fill(&g, fn, ctx, out);
    }
    out->looked = g.looked;
    end(&g);
    return rc != DD_OK ? rc : g.failed ? g.err->code : DD_OK;
}

dd_code dd_pages_one(dd_pages *p, dd_str org, int64_t id, dd_pages_fn *fn, void *ctx, dd_err *err)
{
    dd_err       own = DD_ERR_INIT;
    dd_pages_ask ask = { .org = org };
    paging       g = { .p = p, .ask = &ask, .err = err != NULL ? err : &own };
    dd_code      rc = open_db(p, g.err);
    if (rc != DD_OK)
        return rc;
    rc = prepare_row(&g);
    bool some = rc == DD_OK && show(&g, id, fn, ctx);
    rc = rc != DD_OK ? rc : g.failed ? g.err->code : DD_OK;
    end(&g);
    return rc != DD_OK || some ? rc : dd_fail(g.err, DD_ERR_NOT_FOUND, "there is no such request");
}
