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

/* On the stack until it is known to be new: a body may hold a million members that nobody knows. */
typedef struct { char text[MAX_NAME + 4]; size_t len; } drop_name;

static dd_str name_str(const drop_name *n) { return (dd_str){ n->text, n->len }; }

/* A client chose these letters, and they go into a header: nothing that ends a field, parts a list or hides. */
static void make_safe(drop_name *n)
{
    for (size_t i = 0; i < n->len; i++)
        if (n->text[i] <= ' ' || n->text[i] >= 0x7f || n->text[i] == ',' || n->text[i] == '"')
            n->text[i] = '?';
}

static void format_name(drop_name *n, const char *fmt, va_list ap)
{
    int want = vsnprintf(n->text, MAX_NAME + 1, fmt, ap);
    n->len   = want < 0 ? 0 : want > MAX_NAME ? MAX_NAME : (size_t)want;
    make_safe(n);
    if (want > MAX_NAME) {
        memcpy(n->text + n->len, "...", 3);
        n->len += 3;
    }
}

static size_t digits_at(dd_str s, size_t i)
{
    size_t n = 0;
    while (i + n < s.len && s.ptr[i + n] >= '0' && s.ptr[i + n] <= '9')
        n++;
    return n;
}

/* The same name but for numbers in brackets: *out has empty brackets where they differ. */
static bool same_member(dd_str a, dd_str b, drop_name *out)
{
    size_t i = 0, k = 0;
    out->len = 0;
    while (i < a.len && k < b.len && a.ptr[i] == b.ptr[k]) {
        bool bracket         = a.ptr[i] == '[';
        out->text[out->len++] = a.ptr[i];
        i++, k++;
        if (!bracket)
            continue;
        size_t da = digits_at(a, i), db = digits_at(b, k);
        if (da == db && memcmp(a.ptr + i, b.ptr + k, da) == 0) {
            memcpy(out->text + out->len, a.ptr + i, da);
            out->len += da;
        }
        i += da, k += db;
    }
    return i == a.len && k == b.len;
}

static void add_drop(dd_drops *drops, dd_arena *arena, const drop_name *name)
{
    drop_name both;
    for (size_t i = 0; drops && i < drops->n; i++)
        if (same_member(drops->v[i], name_str(name), &both)) {
            if (!dd_str_eq(drops->v[i], name_str(&both)))
                drops->v[i] = dd_arena_dup(arena, name_str(&both));
            return;
        }
    if (drops && drops->n < MAX_DROPS)
        dd_avec_push(arena, drops, dd_arena_dup(arena, name_str(name)));
    else if (drops && drops->n == MAX_DROPS)
        dd_avec_push(arena, drops, DD_STR("..."));
}

void dd_drop(dd_drops *drops, dd_arena *arena, const char *fmt, ...)
{
    va_list   ap;
    drop_name name;
    va_start(ap, fmt);
    format_name(&name, fmt, ap);
    va_end(ap);
    add_drop(drops, arena, &name);
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
    va_list   ap;
    drop_name made;
    va_start(ap, fmt);
    format_name(&made, fmt, ap);
    va_end(ap);
    dd_str         name = name_str(&made);
    dd_unsupported what = ctx->unsupported;
    for (size_t i = 0; i < ctx->n_rules; i++)
        if (rule_names(ctx->rules[i].name, name)) {
            what = ctx->rules[i].what;
            break;
        }
    if (what == DD_UNSUPPORTED_DROP) {
        add_drop(ctx->drops, ctx->arena, &made);
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
