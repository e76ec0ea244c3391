#include "report/plan.h"

#include "report/format.h"
#include "report/sheet.h"

typedef struct {
    dd_sheet         v;
    const dd_plan   *p;
    const dd_policy *policy;
    const dd_facts  *f;
    dd_arena        *a;
} view;

static dd_str full_name(view *w, const dd_candidate *c)
{
    dd_str provider = c->provider < w->policy->n_providers ? w->policy->providers[c->provider].name : DD_STR("");
    return dd_arena_printf(w->a, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(provider), provider.len ? "/" : "", DD_STR_ARG(c->model));
}

/* --- the answer first --- */

static const char *verdict_text(dd_verdict v)
{
    static const char *const texts[] = { "", "no configured provider is known to have this model", "no provider is configured for it",
                                         "its price is not known, and the configuration refuses such models", "nothing is within what it may cost",
                                         "no model can do what the request asks for", "the key may not use it" };
    return (size_t)v < DD_COUNT(texts) ? texts[v] : "unknown";
}

static dd_str because(view *w)
{
    const dd_plan *p = w->p;
    dd_str how = dd_str_z(p->strategy_name), route = p->route ? p->route->name : DD_STR("");
    dd_str s   = p->route ? dd_arena_printf(w->a, "route \"" DD_STR_FMT "\", " DD_STR_FMT, DD_STR_ARG(route), DD_STR_ARG(how))
                          : dd_arena_printf(w->a, "%s, " DD_STR_FMT, w->policy->n_routes ? "no route holds" : "no routes", DD_STR_ARG(how));
    if (p->alias)
        s = dd_arena_printf(w->a, DD_STR_FMT ", alias \"" DD_STR_FMT "\"", DD_STR_ARG(s), DD_STR_ARG(p->alias->name));
    if (p->stuck)
        s = dd_arena_printf(w->a, DD_STR_FMT ", kept for its session", DD_STR_ARG(s));
    return p->panic ? dd_arena_printf(w->a, DD_STR_FMT ", panic mode", DD_STR_ARG(s)) : s;
}

static void saving(view *w, size_t row)
{
    dd_pusd saved = dd_plan_saving(w->p), asked = w->p->expected_requested;
    if (saved == DD_PUSD_UNKNOWN || saved == 0 || asked <= 0)
        return;
    dd_str s = saved > 0 ? dd_arena_printf(w->a, "saves " DD_STR_FMT " of " DD_STR_FMT " (" DD_STR_FMT ")", DD_STR_ARG(dd_fmt_money(w->a, saved)),
                                           DD_STR_ARG(dd_fmt_money(w->a, asked)), DD_STR_ARG(dd_fmt_percent(w->a, saved, asked)))
                         : dd_arena_printf(w->a, "costs " DD_STR_FMT " more", DD_STR_ARG(dd_fmt_money(w->a, -saved)));
    dd_grid_put_end(&w->v.g, row, w->v.right, saved > 0 ? DD_ROLE_SAVING : DD_ROLE_WARN, s);
}

static void headline(view *w)
{
    dd_sheet *v = &w->v;
    dd_sheet_row(v);
    size_t r   = dd_sheet_row(v);
    int    col = dd_grid_put(&v->g, r, v->left, DD_ROLE_MODEL, w->f->model.len ? w->f->model : DD_STR("any model"));
    col        = dd_grid_putz(&v->g, r, col, DD_ROLE_DIM, dd_sheet_arrow(v));
    if (w->p->n_steps)
        dd_grid_put(&v->g, r, col, DD_ROLE_STRONG, full_name(w, &w->p->steps[0]));
    else
        dd_grid_putz(&v->g, r, col, DD_ROLE_BAD, dd_verdict_name(w->p->verdict));
    saving(w, v->g.width >= 100 ? r : dd_sheet_row(v));
    size_t why = v->g.width >= 100 ? dd_sheet_row(v) : v->g.rows - 1;
    dd_grid_put(&v->g, why, v->left, DD_ROLE_DIM, because(w));
    if (w->p->n_steps)
        return;
    dd_sheet_entry(v, "Refused", DD_ROLE_BAD, dd_str_z(verdict_text(w->p->verdict)));
    if (w->p->near.len)
        dd_sheet_entry(v, "Near", DD_ROLE_TEXT, w->p->near);
    if (w->p->cheapest != DD_PUSD_UNKNOWN)
        dd_sheet_entry(v, "Cheapest", DD_ROLE_MONEY, dd_fmt_money(w->a, w->p->cheapest));
}

/* --- what was asked --- */

static dd_str join(view *w, dd_str a, const char *sep, dd_str b)
{
    if (!a.len || !b.len)
        return a.len ? a : b;
    return dd_arena_printf(w->a, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(a), sep, DD_STR_ARG(b));
}

static dd_str wishes(view *w)
{
    const dd_facts *f = w->f;
    const struct { bool is; const char *text; } list[] = {
        { f->stream, "a stream" }, { f->has_images, "pictures" }, { f->has_documents, "documents" }, { f->has_audio, "sound" },
        { f->json_schema, "JSON" }, { f->reasoning, "reasoning" }, { f->fast, "fast" },
    };
    dd_str s = f->tools ? dd_fmt_plural(w->a, (size_t)f->tools, "tool", "tools") : DD_STR("");
    for (size_t i = 0; i < DD_COUNT(list); i++)
        if (list[i].is)
            s = join(w, s, ", ", dd_str_z(list[i].text));
    return s;
}

static dd_str tags(view *w)
{
    const dd_facts *f = w->f;
    const struct { const char *name; dd_str value; } own[] = {
        { "feature", f->feature }, { "team", f->team }, { "env", f->env }, { "user", f->user }, { "session", f->session }, { "tier", f->tier },
        { "call_site", f->call_site }, { "key", f->key },
    };
    dd_str s = DD_STR("");
    for (size_t i = 0; i < DD_COUNT(own); i++)
        if (own[i].value.len)
            s = join(w, s, " · ", dd_arena_printf(w->a, "%s=" DD_STR_FMT, own[i].name, DD_STR_ARG(own[i].value)));
    for (size_t i = 0; i < f->n_tags; i++)
        s = join(w, s, " · ", dd_arena_printf(w->a, DD_STR_FMT "=" DD_STR_FMT, DD_STR_ARG(f->tags[i].name), DD_STR_ARG(f->tags[i].value)));
    return s;
}

static dd_str answer_tokens(view *w)
{
    int64_t most = w->f->max_tokens, out = w->p->expected_output;
    dd_str  cap  = most >= 0 ? dd_arena_printf(w->a, "at most " DD_STR_FMT, DD_STR_ARG(dd_fmt_count(w->a, most))) : DD_STR("no cap");
    return out >= 0 ? dd_arena_printf(w->a, "about " DD_STR_FMT " out (" DD_STR_FMT ")", DD_STR_ARG(dd_fmt_count(w->a, out)), DD_STR_ARG(cap)) : cap;
}

static void request(view *w)
{
    const dd_facts *f = w->f;
    dd_sheet_heading(&w->v, "Request", f->endpoint);
    if (f->known & DD_FACT_TOKENS) {
        dd_str in  = dd_arena_printf(w->a, DD_STR_FMT " in", DD_STR_ARG(dd_fmt_count(w->a, f->input_tokens)));
        dd_str all = dd_fmt_plural(w->a, (size_t)f->messages, "message", "messages");
        dd_sheet_entry(&w->v, "Tokens", DD_ROLE_TEXT, join(w, join(w, in, " · ", answer_tokens(w)), " · ", all));
    }
    if (f->known & DD_FACT_CLASS)
        dd_sheet_entry(&w->v, "Work", DD_ROLE_TEXT, dd_arena_printf(w->a, "%s, %s complexity, score %.2f", dd_task_name(f->class.task),
                       dd_complexity_name(f->class.complexity), f->class.score));
    dd_str wants = wishes(w), named = tags(w);
    if (wants.len)
        dd_sheet_entry(&w->v, "Wants", DD_ROLE_TEXT, wants);
    if (named.len)
        dd_sheet_entry(&w->v, "Tags", DD_ROLE_TEXT, named);
    if (f->max_cost != DD_PUSD_UNKNOWN)
        dd_sheet_entry(&w->v, "May cost", DD_ROLE_MONEY, dd_fmt_money(w->a, f->max_cost));
}

/* --- rules --- */

static int longest_name(const dd_plan *p)
{
    int n = 4;
    for (size_t i = 0; i < p->n_rules; i++) {
        int width = (int)dd_utf8_width(p->rules[i].route->name);
        n = width > n ? width : n;
    }
    return n > 24 ? 24 : n;
}

static void rules(view *w)
{
    dd_sheet *v = &w->v;
    int       n = longest_name(w->p);
    if (!w->policy->n_routes)
        return;
    dd_sheet_heading(v, "Rules", dd_arena_printf(w->a, "%zu of %zu tried, the first that holds wins", w->p->n_rules, w->policy->n_routes));
    for (size_t i = 0; i < w->p->n_rules; i++) {
        const dd_rule_trace *t   = &w->p->rules[i];
        size_t               r   = dd_sheet_row(v);
        int                  col = v->left + 2;
        const char          *yes = v->opts->ascii ? "*" : "✓", *no = v->opts->ascii ? "-" : "·";
        dd_grid_putz(&v->g, r, v->left, t->matched ? DD_ROLE_SAVING : DD_ROLE_DIM, t->matched ? yes : no);
        dd_grid_put(&v->g, r, col, t->matched ? DD_ROLE_STRONG : DD_ROLE_TEXT, dd_str_sub(t->route->name, 0, 24));
        dd_str why = t->matched ? (t->route->when.len ? t->route->when : DD_STR("always")) : t->why;
        dd_sheet_wrap(v, r, col + n + 2, col + n + 2, v->right, dd_str_startsz(why, "error") ? DD_ROLE_WARN : DD_ROLE_DIM, why);
    }
}

/* --- candidates --- */

enum { QUALITY = 8, LATENCY = 9, TIMES = 7, SHOWN = 15 };

static void figure(view *w, size_t r, int end, double x, bool ms)
{
    dd_str s = x < 0 ? DD_STR("-") : ms ? dd_arena_printf(w->a, "%.0f ms", x) : dd_arena_printf(w->a, "%.2f", x);
    dd_grid_put_end(&w->v.g, r, end, x < 0 ? DD_ROLE_DIM : DD_ROLE_TEXT, s);
}

static double times(const dd_plan *p, const dd_candidate *c)
{
    return c->expected == DD_PUSD_UNKNOWN || p->expected_requested == DD_PUSD_UNKNOWN || p->expected_requested <= 0
               ? -1 : (double)c->expected / (double)p->expected_requested;
}

static dd_role role_of(const dd_plan *p, const dd_candidate *c)
{
    if (c->fit != DD_FIT_OK)
        return DD_ROLE_DIM;
    return dd_plan_role(p, c)[0] == 'c' ? DD_ROLE_STRONG : DD_ROLE_MODEL;
}

static void candidate(view *w, const dd_candidate *c, const dd_money_col *money, int name, bool late)
{
    dd_sheet   *v    = &w->v;
    size_t      r    = dd_sheet_row(v);
    int         end  = v->left + name + 2 + dd_money_col_width(money);
    const char *role = dd_plan_role(w->p, c);
    dd_grid_put(&v->g, r, v->left, role_of(w->p, c), dd_fmt_path(w->a, full_name(w, c), name));
    dd_money_col_put(v, money, r, end, DD_ROLE_MONEY, c->expected);
    double x = times(w->p, c);
    if (x >= 0)
        dd_grid_put_end(&v->g, r, end + TIMES, DD_ROLE_DIM, dd_arena_printf(w->a, x < 0.1 ? "%.2fx" : "%.1fx", x));
    figure(w, r, end + TIMES + QUALITY, c->quality, false);
    if (late)
        figure(w, r, end + TIMES + QUALITY + LATENCY, c->latency_ms, true);
    end += TIMES + QUALITY + (late ? LATENCY : 0) + 2;
    dd_str  why = c->fit == DD_FIT_OK && !c->weak ? DD_STR("") : c->why;
    dd_role as  = *role ? DD_ROLE_SAVING : c->fit == DD_FIT_OK ? DD_ROLE_DIM : DD_ROLE_WARN;
    dd_sheet_wrap(v, r, end, end, v->right, as, join(w, dd_str_z(role), ", ", why));
}

static void candidates(view *w)
{
    dd_sheet      *v     = &w->v;
    dd_money_col   money = { 0, 0 };
    int            name  = 5, most = v->g.width >= 100 ? 48 : 30;
    bool           late  = false;
    const dd_plan *p     = w->p;
    if (!p->n_considered)
        return;
    for (size_t i = 0; i < p->n_considered; i++) {
        int width = (int)dd_utf8_width(full_name(w, &p->considered[i]));
        name      = width > name ? width : name;
        late |= p->considered[i].latency_ms >= 0;
        dd_money_col_add(v, &money, p->considered[i].expected);
    }
    name = name > most ? most : name;
    dd_sheet_heading(v, "Candidates", dd_arena_printf(w->a, "best first; cost of this very request"));
    size_t r   = dd_sheet_row(v);
    int    end = v->left + name + 2 + dd_money_col_width(&money);
    dd_grid_putz(&v->g, r, v->left, DD_ROLE_DIM, "model");
    dd_grid_put_end(&v->g, r, end, DD_ROLE_DIM, DD_STR("cost"));
    dd_grid_put_end(&v->g, r, end + TIMES, DD_ROLE_DIM, DD_STR("x"));
    dd_grid_put_end(&v->g, r, end + TIMES + QUALITY, DD_ROLE_DIM, DD_STR("quality"));
    if (late)
        dd_grid_put_end(&v->g, r, end + TIMES + QUALITY + LATENCY, DD_ROLE_DIM, DD_STR("latency"));
    size_t left_out = 0;
    for (size_t i = 0; i < p->n_considered; i++)
        if (i < SHOWN || *dd_plan_role(p, &p->considered[i]))
            candidate(w, &p->considered[i], &money, name, late);
        else
            left_out++;
    if (left_out)
        dd_grid_put(&v->g, dd_sheet_row(v), v->left, DD_ROLE_DIM, dd_arena_printf(w->a, "and %zu more: --format json lists all", left_out));
}

/* --- what happens --- */

static dd_str words(view *w, unsigned bits, const char *(*name)(unsigned))
{
    dd_str s = DD_STR("");
    for (unsigned bit = 1; bit && bit <= bits; bit <<= 1)
        if (bits & bit)
            s = join(w, s, ", ", dd_str_z(name(bit)));
    return s;
}

static void chain(view *w)
{
    const dd_plan *p = w->p;
    if (!p->n_steps)
        return;
    dd_sheet_heading(&w->v, "Then", DD_STR(""));
    for (size_t i = 0; i < p->n_steps; i++) {
        const dd_candidate *c = &p->steps[i];
        dd_str              s = full_name(w, c);
        if (c->timeout_ms >= 0)
            s = dd_arena_printf(w->a, DD_STR_FMT ", first content within %lld ms", DD_STR_ARG(s), (long long)c->timeout_ms);
        if (c->retries > 0)
            s = dd_arena_printf(w->a, DD_STR_FMT ", %d more tries", DD_STR_ARG(s), c->retries);
        dd_sheet_entry(&w->v, i == 0 ? "First" : i < p->n_primary ? "Or better" : "On failure", i ? DD_ROLE_MODEL : DD_ROLE_STRONG, s);
    }
    if (p->n_steps > p->n_primary)
        dd_sheet_entry(&w->v, "Failures", DD_ROLE_DIM, words(w, p->fallback_on, dd_on_name));
    if (p->strategy == DD_STRATEGY_CASCADE && p->n_primary > 1)
        dd_sheet_entry(&w->v, "Checks", DD_ROLE_DIM, words(w, p->checks, dd_check_name));
}

static void amount(view *w, const char *label, dd_pusd m, const dd_price *by)
{
    dd_str s = dd_fmt_money(w->a, m);
    if (m != DD_PUSD_UNKNOWN && by)
        dd_sheet_entry(&w->v, label, DD_ROLE_TEXT, dd_arena_printf(w->a, DD_STR_FMT " by " DD_STR_FMT, DD_STR_ARG(s), DD_STR_ARG(by->id)));
}

static void money(view *w)
{
    const dd_plan *p = w->p;
    if (!p->n_steps || p->steps[0].expected == DD_PUSD_UNKNOWN)
        return;
    dd_sheet_heading(&w->v, "Money", DD_STR("an estimate"));
    dd_sheet_entry(&w->v, "Expected", DD_ROLE_MONEY, dd_fmt_money(w->a, p->steps[0].expected));
    amount(w, "As asked", p->expected_requested, p->requested.price);
    amount(w, "Premium", p->expected_premium, p->premium.price);
}

void dd_report_plan(const dd_plan *plan, const dd_policy *policy, const dd_facts *facts, const dd_report_opts *opts, dd_buf *out)
{
    static const dd_audit none;
    view                  w = { .p = plan, .policy = policy, .f = facts };
    dd_sheet_init(&w.v, &none, opts);
    w.a = &w.v.tmp;
    headline(&w);
    request(&w);
    rules(&w);
    candidates(&w);
    chain(&w);
    money(&w);
    dd_sheet_row(&w.v);
    dd_sheet_finish(&w.v, out);
}
