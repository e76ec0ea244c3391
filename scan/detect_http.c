/* scan/detect_http.c - raw HTTP: a request in whose arguments a provider's endpoint, or its path, is visible.
 *
 * The innermost such call is the site; a sender underneath that sees only a variable is none (call-shapes 17). A
 * path alone must be distinctive. Own routes, mocks, test clients and machines of one's own are no sites. */
#include "scan/detect_int.h"

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
static const char *const prompt_keys[] = { "messages", "input", "prompt", "contents", "inputs", NULL };
static const char *const system_keys[] = { "system", "instructions", "systemInstruction", "system_instruction", NULL };
static const char *const cap_keys[] = { "max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens", "maxOutputTokens", "generationConfig.maxOutputTokens",
    "inferenceConfig.maxTokens", "max_tokens_to_sample", "generation_config.max_output_tokens", NULL };

/* Ends of a path, longest first. alone: tells a provider's endpoint from anything else without a host. */
static const struct { const char *end, *api; dd_unit unit; bool alone; } endpoints[] = {
    { "/chat/completions", "chat.completions", DD_UNIT_TOKENS, true },
    { "/v1/messages", "messages", DD_UNIT_TOKENS, true },
    { "/messages", "messages", DD_UNIT_TOKENS, false },
    { "/v1/complete", "completions", DD_UNIT_TOKENS, true },
    { "/v1/completions", "completions", DD_UNIT_TOKENS, true },
    { "/completions", "completions", DD_UNIT_TOKENS, false },
    { "/v1/responses", "responses", DD_UNIT_TOKENS, true },
    { "/responses", "responses", DD_UNIT_TOKENS, false },
    { "/v1/embeddings", "embeddings", DD_UNIT_TOKENS, true },
    { "/embeddings", "embeddings", DD_UNIT_TOKENS, true },
    { "/images/generations", "images", DD_UNIT_IMAGE, true },
    { "/images/generations:submit", "images", DD_UNIT_IMAGE, true },
    { "/images/edits", "images", DD_UNIT_IMAGE, true },
    { "/images/variations", "images", DD_UNIT_IMAGE, true },
    { "/audio/speech", "audio", DD_UNIT_AUDIO, true },
    { "/audio/transcriptions", "audio", DD_UNIT_AUDIO, true },
    { "/audio/translations", "audio", DD_UNIT_AUDIO, true },
    { ":generateContent", "generateContent", DD_UNIT_TOKENS, true },
    { ":streamGenerateContent", "generateContent", DD_UNIT_TOKENS, true },
    { ":embedContent", "embeddings", DD_UNIT_TOKENS, true },
    { ":batchEmbedContents", "embeddings", DD_UNIT_TOKENS, true },
    { ":predict", "generateContent", DD_UNIT_TOKENS, false },
    { ":rawPredict", "messages", DD_UNIT_TOKENS, false },
    { ":streamRawPredict", "messages", DD_UNIT_TOKENS, false },
    { "/invoke", "invoke_model", DD_UNIT_TOKENS, false },
    { "/invoke-with-response-stream", "invoke_model", DD_UNIT_TOKENS, false },
    { "/converse", "converse", DD_UNIT_TOKENS, false },
    { "/converse-stream", "converse", DD_UNIT_TOKENS, false },
    { "/runs", "assistants.runs", DD_UNIT_TOKENS, false },
    { "/batches", "batches", DD_UNIT_TOKENS, false },
    { "/predictions", "chat.completions", DD_UNIT_OTHER, false },
    { "/v1/generate", "completions", DD_UNIT_TOKENS, false },
    { "/v1/chat", "chat.completions", DD_UNIT_TOKENS, false },
    { "/v2/chat", "chat.completions", DD_UNIT_TOKENS, false },
    { "/v1/embed", "embeddings", DD_UNIT_TOKENS, false },
    { "/v2/embed", "embeddings", DD_UNIT_TOKENS, false },
    { "/text/chatcompletion", "chat.completions", DD_UNIT_TOKENS, false },
    { "/text/chatcompletion_v2", "chat.completions", DD_UNIT_TOKENS, false },
    { "/text/chatcompletion_pro", "chat.completions", DD_UNIT_TOKENS, false },
    { "/wenxinworkshop/chat/*", "chat.completions", DD_UNIT_TOKENS, false },
    { "/wenxinworkshop/embeddings/*", "embeddings", DD_UNIT_TOKENS, false },
    { "/ai/run/*", "chat.completions", DD_UNIT_TOKENS, false },
};

static bool contains_nocase(dd_str s, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.len; i++)
        if (!strncasecmp(s.ptr + i, word, n))
            return true;
    return false;
}

static bool url_like(const dd_expr *e)
{
    static const char *const words[] = { "url", "uri", "endpoint", "path" };
    if (!e)
        return false;
    dd_str name = e->kind == DD_X_NAME ? e->name : dd_expr_step(e);
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (contains_nocase(name, words[i]))
            return true;
    return e->kind == DD_X_STRING || e->kind == DD_X_TEMPLATE || e->kind == DD_X_ADD || e->kind == DD_X_FORMAT;
}

/* Path without query, and without what an unknown last part hides. */
static dd_str bare_path(dd_str path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '?' || path.ptr[i] == '#')
            return dd_str_sub(path, 0, i);
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

bool dd_http_api(dd_str path, bool known_host, const char **api, dd_unit *unit, bool *distinctive)
{
    path = bare_path(path);
    if (dd_str_has(path, "/organizations/") || dd_str_has(path, "/organization/"))
        return false;                                     /* what an account used, not a use */
    for (size_t i = 0; i < DD_COUNT(endpoints); i++) {
        const char *end = endpoints[i].end;
        size_t n = strlen(end);
        bool anywhere = n && end[n - 1] == '*';
        bool hit = anywhere ? dd_str_find(path, (dd_str){ end, n - 1 }) >= 0 : dd_str_endsz(path, end) || (dd_str_eqz(path, end + 1) && end[0] == '/');
        if (!hit || (!endpoints[i].alone && !known_host))
            continue;
        *api = endpoints[i].api;
        *unit = endpoints[i].unit;
        *distinctive = endpoints[i].alone;
        return true;
    }
    return false;
}

static bool sending_word(dd_str name)
{
    return contains_nocase(name, "fetch") || contains_nocase(name, "post") || contains_nocase(name, "request");
}

/* An address, or the end of one, written out: its last piece. */
static bool endpoint_text(const dd_expr *e)
{
    static const char lasts[] = "completions|messages|complete|responses|embeddings|generations|edits|variations|speech|transcriptions|translations|generateContent|"
                                "streamGenerateContent|embedContent|batchEmbedContents";
    const char *api;
    dd_unit unit;
    bool alone = false;
    if (e && e->kind == DD_X_TEMPLATE && e->n_items)
        e = e->items[e->n_items - 1];
    else if (e && e->kind == DD_X_ADD)
        e = e->b;
    if (!e || e->kind != DD_X_STRING || e->name.len < 6)
        return false;
    size_t from = e->name.len;
    while (from && e->name.ptr[from - 1] != '/' && e->name.ptr[from - 1] != ':' && e->name.len - from < 24)
        from--;
    if (!from || !dd_word_in(lasts, dd_str_sub(e->name, from, e->name.len)))
        return false;
    return dd_http_api(e->name, true, &api, &unit, &alone) && alone;
}

static bool sends_inside(const dd_unit_ir *unit, const dd_func *f)
{
    static const char exact[] = "urlopen|axios|got|ky|stream|ajax";
    for (uint32_t i = 0; i < unit->n_calls; i++) {
        const dd_expr *e = unit->calls[i];
        if (e->start >= f->start && e->end <= f->end && !dd_str_eq(e->name, f->name) && (sending_word(e->name) || dd_word_in(exact, e->name)))
            return true;
    }
    return false;
}

/* call_api("https://api.openai.com/v1/chat/completions", body): a function of the file that sends what it is given, and
 * has no address of its own. */
bool dd_http_own_sender(const dd_expr *call)
{
    const dd_expr *first = dd_call_arg(call, 0);
    const dd_unit_ir *unit = call->scope ? call->scope->unit : NULL;
    if (!unit || !endpoint_text(first))
        return false;
    for (uint32_t i = 0; i < unit->n_funcs; i++) {
        const dd_func *f = unit->funcs[i];
        uint32_t at = f->cls && !f->is_static && f->unit && (f->unit->file->lang == DD_LANG_PYTHON || f->unit->file->lang == DD_LANG_NOTEBOOK);
        if (dd_str_eq(f->name, call->name) && at < f->n_params && !f->params[at].deflt && sends_inside(unit, f))
            return true;
    }
    return false;
}

/* Words for sending, or a name built from one whose argument looks like an address. */
bool dd_http_call(const dd_expr *call)
{
    static const char exact[] = "post|request|fetch|axios|got|ky|urlopen|stream|superagent|ajax|run";
    if (dd_word_in(exact, call->name))
        return true;
    if (!sending_word(call->name))
        return dd_http_own_sender(call);
    if (dd_str_eqz(call->name, "Request"))                /* is sent by another call */
        return false;
    const dd_expr *url = dd_call_keyword(call, "url"), *first = dd_call_arg(call, 0);
    url = url ? url : dd_call_keyword(call, "path");
    url = url ? url : dd_call_keyword(call, "endpoint");
    return url || url_like(first) || (first && first->kind == DD_X_DICT && dd_dict_get(first, "url"));
}

/* --- the URL --- */
typedef struct {
    dd_value *args, *positional;
    const dd_value *url;
    int url_at;                  /* positional index + 1, 0: by key */
    const dd_expr *call;         /* whose arguments they are: the call, or the Request object it sends */
} request;

static bool is_method(const dd_value *v)
{
    return v && v->kind == DD_V_STRING && v->text.len && v->text.len < 8 && dd_word_in("GET|POST|PUT|PATCH|DELETE|HEAD|get|post|put", v->text);
}

/* new URL(path, base), urljoin(base, path), a Request object: what stands behind an URL that is not text. */
static const dd_value *unwrap_url(const dd_ctx *c, const dd_value *v, dd_buf *out)
{
    dd_path path;
    const dd_expr *e = v->kind == DD_V_EXTERN ? v->call : v->expr;
    if (!e || (e->kind != DD_X_CALL && e->kind != DD_X_NEW) || !dd_word_in("URL|urljoin|String|toString|build_url|join", e->name))
        return v;
    (void)path;
    dd_value *pos = NULL;
    dd_eval_arguments(c->p, e, v->frame ? v->frame : c->frame, &pos);
    dd_value *one = dd_positional(pos, 1), *two = dd_positional(pos, 2);
    bool url = dd_str_eqz(e->name, "URL");
    const dd_value *base = url ? two : one, *tail = url ? one : two;
    if (!dd_word_in("URL|urljoin|join|build_url", e->name) || !two)
        return one ? one : v;
    if (base)
        dd_value_text(base, out);
    if (tail && tail->kind == DD_V_STRING && !dd_str_startsz(tail->text, "/") && !dd_str_endsz(dd_buf_str(out), "/"))
        dd_buf_addc(out, '/');
    if (tail)
        dd_value_text(tail, out);
    return NULL;
}

static void add_url(const dd_ctx *c, const dd_value *v, dd_buf *out)
{
    const dd_value *u = unwrap_url(c, v, out);
    if (u)
        dd_value_text(u, out);
}

/* The base URL that an object of the project keeps for its own sender: self._request("/embeddings", body). */
static void add_own_base(const dd_ctx *c, dd_value *object, dd_buf *out)
{
    static const char *const names[] = { "base_url", "api_base", "baseUrl", "baseURL", "api_base_url", "apiBase", "_base_url",
                                         "_api_base", "api_url", "apiUrl", "host" };
    for (size_t i = 0; i < DD_COUNT(names); i++) {
        dd_buf text = DD_BUF_INIT(4096);
        dd_value *v = dd_value_member(c->p, object, dd_str_z(names[i]));
        bool url = v->kind != DD_V_EXTERN && dd_value_text(v, &text) && dd_str_has(dd_buf_str(&text), "://");
        dd_str base = dd_buf_str(&text);
        while (url && base.len && base.ptr[base.len - 1] == '/')
            base.len--;
        if (url)
            dd_buf_add(out, base);
        dd_buf_free(&text);
        if (url)
            return;
    }
}

/* Base URL of the client that the method belongs to: axios.create({ baseURL }), httpx.Client(base_url=...). */
static void add_base(const dd_ctx *c, dd_str path, dd_buf *out, bool *has_client)
{
    static const char *const keys[] = { "baseURL", "base_url", "prefixUrl", "baseUrl", NULL };
    const dd_expr *callee = c->call->a;
    if (callee->kind != DD_X_MEMBER)
        return;
    dd_value *client = dd_eval(c->p, callee->a, c->frame);
    for (uint32_t i = 0; client->kind == DD_V_CHOICE && i < client->n_items; i++)
        if (client->items[i]->kind == DD_V_EXTERN) {
            client = client->items[i];
            break;
        }
    bool text = dd_str_chr(path, ' ') >= 0 || (dd_str_chr(path, '/') < 0 && dd_word_in("stream|run", c->call->name));
    if (client->kind == DD_V_INSTANCE && !text)            /* model.stream("a question") is no request */
        add_own_base(c, client, out);
    if (client->kind != DD_V_EXTERN)
        return;
    *has_client = true;
    for (const dd_value *v = client; v; v = v->parent) {
        dd_value *positional = NULL, *host;
        if (v->call && dd_word_in("HTTPSConnection|HTTPConnection", v->call->name)) {       /* http.client: a host, and the path is the request's */
            dd_args_of_value(c->p, v, &positional);
            host = dd_positional(positional, 1);
            dd_buf_addz(out, host ? "https://" : "");
            if (host)
                dd_value_text(host, out);
            return;
        }
        dd_value *args = dd_args_of_value(c->p, v, NULL), *base = args ? dd_args_first(c->p, args, keys) : NULL;
        if (base) {
            dd_value_text(base, out);
            return;
        }
    }
}

/* N-23: `const wrapped = wrap(vi.fn())`: what a call makes of a mock sends nothing. */
static bool made_of_mock(const dd_ctx *c)
{
    static const char kits[] = "vitest|jest*|@jest/*|sinon|unittest*|mock|pytest*";
    const dd_expr *callee = c->call->a;
    const dd_binding *b = NULL;
    for (const dd_scope *s = c->call->scope; !b && s && callee->kind == DD_X_NAME; s = s->parent)
        b = dd_scope_find(s, callee->name);
    for (int n = 0; b && n < 16; b = b->next, n++) {
        const dd_expr *made = b->kind == DD_B_ASSIGN ? b->value : NULL;
        if (!made || made->kind != DD_X_CALL)
            continue;
        for (uint32_t i = 0; i < made->n_items && i < 4; i++) {
            dd_path path;
            int base;
            dd_value *v = dd_eval(c->p, made->items[i], c->frame);
            if (v->kind == DD_V_EXTERN && dd_path_of_value(v, &path) &&
                (dd_package_match(kits, &path, &base) || (path.n > 1 && dd_word_in("jest|vi|sinon", path.v[1].name))))
                return true;
        }
    }
    return false;
}

/* Calls that look alike: mocks, routes of the project's own server, clients of its tests. */
static bool not_a_request(const dd_ctx *c, const dd_value *positional)
{
    static const char packages[] = "fastapi*|starlette*|flask*|django*|supertest|express|fastify|hono|koa*|@nestjs/*|responses|respx|nock|msw|httpx_mock|pytest*|requests_mock|vcr*|unittest*|"
                                   "aioresponses|fetch-mock|jest*|vitest|sinon|playwright|@playwright/*|bottle|sanic|aiohttp.web|aiohttp.test_utils|werkzeug*|litestar|openai|anthropic|@testing-library/*";
    static const char roots[] = "app|router|routes|nock|mock*|Mock*|rest|respx*|responses|httpx_mock|requests_mock|aioresponses|fetchMock|jest|vi|expect|blueprint|bp";
    dd_path path;
    dd_value *first = dd_positional(positional, 1), *second = dd_positional(positional, 2);
    int base;
    if (second && second->kind == DD_V_FUNC && first->kind != DD_V_DICT)
        return true;
    if (dd_path_is_test(c->unit->file->path) && made_of_mock(c))
        return true;
    dd_value *v = dd_eval(c->p, c->call->a, c->frame);
    if (v->kind == DD_V_EXTERN && dd_path_of_value(v, &path) && dd_package_match(packages, &path, &base))
        return true;
    bool global = v->kind == DD_V_EXTERN && dd_word_in("globalThis|builtins", path.v[0].name);
    dd_path_of_expr(c->call->a, c->arena, &path);
    return (v->kind != DD_V_EXTERN || global) && path.n > 1 && dd_word_in(roots, path.v[0].name);
}

static const dd_value *url_argument(const dd_ctx *c, request *r)
{
    static const char *const keys[] = { "url", "uri", "endpoint", "path", NULL };
    r->call = c->call;
    r->args = dd_eval_arguments(c->p, c->call, c->frame, &r->positional);
    dd_value *sent = dd_positional(r->positional, 1);
    if (sent && sent->kind == DD_V_EXTERN && sent->call && dd_str_eqz(sent->call->name, "Request")) {
        r->call = sent->call;                              /* urlopen(Request(url, data)), fetch(new Request(url, {...})) */
        r->args = dd_eval_arguments(c->p, sent->call, sent->frame, &r->positional);
    }
    dd_value *one = dd_positional(r->positional, 1), *two = dd_positional(r->positional, 2);
    r->url_at = 1;
    if (one && is_method(one)) {
        r->url_at = 2;
        one = two;
    }
    if (one && one->kind != DD_V_DICT)
        return one;
    r->url_at = 0;
    return r->args ? dd_args_first(c->p, r->args, keys) : NULL;
}

/* https.request({ hostname, path }) */
static void add_host(const request *r, dd_buf *out)
{
    static const char *const keys[] = { "hostname", "host", NULL };
    const dd_value *host = r->url_at ? NULL : r->args ? dd_args_first(NULL, r->args, keys) : NULL;
    if (!host)
        return;
    dd_buf_addz(out, "https://");
    dd_value_text(host, out);
}

/* --- the body --- */
static dd_value *form_field(const dd_ctx *c, const dd_expr *e, const char *field)
{
    if (!e || e->kind != DD_X_NAME)
        return NULL;
    for (const dd_scope *s = e->scope; s; s = s->parent)
        for (dd_binding *b = dd_scope_find(s, e->name); b; b = b->next) {
            const dd_expr *call = b->kind == DD_B_MUTATE ? b->value : NULL;
            const dd_expr *key = call && call->kind == DD_X_CALL && dd_word_in("append|set|add_field", call->name) ? dd_call_arg(call, 0) : NULL;
            if (key && key->kind == DD_X_STRING && dd_str_eqz(key->name, field) && dd_call_arg(call, 1))
                return dd_eval(c->p, dd_call_arg(call, 1), c->frame);
        }
    return NULL;
}

static const dd_expr *body_expr(const request *r)
{
    static const char *const keys[] = { "json", "data", "body", "content", "payload", NULL };
    const dd_expr *options = NULL;
    for (int i = 0; keys[i]; i++)
        if (dd_call_keyword(r->call, keys[i]))
            return dd_call_keyword(r->call, keys[i]);
    for (uint32_t i = 0; i < r->call->n_items; i++)
        if (r->call->items[i]->kind == DD_X_DICT)
            options = r->call->items[i];
    for (int i = 0; options && i < 3; i++)
        if (dd_dict_get(options, keys[i]))
            return dd_dict_get(options, keys[i]);
    if (r->url_at && !dd_word_in("fetch|axios|got|ky|$fetch|ofetch", r->call->name))
        return dd_call_arg(r->call, (uint32_t)r->url_at);
    return NULL;
}

static dd_value *body_of(const dd_ctx *c, const request *r, const dd_expr **expr)
{
    static const char *const keys[] = { "json", "data", "body", "content", "payload", NULL };
    dd_value *next = r->url_at ? dd_positional(r->positional, r->url_at + 1) : NULL, *v;
    *expr = body_expr(r);
    if (*expr) {
        v = dd_body_value(c, *expr, dd_eval(c->p, *expr, c->frame));
        if (v && !(dd_value_get(v, "method") && (dd_value_get(v, "body") || dd_value_get(v, "headers"))))
            return v;
        if (v)
            next = v;
    }
    const dd_value *holders[] = { next, r->args };
    for (size_t h = 0; h < DD_COUNT(holders); h++)
        for (int i = 0; holders[h] && keys[i]; i++) {
            v = dd_value_get(holders[h], keys[i]);
            if (!v)
                continue;
            if (v->expr && !*expr)
                *expr = v->expr;
            dd_value *body = dd_body_value(c, NULL, v);
            if (body)
                return body;
        }
    return NULL;
}

/* Gemini and Bedrock carry the model in the path, Azure the deployment. */
static dd_str model_in_path(const dd_ctx *c, dd_str path, bool hub, bool *hole)
{
    static const char *const before[] = { "/models/", "/deployments/", "/model/", "/ai/run/" };
    for (size_t i = 0; i < DD_COUNT(before); i++) {
        ptrdiff_t at = dd_str_findz(path, before[i]);
        if (at < 0)
            continue;
        size_t from = (size_t)at + strlen(before[i]), to = from;
        while (to < path.len && path.ptr[to] != '/' && path.ptr[to] != '?' && !(path.ptr[to] == ':' && dd_str_eqz(dd_str_z(before[i]), "/models/")))
            to++;
        ptrdiff_t end = hub ? dd_str_findz(dd_str_sub(path, from, path.len), "/v1/") : -1;
        if (i == 3 || hub)                                              /* org/name */
            to = end >= 0 ? from + (size_t)end : path.len;
        dd_str m = dd_str_sub(path, from, to);
        *hole = dd_str_chr(m, '\x01') >= 0;
        return *hole ? DD_STR_NULL : dd_arena_dup(c->arena, m);
    }
    return DD_STR_NULL;
}

/* When the path is a template whose model part is an expression: that expression. */
static const dd_value *hole_in_path(const dd_value *url)
{
    bool next = false;
    for (uint32_t i = 0; url && url->kind == DD_V_TEXT && i < url->n_items; i++) {
        const dd_value *part = url->items[i];
        if (next && part->kind != DD_V_STRING)
            return part;
        next = part->kind == DD_V_STRING && (dd_str_endsz(part->text, "/models/") || dd_str_endsz(part->text, "/deployments/") || dd_str_endsz(part->text, "/model/"));
    }
    return NULL;
}

static void set_model(const dd_ctx *c, dd_site *site, const request *r, dd_value *body, const dd_expr *body_at, dd_url url)
{
    bool hole = false;
    dd_value *v = body ? dd_value_get(body, "model") : form_field(c, body_at, "model");
    if (v && v->kind != DD_V_NONE) {
        dd_model_set(c, site, v, NULL);
        return;
    }
    dd_str in_path = model_in_path(c, bare_path(url.path), !strcmp(url.provider, "huggingface"), &hole);
    const dd_value *part = hole_in_path(r->url);
    bool open = hole || (part && part->kind == DD_V_CHOICE);        /* one of several: not the first of them */
    dd_model_set(c, site, open ? part : NULL, NULL);
    if (in_path.len && !open) {
        site->model = in_path;
        site->model_source = r->url->kind == DD_V_STRING ? r->url->source : DD_SRC_LITERAL;
        site->model_cause = DD_STR("");
    }
    site->deployment = dd_str_has(url.path, "/deployments/");
}

/* A body that is known in full and names no model belongs to something else, unless host or path say otherwise. */
static bool body_fits(const dd_value *body, dd_url url, const char *api)
{
    if (!body || body->open || body->kind != DD_V_DICT || url.known || dd_value_get(body, "model"))
        return true;
    return dd_str_has(url.path, "/deployments/") || dd_str_has(url.path, "/models/") || dd_str_endsz(bare_path(url.path), "/generations:submit") ||
           !strcmp(api, "chat.completions");
}

static bool get_request(const dd_ctx *c, const request *r)
{
    dd_value *options = dd_positional(r->positional, 2), *method = r->args ? dd_value_get(r->args, "method") : NULL;
    if (!method && options)
        method = dd_value_get(options, "method");
    if (!method)
        method = dd_positional(r->positional, 1);
    return dd_str_eqz(c->call->name, "get") || (method && method->kind == DD_V_STRING && (dd_str_eqz(method->text, "GET") || dd_str_eqz(method->text, "get")));
}

static dd_site *make(const dd_ctx *c, request *r, dd_url url, const char *api, dd_unit unit)
{
    const dd_expr *body_at = NULL;
    dd_value *body = body_of(c, r, &body_at);
    if (!body_fits(body, url, api) || get_request(c, r))
        return NULL;
    dd_site *site = dd_site_new(c);
    site->sdk = DD_STR("http");
    site->api = dd_str_z(api);
    site->unit = unit;
    site->provenance = DD_PROV_CONSTRUCTED;
    site->provider = dd_str_z(url.provider);
    set_model(c, site, r, body, body_at, url);
    site->max_tokens = dd_value_cap(c->p, body, cap_keys, &site->max_tokens_set);
    dd_call_facts facts = { c->call, c->frame, body, NULL, prompt_keys, system_keys, cap_keys, 0 };
    dd_prompt_fill(c->p, c->unit, &facts, c->arena, site);
    return site;
}

/* RH-JS-6: env.AI.run("@cf/...", {...}) */
static dd_site *cloudflare(const dd_ctx *c, request *r)
{
    const dd_value *one = dd_positional(r->positional, 1);
    if (!dd_str_eqz(c->call->name, "run") || !one || one->kind != DD_V_STRING || !dd_str_startsz(one->text, "@cf/"))
        return NULL;
    dd_site *site = dd_site_new(c);
    dd_value *body = dd_positional(r->positional, 2);
    site->sdk = DD_STR("http");
    site->api = DD_STR("chat.completions");
    site->provider = DD_STR("cloudflare");
    dd_model_set(c, site, one, NULL);
    site->max_tokens = dd_value_cap(c->p, body, cap_keys, &site->max_tokens_set);
    dd_call_facts facts = { c->call, c->frame, body, NULL, prompt_keys, system_keys, cap_keys, 0 };
    dd_prompt_fill(c->p, c->unit, &facts, c->arena, site);
    return site;
}

/* Endings that other services use too need a provider's way to them: nothing, a version, a deployment. */
static bool usual_prefix(dd_str path, const char *api)
{
    static const char *const ends[] = { "/v1", "/v1beta", "/openai", "/inference", "\x01" };
    if (!dd_word_in("embeddings|audio|images", dd_str_z(api)))
        return true;
    path = bare_path(path);
    ptrdiff_t at = dd_str_findz(path, "/embeddings");
    at = at >= 0 ? at : dd_str_findz(path, "/audio/");
    at = at >= 0 ? at : dd_str_findz(path, "/images/");
    dd_str before = at > 0 ? dd_str_sub(path, 0, (size_t)at) : DD_STR("");
    bool fits = !before.len || dd_str_has(before, "/deployments/");
    for (size_t i = 0; i < DD_COUNT(ends); i++)
        fits |= dd_str_endsz(before, ends[i]);
    return fits;
}

/* The model's own page is the endpoint. */
static bool hugging_face(dd_url url, const char **api)
{
    if (strcmp(url.provider, "huggingface") != 0 || dd_str_findz(url.path, "/models/") < 0)
        return false;
    *api = "chat.completions";
    return true;
}

static dd_site *site_of_url(const dd_ctx *c, request *r, dd_str text, bool has_client)
{
    const char *api = NULL;
    dd_unit unit = DD_UNIT_TOKENS;
    bool distinct = false;
    dd_url url = dd_url_read(text);
    bool rooted = url.has_host || (text.len && text.ptr[0] == '\x01');   /* a host, or a part that may hold one */
    if (url.local || (!dd_http_api(url.path, url.known, &api, &unit, &distinct) && !hugging_face(url, &api)))
        return NULL;
    if (!url.known && !usual_prefix(url.path, api))
        return NULL;
    if (!url.known && !rooted && (dd_str_eqz(c->call->name, "fetch") || has_client))
        return NULL;                                                     /* the project's own server */
    if (!url.known && dd_path_is_test(c->unit->file->path))
        return NULL;
    if (not_a_request(c, r->positional))
        return NULL;
    return make(c, r, url, api, unit);
}

dd_site *dd_site_of_http(const dd_ctx *c)
{
    request r = { 0 };
    dd_site *site = NULL;
    const dd_expr *one = dd_call_arg(c->call, 0);
    if (dd_str_eqz(c->call->name, "run") && !(one && one->kind == DD_X_STRING && dd_str_startsz(one->name, "@cf/")))
        return NULL;
    r.url = url_argument(c, &r);
    if (!r.url)
        return NULL;
    if ((site = cloudflare(c, &r)))
        return site;
    size_t n = r.url->kind == DD_V_CHOICE ? r.url->n_items : 1;
    for (size_t i = 0; i < n && !site; i++) {
        const dd_value *url = r.url->kind == DD_V_CHOICE ? r.url->items[i] : r.url;
        dd_buf text = DD_BUF_INIT(4096), tail = DD_BUF_INIT(4096);
        bool has_client = false;
        add_url(c, url, &tail);
        if (!dd_str_has(dd_buf_str(&tail), "://"))
            add_host(&r, &text);
        if (!text.len && !dd_str_has(dd_buf_str(&tail), "://"))
            add_base(c, dd_buf_str(&tail), &text, &has_client);
        bool based = text.len > 0;
        if (based && tail.len && tail.ptr[0] != '/' && tail.ptr[0] != '\x01' && text.ptr[text.len - 1] != '/')
            dd_buf_addc(&text, '/');
        dd_buf_add(&text, dd_buf_str(&tail));
        request copy = r;
        copy.url = url;
        if (text.len > 1)
            site = site_of_url(c, &copy, dd_arena_dup(c->arena, dd_buf_str(&text)), has_client && !based);
        dd_buf_free(&text);
        dd_buf_free(&tail);
    }
    return site;
}
