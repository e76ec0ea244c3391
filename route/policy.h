/* route/policy.h - what the configuration says of routing: providers, names, routes, chains; and which provider serves a name.
 *
 * A policy is a snapshot: read by all workers, changed by nobody, replaced whole. All here is pure: no I/O, no clock. Providers are known here by name, by who
 * bills for them and by which models they serve; how to reach them is the proxy's. Names of models resolve in this order: alias, provider/model, owner in the price
 * table among the configured providers, the only provider. What a request gets by routes, chains and live state is route/plan.h's.
 * Source: docs/decisions/0016-proxy.json, 0019-routes.json. */
#ifndef DD_ROUTE_POLICY_H
#define DD_ROUTE_POLICY_H
#include "base/map.h"
#include "pricing-cache/prices.h"
#include "route/cost.h"

typedef enum { DD_FAMILY_OPENAI, DD_FAMILY_ANTHROPIC, DD_FAMILY_COUNT } dd_family;   /* whose API a provider speaks */

typedef struct {
    dd_str        name;       /* "openai", "local": as the configuration calls it */
    dd_str        billed_as;  /* provider of the price table; "": not in it */
    dd_family     family;
    bool          free;       /* costs nothing */
    bool          local;      /* on this machine: what `on_exceed: local` may use */
    const dd_str *models;     /* globs (* only) of all it serves; n 0: any */
    size_t        n_models;
} dd_policy_provider;

/* How a choice is made among the models of a route, or of an alias. The order is stored: append only. */
typedef enum {
    DD_STRATEGY_PASSTHROUGH,  /* the requested model, or the first of `from` that can */
    DD_STRATEGY_CHEAPEST,     /* by the expected cost of this very request */
    DD_STRATEGY_QUALITY,      /* quality-first: the best that public evidence knows */
    DD_STRATEGY_CASCADE,      /* cascading: cheapest first; on to the next when the answer fails a check */
    DD_STRATEGY_SCORE,        /* w_cost (1 - cost) + w_latency (1 - latency) + w_task task_match */
    DD_STRATEGY_WEIGHTED,     /* by weight */
    DD_STRATEGY_LATENCY,      /* the quickest of late */
    DD_STRATEGY_COMPLEXITY,   /* by the classifier's score: `from` is in order of strength, cheapest first, with a threshold each */
    DD_STRATEGY_COUNT
} dd_strategy;
const char *dd_strategy_name(dd_strategy s);                /* "quality-first" */
bool        dd_strategy_find(dd_str name, dd_strategy *out);

/* What makes a request go on to the next step. Bits. */
enum {
    DD_ON_RATE_LIMIT = 1 /* 429 */, DD_ON_SERVER = 2 /* 5xx, 529 */, DD_ON_TIMEOUT = 4, DD_ON_CONNECT = 8 /* not reached, reset */,
    DD_ON_CONTEXT = 16 /* too long for the model: on to one that takes more */, DD_ON_CONTENT = 32 /* refused by a content filter */,
    DD_ON_AUTH = 64 /* 401, 402, 403 of the provider's key */, DD_ON_BAD_ANSWER = 128 /* 200 and no answer */, DD_ON_NOT_FOUND = 256 /* the model is not there */,
    DD_ON_USUAL = DD_ON_RATE_LIMIT | DD_ON_SERVER | DD_ON_TIMEOUT | DD_ON_CONNECT | DD_ON_CONTEXT | DD_ON_AUTH | DD_ON_BAD_ANSWER | DD_ON_NOT_FOUND
};
/* "429", "5xx", "timeout", "reset", "context", "content_policy", "auth", ... a status as it is. *bits: its own. */
bool dd_on_find(dd_str name, unsigned *bits);

/* What an answer of a cascade must not be. Bits. */
enum { DD_CHECK_EMPTY = 1, DD_CHECK_TRUNCATED = 2, DD_CHECK_REFUSAL = 4, DD_CHECK_JSON = 8, DD_CHECK_TOOL = 16, DD_CHECK_VERIFIER = 32,
       DD_CHECK_USUAL = DD_CHECK_EMPTY | DD_CHECK_TRUNCATED | DD_CHECK_REFUSAL | DD_CHECK_JSON | DD_CHECK_TOOL };
const char *dd_on_name(unsigned bit);                       /* "429", of one bit: a word that dd_on_find knows */
const char *dd_check_name(unsigned bit);
bool dd_check_find(dd_str name, unsigned *bits);            /* "empty", "truncated", "refusal", "invalid_json", "tool_error", "verifier" */

typedef struct {
    dd_str  model;            /* provider/model, an alias, a bare name; or "provider/" alone: its nearest equal of the requested model */
    int64_t weight;           /* of a weighted choice; 1 */
    int64_t timeout_ms;       /* until its first content; -1: as the provider's */
    int     retries;          /* at this step; -1: as `retry:` says */
    double  threshold;        /* DD_STRATEGY_COMPLEXITY: taken while score <= this; < 0: none */
} dd_route_step;

typedef struct { dd_str name; const dd_route_step *targets; size_t n; unsigned fallback_on; dd_strategy strategy; } dd_policy_alias;

typedef enum { DD_STICKY_NONE, DD_STICKY_SESSION, DD_STICKY_USER } dd_sticky_by;

struct dd_cel;
typedef struct dd_route {
    dd_str               name;
    dd_str               when;        /* as written; "" always */
    const struct dd_cel *test;        /* NULL: always */
    dd_strategy          strategy;
    const dd_route_step *from; size_t n_from;           /* n 0: the requested model; with cheapest, score: all models of the registry that are its equals */
    const dd_route_step *fallback; size_t n_fallback;   /* n 0: the policy's */
    bool                 no_fallback;                   /* not even the policy's */
    unsigned             fallback_on, checks;
    dd_str               verifier;    /* model that answers whether an answer is good; "" none */
    dd_sticky_by         sticky;
    double               w_cost, w_latency, w_task;     /* < 0: as the policy's */
    double               min_quality; /* 0..1 of the requested model's; 0: none */
    dd_str               flag;        /* a flag (route/flags.h) that must be on; "" none */
    int                  cache;       /* -1: as the policy's, 0 off, 1 on */
    int                  line;        /* of the configuration, 0 not known */
} dd_route;

typedef struct {
    int      attempts;                /* at one step, the first among them; 1: no retry (R1.4) */
    int64_t  backoff_ms, backoff_max_ms;
    bool     respect_retry_after;
    int64_t  retry_after_max_ms;      /* longer than this: on to the next step instead of waiting */
    double   budget;                  /* retries and fallbacks may be this share of requests (0.2), with `budget_min` a second on top */
    double   budget_min;
    unsigned on;                      /* DD_ON_... that is retried at the same step */
} dd_retry;

typedef struct {
    double  error_rate;               /* 0.10; > 1: never opens */
    int64_t window_ms, cooldown_ms;
    int64_t min_requests;
    int     probes;                   /* good ones in a row that close it; 1 */
} dd_breaker_rule;

typedef struct {
    const dd_policy_provider *providers; size_t n_providers;   /* in order of preference */
    const dd_policy_alias    *aliases;   size_t n_aliases;
    const dd_policy_alias    *dev;       size_t n_dev;         /* development mode: name asked for -> local model (one target) */
    bool                      dev_mode;                        /* everything goes to provider 0 */
    dd_str                    dev_model;                       /* for names without an entry in `dev` */
    bool                      refuse_unpriced;
    const dd_route           *routes;    size_t n_routes;
    const dd_route_step      *fallback;  size_t n_fallback;
    unsigned                  fallback_on;
    dd_retry                  retry;
    dd_breaker_rule           breaker;
    double                    w_cost, w_latency, w_task;       /* of DD_STRATEGY_SCORE */
    dd_str                    premium;                         /* baseline of savings_estimate; "" none: the strongest known */
    dd_str                    role_cheap, role_reasoning, role_coding, role_fallback;   /* "" none */
    const dd_route_step      *registry;  size_t n_registry;    /* models that /v1/chat and open routes choose among; n 0: all priced ones of the providers */
    bool                      panic;                           /* frozen rules, no failover */
    dd_str                    panic_provider;                  /* overrides if set */
    int                       tz_minutes;                      /* of `hour` and `weekday`: east of UTC, when the policy was made */
    const struct dd_zone     *zone;                            /* the same over the year (route/budget.h: dd_zone_offset); NULL: tz_minutes */
    const struct dd_plan_index *index;                         /* dd_policy_index (route/plan.h): what names mean, looked up once; NULL: at each request */
} dd_policy;
/* What holds where nothing is said: retry.attempts 1, breaker 10% of 20 in 60 s with 30 s pause, weights 0.4/0.3/0.3, fallback_on DD_ON_USUAL. Clears the rest. */
void dd_policy_defaults(dd_policy *p);

typedef enum { DD_DECIDED, DD_DECIDED_NO_MODEL, DD_DECIDED_NO_PROVIDER, DD_DECIDED_UNPRICED, DD_DECIDED_TOO_DEAR, DD_DECIDED_INCAPABLE,
               DD_DECIDED_NOT_ALLOWED /* the key's list */ } dd_verdict;
typedef struct {
    dd_verdict      verdict;
    size_t          provider;         /* index into the policy's */
    dd_str          model;            /* for the provider; borrowed from the policy, the price table or the request */
    const char     *strategy;         /* "passthrough", "alias", "dev", or a strategy's name */
    dd_price_hit    used, requested;  /* price NULL: not known. requested: the baseline of what is saved */
} dd_decision;

/* Who serves a name, without routes. NO_MODEL, NO_PROVIDER: `near` (may be NULL) gets names that look like it, comma-separated. An alias gives its first target. */
void dd_decide(const dd_policy *policy, const dd_prices *prices, dd_str model, dd_decision *out, dd_buf *near);
/* The alias of this name, or NULL. */
const dd_policy_alias *dd_policy_alias_find(const dd_policy *policy, dd_str name);
/* A key's list of models, letters without case; `model` as the client wrote it or as provider/model. A glob without "/" also fits the part behind the last "/".
 * No globs: all are allowed. */
bool   dd_policy_allows(const dd_str *globs, size_t n, dd_str model);
/* Provider by name, or SIZE_MAX; the first of a family (its namesake preferred), or SIZE_MAX. */
size_t dd_policy_find(const dd_policy *policy, dd_str name);
size_t dd_policy_family(const dd_policy *policy, dd_family family);

/* What a request cost, as the event and the headers say it: original at the requested model's price, actual at the used one's, saved the difference. A free provider costs 0;
 * DD_PUSD_UNKNOWN where a price is not known. */
typedef struct { dd_pusd original, actual, saved; } dd_bill;
dd_bill dd_decision_bill(const dd_policy *policy, const dd_decision *d, const dd_usage *usage, dd_day day);
#endif
