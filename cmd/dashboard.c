/* cmd/dashboard.c - what the dashboard's answers have in common, and its summary. */
#include "cmd/dashboard.h"

#include <stdlib.h>
#include <string.h>

#include "base/sum.h"
#include "route/money_json.h"
#include "store/dims.h"

/* SLICES: 14 weeks and 5 times six hours, and some to spare: of many combinations not all can be kept, and there would be no end. */
enum { PARAMS = 16, SLICES = 24, OLD_S = 89 * DD_WINDOW_DAY /* hours are kept for 90 days */, FINE_S = 49 * DD_WINDOW_HOUR };

struct dd_dashboard *dd_dashboard_new(const char *dir)
{
    struct dd_dashboard *d = dd_calloc(1, sizeof *d);
    d->dims  = dd_dims_new(dir);
    d->cross  = dd_cross_new(dir, d->dims);
    d->pages = dd_pages_new(dir);
    return d;
}

void dd_dashboard_free(struct dd_dashboard *d)
{
    if (!d)
        return;
    dd_pages_free(d->pages);
    dd_cross_free(d->cross);
    dd_dims_free(d->dims);
    for (size_t i = 0; i < DD_COUNT(d->ahead); i++)
        free(d->ahead[i]);
    free(d);
}

/* When there are too many, the one that was to come last makes room. */
static void want(struct dd_dashboard *d, dd_str org)
{
    size_t n = 0;
    while (n < DD_COUNT(d->ahead) && d->ahead[n] && !dd_str_eqz(org, d->ahead[n]))
        n++;
    n = n < DD_COUNT(d->ahead) ? n : n - 1;
    free(d->ahead[n]);
    d->ahead[n] = dd_strdup(org);
}

void dd_dashboard_start(struct dd_dashboard *d)
{
    dd_arena a = DD_ARENA_INIT;
    dd_str   orgs[DD_DASHBOARD_AHEAD];
    size_t   n = dd_dims_orgs(d->dims, &a, orgs, DD_COUNT(orgs));
    for (size_t i = 0; i < n; i++)
        want(d, orgs[i]);
    dd_arena_fini(&a);
}

bool dd_dashboard_wants(const struct dd_dashboard *d) { return d->ahead[0] != NULL; }

bool dd_dashboard_ahead(struct dd_dashboard *d, int64_t now_s)
{
    int64_t today = now_s / DD_WINDOW_DAY * DD_WINDOW_DAY, hour = now_s / DD_WINDOW_HOUR * DD_WINDOW_HOUR;
    dd_str  org   = dd_str_z(d->ahead[0]);
    if (d->ahead[0] && d->slices++ < SLICES && (dd_cross_ahead(d->cross, org, true, today - 89 * DD_WINDOW_DAY, today) ||
                                                dd_cross_ahead(d->cross, org, false, hour - 23 * DD_WINDOW_HOUR, hour)))
        return true;
    d->slices = 0;
    free(d->ahead[0]);
    memmove(&d->ahead[0], &d->ahead[1], sizeof d->ahead - sizeof d->ahead[0]);
    d->ahead[DD_COUNT(d->ahead) - 1] = NULL;
    return dd_dashboard_wants(d);
}

/* --- errors --- */

int dd_dashboard_unknown(dd_question *q, const dd_param *p, const char *others)
{
    const char *name = dd_arena_dup(q->arena, p->name).ptr;
    return dd_answer_error(q, 400, name, "unknown_parameter", "there is no parameter \"%s\": there are period, from, to%s", name, others);
}

int dd_dashboard_failed(dd_question *q, dd_code rc, const dd_err *err)
{
    if (rc == DD_OK || rc == DD_ERR_NOT_FOUND)
        return 0;
    return dd_answer_error(q, 503, NULL, "store_unavailable", "what was recorded cannot be read: %s", err->msg);
}

/* --- from when to when --- */

static const struct { const char *name; int n; bool daily; } periods[] = {
    { "1h", 2, false }, { "24h", 24, false }, { "7d", 7, true }, { "30d", 30, true }, { "90d", 90, true },
};

bool dd_window_take(dd_question *q, const dd_param *p, dd_window_words *w, int *status)
{
    const struct { const char *name; dd_str *to; } words[] = { { "period", &w->period }, { "from", &w->from }, { "to", &w->to } };
    for (size_t i = 0; i < DD_COUNT(words); i++) {
        if (!dd_str_eqz(p->name, words[i].name))
            continue;
        if (words[i].to->ptr)
            *status = dd_answer_error(q, 400, words[i].name, "duplicate_parameter", "\"%s\" is there twice", words[i].name);
        *words[i].to = p->value.ptr ? p->value : DD_STR("");
        return true;
    }
    return false;
}

static int64_t floor_to(int64_t s, int64_t unit) { return s / unit * unit; }
static int64_t ceil_to(int64_t s, int64_t unit) { return (s + unit - 1) / unit * unit; }

static int choose_period(dd_question *q, dd_str name, dd_window *out)
{
    for (size_t i = 0; i < DD_COUNT(periods); i++) {
        int64_t unit = periods[i].daily ? DD_WINDOW_DAY : DD_WINDOW_HOUR, whole = i == 0 ? DD_WINDOW_HOUR : periods[i].n * unit;
        if (!dd_str_eqz(name, periods[i].name))
            continue;
        out->period       = periods[i].name;
        out->daily        = periods[i].daily;
        out->to_s         = floor_to(q->now_s, unit) + unit;
        out->from_s       = out->to_s - periods[i].n * unit;
        out->exact_from_s = q->now_s - whole;
        out->exact_to_s   = -1;
        return 0;
    }
    return dd_answer_error(q, 400, "period", "invalid_value", "period is 1h, 24h, 7d, 30d or 90d, not \"" DD_STR_FMT "\"", DD_STR_ARG(name));
}

static int read_moment(dd_question *q, dd_str text, const char *name, int64_t *out)
{
    static const char times[] = "a day (2026-11-20), RFC 3339 (2026-11-20T08:00:00Z) or seconds since 1970";
    if (!text.ptr || dd_moment_read(text, q->s ? q->s->policy.zone : NULL, name[0] == 't', out))
        return 0;
    return dd_answer_error(q, 400, name, "invalid_time", "\"" DD_STR_FMT "\" is no time: %s", DD_STR_ARG(text), times);
}

int dd_window_choose(dd_question *q, const dd_window_words *w, dd_window *out)
{
    *out = (dd_window){ .exact_to_s = -1, .asked = w->period.ptr || w->from.ptr || w->to.ptr };
    if (w->period.ptr && (w->from.ptr || w->to.ptr))
        return dd_answer_error(q, 400, "period", "invalid_range", "give period, or from and to, not both");
    if (!w->from.ptr && !w->to.ptr)
        return choose_period(q, w->period.ptr ? w->period : DD_STR("7d"), out);
    int status = read_moment(q, w->from, "from", &out->exact_from_s);
    if (!status)
        status = read_moment(q, w->to, "to", &out->exact_to_s);
    if (status)
        return status;
    int64_t to = out->exact_to_s >= 0 ? out->exact_to_s : q->now_s + 1;
    if (out->exact_from_s >= to)
        return dd_answer_error(q, 400, "from", "invalid_range", "from must be before to");
    out->daily   = q->now_s - out->exact_from_s > OLD_S || to - out->exact_from_s > FINE_S;
    int64_t unit = out->daily ? DD_WINDOW_DAY : DD_WINDOW_HOUR;
    out->from_s  = floor_to(out->exact_from_s, unit);
    out->to_s    = ceil_to(to, unit);
    return 0;
}

void dd_window_json(dd_json *j, const dd_question *q, const char *object, const dd_window *s)
{
    dd_json_member_str(j, "object", dd_str_z(object));
    dd_json_member_str(j, "org", dd_question_org(q));
    dd_json_member_str(j, "period", s->period ? dd_str_z(s->period) : DD_STR(""));
    dd_answer_time(j, "from", s->from_s);
    dd_answer_time(j, "to", s->to_s);
}

/* --- sums --- */

typedef struct { dd_dims_row sum; dd_json *series; } totals;

static void add(dd_dims_row *to, const dd_dims_row *r)
{
    const struct { int64_t *to; int64_t n; } all[] = {
        { &to->requests, r->requests },   { &to->errors, r->errors },         { &to->hits, r->hits },
        { &to->fallbacks, r->fallbacks }, { &to->unpriced, r->unpriced },     { &to->compared, r->compared },
        { &to->premiums, r->premiums },   { &to->latencies, r->latencies },   { &to->latency_us, r->latency_us },
        { &to->cost, r->cost },           { &to->original, r->original },     { &to->compared_cost, r->compared_cost },
        { &to->saved, r->saved },         { &to->premium_saved, r->premium_saved }, { &to->usage.input, r->usage.input },
        { &to->usage.cache_read, r->usage.cache_read }, { &to->usage.cache_write, r->usage.cache_write },
        { &to->usage.cache_write_1h, r->usage.cache_write_1h }, { &to->usage.output, r->usage.output },
    };
    for (size_t i = 0; i < DD_COUNT(all); i++)
        dd_sum_add(all[i].to, all[i].n);
}

/* --- figures --- */

static dd_pusd known(const dd_dims_row *r, dd_pusd m)
{
    return !r->requests || r->requests > r->unpriced || r->cost ? m : DD_PUSD_UNKNOWN;
}

static void ratio(dd_json *j, const char *name, double a, double b)   /* a / b; by nothing: not known */
{
    dd_buf t = DD_BUF_INIT(40);
    dd_json_key(j, name);
    if (b != 0)
        dd_buf_printf(&t, "%.6g", a / b);
    dd_json_raw(j, b != 0 ? dd_buf_str(&t) : DD_STR("null"));
    dd_buf_free(&t);
}

static void put_main(dd_json *j, const dd_dims_row *r)
{
    dd_money_member(j, "total_cost", known(r, r->cost));
    dd_money_member(j, "total_saved", known(r, r->saved));
    dd_json_member_i64(j, "request_count", r->requests);
    ratio(j, "avg_latency", (double)r->latency_us / 1000, (double)r->latencies);
    dd_json_member_i64(j, "errors", r->errors);
}

static void put_more(dd_json *j, const dd_dims_row *r)
{
    const struct { const char *name; int64_t n; } tokens[] = {
        { "input", r->usage.input },           { "cache_read", r->usage.cache_read }, { "cache_write", r->usage.cache_write },
        { "cache_write_1h", r->usage.cache_write_1h }, { "output", r->usage.output },
    };
    ratio(j, "error_rate", (double)r->errors, (double)r->requests);
    dd_json_member_i64(j, "cache_hits", r->hits);
    dd_json_member_i64(j, "fallbacks", r->fallbacks);
    dd_json_member_i64(j, "unpriced", r->unpriced);
    dd_json_member_i64(j, "not_compared", r->requests - r->compared);
    dd_money_member(j, "compared_original_cost", r->compared ? r->original : DD_PUSD_UNKNOWN);
    dd_money_member(j, "compared_cost", r->compared ? r->compared_cost : DD_PUSD_UNKNOWN);
    dd_json_member_i64(j, "premium_requests", r->premiums);
    dd_money_member(j, "premium_saved", r->premiums ? r->premium_saved : DD_PUSD_UNKNOWN);
    dd_json_key(j, "tokens");
    dd_json_open(j, '{');
    for (size_t i = 0; i < DD_COUNT(tokens); i++)
        dd_json_member_i64(j, tokens[i].name, tokens[i].n);
    dd_json_close(j, '}');
}

static void take_period(void *ctx, const dd_dims_row *r)
{
    totals *t = ctx;
    add(&t->sum, r);
    if (!t->series)
        return;
    dd_json_open(t->series, '{');
    dd_answer_time(t->series, "start", r->period_s);
    put_main(t->series, r);
    dd_json_close(t->series, '}');
}

static dd_code read_totals(const dd_question *q, bool daily, int64_t from_s, int64_t to_s, totals *t, dd_err *err)
{
    const dd_dims_ask ask = { .dim = DD_DIM_TOTAL, .org = dd_question_org(q), .daily = daily, .from_s = from_s, .to_s = to_s, .by_period = true };
    return from_s < to_s ? dd_dims_read(q->dashboard->dims, &ask, take_period, t, err) : DD_OK;
}

/* --- how long things took --- */

static dd_code put_latency(dd_json *j, const dd_question *q, const dd_window *s, dd_err *err)
{
    static const struct { const char *name; dd_latency_kind kind; } kinds[] = {
        { "latency_ms", DD_LATENCY_TOTAL }, { "first_ms", DD_LATENCY_FIRST }, { "overhead_ms", DD_LATENCY_OVERHEAD },
    };
    static const struct { const char *name; double q; } points[] = { { "p50", 0.5 }, { "p95", 0.95 }, { "p99", 0.99 } };
    for (size_t i = 0; i < DD_COUNT(kinds); i++) {
        dd_hist h  = {0};
        dd_code rc = dd_dims_latency(q->dashboard->dims, kinds[i].kind, dd_question_org(q), s->daily, s->from_s, s->to_s, &h, err);
        if (rc != DD_OK && rc != DD_ERR_NOT_FOUND)
            return rc;
        dd_json_key(j, kinds[i].name);
        dd_json_open(j, '{');
        for (size_t k = 0; k < DD_COUNT(points); k++)
            ratio(j, points[k].name, dd_hist_quantile_us(&h, points[k].q), h.n ? 1000 : 0);
        dd_json_close(j, '}');
    }
    return DD_OK;
}

/* --- the period before --- */

/* As long as what is over of this one: a day that has just begun is compared with the same hours of another. Where hours are no longer kept: whole
 * days. */
static dd_code read_before(const dd_question *q, const dd_window *s, dd_window *before, totals *t, dd_err *err)
{
    int64_t long_s = s->to_s - s->from_s, end = ceil_to(q->now_s, DD_WINDOW_HOUR);
    end            = (s->to_s < end ? s->to_s : end) - long_s;
    *before        = (dd_window){ .from_s = s->from_s - long_s, .to_s = end };
    if (before->from_s < 0)
        return DD_OK;
    if (!s->daily)
        return read_totals(q, false, before->from_s, end, t, err);
    int64_t days = floor_to(end, DD_WINDOW_DAY);
    if (q->now_s - days > OLD_S)
        before->to_s = days = s->from_s;
    dd_code rc = read_totals(q, true, before->from_s, days, t, err);
    return rc == DD_OK ? read_totals(q, false, days, before->to_s, t, err) : rc;
}

static double average(const dd_dims_row *r) { return r->latencies ? (double)r->latency_us / (double)r->latencies : 0; }

static dd_code put_before(dd_json *j, const dd_question *q, const dd_window *s, const dd_dims_row *now, dd_err *err)
{
    totals  before = {0};
    dd_window span = {0};
    dd_code rc = read_before(q, s, &span, &before, err);
    if (rc != DD_OK && rc != DD_ERR_NOT_FOUND)
        return rc;
    const dd_dims_row *b = &before.sum;
    bool both            = known(b, b->cost) != DD_PUSD_UNKNOWN && known(now, now->cost) != DD_PUSD_UNKNOWN;
    dd_json_key(j, "before");
    dd_json_open(j, '{');
    dd_answer_time(j, "from", span.from_s);
    dd_answer_time(j, "to", span.to_s);
    put_main(j, b);
    dd_json_close(j, '}');
    dd_json_key(j, "change");
    dd_json_open(j, '{');
    ratio(j, "total_cost", (double)now->cost - (double)b->cost, both ? (double)b->cost : 0);
    ratio(j, "total_saved", (double)now->saved - (double)b->saved, both ? (double)b->saved : 0);
    ratio(j, "request_count", (double)now->requests - (double)b->requests, (double)b->requests);
    ratio(j, "avg_latency", average(now) - average(b), now->latencies ? average(b) : 0);
    dd_json_close(j, '}');
    return DD_OK;
}

/* --- the live counter: R5.2 --- */

typedef struct { int64_t from_s[3]; dd_dims_row sum[3]; } counter;

static void take_counter(void *ctx, const dd_dims_row *r)
{
    counter *c = ctx;
    for (size_t i = 0; i < DD_COUNT(c->from_s); i++)
        if (r->period_s >= c->from_s[i])
            add(&c->sum[i], r);
}

/* Days, weeks and months of the configured zone. */
static dd_code put_saved(dd_json *j, const dd_question *q, dd_err *err)
{
    static const struct { const char *name; dd_period period; } windows[] = {
        { "today", DD_PERIOD_DAY }, { "this_week", DD_PERIOD_WEEK }, { "this_month", DD_PERIOD_MONTH },
    };
    counter     c   = {0};
    dd_dims_ask ask = { .dim = DD_DIM_TOTAL, .org = dd_question_org(q), .from_s = q->now_s, .by_period = true };
    for (size_t i = 0; i < DD_COUNT(windows); i++) {
        int64_t end;
        dd_period_bounds(windows[i].period, q->s ? q->s->policy.zone : NULL, q->now_s, &c.from_s[i], &end);
        c.from_s[i] = floor_to(c.from_s[i], DD_WINDOW_HOUR);
        ask.from_s  = c.from_s[i] < ask.from_s ? c.from_s[i] : ask.from_s;
    }
    dd_code rc = dd_dims_read(q->dashboard->dims, &ask, take_counter, &c, err);
    if (rc != DD_OK && rc != DD_ERR_NOT_FOUND)
        return rc;
    dd_json_key(j, "saved");
    dd_json_open(j, '{');
    for (size_t i = 0; i < DD_COUNT(windows); i++)
        dd_money_member(j, windows[i].name, known(&c.sum[i], c.sum[i].saved));
    dd_json_close(j, '}');
    return DD_OK;
}

/* --- GET /api/dashboard/summary --- */

static int read_words(dd_question *q, dd_window *out)
{
    dd_param      p[PARAMS];
    dd_window_words w = {0};
    size_t        n;
    int           status = 0;
    if (!dd_params_read(q->ask->query, q->arena, p, PARAMS, &n))
        return dd_answer_error(q, 400, NULL, "invalid_query", "what stands behind the question mark cannot be read");
    for (size_t i = 0; i < n && !status; i++)
        if (!dd_window_take(q, &p[i], &w, &status))
            status = dd_dashboard_unknown(q, &p[i], "");
    return status ? status : dd_window_choose(q, &w, out);
}

static dd_code put_summary(dd_question *q, const dd_window *s, dd_err *err)
{
    dd_buf  series = DD_BUF_INIT(0);
    dd_json list = DD_JSON_INIT(&series, 0), j = DD_JSON_INIT(q->out, 0);
    totals  t = { .series = &list };
    dd_json_open(&list, '[');
    dd_code rc = read_totals(q, s->daily, s->from_s, s->to_s, &t, err);
    dd_json_close(&list, ']');
    dd_json_open(&j, '{');
    dd_window_json(&j, q, "dashboard.summary", s);
    put_main(&j, &t.sum);
    put_more(&j, &t.sum);
    if (rc == DD_OK || rc == DD_ERR_NOT_FOUND)
        rc = put_latency(&j, q, s, err);
    if (rc == DD_OK)
        rc = put_before(&j, q, s, &t.sum, err);
    if (rc == DD_OK)
        rc = put_saved(&j, q, err);
    dd_json_member_str(&j, "resolution", s->daily ? DD_STR("day") : DD_STR("hour"));
    dd_json_key(&j, "series");
    dd_json_raw(&j, dd_buf_str(&series));
    dd_json_close(&j, '}');
    dd_buf_free(&series);
    return rc;
}

int dd_answer_summary(dd_question *q)
{
    dd_window s = {0};
    dd_err  err    = DD_ERR_INIT;
    int     status = read_words(q, &s);
    if (!status)
        status = dd_dashboard_failed(q, put_summary(q, &s, &err), &err);
    want(q->dashboard, dd_question_org(q));   /* who looks at figures looks at the treemap next, and over 90 days too */
    return status ? status : 200;
}
