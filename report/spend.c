#include "report/spend.h"

#include "report/format.h"
#include "report/sheet.h"

dd_str dd_spend_day(dd_arena *a, int64_t time_s, int32_t offset_s) { return dd_fmt_day(a, dd_day_of((dd_wall){ time_s + offset_s })); }

dd_str dd_spend_who(dd_arena *a, const dd_spend_account *account)
{
    const char *scope = dd_budget_scope_name(account->scope);
    dd_str      value = account->shown.len ? account->shown : account->value;
    if (account->scope == DD_SCOPE_GLOBAL)
        return DD_STR("all requests");
    if (account->open && (value.len == 0 || dd_str_eqz(value, "*")))
        return dd_arena_printf(a, "each %s", scope);
    return dd_arena_printf(a, "%s " DD_STR_FMT, scope, DD_STR_ARG(value));
}

static dd_str what_then(dd_arena *a, const dd_spend_account *b)
{
    switch (b->on_exceed) {
    case DD_EXCEED_DOWNGRADE:
        if (b->downgrade.len)
            return dd_arena_printf(a, "requests take route \"" DD_STR_FMT "\"", DD_STR_ARG(b->downgrade));
        return DD_STR("requests are downgraded");
    case DD_EXCEED_LOCAL: return DD_STR("requests go to local models");
    case DD_EXCEED_WARN: return DD_STR("requests go on, with a warning");
    default: return b->plan ? DD_STR("requests get 429") : DD_STR("requests get 402");
    }
}

static dd_str pace(dd_arena *a, const dd_spend_account *b)
{
    return dd_arena_printf(a, DD_STR_FMT " by " DD_STR_FMT " at this pace", DD_STR_ARG(dd_fmt_money(a, b->outlook.projection)),
                           DD_STR_ARG(dd_spend_day(a, b->to_s, b->offset_s)));
}

dd_str dd_spend_verdict(dd_arena *a, const dd_spend_account *b)
{
    dd_str then = what_then(a, b), days = dd_spend_day(a, b->to_s == INT64_MAX ? 0 : b->to_s, b->offset_s);
    if (b->open)
        return DD_STR("nothing spent yet");
    switch (b->outlook.kind) {
    case DD_OUTLOOK_EXCEEDED:
        return b->to_s == INT64_MAX ? dd_arena_printf(a, "exceeded: " DD_STR_FMT, DD_STR_ARG(then))
                                    : dd_arena_printf(a, "exceeded until " DD_STR_FMT ": " DD_STR_FMT, DD_STR_ARG(days), DD_STR_ARG(then));
    case DD_OUTLOOK_WILL_EXCEED:
        return dd_arena_printf(a, "will be exceeded on " DD_STR_FMT ": " DD_STR_FMT "; then " DD_STR_FMT,
                               DD_STR_ARG(dd_spend_day(a, b->outlook.when_s, b->offset_s)), DD_STR_ARG(pace(a, b)), DD_STR_ARG(then));
    case DD_OUTLOOK_HOLDS: return dd_arena_printf(a, "holds: " DD_STR_FMT, DD_STR_ARG(pace(a, b)));
    default: return b->to_s == INT64_MAX ? DD_STR("never begins anew") : DD_STR("too early to say how it ends");
    }
}
