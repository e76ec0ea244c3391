/* base/map.c - open addressing, linear probing, at most 70% full. */
#include "base/map.h"

#include <stdlib.h>

typedef struct dd_map_slot slot;

static slot *probe(const dd_map *m, dd_str key, uint64_t hash)
{
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        slot *s = &m->slots[i];
        if (!s->key.ptr || (s->hash == hash && dd_str_eq(s->key, key)))
            return s;
    }
}

/* FNV's low bits are fair but cheap to spoil; one multiply spreads them. */
static uint64_t mix(dd_str key)
{
    uint64_t h = dd_str_hash(key) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static void grow(dd_map *m)
{
    dd_map bigger = { NULL, m->n, m->cap ? m->cap * 2 : 16 };
    bigger.slots  = dd_calloc(bigger.cap, sizeof(slot));
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].key.ptr)
            *probe(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
    free(m->slots);
    *m = bigger;
}

void *dd_map_get(const dd_map *m, dd_str key)
{
    return m->n ? probe(m, key, mix(key))->value : NULL;
}

bool dd_map_has(const dd_map *m, dd_str key)
{
    return m->n && probe(m, key, mix(key))->key.ptr;
}

void **dd_map_at(dd_map *m, dd_str key)
{
    if ((m->n + 1) * 10 > m->cap * 7)
        grow(m);
    if (!key.ptr)
        key.ptr = "";
    uint64_t hash = mix(key);
    slot    *s    = probe(m, key, hash);
    if (!s->key.ptr) {
        s->key  = key;
        s->hash = hash;
        m->n++;
    }
    return &s->value;
}

void *dd_map_put(dd_map *m, dd_str key, void *value)
{
    void **at  = dd_map_at(m, key);
    void  *old = *at;
    *at        = value;
    return old;
}

void dd_map_free(dd_map *m)
{
    free(m->slots);
    m->slots = NULL;
    m->n = m->cap = 0;
}

bool dd_map_each(const dd_map *m, size_t *i, dd_str *key, void **value)
{
    while (*i < m->cap) {
        const slot *s = &m->slots[(*i)++];
        if (s->key.ptr) {
            *key   = s->key;
            *value = s->value;
            return true;
        }
    }
    return false;
}
