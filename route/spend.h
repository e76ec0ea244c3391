/* route/spend.h - what is told of money that was spent: rows of `dd0c costs`, accounts of `dd0c budgets`, and where it all goes.
 *
 * Plain values that commands fill and views print. Money is picodollars; DD_PUSD_UNKNOWN is not known, never 0. Pure. */
#ifndef DD_ROUTE_SPEND_H
#define DD_ROUTE_SPEND_H
#include "route/budget.h"

typedef enum {
    DD_OUTLOOK_NONE, /* no period's end, or too early to say */
    DD_OUTLOOK_HOLDS,
    DD_OUTLOOK_WILL_EXCEED,
    DD_OUTLOOK_EXCEEDED
} dd_outlook_kind;
typedef struct {
    dd_outlook_kind kind;
    dd_pusd         projection;   /* at the period's end */
    int64_t         when_s;       /* WILL_EXCEED: when the limit is reached */
} dd_outlook;
/* At its pace so far. limit DD_PUSD_UNKNOWN: only the projection. */
dd_outlook  dd_spend_outlook(dd_pusd spent, dd_pusd limit, int64_t from_s, int64_t to_s, int64_t now_s);
const char *dd_outlook_name(dd_outlook_kind k);   /* "none", "holds", "will_exceed", "exceeded" */
const char *dd_on_exceed_name(dd_on_exceed e);    /* "block", "downgrade", "local", "warn" */

typedef struct {
    uint64_t        id;
    dd_str          name, value;
    dd_str          shown;        /* the value for people: a key's name; "" as it is */
    dd_budget_scope scope;
    dd_period       period;
    dd_on_exceed    on_exceed;
    dd_str          downgrade;
    bool            plan;
    bool            configured;   /* the configuration names it; else it is only in the ledger */
    bool            open;         /* stands for values that have spent nothing yet: no account */
    const char     *source;       /* where `spent` comes from: "ledger", "sums" (no proxy has charged it yet), "none" (open) */
    dd_pusd         spent, reserved, limit;
    int64_t         from_s, to_s;
    int32_t         offset_s;     /* of its time zone now: for showing days */
    dd_outlook      outlook;
} dd_spend_account;

typedef struct {
    dd_str  name, id;             /* id: of a key, when the name is another word */
    int64_t requests, errors, unpriced;
    dd_pusd cost, saved;
    dd_pusd limit, limit_spent;   /* of the budget that is fullest for it; limit DD_PUSD_UNKNOWN: none */
    dd_pusd *series;              /* its cost hour by hour, day by day or week by week; they add up to `cost` */
} dd_spend_row;
bool dd_spend_has_cost(const dd_spend_row *r);    /* false: no request's price was known, and the cost is unknown, not 0 */

typedef struct {
    const char   *by;             /* "model" */
    dd_str        span;           /* "since 2026-11-01" */
    double        days;           /* how long it is, at least an hour */
    dd_spend_row *rows; size_t n;
    dd_spend_row  total;          /* the sum of the rows, exactly */
    size_t        n_series;       /* of each row; the last is not over */
    const char   *series_unit;    /* "day" */
    dd_pusd       month, today;   /* since they began */
    int64_t       from_s, now_s, month_from_s, month_to_s;
    int32_t       offset_s;
    dd_outlook    outlook;        /* of the month */
    const dd_spend_account *accounts; size_t n_accounts;   /* all budgets that have spent */
} dd_spend_costs;
#endif
