/* report/savings_html_pictures.c - bars over time and treemaps, as SVG that the page's style colours. */
#include "report/html.h"
#include "report/savings_html.h"
#include "report/treemap.h"

enum { MOST_BARS = 62, MOST_CELLS = 60 };
static const double letter_px = 6.9, line_px = 15; /* at 12px, a little wide: text is cut, never clipped in a letter */

static void z(dd_savings_page *p, const char *text) { dd_buf_addz(p->out, text); }

/* ---- over time ---- */

static const dd_savings_spans *bars_of(const dd_savings *s) { return s->days.n > MOST_BARS ? &s->weeks : &s->days; }

typedef struct { double w, h, left, right, top, bottom, high, low; } frame; /* high, low: dollars at the upper and lower edge; low <= 0 */

static double usd(dd_pusd m) { return m == DD_PUSD_UNKNOWN ? 0 : (double)m / (double)DD_PUSD_PER_USD; }
static double y_of(const frame *f, double v) { return f->top + (f->high - v) / (f->high - f->low) * (f->h - f->top - f->bottom); }

static void rect(dd_savings_page *p, const char *kind, double x, double y, double w, double h)
{
    dd_buf_printf(p->out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", kind, x, y, w, h < 0 ? 0 : h);
}

/* What was spent, what was saved on top of it: together what it would have cost. What was lost stands below the line. */
static void bar(dd_savings_page *p, const frame *f, const dd_savings_span *d, double x, double w)
{
    double spent = usd(d->s.cost), saved = usd(d->s.saved), zero = y_of(f, 0);
    dd_buf_printf(p->out, "<g><title>" DD_STR_FMT ": " DD_STR_FMT " spent, " DD_STR_FMT " saved</title>",
                  DD_STR_ARG(dd_savings_dates(&p->tmp, d->from, d->to)), DD_STR_ARG(dd_fmt_money(&p->tmp, dd_savings_spent(&d->s))),
                  DD_STR_ARG(dd_fmt_money(&p->tmp, dd_savings_saved(&d->s))));
    if (spent > 0)
        rect(p, "spent", x, y_of(f, spent), w, zero - y_of(f, spent));
    if (saved > 0)
        rect(p, "kept", x, y_of(f, spent + saved), w, y_of(f, spent) - y_of(f, spent + saved));
    if (saved < 0)
        rect(p, "lost", x, zero, w, y_of(f, saved) - zero);
    z(p, "</g>\n");
}

static void label(dd_savings_page *p, double x, double y, const char *anchor, dd_str text)
{
    dd_buf_printf(p->out, "<text class=\"dim\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    dd_html_text(p->out, text);
    z(p, "</text>");
}

static void level(dd_savings_page *p, const frame *f, dd_pusd at)
{
    double y = y_of(f, usd(at));
    dd_buf_printf(p->out, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", f->left, f->w - f->right, y, y);
    label(p, f->left - 6, y + 4, "end", at == 0 ? DD_STR("0") : dd_fmt_about(&p->tmp, at));
}

static void chart(dd_savings_page *p, const dd_savings_spans *d, const char *shape, double w, double h)
{
    frame   f    = { w, h, 10, 4, 10, 24, 0, 0 };
    dd_pusd most = 0, least = 0;
    for (size_t i = 0; i < d->n; i++) {
        double both = usd(d->v[i].s.cost) + (d->v[i].s.saved > 0 ? usd(d->v[i].s.saved) : 0);
        f.high = both > f.high ? both : f.high;
        f.low  = usd(d->v[i].s.saved) < f.low ? usd(d->v[i].s.saved) : f.low;
        least  = d->v[i].s.saved < least ? d->v[i].s.saved : least;
    }
    if (f.high <= 0 && f.low >= 0)
        f.high = 1;
    most   = f.high < 9e6 ? (dd_pusd)(f.high * (double)DD_PUSD_PER_USD) : INT64_MAX;
    f.left = 12 + letter_px * (double)dd_utf8_width(dd_fmt_about(&p->tmp, most));
    dd_buf_printf(p->out, "<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"Spent and saved over time\">\n", shape, w, h);
    level(p, &f, 0);
    level(p, &f, most);
    if (most > 1)
        level(p, &f, most / 2);
    if (least < 0)
        level(p, &f, least);
    double step = (w - f.left - f.right) / (double)d->n, gap = step > 8 ? 2 : step > 3 ? 1 : 0;
    step = step > 90 ? 90 : step;
    for (size_t i = 0; i < d->n; i++)
        bar(p, &f, &d->v[i], f.left + step * (double)i + gap / 2, step - gap);
    label(p, f.left, h - 6, "start", dd_fmt_day(&p->tmp, d->v[0].from));
    if (d->n > 1 && step * (double)d->n > 180)
        label(p, f.left + step * (double)d->n, h - 6, "end", dd_fmt_day(&p->tmp, d->v[d->n - 1].to - 1));
    z(p, "</svg>\n");
}

void dd_savings_html_series(dd_savings_page *p)
{
    const dd_savings_spans *d = bars_of(p->s);
    bool                    lost = false;
    if (d->n < 2)
        return;
    for (size_t i = 0; i < d->n; i++)
        lost = lost || d->v[i].s.saved < 0;
    dd_buf_printf(p->out, "<section aria-label=\"Over time\"><h2>Over time<small>%s, UTC</small></h2><div class=\"pick\"><span class=\"key\">"
                          "<i class=\"spent\" style=\"margin-left:0\"></i>spent<i class=\"kept\"></i>saved%s</span></div><div class=\"box chart\">\n",
                  d == &p->s->days ? "a day" : "a week", lost ? "<i class=\"lost\"></i>lost: the answer cost more than the model asked for" : "");
    chart(p, d, "wide", 1110, 240);
    chart(p, d, "tall", 340, 220);
    z(p, "</div></section>\n");
}

/* ---- areas ---- */

typedef struct { dd_str name; const dd_savings_sum *s; } piece;
typedef struct { dd_savings_by by; const char *label; piece *v; size_t n; dd_savings_sum rest; } area;

static int dearer(const void *pa, const void *pb)
{
    const piece *a = pa, *b = pb;
    return a->s->cost != b->s->cost ? (a->s->cost < b->s->cost ? 1 : -1) : dd_str_cmp(a->name, b->name);
}

static void gather(dd_savings_page *p, area *a)
{
    const dd_savings_list *list = &p->s->by[a->by];
    a->v = dd_newn(&p->tmp, piece, list->n + 2);
    for (size_t i = 0; i < list->n; i++)
        if (list->v[i].s.cost > 0)
            a->v[a->n++] = (piece){ dd_savings_shown(a->by, list->v[i].name), &list->v[i].s };
    if (a->n > 1)
        qsort(a->v, a->n, sizeof *a->v, dearer);
    if (a->n > MOST_CELLS + 1) {
        for (size_t i = MOST_CELLS; i < a->n; i++)
            dd_savings_add(&a->rest, a->v[i].s);
        a->v[MOST_CELLS] = (piece){ dd_arena_printf(&p->tmp, "%zu more", a->n - MOST_CELLS), &a->rest };
        a->n = MOST_CELLS + 1;
        qsort(a->v, a->n, sizeof *a->v, dearer);
    }
}

static dd_str cut(dd_savings_page *p, dd_str s, double px)
{
    int width = (int)(px / letter_px);
    return width < 3 ? DD_STR("") : dd_fmt_fit(&p->tmp, s, width);
}

static void text_at(dd_savings_page *p, const char *kind, double x, double y, dd_str s)
{
    if (!s.len)
        return;
    dd_buf_printf(p->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", kind, x, y);
    dd_html_text(p->out, s);
    z(p, "</text>");
}

static void block(dd_savings_page *p, const piece *c, dd_rect r)
{
    dd_pusd saved = dd_savings_saved(c->s);
    dd_str  share = dd_savings_share(&p->tmp, saved, dd_savings_instead(c->s)), spent = dd_fmt_money(&p->tmp, c->s->cost);
    double  w = r.w - 2, h = r.h - 2;
    if (w <= 0 || h <= 0)
        return;
    z(p, "<g><title>");
    dd_html_text(p->out, c->name);
    dd_buf_printf(p->out, ": " DD_STR_FMT " spent, " DD_STR_FMT " saved</title>", DD_STR_ARG(spent), DD_STR_ARG(dd_fmt_money(&p->tmp, saved)));
    dd_buf_printf(p->out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" rx=\"4\"/>",
                  saved == DD_PUSD_UNKNOWN || saved == 0 ? "plain" : saved > 0 ? "saves" : "loses", r.x + 1, r.y + 1, w, h);
    if (h > line_px + 4)
        text_at(p, "name", r.x + 7, r.y + 16, cut(p, c->name, w - 12));
    if (h > 2 * line_px + 4)
        text_at(p, "dim", r.x + 7, r.y + 16 + line_px, cut(p, spent, w - 12));
    if (h > 3 * line_px + 4 && share.len && saved != 0)
        text_at(p, "dim", r.x + 7, r.y + 16 + 2 * line_px,
                cut(p, dd_arena_printf(&p->tmp, saved > 0 ? DD_STR_FMT " saved" : DD_STR_FMT, DD_STR_ARG(share)), w - 12));
    z(p, "</g>\n");
}

static void layout(dd_savings_page *p, const area *a, const char *shape, double w, double h)
{
    double  *size = dd_newn(&p->tmp, double, a->n);
    dd_rect *at   = dd_newn(&p->tmp, dd_rect, a->n);
    for (size_t i = 0; i < a->n; i++)
        size[i] = usd(a->v[i].s->cost);
    dd_treemap(size, a->n, (dd_rect){ 0, 0, w, h }, at);
    dd_buf_printf(p->out, "<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"Spend %s\">\n", shape, w, h, a->label);
    for (size_t i = 0; i < a->n; i++)
        block(p, &a->v[i], at[i]);
    z(p, "</svg>\n");
}

static bool says_something(const dd_savings_page *p, const area *a)
{
    const dd_savings_list *list = &p->s->by[a->by];
    return a->n > 1 || (a->n == 1 && list->n == 1 && list->v[0].name.len > 0);
}

void dd_savings_html_maps(dd_savings_page *p)
{
    area   all[] = { { .by = DD_SAVINGS_FEATURE, .label = "by feature" }, { .by = DD_SAVINGS_TEAM, .label = "by team" },
                     { .by = DD_SAVINGS_MODEL, .label = "by model" } };
    area   v[DD_COUNT(all)];
    size_t n = 0;
    for (size_t i = 0; i < DD_COUNT(all); i++) {
        gather(p, &all[i]);
        if (says_something(p, &all[i]))
            v[n++] = all[i];
    }
    if (!n)
        return;
    z(p, "<section aria-label=\"Where the money goes\"><h2>Where the money goes<small>area is what was spent</small></h2>\n");
    for (size_t i = 0; i < n; i++)
        dd_buf_printf(p->out, "<input type=\"radio\" name=\"a\" id=\"a-%zu\"%s>", i, i == 0 ? " checked" : "");
    z(p, "<div class=\"pick\">");
    for (size_t i = 0; i < n; i++)
        dd_buf_printf(p->out, "<label for=\"a-%zu\">%c%s</label>", i, 'B', v[i].label + 1);
    z(p, "<span class=\"key\"><i style=\"background:var(--save-bg);border-color:var(--save-line)\"></i>saved"
         "<i style=\"background:var(--plain-bg);border-color:var(--plain-line)\"></i>neither"
         "<i style=\"background:var(--warn-bg);border-color:var(--warn-line)\"></i>cost more</span></div>\n");
    for (size_t i = 0; i < n; i++) {
        dd_buf_printf(p->out, "<div class=\"area a-%zu\">\n", i);
        layout(p, &v[i], "wide", 1140, 320);
        layout(p, &v[i], "tall", 360, 460);
        z(p, "</div>\n");
    }
    z(p, "</section>\n");
}
