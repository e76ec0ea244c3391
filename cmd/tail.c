/* cmd/tail.c - dd0c tail: the newest requests, those that come, and what they come to. */
#include "cmd/tail.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "cmd/cmd.h"
#include "cmd/render.h"
#include "cmd/zone.h"
#include "store/query.h"

enum { FLUSH_BYTES = 1 << 18, POLL_MS = 50, TOLD_AFTER = 40 /* failures in a row: 2 s */, PATIENCE = 1200 /* and a minute */, NEWEST = 20, ALL = -1 };

typedef struct {
    const char    *format, *limit, *columns, *since;
    dd_opt_list    filters;
    dd_render_args render;
    bool           follow;
} tail_args;

const dd_opt dd_tail_opts[] = {
    DD_OPT(DD_OPT_FLAG, 'f', "follow", tail_args, follow, NULL, "go on and print each event as it is recorded, until Ctrl-C"),
    DD_OPT(DD_OPT_LIST, 0, "filter", tail_args, filters, "name=value", "only matching events, as the words do; all must hold"),
    DD_OPT(DD_OPT_TEXT, 'n', "limit", tail_args, limit, "n|all", "how many of the newest events to print (20; with --since: all)"),
    DD_OPT(DD_OPT_TEXT, 's', "since", tail_args, since, "time",
           "only from a time on (2026-11-20, 2026-11-20T08:00, UTC), or so far back (15m, 2h, 7d)"),
    DD_OPT(DD_OPT_TEXT, 'c', "columns", tail_args, columns, "names",
           "what to print of each, separated by commas; help lists the names, all takes all"),
    DD_OPT(DD_OPT_CHOICE, 0, "format", tail_args, format, "text|json|csv", "print a line each (default), a JSON object each, or CSV"),
    DD_OPT(DD_OPT_CHOICE, 0, "color", tail_args, render.color, "auto|always|never", "colours: when the output is a terminal, always, never"),
    DD_OPT(DD_OPT_FLAG, 0, "ascii", tail_args, render.ascii, NULL, "no characters past ASCII in lines for a terminal"),
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", tail_args, render.quiet, NULL, "no totals at the end"),
    DD_OPT_END
};

typedef enum { TEXT, JSON, CSV } form;

typedef struct {
    form         form;
    bool         headed;
    dd_tail_look look;
    dd_tail_sum  sum;
    dd_buf       out;
    dd_code      rc;    /* of writing, so far */
    dd_err      *err;
} printer;

static volatile sig_atomic_t interrupted;
static void interrupt(int sig) { (void)sig, interrupted = 1; }

/* ---- printing ---- */

static dd_code flush(printer *p)
{
    if (p->rc == DD_OK && p->out.len)
        p->rc = dd_cmd_print(dd_buf_str(&p->out), p->err);
    dd_buf_clear(&p->out);
    return p->rc;
}

static void head(printer *p)
{
    if (!p->headed && p->form == CSV)
        dd_tail_csv_head(&p->look, &p->out);
    else if (!p->headed && p->form == TEXT && p->look.width)
        dd_tail_head(&p->look, &p->out);
    p->headed = true;
}

static void print(void *ctx, const dd_event *e)
{
    printer *p = ctx;
    head(p);
    dd_tail_add(&p->sum, e);
    if (p->form == JSON) {
        dd_event_json(e, &p->out);
        dd_buf_addc(&p->out, '\n');
    } else if (p->form == CSV)
        dd_tail_csv_line(&p->look, e, &p->out);
    else
        dd_tail_line(&p->look, e, &p->out);
    if (p->out.len > FLUSH_BYTES)
        flush(p);
}

/* Below the lines in a terminal; else on standard error, where they are in nobody's data. */
static dd_code totals(const dd_cmd *cmd, printer *p, const tail_args *args)
{
    if (p->rc != DD_OK || args->render.quiet || p->sum.requests == 0)
        return p->rc;
    if (p->form == TEXT && p->look.width) {
        dd_tail_totals(&p->look, &p->sum, &p->out);
        return flush(p);
    }
    dd_tail_look plain = { .width = 0 };
    dd_tail_totals(&plain, &p->sum, &p->out);
    fprintf(stderr, "dd0c %s: %s", cmd->name, dd_buf_z(&p->out));
    dd_buf_clear(&p->out);
    return DD_OK;
}

/* ---- asking ---- */

/* False: nobody reads standard output any more. */
static bool wait_a_little(void)
{
    struct pollfd out = { STDOUT_FILENO, 0, 0 };
    poll(&out, 1, POLL_MS);
    return (out.revents & (POLLERR | POLLHUP)) == 0;
}

/* A store that is being replaced, copied or repaired is waited for. */
static dd_code follow(const dd_cmd *cmd, dd_query *q, printer *p, dd_err *err)
{
    int failures = 0;
    while (!interrupted && wait_a_little()) {
        dd_code rc = dd_query_more(q, print, p, err);
        if (rc != DD_OK && ++failures == TOLD_AFTER)
            dd_cmd_warn(cmd, "%s; still trying", err->msg);
        if (failures > PATIENCE)
            return rc;
        if (rc == DD_OK)
            failures = 0;
        if ((rc = flush(p)) != DD_OK)
            return rc;
    }
    return DD_OK;
}

static dd_code show(const dd_cmd *cmd, dd_query *q, printer *p, const tail_args *args, int64_t limit, const char *dir, dd_err *err)
{
    dd_err  none = DD_ERR_INIT;
    dd_code rc;
    if (p->form == CSV)
        head(p);
    rc = dd_query_newest(q, limit, print, p, &none);
    if (rc == DD_ERR_NOT_FOUND)
        fprintf(stderr, "dd0c %s: nothing is recorded in \"%s\" yet\n", cmd->name, dir);
    else if (rc != DD_OK) {
        *err = none;
        return rc;
    } else if (p->sum.requests == 0 && limit != 0 && !args->follow && p->form == TEXT)
        fprintf(stderr, "dd0c %s: no request matches\n", cmd->name);
    rc = flush(p);
    return rc == DD_OK && args->follow ? follow(cmd, q, p, err) : rc;
}

/* ---- arguments ---- */

static dd_code read_limit(const tail_args *args, int64_t *out, dd_err *err)
{
    *out = args->since ? ALL : NEWEST;
    if (args->limit && strcmp(args->limit, "all") == 0)
        *out = ALL;
    else if (args->limit && (!dd_parse_i64(dd_str_z(args->limit), out) || *out < 0))
        return dd_fail(err, DD_ERR_USAGE, "option \"--limit\" takes a number or all, not \"%s\"", args->limit);
    return DD_OK;
}

static dd_code filter_since(const tail_args *args, dd_query *q, dd_err *err)
{
    char    text[64], time[25];
    int64_t ms;
    if (!args->since)
        return DD_OK;
    if (!dd_tail_since(dd_str_z(args->since), dd_wall_now().s * 1000, &ms)) {
        dd_fail(err, DD_ERR_USAGE, "no time \"%s\"", args->since);
        dd_hint(err, "Give a time in UTC such as 2026-11-20 or 2026-11-20T08:00, or how far back: 15m, 2h, 7d.");
        return DD_ERR_USAGE;
    }
    dd_event_time(ms < DD_EVENT_EPOCH_MS ? DD_EVENT_EPOCH_MS : ms, time);
    snprintf(text, sizeof text, "time>=%s", time);
    return dd_query_where(q, dd_str_z(text), err);
}

static dd_code filter(const tail_args *args, char **words, int n, dd_query *q, dd_err *err)
{
    dd_code rc = filter_since(args, q, err);
    for (size_t i = 0; i < args->filters.n && rc == DD_OK; i++)
        rc = dd_query_where(q, dd_str_z(args->filters.v[i]), err);
    for (int i = 0; i < n && rc == DD_OK; i++)
        rc = dd_query_where(q, dd_str_z(words[i]), err);
    return rc;
}

static dd_code prepare(const tail_args *args, printer *p, dd_arena *a, dd_err *err)
{
    dd_report_opts look = dd_render_opts(&args->render, DD_STR(""));
    bool           tty  = isatty(STDOUT_FILENO);
    p->form = args->format && strcmp(args->format, "json") == 0 ? JSON : args->format && strcmp(args->format, "csv") == 0 ? CSV : TEXT;
    p->look = (dd_tail_look){ .color = look.color, .ascii = look.ascii };
    if (p->form == TEXT)
        p->look.zone = dd_zone_of_clocks(a);
    if (p->form == TEXT && (tty || look.color != DD_COLOR_NONE))
        p->look.width = (int)dd_cmd_width();
    if (p->form == JSON && args->columns)
        return dd_fail(err, DD_ERR_USAGE, "a JSON object has all members: --columns is for text and CSV");
    return p->form == JSON ? DD_OK : dd_tail_columns(args->columns, p->form == CSV, a, &p->look, err);
}

static dd_code run(const dd_cmd *cmd, const tail_args *args, char **words, int n, printer *p, dd_err *err)
{
    dd_arena  a     = DD_ARENA_INIT;
    dd_buf    dir   = DD_BUF_INIT(0);
    int64_t   limit = NEWEST;
    dd_dir_state(&dir);
    dd_query *q  = dd_query_new(dd_buf_z(&dir));
    dd_code   rc = prepare(args, p, &a, err);
    if (rc == DD_OK)
        rc = read_limit(args, &limit, err);
    if (rc == DD_OK)
        rc = filter(args, words, n, q, err);
    if (rc == DD_OK && args->follow) { /* once: the second Ctrl-C ends it whatever it does */
        struct sigaction act = { .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND };
        sigaction(SIGINT, &act, NULL);
        sigaction(SIGTERM, &act, NULL);
    }
    if (rc == DD_OK)
        rc = show(cmd, q, p, args, limit, dd_buf_z(&dir), err);
    if (rc == DD_OK)
        rc = totals(cmd, p, args);
    dd_query_free(q);
    dd_buf_free(&dir);
    dd_arena_fini(&a);
    return rc;
}

dd_code dd_cmd_tail(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    tail_args args  = { .render = DD_RENDER_ARGS_INIT };
    int       words = 0;
    bool      done  = false;
    dd_code   rc    = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    (void)status;
    if (rc == DD_OK && !done && args.columns && strcmp(args.columns, "help") == 0) {
        dd_buf help = DD_BUF_INIT(0);
        dd_tail_columns_help(&help);
        rc = dd_cmd_print(dd_buf_str(&help), err);
        dd_buf_free(&help);
    } else if (rc == DD_OK && !done) {
        printer *p = dd_calloc(1, sizeof *p);
        p->err = err;
        rc = run(cmd, &args, argv + 1, words, p, err);
        dd_buf_free(&p->out);
        free(p);
    }
    dd_opt_fini(dd_tail_opts, &args);
    return rc;
}
