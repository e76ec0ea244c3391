/* store/cache.h - answers kept for equal requests (RC.4): memory first, SQLite behind it.
 *
 * An entry is known by a keyed hash of the canonical request, never by its text; the answer is sealed (AES-256-GCM) before it is kept on disk, under a
 * key of this installation. Memory is an LRU of at most max_bytes in shards with a lock each, held for a lookup's few hundred nanoseconds; the disk is
 * a thread's work: a lookup that misses memory, and that the disk may hold, is answered later, by `done`. Requests that are equal and under way are one:
 * the first goes on, the others wait for it. Any thread, but for open and close. Source: docs/decisions/0023-cache.json. */
#ifndef DD_STORE_CACHE_H
#define DD_STORE_CACHE_H
#include "base/arena.h"
#include "base/err.h"
#include "route/cached.h"

enum { DD_CACHE_SECRET = 32 };
typedef struct {
    const char *dir;               /* of cache.db; NULL: memory alone */
    int64_t     max_bytes;         /* memory; 0: 64 MiB */
    int64_t     max_disk_bytes;    /* 0: 1 GiB; when it is full the oldest go */
    int64_t     max_entry_bytes;   /* 0: 1 MiB; larger answers are not kept */
    int64_t     leader_ms;         /* how long others wait for one that never ends; 0: ten minutes */
    dd_str      secret;            /* DD_CACHE_SECRET bytes of this installation; the keys of hash and seal derive from it */
    void      (*log)(void *ctx, const char *line); void *log_ctx;   /* from the cache's thread */
} dd_cache_opts;
typedef struct dd_cache dd_cache;
/* Caller owns; NULL: *err (the folder, the database, the secret's length). */
dd_cache *dd_cache_open(const dd_cache_opts *opts, dd_err *err);
/* What was put is written first. All that wait are woken, all questions answered (-1). Nobody may be in a call of another thread. NULL is fine. */
void      dd_cache_close(dd_cache *c);
/* HMAC-SHA-256 of the canonical bytes under this installation's key; ("a", "b") and ("ab", "") differ. */
dd_cache_key dd_cache_hash(const dd_cache *c, const dd_str *parts, size_t n);

dd_cache_verdict dd_cache_find(dd_cache *c, const dd_cache_key *key, int64_t now_s, dd_arena *arena, dd_cached *out, dd_cache_done *done, void *arg);
/* True: `done` will not be called; false: it was, or is about to be. Who was told to go on in another's place hands that to the next. */
bool   dd_cache_forget(dd_cache *c, const dd_cache_key *key, void *arg);
void   dd_cache_put(dd_cache *c, const dd_cache_key *key, const dd_cached *answer);   /* copies; wakes those who wait */
/* No answer to keep: one of those who wait goes on in its place, the rest wait for that one. When DD_CACHE_TRIES in a row had none, all go on. */
enum { DD_CACHE_TRIES = 4 };
void   dd_cache_give_up(dd_cache *c, const dd_cache_key *key);

/* Entries whose model (glob), tag ("team=search") or key id fit; empty members fit all. What is under way meanwhile may still be put.
 * stored_until: and that were stored before this second's end; 0: all. */
typedef struct { dd_str model, tag, key_id, org; int64_t stored_until; } dd_cache_match;
/* How many, of memory and disk together; -1: the disk could not. Waits. Other processes that use the file forget the same within a second or two. */
int64_t dd_cache_invalidate(dd_cache *c, const dd_cache_match *m);
/* The same without waiting: `done` is called once, from the cache's thread or, when it closes, from the closing one. Copies *m. */
typedef void dd_cache_invalidated(void *arg, int64_t n);
void    dd_cache_invalidate_later(dd_cache *c, const dd_cache_match *m, dd_cache_invalidated *done, void *arg);

typedef struct {
    int64_t hits, misses, collapsed, stored, evicted, entries, bytes, waiting;
    int64_t disk_hits, disk_entries, disk_bytes, disk_lost;   /* lost: the disk was too slow, or failed */
} dd_cache_counts;
void    dd_cache_count(const dd_cache *c, dd_cache_counts *out);

/* The file alone, whoever uses it: for people who ask. there false, with DD_OK: there is none. */
typedef struct { bool there; int64_t entries, expired, bytes, oldest_s, newest_s; } dd_cache_disk_state;
dd_code dd_cache_look(const char *dir, int64_t now_s, dd_cache_disk_state *out, dd_err *err);
#endif
