#include "tests/unit/proxy/http/client.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"

/* ---- the application: /health, chat.completions as a provider would see it, and what tests need ---- */

static void say_more(test_server *t, dd_http *h)
{
    static char piece[65536];
    while (t->left > 0) {
        size_t n    = t->left < sizeof piece ? t->left : sizeof piece;
        bool   full = dd_http_data(h, (dd_str){ piece, n });
        t->left -= n;
        if (dd_http_waiting(h) > t->waiting_max)
            t->waiting_max = dd_http_waiting(h);
        if (full)
            return;
    }
    dd_http_end(h);
}

static void chat(test_server *t, dd_http *h)
{
    cJSON *body = cJSON_ParseWithLength(h->body.ptr ? h->body.ptr : "", h->body.len);
    bool   fine = cJSON_GetObjectItemCaseSensitive(body, "model") != NULL;
    cJSON_Delete(body);
    t->upstream += fine;
    dd_http_reply(h, fine ? 200 : 400, "application/json", DD_STR("{\"object\":\"chat.completion\"}"));
}

static void on_request(void *ctx, dd_http *h)
{
    test_server *t   = ctx;
    bool         get = dd_str_eqz(h->method, "GET") || dd_str_eqz(h->method, "HEAD");
    t->requests++;
    if (dd_str_eqz(h->path, "/smuggled-canary"))
        t->canaries++;
    if (dd_str_eqz(h->method, "POST"))
        dd_buf_add(&t->seen, h->body);
    if (dd_str_eqz(h->path, "/health"))
        dd_http_reply(h, get ? 200 : 405, "text/plain", get ? DD_STR("ok") : DD_STR("no"));
    else if (dd_str_eqz(h->path, "/v1/chat/completions") && dd_str_eqz(h->method, "POST"))
        chat(t, h);
    else if (dd_str_eqz(h->path, "/echo"))
        dd_http_reply(h, 200, "application/octet-stream", h->body);
    else if (dd_str_eqz(h->path, "/encoding"))
        dd_http_reply(h, 200, "text/plain", dd_http_header(h, "content-encoding"));
    else if (dd_str_eqz(h->path, "/cut") || dd_str_eqz(h->path, "/short") || dd_str_eqz(h->path, "/cut-chunked")) {
        dd_http_head(h, 200, NULL, 0, dd_str_eqz(h->path, "/cut-chunked") ? -1 : 100);
        dd_http_data(h, DD_STR("half"));
        dd_str_eqz(h->path, "/short") ? dd_http_end(h) : dd_http_cut(h);
    } else if (dd_str_eqz(h->path, "/chunks") || dd_str_eqz(h->path, "/empty")) {
        dd_header bad[] = { { DD_STR("x-split"), DD_STR("a\r\nx-evil: 1") }, { DD_STR("Content-Length"), DD_STR("3") },
                            { DD_STR("x-fine"), DD_STR("yes") } };
        dd_http_head(h, dd_str_eqz(h->path, "/empty") ? 204 : 200, bad, 3, -1);
        dd_http_data(h, DD_STR("one"));
        dd_http_flush(h);
        dd_http_data(h, DD_STR(""));
        dd_http_data(h, DD_STR("two"));
        dd_http_end(h);
    } else if (dd_str_eqz(h->path, "/large")) {
        int64_t n = 0;
        dd_parse_i64(h->query, &n);
        t->left = (size_t)n;
        dd_http_head(h, 200, NULL, 0, -1);
        say_more(t, h);
    } else if (dd_str_eqz(h->path, "/hold"))
        t->held = h;
    else if (dd_str_eqz(h->path, "/release")) {
        if (t->held)
            dd_http_reply(t->held, 200, NULL, DD_STR("held"));
        t->held = NULL;
        dd_http_reply(h, 200, NULL, DD_STR(""));
    } else
        dd_http_reply(h, 404, "text/plain", DD_STR("no such path"));
}

static void on_gone(void *ctx, dd_http *h)
{
    test_server *t = ctx;
    if (t->held == h)
        t->held = NULL;
    t->gone++;
}

static void on_drained(void *ctx, dd_http *h)
{
    test_server *t = ctx;
    t->drained++;
    say_more(t, h);
}

static void on_sent(void *ctx, dd_http *h)
{
    test_server *t = ctx;
    t->bytes_sent += h->sent_bytes;
    t->bytes_received = h->received_bytes;
    t->sent++;
}

static dd_header on_refusal(void *ctx, dd_http *h, int status, const char *why, dd_buf *body)
{
    (void)ctx, (void)h;
    dd_buf_printf(body, "{\"error\":{\"message\":\"%s\",\"code\":%d}}", why, status);
    return (dd_header){ DD_STR("x-refused-by"), DD_STR("test") };
}

static const dd_server_app app = { on_request, on_gone, on_drained, on_sent, on_refusal };

static void *run(void *arg)
{
    dd_loop_run(((test_server *)arg)->loop);
    return NULL;
}

void test_server_start(test_server *t, const dd_server_opts *opts)
{
    dd_err         err = DD_ERR_INIT;
    dd_server_opts o   = opts ? *opts : (dd_server_opts){ 0 };
    memset(t, 0, sizeof *t);
    o.app     = &app;
    o.ctx     = t;
    t->loop   = dd_loop_new(&err);
    t->server = dd_server_new(t->loop, "127.0.0.1", 0, &o, &err);
    if (t->server == NULL) {
        printf("%s\n", err.msg);
        abort();
    }
    t->port = dd_server_port(t->server);
    pthread_create(&t->thread, NULL, run, t);
}

static void is_done(void *arg) { ((test_server *)arg)->done = true; }
static void drain(void *arg) { dd_server_drain(((test_server *)arg)->server, is_done, arg); }
void        test_server_drain(test_server *t) { dd_loop_post(t->loop, drain, t); }

void test_server_stop(test_server *t)
{
    dd_loop_stop(t->loop);
    pthread_join(t->thread, NULL);
    dd_server_free(t->server);
    dd_loop_free(t->loop);
    dd_buf_free(&t->seen);
}

bool test_until(atomic_int *n, int at_least)
{
    for (int i = 0; i < 5000 && *n < at_least; i++)
        poll(NULL, 0, 1);
    return *n >= at_least;
}

/* ---- the client ---- */

int test_connect(int port)
{
    struct sockaddr_in a  = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int                fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct timeval     tv = { 5, 0 };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        dd_test_fail(__FILE__, __LINE__, "could not connect: %s", strerror(errno));
    return fd;
}

bool test_send(int fd, dd_str bytes, bool bytewise)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytewise ? 1 : bytes.len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes = dd_str_sub(bytes, (size_t)n, bytes.len);
    }
    return true;
}

static bool fill(int fd, answers *a, dd_buf *b)
{
    char    piece[16384];
    ssize_t n = recv(fd, piece, sizeof piece, 0);
    if (n <= 0) {
        a->closed = n == 0 || errno == ECONNRESET;
        return false;
    }
    a->received += n;
    dd_buf_add(b, (dd_str){ piece, (size_t)n });
    return true;
}

static dd_str field(dd_str head, const char *name)
{
    while (head.len > 0) {
        dd_str line = dd_str_trim(dd_str_cut(&head, '\n')), value = line, key = dd_str_cut(&value, ':');
        if (dd_str_eq_nocase(key, dd_str_z(name)))
            return dd_str_trim(value);
    }
    return DD_STR_NULL;
}

/* Body of an answer whose head ends at `at`: how many bytes it takes; -1: not yet whole; -2: until the end. */
static ptrdiff_t body_len(dd_str all, size_t at, dd_str head, bool no_body, dd_buf *body)
{
    int64_t length = 0;
    if (no_body)
        return 0;
    if (dd_str_eqz(field(head, "transfer-encoding"), "chunked")) {
        size_t i = at;
        for (;;) {
            dd_str    rest = dd_str_sub(all, i, all.len);
            ptrdiff_t eol  = dd_str_findz(dd_str_sub(rest, 0, 32), "\r\n");
            char      hex[20] = "";
            if (eol < 0 || eol > 16)
                return -1;
            memcpy(hex, rest.ptr, (size_t)eol);
            size_t n = (size_t)strtoul(hex, NULL, 16);
            if (rest.len < (size_t)eol + 2 + n + 2)
                return -1;
            if (body)
                dd_buf_add(body, dd_str_sub(rest, (size_t)eol + 2, (size_t)eol + 2 + n));
            i += (size_t)eol + 2 + n + 2;
            if (n == 0)
                return (ptrdiff_t)(i - at);
        }
    }
    if (!dd_parse_i64(field(head, "content-length"), &length))
        return -2;
    if (all.len - at < (size_t)length)
        return -1;
    if (body)
        dd_buf_add(body, dd_str_sub(all, at, at + (size_t)length));
    return (ptrdiff_t)length;
}

void test_read(int fd, answers *a, int want, bool head_only)
{
    dd_buf all = DD_BUF_INIT(0);
    size_t at  = 0;
    while (a->n < want && a->n < 128) {
        dd_str    rest = dd_str_sub(dd_buf_str(&all), at, all.len);
        ptrdiff_t end  = dd_str_findz(dd_str_sub(rest, 0, 16384), "\r\n\r\n");
        ptrdiff_t n    = -1;
        int       status = 0;
        if (end >= 0) {
            dd_str  head = dd_str_sub(rest, 0, (size_t)end + 2);
            int64_t code = 0;
            bool    ok   = dd_str_startsz(head, "HTTP/1.1 ") && dd_parse_i64(dd_str_sub(head, 9, 12), &code);
            status       = (int)code;
            a->broken |= !ok;
            a->says_close |= status >= 200 && dd_str_eq_nocase(field(head, "connection"), DD_STR("close"));
            bool first = a->n == 0 && status >= 200;
            if (first && a->head.len == 0)
                dd_buf_add(&a->head, head);
            n = body_len(dd_buf_str(&all), at + (size_t)end + 4, head, head_only || status < 200 || status == 204 || status == 304, NULL);
            if (n >= 0 && first)
                body_len(dd_buf_str(&all), at + (size_t)end + 4, head, head_only || status < 200 || status == 204 || status == 304, &a->body);
        }
        if (n >= 0) {
            at += (size_t)end + 4 + (size_t)n;
            if (status < 200)
                a->interim++;
            else
                a->final[a->n++] = status;
        } else if (!fill(fd, a, &all)) {
            if (n == -2) /* the end of the connection is the body's end */
                a->final[a->n++] = status;
            a->broken |= n != -2 && rest.len > 0;
            break;
        }
    }
    dd_buf_free(&all);
}

void test_answers_free(answers *a)
{
    dd_buf_free(&a->body);
    dd_buf_free(&a->head);
}

answers test_exchange(int port, const char *request, int want)
{
    answers a  = { 0 };
    int     fd = test_connect(port);
    test_send(fd, dd_str_z(request), false);
    test_read(fd, &a, want, false);
    close(fd);
    return a;
}
