/* cmd/secrets.c - dd0c secrets set, list, rm and rotate. A value never stands in argv, in the output or in a message. */
#include "store/secrets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/keys.h"
#include "cmd/master.h"

typedef struct {
    const char *format;
    bool        quiet;
} secrets_args;

const dd_opt dd_secrets_list_opts[] = {
    DD_OPT(DD_OPT_CHOICE, 'f', "format", secrets_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT_END
};
const dd_opt dd_secrets_opts[] = {
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", secrets_args, quiet, NULL, "say nothing when it went well"),
    DD_OPT_END
};

/* --- reading a value --- */

static volatile sig_atomic_t interrupted;
static void on_signal(int sig) { interrupted = sig; }

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* One line from the terminal, which does not show it; an interrupt gives the terminal back first. */
static dd_code read_hidden(dd_str name, dd_buf *out, dd_err *err)
{
    struct termios   was, silent;
    struct sigaction old[DD_COUNT(signals)], catch = { .sa_handler = on_signal };
    char             c;
    ssize_t          n = 0;
    if (tcgetattr(STDIN_FILENO, &was) != 0)
        return dd_fail_errno(err, errno, "could not read from the terminal");
    silent = was;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    for (size_t i = 0; i < DD_COUNT(signals); i++)
        sigaction(signals[i], &catch, &old[i]);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);   /* before anybody is asked to type */
    fprintf(stderr, "value of " DD_STR_FMT " (not shown): ", DD_STR_ARG(name));
    while (!interrupted && out->len <= DD_SECRET_VALUE_MAX && (n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n')
        dd_buf_addc(out, c);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    fputc('\n', stderr);
    for (size_t i = 0; i < DD_COUNT(signals); i++)
        sigaction(signals[i], &old[i], NULL);
    if (interrupted)
        return dd_fail(err, DD_ERR_IO, "interrupted; nothing was set");
    return n < 0 ? dd_fail_errno(err, errno, "could not read from the terminal") : DD_OK;
}

static dd_code read_stdin(dd_buf *out, dd_err *err)
{
    for (;;) {
        char    piece[4096];
        ssize_t n = read(STDIN_FILENO, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0 && out->len <= DD_SECRET_VALUE_MAX)
            dd_buf_add(out, (dd_str){ piece, (size_t)n });
        dd_wipe(piece, sizeof piece);
        if (n == 0)
            return DD_OK;
        if (n < 0)
            return dd_fail_errno(err, errno, "could not read standard input");
    }
}

/* Without the line's end that echo and editors leave. */
static dd_code read_value(dd_str name, dd_secret *out, dd_err *err)
{
    dd_buf  text = DD_BUF_INIT(0);
    dd_buf_reserve(&text, DD_SECRET_VALUE_MAX + 8192);
    dd_code rc = isatty(STDIN_FILENO) ? read_hidden(name, &text, err) : read_stdin(&text, err);
    if (text.len && text.ptr[text.len - 1] == '\n')
        text.len--;
    if (text.len && text.ptr[text.len - 1] == '\r')
        text.len--;
    if (rc == DD_OK && !text.len) {
        dd_fail(err, DD_ERR_USAGE, "the value is empty");
        dd_hint(err, "It comes from standard input: printf %%s \"$KEY\" | dd0c secrets set NAME.");
        rc = DD_ERR_USAGE;
    }
    if (rc == DD_OK)
        *out = dd_secret_take(&text);
    dd_wipe_buf(&text);
    return rc;
}

/* --- commands --- */

static dd_code one_name(const dd_db_run *r, const void *args, dd_err *err)
{
    int words = r->words;
    (void)args;
    if (words == 1 && dd_secret_name_ok(dd_str_z(r->argv[1])))
        return DD_OK;
    if (words > 1) { /* the second word may be the value: not repeated */
        dd_fail(err, DD_ERR_USAGE, "it takes one name and no value");
        dd_hint(err, "Other users can see arguments. The value comes from standard input or, typed, from the terminal.");
    } else if (words == 1) {
        dd_fail(err, DD_ERR_USAGE, "the name of a secret has letters, digits, \"-\", \"_\" and \".\", at most %d", DD_SECRET_NAME_MAX);
    } else {
        dd_fail(err, DD_ERR_USAGE, "it takes the name of a secret");
        dd_hint(err, "Such as the provider's: openai, anthropic.");
    }
    return DD_ERR_USAGE;
}

static void say(const dd_cmd *cmd, const secrets_args *args, const char *what, const char *name)
{
    if (!args->quiet)
        fprintf(stderr, "dd0c %s: \"%s\" %s\n", cmd->name, name, what);
}

static bool has_master_file(void)
{
    dd_buf path = DD_BUF_INIT(0);
    dd_dir_state(&path);
    dd_buf_addz(&path, "/master.key");
    bool there = dd_file_exists(dd_buf_z(&path));
    dd_buf_free(&path);
    return there;
}

static dd_code set(dd_db_run *r, void *ctx, dd_err *err)
{
    const secrets_args *args  = ctx;
    dd_secret           value = DD_SECRET_NONE, master = DD_SECRET_NONE;
    dd_master_source    from  = DD_MASTER_FILE;
    bool                old   = has_master_file(), replaced = false;
    dd_code             rc    = dd_master_open(r->db, true, &master, &from, err);
    if (rc == DD_OK && from == DD_MASTER_FILE && !old && !args->quiet)
        fprintf(stderr, "dd0c %s: a master key was made, master.key in the state folder; keep a copy elsewhere: without it all secrets are lost\n",
                r->cmd->name);
    if (rc == DD_OK)
        rc = read_value(dd_str_z(r->argv[1]), &value, err);
    if (rc == DD_OK)
        rc = dd_secrets_set(r->db, &r->by, master, dd_str_z(r->argv[1]), value, &replaced, err);
    if (rc == DD_OK)
        say(r->cmd, args, replaced ? "was replaced" : "was set", r->argv[1]);
    dd_secret_free(&value);
    dd_secret_free(&master);
    return rc;
}

dd_code dd_cmd_secrets_set(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { true, one_name, set };
    secrets_args args = { 0 };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}

static dd_code take_away(dd_db_run *r, void *args, dd_err *err)
{
    const char *name = r->argv[1];
    dd_code     rc   = r->db ? dd_secrets_remove(r->db, &r->by, dd_str_z(name), err) : dd_fail(err, DD_ERR_NOT_FOUND, "no secret \"%s\"", name);
    if (rc == DD_OK)
        say(r->cmd, args, "was removed", name);
    return rc;
}

dd_code dd_cmd_secrets_rm(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, one_name, take_away };
    secrets_args args = { 0 };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}

static void put_list(dd_buf *out, const dd_secret_info *all, size_t n)
{
    dd_buf_printf(out, "%-24s  %-16s  %s\n", "NAME", "CREATED", "UPDATED");
    for (size_t i = 0; i < n; i++) {
        dd_buf_printf(out, "%-24.*s  ", DD_STR_ARG(all[i].name));
        dd_put_time(out, all[i].created_s);
        dd_buf_addz(out, "  ");
        dd_put_time(out, all[i].updated_s);
        dd_buf_addc(out, '\n');
    }
    dd_buf_printf(out, "%zu secret%s. Times are UTC.\n", n, n == 1 ? "" : "s");
}

static void put_list_json(dd_buf *out, const dd_secret_info *all, size_t n)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.secrets/1");
    dd_json_key(&j, "secrets");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < n; i++) {
        dd_json_open(&j, '{');
        dd_json_key(&j, "name");
        dd_json_str(&j, all[i].name);
        dd_put_time_json(&j, "created", all[i].created_s);
        dd_put_time_json(&j, "updated", all[i].updated_s);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

static dd_code list(dd_db_run *r, void *ctx, dd_err *err)
{
    const secrets_args *args = ctx;
    dd_secret_info     *all  = NULL;
    size_t              n    = 0;
    dd_code             rc   = r->db ? dd_secrets_list(r->db, r->by.org, &r->arena, &all, &n, err) : DD_OK;
    if (rc == DD_OK)
        (strcmp(args->format, "json") == 0 ? put_list_json : put_list)(&r->out, all, n);
    return rc;
}

dd_code dd_cmd_secrets_list(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, dd_words_none, list };
    secrets_args args = { .format = "text" };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}

/* --- a new master key --- */

static dd_code no_new_key(dd_err *err)
{
    dd_fail(err, DD_ERR_USAGE, "the new master key is missing");
    dd_hint(err, "The old one comes from the environment, so the new one must, too: DD0C_NEW_MASTER_KEY=$(openssl rand -hex 32).");
    return DD_ERR_USAGE;
}

/* The file is written before and put in place after the database changes, so that a crash at any moment leaves a key that fits. */
static dd_code new_master(dd_db *db, const dd_actor *by, dd_secret old, dd_master_source from, size_t *n, dd_err *err)
{
    const char *given = getenv("DD0C_NEW_MASTER_KEY");
    bool        has   = given && *given, file = from == DD_MASTER_FILE && !has;
    dd_secret   next  = DD_SECRET_NONE;
    if (!has && !file)
        return no_new_key(err);
    dd_code rc = DD_OK;
    if (!has)
        next = dd_master_new();
    else if ((rc = dd_master_parse(dd_str_z(given), &next, err)) != DD_OK)
        dd_wrap(err, "DD0C_NEW_MASTER_KEY");
    if (rc == DD_OK && file)
        rc = dd_master_file_prepare(next, err);
    if (rc == DD_OK && (rc = dd_secrets_reseal(db, by, old, next, n, err)) != DD_OK && file)
        dd_master_file_drop();
    if (rc == DD_OK && file)
        rc = dd_master_file_keep(err);
    else if (rc == DD_OK && from == DD_MASTER_FILE)
        rc = dd_master_file_remove(err);
    dd_secret_free(&next);
    return rc;
}

static dd_code rotate(dd_db_run *r, void *ctx, dd_err *err)
{
    const secrets_args *args = ctx;
    dd_secret           old  = DD_SECRET_NONE;
    dd_master_source    from = DD_MASTER_FILE;
    size_t              n    = 0;
    dd_code             rc   = r->db ? dd_master_open(r->db, false, &old, &from, err) : dd_fail(err, DD_ERR_NOT_FOUND, "no secret was ever set");
    if (rc == DD_OK)
        rc = new_master(r->db, &r->by, old, from, &n, err);
    if (rc == DD_OK && !args->quiet)
        fprintf(stderr, "dd0c %s: %zu secret%s sealed under the new master key\n", r->cmd->name, n, n == 1 ? " is" : "s are");
    dd_secret_free(&old);
    return rc;
}

dd_code dd_cmd_secrets_rotate(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    static const dd_db_command command = { false, dd_words_none, rotate };
    secrets_args args = { 0 };
    (void)status;
    return dd_cmd_on_db(&command, cmd, argc, argv, &args, err);
}
