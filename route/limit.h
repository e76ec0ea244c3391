/* route/limit.h - rate limits: requests, tokens and requests under way, per key or organisation (RO.8).
 *
 * Windows are GCRA (a leaky bucket as one atomic timestamp): `limit` in `window`, bursts up to `limit`, so that an interval of length t has at most
 * limit * (1 + t / window). Tokens are set aside by estimate while a request is under way and counted as they were used at its end. The table is
 * the process's, of fixed size, shared by workers without a lock; values that nobody uses any more make room, and a full one limits nobody and
 * counts that. Time comes in. A request has at most DD_LIMIT_RULES rules that apply, the first ones. Source: docs/decisions/0021-budgets.json. */
#ifndef DD_ROUTE_LIMIT_H
#define DD_ROUTE_LIMIT_H
#include "route/budget.h"

typedef struct {
    dd_str          name;
    dd_budget_scope scope;
    dd_str          match;             /* as dd_budget's */
    int64_t         requests, tokens;  /* in a window; -1: no limit */
    int64_t         window_ms;
    int64_t         concurrent;        /* -1: no limit */
} dd_limit;
typedef struct { const dd_limit *v; size_t n; } dd_limit_rules;

typedef struct dd_limits dd_limits;
dd_limits *dd_limits_new(size_t slots);            /* 0: 8,192 */
void       dd_limits_free(dd_limits *l);
uint64_t   dd_limits_full(const dd_limits *l);     /* how often a rule was not applied, because there was no place */

typedef struct {
    const dd_limit *rule;              /* the one that refused; NULL: let through */
    const char     *what;              /* "requests", "tokens", "concurrent" */
    int64_t         retry_after_ms;    /* when there is room again; 1 s where that depends on requests under way */
    int64_t         limit, remaining, reset_ms;   /* of the tightest request rule, for x-ratelimit-* headers; limit -1: none applies */
} dd_limit_verdict;
enum { DD_LIMIT_RULES = 16 };
typedef struct { uint32_t slots[DD_LIMIT_RULES]; int n; int64_t tokens; } dd_limit_hold;   /* what is to be given back; slots: rule << 20 | place */
bool dd_limits_take(dd_limits *l, const dd_limit_rules *rules, const dd_facts *f, int64_t tokens, int64_t now_ms, dd_limit_hold *hold,
                    dd_limit_verdict *out);
/* It ended with so many tokens (-1: as estimated). Once a hold, with the rules that it was taken by. */
void dd_limits_end(dd_limits *l, const dd_limit_rules *rules, dd_limit_hold *hold, int64_t tokens, int64_t now_ms);
#endif
