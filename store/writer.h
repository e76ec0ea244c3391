/* store/writer.h - events into telemetry.db: a batch is one transaction of rows, sums by hour and day, and nothing else.
 *
 * An event that is there already (by its id and its mark) is passed over, in the sums too: a batch may be written again. Opens the database
 * when it is needed, and again after a failure that a fresh connection may cure. One thread. */
#ifndef DD_STORE_WRITER_H
#define DD_STORE_WRITER_H
#include "base/err.h"
#include "base/str.h"

typedef struct {
    const char *dir;
    int         busy_ms;
    int64_t     max_bytes;                    /* of telemetry.db; 0: no limit */
    int         events_days, hourly_days;     /* what is older goes; 0: never */
    int       (*fault)(void *ctx);            /* before each transaction, for tests: an SQLite code instead of the work; it may sleep */
    void       *fault_ctx;
} dd_writer_opts;

typedef struct { int64_t written, known, bad; } dd_writer_count;   /* rows; ids that were there; records that are none or that the table refused */

typedef struct dd_writer dd_writer;
dd_writer *dd_writer_new(const dd_writer_opts *opts);
void       dd_writer_free(dd_writer *w);
/* All of it or nothing. Frames as of store/record.h. */
dd_code    dd_writer_put(dd_writer *w, dd_str frames, dd_writer_count *n, dd_err *err);
/* Removes what is older than its time by `now_ms`: a bounded number of rows a call. *more: call again soon. */
dd_code    dd_writer_tidy(dd_writer *w, int64_t now_ms, bool *more, dd_err *err);
#endif
