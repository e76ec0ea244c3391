#include "report/digest.h"

#include "base/map.h"
#include "report/format.h"

static void site_push(dd_digest *d, dd_site_list *list, const dd_site *s)
{
    dd_avec_push(&d->arena, list, s);
}

bool dd_site_priced(const dd_site *s)
{
    return s->per_call.expected != DD_PUSD_UNKNOWN && s->monthly.expected != DD_PUSD_UNKNOWN;
}

bool dd_site_unknown(const dd_site *s)
{
    return s->unit == DD_UNIT_TOKENS && !s->local && !s->ignore && !dd_site_priced(s);
}

/* A thousand times a known amount; past the range of money it stays at the end of the range. */
static dd_pusd thousand(dd_pusd m)
{
    dd_pusd out;
    if (m == DD_PUSD_UNKNOWN)
        return m;
    return dd_money_mul(m, 1000, &out) == DD_OK ? out : INT64_MAX;
}

static void sum(dd_pusd *into, dd_pusd m)
{
    if (m != DD_PUSD_UNKNOWN && dd_money_add(*into, m, into) != DD_OK)
        *into = INT64_MAX;
}

dd_pusd dd_digest_amount(const dd_digest *d, const dd_site *s)
{
    return d->per_1000 ? thousand(s->per_call.expected) : s->monthly.expected;
}

dd_pusd dd_digest_saving(const dd_digest *d, const dd_site *s)
{
    if (!s->suggestion)
        return DD_PUSD_UNKNOWN;
    return d->per_1000 ? thousand(s->suggestion->per_call) : s->suggestion->monthly;
}

/* --- order: an amount, then the place, so that equal amounts keep one order --- */

static int by_place(const dd_site *a, const dd_site *b)
{
    int c = dd_str_cmp(a->path, b->path);
    if (c)
        return c;
    if (a->cell != b->cell)
        return a->cell < b->cell ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return dd_str_cmp(a->id, b->id);
}

typedef struct { dd_pusd amount; const dd_site *site; } keyed;

static int by_amount(const void *x, const void *y)
{
    const keyed *a = x, *b = y;
    if (a->amount != b->amount)
        return a->amount > b->amount ? -1 : 1;
    return by_place(a->site, b->site);
}

static void sort_sites(dd_digest *d, dd_site_list *list, dd_pusd (*amount)(const dd_digest *, const dd_site *))
{
    if (list->n < 2)
        return;
    keyed *k = dd_newn(&d->arena, keyed, list->n);
    for (size_t i = 0; i < list->n; i++)
        k[i] = (keyed){ amount(d, list->v[i]), list->v[i] };
    qsort(k, list->n, sizeof *k, by_amount);
    for (size_t i = 0; i < list->n; i++)
        list->v[i] = k[i].site;
}

static dd_pusd call_price(const dd_digest *d, const dd_site *s)
{
    (void)d;
    return s->per_call.expected;
}

/* --- notices --- */

typedef struct { dd_digest *d; dd_map seen; } grouping;

static dd_notice *notice_of(grouping *g, dd_notice_list *list, dd_str key, const dd_notice *fresh)
{
    uintptr_t at = (uintptr_t)dd_map_get(&g->seen, key);
    if (!at) {
        dd_avec_push(&g->d->arena, list, *fresh);
        at = list->n;
        dd_map_put(&g->seen, dd_arena_dup(&g->d->arena, key), (void *)at);
    }
    return &list->v[at - 1];
}

static void add_advice(grouping *g, const dd_site *s, const dd_advice *ad)
{
    dd_digest *d    = g->d;
    dd_str     name = s->model.ptr ? s->model : DD_STR("");
    dd_notice  fresh = { .kind = ad->kind, .model = name, .replacement = ad->model, .text = ad->text, .day = ad->day };
    dd_notice_list *list;
    dd_str key;
    switch (ad->kind) {
    case DD_ADVICE_RETIRED: /* one model, however its name is written */
        list = &d->retired;
        if (s->price.price)
            fresh.model = s->price.price->id;
        key = dd_arena_printf(&d->arena, "%d\n" DD_STR_FMT "\n" DD_STR_FMT, (int)ad->kind, DD_STR_ARG(fresh.model), DD_STR_ARG(ad->text));
        break;
    case DD_ADVICE_SDK_DEFAULT:
        list = &d->defaults;
        key  = dd_arena_printf(&d->arena, "%d\n" DD_STR_FMT "\n" DD_STR_FMT, (int)ad->kind, DD_STR_ARG(s->sdk), DD_STR_ARG(name));
        break;
    case DD_ADVICE_NO_CAP: case DD_ADVICE_CACHE: case DD_ADVICE_BATCH: case DD_ADVICE_EMBED:
        list  = &d->more;
        key   = dd_arena_printf(&d->arena, "%d", (int)ad->kind);
        fresh.model = DD_STR("");
        break;
    default:
        return; /* downgrades and unknown models have lists of their own */
    }
    if (ad->kind != DD_ADVICE_RETIRED && !d->per_1000 && s->context != DD_CTX_PRODUCTION && s->context != DD_CTX_SCRIPT)
        return; /* advice on tests and examples saves nothing */
    dd_notice *n = notice_of(g, list, key, &fresh);
    if (s->in_total)
        sum(&n->saving, ad->monthly);
    site_push(d, &n->sites, s);
}

static int by_saving(const void *x, const void *y)
{
    const dd_notice *a = x, *b = y;
    if (a->sites.v[0]->in_total != b->sites.v[0]->in_total)
        return a->sites.v[0]->in_total ? -1 : 1;
    if (a->saving != b->saving)
        return a->saving > b->saving ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->day != b->day) /* sooner first; none last */
        return (a->day == DD_DAY_NONE) != (b->day == DD_DAY_NONE) ? (a->day == DD_DAY_NONE ? 1 : -1) : (a->day < b->day ? -1 : 1);
    int c = dd_str_cmp(a->model, b->model);
    return c ? c : dd_str_cmp(a->text, b->text);
}

static int by_sites(const void *x, const void *y)
{
    const dd_notice *a = x, *b = y;
    if (a->sites.n != b->sites.n)
        return a->sites.n > b->sites.n ? -1 : 1;
    return dd_str_cmp(a->text, b->text);
}

static bool would_be_billed(const dd_digest *d, const dd_site *s)
{
    return d->per_1000 || s->context == DD_CTX_PRODUCTION || s->context == DD_CTX_SCRIPT;
}

static void group_unknown(dd_digest *d, dd_notice_list *list, bool billed)
{
    grouping g = { d, DD_MAP_INIT };
    for (size_t i = 0; i < d->unknown.n; i++) {
        const dd_site *s = d->unknown.v[i];
        if (would_be_billed(d, s) != billed)
            continue;
        dd_notice fresh = { .kind = DD_ADVICE_UNKNOWN, .text = dd_site_cause(&d->arena, s), .day = DD_DAY_NONE };
        site_push(d, &notice_of(&g, list, fresh.text, &fresh)->sites, s);
        d->n_unknown_billed += billed;
    }
    dd_map_free(&g.seen);
    if (list->n > 1)
        qsort(list->v, list->n, sizeof *list->v, by_sites);
}

static void finish_notices(dd_digest *d, dd_notice_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        sort_sites(d, &list->v[i].sites, dd_digest_amount);
        dd_site_list in = { 0 }, out = { 0 };
        for (size_t k = 0; k < list->v[i].sites.n; k++)
            site_push(d, list->v[i].sites.v[k]->in_total ? &in : &out, list->v[i].sites.v[k]);
        for (size_t k = 0; k < out.n; k++)
            site_push(d, &in, out.v[k]);
        list->v[i].sites = in;
    }
    if (list->n > 1)
        qsort(list->v, list->n, sizeof *list->v, by_saving);
}

/* --- sums per 1,000 calls, where the audit's monthly ones are empty --- */

typedef struct { dd_sum *v; size_t n, cap; } sum_list;

static int by_money(const void *x, const void *y)
{
    const dd_sum *a = x, *b = y;
    if (a->monthly.expected != b->monthly.expected)
        return a->monthly.expected > b->monthly.expected ? -1 : 1;
    return dd_str_cmp(a->name, b->name);
}

static dd_str file_of(const dd_site *s) { return s->path; }
static dd_str model_of(const dd_site *s) { return s->price.price ? s->price.price->id : s->model; }
static dd_str provider_of(const dd_site *s) { return s->provider.len ? s->provider : DD_STR("unknown"); }
static dd_str dir_of(const dd_site *s)
{
    ptrdiff_t slash = dd_str_rchr(s->path, '/');
    return slash > 0 ? dd_str_sub(s->path, 0, (size_t)slash) : DD_STR(".");
}

static const dd_sum *sums_by(dd_digest *d, dd_str (*name)(const dd_site *), size_t *n)
{
    dd_map   seen = DD_MAP_INIT;
    sum_list list = { 0 };
    for (size_t i = 0; i < d->billed.n; i++) {
        const dd_site *s  = d->billed.v[i];
        uintptr_t      at = (uintptr_t)dd_map_get(&seen, name(s));
        if (!at) {
            dd_avec_push(&d->arena, &list, ((dd_sum){ .name = name(s) }));
            at = list.n;
            dd_map_put(&seen, name(s), (void *)at);
        }
        dd_sum *into = &list.v[at - 1];
        into->sites++;
        sum(&into->monthly.low, thousand(s->per_call.low));
        sum(&into->monthly.expected, thousand(s->per_call.expected));
        sum(&into->monthly.high, thousand(s->per_call.high));
        if (s->suggestion)
            sum(&into->savings, thousand(s->suggestion->per_call));
    }
    dd_map_free(&seen);
    if (list.n > 1)
        qsort(list.v, list.n, sizeof *list.v, by_money);
    *n = list.n;
    return list.v;
}

static void sums_per_1000(dd_digest *d)
{
    d->by_file     = sums_by(d, file_of, &d->n_by_file);
    d->by_model    = sums_by(d, model_of, &d->n_by_model);
    d->by_provider = sums_by(d, provider_of, &d->n_by_provider);
    d->by_dir      = sums_by(d, dir_of, &d->n_by_dir);
    for (size_t i = 0; i < d->billed.n; i++)
        if (d->billed.v[i]->suggestion)
            sum(&d->savings, thousand(d->billed.v[i]->suggestion->per_call));
}

static void sums_of_audit(dd_digest *d, const dd_audit *a)
{
    d->by_file = a->by_file, d->n_by_file = a->n_by_file;
    d->by_model = a->by_model, d->n_by_model = a->n_by_model;
    d->by_provider = a->by_provider, d->n_by_provider = a->n_by_provider;
    d->by_dir = a->by_dir, d->n_by_dir = a->n_by_dir;
    d->savings = a->savings;
}

static void sort_site(dd_digest *d, const dd_site *s)
{
    if (s->ignore)
        site_push(d, &d->ignored, s);
    else if (s->unit != DD_UNIT_TOKENS)
        site_push(d, &d->not_tokens, s);
    else if (s->local)
        site_push(d, &d->local, s);
    else if (!dd_site_priced(s))
        site_push(d, &d->unknown, s);
    else if (s->in_total || d->per_1000)
        site_push(d, &d->billed, s);
    else
        site_push(d, &d->aside, s);
}

void dd_digest_make(dd_digest *d, const dd_audit *a)
{
    memset(d, 0, sizeof *d);
    d->per_1000 = a->no_production;
    d->unit     = d->per_1000 ? "per 1,000 calls" : "a month";
    d->total    = d->per_1000 ? a->per_1000 : a->monthly;
    grouping g  = { d, DD_MAP_INIT };
    for (size_t i = 0; i < a->n_sites; i++) {
        const dd_site *s = a->sites[i];
        sort_site(d, s);
        for (size_t k = 0; k < s->n_advice && !s->ignore; k++)
            add_advice(&g, s, &s->advice[k]);
    }
    dd_map_free(&g.seen);
    sort_sites(d, &d->billed, dd_digest_amount);
    sort_sites(d, &d->aside, call_price);
    for (size_t i = 0; i < d->billed.n; i++)
        if (d->billed.v[i]->suggestion)
            site_push(d, &d->opportunities, d->billed.v[i]);
    sort_sites(d, &d->opportunities, dd_digest_saving);
    finish_notices(d, &d->retired);
    finish_notices(d, &d->defaults);
    finish_notices(d, &d->more);
    group_unknown(d, &d->causes, true);
    group_unknown(d, &d->causes_aside, false);
    if (d->per_1000)
        sums_per_1000(d);
    else
        sums_of_audit(d, a);
}

void dd_digest_free(dd_digest *d)
{
    dd_arena_fini(&d->arena);
}

/* The scanner's words for a model that is not a constant, as a sentence. */
static dd_str run_time_cause(dd_arena *a, dd_str cause)
{
    static const struct { const char *cause, *text; bool prefix; } words[] = {
        { "", "model is chosen at run time", false },
        { "built at run time", "model's name is put together at run time", false },
        { "choice", "model is a choice between several", false },
        { "cycle", "model refers to itself", false },
        { "env ", "model comes from the environment variable ", true },
        { "field without default", "model is a field without a default", false },
        { "limit", "model is found in too many steps to follow", false },
        { "model object", "model is an object made elsewhere", false },
        { "no model argument", "the call names no model", false },
        { "parameter ", "model is the parameter ", true },
        { "runtime", "model is chosen at run time", false },
        { "user-input", "model is chosen by the program's user", false },
    };
    for (size_t i = 0; i < DD_COUNT(words); i++) {
        if (!words[i].prefix && dd_str_eqz(cause, words[i].cause))
            return dd_str_z(words[i].text);
        if (words[i].prefix && dd_str_startsz(cause, words[i].cause)) {
            dd_str rest = dd_str_sub(cause, strlen(words[i].cause), cause.len);
            return dd_arena_printf(a, "%s" DD_STR_FMT, words[i].text, DD_STR_ARG(rest));
        }
    }
    return dd_arena_printf(a, "model comes from " DD_STR_FMT, DD_STR_ARG(cause));
}

dd_str dd_site_cause(dd_arena *a, const dd_site *s)
{
    if (s->model.ptr) {
        if (s->deployment)
            return dd_arena_printf(a, "\"" DD_STR_FMT "\" is an Azure deployment name", DD_STR_ARG(s->model));
        if (s->user_host)
            return dd_arena_printf(a, "model " DD_STR_FMT " at an endpoint that is set at run time", DD_STR_ARG(s->model));
        return dd_arena_printf(a, "no price for \"" DD_STR_FMT "\"", DD_STR_ARG(s->model));
    }
    if (s->n_candidates == 1)
        return dd_arena_printf(a, "model may be " DD_STR_FMT, DD_STR_ARG(s->candidates[0]));
    if (s->n_candidates)
        return dd_arena_printf(a, "model is one of " DD_STR_FMT, DD_STR_ARG(dd_fmt_join(a, s->candidates, s->n_candidates, ", ", 5)));
    if (s->env_var.len)
        return dd_arena_printf(a, "model comes from the environment variable " DD_STR_FMT, DD_STR_ARG(s->env_var));
    return run_time_cause(a, s->model_cause);
}

dd_str dd_provider_name(dd_str id)
{
    static const struct { const char *id, *name; } names[] = {
        { "anthropic", "Anthropic" }, { "azure", "Azure OpenAI" }, { "bedrock", "AWS Bedrock" }, { "cohere", "Cohere" },
        { "deepseek", "DeepSeek" }, { "fireworks", "Fireworks" }, { "google", "Google" }, { "groq", "Groq" },
        { "mistral", "Mistral" }, { "openai", "OpenAI" }, { "openrouter", "OpenRouter" }, { "together", "Together" }, { "xai", "xAI" },
    };
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(id, names[i].id))
            return dd_str_z(names[i].name);
    return id;
}
