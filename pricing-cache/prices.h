/* pricing-cache/prices.h - the price table: open it, look a model up.
 *
 * The table is layered: user overrides win over the on-disk cache (when it is newer than the bundled table), which wins
 * over the bundled table (static data, nothing is parsed to open it). All reads are thread-safe once open. */
#ifndef DD_PRICING_PRICES_H
#define DD_PRICING_PRICES_H
#include "base/err.h"
#include "pricing-cache/price.h"

typedef struct dd_prices dd_prices;

typedef struct {
    const char *cache_dir;           /* NULL: only the bundled table */
    const char *table_file;          /* laid over the bundled table instead of the cache, whatever its day or format; NULL */
    const char *override_file;       /* --price-override, or NULL */
    const struct cJSON *config_rows; /* `prices:` of dd0c.yaml as JSON (a list of rows), or NULL; the file above wins over it. Only read */
    const char *config_name;         /* for messages: config "dd0c.yaml" */
} dd_prices_opts;

/* Caller owns. A damaged cache is a warning (dd_prices_warning), not a failure; a broken override file is: NULL, *err. */
dd_prices *dd_prices_open(const dd_prices_opts *opts, dd_err *err);
void       dd_prices_close(dd_prices *p); /* NULL is fine */

/* How a name was matched; anything but EXACT and ALIAS is said in reports. */
typedef enum {
    DD_MATCH_NONE, DD_MATCH_EXACT, DD_MATCH_ALIAS, DD_MATCH_NORMALISED, /* prefix, case, dots, region, route suffix with its own row */
    DD_MATCH_SNAPSHOT,     /* the date was stripped */
    DD_MATCH_FINE_TUNED,   /* ft:base:...; the row's id starts with "ft:" when a fine-tuned price is known, else it is the base model's */
    DD_MATCH_DEPLOYMENT    /* Azure free text that contains a known id: low confidence */
} dd_match;

typedef struct {
    const dd_price *price;   /* borrowed until close; NULL: unknown */
    dd_match        match;
    bool            batch;   /* the spelling asks for the batch price */
    bool            priority;/* -fast / :nitro like spelling without a row of its own: price may differ */
} dd_price_hit;
const char *dd_match_name(dd_match match); /* "exact", "snapshot", ... */

/* `provider` is a hint ("" none): who is billed ("openai", "anthropic", "bedrock", "azure", ...). When the hint has no row of this
 * name, other providers' rows are tried (first party first) and match is at best NORMALISED. Never by resemblance. */
dd_price_hit dd_prices_find(const dd_prices *p, dd_str provider, dd_str model);
/* Names that look like `model`, nearest first; returns how many (at most max). Borrowed. */
size_t dd_prices_near(const dd_prices *p, dd_str model, const dd_price **out, size_t max);
/* All rows, in table order (provider, id). */
size_t          dd_prices_count(const dd_prices *p);
const dd_price *dd_prices_at(const dd_prices *p, size_t i);
/* The provider's name in this table for the names it goes by ("vertex_ai" -> "google", "amazon-bedrock" -> "bedrock"); "" not known. */
dd_str          dd_prices_provider(dd_str name);
/* Names of a row besides its id: borrowed NULL-terminated list. */
const char *const *dd_prices_aliases(const dd_prices *p, const dd_price *row);

typedef struct {
    dd_str name;   /* "bundled", "cache", "bundled + override" */
    dd_day date;   /* the day the table speaks for */
    size_t models, names;
    size_t from_cache, from_override; /* rows whose price those layers gave */
} dd_prices_meta;
dd_prices_meta dd_prices_about(const dd_prices *p);
/* One line to show on stderr, or "": a damaged cache, a stale table (older than 30 days before `today`). */
dd_str dd_prices_warning(const dd_prices *p);
void   dd_prices_check_age(dd_prices *p, dd_day today);
#endif
