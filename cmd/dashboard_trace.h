/* cmd/dashboard_trace.h - one request as dd0c.trace/1 has it. Of its own, because report/ and proxy/ have words in common. */
#ifndef DD_CMD_DASHBOARD_TRACE_H
#define DD_CMD_DASHBOARD_TRACE_H
#include "base/arena.h"
#include "route/event.h"

/* The object that `dd0c trace --format json` prints for this event. */
void dd_dashboard_trace_json(const dd_event *e, dd_arena *arena, dd_buf *out);
#endif
