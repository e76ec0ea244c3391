/* route/plan_parts.h - what the files of a plan share; for route/plan*.c alone.
 *
 * plan_index.c says what names mean, plan_rules.c which route holds, plan_fit.c what each candidate can and costs, plan_gather.c who the candidates
 * are, plan_strategy.c who of them stands first, plan_chain.c what comes then, plan.c joins them, plan_show.c prints. */
#ifndef DD_ROUTE_PLAN_PARTS_H
#define DD_ROUTE_PLAN_PARTS_H
#include "route/plan.h"
#include "route/quality.h"

/* A model at a provider: all that does not depend on the request. */
typedef struct plan_target {
    size_t            provider;
    dd_str            model, full;      /* full: provider/model */
    dd_price_hit      price;
    bool              free, local, known;   /* known: quality */
    bool              special;          /* for one purpose, or a name that moves: nobody is sent there who did not ask */
    dd_quality_levels quality;
    double            weight;           /* of its tokenizer, over o200k's */
    const char       *effort;           /* of its reasoning when nothing is said */
    int64_t           hidden[3];        /* tokens of that, by complexity */
    int64_t           blended;          /* list price of three tokens in and one out; INT64_MAX: not known */
} plan_target;

/* A step as configured. target NULL: the nearest equal at `provider`; and provider SIZE_MAX: nobody serves it. */
typedef struct { const plan_target *target; size_t provider; const dd_route_step *step; dd_str name; } plan_ref;
typedef struct { plan_ref *v; size_t n, cap; } plan_refs;
typedef struct { dd_str name; dd_decision decision; const plan_target *target; } plan_name;

enum { PLAN_ROLE_CHEAP, PLAN_ROLE_REASONING, PLAN_ROLE_CODING, PLAN_ROLE_FALLBACK, PLAN_ROLE_PREMIUM, PLAN_ROLES };
struct dd_plan_index {
    const dd_policy    *policy;
    const dd_prices    *prices;
    dd_quality_scale    scale;
    plan_refs          *from, *fallback;           /* a route each, aliases expanded */
    plan_refs          *aliases, global, registry;
    dd_decision        *alias_asked;               /* what dd_decide says of each alias */
    const plan_target  *role[PLAN_ROLES];          /* NULL: none */
    struct { const plan_target **v; size_t n, cap; } all;    /* every target so far */
    const plan_target **by_price, **by_level; size_t n_pool;  /* those that an open route may choose */
    struct { plan_name *v; size_t n, cap; } names; /* sorted: what clients may ask for */
    dd_str              tried;                     /* names of the routes in their order as the beginning of a JSON array, as far as an event has room */
    uint16_t           *tried_end;                 /* where it ends behind the first n of them, 0..n_routes */
};
typedef struct dd_plan_index plan_index;

void               plan_index_make(plan_index *ix, const dd_policy *policy, const dd_prices *prices, dd_arena *arena);
/* As dd_decide, by the index where it knows the name. */
const plan_target *plan_index_find(const plan_index *ix, dd_str name, dd_arena *arena, dd_decision *d);
/* A step as it is written in a request: an alias gives several. */
void               plan_index_refs(const plan_index *ix, const dd_route_step *steps, size_t n, dd_arena *arena, plan_refs *out);

typedef struct {
    dd_candidate       c;
    const plan_target *t;
    const dd_route_step *step;
    dd_str             name;            /* as configured or asked for */
    size_t             order;           /* as configured */
    uint32_t           slot;            /* of the live table */
    bool               asked;           /* the very model that the client named: sent whatever the table says of it */
    bool               named;           /* by the policy or the request; else out of the pool */
    bool               weighed;
    int                rank;            /* 0 fit, 1 weakly, 2 and 3 with its breaker open, 4 unfit */
    double             key;             /* of the strategy; higher is better */
} plan_candidate;

typedef struct { plan_candidate *v; size_t n, cap; } plan_list;

/* One request under way. */
typedef struct {
    const dd_plan_opts *o;
    const dd_policy    *policy;
    const plan_index   *ix;
    dd_facts           *f;
    dd_arena           *arena;
    dd_plan            *p;
    dd_decision         asked;
    const plan_target  *asked_target;   /* NULL: nobody serves it, or it is an alias, or none was named */
    dd_quality_kind     kind;
    bool                costs;          /* tokens and class are known or were asked for */
    bool                open;           /* the candidates are not named: quality decides who is one */
    bool                omni;           /* POST /v1/chat without a route: primary, backup, cheapest (RO.5) */
    int64_t             visible;        /* tokens of the answer that are seen */
    dd_live_session     stuck;
    bool                has_stuck;
    plan_list           list;           /* the strategy's candidates */
    plan_list           chain;
} plan_work;

/* plan_rules.c */
const dd_route *plan_route(plan_work *w);
/* plan_fit.c */
void   plan_need_costs(plan_work *w);
dd_pusd plan_cost(plan_work *w, const plan_target *t, int64_t cached);
int64_t plan_output(const plan_work *w, const plan_target *t);
int64_t plan_input(const plan_work *w, const plan_target *t);
void   plan_weigh(plan_work *w, plan_candidate *k);
double plan_level(const plan_work *w, const plan_target *t);
/* How good `t` is, as a share of `than`; < 0: not known. */
double plan_ratio(const plan_work *w, const plan_target *t, const plan_target *than);
bool   plan_usable(const plan_candidate *k);   /* can be sent to, be it as the last */
/* plan_gather.c */
void   plan_gather(plan_work *w);
const plan_target *plan_nearest(plan_work *w, size_t provider);
plan_candidate     plan_candidate_of(plan_work *w, const plan_ref *ref);
/* plan_strategy.c: orders w->list and sets n_primary */
void   plan_choose(plan_work *w);
/* plan_chain.c: steps, considered, verdict */
void   plan_finish(plan_work *w);
#endif
