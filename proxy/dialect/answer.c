/* Whole answers: what the three readers and writers share. */
#include "base/redact.h"
#include "proxy/dialect/answer.h"

/* --- JSON --- */

void dd_jw_comma(dd_buf *out)
{
    char last = out->len ? out->ptr[out->len - 1] : '{';
    if (last != '{' && last != '[' && last != ':')
        dd_buf_addc(out, ',');
}

void dd_jw_key(dd_buf *out, const char *key)
{
    dd_jw_comma(out);
    dd_buf_addc(out, '"');
    dd_buf_addz(out, key);
    dd_buf_add(out, DD_STR("\":"));
}

void dd_jw_str(dd_buf *out, const char *key, dd_str inside)
{
    dd_jw_key(out, key);
    dd_buf_addc(out, '"');
    dd_buf_add(out, inside);
    dd_buf_addc(out, '"');
}

void dd_jw_int(dd_buf *out, const char *key, int64_t n)
{
    dd_jw_key(out, key);
    dd_buf_printf(out, "%lld", (long long)n);
}

void dd_jw_raw(dd_buf *out, const char *key, dd_str raw)
{
    dd_jw_key(out, key);
    dd_buf_add(out, raw.len ? raw : DD_STR("null"));
}

dd_str dd_answer_id(dd_str id, const char *prefix, const dd_answer_facts *facts, dd_arena *arena)
{
    return id.len ? id : dd_arena_printf(arena, "%s" DD_STR_FMT, prefix, DD_STR_ARG(facts->new_id));
}

/* Source: the API references, read 2026-11-20; on_demand is Groq's. */
dd_str dd_tier(dd_dialect to, dd_str tier)
{
    static const struct { const char *word, *openai, *messages; } tiers[] = {
        { "default", "default", "standard" },   { "standard", "default", "standard" }, { "on_demand", "default", "standard" },
        { "auto", "auto", "standard" },         { "priority", "priority", "priority" }, { "flex", "flex", "" },
        { "scale", "scale", "" },               { "batch", "", "batch" },
    };
    for (size_t i = 0; i < DD_COUNT(tiers); i++)
        if (dd_str_eqz(tier, tiers[i].word))
            return dd_str_z(to == DD_DIALECT_MESSAGES ? tiers[i].messages : tiers[i].openai);
    return DD_STR_NULL;
}

/* --- parts --- */

dd_str dd_restore(const dd_renames *names, dd_str theirs)
{
    for (size_t i = 0; names && i < names->n; i++)
        if (dd_str_eq(names->v[i].theirs, theirs))
            return names->v[i].ours;
    return theirs;
}

bool dd_is_schema_tool(const dd_renames *names, dd_str theirs)
{
    for (size_t i = 0; names && i < names->n; i++)
        if (!names->v[i].ours.len && dd_str_eq(names->v[i].theirs, theirs))
            return true;
    return false;
}

static bool empty_value(const dd_jspan *j, uint32_t node)
{
    switch (dd_jspan_kind(j, node)) {
    case DD_J_NULL:
    case DD_J_FALSE: return true;
    case DD_J_STRING: return dd_jspan_inside(j, node).len == 0;
    case DD_J_ARRAY:
    case DD_J_OBJECT: return j->v[node].count == 0;
    default: return false;
    }
}

void dd_drop_unknown(const dd_jspan *j, uint32_t object, const char *const *known, const char *where, dd_dialect_ctx *ctx)
{
    for (dd_jit it = dd_jspan_each(j, object); dd_jspan_step(j, &it);) {
        const char *const *k = known;
        while (*k && !dd_jspan_is(j, it.key, *k))
            k++;
        if (!*k && !empty_value(j, it.value))
            dd_drop(ctx->drops, ctx->arena, "%s" DD_STR_FMT, where, DD_STR_ARG(dd_jspan_inside(j, it.key)));
    }
}

dd_part *dd_part_add(dd_part ***tail, dd_arena *arena, dd_part_kind kind)
{
    dd_part *p = dd_new(arena, dd_part);
    p->kind    = kind;
    **tail     = p;
    *tail      = &p->next;
    return p;
}

/* From a JSON string, or a value of another kind as some send. */
static void read_arguments(dd_part *p, const dd_jspan *j, uint32_t node, dd_arena *arena)
{
    dd_jspan inner;
    if (dd_jspan_kind(j, node) != DD_J_STRING) { /* some send the value itself (S10) */
        p->raw = dd_jspan_kind(j, node) == DD_J_NULL ? DD_STR("{}") : dd_jspan_raw(j, node);
        return;
    }
    dd_str inside = dd_jspan_inside(j, node);
    if (dd_jtext_blank(inside)) {
        p->raw = DD_STR("{}");
        return;
    }
    dd_str text = dd_str_trim(dd_jtext_decode(inside, arena));
    if (dd_jspan_parse(&inner, arena, text, NULL) == DD_OK)
        p->raw = text;
    else
        p->text = inside;
}

void dd_part_call(dd_part *p, dd_dialect_ctx *ctx, const dd_jspan *j, dd_str id, dd_str name, uint32_t arguments)
{
    p->kind = DD_PART_TOOL_CALL;
    read_arguments(p, j, arguments, ctx->arena);
    if (dd_is_schema_tool(ctx->names, name)) {
        dd_buf text = DD_BUF_INIT(0);
        dd_part_arguments_text(p, &text);
        *p = (dd_part){ .kind = DD_PART_TEXT, .text = dd_arena_dup(ctx->arena, dd_buf_str(&text)) };
        dd_buf_free(&text);
        return;
    }
    p->id   = dd_restore(ctx->ids, id);
    p->name = dd_restore(ctx->names, name);
}

dd_str dd_part_signature(const dd_part *p, dd_dialect to, dd_dialect_ctx *ctx)
{
    dd_str s = p->redacted ? p->data : p->signature;
    if (s.len && p->redacted && p->signed_by == DD_DIALECT_MESSAGES && to == DD_DIALECT_RESPONSES) /* that API has one member for both */
        s = dd_arena_printf(ctx->arena, DD_SEAL_REDACTED DD_STR_FMT, DD_STR_ARG(s));
    return s.len && p->signed_by != to && p->signed_by != DD_DIALECT_NONE ? dd_seal_write(p->signed_by, s, ctx->arena) : s;
}

void dd_part_arguments_text(const dd_part *p, dd_buf *out)
{
    if (p->custom)
        dd_buf_add(out, p->text);
    else if (p->raw.len)
        dd_jtext_escape(out, p->raw);
    else
        dd_buf_add(out, p->text.len ? p->text : DD_STR("{}"));
}

bool dd_part_arguments_object(const dd_part *p, dd_buf *out)
{
    if (p->custom) {
        dd_buf_addz(out, "{\"input\":\"");
        dd_buf_add(out, p->text);
        dd_buf_addz(out, "\"}");
        return true;
    }
    if (p->raw.len ? p->raw.ptr[0] == '{' : !p->text.len) {
        dd_buf_add(out, p->raw.len ? p->raw : DD_STR("{}"));
        return true;
    }
    if (dd_str_eqz(p->raw, "null")) {
        dd_buf_addz(out, "{}");
        return true;
    }
    dd_buf_addz(out, "{\"arguments\":");
    if (p->raw.len)
        dd_buf_add(out, p->raw);
    else {
        dd_buf_addc(out, '"');
        dd_buf_add(out, p->text);
        dd_buf_addc(out, '"');
    }
    dd_buf_addc(out, '}');
    return false;
}

bool dd_answer_has_tools(const dd_part *parts)
{
    for (; parts; parts = parts->next)
        if (parts->kind == DD_PART_TOOL_CALL)
            return true;
    return false;
}

/* --- errors inside an answer --- */

/* What providers call their errors, with the status each would have had. Source: the error pages of OpenAI and Anthropic, read 2026-11-20; S12. */
static const struct { const char *word, *type; int status; } error_words[] = {
    { "overloaded_error", "server_error", 529 },           { "api_error", "server_error", 500 },
    { "server_error", "server_error", 500 },               { "internal_server_error", "server_error", 500 },
    { "rate_limit_error", "rate_limit_error", 429 },       { "rate_limit_exceeded", "rate_limit_error", 429 },
    { "insufficient_quota", "insufficient_quota", 429 },   { "invalid_request_error", "invalid_request_error", 400 },
    { "authentication_error", "authentication_error", 401 }, { "permission_error", "permission_error", 403 },
    { "not_found_error", "not_found_error", 404 },         { "request_too_large", "request_too_large", 413 },
    { "timeout_error", "timeout_error", 504 },             { "billing_error", "insufficient_quota", 402 },
};

static const char *type_of_status(int status)
{
    switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 429: return "rate_limit_error";
    default: return status >= 400 && status < 500 ? "invalid_request_error" : "server_error";
    }
}

static bool known_word(dd_str word, dd_api_error *e)
{
    for (size_t i = 0; i < DD_COUNT(error_words); i++)
        if (dd_str_eqz(word, error_words[i].word)) {
            e->type   = dd_str_z(error_words[i].type);
            e->status = error_words[i].status;
            return true;
        }
    return false;
}

/* A provider that refuses a key likes to repeat it. */
static dd_str message_of(const dd_jspan *j, uint32_t node, dd_arena *arena)
{
    dd_buf clean = DD_BUF_INIT(0);
    dd_redact(dd_str_sub(dd_jspan_text(j, node, arena), 0, 4096), &clean);
    dd_str text = dd_arena_dup(arena, dd_buf_str(&clean));
    dd_buf_free(&clean);
    return text;
}

/* The error's members may be an object's, or one text; a code may be a number, and then it is a status. */
void dd_error_object(const dd_jspan *j, uint32_t node, dd_arena *arena, dd_api_error *e)
{
    *e = (dd_api_error){ .status = 502, .type = DD_STR("server_error"), .message = DD_STR("the provider ended its stream with an error") };
    if (dd_jspan_kind(j, node) == DD_J_STRING && dd_jspan_inside(j, node).len)
        e->message = message_of(j, node, arena);
    if (dd_jspan_kind(j, node) != DD_J_OBJECT)
        return;
    uint32_t code = dd_jspan_member(j, node, "code", NULL), type = dd_jspan_member(j, node, "type", NULL);
    uint32_t message = dd_jspan_member(j, node, "message", NULL), status_node = dd_jspan_member(j, node, "status_code", NULL);
    int64_t  status;
    if (dd_jspan_inside(j, message).len)
        e->message = message_of(j, message, arena);
    e->param = dd_arena_dup(arena, dd_jspan_text(j, dd_jspan_member(j, node, "param", NULL), arena));
    e->code  = dd_arena_dup(arena, dd_jspan_text(j, code, arena));
    dd_str word = dd_jspan_text(j, type, arena);
    bool   known = known_word(word, e) || known_word(e->code, e);
    if ((dd_jspan_i64(j, code, &status) || dd_jspan_i64(j, status_node, &status)) && status >= 400 && status <= 599) {
        e->status = (int)status;
        if (!known)
            e->type = dd_str_z(type_of_status(e->status));
    } else if (!known && word.len)
        e->type = dd_arena_dup(arena, word);
    if (!e->code.len && dd_str_eqz(word, "overloaded_error"))
        e->code = DD_STR("overloaded_error");
}

bool dd_answer_fail(dd_dialect_ctx *ctx, int status, const char *code, const char *message)
{
    *ctx->error = (dd_api_error){ .status = status, .type = DD_STR("server_error"), .code = dd_str_z(code), .message = dd_str_z(message) };
    return false;
}

/* --- which --- */

bool dd_answer_read(dd_dialect from, const dd_jspan *body, dd_dialect_ctx *ctx, dd_answer *a)
{
    *a             = (dd_answer){ 0 };
    uint32_t error = dd_jspan_member(body, 0, "error", NULL);
    if (dd_jspan_kind(body, 0) != DD_J_OBJECT)
        return dd_answer_fail(ctx, 502, "", "the provider's answer is not a JSON object");
    if (dd_jspan_kind(body, error) == DD_J_OBJECT || dd_jspan_kind(body, error) == DD_J_STRING) {
        dd_error_object(body, error, ctx->arena, ctx->error);
        return false;
    }
    dd_usage_read(from, body, &a->usage, &a->stop);
    switch (from) {
    case DD_DIALECT_CHAT: return dd_answer_read_chat(body, ctx, a);
    case DD_DIALECT_MESSAGES: return dd_answer_read_messages(body, ctx, a);
    case DD_DIALECT_RESPONSES: return dd_answer_read_responses(body, ctx, a);
    default: return dd_answer_fail(ctx, 502, "", "answers of this API are not translated");
    }
}

bool dd_answer_write(dd_dialect to, const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out)
{
    switch (to) {
    case DD_DIALECT_CHAT: dd_answer_write_chat(a, facts, ctx, out); return true;
    case DD_DIALECT_MESSAGES: dd_answer_write_messages(a, facts, ctx, out); return true;
    case DD_DIALECT_RESPONSES: dd_answer_write_responses(a, facts, ctx, out); return true;
    default: return dd_answer_fail(ctx, 502, "", "answers are not translated to this API");
    }
}
