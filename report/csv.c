/* One row a call site, RFC 4180. A cell that a spreadsheet would take for a formula gets a ' in front: paths and model
 * names come from code that somebody else wrote. */
#include "report/csv.h"

#include "report/views.h"

typedef struct {
    dd_buf *out;
    bool    begun;
} row;

void dd_csv_text(dd_buf *out, dd_str s)
{
    static const char formula[] = "=+-@\t\r";
    bool quote = false;
    bool guard = s.len && memchr(formula, s.ptr[0], sizeof formula - 1);
    for (size_t i = 0; i < s.len; i++)
        quote |= s.ptr[i] == ',' || s.ptr[i] == '"' || s.ptr[i] == '\n' || s.ptr[i] == '\r';
    if (quote)
        dd_buf_addc(out, '"');
    if (guard)
        dd_buf_addc(out, '\'');
    for (size_t pos = 0; pos < s.len;) {
        uint32_t cp = dd_utf8_next(s, &pos);
        if (cp == '"')
            dd_buf_addc(out, '"');
        dd_buf_utf8(out, dd_utf8_harmful(cp) && cp != '\n' && cp != '\t' && cp != '\r' ? 0xfffd : cp);
    }
    if (quote)
        dd_buf_addc(out, '"');
}

void dd_csv_number(dd_buf *out, int64_t n, bool known)
{
    if (known)
        dd_buf_printf(out, "%lld", (long long)n);
}

void dd_csv_money(dd_buf *out, dd_pusd m)
{
    if (m != DD_PUSD_UNKNOWN)
        dd_money_json(m, out);
}

static dd_buf *next(row *r)
{
    if (r->begun)
        dd_buf_addc(r->out, ',');
    r->begun = true;
    return r->out;
}

static void cell(row *r, dd_str s) { dd_csv_text(next(r), s); }
static void number(row *r, int64_t n, bool known) { dd_csv_number(next(r), n, known); }
static void money(row *r, dd_pusd m) { dd_csv_money(next(r), m); }

static void end(row *r)
{
    dd_buf_addz(r->out, "\r\n");
    r->begun = false;
}

static void site(row *r, const dd_site *s)
{
    dd_arena a = DD_ARENA_INIT;
    cell(r, s->id), cell(r, s->path), number(r, s->line, true), number(r, s->end_line, true), number(r, s->cell, s->cell >= 0);
    cell(r, dd_str_z(dd_context_name(s->context))), cell(r, dd_str_z(dd_lang_name(s->lang))), cell(r, s->symbol);
    cell(r, s->sdk), cell(r, s->api), cell(r, s->provider), cell(r, s->model), cell(r, dd_str_z(dd_source_name(s->model_source)));
    cell(r, dd_fmt_join(&a, s->candidates, s->n_candidates, " | ", s->n_candidates));
    number(r, s->max_tokens, s->max_tokens >= 0);
    number(r, s->input_tokens.expected, s->input_tokens.expected >= 0);
    number(r, s->output_tokens.expected, s->output_tokens.expected >= 0);
    money(r, s->per_call.expected), number(r, s->calls, true);
    money(r, s->monthly.low), money(r, s->monthly.expected), money(r, s->monthly.high);
    cell(r, dd_str_z(s->in_total ? "yes" : "no"));
    cell(r, s->suggestion ? s->suggestion->model : DD_STR(""));
    money(r, s->suggestion ? s->suggestion->monthly : DD_PUSD_UNKNOWN);
    cell(r, s->suggestion ? dd_str_z(dd_confidence_name(s->suggestion->confidence)) : DD_STR(""));
    cell(r, s->suggestion ? s->suggestion->reason : DD_STR(""));
    end(r);
    dd_arena_fini(&a);
}

dd_code dd_report_csv(const dd_audit *a, const dd_report_opts *o, dd_buf *out, dd_err *err)
{
    static const char *const columns[] = {
        "id", "path", "line", "end_line", "cell", "context", "language", "symbol", "sdk", "api", "provider", "model", "model_source",
        "candidates", "max_tokens", "input_tokens", "output_tokens", "cost_per_call_usd", "calls_per_month", "monthly_cost_low_usd",
        "monthly_cost_usd", "monthly_cost_high_usd", "in_total", "suggested_model", "monthly_savings_usd", "confidence", "reason",
    };
    (void)o, (void)err;
    row r = { out, false };
    for (size_t i = 0; i < DD_COUNT(columns); i++)
        cell(&r, dd_str_z(columns[i]));
    end(&r);
    for (size_t i = 0; i < a->n_sites; i++)
        site(&r, a->sites[i]);
    return DD_OK;
}
