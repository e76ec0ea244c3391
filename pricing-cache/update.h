/* pricing-cache/update.h - a newer price list into the cache folder.
 *
 * The list is fetched by a function handed in (this folder knows no network), read whole, and only then written over
 * <cache_dir>/prices.json in one step, in our own format. A list that cannot be read leaves the cache as it was. */
#ifndef DD_PRICING_UPDATE_H
#define DD_PRICING_UPDATE_H
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"

typedef struct {
    int    status;      /* of HTTP */
    dd_buf body;        /* the caller of fetch owns it; its max is the size limit */
    char   etag[256];   /* "": none */
} dd_fetch_reply;

/* GET `url` with "If-None-Match: <etag>" when etag is not "". Any HTTP status is DD_OK; no answer is DD_ERR_NET, too much DD_ERR_LIMIT. */
typedef dd_code dd_fetch_fn(void *ctx, const char *url, const char *etag, dd_fetch_reply *reply, dd_err *err);

typedef struct {
    const char  *cache_dir;
    const char  *url;
    dd_day       today;  /* the day of a list that does not say its own; a later one is taken for this one */
    dd_fetch_fn *fetch;
    void        *ctx;
} dd_prices_source;

typedef struct {
    bool   unchanged;           /* the server says we have it already */
    char   format[24];          /* "litellm", ... */
    size_t rows, skipped;
    char   first_skipped[160];
    dd_day date;
} dd_prices_updated;

dd_code dd_prices_update(const dd_prices_source *opts, dd_prices_updated *out, dd_err *err);
/* The same from text that is at hand. `what` names it in messages. */
dd_code dd_prices_import(const char *cache_dir, dd_str text, const char *what, dd_day today, dd_prices_updated *out, dd_err *err);
#endif
