#include "pricing-cache/table.h"

#include <stdlib.h>

#include "pricing-cache/provider.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* --- spellings --- */

size_t dd_price_fold(dd_str name, char out[DD_PRICE_NAME_MAX])
{
    if (name.len == 0 || name.len > DD_PRICE_NAME_MAX)
        return 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c <= ' ' || c > '~')
            return 0;
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    ptrdiff_t claude = dd_str_findz((dd_str){ out, name.len }, "claude");
    for (size_t i = claude < 0 ? name.len : (size_t)claude + 6; i + 1 < name.len; i++)
        if ((out[i] == '.' && is_digit(out[i - 1]) && is_digit(out[i + 1])) || (out[i] == '@' && is_digit(out[i + 1])))
            out[i] = '-';
    return name.len;
}

/* How many digits the end of s[0..end) has. */
static size_t digits_before(dd_str s, size_t end)
{
    size_t n = 0;
    while (n < end && is_digit(s.ptr[end - n - 1]))
        n++;
    return n;
}

bool dd_price_strip_version(dd_str *name)
{
    dd_str s = *name;
    size_t n = s.len && s.ptr[s.len - 1] == 'k' ? digits_before(s, s.len - 1) : 0; /* ":200k", a context size */
    if (n && s.len > n + 2 && s.ptr[s.len - n - 2] == ':')
        s.len -= n + 2;
    n = digits_before(s, s.len);
    if (n && n < 3 && s.len > n + 2 && s.ptr[s.len - n - 1] == ':') /* "-v1:0" */
        s.len -= n + 1;
    n = digits_before(s, s.len);
    if (n && n < 3 && s.len > n + 2 && s.ptr[s.len - n - 1] == 'v' && s.ptr[s.len - n - 2] == '-')
        s.len -= n + 2;
    bool changed = s.len != name->len;
    *name        = s;
    return changed;
}

static bool plausible_date(const char *y, const char *m, const char *d)
{
    int year  = (y[0] - '0') * 1000 + (y[1] - '0') * 100 + (y[2] - '0') * 10 + (y[3] - '0');
    int month = (m[0] - '0') * 10 + (m[1] - '0'), day = (d[0] - '0') * 10 + (d[1] - '0');
    return year >= 2020 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool dd_price_strip_date(dd_str *name)
{
    dd_str s = *name;
    size_t n = digits_before(s, s.len), cut = 0;
    if (n == 8 && s.len > 10) {
        const char *p = s.ptr + s.len - 8;
        if ((p[-1] == '-' || p[-1] == '@') && plausible_date(p, p + 4, p + 6))
            cut = 9;
    } else if (n == 2 && s.len > 12) {
        const char *p = s.ptr + s.len - 10;
        if (p[-1] == '-' && p[4] == '-' && p[7] == '-' && digits_before(s, s.len - 3) == 2 && digits_before(s, s.len - 6) == 4 &&
            plausible_date(p, p + 5, p + 8))
            cut = 11;
    }
    name->len -= cut;
    return cut != 0;
}

/* Geographies of Bedrock's inference profiles. */
static const char *const regions[] = { "us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au.", "ca.", "in.", "sa.", "me.", "af." };

bool dd_price_strip_region(dd_str *name)
{
    for (size_t i = 0; i < DD_COUNT(regions); i++) {
        if (dd_str_startsz(*name, regions[i])) {
            *name = dd_str_sub(*name, strlen(regions[i]), name->len);
            return true;
        }
    }
    return false;
}

/* --- regional rows --- */

static int64_t scaled(int64_t v, int64_t to, int64_t from)
{
    if (v == DD_PRICE_NONE || from <= 0)
        return DD_PRICE_NONE;
    return (int64_t)(((__int128)v * to + from / 2) / from);
}

/* A region's premium holds for every kind of input token alike, and for output apart. */
static void scale_rates(dd_rates *r, const dd_rates *main, const dd_price_region *g)
{
    r->input          = scaled(r->input, g->input, main->input);
    r->cache_read     = scaled(r->cache_read, g->input, main->input);
    r->cache_write    = scaled(r->cache_write, g->input, main->input);
    r->cache_write_1h = scaled(r->cache_write_1h, g->input, main->input);
    r->output         = scaled(r->output, g->output, main->output);
}

static void make_regional(dd_price_row *out, const dd_price_row *row, const dd_price_region *g, dd_arena *a)
{
    const dd_rates *main  = &row->price.rates;
    dd_price_tier  *tiers = dd_newn(a, dd_price_tier, row->price.n_tiers);
    *out                  = *row;
    out->aliases          = NULL;
    out->regions          = NULL;
    out->n_regions        = 0;
    out->price.id         = dd_arena_printf(a, DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(g->prefix), DD_STR_ARG(row->price.id));
    for (size_t i = 0; i < row->price.n_tiers; i++) {
        tiers[i] = row->price.tiers[i];
        scale_rates(&tiers[i].rates, main, g);
    }
    out->price.tiers = tiers;
    scale_rates(&out->price.rates, main, g);
    out->price.batch_input   = scaled(row->price.batch_input, g->input, main->input);
    out->price.batch_output  = scaled(row->price.batch_output, g->output, main->output);
    out->price.batch_derived = true;
    out->price.rates.input   = g->input;
    out->price.rates.output  = g->output;
    out->price.scheduled     = NULL;
    out->price.n_scheduled   = 0;
}

static bool region_differs(const dd_price_row *row, const dd_price_region *g)
{
    return g->input != row->price.rates.input || g->output != row->price.rates.output;
}

dd_code dd_price_expand(const dd_price_list *list, dd_arena *a, dd_price_row **rows, size_t *n_all, dd_err *err)
{
    size_t n = list->n;
    for (size_t i = 0; i < list->n; i++)
        for (size_t k = 0; k < list->rows[i].n_regions; k++)
            n += region_differs(&list->rows[i], &list->rows[i].regions[k]);
    if (n >= UINT16_MAX)
        return dd_fail(err, DD_ERR_LIMIT, "price table: %zu rows are more than the %d that fit", n, UINT16_MAX - 1);
    *rows = list->rows;
    if (n > list->cap || !n) {
        *rows = dd_newn(a, dd_price_row, n ? n : 1);
        if (list->n)
            memcpy(*rows, list->rows, list->n * sizeof **rows);
    }
    n = list->n;
    for (size_t i = 0; i < list->n; i++)
        for (size_t k = 0; k < list->rows[i].n_regions; k++)
            if (region_differs(&list->rows[i], &list->rows[i].regions[k]))
                make_regional(&(*rows)[n++], &list->rows[i], &list->rows[i].regions[k], a);
    *n_all = n;
    return DD_OK;
}

/* --- index --- */

typedef struct {
    dd_str   key;
    uint32_t row;
    uint8_t  kind, rank;
    bool     active;
} entry;

typedef struct {
    dd_arena           *arena;
    const dd_price_row *rows;
    struct { entry *v; size_t n, cap; } names;
} builder;

static void add(builder *b, size_t row, dd_name_kind kind, dd_str name)
{
    char   folded[DD_PRICE_NAME_MAX];
    size_t n = dd_price_fold(name, folded);
    if (!n)
        return;
    const dd_price *p = &b->rows[row].price;
    entry           e = { dd_arena_dup(b->arena, (dd_str){ folded, n }), (uint32_t)row, (uint8_t)kind, (uint8_t)dd_provider_rank(p->provider),
                          p->status == DD_MODEL_ACTIVE };
    dd_avec_push(b->arena, &b->names, e);
}

/* "anthropic.claude-haiku-4-5-20251001-v1:0": also without version, without date, and each without the vendor. */
static void add_bedrock(builder *b, size_t row, dd_str id, bool regional)
{
    dd_str name = id;
    for (int step = 0; step < 3; step++) {
        dd_str    plain = name;
        ptrdiff_t dot;
        if (step > 0)
            add(b, row, DD_NAME_CORE, name);
        dd_price_strip_region(&plain);
        dot = dd_str_chr(plain, '.');
        if (!regional && dot > 0)
            add(b, row, DD_NAME_TAIL, dd_str_sub(plain, (size_t)dot + 1, plain.len));
        bool changed = step == 0 ? dd_price_strip_version(&name) || dd_price_strip_date(&name) : dd_price_strip_date(&name);
        if (!changed)
            return;
    }
}

/* Azure wrote 35 for 3.5 in the early model names, and both are seen. */
static void add_azure(builder *b, size_t row, dd_str id)
{
    static const struct { const char *from, *to; } spell[] = { { "gpt-35-", "gpt-3.5-" }, { "gpt-3.5-", "gpt-35-" } };
    for (size_t i = 0; i < DD_COUNT(spell); i++) {
        if (dd_str_startsz(id, spell[i].from)) {
            dd_str rest = dd_str_sub(id, strlen(spell[i].from), id.len);
            add(b, row, DD_NAME_TAIL, dd_arena_printf(b->arena, "%s" DD_STR_FMT, spell[i].to, DD_STR_ARG(rest)));
        }
    }
}

static void add_row(builder *b, size_t row, bool regional)
{
    const dd_price_row *r     = &b->rows[row];
    ptrdiff_t           slash = dd_str_rchr(r->price.id, '/');
    add(b, row, regional ? DD_NAME_REGION : DD_NAME_ID, r->price.id);
    for (size_t i = 0; r->aliases && r->aliases[i]; i++)
        add(b, row, DD_NAME_ALIAS, dd_str_z(r->aliases[i]));
    if (slash >= 0)
        add(b, row, DD_NAME_TAIL, dd_str_sub(r->price.id, (size_t)slash + 1, r->price.id.len));
    if (dd_str_eqz(r->price.provider, "bedrock"))
        add_bedrock(b, row, r->price.id, regional);
    if (dd_str_eqz(r->price.provider, "azure"))
        add_azure(b, row, r->price.id);
}

/* Among rows of one key: the maker first, then the exact kind; a callable row before others, then the newer one (ids carry dates). */
static int by_key(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int          c = dd_str_cmp(x->key, y->key);
    if (c == 0)
        c = (x->kind == DD_NAME_TAIL) - (y->kind == DD_NAME_TAIL);
    if (c == 0)
        c = (int)x->rank - (int)y->rank;
    if (c == 0)
        c = (int)x->kind - (int)y->kind;
    if (c == 0)
        c = (int)y->active - (int)x->active;
    return c ? c : x->row < y->row ? 1 : x->row > y->row ? -1 : 0;
}

static uint32_t pool_put(dd_buf *pool, dd_str key)
{
    uint32_t at = (uint32_t)pool->len;
    dd_buf_add(pool, key);
    return at;
}

/* Runs of equal keys share the pool's text; *keys counts them. */
static dd_price_name *pack_names(const builder *b, dd_buf *pool, size_t *keys)
{
    dd_price_name *names = dd_newn(b->arena, dd_price_name, b->names.n + 1);
    uint32_t       at    = 0;
    *keys                = 0;
    for (size_t i = 0; i < b->names.n; i++) {
        const entry *e = &b->names.v[i];
        if (i == 0 || !dd_str_eq(e->key, b->names.v[i - 1].key)) {
            at = pool_put(pool, e->key);
            ++*keys;
        }
        names[i] = (dd_price_name){ at, (uint16_t)e->row, (uint8_t)e->key.len, e->kind };
    }
    return names;
}

static uint16_t *make_slots(const builder *b, size_t n_slots)
{
    uint16_t *slots = dd_newn(b->arena, uint16_t, n_slots);
    for (size_t i = 0; i < b->names.n; i++) {
        const entry *e = &b->names.v[i];
        if (i && dd_str_eq(e->key, b->names.v[i - 1].key))
            continue;
        size_t at = dd_str_hash(e->key) & (n_slots - 1);
        while (slots[at])
            at = (at + 1) & (n_slots - 1);
        slots[at] = (uint16_t)(i + 1);
    }
    return slots;
}

dd_code dd_price_index(dd_price_row *rows, size_t n_main, size_t n_all, dd_arena *a, dd_price_table *out, dd_err *err)
{
    builder b    = { a, rows, { NULL, 0, 0 } };
    dd_buf  pool = DD_BUF_INIT(0);
    size_t  keys, n_slots = 64;
    for (size_t i = 0; i < n_all; i++)
        add_row(&b, i, i >= n_main);
    if (b.names.n >= UINT16_MAX)
        return dd_fail(err, DD_ERR_LIMIT, "price table: %zu names are more than the %d that fit", b.names.n, UINT16_MAX - 1);
    if (b.names.n > 1)
        qsort(b.names.v, b.names.n, sizeof *b.names.v, by_key);
    dd_price_name *names = pack_names(&b, &pool, &keys);
    while (n_slots < keys * 2)
        n_slots *= 2;
    *out = (dd_price_table){ rows, n_main, n_all, dd_arena_dup(a, dd_buf_str(&pool)).ptr, names, b.names.n, make_slots(&b, n_slots), n_slots };
    dd_buf_free(&pool);
    return DD_OK;
}

const dd_price_name *dd_price_lookup(const dd_price_table *t, dd_str key, size_t *n)
{
    for (size_t at = dd_str_hash(key) & (t->n_slots - 1); t->slots[at]; at = (at + 1) & (t->n_slots - 1)) {
        const dd_price_name *name = &t->names[t->slots[at] - 1];
        if (name->len != key.len || memcmp(t->pool + name->key, key.ptr, key.len) != 0)
            continue;
        const dd_price_name *end = name, *stop = t->names + t->n_names;
        while (end < stop && end->key == name->key && end->len == name->len)
            end++;
        *n = (size_t)(end - name);
        return name;
    }
    return NULL;
}
