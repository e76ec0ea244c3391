/* A whole answer as the stream that was asked for, in its own API: some providers answer stream: true with one JSON, and a client that waits for
 * events would take it for nothing. Members that we do not know stay: values are copied as they are written.
 *
 * Source: the streaming guides of OpenAI (chat, completions, responses) and Anthropic, read 2026-11-20. */
#include "proxy/dialect/answer.h"

typedef struct {
    const dd_jspan *j;
    dd_buf         *out;
    int64_t         sequence;    /* responses */
} replay;

/* --- pieces --- */

static uint32_t member(const replay *r, uint32_t object, const char *name) { return dd_jspan_member(r->j, object, name, NULL); }
static dd_str   inside(const replay *r, uint32_t object, const char *name) { return dd_jspan_inside(r->j, member(r, object, name)); }
static bool     is_type(const replay *r, uint32_t object, const char *type) { return dd_jspan_is(r->j, member(r, object, "type"), type); }

/* Line ends between the tokens of a value would end the event's line. */
static void put_raw(replay *r, dd_str raw)
{
    size_t at = r->out->len;
    dd_buf_add(r->out, raw);
    for (; at < r->out->len; at++)
        if (r->out->ptr[at] == '\n' || r->out->ptr[at] == '\r')
            r->out->ptr[at] = ' ';
}

static void put_value(replay *r, const char *key, uint32_t node)
{
    dd_jw_key(r->out, key);
    put_raw(r, node == DD_J_NONE ? DD_STR("null") : dd_jspan_raw(r->j, node));
}

typedef struct { const char *name, *json; } change;   /* json NULL: the member is left out */

/* The members of an object, some of them with another value, behind what stands in `out` already. Members that are not there are not added. */
static void put_members(replay *r, uint32_t object, const change *changes, size_t n)
{
    for (dd_jit it = dd_jspan_each(r->j, object); dd_jspan_step(r->j, &it);) {
        size_t k = 0;
        while (k < n && !dd_jspan_is(r->j, it.key, changes[k].name))
            k++;
        if (k < n && !changes[k].json)
            continue;
        dd_jw_comma(r->out);
        put_raw(r, dd_jspan_raw(r->j, it.key));
        dd_buf_addc(r->out, ':');
        put_raw(r, k < n ? dd_str_z(changes[k].json) : dd_jspan_raw(r->j, it.value));
    }
}

static void put_object(replay *r, const char *key, uint32_t object, const change *changes, size_t n)
{
    dd_jw_key(r->out, key);
    dd_buf_addc(r->out, '{');
    put_members(r, object, changes, n);
    dd_buf_addc(r->out, '}');
}

/* An event whose name is its type. */
static void event(replay *r, const char *type)
{
    dd_buf_printf(r->out, "event: %s\ndata: {\"type\":\"%s\"", type, type);
}

static void event_end(replay *r) { dd_buf_addz(r->out, "}\n\n"); }

/* --- chat.completions and completions --- */

static void chunk(replay *r, const char *object)
{
    static const change gone[] = { { "object", NULL }, { "choices", NULL }, { "usage", NULL } };
    dd_buf_addz(r->out, "data: {");
    put_members(r, 0, gone, DD_COUNT(gone));
    dd_jw_str(r->out, "object", dd_str_z(object));
    dd_buf_addz(r->out, ",\"choices\":[");
}

/* The message as a delta. In streams each call has a number, and clients refuse one without. */
static void put_delta(replay *r, uint32_t message)
{
    static const change gone[] = { { "tool_calls", NULL } };
    uint32_t calls = member(r, message, "tool_calls");
    int      i     = 0;
    put_object(r, "delta", message, gone, 1);
    if (dd_jspan_kind(r->j, calls) != DD_J_ARRAY || !r->j->v[calls].count)
        return;
    static const change index[] = { { "index", NULL } };
    r->out->len--;                       /* back into the delta */
    dd_jw_key(r->out, "tool_calls");
    dd_buf_addc(r->out, '[');
    for (dd_jit it = dd_jspan_each(r->j, calls); dd_jspan_step(r->j, &it); i++) {
        dd_buf_printf(r->out, "%s{\"index\":%d", i ? "," : "", i);
        put_members(r, it.value, index, 1);
        dd_buf_addc(r->out, '}');
    }
    dd_buf_addz(r->out, "]}");
}

static void chat_choice(replay *r, uint32_t choice)
{
    static const change begins[] = { { "message", NULL }, { "delta", NULL }, { "finish_reason", "null" } };
    static const change ends[]   = { { "message", NULL }, { "delta", NULL }, { "logprobs", "null" } };
    chunk(r, "chat.completion.chunk");
    dd_buf_addc(r->out, '{');
    put_members(r, choice, begins, DD_COUNT(begins));
    put_delta(r, member(r, choice, "message"));
    dd_buf_addz(r->out, "}]}\n\n");
    chunk(r, "chat.completion.chunk");
    dd_buf_addc(r->out, '{');
    put_members(r, choice, ends, DD_COUNT(ends));
    dd_jw_key(r->out, "delta");
    dd_buf_addz(r->out, "{}}]}\n\n");
}

static void end_choices(replay *r, const char *object)
{
    uint32_t usage = member(r, 0, "usage");
    if (dd_jspan_kind(r->j, usage) == DD_J_OBJECT) {
        chunk(r, object);
        dd_buf_addz(r->out, "]");
        put_value(r, "usage", usage);
        dd_buf_addz(r->out, "}\n\n");
    }
    dd_buf_addz(r->out, "data: [DONE]\n\n");
}

static bool replay_chat(replay *r)
{
    uint32_t choices = member(r, 0, "choices");
    for (dd_jit it = dd_jspan_each(r->j, choices); dd_jspan_step(r->j, &it);)
        if (dd_jspan_kind(r->j, member(r, it.value, "message")) != DD_J_OBJECT)
            return false;
    if (dd_jspan_kind(r->j, choices) != DD_J_ARRAY || !r->j->v[choices].count)
        return false;
    for (dd_jit it = dd_jspan_each(r->j, choices); dd_jspan_step(r->j, &it);)
        chat_choice(r, it.value);
    end_choices(r, "chat.completion.chunk");
    return true;
}

static bool replay_completions(replay *r)
{
    uint32_t choices = member(r, 0, "choices");
    if (dd_jspan_kind(r->j, choices) != DD_J_ARRAY || !r->j->v[choices].count)
        return false;
    chunk(r, "text_completion");
    for (dd_jit it = dd_jspan_each(r->j, choices); dd_jspan_step(r->j, &it);) {
        dd_jw_comma(r->out);
        put_raw(r, dd_jspan_raw(r->j, it.value));
    }
    dd_buf_addz(r->out, "]}\n\n");
    end_choices(r, "text_completion");
    return true;
}

/* --- messages --- */

static void block_delta(replay *r, int index, const char *type, const char *key, dd_str text)
{
    if (!text.len)
        return;
    event(r, "content_block_delta");
    dd_jw_int(r->out, "index", index);
    dd_buf_printf(r->out, ",\"delta\":{\"type\":\"%s\"", type);
    dd_jw_str(r->out, key, text);
    dd_buf_addc(r->out, '}');
    event_end(r);
}

static void block_citations(replay *r, int index, uint32_t list)
{
    for (dd_jit it = dd_jspan_each(r->j, list); dd_jspan_step(r->j, &it);) {
        event(r, "content_block_delta");
        dd_jw_int(r->out, "index", index);
        dd_buf_addz(r->out, ",\"delta\":{\"type\":\"citations_delta\"");
        put_value(r, "citation", it.value);
        dd_buf_addc(r->out, '}');
        event_end(r);
    }
}

/* A server's own blocks come whole with their start, as they do in streams; only the input of a call comes in pieces. */
static void block(replay *r, uint32_t node, int index)
{
    static const change emptied[] = { { "text", "\"\"" }, { "thinking", "\"\"" }, { "signature", "\"\"" }, { "input", "{}" }, { "citations", "[]" } };
    uint32_t input = member(r, node, "input"), citations = member(r, node, "citations");
    bool     call  = dd_jspan_kind(r->j, input) == DD_J_OBJECT, in_pieces = call || is_type(r, node, "text") || is_type(r, node, "thinking");
    event(r, "content_block_start");
    dd_jw_int(r->out, "index", index);
    put_object(r, "content_block", node, emptied, in_pieces ? DD_COUNT(emptied) : 0);
    event_end(r);
    if (call) {
        dd_buf text = DD_BUF_INIT(0);
        dd_jtext_escape(&text, dd_jspan_raw(r->j, input));
        block_delta(r, index, "input_json_delta", "partial_json", dd_buf_str(&text));
        dd_buf_free(&text);
    } else if (in_pieces) {
        block_delta(r, index, "text_delta", "text", inside(r, node, "text"));
        block_citations(r, index, citations);
        block_delta(r, index, "thinking_delta", "thinking", inside(r, node, "thinking"));
        block_delta(r, index, "signature_delta", "signature", inside(r, node, "signature"));
    }
    event(r, "content_block_stop");
    dd_jw_int(r->out, "index", index);
    event_end(r);
}

static bool replay_messages(replay *r)
{
    static const change start[] = { { "content", "[]" }, { "stop_reason", "null" }, { "stop_sequence", "null" } };
    uint32_t content = member(r, 0, "content");
    int      index   = 0;
    if (dd_jspan_kind(r->j, content) != DD_J_ARRAY)
        return false;
    event(r, "message_start");
    put_object(r, "message", 0, start, DD_COUNT(start));
    event_end(r);
    for (dd_jit it = dd_jspan_each(r->j, content); dd_jspan_step(r->j, &it);)
        block(r, it.value, index++);
    event(r, "message_delta");
    dd_buf_addz(r->out, ",\"delta\":{");
    put_value(r, "stop_reason", member(r, 0, "stop_reason"));
    put_value(r, "stop_sequence", member(r, 0, "stop_sequence"));
    dd_buf_addc(r->out, '}');
    if (dd_jspan_kind(r->j, member(r, 0, "usage")) == DD_J_OBJECT)
        put_value(r, "usage", member(r, 0, "usage"));
    event_end(r);
    event(r, "message_stop");
    event_end(r);
    return true;
}

/* --- responses --- */

static void numbered(replay *r, const char *type)
{
    event(r, type);
    dd_jw_int(r->out, "sequence_number", r->sequence++);
}

static void response_event(replay *r, const char *type, const change *changes, size_t n)
{
    numbered(r, type);
    put_object(r, "response", 0, changes, n);
    event_end(r);
}

/* index: "content_index", "summary_index"; NULL: of the item itself */
typedef struct { uint32_t item; int output, part; const char *index; } place;

static void place_event(replay *r, const char *type, const place *at)
{
    numbered(r, type);
    dd_jw_str(r->out, "item_id", inside(r, at->item, "id"));
    dd_jw_int(r->out, "output_index", at->output);
    if (at->index)
        dd_jw_int(r->out, at->index, at->part);
}

typedef struct { const char *delta, *done, *key; bool logprobs; } spelling;   /* logprobs: typed clients look for them */
static const spelling said_text = { "response.output_text.delta", "response.output_text.done", "text", true },
    said_refusal = { "response.refusal.delta", "response.refusal.done", "refusal", false },
    said_summary = { "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "text", false },
    said_arguments = { "response.function_call_arguments.delta", "response.function_call_arguments.done", "arguments", false },
    said_input     = { "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input", false };

/* The delta, and all of it again. */
static void text_events(replay *r, const place *at, const spelling *s, uint32_t owner)
{
    dd_str text = inside(r, owner, s->key);
    for (int done = !text.len; done < 2; done++) {
        place_event(r, done ? s->done : s->delta, at);
        dd_jw_str(r->out, done ? s->key : "delta", text);
        dd_buf_addz(r->out, s->logprobs ? ",\"logprobs\":[]" : "");
        event_end(r);
    }
}

static void part_event(replay *r, const char *type, const place *at, uint32_t part, bool emptied)
{
    static const change empty[] = { { "text", "\"\"" }, { "refusal", "\"\"" }, { "annotations", "[]" }, { "logprobs", "[]" } };
    place_event(r, type, at);
    put_object(r, "part", part, empty, emptied ? DD_COUNT(empty) : 0);
    event_end(r);
}

static void message_parts(replay *r, place at)
{
    at.index = "content_index";
    for (dd_jit it = dd_jspan_each(r->j, member(r, at.item, "content")); dd_jspan_step(r->j, &it); at.part++) {
        part_event(r, "response.content_part.added", &at, it.value, true);
        if (is_type(r, it.value, "output_text"))
            text_events(r, &at, &said_text, it.value);
        else if (is_type(r, it.value, "refusal"))
            text_events(r, &at, &said_refusal, it.value);
        part_event(r, "response.content_part.done", &at, it.value, false);
    }
}

static void summary_parts(replay *r, place at)
{
    at.index = "summary_index";
    for (dd_jit it = dd_jspan_each(r->j, member(r, at.item, "summary")); dd_jspan_step(r->j, &it); at.part++) {
        part_event(r, "response.reasoning_summary_part.added", &at, it.value, true);
        text_events(r, &at, &said_summary, it.value);
        part_event(r, "response.reasoning_summary_part.done", &at, it.value, false);
    }
}

static void item(replay *r, uint32_t node, int output)
{
    static const change emptied[] = { { "status", "\"in_progress\"" }, { "content", "[]" }, { "summary", "[]" }, { "arguments", "\"\"" },
                                      { "input", "\"\"" } };
    bool  message = is_type(r, node, "message"), reasoning = is_type(r, node, "reasoning"), call = is_type(r, node, "function_call"),
          custom  = is_type(r, node, "custom_tool_call");
    place at = { node, output, 0, NULL };
    numbered(r, "response.output_item.added");
    dd_jw_int(r->out, "output_index", output);
    put_object(r, "item", node, emptied, message || reasoning || call || custom ? DD_COUNT(emptied) : 0);
    event_end(r);
    if (message)
        message_parts(r, at);
    else if (reasoning)
        summary_parts(r, at);
    else if (call || custom)
        text_events(r, &at, call ? &said_arguments : &said_input, node);
    numbered(r, "response.output_item.done");
    dd_jw_int(r->out, "output_index", output);
    put_object(r, "item", node, NULL, 0);
    event_end(r);
}

static bool replay_responses(replay *r)
{
    static const change start[] = { { "status", "\"in_progress\"" }, { "output", "[]" }, { "output_text", NULL }, { "usage", "null" },
                                    { "incomplete_details", "null" }, { "completed_at", "null" } };
    uint32_t output = member(r, 0, "output"), status = member(r, 0, "status");
    bool     incomplete = dd_jspan_is(r->j, status, "incomplete");
    int      i = 0;
    if (dd_jspan_kind(r->j, output) != DD_J_ARRAY || (status != DD_J_NONE && !incomplete && !dd_jspan_is(r->j, status, "completed")))
        return false;                    /* failed, or still at it in the background */
    response_event(r, "response.created", start, DD_COUNT(start));
    response_event(r, "response.in_progress", start, DD_COUNT(start));
    for (dd_jit it = dd_jspan_each(r->j, output); dd_jspan_step(r->j, &it);)
        item(r, it.value, i++);
    response_event(r, incomplete ? "response.incomplete" : "response.completed", NULL, 0);
    return true;
}

bool dd_answer_replay(dd_dialect d, const dd_jspan *body, dd_buf *out)
{
    static bool (*const fns[])(replay *) = { [DD_DIALECT_CHAT] = replay_chat, [DD_DIALECT_MESSAGES] = replay_messages,
                                             [DD_DIALECT_RESPONSES] = replay_responses, [DD_DIALECT_COMPLETIONS] = replay_completions };
    replay   r     = { .j = body, .out = out };
    dd_jkind error = dd_jspan_kind(body, dd_jspan_member(body, 0, "error", NULL));
    if (d >= DD_COUNT(fns) || !fns[d] || dd_jspan_kind(body, 0) != DD_J_OBJECT || error == DD_J_OBJECT || error == DD_J_STRING)
        return false;
    return fns[d](&r);
}
