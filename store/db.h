/* store/db.h - the databases under the state folder, and as little as is needed over SQLite.
 *
 * config.db holds organisations, keys, secrets and the audit log; telemetry.db events and their sums; cache.db kept answers. They are WAL files of mode
 * 0600 with foreign keys on. Opening brings the schema up to date: migrations are additive (tools/lint.py), numbered, and applied once, each in a
 * transaction, whoever comes first. A database that a newer program has migrated is used as it is (columns that are not known are left alone) unless a migration says that
 * it may not be: "-- readable-from: N" in its file. A connection belongs to one thread at a time. */
#ifndef DD_STORE_DB_H
#define DD_STORE_DB_H
#include <sqlite3.h>

#include "base/err.h"
#include "base/str.h"

typedef enum { DD_DB_CONFIG, DD_DB_TELEMETRY, DD_DB_CACHE } dd_db_kind;

typedef struct {
    int         version;       /* from 1, without gaps */
    int         readable_from; /* how many migrations a program must know to use the database after this one */
    const char *name, *sql;
} dd_migration;
/* Made of store/migrations/ by tools/store.mk. */
extern const dd_migration dd_migrations_config[], dd_migrations_telemetry[], dd_migrations_cache[];
extern const size_t       dd_n_migrations_config, dd_n_migrations_telemetry, dd_n_migrations_cache;

typedef struct {
    const char         *dir;         /* the state folder (dd_dir_state); made when `create` */
    bool                create;      /* false: DD_ERR_NOT_FOUND when the file is not there */
    int                 busy_ms;     /* how long to wait for another writer; 0: 5,000 */
    int64_t             max_bytes;   /* the file grows no further; 0: no limit */
    const dd_migration *migrations;  /* other ones than the program's own, for tests; NULL: its own */
    size_t              n_migrations;
} dd_db_opts;

typedef struct dd_db dd_db;
/* Caller owns; NULL: *err. DD_ERR_NOT_FOUND: no such file. DD_ERR_PARSE: not a database, or one for newer programs. DD_ERR_IO: the rest. */
dd_db      *dd_db_open(dd_db_kind kind, const dd_db_opts *opts, dd_err *err);
void        dd_db_close(dd_db *db);                    /* NULL is fine; statements must be finalized */
sqlite3    *dd_db_sqlite(const dd_db *db);
const char *dd_db_path(const dd_db *db);
int         dd_db_version(const dd_db *db);            /* of the schema: the highest migration applied */
/* The file of this name is no longer the one that is open: it was removed or replaced. Close, and open again. */
bool        dd_db_moved(const dd_db *db);
/* A number that changes with each commit of another connection, in any process (SQLite's data_version): reading it costs a look at shared memory. */
dd_code     dd_db_commits(dd_db *db, int64_t *out, dd_err *err);

/* Fills *err from the connection's last failure: `could not <what>: database "<path>": <why>`. */
dd_code dd_db_fail(const dd_db *db, dd_err *err, const char *what);
/* The same for what SQLite takes and we do not: DD_ERR_PARSE, and that the file is damaged. */
dd_code dd_db_damaged(const dd_db *db, dd_err *err, const char *what, const char *why);
/* Statements without parameters or rows, separated by semicolons. */
dd_code dd_db_exec(dd_db *db, const char *sql, dd_err *err);

/* Writers begin at once ("immediate"), so that waiting for another process happens here and never in the middle. */
dd_code dd_db_begin(dd_db *db, dd_err *err);
dd_code dd_db_commit(dd_db *db, dd_err *err);          /* rolls back when it fails */
void    dd_db_rollback(dd_db *db);                     /* nothing when no transaction is open */
#endif
