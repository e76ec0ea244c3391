/* report/savings.h - the statement of savings: what requests would have cost with the models that were asked for, what they cost, and where the
 * difference comes from.
 *
 * The caller fills sums by day and by what they are broken down to; dd_savings_finish orders them, so that every breakdown adds up to the total, and
 * the writers print. Money is exact; money of requests whose price is not known is in no sum, and is told as not
 * known where there is nothing else. */
#ifndef DD_REPORT_SAVINGS_H
#define DD_REPORT_SAVINGS_H
#include "base/arena.h"
#include "base/time.h"
#include "report/report.h"
#include "route/spend.h"

typedef struct {
    int64_t requests, errors, hits;
    int64_t unpriced;          /* what they cost is not known */
    int64_t compared;          /* what they cost and what they would have cost are both known */
    int64_t premiums;          /* cost by the premium model and actual cost are both known */
    int64_t input, output;     /* tokens; those of the prompt cache are input */
    dd_pusd cost;              /* of those with a price */
    dd_pusd original, compared_cost, saved;   /* of those compared: by the model that was asked for; what they cost; the difference */
    dd_pusd premium_saved;
} dd_savings_sum;
/* False: a sum is too large; what is too large is then as it was. */
bool    dd_savings_add(dd_savings_sum *into, const dd_savings_sum *more);
/* Unknown where no request's is known. */
dd_pusd dd_savings_spent(const dd_savings_sum *s);
dd_pusd dd_savings_saved(const dd_savings_sum *s);
/* What would have been spent: spent and saved. Who has no price to compare with counts with what it cost. */
dd_pusd dd_savings_instead(const dd_savings_sum *s);

typedef enum {
    DD_SAVINGS_SWAP, DD_SAVINGS_MODEL, DD_SAVINGS_REQUESTED, DD_SAVINGS_FEATURE, DD_SAVINGS_TEAM, DD_SAVINGS_ROUTE, DD_SAVINGS_BY
} dd_savings_by;
const char *dd_savings_by_name(dd_savings_by by);     /* "swap" */

typedef struct { dd_str name; dd_savings_sum s; } dd_savings_row;
typedef DD_VEC(dd_savings_row) dd_savings_list;
/* Days in [from, to); whole: all its days are in the statement, and over. */
typedef struct { dd_day from, to; bool whole; dd_savings_sum s; } dd_savings_span;
typedef DD_VEC(dd_savings_span) dd_savings_spans;

typedef struct {
    dd_arena         arena;            /* of all lists and texts */
    dd_str           period;           /* as it was asked for: "30d" */
    dd_day           from, to;         /* days in [from, to), which begin at 0:00 UTC */
    dd_day           before_from, before_to;   /* what it is compared with */
    int              before_days;              /* of those days, how many have requests */
    int64_t          now_s;
    bool             open;             /* today is in it, so far */
    bool             store;            /* there is a database */
    bool             over;             /* a sum was too large */
    dd_savings_sum   total, before, cache;     /* cache: answers that were kept */
    dd_savings_list  by[DD_SAVINGS_BY];
    dd_savings_spans days;             /* filled: those with requests, in order; after dd_savings_finish all of them */
    dd_savings_spans weeks;            /* made by dd_savings_finish: from Mondays on */
    dd_str           premium;          /* the model that the configuration names; "" it names none */
    dd_day           prices_first, prices_last;          /* days of the price tables that were used; DD_DAY_NONE: not known */
    const dd_spend_account *accounts; size_t n_accounts;
} dd_savings;

/* Lets breakdowns add up to the total (what is missing becomes a row named DD_SAVINGS_REST), sorts them by what was saved or lost, fills days, makes
 * weeks. */
#define DD_SAVINGS_REST "(not broken down)"
void dd_savings_finish(dd_savings *s);
void dd_savings_free(dd_savings *s);

/* For views: "(no team)" for an empty name; "2026-11-01 to 2026-11-20"; the two sentences on how it was counted; change as "+12%", "-3%", "" none. */
dd_str dd_savings_shown(dd_savings_by by, dd_str name);
dd_str dd_savings_dates(dd_arena *a, dd_day from, dd_day to);
dd_str dd_savings_calls(dd_arena *a, int64_t n);                      /* "12 calls" */
dd_str dd_savings_best(const dd_savings *s);                          /* the premium model, as far as it has a name */
dd_str dd_savings_counted(dd_arena *a, const dd_savings *s);
dd_str dd_savings_priced(dd_arena *a, const dd_savings *s);
dd_str dd_savings_change(dd_arena *a, dd_pusd now, dd_pusd before);
/* "+12% against $25.00 before"; "$25.00 before (3 of 90 days recorded)": less than half is nothing to compare with; "" there was nothing. */
dd_str dd_savings_against(dd_arena *a, const dd_savings *s, dd_pusd now, dd_pusd before);
bool   dd_savings_comparable(const dd_savings *s);
dd_str dd_savings_share(dd_arena *a, dd_pusd part, dd_pusd whole);    /* "41%", "-3%", "<1%"; "" there is no whole */
/* A swap's two models; false: the name does not say so. */
bool   dd_savings_swap(dd_str name, dd_str *from, dd_str *to);
/* Rows that a view shows: the first `top`; *rest gets the sum of the others, if any. */
size_t dd_savings_top(const dd_savings_list *list, size_t top, dd_savings_sum *rest);

void dd_savings_text(const dd_savings *s, const dd_report_opts *opts, dd_buf *out);
void dd_savings_markdown(const dd_savings *s, const dd_report_opts *opts, dd_buf *out);
void dd_savings_html(const dd_savings *s, const dd_report_opts *opts, dd_buf *out);
/* A line a row: the total, the period before, and each row of each breakdown. */
void dd_savings_csv(const dd_savings *s, dd_buf *out);
/* Schema dd0c.savings/1. */
void dd_savings_json(const dd_savings *s, dd_buf *out);
#endif
