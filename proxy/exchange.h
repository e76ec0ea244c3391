/* proxy/exchange.h - one request's life inside the proxy; for the files of proxy/ alone.
 *
 * One arena (the server's, h->arena), one struct, named states, one function that changes them. The parts: endpoints.c (what was asked for),
 * authenticate.c (who asks), prepare.c (what goes upstream), weigh.c (facts and the plan), spend.c (limits and budgets), keep.c (answers kept),
 * attempt.c (the plan's steps), deliver.c (the answer), heads.c (its head), settle.c (what it cost and the event), describe.c (the decision, for the
 * event), exchange.c (the states). */
#ifndef DD_PROXY_EXCHANGE_H
#define DD_PROXY_EXCHANGE_H
#include "proxy/count.h"
#include "proxy/gateway.h"
#include "proxy/guard.h"
#include "proxy/http/sse.h"
#include "proxy/splice.h"
#include "route/plan.h"
#include "route/retry.h"
#include "route/trace.h"

#define EXCHANGE_STATES(X) \
    X(authenticate)        /* whether the caller may */ \
    X(await_answer)        /* an answer that was kept, or another request's, or another thread's */ \
    X(pause)               /* before another attempt */ \
    X(await_head)          /* the call is made */ \
    X(hold)                /* a stream whose first content is not there: another attempt may follow */ \
    X(collect)             /* an answer that must be whole before it can be priced or translated */ \
    X(relay)               /* bytes as they come */ \
    X(convert)             /* a stream, event by event, into another dialect */ \
    X(finished)
#define AS_ENUM(name) EX_##name,
typedef enum { EXCHANGE_STATES(AS_ENUM) EX_COUNT } exchange_state;
#undef AS_ENUM

typedef struct auth_wait auth_wait;
/* By which a request came in: the proxy's address, the socket of admins, or the address of metrics. */
typedef enum { DOOR_ADDRESS, DOOR_SOCKET, DOOR_METRICS, DOOR_COUNT } door;
typedef struct worker {
    struct dd_gateway *gateway;
    dd_loop      *loop;
    dd_server    *server;
    dd_server    *doors[DOOR_COUNT]; /* the first worker's, but for the address: NULL where there is none */
    _Atomic int64_t under_way;    /* requests that a client waits for; this thread writes it */
    dd_client    *client;
    dd_snapshot  *snapshot;       /* the newest; requests hold their own */
    unsigned      number;
    int64_t       last_ms;        /* for ids */
    unsigned      sequence, sequence_base, number_base;
    uint64_t      picks;          /* moves on with each request: which of a provider's keys */
    uint64_t      random[2];      /* of trace ids; moves on with each */
    int64_t       clock_mono, clock_wall;   /* wall time in ms at a monotonic moment: no system call a request */
    struct asking *asks;          /* questions that another thread answers */
    struct keep_wait *keep_waits; /* requests that wait for another's answer */
    dd_counts    *counts;         /* tokens of strings that came before */
    int64_t       class_at;       /* monotonic ns: from when on another request may be classified for its event alone */
    auth_wait    *waits;          /* keys that are being checked for requests of this worker */
    dd_buf        out;            /* what a stream's event becomes, and ... */
    dd_arena      scratch;        /* ... what reading it needs: of one callback, so that streams that wait hold neither */
} worker;

typedef enum {
    EP_UNKNOWN, EP_ASK /* answered by another thread */, EP_LIVE /* what this process does now */, EP_PROVIDERS /* their health */, EP_EXPLAIN /* a decision, not taken */, EP_HEALTH, EP_READY, EP_MODELS, EP_GENERATE /* a dialect */, EP_COUNT_TOKENS, EP_PASS /* /v1/... as it is */, EP_PROVIDER /* /p/<provider>/... */
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
    const char   *allow;      /* of EP_UNKNOWN: the method that there is at this path; NULL: there is nothing */
    const char   *ask;        /* of EP_ASK: dd_ask.what */
    bool          admin;      /* an admin's key is needed */
    bool          whole;      /* it is of all organisations: an admin's key of that whose process this is */
    bool          omni;       /* /v1/chat, /v1/agent-step: a chat request with wishes, answered in a shape of our own */
} endpoint;

enum { ACCOUNTS_MAX = 16 };   /* as the ledger (DD_LEDGER_ACCOUNTS) */
/* What a step failed with, kept for the end: when all fail the client gets the first one's (R1.4). */
typedef struct {
    int            status;            /* 0: no answer came */
    dd_header     *headers; size_t n_headers;
    dd_str         body;
    dd_dialect     to;
    dd_decision    decision;
    dd_provider   *provider;
    dd_str         up_key;
    dd_error_class failure;
    dd_api_error   error;
} failed_step;

typedef struct exchange {
    worker        *w;
    dd_http       *h;
    dd_snapshot   *s;
    exchange_state state;
    door           door;
    endpoint       ep;
    int64_t        id;
    char           id_text[20];
    dd_traceparent trace;
    bool           traced;            /* the client's, not one of our own */
    dd_caller      caller;
    auth_wait     *wait;
    bool           asked_twice;       /* the key was checked once and is still not known: not again */

    /* the request */
    dd_jspan       body;
    dd_str         model, user;       /* decoded */
    uint32_t       metadata;          /* the body's node; 0: none */
    bool           stream, asked_usage, ask_usage, wants_base64;   /* ask_usage: we asked for it, the client did not */
    dd_request    *request;           /* only when translating */
    dd_drops       drops;
    dd_renames     names, ids;
    dd_api_error   error;
    dd_facts       asked;             /* what rules may ask of it */
    const char    *wish;              /* of /v1/chat: a member that is not what it should be; NULL */
    dd_plan        plan;
    bool           only_local;        /* a budget is spent: nothing that costs is asked, no verifier either */
    dd_decision    decision;          /* the plan's step that is tried */
    dd_provider   *provider;
    dd_dialect     to;                /* the dialect spoken upstream */
    bool           up_stream;         /* a stream is asked for upstream: not for a cascade's answer that is checked first */
    dd_header     *up_headers; size_t n_up_headers;
    dd_str         up_key;            /* of the provider, among the headers; no answer shows it */
    dd_str         up_body;
    dd_call       *call;

    /* the attempts */
    size_t         step;              /* of the plan */
    size_t         prepared;          /* the step that up_body was made for, and 1; 0: none yet */
    int            tries;             /* at this step */
    dd_timer       timer;             /* a pause's end, or the step's own time */
    uint32_t       live, live_key, live_whole;   /* its slots (route/live.h): model, key, provider */
    bool           live_open;         /* begun there, not ended */
    uint64_t       tried_keys[4];     /* of the step's provider, a bit each */
    size_t         key_at;            /* among the provider's */
    DD_VEC(dd_attempt) attempts;      /* in the arena; those that ended */
    DD_VEC(dd_attempt) asides;        /* consult.c's calls, in the arena, too */
    failed_step   *first;             /* the primary's failure; NULL: none yet */
    failed_step   *rejected;          /* a cascade's last answer that was not good enough, but better than none; NULL: none */
    dd_pusd        rejected_cost;     /* of it, in `spent` */
    bool           rescued;           /* it is the answer after all */
    dd_pusd        spent;             /* on answers that were thrown away */
    bool           triggered;         /* a fallback was */
    void          *consultation;      /* a question to a model, under way (consult.c) */
    bool           verified;
    bool           ended;             /* the attempt under way was noted */
    bool           given;             /* what is at hand is the answer, good or not */

    /* money, limits, kept answers */
    dd_account    *accounts; size_t n_accounts;
    uint64_t       money;             /* what is set aside; 0: nothing */
    bool           settled;           /* money and limits have been */
    dd_reserved    reserved;
    dd_str         budget;            /* that refused, or was gone around: its name */
    struct limiting *limiting;        /* NULL: no limit applies */
    const char    *cache_word;        /* of x-dd0c-cache: "hit", "miss", "bypass"; NULL: no cache */
    struct keeping *keeping;          /* NULL: neither looked for nor kept */
    struct asking  *asking;           /* of EP_ASK */

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
    bool            called;           /* a stream had a tool's call */
    dd_error_class  failure;
    dd_bill         bill;
    bool            recorded, disconnected;
    int64_t         call_at, head_at, first_at, last_at;   /* ns, monotonic; 0: not yet. first: first content */
    int64_t         over_at;          /* the answer has gone; what follows is for the event alone */
    int64_t         asked_at, auth_at, decided_at, looked_at;   /* ns: it is asked who calls; that is known; the plan is made; no kept answer was found, or one was */
    int64_t         begun_at, prepare_ns;   /* what the attempt needs is being made; how long that took, of all attempts */
} exchange;

/* endpoints.c */
endpoint endpoint_find(const dd_http *h);
bool     endpoint_is_behind(const endpoint *ep, door d);
bool     endpoint_is_asked_of_us(const endpoint *ep);   /* for figures or health: no event, not under way */
void     endpoint_health(exchange *x, bool ready);
void     endpoint_models(exchange *x);
void     endpoint_count_tokens(exchange *x);        /* for providers that cannot: an estimate, flagged */

/* prepare.c: fills the upstream request; false: x->error */
bool     prepare_read(exchange *x);                  /* what the body says: once */
bool     prepare_step(exchange *x, bool whole);      /* for x->decision; whole: no stream, even if the client asked for one */
bool     prepare_pass(exchange *x);
dd_dialect prepare_dialect(const exchange *x, size_t provider);   /* what is spoken there */
bool     prepare_allows(const exchange *x, size_t provider, dd_str model);

/* weigh.c: facts of the request, and the plan; false: x->error */
void     weigh_facts(exchange *x);                   /* x->asked, once */
bool     weigh_plan(exchange *x);
bool     weigh_again(exchange *x, dd_str only_route, bool only_local);   /* a budget wants it otherwise */
void     weigh_class(exchange *x);                   /* for the event, when nothing asked before and there is time */
void     weigh_text(exchange *x, dd_buf *out);       /* the request's words */
bool     weigh_explain(exchange *x);                 /* the plan as the answer */

/* spend.c: limits and budgets; false: x->error */
bool     spend_limits(exchange *x);
bool     spend_reserve(exchange *x);
bool     spend_is_left(exchange *x);                 /* no budget that refuses is used up */
bool     spend_pass(exchange *x);                    /* what passes as it is cannot be priced: only whether something is left */
void     spend_settle(exchange *x);                  /* at the end; what comes after the first time does nothing */
size_t   spend_headers(exchange *x, dd_header *out); /* at most 6 */
dd_str   spend_spoke(exchange *x);                   /* the budget that warned, was gone around or refused; "" none */

/* keep.c: answers kept for equal requests */
bool     keep_find(exchange *x);                     /* true: it goes on, or is answered, without us */
void     keep_body(exchange *x, dd_str type, dd_str bytes);   /* what the client is given, piece by piece */
void     keep_end(exchange *x, int status, bool whole);
void     keep_gone(exchange *x);                     /* the client left */
void     keep_forget_waits(worker *w);

/* attempt.c */
void     attempt_start(exchange *x);                 /* the plan's first step; without a plan the one call */
/* What was tried failed: another attempt follows (true), or what is at hand is the answer: the first step's failure, put back into *x. */
bool     attempt_failed(exchange *x, const dd_failure *f);
void     attempt_fail_call(exchange *x, dd_call_end end, const char *why);   /* x->error and x->failure say so */
void     attempt_end(exchange *x, dd_error_class error);   /* the last one, for the event and what lives */
bool     attempt_may_follow(const exchange *x);      /* a failure would not be the end */
void     attempt_drop_call(exchange *x);
void     attempt_next(exchange *x);                  /* a checked answer is not good enough: the ladder's next step */
void     attempt_contented(exchange *x);             /* the first content is there: it has no time of its own any more */
dd_str   attempt_others(exchange *x);                /* x-dd0c-fallbacks: what failed before */
void     attempt_keep(exchange *x);                  /* what was just rejected, for when all that follow fail */
bool     attempt_rescue(exchange *x);                /* true: that answer is at hand again */
bool     attempt_is_checked(const exchange *x);      /* a cascade's step whose answer another would better */

/* check.c: true: the answer of a cascade's step is not good enough, and the next one is tried. span NULL: it is no JSON */
bool     check_rejects(exchange *x, const dd_jspan *span);
void     check_reject(exchange *x);                  /* it was paid for, and the ladder's next step is tried */
/* consult.c: a question to a model; true: `done` follows, with its words or none. The client may leave meanwhile: then nothing follows */
enum { CONSULT_TOKENS = 16 };                       /* of its answer */
typedef void consult_fn(exchange *x, dd_str said);
typedef struct { dd_str model; const char *instruction; dd_str text; int64_t timeout_ms; consult_fn *done; dd_call_purpose purpose; } consult_ask;
bool     consult_start(exchange *x, const consult_ask *ask);
bool     consult_may(const exchange *x, dd_str model, dd_decision *d);   /* whether this caller may have it asked */
void     consult_drop(exchange *x);
/* verify.c: true: another model is asked about the answer, and deliver_whole or check_reject follows */
bool     verify_start(exchange *x, dd_str answer);
bool     verify_class(exchange *x);                  /* true: a model is asked how hard the request is, and exchange_plan follows */
dd_pusd  verify_at_most(exchange *x);                /* what asking once may cost */

/* deliver.c */
void     deliver_head(void *ctx, int status, const dd_header *headers, size_t n);
bool     deliver_data(void *ctx, dd_str bytes);
void     deliver_whole(exchange *x);                 /* an answer that was collected */
void     deliver_held(exchange *x);                  /* a held stream is over */
void     deliver_failure(exchange *x);               /* x->first, or what is at hand */
void     deliver_stream_end(exchange *x, dd_call_end end, const char *why);
void     deliver_rest(exchange *x);
void     deliver_reset(exchange *x);                 /* forgets what came */

/* ask.c: answers of another thread, and those of the gateway itself */
void     ask_start(exchange *x);
void     ask_gone(exchange *x);
void     ask_forget_waits(worker *w);
void     endpoint_providers(exchange *x);
void     endpoint_live(exchange *x);                 /* live.c */
void     omni_reply(exchange *x, dd_str chat);       /* the answer of /v1/chat */
bool     fail_request(exchange *x, int status, const char *type, const char *code, const char *param, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* settle.c */
void     settle_answer(exchange *x, const dd_jspan *answer);   /* usage and bill of a collected answer */
const char *settle_strategy(const exchange *x);       /* of header and event */
dd_pusd  settle_premium(const exchange *x);           /* what the premium model would have cost */
void     settle_record(exchange *x, int status);     /* the event, once */
dd_str   settle_redacted(exchange *x, dd_str text);  /* without keys: for what is kept, and for errors */
bool     settle_redact(void *x, dd_str text, dd_buf *out);   /* the same, appended; false: there are none */
void     settle_redact_error(exchange *x, dd_api_error *e);
dd_error_class settle_class(int status);
int64_t  settle_count_input(exchange *x);            /* tokens of the request's text, counted by us */

/* describe.c */
void     describe_decision(exchange *x, dd_event *e);   /* what was decided, and why, into the event */
void     describe_trace(exchange *x, dd_event *e, int64_t now_ns);   /* its trace, and where its time went */
void     trace_begin(exchange *x);                     /* the client's trace, or a new one */

/* heads.c: the head of an answer. The list has room for all of the provider's headers and for ours; names are literals, a value without bytes is left out. */
typedef struct { dd_header *v; size_t n, room; } header_list;
header_list head_new(exchange *x, size_t more);      /* more: beside what head_ours, head_theirs and a few lines of the caller add */
header_list head_brief(exchange *x);                  /* the same in the worker's scratch: a stream may live for long, its head does not */
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
void     exchange_plan(exchange *x);                  /* read, within limits, classified if that is asked of a model */
void     exchange_go_on(exchange *x);                 /* planned, and no answer was kept */
void     exchange_move(exchange *x, exchange_state to);
void     exchange_finish(exchange *x, int status, bool whole);
dd_dialect exchange_dialect(const exchange *x);       /* whose shape an error has */
void     exchange_request(void *ctx, dd_http *h);
void     exchange_socket_request(void *ctx, dd_http *h);
void     exchange_metrics_request(void *ctx, dd_http *h);
void     exchange_gone(void *ctx, dd_http *h);
void     exchange_drained(void *ctx, dd_http *h);
dd_header exchange_refusal(void *ctx, dd_http *h, int status, const char *why, dd_buf *body);
void     exchange_reply(exchange *x, int status, const char *type, dd_str body, const dd_header *more, size_t n);   /* an answer of our own, and its end */
void     exchange_error(exchange *x);                 /* x->error as the answer */
int64_t  worker_wall_ms(worker *w);
#endif
