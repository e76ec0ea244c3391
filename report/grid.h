/* report/grid.h - a sheet of character cells that a view fills and one writer prints.
 *
 * A view puts text by row and column with a role; the writer knows colours, links and what a terminal lacks. Text
 * from outside is made harmless here: control and direction-changing characters become U+FFFD. A wide character
 * takes two cells, a combining one joins the cell before it. Memory grows with the rows; the caller owns the grid. */
#ifndef DD_REPORT_GRID_H
#define DD_REPORT_GRID_H
#include "base/str.h"

typedef enum {
    DD_ROLE_TEXT, DD_ROLE_DIM, DD_ROLE_STRONG, DD_ROLE_HEADING, DD_ROLE_RULE, DD_ROLE_MONEY, DD_ROLE_SAVING,
    DD_ROLE_MODEL, DD_ROLE_PATH, DD_ROLE_WARN, DD_ROLE_BAD, DD_ROLE_BAR, DD_ROLE_TRACK, DD_ROLE_BAR_SAVING,
    DD_ROLE_TAB, DD_ROLE_SELECTED, DD_ROLE_KEY,
    /* tiles of a treemap, by shade; the same with stronger text; the last shade is for what is summed up */
    DD_ROLE_TILE, DD_ROLE_TILE_STRONG = DD_ROLE_TILE + 7, DD_ROLE_COUNT = DD_ROLE_TILE_STRONG + 7
} dd_role;
enum { DD_TILE_SHADES = 6 };
typedef enum { DD_COLOR_NONE, DD_COLOR_16, DD_COLOR_256, DD_COLOR_TRUE } dd_color;

enum { DD_CELL_BYTES = 12 };
typedef struct {
    char     text[DD_CELL_BYTES];
    uint8_t  len;    /* 0 and not `tail`: blank */
    uint8_t  role;
    bool     tail;   /* right half of a wide character */
    uint32_t link;   /* 0: none, else index + 1 */
} dd_cell;

typedef struct {
    int      width;
    size_t   rows, cap;
    dd_cell *cells;          /* rows * width */
    DD_VEC(char *) links;
    uint32_t link;           /* what the next put carries */
} dd_grid;

void   dd_grid_init(dd_grid *g, int width);  /* width is held between 20 and 400 */
void   dd_grid_fini(dd_grid *g);
size_t dd_grid_row(dd_grid *g);              /* adds a blank row, says its index */
/* Writes from column `col` on, clipped at the right edge; says the column behind the last cell. */
int    dd_grid_put(dd_grid *g, size_t row, int col, dd_role role, dd_str s);
int    dd_grid_putz(dd_grid *g, size_t row, int col, dd_role role, const char *z);
/* Ends before column `end`. Says the column where the text starts. */
int    dd_grid_put_end(dd_grid *g, size_t row, int end, dd_role role, dd_str s);
void   dd_grid_fill(dd_grid *g, size_t row, int from, int to, dd_role role, const char *one);
/* What is put until the next call is a link to `uri`; empty: no link. */
void   dd_grid_link(dd_grid *g, dd_str uri);

typedef struct {
    dd_color color;
    bool     ascii;  /* one ASCII character for each cell */
    bool     links;  /* OSC 8 */
} dd_grid_style;
/* The one ASCII character that stands for a cell; ' ' when it is blank. */
char dd_grid_plain(const dd_cell *cell);
/* The SGR parameters of a role: "1;38;5;35"; "" none. */
const char *dd_grid_sgr(dd_role role, dd_color color);
/* Rows as lines, without blanks at their ends. */
void dd_grid_write(const dd_grid *g, const dd_grid_style *style, dd_buf *out);
#endif
