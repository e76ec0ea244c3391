#include "proxy/health.h"

#include <stdlib.h>

enum { PROVIDERS_MAX = 64, LOOK_AGAIN_MS = 1000 };

typedef struct {
    dd_health *h;
    dd_call   *call;
    dd_str     name;             /* of the provider, in the round's arena */
    int        status;
    int        failures;         /* in a row */
    int64_t    asked_ms;
    dd_arena   arena;
} probe;

struct dd_health {
    dd_gateway        *g;
    dd_loop           *loop;
    dd_client         *client;
    const dd_snapshot *(*snapshot)(void *);
    void              *ctx;
    dd_timer           timer;
    probe              probes[PROVIDERS_MAX];   /* as the policy's providers */
};

static int64_t now_ms(const dd_health *h) { return dd_loop_now(h->loop).ns / 1000000; }

static void judge(probe *p, bool good, const char *why)
{
    dd_live        *live  = dd_gateway_live(p->h->g);
    const dd_hooks *hooks = dd_gateway_hooks(p->h->g);
    uint32_t        slot  = dd_live_slot(live, p->name, DD_STR(""), 0, true);
    int             was   = p->failures;
    p->failures           = good ? 0 : p->failures + 1;
    bool changed = (good && was >= 2) || (!good && p->failures == 2);
    if (!changed)
        return;
    dd_live_force(live, slot, !good, now_ms(p->h));
    if (hooks->log) {
        dd_str line = dd_arena_printf(&p->arena, "provider " DD_STR_FMT " %s%s", DD_STR_ARG(p->name), good ? "answers again" : "does not answer: ", good ? "" : why);
        hooks->log(hooks->ctx, good ? 2 : 1, line.ptr);
    }
}

static void on_head(void *ctx, int status, const dd_header *headers, size_t n)
{
    (void)headers;
    (void)n;
    ((probe *)ctx)->status = status;
}

static bool on_data(void *ctx, dd_str bytes)
{
    (void)ctx;
    (void)bytes;
    return true;
}

static void on_done(void *ctx, dd_call_end end, const char *why)
{
    probe *p = ctx;
    p->call  = NULL;
    bool good = end == DD_CALL_OK && p->status > 0 && p->status < 500;
    judge(p, good, end == DD_CALL_OK ? "an answer of 500 or more" : why);
    dd_arena_fini(&p->arena);
}

static void ask(dd_health *h, const dd_snapshot *s, size_t i)
{
    const dd_provider *provider = &s->providers[i];
    probe             *p        = &h->probes[i];
    dd_buf             url      = DD_BUF_INIT(16 << 10);
    dd_header          auth[2];
    dd_err             err = DD_ERR_INIT;
    p->h        = h;
    p->status   = 0;
    p->asked_ms = now_ms(h);
    p->name     = dd_arena_dup(&p->arena, provider->name);
    size_t n    = dd_provider_auth(provider, provider->n_keys ? provider->keys[0].value : DD_STR(""), &p->arena, auth);
    dd_provider_url(provider, s->health.providers[i].path, DD_STR(""), DD_STR(""), &url);
    dd_call_opts o = { .method = "GET", .url = dd_buf_z(&url), .headers = auth, .n_headers = n, .connect_ms = s->health.timeout_ms,
                       .first_ms = s->health.timeout_ms, .total_ms = s->health.timeout_ms, .insecure = provider->insecure, .head = on_head,
                       .data = on_data, .done = on_done, .ctx = p };
    p->call = dd_client_start(h->client, &o, &err);
    dd_buf_free(&url);
    if (!p->call)
        dd_arena_fini(&p->arena);
}

static void round_due(dd_timer *t)
{
    dd_health         *h     = t->owner;
    const dd_snapshot *s     = h->snapshot(h->ctx);
    int64_t            pause = s->health.interval_ms > 0 ? s->health.interval_ms : LOOK_AGAIN_MS;   /* a reload may begin it */
    size_t             most  = s->policy.n_providers < PROVIDERS_MAX ? s->policy.n_providers : PROVIDERS_MAX;
    for (size_t i = 0; s->health.interval_ms > 0 && s->health.providers && i < most; i++)
        if (s->health.providers[i].on && !h->probes[i].call)
            ask(h, s, i);
    dd_loop_timer(h->loop, t, dd_loop_now(h->loop).ns + pause * 1000000);
}

dd_health *dd_health_start(dd_gateway *g, dd_loop *loop, dd_client *client, const dd_snapshot *(*snapshot)(void *ctx), void *ctx)
{
    dd_health *h = dd_calloc(1, sizeof *h);
    *h           = (dd_health){ .g = g, .loop = loop, .client = client, .snapshot = snapshot, .ctx = ctx, .timer = { .due = round_due } };
    h->timer.owner = h;
    dd_loop_timer(loop, &h->timer, dd_mono_now().ns + 1);
    return h;
}

void dd_health_stop(dd_health *h)
{
    if (!h)
        return;
    dd_loop_timer(h->loop, &h->timer, 0);
    for (size_t i = 0; i < PROVIDERS_MAX; i++)
        if (h->probes[i].call) {
            dd_call_cancel(h->probes[i].call);
            dd_arena_fini(&h->probes[i].arena);
        }
    free(h);
}
