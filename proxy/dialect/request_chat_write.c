/* Requests to chat.completions: writing them. */
#include "proxy/dialect/request.h"

#define MAX_ID   40 /* letters of a tool call's id that OpenAI takes */
#define MAX_USER 64
#define MAX_STOP 4

static const char ONLY_PICTURES[] = "The result is in the next message.";

/* --- parts --- */

static void write_image(dd_writing *w, const dd_part *p)
{
    if (p->file_id.ptr) {
        dd_request_fail(w->ctx, p->where, "an image by file id cannot be sent to the model that serves this request");
        return;
    }
    dd_jw_str(w->out, "type", DD_STR("image_url"));
    dd_write_open(w->out, "image_url", '{');
    if (p->data.ptr)
        dd_write_data_url(w->out, "url", p);
    else
        dd_jw_str(w->out, "url", p->url);
    dd_write_opt_str(w->out, "detail", p->detail);
    dd_buf_addc(w->out, '}');
}

static void write_document(dd_writing *w, const dd_part *p)
{
    if (p->detail.len && !dd_str_eqz(p->detail, "auto"))
        dd_write_drop(w, p->where, "detail");
    if (p->text.ptr) {
        if (p->title.len || p->filename.len)
            dd_write_drop(w, p->where, p->title.len ? "title" : "filename");
        dd_jw_str(w->out, "type", DD_STR("text"));
        dd_jw_str(w->out, "text", p->text);
        return;
    }
    if (!p->data.ptr && !p->file_id.ptr) {
        dd_request_fail(w->ctx, p->where, "a document by URL cannot be sent to the model that serves this request");
        return;
    }
    dd_jw_str(w->out, "type", DD_STR("file"));
    dd_write_open(w->out, "file", '{');
    if (p->data.ptr) {
        dd_write_data_url(w->out, "file_data", p);
        dd_jw_str(w->out, "filename", p->filename.len ? p->filename : p->title.len ? p->title : DD_STR("document.pdf"));
    } else {
        dd_jw_str(w->out, "file_id", p->file_id);
    }
    dd_buf_addc(w->out, '}');
}

static void write_audio(dd_writing *w, const dd_part *p)
{
    dd_jw_str(w->out, "type", DD_STR("input_audio"));
    dd_write_open(w->out, "input_audio", '{');
    dd_jw_str(w->out, "data", p->data);
    dd_jw_str(w->out, "format", p->media_type);
    dd_buf_addc(w->out, '}');
}

static void write_cache(dd_writing *w, const dd_part *p)
{
    if (p->cache_control.ptr && w->facts->cache_control)
        dd_jw_raw(w->out, "cache_control", p->cache_control);
    else if (p->cache_control.ptr)
        dd_write_drop(w, p->where, "cache_control");
}

static void write_part(dd_writing *w, const dd_part *p)
{
    dd_write_open(w->out, NULL, '{');
    switch (p->kind) {
    case DD_PART_IMAGE: write_image(w, p); break;
    case DD_PART_DOCUMENT: write_document(w, p); break;
    case DD_PART_AUDIO: write_audio(w, p); break;
    default:
        dd_jw_str(w->out, "type", DD_STR("text"));
        dd_jw_str(w->out, "text", p->text);
    }
    write_cache(w, p);
    dd_buf_addc(w->out, '}');
}

/* What is content here: text, and files where the role takes them. */
static bool is_content(const dd_part *p, bool files)
{
    return p->kind == DD_PART_TEXT || p->kind == DD_PART_REFUSAL || (files && dd_part_is_file(p));
}

/* Content of parts. A single text of a role that is not the user's is a string, as providers with less know it; so is all of it with plain_text. */
static void write_content(dd_writing *w, const dd_part *parts, bool files, bool single)
{
    size_t n = 0;
    bool   text = true, cached = false;
    for (const dd_part *p = parts; p; p = p->next)
        if (is_content(p, files)) {
            n++;
            text   = text && !dd_part_is_file(p);
            cached = cached || p->cache_control.ptr;
        }
    if (text && (n == 0 || (single && n == 1 && !(cached && w->facts->cache_control)) || w->facts->plain_text)) {
        dd_jw_str(w->out, "content", dd_write_join(w, parts, false));
        for (const dd_part *p = parts; p; p = p->next)
            if (p->cache_control.ptr && is_content(p, files))
                dd_write_drop(w, p->where, "cache_control");
        return;
    }
    dd_write_open(w->out, "content", '[');
    for (const dd_part *p = parts; p; p = p->next)
        if (is_content(p, files))
            write_part(w, p);
    dd_buf_addc(w->out, ']');
}

/* --- messages --- */

static void write_system(dd_writing *w, const dd_turn *t)
{
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "role", t->developer && !w->facts->no_developer ? DD_STR("developer") : DD_STR("system"));
    write_content(w, t->parts, false, true);
    dd_buf_addc(w->out, '}');
    for (const dd_part *p = t->parts; p; p = p->next)
        dd_write_system_text(w, p);
}

static void write_call(dd_writing *w, const dd_part *p)
{
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "id", dd_write_id(w, p->id, MAX_ID, true));
    dd_jw_str(w->out, "type", p->custom ? DD_STR("custom") : DD_STR("function"));
    dd_write_open(w->out, p->custom ? "custom" : "function", '{');
    dd_jw_str(w->out, "name", dd_write_name(w, p->name));
    if (p->custom)
        dd_jw_str(w->out, "input", p->text);
    else
        dd_write_arguments(w, p);
    dd_buf_addz(w->out, "}}");
    if (p->cache_control.ptr)
        dd_write_drop(w, p->where, "cache_control");
}

/* T24: reasoning goes back only to providers that ask for it, as its plain text. */
static void write_thinking(dd_writing *w, const dd_part *parts)
{
    bool open = false;
    for (const dd_part *p = parts; p; p = p->next) {
        if (p->kind != DD_PART_THINKING)
            continue;
        if (!w->facts->replay_thinking || p->redacted) {
            dd_write_drop_part(w, p);
            continue;
        }
        if (open) {
            dd_buf_addz(w->out, "\\n");
        } else {
            dd_jw_key(w->out, "reasoning_content");
            dd_buf_addc(w->out, '"');
        }
        dd_buf_add(w->out, p->text);
        open = true;
    }
    if (open)
        dd_buf_addc(w->out, '"');
}

static void write_assistant(dd_writing *w, const dd_turn *t)
{
    bool text = false, calls = false, thought = false;
    for (const dd_part *p = t->parts; p; p = p->next) {
        text    = text || is_content(p, false);
        calls   = calls || p->kind == DD_PART_TOOL_CALL;
        thought = thought || (p->kind == DD_PART_THINKING && !p->redacted && w->facts->replay_thinking);
        if (p->kind == DD_PART_OTHER || dd_part_is_file(p))
            dd_write_drop_part(w, p); /* of the model's own: nothing the client said is lost */
    }
    if (!text && !calls && !thought && t->parts) { /* nothing of it can be said here */
        write_thinking(w, t->parts);
        return;
    }
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "role", DD_STR("assistant"));
    write_thinking(w, t->parts);
    if (text || !calls)
        write_content(w, t->parts, false, true);
    if (calls) {
        dd_write_open(w->out, "tool_calls", '[');
        for (const dd_part *p = t->parts; p; p = p->next)
            if (p->kind == DD_PART_TOOL_CALL)
                write_call(w, p);
        dd_buf_addc(w->out, ']');
    }
    dd_buf_addc(w->out, '}');
}

/* A tool's message takes text only; files of its result follow in the user's next message. */
static void write_result(dd_writing *w, const dd_part *result)
{
    static const dd_part in_next = { .kind = DD_PART_TEXT, .text = { ONLY_PICTURES, sizeof ONLY_PICTURES - 1 } };
    bool text = false, files = false;
    for (const dd_part *p = result->result; p; p = p->next) {
        text  = text || is_content(p, false);
        files = files || dd_part_is_file(p);
        if (p->kind == DD_PART_OTHER)
            dd_write_drop_part(w, p);
    }
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "role", DD_STR("tool"));
    dd_jw_str(w->out, "tool_call_id", dd_write_id(w, result->id, MAX_ID, false));
    write_content(w, text || !files ? result->result : &in_next, false, true);
    dd_buf_addc(w->out, '}');
    if (result->is_error)
        dd_write_drop(w, result->where, "is_error");
    if (result->cache_control.ptr)
        dd_write_drop(w, result->where, "cache_control");
}

/* The parts that are the user's own, with the files of tools' results before them. */
static dd_part *user_parts(dd_writing *w, const dd_turn *t)
{
    dd_part *first = NULL, **tail = &first;
    for (int own = 0; own < 2; own++)
        for (const dd_part *p = t->parts; p; p = p->next)
            for (const dd_part *q = own ? p : p->result; q; q = own ? NULL : q->next) {
                if (own ? q->kind == DD_PART_TOOL_RESULT : !dd_part_is_file(q))
                    continue;
                if (q->kind == DD_PART_OTHER)
                    dd_write_refuse_part(w, q);
                dd_part *copy = dd_new(w->ctx->arena, dd_part);
                *copy         = *q;
                copy->next    = NULL;
                *tail         = copy;
                tail          = &copy->next;
            }
    return first;
}

static void write_user(dd_writing *w, const dd_turn *t)
{
    for (const dd_part *p = t->parts; p; p = p->next)
        if (p->kind == DD_PART_TOOL_RESULT)
            write_result(w, p);
    dd_part *parts = user_parts(w, t);
    if (!parts && t->parts)
        return;
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "role", DD_STR("user"));
    write_content(w, parts, true, false);
    dd_buf_addc(w->out, '}');
}

static void write_messages(dd_writing *w)
{
    dd_write_open(w->out, "messages", '[');
    for (const dd_turn *t = w->r->turns; t; t = t->next)
        (t->role == DD_ROLE_SYSTEM ? write_system : t->role == DD_ROLE_USER ? write_user : write_assistant)(w, t);
    dd_buf_addc(w->out, ']');
}

/* --- tools --- */

static void write_tool(dd_writing *w, const dd_tool *t)
{
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "type", t->custom ? DD_STR("custom") : DD_STR("function"));
    dd_write_open(w->out, t->custom ? "custom" : "function", '{');
    dd_jw_str(w->out, "name", dd_write_name(w, t->name));
    dd_write_opt_str(w->out, "description", t->description);
    dd_write_opt_raw(w->out, "format", t->format);
    dd_write_opt_raw(w->out, "parameters", t->parameters);
    if (t->strict != DD_TRI_UNSET)
        dd_write_bool(w->out, "strict", t->strict == DD_TRI_TRUE);
    dd_buf_addc(w->out, '}');
    if (t->cache_control.ptr && w->facts->cache_control)
        dd_jw_raw(w->out, "cache_control", t->cache_control);
    else if (t->cache_control.ptr)
        dd_write_drop(w, t->where, "cache_control");
    dd_buf_addc(w->out, '}');
}

static void write_choice(dd_writing *w, bool tools)
{
    static const char *const words[] = { [DD_CHOICE_AUTO] = "auto", [DD_CHOICE_NONE] = "none", [DD_CHOICE_REQUIRED] = "required" };
    dd_choice c = dd_write_choice(w, tools);
    if (c == DD_CHOICE_NAMED) {
        bool custom = false;
        for (const dd_tool *t = w->r->tools; t; t = t->next)
            custom = custom || (t->custom && dd_str_eq(t->name, w->r->tool_choice_name));
        dd_write_open(w->out, "tool_choice", '{');
        dd_jw_str(w->out, "type", custom ? DD_STR("custom") : DD_STR("function"));
        dd_write_open(w->out, custom ? "custom" : "function", '{');
        dd_jw_str(w->out, "name", dd_write_name(w, w->r->tool_choice_name));
        dd_buf_addz(w->out, "}}");
    } else if (c != DD_CHOICE_UNSET) {
        dd_jw_str(w->out, "tool_choice", dd_str_z(words[c]));
    }
    if (tools && w->r->parallel_tools != DD_TRI_UNSET)
        dd_write_bool(w->out, "parallel_tool_calls", w->r->parallel_tools == DD_TRI_TRUE);
}

static void write_tools(dd_writing *w)
{
    bool tools = dd_write_has_tools(w);
    if (tools) {
        dd_write_open(w->out, "tools", '[');
        for (const dd_tool *t = w->r->tools; t; t = t->next)
            if (dd_write_takes_tool(w, t))
                write_tool(w, t);
        dd_buf_addc(w->out, ']');
    }
    write_choice(w, tools);
}

/* --- the rest --- */

static void write_sampling(dd_writing *w)
{
    const dd_request *r = w->r;
    dd_write_opt_raw(w->out, w->facts->old_max_tokens ? "max_tokens" : "max_completion_tokens", r->max_tokens);
    const struct { const char *name; dd_str raw; bool takes; } members[] = {
        { "temperature", r->temperature, !w->facts->no_sampling },
        { "top_p", r->top_p, !w->facts->no_sampling && !(w->facts->one_sampling && r->temperature.ptr) },
        { "top_k", r->top_k, !w->facts->no_sampling && w->facts->top_k },
    };
    for (size_t i = 0; i < DD_COUNT(members); i++)
        if (members[i].raw.ptr && members[i].takes)
            dd_jw_raw(w->out, members[i].name, members[i].raw);
        else if (members[i].raw.ptr)
            dd_dialect_drop(w->ctx, "%s", members[i].name);
    if (r->n_stop) {
        dd_write_open(w->out, "stop", '[');
        for (size_t i = 0; i < r->n_stop; i++) {
            if (i >= MAX_STOP) {
                dd_dialect_drop(w->ctx, "%s[%zu]", dd_request_field_name(r, DD_F_STOP), i);
                continue;
            }
            dd_jw_comma(w->out);
            dd_buf_addc(w->out, '"');
            dd_buf_add(w->out, r->stop[i]);
            dd_buf_addc(w->out, '"');
        }
        dd_buf_addc(w->out, ']');
    }
}

static void write_format(dd_writing *w)
{
    const dd_request *r = w->r;
    if (r->format == DD_FORMAT_TEXT)
        return;
    dd_write_open(w->out, "response_format", '{');
    dd_jw_str(w->out, "type", r->format == DD_FORMAT_OBJECT ? DD_STR("json_object") : DD_STR("json_schema"));
    if (r->format == DD_FORMAT_SCHEMA) {
        dd_write_open(w->out, "json_schema", '{');
        dd_jw_str(w->out, "name", r->schema_name.len ? r->schema_name : DD_STR("structured_output"));
        dd_write_opt_str(w->out, "description", r->schema_description);
        dd_write_opt_raw(w->out, "schema", r->schema);
        if (r->schema_strict != DD_TRI_UNSET)
            dd_write_bool(w->out, "strict", r->schema_strict == DD_TRI_TRUE);
        dd_buf_addc(w->out, '}');
    }
    dd_buf_addc(w->out, '}');
}

/* OpenAI keeps metadata only of stored answers and refuses it elsewhere. */
static void write_identity(dd_writing *w)
{
    const dd_request *r = w->r;
    dd_write_opt_str(w->out, "user", dd_write_user(w, MAX_USER));
    if (r->metadata.ptr && r->store == DD_TRI_TRUE)
        dd_jw_raw(w->out, "metadata", r->metadata);
    else if (r->metadata.ptr)
        dd_write_metadata_drops(w);
    if (r->store != DD_TRI_UNSET)
        dd_write_bool(w->out, "store", r->store == DD_TRI_TRUE);
    dd_write_opt_str(w->out, "service_tier", dd_write_tier(w));
    dd_write_opt_str(w->out, "verbosity", r->verbosity);
    dd_write_extras(w, true);
}

static void drop_identity(dd_writing *w)
{
    const dd_request *r = w->r;
    if (r->user.ptr)
        dd_dialect_drop(w->ctx, "%s", dd_request_field_name(r, DD_F_USER));
    if (r->metadata.ptr)
        dd_write_metadata_drops(w);
    if (r->store == DD_TRI_TRUE)
        dd_dialect_drop(w->ctx, "store");
    if (r->service_tier.ptr)
        dd_dialect_drop(w->ctx, "service_tier");
    dd_write_verbosity_drop(w);
    dd_write_extras(w, false);
}

void dd_request_write_chat(dd_writing *w)
{
    const dd_request *r   = w->r;
    dd_buf           *out = w->out;
    dd_buf_addz(out, "{\"model\":\"");
    dd_jtext_escape(out, w->model);
    dd_buf_addc(out, '"');
    write_messages(w);
    write_sampling(w);
    dd_write_bool(out, "stream", r->stream);
    if (r->stream) /* the usage is asked for in any case: the client's own wish decides what the client sees */
        dd_jw_raw(out, "stream_options", DD_STR("{\"include_usage\":true}"));
    write_tools(w);
    write_format(w);
    dd_write_opt_str(out, "reasoning_effort", dd_write_effort(w));
    (w->facts->no_extras ? drop_identity : write_identity)(w);
    dd_buf_addc(out, '}');
}
