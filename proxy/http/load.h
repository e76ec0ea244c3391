/* proxy/http/load.h - a load generator: many connections that send one request again and again, and what the answers took.
 *
 * Plain HTTP/1.1 with keep-alive; each connection has one request open at a time. Closed loop: the next request follows the answer. Open loop: requests are due at a fixed rate, and
 * a late one counts from when it was due, so that a server that stalls is not flattered. Runs in the calling thread. */
#ifndef DD_PROXY_HTTP_LOAD_H
#define DD_PROXY_HTTP_LOAD_H
#include "base/err.h"
#include "base/str.h"

enum { DD_LOAD_DIGITS = 12 };
typedef struct {
    const char *host; int port;
    dd_str      request;       /* the bytes, head and body */
    size_t      vary;          /* where in it DD_LOAD_DIGITS digits stand that become the request's number: no two are equal; 0: all are */
    unsigned    connections;
    double      rate;          /* requests a second; 0: closed loop */
    int64_t     requests;      /* in all; 0: as many as the time holds */
    int64_t     duration_ms;   /* 0: no limit */
    int64_t     timeout_ms;    /* of one answer; 0: 15,000 */
} dd_load_opts;

typedef struct {
    int64_t  ok, not_2xx, failed;          /* failed: connection lost, no HTTP, late */
    int64_t  bytes, elapsed_ns;
    int64_t *total_ns, *first_ns;          /* of each good answer: its end; its first byte of body. On the heap, dd_load_fini */
    size_t   n, cap;
    int      status;                       /* the last that was not 2xx */
    int64_t  longest_gap_ns;               /* between two pieces of a body */
} dd_load_result;

dd_code dd_load_run(const dd_load_opts *opts, dd_load_result *out, dd_err *err);   /* adds to *out, which starts zeroed */
void    dd_load_fini(dd_load_result *r);
/* Linear between ranks, as spreadsheets do; sorts `v`. q in 0..1; 0 for none. */
double  dd_load_percentile(int64_t *v, size_t n, double q);
#endif
