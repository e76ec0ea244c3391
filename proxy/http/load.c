#include "proxy/http/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <llhttp.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/http/loop.h"

typedef struct load load;
typedef struct {
    load     *l;
    dd_io     io;
    dd_timer  timer;        /* the answer's limit, or the next request's moment */
    llhttp_t  parser;
    int64_t   due, first, last;
    size_t    sent;
    char     *own;          /* the request with a number of its own; NULL: all send the same */
    bool      busy, connecting, over;
} conn;

struct load {
    const dd_load_opts *o;
    dd_load_result     *out;
    dd_loop            *loop;
    struct addrinfo    *address;
    conn               *conns;
    unsigned            alive;
    int64_t             started, ends, begun, numbered, interval_ns, timeout_ns;
    dd_err             *err;
    dd_code             rc;
};

static void connect_again(conn *c);

static int64_t now_ns(void) { return dd_mono_now().ns; }

static void keep(dd_load_result *r, int64_t total, int64_t first)
{
    if (r->n == r->cap) {
        r->cap      = r->cap ? r->cap * 2 : 1024;
        r->total_ns = dd_realloc(r->total_ns, r->cap * sizeof *r->total_ns);
        r->first_ns = dd_realloc(r->first_ns, r->cap * sizeof *r->first_ns);
    }
    r->total_ns[r->n]   = total;
    r->first_ns[r->n++] = first;
}

/* --- the parser's callbacks --- */

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    conn *c = p->data;
    (void)at;
    int64_t now = now_ns();
    if (!c->first)
        c->first = now;
    else if (now - c->last > c->l->out->longest_gap_ns)
        c->l->out->longest_gap_ns = now - c->last;
    c->last = now;
    c->l->out->bytes += (int64_t)n;
    return 0;
}

static int on_complete(llhttp_t *p)
{
    conn *c = p->data;
    c->over = true;
    return HPE_PAUSED;
}

static llhttp_settings_t *settings(void)
{
    static llhttp_settings_t s;
    if (!s.on_body) {
        llhttp_settings_init(&s);
        s.on_body             = on_body;
        s.on_message_complete = on_complete;
    }
    return &s;
}

/* --- one connection --- */

static void retire(conn *c)
{
    if (c->io.fd >= 0) {
        dd_loop_watch(c->l->loop, &c->io, 0, NULL);
        close(c->io.fd);
        c->io.fd = -1;
    }
    dd_loop_timer(c->l->loop, &c->timer, 0);
    if (--c->l->alive == 0)
        dd_loop_stop(c->l->loop);
}

static bool more_to_do(load *l)
{
    return (!l->o->requests || l->begun < l->o->requests) && (!l->ends || now_ns() < l->ends);
}

static void write_request(conn *c)
{
    load       *l     = c->l;
    const char *bytes = c->own ? c->own : l->o->request.ptr;
    while (c->sent < l->o->request.len) {
        ssize_t n = send(c->io.fd, bytes + c->sent, l->o->request.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            dd_loop_watch(l->loop, &c->io, DD_IO_READ | DD_IO_WRITE, NULL);
            return;
        }
        if (n < 0) {
            l->out->failed++;
            c->busy = false;
            connect_again(c);
            return;
        }
        c->sent += (size_t)n;
    }
    if (c->io.want != DD_IO_READ)
        dd_loop_watch(l->loop, &c->io, DD_IO_READ, NULL);
}

static void number(conn *c)
{
    char *at = c->own + c->l->o->vary;
    for (int64_t i = DD_LOAD_DIGITS - 1, n = c->l->numbered++; i >= 0; i--, n /= 10)
        at[i] = (char)('0' + n % 10);
}

static void begin(conn *c)
{
    load *l = c->l;
    if (!more_to_do(l)) {
        retire(c);
        return;
    }
    if (c->own)
        number(c);
    int64_t now = now_ns();
    if (l->interval_ns) {
        int64_t due = l->started + l->begun * l->interval_ns;
        if (due > now + 20000) {
            l->begun++;      /* this one is taken; it begins at its moment */
            c->due = due;
            dd_loop_timer(l->loop, &c->timer, due);
            return;
        }
        c->due = due;
    } else {
        c->due = now;
    }
    l->begun++;
    c->busy  = true;
    c->over  = false;
    c->first = c->last = 0;
    c->sent  = 0;
    llhttp_init(&c->parser, HTTP_RESPONSE, settings());
    c->parser.data = c;
    if (!l->interval_ns || l->timeout_ns < INT64_C(60000000000))
        dd_loop_timer(l->loop, &c->timer, now + l->timeout_ns);
    write_request(c);
}

static void timer_due(dd_timer *t)
{
    conn *c = t->owner;
    load *l = c->l;
    if (c->busy || c->connecting) {
        l->out->failed++;
        c->busy = false;
        connect_again(c);
        return;
    }
    c->busy  = true;         /* the moment of an open loop's request */
    c->over  = false;
    c->first = c->last = 0;
    c->sent  = 0;
    llhttp_init(&c->parser, HTTP_RESPONSE, settings());
    c->parser.data = c;
    dd_loop_timer(l->loop, t, now_ns() + l->timeout_ns);
    write_request(c);
}

static void finish_answer(conn *c)
{
    load *l    = c->l;
    int   code = c->parser.status_code;
    int64_t now = now_ns();
    c->busy = false;
    if (code >= 200 && code < 300) {
        l->out->ok++;
        keep(l->out, now - c->due, (c->first ? c->first : now) - c->due);
    } else {
        l->out->not_2xx++;
        l->out->status = code;
    }
    if (llhttp_should_keep_alive(&c->parser))
        begin(c);
    else
        connect_again(c);
}

static void ready(dd_io *io, unsigned events)
{
    conn *c = io->owner;
    char  bytes[65536];
    if (c->connecting) {
        int       why = 0;
        socklen_t len = sizeof why;
        getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &why, &len);
        if (why) {
            c->l->rc = dd_fail_errno(c->l->err, why, "could not connect to %s:%d", c->l->o->host, c->l->o->port);
            dd_loop_stop(c->l->loop);
            return;
        }
        c->connecting = false;
        begin(c);
        return;
    }
    if ((events & DD_IO_WRITE) && c->busy && c->sent < c->l->o->request.len)
        write_request(c);
    if (!(events & (DD_IO_READ | DD_IO_HANGUP)) || io->fd < 0)
        return;
    ssize_t n = recv(io->fd, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    llhttp_errno_t e = n > 0 ? llhttp_execute(&c->parser, bytes, (size_t)n) : n == 0 && c->busy ? llhttp_finish(&c->parser) : HPE_CLOSED_CONNECTION;
    if (c->over) {
        finish_answer(c);
    } else if (n <= 0 || e != HPE_OK) {
        if (c->busy)
            c->l->out->failed++;
        c->busy = false;
        connect_again(c);
    }
}

static void connect_again(conn *c)
{
    load *l = c->l;
    if (c->io.fd >= 0) {
        dd_loop_watch(l->loop, &c->io, 0, NULL);
        close(c->io.fd);
    }
    dd_loop_timer(l->loop, &c->timer, 0);
    c->io.fd = -1;
    if (!more_to_do(l)) {
        retire(c);
        return;
    }
    int fd = socket(l->address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || (connect(fd, l->address->ai_addr, l->address->ai_addrlen) != 0 && errno != EINPROGRESS)) {
        l->rc = dd_fail_errno(l->err, errno, "could not connect to %s:%d", l->o->host, l->o->port);
        if (fd >= 0)
            close(fd);
        dd_loop_stop(l->loop);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->io         = (dd_io){ .fd = fd, .ready = ready, .owner = c };
    c->connecting = true;
    dd_loop_timer(l->loop, &c->timer, now_ns() + l->timeout_ns);
    dd_loop_watch(l->loop, &c->io, DD_IO_WRITE, NULL);
}

dd_code dd_load_run(const dd_load_opts *o, dd_load_result *out, dd_err *err)
{
    char            port[12];
    struct addrinfo hint = { .ai_socktype = SOCK_STREAM };
    load            l    = { .o = o, .out = out, .err = err, .rc = DD_OK, .timeout_ns = (o->timeout_ms ? o->timeout_ms : 15000) * 1000000,
                             .numbered = now_ns() / 1000 % 1000000000 * 1000 /* another run has other numbers */ };
    snprintf(port, sizeof port, "%d", o->port);
    if (getaddrinfo(o->host, port, &hint, &l.address) != 0)
        return dd_fail(err, DD_ERR_NET, "there is no host \"%s\"", o->host);
    l.loop = dd_loop_new(err);
    if (!l.loop) {
        freeaddrinfo(l.address);
        return err->code;
    }
    l.conns       = dd_calloc(o->connections, sizeof *l.conns);
    l.alive       = o->connections;
    l.started     = now_ns();
    l.ends        = o->duration_ms ? l.started + o->duration_ms * 1000000 : 0;
    l.interval_ns = o->rate > 0 ? (int64_t)(1e9 / o->rate) : 0;
    for (unsigned i = 0; i < o->connections && l.rc == DD_OK; i++) {
        l.conns[i] = (conn){ .l = &l, .io.fd = -1, .timer = { .due = timer_due, .owner = &l.conns[i] } };
        if (o->vary) {
            l.conns[i].own = dd_malloc(o->request.len);
            memcpy(l.conns[i].own, o->request.ptr, o->request.len);
        }
        connect_again(&l.conns[i]);
    }
    if (l.rc == DD_OK)
        dd_loop_run(l.loop);
    out->elapsed_ns += now_ns() - l.started;
    for (unsigned i = 0; i < o->connections; i++) {
        if (l.conns[i].l && l.conns[i].io.fd >= 0)
            close(l.conns[i].io.fd);
        free(l.conns[i].own);
    }
    dd_loop_free(l.loop);
    freeaddrinfo(l.address);
    free(l.conns);
    return l.rc;
}

void dd_load_fini(dd_load_result *r)
{
    free(r->total_ns);
    free(r->first_ns);
    *r = (dd_load_result){ 0 };
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

double dd_load_percentile(int64_t *v, size_t n, double q)
{
    if (!n)
        return 0;
    qsort(v, n, sizeof *v, by_size);
    double at = q * (double)(n - 1);
    size_t i  = (size_t)at;
    return i + 1 < n ? (double)v[i] + (at - (double)i) * (double)(v[i + 1] - v[i]) : (double)v[n - 1];
}
