/* Our own price file. A table of members drives reading and the check for what is not one. */
#include "pricing-cache/formats.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/near.h"
#include "pricing-cache/provider.h"

enum { MAX_NAME = 200, MAX_TEXT = 2000, MAX_LIST = 64 };

typedef struct {
    dd_price_list *list;
    const char    *what;
    unsigned       flags;
    size_t         at;      /* row number, from 1 */
    const char    *id;      /* of the row, when it is known */
    dd_price_row  *row;
    dd_err        *err;
} reader;

static const struct { const char *name; uint32_t bit; } caps[] = {
    { "audio_in", DD_CAP_AUDIO_IN }, { "json", DD_CAP_JSON },           { "pdf_in", DD_CAP_PDF_IN },
    { "prompt_cache", DD_CAP_PROMPT_CACHE }, { "reasoning", DD_CAP_REASONING }, { "tools", DD_CAP_TOOLS },
    { "vision", DD_CAP_VISION }, { "web_search", DD_CAP_WEB_SEARCH },
};

uint32_t dd_price_cap(dd_str name)
{
    for (size_t i = 0; i < DD_COUNT(caps); i++)
        if (dd_str_eqz(name, caps[i].name))
            return caps[i].bit;
    return 0;
}

const char *dd_price_cap_name(unsigned bit) { return bit < DD_COUNT(caps) ? caps[bit].name : NULL; }

static bool bad(reader *r, const char *member, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static bool bad(reader *r, const char *member, const char *fmt, ...)
{
    char    why[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    dd_fail(r->err, DD_ERR_PARSE, "%s, row %zu%s%.100s%s: \"%.60s\" %s", r->what, r->at, r->id ? " \"" : "", r->id ? r->id : "", r->id ? "\"" : "",
            member, why);
    return false;
}

/* --- values --- */

static bool read_price(reader *r, const cJSON *v, int64_t *out)
{
    bool ok = cJSON_IsNumber(v)                      ? dd_double_scale(v->valuedouble, 6, out)
              : cJSON_IsString(v) && v->valuestring ? dd_decimal_scale(dd_str_z(v->valuestring), 6, out)
                                                     : false;
    if (!ok)
        return bad(r, v->string ? v->string : "price", "is not a price in USD per million tokens");
    if (*out < 0)
        return bad(r, v->string ? v->string : "price", "is negative");
    if (*out > INT64_C(1000000) * DD_PRICES_MAX_USD_PER_M)
        return bad(r, v->string ? v->string : "price", "is above %d USD per million tokens: is its unit right?", DD_PRICES_MAX_USD_PER_M);
    return true;
}

static bool read_text(reader *r, const cJSON *v, size_t max, dd_str *out)
{
    if (!cJSON_IsString(v) || !v->valuestring)
        return bad(r, v->string ? v->string : "list item", "is not text");
    dd_str s = dd_str_z(v->valuestring);
    if (s.len > max)
        return bad(r, v->string ? v->string : "list item", "is longer than %zu bytes", max);
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 127)
            return bad(r, v->string ? v->string : "list item", "holds a control character");
    if (!dd_utf8_valid(s))
        return bad(r, v->string ? v->string : "list item", "is not UTF-8");
    *out = dd_arena_dup(&r->list->arena, s);
    return true;
}

static bool read_name(reader *r, const cJSON *v, dd_str *out)
{
    if (!read_text(r, v, MAX_NAME, out))
        return false;
    return out->len ? true : bad(r, v->string ? v->string : "list item", "is empty");
}

static bool read_choice(reader *r, const cJSON *v, const char *const *list, size_t n, unsigned *out)
{
    for (size_t i = 0; cJSON_IsString(v) && i < n; i++) {
        if (strcmp(v->valuestring, list[i]) == 0) {
            *out = (unsigned)i;
            return true;
        }
    }
    return bad(r, v->string, "is not one of %s, ... (docs/prices.md)", list[0]);
}

static bool read_int(reader *r, const cJSON *v, int64_t max, int64_t *out)
{
    if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0) || v->valuedouble > (double)max || v->valuedouble != (double)(int64_t)v->valuedouble)
        return bad(r, v->string, "is not a whole number from 0 to %" PRId64, max);
    *out = (int64_t)v->valuedouble;
    return true;
}

static bool read_day(reader *r, const cJSON *v, dd_day *out)
{
    dd_str s = DD_STR("");
    if (!read_text(r, v, 40, &s))
        return false;
    return dd_day_parse(s, out) ? true : bad(r, v->string, "is not a date (2026-11-20)");
}

/* --- members with an object or a list inside --- */

static bool read_rates(reader *r, const cJSON *obj, dd_rates *out)
{
    const struct { const char *name; int64_t *to; } members[] = { { "input", &out->input }, { "output", &out->output },
        { "cache_read", &out->cache_read }, { "cache_write", &out->cache_write }, { "cache_write_1h", &out->cache_write_1h } };
    *out = dd_rates_none;
    if (!cJSON_IsObject(obj))
        return bad(r, obj->string ? obj->string : "rates", "is not an object");
    for (const cJSON *v = obj->child; v; v = v->next)
        for (size_t i = 0; i < DD_COUNT(members); i++)
            if (strcmp(v->string, members[i].name) == 0 && !read_price(r, v, members[i].to))
                return false;
    return true;
}

static bool list_size(reader *r, const cJSON *v, size_t *n)
{
    if (!cJSON_IsArray(v))
        return bad(r, v->string, "is not a list");
    *n = (size_t)cJSON_GetArraySize(v);
    return *n <= MAX_LIST ? true : bad(r, v->string, "has more than %d items", MAX_LIST);
}

static bool read_tiers(reader *r, const cJSON *v)
{
    size_t         n = 0, i = 0;
    int64_t        before = -1;
    dd_price_tier *tiers;
    if (!list_size(r, v, &n))
        return false;
    tiers = dd_newn(&r->list->arena, dd_price_tier, n + 1);
    for (const cJSON *t = v->child; t; t = t->next, i++) {
        const cJSON *above = cJSON_GetObjectItemCaseSensitive(t, "above_input_tokens");
        if (!read_rates(r, t, &tiers[i].rates))
            return false;
        if (!above)
            return bad(r, "tiers", "has an item without \"above_input_tokens\"");
        if (!read_int(r, above, INT64_C(1000000000), &tiers[i].above_input_tokens))
            return false;
        if (tiers[i].above_input_tokens <= before)
            return bad(r, "tiers", "is not ascending");
        before = tiers[i].above_input_tokens;
    }
    r->row->price.tiers   = tiers;
    r->row->price.n_tiers = n;
    return true;
}

static bool read_scheduled(reader *r, const cJSON *v)
{
    size_t           n = 0, i = 0;
    dd_price_change *changes;
    if (!list_size(r, v, &n))
        return false;
    changes = dd_newn(&r->list->arena, dd_price_change, n + 1);
    for (const cJSON *t = v->child; t; t = t->next, i++) {
        const cJSON *from = cJSON_GetObjectItemCaseSensitive(t, "from");
        if (!read_rates(r, t, &changes[i].rates))
            return false;
        if (!from)
            return bad(r, "scheduled", "has an item without \"from\"");
        if (!read_day(r, from, &changes[i].from))
            return false;
        if (i && changes[i].from <= changes[i - 1].from)
            return bad(r, "scheduled", "is not ascending");
    }
    r->row->price.scheduled   = changes;
    r->row->price.n_scheduled = n;
    return true;
}

static bool read_off_peak(reader *r, const cJSON *v)
{
    const cJSON *hours = cJSON_GetObjectItemCaseSensitive(v, "peak_utc");
    return read_rates(r, v, &r->row->price.off_peak) && (!hours || read_text(r, hours, MAX_NAME, &r->row->price.peak_utc));
}

static bool is_region(dd_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || (s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == '-'))
            return false;
    return s.len > 0 && s.len <= 20;
}

static bool read_regions(reader *r, const cJSON *v)
{
    size_t           n = cJSON_IsObject(v) ? (size_t)cJSON_GetArraySize(v) : MAX_LIST + 1, i = 0;
    dd_price_region *regions;
    if (n > MAX_LIST)
        return bad(r, v->string, "is not an object of at most %d regions", MAX_LIST);
    regions = dd_newn(&r->list->arena, dd_price_region, n + 1);
    for (const cJSON *g = v->child; g; g = g->next, i++) {
        dd_rates rates;
        dd_str   prefix = dd_str_z(g->string);
        if (!read_rates(r, g, &rates))
            return false;
        if (rates.input == DD_PRICE_NONE || !is_region(prefix))
            return bad(r, "region_prefixes", "has a region without \"input\", or whose name is not made of a-z, 0-9 and -");
        regions[i] = (dd_price_region){ dd_arena_dup(&r->list->arena, prefix), rates.input, rates.output };
    }
    r->row->regions   = regions;
    r->row->n_regions = n;
    return true;
}

static bool read_aliases(reader *r, const cJSON *v)
{
    size_t       n = 0, i = 0;
    const char **names;
    if (!list_size(r, v, &n))
        return false;
    names = dd_newn(&r->list->arena, const char *, n + 1);
    for (const cJSON *t = v->child; t; t = t->next) {
        dd_str s = DD_STR("");
        if (!read_name(r, t, &s))
            return false;
        names[i++] = s.ptr;
    }
    r->row->aliases = names;
    return true;
}

static bool read_caps(reader *r, const cJSON *v)
{
    size_t n = 0;
    if (!list_size(r, v, &n))
        return false;
    for (const cJSON *t = v->child; t; t = t->next) {
        uint32_t bit = cJSON_IsString(t) ? dd_price_cap(dd_str_z(t->valuestring)) : 0;
        if (!bit && (r->flags & DD_READ_STRICT))
            return bad(r, "caps", "holds a capability that is not known (docs/prices.md)");
        r->row->price.caps |= bit;
    }
    r->row->has |= DD_ROW_CAPS;
    return true;
}

static bool read_source(reader *r, const cJSON *v)
{
    if (cJSON_IsString(v))
        return read_text(r, v, MAX_NAME, &r->row->price.source);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(v, "name"), *date = cJSON_GetObjectItemCaseSensitive(v, "date");
    if (!name)
        return bad(r, "source", "is neither text nor an object with \"name\"");
    if (!read_text(r, name, MAX_NAME, &r->row->price.source))
        return false;
    if (date && cJSON_IsString(date) && strlen(date->valuestring) == 7 && /* a month: its first day */
        dd_day_parse(dd_arena_printf(&r->list->arena, "%s-01", date->valuestring), &r->row->price.source_date))
        return true;
    return !date || read_day(r, date, &r->row->price.source_date);
}

/* --- one member each --- */

static bool m_provider(reader *r, const cJSON *v) { return read_name(r, v, &r->row->price.provider); }
static bool m_id(reader *r, const cJSON *v) { return read_name(r, v, &r->row->price.id); }
static bool m_input(reader *r, const cJSON *v) { return read_price(r, v, &r->row->price.rates.input); }
static bool m_output(reader *r, const cJSON *v) { return read_price(r, v, &r->row->price.rates.output); }
static bool m_cache_read(reader *r, const cJSON *v) { return read_price(r, v, &r->row->price.rates.cache_read); }
static bool m_cache_write(reader *r, const cJSON *v) { return read_price(r, v, &r->row->price.rates.cache_write); }
static bool m_cache_write_1h(reader *r, const cJSON *v) { return read_price(r, v, &r->row->price.rates.cache_write_1h); }
static bool m_batch_input(reader *r, const cJSON *v) { return read_price(r, v, &r->row->price.batch_input); }
static bool m_batch_output(reader *r, const cJSON *v) { return read_price(r, v, &r->row->price.batch_output); }
static bool m_context(reader *r, const cJSON *v) { return read_int(r, v, INT64_C(1000000000), &r->row->price.context); }
static bool m_max_output(reader *r, const cJSON *v) { return read_int(r, v, INT64_C(1000000000), &r->row->price.max_output); }
static bool m_released(reader *r, const cJSON *v) { return read_day(r, v, &r->row->price.released); }
static bool m_retires(reader *r, const cJSON *v) { return read_day(r, v, &r->row->price.retires); }
static bool m_not_before(reader *r, const cJSON *v) { return read_day(r, v, &r->row->price.retires_not_before); }
static bool m_replacement(reader *r, const cJSON *v) { return read_text(r, v, MAX_NAME, &r->row->price.replacement); }
static bool m_tokenizer(reader *r, const cJSON *v) { return read_text(r, v, MAX_NAME, &r->row->price.tokenizer); }
static bool m_note(reader *r, const cJSON *v) { return read_text(r, v, MAX_TEXT, &r->row->price.note); }
static bool m_ignore(reader *r, const cJSON *v) { return (void)r, (void)v, true; }

static bool m_kind(reader *r, const cJSON *v)
{
    unsigned k = 0;
    if (!read_choice(r, v, dd_price_kind_names, DD_PRICE_KINDS, &k))
        return false;
    r->row->price.kind = (dd_price_kind)k;
    r->row->has |= DD_ROW_KIND;
    return true;
}

static bool m_status(reader *r, const cJSON *v)
{
    unsigned k = 0;
    if (!read_choice(r, v, dd_model_status_names, DD_MODEL_STATUSES, &k))
        return false;
    r->row->price.status = (dd_model_status)k;
    r->row->has |= DD_ROW_STATUS;
    return true;
}

static bool read_bool(reader *r, const cJSON *v, bool *out)
{
    if (!cJSON_IsBool(v))
        return bad(r, v->string, "is neither true nor false");
    *out = cJSON_IsTrue(v);
    return true;
}

static bool m_free(reader *r, const cJSON *v) { return read_bool(r, v, &r->row->price.free); }
static bool m_batch_derived(reader *r, const cJSON *v) { return read_bool(r, v, &r->row->price.batch_derived); }

/* The text says why; it is the note when there is no other. */
static bool m_suspect(reader *r, const cJSON *v)
{
    dd_str why = DD_STR("");
    if (cJSON_IsBool(v))
        return read_bool(r, v, &r->row->price.suspect);
    if (!read_text(r, v, MAX_TEXT, &why))
        return false;
    r->row->price.suspect = true;
    if (!r->row->price.note.len)
        r->row->price.note = why;
    return true;
}

static bool read_small(reader *r, const cJSON *v, uint8_t *out)
{
    int64_t n = 0;
    if (!read_int(r, v, 255, &n))
        return false;
    *out = (uint8_t)n;
    return true;
}
/* The superset schema names the sources; here their number is kept. */
static uint8_t count_items(const cJSON *v)
{
    int n = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;
    return (uint8_t)(n < 255 ? n : 255);
}
static bool m_agree(reader *r, const cJSON *v) { return r->row->price.agreeing = count_items(v), true; }
static bool m_disagree(reader *r, const cJSON *v) { return r->row->price.differing = count_items(v), true; }
static bool m_agreeing(reader *r, const cJSON *v) { return read_small(r, v, &r->row->price.agreeing); }
static bool m_differing(reader *r, const cJSON *v) { return read_small(r, v, &r->row->price.differing); }

/* "provider policy: 50% of list price" */
static bool m_batch_source(reader *r, const cJSON *v)
{
    dd_str s = DD_STR("");
    if (!read_text(r, v, MAX_TEXT, &s))
        return false;
    r->row->price.batch_derived = dd_str_has(s, "policy");
    return true;
}

/* Sorted: found by bisection. The ignored ones are facts of the superset schema that no figure of ours rests on. */
static const struct { const char *name; bool (*read)(reader *r, const cJSON *v); } members[] = {
    { "agree", m_agree },
    { "agreeing", m_agreeing },
    { "aliases", read_aliases },
    { "audio_input", m_ignore },
    { "batch_derived", m_batch_derived },
    { "batch_input", m_batch_input },
    { "batch_output", m_batch_output },
    { "batch_source", m_batch_source },
    { "cache_read", m_cache_read },
    { "cache_storage_hour", m_ignore },
    { "cache_write", m_cache_write },
    { "cache_write_1h", m_cache_write_1h },
    { "caps", read_caps },
    { "choice", m_ignore },
    { "context", m_context },
    { "differing", m_differing },
    { "disagree", m_disagree },
    { "free", m_free },
    { "id", m_id },
    { "input", m_input },
    { "kind", m_kind },
    { "max_output", m_max_output },
    { "note", m_note },
    { "off_peak", read_off_peak },
    { "output", m_output },
    { "provider", m_provider },
    { "region_prefixes", read_regions },
    { "released", m_released },
    { "replacement", m_replacement },
    { "retire_source", m_ignore },
    { "retires", m_retires },
    { "retires_not_before", m_not_before },
    { "scheduled", read_scheduled },
    { "source", read_source },
    { "status", m_status },
    { "suspect", m_suspect },
    { "tiers", read_tiers },
    { "tokenizer", m_tokenizer },
};
_Static_assert(DD_COUNT(members) <= 64, "seen is a 64-bit set");

static ptrdiff_t find_member(const char *name)
{
    size_t lo = 0, hi = DD_COUNT(members);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int    c   = strcmp(name, members[mid].name);
        if (c == 0)
            return (ptrdiff_t)mid;
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return -1;
}

static bool unknown_member(reader *r, const char *name)
{
    dd_near near = { .asked = dd_str_z(name) };
    if (!(r->flags & DD_READ_STRICT))
        return true;
    for (size_t i = 0; i < DD_COUNT(members); i++)
        dd_near_look(&near, dd_str_z(members[i].name));
    bad(r, name, "is not a member of a price row");
    if (!dd_near_hint(&near, r->err))
        dd_hint(r->err, "docs/prices.md lists the members of a row.");
    return false;
}

static bool complete(reader *r)
{
    const dd_price *p = &r->row->price;
    if (!p->provider.len)
        return bad(r, "provider", "is missing");
    if (!p->id.len)
        return bad(r, "id", "is missing");
    if (p->rates.input == DD_PRICE_NONE)
        return bad(r, "input", "is missing");
    if (p->rates.output == DD_PRICE_NONE && p->kind != DD_KIND_EMBEDDING)
        return bad(r, "output", "is missing (only an embedding has none)");
    return true;
}

static bool read_row(reader *r, const cJSON *obj)
{
    uint64_t seen = 0;
    r->id         = NULL;
    if (!cJSON_IsObject(obj))
        return bad(r, "models", "holds something that is not an object");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(obj, "id");
    r->id           = cJSON_IsString(id) ? id->valuestring : NULL;
    r->row          = dd_price_list_add(r->list);
    for (const cJSON *v = obj->child; v; v = v->next) {
        ptrdiff_t k = find_member(v->string);
        if (k < 0) {
            if (!unknown_member(r, v->string))
                return false;
            continue;
        }
        if (seen >> k & 1)
            return bad(r, v->string, "is there twice");
        seen |= UINT64_C(1) << k;
        if (!cJSON_IsNull(v) && !members[k].read(r, v))
            return false;
    }
    dd_str known = dd_provider_find(r->row->price.provider);
    if (known.len)
        r->row->price.provider = known;
    return complete(r);
}

/* --- files --- */

dd_price_row *dd_price_list_add(dd_price_list *list)
{
    dd_avec_grow(&list->arena, (void **)&list->rows, list->n, &list->cap, sizeof *list->rows);
    dd_price_row_init(&list->rows[list->n]);
    return &list->rows[list->n++];
}

/* Sorted, so that equal names stand together. */
static dd_code check_twice(dd_price_list *list, const char *what, dd_err *err)
{
    dd_price_list_sort(list);
    for (size_t i = 1; i < list->n; i++) {
        const dd_price *a = &list->rows[i - 1].price, *b = &list->rows[i].price;
        if (dd_str_eq(a->provider, b->provider) && dd_str_eq(a->id, b->id))
            return dd_fail(err, DD_ERR_PARSE, "%s: row \"%.*s\" of provider \"%.*s\" is there twice", what, (int)(b->id.len < 100 ? b->id.len : 100),
                           b->id.ptr, (int)(b->provider.len < 60 ? b->provider.len : 60), b->provider.ptr);
    }
    return DD_OK;
}

dd_code dd_prices_read_rows(const cJSON *rows, const char *what, unsigned flags, dd_price_list *out, dd_err *err)
{
    reader r = { out, what, flags, 0, NULL, NULL, err };
    out->format = "dd0c-prices";
    if (cJSON_IsObject(rows))
        rows = cJSON_GetObjectItemCaseSensitive(rows, "models");
    if (!cJSON_IsArray(rows))
        return dd_fail(err, DD_ERR_PARSE, "%s: no list of rows", what);
    for (const cJSON *row = rows->child; row; row = row->next) {
        if (++r.at > DD_PRICES_MAX_ROWS)
            return dd_fail(err, DD_ERR_LIMIT, "%s: more than %d rows", what, DD_PRICES_MAX_ROWS);
        if (!read_row(&r, row))
            return DD_ERR_PARSE;
    }
    return check_twice(out, what, err);
}

static bool ours(const cJSON *tree)
{
    const cJSON *models = cJSON_IsArray(tree) ? tree : cJSON_GetObjectItemCaseSensitive(tree, "models");
    if (!cJSON_IsArray(models))
        return false;
    return cJSON_GetObjectItemCaseSensitive(tree, "schema") || !models->child ||
           cJSON_GetObjectItemCaseSensitive(models->child, "provider");
}

static dd_code check_schema(const cJSON *tree, const char *what, dd_err *err)
{
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(tree, "schema");
    if (!schema)
        return DD_OK;
    if (cJSON_IsString(schema) && (strcmp(schema->valuestring, "dd0c-prices/1") == 0 || strcmp(schema->valuestring, "dd0c-model-prices/1") == 0))
        return DD_OK;
    dd_fail(err, DD_ERR_PARSE, "%s: schema \"%.60s\" is not one this program reads", what, cJSON_IsString(schema) ? schema->valuestring : "");
    dd_hint(err, "It reads dd0c-prices/1; a newer dd0c may read this file.");
    return DD_ERR_PARSE;
}

/* What goes back to a server in a header: one line of printable ASCII, or nothing. */
static dd_str printable(dd_price_list *l, const cJSON *v)
{
    dd_str s = dd_str_z(cJSON_IsString(v) ? v->valuestring : "");
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~')
            return DD_STR("");
    return dd_arena_dup(&l->arena, s);
}

static dd_code read_ours(const cJSON *tree, const char *what, unsigned flags, dd_price_list *out, dd_err *err)
{
    dd_code      rc   = check_schema(tree, what, err);
    const cJSON *date = cJSON_GetObjectItemCaseSensitive(tree, "generated"), *from = cJSON_GetObjectItemCaseSensitive(tree, "fetched");
    const cJSON *etag = cJSON_GetObjectItemCaseSensitive(from, "etag"), *url = cJSON_GetObjectItemCaseSensitive(from, "url");
    if (rc == DD_OK)
        rc = dd_prices_read_rows(tree, what, flags, out, err);
    if (rc != DD_OK)
        return rc;
    if (date && (!cJSON_IsString(date) || !dd_day_parse(dd_str_z(date->valuestring), &out->generated)))
        return dd_fail(err, DD_ERR_PARSE, "%s: \"generated\" is not a date (2026-11-20)", what);
    out->etag   = printable(out, etag);
    out->url    = printable(out, url);
    out->origin = printable(out, cJSON_GetObjectItemCaseSensitive(from, "format"));
    return DD_OK;
}

static dd_code read_tree(const cJSON *tree, const char *what, unsigned flags, dd_price_list *out, dd_err *err)
{
    if (ours(tree))
        return read_ours(tree, what, flags, out, err);
    const char    *format = "";
    dd_foreign_fn *read   = dd_prices_foreign(tree, &format);
    if (!read) {
        dd_fail(err, DD_ERR_PARSE, "%s: not a price list of a known shape", what);
        dd_hint(err, "Known are dd0c-prices/1, LiteLLM's model_prices JSON, models.dev's api.json and OpenRouter's /models.");
        return DD_ERR_PARSE;
    }
    out->format = format;
    dd_code rc  = read(tree, what, out, err);
    if (rc == DD_OK && out->n == 0)
        rc = dd_fail(err, DD_ERR_PARSE, "%s: no row with a token price among %zu (first: %s)", what, out->skipped, out->first_skipped);
    if (rc == DD_OK)
        dd_price_list_sort(out);
    return rc;
}

dd_code dd_prices_read(dd_str text, const char *what, unsigned flags, dd_price_list *out, dd_err *err)
{
    if (text.len > DD_PRICES_MAX_BYTES)
        return dd_fail(err, DD_ERR_LIMIT, "%s: larger than %d MB", what, DD_PRICES_MAX_BYTES >> 20);
    cJSON *tree = dd_json_parse(text, what, err);
    if (!tree)
        return DD_ERR_PARSE;
    dd_code rc = read_tree(tree, what, flags, out, err);
    cJSON_Delete(tree);
    return rc;
}
