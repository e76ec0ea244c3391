/* Requests to Anthropic's messages: writing them.
 *
 * What this API insists on and others do not: turns that alternate and begin with the user's, no blank text, all results of a turn of calls
 * first in the next one, tool definitions wherever there are calls, a limit of tokens, at most four cache marks, and thinking that agrees with
 * the rest. */
#include "proxy/dialect/request.h"

#define MAX_ID         128
#define MAX_USER       256
#define MAX_MARKS      4
#define MIN_BUDGET     1024
#define DEFAULT_TOKENS 8192 /* T13: where the model's own limit is not known */

static const char JSON_TOOL[]  = "json_answer";
static const char ANY_OBJECT[] = "{\"type\":\"object\",\"additionalProperties\":true}";
static const char NO_PARAMETERS[] = "{\"type\":\"object\",\"properties\":{}}";

/* --- runs: turns of one role in a row are one message (T3) --- */

typedef struct { dd_role role; DD_VEC(const dd_part *) parts; } run;
typedef DD_VEC(run) runs;

/* Can the part be said? Names or refuses what cannot. */
static bool keeps_in_turn(dd_writing *w, dd_role role, const dd_part *p)
{
    switch (p->kind) {
    case DD_PART_TEXT:
    case DD_PART_REFUSAL:
        if (!dd_jtext_blank(p->text))
            return true;
        if (p->cache_control.ptr)
            dd_write_drop(w, p->where, "cache_control");
        return false; /* T2 */
    case DD_PART_THINKING:
        if (role == DD_ROLE_ASSISTANT && p->signed_by == DD_DIALECT_MESSAGES && (p->redacted ? p->data : p->signature).len)
            return true;
        dd_write_drop_part(w, p); /* T24 */
        return false;
    case DD_PART_AUDIO:
        dd_request_fail(w->ctx, p->where, "audio cannot be sent to the model that serves this request");
        return false;
    case DD_PART_OTHER:
        if (role != DD_ROLE_USER)
            dd_write_drop_part(w, p);
        else
            dd_write_refuse_part(w, p);
        return false;
    default: return true;
    }
}

static void add_to_runs(dd_writing *w, runs *all, dd_role role, const dd_part *p)
{
    if (!all->n || all->v[all->n - 1].role != role)
        dd_avec_push(w->ctx->arena, all, ((run){ .role = role }));
    run *r = &all->v[all->n - 1];
    dd_avec_push(w->ctx->arena, &r->parts, p);
}

/* A request of system messages alone is one of the user: this API wants one. */
static void make_runs(dd_writing *w, runs *all, bool *system)
{
    static const dd_part dot = { .kind = DD_PART_TEXT, .text = { ".", 1 } };
    *system = false;
    for (const dd_turn *t = w->r->turns; t; t = t->next)
        *system = *system || t->role != DD_ROLE_SYSTEM;
    for (const dd_turn *t = w->r->turns; t; t = t->next)
        for (const dd_part *p = t->parts; p && (t->role != DD_ROLE_SYSTEM || !*system); p = p->next)
            if (keeps_in_turn(w, t->role, p)) {
                dd_role role = t->role == DD_ROLE_SYSTEM ? DD_ROLE_USER : t->role;
                if (!all->n && role == DD_ROLE_ASSISTANT)
                    add_to_runs(w, all, DD_ROLE_USER, &dot);
                add_to_runs(w, all, role, p);
            }
    if (!all->n && dd_request_ok(w->ctx))
        dd_request_fail(w->ctx, DD_STR("messages"), "there is no text in them");
}

/* --- cache marks (T25) --- */

static void count_marks(const dd_part *p, size_t *n)
{
    *n += p->cache_control.ptr != NULL && p->kind != DD_PART_THINKING;
    for (const dd_part *q = p->kind == DD_PART_TOOL_RESULT ? p->result : NULL; q; q = q->next)
        *n += q->cache_control.ptr != NULL;
}

static void plan_marks(dd_writing *w, const runs *all, bool system)
{
    size_t n = 0;
    for (const dd_tool *t = w->r->tools; t; t = t->next)
        n += t->cache_control.ptr != NULL && !t->raw.ptr && dd_write_takes_tool(w, t);
    for (const dd_turn *t = w->r->turns; t && system; t = t->next)
        for (const dd_part *p = t->role == DD_ROLE_SYSTEM ? t->parts : NULL; p; p = p->next)
            if (p->kind == DD_PART_TEXT && !dd_jtext_blank(p->text))
                count_marks(p, &n);
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i].parts.n; k++)
            count_marks(all->v[i].parts.v[k], &n);
    w->cache_skip = n > MAX_MARKS ? n - MAX_MARKS : 0;
}

static void write_mark(dd_writing *w, dd_str mark, dd_str where)
{
    if (!mark.ptr)
        return;
    if (w->cache_skip) {
        w->cache_skip--;
        dd_write_drop(w, where, "cache_control");
    } else
        dd_jw_raw(w->out, "cache_control", mark);
}

/* --- blocks --- */

static void write_source(dd_writing *w, const dd_part *p)
{
    dd_buf *out = w->out;
    dd_write_open(out, "source", '{');
    if (p->text.ptr) {
        dd_jw_str(out, "type", DD_STR("text"));
        dd_jw_str(out, "media_type", DD_STR("text/plain"));
        dd_jw_str(out, "data", p->text);
    } else if (p->data.ptr) {
        dd_jw_str(out, "type", DD_STR("base64"));
        dd_jw_str(out, "media_type", p->media_type);
        dd_jw_str(out, "data", p->data);
    } else if (p->url.ptr) {
        dd_jw_str(out, "type", DD_STR("url"));
        dd_jw_str(out, "url", p->url);
    } else {
        dd_jw_str(out, "type", DD_STR("file"));
        dd_jw_str(out, "file_id", p->file_id);
    }
    dd_buf_addc(out, '}');
}

static void write_file(dd_writing *w, const dd_part *p)
{
    dd_jw_str(w->out, "type", p->kind == DD_PART_IMAGE ? DD_STR("image") : DD_STR("document"));
    write_source(w, p);
    if (p->kind == DD_PART_DOCUMENT && (p->title.len || p->filename.len))
        dd_jw_str(w->out, "title", p->title.len ? p->title : p->filename);
    if (p->detail.len && !dd_str_eqz(p->detail, "auto"))
        dd_write_drop(w, p->where, w->r->from == DD_DIALECT_CHAT ? "image_url.detail" : "detail");
}

static void write_call(dd_writing *w, const dd_part *p)
{
    dd_part call = *p;
    if (call.raw.len)
        call.text = DD_STR_NULL;
    dd_jw_str(w->out, "type", DD_STR("tool_use"));
    dd_jw_str(w->out, "id", dd_write_id(w, p->id, MAX_ID, true));
    dd_jw_str(w->out, "name", dd_write_name(w, p->name));
    dd_jw_key(w->out, "input");
    if (!dd_part_arguments_object(&call, w->out)) /* T5 */
        dd_dialect_drop(w->ctx, DD_STR_FMT "=wrapped", DD_STR_ARG(dd_arena_printf(w->ctx->arena, DD_STR_FMT "%s", DD_STR_ARG(p->where),
                        w->r->from == DD_DIALECT_CHAT ? ".function.arguments" : ".arguments")));
}

static void write_thinking(dd_writing *w, const dd_part *p)
{
    dd_jw_str(w->out, "type", p->redacted ? DD_STR("redacted_thinking") : DD_STR("thinking"));
    if (p->redacted) {
        dd_jw_str(w->out, "data", p->data);
        return;
    }
    dd_jw_str(w->out, "thinking", p->text);
    dd_jw_str(w->out, "signature", p->signature);
}

static void write_block(dd_writing *w, const dd_part *p, dd_str text);

static void write_result(dd_writing *w, const dd_part *p)
{
    const dd_part *only = p->result && !p->result->next && p->result->kind == DD_PART_TEXT && !p->result->cache_control.ptr ? p->result : NULL;
    dd_jw_str(w->out, "type", DD_STR("tool_result"));
    dd_jw_str(w->out, "tool_use_id", dd_write_id(w, p->id, MAX_ID, false));
    if (p->is_error)
        dd_write_bool(w->out, "is_error", true);
    if (only) {
        dd_jw_str(w->out, "content", only->text);
        return;
    }
    if (!p->result)
        return;
    dd_write_open(w->out, "content", '[');
    for (const dd_part *q = p->result; q; q = q->next)
        if (keeps_in_turn(w, q->kind == DD_PART_OTHER ? DD_ROLE_ASSISTANT : DD_ROLE_USER, q))
            write_block(w, q, q->text);
    dd_buf_addc(w->out, ']');
}

static void write_block(dd_writing *w, const dd_part *p, dd_str text)
{
    dd_write_open(w->out, NULL, '{');
    switch (p->kind) {
    case DD_PART_IMAGE:
    case DD_PART_DOCUMENT: write_file(w, p); break;
    case DD_PART_TOOL_CALL: write_call(w, p); break;
    case DD_PART_TOOL_RESULT: write_result(w, p); break;
    case DD_PART_THINKING: write_thinking(w, p); break;
    default:
        dd_jw_str(w->out, "type", DD_STR("text"));
        dd_jw_str(w->out, "text", text);
    }
    if (p->kind != DD_PART_THINKING)
        write_mark(w, p->cache_control, p->where);
    dd_buf_addc(w->out, '}');
}

/* The text without white space at its end, which this API refuses at the end of the last message when that is the model's. */
static dd_str trim_end(dd_str inside)
{
    size_t end = 0;
    for (size_t i = 0; i < inside.len;) {
        size_t n = inside.ptr[i] != '\\' ? 1 : i + 1 < inside.len && inside.ptr[i + 1] == 'u' ? 6 : 2;
        if (!dd_jtext_blank(dd_str_sub(inside, i, i + n)))
            end = i + n;
        i += n;
    }
    return dd_str_sub(inside, 0, end);
}

static void write_run(dd_writing *w, const run *r, bool last)
{
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "role", r->role == DD_ROLE_USER ? DD_STR("user") : DD_STR("assistant"));
    dd_write_open(w->out, "content", '[');
    for (int results = 1; results >= 0; results--) /* T4 */
        for (size_t i = 0; i < r->parts.n; i++) {
            const dd_part *p = r->parts.v[i];
            if ((p->kind == DD_PART_TOOL_RESULT) == results)
                write_block(w, p, last && r->role == DD_ROLE_ASSISTANT && i + 1 == r->parts.n ? trim_end(p->text) : p->text);
        }
    dd_buf_addz(w->out, "]}");
}

/* T1: a string, unless a part of it is marked. */
static void write_system(dd_writing *w)
{
    dd_buf text  = DD_BUF_INIT(0);
    bool   marks = false, any = false;
    for (const dd_turn *t = w->r->turns; t; t = t->next)
        for (const dd_part *p = t->role == DD_ROLE_SYSTEM ? t->parts : NULL; p; p = p->next) {
            if (!dd_write_system_text(w, p) || dd_jtext_blank(p->text))
                continue;
            marks = marks || p->cache_control.ptr;
            dd_buf_addz(&text, any ? "\\n" : "");
            dd_buf_add(&text, p->text);
            any = true;
        }
    if (any && !marks)
        dd_jw_str(w->out, "system", dd_buf_str(&text));
    dd_buf_free(&text);
    if (!marks)
        return;
    dd_write_open(w->out, "system", '[');
    for (const dd_turn *t = w->r->turns; t; t = t->next)
        for (const dd_part *p = t->role == DD_ROLE_SYSTEM ? t->parts : NULL; p; p = p->next)
            if (p->kind == DD_PART_TEXT && !dd_jtext_blank(p->text))
                write_block(w, p, p->text);
    dd_buf_addc(w->out, ']');
}

/* --- tools --- */

/* T9: this API wants a schema, and one of an object. */
static void write_schema(dd_writing *w, dd_str schema)
{
    dd_jspan j;
    dd_jw_key(w->out, "input_schema");
    bool     read = schema.ptr && dd_jspan_parse(&j, w->ctx->arena, schema, NULL) == DD_OK;
    if (!read || j.v[0].count == 0) {
        dd_buf_addz(w->out, NO_PARAMETERS);
    } else if (dd_jspan_member(&j, 0, "type", NULL) == DD_J_NONE) {
        dd_buf_addz(w->out, "{\"type\":\"object\",");
        dd_buf_add(w->out, dd_str_sub(schema, 1, schema.len));
    } else {
        dd_buf_add(w->out, schema);
    }
}

static void write_tool(dd_writing *w, const dd_tool *t)
{
    if (t->raw.ptr) {
        dd_jw_comma(w->out);
        dd_buf_add(w->out, t->raw);
        return;
    }
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "name", dd_write_name(w, t->name));
    if (t->description.len)
        dd_jw_str(w->out, "description", t->description);
    write_schema(w, t->parameters);
    if (t->strict == DD_TRI_TRUE && w->facts->json_schema)
        dd_write_bool(w->out, "strict", true);
    else if (t->strict == DD_TRI_TRUE)
        dd_write_drop(w, t->where, w->r->from == DD_DIALECT_CHAT ? "function.strict" : "strict");
    write_mark(w, t->cache_control, t->where);
    dd_buf_addc(w->out, '}');
}

/* T11: calls in the history want their tools declared, even when the client has none left to offer. */
static bool declare_history(dd_writing *w, const runs *all)
{
    dd_map seen = DD_MAP_INIT;
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i].parts.n; k++) {
            const dd_part *p = all->v[i].parts.v[k];
            if (p->kind != DD_PART_TOOL_CALL || dd_map_put(&seen, p->name, w))
                continue;
            if (seen.n == 1)
                dd_write_open(w->out, "tools", '[');
            dd_write_open(w->out, NULL, '{');
            dd_jw_str(w->out, "name", dd_write_name(w, p->name));
            dd_jw_raw(w->out, "input_schema", dd_str_z(NO_PARAMETERS));
            dd_buf_addc(w->out, '}');
        }
    bool any = seen.n > 0;
    dd_map_free(&seen);
    if (any) {
        dd_buf_addc(w->out, ']');
        dd_jw_raw(w->out, "tool_choice", DD_STR("{\"type\":\"none\"}"));
    }
    return any;
}

static void write_choice(dd_writing *w, dd_choice c)
{
    static const char *const words[] = { [DD_CHOICE_UNSET] = "auto", [DD_CHOICE_AUTO] = "auto", [DD_CHOICE_NONE] = "none",
                                         [DD_CHOICE_REQUIRED] = "any", [DD_CHOICE_NAMED] = "tool" };
    bool one = w->r->parallel_tools == DD_TRI_FALSE && c != DD_CHOICE_NONE;
    if (c == DD_CHOICE_UNSET && !one)
        return;
    dd_write_open(w->out, "tool_choice", '{');
    dd_jw_str(w->out, "type", dd_str_z(words[c]));
    if (c == DD_CHOICE_NAMED)
        dd_jw_str(w->out, "name", dd_write_name(w, w->r->tool_choice_name));
    if (one)
        dd_write_bool(w->out, "disable_parallel_tool_use", true); /* T10 */
    dd_buf_addc(w->out, '}');
}

/* T19, for models that take no schema: a tool whose arguments are the answer. Only where it is the only tool. */
static bool write_json_tool(dd_writing *w)
{
    const dd_request *r = w->r;
    dd_str            schema = r->format == DD_FORMAT_SCHEMA && r->schema.ptr ? r->schema : dd_str_z(ANY_OBJECT), name = dd_str_z(JSON_TOOL);
    while (dd_map_has(&w->taken, name))
        name = dd_arena_printf(w->ctx->arena, DD_STR_FMT "_", DD_STR_ARG(name));
    dd_map_put(&w->taken, name, w);
    dd_avec_push(w->ctx->arena, w->ctx->names, ((dd_rename){ DD_STR(""), name }));
    dd_write_open(w->out, "tools", '[');
    dd_write_open(w->out, NULL, '{');
    dd_jw_str(w->out, "name", name);
    dd_jw_str(w->out, "description", r->schema_description.len ? r->schema_description : DD_STR("Gives the answer in the form that was asked for."));
    write_schema(w, schema);
    dd_buf_addz(w->out, "}]");
    dd_write_open(w->out, "tool_choice", '{');
    dd_jw_str(w->out, "type", DD_STR("tool"));
    dd_jw_str(w->out, "name", name);
    dd_buf_addc(w->out, '}');
    return true;
}

/* true: the model has to call a tool. */
static bool write_tools(dd_writing *w, const runs *all)
{
    bool tools = dd_write_has_tools(w);
    if (tools) {
        dd_write_open(w->out, "tools", '[');
        for (const dd_tool *t = w->r->tools; t; t = t->next)
            if (dd_write_takes_tool(w, t))
                write_tool(w, t);
        dd_buf_addc(w->out, ']');
    }
    dd_choice c = dd_write_choice(w, tools);
    if (tools)
        write_choice(w, c);
    else if (declare_history(w, all))
        tools = true;
    if (w->r->format == DD_FORMAT_TEXT || w->facts->json_schema)
        return c == DD_CHOICE_REQUIRED || c == DD_CHOICE_NAMED;
    if (!tools)
        return write_json_tool(w);
    dd_dialect_drop(w->ctx, "%s", dd_request_field_name(w->r, DD_F_FORMAT));
    return c == DD_CHOICE_REQUIRED || c == DD_CHOICE_NAMED;
}

/* --- thinking (T12, T14, T15) --- */

typedef struct { bool on; int64_t budget; dd_str effort; } thinking;   /* budget 0: adaptive */

static const struct { const char *word, *adaptive; int64_t budget; } efforts[] = {
    { "minimal", "low", 1024 }, { "low", "low", 1024 },     { "medium", "medium", 2048 },
    { "high", "high", 4096 },   { "xhigh", "xhigh", 8192 }, { "max", "max", 16384 },
};

/* A model that thinks by budget refuses to go on after a tool's result unless the turn of the call began with its thinking. */
static bool mid_loop_without_thoughts(const runs *all)
{
    if (all->n < 2 || all->v[all->n - 1].role != DD_ROLE_USER || all->v[all->n - 1].parts.v[0]->kind != DD_PART_TOOL_RESULT)
        return false;
    return all->v[all->n - 2].parts.v[0]->kind != DD_PART_THINKING;
}

static bool find_effort(dd_str word, size_t *i)
{
    for (*i = 0; *i < DD_COUNT(efforts); ++*i)
        if (dd_str_eqz(word, efforts[*i].word))
            return true;
    return false;
}

static thinking plan_budget(dd_writing *w, const runs *all, size_t effort, const char *field)
{
    const dd_request *r   = w->r;
    bool              own = r->think == DD_THINK_BUDGET; /* the client's figure, not ours */
    int64_t           budget = own ? r->think_budget : efforts[effort].budget, max = dd_write_int(r->max_tokens, w->facts->max_output);
    if (mid_loop_without_thoughts(all) || (max && max <= MIN_BUDGET)) {
        dd_dialect_drop(w->ctx, "%s", field);
        return (thinking){ 0 };
    }
    int64_t fits = budget < MIN_BUDGET ? MIN_BUDGET : budget;
    if (max && fits >= max)
        fits = own ? max - 1 : max / 2 < MIN_BUDGET ? MIN_BUDGET : max / 2;
    if (own && fits != budget)
        dd_dialect_drop(w->ctx, "%s.budget_tokens=%lld", field, (long long)fits);
    return (thinking){ .on = true, .budget = fits };
}

static thinking plan_thinking(dd_writing *w, const runs *all, bool forced)
{
    const dd_request *r     = w->r;
    const char       *field = dd_request_field_name(r, r->effort.ptr ? DD_F_EFFORT : DD_F_THINK);
    size_t            effort;
    if (r->think == DD_THINK_OFF || (r->effort.ptr ? dd_str_eqz(r->effort, "none") : r->think == DD_THINK_UNSET))
        return (thinking){ 0 };
    dd_str word = r->effort.ptr ? r->effort : r->think == DD_THINK_BUDGET ? dd_effort_of_budget(r->think_budget) : DD_STR("high");
    if (!find_effort(word, &effort) || !w->facts->reasoning || forced) {
        dd_dialect_drop(w->ctx, "%s", field);
        return (thinking){ 0 };
    }
    if (!w->facts->adaptive_thinking)
        return plan_budget(w, all, effort, field);
    bool said = r->effort.ptr || r->think == DD_THINK_BUDGET;
    return (thinking){ .on = true, .effort = said ? dd_str_z(efforts[effort].adaptive) : DD_STR_NULL };
}

static void write_output_config(dd_writing *w, const thinking *t)
{
    const dd_request *r      = w->r;
    bool              format = r->format != DD_FORMAT_TEXT && w->facts->json_schema;
    if (!format && !t->effort.ptr)
        return;
    dd_write_open(w->out, "output_config", '{');
    dd_write_opt_str(w->out, "effort", t->effort);
    if (format) {
        dd_write_open(w->out, "format", '{');
        dd_jw_str(w->out, "type", DD_STR("json_schema"));
        dd_jw_raw(w->out, "schema", r->format == DD_FORMAT_SCHEMA && r->schema.ptr ? r->schema : dd_str_z(ANY_OBJECT));
        dd_buf_addc(w->out, '}');
        if (r->schema_description.len)
            dd_dialect_drop(w->ctx, "%s", r->from == DD_DIALECT_CHAT ? "response_format.json_schema.description" : "text.format.description");
    }
    dd_buf_addc(w->out, '}');
}

/* --- the rest --- */

/* T13. Room for the answer behind the thinking where both are our choice. */
static void write_max_tokens(dd_writing *w, const thinking *t)
{
    int64_t limit = w->facts->max_output, asked = dd_write_int(w->r->max_tokens, -1);
    if (w->r->max_tokens.ptr && (limit <= 0 || asked <= limit) && asked >= 0) {
        dd_jw_raw(w->out, "max_tokens", w->r->max_tokens);
        return;
    }
    if (w->r->max_tokens.ptr)
        dd_dialect_drop(w->ctx, "%s=%lld", dd_request_field_name(w->r, DD_F_MAX_TOKENS), (long long)limit);
    dd_jw_int(w->out, "max_tokens", limit > 0 ? limit : DEFAULT_TOKENS + t->budget);
}

/* T16: 0 to 1 here, and none of it where the model thinks or chooses itself. */
static void write_sampling(dd_writing *w, const thinking *t)
{
    const dd_request *r   = w->r;
    double            heat = r->temperature.ptr ? dd_write_double(w, r->temperature) : 0, p = r->top_p.ptr ? dd_write_double(w, r->top_p) : 0;
    const struct { const char *name; dd_str raw; bool takes; } members[] = {
        { "temperature", r->temperature, !w->facts->no_sampling && (!t->on || heat == 1) },
        { "top_p", r->top_p, !w->facts->no_sampling && (!t->on || (p >= 0.95 && p <= 1)) && !(w->facts->one_sampling && r->temperature.ptr) },
        { "top_k", r->top_k, !w->facts->no_sampling && !t->on },
    };
    for (size_t i = 0; i < DD_COUNT(members); i++) {
        if (members[i].raw.ptr && !members[i].takes)
            dd_dialect_drop(w->ctx, "%s", members[i].name);
        else if (members[i].raw.ptr && i == 0 && heat > 1) {
            dd_dialect_drop(w->ctx, "temperature=1");
            dd_jw_raw(w->out, "temperature", DD_STR("1"));
        } else
            dd_write_opt_raw(w->out, members[i].name, members[i].raw);
    }
}

/* T17 */
static void write_stop(dd_writing *w)
{
    bool any = false;
    for (size_t i = 0; i < w->r->n_stop; i++) {
        if (dd_jtext_blank(w->r->stop[i])) {
            dd_dialect_drop(w->ctx, "%s[%zu]", dd_request_field_name(w->r, DD_F_STOP), i);
            continue;
        }
        if (!any)
            dd_write_open(w->out, "stop_sequences", '[');
        dd_jw_comma(w->out);
        dd_buf_addc(w->out, '"');
        dd_buf_add(w->out, w->r->stop[i]);
        dd_buf_addc(w->out, '"');
        any = true;
    }
    if (any)
        dd_buf_addc(w->out, ']');
}

/* T20. Anthropic wants no names or addresses of people here. */
static void write_user(dd_writing *w)
{
    dd_str user = dd_write_user(w, MAX_USER);
    if (!user.len)
        return;
    if (dd_str_chr(user, '@') >= 0) {
        dd_dialect_drop(w->ctx, "%s", dd_request_field_name(w->r, DD_F_USER));
        return;
    }
    dd_write_open(w->out, "metadata", '{');
    dd_jw_str(w->out, "user_id", user);
    dd_buf_addc(w->out, '}');
}

static void drop_the_rest(dd_writing *w)
{
    const dd_request *r = w->r;
    if (r->metadata.ptr)
        dd_write_metadata_drops(w);
    if (r->store == DD_TRI_TRUE)
        dd_dialect_drop(w->ctx, "store");
    dd_write_verbosity_drop(w);
    dd_write_extras(w, false);
}

void dd_request_write_messages(dd_writing *w)
{
    dd_buf *out = w->out;
    runs    all = { 0 };
    bool    system;
    make_runs(w, &all, &system);
    if (!dd_request_ok(w->ctx))
        return;
    plan_marks(w, &all, system);
    dd_buf_addz(out, "{\"model\":\"");
    dd_jtext_escape(out, w->model);
    dd_buf_addc(out, '"');
    bool     forced = write_tools(w, &all); /* tools, system, messages: the order of the prompt, in which the last cache marks count */
    thinking t      = plan_thinking(w, &all, forced);
    if (system)
        write_system(w);
    dd_write_open(out, "messages", '[');
    for (size_t i = 0; i < all.n; i++)
        write_run(w, &all.v[i], i + 1 == all.n);
    dd_buf_addc(out, ']');
    write_max_tokens(w, &t);
    if (t.on && t.budget) {
        dd_write_open(out, "thinking", '{');
        dd_jw_str(out, "type", DD_STR("enabled"));
        dd_jw_int(out, "budget_tokens", t.budget);
        dd_buf_addc(out, '}');
    } else if (t.on)
        dd_jw_raw(out, "thinking", DD_STR("{\"type\":\"adaptive\"}"));
    write_output_config(w, &t);
    write_sampling(w, &t);
    write_stop(w);
    if (w->r->stream)
        dd_write_bool(out, "stream", true);
    write_user(w);
    dd_write_opt_str(out, "service_tier", dd_write_tier(w));
    drop_the_rest(w);
    dd_buf_addc(out, '}');
}
