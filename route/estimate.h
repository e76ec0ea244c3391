/* route/estimate.h - the money half of an audit.
 *
 * Pure: sites and prices in, tokens, dollars, totals, opportunities out. Every figure names its basis. */
#ifndef DD_ROUTE_ESTIMATE_H
#define DD_ROUTE_ESTIMATE_H
#include "route/audit.h"
#include "route/cost.h"

typedef struct { dd_str id, path_glob; int context; int64_t calls, tokens_in, tokens_out; dd_str model; } dd_usage_rule; /* context -1: any; -1 numbers: not given; model: what a dynamic site uses */
typedef struct {
    const char    *preset;          /* "default", "small", "medium", "large" */
    int64_t        calls;           /* --calls: each production site, -1 not given */
    const dd_usage_rule *rules; size_t n_rules;   /* usage file; the most specific wins: id, path, context */
    dd_day         today;
    bool           count_all;       /* tests, examples and notebooks are in the totals too */
    bool           other_providers; /* also suggest models of other providers (always computed; shown first only if set) */
    bool         (*glob)(dd_str pattern, dd_str path);  /* gitignore-style match, handed in by cmd/ */
} dd_estimate_opts;

/* Fills the lower half of each site, then totals, sums, opportunities and assumptions of the audit. Deterministic. */
dd_code dd_estimate_audit(dd_audit *audit, const dd_prices *prices, const dd_estimate_opts *opts, dd_err *err);
/* One site. Used by the above, and by tests. */
dd_code dd_estimate_site(dd_site *site, dd_arena *arena, const dd_prices *prices, const dd_estimate_opts *opts, dd_err *err);
#endif
