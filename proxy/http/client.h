/* proxy/http/client.h - HTTP towards providers: libcurl's multi interface on our loop.
 *
 * One client a loop: connections are pooled and kept. Plain requests go by HTTP/2 where TLS offers it, streams by HTTP/1.1 unless asked otherwise
 * (libcurl 7.88 buffers a paused HTTP/2 stream without bound). Proxies come from the environment. Content codings of answers are decoded by libcurl. */
#ifndef DD_PROXY_HTTP_CLIENT_H
#define DD_PROXY_HTTP_CLIENT_H
#include "proxy/http/server.h"

typedef struct dd_client dd_client;
typedef struct dd_call   dd_call;

typedef enum {
    DD_CALL_OK,            /* the answer is whole */
    DD_CALL_CONNECT,       /* no connection: name, refused, TLS */
    DD_CALL_RESET,         /* connection lost, before or within the answer */
    DD_CALL_TIMEOUT_CONNECT, DD_CALL_TIMEOUT_FIRST, DD_CALL_TIMEOUT_IDLE, DD_CALL_TIMEOUT_TOTAL,
    DD_CALL_PROTOCOL,      /* what came is no HTTP, or cannot be decoded */
    DD_CALL_CANCELLED
} dd_call_end;
const char *dd_call_end_name(dd_call_end e);

typedef struct {
    const char      *method, *url;          /* copied */
    const dd_header *headers; size_t n_headers; /* copied; Host and Content-Length are libcurl's */
    dd_str           body;                  /* borrowed until `done` */
    int64_t connect_ms, first_ms, idle_ms, total_ms; /* 0: no limit. first: until the head is there, counted from the start; idle: between bytes */
    bool             stream;                /* HTTP/1.1 */
    bool             insecure;              /* tests: do not check the certificate */
    /* The head of the final answer (no 1xx). Header names in lower case, borrowed for the call. */
    void (*head)(void *ctx, int status, const dd_header *headers, size_t n);
    /* A piece of the body. false: take nothing now, it comes again after dd_call_resume. */
    bool (*data)(void *ctx, dd_str bytes);
    /* Last callback; the call is gone when it returns. `why` is a line for the log. Not called after dd_call_cancel. */
    void (*done)(void *ctx, dd_call_end end, const char *why);
    void *ctx;
} dd_call_opts;

dd_client *dd_client_new(dd_loop *l, size_t max_idle_conns, dd_err *err);
void       dd_client_free(dd_client *c);                 /* cancels what is open */
size_t     dd_client_most_calls(dd_client *c, bool again);   /* open at a time since the last `again` */
size_t     dd_client_open_calls(const dd_client *c);
/* The client owns the call. Never calls back before it returns. NULL: *err (a URL that is none). */
dd_call   *dd_client_start(dd_client *c, const dd_call_opts *opts, dd_err *err);
void       dd_call_resume(dd_call *call);                /* may call `data` again, later in this turn */
/* The connection is closed at once (HTTP/2: the stream). No callback follows. May be called from within head and data: the call's body must then live until the end
 * of the loop's turn. */
void       dd_call_cancel(dd_call *call);
#endif
