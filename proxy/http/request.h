/* proxy/http/request.h - one request out of bytes, in any pieces: no socket, no clock, so that a test can feed it.
 *
 * llhttp reads the head; what it took for a field is then checked against the bytes between the fields, so that nothing is read in two ways.
 * The body is collected, unchunked and decoded here. A refusal is final: status and reason, and the connection is of no more use. */
#ifndef DD_PROXY_HTTP_REQUEST_H
#define DD_PROXY_HTTP_REQUEST_H
#include <llhttp.h>

#include "proxy/http/decode.h"
#include "proxy/http/server.h"

typedef struct { size_t head_bytes, fields, body_bytes; } dd_request_limits;
typedef struct { uint32_t name, name_len, value, value_len; } dd_span; /* offsets from the head's first byte */
typedef DD_VEC(dd_span) dd_spans;

typedef enum { DD_REQUEST_MORE, DD_REQUEST_DONE, DD_REQUEST_BAD } dd_request_step;

typedef struct dd_request {
    dd_http                  http;         /* first: the application's pointer is ours */
    dd_arena                 arena;        /* holds this struct, too */
    const dd_request_limits *limits;
    /* the answer to a refusal */
    int                      status;
    const char              *why;
    /* the head */
    llhttp_t                 parser;
    dd_buf                   early;        /* of the head, when it came in pieces */
    const char              *chunk;        /* what llhttp is reading now ... */
    size_t                   chunk_at;     /* ... and its place in the head */
    uint32_t                 url, url_len;
    dd_spans                 spans;
    bool                     in_value, head_done;
    unsigned                 blank;        /* bytes of empty lines in front */
    /* framing */
    bool                     http_10, keep_alive, says_close, expects_continue, chunked, has_body;
    uint64_t                 left;         /* of a body with Content-Length */
    dd_chunks                chunks;
    dd_coding               *coding;
    bool                     coded_whole;
    uint64_t                 raw_bytes;    /* of the body, before decoding */
    dd_body                  body;
} dd_request;

dd_request     *dd_request_new(const dd_request_limits *limits);
void            dd_request_free(dd_request *r);
/* Takes bytes up to the request's end; *used says how many. `bytes` is not kept. */
dd_request_step dd_request_feed(dd_request *r, dd_str bytes, size_t *used);
/* Where the bytes of a long body may be put at once: *room of them at the pointer, then dd_request_took. NULL: by dd_request_feed. */
char           *dd_request_direct(dd_request *r, size_t *room);
dd_request_step dd_request_took(dd_request *r, size_t n);
#endif
