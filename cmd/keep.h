/* cmd/keep.h - the proxy's kept answers joined with the cache that holds them.
 *
 * The cache is opened when a configuration first wants one, at the start or at a reload, and stays until the end. What cannot be opened costs answers, never
 * requests: without the disk memory alone serves, and the log says why. */
#ifndef DD_CMD_KEEP_H
#define DD_CMD_KEEP_H
#include "base/secret.h"
#include "proxy/gateway.h"
#include "store/cache.h"

typedef void dd_keep_log(void *ctx, int level, const char *line);
typedef struct dd_keep dd_keep;
dd_keep *dd_keep_new(const char *dir, dd_keep_log *log, void *ctx);   /* caller owns; nothing is opened yet */
/* One thread at a time. Sizes are those of the configuration that opened it. */
void     dd_keep_want(dd_keep *k, const dd_snapshot *s);
/* When no worker runs any more: wakes all that wait, answers all questions. From then on nothing is found or kept. */
void     dd_keep_close(dd_keep *k);
void     dd_keep_free(dd_keep *k);                                    /* NULL is fine */

bool     dd_keep_count(dd_keep *k, dd_cache_counts *out);             /* false: nothing is kept */
/* The key of hash and seal in the state folder; DD_ERR_NOT_FOUND: there is none, and it was not to be made. */
dd_code  dd_keep_secret(const char *dir, bool make, dd_secret *out, dd_err *err);

/* As the hooks have them; k is never NULL. */
dd_cache_key     dd_keep_hash(dd_keep *k, const dd_str *parts, size_t n);
dd_cache_verdict dd_keep_find(dd_keep *k, const dd_cache_key *key, int64_t now_s, dd_arena *arena, dd_cached *out, dd_cache_done *done, void *arg);
bool             dd_keep_forget(dd_keep *k, const dd_cache_key *key, void *arg);
void             dd_keep_put(dd_keep *k, const dd_cache_key *key, const dd_cached *answer);
void             dd_keep_give_up(dd_keep *k, const dd_cache_key *key);
/* "cache/invalidate": {"pattern": "gpt-4o*"}, {"tag": "team=search"}, {"key": "id"}, {} for all of the caller's org; with an entry in the audit log. */
void             dd_keep_invalidate(dd_keep *k, const dd_ask *ask, void (*done)(void *arg, int status, dd_str json), void *arg);
#endif
