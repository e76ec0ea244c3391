/* store/rollup.h - sums by hour and day, made of the events of one transaction and written with them.
 *
 * A batch has few different keys (organisation, team, feature, model, provider, key), so it is summed in memory first. Text is borrowed from the
 * events until dd_rollup_write.
 *
 * Teams, features and the names of models that were refused are words of clients: one that puts a number into each would make a row a request, and
 * days are kept. So a day gets DD_ROLLUP_ROWS_A_DAY rows; after that only those that are there grow, and the rest is summed under DD_ROLLUP_OTHER. */
#ifndef DD_STORE_ROLLUP_H
#define DD_STORE_ROLLUP_H
#include <sqlite3.h>

#include "route/event.h"

#define DD_ROLLUP_OTHER DD_STR("(other)")
enum { DD_ROLLUP_ROWS_A_DAY = 10000 };   /* about: counted again every thousand rows */

typedef struct dd_rollup dd_rollup;
dd_rollup *dd_rollup_new(void);
void       dd_rollup_free(dd_rollup *r);
void       dd_rollup_clear(dd_rollup *r);
void       dd_rollup_add(dd_rollup *r, const dd_event *e);

/* The statements that write it: to the two tables, one that counts a day's rows, one that looks for a row. Finalized by the caller. Returns SQLite's
 * code. */
typedef struct { sqlite3_stmt *hourly, *daily, *count, *has; } dd_rollup_stmts;
int dd_rollup_prepare(sqlite3 *db, dd_rollup_stmts *out);
int dd_rollup_write(dd_rollup *r, const dd_rollup_stmts *stmts);
#endif
