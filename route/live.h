/* route/live.h - what is known of providers, models and keys from the traffic of late: the registry's live half (RO.2).
 *
 * One table for the process, of fixed size, read and written by all workers without a lock; it outlives reloads. Slots are found by provider, model
 * and key (fingerprint, never the key). A full table answers DD_LIVE_NONE: then nothing is known, and all goes on. Sessions stick here too. Time comes
 * in (monotonic ms).
 * Source: docs/decisions/0020-resilience.json. */
#ifndef DD_ROUTE_LIVE_H
#define DD_ROUTE_LIVE_H
#include "route/breaker.h"

typedef struct dd_live dd_live;
dd_live *dd_live_new(size_t slots, size_t sessions);   /* 0: 2,048 and 16,384; caller owns. Pages that are not touched cost nothing */
void     dd_live_free(dd_live *l);

#define DD_LIVE_NONE UINT32_MAX
/* Provider alone (model ""), provider and model, provider and key (key not 0). Made when absent and `make`. */
uint32_t dd_live_slot(dd_live *l, dd_str provider, dd_str model, uint64_t key, bool make);

typedef struct {
    dd_breaker_state breaker;
    int64_t  requests, failures;     /* in the breaker's window */
    double   latency_ms, first_ms;   /* moving averages of good answers; < 0: none yet */
    double   error_rate;             /* moving; < 0: none yet */
    int64_t  under_way;
    int64_t  aside_until_ms;         /* a key set aside; 0: it is not */
    int64_t  total, total_failures, openings;
} dd_live_facts;
bool dd_live_look(const dd_live *l, uint32_t slot, const dd_breaker_rule *rule, int64_t now_ms, dd_live_facts *out);   /* false: NONE */
/* A call begins: false: the breaker holds it back (the caller goes elsewhere, or all the same when there is nowhere else: `force`). */
bool dd_live_begin(dd_live *l, uint32_t slot, const dd_breaker_rule *rule, bool force, int64_t now_ms);
/* It ended. failed: 429, 5xx, timeout, reset; other 4xx are no failures; cancelled calls count for nothing. True: the breaker changed. */
typedef enum { DD_LIVE_GOOD, DD_LIVE_FAILED, DD_LIVE_NEITHER } dd_live_outcome;
bool dd_live_end(dd_live *l, uint32_t slot, const dd_breaker_rule *rule, dd_live_outcome o, int64_t latency_us, int64_t first_us, int64_t now_ms);
/* A key that was refused (401, 402, 403: an hour; 429: Retry-After or a minute) is not used until then. */
void dd_live_aside(dd_live *l, uint32_t slot, int64_t until_ms);
/* What is known from elsewhere than requests: a health check. */
void dd_live_force(dd_live *l, uint32_t slot, bool open, int64_t now_ms);
bool dd_live_is_aside(const dd_live *l, uint32_t slot, int64_t now_ms);

/* Retries of the whole process against storms: `share` of the requests and `min` a second flow in. Going on to another step is no retry.
 * false: used up. */
void dd_live_request(dd_live *l, double share, double min, int64_t now_ms);
bool dd_live_retry(dd_live *l, double share, double min, int64_t now_ms);

/* Sessions: which model answered last, and how many tokens of prompt the provider will have kept. The newest win when the table is full. */
typedef struct { uint32_t target; int64_t cached_tokens; int64_t last_ms; } dd_live_session;   /* target: dd_live_slot of provider and model */
bool dd_live_session_find(const dd_live *l, uint64_t session, dd_live_session *out);
void dd_live_session_put(dd_live *l, uint64_t session, uint32_t target, int64_t cached_tokens, int64_t now_ms);
/* Slots in use, for /health/providers and `top`: name parts are copied at most 63 bytes each. */
typedef struct { char provider[64], model[128]; uint64_t key; } dd_live_name;
uint32_t dd_live_count(const dd_live *l);
bool     dd_live_at(const dd_live *l, uint32_t slot, dd_live_name *out);
#endif
