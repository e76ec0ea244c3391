/* report/savings_text.c - the statement for a terminal: the amount first, where it comes from, what it does not know. */
#include "report/format.h"
#include "report/savings.h"
#include "report/sheet.h"
#include "report/spark.h"
#include "report/spend.h"

enum { TOP = 6, CALLS = 10, SHARE = 7, BAR = 14, BUDGETS_SHOWN = 5, ASKED_FOR = 9, ASIDE = 30 };

typedef struct {
    dd_sheet          v;
    const dd_savings *s;
    dd_arena         *a;
} view;

static dd_role role_of(dd_pusd saved) { return saved == DD_PUSD_UNKNOWN || saved == 0 ? DD_ROLE_DIM : saved > 0 ? DD_ROLE_SAVING : DD_ROLE_WARN; }

/* ---- the headline ---- */

static void headline(view *w)
{
    dd_sheet             *v = &w->v;
    const dd_savings_sum *t = &w->s->total;
    dd_pusd               saved = dd_savings_saved(t), spent = dd_savings_spent(t), instead = dd_savings_instead(t);
    dd_str                share = dd_savings_share(w->a, saved, instead);
    dd_sheet_row(v);
    size_t r   = dd_sheet_row(v);
    int    col = v->left;
    if (saved == DD_PUSD_UNKNOWN) {
        col = dd_grid_putz(&v->g, r, col, DD_ROLE_WARN, "What was saved is not known");
    } else {
        col = dd_grid_put(&v->g, r, col, role_of(saved), dd_fmt_money(w->a, saved < 0 ? -saved : saved));
        col = dd_grid_put(&v->g, r, col, role_of(saved), saved < 0 ? DD_STR(" lost") : DD_STR(" saved"));
        if (share.len)
            col = dd_grid_put(&v->g, r, col, role_of(saved), dd_arena_printf(w->a, " (" DD_STR_FMT ")", DD_STR_ARG(share)));
    }
    dd_str rest = dd_arena_printf(w->a, ": " DD_STR_FMT " spent", DD_STR_ARG(dd_fmt_money(w->a, spent)));
    if (instead != DD_PUSD_UNKNOWN && saved != DD_PUSD_UNKNOWN)
        rest = dd_arena_printf(w->a, DD_STR_FMT " instead of " DD_STR_FMT, DD_STR_ARG(rest), DD_STR_ARG(dd_fmt_money(w->a, instead)));
    rest = dd_arena_printf(w->a, DD_STR_FMT " · " DD_STR_FMT, DD_STR_ARG(rest), DD_STR_ARG(dd_savings_calls(w->a, t->requests)));
    dd_sheet_wrap(v, r, col, v->left + 2, v->right, DD_ROLE_TEXT, rest);
}

/* ---- the sum, line by line ---- */

typedef struct { const char *label; dd_pusd amount; dd_role role; dd_str note; } line;

static void lines(view *w, const line *v, size_t n)
{
    dd_money_col col = { 0 };
    int          label = 0;
    for (size_t i = 0; i < n; i++) {
        dd_money_col_add(&w->v, &col, v[i].amount);
        label = (int)dd_utf8_width(dd_str_z(v[i].label)) > label ? (int)dd_utf8_width(dd_str_z(v[i].label)) : label;
    }
    int end = w->v.left + label + 2 + dd_money_col_width(&col);
    for (size_t i = 0; i < n; i++) {
        size_t r = dd_sheet_row(&w->v);
        dd_grid_putz(&w->v.g, r, w->v.left, DD_ROLE_TEXT, v[i].label);
        dd_money_col_put(&w->v, &col, r, end, v[i].role, v[i].amount);
        if (v[i].note.len && w->v.right - end >= ASIDE)
            dd_sheet_wrap(&w->v, r, end + 2, end + 2, w->v.right, DD_ROLE_DIM, v[i].note);
        else if (v[i].note.len)
            dd_sheet_wrap(&w->v, dd_sheet_row(&w->v), w->v.left + 4, w->v.left + 4, w->v.right, DD_ROLE_DIM, v[i].note);
    }
}

static dd_str saved_note(view *w)
{
    dd_pusd saved = dd_savings_saved(&w->s->total);
    dd_str  share = dd_savings_share(w->a, saved, dd_savings_instead(&w->s->total));
    dd_str  then  = dd_savings_against(w->a, w->s, saved, dd_savings_saved(&w->s->before));
    return dd_arena_printf(w->a, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(share), share.len && then.len ? " · " : "", DD_STR_ARG(then));
}

static void summary(view *w)
{
    const dd_savings     *s = w->s;
    const dd_savings_sum *t = &s->total;
    line                  v[8];
    size_t                n     = 0;
    dd_pusd               saved = dd_savings_saved(t), other = DD_PUSD_UNKNOWN, cached = dd_savings_saved(&s->cache);
    dd_str                dates = dd_savings_dates(w->a, s->from, s->to), then = dd_savings_dates(w->a, s->before_from, s->before_to);
    then = s->before.requests ? dd_arena_printf(w->a, "before: " DD_STR_FMT, DD_STR_ARG(then)) : DD_STR("");
    dd_sheet_heading(&w->v, "Statement", dd_arena_printf(w->a, DD_STR_FMT "%s", DD_STR_ARG(dates), s->open ? ", today so far" : ""));
    v[n++] = (line){ "With the models asked for", dd_savings_instead(t), DD_ROLE_MONEY, then };
    v[n++] = (line){ "Spent", dd_savings_spent(t), DD_ROLE_MONEY, dd_savings_against(w->a, w->s, dd_savings_spent(t), dd_savings_spent(&s->before)) };
    v[n++] = (line){ "Saved", saved, role_of(saved), saved_note(w) };
    if (s->cache.requests && cached != DD_PUSD_UNKNOWN && saved != DD_PUSD_UNKNOWN && dd_money_add(saved, -cached, &other) == DD_OK) {
        v[n++] = (line){ "  by other models", other, role_of(other), DD_STR("") };
        v[n++] = (line){ "  by kept answers", cached, role_of(cached), dd_arena_printf(w->a, DD_STR_FMT " out of the cache",
                         DD_STR_ARG(dd_fmt_plural(w->a, (size_t)s->cache.requests, "answer", "answers"))) };
    }
    if (t->premiums)
        v[n++] = (line){ "Against the best model", t->premium_saved, role_of(t->premium_saved),
                         dd_arena_printf(w->a, "if " DD_STR_FMT " had answered " DD_STR_FMT, DD_STR_ARG(dd_savings_best(s)),
                                         DD_STR_ARG(dd_savings_calls(w->a, t->premiums))) };
    lines(w, v, n);
}

/* ---- over time ---- */

static void series_row(view *w, const char *label, dd_role role, const dd_pusd *v)
{
    size_t r = dd_sheet_row(&w->v);
    dd_grid_putz(&w->v.g, r, w->v.left, DD_ROLE_DIM, label);
    dd_grid_put(&w->v.g, r, w->v.left + 12, role, dd_spark(w->a, v, w->s->days.n, w->v.right - w->v.left - 12, w->v.opts->ascii));
}

static void series(view *w)
{
    const dd_savings_spans *d = &w->s->days;
    dd_pusd                *spent = dd_newn(w->a, dd_pusd, d->n + 1), *saved = dd_newn(w->a, dd_pusd, d->n + 1);
    dd_pusd                *lost = dd_newn(w->a, dd_pusd, d->n + 1);
    dd_pusd                 most = 0, least = 0;
    if (d->n < 2)
        return;
    for (size_t i = 0; i < d->n; i++) {
        spent[i] = d->v[i].s.cost;
        saved[i] = d->v[i].s.saved;
        lost[i]  = saved[i] < 0 ? -saved[i] : 0;
        most     = spent[i] > most ? spent[i] : most;
        least    = saved[i] < least ? saved[i] : least;
    }
    dd_sheet_heading(&w->v, "Day by day", dd_arena_printf(w->a, "most spent on a day: " DD_STR_FMT, DD_STR_ARG(dd_fmt_money(w->a, most))));
    series_row(w, "Spent", DD_ROLE_BAR, spent);
    series_row(w, "Saved", DD_ROLE_BAR_SAVING, saved);
    if (least < 0)
        series_row(w, "Lost", DD_ROLE_WARN, lost);
}

/* ---- tables ---- */

typedef struct { dd_str name; const dd_savings_sum *s; bool strong; dd_str note; } entry;

typedef struct { dd_money_col instead, spent, saved; int name, calls, end_calls, end_instead, end_spent, end_saved, end_share, bar; } columns;

static void place(view *w, const entry *v, size_t n, columns *c)
{
    c->name = 10;
    for (size_t i = 0; i < n; i++) {
        int width = (int)dd_utf8_width(v[i].name);
        c->name = width > c->name ? width : c->name;
        dd_money_col_add(&w->v, &c->instead, dd_savings_instead(v[i].s));
        dd_money_col_add(&w->v, &c->spent, dd_savings_spent(v[i].s));
        dd_money_col_add(&w->v, &c->saved, dd_savings_saved(v[i].s));
    }
    int instead_width = dd_money_col_width(&c->instead);
    instead_width     = instead_width < ASKED_FOR ? ASKED_FOR : instead_width;
    int room  = w->v.right - w->v.left, fixed = 2 + dd_money_col_width(&c->spent) + 2 + dd_money_col_width(&c->saved) + SHARE;
    int calls = w->v.narrow ? 0 : CALLS, instead = w->v.narrow ? 0 : 2 + instead_width;
    if (room - fixed - calls - instead < 14)
        calls = 0;
    if (room - fixed - calls - instead < 14)
        instead = 0;
    int left = room - fixed - calls - instead;
    c->bar   = w->v.wide && left - c->name >= BAR + 2 ? BAR : 0;
    c->name  = c->name > left ? left : c->name;
    c->name  = c->name < 4 ? 4 : c->name;
    c->calls = calls;
    c->end_calls   = w->v.left + c->name + calls;
    c->end_instead = instead ? c->end_calls + instead : 0;
    c->end_spent   = c->end_calls + instead + 2 + dd_money_col_width(&c->spent);
    c->end_saved   = c->end_spent + 2 + dd_money_col_width(&c->saved);
    c->end_share   = c->end_saved + SHARE;
}

static void table_head(view *w, const columns *c, const char *what)
{
    size_t r = dd_sheet_row(&w->v);
    const struct { int end; const char *name; } names[] = {
        { c->calls ? c->end_calls : 0, "calls" }, { c->end_instead, "asked for" }, { c->end_spent, "spent" }, { c->end_saved, "saved" },
        { c->end_share, "%" },
    };
    dd_grid_putz(&w->v.g, r, w->v.left, DD_ROLE_DIM, what);
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (names[i].end)
            dd_grid_put_end(&w->v.g, r, names[i].end, DD_ROLE_DIM, dd_str_z(names[i].name));
}

static void table_row(view *w, const columns *c, const entry *e)
{
    dd_sheet *v     = &w->v;
    size_t    r     = dd_sheet_row(v);
    dd_pusd   saved = dd_savings_saved(e->s), most = w->s->total.saved;
    dd_role   role  = e->strong ? DD_ROLE_STRONG : DD_ROLE_TEXT;
    dd_grid_put(&v->g, r, v->left, e->strong ? DD_ROLE_STRONG : DD_ROLE_MODEL, dd_fmt_fit(w->a, e->name, c->name));
    if (c->calls)
        dd_grid_put_end(&v->g, r, c->end_calls, role, dd_fmt_count(w->a, e->s->requests));
    if (c->end_instead)
        dd_money_col_put(v, &c->instead, r, c->end_instead, role, dd_savings_instead(e->s));
    dd_money_col_put(v, &c->spent, r, c->end_spent, e->strong ? DD_ROLE_STRONG : DD_ROLE_MONEY, dd_savings_spent(e->s));
    dd_money_col_put(v, &c->saved, r, c->end_saved, role_of(saved), saved);
    dd_grid_put_end(&v->g, r, c->end_share, DD_ROLE_DIM, dd_savings_share(w->a, saved, dd_savings_instead(e->s)));
    int note = c->end_share + 2 + (c->bar ? c->bar + 2 : 0);
    if (c->bar && !e->strong && most > 0 && saved > 0)
        dd_sheet_bar(v, r, c->end_share + 2, c->bar, DD_ROLE_BAR_SAVING, (double)saved / (double)most);
    if (e->note.len && note + (int)dd_utf8_width(e->note) <= v->right)
        dd_grid_put(&v->g, r, note, DD_ROLE_DIM, e->note);
}

static void table(view *w, const char *what, const entry *v, size_t n)
{
    columns c = { 0 };
    place(w, v, n, &c);
    table_head(w, &c, what);
    for (size_t i = 0; i < n; i++)
        table_row(w, &c, &v[i]);
}

/* A name of clients, as it will be shown. */
static dd_str swap_name(view *w, dd_str name)
{
    dd_str from, to;
    if (!dd_savings_swap(name, &from, &to))
        return dd_savings_shown(DD_SAVINGS_SWAP, name);
    return dd_arena_printf(w->a, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(from), dd_sheet_arrow(&w->v), DD_STR_ARG(to));
}

/* A breakdown into nothing but what has no name says nothing. */
static bool is_told(const dd_savings_list *list) { return list->n > 1 || (list->n == 1 && list->v[0].name.len > 0); }

static void breakdown(view *w, dd_savings_by by, const char *title, const char *what)
{
    const dd_savings_list *list = &w->s->by[by];
    dd_savings_sum         rest;
    size_t                 top  = w->v.opts->top > 0 ? (size_t)w->v.opts->top : TOP, n = 0, shown = dd_savings_top(list, top, &rest);
    entry                 *v    = dd_newn(w->a, entry, shown + 2);
    if (!is_told(list))
        return;
    for (; n < shown; n++) {
        dd_str name = list->v[n].name;
        v[n] = (entry){ by == DD_SAVINGS_SWAP ? swap_name(w, name) : dd_savings_shown(by, name), &list->v[n].s, false, DD_STR("") };
    }
    if (list->n > shown)
        v[n++] = (entry){ dd_arena_printf(w->a, "%zu more", list->n - shown), &rest, false, DD_STR("") };
    v[n++] = (entry){ DD_STR("total"), &w->s->total, true, DD_STR("") };
    dd_sheet_heading(&w->v, title, DD_STR(""));
    table(w, what, v, n);
}

static void weeks(view *w)
{
    const dd_savings_spans *k = &w->s->weeks;
    entry                  *v = dd_newn(w->a, entry, k->n + 1);
    if (k->n < 2)
        return;
    for (size_t i = 0; i < k->n; i++) {
        dd_str change = i && k->v[i].whole && k->v[i - 1].whole ? dd_savings_change(w->a, k->v[i].s.saved, k->v[i - 1].s.saved) : DD_STR("");
        v[i] = (entry){ dd_savings_dates(w->a, k->v[i].from, k->v[i].to), &k->v[i].s, false, k->v[i].whole ? change : DD_STR("part of a week") };
    }
    v[k->n] = (entry){ DD_STR("total"), &w->s->total, true, DD_STR("") };
    dd_sheet_heading(&w->v, "Week over week", DD_STR("from Monday to Sunday, UTC"));
    table(w, "week", v, k->n + 1);
}

/* ---- what is not in it, budgets, how ---- */

static void not_counted(view *w)
{
    const dd_savings_sum *t = &w->s->total;
    int64_t               no_original = t->requests - t->unpriced - t->compared;
    if (!t->unpriced && !no_original && !t->errors && !w->s->over)
        return;
    dd_sheet_heading(&w->v, "Not counted", DD_STR(""));
    if (w->s->over)
        dd_sheet_entry(&w->v, "Too large", DD_ROLE_BAD, DD_STR("a sum is larger than can be told: figures are too low"));
    if (t->unpriced)
        dd_sheet_entry(&w->v, "No price", DD_ROLE_WARN, dd_arena_printf(w->a, "what " DD_STR_FMT " cost is not known: in no amount",
                                                                        DD_STR_ARG(dd_savings_calls(w->a, t->unpriced))));
    if (no_original > 0)
        dd_sheet_entry(&w->v, "No saving", DD_ROLE_WARN, dd_arena_printf(w->a, "of " DD_STR_FMT " the model that was asked for has no price: in what "
                                                                               "was spent, in no saving",
                                                                         DD_STR_ARG(dd_savings_calls(w->a, no_original))));
    if (t->errors)
        dd_sheet_entry(&w->v, "Failed", DD_ROLE_TEXT, dd_arena_printf(w->a, DD_STR_FMT " ended in an error; they count with what they cost",
                                                                      DD_STR_ARG(dd_savings_calls(w->a, t->errors))));
}

static void budgets(view *w)
{
    static const dd_role roles[] = { DD_ROLE_DIM, DD_ROLE_SAVING, DD_ROLE_WARN, DD_ROLE_BAD };
    size_t               shown = 0;
    for (size_t i = 0; i < w->s->n_accounts; i++) {
        const dd_spend_account *b = &w->s->accounts[i];
        if (b->open)
            continue;
        if (!shown)
            dd_sheet_heading(&w->v, "Budgets", DD_STR("now"));
        if (shown++ >= BUDGETS_SHOWN)
            continue;
        dd_str of = dd_arena_printf(w->a, DD_STR_FMT " of " DD_STR_FMT "/%s: " DD_STR_FMT, DD_STR_ARG(dd_fmt_money(w->a, b->spent)),
                                    DD_STR_ARG(dd_fmt_money(w->a, b->limit)), dd_period_name(b->period), DD_STR_ARG(dd_spend_verdict(w->a, b)));
        dd_str text = dd_arena_printf(w->a, DD_STR_FMT " (" DD_STR_FMT "), " DD_STR_FMT, DD_STR_ARG(b->name),
                                      DD_STR_ARG(dd_spend_who(w->a, b)), DD_STR_ARG(of));
        dd_sheet_wrap(&w->v, dd_sheet_row(&w->v), w->v.left, w->v.left + 2, w->v.right, roles[b->outlook.kind], text);
    }
    if (shown > BUDGETS_SHOWN)
        dd_sheet_wrap(&w->v, dd_sheet_row(&w->v), w->v.left, w->v.left, w->v.right, DD_ROLE_DIM,
                      dd_arena_printf(w->a, "and %zu more: dd0c budgets", shown - BUDGETS_SHOWN));
}

static void method(view *w)
{
    dd_sheet_heading(&w->v, "How it was counted", DD_STR(""));
    dd_sheet_wrap(&w->v, dd_sheet_row(&w->v), w->v.left, w->v.left, w->v.right, DD_ROLE_DIM, dd_savings_priced(w->a, w->s));
    dd_sheet_wrap(&w->v, dd_sheet_row(&w->v), w->v.left, w->v.left, w->v.right, DD_ROLE_DIM, dd_savings_counted(w->a, w->s));
}

static void nothing(view *w)
{
    dd_str dates = dd_savings_dates(w->a, w->s->from, w->s->to);
    dd_str text  = DD_STR("Nothing is recorded yet. Requests that go through \"dd0c proxy\" are; \"dd0c run -- COMMAND\" sends a program's there.");
    if (w->s->store)
        text = dd_arena_printf(w->a, "No request was recorded from " DD_STR_FMT " (UTC). A longer --period looks further back.", DD_STR_ARG(dates));
    dd_sheet_row(&w->v);
    dd_sheet_wrap(&w->v, dd_sheet_row(&w->v), w->v.left, w->v.left, w->v.right, DD_ROLE_TEXT, text);
}

void dd_savings_text(const dd_savings *s, const dd_report_opts *opts, dd_buf *out)
{
    static const dd_audit none;
    view                  w = { .s = s };
    dd_sheet_init(&w.v, &none, opts);
    w.a = &w.v.tmp;
    if (s->total.requests == 0)
        nothing(&w);
    else {
        headline(&w);
        summary(&w);
        series(&w);
        breakdown(&w, DD_SAVINGS_SWAP, "By model: asked for and answered", "swap");
        breakdown(&w, DD_SAVINGS_FEATURE, "By feature", "feature");
        breakdown(&w, DD_SAVINGS_TEAM, "By team", "team");
        breakdown(&w, DD_SAVINGS_ROUTE, "By routing rule", "rule");
        weeks(&w);
        not_counted(&w);
        budgets(&w);
        method(&w);
    }
    dd_sheet_row(&w.v);
    dd_sheet_finish(&w.v, out);
}
