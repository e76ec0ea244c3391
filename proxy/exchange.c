/* proxy/exchange.c - the states of one request.
 *
 * The order is: who calls, what for, what goes upstream (prepare.c), then the answer comes in one of three ways: collected (it must be whole to be
 * priced), relayed (bytes as they come) or converted (a stream in another dialect). A request ends once: with an answer, cut, or because the client left;
 * each time its event is recorded. */
#include "proxy/exchange.h"
#include "proxy/http/stage.h"

#include <stdlib.h>
#include <string.h>

enum { OUT_KEPT = 64 << 10 };   /* of the buffer that streams share */

static void move(exchange *x, exchange_state to)
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

static void release(exchange *x)
{
    if (x->reader)
        dd_stream_reader_free(x->reader);
    if (x->writer)
        dd_stream_writer_free(x->writer);
    dd_usage_strip_free(x->strip);
    if (x->sse_open)
        dd_sse_fini(&x->sse);
    dd_buf_free(&x->collected);
    dd_guard_fini(&x->guard);
    x->reader = NULL;
    x->writer = NULL;
    x->strip  = NULL;
    dd_snapshot_drop(x->s);
}

static void finish(exchange *x, int status, bool whole)
{
    dd_http *h = x->h;
    move(x, EX_finished);
    settle_record(x, status);
    release(x);
    if (whole)
        dd_http_end(h);
    else
        dd_http_cut(h);
}

/* --- answers of our own --- */

void exchange_reply(exchange *x, int status, const char *type, dd_str body, const dd_header *more, size_t n)
{
    header_list l = head_new(x);
    head_add(&l, "content-type", dd_str_z(type));
    head_ours(&l, x);
    for (size_t i = 0; i < n; i++)
        head_add(&l, more[i].name.ptr, more[i].value);
    dd_http_head(x->h, status, l.v, l.n, (int64_t)body.len);
    dd_http_data(x->h, body);
    finish(x, status, true);
}

static dd_dialect client_dialect(const exchange *x)
{
    return x->ep.dialect != DD_DIALECT_NONE ? x->ep.dialect : x->ep.family == DD_FAMILY_ANTHROPIC ? DD_DIALECT_MESSAGES : DD_DIALECT_CHAT;
}

void exchange_error(exchange *x)
{
    dd_buf    body = DD_BUF_INIT(0);
    dd_header more[2];
    size_t    n = 0;
    if (x->error.no_retry)
        more[n++] = (dd_header){ DD_STR("x-should-retry"), DD_STR("false") };
    dd_error_write(client_dialect(x), &x->error, dd_str_z(x->id_text), &body);
    exchange_reply(x, dd_error_status(client_dialect(x), &x->error), "application/json", dd_buf_str(&body), more, n);
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
    dd_error_write(messages ? DD_DIALECT_MESSAGES : DD_DIALECT_CHAT, &e, dd_str_z(x->id_text), body);
    settle_record(x, status);
    dd_snapshot_drop(x->s);
    return (dd_header){ DD_STR("x-dd0c-request-id"), dd_str_z(x->id_text) };   /* in the request's arena */
}

/* --- relay: bytes as they come, watched for what they say of tokens --- */

static void watch_event(void *ctx, const dd_stream_event *e)
{
    exchange *x = ctx;
    if (!x->first_at && (e->kind == DD_SE_TEXT || e->kind == DD_SE_THINKING || e->kind == DD_SE_TOOL || e->kind == DD_SE_REFUSAL))
        x->first_at = dd_loop_now(x->w->loop).ns;
    dd_stream_event clean;
    if (e->kind == DD_SE_ERROR) {
        clean      = *e;
        x->failure = e->error.status ? settle_class(e->error.status) : DD_EC_UPSTREAM;
        settle_redact_error(x, &clean.error);
        e = &clean;
    }
    if (x->writer)
        dd_stream_write(x->writer, e, &x->w->out);
}

static void watch_sse(void *ctx, const dd_sse_event *e)
{
    exchange *x = ctx;
    dd_stream_read(x->reader, e->event, e->data, watch_event, x);
}

static void send_out(exchange *x)
{
    dd_buf *out = &x->w->out;
    if (out->len && dd_http_data(x->h, dd_buf_str(out)))
        x->held = true;
    if (out->cap > OUT_KEPT)
        dd_buf_free(out);
    else
        dd_buf_clear(out);
}

static void relay_head(exchange *x)
{
    header_list l = head_new(x);
    head_ours(&l, x);
    head_theirs(&l, x, true);
    bool changed = x->event_stream;          /* the strip, or the guard, may shorten it */
    dd_http_head(x->h, x->status, l.v, l.n, changed ? -1 : x->length);
    dd_http_flush(x->h);
}

static void open_stream(exchange *x)
{
    x->reader = dd_stream_reader_new(x->to, x->h->arena);
    dd_stream_reader_share(x->reader, &x->w->scratch);
    dd_sse_init(&x->sse, 0);
    x->sse_open = true;
}

/* Of a stream whose events are ours. */
static void stream_head(exchange *x)
{
    header_list l = head_new(x);
    head_add(&l, "content-type", DD_STR("text/event-stream; charset=utf-8"));
    head_add(&l, "cache-control", DD_STR("no-cache"));
    head_ours(&l, x);
    head_theirs(&l, x, false);
    dd_http_head(x->h, x->status, l.v, l.n, -1);
    dd_http_flush(x->h);
}

static void open_writer(exchange *x)
{
    x->facts = (dd_answer_facts){ .model = DD_STR_NULL, .include_usage = x->asked_usage, .request = &x->request, .now = worker_wall_ms(x->w) / 1000,
                                  .new_id = dd_str_z(x->id_text + 4), .request_id = dd_str_z(x->id_text) };
    dd_dialect_ctx *ctx = dd_new(x->h->arena, dd_dialect_ctx);
    *ctx = (dd_dialect_ctx){ .arena = x->h->arena, .drops = &x->drops, .unsupported = x->s->unsupported, .names = &x->names, .ids = &x->ids, .error = &x->error };
    x->writer = dd_stream_writer_new(x->ep.dialect, &x->facts, ctx);
}

static void watch_bytes(exchange *x, dd_str bytes)
{
    if (x->reader && !dd_sse_feed(&x->sse, bytes, watch_sse, x)) {
        dd_stream_reader_free(x->reader);   /* an event past all reason: it still goes through, unread */
        x->reader = NULL;
    }
}

static void pass_on(exchange *x, dd_str bytes)
{
    if (x->strip) {
        dd_usage_strip_feed(x->strip, bytes, &x->w->out);
        send_out(x);
    } else if (bytes.len && dd_http_data(x->h, bytes)) {
        x->held = true;
    }
}

static void relay_data(exchange *x, dd_str bytes)
{
    watch_bytes(x, bytes);
    if (!x->first_at)
        x->first_at = x->reader ? 0 : dd_loop_now(x->w->loop).ns;
    pass_on(x, x->event_stream ? dd_guard_feed(&x->guard, bytes, settle_redact, x) : bytes);
}

/* What filters held back, when the provider's stream is over. */
static void relay_rest(exchange *x)
{
    pass_on(x, dd_guard_end(&x->guard, settle_redact, x));
    dd_guard_fini(&x->guard);
    if (x->strip)
        dd_usage_strip_end(x->strip, &x->w->out);
    send_out(x);
}

/* --- what the call reports --- */

static bool is_type(dd_str value, const char *type)
{
    dd_str rest = value, bare = dd_str_trim(dd_str_cut(&rest, ';'));
    return dd_str_eq_nocase(bare, dd_str_z(type));
}

static void keep_headers(exchange *x, const dd_header *headers, size_t n)
{
    bool encoded = false;
    x->headers   = dd_newn(x->h->arena, dd_header, n + 1);
    x->length    = -1;
    for (size_t i = 0; i < n; i++) {
        dd_header f = { dd_arena_dup(x->h->arena, headers[i].name), dd_arena_dup(x->h->arena, headers[i].value) };
        x->headers[x->n_headers++] = f;
        if (dd_str_eqz(f.name, "content-length"))
            dd_parse_i64(f.value, &x->length);
        else if (dd_str_eqz(f.name, "content-encoding") && !dd_str_eqz(f.value, "identity"))
            encoded = true;
        else if (dd_str_eqz(f.name, "content-type")) {
            x->event_stream = is_type(f.value, "text/event-stream");
            x->json         = is_type(f.value, "application/json");
        }
    }
    if (encoded)
        x->length = -1;   /* what we get is decoded */
}

static void on_head(void *ctx, int status, const dd_header *headers, size_t n)
{
    exchange *x = ctx;
    x->status   = status;
    x->head_at  = dd_mono_now().ns;
    keep_headers(x, headers, n);
    bool good = status >= 200 && status < 300, across = x->to != x->ep.dialect, generate = x->ep.kind == EP_GENERATE;
    if (generate && good && x->event_stream) {
        open_stream(x);
        if (across) {
            stream_head(x);
            open_writer(x);
            move(x, EX_convert);
            return;
        }
        if (x->ask_usage)
            x->strip = dd_usage_strip_new();
        relay_head(x);
        move(x, EX_relay);
    } else if (((generate && (x->json || across)) || (status >= 400 && !dd_str_eqz(x->h->method, "HEAD"))) &&
               (across || x->length <= x->s->body_max)) {   /* an error is looked through for keys */
        x->collected.max = (size_t)x->s->body_max;
        if (x->length > 0 && x->length < 1 << 20)
            dd_buf_reserve(&x->collected, (size_t)x->length);
        move(x, EX_collect);
    } else {
        relay_head(x);
        move(x, EX_relay);
    }
}

/* Larger than what is kept: it goes through unpriced, and says so by having no cost. */
static void collect_overflows(exchange *x, dd_str bytes)
{
    relay_head(x);
    move(x, EX_relay);
    x->held = dd_http_data(x->h, dd_buf_str(&x->collected));
    x->held = dd_http_data(x->h, bytes) || x->held;
    dd_buf_free(&x->collected);
}

static bool on_data(void *ctx, dd_str bytes)
{
    exchange *x = ctx;
    if (x->held)
        return false;
    switch (x->state) {
    case EX_collect:
        if (x->collected.len + bytes.len > (size_t)x->s->body_max && x->to == x->ep.dialect)
            collect_overflows(x, bytes);
        else
            dd_buf_add(&x->collected, bytes);
        break;
    case EX_relay: relay_data(x, bytes); break;
    case EX_convert:
        watch_bytes(x, bytes);
        send_out(x);
        break;
    default: break;
    }
    return true;
}

/* --- a whole answer --- */

static void answer_same(exchange *x, dd_str body, dd_jspan *span, bool parsed)
{
    if (parsed && x->status >= 200 && x->status < 300)
        dd_usage_read(x->to, span, &x->usage, &x->stop);
    settle_answer(x, span);
    dd_str vectors = parsed && x->wants_base64 ? dd_embeddings_base64(span, x->h->arena) : DD_STR_NULL;
    if (vectors.ptr)
        body = vectors;                  /* S18: the provider did not know the format that the client asked for */
    if (x->status >= 400)
        body = settle_redacted(x, body); /* R1.7: "Incorrect API key provided: ..." */
    header_list l = head_new(x);
    head_ours(&l, x);
    head_money(&l, x, "x-dd0c-cost", x->bill.actual);
    head_money(&l, x, "x-dd0c-saved", x->bill.saved);
    head_theirs(&l, x, true);
    dd_http_head(x->h, x->status, l.v, l.n, (int64_t)body.len);
    dd_http_data(x->h, body);
    finish(x, x->status, true);
}

static void answer_error(exchange *x, dd_str body)
{
    header_list l   = head_new(x);
    dd_buf      out = DD_BUF_INIT(0);
    dd_error_read(x->status, settle_redacted(x, body), x->h->arena, &x->error);
    dd_error_write(client_dialect(x), &x->error, dd_str_z(x->id_text), &out);
    int status = dd_error_status(client_dialect(x), &x->error);
    head_add(&l, "content-type", DD_STR("application/json"));
    head_ours(&l, x);
    head_theirs(&l, x, false);
    if (x->error.no_retry)
        head_add(&l, "x-should-retry", DD_STR("false"));
    dd_http_head(x->h, status, l.v, l.n, (int64_t)out.len);
    dd_http_data(x->h, dd_buf_str(&out));
    dd_buf_free(&out);
    finish(x, status, true);
}

static void answer_across(exchange *x, dd_jspan *span)
{
    header_list     l      = head_new(x);
    dd_buf          out    = DD_BUF_INIT(0);
    dd_answer       answer = { 0 };
    dd_dialect_ctx  ctx    = { .arena = x->h->arena, .drops = &x->drops, .unsupported = x->s->unsupported, .names = &x->names, .ids = &x->ids,
                               .error = &x->error };
    dd_answer_facts facts  = { .request = &x->request, .now = worker_wall_ms(x->w) / 1000, .new_id = dd_str_z(x->id_text + 4),
                               .request_id = dd_str_z(x->id_text) };
    if (!dd_answer_read(x->to, span, &ctx, &answer) || !dd_answer_write(x->ep.dialect, &answer, &facts, &ctx, &out)) {
        dd_buf_free(&out);
        x->failure = DD_EC_UPSTREAM;
        settle_redact_error(x, &x->error);
        if (!x->error.status)                /* else the provider's own words */
            fail_request(x, 502, "server_error", "bad_upstream_answer", "", "the provider's answer could not be understood");
        exchange_error(x);
        return;
    }
    x->usage = answer.usage;
    x->stop  = answer.stop;
    settle_answer(x, span);
    head_add(&l, "content-type", DD_STR("application/json"));
    head_ours(&l, x);
    head_money(&l, x, "x-dd0c-cost", x->bill.actual);
    head_money(&l, x, "x-dd0c-saved", x->bill.saved);
    head_theirs(&l, x, false);
    dd_http_head(x->h, x->status, l.v, l.n, (int64_t)out.len);
    dd_http_data(x->h, dd_buf_str(&out));
    dd_buf_free(&out);
    finish(x, x->status, true);
}

static void stream_ends(exchange *x, dd_call_end end, const char *why);

/* A stream was asked for, and the provider answered in one piece: the client waits for events all the same. */
static bool answer_as_stream(exchange *x, const dd_jspan *span)
{
    dd_buf events = DD_BUF_INIT(0);
    bool   across = x->to != x->ep.dialect, can = dd_answer_replay(x->to, span, &events);
    if (can) {
        x->event_stream = true;
        open_stream(x);
        stream_head(x);
        if (across)
            open_writer(x);
        else if (x->ask_usage)
            x->strip = dd_usage_strip_new();
        move(x, across ? EX_convert : EX_relay);
        if (across)
            watch_bytes(x, dd_buf_str(&events));
        else
            relay_data(x, dd_buf_str(&events));
        stream_ends(x, DD_CALL_OK, "");
    }
    dd_buf_free(&events);
    return can;
}

static void answer_whole(exchange *x)
{
    dd_str   body   = dd_buf_str(&x->collected);
    dd_jspan span   = { .n = 0 };
    bool     good   = x->status >= 200 && x->status < 300;
    bool     parsed = good && dd_jspan_parse(&span, x->h->arena, body, NULL) == DD_OK && dd_jspan_kind(&span, 0) == DD_J_OBJECT;
    if (parsed && x->stream && !x->collected.over && answer_as_stream(x, &span))
        return;
    x->first_at     = x->head_at;
    if (x->to == x->ep.dialect) {
        answer_same(x, body, &span, parsed);
    } else if (!good) {
        answer_error(x, body);
    } else if (!parsed || x->collected.over) {
        x->failure = DD_EC_UPSTREAM;
        fail_request(x, 502, "server_error", "bad_upstream_answer", "", "the provider answered %s",
                     x->collected.over ? "with more than can be translated" : "with what is no JSON");
        exchange_error(x);
    } else {
        answer_across(x, &span);
    }
}

/* --- the call's end --- */

static void fail_call(exchange *x, dd_call_end end, const char *why)
{
    static const struct { int status; dd_error_class class; const char *text; } ends[] = {
        [DD_CALL_OK]              = { 502, DD_EC_UPSTREAM, "sent an event that is too long" },
        [DD_CALL_CONNECT]         = { 502, DD_EC_CONNECT, "could not be reached" },
        [DD_CALL_RESET]           = { 502, DD_EC_RESET, "closed the connection before its answer was whole" },
        [DD_CALL_TIMEOUT_CONNECT] = { 504, DD_EC_TIMEOUT, "did not take the connection in time" },
        [DD_CALL_TIMEOUT_FIRST]   = { 504, DD_EC_TIMEOUT, "did not begin to answer in time" },
        [DD_CALL_TIMEOUT_IDLE]    = { 504, DD_EC_TIMEOUT, "stopped in the midst of its answer" },
        [DD_CALL_TIMEOUT_TOTAL]   = { 504, DD_EC_TIMEOUT, "did not finish its answer in time" },
        [DD_CALL_PROTOCOL]        = { 502, DD_EC_UPSTREAM, "sent what is no HTTP answer" },
        [DD_CALL_CANCELLED]       = { 502, DD_EC_INTERNAL, "was given up" },
    };
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    x->failure = ends[end].class;
    fail_request(x, ends[end].status, ends[end].status == 504 ? "timeout_error" : "server_error",
                 end == DD_CALL_CONNECT ? "upstream_unreachable" : "upstream_error", "",
                 "the provider \"" DD_STR_FMT "\" %s%s", DD_STR_ARG(x->provider->name), ends[end].text,
                 x->s->policy.dev_mode && end == DD_CALL_CONNECT ? ": start it with `ollama serve`, or say in dev.base_url where it is" : "");
    if (hooks->log) {
        dd_str line = dd_arena_printf(x->h->arena, "%s provider " DD_STR_FMT " %s: %s", x->id_text, DD_STR_ARG(x->provider->name), ends[end].text, why);
        hooks->log(hooks->ctx, 1, line.ptr);
    }
}

/* A stream that breaks off says so in the client's own shape; never a silent end (P13). The event that it broke off in is left out: behind a part of a line the error would
 * not be read. */
static void break_stream(exchange *x)
{
    if (x->failure == DD_EC_NONE)
        x->failure = DD_EC_TRUNCATED;
    if (x->strip)
        dd_usage_strip_end(x->strip, &x->w->out);
    if (x->guard.through)
        dd_buf_addz(&x->w->out, "\n\n");
    dd_error_event(client_dialect(x), &x->error, dd_str_z(x->id_text), &x->w->out);
    send_out(x);
    finish(x, x->status, true);
}

static void stream_ends(exchange *x, dd_call_end end, const char *why)
{
    bool told = x->failure != DD_EC_NONE;    /* the provider said in its stream what went wrong */
    bool over = x->reader && dd_stream_reader_facts(x->reader).ended;   /* all was said: how the connection ends does not matter */
    if (x->reader && (end == DD_CALL_OK || over || told)) {
        dd_sse_finish(&x->sse, watch_sse, x);
        bool whole = dd_stream_read_end(x->reader, watch_event, x);
        if (x->writer || whole || told) {    /* a writer has written the error event itself */
            if (!whole && !told)
                x->failure = DD_EC_TRUNCATED;
            relay_rest(x);
            finish(x, x->status, true);
            return;
        }
        x->failure = DD_EC_NONE;
        end        = DD_CALL_RESET;
    }
    fail_call(x, end, why);
    if (x->writer) {
        dd_stream_event e = { .kind = DD_SE_ERROR, .error = x->error };
        dd_stream_write(x->writer, &e, &x->w->out);
        send_out(x);
        finish(x, x->status, true);
    } else {
        break_stream(x);
    }
}

static void on_done(void *ctx, dd_call_end end, const char *why)
{
    exchange *x = ctx;
    x->call     = NULL;
    x->last_at  = dd_mono_now().ns;
    switch (x->state) {
    case EX_collect:
        if (end == DD_CALL_OK) {
            answer_whole(x);
            return;
        }
        break;
    case EX_relay:
    case EX_convert:
        if (x->reader || x->writer) {
            stream_ends(x, end, why);
        } else if (end == DD_CALL_OK) {
            relay_rest(x);
            finish(x, x->status, true);
        } else {                             /* a body of any kind: only a cut tells the client that it is not whole */
            fail_call(x, end, why);
            finish(x, x->status, false);
        }
        return;
    default: break;
    }
    fail_call(x, end, why);
    exchange_error(x);
}

static dd_str upstream_path(const exchange *x)
{
    bool generate = x->ep.kind == EP_GENERATE;
    if (generate && x->to == DD_DIALECT_MESSAGES)
        return DD_STR("/messages");
    return generate && x->to == DD_DIALECT_CHAT ? DD_STR("/chat/completions") : x->ep.path;
}

static void start_call(exchange *x)
{
    dd_buf       url = DD_BUF_INIT(16 << 10);
    dd_err       err = DD_ERR_INIT;
    dd_provider *p   = x->provider;
    dd_provider_url(p, upstream_path(x), x->decision.model, x->to == x->ep.dialect ? x->h->query : DD_STR(""), &url);
    dd_call_opts o = { .method = x->ep.kind == EP_GENERATE ? "POST" : dd_arena_dup(x->h->arena, x->h->method).ptr, .url = dd_buf_z(&url),
                       .headers = x->up_headers, .n_headers = x->n_up_headers,
                       .body = x->up_body, .connect_ms = p->connect_ms, .first_ms = p->first_ms, .idle_ms = p->idle_ms, .total_ms = p->total_ms,
                       .stream = x->stream,
                       .insecure = p->insecure, .head = on_head, .data = on_data, .done = on_done, .ctx = x };
    dd_stage_enter(DD_STAGE_upstream);
    x->call_at = dd_mono_now().ns;
    x->call    = url.over ? (dd_fail(&err, DD_ERR_LIMIT, "the URL is too long"), NULL) : dd_client_start(x->w->client, &o, &err);
    dd_buf_free(&url);
    if (!x->call) {
        fail_request(x, 502, "server_error", "bad_provider_url", "", "%s", err.msg);
        exchange_error(x);
        return;
    }
    move(x, EX_await_head);
}

void exchange_serve(exchange *x)
{
    x->auth_at = dd_loop_now(x->w->loop).ns;
    dd_stage_enter(DD_STAGE_route);
    bool ok = true;
    switch (x->ep.kind) {
    case EP_MODELS: endpoint_models(x); return;
    case EP_GENERATE: ok = prepare_generate(x); break;
    case EP_COUNT_TOKENS:
        ok = prepare_generate(x);
        if (ok && x->to != DD_DIALECT_MESSAGES) {
            endpoint_count_tokens(x);
            return;
        }
        break;
    default: ok = prepare_pass(x); break;
    }
    if (ok)
        start_call(x);
    else
        exchange_error(x);
}

/* --- the server's callbacks --- */

static void preflight(exchange *x)
{
    header_list l    = head_new(x);
    dd_str      asks = dd_http_header(x->h, "access-control-request-headers");
    head_cors(&l, x);
    if (l.n) {
        head_add(&l, "access-control-allow-methods", DD_STR("GET, POST, PUT, PATCH, DELETE, OPTIONS"));
        head_add(&l, "access-control-allow-headers", asks.len ? asks : DD_STR("*"));
        head_add(&l, "access-control-max-age", DD_STR("600"));
    }
    head_add(&l, "allow", DD_STR("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    dd_http_head(x->h, 204, l.v, l.n, 0);
    finish(x, 204, true);
}

void exchange_request(void *ctx, dd_http *h)
{
    worker   *w = ctx;
    exchange *x = dd_new(h->arena, exchange);
    *x = (exchange){ .w = w, .h = h, .s = dd_snapshot_hold(w->snapshot), .ep = endpoint_find(h), .usage.usage = { 0 },
                     .bill = { DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN }, .collected = DD_BUF_INIT(0) };
    h->app = x;
    name_request(x);
    if (dd_str_eqz(h->method, "OPTIONS"))
        preflight(x);
    else if (x->ep.kind == EP_HEALTH || x->ep.kind == EP_READY)
        endpoint_health(x, x->ep.kind == EP_READY);
    else if (x->ep.kind == EP_UNKNOWN) {
        fail_request(x, 404, "invalid_request_error", "unknown_url", "", "there is nothing at " DD_STR_FMT " " DD_STR_FMT, DD_STR_ARG(h->method),
                     DD_STR_ARG(h->path));
        exchange_error(x);
    } else
        exchange_authenticate(x);
}

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
    move(x, EX_finished);
    settle_record(x, 499);
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
