/* store/auth_verify.c - the thread that runs bcrypt, and the queue in front of it. */
#include "store/auth_parts.h"

#include <string.h>

enum { BURST = 10, PER_SECOND = 1 }; /* bcrypts of wrong secrets that one id may cost: a sixteenth of a core at most */

/* --- the queue --- */

static dd_auth_job *same_job(dd_auth *a, const dd_digest *d)
{
    for (int i = 0; i < DD_AUTH_JOBS; i++)
        if (a->jobs[i].order && memcmp(&a->jobs[i].digest, d, sizeof *d) == 0)
            return &a->jobs[i];
    return NULL;
}

static dd_auth_job *new_job(dd_auth *a, dd_str id, dd_str secret, const dd_digest *d)
{
    dd_auth_job *free_job = NULL;
    int          of_id    = 0;
    for (int i = 0; i < DD_AUTH_JOBS; i++) {
        if (!a->jobs[i].order)
            free_job = &a->jobs[i];
        else if (memcmp(a->jobs[i].id, id.ptr, DD_KEY_ID_LEN) == 0)
            of_id++;
    }
    if (!free_job || of_id >= DD_AUTH_JOBS_OF_ID)
        return NULL;
    *free_job = (dd_auth_job){ .order = ++a->order, .digest = *d };
    memcpy(free_job->id, id.ptr, DD_KEY_ID_LEN);
    memcpy(free_job->secret, secret.ptr, DD_KEY_SECRET_LEN);
    return free_job;
}

bool dd_auth_verify(dd_auth *a, dd_str key, dd_auth_done *done, void *ctx)
{
    dd_str    id, secret;
    dd_digest digest;
    if (!dd_key_parse(key, &id, &secret))
        return false;
    int slot = dd_auth_enter(a);
    dd_auth_digest(a, slot, key, &digest);
    dd_auth_leave(a, slot);

    pthread_mutex_lock(&a->lock);
    dd_auth_job *job = NULL;
    if (!a->stop && a->n_waiters < DD_AUTH_WAITERS && !(job = same_job(a, &digest)))
        job = new_job(a, id, secret, &digest);
    if (job) {
        dd_auth_waiter *w = dd_malloc(sizeof *w);
        *w                = (dd_auth_waiter){ job->waiters, done, ctx };
        job->waiters      = w;
        a->n_waiters++;
        pthread_cond_signal(&a->work);
    } else {
        atomic_fetch_add(&a->busy, 1);
    }
    pthread_mutex_unlock(&a->lock);
    dd_wipe(&digest, sizeof digest);
    return job != NULL;
}

bool dd_auth_cancel(dd_auth *a, void *ctx)
{
    bool found = false;
    pthread_mutex_lock(&a->lock);
    for (int i = 0; i < DD_AUTH_JOBS && !found; i++)
        for (dd_auth_waiter **at = &a->jobs[i].waiters; a->jobs[i].order && *at; at = &(*at)->next)
            if ((*at)->ctx == ctx) {
                dd_auth_waiter *w = *at;
                *at               = w->next;
                free(w);
                a->n_waiters--;
                found = true;
                break;
            }
    pthread_mutex_unlock(&a->lock);
    return found;
}

/* Under the lock, so that dd_auth_cancel knows for certain. */
static void answer(dd_auth *a, dd_auth_job *job, dd_auth_result result, dd_auth_record *r)
{
    while (job->waiters) {
        dd_auth_waiter *w = job->waiters;
        job->waiters      = w->next;
        a->n_waiters--;
        if (result == DD_AUTH_OK)
            atomic_fetch_add(&r->refs, 1);
        w->done(w->ctx, result, result == DD_AUTH_OK ? &r->key : NULL);
        free(w);
    }
    dd_wipe(job, sizeof *job);
}

/* --- verifying --- */

/* The record as it is now, held. */
static dd_auth_record *hold(dd_auth *a, dd_str id)
{
    int             slot = dd_auth_enter(a);
    dd_auth_record *r    = dd_auth_lookup(atomic_load(&a->now), id);
    if (r)
        atomic_fetch_add(&r->refs, 1);
    dd_auth_leave(a, slot);
    return r;
}

/* So that who asks again gets the answer from the hot path. */
static void remember(dd_auth *a, const dd_digest *d, dd_auth_result result)
{
    uint64_t tag;
    size_t   at    = dd_auth_place(d, &tag);
    bool     busy  = result == DD_AUTH_BUSY;
    int64_t  until = dd_mono_now().ns / 1000000000 + 1 + (busy ? DD_AUTH_BUSY_S : DD_AUTH_REFUSED_S);
    atomic_store_explicit(&a->refused[at].tag, tag, memory_order_relaxed);
    atomic_store_explicit(&a->refused[at].until, until * 2 + busy, memory_order_relaxed);
}

/* A bucket an id: what a bcrypt takes out, a right secret puts back. */
static bool may_try(dd_auth *a, dd_str id)
{
    size_t  at  = dd_str_hash(id) % DD_COUNT(a->wrong);
    int64_t now = dd_mono_now().ns;
    double  got = a->wrong[at].at_ns ? a->wrong[at].left + (double)(now - a->wrong[at].at_ns) / 1e9 * PER_SECOND : BURST;
    a->wrong[at].at_ns = now;
    a->wrong[at].left  = got > BURST ? BURST : got;
    if (a->wrong[at].left < 1)
        return false;
    a->wrong[at].left -= 1;
    return true;
}

static void give_back(dd_auth *a, dd_str id) { a->wrong[dd_str_hash(id) % DD_COUNT(a->wrong)].left += 1; }

static dd_auth_result state_of(dd_auth *a, const dd_auth_record *r)
{
    if (!r)
        return DD_AUTH_INVALID;
    if (r->key.revoked_s)
        return DD_AUTH_REVOKED;
    return r->key.expires_s && r->key.expires_s <= dd_auth_now_s(a) ? DD_AUTH_EXPIRED : DD_AUTH_OK;
}

/* Runs bcrypt on a hash that may be replaced or revoked meanwhile: what counts is how the key stands afterwards. */
static dd_auth_result try_secret(dd_auth *a, const dd_auth_job *job, dd_auth_record **record)
{
    dd_auth_record *was = *record;
    dd_str          id  = { job->id, DD_KEY_ID_LEN };
    if (!may_try(a, id)) {
        atomic_fetch_add(&a->busy, 1);
        return DD_AUTH_BUSY;
    }
    atomic_fetch_add(&a->bcrypts, 1);
    bool right = dd_key_verify((dd_str){ job->secret, DD_KEY_SECRET_LEN }, was->hash);
    if (!right)
        return DD_AUTH_INVALID;
    give_back(a, id);
    dd_auth_refresh(a, NULL);
    dd_auth_record *now    = hold(a, id);
    dd_auth_result  result = state_of(a, now);
    if (result == DD_AUTH_OK && strcmp(now->hash, was->hash) != 0)
        result = DD_AUTH_INVALID; /* rotated meanwhile */
    if (result == DD_AUTH_OK && !atomic_load(&now->verified)) {
        now->digest = job->digest;
        atomic_store_explicit(&now->verified, true, memory_order_release);
    }
    if (now) {
        dd_auth_unref(was);
        *record = now;
    }
    return result;
}

static dd_auth_result verify(dd_auth *a, const dd_auth_job *job, dd_auth_record **record)
{
    dd_auth_refresh(a, NULL); /* the key may be younger than the watcher's last look */
    dd_auth_record *r      = *record = hold(a, (dd_str){ job->id, DD_KEY_ID_LEN });
    dd_auth_result  result = state_of(a, r);
    if (result != DD_AUTH_OK)
        return result;
    if (atomic_load(&r->verified)) /* the one right text is known: no other needs bcrypt */
        return dd_equal_slowly(r->digest.bytes, job->digest.bytes, sizeof r->digest.bytes) ? DD_AUTH_OK : DD_AUTH_INVALID;
    return try_secret(a, job, record);
}

static dd_auth_job *oldest(dd_auth *a)
{
    dd_auth_job *first = NULL;
    for (int i = 0; i < DD_AUTH_JOBS; i++)
        if (a->jobs[i].order && (!first || a->jobs[i].order < first->order))
            first = &a->jobs[i];
    return first;
}

void *dd_auth_verifier(void *auth)
{
    dd_auth *a = auth;
    pthread_mutex_lock(&a->lock);
    for (;;) {
        dd_auth_job *job = oldest(a);
        if (a->stop) {
            for (; job; job = oldest(a))
                answer(a, job, DD_AUTH_BUSY, NULL);
            break;
        }
        if (!job) {
            pthread_cond_wait(&a->work, &a->lock);
            continue;
        }
        dd_auth_record *record = NULL;
        pthread_mutex_unlock(&a->lock);
        dd_auth_result result = verify(a, job, &record);
        if (result == DD_AUTH_INVALID || result == DD_AUTH_BUSY)
            remember(a, &job->digest, result);
        pthread_mutex_lock(&a->lock);
        answer(a, job, result, record);
        if (record)
            dd_auth_unref(record);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}
