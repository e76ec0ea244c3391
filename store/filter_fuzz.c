/* Any text as a filter: refused with a reason, or SQL that compiles with as many values as it has question marks. */
#include <sqlite3.h>
#include <stddef.h>

#include "store/db.h"
#include "store/filter.h"

static sqlite3 *tables(void)
{
    static sqlite3 *db;
    if (db == NULL && (sqlite3_open(":memory:", &db) != SQLITE_OK || sqlite3_exec(db, dd_migrations_telemetry[0].sql, NULL, NULL, NULL) != SQLITE_OK))
        abort();
    return db;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_filter     f = {0};
    dd_err        err = DD_ERR_INIT;
    dd_buf        sql = DD_BUF_INIT(0);
    sqlite3_stmt *stmt = NULL;
    if (dd_filter_add(&f, (dd_str){ (const char *)data, size }, &err) != DD_OK) {
        if (err.msg[0] == '\0' || f.sql.len != 0 || f.values.n != 0)
            abort();
    } else {
        dd_buf_printf(&sql, "SELECT 1 FROM events WHERE 1" DD_STR_FMT, DD_STR_ARG(dd_buf_str(&f.sql)));
        if (sqlite3_prepare_v2(tables(), dd_buf_z(&sql), -1, &stmt, NULL) != SQLITE_OK || sqlite3_bind_parameter_count(stmt) != (int)f.values.n)
            abort();
        sqlite3_finalize(stmt);
    }
    dd_buf_free(&sql);
    dd_filter_fini(&f);
    return 0;
}
