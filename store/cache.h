/* store/cache.h - answers kept for equal requests (RC.4): memory first, SQLite behind it.
 *
 * An entry is known by a keyed hash of the canonical request, never by its text; the answer is sealed (AES-256-GCM) before it is kept on disk, under a
 * key of this installation. Memory is an LRU of at most max_bytes in shards with a lock each, held for a lookup's few hundred nanoseconds; the disk is
 * a thread's work: a lookup that misses memory is answered later, by `done`. Requests that are equal and under way are one: the first goes on, the
 * others wait for it. Source: docs/decisions/0023-cache.json. */
#ifndef DD_STORE_CACHE_H
#define DD_STORE_CACHE_H
#include "base/arena.h"
#include "base/err.h"
#include "route/cached.h"

typedef struct {
    const char *path;              /* cache.db; NULL: memory alone */
    int64_t     max_bytes;         /* memory; 0: 64 MiB */
    int64_t     max_disk_bytes;    /* 0: 1 GiB */
    int64_t     max_entry_bytes;   /* 0: 1 MiB; larger answers are not kept */
    dd_str      secret;            /* 32 bytes of this installation; the keys of hash and seal derive from it */
    void      (*log)(void *ctx, const char *line); void *log_ctx;
} dd_cache_opts;
typedef struct dd_cache dd_cache;
dd_cache *dd_cache_open(const dd_cache_opts *opts, dd_err *err);
void      dd_cache_close(dd_cache *c);
/* HMAC-SHA-256 of the canonical bytes under this installation's key. */
dd_cache_key dd_cache_hash(const dd_cache *c, const dd_str *parts, size_t n);

dd_cache_verdict dd_cache_find(dd_cache *c, const dd_cache_key *key, int64_t now_s, dd_arena *arena, dd_cached *out, dd_cache_done *done, void *arg);
bool   dd_cache_forget(dd_cache *c, const dd_cache_key *key, void *arg);              /* true: `done` will not be called; false: it was, or is about to be */
void   dd_cache_put(dd_cache *c, const dd_cache_key *key, const dd_cached *answer);   /* copies; wakes those who wait */
void   dd_cache_give_up(dd_cache *c, const dd_cache_key *key);                        /* no answer to keep; one of those who wait goes on in its place */
/* Entries whose model (glob), tag ("team=search") or key id fit; NULL members fit all. Returns how many of memory and disk; from a thread that may wait. */
typedef struct { dd_str model, tag, key_id, org; } dd_cache_match;
int64_t dd_cache_invalidate(dd_cache *c, const dd_cache_match *m);
typedef struct { int64_t hits, misses, collapsed, stored, evicted, entries, bytes, disk_entries, disk_bytes; } dd_cache_counts;
void    dd_cache_count(const dd_cache *c, dd_cache_counts *out);
#endif
