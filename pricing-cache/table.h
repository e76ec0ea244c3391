/* pricing-cache/table.h - the index over price rows: from a spelling to its row.
 *
 * Keys are folded spellings (dd_price_fold). A key can belong to several rows: one a provider. The bundled table's index is made
 * at build time by this same code (tools/gen_prices.c) and is static data; others are built in memory. */
#ifndef DD_PRICING_TABLE_H
#define DD_PRICING_TABLE_H
#include "pricing-cache/rows.h"

enum { DD_PRICE_NAME_MAX = 240 }; /* a longer spelling is no model */

typedef enum {           /* best first */
    DD_NAME_ID,
    DD_NAME_ALIAS,
    DD_NAME_REGION,      /* "us.anthropic.claude-opus-5": a regional row */
    DD_NAME_CORE,        /* Bedrock id without version or date */
    DD_NAME_TAIL         /* id without its path or vendor: counts only for that provider */
} dd_name_kind;

typedef struct {
    uint32_t key;        /* offset in the pool */
    uint16_t row;
    uint8_t  len, kind;
} dd_price_name;

typedef struct {
    const dd_price_row  *rows;     /* main rows, then the regional ones */
    size_t               n_main, n_rows;
    const char          *pool;
    const dd_price_name *names;    /* sorted by key, then tails last, then provider's rank, then kind */
    size_t               n_names;
    const uint16_t      *slots;    /* hash -> first name of a key, + 1; 0: none */
    size_t               n_slots;  /* a power of two */
} dd_price_table;

/* Lower case; "." between digits and "@" before a date become "-" where a Claude model is named. Writes at most
 * DD_PRICE_NAME_MAX bytes to `out`, returns the length; 0: empty, too long, or not printable ASCII. */
size_t dd_price_fold(dd_str name, char out[DD_PRICE_NAME_MAX]);

/* `list`'s main rows and the regional ones made from them (in the list's own array when its capacity holds them, else in arena `a`);
 * *n_all counts both. DD_ERR_LIMIT: more rows than the index can count. */
dd_code dd_price_expand(const dd_price_list *list, dd_arena *a, dd_price_row **rows, size_t *n_all, dd_err *err);
/* Indexes rows in arena `a`. DD_ERR_LIMIT as above. */
dd_code dd_price_index(dd_price_row *rows, size_t n_main, size_t n_all, dd_arena *a, dd_price_table *out, dd_err *err);

/* The names of one folded key; NULL: none. *n counts them. */
const dd_price_name *dd_price_lookup(const dd_price_table *t, dd_str key, size_t *n);
/* Removes "-vN", "-vN:M", ":M" or "-YYYYMMDD" (any of the three forms of a date, "@" too) from the end. False: nothing there. */
bool dd_price_strip_version(dd_str *name);
bool dd_price_strip_date(dd_str *name);
/* "us.", "eu.", ... in front. */
bool dd_price_strip_region(dd_str *name);
#endif
