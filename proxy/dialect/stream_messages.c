/* Streams of messages: one block after the other, each opened and closed once.
 *
 * Where a provider's pieces interleave (two calls at a time), the first that is open goes out as it comes and the others wait: a block cannot
 * be opened twice. */
#include "proxy/dialect/stream.h"

/* --- reading --- */

static uint32_t member(dd_stream_reader *r, uint32_t object, const char *name) { return dd_jspan_member(r->j, object, name, NULL); }

static int64_t index_of(dd_stream_reader *r)
{
    int64_t n;
    return dd_jspan_i64(r->j, member(r, 0, "index"), &n) ? n : 0;
}

static void message_start(dd_stream_reader *r)
{
    uint32_t message = member(r, 0, "message"), usage = member(r, message, "usage");
    dd_sr_again(r);
    dd_sr_usage(r, usage);
    dd_sr_start(r, message, NULL);
    dd_sr_stop(r, dd_stop_read(dd_sr_inside(r, message, "stop_reason")));
}

static void block_start(dd_stream_reader *r)
{
    uint32_t block = member(r, 0, "content_block"), type = member(r, block, "type"), input = member(r, block, "input");
    if (dd_jspan_is(r->j, type, "text"))
        dd_sr_text(r, DD_SE_TEXT, dd_sr_inside(r, block, "text"));
    else if (dd_jspan_is(r->j, type, "thinking")) {
        dd_sr_text(r, DD_SE_THINKING, dd_sr_inside(r, block, "thinking"));
        dd_sr_signature(r, dd_sr_inside(r, block, "signature"), false, DD_DIALECT_MESSAGES);
    } else if (dd_jspan_is(r->j, type, "redacted_thinking"))
        dd_sr_signature(r, dd_sr_inside(r, block, "data"), true, DD_DIALECT_MESSAGES);
    else if (dd_jspan_is(r->j, type, "tool_use")) {
        dd_stream_call *c = dd_sr_call_new(r, index_of(r));
        if (!c)
            return;
        dd_sr_call_announce(r, c, dd_sr_inside(r, block, "id"), dd_sr_inside(r, block, "name"));
        if (dd_jspan_kind(r->j, input) == DD_J_OBJECT && r->j->v[input].count) /* whole at once, unless pieces follow */
            dd_jtext_escape(&c->held, dd_jspan_raw(r->j, input));
    } else
        dd_sr_other(r, dd_jspan_inside(r->j, type));
}

static void block_delta(dd_stream_reader *r)
{
    uint32_t delta = member(r, 0, "delta"), type = member(r, delta, "type");
    if (dd_jspan_is(r->j, type, "text_delta"))
        dd_sr_text(r, DD_SE_TEXT, dd_sr_inside(r, delta, "text"));
    else if (dd_jspan_is(r->j, type, "thinking_delta"))
        dd_sr_text(r, DD_SE_THINKING, dd_sr_inside(r, delta, "thinking"));
    else if (dd_jspan_is(r->j, type, "signature_delta"))
        dd_sr_signature(r, dd_sr_inside(r, delta, "signature"), false, DD_DIALECT_MESSAGES);
    else if (dd_jspan_is(r->j, type, "input_json_delta")) {
        dd_stream_call *c = dd_sr_call_open(r, index_of(r)); /* none: a server's own tool */
        if (c)
            dd_sr_call_args(r, c, dd_sr_inside(r, delta, "partial_json"));
    } else
        dd_sr_other(r, dd_jspan_inside(r->j, type));
}

static void block_stop(dd_stream_reader *r)
{
    dd_stream_call *c = dd_sr_call_open(r, index_of(r));
    if (c)
        dd_sr_call_end(r, c);
}

static void message_delta(dd_stream_reader *r)
{
    uint32_t delta    = member(r, 0, "delta");
    dd_str   sequence = dd_sr_inside(r, delta, "stop_sequence");
    dd_sr_start(r, DD_J_NONE, NULL);
    dd_sr_usage(r, member(r, 0, "usage"));
    dd_sr_stop(r, dd_stop_read(dd_sr_inside(r, delta, "stop_reason")));
    if (sequence.len) {
        dd_buf_clear(&r->stop_sequence);
        dd_buf_add(&r->stop_sequence, sequence);
    }
}

static void message_stop(dd_stream_reader *r) { r->facts.ended = r->started; }
static void error(dd_stream_reader *r) { dd_sr_error(r, member(r, 0, "error")); }

void dd_stream_read_messages(dd_stream_reader *r)
{
    static const struct { const char *type; void (*fn)(dd_stream_reader *r); } events[] = {
        { "content_block_delta", block_delta }, { "content_block_start", block_start }, { "content_block_stop", block_stop },
        { "message_start", message_start },     { "message_delta", message_delta },     { "message_stop", message_stop },
        { "error", error },
    };
    uint32_t type = member(r, 0, "type");
    for (size_t i = 0; i < DD_COUNT(events); i++)
        if (dd_jspan_is(r->j, type, events[i].type)) {
            events[i].fn(r);
            return;
        }
    if (dd_jspan_kind(r->j, member(r, 0, "error")) == DD_J_OBJECT) /* a gateway's own error, in OpenAI's shape */
        error(r);
}

/* --- writing --- */

static void event(dd_stream_writer *w, const char *type)
{
    dd_buf_printf(w->out, "event: %s\ndata: {\"type\":\"%s\"", type, type);
}

static void event_end(dd_stream_writer *w) { dd_buf_addz(w->out, "}\n\n"); }

static void start(dd_stream_writer *w)
{
    event(w, "message_start");
    dd_buf_addz(w->out, ",\"message\":{");
    dd_jw_str(w->out, "id", w->id);
    dd_buf_addz(w->out, ",\"type\":\"message\",\"role\":\"assistant\"");
    dd_jw_str(w->out, "model", w->model);
    dd_buf_addz(w->out, ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
    dd_usage_write(DD_DIALECT_MESSAGES, &w->usage, w->service_tier, w->out);
    dd_buf_addc(w->out, '}');
    event_end(w);
}

static void delta(dd_stream_writer *w, const dd_stream_item *b, const char *type, const char *key, dd_str text)
{
    event(w, "content_block_delta");
    dd_buf_printf(w->out, ",\"index\":%d,\"delta\":{\"type\":\"%s\"", b->index, type);
    dd_jw_str(w->out, key, text);
    dd_buf_addc(w->out, '}');
    event_end(w);
}

static void put(dd_stream_writer *w, const dd_stream_item *b, dd_str text)
{
    if (text.len && b->kind == DD_PART_TOOL_CALL)
        delta(w, b, "input_json_delta", "partial_json", text);
    else if (text.len && b->kind == DD_PART_THINKING)
        delta(w, b, "thinking_delta", "thinking", text);
    else if (text.len)
        delta(w, b, "text_delta", "text", text);
}

static void block_open(dd_stream_writer *w, dd_stream_item *b)
{
    b->index = w->n_items++;
    event(w, "content_block_start");
    dd_buf_printf(w->out, ",\"index\":%d,\"content_block\":{", b->index);
    if (b->kind == DD_PART_TOOL_CALL) {
        const dd_stream_called *c = NULL;
        for (size_t i = 0; i < w->called.n && !c; i++)
            if (!w->called.v[i].text && w->called.v[i].out == b->call)
                c = &w->called.v[i];
        dd_jw_str(w->out, "type", DD_STR("tool_use"));
        dd_jw_str(w->out, "id", c ? c->id : DD_STR(""));
        dd_jw_str(w->out, "name", c ? c->name : DD_STR(""));
        dd_jw_raw(w->out, "input", DD_STR("{}"));
    } else if (b->redacted) {
        dd_jw_str(w->out, "type", DD_STR("redacted_thinking"));
        dd_jw_str(w->out, "data", dd_buf_str(&b->more));
    } else if (b->kind == DD_PART_THINKING) {
        dd_jw_str(w->out, "type", DD_STR("thinking"));
        dd_jw_str(w->out, "thinking", DD_STR(""));
        dd_jw_str(w->out, "signature", DD_STR(""));
    } else {
        dd_jw_str(w->out, "type", DD_STR("text"));
        dd_jw_str(w->out, "text", DD_STR(""));
    }
    dd_buf_addc(w->out, '}');
    event_end(w);
    put(w, b, dd_buf_str(&b->text));
    dd_buf_free(&b->text);
}

static void block_close(dd_stream_writer *w, dd_stream_item *b)
{
    if (b->more.len && !b->redacted)
        delta(w, b, "signature_delta", "signature", dd_buf_str(&b->more));
    event(w, "content_block_stop");
    dd_buf_printf(w->out, ",\"index\":%d", b->index);
    event_end(w);
    dd_buf_free(&b->more);
}

/* The first block that is not closed is open; those behind it wait. */
static void advance(dd_stream_writer *w)
{
    while (w->head < w->items.n) {
        dd_stream_item *b = &w->items.v[w->head];
        if (b->index < 0)
            block_open(w, b);
        if (!b->ended)
            return;
        block_close(w, b);
        w->head++;
    }
    w->items.n = w->head = 0; /* none waits: their room is used again */
}

static dd_stream_item *last_of(dd_stream_writer *w, dd_part_kind kind)
{
    if (w->items.n == w->head)
        return NULL;
    dd_stream_item *last = &w->items.v[w->items.n - 1];
    return last->kind == kind && !last->ended ? last : NULL;
}

/* Texts and thoughts end where another block begins; a call says itself when it ends. */
static void make_way(dd_stream_writer *w)
{
    if (w->items.n > w->head && w->items.v[w->items.n - 1].kind != DD_PART_TOOL_CALL)
        w->items.v[w->items.n - 1].ended = true;
    advance(w);
}

/* The block that text of a kind goes to: the last one, or a new one behind it. */
static dd_stream_item *block_for(dd_stream_writer *w, dd_part_kind kind)
{
    dd_stream_item *last = last_of(w, kind);
    if (last)
        return last;
    make_way(w);
    dd_sw_item(w, kind, -1);
    advance(w);
    return &w->items.v[w->items.n - 1];
}

static void add(dd_stream_writer *w, dd_stream_item *b, dd_str text)
{
    if (b->index >= 0)
        put(w, b, text);
    else
        dd_sw_hold(w, &b->text, text);
}

static dd_stream_item *block_of_call(dd_stream_writer *w, int call)
{
    for (size_t i = w->head; i < w->items.n; i++)
        if (w->items.v[i].kind == DD_PART_TOOL_CALL && w->items.v[i].call == call)
            return &w->items.v[i];
    return NULL;
}

static void signature(dd_stream_writer *w, const dd_stream_event *e)
{
    dd_part p = { .kind = DD_PART_THINKING, .signature = e->text, .data = e->text, .redacted = e->redacted, .signed_by = e->signed_by };
    dd_stream_item *last = e->redacted ? NULL : last_of(w, DD_PART_THINKING);
    if (!last) {
        make_way(w);
        last = dd_sw_item(w, DD_PART_THINKING, -1);
    }
    last->redacted = e->redacted;
    last->ended    = true;
    if (dd_sw_hold(w, &last->more, dd_part_signature(&p, DD_DIALECT_MESSAGES, w->ctx)))
        advance(w);
}

static void call(dd_stream_writer *w, const dd_stream_event *e)
{
    make_way(w);
    dd_sw_item(w, DD_PART_TOOL_CALL, e->tool);
    advance(w);
    if (e->custom) /* free text, as the one member of an object */
        add(w, block_of_call(w, e->tool), DD_STR("{\\\"input\\\":\\\""));
}

static void call_arguments(dd_stream_writer *w, const dd_stream_event *e)
{
    dd_stream_item *b = block_of_call(w, e->tool);
    if (!b || b->ended)
        return;
    if (!e->custom) {
        add(w, b, e->text);
        return;
    }
    dd_buf twice = DD_BUF_INIT(0);
    dd_jtext_escape(&twice, e->text);
    add(w, b, dd_buf_str(&twice));
    dd_buf_free(&twice);
}

static void call_end(dd_stream_writer *w, const dd_stream_event *e)
{
    dd_stream_item *b = block_of_call(w, e->tool);
    if (!b || b->ended)
        return;
    if (e->custom)
        add(w, b, DD_STR("\\\"}"));
    b->ended = true;
    advance(w);
}

static void finish(dd_stream_writer *w)
{
    dd_stop stop = w->refused && (w->stop == DD_STOP_END || w->stop == DD_STOP_NONE) ? DD_STOP_FILTER : w->stop;
    for (size_t i = w->head; i < w->items.n; i++)
        w->items.v[i].ended = true;
    advance(w);
    event(w, "message_delta");
    dd_buf_addz(w->out, ",\"delta\":{");
    dd_jw_str(w->out, "stop_reason", dd_str_z(dd_stop_messages(stop, w->n_calls > 0)));
    if (w->stop_sequence.len)
        dd_jw_str(w->out, "stop_sequence", w->stop_sequence);
    else
        dd_jw_raw(w->out, "stop_sequence", DD_STR_NULL);
    dd_buf_addz(w->out, "},\"usage\":");
    dd_usage_write(DD_DIALECT_MESSAGES, &w->usage, DD_STR_NULL, w->out);
    event_end(w);
    event(w, "message_stop");
    event_end(w);
}

void dd_stream_write_messages(dd_stream_writer *w, const dd_stream_event *e)
{
    switch (e->kind) {
    case DD_SE_START: start(w); break;
    case DD_SE_TEXT:
    case DD_SE_REFUSAL: add(w, block_for(w, DD_PART_TEXT), e->text); break;
    case DD_SE_THINKING: add(w, block_for(w, DD_PART_THINKING), e->text); break;
    case DD_SE_SIGNATURE: signature(w, e); break;
    case DD_SE_TOOL: call(w, e); break;
    case DD_SE_TOOL_ARGS: call_arguments(w, e); break;
    case DD_SE_TOOL_END: call_end(w, e); break;
    case DD_SE_ERROR: dd_error_event(DD_DIALECT_MESSAGES, &e->error, w->facts.request_id, w->out); break;
    case DD_SE_END: finish(w); break;
    default: break;
    }
}
