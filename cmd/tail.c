/* cmd/tail.c - dd0c tail: the newest requests, and those that come. */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "store/query.h"

enum { FLUSH_BYTES = 1 << 18, POLL_MS = 50, PATIENCE = 100 /* failures in a row before a follower gives up: 5 s */ };

typedef struct {
    const char *format;
    dd_opt_list filters;
    int64_t     limit;
    bool        follow;
} tail_args;

const dd_opt dd_tail_opts[] = {
    DD_OPT(DD_OPT_FLAG, 'f', "follow", tail_args, follow, NULL, "go on and print each event as it is recorded"),
    DD_OPT(DD_OPT_LIST, 0, "filter", tail_args, filters, "name=value", "only matching events; may be given several times, then all must hold"),
    DD_OPT(DD_OPT_INT, 'n', "limit", tail_args, limit, "n", "how many of the newest events to print (20)"),
    DD_OPT(DD_OPT_CHOICE, 0, "format", tail_args, format, "text|json", "print a line each (default), or a JSON object each"),
    DD_OPT_END
};

/* The columns of a line. A terminal gets what fits it, under a heading; a pipe gets all, always alike. */
typedef struct {
    size_t width;                              /* of the terminal; 0: none, nothing is cut */
    size_t model, tokens, cost, duration;
    bool   headed;
} layout;

typedef struct {
    const tail_args *args;
    layout           at;
    dd_buf           out;
    dd_code          rc;    /* of writing, so far */
    dd_err          *err;
} printer;

/* ---- a line for people ---- */

static layout choose_layout(const tail_args *args)
{
    if ((args->format && strcmp(args->format, "json") == 0) || !isatty(STDOUT_FILENO))
        return (layout){ 0, 32, 13, 11, 10, true };
    size_t w = dd_cmd_width();
    return (layout){ w, w >= 100 ? 34 : w > 72 ? w - 56 : 16, 10, 11, 8, false };   /* 56: the other columns, and room for "team=web" */
}

static void put_clock(dd_buf *out, int64_t time_ms, bool short_form)
{
    time_t    s = (time_t)(time_ms / 1000);
    struct tm tm;
    char      text[16] = "";
    if (localtime_r(&s, &tm) != NULL)
        strftime(text, sizeof text, "%H:%M:%S", &tm);
    dd_buf_addz(out, text);
    if (!short_form)
        dd_buf_printf(out, ".%03d", (int)(time_ms % 1000));
}

static void put_padded(dd_buf *out, dd_str s, size_t width)
{
    size_t have = dd_utf8_width(s);
    dd_buf_add(out, s);
    dd_buf_pad(out, ' ', have < width ? width - have : 0);
}

/* Cut to `width` columns, with an ellipsis where something is missing. */
static void put_cut(dd_buf *out, dd_str s, size_t width)
{
    size_t end = 0;
    if (dd_utf8_width(s) <= width) {
        dd_buf_add(out, s);
        return;
    }
    for (size_t i = 1; i <= s.len; i++) {
        if (i < s.len && ((unsigned char)s.ptr[i] & 0xc0) == 0x80)
            continue;                 /* within a character */
        if (dd_utf8_width(dd_str_sub(s, 0, i)) >= width)
            break;
        end = i;
    }
    dd_buf_add(out, dd_str_sub(s, 0, end));
    dd_buf_addz(out, "\xe2\x80\xa6");
}

static void put_tokens(dd_buf *out, const dd_usage *u, size_t width)
{
    dd_buf  b = DD_BUF_INIT(64);
    int64_t parts[] = { u->input, u->cache_read, u->cache_write, u->cache_write_1h }, in = 0;
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        in += parts[i] > 0 ? parts[i] : 0;
    if (u->input < 0 && u->output < 0)
        dd_buf_addz(&b, "-");
    else
        dd_buf_printf(&b, "%lld>%lld", (long long)in, (long long)(u->output > 0 ? u->output : 0));
    put_padded(out, dd_buf_str(&b), width);
    dd_buf_free(&b);
}

static void put_cost(dd_buf *out, dd_pusd cost, size_t width)
{
    dd_buf b = DD_BUF_INIT(64);
    if (cost == DD_PUSD_UNKNOWN)
        dd_buf_addz(&b, "-");
    else
        dd_money_show(cost, &b);
    put_padded(out, dd_buf_str(&b), width);
    dd_buf_free(&b);
}

static void put_duration(dd_buf *out, int64_t us, size_t width)
{
    char text[32] = "-";
    if (us >= 10000000)
        snprintf(text, sizeof text, "%.0f s", (double)us / 1e6);
    else if (us >= 1000000)
        snprintf(text, sizeof text, "%.2f s", (double)us / 1e6);
    else if (us >= 0)
        snprintf(text, sizeof text, "%.1f ms", (double)us / 1e3);
    put_padded(out, dd_str_z(text), width);
}

/* "openai/gpt-4o-mini for smart"; what asks for no model is named by its endpoint. */
static void put_models(dd_buf *out, const dd_event *e, const layout *at)
{
    dd_buf b = DD_BUF_INIT(2048), whole = DD_BUF_INIT(1024);
    dd_str used = e->used_model.len > 0 ? e->used_model : e->requested_model;
    if (e->provider.len > 0)
        dd_buf_printf(&whole, DD_STR_FMT "/", DD_STR_ARG(e->provider));
    if (used.len > 0)
        dd_buf_add(&whole, used);
    else if (e->endpoint.len > 0)
        dd_buf_printf(&whole, "(" DD_STR_FMT ")", DD_STR_ARG(e->endpoint));
    else
        dd_buf_addc(&whole, '-');
    dd_buf_add(&b, dd_buf_str(&whole));
    if (e->requested_model.len > 0 && !dd_str_eq(e->requested_model, used) && !dd_str_eq(e->requested_model, dd_buf_str(&whole)))
        dd_buf_printf(&b, " for " DD_STR_FMT, DD_STR_ARG(e->requested_model));
    dd_buf line = DD_BUF_INIT(8192);
    dd_buf_add_line(&line, dd_buf_str(&b));
    dd_buf_clear(&b);
    put_cut(&b, dd_buf_str(&line), at->width ? at->model : SIZE_MAX);
    put_padded(out, dd_buf_str(&b), at->model);
    dd_buf_free(&line);
    dd_buf_free(&whole);
    dd_buf_free(&b);
}

/* `last`: the id stands behind them, where a narrow terminal cuts. */
static void put_labels(dd_buf *out, const dd_event *e, bool last)
{
    const struct { const char *name; dd_str value; } labels[] = {
        { "feature", e->feature }, { "team", e->team }, { "user", e->user }, { "key", e->key_id },
    };
    char id[20];
    dd_event_spell(e->id, id);
    if (!last)
        dd_buf_printf(out, "%s ", id);
    if (e->error != DD_EC_NONE)
        dd_buf_printf(out, "error=%s ", dd_error_class_name(e->error));
    if (e->n_attempts > 1)
        dd_buf_printf(out, "attempts=%zu ", e->n_attempts);
    for (size_t i = 0; i < DD_COUNT(labels); i++)
        if (labels[i].value.len > 0)
            dd_buf_printf(out, "%s=" DD_STR_FMT " ", labels[i].name, DD_STR_ARG(labels[i].value));
    if (last)
        dd_buf_addz(out, id);
    else
        out->len--;                   /* the blank at the end */
}

static void put_heading(printer *p)
{
    const layout *at = &p->at;
    dd_buf line = DD_BUF_INIT(1024);
    dd_buf_printf(&line, "%-12s %-*s %-*s %-*s TOOK", "TIME", (int)at->model, "MODEL", (int)at->tokens, "IN>OUT", (int)at->cost, "COST");
    if (!at->headed) {
        put_cut(&p->out, dd_buf_str(&line), at->width);
        dd_buf_addc(&p->out, '\n');
    }
    dd_buf_free(&line);
    p->at.headed = true;
}

static void put_line(dd_buf *out, const dd_event *e, const layout *at)
{
    dd_buf line = DD_BUF_INIT(16384), clean = DD_BUF_INIT(32768);
    put_clock(&line, e->time_ms, at->width != 0);
    dd_buf_printf(&line, " %3d ", e->status);
    put_models(&line, e, at);
    dd_buf_addc(&line, ' ');
    put_tokens(&line, &e->usage, at->tokens);
    dd_buf_addc(&line, ' ');
    put_cost(&line, e->cost_actual, at->cost);
    dd_buf_addc(&line, ' ');
    put_duration(&line, e->total_us, at->duration);
    dd_buf_addc(&line, ' ');
    put_labels(&line, e, at->width != 0);
    dd_buf_add_line(&clean, dd_buf_str(&line)); /* names come from clients */
    put_cut(out, dd_buf_str(&clean), at->width ? at->width : SIZE_MAX);
    dd_buf_free(&line);
    dd_buf_free(&clean);
}

static dd_code flush(printer *p)
{
    if (p->rc == DD_OK)
        p->rc = dd_cmd_print(dd_buf_str(&p->out), p->err);
    dd_buf_clear(&p->out);
    return p->rc;
}

static void print(void *ctx, const dd_event *e)
{
    printer *p = ctx;
    if (p->args->format != NULL && strcmp(p->args->format, "json") == 0)
        dd_event_json(e, &p->out);
    else {
        put_heading(p);
        put_line(&p->out, e, &p->at);
    }
    dd_buf_addc(&p->out, '\n');
    if (p->out.len > FLUSH_BYTES)
        flush(p);
}

/* ---- asking ---- */

/* False: nobody reads standard output any more. */
static bool wait_a_little(void)
{
    struct pollfd out = { STDOUT_FILENO, 0, 0 };
    poll(&out, 1, POLL_MS);
    return (out.revents & (POLLERR | POLLHUP)) == 0;
}

static dd_code follow(dd_query *q, printer *p, dd_err *err)
{
    int failures = 0;
    while (wait_a_little()) {
        dd_code rc = dd_query_more(q, print, p, err);
        failures = rc == DD_OK ? 0 : failures + 1;
        if (failures > PATIENCE)
            return rc;
        if ((rc = flush(p)) != DD_OK)
            return rc;
    }
    return DD_OK;
}

static dd_code show(const dd_cmd *cmd, dd_query *q, printer *p, const char *dir, dd_err *err)
{
    dd_err  none = DD_ERR_INIT;
    dd_code rc = dd_query_newest(q, p->args->limit, print, p, &none);
    if (rc == DD_ERR_NOT_FOUND)
        fprintf(stderr, "dd0c %s: nothing is recorded in \"%s\" yet\n", cmd->name, dir);
    else if (rc != DD_OK) {
        *err = none;
        return rc;
    }
    rc = flush(p);
    return rc == DD_OK && p->args->follow ? follow(q, p, err) : rc;
}

dd_code dd_cmd_tail(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    tail_args args = { .limit = 20 };
    printer   p = { &args, { 0 }, DD_BUF_INIT(0), DD_OK, err };
    dd_buf    dir = DD_BUF_INIT(0);
    int       words = 0;
    bool      done = false;
    dd_code   rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    (void)status;
    if (rc != DD_OK || done) {
        dd_opt_fini(dd_tail_opts, &args);
        return rc;
    }
    p.at = choose_layout(&args);
    dd_dir_state(&dir);
    dd_query *q = dd_query_new(dd_buf_z(&dir));
    if (words > 0)
        rc = dd_fail(err, DD_ERR_USAGE, "unexpected word \"%s\"", argv[1]);
    for (size_t i = 0; i < args.filters.n && rc == DD_OK; i++)
        rc = dd_query_where(q, dd_str_z(args.filters.v[i]), err);
    if (rc == DD_OK)
        rc = show(cmd, q, &p, dd_buf_z(&dir), err);
    dd_query_free(q);
    dd_opt_fini(dd_tail_opts, &args);
    dd_buf_free(&p.out);
    dd_buf_free(&dir);
    return rc;
}
