/* proxy/mock_plan.c - what a request is to be answered with: a text of so many tokens, calls of its tools with arguments that its schemas allow,
 * or an echo. */
#include "proxy/mock_parts.h"

#include <string.h>

enum { MAX_CHOICES = 16, MAX_CALLS = 32, SAMPLE_DEPTH = 8, SAMPLE_BYTES = 64 << 10, DEFAULT_TOKENS = 16, DEFAULT_DIMENSIONS = 1536,
    MAX_INPUTS = 2048, MAX_DIMENSIONS = 8192 };

/* Each word is one token of o200k_base, alone at the start or behind its blank. */
static const char *const words[] = { "The", " quick", " brown", " fox", " jumps", " over", " the", " lazy", " dog", " and", " then", " it", " runs",
    " back", " home", "." };

/* ---- samples of schemas ---- */

static void sample(const dd_jspan *d, uint32_t schema, int depth, dd_buf *out);

static void sample_object(const dd_jspan *d, uint32_t schema, int depth, dd_buf *out)
{
    bool first = true;
    dd_buf_addc(out, '{');
    for (dd_jit it = dd_jspan_each(d, dd_jspan_member(d, schema, "properties", NULL)); dd_jspan_step(d, &it) && !out->over;) {
        if (it.key == DD_J_NONE)
            break;
        dd_buf_addz(out, first ? "" : ",");
        dd_buf_add(out, dd_jspan_raw(d, it.key));
        dd_buf_addc(out, ':');
        sample(d, it.value, depth + 1, out);
        first = false;
    }
    dd_buf_addc(out, '}');
}

static void sample_array(const dd_jspan *d, uint32_t schema, int depth, dd_buf *out)
{
    uint32_t items = dd_jspan_member(d, schema, "items", NULL);
    dd_buf_addc(out, '[');
    if (items != DD_J_NONE)
        sample(d, items, depth + 1, out);
    dd_buf_addc(out, ']');
}

static bool sample_given(const dd_jspan *d, uint32_t schema, int depth, dd_buf *out)
{
    static const char *const given[] = { "const", "default" }, *const choices[] = { "anyOf", "oneOf", "allOf" };
    for (size_t i = 0; i < DD_COUNT(given); i++) {
        uint32_t v = dd_jspan_member(d, schema, given[i], NULL);
        if (v != DD_J_NONE)
            return dd_buf_add(out, dd_jspan_raw(d, v)), true;
    }
    uint32_t first = dd_jspan_item(d, dd_jspan_member(d, schema, "enum", NULL), 0);
    if (first != DD_J_NONE)
        return dd_buf_add(out, dd_jspan_raw(d, first)), true;
    for (size_t i = 0; i < DD_COUNT(choices); i++) {
        uint32_t v = dd_jspan_item(d, dd_jspan_member(d, schema, choices[i], NULL), 0);
        if (v != DD_J_NONE)
            return sample(d, v, depth + 1, out), true;
    }
    return false;
}

static void sample_number(const dd_jspan *d, uint32_t schema, const char *otherwise, dd_buf *out)
{
    uint32_t least = dd_jspan_member(d, schema, "minimum", NULL);
    if (least != DD_J_NONE && dd_jspan_kind(d, least) == DD_J_NUMBER)
        dd_buf_add(out, dd_jspan_raw(d, least));
    else
        dd_buf_addz(out, otherwise);
}

static void sample(const dd_jspan *d, uint32_t schema, int depth, dd_buf *out)
{
    uint32_t type = dd_jspan_member(d, schema, "type", NULL);
    if (depth > SAMPLE_DEPTH || out->over) {
        dd_buf_addz(out, "null");
        return;
    }
    if (sample_given(d, schema, depth, out))
        return;
    if (dd_jspan_kind(d, type) == DD_J_ARRAY)
        type = dd_jspan_item(d, type, 0);
    if (dd_jspan_is(d, type, "object") || (type == DD_J_NONE && dd_jspan_member(d, schema, "properties", NULL) != DD_J_NONE))
        sample_object(d, schema, depth, out);
    else if (dd_jspan_is(d, type, "array"))
        sample_array(d, schema, depth, out);
    else if (dd_jspan_is(d, type, "integer"))
        sample_number(d, schema, "1", out);
    else if (dd_jspan_is(d, type, "number"))
        sample_number(d, schema, "1.5", out);
    else
        dd_buf_addz(out, dd_jspan_is(d, type, "boolean") ? "true" : dd_jspan_is(d, type, "null") ? "null" : "\"text\"");
}

dd_str dd_mock_sample(const dd_jspan *d, uint32_t schema, dd_arena *arena)
{
    dd_buf out = DD_BUF_INIT(SAMPLE_BYTES);
    if (dd_jspan_kind(d, schema) == DD_J_OBJECT)
        sample(d, schema, 0, &out);
    dd_str s = out.len == 0 || out.over ? DD_STR("{}") : dd_arena_dup(arena, dd_buf_str(&out));
    dd_buf_free(&out);
    return s;
}

/* ---- reading the request ---- */

typedef struct {
    const dd_jspan *d;
    dd_arena       *arena;
    dd_mock_counter *counter;
    dd_mock_plan   *p;
    dd_str          last_text;   /* of the user, escaped; empty when a tool's result came last */
    dd_buf          all;         /* every text, to be counted */
} reading;

static uint32_t member(const reading *r, uint32_t object, const char *name) { return dd_jspan_member(r->d, object, name, NULL); }

/* Texts below a message: a string, or parts with "text" or "content" in them. */
static void read_content(reading *r, uint32_t v, int depth, dd_str *last)
{
    if (dd_jspan_kind(r->d, v) == DD_J_STRING) {
        *last = dd_jspan_inside(r->d, v);
        dd_buf_add(&r->all, dd_jspan_text(r->d, v, r->arena));
        return;
    }
    if (dd_jspan_kind(r->d, v) != DD_J_ARRAY || depth > 4)
        return;
    for (dd_jit it = dd_jspan_each(r->d, v); dd_jspan_step(r->d, &it);) {
        if (dd_jspan_kind(r->d, it.value) == DD_J_STRING)
            read_content(r, it.value, depth + 1, last);
        uint32_t text = member(r, it.value, "text");
        if (text != DD_J_NONE)
            read_content(r, text, depth + 1, last);
        else
            read_content(r, member(r, it.value, "content"), depth + 1, last);
        if (dd_jspan_is(r->d, member(r, it.value, "type"), "tool_result"))
            *last = DD_STR("");
    }
}

static void read_messages(reading *r, uint32_t list)
{
    for (dd_jit it = dd_jspan_each(r->d, list); dd_jspan_step(r->d, &it);) {
        dd_str   text = DD_STR("");
        uint32_t role = member(r, it.value, "role"), out = member(r, it.value, "output");
        read_content(r, member(r, it.value, "content"), 0, &text);
        read_content(r, out, 0, &text);
        bool user    = dd_jspan_is(r->d, role, "user");
        r->last_text = user ? text : DD_STR("");
        r->p->in_tokens += 4; /* what frames a message */
    }
}

static size_t count_inputs(const reading *r, uint32_t input)
{
    if (dd_jspan_kind(r->d, input) != DD_J_ARRAY)
        return 1;
    uint32_t first = dd_jspan_item(r->d, input, 0);
    return dd_jspan_kind(r->d, first) == DD_J_NUMBER ? 1 : r->d->v[input].count;
}

static int64_t count_tokens(dd_mock_counter *c, dd_str text)
{
    uint64_t hash = dd_str_hash(text);
    size_t   at   = hash % DD_COUNT(c->known);
    if (text.len == 0 || (c->known[at].hash == hash && c->known[at].len == text.len))
        return text.len ? c->known[at].tokens : 0;
    c->known[at].hash   = hash;
    c->known[at].len    = text.len;
    c->known[at].tokens = dd_tokens_encode_memo(c->memo, text, NULL, NULL);
    return c->known[at].tokens;
}

/* ---- what is answered ---- */

static bool mentions(dd_str inside, const char *word)
{
    return dd_str_findz(inside, word) >= 0;
}

/* Pieces end before blanks, so that no escape and no character is cut. */
static void split_words(dd_str inside, dd_arena *arena, dd_str **pieces, size_t *n)
{
    size_t max = 1, start = 0;
    for (size_t i = 1; i < inside.len; i++)
        max += inside.ptr[i] == ' ';
    *pieces = dd_newn(arena, dd_str, max);
    *n      = 0;
    for (size_t i = 1; i <= inside.len; i++)
        if (i == inside.len || inside.ptr[i] == ' ') {
            (*pieces)[(*n)++] = dd_str_sub(inside, start, i);
            start             = i;
        }
}

static void lorem(reading *r, int64_t tokens)
{
    r->p->pieces   = dd_newn(r->arena, dd_str, (size_t)tokens + 1);
    r->p->n_pieces = (size_t)tokens;
    for (int64_t i = 0; i < tokens; i++) {
        dd_str w        = dd_str_z(words[(size_t)i % DD_COUNT(words)]);
        r->p->pieces[i] = i > 0 && i % (int64_t)DD_COUNT(words) == 0 ? DD_STR(" The") : w;
    }
    r->p->out_tokens = tokens;
}

static void say_text(reading *r, dd_str inside, dd_str plain)
{
    split_words(inside, r->arena, &r->p->pieces, &r->p->n_pieces);
    r->p->out_tokens = count_tokens(r->counter, plain);
}

static dd_str escaped(reading *r, dd_str plain)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_jtext_escape(&b, plain);
    dd_str s = dd_arena_dup(r->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

static void cut_pieces(reading *r, dd_mock_call *c)
{
    enum { STEP = 12 };
    c->pieces = dd_newn(r->arena, dd_str, c->args.len / STEP + 1);
    for (size_t at = 0; at < c->args.len;) {
        size_t end = at + STEP < c->args.len ? at + STEP : c->args.len;
        while (end < c->args.len && ((unsigned char)c->args.ptr[end] & 0xc0) == 0x80)
            end++;
        c->pieces[c->n++] = escaped(r, dd_str_sub(c->args, at, end));
        at                = end;
    }
}

static void add_call(reading *r, uint32_t tool)
{
    dd_mock_plan *p        = r->p;
    uint32_t      function = member(r, tool, "function"), from = function != DD_J_NONE ? function : tool;
    uint32_t      schema   = member(r, from, p->api == DD_MOCK_MESSAGES ? "input_schema" : "parameters");
    dd_mock_call  c        = { .name = dd_jspan_inside(r->d, member(r, from, "name")), .args = dd_mock_sample(r->d, schema, r->arena) };
    if (c.name.len == 0 || p->n_calls >= MAX_CALLS)
        return;
    c.id = dd_arena_printf(r->arena, "%s" DD_STR_FMT "%02zu", p->api == DD_MOCK_MESSAGES ? "toolu_" : "call_", DD_STR_ARG(p->id), p->n_calls);
    cut_pieces(r, &c);
    p->out_tokens += 8 + count_tokens(r->counter, c.args);
    p->calls[p->n_calls++] = c;
}

typedef struct { bool none, forced; dd_str name; } choice;

static choice read_choice(const reading *r, uint32_t root)
{
    uint32_t v    = member(r, root, "tool_choice"), type = member(r, v, "type"), function = member(r, v, "function");
    choice   c    = { 0 };
    c.none        = dd_jspan_is(r->d, v, "none") || dd_jspan_is(r->d, type, "none");
    c.name        = dd_jspan_inside(r->d, member(r, function != DD_J_NONE ? function : v, "name"));
    c.forced      = dd_jspan_is(r->d, v, "required") || dd_jspan_is(r->d, type, "any") || c.name.len > 0;
    return c;
}

/* Tools are called when the request insists, or when the user's last words speak of a tool or name one; "parallel" calls all of them. */
static void plan_calls(reading *r, uint32_t root)
{
    uint32_t tools = member(r, root, "tools"), n = dd_jspan_kind(r->d, tools) == DD_J_ARRAY ? r->d->v[tools].count : 0;
    choice   c     = read_choice(r, root);
    if (n == 0 || c.none)
        return;
    r->p->calls     = dd_newn(r->arena, dd_mock_call, n < MAX_CALLS ? n : MAX_CALLS);
    bool all        = mentions(r->last_text, "parallel"), any = c.forced || all || mentions(r->last_text, "tool");
    for (dd_jit it = dd_jspan_each(r->d, tools); dd_jspan_step(r->d, &it);) {
        uint32_t function = member(r, it.value, "function");
        dd_str   name     = dd_jspan_inside(r->d, member(r, function != DD_J_NONE ? function : it.value, "name"));
        bool     named    = name.len > 0 && (c.name.len > 0 ? dd_str_eq(name, c.name) : dd_str_find(r->last_text, name) >= 0);
        if (c.name.len > 0 ? named : named || all || (any && r->p->n_calls == 0))
            add_call(r, it.value);
    }
}

static uint32_t schema_of_answer(const reading *r, uint32_t root, bool *object)
{
    static const char *const places[][2] = { { "response_format", NULL }, { "text", "format" }, { "output_config", "format" },
                                                { "output_format", NULL } };
    for (size_t i = 0; i < DD_COUNT(places); i++) {
        uint32_t f = member(r, root, places[i][0]);
        if (places[i][1])
            f = member(r, f, places[i][1]);
        uint32_t wrapped = member(r, f, "json_schema");
        uint32_t schema  = member(r, wrapped != DD_J_NONE ? wrapped : f, "schema");
        *object |= dd_jspan_is(r->d, member(r, f, "type"), "json_object");
        if (schema != DD_J_NONE)
            return schema;
    }
    return DD_J_NONE;
}

static int64_t number_of(const reading *r, uint32_t root, const char *name, int64_t otherwise)
{
    int64_t n;
    return dd_jspan_i64(r->d, member(r, root, name), &n) && n >= 0 ? n : otherwise;
}

static void plan_text(reading *r, uint32_t root, int64_t tokens)
{
    bool     object = false;
    uint32_t schema = schema_of_answer(r, root, &object);
    dd_str   json   = schema != DD_J_NONE ? dd_mock_sample(r->d, schema, r->arena) : DD_STR("{\"ok\":true}");
    if (schema != DD_J_NONE || object)
        say_text(r, escaped(r, json), json);
    else if (dd_str_startsz(r->last_text, "echo ")) {
        dd_str rest = dd_str_sub(r->last_text, 5, r->last_text.len);
        say_text(r, rest, dd_jtext_decode(rest, r->arena));
    } else
        lorem(r, tokens);
    int64_t limit = number_of(r, root, "max_completion_tokens", number_of(r, root, "max_tokens", number_of(r, root, "max_output_tokens", INT64_MAX)));
    if ((uint64_t)limit < r->p->n_pieces) {
        r->p->n_pieces   = (size_t)limit;
        r->p->out_tokens = limit;
        r->p->cut_short  = true;
    }
}

/* ---- all of it ---- */

static dd_code read_common(reading *r, uint32_t root, dd_err *err)
{
    dd_mock_plan *p     = r->p;
    uint32_t      model = member(r, root, "model");
    if (dd_jspan_kind(r->d, root) != DD_J_OBJECT)
        return dd_fail(err, DD_ERR_USAGE, "the body must be a JSON object");
    if (dd_jspan_kind(r->d, model) != DD_J_STRING || dd_jspan_inside(r->d, model).len == 0)
        return dd_fail(err, DD_ERR_USAGE, "you must provide a model parameter");
    p->fault         = dd_jspan_inside(r->d, model);
    p->model         = dd_str_cut(&p->fault, '!');
    p->stream        = dd_jspan_kind(r->d, member(r, root, "stream")) == DD_J_TRUE;
    p->include_usage = dd_jspan_kind(r->d, member(r, member(r, root, "stream_options"), "include_usage")) == DD_J_TRUE;
    uint32_t thinking = member(r, member(r, root, "thinking"), "type");
    p->thinking      = dd_jspan_is(r->d, thinking, "enabled") || dd_jspan_is(r->d, thinking, "adaptive");
    int64_t n        = number_of(r, root, "n", 1);
    if (n < 1 || n > MAX_CHOICES)
        return dd_fail(err, DD_ERR_USAGE, "n must be from 1 to %d", MAX_CHOICES);
    p->n = p->api == DD_MOCK_CHAT || p->api == DD_MOCK_COMPLETIONS ? (int)n : 1;
    return DD_OK;
}

static dd_code read_prompt(reading *r, uint32_t root, dd_err *err)
{
    static const char *const place[] = { [DD_MOCK_CHAT] = "messages", [DD_MOCK_MESSAGES] = "messages", [DD_MOCK_RESPONSES] = "input",
                                         [DD_MOCK_COMPLETIONS] = "prompt", [DD_MOCK_EMBEDDINGS] = "input", [DD_MOCK_COUNT] = "messages" };
    dd_str   ignored = DD_STR("");
    uint32_t prompt  = member(r, root, place[r->p->api]);
    if (prompt == DD_J_NONE)
        return dd_fail(err, DD_ERR_USAGE, "missing required parameter: '%s'", place[r->p->api]);
    read_content(r, member(r, root, "system"), 0, &ignored);
    read_content(r, member(r, root, "instructions"), 0, &ignored);
    uint32_t first = dd_jspan_item(r->d, prompt, 0);
    if (dd_jspan_kind(r->d, prompt) == DD_J_ARRAY && dd_jspan_kind(r->d, first) == DD_J_OBJECT)
        read_messages(r, prompt);
    else
        read_content(r, prompt, 0, &r->last_text);
    uint32_t tools = member(r, root, "tools");
    if (tools != DD_J_NONE)
        dd_buf_add(&r->all, dd_jspan_raw(r->d, tools));
    r->p->inputs = r->p->api == DD_MOCK_EMBEDDINGS ? count_inputs(r, prompt) : 0;
    return r->p->inputs <= MAX_INPUTS ? DD_OK : dd_fail(err, DD_ERR_USAGE, "input holds more than %d texts", MAX_INPUTS);
}

static dd_code plan_embeddings(reading *r, uint32_t root, dd_err *err)
{
    int64_t n        = number_of(r, root, "dimensions", DEFAULT_DIMENSIONS);
    r->p->dimensions = (size_t)n;
    r->p->base64     = dd_jspan_is(r->d, member(r, root, "encoding_format"), "base64");
    return n >= 1 && n <= MAX_DIMENSIONS ? DD_OK : dd_fail(err, DD_ERR_USAGE, "dimensions must be from 1 to %d", MAX_DIMENSIONS);
}

dd_code dd_mock_plan_make(dd_mock_plan *p, dd_mock_api api, dd_str body, int64_t tokens, dd_mock_counter *counter, dd_arena *arena, dd_err *err)
{
    dd_jspan d;
    reading  r = { .d = &d, .arena = arena, .counter = counter, .p = p, .last_text = DD_STR("") };
    *p         = (dd_mock_plan){ .api = api, .n = 1 };
    dd_code rc = dd_jspan_parse(&d, arena, body, err);
    if (rc == DD_OK)
        rc = read_common(&r, 0, err);
    if (rc == DD_OK)
        rc = read_prompt(&r, 0, err);
    if (rc == DD_OK && api == DD_MOCK_EMBEDDINGS)
        rc = plan_embeddings(&r, 0, err);
    p->hash = dd_str_hash(dd_buf_str(&r.all)) ^ dd_str_hash(p->model); /* of what is asked, not of how: a stream says what the plain answer says */
    p->id   = dd_arena_printf(arena, "%016llx", (unsigned long long)p->hash);
    if (rc == DD_OK && api != DD_MOCK_EMBEDDINGS && api != DD_MOCK_COUNT) {
        plan_calls(&r, 0);
        if (p->n_calls == 0)
            plan_text(&r, 0, tokens > 0 ? tokens : DEFAULT_TOKENS);
    }
    p->in_tokens += count_tokens(counter, dd_buf_str(&r.all));
    dd_buf_free(&r.all);
    return rc;
}
