/* report/board_parts.c - text, curves, bars, large figures and figures as words: what the tabs of the dashboard are made of. */
#include "report/board_parts.h"

#include <math.h>

int dd_canvas_text(dd_canvas *c, int x, int y, int width, dd_role role, dd_str s)
{
    if (width < 1 || x >= c->g->width || y < 0 || (size_t)y >= c->g->rows)
        return x;
    return dd_grid_put(c->g, (size_t)y, x, role, dd_fmt_fit(c->a, s, width));
}

int dd_canvas_textz(dd_canvas *c, int x, int y, int width, dd_role role, const char *z) { return dd_canvas_text(c, x, y, width, role, dd_str_z(z)); }

void dd_canvas_end(dd_canvas *c, int end, int y, int width, dd_role role, dd_str s)
{
    if (width < 1)
        return;
    s = dd_fmt_fit(c->a, s, width);
    dd_canvas_text(c, end - (int)dd_utf8_width(s), y, width, role, s);
}

void dd_canvas_none(dd_canvas *c, int x, int y, int w, const char *why) { dd_canvas_textz(c, x, y, w, DD_ROLE_DIM, c->v->waiting ? "reading ..."
                                                                                          : why); }

void dd_canvas_blank(dd_canvas *c, int x, int y, int w, dd_role role)
{
    if (y >= 0 && (size_t)y < c->g->rows)
        dd_grid_fill(c->g, (size_t)y, x, x + w, role, " ");
}

void dd_canvas_click(dd_canvas *c, dd_board_hit_kind kind, int64_t index)
{
    c->g->link = kind == DD_HIT_NONE || index < 0 || index > 0xffffff ? 0 : (uint32_t)kind << 24 | (uint32_t)index;
}

dd_board_hit dd_board_hit_of(uint32_t link) { return (dd_board_hit){ (dd_board_hit_kind)(link >> 24), (int64_t)(link & 0xffffff) }; }

void dd_canvas_mark(dd_canvas *c, int x, int y, int w)
{
    dd_cell *row = c->g->cells + (size_t)y * (size_t)c->g->width;
    for (int i = x; i < x + w && i < c->g->width; i++) {
        if (!row[i].len && !row[i].tail)
            dd_grid_putz(c->g, (size_t)y, i, DD_ROLE_SELECTED, " ");
        row[i].role = DD_ROLE_SELECTED;
    }
    dd_grid_putz(c->g, (size_t)y, x, DD_ROLE_SELECTED, "▸");
}

dd_area dd_canvas_section(dd_canvas *c, dd_area at, const char *title, dd_str note)
{
    int from = dd_canvas_textz(c, at.x, at.y, at.w, DD_ROLE_HEADING, title) + 1, end = at.x + at.w;
    if (note.len && end - from > 8) {
        note = dd_fmt_fit(c->a, note, end - from - 4);
        end -= (int)dd_utf8_width(note) + 1;
        dd_canvas_text(c, end + 1, at.y, at.w, DD_ROLE_DIM, note);
    }
    if (end > from)
        dd_grid_fill(c->g, (size_t)at.y, from, end, DD_ROLE_RULE, "─");
    return (dd_area){ at.x, at.y + 1, at.w, at.h - 1 };
}

/* The mean of what falls into column `col` of `w`; < 0: nothing is known there. */
static double column(dd_board_series s, int col, int w)
{
    size_t from = (size_t)col * s.n / (size_t)w, to = (size_t)(col + 1) * s.n / (size_t)w, known = 0;
    double sum = 0;
    for (size_t i = from; i < (to > from ? to : from + 1) && i < s.n; i++)
        if (s.v[i] >= 0) {
            sum += s.v[i];
            known++;
        }
    return known ? sum / (double)known : -1;
}

static const char *const levels[2][9] = { { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }, { " ", ".", ".", ":", ":", "=", "=", "#", "#" } };

void dd_canvas_chart(dd_canvas *c, dd_area at, dd_role role, dd_board_series s, double top)
{
    if (at.w < 1 || at.h < 1 || !s.n)
        return;
    double most = top;
    for (int x = 0; top <= 0 && x < at.w; x++)
        most = fmax(most, column(s, x, at.w));
    for (int x = 0; x < at.w; x++) {
        double v     = column(s, x, at.w);
        int    units = v < 0 ? 0 : v == 0 || most <= 0 ? 1 : 1 + (int)(fmin(v / most, 1) * (at.h * 8 - 1) + 0.5);
        for (int y = 0; y < at.h && units > 0; y++, units -= 8)
            dd_grid_putz(c->g, (size_t)(at.y + at.h - 1 - y), at.x + x, v > 0 ? role : DD_ROLE_TRACK, levels[c->v->ascii][units > 8 ? 8 : units]);
    }
}

void dd_canvas_bar(dd_canvas *c, int x, int y, int w, dd_role role, double part, double until)
{
    static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    int units = part > 0 ? (int)(fmin(part, 1) * w * 8 + 0.5) : 0, end = until > 0 ? (int)(fmin(until, 1) * w + 0.5) : 0;
    if (w < 1)
        return;
    dd_grid_fill(c->g, (size_t)y, x, x + w, DD_ROLE_TRACK, c->v->ascii ? "." : "╌");
    if (units < 1 && part > 0)
        units = 1;
    if (c->v->ascii)
        units = (units + 7) / 8 * 8;
    if (end > units / 8)
        dd_grid_fill(c->g, (size_t)y, x + units / 8, x + end, role, c->v->ascii ? "+" : "░");
    dd_grid_fill(c->g, (size_t)y, x, x + units / 8, role, c->v->ascii ? "#" : "█");
    if (units % 8)
        dd_grid_putz(c->g, (size_t)y, x + units / 8, role, eighths[units % 8]);
}

/* --- large figures: five pixels high, two to a cell --- */

static const struct { char sign; const char *row[5]; } glyphs[] = {
    { '0', { "###", "# #", "# #", "# #", "###" } }, { '1', { " # ", "## ", " # ", " # ", "###" } }, { '2', { "###", "  #", "###", "#  ", "###" } },
    { '3', { "###", "  #", "###", "  #", "###" } }, { '4', { "# #", "# #", "###", "  #", "  #" } }, { '5', { "###", "#  ", "###", "  #", "###" } },
    { '6', { "###", "#  ", "###", "# #", "###" } }, { '7', { "###", "  #", "  #", "  #", "  #" } }, { '8', { "###", "# #", "###", "# #", "###" } },
    { '9', { "###", "# #", "###", "  #", "###" } }, { '.', { " ", " ", " ", " ", "#" } },           { ',', { " ", " ", " ", "#", "#" } },
    { '-', { "  ", "  ", "##", "  ", "  " } },      { '$', { "####", "# # ", "####", " # #", "####" } },
};

static int big_sign(dd_canvas *c, int x, int y, dd_role role, const char *const *rows)
{
    static const char *const halves[4] = { " ", "▀", "▄", "█" };
    int w = (int)strlen(rows[0]);
    for (int r = 0; r < 3; r++)
        for (int i = 0; i < w; i++) {
            int bits = (rows[2 * r][i] == '#') | (2 * r + 1 < 5 && rows[2 * r + 1][i] == '#') << 1;
            if (bits)
                dd_canvas_textz(c, x + i, y + r, 1, role, halves[bits]);
        }
    return w;
}

int dd_canvas_big(dd_canvas *c, int x, int y, dd_role role, dd_str s, bool draw)
{
    int from = x;
    for (size_t i = 0; i < s.len; i++)
        for (size_t k = 0; k < DD_COUNT(glyphs); k++)
            if (glyphs[k].sign == s.ptr[i])
                x += (draw ? big_sign(c, x, y, role, glyphs[k].row) : (int)strlen(glyphs[k].row[0])) + 1;
    return x - from;
}

int dd_canvas_wrap(dd_canvas *c, dd_area at, dd_role role, dd_str s)
{
    int x = at.x, y = at.y;
    while (s.len && y < at.y + at.h) {
        dd_str word = dd_str_cut(&s, ' ');
        int    w    = (int)dd_utf8_width(word);
        if (x > at.x && x + w > at.x + at.w) {
            x = at.x;
            y++;
        }
        if (y < at.y + at.h)
            x = dd_canvas_text(c, x, y, at.x + at.w - x, role, word) + 1;
    }
    return y - at.y + 1;
}

int64_t dd_board_first(int64_t n, int64_t selected, int64_t room)
{
    int64_t first = selected - room / 2;
    if (first > n - room)
        first = n - room;
    return first < 0 ? 0 : first;
}

/* --- figures as words --- */

dd_str dd_board_rate(dd_arena *a, double r)
{
    if (!(r >= 0))
        return DD_STR("-");
    return r < 10 ? dd_arena_printf(a, "%.1f", r) : dd_fmt_count(a, (int64_t)(r + 0.5));
}

dd_str dd_board_money(dd_arena *a, dd_pusd m) { return m == DD_PUSD_UNKNOWN ? DD_STR("-") : dd_fmt_about(a, m); }

dd_str dd_board_number(dd_arena *a, int64_t n) { return n < 0 ? DD_STR("-") : dd_fmt_count(a, n); }
dd_str dd_board_short(dd_arena *a, int64_t n) { return n < 0 ? DD_STR("-") : dd_fmt_tokens(a, n); }

dd_str dd_board_share(dd_arena *a, int64_t part, int64_t whole)
{
    if (whole <= 0 || part < 0)
        return DD_STR("-");
    double p = 100.0 * (double)part / (double)whole;
    if (part > 0 && p < 0.1)
        return DD_STR("<0.1%");
    if (p > 999)
        return DD_STR(">999%");
    return p < 10 && part > 0 ? dd_arena_printf(a, "%.1f%%", p) : dd_arena_printf(a, "%.0f%%", p);
}

bool dd_board_comparable(const dd_board *b) { return 2 * b->before_known >= b->before_steps; }

dd_str dd_board_change(dd_arena *a, const dd_board *b, const dd_board_row *r, dd_role *role)
{
    dd_pusd now = dd_board_cost(&r->now), before = dd_board_cost(&r->before);
    *role = DD_ROLE_DIM;
    if (!dd_board_comparable(b))
        return DD_STR("-");
    if (r->before.requests == 0)
        return r->now.requests ? DD_STR("new") : DD_STR("");
    if (now == DD_PUSD_UNKNOWN || before == DD_PUSD_UNKNOWN || before <= 0)
        return DD_STR("-");
    double p = 100.0 * ((double)now - (double)before) / (double)before;
    if (fabs(p) < 0.5)
        return DD_STR("0%");
    *role = p < -5 ? DD_ROLE_SAVING : p > 25 ? DD_ROLE_WARN : DD_ROLE_TEXT;
    return p >= 1000 ? DD_STR(">10x") : dd_arena_printf(a, "%+.0f%%", p);
}

dd_str dd_board_name_of(const dd_board_row *r) { return r->name.len ? r->name : DD_STR("(none)"); }
static bool is_priced(const dd_board_sum *s) { return s->requests == 0 || (s->requests > 0 && s->unpriced < s->requests); }
double dd_board_errors(const dd_board_sum *s) { return s->requests > 0 ? (double)s->errors / (double)s->requests : -1; }

dd_pusd dd_board_cost(const dd_board_sum *s) { return is_priced(s) ? s->cost : DD_PUSD_UNKNOWN; }
dd_pusd dd_board_saved(const dd_board_sum *s) { return is_priced(s) ? s->saved : DD_PUSD_UNKNOWN; }
