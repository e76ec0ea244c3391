/* proxy/mock.c - the mock's application on our server: who is asked, delays, streams by a timer, faults, statistics. */
#include "proxy/mock_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { CACHE = 64, CACHED_BODY = 16 << 10 };

/* Plain answers depend on path and body alone, so the last ones are kept: a load test asks the same again and again. */
typedef struct { uint64_t hash; dd_buf body, answer; dd_mock_api api; } cached;

struct dd_mock {
    dd_loop        *loop;
    dd_server      *server;
    dd_mock_shared *shared;
    dd_mock_counter counter;
    dd_buf          scratch;
    cached          cache[CACHE];
    uint64_t        random;
};

/* One answer on its way; in the request's arena. */
typedef struct {
    dd_mock      *m;
    dd_http      *h;
    dd_timer      timer;
    dd_mock_fault fault;
    dd_mock_plan  plan;
    dd_mock_delay chunk_delay;
    dd_str        body;      /* of an answer that is no stream */
    size_t        at;        /* events said; bytes said of `body` when it drips */
    dd_str        drip;      /* what is left of an event that drips */
    bool          waiting;   /* for the client to take what was said */
} answer;

/* ---- small things ---- */

static int64_t pick_us(dd_mock *m, dd_mock_delay d)
{
    if (d.high_us <= d.low_us)
        return d.low_us;
    m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return d.low_us + (int64_t)((m->random >> 33) % (uint64_t)(d.high_us - d.low_us + 1));
}

static void later(answer *a, int64_t us, void (*fn)(dd_timer *))
{
    a->timer.due   = fn;
    a->timer.owner = a;
    dd_loop_timer(a->m->loop, &a->timer, dd_loop_now(a->m->loop).ns + (us > 0 ? us : 1) * 1000);
}

static const struct { const char *suffix; dd_mock_api api; } paths[] = {
    { "/chat/completions", DD_MOCK_CHAT },       { "/messages", DD_MOCK_MESSAGES },     { "/responses", DD_MOCK_RESPONSES },
    { "/completions", DD_MOCK_COMPLETIONS },     { "/embeddings", DD_MOCK_EMBEDDINGS }, { "/messages/count_tokens", DD_MOCK_COUNT },
    { "/models", DD_MOCK_MODELS },
};

static dd_mock_api api_of(dd_str path)
{
    for (size_t i = 0; i < DD_COUNT(paths); i++)
        if (dd_str_endsz(path, paths[i].suffix))
            return paths[i].api;
    return dd_str_has(path, "/models/") ? DD_MOCK_MODELS : DD_MOCK_NONE;
}

static bool is_anthropic(const dd_http *h, dd_mock_api api)
{
    return api == DD_MOCK_MESSAGES || api == DD_MOCK_COUNT || dd_http_header(h, "anthropic-version").ptr != NULL;
}

static void reply_scratch(dd_mock *m, dd_http *h, int status)
{
    dd_http_reply(h, status, "application/json", dd_buf_str(&m->scratch));
}

static void refuse(dd_mock *m, dd_http *h, int status, const char *why)
{
    dd_buf_clear(&m->scratch);
    dd_mock_write_error(is_anthropic(h, api_of(h->path)), status, why, &m->scratch);
    reply_scratch(m, h, status);
}

/* ---- faults ---- */

static void fail_with_status(answer *a)
{
    dd_header headers[4] = { { DD_STR("Content-Type"), DD_STR("application/json") } };
    size_t    n          = 1;
    dd_buf   *out        = &a->m->scratch;
    if (a->fault.retry_after[0])
        headers[n++] = (dd_header){ DD_STR("Retry-After"), dd_str_z(a->fault.retry_after) };
    if (a->fault.retry_after_ms[0])
        headers[n++] = (dd_header){ DD_STR("retry-after-ms"), dd_str_z(a->fault.retry_after_ms) };
    dd_buf_clear(out);
    dd_mock_write_error(is_anthropic(a->h, api_of(a->h->path)), a->fault.status, "the mock was told to fail", out);
    dd_http_head(a->h, a->fault.status, headers, n, (int64_t)out->len);
    dd_http_data(a->h, dd_buf_str(out));
    dd_http_end(a->h);
}

/* Faults that come instead of an answer. */
static bool fail_at_once(answer *a)
{
    const dd_mock_fault *f = &a->fault;
    if (f->status && f->status != 200)
        fail_with_status(a);
    else if (f->garbage) {
        dd_http_raw(a->h, DD_STR("HTTP/1.1 200 OK\r\nContent-Type application/json\r\n\x01\x02: x\r\nContent-Length: ten\r\n\r\n{\"id\":"));
        dd_http_flush(a->h);
        dd_http_cut(a->h);
    } else if (f->reset)
        dd_http_reset(a->h);
    else if (!f->stall)
        return false;
    return true; /* stall: nothing more, until the client leaves */
}

/* Counted over all workers, evenly: 10% is each tenth request. */
static void scheduled_fault(dd_mock *m, dd_mock_fault *f)
{
    for (size_t i = 0; i < m->shared->n_schedules; i++) {
        dd_mock_schedule *s = &m->shared->schedules[i];
        uint64_t          n = atomic_fetch_add(&s->seen, 1);
        if ((uint64_t)((double)(n + 1) * s->percent / 100 + 1e-9) > (uint64_t)((double)n * s->percent / 100 + 1e-9)) {
            *f = s->fault;
            return;
        }
    }
}

static bool choose_fault(dd_mock *m, dd_http *h, dd_str by_model, dd_mock_fault *f)
{
    dd_str  by_header = dd_http_header(h, "x-mock-fault");
    dd_err  err       = DD_ERR_INIT;
    dd_code rc        = dd_mock_fault_parse(by_header.len ? by_header : by_model, f, &err);
    if (rc != DD_OK)
        refuse(m, h, 400, err.msg);
    else if (by_header.len == 0 && by_model.len == 0)
        scheduled_fault(m, f);
    return rc == DD_OK;
}

/* ---- streams ---- */

static void next_events(answer *a);
static void on_event_due(dd_timer *t) { next_events(t->owner); }

/* Faults at this place of the stream; true: the stream is over, or stands still for good. */
static bool fail_in_stream(answer *a)
{
    const dd_mock_fault *f = &a->fault;
    if (f->reset_after == (int)a->at) {
        dd_http_flush(a->h);
        dd_http_reset(a->h);
    } else if (f->error_after == (int)a->at) {
        dd_buf_clear(&a->m->scratch);
        dd_mock_write_error_event(&a->plan, &a->m->scratch);
        dd_http_data(a->h, dd_buf_str(&a->m->scratch));
        dd_http_end(a->h);
    } else if (f->truncate && a->at == 4)
        dd_http_cut(a->h);
    else
        return f->stall_after == (int)a->at;
    return true;
}

static void drip_event(answer *a)
{
    bool full = dd_http_data(a->h, dd_str_sub(a->drip, 0, 1));
    a->drip   = dd_str_sub(a->drip, 1, a->drip.len);
    a->waiting = full;
    if (!full)
        later(a, a->fault.drip_us, on_event_due);
}

static void next_events(answer *a)
{
    dd_buf *out  = &a->m->scratch;
    bool    full = false;
    while (!full) {
        if (a->drip.len > 0) {
            drip_event(a);
            return;
        }
        if (fail_in_stream(a))
            return;
        dd_buf_clear(out);
        if (!dd_mock_write_event(&a->plan, a->at, a->fault.no_usage, a->fault.no_done, out)) {
            dd_http_end(a->h);
            return;
        }
        if (a->fault.malformed && a->at == 2 && out->len > 12)
            out->ptr[out->len - 4] = '"';    /* a brace becomes a quote: no JSON any more */
        a->at++;
        if (a->fault.drip_us) {
            a->drip = dd_arena_dup(a->h->arena, dd_buf_str(out));
            continue;
        }
        full = dd_http_data(a->h, dd_buf_str(out));
        if (!full && a->chunk_delay.high_us > 0) {
            later(a, pick_us(a->m, a->chunk_delay), on_event_due);
            return;
        }
    }
    a->waiting = true;
}

static void begin_stream(answer *a)
{
    static const dd_header headers[] = { { { "Content-Type", 12 }, { "text/event-stream; charset=utf-8", 32 } },
                                          { { "Cache-Control", 13 }, { "no-cache", 8 } } };
    dd_http_head(a->h, 200, headers, 2, -1);
    next_events(a);
}

/* ---- plain answers ---- */

static void drip_body(dd_timer *t)
{
    answer *a = t->owner;
    dd_http_data(a->h, dd_str_sub(a->body, a->at, a->at + 1));
    if (++a->at < a->body.len)
        later(a, a->fault.drip_us, drip_body);
    else
        dd_http_end(a->h);
}

static void send_plain(answer *a)
{
    dd_header type = { DD_STR("Content-Type"), DD_STR("application/json") };
    dd_str    body = a->body;
    if (a->fault.malformed)
        body = dd_str_sub(body, 0, body.len - 2);
    dd_http_head(a->h, 200, &type, 1, (int64_t)body.len);
    if (a->fault.drip_us && body.len > 0) {
        a->body = body;
        later(a, a->fault.drip_us, drip_body);
        return;
    }
    if (a->fault.truncate || a->fault.reset_after >= 0) {
        dd_http_data(a->h, dd_str_sub(body, 0, body.len / 2));
        dd_http_flush(a->h);
        a->fault.truncate ? dd_http_cut(a->h) : dd_http_reset(a->h);
        return;
    }
    dd_http_data(a->h, body);
    dd_http_end(a->h);
}

static void begin(dd_timer *t)
{
    answer *a = t->owner;
    if (fail_at_once(a))
        return;
    if (a->plan.stream && a->plan.api != DD_MOCK_EMBEDDINGS && a->plan.api != DD_MOCK_COUNT)
        begin_stream(a);
    else
        send_plain(a);
}

/* ---- requests ---- */

static bool has_fault(const dd_mock_fault *f)
{
    return f->status || f->reset || f->stall || f->truncate || f->malformed || f->garbage || f->no_done || f->no_usage || f->drip_us ||
           f->reset_after >= 0 || f->stall_after >= 0 || f->error_after >= 0;
}

static void start(dd_mock *m, dd_http *h, answer *a)
{
    dd_mock_shared *s = m->shared;
    dd_mock_delay   first = a->plan.stream && s->ttft.high_us > 0 ? s->ttft : s->latency;
    a->m          = m;
    a->h          = h;
    a->chunk_delay = a->fault.has_chunk_delay ? a->fault.chunk_delay : s->chunk_delay;
    h->app        = a;
    if (has_fault(&a->fault))
        atomic_fetch_add(&s->faults, 1);
    int64_t us = pick_us(m, a->fault.has_latency ? a->fault.latency : first);
    a->timer.owner = a;
    if (us > 0)
        later(a, us, begin);
    else
        begin(&a->timer);
}

static cached *cache_slot(dd_mock *m, dd_mock_api api, dd_str body, uint64_t *hash)
{
    *hash = dd_str_hash(body) ^ (uint64_t)api;
    return &m->cache[*hash % CACHE];
}

static bool from_cache(const cached *c, uint64_t hash, dd_mock_api api, dd_str body)
{
    return c->hash == hash && c->api == api && dd_str_eq(dd_buf_str(&c->body), body);
}

static void keep(cached *c, uint64_t hash, dd_mock_api api, dd_str body, dd_str said)
{
    c->hash = hash;
    c->api  = api;
    dd_buf_clear(&c->body);
    dd_buf_clear(&c->answer);
    dd_buf_add(&c->body, body);
    dd_buf_add(&c->answer, said);
}

/* Nothing was asked for that a kept answer does not have. */
static bool is_plain(const dd_mock *m, const dd_http *h)
{
    const dd_mock_shared *s = m->shared;
    return s->latency.high_us == 0 && s->n_schedules == 0 && h->body.len > 0 && h->body.len <= CACHED_BODY &&
           dd_http_header(h, "x-mock-fault").ptr == NULL;
}

static void post(dd_mock *m, dd_http *h, dd_mock_api api)
{
    uint64_t hash  = 0;
    bool     plain = is_plain(m, h);
    cached  *slot  = plain ? cache_slot(m, api, h->body, &hash) : NULL;
    dd_err   err   = DD_ERR_INIT;
    if (slot && from_cache(slot, hash, api, h->body)) {
        dd_http_reply(h, 200, "application/json", dd_buf_str(&slot->answer));
        return;
    }
    answer       *a     = dd_new(h->arena, answer);
    dd_mock_fault asked = { 0 };
    dd_mock_fault_parse(dd_http_header(h, "x-mock-fault"), &asked, &err);
    if (dd_mock_plan_make(&a->plan, api, h->body, asked.tokens >= 0 ? asked.tokens : m->shared->tokens, &m->counter, h->arena, &err) != DD_OK) {
        refuse(m, h, 400, err.msg);
        return;
    }
    if (!choose_fault(m, h, a->plan.fault, &a->fault))
        return;
    if (!a->plan.stream || api == DD_MOCK_EMBEDDINGS || api == DD_MOCK_COUNT) {
        dd_buf_clear(&m->scratch);
        dd_mock_write_body(&a->plan, &m->scratch);
        a->body = dd_buf_str(&m->scratch);
        if (slot && a->plan.fault.len == 0)
            keep(slot, hash, api, h->body, a->body);
        if (a->fault.drip_us || a->fault.has_latency || m->shared->latency.high_us > 0)
            a->body = dd_arena_dup(h->arena, a->body);
    }
    start(m, h, a);
}

static void stats(dd_mock *m, dd_http *h)
{
    dd_mock_shared *s = m->shared;
    size_t          open = 0;
    dd_json         j;
    dd_buf_clear(&m->scratch);
    for (size_t i = 0; i < s->n_workers; i++)
        open += dd_server_conns(s->workers[i]->server);
    j = (dd_json)DD_JSON_INIT(&m->scratch, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "open_connections"), dd_json_i64(&j, (int64_t)open);
    dd_json_key(&j, "requests"), dd_json_i64(&j, (int64_t)s->requests);
    dd_json_key(&j, "aborted_streams"), dd_json_i64(&j, (int64_t)s->aborted);
    dd_json_key(&j, "faults"), dd_json_i64(&j, (int64_t)s->faults);
    dd_json_close(&j, '}');
    reply_scratch(m, h, 200);
}

static void record(dd_mock *m, const dd_http *h)
{
    dd_json j;
    dd_buf_clear(&m->scratch);
    j = (dd_json)DD_JSON_INIT(&m->scratch, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "method"), dd_json_str(&j, h->method);
    dd_json_key(&j, "path"), dd_json_str(&j, h->path);
    dd_json_key(&j, "query"), dd_json_str(&j, h->query);
    dd_json_key(&j, "headers"), dd_json_open(&j, '{');
    for (size_t i = 0; i < h->n_headers; i++)
        dd_json_key_str(&j, h->headers[i].name), dd_json_str(&j, h->headers[i].value);
    dd_json_close(&j, '}');
    dd_json_key(&j, "body"), dd_json_str(&j, h->body);
    dd_json_close(&j, '}');
    dd_buf_addc(&m->scratch, '\n');
    fwrite(m->scratch.ptr, 1, m->scratch.len, m->shared->out); /* one call: lines of several threads do not mix */
    fflush(m->shared->out);
}

static const char fixed[] =
    "{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"mock\",\"choices\":[{\"index\":0,"
    "\"message\":{\"role\":\"assistant\",\"content\":\"Hello from the mock.\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}}";

static void get(dd_mock *m, dd_http *h, dd_mock_api api)
{
    if (dd_str_eqz(h->path, "/mock/stats")) {
        stats(m, h);
    } else if (dd_str_eqz(h->path, "/health") || dd_str_eqz(h->path, "/")) {
        dd_http_reply(h, 200, "application/json", DD_STR("{\"status\":\"ok\"}"));
    } else if (api == DD_MOCK_MODELS) {
        ptrdiff_t at = dd_str_findz(h->path, "/models/");
        dd_buf_clear(&m->scratch);
        dd_mock_write_models(at < 0 ? DD_STR("") : dd_str_sub(h->path, (size_t)at + 8, h->path.len), is_anthropic(h, api), &m->scratch);
        reply_scratch(m, h, 200);
    } else
        refuse(m, h, api == DD_MOCK_NONE ? 404 : 405, api == DD_MOCK_NONE ? "the mock has no such path" : "the mock takes POST there");
}

static void on_request(void *ctx, dd_http *h)
{
    dd_mock    *m    = ctx;
    dd_mock_api api  = api_of(h->path);
    bool        asks = dd_str_eqz(h->path, "/mock/stats");
    if (!asks) /* who looks does not count */
        atomic_fetch_add_explicit(&m->shared->requests, 1, memory_order_relaxed);
    if (m->shared->record && !asks)
        record(m, h);
    if (!dd_str_eqz(h->method, "POST") || api == DD_MOCK_MODELS)
        get(m, h, api);
    else if (m->shared->fixed)
        dd_http_reply(h, 200, "application/json", DD_STR(fixed));
    else if (api == DD_MOCK_NONE)
        refuse(m, h, 404, "the mock has no such path");
    else
        post(m, h, api);
}

static void on_gone(void *ctx, dd_http *h)
{
    dd_mock *m = ctx;
    answer  *a = h->app;
    if (a == NULL)
        return;
    dd_loop_timer(m->loop, &a->timer, 0);
    if (a->plan.stream)
        atomic_fetch_add(&m->shared->aborted, 1);
}

static void on_drained(void *ctx, dd_http *h)
{
    answer *a = h->app;
    (void)ctx;
    if (a && a->waiting) {
        a->waiting = false;
        next_events(a);
    }
}

static dd_header on_refusal(void *ctx, dd_http *h, int status, const char *why, dd_buf *body)
{
    (void)ctx;
    dd_mock_write_error(api_of(h->path) == DD_MOCK_MESSAGES, status, why, body);
    return (dd_header){ DD_STR_NULL, DD_STR_NULL };
}

static const dd_server_app app = { .request = on_request, .gone = on_gone, .drained = on_drained, .refusal = on_refusal };

dd_server *dd_mock_server(dd_mock *m) { return m->server; }

dd_mock *dd_mock_new(dd_loop *l, const char *host, int port, dd_mock_shared *shared, dd_err *err)
{
    dd_mock       *m = dd_calloc(1, sizeof *m);
    dd_server_opts o = { .app = &app, .ctx = m, .tls_cert = shared->tls_cert, .tls_key = shared->tls_key, .server_header = "dd0c-mock" };
    size_t         n = shared->n_workers;
    m->loop          = l;
    m->shared        = shared;
    m->counter.memo  = dd_token_memo_new(DD_ENC_O200K);
    m->random        = n * 977 + 1;
    m->server        = n < DD_COUNT(shared->workers) ? dd_server_new(l, host, port, &o, err) : NULL;
    if (m->server == NULL) {
        dd_mock_free(m);
        return NULL;
    }
    shared->workers[n] = m;
    shared->n_workers  = n + 1;
    return m;
}

void dd_mock_free(dd_mock *m)
{
    if (m == NULL)
        return;
    dd_server_free(m->server);
    dd_token_memo_free(m->counter.memo);
    dd_buf_free(&m->scratch);
    for (size_t i = 0; i < CACHE; i++) {
        dd_buf_free(&m->cache[i].body);
        dd_buf_free(&m->cache[i].answer);
    }
    free(m);
}
