/* Answers of responses. Source: OpenAI's API reference, "The response object". */
#include "proxy/dialect/answer.h"

static dd_str inside(const dd_jspan *j, uint32_t object, const char *name) { return dd_jspan_inside(j, dd_jspan_member(j, object, name, NULL)); }

/* --- reading --- */

static void read_message(const dd_jspan *j, uint32_t item, size_t i, dd_dialect_ctx *ctx, dd_part ***tail)
{
    for (dd_jit it = dd_jspan_each(j, dd_jspan_member(j, item, "content", NULL)); dd_jspan_step(j, &it);) {
        uint32_t type = dd_jspan_member(j, it.value, "type", NULL), notes = dd_jspan_member(j, it.value, "annotations", NULL);
        if (dd_jspan_is(j, type, "output_text") || dd_jspan_is(j, type, "text"))
            dd_part_add(tail, ctx->arena, DD_PART_TEXT)->text = inside(j, it.value, "text");
        else if (dd_jspan_is(j, type, "refusal"))
            dd_part_add(tail, ctx->arena, DD_PART_REFUSAL)->text = inside(j, it.value, "refusal");
        else
            dd_drop(ctx->drops, ctx->arena, "output[%zu].content." DD_STR_FMT, i, DD_STR_ARG(dd_jspan_inside(j, type)));
        if (notes != DD_J_NONE && j->v[notes].count)
            dd_drop(ctx->drops, ctx->arena, "output[%zu].content.annotations", i);
    }
}

/* The texts of a list, a blank line between them. */
static void gather(const dd_jspan *j, uint32_t list, dd_buf *text)
{
    for (dd_jit it = dd_jspan_each(j, list); dd_jspan_step(j, &it);) {
        dd_str piece = inside(j, it.value, "text");
        if (piece.len && text->len)
            dd_buf_addz(text, "\\n\\n");
        dd_buf_add(text, piece);
    }
}

static void read_reasoning(const dd_jspan *j, uint32_t item, dd_dialect_ctx *ctx, dd_part ***tail)
{
    dd_buf text = DD_BUF_INIT(0);
    gather(j, dd_jspan_member(j, item, "summary", NULL), &text);
    gather(j, dd_jspan_member(j, item, "content", NULL), &text);
    dd_str sealed = inside(j, item, "encrypted_content");
    if (text.len || sealed.len) {
        dd_part *p   = dd_part_add(tail, ctx->arena, DD_PART_THINKING);
        p->id        = inside(j, item, "id");
        p->text      = dd_arena_dup(ctx->arena, dd_buf_str(&text));
        p->signed_by = DD_DIALECT_RESPONSES;
        p->redacted  = !text.len;
        *(p->redacted ? &p->data : &p->signature) = sealed;
    }
    dd_buf_free(&text);
}

static void read_item(const dd_jspan *j, uint32_t item, size_t i, dd_dialect_ctx *ctx, dd_part ***tail)
{
    uint32_t type = dd_jspan_member(j, item, "type", NULL);
    if (dd_jspan_is(j, type, "message"))
        read_message(j, item, i, ctx, tail);
    else if (dd_jspan_is(j, type, "function_call"))
        dd_part_call(dd_part_add(tail, ctx->arena, DD_PART_TOOL_CALL), ctx, j, inside(j, item, "call_id"), inside(j, item, "name"),
                     dd_jspan_member(j, item, "arguments", NULL));
    else if (dd_jspan_is(j, type, "custom_tool_call")) {
        dd_part *p = dd_part_add(tail, ctx->arena, DD_PART_TOOL_CALL);
        p->id      = dd_restore(ctx->ids, inside(j, item, "call_id"));
        p->name    = dd_restore(ctx->names, inside(j, item, "name"));
        p->text    = inside(j, item, "input");
        p->custom  = true;
    } else if (dd_jspan_is(j, type, "reasoning"))
        read_reasoning(j, item, ctx, tail);
    else { /* a server's own tool */
        dd_part *p = dd_part_add(tail, ctx->arena, DD_PART_OTHER);
        p->type    = dd_jspan_inside(j, type);
        p->raw     = dd_jspan_raw(j, item);
        p->where   = dd_arena_printf(ctx->arena, "output[%zu]." DD_STR_FMT, i, DD_STR_ARG(p->type));
        dd_drop(ctx->drops, ctx->arena, DD_STR_FMT, DD_STR_ARG(p->where));
    }
}

bool dd_answer_read_responses(const dd_jspan *j, dd_dialect_ctx *ctx, dd_answer *a)
{
    uint32_t  output = dd_jspan_member(j, 0, "output", NULL), status = dd_jspan_member(j, 0, "status", NULL);
    dd_part **tail   = &a->parts;
    size_t    i      = 0;
    if (dd_jspan_is(j, status, "failed") || dd_jspan_is(j, status, "cancelled"))
        return dd_answer_fail(ctx, 502, "", "the provider's answer failed and does not say why");
    if (dd_jspan_is(j, status, "queued") || dd_jspan_is(j, status, "in_progress"))
        return dd_answer_fail(ctx, 502, "", "the provider answers in the background, which this API has no form for");
    if (dd_jspan_kind(j, output) != DD_J_ARRAY)
        return dd_answer_fail(ctx, 502, "", "the provider's answer has no output");
    a->id           = inside(j, 0, "id");
    a->model        = inside(j, 0, "model");
    a->service_tier = inside(j, 0, "service_tier");
    a->metadata     = dd_jspan_raw(j, dd_jspan_member(j, 0, "metadata", NULL));
    if (!dd_jspan_i64(j, dd_jspan_member(j, 0, "created_at", NULL), &a->created) || a->created < 0)
        a->created = 0;
    for (dd_jit it = dd_jspan_each(j, output); dd_jspan_step(j, &it);)
        read_item(j, it.value, i++, ctx, &tail);
    if (a->stop == DD_STOP_NONE) /* xAI and others leave the status out, or write another word */
        a->stop = DD_STOP_END;
    return true; /* its other members repeat the request */
}

/* --- writing --- */

/* Of the reference's words those that fit a status. */
static dd_str error_code(int status)
{
    if (status == 429)
        return DD_STR("rate_limit_exceeded");
    return status >= 400 && status < 500 ? DD_STR("invalid_prompt") : DD_STR("server_error");
}

void dd_responses_head(dd_str id, dd_str model, int64_t created, const char *status, const char *reason, const dd_api_error *error, dd_buf *out)
{
    dd_buf_addc(out, '{');
    dd_jw_str(out, "id", id);
    dd_jw_str(out, "object", DD_STR("response"));
    dd_jw_int(out, "created_at", created);
    dd_jw_str(out, "status", dd_str_z(status));
    dd_buf_addz(out, ",\"background\":false,\"error\":");
    if (error) {
        dd_buf_addz(out, "{\"code\":\"");
        dd_jtext_escape(out, error->code.len ? error->code : error_code(error->status));
        dd_buf_addz(out, "\",\"message\":\"");
        dd_jtext_escape(out, error->message);
        dd_buf_addz(out, "\"}");
    } else
        dd_buf_addz(out, "null");
    dd_buf_addz(out, ",\"incomplete_details\":");
    if (reason)
        dd_buf_printf(out, "{\"reason\":\"%s\"}", reason);
    else
        dd_buf_addz(out, "null");
    dd_jw_str(out, "model", model);
    dd_buf_addz(out, ",\"output\":[");
}

static void item_call(const dd_part *p, dd_str item_id, const char *status, dd_buf *out)
{
    dd_buf_addc(out, '{');
    dd_jw_str(out, "id", item_id);
    dd_jw_str(out, "type", p->custom ? DD_STR("custom_tool_call") : DD_STR("function_call"));
    dd_jw_str(out, "status", dd_str_z(status));
    dd_buf_addz(out, p->custom ? ",\"input\":\"" : ",\"arguments\":\"");
    dd_part_arguments_text(p, out);
    dd_buf_addc(out, '"');
    dd_jw_str(out, "call_id", p->id);
    dd_jw_str(out, "name", p->name);
    dd_buf_addc(out, '}');
}

static void item_reasoning(const dd_part *p, dd_str item_id, dd_dialect_ctx *ctx, dd_buf *out)
{
    dd_str sealed = dd_part_signature(p, DD_DIALECT_RESPONSES, ctx);
    dd_buf_addc(out, '{');
    dd_jw_str(out, "id", item_id);
    dd_buf_addz(out, ",\"type\":\"reasoning\",\"summary\":[");
    if (p->text.len) {
        dd_buf_addz(out, "{\"type\":\"summary_text\"");
        dd_jw_str(out, "text", p->text);
        dd_buf_addc(out, '}');
    }
    dd_buf_addc(out, ']');
    if (sealed.len)
        dd_jw_str(out, "encrypted_content", sealed);
    dd_buf_addc(out, '}');
}

static bool is_message(const dd_part *p) { return p->kind == DD_PART_TEXT || p->kind == DD_PART_REFUSAL; }

const dd_part *dd_responses_item(const dd_part *p, dd_str item_id, const char *status, dd_dialect_ctx *ctx, dd_buf *out)
{
    dd_jw_comma(out);
    if (p->kind == DD_PART_TOOL_CALL) {
        item_call(p, item_id, status, out);
        return p->next;
    }
    if (p->kind == DD_PART_THINKING) {
        item_reasoning(p, item_id, ctx, out);
        return p->next;
    }
    dd_buf_addc(out, '{');
    dd_jw_str(out, "id", item_id);
    dd_jw_str(out, "type", DD_STR("message"));
    dd_jw_str(out, "status", dd_str_z(status));
    dd_buf_addz(out, ",\"role\":\"assistant\",\"content\":[");
    for (; p && is_message(p); p = p->next) {
        dd_jw_comma(out);
        if (p->kind == DD_PART_TEXT)
            dd_buf_addz(out, "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"");
        else
            dd_buf_addz(out, "{\"type\":\"refusal\",\"refusal\":\"");
        dd_buf_add(out, p->text);
        dd_buf_addz(out, "\"}");
    }
    dd_buf_addz(out, "]}");
    return p;
}

static void echo_tool(const dd_tool *t, bool raw, dd_buf *out)
{
    dd_jw_comma(out);
    if (raw && t->raw.len) {
        dd_buf_add(out, t->raw);
        return;
    }
    dd_buf_addz(out, t->custom ? "{\"type\":\"custom\"" : "{\"type\":\"function\"");
    dd_jw_str(out, "name", t->name);
    if (t->description.ptr)
        dd_jw_str(out, "description", t->description);
    if (t->custom && t->format.len)
        dd_jw_raw(out, "format", t->format);
    if (!t->custom) {
        dd_jw_raw(out, "parameters", t->parameters);
        dd_jw_raw(out, "strict", t->strict == DD_TRI_TRUE ? DD_STR("true") : t->strict == DD_TRI_FALSE ? DD_STR("false") : DD_STR_NULL);
    }
    dd_buf_addc(out, '}');
}

static void echo_choice(const dd_request *r, dd_buf *out)
{
    static const char *const words[] = { [DD_CHOICE_AUTO] = "auto", [DD_CHOICE_NONE] = "none", [DD_CHOICE_REQUIRED] = "required" };
    if (r->tool_choice == DD_CHOICE_NAMED) {
        dd_buf_addz(out, ",\"tool_choice\":{\"type\":\"function\"");
        dd_jw_str(out, "name", r->tool_choice_name);
        dd_buf_addc(out, '}');
    } else
        dd_jw_str(out, "tool_choice", dd_str_z(words[r->tool_choice == DD_CHOICE_UNSET ? DD_CHOICE_AUTO : r->tool_choice]));
}

static void echo_format(const dd_request *r, dd_buf *out)
{
    dd_buf_addz(out, ",\"text\":{\"format\":{");
    if (r->format == DD_FORMAT_SCHEMA) {
        dd_buf_addz(out, "\"type\":\"json_schema\"");
        if (r->schema_description.len)
            dd_jw_str(out, "description", r->schema_description);
        dd_jw_str(out, "name", r->schema_name);
        dd_jw_raw(out, "schema", r->schema);
        dd_jw_raw(out, "strict", r->schema_strict == DD_TRI_TRUE ? DD_STR("true") : DD_STR("false"));
    } else
        dd_buf_addz(out, r->format == DD_FORMAT_OBJECT ? "\"type\":\"json_object\"" : "\"type\":\"text\"");
    dd_buf_addc(out, '}');
    if (r->verbosity.len)
        dd_jw_str(out, "verbosity", r->verbosity);
    dd_buf_addc(out, '}');
}

/* The members that repeat the request. Nothing is kept here for a later previous_response_id, so store is false. */
static void echo(const dd_request *r, dd_buf *out)
{
    dd_jw_raw(out, "instructions", DD_STR_NULL);
    dd_jw_raw(out, "max_output_tokens", r->max_tokens);
    dd_jw_raw(out, "metadata", r->metadata.len ? r->metadata : DD_STR("{}"));
    dd_jw_raw(out, "parallel_tool_calls", r->parallel_tools == DD_TRI_FALSE ? DD_STR("false") : DD_STR("true"));
    dd_jw_raw(out, "previous_response_id", DD_STR_NULL);
    dd_buf_addz(out, ",\"reasoning\":{");
    if (r->effort.len)
        dd_jw_str(out, "effort", r->effort);
    else
        dd_jw_raw(out, "effort", DD_STR_NULL);
    dd_buf_addz(out, ",\"summary\":null},\"store\":false");
    dd_jw_raw(out, "temperature", r->temperature);
    echo_format(r, out);
    echo_choice(r, out);
    dd_buf_addz(out, ",\"tools\":[");
    for (const dd_tool *t = r->tools; t; t = t->next)
        echo_tool(t, r->from == DD_DIALECT_RESPONSES, out);
    dd_buf_addc(out, ']');
    dd_jw_raw(out, "top_p", r->top_p);
    dd_jw_raw(out, "truncation", DD_STR("\"disabled\""));
}

void dd_responses_tail(const dd_usage_report *usage, dd_str service_tier, const dd_answer_facts *facts, dd_buf *out)
{
    static const dd_request none = { 0 };
    dd_buf_addc(out, ']');
    echo(facts->request ? facts->request : &none, out);
    dd_str tier = dd_tier(DD_DIALECT_RESPONSES, service_tier);
    if (tier.len)
        dd_jw_str(out, "service_tier", tier);
    dd_jw_key(out, "usage");
    if (usage && usage->reported)
        dd_usage_write(DD_DIALECT_RESPONSES, usage, DD_STR_NULL, out);
    else
        dd_buf_addz(out, "null");
    dd_buf_addc(out, '}');
}

static const char *item_prefix(const dd_part *p)
{
    if (p->kind == DD_PART_TOOL_CALL)
        return p->custom ? "ctc" : "fc";
    return p->kind == DD_PART_THINKING ? "rs" : "msg";
}

void dd_answer_write_responses(const dd_answer *a, const dd_answer_facts *facts, dd_dialect_ctx *ctx, dd_buf *out)
{
    const char *reason, *status = dd_stop_responses(a->stop, &reason);
    dd_str      id = dd_answer_id(a->id, "resp_", facts, ctx->arena), model = facts->model.len ? facts->model : a->model;
    size_t      n = 0;
    dd_responses_head(id, model, a->created ? a->created : facts->now, status, reason, NULL, out);
    for (const dd_part *p = a->parts; p;) {
        dd_part item = *p;
        if (p->kind == DD_PART_OTHER || (is_message(p) && !p->text.len)) {
            p = p->next;
            continue;
        }
        dd_str item_id = dd_arena_printf(ctx->arena, "%s_" DD_STR_FMT "_%zu", item_prefix(p), DD_STR_ARG(facts->new_id), n++);
        if (p->kind == DD_PART_TOOL_CALL && !p->id.len)
            item.id = dd_arena_printf(ctx->arena, "call_" DD_STR_FMT "_%zu", DD_STR_ARG(facts->new_id), n);
        bool cut = p->kind == DD_PART_TOOL_CALL && !p->custom && !p->raw.len; /* its arguments ended within */
        p = dd_responses_item(&item, item_id, cut ? "incomplete" : "completed", ctx, out);
    }
    dd_responses_tail(&a->usage, a->service_tier, facts, out);
    if (a->stop_sequence.len)
        dd_drop(ctx->drops, ctx->arena, "stop_sequence");
}
