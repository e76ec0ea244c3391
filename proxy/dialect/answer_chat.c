/* Answers of chat.completions. Source: OpenAI's API reference, "Create chat completion", and what compatible providers make of it. */
#include "proxy/dialect/answer.h"

static dd_str inside(const dd_jspan *j, uint32_t object, const char *name) { return dd_jspan_inside(j, dd_jspan_member(j, object, name, NULL)); }

static void add_text(dd_part ***tail, dd_dialect_ctx *ctx, dd_part_kind kind, dd_str text)
{
    if (text.len)
        dd_part_add(tail, ctx->arena, kind)->text = text;
}

/* Mistral's thinking is a list of texts. */
static void read_thinking_item(const dd_jspan *j, uint32_t item, dd_dialect_ctx *ctx, dd_part ***tail)
{
    uint32_t thinking = dd_jspan_member(j, item, "thinking", NULL);
    add_text(tail, ctx, DD_PART_THINKING, dd_jspan_inside(j, thinking));
    for (dd_jit it = dd_jspan_each(j, thinking); dd_jspan_step(j, &it);)
        add_text(tail, ctx, DD_PART_THINKING, inside(j, it.value, "text"));
}

static void read_content(const dd_jspan *j, uint32_t content, dd_dialect_ctx *ctx, dd_part ***tail)
{
    add_text(tail, ctx, DD_PART_TEXT, dd_jspan_inside(j, content));
    if (dd_jspan_kind(j, content) != DD_J_ARRAY)
        return;
    for (dd_jit it = dd_jspan_each(j, content); dd_jspan_step(j, &it);) {
        uint32_t type = dd_jspan_member(j, it.value, "type", NULL);
        if (dd_jspan_is(j, type, "text"))
            add_text(tail, ctx, DD_PART_TEXT, inside(j, it.value, "text"));
        else if (dd_jspan_is(j, type, "refusal"))
            add_text(tail, ctx, DD_PART_REFUSAL, inside(j, it.value, "refusal"));
        else if (dd_jspan_is(j, type, "thinking"))
            read_thinking_item(j, it.value, ctx, tail);
        else
            dd_drop(ctx->drops, ctx->arena, "choices[0].message.content." DD_STR_FMT, DD_STR_ARG(dd_jspan_inside(j, type)));
    }
}

/* Signed thinking as gateways pass it on: thinking_blocks as messages has them, or OpenRouter's reasoning_details. */
static bool read_signed(const dd_jspan *j, uint32_t list, dd_dialect_ctx *ctx, dd_part ***tail)
{
    bool any = false;
    for (dd_jit it = dd_jspan_each(j, list); dd_jspan_step(j, &it);) {
        uint32_t type      = dd_jspan_member(j, it.value, "type", NULL);
        dd_str   signature = inside(j, it.value, "signature"), data = inside(j, it.value, "data");
        dd_str   text = dd_jspan_is(j, type, "thinking") ? inside(j, it.value, "thinking") : inside(j, it.value, "text");
        if (dd_jspan_is(j, type, "reasoning.summary"))
            text = inside(j, it.value, "summary");
        if (!text.len && !data.len && !signature.len)
            continue;
        dd_part *p   = dd_part_add(tail, ctx->arena, DD_PART_THINKING);
        p->text      = text;
        p->signature = signature;
        p->data      = data;
        p->redacted  = data.len && !text.len;
        p->signed_by = DD_DIALECT_CHAT;
        *(p->redacted ? &p->data : &p->signature) = dd_seal_read(p->redacted ? data : signature, &p->signed_by);
        any          = true;
    }
    return any;
}

static void read_reasoning(const dd_jspan *j, uint32_t message, dd_dialect_ctx *ctx, dd_part ***tail)
{
    if (read_signed(j, dd_jspan_member(j, message, "thinking_blocks", NULL), ctx, tail) ||
        read_signed(j, dd_jspan_member(j, message, "reasoning_details", NULL), ctx, tail))
        return;
    dd_str text = inside(j, message, "reasoning_content");
    add_text(tail, ctx, DD_PART_THINKING, text.len ? text : inside(j, message, "reasoning"));
}

static void read_call(const dd_jspan *j, uint32_t id, uint32_t function, dd_dialect_ctx *ctx, dd_part ***tail)
{
    dd_part *p = dd_part_add(tail, ctx->arena, DD_PART_TOOL_CALL);
    dd_part_call(p, ctx, j, dd_jspan_inside(j, id), inside(j, function, "name"), dd_jspan_member(j, function, "arguments", NULL));
}

static void read_calls(const dd_jspan *j, uint32_t message, dd_dialect_ctx *ctx, dd_part ***tail)
{
    for (dd_jit it = dd_jspan_each(j, dd_jspan_member(j, message, "tool_calls", NULL)); dd_jspan_step(j, &it);) {
        uint32_t function = dd_jspan_member(j, it.value, "function", NULL), custom = dd_jspan_member(j, it.value, "custom", NULL);
        bool both = dd_jspan_is(j, dd_jspan_member(j, it.value, "type", NULL), "function"); /* Snowflake sends an empty one beside it */
        if (dd_jspan_kind(j, custom) == DD_J_OBJECT && !both) {
            dd_part *p = dd_part_add(tail, ctx->arena, DD_PART_TOOL_CALL);
            p->id      = dd_restore(ctx->ids, inside(j, it.value, "id"));
            p->name    = dd_restore(ctx->names, inside(j, custom, "name"));
            p->text    = inside(j, custom, "input");
            p->custom  = true;
        } else if (dd_jspan_kind(j, function) == DD_J_OBJECT)
            read_call(j, dd_jspan_member(j, it.value, "id", NULL), function, ctx, tail);
        else
            dd_drop(ctx->drops, ctx->arena, "choices[0].message.tool_calls." DD_STR_FMT, DD_STR_ARG(inside(j, it.value, "type")));
    }
    uint32_t legacy = dd_jspan_member(j, message, "function_call", NULL);
    if (dd_jspan_kind(j, legacy) == DD_J_OBJECT)
        read_call(j, DD_J_NONE, legacy, ctx, tail);
}

static bool has_text(const dd_part *p)
{
    for (; p; p = p->next)
        if (p->kind == DD_PART_TEXT)
            return true;
    return false;
}

static void read_message(const dd_jspan *j, uint32_t message, dd_dialect_ctx *ctx, dd_answer *a)
{
    static const char *const known[] = { "role", "content", "refusal", "reasoning_content", "reasoning", "reasoning_details",
                                         "thinking_blocks", "tool_calls", "function_call", NULL };
    dd_part **tail = &a->parts;
    read_reasoning(j, message, ctx, &tail);
    read_content(j, dd_jspan_member(j, message, "content", NULL), ctx, &tail);
    add_text(&tail, ctx, DD_PART_REFUSAL, inside(j, message, "refusal"));
    if (!has_text(a->parts)) /* a spoken answer's words */
        add_text(&tail, ctx, DD_PART_TEXT, inside(j, dd_jspan_member(j, message, "audio", NULL), "transcript"));
    read_calls(j, message, ctx, &tail);
    dd_drop_unknown(j, message, known, "choices[0].message.", ctx);
}

bool dd_answer_read_chat(const dd_jspan *j, dd_dialect_ctx *ctx, dd_answer *a)
{
    static const char *const known[]        = { "id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint",
                                                "metadata", NULL };
    static const char *const known_choice[] = { "index", "message", "finish_reason", "native_finish_reason", NULL };
    uint32_t choices = dd_jspan_member(j, 0, "choices", NULL), choice = dd_jspan_item(j, choices, 0);
    uint32_t error = dd_jspan_member(j, choice, "error", NULL);
    if (dd_jspan_kind(j, error) == DD_J_OBJECT) {
        dd_error_object(j, error, ctx->arena, ctx->error);
        return false;
    }
    if (dd_jspan_kind(j, choice) != DD_J_OBJECT)
        return dd_answer_fail(ctx, 502, "", "the provider's answer has no choices");
    a->id                 = inside(j, 0, "id");
    a->model              = inside(j, 0, "model");
    a->service_tier       = inside(j, 0, "service_tier");
    a->system_fingerprint = inside(j, 0, "system_fingerprint");
    if (!dd_jspan_i64(j, dd_jspan_member(j, 0, "created", NULL), &a->created) || a->created < 0)
        a->created = 0;
    read_message(j, dd_jspan_member(j, choice, "message", NULL), ctx, a);
    for (size_t i = 1; i < j->v[choices].count; i++)
        dd_drop(ctx->drops, ctx->arena, "choices[%zu]", i);
    dd_drop_unknown(j, choice, known_choice, "choices[0].", ctx);
    dd_drop_unknown(j, 0, known, "", ctx);
    return true;
}

/* --- writing --- */

/* The texts of one kind, one behind the other: a message has one content. false: there are none. */
static bool write_texts(const dd_part *parts, dd_part_kind kind, const char *key, dd_buf *out)
{
    bool any = false;
    for (const dd_part *p = parts; p; p = p->next)
        if (p->kind == kind && p->text.len) {
            if (!any) {
                dd_jw_key(out, key);
                dd_buf_addc(out, '"');
            }
            dd_buf_add(out, p->text);
            any = true;
        }
    if (any)
        dd_buf_addc(out, '"');
    return any;
}

/* Signed thinking, for clients that send it back (T24). */
static void write_signed(const dd_part *parts, dd_dialect_ctx *ctx, dd_buf *out)
{
    bool any = false;
    for (const dd_part *p = parts; p; p = p->next) {
        if (p->kind != DD_PART_THINKING || (!p->signature.len && !p->redacted))
            continue;
        if (!any)
            dd_jw_key(out, "thinking_blocks");
        dd_buf_addz(out, any ? ",{" : "[{");
        dd_jw_str(out, "type", p->redacted ? DD_STR("redacted_thinking") : DD_STR("thinking"));
        if (p->redacted)
            dd_jw_str(out, "data", dd_part_signature(p, DD_DIALECT_CHAT, ctx));
        else {
            dd_jw_str(out, "thinking", p->text);
            dd_jw_str(out, "signature", dd_part_signature(p, DD_DIALECT_CHAT, ctx));
        }
        dd_buf_addc(out, '}');
        any = true;
    }
    if (any)
        dd_buf_addc(out, ']');
}

static bool legacy(const dd_answer_facts *facts) { return facts->request && facts->request->legacy_functions; }

/* Of the old form a message holds one (T23). */
static void write_legacy_call(const dd_part *parts, dd_dialect_ctx *ctx, dd_buf *out)
{
    size_t n = 0;
    for (const dd_part *p = parts; p; p = p->next) {
        if (p->kind != DD_PART_TOOL_CALL)
            continue;
        if (n++) {
            dd_drop(ctx->drops, ctx->arena, "tool_calls[%zu]", n - 1);
            continue;
        }
        dd_buf_addz(out, ",\"function_call\":{");
        dd_jw_str(out, "name", p->name);
        dd_buf_addz(out, ",\"arguments\":\"");
        dd_part_arguments_text(p, out);
        dd_buf_addz(out, "\"}");
    }
}

static void write_calls(const dd_part *parts, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out)
{
    size_t n = 0;
    for (const dd_part *p = parts; p; p = p->next) {
        if (p->kind != DD_PART_TOOL_CALL)
            continue;
        if (n == 0)
            dd_jw_key(out, "tool_calls");
        dd_buf_addz(out, n ? ",{" : "[{");
        dd_jw_str(out, "id", p->id.len ? p->id : dd_arena_printf(ctx->arena, "call_" DD_STR_FMT "_%zu", DD_STR_ARG(facts->new_id), n));
        dd_buf_addz(out, p->custom ? ",\"type\":\"custom\",\"custom\":{" : ",\"type\":\"function\",\"function\":{");
        dd_jw_str(out, "name", p->name);
        dd_buf_addz(out, p->custom ? ",\"input\":\"" : ",\"arguments\":\"");
        dd_part_arguments_text(p, out);
        dd_buf_addz(out, "\"}}");
        n++;
    }
    if (n)
        dd_buf_addc(out, ']');
}

void dd_answer_write_chat(const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out)
{
    dd_buf_addc(out, '{');
    dd_jw_str(out, "id", dd_answer_id(a->id, "chatcmpl-", facts, ctx->arena));
    dd_jw_str(out, "object", DD_STR("chat.completion"));
    dd_jw_int(out, "created", a->created ? a->created : facts->now);
    dd_jw_str(out, "model", facts->model.len ? facts->model : a->model);
    dd_buf_addz(out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"");
    if (!write_texts(a->parts, DD_PART_TEXT, "content", out))
        dd_jw_raw(out, "content", DD_STR_NULL);
    if (!write_texts(a->parts, DD_PART_REFUSAL, "refusal", out))
        dd_jw_raw(out, "refusal", DD_STR_NULL);
    write_texts(a->parts, DD_PART_THINKING, "reasoning_content", out);
    write_signed(a->parts, ctx, out);
    if (legacy(facts))
        write_legacy_call(a->parts, ctx, out);
    else
        write_calls(a->parts, facts, ctx, out);
    const char *finish = dd_stop_chat(a->stop, dd_answer_has_tools(a->parts));
    dd_buf_addz(out, "},\"logprobs\":null");
    dd_jw_str(out, "finish_reason", dd_str_z(legacy(facts) && strcmp(finish, "tool_calls") == 0 ? "function_call" : finish));
    dd_buf_addz(out, "}]");
    if (a->usage.reported) {
        dd_jw_key(out, "usage");
        dd_usage_write(DD_DIALECT_CHAT, &a->usage, DD_STR_NULL, out);
    }
    dd_str tier = dd_tier(DD_DIALECT_CHAT, a->service_tier);
    if (tier.len)
        dd_jw_str(out, "service_tier", tier);
    if (a->system_fingerprint.len)
        dd_jw_str(out, "system_fingerprint", a->system_fingerprint);
    dd_buf_addc(out, '}');
}
