/* Streams of responses, where each text comes three times: as deltas, at the end of its item, and in the whole response. */
#include "proxy/dialect/stream.h"

/* --- reading --- */

static uint32_t member(dd_stream_reader *r, uint32_t object, const char *name) { return dd_jspan_member(r->j, object, name, NULL); }

static int64_t number(dd_stream_reader *r, const char *name)
{
    int64_t n;
    return dd_jspan_i64(r->j, member(r, 0, name), &n) && n >= 0 && n < 1 << 20 ? n : 0;
}

/* Pieces of text by their place, so that a text whose deltas were seen is not read again from its done event. */
static bool seen(dd_stream_reader *r, int64_t key, bool add)
{
    for (size_t i = r->seen.n; i > 0; i--)
        if (r->seen.v[i - 1] == key)
            return true;
    if (add && r->seen.n < DD_STREAM_SEEN)
        dd_vec_push(&r->seen, key);
    else if (add)
        dd_sr_fail(r, "the provider's answer has too many parts");
    return false;
}

static int64_t place(dd_stream_reader *r, int kind) { return (number(r, "output_index") << 24 | number(r, "content_index")) << 2 | kind; }
static int64_t thought_place(dd_stream_reader *r) { return number(r, "output_index") << 26 | 3; }

static void text_delta(dd_stream_reader *r)
{
    seen(r, place(r, 0), true);
    dd_sr_text(r, DD_SE_TEXT, dd_sr_inside(r, 0, "delta"));
}

static void text_done(dd_stream_reader *r)
{
    if (!seen(r, place(r, 0), true))
        dd_sr_text(r, DD_SE_TEXT, dd_sr_inside(r, 0, "text"));
}

static void refusal_delta(dd_stream_reader *r)
{
    seen(r, place(r, 1), true);
    dd_sr_text(r, DD_SE_REFUSAL, dd_sr_inside(r, 0, "delta"));
}

static void refusal_done(dd_stream_reader *r)
{
    if (!seen(r, place(r, 1), true))
        dd_sr_text(r, DD_SE_REFUSAL, dd_sr_inside(r, 0, "refusal"));
}

static void thought_delta(dd_stream_reader *r)
{
    seen(r, thought_place(r), true);
    dd_sr_text(r, DD_SE_THINKING, dd_sr_inside(r, 0, "delta"));
}

static void summary_part(dd_stream_reader *r)
{
    if (number(r, "summary_index") > 0 && seen(r, thought_place(r), false))
        dd_sr_text(r, DD_SE_THINKING, DD_STR("\\n\\n"));
}

static dd_stream_call *call_item(dd_stream_reader *r, uint32_t item, bool custom)
{
    dd_stream_call *c = dd_sr_call_open(r, number(r, "output_index"));
    if (!c && (c = dd_sr_call_new(r, number(r, "output_index")))) {
        c->custom = custom;
        dd_sr_call_announce(r, c, dd_sr_inside(r, item, "call_id"), dd_sr_inside(r, item, "name"));
    }
    return c;
}

static void item_added(dd_stream_reader *r)
{
    uint32_t item = member(r, 0, "item"), type = member(r, item, "type");
    if (dd_jspan_is(r->j, type, "function_call") || dd_jspan_is(r->j, type, "custom_tool_call"))
        call_item(r, item, dd_jspan_is(r->j, type, "custom_tool_call"));
    else if (!dd_jspan_is(r->j, type, "message") && !dd_jspan_is(r->j, type, "reasoning"))
        dd_sr_other(r, dd_jspan_inside(r->j, type));
}

static void arguments_delta(dd_stream_reader *r)
{
    dd_stream_call *c = dd_sr_call_open(r, number(r, "output_index"));
    if (c)
        dd_sr_call_value(r, c, member(r, 0, "delta"));
}

/* The whole arguments, for those who send no deltas. */
static void arguments_whole(dd_stream_reader *r, dd_stream_call *c, uint32_t object, const char *name)
{
    if (c && !c->any)
        dd_sr_call_value(r, c, member(r, object, name));
}

static void arguments_done(dd_stream_reader *r) { arguments_whole(r, dd_sr_call_open(r, number(r, "output_index")), 0, "arguments"); }
static void input_done(dd_stream_reader *r) { arguments_whole(r, dd_sr_call_open(r, number(r, "output_index")), 0, "input"); }

/* A message that came without deltas. */
static void message_whole(dd_stream_reader *r, uint32_t item, int64_t output)
{
    int64_t i = 0;
    for (dd_jit it = dd_jspan_each(r->j, member(r, item, "content")); dd_jspan_step(r->j, &it) && !r->over; i++) {
        if (!seen(r, (output << 24 | i) << 2, true))
            dd_sr_text(r, DD_SE_TEXT, dd_sr_inside(r, it.value, "text"));
        if (!seen(r, (output << 24 | i) << 2 | 1, true))
            dd_sr_text(r, DD_SE_REFUSAL, dd_sr_inside(r, it.value, "refusal"));
    }
}

static void reasoning_whole(dd_stream_reader *r, uint32_t item, int64_t output)
{
    bool shown = seen(r, output << 26 | 3, true), any = shown;
    for (int k = 0; k < 2 && !shown; k++)
        for (dd_jit it = dd_jspan_each(r->j, member(r, item, k ? "content" : "summary")); dd_jspan_step(r->j, &it);) {
            dd_str text = dd_sr_inside(r, it.value, "text");
            if (text.len && any)
                dd_sr_text(r, DD_SE_THINKING, DD_STR("\\n\\n"));
            dd_sr_text(r, DD_SE_THINKING, text);
            any |= text.len > 0;
        }
    dd_sr_signature(r, dd_sr_inside(r, item, "encrypted_content"), !any, DD_DIALECT_RESPONSES);
}

static void item_whole(dd_stream_reader *r, uint32_t item, int64_t output)
{
    uint32_t type   = member(r, item, "type");
    bool     custom = dd_jspan_is(r->j, type, "custom_tool_call");
    if (custom || dd_jspan_is(r->j, type, "function_call")) {
        dd_stream_call *c = call_item(r, item, custom);
        arguments_whole(r, c, item, custom ? "input" : "arguments");
        if (c)
            dd_sr_call_end(r, c);
    } else if (dd_jspan_is(r->j, type, "message"))
        message_whole(r, item, output);
    else if (dd_jspan_is(r->j, type, "reasoning"))
        reasoning_whole(r, item, output);
}

static void item_done(dd_stream_reader *r) { item_whole(r, member(r, 0, "item"), number(r, "output_index")); }
static void annotation(dd_stream_reader *r) { dd_sr_other(r, DD_STR("annotations")); }

static void created(dd_stream_reader *r)
{
    dd_sr_again(r);
    dd_sr_start(r, member(r, 0, "response"), "created_at");
}

static void failed(dd_stream_reader *r)
{
    uint32_t response = member(r, 0, "response");
    dd_sr_usage(r, member(r, response, "usage"));
    dd_sr_error(r, member(r, response, "error"));
}

static void error(dd_stream_reader *r)
{
    uint32_t inner = member(r, 0, "error"); /* either inside, or the event itself */
    dd_sr_error(r, dd_jspan_kind(r->j, inner) == DD_J_OBJECT ? inner : 0);
}

static void completed(dd_stream_reader *r)
{
    uint32_t response = member(r, 0, "response"), why = member(r, response, "incomplete_details");
    int64_t  i = 0;
    dd_sr_start(r, response, "created_at");
    if (dd_jspan_is(r->j, member(r, response, "status"), "failed") || dd_jspan_kind(r->j, member(r, response, "error")) == DD_J_OBJECT) {
        failed(r);
        return;
    }
    dd_sr_stop(r, dd_jspan_is(r->j, member(r, 0, "type"), "response.completed") ? DD_STOP_END : DD_STOP_LENGTH);
    if (!r->facts.content) /* all at once, at the end */
        for (dd_jit it = dd_jspan_each(r->j, member(r, response, "output")); dd_jspan_step(r->j, &it) && !r->over;)
            item_whole(r, it.value, i++);
    dd_sr_usage(r, member(r, response, "usage"));
    dd_sr_stop(r, dd_stop_read(dd_sr_inside(r, why, "reason")));
    r->facts.ended = true;
}

void dd_stream_read_responses(dd_stream_reader *r)
{
    static const struct { const char *type; void (*fn)(dd_stream_reader *r); } events[] = {
        { "response.output_text.delta", text_delta },
        { "response.function_call_arguments.delta", arguments_delta },
        { "response.reasoning_summary_text.delta", thought_delta },
        { "response.reasoning_text.delta", thought_delta },
        { "response.created", created },
        { "response.in_progress", created },
        { "response.queued", created },
        { "response.output_item.added", item_added },
        { "response.output_item.done", item_done },
        { "response.output_text.done", text_done },
        { "response.refusal.delta", refusal_delta },
        { "response.refusal.done", refusal_done },
        { "response.reasoning_summary_part.added", summary_part },
        { "response.function_call_arguments.done", arguments_done },
        { "response.custom_tool_call_input.delta", arguments_delta },
        { "response.custom_tool_call_input.done", input_done },
        { "response.output_text.annotation.added", annotation },
        { "response.completed", completed },
        { "response.incomplete", completed },
        { "response.failed", failed },
        { "response.cancelled", failed },
        { "error", error },
    };
    uint32_t type = member(r, 0, "type");
    for (size_t i = 0; i < DD_COUNT(events); i++)
        if (dd_jspan_is(r->j, type, events[i].type)) {
            events[i].fn(r);
            return;
        }
    if (dd_jspan_kind(r->j, member(r, 0, "error")) == DD_J_OBJECT) /* a gateway's own error */
        error(r);
}

/* --- writing --- */

static const char *prefix_of(const dd_stream_writer *w, const dd_stream_item *item)
{
    if (item->kind == DD_PART_THINKING)
        return "rs";
    if (item->kind != DD_PART_TOOL_CALL)
        return "msg";
    for (size_t i = 0; i < w->called.n; i++)
        if (!w->called.v[i].text && w->called.v[i].out == item->call && w->called.v[i].custom)
            return "ctc";
    return "fc";
}

static void put_item_id(dd_stream_writer *w, const dd_stream_item *item, const char *key)
{
    dd_buf_printf(w->out, ",\"%s\":\"%s_" DD_STR_FMT "_%d\"", key, prefix_of(w, item), DD_STR_ARG(w->facts.new_id), item->index);
}

static void event(dd_stream_writer *w, const char *type)
{
    dd_buf_printf(w->out, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%lld", type, type, (long long)w->sequence++);
}

static void event_end(dd_stream_writer *w) { dd_buf_addz(w->out, "}\n\n"); }

static void item_event(dd_stream_writer *w, const dd_stream_item *item, const char *type)
{
    event(w, type);
    put_item_id(w, item, "item_id");
    dd_jw_int(w->out, "output_index", item->index);
}

/* The item as it is by now, through the same writer as a whole answer's. */
static void put_item(dd_stream_writer *w, const dd_stream_item *item, const char *status)
{
    dd_part first = { .kind = item->kind, .text = dd_buf_str(&item->text), .signed_by = item->signed_by }, second = { .kind = DD_PART_REFUSAL };
    dd_str  id    = dd_arena_printf(w->ctx->arena, "%s_" DD_STR_FMT "_%d", prefix_of(w, item), DD_STR_ARG(w->facts.new_id), item->index);
    if (item->kind == DD_PART_TOOL_CALL) {
        for (size_t i = 0; i < w->called.n; i++)
            if (!w->called.v[i].text && w->called.v[i].out == item->call) {
                first.id     = w->called.v[i].id;
                first.name   = w->called.v[i].name;
                first.custom = w->called.v[i].custom;
            }
    } else if (item->kind == DD_PART_THINKING) {
        first.redacted = item->redacted;
        *(item->redacted ? &first.data : &first.signature) = dd_buf_str(&item->more);
    } else if (item->open_more) {
        second.text = dd_buf_str(&item->more);
        first.next  = &second;
    }
    dd_responses_item(item->kind == DD_PART_TEXT && !item->open_text ? &second : &first, id, status, w->ctx, w->out);
}

/* JSON that was copied from the request may hold line breaks between its values; an event's data is one line. */
static void one_line(dd_buf *out, size_t from)
{
    for (size_t i = from; i < out->len; i++)
        if (out->ptr[i] == '\n' || out->ptr[i] == '\r')
            out->ptr[i] = ' ';
}

static void response_event(dd_stream_writer *w, const char *type, const char *status, const char *reason, const dd_api_error *error)
{
    bool over = strcmp(status, "in_progress") != 0;
    event(w, type);
    size_t from = w->out->len;
    dd_jw_key(w->out, "response");
    dd_responses_head(w->id, w->model, w->created, status, reason, error, w->out);
    for (size_t i = 0; over && i < w->items.n; i++)
        put_item(w, &w->items.v[i], w->items.v[i].ended ? "completed" : "incomplete");
    dd_responses_tail(over ? &w->usage : NULL, w->service_tier, &w->facts, w->out);
    one_line(w->out, from);
    event_end(w);
}

static void item_open(dd_stream_writer *w, dd_stream_item *item)
{
    item->index = w->n_items++;
    event(w, "response.output_item.added");
    dd_jw_int(w->out, "output_index", item->index);
    dd_jw_key(w->out, "item");
    if (item->kind == DD_PART_TEXT) {
        dd_buf_printf(w->out, "{\"id\":\"msg_" DD_STR_FMT "_%d\",\"type\":\"message\"", DD_STR_ARG(w->facts.new_id), item->index);
        dd_buf_addz(w->out, ",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}");
    } else if (item->kind == DD_PART_TOOL_CALL) {
        for (size_t i = 0; i < w->called.n; i++) {
            const dd_stream_called *c = &w->called.v[i];
            if (c->text || c->out != item->call)
                continue;
            dd_buf_printf(w->out, "{\"id\":\"%s_" DD_STR_FMT "_%d\"", c->custom ? "ctc" : "fc", DD_STR_ARG(w->facts.new_id), item->index);
            dd_jw_str(w->out, "type", c->custom ? DD_STR("custom_tool_call") : DD_STR("function_call"));
            dd_jw_str(w->out, "status", DD_STR("in_progress"));
            dd_jw_str(w->out, c->custom ? "input" : "arguments", DD_STR(""));
            dd_jw_str(w->out, "call_id", c->id);
            dd_jw_str(w->out, "name", c->name);
            dd_buf_addc(w->out, '}');
        }
    } else
        dd_buf_printf(w->out, "{\"id\":\"rs_" DD_STR_FMT "_%d\",\"type\":\"reasoning\",\"summary\":[]}", DD_STR_ARG(w->facts.new_id), item->index);
    event_end(w);
}

/* A part of a message (text, or a refusal behind it), or of a thought. */
static const struct { const char *added, *done, *part_done, *delta, *index, *part, *key; } parts[] = {
    { "response.content_part.added", "response.output_text.done", "response.content_part.done", "response.output_text.delta", "content_index",
      "\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[]", "text" },
    { "response.content_part.added", "response.refusal.done", "response.content_part.done", "response.refusal.delta", "content_index",
      "\"type\":\"refusal\"", "refusal" },
    { "response.reasoning_summary_part.added", "response.reasoning_summary_text.done", "response.reasoning_summary_part.done",
      "response.reasoning_summary_text.delta", "summary_index", "\"type\":\"summary_text\"", "text" },
};
enum { PART_TEXT, PART_REFUSAL, PART_SUMMARY };

static int part_number(const dd_stream_item *item, int part) { return part == PART_REFUSAL && item->open_text ? 1 : 0; }

static void part_event(dd_stream_writer *w, const dd_stream_item *item, int part, const char *type, dd_str text)
{
    item_event(w, item, type);
    dd_jw_int(w->out, parts[part].index, part_number(item, part));
    dd_buf_printf(w->out, ",\"part\":{%s", parts[part].part);
    dd_jw_str(w->out, parts[part].key, text);
    dd_buf_addc(w->out, '}');
    event_end(w);
}

static void part_delta(dd_stream_writer *w, const dd_stream_item *item, int part, dd_str text)
{
    item_event(w, item, parts[part].delta);
    dd_jw_int(w->out, parts[part].index, part_number(item, part));
    dd_jw_str(w->out, "delta", text);
    if (part == PART_TEXT)
        dd_jw_raw(w->out, "logprobs", DD_STR("[]"));
    event_end(w);
}

static void part_close(dd_stream_writer *w, const dd_stream_item *item, int part, dd_str text)
{
    item_event(w, item, parts[part].done);
    dd_jw_int(w->out, parts[part].index, part_number(item, part));
    dd_jw_str(w->out, parts[part].key, text);
    if (part == PART_TEXT)
        dd_jw_raw(w->out, "logprobs", DD_STR("[]"));
    event_end(w);
    part_event(w, item, part, parts[part].part_done, text);
}

static void item_close(dd_stream_writer *w, dd_stream_item *item, bool whole)
{
    if (item->ended)
        return;
    if (item->kind == DD_PART_TOOL_CALL) {
        bool custom = strcmp(prefix_of(w, item), "ctc") == 0;
        item_event(w, item, custom ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done");
        dd_jw_str(w->out, custom ? "input" : "arguments", dd_buf_str(&item->text));
        event_end(w);
    } else if (item->open_text)
        part_close(w, item, item->kind == DD_PART_TEXT ? PART_TEXT : PART_SUMMARY, dd_buf_str(&item->text));
    if (item->open_more)
        part_close(w, item, PART_REFUSAL, dd_buf_str(&item->more));
    event(w, "response.output_item.done");
    dd_jw_int(w->out, "output_index", item->index);
    dd_jw_key(w->out, "item");
    put_item(w, item, whole ? "completed" : "incomplete");
    event_end(w);
    item->ended = whole;
}

/* The item that text of a kind goes to; others that are no calls end. */
static dd_stream_item *item_for(dd_stream_writer *w, dd_part_kind kind)
{
    dd_stream_item *open = NULL;
    for (size_t i = w->head; i < w->items.n; i++) {
        dd_stream_item *it = &w->items.v[i];
        if (it->ended || it->kind == DD_PART_TOOL_CALL)
            continue;
        if (it->kind == kind)
            open = it;
        else
            item_close(w, it, true);
    }
    while (w->head < w->items.n && w->items.v[w->head].ended)
        w->head++;
    if (!open && kind != DD_PART_TOOL_CALL) {
        open = dd_sw_item(w, kind, -1);
        item_open(w, open);
    }
    return open;
}

static void add_text(dd_stream_writer *w, dd_part_kind kind, int part, dd_str text)
{
    dd_stream_item *item = item_for(w, kind);
    if (part == PART_TEXT && item->open_more && !item->open_text) { /* a text behind a refusal */
        item_close(w, item, true);
        item = item_for(w, kind);
    }
    bool *begun = part == PART_REFUSAL ? &item->open_more : &item->open_text;
    if (!*begun) {
        *begun = true;
        part_event(w, item, part, parts[part].added, DD_STR(""));
    }
    if (dd_sw_hold(w, part == PART_REFUSAL ? &item->more : &item->text, text))
        part_delta(w, item, part, text);
}

static void signature(dd_stream_writer *w, const dd_stream_event *e)
{
    dd_stream_item *item = item_for(w, DD_PART_THINKING);
    if (e->redacted && item->open_text) { /* one that shows nothing stands alone */
        item_close(w, item, true);
        item = item_for(w, DD_PART_THINKING);
    }
    item->redacted  = e->redacted;
    item->signed_by = e->signed_by;
    if (dd_sw_hold(w, &item->more, e->text))
        item_close(w, item, true);
}

static dd_stream_item *item_of_call(dd_stream_writer *w, int call)
{
    for (size_t i = w->head; i < w->items.n; i++)
        if (w->items.v[i].kind == DD_PART_TOOL_CALL && w->items.v[i].call == call && !w->items.v[i].ended)
            return &w->items.v[i];
    return NULL;
}

static void call_event(dd_stream_writer *w, const dd_stream_event *e)
{
    if (e->kind == DD_SE_TOOL) {
        item_for(w, DD_PART_TOOL_CALL);
        item_open(w, dd_sw_item(w, DD_PART_TOOL_CALL, e->tool));
        return;
    }
    dd_stream_item *item = item_of_call(w, e->tool);
    if (item && e->kind == DD_SE_TOOL_END)
        item_close(w, item, true);
    else if (item && dd_sw_hold(w, &item->text, e->text)) {
        item_event(w, item, e->custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta");
        dd_jw_str(w->out, "delta", e->text);
        event_end(w);
    }
}

static void start(dd_stream_writer *w)
{
    response_event(w, "response.created", "in_progress", NULL, NULL);
    response_event(w, "response.in_progress", "in_progress", NULL, NULL);
}

static void finish(dd_stream_writer *w)
{
    const char *reason, *status = dd_stop_responses(w->stop, &reason);
    for (size_t i = w->head; i < w->items.n; i++)
        item_close(w, &w->items.v[i], true);
    response_event(w, reason ? "response.incomplete" : "response.completed", status, reason, NULL);
}

static void fail(dd_stream_writer *w, const dd_api_error *error)
{
    if (!w->started) { /* there is no response yet that could have failed */
        w->started = true;
        w->id      = dd_answer_id(DD_STR_NULL, "resp_", &w->facts, w->ctx->arena);
        start(w);
    }
    response_event(w, "response.failed", "failed", NULL, error);
}

void dd_stream_write_responses(dd_stream_writer *w, const dd_stream_event *e)
{
    switch (e->kind) {
    case DD_SE_START: start(w); break;
    case DD_SE_TEXT: add_text(w, DD_PART_TEXT, PART_TEXT, e->text); break;
    case DD_SE_REFUSAL: add_text(w, DD_PART_TEXT, PART_REFUSAL, e->text); break;
    case DD_SE_THINKING: add_text(w, DD_PART_THINKING, PART_SUMMARY, e->text); break;
    case DD_SE_SIGNATURE: signature(w, e); break;
    case DD_SE_TOOL:
    case DD_SE_TOOL_ARGS:
    case DD_SE_TOOL_END: call_event(w, e); break;
    case DD_SE_ERROR: fail(w, &e->error); break;
    case DD_SE_END: finish(w); break;
    default: break;
    }
}
