/* store/auth.h - is this key good? The answer for every request of the proxy.
 *
 * Problem: bcrypt takes 50 ms and a query some microseconds and may block; a request has neither. Idea: an immutable snapshot of all keys, found
 * by id, each with the SHA-256 of its text once bcrypt has seen it. dd_auth_check reads it: no lock, no I/O, no allocation, about 0.2
 * microseconds, compared in constant time. What it does not know yet goes to a verifier thread (dd_auth_verify), once a key and process. A watcher
 * thread looks at the database's version every 50 ms and swaps the snapshot, so a revoke or rotation, by whatever process, is seen within 100 ms;
 * expiry is looked at with each use. With the database gone the snapshot goes on. What wrong keys can cost is bounded: a table of refused digests
 * (4,096, 10 s), 512 keys waiting for bcrypt, 8 of one id, and after ten wrong secrets one bcrypt a second for that id. Past these the answer is
 * DD_AUTH_BUSY: 429. Keys that were seen before are never affected. Source: spec R1.5, R4.5, R9.3. */
#ifndef DD_STORE_AUTH_H
#define DD_STORE_AUTH_H
#include "store/keys.h"

typedef enum {
    DD_AUTH_OK,
    DD_AUTH_PENDING,  /* ask dd_auth_verify */
    DD_AUTH_INVALID,  /* no key, or none of ours: 401 */
    DD_AUTH_EXPIRED,  /* 401 */
    DD_AUTH_REVOKED,  /* 401 */
    DD_AUTH_BUSY      /* too many unknown keys at once: 429 */
} dd_auth_result;

typedef struct dd_auth dd_auth;

typedef struct {
    const char *dir;               /* the state folder; its database need not be there yet */
    int         poll_ms;           /* 0: 50 */
    int         use_flush_ms;      /* how often last uses are written; 0: a minute, below 0: never */
    int64_t   (*now_s)(void *ctx); /* wall time; NULL: the system's. Any thread. */
    void       *ctx;
} dd_auth_opts;

/* Starts both threads. NULL: *err (a database that is there and cannot be read). */
dd_auth *dd_auth_open(const dd_auth_opts *opts, dd_err *err);
/* Writes last uses and ends the threads; waiters are told DD_AUTH_BUSY. No other call may be running. A key that is still held stays until it is
 * dropped. */
void     dd_auth_close(dd_auth *a);

/* Any thread, at most 64 at once. With DD_AUTH_OK *out is the key, held until dd_auth_drop; else NULL. It keeps its values while it is held. */
dd_auth_result dd_auth_check(dd_auth *a, dd_str key, const dd_key **out);
/* Any thread; NULL is fine. */
void           dd_auth_drop(dd_auth *a, const dd_key *key);

/* After DD_AUTH_PENDING. Who asks dd_auth_check again after `done` is told the same, as a rule (a change of keys may have come between). True:
 * unless cancelled, `done` comes exactly once, on a thread of ours, maybe before this returns. It must only hand the answer over (dd_loop_post)
 * and call nothing of this header. With DD_AUTH_OK `key` is held for the receiver, who drops it. False: DD_AUTH_BUSY, and no call. */
typedef void dd_auth_done(void *ctx, dd_auth_result r, const dd_key *key);
bool dd_auth_verify(dd_auth *a, dd_str key, dd_auth_done *done, void *ctx);
/* True: `done` will not be called with `ctx`. False: it was, or never will be. */
bool dd_auth_cancel(dd_auth *a, void *ctx);

/* No key was ever made in this database: on loopback the proxy lets all in. Once false it stays false: revoking the last key opens nothing. Any
 * thread. */
bool     dd_auth_open_mode(const dd_auth *a);

typedef struct {
    size_t   keys;                 /* in the snapshot, revoked ones too */
    uint64_t bcrypts, reloads, busy;
    bool     database_gone;        /* the last look at it failed */
} dd_auth_stats;
dd_auth_stats dd_auth_about(const dd_auth *a);
#endif
