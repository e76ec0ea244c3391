/* cmd/trace.c - dd0c trace: where a request's time and money went, and why it went there. */
#include <string.h>

#include "base/file.h"
#include "base/near.h"
#include "base/time.h"
#include "cmd/cmd.h"
#include "cmd/render.h"
#include "cmd/zone.h"
#include "report/trace.h"
#include "store/pages.h"
#include "store/query.h"

enum { MOST = 1000 /* requests of a trace */, NEAR = 5000 /* newest requests in which a mistyped id is looked for */ };

typedef struct {
    const char    *format;
    dd_render_args render;
} trace_args;

const dd_opt dd_trace_opts[] = {
    DD_OPT(DD_OPT_CHOICE, 'f', "format", trace_args, format, "text|json", "print a tree with bars (default), or JSON"),
    DD_OPT(DD_OPT_CHOICE, 0, "color", trace_args, render.color, "auto|always|never", "colours: when the output is a terminal, always, never"),
    DD_OPT(DD_OPT_INT, 0, "width", trace_args, render.width, "columns", "lay the text out for so many columns"),
    DD_OPT(DD_OPT_FLAG, 0, "ascii", trace_args, render.ascii, NULL, "no box drawing and no block characters"),
    DD_OPT_END
};

typedef struct {
    dd_report_opts look;
    bool           json;
    const dd_zone *zone;
    DD_VEC(dd_buf) all;       /* a request each, as it is printed */
} printer;

static void print(void *ctx, const dd_event *e)
{
    printer *p   = ctx;
    dd_arena a   = DD_ARENA_INIT;
    dd_buf   out = DD_BUF_INIT(0);
    dd_trace t;
    dd_trace_make(e, &a, &t);
    if (p->json)
        dd_report_trace_json(e, &t, &out);
    else
        dd_report_trace(e, &t, dd_zone_offset(p->zone, e->time_ms / 1000), &p->look, &out);
    dd_vec_push(&p->all, out);
    dd_arena_fini(&a);
}

static void turn(printer *p)
{
    for (size_t i = 0, n = p->all.n; i < n / 2; i++) {
        dd_buf first          = p->all.v[i];
        p->all.v[i]           = p->all.v[n - 1 - i];
        p->all.v[n - 1 - i]   = first;
    }
}

static void join(const printer *p, dd_buf *out)
{
    if (p->json)
        dd_buf_addz(out, "{\"schema\":\"dd0c.trace/1\",\"requests\":[");
    for (size_t i = 0; i < p->all.n; i++) {
        dd_buf_addz(out, p->json && i ? "," : "");
        dd_buf_add(out, dd_buf_str(&p->all.v[i]));
    }
    if (p->json)
        dd_buf_addz(out, "]}\n");
}

/* ---- what was asked for ---- */

/* An id as tail prints it, a trace's, a traceparent, or "last": as a filter; empty: any request. */
static dd_code filter_of(dd_str word, dd_buf *filter, dd_err *err)
{
    dd_traceparent parent;
    int64_t        id;
    bool           hex = word.len == 32;
    for (size_t i = 0; i < word.len; i++)
        hex = hex && dd_hex_digit(word.ptr[i]) >= 0;
    if (dd_str_eqz(word, "last"))
        return DD_OK;
    if (dd_event_unspell(word, &id)) {
        char text[20];
        dd_event_spell(id, text);
        dd_buf_printf(filter, "id=%s", text);
    } else if (dd_traceparent_read(word, &parent)) {
        dd_buf_printf(filter, "trace_id=%s", parent.trace_id);
    } else if (hex) {
        dd_buf_addz(filter, "trace_id=");
        for (size_t i = 0; i < word.len; i++)
            dd_buf_addc(filter, (char)(word.ptr[i] >= 'A' && word.ptr[i] <= 'F' ? word.ptr[i] + 32 : word.ptr[i]));
    } else {
        dd_fail(err, DD_ERR_USAGE, "\"" DD_STR_FMT "\" is no id", DD_STR_ARG(dd_str_sub(word, 0, 60)));
        dd_hint(err, "A request's begins with req_ and is in the answer's header x-dd0c-request-id and in dd0c tail; a trace's has 32 hexadecimal "
                     "digits; last is the newest request.");
        return DD_ERR_USAGE;
    }
    return DD_OK;
}

/* ---- when there is none ---- */

typedef struct { dd_str word; char best[20]; size_t distance; } neighbour;

static void look_near(void *ctx, const dd_event *e)
{
    neighbour *n = ctx;
    char       id[20];
    dd_event_spell(e->id, id);
    size_t d = dd_near_distance(n->word, dd_str_z(id));
    if (d < n->distance) {
        n->distance = d;
        memcpy(n->best, id, sizeof id);
    }
}

static dd_code none(const char *dir, dd_str word, dd_err *err)
{
    enum { DAY_MS = 86400000, KEPT_DAYS = 30, JUST_NOW_MS = 5000 };
    neighbour n   = { .word = word, .distance = DD_NEAR_NONE };
    int64_t   id  = 0, now_ms = dd_wall_now().s * 1000;
    bool      own = dd_event_unspell(word, &id);
    dd_query *q   = own ? dd_query_new(dir) : NULL;
    dd_fail(err, DD_ERR_NOT_FOUND, "%s \"" DD_STR_FMT "\": none is recorded", own ? "request" : "trace", DD_STR_ARG(word));
    if (!own) {
        dd_hint(err, "Requests that came with a traceparent are in the trace it names; dd0c trace ID of a request says which it is in.");
        return DD_ERR_NOT_FOUND;
    }
    int64_t was_ms = (id >> 21) + DD_EVENT_EPOCH_MS;
    if (dd_query_newest(q, NEAR, look_near, &n, NULL) == DD_OK && n.best[0])
        dd_hint(err, "Did you mean \"%s\"?", n.best);
    else if (was_ms < now_ms - (int64_t)KEPT_DAYS * DAY_MS)
        dd_hint(err, "It would be %lld days old; requests are kept for telemetry.retention, 30 days unless it says otherwise.",
                (long long)((now_ms - was_ms) / DAY_MS));
    else if (was_ms > now_ms - JUST_NOW_MS)
        dd_hint(err, "A request is recorded about a second after its end.");
    else
        dd_hint(err, "dd0c tail lists the newest requests with their ids.");
    dd_query_free(q);
    return DD_ERR_NOT_FOUND;
}

static dd_code nothing_yet(const char *dir, dd_err *err)
{
    dd_fail(err, DD_ERR_NOT_FOUND, "nothing is recorded in \"%s\" yet", dir);
    dd_hint(err, "Requests that go through dd0c proxy are; dd0c run -- COMMAND sends a program's there.");
    return DD_ERR_NOT_FOUND;
}

/* ---- a trace ---- */

/* A trace that began here has an id that begins with the second of its first request. Of others that is a time by chance, or none. */
static dd_code read_indexed(dd_query *q, dd_str id, printer *p, bool *all, dd_err *err)
{
    enum { AROUND_S = 10 };
    int64_t s = 0, from = 0, upto = 0;
    for (size_t i = 0; i < 8; i++)
        s = s << 4 | dd_hex_digit(id.ptr[i]);
    if ((s - AROUND_S) * 1000 >= DD_EVENT_EPOCH_MS && s <= dd_wall_now().s + AROUND_S) {
        from = ((s - AROUND_S) * 1000 - DD_EVENT_EPOCH_MS) << 21;
        upto = ((s + AROUND_S) * 1000 - DD_EVENT_EPOCH_MS) << 21;
    }
    return dd_query_trace(q, id, from, upto, MOST, all, print, p, err);
}

/* No program that makes the index has opened this database: requests are looked through, the newest first, for a while. */
static dd_code look_through(const dd_cmd *cmd, const char *dir, dd_str filter, printer *p, dd_err *err)
{
    enum { STEP_US = 500000, PATIENCE_S = 20 };
    dd_filter f      = { .sql = DD_BUF_INIT(0) };
    dd_pages *pages  = dd_pages_new(dir);
    dd_page   page   = { .next = 0 };
    int64_t   looked = 0, until = dd_mono_now().ns + PATIENCE_S * INT64_C(1000000000);
    dd_code   rc     = dd_filter_add(&f, filter, err);
    while (rc == DD_OK) {
        dd_pages_ask ask = { .filter = &f, .before = page.next, .limit = DD_PAGES_MOST, .work_us = STEP_US };
        rc      = dd_pages_read(pages, &ask, print, p, &page, err);
        looked += page.looked;
        if (page.next == 0 || p->all.n >= MOST || dd_mono_now().ns > until)
            break;
    }
    if (rc == DD_OK && page.next != 0)
        dd_cmd_warn(cmd, "only the newest %lld requests were looked at", (long long)looked);
    turn(p);
    dd_pages_free(pages);
    dd_filter_fini(&f);
    return rc;
}

static dd_code read_trace(const dd_cmd *cmd, const char *dir, dd_query *q, dd_str filter, printer *p, dd_err *err)
{
    bool    all = false;
    dd_code rc  = read_indexed(q, dd_str_sub(filter, sizeof "trace_id=" - 1, filter.len), p, &all, err);
    return rc == DD_OK && !all ? look_through(cmd, dir, filter, p, err) : rc;
}

static dd_code show(const dd_cmd *cmd, const trace_args *args, dd_str word, dd_err *err)
{
    printer   p      = { .look = dd_render_opts(&args->render, DD_STR("")), .json = strcmp(args->format, "json") == 0 };
    dd_arena  zone   = DD_ARENA_INIT;
    dd_buf    filter = DD_BUF_INIT(0), dir = DD_BUF_INIT(0), out = DD_BUF_INIT(0);
    dd_dir_state(&dir);
    p.zone = dd_zone_of_clocks(&zone);
    dd_query *q  = dd_query_new(dd_buf_z(&dir));
    dd_code   rc = filter_of(word, &filter, err);
    if (rc == DD_OK && dd_str_startsz(dd_buf_str(&filter), "trace_id=")) {
        rc = read_trace(cmd, dd_buf_z(&dir), q, dd_buf_str(&filter), &p, err);
    } else if (rc == DD_OK) {
        rc = filter.len ? dd_query_where(q, dd_buf_str(&filter), err) : DD_OK;
        rc = rc == DD_OK ? dd_query_newest(q, 1, print, &p, err) : rc;
    }
    if (rc == DD_ERR_NOT_FOUND || (rc == DD_OK && !p.all.n && !filter.len))
        rc = nothing_yet(dd_buf_z(&dir), err);
    else if (rc == DD_OK && !p.all.n)
        rc = none(dd_buf_z(&dir), word, err);
    join(&p, &out);
    if (rc == DD_OK)
        rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_query_free(q);
    for (size_t i = 0; i < p.all.n; i++)
        dd_buf_free(&p.all.v[i]);
    dd_vec_free(&p.all);
    dd_arena_fini(&zone);
    dd_buf_free(&filter);
    dd_buf_free(&dir);
    dd_buf_free(&out);
    return rc;
}

dd_code dd_cmd_trace(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    trace_args args = { .format = "text", .render = DD_RENDER_ARGS_INIT };
    int        words;
    bool       done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words != 1) {
        dd_fail(err, DD_ERR_USAGE, words ? "unexpected word \"%s\"" : "which request?", words ? argv[2] : "");
        dd_hint(err, "dd0c trace last shows the newest one.");
        return DD_ERR_USAGE;
    }
    rc = dd_render_check(&args.render, err);
    return rc == DD_OK ? show(cmd, &args, dd_str_z(argv[1]), err) : rc;
}
