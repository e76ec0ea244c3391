/* report/board_inspect.c - one request: the very sheet of `dd0c trace`, in a window that scrolls. Never its text. */
#include "report/board_parts.h"
#include "report/trace.h"

enum { WIDEST = 160 };   /* longer lines are hard to read */

void dd_board_inspect(dd_canvas *c, dd_area at)
{
    const dd_board *b    = c->b;
    dd_report_opts  opts = { .ascii = c->v->ascii };
    dd_grid         tall;
    if (!b->event || !b->trace || b->event->id != c->v->inspect) {
        dd_canvas_textz(c, at.x, at.y + 1, at.w, DD_ROLE_DIM, "looking ...");
        return;
    }
    dd_grid_init(&tall, c->g->width);
    dd_report_trace_draw(&tall, at.x, at.x + (at.w < WIDEST ? at.w : WIDEST), b->event, b->trace, b->offset_s, &opts);
    int64_t rows = (int64_t)tall.rows, most = rows - at.h, from = c->v->scroll > most ? most : c->v->scroll;
    from = from < 0 ? 0 : from;
    for (int y = 0; y < at.h && from + y < rows; y++)
        memcpy(c->g->cells + (size_t)(at.y + y) * (size_t)c->g->width, tall.cells + (size_t)(from + y) * (size_t)c->g->width,
               (size_t)c->g->width * sizeof *tall.cells);
    if (from < most)
        dd_canvas_textz(c, at.x + at.w - 7, at.y + at.h - 1, 7, DD_ROLE_DIM, " more ▾");
    dd_grid_fini(&tall);
}
