/* proxy/http/answer.c - answers: the head is built without printf, pieces wait in one buffer and go out once a turn. */
#include "proxy/http/conn.h"
#include "proxy/http/fields.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { DIRECT_FROM = 16 << 10 };

/* ---- what waits ---- */

static void out_room(dd_conn *c, size_t n)
{
    dd_server *s = c->server;
    if (c->out.ptr == NULL && n <= DD_OUT_FIRST && s->spare) {
        c->out.ptr = s->spare;
        c->out.cap = DD_OUT_FIRST;
        s->spare   = NULL;
    }
    if (c->out.cap - c->out.len >= n)
        return;
    if (c->out.at > 0 && c->out.ptr) {
        memmove(c->out.ptr, c->out.ptr + c->out.at, dd_conn_waiting(c));
        c->out.len -= c->out.at;
        c->out.at = 0;
    }
    size_t cap = c->out.cap ? c->out.cap : DD_OUT_FIRST;
    while (cap - c->out.len < n)
        cap *= 2;
    if (cap > c->out.cap)
        c->out.ptr = dd_realloc(c->out.ptr, cap);
    c->out.cap = cap > c->out.cap ? cap : c->out.cap;
}

static void out_add(dd_conn *c, const char *p, size_t n)
{
    out_room(c, n);
    if (n)
        memcpy(c->out.ptr + c->out.len, p, n);
    c->out.len += n;
}

/* Nothing waits: the buffer goes back, so that a quiet stream holds none. */
static void out_release(dd_conn *c)
{
    dd_server *s = c->server;
    if (s->spare == NULL && c->out.cap == DD_OUT_FIRST)
        s->spare = c->out.ptr;
    else
        free(c->out.ptr);
    c->out.ptr = NULL;
    c->out.at = c->out.len = c->out.cap = 0;
}

static void count_sent(dd_conn *c, size_t n)
{
    if (c->request)
        c->request->http.sent_bytes += (int64_t)n;
}

/* The kernel takes no more: if it does so for too long, the client is given up. */
static void block(dd_conn *c)
{
    c->blocked = true;
    dd_conn_deadline(c, c->server->opts.send_timeout_ms);
}

void dd_conn_write(dd_conn *c)
{
    while (dd_conn_waiting(c) > 0) {
        const char *p = c->out.ptr + c->out.at;
        ssize_t     n = c->tls ? dd_tls_write(c->tls, p, dd_conn_waiting(c)) : send(c->io.fd, p, dd_conn_waiting(c), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                block(c);
            else
                c->broken = true;
            return;
        }
        c->out.at += (size_t)n;
        count_sent(c, (size_t)n);
    }
    out_release(c);
    if (c->state == DD_CONN_answer)
        c->deadline_ns = 0;
}

/* ---- heads ---- */

static const struct { int status; const char *reason; } reasons[] = {
    { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 206, "Partial Content" },
    { 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" }, { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 402, "Payment Required" }, { 403, "Forbidden" },
    { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" }, { 409, "Conflict" },
    { 410, "Gone" }, { 411, "Length Required" }, { 412, "Precondition Failed" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" }, { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" }, { 424, "Failed Dependency" }, { 425, "Too Early" }, { 426, "Upgrade Required" },
    { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" }, { 451, "Unavailable For Legal Reasons" },
    { 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" }, { 529, "Site Is Overloaded" },
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < DD_COUNT(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

static char *put(char *p, const char *text, size_t n)
{
    memcpy(p, text, n);
    return p + n;
}
#define PUT(p, lit) put((p), lit, sizeof(lit) - 1)

static char *put_number(char *p, uint64_t v, unsigned base)
{
    char   digits[20];
    size_t n = 0;
    do
        digits[n++] = "0123456789abcdef"[v % base];
    while ((v /= base) > 0);
    while (n > 0)
        *p++ = digits[--n];
    return p;
}

/* Framing is ours to say, and text from a provider must not end a line. */
static bool may_be_sent(dd_header h)
{
    static const struct { const char *name; size_t len; } ours[] = {
        { "connection", 10 }, { "date", 4 }, { "transfer-encoding", 17 }, { "content-length", 14 }, { "keep-alive", 10 },
    };
    for (size_t i = 0; i < DD_COUNT(ours); i++)
        if (h.name.len == ours[i].len && dd_field_is(h.name, ours[i].name))
            return false;
    return dd_field_token(h.name) && dd_field_value(h.value);
}

static char *put_framing(dd_conn *c, char *p, int status, int64_t length)
{
    bool old = c->request->http_10;
    if (length >= 0 && status != 204) {
        p = PUT(p, "Content-Length: ");
        p = put_number(p, (uint64_t)length, 10);
        p = PUT(p, "\r\n");
        c->body_left = length;
    } else if (!c->no_body && old) {
        c->keep  = false; /* the end of the connection is the end of the body: only a reset tells a cut one from a whole one */
        c->reset = true;
    } else if (!c->no_body) {
        c->chunked = true;
        p          = PUT(p, "Transfer-Encoding: chunked\r\n");
    }
    if (!c->keep)
        p = PUT(p, "Connection: close\r\n");
    else if (old)
        p = PUT(p, "Connection: keep-alive\r\n");
    return p;
}

void dd_answer_begin(dd_conn *c)
{
    c->ended = c->cut = c->full = c->chunked = c->no_body = c->reset = c->refused = false;
    c->keep      = c->request->keep_alive;
    c->body_left = -1;
}

void dd_http_head(dd_http *h, int status, const dd_header *headers, size_t n, int64_t content_length)
{
    dd_conn    *c      = h->conn;
    dd_server  *s      = c->server;
    const char *reason = reason_of(status), *own = s->opts.server_header;
    size_t      size   = 256 + (own ? strlen(own) : 0);
    assert(!h->head_sent && status >= 200 && status <= 999);
    for (size_t i = 0; i < n; i++)
        size += headers[i].name.len + headers[i].value.len + 4;
    out_room(c, size);
    h->head_sent = true;
    c->keep      = c->keep && !s->draining;
    c->no_body   = status == 204 || status == 304 || dd_str_eqz(h->method, "HEAD");
    char *p      = PUT(c->out.ptr + c->out.len, "HTTP/1.1 ");
    p            = put_number(p, (unsigned)status, 10);
    *p++         = ' ';
    p            = put(p, reason, strlen(reason));
    p            = PUT(p, "\r\nDate: ");
    p            = put(p, dd_server_date(s), 29);
    p            = PUT(p, "\r\n");
    if (own) {
        p = PUT(p, "Server: ");
        p = put(p, own, strlen(own));
        p = PUT(p, "\r\n");
    }
    for (size_t i = 0; i < n; i++) {
        if (!may_be_sent(headers[i]))
            continue;
        p = put(p, headers[i].name.ptr, headers[i].name.len);
        p = PUT(p, ": ");
        if (headers[i].value.len)
            p = put(p, headers[i].value.ptr, headers[i].value.len);
        p = PUT(p, "\r\n");
    }
    p          = put_framing(c, p, status, content_length);
    p          = PUT(p, "\r\n");
    c->out.len = (size_t)(p - c->out.ptr);
    dd_conn_touch(c);
}

/* ---- bodies ---- */

/* A large piece goes to the kernel from where it is; what it does not take is copied. Returns how much of the whole was taken. */
static size_t write_directly(dd_conn *c, const struct iovec *iov, int n, size_t whole)
{
    struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };
    ssize_t       took = sendmsg(c->io.fd, &m, MSG_NOSIGNAL);
    if (took < 0) {
        c->broken |= errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
        return 0;
    }
    count_sent(c, (size_t)took);
    if ((size_t)took < whole)
        block(c);
    return (size_t)took;
}

static void out_add_large(dd_conn *c, dd_str size, dd_str bytes, dd_str tail)
{
    struct iovec iov[4] = { { c->out.ptr ? c->out.ptr + c->out.at : NULL, dd_conn_waiting(c) } };
    dd_str       parts[] = { size, bytes, tail };
    size_t       whole = dd_conn_waiting(c);
    for (int i = 0; i < 3; i++) {
        iov[i + 1] = (struct iovec){ (void *)(uintptr_t)parts[i].ptr, parts[i].len };
        whole += parts[i].len;
    }
    size_t took = write_directly(c, iov, 4, whole);
    size_t old  = took < dd_conn_waiting(c) ? took : dd_conn_waiting(c);
    c->out.at += old;
    took -= old;
    if (dd_conn_waiting(c) == 0 && c->out.ptr)
        out_release(c);
    for (int i = 0; i < 3; i++) {
        size_t skip = took < parts[i].len ? took : parts[i].len;
        took -= skip;
        if (skip < parts[i].len)
            out_add(c, parts[i].ptr + skip, parts[i].len - skip);
    }
}

bool dd_http_data(dd_http *h, dd_str bytes)
{
    dd_conn *c = h->conn;
    assert(h->head_sent && !c->ended && !c->cut);
    if (c->body_left >= 0 && (uint64_t)c->body_left < bytes.len)
        bytes.len = (size_t)c->body_left; /* more than was announced would be read as another answer */
    if (c->no_body || bytes.len == 0 || c->broken)
        return false;
    if (c->body_left >= 0)
        c->body_left -= (int64_t)bytes.len;
    char   size[24];
    dd_str head = { size, 0 }, tail = c->chunked ? DD_STR("\r\n") : DD_STR("");
    if (c->chunked)
        head.len = (size_t)(PUT(put_number(size, bytes.len, 16), "\r\n") - size);
    if (bytes.len >= DIRECT_FROM && !c->blocked && !c->tls)
        out_add_large(c, head, bytes, tail);
    else {
        out_room(c, head.len + bytes.len + tail.len);
        out_add(c, head.ptr, head.len);
        out_add(c, bytes.ptr, bytes.len);
        out_add(c, tail.ptr, tail.len);
    }
    dd_conn_touch(c);
    c->full = c->full || dd_conn_waiting(c) > c->server->opts.high_bytes;
    return c->full;
}

void dd_http_flush(dd_http *h)
{
    dd_conn *c = h->conn;
    if (!c->broken && !c->blocked && dd_conn_waiting(c) > 0)
        dd_conn_write(c);
    dd_conn_touch(c);
}

size_t dd_http_waiting(const dd_http *h) { return dd_conn_waiting(h->conn); }

void dd_http_cut(dd_http *h)
{
    dd_conn *c = h->conn;
    assert(!c->ended && !c->cut);
    c->cut    = true;
    c->in_app = false;
    dd_conn_touch(c);
}

void dd_http_reset(dd_http *h)
{
    dd_conn *c = h->conn;
    c->out.at  = c->out.len;
    c->reset   = true;
    dd_http_cut(h);
}

void dd_http_raw(dd_http *h, dd_str bytes)
{
    h->head_sent = true;
    out_add(h->conn, bytes.ptr, bytes.len);
    dd_conn_touch(h->conn);
}

void dd_http_end(dd_http *h)
{
    dd_conn *c = h->conn;
    assert(h->head_sent && !c->ended && !c->cut);
    c->ended = true;
    if (c->chunked)
        out_add(c, "0\r\n\r\n", 5);
    else if (c->body_left > 0 && !c->no_body)
        c->cut = true; /* less than was announced: the connection can carry nothing more */
    if (!c->broken && !c->blocked && dd_conn_waiting(c) > 0)
        dd_conn_write(c); /* nothing joins it: the client need not wait for the turn's other answers, nor each of them hold a buffer */
    dd_conn_touch(c);
}

void dd_http_reply(dd_http *h, int status, const char *content_type, dd_str body)
{
    dd_header type = { DD_STR("Content-Type"), dd_str_z(content_type) };
    dd_http_head(h, status, &type, content_type != NULL, (int64_t)body.len);
    dd_http_data(h, body);
    dd_http_end(h);
}

/* ---- what the server says on its own ---- */

void dd_answer_refuse(dd_conn *c, int status, const char *why)
{
    dd_server *s    = c->server;
    dd_buf     body = DD_BUF_INIT(65536);
    assert(c->request != NULL && !c->in_app);
    c->state       = DD_CONN_answer;
    c->deadline_ns = 0;
    dd_answer_begin(c);
    c->keep    = false;
    c->refused = true;
    dd_http  *h       = &c->request->http;
    dd_header more[2] = { { DD_STR("Content-Type"), DD_STR("application/json") } };
    size_t    n       = 0;
    if (s->opts.app->refusal)
        more[1] = s->opts.app->refusal(s->opts.ctx, h, status, why, &body);
    if (body.len)
        n = more[1].name.len ? 2 : 1;
    dd_http_head(h, status, more, n, (int64_t)body.len);
    dd_http_data(h, dd_buf_str(&body));
    dd_http_end(h);
    dd_buf_free(&body);
}

void dd_answer_continue(dd_conn *c)
{
    out_add(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    dd_conn_touch(c);
}
