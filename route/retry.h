/* route/retry.h - after an attempt failed: again, on to the next step, or give the client the answer (R2.3, RC.7).
 *
 * Pure. Nothing is retried after the first content byte: the caller does not ask then. Source: docs/decisions/0020-resilience.json. */
#ifndef DD_ROUTE_RETRY_H
#define DD_ROUTE_RETRY_H
#include "route/event.h"
#include "route/policy.h"

typedef enum {
    DD_NEXT_ANSWER, DD_NEXT_RETRY /* the same step after wait_ms */, DD_NEXT_KEY /* the same step at once with another key */, DD_NEXT_STEP
} dd_next;
typedef struct {
    dd_error_class error;
    int            status;              /* of the provider; 0 none */
    int64_t        retry_after_ms;      /* as the provider said (retry-after-ms, retry-after); -1 */
} dd_failure;
typedef struct {
    int      tries_here;                /* attempts at this step so far, this one among them */
    int      retries;                   /* of the step; -1: the policy's attempts - 1 */
    bool     more_steps, more_keys;     /* there is another step; another key that is not aside */
    unsigned fallback_on;
    bool     within_budget;             /* the process may retry (dd_live_retry) */
    int64_t  left_ms;                   /* of the request's whole time; waiting longer is pointless */
    uint64_t random;                    /* of the jitter */
} dd_attempts;
typedef struct { dd_next next; int64_t wait_ms; } dd_retry_step;
dd_retry_step dd_retry_next(const dd_retry *rule, const dd_failure *f, const dd_attempts *a);
/* Which DD_ON_ bit a failure is; 0: none (a client's own mistake). */
unsigned dd_failure_on(const dd_failure *f);
/* Full jitter: between half and all of backoff * 2^(n-1), at most the maximum. n counts from 1. */
int64_t  dd_backoff(const dd_retry *rule, int n, uint64_t random);
/* "2", "0.5", an HTTP date against now_s; -1: none of these. */
int64_t  dd_retry_after(dd_str retry_after_ms, dd_str retry_after, int64_t now_s);
#endif
