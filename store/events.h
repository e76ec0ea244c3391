/* store/events.h - events from the threads that serve requests into telemetry.db, without those threads ever waiting.
 *
 *   dd_events_push -> queue -> writer thread -> telemetry.db
 *                       \-> spool thread -> spool files -> writer thread, later
 *
 * A push copies the event into a slot of a lock-free queue (store/ring.h) and returns: no lock, no file, no wait; at times it wakes a thread by a
 * byte in a pipe that cannot block. The writer thread takes what is there every `batch_ms` or `batch_events` and writes it with its sums in one
 * transaction.
 *
 * When events come faster than the database takes them, be it slow, locked, full or gone, the queue fills. Past `slots` the spool thread moves its
 * oldest events to files: no pusher touches a file, because a write may wait for a disk. The queue has room for three times as many again, to bridge
 * the time that thread needs to wake and write. Only when that is full too (the spool is full, off, or its disk is stuck) is an event dropped, and
 * counted. A writer whose database fails hands its batches to the spool itself and tries again with growing pauses (to 5 s); when the database is
 * back the files are read from the front, beside what is new.
 *
 * A kill loses what is in the queue and the batch that is being written, nothing that was written or spooled. Events are known by id: what was
 * written and spooled both counts once. The database is opened by the writer thread: opening this is quick, and a database that cannot be used is
 * told by `log` and counted. */
#ifndef DD_STORE_EVENTS_H
#define DD_STORE_EVENTS_H
#include "route/event.h"

typedef struct {
    const char *dir;                     /* the state folder; telemetry.db and spool/ are in it */
    size_t      slots;                   /* 0: 1,000 */
    int64_t     spool_bytes;             /* < 0: off; 0: 64 MiB */
    int         batch_ms;                /* 0: 1,000 */
    size_t      batch_events;            /* 0: 100 */
    int         events_days, hourly_days;/* kept; 0: 30 and 90; < 0: for ever */
    int64_t     max_bytes;               /* of telemetry.db; 0: no limit */
    int         busy_ms;                 /* how long another writer is waited for; 0: 1,000 */
    /* Once when the store fails (`up` false) and when it is back, with a line for the log; from the writer thread. NULL: not told. */
    void      (*log)(void *ctx, bool up, const char *line);
    void       *log_ctx;
    int       (*fault)(void *ctx);       /* before each transaction, for tests: may sleep; an SQLite code instead of the work */
    void       *fault_ctx;
} dd_events_opts;

typedef struct {
    int64_t pushed;                      /* taken by dd_events_push */
    int64_t dropped;                     /* telemetry_dropped: not taken */
    int64_t written;                     /* rows in telemetry.db by this process */
    int64_t known;                       /* came a second time, or from an earlier process that had written them */
    int64_t spooled;                     /* put into spool files */
    int64_t bad;                         /* spooled or queued bytes that are no event, or that the table refused */
    int64_t failures;                    /* transactions that failed */
    int64_t queued, spool_bytes;         /* now */
    bool    up;                          /* the last transaction succeeded, or there was none */
} dd_events_counts;

typedef struct dd_events dd_events;
/* Starts two threads. Caller owns; NULL: *err. */
dd_events *dd_events_open(const dd_events_opts *opts, dd_err *err);
/* Any thread. The id must be above 0. Copies; false: dropped. Text longer than store/field.c allows is cut. */
bool       dd_events_push(dd_events *s, const dd_event *e);
void       dd_events_count(const dd_events *s, dd_events_counts *out);
/* Returns when all that was pushed before is in telemetry.db or in the spool; false: not within `timeout_ms`. For tests and for stopping. */
bool       dd_events_flush(dd_events *s, int64_t timeout_ms);
/* No push may come any more. Writes what is queued, for at most `timeout_ms`; what is then left goes to the spool. NULL is fine. */
void       dd_events_close(dd_events *s, int64_t timeout_ms);
#endif
