/* Price lists other projects publish. Each reader takes what it can use and counts the rest: such files also list images, audio,
 * prices in other units and models without a price. Shapes and their sources: docs/prices.md. */
#include <math.h>
#include <string.h>

#include "pricing-cache/formats.h"
#include "pricing-cache/provider.h"

enum { MAX_ID = 200, PER_M = 6, PER_TOKEN = 12 }; /* decimal places from the file's unit to microdollars per million */

static const cJSON *get(const cJSON *obj, const char *name) { return cJSON_GetObjectItemCaseSensitive(obj, name); }

static void skip(dd_price_list *l, const char *id, const char *why)
{
    if (l->skipped++ == 0)
        snprintf(l->first_skipped, sizeof l->first_skipped, "\"%.80s\" %s", id ? id : "", why);
}

/* A price that is absent stays unknown; one that is no price, negative or absurd makes the row unusable. */
static bool price(const cJSON *obj, const char *name, int scale, int64_t *out)
{
    const cJSON *v = get(obj, name);
    int64_t      n = 0;
    if (!v || cJSON_IsNull(v))
        return true;
    bool ok = cJSON_IsNumber(v)                       ? dd_double_scale(v->valuedouble, scale, &n)
              : cJSON_IsString(v) && v->valuestring ? dd_decimal_scale(dd_str_z(v->valuestring), scale, &n)
                                                      : false;
    if (!ok || n < 0 || n > INT64_C(1000000) * DD_PRICES_MAX_USD_PER_M)
        return false;
    *out = n;
    return true;
}

static int64_t tokens(const cJSON *obj, const char *name)
{
    const cJSON *v = get(obj, name);
    return cJSON_IsNumber(v) && v->valuedouble >= 1 && v->valuedouble <= 1e9 ? (int64_t)v->valuedouble : 0;
}

static bool truth(const cJSON *obj, const char *name) { return cJSON_IsTrue(get(obj, name)); }

static dd_day day(const cJSON *obj, const char *name)
{
    const cJSON *v = get(obj, name);
    dd_day       d;
    return cJSON_IsString(v) && dd_day_parse(dd_str_z(v->valuestring), &d) ? d : DD_DAY_NONE;
}

static bool usable_id(dd_str id)
{
    if (id.len == 0 || id.len > MAX_ID)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] <= ' ' || id.ptr[i] > '~')
            return false;
    return true;
}

static bool lists(const cJSON *array, const char *item)
{
    const cJSON *v;
    if (!cJSON_IsArray(array))
        return false;
    cJSON_ArrayForEach(v, array)
        if (cJSON_IsString(v) && strcmp(v->valuestring, item) == 0)
            return true;
    return false;
}

/* A row with its names, or NULL when the list is full. The provider gets this table's name when it has one. */
static dd_price_row *start_row(dd_price_list *l, dd_str provider, dd_str id, const char *source)
{
    dd_str known = dd_provider_find(provider);
    if (l->n >= DD_PRICES_MAX_ROWS)
        return NULL;
    dd_price_row *row    = dd_price_list_add(l);
    row->price.provider  = known.len ? known : dd_arena_dup(&l->arena, provider);
    row->price.id        = dd_arena_dup(&l->arena, id);
    row->price.source    = dd_str_z(source);
    return row;
}

static void drop_row(dd_price_list *l) { l->n--; }

/* The first of two rows of one name stays: such files repeat themselves under several spellings. */
static void drop_twins(dd_price_list *l)
{
    size_t kept = 0;
    dd_price_list_sort(l);
    for (size_t i = 0; i < l->n; i++) {
        const dd_price *p = &l->rows[i].price, *q = kept ? &l->rows[kept - 1].price : NULL;
        if (q && dd_str_eq(p->provider, q->provider) && dd_str_eq(p->id, q->id))
            continue;
        l->rows[kept++] = l->rows[i];
    }
    l->n = kept;
}

static dd_code full(const char *what, dd_err *err)
{
    return dd_fail(err, DD_ERR_LIMIT, "%s: more than %d rows", what, DD_PRICES_MAX_ROWS);
}

/* --- LiteLLM: { "gpt-4o": { "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06, ... } } --- */

static const struct { const char *name; uint32_t cap; } litellm_caps[] = {
    { "supports_vision", DD_CAP_VISION }, { "supports_function_calling", DD_CAP_TOOLS }, { "supports_response_schema", DD_CAP_JSON },
    { "supports_reasoning", DD_CAP_REASONING }, { "supports_audio_input", DD_CAP_AUDIO_IN }, { "supports_pdf_input", DD_CAP_PDF_IN },
    { "supports_prompt_caching", DD_CAP_PROMPT_CACHE }, { "supports_web_search", DD_CAP_WEB_SEARCH },
};

static bool litellm_kind(const cJSON *m, dd_price_kind *kind)
{
    static const struct { const char *mode; dd_price_kind kind; } modes[] = {
        { "chat", DD_KIND_CHAT }, { "responses", DD_KIND_CHAT }, { "completion", DD_KIND_COMPLETION }, { "embedding", DD_KIND_EMBEDDING },
    };
    const cJSON *mode = get(m, "mode");
    for (size_t i = 0; cJSON_IsString(mode) && i < DD_COUNT(modes); i++) {
        if (strcmp(mode->valuestring, modes[i].mode) == 0) {
            *kind = modes[i].kind;
            return true;
        }
    }
    return !mode; /* older copies of the file have none */
}

/* "vertex_ai-language-models" -> google; the Claude and Llama models of Vertex are sold at prices of their own: not ours. */
static dd_str litellm_provider(dd_str p)
{
    if (dd_str_eqz(p, "vertex_ai-language-models") || dd_str_eqz(p, "vertex_ai-embedding-models") || dd_str_eqz(p, "vertex_ai-vision-models"))
        return DD_STR("google");
    if (dd_str_startsz(p, "vertex_ai-") || dd_str_startsz(p, "bedrock_mantle"))
        return DD_STR("");
    dd_str known = dd_provider_find(p);
    return known.len ? known : p;
}

/* "azure/gpt-4o" -> gpt-4o; a second level is a region or a deployment type with a price of its own: none of our names. */
static dd_str litellm_id(dd_str name, dd_str provider)
{
    dd_str rest = name, first = dd_str_cut(&rest, '/');
    if (!rest.len)
        return name;
    if (dd_str_eq(dd_provider_find(first), provider) || dd_str_eq(first, provider)) {
        bool two = dd_str_chr(rest, '/') >= 0 && (dd_str_eqz(provider, "azure") || dd_str_eqz(provider, "bedrock"));
        return two ? DD_STR("") : rest;
    }
    return dd_str_eqz(provider, "azure") || dd_str_eqz(provider, "bedrock") || dd_str_eqz(provider, "openai") ? DD_STR("") : name;
}

static bool litellm_tier(dd_price_list *l, const cJSON *m, dd_price *p)
{
    static const struct { int64_t above; const char *in, *out, *read, *write; } tiers[] = {
#define TIER(n, k) { n, "input_cost_per_token_above_" k "_tokens", "output_cost_per_token_above_" k "_tokens", \
                     "cache_read_input_token_cost_above_" k "_tokens", "cache_creation_input_token_cost_above_" k "_tokens" }
        TIER(128000, "128k"), TIER(200000, "200k"), TIER(256000, "256k"), TIER(272000, "272k"),
#undef TIER
    };
    dd_price_tier *out = dd_newn(&l->arena, dd_price_tier, DD_COUNT(tiers));
    for (size_t i = 0; i < DD_COUNT(tiers); i++) {
        dd_rates r = dd_rates_none;
        if (!price(m, tiers[i].in, PER_TOKEN, &r.input) || !price(m, tiers[i].out, PER_TOKEN, &r.output) ||
            !price(m, tiers[i].read, PER_TOKEN, &r.cache_read) || !price(m, tiers[i].write, PER_TOKEN, &r.cache_write))
            return false;
        if (r.input != DD_PRICE_NONE)
            out[p->n_tiers++] = (dd_price_tier){ tiers[i].above, r };
    }
    p->tiers = out;
    return true;
}

static bool litellm_prices(dd_price_list *l, const cJSON *m, dd_price *p)
{
    return price(m, "input_cost_per_token", PER_TOKEN, &p->rates.input) && price(m, "output_cost_per_token", PER_TOKEN, &p->rates.output) &&
           price(m, "cache_read_input_token_cost", PER_TOKEN, &p->rates.cache_read) &&
           price(m, "cache_creation_input_token_cost", PER_TOKEN, &p->rates.cache_write) &&
           price(m, "cache_creation_input_token_cost_above_1hr", PER_TOKEN, &p->rates.cache_write_1h) &&
           price(m, "input_cost_per_token_batches", PER_TOKEN, &p->batch_input) &&
           price(m, "output_cost_per_token_batches", PER_TOKEN, &p->batch_output) && litellm_tier(l, m, p);
}

/* Why a row cannot be used, or NULL when it was added. */
static const char *litellm_row(dd_price_list *l, const cJSON *m)
{
    const cJSON  *who  = get(m, "litellm_provider");
    dd_price_kind kind = DD_KIND_CHAT;
    if (!cJSON_IsObject(m) || !cJSON_IsString(who) || !get(m, "input_cost_per_token"))
        return "has no price per token";
    if (!litellm_kind(m, &kind))
        return "is not billed by text tokens";
    dd_str provider = litellm_provider(dd_str_z(who->valuestring)), id = litellm_id(dd_str_z(m->string), provider);
    if (!usable_id(provider) || !usable_id(id))
        return "is a regional or resold model";
    dd_price_row *row = start_row(l, provider, id, "litellm");
    if (!row)
        return "full";
    row->price.kind       = kind;
    row->price.context    = tokens(m, "max_input_tokens");
    row->price.max_output = tokens(m, "max_output_tokens");
    row->price.retires    = day(m, "deprecation_date");
    row->has              = DD_ROW_KIND;
    for (size_t i = 0; i < DD_COUNT(litellm_caps); i++)
        row->price.caps |= truth(m, litellm_caps[i].name) ? litellm_caps[i].cap : 0;
    row->has |= row->price.caps ? DD_ROW_CAPS : 0;
    if (!litellm_prices(l, m, &row->price) || (kind != DD_KIND_EMBEDDING && row->price.rates.output == DD_PRICE_NONE)) {
        drop_row(l);
        return "has a price that cannot be";
    }
    if (kind == DD_KIND_EMBEDDING)
        row->price.rates.output = DD_PRICE_NONE;
    return NULL;
}

static dd_code read_litellm(const cJSON *tree, const char *what, dd_price_list *l, dd_err *err)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, tree)
    {
        const char *why = litellm_row(l, m);
        if (why && strcmp(why, "full") == 0)
            return full(what, err);
        if (why)
            skip(l, m->string, why);
    }
    drop_twins(l);
    return DD_OK;
}

/* --- models.dev: { "openai": { "id": "openai", "models": { "gpt-4o": { "cost": { "input": 2.5, ... }, "limit": {...} } } } } --- */

static void models_dev_facts(dd_price_row *row, const cJSON *m)
{
    const cJSON *limit = get(m, "limit"), *in = get(get(m, "modalities"), "input");
    row->price.context    = tokens(limit, "context");
    row->price.max_output = tokens(limit, "output");
    row->price.released   = day(m, "release_date");
    row->price.caps |= truth(m, "tool_call") ? DD_CAP_TOOLS : 0;
    row->price.caps |= truth(m, "reasoning") ? DD_CAP_REASONING : 0;
    row->price.caps |= truth(m, "structured_output") ? DD_CAP_JSON : 0;
    row->price.caps |= lists(in, "image") ? DD_CAP_VISION : 0;
    row->price.caps |= lists(in, "audio") ? DD_CAP_AUDIO_IN : 0;
    row->price.caps |= lists(in, "pdf") ? DD_CAP_PDF_IN : 0;
    row->has |= row->price.caps ? DD_ROW_CAPS : 0;
}

static bool models_dev_prices(dd_price_list *l, const cJSON *cost, dd_price *p)
{
    const cJSON *over = get(cost, "context_over_200k");
    if (!price(cost, "input", PER_M, &p->rates.input) || !price(cost, "output", PER_M, &p->rates.output) ||
        !price(cost, "cache_read", PER_M, &p->rates.cache_read) || !price(cost, "cache_write", PER_M, &p->rates.cache_write))
        return false;
    if (cJSON_IsObject(over)) {
        dd_price_tier *t = dd_new(&l->arena, dd_price_tier);
        *t               = (dd_price_tier){ 200000, dd_rates_none };
        if (!price(over, "input", PER_M, &t->rates.input) || !price(over, "output", PER_M, &t->rates.output) ||
            !price(over, "cache_read", PER_M, &t->rates.cache_read) || !price(over, "cache_write", PER_M, &t->rates.cache_write))
            return false;
        p->tiers   = t;
        p->n_tiers = t->rates.input != DD_PRICE_NONE;
    }
    return p->rates.input != DD_PRICE_NONE && p->rates.output != DD_PRICE_NONE;
}

static dd_code models_dev_provider(const cJSON *prov, const char *what, dd_price_list *l, dd_err *err)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, get(prov, "models"))
    {
        const cJSON *cost = get(m, "cost");
        if (!cJSON_IsObject(cost) || !m->string || !usable_id(dd_str_z(m->string)) || !usable_id(dd_str_z(prov->string))) {
            skip(l, m->string, "has no price");
            continue;
        }
        dd_price_row *row = start_row(l, dd_str_z(prov->string), dd_str_z(m->string), "models.dev");
        if (!row)
            return full(what, err);
        models_dev_facts(row, m);
        if (!models_dev_prices(l, cost, &row->price)) {
            drop_row(l);
            skip(l, m->string, "has a price that cannot be");
        }
    }
    return DD_OK;
}

/* Vertex and other resellers of one maker share a name here: the maker's own list is the one that counts. */
static bool models_dev_wanted(const cJSON *prov)
{
    return prov->string && strncmp(prov->string, "google-vertex", 13) != 0;
}

static dd_code read_models_dev(const cJSON *tree, const char *what, dd_price_list *l, dd_err *err)
{
    const cJSON *prov;
    cJSON_ArrayForEach(prov, tree)
    {
        if (!models_dev_wanted(prov)) {
            skip(l, prov->string, "is resold");
            continue;
        }
        dd_code rc = models_dev_provider(prov, what, l, err);
        if (rc != DD_OK)
            return rc;
    }
    drop_twins(l);
    return DD_OK;
}

/* --- OpenRouter: { "data": [ { "id": "openai/gpt-4o", "pricing": { "prompt": "0.0000025", ... } } ] } --- */

static void openrouter_facts(dd_price_row *row, const cJSON *m)
{
    const cJSON *in = get(get(m, "architecture"), "input_modalities"), *params = get(m, "supported_parameters");
    row->price.context    = tokens(m, "context_length");
    row->price.max_output = tokens(get(m, "top_provider"), "max_completion_tokens");
    row->price.caps |= lists(in, "image") ? DD_CAP_VISION : 0;
    row->price.caps |= lists(in, "audio") ? DD_CAP_AUDIO_IN : 0;
    row->price.caps |= lists(in, "file") ? DD_CAP_PDF_IN : 0;
    row->price.caps |= lists(params, "tools") ? DD_CAP_TOOLS : 0;
    row->price.caps |= lists(params, "structured_outputs") ? DD_CAP_JSON : 0;
    row->price.caps |= lists(params, "reasoning") ? DD_CAP_REASONING : 0;
    row->has |= row->price.caps ? DD_ROW_CAPS : 0;
    row->price.free = row->price.rates.input == 0 && row->price.rates.output == 0;
}

static bool openrouter_prices(const cJSON *pricing, dd_price *p)
{
    return price(pricing, "prompt", PER_TOKEN, &p->rates.input) && price(pricing, "completion", PER_TOKEN, &p->rates.output) &&
           price(pricing, "input_cache_read", PER_TOKEN, &p->rates.cache_read) &&
           price(pricing, "input_cache_write", PER_TOKEN, &p->rates.cache_write) && p->rates.input != DD_PRICE_NONE &&
           p->rates.output != DD_PRICE_NONE;
}

static dd_code read_openrouter(const cJSON *tree, const char *what, dd_price_list *l, dd_err *err)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, get(tree, "data"))
    {
        const cJSON *id = get(m, "id"), *pricing = get(m, "pricing");
        if (!cJSON_IsString(id) || !usable_id(dd_str_z(id->valuestring)) || !cJSON_IsObject(pricing)) {
            skip(l, cJSON_IsString(id) ? id->valuestring : "", "has no price");
            continue;
        }
        dd_price_row *row = start_row(l, DD_STR("openrouter"), dd_str_z(id->valuestring), "openrouter-api");
        if (!row)
            return full(what, err);
        if (!openrouter_prices(pricing, &row->price)) { /* "-1": a router, billed as what it picks */
            drop_row(l);
            skip(l, id->valuestring, "has a price that cannot be");
            continue;
        }
        openrouter_facts(row, m);
    }
    drop_twins(l);
    return DD_OK;
}

/* --- which one --- */

static bool is_litellm(const cJSON *tree)
{
    const cJSON *m;
    int          looked = 0;
    if (!cJSON_IsObject(tree))
        return false;
    cJSON_ArrayForEach(m, tree)
        if (looked++ < 50 && (get(m, "litellm_provider") || get(m, "input_cost_per_token")))
            return true;
    return false;
}

static bool is_models_dev(const cJSON *tree)
{
    const cJSON *p;
    int          looked = 0;
    if (!cJSON_IsObject(tree))
        return false;
    cJSON_ArrayForEach(p, tree)
        if (looked++ < 50 && cJSON_IsObject(get(p, "models")))
            return true;
    return false;
}

static bool is_openrouter(const cJSON *tree)
{
    const cJSON *data = get(tree, "data");
    return cJSON_IsArray(data) && data->child && get(data->child, "pricing");
}

dd_foreign_fn *dd_prices_foreign(const cJSON *tree, const char **format)
{
    static const struct { const char *name; bool (*is)(const cJSON *tree); dd_foreign_fn *read; } shapes[] = {
        { "openrouter", is_openrouter, read_openrouter },
        { "litellm", is_litellm, read_litellm },
        { "models.dev", is_models_dev, read_models_dev },
    };
    for (size_t i = 0; i < DD_COUNT(shapes); i++) {
        if (shapes[i].is(tree)) {
            *format = shapes[i].name;
            return shapes[i].read;
        }
    }
    return NULL;
}
