/* proxy/gateway.c - worker threads, the snapshot they serve by, and their end. */
#include "proxy/exchange.h"
#include "proxy/health.h"
#include "proxy/live.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/pool.h"
#include "base/secret.h"
#include "proxy/http/stage.h"

enum { MANY_CALLS = 500 };

struct dd_gateway {
    dd_gateway_opts opts;
    worker         *workers;
    pthread_t      *threads;
    unsigned        n, started;
    int             port;
    pthread_mutex_t lock;       /* of the counts below; not on a request's way */
    pthread_cond_t  changed;
    unsigned        left;       /* workers that still serve */
    unsigned        random;     /* of this process */
    unsigned        waiting;    /* workers that have not taken the newest snapshot */
    dd_live        *live;
    dd_limits      *limits;
    dd_minute      *minute;
    dd_moments since;
    atomic_bool     panic;
    _Atomic(const char *) panic_to;
};

const dd_hooks        *dd_gateway_hooks(const dd_gateway *g) { return &g->opts.hooks; }
const dd_gateway_opts *dd_gateway_options(const dd_gateway *g) { return &g->opts; }
int                    dd_gateway_port(const dd_gateway *g) { return g->port; }
dd_live               *dd_gateway_live(dd_gateway *g) { return g->live; }
dd_limits             *dd_gateway_limits(dd_gateway *g) { return g->limits; }
void                   dd_gateway_panic_to(dd_gateway *g, const char *provider) { atomic_store(&g->panic_to, provider); }
void                   dd_gateway_panic(dd_gateway *g, bool on) { atomic_store(&g->panic, on); }
const char *dd_gateway_panic_provider(const dd_gateway *g)
{
    const char *to = atomic_load(&g->panic_to);
    return to ? to : "";
}
bool                   dd_gateway_panicking(const dd_gateway *g) { return atomic_load_explicit(&g->panic, memory_order_relaxed); }

int dd_gateway_metrics_port(const dd_gateway *g)
{
    return g->workers[0].doors[DOOR_METRICS] ? dd_server_port(g->workers[0].doors[DOOR_METRICS]) : 0;
}

dd_moments dd_gateway_started(const dd_gateway *g) { return g->since; }
struct dd_minute     *dd_gateway_minute(dd_gateway *g) { return g->minute; }

dd_gateway_load dd_gateway_loaded(const dd_gateway *g)
{
    dd_gateway_load sum = { 0, 0 };
    for (unsigned i = 0; i < g->n; i++) {
        sum.under_way   += atomic_load_explicit(&g->workers[i].under_way, memory_order_relaxed);
        sum.connections += (int64_t)dd_server_conns(g->workers[i].server);
    }
    return sum;
}

/* --- the snapshot --- */

dd_snapshot *dd_snapshot_new(void)
{
    dd_snapshot *s = dd_calloc(1, sizeof *s);
    atomic_init(&s->refs, 1);
    s->body_max = 32 << 20;
    return s;
}

dd_snapshot *dd_snapshot_hold(dd_snapshot *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void dd_snapshot_drop(dd_snapshot *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < s->policy.n_providers; i++)
        for (size_t k = 0; k < s->providers[i].n_keys; k++)
            explicit_bzero((char *)(uintptr_t)s->providers[i].keys[k].value.ptr, s->providers[i].keys[k].value.len);
    dd_prices_close(s->prices);
    dd_arena_fini(&s->arena);
    free(s);
}

/* --- workers --- */

static dd_moments now(void)
{
    struct timeval t;
    gettimeofday(&t, NULL);
    return (dd_moments){ (int64_t)t.tv_sec * 1000 + t.tv_usec / 1000, dd_mono_now().ns };
}

static void read_clock(worker *w)
{
    dd_moments t = now();
    w->clock_wall = t.wall_ms;
    w->clock_mono = t.mono_ns;
}

/* What thousands of streams held lies between what stays: only when told does the allocator give such pages back. It takes some milliseconds, so not for less. */
static void give_back(worker *w)
{
    size_t open = dd_client_open_calls(w->client);
    if (dd_client_most_calls(w->client, false) < MANY_CALLS || open > MANY_CALLS / 4)
        return;
    dd_client_most_calls(w->client, true);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void clock_due(dd_timer *t)
{
    worker *w = t->owner;
    read_clock(w);
    give_back(w);
    if (w->number == 0 && w->gateway->opts.meter)
        dd_minute_tick(w->gateway->minute, w->gateway->opts.meter, dd_loop_now(w->loop).ns);
    dd_loop_timer(w->loop, t, dd_loop_now(w->loop).ns + INT64_C(1000000000));
}

static void report_stages(worker *w)
{
    const dd_hooks *hooks = &w->gateway->opts.hooks;
    dd_buf          line  = DD_BUF_INIT(0);
    dd_stage_report(&line);
    if (line.len && hooks->log)
        hooks->log(hooks->ctx, 1, dd_buf_z(&line));
    dd_buf_free(&line);
}

static const dd_snapshot *newest(void *ctx) { return ((worker *)ctx)->snapshot; }

static void *serve(void *arg)
{
    worker  *w     = arg;
    dd_timer clock = { .due = clock_due, .owner = w };
    dd_loop_timer(w->loop, &clock, dd_mono_now().ns + 1);
    dd_health *health = w->number == 0 ? dd_health_start(w->gateway, w->loop, w->client, newest, w) : NULL;
    if (w->gateway->opts.stages)
        dd_stage_start();
    dd_loop_run(w->loop);
    dd_health_stop(health);
    dd_loop_timer(w->loop, &clock, 0);
    if (w->gateway->opts.stages)
        report_stages(w);
    return NULL;
}

static const dd_server_app socket_app  = { .request = exchange_socket_request, .gone = exchange_gone, .drained = exchange_drained };
static const dd_server_app metrics_app = { .request = exchange_metrics_request, .gone = exchange_gone, .drained = exchange_drained };
enum { DOOR_CONNS = 64 };

/* A socket is a convenience: without it requests are served all the same. */
static void open_socket(worker *w, const char *path)
{
    const dd_hooks *hooks = &w->gateway->opts.hooks;
    dd_server_opts  o     = { .app = &socket_app, .ctx = w, .max_body_bytes = 1 << 20, .max_conns = DOOR_CONNS };
    dd_err          err   = DD_ERR_INIT;
    w->doors[DOOR_SOCKET] = dd_server_new_local(w->loop, path, &o, &err);
    if (w->doors[DOOR_SOCKET] || !hooks->log)
        return;
    dd_buf line = DD_BUF_INIT(0);
    dd_buf_printf(&line, "`dd0c top` cannot look at this proxy: %s; %s", err.msg,
                  err.code == DD_ERR_LIMIT ? "set DD0C_HOME to a folder with a shorter name" : "the folder must be one that sockets can be made in");
    hooks->log(hooks->ctx, 1, dd_buf_z(&line));
    dd_buf_free(&line);
}

static dd_code open_doors(worker *w, dd_err *err)
{
    const dd_gateway_opts *g = &w->gateway->opts;
    dd_server_opts         o = { .app = &metrics_app, .ctx = w, .max_body_bytes = 64 << 10, .max_conns = DOOR_CONNS };
    if (g->socket)
        open_socket(w, g->socket);
    if (g->metrics_host && !(w->doors[DOOR_METRICS] = dd_server_new(w->loop, g->metrics_host, g->metrics_port, &o, err)))
        return err->code;
    return DD_OK;
}

static const dd_server_app app = { .request = exchange_request, .gone = exchange_gone, .drained = exchange_drained, .refusal = exchange_refusal };

static dd_code worker_start(dd_gateway *g, unsigned i, dd_err *err)
{
    worker        *w = &g->workers[i];
    dd_server_opts o = { .app = &app, .ctx = w, .max_body_bytes = (size_t)g->opts.max_body, .tls_cert = g->opts.tls_cert, .tls_key = g->opts.tls_key,
                         .tls_12 = g->opts.tls_12 };
    w->gateway = g;
    w->number  = i;
    w->out     = (dd_buf)DD_BUF_INIT(0);
    dd_arena_alloc(&w->scratch, 1);   /* a block that stays: no event begins with an allocation */
    dd_random_bytes(&w->sequence_base, sizeof w->sequence_base);
    dd_random_bytes(w->random, sizeof w->random);
    w->number_base = g->random;
    read_clock(w);
    w->loop = dd_loop_new(err);
    if (!w->loop)
        return err->code;
    w->client = dd_client_new(w->loop, 512, err);
    w->server = w->client ? dd_server_new(w->loop, g->opts.host, i ? g->port : g->opts.port, &o, err) : NULL;
    if (!w->server)
        return err->code;
    if (i > 0)
        return DD_OK;
    g->port = dd_server_port(w->server);
    return open_doors(w, err);
}

dd_gateway *dd_gateway_start(const dd_gateway_opts *opts, dd_snapshot *first, dd_err *err)
{
    dd_gateway *g = dd_calloc(1, sizeof *g);
    dd_err      own = DD_ERR_INIT;
    err        = err ? err : &own;
    g->opts    = *opts;
    g->n       = opts->workers ? opts->workers : dd_cores();
    atomic_init(&g->panic, opts->panic);
    g->workers = dd_calloc(g->n, sizeof *g->workers);
    g->threads = dd_calloc(g->n, sizeof *g->threads);
    g->live    = dd_live_new(0, 0);
    g->limits  = dd_limits_new(0);
    g->minute  = dd_minute_new();
    g->since   = now();
    dd_random_bytes(&g->random, sizeof g->random);
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
    dd_code rc = DD_OK;
    for (unsigned i = 0; i < g->n && rc == DD_OK; i++) {
        g->workers[i].snapshot = dd_snapshot_hold(first);
        g->workers[i].counts   = dd_counts_new();
        rc = worker_start(g, i, err);
    }
    dd_snapshot_drop(first);
    for (; rc == DD_OK && g->started < g->n; g->started++)
        if (dd_thread_start(&g->threads[g->started], serve, &g->workers[g->started]) != 0)
            rc = dd_fail(err, DD_ERR_IO, "no thread could be started");
    g->left = g->started;
    if (rc == DD_OK)
        return g;
    dd_gateway_free(g);
    return NULL;
}

/* --- reload --- */

typedef struct { worker *w; dd_snapshot *s; dd_tls_ctx *tls; } handover;   /* one of the two */

static void take(void *arg)
{
    handover   *h = arg;
    dd_gateway *g = h->w->gateway;
    if (h->s) {
        dd_snapshot_drop(h->w->snapshot);
        h->w->snapshot = h->s;
    } else {
        dd_server_tls(h->w->server, h->tls);
    }
    free(h);
    pthread_mutex_lock(&g->lock);
    g->waiting--;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec  += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Until the count is 0, or the time is over. */
static void wait_for(dd_gateway *g, const unsigned *count, int64_t ms)
{
    struct timespec until = in_ms(ms);
    pthread_mutex_lock(&g->lock);
    while (*count && pthread_cond_timedwait(&g->changed, &g->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&g->lock);
}

static void hand_over(dd_gateway *g, dd_snapshot *s, const dd_tls_ctx *tls)
{
    pthread_mutex_lock(&g->lock);
    g->waiting += g->n;
    pthread_mutex_unlock(&g->lock);
    for (unsigned i = 0; i < g->n; i++) {
        handover *h = dd_malloc(sizeof *h);
        *h          = (handover){ &g->workers[i], s ? dd_snapshot_hold(s) : NULL, s ? NULL : dd_tls_ctx_share(tls) };
        dd_loop_post(g->workers[i].loop, take, h);
    }
    wait_for(g, &g->waiting, 5000);
}

void dd_gateway_reload(dd_gateway *g, dd_snapshot *next)
{
    hand_over(g, next, NULL);
    dd_snapshot_drop(next);
}

dd_code dd_gateway_tls(dd_gateway *g, const char *cert, const char *key, bool tls_12, dd_err *err)
{
    dd_tls_ctx *c = dd_tls_ctx_new(cert, key, tls_12, err);
    if (!c)
        return err->code;
    hand_over(g, NULL, c);
    dd_tls_ctx_free(c);
    return DD_OK;
}

/* --- the end --- */

static void is_drained(void *arg)
{
    worker *w = arg;
    pthread_mutex_lock(&w->gateway->lock);
    w->gateway->left--;
    pthread_cond_broadcast(&w->gateway->changed);
    pthread_mutex_unlock(&w->gateway->lock);
}

static void drain(void *arg)
{
    worker *w = arg;
    for (int i = 0; i < DOOR_COUNT; i++)
        if (w->doors[i])
            dd_server_drain(w->doors[i], NULL, NULL);
    dd_server_drain(w->server, is_drained, w);
}

void dd_gateway_drain(dd_gateway *g)
{
    for (unsigned i = 0; i < g->started; i++)
        dd_loop_post(g->workers[i].loop, drain, &g->workers[i]);
    wait_for(g, &g->left, g->opts.drain_ms);
}

void dd_gateway_stop(dd_gateway *g)
{
    for (unsigned i = 0; i < g->started; i++)
        dd_loop_stop(g->workers[i].loop);
    for (unsigned i = 0; i < g->started; i++)
        pthread_join(g->threads[i], NULL);
    g->started = 0;
}

void dd_gateway_free(dd_gateway *g)
{
    if (!g)
        return;
    dd_gateway_stop(g);
    for (unsigned i = 0; i < g->n; i++) {
        worker *w = &g->workers[i];
        for (int d = 0; d < DOOR_COUNT; d++)
            dd_server_free(w->doors[d]);
        if (w->server)
            dd_server_free(w->server);   /* cuts what is left, which records its events and cancels its calls */
        exchange_forget_waits(w);
        keep_forget_waits(w);
        ask_forget_waits(w);
        dd_client_free(w->client);
        if (w->loop)
            dd_loop_free(w->loop);
        dd_snapshot_drop(w->snapshot);
        dd_buf_free(&w->out);
        dd_arena_fini(&w->scratch);
        dd_counts_free(w->counts);
    }
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    dd_live_free(g->live);
    dd_limits_free(g->limits);
    dd_minute_free(g->minute);
    free(g->workers);
    free(g->threads);
    free(g);
}
