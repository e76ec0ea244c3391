/* cmd/bench.c - `dd0c bench`: what a gateway adds to a request, measured as the field does.
 *
 * Sequential overhead: rounds of requests straight to the provider and through the gateway, in turns; per round the median of each, and the median of the rounds' differences. Then load,
 * streams and larger bodies. Any gateway that speaks OpenAI's API can be measured. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/cmd.h"
#include "proxy/http/load.h"

typedef struct {
    const char *gateway, *upstream, *model, *key, *format, *only;
    int64_t     rounds, per_round, warmup, connections, duration, rate;
    dd_opt_list headers;
    int64_t     max_tokens;
    bool        quick, vary;
} bench_args;

const dd_opt dd_bench_opts[] = {
    DD_OPT(DD_OPT_TEXT, 0, "gateway", bench_args, gateway, "url", "the gateway to measure (http://127.0.0.1:4000)"),
    DD_OPT(DD_OPT_TEXT, 0, "upstream", bench_args, upstream, "url", "the provider behind it, asked directly for comparison"),
    DD_OPT(DD_OPT_TEXT, 0, "model", bench_args, model, "name", "model to ask for (mock-model)"),
    DD_OPT(DD_OPT_TEXT, 0, "key", bench_args, key, "variable", "environment variable that holds the gateway's key"),
    DD_OPT(DD_OPT_LIST, 0, "header", bench_args, headers, "name: value", "a header for the gateway, such as one that names the provider; may be repeated"),
    DD_OPT(DD_OPT_INT, 0, "rounds", bench_args, rounds, "n", "rounds of the sequential measure (7)"),
    DD_OPT(DD_OPT_INT, 0, "per-round", bench_args, per_round, "n", "requests of each kind a round (25)"),
    DD_OPT(DD_OPT_INT, 0, "warmup", bench_args, warmup, "n", "requests of each kind before (15)"),
    DD_OPT(DD_OPT_INT, 0, "connections", bench_args, connections, "n", "connections under load (64)"),
    DD_OPT(DD_OPT_DURATION, 0, "duration", bench_args, duration, "time", "how long each load lasts (5s)"),
    DD_OPT(DD_OPT_INT, 0, "rate", bench_args, rate, "n", "requests a second of the open loop (5000); 0 leaves it out"),
    DD_OPT(DD_OPT_INT, 0, "max-tokens", bench_args, max_tokens, "n", "cap of the answers under load (1; streams 64)"),
    DD_OPT(DD_OPT_FLAG, 0, "vary", bench_args, vary, NULL, "under load each request has a number of its own in its prompt: no cache knows it"),
    DD_OPT(DD_OPT_FLAG, 0, "quick", bench_args, quick, NULL, "the sequential measure alone, which needs --upstream"),
    DD_OPT(DD_OPT_TEXT, 0, "only", bench_args, only, "text", "only the loads whose name begins so: closed, open, stream, 50 kB, 500 kB"),
    DD_OPT(DD_OPT_CHOICE, 0, "format", bench_args, format, "text|json", "print a table or JSON"),
    DD_OPT_END
};

typedef struct { char host[256], path[512]; int port; } target;

typedef struct {
    double direct_ms, gateway_ms, overhead_ms, low_ms, high_ms;   /* medians of rounds; quartiles of the differences */
    double p50[2], p90[2], p99[2];                                /* of all requests: direct, gateway */
    int64_t n;
} sequential;

typedef struct {
    const char *name;
    double      per_s, p50, p99, first_p50, gap_ms;
    int64_t     ok, bad;
} load_row;

typedef struct {
    bench_args *a;
    target      gateway, upstream;
    bool        direct;
    sequential  few, many;
    load_row    rows[12];
    size_t      n_rows;
    dd_err     *err;
} bench;

static dd_code read_url(const char *text, target *t, dd_err *err)
{
    dd_str url = dd_str_z(text);
    if (!dd_str_startsz(url, "http://")) {
        dd_fail(err, DD_ERR_USAGE, "\"%s\" is no http:// address", text);
        dd_hint(err, "Overhead is measured on this machine, without TLS.");
        return DD_ERR_USAGE;
    }
    dd_str    rest  = dd_str_sub(url, 7, url.len), host = dd_str_cut(&rest, '/');
    ptrdiff_t colon = dd_str_rchr(host, ':');
    int64_t   port  = 80;
    if (colon >= 0 && !dd_parse_i64(dd_str_sub(host, (size_t)colon + 1, host.len), &port))
        return dd_fail(err, DD_ERR_USAGE, "\"%s\" has no port that is one", text);
    host = dd_str_sub(host, 0, colon >= 0 ? (size_t)colon : host.len);
    while (dd_str_endsz(rest, "/"))
        rest.len--;
    bool v1 = dd_str_endsz(rest, "v1");
    snprintf(t->host, sizeof t->host, DD_STR_FMT, DD_STR_ARG(host));
    snprintf(t->path, sizeof t->path, "%s" DD_STR_FMT "%s/chat/completions", rest.len ? "/" : "", DD_STR_ARG(rest), v1 ? "" : "/v1");
    t->port = (int)port;
    return DD_OK;
}

static const dd_str number_mark = { "000000000000", DD_LOAD_DIGITS };

/* A request whose prompt has about `bytes` bytes; the field's own body when 0. */
static void make_request(const bench *b, const target *t, size_t bytes, bool stream, dd_buf *out)
{
    dd_buf      body = DD_BUF_INIT(0);
    const char *key  = b->a->key ? getenv(b->a->key) : NULL;
    dd_buf_printf(&body, "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"", b->a->model);
    dd_buf_addz(&body, bytes ? "" : "ping");
    if (b->a->vary)
        dd_buf_add(&body, number_mark);
    while (body.len < bytes)
        dd_buf_addz(&body, "The quick brown fox jumps over the lazy dog and writes a long letter home. ");
    dd_buf_printf(&body, "\"}],\"max_tokens\":%lld%s}", (long long)(b->a->max_tokens > 0 ? b->a->max_tokens : stream ? 64 : 1), stream ? ",\"stream\":true" : "");
    dd_buf_printf(out, "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %zu\r\n", t->path, t->host, t->port,
                  key ? key : "none", body.len);
    for (size_t i = 0; i < b->a->headers.n && t == &b->gateway; i++)
        dd_buf_printf(out, "%s\r\n", b->a->headers.v[i]);
    dd_buf_addz(out, "\r\n");
    dd_buf_add(out, dd_buf_str(&body));
    dd_buf_free(&body);
}

static dd_code ask(const bench *b, const target *t, dd_str request, int64_t n, dd_load_result *r)
{
    dd_load_opts o  = { .host = t->host, .port = t->port, .request = request, .connections = 1, .requests = n };
    dd_code      rc = dd_load_run(&o, r, b->err);
    if (rc == DD_OK && (r->not_2xx || r->failed)) {
        rc = r->not_2xx ? dd_fail(b->err, DD_ERR_NET, "http://%s:%d answered %d", t->host, t->port, r->status)
                        : dd_fail(b->err, DD_ERR_NET, "http://%s:%d did not answer", t->host, t->port);
        dd_hint(b->err, "A benchmark counts good answers only; --model and --key say what to ask for.");
    }
    return rc;
}

/* --- sequential --- */

static double ms(double ns) { return ns / 1e6; }

static dd_code measure_rounds(bench *b, int64_t rounds, int64_t per_round, sequential *s)
{
    const target  *targets[2] = { &b->upstream, &b->gateway };
    dd_buf         request[2] = { DD_BUF_INIT(0), DD_BUF_INIT(0) };
    dd_load_result all[2] = { { 0 }, { 0 } };
    int64_t       *medians[3];
    dd_code        rc = DD_OK;
    for (int k = 0; k < 3; k++)
        medians[k] = dd_calloc((size_t)rounds, sizeof **medians);
    for (int k = 0; k < 2; k++) {
        dd_load_result warm = { 0 };
        make_request(b, targets[k], 0, false, &request[k]);
        if (rc == DD_OK)
            rc = ask(b, targets[k], dd_buf_str(&request[k]), b->a->warmup, &warm);
        dd_load_fini(&warm);
    }
    for (int64_t i = 0; i < rounds && rc == DD_OK; i++) {
        for (int k = 0; k < 2 && rc == DD_OK; k++) {
            dd_load_result round = { 0 };
            rc            = ask(b, targets[k], dd_buf_str(&request[k]), per_round, &round);
            medians[k][i] = (int64_t)dd_load_percentile(round.total_ns, round.n, 0.5);
            for (size_t n = 0; n < round.n; n++)
                dd_vec_grow((void **)&all[k].total_ns, all[k].n, &all[k].cap, sizeof *all[k].total_ns), all[k].total_ns[all[k].n++] = round.total_ns[n];
            dd_load_fini(&round);
        }
        medians[2][i] = medians[1][i] - medians[0][i];
    }
    size_t n = (size_t)rounds;
    *s = (sequential){ .direct_ms = ms(dd_load_percentile(medians[0], n, 0.5)), .gateway_ms = ms(dd_load_percentile(medians[1], n, 0.5)), .overhead_ms = ms(dd_load_percentile(medians[2], n, 0.5)),
                       .low_ms = ms(dd_load_percentile(medians[2], n, 0.25)), .high_ms = ms(dd_load_percentile(medians[2], n, 0.75)), .n = rounds * per_round };
    for (int k = 0; k < 2; k++) {
        s->p50[k] = ms(dd_load_percentile(all[k].total_ns, all[k].n, 0.5));
        s->p90[k] = ms(dd_load_percentile(all[k].total_ns, all[k].n, 0.9));
        s->p99[k] = ms(dd_load_percentile(all[k].total_ns, all[k].n, 0.99));
        dd_load_fini(&all[k]);
        dd_buf_free(&request[k]);
    }
    for (int k = 0; k < 3; k++)
        free(medians[k]);
    return rc;
}

/* --- load --- */

static dd_code measure_load(bench *b, const char *name, const target *t, size_t bytes, bool stream, unsigned connections, double rate, int64_t duration_ms)
{
    dd_buf         request = DD_BUF_INIT(0);
    dd_load_result r       = { 0 };
    make_request(b, t, bytes, stream, &request);
    size_t       at = b->a->vary ? (size_t)(strstr(dd_buf_z(&request), number_mark.ptr) - request.ptr) : 0;
    dd_load_opts o  = { .host = t->host, .port = t->port, .request = dd_buf_str(&request), .vary = at, .connections = connections, .rate = rate,
                        .duration_ms = duration_ms };
    dd_code      rc = dd_load_run(&o, &r, b->err);
    if (rc == DD_OK && b->n_rows < DD_COUNT(b->rows))
        b->rows[b->n_rows++] = (load_row){ name, r.elapsed_ns ? (double)r.ok * 1e9 / (double)r.elapsed_ns : 0, ms(dd_load_percentile(r.total_ns, r.n, 0.5)),
                                           ms(dd_load_percentile(r.total_ns, r.n, 0.99)), ms(dd_load_percentile(r.first_ns, r.n, 0.5)), ms((double)r.longest_gap_ns), r.ok, r.not_2xx + r.failed };
    dd_load_fini(&r);
    dd_buf_free(&request);
    return rc;
}

static dd_code measure_all(bench *b)
{
    static const struct { const char *name; bool direct; size_t bytes; bool stream; unsigned connections; bool open; } plan[] = {
        { "closed loop, 1.3 kB", false, 1300, false, 0, false }, { "open loop, direct", true, 1300, false, 0, true }, { "open loop, gateway", false, 1300, false, 0, true },
        { "stream, direct", true, 0, true, 1, false },           { "stream, gateway", false, 0, true, 1, false },     { "50 kB, direct", true, 50000, false, 1, false },
        { "50 kB, gateway", false, 50000, false, 1, false },     { "500 kB, direct", true, 500000, false, 1, false }, { "500 kB, gateway", false, 500000, false, 1, false },
    };
    dd_code rc = DD_OK;
    if (b->direct) {
        rc = measure_rounds(b, b->a->rounds, b->a->per_round, &b->few);
        if (rc == DD_OK)
            rc = measure_rounds(b, 9, 400, &b->many);
    }
    for (size_t i = 0; i < DD_COUNT(plan) && rc == DD_OK && !b->a->quick; i++) {
        if ((plan[i].direct && !b->direct) || (plan[i].open && b->a->rate == 0) || (b->a->only && !dd_str_startsz(dd_str_z(plan[i].name), b->a->only)))
            continue;
        rc = measure_load(b, plan[i].name, plan[i].direct ? &b->upstream : &b->gateway, plan[i].bytes, plan[i].stream,
                          plan[i].connections ? plan[i].connections : (unsigned)b->a->connections, plan[i].open ? (double)b->a->rate : 0,
                          plan[i].connections ? (b->a->duration + 1) / 2 : b->a->duration);
    }
    return rc;
}

/* --- output --- */

static void text_sequential(const sequential *s, dd_buf *out)
{
    dd_buf_printf(out, "sequential, %lld + %lld requests\n", (long long)s->n, (long long)s->n);
    dd_buf_printf(out, "  %-10s %8s %8s %8s %8s\n", "ms", "median", "p50", "p90", "p99");
    dd_buf_printf(out, "  %-10s %8.3f %8.3f %8.3f %8.3f\n", "direct", s->direct_ms, s->p50[0], s->p90[0], s->p99[0]);
    dd_buf_printf(out, "  %-10s %8.3f %8.3f %8.3f %8.3f\n", "gateway", s->gateway_ms, s->p50[1], s->p90[1], s->p99[1]);
    dd_buf_printf(out, "  overhead   %8.3f  (quartiles of the rounds %.3f to %.3f)\n\n", s->overhead_ms, s->low_ms, s->high_ms);
}

static void print_text(const bench *b, dd_buf *out)
{
    if (b->direct) {
        text_sequential(&b->few, out);
        text_sequential(&b->many, out);
    }
    if (b->n_rows)
        dd_buf_printf(out, "%-22s %10s %9s %9s %11s %9s %6s\n", "load", "requests/s", "p50 ms", "p99 ms", "1st byte ms", "gap ms", "bad");
    for (size_t i = 0; i < b->n_rows; i++) {
        const load_row *r = &b->rows[i];
        dd_buf_printf(out, "%-22s %10.0f %9.3f %9.3f %11.3f %9.3f %6lld\n", r->name, r->per_s, r->p50, r->p99, r->first_p50, r->gap_ms, (long long)r->bad);
    }
}

static void number(dd_json *j, const char *key, double value)
{
    char text[40];
    int  n = snprintf(text, sizeof text, "%.6g", value);
    dd_json_key(j, key);
    dd_json_raw(j, (dd_str){ text, (size_t)n });
}

static void json_sequential(dd_json *j, const char *key, const sequential *s)
{
    static const char *const arms[] = { "direct", "gateway" };
    dd_json_key(j, key);
    dd_json_open(j, '{');
    dd_json_key(j, "requests");
    dd_json_i64(j, s->n);
    number(j, "direct_ms", s->direct_ms);
    number(j, "gateway_ms", s->gateway_ms);
    number(j, "overhead_ms", s->overhead_ms);
    dd_json_key(j, "overhead_iqr_ms");
    dd_json_open(j, '{');
    number(j, "p25", s->low_ms);
    number(j, "p75", s->high_ms);
    dd_json_close(j, '}');
    for (int k = 0; k < 2; k++) {
        dd_json_key(j, arms[k]);
        dd_json_open(j, '{');
        number(j, "p50", s->p50[k]);
        number(j, "p90", s->p90[k]);
        number(j, "p99", s->p99[k]);
        dd_json_close(j, '}');
    }
    dd_json_close(j, '}');
}

static void print_json(const bench *b, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 2);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.bench/1");
    dd_json_key(&j, "gateway");
    dd_json_strz(&j, b->a->gateway);
    if (b->direct) {
        json_sequential(&j, "sequential", &b->few);
        json_sequential(&j, "sequential_9x400", &b->many);
    }
    dd_json_key(&j, "load");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < b->n_rows; i++) {
        const load_row *r = &b->rows[i];
        dd_json_open(&j, '{');
        dd_json_key(&j, "name");
        dd_json_strz(&j, r->name);
        number(&j, "requests_per_s", r->per_s);
        number(&j, "p50_ms", r->p50);
        number(&j, "p99_ms", r->p99);
        number(&j, "first_byte_p50_ms", r->first_p50);
        number(&j, "longest_gap_ms", r->gap_ms);
        dd_json_key(&j, "ok");
        dd_json_i64(&j, r->ok);
        dd_json_key(&j, "bad");
        dd_json_i64(&j, r->bad);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

static dd_code check_args(const bench_args *a, dd_err *err)
{
    if (a->rounds < 1 || a->per_round < 1 || a->connections < 1 || a->warmup < 1 || a->rounds > 10000 || a->per_round > 1000000 || a->connections > 60000)
        return dd_fail(err, DD_ERR_USAGE, "rounds, requests, warm-up and connections are at least 1, and not too many");
    for (size_t i = 0; i < a->headers.n; i++)
        if (!strchr(a->headers.v[i], ':') || strpbrk(a->headers.v[i], "\r\n"))
            return dd_fail(err, DD_ERR_USAGE, "\"%s\" is no header; it looks like \"name: value\"", a->headers.v[i]);
    return DD_OK;
}

static dd_code run_bench(bench_args *a, dd_err *err)
{
    bench   b  = { .a = a, .direct = a->upstream != NULL, .err = err };
    if (a->quick && !a->upstream) {
        dd_fail(err, DD_ERR_USAGE, "there is nothing to compare with");
        dd_hint(err, "Name the provider behind the gateway: --upstream http://127.0.0.1:9010.");
        return DD_ERR_USAGE;
    }
    dd_code rc = check_args(a, err);
    if (rc == DD_OK)
        rc = read_url(a->gateway, &b.gateway, err);
    if (rc == DD_OK && b.direct)
        rc = read_url(a->upstream, &b.upstream, err);
    if (rc == DD_OK)
        rc = measure_all(&b);
    if (rc != DD_OK)
        return rc;
    dd_buf out = DD_BUF_INIT(0);
    if (strcmp(a->format, "json") == 0)
        print_json(&b, &out);
    else
        print_text(&b, &out);
    rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

dd_code dd_cmd_bench(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    bench_args a = { .gateway = "http://127.0.0.1:4000", .model = "mock-model", .format = "text", .rounds = 7, .per_round = 25, .warmup = 15, .connections = 64, .duration = 5000, .rate = 5000 };
    bool       done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &a, NULL, &done, err);
    if (rc == DD_OK && !done)
        rc = run_bench(&a, err);
    dd_opt_fini(dd_bench_opts, &a);
    return rc;
}
