#include "cmd/classify_line.h"

#include "base/jspan.h"

enum { NEST = 8 };   /* a tool's result holds parts, and so on */

enum {
    TEXT, MESSAGES, SYSTEM, INPUT, INSTRUCTIONS, TOOLS, FUNCTIONS, MAX_TOKENS, MAX_COMPLETION, MAX_OUTPUT, FORMAT, OUTPUT_CONFIG, EFFORT, REASONING,
    THINKING, MEMBERS
};
static const char *const member_names[MEMBERS] = {
    "text", "messages", "system", "input", "instructions", "tools", "functions", "max_tokens", "max_completion_tokens", "max_output_tokens",
    "response_format", "output_config", "reasoning_effort", "reasoning", "thinking",
};

typedef struct {
    const dd_jspan *j;
    dd_arena       *arena;
    dd_prompt      *p;
    dd_buf          system, text, ask;
    bool            fresh;      /* the next words of the user begin a new turn */
} reader;

static dd_code wrong(const char *name, const char *what, dd_err *err)
{
    return dd_fail(err, DD_ERR_PARSE, "member \"%s\" is not %s", name, what);
}

static bool is_kind(const reader *r, uint32_t node, dd_jkind kind)
{
    return node != DD_J_NONE && dd_jspan_kind(r->j, node) == kind;
}

static uint32_t in(const reader *r, uint32_t object, const char *name)
{
    return is_kind(r, object, DD_J_OBJECT) ? dd_jspan_member(r->j, object, name, NULL) : DD_J_NONE;
}

static void add_line(dd_buf *to, dd_str text)
{
    if (to->len > 0 && text.len > 0)
        dd_buf_addc(to, '\n');
    dd_buf_add(to, text);
}

/* --- parts of a message --- */

typedef enum { FROM_SYSTEM, FROM_USER, FROM_OTHERS } sender;

static void add_words(reader *r, sender who, dd_str text)
{
    add_line(who == FROM_SYSTEM ? &r->system : &r->text, text);
    if (who != FROM_USER)
        return;
    if (r->fresh)
        dd_buf_clear(&r->ask);
    r->fresh = false;
    add_line(&r->ask, text);
}

typedef enum { PART_TEXT, PART_IMAGE, PART_CALL, PART_RESULT } part_kind;
static const struct { const char *type; part_kind kind; } part_types[] = {
    { "text", PART_TEXT }, { "input_text", PART_TEXT }, { "output_text", PART_TEXT }, { "image", PART_IMAGE }, { "image_url", PART_IMAGE },
    { "input_image", PART_IMAGE }, { "tool_use", PART_CALL }, { "function_call", PART_CALL }, { "custom_tool_call", PART_CALL },
    { "tool_result", PART_RESULT }, { "function_call_output", PART_RESULT }, { "custom_tool_call_output", PART_RESULT },
};

static void add_content(reader *r, uint32_t node, sender who, int depth);

static void add_result(reader *r, uint32_t part, int depth)
{
    uint32_t content = in(r, part, "content");
    r->p->calls++;
    add_content(r, content != DD_J_NONE ? content : in(r, part, "output"), FROM_OTHERS, depth);
}

static void add_part(reader *r, uint32_t part, sender who, int depth)
{
    part_kind kind = PART_TEXT;
    uint32_t  type = in(r, part, "type"), text = in(r, part, "text");
    for (size_t i = 0; i < DD_COUNT(part_types); i++)
        if (type != DD_J_NONE && dd_jspan_is(r->j, type, part_types[i].type))
            kind = part_types[i].kind;
    if (kind == PART_RESULT)
        add_result(r, part, depth + 1);
    else if (kind == PART_TEXT && is_kind(r, text, DD_J_STRING))
        add_words(r, who, dd_jspan_text(r->j, text, r->arena));
    r->p->images |= kind == PART_IMAGE;
    r->p->calls += kind == PART_CALL;
}

/* A string, or an array of parts; anything else says nothing. */
static void add_content(reader *r, uint32_t node, sender who, int depth)
{
    if (is_kind(r, node, DD_J_STRING)) {
        add_words(r, who, dd_jspan_text(r->j, node, r->arena));
    } else if (is_kind(r, node, DD_J_ARRAY) && depth < NEST) {
        for (dd_jit it = dd_jspan_each(r->j, node); dd_jspan_step(r->j, &it);)
            add_part(r, it.value, who, depth);
    }
}

/* --- messages --- */

static sender role_of(reader *r, uint32_t message)
{
    static const struct { const char *role; sender who; } roles[] = {
        { "system", FROM_SYSTEM }, { "developer", FROM_SYSTEM }, { "user", FROM_USER }, { "human", FROM_USER },
    };
    uint32_t role = in(r, message, "role");
    for (size_t i = 0; i < DD_COUNT(roles); i++)
        if (role != DD_J_NONE && dd_jspan_is(r->j, role, roles[i].role))
            return roles[i].who;
    if (role != DD_J_NONE && (dd_jspan_is(r->j, role, "tool") || dd_jspan_is(r->j, role, "function")))
        r->p->calls++;
    return FROM_OTHERS;
}

static void add_message(reader *r, uint32_t message)
{
    sender who = role_of(r, message);
    r->fresh   = true;
    r->p->messages++;
    r->p->calls += is_kind(r, in(r, message, "tool_calls"), DD_J_ARRAY);
    uint32_t content = in(r, message, "content");
    if (content != DD_J_NONE)
        add_content(r, content, who, 0);
    else
        add_part(r, message, who, 0);   /* an item of responses */
}

static dd_code add_messages(reader *r, const char *name, uint32_t node, dd_err *err)
{
    if (!is_kind(r, node, DD_J_ARRAY))
        return wrong(name, "an array", err);
    for (dd_jit it = dd_jspan_each(r->j, node); dd_jspan_step(r->j, &it);) {
        if (!is_kind(r, it.value, DD_J_OBJECT))
            return dd_fail(err, DD_ERR_PARSE, "an item of \"%s\" is not an object", name);
        add_message(r, it.value);
    }
    return DD_OK;
}

/* --- the rest of the request --- */

static bool is_word(const reader *r, uint32_t node, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_kind(r, node, DD_J_STRING) && dd_jspan_is(r->j, node, words[i]))
            return true;
    return false;
}

/* An effort counts when it is more than little. */
static bool wants_reasoning(const reader *r, const uint32_t *m)
{
    static const char *const much[] = { "high", "xhigh", "max" }, *const on[] = { "enabled" };
    return is_word(r, m[EFFORT], much, DD_COUNT(much)) || is_word(r, in(r, m[REASONING], "effort"), much, DD_COUNT(much)) ||
           is_word(r, in(r, m[THINKING], "type"), on, DD_COUNT(on)) || is_word(r, in(r, m[OUTPUT_CONFIG], "effort"), much, DD_COUNT(much));
}

static bool wants_json(const reader *r, const uint32_t *m)
{
    static const char *const forms[] = { "json_schema", "json_object" };
    const uint32_t places[] = { m[FORMAT], in(r, m[TEXT], "format"), in(r, m[OUTPUT_CONFIG], "format") };
    for (size_t i = 0; i < DD_COUNT(places); i++)
        if (is_word(r, in(r, places[i], "type"), forms, DD_COUNT(forms)))
            return true;
    return false;
}

static int count_items(const reader *r, uint32_t node)
{
    int n = 0;
    if (is_kind(r, node, DD_J_ARRAY))
        for (dd_jit it = dd_jspan_each(r->j, node); dd_jspan_step(r->j, &it);)
            n++;
    return n;
}

static void read_form(reader *r, const uint32_t *m)
{
    static const int caps[] = { MAX_TOKENS, MAX_COMPLETION, MAX_OUTPUT };
    r->p->max_tokens = -1;
    for (size_t i = 0; i < DD_COUNT(caps); i++)
        if (m[caps[i]] != DD_J_NONE)
            dd_jspan_i64(r->j, m[caps[i]], &r->p->max_tokens);
    r->p->tools       = count_items(r, m[TOOLS]) + count_items(r, m[FUNCTIONS]);
    r->p->json_schema = wants_json(r, m);
    r->p->reasoning   = wants_reasoning(r, m);
}

static dd_code read_texts(reader *r, const uint32_t *m, dd_err *err)
{
    add_content(r, m[SYSTEM], FROM_SYSTEM, 0);
    add_content(r, m[INSTRUCTIONS], FROM_SYSTEM, 0);
    if (m[MESSAGES] != DD_J_NONE)
        return add_messages(r, "messages", m[MESSAGES], err);
    if (is_kind(r, m[INPUT], DD_J_STRING)) {
        add_content(r, m[INPUT], FROM_USER, 0);
        r->p->messages = 1;
        return DD_OK;
    }
    if (m[INPUT] != DD_J_NONE)
        return add_messages(r, "input", m[INPUT], err);
    if (m[TEXT] == DD_J_NONE)
        return dd_fail(err, DD_ERR_PARSE, "no member \"messages\" and no \"text\"");
    if (!is_kind(r, m[TEXT], DD_J_STRING))
        return wrong("text", "a string", err);
    add_content(r, m[TEXT], FROM_USER, 0);
    return DD_OK;
}

static dd_code read_request(reader *r, dd_err *err)
{
    uint32_t m[MEMBERS];
    if (dd_jspan_kind(r->j, 0) != DD_J_OBJECT)
        return dd_fail(err, DD_ERR_PARSE, "not an object");
    int twice = dd_jspan_members(r->j, 0, member_names, m, MEMBERS);
    if (twice >= 0)
        return dd_fail(err, DD_ERR_PARSE, "member \"%s\" is there twice", member_names[twice]);
    for (size_t i = 0; i < MEMBERS; i++)
        if (is_kind(r, m[i], DD_J_NULL))
            m[i] = DD_J_NONE;
    read_form(r, m);
    return read_texts(r, m, err);
}

/* The place inside a line is a column only: which line it is the caller says. */
static void without_line(dd_err *err)
{
    dd_str front = DD_STR("line 1, ");
    if (dd_str_starts(dd_str_z(err->msg), front))
        memmove(err->msg, err->msg + front.len, strlen(err->msg) - front.len + 1);
}

dd_code dd_classify_line(dd_str line, dd_arena *arena, dd_prompt *out, dd_err *err)
{
    dd_jspan j;
    dd_code  rc = dd_jspan_parse(&j, arena, line, err);
    if (rc != DD_OK) {
        without_line(err);
        return rc;
    }
    reader r = { .j = &j, .arena = arena, .p = out, .system = DD_BUF_INIT(0), .text = DD_BUF_INIT(0), .ask = DD_BUF_INIT(0), .fresh = true };
    *out     = (dd_prompt){ .input_tokens = -1, .max_tokens = -1 };
    rc       = read_request(&r, err);
    out->system = dd_arena_dup(arena, dd_buf_str(&r.system));
    out->text   = dd_arena_dup(arena, dd_buf_str(&r.text));
    out->ask    = dd_arena_dup(arena, dd_buf_str(&r.ask));
    dd_buf_free(&r.system);
    dd_buf_free(&r.text);
    dd_buf_free(&r.ask);
    return rc;
}
