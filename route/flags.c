#include "route/flags.h"

const char *dd_flag_state_name(dd_flag_state s)
{
    static const char *const names[] = { "on", "off", "outside", "expired", "tripped", "unknown" };
    return names[s];
}

const dd_flag *dd_flags_find(const dd_flags *f, dd_str name)
{
    size_t from = 0, to = f ? f->n : 0;
    while (from < to) {
        size_t at  = from + (to - from) / 2;
        int    cmp = dd_str_cmp(f->v[at].name, name);
        if (cmp == 0)
            return &f->v[at];
        if (cmp < 0)
            from = at + 1;
        else
            to = at;
    }
    return NULL;
}

/* A unit's place, 0 to 100, is its own for each flag: two flags at 10% do not pick the same people. */
static double place(dd_str name, uint64_t unit)
{
    uint64_t h = dd_str_hash(name) ^ (unit + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    h ^= h >> 29;
    return (double)(h >> 11) / (double)(UINT64_C(1) << 53) * 100;
}

bool dd_flag_expired(const dd_flag *f, dd_day today) { return f->expires != DD_DAY_NONE && today > f->expires; }

dd_flag_state dd_flags_decide(const dd_flags *f, dd_str name, uint64_t unit, dd_day today)
{
    const dd_flag *flag = dd_flags_find(f, name);
    if (!flag)
        return DD_FLAG_UNKNOWN;
    if (!flag->on)
        return DD_FLAG_OFF;
    if (flag->guard && atomic_load_explicit(&flag->guard->tripped, memory_order_relaxed))
        return DD_FLAG_TRIPPED;
    if (dd_flag_expired(flag, today))
        return DD_FLAG_EXPIRED;
    return place(flag->name, unit) < flag->rollout ? DD_FLAG_ON : DD_FLAG_OUTSIDE;
}

static double share(const dd_flag *f) { return f && f->on ? f->rollout : 0; }

bool dd_flags_narrow(const dd_flags *old, const dd_flags *next)
{
    for (size_t i = 0; i < next->n; i++) {
        const dd_flag *now = &next->v[i], *was = dd_flags_find(old, now->name);
        if (share(now) > share(was) || (share(now) > 0 && now->expires > was->expires))
            return false;
    }
    return true;
}
