#include "cmd/costs.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "store/sums.h"

enum { HOUR_S = 3600, DAY_S = 86400, HOURS_KEPT_S = 89 * DAY_S };

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
    out->daily = seconds > HOURS_KEPT_S;
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
    out->daily  = now_s - out->from_s > HOURS_KEPT_S;
    if (!out->daily) /* midnight there */
        out->from_s -= dd_zone_offset(dd_book_zone(book), out->from_s);
    return out->from_s <= now_s ? DD_OK : dd_fail(err, DD_ERR_USAGE, "the day \"%s\" is yet to come", since);
}

/* --- rows --- */

static const struct { const char *name; unsigned by; } kinds[] = {
    { "key", DD_BY_KEY },   { "team", DD_BY_TEAM },         { "feature", DD_BY_FEATURE }, { "model", DD_BY_PROVIDER | DD_BY_MODEL },
    { "provider", DD_BY_PROVIDER }, { "day", DD_BY_PERIOD },
};

typedef struct {
    const dd_costs_ask *ask;
    const dd_book      *book;
    dd_arena           *a;
    dd_map              known;     /* rows by name */
    DD_VEC(dd_spend_row *) rows;
    bool                over;      /* a sum is too large */
} reader;

static void add_to(reader *r, dd_spend_row *row, const dd_sum *s)
{
    row->requests += s->requests;
    row->errors += s->errors;
    row->unpriced += s->unpriced;
    if (dd_money_add(row->cost, s->cost, &row->cost) != DD_OK || dd_money_add(row->saved, s->saved, &row->saved) != DD_OK)
        r->over = true;
}

/* What the row is called, in the arena. */
static dd_str name_of(reader *r, const dd_sum *s)
{
    char by = r->ask->by[0];
    if (by == 'd') {
        char    day[11];
        int64_t local = r->ask->daily ? s->period_s : s->period_s + dd_zone_offset(dd_book_zone(r->book), s->period_s);
        dd_day_format(dd_day_of((dd_wall){ local }), day);
        return dd_arena_dupz(r->a, day);
    }
    if (by == 'm')
        return dd_arena_printf(r->a, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(s->provider), s->provider.len ? "/" : "", DD_STR_ARG(s->model));
    return dd_arena_dup(r->a, by == 'k' ? s->key_id : by == 't' ? s->team : by == 'f' ? s->feature : s->provider);
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

static void take(void *ctx, const dd_sum *s)
{
    reader *r    = ctx;
    dd_str  name = name_of(r, s);
    void  **at   = dd_map_at(&r->known, name);
    if (!*at) {
        dd_spend_row *row = dd_new(r->a, dd_spend_row);
        row->name         = name.len ? name : DD_STR("(none)");
        find_budget(r, row, name);
        if (r->ask->by[0] == 'k' && name.len) {
            dd_str called = dd_book_key_name(r->book, name);
            row->id       = name;
            row->name     = called.len ? called : name;
        }
        *at = row;
        dd_vec_push(&r->rows, row);
    }
    add_to(r, *at, s);
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

static unsigned columns_of(const char *by)
{
    for (size_t i = 0; i < DD_COUNT(kinds); i++)
        if (strcmp(kinds[i].name, by) == 0)
            return kinds[i].by;
    return 0;
}

static void collect(reader *r, dd_spend_costs *out)
{
    out->n     = r->rows.n;
    out->rows  = dd_newn(r->a, dd_spend_row, r->rows.n + 1);
    out->total = (dd_spend_row){ .name = DD_STR("total"), .limit = DD_PUSD_UNKNOWN };
    if (r->rows.n)
        qsort(r->rows.v, r->rows.n, sizeof *r->rows.v, r->ask->by[0] == 'd' ? by_name : by_cost);
    for (size_t i = 0; i < r->rows.n; i++) {
        const dd_spend_row *row = r->rows.v[i];
        const dd_sum        sum = { .requests = row->requests, .errors = row->errors, .unpriced = row->unpriced, .cost = row->cost,
                                    .saved = row->saved };
        out->rows[i]            = *row;
        add_to(r, &out->total, &sum);
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

dd_code dd_costs_read(const dd_costs_ask *ask, const dd_book *book, dd_arena *a, dd_spend_costs *out, dd_err *err)
{
    reader      r = { .ask = ask, .book = book, .a = a, .known = DD_MAP_INIT };
    dd_sums_ask q = { .daily = ask->daily, .from_s = ask->from_s, .by = columns_of(ask->by) };
    double      days = (double)(ask->now_s - ask->from_s) / DAY_S;
    *out = (dd_spend_costs){ .by = ask->by, .from_s = ask->from_s, .now_s = ask->now_s, .days = days < 1.0 / 24 ? 1.0 / 24 : days };
    dd_code rc = dd_sums_read(dd_book_dir(book), &q, take, &r, err);
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
