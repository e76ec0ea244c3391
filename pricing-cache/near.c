/* Names that look like a name nobody knows: for messages only, never for a price. */
#include <stdlib.h>

#include "pricing-cache/prices_impl.h"
#include "pricing-cache/provider.h"

enum { MAX_NEAR = 32 };

typedef struct { const dd_price *row; size_t distance; int rank; } candidate;

static dd_str last_part(dd_str s)
{
    ptrdiff_t cut = dd_str_rchr(s, '/');
    return dd_str_sub(s, (size_t)(cut + 1), s.len);
}

static size_t distance(dd_str key, dd_str id, size_t max)
{
    size_t whole = dd_str_distance(key, id, max), tail = dd_str_distance(last_part(key), last_part(id), max);
    return whole < tail ? whole : tail;
}

/* Nearer first; of equals the callable and the maker's. */
static bool before(const candidate *a, const candidate *b)
{
    if (a->distance != b->distance)
        return a->distance < b->distance;
    if ((a->row->status == DD_MODEL_ACTIVE) != (b->row->status == DD_MODEL_ACTIVE))
        return a->row->status == DD_MODEL_ACTIVE;
    return a->rank < b->rank;
}

static size_t insert(candidate *best, size_t n, size_t max, candidate c)
{
    size_t at = n;
    while (at > 0 && before(&c, &best[at - 1]))
        at--;
    if (at >= max)
        return n;
    for (size_t i = n < max ? n : max - 1; i > at; i--)
        best[i] = best[i - 1];
    best[at] = c;
    return n < max ? n + 1 : max;
}

/* The same name at its maker and at resellers is said once, as the maker's. */
static bool is_twin(candidate *best, size_t n, const candidate *c)
{
    for (size_t i = 0; i < n; i++) {
        if (!dd_str_eq_nocase(last_part(best[i].row->id), last_part(c->row->id)))
            continue;
        if (c->rank < best[i].rank)
            best[i] = *c;
        return true;
    }
    return false;
}

size_t dd_prices_near(const dd_prices *p, dd_str model, const dd_price **out, size_t max)
{
    candidate best[MAX_NEAR];
    char      folded[DD_PRICE_NAME_MAX];
    dd_str    key = { folded, dd_price_fold(dd_str_trim(model), folded) };
    size_t    n = 0, limit = last_part(key).len / 3, half = key.len ? (key.len - 1) / 2 : 0;
    if (!key.len || max == 0)
        return 0;
    if (limit < 2)
        limit = 2;
    if (limit > 8)
        limit = 8;
    limit = limit < half ? limit : half;   /* else each short name would be near: base/near.h */
    max = max < MAX_NEAR ? max : MAX_NEAR;
    for (size_t i = 0; i < p->table.n_main; i++) {
        const dd_price_row *row = &p->table.rows[i];
        size_t              d   = distance(key, row->price.id, limit);
        for (size_t k = 0; row->aliases && row->aliases[k]; k++) {
            size_t other = distance(key, dd_str_z(row->aliases[k]), limit);
            d            = other < d ? other : d;
        }
        candidate c = { &row->price, d, dd_provider_rank(row->price.provider) };
        if (d <= limit && !is_twin(best, n, &c))
            n = insert(best, n, max, c);
    }
    for (size_t i = 0; i < n; i++)
        out[i] = best[i].row;
    return n;
}
