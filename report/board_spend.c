/* report/board_spend.c - who spends: the treemap, and a table that is sorted and looked into. */
#include "report/board_parts.h"

#include <stdlib.h>

enum { MAP_ROOM = 5, WIDE = 110 };

/* Columns from the right; those of least use go first when there is no room. */
typedef enum { CURVE, COST, SHARE, CHANGE, CALLS, SAVED, COLUMNS } column;
static const struct { const char *name; int width, rank; dd_board_sort sort; } columns[COLUMNS] = {
    [CURVE] = { "", 12, 3, DD_BOARD_SORTS },           [COST] = { "cost", 10, 0, DD_BOARD_SORT_COST },
    [SHARE] = { "share", 6, 1, DD_BOARD_SORT_COST },   [CHANGE] = { "change", 7, 2, DD_BOARD_SORT_CHANGE },
    [CALLS] = { "calls", 8, 4, DD_BOARD_SORT_REQUESTS }, [SAVED] = { "saved", 10, 5, DD_BOARD_SORT_SAVED },
};
enum { LEAST_NAME = 16 };

typedef struct { int name, at[COLUMNS]; } layout;   /* at: where a column ends; 0: it is left out */

static layout place(dd_area at)
{
    layout l = { .name = at.w - 2 };
    bool   in[COLUMNS] = { false };
    for (int rank = 0; rank < COLUMNS; rank++)
        for (int i = 0; i < COLUMNS; i++)
            if (columns[i].rank == rank && l.name - columns[i].width - 2 >= LEAST_NAME) {
                in[i] = true;
                l.name -= columns[i].width + 2;
            }
    int end = at.x + 2 + l.name;
    for (int i = 0; i < COLUMNS; i++)
        if (in[i])
            l.at[i] = end += columns[i].width + 2;
    return l;
}

static void titles(dd_canvas *c, dd_area at, const layout *l)
{
    dd_canvas_click(c, DD_HIT_SORT, DD_BOARD_SORT_NAME);
    dd_canvas_textz(c, at.x + 2, at.y, l->name, c->v->sort == DD_BOARD_SORT_NAME ? DD_ROLE_STRONG : DD_ROLE_DIM, c->v->sort == DD_BOARD_SORT_NAME
                    ? "name ▴" : "name");
    for (int i = 0; i < COLUMNS; i++) {
        if (!l->at[i] || !*columns[i].name)
            continue;
        bool on = columns[i].sort == c->v->sort && i != SHARE;
        dd_canvas_click(c, DD_HIT_SORT, columns[i].sort);
        dd_canvas_end(c, l->at[i], at.y, columns[i].width + 2, on ? DD_ROLE_STRONG : DD_ROLE_DIM,
                      dd_arena_printf(c->a, "%s%s", columns[i].name, on ? " ▾" : ""));
    }
    dd_canvas_click(c, DD_HIT_NONE, 0);
}

static void row(dd_canvas *c, dd_area at, const layout *l, const dd_board_row *r, dd_pusd whole, bool total)
{
    dd_role role, strong = total ? DD_ROLE_STRONG : DD_ROLE_TEXT;
    dd_pusd cost   = dd_board_cost(&r->now), saved = dd_board_saved(&r->now);
    dd_str  change = dd_board_change(c->a, c->b, r, &role);
    const struct { column at; dd_role role; dd_str text; } cells[] = {
        { COST, cost == DD_PUSD_UNKNOWN ? DD_ROLE_DIM : total ? DD_ROLE_STRONG : DD_ROLE_MONEY, dd_board_money(c->a, cost) },
        { SHARE, DD_ROLE_DIM, cost == DD_PUSD_UNKNOWN ? DD_STR("-") : dd_fmt_percent(c->a, cost, whole) },
        { CHANGE, role, change },
        { CALLS, strong, dd_board_short(c->a, r->now.requests) },
        { SAVED, saved > 0 ? DD_ROLE_SAVING : DD_ROLE_DIM, dd_board_money(c->a, saved) },
    };
    dd_canvas_text(c, at.x + 2, at.y, l->name - 1, total ? DD_ROLE_STRONG : DD_ROLE_MODEL, dd_board_name_of(r));
    for (size_t i = 0; i < DD_COUNT(cells); i++)
        if (l->at[cells[i].at])
            dd_canvas_end(c, l->at[cells[i].at], at.y, columns[cells[i].at].width, cells[i].role, cells[i].text);
    if (l->at[CURVE])
        dd_canvas_chart(c, (dd_area){ l->at[CURVE] - columns[CURVE].width, at.y, columns[CURVE].width, 1 }, DD_ROLE_BAR, r->cost, 0);
}

static void table(dd_canvas *c, dd_area at, const size_t *order, size_t n)
{
    layout       l     = place(at);
    int64_t      room  = at.h - 2, picked = c->v->selected[DD_BOARD_SPEND];
    int64_t      first = dd_board_first((int64_t)n, picked, room);
    dd_board_row all   = { .name = DD_STR("total"), .now = c->b->total, .before = c->b->before, .cost = c->b->cost };
    titles(c, at, &l);
    for (int64_t i = 0; i < room && first + i < (int64_t)n; i++) {
        dd_area here = { at.x, at.y + 1 + (int)i, at.w, 1 };
        dd_canvas_click(c, DD_HIT_ROW, first + i);
        dd_canvas_blank(c, at.x, here.y, at.w, DD_ROLE_TEXT);
        row(c, here, &l, &c->b->rows[order[first + i]], dd_board_cost(&c->b->total), false);
        if (first + i == picked)
            dd_canvas_mark(c, at.x, here.y, at.w);
        dd_canvas_click(c, DD_HIT_NONE, 0);
    }
    if (!n)
        dd_canvas_none(c, at.x + 2, at.y + 1, at.w - 2, c->b->total.requests < 0 ? "not known" : c->v->find[0] ? "no name holds that" : "nothing in this period");
    row(c, (dd_area){ at.x, at.y + at.h - 1, at.w, 1 }, &l, &all, dd_board_cost(&c->b->total), true);
}

static const char *words(dd_board_by by) { return by == DD_BOARD_CALL_SITE ? "call site" : dd_board_by_name(by); }

/* What is looked at: the dimensions, and what was looked into. */
static void bar(dd_canvas *c, dd_area at)
{
    int x = dd_canvas_textz(c, at.x, at.y, 3, DD_ROLE_DIM, "by") + 1, end = at.x + at.w;
    for (int i = 0; i < DD_BOARD_BYS; i++) {
        bool on = c->v->by == (dd_board_by)i;
        dd_canvas_click(c, DD_HIT_BY, i);
        x = dd_canvas_text(c, x, at.y, end - x, on ? DD_ROLE_TAB : DD_ROLE_TEXT, dd_arena_printf(c->a, on ? "[%s]" : " %s ", words((dd_board_by)i)));
    }
    dd_canvas_click(c, DD_HIT_NONE, 0);
    if (!dd_board_comparable(c->b))
        dd_canvas_end(c, end, at.y, end - x - 2, DD_ROLE_DIM, dd_arena_printf(c->a, "no change: %d of the %d days before are recorded",
                                                                             c->b->before_known, c->b->before_steps));
}

/* What was looked into, on a row of its own; says how many rows it took. */
static int path(dd_canvas *c, dd_area at)
{
    dd_buf only = DD_BUF_INIT(0);
    for (size_t i = 0; i < c->v->n_drills; i++)
        dd_buf_printf(&only, "%s%s %s", i ? " › " : "only ", words(c->v->drills[i].by), c->v->drills[i].value[0] ? c->v->drills[i].value : "(none)");
    if (c->v->find[0])
        dd_buf_printf(&only, "%snames with \"%s\"", only.len ? " › " : "only ", c->v->find);
    int rows = only.len > 0;
    if (rows)
        dd_canvas_text(c, at.x, at.y, at.w, DD_ROLE_WARN, dd_arena_dup(c->a, dd_buf_str(&only)));
    dd_buf_free(&only);
    return rows;
}

void dd_board_spend(dd_canvas *c, dd_area at)
{
    size_t *order = dd_malloc((c->b->n_rows + 1) * sizeof *order), n = dd_board_order(c->b, c->v, order);
    bar(c, at);
    int rows = 1 + path(c, (dd_area){ at.x, at.y + 1, at.w, 1 });
    at.y += rows;
    at.h -= rows;
    if (at.w >= WIDE) {
        int w = at.w * 42 / 100;
        dd_canvas_map(c, (dd_area){ at.x, at.y, w, at.h }, c->b->rows, c->b->n_rows, true);
        table(c, (dd_area){ at.x + w + 1, at.y, at.w - w - 1, at.h }, order, n);
    } else {
        int h = at.h * 40 / 100 < MAP_ROOM ? 0 : at.h * 40 / 100;
        dd_canvas_map(c, (dd_area){ at.x, at.y, at.w, h }, c->b->rows, c->b->n_rows, true);
        table(c, (dd_area){ at.x, at.y + h, at.w, at.h - h }, order, n);
    }
    free(order);
}
