/* route/cached.h - an answer that is kept for equal requests, and what asking for one may give (RC.4).
 *
 * The plain types that proxy/ and store/cache.h share. Text is borrowed for the call. */
#ifndef DD_ROUTE_CACHED_H
#define DD_ROUTE_CACHED_H
#include "base/str.h"

typedef struct { unsigned char bytes[32]; } dd_cache_key;   /* keyed hash of a canonical request */

typedef struct {
    int      status;
    dd_str   content_type, body;   /* as the client got it */
    dd_str   model, provider;      /* that answered */
    dd_str   org, key_id, tags;    /* for invalidation: tags as "team=search", one a line */
    int64_t  cost;                 /* picodollars that a hit saves; INT64_MIN unknown */
    int64_t  input_tokens, output_tokens;
    int64_t  stored_s, expires_s;  /* wall time */
} dd_cached;

typedef enum {
    DD_CACHE_HIT,      /* the answer is filled, its text in the caller's arena */
    DD_CACHE_MISS,     /* the caller goes on, and must end with put or give_up: others may wait for it */
    DD_CACHE_WAIT      /* `done` will be called once, from any thread: ask again. Until then `forget` takes the caller out */
} dd_cache_verdict;
typedef void dd_cache_done(void *arg);
#endif
