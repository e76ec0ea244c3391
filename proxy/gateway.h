/* proxy/gateway.h - what a running proxy knows: a snapshot that is replaced whole, and the workers that serve by it.
 *
 * Every request holds on to the snapshot it began with; a reload hands the workers another one. What the proxy needs of other rooms comes in by hooks: who may call (keys), where
 * events go (store). No lock and no store on the way of a request. */
#ifndef DD_PROXY_GATEWAY_H
#define DD_PROXY_GATEWAY_H
#include <stdatomic.h>

#include "proxy/dialect/dialect.h"
#include "proxy/http/client.h"
#include "proxy/provider.h"
#include "route/budget.h"
#include "route/cached.h"
#include "route/event.h"
#include "route/flags.h"
#include "route/limit.h"
#include "route/live.h"
#include "route/meter.h"

typedef enum { DD_CACHE_BY_KEY, DD_CACHE_BY_ORG, DD_CACHE_BY_ALL } dd_cache_scope;   /* who may get an answer that was kept for another request */
typedef struct {
    bool           on;                           /* for requests whose route says nothing */
    int64_t        ttl_s;
    dd_cache_scope scope;
    int64_t        max_bytes, max_entry_bytes;   /* 0: as store/cache.h has them */
    int64_t        max_disk_bytes;               /* -1: memory alone */
} dd_cache_settings;
typedef struct {
    dd_str  model;                               /* "": the local one */
    int64_t timeout_ms;                          /* of the model that is asked; then the local one's word counts */
    double  low, high;                           /* complexity is low below one score, high from the other; both 0: as built in */
} dd_classifier_settings;
typedef struct { bool on; dd_str path; } dd_health_target;   /* path: behind the provider's base, "/models" */
typedef struct {
    int64_t interval_ms, timeout_ms;             /* interval 0: nobody is asked */
    const dd_health_target *providers;           /* as in the policy; NULL: none */
} dd_health_settings;

typedef struct dd_snapshot {
    atomic_int     refs;
    dd_arena       arena;          /* of all text below */
    dd_policy      policy;
    dd_provider   *providers;      /* as in the policy */
    dd_prices     *prices;         /* owned */
    dd_unsupported unsupported;
    const dd_str  *cors_origins; size_t n_cors;
    int64_t        body_max;       /* of an answer that is kept to be priced or translated, bytes */
    dd_budgets     budgets;
    dd_limit_rules limits;
    dd_flags       flags;
    dd_cache_settings      cache;
    dd_classifier_settings classifier;
    dd_health_settings     health;
} dd_snapshot;
dd_snapshot *dd_snapshot_new(void);              /* refs 1 */
dd_snapshot *dd_snapshot_hold(dd_snapshot *s);
void         dd_snapshot_drop(dd_snapshot *s);   /* wipes keys when the last one goes */

/* Who calls. Text is borrowed until the request ends. */
typedef struct {
    dd_str        org, key_id, user, team, feature, env;
    dd_str        tags;                          /* a JSON object; "" none */
    const dd_str *models; size_t n_models;       /* as dd_policy_allows has them */
    bool          open;                          /* nobody needs a key: the client's own may go on to the provider it was meant for */
    bool          may_generate, may_embed, may_pass, admin;
    bool          own;                           /* of the organisation whose process this is */
    bool          operates;                      /* an admin of the organisation whose process this is: sees what is of all of them (R4.8) */
} dd_caller;
typedef enum { DD_CALLER_OK, DD_CALLER_INVALID, DD_CALLER_EXPIRED, DD_CALLER_BUSY, DD_CALLER_PENDING } dd_caller_verdict;

/* What was found when money was to be set aside: which account had no room (SIZE_MAX: none) and its sums, or the largest used share of all. */
typedef struct { size_t refused; dd_pusd spent, reserved, limit; double used; } dd_reserved;

typedef struct {
    const char *what;
    dd_str path, query, body, org, key_id;
    bool   admin;
    bool   open_metrics;            /* of "metrics": the client takes OpenMetrics */
    struct dd_gateway *gateway;     /* that was asked */
} dd_ask;

/* What others of the process say of themselves, for /admin/live: events on their way to the store, kept answers, and each way out of the process. */
typedef struct { const char *name; int64_t sent, dropped, failed, queued; bool up; } dd_way_out;
typedef struct {
    struct { bool on; int64_t queued, dropped, spooled, written, spool_bytes; bool up; } events;
    struct { bool on; int64_t entries, bytes, stored, evicted, lost; } cache;   /* in memory; lost: the disk was too slow for them */
    dd_way_out ways[4];
    size_t     n_ways;
} dd_told;

typedef struct {
    void *ctx;
    /* open: nobody needs a key (loopback, none configured). */
    bool (*open)(void *ctx);
    /* PENDING: `done` will be called, from any thread, once, with an answer that now is no longer PENDING when asked again. */
    dd_caller_verdict (*check)(void *ctx, dd_str key, dd_caller *out, dd_arena *arena, void (*done)(void *arg), void *arg);
    bool (*record)(void *ctx, const dd_event *e);            /* never blocks */
    void (*log)(void *ctx, int level, const char *line);     /* 0 error, 1 warning, 2 info, 3 debug; redacted by the receiver */
    bool (*store_ok)(void *ctx);                             /* for /ready */
    void (*tell)(void *ctx, dd_told *out);                   /* into a struct that is all 0; never waits. NULL: nothing is known */

    /* Budgets (store/ledger.h). NULL: nothing is guarded. A hold of 0 is none; each other one ends with settle, whose `actual` 0 gives all of it back. */
    bool   (*reserve)(void *ctx, const dd_account *v, size_t n, dd_pusd amount, uint64_t *hold, dd_reserved *out);
    void   (*settle)(void *ctx, uint64_t hold, const dd_account *v, size_t n, dd_pusd actual);
    double (*used)(void *ctx, const dd_account *v, size_t n);       /* the largest used share of these accounts */

    /* Answers kept for equal requests (store/cache.h, route/cached.h). NULL: none are. */
    dd_cache_key     (*cache_hash)(void *ctx, const dd_str *parts, size_t n);
    dd_cache_verdict (*cache_find)(void *ctx, const dd_cache_key *key, int64_t now_s, dd_arena *arena, dd_cached *out, dd_cache_done *done, void *arg);
    bool (*cache_forget)(void *ctx, const dd_cache_key *key, void *arg);   /* true: `done` will not be called */
    void (*cache_put)(void *ctx, const dd_cache_key *key, const dd_cached *answer);
    void (*cache_give_up)(void *ctx, const dd_cache_key *key);

    /* Questions whose answer may take a while: "usage", "cache/invalidate", "budgets", "panic" ... `done` is called once, from any thread, with the
     * answer as JSON, borrowed for the call; text in `ask` is borrowed until then. NULL: nobody answers. */
    void (*ask)(void *ctx, const dd_ask *ask, void (*done)(void *arg, int status, dd_str json), void *arg);
} dd_hooks;   /* "metrics" answers with text */

typedef struct {
    const char *host;
    int         port;              /* 0: any */
    unsigned    workers;           /* 0: one a core */
    int64_t     max_body;          /* 0: 64 MiB */
    const char *tls_cert, *tls_key;
    bool        trace;             /* state changes go to the log */
    bool        stages;            /* each worker says at its end where its time went (proxy/http/stage.h) */
    bool        panic;             /* from the first request on */
    bool        propagate;         /* traceparent goes to providers with all requests, not only with those that came with one */
    bool        tls_12, pass_client_keys;   /* pass: open mode on loopback, towards providers that have no key here */
    int64_t     drain_ms;
    dd_hooks    hooks;
    const char *version;
    const dd_meter *meter;         /* what hooks.record counts in; borrowed; NULL: GET /admin/live has no sums */
    const char *socket;            /* a Unix socket whose callers are admins, for admins' questions alone; NULL: none. One that cannot be made is told and done without */
    const char *metrics_host;      /* where GET /metrics needs no key; NULL: nowhere */
    int         metrics_port;      /* 0: any */
} dd_gateway_opts;

typedef struct dd_gateway dd_gateway;
const dd_hooks         *dd_gateway_hooks(const dd_gateway *g);
const dd_gateway_opts  *dd_gateway_options(const dd_gateway *g);
/* Listens and starts its threads. Takes the snapshot. Caller owns; NULL: *err. */
dd_gateway *dd_gateway_start(const dd_gateway_opts *opts, dd_snapshot *first, dd_err *err);
int         dd_gateway_port(const dd_gateway *g);
int         dd_gateway_metrics_port(const dd_gateway *g);   /* 0: none */
/* Requests that clients wait for, and connections, now. Any thread. */
typedef struct { int64_t under_way, connections; } dd_gateway_load;
dd_gateway_load dd_gateway_loaded(const dd_gateway *g);
typedef struct { int64_t wall_ms, mono_ns; } dd_moments;
dd_moments dd_gateway_started(const dd_gateway *g);
struct dd_minute;
struct dd_minute *dd_gateway_minute(dd_gateway *g);         /* for proxy/live.c */
void        dd_gateway_reload(dd_gateway *g, dd_snapshot *next);   /* takes it; returns when all workers serve by it. One thread at a time */
/* What is known of providers, models and keys of late: the process's, for health pages; never NULL. */
dd_live    *dd_gateway_live(dd_gateway *g);
dd_limits  *dd_gateway_limits(dd_gateway *g);
/* Panic (R10.5): from now on no failover, panic.provider overrides. Any thread. */
void        dd_gateway_panic(dd_gateway *g, bool on);
/* The provider of it, in place of the snapshot's; "": that one. Borrowed until the gateway is freed. */
void        dd_gateway_panic_to(dd_gateway *g, const char *provider);
const char *dd_gateway_panic_provider(const dd_gateway *g);
bool        dd_gateway_panicking(const dd_gateway *g);
/* Certificate and key for connections to come. *err: the files are no good, and those of before stay. Only where there was TLS at the start; as above, one thread at a time. */
dd_code     dd_gateway_tls(dd_gateway *g, const char *cert, const char *key, bool tls_12, dd_err *err);
void        dd_gateway_drain(dd_gateway *g);                       /* no new connections; open requests end or drain_ms passes; returns then */
/* Its threads end: no hook is called from here on but those that record what dd_gateway_free cuts. What answers hooks.check may end between the two. */
void        dd_gateway_stop(dd_gateway *g);
void        dd_gateway_free(dd_gateway *g);                        /* stops; NULL is fine */
#endif
