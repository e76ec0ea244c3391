/* report/spend_budgets.c - a budget is a row of figures, and below it a bar and where it will end. */
#include "report/format.h"
#include "report/sheet.h"
#include "report/spend.h"

enum { USED = 7, LEFT = 10 };

typedef struct {
    dd_sheet     v;
    int          name, who, limit;
    bool         reserved;                /* some have a request under way */
    dd_money_col spent, held;
    int64_t      now_s;
} view;

static dd_str limit_text(view *w, const dd_spend_account *a)
{
    return dd_arena_printf(&w->v.tmp, DD_STR_FMT "/%s", DD_STR_ARG(dd_fmt_money(&w->v.tmp, a->limit)), dd_period_name(a->period));
}

static dd_str left_text(view *w, const dd_spend_account *a)
{
    int64_t s = a->to_s - w->now_s;
    if (a->to_s == INT64_MAX || a->open)
        return DD_STR("");
    if (s < 2 * 86400)
        return dd_arena_printf(&w->v.tmp, s < 7200 ? "%lld min" : "%lld h", (long long)(s < 7200 ? (s + 59) / 60 : s / 3600));
    return dd_arena_printf(&w->v.tmp, "%lld days", (long long)(s / 86400));
}

static void larger(int *n, dd_str s)
{
    int width = (int)dd_utf8_width(s);
    *n        = width > *n ? width : *n;
}

static int figures(const view *w)
{
    return 2 + dd_money_col_width(&w->spent) + (w->reserved ? 2 + dd_money_col_width(&w->held) : 0) + 2 + w->limit + USED + LEFT;
}

static void measure(view *w, const dd_spend_account *v, size_t n)
{
    w->name = 6;
    w->who  = 3;
    w->limit = 5;
    for (size_t i = 0; i < n; i++) {
        larger(&w->name, v[i].name);
        larger(&w->who, dd_spend_who(&w->v.tmp, &v[i]));
        larger(&w->limit, limit_text(w, &v[i]));
        dd_money_col_add(&w->v, &w->spent, v[i].spent);
        dd_money_col_add(&w->v, &w->held, v[i].reserved);
        w->reserved = w->reserved || v[i].reserved > 0;
    }
    int room = w->v.right - w->v.left - figures(w) - 2;
    if (w->name + w->who > room) {
        w->name = w->name < room / 2 ? w->name : room - w->who > room / 2 ? room - w->who : room / 2;
        w->name = w->name < 4 ? 4 : w->name;
        w->who  = room - w->name < 4 ? 4 : room - w->name;
    }
}

static void cells(view *w, size_t r, dd_role role, const dd_str *text)
{
    dd_grid *g   = &w->v.g;
    int      col = w->v.left + w->name + 2 + w->who + 2 + dd_money_col_width(&w->spent);
    dd_grid_put_end(g, r, col, role, text[0]);
    if (w->reserved)
        dd_grid_put_end(g, r, col += 2 + dd_money_col_width(&w->held), role, text[1]);
    dd_grid_put_end(g, r, col += 2 + w->limit, role, text[2]);
    dd_grid_put_end(g, r, col += USED, role, text[3]);
    dd_grid_put_end(g, r, col + LEFT, role, text[4]);
}

static void head(view *w)
{
    static const dd_str names[] = { { "spent", 5 }, { "reserved", 8 }, { "limit", 5 }, { "used", 4 }, { "left", 4 } };
    size_t              r       = dd_sheet_row(&w->v);
    dd_grid_putz(&w->v.g, r, w->v.left, DD_ROLE_DIM, "budget");
    dd_grid_putz(&w->v.g, r, w->v.left + w->name + 2, DD_ROLE_DIM, "for");
    cells(w, r, DD_ROLE_DIM, names);
}

static const struct { dd_role text, bar; } roles[] = {
    [DD_OUTLOOK_NONE]        = { DD_ROLE_DIM, DD_ROLE_BAR },
    [DD_OUTLOOK_HOLDS]       = { DD_ROLE_SAVING, DD_ROLE_BAR_SAVING },
    [DD_OUTLOOK_WILL_EXCEED] = { DD_ROLE_WARN, DD_ROLE_WARN },
    [DD_OUTLOOK_EXCEEDED]    = { DD_ROLE_BAD, DD_ROLE_BAD },
};

static void account(view *w, const dd_spend_account *a)
{
    dd_sheet *v   = &w->v;
    size_t    r   = dd_sheet_row(v);
    int       col = v->left + w->name + 2 + w->who + 2 + dd_money_col_width(&w->spent);
    dd_str    used = a->open ? DD_STR("") : a->limit > 0 ? dd_fmt_percent(&v->tmp, a->spent + a->reserved, a->limit) : DD_STR("-");
    dd_str    text[] = { DD_STR(""), DD_STR(""), limit_text(w, a), used, left_text(w, a) };
    cells(w, r, DD_ROLE_TEXT, text);
    dd_grid_put(&v->g, r, v->left, DD_ROLE_STRONG, dd_fmt_fit(&v->tmp, a->name, w->name));
    dd_grid_put(&v->g, r, v->left + w->name + 2, DD_ROLE_TEXT, dd_fmt_fit(&v->tmp, dd_spend_who(&v->tmp, a), w->who));
    if (!a->open)
        dd_money_col_put(v, &w->spent, r, col, DD_ROLE_MONEY, a->spent);
    if (!a->open && w->reserved)
        dd_money_col_put(v, &w->held, r, col + 2 + dd_money_col_width(&w->held), DD_ROLE_DIM, a->reserved);
    int bar = w->name < 12 ? 12 : w->name;
    r       = dd_sheet_row(v);
    if (!a->open) {
        dd_grid_fill(&v->g, r, v->left, v->left + bar, DD_ROLE_TRACK, v->opts->ascii ? "." : "░");
        dd_sheet_bar(v, r, v->left, bar, roles[a->outlook.kind].bar, a->limit > 0 ? (double)(a->spent + a->reserved) / (double)a->limit : 1);
    }
    dd_sheet_wrap(v, r, v->left + bar + 2, v->left + bar + 2, v->right, roles[a->outlook.kind].text, dd_spend_verdict(&v->tmp, a));
}

void dd_report_budgets(const dd_spend_account *v, size_t n, int64_t now_s, const dd_report_opts *opts, dd_buf *out)
{
    static const dd_audit none;
    view                  w = { .now_s = now_s };
    dd_sheet_init(&w.v, &none, opts);
    measure(&w, v, n);
    dd_sheet_heading(&w.v, "Budgets", dd_arena_printf(&w.v.tmp, DD_STR_FMT, DD_STR_ARG(dd_fmt_plural(&w.v.tmp, n, "account", "accounts"))));
    head(&w);
    for (size_t i = 0; i < n; i++)
        account(&w, &v[i]);
    dd_sheet_row(&w.v);
    dd_sheet_finish(&w.v, out);
}
