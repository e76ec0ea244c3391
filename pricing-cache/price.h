/* pricing-cache/price.h - one row of the price table.
 *
 * Prices are int64 microdollars per million tokens (USD 2.50 per 1M = 2,500,000); DD_PRICE_NONE: not known or not
 * offered, never zero. Text is borrowed from the table. Source of the fields: docs/prices.md. */
#ifndef DD_PRICING_PRICE_H
#define DD_PRICING_PRICE_H
#include "base/str.h"
#include "base/time.h"

#define DD_PRICE_NONE INT64_MIN

typedef enum { DD_KIND_CHAT, DD_KIND_COMPLETION, DD_KIND_EMBEDDING } dd_price_kind;
typedef enum { DD_MODEL_ACTIVE, DD_MODEL_DEPRECATED, DD_MODEL_RETIRED, DD_MODEL_UNLISTED } dd_model_status;
enum { DD_PRICE_KINDS = DD_KIND_EMBEDDING + 1, DD_MODEL_STATUSES = DD_MODEL_UNLISTED + 1 };
extern const char *const dd_price_kind_names[DD_PRICE_KINDS];        /* chat, completion, embedding */
extern const char *const dd_model_status_names[DD_MODEL_STATUSES];   /* active, deprecated, retired, unlisted */

enum { /* capabilities; a missing flag is weak evidence */
    DD_CAP_VISION = 1, DD_CAP_TOOLS = 2, DD_CAP_JSON = 4, DD_CAP_REASONING = 8, DD_CAP_AUDIO_IN = 16,
    DD_CAP_PDF_IN = 32, DD_CAP_PROMPT_CACHE = 64, DD_CAP_WEB_SEARCH = 128
};

typedef struct { /* microdollars per million tokens */
    int64_t input, output, cache_read, cache_write, cache_write_1h;
} dd_rates;

typedef struct { int64_t above_input_tokens; dd_rates rates; } dd_price_tier;  /* ascending */
typedef struct { dd_day from; dd_rates rates; } dd_price_change;               /* ascending; NONE members stay */

typedef struct {
    dd_str          provider, id;
    dd_price_kind   kind;
    dd_model_status status;
    dd_rates        rates;
    int64_t         batch_input, batch_output;
    const dd_price_tier   *tiers;     size_t n_tiers;
    const dd_price_change *scheduled; size_t n_scheduled;
    dd_rates        off_peak;         /* all NONE: no such price */
    dd_str          peak_utc;         /* "01:00-04:00,06:00-10:00" */
    int64_t         context, max_output;   /* tokens; 0: not known */
    uint32_t        caps;
    dd_day          released, retires, retires_not_before;
    dd_str          replacement;      /* id of the same provider, "" none named */
    dd_str          tokenizer;        /* tag, docs/prices.md */
    dd_str          source;           /* where the price was taken from */
    dd_day          source_date;
    dd_str          note;
    bool            free;             /* price 0 on purpose */
    bool            suspect;          /* do not trust without a look */
    bool            batch_derived;    /* batch price follows from the provider's discount, no list names it */
    uint8_t         agreeing, differing; /* other sources with the same price, with another one */
} dd_price;
#endif
