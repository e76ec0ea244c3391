#include "cmd/savings.h"

#include "store/dims.h"
#include "store/query.h"

enum { DAY_S = 86400, WEEK = 7, TRIES = 20, PROBES = 100, LONGEST = 3660 };

/* ---- which days ---- */

/* The whole month of `day`, and the one before it. */
static void take_month(dd_savings *s, dd_day day)
{
    s->from        = dd_day_month(day, 0);
    s->to          = dd_day_month(day, 1);
    s->before_from = dd_day_month(day, -1);
    s->before_to   = s->from;
}

static void take_days(dd_savings *s, dd_day from, dd_day to)
{
    s->from        = from;
    s->to          = to;
    s->before_from = from - (to - from);
    s->before_to   = from;
}

static bool take_word(dd_str text, dd_day today, dd_savings *s)
{
    dd_day monday = dd_day_monday(today);
    if (dd_str_eqz(text, "month"))
        take_month(s, today);
    else if (dd_str_eqz(text, "last-month"))
        take_month(s, dd_day_month(today, -1));
    else if (dd_str_eqz(text, "week"))
        take_days(s, monday, monday + WEEK);
    else if (dd_str_eqz(text, "last-week"))
        take_days(s, monday - WEEK, monday);
    else
        return false;
    return true;
}

/* Today is one of so many days. */
static bool take_back(dd_str text, dd_day today, dd_savings *s)
{
    int64_t n, unit = dd_str_endsz(text, "w") ? WEEK : 1;
    if (text.len < 2 || text.len > 5 || !(dd_str_endsz(text, "d") || dd_str_endsz(text, "w")) || !dd_parse_i64(dd_str_sub(text, 0, text.len - 1), &n))
        return false;
    if (n < 1 || n * unit > LONGEST)
        return false;
    take_days(s, (dd_day)(today + 1 - n * unit), today + 1);
    return true;
}

static bool take_dates(dd_str text, dd_savings *s)
{
    dd_day    from, to;
    int64_t   year, month;
    ptrdiff_t dots = dd_str_findz(text, "..");
    if (text.len == 7 && text.ptr[4] == '-' && dd_parse_i64(dd_str_sub(text, 0, 4), &year) && dd_parse_i64(dd_str_sub(text, 5, 7), &month)) {
        if (year < 1970 || year > 9000 || month < 1 || month > 12)
            return false;
        take_month(s, dd_day_make((int)year, (int)month, 1));
        return true;
    }
    if (dots != 10 && text.len != 10)
        return false;
    if (dots == 10 && text.len != 22)
        return false;
    if (!dd_day_parse(dd_str_sub(text, 0, 10), &from) || !dd_day_parse(dots == 10 ? dd_str_sub(text, 12, 22) : text, &to))
        return false;
    if (to < from || to - from >= LONGEST)
        return false;
    take_days(s, from, to + 1);
    return true;
}

dd_code dd_savings_period(dd_str text, dd_savings *s, dd_err *err)
{
    dd_day today = dd_day_of((dd_wall){ s->now_s });
    if (!take_word(text, today, s) && !take_back(text, today, s) && !take_dates(text, s)) {
        dd_fail(err, DD_ERR_USAGE, "no period \"" DD_STR_FMT "\"", DD_STR_ARG(text));
        dd_hint(err, "Periods are 7d, 30d, 12w, week, month, last-week, last-month, 2026-10, 2026-11-05 or 2026-11-01..2026-11-15.");
        return DD_ERR_USAGE;
    }
    if (s->from > today)
        return dd_fail(err, DD_ERR_USAGE, "the period \"" DD_STR_FMT "\" is yet to come", DD_STR_ARG(text));
    s->period = text;
    s->open   = s->to > today;
    if (s->open) {                  /* what is yet to come is not compared */
        dd_day days  = today + 1 - s->from;
        s->to        = today + 1;
        s->before_to = s->before_from + days < s->before_to ? s->before_from + days : s->before_to;
    }
    return DD_OK;
}

/* ---- sums ---- */

typedef struct {
    dd_savings       *s;
    dd_savings_list  *rows;    /* one of these, */
    dd_savings_spans *days;
    dd_savings_sum   *sum;
    int              *count;   /* with sum: rows with requests */
} taker;

static int64_t plus(int64_t a, int64_t b) { return b < 0 ? a : a > INT64_MAX - b ? INT64_MAX : a + b; }

static dd_savings_sum sum_of(const dd_dims_row *r)
{
    return (dd_savings_sum){
        .requests = r->requests, .errors = r->errors, .hits = r->hits, .unpriced = r->unpriced, .compared = r->compared, .premiums = r->premiums,
        .input = plus(plus(plus(r->usage.input, r->usage.cache_read), r->usage.cache_write), r->usage.cache_write_1h), .output = r->usage.output,
        .cost = r->cost, .original = r->original, .compared_cost = r->compared_cost, .saved = r->saved, .premium_saved = r->premium_saved,
    };
}

/* The store holds a sum at its end when it would pass it. */
static bool is_full(const dd_dims_row *r)
{
    const dd_pusd v[] = { r->cost, r->original, r->compared_cost, r->saved, r->premium_saved };
    bool          full = false;
    for (size_t i = 0; i < DD_COUNT(v); i++)
        full = full || v[i] == INT64_MAX || v[i] <= INT64_MIN + 1;
    return full;
}

static void take(void *ctx, const dd_dims_row *r)
{
    taker         *t   = ctx;
    dd_savings_sum sum = sum_of(r);
    t->s->over         = t->s->over || is_full(r);
    if (t->rows)
        dd_avec_push(&t->s->arena, t->rows, ((dd_savings_row){ dd_arena_dup(&t->s->arena, r->value), sum }));
    else if (t->days) {
        dd_day d = (dd_day)(r->period_s / DAY_S);
        dd_avec_push(&t->s->arena, t->days, ((dd_savings_span){ d, d + 1, false, sum }));
    } else if (t->sum)
        t->s->over = !dd_savings_add(t->sum, &sum) || t->s->over;
    if (t->count)
        *t->count += r->requests > 0;
}

static const dd_dim dims[DD_SAVINGS_BY] = {
    [DD_SAVINGS_SWAP] = DD_DIM_SWAP,       [DD_SAVINGS_MODEL] = DD_DIM_MODEL, [DD_SAVINGS_REQUESTED] = DD_DIM_REQUESTED,
    [DD_SAVINGS_FEATURE] = DD_DIM_FEATURE, [DD_SAVINGS_TEAM] = DD_DIM_TEAM,   [DD_SAVINGS_ROUTE] = DD_DIM_ROUTE,
};

static dd_code read_all(dd_dims *d, dd_savings *s, dd_err *err)
{
    dd_dims_ask all = { .dim = DD_DIM_TOTAL, .daily = true, .from_s = (int64_t)s->from * DAY_S, .to_s = (int64_t)s->to * DAY_S };
    dd_dims_ask days = all, kept = all, before = all;
    taker       t   = { .s = s, .sum = &s->total };
    dd_code     rc  = dd_dims_read(d, &all, take, &t, err);
    days.by_period = true;
    if (rc == DD_OK)
        rc = dd_dims_read(d, &days, take, &(taker){ .s = s, .days = &s->days }, err);
    kept.dim   = DD_DIM_STRATEGY;
    kept.value = DD_STR("cache");
    if (rc == DD_OK)
        rc = dd_dims_read(d, &kept, take, &(taker){ .s = s, .sum = &s->cache }, err);
    before.from_s = (int64_t)s->before_from * DAY_S;
    before.to_s   = (int64_t)s->before_to * DAY_S;
    before.by_period = true;
    if (rc == DD_OK)
        rc = dd_dims_read(d, &before, take, &(taker){ .s = s, .sum = &s->before, .count = &s->before_days }, err);
    for (int by = 0; by < DD_SAVINGS_BY && rc == DD_OK; by++) {
        all.dim = dims[by];
        rc      = dd_dims_read(d, &all, take, &(taker){ .s = s, .rows = &s->by[by] }, err);
    }
    return rc;
}

static void clear(dd_savings *s)
{
    dd_savings kept = *s;
    dd_arena_fini(&s->arena);
    *s = (dd_savings){ .period = kept.period, .from = kept.from, .to = kept.to, .before_from = kept.before_from, .before_to = kept.before_to,
                       .now_s = kept.now_s, .open = kept.open, .prices_first = DD_DAY_NONE, .prices_last = DD_DAY_NONE };
}

/* A proxy writes each second, the questions take milliseconds: what fell between two of them is asked again. */
static dd_code read_at_once(const char *dir, dd_savings *s, dd_err *err)
{
    dd_dims *d  = dd_dims_new(dir);
    dd_code  rc = DD_OK;
    for (int i = 0; i < TRIES; i++) {
        int64_t version = dd_dims_version(d);
        clear(s);
        rc = read_all(d, s, err);
        if (rc != DD_OK || version == dd_dims_version(d))
            break;
    }
    s->store = rc == DD_OK;
    dd_dims_free(d);
    return rc == DD_ERR_NOT_FOUND ? DD_OK : rc;
}

/* ---- which price tables ---- */

static void note_prices(void *ctx, const dd_event *e)
{
    dd_savings *s = ctx;
    if (e->prices == DD_DAY_NONE || e->time_ms / 1000 / DAY_S < s->from)
        return;
    s->prices_first = s->prices_first == DD_DAY_NONE || e->prices < s->prices_first ? e->prices : s->prices_first;
    s->prices_last  = s->prices_last == DD_DAY_NONE || e->prices > s->prices_last ? e->prices : s->prices_last;
}

/* The last event of each day says it, as far back as events are kept: ids are the table's order, so each is a step. */
static void read_prices(const char *dir, dd_savings *s)
{
    for (dd_day d = s->to; d > s->from && s->to - d < PROBES; d--) {
        char      id[20], filter[40];
        int64_t   ms = (int64_t)d * DAY_S * 1000 - DD_EVENT_EPOCH_MS;
        dd_query *q  = dd_query_new(dir);
        dd_event_spell(ms > 0 ? ms << 21 : 1, id);
        snprintf(filter, sizeof filter, "id<%s", id);
        if (dd_query_where(q, dd_str_z(filter), NULL) == DD_OK)
            dd_query_newest(q, 1, note_prices, s, NULL);
        dd_query_free(q);
    }
}

dd_code dd_savings_read(const dd_book *book, dd_savings *s, dd_err *err)
{
    dd_code rc = read_at_once(dd_book_dir(book), s, err);
    if (rc != DD_OK)
        return rc;
    s->premium  = dd_book_premium(book);
    s->accounts = dd_book_accounts(book, &s->n_accounts);
    dd_savings_finish(s);
    if (s->total.requests > 0)
        read_prices(dd_book_dir(book), s);
    return DD_OK;
}
