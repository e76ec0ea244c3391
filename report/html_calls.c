/* The HTML report's table of every call. */
#include "report/html.h"

static void z(dd_html *h, const char *text) { dd_buf_addz(h->out, text); }

/* A number cell: what is shown, and what sorting reads ("" sorts below everything). */
static void money_cell(dd_html *h, dd_pusd m, bool known)
{
    z(h, "<td class=\"r\" data-v=\"");
    if (known && m != DD_PUSD_UNKNOWN)
        dd_money_json(m, h->out);
    z(h, "\">");
    dd_buf_add(h->out, known ? dd_fmt_money(&h->tmp, m) : DD_STR("–"));
    z(h, "</td>");
}

static void model_cell(dd_html *h, const dd_site *s)
{
    z(h, "<td class=\"w\"><code>");
    dd_html_text(h->out, dd_fmt_model(&h->tmp, s));
    z(h, "</code><small>");
    dd_html_text(h->out, dd_site_unknown(s) ? dd_site_cause(&h->tmp, s) : dd_fmt_how(s));
    z(h, "</small></td>");
}

static void suggestion_cell(dd_html *h, const dd_site *s)
{
    const dd_suggestion *g = s->suggestion;
    if (!g) {
        z(h, "<td></td><td class=\"r\" data-v=\"\"></td>");
        return;
    }
    z(h, "<td class=\"w\"><code>");
    dd_html_text(h->out, g->model);
    dd_buf_printf(h->out, "</code><small>%s: ", dd_confidence_name(g->confidence));
    dd_html_text(h->out, g->reason);
    z(h, "</small></td>");
    dd_pusd saved = dd_digest_saving(&h->d, s);
    z(h, "<td class=\"r save\" data-v=\"");
    if (saved != DD_PUSD_UNKNOWN)
        dd_money_json(saved, h->out);
    z(h, "\">");
    dd_buf_add(h->out, saved != DD_PUSD_UNKNOWN ? dd_fmt_money(&h->tmp, saved) : DD_STR(""));
    z(h, "</td>");
}

static void call(dd_html *h, const dd_site *s)
{
    bool billed = dd_site_priced(s) && !s->ignore && (s->in_total || h->d.per_1000);
    dd_buf_printf(h->out, "<tr id=\"s-");
    dd_html_text(h->out, s->id);
    dd_buf_printf(h->out, "\" data-c=\"%s\"%s%s><td class=\"w\">", dd_context_name(s->context), s->suggestion ? " data-s" : "",
                  s->in_total || h->d.per_1000 ? "" : " class=\"aside\"");
    dd_html_where(h, s);
    z(h, "<small>");
    dd_html_text(h->out, dd_arena_printf(&h->tmp, DD_STR_FMT " " DD_STR_FMT ", %s", DD_STR_ARG(s->sdk), DD_STR_ARG(s->api), dd_context_name(s->context)));
    z(h, "</small></td>");
    model_cell(h, s);
    dd_buf_printf(h->out, "<td class=\"r\" data-v=\"%lld\">" DD_STR_FMT " → " DD_STR_FMT "</td>", (long long)s->input_tokens.expected,
                  DD_STR_ARG(dd_fmt_tokens(&h->tmp, s->input_tokens.expected)), DD_STR_ARG(dd_fmt_tokens(&h->tmp, s->output_tokens.expected)));
    money_cell(h, s->per_call.expected, true);
    money_cell(h, dd_digest_amount(&h->d, s), billed || dd_site_unknown(s));
    suggestion_cell(h, s);
    z(h, "</tr>\n");
}

static void head(dd_html *h, const char *name, bool right)
{
    dd_buf_printf(h->out, "<th scope=\"col\"%s><button type=\"button\">%s</button></th>", right ? " class=\"r\"" : "", name);
}

void dd_html_calls(dd_html *h)
{
    const dd_site_list *parts[] = { &h->d.billed, &h->d.unknown, &h->d.aside, &h->d.not_tokens, &h->d.local, &h->d.ignored };
    dd_buf_printf(h->out, "<section aria-label=\"Every call\"><h2>Every call<small>%zu found</small></h2>\n<div class=\"tools\">"
                          "<input type=\"search\" id=\"find\" placeholder=\"Filter by path, model, SDK\" aria-label=\"Filter calls\">"
                          "<select id=\"context\" aria-label=\"Context\"><option value=\"\">every context</option>", h->audit->n_sites);
    for (int c = 0; c < DD_CTX_COUNT; c++)
        if (h->audit->n_by_context[c])
            dd_buf_printf(h->out, "<option>%s</option>", dd_context_name((dd_context)c));
    z(h, "</select><label><input type=\"checkbox\" id=\"only\"> with a suggestion</label><output id=\"said\" aria-live=\"polite\"></output></div>\n"
         "<div class=\"box scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of calls\"><table id=\"calls\"><thead><tr>");
    head(h, "Call", false), head(h, "Model", false), head(h, "Tokens", true), head(h, "A call", true);
    head(h, h->d.per_1000 ? "Per 1,000" : "A month", true), head(h, "Suggested", false), head(h, "Saves", true);
    z(h, "</tr></thead><tbody>\n");
    for (size_t p = 0; p < DD_COUNT(parts); p++)
        for (size_t i = 0; i < parts[p]->n; i++)
            call(h, parts[p]->v[i]);
    z(h, "</tbody></table></div></section>\n");
}
