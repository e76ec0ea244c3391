/* store/ledger_seed.c - what an account has spent, from the sums: for a new file, a new machine, a new budget. */
#include "store/dims.h"
#include "store/ledger.h"
#include "store/sums.h"

enum { HOURS_KEPT_S = 89 * 86400 };

static void add_cost(dd_pusd *all, dd_pusd cost)
{
    if (dd_money_add(*all, cost, all) != DD_OK)
        *all = INT64_MAX;
}

static void add(void *ctx, const dd_sum *sum) { add_cost(ctx, sum->cost); }
static void add_row(void *ctx, const dd_dims_row *row) { add_cost(ctx, row->cost); }

/* Users are no part of the combinations: there would be too many. */
static dd_pusd of_user(const char *dir, dd_str user, const dd_sums_ask *ask)
{
    const dd_dims_ask of = { .dim = DD_DIM_USER, .value = user, .daily = ask->daily, .from_s = ask->from_s, .to_s = ask->to_s };
    dd_pusd           spent = 0;
    dd_dims          *d = dd_dims_new(dir);
    dd_code           rc = dd_dims_read(d, &of, add_row, &spent, NULL);
    dd_dims_free(d);
    return rc == DD_OK ? spent : 0;
}

dd_pusd dd_ledger_seed_sums(void *ctx, const dd_account *a)
{
    dd_sums_ask ask   = { .from_s = a->from_s, .to_s = a->to_s == INT64_MAX ? 0 : a->to_s };
    dd_pusd     spent = 0;
    switch (a->budget->scope) {
    case DD_SCOPE_GLOBAL: case DD_SCOPE_USER: break;
    case DD_SCOPE_ORG: ask.org = a->value; break;
    case DD_SCOPE_KEY: ask.key_id = a->value; break;
    case DD_SCOPE_TEAM: ask.team = a->value; break;
    case DD_SCOPE_FEATURE: ask.feature = a->value; break;
    default: return 0;
    }
    /* Hours are kept 90 days, days for ever. A period that begins within an hour (zones of half hours) counts all of it: rather too much. */
    ask.daily  = a->from_s == 0 || (a->to_s != INT64_MAX && a->to_s - a->from_s > HOURS_KEPT_S);
    ask.from_s -= ask.daily ? 0 : a->from_s - a->from_s / 3600 * 3600;
    if (a->budget->scope == DD_SCOPE_USER)
        return of_user(ctx, a->value, &ask);
    return dd_sums_read(ctx, &ask, add, &spent, NULL) == DD_OK ? spent : 0;
}
