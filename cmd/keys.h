/* cmd/keys.h - what the commands on keys, secrets and the audit log share. */
#ifndef DD_CMD_KEYS_H
#define DD_CMD_KEYS_H
#include "cmd/cmd.h"
#include "store/keys.h"

/* The configuration database of $DD0C_HOME. `create`: made when it is not there; else *out is NULL then, with DD_OK. */
dd_code  dd_config_db_open(bool create, dd_db **out, dd_err *err);
/* The user of this process, by the real clock: a key's life does not follow SOURCE_DATE_EPOCH. The name is in *who. */
dd_actor dd_cmd_actor(dd_buf *who);
dd_wall  dd_clock(void);
/* "90d", "12h", "2w", "1y" from now, or a day (its start, UTC). DD_ERR_USAGE: none of them, or past. */
dd_code  dd_expiry_parse(const char *text, dd_wall now, int64_t *out_s, dd_err *err);

/* A command on that database, from its arguments to its end: options, words, database, work, what it prints. */
typedef struct {
    const dd_cmd *cmd;
    char        **argv;      /* words from 1 */
    int           words;
    dd_db        *db;        /* NULL: there is none, and it was not to be made */
    dd_actor      by;
    dd_arena      arena;
    dd_buf        out;       /* printed when all went well */
} dd_db_run;
typedef struct {
    bool      create;        /* the database is made when it is not there */
    dd_code (*words)(const dd_db_run *r, const void *args, dd_err *err);   /* what was given, before anything is opened */
    dd_code (*work)(dd_db_run *r, void *args, dd_err *err);
} dd_db_command;
dd_code  dd_cmd_on_db(const dd_db_command *c, const dd_cmd *cmd, int argc, char **argv, void *args, dd_err *err);
/* For `words`: none at all, one key. */
dd_code  dd_words_none(const dd_db_run *r, const void *args, dd_err *err);
dd_code  dd_words_key(const dd_db_run *r, const void *args, dd_err *err);
dd_code  dd_days_ok(int64_t days, dd_err *err);     /* of --days */

/* The key that the word names; DD_ERR_NOT_FOUND also when there is no database. */
dd_code  dd_cmd_key(dd_db *db, const char *word, dd_arena *a, dd_key *out, dd_err *err);
/* "2026-11-20 13:45" UTC, "-" for never. */
void     dd_put_time(dd_buf *out, int64_t s);
/* A member: "2026-11-20T13:45:00Z", null for never. */
void     dd_put_time_json(dd_json *j, const char *name, int64_t s);
/* The key as lines "name  value" for people. */
void     dd_put_key(dd_buf *out, const dd_key *k, dd_wall now);
/* The key as a JSON object with its schema; `text` is the member "key" and may be empty. */
void     dd_put_key_json(dd_buf *out, const dd_key *k, dd_str text, dd_wall now);
#endif
