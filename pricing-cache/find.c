/* From the name in a program to a price row (call-shapes: spellings of one model).
 *
 * A name is tried as it stands first. Then spelling habits are taken off it one by one, in a fixed order: path, route suffix, version,
 * date, "-latest"; after each it is tried again, so that a row of its own always wins. At each try the order of sellers is: the one the
 * caller names, the one the name's prefix names, makers, resellers. Nothing is ever matched because it looks alike. */
#include <string.h>

#include "pricing-cache/prices_impl.h"
#include "pricing-cache/provider.h"

typedef struct {
    const dd_price_table *t;
    dd_str                hint;      /* this table's name of who bills, "" unknown */
    bool                  no_others; /* who bills is known, and is none of this table's */
    dd_str                raw;       /* as written */
    dd_price_hit          hit;
    bool                  changed, dated, free_route;
} search;

static bool is_azure(dd_str provider) { return dd_str_eqz(provider, "azure"); }

/* --- one key --- */

/* Best name of `key` at `provider`; "": of any known seller, makers first, by full names only. Names of a key stand in that order. Of
 * resellers the one whose very spelling it is: ids of Hugging Face and of Groq differ in case alone. */
static const dd_price_name *best(const search *s, dd_str key, dd_str provider)
{
    size_t               n    = 0;
    const dd_price_name *name = dd_price_lookup(s->t, key, &n);
    if (!name)
        return NULL;
    for (size_t i = 0; provider.len && i < n; i++)
        if (dd_str_eq(s->t->rows[name[i].row].price.provider, provider))
            return &name[i];
    int rank = dd_provider_rank(s->t->rows[name->row].price.provider);
    if (provider.len || name->kind == DD_NAME_TAIL || rank == DD_PROVIDER_OTHER)
        return NULL;
    for (size_t i = 0; rank >= DD_PROVIDER_RESELLER && i < n && name[i].kind == DD_NAME_ID; i++)
        if (dd_str_eq(s->raw, s->t->rows[name[i].row].price.id) &&
            dd_provider_rank(s->t->rows[name[i].row].price.provider) != DD_PROVIDER_OTHER)
            return &name[i];
    return name;
}

static bool accept(search *s, const dd_price_name *name)
{
    if (!name)
        return false;
    const dd_price_row *row   = &s->t->rows[name->row];
    bool                as_is = !s->changed && !s->dated;
    s->hit.price              = &row->price;
    s->hit.match              = s->dated ? DD_MATCH_SNAPSHOT : DD_MATCH_NORMALISED;
    if (as_is && name->kind == DD_NAME_ID && dd_str_eq(s->raw, row->price.id))
        s->hit.match = DD_MATCH_EXACT;
    for (size_t i = 0; as_is && name->kind == DD_NAME_ALIAS && row->aliases[i]; i++)
        if (dd_str_eqz(s->raw, row->aliases[i]))
            s->hit.match = DD_MATCH_ALIAS;
    if (s->hint.len && !dd_str_eq(row->price.provider, s->hint) && s->hit.match < DD_MATCH_NORMALISED)
        s->hit.match = DD_MATCH_NORMALISED;
    return true;
}

/* --- sellers --- */

/* "openai/gpt-4o", "openai:gpt-4o": the part in front as a provider, and the rest. */
static bool split_prefix(dd_str name, dd_str *provider, dd_str *rest)
{
    size_t at = 0;
    while (at < name.len && name.ptr[at] != '/' && name.ptr[at] != ':')
        at++;
    dd_str first = dd_str_sub(name, 0, at), known = dd_provider_find(first);
    if (at + 1 >= name.len || !(known.len || dd_provider_transparent(first)))
        return false;
    *rest     = dd_str_sub(name, at + 1, name.len);
    *provider = known;
    return true;
}

/* Prefixes from the outside in: "openrouter/openai/gpt-4o" is OpenRouter's "openai/gpt-4o". */
static bool try_prefixes(search *s, dd_str name)
{
    dd_str provider, rest;
    for (int depth = 0; depth < 3 && split_prefix(name, &provider, &rest); depth++) {
        bool was   = s->changed;
        s->changed = true;
        if (provider.len && accept(s, best(s, rest, provider)))
            return true;
        s->changed = was;
        name       = rest;
    }
    return false;
}

/* The name without prefixes at any seller: LiteLLM's "openai/" says which protocol is spoken, not who answers. */
static bool try_unprefixed(search *s, dd_str name)
{
    dd_str provider, rest;
    bool   any = false;
    for (int depth = 0; depth < 3 && split_prefix(name, &provider, &rest); depth++) {
        name = rest;
        any  = true;
    }
    if (!any)
        return false;
    bool was   = s->changed;
    s->changed = true;
    if (accept(s, best(s, name, DD_STR(""))))
        return true;
    s->changed = was;
    return false;
}

static bool try_name(search *s, dd_str name)
{
    if (!name.len)
        return false;
    if (s->hint.len && accept(s, best(s, name, s->hint)))
        return true;
    if (s->no_others)
        return false;
    return try_prefixes(s, name) || accept(s, best(s, name, DD_STR(""))) || try_unprefixed(s, name);
}

/* --- spelling habits, each taken off once, in this order --- */

typedef bool habit_fn(search *s, dd_str *name);

/* Routes of gateways. `own`: priced apart, and we do not know that price; `models`: only names that start so ("grok-4-fast" is a model). */
static const struct { const char *suffix; bool batch, priority, free, gateway; } routes[] = {
    { ":free", false, false, true, false },     { ":nitro", false, true, false, false },  { ":floor", false, true, false, false },
    { ":online", false, true, false, false },   { ":extended", false, true, false, false }, { ":exacto", false, true, false, false },
    { ":thinking", false, false, false, false }, { ":beta", false, false, false, false },  { ":batch", true, false, false, false },
    { "-fast", false, true, false, true },      { "-batch", true, false, false, true },
};

static bool maker_of_gateway_route(dd_str name)
{
    dd_str last = dd_str_sub(name, (size_t)(dd_str_rchr(name, '/') + 1), name.len);
    return dd_str_has(last, "claude-") || dd_str_startsz(last, "gpt-") || dd_str_startsz(last, "gemini-");
}

static bool off_route(search *s, dd_str *name)
{
    for (size_t i = 0; i < DD_COUNT(routes); i++) {
        if (!dd_str_endsz(*name, routes[i].suffix) || (routes[i].gateway && !maker_of_gateway_route(*name)))
            continue;
        name->len -= strlen(routes[i].suffix);
        s->hit.batch |= routes[i].batch;
        s->hit.priority |= routes[i].priority;
        s->free_route |= routes[i].free;
        if (routes[i].suffix[0] == ':' && !s->hint.len) /* nobody else writes them so */
            s->hint = DD_STR("openrouter");
        return true;
    }
    return false;
}

/* Versions are Bedrock's, and Vertex's of Claude: "deepseek-v3" is a model. */
static bool off_version(search *s, dd_str *name)
{
    bool vendor = dd_str_chr(*name, '.') > 0 && dd_str_chr(*name, '/') < 0;
    if (!vendor && !dd_str_has(*name, "claude") && !dd_str_eqz(s->hint, "bedrock") && !dd_str_startsz(*name, "bedrock"))
        return false;
    return dd_price_strip_version(name);
}

static bool off_date(search *s, dd_str *name)
{
    if (!dd_price_strip_date(name))
        return false;
    s->dated = true;
    return true;
}

static bool off_latest(search *s, dd_str *name)
{
    static const char *const ends[] = { "-latest", "@latest", "@default" };
    (void)s;
    for (size_t i = 0; i < DD_COUNT(ends); i++) {
        if (dd_str_endsz(*name, ends[i])) {
            name->len -= strlen(ends[i]);
            return true;
        }
    }
    return false;
}

/* In this order; a version can stand in front of a date (Vertex) or behind it (Bedrock). */
static habit_fn *const habits[] = { off_route, off_version, off_date, off_version, off_latest };

/* "claude-4-5-sonnet" is "claude-sonnet-4-5", and the other way round: gateways write both orders. */
static bool swap_claude(dd_str name, char out[DD_PRICE_NAME_MAX], dd_str *swapped)
{
    static const char *const families[] = { "opus", "sonnet", "haiku" };
    ptrdiff_t                at         = dd_str_findz(name, "claude-");
    dd_str                   head = dd_str_sub(name, 0, at < 0 ? 0 : (size_t)at + 7), rest = dd_str_sub(name, head.len, name.len);
    for (size_t i = 0; at >= 0 && i < DD_COUNT(families); i++) {
        size_t n = strlen(families[i]);
        dd_str version;
        bool   first = dd_str_startsz(rest, families[i]);
        if (first && rest.len > n + 1 && rest.ptr[n] == '-')
            version = dd_str_sub(rest, n + 1, rest.len);
        else if (!first && dd_str_endsz(rest, families[i]) && rest.len > n + 1 && rest.ptr[rest.len - n - 1] == '-')
            version = dd_str_sub(rest, 0, rest.len - n - 1);
        else
            continue;
        for (size_t k = 0; k < version.len; k++)
            if (version.ptr[k] != '-' && (version.ptr[k] < '0' || version.ptr[k] > '9'))
                return false;
        dd_str family = dd_str_z(families[i]), a = first ? version : family, b = first ? family : version;
        int    len = snprintf(out, DD_PRICE_NAME_MAX, "%.*s%.*s-%.*s", (int)head.len, head.ptr, (int)a.len, a.ptr, (int)b.len, b.ptr);
        *swapped   = (dd_str){ out, (size_t)len };
        return len > 0 && len < DD_PRICE_NAME_MAX;
    }
    return false;
}

static bool try_swapped(search *s, dd_str name)
{
    char   buf[DD_PRICE_NAME_MAX];
    dd_str swapped;
    if (!swap_claude(name, buf, &swapped))
        return false;
    bool was   = s->changed;
    s->changed = true;
    if (try_name(s, swapped))
        return true;
    s->changed = was;
    return false;
}

static bool try_habits(search *s, dd_str name)
{
    search start = *s;
    if (try_name(s, name) || try_swapped(s, name))
        return true;
    for (size_t i = 0; i < DD_COUNT(habits); i++) {
        if (!habits[i](s, &name))
            continue;
        s->changed = true;
        if (try_name(s, name) || try_swapped(s, name))
            return true;
    }
    *s = start;
    return false;
}

/* --- forms with a path or a region in front --- */

/* "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.x", "models/x", "publishers/google/models/x": the name alone, and who
 * sells it. */
static void off_path(search *s, dd_str *name)
{
    static const struct { const char *start, *provider; } paths[] = {
        { "arn:aws", "bedrock" }, { "models/", "google" }, { "publishers/google/", "google" }, { "publishers/anthropic/", "anthropic" },
        { "publishers/mistralai/", "mistral" }, { "projects/", "google" }, { "google/models/", "google" }, { "gemini/models/", "google" },
    };
    ptrdiff_t slash = dd_str_rchr(*name, '/');
    for (size_t i = 0; slash >= 0 && i < DD_COUNT(paths); i++) {
        if (!dd_str_startsz(*name, paths[i].start))
            continue;
        *name      = dd_str_sub(*name, (size_t)slash + 1, name->len);
        s->changed = true;
        if (!s->hint.len)
            s->hint = dd_str_z(paths[i].provider);
        return;
    }
}

/* "bedrock/us.anthropic.x" and "us.anthropic.x" without the geography: for a geography without a price of its own, and with the two
 * whose ids are only listed with one. */
static bool try_without_region(search *s, dd_str name)
{
    static const char *const listed[] = { "", "global.", "us." };
    dd_str                   provider, rest = name;
    while (split_prefix(rest, &provider, &rest))
        ;
    if (dd_str_chr(rest, '.') <= 0 || dd_str_has(rest, "/"))
        return false;
    bool had   = dd_price_strip_region(&rest);
    s->changed = true;
    for (size_t i = had ? 0 : 1; i < DD_COUNT(listed); i++) {
        char buf[DD_PRICE_NAME_MAX + 8];
        int  n = snprintf(buf, sizeof buf, "%s%.*s", listed[i], (int)rest.len, rest.ptr);
        if (n < DD_PRICE_NAME_MAX && try_habits(s, (dd_str){ buf, (size_t)n }))
            return true;
    }
    return false;
}

/* --- fine-tuned models and deployments --- */

/* "ft:gpt-4o-mini-2024-07-18:acme::id", also behind a provider's prefix: the base model. "davinci:ft-acme" is the old form. */
static bool fine_tuned_base(dd_str name, dd_str *base)
{
    ptrdiff_t at = dd_str_findz(name, "ft:");
    if (at == 0 || (at > 0 && (name.ptr[at - 1] == '/' || name.ptr[at - 1] == ':'))) {
        dd_str rest = dd_str_sub(name, (size_t)at + 3, name.len);
        *base       = dd_str_cut(&rest, ':');
        return base->len > 0;
    }
    at    = dd_str_findz(name, ":ft-");
    *base = dd_str_sub(name, 0, at > 0 ? (size_t)at : 0);
    return at > 0;
}

static bool try_fine_tuned(search *s, dd_str base)
{
    char   buf[DD_PRICE_NAME_MAX + 8];
    search start = *s;
    int    n     = snprintf(buf, sizeof buf, "ft:%.*s", (int)base.len, base.ptr);
    s->changed   = true;
    if ((n < DD_PRICE_NAME_MAX && try_habits(s, (dd_str){ buf, (size_t)n })) || try_habits(s, base)) {
        s->hit.match = DD_MATCH_FINE_TUNED;
        return true;
    }
    *s = start;
    return false;
}

static bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/* `id` stands in `name` as whole words, dots and dashes read alike. */
static bool holds(dd_str name, dd_str id)
{
    for (size_t at = 0; at + id.len <= name.len; at++) {
        size_t k = 0, end = at + id.len;
        while (k < id.len && (id.ptr[k] == name.ptr[at + k] || (id.ptr[k] == '.' && name.ptr[at + k] == '-')))
            k++;
        if (k < id.len || (at && is_word(name.ptr[at - 1])) || (end < name.len && is_word(name.ptr[end])))
            continue;
        if (end + 1 < name.len && name.ptr[end] == '.' && is_word(name.ptr[end + 1])) /* gpt-5 is not in gpt-5.9 */
            continue;
        return true;
    }
    return false;
}

static bool names_a_version(dd_str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] >= '0' && id.ptr[i] <= '9')
            return true;
    return false;
}

/* A deployment is free text that often holds the model: the longest id that stands in it. */
static bool try_deployment(search *s, dd_str name)
{
    dd_str provider, rest = name;
    while (split_prefix(name, &provider, &rest)) {
        if (provider.len)
            s->hint = provider;
        name = rest;
    }
    const dd_price_name *found = NULL;
    for (size_t i = 0; is_azure(s->hint) && i < s->t->n_names; i++) {
        const dd_price_name *n   = &s->t->names[i];
        dd_str               key = { s->t->pool + n->key, n->len };
        if (is_azure(s->t->rows[n->row].price.provider) && (!found || n->len > found->len) && names_a_version(key) && holds(name, key))
            found = n;
    }
    if (!found)
        return false;
    s->hit.price = &s->t->rows[found->row].price;
    s->hit.match = DD_MATCH_DEPLOYMENT;
    return true;
}

/* --- the whole --- */

static void set_hint(search *s, dd_str provider)
{
    dd_str known = dd_provider_find(provider);
    s->no_others = !known.len && dd_provider_elsewhere(provider);
    s->hint      = known.len ? known : provider;
}

dd_price_hit dd_prices_find(const dd_prices *p, dd_str provider, dd_str model)
{
    static const dd_price_hit none = { NULL, DD_MATCH_NONE, false, false };
    char                      folded[DD_PRICE_NAME_MAX];
    search                    s = { &p->table, DD_STR(""), false, dd_str_trim(model), none, false, false, false };
    dd_str                    name = { folded, dd_price_fold(s.raw, folded) }, base;
    if (!name.len)
        return none;
    set_hint(&s, dd_str_trim(provider));
    off_path(&s, &name);
    bool ok = fine_tuned_base(name, &base) ? try_fine_tuned(&s, base)
                                            : try_habits(&s, name) || try_without_region(&s, name) || try_deployment(&s, name);
    if (!ok)
        return none;
    if (s.free_route)
        s.hit.price = dd_prices_free_route(p, s.hit.price);
    return s.hit;
}
