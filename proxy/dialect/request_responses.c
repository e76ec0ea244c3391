/* Requests to OpenAI's responses: reading them. Source: OpenAI's API reference for responses, read 2026-11-20.
 *
 * What lives with the provider of an earlier answer cannot be sent to another one: previous_response_id, conversation, prompt and item references are
 * refused, never dropped, because the model would answer without having read them. */
#include "proxy/dialect/request.h"

#define ENUM(prefix, name) prefix##name,
#define NAME(prefix, name) #name,

#define TOP_MEMBERS(X, p)                                                                                                                        \
    X(p, model) X(p, input) X(p, instructions) X(p, max_output_tokens) X(p, temperature) X(p, top_p) X(p, tools) X(p, tool_choice)             \
    X(p, parallel_tool_calls) X(p, reasoning) X(p, text) X(p, stream) X(p, stream_options) X(p, store) X(p, metadata) X(p, user)               \
    X(p, safety_identifier) X(p, service_tier) X(p, prompt_cache_key) X(p, prompt_cache_retention) X(p, include) X(p, previous_response_id)    \
    X(p, conversation) X(p, prompt) X(p, background)
enum { TOP_MEMBERS(ENUM, T_) T_COUNT };
static const char *const top_members[] = { TOP_MEMBERS(NAME, ) };

/* --- content --- */

static void read_text_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "text", "annotations", "logprobs", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    if (v[1] == DD_J_NONE)
        dd_request_fail(rd->ctx, dd_read_path(rd, p->where, "text"), "is missing");
    p->text          = dd_read_string(rd, v[1], p->where, "text");
    p->cache_control = dd_read_object(rd, v[4], p->where, "cache_control");
    for (size_t i = 2; i < 4; i++) /* of an answer that comes back as history */
        if (v[i] != DD_J_NONE && rd->j->v[v[i]].count)
            dd_dialect_drop(rd->ctx, DD_STR_FMT ".%s", DD_STR_ARG(p->where), names[i]);
}

static void read_refusal_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "refusal" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind = DD_PART_REFUSAL;
    p->text = dd_read_required(rd, v[1], p->where, "refusal");
}

static void read_image_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "image_url", "file_id", "detail" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind    = DD_PART_IMAGE;
    p->file_id = dd_read_string(rd, v[2], p->where, "file_id");
    p->detail  = dd_read_string(rd, v[3], p->where, "detail");
    if (v[1] != DD_J_NONE)
        dd_read_url(rd, p, dd_read_required(rd, v[1], p->where, "image_url"));
    else if (!p->file_id.ptr)
        dd_request_fail(rd->ctx, dd_read_path(rd, p->where, "image_url"), "is missing");
}

static void read_file_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "file_data", "file_id", "file_url", "filename", "detail" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind     = DD_PART_DOCUMENT;
    p->file_id  = dd_read_string(rd, v[2], p->where, "file_id");
    p->filename = dd_read_string(rd, v[4], p->where, "filename");
    p->detail   = dd_read_string(rd, v[5], p->where, "detail");
    if (v[3] != DD_J_NONE)
        dd_read_url(rd, p, dd_read_required(rd, v[3], p->where, "file_url"));
    dd_read_file(rd, p, dd_read_string(rd, v[1], p->where, "file_data"));
}

static void read_audio_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "input_audio" }, *const inner[] = { "data", "format" };
    uint32_t v[DD_COUNT(names)], in[DD_COUNT(inner)];
    dd_str   where = dd_read_path(rd, p->where, "input_audio");
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind = DD_PART_AUDIO;
    if (!dd_read_kind(rd, v[1], DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, v[1], where, inner, in, DD_COUNT(inner));
    p->data       = dd_read_required(rd, in[0], where, "data");
    p->media_type = dd_read_required(rd, in[1], where, "format");
}

static const dd_part_type part_types[] = {
    { "input_text", read_text_part },   { "output_text", read_text_part }, { "text", read_text_part },         { "input_image", read_image_part },
    { "input_file", read_file_part },   { "refusal", read_refusal_part },  { "input_audio", read_audio_part }, { "summary_text", read_text_part },
};

static void read_content(dd_reading *rd, dd_turn *turn, dd_part *result, uint32_t node, dd_str content)
{
    if (node == DD_J_NONE)
        dd_request_fail(rd->ctx, content, "is missing");
    dd_read_content(rd, turn, result, node, content, part_types, DD_COUNT(part_types));
}

/* --- items --- */

/* Items of the model in a row are one turn: a text, a thought and calls that belong together. */
static dd_turn *assistant_turn(dd_reading *rd, dd_str where)
{
    return rd->last && rd->last->role == DD_ROLE_ASSISTANT ? rd->last : dd_read_turn(rd, DD_ROLE_ASSISTANT, where);
}

static void read_message(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "role", "content", "id", "status", "phase" };
    static const struct { const char *word; dd_role role; } roles[] = {
        { "user", DD_ROLE_USER }, { "assistant", DD_ROLE_ASSISTANT }, { "system", DD_ROLE_SYSTEM }, { "developer", DD_ROLE_SYSTEM },
    };
    uint32_t v[DD_COUNT(names)];
    size_t   i = 0;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    dd_str role = dd_read_required(rd, v[1], where, "role");
    while (i < DD_COUNT(roles) && !dd_jspan_is(rd->j, v[1], roles[i].word))
        i++;
    if (i == DD_COUNT(roles)) {
        dd_request_fail(rd->ctx, dd_read_path(rd, where, "role"), "no such role: \"" DD_STR_FMT "\"", DD_STR_ARG(dd_str_sub(role, 0, 64)));
        return;
    }
    dd_turn *turn   = roles[i].role == DD_ROLE_ASSISTANT ? assistant_turn(rd, where) : dd_read_turn(rd, roles[i].role, where);
    turn->developer = i == 3;
    read_content(rd, turn, NULL, v[2], dd_read_path(rd, where, "content"));
}

static void read_call(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "call_id", "name", "arguments", "id", "status" };
    uint32_t v[DD_COUNT(names)];
    dd_part *p = dd_read_part(rd, assistant_turn(rd, where), DD_PART_TOOL_CALL, where);
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    p->id   = dd_read_required(rd, v[1], where, "call_id");
    p->name = dd_read_required(rd, v[2], where, "name");
    dd_read_arguments(rd, p, v[3]);
}

static void read_custom_call(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "call_id", "name", "input", "id", "status" };
    uint32_t v[DD_COUNT(names)];
    dd_part *p = dd_read_part(rd, assistant_turn(rd, where), DD_PART_TOOL_CALL, where);
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    p->custom = true;
    p->id     = dd_read_required(rd, v[1], where, "call_id");
    p->name   = dd_read_required(rd, v[2], where, "name");
    p->text   = dd_read_string(rd, v[3], where, "input");
    if (!p->text.ptr)
        p->text = DD_STR("");
}

static void read_output(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "call_id", "output", "id", "status" };
    uint32_t v[DD_COUNT(names)];
    dd_turn *turn = rd->last;
    if (!turn || turn->role != DD_ROLE_USER || !turn->parts || turn->parts->kind != DD_PART_TOOL_RESULT)
        turn = dd_read_turn(rd, DD_ROLE_USER, where);
    dd_part *p = dd_read_part(rd, turn, DD_PART_TOOL_RESULT, where);
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    p->id = dd_read_required(rd, v[1], where, "call_id");
    read_content(rd, NULL, p, v[2], dd_read_path(rd, where, "output"));
}

/* A thought's summary is its text; what is encrypted goes back to whom it came from. */
static void read_reasoning(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "summary", "content", "encrypted_content", "id", "status" };
    uint32_t v[DD_COUNT(names)];
    dd_buf   text = DD_BUF_INIT(0);
    dd_part *p    = dd_read_part(rd, assistant_turn(rd, where), DD_PART_THINKING, where);
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    uint32_t source = v[1] != DD_J_NONE && dd_jspan_kind(rd->j, v[1]) == DD_J_ARRAY && rd->j->v[v[1]].count ? v[1] : v[2];
    for (dd_jit it = dd_jspan_each(rd->j, source); dd_jspan_step(rd->j, &it);) {
        dd_buf_addz(&text, text.len ? "\\n\\n" : "");
        dd_buf_add(&text, dd_jspan_inside(rd->j, dd_jspan_member(rd->j, it.value, "text", NULL)));
    }
    p->type = DD_STR("reasoning");
    p->text = dd_arena_dup(rd->ctx->arena, dd_buf_str(&text));
    dd_buf_free(&text);
    dd_read_signature(p, dd_read_string(rd, v[3], where, "encrypted_content"), DD_DIALECT_RESPONSES);
    if (p->signed_by == DD_DIALECT_MESSAGES && dd_str_startsz(p->signature, DD_SEAL_REDACTED)) {
        p->redacted  = true;
        p->data      = dd_str_sub(p->signature, sizeof DD_SEAL_REDACTED - 1, p->signature.len);
        p->signature = DD_STR_NULL;
    }
}

static void refuse_reference(dd_reading *rd, uint32_t node, dd_str where)
{
    (void)node;
    dd_request_fail(rd->ctx, where, "an item of an earlier answer is not known to the model that serves this request: send the item itself");
}

static const struct { const char *type; void (*read)(dd_reading *rd, uint32_t node, dd_str where); } item_types[] = {
    { "message", read_message },
    { "function_call", read_call },
    { "function_call_output", read_output },
    { "reasoning", read_reasoning },
    { "custom_tool_call", read_custom_call },
    { "custom_tool_call_output", read_output },
    { "item_reference", refuse_reference },
};

static void read_item(dd_reading *rd, uint32_t node, dd_str where)
{
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    uint32_t type = dd_jspan_member(rd->j, node, "type", NULL);
    if (type == DD_J_NONE && dd_jspan_member(rd->j, node, "role", NULL) != DD_J_NONE) {
        read_message(rd, node, where);
        return;
    }
    for (size_t i = 0; i < DD_COUNT(item_types); i++)
        if (dd_jspan_is(rd->j, type, item_types[i].type)) {
            item_types[i].read(rd, node, where);
            return;
        }
    dd_str word = dd_read_required(rd, type, where, "type"); /* calls of OpenAI's own tools and what they gave */
    dd_dialect_drop(rd->ctx, DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(where), DD_STR_ARG(word));
}

static void read_input(dd_reading *rd, const uint32_t *v)
{
    size_t n = 0;
    if (v[T_instructions] != DD_J_NONE) {
        dd_turn *turn   = dd_read_turn(rd, DD_ROLE_SYSTEM, DD_STR("instructions"));
        turn->developer = true;
        dd_read_part(rd, turn, DD_PART_TEXT, turn->where)->text = dd_read_string(rd, v[T_instructions], DD_STR(""), "instructions");
    }
    if (dd_jspan_kind(rd->j, v[T_input]) == DD_J_STRING) {
        dd_read_part(rd, dd_read_turn(rd, DD_ROLE_USER, DD_STR("input")), DD_PART_TEXT, DD_STR("input"))->text = dd_jspan_inside(rd->j, v[T_input]);
        return;
    }
    if (dd_jspan_kind(rd->j, v[T_input]) != DD_J_ARRAY)
        dd_request_fail(rd->ctx, DD_STR("input"), v[T_input] == DD_J_NONE ? "is missing" : "a string or an array of items is needed here");
    for (dd_jit it = dd_jspan_each(rd->j, v[T_input]); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++)
        read_item(rd, it.value, dd_read_index(rd, DD_STR("input"), n));
    if (!rd->r->turns)
        dd_request_fail(rd->ctx, DD_STR("input"), "is empty");
}

/* --- tools --- */

static void read_tool(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "name", "description", "parameters", "strict", "type", "format" };
    uint32_t v[DD_COUNT(names)];
    dd_tool *t    = dd_read_tool(rd, where);
    uint32_t type = dd_jspan_member(rd->j, node, "type", NULL);
    t->type       = dd_read_required(rd, type, where, "type");
    t->custom     = dd_jspan_is(rd->j, type, "custom");
    if (!t->custom && !dd_jspan_is(rd->j, type, "function")) {
        dd_read_tool_raw(rd, t, node);
        return;
    }
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    dd_read_function(rd, t, v, where, "parameters");
    t->format = dd_read_object(rd, v[5], where, "format");
}

static void read_choice(dd_reading *rd, uint32_t node)
{
    static const char *const names[] = { "type", "name", "mode" };
    static const struct { const char *word; dd_choice choice; } words[] = {
        { "auto", DD_CHOICE_AUTO }, { "none", DD_CHOICE_NONE }, { "required", DD_CHOICE_REQUIRED },
    };
    uint32_t    v[DD_COUNT(names)];
    dd_str      where = DD_STR("tool_choice");
    dd_request *r    = rd->r;
    bool        object = dd_jspan_kind(rd->j, node) == DD_J_OBJECT;
    if (node == DD_J_NONE)
        return;
    if (object)
        dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    if (object && (dd_jspan_is(rd->j, v[0], "function") || dd_jspan_is(rd->j, v[0], "custom"))) {
        r->tool_choice      = DD_CHOICE_NAMED;
        r->tool_choice_name = dd_read_required(rd, v[1], where, "name");
        return;
    }
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_jspan_is(rd->j, object ? v[2] : node, words[i].word)) /* an object: allowed_tools */
            r->tool_choice = words[i].choice;
    if (r->tool_choice == DD_CHOICE_UNSET && object)
        dd_dialect_drop(rd->ctx, "tool_choice." DD_STR_FMT, DD_STR_ARG(dd_read_required(rd, v[0], where, "type")));
    else if (r->tool_choice == DD_CHOICE_UNSET)
        dd_request_fail(rd->ctx, where, "auto, none, required or a tool is needed here");
}

/* --- the rest --- */

static void read_format(dd_reading *rd, uint32_t node)
{
    static const char *const names[] = { "type", "name", "description", "schema", "strict" };
    uint32_t    v[DD_COUNT(names)];
    dd_str      where = DD_STR("text.format");
    dd_request *r = rd->r;
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    if (dd_jspan_is(rd->j, v[0], "text"))
        return;
    if (dd_jspan_is(rd->j, v[0], "json_object")) {
        r->format = DD_FORMAT_OBJECT;
        return;
    }
    if (!dd_jspan_is(rd->j, v[0], "json_schema"))
        dd_request_fail(rd->ctx, DD_STR("text.format.type"), "text, json_object or json_schema is needed here");
    r->format             = DD_FORMAT_SCHEMA;
    r->schema_name        = dd_read_string(rd, v[1], where, "name");
    r->schema_description = dd_read_string(rd, v[2], where, "description");
    r->schema             = dd_read_object(rd, v[3], where, "schema");
    r->schema_strict      = dd_read_bool(rd, v[4], where, "strict");
}

static void read_text_config(dd_reading *rd, uint32_t node)
{
    static const char *const names[] = { "format", "verbosity" };
    uint32_t v[DD_COUNT(names)];
    if (!dd_read_kind(rd, node, DD_J_OBJECT, DD_STR(""), "text"))
        return;
    dd_read_members(rd, node, DD_STR("text"), names, v, DD_COUNT(names));
    read_format(rd, v[0]);
    rd->r->verbosity = dd_read_string(rd, v[1], DD_STR("text"), "verbosity");
}

static void read_reasoning_config(dd_reading *rd, uint32_t node)
{
    static const char *const names[] = { "effort" };
    uint32_t v[DD_COUNT(names)];
    if (!dd_read_kind(rd, node, DD_J_OBJECT, DD_STR(""), "reasoning"))
        return;
    dd_read_members(rd, node, DD_STR("reasoning"), names, v, DD_COUNT(names));
    rd->r->effort = dd_read_string(rd, v[0], DD_STR("reasoning"), "effort");
}

static void refuse_state(dd_reading *rd, const uint32_t *v)
{
    static const struct { int member; const char *why; } state[] = {
        { T_previous_response_id, "an earlier answer is not known to the model that serves this request: send the whole conversation as input" },
        { T_conversation, "a stored conversation is not known to the model that serves this request: send it as input" },
        { T_prompt, "a stored prompt is not known to the model that serves this request: send its text" },
    };
    for (size_t i = 0; i < DD_COUNT(state); i++)
        if (v[state[i].member] != DD_J_NONE)
            dd_request_fail(rd->ctx, dd_str_z(top_members[state[i].member]), "%s", state[i].why);
    if (dd_read_bool(rd, v[T_background], DD_STR(""), "background") == DD_TRI_TRUE)
        dd_request_fail(rd->ctx, DD_STR("background"), "the model that serves this request answers at once only");
}

static void read_include(dd_reading *rd, uint32_t node)
{
    size_t n = 0;
    if (!dd_read_kind(rd, node, DD_J_ARRAY, DD_STR(""), "include"))
        return;
    for (dd_jit it = dd_jspan_each(rd->j, node); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++)
        if (dd_jspan_is(rd->j, it.value, "reasoning.encrypted_content"))
            rd->r->sealed_reasoning = true;
        else
            dd_dialect_drop(rd->ctx, "include[%zu]", n);
}

static void read_identity(dd_reading *rd, const uint32_t *v)
{
    dd_request *r   = rd->r;
    dd_str      top = DD_STR(""), old = dd_read_string(rd, v[T_user], top, "user");
    r->user         = dd_read_string(rd, v[T_safety_identifier], top, "safety_identifier");
    if (r->user.ptr && old.ptr && !dd_str_eq(old, r->user))
        dd_dialect_drop(rd->ctx, "user");
    if (!r->user.ptr)
        r->user = old;
    r->service_tier = dd_read_string(rd, v[T_service_tier], top, "service_tier");
    r->metadata     = dd_read_object(rd, v[T_metadata], top, "metadata");
    r->store        = dd_read_bool(rd, v[T_store], top, "store");
    dd_read_extra(rd, "prompt_cache_key", v[T_prompt_cache_key]);
    dd_read_extra(rd, "prompt_cache_retention", v[T_prompt_cache_retention]);
}

bool dd_request_read_responses(dd_reading *rd)
{
    uint32_t    v[T_COUNT];
    dd_request *r   = rd->r;
    dd_str      top = DD_STR("");
    dd_read_members(rd, 0, top, top_members, v, T_COUNT);
    r->model = dd_read_required(rd, v[T_model], top, "model");
    refuse_state(rd, v);
    read_input(rd, v);
    dd_read_objects(rd, v[T_tools], "tools", read_tool);
    read_choice(rd, v[T_tool_choice]);
    r->parallel_tools = dd_read_bool(rd, v[T_parallel_tool_calls], top, "parallel_tool_calls");
    r->max_tokens     = dd_read_whole(rd, v[T_max_output_tokens], top, "max_output_tokens");
    r->temperature    = dd_read_number(rd, v[T_temperature], top, "temperature");
    r->top_p          = dd_read_number(rd, v[T_top_p], top, "top_p");
    r->stream         = dd_read_bool(rd, v[T_stream], top, "stream") == DD_TRI_TRUE;
    if (v[T_stream_options] != DD_J_NONE)
        dd_dialect_drop(rd->ctx, "stream_options");
    read_text_config(rd, v[T_text]);
    read_reasoning_config(rd, v[T_reasoning]);
    read_include(rd, v[T_include]);
    read_identity(rd, v);
    return true;
}
