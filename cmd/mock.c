/* cmd/mock.c - `dd0c mock`: a provider to test against. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "proxy/mock.h"

typedef struct {
    const char *listen, *latency, *ttft, *chunk_delay, *tls_cert, *tls_key;
    dd_opt_list faults;
    int64_t     tokens, workers;
    bool        record, fixed;
} mock_args;

const dd_opt dd_mock_opts[] = {
    DD_OPT(DD_OPT_TEXT, 0, "listen", mock_args, listen, "host:port", "where to listen (127.0.0.1:4010); port 0 takes any"),
    DD_OPT(DD_OPT_TEXT, 0, "latency", mock_args, latency, "time", "wait before an answer: 50ms, 1.5s, or evenly between 20ms..80ms"),
    DD_OPT(DD_OPT_TEXT, 0, "ttft", mock_args, ttft, "time", "wait before a stream's first byte, instead of the latency"),
    DD_OPT(DD_OPT_TEXT, 0, "chunk-delay", mock_args, chunk_delay, "time", "wait between two events of a stream"),
    DD_OPT(DD_OPT_INT, 0, "tokens", mock_args, tokens, "n", "length of an answer in tokens (16)"),
    DD_OPT(DD_OPT_LIST, 0, "fault", mock_args, faults, "[share%:]fault", "let requests fail, 10%:status=503 each tenth"),
    DD_OPT(DD_OPT_FLAG, 0, "fixed", mock_args, fixed, NULL, "give one fixed answer to every POST, without reading its body"),
    DD_OPT(DD_OPT_FLAG, 0, "record", mock_args, record, NULL, "print each request as a line of JSON, keys and prompts included"),
    DD_OPT(DD_OPT_INT, 0, "workers", mock_args, workers, "n", "worker threads (1)"),
    DD_OPT(DD_OPT_TEXT, 0, "tls-cert", mock_args, tls_cert, "file", "certificate chain (PEM): clients come by TLS"),
    DD_OPT(DD_OPT_TEXT, 0, "tls-key", mock_args, tls_key, "file", "its key (PEM)"),
    DD_OPT_END
};

typedef struct {
    dd_mock_shared shared;
    dd_loop       *loops[64];
    dd_mock       *mocks[64];
    pthread_t      threads[64];
    size_t         n, running;
} mock;

static dd_code read_delay(const char *option, const char *text, dd_mock_delay *out, dd_err *err)
{
    if (text == NULL || dd_mock_delay_parse(dd_str_z(text), out))
        return DD_OK;
    dd_fail(err, DD_ERR_USAGE, "option \"--%s\": \"%s\" is no time", option, text);
    dd_hint(err, "Times are 200us, 50ms, 1.5s or a range of two: 20ms..80ms.");
    return DD_ERR_USAGE;
}

static dd_code read_args(const mock_args *args, mock *m, dd_err *err)
{
    dd_mock_shared *s = &m->shared;
    dd_code         rc = read_delay("latency", args->latency, &s->latency, err);
    if (rc == DD_OK)
        rc = read_delay("ttft", args->ttft, &s->ttft, err);
    if (rc == DD_OK)
        rc = read_delay("chunk-delay", args->chunk_delay, &s->chunk_delay, err);
    s->schedules = dd_calloc(args->faults.n + 1, sizeof *s->schedules);
    for (; rc == DD_OK && s->n_schedules < args->faults.n; s->n_schedules++)
        rc = dd_mock_schedule_parse(dd_str_z(args->faults.v[s->n_schedules]), &s->schedules[s->n_schedules], err);
    if (rc == DD_OK && (args->workers < 1 || args->workers > 64))
        rc = dd_fail(err, DD_ERR_USAGE, "option \"--workers\" takes 1 to 64");
    if (rc == DD_OK && args->tokens > 1000000)
        rc = dd_fail(err, DD_ERR_USAGE, "option \"--tokens\" takes at most 1000000");
    s->tokens   = args->tokens;
    s->fixed    = args->fixed;
    s->record   = args->record;
    s->out      = stdout;
    s->tls_cert = args->tls_cert;
    s->tls_key  = args->tls_key;
    return rc;
}

/* "127.0.0.1:4010", "[::1]:0", ":4010". */
static dd_code split_address(const char *text, char host[256], int *port, dd_err *err)
{
    dd_str    s     = dd_str_z(text);
    ptrdiff_t colon = dd_str_rchr(s, ':');
    int64_t   n     = -1;
    if (colon >= 0 && colon < 255 && dd_parse_i64(dd_str_sub(s, (size_t)colon + 1, s.len), &n) && n >= 0 && n <= 65535) {
        dd_str name = dd_str_sub(s, 0, (size_t)colon);
        if (name.len > 1 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
            name = dd_str_sub(name, 1, name.len - 1);
        if (name.len == 0)
            name = DD_STR("127.0.0.1");
        memcpy(host, name.ptr, name.len);
        host[name.len] = '\0';
        *port          = (int)n;
        return DD_OK;
    }
    return dd_fail(err, DD_ERR_USAGE, "option \"--listen\": \"%s\" is not host:port", text);
}

static void *work(void *loop)
{
    dd_loop_run(loop);
    return NULL;
}

static dd_code open_all(mock *m, const char *host, int port, size_t workers, dd_err *err)
{
    for (; m->n < workers; m->n++) {
        if ((m->loops[m->n] = dd_loop_new(err)) == NULL)
            return err->code;
        m->mocks[m->n] = dd_mock_new(m->loops[m->n], host, port, &m->shared, err);
        if (m->mocks[m->n] == NULL) {
            dd_loop_free(m->loops[m->n]);
            return err->code;
        }
        port = dd_server_port(dd_mock_server(m->mocks[m->n]));
    }
    for (; m->running < m->n; m->running++)
        if (pthread_create(&m->threads[m->running], NULL, work, m->loops[m->running]) != 0)
            return dd_fail(err, DD_ERR_IO, "could not start a worker");
    return DD_OK;
}

static void close_all(mock *m)
{
    for (size_t i = 0; i < m->running; i++)
        dd_loop_stop(m->loops[i]);
    for (size_t i = 0; i < m->running; i++)
        pthread_join(m->threads[i], NULL);
    for (size_t i = 0; i < m->n; i++) {
        dd_mock_free(m->mocks[i]);
        dd_loop_free(m->loops[i]);
    }
    free(m->shared.schedules);
    free(m);
}

static dd_code serve(const mock_args *args, mock *m, dd_err *err)
{
    char     host[256];
    int      port = 0, got;
    sigset_t set;
    dd_code  rc = split_address(args->listen, host, &port, err);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (rc == DD_OK)
        rc = open_all(m, host, port, (size_t)args->workers, err);
    if (rc != DD_OK)
        return rc;
    bool v6 = strchr(host, ':') != NULL;
    fprintf(stderr, "listening on %s://%s%s%s:%d\n", args->tls_cert ? "https" : "http", v6 ? "[" : "", host, v6 ? "]" : "",
        dd_server_port(dd_mock_server(m->mocks[0])));
    while (sigwait(&set, &got) != 0)
        continue;
    return DD_OK;
}

dd_code dd_cmd_mock(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    mock_args args = { .listen = "127.0.0.1:4010", .workers = 1 };
    mock     *m    = dd_calloc(1, sizeof *m);
    bool      done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc == DD_OK && !done)
        rc = read_args(&args, m, err);
    if (rc == DD_OK && !done)
        rc = serve(&args, m, err);
    close_all(m);
    dd_opt_fini(dd_mock_opts, &args);
    return rc;
}
