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

typedef struct {
    const tail_args *args;
    dd_buf           out;
    dd_code          rc;    /* of writing, so far */
    dd_err          *err;
} printer;

/* ---- a line for people ---- */

static void put_clock(dd_buf *out, int64_t time_ms)
{
    time_t    s = (time_t)(time_ms / 1000);
    struct tm tm;
    char      text[16] = "";
    if (localtime_r(&s, &tm) != NULL)
        strftime(text, sizeof text, "%H:%M:%S", &tm);
    dd_buf_printf(out, "%s.%03d", text, (int)(time_ms % 1000));
}

static void put_padded(dd_buf *out, dd_str s, size_t width)
{
    size_t have = dd_utf8_width(s);
    dd_buf_add(out, s);
    dd_buf_pad(out, ' ', have < width ? width - have : 0);
}

static void put_tokens(dd_buf *out, const dd_usage *u)
{
    dd_buf  b = DD_BUF_INIT(64);
    int64_t parts[] = { u->input, u->cache_read, u->cache_write, u->cache_write_1h }, in = 0;
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        in += parts[i] > 0 ? parts[i] : 0;
    if (u->input < 0 && u->output < 0)
        dd_buf_addz(&b, "-");
    else
        dd_buf_printf(&b, "%lld>%lld", (long long)in, (long long)(u->output > 0 ? u->output : 0));
    put_padded(out, dd_buf_str(&b), 13);
    dd_buf_free(&b);
}

static void put_cost(dd_buf *out, dd_pusd cost)
{
    dd_buf b = DD_BUF_INIT(64);
    if (cost == DD_PUSD_UNKNOWN)
        dd_buf_addz(&b, "-");
    else
        dd_money_show(cost, &b);
    put_padded(out, dd_buf_str(&b), 11);
    dd_buf_free(&b);
}

static void put_duration(dd_buf *out, int64_t us)
{
    char text[32] = "-";
    if (us >= 10000000)
        snprintf(text, sizeof text, "%.0f s", (double)us / 1e6);
    else if (us >= 1000000)
        snprintf(text, sizeof text, "%.2f s", (double)us / 1e6);
    else if (us >= 0)
        snprintf(text, sizeof text, "%.1f ms", (double)us / 1e3);
    put_padded(out, dd_str_z(text), 10);
}

static void put_models(dd_buf *out, const dd_event *e)
{
    dd_buf b = DD_BUF_INIT(1024);
    dd_str used = e->used_model.len > 0 ? e->used_model : e->requested_model;
    if (e->provider.len > 0)
        dd_buf_printf(&b, DD_STR_FMT "/", DD_STR_ARG(e->provider));
    dd_buf_add(&b, used.len > 0 ? used : DD_STR("-"));
    if (e->requested_model.len > 0 && !dd_str_eq(e->requested_model, used))
        dd_buf_printf(&b, " for " DD_STR_FMT, DD_STR_ARG(e->requested_model));
    put_padded(out, dd_buf_str(&b), 32);
    dd_buf_free(&b);
}

static void put_labels(dd_buf *out, const dd_event *e)
{
    const struct { const char *name; dd_str value; } labels[] = {
        { "feature", e->feature }, { "team", e->team }, { "user", e->user }, { "key", e->key_id },
    };
    char id[20];
    dd_event_spell(e->id, id);
    dd_buf_addz(out, id);
    if (e->error != DD_EC_NONE)
        dd_buf_printf(out, " error=%s", dd_error_class_name(e->error));
    if (e->n_attempts > 1)
        dd_buf_printf(out, " attempts=%zu", e->n_attempts);
    for (size_t i = 0; i < DD_COUNT(labels); i++)
        if (labels[i].value.len > 0)
            dd_buf_printf(out, " %s=" DD_STR_FMT, labels[i].name, DD_STR_ARG(labels[i].value));
}

static void put_line(dd_buf *out, const dd_event *e)
{
    dd_buf line = DD_BUF_INIT(8192);
    put_clock(&line, e->time_ms);
    dd_buf_printf(&line, " %3d ", e->status);
    put_models(&line, e);
    dd_buf_addc(&line, ' ');
    put_tokens(&line, &e->usage);
    dd_buf_addc(&line, ' ');
    put_cost(&line, e->cost_actual);
    dd_buf_addc(&line, ' ');
    put_duration(&line, e->total_us);
    dd_buf_addc(&line, ' ');
    put_labels(&line, e);
    dd_buf_add_line(out, dd_buf_str(&line)); /* names come from clients */
    dd_buf_free(&line);
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
    else
        put_line(&p->out, e);
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
    printer   p = { &args, DD_BUF_INIT(0), DD_OK, err };
    dd_buf    dir = DD_BUF_INIT(0);
    int       words = 0;
    bool      done = false;
    dd_code   rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    (void)status;
    if (rc != DD_OK || done) {
        dd_opt_fini(dd_tail_opts, &args);
        return rc;
    }
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
