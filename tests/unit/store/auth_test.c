/* Keys of live requests: what is answered at once, what by the verifier, and how soon a change is seen. */
#include "store/auth.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "tests/unit/test.h"

static const dd_actor ada = { { "default", 7 }, { "ada", 3 }, { 1800000000 } };
static _Atomic int64_t clock_s = 1800000000;
static int64_t test_clock(void *ctx)
{
    (void)ctx;
    return atomic_load(&clock_s);
}

typedef struct {
    char     dir[256];
    dd_db   *db;      /* as another process would have it: a connection of its own */
    dd_auth *auth;
} fixture;

static void set_up(fixture *f, const char *name)
{
    dd_err err = DD_ERR_INIT;
    snprintf(f->dir, sizeof f->dir, "%s/auth-%s", dd_test_dir(), name);
    dd_keys_cost = 4;
    f->db        = dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = f->dir, .create = true }, &err);
    f->auth      = dd_auth_open(&(dd_auth_opts){ .dir = f->dir, .poll_ms = 5, .now_s = test_clock, .use_flush_ms = -1 }, &err);
    if (!f->db || !f->auth)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
}

static void tear_down(fixture *f)
{
    dd_auth_close(f->auth);
    dd_db_close(f->db);
}

static dd_key_made make(fixture *f, dd_key k)
{
    dd_key_made made;
    dd_err      err = DD_ERR_INIT;
    k.name          = k.name.len ? k.name : DD_STR("svc");
    k.scopes        = DD_SCOPE_DEFAULT;
    if (dd_keys_create(f->db, &ada, &k, &made, &err) != DD_OK)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    return made;
}

/* --- waiting for an answer --- */

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t  come;
    int             n;
    dd_auth_result  last;
    const dd_key   *key;
} inbox;
#define INBOX_INIT { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, DD_AUTH_PENDING, NULL }

static void delivered(void *ctx, dd_auth_result r, const dd_key *key)
{
    inbox *in = ctx;
    pthread_mutex_lock(&in->lock);
    in->n++;
    in->last = r;
    in->key  = key;
    pthread_cond_signal(&in->come);
    pthread_mutex_unlock(&in->lock);
}

/* As a request does it: look, and when nothing is known, ask. *key is held when the answer is OK. */
static dd_auth_result ask(dd_auth *a, dd_str text, const dd_key **key)
{
    inbox          in = INBOX_INIT;
    dd_auth_result r  = dd_auth_check(a, text, key);
    if (r != DD_AUTH_PENDING)
        return r;
    if (!dd_auth_verify(a, text, delivered, &in))
        return DD_AUTH_BUSY;
    pthread_mutex_lock(&in.lock);
    while (!in.n)
        pthread_cond_wait(&in.come, &in.lock);
    pthread_mutex_unlock(&in.lock);
    *key = in.key;
    return in.last;
}

static dd_auth_result ask_only(dd_auth *a, dd_str text)
{
    const dd_key  *key;
    dd_auth_result r = ask(a, text, &key);
    dd_auth_drop(a, key);
    return r;
}

/* Asks the hot path alone until it says `want`; how long it took, or -1 after ten seconds. */
static int64_t until_ms(dd_auth *a, dd_str text, dd_auth_result want)
{
    int64_t start = dd_mono_now().ns;
    for (;;) {
        const dd_key  *key;
        dd_auth_result r  = dd_auth_check(a, text, &key);
        int64_t        ms = (dd_mono_now().ns - start) / 1000000;
        dd_auth_drop(a, key);
        if (r == want)
            return ms;
        if (ms > 10000)
            return -1;
        usleep(500);
    }
}

/* The same key with another secret. */
static dd_secret spoiled(dd_str text, int how)
{
    char copy[80];
    memcpy(copy, text.ptr, text.len);
    for (size_t i = text.len - 6; i < text.len; i++, how /= 10)
        copy[i] = (char)('0' + how % 10);
    return dd_secret_new((dd_str){ copy, text.len });
}

TEST(a_good_key_is_verified_once_and_then_known) /* R1.5, R9.3 */
{
    fixture f;
    set_up(&f, "good");
    dd_key_made   made = make(&f, (dd_key){ .team = DD_STR("core") });
    dd_str        text = dd_secret_reveal(made.text);
    const dd_key *key  = NULL;
    CHECK_EQ(ask(f.auth, text, &key), DD_AUTH_OK, "R1.5: a key made by another process a moment ago");
    CHECK(key != NULL);
    CHECK_STR(key->id, made.id);
    CHECK_STR(key->team, "core");
    dd_auth_drop(f.auth, key);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(dd_auth_check(f.auth, text, &key), DD_AUTH_OK, "R9.3: no bcrypt on the hot path");
        dd_auth_drop(f.auth, key);
    }
    CHECK_EQ(dd_auth_about(f.auth).bcrypts, 1, "once");
    dd_secret wrong = spoiled(text, 123456);
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(wrong)), DD_AUTH_INVALID, "R1.5: another secret");
    CHECK_EQ(dd_auth_check(f.auth, dd_secret_reveal(wrong), &key), DD_AUTH_INVALID, "and known as wrong");
    CHECK_EQ(dd_auth_about(f.auth).bcrypts, 1, "where the right text is known, no wrong one costs bcrypt");
    CHECK_EQ(dd_auth_check(f.auth, DD_STR(""), &key), DD_AUTH_INVALID, "none");
    CHECK_EQ(dd_auth_check(f.auth, dd_str_sub(text, 0, text.len - 1), &key), DD_AUTH_INVALID, "cut");
    CHECK(!key);
    CHECK(!dd_auth_verify(f.auth, DD_STR("x"), delivered, NULL));
    dd_secret_free(&wrong);
    dd_secret_free(&made.text);
    tear_down(&f);
}

TEST(revoke_rotate_and_expiry_are_seen_at_once) /* R4.5, R9.3 */
{
    fixture     f;
    dd_err      err = DD_ERR_INIT;
    bool        already;
    set_up(&f, "revoke");
    dd_key_made a = make(&f, (dd_key){ 0 }), b = make(&f, (dd_key){ 0 }), c = make(&f, (dd_key){ .expires_s = 1800000100 }), fresh;
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(a.text)), DD_AUTH_OK, "good");
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(b.text)), DD_AUTH_OK, "good");
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(c.text)), DD_AUTH_OK, "good");
    const dd_key *held;
    CHECK_EQ(dd_auth_check(f.auth, dd_secret_reveal(a.text), &held), DD_AUTH_OK, "a request under way");
    CHECK_OK(dd_keys_revoke(f.db, &ada, dd_str_z(a.id), &already, &err));
    int64_t ms = until_ms(f.auth, dd_secret_reveal(a.text), DD_AUTH_REVOKED);
    CHECK(ms >= 0 && ms < 1000);
    CHECK_STR(held->id, a.id); /* the request may go on and name its key */
    CHECK_EQ(held->revoked_s, 0, "as it was when it was held");
    dd_auth_drop(f.auth, held);
    CHECK_OK(dd_keys_rotate(f.db, &ada, dd_str_z(b.id), &fresh, &err));
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(fresh.text)), DD_AUTH_OK, "the new text, at once");
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(b.text)), DD_AUTH_INVALID, "the old text is dead");
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(c.text)), DD_AUTH_OK, "not touched");
    atomic_store(&clock_s, 1800000100);
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(c.text)), DD_AUTH_EXPIRED, "expiry needs no reload");
    atomic_store(&clock_s, 1800000000);
    dd_secret_free(&a.text);
    dd_secret_free(&b.text);
    dd_secret_free(&c.text);
    dd_secret_free(&fresh.text);
    tear_down(&f);
}

TEST(open_mode_ends_with_the_first_key_for_good)
{
    fixture f;
    bool    already;
    dd_err  err = DD_ERR_INIT;
    set_up(&f, "open");
    CHECK(dd_auth_open_mode(f.auth));
    dd_key_made made = make(&f, (dd_key){ 0 });
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(made.text)), DD_AUTH_OK, "seen");
    CHECK(!dd_auth_open_mode(f.auth));
    CHECK_OK(dd_keys_revoke(f.db, &ada, dd_str_z(made.id), &already, &err));
    CHECK(until_ms(f.auth, dd_secret_reveal(made.text), DD_AUTH_REVOKED) >= 0);
    CHECK(!dd_auth_open_mode(f.auth)); /* revoking the last key opens nothing */
    dd_auth *again = dd_auth_open(&(dd_auth_opts){ .dir = f.dir }, &err);
    CHECK(again && !dd_auth_open_mode(again)); /* nor does a restart */
    dd_auth_close(again);
    dd_secret_free(&made.text);
    tear_down(&f);
}

TEST(known_keys_go_on_without_the_database) /* R1.5 */
{
    fixture f;
    char    path[300], away[300];
    dd_err  err = DD_ERR_INIT;
    set_up(&f, "gone");
    dd_key_made a = make(&f, (dd_key){ 0 }), b = make(&f, (dd_key){ 0 });
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(a.text)), DD_AUTH_OK, "known");
    dd_db_close(f.db);
    snprintf(path, sizeof path, "%s/config.db", f.dir);
    snprintf(away, sizeof away, "%s/away.db", f.dir);
    CHECK_EQ(rename(path, away), 0, "moved away");
    for (int i = 0; i < 10000 && !dd_auth_about(f.auth).database_gone; i++)
        usleep(500);
    CHECK(dd_auth_about(f.auth).database_gone);
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(a.text)), DD_AUTH_OK, "R1.5: cached keys work with the database gone");
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(b.text)), DD_AUTH_OK, "and so do those of the snapshot");
    CHECK_EQ(rename(away, path), 0, "back");
    for (int i = 0; i < 10000 && dd_auth_about(f.auth).database_gone; i++)
        usleep(500);
    CHECK(!dd_auth_about(f.auth).database_gone);
    f.db = dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = f.dir }, &err);
    bool already;
    CHECK_OK(dd_keys_revoke(f.db, &ada, dd_str_z(a.id), &already, &err));
    CHECK(until_ms(f.auth, dd_secret_reveal(a.text), DD_AUTH_REVOKED) >= 0);
    dd_secret_free(&a.text);
    dd_secret_free(&b.text);
    tear_down(&f);
}

TEST(a_database_may_come_later_and_must_be_one)
{
    dd_err err = DD_ERR_INIT;
    char   dir[256], path[300];
    FILE  *file;
    snprintf(dir, sizeof dir, "%s/auth-later", dd_test_dir());
    dd_auth *a = dd_auth_open(&(dd_auth_opts){ .dir = dir, .poll_ms = 5, .use_flush_ms = -1 }, &err);
    CHECK(a && dd_auth_open_mode(a));
    fixture f = { .auth = a };
    f.db      = dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = dir, .create = true }, &err);
    dd_key_made made = make(&f, (dd_key){ 0 });
    CHECK_EQ(ask_only(a, dd_secret_reveal(made.text)), DD_AUTH_OK, "seen when it came");
    dd_secret_free(&made.text);
    tear_down(&f);

    snprintf(dir, sizeof dir, "%s/auth-bad", dd_test_dir());
    dd_db_close(dd_db_open(DD_DB_CONFIG, &(dd_db_opts){ .dir = dir, .create = true }, &err));
    snprintf(path, sizeof path, "%s/config.db", dir);
    file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("no database", file);
    fclose(file);
    a = dd_auth_open(&(dd_auth_opts){ .dir = dir }, &err);
    CHECK(!a && err.code == DD_ERR_PARSE); /* never open mode by accident */
}

TEST(wrong_keys_cannot_burn_the_processor)
{
    fixture f;
    set_up(&f, "burn");
    dd_key_made   made = make(&f, (dd_key){ 0 }), idle = make(&f, (dd_key){ 0 });
    const dd_key *key;
    int           counts[6] = { 0 };
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(made.text)), DD_AUTH_OK, "known");
    for (int i = 0; i < 500; i++) { /* of a key that was not used yet, and of one that was */
        dd_secret wrong = spoiled(dd_secret_reveal(i % 2 ? idle.text : made.text), i);
        dd_auth_result r = ask_only(f.auth, dd_secret_reveal(wrong));
        counts[r]++;
        CHECK_EQ(dd_auth_check(f.auth, dd_secret_reveal(wrong), &key), r, "who asks again is told the same at once");
        dd_secret_free(&wrong);
    }
    CHECK_EQ(counts[DD_AUTH_OK], 0, "none is let in");
    CHECK(counts[DD_AUTH_BUSY] > 100 && counts[DD_AUTH_INVALID] >= 250);
    CHECK(dd_auth_about(f.auth).bcrypts < 200); /* ten, and one a second */
    CHECK_EQ(dd_auth_check(f.auth, dd_secret_reveal(made.text), &key), DD_AUTH_OK, "a known key is not affected");
    dd_auth_drop(f.auth, key);
    dd_secret_free(&made.text);
    dd_secret_free(&idle.text);
    tear_down(&f);
}

TEST(first_uses_at_once_cost_one_bcrypt)
{
    enum { N = 200 };
    fixture f;
    set_up(&f, "herd");
    dd_key_made made = make(&f, (dd_key){ 0 });
    static inbox in[N];
    int          asked = 0;
    for (int i = 0; i < N; i++)
        in[i] = (inbox)INBOX_INIT;
    for (int i = 0; i < N; i++)
        asked += dd_auth_verify(f.auth, dd_secret_reveal(made.text), delivered, &in[i]);
    CHECK_EQ(asked, N, "all may wait");
    for (int i = 0; i < N; i++) {
        pthread_mutex_lock(&in[i].lock);
        while (!in[i].n)
            pthread_cond_wait(&in[i].come, &in[i].lock);
        CHECK_EQ(in[i].last, DD_AUTH_OK, "each is answered");
        pthread_mutex_unlock(&in[i].lock);
        dd_auth_drop(f.auth, in[i].key);
    }
    CHECK_EQ(dd_auth_about(f.auth).bcrypts, 1, "one bcrypt for all");
    dd_secret_free(&made.text);
    tear_down(&f);
}

TEST(who_left_is_not_called)
{
    enum { N = 50 };
    fixture f;
    set_up(&f, "left");
    dd_keys_cost     = 10; /* long enough for some to be still waiting; what is asserted holds for any speed */
    dd_key_made made = make(&f, (dd_key){ 0 });
    static inbox in[N];
    bool         cancelled[N];
    for (int i = 0; i < N; i++) {
        in[i] = (inbox)INBOX_INIT;
        CHECK(dd_auth_verify(f.auth, dd_secret_reveal(made.text), delivered, &in[i]));
    }
    for (int i = 0; i < N; i++)
        cancelled[i] = dd_auth_cancel(f.auth, &in[i]);
    CHECK(!dd_auth_cancel(f.auth, &f));
    dd_auth_close(f.auth);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(in[i].n, cancelled[i] ? 0 : 1, "exactly one of: told so, called");
        if (in[i].n && in[i].last == DD_AUTH_OK)
            dd_auth_drop(NULL, in[i].key);
    }
    dd_secret_free(&made.text);
    dd_db_close(f.db);
}

TEST(the_queue_is_bounded)
{
    enum { N = 300 };
    fixture f;
    set_up(&f, "queue");
    dd_keys_cost = 10;
    dd_key_made  made[12];
    static inbox in[N];
    int          taken = 0;
    for (size_t i = 0; i < DD_COUNT(made); i++)
        made[i] = make(&f, (dd_key){ 0 });
    for (int i = 0; i < N; i++) {
        dd_secret wrong = spoiled(dd_secret_reveal(made[i % (int)DD_COUNT(made)].text), i);
        in[i]           = (inbox)INBOX_INIT;
        taken += dd_auth_verify(f.auth, dd_secret_reveal(wrong), delivered, &in[i]);
        dd_secret_free(&wrong);
    }
    CHECK(taken >= 64 && taken < N);
    dd_auth_close(f.auth); /* does not wait for all those bcrypts */
    int answered = 0;
    for (int i = 0; i < N; i++)
        answered += in[i].n;
    CHECK_EQ(answered, taken, "who was taken is answered, at the latest at the end");
    for (size_t i = 0; i < DD_COUNT(made); i++)
        dd_secret_free(&made[i].text);
    dd_db_close(f.db);
}

TEST(last_use_is_kept_to_the_minute)
{
    fixture  f;
    dd_err   err = DD_ERR_INIT;
    dd_arena mem = DD_ARENA_INIT;
    dd_key   k;
    set_up(&f, "used");
    dd_key_made made = make(&f, (dd_key){ 0 });
    dd_auth_close(f.auth);
    f.auth = dd_auth_open(&(dd_auth_opts){ .dir = f.dir, .now_s = test_clock }, &err);
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(made.text)), DD_AUTH_OK, "verified");
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(made.text)), DD_AUTH_OK, "used");
    dd_auth_close(f.auth);
    CHECK_OK(dd_keys_find(f.db, ada.org, dd_str_z(made.id), &mem, &k, &err));
    CHECK_EQ(k.last_used_s, 1800000000, "written at the end");
    dd_arena_fini(&mem);
    dd_secret_free(&made.text);
    dd_db_close(f.db);
}

/* --- many threads --- */

typedef struct {
    dd_auth     *auth;
    dd_str       steady, rotating;
    _Atomic bool stop;
    _Atomic int  wrong, checks;
} storm;

static void *reader(void *ctx)
{
    storm *s = ctx;
    while (!atomic_load(&s->stop)) {
        const dd_key *key;
        if (dd_auth_check(s->auth, s->steady, &key) != DD_AUTH_OK || !dd_str_eqz(key->name, "steady"))
            atomic_fetch_add(&s->wrong, 1);
        dd_auth_drop(s->auth, key);
        ask_only(s->auth, s->rotating);
        atomic_fetch_add(&s->checks, 1);
    }
    return NULL;
}

TEST(readers_never_see_half_a_change) /* run under TSan by `make tsan` */
{
    enum { THREADS = 6, CHANGES = 40 };
    fixture f;
    dd_err  err = DD_ERR_INIT;
    set_up(&f, "storm");
    dd_key_made steady = make(&f, (dd_key){ .name = DD_STR("steady") }), rotating = make(&f, (dd_key){ 0 });
    CHECK_EQ(ask_only(f.auth, dd_secret_reveal(steady.text)), DD_AUTH_OK, "known");
    storm     s = { .auth = f.auth, .steady = dd_secret_reveal(steady.text), .rotating = dd_secret_reveal(rotating.text) };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, reader, &s);
    for (int i = 0; i < CHANGES; i++) {
        dd_key_made fresh;
        uint64_t    reloads = dd_auth_about(f.auth).reloads;
        CHECK_OK(dd_keys_rotate(f.db, &ada, dd_str_z(rotating.id), &fresh, &err));
        for (int w = 0; w < 20000 && dd_auth_about(f.auth).reloads == reloads; w++)
            usleep(500);
        dd_secret_free(&fresh.text);
    }
    atomic_store(&s.stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&s.wrong), 0, "a key that did not change is good at every moment");
    CHECK(atomic_load(&s.checks) > 0);
    CHECK(dd_auth_about(f.auth).reloads >= CHANGES);
    dd_secret_free(&steady.text);
    dd_secret_free(&rotating.text);
    tear_down(&f);
}
