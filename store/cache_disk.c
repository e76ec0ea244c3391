/* store/cache_disk.c - the cache's thread: answers to and from cache.db, and what has to be done once in a while.
 *
 * Nobody waits for a write: what is put stands in a queue for up to a second, is written with what came beside it, and is left out when that queue is
 * full. Writing takes a twentieth of a core at most: what comes faster is kept in memory alone, and counted as lost to the disk. Most lookups that miss memory would miss the disk, too; a Bloom filter over the keys tells at once (1 MiB: one in 2,000 is asked in vain with
 * 100,000 answers, one in 30 with a million). It learns of other processes' answers every second. A row tells its keyed hash, its times and its size;
 * all else is sealed, in two pieces, so that invalidating need not open the answers. */
#include <stdlib.h>
#include <time.h>

#include "base/pool.h"
#include "base/secret.h"
#include "base/time.h"
#include "store/cache_parts.h"
#include "store/seal.h"
#include "store/sql.h"

enum { FILTER_WORDS = 1 << 17, FILTER_HASHES = 3 };
enum { LOADS_MAX = 4096, STORES_MAX = 4096, STORES_BYTES = 64 << 20 };
enum { RESTS = 19 /* times as long as a batch took */ };
enum { TAKE = 512, BATCH_BYTES = 4 << 20, ENOUGH = 512 };   /* ENOUGH: the thread is woken before its time */
enum { BUSY_MS = 250, LOOK_MS = 1000, TIDY_MS = 60000, EXPIRED = 256, EXPIRED_TURNS = 8, EVICT_TURNS = 64 };

typedef struct load { struct load *next; dd_cache_key key; int64_t now_s; } load;
typedef struct stored { struct stored *next; cache_entry *entry; } stored;
typedef struct ask { struct ask *next; dd_cache_match match; dd_arena arena; dd_cache_invalidated *done; void *arg; } ask;

struct cache_disk {
    cache_disk_opts  o;
    dd_db           *db;                 /* NULL: memory alone. The thread's */
    pthread_t        thread;
    pthread_mutex_t  lock;               /* of the queues */
    pthread_cond_t   changed;
    load            *loads, **loads_end;
    stored          *stores, **stores_end;
    ask             *asks, **asks_end;
    size_t           n_loads, n_stores, stores_bytes;
    bool             running, stopping;
    _Atomic uint64_t filter[FILTER_WORDS];
    atomic_bool      knows;              /* the filter holds what was there before us */
    _Atomic int64_t  hits, lost, entries, bytes;
    /* the thread's */
    int64_t          last_id, last_gone, max_bytes, look_ms;
    int64_t          self;               /* random: what this process has invalidated */
    int64_t          rests_until;        /* monotonic ns: nothing is written before, unless somebody waits for it */
    bool             failed, more;       /* more: rows wait to be removed */
};

/* --- the filter: a key is evenly spread bits already --- */

static uint64_t bits_of(const dd_cache_key *key, int i)
{
    uint64_t n;
    memcpy(&n, key->bytes + 8 * i, sizeof n);
    return n;
}

static void filter_add(cache_disk *d, const dd_cache_key *key)
{
    for (int i = 0; i < FILTER_HASHES; i++) {
        uint64_t          n = bits_of(key, i), bit = UINT64_C(1) << (n >> 32 & 63);
        _Atomic uint64_t *at = &d->filter[n % FILTER_WORDS];
        if (!(atomic_load_explicit(at, memory_order_relaxed) & bit))
            atomic_fetch_or_explicit(at, bit, memory_order_relaxed);
    }
}

bool cache_disk_may_have(const cache_disk *d, const dd_cache_key *key)
{
    bool all = true;
    if (!d->db)
        return false;
    if (!atomic_load_explicit(&d->knows, memory_order_acquire))
        return true;
    for (int i = 0; i < FILTER_HASHES && all; i++) {
        uint64_t n = bits_of(key, i);
        all        = atomic_load_explicit(&d->filter[n % FILTER_WORDS], memory_order_relaxed) >> (n >> 32 & 63) & 1;
    }
    return all;
}

/* --- queues --- */

bool cache_disk_load(cache_disk *d, const dd_cache_key *key, int64_t now_s)
{
    pthread_mutex_lock(&d->lock);
    bool room = d->n_loads < LOADS_MAX && !d->stopping;
    if (room) {
        load *l = dd_malloc(sizeof *l);
        *l      = (load){ NULL, *key, now_s };
        *d->loads_end = l;
        d->loads_end  = &l->next;
        d->n_loads++;
        pthread_cond_signal(&d->changed);
    }
    pthread_mutex_unlock(&d->lock);
    return room;
}

void cache_disk_store(cache_disk *d, cache_entry *e)
{
    if (!d->db)
        return;
    filter_add(d, &e->key);              /* in vain when the queue is full: a look too many */
    pthread_mutex_lock(&d->lock);
    bool room = d->n_stores < STORES_MAX && d->stores_bytes + e->bytes <= STORES_BYTES && !d->stopping;
    if (room) {
        stored *s = dd_malloc(sizeof *s);
        *s        = (stored){ NULL, e };
        atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
        *d->stores_end = s;
        d->stores_end  = &s->next;
        d->n_stores++;
        d->stores_bytes += e->bytes;
        if (d->n_stores == ENOUGH)
            pthread_cond_signal(&d->changed);
    }
    pthread_mutex_unlock(&d->lock);
    if (!room)
        atomic_fetch_add_explicit(&d->lost, 1, memory_order_relaxed);
}

void cache_disk_invalidate(cache_disk *d, const dd_cache_match *m, dd_cache_invalidated *done, void *arg)
{
    ask *a   = dd_calloc(1, sizeof *a);
    a->done  = done;
    a->arg   = arg;
    a->match = (dd_cache_match){ dd_arena_dup(&a->arena, m->model), dd_arena_dup(&a->arena, m->tag), dd_arena_dup(&a->arena, m->key_id),
                                 dd_arena_dup(&a->arena, m->org), m->stored_until };
    pthread_mutex_lock(&d->lock);
    *d->asks_end = a;
    d->asks_end  = &a->next;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

/* --- a row's two sealed pieces --- */

static void put_i64(dd_buf *b, int64_t n) { dd_buf_add(b, (dd_str){ (const char *)&n, sizeof n }); }

static void put_text(dd_buf *b, dd_str s)
{
    put_i64(b, (int64_t)s.len);
    dd_buf_add(b, s);
}

static int64_t get_i64(dd_str *rest, bool *ok)
{
    int64_t n = 0;
    *ok = *ok && rest->len >= sizeof n;
    if (*ok) {
        memcpy(&n, rest->ptr, sizeof n);
        *rest = dd_str_sub(*rest, sizeof n, rest->len);
    }
    return n;
}

static dd_str get_text(dd_str *rest, bool *ok)
{
    int64_t n   = get_i64(rest, ok);
    *ok         = *ok && n >= 0 && (uint64_t)n <= rest->len;
    dd_str text = *ok ? dd_str_sub(*rest, 0, (size_t)n) : DD_STR("");
    if (*ok)
        *rest = dd_str_sub(*rest, (size_t)n, rest->len);
    return text;
}

typedef enum { PIECE_ABOUT = 'a', PIECE_ANSWER = 'b' } piece;

/* What is authenticated: the piece's kind and the row's key, so that no row can stand in for another. */
static dd_str about_piece(piece kind, const dd_cache_key *key, char out[sizeof(dd_cache_key) + 1])
{
    out[0] = (char)kind;
    memcpy(out + 1, key, sizeof *key);
    return (dd_str){ out, sizeof *key + 1 };
}

static bool seal(const cache_disk *d, piece kind, const dd_cache_key *key, dd_str plain, dd_buf *out)
{
    char   text[sizeof *key + 1];
    dd_err err = DD_ERR_INIT;
    return dd_seal(d->o.seal_key, about_piece(kind, key, text), plain, out, &err) == DD_OK;
}

static bool unseal(const cache_disk *d, piece kind, const dd_cache_key *key, dd_str sealed, dd_secret *out)
{
    char   text[sizeof *key + 1];
    dd_err err = DD_ERR_INIT;
    return dd_unseal(d->o.seal_key, about_piece(kind, key, text), sealed, out, &err) == DD_OK;
}

static bool seal_entry(const cache_disk *d, const cache_entry *e, dd_buf *about, dd_buf *whole)
{
    const dd_cached *a = &e->answer;
    dd_buf           plain = DD_BUF_INIT(0);
    const dd_str     known[] = { a->model, a->provider, a->org, a->key_id, a->tags };
    const int64_t    numbers[] = { a->status, a->cost, a->input_tokens, a->output_tokens, a->stored_s, a->expires_s };
    dd_buf_reserve(&plain, e->bytes);
    for (size_t i = 0; i < DD_COUNT(known); i++)
        put_text(&plain, known[i]);
    bool ok = seal(d, PIECE_ABOUT, &e->key, dd_buf_str(&plain), about);
    dd_buf_clear(&plain);
    for (size_t i = 0; i < DD_COUNT(numbers); i++)
        put_i64(&plain, numbers[i]);
    put_text(&plain, a->content_type);
    put_text(&plain, a->body);
    ok = ok && seal(d, PIECE_ANSWER, &e->key, dd_buf_str(&plain), whole);
    dd_buf_free(&plain);
    return ok;
}

static bool read_about(dd_str rest, dd_cached *out)
{
    bool    ok      = true;
    dd_str *known[] = { &out->model, &out->provider, &out->org, &out->key_id, &out->tags };
    for (size_t i = 0; i < DD_COUNT(known); i++)
        *known[i] = get_text(&rest, &ok);
    return ok && !rest.len;
}

static bool read_answer(dd_str rest, dd_cached *out)
{
    bool     ok        = true;
    int64_t  status    = 0;
    int64_t *numbers[] = { &status, &out->cost, &out->input_tokens, &out->output_tokens, &out->stored_s, &out->expires_s };
    for (size_t i = 0; i < DD_COUNT(numbers); i++)
        *numbers[i] = get_i64(&rest, &ok);
    out->status       = (int)status;
    out->content_type = get_text(&rest, &ok);
    out->body         = get_text(&rest, &ok);
    return ok && !rest.len;
}

static cache_entry *open_entry(const cache_disk *d, const dd_cache_key *key, dd_str about, dd_str whole)
{
    dd_secret    plain[2] = { DD_SECRET_NONE, DD_SECRET_NONE };
    dd_cached    a        = { 0 };
    bool         ok = unseal(d, PIECE_ABOUT, key, about, &plain[0]) && unseal(d, PIECE_ANSWER, key, whole, &plain[1]) && read_about(dd_secret_reveal(plain[0]), &a) &&
              read_answer(dd_secret_reveal(plain[1]), &a);
    cache_entry *e  = ok ? cache_entry_new(key, &a) : NULL;
    dd_secret_free(&plain[0]);
    dd_secret_free(&plain[1]);
    return e;
}

/* --- the database --- */

/* Told once, until it works again. */
static void tell(cache_disk *d, dd_code rc, const dd_err *err)
{
    if (rc != DD_OK && !d->failed && d->o.opts->log)
        d->o.opts->log(d->o.opts->log_ctx, err->msg);
    d->failed = rc != DD_OK;
}

static int64_t number(cache_disk *d, const char *sql)
{
    dd_err  err = DD_ERR_INIT;
    dd_sql  s   = dd_sql_prepare(d->db, sql, &err);
    int64_t n   = dd_sql_row(&s) ? dd_sql_get_i64(&s, 0) : 0;
    return dd_sql_end(&s) == DD_OK ? n : 0;
}

static bool key_in(dd_sql *s, int column, dd_cache_key *key)
{
    dd_str bytes = dd_sql_get_text(s, column);
    if (bytes.len == sizeof *key)
        memcpy(key, bytes.ptr, sizeof *key);
    return bytes.len == sizeof *key;
}

/* What others have written since; the first time all, by the index that holds nothing else. */
static void learn(cache_disk *d, const char *sql)
{
    dd_err       err = DD_ERR_INIT;
    dd_sql       s   = dd_sql_prepare(d->db, sql, &err);
    dd_cache_key key;
    if (sqlite3_bind_parameter_count(s.st) > 0)
        dd_sql_i64(&s, d->last_id);
    while (dd_sql_row(&s)) {
        int64_t id = dd_sql_get_i64(&s, 0);
        d->last_id = id > d->last_id ? id : d->last_id;
        if (key_in(&s, 1, &key))
            filter_add(d, &key);
    }
    tell(d, dd_sql_end(&s), &err);
}

static void measure(cache_disk *d)
{
    int64_t pages = number(d, "PRAGMA page_count") - number(d, "PRAGMA freelist_count");
    atomic_store_explicit(&d->bytes, pages * number(d, "PRAGMA page_size"), memory_order_relaxed);
}

static void load_one(cache_disk *d, const load *l)
{
    dd_err       err   = DD_ERR_INIT;
    cache_entry *found = NULL;
    dd_sql       s     = dd_sql_prepare(d->db, "SELECT about, answer FROM answers WHERE key = ? AND expires_s > ?", &err);
    dd_sql_blob(&s, &l->key, sizeof l->key);
    dd_sql_i64(&s, l->now_s);
    if (dd_sql_row(&s))
        found = open_entry(d, &l->key, dd_sql_get_text(&s, 0), dd_sql_get_text(&s, 1));
    tell(d, dd_sql_end(&s), &err);
    if (found && found->answer.expires_s <= l->now_s) {
        cache_entry_drop(found);
        found = NULL;
    }
    if (found)
        atomic_fetch_add_explicit(&d->hits, 1, memory_order_relaxed);
    cache_loaded(d->o.cache, &l->key, found);
}

static bool store_one(cache_disk *d, dd_sql *s, const cache_entry *e)
{
    dd_buf about = DD_BUF_INIT(0), whole = DD_BUF_INIT(0);
    if (seal_entry(d, e, &about, &whole)) {
        s->bound = 0;
        dd_sql_blob(s, &e->key, sizeof e->key);
        dd_sql_i64(s, e->answer.stored_s);
        dd_sql_i64(s, e->answer.expires_s);
        dd_sql_blob(s, about.ptr, about.len);
        dd_sql_blob(s, whole.ptr, whole.len);
        while (dd_sql_row(s))
            ;
        sqlite3_reset(s->st);
    }
    dd_buf_free(&about);
    dd_buf_free(&whole);
    return s->rc == DD_OK;
}

/* Replacing gives a new id: rows stand in the order in which they were stored. */
static void store_all(cache_disk *d, const stored *list)
{
    dd_err  err = DD_ERR_INIT;
    dd_code rc  = dd_db_begin(d->db, &err);
    int64_t n   = 0;
    if (rc == DD_OK) {
        dd_sql s = dd_sql_prepare(d->db, "INSERT OR REPLACE INTO answers (key, stored_s, expires_s, about, answer) VALUES (?, ?, ?, ?, ?)", &err);
        for (const stored *at = list; at && store_one(d, &s, at->entry); at = at->next)
            ;
        rc = dd_sql_finish(d->db, dd_sql_end(&s), &err);
    }
    for (const stored *at = list; at; at = at->next)
        n++;
    tell(d, rc, &err);
    atomic_fetch_add_explicit(rc == DD_OK ? &d->entries : &d->lost, n, memory_order_relaxed);
    measure(d);
    d->more = d->more || atomic_load_explicit(&d->bytes, memory_order_relaxed) > d->max_bytes;
}

/* --- what goes --- */

static int64_t remove_rows(cache_disk *d, const char *sql, int64_t value, bool bound)
{
    dd_err err = DD_ERR_INIT;
    dd_sql s   = dd_sql_prepare(d->db, sql, &err);
    if (bound)
        dd_sql_i64(&s, value);
    dd_code rc = dd_sql_run(&s);
    tell(d, rc, &err);
    return rc == DD_OK ? sqlite3_changes(dd_db_sqlite(d->db)) : 0;
}

/* The oldest go until a twentieth is free, so that it need not be done at each answer; a few at a time, since others wait for this thread. */
static void evict(cache_disk *d)
{
    d->more = false;
    for (int i = 0; i < EVICT_TURNS; i++) {
        measure(d);
        if (atomic_load_explicit(&d->bytes, memory_order_relaxed) <= d->max_bytes - d->max_bytes / 20)
            return;
        if (!remove_rows(d, "DELETE FROM answers WHERE id IN (SELECT id FROM answers ORDER BY id LIMIT 16)", 0, false))
            return;
    }
    d->more = true;
}

static void tidy(cache_disk *d)
{
    int64_t now = (int64_t)time(NULL);   /* not SOURCE_DATE_EPOCH's: answers are stored by the real clock */
    for (int i = 0; i < EXPIRED_TURNS; i++)
        if (remove_rows(d, "DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE expires_s <= ? LIMIT 256)", now, true) < EXPIRED)
            break;
    atomic_store_explicit(&d->entries, number(d, "SELECT count(*) FROM answers"), memory_order_relaxed);
    measure(d);
    if (atomic_load_explicit(&d->bytes, memory_order_relaxed) > d->max_bytes)
        evict(d);
    dd_err err = DD_ERR_INIT;
    tell(d, cache_gone_tidy(d->db, now, &err), &err);
}

typedef struct { DD_VEC(int64_t) ids; DD_VEC(uint64_t) keys; } going;

static bool row_fits(const cache_disk *d, dd_sql *s, const dd_cache_match *m, dd_cache_key *key)
{
    dd_secret plain = DD_SECRET_NONE;
    dd_cached a     = { 0 };
    bool      fits  = key_in(s, 1, key) && unseal(d, PIECE_ABOUT, key, dd_sql_get_text(s, 2), &plain) && read_about(dd_secret_reveal(plain), &a);
    a.stored_s      = dd_sql_get_i64(s, 3);
    fits            = fits && cache_fits(&a, m);
    dd_secret_free(&plain);
    return fits;
}

static dd_code find_going(cache_disk *d, const dd_cache_match *m, going *g, dd_err *err)
{
    dd_sql       s = dd_sql_prepare(d->db, "SELECT id, key, about, stored_s FROM answers", err);
    dd_cache_key key;
    while (dd_sql_row(&s))
        if (row_fits(d, &s, m, &key)) {
            dd_vec_push(&g->ids, dd_sql_get_i64(&s, 0));
            dd_vec_push(&g->keys, cache_short(&key));
        }
    return dd_sql_end(&s);
}

static dd_code remove_going(cache_disk *d, const going *g, dd_err *err)
{
    dd_code rc = dd_db_begin(d->db, err);
    dd_sql  s  = dd_sql_prepare(d->db, "DELETE FROM answers WHERE id = ?", err);
    for (size_t i = 0; i < g->ids.n && s.rc == DD_OK; i++) {
        s.bound = 0;
        dd_sql_i64(&s, g->ids.v[i]);
        while (dd_sql_row(&s))
            ;
        sqlite3_reset(s.st);
    }
    dd_code ran = dd_sql_end(&s);
    return dd_sql_finish(d->db, rc == DD_OK ? ran : rc, err);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The disk first: what a lookup could bring back to memory is gone before memory is cleared. */
static int64_t invalidate(cache_disk *d, const dd_cache_match *m)
{
    going   g   = { 0 };
    dd_err  err = DD_ERR_INIT;
    dd_code rc  = d->db ? find_going(d, m, &g, &err) : DD_OK;
    if (rc == DD_OK && g.ids.n)
        rc = remove_going(d, &g, &err);
    if (rc == DD_OK && d->db && !m->stored_until)     /* with it, another process has told already */
        rc = cache_gone_put(d->db, d->o.seal_key, d->self, m, &err);
    if (g.keys.n)
        qsort(g.keys.v, g.keys.n, sizeof *g.keys.v, by_number);
    int64_t n = (int64_t)g.ids.n + cache_clear(d->o.cache, m, g.keys.v, g.keys.n);
    dd_vec_free(&g.ids);
    dd_vec_free(&g.keys);
    if (d->db)
        tell(d, rc, &err);
    return rc == DD_OK ? n : -1;
}

/* --- what other processes have invalidated --- */

static void nobody(void *arg, int64_t n)
{
    (void)arg;
    (void)n;
}

/* Behind what waits to be written: that may be what is to go. */
static void follow_one(void *ctx, const dd_cache_match *m) { cache_disk_invalidate(ctx, m, nobody, NULL); }

static void follow(cache_disk *d)
{
    dd_err err = DD_ERR_INIT;
    tell(d, cache_gone_each(d->db, d->o.seal_key, d->self, &d->last_gone, follow_one, d, &err), &err);
}

/* --- the thread --- */

typedef struct { load *loads; stored *stores; ask *asks; bool stop; } work;

/* A batch is a small part of what the database may hold, so that there is room for it when the oldest of before have gone. */
static stored *take_stores(cache_disk *d)
{
    stored *first = d->stores, *last = NULL;
    int64_t room  = d->max_bytes / 16 < BATCH_BYTES ? d->max_bytes / 16 : BATCH_BYTES;
    for (int i = 0; i < TAKE && d->stores && room > 0; i++) {
        last      = d->stores;
        d->stores = last->next;
        d->n_stores--;
        d->stores_bytes -= last->entry->bytes;
        room -= (int64_t)last->entry->bytes;
    }
    if (last)
        last->next = NULL;
    if (!d->stores)
        d->stores_end = &d->stores;
    return first;
}

/* Questions come behind what was put before them. */
static void take(cache_disk *d, work *w)
{
    bool rests   = dd_mono_now().ns < d->rests_until && !d->asks && !d->stopping;
    *w           = (work){ .loads = d->loads, .stores = rests ? NULL : take_stores(d) };
    d->loads     = NULL;
    d->loads_end = &d->loads;
    d->n_loads   = 0;
    if (!d->stores) {
        w->asks     = d->asks;
        d->asks     = NULL;
        d->asks_end = &d->asks;
    }
    w->stop = d->stopping && !w->loads && !w->stores && !w->asks;
}

static void wait_and_take(cache_disk *d, work *w)
{
    struct timespec until;
    int64_t         rest = d->rests_until - dd_mono_now().ns, wait = d->look_ms * 1000000;
    bool            rests = rest > 0;
    clock_gettime(CLOCK_REALTIME, &until);
    wait += until.tv_nsec - (rests && rest < wait ? wait - rest : 0);
    until.tv_sec += wait / 1000000000;
    until.tv_nsec = wait % 1000000000;
    pthread_mutex_lock(&d->lock);
    while (!d->loads && (rests || d->n_stores < ENOUGH) && !d->asks && !d->stopping && !d->more)
        if (pthread_cond_timedwait(&d->changed, &d->lock, &until) != 0)
            break;
    take(d, w);
    pthread_mutex_unlock(&d->lock);
}

static void drop_stores(stored *list)
{
    for (stored *s = list, *next; s; s = next) {
        next = s->next;
        cache_entry_drop(s->entry);
        free(s);
    }
}

static void work_off(cache_disk *d, work *w)
{
    for (load *l = w->loads, *next; l; l = next) {
        next = l->next;
        load_one(d, l);
        free(l);
    }
    if (w->stores) {
        int64_t began = dd_mono_now().ns;
        store_all(d, w->stores);
        int64_t now = dd_mono_now().ns, rest = RESTS * (now - began), most = d->look_ms * 1000000;
        d->rests_until = now + (rest < most ? rest : most);
    }
    drop_stores(w->stores);
    for (ask *a = w->asks, *next; a; a = next) {
        next = a->next;
        a->done(a->arg, invalidate(d, &a->match));
        dd_arena_fini(&a->arena);
        free(a);
    }
}

static void first_look(cache_disk *d)
{
    learn(d, "SELECT id, key FROM answers INDEXED BY answers_key");
    atomic_store_explicit(&d->knows, true, memory_order_release);
    tidy(d);
}

static void *run(void *arg)
{
    cache_disk *d = arg;
    int64_t     looked = dd_mono_now().ns, tidied = looked;
    if (d->db)
        first_look(d);
    for (work w = { 0 }; !w.stop;) {
        wait_and_take(d, &w);
        work_off(d, &w);
        int64_t now = dd_mono_now().ns;
        if (d->more && !w.stop)
            evict(d);
        if (now - looked >= (int64_t)d->look_ms * 1000000) {
            cache_tidy(d->o.cache);
            if (d->db) {
                learn(d, "SELECT id, key FROM answers WHERE id > ?");
                follow(d);
            }
            looked = now;
        }
        if (d->db && now - tidied > (int64_t)TIDY_MS * 1000000) {
            tidy(d);
            tidied = now;
        }
    }
    return NULL;
}

/* --- open, close --- */

cache_disk *cache_disk_open(const cache_disk_opts *o, dd_err *err)
{
    cache_disk *d = dd_calloc(1, sizeof *d);
    d->o          = *o;
    d->loads_end  = &d->loads;
    d->stores_end = &d->stores;
    d->asks_end   = &d->asks;
    d->max_bytes  = o->opts->max_disk_bytes;
    d->look_ms    = o->opts->leader_ms > 0 && o->opts->leader_ms < LOOK_MS ? o->opts->leader_ms : LOOK_MS;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    dd_code rc = DD_OK;
    if (o->opts->dir) {
        dd_db_opts opts = { .dir = o->opts->dir, .create = true, .busy_ms = BUSY_MS, .max_bytes = d->max_bytes + d->max_bytes / 4 + (1 << 20) };
        d->db           = dd_db_open(DD_DB_CACHE, &opts, err);
        dd_random_bytes(&d->self, sizeof d->self);
        d->last_gone    = d->db ? cache_gone_last(d->db) : 0;
        rc              = d->db ? dd_db_exec(d->db, "PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000", err) : err->code;
    }
    if (rc == DD_OK && dd_thread_start(&d->thread, run, d) != 0)
        rc = dd_fail(err, DD_ERR_IO, "could not start the cache's thread");
    d->running = rc == DD_OK;
    if (rc == DD_OK)
        return d;
    cache_disk_close(d);
    return NULL;
}

void cache_disk_close(cache_disk *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
    if (d->running)
        pthread_join(d->thread, NULL);
    dd_db_close(d->db);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

void cache_disk_count(const cache_disk *d, dd_cache_counts *out)
{
    out->disk_hits    = atomic_load_explicit(&d->hits, memory_order_relaxed);
    out->disk_lost    = atomic_load_explicit(&d->lost, memory_order_relaxed);
    out->disk_entries = atomic_load_explicit(&d->entries, memory_order_relaxed);
    out->disk_bytes   = atomic_load_explicit(&d->bytes, memory_order_relaxed);
}
