/* cmd/export.h - traces and metrics to an OpenTelemetry collector, by OTLP over HTTP, without the threads that serve requests ever waiting.
 *
 *   dd_export_push -> queue -> one thread: trace, bytes, libcurl -> collector
 *
 * A push copies the event into a slot of a lock-free queue (store/ring.h). The thread makes traces of what is there once a batch is full or its time
 * has come, and posts them one message after the other; metrics are read from the meter and posted beside them. A message that the collector cannot
 * take now (429, 502, 503, 504, no connection, no answer in time) is tried again with growing pauses, or after as long as it says, and given up
 * after a minute (`retry`). While it waits the queue fills, and when that is full what is new is dropped and counted: a push then costs a look at two
 * numbers. Nothing is kept on disk.
 *
 * Nothing is sent unless an endpoint is named, by OTEL_EXPORTER_OTLP_... or `telemetry: {otlp: {endpoint: ...}}`. The environment
 * wins. docs/otlp.md. */
#ifndef DD_CMD_EXPORT_H
#define DD_CMD_EXPORT_H
#include "cmd/config.h"
#include "report/otlp.h"

typedef struct {
    const dd_config *config;           /* read while it starts */
    const dd_meter  *meter;            /* NULL: metrics hold queues alone */
    size_t         (*queues)(void *ctx, dd_otlp_queue *out, size_t cap);   /* other queues of the process; NULL: none */
    void           (*log)(void *ctx, int level, const char *line);         /* 1 warning, 2 info. From the thread, too */
    void            *ctx;
} dd_export_opts;

typedef struct {
    const char *name;                  /* "otlp-traces" (a trace each), "otlp-metrics" (a message each) */
    int64_t     sent, dropped, failed, queued;   /* dropped: the queue was full. failed: given up, or refused by the collector */
    bool        up;                    /* the last message was taken, or there was none */
} dd_export_count;
enum { DD_EXPORT_WAYS = 2 };

typedef struct dd_export dd_export;
/* Starts a thread. Caller owns. NULL: nothing is to be sent; what is wrong with the settings was told by `log` and is no reason not to serve. */
dd_export *dd_export_start(const dd_export_opts *opts);
/* Any thread. True: taken, or not sampled. NULL is fine. */
bool       dd_export_push(dd_export *x, const dd_event *e);
size_t     dd_export_counts(const dd_export *x, dd_export_count out[DD_EXPORT_WAYS]);   /* how many rows; none of NULL */
/* "http://127.0.0.1:4318": where to, for people; without a name and password in it. Of NULL "". */
const char *dd_export_where(const dd_export *x);
/* No push may come any more. Sends what is queued and the metrics once more, for at most `timeout_ms`. NULL is fine. */
void       dd_export_stop(dd_export *x, int64_t timeout_ms);
#endif
