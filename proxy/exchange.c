/* proxy/exchange.c - the states of one request.
 *
 * The order is: who calls, what for (prepare.c), where to (weigh.c: facts and the plan), for how much (spend.c), whether it was answered before (keep.c),
 * then the plan's steps are tried (attempt.c) and an answer is passed on (deliver.c). A request ends once: with an answer, cut, or because the client
 * left; each time its event is recorded (settle.c). */
#include "proxy/exchange.h"
#include "proxy/http/stage.h"

#include <stdlib.h>
#include <string.h>

void exchange_move(exchange *x, exchange_state to)
{
#define AS_NAME(name) #name,
    static const char *const names[] = { EXCHANGE_STATES(AS_NAME) };
#undef AS_NAME
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    if (hooks->log && dd_gateway_options(x->w->gateway)->trace) {
        char line[96];
        snprintf(line, sizeof line, "%s %s -> %s", x->id_text, names[x->state], names[to]);
        hooks->log(hooks->ctx, 3, line);
    }
    x->state = to;
}

int64_t worker_wall_ms(worker *w)
{
    return w->clock_wall + (dd_loop_now(w->loop).ns - w->clock_mono) / 1000000;
}

static void name_request(exchange *x)
{
    worker *w  = x->w;
    int64_t ms = worker_wall_ms(w);
    if (ms > w->last_ms) {
        w->last_ms  = ms;
        w->sequence = 0;
    } else if (++w->sequence > 0x1fff) {
        w->last_ms++;
        w->sequence = 0;
    }
    /* Two processes may share a store: where they begin to count is random, so that their ids do not meet. */
    x->id = (w->last_ms - DD_EVENT_EPOCH_MS) << 21 | (int64_t)((w->number + w->number_base) & 0xff) << 13 | ((w->sequence + w->sequence_base) & 0x1fff);
    dd_event_spell(x->id, x->id_text);
}

/* --- the end --- */

static void note_under_way(worker *w, int64_t n)
{
    atomic_store_explicit(&w->under_way, atomic_load_explicit(&w->under_way, memory_order_relaxed) + n, memory_order_relaxed);
}

static void release(exchange *x)
{
    dd_loop_timer(x->w->loop, &x->timer, 0);
    if (!endpoint_is_asked_of_us(&x->ep))
        note_under_way(x->w, -1);
    consult_drop(x);
    deliver_reset(x);
    dd_snapshot_drop(x->s);
}

void exchange_finish(exchange *x, int status, bool whole)
{
    dd_http *h = x->h;
    exchange_move(x, EX_finished);
    if (x->usage_source != DD_USAGE_NONE)
        spend_settle(x);                 /* at once: the client may have its answer already, and a process that dies now still owes it */
    if (whole)
        weigh_class(x);
    settle_record(x, status);
    keep_end(x, status, whole);
    release(x);
    if (whole)
        dd_http_end(h);
    else
        dd_http_cut(h);
}

/* --- answers of our own --- */

void exchange_reply(exchange *x, int status, const char *type, dd_str body, const dd_header *more, size_t n)
{
    header_list l = head_new(x, n);
    head_add(&l, "content-type", dd_str_z(type));
    head_ours(&l, x);
    for (size_t i = 0; i < n; i++)
        head_add(&l, more[i].name.ptr, more[i].value);
    dd_http_head(x->h, status, l.v, l.n, (int64_t)body.len);
    dd_http_data(x->h, body);
    exchange_finish(x, status, true);
}

dd_dialect exchange_dialect(const exchange *x)
{
    return x->ep.dialect != DD_DIALECT_NONE ? x->ep.dialect : x->ep.family == DD_FAMILY_ANTHROPIC ? DD_DIALECT_MESSAGES : DD_DIALECT_CHAT;
}

void exchange_error(exchange *x)
{
    dd_buf    body = DD_BUF_INIT(0);
    dd_header more[8];
    size_t    n = spend_headers(x, more);   /* head_ours leaves them to us */
    if (x->ep.allow)
        more[n++] = (dd_header){ DD_STR("allow"), dd_str_z(x->ep.allow) };   /* RFC 9110 section 15.5.6 */
    if (x->error.no_retry)
        more[n++] = (dd_header){ DD_STR("x-should-retry"), DD_STR("false") };
    dd_error_write(exchange_dialect(x), &x->error, dd_str_z(x->id_text), &body);
    exchange_reply(x, dd_error_status(exchange_dialect(x), &x->error), "application/json", dd_buf_str(&body), more, n);
    dd_buf_free(&body);
}

/* What HTTP itself refuses was a request too: it gets an id, an event and an error in its API's shape. */
dd_header exchange_refusal(void *ctx, dd_http *h, int status, const char *why, dd_buf *body)
{
    worker   *w = ctx;
    exchange *x = dd_new(h->arena, exchange);
    *x = (exchange){ .w = w, .h = h, .s = dd_snapshot_hold(w->snapshot), .ep = { .kind = EP_UNKNOWN, .name = "refused" },
                     .bill = { DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN } };
    bool         messages = dd_str_startsz(h->path, "/v1/messages") || dd_str_startsz(h->path, "/messages");
    dd_api_error e        = { .status = status, .type = status < 500 ? DD_STR("invalid_request_error") : DD_STR("server_error"), .message = dd_str_z(why) };
    name_request(x);
    trace_begin(x);
    dd_error_write(messages ? DD_DIALECT_MESSAGES : DD_DIALECT_CHAT, &e, dd_str_z(x->id_text), body);
    settle_record(x, status);
    dd_snapshot_drop(x->s);
    return (dd_header){ DD_STR("x-dd0c-request-id"), dd_str_z(x->id_text) };   /* in the request's arena */
}

void exchange_go_on(exchange *x)
{
    if (x->cache_word)
        x->looked_at = dd_mono_now().ns;
    x->begun_at = x->cache_word ? x->looked_at : x->decided_at;
    if (spend_reserve(x))
        attempt_start(x);
    else
        exchange_error(x);
}

void exchange_plan(exchange *x)
{
    if (!weigh_plan(x)) {
        exchange_error(x);
        return;
    }
    x->decided_at = dd_mono_now().ns;
    if (!keep_find(x))                   /* else answered, or waiting for one who asked the same */
        exchange_go_on(x);
}

void exchange_serve(exchange *x)
{
    x->auth_at = dd_mono_now().ns;
    dd_stage_enter(DD_STAGE_route);
    bool ok = true;
    switch (x->ep.kind) {
    case EP_MODELS: endpoint_models(x); return;
    case EP_ASK: ask_start(x); return;
    case EP_LIVE: endpoint_live(x); return;
    case EP_PROVIDERS: endpoint_providers(x); return;
    case EP_EXPLAIN:
        ok = prepare_read(x) && weigh_explain(x);
        if (ok)
            return;
        break;
    case EP_GENERATE:
        ok = prepare_read(x) && spend_limits(x);
        if (ok && verify_class(x))
            return;
        if (ok) {
            exchange_plan(x);
            return;
        }
        break;
    case EP_COUNT_TOKENS:
        ok = prepare_read(x) && weigh_plan(x);
        if (ok && prepare_dialect(x, x->plan.steps[0].provider) != DD_DIALECT_MESSAGES) {
            endpoint_count_tokens(x);
            return;
        }
        break;
    default: ok = spend_limits(x) && spend_pass(x) && prepare_pass(x); break;
    }
    if (ok) {
        x->begun_at = x->decided_at = dd_mono_now().ns;
        attempt_start(x);
    } else {
        exchange_error(x);
    }
}

/* --- the server's callbacks --- */

static void preflight(exchange *x)
{
    header_list l    = head_new(x, 0);
    dd_str      asks = dd_http_header(x->h, "access-control-request-headers");
    head_cors(&l, x);
    if (l.n) {
        head_add(&l, "access-control-allow-methods", DD_STR("GET, POST, PUT, PATCH, DELETE, OPTIONS"));
        head_add(&l, "access-control-allow-headers", asks.len ? asks : DD_STR("*"));
        head_add(&l, "access-control-max-age", DD_STR("600"));
    }
    head_add(&l, "allow", DD_STR("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    dd_http_head(x->h, 204, l.v, l.n, 0);
    exchange_finish(x, 204, true);
}

static void refuse_unknown(exchange *x)
{
    dd_str method = x->h->method, path = x->h->path;
    if (x->ep.allow)
        fail_request(x, 405, "invalid_request_error", "method_not_allowed", "", DD_STR_FMT " takes %s, not " DD_STR_FMT, DD_STR_ARG(path), x->ep.allow,
                     DD_STR_ARG(method));
    else
        fail_request(x, 404, "invalid_request_error", "unknown_url", "", "there is nothing at " DD_STR_FMT " " DD_STR_FMT, DD_STR_ARG(method), DD_STR_ARG(path));
    exchange_error(x);
}

static void begin(worker *w, dd_http *h, door by)
{
    exchange *x = dd_new(h->arena, exchange);
    *x = (exchange){ .w = w, .h = h, .s = dd_snapshot_hold(w->snapshot), .door = by, .ep = endpoint_find(h), .usage.usage = { 0 },
                     .bill = { DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN }, .collected = DD_BUF_INIT(0) };
    h->app = x;
    name_request(x);
    trace_begin(x);
    if (!endpoint_is_behind(&x->ep, by))
        x->ep = (endpoint){ .kind = EP_UNKNOWN, .family = x->ep.family, .name = "unknown" };
    if (!endpoint_is_asked_of_us(&x->ep))
        note_under_way(w, 1);
    if (by == DOOR_ADDRESS && dd_str_eqz(h->method, "OPTIONS"))
        preflight(x);
    else if (x->ep.kind == EP_HEALTH || x->ep.kind == EP_READY)
        endpoint_health(x, x->ep.kind == EP_READY);
    else if (x->ep.kind == EP_UNKNOWN)
        refuse_unknown(x);
    else
        exchange_authenticate(x);
}

void exchange_request(void *ctx, dd_http *h) { begin(ctx, h, DOOR_ADDRESS); }
void exchange_socket_request(void *ctx, dd_http *h) { begin(ctx, h, DOOR_SOCKET); }
void exchange_metrics_request(void *ctx, dd_http *h) { begin(ctx, h, DOOR_METRICS); }

void exchange_gone(void *ctx, dd_http *h)
{
    (void)ctx;
    exchange *x = h->app;
    if (!x || x->state == EX_finished)
        return;
    exchange_forget_wait(x);
    if (x->call)
        dd_call_cancel(x->call);
    x->call         = NULL;
    x->last_at      = dd_loop_now(x->w->loop).ns;
    x->disconnected = true;
    x->failure      = DD_EC_ABORTED;
    exchange_move(x, EX_finished);
    consult_drop(x);                   /* before the event, which has it */
    settle_record(x, 499);
    keep_gone(x);
    ask_gone(x);
    release(x);
}

void exchange_drained(void *ctx, dd_http *h)
{
    (void)ctx;
    exchange *x = h->app;
    if (x && x->held) {
        x->held = false;
        if (x->call)
            dd_call_resume(x->call);
    }
}
