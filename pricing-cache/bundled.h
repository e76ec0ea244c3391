/* pricing-cache/bundled.h - the price table inside the program.
 *
 * tools/gen_prices.c reads bundled/prices.json at build time and writes these arrays as C: offsets instead of pointers, so that the
 * table needs no relocation and costs nothing until it is opened. Opening unfolds the rows (some tens of microseconds); the index is
 * used as it stands. Text fields are offsets into `text` (NUL-terminated, 0 is ""). */
#ifndef DD_PRICING_BUNDLED_H
#define DD_PRICING_BUNDLED_H
#include "pricing-cache/table.h"

#define DD_PACKED_NONE UINT32_MAX /* no such price */

typedef struct { uint32_t input, output, cache_read, cache_write, cache_write_1h; } dd_packed_rates; /* microdollars per million */
typedef struct { uint32_t at; dd_packed_rates rates; } dd_packed_step;                               /* tier: tokens; change: day */
typedef struct { uint32_t prefix, input, output; } dd_packed_region;

typedef struct {
    uint32_t        id, replacement, note, peak_utc;
    dd_packed_rates rates;
    uint32_t        batch_input, batch_output, context, max_output;
    uint16_t        released, retires, retires_not_before, source_date;        /* days since 1970, 0 unknown */
    uint16_t        provider, tokenizer, source;
    uint16_t        tiers, scheduled, off_peak, aliases, regions;              /* first of each in its array; off_peak + 1, 0 none */
    uint8_t         n_tiers, n_scheduled, n_aliases, n_regions;
    uint8_t         kind, status, caps, flags, agreeing, differing;
} dd_packed_row;

enum { DD_PACKED_FREE = 1, DD_PACKED_SUSPECT = 2, DD_PACKED_BATCH_DERIVED = 4, DD_PACKED_HAS_CAPS = 8 };

typedef struct {
    const char             *text;
    const dd_packed_row    *rows;
    const dd_packed_step   *tiers, *changes;
    const dd_packed_rates  *off_peak;
    const uint32_t         *aliases;
    const dd_packed_region *regions;
    const char             *pool;
    const dd_price_name    *names;
    const uint16_t         *slots;
    uint32_t                n_rows, n_names, n_slots, n_regions;
    int32_t                 generated;
} dd_packed_table;

extern const dd_packed_table dd_prices_bundled; /* generated */

/* The rows as a list whose text is the static table's. */
void dd_bundled_list(dd_price_list *out);
/* The list of dd_bundled_list with the ready index; rows and regional rows are in arena `a`. */
dd_code dd_bundled_table(const dd_price_list *list, dd_arena *a, dd_price_table *out, dd_err *err);
#endif
