/* report/board_parts.h - what the tabs of the dashboard are drawn with; for report/board*.c alone. */
#ifndef DD_REPORT_BOARD_PARTS_H
#define DD_REPORT_BOARD_PARTS_H
#include "base/arena.h"
#include "report/board.h"
#include "report/format.h"
#include "report/spend.h"

typedef struct { int x, y, w, h; } dd_area;
typedef struct {
    dd_grid             *g;
    const dd_board      *b;
    const dd_board_view *v;
    dd_arena            *a;     /* for the frame */
} dd_canvas;

/* Text from (x, y), at most `width` columns, cut with an ellipsis. Says the column behind. */
int  dd_canvas_text(dd_canvas *c, int x, int y, int width, dd_role role, dd_str s);
int  dd_canvas_textz(dd_canvas *c, int x, int y, int width, dd_role role, const char *z);
/* The same, ending before column `end`. */
void dd_canvas_end(dd_canvas *c, int end, int y, int width, dd_role role, dd_str s);
/* "Title ------- note" over the area's first row; says what is left of it. */
dd_area dd_canvas_section(dd_canvas *c, dd_area at, const char *title, dd_str note);
void dd_canvas_click(dd_canvas *c, dd_board_hit_kind kind, int64_t index);   /* what is drawn from now on; DD_HIT_NONE ends it */
void dd_canvas_blank(dd_canvas *c, int x, int y, int w, dd_role role);       /* cells that are there although blank */
/* A row that is selected: marked at its left, and in a role of its own. */
void dd_canvas_mark(dd_canvas *c, int x, int y, int w);
/* A curve of eighths, `at.h` rows high. `top` 0: the largest value is the top. */
void dd_canvas_chart(dd_canvas *c, dd_area at, dd_role role, dd_board_series s, double top);
/* A bar of `part` of 1, and up to `until` in a lighter kind. */
void dd_canvas_bar(dd_canvas *c, int x, int y, int w, dd_role role, double part, double until);
/* Large figures, three rows high; says the width, also when `draw` is false. */
int  dd_canvas_big(dd_canvas *c, int x, int y, dd_role role, dd_str s, bool draw);
void dd_canvas_map(dd_canvas *c, dd_area at, const dd_board_row *rows, size_t n, bool clickable);
/* In place of a list without rows. */
void dd_canvas_none(dd_canvas *c, int x, int y, int w, const char *why);
/* A paragraph, broken at blanks; says how many rows it took. */
int  dd_canvas_wrap(dd_canvas *c, dd_area at, dd_role role, dd_str s);
/* Where a list of `n` rows begins, so that `selected` is among the `room` that are shown. */
int64_t dd_board_first(int64_t n, int64_t selected, int64_t room);

dd_str dd_board_rate(dd_arena *a, double per_second);          /* "42.1"; "-" */
dd_str dd_board_money(dd_arena *a, dd_pusd m);                 /* "$12.40"; "-" when it is not known */
dd_str dd_board_number(dd_arena *a, int64_t n);           /* "1,234"; below 0: "-" */
dd_str dd_board_short(dd_arena *a, int64_t n);                 /* "12.3k" */
dd_str dd_board_share(dd_arena *a, int64_t part, int64_t whole);   /* "0.4%" ; "-" */
bool   dd_board_comparable(const dd_board *b);                 /* false: less than half of the days before are recorded */
dd_str dd_board_change(dd_arena *a, const dd_board *b, const dd_board_row *r, dd_role *role);   /* "+12%", "new"; "-" nothing to compare with */
dd_str dd_board_name_of(const dd_board_row *r);                /* "(none)" for what names none */
double dd_board_errors(const dd_board_sum *s);                 /* 0..1; < 0 not known */

void dd_board_overview(dd_canvas *c, dd_area at);
void dd_board_spend(dd_canvas *c, dd_area at);
void dd_board_providers(dd_canvas *c, dd_area at);
void dd_board_budgets(dd_canvas *c, dd_area at);
void dd_board_requests(dd_canvas *c, dd_area at);
void dd_board_inspect(dd_canvas *c, dd_area at);
void dd_board_help(dd_canvas *c, dd_area at);
/* Parts that two tabs show. */
void dd_board_provider_strip(dd_canvas *c, dd_area at);
void dd_board_budget_strip(dd_canvas *c, dd_area at);
dd_str  dd_board_state(const dd_board_provider *p);            /* of the provider with its models; a breaker's */
dd_role dd_board_breaker_role(dd_str breaker);
const char *dd_board_breaker_sign(dd_str breaker);
#endif
