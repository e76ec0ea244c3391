/* route/breaker.h - the arithmetic of a circuit breaker (R2.4).
 *
 * Counts outcomes in a sliding window of slices; opens when more than error_rate of at least min_requests failed; after the cooldown lets single probes
 * through; `probes` good ones in a row close it, a bad one opens it again. Memory is the caller's and may be shared by threads: all is atomic, nothing
 * waits. A count may be off by the few requests that end as a slice turns. Time comes in. Source: docs/decisions/0020-resilience.json. */
#ifndef DD_ROUTE_BREAKER_H
#define DD_ROUTE_BREAKER_H
#include <stdatomic.h>
#include "route/policy.h"

typedef enum { DD_BREAKER_CLOSED, DD_BREAKER_OPEN, DD_BREAKER_HALF_OPEN } dd_breaker_state;
const char *dd_breaker_name(dd_breaker_state s);   /* "half_open" */

enum { DD_BREAKER_SLICES = 6 };
typedef struct {
    _Atomic int64_t slice[DD_BREAKER_SLICES];      /* slice number << 40 | failures << 20 | requests */
    _Atomic int64_t opened_ms;                     /* 0: closed */
    _Atomic int64_t probe_ms;                      /* when the probe under way began; 0: none */
    _Atomic int     good;                          /* probes that succeeded in a row */
    _Atomic int     openings;
} dd_breaker;                                      /* all 0: closed and empty */

dd_breaker_state dd_breaker_look(const dd_breaker *b, const dd_breaker_rule *rule, int64_t now_ms);   /* changes nothing */
/* Whether a request may go: closed yes, open no, half-open one at a time (this call takes the probe; one that never ends is given up after the
 * cooldown). */
bool dd_breaker_take(dd_breaker *b, const dd_breaker_rule *rule, int64_t now_ms);
/* How it ended. True: the state changed by this call. */
bool dd_breaker_note(dd_breaker *b, const dd_breaker_rule *rule, bool failed, int64_t now_ms);
void dd_breaker_window(const dd_breaker *b, const dd_breaker_rule *rule, int64_t now_ms, int64_t *requests, int64_t *failures);
void dd_breaker_force(dd_breaker *b, bool open, int64_t now_ms);
#endif
