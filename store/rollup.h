/* store/rollup.h - sums by hour and day, made of the events of one transaction and written with them.
 *
 * A batch has few different keys (organisation, team, feature, model, provider, key), so it is summed in memory first. Text is borrowed from the
 * events until dd_rollup_write; nothing is kept after it. */
#ifndef DD_STORE_ROLLUP_H
#define DD_STORE_ROLLUP_H
#include <sqlite3.h>

#include "route/event.h"

typedef struct dd_rollup dd_rollup;
dd_rollup *dd_rollup_new(void);
void       dd_rollup_free(dd_rollup *r);
void       dd_rollup_clear(dd_rollup *r);
void       dd_rollup_add(dd_rollup *r, const dd_event *e);

/* The statements that write it: of the tables named. Finalized by the caller. Returns SQLite's code. */
typedef struct { sqlite3_stmt *hourly, *daily; } dd_rollup_stmts;
int dd_rollup_prepare(sqlite3 *db, dd_rollup_stmts *out);
int dd_rollup_write(dd_rollup *r, const dd_rollup_stmts *stmts);
#endif
