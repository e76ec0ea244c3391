/* store/cache_memory.c - a shard of the cache: a table that grows, and the order in which its entries were used. */
#include <stdlib.h>

#include "store/cache_parts.h"

enum { BUCKETS = 64 };

/* --- entries: one allocation each --- */

static const size_t texts[] = { offsetof(dd_cached, content_type), offsetof(dd_cached, body), offsetof(dd_cached, model), offsetof(dd_cached, provider),
                                offsetof(dd_cached, org), offsetof(dd_cached, key_id), offsetof(dd_cached, tags) };

static dd_str *text_of(dd_cached *a, size_t i) { return (dd_str *)(void *)((char *)a + texts[i]); }
static dd_str  text_in(const dd_cached *a, size_t i) { return *(const dd_str *)(const void *)((const char *)a + texts[i]); }

uint64_t cache_short(const dd_cache_key *key)
{
    uint64_t n;
    memcpy(&n, key->bytes, sizeof n);
    return n;
}

size_t cache_entry_bytes(const dd_cached *answer)
{
    size_t n = sizeof(cache_entry) + sizeof(cache_entry *);
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        n += text_in(answer, i).len;
    return n;
}

cache_entry *cache_entry_new(const dd_cache_key *key, const dd_cached *answer)
{
    size_t       bytes = cache_entry_bytes(answer);
    cache_entry *e     = dd_malloc(bytes);
    char        *at    = e->text;
    *e = (cache_entry){ .key = *key, .bytes = bytes, .answer = *answer };
    atomic_init(&e->refs, 1);
    for (size_t i = 0; i < DD_COUNT(texts); i++) {
        dd_str s = text_in(answer, i);
        if (s.len)
            memcpy(at, s.ptr, s.len);
        *text_of(&e->answer, i) = (dd_str){ at, s.len };
        at += s.len;
    }
    return e;
}

void cache_entry_drop(cache_entry *e)
{
    if (e && atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) == 1)
        free(e);
}

void cache_entry_copy(const cache_entry *e, dd_arena *arena, dd_cached *out)
{
    *out = e->answer;
    for (size_t i = 0; i < DD_COUNT(texts); i++)
        *text_of(out, i) = dd_arena_dup(arena, text_in(&e->answer, i));
}

/* A whole line fits. */
static bool has_tag(dd_str tags, dd_str tag)
{
    while (tags.len)
        if (dd_str_eq(dd_str_cut(&tags, '\n'), tag))
            return true;
    return false;
}

bool cache_fits(const dd_cached *a, const dd_cache_match *m)
{
    return (!m->org.len || dd_str_eq(a->org, m->org)) && (!m->key_id.len || dd_str_eq(a->key_id, m->key_id)) && (!m->tag.len || has_tag(a->tags, m->tag)) &&
           (!m->model.len || dd_str_glob(m->model, a->model, true)) && (!m->stored_until || a->stored_s <= m->stored_until);
}

/* --- the table --- */

/* The last eight bytes: the first choose the shard. */
static cache_entry **bucket(const cache_shard *s, const dd_cache_key *key)
{
    uint64_t h;
    memcpy(&h, key->bytes + sizeof key->bytes - sizeof h, sizeof h);
    return &s->table[h & (s->buckets - 1)];
}

cache_entry *cache_shard_find(cache_shard *s, const dd_cache_key *key)
{
    for (cache_entry *e = s->table ? *bucket(s, key) : NULL; e; e = e->chain)
        if (memcmp(&e->key, key, sizeof *key) == 0)
            return e;
    return NULL;
}

static void grow(cache_shard *s)
{
    cache_entry **old = s->table;
    size_t        n   = s->buckets;
    s->buckets        = n ? 2 * n : BUCKETS;
    s->table          = dd_calloc(s->buckets, sizeof(cache_entry *));
    for (size_t i = 0; i < n; i++)
        for (cache_entry *e = old[i], *next; e; e = next) {
            cache_entry **at = bucket(s, &e->key);
            next             = e->chain;
            e->chain         = *at;
            *at              = e;
        }
    free(old);
}

static void unlink_use(cache_shard *s, cache_entry *e)
{
    *(e->newer ? &e->newer->older : &s->newest) = e->older;
    *(e->older ? &e->older->newer : &s->oldest) = e->newer;
}

static void link_newest(cache_shard *s, cache_entry *e)
{
    e->newer = NULL;
    e->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = e;
    s->newest = e;
}

void cache_shard_use(cache_shard *s, cache_entry *e)
{
    if (s->newest != e) {
        unlink_use(s, e);
        link_newest(s, e);
    }
}

void cache_shard_remove(cache_shard *s, cache_entry *e)
{
    cache_entry **at = bucket(s, &e->key);
    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    unlink_use(s, e);
    s->n--;
    s->bytes -= e->bytes;
    cache_entry_drop(e);
}

void cache_shard_add(cache_shard *s, cache_entry *e)
{
    cache_entry *old = cache_shard_find(s, &e->key);
    if (old)
        cache_shard_remove(s, old);
    if (e->bytes > s->max)
        return;
    while (s->oldest && s->bytes + e->bytes > s->max) {
        cache_shard_remove(s, s->oldest);
        s->evicted++;
    }
    if (s->n >= s->buckets)
        grow(s);
    cache_entry **at = bucket(s, &e->key);
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    e->chain = *at;
    *at      = e;
    link_newest(s, e);
    s->n++;
    s->bytes += e->bytes;
}
