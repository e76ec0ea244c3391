#include "cmd/serve.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/json.h"
#include "base/redact.h"
#include "base/secret.h"
#include "cmd/admin.h"
#include "cmd/export.h"
#include "cmd/flags.h"
#include "cmd/govern.h"
#include "cmd/keep.h"
#include "cmd/money.h"
#include "cmd/secret_watch.h"
#include "cmd/serve_listen.h"
#include "cmd/snapshot.h"
#include "cmd/socket.h"
#include "store/audit.h"
#include "store/auth.h"
#include "store/events.h"

struct dd_serve {
    const dd_cmd  *cmd;
    dd_serve_opts  opts;
    dd_config      config;
    dd_gateway    *gateway;
    dd_auth       *auth;
    dd_events     *events;
    dd_meter      *meter;
    dd_buf         socket;             /* its path */
    dd_export     *export;             /* NULL: nothing is sent */
    dd_ledger     *ledger;
    dd_keep       *keep;
    dd_admin      *admin;
    char          *dir;                /* of the state */
    bool           loopback, json_log;
    atomic_int     level;              /* 0 error .. 3 debug */
    char           host[256], url[300];
    char           metrics_host[256], metrics_url[310];   /* "": nowhere */
    int            metrics_port;
    char           token[41];          /* of a `run`: what its command calls with */
    dd_buf         providers;          /* a line for people */
    struct timespec seen_config, seen_prices, seen_flags, seen_cert, seen_key;
    dd_flag_watch *flags;
    dd_governor   *governor;
    dd_govern_state applied;           /* contents of the files that it serves by, */
    dd_buf         applied_text;       /* and the configuration's */
    bool           held;               /* the files say something else, and that may not be taken (yet) */
    bool           tls, tls_touched;   /* touched: a file of the two changed within the last second: the other may be about to */
    dd_buf         prices_path;
    dd_secret_watch *secrets;
    dd_buf         refused;            /* why the last reload was, "" it was not */
    int            retry_s;            /* seconds until a reload that a renewed secret asked for is tried again, 0: none is owed */
};

enum { EXPORT_STOP_MS = 3000 };        /* that a stop waits for a collector */
enum { RETRY_S = 30 };                 /* the master key's command may ask a service that is away */

/* --- log: one line a write, redacted --- */

static void write_line(dd_serve *s, int level, const char *line)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    dd_buf clean = DD_BUF_INIT(16 << 10), out = DD_BUF_INIT(32 << 10);
    dd_redact(dd_str_z(line), &clean);
    if (s->json_log) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        struct tm utc;
        gmtime_r(&now.tv_sec, &utc);
        char at[40];
        size_t n = strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(at + n, sizeof at - n, ".%03ldZ", now.tv_nsec / 1000000);
        dd_json j = DD_JSON_INIT(&out, 0);
        dd_json_open(&j, '{');
        dd_json_key(&j, "time");
        dd_json_strz(&j, at);
        dd_json_key(&j, "level");
        dd_json_strz(&j, names[level]);
        dd_json_key(&j, "message");
        dd_json_str(&j, dd_buf_str(&clean));
        dd_json_close(&j, '}');
    } else {
        dd_buf_printf(&out, "%s: ", names[level]);
        dd_buf_add_line(&out, dd_buf_str(&clean));
    }
    dd_buf_addc(&out, '\n');
    if (write(STDERR_FILENO, out.ptr, out.len) < 0)
        s->level = -1;                 /* nobody reads: no reason to go on telling */
    dd_buf_free(&clean);
    dd_buf_free(&out);
}

static void log_line(void *ctx, int level, const char *line)
{
    dd_serve *s = ctx;
    if (level <= s->level)
        write_line(s, level, line);
}

static void log_store(void *ctx, bool up, const char *line)
{
    log_line(ctx, up ? 2 : 1, line);
}

/* --- who calls --- */

static bool is_open(void *ctx)
{
    dd_serve *s = ctx;
    return !s->token[0] && (!s->auth || dd_auth_open_mode(s->auth));
}

typedef struct { dd_serve *s; void (*done)(void *); void *arg; } verification;

static void verified(void *ctx, dd_auth_result r, const dd_key *key)
{
    verification v = *(verification *)ctx;
    free(ctx);
    (void)r;
    dd_auth_drop(v.s->auth, key);
    v.done(v.arg);
}

static void fill_caller(const dd_key *key, dd_caller *out, dd_arena *a)
{
    dd_str *models = dd_newn(a, dd_str, key->n_models + 1);
    for (size_t i = 0; i < key->n_models; i++)
        models[i] = dd_arena_dup(a, key->models[i]);
    *out = (dd_caller){ .org = dd_arena_dup(a, key->org), .key_id = dd_arena_dup(a, key->id), .user = dd_arena_dup(a, key->user),
                        .team = dd_arena_dup(a, key->team), .feature = dd_arena_dup(a, key->feature), .tags = dd_arena_dup(a, key->tags),
                        .models = models, .n_models = key->n_models,
                        .may_generate = key->scopes & DD_SCOPE_CHAT, .may_embed = key->scopes & DD_SCOPE_EMBEDDINGS,
                        .may_pass = key->scopes & DD_SCOPE_OTHER, .admin = key->scopes & DD_SCOPE_ADMIN };
    out->own      = dd_str_eq(key->org, DD_ORG_DEFAULT);
    out->operates = out->admin && out->own;
}

static dd_caller_verdict check(void *ctx, dd_str key, dd_caller *out, dd_arena *arena, void (*done)(void *), void *arg)
{
    static const dd_caller_verdict verdicts[] = { [DD_AUTH_OK] = DD_CALLER_OK, [DD_AUTH_PENDING] = DD_CALLER_PENDING,
                                                  [DD_AUTH_INVALID] = DD_CALLER_INVALID, [DD_AUTH_EXPIRED] = DD_CALLER_EXPIRED, [DD_AUTH_REVOKED] = DD_CALLER_INVALID,
                                                  [DD_AUTH_BUSY] = DD_CALLER_BUSY };
    dd_serve      *s     = ctx;
    const dd_key  *found = NULL;
    if (s->token[0]) {
        bool ours = key.len == strlen(s->token) && dd_equal_slowly(key.ptr, s->token, key.len);
        if (ours || dd_auth_open_mode(s->auth)) {   /* open: a key that the command brought along goes on to its provider */
            *out = (dd_caller){ .open = !ours, .may_generate = true, .may_embed = true, .may_pass = true };
            return DD_CALLER_OK;
        }
    }
    dd_auth_result r     = dd_auth_check(s->auth, key, &found);
    if (found)
        fill_caller(found, out, arena);
    dd_auth_drop(s->auth, found);
    if (r == DD_AUTH_PENDING) {
        verification *v = dd_malloc(sizeof *v);
        *v              = (verification){ s, done, arg };
        if (!dd_auth_verify(s->auth, key, verified, v)) {
            free(v);
            return DD_CALLER_BUSY;
        }
    }
    return verdicts[r];
}

static bool record(void *ctx, const dd_event *e)
{
    dd_serve *s = ctx;
    dd_meter_add(s->meter, e);
    dd_export_push(s->export, e);
    return s->events && dd_events_push(s->events, e);
}

static void tell(void *ctx, dd_told *out)
{
    dd_serve        *s = ctx;
    dd_events_counts n;
    dd_export_count  ways[DD_EXPORT_WAYS];
    out->n_ways = dd_export_counts(s->export, ways);
    for (size_t i = 0; i < out->n_ways; i++)
        out->ways[i] = (dd_way_out){ ways[i].name, ways[i].sent, ways[i].dropped, ways[i].failed, ways[i].queued, ways[i].up };
    dd_cache_counts kept;
    out->cache.on = s->keep && dd_keep_count(s->keep, &kept);
    if (out->cache.on) {
        out->cache.entries = kept.entries;
        out->cache.bytes   = kept.bytes;
        out->cache.stored  = kept.stored;
        out->cache.evicted = kept.evicted;
        out->cache.lost    = kept.disk_lost;
    }
    if (!s->events)
        return;
    dd_events_count(s->events, &n);
    out->events.on          = true;
    out->events.queued      = n.queued;
    out->events.dropped     = n.dropped;
    out->events.spooled     = n.spooled;
    out->events.written     = n.written;
    out->events.spool_bytes = n.spool_bytes;
    out->events.up          = n.up;
}

static bool store_ok(void *ctx)
{
    dd_serve        *s = ctx;
    dd_events_counts n;
    if (!s->events)
        return true;
    dd_events_count(s->events, &n);
    return n.up;
}

/* --- budgets --- */

static bool reserve(void *ctx, const dd_account *v, size_t n, dd_pusd amount, uint64_t *hold, dd_reserved *out)
{
    return dd_money_reserve(((dd_serve *)ctx)->ledger, v, n, amount, hold, out);
}

static void settle(void *ctx, uint64_t hold, const dd_account *v, size_t n, dd_pusd actual)
{
    dd_money_settle(((dd_serve *)ctx)->ledger, hold, v, n, actual);
}

static double used(void *ctx, const dd_account *v, size_t n) { return dd_money_used(((dd_serve *)ctx)->ledger, v, n); }

static dd_code open_ledger(dd_serve *s, const char *dir, dd_err *err)
{
    dd_buf path = DD_BUF_INIT(4096);
    s->dir      = dd_strdup(dd_str_z(dir));
    dd_buf_printf(&path, "%s/ledger", dir);
    dd_ledger_opts o = { .path = dd_buf_z(&path), .seed = dd_ledger_seed_sums, .seed_ctx = s->dir };
    s->ledger        = dd_ledger_open(&o, err);
    dd_buf_free(&path);
    if (s->ledger && dd_ledger_note(s->ledger)[0])
        log_line(s, 1, dd_ledger_note(s->ledger));
    return s->ledger ? DD_OK : err->code;
}

/* --- kept answers --- */

static dd_cache_key cache_hash(void *ctx, const dd_str *parts, size_t n) { return dd_keep_hash(((dd_serve *)ctx)->keep, parts, n); }

static dd_cache_verdict cache_find(void *ctx, const dd_cache_key *key, int64_t now_s, dd_arena *arena, dd_cached *out, dd_cache_done *done, void *arg)
{
    return dd_keep_find(((dd_serve *)ctx)->keep, key, now_s, arena, out, done, arg);
}

static bool cache_forget(void *ctx, const dd_cache_key *key, void *arg) { return dd_keep_forget(((dd_serve *)ctx)->keep, key, arg); }
static void cache_put(void *ctx, const dd_cache_key *key, const dd_cached *answer) { dd_keep_put(((dd_serve *)ctx)->keep, key, answer); }
static void cache_give_up(void *ctx, const dd_cache_key *key) { dd_keep_give_up(((dd_serve *)ctx)->keep, key); }

/* --- questions --- */

typedef void answer_fn(dd_serve *s, const dd_ask *ask, void (*done)(void *arg, int status, dd_str json), void *arg);

static void ask_panic(dd_serve *s, const dd_ask *ask, void (*done)(void *, int, dd_str), void *arg)
{
    dd_buf out    = DD_BUF_INIT(0);
    int    status = dd_governor_ask(s->governor, ask, &out);
    done(arg, status, dd_buf_str(&out));
    dd_buf_free(&out);
}

static void ask_cache(dd_serve *s, const dd_ask *ask, void (*done)(void *, int, dd_str), void *arg) { dd_keep_invalidate(s->keep, ask, done, arg); }

static void answer_ask(void *ctx, const dd_ask *ask, void (*done)(void *arg, int status, dd_str json), void *arg)
{
    static const struct { const char *what; answer_fn *answer; } answers[] = {
        { "cache/invalidate", ask_cache },
        { "panic", ask_panic },
    };
    for (size_t i = 0; i < DD_COUNT(answers); i++)
        if (strcmp(ask->what, answers[i].what) == 0) {
            answers[i].answer(ctx, ask, done, arg);
            return;
        }
    dd_admin_ask(((dd_serve *)ctx)->admin, ask, done, arg);
}

/* --- start --- */

static dd_code open_stores(dd_serve *s, dd_err *err)
{
    dd_buf  dir = DD_BUF_INIT(4096);
    dd_dir_state(&dir);
    dd_code rc = dd_dir_make(dd_buf_z(&dir), err);
    if (rc == DD_OK) {
        dd_auth_opts a = { .dir = dd_buf_z(&dir) };
        s->auth        = dd_auth_open(&a, err);
        rc             = s->auth ? DD_OK : err->code;
    }
    if (rc == DD_OK && !(s->config.telemetry.store && strcmp(s->config.telemetry.store, "off") == 0)) {
        dd_events_opts e = { .dir = dd_buf_z(&dir), .slots = s->config.telemetry.queue > 0 ? (size_t)s->config.telemetry.queue : 0,
                             .spool_bytes = s->config.telemetry.spool < 0 ? 0 : s->config.telemetry.spool == 0 ? -1 : s->config.telemetry.spool,
                             .events_days = s->config.telemetry.retention < 0 ? 0 : (int)((s->config.telemetry.retention + 86399999) / 86400000),
                             .log = log_store, .log_ctx = s };
        s->events = dd_events_open(&e, err);
        rc        = s->events ? DD_OK : err->code;
    }
    if (rc == DD_OK)
        rc = open_ledger(s, dd_buf_z(&dir), err);
    if (rc == DD_OK)
        s->keep = dd_keep_new(dd_buf_z(&dir), log_line, s);
    if (rc == DD_OK && !(s->admin = dd_admin_open(&(dd_admin_opts){ .dir = dd_buf_z(&dir), .ledger = s->ledger }, err)))
        rc = err->code;
    dd_buf_free(&dir);
    return rc;
}

static size_t event_queue(void *ctx, dd_otlp_queue *out, size_t cap)
{
    dd_serve        *s = ctx;
    dd_events_counts n;
    if (!s->events || !cap)
        return 0;
    dd_events_count(s->events, &n);
    out[0] = (dd_otlp_queue){ "events", n.queued, n.dropped };
    return 1;
}

static void start_export(dd_serve *s)
{
    s->export = dd_export_start(&(dd_export_opts){ .config = &s->config, .meter = s->meter, .queues = event_queue, .log = log_line, .ctx = s });
}

/* A thread's heap gives its free end back to the system past 128 kB, and asks for it again with the next burst: 1 to 2 us a request. Four megabytes may
 * stay. Setting one limit fixes the other: what is above a megabyte goes back at once. */
static void keep_heap(void)
{
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

/* Streams are descriptors by the thousand; the soft limit is often 1,024. */
static void raise_descriptors(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max < 1 << 20 ? r.rlim_max : 1 << 20;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

/* "openai, anthropic (no key here)" */
static void name_providers(dd_serve *s, const dd_snapshot *snap)
{
    bool own = s->loopback && dd_auth_open_mode(s->auth);
    for (size_t i = 0; i < snap->policy.n_providers; i++) {
        const dd_provider *p = &snap->providers[i];
        dd_buf_printf(&s->providers, "%s" DD_STR_FMT, i ? ", " : "", DD_STR_ARG(p->name));
        if (!p->n_keys && !p->kind->keyless)
            dd_buf_addz(&s->providers, own ? " (no key here: the client's own goes on)" : " (no key)");
    }
    if (snap->policy.dev_mode)
        dd_buf_printf(&s->providers, ": every model is " DD_STR_FMT " at " DD_STR_FMT "%s", DD_STR_ARG(snap->policy.dev_model),
                      DD_STR_ARG(snap->providers[0].base),
                      snap->policy.n_dev ? ", but those that dev.models names" : "");
}

/* NULL: there is none, which the log has been told. */
static const char *find_socket(dd_serve *s)
{
    dd_err err = DD_ERR_INIT;
    if (dd_socket_prepare(s->dir, &s->socket, &err) == DD_OK)
        return dd_buf_z(&s->socket);
    dd_buf line = DD_BUF_INIT(1024);
    dd_buf_printf(&line, "`dd0c top` cannot look at this proxy: %s", err.msg);
    log_line(s, 1, dd_buf_z(&line));
    dd_buf_free(&line);
    return NULL;
}

/* Then what a provider of one's own reports belongs to them. */
static bool sends_traces(const dd_serve *s)
{
    dd_export_count ways[DD_EXPORT_WAYS];
    size_t          n = dd_export_counts(s->export, ways);
    for (size_t i = 0; i < n; i++)
        if (strcmp(ways[i].name, "otlp-traces") == 0)
            return true;
    return false;
}

static dd_code start_gateway(dd_serve *s, int port, dd_err *err)
{
    const dd_config *c     = &s->config;
    dd_secret_watch_names(s->secrets, c);
    dd_snapshot     *first = dd_snapshot_make(c, s->opts.dev, err);
    if (!first)
        return err->code;
    name_providers(s, first);
    dd_keep_want(s->keep, first);
    dd_admin_use(s->admin, first);
    dd_flag_watch_attach(s->flags, &first->flags);
    dd_governor_know(s->governor, &first->policy);
    first->policy.panic = false;       /* the gateway is told, and can be told otherwise */
    int64_t workers = s->opts.workers > 0 ? s->opts.workers : c->server.workers;
    dd_gateway_opts o = { .host = s->host, .port = port, .workers = workers > 0 ? (unsigned)workers : 0,
                          .max_body = c->server.max_body > 0 ? c->server.max_body : 0, .tls_12 = dd_listen_tls_12(c),
                          .tls_cert = dd_listen_cert(c, &s->opts), .tls_key = dd_listen_key(c, &s->opts),
                          .pass_client_keys = s->loopback, .trace = s->level >= 3, .stages = getenv("DD0C_STAGES") != NULL,
                          .drain_ms = c->timeouts.drain >= 0 ? c->timeouts.drain : 30000, .version = DD_VERSION,
                          .panic = dd_governor_panicking(s->governor), .propagate = sends_traces(s), .meter = s->meter, .socket = find_socket(s),
                          .metrics_host = s->metrics_host[0] ? s->metrics_host : NULL, .metrics_port = s->metrics_port,
                          .hooks = { .ctx = s, .open = is_open, .check = check, .record = record, .log = log_line, .store_ok = store_ok, .tell = tell,
                                     .reserve = reserve, .settle = settle, .used = used, .cache_hash = cache_hash, .cache_find = cache_find,
                                     .cache_forget = cache_forget, .cache_put = cache_put, .cache_give_up = cache_give_up, .ask = answer_ask } };
    s->gateway = dd_gateway_start(&o, first, err);
    if (!s->gateway)
        return err->code;
    dd_governor_use(s->governor, s->gateway);
    s->tls = o.tls_cert != NULL;
    snprintf(s->url, sizeof s->url, strchr(s->host, ':') ? "%s://[%s]:%d" : "%s://%s:%d", o.tls_cert ? "https" : "http", s->host, dd_gateway_port(s->gateway));
    if (o.metrics_host)
        snprintf(s->metrics_url, sizeof s->metrics_url, strchr(o.metrics_host, ':') ? "http://[%s]:%d/metrics" : "http://%s:%d/metrics", o.metrics_host,
                 dd_gateway_metrics_port(s->gateway));
    return DD_OK;
}

static struct timespec changed_at(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 ? st.st_mtim : (struct timespec){ 0, 0 };
}

static void remember(dd_serve *s)
{
    s->seen_config = changed_at(s->config.path);
    s->seen_prices = changed_at(dd_buf_z(&s->prices_path));
    s->seen_flags  = changed_at(dd_flags_path(&s->config));
}

static bool moved(struct timespec a, struct timespec b) { return a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec; }

static bool files_moved(dd_serve *s)
{
    return moved(changed_at(s->config.path), s->seen_config) || moved(changed_at(dd_buf_z(&s->prices_path)), s->seen_prices) ||
           moved(changed_at(dd_flags_path(&s->config)), s->seen_flags);
}

static void remember_tls(dd_serve *s)
{
    s->seen_cert = changed_at(dd_listen_cert(&s->config, &s->opts));
    s->seen_key  = changed_at(dd_listen_key(&s->config, &s->opts));
}

/* What the files say. */
static dd_govern_state state_of(dd_serve *s, const dd_config *c, dd_buf *text)
{
    dd_err err = DD_ERR_INIT;
    dd_buf_reserve(text, 256 << 10);   /* keys may stand in it: growing leaves copies */
    if (c->path)
        dd_file_read(c->path, text, &err);
    return dd_govern_state_of(c->path, dd_buf_z(&s->prices_path), dd_flags_path(c));
}

static dd_code open_config(dd_serve *s, dd_config *c, dd_err *err)
{
    return dd_config_load(c, s->opts.config, err);
}

static int level_of(const dd_serve_opts *opts)
{
    static const char *const levels[] = { "error", "warning", "info", "debug" };
    for (int i = 0; opts->log_level && i < (int)DD_COUNT(levels); i++)
        if (strcmp(opts->log_level, levels[i]) == 0)
            return i;
    return opts->quiet ? 0 : 2;
}

/* What needs no file. */
static dd_serve *new_serve(const dd_cmd *cmd, const dd_serve_opts *opts)
{
    dd_serve   *s    = dd_calloc(1, sizeof *s);
    const char *mode = getenv("DD0C_MODE");
    s->cmd   = cmd;
    s->opts  = *opts;
    s->level = level_of(opts);
    s->opts.dev |= mode && strcmp(mode, "dev") == 0;
    s->prices_path = (dd_buf)DD_BUF_INIT(4096);
    s->providers   = (dd_buf)DD_BUF_INIT(64 << 10);
    s->refused     = (dd_buf)DD_BUF_INIT(1024);
    s->socket      = (dd_buf)DD_BUF_INIT(4096);
    s->meter       = dd_meter_new();
    s->secrets     = dd_secret_watch_new();
    s->flags       = dd_flag_watch_new(log_line, s);
    if (opts->token)
        dd_random_text(s->token, sizeof s->token - 1, DD_STR("0123456789abcdefghijklmnopqrstuvwxyz"));
    dd_dir_cache(&s->prices_path);
    dd_buf_addz(&s->prices_path, "/prices.json");
    return s;
}

static dd_code read_addresses(dd_serve *s, int *port, dd_err *err)
{
    dd_code rc = dd_listen_split(dd_listen_at(&s->config, &s->opts), s->host, sizeof s->host, port, err);
    if (rc == DD_OK && dd_listen_metrics(&s->config, &s->opts))
        rc = dd_listen_split(dd_listen_metrics(&s->config, &s->opts), s->metrics_host, sizeof s->metrics_host, &s->metrics_port, err);
    return rc == DD_OK ? dd_listen_check_tls(&s->config, &s->opts, err) : rc;
}

static dd_code guard(const dd_serve *s, dd_err *err)
{
    if (s->loopback || s->opts.insecure || !dd_auth_open_mode(s->auth))
        return DD_OK;
    dd_fail(err, DD_ERR_USAGE, "%s is reachable by others, and no key guards the proxy", s->host);
    dd_hint(err, "Make one with `dd0c keys create --name NAME`, or say --insecure.");
    return DD_ERR_USAGE;
}

dd_serve *dd_serve_start(const dd_cmd *cmd, const dd_serve_opts *opts, dd_err *err)
{
    dd_serve *s    = new_serve(cmd, opts);
    int       port = 0;
    raise_descriptors();
    keep_heap();
    dd_crash_catch();
    dd_crash_dump_nothing();
    dd_code rc = open_config(s, &s->config, err);
    const char *format = opts->log_format ? opts->log_format : s->config.log_format;
    s->json_log = format && strcmp(format, "json") == 0;
    if (rc == DD_OK)
        rc = read_addresses(s, &port, err);
    s->loopback = dd_listen_loopback(s->host);
    s->governor = dd_governor_new(&s->config, log_line, s);
    if (rc == DD_OK)
        rc = open_stores(s, err);
    if (rc == DD_OK)
        rc = guard(s, err);
    if (rc == DD_OK)
        start_export(s);
    if (rc == DD_OK)
        rc = start_gateway(s, port, err);
    if (rc != DD_OK) {
        dd_serve_stop(s);
        return NULL;
    }
    remember(s);
    s->applied = state_of(s, &s->config, &s->applied_text);
    remember_tls(s);
    return s;
}

const char *dd_serve_url(const dd_serve *s) { return s->url; }
const char *dd_serve_token(const dd_serve *s) { return s->token; }

static void announce(dd_serve *s, const char *line)
{
    if (s->json_log)
        write_line(s, 2, line);
    else
        fprintf(stderr, "%s\n", line);
}

void dd_serve_announce(dd_serve *s)
{
    dd_buf line = DD_BUF_INIT(65 << 10);
    dd_buf_printf(&line, "listening on %s", s->url);
    announce(s, dd_buf_z(&line));
    dd_buf_clear(&line);
    dd_buf_printf(&line, "providers: %s", s->providers.len ? dd_buf_z(&s->providers) : "none");
    announce(s, dd_buf_z(&line));
    if (s->export) {
        dd_buf_clear(&line);
        dd_buf_printf(&line, "traces and metrics: %s", dd_export_where(s->export));
        announce(s, dd_buf_z(&line));
    }
    dd_buf_clear(&line);
    dd_buf_printf(&line, "metrics: %s, without a key%s", s->metrics_url,
                  dd_listen_loopback(s->metrics_host) ? "" : ": WHOEVER REACHES THAT ADDRESS MAY READ THEM");
    if (s->metrics_url[0])
        announce(s, dd_buf_z(&line));
    if (dd_auth_open_mode(s->auth))
        announce(s, s->loopback ? "clients need no key: every program on this machine may call (`dd0c keys create --name NAME` ends that)"
                                : "clients need no key: WHOEVER REACHES THIS ADDRESS MAY CALL (`dd0c keys create --name NAME` ends that)");
    dd_buf_free(&line);
}

/* --- reload --- */

static bool differs(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : "") != 0; }

static bool tls_differs(const dd_serve *s, const dd_config *next)
{
    const dd_config *old = &s->config;
    return differs(dd_listen_cert(old, &s->opts), dd_listen_cert(next, &s->opts)) ||
           differs(dd_listen_key(old, &s->opts), dd_listen_key(next, &s->opts)) || dd_listen_tls_12(old) != dd_listen_tls_12(next);
}

/* What changed in the file and yet changes nothing. */
static void tell_unread(dd_serve *s, const dd_config *next)
{
    const dd_config *old = &s->config;
    bool tls = dd_listen_cert(next, &s->opts) && dd_listen_key(next, &s->opts);
    if (differs(old->server.listen, next->server.listen) || differs(old->metrics.listen, next->metrics.listen) || tls != s->tls || old->server.workers != next->server.workers ||
        differs(old->telemetry.store, next->telemetry.store) || differs(old->telemetry.otlp.endpoint, next->telemetry.otlp.endpoint))
        log_line(s, 1, "address, TLS or none, workers and telemetry are read at the start only: restart for what changed there");
}

/* --- governance --- */

typedef enum { BY_FILES, BY_SIGNAL, BY_SECRET } cause;

/* True: what was judged is noted as applied. */
static bool allowed(dd_serve *s, const dd_config *next, const dd_snapshot *snap, cause by)
{
    dd_buf           text = DD_BUF_INIT(64 << 20), what = DD_BUF_INIT(256);
    dd_govern_change c    = { .old = s->applied, .next = state_of(s, next, &text), .own = by == BY_SIGNAL };
    if (c.old.config != c.next.config)
        c.kinds |= dd_govern_diff(dd_buf_str(&s->applied_text), dd_buf_str(&text), &what);
    c.kinds |= (c.old.prices != c.next.prices ? DD_CHANGE_PRICES : 0) | (c.old.flags != c.next.flags ? DD_CHANGE_FLAGS : 0);
    c.what    = dd_buf_str(&what);
    c.narrows = c.kinds == DD_CHANGE_FLAGS && dd_flags_narrow(dd_flag_watch_flags(s->flags), &snap->flags);
    bool same = dd_govern_same(&c.old, &c.next), ok = by != BY_FILES || !files_moved(s);   /* moved: what was read is not what is judged */
    if (ok && same)
        dd_governor_withdraw(s->governor);
    ok = ok && (same || dd_governor_check(s->governor, &c));
    if (ok) {
        dd_buf old      = s->applied_text;
        s->applied_text = text;
        s->applied      = c.next;
        s->held         = false;
        text            = old;
    }
    dd_wipe_buf(&text);
    dd_buf_free(&what);
    return ok;
}

static void serve_by(dd_serve *s, dd_snapshot *snap)
{
    snap->policy.panic = false;
    dd_keep_want(s->keep, snap);
    dd_admin_use(s->admin, snap);
    dd_flag_watch_attach(s->flags, &snap->flags);
    dd_governor_know(s->governor, &snap->policy);
    dd_gateway_reload(s->gateway, snap);
}

/* The files may not be taken, but a new secret is: by the configuration of before, and its flags. */
static bool renew_secrets(dd_serve *s)
{
    dd_err       err  = DD_ERR_INIT;
    dd_snapshot *snap = dd_snapshot_make(&s->config, s->opts.dev, &err);
    if (snap) {
        dd_flag_watch_keep(s->flags, &snap->arena, &snap->flags);
        serve_by(s, snap);
    }
    log_line(s, snap ? 2 : 0, snap ? "a secret was set anew; rules stay as they were" : err.msg);
    return snap != NULL;
}

/* Panic is heard whoever may change the rest. */
static bool hold(dd_serve *s, dd_snapshot *snap, dd_config *next, bool secret)
{
    dd_snapshot_drop(snap);
    s->config.panic.on = next->panic.on;
    dd_config_fini(next);
    dd_secret_watch_names(s->secrets, &s->config);
    s->held    = true;
    s->retry_s = 0;
    return !secret || renew_secrets(s);
}

/* `why`: what was changed; the same refusal again is not told again when nobody asked. */
static bool reload(dd_serve *s, const char *why, bool asked, cause by)
{
    dd_config    next;
    dd_err       err  = DD_ERR_INIT;
    dd_snapshot *snap = NULL;
    dd_buf       line = DD_BUF_INIT(1024);
    remember(s);                       /* before they are read: what is written meanwhile is seen by the next look */
    if (open_config(s, &next, &err) == DD_OK && dd_listen_check_tls(&next, &s->opts, &err) == DD_OK) {
        dd_secret_watch_names(s->secrets, &next);
        snap = dd_snapshot_make(&next, s->opts.dev, &err);
    }
    if (snap && !allowed(s, &next, snap, by))
        return hold(s, snap, &next, by == BY_SECRET);
    if (snap) {
        serve_by(s, snap);
        tell_unread(s, &next);
        s->tls_touched = s->tls_touched || tls_differs(s, &next);
        bool elsewhere = differs(s->config.path, next.path) || differs(dd_flags_path(&s->config), dd_flags_path(&next));
        dd_config_fini(&s->config);
        s->config = next;
        if (elsewhere)
            remember(s);
        dd_buf_printf(&line, "%s%s%s", why, s->config.path ? ": " : "", s->config.path ? s->config.path : "");
    } else {
        dd_config_fini(&next);
        dd_buf_printf(&line, "the new configuration is refused, the old one stays: %s%s%s", err.msg, err.hint[0] ? "; " : "", err.hint);
    }
    if (asked || snap || !dd_str_eq(dd_buf_str(&line), dd_buf_str(&s->refused)))
        log_line(s, snap ? 2 : 0, dd_buf_z(&line));
    dd_buf_clear(&s->refused);
    if (!snap)
        dd_buf_add(&s->refused, dd_buf_str(&line));
    dd_buf_free(&line);
    s->retry_s = 0;
    return snap != NULL;
}

/* --- certificates are renewed every few weeks, by other programs --- */

static void reload_tls(dd_serve *s)
{
    const char *cert = dd_listen_cert(&s->config, &s->opts), *key = dd_listen_key(&s->config, &s->opts);
    dd_err      err  = DD_ERR_INIT;
    dd_buf      line = DD_BUF_INIT(1024);
    remember_tls(s);
    s->tls_touched = false;
    if (!s->tls || !cert || !key)
        return;
    bool ok = dd_gateway_tls(s->gateway, cert, key, dd_listen_tls_12(&s->config), &err) == DD_OK;
    if (ok)
        dd_buf_printf(&line, "certificate and key read again: %s", cert);
    else
        dd_buf_printf(&line, "the new certificate or key is refused, the old ones stay: %s", err.msg);
    log_line(s, ok ? 2 : 0, dd_buf_z(&line));
    dd_buf_free(&line);
}

/* Two files cannot change at once: what changed is read when a second has passed without another change. */
static void watch_tls(dd_serve *s)
{
    struct timespec c = changed_at(dd_listen_cert(&s->config, &s->opts)), k = changed_at(dd_listen_key(&s->config, &s->opts));
    bool changed = memcmp(&c, &s->seen_cert, sizeof c) != 0 || memcmp(&k, &s->seen_key, sizeof k) != 0;
    if (changed) {
        s->seen_cert = c;
        s->seen_key  = k;
    } else if (s->tls_touched) {
        reload_tls(s);
    }
    s->tls_touched = changed;
}

void dd_serve_reload(dd_serve *s)
{
    reload(s, "configuration read again", true, BY_SIGNAL);
    reload_tls(s);
}

void dd_serve_watch(dd_serve *s)
{
    if (s->tls)
        watch_tls(s);
    dd_ledger_reclaim(s->ledger, dd_mono_now().ns / 1000000);
    dd_flag_watch_look(s->flags);
    bool word = dd_governor_look(s->governor, &s->config) && s->held;
    struct timespec c = changed_at(s->config.path);
    if (s->config.path && c.tv_sec == 0 && c.tv_nsec == 0)
        return;                        /* an editor may be about to put it back */
    bool renewed = dd_secret_watch_changed(s->secrets), again = s->retry_s > 0 && --s->retry_s == 0;
    bool files = files_moved(s) || word, secret = renewed || again;
    const char *why = files ? "configuration read again" : "a secret was set anew, configuration read again";
    if ((files || secret) && !reload(s, why, files || !again, secret ? BY_SECRET : BY_FILES) && secret)
        s->retry_s = RETRY_S;
}

void dd_serve_stop(dd_serve *s)
{
    if (!s)
        return;
    if (s->gateway) {
        dd_gateway_drain(s->gateway);
        dd_gateway_stop(s->gateway);
    }
    if (s->auth)
        dd_auth_close(s->auth);        /* answers the workers that still wait: their loops must be there */
    dd_admin_close(s->admin);          /* so does this */
    dd_keep_close(s->keep);            /* and this; what gateway_free cuts finds no cache any more */
    dd_gateway_free(s->gateway);
    dd_flag_watch_free(s->flags);
    dd_governor_free(s->governor);
    dd_wipe_buf(&s->applied_text);
    dd_keep_free(s->keep);
    dd_ledger_close(s->ledger);
    dd_export_stop(s->export, EXPORT_STOP_MS);
    dd_events_close(s->events, 5000);
    dd_meter_free(s->meter);
    dd_buf_free(&s->socket);
    dd_config_fini(&s->config);
    dd_buf_free(&s->prices_path);
    dd_buf_free(&s->providers);
    dd_buf_free(&s->refused);
    dd_secret_watch_free(s->secrets);
    dd_wipe(s->token, sizeof s->token);
    free(s->dir);
    free(s);
}
