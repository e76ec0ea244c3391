/* route/budget.h - budgets: which apply to a request, when their period began, what an exceeded one means.
 *
 * Pure arithmetic; the accounts themselves are store/ledger.h's. Money is picodollars. Source: docs/decisions/0021-budgets.json. */
#ifndef DD_ROUTE_BUDGET_H
#define DD_ROUTE_BUDGET_H
#include "base/arena.h"
#include "route/facts.h"

typedef enum { DD_SCOPE_GLOBAL, DD_SCOPE_ORG, DD_SCOPE_KEY, DD_SCOPE_USER, DD_SCOPE_TEAM, DD_SCOPE_FEATURE, DD_SCOPE_COUNT } dd_budget_scope;
typedef enum { DD_PERIOD_HOUR, DD_PERIOD_DAY, DD_PERIOD_WEEK /* from Monday */, DD_PERIOD_MONTH, DD_PERIOD_TOTAL } dd_period;
typedef enum { DD_EXCEED_BLOCK, DD_EXCEED_DOWNGRADE, DD_EXCEED_LOCAL, DD_EXCEED_WARN /* a soft budget */ } dd_on_exceed;
const char *dd_budget_scope_name(dd_budget_scope s);
bool        dd_budget_scope_find(dd_str name, dd_budget_scope *out);
const char *dd_period_name(dd_period p);
bool        dd_period_find(dd_str name, dd_period *out);

typedef struct {
    dd_str          name;         /* for people and messages; unique */
    dd_budget_scope scope;
    dd_str          match;        /* glob of the scope's value; "" or "*": an account for each value */
    dd_pusd         limit;
    dd_period       period;
    dd_str          tz;           /* an IANA name ("Europe/Berlin"); "" UTC. Resolved by cmd/ to `zone` */
    const struct dd_zone *zone;   /* NULL: UTC */
    double          warn_at;      /* share of the limit from which answers carry a warning: 0.8; 0 none */
    dd_on_exceed    on_exceed;
    dd_str          downgrade;    /* route's name */
    dd_pusd         plan;         /* nonzero: a plan limit (R9.2): 429 with an upgrade link instead of 402 */
    int             line;
} dd_budget;
typedef struct { const dd_budget *v; size_t n; } dd_budgets;

/* "$100/month", "5 usd per day", "$0.50 / hour" */
dd_code dd_budget_parse_limit(dd_str text, dd_pusd *limit, dd_period *period, dd_err *err);

/* Offsets of a time zone over time, as TZif tells them; made by cmd/ from the system's files. */
typedef struct dd_zone { const int64_t *from_s; const int32_t *offset_s; size_t n; int32_t before_s; } dd_zone;
int32_t dd_zone_offset(const dd_zone *z, int64_t time_s);
/* The period that holds this moment: [*from_s, *to_s). DD_PERIOD_TOTAL: 0 and INT64_MAX. Days of 23 and 25 hours come out right. */
void    dd_period_bounds(dd_period p, const dd_zone *z, int64_t time_s, int64_t *from_s, int64_t *to_s);

/* The accounts that a request is charged to: one a budget that applies. `id` names account and period, stable over restarts and machines. */
typedef struct { const dd_budget *budget; dd_str value; uint64_t id; int64_t from_s, to_s; } dd_account;
enum { DD_BUDGET_ID_MIN = 16 };   /* ids below are the ledger's */
uint64_t dd_budget_id(const dd_budget *b, dd_str value, int64_t from_s);
dd_str   dd_budget_value(dd_budget_scope scope, const dd_facts *f);      /* what the facts say for a scope; "" global, or nothing */
/* A request without a value (no team, no user) has no account there: such a budget does not apply. Also of rate limits. */
bool     dd_budget_applies(dd_budget_scope scope, dd_str match, const dd_facts *f, dd_str *value);
size_t dd_budget_accounts(const dd_budgets *b, const dd_facts *f, int64_t time_s, dd_account *out, size_t max);
/* What to set aside for a request: the input at its tiered price and the output up to the cap, by the one price function. Without a cap (-1):
 * `default_output`, or the model's largest answer where that is less or no default is given (0). Never below 0; INT64_MAX: too large to tell.
 * DD_PUSD_UNKNOWN: no price. */
dd_pusd dd_budget_estimate(const dd_price *price, int64_t input_tokens, int64_t max_tokens, int64_t default_output, dd_day day);
/* Where spending goes by the period's end at its pace so far; DD_PUSD_UNKNOWN in its first hundredth. */
dd_pusd dd_budget_projection(dd_pusd spent, int64_t from_s, int64_t to_s, int64_t now_s);
#endif
