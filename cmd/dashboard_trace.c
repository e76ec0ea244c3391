#include "cmd/dashboard_trace.h"

#include "report/trace.h"

void dd_dashboard_trace_json(const dd_event *e, dd_arena *arena, dd_buf *out)
{
    dd_trace t;
    dd_trace_make(e, arena, &t);
    dd_report_trace_json(e, &t, out);
}
