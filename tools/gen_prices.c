/* tools/gen_prices.c - pricing-cache/bundled/prices.json -> static C data (pricing-cache/bundled.h).
 *
 * usage: gen_prices IN.json OUT.c
 * Runs at build time. It reads with the program's own reader and indexes with its own index, so that a file the program would refuse
 * does not build. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/map.h"
#include "pricing-cache/bundled.h"
#include "pricing-cache/formats.h"

static dd_buf   text = DD_BUF_INIT(0);
static dd_map   seen = DD_MAP_INIT;
static dd_arena mem  = DD_ARENA_INIT;

static _Noreturn void die(const char *why)
{
    fprintf(stderr, "gen_prices: %s\n", why);
    exit(1);
}

/* Offset of `s` in the text, equal texts once; "" is 0. */
static uint32_t put_text(dd_str s)
{
    if (!text.len)
        dd_buf_addc(&text, '\0');
    if (!s.len)
        return 0;
    dd_str key = dd_arena_dup(&mem, s);
    void **at  = dd_map_at(&seen, key);
    if (!*at) {
        *at = (void *)(uintptr_t)text.len;
        dd_buf_add(&text, s);
        dd_buf_addc(&text, '\0');
    }
    return (uint32_t)(uintptr_t)*at;
}

/* Those that many rows share are put first, so that 16 bits reach them. */
static uint32_t put_short(dd_str s)
{
    uint32_t at = put_text(s);
    if (at > UINT16_MAX)
        die("shared text is past 64 kB");
    return at;
}

static uint32_t price(int64_t v)
{
    if (v == DD_PRICE_NONE)
        return DD_PACKED_NONE;
    if (v < 0 || v >= DD_PACKED_NONE)
        die("a price does not fit 32 bits");
    return (uint32_t)v;
}

static unsigned day(dd_day d)
{
    if (d == DD_DAY_NONE)
        return 0;
    if (d <= 0 || d > UINT16_MAX)
        die("a date does not fit 16 bits");
    return (unsigned)d;
}

static void put_rates(FILE *f, const dd_rates *r)
{
    fprintf(f, "{%uu,%uu,%uu,%uu,%uu}", price(r->input), price(r->output), price(r->cache_read), price(r->cache_write), price(r->cache_write_1h));
}

static unsigned flags(const dd_price_row *row)
{
    return (row->price.free ? DD_PACKED_FREE : 0) | (row->price.suspect ? DD_PACKED_SUSPECT : 0) |
           (row->price.batch_derived ? DD_PACKED_BATCH_DERIVED : 0) | (row->has & DD_ROW_CAPS ? DD_PACKED_HAS_CAPS : 0);
}

static unsigned count_aliases(const dd_price_row *row)
{
    unsigned n = 0;
    while (row->aliases && row->aliases[n])
        n++;
    return n;
}

static void put_rows(FILE *f, const dd_price_list *l)
{
    unsigned tiers = 0, changes = 0, peaks = 0, aliases = 0, regions = 0;
    for (size_t i = 0; i < l->n; i++) {
        put_short(l->rows[i].price.provider);
        put_short(l->rows[i].price.tokenizer);
        put_short(l->rows[i].price.source);
    }
    fprintf(f, "static const dd_packed_row rows[] = {\n");
    for (size_t i = 0; i < l->n; i++) {
        const dd_price_row *r       = &l->rows[i];
        const dd_price     *p       = &r->price;
        bool                peak    = p->off_peak.input != DD_PRICE_NONE;
        unsigned            n_alias = count_aliases(r);
        if (p->context > UINT32_MAX || p->max_output > UINT32_MAX || p->n_tiers > 255 || p->n_scheduled > 255)
            die("a row has a number that does not fit");
        fprintf(f, "{%uu,%uu,%uu,%uu,", put_text(p->id), put_text(p->replacement), put_text(p->note), put_text(p->peak_utc));
        put_rates(f, &p->rates);
        fprintf(f, ",%uu,%uu,%uu,%uu,", price(p->batch_input), price(p->batch_output), (unsigned)p->context, (unsigned)p->max_output);
        fprintf(f, "%u,%u,%u,%u,", day(p->released), day(p->retires), day(p->retires_not_before), day(p->source_date));
        fprintf(f, "%u,%u,%u,", put_short(p->provider), put_short(p->tokenizer), put_short(p->source));
        fprintf(f, "%u,%u,%u,%u,%u,", tiers, changes, peak ? peaks + 1 : 0, aliases, regions);
        fprintf(f, "%zu,%zu,%u,%zu,", p->n_tiers, p->n_scheduled, n_alias, r->n_regions);
        fprintf(f, "%u,%u,%u,%u,%u,%u},\n", (unsigned)p->kind, (unsigned)p->status, p->caps, flags(r), p->agreeing, p->differing);
        tiers += (unsigned)p->n_tiers;
        changes += (unsigned)p->n_scheduled;
        peaks += peak;
        aliases += n_alias;
        regions += (unsigned)r->n_regions;
    }
    fprintf(f, "};\n");
    if (tiers > UINT16_MAX || aliases > UINT16_MAX || regions > UINT16_MAX)
        die("too many parts of rows");
}

/* Each array ends with an element nobody reads, so that an empty one is C too. */
static void put_parts(FILE *f, const dd_price_list *l)
{
    fprintf(f, "static const dd_packed_step tiers[] = {\n");
    for (size_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < l->rows[i].price.n_tiers; k++) {
            fprintf(f, "{%uu,", (unsigned)l->rows[i].price.tiers[k].above_input_tokens);
            put_rates(f, &l->rows[i].price.tiers[k].rates);
            fprintf(f, "},\n");
        }
    fprintf(f, "{0}};\nstatic const dd_packed_step changes[] = {\n");
    for (size_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < l->rows[i].price.n_scheduled; k++) {
            fprintf(f, "{%uu,", day(l->rows[i].price.scheduled[k].from));
            put_rates(f, &l->rows[i].price.scheduled[k].rates);
            fprintf(f, "},\n");
        }
    fprintf(f, "{0}};\nstatic const dd_packed_rates off_peak[] = {\n");
    for (size_t i = 0; i < l->n; i++)
        if (l->rows[i].price.off_peak.input != DD_PRICE_NONE) {
            put_rates(f, &l->rows[i].price.off_peak);
            fprintf(f, ",\n");
        }
    fprintf(f, "{0}};\n");
}

static size_t put_lists(FILE *f, const dd_price_list *l)
{
    size_t n = 0;
    fprintf(f, "static const uint32_t aliases[] = {\n");
    for (size_t i = 0; i < l->n; i++)
        for (unsigned k = 0; k < count_aliases(&l->rows[i]); k++)
            fprintf(f, "%uu,\n", put_text(dd_str_z(l->rows[i].aliases[k])));
    fprintf(f, "0};\nstatic const dd_packed_region regions[] = {\n");
    for (size_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < l->rows[i].n_regions; k++, n++) {
            const dd_price_region *g = &l->rows[i].regions[k];
            fprintf(f, "{%uu,%uu,%uu},\n", put_text(g->prefix), price(g->input), price(g->output));
        }
    fprintf(f, "{0}};\n");
    return n;
}

static void put_bytes(FILE *f, const char *name, const char *bytes, size_t n)
{
    fprintf(f, "static const char %s[] = {", name);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s%d,", i % 32 ? "" : "\n", bytes[i]);
    fprintf(f, "0};\n");
}

static void put_index(FILE *f, const dd_price_table *t)
{
    size_t pool = 0;
    fprintf(f, "static const dd_price_name names[] = {\n");
    for (size_t i = 0; i < t->n_names; i++) {
        fprintf(f, "{%uu,%u,%u,%u},\n", t->names[i].key, t->names[i].row, t->names[i].len, t->names[i].kind);
        if (t->names[i].key + t->names[i].len > pool)
            pool = t->names[i].key + t->names[i].len;
    }
    fprintf(f, "};\nstatic const uint16_t slots[] = {");
    for (size_t i = 0; i < t->n_slots; i++)
        fprintf(f, "%s%u,", i % 32 ? "" : "\n", t->slots[i]);
    fprintf(f, "};\n");
    put_bytes(f, "pool", t->pool, pool);
}

static void put_all(FILE *f, const dd_price_list *l, const dd_price_table *t)
{
    fprintf(f, "/* Made by tools/gen_prices.c from pricing-cache/bundled/prices.json: change that file. */\n#include \"pricing-cache/bundled.h\"\n\n");
    put_rows(f, l);
    put_parts(f, l);
    size_t n_regions = put_lists(f, l);
    put_index(f, t);
    put_bytes(f, "text", text.ptr, text.len);
    fprintf(f, "const dd_packed_table dd_prices_bundled = { text, rows, tiers, changes, off_peak, aliases, regions, pool, names, slots,\n"
               "    %zu, %zu, %zu, %zu, %d };\n", l->n, t->n_names, t->n_slots, n_regions, (int)l->generated);
}

int main(int argc, char **argv)
{
    dd_err         err   = DD_ERR_INIT;
    dd_buf         in    = DD_BUF_INIT(DD_PRICES_MAX_BYTES);
    dd_price_list  list  = DD_PRICE_LIST_INIT;
    dd_price_row  *rows  = NULL;
    size_t         n_all = 0;
    dd_price_table table;
    if (argc != 3)
        die("usage: gen_prices IN.json OUT.c");
    if (dd_file_read(argv[1], &in, &err) != DD_OK || dd_prices_read(dd_buf_str(&in), argv[1], DD_READ_STRICT, &list, &err) != DD_OK ||
        dd_price_expand(&list, &mem, &rows, &n_all, &err) != DD_OK || dd_price_index(rows, list.n, n_all, &mem, &table, &err) != DD_OK)
        die(err.msg);
    if (list.generated == DD_DAY_NONE)
        die("the table does not say its day");
    FILE *f = fopen(argv[2], "w");
    if (!f)
        die("could not write the output");
    put_all(f, &list, &table);
    if (fclose(f) != 0)
        die("could not write the output");
    return 0;
}
