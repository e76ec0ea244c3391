#include "proxy/count.h"

#include <stdlib.h>

#include "base/secret.h"
#include "route/tokens.h"

enum { SLOTS = 8192, SHORTEST = 256 };   /* below it a look into memory costs as much as counting */

typedef struct {
    uint64_t key;      /* 0: empty */
    int64_t  tokens;
} counted;

struct dd_counts {
    uint64_t seed;
    counted  slots[SLOTS];
};

dd_counts *dd_counts_new(void)
{
    dd_counts *c = dd_calloc(1, sizeof *c);   /* pages that are never used are never there */
    dd_random_bytes(&c->seed, sizeof c->seed);
    return c;
}

void dd_counts_free(dd_counts *c) { free(c); }

int64_t dd_counts_string(dd_counts *c, dd_str tag, const dd_jspan *d, uint32_t node, dd_arena *arena)
{
    dd_str written = dd_jspan_inside(d, node);
    if (written.len < SHORTEST)
        return dd_tokens_model(tag, dd_jspan_text(d, node, arena), NULL);
    uint64_t key = dd_str_mix(written, c->seed ^ dd_str_hash(tag));
    counted *at  = &c->slots[key % SLOTS];
    key += !key;
    if (at->key != key)
        *at = (counted){ key, dd_tokens_model(tag, dd_jspan_text(d, node, arena), NULL) };
    return at->tokens;
}
