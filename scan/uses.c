#include "scan/uses.h"

#include <string.h>

static uint32_t hash_of(dd_str name)
{
    uint64_t h = dd_str_hash(name);
    return (uint32_t)(h ^ h >> 32);
}

dd_str dd_uses_base_name(const dd_expr *base)
{
    while (base && base->kind == DD_X_INDEX)
        base = base->a;
    return base ? base->name : DD_STR("");
}

static void add(dd_use_list *out, dd_arena *a, dd_str name, uint32_t at)
{
    dd_use use = { hash_of(name), at };
    if (name.len)
        dd_avec_push(a, out, use);
}

void dd_uses_calls(const dd_unit_ir *u, dd_arena *a, dd_use_list *out)
{
    out->cap = u->n_calls;
    out->v   = dd_newn(a, dd_use, u->n_calls);
    for (uint32_t i = 0; i < u->n_calls; i++)
        add(out, a, u->calls[i]->name, i);
}

void dd_uses_bases(const dd_unit_ir *u, dd_arena *a, dd_use_list *out)
{
    for (uint32_t i = 0; i < u->n_classes; i++)
        for (uint32_t k = 0; k < u->classes[i]->n_bases; k++)
            add(out, a, dd_uses_base_name(u->classes[i]->bases[k]), i);
}

void dd_uses_index(dd_use_index *index, const dd_use_list *lists, size_t n_files, dd_arena *a)
{
    size_t n = 0;
    for (size_t f = 0; f < n_files; f++)
        n += lists[f].n;
    uint32_t slots = 64;
    while (slots < n && slots < (UINT32_C(1) << 30))
        slots *= 2;
    index->mask  = slots - 1;
    index->v     = dd_newn(a, dd_use_entry, n + 1);
    index->first = dd_newn(a, uint32_t, (size_t)slots + 2);
    uint32_t *next = index->first + 1;     /* counted one slot on; filling brings them into place */
    for (size_t f = 0; f < n_files; f++)
        for (size_t i = 0; i < lists[f].n; i++)
            next[(lists[f].v[i].hash & index->mask) + 1]++;
    for (uint32_t s = 1; s < slots; s++)
        next[s] += next[s - 1];
    for (size_t f = 0; f < n_files; f++)
        for (size_t i = 0; i < lists[f].n; i++) {
            dd_use use = lists[f].v[i];
            index->v[next[use.hash & index->mask]++] = (dd_use_entry){ use.hash, (uint32_t)f, use.at };
        }
}

bool dd_uses_next(const dd_use_index *index, dd_str name, size_t *i, dd_use_entry *out)
{
    if (!index->v || !name.len)
        return false;
    uint32_t hash = hash_of(name), slot = hash & index->mask;
    for (size_t at = index->first[slot] + *i; at < index->first[slot + 1]; at++) {
        ++*i;
        if (index->v[at].hash == hash) {
            *out = index->v[at];
            return true;
        }
    }
    return false;
}
