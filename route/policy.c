#include "route/policy.h"
#include "base/near.h"

bool dd_policy_allows(const dd_str *globs, size_t n, dd_str model)
{
    dd_str last = dd_str_sub(model, (size_t)(dd_str_rchr(model, '/') + 1), model.len);
    for (size_t i = 0; i < n; i++)
        if (dd_str_glob(globs[i], model, true) || (dd_str_chr(globs[i], '/') < 0 && dd_str_glob(globs[i], last, true)))
            return true;
    return n == 0;
}

static bool serves(const dd_policy_provider *p, dd_str model)
{
    for (size_t i = 0; i < p->n_models; i++)
        if (dd_str_glob(p->models[i], model, false))
            return true;
    return p->n_models == 0;
}

size_t dd_policy_find(const dd_policy *policy, dd_str name)
{
    for (size_t i = 0; i < policy->n_providers; i++)
        if (dd_str_eq(policy->providers[i].name, name))
            return i;
    return SIZE_MAX;
}

size_t dd_policy_family(const dd_policy *policy, dd_family family)
{
    static const char *const namesakes[DD_FAMILY_COUNT] = { "openai", "anthropic" };
    size_t first = dd_policy_find(policy, dd_str_z(namesakes[family]));
    if (first != SIZE_MAX && policy->providers[first].family == family)
        return first;
    for (size_t i = 0; i < policy->n_providers; i++)
        if (policy->providers[i].family == family)
            return i;
    return SIZE_MAX;
}

static const dd_policy_alias *alias_of(const dd_policy_alias *list, size_t n, dd_str name)
{
    for (size_t i = 0; i < n; i++)
        if (dd_str_eq(list[i].name, name))
            return &list[i];
    return NULL;
}

/* "provider/model" with a configured provider. */
static bool split(const dd_policy *policy, dd_str name, dd_decision *out)
{
    ptrdiff_t slash = dd_str_chr(name, '/');
    if (slash <= 0)
        return false;
    size_t provider = dd_policy_find(policy, dd_str_sub(name, 0, (size_t)slash));
    if (provider == SIZE_MAX || (size_t)slash + 1 == name.len)
        return false;
    out->provider = provider;
    out->model    = dd_str_sub(name, (size_t)slash + 1, name.len);
    return true;
}

/* Who is billed for this bare name, among the configured providers; makers before those who resell. */
static bool owner(const dd_policy *policy, const dd_prices *prices, dd_str name, dd_decision *out)
{
    for (size_t i = 0; i < policy->n_providers; i++) {
        const dd_policy_provider *p = &policy->providers[i];
        if (!p->billed_as.len || !serves(p, name))
            continue;
        dd_price_hit hit = dd_prices_find(prices, p->billed_as, name);
        if (hit.price && dd_str_eq(hit.price->provider, p->billed_as)) {
            out->provider = i;
            out->model    = name;
            return true;
        }
    }
    return false;
}

/* A provider that lists the name among the only models it serves. */
static bool listed(const dd_policy *policy, dd_str name, dd_decision *out)
{
    for (size_t i = 0; i < policy->n_providers; i++)
        if (policy->providers[i].n_models && serves(&policy->providers[i], name)) {
            out->provider = i;
            out->model    = name;
            return true;
        }
    return false;
}

static bool resolve(const dd_policy *policy, const dd_prices *prices, dd_str name, dd_decision *out)
{
    if (split(policy, name, out) || listed(policy, name, out) || owner(policy, prices, name, out))
        return true;
    out->provider = 0;
    out->model    = name;
    return policy->n_providers == 1 && serves(&policy->providers[0], name);
}

static void add_near(const dd_policy *policy, const dd_prices *prices, dd_str name, dd_buf *near)
{
    const dd_price *rows[3];
    size_t          n = near ? dd_prices_near(prices, name, rows, DD_COUNT(rows)) : 0;
    for (size_t i = 0; near && i < policy->n_aliases; i++)
        if (dd_near_distance(name, policy->aliases[i].name) != DD_NEAR_NONE)
            dd_buf_printf(near, "%s" DD_STR_FMT, near->len ? ", " : "", DD_STR_ARG(policy->aliases[i].name));
    for (size_t i = 0; i < n; i++)
        dd_buf_printf(near, "%s" DD_STR_FMT, near->len ? ", " : "", DD_STR_ARG(rows[i]->id));
}

static void decide_dev(const dd_policy *policy, dd_str name, dd_decision *out)
{
    const dd_policy_alias *a = alias_of(policy->dev, policy->n_dev, name);
    out->strategy = "dev";
    out->provider = 0;
    out->model    = a ? a->targets[0].model : policy->dev_model.len ? policy->dev_model : name;
}

static void price(const dd_policy *policy, const dd_prices *prices, dd_str asked, dd_decision *out)
{
    const dd_policy_provider *p = &policy->providers[out->provider];
    if (p->billed_as.len)
        out->used = dd_prices_find(prices, p->billed_as, out->model);
    out->requested = out->used;
    if (!policy->dev_mode && !dd_str_eq(asked, out->model)) {
        dd_decision named = { 0 };
        dd_price_hit hit  = split(policy, asked, &named) ? dd_prices_find(prices, policy->providers[named.provider].billed_as, named.model)
                                                         : dd_prices_find(prices, DD_STR(""), asked);
        if (hit.price)
            out->requested = hit;   /* an alias has no price: it asks for what it gets */
    }
    if (policy->refuse_unpriced && !p->free && !out->used.price)
        out->verdict = DD_DECIDED_UNPRICED;
}

const dd_policy_alias *dd_policy_alias_find(const dd_policy *policy, dd_str name) { return alias_of(policy->aliases, policy->n_aliases, name); }

void dd_decide(const dd_policy *policy, const dd_prices *prices, dd_str model, dd_decision *out, dd_buf *near)
{
    *out = (dd_decision){ .verdict = DD_DECIDED, .strategy = "passthrough", .model = model };
    if (!policy->n_providers) {
        out->verdict = DD_DECIDED_NO_PROVIDER;
        return;
    }
    const dd_policy_alias *alias = dd_policy_alias_find(policy, model);
    if (policy->dev_mode) {
        decide_dev(policy, model, out);
    } else if (alias) {
        out->strategy = "alias";
        if (!alias->n || !resolve(policy, prices, alias->targets[0].model, out))
            out->verdict = DD_DECIDED_NO_PROVIDER;
    } else if (!resolve(policy, prices, model, out)) {
        out->verdict = DD_DECIDED_NO_MODEL;
        add_near(policy, prices, model, near);
    }
    if (out->verdict == DD_DECIDED)
        price(policy, prices, model, out);
}

static dd_pusd cost_of(dd_price_hit hit, const dd_usage *usage, dd_day day)
{
    dd_pusd cost;
    if (!hit.price || usage->input < 0 || usage->output < 0)
        return DD_PUSD_UNKNOWN;
    return dd_cost_request(hit.price, usage, day, hit.batch ? DD_COST_BATCH : 0, &cost, NULL) == DD_OK ? cost : DD_PUSD_UNKNOWN;
}

dd_bill dd_decision_bill(const dd_policy *policy, const dd_decision *d, const dd_usage *usage, dd_day day)
{
    dd_bill b = { DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN };
    if (d->verdict != DD_DECIDED)
        return b;
    bool free = policy->providers[d->provider].free, same = d->requested.price == d->used.price;
    b.actual   = free ? 0 : cost_of(d->used, usage, day);
    b.original = same ? b.actual : policy->dev_mode ? 0 : cost_of(d->requested, usage, day);
    if (same)
        b.saved = 0;                      /* the same model: nothing saved, whatever it costs */
    else if (b.actual != DD_PUSD_UNKNOWN && b.original != DD_PUSD_UNKNOWN)
        b.saved = b.original - b.actual;
    return b;
}
