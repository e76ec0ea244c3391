/* store/auth_parts.h - what the files of store/auth share. Who may touch what stands at each member. */
#ifndef DD_STORE_AUTH_PARTS_H
#define DD_STORE_AUTH_PARTS_H
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>

#include "store/auth.h"
#include "store/sql.h"

enum { DD_AUTH_SLOTS = 64, DD_AUTH_REFUSED = 4096, DD_AUTH_REFUSED_S = 10, DD_AUTH_BUSY_S = 1 };
enum { DD_AUTH_JOBS = 512, DD_AUTH_JOBS_OF_ID = 8, DD_AUTH_WAITERS = 4096 };
typedef struct { unsigned char bytes[32]; } dd_digest;

/* A key as it was at some time: all but the atomics is constant while it is shared. */
typedef struct {
    dd_key        key;          /* first: the caller's pointer is ours */
    _Atomic uint32_t refs;      /* one of each snapshot that lists it, one of each holder */
    _Atomic bool  verified;     /* `digest` is that of the right text; set once, by the verifier */
    dd_digest     digest;
    _Atomic int64_t used_s;
    int64_t       flushed_s;    /* under db_lock */
    dd_str        models_text, scopes_text;
    const char   *hash;
} dd_auth_record;

/* Open addressing by dd_str_hash of the id. */
typedef struct {
    dd_auth_record **slots;
    size_t           mask, n;
} dd_auth_snapshot;

/* A reader stands in a slot while it looks at the snapshot. What a writer took out is freed when all who came before have left. */
typedef struct {
    _Alignas(64) _Atomic uint64_t epoch; /* 0: free */
    EVP_MD_CTX *digest;                  /* of who stands here */
} dd_auth_slot;

typedef struct dd_auth_waiter {
    struct dd_auth_waiter *next;
    dd_auth_done          *done;
    void                  *ctx;
} dd_auth_waiter;

typedef struct {                /* one text to be verified, and all who wait for it */
    uint64_t        order;      /* 0: free */
    dd_digest       digest;
    char            id[DD_KEY_ID_LEN], secret[DD_KEY_SECRET_LEN];
    dd_auth_waiter *waiters;
} dd_auth_job;

struct dd_auth {
    _Atomic(dd_auth_snapshot *) now;
    _Atomic uint64_t epoch;
    dd_auth_slot     slots[DD_AUTH_SLOTS];
    EVP_MD          *sha256;
    struct { _Atomic uint64_t tag; _Atomic int64_t until; } refused[DD_AUTH_REFUSED]; /* monotonic seconds * 2, + 1: busy */
    _Atomic bool     had_keys, gone;
    _Atomic uint64_t bcrypts, reloads, busy;
    _Atomic size_t   n_keys;
    dd_auth_opts     opts;
    char            *dir;

    pthread_mutex_t  db_lock;   /* all down to the empty line; snapshots are made and freed under it */
    dd_db           *db;
    bool             started;   /* it was read once, or could not be */
    int64_t          version;   /* PRAGMA data_version of what was read; -1: nothing */

    pthread_mutex_t  lock;      /* jobs, waiters, stop */
    pthread_cond_t   work;
    dd_auth_job      jobs[DD_AUTH_JOBS];
    uint64_t         order;
    size_t           n_waiters;
    bool             stop;

    struct { int64_t at_ns; double left; } wrong[1024]; /* the verifier's: bcrypts that an id may still cost */
    pthread_t        watcher, verifier;
    int              wake[2];   /* a pipe: closing its end stops the watcher */
};

/* auth.c */
int             dd_auth_enter(dd_auth *a);   /* a slot, until dd_auth_leave */
void            dd_auth_leave(dd_auth *a, int slot);
void            dd_auth_wait_readers(dd_auth *a);
dd_auth_record *dd_auth_lookup(const dd_auth_snapshot *s, dd_str id);
void            dd_auth_unref(dd_auth_record *r);
int64_t         dd_auth_now_s(const dd_auth *a);
void            dd_auth_digest(dd_auth *a, int slot, dd_str text, dd_digest *out);
/* The place of a digest in `refused`, and the tag that stands there. */
size_t          dd_auth_place(const dd_digest *d, uint64_t *tag);
/* auth_load.c */
dd_code         dd_auth_refresh(dd_auth *a, dd_err *err);   /* takes db_lock */
void            dd_auth_flush_uses(dd_auth *a);             /* takes db_lock */
void            dd_auth_snapshot_free(dd_auth_snapshot *s);
/* auth_verify.c */
void           *dd_auth_verifier(void *auth);
#endif
