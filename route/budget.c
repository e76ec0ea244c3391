#include "route/budget.h"

static const char *const scopes[DD_SCOPE_COUNT] = { "global", "org", "key", "user", "team", "feature" };
const char *dd_budget_scope_name(dd_budget_scope s) { return (unsigned)s < DD_SCOPE_COUNT ? scopes[s] : "?"; }

bool dd_budget_scope_find(dd_str name, dd_budget_scope *out)
{
    for (size_t i = 0; i < DD_COUNT(scopes); i++)
        if (dd_str_eqz(name, scopes[i])) {
            *out = (dd_budget_scope)i;
            return true;
        }
    return false;
}

/* The first of each is its name. */
static const struct { const char *name; dd_period period; } periods[] = {
    { "hour", DD_PERIOD_HOUR },   { "day", DD_PERIOD_DAY },   { "week", DD_PERIOD_WEEK },   { "month", DD_PERIOD_MONTH },
    { "total", DD_PERIOD_TOTAL },
    { "hourly", DD_PERIOD_HOUR }, { "daily", DD_PERIOD_DAY }, { "weekly", DD_PERIOD_WEEK }, { "monthly", DD_PERIOD_MONTH },
    { "h", DD_PERIOD_HOUR },      { "d", DD_PERIOD_DAY },     { "w", DD_PERIOD_WEEK },      { "mo", DD_PERIOD_MONTH },
};
const char *dd_period_name(dd_period p) { return (unsigned)p <= DD_PERIOD_TOTAL ? periods[p].name : "?"; }

bool dd_period_find(dd_str name, dd_period *out)
{
    for (size_t i = 0; i < DD_COUNT(periods); i++)
        if (dd_str_eq_nocase(name, dd_str_z(periods[i].name))) {
            *out = periods[i].period;
            return true;
        }
    return false;
}

/* Cuts `words` off the end of *s, and the blanks before them. */
static bool cut_end(dd_str *s, const char *word)
{
    size_t n = strlen(word);
    if (s->len < n || !dd_str_eq_nocase(dd_str_sub(*s, s->len - n, s->len), dd_str_z(word)))
        return false;
    *s = dd_str_trim(dd_str_sub(*s, 0, s->len - n));
    return true;
}

/* "$100 / month" at its slash or "per". */
static bool halves(dd_str text, dd_str *amount, dd_str *period)
{
    ptrdiff_t at = dd_str_chr(text, '/');
    size_t    n  = 1;
    if (at < 0) {
        at = dd_str_findz(text, " per ");
        n  = 5;
    }
    if (at < 0)
        return false;
    *amount = dd_str_trim(dd_str_sub(text, 0, (size_t)at));
    *period = dd_str_trim(dd_str_sub(text, (size_t)at + n, text.len));
    return true;
}

static dd_code bad_limit(dd_str text, const char *why, dd_err *err)
{
    dd_fail(err, DD_ERR_PARSE, "limit \"" DD_STR_FMT "\": %s", DD_STR_ARG(dd_str_sub(text, 0, 80)), why);
    dd_hint(err, "Write it as $100/month; the period is hour, day, week, month or total.");
    return DD_ERR_PARSE;
}

dd_code dd_budget_parse_limit(dd_str text, dd_pusd *limit, dd_period *period, dd_err *err)
{
    static const char *const words[] = { "dollars", "dollar", "usd" };
    dd_str    amount, name;
    dd_pusd   m;
    dd_period p;
    if (!halves(dd_str_trim(text), &amount, &name))
        return bad_limit(text, "no period", err);
    if (!dd_period_find(name, &p))
        return bad_limit(text, "no such period", err);
    for (size_t i = 0; i < DD_COUNT(words) && !cut_end(&amount, words[i]); i++)
        ;
    if (dd_money_parse(amount, &m, NULL) != DD_OK)
        return bad_limit(text, "not an amount of USD", err);
    if (m < 0)
        return bad_limit(text, "below 0", err);
    *limit  = m;
    *period = p;
    return DD_OK;
}

dd_str dd_budget_value(dd_budget_scope scope, const dd_facts *f)
{
    switch (scope) {
    case DD_SCOPE_ORG: return f->org;
    case DD_SCOPE_KEY: return f->key;
    case DD_SCOPE_USER: return f->user;
    case DD_SCOPE_TEAM: return f->team;
    case DD_SCOPE_FEATURE: return f->feature;
    default: return DD_STR("");
    }
}

bool dd_budget_applies(dd_budget_scope scope, dd_str match, const dd_facts *f, dd_str *value)
{
    *value = dd_budget_value(scope, f);
    if (scope == DD_SCOPE_GLOBAL)
        return true;
    return value->len > 0 && (match.len == 0 || dd_str_eqz(match, "*") || dd_str_glob(match, *value, false));
}

/* FNV-1a over the parts and a separator that cannot be in UTF-8, then mixed (MurmurHash3's finalizer): ids that differ little spread well. */
typedef struct { uint64_t h; } hash;

static void add_bytes(hash *h, const void *p, size_t n)
{
    const unsigned char *c = p;
    for (size_t i = 0; i < n; i++)
        h->h = (h->h ^ c[i]) * UINT64_C(0x100000001b3);
    h->h = (h->h ^ 0xff) * UINT64_C(0x100000001b3);
}

static void add_number(hash *h, uint64_t n)
{
    unsigned char c[8];
    for (int i = 0; i < 8; i++)
        c[i] = (unsigned char)(n >> (8 * i));
    add_bytes(h, c, sizeof c);
}

uint64_t dd_budget_id(const dd_budget *b, dd_str value, int64_t from_s)
{
    hash h = { UINT64_C(0xcbf29ce484222325) };
    add_bytes(&h, b->name.ptr, b->name.len);
    add_bytes(&h, value.ptr, value.len);
    add_number(&h, (uint64_t)b->scope << 8 | (uint64_t)b->period);
    add_number(&h, (uint64_t)from_s);
    uint64_t x = h.h;
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    x ^= x >> 33;
    return x < DD_BUDGET_ID_MIN ? x + DD_BUDGET_ID_MIN : x;
}

/* Most budgets share period and zone with the one before. */
static void bounds(const dd_account *before, int64_t time_s, dd_account *a)
{
    if (before != NULL && before->budget->period == a->budget->period && before->budget->zone == a->budget->zone) {
        a->from_s = before->from_s;
        a->to_s   = before->to_s;
    } else {
        dd_period_bounds(a->budget->period, a->budget->zone, time_s, &a->from_s, &a->to_s);
    }
}

size_t dd_budget_accounts(const dd_budgets *b, const dd_facts *f, int64_t time_s, dd_account *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n && n < max; i++) {
        dd_account *a = &out[n];
        a->budget     = &b->v[i];
        if (!dd_budget_applies(a->budget->scope, a->budget->match, f, &a->value))
            continue;
        bounds(n > 0 ? a - 1 : NULL, time_s, a);
        a->id = dd_budget_id(a->budget, a->value, a->from_s);
        n++;
    }
    return n;
}

static int64_t expected_output(const dd_price *price, int64_t max_tokens, int64_t default_output)
{
    if (max_tokens >= 0)
        return max_tokens;
    if (default_output <= 0)
        return price->max_output;
    return price->max_output > 0 && price->max_output < default_output ? price->max_output : default_output;
}

dd_pusd dd_budget_estimate(const dd_price *price, int64_t input_tokens, int64_t max_tokens, int64_t default_output, dd_day day)
{
    dd_pusd cost;
    if (price == NULL)
        return DD_PUSD_UNKNOWN;
    dd_usage u = { .input = input_tokens < 0 ? 0 : input_tokens, .output = expected_output(price, max_tokens, default_output) };
    if (price->kind == DD_KIND_EMBEDDING)
        u.output = 0;
    dd_code rc = dd_cost_request(price, &u, day, 0, &cost, NULL);
    if (rc == DD_ERR_RANGE)
        return INT64_MAX; /* past all limits */
    return rc == DD_OK ? cost : DD_PUSD_UNKNOWN;
}

dd_pusd dd_budget_projection(dd_pusd spent, int64_t from_s, int64_t to_s, int64_t now_s)
{
    __int128 all = (__int128)to_s - from_s, gone = (__int128)now_s - from_s;
    if (spent == DD_PUSD_UNKNOWN || to_s == INT64_MAX || all <= 0 || gone * 100 < all)
        return DD_PUSD_UNKNOWN;
    if (gone >= all)
        return spent;
    __int128 end = spent * all / gone;
    return end > INT64_MAX ? INT64_MAX : end <= INT64_MIN ? INT64_MIN + 1 : (dd_pusd)end;
}
