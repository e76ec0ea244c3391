/* proxy/live.c - GET /admin/live: what this process does now. */
#include "proxy/live.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/exchange.h"
#include "route/money_json.h"

/* --- the last minute --- */

enum { READINGS = 7 /* a minute and the one that is being left */, ROWS = 256 /* of providers and models */ };
static const int64_t every_ns = INT64_C(10000000000), minute_ns = INT64_C(60000000000);

typedef struct { int64_t at_ns; dd_spans spans; } reading;
struct dd_minute {
    pthread_mutex_t lock;
    reading         readings[READINGS];   /* a ring; at_ns 0: not yet, and all 0: what was before the start */
    unsigned        newest;
};

dd_minute *dd_minute_new(void)
{
    dd_minute *m = dd_calloc(1, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void dd_minute_free(dd_minute *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void dd_minute_tick(dd_minute *m, const dd_meter *meter, int64_t now_ns)
{
    dd_meter_sum s;
    if (now_ns - m->readings[m->newest].at_ns < every_ns)    /* one thread ticks: what it wrote it may read */
        return;
    dd_meter_total(meter, &s);
    pthread_mutex_lock(&m->lock);
    m->newest              = (m->newest + 1) % READINGS;
    m->readings[m->newest] = (reading){ now_ns, { s.total, s.first, s.overhead } };
    pthread_mutex_unlock(&m->lock);
}

static void subtract(dd_hist *from, const dd_hist *before)
{
    for (size_t i = 0; i < DD_HIST_BUCKETS; i++)
        from->count[i] -= before->count[i];
    from->n      -= before->n;
    from->sum_us -= before->sum_us;
}

void dd_minute_last(dd_minute *m, const dd_meter_sum *sum, int64_t now_ns, dd_spans *out)
{
    *out = (dd_spans){ sum->total, sum->first, sum->overhead };
    pthread_mutex_lock(&m->lock);
    const reading *base = NULL, *latest = NULL;   /* the oldest within a minute; without one, the newest that is older */
    for (size_t i = 0; i < READINGS; i++) {
        const reading *r = &m->readings[i];
        bool           within = r->at_ns && now_ns - r->at_ns <= minute_ns;
        if (within && (!base || r->at_ns < base->at_ns))
            base = r;
        if (!latest || r->at_ns > latest->at_ns)
            latest = r;
    }
    const dd_spans *before = base ? &base->spans : &latest->spans;
    subtract(&out->total, &before->total);
    subtract(&out->first, &before->first);
    subtract(&out->overhead, &before->overhead);
    pthread_mutex_unlock(&m->lock);
}

/* --- the answer --- */

static void number(dd_json *j, const char *name, double n)    /* < 0: not known */
{
    dd_buf b = DD_BUF_INIT(40);
    dd_json_key(j, name);
    dd_buf_printf(&b, "%.4g", n);
    if (n < 0)
        dd_json_null(j);
    else
        dd_json_raw(j, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void percentiles(dd_json *j, const char *name, const dd_hist *h)
{
    static const struct { const char *name; double q; } at[] = { { "p50", 0.5 }, { "p95", 0.95 }, { "p99", 0.99 } };
    dd_json_key(j, name);
    if (h->n <= 0) {
        dd_json_null(j);
        return;
    }
    dd_json_open(j, '{');
    for (size_t i = 0; i < DD_COUNT(at); i++)
        number(j, at[i].name, dd_hist_quantile_us(h, at[i].q) / 1000);
    dd_json_close(j, '}');
}

static void process(dd_json *j, exchange *x, int64_t now_ns)
{
    dd_gateway            *g     = x->w->gateway;
    const dd_gateway_opts *o     = dd_gateway_options(g);
    dd_moments             began = dd_gateway_started(g);
    dd_buf                 url = DD_BUF_INIT(300);
    char                   started[25];
    bool                   v6 = dd_str_chr(dd_str_z(o->host), ':') >= 0;
    dd_event_time(began.wall_ms, started);
    dd_buf_printf(&url, "%s://%s%s%s:%d", o->tls_cert ? "https" : "http", v6 ? "[" : "", o->host, v6 ? "]" : "", dd_gateway_port(g));
    dd_json_member_str(j, "schema", DD_STR("dd0c.live/1"));
    dd_json_member_i64(j, "pid", getpid());
    dd_json_member_str(j, "version", dd_str_z(o->version));
    dd_json_member_str(j, "url", dd_buf_str(&url));
    dd_json_member_str(j, "started", dd_str_z(started));
    dd_json_member_i64(j, "uptime_ms", (now_ns - began.mono_ns) / 1000000);
    dd_json_member_i64(j, "now_ms", worker_wall_ms(x->w));
    dd_buf_free(&url);
}

static void sums(dd_json *j, dd_gateway *g, int64_t now_ns)
{
    static const char *const kinds[DD_METER_KINDS] = { [DD_METER_INPUT] = "input", [DD_METER_CACHE_READ] = "cache_read",
                                                       [DD_METER_CACHE_WRITE] = "cache_write", [DD_METER_OUTPUT] = "output", [DD_METER_REASONING] = "reasoning" };
    const dd_meter *meter = dd_gateway_options(g)->meter;
    dd_meter_sum    s     = { .requests = 0 };
    dd_spans        last;
    if (meter)
        dd_meter_total(meter, &s);
    dd_minute_last(dd_gateway_minute(g), &s, now_ns, &last);
    dd_json_member_i64(j, "requests", s.requests);
    dd_json_member_i64(j, "errors", s.errors);
    dd_json_member_i64(j, "hits", s.hits);
    dd_json_member_i64(j, "misses", s.misses);
    dd_json_member_i64(j, "fallbacks", s.fallbacks);
    dd_json_member_i64(j, "unpriced", s.unpriced);
    dd_json_key(j, "tokens");
    dd_json_open(j, '{');
    for (size_t i = 0; i < DD_METER_KINDS; i++)
        dd_json_member_i64(j, kinds[i], s.tokens[i]);
    dd_json_close(j, '}');
    dd_money_member(j, "cost_usd", s.cost);
    dd_money_member(j, "saved_usd", s.saved);
    percentiles(j, "latency_ms", &last.total);
    percentiles(j, "first_ms", &last.first);
    percentiles(j, "overhead_ms", &last.overhead);
}

typedef struct { dd_live_name name; dd_live_facts facts; } row;

/* Of the row of a whole provider: how its models do. What one answers badly is counted to it alone, and the provider would look well. */
static void its_models(dd_json *j, const row *rows, size_t n, const row *own)
{
    int64_t models = 0, held = 0, asked = 0;
    double  bad = 0, rate = own->facts.error_rate;
    for (size_t i = 0; i < n; i++) {
        const dd_live_facts *f = &rows[i].facts;
        if (!rows[i].name.model[0] || strcmp(rows[i].name.provider, own->name.provider) != 0)
            continue;
        models++;
        held += f->breaker != DD_BREAKER_CLOSED;
        asked += f->error_rate >= 0 ? f->total : 0;
        bad += f->error_rate >= 0 ? f->error_rate * (double)f->total : 0;
    }
    number(j, "error_rate", asked > 0 && bad / (double)asked > rate ? bad / (double)asked : rate);
    dd_json_member_i64(j, "models", models);
    dd_json_member_i64(j, "models_held_back", held);
}

static void target(dd_json *j, exchange *x, const row *rows, size_t n, const row *own)
{
    const dd_live_facts *f = &own->facts;
    dd_json_open(j, '{');
    dd_json_member_str(j, "provider", dd_str_z(own->name.provider));
    if (own->name.model[0])
        dd_json_member_str(j, "model", settle_redacted(x, dd_str_z(own->name.model)));
    dd_json_member_str(j, "breaker", dd_str_z(dd_breaker_name(f->breaker)));
    dd_json_member_i64(j, "requests", f->total);
    dd_json_member_i64(j, "failures", f->total_failures);
    if (own->name.model[0])
        number(j, "error_rate", f->error_rate);
    else
        its_models(j, rows, n, own);
    number(j, "latency_ms", f->latency_ms);
    number(j, "first_ms", f->first_ms);
    dd_json_member_i64(j, "under_way", f->under_way);
    dd_json_close(j, '}');
}

static void targets(dd_json *j, exchange *x, int64_t now_ns)
{
    dd_live *live = dd_gateway_live(x->w->gateway);
    row     *rows = dd_malloc(ROWS * sizeof *rows);
    size_t   n    = 0;
    for (uint32_t i = 0; i < dd_live_count(live) && n < ROWS; i++)
        n += dd_live_at(live, i, &rows[n].name) && !rows[n].name.key && dd_live_look(live, i, &x->s->policy.breaker, now_ns / 1000000, &rows[n].facts);
    dd_json_key(j, "providers");
    dd_json_open(j, '[');
    for (size_t i = 0; i < n; i++)
        target(j, x, rows, n, &rows[i]);
    dd_json_close(j, ']');
    free(rows);
}

static void kept(dd_json *j, const dd_told *t)
{
    dd_json_key(j, "cache");
    if (!t->cache.on) {
        dd_json_null(j);
        return;
    }
    dd_json_open(j, '{');
    dd_json_member_i64(j, "entries", t->cache.entries);
    dd_json_member_i64(j, "bytes", t->cache.bytes);
    dd_json_member_i64(j, "stored", t->cache.stored);
    dd_json_member_i64(j, "evicted", t->cache.evicted);
    dd_json_member_i64(j, "lost", t->cache.lost);
    dd_json_close(j, '}');
}

static void ways_out(dd_json *j, const dd_told *t)
{
    dd_json_key(j, "events");
    if (t->events.on) {
        dd_json_open(j, '{');
        dd_json_member_i64(j, "queued", t->events.queued);
        dd_json_member_i64(j, "dropped", t->events.dropped);
        dd_json_member_i64(j, "spooled", t->events.spooled);
        dd_json_member_i64(j, "written", t->events.written);
        dd_json_key(j, "up");
        dd_json_bool(j, t->events.up);
        dd_json_close(j, '}');
    } else {
        dd_json_null(j);
    }
    dd_json_key(j, "export");
    dd_json_open(j, '[');
    for (size_t i = 0; i < t->n_ways && i < DD_COUNT(t->ways); i++) {
        const dd_way_out *w = &t->ways[i];
        dd_json_open(j, '{');
        dd_json_member_str(j, "name", dd_str_z(w->name));
        dd_json_member_i64(j, "sent", w->sent);
        dd_json_member_i64(j, "dropped", w->dropped);
        dd_json_member_i64(j, "failed", w->failed);
        dd_json_member_i64(j, "queued", w->queued);
        dd_json_key(j, "up");
        dd_json_bool(j, w->up);
        dd_json_close(j, '}');
    }
    dd_json_close(j, ']');
}

void endpoint_live(exchange *x)
{
    dd_gateway     *g     = x->w->gateway;
    const dd_hooks *hooks = dd_gateway_hooks(g);
    int64_t         now   = dd_mono_now().ns;
    dd_told         told  = { .n_ways = 0 };
    dd_buf          body  = DD_BUF_INIT(0);
    dd_json         j     = DD_JSON_INIT(&body, 0);
    if (hooks->tell)
        hooks->tell(hooks->ctx, &told);
    dd_json_open(&j, '{');
    process(&j, x, now);
    dd_json_key(&j, "panic");
    dd_json_bool(&j, dd_gateway_panicking(g));
    dd_json_member_i64(&j, "under_way", dd_gateway_loaded(g).under_way);
    sums(&j, g, now);
    targets(&j, x, now);
    kept(&j, &told);
    ways_out(&j, &told);
    dd_json_close(&j, '}');
    exchange_reply(x, 200, "application/json", dd_buf_str(&body), NULL, 0);
    dd_buf_free(&body);
}
