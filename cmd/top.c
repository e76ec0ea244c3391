/* cmd/top.c - dd0c top: the dashboard in a terminal; one screen of it as text or JSON; lines for a screen reader. */
#include "cmd/top.h"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "cmd/render.h"

enum { INTERVAL_MS = 1000, PLAIN_MS = 10000, LEAST_MS = 100, FIRST_MS = 80 /* then a screen without figures is better than none */, AGAIN_MS = 350 };

typedef struct {
    const char *tab, *period, *by, *filter, *format, *size, *config;
    int64_t     interval_ms;
    bool        once, plain, no_mouse;
    dd_render_args render;
} top_args;

const dd_opt dd_top_opts_table[] = {
    DD_OPT(DD_OPT_CHOICE, 't', "tab", top_args, tab, "overview|spend|providers|budgets|requests", "begin with this screen"),
    DD_OPT(DD_OPT_CHOICE, 'p', "period", top_args, period, "1h|24h|7d|30d|90d", "look so far back (24h)"),
    DD_OPT(DD_OPT_CHOICE, 'b', "by", top_args, by, "team|feature|model|call_site|provider|key|route", "rows of the spend screen (team)"),
    DD_OPT(DD_OPT_TEXT, 0, "filter", top_args, filter, "name=value", "only such requests, as dd0c tail has it; several are separated by blanks"),
    DD_OPT(DD_OPT_DURATION, 'i', "interval", top_args, interval_ms, "time", "look anew so often (1s; --plain 10s)"),
    DD_OPT(DD_OPT_FLAG, '1', "once", top_args, once, NULL, "print one screen and end"),
    DD_OPT(DD_OPT_FLAG, 0, "plain", top_args, plain, NULL, "print lines, and later only what changed: for screen readers"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", top_args, format, "text|json", "with --once: a screen (default), or the figures as a JSON object"),
    DD_OPT(DD_OPT_TEXT, 0, "size", top_args, size, "WxH", "with --once: so many columns and rows (the terminal's, or 80x24)"),
    DD_OPT(DD_OPT_TEXT, 'c', "config", top_args, config, "file", "configuration (./dd0c.yaml), for budgets and the time zone"),
    DD_OPT(DD_OPT_CHOICE, 0, "color", top_args, render.color, "auto|always|never", "colours: when the output is a terminal, always, never"),
    DD_OPT(DD_OPT_FLAG, 0, "ascii", top_args, render.ascii, NULL, "no block characters"),
    DD_OPT(DD_OPT_FLAG, 0, "no-mouse", top_args, no_mouse, NULL, "leave the mouse to the terminal"),
    DD_OPT_END
};

/* --- one screen --- */

static dd_top_sample *sample_once(const dd_top_opts *opts, const dd_top_want *want)
{
    dd_top_sampler *s   = dd_top_sampler_new(opts);
    dd_top_sample  *got = dd_top_sampler_next(s, want, true);
    if (dd_top_sample_board(got)->link == DD_BOARD_LIVE) {   /* a rate is made of two answers */
        poll(NULL, 0, AGAIN_MS);
        dd_top_sample *again = dd_top_sampler_next(s, want, false);
        if (again) {
            dd_top_sample_free(got);
            got = again;
        }
    }
    dd_top_sampler_free(s);
    return got;
}

static dd_code parse_size(const char *text, int *w, int *h, dd_err *err)
{
    int64_t x, y;
    dd_str  rest = dd_str_z(text), first = dd_str_cut(&rest, 'x');
    if (!dd_parse_i64(first, &x) || !dd_parse_i64(rest, &y) || x < 20 || x > 400 || y < 5 || y > 300)
        return dd_fail(err, DD_ERR_USAGE, "option \"--size\" takes columns and rows such as 120x40, not \"%s\"", text);
    *w = (int)x;
    *h = (int)y;
    return DD_OK;
}

static dd_code print_once(const top_args *args, const dd_top_opts *opts, dd_board_view *v, dd_err *err)
{
    dd_report_opts look = dd_render_opts(&args->render, DD_STR(""));
    int            w = look.width < 20 ? 20 : look.width, h = 24;
    dd_top_want    want;
    dd_buf         out = DD_BUF_INIT(0);
    dd_grid        g;
    if (args->size && parse_size(args->size, &w, &h, err) != DD_OK)
        return err->code;
    bool json = strcmp(args->format, "json") == 0;
    dd_top_want_of(v, &want);
    want.all = json;
    dd_top_sample *s = sample_once(opts, &want);
    v->ascii = look.ascii;
    v->flat  = look.color == DD_COLOR_NONE;
    if (json) {
        dd_board_json(dd_top_sample_board(s), v, &out);
    } else {
        dd_grid_init(&g, w);
        dd_board_draw(dd_top_sample_board(s), v, h, &g);
        dd_grid_write(&g, &(dd_grid_style){ .color = look.color, .ascii = look.ascii }, &out);
        dd_grid_fini(&g);
    }
    dd_code rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_str  problem = dd_top_sample_board(s)->problem;
    if (rc == DD_OK && problem.len)      /* a script reads the status, not the last line */
        rc = dd_fail(err, DD_ERR_IO, DD_STR_FMT, DD_STR_ARG(problem));
    dd_top_sample_free(s);
    dd_buf_free(&out);
    return rc;
}

/* --- lines --- */

/* False: nobody reads standard output any more. */
static bool wait_for(int64_t ms)
{
    struct pollfd out = { STDOUT_FILENO, 0, 0 };
    poll(&out, 1, (int)ms);
    return (out.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

static dd_code print_lines(const top_args *args, const dd_top_opts *opts, const dd_board_view *v, dd_err *err)
{
    dd_board_said   said = { 0 };
    dd_buf          out  = DD_BUF_INIT(0);
    dd_top_sampler *s    = dd_top_sampler_new(opts);
    dd_top_want     want;
    dd_code         rc   = DD_OK;
    dd_top_want_of(v, &want);
    want.tab = DD_BOARD_OVERVIEW;
    for (bool on = true; on && rc == DD_OK; on = !args->once && wait_for(opts->interval_ms)) {
        dd_top_sample *got = dd_top_sampler_next(s, &want, false);
        if (!got)
            continue;
        if (dd_top_sample_board(got)->link == DD_BOARD_LIVE && dd_top_sample_board(got)->per_second < 0 && wait_for(AGAIN_MS)) {
            dd_top_sample *again = dd_top_sampler_next(s, &want, false);
            if (again) {
                dd_top_sample_free(got);
                got = again;
            }
        }
        dd_buf_clear(&out);
        dd_board_plain(dd_top_sample_board(got), &said, &out);
        rc = dd_cmd_print(dd_buf_str(&out), err);
        dd_str problem = dd_top_sample_board(got)->problem;
        if (rc == DD_OK && args->once && problem.len)
            rc = dd_fail(err, DD_ERR_IO, DD_STR_FMT, DD_STR_ARG(problem));
        dd_top_sample_free(got);
    }
    dd_top_sampler_free(s);
    dd_board_said_fini(&said);
    dd_buf_free(&out);
    return rc;
}

/* --- the terminal --- */

typedef struct {
    dd_top_screen *screen;
    dd_top_reader *reader;
    dd_board_view  view;
    dd_top_sample *sample;      /* what is shown; NULL: nothing was read yet */
    dd_top_want    want;        /* what the reader was asked for */
    dd_grid        grid;
    int            signal;
} session;

static const dd_board *board_of(const session *t)
{
    static const dd_board_times none = { -1, -1, -1 };
    static dd_board reading;
    if (t->sample)
        return dd_top_sample_board(t->sample);
    reading = (dd_board){ .period = t->view.period, .by = t->view.by, .per_second = -1, .per_hour = DD_PUSD_UNKNOWN, .latency = none,
                          .first = none, .overhead = none, .saved_today = DD_PUSD_UNKNOWN, .saved_week = DD_PUSD_UNKNOWN, .saved_month =
                              DD_PUSD_UNKNOWN,
                          .total.misses = -1 };
    return &reading;
}

static void draw(session *t)
{
    int w, h;
    dd_top_screen_size(t->screen, &w, &h);
    if (t->grid.width != (w < 20 ? 20 : w > 400 ? 400 : w)) {
        dd_grid_fini(&t->grid);
        dd_grid_init(&t->grid, w);
    }
    dd_board_draw(board_of(t), &t->view, h, &t->grid);
    dd_top_screen_show(t->screen, &t->grid);
}

/* A sample of another view than the one that is looked at now comes too late. */
static bool take_sample(session *t)
{
    dd_top_sample *got = dd_top_reader_take(t->reader);
    if (!got)
        return false;
    if (!dd_top_want_same(dd_top_sample_want(got), &t->want)) {
        dd_top_sample_free(got);
        return false;
    }
    t->view.waiting = false;
    dd_top_keep_selection(&t->view, t->sample ? dd_top_sample_board(t->sample) : NULL, dd_top_sample_board(got));
    dd_top_sample_free(t->sample);
    t->sample = got;
    return true;
}

/* False: leave. */
static bool take_keys(session *t, bool *changed)
{
    for (dd_top_key k = dd_top_screen_key(t->screen); k.kind != DD_KEY_NONE; k = dd_top_screen_key(t->screen)) {
        int w, h;
        *changed = true;
        dd_top_screen_size(t->screen, &w, &h);
        if (!dd_top_key_press(&t->view, board_of(t), &k, h > 8 ? h - 6 : 2))
            return false;
    }
    return true;
}

/* What another view needs; true: figures are on their way. */
static bool ask(session *t)
{
    dd_top_want want;
    dd_top_want_of(&t->view, &want);
    if (dd_top_want_same(&want, &t->want))
        return false;
    t->want         = want;
    t->view.waiting = want.tab != DD_BOARD_BUDGETS;
    dd_top_reader_want(t->reader, &want);
    return true;
}

/* --filter and / are checked by the reader; what was wrong stands in the sample's `problem`. */
static void loop(session *t)
{
    struct pollfd fds[3] = { { STDIN_FILENO, POLLIN, 0 }, { dd_top_reader_fd(t->reader), POLLIN, 0 }, { dd_top_screen_signals(t->screen), POLLIN,
                                                                                                        0 } };
    int  wait_ms = FIRST_MS;
    bool on = true;
    while (on) {
        bool changed = false;
        int  n = poll(fds, DD_COUNT(fds), wait_ms);
        if (n == 0)
            changed = true;                                /* the figures take long: the frame without them */
        if (n > 0 && (fds[2].revents & POLLIN)) {
            on = !dd_top_screen_leaves(t->screen, &t->signal);
            changed = true;
        }
        if (n > 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
            on = false;
        if (on)
            on = take_keys(t, &changed);                   /* also after a stop: ncurses may have something */
        if (n > 0 && (fds[1].revents & POLLIN))
            changed = take_sample(t) || changed;
        if (on && ask(t))
            wait_ms = FIRST_MS;                            /* its figures come in a moment: a screen between the two would flicker */
        else if (on && (changed || n == 0)) {
            draw(t);
            wait_ms = -1;
        }
    }
}

static bool is_utf8(void)
{
    setlocale(LC_CTYPE, "");
    return strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0 || strcasecmp(nl_langinfo(CODESET), "UTF8") == 0;
}

static dd_code run_screen(const top_args *args, const dd_top_opts *opts, const dd_board_view *v, dd_err *err)
{
    session     t = { .view = *v };
    dd_top_want want;
    dd_top_want_of(v, &want);
    t.want         = want;
    t.view.waiting = true;
    t.reader = dd_top_reader_start(opts, &want, err);      /* it reads while the screen is made */
    if (!t.reader)
        return err->code;
    t.screen = dd_top_screen_open(args->render.ascii || !is_utf8(), !args->no_mouse, err);
    if (t.screen) {
        t.view.ascii = dd_top_screen_ascii(t.screen);
        t.view.flat  = !dd_top_screen_color(t.screen);
        loop(&t);
        dd_top_screen_close(t.screen);
    }
    dd_top_reader_stop(t.reader);
    dd_top_sample_free(t.sample);
    dd_grid_fini(&t.grid);
    if (t.signal && t.signal != SIGINT) {                  /* whoever sent it sees that it worked */
        signal(t.signal, SIG_DFL);
        raise(t.signal);
    }
    return t.screen ? DD_OK : err->code;
}

/* --- arguments --- */

static dd_code check(const top_args *args, dd_err *err)
{
    if (strcmp(args->format, "json") == 0 && !args->once)
        return dd_fail(err, DD_ERR_USAGE, "\"--format json\" goes with --once");
    if (args->plain && strcmp(args->format, "json") == 0)
        return dd_fail(err, DD_ERR_USAGE, "either \"--plain\" or \"--format json\"");
    if (args->interval_ms && args->interval_ms < LEAST_MS)
        return dd_fail(err, DD_ERR_USAGE, "option \"--interval\" takes 100ms and more");
    if (args->filter && strlen(args->filter) >= DD_BOARD_LINE)
        return dd_fail(err, DD_ERR_USAGE, "option \"--filter\" takes less than %d bytes", DD_BOARD_LINE);
    return args->filter ? dd_top_filter_check(args->filter, err) : DD_OK;
}

static dd_board_view view_of(const top_args *args)
{
    dd_board_view v = { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H, .by = DD_BOARD_TEAM };
    if (args->filter) {
        snprintf(v.filter, sizeof v.filter, "%s", args->filter);
        v.tab = DD_BOARD_REQUESTS;
    }
    if (args->by) {
        (void)dd_board_by_find(dd_str_z(args->by), &v.by);
        v.tab = DD_BOARD_SPEND;
    }
    if (args->tab)
        (void)dd_board_tab_find(dd_str_z(args->tab), &v.tab);
    if (args->period)
        (void)dd_board_period_find(dd_str_z(args->period), &v.period);
    return v;
}

/* A terminal that can do nothing but lines gets lines. */
static bool is_dumb(void)
{
    const char *term = getenv("TERM");
    return !term || !*term || strcmp(term, "dumb") == 0;
}

dd_code dd_cmd_top(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    top_args args = { .format = "text", .render = DD_RENDER_ARGS_INIT };
    bool     done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if ((rc = check(&args, err)) != DD_OK)
        return rc;
    bool          screen = !args.once && !args.plain && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
    dd_board_view v      = view_of(&args);
    if (screen && is_dumb()) {
        fprintf(stderr, "dd0c top: this terminal cannot place a cursor; printing lines, as --plain does\n");
        args.plain = true;
    }
    dd_top_opts opts = { .cmd = screen && !args.plain ? NULL : cmd, .config = args.config,
                         .interval_ms = args.interval_ms ? args.interval_ms : args.plain ? PLAIN_MS : INTERVAL_MS,
                         .quick = screen && !args.plain };
    if (args.plain)
        return print_lines(&args, &opts, &v, err);
    return screen ? run_screen(&args, &opts, &v, err) : print_once(&args, &opts, &v, err);
}
