/* proxy/http/conn.c - a connection: reads, hands whole requests to the application, one after the other, and closes so that answers arrive.
 *
 * An idle connection holds no buffer. What is read first lands in the server's scratch buffer; a request copies what it needs. While the
 * application has a request the socket is still read, to learn that the client left and to keep what it sent ahead (up to IN_MAX). */
#include "proxy/http/conn.h"
#include "proxy/http/stage.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_MAX = 64 << 10, READS_A_TURN = 4, LINGER_MS = 2000 };

static int64_t now_ns(const dd_conn *c) { return dd_loop_now(c->server->loop).ns; }

void dd_conn_deadline(dd_conn *c, int64_t in_ms)
{
    c->deadline_ns = now_ns(c) + in_ms * 1000000;
    if (c->timer.at_ns == 0 || c->timer.at_ns > c->deadline_ns)
        dd_loop_timer(c->server->loop, &c->timer, c->deadline_ns);
}

static void enter(dd_conn *c, dd_conn_state state)
{
    const dd_server_opts *o = &c->server->opts;
    const int64_t         in_ms[DD_CONN_STATE_COUNT] = { [DD_CONN_handshake] = o->head_timeout_ms, [DD_CONN_idle] = o->idle_timeout_ms,
                                                         [DD_CONN_head] = o->head_timeout_ms,
                                                         [DD_CONN_body] = o->body_timeout_ms, [DD_CONN_linger] = LINGER_MS };
    c->state       = (uint8_t)state;
    c->deadline_ns = 0;
    if (in_ms[state])
        dd_conn_deadline(c, in_ms[state]);
}

/* ---- the end ---- */

void dd_conn_kill(dd_conn *c)
{
    dd_server *s = c->server;
    assert(c->state != DD_CONN_closed);
    c->state = DD_CONN_closed;
    if (c->in_app) {
        c->in_app = false;
        if (s->opts.app->gone)
            s->opts.app->gone(s->opts.ctx, &c->request->http);
    }
    dd_request_free(c->request);
    dd_loop_watch(s->loop, &c->io, 0, NULL);
    dd_loop_timer(s->loop, &c->timer, 0);
    dd_tls_free(c->tls);
    close(c->io.fd);
    dd_buf_free(&c->in);
    free(c->out.ptr);
    dd_server_forget(s, c);
    if (!c->touched)
        free(c);
}

/* Closing with unread bytes makes the kernel send a reset, which may destroy the answer on its way: so the client is read until it is done. */
static void close_gently(dd_conn *c)
{
    dd_server *s = c->server;
    if (c->cut && c->reset)
        setsockopt(c->io.fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
    if (c->cut || c->eof) {
        c->broken = true;
        return;
    }
    if (c->tls)
        dd_tls_bye(c->tls);
    shutdown(c->io.fd, SHUT_WR);
    if (!c->refused && c->in.len == c->in_at && recv(c->io.fd, s->scratch, DD_SCRATCH, MSG_DONTWAIT) <= 0) {
        c->broken = true;
        return;
    }
    dd_buf_free(&c->in);
    c->in_at = 0;
    enter(c, DD_CONN_linger);
}

/* ---- reading ---- */

static void deliver(dd_conn *c)
{
    dd_server *s           = c->server;
    c->request->http.ready = dd_loop_now(s->loop);
    enter(c, DD_CONN_answer);
    dd_answer_begin(c);
    c->in_app = true;
    s->opts.app->request(s->opts.ctx, &c->request->http);
}

static void begin_request(dd_conn *c)
{
    c->request               = dd_request_new(&c->server->limits);
    c->request->http.conn    = c;
    c->request->http.loop    = c->server->loop;
    c->request->http.started = dd_loop_now(c->server->loop);
    c->state                 = DD_CONN_head; /* most heads come in one piece: no timer is moved for them */
}

static void stepped(dd_conn *c, dd_request_step step)
{
    dd_request *r = c->request;
    if (step == DD_REQUEST_DONE)
        deliver(c);
    else if (step == DD_REQUEST_BAD)
        dd_answer_refuse(c, r->status, r->why);
    else if (r->head_done)
        enter(c, DD_CONN_body);
}

/* Returns how many bytes were of use now: the rest belongs to requests to come. */
static size_t feed(dd_conn *c, dd_str in)
{
    size_t at    = 0;
    bool   fresh = c->state == DD_CONN_idle;
    while (at < in.len && c->state <= DD_CONN_body) {
        size_t used = 0;
        if (c->state == DD_CONN_idle)
            begin_request(c);
        stepped(c, dd_request_feed(c->request, dd_str_sub(in, at, in.len), &used));
        at += used;
        if (c->state == DD_CONN_body && c->request->expects_continue) {
            c->request->expects_continue = false;
            if (c->request->raw_bytes == 0) /* else the client did not wait */
                dd_answer_continue(c);
        }
    }
    if (fresh && c->state == DD_CONN_head)
        enter(c, DD_CONN_head);
    return c->refused || c->state == DD_CONN_linger ? in.len : at;
}

static ssize_t read_bytes(dd_conn *c, char *to, size_t n)
{
    ssize_t got;
    if (c->tls)
        return dd_tls_read(c->tls, to, n);
    do
        got = recv(c->io.fd, to, n, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

static void at_end(dd_conn *c)
{
    c->eof = true;
    if (c->state == DD_CONN_head || c->state == DD_CONN_body)
        dd_answer_refuse(c, 400, "the request ends before it is whole");
    else if (c->state != DD_CONN_answer || !c->ended) /* a client that closes its sending side has left, as for Go and nginx */
        c->broken = true;
}

/* One read; false: there is no more now. */
static bool read_once(dd_conn *c)
{
    size_t  room = DD_SCRATCH;
    char   *to = c->state == DD_CONN_body ? dd_request_direct(c->request, &room) : NULL;
    bool    direct = to != NULL;
    ssize_t n      = read_bytes(c, direct ? to : (to = c->server->scratch), room);
    if (n < 0) {
        c->broken |= errno != EAGAIN && errno != EWOULDBLOCK;
        return false;
    }
    if (n == 0) {
        at_end(c);
        return false;
    }
    if (direct)
        stepped(c, dd_request_took(c->request, (size_t)n));
    else {
        dd_str got  = { to, (size_t)n };
        size_t used = feed(c, got);
        dd_buf_add(&c->in, dd_str_sub(got, used, got.len));
    }
    return (size_t)n == room || (c->tls != NULL);
}

static bool may_read(const dd_conn *c)
{
    return !c->eof && !c->broken && (c->state != DD_CONN_answer || c->in.len - c->in_at < IN_MAX);
}

static void read_some(dd_conn *c)
{
    /* TLS: bytes that are decrypted already make no event, so they are always taken */
    for (int i = 0; may_read(c) && (i < READS_A_TURN || (c->tls && dd_tls_holds(c->tls))); i++)
        if (!read_once(c))
            return;
}

static void shake_hands(dd_conn *c)
{
    ssize_t rc = dd_tls_handshake(c->tls);
    if (rc == 1) {
        enter(c, DD_CONN_idle);
        c->broken |= c->server->draining;
    } else
        c->broken |= rc == 0 || errno != EAGAIN;
}

/* ---- a turn ---- */

static void watch(dd_conn *c)
{
    unsigned want = 0;
    if (may_read(c))
        want |= DD_IO_READ;
    else if (!c->eof)
        want |= DD_IO_END;         /* so much was sent ahead that it stays with the kernel; that the client leaves is seen all the same */
    if (c->blocked || (c->tls && dd_tls_wants_write(c->tls)))
        want |= DD_IO_WRITE;
    if (dd_loop_watch(c->server->loop, &c->io, want, NULL) != DD_OK)
        c->broken = true;
}

/* The answer is with the kernel: on to the next request, which may have come already. */
static void next_request(dd_conn *c)
{
    dd_server *s    = c->server;
    bool       more = c->keep && !c->cut && !s->draining;
    if (c->in_app && s->opts.app->sent)
        s->opts.app->sent(s->opts.ctx, &c->request->http);
    c->in_app = false;
    dd_request_free(c->request);
    c->request = NULL;
    if (!more) {
        close_gently(c);
        return;
    }
    enter(c, DD_CONN_idle);
    if (c->in.len > c->in_at)
        c->in_at += feed(c, (dd_str){ c->in.ptr + c->in_at, c->in.len - c->in_at });
    if (c->in.len == c->in_at) {
        dd_buf_free(&c->in);
        c->in_at = 0;
    } else if (c->in_at >= IN_MAX) {
        memmove(c->in.ptr, c->in.ptr + c->in_at, c->in.len - c->in_at);
        c->in.len -= c->in_at;
        c->in_at = 0;
    }
    if (c->eof && c->state != DD_CONN_answer)
        c->broken = true;
}

void dd_conn_turn(dd_conn *c)
{
    dd_server *s = c->server;
    do {
        if (!c->broken && !c->blocked && dd_conn_waiting(c) > 0)
            dd_conn_write(c);
        if (!c->broken && c->state == DD_CONN_answer && (c->ended || c->cut) && dd_conn_waiting(c) == 0)
            next_request(c);
    } while (!c->broken && !c->blocked && dd_conn_waiting(c) > 0);
    if (!c->broken && c->full && c->in_app && !c->ended && dd_conn_waiting(c) <= s->opts.high_bytes / 4) {
        c->full = false;
        if (s->opts.app->drained)
            s->opts.app->drained(s->opts.ctx, &c->request->http);
    }
    if (!c->broken)
        watch(c);
    if (c->broken)
        dd_conn_kill(c);
}

static void run_touched(void *arg)
{
    dd_server *s    = arg;
    dd_conn   *list = s->touched;
    s->touched      = NULL;
    s->run_pending  = false;
    dd_stage_enter(DD_STAGE_answer);
    while (list) {
        dd_conn *c = list;
        list       = c->next_touched;
        c->touched = false;
        if (c->state == DD_CONN_closed)
            free(c);
        else
            dd_conn_turn(c);
    }
    dd_stage_enter(DD_STAGE_loop);
    dd_server_called(s);
}

void dd_conn_touch(dd_conn *c)
{
    dd_server *s = c->server;
    if (c->touched)
        return;
    c->touched      = true;
    c->next_touched = s->touched;
    s->touched      = c;
    if (!s->run_pending) {
        s->run_pending = true;
        dd_server_later(s, run_touched);
    }
}

/* ---- events ---- */

static void on_ready(dd_io *io, unsigned events)
{
    dd_conn *c = io->owner;
    dd_stage_enter(DD_STAGE_parse);
    if (events & DD_IO_WRITE)
        c->blocked = false;
    if (c->state == DD_CONN_handshake)
        shake_hands(c);
    if (events & DD_IO_READ && c->state != DD_CONN_handshake)
        read_some(c);
    if (events & DD_IO_END)
        at_end(c);
    dd_conn_touch(c);
    dd_stage_enter(DD_STAGE_loop);
}

static void on_due(dd_timer *t)
{
    dd_conn *c = t->owner;
    if (c->deadline_ns == 0)
        return;
    if (now_ns(c) < c->deadline_ns) {
        dd_loop_timer(c->server->loop, t, c->deadline_ns);
        return;
    }
    c->deadline_ns = 0;
    if (c->state == DD_CONN_head || c->state == DD_CONN_body)
        dd_answer_refuse(c, 408, "the request did not arrive in time");
    else
        c->broken = true;
    dd_conn_touch(c);
}

void dd_conn_drain(dd_conn *c)
{
    if (c->state == DD_CONN_idle) {
        read_some(c);
        c->broken |= c->state == DD_CONN_idle;
    }
    dd_conn_touch(c);
}

void dd_conn_accept(dd_server *s, int fd)
{
    dd_conn *c = dd_calloc(1, sizeof *c);
    c->server  = s;
    c->io      = (dd_io){ .fd = fd, .ready = on_ready, .owner = c };
    c->timer   = (dd_timer){ .due = on_due, .owner = c };
    c->next    = s->conns;
    if (s->conns)
        s->conns->prev = c;
    s->conns = c;
    s->n_conns++;
    c->broken = s->tls != NULL && (c->tls = dd_tls_new(s->tls, fd)) == NULL;
    enter(c, c->tls ? DD_CONN_handshake : DD_CONN_idle);
    if (c->broken || dd_loop_watch(s->loop, &c->io, DD_IO_READ, NULL) != DD_OK)
        dd_conn_kill(c);
}
