/* Answers of messages. Source: Anthropic's API reference, "Create a Message". */
#include "proxy/dialect/answer.h"

static dd_str inside(const dd_jspan *j, uint32_t object, const char *name) { return dd_jspan_inside(j, dd_jspan_member(j, object, name, NULL)); }

static void read_block(const dd_jspan *j, uint32_t block, size_t i, dd_dialect_ctx *ctx, dd_part ***tail)
{
    uint32_t type = dd_jspan_member(j, block, "type", NULL), citations = dd_jspan_member(j, block, "citations", NULL);
    dd_part *p;
    if (dd_jspan_is(j, type, "text")) {
        p       = dd_part_add(tail, ctx->arena, DD_PART_TEXT);
        p->text = inside(j, block, "text");
        if (citations != DD_J_NONE && j->v[citations].count)
            dd_drop(ctx->drops, ctx->arena, "content[%zu].citations", i);
    } else if (dd_jspan_is(j, type, "tool_use")) {
        p = dd_part_add(tail, ctx->arena, DD_PART_TOOL_CALL);
        dd_part_call(p, ctx, j, inside(j, block, "id"), inside(j, block, "name"), dd_jspan_member(j, block, "input", NULL));
    } else if (dd_jspan_is(j, type, "thinking")) {
        p            = dd_part_add(tail, ctx->arena, DD_PART_THINKING);
        p->text      = inside(j, block, "thinking");
        p->signature = inside(j, block, "signature");
        p->signed_by = DD_DIALECT_MESSAGES;
    } else if (dd_jspan_is(j, type, "redacted_thinking")) {
        p           = dd_part_add(tail, ctx->arena, DD_PART_THINKING);
        p->data     = inside(j, block, "data");
        p->redacted = true;
        p->signed_by = DD_DIALECT_MESSAGES;
    } else { /* a server's own tool and its result */
        p       = dd_part_add(tail, ctx->arena, DD_PART_OTHER);
        p->type = dd_jspan_inside(j, type);
        p->raw  = dd_jspan_raw(j, block);
        p->where = dd_arena_printf(ctx->arena, "content[%zu]." DD_STR_FMT, i, DD_STR_ARG(p->type));
        dd_drop(ctx->drops, ctx->arena, DD_STR_FMT, DD_STR_ARG(p->where));
    }
}

bool dd_answer_read_messages(const dd_jspan *j, dd_dialect_ctx *ctx, dd_answer *a)
{
    static const char *const known[] = { "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage", NULL };
    uint32_t  content = dd_jspan_member(j, 0, "content", NULL);
    dd_part **tail    = &a->parts;
    size_t    i       = 0;
    if (dd_jspan_kind(j, content) != DD_J_ARRAY)
        return dd_answer_fail(ctx, 502, "", "the provider's answer has no content");
    a->id            = inside(j, 0, "id");
    a->model         = inside(j, 0, "model");
    a->stop_sequence = inside(j, 0, "stop_sequence");
    a->service_tier  = inside(j, dd_jspan_member(j, 0, "usage", NULL), "service_tier");
    for (dd_jit it = dd_jspan_each(j, content); dd_jspan_step(j, &it);)
        read_block(j, it.value, i++, ctx, &tail);
    dd_drop_unknown(j, 0, known, "", ctx);
    return true;
}

/* --- writing --- */

static void write_call(const dd_part *p, size_t n, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out)
{
    dd_buf_addz(out, "{\"type\":\"tool_use\"");
    dd_jw_str(out, "id", p->id.len ? p->id : dd_arena_printf(ctx->arena, "toolu_" DD_STR_FMT "_%zu", DD_STR_ARG(facts->new_id), n));
    dd_jw_str(out, "name", p->name);
    dd_jw_key(out, "input");
    if (!dd_part_arguments_object(p, out)) /* cut short, or no object: a client of messages can hold nothing else */
        dd_drop(ctx->drops, ctx->arena, "tool_calls[%zu].arguments=wrapped", n);
    dd_buf_addc(out, '}');
}

static void write_thinking(const dd_part *p, dd_dialect_ctx *ctx, dd_buf *out)
{
    dd_buf_addc(out, '{');
    dd_jw_str(out, "type", p->redacted ? DD_STR("redacted_thinking") : DD_STR("thinking"));
    if (p->redacted)
        dd_jw_str(out, "data", dd_part_signature(p, DD_DIALECT_MESSAGES, ctx));
    else {
        dd_jw_str(out, "thinking", p->text);
        dd_jw_str(out, "signature", dd_part_signature(p, DD_DIALECT_MESSAGES, ctx));
    }
    dd_buf_addc(out, '}');
}

static bool write_content(const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out)
{
    size_t calls = 0;
    bool   refused = false;
    dd_jw_key(out, "content");
    dd_buf_addc(out, '[');
    for (const dd_part *p = a->parts; p; p = p->next) {
        bool text = p->kind == DD_PART_TEXT || p->kind == DD_PART_REFUSAL;
        if (p->kind == DD_PART_OTHER || (text && !p->text.len)) /* an empty text could not be sent back (T2) */
            continue;
        dd_jw_comma(out);
        refused |= p->kind == DD_PART_REFUSAL;
        if (text) {
            dd_buf_addz(out, "{\"type\":\"text\"");
            dd_jw_str(out, "text", p->text);
            dd_buf_addc(out, '}');
        } else if (p->kind == DD_PART_TOOL_CALL)
            write_call(p, calls++, facts, ctx, out);
        else
            write_thinking(p, ctx, out);
    }
    dd_buf_addc(out, ']');
    return refused;
}

void dd_answer_write_messages(const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out)
{
    dd_buf_addc(out, '{');
    dd_jw_str(out, "id", dd_answer_id(a->id, "msg_", facts, ctx->arena));
    dd_buf_addz(out, ",\"type\":\"message\",\"role\":\"assistant\"");
    dd_jw_str(out, "model", facts->model.len ? facts->model : a->model);
    bool    refused = write_content(a, facts, ctx, out);
    dd_stop stop    = refused && a->stop == DD_STOP_END ? DD_STOP_FILTER : a->stop;
    dd_jw_str(out, "stop_reason", dd_str_z(dd_stop_messages(stop, dd_answer_has_tools(a->parts))));
    if (a->stop_sequence.len)
        dd_jw_str(out, "stop_sequence", a->stop_sequence);
    else
        dd_jw_raw(out, "stop_sequence", DD_STR_NULL);
    dd_jw_key(out, "usage");
    dd_usage_write(DD_DIALECT_MESSAGES, &a->usage, a->service_tier, out);
    dd_buf_addc(out, '}');
}
