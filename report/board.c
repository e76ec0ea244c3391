/* report/board.c - the dashboard's frame: tabs above, keys below, and the tab between them. */
#include "report/board_parts.h"

#include <stdlib.h>

enum { LEAST_WIDTH = 50, LEAST_HEIGHT = 12 };

static const char *const tabs[]    = { "overview", "spend", "providers", "budgets", "requests" };
static const char *const titles[]  = { "Overview", "Spend", "Providers", "Budgets", "Requests" };
static const char *const periods[] = { "1h", "24h", "7d", "30d", "90d" };
static const char *const bys[]     = { "team", "feature", "model", "call_site", "provider", "key", "route" };

const char *dd_board_period_name(dd_board_period p) { return (unsigned)p < DD_BOARD_PERIODS ? periods[p] : ""; }
const char *dd_board_by_name(dd_board_by b) { return (unsigned)b < DD_BOARD_BYS ? bys[b] : ""; }

static bool find(dd_str name, const char *const *names, size_t n, size_t *out)
{
    for (*out = 0; *out < n; ++*out)
        if (dd_str_eqz(name, names[*out]))
            return true;
    return false;
}

bool dd_board_tab_find(dd_str name, dd_board_tab *out)
{
    size_t i;
    bool   is = find(name, tabs, DD_COUNT(tabs), &i);
    *out      = is ? (dd_board_tab)i : *out;
    return is;
}

bool dd_board_period_find(dd_str name, dd_board_period *out)
{
    size_t i;
    bool   is = find(name, periods, DD_COUNT(periods), &i);
    *out      = is ? (dd_board_period)i : *out;
    return is;
}

bool dd_board_by_find(dd_str name, dd_board_by *out)
{
    size_t i;
    bool   is = find(name, bys, DD_COUNT(bys), &i);
    *out      = is ? (dd_board_by)i : *out;
    return is;
}

/* --- the order of the table --- */

typedef struct { const dd_board_row *row; size_t at; dd_board_sort by; double key; } ranked;

/* What is not known comes last. */
static double rank_of(const dd_board_row *r, dd_board_sort by)
{
    dd_pusd cost = dd_board_cost(&r->now), before = dd_board_cost(&r->before), saved = dd_board_saved(&r->now);
    switch (by) {
    case DD_BOARD_SORT_REQUESTS: return (double)r->now.requests;
    case DD_BOARD_SORT_SAVED: return saved == DD_PUSD_UNKNOWN ? -1e30 : (double)saved;
    case DD_BOARD_SORT_CHANGE: return cost == DD_PUSD_UNKNOWN ? -1e30 : (double)cost - (before == DD_PUSD_UNKNOWN ? 0 : (double)before);
    default: return cost == DD_PUSD_UNKNOWN ? -1e30 : (double)cost;
    }
}

static int higher(const void *pa, const void *pb)
{
    const ranked *a = pa, *b = pb;
    if (a->by != DD_BOARD_SORT_NAME && a->key != b->key)
        return a->key < b->key ? 1 : -1;
    if (a->by != DD_BOARD_SORT_NAME && a->row->now.requests != b->row->now.requests)
        return a->row->now.requests < b->row->now.requests ? 1 : -1;
    return dd_str_cmp(dd_board_name_of(a->row), dd_board_name_of(b->row));
}

static bool holds(dd_str name, const char *part)
{
    dd_buf glob = DD_BUF_INIT(0);
    dd_buf_printf(&glob, "*%s*", part);
    bool is = !*part || dd_str_glob(dd_buf_str(&glob), name, true);
    dd_buf_free(&glob);
    return is;
}

size_t dd_board_order(const dd_board *b, const dd_board_view *v, size_t *out)
{
    ranked *all = dd_malloc((b->n_rows + 1) * sizeof *all);
    size_t  n   = 0;
    for (size_t i = 0; i < b->n_rows; i++)
        if (holds(dd_board_name_of(&b->rows[i]), v->find))
            all[n++] = (ranked){ &b->rows[i], i, v->sort, rank_of(&b->rows[i], v->sort) };
    qsort(all, n, sizeof *all, higher);
    for (size_t i = 0; i < n; i++)
        out[i] = all[i].at;
    free(all);
    return n;
}

static int64_t shown_rows(const dd_board *b, const dd_board_view *v)
{
    size_t  n = 0;
    for (size_t i = 0; i < b->n_rows; i++)
        n += holds(dd_board_name_of(&b->rows[i]), v->find);
    return (int64_t)n;
}

int64_t dd_board_count(const dd_board *b, const dd_board_view *v)
{
    switch (v->tab) {
    case DD_BOARD_SPEND: return shown_rows(b, v);
    case DD_BOARD_PROVIDERS: return (int64_t)b->n_providers;
    case DD_BOARD_BUDGETS: return (int64_t)b->n_budgets;
    case DD_BOARD_REQUESTS: return (int64_t)b->n_events;
    default: return 0;
    }
}

/* --- the frame --- */

/* What is told at the right edge, and shorter where there is less room. */
typedef struct { dd_role role; dd_str whole, less; } state;

static state state_of(dd_canvas *c)
{
    const dd_board *b = c->b;
    if (c->v->paused)
        return (state){ DD_ROLE_WARN, dd_arena_printf(c->a, "‖ paused at " DD_STR_FMT, DD_STR_ARG(dd_fmt_clock(c->a, b->now_ms, b->offset_s))),
                        DD_STR("‖ paused") };
    if (b->panic)
        return (state){ DD_ROLE_BAD, DD_STR("▲ panic mode"), DD_STR("▲ panic") };
    if (b->link == DD_BOARD_UNREACHABLE)
        return (state){ DD_ROLE_WARN, DD_STR("○ the proxy does not answer"), DD_STR("○ no answer") };
    if (b->link == DD_BOARD_NO_PROXY)
        return (state){ DD_ROLE_DIM, DD_STR("○ no proxy runs"), DD_STR("○ no proxy") };
    return (state){ DD_ROLE_SAVING, b->proxies > 1 ? dd_arena_printf(c->a, "● live, %d proxies", b->proxies) : DD_STR("● live"), DD_STR("● live") };
}

/* The tab that is on is underlined, so that it is known without colours, too. */
static void head(dd_canvas *c, int w)
{
    bool    wide = w >= 72;
    state   now = state_of(c);
    int     x   = w >= 100 ? dd_canvas_textz(c, 1, 0, w, DD_ROLE_STRONG, "dd0c top") + 2 : 0;
    dd_grid_fill(c->g, 1, 0, w, DD_ROLE_RULE, "─");
    for (int i = 0; i < DD_BOARD_TABS; i++) {
        char name[24];
        int  from = x;
        bool on   = c->v->tab == (dd_board_tab)i;
        snprintf(name, sizeof name, wide || on ? " %d %s " : " %d ", i + 1, titles[i]);
        dd_canvas_click(c, DD_HIT_TAB, i);
        x = dd_canvas_textz(c, x, 0, w - x, on ? DD_ROLE_TAB : DD_ROLE_TEXT, name);
        if (on)
            dd_grid_fill(c->g, 1, from, x, DD_ROLE_BAR, c->v->ascii ? "=" : "━");
    }
    dd_str period = dd_arena_printf(c->a, " %s ", dd_board_period_name(c->v->period));
    int    end = w - 1, room = end - x - 1 - (int)dd_utf8_width(period);
    dd_str s   = (int)dd_utf8_width(now.whole) <= room ? now.whole : (int)dd_utf8_width(now.less) <= room ? now.less : dd_str_sub(now.less, 0, 3);
    dd_canvas_end(c, end, 0, w, now.role, s);
    dd_canvas_click(c, DD_HIT_PERIOD, 0);
    dd_canvas_end(c, end - (int)dd_utf8_width(s) - 1, 0, w, DD_ROLE_STRONG, period);
    dd_canvas_click(c, DD_HIT_NONE, 0);
}

typedef struct { const char *key, *what; } hint;
static const hint hints_of[DD_BOARD_TABS][6] = {
    [DD_BOARD_OVERVIEW]  = { { "Tab", "next" }, { "p", "period" }, { "space", "pause" } },
    [DD_BOARD_SPEND]     = { { "Enter", "look into" }, { "Esc", "back" }, { "◂▸", "by" }, { "s", "sort" }, { "/", "find" }, { "p", "period" } },
    [DD_BOARD_PROVIDERS] = { { "Tab", "next" }, { "p", "period" }, { "space", "pause" } },
    [DD_BOARD_BUDGETS]   = { { "Tab", "next" }, { "space", "pause" } },
    [DD_BOARD_REQUESTS]  = { { "Enter", "inspect" }, { "/", "filter" }, { "space", "pause" } },
};
static const hint inspect_hints[6] = { { "Esc", "back" }, { "n", "older" }, { "N", "newer" }, { "↑↓", "scroll" } };

static void keys(dd_canvas *c, int y, int x, int end)
{
    static const hint always[] = { { "?", "help" }, { "q", "quit" } };
    const hint       *h = c->v->inspect && c->v->tab == DD_BOARD_REQUESTS ? inspect_hints : hints_of[c->v->tab];
    for (size_t i = 0; i < DD_COUNT(always); i++) {   /* these at the right edge, whatever else has room */
        int w = (int)strlen(always[DD_COUNT(always) - 1 - i].what) + 2, at = end - w;
        at = dd_canvas_textz(c, at, y, 1, DD_ROLE_KEY, always[DD_COUNT(always) - 1 - i].key) + 1;
        dd_canvas_textz(c, at, y, end - at, DD_ROLE_DIM, always[DD_COUNT(always) - 1 - i].what);
        end -= w + 2;
    }
    for (size_t i = 0; i < 6; i++) {
        const hint *k = &h[i];
        if (!k->key || x + (int)dd_utf8_width(dd_str_z(k->key)) + 1 + (int)strlen(k->what) > end)
            continue;
        const char *key = c->v->ascii && strcmp(k->key, "◂▸") == 0 ? "<>" : c->v->ascii && strcmp(k->key, "↑↓") == 0 ? "jk" : k->key;
        x = dd_canvas_textz(c, x, y, end - x, DD_ROLE_KEY, key) + 1;
        x = dd_canvas_textz(c, x, y, end - x, DD_ROLE_DIM, k->what) + 2;
    }
}

static void foot(dd_canvas *c, int y, int w)
{
    const dd_board_view *v = c->v;
    if (v->typing) {
        int x = dd_canvas_textz(c, 1, y, w, DD_ROLE_KEY, v->tab == DD_BOARD_SPEND ? "find: " : "filter: ");
        dd_str line = dd_str_z(v->line);
        while ((int)dd_utf8_width(line) > w - x - 2)   /* its end is where the hands are */
            line = dd_str_sub(line, 1, line.len);
        x = dd_canvas_text(c, x, y, w - x - 1, DD_ROLE_TEXT, line);
        dd_canvas_textz(c, x, y, 1, DD_ROLE_SELECTED, " ");
        if (!line.len)
            dd_canvas_textz(c, x + 2, y, w - x - 3, DD_ROLE_DIM,
                            v->tab == DD_BOARD_SPEND ? "a part of a name; Enter, Esc" : "model=gpt-4o* cost>0.01 status>=400 feature=search");
        return;
    }
    dd_str say = v->note[0] ? dd_str_z(v->note) : c->b->problem;
    if (say.len) {
        dd_canvas_text(c, 1, y, w - 2, DD_ROLE_WARN, say);
        return;
    }
    keys(c, y, 1, w - 1);
}

static void nothing_yet(dd_canvas *c, dd_area at)
{
    int y = at.y + at.h / 3;
    dd_canvas_textz(c, at.x + 2, y, at.w - 4, DD_ROLE_STRONG, "Nothing is recorded yet.");
    y += 2;
    y += dd_canvas_wrap(c, (dd_area){ at.x + 2, y, at.w - 4, at.y + at.h - y }, DD_ROLE_TEXT,
                        DD_STR("Start the proxy and send a program through it; this screen follows by itself:")) + 1;
    static const char *const lines[] = { "dd0c proxy", "dd0c run -- python app.py" };
    for (size_t i = 0; i < DD_COUNT(lines); i++)
        if (y < at.y + at.h)
            dd_canvas_textz(c, at.x + 4, y++, at.w - 6, DD_ROLE_MODEL, lines[i]);
    if (c->b->dir.len && ++y < at.y + at.h)
        dd_canvas_text(c, at.x + 2, y, at.w - 4, DD_ROLE_DIM, dd_arena_printf(c->a, "Looking in " DD_STR_FMT, DD_STR_ARG(c->b->dir)));
}

static void too_small(dd_canvas *c, int w, int h)
{
    dd_canvas_wrap(c, (dd_area){ 0, 0, w, h }, DD_ROLE_TEXT,
                   dd_arena_printf(c->a, "dd0c top needs %d x %d cells; this window has %d x %d. Make it larger, or use: dd0c top --plain",
                                   LEAST_WIDTH, LEAST_HEIGHT, w, h));
}

typedef void draw_fn(dd_canvas *c, dd_area at);
static draw_fn *const drawers[] = { dd_board_overview, dd_board_spend, dd_board_providers, dd_board_budgets, dd_board_requests };

static draw_fn *drawer_of(const dd_board *b, const dd_board_view *v)
{
    if (v->help)
        return dd_board_help;
    if (v->inspect && v->tab == DD_BOARD_REQUESTS)
        return dd_board_inspect;
    return b->empty && v->tab != DD_BOARD_BUDGETS && (v->tab != DD_BOARD_PROVIDERS || !b->n_providers) ? nothing_yet : drawers[v->tab];
}

void dd_board_draw(const dd_board *b, const dd_board_view *v, int height, dd_grid *g)
{
    dd_arena  a = DD_ARENA_INIT;
    dd_canvas c = { g, b, v, &a };
    int       w = g->width;
    g->rows = 0;
    g->link = 0;
    for (int y = 0; y < height; y++)
        dd_grid_row(g);
    if (w < LEAST_WIDTH || height < LEAST_HEIGHT) {
        too_small(&c, w, height);
    } else {
        head(&c, w);
        drawer_of(b, v)(&c, (dd_area){ 1, 2, w - 2, height - 3 });
        foot(&c, height - 1, w);
    }
    g->link = 0;
    dd_arena_fini(&a);
}
