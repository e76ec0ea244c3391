/* proxy/mock.h - a provider to test against: OpenAI's and Anthropic's endpoints with answers that depend on the request alone.
 *
 * Knows no model: any name is served. The same request gets the same bytes, ids and times included. Faults come by the request header
 * x-mock-fault, behind a "!" in the model's name, or by schedule. */
#ifndef DD_PROXY_MOCK_H
#define DD_PROXY_MOCK_H
#include <stdatomic.h>

#include "proxy/http/server.h"

typedef struct { int64_t low_us, high_us; } dd_mock_delay;   /* evenly between; both 0: none */
/* "50ms", "1.5s", "200us", "20ms..80ms". */
bool dd_mock_delay_parse(dd_str text, dd_mock_delay *out);

/* What goes wrong with one answer. */
typedef struct {
    int           status;         /* 0: no fault of this kind */
    char          retry_after[16], retry_after_ms[16];
    bool          reset, stall, truncate, malformed, garbage, no_done, no_usage;
    int           reset_after, stall_after, error_after;  /* events of a stream; -1: not */
    int64_t       drip_us;        /* between single bytes of the body; 0: not */
    bool          has_latency, has_chunk_delay;
    dd_mock_delay latency, chunk_delay;
    int64_t       tokens;         /* -1: not said */
} dd_mock_fault;
/* "status=429;retry-after=1", "reset-after=3", "drip=5ms" (docs: man dd0c-mock). An empty text is no fault. */
dd_code dd_mock_fault_parse(dd_str text, dd_mock_fault *out, dd_err *err);

typedef struct { double percent; dd_mock_fault fault; atomic_uint_fast64_t seen; } dd_mock_schedule;
/* "10%:status=503" or a fault for every request. */
dd_code dd_mock_schedule_parse(dd_str text, dd_mock_schedule *out, dd_err *err);

/* What the workers of one mock have in common. */
typedef struct {
    dd_mock_delay     latency, ttft, chunk_delay;
    int64_t           tokens;     /* of an answer; 0: 16 */
    bool              fixed;      /* one answer to every POST; bodies are not looked at */
    bool              record;     /* each request as a line of JSON to `out` */
    FILE             *out;
    dd_mock_schedule *schedules; size_t n_schedules;
    const char       *tls_cert, *tls_key;
    /* the mock's */
    struct dd_mock   *workers[64];
    atomic_size_t     n_workers;
    atomic_uint_fast64_t requests, aborted, faults;
} dd_mock_shared;

typedef struct dd_mock dd_mock;
/* one a loop; caller owns; shared outlives it */
dd_mock   *dd_mock_new(dd_loop *l, const char *host, int port, dd_mock_shared *shared, dd_err *err);
dd_server *dd_mock_server(dd_mock *m);
void       dd_mock_free(dd_mock *m);
#endif
