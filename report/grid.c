#include "report/grid.h"

void dd_grid_init(dd_grid *g, int width)
{
    memset(g, 0, sizeof *g);
    g->width = width < 20 ? 20 : width > 400 ? 400 : width;
}

void dd_grid_fini(dd_grid *g)
{
    free(g->cells);
    for (size_t i = 0; i < g->links.n; i++)
        free(g->links.v[i]);
    dd_vec_free(&g->links);
    memset(g, 0, sizeof *g);
}

size_t dd_grid_row(dd_grid *g)
{
    if (g->rows == g->cap) {
        g->cap   = g->cap ? g->cap * 2 : 64;
        g->cells = dd_realloc(g->cells, g->cap * (size_t)g->width * sizeof *g->cells);
    }
    memset(g->cells + g->rows * (size_t)g->width, 0, (size_t)g->width * sizeof *g->cells);
    return g->rows++;
}

static size_t encode(uint32_t cp, char out[8])
{
    dd_buf b = DD_BUF_INIT(8);
    dd_buf_utf8(&b, cp);
    size_t n = b.len;
    memcpy(out, b.ptr, n);
    dd_buf_free(&b);
    return n;
}

static void join(dd_cell *row, int col, const char *bytes, size_t n)
{
    int at = col - 1;
    while (at > 0 && row[at].tail)
        at--;
    if (at >= 0 && row[at].len && row[at].len + n <= DD_CELL_BYTES) {
        memcpy(row[at].text + row[at].len, bytes, n);
        row[at].len = (uint8_t)(row[at].len + n);
    }
}

int dd_grid_put(dd_grid *g, size_t r, int col, dd_role role, dd_str s)
{
    dd_cell *row = g->cells + r * (size_t)g->width;
    for (size_t pos = 0; pos < s.len;) {
        size_t   from = pos;
        uint32_t cp   = dd_utf8_next(s, &pos);
        char     bytes[8];
        size_t   n;
        if (cp == 0xfffd || dd_utf8_harmful(cp)) {
            n = encode(0xfffd, bytes);
        } else {
            n = pos - from;
            memcpy(bytes, s.ptr + from, n);
        }
        int w = (int)dd_utf8_width((dd_str){ bytes, n });
        if (w == 0) {
            join(row, col, bytes, n);
            continue;
        }
        if (col < 0 || col + w > g->width)
            break;
        dd_cell *c = row + col;
        memset(c, 0, sizeof *c);
        memcpy(c->text, bytes, n);
        c->len  = (uint8_t)n;
        c->role = (uint8_t)role;
        c->link = g->link;
        if (w == 2) {
            c[1]      = *c;
            c[1].len  = 0;
            c[1].tail = true;
        }
        col += w;
    }
    return col;
}

int dd_grid_putz(dd_grid *g, size_t row, int col, dd_role role, const char *z)
{
    return dd_grid_put(g, row, col, role, dd_str_z(z));
}

int dd_grid_put_end(dd_grid *g, size_t row, int end, dd_role role, dd_str s)
{
    int col = end - (int)dd_utf8_width(s);
    if (col < 0)
        col = 0;
    dd_grid_put(g, row, col, role, s);
    return col;
}

void dd_grid_fill(dd_grid *g, size_t row, int from, int to, dd_role role, const char *one)
{
    for (int c = from < 0 ? 0 : from; c < to && c < g->width; c++)
        dd_grid_putz(g, row, c, role, one);
}

void dd_grid_link(dd_grid *g, dd_str uri)
{
    g->link = 0;
    if (!uri.len)
        return;
    if (g->links.n && dd_str_eqz(uri, g->links.v[g->links.n - 1])) {
        g->link = (uint32_t)g->links.n;
        return;
    }
    dd_vec_push(&g->links, dd_strdup(uri));
    g->link = (uint32_t)g->links.n;
}

/* --- the writer --- */

/* Three palettes by role. Plain text stays the terminal's own colour, so light and dark backgrounds both work; the
 * hues were chosen to keep a contrast of 3:1 on white and on black. */
#define TILE(n, ansi, fg, bg, full, back)                                                                         \
    [DD_ROLE_TILE + (n)]        = { "", ansi, "38;5;" fg ";48;5;" bg, "38;2;" full ";48;2;" back },               \
    [DD_ROLE_TILE_STRONG + (n)] = { "", "1;" ansi, "1;38;5;" fg ";48;5;" bg, "1;38;2;" full ";48;2;" back }
static const struct { const char *none, *ansi, *c256, *full; } palette[DD_ROLE_COUNT] = {
    [DD_ROLE_TEXT]       = { "", "", "", "" },
    [DD_ROLE_DIM]        = { "", "90", "38;5;244", "38;2;128;132;142" },
    [DD_ROLE_STRONG]     = { "", "1", "1", "1" },
    [DD_ROLE_HEADING]    = { "", "1;34", "1;38;5;68", "1;38;2;84;132;214" },
    [DD_ROLE_RULE]       = { "", "90", "38;5;246", "38;2;140;146;160" },
    [DD_ROLE_MONEY]      = { "", "1", "1", "1" },
    [DD_ROLE_SAVING]     = { "", "1;32", "1;38;5;35", "1;38;2;34;158;98" },
    [DD_ROLE_MODEL]      = { "", "36", "38;5;67", "38;2;62;136;178" },
    [DD_ROLE_PATH]       = { "", "", "", "" },
    [DD_ROLE_WARN]       = { "", "33", "38;5;172", "38;2;200;128;24" },
    [DD_ROLE_BAD]        = { "", "31", "38;5;167", "38;2;214;76;76" },
    [DD_ROLE_BAR]        = { "", "34", "38;5;68", "38;2;84;132;214" },
    [DD_ROLE_TRACK]      = { "", "90", "38;5;246", "38;2;140;146;160" },
    [DD_ROLE_BAR_SAVING] = { "", "32", "38;5;35", "38;2;34;158;98" },
    [DD_ROLE_TAB]        = { "", "1;7", "1;38;5;68", "1;38;2;84;132;214" },
    [DD_ROLE_SELECTED]   = { "", "7", "7", "7" },
    [DD_ROLE_KEY]        = { "", "1", "1", "1" },
    TILE(0, "97;44", "255", "24", "255;255;255", "22;92;132"),   TILE(1, "30;46", "255", "66", "255;255;255", "84;128;130"),
    TILE(2, "97;45", "255", "60", "255;255;255", "92;92;136"),   TILE(3, "30;42", "255", "65", "255;255;255", "86;128;90"),
    TILE(4, "30;43", "255", "95", "255;255;255", "132;92;94"),   TILE(5, "30;47", "255", "96", "255;255;255", "128;92;130"),
    TILE(6, "97;100", "255", "239", "255;255;255", "78;78;78"),
};

static const char *code_of(uint8_t role, dd_color color)
{
    switch (color) {
    case DD_COLOR_TRUE: return palette[role].full;
    case DD_COLOR_256:  return palette[role].c256;
    case DD_COLOR_16:   return palette[role].ansi;
    default:            return palette[role].none;
    }
}

const char *dd_grid_sgr(dd_role role, dd_color color) { return (unsigned)role < DD_ROLE_COUNT ? code_of((uint8_t)role, color) : ""; }

static const struct { uint32_t from, to; char plain; } plain_of[] = {
    { 0x00b7, 0x00b7, '-' },  { 0x00d7, 0x00d7, 'x' },  { 0x2010, 0x2015, '-' },  { 0x2018, 0x2019, '\'' },
    { 0x201c, 0x201d, '"' },  { 0x2022, 0x2022, '*' },  { 0x2026, 0x2026, '*' },  { 0x2190, 0x2190, '<' },
    { 0x2192, 0x2192, '>' },  { 0x2212, 0x2212, '-' },  { 0x2248, 0x2248, '~' },  { 0x2500, 0x2501, '-' },
    { 0x2502, 0x2503, '|' },  { 0x2504, 0x2505, '-' },  { 0x250c, 0x254b, '+' },  { 0x2574, 0x257f, '-' },
    { 0x2580, 0x258c, '#' },  { 0x258d, 0x258f, ' ' },  { 0x2590, 0x2590, '#' },  { 0x2591, 0x2591, '.' },
    { 0x2592, 0x2593, '#' },  { 0x25b2, 0x25b2, '!' },  { 0x25cb, 0x25cb, 'o' },  { 0x25cf, 0x25cf, '*' },
    { 0x25b8, 0x25b8, '>' },  { 0x25bc, 0x25bc, 'v' },  { 0x25d0, 0x25d1, 'o' },  { 0x2713, 0x2713, '+' },
    { 0x2550, 0x2550, '=' },
};

static char plain(dd_str cell)
{
    size_t   pos = 0;
    uint32_t cp  = dd_utf8_next(cell, &pos);
    if (cp < 0x80)
        return (char)cp;
    for (size_t i = 0; i < DD_COUNT(plain_of); i++)
        if (cp >= plain_of[i].from && cp <= plain_of[i].to)
            return plain_of[i].plain;
    return '?';
}

char dd_grid_plain(const dd_cell *cell) { return cell->len ? plain((dd_str){ cell->text, cell->len }) : cell->tail ? '?' : ' '; }

typedef struct {
    const dd_grid       *grid;
    const dd_grid_style *style;
    dd_buf              *out;
    const char          *code;   /* the SGR that is on, "" none */
    uint32_t             link;
} pen;

static void set_code(pen *p, const char *code)
{
    if (p->code == code || dd_str_eq(dd_str_z(p->code), dd_str_z(code)))
        return;
    dd_buf_printf(p->out, *code ? "\x1b[0;%sm" : "\x1b[0m%s", code);
    p->code = code;
}

static void set_link(pen *p, uint32_t link)
{
    if (!p->style->links || p->link == link)
        return;
    dd_buf_printf(p->out, "\x1b]8;;%s\x1b\\", link ? p->grid->links.v[link - 1] : "");
    p->link = link;
}

/* Nothing is to be seen there: no text, no colour behind it. */
static bool is_blank(const pen *p, const dd_cell *cell)
{
    bool ground = p->style->color != DD_COLOR_NONE && cell->role >= DD_ROLE_TAB;
    return !cell->tail && (!cell->len || (!ground && cell->len == 1 && cell->text[0] == ' '));
}

static void write_row(pen *p, const dd_cell *row)
{
    int end = p->grid->width;
    while (end > 0 && is_blank(p, &row[end - 1]))
        end--;
    for (int c = 0; c < end; c++) {
        const dd_cell *cell = row + c;
        if (cell->tail) {
            if (p->style->ascii)
                dd_buf_addc(p->out, '?');
            continue;
        }
        set_link(p, cell->link);
        if (!cell->len) {
            set_code(p, "");
            dd_buf_addc(p->out, ' ');
            continue;
        }
        set_code(p, code_of(cell->role, p->style->color));
        if (p->style->ascii)
            dd_buf_addc(p->out, plain((dd_str){ cell->text, cell->len }));
        else
            dd_buf_add(p->out, (dd_str){ cell->text, cell->len });
    }
    set_link(p, 0);
    set_code(p, "");
    dd_buf_addc(p->out, '\n');
}

void dd_grid_write(const dd_grid *g, const dd_grid_style *style, dd_buf *out)
{
    pen p = { g, style, out, "", 0 };
    for (size_t r = 0; r < g->rows; r++)
        write_row(&p, g->cells + r * (size_t)g->width);
}
