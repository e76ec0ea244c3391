/* report/board_map.c - the treemap in cells: a tile for each spender, its area its share.
 *
 * A cell is about twice as high as wide, so the layout is made for cells of 1 x 2 and then brought to whole cells. Neighbours have different shades; a
 * name keeps its shade while its neighbours let it. Without colours tiles have borders. What gets no cell, or less than half a percent, is summed up. */
#include "report/board_parts.h"
#include "report/treemap.h"

enum { TILES = 24 };
typedef struct { dd_area at; dd_str name; dd_pusd cost; int64_t row; int shade; } tile;   /* row -1: the rest */

static bool touch(const dd_area *a, const dd_area *b)
{
    return a->x <= b->x + b->w && b->x <= a->x + a->w && a->y <= b->y + b->h && b->y <= a->y + a->h;
}

static void choose_shade(tile *t, const tile *before, size_t n)
{
    unsigned taken = 0, start = (unsigned)(dd_str_hash(t->name) % DD_TILE_SHADES);
    if (t->row < 0) {
        t->shade = DD_TILE_SHADES;
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (touch(&t->at, &before[i].at) && before[i].shade < DD_TILE_SHADES)
            taken |= 1u << before[i].shade;
    for (unsigned k = 0; k < DD_TILE_SHADES; k++) {
        t->shade = (int)((start + k) % DD_TILE_SHADES);
        if (!(taken & 1u << t->shade))
            return;
    }
}

static dd_pusd spent(const dd_board_row *r)
{
    dd_pusd m = dd_board_cost(&r->now);
    return m == DD_PUSD_UNKNOWN || m < 0 ? 0 : m;
}

static void insert(tile *out, double *size, size_t n, tile t, double m)
{
    size_t at = n;
    for (; at > 0 && size[at - 1] < m; at--) {
        size[at] = size[at - 1];
        out[at]  = out[at - 1];
    }
    size[at] = m;
    out[at]  = t;
}

/* The dearest, in falling order, and one for all the others. */
static size_t choose(const dd_board_row *rows, size_t n, int cells, tile *out, double *size, dd_pusd *total)
{
    size_t  got = 0, most = (size_t)(cells / 24 < 1 ? 1 : cells / 24);
    double  sum = 0;
    dd_pusd rest = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)spent(&rows[i]);
    *total = sum > 9e18 ? INT64_MAX : (dd_pusd)sum;
    for (size_t i = 0; i < n; i++) {
        double m = (double)spent(&rows[i]);
        if (m > 0 && got + 1 < TILES && got < most && m > sum / 200)
            insert(out, size, got++, (tile){ .name = dd_board_name_of(&rows[i]), .cost = spent(&rows[i]), .row = (int64_t)i }, m);
        else if (__builtin_add_overflow(rest, spent(&rows[i]), &rest))
            rest = INT64_MAX;
    }
    if (rest > 0)   /* at least so large that it is seen */
        insert(out, size, got++, (tile){ .name = DD_STR("others"), .cost = rest, .row = -1 }, (double)rest > sum / 100 ? (double)rest : sum / 100);
    return got;
}

static void border(dd_canvas *c, const dd_area *t)
{
    int r = t->x + t->w - 1, b = t->y + t->h - 1;
    if (t->w < 2 || t->h < 2)
        return;
    dd_grid_fill(c->g, (size_t)t->y, t->x, r, DD_ROLE_RULE, "─");
    dd_grid_fill(c->g, (size_t)b, t->x, r, DD_ROLE_RULE, "─");
    for (int y = t->y; y <= b; y++) {
        dd_grid_putz(c->g, (size_t)y, t->x, DD_ROLE_RULE, y == t->y ? "┌" : y == b ? "└" : "│");
        dd_grid_putz(c->g, (size_t)y, r, DD_ROLE_RULE, y == t->y ? "┐" : y == b ? "┘" : "│");
    }
}

/* Name, then dollars, then share, as far as there are rows and columns. */
static void label(dd_canvas *c, const tile *t, dd_pusd total)
{
    bool    flat = c->v->flat;
    dd_area in   = flat ? (dd_area){ t->at.x + 1, t->at.y + 1, t->at.w - 2, t->at.h - 2 } : (dd_area){ t->at.x + 1, t->at.y, t->at.w - 1, t->at.h };
    dd_role name = flat ? DD_ROLE_STRONG : (dd_role)(DD_ROLE_TILE_STRONG + t->shade), text = flat ? DD_ROLE_TEXT : (dd_role)(DD_ROLE_TILE + t->shade);
    dd_str  share = dd_fmt_percent(c->a, t->cost, total), money = dd_fmt_about(c->a, t->cost);
    if (flat && (in.h < 1 || t->at.w < 4))   /* a flat block: its name in the border */
        in = (dd_area){ t->at.x + 1, t->at.y, t->at.w - 2, 1 };
    if (!flat && in.h > 3 && in.w > 8)
        in = (dd_area){ in.x, in.y + 1, in.w, in.h - 1 };
    if (in.w < 2 || in.h < 1)
        return;
    dd_canvas_text(c, in.x, in.y, in.w, name, t->name);
    dd_str both = dd_arena_printf(c->a, DD_STR_FMT "  " DD_STR_FMT, DD_STR_ARG(money), DD_STR_ARG(share));
    if (in.h > 1 && (int)dd_utf8_width(both) <= in.w) {
        dd_canvas_text(c, in.x, in.y + 1, in.w, text, both);
        return;
    }
    if (in.h > 1 && (int)dd_utf8_width(money) <= in.w)
        dd_canvas_text(c, in.x, in.y + 1, in.w, text, money);
    if (in.h > 2 && (int)dd_utf8_width(share) <= in.w)
        dd_canvas_text(c, in.x, in.y + 2, in.w, text, share);
    int room = in.w - (int)dd_utf8_width(t->name) - 2;
    if (in.h == 1 && room >= (int)dd_utf8_width(share))
        dd_canvas_end(c, in.x + in.w - (flat ? 0 : 1), in.y, room, text, room > (int)dd_utf8_width(both) ? both : share);
}

static void draw(dd_canvas *c, const tile *t, dd_pusd total, bool clickable)
{
    if (t->at.w < 1 || t->at.h < 1)
        return;
    dd_canvas_click(c, clickable && t->row >= 0 ? DD_HIT_TILE : DD_HIT_NONE, t->row);
    for (int y = 0; y < t->at.h; y++)
        dd_canvas_blank(c, t->at.x, t->at.y + y, t->at.w, c->v->flat ? DD_ROLE_TEXT : (dd_role)(DD_ROLE_TILE + t->shade));
    if (c->v->flat)
        border(c, &t->at);
    label(c, t, total);
    dd_canvas_click(c, DD_HIT_NONE, 0);
}

static int whole(double d) { return (int)(d + 0.5); }

void dd_canvas_map(dd_canvas *c, dd_area at, const dd_board_row *rows, size_t n, bool clickable)
{
    tile    tiles[TILES];
    double  size[TILES];
    dd_rect rects[TILES];
    dd_pusd total;
    if (at.w < 4 || at.h < 2)
        return;
    size_t got = choose(rows, n, at.w * at.h, tiles, size, &total);
    if (!got) {
        dd_canvas_none(c, at.x, at.y, at.w, c->b->total.requests < 0 ? "not known" : c->b->total.unpriced ? "nothing spent on calls whose price is known" : "nothing spent in this period");
        return;
    }
    dd_treemap(size, got, (dd_rect){ 0, 0, at.w, at.h * 2.0 }, rects);
    for (size_t i = 0; i < got; i++) {
        int x = whole(rects[i].x), y = whole(rects[i].y / 2);
        tiles[i].at = (dd_area){ at.x + x, at.y + y, whole(rects[i].x + rects[i].w) - x, whole((rects[i].y + rects[i].h) / 2) - y };
        choose_shade(&tiles[i], tiles, i);
        draw(c, &tiles[i], total, clickable);
    }
}
