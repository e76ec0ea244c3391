/* store/rollup.h - sums by hour and day, made of the events of one transaction and written with them.
 *
 * A batch has few different keys, so it is summed in memory first: by combination (organisation, team, feature, model, provider, key; store/sums.h),
 * by each dimension alone, and latencies by bucket (store/dims.h). Text is borrowed from the events until dd_rollup_write.
 *
 * Teams, features, users and the names of models that were refused are words of clients: one that puts a number into each would make a row a request,
 * and days are kept. So a day gets DD_ROLLUP_ROWS_A_DAY rows of combinations, and each dimension DD_DIMS_VALUES values; after that only those that are
 * there grow, and the rest is summed under DD_ROLLUP_OTHER. Several writers on one database may pass that by a little. */
#ifndef DD_STORE_ROLLUP_H
#define DD_STORE_ROLLUP_H
#include <sqlite3.h>

#include "route/event.h"

#define DD_ROLLUP_OTHER DD_STR("(other)")
enum { DD_ROLLUP_ROWS_A_DAY = 10000 };

typedef struct dd_rollup dd_rollup;
dd_rollup *dd_rollup_new(void);
void       dd_rollup_free(dd_rollup *r);
void       dd_rollup_clear(dd_rollup *r);
void       dd_rollup_add(dd_rollup *r, const dd_event *e);

/* All return SQLite's code. The statements live from open to close; db outlives them. */
int  dd_rollup_open(dd_rollup *r, sqlite3 *db);
void dd_rollup_close(dd_rollup *r);
int  dd_rollup_write(dd_rollup *r);
void dd_rollup_forget(dd_rollup *r);                                 /* what was written was rolled back */
int  dd_rollup_tidy(dd_rollup *r, int64_t before_s, bool *more);     /* removes the oldest hour, if it began before; *more: there was one */
#endif
