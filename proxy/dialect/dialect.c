/* The dialects' names, what was left out, and which reader and writer serve which dialect. */
#include "proxy/dialect/request.h"

static const char *const dialect_names[] = {
    [DD_DIALECT_NONE] = "", [DD_DIALECT_CHAT] = "chat.completions", [DD_DIALECT_MESSAGES] = "messages",
    [DD_DIALECT_RESPONSES] = "responses", [DD_DIALECT_COMPLETIONS] = "completions", [DD_DIALECT_EMBEDDINGS] = "embeddings",
};

const char *dd_dialect_name(dd_dialect d) { return (size_t)d < DD_COUNT(dialect_names) ? dialect_names[d] : ""; }

/* --- drops --- */

/* Each list stands in one header of the answer and is searched for each new name: both want a limit. */
#define MAX_DROPS 64
#define MAX_NAME  160

/* A client chose these letters, and they go into a header: nothing that ends a field, parts a list or hides. */
static dd_str safe_name(dd_arena *arena, dd_str name)
{
    bool  cut = name.len > MAX_NAME;
    char *to  = dd_arena_alloc(arena, MAX_NAME + 4);
    name      = dd_str_sub(name, 0, MAX_NAME);
    for (size_t i = 0; i < name.len; i++)
        to[i] = name.ptr[i] > ' ' && name.ptr[i] < 0x7f && name.ptr[i] != ',' && name.ptr[i] != '"' ? name.ptr[i] : '?';
    memcpy(to + name.len, "...", cut ? 3 : 0);
    return (dd_str){ to, name.len + (cut ? 3 : 0) };
}

static size_t digits_at(dd_str s, size_t i)
{
    size_t n = 0;
    while (i + n < s.len && s.ptr[i + n] >= '0' && s.ptr[i + n] <= '9')
        n++;
    return n;
}

/* The same name but for numbers in brackets: *out has empty brackets where they differ. */
static bool same_member(dd_arena *arena, dd_str a, dd_str b, dd_str *out)
{
    size_t i = 0, k = 0, n = 0;
    char   to[MAX_NAME + 4];
    while (i < a.len && k < b.len && a.ptr[i] == b.ptr[k] && n < sizeof to) {
        bool bracket = a.ptr[i] == '[';
        to[n++]      = a.ptr[i];
        i++, k++;
        if (!bracket)
            continue;
        size_t da = digits_at(a, i), db = digits_at(b, k);
        if (n + da <= sizeof to && da == db && memcmp(a.ptr + i, b.ptr + k, da) == 0) {
            memcpy(to + n, a.ptr + i, da);
            n += da;
        }
        i += da, k += db;
    }
    if (i != a.len || k != b.len)
        return false;
    *out = dd_arena_dup(arena, (dd_str){ to, n });
    return true;
}

static void add_drop(dd_drops *drops, dd_arena *arena, dd_str name)
{
    if (!drops)
        return;
    for (size_t i = 0; i < drops->n; i++)
        if (dd_str_eq(drops->v[i], name) || same_member(arena, drops->v[i], name, &drops->v[i]))
            return;
    if (drops->n < MAX_DROPS)
        dd_avec_push(arena, drops, dd_arena_dup(arena, name));
    else if (drops->n == MAX_DROPS)
        dd_avec_push(arena, drops, DD_STR("..."));
}

static dd_str name_of(dd_arena *arena, const char *fmt, va_list ap)
{
    dd_buf b = DD_BUF_INIT(1024);
    dd_buf_vprintf(&b, fmt, ap);
    dd_str name = safe_name(arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return name;
}

void dd_drop(dd_drops *drops, dd_arena *arena, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_drop(drops, arena, name_of(arena, fmt, ap));
    va_end(ap);
}

/* A rule's name has empty brackets and no value: "messages[].name", "temperature". */
static bool rule_names(dd_str rule, dd_str name)
{
    size_t i = 0, k = 0;
    while (i < rule.len && k < name.len && rule.ptr[i] == name.ptr[k]) {
        if (name.ptr[k] == '[')
            k += digits_at(name, k + 1);
        i++, k++;
    }
    return i == rule.len && (k == name.len || name.ptr[k] == '=');
}

void dd_dialect_drop(dd_dialect_ctx *ctx, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dd_str name = name_of(ctx->arena, fmt, ap);
    va_end(ap);
    dd_unsupported what = ctx->unsupported;
    for (size_t i = 0; i < ctx->n_rules; i++)
        if (rule_names(ctx->rules[i].name, name)) {
            what = ctx->rules[i].what;
            break;
        }
    if (what == DD_UNSUPPORTED_DROP) {
        add_drop(ctx->drops, ctx->arena, name);
        return;
    }
    dd_str member = dd_str_sub(name, 0, dd_str_chr(name, '=') < 0 ? name.len : (size_t)dd_str_chr(name, '='));
    if (dd_request_ok(ctx)) {
        dd_request_fail(ctx, member, "the model that serves this request does not support it");
        ctx->error->code = DD_STR("unsupported_parameter");
    }
}

/* --- errors --- */

void dd_request_fail(dd_dialect_ctx *ctx, dd_str param, const char *fmt, ...)
{
    va_list ap;
    dd_buf  b = DD_BUF_INIT(2048);
    if (!dd_request_ok(ctx))
        return;
    param = dd_arena_dup(ctx->arena, dd_str_sub(param, 0, 256));
    if (param.len)
        dd_buf_printf(&b, DD_STR_FMT ": ", DD_STR_ARG(param));
    va_start(ap, fmt);
    dd_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    *ctx->error = (dd_api_error){ .status = 400, .type = DD_STR("invalid_request_error"), .param = param,
                                  .message = dd_arena_dup(ctx->arena, dd_buf_str(&b)) };
    dd_buf_free(&b);
}

bool dd_request_ok(const dd_dialect_ctx *ctx) { return ctx->error->status == 0; }

/* --- signatures in other families' hands --- */

#define SEAL "dd0c."

dd_str dd_seal_write(dd_dialect signed_by, dd_str signature, dd_arena *arena)
{
    return dd_arena_printf(arena, SEAL "%s." DD_STR_FMT, dd_dialect_name(signed_by), DD_STR_ARG(signature));
}

dd_str dd_seal_read(dd_str sealed, dd_dialect *signed_by)
{
    static const dd_dialect signers[] = { DD_DIALECT_MESSAGES, DD_DIALECT_RESPONSES };
    if (!dd_str_startsz(sealed, SEAL))
        return sealed;
    dd_str rest = dd_str_sub(sealed, sizeof SEAL - 1, sealed.len), who = dd_str_cut(&rest, '.');
    for (size_t i = 0; i < DD_COUNT(signers); i++)
        if (dd_str_eqz(who, dd_dialect_name(signers[i]))) {
            *signed_by = signers[i];
            return rest;
        }
    return sealed;
}

/* --- which --- */

static const struct {
    bool (*read)(dd_reading *rd);
    void (*write)(dd_writing *w);
    size_t max_name; /* of a tool: OpenAI 64, Anthropic 128 */
} dialects[] = {
    [DD_DIALECT_CHAT]      = { dd_request_read_chat, dd_request_write_chat, 64 },
    [DD_DIALECT_MESSAGES]  = { dd_request_read_messages, dd_request_write_messages, 128 },
    [DD_DIALECT_RESPONSES] = { dd_request_read_responses, dd_request_write_responses, 64 },
};

bool dd_request_read(dd_dialect from, const dd_jspan *body, dd_dialect_ctx *ctx, dd_request *r)
{
    *r          = (dd_request){ .from = from };
    *ctx->error = (dd_api_error){ 0 };
    if ((size_t)from >= DD_COUNT(dialects) || !dialects[from].read) {
        dd_request_fail(ctx, DD_STR(""), "requests of this API cannot be translated");
        return false;
    }
    if (dd_jspan_kind(body, 0) != DD_J_OBJECT) {
        dd_request_fail(ctx, DD_STR(""), "the body has to be a JSON object");
        return false;
    }
    dd_reading rd = { .j = body, .ctx = ctx, .r = r, .turn_tail = &r->turns, .tool_tail = &r->tools, .extra_tail = &r->extras };
    return dialects[from].read(&rd) && dd_request_ok(ctx);
}

bool dd_request_write(dd_dialect to, const dd_request *r, dd_str model, const dd_target_facts *facts, dd_dialect_ctx *ctx, dd_buf *out)
{
    *ctx->error = (dd_api_error){ 0 };
    if ((size_t)to >= DD_COUNT(dialects) || !dialects[to].write) {
        dd_request_fail(ctx, DD_STR(""), "requests cannot be translated to this API");
        return false;
    }
    dd_writing w = { .r = r, .facts = facts, .ctx = ctx, .out = out, .to = to, .model = model, .max_name = dialects[to].max_name };
    dd_write_names(&w);
    dd_write_check_pairs(&w);
    if (dd_request_ok(ctx))
        dialects[to].write(&w);
    dd_map_free(&w.names);
    dd_map_free(&w.taken);
    dd_map_free(&w.ids);
    dd_map_free(&w.taken_ids);
    dd_map_free(&w.custom);
    return dd_request_ok(ctx);
}
