#include "store/writer.h"

#include <time.h>

#include "store/db.h"
#include "store/field.h"
#include "store/record.h"
#include "store/rollup.h"

enum { TIDY_ROWS = 500, ID_TIME_SHIFT = 21, NEIGHBOURS = 16, FIELDS_AT = 4 /* behind batch, attempts and mark; the first is the id */ };
static const int64_t day_ms = 86400000;

struct dd_writer {
    dd_writer_opts  opts;
    char           *dir;
    bool           *nulls;         /* of `insert`, a field each: null is what is bound */
    dd_db          *db;
    sqlite3_stmt   *insert, *same, *batch;
    dd_rollup      *rollup;
    sqlite3_stmt   *old_events;
};

dd_writer *dd_writer_new(const dd_writer_opts *opts)
{
    dd_writer *w = dd_calloc(1, sizeof *w);
    w->opts = *opts;
    w->dir = dd_strdup(dd_str_z(opts->dir));
    w->nulls = dd_calloc(dd_n_fields, sizeof *w->nulls);
    w->rollup = dd_rollup_new();
    return w;
}

static void close_all(dd_writer *w)
{
    sqlite3_stmt **const all[] = { &w->insert, &w->same, &w->batch, &w->old_events };
    dd_rollup_close(w->rollup);
    for (size_t i = 0; i < DD_COUNT(all); i++) {
        sqlite3_finalize(*all[i]);
        *all[i] = NULL;
    }
    dd_db_close(w->db);
    w->db = NULL;
}

void dd_writer_free(dd_writer *w)
{
    if (w == NULL)
        return;
    close_all(w);
    dd_rollup_free(w->rollup);
    free(w->nulls);
    free(w->dir);
    free(w);
}

/* ---- opening ---- */

static int prepare_insert(dd_writer *w)
{
    dd_buf sql = DD_BUF_INIT(0);
    dd_buf_addz(&sql, "INSERT OR IGNORE INTO events (batch, attempts, mark");
    for (size_t i = 0; i < dd_n_fields; i++)
        dd_buf_printf(&sql, ", %s", dd_fields[i].name);
    dd_buf_addz(&sql, ") VALUES (?, ?, ?");
    for (size_t i = 0; i < dd_n_fields; i++)
        dd_buf_addz(&sql, ", ?");
    dd_buf_addc(&sql, ')');
    int code = sqlite3_prepare_v3(dd_db_sqlite(w->db), dd_buf_z(&sql), -1, SQLITE_PREPARE_PERSISTENT, &w->insert, NULL);
    dd_buf_free(&sql);
    memset(w->nulls, 0, dd_n_fields * sizeof *w->nulls);
    return code;
}

static int prepare_all(dd_writer *w)
{
    const struct { sqlite3_stmt **to; const char *sql; } all[] = {
        { &w->same, "SELECT mark IS ? FROM events WHERE id = ?" },
        { &w->batch, "SELECT max(coalesce(max(batch), 0) + 1, ?) FROM events" },
        { &w->old_events, "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < ? ORDER BY id LIMIT ?)" },
    };
    int code = prepare_insert(w);
    if (code == SQLITE_OK)
        code = dd_rollup_open(w->rollup, dd_db_sqlite(w->db));
    for (size_t i = 0; i < DD_COUNT(all) && code == SQLITE_OK; i++)
        code = sqlite3_prepare_v3(dd_db_sqlite(w->db), all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].to, NULL);
    return code;
}

static dd_code open_db(dd_writer *w, dd_err *err)
{
    const dd_db_opts opts = { .dir = w->dir, .create = true, .busy_ms = w->opts.busy_ms, .max_bytes = w->opts.max_bytes };
    if (w->db != NULL && !dd_db_moved(w->db))
        return DD_OK;
    close_all(w);
    if ((w->db = dd_db_open(DD_DB_TELEMETRY, &opts, err)) == NULL)
        return err->code;
    if (prepare_all(w) == SQLITE_OK)
        return DD_OK;
    dd_code rc = dd_db_fail(w->db, err, "prepare a statement");
    close_all(w);
    return rc;
}

/* ---- a batch ---- */

/* What is bound stays until it is bound anew, and half of an event's members are mostly null: those are bound once. */
static void bind_field(sqlite3_stmt *stmt, int at, const dd_field *f, const dd_event *e, bool *was_null)
{
    bool    text = f->kind == DD_F_TEXT, null;
    dd_str  s = text ? dd_field_read(f, e) : DD_STR("");
    int64_t v = text ? 0 : dd_field_get(f, e, &null);
    if (text)
        null = s.len == 0;
    if (null && !*was_null)
        sqlite3_bind_null(stmt, at);
    else if (text && !null)
        sqlite3_bind_text(stmt, at, s.ptr, (int)s.len, SQLITE_STATIC);
    else if (!null)
        sqlite3_bind_int64(stmt, at, v);
    *was_null = null;
}

/* What makes the whole batch fail and come again, not only this row. */
static bool is_of_the_store(int code)
{
    static const int codes[] = { SQLITE_FULL, SQLITE_IOERR, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB,
                                 SQLITE_READONLY, SQLITE_NOMEM, SQLITE_ERROR, SQLITE_SCHEMA, SQLITE_INTERRUPT, SQLITE_PERM,
                                 SQLITE_ABORT, SQLITE_PROTOCOL };
    for (size_t i = 0; i < DD_COUNT(codes); i++)
        if ((code & 0xff) == codes[i])
            return true;
    return false;
}

/* Is the row of this id the same event? */
static bool is_same(dd_writer *w, int64_t mark, int64_t id)
{
    sqlite3_bind_int64(w->same, 1, mark);
    sqlite3_bind_int64(w->same, 2, id);
    bool same = sqlite3_step(w->same) == SQLITE_ROW && sqlite3_column_int(w->same, 0) != 0;
    sqlite3_reset(w->same);
    return same;
}

/* Two processes that share a folder may give one id to two events in one millisecond: the second one takes the next that is free, and is found
 * there when it comes again. SQLITE_DONE: the row is there; *fresh: it was not before, and the event's id is the row's. */
static int insert(dd_writer *w, dd_event *e, int64_t mark, bool *fresh)
{
    for (int64_t id = e->id; id < e->id + NEIGHBOURS; id++) {
        sqlite3_bind_int64(w->insert, FIELDS_AT, id);
        int code = sqlite3_step(w->insert);
        sqlite3_reset(w->insert);
        *fresh = code == SQLITE_DONE && sqlite3_changes(dd_db_sqlite(w->db)) > 0;
        if (*fresh)
            e->id = id;
        if (code != SQLITE_DONE || *fresh || is_same(w, mark, id))
            return code;
    }
    return SQLITE_CONSTRAINT;
}

static int put_event(dd_writer *w, int64_t batch, dd_frame frame, dd_writer_count *n)
{
    dd_event e;
    dd_str   attempts;
    if (dd_record_read(frame.record, &e, NULL, &attempts) != DD_OK || e.id <= 0 || e.id > INT64_MAX - NEIGHBOURS) {
        n->bad++;
        return SQLITE_OK;
    }
    if (e.time_ms < 0)
        e.time_ms = (e.id >> ID_TIME_SHIFT) + DD_EVENT_EPOCH_MS;
    if (e.org.len == 0)
        e.org = DD_STR("default");
    sqlite3_bind_int64(w->insert, 1, batch);
    sqlite3_bind_blob(w->insert, 2, attempts.ptr, (int)attempts.len, SQLITE_STATIC);
    sqlite3_bind_int64(w->insert, 3, frame.mark);
    for (size_t i = 0; i < dd_n_fields; i++)
        bind_field(w->insert, (int)i + FIELDS_AT, &dd_fields[i], &e, &w->nulls[i]);
    bool fresh = false;
    int  code = insert(w, &e, frame.mark, &fresh);
    if (code != SQLITE_DONE) {
        n->bad += !is_of_the_store(code);
        return is_of_the_store(code) ? code : SQLITE_OK;
    }
    n->written += fresh;
    n->known += !fresh;
    if (fresh)
        dd_rollup_add(w->rollup, &e);
    return SQLITE_OK;
}

/* A batch is numbered by the time of its writing, but always above those before it: who follows asks for what is above the last one seen, and a new
 * file does not start again from the front. */
static int put_all(dd_writer *w, dd_str frames, dd_writer_count *n)
{
    dd_frame        frame;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    sqlite3_bind_int64(w->batch, 1, (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
    int     code = sqlite3_step(w->batch);
    int64_t batch = sqlite3_column_int64(w->batch, 0);
    sqlite3_reset(w->batch);
    if (code != SQLITE_ROW)
        return code;
    code = SQLITE_OK;
    dd_rollup_clear(w->rollup);
    while (code == SQLITE_OK && dd_frame_take(&frames, &frame))
        code = put_event(w, batch, frame, n);
    return code != SQLITE_OK ? code : dd_rollup_write(w->rollup);
}

/* A full disk and a lock pass by themselves; after anything else the next try opens the file anew. */
static void after_failure(dd_writer *w, int code)
{
    dd_db_rollback(w->db);
    dd_rollup_forget(w->rollup);
    if ((code & 0xff) != SQLITE_FULL && (code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_LOCKED)
        close_all(w);
}

static dd_code fault(dd_writer *w, dd_err *err)
{
    int code = w->opts.fault != NULL ? w->opts.fault(w->opts.fault_ctx) : SQLITE_OK;
    return code == SQLITE_OK ? DD_OK : dd_fail(err, DD_ERR_IO, "could not write: database \"%s/telemetry.db\": %s", w->dir, sqlite3_errstr(code));
}

dd_code dd_writer_put(dd_writer *w, dd_str frames, dd_writer_count *n, dd_err *err)
{
    dd_writer_count own = {0};
    dd_code         rc = fault(w, err);
    if (rc == DD_OK)
        rc = open_db(w, err);
    if (rc != DD_OK)
        return rc;
    if ((rc = dd_db_begin(w->db, err)) == DD_OK && put_all(w, frames, &own) != SQLITE_OK)
        rc = dd_db_fail(w->db, err, "write");
    if (rc == DD_OK)
        rc = dd_db_commit(w->db, err);
    if (rc == DD_OK)
        *n = own;
    else
        after_failure(w, sqlite3_errcode(dd_db_sqlite(w->db)));
    return rc;
}

/* ---- what is old ---- */

static int run(sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Outside a transaction of its own each statement is one. */
dd_code dd_writer_tidy(dd_writer *w, int64_t now_ms, bool *more, dd_err *err)
{
    int     code = SQLITE_OK;
    dd_code rc = open_db(w, err);
    *more = false;
    if (rc != DD_OK)
        return rc;
    sqlite3 *db = dd_db_sqlite(w->db);
    int64_t  oldest_ms = now_ms - w->opts.events_days * day_ms - DD_EVENT_EPOCH_MS;
    if (w->opts.events_days > 0 && oldest_ms > 0) {
        sqlite3_bind_int64(w->old_events, 1, oldest_ms << ID_TIME_SHIFT);
        sqlite3_bind_int64(w->old_events, 2, TIDY_ROWS);
        code = run(w->old_events);
        *more = code == SQLITE_OK && sqlite3_changes(db) == TIDY_ROWS;
    }
    if (code == SQLITE_OK && w->opts.hourly_days > 0) {
        bool hours = false;
        code = dd_rollup_tidy(w->rollup, (now_ms - w->opts.hourly_days * day_ms) / 1000, &hours);
        *more = *more || hours;
    }
    if (code == SQLITE_OK)
        return DD_OK;
    rc = dd_db_fail(w->db, err, "remove old events");
    after_failure(w, code);
    return rc;
}
