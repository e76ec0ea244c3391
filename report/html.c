/* One self-contained page: no request leaves it, its script holds no data, every name from outside is escaped. */
#include "report/html.h"

void dd_html_text(dd_buf *b, dd_str s)
{
    for (size_t pos = 0; pos < s.len;) {
        uint32_t cp = dd_utf8_next(s, &pos);
        switch (cp) {
        case '&': dd_buf_addz(b, "&amp;"); break;
        case '<': dd_buf_addz(b, "&lt;"); break;
        case '>': dd_buf_addz(b, "&gt;"); break;
        case '"': dd_buf_addz(b, "&quot;"); break;
        case '\'': dd_buf_addz(b, "&#39;"); break;
        default:
            dd_buf_utf8(b, dd_utf8_harmful(cp) ? 0xfffd : cp);
        }
    }
}

void dd_html_where(dd_html *h, const dd_site *s)
{
    dd_str    where = dd_fmt_where(&h->tmp, s, 0);
    ptrdiff_t slash = dd_str_rchr(where, '/');
    dd_buf_addz(h->out, "<span class=\"mono\"><span class=\"dim\">");
    dd_html_text(h->out, dd_str_sub(where, 0, (size_t)(slash + 1)));
    dd_buf_addz(h->out, "</span>");
    dd_html_text(h->out, dd_str_sub(where, (size_t)(slash + 1), where.len));
    dd_buf_addz(h->out, "</span>");
}

static void z(dd_html *h, const char *text) { dd_buf_addz(h->out, text); }

static void head(dd_html *h)
{
    z(h, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
         "base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>dd0c scan: ");
    dd_html_text(h->out, h->audit->root);
    z(h, "</title>\n<style>\n");
    z(h, dd_html_style);
    z(h, "</style>\n</head>\n<body>\n<header><h1>dd0c scan <span>");
    dd_html_text(h->out, h->audit->root);
    dd_buf_printf(h->out, " · " DD_STR_FMT "</span></h1><button type=\"button\" id=\"theme\" hidden>Dark</button></header>\n<main>\n",
                  DD_STR_ARG(dd_fmt_day(&h->tmp, dd_day_of(h->audit->when))));
}

static void bill_card(dd_html *h)
{
    const dd_money_range *m = &h->d.total;
    bool any = h->d.billed.n > 0;
    dd_buf_printf(h->out, "<div class=\"card\"><h3>%s</h3><b>" DD_STR_FMT "</b>", h->d.per_1000 ? "Estimated cost per 1,000 calls" : "Estimated monthly bill",
                  DD_STR_ARG(any ? dd_fmt_about(&h->tmp, m->expected) : DD_STR("not known")));
    if (any && m->low < m->high && m->expected != DD_PUSD_UNKNOWN) {
        double at = 100 * ((double)m->expected - (double)m->low) / ((double)m->high - (double)m->low);
        dd_buf_printf(h->out, "<div class=\"gauge\"><i class=\"dot\" style=\"left:%.1f%%\"></i></div><div class=\"ends\"><span>low " DD_STR_FMT
                              "</span><span>high " DD_STR_FMT "</span></div>", at < 0 ? 0 : at > 100 ? 100 : at,
                      DD_STR_ARG(dd_fmt_about(&h->tmp, m->low)), DD_STR_ARG(dd_fmt_about(&h->tmp, m->high)));
    }
    z(h, "</div>\n");
}

static void savings_card(dd_html *h)
{
    bool   any   = h->d.savings > 0 && h->d.opportunities.n;
    dd_str share = dd_fmt_percent(&h->tmp, h->d.savings, h->d.total.expected);
    z(h, "<div class=\"card\"><h3>Potential savings</h3>");
    if (!any) {
        z(h, "<b>none found</b></div>\n");
        return;
    }
    dd_buf_printf(h->out, "<b class=\"save\">" DD_STR_FMT "</b>", DD_STR_ARG(dd_fmt_about(&h->tmp, h->d.savings)));
    if (share.len)
        dd_buf_printf(h->out, "<div class=\"gauge\"><i style=\"width:%.1f%%\"></i></div>",
                      h->d.savings > h->d.total.expected ? 100.0 : 100 * (double)h->d.savings / (double)h->d.total.expected);
    dd_buf_printf(h->out, "<div class=\"ends\"><span>" DD_STR_FMT " of the bill</span><span>" DD_STR_FMT "</span></div></div>\n", DD_STR_ARG(share),
                  DD_STR_ARG(dd_fmt_plural(&h->tmp, h->d.opportunities.n, "call", "calls")));
}

static void fact_card(dd_html *h, const char *title, dd_str figure, dd_str below)
{
    dd_buf_printf(h->out, "<div class=\"card\"><h3>%s</h3><b>", title);
    dd_html_text(h->out, figure);
    z(h, "</b><p>");
    dd_html_text(h->out, below);
    z(h, "</p></div>\n");
}

static void cards(dd_html *h)
{
    const dd_audit *a = h->audit;
    z(h, "<div class=\"cards\">\n");
    bill_card(h);
    savings_card(h);
    fact_card(h, "Calls found", dd_fmt_count(&h->tmp, (int64_t)a->n_sites),
              dd_arena_printf(&h->tmp, "%zu in the total, %zu not priced, %zu tests, examples and notebooks", a->n_in_total, a->n_unknown,
                              a->n_by_context[DD_CTX_TEST] + a->n_by_context[DD_CTX_EXAMPLE] + a->n_by_context[DD_CTX_NOTEBOOK]));
    fact_card(h, "Price table", dd_fmt_day(&h->tmp, a->prices.date),
              dd_arena_printf(&h->tmp, DD_STR_FMT ", " DD_STR_FMT ", %zu models", DD_STR_ARG(a->prices.name),
                              DD_STR_ARG(dd_fmt_age(&h->tmp, a->price_age_days)), a->prices.models));
    z(h, "</div>\n<p class=\"note\">An estimate from source code, not a measurement. Volume: ");
    dd_html_text(h->out, a->volume_basis.len ? a->volume_basis : DD_STR("preset default"));
    z(h, ".</p>\n");
}

static void opportunities(dd_html *h)
{
    size_t top = h->opts->top > 0 ? (size_t)h->opts->top : 10, n = h->d.opportunities.n;
    if (!n)
        return;
    dd_buf_printf(h->out, "<section aria-label=\"Top opportunities\"><h2>Top opportunities<small>saved %s</small></h2>\n<ol class=\"opp box\">\n", h->d.unit);
    for (size_t i = 0; i < n && i < top; i++) {
        const dd_site *s = h->d.opportunities.v[i];
        z(h, "<li><a class=\"where\" href=\"#s-");
        dd_html_text(h->out, s->id);
        z(h, "\">");
        dd_html_where(h, s);
        z(h, "</a><span class=\"swap mono\"><span class=\"tag\">");
        dd_html_text(h->out, dd_fmt_model(&h->tmp, s));
        z(h, "</span> → <span class=\"tag to\">");
        dd_html_text(h->out, s->suggestion->model);
        z(h, "</span></span><span class=\"why\">");
        dd_html_text(h->out, dd_fmt_capital(&h->tmp, s->suggestion->reason));
        if (s->suggestion->unchecked.len) {
            z(h, ". Not checked: ");
            dd_html_text(h->out, s->suggestion->unchecked);
        }
        dd_buf_printf(h->out, "</span><span class=\"amount\">" DD_STR_FMT "</span><span class=\"conf\">%s confidence</span></li>\n",
                      DD_STR_ARG(dd_fmt_money(&h->tmp, dd_digest_saving(&h->d, s))), dd_confidence_name(s->suggestion->confidence));
    }
    z(h, "</ol>\n");
    if (n > top)
        dd_buf_printf(h->out, "<p class=\"note\">%zu more in the table of every call.</p>\n", n - top);
    z(h, "</section>\n");
}

static void bars(dd_html *h, const char *title, const dd_sum *v, size_t n, const char *kind)
{
    size_t shown = n < 10 ? n : 10;
    if (!n || v[0].monthly.expected <= 0)
        return;
    dd_buf_printf(h->out, "<section aria-label=\"%s\"><h2>%s</h2><div class=\"box\"><table class=\"bars %s\">\n", title, title, kind);
    for (size_t i = 0; i < shown; i++) {
        dd_str name = !strcmp(kind, "providers") ? dd_provider_name(v[i].name) : v[i].name;
        z(h, "<tr><td title=\"");
        dd_html_text(h->out, name);
        z(h, "\">");
        dd_html_text(h->out, dd_fmt_path(&h->tmp, name, !strcmp(kind, "paths") ? 64 : 34));
        dd_buf_printf(h->out, "</td><td class=\"bar\"><i style=\"width:%.1f%%\"></i></td><td class=\"r\">" DD_STR_FMT "</td><td class=\"r dim\">" DD_STR_FMT
                              "</td><td class=\"r dim\">" DD_STR_FMT "</td></tr>\n",
                      v[i].monthly.expected > 0 ? 100 * (double)v[i].monthly.expected / (double)v[0].monthly.expected : 0,
                      DD_STR_ARG(dd_fmt_money(&h->tmp, v[i].monthly.expected)), DD_STR_ARG(dd_fmt_percent(&h->tmp, v[i].monthly.expected, h->d.total.expected)),
                      DD_STR_ARG(dd_fmt_plural(&h->tmp, v[i].sites, "call", "calls")));
    }
    z(h, "</table></div>");
    if (n > shown)
        dd_buf_printf(h->out, "<p class=\"note\">%zu more.</p>", n - shown);
    z(h, "</section>\n");
}

static void notices(dd_html *h, const char *title, const dd_notice_list *list)
{
    if (!list->n)
        return;
    dd_buf_printf(h->out, "<section aria-label=\"%s\"><h2>%s</h2><div class=\"box\"><ul class=\"list\">\n", title, title);
    for (size_t i = 0; i < list->n; i++) {
        const dd_notice *n = &list->v[i];
        z(h, "<li>");
        if (n->day != DD_DAY_NONE)
            dd_buf_printf(h->out, "<span class=\"badge\">%s " DD_STR_FMT "</span>", n->day <= dd_day_of(h->audit->when) ? "retired" : "retires",
                          DD_STR_ARG(dd_fmt_day(&h->tmp, n->day)));
        dd_html_text(h->out, dd_fmt_capital(&h->tmp, n->text));
        if (n->saving > 0)
            dd_buf_printf(h->out, " <b class=\"save\">" DD_STR_FMT " a month</b>", DD_STR_ARG(dd_fmt_money(&h->tmp, n->saving)));
        z(h, "<small class=\"mono\">");
        for (size_t k = 0; k < n->sites.n && k < 5; k++) {
            z(h, k ? ", <a href=\"#s-" : "<a href=\"#s-");
            dd_html_text(h->out, n->sites.v[k]->id);
            z(h, "\">");
            dd_html_text(h->out, dd_fmt_where(&h->tmp, n->sites.v[k], 60));
            z(h, "</a>");
        }
        if (n->sites.n > 5)
            dd_buf_printf(h->out, " and %zu more", n->sites.n - 5);
        z(h, "</small></li>\n");
    }
    z(h, "</ul></div></section>\n");
}

static void fact(dd_html *h, const char *term, dd_str text)
{
    dd_buf_printf(h->out, "<dt>%s</dt><dd>", term);
    dd_html_text(h->out, text);
    z(h, "</dd>\n");
}

static void about(dd_html *h)
{
    const dd_audit *a = h->audit;
    dd_arena       *t = &h->tmp;
    z(h, "<section aria-label=\"About these figures\"><h2>About these figures</h2><div class=\"box\"><dl>\n");
    fact(h, "Calls", dd_arena_printf(t, "%zu found: %zu priced, %zu unknown, %zu not billed by token, %zu self-hosted, %zu left out by comment", a->n_sites,
                                     a->n_priced, a->n_unknown, a->n_not_tokens, a->n_local, a->n_ignored));
    fact(h, "Where", dd_arena_printf(t, "%zu in production code, %zu in scripts, %zu in tests, %zu in examples, %zu in notebooks", a->n_by_context[0],
                                     a->n_by_context[1], a->n_by_context[2], a->n_by_context[3], a->n_by_context[4]));
    fact(h, "Files", dd_arena_printf(t, "%zu scanned, %zu parsed, %zu ignored, %zu skipped, %zu failed", a->files_seen, a->files_parsed, a->files_ignored,
                                     a->n_skipped, a->n_failed));
    for (size_t i = 0; i < a->n_failed && i < 50; i++)
        fact(h, "Failed", dd_arena_printf(t, DD_STR_FMT ": " DD_STR_FMT, DD_STR_ARG(a->failed[i].path), DD_STR_ARG(a->failed[i].why)));
    for (size_t i = 0; i < a->n_skipped && i < 50; i++)
        fact(h, "Skipped", dd_arena_printf(t, DD_STR_FMT ": " DD_STR_FMT, DD_STR_ARG(a->skipped[i].path), DD_STR_ARG(a->skipped[i].why)));
    if (a->price_warning.len)
        fact(h, "Prices", a->price_warning);
    for (size_t i = 0; i < a->n_assumptions; i++)
        fact(h, "Assumed", a->assumptions[i]);
    z(h, "</dl></div></section>\n");
}

static void nothing_found(dd_html *h)
{
    dd_buf_printf(h->out, "<p>No LLM calls found in " DD_STR_FMT ".</p>\n", DD_STR_ARG(dd_fmt_plural(&h->tmp, h->audit->files_seen, "file", "files")));
}

dd_code dd_report_html(const dd_audit *a, const dd_report_opts *o, dd_buf *out, dd_err *err)
{
    dd_html h = { .out = out, .tmp = DD_ARENA_INIT, .audit = a, .opts = o };
    (void)err;
    dd_digest_make(&h.d, a);
    head(&h);
    if (a->n_sites) {
        cards(&h);
        opportunities(&h);
        dd_html_map(&h);
        z(&h, "<div class=\"two\">\n");
        bars(&h, "By model", h.d.by_model, h.d.n_by_model, "models");
        bars(&h, "By provider", h.d.by_provider, h.d.n_by_provider, "providers");
        z(&h, "</div>\n");
        bars(&h, "Highest-impact files", h.d.by_file, h.d.n_by_file, "paths");
        notices(&h, "Retired models", &h.d.retired);
        notices(&h, "Framework defaults", &h.d.defaults);
        notices(&h, "More ways to save", &h.d.more);
        notices(&h, "Not priced, in no total", &h.d.causes);
        notices(&h, "Not priced, in tests and examples", &h.d.causes_aside);
        dd_html_calls(&h);
    } else {
        nothing_found(&h);
    }
    about(&h);
    z(&h, "</main>\n<script>\n");
    z(&h, dd_html_script);
    z(&h, "</script>\n</body>\n</html>\n");
    dd_digest_free(&h.d);
    dd_arena_fini(&h.tmp);
    return DD_OK;
}
