/* route/event.h - what is remembered of one request: never a word of its prompt.
 *
 * The plain type that the proxy fills, the store keeps and the views show. Text is borrowed for the call that hands it over. Numbers that are not known
 * are -1 (tokens, times) or DD_PUSD_UNKNOWN (money). Times are microseconds, monotonic differences; time_ms is wall time. Source of the fields: spec R3.6. */
#ifndef DD_ROUTE_EVENT_H
#define DD_ROUTE_EVENT_H
#include "route/cost.h"

/* What went wrong, as one word. The order is stored: append only. */
typedef enum {
    DD_EC_NONE, DD_EC_INVALID, DD_EC_AUTH, DD_EC_FORBIDDEN, DD_EC_NOT_FOUND, DD_EC_TOO_LARGE, DD_EC_RATE_LIMIT, DD_EC_BUDGET, DD_EC_CONTENT,
    DD_EC_CONTEXT, DD_EC_UPSTREAM, DD_EC_OVERLOADED, DD_EC_TIMEOUT, DD_EC_CONNECT, DD_EC_RESET, DD_EC_TRUNCATED, DD_EC_ABORTED, DD_EC_INTERNAL, DD_EC_COUNT
} dd_error_class;
const char *dd_error_class_name(dd_error_class c);   /* "rate_limit"; DD_EC_NONE is "none", what is not known "unknown" */
bool        dd_error_class_find(dd_str name, dd_error_class *out);

typedef enum { DD_USAGE_NONE, DD_USAGE_REPORTED, DD_USAGE_COUNTED } dd_usage_source;   /* counted: by us, because the provider said nothing */
const char *dd_usage_source_name(dd_usage_source s); /* "reported" */
bool        dd_usage_source_find(dd_str name, dd_usage_source *out);

typedef enum { DD_CALL_ANSWERS, DD_CALL_VERIFIES, DD_CALL_CLASSIFIES } dd_call_purpose;   /* stored: append only */
const char *dd_call_purpose_name(dd_call_purpose p);  /* "answer", "verify", "classify" */

typedef struct {               /* one try at one provider */
    dd_str         provider, model;
    int            status;     /* 0: no answer */
    dd_error_class error;
    int64_t        start_us;   /* since the request's start */
    int64_t        first_us, total_us;
    dd_usage       usage;      /* -1 each when not known */
    dd_pusd        cost;
    dd_call_purpose purpose;   /* of an attempt always DD_CALL_ANSWERS */
} dd_attempt;

typedef struct {
    int64_t         id;        /* time-ordered: milliseconds since 2020-01-01 << 21 | worker << 13 | sequence; the x-dd0c-request-id is its spelling */
    int64_t         time_ms;
    dd_str          org, key_id, user, feature, team, env;
    dd_str          tags;      /* the other X-DD0C-* headers and body metadata, as a JSON object; "" none */
    dd_str          task, strategy, route;
    dd_str          endpoint;  /* "chat.completions", "messages", "responses", "embeddings", ..., "passthrough" */
    dd_str          requested_model, used_model, provider;
    bool            stream, disconnected;
    int             status;    /* what the client got; 499 when it left first */
    dd_error_class  error;
    dd_usage        usage;     /* -1 each when not known */
    int64_t         reasoning_tokens;
    dd_usage_source usage_source;
    dd_pusd         cost_original, cost_actual, cost_saved;   /* by the requested model, by the used one, the difference */
    dd_day          prices;    /* the price table's day */
    int64_t         first_us, total_us, overhead_us, queue_us;
    int64_t         bytes_in, bytes_out;
    int             retries;
    dd_str          dropped;   /* what x-dd0c-dropped said */
    const dd_attempt *attempts; size_t n_attempts;
    const dd_attempt *asides;  size_t n_asides;   /* calls to models that were asked about the request, or whether an answer will do: no attempts, but paid */

    /* the decision */
    dd_str          complexity;    /* "low", "medium", "high"; "" not asked for */
    double          score;         /* 0..1, of that; < 0 not known */
    dd_str          considered;    /* models that were compared, with reasons: a JSON array (dd_plan_considered), whole, at most DD_EVENT_CONSIDERED bytes */
    bool            fallback;      /* a step behind the first choice was tried */
    dd_pusd         cost_premium;  /* what the configured premium model would have cost */
    dd_str          cache;         /* "hit", "miss", "bypass"; "" no cache */
    dd_str          budget;        /* that warned, was gone around or refused: its name */
    dd_str          session;       /* hash of the session's name, 16 hex digits; "" none */
    dd_str          call_site;     /* where in the client's source, as the client says */
    dd_str          prompt_hash;   /* SHA-256 of the first 500 characters of the system prompt, hex; "" none */
    dd_str          rules;         /* names of the rules before `route` that were tried and did not hold: a JSON array, at most DD_EVENT_RULES bytes; "" none */
    dd_str          finish_reason; /* "stop", "length", "tool_calls", "content_filter", "error"; "" not known */

    /* the trace (route/trace.h) */
    dd_str          trace_id;      /* 32 hex digits; "" none */
    dd_str          parent_span;   /* 16 hex digits: the client's span, of its traceparent; "" the request is the trace's root */
    bool            unsampled;     /* the client's traceparent says that nobody looks: not exported */
    int64_t         auth_us;       /* who calls */
    int64_t         decide_us;     /* reading the body, facts, rules, the plan */
    int64_t         cache_us;      /* looking for a kept answer, and waiting for another's */
    int64_t         prepare_us;    /* making what goes upstream, all attempts together */
    int64_t         answer_us;     /* from the provider's last byte to the end of the answer: usage, price, translation */
} dd_event;

enum { DD_EVENT_CONSIDERED = 2048, DD_EVENT_RULES = 512 };
#define DD_EVENT_EPOCH_MS INT64_C(1577836800000)
/* "req_" and 13 letters of Crockford's base 32: sorts as the id does. out[20]. */
void    dd_event_spell(int64_t id, char out[20]);
bool    dd_event_unspell(dd_str text, int64_t *id);

/* "2026-11-20T13:05:59.123Z". out[25]. */
void    dd_event_time(int64_t time_ms, char out[25]);
/* The event as one JSON object on one line, appended: what `dd0c tail --format json` prints (docs/store.md). Members are named as above; what is not
 * known, or empty, is null; money is an exact decimal of USD. */
void    dd_event_json(const dd_event *e, dd_buf *out);
#endif
