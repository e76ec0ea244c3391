/* The treemap: groups (folders or models) with their calls inside, laid out here, so that the page needs no script for it.
 * Two shapes are laid out, for wide and for narrow screens. */
#include "report/html.h"

#include "base/map.h"
#include "report/treemap.h"

enum { MOST_CELLS = 400 };

typedef struct {
    dd_str       name;
    double       size;
    dd_site_list sites;   /* dearest first, as in the digest */
} group;
typedef struct { group *v; size_t n, cap; } group_list;

static double size_of(const dd_html *h, const dd_site *s)
{
    dd_pusd m = dd_digest_amount(&h->d, s);
    return m > 0 ? (double)m / (double)DD_PUSD_PER_USD : 0;
}

static dd_str folder(const dd_site *s)
{
    ptrdiff_t slash = dd_str_rchr(s->path, '/');
    return slash > 0 ? dd_str_sub(s->path, 0, (size_t)slash) : DD_STR(".");
}

static dd_str model(const dd_site *s)
{
    return s->price.price ? s->price.price->id : s->model;
}

static int larger(const void *x, const void *y)
{
    const group *a = x, *b = y;
    return a->size != b->size ? (a->size > b->size ? -1 : 1) : dd_str_cmp(a->name, b->name);
}

static group_list groups_by(dd_html *h, dd_str (*name)(const dd_site *))
{
    group_list list = { 0 };
    dd_map     seen = DD_MAP_INIT;
    for (size_t i = 0; i < h->d.billed.n && i < MOST_CELLS; i++) {
        const dd_site *s = h->d.billed.v[i];
        if (size_of(h, s) <= 0)
            continue;
        uintptr_t at = (uintptr_t)dd_map_get(&seen, name(s));
        if (!at) {
            dd_avec_push(&h->tmp, &list, ((group){ .name = name(s) }));
            at = list.n;
            dd_map_put(&seen, name(s), (void *)at);
        }
        list.v[at - 1].size += size_of(h, s);
        dd_avec_push(&h->tmp, &list.v[at - 1].sites, s);
    }
    dd_map_free(&seen);
    if (list.n > 1)
        qsort(list.v, list.n, sizeof *list.v, larger);
    return list;
}

static void place(dd_buf *b, dd_rect r, double w, double h)
{
    dd_buf_printf(b, " style=\"left:%.3f%%;top:%.3f%%;width:%.3f%%;height:%.3f%%\"", 100 * r.x / w, 100 * r.y / h, 100 * r.w / w, 100 * r.h / h);
}

static bool is_old(const dd_html *h, const dd_site *s)
{
    for (size_t i = 0; i < s->n_advice; i++)
        if (s->advice[i].kind == DD_ADVICE_RETIRED && s->advice[i].day != DD_DAY_NONE && s->advice[i].day <= dd_day_of(h->audit->when))
            return true;
    return false;
}

static void cell(dd_html *h, const dd_site *s, dd_rect r, double w, double height)
{
    dd_buf *b     = h->out;
    dd_str  where = dd_fmt_where(&h->tmp, s, 0), money = dd_fmt_money(&h->tmp, dd_digest_amount(&h->d, s)), name = dd_fmt_model(&h->tmp, s);
    dd_buf_printf(b, "<a class=\"cell%s\" href=\"#s-", is_old(h, s) ? " old" : s->suggestion ? " saves" : "");
    dd_html_text(b, s->id);
    dd_buf_addz(b, "\" title=\"");
    dd_html_text(b, dd_arena_printf(&h->tmp, DD_STR_FMT ", " DD_STR_FMT ", " DD_STR_FMT " %s", DD_STR_ARG(where), DD_STR_ARG(name), DD_STR_ARG(money), h->d.unit));
    dd_buf_addc(b, '"');
    place(b, r, w, height);
    dd_buf_addc(b, '>');
    if (r.w > 48 && r.h > 18) {
        ptrdiff_t slash = dd_str_rchr(where, '/');
        dd_buf_addz(b, "<span>");
        dd_html_text(b, dd_str_sub(where, (size_t)(slash + 1), where.len));
        dd_buf_addz(b, "</span>");
        if (r.h > 34) {
            dd_buf_addz(b, "<span>");
            dd_html_text(b, money);
            dd_buf_addz(b, "</span>");
        }
    }
    dd_buf_addz(b, "</a>");
}

static void draw_group(dd_html *h, const group *g, dd_rect r, double w, double height)
{
    bool    small   = r.h < 44 || r.w < 30; /* no room for a name above the calls */
    double  top     = small ? 4 : 21;
    double  inner_w = r.w - 4 > 1 ? r.w - 4 : 1, inner_h = r.h - top > 1 ? r.h - top : 1;
    double *size    = dd_newn(&h->tmp, double, g->sites.n);
    dd_rect *at     = dd_newn(&h->tmp, dd_rect, g->sites.n);
    for (size_t i = 0; i < g->sites.n; i++)
        size[i] = size_of(h, g->sites.v[i]);
    dd_treemap(size, g->sites.n, (dd_rect){ 0, 0, inner_w, inner_h }, at);
    dd_buf_printf(h->out, "<div class=\"group%s\"", small ? " small" : "");
    place(h->out, r, w, height);
    dd_buf_addz(h->out, "><div class=\"name\" title=\"");
    dd_html_text(h->out, g->name);
    dd_buf_addz(h->out, "\">");
    dd_html_text(h->out, g->name);
    dd_buf_addz(h->out, "</div><div class=\"cells\">");
    for (size_t i = 0; i < g->sites.n; i++)
        cell(h, g->sites.v[i], at[i], inner_w, inner_h);
    dd_buf_addz(h->out, "</div></div>\n");
}

static void layout(dd_html *h, const group_list *list, const char *shape, double w, double height)
{
    double  *size = dd_newn(&h->tmp, double, list->n);
    dd_rect *at   = dd_newn(&h->tmp, dd_rect, list->n);
    for (size_t i = 0; i < list->n; i++)
        size[i] = list->v[i].size;
    dd_treemap(size, list->n, (dd_rect){ 0, 0, w, height }, at);
    dd_buf_printf(h->out, "<div class=\"map %s\">\n", shape);
    for (size_t i = 0; i < list->n; i++)
        draw_group(h, &list->v[i], at[i], w, height);
    dd_buf_addz(h->out, "</div>\n");
}

static void maps(dd_html *h, const char *name, const group_list *list)
{
    dd_buf_printf(h->out, "<div class=\"maps %s\">\n", name);
    layout(h, list, "wide", 1140, 430);
    layout(h, list, "tall", 372, 520);
    dd_buf_addz(h->out, "</div>\n");
}

void dd_html_map(dd_html *h)
{
    group_list by_dir = groups_by(h, folder), by_model = groups_by(h, model);
    if (!by_dir.n || h->d.billed.n < 2)
        return;
    dd_buf_printf(h->out, "<section aria-label=\"Where the money goes\"><h2>Where the money goes<small>area is cost %s", h->d.unit);
    if (h->d.billed.n > MOST_CELLS)
        dd_buf_printf(h->out, ", the %d most expensive calls", MOST_CELLS);
    dd_buf_addz(h->out, "</small></h2>\n<input type=\"radio\" name=\"m\" id=\"m-dir\" checked><input type=\"radio\" name=\"m\" id=\"m-model\">"
                        "<div class=\"pick\"><label for=\"m-dir\">By folder</label><label for=\"m-model\">By model</label><span class=\"key\">"
                        "<i style=\"background:var(--save-bg);border-color:var(--save-line)\"></i>cheaper model found"
                        "<i style=\"background:var(--plain-bg);border-color:var(--plain-line)\"></i>none found"
                        "<i style=\"background:var(--warn-bg);border-color:var(--warn-line)\"></i>retired model</span></div>\n");
    maps(h, "dir", &by_dir);
    maps(h, "model", &by_model);
    dd_buf_addz(h->out, "</section>\n");
}
