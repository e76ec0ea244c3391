/* cmd/admin_usage.c - GET /v1/usage: what was asked, spent and saved, out of the sums; an admin's key sees its organisation, any other its own. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "base/sum.h"
#include "cmd/admin.h"
#include "cmd/budgets.h"
#include "route/money_json.h"
#include "store/audit.h"
#include "store/sums.h"

enum { HOUR_S = 3600, DAY_S = 86400, HOURS_KEPT_S = 89 * DAY_S, FINE_S = 49 * HOUR_S /* two days, one of them of 25 hours */ };
enum { ROWS_MAX = 1000, PARAMS = 8 };

static const struct { const char *name; unsigned by; } kinds[] = {
    { "day", 0 }, { "model", 0 }, { "team", DD_BY_TEAM }, { "feature", DD_BY_FEATURE }, { "key", DD_BY_KEY },
};

typedef struct { dd_str name, provider, model; int64_t start_s; dd_sum sum; } figures;
typedef struct { dd_map known; DD_VEC(figures *) v; } figure_list;

typedef struct {
    dd_question *q;
    const char  *by;                   /* NULL: no rows */
    unsigned     by_column;
    int64_t      from_s, to_s;
    bool         daily, fine;          /* from the sums of days; the series is of hours */
    dd_sum       total;
    DD_VEC(figures) series;
    figure_list  models, rows;
    const dd_book *book;
} usage;

/* --- what is asked --- */

static const struct dd_zone *zone_of(const dd_question *q) { return q->s ? q->s->policy.zone : NULL; }

static int bad_moment(usage *u, const dd_param *p)
{
    static const char times[] = "a day (2026-11-20), RFC 3339 (2026-11-20T08:00:00Z) or seconds since 1970";
    return dd_answer_error(u->q, 400, p->name.ptr, "invalid_time", "\"" DD_STR_FMT "\" is no time: %s", DD_STR_ARG(p->value), times);
}

static int read_by(usage *u, const dd_param *p)
{
    for (size_t i = 0; i < DD_COUNT(kinds); i++)
        if (dd_str_eqz(p->value, kinds[i].name)) {
            u->by        = kinds[i].name;
            u->by_column = kinds[i].by;
            return 0;
        }
    return dd_answer_error(u->q, 400, "by", "invalid_value", "by is day, model, team, feature or key, not \"" DD_STR_FMT "\"", DD_STR_ARG(p->value));
}

static int read_param(usage *u, dd_param *p)
{
    bool from = dd_str_eqz(p->name, "from"), to = dd_str_eqz(p->name, "to"), by = dd_str_eqz(p->name, "by");
    p->name = dd_arena_dup(u->q->arena, p->name);
    if (!from && !to && !by)
        return dd_answer_error(u->q, 400, p->name.ptr, "unknown_parameter", "there is no parameter \"" DD_STR_FMT "\": there are from, to and by",
                               DD_STR_ARG(p->name));
    if ((from && u->from_s >= 0) || (to && u->to_s >= 0) || (by && u->by))
        return dd_answer_error(u->q, 400, p->name.ptr, "duplicate_parameter", "\"" DD_STR_FMT "\" is there twice", DD_STR_ARG(p->name));
    if (by)
        return read_by(u, p);
    return dd_moment_read(p->value, zone_of(u->q), to, from ? &u->from_s : &u->to_s) ? 0 : bad_moment(u, p);
}

static int64_t floor_to(int64_t s, int64_t unit) { return s / unit * unit; }
static int64_t ceil_to(int64_t s, int64_t unit) { return (s + unit - 1) / unit * unit; }

/* Sums are of whole hours, or days: what is asked for in between is widened to them. */
static int choose_span(usage *u)
{
    int64_t now = u->q->now_s, end;
    if (u->to_s < 0)
        u->to_s = ceil_to(now + 1, HOUR_S);
    if (u->from_s < 0)
        dd_period_bounds(DD_PERIOD_MONTH, zone_of(u->q), u->to_s <= now ? u->to_s - 1 : now, &u->from_s, &end);
    if (u->from_s < 0)
        u->from_s = 0;
    if (u->from_s >= u->to_s)
        return dd_answer_error(u->q, 400, "from", "invalid_range", "from must be before to");
    u->daily  = now - u->from_s > HOURS_KEPT_S;
    u->from_s = floor_to(u->from_s, u->daily ? DAY_S : HOUR_S);
    u->to_s   = ceil_to(u->to_s, u->daily ? DAY_S : HOUR_S);
    u->fine   = !u->daily && u->to_s - u->from_s <= FINE_S && !(u->by && strcmp(u->by, "day") == 0);
    return 0;
}

static int read_question(usage *u)
{
    dd_param p[PARAMS];
    size_t   n;
    int      status = 0;
    if (!dd_params_read(u->q->ask->query, u->q->arena, p, PARAMS, &n))
        return dd_answer_error(u->q, 400, NULL, "invalid_query", "what stands behind the question mark cannot be read");
    for (size_t i = 0; i < n && !status; i++)
        status = read_param(u, &p[i]);
    return status ? status : choose_span(u);
}

/* --- adding up --- */

static void add(dd_sum *to, const dd_sum *s)
{
    const struct { int64_t *to; int64_t n; } all[] = {
        { &to->requests, s->requests },       { &to->errors, s->errors },         { &to->unpriced, s->unpriced },
        { &to->latencies, s->latencies },     { &to->latency_us, s->latency_us }, { &to->premiums, s->premiums },
        { &to->hits, s->hits },               { &to->cost, s->cost },             { &to->saved, s->saved },
        { &to->premium_saved, s->premium_saved }, { &to->usage.input, s->usage.input },
        { &to->usage.cache_read, s->usage.cache_read }, { &to->usage.cache_write, s->usage.cache_write },
        { &to->usage.cache_write_1h, s->usage.cache_write_1h }, { &to->usage.output, s->usage.output },
    };
    for (size_t i = 0; i < DD_COUNT(all); i++)
        dd_sum_add(all[i].to, all[i].n);
}

static figures *find(usage *u, figure_list *l, dd_str name)
{
    void   **at = dd_map_at(&l->known, name);
    figures *f  = *at;
    if (f)
        return f;
    f       = dd_new(u->q->arena, figures);
    f->name = name;
    *at     = f;
    dd_vec_push(&l->v, f);
    return f;
}

static dd_str day_name(usage *u, int64_t start_s)
{
    char day[11];
    dd_day_format(dd_day_of((dd_wall){ u->daily ? start_s : start_s + dd_zone_offset(zone_of(u->q), start_s) }), day);
    return dd_arena_dupz(u->q->arena, day);
}

static dd_str row_name(usage *u, const dd_sum *s, const figures *model, int64_t start_s)
{
    switch (u->by_column) {
    case DD_BY_TEAM: return dd_arena_dup(u->q->arena, s->team);
    case DD_BY_FEATURE: return dd_arena_dup(u->q->arena, s->feature);
    case DD_BY_KEY: return dd_arena_dup(u->q->arena, s->key_id);
    default: return u->by[0] == 'm' ? model->name : day_name(u, start_s);
    }
}

static figures *model_of(usage *u, const dd_sum *s)
{
    const char *slash = s->provider.len ? "/" : "";
    dd_str      name  = dd_arena_printf(u->q->arena, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(s->provider), slash, DD_STR_ARG(s->model));
    figures    *f     = find(u, &u->models, name);
    if (!f->sum.requests) {
        f->provider = dd_arena_dup(u->q->arena, s->provider);
        f->model    = dd_arena_dup(u->q->arena, s->model);
    }
    return f;
}

/* Rows come oldest first. */
static void take(void *ctx, const dd_sum *s)
{
    usage   *u     = ctx;
    int64_t  start = s->period_s, end;
    figures *model = model_of(u, s);
    if (!u->daily && !u->fine)
        dd_period_bounds(DD_PERIOD_DAY, zone_of(u->q), s->period_s, &start, &end);
    if (!u->series.n || u->series.v[u->series.n - 1].start_s != start) {
        figures one = { .start_s = start };
        dd_vec_push(&u->series, one);
    }
    add(&u->total, s);
    add(&u->series.v[u->series.n - 1].sum, s);
    add(&model->sum, s);
    if (u->by)
        add(&find(u, &u->rows, row_name(u, s, model, start))->sum, s);
}

static int by_cost(const void *pa, const void *pb)
{
    const figures *a = *(figures *const *)pa, *b = *(figures *const *)pb;
    if (a->sum.cost != b->sum.cost)
        return a->sum.cost < b->sum.cost ? 1 : -1;
    return a->sum.requests != b->sum.requests ? (a->sum.requests < b->sum.requests ? 1 : -1) : dd_str_cmp(a->name, b->name);
}
static int by_name(const void *pa, const void *pb) { return dd_str_cmp((*(figures *const *)pa)->name, (*(figures *const *)pb)->name); }

/* Names are clients' words, too: the dearest are told, the rest is one row. */
static void shorten(usage *u, figure_list *l, bool ordered)
{
    if (l->v.n)
        qsort(l->v.v, l->v.n, sizeof *l->v.v, ordered ? by_name : by_cost);
    if (l->v.n <= ROWS_MAX)
        return;
    figures *rest = dd_new(u->q->arena, figures);
    rest->name = rest->model = DD_STR("(other)");
    for (size_t i = ROWS_MAX - 1; i < l->v.n; i++)
        add(&rest->sum, &l->v.v[i]->sum);
    l->v.v[ROWS_MAX - 1] = rest;
    l->v.n               = ROWS_MAX;
}

/* --- the answer --- */

static void put_figures(dd_json *j, const dd_sum *s)
{
    const dd_usage *u     = &s->usage;
    bool            known = !s->requests || s->requests > s->unpriced || s->cost;
    dd_buf          b     = DD_BUF_INIT(64);
    dd_json_member_i64(j, "requests", s->requests);
    dd_json_member_i64(j, "errors", s->errors);
    dd_json_member_i64(j, "unpriced", s->unpriced);
    dd_json_member_i64(j, "cache_hits", s->hits);
    dd_json_member_i64(j, "input_tokens", u->input);
    dd_json_member_i64(j, "cache_read_tokens", u->cache_read);
    dd_json_member_i64(j, "cache_write_tokens", u->cache_write);
    dd_json_member_i64(j, "cache_write_1h_tokens", u->cache_write_1h);
    dd_json_member_i64(j, "output_tokens", u->output);
    dd_money_member(j, "cost_usd", known ? s->cost : DD_PUSD_UNKNOWN);
    dd_money_member(j, "saved_usd", known ? s->saved : DD_PUSD_UNKNOWN);
    dd_money_member(j, "premium_saved_usd", s->premiums ? s->premium_saved : DD_PUSD_UNKNOWN);
    dd_json_key(j, "average_ms");
    if (s->latencies)
        dd_buf_printf(&b, "%.1f", (double)s->latency_us / 1000 / (double)s->latencies);
    dd_json_raw(j, s->latencies ? dd_buf_str(&b) : DD_STR("null"));
    dd_buf_free(&b);
}

static void put_series(dd_json *j, const usage *u)
{
    dd_json_member_str(j, "resolution", u->fine ? DD_STR("hour") : DD_STR("day"));
    dd_json_key(j, "series");
    dd_json_open(j, '[');
    for (size_t i = 0; i < u->series.n; i++) {
        dd_json_open(j, '{');
        dd_answer_time(j, "start", u->series.v[i].start_s);
        put_figures(j, &u->series.v[i].sum);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void put_models(dd_json *j, const usage *u)
{
    dd_json_key(j, "models");
    dd_json_open(j, '[');
    for (size_t i = 0; i < u->models.v.n; i++) {
        dd_json_open(j, '{');
        dd_json_member_str(j, "provider", u->models.v.v[i]->provider);
        dd_json_member_str(j, "model", u->models.v.v[i]->model);
        put_figures(j, &u->models.v.v[i]->sum);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void put_rows(dd_json *j, const usage *u)
{
    dd_json_member_str(j, "by", dd_str_z(u->by));
    dd_json_key(j, "rows");
    dd_json_open(j, '[');
    for (size_t i = 0; i < u->rows.v.n; i++) {
        const figures *f = u->rows.v.v[i];
        dd_json_open(j, '{');
        dd_json_member_str(j, u->by, f->name);
        if (u->by_column == DD_BY_KEY)
            dd_json_member_str(j, "name", dd_book_key_name(u->book, f->name));
        put_figures(j, &f->sum);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

static void put_savings(dd_json *j, const usage *u)
{
    const dd_sum *s = &u->total;
    dd_str        premium = u->q->s ? u->q->s->policy.premium : DD_STR("");
    dd_json_key(j, "savings");
    dd_json_open(j, '{');
    dd_money_member(j, "saved_usd", !s->requests || s->requests > s->unpriced || s->cost ? s->saved : DD_PUSD_UNKNOWN);
    dd_json_member_i64(j, "cache_hits", s->hits);
    dd_json_member_str(j, "premium_model", premium);
    dd_json_member_i64(j, "premium_requests", s->premiums);
    dd_money_member(j, "premium_saved_usd", s->premiums ? s->premium_saved : DD_PUSD_UNKNOWN);
    dd_json_close(j, '}');
}

static dd_sums_ask whose(const dd_question *q)
{
    dd_sums_ask a = { .org = dd_question_org(q) };
    if (!q->ask->admin)
        a.key_id = q->ask->key_id.ptr ? q->ask->key_id : DD_STR("");
    return a;
}

static void add_cost(void *ctx, const dd_sum *s) { dd_sum_add(ctx, s->cost); }

/* The month of now, whatever was asked for: where it will end at this pace (RC.3). */
static dd_code put_month(dd_json *j, const usage *u, dd_err *err)
{
    dd_sums_ask a    = whose(u->q);
    dd_pusd     cost = 0;
    int64_t     from, to;
    dd_period_bounds(DD_PERIOD_MONTH, zone_of(u->q), u->q->now_s, &from, &to);
    a.from_s   = floor_to(from, HOUR_S);
    dd_code rc = dd_sums_read(u->q->dir, &a, add_cost, &cost, err);
    if (rc != DD_OK && rc != DD_ERR_NOT_FOUND)
        return rc;
    dd_json_key(j, "month");
    dd_json_open(j, '{');
    dd_answer_time(j, "from", from);
    dd_answer_time(j, "to", to);
    dd_money_member(j, "cost_usd", cost);
    dd_money_member(j, "projection_usd", dd_spend_outlook(cost, DD_PUSD_UNKNOWN, from, to, u->q->now_s).projection);
    dd_json_close(j, '}');
    return DD_OK;
}

static void put_budget(dd_json *j, const usage *u, const dd_spend_account *a)
{
    dd_json_open(j, '{');
    dd_book_account_json(j, a, u->q->now_s);
    dd_json_close(j, '}');
}

/* Accounts of keys, teams and users do not say of which organisation: whose process this is sees them all, any other the one that is its own (R4.8). */
static bool may_see(const dd_question *q, const dd_spend_account *a)
{
    dd_str org = dd_question_org(q);
    bool   own = a->scope == DD_SCOPE_ORG && !a->open && dd_str_eq(a->value, org);
    return own || (dd_str_eq(org, DD_ORG_DEFAULT) && (a->scope != DD_SCOPE_ORG || a->open));
}

/* A key's are those whose accounts are its own: what others spend is not its business. */
static void put_budgets(dd_json *j, usage *u, dd_book *book)
{
    enum { MOST = 64 };
    const dd_ask *ask = u->q->ask;
    size_t        n   = 0;
    dd_json_key(j, "budgets");
    dd_json_open(j, '[');
    if (ask->admin) {
        const dd_spend_account *all = dd_book_accounts(book, &n);
        for (size_t i = 0; i < n && i < ROWS_MAX; i++)
            if (may_see(u->q, &all[i]))
                put_budget(j, u, &all[i]);
    } else {
        const dd_facts  f = { .key = ask->key_id, .org = dd_question_org(u->q) };
        dd_book_verdict v[MOST];
        n = dd_book_explain(book, &f, 0, v, MOST);
        for (size_t i = 0; i < n; i++)
            if (v[i].applies && v[i].account.scope == DD_SCOPE_KEY)
                put_budget(j, u, &v[i].account);
    }
    dd_json_close(j, ']');
}

static dd_code put_answer(usage *u, dd_book *book, dd_err *err)
{
    dd_question *q = u->q;
    dd_json      j = DD_JSON_INIT(q->out, 0);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "object", DD_STR("usage"));
    dd_json_member_str(&j, "org", dd_question_org(q));
    dd_json_member_str(&j, "key_id", q->ask->admin ? DD_STR("") : q->ask->key_id);
    dd_answer_time(&j, "from", u->from_s);
    dd_answer_time(&j, "to", u->to_s);
    dd_json_key(&j, "totals");
    dd_json_open(&j, '{');
    put_figures(&j, &u->total);
    dd_json_close(&j, '}');
    put_savings(&j, u);
    put_series(&j, u);
    put_models(&j, u);
    if (u->by)
        put_rows(&j, u);
    dd_code rc = put_month(&j, u, err);
    put_budgets(&j, u, book);
    dd_json_close(&j, '}');
    return rc;
}

/* One read of the sums: totals, series, models and rows agree. */
static dd_code answer(usage *u, dd_err *err)
{
    dd_sums_ask a = whose(u->q);
    a.daily       = u->daily;
    a.from_s      = u->from_s;
    a.to_s        = u->to_s;
    a.by          = DD_BY_PERIOD | DD_BY_PROVIDER | DD_BY_MODEL | u->by_column;
    dd_code rc    = dd_sums_read(u->q->dir, &a, take, u, err);
    if (rc != DD_OK && rc != DD_ERR_NOT_FOUND)
        return rc;
    shorten(u, &u->models, false);
    shorten(u, &u->rows, u->by && u->by[0] == 'd');
    dd_book *book = dd_book_join(u->q->dir, u->q->s, u->q->ledger, u->q->now_s);
    u->book       = book;
    rc            = put_answer(u, book, err);
    dd_book_close(book);
    return rc;
}

int dd_answer_usage(dd_question *q)
{
    usage  u      = { .q = q, .from_s = -1, .to_s = -1 };
    dd_err err    = DD_ERR_INIT;
    int    status = read_question(&u);
    if (!status)
        status = answer(&u, &err) == DD_OK ? 200 : dd_answer_error(q, 503, NULL, "store_unavailable", "the sums cannot be read: %s", err.msg);
    dd_map_free(&u.models.known);
    dd_map_free(&u.rows.known);
    dd_vec_free(&u.models.v);
    dd_vec_free(&u.rows.v);
    dd_vec_free(&u.series);
    return status;
}
