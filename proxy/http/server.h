/* proxy/http/server.h - HTTP/1.1 towards clients: strict parsing, whole requests in, answers out in pieces.
 *
 * llhttp parses; what it leaves to its user is checked here (one Host, sizes, targets, control bytes, Transfer-Encoding beside
 * Content-Length). A request reaches the application when its body is whole and decoded (chunked, gzip, zstd), so nothing half sent
 * ever goes upstream. Pipelined requests are answered in order, one at a time. One server a loop; several listen on one port (SO_REUSEPORT).
 * Source of the rules: RFC 9110, RFC 9112; tests/data/http vectors. */
#ifndef DD_PROXY_HTTP_SERVER_H
#define DD_PROXY_HTTP_SERVER_H
#include "base/arena.h"
#include "base/err.h"
#include "proxy/http/loop.h"
#include "proxy/http/tls.h"

typedef struct { dd_str name, value; } dd_header;   /* names of requests in lower case */

typedef struct dd_conn   dd_conn;
typedef struct dd_server dd_server;

/* A request and its answer: one arena, from the first byte of the head to the last byte of the answer taken by the kernel. */
typedef struct dd_http {
    dd_conn   *conn;
    dd_loop   *loop;
    dd_arena  *arena;
    dd_str     method;             /* "POST" */
    dd_str     target, path, query;/* as sent; path without "?", query without it; absolute-form targets are reduced to origin-form */
    dd_header *headers;
    size_t     n_headers;
    dd_str     body;               /* whole, decoded; headers then has no content-encoding */
    int64_t    received_bytes;     /* as they came: head and encoded body */
    int64_t    sent_bytes;         /* of the answer, so far: head and body */
    dd_mono    started;            /* its first byte */
    dd_mono    ready;              /* its last byte */
    bool       head_sent;          /* dd_http_head was called */
    void      *app;                /* the application's own */
} dd_http;

/* What the application provides. `ctx` is dd_server_opts.ctx. */
typedef struct {
    /* The request is whole. The answer may be given now or later; exactly one of dd_http_end, dd_http_cut follows, unless `gone` was called. */
    void (*request)(void *ctx, dd_http *h);
    /* The client left before the answer's end, or before all of an ended answer was taken. Not after dd_http_cut. `h` is gone when this returns.
     * NULL when nothing is to be done. */
    void (*gone)(void *ctx, dd_http *h);
    /* What waited to be sent fell below the low mark after dd_http_data said true. */
    void (*drained)(void *ctx, dd_http *h);
    /* All of the answer was handed to the kernel; `h` is gone when this returns. NULL: not needed. */
    void (*sent)(void *ctx, dd_http *h);
    /* Answers that the server itself gives (400, 408, 413, 431 ...): appends a JSON body that fits the API's shape and returns a header to go with it (name empty: none). Of `h` only
     * what was read so far is there; path may be empty. NULL: no body. */
    dd_header (*refusal)(void *ctx, dd_http *h, int status, const char *why, dd_buf *body);
} dd_server_app;

typedef struct {
    const dd_server_app *app;
    void       *ctx;
    size_t      max_head_bytes;    /* 0: 64 KiB; request line and fields, else 431 (414 for the target) */
    size_t      max_fields;        /* 0: 200, else 431 */
    size_t      max_body_bytes;    /* 0: 64 MiB, else 413; also after decoding */
    int64_t     head_timeout_ms;   /* 0: 30,000: from the first byte to the end of the head, then 408 */
    int64_t     body_timeout_ms;   /* 0: 60,000 without a byte of the body, then 408 */
    int64_t     idle_timeout_ms;   /* 0: 75,000 between requests, then closed */
    int64_t     send_timeout_ms;   /* 0: 60,000 in which the client takes nothing, then cut */
    size_t      high_bytes;        /* 0: 256 KiB waiting to be sent: dd_http_data says true */
    size_t      max_conns;         /* 0: what descriptors allow */
    const char *tls_cert, *tls_key;/* PEM files; NULL: plain */
    bool        tls_12;            /* take TLS 1.2 too */
    const char *server_header;     /* NULL: none */
} dd_server_opts;

/* Listens on host:port ("127.0.0.1", "::1", "0.0.0.0"; port 0: any). Several servers (one a loop) may take the same port when the first one's
 * port is given to the others; a port of another program's is refused. With TLS the process must ignore SIGPIPE. Caller owns. */
dd_server *dd_server_new(dd_loop *l, const char *host, int port, const dd_server_opts *opts, dd_err *err);
/* Listens on a Unix socket: `path` is made with mode 0600 and removed again by drain or free, unless another took its place. DD_ERR_LIMIT: the path is too
 * long for one; DD_ERR_IO: it is there (whoever made it may live), or cannot be made. */
dd_server *dd_server_new_local(dd_loop *l, const char *path, const dd_server_opts *opts, dd_err *err);
/* Whether somebody listens on that socket. */
bool       dd_server_is_local(const char *path);
int        dd_server_port(const dd_server *s);        /* 0: local */
/* Connections to come are served with this one (taken); those that are open keep theirs. Not for a server that began without TLS. */
void       dd_server_tls(dd_server *s, dd_tls_ctx *c);
size_t     dd_server_conns(const dd_server *s);       /* any thread */
/* No new connections; idle ones close, busy ones after their answer. `done` (once) when none is left. */
void       dd_server_drain(dd_server *s, void (*done)(void *), void *arg);
void       dd_server_free(dd_server *s);               /* cuts what is left */

dd_str dd_http_header(const dd_http *h, const char *lower_name);  /* the first of that name, or empty with ptr NULL */

/* The answer. content_length -1: length not known (chunked; for HTTP/1.0 the connection ends it). Connection, Date, Transfer-Encoding and
 * Content-Length are the server's: headers of those names are left out. HEAD, 204 and 304 get no body whatever is given. */
void dd_http_head(dd_http *h, int status, const dd_header *headers, size_t n, int64_t content_length);
/* Copies. true: enough is waiting (high_bytes); hold back until `drained`. Sent at the end of the loop's turn, or at once with dd_http_flush. */
bool dd_http_data(dd_http *h, dd_str bytes);
void dd_http_flush(dd_http *h);
size_t dd_http_waiting(const dd_http *h);  /* bytes not yet taken by the kernel */
void dd_http_end(dd_http *h);              /* the answer is whole; `h` is the server's again */
/* the answer cannot be finished: the connection ends so that the client sees it is not whole; no callback follows */
void dd_http_cut(dd_http *h);
/* For servers that tests talk to. reset: as cut, but the client's kernel is told so (RST), and what waits is dropped. raw: these bytes instead of an
 * answer, or in the middle of one; dd_http_cut follows. */
void dd_http_reset(dd_http *h);
void dd_http_raw(dd_http *h, dd_str bytes);
/* One call for small answers: content-type, body, end. */
void dd_http_reply(dd_http *h, int status, const char *content_type, dd_str body);
#endif
