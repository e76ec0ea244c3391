/* Requests to chat.completions: reading them, and writing them for providers that speak nothing else.
 *
 * Source: OpenAI's API reference for chat completions and the extensions that OpenRouter, LiteLLM and DeepSeek brought into use (cache_control,
 * reasoning, thinking_blocks, reasoning_content), read 2026-11-20. */
#include "proxy/dialect/request.h"

/* An enum and the names in the same order. */
#define ENUM(prefix, name) prefix##name,
#define NAME(prefix, name) #name,

#define TOP_MEMBERS(X, p)                                                                                                                        \
    X(p, model) X(p, messages) X(p, tools) X(p, tool_choice) X(p, functions) X(p, function_call) X(p, parallel_tool_calls) X(p, max_tokens)     \
    X(p, max_completion_tokens) X(p, temperature) X(p, top_p) X(p, top_k) X(p, stop) X(p, stream) X(p, stream_options) X(p, response_format)   \
    X(p, reasoning_effort) X(p, reasoning) X(p, thinking) X(p, user) X(p, safety_identifier) X(p, service_tier) X(p, metadata) X(p, store)     \
    X(p, verbosity) X(p, prompt_cache_key) X(p, prompt_cache_retention) X(p, n)
enum { TOP_MEMBERS(ENUM, T_) T_COUNT };
static const char *const top_members[] = { TOP_MEMBERS(NAME, ) };

#define MESSAGE_MEMBERS(X, p)                                                                                                                    \
    X(p, role) X(p, content) X(p, tool_calls) X(p, tool_call_id) X(p, refusal) X(p, function_call) X(p, reasoning_content) X(p, reasoning)     \
    X(p, thinking_blocks) X(p, cache_control)
enum { MESSAGE_MEMBERS(ENUM, M_) M_COUNT };
static const char *const message_members[] = { MESSAGE_MEMBERS(NAME, ) };

/* --- parts of content --- */

static void read_refusal_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "refusal" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind = DD_PART_REFUSAL;
    p->text = dd_read_string(rd, v[1], p->where, "refusal");
}

static void read_image_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "image_url", "cache_control" }, *const inner[] = { "url", "detail" };
    uint32_t v[DD_COUNT(names)], in[DD_COUNT(inner)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind          = DD_PART_IMAGE;
    p->cache_control = dd_read_object(rd, v[2], p->where, "cache_control");
    if (dd_jspan_kind(rd->j, v[1]) == DD_J_STRING) { /* not in the reference, but in use */
        dd_read_url(rd, p, dd_jspan_inside(rd->j, v[1]));
        return;
    }
    if (v[1] == DD_J_NONE)
        dd_request_fail(rd->ctx, dd_read_path(rd, p->where, "image_url"), "is missing");
    if (!dd_read_kind(rd, v[1], DD_J_OBJECT, p->where, "image_url"))
        return;
    dd_str where = dd_read_path(rd, p->where, "image_url");
    dd_read_members(rd, v[1], where, inner, in, DD_COUNT(inner));
    dd_read_url(rd, p, dd_read_required(rd, in[0], where, "url"));
    p->detail = dd_read_string(rd, in[1], where, "detail");
}

static void read_audio_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "input_audio", "cache_control" }, *const inner[] = { "data", "format" };
    uint32_t v[DD_COUNT(names)], in[DD_COUNT(inner)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind      = DD_PART_AUDIO;
    dd_str where = dd_read_path(rd, p->where, "input_audio");
    if (!dd_read_kind(rd, v[1], DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, v[1], where, inner, in, DD_COUNT(inner));
    p->data       = dd_read_required(rd, in[0], where, "data");
    p->media_type = dd_read_required(rd, in[1], where, "format");
}

static void read_file_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "file", "cache_control" }, *const inner[] = { "file_data", "file_id", "filename" };
    uint32_t v[DD_COUNT(names)], in[DD_COUNT(inner)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind          = DD_PART_DOCUMENT;
    p->cache_control = dd_read_object(rd, v[2], p->where, "cache_control");
    dd_str where     = dd_read_path(rd, p->where, "file");
    if (v[1] == DD_J_NONE)
        dd_request_fail(rd->ctx, where, "is missing");
    if (!dd_read_kind(rd, v[1], DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, v[1], where, inner, in, DD_COUNT(inner));
    dd_str data = dd_read_string(rd, in[0], where, "file_data");
    p->file_id  = dd_read_string(rd, in[1], where, "file_id");
    p->filename = dd_read_string(rd, in[2], where, "filename");
    dd_read_file(rd, p, data);
}

static void read_thinking_part(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "thinking", "signature", "data" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind     = DD_PART_THINKING;
    p->redacted = dd_jspan_is(rd->j, v[0], "redacted_thinking");
    p->text     = dd_read_string(rd, v[1], p->where, "thinking");
    dd_read_signature(p, dd_read_string(rd, v[p->redacted ? 3 : 2], p->where, p->redacted ? "data" : "signature"), DD_DIALECT_MESSAGES);
}

static const dd_part_type part_types[] = {
    { "text", dd_read_text_part },    { "image_url", read_image_part },   { "input_audio", read_audio_part }, { "file", read_file_part },
    { "refusal", read_refusal_part }, { "thinking", read_thinking_part }, { "redacted_thinking", read_thinking_part },
};

static void read_content(dd_reading *rd, dd_turn *turn, dd_part *result, uint32_t node, dd_str where)
{
    dd_read_content(rd, turn, result, node, dd_read_path(rd, where, "content"), part_types, DD_COUNT(part_types));
}

/* --- messages --- */

static void read_custom_call(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "name", "input" };
    uint32_t v[DD_COUNT(names)];
    dd_str   where = dd_read_path(rd, p->where, "custom");
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    p->custom = true;
    p->name   = dd_read_required(rd, v[0], where, "name");
    p->text   = dd_read_string(rd, v[1], where, "input");
    if (!p->text.ptr)
        p->text = DD_STR("");
}

static void read_function(dd_reading *rd, dd_part *p, uint32_t node, dd_str where)
{
    static const char *const names[] = { "name", "arguments" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    p->name = dd_read_required(rd, v[0], where, "name");
    dd_read_arguments(rd, p, v[1]);
}

static void read_call(dd_reading *rd, dd_turn *turn, uint32_t node, dd_str where)
{
    static const char *const names[] = { "id", "type", "function", "custom", "index" };
    uint32_t v[DD_COUNT(names)];
    dd_part *p = dd_read_part(rd, turn, DD_PART_TOOL_CALL, where);
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    p->id = dd_read_required(rd, v[0], where, "id");
    if (dd_jspan_kind(rd->j, v[3]) == DD_J_OBJECT) {
        read_custom_call(rd, p, v[3]);
        return;
    }
    dd_str function = dd_read_path(rd, where, "function");
    if (v[2] == DD_J_NONE)
        dd_request_fail(rd->ctx, function, "is missing");
    if (dd_read_kind(rd, v[2], DD_J_OBJECT, function, ""))
        read_function(rd, p, v[2], function);
}

/* T23: a function's call has no id, so it gets one of ours. */
static void read_legacy_call(dd_reading *rd, dd_turn *turn, uint32_t node, dd_str where)
{
    dd_str at = dd_read_path(rd, where, "function_call");
    if (!dd_read_kind(rd, node, DD_J_OBJECT, at, ""))
        return;
    dd_part *p = dd_read_part(rd, turn, DD_PART_TOOL_CALL, at);
    p->id      = dd_arena_printf(rd->ctx->arena, "call_function_%zu", rd->legacy_calls++);
    read_function(rd, p, node, at);
    rd->legacy_id = p->id;
}

/* T24: whole blocks with their signatures before the plain text, which then only repeats them; out of a stream a block has its signature and the text
 * is the plain one. */
static void read_reasoning(dd_reading *rd, dd_turn *turn, const uint32_t *v, dd_str where)
{
    size_t      n       = 0;
    bool        content = v[M_reasoning_content] != DD_J_NONE;
    const char *name    = content ? "reasoning_content" : "reasoning";
    dd_str      text    = dd_read_string(rd, v[content ? M_reasoning_content : M_reasoning], where, name);
    dd_str      blocks  = dd_read_path(rd, where, "thinking_blocks");
    dd_part    *bare    = NULL;
    for (dd_jit it = dd_jspan_each(rd->j, v[M_thinking_blocks]); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++) {
        dd_part *p = dd_read_part(rd, turn, DD_PART_THINKING, dd_read_index(rd, blocks, n));
        if (dd_read_kind(rd, it.value, DD_J_OBJECT, p->where, ""))
            read_thinking_part(rd, p, it.value);
        if (!p->redacted && !p->text.len)
            bare = p;
    }
    if (n == 0 && text.len)
        bare = dd_read_part(rd, turn, DD_PART_THINKING, dd_read_path(rd, where, name));
    if (bare)
        bare->text = text.ptr && n <= 1 ? text : DD_STR("");
}

static void cache_last(dd_reading *rd, dd_part *parts, uint32_t node, dd_str where)
{
    dd_str mark = dd_read_object(rd, node, where, "cache_control");
    if (!mark.ptr)
        return;
    while (parts && parts->next)
        parts = parts->next;
    if (parts && parts->kind != DD_PART_THINKING)
        parts->cache_control = mark;
    else
        dd_dialect_drop(rd->ctx, DD_STR_FMT ".cache_control", DD_STR_ARG(where));
}

static void read_assistant(dd_reading *rd, const uint32_t *v, dd_str where)
{
    dd_turn *turn = dd_read_turn(rd, DD_ROLE_ASSISTANT, where);
    dd_str   calls = dd_read_path(rd, where, "tool_calls");
    size_t   n    = 0;
    read_reasoning(rd, turn, v, where);
    read_content(rd, turn, NULL, v[M_content], where);
    if (dd_read_string(rd, v[M_refusal], where, "refusal").len)
        dd_read_part(rd, turn, DD_PART_REFUSAL, dd_read_path(rd, where, "refusal"))->text = dd_jspan_inside(rd->j, v[M_refusal]);
    if (dd_read_kind(rd, v[M_tool_calls], DD_J_ARRAY, calls, ""))
        for (dd_jit it = dd_jspan_each(rd->j, v[M_tool_calls]); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++)
            read_call(rd, turn, it.value, dd_read_index(rd, calls, n));
    read_legacy_call(rd, turn, v[M_function_call], where);
    cache_last(rd, turn->parts, v[M_cache_control], where);
}

/* Results in a row are one turn: the answer to one turn of calls (T4). */
static void read_result(dd_reading *rd, const uint32_t *v, dd_str where, dd_str id)
{
    dd_turn *turn = rd->last;
    if (!turn || turn->role != DD_ROLE_USER || !turn->parts || turn->parts->kind != DD_PART_TOOL_RESULT)
        turn = dd_read_turn(rd, DD_ROLE_USER, where);
    dd_part *p       = dd_read_part(rd, turn, DD_PART_TOOL_RESULT, where);
    p->id            = id;
    p->cache_control = dd_read_object(rd, v[M_cache_control], where, "cache_control");
    read_content(rd, turn, p, v[M_content], where);
}

static void read_tool_message(dd_reading *rd, const uint32_t *v, dd_str where)
{
    read_result(rd, v, where, dd_read_required(rd, v[M_tool_call_id], where, "tool_call_id"));
}

static void read_function_message(dd_reading *rd, const uint32_t *v, dd_str where)
{
    if (!rd->legacy_id.ptr)
        dd_request_fail(rd->ctx, where, "no function call stands before this result");
    read_result(rd, v, where, rd->legacy_id);
    rd->legacy_id = DD_STR_NULL;
}

static void read_plain(dd_reading *rd, const uint32_t *v, dd_str where, dd_role role)
{
    dd_turn *turn = dd_read_turn(rd, role, where);
    if (v[M_content] == DD_J_NONE)
        dd_request_fail(rd->ctx, dd_read_path(rd, where, "content"), "is missing");
    read_content(rd, turn, NULL, v[M_content], where);
    cache_last(rd, turn->parts, v[M_cache_control], where);
}

static void read_system_message(dd_reading *rd, const uint32_t *v, dd_str where) { read_plain(rd, v, where, DD_ROLE_SYSTEM); }
static void read_user_message(dd_reading *rd, const uint32_t *v, dd_str where) { read_plain(rd, v, where, DD_ROLE_USER); }
static void read_developer_message(dd_reading *rd, const uint32_t *v, dd_str where)
{
    read_plain(rd, v, where, DD_ROLE_SYSTEM);
    rd->last->developer = true;
}

#define M_BIT(name) (1u << M_##name)
static const struct {
    const char *role;
    void      (*read)(dd_reading *rd, const uint32_t *v, dd_str where);
    unsigned    uses;   /* besides role, content and cache_control */
} roles[] = {
    { "user", read_user_message, 0 },
    { "assistant", read_assistant,
      M_BIT(tool_calls) | M_BIT(refusal) | M_BIT(function_call) | M_BIT(reasoning_content) | M_BIT(reasoning) | M_BIT(thinking_blocks) },
    { "tool", read_tool_message, M_BIT(tool_call_id) },
    { "system", read_system_message, 0 },
    { "developer", read_developer_message, 0 },
    { "function", read_function_message, M_BIT(tool_call_id) },
};

/* T23: the name of a function's result says the same as the call before it. */
static void read_message(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const with_name[] = { MESSAGE_MEMBERS(NAME, ) "name" };
    uint32_t v[M_COUNT + 1];
    size_t   i = 0;
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    bool function = dd_jspan_is(rd->j, dd_jspan_member(rd->j, node, "role", NULL), "function");
    dd_read_members(rd, node, where, function ? with_name : message_members, v, M_COUNT + function);
    dd_str role = dd_read_required(rd, v[M_role], where, "role");
    while (i < DD_COUNT(roles) && !dd_jspan_is(rd->j, v[M_role], roles[i].role))
        i++;
    if (i == DD_COUNT(roles)) {
        dd_request_fail(rd->ctx, dd_read_path(rd, where, "role"), "no such role: \"" DD_STR_FMT "\"", DD_STR_ARG(dd_str_sub(role, 0, 64)));
        return;
    }
    for (size_t m = 0; m < M_COUNT; m++)
        if (v[m] != DD_J_NONE && m != M_role && m != M_content && m != M_cache_control && !(roles[i].uses >> m & 1))
            dd_dialect_drop(rd->ctx, DD_STR_FMT ".%s", DD_STR_ARG(where), message_members[m]);
    roles[i].read(rd, v, where);
}

/* --- tools --- */

static void read_function_tool(dd_reading *rd, dd_tool *t, uint32_t node, dd_str where)
{
    static const char *const names[] = { "name", "description", "parameters", "strict", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    dd_read_function(rd, t, v, where, "parameters");
    if (v[4] != DD_J_NONE)
        t->cache_control = dd_read_object(rd, v[4], where, "cache_control");
}

static void read_custom_tool(dd_reading *rd, dd_tool *t, uint32_t node, dd_str where)
{
    static const char *const names[] = { "name", "description", "format" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    t->custom      = true;
    t->name        = dd_read_required(rd, v[0], where, "name");
    t->description = dd_read_string(rd, v[1], where, "description");
    t->format      = dd_read_object(rd, v[2], where, "format");
}

static void read_tool(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "function", "custom", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_tool *t    = dd_read_tool(rd, where);
    uint32_t type = dd_jspan_member(rd->j, node, "type", NULL), function = dd_jspan_member(rd->j, node, "function", NULL);
    t->type       = dd_read_string(rd, type, where, "type");
    bool ours     = dd_jspan_is(rd->j, type, "custom") || dd_jspan_is(rd->j, type, "function") || type == DD_J_NONE;
    if (!ours && dd_jspan_kind(rd->j, function) != DD_J_OBJECT) {
        dd_read_tool_raw(rd, t, node); /* Anthropic's and others' own, given through this API */
        return;
    }
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    t->cache_control = dd_read_object(rd, v[3], where, "cache_control");
    bool   custom    = dd_jspan_is(rd->j, type, "custom");
    dd_str inner     = dd_read_path(rd, where, custom ? "custom" : "function");
    if (v[1 + custom] == DD_J_NONE)
        dd_request_fail(rd->ctx, inner, "is missing");
    if (dd_read_kind(rd, v[1 + custom], DD_J_OBJECT, inner, ""))
        (custom ? read_custom_tool : read_function_tool)(rd, t, v[1 + custom], inner);
}

static void read_legacy_function(dd_reading *rd, uint32_t node, dd_str where) { read_function_tool(rd, dd_read_tool(rd, where), node, where); }

static void read_tools(dd_reading *rd, const uint32_t *v)
{
    dd_read_objects(rd, v[T_tools], "tools", read_tool);
    if (v[T_functions] != DD_J_NONE)
        rd->r->legacy_functions = !rd->r->tools;
    dd_read_objects(rd, v[T_functions], "functions", read_legacy_function);
}

static void read_named_choice(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "name" };
    uint32_t v[1];
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, 1);
    rd->r->tool_choice_name = dd_read_required(rd, v[0], where, "name");
    rd->r->tool_choice      = DD_CHOICE_NAMED;
}

static void read_choice_word(dd_reading *rd, uint32_t node, dd_str where)
{
    static const struct { const char *word; dd_choice choice; } words[] = {
        { "auto", DD_CHOICE_AUTO }, { "none", DD_CHOICE_NONE }, { "required", DD_CHOICE_REQUIRED }, { "any", DD_CHOICE_REQUIRED },
    };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_jspan_is(rd->j, node, words[i].word)) {
            rd->r->tool_choice = words[i].choice;
            return;
        }
    dd_request_fail(rd->ctx, where, "auto, none, required or a tool's name is needed here");
}

static void read_choice(dd_reading *rd, const uint32_t *v)
{
    static const char *const names[] = { "type", "function", "custom", "allowed_tools" }, *const inner[] = { "mode" };
    uint32_t c[DD_COUNT(names)], mode[1];
    bool     legacy = v[T_tool_choice] == DD_J_NONE;
    uint32_t node   = v[legacy ? T_function_call : T_tool_choice];
    dd_str   where  = legacy ? DD_STR("function_call") : DD_STR("tool_choice");
    if (node == DD_J_NONE)
        return;
    if (dd_jspan_kind(rd->j, node) != DD_J_OBJECT) {
        read_choice_word(rd, node, where);
        return;
    }
    if (legacy) {
        read_named_choice(rd, node, where);
        return;
    }
    dd_read_members(rd, node, where, names, c, DD_COUNT(names));
    if (dd_jspan_is(rd->j, c[0], "allowed_tools")) {
        dd_read_members(rd, c[3], DD_STR("tool_choice.allowed_tools"), inner, mode, 1);
        read_choice_word(rd, mode[0], DD_STR("tool_choice.allowed_tools.mode"));
        return;
    }
    bool   custom = dd_jspan_is(rd->j, c[0], "custom");
    dd_str at     = dd_read_path(rd, where, custom ? "custom" : "function");
    if (c[1 + custom] == DD_J_NONE)
        dd_request_fail(rd->ctx, at, "is missing");
    read_named_choice(rd, c[1 + custom], at);
}

/* --- the rest --- */

static void read_format(dd_reading *rd, uint32_t node)
{
    static const char *const names[] = { "type", "json_schema" }, *const inner[] = { "name", "description", "schema", "strict" };
    uint32_t    v[DD_COUNT(names)], in[DD_COUNT(inner)];
    dd_str      where = DD_STR("response_format"), at = DD_STR("response_format.json_schema");
    dd_request *r = rd->r;
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    if (dd_jspan_is(rd->j, v[0], "text"))
        return;
    r->format = dd_jspan_is(rd->j, v[0], "json_object") ? DD_FORMAT_OBJECT : DD_FORMAT_SCHEMA;
    if (r->format == DD_FORMAT_OBJECT)
        return;
    if (!dd_jspan_is(rd->j, v[0], "json_schema"))
        dd_request_fail(rd->ctx, DD_STR("response_format.type"), "text, json_object or json_schema is needed here");
    if (v[1] == DD_J_NONE)
        dd_request_fail(rd->ctx, at, "is missing");
    if (!dd_read_kind(rd, v[1], DD_J_OBJECT, at, ""))
        return;
    dd_read_members(rd, v[1], at, inner, in, DD_COUNT(inner));
    r->schema_name        = dd_read_string(rd, in[0], at, "name");
    r->schema_description = dd_read_string(rd, in[1], at, "description");
    r->schema             = dd_read_object(rd, in[2], at, "schema");
    r->schema_strict      = dd_read_bool(rd, in[3], at, "strict");
}

/* OpenRouter's spelling of effort and budget. */
static void read_reasoning_config(dd_reading *rd, uint32_t node)
{
    static const char *const names[] = { "effort", "max_tokens", "enabled" };
    uint32_t v[DD_COUNT(names)];
    dd_str   where = DD_STR("reasoning");
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    dd_str effort = dd_read_string(rd, v[0], where, "effort"), budget = dd_read_whole(rd, v[1], where, "max_tokens");
    if (effort.ptr && !rd->r->effort.ptr)
        rd->r->effort = effort;
    if (budget.ptr) {
        rd->r->think        = DD_THINK_BUDGET;
        rd->r->think_budget = dd_write_int(budget, 0);
    } else if (v[2] != DD_J_NONE)
        rd->r->think = dd_read_bool(rd, v[2], where, "enabled") == DD_TRI_TRUE ? DD_THINK_ADAPTIVE : DD_THINK_OFF;
}

static void read_stream(dd_reading *rd, const uint32_t *v)
{
    static const char *const names[] = { "include_usage", "include_obfuscation" };
    uint32_t in[DD_COUNT(names)];
    rd->r->stream = dd_read_bool(rd, v[T_stream], DD_STR(""), "stream") == DD_TRI_TRUE;
    if (!dd_read_kind(rd, v[T_stream_options], DD_J_OBJECT, DD_STR(""), "stream_options"))
        return;
    dd_read_members(rd, v[T_stream_options], DD_STR("stream_options"), names, in, DD_COUNT(names));
    rd->r->include_usage = dd_read_bool(rd, in[0], DD_STR("stream_options"), "include_usage") == DD_TRI_TRUE;
    if (in[1] != DD_J_NONE)
        dd_dialect_drop(rd->ctx, "stream_options.include_obfuscation");
}

static void read_limits(dd_reading *rd, const uint32_t *v)
{
    dd_request *r    = rd->r;
    dd_str      top  = DD_STR("");
    int64_t     n;
    dd_str      old  = dd_read_whole(rd, v[T_max_tokens], top, "max_tokens");
    r->max_tokens    = dd_read_whole(rd, v[T_max_completion_tokens], top, "max_completion_tokens");
    if (r->max_tokens.ptr && old.ptr && !dd_str_eq(old, r->max_tokens))
        dd_dialect_drop(rd->ctx, "max_tokens");
    if (!r->max_tokens.ptr)
        r->max_tokens = old;
    r->temperature = dd_read_number(rd, v[T_temperature], top, "temperature");
    r->top_p       = dd_read_number(rd, v[T_top_p], top, "top_p");
    r->top_k       = dd_read_whole(rd, v[T_top_k], top, "top_k");
    dd_read_stop(rd, v[T_stop], "stop");
    if (v[T_n] != DD_J_NONE && !(dd_jspan_i64(rd->j, v[T_n], &n) && n == 1)) {
        dd_request_fail(rd->ctx, DD_STR("n"), "the model that serves this request gives one choice only");
        if (!rd->ctx->error->code.len && dd_str_eqz(rd->ctx->error->param, "n"))
            rd->ctx->error->code = DD_STR("unsupported_value");
    }
}

/* Both say who the end user is; the newer one counts. */
static void read_user(dd_reading *rd, const uint32_t *v)
{
    dd_str old = dd_read_string(rd, v[T_user], DD_STR(""), "user");
    rd->r->user = dd_read_string(rd, v[T_safety_identifier], DD_STR(""), "safety_identifier");
    if (rd->r->user.ptr && old.ptr && !dd_str_eq(old, rd->r->user))
        dd_dialect_drop(rd->ctx, "user");
    if (!rd->r->user.ptr)
        rd->r->user = old;
}

bool dd_request_read_chat(dd_reading *rd)
{
    uint32_t    v[T_COUNT];
    dd_request *r   = rd->r;
    dd_str      top = DD_STR("");
    size_t      n   = 0;
    dd_read_members(rd, 0, top, top_members, v, T_COUNT);
    r->model = dd_read_required(rd, v[T_model], top, "model");
    if (v[T_messages] == DD_J_NONE)
        dd_request_fail(rd->ctx, DD_STR("messages"), "is missing");
    if (dd_read_kind(rd, v[T_messages], DD_J_ARRAY, top, "messages")) {
        if (!rd->j->v[v[T_messages]].count)
            dd_request_fail(rd->ctx, DD_STR("messages"), "is empty");
        for (dd_jit it = dd_jspan_each(rd->j, v[T_messages]); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++)
            read_message(rd, it.value, dd_read_index(rd, DD_STR("messages"), n));
    }
    read_tools(rd, v);
    read_choice(rd, v);
    r->parallel_tools = dd_read_bool(rd, v[T_parallel_tool_calls], top, "parallel_tool_calls");
    read_limits(rd, v);
    read_stream(rd, v);
    read_format(rd, v[T_response_format]);
    r->effort = dd_read_string(rd, v[T_reasoning_effort], top, "reasoning_effort");
    dd_read_thinking_config(rd, v[T_thinking], DD_STR("thinking"));
    read_reasoning_config(rd, v[T_reasoning]);
    read_user(rd, v);
    r->service_tier = dd_read_string(rd, v[T_service_tier], top, "service_tier");
    r->metadata     = dd_read_object(rd, v[T_metadata], top, "metadata");
    r->store        = dd_read_bool(rd, v[T_store], top, "store");
    r->verbosity    = dd_read_string(rd, v[T_verbosity], top, "verbosity");
    dd_read_extra(rd, "prompt_cache_key", v[T_prompt_cache_key]);
    dd_read_extra(rd, "prompt_cache_retention", v[T_prompt_cache_retention]);
    return true;
}
