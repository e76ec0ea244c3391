/* Requests to Anthropic's messages: reading them. Source: Anthropic's API reference, read 2026-11-20. */
#include "proxy/dialect/request.h"

#define ENUM(prefix, name) prefix##name,
#define NAME(prefix, name) #name,

#define TOP_MEMBERS(X, p)                                                                                                                        \
    X(p, model) X(p, messages) X(p, system) X(p, max_tokens) X(p, metadata) X(p, stop_sequences) X(p, stream) X(p, temperature) X(p, top_p)    \
    X(p, top_k) X(p, thinking) X(p, tools) X(p, tool_choice) X(p, output_config) X(p, output_format) X(p, service_tier)
enum { TOP_MEMBERS(ENUM, T_) T_COUNT };
static const char *const top_members[] = { TOP_MEMBERS(NAME, ) };

/* --- blocks --- */

static void read_source(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "media_type", "data", "url", "file_id" };
    uint32_t v[DD_COUNT(names)];
    dd_str   where = dd_read_path(rd, p->where, "source");
    if (node == DD_J_NONE)
        dd_request_fail(rd->ctx, where, "is missing");
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    dd_str type = dd_read_required(rd, v[0], where, "type");
    if (dd_str_eqz(type, "base64")) {
        p->media_type = dd_read_plain(rd, dd_read_required(rd, v[1], where, "media_type"));
        p->data       = dd_read_plain(rd, dd_read_required(rd, v[2], where, "data"));
    } else if (dd_str_eqz(type, "url"))
        dd_read_url(rd, p, dd_read_required(rd, v[3], where, "url"));
    else if (dd_str_eqz(type, "file"))
        p->file_id = dd_read_required(rd, v[4], where, "file_id");
    else if (dd_str_eqz(type, "text") && p->kind == DD_PART_DOCUMENT)
        p->text = dd_read_required(rd, v[2], where, "data");
    else
        dd_request_fail(rd->ctx, where, "a source of type \"" DD_STR_FMT "\" cannot be sent to the model that serves this request",
                        DD_STR_ARG(dd_str_sub(type, 0, 64)));
}

static void read_image(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "source", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind          = DD_PART_IMAGE;
    p->cache_control = dd_read_object(rd, v[2], p->where, "cache_control");
    read_source(rd, p, v[1]);
}

static void read_document(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "source", "title", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind          = DD_PART_DOCUMENT;
    p->title         = dd_read_string(rd, v[2], p->where, "title");
    p->cache_control = dd_read_object(rd, v[3], p->where, "cache_control");
    read_source(rd, p, v[1]);
}

static void read_thinking(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "thinking", "signature" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind = DD_PART_THINKING;
    p->type = DD_STR("thinking");
    p->text = dd_read_string(rd, v[1], p->where, "thinking");
    dd_read_signature(p, dd_read_string(rd, v[2], p->where, "signature"), DD_DIALECT_MESSAGES);
}

static void read_redacted(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "data" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind     = DD_PART_THINKING;
    p->redacted = true;
    p->type     = DD_STR("redacted_thinking");
    dd_read_signature(p, dd_read_string(rd, v[1], p->where, "data"), DD_DIALECT_MESSAGES);
}

static void read_tool_use(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "id", "name", "input", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind          = DD_PART_TOOL_CALL;
    p->id            = dd_read_required(rd, v[1], p->where, "id");
    p->name          = dd_read_required(rd, v[2], p->where, "name");
    p->raw           = dd_read_object(rd, v[3], p->where, "input");
    p->cache_control = dd_read_object(rd, v[4], p->where, "cache_control");
}

static void read_result(dd_reading *rd, dd_part *p, uint32_t node);

/* Those that a tool's result may hold come first. */
static const dd_part_type block_types[] = {
    { "text", dd_read_text_part }, { "image", read_image },       { "document", read_document },
    { "thinking", read_thinking }, { "tool_use", read_tool_use }, { "tool_result", read_result },
    { "redacted_thinking", read_redacted },
};
enum { RESULT_TYPES = 3 };

static void read_block(dd_reading *rd, dd_part *p, uint32_t node, bool in_result)
{
    dd_read_typed_part(rd, p, node, block_types, in_result ? RESULT_TYPES : DD_COUNT(block_types));
}

/* A search result's text goes on as text, its title and address do not. */
static void read_search_result(dd_reading *rd, dd_turn *turn, dd_part *result, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "content", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    size_t   n = 0;
    dd_str   content = dd_read_path(rd, where, "content");
    dd_part *p       = NULL;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    if (dd_read_kind(rd, v[1], DD_J_ARRAY, content, ""))
        for (dd_jit it = dd_jspan_each(rd->j, v[1]); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++) {
            dd_str at = dd_read_index(rd, content, n);
            p         = dd_read_piece(rd, turn, result, at);
            read_block(rd, p, it.value, true);
        }
    if (p && v[2] != DD_J_NONE)
        p->cache_control = dd_read_object(rd, v[2], where, "cache_control");
}

static void read_content(dd_reading *rd, dd_turn *turn, dd_part *result, uint32_t node, dd_str content)
{
    size_t n = 0;
    if (dd_jspan_kind(rd->j, node) == DD_J_STRING) {
        dd_read_piece(rd, turn, result, content)->text = dd_jspan_inside(rd->j, node);
        return;
    }
    if (node != DD_J_NONE && dd_jspan_kind(rd->j, node) != DD_J_ARRAY)
        dd_request_fail(rd->ctx, content, "a string or an array of blocks is needed here");
    for (dd_jit it = dd_jspan_each(rd->j, node); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++) {
        dd_str at = dd_read_index(rd, content, n);
        if (dd_jspan_is(rd->j, dd_jspan_member(rd->j, it.value, "type", NULL), "search_result"))
            read_search_result(rd, turn, result, it.value, at);
        else
            read_block(rd, dd_read_piece(rd, turn, result, at), it.value, result != NULL);
    }
}

static void read_result(dd_reading *rd, dd_part *p, uint32_t node)
{
    static const char *const names[] = { "type", "tool_use_id", "content", "is_error", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_read_members(rd, node, p->where, names, v, DD_COUNT(names));
    p->kind          = DD_PART_TOOL_RESULT;
    p->id            = dd_read_required(rd, v[1], p->where, "tool_use_id");
    p->is_error      = dd_read_bool(rd, v[3], p->where, "is_error") == DD_TRI_TRUE;
    p->cache_control = dd_read_object(rd, v[4], p->where, "cache_control");
    read_content(rd, NULL, p, v[2], dd_read_path(rd, p->where, "content"));
}

/* --- messages --- */

static void read_message(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "role", "content" };
    static const struct { const char *word; dd_role role; } roles[] = {
        { "user", DD_ROLE_USER }, { "assistant", DD_ROLE_ASSISTANT }, { "system", DD_ROLE_SYSTEM },
    };
    uint32_t v[DD_COUNT(names)];
    size_t   i = 0;
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    dd_str role = dd_read_required(rd, v[0], where, "role");
    while (i < DD_COUNT(roles) && !dd_jspan_is(rd->j, v[0], roles[i].word))
        i++;
    if (i == DD_COUNT(roles))
        dd_request_fail(rd->ctx, dd_read_path(rd, where, "role"), "no such role: \"" DD_STR_FMT "\"", DD_STR_ARG(dd_str_sub(role, 0, 64)));
    else if (v[1] == DD_J_NONE)
        dd_request_fail(rd->ctx, dd_read_path(rd, where, "content"), "is missing");
    else
        read_content(rd, dd_read_turn(rd, roles[i].role, where), NULL, v[1], dd_read_path(rd, where, "content"));
}

/* --- tools --- */

static void read_tool(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "name", "description", "input_schema", "strict", "type", "cache_control" };
    uint32_t v[DD_COUNT(names)];
    dd_tool *t    = dd_read_tool(rd, where);
    uint32_t type = dd_jspan_member(rd->j, node, "type", NULL);
    if (dd_jspan_kind(rd->j, type) == DD_J_STRING && !dd_jspan_is(rd->j, type, "custom")) {
        t->type = dd_jspan_inside(rd->j, type);
        dd_read_tool_raw(rd, t, node);
        return;
    }
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    dd_read_function(rd, t, v, where, "input_schema");
    t->cache_control = dd_read_object(rd, v[5], where, "cache_control");
}

static void read_choice(dd_reading *rd, uint32_t node)
{
    static const char *const names[] = { "type", "name", "disable_parallel_tool_use" };
    static const struct { const char *word; dd_choice choice; } words[] = {
        { "auto", DD_CHOICE_AUTO }, { "any", DD_CHOICE_REQUIRED }, { "none", DD_CHOICE_NONE }, { "tool", DD_CHOICE_NAMED },
    };
    uint32_t    v[DD_COUNT(names)];
    dd_str      where = DD_STR("tool_choice");
    dd_request *r = rd->r;
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_jspan_is(rd->j, v[0], words[i].word))
            r->tool_choice = words[i].choice;
    if (r->tool_choice == DD_CHOICE_UNSET)
        dd_request_fail(rd->ctx, DD_STR("tool_choice.type"), "auto, any, none or tool is needed here");
    r->tool_choice_name = r->tool_choice == DD_CHOICE_NAMED ? dd_read_required(rd, v[1], where, "name") : dd_read_string(rd, v[1], where, "name");
    if (dd_read_bool(rd, v[2], where, "disable_parallel_tool_use") == DD_TRI_TRUE)
        r->parallel_tools = DD_TRI_FALSE;
}

/* --- the rest --- */

static void read_format(dd_reading *rd, uint32_t node, dd_str where)
{
    static const char *const names[] = { "type", "schema" };
    uint32_t v[DD_COUNT(names)];
    if (!dd_read_kind(rd, node, DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, node, where, names, v, DD_COUNT(names));
    if (!dd_jspan_is(rd->j, v[0], "json_schema"))
        dd_request_fail(rd->ctx, dd_read_path(rd, where, "type"), "json_schema is needed here");
    if (v[1] == DD_J_NONE)
        dd_request_fail(rd->ctx, dd_read_path(rd, where, "schema"), "is missing");
    rd->r->format = DD_FORMAT_SCHEMA;
    rd->r->schema = dd_read_object(rd, v[1], where, "schema");
}

static void read_output(dd_reading *rd, const uint32_t *v)
{
    static const char *const names[] = { "effort", "format" };
    uint32_t in[DD_COUNT(names)];
    dd_str   where = DD_STR("output_config");
    read_format(rd, v[T_output_format], DD_STR("output_format"));
    if (!dd_read_kind(rd, v[T_output_config], DD_J_OBJECT, where, ""))
        return;
    dd_read_members(rd, v[T_output_config], where, names, in, DD_COUNT(names));
    rd->r->effort = dd_read_string(rd, in[0], where, "effort");
    read_format(rd, in[1], DD_STR("output_config.format"));
}

bool dd_request_read_messages(dd_reading *rd)
{
    uint32_t    v[T_COUNT];
    dd_request *r   = rd->r;
    dd_str      top = DD_STR("");
    size_t      n   = 0;
    dd_read_members(rd, 0, top, top_members, v, T_COUNT);
    r->model = dd_read_required(rd, v[T_model], top, "model");
    if (v[T_system] != DD_J_NONE)
        read_content(rd, dd_read_turn(rd, DD_ROLE_SYSTEM, DD_STR("system")), NULL, v[T_system], DD_STR("system"));
    if (v[T_messages] == DD_J_NONE)
        dd_request_fail(rd->ctx, DD_STR("messages"), "is missing");
    if (dd_read_kind(rd, v[T_messages], DD_J_ARRAY, top, "messages")) {
        if (!rd->j->v[v[T_messages]].count)
            dd_request_fail(rd->ctx, DD_STR("messages"), "is empty");
        for (dd_jit it = dd_jspan_each(rd->j, v[T_messages]); dd_jspan_step(rd->j, &it) && dd_request_ok(rd->ctx); n++)
            read_message(rd, it.value, dd_read_index(rd, DD_STR("messages"), n));
    }
    dd_read_objects(rd, v[T_tools], "tools", read_tool);
    read_choice(rd, v[T_tool_choice]);
    r->max_tokens  = dd_read_whole(rd, v[T_max_tokens], top, "max_tokens");
    r->temperature = dd_read_number(rd, v[T_temperature], top, "temperature");
    r->top_p       = dd_read_number(rd, v[T_top_p], top, "top_p");
    r->top_k       = dd_read_whole(rd, v[T_top_k], top, "top_k");
    r->stream      = dd_read_bool(rd, v[T_stream], top, "stream") == DD_TRI_TRUE;
    dd_read_stop(rd, v[T_stop_sequences], "stop_sequences");
    dd_read_thinking_config(rd, v[T_thinking], DD_STR("thinking"));
    read_output(rd, v);
    r->service_tier = dd_read_string(rd, v[T_service_tier], top, "service_tier");
    r->metadata     = dd_read_object(rd, v[T_metadata], top, "metadata");
    uint32_t user   = dd_jspan_member(rd->j, v[T_metadata], "user_id", NULL);
    if (dd_jspan_kind(rd->j, user) != DD_J_NULL)
        r->user = dd_read_string(rd, user, DD_STR("metadata"), "user_id");
    return true;
}
