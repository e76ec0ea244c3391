/* store/rollup_parts.h - what store/rollup*.c share: a batch in memory. */
#ifndef DD_STORE_ROLLUP_PARTS_H
#define DD_STORE_ROLLUP_PARTS_H
#include "base/arena.h"
#include "store/dims.h"
#include "store/rollup.h"
#include "store/tally.h"

enum { HOUR_S = 3600, DAY_S = 86400 };
static inline int64_t start_of(int64_t s, int64_t unit) { return (s >= 0 ? s : s - unit + 1) / unit * unit; }

/* What an event is summed by, all together; key.a is its error. */
enum { K_ORG, K_TEAM, K_FEATURE, K_REQUESTED, K_USED, K_PROVIDER, K_KEY, K_USER, K_ROUTE, K_STRATEGY, K_TASK, K_CALL_SITE, K_ENV, K_TEXTS };
enum { ORG, TEAM, FEATURE, MODEL, PROVIDER, KEY, TEXTS };   /* of a combination */
enum { DIM_ORG, DIM_VALUE, DIM_TEXTS };                     /* of a dimension: key.a is its number */
enum { LATENCY_ORG, LATENCY_TEXTS };                        /* key.a is the kind, key.b the bucket */
/* Of a combination are those before OF_COMBINATION. */
enum {
    REQUESTS, ERRORS, UNPRICED, LATENCIES, LATENCY_US, COST, SAVED, INPUT, CACHE_READ, CACHE_WRITE, CACHE_WRITE_1H, OUTPUT, PREMIUM, PREMIUM_SAVED, HITS,
    OF_COMBINATION, COMPARED = OF_COMBINATION, FALLBACKS, ORIGINAL, COMPARED_COST, COMPARED_SAVED, COUNTERS
};
enum { BUCKET_REQUESTS, BUCKET_US, BUCKET_COUNTERS };
enum { IDS_FIRST, IDS_LAST, IDS_REQUESTS, IDS_MOST, IDS_COUNTERS };

typedef enum { SHEET_HOURLY, SHEET_DAILY, SHEET_DIMENSIONS, SHEET_LATENCY, SHEETS } sheet_kind;

/* How full a day is, of the combinations or of a dimension. */
typedef struct {
    uint64_t tag;          /* 0: free */
    int64_t  rows, left;   /* rows in the table; how many may be written until they are counted again */
    bool     tight;        /* so many that each one is looked for */
} room;
enum { ROOMS = 256 };
void rollup_spread(dd_rollup *r);   /* fills the combinations and dimensions */

/* Ids by organisation and hour. Codes are SQLite's. */
void rollup_ids_add(dd_rollup *r, const dd_event *e, dd_str org, int64_t hour);
int  rollup_ids_open(dd_rollup *r, sqlite3 *db);
void rollup_ids_close(dd_rollup *r);
int  rollup_ids_write(dd_rollup *r);
int  rollup_ids_tidy(dd_rollup *r, dd_str org, int64_t before_s);   /* the oldest hour, as the others */

struct dd_rollup {
    dd_tally      kinds;           /* events that are alike in all; the next two are made of it when the batch is over */
    dd_tally      combinations, dims, latency, ids;
    dd_arena      texts;           /* made for the batch: swaps */
    sqlite3      *db;
    sqlite3_stmt *put[SHEETS], *count[SHEETS], *has[SHEETS], *org, *old[SHEETS], *put_ids, *old_ids;
    room          rooms[ROOMS];
    size_t        n_rooms;
};
#endif
