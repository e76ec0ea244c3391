/* What the three writers of requests share: names and ids that a target takes, which results answer which calls, choices and effort. */
#include "proxy/dialect/request.h"

const char *dd_request_field_name(const dd_request *r, dd_request_field f)
{
    static const char *const names[DD_F_COUNT][3] = {
        [DD_F_MAX_TOKENS] = { "max_completion_tokens", "max_tokens", "max_output_tokens" },
        [DD_F_STOP]       = { "stop", "stop_sequences", "stop" },
        [DD_F_EFFORT]     = { "reasoning_effort", "output_config.effort", "reasoning.effort" },
        [DD_F_THINK]      = { "thinking", "thinking", "thinking" },
        [DD_F_USER]       = { "user", "metadata.user_id", "user" },
        [DD_F_FORMAT]     = { "response_format", "output_config.format", "text.format" },
        [DD_F_PARALLEL]   = { "parallel_tool_calls", "tool_choice.disable_parallel_tool_use", "parallel_tool_calls" },
    };
    return names[f][r->from == DD_DIALECT_MESSAGES ? 1 : r->from == DD_DIALECT_RESPONSES ? 2 : 0];
}

/* --- pieces --- */

void dd_write_opt_str(dd_buf *out, const char *key, dd_str inside)
{
    if (inside.ptr)
        dd_jw_str(out, key, inside);
}

void dd_write_opt_raw(dd_buf *out, const char *key, dd_str raw)
{
    if (raw.ptr)
        dd_jw_raw(out, key, raw);
}

void dd_write_open(dd_buf *out, const char *key, char bracket)
{
    if (key)
        dd_jw_key(out, key);
    else
        dd_jw_comma(out);
    dd_buf_addc(out, bracket);
}

void dd_write_bool(dd_buf *out, const char *key, bool value) { dd_jw_raw(out, key, value ? DD_STR("true") : DD_STR("false")); }

void dd_write_drop(dd_writing *w, dd_str where, const char *member) { dd_dialect_drop(w->ctx, DD_STR_FMT ".%s", DD_STR_ARG(where), member); }

void dd_write_drop_part(dd_writing *w, const dd_part *p)
{
    dd_dialect_drop(w->ctx, DD_STR_FMT "%s" DD_STR_FMT, DD_STR_ARG(p->where), p->type.len ? "." : "", DD_STR_ARG(p->type));
}

void dd_write_refuse_part(dd_writing *w, const dd_part *p)
{
    dd_str type = dd_str_sub(p->type, 0, 64);
    dd_request_fail(w->ctx, p->where, "a part of type \"" DD_STR_FMT "\" cannot be sent to the model that serves this request", DD_STR_ARG(type));
}

bool dd_write_system_text(dd_writing *w, const dd_part *p)
{
    if (p->kind == DD_PART_TEXT)
        return true;
    if (dd_part_is_file(p))
        dd_request_fail(w->ctx, p->where, "only text can stand in a system message");
    else
        dd_write_drop_part(w, p);
    return false;
}

bool dd_part_is_file(const dd_part *p) { return p->kind == DD_PART_IMAGE || p->kind == DD_PART_DOCUMENT || p->kind == DD_PART_AUDIO; }

void dd_write_data_url(dd_buf *out, const char *key, const dd_part *p)
{
    dd_jw_key(out, key);
    dd_buf_addz(out, "\"data:");
    dd_buf_add(out, p->media_type);
    dd_buf_addz(out, ";base64,");
    dd_buf_add(out, p->data);
    dd_buf_addc(out, '"');
}

double dd_write_double(dd_writing *w, dd_str raw) { return strtod(dd_arena_dup(w->ctx->arena, raw).ptr, NULL); }

int64_t dd_write_int(dd_str raw, int64_t none)
{
    dd_jspan  one  = { .text = raw };
    dd_jnode  node = { .end = (uint32_t)raw.len, .next = 1, .kind = DD_J_NUMBER };
    int64_t   n;
    one.v = &node;
    one.n = 1;
    return raw.ptr && dd_jspan_i64(&one, 0, &n) ? n : none;
}

void dd_write_json_inside(dd_buf *out, dd_str raw)
{
    bool   string = false;
    size_t from   = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (string) {
            i += c == '\\';
            string = c != '"';
        } else if (c == '"') {
            string = true;
        } else if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
            dd_jtext_escape(out, dd_str_sub(raw, from, i));
            from = i + 1;
        }
    }
    dd_jtext_escape(out, dd_str_sub(raw, from, raw.len));
}

void dd_write_arguments(dd_writing *w, const dd_part *p)
{
    dd_jw_key(w->out, "arguments");
    dd_buf_addc(w->out, '"');
    if (p->text.ptr && !dd_jtext_blank(p->text))
        dd_buf_add(w->out, p->text);
    else
        dd_write_json_inside(w->out, p->raw.len ? p->raw : DD_STR("{}"));
    dd_buf_addc(w->out, '"');
}

dd_str dd_write_join(dd_writing *w, const dd_part *parts, bool skip_blank)
{
    dd_buf b     = DD_BUF_INIT(0);
    bool   first = true;
    for (; parts; parts = parts->next) {
        if ((parts->kind != DD_PART_TEXT && parts->kind != DD_PART_REFUSAL) || (skip_blank && dd_jtext_blank(parts->text)))
            continue;
        if (!first)
            dd_buf_addz(&b, "\\n");
        dd_buf_add(&b, parts->text);
        first = false;
    }
    dd_str text = dd_arena_dup(w->ctx->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return text;
}

/* --- names and ids (T7, T8) --- */

static bool plain_letters(dd_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] | 0x20) >= 'a' && (s.ptr[i] | 0x20) <= 'z') && !(s.ptr[i] >= '0' && s.ptr[i] <= '9') && s.ptr[i] != '_' && s.ptr[i] != '-')
            return false;
    return s.len > 0;
}

static dd_str *keep(dd_writing *w, dd_str s)
{
    dd_str *p = dd_new(w->ctx->arena, dd_str);
    *p        = s;
    return p;
}

/* The name with other letters as "_"; where that is too long or in use already, cut, with a hash behind it. The same name becomes the same text in
 * each request of a conversation, or the provider's prompt cache would be of no use. */
static dd_str new_name(dd_writing *w, dd_str name)
{
    dd_arena *arena = w->ctx->arena;
    char     *to    = dd_arena_alloc(arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        to[i] = plain_letters((dd_str){ name.ptr + i, 1 }) ? name.ptr[i] : '_';
    dd_str clean = name.len ? (dd_str){ to, name.len } : DD_STR("tool");
    if (clean.len <= w->max_name && !dd_map_has(&w->taken, clean))
        return clean;
    for (uint64_t hash = dd_str_hash(name);; hash++) {
        dd_str cut = dd_arena_printf(arena, DD_STR_FMT "_%08x", DD_STR_ARG(dd_str_sub(clean, 0, w->max_name - 9)), (unsigned)(hash & 0xffffffff));
        if (!dd_map_has(&w->taken, cut))
            return cut;
    }
}

static bool name_fits(const dd_writing *w, dd_str name) { return name.len <= w->max_name && plain_letters(name); }

dd_str dd_write_name(dd_writing *w, dd_str name)
{
    dd_str *known = dd_map_get(&w->names, name);
    if (known)
        return *known;
    dd_str theirs = name_fits(w, name) && !dd_map_has(&w->taken, name) ? name : new_name(w, name);
    dd_map_put(&w->names, name, keep(w, theirs));
    dd_map_put(&w->taken, theirs, keep(w, theirs));
    if (!dd_str_eq(name, theirs))
        dd_avec_push(w->ctx->arena, w->ctx->names, ((dd_rename){ name, theirs }));
    return theirs;
}

void dd_write_names(dd_writing *w)
{
    w->ctx->names->n = w->ctx->ids->n = 0; /* of an attempt at another target */
    for (const dd_tool *t = w->r->tools; t; t = t->next)
        if (t->name.len && name_fits(w, t->name))
            dd_write_name(w, t->name);
    for (const dd_tool *t = w->r->tools; t; t = t->next)
        if (t->name.len)
            dd_write_name(w, t->name);
}

/* Ids only have to agree within one request, but the same id in the next request should look the same (prompt caches again). */
dd_str dd_write_id(dd_writing *w, dd_str id, size_t max, bool fresh)
{
    dd_str *known = dd_map_get(&w->ids, id);
    if (known && !fresh)
        return *known;
    dd_str   theirs = id;
    bool     fits   = id.len > 0 && id.len <= max && (w->to != DD_DIALECT_MESSAGES || plain_letters(id));
    uint64_t hash   = dd_str_hash(id);
    while (!fits || (fresh && dd_map_has(&w->taken_ids, theirs))) {
        theirs = dd_arena_printf(w->ctx->arena, "%s_%016llx", w->to == DD_DIALECT_MESSAGES ? "toolu" : "call", (unsigned long long)hash++);
        fits   = true;
    }
    dd_map_put(&w->ids, id, keep(w, theirs));
    dd_map_put(&w->taken_ids, theirs, w);
    if (!dd_str_eq(id, theirs) && w->ctx->ids->n < 4096)
        dd_avec_push(w->ctx->arena, w->ctx->ids, ((dd_rename){ id, theirs }));
    return theirs;
}

/* --- calls and their results (T6) --- */

typedef struct { const dd_part *call; bool answered; } call_state;

static void check_answered(dd_writing *w, const dd_turn *turn, dd_map *calls)
{
    for (; turn; turn = turn->next) {
        for (const dd_part *p = turn->role == DD_ROLE_ASSISTANT ? turn->parts : NULL; p; p = p->next) {
            call_state *c = p->kind == DD_PART_TOOL_CALL ? dd_map_get(calls, p->id) : NULL;
            if (c && c->call == p && !c->answered) {
                dd_request_fail(w->ctx, p->where, "the tool call \"" DD_STR_FMT "\" has no result behind it", DD_STR_ARG(p->id));
                return;
            }
        }
        if (turn->role == DD_ROLE_USER)
            return;
    }
}

static void take_calls(dd_writing *w, const dd_turn *turn, dd_map *calls)
{
    for (const dd_part *p = turn->parts; p; p = p->next) {
        if (p->kind != DD_PART_TOOL_CALL)
            continue;
        call_state *c = dd_new(w->ctx->arena, call_state);
        c->call       = p;
        if (dd_map_put(calls, p->id, c))
            dd_request_fail(w->ctx, p->where, "the id \"" DD_STR_FMT "\" stands for two tool calls", DD_STR_ARG(p->id));
    }
}

static void take_results(dd_writing *w, const dd_turn *turn, const dd_map *calls)
{
    for (const dd_part *p = turn->parts; p; p = p->next) {
        call_state *c = p->kind == DD_PART_TOOL_RESULT ? dd_map_get(calls, p->id) : NULL;
        if (p->kind == DD_PART_TOOL_RESULT && !c)
            dd_request_fail(w->ctx, p->where, "no tool call \"" DD_STR_FMT "\" stands before its result", DD_STR_ARG(p->id));
        else if (c && c->answered)
            dd_request_fail(w->ctx, p->where, "the tool call \"" DD_STR_FMT "\" has a result already", DD_STR_ARG(p->id));
        if (c)
            c->answered = true;
    }
}

/* A run of assistant turns makes the calls, the run of user turns behind it answers them; system turns in between do not count. */
void dd_write_check_pairs(dd_writing *w)
{
    dd_map         calls = DD_MAP_INIT;
    const dd_turn *first = NULL; /* of the assistant's run */
    bool           answering = false;
    for (const dd_turn *t = w->r->turns; t && dd_request_ok(w->ctx); t = t->next) {
        if (t->role == DD_ROLE_ASSISTANT) {
            if (answering || !first) {
                check_answered(w, answering ? first : NULL, &calls);
                dd_map_free(&calls);
                calls     = (dd_map)DD_MAP_INIT;
                first     = t;
                answering = false;
            }
            take_calls(w, t, &calls);
        } else if (t->role == DD_ROLE_USER) {
            answering = first != NULL;
            take_results(w, t, &calls);
        }
    }
    if (dd_request_ok(w->ctx))
        check_answered(w, first, &calls);
    dd_map_free(&calls);
}

/* --- tools --- */

/* "web_search_20250305": whatever API it came through, only Anthropic's tools are named with a day. */
static bool anthropic_tool(dd_str type)
{
    dd_str day = dd_str_sub(type, type.len < 8 ? 0 : type.len - 8, type.len);
    int64_t n;
    return type.len > 9 && type.ptr[type.len - 9] == '_' && dd_parse_i64(day, &n) && n > 20240000;
}

bool dd_write_takes_tool(const dd_writing *w, const dd_tool *t)
{
    if (t->custom)
        return w->to != DD_DIALECT_MESSAGES;
    return !t->raw.ptr || (w->to == DD_DIALECT_MESSAGES && anthropic_tool(t->type));
}

bool dd_write_has_tools(dd_writing *w)
{
    bool any = false;
    for (const dd_tool *t = w->r->tools; t; t = t->next) {
        bool takes = dd_write_takes_tool(w, t);
        any |= takes;
        if (!takes)
            dd_dialect_drop(w->ctx, DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(t->where), DD_STR_ARG(t->type));
    }
    return any;
}

dd_choice dd_write_choice(dd_writing *w, bool tools)
{
    dd_choice c = w->r->tool_choice;
    if (!tools) {
        if (c == DD_CHOICE_REQUIRED || c == DD_CHOICE_NAMED)
            dd_dialect_drop(w->ctx, "tool_choice");
        return DD_CHOICE_UNSET;
    }
    if (c != DD_CHOICE_NAMED)
        return c;
    for (const dd_tool *t = w->r->tools; t; t = t->next)
        if (dd_str_eq(t->name, w->r->tool_choice_name)) {
            if (dd_write_takes_tool(w, t))
                return c;
            dd_dialect_drop(w->ctx, "tool_choice");
            return DD_CHOICE_UNSET;
        }
    dd_request_fail(w->ctx, DD_STR("tool_choice"), "there is no tool \"" DD_STR_FMT "\" among the tools", DD_STR_ARG(w->r->tool_choice_name));
    return DD_CHOICE_UNSET;
}

/* --- effort, user, the rest --- */

dd_str dd_effort_of_budget(int64_t budget)
{
    return budget >= 10000 ? DD_STR("high") : budget >= 5000 ? DD_STR("medium") : budget >= 2000 ? DD_STR("low") : DD_STR("minimal");
}

dd_str dd_write_effort(dd_writing *w)
{
    const dd_request *r      = w->r;
    dd_str            effort = r->effort;
    dd_request_field  field  = effort.ptr ? DD_F_EFFORT : DD_F_THINK;
    if (!effort.ptr && r->think == DD_THINK_BUDGET)
        effort = dd_effort_of_budget(r->think_budget);
    else if (!effort.ptr && r->think == DD_THINK_ADAPTIVE)
        effort = DD_STR("high"); /* Anthropic's own default where thinking is adaptive and no effort said */
    if (!w->facts->reasoning || (!effort.ptr && r->think == DD_THINK_OFF)) {
        if (effort.ptr || r->think == DD_THINK_OFF)
            dd_dialect_drop(w->ctx, "%s", dd_request_field_name(r, field));
        return DD_STR_NULL;
    }
    if (!effort.ptr || !dd_str_eqz(effort, "max"))
        return effort;
    dd_dialect_drop(w->ctx, "%s=xhigh", dd_request_field_name(r, DD_F_EFFORT));
    return DD_STR("xhigh");
}

dd_str dd_write_user(dd_writing *w, size_t max)
{
    dd_str user = w->r->user;
    if (!user.ptr || user.len <= max)
        return user;
    dd_dialect_drop(w->ctx, "%s=hash", dd_request_field_name(w->r, DD_F_USER));
    return dd_arena_printf(w->ctx->arena, "user_%016llx", (unsigned long long)dd_str_hash(user));
}

/* T20. Messages knows auto and standard_only; faster or cheaper lanes have no word there. */
dd_str dd_write_tier(dd_writing *w)
{
    static const struct { const char *openai, *anthropic; } tiers[] = { { "auto", "auto" }, { "default", "standard_only" } };
    dd_str tier = w->r->service_tier;
    bool   from = w->r->from == DD_DIALECT_MESSAGES, to = w->to == DD_DIALECT_MESSAGES;
    if (!tier.ptr || from == to)
        return tier;
    for (size_t i = 0; i < DD_COUNT(tiers); i++)
        if (dd_str_eqz(tier, from ? tiers[i].anthropic : tiers[i].openai))
            return dd_str_z(from ? tiers[i].openai : tiers[i].anthropic);
    dd_dialect_drop(w->ctx, "service_tier");
    return DD_STR_NULL;
}

void dd_write_metadata_drops(dd_writing *w)
{
    dd_jspan j;
    bool     messages = w->r->from == DD_DIALECT_MESSAGES;
    if (!messages || dd_jspan_parse(&j, w->ctx->arena, w->r->metadata, NULL) != DD_OK) {
        dd_dialect_drop(w->ctx, "metadata");
        return;
    }
    for (dd_jit it = dd_jspan_each(&j, 0); dd_jspan_step(&j, &it);)
        if (!dd_jspan_is(&j, it.key, "user_id"))
            dd_dialect_drop(w->ctx, "metadata." DD_STR_FMT, DD_STR_ARG(dd_jspan_inside(&j, it.key)));
}

void dd_write_verbosity_drop(dd_writing *w)
{
    if (w->r->verbosity.ptr && !dd_str_eqz(w->r->verbosity, "medium"))
        dd_dialect_drop(w->ctx, "%s", w->r->from == DD_DIALECT_RESPONSES ? "text.verbosity" : "verbosity");
}

void dd_write_extras(dd_writing *w, bool known)
{
    for (const dd_extra *e = w->r->extras; e; e = e->next)
        if (known)
            dd_jw_raw(w->out, e->name, e->raw);
        else
            dd_dialect_drop(w->ctx, "%s", e->name);
}

bool dd_write_optional_members(dd_writing *w, dd_str schema)
{
    dd_jspan j;
    if (dd_jspan_parse(&j, w->ctx->arena, schema, NULL) != DD_OK)
        return false;
    for (uint32_t i = 0; i < j.n; i++) {
        uint32_t properties = dd_jspan_member(&j, i, "properties", NULL), required = dd_jspan_member(&j, i, "required", NULL);
        uint32_t n = dd_jspan_kind(&j, required) == DD_J_ARRAY ? j.v[required].count : 0;
        if (dd_jspan_kind(&j, properties) == DD_J_OBJECT && j.v[properties].count != n)
            return true;
    }
    return false;
}
