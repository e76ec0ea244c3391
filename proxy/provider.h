/* proxy/provider.h - how each provider is reached: one row each.
 *
 * A configured provider follows a row (`type:`), and says its own URL, keys and limits. Any compatible server is a row "openai" with another URL. */
#ifndef DD_PROXY_PROVIDER_H
#define DD_PROXY_PROVIDER_H
#include "proxy/dialect/dialect.h"
#include "proxy/http/server.h"
#include "route/policy.h"

typedef struct {
    const char *name;
    dd_family   family;       /* whose API it speaks */
    const char *billed_as;    /* provider of the price table; "" not in it */
    const char *base_url;     /* with its version path; NULL: the configuration must say it */
    const char *version;      /* path added to a URL that has none: "/v1" */
    const char *key_env[3];   /* environment variables that hold a key; setting one is enough to have the provider */
    const char *url_env[3];   /* that hold its URL */
    const char *key_header;   /* "authorization" (as Bearer), "x-api-key", "api-key" */
    bool        keyless;      /* works without a key */
    bool        free;         /* local: costs nothing */
    bool        responses;    /* has an endpoint /responses of its own */
    const char *source;       /* page that says so */
    dd_target_facts facts;    /* of the provider, not of a model: what its chat completions take less or more than OpenAI's */
} dd_provider_kind;

extern const dd_provider_kind dd_provider_kinds[];   /* ends with a NULL name; in order of preference */
const dd_provider_kind *dd_provider_kind_find(dd_str name);   /* also by the other names that providers go by; NULL: none */

typedef struct { dd_str value; int64_t weight; } dd_provider_key;
typedef struct {
    dd_str                  name;
    const dd_provider_kind *kind;
    dd_str                  base;        /* without a slash at its end */
    dd_str                  api_version;
    dd_provider_key        *keys; size_t n_keys;
    int64_t                 total_weight;
    int64_t                 connect_ms, first_ms, idle_ms, total_ms;
    bool                    insecure;    /* certificate unchecked */
} dd_provider;

/* "https://host", "https://host/v1/", "https://host/v1/chat/completions" become the base; the row's version path is added to a bare host. DD_ERR_USAGE: no URL. */
dd_code dd_provider_base(const dd_provider_kind *kind, dd_str url, dd_buf *out, dd_err *err);
/* URL of an endpoint ("/chat/completions"; model for Azure's deployments), query without "?". NUL-terminated in *out. */
void dd_provider_url(const dd_provider *p, dd_str path, dd_str model, dd_str query, dd_buf *out);
/* The key for this request: by weight; `pick` is any number that spreads evenly. NULL: it has none. */
const dd_provider_key *dd_provider_pick(const dd_provider *p, uint64_t pick);
/* The headers that authenticate, at most 2, values in the arena; returns how many. */
size_t dd_provider_auth(const dd_provider *p, dd_str key, dd_arena *arena, dd_header out[2]);
#endif
