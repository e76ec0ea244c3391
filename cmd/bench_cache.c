/* cmd/bench_cache.c - `dd0c bench cache`: what equal requests cost with the cache on, and how long a hit takes.
 *
 * Rounds of one question, asked again and again over one connection, each round another question: the first is a miss, the rest should be hits. What a
 * request cost, and what it would have, the gateway says itself (x-dd0c-cost, x-dd0c-saved). Without --gateway a proxy and a mock provider are started in
 * this process, with a folder of their own that goes afterwards. */
#include <errno.h>
#include <ftw.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "base/secret.h"
#include "base/time.h"
#include "cmd/serve.h"
#include "proxy/http/load.h"
#include "proxy/mock.h"
#include "route/money_json.h"

enum { HEAD_MAX = 64 << 10, ANSWER_MAX = 64 << 20, TIMEOUT_S = 30, PROMPT = 1300 };

typedef struct { const char *gateway, *model, *key, *format; int64_t rounds, requests; } cache_args;

const dd_opt dd_bench_cache_opts[] = {
    DD_OPT(DD_OPT_TEXT, 0, "gateway", cache_args, gateway, "url", "measure a dd0c proxy that runs, its cache on (one of its own)"),
    DD_OPT(DD_OPT_TEXT, 0, "key", cache_args, key, "variable", "environment variable that holds the gateway's key"),
    DD_OPT(DD_OPT_TEXT, 0, "model", cache_args, model, "name", "model to ask for (gpt-4o-mini)"),
    DD_OPT(DD_OPT_INT, 0, "requests", cache_args, requests, "n", "equal requests a round (1000)"),
    DD_OPT(DD_OPT_INT, 0, "rounds", cache_args, rounds, "n", "rounds, each with another question (10)"),
    DD_OPT(DD_OPT_CHOICE, 0, "format", cache_args, format, "text|json", "print a table or JSON"),
    DD_OPT_END
};

typedef struct {
    int64_t hits;
    dd_pusd without, with;        /* DD_PUSD_UNKNOWN: the gateway did not say */
    double  miss_ms, p50_ms, p99_ms, saved;
} round_result;

/* --- one connection --- */

typedef struct { int fd; char host[256]; int port; dd_buf in; } line;
typedef struct { int status; bool hit; dd_pusd cost, saved; int64_t length; } reply;

static dd_code read_gateway(const char *text, line *l, dd_err *err)
{
    dd_str    url   = dd_str_z(text);
    dd_str    rest  = dd_str_startsz(url, "http://") ? dd_str_sub(url, 7, url.len) : DD_STR("");
    dd_str    host  = dd_str_cut(&rest, '/');
    ptrdiff_t colon = dd_str_rchr(host, ':');
    int64_t   port  = 80;
    if (!host.len || (colon >= 0 && !dd_parse_i64(dd_str_sub(host, (size_t)colon + 1, host.len), &port)) || port < 1 || port > 65535)
        return dd_fail(err, DD_ERR_USAGE, "\"%s\" is no http:// address", text);
    snprintf(l->host, sizeof l->host, DD_STR_FMT, DD_STR_ARG(dd_str_sub(host, 0, colon >= 0 ? (size_t)colon : host.len)));
    l->port = (int)port;
    return DD_OK;
}

static dd_code connect_line(line *l, dd_err *err)
{
    struct addrinfo  hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    struct timeval   patience = { TIMEOUT_S, 0 };
    char             port[12];
    int              on = 1;
    snprintf(port, sizeof port, "%d", l->port);
    if (getaddrinfo(l->host, port, &hints, &found) != 0)
        return dd_fail(err, DD_ERR_NET, "there is no host \"%s\"", l->host);
    for (struct addrinfo *a = found; a && l->fd < 0; a = a->ai_next) {
        l->fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (l->fd >= 0 && connect(l->fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(l->fd);
            l->fd = -1;
        }
    }
    freeaddrinfo(found);
    if (l->fd < 0)
        return dd_fail_errno(err, errno, "could not reach http://%s:%d", l->host, l->port);
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return DD_OK;
}

static bool more(line *l)
{
    char    piece[16 << 10];
    ssize_t n = recv(l->fd, piece, sizeof piece, 0);
    if (n > 0)
        dd_buf_add(&l->in, (dd_str){ piece, (size_t)n });
    return n > 0 && !l->in.over;
}

static dd_pusd money_of(dd_str value)
{
    dd_pusd m;
    return dd_money_parse(value, &m, NULL) == DD_OK ? m : DD_PUSD_UNKNOWN;
}

static void read_head(dd_str head, reply *r)
{
    dd_str first = dd_str_cut(&head, '\n');
    int64_t status = 0;
    *r = (reply){ .cost = DD_PUSD_UNKNOWN, .saved = DD_PUSD_UNKNOWN, .length = -1 };
    dd_parse_i64(dd_str_sub(first, 9, 12), &status);
    r->status = (int)status;
    while (head.len) {
        dd_str value = dd_str_trim(dd_str_cut(&head, '\n')), name = dd_str_cut(&value, ':');
        value        = dd_str_trim(value);
        if (dd_str_eq_nocase(name, DD_STR("content-length")))
            dd_parse_i64(value, &r->length);
        else if (dd_str_eq_nocase(name, DD_STR("x-dd0c-cache")))
            r->hit = dd_str_eqz(value, "hit");
        else if (dd_str_eq_nocase(name, DD_STR("x-dd0c-cost")))
            r->cost = money_of(value);
        else if (dd_str_eq_nocase(name, DD_STR("x-dd0c-saved")))
            r->saved = money_of(value);
    }
}

static dd_code ask(line *l, dd_str request, reply *r, dd_err *err)
{
    ptrdiff_t end = -1;
    dd_buf_clear(&l->in);
    for (dd_str left = request; left.len;) {
        ssize_t n = send(l->fd, left.ptr, left.len, 0);
        if (n <= 0)
            return dd_fail_errno(err, errno, "http://%s:%d takes no request", l->host, l->port);
        left = dd_str_sub(left, (size_t)n, left.len);
    }
    while ((end = dd_str_findz(dd_buf_str(&l->in), "\r\n\r\n")) < 0 && l->in.len < HEAD_MAX)
        if (!more(l))
            return dd_fail(err, DD_ERR_NET, "http://%s:%d did not answer", l->host, l->port);
    read_head(dd_str_sub(dd_buf_str(&l->in), 0, end < 0 ? 0 : (size_t)end + 2), r);
    if (r->status != 200 || r->length < 0 || r->length > ANSWER_MAX) {
        dd_fail(err, DD_ERR_NET, "http://%s:%d answered %d", l->host, l->port, r->status);
        dd_hint(err, "A benchmark counts good answers only; --model and --key say what to ask for.");
        return DD_ERR_NET;
    }
    while (l->in.len < (size_t)end + 4 + (size_t)r->length)
        if (!more(l))
            return dd_fail(err, DD_ERR_NET, "http://%s:%d broke its answer off", l->host, l->port);
    return DD_OK;
}

/* --- rounds --- */

static void make_request(const cache_args *a, const line *l, dd_buf *out)
{
    dd_buf      body = DD_BUF_INIT(0);
    const char *key  = a->key ? getenv(a->key) : NULL;
    char        nonce[17];
    dd_random_text(nonce, sizeof nonce - 1, DD_STR("0123456789abcdef"));
    dd_buf_addz(&body, "{\"model\":");
    dd_json j = DD_JSON_INIT(&body, 0);
    dd_json_strz(&j, a->model);
    dd_buf_printf(&body, ",\"messages\":[{\"role\":\"user\",\"content\":\"Question %s. ", nonce);
    while (body.len < PROMPT)
        dd_buf_addz(&body, "The quick brown fox jumps over the lazy dog and writes a long letter home. ");
    dd_buf_addz(&body, "\"}]}");
    dd_buf_printf(out, "POST /v1/chat/completions HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n", l->host,
                  l->port, key ? key : "none", body.len);
    dd_buf_add(out, dd_buf_str(&body));
    dd_buf_free(&body);
}

static double ms(double ns) { return ns / 1e6; }

/* Money where the gateway tells it, else requests: a call that was not made was saved. */
static double saved_percent(const round_result *r, int64_t requests)
{
    if (r->without > 0 && r->with != DD_PUSD_UNKNOWN)
        return 100.0 * (1.0 - (double)r->with / (double)r->without);
    return 100.0 * (double)r->hits / (double)requests;
}

static void add(const reply *one, round_result *r)
{
    bool known = one->cost != DD_PUSD_UNKNOWN && one->saved != DD_PUSD_UNKNOWN && r->with != DD_PUSD_UNKNOWN;
    r->hits   += one->hit;
    r->with    = known ? r->with + one->cost : DD_PUSD_UNKNOWN;
    r->without = known ? r->without + one->cost + one->saved : DD_PUSD_UNKNOWN;
}

static dd_code run_round(const cache_args *a, line *l, round_result *r, dd_err *err)
{
    dd_buf   request = DD_BUF_INIT(0);
    int64_t *hits    = dd_calloc((size_t)a->requests, sizeof *hits);
    size_t   n       = 0;
    dd_code  rc      = DD_OK;
    make_request(a, l, &request);
    *r = (round_result){ 0 };
    for (int64_t i = 0; i < a->requests && rc == DD_OK; i++) {
        reply   one = { 0 };
        int64_t at  = dd_mono_now().ns;
        rc          = ask(l, dd_buf_str(&request), &one, err);
        at          = dd_mono_now().ns - at;
        if (rc != DD_OK)
            break;
        add(&one, r);
        if (one.hit)
            hits[n++] = at;
        else
            r->miss_ms = ms((double)at);
    }
    r->p50_ms = ms(dd_load_percentile(hits, n, 0.5));
    r->p99_ms = ms(dd_load_percentile(hits, n, 0.99));
    r->saved  = saved_percent(r, a->requests);
    free(hits);
    dd_buf_free(&request);
    return rc;
}

/* --- a proxy and a provider of our own --- */

typedef struct {
    char           dir[64];
    dd_mock_shared shared;
    dd_loop       *loop;
    dd_mock       *mock;
    pthread_t      thread;
    bool           running;
    dd_serve      *serve;
} own;

static void *run_loop(void *loop)
{
    dd_loop_run(loop);
    return NULL;
}

static dd_code write_config(const own *o, dd_buf *path, dd_err *err)
{
    dd_buf text = DD_BUF_INIT(0);
    dd_buf_printf(path, "%s/dd0c.yaml", o->dir);
    dd_buf_printf(&text, "providers:\n  openai: {type: openai, base_url: \"http://127.0.0.1:%d/v1\", api_key: none}\ncache: {mode: exact}\n",
                  dd_server_port(dd_mock_server(o->mock)));
    dd_code rc = dd_file_replace(dd_buf_z(path), dd_buf_str(&text), 0600, err);
    dd_buf_free(&text);
    return rc;
}

static dd_code start_own(const dd_cmd *cmd, own *o, line *l, dd_err *err)
{
    const char *tmp  = getenv("TMPDIR");
    dd_buf      path = DD_BUF_INIT(4096);
    snprintf(o->dir, sizeof o->dir, "%s/dd0c-bench-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    if (!mkdtemp(o->dir)) {
        o->dir[0] = '\0';
        return dd_fail_errno(err, errno, "could not make a folder for the benchmark");
    }
    setenv("DD0C_HOME", o->dir, 1);      /* before any thread: keys and budgets of this user are none of the benchmark's */
    o->loop = dd_loop_new(err);
    o->mock = o->loop ? dd_mock_new(o->loop, "127.0.0.1", 0, &o->shared, err) : NULL;
    if (!o->mock)
        return err->code;
    if (dd_thread_start(&o->thread, run_loop, o->loop) != 0)
        return dd_fail(err, DD_ERR_IO, "could not start a thread");
    o->running = true;
    dd_code rc = write_config(o, &path, err);
    if (rc == DD_OK) {
        dd_serve_opts opts = { .config = dd_buf_z(&path), .listen = "127.0.0.1:0", .workers = -1, .quiet = true };
        o->serve           = dd_serve_start(cmd, &opts, err);
        rc                 = o->serve ? read_gateway(dd_serve_url(o->serve), l, err) : err->code;
    }
    dd_buf_free(&path);
    return rc;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path) == 0 ? 0 : -1;
}

static void stop_own(own *o)
{
    dd_serve_stop(o->serve);
    if (o->running) {
        dd_loop_stop(o->loop);
        pthread_join(o->thread, NULL);
    }
    if (o->mock)
        dd_mock_free(o->mock);
    if (o->loop)
        dd_loop_free(o->loop);
    if (o->dir[0])
        nftw(o->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- output --- */

static void put_money(dd_buf *out, dd_pusd m)
{
    dd_buf b = DD_BUF_INIT(64);
    if (m == DD_PUSD_UNKNOWN)
        dd_buf_addz(&b, "unknown");
    else
        dd_money_json(m, &b);
    dd_buf_printf(out, " %14s", dd_buf_z(&b));
    dd_buf_free(&b);
}

static void print_text(const cache_args *a, const round_result *v, dd_buf *out)
{
    dd_buf_printf(out, "%lld equal requests a round, costs in USD\n", (long long)a->requests);
    dd_buf_printf(out, "%5s %7s %14s %14s %9s %9s %11s %11s\n", "round", "hits", "without cache", "with cache", "saved %", "miss ms", "hit p50 ms", "hit p99 ms");
    for (int64_t i = 0; i < a->rounds; i++) {
        dd_buf_printf(out, "%5lld %7lld", (long long)i + 1, (long long)v[i].hits);
        put_money(out, v[i].without);
        put_money(out, v[i].with);
        dd_buf_printf(out, " %9.2f %9.3f %11.3f %11.3f\n", v[i].saved, v[i].miss_ms, v[i].p50_ms, v[i].p99_ms);
    }
}

static void json_number(dd_json *j, const char *name, double value)
{
    char text[40];
    int  n = snprintf(text, sizeof text, "%.6g", value);
    dd_json_key(j, name);
    dd_json_raw(j, (dd_str){ text, (size_t)n });
}

static void print_json(const cache_args *a, const round_result *v, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 2);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.bench-cache/1");
    dd_json_key(&j, "requests");
    dd_json_i64(&j, a->requests);
    dd_json_key(&j, "rounds");
    dd_json_open(&j, '[');
    for (int64_t i = 0; i < a->rounds; i++) {
        dd_json_open(&j, '{');
        dd_json_key(&j, "hits");
        dd_json_i64(&j, v[i].hits);
        dd_money_member(&j, "without_usd", v[i].without);
        dd_money_member(&j, "with_usd", v[i].with);
        json_number(&j, "saved_percent", v[i].saved);
        json_number(&j, "miss_ms", v[i].miss_ms);
        json_number(&j, "hit_p50_ms", v[i].p50_ms);
        json_number(&j, "hit_p99_ms", v[i].p99_ms);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

static dd_code measure(const dd_cmd *cmd, const cache_args *a, round_result *v, dd_err *err)
{
    own     o = { .dir = "" };
    line    l = { .fd = -1, .in = DD_BUF_INIT(ANSWER_MAX + HEAD_MAX) };
    dd_code rc = a->gateway ? read_gateway(a->gateway, &l, err) : start_own(cmd, &o, &l, err);
    if (rc == DD_OK)
        rc = connect_line(&l, err);
    for (int64_t i = 0; i < a->rounds && rc == DD_OK; i++)
        rc = run_round(a, &l, &v[i], err);
    if (l.fd >= 0)
        close(l.fd);
    dd_buf_free(&l.in);
    stop_own(&o);
    return rc;
}

static dd_code run_bench(const dd_cmd *cmd, const cache_args *a, int *status, dd_err *err)
{
    if (a->rounds < 1 || a->rounds > 1000 || a->requests < 2 || a->requests > 1000000)
        return dd_fail(err, DD_ERR_USAGE, "rounds are 1 to 1000, requests 2 to 1000000");
    signal(SIGPIPE, SIG_IGN);
    round_result *v   = dd_calloc((size_t)a->rounds, sizeof *v);
    dd_buf        out = DD_BUF_INIT(0);
    dd_code       rc  = measure(cmd, a, v, err);
    if (rc == DD_OK) {
        (strcmp(a->format, "json") == 0 ? print_json : print_text)(a, v, &out);
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    for (int64_t i = 0; i < a->rounds; i++)
        *status = v[i].saved < 99.0 ? 1 : *status;
    dd_buf_free(&out);
    free(v);
    return rc;
}

dd_code dd_cmd_bench_cache(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    cache_args a = { .model = "gpt-4o-mini", .format = "text", .rounds = 10, .requests = 1000 };
    bool       done;
    dd_code    rc = dd_cmd_args(cmd, argc, argv, &a, NULL, &done, err);
    if (rc == DD_OK && !done)
        rc = run_bench(cmd, &a, status, err);
    dd_opt_fini(dd_bench_cache_opts, &a);
    return rc;
}
