/* Streams of chat.completions (and, for usage and text, of completions), with what compatible providers make of them (S10). */
#include "proxy/dialect/stream.h"

/* --- reading --- */

static uint32_t member(dd_stream_reader *r, uint32_t object, const char *name) { return dd_jspan_member(r->j, object, name, NULL); }

static void read_thinking_item(dd_stream_reader *r, uint32_t item)
{
    uint32_t thinking = member(r, item, "thinking");
    dd_sr_text(r, DD_SE_THINKING, dd_jspan_inside(r->j, thinking));
    for (dd_jit it = dd_jspan_each(r->j, thinking); dd_jspan_step(r->j, &it);)
        dd_sr_text(r, DD_SE_THINKING, dd_sr_inside(r, it.value, "text"));
}

static void read_content(dd_stream_reader *r, uint32_t content)
{
    dd_sr_text(r, DD_SE_TEXT, dd_jspan_inside(r->j, content));
    if (dd_jspan_kind(r->j, content) != DD_J_ARRAY)
        return;
    for (dd_jit it = dd_jspan_each(r->j, content); dd_jspan_step(r->j, &it);) { /* Mistral */
        uint32_t type = member(r, it.value, "type");
        if (dd_jspan_is(r->j, type, "text"))
            dd_sr_text(r, DD_SE_TEXT, dd_sr_inside(r, it.value, "text"));
        else if (dd_jspan_is(r->j, type, "thinking"))
            read_thinking_item(r, it.value);
        else
            dd_sr_other(r, dd_jspan_inside(r->j, type));
    }
}

/* Signatures as gateways pass them on: thinking_blocks as messages has them, or OpenRouter's reasoning_details. */
static void read_signatures(dd_stream_reader *r, uint32_t list)
{
    for (dd_jit it = dd_jspan_each(r->j, list); dd_jspan_step(r->j, &it);) {
        dd_dialect by   = DD_DIALECT_CHAT;
        dd_str     data = dd_sr_inside(r, it.value, "data"), signature = dd_sr_inside(r, it.value, "signature");
        dd_str     text = dd_seal_read(data.len ? data : signature, &by);
        dd_sr_signature(r, text, data.len > 0, by);
    }
}

static void read_reasoning(dd_stream_reader *r, uint32_t delta)
{
    dd_str text = dd_sr_inside(r, delta, "reasoning_content"); /* some send it under both names */
    dd_sr_text(r, DD_SE_THINKING, text.len ? text : dd_sr_inside(r, delta, "reasoning"));
    uint32_t blocks = member(r, delta, "thinking_blocks");
    read_signatures(r, blocks != DD_J_NONE ? blocks : member(r, delta, "reasoning_details"));
}

/* Which call a piece belongs to: by number; where several come under one number, or none has one, by id and name. */
static dd_stream_call *find_call(dd_stream_reader *r, uint32_t item, dd_str id, dd_str name)
{
    int64_t  index;
    uint64_t hash     = id.len ? dd_str_hash(id) : 0;
    bool     numbered = dd_jspan_i64(r->j, member(r, item, "index"), &index);
    if (!numbered) {
        for (size_t i = r->calls.n; hash && i > 0; i--)
            if (r->calls.v[i - 1].id_hash == hash)
                return &r->calls.v[i - 1];
        dd_stream_call *last = r->calls.n ? &r->calls.v[r->calls.n - 1] : NULL;
        if (last && !hash && !name.len)
            return last;
        return dd_sr_call_new(r, -(int64_t)r->calls.n - 1);
    }
    dd_stream_call *c = NULL;
    for (size_t i = r->calls.n; i > 0 && !c; i--)
        if (r->calls.v[i - 1].key == index)
            c = &r->calls.v[i - 1];
    if (c && name.len && hash && c->id_hash && c->id_hash != hash)
        c = NULL;
    return c ? c : dd_sr_call_new(r, index);
}

static void read_call(dd_stream_reader *r, uint32_t item)
{
    uint32_t        custom = member(r, item, "custom"), function = member(r, item, "function");
    if (dd_jspan_kind(r->j, custom) == DD_J_OBJECT && !dd_jspan_is(r->j, member(r, item, "type"), "function")) /* Snowflake sends both */
        function = custom;
    dd_str          id = dd_sr_inside(r, item, "id"), name = dd_sr_inside(r, function, "name");
    dd_stream_call *c  = find_call(r, item, id, name);
    if (!c)
        return;
    if (id.len && !c->id_hash) {
        c->id_hash = dd_str_hash(id);
        dd_buf_add(&c->id, id);
    }
    if (c->tool < 0 && name.len) {
        c->custom = function == custom;
        for (size_t i = 0; i < r->calls.n; i++) /* those before it that are whole get their end first */
            if (&r->calls.v[i] != c && !r->calls.v[i].ended && r->calls.v[i].tool >= 0 && r->calls.v[i].watch.whole)
                dd_sr_call_end(r, &r->calls.v[i]);
        dd_sr_call_announce(r, c, dd_buf_str(&c->id), name);
    }
    dd_sr_call_value(r, c, member(r, function, c->custom ? "input" : "arguments"));
}

static void read_delta(dd_stream_reader *r, uint32_t delta)
{
    read_reasoning(r, delta);
    uint32_t content = member(r, delta, "content"), calls = member(r, delta, "tool_calls"), legacy = member(r, delta, "function_call");
    if (dd_jspan_inside(r->j, content).len)
        dd_sr_calls_end(r, true);
    read_content(r, content);
    dd_sr_text(r, DD_SE_REFUSAL, dd_sr_inside(r, delta, "refusal"));
    uint32_t audio = member(r, delta, "audio");
    dd_sr_text(r, DD_SE_TEXT, dd_sr_inside(r, audio, "transcript"));
    if (dd_sr_inside(r, audio, "data").len)
        dd_sr_other(r, DD_STR("audio"));
    if (dd_jspan_kind(r->j, member(r, delta, "annotations")) == DD_J_ARRAY)
        dd_sr_other(r, DD_STR("annotations"));
    for (dd_jit it = dd_jspan_each(r->j, calls); dd_jspan_step(r->j, &it) && !r->over;)
        read_call(r, it.value);
    if (dd_jspan_kind(r->j, legacy) == DD_J_OBJECT) {
        dd_stream_call *c = dd_sr_call_open(r, -1);
        if (!c && (c = dd_sr_call_new(r, -1)))
            dd_sr_call_announce(r, c, DD_STR_NULL, dd_sr_inside(r, legacy, "name"));
        if (c)
            dd_sr_call_value(r, c, member(r, legacy, "arguments"));
    }
}

static void read_choice(dd_stream_reader *r, uint32_t choice)
{
    int64_t  index;
    uint32_t delta = member(r, choice, "delta");
    if (dd_jspan_i64(r->j, member(r, choice, "index"), &index) && index != 0) {
        dd_sr_other(r, DD_STR("choices[1]"));
        return;
    }
    if (dd_jspan_kind(r->j, delta) != DD_J_OBJECT) /* the whole message in one chunk */
        delta = member(r, choice, "message");
    read_delta(r, delta);
    dd_sr_text(r, DD_SE_TEXT, dd_sr_inside(r, choice, "text")); /* completions */
    if (dd_jspan_kind(r->j, member(r, choice, "logprobs")) == DD_J_OBJECT)
        dd_sr_other(r, DD_STR("logprobs"));
    dd_sr_stop(r, dd_stop_read(dd_sr_inside(r, choice, "finish_reason")));
    uint32_t error = member(r, choice, "error");
    if (dd_jspan_kind(r->j, error) == DD_J_OBJECT)
        dd_sr_error(r, error);
}

void dd_stream_read_chat(dd_stream_reader *r)
{
    uint32_t choices = member(r, 0, "choices"), usage = member(r, 0, "usage"), error = member(r, 0, "error");
    bool     any = choices != DD_J_NONE && dd_jspan_kind(r->j, choices) == DD_J_ARRAY && r->j->v[choices].count;
    if (any || dd_sr_inside(r, 0, "id").len) /* Azure's first chunk has neither */
        dd_sr_start(r, 0, "created");
    dd_sr_usage(r, dd_jspan_kind(r->j, usage) == DD_J_OBJECT ? usage : member(r, member(r, 0, "x_groq"), "usage"));
    if (dd_jspan_kind(r->j, error) == DD_J_OBJECT || dd_jspan_inside(r->j, error).len) {
        dd_sr_error(r, error);
        return;
    }
    if (dd_jspan_kind(r->j, member(r, 0, "citations")) == DD_J_ARRAY)
        dd_sr_other(r, DD_STR("citations"));
    for (dd_jit it = dd_jspan_each(r->j, choices); dd_jspan_step(r->j, &it) && !r->over;)
        read_choice(r, it.value);
}

/* --- writing --- */

static void make_prefix(dd_stream_writer *w)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_buf_addz(&b, "data: {");
    dd_jw_str(&b, "id", w->id);
    dd_jw_str(&b, "object", DD_STR("chat.completion.chunk"));
    dd_jw_int(&b, "created", w->created);
    dd_jw_str(&b, "model", w->model);
    dd_str tier = dd_tier(DD_DIALECT_CHAT, w->service_tier);
    if (tier.len)
        dd_jw_str(&b, "service_tier", tier);
    if (w->system_fingerprint.len)
        dd_jw_str(&b, "system_fingerprint", w->system_fingerprint);
    w->prefix = dd_arena_dup(w->ctx->arena, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void chunk_begin(dd_stream_writer *w)
{
    dd_buf_add(w->out, w->prefix);
    dd_buf_addz(w->out, ",\"choices\":[{\"index\":0,\"delta\":{");
}

static void chunk_end(dd_stream_writer *w, const char *finish)
{
    dd_buf_addz(w->out, "},\"logprobs\":null,\"finish_reason\":");
    if (finish)
        dd_buf_printf(w->out, "\"%s\"}]", finish);
    else
        dd_buf_addz(w->out, "null}]");
    dd_buf_addz(w->out, w->facts.include_usage ? ",\"usage\":null}\n\n" : "}\n\n");
}

static void chunk_text(dd_stream_writer *w, const char *key, dd_str text)
{
    chunk_begin(w);
    dd_jw_str(w->out, key, text);
    chunk_end(w, NULL);
}

static void chunk_signature(dd_stream_writer *w, const dd_stream_event *e)
{
    dd_part p = { .kind = DD_PART_THINKING, .signature = e->text, .data = e->text, .redacted = e->redacted, .signed_by = e->signed_by };
    chunk_begin(w);
    dd_buf_printf(w->out, "\"thinking_blocks\":[{\"index\":%d", w->n_items++); /* openai-python refuses items of lists without a number */
    dd_jw_str(w->out, "type", e->redacted ? DD_STR("redacted_thinking") : DD_STR("thinking"));
    dd_jw_str(w->out, e->redacted ? "data" : "signature", dd_part_signature(&p, DD_DIALECT_CHAT, w->ctx));
    dd_buf_addz(w->out, "}]");
    chunk_end(w, NULL);
}

static bool legacy(const dd_stream_writer *w) { return w->facts.request && w->facts.request->legacy_functions; }

static void chunk_call(dd_stream_writer *w, const dd_stream_event *e)
{
    if (legacy(w) && e->tool > 0) { /* the old form has one (T23) */
        dd_drop(w->ctx->drops, w->ctx->arena, "tool_calls[%d]", e->tool);
        return;
    }
    chunk_begin(w);
    if (legacy(w))
        dd_buf_addz(w->out, "\"function_call\":{");
    else {
        dd_buf_printf(w->out, "\"tool_calls\":[{\"index\":%d", e->tool);
        dd_jw_str(w->out, "id", e->id);
        dd_buf_addz(w->out, e->custom ? ",\"type\":\"custom\",\"custom\":{" : ",\"type\":\"function\",\"function\":{");
    }
    dd_jw_str(w->out, "name", e->name);
    dd_jw_str(w->out, e->custom && !legacy(w) ? "input" : "arguments", DD_STR(""));
    dd_buf_addz(w->out, legacy(w) ? "}" : "}}]");
    chunk_end(w, NULL);
}

static void chunk_arguments(dd_stream_writer *w, const dd_stream_event *e)
{
    if (legacy(w) && e->tool > 0)
        return;
    chunk_begin(w);
    if (legacy(w))
        dd_buf_addz(w->out, "\"function_call\":{");
    else
        dd_buf_printf(w->out, "\"tool_calls\":[{\"index\":%d,\"%s\":{", e->tool, e->custom ? "custom" : "function");
    dd_jw_str(w->out, e->custom && !legacy(w) ? "input" : "arguments", e->text);
    dd_buf_addz(w->out, legacy(w) ? "}" : "}}]");
    chunk_end(w, NULL);
}

static void finish(dd_stream_writer *w)
{
    const char *why = dd_stop_chat(w->stop, w->n_calls > 0);
    chunk_begin(w);
    chunk_end(w, legacy(w) && strcmp(why, "tool_calls") == 0 ? "function_call" : why);
    if (w->facts.include_usage && w->usage.reported) {
        dd_buf_add(w->out, w->prefix);
        dd_buf_addz(w->out, ",\"choices\":[],\"usage\":");
        dd_usage_write(DD_DIALECT_CHAT, &w->usage, DD_STR_NULL, w->out);
        dd_buf_addz(w->out, "}\n\n");
    }
    dd_buf_addz(w->out, "data: [DONE]\n\n");
}

void dd_stream_write_chat(dd_stream_writer *w, const dd_stream_event *e)
{
    switch (e->kind) {
    case DD_SE_START:
        make_prefix(w);
        chunk_begin(w);
        dd_buf_addz(w->out, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null");
        chunk_end(w, NULL);
        break;
    case DD_SE_TEXT: chunk_text(w, "content", e->text); break;
    case DD_SE_THINKING: chunk_text(w, "reasoning_content", e->text); break;
    case DD_SE_REFUSAL: chunk_text(w, "refusal", e->text); break;
    case DD_SE_SIGNATURE: chunk_signature(w, e); break;
    case DD_SE_TOOL: chunk_call(w, e); break;
    case DD_SE_TOOL_ARGS: chunk_arguments(w, e); break;
    case DD_SE_ERROR: dd_error_event(DD_DIALECT_CHAT, &e->error, w->facts.request_id, w->out); break;
    case DD_SE_END: finish(w); break;
    default: break;
    }
}
