/* cmd/main.c - finds the command, runs it, and is the only place that prints an error and exits. */
#include "base/near.h"
#include "cmd/cmd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int exit_status(dd_code code) { return code == DD_ERR_USAGE ? DD_EXIT_USAGE : DD_EXIT_FAILED; }

static int report(const char *name, const dd_err *err)
{
    fprintf(stderr, "dd0c%s%s: %s\n", *name ? " " : "", name, err->msg);
    if (err->hint[0])
        fprintf(stderr, "hint: %s\n", err->hint);
    return exit_status(err->code);
}

/* The longest name of the table that the words make: "prices list" before "prices". *used: how many words. */
static const dd_cmd *find(int argc, char **argv, int *used)
{
    if (argc > 2 && argv[2][0] != '-') {
        dd_buf two = DD_BUF_INIT(256);
        dd_buf_printf(&two, "%s %s", argv[1], argv[2]);
        const dd_cmd *cmd = dd_cmd_find(dd_buf_z(&two));
        dd_buf_free(&two);
        if (cmd) {
            *used = 2;
            return cmd;
        }
    }
    *used = 1;
    return dd_cmd_find(argv[1]);
}

/* "keys" or "keys --help": what there is of it. "keys foo" is a mistake; so is "keys" alone, but its list is the best answer. */
static dd_code group(const char *word, const char *next, bool *done, int *status, dd_err *err)
{
    dd_buf  out  = DD_BUF_INIT(0);
    bool    asks = next && (strcmp(next, "--help") == 0 || strcmp(next, "-h") == 0);
    dd_code rc   = DD_OK;
    *done        = (!next || asks) && dd_cmd_help_group(word, dd_cmd_width(), &out);
    if (*done && asks)
        rc = dd_cmd_print(dd_buf_str(&out), err);
    else if (*done)
        fputs(dd_buf_z(&out), stderr);
    *status = asks ? DD_EXIT_DONE : DD_EXIT_USAGE;
    dd_buf_free(&out);
    return rc;
}

static dd_code no_command(const char *word, const char *next, dd_err *err)
{
    size_t  n = strlen(word);
    bool    in_group = false;
    dd_near one = { .asked = dd_str_z(word) }, two = { .asked = dd_str_z(next) };
    for (const dd_cmd *c = dd_cmds; c->name; c++) {
        dd_near_look(&one, (dd_str){ c->name, strcspn(c->name, " ") });
        if (!next || strncmp(c->name, word, n) != 0 || c->name[n] != ' ')
            continue;
        in_group = true;
        dd_near_look(&two, dd_str_z(c->name + n + 1));
    }
    if (in_group) {
        dd_fail(err, DD_ERR_USAGE, "unknown command \"%s %s\"", word, next);
        if (two.best.len)
            dd_hint(err, "Did you mean \"dd0c %s " DD_STR_FMT "\"? \"dd0c help\" lists all commands.", word, DD_STR_ARG(two.best));
        else
            dd_hint(err, "\"dd0c help %s\" lists its commands.", word);
        return DD_ERR_USAGE;
    }
    dd_fail(err, DD_ERR_USAGE, "unknown command \"%s\"", word);
    if (one.best.len)
        dd_hint(err, "Did you mean \"dd0c " DD_STR_FMT "\"? \"dd0c help\" lists all commands.", DD_STR_ARG(one.best));
    else
        dd_hint(err, "\"dd0c help\" lists all commands.");
    return DD_ERR_USAGE;
}

/* The name by which we were called, when a link gives one: dd0c-scan is `dd0c scan`. */
static const char *link_name(const char *argv0)
{
    const char *base = argv0 && strrchr(argv0, '/') ? strrchr(argv0, '/') + 1 : argv0;
    return base && strncmp(base, "dd0c-", 5) == 0 ? base + 5 : NULL;
}

int main(int argc, char **argv)
{
    dd_err        err    = DD_ERR_INIT;
    int           status = DD_EXIT_DONE, used = 0;
    const char   *linked = link_name(argc ? argv[0] : NULL);
    const dd_cmd *cmd    = linked ? dd_cmd_find(linked) : NULL;
    signal(SIGPIPE, SIG_IGN); /* seen as EPIPE where the output is written */
    if (!cmd && argc < 2) {
        cmd = dd_cmd_find("help");
    } else if (!cmd && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
        dd_code rc = dd_cmd_print(DD_STR("dd0c " DD_VERSION "\n"), &err);
        return rc == DD_OK ? DD_EXIT_DONE : report("", &err);
    } else if (!cmd && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        cmd  = dd_cmd_find("help");
        used = 1;
    } else if (!cmd) {
        cmd = find(argc, argv, &used);
        if (!cmd) {
            bool        shown;
            const char *next = argc > 2 ? argv[2] : NULL;
            if (group(argv[1], next, &shown, &status, &err) == DD_OK && shown)
                return status;
            if (!shown)
                no_command(argv[1], next, &err);
            return report("", &err);
        }
    }
    if (cmd->run(cmd, argc - used, argv + used, &status, &err) != DD_OK)
        return report(cmd->name, &err);
    return status;
}
