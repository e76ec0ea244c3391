/* report/spend_costs.c - what was spent on what, and where the month will end. */
#include "report/format.h"
#include "report/sheet.h"
#include "report/spark.h"
#include "report/spend.h"

enum { CALLS = 9, SHARE = 6, BAR = 12, NAME = 24 /* columns that a name keeps beside a spark line */, SPARK = 8, SPARK_WIDEST = 31 };

typedef struct {
    dd_sheet              v;
    const dd_spend_costs *c;
    dd_arena             *a;
    int                   name, budget;
    bool                  bars;
    int                   spark;   /* columns; 0: none */
    dd_money_col          cost, daily, saved;
} view;

static bool by_day(const view *w) { return w->c->by[0] == 'd'; }

/* An average of a day; of what is not known: not known. */
static dd_pusd a_day(const view *w, const dd_spend_row *r)
{
    if (!dd_spend_has_cost(r))
        return DD_PUSD_UNKNOWN;
    double d = (double)r->cost / w->c->days;
    return d > 9e18 ? INT64_MAX : (dd_pusd)d;
}

static int daily_width(const view *w) { return by_day(w) ? 0 : 2 + dd_money_col_width(&w->daily); }

static dd_pusd known(const dd_spend_row *r, dd_pusd m) { return dd_spend_has_cost(r) ? m : DD_PUSD_UNKNOWN; }

static dd_str budget_text(view *w, const dd_spend_row *r)
{
    if (r->limit == DD_PUSD_UNKNOWN)
        return DD_STR("");
    dd_str used = dd_fmt_percent(w->a, r->limit_spent, r->limit);
    return dd_arena_printf(w->a, DD_STR_FMT " of " DD_STR_FMT, DD_STR_ARG(used.len ? used : DD_STR("all")), DD_STR_ARG(dd_fmt_money(w->a, r->limit)));
}

static void headline(view *w)
{
    dd_sheet           *v = &w->v;
    const dd_spend_row *t = &w->c->total;
    dd_sheet_row(v);
    size_t r   = dd_sheet_row(v);
    int    col = dd_grid_put(&v->g, r, v->left, DD_ROLE_MONEY, dd_fmt_money(w->a, known(t, t->cost)));
    dd_str calls = dd_fmt_plural(w->a, (size_t)t->requests, "call", "calls");
    dd_str s     = dd_arena_printf(w->a, " " DD_STR_FMT " · " DD_STR_FMT, DD_STR_ARG(w->c->span), DD_STR_ARG(calls));
    col          = dd_grid_put(&v->g, r, col, DD_ROLE_TEXT, s);
    dd_pusd original;
    if (t->saved <= 0 || dd_money_add(t->cost, t->saved, &original) != DD_OK)
        return;
    s = dd_arena_printf(w->a, " · saved " DD_STR_FMT " (" DD_STR_FMT ")", DD_STR_ARG(dd_fmt_money(w->a, t->saved)),
                        DD_STR_ARG(dd_fmt_percent(w->a, t->saved, original)));
    dd_grid_put(&v->g, r, col, DD_ROLE_SAVING, s);
}

static void measure(view *w)
{
    const dd_spend_costs *c = w->c;
    w->name                 = 5;
    for (size_t i = 0; i <= c->n; i++) {
        const dd_spend_row *r = i < c->n ? &c->rows[i] : &c->total;
        int                 n = (int)dd_utf8_width(r->name), b = (int)dd_utf8_width(budget_text(w, r));
        w->name   = n > w->name ? n : w->name;
        w->budget = b > w->budget ? b : w->budget;
        dd_money_col_add(&w->v, &w->cost, known(r, r->cost));
        dd_money_col_add(&w->v, &w->daily, a_day(w, r));
        dd_money_col_add(&w->v, &w->saved, known(r, r->saved));
    }
    int fixed = CALLS + 2 + dd_money_col_width(&w->cost) + SHARE + daily_width(w) + 2 + dd_money_col_width(&w->saved);
    fixed += w->budget ? 2 + w->budget : 0;
    int room  = w->v.right - w->v.left - fixed;
    w->bars   = w->v.wide && room >= 20 + BAR + 2;
    room -= w->bars ? BAR + 2 : 0;
    int spare = room - (w->name < NAME ? w->name : NAME) - 2, n = w->c->n_series < SPARK_WIDEST ? (int)w->c->n_series : SPARK_WIDEST;
    w->spark  = by_day(w) || n < 2 || spare < SPARK ? 0 : n < spare ? n : spare;
    room -= w->spark ? w->spark + 2 : 0;
    w->name = w->name > room ? room : w->name;
    w->name = w->name < 8 ? 8 : w->name;
}

typedef struct { int spark, calls, cost, share, bar, daily, saved, budget; } columns; /* where they end; spark, bar: where it begins */

static columns place(const view *w)
{
    columns c;
    c.spark  = w->v.left + w->name + 2;
    c.calls  = w->v.left + w->name + (w->spark ? w->spark + 2 : 0) + CALLS;
    c.cost   = c.calls + 2 + dd_money_col_width(&w->cost);
    c.share  = c.cost + SHARE;
    c.bar    = c.share + 2;
    c.daily  = c.share + (w->bars ? BAR + 2 : 0) + daily_width(w);
    c.saved  = c.daily + 2 + dd_money_col_width(&w->saved);
    c.budget = c.saved + 2 + w->budget;
    return c;
}

static void head(view *w, const columns *c)
{
    const struct { int end; const char *name; } names[] = {
        { c->calls, "calls" }, { c->cost, "cost" }, { c->share, "%" }, { c->daily, by_day(w) ? "" : "a day" }, { c->saved, "saved" },
        { c->budget, w->budget ? "budget" : "" },
    };
    size_t r = dd_sheet_row(&w->v);
    dd_grid_putz(&w->v.g, r, w->v.left, DD_ROLE_DIM, w->c->by);
    for (size_t i = 0; i < DD_COUNT(names); i++)
        dd_grid_put_end(&w->v.g, r, names[i].end, DD_ROLE_DIM, dd_str_z(names[i].name));
}

static void row(view *w, const columns *c, const dd_spend_row *x, bool total)
{
    dd_sheet *v    = &w->v;
    size_t    r    = dd_sheet_row(v);
    dd_pusd   all  = w->c->total.cost;
    bool      over = x->limit != DD_PUSD_UNKNOWN && x->limit_spent >= x->limit;
    dd_grid_put(&v->g, r, v->left, total ? DD_ROLE_STRONG : DD_ROLE_MODEL, dd_fmt_fit(w->a, x->name, w->name));
    if (w->spark && x->series)
        dd_grid_put(&v->g, r, c->spark, DD_ROLE_BAR, dd_spark(w->a, x->series, w->c->n_series, w->spark, v->opts->ascii));
    dd_grid_put_end(&v->g, r, c->calls, DD_ROLE_TEXT, dd_fmt_count(w->a, x->requests));
    dd_money_col_put(v, &w->cost, r, c->cost, total ? DD_ROLE_STRONG : DD_ROLE_MONEY, known(x, x->cost));
    dd_grid_put_end(&v->g, r, c->share, DD_ROLE_DIM, dd_spend_has_cost(x) ? dd_fmt_percent(w->a, x->cost, all) : DD_STR(""));
    if (w->bars && !total && all > 0)
        dd_sheet_bar(v, r, c->bar, BAR, DD_ROLE_BAR, (double)x->cost / (double)all);
    if (!by_day(w))
        dd_money_col_put(v, &w->daily, r, c->daily, DD_ROLE_DIM, a_day(w, x));
    dd_money_col_put(v, &w->saved, r, c->saved, x->saved > 0 ? DD_ROLE_SAVING : DD_ROLE_DIM, known(x, x->saved));
    dd_grid_put_end(&v->g, r, c->budget, over ? DD_ROLE_BAD : DD_ROLE_TEXT, budget_text(w, x));
}

static void table(view *w)
{
    char    title[32];
    columns c;
    measure(w);
    c = place(w);
    snprintf(title, sizeof title, "Costs by %s", w->c->by);
    dd_sheet_heading(&w->v, title, w->c->span);
    head(w, &c);
    for (size_t i = 0; i < w->c->n; i++)
        row(w, &c, &w->c->rows[i], false);
    row(w, &c, &w->c->total, true);
    if (w->c->total.unpriced)
        dd_sheet_entry(&w->v, "", DD_ROLE_WARN, dd_arena_printf(w->a, "of " DD_STR_FMT " the price is not known: they are in no amount",
                                                                DD_STR_ARG(dd_fmt_plural(w->a, (size_t)w->c->total.unpriced, "call", "calls"))));
}

static void budget_line(view *w, const dd_spend_account *a)
{
    static const dd_role roles[] = { DD_ROLE_DIM, DD_ROLE_SAVING, DD_ROLE_WARN, DD_ROLE_BAD };
    dd_str what  = dd_arena_printf(w->a, DD_STR_FMT " (" DD_STR_FMT ")", DD_STR_ARG(a->name), DD_STR_ARG(dd_spend_who(w->a, a)));
    dd_str of    = dd_arena_printf(w->a, DD_STR_FMT " of " DD_STR_FMT "/%s", DD_STR_ARG(dd_fmt_money(w->a, a->spent)),
                                   DD_STR_ARG(dd_fmt_money(w->a, a->limit)), dd_period_name(a->period));
    dd_str whole = dd_arena_printf(w->a, DD_STR_FMT ", " DD_STR_FMT ": " DD_STR_FMT, DD_STR_ARG(what), DD_STR_ARG(of),
                                   DD_STR_ARG(dd_spend_verdict(w->a, a)));
    dd_sheet_entry(&w->v, "Budget", roles[a->outlook.kind], whole);
}

enum { BUDGETS_SHOWN = 5 };

/* Those of all requests, and those that will not hold. */
static bool is_told(const dd_spend_account *a)
{
    return !a->open && (a->scope == DD_SCOPE_GLOBAL || a->outlook.kind >= DD_OUTLOOK_WILL_EXCEED);
}

static void month(view *w)
{
    const dd_spend_costs *c    = w->c;
    size_t                told = 0, more = 0;
    int64_t               days = (c->month_to_s - c->month_from_s + 43200) / 86400, gone = (c->now_s - c->month_from_s) / 86400 + 1;
    dd_str                last = dd_spend_day(w->a, c->month_to_s - 1, c->offset_s);
    dd_sheet_heading(&w->v, "This month", dd_arena_printf(w->a, "day %lld of %lld", (long long)gone, (long long)days));
    dd_sheet_entry(&w->v, "So far", DD_ROLE_MONEY, dd_fmt_money(w->a, c->month));
    dd_sheet_entry(&w->v, "Today", DD_ROLE_MONEY, dd_fmt_money(w->a, c->today));
    if (c->outlook.projection != DD_PUSD_UNKNOWN)
        dd_sheet_entry(&w->v, "Projected", DD_ROLE_TEXT, dd_arena_printf(w->a, DD_STR_FMT " by " DD_STR_FMT " at this pace",
                       DD_STR_ARG(dd_fmt_money(w->a, c->outlook.projection)), DD_STR_ARG(last)));
    for (size_t i = 0; i < c->n_accounts; i++)
        if (is_told(&c->accounts[i])) {
            if (told++ < BUDGETS_SHOWN)
                budget_line(w, &c->accounts[i]);
            else
                more++;
        }
    if (more)
        dd_sheet_entry(&w->v, "", DD_ROLE_DIM, dd_arena_printf(w->a, "and %zu more: dd0c budgets", more));
}

void dd_report_costs(const dd_spend_costs *c, const dd_report_opts *opts, dd_buf *out)
{
    static const dd_audit none;
    view                  w = { .c = c };
    dd_sheet_init(&w.v, &none, opts);
    w.a = &w.v.tmp;
    headline(&w);
    table(&w);
    month(&w);
    dd_sheet_row(&w.v);
    dd_sheet_finish(&w.v, out);
}
