/* A comment for a pull request: the total first, a hidden marker by which a bot finds it again, details folded, at most
 * 65,000 characters. Names come from code of others: nothing in them may become markup, a mention or a new cell. */
#include "report/markdown.h"

#include "report/digest.h"
#include "report/views.h"

enum { MOST_BYTES = 65000, RESERVE = 4000 }; /* RESERVE: headings and fixed lines, written whatever happens */

typedef struct {
    dd_buf   *out;
    size_t    start;
    dd_arena *tmp;
    dd_digest d;
    const dd_audit       *audit;
    const dd_report_opts *opts;
    size_t    dropped;   /* rows that did not fit */
} page;

/* Text in a table cell or sentence. */
void dd_md_text(dd_buf *b, dd_str s)
{
    for (size_t pos = 0; pos < s.len;) {
        uint32_t cp = dd_utf8_next(s, &pos);
        if (dd_utf8_harmful(cp))
            dd_buf_addc(b, ' ');
        else if (cp == '@' || cp == '#' || cp == '<' || cp == '>' || cp == '&' || cp == '|' || cp == '`' || cp == '\\')
            dd_buf_printf(b, "&#%u;", (unsigned)cp);
        else {
            if (cp < 0x80 && strchr("*_[]~", (int)cp))
                dd_buf_addc(b, '\\');
            dd_buf_utf8(b, cp);
        }
    }
}

/* A code span: the fence is longer than any run of backticks within. */
void dd_md_code(dd_buf *b, dd_str s)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < s.len; i++) {
        run     = s.ptr[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    dd_buf_pad(b, '`', longest + 1);
    if (longest)
        dd_buf_addc(b, ' ');
    for (size_t pos = 0; pos < s.len;) {
        uint32_t cp = dd_utf8_next(s, &pos);
        if (cp == '|')
            dd_buf_addz(b, "\\|");
        else
            dd_buf_utf8(b, dd_utf8_harmful(cp) ? 0xfffd : cp);
    }
    if (longest)
        dd_buf_addc(b, ' ');
    dd_buf_pad(b, '`', longest + 1);
}

/* Keeps what `line` holds if the page has room for it. */
static void row(page *p, dd_buf *line)
{
    if (p->out->len - p->start + line->len + RESERVE <= MOST_BYTES)
        dd_buf_add(p->out, dd_buf_str(line));
    else
        p->dropped++;
    dd_buf_clear(line);
}

static void add(dd_buf *b, dd_str s) { dd_buf_add(b, s); }

static void total_line(page *p)
{
    const dd_digest *d = &p->d;
    dd_buf          *o = p->out;
    if (!p->audit->n_sites) {
        dd_buf_printf(o, "**dd0c: no LLM calls found** in %zu files\n", p->audit->files_seen);
        return;
    }
    if (!d->billed.n) {
        dd_buf_printf(o, "**dd0c: cost not known** · %zu calls found, none could be priced\n", p->audit->n_sites);
        return;
    }
    dd_buf_printf(o, "**Estimated LLM bill: " DD_STR_FMT " %s**", DD_STR_ARG(dd_fmt_about(p->tmp, d->total.expected)), d->unit);
    if (d->total.low != d->total.high)
        dd_buf_printf(o, " (" DD_STR_FMT " – " DD_STR_FMT ")", DD_STR_ARG(dd_fmt_about(p->tmp, d->total.low)), DD_STR_ARG(dd_fmt_about(p->tmp, d->total.high)));
    if (d->savings > 0) {
        dd_str share = dd_fmt_percent(p->tmp, d->savings, d->total.expected);
        dd_buf_printf(o, " · potential savings **" DD_STR_FMT " %s**", DD_STR_ARG(dd_fmt_about(p->tmp, d->savings)), d->unit);
        if (share.len)
            dd_buf_printf(o, " (" DD_STR_FMT ")", DD_STR_ARG(share));
    }
    dd_buf_addc(o, '\n');
}

static void facts_line(page *p)
{
    const dd_audit *a = p->audit;
    dd_buf_printf(p->out, "%zu call sites", a->n_sites);
    if (a->n_in_total)
        dd_buf_printf(p->out, " · %zu in the total", a->n_in_total);
    if (a->n_unknown)
        dd_buf_printf(p->out, " · **%zu not priced**", a->n_unknown);
    if (p->d.retired.n)
        dd_buf_printf(p->out, " · **%zu retired or soon retired %s**", p->d.retired.n, p->d.retired.n == 1 ? "model" : "models");
    if (a->volume_basis.len) {
        dd_buf_addz(p->out, " · volume: ");
        dd_md_text(p->out, a->volume_basis);
    }
    dd_buf_addz(p->out, "\n\n");
}

static void opportunities(page *p)
{
    dd_buf line = DD_BUF_INIT(0);
    size_t top  = p->opts->top > 0 ? (size_t)p->opts->top : 10, n = p->d.opportunities.n;
    if (!n)
        return;
    size_t shown = p->opts->verbose || n < top ? n : top;
    dd_buf_printf(p->out, "### Top opportunities\n\n| where | now | suggested | saves %s | confidence | why |\n|---|---|---|--:|---|---|\n", p->d.unit);
    for (size_t i = 0; i < shown; i++) {
        const dd_site *s = p->d.opportunities.v[i];
        add(&line, DD_STR("| ")), dd_md_code(&line, dd_fmt_where(p->tmp, s, 0)), add(&line, DD_STR(" | ")), dd_md_code(&line, dd_fmt_model(p->tmp, s));
        add(&line, DD_STR(" | ")), dd_md_code(&line, s->suggestion->model);
        dd_buf_printf(&line, " | **" DD_STR_FMT "** | %s | ", DD_STR_ARG(dd_fmt_money(p->tmp, dd_digest_saving(&p->d, s))),
                      dd_confidence_name(s->suggestion->confidence));
        dd_md_text(&line, s->suggestion->reason), add(&line, DD_STR(" |\n"));
        row(p, &line);
    }
    if (n > shown)
        dd_buf_printf(p->out, "\n%zu more in the full report.\n", n - shown);
    dd_buf_addc(p->out, '\n');
    dd_buf_free(&line);
}

static void places(page *p, dd_buf *b, const dd_site_list *list)
{
    for (size_t i = 0; i < list->n && i < 3; i++) {
        if (i)
            add(b, DD_STR(", "));
        dd_md_code(b, dd_fmt_where(p->tmp, list->v[i], 0));
    }
    if (list->n > 3)
        dd_buf_printf(b, " and %zu more", list->n - 3);
}

static void notices(page *p, const dd_notice_list *list, const char *heading)
{
    dd_buf line = DD_BUF_INIT(0);
    if (!list->n)
        return;
    dd_buf_printf(p->out, "### %s\n\n", heading);
    for (size_t i = 0; i < list->n; i++) {
        const dd_notice *n = &list->v[i];
        add(&line, DD_STR("- ")), dd_md_text(&line, n->text);
        if (n->day != DD_DAY_NONE)
            dd_buf_printf(&line, " (" DD_STR_FMT ")", DD_STR_ARG(dd_fmt_day(p->tmp, n->day)));
        if (n->saving > 0)
            dd_buf_printf(&line, ", saves " DD_STR_FMT " a month", DD_STR_ARG(dd_fmt_money(p->tmp, n->saving)));
        add(&line, DD_STR(": ")), places(p, &line, &n->sites), dd_buf_addc(&line, '\n');
        row(p, &line);
    }
    dd_buf_addc(p->out, '\n');
    dd_buf_free(&line);
}

static void fold(page *p, const char *title)
{
    dd_buf_printf(p->out, "<details><summary>%s</summary>\n\n", title);
}

static void unfold(page *p)
{
    dd_buf_addz(p->out, "\n</details>\n\n");
}

static void sums(page *p, const char *name, const dd_sum *v, size_t n)
{
    dd_buf line = DD_BUF_INIT(0);
    dd_buf_printf(p->out, "| %s | calls | %s | share |\n|---|--:|--:|--:|\n", name, p->d.unit);
    for (size_t i = 0; i < n && i < 25; i++) {
        add(&line, DD_STR("| ")), dd_md_code(&line, v[i].name);
        dd_buf_printf(&line, " | %zu | " DD_STR_FMT " | " DD_STR_FMT " |\n", v[i].sites, DD_STR_ARG(dd_fmt_money(p->tmp, v[i].monthly.expected)),
                      DD_STR_ARG(dd_fmt_percent(p->tmp, v[i].monthly.expected, p->d.total.expected)));
        row(p, &line);
    }
    dd_buf_addc(p->out, '\n');
    dd_buf_free(&line);
}

static void calls(page *p)
{
    dd_buf line = DD_BUF_INIT(0);
    dd_buf_printf(p->out, "| where | model | known by | tokens in → out | a call | calls | %s |\n|---|---|---|--:|--:|--:|--:|\n", p->d.unit);
    for (size_t i = 0; i < p->d.billed.n; i++) {
        const dd_site *s = p->d.billed.v[i];
        add(&line, DD_STR("| ")), dd_md_code(&line, dd_fmt_where(p->tmp, s, 0)), add(&line, DD_STR(" | ")), dd_md_code(&line, dd_fmt_model(p->tmp, s));
        dd_buf_printf(&line, " | " DD_STR_FMT " | " DD_STR_FMT " → " DD_STR_FMT " | " DD_STR_FMT " | " DD_STR_FMT " | " DD_STR_FMT " |\n",
                      DD_STR_ARG(dd_fmt_how(s)), DD_STR_ARG(dd_fmt_tokens(p->tmp, s->input_tokens.expected)),
                      DD_STR_ARG(dd_fmt_tokens(p->tmp, s->output_tokens.expected)), DD_STR_ARG(dd_fmt_money(p->tmp, s->per_call.expected)),
                      DD_STR_ARG(dd_fmt_count(p->tmp, s->calls)), DD_STR_ARG(dd_fmt_money(p->tmp, dd_digest_amount(&p->d, s))));
        row(p, &line);
    }
    dd_buf_free(&line);
}

static void about(page *p)
{
    const dd_audit *a = p->audit;
    dd_buf_printf(p->out, "- Calls: %zu found, %zu in the total, %zu priced, %zu unknown, %zu not billed by token, %zu self-hosted\n", a->n_sites,
                  a->n_in_total, a->n_priced, a->n_unknown, a->n_not_tokens, a->n_local);
    dd_buf_printf(p->out, "- By place: %zu in production code, %zu in scripts; apart: %zu in tests, %zu in examples, %zu in notebooks\n",
                  a->n_by_context[DD_CTX_PRODUCTION], a->n_by_context[DD_CTX_SCRIPT], a->n_by_context[DD_CTX_TEST],
                  a->n_by_context[DD_CTX_EXAMPLE], a->n_by_context[DD_CTX_NOTEBOOK]);
    dd_buf_printf(p->out, "- Files: %zu scanned, %zu parsed, %zu ignored, %zu skipped, %zu failed\n", a->files_seen, a->files_parsed, a->files_ignored,
                  a->n_skipped, a->n_failed);
    if (a->prices.name.len)
        dd_buf_printf(p->out, "- Prices: " DD_STR_FMT " table of " DD_STR_FMT ", " DD_STR_FMT "\n", DD_STR_ARG(a->prices.name),
                      DD_STR_ARG(dd_fmt_day(p->tmp, a->prices.date)), DD_STR_ARG(dd_fmt_age(p->tmp, a->price_age_days)));
    dd_buf line = DD_BUF_INIT(0);
    for (size_t i = 0; i < a->n_assumptions; i++) {
        add(&line, DD_STR("- Assumed: ")), dd_md_text(&line, a->assumptions[i]), dd_buf_addc(&line, '\n');
        row(p, &line);
    }
    dd_buf_free(&line);
}

static void folded(page *p)
{
    if (p->d.billed.n) {
        fold(p, "Where it goes");
        sums(p, "model", p->d.by_model, p->d.n_by_model);
        sums(p, "provider", p->d.by_provider, p->d.n_by_provider);
        sums(p, "file", p->d.by_file, p->d.n_by_file);
        unfold(p);
        fold(p, "Every priced call");
        calls(p);
        unfold(p);
    }
    if (p->d.causes.n + p->d.causes_aside.n) {
        fold(p, "Not priced, in no total");
        notices(p, &p->d.causes, "Model or price not known");
        notices(p, &p->d.causes_aside, "The same in tests, examples and notebooks");
        unfold(p);
    }
    if (p->d.more.n) {
        fold(p, "More ways to save");
        notices(p, &p->d.more, "Not in the sum above");
        unfold(p);
    }
    fold(p, "About these figures");
    about(p);
    unfold(p);
}

dd_code dd_report_markdown(const dd_audit *a, const dd_report_opts *o, dd_buf *out, dd_err *err)
{
    dd_arena tmp = DD_ARENA_INIT;
    page     p   = { .out = out, .start = out->len, .tmp = &tmp, .audit = a, .opts = o };
    (void)err;
    dd_digest_make(&p.d, a);
    total_line(&p);
    dd_buf_addz(out, "<!-- dd0c:scan -->\n\n");
    if (a->n_sites) {
        facts_line(&p);
        opportunities(&p);
        notices(&p, &p.d.retired, "Retired models");
        notices(&p, &p.d.defaults, "Framework defaults");
        folded(&p);
    }
    if (p.dropped)
        dd_buf_printf(out, "Shortened to fit a comment: %zu lines left out. The JSON and HTML reports have them.\n\n", p.dropped);
    dd_buf_addz(out, "<sub>An estimate from source code by dd0c, not a measurement.</sub>\n");
    dd_digest_free(&p.d);
    dd_arena_fini(&tmp);
    return DD_OK;
}
