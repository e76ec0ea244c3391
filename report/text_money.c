/* The terminal report's figures: headline, files, models and providers. */
#include "report/sheet.h"

/* low ---o------- high: where the expected amount lies between its bounds. */
static void range_line(dd_sheet *v, size_t row, int col, int end)
{
    const dd_money_range *m = &v->d.total;
    if (m->low >= m->high || m->expected == DD_PUSD_UNKNOWN)
        return;
    dd_str low = dd_fmt_about(&v->tmp, m->low), high = dd_fmt_about(&v->tmp, m->high);
    int    from = dd_grid_put(&v->g, row, col, DD_ROLE_DIM, low) + 1;
    int    to   = from + 16;
    if (to + 1 + (int)dd_utf8_width(high) > end)
        to = end - 1 - (int)dd_utf8_width(high);
    if (to - from >= 5) {
        double at = ((double)m->expected - (double)m->low) / ((double)m->high - (double)m->low);
        int    dot = from + (int)((at < 0 ? 0 : at > 1 ? 1 : at) * (to - from - 1) + 0.5);
        dd_grid_fill(&v->g, row, from, to, DD_ROLE_TRACK, "─");
        dd_grid_putz(&v->g, row, dot, DD_ROLE_BAR, "●");
    } else {
        dd_grid_putz(&v->g, row, from, DD_ROLE_DIM, "–");
        to = from + 1;
    }
    dd_grid_put(&v->g, row, to + 1, DD_ROLE_DIM, high);
}

static void bill_card(dd_sheet *v, size_t row, int col, int end)
{
    const dd_digest *d = &v->d;
    dd_grid_putz(&v->g, row, col, DD_ROLE_DIM, d->per_1000 ? "Estimated cost per 1,000 calls" : "Estimated monthly bill");
    bool any = d->billed.n > 0;
    int  c   = dd_grid_put(&v->g, row + 1, col, any ? DD_ROLE_MONEY : DD_ROLE_STRONG, any ? dd_fmt_about(&v->tmp, d->total.expected) : DD_STR("not known"));
    if (any)
        dd_grid_put(&v->g, row + 1, c + 1, DD_ROLE_DIM,
                    d->per_1000 ? dd_arena_printf(&v->tmp, "for " DD_STR_FMT, DD_STR_ARG(dd_fmt_plural(&v->tmp, d->billed.n, "site", "sites")))
                                : DD_STR("a month"));
    if (any)
        range_line(v, row + 2, col, end);
}

static void savings_card(dd_sheet *v, size_t row, int col, int end)
{
    const dd_digest *d = &v->d;
    dd_grid_putz(&v->g, row, col, DD_ROLE_DIM, "Potential savings");
    if (!d->opportunities.n || d->savings <= 0) {
        dd_grid_putz(&v->g, row + 1, col, DD_ROLE_TEXT, d->billed.n ? "none found" : "not known");
        return;
    }
    int    c   = dd_grid_put(&v->g, row + 1, col, DD_ROLE_SAVING, dd_fmt_about(&v->tmp, d->savings));
    dd_str pct = dd_fmt_percent(&v->tmp, d->savings, d->total.expected);
    if (pct.len)
        dd_grid_put(&v->g, row + 1, c + 1, DD_ROLE_DIM, dd_arena_printf(&v->tmp, "%s · " DD_STR_FMT, d->per_1000 ? "per 1,000" : "a month", DD_STR_ARG(pct)));
    int width = end - col < 28 ? end - col : 28;
    dd_grid_fill(&v->g, row + 2, col, col + width, DD_ROLE_TRACK, "─");
    dd_sheet_bar(v, row + 2, col, width, DD_ROLE_BAR_SAVING, d->total.expected > 0 ? (double)d->savings / (double)d->total.expected : 0);
}

/* What the audit assumes about volume, else the name of its basis. */
static dd_str volume(dd_arena *t, const dd_audit *a)
{
    dd_str said[4];
    size_t n = 0;
    for (size_t i = 0; i < a->n_assumptions && n < DD_COUNT(said); i++)
        if (dd_str_startsz(a->assumptions[i], "volume of "))
            said[n++] = a->assumptions[i];
    if (n)
        return dd_fmt_join(t, said, n, "; ", n);
    return dd_arena_printf(t, "volume by " DD_STR_FMT, DD_STR_ARG(a->volume_basis.len ? a->volume_basis : DD_STR("preset default")));
}

static dd_str basis(dd_sheet *v)
{
    const dd_audit *a = v->audit;
    dd_arena       *t = &v->tmp;
    dd_str          sites = dd_fmt_plural(t, v->d.billed.n, "call site", "call sites");
    if (!v->d.billed.n)
        return DD_STR("No call here could be priced: the models or their prices are not known (listed below).");
    if (v->d.per_1000)
        return dd_arena_printf(t, "An estimate from source code. Nothing here runs in production, so the headline is 1,000 calls of each of "
                               DD_STR_FMT "; --calls or --usage says how often they run.", DD_STR_ARG(sites));
    return dd_arena_printf(t, "An estimate from source code, not a measurement: " DD_STR_FMT ", " DD_STR_FMT
                           ". Change it with --calls, --usage-preset or --usage.", DD_STR_ARG(sites), DD_STR_ARG(volume(t, a)));
}

void dd_text_headline(dd_sheet *v)
{
    dd_sheet_row(v);
    size_t r   = v->g.rows;
    int    mid = v->left + (v->right - v->left) / 2 + (v->wide ? -12 : 1);
    if (v->narrow) {
        dd_sheet_need(v, r + (v->d.billed.n ? 6 : 5));
        bill_card(v, r, v->left, v->right);
        savings_card(v, r + 4, v->left, v->right);
    } else {
        dd_sheet_need(v, r + (v->d.billed.n ? 2 : 1));
        bill_card(v, r, v->left, mid - 3);
        savings_card(v, r, mid, v->right);
    }
    dd_sheet_row(v);
    r = dd_sheet_row(v);
    r = dd_sheet_wrap(v, r, v->left, v->left, v->right, DD_ROLE_DIM, basis(v));
    if (v->d.n_unknown_billed && v->d.billed.n) {
        dd_str text = dd_arena_printf(&v->tmp, DD_STR_FMT " not in it: model or price unknown (listed below).",
                                      DD_STR_ARG(dd_fmt_plural(&v->tmp, v->d.n_unknown_billed, "more call is", "more calls are")));
        dd_sheet_wrap(v, r + 1, v->left, v->left, v->right, DD_ROLE_WARN, text);
    }
}

/* --- where it goes --- */

typedef struct {
    const dd_sum *v;
    size_t        n, shown;
    bool          paths, providers;
    const char   *title;
} sums;

static dd_pusd rest_of(const sums *s)
{
    dd_pusd total = 0;
    for (size_t i = s->shown; i < s->n; i++)
        if (s->v[i].monthly.expected != DD_PUSD_UNKNOWN && dd_money_add(total, s->v[i].monthly.expected, &total) != DD_OK)
            total = INT64_MAX;
    return total;
}

static void put_sum(dd_sheet *v, const sums *s, const dd_sum *sum, const dd_money_col *money, size_t row, int from, int end)
{
    dd_str  n      = dd_fmt_plural(&v->tmp, sum->sites, "call", "calls");
    int     n_col  = end - 9, m_end = n_col - 6, name_w = s->paths ? (end - from) * 5 / 11 : (end - from) * 4 / 11;
    int     bar    = from + name_w + 2, bar_end = m_end - dd_money_col_width(money) - 2;
    dd_pusd whole  = v->d.total.expected;
    if (v->narrow)
        n_col = end, m_end = end, name_w = end - dd_money_col_width(money) - 2 - from, bar = bar_end = 0;
    else
        dd_grid_put_end(&v->g, row, end, DD_ROLE_DIM, n);
    if (s->paths)
        dd_sheet_path(v, row, from, name_w, sum->name, sum->name);
    else
        dd_grid_put(&v->g, row, from, s->providers ? DD_ROLE_TEXT : DD_ROLE_MODEL,
                    dd_fmt_path(&v->tmp, s->providers ? dd_provider_name(sum->name) : sum->name, name_w));
    if (bar_end - bar >= 4)
        dd_sheet_bar(v, row, bar, bar_end - bar, DD_ROLE_BAR,
                     s->v[0].monthly.expected > 0 ? (double)sum->monthly.expected / (double)s->v[0].monthly.expected : 0);
    dd_money_col_put(v, money, row, m_end, DD_ROLE_TEXT, sum->monthly.expected);
    if (!v->narrow)
        dd_grid_put_end(&v->g, row, n_col - 1, DD_ROLE_DIM, dd_fmt_percent(&v->tmp, sum->monthly.expected, whole));
}

/* Draws into columns [from, end) from `row` on; says the row behind. */
static size_t put_sums(dd_sheet *v, const sums *s, size_t row, int from, int end)
{
    dd_money_col money = { 0 };
    for (size_t i = 0; i < s->shown; i++)
        dd_money_col_add(v, &money, s->v[i].monthly.expected);
    for (size_t i = 0; i < s->shown; i++, row++) {
        dd_sheet_need(v, row);
        put_sum(v, s, &s->v[i], &money, row, from, end);
    }
    if (s->n > s->shown) {
        dd_sheet_need(v, row);
        dd_str more = dd_arena_printf(&v->tmp, "+ %zu more, " DD_STR_FMT " together", s->n - s->shown, DD_STR_ARG(dd_fmt_money(&v->tmp, rest_of(s))));
        dd_grid_put(&v->g, row++, from, DD_ROLE_DIM, more);
    }
    return row;
}

static size_t limit(const dd_sheet *v, size_t n, size_t top)
{
    return v->opts->verbose || n <= top + 1 ? n : top;
}

/* Amounts of nothing would only be bars without a length. */
static size_t with_money(const dd_sum *v, size_t n)
{
    while (n && (v[n - 1].monthly.expected == 0 || v[n - 1].monthly.expected == DD_PUSD_UNKNOWN))
        n--;
    return n;
}

static dd_str unit_note(dd_sheet *v)
{
    if (v->narrow)
        return dd_str_z(v->d.per_1000 ? "$ per 1,000 calls" : "$ a month");
    return dd_str_z(v->d.per_1000 ? "$ per 1,000 calls · share" : "$ a month · share");
}

static void half_heading(dd_sheet *v, size_t row, const char *name, int from, int end)
{
    int col = dd_grid_putz(&v->g, row, from, DD_ROLE_HEADING, name);
    dd_grid_fill(&v->g, row, col + 1, end, DD_ROLE_RULE, "─");
}

void dd_text_sums(dd_sheet *v)
{
    const dd_digest *d = &v->d;
    sums files     = { d->by_file, with_money(d->by_file, d->n_by_file), 0, true, false, "Highest-impact files" };
    sums models    = { d->by_model, with_money(d->by_model, d->n_by_model), 0, false, false, "By model" };
    sums providers = { d->by_provider, with_money(d->by_provider, d->n_by_provider), 0, false, true, "By provider" };
    files.shown     = limit(v, files.n, 8);
    models.shown    = limit(v, models.n, 8);
    providers.shown = limit(v, providers.n, 6);
    if (files.n > 1) {
        dd_sheet_heading(v, files.title, unit_note(v));
        put_sums(v, &files, v->g.rows, v->left, v->right);
    }
    if (!models.n || d->billed.n < 2)
        return;
    if (v->wide) {
        int    mid = v->left + (v->right - v->left) * 11 / 20;
        dd_sheet_row(v);
        size_t r = dd_sheet_row(v);
        half_heading(v, r, models.title, v->left, mid - 2);
        half_heading(v, r, providers.title, mid + 2, v->right);
        put_sums(v, &models, r + 1, v->left, mid - 2);
        put_sums(v, &providers, r + 1, mid + 2, v->right);
        return;
    }
    dd_sheet_heading(v, models.title, unit_note(v));
    put_sums(v, &models, v->g.rows, v->left, v->right);
    dd_sheet_heading(v, providers.title, unit_note(v));
    put_sums(v, &providers, v->g.rows, v->left, v->right);
}
