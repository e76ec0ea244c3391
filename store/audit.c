#include "store/audit.h"

#include "store/sql.h"

dd_code dd_audit_add(dd_db *db, const dd_actor *by, const char *action, dd_str object, dd_str old_value, dd_str new_value, dd_err *err)
{
    int64_t now_ms = by->now.s * 1000;
    dd_sql  s      = dd_sql_prepare(db, "INSERT INTO audit_log (org, time_ms, who, action, object, old_value, new_value) "
                                        "VALUES (?, ?, ?, ?, ?, ?, ?)", err);
    dd_sql_text(&s, by->org);
    dd_sql_i64(&s, now_ms);
    dd_sql_text(&s, by->who);
    dd_sql_text(&s, dd_str_z(action));
    dd_sql_text(&s, object);
    dd_sql_text(&s, old_value);
    dd_sql_text(&s, new_value);
    dd_code rc = dd_sql_run(&s);
    if (rc != DD_OK)
        return rc;
    /* Ids grow with time, so the old rows are the first ones: no index on time, and never more than a few to look at. */
    s = dd_sql_prepare(db, "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log ORDER BY id LIMIT 1000) AND time_ms < ?", err);
    dd_sql_i64(&s, now_ms - (int64_t)DD_AUDIT_DAYS * 86400000);
    return dd_sql_run(&s);
}

dd_code dd_audit_each(dd_db *db, dd_str org, int64_t since_ms, dd_audit_fn *fn, void *ctx, dd_err *err)
{
    dd_sql s = dd_sql_prepare(db, "SELECT id, time_ms, org, who, action, object, old_value, new_value FROM audit_log "
                                  "WHERE org = ? AND time_ms >= ? ORDER BY id", err);
    dd_sql_text(&s, org);
    dd_sql_i64(&s, since_ms);
    while (dd_sql_row(&s)) {
        dd_audit_row row = { dd_sql_get_i64(&s, 0),  dd_sql_get_i64(&s, 1),  dd_sql_get_text(&s, 2), dd_sql_get_text(&s, 3),
                             dd_sql_get_text(&s, 4), dd_sql_get_text(&s, 5), dd_sql_get_text(&s, 6), dd_sql_get_text(&s, 7) };
        fn(ctx, &row);
    }
    return dd_sql_end(&s);
}
