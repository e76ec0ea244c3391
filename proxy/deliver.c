/* proxy/deliver.c - how a provider's answer reaches the client.
 *
 * In one of three ways: collected (it must be whole to be priced, checked or translated), relayed (bytes as they come) or converted (a stream in another
 * dialect). Where another attempt could follow, a stream is held until its first content: what fails before that the client never sees (P12). */
#include "proxy/exchange.h"

enum { OUT_KEPT = 64 << 10 };   /* of the buffer that streams share */

void deliver_reset(exchange *x)
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
    x->reader   = NULL;
    x->writer   = NULL;
    x->strip    = NULL;
    x->sse_open = false;
}

/* --- relay: bytes as they come, watched for what they say of tokens --- */

static void watch_event(void *ctx, const dd_stream_event *e)
{
    exchange *x = ctx;
    if (!x->first_at && (e->kind == DD_SE_TEXT || e->kind == DD_SE_THINKING || e->kind == DD_SE_TOOL || e->kind == DD_SE_REFUSAL))
        x->first_at = dd_loop_now(x->w->loop).ns;
    x->called = x->called || e->kind == DD_SE_TOOL;
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

/* All that the client is given of a stream goes through here. */
static void give(exchange *x, dd_str bytes)
{
    if (x->keeping)
        keep_body(x, DD_STR("text/event-stream; charset=utf-8"), bytes);
    if (dd_http_data(x->h, bytes))
        x->held = true;
}

static void send_out(exchange *x)
{
    dd_buf *out = &x->w->out;
    if (out->len)
        give(x, dd_buf_str(out));
    if (out->cap > OUT_KEPT)
        dd_buf_free(out);
    else
        dd_buf_clear(out);
}

static void relay_head(exchange *x)
{
    dd_arena_mark mark = dd_arena_here(&x->w->scratch);
    header_list   l    = head_brief(x);
    head_ours(&l, x);
    head_theirs(&l, x, true);
    bool changed = x->event_stream;          /* the strip, or the guard, may shorten it */
    dd_http_head(x->h, x->status, l.v, l.n, changed ? -1 : x->length);
    dd_arena_back(&x->w->scratch, mark);
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
    dd_arena_mark mark = dd_arena_here(&x->w->scratch);
    header_list   l    = head_brief(x);
    head_add(&l, "content-type", DD_STR("text/event-stream; charset=utf-8"));
    head_add(&l, "cache-control", DD_STR("no-cache"));
    head_ours(&l, x);
    head_theirs(&l, x, false);
    dd_http_head(x->h, x->status, l.v, l.n, -1);
    dd_arena_back(&x->w->scratch, mark);
    dd_http_flush(x->h);
}

static void open_writer(exchange *x)
{
    x->facts = (dd_answer_facts){ .model = DD_STR_NULL, .include_usage = x->asked_usage, .request = x->request, .now = worker_wall_ms(x->w) / 1000,
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
    } else if (bytes.len) {
        give(x, bytes);
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
void deliver_rest(exchange *x)
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

/* A stream begins: the client gets its head, and from now on what comes. */
static void begin_stream(exchange *x)
{
    bool across = x->to != x->ep.dialect;
    open_stream(x);
    attempt_contented(x);
    if (across) {
        stream_head(x);
        open_writer(x);
    } else {
        if (x->ask_usage)
            x->strip = dd_usage_strip_new();
        relay_head(x);
    }
    exchange_move(x, across ? EX_convert : EX_relay);
}

static void stream_data(exchange *x, dd_str bytes)
{
    if (x->state == EX_convert) {
        watch_bytes(x, bytes);
        send_out(x);
    } else {
        relay_data(x, bytes);
    }
}

void deliver_head(void *ctx, int status, const dd_header *headers, size_t n)
{
    exchange *x = ctx;
    x->status   = status;
    x->head_at  = dd_mono_now().ns;
    keep_headers(x, headers, n);
    bool good = status >= 200 && status < 300, across = x->to != x->ep.dialect, generate = x->ep.kind == EP_GENERATE;
    if (generate && good && x->event_stream) {
        if (!attempt_may_follow(x)) {
            begin_stream(x);
            return;
        }
        open_stream(x);
        exchange_move(x, EX_hold);
    } else if (((generate && (x->json || across)) || (status >= 400 && !dd_str_eqz(x->h->method, "HEAD"))) &&
               (across || x->length <= x->s->body_max)) {   /* an error is looked through for keys */
        x->collected.max = (size_t)x->s->body_max;
        if (x->length > 0 && x->length < 1 << 20)
            dd_buf_reserve(&x->collected, (size_t)x->length);
        exchange_move(x, EX_collect);
    } else {
        attempt_contented(x);
        relay_head(x);
        exchange_move(x, EX_relay);
    }
}

/* What was held is the answer after all: the stream begins, with all that came. */
static void let_go(exchange *x)
{
    dd_buf held  = x->collected;
    x->collected = (dd_buf)DD_BUF_INIT(0);
    dd_stream_reader_free(x->reader);
    dd_sse_fini(&x->sse);
    x->reader   = NULL;
    x->sse_open = false;
    begin_stream(x);
    stream_data(x, dd_buf_str(&held));
    dd_buf_free(&held);
}

static void hold_data(exchange *x, dd_str bytes)
{
    enum { MOST = 1 << 20 };            /* of events without content */
    dd_buf_add(&x->collected, bytes);
    watch_bytes(x, bytes);
    if (x->failure != DD_EC_NONE) {
        dd_failure f = { x->failure, x->status, -1 };
        if (attempt_failed(x, &f))
            return;
        if (x->first && x->step > 0) {
            attempt_drop_call(x);
            deliver_failure(x);
        } else {
            x->failure = DD_EC_NONE;     /* the stream tells it itself */
            let_go(x);
        }
    } else if (x->first_at || !x->reader || x->collected.len > MOST) {
        let_go(x);
    }
}

void deliver_held(exchange *x)
{
    dd_sse_finish(&x->sse, watch_sse, x);
    bool whole = x->reader && dd_stream_read_end(x->reader, watch_event, x);
    if (whole || !x->reader) {
        let_go(x);
        deliver_stream_end(x, DD_CALL_OK, "");
        return;
    }
    if (x->failure == DD_EC_NONE || x->failure == DD_EC_UPSTREAM)
        attempt_fail_call(x, DD_CALL_RESET, "the stream ended before its first content");
    dd_failure f = { x->failure, x->status, -1 };
    if (!attempt_failed(x, &f))
        deliver_failure(x);
}

/* Larger than what is kept: it goes through unpriced, and says so by having no cost. */
static void collect_overflows(exchange *x, dd_str bytes)
{
    attempt_contented(x);
    relay_head(x);
    exchange_move(x, EX_relay);
    x->held = dd_http_data(x->h, dd_buf_str(&x->collected));
    x->held = dd_http_data(x->h, bytes) || x->held;
    dd_buf_free(&x->collected);
}

bool deliver_data(void *ctx, dd_str bytes)
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
    case EX_hold: hold_data(x, bytes); break;
    case EX_relay:
    case EX_convert: stream_data(x, bytes); break;
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
    if (x->ep.omni && x->status < 300) {
        omni_reply(x, body);
        return;
    }
    header_list l = head_new(x, 0);
    head_ours(&l, x);
    head_money(&l, x, "x-dd0c-cost", x->bill.actual);
    head_money(&l, x, "x-dd0c-saved", x->bill.saved);
    head_theirs(&l, x, true);
    if (x->keeping)
        keep_body(x, DD_STR("application/json"), body);
    dd_http_head(x->h, x->status, l.v, l.n, (int64_t)body.len);
    dd_http_data(x->h, body);
    exchange_finish(x, x->status, true);
}

static void answer_error(exchange *x, dd_str body)
{
    header_list l   = head_new(x, 0);
    dd_buf      out = DD_BUF_INIT(0);
    dd_error_read(x->status, settle_redacted(x, body), x->h->arena, &x->error);
    dd_error_write(exchange_dialect(x), &x->error, dd_str_z(x->id_text), &out);
    int status = dd_error_status(exchange_dialect(x), &x->error);
    head_add(&l, "content-type", DD_STR("application/json"));
    head_ours(&l, x);
    head_theirs(&l, x, false);
    if (x->error.no_retry)
        head_add(&l, "x-should-retry", DD_STR("false"));
    dd_http_head(x->h, status, l.v, l.n, (int64_t)out.len);
    dd_http_data(x->h, dd_buf_str(&out));
    dd_buf_free(&out);
    exchange_finish(x, status, true);
}

/* 200, and no answer: x->error says what was wrong with it. */
static void bad_answer(exchange *x)
{
    dd_failure f = { DD_EC_UPSTREAM, x->status, -1 };
    x->status    = 0;                        /* what came is not passed on */
    x->failure   = DD_EC_UPSTREAM;
    if (!attempt_failed(x, &f))
        deliver_failure(x);
}

static void answer_across(exchange *x, dd_jspan *span)
{
    header_list     l      = head_new(x, 0);
    dd_buf          out    = DD_BUF_INIT(0);
    dd_answer       answer = { 0 };
    dd_dialect_ctx  ctx    = { .arena = x->h->arena, .drops = &x->drops, .unsupported = x->s->unsupported, .names = &x->names, .ids = &x->ids,
                               .error = &x->error };
    dd_answer_facts facts  = { .request = x->request, .now = worker_wall_ms(x->w) / 1000, .new_id = dd_str_z(x->id_text + 4),
                               .request_id = dd_str_z(x->id_text) };
    if (!dd_answer_read(x->to, span, &ctx, &answer) || !dd_answer_write(x->ep.dialect, &answer, &facts, &ctx, &out)) {
        dd_buf_free(&out);
        x->failure = DD_EC_UPSTREAM;
        settle_redact_error(x, &x->error);
        if (!x->error.status)                /* else the provider's own words */
            fail_request(x, 502, "server_error", "bad_upstream_answer", "", "the provider's answer could not be understood");
        bad_answer(x);
        return;
    }
    x->usage = answer.usage;
    x->stop  = answer.stop;
    settle_answer(x, span);
    if (x->ep.omni) {
        omni_reply(x, dd_arena_dup(x->h->arena, dd_buf_str(&out)));
        dd_buf_free(&out);
        return;
    }
    if (x->keeping)
        keep_body(x, DD_STR("application/json"), dd_buf_str(&out));
    head_add(&l, "content-type", DD_STR("application/json"));
    head_ours(&l, x);
    head_money(&l, x, "x-dd0c-cost", x->bill.actual);
    head_money(&l, x, "x-dd0c-saved", x->bill.saved);
    head_theirs(&l, x, false);
    dd_http_head(x->h, x->status, l.v, l.n, (int64_t)out.len);
    dd_http_data(x->h, dd_buf_str(&out));
    dd_buf_free(&out);
    exchange_finish(x, x->status, true);
}

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
        else if (x->ask_usage || (!x->up_stream && !x->asked_usage))
            x->strip = dd_usage_strip_new();
        exchange_move(x, across ? EX_convert : EX_relay);
        if (across)
            watch_bytes(x, dd_buf_str(&events));
        else
            relay_data(x, dd_buf_str(&events));
        deliver_stream_end(x, DD_CALL_OK, "");
    }
    dd_buf_free(&events);
    return can;
}

/* A refusal's class: what its body says is more than its status. */
static dd_error_class refusal_class(exchange *x, dd_str body)
{
    static const struct { const char *code; dd_error_class class; } codes[] = {
        { "context_length_exceeded", DD_EC_CONTEXT }, { "content_filter", DD_EC_CONTENT }, { "content_policy_violation", DD_EC_CONTENT },
        { "model_not_found", DD_EC_NOT_FOUND }, { "insufficient_quota", DD_EC_BUDGET },
    };
    dd_api_error e = { 0 };
    if (x->status < 500)
        dd_error_read(x->status, body, x->h->arena, &e);
    for (size_t i = 0; i < DD_COUNT(codes); i++)
        if (dd_str_eqz(e.code, codes[i].code) && !(codes[i].class == DD_EC_BUDGET && x->status == 429 && x->provider->n_keys < 2))
            return codes[i].class;
    return settle_class(x->status);
}

static int64_t retry_after(const exchange *x)
{
    dd_str ms = DD_STR(""), s = DD_STR("");
    for (size_t i = 0; i < x->n_headers; i++) {
        if (dd_str_eqz(x->headers[i].name, "retry-after-ms"))
            ms = x->headers[i].value;
        else if (dd_str_eqz(x->headers[i].name, "retry-after"))
            s = x->headers[i].value;
    }
    return ms.len || s.len ? dd_retry_after(ms, s, worker_wall_ms(x->w) / 1000) : -1;
}

void deliver_failure(exchange *x)
{
    dd_jspan none = { .n = 0 };
    if (attempt_rescue(x))
        deliver_whole(x);
    else if (x->status < 300)
        exchange_error(x);
    else if (x->to == x->ep.dialect)
        answer_same(x, dd_buf_str(&x->collected), &none, false);
    else
        answer_error(x, dd_buf_str(&x->collected));
}

static void refused(exchange *x, dd_str body)
{
    x->failure   = refusal_class(x, body);
    dd_failure f = { x->failure, x->status, retry_after(x) };
    if (!attempt_failed(x, &f))
        deliver_failure(x);
}

void deliver_whole(exchange *x)
{
    dd_str   body   = dd_buf_str(&x->collected);
    dd_jspan span   = { .n = 0 };
    bool     good   = x->status >= 200 && x->status < 300;
    bool     parsed = good && dd_jspan_parse(&span, x->h->arena, body, NULL) == DD_OK && dd_jspan_kind(&span, 0) == DD_J_OBJECT;
    if (good && attempt_is_checked(x) && check_rejects(x, parsed ? &span : NULL))
        return;
    if (parsed && x->stream && !x->collected.over && answer_as_stream(x, &span))
        return;
    x->first_at     = x->head_at;
    if (!good) {
        refused(x, body);
    } else if (x->to == x->ep.dialect && (parsed || !attempt_may_follow(x))) {
        answer_same(x, body, &span, parsed);
    } else if (!parsed || x->collected.over) {
        fail_request(x, 502, "server_error", "bad_upstream_answer", "", "the provider answered %s",
                     x->collected.over ? "with more than can be translated" : "with what is no JSON");
        bad_answer(x);
    } else {
        answer_across(x, &span);
    }
}

/* --- the end of a stream --- */

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
    dd_error_event(exchange_dialect(x), &x->error, dd_str_z(x->id_text), &x->w->out);
    send_out(x);
    exchange_finish(x, x->status, true);
}

void deliver_stream_end(exchange *x, dd_call_end end, const char *why)
{
    bool told = x->failure != DD_EC_NONE;    /* the provider said in its stream what went wrong */
    bool over = x->reader && dd_stream_reader_facts(x->reader).ended;   /* all was said: how the connection ends does not matter */
    if (x->reader && (end == DD_CALL_OK || over || told)) {
        dd_sse_finish(&x->sse, watch_sse, x);
        bool whole = dd_stream_read_end(x->reader, watch_event, x);
        if (x->writer || whole || told) {    /* a writer has written the error event itself */
            if (!whole && !told)
                x->failure = DD_EC_TRUNCATED;
            deliver_rest(x);
            exchange_finish(x, x->status, true);
            return;
        }
        x->failure = DD_EC_NONE;
        end        = DD_CALL_RESET;
    }
    attempt_fail_call(x, end, why);
    if (x->writer) {
        dd_stream_event e = { .kind = DD_SE_ERROR, .error = x->error };
        dd_stream_write(x->writer, &e, &x->w->out);
        send_out(x);
        exchange_finish(x, x->status, true);
    } else {
        break_stream(x);
    }
}

