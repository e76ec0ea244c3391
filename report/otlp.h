/* report/otlp.h - traces and metrics as messages of OTLP 1.x, as protobuf or as OTLP's JSON. Bytes only; who sends them is cmd/export.h.
 *
 * Source: opentelemetry-proto v1 (trace/v1, metrics/v1, common/v1, resource/v1, collector/.../v1) and the OTLP specification's section on JSON:
 * ids are hex, 64-bit numbers are text, enumerations are numbers. No protobuf library: five messages deep, written front to back into one buffer
 * that the caller keeps. What says whose telemetry it is (resource and scope) is encoded once. Text that is not UTF-8 becomes U+FFFD: a receiver
 * refuses a whole message for one bad byte. One thread a dd_otlp; no clock. */
#ifndef DD_REPORT_OTLP_H
#define DD_REPORT_OTLP_H
#include "route/meter.h"
#include "route/trace.h"

typedef enum { DD_OTLP_PROTOBUF, DD_OTLP_JSON } dd_otlp_form;
typedef struct { dd_str name, value; } dd_otlp_label;

typedef struct dd_otlp dd_otlp;
/* Resource attributes (copied) and the version of the scope "dd0c". Caller owns. */
dd_otlp *dd_otlp_new(dd_otlp_form form, const dd_otlp_label *resource, size_t n, dd_str version);
void     dd_otlp_free(dd_otlp *o);               /* NULL is fine */

/* A batch of traces: begin, add some, end. What `out` held goes; it needs no maximum. The message is borrowed from `out`. */
void     dd_otlp_begin(dd_otlp *o, dd_buf *out);
void     dd_otlp_add(dd_otlp *o, const dd_trace *t, dd_buf *out);
dd_str   dd_otlp_end(dd_otlp *o, dd_buf *out);

/* Something that holds work back: its depth now, and what it let go since the start. */
typedef struct { const char *name; int64_t queued, dropped; } dd_otlp_queue;
typedef struct {
    const dd_meter      *meter;                  /* NULL: queues alone */
    int64_t              start_ns, now_ns;       /* wall time: since when is counted */
    const dd_otlp_queue *queues; size_t n_queues;
} dd_otlp_moment;
/* All metrics as they stand, cumulative; docs/otlp.md lists them. Borrowed from `out`. */
dd_str   dd_otlp_metrics(dd_otlp *o, const dd_otlp_moment *at, dd_buf *out);

/* What a receiver answers: how many spans or points it did not take, and why. Nothing of that kind in it: 0 and "". Any bytes are fine. */
typedef struct { int64_t rejected; char why[200]; } dd_otlp_reply;
void     dd_otlp_reply_read(dd_otlp_form form, dd_str body, dd_otlp_reply *out);
#endif
