/* route/trace.h - a request as a tree of spans with times and attributes, made of its event alone.
 *
 *   request                         [server span; the client's traceparent is its parent]
 *   |- auth
 *   |- ai_routing_decision          [R10.4's attributes]
 *   |- aside                        [a model that was asked how hard the request is: a client span, as an attempt's]
 *   |- cache                        [when one was asked]
 *   |- transform request            [what was made for upstream]
 *   |- attempt 1 .. n               [client spans with GenAI's attributes: model, tokens, cost, status]
 *   |- aside                        [among them, by their starts: a model that was asked whether an answer will do]
 *   `- transform answer
 *
 * `dd0c trace`, the inspector of `dd0c top` and the OTLP export show the same tree. Names and attributes follow OpenTelemetry's semantic conventions
 * for GenAI clients and HTTP servers, and ours begin with "dd0c."; ai.* are R10.4's. No word of a prompt, no key, no user's name. Pure; fills the
 * caller's struct, whose text is borrowed from the event and from `arena`. */
#ifndef DD_ROUTE_TRACE_H
#define DD_ROUTE_TRACE_H
#include "base/arena.h"
#include "route/event.h"

typedef enum { DD_SPAN_REQUEST, DD_SPAN_AUTH, DD_SPAN_DECISION, DD_SPAN_CACHE, DD_SPAN_PREPARE, DD_SPAN_ATTEMPT, DD_SPAN_ANSWER, DD_SPAN_ASIDE } dd_span_kind;
typedef enum { DD_ATTR_TEXT, DD_ATTR_INT, DD_ATTR_DOUBLE, DD_ATTR_BOOL, DD_ATTR_TEXTS /* an array with this one text */ } dd_attr_kind;
typedef struct {
    const char  *name;      /* "gen_ai.usage.input_tokens" */
    dd_attr_kind kind;
    dd_str       text;
    int64_t      number;    /* INT, BOOL */
    double       real;
} dd_attr;

typedef struct {
    dd_span_kind   kind;
    dd_str         name;            /* "chat gpt-4o-mini", "ai_routing_decision" */
    int            parent;          /* index; -1: the request's, whose parent is `parent_span` of the trace */
    uint64_t       id;              /* never 0 */
    int64_t        start_us, duration_us;   /* since the request's start; duration -1 not known */
    bool           client;          /* a call to somebody else */
    dd_str         error;           /* why it failed, as a word; "" it did not. A request's also when it was the caller's fault: for OTel a
                                     * server's span with a 4xx has no status of an error */
    const dd_attr *attrs;
    size_t         n_attrs;
} dd_span;

typedef struct {
    uint8_t        trace_id[16];
    uint64_t       parent_span;     /* 0: none */
    bool           sampled;
    int64_t        start_ns;        /* wall time of the request's start, since 1970 */
    const dd_span *spans;           /* parents before children, in the order of their starts */
    size_t         n_spans;
} dd_trace;

/* The operation of an endpoint ("chat.completions" is "chat") and the provider's name as the GenAI conventions have them; another is as it is. */
dd_str dd_trace_operation(dd_str endpoint);
dd_str dd_trace_provider(dd_str provider);

/* An event that names no trace gets the id that its own id gives, always the same one. */
void dd_trace_make(const dd_event *e, dd_arena *arena, dd_trace *out);

/* The ids that the proxy gives while a request is under way, and that dd_trace_make finds again. */
void     dd_trace_new_id(uint64_t seed_a, uint64_t seed_b, char out[33]);      /* of two numbers, the second random: 32 hex digits, not all 0 */
uint64_t dd_trace_span(int64_t event_id, unsigned attempt);                    /* attempt 0: the request's span; n: its n-th attempt's */

/* W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context/). False: not one; then it is as if there were none. */
typedef struct { char trace_id[33], parent_span[17]; bool sampled; } dd_traceparent;
bool dd_traceparent_read(dd_str header, dd_traceparent *out);
void dd_traceparent_write(const char trace_id[33], uint64_t span, bool sampled, char out[56]);
#endif
