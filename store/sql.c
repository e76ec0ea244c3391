#include "store/sql.h"

static void check(dd_sql *s, int code)
{
    if (code != SQLITE_OK)
        s->rc = dd_db_fail(s->db, s->err, "run a statement");
}

dd_sql dd_sql_prepare(dd_db *db, const char *text, dd_err *err)
{
    dd_sql s = { db, NULL, 0, DD_OK, err };
    check(&s, sqlite3_prepare_v2(dd_db_sqlite(db), text, -1, &s.st, NULL));
    return s;
}

void dd_sql_text(dd_sql *s, dd_str v)
{
    if (s->rc == DD_OK)
        check(s, sqlite3_bind_text64(s->st, ++s->bound, v.ptr ? v.ptr : "", v.len, SQLITE_STATIC, SQLITE_UTF8));
}

void dd_sql_i64(dd_sql *s, int64_t v)
{
    if (s->rc == DD_OK)
        check(s, sqlite3_bind_int64(s->st, ++s->bound, v));
}

void dd_sql_blob(dd_sql *s, const void *v, size_t n)
{
    if (s->rc == DD_OK)
        check(s, sqlite3_bind_blob64(s->st, ++s->bound, v, n, SQLITE_STATIC));
}

bool dd_sql_row(dd_sql *s)
{
    if (s->rc != DD_OK)
        return false;
    int code = sqlite3_step(s->st);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        check(s, code);
    return code == SQLITE_ROW;
}

dd_str dd_sql_get_text(dd_sql *s, int column)
{
    const void *p = sqlite3_column_blob(s->st, column);
    return (dd_str){ p ? p : "", (size_t)sqlite3_column_bytes(s->st, column) };
}

int64_t dd_sql_get_i64(dd_sql *s, int column) { return sqlite3_column_int64(s->st, column); }

dd_code dd_sql_end(dd_sql *s)
{
    sqlite3_finalize(s->st);
    s->st = NULL;
    return s->rc;
}

dd_code dd_sql_run(dd_sql *s)
{
    while (dd_sql_row(s))
        ;
    return dd_sql_end(s);
}

dd_code dd_sql_finish(dd_db *db, dd_code rc, dd_err *err)
{
    if (rc == DD_OK)
        return dd_db_commit(db, err);
    dd_db_rollback(db);
    return rc;
}

dd_code dd_db_commits(dd_db *db, int64_t *out, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "PRAGMA data_version", err);
    *out     = dd_sql_row(&s) ? dd_sql_get_i64(&s, 0) : -1;
    return dd_sql_end(&s);
}
