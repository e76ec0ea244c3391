/* store/auth.c - the hot path of store/auth.h, and the life of a dd_auth. */
#include "store/auth_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/pool.h"

int64_t dd_auth_now_s(const dd_auth *a)
{
    struct timespec t;
    if (a->opts.now_s)
        return a->opts.now_s(a->opts.ctx);
#ifdef CLOCK_REALTIME_COARSE
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
#else
    clock_gettime(CLOCK_REALTIME, &t);
#endif
    return (int64_t)t.tv_sec;
}

/* --- readers --- */

/* Each thread starts looking at a slot of its own, so that as a rule nobody meets anybody. */
int dd_auth_enter(dd_auth *a)
{
    static _Atomic unsigned       threads;
    static _Thread_local unsigned mine;
    if (!mine)
        mine = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % DD_AUTH_SLOTS + 1;
    for (unsigned i = mine - 1, tries = 0;; i = (i + 1) % DD_AUTH_SLOTS) {
        uint64_t free_slot = 0;
        if (atomic_compare_exchange_strong(&a->slots[i].epoch, &free_slot, atomic_load(&a->epoch)))
            return (int)i;
        if (++tries % DD_AUTH_SLOTS == 0)
            sched_yield();
    }
}

void dd_auth_leave(dd_auth *a, int slot) { atomic_store(&a->slots[slot].epoch, 0); }

/* Called after a->now was swapped: who enters from here on sees the new one, because both sides are sequentially consistent. */
void dd_auth_wait_readers(dd_auth *a)
{
    uint64_t next = atomic_fetch_add(&a->epoch, 1) + 1;
    for (int i = 0; i < DD_AUTH_SLOTS; i++)
        for (;;) {
            uint64_t at = atomic_load(&a->slots[i].epoch);
            if (at == 0 || at >= next)
                break;
            sched_yield();
        }
}

dd_auth_record *dd_auth_lookup(const dd_auth_snapshot *s, dd_str id)
{
    for (size_t i = dd_str_hash(id) & s->mask; s->slots[i]; i = (i + 1) & s->mask)
        if (dd_str_eq(s->slots[i]->key.id, id))
            return s->slots[i];
    return NULL;
}

void dd_auth_unref(dd_auth_record *r)
{
    if (atomic_fetch_sub(&r->refs, 1) != 1)
        return;
    dd_wipe(&r->digest, sizeof r->digest);
    free(r);
}

/* The context is kept: making one and fetching the algorithm would cost ten times the hash. */
void dd_auth_digest(dd_auth *a, int slot, dd_str text, dd_digest *out)
{
    dd_auth_slot *s    = &a->slots[slot];
    bool          made = s->digest == NULL;
    if (made && !(s->digest = EVP_MD_CTX_new()))
        abort(); /* out of memory */
    if (EVP_DigestInit_ex2(s->digest, made ? a->sha256 : NULL, NULL) != 1 || EVP_DigestUpdate(s->digest, text.ptr, text.len) != 1 ||
        EVP_DigestFinal_ex(s->digest, out->bytes, NULL) != 1)
        dd_random_bytes(out->bytes, sizeof out->bytes); /* equal to nothing */
}

size_t dd_auth_place(const dd_digest *d, uint64_t *tag)
{
    uint16_t at;
    memcpy(tag, d->bytes, sizeof *tag);
    memcpy(&at, d->bytes + sizeof *tag, sizeof at);
    return at % DD_AUTH_REFUSED;
}

/* What the verifier said of a text that is not known as right. */
static dd_auth_result remembered(dd_auth *a, const dd_digest *d)
{
    uint64_t tag;
    size_t   at = dd_auth_place(d, &tag);
    if (atomic_load_explicit(&a->refused[at].tag, memory_order_relaxed) != tag)
        return DD_AUTH_PENDING;
    int64_t until = atomic_load_explicit(&a->refused[at].until, memory_order_relaxed);
    if (until >> 1 <= dd_mono_now().ns / 1000000000)
        return DD_AUTH_PENDING;
    return until & 1 ? DD_AUTH_BUSY : DD_AUTH_INVALID;
}

static dd_auth_result judge(dd_auth *a, dd_auth_record *r, const dd_digest *d)
{
    int64_t now = dd_auth_now_s(a);
    if (r && r->key.revoked_s)
        return DD_AUTH_REVOKED;
    if (r && r->key.expires_s && r->key.expires_s <= now)
        return DD_AUTH_EXPIRED;
    if (r && atomic_load_explicit(&r->verified, memory_order_acquire) && dd_equal_slowly(r->digest.bytes, d->bytes, sizeof d->bytes)) {
        int64_t used = atomic_load_explicit(&r->used_s, memory_order_relaxed);
        if (now - used >= 60)
            atomic_store_explicit(&r->used_s, now, memory_order_relaxed);
        return DD_AUTH_OK;
    }
    return remembered(a, d);
}

dd_auth_result dd_auth_check(dd_auth *a, dd_str key, const dd_key **out)
{
    dd_str    id, secret;
    dd_digest digest;
    *out = NULL;
    if (!dd_key_parse(key, &id, &secret))
        return DD_AUTH_INVALID;
    int slot = dd_auth_enter(a);
    dd_auth_digest(a, slot, key, &digest);
    dd_auth_record *r      = dd_auth_lookup(atomic_load(&a->now), id);
    dd_auth_result  result = judge(a, r, &digest);
    if (result == DD_AUTH_OK) {
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
        *out = &r->key;
    }
    dd_auth_leave(a, slot);
    dd_wipe(&digest, sizeof digest);
    return result;
}

void dd_auth_drop(dd_auth *a, const dd_key *key)
{
    (void)a;
    if (key)
        dd_auth_unref((dd_auth_record *)(uintptr_t)key);
}

bool dd_auth_open_mode(const dd_auth *a) { return !atomic_load(&a->had_keys); }

dd_auth_stats dd_auth_about(const dd_auth *a)
{
    return (dd_auth_stats){ .keys          = atomic_load(&a->n_keys),
                            .bcrypts       = atomic_load(&a->bcrypts),
                            .reloads       = atomic_load(&a->reloads),
                            .busy          = atomic_load(&a->busy),
                            .database_gone = atomic_load(&a->gone) };
}

/* --- life --- */

static void *watch(void *auth)
{
    dd_auth *a        = auth;
    int64_t  flush_ns = (int64_t)(a->opts.use_flush_ms ? a->opts.use_flush_ms : 60000) * 1000000, last = dd_mono_now().ns;
    for (;;) {
        struct pollfd p = { a->wake[0], POLLIN, 0 };
        int           n = poll(&p, 1, a->opts.poll_ms);
        if (n > 0 || (n < 0 && errno != EINTR))
            return NULL;
        dd_auth_refresh(a, NULL);
        if (flush_ns > 0 && dd_mono_now().ns - last >= flush_ns) {
            dd_auth_flush_uses(a);
            last = dd_mono_now().ns;
        }
    }
}

static void end_verifier(dd_auth *a)
{
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_signal(&a->work);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->verifier, NULL);
}

static void destroy(dd_auth *a)
{
    if (a->wake[1] >= 0) {
        close(a->wake[0]);
        close(a->wake[1]);
    }
    dd_auth_snapshot_free(atomic_load(&a->now));
    for (int i = 0; i < DD_AUTH_SLOTS; i++)
        EVP_MD_CTX_free(a->slots[i].digest);
    EVP_MD_free(a->sha256);
    dd_db_close(a->db);
    pthread_mutex_destroy(&a->db_lock);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->work);
    free(a->dir);
    free(a);
}

static dd_auth *make(const dd_auth_opts *opts)
{
    void *p = NULL;
    if (posix_memalign(&p, _Alignof(dd_auth), sizeof(dd_auth)) != 0)
        abort(); /* out of memory */
    dd_auth *a = p;
    memset(a, 0, sizeof *a);
    a->opts = *opts;
    a->dir  = dd_strdup(dd_str_z(opts->dir));
    if (!a->opts.poll_ms)
        a->opts.poll_ms = 50;
    a->version = -1;
    a->wake[0] = a->wake[1] = -1;
    atomic_store(&a->epoch, 1);
    dd_auth_snapshot *none = dd_calloc(1, sizeof *none);
    none->slots            = dd_calloc(1, sizeof *none->slots);
    atomic_store(&a->now, none);
    a->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    pthread_mutex_init(&a->db_lock, NULL);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->work, NULL);
    return a;
}

static int open_pipe(int ends[2])
{
    if (pipe(ends) != 0)
        return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

dd_auth *dd_auth_open(const dd_auth_opts *opts, dd_err *err)
{
    dd_auth *a = make(opts);
    if (!a->sha256)
        dd_fail(err, DD_ERR_IO, "libcrypto has no SHA-256");
    else if (dd_auth_refresh(a, err) != DD_OK)
        dd_wrap(err, "keys");
    else if (open_pipe(a->wake) != 0)
        dd_fail_errno(err, errno, "could not make a pipe");
    else if (dd_thread_start(&a->verifier, dd_auth_verifier, a) != 0)
        dd_fail(err, DD_ERR_IO, "could not start a thread");
    else if (dd_thread_start(&a->watcher, watch, a) != 0) {
        dd_fail(err, DD_ERR_IO, "could not start a thread");
        end_verifier(a);
    } else {
        return a;
    }
    destroy(a);
    return NULL;
}

void dd_auth_close(dd_auth *a)
{
    if (!a)
        return;
    end_verifier(a);
    if (write(a->wake[1], "", 1) != 1)
        abort(); /* a fresh pipe takes a byte */
    pthread_join(a->watcher, NULL);
    if (a->opts.use_flush_ms >= 0)
        dd_auth_flush_uses(a);
    destroy(a);
}
