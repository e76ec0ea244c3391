/* store/sql.h - one SQL statement from preparing to its end, for modules of this folder.
 *
 * A failure is kept: the calls after it do nothing, and dd_sql_end returns it. Not shared between threads. */
#ifndef DD_STORE_SQL_H
#define DD_STORE_SQL_H
#include "store/db.h"

typedef struct {
    dd_db        *db;
    sqlite3_stmt *st;
    int           bound;
    dd_code       rc;
    dd_err       *err;
} dd_sql;

dd_sql  dd_sql_prepare(dd_db *db, const char *text, dd_err *err);
void    dd_sql_text(dd_sql *s, dd_str v);       /* the next parameter; v is borrowed until dd_sql_end */
void    dd_sql_i64(dd_sql *s, int64_t v);
void    dd_sql_blob(dd_sql *s, const void *v, size_t n);
bool    dd_sql_row(dd_sql *s);                  /* false: no more rows, or a failure */
dd_str  dd_sql_get_text(dd_sql *s, int column); /* also of blobs; borrowed until the next row */
int64_t dd_sql_get_i64(dd_sql *s, int column);
dd_code dd_sql_end(dd_sql *s);                  /* frees it */
dd_code dd_sql_run(dd_sql *s);                  /* steps until there are no more rows, and ends */

/* The end of what dd_db_begin began: commits when rc is DD_OK, else rolls back and keeps *err. Returns rc, or why it could not commit. */
dd_code dd_sql_finish(dd_db *db, dd_code rc, dd_err *err);
#endif
