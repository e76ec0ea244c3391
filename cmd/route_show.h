/* cmd/route_show.h - the text of `route explain` to terminal or pipe. A file of its own, because report/ and proxy/ give one name to two types. */
#ifndef DD_CMD_ROUTE_SHOW_H
#define DD_CMD_ROUTE_SHOW_H
#include "base/opt.h"
#include "route/plan.h"

typedef struct { const char *color; int64_t width; bool ascii; } dd_route_look;
/* Rows of an options table whose struct has a member `look`. */
#define DD_ROUTE_LOOK_OPTS(T)                                                                                                             \
    DD_OPT(DD_OPT_CHOICE, 0, "color", T, look.color, "auto|always|never", "colours: when the output is a terminal, always, never"),       \
    DD_OPT(DD_OPT_INT, 0, "width", T, look.width, "columns", "lay the text out for so many columns"),                                    \
    DD_OPT(DD_OPT_FLAG, 0, "ascii", T, look.ascii, NULL, "no box drawing and no block characters")

dd_code dd_route_look_check(const dd_route_look *look, dd_err *err);
void    dd_route_show_plan(const dd_plan *plan, const dd_policy *policy, const dd_facts *facts, const dd_route_look *look, dd_buf *out);
#endif
