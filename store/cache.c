/* store/cache.c - finding, putting, and requests that wait for one another.
 *
 * A key's flight is what is under way for it: the disk's look, or the request that went on. Entries and flights of a key share a shard and its lock, so
 * that "is it there, and if not, is somebody on it" is one question. Wake-ups are called without a lock: who is taken off a list is called, who is on it
 * can be taken out, and nothing between. */
#include "store/cache.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/time.h"
#include "store/cache_parts.h"

enum { BLOCK = 64, DIGEST = 32, LEADER_MS = 600000 };

struct dd_cache {
    dd_cache_opts opts;
    size_t        n_shards;
    cache_shard   shards[SHARDS_MAX];
    int64_t       leader_ns;
    EVP_MD_CTX   *inner, *outer;    /* HMAC's two halves, begun; copied for each hash */
    unsigned char seal_key[DIGEST];
    cache_disk   *disk;
};

static cache_shard *shard_of(dd_cache *c, const dd_cache_key *key) { return &c->shards[key->bytes[0] & (c->n_shards - 1)]; }

/* --- the keyed hash (RFC 2104) --- */

static bool hmac_begin(EVP_MD_CTX *inner, EVP_MD_CTX *outer, dd_str key)
{
    unsigned char pad[2][BLOCK];
    for (size_t i = 0; i < BLOCK; i++) {
        unsigned char k = i < key.len ? (unsigned char)key.ptr[i] : 0;
        pad[0][i]       = k ^ 0x36;
        pad[1][i]       = k ^ 0x5c;
    }
    bool ok = key.len <= BLOCK && EVP_DigestInit_ex2(inner, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(inner, pad[0], BLOCK) == 1 &&
              EVP_DigestInit_ex2(outer, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(outer, pad[1], BLOCK) == 1;
    dd_wipe(pad, sizeof pad);
    return ok;
}

static bool hmac_end(EVP_MD_CTX *run, const EVP_MD_CTX *outer, unsigned char out[DIGEST])
{
    return EVP_DigestFinal_ex(run, out, NULL) == 1 && EVP_MD_CTX_copy_ex(run, outer) == 1 && EVP_DigestUpdate(run, out, DIGEST) == 1 &&
           EVP_DigestFinal_ex(run, out, NULL) == 1;
}

static bool add_part(EVP_MD_CTX *run, dd_str part)
{
    unsigned char len[8];
    for (size_t i = 0; i < sizeof len; i++)
        len[i] = (unsigned char)((uint64_t)part.len >> 8 * i);
    return EVP_DigestUpdate(run, len, sizeof len) == 1 && EVP_DigestUpdate(run, part.ptr ? part.ptr : "", part.len) == 1;
}

dd_cache_key dd_cache_hash(const dd_cache *c, const dd_str *parts, size_t n)
{
    dd_cache_key key = { { 0 } };
    EVP_MD_CTX  *run = EVP_MD_CTX_new();
    bool         ok  = run && EVP_MD_CTX_copy_ex(run, c->inner) == 1;
    for (size_t i = 0; i < n && ok; i++)
        ok = add_part(run, parts[i]);
    if (!ok || !hmac_end(run, c->outer, key.bytes))
        dd_random_bytes(&key, sizeof key);   /* equal to no other: nothing is found, and nothing is mistaken */
    EVP_MD_CTX_free(run);
    return key;
}

/* A key for each purpose: HMAC of the purpose's name under the secret. */
static bool derive(dd_str secret, const char *purpose, unsigned char out[DIGEST])
{
    EVP_MD_CTX *inner = EVP_MD_CTX_new(), *outer = EVP_MD_CTX_new();
    bool        ok    = inner && outer && hmac_begin(inner, outer, secret) && EVP_DigestUpdate(inner, purpose, strlen(purpose)) == 1 &&
                        hmac_end(inner, outer, out);
    EVP_MD_CTX_free(inner);
    EVP_MD_CTX_free(outer);
    return ok;
}

static dd_code set_keys(dd_cache *c, dd_str secret, dd_err *err)
{
    unsigned char hash_key[DIGEST];
    if (secret.len != DD_CACHE_SECRET)
        return dd_fail(err, DD_ERR_USAGE, "the cache's secret has %zu bytes, not %d", secret.len, DD_CACHE_SECRET);
    c->inner = EVP_MD_CTX_new();
    c->outer = EVP_MD_CTX_new();
    bool ok  = c->inner && c->outer && derive(secret, "dd0c cache hash", hash_key) && derive(secret, "dd0c cache seal", c->seal_key) &&
              hmac_begin(c->inner, c->outer, (dd_str){ (const char *)hash_key, sizeof hash_key });
    dd_wipe(hash_key, sizeof hash_key);
    return ok ? DD_OK : dd_fail(err, DD_ERR_IO, "libcrypto could not run SHA-256");
}

/* --- requests under way --- */

static int64_t now_ns(void) { return dd_mono_now().ns; }

static flight **flight_at(cache_shard *s, const dd_cache_key *key)
{
    flight **at = &s->flights[key->bytes[1] & (FLIGHT_LISTS - 1)];
    while (*at && memcmp(&(*at)->key, key, sizeof *key) != 0)
        at = &(*at)->next;
    return at;
}

static flight *flight_new(cache_shard *s, const dd_cache_key *key, flight_state state)
{
    flight **at = flight_at(s, key), *f = dd_calloc(1, sizeof *f);
    *f  = (flight){ .key = *key, .state = state, .since_ns = now_ns() };
    *at = f;
    s->n_flights++;
    return f;
}

/* Those who wait are the caller's to wake. */
static cache_waiters flight_end(cache_shard *s, flight **at)
{
    flight       *f = *at;
    cache_waiters w = f->waiters;
    *at = f->next;
    s->n_flights--;
    s->waiting -= (int64_t)w.n;
    free(f);
    return w;
}

static void wait_for(cache_shard *s, flight *f, dd_cache_done *done, void *arg)
{
    dd_vec_push(&f->waiters, ((cache_waiter){ done, arg }));
    s->waiting++;
}

static void take_out(cache_shard *s, flight *f, size_t i)
{
    memmove(f->waiters.v + i, f->waiters.v + i + 1, (f->waiters.n - i - 1) * sizeof *f->waiters.v);
    f->waiters.n--;
    s->waiting--;
}

/* The first who waits goes on; nobody waits: the flight is over. Returns whom to wake. */
static cache_waiter promote(cache_shard *s, flight **at)
{
    flight *f = *at;
    if (!f->waiters.n) {
        cache_waiters none = flight_end(s, at);
        dd_vec_free(&none);
        return (cache_waiter){ NULL, NULL };
    }
    cache_waiter first = f->waiters.v[0];
    take_out(s, f, 0);
    f->state    = FLIGHT_VACANT;
    f->since_ns = now_ns();
    f->promised = first.arg;
    return first;
}

static void wake_one(cache_waiter w)
{
    if (w.done)
        w.done(w.arg);
}

static void wake_all(cache_waiters *w)
{
    for (size_t i = 0; i < w->n; i++)
        w->v[i].done(w->v[i].arg);
    dd_vec_free(w);
}

/* --- finding --- */

static dd_cache_verdict lead(cache_shard *s, flight *f)
{
    f->state    = FLIGHT_LED;
    f->since_ns = now_ns();
    f->promised = NULL;
    s->misses++;
    return DD_CACHE_MISS;
}

static dd_cache_verdict join(dd_cache *c, cache_shard *s, flight **at, dd_cache_done *done, void *arg)
{
    flight *f = *at;
    switch (f->state) {
    case FLIGHT_VACANT: return lead(s, f);
    case FLIGHT_OPEN:
        s->misses++;
        if (f->woken-- <= 1) {
            cache_waiters none = flight_end(s, at);
            dd_vec_free(&none);
        }
        return DD_CACHE_MISS;
    case FLIGHT_LED:
        if (now_ns() - f->since_ns > c->leader_ns)
            return lead(s, f);           /* the one before is lost */
        s->collapsed++;
        break;
    default: break;
    }
    wait_for(s, f, done, arg);
    return DD_CACHE_WAIT;
}

static dd_cache_verdict begin(dd_cache *c, cache_shard *s, const dd_cache_key *key, int64_t now_s, dd_cache_done *done, void *arg)
{
    bool    ask_disk = cache_disk_may_have(c->disk, key) && cache_disk_load(c->disk, key, now_s);   /* its answer needs the lock that we hold */
    flight *f        = flight_new(s, key, ask_disk ? FLIGHT_LOADING : FLIGHT_LED);
    if (!ask_disk)
        return lead(s, f);
    wait_for(s, f, done, arg);
    return DD_CACHE_WAIT;
}

dd_cache_verdict dd_cache_find(dd_cache *c, const dd_cache_key *key, int64_t now_s, dd_arena *arena, dd_cached *out, dd_cache_done *done, void *arg)
{
    cache_shard     *s = shard_of(c, key);
    dd_cache_verdict v = DD_CACHE_HIT;
    pthread_mutex_lock(&s->lock);
    cache_entry *e = cache_shard_find(s, key);
    if (e && e->answer.expires_s <= now_s) {
        cache_shard_remove(s, e);
        e = NULL;
    }
    if (e) {
        cache_shard_use(s, e);
        atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
        s->hits++;
    } else {
        flight **at = flight_at(s, key);
        v           = *at ? join(c, s, at, done, arg) : begin(c, s, key, now_s, done, arg);
    }
    pthread_mutex_unlock(&s->lock);
    if (e) {                             /* a megabyte is not copied under the lock */
        cache_entry_copy(e, arena, out);
        cache_entry_drop(e);
    }
    return v;
}

bool dd_cache_forget(dd_cache *c, const dd_cache_key *key, void *arg)
{
    cache_shard *s    = shard_of(c, key);
    cache_waiter next = { NULL, NULL };
    bool         was  = false;
    pthread_mutex_lock(&s->lock);
    flight **at = flight_at(s, key), *f = *at;
    for (size_t i = 0; f && i < f->waiters.n && !was; i++)
        if (f->waiters.v[i].arg == arg) {
            take_out(s, f, i);
            was = true;
        }
    if (f && !was && f->state == FLIGHT_VACANT && f->promised == arg)
        next = promote(s, at);
    pthread_mutex_unlock(&s->lock);
    wake_one(next);
    return was;
}

/* --- the end of a request --- */

void dd_cache_give_up(dd_cache *c, const dd_cache_key *key)
{
    cache_shard  *s    = shard_of(c, key);
    cache_waiter  next = { NULL, NULL };
    cache_waiters all  = { NULL, 0, 0 };
    pthread_mutex_lock(&s->lock);
    flight **at = flight_at(s, key), *f = *at;
    if (f && f->state == FLIGHT_LED) {
        if (++f->given_up >= DD_CACHE_TRIES && f->waiters.n > 1) {
            all        = f->waiters;     /* one after the other would take for ever */
            f->waiters = (cache_waiters){ NULL, 0, 0 };
            f->woken   = all.n;
            f->state   = FLIGHT_OPEN;
            f->since_ns = now_ns();
            s->waiting -= (int64_t)all.n;
        } else {
            next = promote(s, at);
        }
    }
    pthread_mutex_unlock(&s->lock);
    wake_one(next);
    wake_all(&all);
}

void dd_cache_put(dd_cache *c, const dd_cache_key *key, const dd_cached *answer)
{
    cache_shard  *s       = shard_of(c, key);
    cache_waiters waiters = { NULL, 0, 0 };
    if ((int64_t)cache_entry_bytes(answer) > c->opts.max_entry_bytes + (int64_t)sizeof(cache_entry) + 1024) {
        dd_cache_give_up(c, key);
        return;
    }
    cache_entry *e = cache_entry_new(key, answer);
    pthread_mutex_lock(&s->lock);
    cache_shard_add(s, e);
    s->stored++;
    flight **at = flight_at(s, key);
    if (*at)
        waiters = flight_end(s, at);
    pthread_mutex_unlock(&s->lock);
    cache_disk_store(c->disk, e);
    cache_entry_drop(e);
    wake_all(&waiters);
}

/* --- for the thread --- */

void cache_loaded(dd_cache *c, const dd_cache_key *key, cache_entry *found)
{
    cache_shard  *s       = shard_of(c, key);
    cache_waiter  next    = { NULL, NULL };
    cache_waiters waiters = { NULL, 0, 0 };
    pthread_mutex_lock(&s->lock);
    flight **at = flight_at(s, key);
    bool     ours = *at && (*at)->state == FLIGHT_LOADING;
    if (found && !cache_shard_find(s, key))
        cache_shard_add(s, found);
    if (ours && cache_shard_find(s, key))
        waiters = flight_end(s, at);
    else if (ours)
        next = promote(s, at);
    pthread_mutex_unlock(&s->lock);
    cache_entry_drop(found);
    wake_one(next);
    wake_all(&waiters);
}

/* A flight that nobody ends: its leader's thread died with it, or who was told to go on never asked. At most a few a call: the rest the next time. */
static bool tidy_one(dd_cache *c, cache_shard *s)
{
    cache_waiter next  = { NULL, NULL };
    bool         found = false;
    int64_t      now   = now_ns();
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < FLIGHT_LISTS && s->n_flights && !found; i++)
        for (flight **at = &s->flights[i]; *at && !found; at = &(*at)->next)
            if (now - (*at)->since_ns > c->leader_ns && (*at)->state != FLIGHT_LOADING) {
                next  = promote(s, at);
                found = true;
                break;
            }
    pthread_mutex_unlock(&s->lock);
    wake_one(next);
    return found;
}

void cache_tidy(dd_cache *c)
{
    enum { MOST = 1000 };
    for (size_t i = 0; i < c->n_shards; i++)
        for (int n = 0; n < MOST && tidy_one(c, &c->shards[i]); n++)
            ;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int64_t cache_clear(dd_cache *c, const dd_cache_match *m, const uint64_t *gone, size_t n)
{
    int64_t count = 0;
    for (size_t i = 0; i < c->n_shards; i++) {
        cache_shard *s = &c->shards[i];
        pthread_mutex_lock(&s->lock);
        for (cache_entry *e = s->newest, *older; e; e = older) {
            older = e->older;
            if (!cache_fits(&e->answer, m))
                continue;
            uint64_t id = cache_short(&e->key);
            count += !n || !bsearch(&id, gone, n, sizeof id, by_number);
            cache_shard_remove(s, e);
        }
        pthread_mutex_unlock(&s->lock);
    }
    return count;
}

/* --- invalidating --- */

void dd_cache_invalidate_later(dd_cache *c, const dd_cache_match *m, dd_cache_invalidated *done, void *arg)
{
    cache_disk_invalidate(c->disk, m, done, arg);
}

typedef struct { pthread_mutex_t lock; pthread_cond_t changed; bool there; int64_t n; } answer;

static void answered(void *arg, int64_t n)
{
    answer *a = arg;
    pthread_mutex_lock(&a->lock);
    a->there = true;
    a->n     = n;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

int64_t dd_cache_invalidate(dd_cache *c, const dd_cache_match *m)
{
    answer a = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, -1 };
    cache_disk_invalidate(c->disk, m, answered, &a);
    pthread_mutex_lock(&a.lock);
    while (!a.there)
        pthread_cond_wait(&a.changed, &a.lock);
    pthread_mutex_unlock(&a.lock);
    pthread_cond_destroy(&a.changed);
    pthread_mutex_destroy(&a.lock);
    return a.n;
}

/* --- open, close --- */

dd_cache *dd_cache_open(const dd_cache_opts *opts, dd_err *err)
{
    dd_cache *c = dd_calloc(1, sizeof *c);
    c->opts     = *opts;
    if (c->opts.max_bytes <= 0)
        c->opts.max_bytes = 64 << 20;
    if (c->opts.max_entry_bytes <= 0)
        c->opts.max_entry_bytes = 1 << 20;
    if (c->opts.max_disk_bytes <= 0)
        c->opts.max_disk_bytes = INT64_C(1) << 30;
    c->leader_ns = (opts->leader_ms > 0 ? opts->leader_ms : LEADER_MS) * 1000000;
    c->n_shards  = SHARDS_MAX;
    while (c->n_shards > 1 && c->opts.max_bytes / (int64_t)c->n_shards < 4 * c->opts.max_entry_bytes)
        c->n_shards /= 2;                /* a shard holds several of the largest */
    for (size_t i = 0; i < c->n_shards; i++) {
        pthread_mutex_init(&c->shards[i].lock, NULL);
        c->shards[i].max = (size_t)c->opts.max_bytes / c->n_shards;
    }
    dd_code rc = set_keys(c, opts->secret, err);
    c->opts.secret = DD_STR_NULL;        /* what derives from it is enough */
    if (rc == DD_OK) {
        cache_disk_opts d = { c, &c->opts, { (const char *)c->seal_key, sizeof c->seal_key } };
        c->disk           = cache_disk_open(&d, err);
    }
    if (c->disk)
        return c;
    dd_cache_close(c);
    return NULL;
}

static void close_shard(cache_shard *s)
{
    for (size_t i = 0; i < FLIGHT_LISTS; i++)
        while (s->flights[i]) {
            cache_waiters w = flight_end(s, &s->flights[i]);
            wake_all(&w);
        }
    while (s->newest)
        cache_shard_remove(s, s->newest);
    free(s->table);
    pthread_mutex_destroy(&s->lock);
}

void dd_cache_close(dd_cache *c)
{
    if (!c)
        return;
    cache_disk_close(c->disk);
    for (size_t i = 0; i < c->n_shards; i++)
        close_shard(&c->shards[i]);
    EVP_MD_CTX_free(c->inner);
    EVP_MD_CTX_free(c->outer);
    dd_wipe(c->seal_key, sizeof c->seal_key);
    free(c);
}

void dd_cache_count(const dd_cache *c, dd_cache_counts *out)
{
    *out = (dd_cache_counts){ 0 };
    for (size_t i = 0; i < c->n_shards; i++) {
        cache_shard *s = (cache_shard *)(uintptr_t)&c->shards[i];
        pthread_mutex_lock(&s->lock);
        out->hits += s->hits;
        out->misses += s->misses;
        out->collapsed += s->collapsed;
        out->stored += s->stored;
        out->evicted += s->evicted;
        out->waiting += s->waiting;
        out->entries += (int64_t)s->n;
        out->bytes += (int64_t)s->bytes;
        pthread_mutex_unlock(&s->lock);
    }
    cache_disk_count(c->disk, out);
}
