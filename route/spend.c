#include "route/spend.h"

static const char *const outlooks[] = { "none", "holds", "will_exceed", "exceeded" };
const char *dd_outlook_name(dd_outlook_kind k) { return (size_t)k < DD_COUNT(outlooks) ? outlooks[k] : "none"; }

static const char *const exceeds[] = { "block", "downgrade", "local", "warn" };
const char *dd_on_exceed_name(dd_on_exceed e) { return (size_t)e < DD_COUNT(exceeds) ? exceeds[e] : "block"; }

bool dd_spend_has_cost(const dd_spend_row *r) { return r->requests == 0 || r->requests > r->unpriced || r->cost != 0; }

dd_outlook dd_spend_outlook(dd_pusd spent, dd_pusd limit, int64_t from_s, int64_t to_s, int64_t now_s)
{
    dd_outlook o = { DD_OUTLOOK_NONE, dd_budget_projection(spent, from_s, to_s, now_s), 0 };
    if (limit == DD_PUSD_UNKNOWN)
        return o;
    if (spent >= limit) {
        o.kind = DD_OUTLOOK_EXCEEDED;
    } else if (o.projection != DD_PUSD_UNKNOWN && o.projection > limit) {
        o.kind   = DD_OUTLOOK_WILL_EXCEED;
        o.when_s = from_s + (int64_t)((__int128)(now_s - from_s) * limit / spent); /* spent > 0, or nothing was projected above a limit */
    } else if (o.projection != DD_PUSD_UNKNOWN) {
        o.kind = DD_OUTLOOK_HOLDS;
    }
    return o;
}
