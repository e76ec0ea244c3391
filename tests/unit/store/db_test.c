#include "store/db.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

static const dd_migration two[] = {
    { 1, 1, "first", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);" },
    { 2, 1, "second", "ALTER TABLE a ADD COLUMN y INTEGER DEFAULT 7;" },
    { 3, 3, "third", "CREATE TABLE b (z INTEGER);" },
};

static dd_db *open_n(const char *dir, size_t n, dd_err *err)
{
    const dd_db_opts opts = { .dir = dir, .create = true, .migrations = two, .n_migrations = n };
    return dd_db_open(DD_DB_CONFIG, &opts, err);
}

TEST(the_two_databases_are_two_files_that_others_cannot_read)
{
    const char *dir = sample_dir("db");
    dd_err      err = DD_ERR_INIT;
    char        path[300];
    struct stat st;
    for (dd_db_kind k = DD_DB_CONFIG; k <= DD_DB_TELEMETRY; k++) {
        dd_db *db = dd_db_open(k, &(dd_db_opts){ .dir = dir, .create = true }, &err);
        CHECK(db != NULL);
        CHECK(dd_db_version(db) >= 1);
        dd_db_close(db);
    }
    static const char *const files[] = { "config.db", "telemetry.db" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600); /* R8.5 */
    }
    CHECK_EQ(sample_number(dir, "config.db", "SELECT count(*) FROM orgs WHERE id = 'default'"), 1, "R4.1 one org");
    CHECK_EQ(sample_number(dir, "telemetry.db", "SELECT count(*) FROM pragma_table_info('events') WHERE name = 'org'"), 1, "org ids in events");
    CHECK_EQ(sample_number(dir, "telemetry.db", "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE '%_cost_summary'"), 2, "R3.3");
    CHECK_EQ(sample_number(dir, "telemetry.db", "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1, "R3.2 WAL");
}

TEST(migrations_are_applied_once_and_keep_rows)
{
    const char *dir = sample_dir("db");
    dd_err      err = DD_ERR_INIT;
    for (size_t n = 1; n <= 3; n++)
        for (int again = 0; again < 2; again++) {
            dd_db *db = open_n(dir, n, &err);
            CHECK(db != NULL);
            CHECK_EQ(dd_db_version(db), n, "version");
            dd_db_close(db);
        }
    CHECK_EQ(sample_number(dir, "config.db", "SELECT count(*) FROM a"), 1, "applied once");
    CHECK_EQ(sample_number(dir, "config.db", "SELECT y FROM a"), 7, "a new column has its default");
}

TEST(a_database_of_a_newer_program_is_used_unless_it_forbids_it)
{
    const char *dir = sample_dir("db");
    dd_err      err = DD_ERR_INIT;
    dd_db_close(open_n(dir, 2, &err));
    dd_db *db = open_n(dir, 1, &err);
    CHECK(db != NULL); /* R10.2: what is added is left alone */
    CHECK_EQ(dd_db_version(db), 2, "version");
    CHECK_OK(dd_db_exec(db, "INSERT INTO a (x) VALUES (2)", &err));
    dd_db_close(db);
    dd_db_close(open_n(dir, 3, &err));
    CHECK(open_n(dir, 2, &err) == NULL);
    CHECK_EQ(err.code, DD_ERR_PARSE, "refused");
    CHECK(dd_str_has(dd_str_z(err.msg), "made by a newer dd0c (schema 3, this program knows 2)"));
    CHECK(err.hint[0] != '\0');
}

TEST(a_migration_that_fails_leaves_nothing_behind)
{
    static const dd_migration broken[] = { { 1, 1, "broken", "CREATE TABLE a (x INTEGER); CREATE TABLE a (x INTEGER);" } };
    const char      *dir = sample_dir("db");
    dd_err           err = DD_ERR_INIT;
    const dd_db_opts opts = { .dir = dir, .create = true, .migrations = broken, .n_migrations = 1 };
    CHECK(dd_db_open(DD_DB_CONFIG, &opts, &err) == NULL);
    CHECK(dd_str_has(dd_str_z(err.msg), "migration 0001_broken: "));
    CHECK_EQ(sample_number(dir, "config.db", "SELECT count(*) FROM sqlite_master"), 0, "rolled back");
}

typedef struct { const char *dir; bool ok; } racer;

static void *race(void *arg)
{
    racer *r = arg;
    dd_err err = DD_ERR_INIT;
    dd_db *db = open_n(r->dir, 3, &err);
    r->ok = db != NULL;
    if (db == NULL)
        printf("%s\n", err.msg);
    dd_db_close(db);
    return NULL;
}

TEST(many_openers_at_once_migrate_once)
{
    racer     r[8];
    pthread_t t[8];
    for (size_t i = 0; i < 8; i++)
        r[i].dir = i == 0 ? sample_dir("db") : r[0].dir;
    for (size_t i = 0; i < 8; i++)
        pthread_create(&t[i], NULL, race, &r[i]);
    for (size_t i = 0; i < 8; i++) {
        pthread_join(t[i], NULL);
        CHECK(r[i].ok);
    }
    CHECK_EQ(sample_number(r[0].dir, "config.db", "SELECT count(*) FROM a"), 1, "once");
    CHECK_EQ(sample_number(r[0].dir, "config.db", "SELECT count(*) FROM schema_migrations"), 3, "each");
}

TEST(what_is_no_database_is_said_to_be_none)
{
    const dd_str not_a_database = DD_STR("this is a text, and a longer one than any header of a database would be, I am sure of it, quite sure");
    const char *dir = sample_dir("db");
    char        path[300];
    dd_err      err = DD_ERR_INIT;
    CHECK(dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = dir }, &err) == NULL);
    CHECK_EQ(err.code, DD_ERR_NOT_FOUND, "not made unless asked");
    snprintf(path, sizeof path, "%s/config.db", dir);
    CHECK_OK(dd_file_replace(path, not_a_database, 0600, &err));
    CHECK(dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = dir, .create = true }, &err) == NULL);
    CHECK_EQ(err.code, DD_ERR_PARSE, "no database");
    CHECK(dd_str_has(dd_str_z(err.hint), "Move it away"));
}

TEST(a_removed_file_is_noticed)
{
    const char *dir = sample_dir("db");
    dd_err      err = DD_ERR_INIT;
    dd_db      *db = open_n(dir, 1, &err);
    CHECK(db != NULL && !dd_db_moved(db));
    CHECK(unlink(dd_db_path(db)) == 0);
    CHECK(dd_db_moved(db));
    dd_db_close(db);
}

/* POSIX: closing any descriptor of a file lets go of the process's locks on it. SQLite knows, so only it may open the file. */
TEST(opening_a_database_again_leaves_the_locks_of_who_has_it_open)
{
    const char *dir = sample_dir("db");
    dd_err      err = DD_ERR_INIT;
    int64_t     before = 0, after = 0;
    int         status = -1, go[2];
    char        path[300], word;
    CHECK(pipe(go) == 0);
    pid_t child = fork();                    /* before anything is open: it shall know of no lock of ours */
    if (child == 0) {
        bool   told   = read(go[0], &word, 1) == 1;
        dd_db *theirs = told ? open_n(dir, 1, &err) : NULL;
        bool   ok     = theirs && dd_db_exec(theirs, "INSERT INTO a VALUES (2)", &err) == DD_OK;
        dd_db_close(theirs);                 /* were it the last, it would remove the log that we read */
        _exit(ok ? 0 : 1);
    }
    dd_db *db = open_n(dir, 1, &err), *again = open_n(dir, 1, &err);
    CHECK(child > 0 && db != NULL && again != NULL);
    dd_db_close(again);
    CHECK_OK(dd_db_commits(db, &before, &err));
    CHECK(write(go[1], "x", 1) == 1 && waitpid(child, &status, 0) == child && status == 0);
    snprintf(path, sizeof path, "%s/config.db-wal", dir);
    CHECK(access(path, F_OK) == 0);
    CHECK_OK(dd_db_commits(db, &after, &err));
    CHECK(after != before);
    dd_db_close(db);
    close(go[0]);
    close(go[1]);
}
