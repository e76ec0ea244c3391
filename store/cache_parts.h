/* store/cache_parts.h - what the files of the cache share: entries in memory, requests under way, and the disk's thread. */
#ifndef DD_STORE_CACHE_PARTS_H
#define DD_STORE_CACHE_PARTS_H
#include <pthread.h>
#include <stdatomic.h>

#include "store/cache.h"
#include "store/db.h"

/* --- cache_memory.c: entries, and a shard's table and order of use. Who calls holds the shard's lock. --- */

typedef struct cache_entry {
    struct cache_entry *chain, *newer, *older;
    atomic_int          refs;      /* the shard's, the disk queue's, a reader's */
    dd_cache_key        key;
    size_t              bytes;
    dd_cached           answer;    /* its text stands behind */
    char                text[];
} cache_entry;

typedef struct { dd_cache_done *done; void *arg; } cache_waiter;
typedef DD_VEC(cache_waiter) cache_waiters;
typedef enum {
    FLIGHT_LOADING,                /* the disk is asked */
    FLIGHT_LED,                    /* a request is under way */
    FLIGHT_VACANT,                 /* one who waited was told to go on, and has not asked yet */
    FLIGHT_OPEN                    /* no answer can be kept, it seems: whoever asks goes on, alone */
} flight_state;
typedef struct flight {
    struct flight *next;
    dd_cache_key   key;
    flight_state   state;
    int64_t        since_ns;
    cache_waiters  waiters;        /* the first came first */
    void          *promised;       /* VACANT: to whom */
    int            given_up;
    size_t         woken;          /* OPEN: who have not asked again */
} flight;

enum { SHARDS_MAX = 16, FLIGHT_LISTS = 256 };
typedef struct {
    pthread_mutex_t lock;
    cache_entry   **table, *newest, *oldest;
    size_t          buckets, n, bytes, max;
    flight         *flights[FLIGHT_LISTS];
    size_t          n_flights;
    int64_t         hits, misses, collapsed, stored, evicted, waiting;
} cache_shard;

cache_entry *cache_entry_new(const dd_cache_key *key, const dd_cached *answer);   /* one reference: the caller's */
size_t       cache_entry_bytes(const dd_cached *answer);
void         cache_entry_drop(cache_entry *e);
void         cache_entry_copy(const cache_entry *e, dd_arena *arena, dd_cached *out);
bool         cache_fits(const dd_cached *answer, const dd_cache_match *m);
cache_entry *cache_shard_find(cache_shard *s, const dd_cache_key *key);
void         cache_shard_use(cache_shard *s, cache_entry *e);      /* the newest from now on */
void         cache_shard_add(cache_shard *s, cache_entry *e);      /* takes a reference; in the place of one with that key */
void         cache_shard_remove(cache_shard *s, cache_entry *e);

/* --- cache_disk.c: one thread; also looks after requests that never end. --- */

typedef struct cache_disk cache_disk;
typedef struct { struct dd_cache *cache; const dd_cache_opts *opts; dd_str seal_key; } cache_disk_opts;
cache_disk *cache_disk_open(const cache_disk_opts *o, dd_err *err);
void        cache_disk_close(cache_disk *d);                        /* writes what waits to be written, and ends the thread */
bool        cache_disk_may_have(const cache_disk *d, const dd_cache_key *key);
bool        cache_disk_load(cache_disk *d, const dd_cache_key *key, int64_t now_s);   /* cache_loaded follows; false: it will not */
void        cache_disk_store(cache_disk *d, cache_entry *e);        /* takes a reference of its own */
void        cache_disk_invalidate(cache_disk *d, const dd_cache_match *m, dd_cache_invalidated *done, void *arg);
void        cache_disk_count(const cache_disk *d, dd_cache_counts *out);

/* --- cache_gone.c: what other processes have invalidated --- */

typedef void cache_gone_fn(void *ctx, const dd_cache_match *m);     /* stored_until is set */
dd_code cache_gone_put(dd_db *db, dd_str seal_key, int64_t by, const dd_cache_match *m, dd_err *err);
int64_t cache_gone_last(dd_db *db);
/* Those after *last that others than `by` have put. */
dd_code cache_gone_each(dd_db *db, dd_str seal_key, int64_t by, int64_t *last, cache_gone_fn *fn, void *ctx, dd_err *err);
dd_code cache_gone_tidy(dd_db *db, int64_t now_s, dd_err *err);

/* --- cache.c, for the thread --- */
void    cache_loaded(dd_cache *c, const dd_cache_key *key, cache_entry *found);    /* takes `found`, NULL: the disk has none */
void    cache_tidy(dd_cache *c);                                    /* requests that never end */
/* Of memory; those whose key (its first eight bytes) is among `gone`, sorted, are not counted. */
int64_t cache_clear(dd_cache *c, const dd_cache_match *m, const uint64_t *gone, size_t n);
uint64_t cache_short(const dd_cache_key *key);
#endif
