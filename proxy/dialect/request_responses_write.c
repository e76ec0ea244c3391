/* Requests to OpenAI's responses: writing them. */
#include "proxy/dialect/request.h"

#define MAX_ID     64
#define MAX_USER   64
#define MIN_TOKENS 16 /* fewer are refused */

/* --- parts --- */

static bool is_content(const dd_part *p) { return p->kind == DD_PART_TEXT || p->kind == DD_PART_REFUSAL || dd_part_is_file(p); }

static void write_image(dd_buf *out, const dd_part *p)
{
    dd_jw_str(out, "type", DD_STR("input_image"));
    if (p->data.ptr)
        dd_write_data_url(out, "image_url", p);
    dd_write_opt_str(out, "image_url", p->url);
    dd_write_opt_str(out, "file_id", p->file_id);
    dd_jw_str(out, "detail", p->detail.len ? p->detail : DD_STR("auto"));
}

static void write_document(dd_writing *w, const dd_part *p)
{
    dd_buf *out = w->out;
    if (p->text.ptr) {
        if (p->title.len || p->filename.len)
            dd_write_drop(w, p->where, p->title.len ? "title" : "filename");
        dd_jw_str(out, "type", DD_STR("input_text"));
        dd_jw_str(out, "text", p->text);
        return;
    }
    dd_jw_str(out, "type", DD_STR("input_file"));
    if (p->data.ptr) {
        dd_write_data_url(out, "file_data", p);
        dd_jw_str(out, "filename", p->filename.len ? p->filename : p->title.len ? p->title : DD_STR("document.pdf"));
        return;
    }
    dd_write_opt_str(out, "file_url", p->url);
    dd_write_opt_str(out, "file_id", p->file_id);
    if (p->title.len || p->filename.len)
        dd_write_drop(w, p->where, p->title.len ? "title" : "filename");
}

static void write_part(dd_writing *w, const dd_part *p, bool model)
{
    dd_buf *out = w->out;
    dd_write_open(out, NULL, '{');
    switch (p->kind) {
    case DD_PART_IMAGE: write_image(out, p); break;
    case DD_PART_DOCUMENT: write_document(w, p); break;
    case DD_PART_AUDIO:
        dd_jw_str(out, "type", DD_STR("input_audio"));
        dd_write_open(out, "input_audio", '{');
        dd_jw_str(out, "data", p->data);
        dd_jw_str(out, "format", p->media_type);
        dd_buf_addc(out, '}');
        break;
    case DD_PART_REFUSAL:
        dd_jw_str(out, "type", model ? DD_STR("refusal") : DD_STR("input_text"));
        dd_jw_str(out, model ? "refusal" : "text", p->text);
        break;
    default:
        dd_jw_str(out, "type", model ? DD_STR("output_text") : DD_STR("input_text"));
        dd_jw_str(out, "text", p->text);
    }
    if (p->cache_control.ptr)
        dd_write_drop(w, p->where, "cache_control");
    dd_buf_addc(out, '}');
}

/* --- items --- */

static void write_call(dd_writing *w, const dd_part *p)
{
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "type", p->custom ? DD_STR("custom_tool_call") : DD_STR("function_call"));
    dd_jw_str(w->out, "call_id", dd_write_id(w, p->id, MAX_ID, true));
    dd_jw_str(w->out, "name", dd_write_name(w, p->name));
    if (p->custom) {
        dd_map_put(&w->custom, p->id, w);
        dd_jw_str(w->out, "input", p->text);
    } else
        dd_write_arguments(w, p);
    dd_jw_str(w->out, "status", DD_STR("completed"));
    dd_buf_addc(w->out, '}');
    if (p->cache_control.ptr)
        dd_write_drop(w, p->where, "cache_control");
}

static void write_result(dd_writing *w, const dd_part *p, bool custom)
{
    bool text = true;
    size_t n = 0;
    for (const dd_part *q = p->result; q; q = q->next, n++)
        text = text && q->kind == DD_PART_TEXT;
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "type", custom ? DD_STR("custom_tool_call_output") : DD_STR("function_call_output"));
    dd_jw_str(w->out, "call_id", dd_write_id(w, p->id, MAX_ID, false));
    if (n == 0 || (n == 1 && text)) {
        dd_jw_str(w->out, "output", n ? p->result->text : DD_STR(""));
        if (n && p->result->cache_control.ptr)
            dd_write_drop(w, p->result->where, "cache_control");
    } else {
        dd_write_open(w->out, "output", '[');
        for (const dd_part *q = p->result; q; q = q->next)
            if (is_content(q))
                write_part(w, q, false);
            else
                dd_write_drop_part(w, q);
        dd_buf_addc(w->out, ']');
    }
    dd_jw_str(w->out, "status", DD_STR("completed"));
    dd_buf_addc(w->out, '}');
    if (p->is_error)
        dd_write_drop(w, p->where, "is_error");
    if (p->cache_control.ptr)
        dd_write_drop(w, p->where, "cache_control");
}

/* T24: only what this family's model has sealed itself means anything to it. */
static void write_thinking(dd_writing *w, const dd_part *p)
{
    dd_str sealed = p->redacted ? p->data : p->signature;
    if (p->signed_by != DD_DIALECT_RESPONSES || !sealed.len) {
        dd_write_drop_part(w, p);
        return;
    }
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "type", DD_STR("reasoning"));
    dd_write_open(w->out, "summary", '[');
    if (p->text.len) {
        dd_write_open(w->out, NULL, '{');
        dd_jw_str(w->out, "type", DD_STR("summary_text"));
        dd_jw_str(w->out, "text", p->text);
        dd_buf_addc(w->out, '}');
    }
    dd_buf_addc(w->out, ']');
    dd_jw_str(w->out, "encrypted_content", sealed);
    dd_buf_addc(w->out, '}');
}

/* One message of the content from p on; returns what is behind it. In parts the model's own would need the id it had, so one text is a string. */
static const dd_part *write_message(dd_writing *w, const dd_turn *t, const dd_part *p)
{
    static const char *const roles[] = { [DD_ROLE_SYSTEM] = "system", [DD_ROLE_USER] = "user", [DD_ROLE_ASSISTANT] = "assistant" };
    bool model = t->role == DD_ROLE_ASSISTANT;
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "type", DD_STR("message"));
    dd_jw_str(w->out, "role", t->developer ? DD_STR("developer") : dd_str_z(roles[t->role]));
    if (model && p->kind == DD_PART_TEXT && (!p->next || !is_content(p->next)) && !p->cache_control.ptr) {
        dd_jw_str(w->out, "content", p->text);
        dd_buf_addc(w->out, '}');
        return p->next;
    }
    dd_write_open(w->out, "content", '[');
    for (; p && is_content(p); p = p->next)
        if (model && dd_part_is_file(p))
            dd_write_drop_part(w, p);
        else
            write_part(w, p, model);
    dd_buf_addz(w->out, "]}");
    return p;
}

static void write_other(dd_writing *w, const dd_turn *t, const dd_part *p)
{
    switch (p->kind) {
    case DD_PART_TOOL_CALL: write_call(w, p); break;
    case DD_PART_TOOL_RESULT: write_result(w, p, dd_map_has(&w->custom, p->id)); break;
    case DD_PART_THINKING: write_thinking(w, p); break;
    default:
        if (t->role != DD_ROLE_USER)
            dd_write_drop_part(w, p);
        else
            dd_write_refuse_part(w, p);
    }
}

/* System turns at the front are the instructions; unless there is nothing else, for the input may not be empty. */
static const dd_turn *write_instructions(dd_writing *w)
{
    const dd_turn *t    = w->r->turns;
    dd_buf         text = DD_BUF_INIT(0);
    bool           any  = false;
    while (t && t->role == DD_ROLE_SYSTEM)
        t = t->next;
    if (!t)
        return w->r->turns;
    for (const dd_turn *s = w->r->turns; s != t; s = s->next)
        for (const dd_part *p = s->parts; p; p = p->next) {
            if (!dd_write_system_text(w, p))
                continue;
            if (p->cache_control.ptr)
                dd_write_drop(w, p->where, "cache_control");
            dd_buf_addz(&text, any ? "\\n" : "");
            dd_buf_add(&text, p->text);
            any = true;
        }
    if (any)
        dd_jw_str(w->out, "instructions", dd_buf_str(&text));
    dd_buf_free(&text);
    return t;
}

static void write_input(dd_writing *w)
{
    const dd_turn *t = write_instructions(w);
    dd_write_open(w->out, "input", '[');
    for (; t; t = t->next)
        for (const dd_part *p = t->parts; p;) {
            if (is_content(p)) {
                p = write_message(w, t, p);
            } else {
                write_other(w, t, p);
                p = p->next;
            }
        }
    dd_buf_addc(w->out, ']');
}

/* --- tools --- */

/* Where `strict` is not said this API makes a schema strict, and members that were optional come out as null: chat and messages would not. */
static void write_tool(dd_writing *w, const dd_tool *t)
{
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "type", t->custom ? DD_STR("custom") : DD_STR("function"));
    dd_jw_str(w->out, "name", dd_write_name(w, t->name));
    dd_write_opt_str(w->out, "description", t->description);
    dd_write_opt_raw(w->out, "format", t->format);
    if (!t->custom)
        dd_jw_raw(w->out, "parameters", t->parameters.ptr ? t->parameters : DD_STR("{\"type\":\"object\",\"properties\":{}}"));
    if (t->strict != DD_TRI_UNSET)
        dd_write_bool(w->out, "strict", t->strict == DD_TRI_TRUE);
    else if (!t->custom && t->parameters.ptr && dd_write_optional_members(w, t->parameters))
        dd_write_bool(w->out, "strict", false);
    dd_buf_addc(w->out, '}');
    if (t->cache_control.ptr)
        dd_write_drop(w, t->where, "cache_control");
}

static void write_tools(dd_writing *w)
{
    static const char *const words[] = { [DD_CHOICE_AUTO] = "auto", [DD_CHOICE_NONE] = "none", [DD_CHOICE_REQUIRED] = "required" };
    bool tools = dd_write_has_tools(w), custom = false;
    if (tools) {
        dd_write_open(w->out, "tools", '[');
        for (const dd_tool *t = w->r->tools; t; t = t->next)
            if (dd_write_takes_tool(w, t)) {
                custom = custom || (t->custom && dd_str_eq(t->name, w->r->tool_choice_name));
                write_tool(w, t);
            }
        dd_buf_addc(w->out, ']');
    }
    dd_choice c = dd_write_choice(w, tools);
    if (c == DD_CHOICE_NAMED) {
        dd_write_open(w->out, "tool_choice", '{');
        dd_jw_str(w->out, "type", custom ? DD_STR("custom") : DD_STR("function"));
        dd_jw_str(w->out, "name", dd_write_name(w, w->r->tool_choice_name));
        dd_buf_addc(w->out, '}');
    } else if (c != DD_CHOICE_UNSET)
        dd_jw_str(w->out, "tool_choice", dd_str_z(words[c]));
    if (tools && w->r->parallel_tools != DD_TRI_UNSET)
        dd_write_bool(w->out, "parallel_tool_calls", w->r->parallel_tools == DD_TRI_TRUE);
}

/* --- the rest --- */

static void write_limits(dd_writing *w)
{
    const dd_request *r = w->r;
    int64_t           asked = dd_write_int(r->max_tokens, MIN_TOKENS);
    if (r->max_tokens.ptr && asked < MIN_TOKENS) {
        dd_dialect_drop(w->ctx, "%s=%d", dd_request_field_name(r, DD_F_MAX_TOKENS), MIN_TOKENS);
        dd_jw_int(w->out, "max_output_tokens", MIN_TOKENS);
    } else
        dd_write_opt_raw(w->out, "max_output_tokens", r->max_tokens);
    const struct { const char *name; dd_str raw; bool takes; } members[] = {
        { "temperature", r->temperature, !w->facts->no_sampling },
        { "top_p", r->top_p, !w->facts->no_sampling && !(w->facts->one_sampling && r->temperature.ptr) },
        { "top_k", r->top_k, false },
    };
    for (size_t i = 0; i < DD_COUNT(members); i++)
        if (members[i].raw.ptr && members[i].takes)
            dd_jw_raw(w->out, members[i].name, members[i].raw);
        else if (members[i].raw.ptr)
            dd_dialect_drop(w->ctx, "%s", members[i].name);
    if (r->n_stop)
        dd_dialect_drop(w->ctx, "%s", dd_request_field_name(r, DD_F_STOP));
}

static void write_text(dd_writing *w)
{
    const dd_request *r = w->r;
    if (r->format == DD_FORMAT_TEXT && !r->verbosity.ptr)
        return;
    dd_write_open(w->out, "text", '{');
    if (r->format != DD_FORMAT_TEXT) {
        dd_write_open(w->out, "format", '{');
        dd_jw_str(w->out, "type", r->format == DD_FORMAT_OBJECT ? DD_STR("json_object") : DD_STR("json_schema"));
        if (r->format == DD_FORMAT_SCHEMA) {
            dd_jw_str(w->out, "name", r->schema_name.len ? r->schema_name : DD_STR("structured_output"));
            dd_write_opt_str(w->out, "description", r->schema_description);
            dd_jw_raw(w->out, "schema", r->schema.ptr ? r->schema : DD_STR("{\"type\":\"object\"}"));
            if (r->schema_strict != DD_TRI_UNSET)
                dd_write_bool(w->out, "strict", r->schema_strict == DD_TRI_TRUE);
        }
        dd_buf_addc(w->out, '}');
    }
    dd_write_opt_str(w->out, "verbosity", r->verbosity);
    dd_buf_addc(w->out, '}');
}

/* A client of messages gives its thoughts back with the next request, so it has to get them sealed. */
static void write_reasoning(dd_writing *w)
{
    dd_str effort = dd_write_effort(w);
    if (!effort.ptr)
        return;
    dd_write_open(w->out, "reasoning", '{');
    dd_jw_str(w->out, "effort", effort);
    dd_buf_addc(w->out, '}');
    if (w->r->from == DD_DIALECT_MESSAGES)
        dd_jw_raw(w->out, "include", DD_STR("[\"reasoning.encrypted_content\"]"));
}

/* The user's id of messages stands in its metadata already. */
static void write_identity(dd_writing *w)
{
    const dd_request *r = w->r;
    if (r->from != DD_DIALECT_MESSAGES)
        dd_write_opt_str(w->out, "user", dd_write_user(w, MAX_USER));
    dd_write_opt_raw(w->out, "metadata", r->metadata);
    dd_write_opt_str(w->out, "service_tier", dd_write_tier(w));
    if (r->store != DD_TRI_UNSET)
        dd_write_bool(w->out, "store", r->store == DD_TRI_TRUE);
    dd_write_extras(w, true);
}

void dd_request_write_responses(dd_writing *w)
{
    dd_buf_addz(w->out, "{\"model\":\"");
    dd_jtext_escape(w->out, w->model);
    dd_buf_addc(w->out, '"');
    write_input(w);
    write_limits(w);
    dd_write_bool(w->out, "stream", w->r->stream);
    write_tools(w);
    write_text(w);
    write_reasoning(w);
    write_identity(w);
    dd_buf_addc(w->out, '}');
}
