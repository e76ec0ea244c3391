/* One call site in full: what is called, how its model is known, what it costs and why, what would be cheaper. */
#include "report/sheet.h"

static const dd_site *site_of(const dd_audit *a, dd_str id, dd_err *err)
{
    const dd_site *found = NULL;
    size_t         n     = 0;
    for (size_t i = 0; i < a->n_sites; i++) {
        if (dd_str_eq(a->sites[i]->id, id))
            return a->sites[i];
        if (id.len >= 4 && dd_str_starts(a->sites[i]->id, id)) {
            found = a->sites[i];
            n++;
        }
    }
    if (n == 1)
        return found;
    if (n > 1) {
        dd_fail(err, DD_ERR_USAGE, "call site \"" DD_STR_FMT "\": %zu ids begin so", DD_STR_ARG(id), n);
        dd_hint(err, "Give more of its digits.");
        return NULL;
    }
    dd_fail(err, DD_ERR_NOT_FOUND, "call site \"" DD_STR_FMT "\": no such id in this scan", DD_STR_ARG(dd_str_sub(id, 0, 60)));
    dd_hint(err, "dd0c scan --format jsonl lists the ids.");
    return NULL;
}

static void field(dd_sheet *v, const char *label, dd_str text)
{
    if (text.len)
        dd_sheet_entry(v, label, DD_ROLE_TEXT, text);
}

static void what_is_called(dd_sheet *v, const dd_site *s)
{
    dd_arena *t = &v->tmp;
    dd_sheet_row(v);
    size_t r = dd_sheet_row(v);
    dd_sheet_where(v, r, v->left, v->right - v->left - 14, s);
    dd_grid_put_end(&v->g, r, v->right, DD_ROLE_DIM, s->id);
    dd_sheet_row(v);
    field(v, "Call", s->callee);
    field(v, "In", s->symbol);
    field(v, "API", dd_arena_printf(t, DD_STR_FMT " " DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(s->sdk), DD_STR_ARG(s->api),
                                    s->provider.len ? ", billed by " : "", DD_STR_ARG(dd_provider_name(s->provider))));
    field(v, "Context", dd_arena_printf(t, "%s%s", dd_context_name(s->context), s->in_total ? "" : ", not in the total"));
    field(v, "Receiver", dd_str_z(dd_provenance_name(s->provenance)));
    field(v, "Label", s->label);
}

static void model(dd_sheet *v, const dd_site *s)
{
    dd_arena *t = &v->tmp;
    dd_sheet_heading(v, "Model", dd_str_z(dd_source_name(s->model_source)));
    dd_sheet_entry(v, "Model", s->model.ptr ? DD_ROLE_MODEL : DD_ROLE_WARN, s->model.ptr ? s->model : DD_STR("not known"));
    if (!s->model.ptr || dd_site_unknown(s))
        field(v, "Why", dd_fmt_capital(t, dd_site_cause(t, s)));
    field(v, "Possible", dd_fmt_join(t, s->candidates, s->n_candidates, ", ", s->n_candidates));
    field(v, "Callers pass", dd_fmt_join(t, s->variants, s->n_variants, ", ", s->n_variants));
    field(v, "Variable", s->env_var);
    for (size_t i = 0; i < s->n_chain; i++) {
        const dd_step *p    = &s->chain[i];
        dd_str         cell = p->cell >= 0 ? dd_arena_printf(t, "[%d]", (int)p->cell) : DD_STR("");
        field(v, i ? NULL : "Found by", dd_arena_printf(t, "%zu. " DD_STR_FMT "  (" DD_STR_FMT DD_STR_FMT ":%u)", i + 1, DD_STR_ARG(p->what),
                                                        DD_STR_ARG(p->path), DD_STR_ARG(cell), (unsigned)p->line));
    }
}

static dd_str token_range(dd_sheet *v, const dd_range *r)
{
    dd_arena *t = &v->tmp;
    if (r->expected < 0)
        return DD_STR("not known");
    if (r->low == r->high)
        return dd_fmt_count(t, r->expected);
    return dd_arena_printf(t, DD_STR_FMT "  (" DD_STR_FMT " – " DD_STR_FMT ")", DD_STR_ARG(dd_fmt_count(t, r->expected)),
                           DD_STR_ARG(dd_fmt_count(t, r->low)), DD_STR_ARG(dd_fmt_count(t, r->high)));
}

static dd_str money_range(dd_sheet *v, const dd_money_range *m)
{
    dd_arena *t = &v->tmp;
    if (m->expected == DD_PUSD_UNKNOWN || m->low == m->high)
        return dd_fmt_money(t, m->expected);
    return dd_arena_printf(t, DD_STR_FMT "  (" DD_STR_FMT " – " DD_STR_FMT ")", DD_STR_ARG(dd_fmt_money(t, m->expected)),
                           DD_STR_ARG(dd_fmt_money(t, m->low)), DD_STR_ARG(dd_fmt_money(t, m->high)));
}

static void price(dd_sheet *v, const dd_price *p)
{
    dd_arena *t   = &v->tmp;
    dd_pusd   in  = DD_PUSD_UNKNOWN, out = DD_PUSD_UNKNOWN;
    if (p->rates.input != DD_PRICE_NONE)
        (void)dd_money_mul(p->rates.input, 1000000, &in);
    if (p->rates.output != DD_PRICE_NONE)
        (void)dd_money_mul(p->rates.output, 1000000, &out);
    dd_str from = p->source.len ? dd_arena_printf(t, "; " DD_STR_FMT " " DD_STR_FMT, DD_STR_ARG(p->source), DD_STR_ARG(dd_fmt_day(t, p->source_date)))
                                : DD_STR("");
    dd_str output = out == DD_PUSD_UNKNOWN ? DD_STR("") : dd_arena_printf(t, ", " DD_STR_FMT " out", DD_STR_ARG(dd_fmt_money(t, out)));
    field(v, "Price", dd_arena_printf(t, DD_STR_FMT "/" DD_STR_FMT ": " DD_STR_FMT " in" DD_STR_FMT " per million tokens" DD_STR_FMT,
                                      DD_STR_ARG(p->provider), DD_STR_ARG(p->id), DD_STR_ARG(dd_fmt_money(t, in)), DD_STR_ARG(output),
                                      DD_STR_ARG(from)));
    field(v, NULL, p->note);
}

static void cost(dd_sheet *v, const dd_site *s)
{
    dd_arena *t = &v->tmp;
    dd_sheet_heading(v, "Cost", DD_STR("an estimate"));
    field(v, "Task", dd_arena_printf(t, "%s, %s complexity%s%s", dd_task_name(s->cls.task), dd_complexity_name(s->cls.complexity),
                                     s->cls.why && *s->cls.why ? ": " : "", s->cls.why ? s->cls.why : ""));
    field(v, "Tokens in", token_range(v, &s->input_tokens));
    field(v, "Tokens out", token_range(v, &s->output_tokens));
    field(v, "Because", s->tokens_basis);
    if (s->max_tokens >= 0)
        field(v, "Cap", dd_arena_printf(t, DD_STR_FMT " tokens out at most", DD_STR_ARG(dd_fmt_count(t, s->max_tokens))));
    if (s->price.price)
        price(v, s->price.price);
    field(v, "A call", money_range(v, &s->per_call));
    if (s->calls > 0)
        field(v, "A month", dd_arena_printf(t, DD_STR_FMT "  at " DD_STR_FMT " calls", DD_STR_ARG(money_range(v, &s->monthly)),
                                            DD_STR_ARG(dd_fmt_count(t, s->calls))));
    field(v, "Volume", s->calls_basis);
}

static void suggestion(dd_sheet *v, const char *label, const dd_suggestion *s)
{
    dd_arena *t = &v->tmp;
    if (!s)
        return;
    dd_str saves = s->monthly == DD_PUSD_UNKNOWN
        ? dd_arena_printf(t, DD_STR_FMT " a call", DD_STR_ARG(dd_fmt_money(t, s->per_call)))
        : dd_arena_printf(t, DD_STR_FMT " a month, " DD_STR_FMT " a call", DD_STR_ARG(dd_fmt_money(t, s->monthly)), DD_STR_ARG(dd_fmt_money(t, s->per_call)));
    dd_sheet_entry(v, label, DD_ROLE_SAVING, dd_arena_printf(t, DD_STR_FMT " (" DD_STR_FMT "): saves " DD_STR_FMT, DD_STR_ARG(s->model),
                                                             DD_STR_ARG(dd_provider_name(s->provider)), DD_STR_ARG(saves)));
    field(v, NULL, dd_arena_printf(t, "%s confidence: " DD_STR_FMT, dd_confidence_name(s->confidence), DD_STR_ARG(s->reason)));
    if (s->unchecked.len)
        dd_sheet_entry(v, NULL, DD_ROLE_DIM, dd_arena_printf(t, "Not checked: " DD_STR_FMT, DD_STR_ARG(s->unchecked)));
}

static void advice(dd_sheet *v, const dd_site *s)
{
    if (!s->suggestion && !s->other_provider && !s->n_advice)
        return;
    dd_sheet_heading(v, "Cheaper, safer", DD_STR(""));
    suggestion(v, "Suggested", s->suggestion);
    suggestion(v, "Elsewhere", s->other_provider);
    for (size_t i = 0; i < s->n_advice; i++)
        if (s->advice[i].kind != DD_ADVICE_DOWNGRADE || !s->suggestion)
            dd_sheet_entry(v, dd_advice_rule(s->advice[i].kind), DD_ROLE_TEXT, dd_fmt_capital(&v->tmp, s->advice[i].text));
}

dd_code dd_report_explain(const dd_audit *audit, dd_str id, const dd_report_opts *opts, dd_buf *out, dd_err *err)
{
    const dd_site *s = site_of(audit, id, err);
    if (!s)
        return err ? err->code : DD_ERR_NOT_FOUND;
    dd_sheet v;
    dd_sheet_init(&v, audit, opts);
    what_is_called(&v, s);
    model(&v, s);
    cost(&v, s);
    advice(&v, s);
    dd_sheet_row(&v);
    dd_sheet_finish(&v, out);
    return DD_OK;
}
