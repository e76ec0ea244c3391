/* The honesty block: what was found, read and assumed. */
#include "report/sheet.h"

/* "a · b · c" out of parts that are worth saying. */
static void part(dd_buf *b, dd_str s)
{
    if (b->len)
        dd_buf_addz(b, " · ");
    dd_buf_add(b, s);
}

static void count(dd_sheet *v, dd_buf *b, size_t n, const char *what)
{
    if (n)
        part(b, dd_arena_printf(&v->tmp, DD_STR_FMT " %s", DD_STR_ARG(dd_fmt_count(&v->tmp, (int64_t)n)), what));
}

static void entry(dd_sheet *v, const char *label, dd_buf *b)
{
    if (b->len)
        dd_sheet_entry(v, label, DD_ROLE_DIM, dd_arena_dup(&v->tmp, dd_buf_str(b)));
    dd_buf_clear(b);
}

static void sites_line(dd_sheet *v, dd_buf *b)
{
    const dd_audit *a = v->audit;
    part(b, dd_arena_printf(&v->tmp, DD_STR_FMT " found", DD_STR_ARG(dd_fmt_count(&v->tmp, (int64_t)a->n_sites))));
    count(v, b, a->n_in_total, "in the total");
    count(v, b, a->n_priced, "priced");
    count(v, b, a->n_unknown, "unknown");
    count(v, b, a->n_not_tokens, "not billed by token");
    count(v, b, a->n_local, "self-hosted");
    count(v, b, a->n_ignored, "left out by comment");
    entry(v, "Calls", b);
    static const char *const names[DD_CTX_COUNT] = { "in production code", "in scripts", "in tests", "in examples", "in notebooks" };
    for (int c = 0; c < DD_CTX_COUNT; c++)
        count(v, b, a->n_by_context[c], names[c]);
    entry(v, NULL, b);
}

static void file_notes(dd_sheet *v, const char *what, const dd_file_note *list, size_t n)
{
    size_t max = v->opts->verbose || n <= 5 ? n : 4;
    for (size_t i = 0; i < max; i++)
        dd_sheet_entry(v, NULL, DD_ROLE_DIM,
                       dd_arena_printf(&v->tmp, "%s " DD_STR_FMT ": " DD_STR_FMT, what, DD_STR_ARG(dd_fmt_path(&v->tmp, list[i].path, 48)),
                                       DD_STR_ARG(list[i].why)));
    if (n > max)
        dd_sheet_entry(v, NULL, DD_ROLE_DIM, dd_arena_printf(&v->tmp, "%s %zu more: --verbose lists all", what, n - max));
}

static void files_lines(dd_sheet *v, dd_buf *b)
{
    const dd_audit *a = v->audit;
    part(b, dd_arena_printf(&v->tmp, DD_STR_FMT " scanned", DD_STR_ARG(dd_fmt_count(&v->tmp, (int64_t)a->files_seen))));
    count(v, b, a->files_candidates, "mention an LLM");
    count(v, b, a->files_parsed, "parsed");
    count(v, b, a->files_ignored, "ignored");
    count(v, b, a->n_skipped, "skipped");
    count(v, b, a->n_failed, "failed");
    if (a->seconds > 0)
        part(b, dd_arena_printf(&v->tmp, "%.2f s", a->seconds));
    entry(v, "Files", b);
    file_notes(v, "failed", a->failed, a->n_failed);
    file_notes(v, "skipped", a->skipped, a->n_skipped);
}

static void prices_lines(dd_sheet *v, dd_buf *b)
{
    const dd_audit *a = v->audit;
    if (!a->prices.name.len)
        return;
    dd_str date = DD_STR("");
    if (a->prices.date != DD_DAY_NONE)
        date = dd_arena_printf(&v->tmp, " of " DD_STR_FMT " (" DD_STR_FMT ")", DD_STR_ARG(dd_fmt_day(&v->tmp, a->prices.date)),
                               DD_STR_ARG(dd_fmt_age(&v->tmp, a->price_age_days)));
    part(b, dd_arena_printf(&v->tmp, DD_STR_FMT " table" DD_STR_FMT, DD_STR_ARG(a->prices.name), DD_STR_ARG(date)));
    count(v, b, a->prices.models, "models");
    entry(v, "Prices", b);
    if (a->price_warning.len)
        dd_sheet_entry(v, NULL, DD_ROLE_WARN, a->price_warning);
}

void dd_text_footer(dd_sheet *v)
{
    const dd_audit *a = v->audit;
    dd_buf          b = DD_BUF_INIT(0);
    dd_sheet_heading(v, "About these figures", DD_STR("your code stayed on this machine"));
    if (a->n_sites)
        sites_line(v, &b);
    files_lines(v, &b);
    if (a->n_sites) {
        prices_lines(v, &b);
        for (size_t i = 0; i < a->n_assumptions; i++)
            dd_sheet_entry(v, i ? NULL : "Assumed", DD_ROLE_DIM, a->assumptions[i]);
    }
    dd_buf_free(&b);
}
