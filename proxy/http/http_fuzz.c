/* A request fed whole and in pieces is the same request, or the same refusal; what was refused reads nothing more. The first byte picks the
 * pieces. */
#include <stdlib.h>
#include <string.h>

#include "proxy/http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const dd_request_limits limits = { 2000, 12, 5000 };

typedef struct { dd_request_step step; size_t used; dd_request *r; } outcome;

static outcome feed(dd_str in, size_t piece)
{
    outcome o = { DD_REQUEST_MORE, 0, dd_request_new(&limits) };
    while (o.step == DD_REQUEST_MORE && o.used < in.len) {
        size_t used = 0, n = in.len - o.used < piece ? in.len - o.used : piece;
        char  *copy = dd_malloc(n); /* of just this size: reading past it is seen */
        memcpy(copy, in.ptr + o.used, n);
        o.step = dd_request_feed(o.r, (dd_str){ copy, n }, &used);
        free(copy);
        if (used > n || (o.step == DD_REQUEST_MORE && used != n))
            abort();
        o.used += used;
    }
    return o;
}

static void check(bool fine)
{
    if (!fine)
        abort();
}

static void same(const dd_http *a, const dd_http *b)
{
    check(dd_str_eq(a->method, b->method) && dd_str_eq(a->target, b->target) && dd_str_eq(a->body, b->body) && a->n_headers == b->n_headers);
    check(a->path.len > 0 && (a->path.ptr[0] == '/' || a->path.ptr[0] == '*') && a->body.len <= limits.body_bytes
        && a->received_bytes == b->received_bytes);
    for (size_t i = 0; i < a->n_headers; i++) {
        dd_header h = a->headers[i];
        check(dd_str_eq(h.name, b->headers[i].name) && dd_str_eq(h.value, b->headers[i].value));
        for (size_t k = 0; k < h.value.len; k++)
            check((unsigned char)h.value.ptr[k] >= ' ' || h.value.ptr[k] == '\t');
        check(h.name.len > 0 && !memchr(h.name.ptr, ' ', h.name.len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    dd_str  in = { (const char *)data + 1, size - 1 };
    outcome a = feed(in, SIZE_MAX), b = feed(in, (size_t)data[0] % 40 + 1);
    check(a.step == b.step);
    if (a.step == DD_REQUEST_BAD)
        check(a.r->status >= 400 && a.r->why && b.r->status >= 400); /* of two faults either may be named */
    if (a.step == DD_REQUEST_DONE) {
        check(a.used == b.used);
        same(&a.r->http, &b.r->http);
    }
    dd_request_free(a.r);
    dd_request_free(b.r);
    return 0;
}
