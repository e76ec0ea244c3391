/* report/savings_html.c - the statement as one page: no request leaves it, it has no script, every name from outside is escaped. */
#include "report/savings_html.h"

#include "report/html.h"
#include "report/spend.h"

enum { TOP = 12 };

static const char style[] =
    ".neg{color:var(--warn)}.card b.save{color:var(--save)}.card b.neg{color:var(--warn)}\n"
    ".first{grid-template-columns:repeat(auto-fit,minmax(215px,1fr))}\n"
    /* where five are not side by side: two above three, two above two; never one alone */
    "@media (min-width:641px) and (max-width:1200px){.first{grid-template-columns:repeat(6,minmax(0,1fr))}.first .card{grid-column:span 2}"
    ".first .card:first-child:nth-last-child(5),.first .card:first-child:nth-last-child(5)+.card,"
    ".first .card:first-child:nth-last-child(4),.first .card:first-child:nth-last-child(4)~.card{grid-column:span 3}}\n"
    "svg{display:block;width:100%;height:auto;"
    "font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-variant-numeric:tabular-nums}\n"
    "svg text{fill:var(--text)}svg .dim{fill:var(--dim)}svg .axis{stroke:var(--line);stroke-width:1}\n"
    "svg .spent{fill:var(--accent)}svg .kept{fill:var(--save);opacity:.75}svg .lost{fill:var(--warn)}\n"
    "svg .plain{fill:var(--plain-bg);stroke:var(--plain-line)}svg .saves{fill:var(--save-bg);stroke:var(--save-line)}"
    "svg .loses{fill:var(--warn-bg);stroke:var(--warn-line)}\n"
    ".chart{padding:14px 16px}.chart .tall,.area .tall{display:none}\n"
    ".area{display:none}#a-0:checked~.a-0,#a-1:checked~.a-1,#a-2:checked~.a-2{display:block}\n"
    "#a-0,#a-1,#a-2{position:absolute;opacity:0}#a-0:checked~.pick label[for=a-0],#a-1:checked~.pick label[for=a-1],"
    "#a-2:checked~.pick label[for=a-2]{color:var(--text);font-weight:600;text-decoration:underline;text-underline-offset:4px}\n"
    "#a-0:focus-visible~.pick label[for=a-0],#a-1:focus-visible~.pick label[for=a-1],#a-2:focus-visible~.pick label[for=a-2]"
    "{outline:2px solid var(--accent);outline-offset:3px}\n"
    ".key i.spent{background:var(--accent);border-color:var(--accent)}.key i.kept{background:var(--save);border-color:var(--save)}"
    ".key i.lost{background:var(--warn);border-color:var(--warn)}\n"
    "table.sum th:first-child{width:34%}table.sum th.r{width:11%}table.sum th.share{width:8%}table.sum th.bars{width:18%}\n"
    "table.sum td:first-child,table.pots td{overflow-wrap:anywhere}table.sum .tag{overflow-wrap:anywhere}\n"
    "table.sum td.bar i{display:block;height:12px;border-radius:3px;background:var(--save);opacity:.75;margin-top:5px}"
    "table.sum td.bar i.neg{background:var(--warn)}\n"
    "table.sum tr.total td{font-weight:650;border-top:2px solid var(--line)}table.sum tr.total td.save{color:var(--save)}\n"
    ".meter{height:6px;border-radius:3px;background:var(--line);min-width:80px;margin-top:8px}"
    ".meter i{display:block;height:6px;border-radius:3px;background:var(--accent)}"
    ".meter.warn i{background:var(--warn)}\n"
    ".how p{margin:0;padding:8px 18px;font-size:14px;color:var(--dim)}.how p:first-child{padding-top:14px}.how p:last-child{padding-bottom:14px}\n"
    "@media (max-width:640px){.chart{padding:10px}.chart .wide,.area .wide{display:none}.chart .tall,.area .tall{display:block}"
    ".far,table.sum td.bar{display:none}table.sum th:first-child{width:28%}table.sum th.r{width:auto}table.sum th.share{width:13%}"
    "table.sum td,table.sum th{padding:6px 5px}table.sum td:first-child,table.sum th:first-child{padding-left:10px;min-width:104px}"
    "table.sum,table.sum th{font-size:12px}"
    "table.sum td .tag{padding:0 4px}.first{grid-template-columns:repeat(2,minmax(0,1fr));gap:10px}.first .card b{font-size:21px}"
    ".first .card{padding:12px 14px}"
    ".first .card:first-child{grid-column:1/-1}}\n"
    "@media print{*{print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}header{max-width:none;padding:0 0 6px}"
    "table.sum td.bar,table.sum th.bars{display:none}section{break-inside:avoid}"
    ".box,.card{box-shadow:none}h2{margin-top:22px;break-after:avoid}tr{break-inside:avoid}}\n";

static void z(dd_savings_page *p, const char *text) { dd_buf_addz(p->out, text); }

static void cell(dd_savings_page *p, const char *classes, dd_str text)
{
    dd_buf_printf(p->out, *classes ? "<td class=\"%s\">" : "<td%s>", classes);
    dd_html_text(p->out, text);
    z(p, "</td>");
}

static const char *tone(dd_pusd saved) { return saved == DD_PUSD_UNKNOWN || saved == 0 ? "dim" : saved > 0 ? "save" : "neg"; }
static dd_str      money(dd_savings_page *p, dd_pusd m) { return dd_fmt_money(&p->tmp, m); }
static dd_str      about(dd_savings_page *p, dd_pusd m) { return m == DD_PUSD_UNKNOWN ? money(p, m) : dd_fmt_about(&p->tmp, m); }

/* ---- head and cards ---- */

static void head(dd_savings_page *p)
{
    const dd_savings *s     = p->s;
    dd_str            dates = dd_savings_dates(&p->tmp, s->from, s->to);
    z(p, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" "
         "content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
         "<meta name=\"referrer\" content=\"no-referrer\">\n");
    dd_buf_printf(p->out, "<title>LLM savings, " DD_STR_FMT "</title>\n<style>\n", DD_STR_ARG(dates));
    z(p, dd_html_style);
    z(p, style);
    dd_buf_printf(p->out, "</style>\n</head>\n<body>\n<header><h1>LLM savings <span>" DD_STR_FMT "%s</span></h1></header>\n<main>\n",
                  DD_STR_ARG(dates), s->open ? ", today so far" : "");
}

static void card(dd_savings_page *p, const char *title, const char *classes, dd_str figure, dd_str below)
{
    dd_buf_printf(p->out, "<div class=\"card\"><h3>%s</h3><b class=\"%s\">" DD_STR_FMT "</b><p>", title, classes, DD_STR_ARG(figure));
    dd_html_text(p->out, below);
    z(p, "</p></div>\n");
}

static void cards(dd_savings_page *p)
{
    const dd_savings     *s = p->s;
    const dd_savings_sum *t = &s->total;
    dd_pusd               saved = dd_savings_saved(t), spent = dd_savings_spent(t), instead = dd_savings_instead(t);
    dd_str                share = dd_savings_share(&p->tmp, saved, instead), calls = dd_savings_calls(&p->tmp, t->requests);
    dd_str                what  = share.len ? dd_arena_printf(&p->tmp, DD_STR_FMT " of what it would have cost", DD_STR_ARG(share)) : DD_STR("");
    dd_str                trend = dd_savings_against(&p->tmp, s, saved, dd_savings_saved(&s->before));
    z(p, "<div class=\"cards first\">\n");
    bool                  lost = saved < 0 && saved != DD_PUSD_UNKNOWN;
    card(p, lost ? "Lost" : "Saved", tone(saved), about(p, lost ? -saved : saved),
         trend.len && what.len ? dd_arena_printf(&p->tmp, DD_STR_FMT "; " DD_STR_FMT, DD_STR_ARG(what), DD_STR_ARG(trend)) : what.len ? what : trend);
    trend = dd_savings_against(&p->tmp, s, spent, dd_savings_spent(&s->before));
    card(p, "Spent", "", about(p, spent), trend.len ? trend : calls);
    card(p, "With the models asked for", "", about(p, instead), trend.len ? calls : DD_STR("had each request gone where it was meant to"));
    if (t->premiums)
        card(p, "Against the best model", tone(t->premium_saved), about(p, t->premium_saved),
             dd_arena_printf(&p->tmp, "if " DD_STR_FMT " had answered " DD_STR_FMT, DD_STR_ARG(dd_savings_best(s)),
                             DD_STR_ARG(dd_savings_calls(&p->tmp, t->premiums))));
    if (s->cache.requests)
        card(p, "Out of the cache", tone(dd_savings_saved(&s->cache)), about(p, dd_savings_saved(&s->cache)),
             dd_arena_printf(&p->tmp, "saved by " DD_STR_FMT " that were kept",
                             DD_STR_ARG(dd_fmt_plural(&p->tmp, (size_t)s->cache.requests, "answer", "answers"))));
    z(p, "</div>\n");
}

/* ---- tables ---- */

static void table_head(dd_savings_page *p, const char *title, const char *what, const char *note)
{
    dd_buf_printf(p->out, "<section aria-label=\"%s\"><h2>%s<small>%s</small></h2><div class=\"box scroll\"><table class=\"sum\"><tr><th>%s</th>"
                          "<th class=\"r far\">calls</th><th class=\"r\">asked for</th><th class=\"r\">spent</th><th class=\"r\">saved</th>"
                          "<th class=\"r share\">%%</th><th class=\"far bars\"></th></tr>\n", title, title, note, what);
}

static void figures(dd_savings_page *p, const dd_savings_sum *s, dd_pusd most)
{
    dd_pusd saved = dd_savings_saved(s), instead = dd_savings_instead(s);
    cell(p, "r far", dd_fmt_count(&p->tmp, s->requests));
    cell(p, "r", money(p, instead));
    cell(p, "r", money(p, dd_savings_spent(s)));
    cell(p, saved == DD_PUSD_UNKNOWN || saved == 0 ? "r dim" : saved > 0 ? "r save" : "r neg", money(p, saved));
    cell(p, "r dim", dd_savings_share(&p->tmp, saved, instead));
    if (most <= 0 || saved == DD_PUSD_UNKNOWN || saved == 0) {
        z(p, "<td class=\"bar\"></td></tr>\n");
        return;
    }
    double width = 100 * (double)(saved < 0 ? -saved : saved) / (double)most;
    dd_buf_printf(p->out, "<td class=\"bar\"><i%s style=\"width:%.1f%%\"></i></td></tr>\n", saved < 0 ? " class=\"neg\"" : "",
                  width > 100 ? 100 : width);
}

static void total(dd_savings_page *p)
{
    z(p, "<tr class=\"total\"><td>total</td>");
    figures(p, &p->s->total, 0);
    z(p, "</table></div></section>\n");
}

static void name(dd_savings_page *p, dd_savings_by by, dd_str n)
{
    dd_str from, to;
    z(p, "<tr><td>");
    if (by == DD_SAVINGS_SWAP && dd_savings_swap(n, &from, &to)) {
        z(p, "<span class=\"tag\">");
        dd_html_text(p->out, from);
        z(p, "</span> → <span class=\"tag to\">");
        dd_html_text(p->out, to);
        z(p, "</span>");
    } else {
        dd_buf_printf(p->out, "<span%s>", n.len ? "" : " class=\"dim\"");
        dd_html_text(p->out, dd_savings_shown(by, n));
        z(p, "</span>");
    }
    z(p, "</td>");
}

static dd_pusd most_saved(const dd_savings_list *list)
{
    dd_pusd m = list->n ? list->v[0].s.saved : 0; /* sorted so */
    return m < 0 ? -m : m;
}

static void breakdown(dd_savings_page *p, dd_savings_by by, const char *title, const char *what)
{
    const dd_savings_list *list = &p->s->by[by];
    dd_savings_sum         rest;
    size_t                 shown = dd_savings_top(list, p->opts->top > 0 ? (size_t)p->opts->top : TOP, &rest);
    if (list->n == 0 || (list->n == 1 && list->v[0].name.len == 0))
        return;
    table_head(p, title, what, "");
    for (size_t i = 0; i < shown; i++) {
        name(p, by, list->v[i].name);
        figures(p, &list->v[i].s, most_saved(list));
    }
    if (list->n > shown) {
        dd_buf_printf(p->out, "<tr><td class=\"dim\">%zu more</td>", list->n - shown);
        figures(p, &rest, most_saved(list));
    }
    total(p);
}

static void weeks(dd_savings_page *p)
{
    const dd_savings_spans *k    = &p->s->weeks;
    dd_pusd                 most = 0;
    if (k->n < 2)
        return;
    for (size_t i = 0; i < k->n; i++)
        most = k->v[i].s.saved > most ? k->v[i].s.saved : most;
    table_head(p, "Week over week", "week", "Monday to Sunday, UTC");
    for (size_t i = 0; i < k->n; i++) {
        dd_str change = i && k->v[i].whole && k->v[i - 1].whole ? dd_savings_change(&p->tmp, k->v[i].s.saved, k->v[i - 1].s.saved) : DD_STR("");
        dd_buf_printf(p->out, "<tr><td>" DD_STR_FMT " <span class=\"dim\">%s" DD_STR_FMT "</span></td>",
                      DD_STR_ARG(dd_savings_dates(&p->tmp, k->v[i].from, k->v[i].to)), k->v[i].whole ? "" : "part", DD_STR_ARG(change));
        figures(p, &k->v[i].s, most);
    }
    total(p);
}

/* ---- what is not in it, budgets, how ---- */

static void item(dd_savings_page *p, const char *badge, int64_t n, const char *text)
{
    dd_buf_printf(p->out, "<li><span class=\"badge\">%s</span>" DD_STR_FMT " %s</li>\n", badge,
                  DD_STR_ARG(dd_savings_calls(&p->tmp, n)), text);
}

static void not_counted(dd_savings_page *p)
{
    const dd_savings_sum *t           = &p->s->total;
    int64_t               no_original = t->requests - t->unpriced - t->compared;
    if (!t->unpriced && !no_original && !t->errors && !p->s->over)
        return;
    z(p, "<section aria-label=\"Not counted\"><h2>Not counted</h2><div class=\"box\"><ul class=\"list\">\n");
    if (p->s->over)
        z(p, "<li><span class=\"badge\">too large</span>a sum is larger than can be told: figures are too low</li>\n");
    if (t->unpriced)
        item(p, "no price", t->unpriced, "have no price that is known: they are in no amount");
    if (no_original > 0)
        item(p, "no saving", no_original, "were asked of a model that has no price: they are in what was spent, in no saving");
    if (t->errors)
        item(p, "failed", t->errors, "ended in an error: they count with what they cost");
    z(p, "</ul></div></section>\n");
}

static void budget(dd_savings_page *p, const dd_spend_account *b)
{
    double used = b->limit > 0 ? 100 * ((double)b->spent / (double)b->limit) : 100;
    bool   warn = b->outlook.kind >= DD_OUTLOOK_WILL_EXCEED;
    z(p, "<tr>");
    cell(p, "", dd_arena_printf(&p->tmp, DD_STR_FMT " (" DD_STR_FMT ")", DD_STR_ARG(b->name), DD_STR_ARG(dd_spend_who(&p->tmp, b))));
    cell(p, "r", money(p, b->spent));
    cell(p, "r", dd_arena_printf(&p->tmp, DD_STR_FMT "/%s", DD_STR_ARG(money(p, b->limit)), dd_period_name(b->period)));
    dd_buf_printf(p->out, "<td class=\"far\"><div class=\"meter%s\"><i style=\"width:%.1f%%\"></i></div></td>", warn ? " warn" : "",
                  used > 100 ? 100 : used < 0 ? 0 : used);
    cell(p, warn ? "neg" : "dim", dd_fmt_capital(&p->tmp, dd_spend_verdict(&p->tmp, b)));
    z(p, "</tr>\n");
}

static void budgets(dd_savings_page *p)
{
    size_t shown = 0;
    for (size_t i = 0; i < p->s->n_accounts && shown < 5 * TOP; i++) {
        if (p->s->accounts[i].open)
            continue;
        if (!shown++)
            z(p, "<section aria-label=\"Budgets\"><h2>Budgets<small>now</small></h2>"
                 "<div class=\"box scroll\"><table class=\"pots\"><tr><th>budget</th>"
                 "<th class=\"r\">spent</th><th class=\"r\">limit</th><th class=\"far\">used</th><th></th></tr>\n");
        budget(p, &p->s->accounts[i]);
    }
    if (shown)
        z(p, "</table></div></section>\n");
}

static void how(dd_savings_page *p)
{
    z(p, "<section aria-label=\"How it was counted\"><h2>How it was counted</h2><div class=\"box how\"><p>");
    dd_html_text(p->out, dd_savings_priced(&p->tmp, p->s));
    z(p, "</p><p>");
    dd_html_text(p->out, dd_savings_counted(&p->tmp, p->s));
    z(p, "</p></div></section>\n");
}

void dd_savings_html(const dd_savings *s, const dd_report_opts *opts, dd_buf *out)
{
    dd_savings_page p = { .out = out, .tmp = DD_ARENA_INIT, .s = s, .opts = opts };
    head(&p);
    if (s->total.requests == 0) {
        dd_buf_printf(out, "<p>%s</p>\n", s->store ? "No request was recorded in this time." : "Nothing is recorded yet.");
    } else {
        cards(&p);
        dd_savings_html_series(&p);
        dd_savings_html_maps(&p);
        breakdown(&p, DD_SAVINGS_SWAP, "By model: asked for and answered", "model");
        breakdown(&p, DD_SAVINGS_FEATURE, "By feature", "feature");
        breakdown(&p, DD_SAVINGS_TEAM, "By team", "team");
        breakdown(&p, DD_SAVINGS_ROUTE, "By routing rule", "rule");
        weeks(&p);
        not_counted(&p);
        budgets(&p);
        how(&p);
    }
    z(&p, "</main>\n</body>\n</html>\n");
    dd_arena_fini(&p.tmp);
}
