/* store/rows.h - rows of the table `events` as events, for modules of this folder. */
#ifndef DD_STORE_ROWS_H
#define DD_STORE_ROWS_H
#include <sqlite3.h>

#include "route/event.h"
#include "store/filter.h"

/* "attempts, id, time_ms, ...", appended: what dd_rows_read expects in the first columns. */
void dd_rows_columns(dd_buf *sql);
/* The event of the current row. Text is borrowed until the next step; `attempts` has room for DD_RECORD_ATTEMPTS. */
void dd_rows_read(sqlite3_stmt *stmt, dd_event *e, dd_attempt *attempts);
/* n of the filter's values from `first`, to the question marks from `at` (the first is 1). Returns the next mark. */
int  dd_rows_bind(sqlite3_stmt *stmt, int at, const dd_filter *f, size_t first, size_t n);
#endif
