/* Streams: what all readers and all writers do. */
#include "proxy/dialect/stream.h"

/* --- JSON in pieces --- */

static void watch_byte(dd_json_watch *w, char c)
{
    if (w->string) {
        if (w->escape)
            w->escape = false;
        else if (c == '\\')
            w->escape = true;
        else if (c == '"')
            w->string = false;
    } else if (c == '"')
        w->string = true;
    else if (c == '{' || c == '[')
        w->depth++;
    else if (c == '}' || c == ']')
        w->depth--;
    if (c != ' ' && c != '\n')
        w->started = true;
    w->whole = w->started && !w->string && w->depth <= 0;
}

void dd_json_watch_inside(dd_json_watch *w, dd_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '\\' && i + 1 < s.len) { /* only these two matter; \u0022 too */
            c = s.ptr[++i];
            if (c == 'u' && i + 4 < s.len) {
                c = memcmp(s.ptr + i + 1, "0022", 4) == 0 ? '"' : strncasecmp(s.ptr + i + 1, "005c", 4) == 0 ? '\\' : 'x';
                i += 4;
            } else if (c != '"' && c != '\\')
                c = c == 'n' || c == 'r' || c == 't' ? ' ' : 'x';
        }
        watch_byte(w, c);
    }
}

/* --- readers: events --- */

static void emit(dd_stream_reader *r, const dd_stream_event *e)
{
    if (r->over)
        return;
    switch (e->kind) {
    case DD_SE_TEXT:
    case DD_SE_THINKING:
    case DD_SE_REFUSAL:
    case DD_SE_TOOL_ARGS: r->facts.output_bytes += (int64_t)e->text.len; r->facts.content = true; break;
    case DD_SE_TOOL: r->facts.output_bytes += (int64_t)e->name.len; r->facts.content = true; break;
    case DD_SE_USAGE: r->facts.usage = e->usage; break;
    case DD_SE_STOP: r->facts.stop = e->stop; break;
    case DD_SE_ERROR: r->facts.failed = r->over = true; break;
    case DD_SE_END: r->facts.ended = r->over = true; break;
    default: break;
    }
    r->fn(r->ctx, e);
}

dd_str dd_sr_inside(dd_stream_reader *r, uint32_t object, const char *name)
{
    return dd_jspan_inside(r->j, dd_jspan_member(r->j, object, name, NULL));
}

void dd_sr_start(dd_stream_reader *r, uint32_t object, const char *created)
{
    dd_stream_event e = { .kind = DD_SE_START };
    if (r->started)
        return;
    r->started           = true;
    e.id                 = dd_sr_inside(r, object, "id");
    e.model              = dd_sr_inside(r, object, "model");
    e.system_fingerprint = dd_sr_inside(r, object, "system_fingerprint");
    e.service_tier       = dd_sr_inside(r, object, "service_tier");
    if (!e.service_tier.len) /* messages */
        e.service_tier = dd_sr_inside(r, dd_jspan_member(r->j, object, "usage", NULL), "service_tier");
    e.usage              = r->facts.usage;
    if (!created || !dd_jspan_i64(r->j, dd_jspan_member(r->j, object, created, NULL), &e.created) || e.created < 0)
        e.created = 0;
    emit(r, &e);
}

void dd_sr_text(dd_stream_reader *r, dd_se_kind kind, dd_str text)
{
    if (!text.len)
        return;
    dd_sr_start(r, DD_J_NONE, NULL);
    emit(r, &(dd_stream_event){ .kind = kind, .text = text });
}

void dd_sr_signature(dd_stream_reader *r, dd_str text, bool redacted, dd_dialect signed_by)
{
    if (!text.len)
        return;
    dd_sr_start(r, DD_J_NONE, NULL);
    emit(r, &(dd_stream_event){ .kind = DD_SE_SIGNATURE, .text = text, .redacted = redacted, .signed_by = signed_by });
}

void dd_sr_other(dd_stream_reader *r, dd_str name) { emit(r, &(dd_stream_event){ .kind = DD_SE_OTHER, .name = name }); }

void dd_sr_again(dd_stream_reader *r)
{
    if (!r->facts.ended)
        return;
    dd_usage_report now = dd_usage_settle(r->from, &r->raw);
    r->before           = dd_usage_add(&now, &r->before);
    r->raw              = (dd_usage_raw)DD_USAGE_RAW_INIT;
    r->facts.ended      = false;
    r->facts.stop       = DD_STOP_NONE;
    r->seen.n           = 0;
    dd_sr_calls_end(r, false);
}

void dd_sr_usage(dd_stream_reader *r, uint32_t usage)
{
    if (!dd_usage_take(r->from, r->j, usage, &r->raw))
        return;
    dd_usage_report now = dd_usage_settle(r->from, &r->raw);
    emit(r, &(dd_stream_event){ .kind = DD_SE_USAGE, .usage = dd_usage_add(&now, &r->before) });
}

void dd_sr_stop(dd_stream_reader *r, dd_stop stop)
{
    if (stop != DD_STOP_NONE)
        r->facts.stop = stop;
}

void dd_sr_error(dd_stream_reader *r, uint32_t error)
{
    dd_stream_event e = { .kind = DD_SE_ERROR };
    dd_error_object(r->j, error, r->scratch, &e.error);
    emit(r, &e);
}

void dd_sr_fail(dd_stream_reader *r, const char *message)
{
    emit(r, &(dd_stream_event){ .kind = DD_SE_ERROR, .error = { .status = 502, .type = DD_STR("server_error"), .message = dd_str_z(message) } });
}

void dd_sr_finish(dd_stream_reader *r)
{
    if (r->over)
        return;
    if (!r->started || r->facts.stop == DD_STOP_ERROR) {
        dd_sr_fail(r, r->started ? "the provider ended its answer with an error" : "the provider's stream ended before it began");
        return;
    }
    dd_sr_calls_end(r, false);
    dd_stop stop = r->facts.stop;
    if (stop == DD_STOP_NONE || stop == DD_STOP_END)
        stop = r->n_tools ? DD_STOP_TOOLS : DD_STOP_END;
    emit(r, &(dd_stream_event){ .kind = DD_SE_STOP, .stop = stop, .stop_sequence = dd_buf_str(&r->stop_sequence) });
    emit(r, &(dd_stream_event){ .kind = DD_SE_END });
}

/* --- readers: tool calls --- */

dd_stream_call *dd_sr_call_open(dd_stream_reader *r, int64_t key)
{
    for (size_t i = r->calls.n; i > 0; i--)
        if (r->calls.v[i - 1].key == key && !r->calls.v[i - 1].ended)
            return &r->calls.v[i - 1];
    return NULL;
}

dd_stream_call *dd_sr_call_new(dd_stream_reader *r, int64_t key)
{
    if (r->calls.n >= DD_STREAM_CALLS) {
        dd_sr_fail(r, "the provider's answer has too many tool calls");
        return NULL;
    }
    dd_stream_call c = { .key = key, .tool = -1, .id = DD_BUF_INIT(64 << 10), .held = DD_BUF_INIT(DD_STREAM_HELD) };
    dd_vec_push(&r->calls, c);
    return &r->calls.v[r->calls.n - 1];
}

void dd_sr_call_announce(dd_stream_reader *r, dd_stream_call *c, dd_str id, dd_str name)
{
    if (c->tool >= 0)
        return;
    dd_sr_start(r, DD_J_NONE, NULL);
    c->tool = r->n_tools++;
    emit(r, &(dd_stream_event){ .kind = DD_SE_TOOL, .tool = c->tool, .id = id, .name = name, .custom = c->custom });
    if (c->held.len && c->any) {
        emit(r, &(dd_stream_event){ .kind = DD_SE_TOOL_ARGS, .tool = c->tool, .text = dd_buf_str(&c->held) });
        dd_buf_free(&c->held);
    }
}

void dd_sr_call_args(dd_stream_reader *r, dd_stream_call *c, dd_str inside)
{
    if (!inside.len || c->ended)
        return;
    if (!c->any)
        dd_buf_clear(&c->held); /* a value given at the start, and now in pieces */
    c->any = true;
    if (!c->watch.whole || !dd_jtext_blank(inside))
        dd_json_watch_inside(&c->watch, inside);
    if (c->tool >= 0) {
        emit(r, &(dd_stream_event){ .kind = DD_SE_TOOL_ARGS, .tool = c->tool, .text = inside });
        return;
    }
    dd_buf_add(&c->held, inside);
    if (c->held.over)
        dd_sr_fail(r, "the provider's tool call has no name");
}

void dd_sr_call_value(dd_stream_reader *r, dd_stream_call *c, uint32_t value)
{
    dd_jkind kind = dd_jspan_kind(r->j, value);
    if (kind == DD_J_STRING) {
        dd_sr_call_args(r, c, dd_jspan_inside(r->j, value));
        return;
    }
    if (kind == DD_J_NULL)
        return;
    dd_buf text = DD_BUF_INIT(0);
    dd_jtext_escape(&text, dd_jspan_raw(r->j, value));
    dd_sr_call_args(r, c, dd_buf_str(&text));
    dd_buf_free(&text);
}

void dd_sr_call_end(dd_stream_reader *r, dd_stream_call *c)
{
    if (c->ended)
        return;
    dd_sr_call_announce(r, c, dd_buf_str(&c->id), DD_STR(""));
    if (!c->any && !c->custom)
        emit(r, &(dd_stream_event){ .kind = DD_SE_TOOL_ARGS, .tool = c->tool, .text = c->held.len ? dd_buf_str(&c->held) : DD_STR("{}") });
    emit(r, &(dd_stream_event){ .kind = DD_SE_TOOL_END, .tool = c->tool });
    c->ended = true;
    dd_buf_free(&c->held);
    dd_buf_free(&c->id);
}

void dd_sr_calls_end(dd_stream_reader *r, bool whole_only)
{
    for (size_t i = 0; i < r->calls.n; i++) {
        dd_stream_call *c = &r->calls.v[i];
        if (!c->ended && (!whole_only || (c->watch.whole && c->tool >= 0)))
            dd_sr_call_end(r, c);
    }
}

/* --- readers --- */

dd_stream_reader *dd_stream_reader_new(dd_dialect from, dd_arena *arena)
{
    dd_stream_reader *r = dd_new(arena, dd_stream_reader);
    r->from             = from;
    r->raw              = (dd_usage_raw)DD_USAGE_RAW_INIT;
    r->scratch          = &r->own;
    r->stop_sequence    = (dd_buf)DD_BUF_INIT(64 << 10);
    r->facts.usage      = dd_usage_settle(from, &r->raw);
    r->before           = r->facts.usage;
    return r;
}

void dd_stream_reader_share(dd_stream_reader *r, dd_arena *scratch) { r->scratch = scratch; }

static void read_json(dd_stream_reader *r, dd_str name, dd_str data)
{
    dd_jspan j;
    dd_err   err;
    if (dd_jspan_parse(&j, r->scratch, data, &err) != DD_OK) {
        dd_sr_fail(r, "the provider sent an event that is not JSON");
        return;
    }
    if (dd_jspan_kind(&j, 0) != DD_J_OBJECT)
        return;
    r->j = &j;
    if (r->from == DD_DIALECT_MESSAGES)
        dd_stream_read_messages(r);
    else if (r->from == DD_DIALECT_RESPONSES)
        dd_stream_read_responses(r);
    else
        dd_stream_read_chat(r);
    if (!r->over && dd_str_eqz(name, "error")) { /* one that says nothing known */
        uint32_t inner = dd_jspan_member(&j, 0, "error", NULL);
        dd_sr_error(r, dd_jspan_kind(&j, inner) == DD_J_NULL ? 0 : inner);
    }
    r->j = NULL;
}

void dd_stream_read(dd_stream_reader *r, dd_str name, dd_str data, dd_stream_fn *fn, void *ctx)
{
    data = dd_str_trim(data);
    if (r->over || !data.len)
        return;
    r->fn  = fn;
    r->ctx = ctx;
    if (!dd_str_eqz(data, "[DONE]")) {
        dd_arena_mark here = dd_arena_here(r->scratch);
        read_json(r, name, data);
        dd_arena_back(r->scratch, here);
    } else if (r->from == DD_DIALECT_CHAT || r->from == DD_DIALECT_COMPLETIONS)
        dd_sr_finish(r);
}

bool dd_stream_read_end(dd_stream_reader *r, dd_stream_fn *fn, void *ctx)
{
    r->fn  = fn;
    r->ctx = ctx;
    if (!r->over && (r->facts.ended || r->facts.stop != DD_STOP_NONE))
        dd_sr_finish(r);
    else if (!r->over)
        dd_sr_fail(r, r->started ? "the provider's stream was cut off" : "the provider's stream ended before it began");
    return !r->facts.failed;
}

dd_stream_facts dd_stream_reader_facts(const dd_stream_reader *r) { return r->facts; }

void dd_stream_reader_free(dd_stream_reader *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->calls.n; i++) {
        dd_buf_free(&r->calls.v[i].id);
        dd_buf_free(&r->calls.v[i].held);
    }
    dd_arena_fini(&r->own);
    dd_vec_free(&r->calls);
    dd_vec_free(&r->seen);
    dd_buf_free(&r->stop_sequence);
}

/* --- writers --- */

dd_stream_writer *dd_stream_writer_new(dd_dialect to, const dd_answer_facts *facts, dd_dialect_ctx *ctx)
{
    dd_stream_writer *w = dd_new(ctx->arena, dd_stream_writer);
    w->to               = to;
    w->facts            = *facts;
    w->ctx              = ctx;
    w->model            = facts->model;
    w->created          = facts->now;
    return w;
}

dd_stream_item *dd_sw_item(dd_stream_writer *w, dd_part_kind kind, int call)
{
    dd_stream_item item = { .kind = kind, .call = call, .index = -1 };
    dd_vec_push(&w->items, item);
    w->held += sizeof item;
    return &w->items.v[w->items.n - 1];
}

void dd_sw_fail(dd_stream_writer *w, const char *message)
{
    dd_stream_event e = { .kind = DD_SE_ERROR, .error = { .status = 502, .type = DD_STR("server_error"), .message = dd_str_z(message) } };
    dd_stream_write(w, &e, w->out);
}

bool dd_sw_hold(dd_stream_writer *w, dd_buf *b, dd_str text)
{
    w->held += text.len;
    if (w->held > DD_STREAM_HELD) {
        dd_sw_fail(w, "the provider's answer is too long to be translated");
        return false;
    }
    dd_buf_add(b, text);
    return true;
}

static void hand_on(dd_stream_writer *w, const dd_stream_event *e)
{
    if (w->over)
        return;
    switch (w->to) {
    case DD_DIALECT_CHAT: dd_stream_write_chat(w, e); break;
    case DD_DIALECT_MESSAGES: dd_stream_write_messages(w, e); break;
    case DD_DIALECT_RESPONSES: dd_stream_write_responses(w, e); break;
    default: break;
    }
}

static void start(dd_stream_writer *w, const dd_stream_event *e)
{
    static const char *const prefix[] = { [DD_DIALECT_CHAT] = "chatcmpl-", [DD_DIALECT_MESSAGES] = "msg_", [DD_DIALECT_RESPONSES] = "resp_" };
    dd_arena *arena = w->ctx->arena;
    if (w->started)
        return;
    w->started            = true;
    w->id                 = dd_answer_id(dd_arena_dup(arena, e->id), prefix[w->to], &w->facts, arena);
    w->service_tier       = dd_arena_dup(arena, e->service_tier);
    w->system_fingerprint = dd_arena_dup(arena, e->system_fingerprint);
    if (!w->model.len)
        w->model = dd_arena_dup(arena, e->model);
    if (e->created)
        w->created = e->created;
    if (e->usage.reported)
        w->usage = e->usage;
    hand_on(w, &(dd_stream_event){ .kind = DD_SE_START });
}

static void tool(dd_stream_writer *w, const dd_stream_event *e)
{
    dd_stream_called c = { .text = dd_is_schema_tool(w->ctx->names, e->name), .custom = e->custom };
    dd_stream_event  on = *e;
    if (!c.text) {
        c.out  = w->n_calls++;
        c.name = dd_arena_dup(w->ctx->arena, dd_restore(w->ctx->names, e->name));
        c.id   = dd_arena_dup(w->ctx->arena, dd_restore(w->ctx->ids, e->id));
        if (!c.id.len)
            c.id = dd_arena_printf(w->ctx->arena, "%s_" DD_STR_FMT "_%d", w->to == DD_DIALECT_MESSAGES ? "toolu" : "call",
                                   DD_STR_ARG(w->facts.new_id), c.out);
        on.id   = c.id;
        on.name = c.name;
        on.tool = c.out;
    }
    dd_vec_push(&w->called, c);
    if (!c.text)
        hand_on(w, &on);
}

static void of_tool(dd_stream_writer *w, const dd_stream_event *e)
{
    if (e->tool < 0 || (size_t)e->tool >= w->called.n)
        return;
    const dd_stream_called *c = &w->called.v[e->tool];
    dd_stream_event         on = *e;
    on.tool   = c->out;
    on.custom = c->custom;
    if (c->text)
        on.kind = DD_SE_TEXT;
    if (!c->text || e->kind == DD_SE_TOOL_ARGS)
        hand_on(w, &on);
}

void dd_stream_write(dd_stream_writer *w, const dd_stream_event *e, dd_buf *out)
{
    w->out = out;
    if (w->over)
        return;
    if (e->kind == DD_SE_START || e->kind == DD_SE_END || (e->kind >= DD_SE_TEXT && e->kind <= DD_SE_TOOL))
        start(w, e->kind == DD_SE_START ? e : &(dd_stream_event){ .kind = DD_SE_START });
    switch (e->kind) {
    case DD_SE_START: return;
    case DD_SE_TOOL: tool(w, e); return;
    case DD_SE_TOOL_ARGS:
    case DD_SE_TOOL_END: of_tool(w, e); return;
    case DD_SE_USAGE: w->usage = e->usage; return;
    case DD_SE_OTHER: dd_drop(w->ctx->drops, w->ctx->arena, DD_STR_FMT, DD_STR_ARG(e->name)); return;
    case DD_SE_STOP:
        w->stop          = e->stop;
        w->stop_sequence = dd_arena_dup(w->ctx->arena, e->stop_sequence);
        return;
    case DD_SE_REFUSAL: w->refused = true; break;
    default: break;
    }
    hand_on(w, e);
    if (e->kind == DD_SE_ERROR || e->kind == DD_SE_END)
        w->over = true;
}

void dd_stream_writer_free(dd_stream_writer *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->items.n; i++) {
        dd_buf_free(&w->items.v[i].text);
        dd_buf_free(&w->items.v[i].more);
    }
    dd_vec_free(&w->items);
    dd_vec_free(&w->called);
}
