/* proxy/exchange.h - one request's life inside the proxy; for the files of proxy/ alone.
 *
 * One arena (the server's, h->arena), one struct, named states, one function that changes them. The parts: endpoints.c (what was asked for),
 * authenticate.c (who asks), prepare.c (what goes upstream), exchange.c (the states), heads.c (the answer's head), settle.c (what it cost and the event). */
#ifndef DD_PROXY_EXCHANGE_H
#define DD_PROXY_EXCHANGE_H
#include "proxy/gateway.h"
#include "proxy/guard.h"
#include "proxy/http/sse.h"
#include "proxy/splice.h"

#define EXCHANGE_STATES(X) \
    X(authenticate)        /* whether the caller may */ \
    X(await_head)          /* the call is made */ \
    X(collect)             /* an answer that must be whole before it can be priced or translated */ \
    X(relay)               /* bytes as they come */ \
    X(convert)             /* a stream, event by event, into another dialect */ \
    X(finished)
#define AS_ENUM(name) EX_##name,
typedef enum { EXCHANGE_STATES(AS_ENUM) EX_COUNT } exchange_state;
#undef AS_ENUM

typedef struct auth_wait auth_wait;
typedef struct worker {
    struct dd_gateway *gateway;
    dd_loop      *loop;
    dd_server    *server;
    dd_client    *client;
    dd_snapshot  *snapshot;       /* the newest; requests hold their own */
    unsigned      number;
    int64_t       last_ms;        /* for ids */
    unsigned      sequence, sequence_base, number_base;
    uint64_t      picks;          /* moves on with each request: which of a provider's keys */
    int64_t       clock_mono, clock_wall;   /* wall time in ms at a monotonic moment: no system call a request */
    auth_wait    *waits;          /* keys that are being checked for requests of this worker */
    dd_buf        out;            /* what a stream's event becomes, and ... */
    dd_arena      scratch;        /* ... what reading it needs: of one callback, so that streams that wait hold neither */
} worker;

typedef enum {
    EP_UNKNOWN, EP_HEALTH, EP_READY, EP_MODELS, EP_GENERATE /* a dialect */, EP_COUNT_TOKENS, EP_PASS /* /v1/... as it is */, EP_PROVIDER /* /p/<provider>/... */
} endpoint_kind;
typedef enum { WORK_OTHER, WORK_GENERATE, WORK_EMBED } endpoint_work;   /* what a path that is passed on makes the provider do */
typedef struct {
    endpoint_kind kind;
    endpoint_work work;       /* of EP_PASS and EP_PROVIDER */
    dd_dialect    dialect;
    dd_family     family;
    const char   *name;       /* the event's */
    dd_str        path;       /* below the version: "/chat/completions" */
    dd_str        provider;   /* of EP_PROVIDER */
} endpoint;

typedef struct exchange {
    worker        *w;
    dd_http       *h;
    dd_snapshot   *s;
    exchange_state state;
    endpoint       ep;
    int64_t        id;
    char           id_text[20];
    dd_caller      caller;
    auth_wait     *wait;
    bool           asked_twice;       /* the key was checked once and is still not known: not again */

    /* the request */
    dd_jspan       body;
    dd_str         model, user;       /* decoded */
    uint32_t       metadata;          /* the body's node; 0: none */
    bool           stream, asked_usage, ask_usage, wants_base64;   /* ask_usage: we asked for it, the client did not */
    dd_request     request;           /* only when translating */
    dd_drops       drops;
    dd_renames     names, ids;
    dd_api_error   error;
    dd_decision    decision;
    dd_provider   *provider;
    dd_dialect     to;                /* the dialect spoken upstream */
    dd_header     *up_headers; size_t n_up_headers;
    dd_str         up_key;            /* of the provider, among the headers; no answer shows it */
    dd_str         up_body;
    dd_call       *call;

    /* the answer */
    int            status;            /* the provider's */
    dd_header     *headers; size_t n_headers;
    bool           json, event_stream, held;   /* held: the client takes no more for now */
    int64_t        length;            /* content-length, -1 */
    dd_buf         collected;
    dd_sse         sse; bool sse_open;
    dd_stream_reader *reader;
    dd_stream_writer *writer;
    dd_usage_strip   *strip;
    dd_guard          guard;          /* of a relayed stream */
    dd_answer_facts   facts;

    /* what is known at the end */
    dd_usage_report usage;
    dd_usage_source usage_source;
    dd_stop         stop;
    dd_error_class  failure;
    dd_bill         bill;
    bool            recorded, disconnected;
    int64_t         call_at, head_at, first_at, last_at;   /* ns, monotonic; 0: not yet. first: first content */
    int64_t         auth_at;
} exchange;

/* endpoints.c */
endpoint endpoint_find(const dd_http *h);
void     endpoint_health(exchange *x, bool ready);
void     endpoint_models(exchange *x);
void     endpoint_count_tokens(exchange *x);        /* for providers that cannot: an estimate, flagged */

/* prepare.c: fills the upstream request; false: x->error */
bool     prepare_generate(exchange *x);
bool     prepare_pass(exchange *x);
bool     fail_request(exchange *x, int status, const char *type, const char *code, const char *param, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* settle.c */
void     settle_answer(exchange *x, const dd_jspan *answer);   /* usage and bill of a collected answer */
void     settle_record(exchange *x, int status);     /* the event, once */
dd_str   settle_redacted(exchange *x, dd_str text);  /* without keys: for what is kept, and for errors */
bool     settle_redact(void *x, dd_str text, dd_buf *out);   /* the same, appended; false: there are none */
void     settle_redact_error(exchange *x, dd_api_error *e);
dd_error_class settle_class(int status);
int64_t  settle_count_input(exchange *x);            /* tokens of the request's text, counted by us */

/* heads.c: the head of an answer. The list has room for all of the provider's headers and for ours; names are literals, a value without bytes is left out. */
typedef struct { dd_header *v; size_t n, room; } header_list;
header_list head_new(exchange *x);
void     head_add(header_list *l, const char *name, dd_str value);
void     head_cors(header_list *l, exchange *x);
void     head_money(header_list *l, exchange *x, const char *name, dd_pusd money);
void     head_ours(header_list *l, exchange *x);
void     head_theirs(header_list *l, exchange *x, bool same_body);   /* once a head */

/* authenticate.c: goes on with exchange_serve, or answers */
void     exchange_authenticate(exchange *x);
void     exchange_forget_wait(exchange *x);           /* the client left: the answer finds nobody */
void     exchange_forget_waits(worker *w);            /* nobody checks keys any more */

/* exchange.c */
void     exchange_serve(exchange *x);
void     exchange_request(void *ctx, dd_http *h);
void     exchange_gone(void *ctx, dd_http *h);
void     exchange_drained(void *ctx, dd_http *h);
dd_header exchange_refusal(void *ctx, dd_http *h, int status, const char *why, dd_buf *body);
void     exchange_reply(exchange *x, int status, const char *type, dd_str body, const dd_header *more, size_t n);   /* an answer of our own, and its end */
void     exchange_error(exchange *x);                 /* x->error as the answer */
int64_t  worker_wall_ms(worker *w);
#endif
