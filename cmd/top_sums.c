/* cmd/top_sums.c - totals, tables and curves of the dashboard, from the sums by dimension; what was looked into crosses two of them and comes from the
 * sums by combination. */
#include <stdlib.h>

#include "base/map.h"
#include "base/sum.h"
#include "base/time.h"
#include "cmd/top_store.h"
#include "store/sums.h"

enum { HOUR_S = 3600, DAY_S = 86400, ROWS = 1000 };

/* What a period is made of. Hours for short ones; days are fewer rows, and are kept for ever. */
static const struct { int64_t span_s; bool daily; } spans[DD_BOARD_PERIODS] = {
    [DD_BOARD_1H] = { HOUR_S, false },        [DD_BOARD_24H] = { DAY_S, false },      [DD_BOARD_7D] = { 7 * DAY_S, true },
    [DD_BOARD_30D] = { 30 * DAY_S, true },    [DD_BOARD_90D] = { 90 * DAY_S, true },
};

/* Bounds of this period and the one before it, in steps of an hour or a day. */
typedef struct { int64_t from_s, before_s, step_s; size_t steps; bool daily; } range;

static range range_of(dd_board_period period, int64_t now_s)
{
    range   r    = { .daily = spans[period].daily, .step_s = spans[period].daily ? DAY_S : HOUR_S };
    int64_t this = now_s / r.step_s * r.step_s;
    r.from_s   = r.daily ? this - spans[period].span_s + DAY_S : (now_s - spans[period].span_s) / HOUR_S * HOUR_S;
    r.steps    = (size_t)((this - r.from_s) / r.step_s + 1);
    r.before_s = r.from_s - (int64_t)r.steps * r.step_s;
    return r;
}

static dd_dim dim_of(dd_board_by by)
{
    static const dd_dim dims[DD_BOARD_BYS] = { DD_DIM_TEAM, DD_DIM_FEATURE, DD_DIM_MODEL, DD_DIM_CALL_SITE, DD_DIM_PROVIDER, DD_DIM_KEY,
                                               DD_DIM_ROUTE };
    return dims[by];
}

/* --- rows --- */

typedef struct {
    dd_arena     *a;
    const range  *r;
    const dd_book *book;
    dd_board_by   by;
    bool          curves;
    dd_map        known;
    DD_VEC(dd_board_row *) rows;
} table;

static void add(dd_board_sum *to, const dd_dims_row *d)
{
    const struct { int64_t *to; int64_t n; } all[] = {
        { &to->requests, d->requests },   { &to->errors, d->errors },       { &to->hits, d->hits },
        { &to->fallbacks, d->fallbacks }, { &to->unpriced, d->unpriced },   { &to->latencies, d->latencies },
        { &to->latency_us, d->latency_us }, { &to->cost, d->cost },         { &to->saved, d->saved },
    };
    for (size_t i = 0; i < DD_COUNT(all); i++)
        dd_sum_add(all[i].to, all[i].n);
}

static dd_board_row *row_of(table *t, dd_str value)
{
    dd_board_row *row = dd_map_get(&t->known, value);
    if (row)
        return row;
    dd_str name = t->by == DD_BOARD_KEY && t->book ? dd_book_key_name(t->book, value) : DD_STR("");
    row         = dd_new(t->a, dd_board_row);
    row->value  = dd_arena_dup(t->a, value);   /* the map's key, too: what came is the database's */
    row->name   = name.len ? dd_arena_dup(t->a, name) : row->value;
    row->now    = row->before = (dd_board_sum){ .misses = -1 };
    row->cost   = (dd_board_series){ t->curves ? dd_newn(t->a, double, t->r->steps) : NULL, t->curves ? t->r->steps : 0 };
    (void)dd_map_put(&t->known, row->value, row);
    dd_vec_push(&t->rows, row);
    return row;
}

static void take(void *ctx, const dd_dims_row *d)
{
    table        *t   = ctx;
    dd_board_row *row = row_of(t, d->value);
    if (d->period_s < t->r->from_s) {
        add(&row->before, d);
        return;
    }
    add(&row->now, d);
    size_t step = (size_t)((d->period_s - t->r->from_s) / t->r->step_s);
    if (step < row->cost.n)
        ((double *)row->cost.v)[step] += (double)d->cost / (double)DD_PUSD_PER_USD;
}

static void take_sum(void *ctx, const dd_sum *s)
{
    table      *t = ctx;
    dd_dims_row d = { .period_s = s->period_s, .requests = s->requests, .errors = s->errors, .hits = s->hits, .unpriced = s->unpriced,
                      .latencies = s->latencies,
                      .latency_us = s->latency_us, .cost = s->cost, .saved = s->saved };
    d.value = t->by == DD_BOARD_TEAM ? s->team : t->by == DD_BOARD_FEATURE ? s->feature : t->by == DD_BOARD_MODEL ? s->model
        : t->by == DD_BOARD_KEY ? s->key_id : s->provider;
    take(t, &d);
}

static int dearer(const void *pa, const void *pb)
{
    const dd_board_row *a = pa, *b = pb;
    if (a->now.cost != b->now.cost)
        return a->now.cost < b->now.cost ? 1 : -1;
    if (a->now.requests != b->now.requests)
        return a->now.requests < b->now.requests ? 1 : -1;
    return dd_str_cmp(a->value, b->value);
}

/* Those of this period, dearest first; what there was before only is gone. */
static void collect(table *t, const dd_board_row **rows, size_t *n)
{
    dd_board_row *out = dd_newn(t->a, dd_board_row, t->rows.n + 1);
    *n = 0;
    for (size_t i = 0; i < t->rows.n; i++)
        if (t->rows.v[i]->now.requests > 0)
            out[(*n)++] = *t->rows.v[i];
    qsort(out, *n, sizeof *out, dearer);
    if (*n > ROWS)
        *n = ROWS;
    *rows = out;
    dd_map_free(&t->known);
    dd_vec_free(&t->rows);
}

static dd_code read_dim(dd_top_store *s, table *t, dd_err *err)
{
    dd_dims_ask ask = { .dim = dim_of(t->by), .daily = t->r->daily, .from_s = t->r->before_s, .by_period = true };
    return dd_dims_read(s->dims, &ask, take, t, err);
}

/* --- what was looked into --- */

static unsigned column_of(dd_board_by by)
{
    static const unsigned columns[DD_BOARD_BYS] = { [DD_BOARD_TEAM] = DD_BY_TEAM, [DD_BOARD_FEATURE] = DD_BY_FEATURE, [DD_BOARD_MODEL] = DD_BY_MODEL,
                                                    [DD_BOARD_PROVIDER] = DD_BY_PROVIDER, [DD_BOARD_KEY] = DD_BY_KEY };
    return columns[by];
}

static dd_code read_crossed(dd_top_store *s, table *t, const dd_top_want *w, dd_err *err)
{
    dd_sums_ask ask = { .daily = t->r->daily, .from_s = t->r->before_s, .by = column_of(t->by) | DD_BY_PERIOD };
    if (!column_of(t->by))
        return DD_OK;   /* of call sites and routes there are no sums by combination */
    for (size_t i = 0; i < w->n_drills; i++) {
        dd_str *const to[DD_BOARD_BYS] = { [DD_BOARD_TEAM] = &ask.team, [DD_BOARD_FEATURE] = &ask.feature, [DD_BOARD_MODEL] = &ask.model,
                                           [DD_BOARD_PROVIDER] = &ask.provider, [DD_BOARD_KEY] = &ask.key_id };
        if (to[w->drills[i].by])
            *to[w->drills[i].by] = dd_str_z(w->drills[i].value);
    }
    return dd_sums_read(dd_buf_z(&s->dir), &ask, take_sum, t, err);
}

static void total_of(const dd_board_row *rows, size_t n, const range *r, dd_board *b)
{
    b->total = b->before = (dd_board_sum){ .misses = -1 };
    (void)r;
    for (size_t i = 0; i < n; i++) {
        const dd_board_sum *from[] = { &rows[i].now, &rows[i].before };
        dd_board_sum       *to[]   = { &b->total, &b->before };
        for (int k = 0; k < 2; k++) {
            dd_dims_row d = { .requests = from[k]->requests, .errors = from[k]->errors, .hits = from[k]->hits, .fallbacks = from[k]->fallbacks,
                              .unpriced = from[k]->unpriced, .latencies = from[k]->latencies, .latency_us = from[k]->latency_us, .cost =
                                  from[k]->cost, .saved = from[k]->saved };
            add(to[k], &d);
        }
    }
}

/* --- totals --- */

typedef struct { const range *r; dd_board *b; double *requests, *cost; size_t steps; int64_t from_s, step_s, today_s, week_s, month_s; } totals;

static void take_total(void *ctx, const dd_dims_row *d)
{
    totals *t = ctx;
    if (d->period_s >= t->r->before_s)
        add(d->period_s >= t->r->from_s ? &t->b->total : &t->b->before, d);
    t->b->before_known += t->r->daily && d->period_s >= t->r->before_s && d->period_s < t->r->from_s && d->requests > 0;
}

/* Curves, and what days, weeks and months of the time zone came to, are made of hours. */
static void take_hour(void *ctx, const dd_dims_row *d)
{
    totals *t = ctx;
    if (d->period_s >= t->from_s && (size_t)((d->period_s - t->from_s) / t->step_s) < t->steps) {
        size_t at = (size_t)((d->period_s - t->from_s) / t->step_s);
        t->requests[at] += (double)d->requests;
        t->cost[at] += (double)d->cost / (double)DD_PUSD_PER_USD;
    }
    const struct { int64_t from_s; dd_pusd *saved, *spent; } since[] = { { t->today_s, &t->b->saved_today, &t->b->spent_today }, { t->week_s,
            &t->b->saved_week, NULL },
                                                                         { t->month_s, &t->b->saved_month, &t->b->spent_month } };
    for (size_t i = 0; i < DD_COUNT(since); i++)
        if (d->period_s >= since[i].from_s) {
            dd_sum_add(since[i].saved, d->saved);
            if (since[i].spent)
                dd_sum_add(since[i].spent, d->cost);
        }
}

static dd_code read_totals(dd_top_store *s, dd_top_stored *out, const range *r, const dd_book *book, dd_err *err)
{
    dd_board      *b    = &out->board;
    const dd_zone *zone = book ? dd_book_zone(book) : NULL;
    int64_t        now  = b->now_ms / 1000, to;
    bool           fine = out->want.period == DD_BOARD_7D;   /* a curve of hours, a sum of days */
    totals t = { .r = r, .b = b, .from_s = r->from_s, .step_s = fine ? HOUR_S : r->step_s, .steps = fine ? (size_t)((now - r->from_s) / HOUR_S + 1)
                 : r->steps };
    t.requests = dd_newn(&out->arena, double, t.steps);
    t.cost     = dd_newn(&out->arena, double, t.steps);
    dd_period_bounds(DD_PERIOD_DAY, zone, now, &t.today_s, &to);
    dd_period_bounds(DD_PERIOD_WEEK, zone, now, &t.week_s, &to);
    dd_period_bounds(DD_PERIOD_MONTH, zone, now, &t.month_s, &to);
    b->total = b->before = (dd_board_sum){ .misses = -1 };
    b->before_known = 0;
    b->before_steps = r->daily ? (int)r->steps : 0;
    dd_dims_ask ask = { .dim = DD_DIM_TOTAL, .daily = r->daily, .from_s = r->before_s, .by_period = true };
    dd_code rc = dd_dims_read(s->dims, &ask, take_total, &t, err);
    int64_t first = t.month_s < t.week_s ? t.month_s : t.week_s;
    ask.daily  = false;
    ask.from_s = t.from_s < first ? t.from_s : first;
    if (rc == DD_OK)
        rc = dd_dims_read(s->dims, &ask, take_hour, &t, err);
    b->requests = (dd_board_series){ t.requests, t.steps };
    b->cost     = (dd_board_series){ t.cost, t.steps };
    b->offset_s = zone ? dd_zone_offset(zone, now) : 0;
    return rc;
}

static dd_code read_times(dd_top_store *s, const range *r, dd_board *b, dd_err *err)
{
    const struct { dd_latency_kind kind; dd_board_times *to; } kinds[] = {
        { DD_LATENCY_TOTAL, &b->latency }, { DD_LATENCY_FIRST, &b->first }, { DD_LATENCY_OVERHEAD, &b->overhead }
    };
    dd_code rc = DD_OK;
    for (size_t i = 0; i < DD_COUNT(kinds) && rc == DD_OK; i++) {
        dd_hist h = { .n = 0 };
        rc = dd_dims_latency(s->dims, kinds[i].kind, DD_STR_NULL, r->daily, r->from_s, 0, &h, err);
        *kinds[i].to = (dd_board_times){ dd_hist_quantile_us(&h, 0.5) / 1e3, dd_hist_quantile_us(&h, 0.95) / 1e3, dd_hist_quantile_us(&h,
                                                                                                                                      0.99) / 1e3 };
    }
    return rc;
}

/* --- together --- */

static dd_code read_table(dd_top_store *s, dd_top_stored *out, const range *r, const dd_book *book, dd_board_by by, bool crossed,
                          const dd_board_row **rows, size_t *n, dd_err *err)
{
    table   t  = { .a = &out->arena, .r = r, .book = book, .by = by, .known = DD_MAP_INIT, .curves = true };
    dd_code rc = crossed ? read_crossed(s, &t, &out->want, err) : read_dim(s, &t, err);
    collect(&t, rows, n);
    return rc;
}

/* Teams, or models where no request names a team. */
static dd_code read_top(dd_top_store *s, dd_top_stored *out, const range *r, const dd_book *book, dd_err *err)
{
    dd_board *b = &out->board;
    b->top_by   = DD_BOARD_TEAM;
    dd_code rc  = read_table(s, out, r, book, DD_BOARD_TEAM, false, &b->top, &b->n_top, err);
    if (rc == DD_OK && b->n_top == 1 && !b->top[0].value.len) {
        b->top_by = DD_BOARD_MODEL;
        rc        = read_table(s, out, r, book, DD_BOARD_MODEL, false, &b->top, &b->n_top, err);
    }
    return rc;
}

static dd_code read_providers(dd_top_store *s, dd_top_stored *out, const range *r, const dd_book *book, dd_err *err)
{
    const dd_board_row *rows;
    size_t              n;
    dd_code rc = read_table(s, out, r, book, DD_BOARD_PROVIDER, false, &rows, &n, err);
    dd_board_provider *all = dd_newn(&out->arena, dd_board_provider, n + 1);
    out->board.n_providers = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].value.len)
            all[out->board.n_providers++] = (dd_board_provider){ .name = rows[i].name, .requests = -1, .failures = -1, .under_way = -1,
                                                                 .error_rate = -1, .latency_ms = -1,
                                                                 .first_ms = -1, .period = rows[i].now };
    out->board.providers = all;
    return rc;
}

dd_code dd_top_read_sums(dd_top_store *s, dd_top_stored *out, dd_err *err)
{
    const dd_book     *book = s->book;
    const dd_top_want *w = &out->want;
    dd_board          *b = &out->board;
    range              r = range_of(w->period, b->now_ms / 1000);
    b->from_s = r.from_s;
    dd_code rc = read_totals(s, out, &r, book, err);
    if (rc == DD_OK && (w->all || w->tab == DD_BOARD_OVERVIEW))
        rc = read_times(s, &r, b, err);
    if (rc == DD_OK && (w->all || w->tab == DD_BOARD_OVERVIEW))
        rc = read_top(s, out, &r, book, err);
    if (rc == DD_OK && (w->all || w->tab == DD_BOARD_OVERVIEW || w->tab == DD_BOARD_PROVIDERS))
        rc = read_providers(s, out, &r, book, err);
    if (rc == DD_OK && (w->all || w->tab == DD_BOARD_SPEND)) {
        rc = read_table(s, out, &r, book, w->by, w->n_drills > 0, &b->rows, &b->n_rows, err);
        if (w->n_drills)
            total_of(b->rows, b->n_rows, &r, b);
    }
    if (w->period == DD_BOARD_1H)   /* the hours of now and before are not equally long */
        b->before = (dd_board_sum){ .requests = -1, .misses = -1 };
    for (size_t i = 0; i < b->n_rows && w->period == DD_BOARD_1H; i++)
        ((dd_board_row *)b->rows)[i].before.requests = -1;
    return rc;
}
