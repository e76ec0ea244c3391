#include "store/rows.h"

#include "store/field.h"
#include "store/record.h"

static dd_str text_at(sqlite3_stmt *stmt, int column)
{
    const void *p = sqlite3_column_blob(stmt, column);
    return (dd_str){ p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, column) };
}

void dd_rows_columns(dd_buf *sql)
{
    dd_buf_addz(sql, "attempts");
    for (size_t i = 0; i < dd_n_fields; i++)
        dd_buf_printf(sql, ", %s", dd_fields[i].name);
}

void dd_rows_read(sqlite3_stmt *stmt, dd_event *e, dd_attempt *attempts)
{
    *e = (dd_event){0};
    for (size_t i = 0; i < dd_n_fields; i++) {
        const dd_field *f = &dd_fields[i];
        if (f->kind == DD_F_TEXT)
            *dd_field_text(f, e) = text_at(stmt, (int)i + 1);
        else
            dd_field_set(f, e, sqlite3_column_int64(stmt, (int)i + 1), sqlite3_column_type(stmt, (int)i + 1) == SQLITE_NULL);
    }
    dd_str tail = text_at(stmt, 0);
    if (tail.len == 0 || dd_record_read_attempts(tail, e, attempts) != DD_OK)
        e->n_attempts = e->n_asides = 0;
}

int dd_rows_bind(sqlite3_stmt *stmt, int at, const dd_filter *f, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++, at++) {
        const dd_filter_value *v = &f->values.v[i];
        if (v->is_text)
            sqlite3_bind_text(stmt, at, v->text.ptr, (int)v->text.len, SQLITE_STATIC);
        else
            sqlite3_bind_int64(stmt, at, v->number);
    }
    return at;
}
