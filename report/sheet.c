#include "report/sheet.h"

enum { LABEL_WIDTH = 12, WIDEST = 124 };

void dd_sheet_init(dd_sheet *v, const dd_audit *audit, const dd_report_opts *opts)
{
    memset(v, 0, sizeof *v);
    int width = opts->width > 0 ? opts->width : 80;
    if (width > WIDEST)
        width = WIDEST;
    dd_grid_init(&v->g, width);
    v->audit  = audit;
    v->opts   = opts;
    v->narrow = v->g.width < 60;
    v->wide   = v->g.width >= 110;
    v->left   = v->narrow ? 1 : 2;
    v->right  = v->g.width - v->left;
    dd_digest_make(&v->d, audit);
}

void dd_sheet_finish(dd_sheet *v, dd_buf *out)
{
    dd_grid_style style = { v->opts->color, v->opts->ascii, v->opts->links };
    dd_grid_write(&v->g, &style, out);
    dd_grid_fini(&v->g);
    dd_digest_free(&v->d);
    dd_arena_fini(&v->tmp);
}

size_t dd_sheet_row(dd_sheet *v)
{
    return dd_grid_row(&v->g);
}

void dd_sheet_need(dd_sheet *v, size_t row)
{
    while (v->g.rows <= row)
        dd_grid_row(&v->g);
}

void dd_sheet_heading(dd_sheet *v, const char *title, dd_str note)
{
    dd_sheet_row(v);
    size_t r   = dd_sheet_row(v);
    int    col = dd_grid_putz(&v->g, r, v->left, DD_ROLE_HEADING, title);
    int    end = v->right;
    if (note.len && (int)dd_utf8_width(note) + col + 4 <= end)
        end = dd_grid_put_end(&v->g, r, end, DD_ROLE_DIM, note) - 1;
    dd_grid_fill(&v->g, r, col + 1, end, DD_ROLE_RULE, "─");
}

static const char SEPARATOR[] = " · ";

/* How much of `s` fits into `room` columns, broken between parts, else at a blank, else anywhere. */
static size_t fitting(dd_str s, int room)
{
    size_t fit = 0, blank = 0, part = 0;
    int    used = 0;
    for (size_t pos = 0; pos < s.len;) {
        size_t from = pos;
        if (from && dd_str_startsz(dd_str_sub(s, from, s.len), SEPARATOR))
            part = from;
        dd_utf8_next(s, &pos);
        used += (int)dd_utf8_width(dd_str_sub(s, from, pos));
        if (s.ptr[from] == ' ' && from)
            blank = from;
        if (used > room)
            return part ? part : blank ? blank : fit ? fit : pos;
        fit = pos;
    }
    return s.len;
}

static dd_str next_line(dd_str rest)
{
    if (dd_str_startsz(rest, SEPARATOR))
        rest = dd_str_sub(rest, sizeof SEPARATOR - 1, rest.len);
    return dd_str_trim(rest);
}

size_t dd_sheet_wrap(dd_sheet *v, size_t row, int col, int hang, int end, dd_role role, dd_str text)
{
    dd_str rest = dd_str_trim(text);
    if (end - col < 8 || end - hang < 8)
        end = v->g.width;
    while (rest.len) {
        size_t n = fitting(rest, end - col);
        dd_sheet_need(v, row);
        dd_grid_put(&v->g, row, col, role, dd_str_sub(rest, 0, n));
        rest = next_line(dd_str_sub(rest, n, rest.len));
        if (rest.len)
            row++;
        col = hang;
    }
    return row;
}

void dd_sheet_entry(dd_sheet *v, const char *label, dd_role role, dd_str text)
{
    size_t r = dd_sheet_row(v);
    if (v->narrow) {
        int col = label ? dd_grid_putz(&v->g, r, v->left, DD_ROLE_DIM, label) + 1 : v->left + 2;
        dd_sheet_wrap(v, r, col, v->left + 2, v->right, role, text);
        return;
    }
    if (label)
        dd_grid_putz(&v->g, r, v->left, DD_ROLE_DIM, label);
    dd_sheet_wrap(v, r, v->left + LABEL_WIDTH, v->left + LABEL_WIDTH, v->right, role, text);
}

int dd_sheet_path(dd_sheet *v, size_t row, int col, int width, dd_str path, dd_str shown)
{
    if (v->opts->links)
        dd_grid_link(&v->g, dd_fmt_uri(&v->tmp, v->opts->cwd_abs, path));
    dd_str    s     = dd_fmt_path(&v->tmp, shown, width);
    ptrdiff_t slash = dd_str_rchr(s, '/');
    if (slash >= 0)
        col = dd_grid_put(&v->g, row, col, DD_ROLE_DIM, dd_str_sub(s, 0, (size_t)slash + 1));
    col = dd_grid_put(&v->g, row, col, DD_ROLE_PATH, dd_str_sub(s, (size_t)(slash + 1), s.len));
    dd_grid_link(&v->g, DD_STR(""));
    return col;
}

int dd_sheet_where(dd_sheet *v, size_t row, int col, int width, const dd_site *s)
{
    return dd_sheet_path(v, row, col, width, s->path, dd_fmt_where(&v->tmp, s, 0));
}

void dd_sheet_bar(dd_sheet *v, size_t row, int col, int width, dd_role role, double fraction)
{
    static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    if (!(fraction > 0) || width < 1)
        return;
    int units = (int)((fraction > 1 ? 1 : fraction) * width * 8 + 0.5);
    if (units < 1)
        units = 1;
    if (v->opts->ascii && units < 8)
        units = 8;
    dd_grid_fill(&v->g, row, col, col + units / 8, role, "█");
    if (units % 8)
        dd_grid_putz(&v->g, row, col + units / 8, role, eighths[units % 8]);
}

const char *dd_sheet_arrow(const dd_sheet *v)
{
    return v->opts->ascii ? " -> " : " → ";
}

/* Columns before the point, and from the point on. */
static void halves(dd_str s, int *whole, int *part)
{
    ptrdiff_t dot = dd_str_rchr(s, '.');
    size_t    at  = dot < 0 ? s.len : (size_t)dot;
    *whole = (int)dd_utf8_width(dd_str_sub(s, 0, at));
    *part  = (int)dd_utf8_width(dd_str_sub(s, at, s.len));
}

void dd_money_col_add(dd_sheet *v, dd_money_col *c, dd_pusd m)
{
    int whole, part;
    halves(dd_fmt_money(&v->tmp, m), &whole, &part);
    if (m == DD_PUSD_UNKNOWN)
        return;
    c->whole = whole > c->whole ? whole : c->whole;
    c->part  = part > c->part ? part : c->part;
}

int dd_money_col_width(const dd_money_col *c)
{
    int w = c->whole + c->part;
    return w < 7 ? 7 : w; /* room for "unknown" */
}

void dd_money_col_put(dd_sheet *v, const dd_money_col *c, size_t row, int end, dd_role role, dd_pusd m)
{
    int    whole, part;
    dd_str s = dd_fmt_money(&v->tmp, m);
    halves(s, &whole, &part);
    if (m == DD_PUSD_UNKNOWN)
        dd_grid_put_end(&v->g, row, end, DD_ROLE_DIM, s);
    else
        dd_grid_put(&v->g, row, end - c->part - whole, role, s);
}
