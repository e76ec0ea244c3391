#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum { BUSY_MS = 5000, PAGE_BYTES = 4096 };

struct dd_db {
    sqlite3    *handle;
    const char *what;    /* "telemetry" */
    char       *path;
    int         version;
};

static const struct {
    const char         *what, *file;
    const dd_migration *migrations;
    const size_t       *n;
} kinds_of_db[] = {
    [DD_DB_CONFIG]    = { "config", "config.db", dd_migrations_config, &dd_n_migrations_config },
    [DD_DB_TELEMETRY] = { "telemetry", "telemetry.db", dd_migrations_telemetry, &dd_n_migrations_telemetry },
    [DD_DB_CACHE]     = { "cache", "cache.db", dd_migrations_cache, &dd_n_migrations_cache },
};

sqlite3    *dd_db_sqlite(const dd_db *db) { return db->handle; }
const char *dd_db_path(const dd_db *db) { return db->path; }
int         dd_db_version(const dd_db *db) { return db->version; }

bool dd_db_moved(const dd_db *db)
{
    int moved = 0;
    return sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

/* ---- errors ---- */

static const struct { int code; const char *hint; } hints[] = {
    { SQLITE_FULL, "Free some space, or raise the limit of the database." },
    { SQLITE_BUSY, "Another process holds the database; is a shell with an open transaction among them?" },
    { SQLITE_CORRUPT, "The file is damaged. Move it away to start a new one." },
    { SQLITE_NOTADB, "The file is no SQLite database. Move it away to start a new one." },
    { SQLITE_READONLY, "The file or its folder may not be written." },
    { SQLITE_CANTOPEN, "Does the folder exist, and may it be written?" },
};

/* "disk I/O error" alone says neither which call failed nor why: the detailed code and the system's reason do. */
static void add_reason(const dd_db *db, char *out, size_t size)
{
    int number = sqlite3_system_errno(db->handle);
    out[0] = '\0';
    if (number != 0)
        snprintf(out, size, " (code %d: %s)", sqlite3_extended_errcode(db->handle), strerror(number));
}

dd_code dd_db_fail(const dd_db *db, dd_err *err, const char *what)
{
    char reason[128] = "";
    int  code = sqlite3_errcode(db->handle) & 0xff;
    if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN)
        add_reason(db, reason, sizeof reason);
    dd_fail(err, code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? DD_ERR_PARSE : DD_ERR_IO, "could not %s: database \"%s\": %s%s", what, db->path,
            sqlite3_errmsg(db->handle), reason);
    for (size_t i = 0; i < DD_COUNT(hints); i++)
        if (hints[i].code == code)
            dd_hint(err, "%s", hints[i].hint);
    return code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? DD_ERR_PARSE : DD_ERR_IO;
}

dd_code dd_db_damaged(const dd_db *db, dd_err *err, const char *what, const char *why)
{
    dd_fail(err, DD_ERR_PARSE, "could not %s: database \"%s\": %s", what, db->path, why);
    for (size_t i = 0; i < DD_COUNT(hints); i++)
        if (hints[i].code == SQLITE_CORRUPT)
            dd_hint(err, "%s", hints[i].hint);
    return DD_ERR_PARSE;
}

/* ---- statements ---- */

dd_code dd_db_exec(dd_db *db, const char *sql, dd_err *err)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? DD_OK : dd_db_fail(db, err, "run a statement");
}

dd_code dd_db_begin(dd_db *db, dd_err *err)
{
    return dd_db_exec(db, "BEGIN IMMEDIATE", err);
}

dd_code dd_db_commit(dd_db *db, dd_err *err)
{
    dd_code rc = dd_db_exec(db, "COMMIT", err);
    if (rc != DD_OK)
        dd_db_rollback(db);
    return rc;
}

void dd_db_rollback(dd_db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- migrations ---- */

static const char migrations_table[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                       " version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                                       " readable_from INTEGER NOT NULL, applied_ms INTEGER NOT NULL)";

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One row of at most two numbers; what is NULL or missing stays as it was. */
static dd_code read_numbers(dd_db *db, const char *sql, int *a, int *b, dd_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int           step = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL);
    if (step == SQLITE_OK && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        *a = sqlite3_column_int(stmt, 0);
        *b = sqlite3_column_int(stmt, 1);
    }
    dd_code rc = step == SQLITE_ROW || step == SQLITE_DONE ? DD_OK : dd_db_fail(db, err, "read the schema");
    sqlite3_finalize(stmt);
    return rc;
}

/* The highest version applied, 0 for a new file, and who may use it. */
static dd_code read_version(dd_db *db, int *version, int *readable_from, dd_err *err)
{
    int     any = 0, unused;
    dd_code rc = read_numbers(db, "SELECT 1, 0 FROM sqlite_master WHERE name = 'schema_migrations'", &any, &unused, err);
    *version = *readable_from = 0;
    if (rc != DD_OK || any == 0)
        return rc;
    return read_numbers(db, "SELECT max(version), max(readable_from) FROM schema_migrations", version, readable_from, err);
}

static dd_code note(dd_db *db, const dd_migration *m, dd_err *err)
{
    char sql[256];
    snprintf(sql, sizeof sql, "INSERT INTO schema_migrations (version, name, readable_from, applied_ms) VALUES (%d, '%.100s', %d, %lld)",
             m->version, m->name, m->readable_from, (long long)now_ms());
    return dd_db_exec(db, sql, err);
}

/* Another process may have been first: the version is read again under the write lock. */
static dd_code apply(dd_db *db, const dd_migration *m, dd_err *err)
{
    int     readable_from;
    dd_code rc = dd_db_begin(db, err);
    if (rc == DD_OK && (rc = read_version(db, &db->version, &readable_from, err)) == DD_OK && db->version < m->version) {
        rc = dd_db_exec(db, migrations_table, err);
        if (rc == DD_OK)
            rc = dd_db_exec(db, m->sql, err);
        if (rc == DD_OK)
            rc = note(db, m, err);
    }
    if (rc == DD_OK && (rc = dd_db_commit(db, err)) == DD_OK) {
        db->version = db->version < m->version ? m->version : db->version;
        return DD_OK;
    }
    dd_db_rollback(db);
    dd_wrap(err, "migration %04d_%s", m->version, m->name);
    return rc;
}

static dd_code migrate(dd_db *db, const dd_migration *m, size_t n, dd_err *err)
{
    int     readable_from, known = n == 0 ? 0 : m[n - 1].version;
    dd_code rc = read_version(db, &db->version, &readable_from, err);
    if (rc == DD_OK && readable_from > known) {
        dd_fail(err, DD_ERR_PARSE, "database \"%s\": made by a newer dd0c (schema %d, this program knows %d)", db->path, db->version, known);
        dd_hint(err, "Use that version of dd0c, or another DD0C_HOME.");
        return DD_ERR_PARSE;
    }
    for (size_t i = 0; i < n && rc == DD_OK; i++)
        if (m[i].version > db->version)
            rc = apply(db, &m[i], err);
    return rc;
}

/* ---- open, close ---- */

/* Made by hand so that nobody else can read it: the WAL beside it takes over the mode. One that is there is only asked about: to open and close it
 * would let go of all locks that other connections of this process hold on it (POSIX), and a process that is the last to close would take their WAL
 * away. */
static dd_code make_file(const char *path, bool create, dd_err *err)
{
    int fd = create ? open(path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 0600) : -1;
    if (fd >= 0) {
        close(fd);
        return DD_OK;
    }
    if (create && errno != EEXIST)
        return dd_fail_errno(err, errno, "could not open database \"%s\"", path);
    if (access(path, R_OK) == 0)
        return DD_OK; /* SQLite says the rest */
    if (errno == ENOENT && !create)
        return dd_fail(err, DD_ERR_NOT_FOUND, "could not open database \"%s\": it does not exist", path);
    return dd_fail_errno(err, errno, "could not open database \"%s\"", path);
}

/* Of several that make a database at once, each turns it to WAL while holding a read lock: SQLite then tells all but one at once that it is locked,
 * and does not wait, since they would wait for each other. */
static dd_code to_wal(dd_db *db, int busy_ms, dd_err *err)
{
    int64_t until = now_ms() + busy_ms;
    dd_code rc;
    while ((rc = dd_db_exec(db, "PRAGMA journal_mode = WAL", err)) != DD_OK && (sqlite3_errcode(db->handle) & 0xff) == SQLITE_BUSY && now_ms() < until)
        sqlite3_sleep(1);
    return rc;
}

static dd_code set_up(dd_db *db, const dd_db_opts *opts, dd_err *err)
{
    char    sql[128];
    int     busy_ms = opts->busy_ms > 0 ? opts->busy_ms : BUSY_MS;
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, busy_ms);
    dd_code rc = to_wal(db, busy_ms, err);
    if (rc == DD_OK)
        rc = dd_db_exec(db, "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -1000;"
                            " PRAGMA journal_size_limit = 67108864", err);
    if (rc == DD_OK && opts->max_bytes > 0) {
        int64_t pages = opts->max_bytes / PAGE_BYTES + 1;
        snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld", (long long)pages);
        rc = dd_db_exec(db, sql, err);
    }
    return rc;
}

/* SQLite counts its memory under one lock of the process unless it is told not to: threads that write events and answers would meet there. */
static void configure(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

dd_db *dd_db_open(dd_db_kind kind, const dd_db_opts *opts, dd_err *err)
{
    dd_db  *db = dd_calloc(1, sizeof *db);
    dd_buf  path = DD_BUF_INIT(0);
    dd_err  own = DD_ERR_INIT;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    err = err == NULL ? &own : err;
    pthread_once(&once, configure);
    dd_code rc = opts->create ? dd_dir_make(opts->dir, err) : DD_OK;
    dd_buf_printf(&path, "%s/%s", opts->dir, kinds_of_db[kind].file);
    db->path = dd_strdup(dd_buf_str(&path));
    db->what = kinds_of_db[kind].what;
    dd_buf_free(&path);
    if (rc == DD_OK)
        rc = make_file(db->path, opts->create, err);
    if (rc == DD_OK && sqlite3_open_v2(db->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        rc = db->handle == NULL ? dd_fail(err, DD_ERR_IO, "could not open database \"%s\": out of memory", db->path) : dd_db_fail(db, err, "open");
    if (rc == DD_OK)
        rc = set_up(db, opts, err);
    if (rc == DD_OK)
        rc = opts->migrations != NULL ? migrate(db, opts->migrations, opts->n_migrations, err)
                                      : migrate(db, kinds_of_db[kind].migrations, *kinds_of_db[kind].n, err);
    if (rc == DD_OK)
        return db;
    dd_db_close(db);
    return NULL;
}

void dd_db_close(dd_db *db)
{
    if (db == NULL)
        return;
    sqlite3_close_v2(db->handle);
    free(db->path);
    free(db);
}
