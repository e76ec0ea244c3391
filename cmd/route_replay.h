/* cmd/route_replay.h - recorded requests decided again under another policy: what `route replay` found, and how it is printed.
 *
 * An event holds no prompt, so some facts are gone; a request whose route hangs on one of them is counted as one that cannot be told. */
#ifndef DD_CMD_ROUTE_REPLAY_H
#define DD_CMD_ROUTE_REPLAY_H
#include "base/arena.h"
#include "cmd/route_show.h"
#include "route/money.h"

typedef struct { dd_str route, from, to; int64_t requests; dd_pusd before, after; } dd_replay_change;   /* from, to: provider/model */
typedef struct {
    dd_str  name;                    /* "": no route */
    int64_t requests, changed;
    dd_pusd before, after;
} dd_replay_route;
typedef struct { dd_str route, fact; int64_t requests; } dd_replay_untold;   /* a condition that needs what events do not hold */

typedef struct {
    int64_t events, replayed, changed;
    int64_t failed;                  /* had no answer to price */
    int64_t unclassified;            /* of the replayed ones: task and complexity counted, and were not on record */
    int64_t untold, unpriced, refused;   /* refused: the new policy has no model for them */
    dd_pusd before, after;           /* of the replayed ones */
    struct { dd_replay_route *v; size_t n, cap; } routes;
    struct { dd_replay_change *v; size_t n, cap; } changes;
    struct { dd_replay_untold *v; size_t n, cap; } untolds;
    int64_t first_ms, last_ms;
    const char *config;
} dd_replay;

void dd_replay_text(const dd_replay *r, dd_buf *out);
void dd_replay_json(const dd_replay *r, dd_buf *out);
#endif
