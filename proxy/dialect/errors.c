/* Errors in the shapes of both families (S12, S13). The message is the provider's own wherever there is one. */
#include "base/redact.h"
#include "proxy/dialect/answer.h"

#define MAX_MESSAGE 2000

/* A status in both families' words. `code` stands where OpenAI has one and the provider gave none. 529 is Anthropic's alone. */
static const struct { int status; const char *openai, *code, *anthropic; } kinds[] = {
    { 400, "invalid_request_error", "", "invalid_request_error" },
    { 401, "authentication_error", "invalid_api_key", "authentication_error" },
    { 402, "insufficient_quota", "", "billing_error" },
    { 403, "permission_error", "", "permission_error" },
    { 404, "not_found_error", "", "not_found_error" },
    { 408, "timeout_error", "", "timeout_error" },
    { 413, "request_too_large", "", "request_too_large" },
    { 429, "rate_limit_error", "", "rate_limit_error" },
    { 500, "server_error", "", "api_error" },
    { 503, "server_error", "", "overloaded_error" },
    { 504, "timeout_error", "", "timeout_error" },
    { 529, "server_error", "overloaded_error", "overloaded_error" },
};

static size_t kind_of(int status)
{
    size_t i = 0;
    while (i < DD_COUNT(kinds) && kinds[i].status != status)
        i++;
    return i < DD_COUNT(kinds) ? i : status >= 400 && status < 500 ? 0 : 8;
}

/* --- reading --- */

static bool has_nocase(dd_str text, const char *words)
{
    size_t n = strlen(words);
    for (size_t i = 0; i + n <= text.len; i++)
        if (strncasecmp(text.ptr + i, words, n) == 0)
            return true;
    return false;
}

/* A prompt that does not fit is told only in words by most. */
static bool says_context(dd_str message)
{
    static const char *const words[] = { "prompt is too long", "maximum context length", "context window", "exceed context limit", "context length",
                                         "input is too long", "maximum prompt length", "context_length_exceeded" };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (has_nocase(message, words[i]))
            return true;
    return false;
}

/* {"detail": "..."} or {"detail": [{"msg": "...", "loc": [...]}]}, as FastAPI servers answer */
static dd_str read_detail(const dd_jspan *j, uint32_t detail, dd_arena *arena)
{
    if (dd_jspan_kind(j, detail) == DD_J_ARRAY)
        detail = dd_jspan_member(j, dd_jspan_item(j, detail, 0), "msg", NULL);
    return dd_jspan_text(j, detail, arena);
}

/* The page's title, or nothing: a proxy on the way answered, not the API. */
static dd_str title_of(dd_str html)
{
    ptrdiff_t from = dd_str_findz(html, "<title>"), to = dd_str_findz(html, "</title>");
    return from >= 0 && to > from ? dd_str_trim(dd_str_sub(html, (size_t)from + 7, (size_t)to)) : DD_STR("");
}

static dd_str read_plain(int status, dd_str body, dd_arena *arena)
{
    dd_str text = dd_str_trim(body);
    if (text.len && text.ptr[0] == '<')
        text = title_of(text);
    if (!text.len)
        return dd_arena_printf(arena, "the provider answered with status %d and no message", status);
    return dd_arena_dup(arena, dd_str_sub(text, 0, MAX_MESSAGE));
}

static bool read_json(const dd_jspan *j, dd_arena *arena, dd_api_error *e)
{
    uint32_t root = dd_jspan_kind(j, 0) == DD_J_ARRAY ? dd_jspan_item(j, 0, 0) : 0; /* Gemini's wraps its object */
    uint32_t error = dd_jspan_member(j, root, "error", NULL);
    if (dd_jspan_kind(j, root) == DD_J_STRING)
        error = root;
    else if (dd_jspan_kind(j, error) != DD_J_OBJECT && dd_jspan_kind(j, error) != DD_J_STRING)
        error = root;
    dd_str type = dd_jspan_inside(j, dd_jspan_member(j, error, "type", NULL));
    dd_error_object(j, error, arena, e);
    if (!type.len)
        e->type = DD_STR("");
    dd_str detail = read_detail(j, dd_jspan_member(j, root, "detail", NULL), arena);
    if (detail.len)
        e->message = dd_arena_dup(arena, detail);
    return detail.len || dd_jspan_inside(j, error).len || dd_jspan_inside(j, dd_jspan_member(j, error, "message", NULL)).len;
}

/* A provider that refuses a key likes to repeat it. */
static dd_str without_keys(dd_str message, dd_arena *arena)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_redact(message, &b);
    dd_str clean = dd_arena_dup(arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return clean;
}

void dd_error_read(int status, dd_str body, dd_arena *arena, dd_api_error *e)
{
    dd_jspan j;
    bool     said = false, json = dd_jspan_parse(&j, arena, body, NULL) == DD_OK;
    *e            = (dd_api_error){ 0 };
    if (json)
        said = read_json(&j, arena, e);
    if (!said)
        e->message = read_plain(status, json ? DD_STR("") : body, arena);
    e->status  = status;
    e->message = without_keys(dd_str_sub(e->message, 0, MAX_MESSAGE), arena);
    if (!e->type.len)
        e->type = dd_str_z(kinds[kind_of(status)].openai);
    if (!e->code.len && status >= 400 && status < 500 && status != 429 && says_context(e->message)) {
        e->code = DD_STR("context_length_exceeded");
        e->type = DD_STR("invalid_request_error");
    } else if (!e->code.len && status == 404 && has_nocase(e->message, "model"))
        e->code = DD_STR("model_not_found");
    else if (!e->code.len)
        e->code = dd_str_z(kinds[kind_of(status)].code);
}

/* --- writing --- */

int dd_error_status(dd_dialect to, const dd_api_error *e)
{
    int status = e->status >= 400 && e->status <= 599 ? e->status : 502;
    if (to == DD_DIALECT_MESSAGES)
        return status == 503 ? 529 : status;
    return status == 529 ? 503 : status;
}

static void put(dd_buf *out, const char *key, dd_str plain)
{
    dd_jw_key(out, key);
    dd_buf_addc(out, '"');
    dd_jtext_escape(out, plain);
    dd_buf_addc(out, '"');
}

static void put_or_null(dd_buf *out, const char *key, dd_str plain)
{
    if (plain.len)
        put(out, key, plain);
    else
        dd_jw_raw(out, key, DD_STR("null"));
}

static dd_str code_of(const dd_api_error *e) { return e->code.len ? e->code : dd_str_z(kinds[kind_of(e->status)].code); }

static void write_messages(const dd_api_error *e, dd_str request_id, dd_buf *out)
{
    dd_buf_addz(out, "{\"type\":\"error\",\"error\":{");
    put(out, "type", dd_str_z(kinds[kind_of(e->status)].anthropic));
    put(out, "message", e->message);
    dd_buf_addc(out, '}');
    if (request_id.len)
        put(out, "request_id", request_id);
    dd_buf_addc(out, '}');
}

void dd_error_write(dd_dialect to, const dd_api_error *e, dd_str request_id, dd_buf *out)
{
    if (to == DD_DIALECT_MESSAGES) {
        write_messages(e, request_id, out);
        return;
    }
    dd_buf_addz(out, "{\"error\":{");
    put(out, "message", e->message);
    put(out, "type", e->type.len ? e->type : dd_str_z(kinds[kind_of(e->status)].openai));
    put_or_null(out, "param", e->param);
    put_or_null(out, "code", code_of(e));
    dd_buf_addz(out, "}}");
}

void dd_error_event(dd_dialect to, const dd_api_error *e, dd_str request_id, dd_buf *out)
{
    switch (to) {
    case DD_DIALECT_MESSAGES:
        dd_buf_addz(out, "event: error\ndata: ");
        write_messages(e, request_id, out);
        break;
    case DD_DIALECT_RESPONSES:
        dd_buf_addz(out, "event: error\ndata: {\"type\":\"error\"");
        put_or_null(out, "code", code_of(e).len ? code_of(e) : e->type);
        put(out, "message", e->message);
        put_or_null(out, "param", e->param);
        dd_buf_addz(out, ",\"sequence_number\":0}");
        break;
    default:
        dd_buf_addz(out, "data: ");
        dd_error_write(to, e, request_id, out);
    }
    dd_buf_addz(out, "\n\n");
}
