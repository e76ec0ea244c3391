/* cmd/cache.c - dd0c cache: how many answers are kept, what that saved, and taking some out wherever they are. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/jspan.h"
#include "base/time.h"
#include "cmd/keep.h"
#include "cmd/keys.h"
#include "cmd/sockets.h"
#include "report/format.h"
#include "route/money_json.h"
#include "store/audit.h"
#include "store/dims.h"

enum { LOOK_MS = 2000, CLEAR_MS = 30000, WEEK_S = 7 * 86400, DAY_S = 86400 };

typedef struct { const char *format, *key, *pattern, *tag; bool all; } cache_args;

#define FORMAT_OPT DD_OPT(DD_OPT_CHOICE, 'f', "format", cache_args, format, "text|json", "print text (default) or JSON")
const dd_opt dd_cache_cmd_opts[] = { FORMAT_OPT, DD_OPT_END };
const dd_opt dd_cache_clear_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'k', "key", cache_args, key, "key", "answers of this key: its id or name"),
    DD_OPT(DD_OPT_TEXT, 'p', "pattern", cache_args, pattern, "glob", "answers of the models that fit: gpt-4o*"),
    DD_OPT(DD_OPT_TEXT, 't', "tag", cache_args, tag, "name=value", "answers to requests with this tag: team=search"),
    DD_OPT(DD_OPT_FLAG, 0, "all", cache_args, all, NULL, "all answers"),
    FORMAT_OPT, DD_OPT_END
};

/* --- how it stands --- */

typedef struct {
    dd_cache_disk_state disk;
    int     proxies, caches;            /* that run; that keep answers */
    int64_t entries, bytes, lost, hits, misses;   /* of those, in memory and since their starts */
    int64_t week_hits;
    dd_pusd week_saved;
} state;

static int64_t number(const cJSON *o, const char *name)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble < 9e15 ? (int64_t)n->valuedouble : 0;
}

static void add_proxy(void *ctx, const char *name, int status, dd_str answer)
{
    state       *s     = ctx;
    dd_err       err   = DD_ERR_INIT;
    cJSON       *o     = status == 200 ? dd_json_parse(answer, name, &err) : NULL;
    const cJSON *cache = cJSON_GetObjectItemCaseSensitive(o, "cache");
    if (cJSON_IsObject(cache)) {
        s->caches++;
        s->entries += number(cache, "entries");
        s->bytes += number(cache, "bytes");
        s->lost += number(cache, "lost");
        s->hits += number(o, "hits");
        s->misses += number(o, "misses");
    }
    cJSON_Delete(o);
}

static void add_week(void *ctx, const dd_dims_row *row)
{
    state *s = ctx;
    s->week_hits += row->requests;
    if (dd_money_add(s->week_saved, row->saved, &s->week_saved) != DD_OK)
        s->week_saved = INT64_MAX;
}

static dd_code look(state *s, dd_err *err)
{
    dd_buf      dir  = DD_BUF_INIT(4096);
    dd_err      none = DD_ERR_INIT;
    int64_t     now  = dd_clock().s;
    dd_dir_state(&dir);
    dd_sockets *sockets = dd_sockets_new(dd_buf_z(&dir));
    dd_dims    *dims    = dd_dims_new(dd_buf_z(&dir));
    dd_dims_ask ask     = { .dim = DD_DIM_STRATEGY, .daily = true, .from_s = (now - WEEK_S) / DAY_S * DAY_S, .value = DD_STR("cache") };
    *s         = (state){ 0 };
    dd_code rc = dd_cache_look(dd_buf_z(&dir), now, &s->disk, err);
    if (rc == DD_OK && dd_dims_read(dims, &ask, add_week, s, &none) != DD_OK && none.code != DD_ERR_NOT_FOUND)
        rc = dd_fail(err, none.code, "%s", none.msg);
    if (rc == DD_OK)
        s->proxies = dd_sockets_ask(sockets, "/admin/live", NULL, LOOK_MS, add_proxy, s);
    dd_dims_free(dims);
    dd_sockets_free(sockets);
    dd_buf_free(&dir);
    return rc;
}

static void put_bytes(dd_buf *out, int64_t n)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    size_t u = 0;
    double d = (double)n;
    for (; d >= 999.5 && u + 1 < DD_COUNT(units); u++)
        d /= 1000;
    dd_buf_printf(out, u && d < 9.95 ? "%.1f %s" : "%.0f %s", d, units[u]);
}

static void put_answers(dd_buf *out, dd_arena *a, int64_t n) { dd_buf_add(out, dd_fmt_plural(a, (size_t)n, "answer", "answers")); }

static void put_disk(const state *s, dd_arena *a, dd_buf *out)
{
    dd_buf_addz(out, "on disk      ");
    if (!s->disk.there) {
        dd_buf_addz(out, "none\n");
        return;
    }
    put_answers(out, a, s->disk.entries);
    dd_buf_addz(out, ", ");
    put_bytes(out, s->disk.bytes);
    if (s->disk.entries) {
        dd_buf_addz(out, ", stored from ");
        dd_put_time(out, s->disk.oldest_s);
        dd_buf_addz(out, " to ");
        dd_put_time(out, s->disk.newest_s);
        dd_buf_addz(out, " UTC");
    }
    if (s->disk.expired)
        dd_buf_printf(out, "; %lld of them are past their time", (long long)s->disk.expired);
    dd_buf_addc(out, '\n');
}

static void put_text(const state *s, dd_buf *out)
{
    dd_arena a   = DD_ARENA_INIT;
    int64_t  all = s->hits + s->misses;
    put_disk(s, &a, out);
    dd_buf_addz(out, "in memory    ");
    if (s->caches) {
        put_answers(out, &a, s->entries);
        dd_buf_addz(out, ", ");
        put_bytes(out, s->bytes);
        dd_buf_printf(out, ", in %d prox%s%s\n", s->caches, s->caches == 1 ? "y" : "ies", s->lost ? "; the disk was too slow for some" : "");
        dd_buf_addz(out, "since start  ");
        dd_buf_add(out, dd_fmt_plural(&a, (size_t)s->hits, "hit", "hits"));
        dd_buf_addz(out, ", ");
        dd_buf_add(out, dd_fmt_plural(&a, (size_t)s->misses, "miss", "misses"));
        if (all)
            dd_buf_printf(out, " (%lld%% hits)", (long long)(s->hits * 100 / all));
        dd_buf_addc(out, '\n');
    } else {
        dd_buf_printf(out, "%s\n", s->proxies ? "none: no proxy that runs keeps answers" : "none: no proxy runs");
    }
    dd_buf_addz(out, "this week    ");
    dd_buf_add(out, dd_fmt_plural(&a, (size_t)s->week_hits, "hit", "hits"));
    dd_buf_addz(out, " recorded, saved ");
    dd_money_show(s->week_saved, out);
    dd_buf_addc(out, '\n');
    if (!s->disk.there && !s->caches)
        dd_buf_addz(out, "\nThis in dd0c.yaml keeps answers for equal requests:\n\n  cache: {mode: exact}\n");
    dd_arena_fini(&a);
}

static void put_json(const state *s, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_member_str(&j, "schema", DD_STR("dd0c.cache/1"));
    dd_json_key(&j, "disk");
    if (s->disk.there) {
        dd_json_open(&j, '{');
        dd_json_member_i64(&j, "entries", s->disk.entries);
        dd_json_member_i64(&j, "expired", s->disk.expired);
        dd_json_member_i64(&j, "bytes", s->disk.bytes);
        dd_put_time_json(&j, "oldest", s->disk.oldest_s);
        dd_put_time_json(&j, "newest", s->disk.newest_s);
        dd_json_close(&j, '}');
    } else {
        dd_json_null(&j);
    }
    dd_json_key(&j, "memory");
    if (s->caches) {
        dd_json_open(&j, '{');
        dd_json_member_i64(&j, "proxies", s->caches);
        dd_json_member_i64(&j, "entries", s->entries);
        dd_json_member_i64(&j, "bytes", s->bytes);
        dd_json_member_i64(&j, "lost", s->lost);
        dd_json_member_i64(&j, "hits", s->hits);
        dd_json_member_i64(&j, "misses", s->misses);
        dd_json_close(&j, '}');
    } else {
        dd_json_null(&j);
    }
    dd_json_key(&j, "week");
    dd_json_open(&j, '{');
    dd_json_member_i64(&j, "hits", s->week_hits);
    dd_money_member(&j, "saved_usd", s->week_saved);
    dd_json_close(&j, '}');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

dd_code dd_cmd_cache(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    cache_args args = { .format = "text" };
    dd_buf     out  = DD_BUF_INIT(0);
    state      s;
    bool       done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    rc = look(&s, err);
    if (rc == DD_OK) {
        (strcmp(args.format, "json") == 0 ? put_json : put_text)(&s, &out);
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    dd_buf_free(&out);
    return rc;
}

/* --- taking out --- */

typedef struct {
    const dd_cmd *cmd;
    int64_t       disk, memory;         /* found by the proxies, wherever; left on disk after that */
    int           proxies, failed;
} cleared;

static void add_cleared(void *ctx, const char *name, int status, dd_str answer)
{
    cleared *c   = ctx;
    dd_err   err = DD_ERR_INIT;
    cJSON   *o   = status == 200 ? dd_json_parse(answer, name, &err) : NULL;
    c->memory += number(o, "invalidated");
    if (!cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(o, "invalidated"))) {
        c->failed++;
        dd_cmd_warn(c->cmd, status ? "proxy %.*s answered with status %d: it may keep what it has in memory" : "proxy %.*s did not answer in time",
                    (int)strcspn(name, "."), name, status);
    }
    cJSON_Delete(o);
}

static void put_member(dd_json *j, const char *name, dd_str value)
{
    if (value.len)
        dd_json_member_str(j, name, value);
}

static void put_match(const dd_cache_match *m, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 0);
    dd_json_open(&j, '{');
    put_member(&j, "pattern", m->model);
    put_member(&j, "tag", m->tag);
    put_member(&j, "key", m->key_id);
    dd_json_close(&j, '}');
}

/* What no proxy that runs has taken out. */
static dd_code clear_disk(const char *dir, const dd_cache_match *m, int64_t *n, dd_err *err)
{
    enum { NEVER_EVICT_GB = 1 << 20 };
    dd_cache_disk_state disk;
    dd_secret           secret = DD_SECRET_NONE;
    dd_cache           *c      = NULL;
    dd_code             rc     = dd_cache_look(dir, 0, &disk, err);
    if (rc != DD_OK || !disk.there)
        return rc;
    rc = dd_keep_secret(dir, false, &secret, err);
    if (rc == DD_OK) {
        dd_cache_opts o = { .dir = dir, .max_disk_bytes = (int64_t)NEVER_EVICT_GB << 30, .secret = dd_secret_reveal(secret) };
        c  = dd_cache_open(&o, err);
        rc = c ? DD_OK : err->code;
    }
    if (c && (*n = dd_cache_invalidate(c, m)) < 0)
        rc = dd_fail(err, DD_ERR_IO, "\"%s/cache.db\" cannot be written: what it holds is still there", dir);
    dd_cache_close(c);
    dd_secret_free(&secret);
    return rc;
}

/* The log of control actions. */
static dd_code note(const dd_cache_match *m, int64_t n, dd_err *err)
{
    dd_buf   what = DD_BUF_INIT(0), who = DD_BUF_INIT(0);
    dd_db   *db = NULL;
    dd_actor by = dd_cmd_actor(&who);
    put_match(m, &what);
    what.len--;                          /* one member more */
    dd_buf_printf(&what, "%s\"invalidated\":%lld}", what.len > 1 ? "," : "", (long long)n);
    dd_code rc = dd_config_db_open(true, &db, err);
    if (rc == DD_OK)
        rc = dd_audit_add(db, &by, "cache.invalidate", DD_STR("cache"), DD_STR(""), dd_buf_str(&what), err);
    dd_db_close(db);
    dd_buf_free(&what);
    dd_buf_free(&who);
    return rc;
}

static void tell(const cleared *c, bool json, dd_buf *out)
{
    if (json) {
        dd_json j = DD_JSON_INIT(out, 1);
        dd_json_open(&j, '{');
        dd_json_member_str(&j, "schema", DD_STR("dd0c.cache-clear/1"));
        dd_json_member_i64(&j, "invalidated", c->memory + c->disk);
        dd_json_member_i64(&j, "proxies", c->proxies);
        dd_json_member_i64(&j, "proxies_failed", c->failed);
        dd_json_close(&j, '}');
        dd_buf_addc(out, '\n');
        return;
    }
    dd_arena a = DD_ARENA_INIT;
    put_answers(out, &a, c->memory + c->disk);
    if (c->proxies)
        dd_buf_printf(out, " forgotten, on disk and by %d running prox%s\n", c->proxies - c->failed, c->proxies - c->failed == 1 ? "y" : "ies");
    else
        dd_buf_addz(out, " forgotten on disk; no proxy runs\n");
    dd_arena_fini(&a);
}

/* A key by its id or name; a word that names none is taken as the id of one that is gone. */
static void find_key(const char *word, dd_arena *a, dd_str *out)
{
    dd_err err = DD_ERR_INIT;
    dd_db *db  = NULL;
    dd_key k   = { 0 };
    *out       = dd_str_z(word);
    if (dd_config_db_open(false, &db, &err) == DD_OK && db && dd_cmd_key(db, word, a, &k, &err) == DD_OK)
        *out = k.id;
    dd_db_close(db);
}

static dd_code check(const cache_args *args, dd_err *err)
{
    const char *const texts[] = { args->key, args->pattern, args->tag };
    bool any = false;
    for (size_t i = 0; i < DD_COUNT(texts); i++) {
        if (texts[i] && !texts[i][0])
            return dd_fail(err, DD_ERR_USAGE, "an empty text fits nothing");
        any = any || texts[i];
    }
    if (any == args->all) {
        dd_fail(err, DD_ERR_USAGE, any ? "--all, or some: not both" : "which answers?");
        dd_hint(err, "--key, --pattern and --tag choose some, all of which must fit; --all takes all.");
        return DD_ERR_USAGE;
    }
    if (args->tag && !strchr(args->tag, '=')) {
        dd_fail(err, DD_ERR_USAGE, "the tag \"%s\" has no value", args->tag);
        dd_hint(err, "For example --tag team=search.");
        return DD_ERR_USAGE;
    }
    return DD_OK;
}

static dd_code clear(const dd_cmd *cmd, const cache_args *args, dd_err *err)
{
    dd_arena       a    = DD_ARENA_INIT;
    dd_buf         dir  = DD_BUF_INIT(4096), body = DD_BUF_INIT(0), out = DD_BUF_INIT(0);
    dd_cache_match m    = { .model = dd_str_z(args->pattern), .tag = dd_str_z(args->tag), .org = DD_ORG_DEFAULT };
    cleared        done = { .cmd = cmd };
    if (args->key)
        find_key(args->key, &a, &m.key_id);
    dd_dir_state(&dir);
    put_match(&m, &body);
    dd_sockets *sockets = dd_sockets_new(dd_buf_z(&dir));
    done.proxies        = dd_sockets_ask(sockets, "/v1/cache/invalidate", dd_buf_z(&body), CLEAR_MS, add_cleared, &done);
    dd_code rc          = clear_disk(dd_buf_z(&dir), &m, &done.disk, err);
    if (rc == DD_OK)
        rc = note(&m, done.memory + done.disk, err);
    if (rc == DD_OK) {
        tell(&done, strcmp(args->format, "json") == 0, &out);
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    dd_sockets_free(sockets);
    dd_buf_free(&dir);
    dd_buf_free(&body);
    dd_buf_free(&out);
    dd_arena_fini(&a);
    if (rc == DD_OK && done.failed)
        rc = dd_fail(err, DD_ERR_IO, "%d of %d running proxies could not be told", done.failed, done.proxies);
    return rc;
}

dd_code dd_cmd_cache_clear(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    cache_args args = { .format = "text" };
    bool       done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    rc = check(&args, err);
    return rc == DD_OK ? clear(cmd, &args, err) : rc;
}
