#include "cmd/keep.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/jspan.h"
#include "cmd/keys.h"
#include "store/audit.h"
#include "store/secrets.h"

struct dd_keep {
    char              *dir;
    dd_keep_log       *log;
    void              *log_ctx;
    _Atomic(dd_cache *) cache;     /* NULL: none is wanted, or no more */
};

/* --- the installation's secret: a file of its own, so that the cache needs no master key --- */

static dd_code read_secret(const char *path, dd_secret *out, dd_err *err)
{
    dd_buf      text = DD_BUF_INIT(256);
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077)) {
        dd_fail(err, DD_ERR_IO, "the cache's key \"%s\" may be read or written by others", path);
        dd_hint(err, "chmod 600 %s", path);
        return DD_ERR_IO;
    }
    dd_buf_reserve(&text, 256);
    dd_code rc = dd_file_read(path, &text, err);
    if (rc == DD_OK && dd_master_parse(dd_buf_str(&text), out, err) != DD_OK) {
        rc = dd_fail(err, DD_ERR_PARSE, "the cache's key \"%s\" is none", path);
        dd_hint(err, "Remove it and cache.db: both are made anew.");
    }
    dd_wipe_buf(&text);
    return rc;
}

/* Appears whole or not at all; of two processes one is first, and both use that one's. */
static dd_code make_secret(const char *path, dd_err *err)
{
    dd_buf    temp = DD_BUF_INIT(0);
    dd_secret key  = dd_master_new();
    char      text[2 * DD_MASTER_LEN + 2];
    dd_master_format(key, text);
    text[2 * DD_MASTER_LEN] = '\n';
    dd_buf_printf(&temp, "%s.XXXXXX", path);
    dd_buf_z(&temp);
    int     fd   = mkstemp(temp.ptr);    /* 0600 */
    bool    done = fd >= 0 && write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1 && (link(temp.ptr, path) == 0 || errno == EEXIST);
    dd_code rc   = done ? DD_OK : dd_fail_errno(err, errno, "could not write the cache's key \"%s\"", path);
    if (fd >= 0) {
        close(fd);
        unlink(temp.ptr);
    }
    dd_wipe(text, sizeof text);
    dd_secret_free(&key);
    dd_buf_free(&temp);
    return rc;
}

dd_code dd_keep_secret(const char *dir, bool make, dd_secret *out, dd_err *err)
{
    dd_buf  path = DD_BUF_INIT(0);
    dd_code rc   = DD_OK;
    dd_buf_printf(&path, "%s/cache.key", dir);
    if (!dd_file_exists(dd_buf_z(&path)))
        rc = make ? make_secret(dd_buf_z(&path), err) : dd_fail(err, DD_ERR_NOT_FOUND, "there is no \"%s\"", dd_buf_z(&path));
    if (rc == DD_OK)
        rc = read_secret(dd_buf_z(&path), out, err);
    dd_buf_free(&path);
    return rc;
}

/* --- open, close --- */

dd_keep *dd_keep_new(const char *dir, dd_keep_log *log, void *ctx)
{
    dd_keep *k = dd_calloc(1, sizeof *k);
    k->dir     = dd_strdup(dd_str_z(dir));
    k->log     = log;
    k->log_ctx = ctx;
    atomic_init(&k->cache, NULL);
    return k;
}

static void warn(dd_keep *k, const char *what, const char *why)
{
    dd_buf line = DD_BUF_INIT(1024);
    dd_buf_printf(&line, "cache: %s%s", why, what);
    k->log(k->log_ctx, 1, dd_buf_z(&line));
    dd_buf_free(&line);
}

static void log_cache(void *ctx, const char *line) { warn(ctx, "", line); }

static bool is_wanted(const dd_snapshot *s)
{
    bool any = s->cache.on;
    for (size_t i = 0; i < s->policy.n_routes; i++)
        any = any || s->policy.routes[i].cache == 1;
    return any;
}

void dd_keep_want(dd_keep *k, const dd_snapshot *s)
{
    static const char alone[] = "; answers are kept in memory alone";
    if (atomic_load(&k->cache) || !is_wanted(s))
        return;
    dd_err        err    = DD_ERR_INIT;
    dd_secret     secret = DD_SECRET_NONE;
    bool          disk   = s->cache.max_disk_bytes >= 0;
    dd_cache_opts o      = { .max_bytes = s->cache.max_bytes, .max_entry_bytes = s->cache.max_entry_bytes, .max_disk_bytes = disk ? s->cache.max_disk_bytes : 0,
                             .log = log_cache, .log_ctx = k };
    if (disk && dd_keep_secret(k->dir, true, &secret, &err) == DD_OK)
        o.dir = k->dir;
    else
        secret = dd_master_new();        /* as many random bytes; memory ends with the process */
    o.secret    = dd_secret_reveal(secret);
    dd_cache *c = !disk || o.dir ? dd_cache_open(&o, &err) : NULL;
    if (!c && disk) {
        warn(k, alone, err.msg);
        o.dir = NULL;
        c     = dd_cache_open(&o, &err);
    }
    dd_secret_free(&secret);
    if (c)
        atomic_store(&k->cache, c);
    else
        warn(k, "; no answers are kept", err.msg);
}

void dd_keep_close(dd_keep *k)
{
    if (k)
        dd_cache_close(atomic_exchange(&k->cache, NULL));
}

void dd_keep_free(dd_keep *k)
{
    if (!k)
        return;
    dd_keep_close(k);
    free(k->dir);
    free(k);
}

/* --- hooks --- */

static dd_cache *cache_of(dd_keep *k) { return atomic_load_explicit(&k->cache, memory_order_acquire); }

bool dd_keep_count(dd_keep *k, dd_cache_counts *out)
{
    dd_cache *c = cache_of(k);
    if (c)
        dd_cache_count(c, out);
    return c != NULL;
}

dd_cache_key dd_keep_hash(dd_keep *k, const dd_str *parts, size_t n)
{
    dd_cache *c = cache_of(k);
    return c ? dd_cache_hash(c, parts, n) : (dd_cache_key){ { 0 } };
}

dd_cache_verdict dd_keep_find(dd_keep *k, const dd_cache_key *key, int64_t now_s, dd_arena *arena, dd_cached *out, dd_cache_done *done, void *arg)
{
    dd_cache *c = cache_of(k);
    return c ? dd_cache_find(c, key, now_s, arena, out, done, arg) : DD_CACHE_MISS;
}

bool dd_keep_forget(dd_keep *k, const dd_cache_key *key, void *arg)
{
    dd_cache *c = cache_of(k);
    return c && dd_cache_forget(c, key, arg);   /* closing has called them all */
}

void dd_keep_put(dd_keep *k, const dd_cache_key *key, const dd_cached *answer)
{
    dd_cache *c = cache_of(k);
    if (c)
        dd_cache_put(c, key, answer);
}

void dd_keep_give_up(dd_keep *k, const dd_cache_key *key)
{
    dd_cache *c = cache_of(k);
    if (c)
        dd_cache_give_up(c, key);
}

/* --- POST /v1/cache/invalidate --- */

typedef struct {
    dd_keep       *k;
    dd_arena       arena;
    dd_cache_match match;
    dd_str         who;
    void         (*done)(void *arg, int status, dd_str json);
    void          *arg;
} invalidation;

static void refuse(invalidation *v, int status, const char *param, const char *message)
{
    dd_buf  b = DD_BUF_INIT(0);
    dd_json j = DD_JSON_INIT(&b, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "error");
    dd_json_open(&j, '{');
    dd_json_key(&j, "message");
    dd_json_strz(&j, message);
    dd_json_key(&j, "type");
    dd_json_strz(&j, status < 500 ? "invalid_request_error" : "server_error");
    dd_json_key(&j, "param");
    if (param)
        dd_json_strz(&j, param);
    else
        dd_json_null(&j);
    dd_json_key(&j, "code");
    dd_json_null(&j);
    dd_json_close(&j, '}');
    dd_json_close(&j, '}');
    v->done(v->arg, status, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void end(invalidation *v)
{
    dd_arena_fini(&v->arena);
    free(v);
}

static void put_member(dd_json *j, const char *name, dd_str value)
{
    if (value.len) {
        dd_json_key(j, name);
        dd_json_str(j, value);
    }
}

/* The log of control actions; that it cannot be written takes nothing back. */
static void note(invalidation *v, int64_t n)
{
    dd_db  *db  = NULL;
    dd_err  err = DD_ERR_INIT;
    dd_buf  b   = DD_BUF_INIT(0);
    dd_json j   = DD_JSON_INIT(&b, 0);
    dd_json_open(&j, '{');
    put_member(&j, "pattern", v->match.model);
    put_member(&j, "tag", v->match.tag);
    put_member(&j, "key", v->match.key_id);
    dd_json_key(&j, "invalidated");
    dd_json_i64(&j, n);
    dd_json_close(&j, '}');
    const dd_actor by = { v->match.org, v->who, dd_clock() };
    dd_code        rc = dd_config_db_open(true, &db, &err);
    if (rc == DD_OK)
        rc = dd_audit_add(db, &by, "cache.invalidate", DD_STR("cache"), DD_STR(""), dd_buf_str(&b), &err);
    if (rc != DD_OK)
        warn(v->k, "", err.msg);
    dd_db_close(db);
    dd_buf_free(&b);
}

static void invalidated(void *arg, int64_t n)   /* in the cache's thread */
{
    invalidation *v = arg;
    if (n < 0) {
        refuse(v, 503, NULL, "cache.db cannot be written: what it holds is still there");
    } else {
        char text[48];
        note(v, n);
        int len = snprintf(text, sizeof text, "{\"invalidated\":%lld}", (long long)n);
        v->done(v->arg, 200, (dd_str){ text, (size_t)len });
    }
    end(v);
}

/* What is not understood is refused: an unknown member would else mean "all". */
static bool read_body(invalidation *v, dd_str body)
{
    const struct { const char *name; dd_str *to; } members[] = { { "pattern", &v->match.model }, { "tag", &v->match.tag }, { "key", &v->match.key_id } };
    dd_jspan d = { .n = 0 };
    if (!dd_str_trim(body).len)
        return true;
    if (dd_jspan_parse(&d, &v->arena, body, NULL) != DD_OK || dd_jspan_kind(&d, 0) != DD_J_OBJECT) {
        refuse(v, 400, NULL, "the request body is no JSON object");
        return false;
    }
    for (dd_jit it = dd_jspan_each(&d, 0); dd_jspan_step(&d, &it);) {
        dd_str *to = NULL;
        for (size_t i = 0; i < DD_COUNT(members); i++)
            if (dd_jspan_is(&d, it.key, members[i].name))
                to = members[i].to;
        if (!to || to->len || dd_jspan_kind(&d, it.value) != DD_J_STRING || !dd_jspan_inside(&d, it.value).len) {
            refuse(v, 400, NULL, "members are pattern, tag and key, each once and each a text that is not empty");
            return false;
        }
        *to = dd_jspan_text(&d, it.value, &v->arena);
    }
    return true;
}

void dd_keep_invalidate(dd_keep *k, const dd_ask *ask, void (*done)(void *arg, int status, dd_str json), void *arg)
{
    invalidation *v = dd_calloc(1, sizeof *v);
    dd_cache     *c = cache_of(k);
    v->k    = k;
    v->done = done;
    v->arg  = arg;
    if (!ask->admin) {
        refuse(v, 403, NULL, "an admin's key is needed");
        end(v);
        return;
    }
    if (!read_body(v, dd_arena_dup(&v->arena, ask->body))) {
        end(v);
        return;
    }
    v->match.org = ask->org.len ? dd_arena_dup(&v->arena, ask->org) : DD_ORG_DEFAULT;
    v->who       = ask->key_id.len ? dd_arena_printf(&v->arena, "key " DD_STR_FMT, DD_STR_ARG(ask->key_id)) : DD_STR("proxy (no keys)");
    if (c)
        dd_cache_invalidate_later(c, &v->match, invalidated, v);
    else
        invalidated(v, 0);
}
