/* store/query.h - events out of telemetry.db: the newest, those that come, and a trace's.
 *
 * Reads while others write (WAL); takes no lock that a writer feels. Events are handed over one by one; their text is borrowed for the call. One
 * thread. */
#ifndef DD_STORE_QUERY_H
#define DD_STORE_QUERY_H
#include "route/event.h"

typedef struct dd_query dd_query;
/* `dir` is the state folder. The database is opened when it is first asked. Caller owns. */
dd_query *dd_query_new(const char *dir);
void      dd_query_free(dd_query *q);

/* Only events for which this holds, and all given before: NAME OP VALUE without blanks, OP one of = != > >= < <=. Names are those of dd_fields, their
 * aliases, "time" and "tags.NAME". A `*` in the value of a text, a word or a status stands for anything ("gpt-4*", "5*", also "5xx"); an empty value
 * is "not known". Money is USD; times of day are ISO 8601, UTC; durations are microseconds unless they end in ms, s or m. DD_ERR_USAGE says what is
 * wrong. */
dd_code dd_query_where(dd_query *q, dd_str filter, dd_err *err);

typedef void dd_query_fn(void *ctx, const dd_event *e);
/* The newest `limit` (below 0: all), oldest first, by their ids. DD_ERR_NOT_FOUND: there is no database yet. */
dd_code dd_query_newest(dd_query *q, int64_t limit, dd_query_fn *fn, void *ctx, dd_err *err);
/* Those written since the last call of either, in the order of their writing: a long request comes when it is over. Costs next to nothing when there
 * are none. A database that was replaced is read to its end, and the new one is opened; none is as one without events. */
dd_code dd_query_more(dd_query *q, dd_query_fn *fn, void *ctx, dd_err *err);
/* The newest `limit` requests of a trace, oldest first, at once: those that came with it, by their index, and those with ids from `own_from` up to
 * below `own_upto` (both 0: none), where it may have begun. *all false: an older program made the database, there is no index, nothing was read. */
dd_code dd_query_trace(dd_query *q, dd_str trace_id, int64_t own_from, int64_t own_upto, int64_t limit, bool *all, dd_query_fn *fn, void *ctx,
                       dd_err *err);
#endif
