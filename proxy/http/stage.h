/* proxy/http/stage.h - where a worker's time goes: a stopwatch a thread, moved on from stage to stage.
 *
 * Off, a move costs a load and a branch; on, a look at the clock. Times are sums over DD_STAGE_WINDOW requests (many more than are open at a
 * time); of these sums the lower quartile is told: what else the machine did meanwhile counts little. Between windows a fixed piece of work
 * (the calibration) is timed too: times divided by it compare between machines and days. */
#ifndef DD_PROXY_HTTP_STAGE_H
#define DD_PROXY_HTTP_STAGE_H
#include "base/str.h"

#define DD_STAGES(X) \
    X(wait)        /* for the kernel; tells how busy the thread was */ \
    X(loop)        /* timers, deferred work, what belongs to no stage */ \
    X(parse)       /* reading and parsing the client's request */ \
    X(auth)        /* who calls */ \
    X(route)       /* reading the body, choosing, making what goes upstream */ \
    X(upstream)    /* libcurl: sending, receiving, its connections */ \
    X(answer)      /* usage, price, translation, head and body towards the client */ \
    X(record)      /* the event, into the queue */ \
    X(calibration)
#define DD_STAGE_ENUM(name) DD_STAGE_##name,
typedef enum { DD_STAGES(DD_STAGE_ENUM) DD_STAGE_COUNT } dd_stage;
enum { DD_STAGE_WINDOW = 128 };

extern _Thread_local bool dd_stage_on;
dd_stage dd_stage_move(dd_stage to);
/* Time from here on is `to`'s. Returns whose it was. */
static inline dd_stage dd_stage_enter(dd_stage to) { return __builtin_expect(dd_stage_on, 0) ? dd_stage_move(to) : DD_STAGE_loop; }

void dd_stage_start(void);              /* this thread is watched */
void dd_stage_request(void);            /* one more request has ended */
/* "640 requests: wait 1.23 loop 0.40 ..." in microseconds a request; ends the watch. Nothing before a first window. */
void dd_stage_report(dd_buf *out);
#endif
