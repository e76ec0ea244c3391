/* route/plan.h - the plan for one request: what is called first, what then, and why.
 *
 *   facts --rules--> route --strategy--> candidates, best first --chain--> steps
 *
 * Pure: policy, prices and facts are read, live state (route/live.h) is looked at, time comes in. The proxy executes the steps in order; `route
 * explain`, /v1/router/debug, `route replay` and the event show the same struct. All memory is the arena's. With 200 rules and 40 models <= 50 us
 * beside counting and classifying, once the policy has its index. Tokens and class of the request are asked for when something needs them: a rule, a
 * comparison, a limit; a plain passthrough costs neither.
 * Source: docs/decisions/0019-routes.json. */
#ifndef DD_ROUTE_PLAN_H
#define DD_ROUTE_PLAN_H
#include "route/facts.h"
#include "route/flags.h"
#include "route/live.h"

/* Why a model is no candidate, or stands where it stands. The order is stored: append only. */
typedef enum {
    DD_FIT_OK, DD_FIT_CONTEXT /* the request is longer than it takes */, DD_FIT_OUTPUT /* its cap is below max_tokens */, DD_FIT_TOOLS, DD_FIT_VISION,
    DD_FIT_DOCUMENTS, DD_FIT_AUDIO, DD_FIT_JSON, DD_FIT_REASONING, DD_FIT_ENDPOINT, DD_FIT_RETIRED, DD_FIT_UNPRICED,
    DD_FIT_NOT_ALLOWED /* the key's list */, DD_FIT_NO_PROVIDER, DD_FIT_QUALITY /* below the route's min_quality */,
    DD_FIT_TOO_DEAR /* above max_cost */, DD_FIT_BREAKER /* open: stands last */, DD_FIT_NOT_LOCAL /* the budget is spent: only what is local or free */, DD_FIT_COUNT
} dd_fit;
const char *dd_fit_name(dd_fit fit);      /* "context", "tools": a word for JSON */
const char *dd_fit_text(dd_fit fit);      /* for people: "the request is longer than its context" */

typedef struct {
    size_t       provider;                /* SIZE_MAX: none serves it */
    dd_str       model;
    dd_price_hit price;
    dd_fit       fit;
    dd_pusd      expected;                /* cost of this very request; DD_PUSD_UNKNOWN */
    double       quality;                 /* 0..1, of the best model's, by public evidence for this kind of task; < 0: not known */
    double       latency_ms, error_rate;  /* of late; < 0: not known */
    double       score;                   /* of the strategy that compared; higher is better */
    dd_breaker_state breaker;
    bool         weak;                    /* the price table does not list a capability it needs: stands behind those that have it */
    int64_t      timeout_ms; int retries; /* as its step says, -1 */
    dd_str       why;                     /* a clause for people: "0.6x the cost", "capability tools unknown" */
} dd_candidate;

typedef struct {
    const dd_route *route;
    bool            matched;
    dd_str          why;                  /* what did not hold: feature == "classify" (feature is "chat"); or the error; "" matched */
} dd_rule_trace;

typedef struct {
    dd_verdict       verdict;
    const dd_route  *route;               /* NULL: none matched */
    const dd_route  *held;                /* a route that held, but for its flag's rollout; NULL */
    const dd_policy_alias *alias;         /* the requested name's; NULL */
    dd_strategy      strategy;
    const char      *strategy_name;       /* what header and event say: "passthrough", "alias", "dev", "panic", ... */
    dd_candidate    *steps; size_t n_steps;            /* what is called, in order: the choice, then the chain; no model twice */
    size_t           n_primary;           /* so many of the steps are the strategy's (a cascade's ladder); the rest is fallback */
    dd_candidate    *considered; size_t n_considered;  /* all that were looked at, the chosen among them, best first */
    dd_price_hit     requested, premium;
    dd_pusd          expected_requested, expected_premium;   /* DD_PUSD_UNKNOWN */
    int64_t          expected_output;     /* tokens that `expected` was reckoned with */
    unsigned         fallback_on, checks;
    dd_str           verifier;
    int              cache;               /* -1 as configured, 0, 1 */
    bool             stuck;               /* the session's model was kept for its prompt cache */
    uint64_t         session;             /* of dd_live_session_put, when the answer is known; 0: none */
    bool             panic;
    dd_str           near;                /* NO_MODEL: names that look like it */
    dd_pusd          cheapest;            /* TOO_DEAR: the least that it would cost */
    dd_rule_trace   *rules; size_t n_rules;            /* only when asked for */
    size_t           n_tried;             /* so many of the policy's routes, from the first on, were tried and did not hold */
} dd_plan;

typedef struct {
    const dd_policy *policy;
    const dd_prices *prices;
    const dd_flags  *flags;               /* NULL: none */
    dd_live         *live;                /* NULL: nothing is known of late */
    int64_t          now_ms;              /* monotonic, of `live` */
    dd_day           day;
    const dd_str    *allow; size_t n_allow;   /* globs of the key */
    bool             trace;               /* fill `rules`, look at all candidates */
    const dd_route_step *own_chain; size_t n_own_chain; /* the request's own fallbacks (RC.7), before the route's */
    dd_str           only_route;          /* a budget's downgrade: this route, whatever its `when`; "" none */
    bool             only_local;          /* a budget's `local`: free or local providers alone */
} dd_plan_opts;

/* Looks up once what all the names in the policy mean, and which models its providers have; the index is the arena's and of these prices. Whoever
 * makes a policy calls it last. */
void dd_policy_index(dd_policy *policy, const dd_prices *prices, dd_arena *arena);
/* dd_event's `rules`: the first n routes by name. "": none, or a policy without an index. In `arena`. */
dd_str dd_policy_tried(const dd_policy *p, size_t n, dd_arena *arena);

/* Never fails otherwise than by its verdict. Decides only: nothing in `live` changes; who executes the plan notes the session's model under
 * plan.session. Any verdict but DD_DECIDED has no steps. */
void dd_plan_make(const dd_plan_opts *o, dd_facts *facts, dd_arena *arena, dd_plan *out);
/* The step as the decision that is executed and billed. */
dd_decision dd_plan_decision(const dd_plan *p, size_t step);
/* Tokens of the answer that are expected: what such tasks take, as the scan reckons (route/typical.h), and no more than three quarters of the cap.
 * Asks for tokens and class. */
int64_t dd_plan_output(const dd_facts *f, const dd_price *model);
const char *dd_verdict_name(dd_verdict v);                         /* "decided", "no_model" */
const char *dd_plan_role(const dd_plan *p, const dd_candidate *c);   /* "chosen", "ladder", "fallback"; "" none */
dd_pusd     dd_plan_saving(const dd_plan *p);                        /* against the requested model; DD_PUSD_UNKNOWN */
/* The plan as JSON (one object) and for people: what `route explain` and /v1/router/debug print. */
void dd_plan_json(const dd_plan *p, const dd_policy *policy, dd_facts *facts, dd_buf *out);
/* `considered` with reasons, short: what the event keeps. At most `max` bytes of whole entries. */
void dd_plan_considered(const dd_plan *p, const dd_policy *policy, size_t max, dd_buf *out);
#endif
