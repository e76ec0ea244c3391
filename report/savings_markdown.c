/* report/savings_markdown.c - the statement for a mail, a wiki or an issue. */
#include "report/format.h"
#include "report/markdown.h"
#include "report/savings.h"
#include "report/spend.h"

enum { TOP = 15 };

typedef struct {
    dd_buf           *out;
    dd_arena          tmp;
    const dd_savings *s;
    size_t            top;
} page;

static dd_str money(page *p, dd_pusd m) { return dd_fmt_money(&p->tmp, m); }

static void name(page *p, dd_savings_by by, dd_str n)
{
    dd_str from, to;
    if (n.len == 0 || dd_str_eqz(n, DD_SAVINGS_REST)) {
        dd_md_text(p->out, dd_savings_shown(by, n));
    } else if (by == DD_SAVINGS_SWAP && dd_savings_swap(n, &from, &to)) {
        dd_md_code(p->out, from);
        dd_buf_addz(p->out, " → ");
        dd_md_code(p->out, to);
    } else {
        dd_md_code(p->out, n);
    }
}

static void figures(page *p, const dd_savings_sum *s)
{
    dd_pusd saved = dd_savings_saved(s), instead = dd_savings_instead(s);
    dd_buf_printf(p->out, " | " DD_STR_FMT " | " DD_STR_FMT " | " DD_STR_FMT " | " DD_STR_FMT " | " DD_STR_FMT " |\n",
                  DD_STR_ARG(dd_fmt_count(&p->tmp, s->requests)), DD_STR_ARG(money(p, instead)), DD_STR_ARG(money(p, dd_savings_spent(s))),
                  DD_STR_ARG(money(p, saved)),
                  DD_STR_ARG(dd_savings_share(&p->tmp, saved, instead)));
}

static void head(page *p, const char *title, const char *what)
{
    dd_buf_printf(p->out, "\n## %s\n\n| %s | calls | asked for | spent | saved | %% |\n|---|--:|--:|--:|--:|--:|\n", title, what);
}

static void total(page *p)
{
    dd_buf_addz(p->out, "| **total**");
    figures(p, &p->s->total);
}

static void summary(page *p)
{
    const dd_savings     *s = p->s;
    const dd_savings_sum *t = &s->total;
    dd_pusd               saved = dd_savings_saved(t), cached = dd_savings_saved(&s->cache);
    dd_str                share  = dd_savings_share(&p->tmp, saved, dd_savings_instead(t));
    dd_str                change = dd_savings_change(&p->tmp, saved, dd_savings_saved(&s->before)), then = DD_STR("");
    if (!dd_savings_comparable(s))
        then = dd_arena_printf(&p->tmp, "; %d of its %d days are recorded: it is not compared with", s->before_days,
                               (int)(s->before_to - s->before_from));
    else if (change.len)
        then = dd_arena_printf(&p->tmp, "; savings " DD_STR_FMT, DD_STR_ARG(change));
    dd_buf_printf(p->out, "# LLM savings, " DD_STR_FMT "%s\n\n", DD_STR_ARG(dd_savings_dates(&p->tmp, s->from, s->to)),
                  s->open ? " (today so far)" : "");
    if (saved == DD_PUSD_UNKNOWN)
        dd_buf_addz(p->out, "**What was saved is not known**");
    else
        dd_buf_printf(p->out, "**" DD_STR_FMT " %s**", DD_STR_ARG(money(p, saved < 0 ? -saved : saved)), saved < 0 ? "lost" : "saved");
    if (share.len)
        dd_buf_printf(p->out, " (" DD_STR_FMT ")", DD_STR_ARG(share));
    dd_buf_printf(p->out, ": " DD_STR_FMT " spent", DD_STR_ARG(money(p, dd_savings_spent(t))));
    if (dd_savings_instead(t) != DD_PUSD_UNKNOWN)
        dd_buf_printf(p->out, " instead of " DD_STR_FMT, DD_STR_ARG(money(p, dd_savings_instead(t))));
    dd_buf_printf(p->out, ", over " DD_STR_FMT ".\n\n", DD_STR_ARG(dd_savings_calls(&p->tmp, t->requests)));
    if (s->before.requests)
        dd_buf_printf(p->out, "- The period before (" DD_STR_FMT "): " DD_STR_FMT " spent, " DD_STR_FMT " saved" DD_STR_FMT "\n",
                      DD_STR_ARG(dd_savings_dates(&p->tmp, s->before_from, s->before_to)), DD_STR_ARG(money(p, dd_savings_spent(&s->before))),
                      DD_STR_ARG(money(p, dd_savings_saved(&s->before))), DD_STR_ARG(then));
    if (s->cache.requests)
        dd_buf_printf(p->out, "- Out of the cache: " DD_STR_FMT ", which saved " DD_STR_FMT "\n",
                      DD_STR_ARG(dd_fmt_plural(&p->tmp, (size_t)s->cache.requests, "answer", "answers")), DD_STR_ARG(money(p, cached)));
    if (t->premiums) {
        dd_buf_addz(p->out, "- If ");
        if (s->premium.len)
            dd_md_code(p->out, s->premium);
        else
            dd_buf_addz(p->out, "the strongest model there is");
        dd_buf_printf(p->out, " had answered " DD_STR_FMT ": " DD_STR_FMT " more\n", DD_STR_ARG(dd_savings_calls(&p->tmp, t->premiums)),
                      DD_STR_ARG(money(p, t->premium_saved)));
    }
}

static void breakdown(page *p, dd_savings_by by, const char *title, const char *what)
{
    const dd_savings_list *list = &p->s->by[by];
    dd_savings_sum         rest;
    size_t                 shown = dd_savings_top(list, p->top, &rest);
    if (list->n == 0 || (list->n == 1 && list->v[0].name.len == 0))
        return;
    head(p, title, what);
    for (size_t i = 0; i < shown; i++) {
        dd_buf_addz(p->out, "| ");
        name(p, by, list->v[i].name);
        figures(p, &list->v[i].s);
    }
    if (list->n > shown) {
        dd_buf_printf(p->out, "| %zu more", list->n - shown);
        figures(p, &rest);
    }
    total(p);
}

static void weeks(page *p)
{
    const dd_savings_spans *k = &p->s->weeks;
    if (k->n < 2)
        return;
    head(p, "Week over week", "Monday to Sunday, UTC");
    for (size_t i = 0; i < k->n; i++) {
        dd_buf_printf(p->out, "| " DD_STR_FMT "%s", DD_STR_ARG(dd_savings_dates(&p->tmp, k->v[i].from, k->v[i].to)), k->v[i].whole ? "" : " (part)");
        figures(p, &k->v[i].s);
    }
    total(p);
}

static void not_counted(page *p)
{
    const dd_savings_sum *t           = &p->s->total;
    int64_t               no_original = t->requests - t->unpriced - t->compared;
    if (!t->unpriced && !no_original && !t->errors && !p->s->over)
        return;
    dd_buf_addz(p->out, "\n## Not counted\n\n");
    if (p->s->over)
        dd_buf_addz(p->out, "- A sum is larger than can be told: figures are too low.\n");
    if (t->unpriced)
        dd_buf_printf(p->out, "- No price is known for " DD_STR_FMT ": in no amount.\n", DD_STR_ARG(dd_savings_calls(&p->tmp, t->unpriced)));
    if (no_original > 0)
        dd_buf_printf(p->out, "- The model that was asked for has no price in " DD_STR_FMT ": in what was spent, in no saving.\n",
                      DD_STR_ARG(dd_savings_calls(&p->tmp, no_original)));
    if (t->errors)
        dd_buf_printf(p->out, "- Ended in an error, counted with what they cost: " DD_STR_FMT ".\n",
                      DD_STR_ARG(dd_savings_calls(&p->tmp, t->errors)));
}

static void budgets(page *p)
{
    bool begun = false;
    for (size_t i = 0; i < p->s->n_accounts && i < 4 * TOP; i++) {
        const dd_spend_account *b = &p->s->accounts[i];
        if (b->open)
            continue;
        if (!begun)
            dd_buf_addz(p->out, "\n## Budgets\n\n| budget | for | spent | limit | |\n|---|---|--:|--:|---|\n");
        begun = true;
        dd_buf_addz(p->out, "| ");
        dd_md_text(p->out, b->name);
        dd_buf_addz(p->out, " | ");
        dd_md_text(p->out, dd_spend_who(&p->tmp, b));
        dd_buf_printf(p->out, " | " DD_STR_FMT " | " DD_STR_FMT "/%s | ", DD_STR_ARG(money(p, b->spent)),
                      DD_STR_ARG(money(p, b->limit)), dd_period_name(b->period));
        dd_md_text(p->out, dd_spend_verdict(&p->tmp, b));
        dd_buf_addz(p->out, " |\n");
    }
}

void dd_savings_markdown(const dd_savings *s, const dd_report_opts *opts, dd_buf *out)
{
    page p = { .out = out, .tmp = DD_ARENA_INIT, .s = s, .top = opts->top > 0 ? (size_t)opts->top : TOP };
    summary(&p);
    if (s->total.requests == 0) {
        dd_buf_addz(out, s->store ? "No request was recorded in this time.\n" : "Nothing is recorded yet.\n");
    } else {
        breakdown(&p, DD_SAVINGS_SWAP, "By model: asked for and answered", "model");
        breakdown(&p, DD_SAVINGS_FEATURE, "By feature", "feature");
        breakdown(&p, DD_SAVINGS_TEAM, "By team", "team");
        breakdown(&p, DD_SAVINGS_ROUTE, "By routing rule", "rule");
        weeks(&p);
        not_counted(&p);
        budgets(&p);
        dd_buf_addz(out, "\n## How it was counted\n\n");
        dd_md_text(out, dd_savings_priced(&p.tmp, s));
        dd_buf_addz(out, "\n\n");
        dd_md_text(out, dd_savings_counted(&p.tmp, s));
        dd_buf_addc(out, '\n');
    }
    dd_arena_fini(&p.tmp);
}
