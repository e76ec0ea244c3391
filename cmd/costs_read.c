#include "cmd/costs.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/sum.h"
#include "store/dims.h"
#include "store/sums.h"

enum { HOUR_S = 3600, DAY_S = 86400, WEEK_S = 7 * DAY_S, HOURS_KEPT_S = 89 * DAY_S, DIM_HOURS_S = 8 * DAY_S /* that an update sums afterwards */,
       DAYS_SHOWN = 400, SERIES_MAX = 2000 };

/* Days of UTC are summed; days of other zones are made of hours, while there are any. */
static bool by_days(const dd_book *book, int64_t from_s, int64_t seconds)
{
    return seconds > HOURS_KEPT_S || (!dd_book_zone(book) && from_s % DAY_S == 0);
}

/* --- since when --- */

static const struct { char letter; int64_t seconds; } units[] = { { 'h', HOUR_S }, { 'd', DAY_S }, { 'w', 7 * DAY_S } };

static bool parse_span(dd_str text, int64_t *seconds)
{
    int64_t n;
    if (text.len < 2 || text.len > 6 || !dd_parse_i64(dd_str_sub(text, 0, text.len - 1), &n) || n < 1)
        return false;
    for (size_t i = 0; i < DD_COUNT(units); i++)
        if (units[i].letter == text.ptr[text.len - 1]) {
            *seconds = n * units[i].seconds;
            return true;
        }
    return false;
}

/* So many hours: that of now and those before it. So many days: today is one of them. */
static void span_back(int64_t seconds, const dd_book *book, dd_costs_ask *out)
{
    int64_t to;
    if (seconds < 2 * DAY_S) {
        out->from_s = (out->now_s - seconds) / HOUR_S * HOUR_S;
        return;
    }
    out->daily = by_days(book, 0, seconds);
    dd_period_bounds(DD_PERIOD_DAY, out->daily ? NULL : dd_book_zone(book), out->now_s - seconds + DAY_S, &out->from_s, &to);
}

dd_code dd_costs_span(const char *period, const char *since, const dd_book *book, int64_t now_s, dd_costs_ask *out, dd_err *err)
{
    dd_day  day;
    int64_t seconds, to;
    dd_str  text = dd_str_z(since ? since : period);
    out->now_s   = now_s;
    out->daily   = false;
    if (dd_str_eqz(text, "month")) {
        dd_period_bounds(DD_PERIOD_MONTH, dd_book_zone(book), now_s, &out->from_s, &to);
        out->daily = by_days(book, out->from_s, 0);
        return DD_OK;
    }
    if (parse_span(text, &seconds)) {
        span_back(seconds, book, out);
        return DD_OK;
    }
    if (text.len != 10 || !dd_day_parse(text, &day)) {
        dd_fail(err, DD_ERR_USAGE, "no time \"" DD_STR_FMT "\"", DD_STR_ARG(text));
        dd_hint(err, "Give a day such as 2026-11-01, or a span such as 12h, 30d or 6w.");
        return DD_ERR_USAGE;
    }
    out->from_s = (int64_t)day * DAY_S;
    out->daily  = by_days(book, out->from_s, now_s - out->from_s);
    if (!out->daily) /* midnight there */
        out->from_s -= dd_zone_offset(dd_book_zone(book), out->from_s);
    return out->from_s <= now_s ? DD_OK : dd_fail(err, DD_ERR_USAGE, "the day \"%s\" is yet to come", since);
}

/* --- rows --- */

/* What the sums by combination know, and the dimension it is. */
static const struct { const char *name; unsigned sums; dd_dim dim; } kinds[] = {
    { "key", DD_BY_KEY, DD_DIM_KEY },          { "team", DD_BY_TEAM, DD_DIM_TEAM },   { "feature", DD_BY_FEATURE, DD_DIM_FEATURE },
    { "provider", DD_BY_PROVIDER, DD_DIM_PROVIDER }, { "day", DD_BY_PERIOD, DD_DIM_TOTAL }, { "model", DD_BY_PROVIDER | DD_BY_MODEL, DD_DIM_COUNT },
    { "user", 0, DD_DIM_USER },                { "route", 0, DD_DIM_ROUTE },          { "call_site", 0, DD_DIM_CALL_SITE },
};

typedef struct {
    const dd_costs_ask *ask;
    const dd_book      *book;
    dd_arena           *a;
    dd_map              known;     /* rows by name */
    DD_VEC(dd_spend_row *) rows;
    int64_t             step_s;    /* of a row's series */
    size_t              n_series;
    bool                over;      /* a sum is too large */
} reader;

typedef struct { int64_t period_s, requests, errors, unpriced; dd_pusd cost, saved; } figures;

static void add_money(reader *r, dd_pusd *sum, dd_pusd m)
{
    if (dd_money_add(*sum, m, sum) != DD_OK)
        r->over = true;
}

static void add_to(reader *r, dd_spend_row *row, const figures *f)
{
    dd_sum_add(&row->requests, f->requests);
    dd_sum_add(&row->errors, f->errors);
    dd_sum_add(&row->unpriced, f->unpriced);
    add_money(r, &row->cost, f->cost);
    add_money(r, &row->saved, f->saved);
}

static int32_t offset_at(const reader *r, int64_t t) { return r->ask->daily ? 0 : dd_zone_offset(dd_book_zone(r->book), t); }

/* The hour of an hour; the day that it belongs to, there. */
static void add_to_series(reader *r, dd_spend_row *row, const figures *f)
{
    bool    hours = r->step_s == HOUR_S;
    int64_t since = f->period_s - r->ask->from_s + (hours ? 0 : offset_at(r, f->period_s) - offset_at(r, r->ask->from_s));
    size_t  at    = since < 0 ? 0 : (size_t)(since / r->step_s);
    add_money(r, &row->series[at < r->n_series ? at : r->n_series - 1], f->cost);
}

static dd_str day_name(reader *r, int64_t period_s)
{
    char day[11];
    dd_day_format(dd_day_of((dd_wall){ period_s + offset_at(r, period_s) }), day);
    return dd_arena_dupz(r->a, day);
}

static const struct { const char *by; dd_budget_scope scope; } scopes[] = {
    { "key", DD_SCOPE_KEY }, { "team", DD_SCOPE_TEAM }, { "feature", DD_SCOPE_FEATURE }
};

static void find_budget(reader *r, dd_spend_row *row, dd_str value)
{
    row->limit = DD_PUSD_UNKNOWN;
    for (size_t i = 0; i < DD_COUNT(scopes); i++) {
        const dd_spend_account *b = strcmp(r->ask->by, scopes[i].by) == 0 && value.len ? dd_book_of(r->book, scopes[i].scope, value) : NULL;
        if (b) {
            row->limit       = b->limit;
            row->limit_spent = b->spent + b->reserved;
        }
    }
}

static dd_spend_row *new_row(reader *r, dd_str name)
{
    dd_spend_row *row = dd_new(r->a, dd_spend_row);
    row->name         = name.len ? name : DD_STR("(none)");
    row->series       = dd_newn(r->a, dd_pusd, r->n_series);
    find_budget(r, row, name);
    if (r->ask->by[0] == 'k' && name.len) {
        dd_str called = dd_book_key_name(r->book, name);
        row->id       = name;
        row->name     = called.len ? called : name;
    }
    dd_map_put(&r->known, name, row);
    dd_vec_push(&r->rows, row);
    return row;
}

static void take(reader *r, dd_str name, const figures *f)
{
    if (r->ask->by[0] == 'd')
        name = day_name(r, f->period_s);
    dd_spend_row *row = dd_map_get(&r->known, name);
    if (!row)
        row = new_row(r, dd_arena_dup(r->a, name));
    add_to(r, row, f);
    add_to_series(r, row, f);
}

static void take_dim(void *ctx, const dd_dims_row *d)
{
    const figures f = { d->period_s, d->requests, d->errors, d->unpriced, d->cost, d->saved };
    take(ctx, d->value, &f);
}

static void take_sum(void *ctx, const dd_sum *s)
{
    const figures f = { s->period_s, s->requests, s->errors, s->unpriced, s->cost, s->saved };
    reader       *r = ctx;
    char          by = r->ask->by[0];
    dd_buf        model = DD_BUF_INIT(0);
    dd_buf_printf(&model, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(s->provider), s->provider.len ? "/" : "", DD_STR_ARG(s->model));
    take(r, by == 'm' ? dd_buf_str(&model) : by == 'k' ? s->key_id : by == 't' ? s->team : by == 'f' ? s->feature : s->provider, &f);
    dd_buf_free(&model);
}

/* Days in their order, all else dearest first. */
static int by_name(const void *pa, const void *pb) { return dd_str_cmp((*(dd_spend_row *const *)pa)->name, (*(dd_spend_row *const *)pb)->name); }
static int by_cost(const void *pa, const void *pb)
{
    const dd_spend_row *a = *(dd_spend_row *const *)pa, *b = *(dd_spend_row *const *)pb;
    if (a->cost != b->cost)
        return a->cost < b->cost ? 1 : -1;
    return a->requests != b->requests ? (a->requests < b->requests ? 1 : -1) : by_name(pa, pb);
}

static void collect(reader *r, dd_spend_costs *out)
{
    out->n     = r->rows.n;
    out->rows  = dd_newn(r->a, dd_spend_row, r->rows.n + 1);
    out->total = (dd_spend_row){ .name = DD_STR("total"), .limit = DD_PUSD_UNKNOWN, .series = dd_newn(r->a, dd_pusd, r->n_series) };
    out->n_series    = r->n_series;
    out->series_unit = r->step_s == HOUR_S ? "hour" : r->step_s == DAY_S ? "day" : "week";
    if (r->rows.n)
        qsort(r->rows.v, r->rows.n, sizeof *r->rows.v, r->ask->by[0] == 'd' ? by_name : by_cost);
    for (size_t i = 0; i < r->rows.n; i++) {
        const dd_spend_row *row = r->rows.v[i];
        const figures       f   = { 0, row->requests, row->errors, row->unpriced, row->cost, row->saved };
        out->rows[i]            = *row;
        add_to(r, &out->total, &f);
        for (size_t k = 0; k < r->n_series; k++)
            add_money(r, &out->total.series[k], row->series[k]);
    }
}

static void add_cost(void *ctx, const dd_sum *s)
{
    if (dd_money_add(*(dd_pusd *)ctx, s->cost, ctx) != DD_OK)
        *(dd_pusd *)ctx = INT64_MAX;
}

/* The month and the day of now, whatever was asked for. */
static dd_code read_month(const dd_book *book, dd_spend_costs *out, dd_err *err)
{
    const dd_zone *zone = dd_book_zone(book);
    dd_sums_ask    ask  = { 0 };
    int64_t        to;
    out->offset_s       = dd_zone_offset(zone, out->now_s);
    dd_period_bounds(DD_PERIOD_MONTH, zone, out->now_s, &out->month_from_s, &out->month_to_s);
    ask.from_s = out->month_from_s;
    dd_code rc = dd_sums_read(dd_book_dir(book), &ask, add_cost, &out->month, err);
    dd_period_bounds(DD_PERIOD_DAY, zone, out->now_s, &ask.from_s, &to);
    if (rc == DD_OK)
        rc = dd_sums_read(dd_book_dir(book), &ask, add_cost, &out->today, err);
    out->outlook = dd_spend_outlook(out->month, DD_PUSD_UNKNOWN, out->month_from_s, out->month_to_s, out->now_s);
    return rc;
}

/* One dimension is a few rows a day, combinations may be thousands. */
static dd_code read_rows(reader *r, dd_err *err)
{
    const dd_costs_ask *ask = r->ask;
    size_t              k   = 0;
    while (k + 1 < DD_COUNT(kinds) && strcmp(kinds[k].name, ask->by) != 0)
        k++;
    bool there = ask->daily || ask->now_s - ask->from_s < DIM_HOURS_S;
    if (kinds[k].dim == DD_DIM_COUNT || (kinds[k].sums && !there)) {
        dd_sums_ask q = { .daily = ask->daily, .from_s = ask->from_s, .by = kinds[k].sums | DD_BY_PERIOD };
        return dd_sums_read(dd_book_dir(r->book), &q, take_sum, r, err);
    }
    dd_dims_ask q = { .dim = kinds[k].dim, .daily = ask->daily, .from_s = ask->from_s, .by_period = true };
    dd_dims    *d = dd_dims_new(dd_book_dir(r->book));
    dd_code     rc = dd_dims_read(d, &q, take_dim, r, err);
    dd_dims_free(d);
    return rc;
}

static void measure_series(reader *r)
{
    int64_t span = r->ask->now_s - r->ask->from_s, n;
    r->step_s    = span <= 2 * DAY_S && !r->ask->daily ? HOUR_S : span <= (int64_t)DAYS_SHOWN * DAY_S ? DAY_S : WEEK_S;
    n            = span / r->step_s + 1;
    r->n_series  = n > SERIES_MAX ? SERIES_MAX : (size_t)n;
}

dd_code dd_costs_read(const dd_costs_ask *ask, const dd_book *book, dd_arena *a, dd_spend_costs *out, dd_err *err)
{
    reader r    = { .ask = ask, .book = book, .a = a, .known = DD_MAP_INIT };
    double days = (double)(ask->now_s - ask->from_s) / DAY_S;
    *out = (dd_spend_costs){ .by = ask->by, .from_s = ask->from_s, .now_s = ask->now_s, .days = days < 1.0 / 24 ? 1.0 / 24 : days };
    measure_series(&r);
    dd_code rc = read_rows(&r, err);
    if (rc == DD_OK)
        collect(&r, out);
    if (rc == DD_OK && r.over)
        rc = dd_fail(err, DD_ERR_RANGE, "the sum is too large");
    if (rc == DD_OK)
        rc = read_month(book, out, err);
    out->accounts = dd_book_accounts(book, &out->n_accounts);
    dd_map_free(&r.known);
    dd_vec_free(&r.rows);
    return rc;
}
