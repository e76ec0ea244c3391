#include "store/tally.h"

enum { FIRST_SLOTS = 256, FIRST_ROWS = 64 };
static const uint64_t spread = UINT64_C(0x9E3779B97F4A7C15);

void dd_tally_init(dd_tally *t, size_t texts, size_t counters)
{
    *t = (dd_tally){ .texts = texts, .counters = counters, .n_slots = FIRST_SLOTS };
    t->stride = sizeof(dd_tally_row) + texts * sizeof(dd_str) + counters * sizeof(int64_t);
    t->slots = dd_calloc(t->n_slots, sizeof *t->slots);
}

void dd_tally_fini(dd_tally *t)
{
    free(t->rows);
    free(t->slots);
    *t = (dd_tally){0};
}

void dd_tally_clear(dd_tally *t)
{
    t->n = 0;
    memset(t->slots, 0, t->n_slots * sizeof *t->slots);
}

static uint64_t hash_of(const dd_tally *t, dd_tally_key k, const dd_str *texts)
{
    uint64_t h = ((uint64_t)k.period ^ (uint64_t)(uint32_t)k.a << 32 ^ (uint64_t)(uint32_t)k.b << 48) * spread;
    for (size_t i = 0; i < t->texts; i++)
        h = (h ^ dd_str_hash(texts[i])) * spread;
    return h ^ h >> 32;
}

static bool same(const dd_tally *t, dd_tally_row *r, dd_tally_key k, const dd_str *texts, uint64_t hash)
{
    bool eq = r->hash == hash && r->key.period == k.period && r->key.a == k.a && r->key.b == k.b;
    for (size_t i = 0; i < t->texts && eq; i++)
        eq = dd_str_eq(dd_tally_texts(r)[i], texts[i]);
    return eq;
}

static void more_slots(dd_tally *t)
{
    free(t->slots);
    t->n_slots *= 2;
    t->slots = dd_calloc(t->n_slots, sizeof *t->slots);
    for (size_t i = 0; i < t->n; i++) {
        size_t at = dd_tally_at(t, i)->hash & (t->n_slots - 1);
        while (t->slots[at] != 0)
            at = (at + 1) & (t->n_slots - 1);
        t->slots[at] = (uint32_t)i + 1;
    }
}

static dd_tally_row *push(dd_tally *t, dd_tally_key k, const dd_str *texts, uint64_t hash)
{
    if (t->n == t->cap) {
        t->cap = t->cap != 0 ? t->cap * 2 : FIRST_ROWS;
        t->rows = dd_realloc(t->rows, t->cap * t->stride);
    }
    dd_tally_row *r = dd_tally_at(t, t->n++);
    *r = (dd_tally_row){ k, hash };
    memcpy(dd_tally_texts(r), texts, t->texts * sizeof *texts);
    memset(dd_tally_counters(t, r), 0, t->counters * sizeof(int64_t));
    return r;
}

dd_tally_row *dd_tally_find(dd_tally *t, dd_tally_key key, const dd_str *texts, bool *fresh)
{
    uint64_t hash = hash_of(t, key, texts);
    size_t   at = hash & (t->n_slots - 1);
    *fresh = false;
    for (; t->slots[at] != 0; at = (at + 1) & (t->n_slots - 1))
        if (same(t, dd_tally_at(t, t->slots[at] - 1), key, texts, hash))
            return dd_tally_at(t, t->slots[at] - 1);
    *fresh = true;
    dd_tally_row *r = push(t, key, texts, hash);
    t->slots[at] = (uint32_t)t->n;
    if (t->n * 2 > t->n_slots)
        more_slots(t);
    return r;
}
