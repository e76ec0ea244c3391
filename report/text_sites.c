/* The terminal report's lists of calls: opportunities, dearest calls, warnings, what is unknown, what is apart. */
#include "report/sheet.h"

static const char *dots(dd_confidence c)
{
    return c == DD_CONF_HIGH ? "●●●" : c == DD_CONF_MEDIUM ? "●●○" : "●○○";
}

static int put_swap(dd_sheet *v, size_t row, int col, int end, const dd_site *s)
{
    dd_str from = dd_fmt_model(&v->tmp, s), to = s->suggestion->model;
    int    room = (end - col - 4) / 2;
    if ((int)(dd_utf8_width(from) + dd_utf8_width(to)) + 4 > end - col) {
        from = dd_fmt_path(&v->tmp, from, room);
        to   = dd_fmt_path(&v->tmp, to, room);
    }
    col = dd_grid_put(&v->g, row, col, DD_ROLE_TEXT, from);
    col = dd_grid_putz(&v->g, row, col, DD_ROLE_DIM, dd_sheet_arrow(v));
    return dd_grid_put(&v->g, row, col, DD_ROLE_MODEL, to);
}

static void put_confidence(dd_sheet *v, size_t row, int end, const dd_suggestion *sg)
{
    dd_str text = dd_arena_printf(&v->tmp, "%s %-6s", dots(sg->confidence), dd_confidence_name(sg->confidence));
    dd_grid_put(&v->g, row, end - 10, DD_ROLE_DIM, text);
}

static bool swap_fits(dd_sheet *v, const dd_site *s, int room)
{
    return (int)(dd_utf8_width(dd_fmt_model(&v->tmp, s)) + dd_utf8_width(s->suggestion->model)) + 4 <= room;
}

static void opportunity(dd_sheet *v, size_t rank, const dd_site *s, const dd_money_col *money)
{
    size_t r     = dd_sheet_row(v);
    int    col   = v->left + 4, m = dd_money_col_width(money), m_from = v->right - m;
    dd_grid_put_end(&v->g, r, v->left + 2, DD_ROLE_DIM, dd_fmt_count(&v->tmp, (int64_t)rank));
    dd_money_col_put(v, money, r, v->right, DD_ROLE_SAVING, dd_digest_saving(&v->d, s));
    int swap = col + 40, conf = m_from - 3;
    if (v->wide && swap_fits(v, s, conf - 12 - swap)) {
        dd_sheet_where(v, r, col, swap - 2 - col, s);
        put_swap(v, r, swap, conf - 12, s);
        put_confidence(v, r, conf, s->suggestion);
        dd_sheet_wrap(v, r + 1, col, col, conf - 2, DD_ROLE_DIM, dd_fmt_capital(&v->tmp, s->suggestion->reason));
        return;
    }
    dd_sheet_where(v, r, col, m_from - 2 - col, s);
    r = dd_sheet_row(v);
    if (v->narrow) {
        put_swap(v, r, col, v->right, s);
        dd_sheet_row(v);
        dd_sheet_wrap(v, r + 1, col, col, v->right, DD_ROLE_DIM,
                      dd_arena_printf(&v->tmp, "%s: " DD_STR_FMT, dd_confidence_name(s->suggestion->confidence), DD_STR_ARG(s->suggestion->reason)));
        return;
    }
    int end = v->wide ? conf : v->right; /* under the confidence of its neighbours */
    put_swap(v, r, col, end - 13, s);
    put_confidence(v, r, end, s->suggestion);
    dd_sheet_wrap(v, r + 1, col, col, end, DD_ROLE_DIM, dd_fmt_capital(&v->tmp, s->suggestion->reason));
}

/* What no suggestion could check: each thing said once. */
static void unchecked(dd_sheet *v, const dd_site_list *list, size_t shown)
{
    dd_str seen[8];
    size_t n = 0;
    for (size_t i = 0; i < shown; i++) {
        for (dd_str rest = list->v[i]->suggestion->unchecked; rest.len;) {
            dd_str item  = dd_str_trim(dd_str_cut(&rest, ','));
            bool   known = !item.len || n == DD_COUNT(seen);
            for (size_t k = 0; k < n; k++)
                known |= dd_str_eq(seen[k], item);
            if (!known)
                seen[n++] = item;
        }
    }
    if (!n)
        return;
    dd_sheet_row(v);
    dd_str text = dd_arena_printf(&v->tmp, "Not checked: " DD_STR_FMT ".", DD_STR_ARG(dd_fmt_join(&v->tmp, seen, n, ", ", n)));
    dd_sheet_wrap(v, v->g.rows, v->left + (v->narrow ? 0 : 4), v->left + (v->narrow ? 0 : 4), v->right, DD_ROLE_DIM, text);
}

static size_t top_of(const dd_sheet *v, size_t n)
{
    size_t top = v->opts->top > 0 ? (size_t)v->opts->top : 10;
    return v->opts->verbose || n <= top ? n : top;
}

void dd_text_opportunities(dd_sheet *v)
{
    const dd_site_list *list = &v->d.opportunities;
    size_t              n    = top_of(v, list->n);
    if (!list->n)
        return;
    dd_money_col money = { 0 };
    for (size_t i = 0; i < n; i++)
        dd_money_col_add(v, &money, dd_digest_saving(&v->d, list->v[i]));
    dd_sheet_heading(v, "Top opportunities", dd_str_z(v->d.per_1000 ? "saved per 1,000 calls" : "saved a month"));
    for (size_t i = 0; i < n; i++) {
        if (i && !v->wide)
            dd_sheet_row(v);
        opportunity(v, i + 1, list->v[i], &money);
    }
    if (list->n > n) {
        dd_pusd rest = 0;
        for (size_t i = n; i < list->n; i++)
            if (dd_money_add(rest, dd_digest_saving(&v->d, list->v[i]), &rest) != DD_OK)
                break;
        dd_sheet_row(v);
        dd_str text = dd_arena_printf(&v->tmp, "+ " DD_STR_FMT ", " DD_STR_FMT " together: --verbose lists all",
                                      DD_STR_ARG(dd_fmt_plural(&v->tmp, list->n - n, "more", "more")), DD_STR_ARG(dd_fmt_money(&v->tmp, rest)));
        dd_sheet_wrap(v, v->g.rows, v->left + 4, v->left + 4, v->right, DD_ROLE_DIM, text);
    }
    unchecked(v, list, n);
}

/* --- calls --- */

static dd_str per_call(dd_sheet *v, const dd_site *s)
{
    dd_str price = dd_fmt_money(&v->tmp, s->per_call.expected);
    if (v->d.per_1000 || s->calls <= 0)
        return dd_arena_printf(&v->tmp, DD_STR_FMT " a call", DD_STR_ARG(price));
    return dd_arena_printf(&v->tmp, DD_STR_FMT " × " DD_STR_FMT, DD_STR_ARG(price), DD_STR_ARG(dd_fmt_count(&v->tmp, s->calls)));
}

static dd_str tokens(dd_sheet *v, const dd_site *s)
{
    return dd_arena_printf(&v->tmp, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(dd_fmt_tokens(&v->tmp, s->input_tokens.expected)),
                           dd_sheet_arrow(v), DD_STR_ARG(dd_fmt_tokens(&v->tmp, s->output_tokens.expected)));
}

typedef struct {
    dd_money_col month, each;
    int          calls;   /* columns of the longest number of calls */
} call_cols;

static void call_wide(dd_sheet *v, const dd_site *s, size_t r, const call_cols *c)
{
    int times = v->right - dd_money_col_width(&c->month) - 2, each = times - (c->calls ? c->calls + 3 : 0);
    int out = each - dd_money_col_width(&c->each) - 3, model = v->left + (v->right - v->left) * 8 / 25;
    dd_sheet_where(v, r, v->left, model - 2 - v->left, s);
    dd_str how  = dd_fmt_how(s);
    int    room = out - 17 - model, name = room - 1 - (int)how.len;
    int    col  = dd_grid_put(&v->g, r, model, DD_ROLE_MODEL, dd_fmt_path(&v->tmp, dd_fmt_model(&v->tmp, s), name < 12 ? room : name));
    if (col + 1 + (int)how.len <= model + room)
        dd_grid_put(&v->g, r, col + 1, DD_ROLE_DIM, how);
    dd_grid_put_end(&v->g, r, out - 9, DD_ROLE_TEXT, dd_fmt_tokens(&v->tmp, s->input_tokens.expected));
    dd_grid_putz(&v->g, r, out - 9, DD_ROLE_DIM, dd_sheet_arrow(v));
    dd_grid_put_end(&v->g, r, out, DD_ROLE_TEXT, dd_fmt_tokens(&v->tmp, s->output_tokens.expected));
    dd_money_col_put(v, &c->each, r, each, DD_ROLE_DIM, s->per_call.expected);
    if (!c->calls)
        return;
    dd_grid_putz(&v->g, r, each + 1, DD_ROLE_DIM, "×");
    dd_grid_put_end(&v->g, r, times, DD_ROLE_DIM, dd_fmt_count(&v->tmp, s->calls));
}

static void call(dd_sheet *v, const dd_site *s, const call_cols *cols)
{
    size_t r      = dd_sheet_row(v);
    int    m_from = v->right - dd_money_col_width(&cols->month);
    dd_money_col_put(v, &cols->month, r, v->right, DD_ROLE_MONEY, dd_digest_amount(&v->d, s));
    if (v->wide) {
        call_wide(v, s, r, cols);
        return;
    }
    dd_sheet_where(v, r, v->left, m_from - 2 - v->left, s);
    r = dd_sheet_row(v);
    dd_str name = dd_fmt_model(&v->tmp, s);
    int    col  = dd_grid_put(&v->g, r, v->left + 2, DD_ROLE_MODEL, dd_fmt_path(&v->tmp, name, v->right - v->left - 2));
    dd_str rest = dd_arena_printf(&v->tmp, " · " DD_STR_FMT " · " DD_STR_FMT " tokens · " DD_STR_FMT, DD_STR_ARG(dd_fmt_how(s)),
                                  DD_STR_ARG(tokens(v, s)), DD_STR_ARG(per_call(v, s)));
    if (col + (int)dd_utf8_width(rest) <= v->right)
        dd_grid_put(&v->g, r, col, DD_ROLE_DIM, rest);
    else
        dd_sheet_wrap(v, r + 1, v->left + 2, v->left + 2, v->right, DD_ROLE_DIM, dd_str_sub(rest, 4, rest.len));
}

void dd_text_calls(dd_sheet *v)
{
    const dd_site_list *list = &v->d.billed;
    size_t              n    = top_of(v, list->n);
    call_cols           cols = { .calls = 0 };
    if (!list->n)
        return;
    for (size_t i = 0; i < n; i++) {
        dd_money_col_add(v, &cols.month, dd_digest_amount(&v->d, list->v[i]));
        dd_money_col_add(v, &cols.each, list->v[i]->per_call.expected);
        int w = v->d.per_1000 ? 0 : (int)dd_fmt_count(&v->tmp, list->v[i]->calls).len;
        cols.calls = w > cols.calls ? w : cols.calls;
    }
    dd_str note = dd_str_z(v->wide ? "tokens in → out · $ a call × calls · $ a month" : "$ a month");
    if (v->d.per_1000)
        note = dd_str_z(v->wide ? "tokens in → out · $ a call · $ per 1,000" : "$ per 1,000");
    dd_sheet_heading(v, list->n == n ? "Calls, most expensive first" : "Most expensive calls", note);
    for (size_t i = 0; i < n; i++)
        call(v, list->v[i], &cols);
    if (list->n > n)
        dd_sheet_wrap(v, v->g.rows, v->left, v->left, v->right, DD_ROLE_DIM,
                      dd_arena_printf(&v->tmp, "+ " DD_STR_FMT " more: --verbose lists all", DD_STR_ARG(dd_fmt_count(&v->tmp, (int64_t)(list->n - n)))));
}

/* --- notices --- */

/* "a.py:3, :17, b.py:9, +4 more": calls of one file that follow each other share its name. */
static dd_str places(dd_sheet *v, const dd_site_list *list)
{
    size_t max = v->opts->verbose ? list->n : 4;
    dd_buf b   = DD_BUF_INIT(0);
    for (size_t i = 0; i < list->n && i < max; i++) {
        const dd_site *s = list->v[i], *before = i ? list->v[i - 1] : NULL;
        if (i)
            dd_buf_addz(&b, ", ");
        if (before && s->cell < 0 && before->cell < 0 && dd_str_eq(s->path, before->path))
            dd_buf_printf(&b, ":%u", (unsigned)s->line);
        else
            dd_buf_add(&b, dd_fmt_where(&v->tmp, s, v->narrow ? 34 : 48));
    }
    if (list->n > max)
        dd_buf_printf(&b, ", +%zu", list->n - max);
    dd_str s = dd_arena_dup(&v->tmp, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

static dd_str counted(dd_sheet *v, const dd_site_list *list)
{
    bool apart = !v->d.per_1000;
    for (size_t i = 0; i < list->n && apart; i++)
        apart = list->v[i]->context != DD_CTX_PRODUCTION && list->v[i]->context != DD_CTX_SCRIPT;
    dd_str n = dd_fmt_plural(&v->tmp, list->n, "call", "calls");
    return dd_arena_printf(&v->tmp, DD_STR_FMT "%s: " DD_STR_FMT, DD_STR_ARG(n), apart ? " in tests and examples" : "", DD_STR_ARG(places(v, list)));
}

static dd_str retired_text(dd_sheet *v, const dd_notice *n)
{
    if (n->day == DD_DAY_NONE || !n->model.len)
        return dd_fmt_capital(&v->tmp, n->text);
    bool   gone = n->day <= dd_day_of(v->audit->when);
    dd_str day  = dd_fmt_day(&v->tmp, n->day);
    dd_str to   = n->replacement.len ? dd_arena_printf(&v->tmp, ": replace it with " DD_STR_FMT, DD_STR_ARG(n->replacement)) : DD_STR("");
    return dd_arena_printf(&v->tmp, DD_STR_FMT " %s " DD_STR_FMT DD_STR_FMT, DD_STR_ARG(n->model),
                           gone ? "was retired on" : "will be retired on", DD_STR_ARG(day), DD_STR_ARG(to));
}

static void warning(dd_sheet *v, dd_role role, dd_str text, const dd_site_list *sites)
{
    size_t r = dd_sheet_row(v);
    dd_grid_putz(&v->g, r, v->left, role, "▲");
    r = dd_sheet_wrap(v, r, v->left + 2, v->left + 2, v->right, DD_ROLE_TEXT, text);
    dd_sheet_wrap(v, r + 1, v->left + 2, v->left + 2, v->right, DD_ROLE_DIM, counted(v, sites));
}

static void warnings(dd_sheet *v)
{
    const dd_digest *d   = &v->d;
    size_t           max = v->opts->verbose || d->retired.n <= 7 ? d->retired.n : 6;
    if (!d->retired.n && !d->defaults.n)
        return;
    dd_sheet_heading(v, "Warnings", DD_STR(""));
    for (size_t i = 0; i < max; i++) {
        const dd_notice *n = &d->retired.v[i];
        bool gone = n->day != DD_DAY_NONE && n->day <= dd_day_of(v->audit->when);
        warning(v, gone ? DD_ROLE_BAD : DD_ROLE_WARN, retired_text(v, n), &n->sites);
    }
    if (d->retired.n > max)
        dd_grid_put(&v->g, dd_sheet_row(v), v->left + 2, DD_ROLE_DIM,
                    dd_arena_printf(&v->tmp, "+ %zu more retired models: --verbose lists all", d->retired.n - max));
    for (size_t i = 0; i < d->defaults.n; i++)
        warning(v, DD_ROLE_WARN, d->defaults.v[i].text, &d->defaults.v[i].sites);
}

static void more_savings(dd_sheet *v)
{
    static const char *const titles[DD_ADVICE_COUNT] = {
        [DD_ADVICE_NO_CAP] = "Cap the output", [DD_ADVICE_CACHE] = "Cache the static prompt",
        [DD_ADVICE_BATCH] = "Use the batch price", [DD_ADVICE_EMBED] = "Newer embeddings, index again",
    };
    const dd_notice_list *list = &v->d.more;
    dd_money_col          money = { 0 };
    if (!list->n)
        return;
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i].saving > 0)
            dd_money_col_add(v, &money, list->v[i].saving);
    dd_sheet_heading(v, "More ways to save", dd_str_z(money.whole ? "saved a month, not in the sum above" : ""));
    for (size_t i = 0; i < list->n; i++) {
        const dd_notice *n = &list->v[i];
        size_t           r = dd_sheet_row(v);
        int    end  = v->right - (money.whole ? dd_money_col_width(&money) + 2 : 0);
        dd_str name = dd_fmt_path(&v->tmp, dd_str_z(titles[n->kind]), end - v->left);
        int    col  = dd_grid_put(&v->g, r, v->left, DD_ROLE_TEXT, name) + 2;
        dd_str calls = dd_fmt_plural(&v->tmp, n->sites.n, "call", "calls");
        if (col + (int)calls.len <= end)
            dd_grid_put(&v->g, r, col, DD_ROLE_DIM, calls);
        if (n->saving > 0)
            dd_money_col_put(v, &money, r, v->right, DD_ROLE_SAVING, n->saving);
        dd_sheet_wrap(v, r + 1, v->left + 2, v->left + 2, v->right, DD_ROLE_DIM, places(v, &n->sites));
    }
}

/* What the candidates of a call would cost, where that is known. */
static dd_str candidate_range(dd_sheet *v, const dd_site_list *sites)
{
    const dd_money_range *m = &sites->v[0]->per_call;
    if (sites->n != 1 || m->expected == DD_PUSD_UNKNOWN)
        return DD_STR("");
    return dd_arena_printf(&v->tmp, " · " DD_STR_FMT " – " DD_STR_FMT " a call", DD_STR_ARG(dd_fmt_money(&v->tmp, m->low)),
                           DD_STR_ARG(dd_fmt_money(&v->tmp, m->high)));
}

static void causes(dd_sheet *v, const dd_notice_list *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t r = dd_sheet_row(v);
        dd_grid_putz(&v->g, r, v->left, DD_ROLE_WARN, v->opts->ascii ? "?" : "○");
        dd_str text = dd_arena_printf(&v->tmp, DD_STR_FMT DD_STR_FMT, DD_STR_ARG(dd_fmt_capital(&v->tmp, list->v[i].text)),
                                      DD_STR_ARG(candidate_range(v, &list->v[i].sites)));
        r = dd_sheet_wrap(v, r, v->left + 2, v->left + 2, v->right, DD_ROLE_TEXT, text);
        dd_sheet_wrap(v, r + 1, v->left + 2, v->left + 2, v->right, DD_ROLE_DIM, counted(v, &list->v[i].sites));
    }
}

static void unknown(dd_sheet *v)
{
    const dd_notice_list *list = &v->d.causes;
    size_t                n    = v->opts->verbose || list->n <= 7 ? list->n : 6, rest = 0, aside = v->d.unknown.n - v->d.n_unknown_billed;
    if (!v->d.unknown.n)
        return;
    dd_sheet_heading(v, "Not priced", dd_fmt_plural(&v->tmp, v->d.unknown.n, "call, in no total", "calls, in no total"));
    causes(v, list, n);
    for (size_t i = n; i < list->n; i++)
        rest += list->v[i].sites.n;
    if (rest)
        dd_grid_put(&v->g, dd_sheet_row(v), v->left + 2, DD_ROLE_DIM,
                    dd_arena_printf(&v->tmp, "+ %zu more for other reasons: --verbose lists all", rest));
    if (v->opts->verbose)
        causes(v, &v->d.causes_aside, v->d.causes_aside.n);
    else if (aside)
        dd_sheet_wrap(v, v->g.rows, v->left + 2, v->left + 2, v->right, DD_ROLE_DIM,
                      dd_arena_printf(&v->tmp, "%s" DD_STR_FMT " in tests, examples and notebooks: --verbose lists all", n ? "+ " : "",
                                      DD_STR_ARG(dd_fmt_plural(&v->tmp, aside, "call", "calls"))));
    if (!n)
        return;
    dd_sheet_wrap(v, v->g.rows, v->left, v->left, v->right, DD_ROLE_DIM,
                  DD_STR("Say which model runs: dd0c scan --sync-usage dd0c-usage.yaml writes a file with these calls; fill in "
                         "\"model:\" and scan again with --usage dd0c-usage.yaml."));
}

void dd_text_notices(dd_sheet *v)
{
    more_savings(v);
    warnings(v);
    unknown(v);
}

/* --- apart from the total --- */

static void aside_of(dd_sheet *v, dd_context ctx, const char *label)
{
    const dd_site *dearest = NULL, *cheapest = NULL;
    dd_site_list   of = { 0 };
    size_t         n  = 0;
    for (size_t i = 0; i < v->d.aside.n; i++) {
        const dd_site *s = v->d.aside.v[i];
        if (s->context != ctx)
            continue;
        dearest  = dearest ? dearest : s;
        cheapest = s;
        dd_avec_push(&v->tmp, &of, s);
        n++;
    }
    if (!n)
        return;
    dd_arena *t   = &v->tmp;
    dd_str    lo  = dd_fmt_money(t, cheapest->per_call.expected), hi = dd_fmt_money(t, dearest->per_call.expected);
    dd_str    amount = dd_str_eq(lo, hi) ? lo : dd_arena_printf(t, DD_STR_FMT " – " DD_STR_FMT, DD_STR_ARG(lo), DD_STR_ARG(hi));
    dd_str    text   = dd_arena_printf(t, DD_STR_FMT " · " DD_STR_FMT " a call · " DD_STR_FMT, DD_STR_ARG(dd_fmt_plural(t, n, "call", "calls")),
                                       DD_STR_ARG(amount), DD_STR_ARG(v->opts->verbose ? DD_STR("each of") : places(v, &of)));
    dd_sheet_entry(v, label, DD_ROLE_TEXT, text);
    for (size_t i = 0; v->opts->verbose && i < n; i++)
        dd_sheet_entry(v, NULL, DD_ROLE_DIM,
                       dd_arena_printf(t, DD_STR_FMT " · " DD_STR_FMT " · " DD_STR_FMT, DD_STR_ARG(dd_fmt_where(t, of.v[i], 48)),
                                       DD_STR_ARG(dd_fmt_model(t, of.v[i])), DD_STR_ARG(dd_fmt_money(t, of.v[i]->per_call.expected))));
}

static void aside_list(dd_sheet *v, const char *label, const dd_site_list *list, const char *what)
{
    if (list->n)
        dd_sheet_entry(v, label, DD_ROLE_TEXT,
                       dd_arena_printf(&v->tmp, DD_STR_FMT " · %s · " DD_STR_FMT, DD_STR_ARG(dd_fmt_plural(&v->tmp, list->n, "call", "calls")), what,
                                       DD_STR_ARG(places(v, list))));
}

void dd_text_aside(dd_sheet *v)
{
    static const char *const labels[DD_CTX_COUNT] = { "Production", "Scripts", "Tests", "Examples", "Notebooks" };
    const dd_digest *d = &v->d;
    if (d->aside.n + d->local.n + d->not_tokens.n + d->ignored.n == 0)
        return;
    dd_sheet_heading(v, "Not in the total", dd_str_z(d->aside.n ? "priced per call" : ""));
    for (int c = 0; c < DD_CTX_COUNT; c++)
        aside_of(v, (dd_context)c, labels[c]);
    aside_list(v, "Self-hosted", &d->local, "without an API bill");
    aside_list(v, "Other units", &d->not_tokens, "billed by image, minute or request");
    aside_list(v, "Left out", &d->ignored, "with a dd0c: ignore comment");
}
