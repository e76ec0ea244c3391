/* report/trace.h - a request as a tree with its times as bars, what was decided and why, what it cost: `dd0c trace` and the inspector of `dd0c top`.
 *
 * The event and the tree of it (route/trace.h) are only read. Its moment is shown as the clocks are that go `offset_s` before UTC. */
#ifndef DD_REPORT_TRACE_H
#define DD_REPORT_TRACE_H
#include "report/report.h"
#include "route/trace.h"

/* Adds rows to *g; content stands in columns [left, right). Of `opts` ascii counts alone: who prints the grid knows the rest. */
void dd_report_trace_draw(dd_grid *g, int left, int right, const dd_event *e, const dd_trace *t, int32_t offset_s, const dd_report_opts *opts);
/* One request, to terminal and pipe. */
void dd_report_trace(const dd_event *e, const dd_trace *t, int32_t offset_s, const dd_report_opts *opts, dd_buf *out);
/* One object of the array "requests" of dd0c.trace/1, on one line: the trace's ids, its spans, and the event as `dd0c tail --format json` has it. */
void dd_report_trace_json(const dd_event *e, const dd_trace *t, dd_buf *out);
#endif
