/* route/policy.h - which provider and model a live request goes to.
 *
 * A policy is a snapshot: read by all workers, changed by nobody, replaced whole. Deciding is pure: no I/O, no clock. Providers are known here by name, by who
 * bills for them and by which models they serve; how to reach them is the proxy's. Names of models resolve in this order: alias, provider/model, owner in the price
 * table among the configured providers, the only provider. Source: docs/decisions/0016-proxy.json. */
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
    const dd_str *models;     /* globs (* only) of all it serves; n 0: any */
    size_t        n_models;
} dd_policy_provider;

typedef struct { dd_str name; const dd_str *targets; size_t n; } dd_policy_alias;   /* targets: provider/model */

typedef struct {
    const dd_policy_provider *providers; size_t n_providers;   /* in order of preference */
    const dd_policy_alias    *aliases;   size_t n_aliases;
    const dd_policy_alias    *dev;       size_t n_dev;         /* development mode: name asked for -> local model (one target) */
    bool                      dev_mode;                        /* everything goes to provider 0 */
    dd_str                    dev_model;                       /* for names without an entry in `dev` */
    bool                      refuse_unpriced;
} dd_policy;

typedef struct {
    dd_str    model;          /* as the client asked, decoded */
    dd_family family;         /* of the endpoint it came in by */
} dd_facts;

typedef enum { DD_DECIDED, DD_DECIDED_NO_MODEL, DD_DECIDED_NO_PROVIDER, DD_DECIDED_UNPRICED } dd_verdict;
typedef struct {
    dd_verdict      verdict;
    size_t          provider;         /* index into the policy's */
    dd_str          model;            /* for the provider; borrowed from the policy or the facts */
    const char     *strategy;         /* "passthrough", "alias", "dev" */
    dd_price_hit    used, requested;  /* price NULL: not known. requested: the baseline of what is saved */
} dd_decision;

/* NO_MODEL, NO_PROVIDER: `near` (may be NULL) gets names that look like it, comma-separated. */
void dd_decide(const dd_policy *policy, const dd_prices *prices, const dd_facts *facts, dd_decision *out, dd_buf *near);
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
