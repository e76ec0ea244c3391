/* report/trace.h - a request as a tree with its times as bars, what was decided and why, what it cost: `dd0c trace`. The inspector
 * of `dd0c top` shows the same spans and models in its own way (report/board_inspect.c).
 *
 * The event and the tree of it (route/trace.h) are only read. */
#ifndef DD_REPORT_TRACE_H
#define DD_REPORT_TRACE_H
#include "report/report.h"
#include "route/trace.h"

/* Adds rows to *g; content stands in columns [left, right). Of `opts` ascii counts alone: who prints the grid knows the rest. */
void dd_report_trace_draw(dd_grid *g, int left, int right, const dd_event *e, const dd_trace *t, const dd_report_opts *opts);
/* One request, to terminal and pipe. */
void dd_report_trace(const dd_event *e, const dd_trace *t, const dd_report_opts *opts, dd_buf *out);
/* One object of the array "requests" of dd0c.trace/1, on one line: the trace's ids, its spans, and the event as `dd0c tail --format json` has it. */
void dd_report_trace_json(const dd_event *e, const dd_trace *t, dd_buf *out);
/* A model that was compared when it was decided: what it was expected to cost, DD_PUSD_UNKNOWN when that is not known; why it stands there. */
typedef struct { dd_str model, why; dd_pusd cost; } dd_considered;
/* Those that an event tells of, in their order; text and rows are in `a`. */
size_t dd_considered_read(const dd_event *e, dd_arena *a, dd_considered **out);
/* "0.08 ms", "12.3 ms", "1.25 s"; "-" below 0. */
dd_str dd_report_took(dd_arena *a, int64_t us);
#endif
