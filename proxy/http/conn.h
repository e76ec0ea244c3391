/* proxy/http/conn.h - what server, connection and answer share; nobody else includes it.
 *
 * A connection is given back only at the top of a turn: in its own event, its timer, or when the turn's list of touched connections
 * is run. So nothing that an application calls can take a connection from under its feet. */
#ifndef DD_PROXY_HTTP_CONN_H
#define DD_PROXY_HTTP_CONN_H
#include <stdatomic.h>
#include <sys/socket.h>

#include "proxy/http/request.h"
#include "proxy/http/server.h"

#ifndef MSG_NOSIGNAL   /* where it is missing the process ignores SIGPIPE */
#define MSG_NOSIGNAL 0
#endif

#define DD_CONN_STATES(X) X(handshake) X(idle) X(head) X(body) X(answer) X(linger) X(closed)
#define DD_CONN_ENUM(name) DD_CONN_##name,
typedef enum { DD_CONN_STATES(DD_CONN_ENUM) DD_CONN_STATE_COUNT } dd_conn_state;

struct dd_conn {
    dd_io         io;
    dd_timer      timer;
    int64_t       deadline_ns;     /* 0: none. The timer may ring earlier and is then set again: most deadlines are never met */
    dd_server    *server;
    dd_conn      *next, *prev, *next_touched;
    dd_tls       *tls;             /* NULL: plain */
    dd_request   *request;
    dd_buf        in;              /* read, but not yet this request's */
    size_t        in_at;
    struct { char *ptr; size_t at, len, cap; } out; /* said, but not yet the kernel's */
    int64_t       body_left;       /* of an answer with Content-Length; -1: not known */
    uint8_t       state;           /* dd_conn_state */
    bool          touched, in_app; /* in_app: the application has the request */
    bool          ended, cut, broken, eof, blocked, full, refused;
    bool          chunked, no_body, keep, reset; /* of the answer; reset: only a reset says that it is not whole */
};

struct dd_server {
    dd_loop          *loop;
    dd_server_opts    opts;
    dd_request_limits limits;
    dd_io             listener;
    dd_timer          accept_again;
    int               port;
    struct { char *path; uint64_t device, inode; } local;   /* of a Unix socket; path NULL: none */
    dd_conn          *conns, *touched;
    atomic_size_t     n_conns;      /* read by other threads */
    bool              run_pending, draining, drained, dead;
    unsigned          calls;        /* put off with dd_server_later: the struct stays until they are done */
    void            (*done)(void *);
    void             *done_arg;
    dd_tls_ctx       *tls;
    char             *scratch;      /* what is read first comes here */
    char             *spare;        /* an output buffer that is in no use */
    char              date[30];     /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    int64_t           date_s;
};

enum { DD_SCRATCH = 64 << 10, DD_OUT_FIRST = 16 << 10 };

/* server.c */
void dd_server_forget(dd_server *s, dd_conn *c);    /* it is gone */
void dd_server_later(dd_server *s, void (*fn)(void *)); /* fn(s) at the end of the turn; its last words are dd_server_called */
void dd_server_called(dd_server *s);
const char *dd_server_date(dd_server *s);           /* 29 letters */

/* conn.c */
void dd_conn_accept(dd_server *s, int fd);
void dd_conn_touch(dd_conn *c);                     /* something is to be done before the turn ends */
void dd_conn_turn(dd_conn *c);                      /* does it; the connection may be gone after */
void dd_conn_kill(dd_conn *c);
void dd_conn_drain(dd_conn *c);                     /* no more requests than are here */
void dd_conn_deadline(dd_conn *c, int64_t in_ms);   /* from now */

/* answer.c */
void dd_answer_begin(dd_conn *c);
void dd_conn_write(dd_conn *c);                   /* as much as the kernel takes */
void dd_answer_refuse(dd_conn *c, int status, const char *why);
void dd_answer_continue(dd_conn *c);
static inline size_t dd_conn_waiting(const dd_conn *c) { return c->out.len - c->out.at; }
#endif
