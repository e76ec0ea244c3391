/* store/ledger_seed.c - what an account has spent, from the sums: for a new file, a new machine, a new budget. */
#include "store/ledger.h"
#include "store/sums.h"

enum { HOURS_KEPT_S = 89 * 86400 };

static void add(void *ctx, const dd_sum *sum)
{
    dd_pusd *all = ctx;
    if (dd_money_add(*all, sum->cost, all) != DD_OK)
        *all = INT64_MAX;
}

dd_pusd dd_ledger_seed_sums(void *ctx, const dd_account *a)
{
    dd_sums_ask ask   = { .from_s = a->from_s, .to_s = a->to_s == INT64_MAX ? 0 : a->to_s };
    dd_pusd     spent = 0;
    switch (a->budget->scope) {
    case DD_SCOPE_GLOBAL: break;
    case DD_SCOPE_ORG: ask.org = a->value; break;
    case DD_SCOPE_KEY: ask.key_id = a->value; break;
    case DD_SCOPE_TEAM: ask.team = a->value; break;
    case DD_SCOPE_FEATURE: ask.feature = a->value; break;
    default: return 0;
    }
    /* Hours are kept 90 days, days for ever. A period that begins within an hour (zones of half hours) counts all of it: rather too much. */
    ask.daily  = a->from_s == 0 || (a->to_s != INT64_MAX && a->to_s - a->from_s > HOURS_KEPT_S);
    ask.from_s -= ask.daily ? 0 : a->from_s - a->from_s / 3600 * 3600;
    return dd_sums_read(ctx, &ask, add, &spent, NULL) == DD_OK ? spent : 0;
}
