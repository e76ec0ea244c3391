/* proxy/prepare.c - from what the client sent to what the provider gets. */
#include "proxy/exchange.h"

#include <stdarg.h>

bool fail_request(exchange *x, int status, const char *type, const char *code, const char *param, const char *fmt, ...)
{
    dd_buf  text = DD_BUF_INIT(2048);
    va_list ap;
    va_start(ap, fmt);
    dd_buf_vprintf(&text, fmt, ap);
    va_end(ap);
    x->error = (dd_api_error){ .status = status, .type = dd_str_z(type), .code = dd_str_z(code), .param = dd_str_z(param),
                               .message = settle_redacted(x, dd_arena_dup(x->h->arena, dd_buf_str(&text))), .no_retry = status != 429 && status < 500 };
    dd_buf_free(&text);
    return false;
}

/* --- headers --- */

/* Never forwarded: of one connection only, what names us, what names the client's secrets, what speaks of the body's coding. */
static const char *const kept_back[] = {
    "accept-encoding", "api-key", "authorization", "connection", "content-encoding", "content-length", "content-type", "cookie", "expect",
    "forwarded", "host", "keep-alive",
    "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via", "x-api-key",
    "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "x-goog-api-key", "x-real-ip",
};
/* Only their own family understands them; a client's own headers (traces, keys of gateways behind us) go along. */
static const char *const kept_in_family[] = { "anthropic-", "openai-", "x-stainless-" };

static bool in_list(const char *const *list, size_t n, dd_str name)
{
    for (size_t i = 0; i < n; i++)
        if (dd_str_eqz(name, list[i]))
            return true;
    return false;
}

/* RFC 9110 section 7.6.1: what Connection names is of this connection alone. */
static bool is_hop(dd_str connection, dd_str name)
{
    while (connection.len)
        if (dd_str_eq_nocase(dd_str_trim(dd_str_cut(&connection, ',')), name))
            return true;
    return false;
}

static bool passes_up(dd_str name, bool across)
{
    for (size_t i = 0; across && i < DD_COUNT(kept_in_family); i++)
        if (dd_str_startsz(name, kept_in_family[i]))
            return false;
    return !in_list(kept_back, DD_COUNT(kept_back), name) && !dd_str_startsz(name, "x-dd0c-");
}

/* The parent of what the provider does is the attempt, never what the client called its own; the vendors' words go along with a trace that is told. */
static bool is_of_trace(const exchange *x, dd_str name)
{
    return dd_str_eq(name, DD_STR("traceparent")) || (!x->traced && dd_str_eq(name, DD_STR("tracestate")));
}

static void add_trace(exchange *x)
{
    if (!x->traced && !dd_gateway_options(x->w->gateway)->propagate)
        return;
    char *text = dd_arena_alloc(x->h->arena, 56);
    dd_traceparent_write(x->trace.trace_id, dd_trace_span(x->id, (unsigned)x->attempts.n + 1), x->trace.sampled, text);
    x->up_headers[x->n_up_headers++] = (dd_header){ DD_STR("traceparent"), { text, 55 } };
}

static void make_headers(exchange *x, bool across)
{
    const dd_http *h = x->h;
    x->up_headers    = dd_newn(h->arena, dd_header, h->n_headers + 5);
    x->n_up_headers  = 0;
    dd_str type      = dd_http_header(h, "content-type");
    if (h->body.len)
        x->up_headers[x->n_up_headers++] = (dd_header){ DD_STR("content-type"), across || !type.len ? DD_STR("application/json") : type };
    const dd_provider_key *key = x->provider->n_keys ? &x->provider->keys[x->key_at] : NULL;
    dd_str value = key ? key->value : DD_STR("");
    if (!key && !x->provider->kind->keyless && x->caller.open && dd_gateway_options(x->w->gateway)->pass_client_keys &&
        x->ep.family == x->provider->kind->family) {
        dd_str bearer = dd_http_header(h, "authorization"), own = dd_http_header(h, "x-api-key");
        value = own.len ? own : dd_str_startsz(bearer, "Bearer ") ? dd_str_sub(bearer, 7, bearer.len) : DD_STR("");
    }
    dd_header auth[2];
    size_t    n_auth = dd_provider_auth(x->provider, value, h->arena, auth);
    dd_str    hops   = dd_http_header(h, "connection");
    x->up_key = value;
    for (size_t i = 0; i < h->n_headers; i++) {
        dd_header f    = h->headers[i];
        bool      keep = passes_up(f.name, across) && !is_hop(hops, f.name) && !is_of_trace(x, f.name);
        if (dd_str_eqz(f.name, "anthropic-version") && n_auth == 2) {   /* the client's own version stays */
            if (keep)
                n_auth = 1;
        }
        if (keep)
            x->up_headers[x->n_up_headers++] = f;
    }
    for (size_t i = 0; i < n_auth; i++)
        x->up_headers[x->n_up_headers++] = auth[i];
    add_trace(x);
}

/* --- the body --- */

bool prepare_read(exchange *x)
{
    static const char *const names[] = { "model", "stream", "stream_options", "user", "metadata", "encoding_format" };
    uint32_t node[DD_COUNT(names)];
    dd_err   err = DD_ERR_INIT;
    if (dd_jspan_parse(&x->body, x->h->arena, x->h->body, &err) != DD_OK) {
        x->body.n = 0;
        return fail_request(x, 400, "invalid_request_error", "", "", "%s%s", x->h->body.len ? "the request body is no JSON: " : "",
                            x->h->body.len ? err.msg : "the request has no body; JSON is needed");
    }
    if (dd_jspan_kind(&x->body, 0) != DD_J_OBJECT)
        return fail_request(x, 400, "invalid_request_error", "", "", "the request body is no JSON object");
    int twice = dd_jspan_members(&x->body, 0, names, node, DD_COUNT(names));
    if (twice >= 0)
        return fail_request(x, 400, "invalid_request_error", "", names[twice], "the member \"%s\" is there twice", names[twice]);
    if (x->ep.omni && dd_jspan_kind(&x->body, node[1]) == DD_J_TRUE)
        return fail_request(x, 400, "invalid_request_error", "unsupported", "stream", "this endpoint answers in one piece; /v1/chat/completions streams");
    bool named = dd_jspan_kind(&x->body, node[0]) == DD_J_STRING && dd_jspan_inside(&x->body, node[0]).len > 0;
    if (!named && !(x->ep.omni && node[0] == DD_J_NONE))
        return fail_request(x, 400, "invalid_request_error", "", "model", node[0] == DD_J_NONE ? "you must provide a model parameter"
                            : "the member \"model\" must be a name");
    x->model  = named ? dd_jspan_text(&x->body, node[0], x->h->arena) : DD_STR("");
    x->stream = dd_jspan_kind(&x->body, node[1]) == DD_J_TRUE;
    x->user   = dd_jspan_text(&x->body, node[3], x->h->arena);
    if (dd_jspan_kind(&x->body, node[4]) == DD_J_OBJECT)
        x->metadata = node[4];
    if (x->metadata && !x->user.len)
        x->user = dd_jspan_text(&x->body, dd_jspan_member(&x->body, node[4], "user_id", NULL), x->h->arena);
    bool     again = false;
    uint32_t asks  = dd_jspan_member(&x->body, node[2], "include_usage", &again);
    if (again)
        return fail_request(x, 400, "invalid_request_error", "", "stream_options.include_usage", "the member \"include_usage\" is there twice");
    x->asked_usage  = dd_jspan_kind(&x->body, asks) == DD_J_TRUE;
    x->wants_base64 = x->ep.dialect == DD_DIALECT_EMBEDDINGS && dd_jspan_is(&x->body, node[5], "base64");
    return true;
}

/* By the name that the client wrote, or as provider/model. */
bool prepare_allows(const exchange *x, size_t provider, dd_str model)
{
    const dd_caller *c = &x->caller;
    return !c->n_models || dd_policy_allows(c->models, c->n_models, x->model) ||
           dd_policy_allows(c->models, c->n_models, dd_arena_printf(x->h->arena, DD_STR_FMT "/" DD_STR_FMT,
                                                                    DD_STR_ARG(x->s->providers[provider].name), DD_STR_ARG(model)));
}

dd_dialect prepare_dialect(const exchange *x, size_t provider)
{
    const dd_provider_kind *kind = x->s->providers[provider].kind;
    bool anthropic = kind->family == DD_FAMILY_ANTHROPIC;
    switch (x->ep.dialect) {
    case DD_DIALECT_CHAT: return anthropic ? DD_DIALECT_MESSAGES : DD_DIALECT_CHAT;
    case DD_DIALECT_RESPONSES: return anthropic ? DD_DIALECT_MESSAGES : kind->responses ? DD_DIALECT_RESPONSES : DD_DIALECT_CHAT;
    case DD_DIALECT_MESSAGES: return anthropic ? DD_DIALECT_MESSAGES : DD_DIALECT_CHAT;
    default: return anthropic ? DD_DIALECT_NONE : x->ep.dialect;
    }
}

/* What the provider's row and the price table know of the target; a model that the table does not know is taken to be a current one. */
static dd_target_facts target_facts(const exchange *x)
{
    const dd_price *row = x->decision.used.price;
    dd_target_facts f   = x->provider->kind->facts;
    dd_day          of  = row && row->released != DD_DAY_NONE ? row->released : INT32_MAX;
    f.json_schema = f.vision = f.documents = true;
    f.reasoning   = !row || row->caps & DD_CAP_REASONING;
    f.max_output  = row ? row->max_output : 0;
    if (x->to == DD_DIALECT_MESSAGES) {
        /* Claude by generation: Opus 4.1 (2025-08-05) refuses temperature and top_p together; since Opus 4.6 (2026-02-05) thinking is adaptive; since Opus 4.7 (2026-04-16)
         * no sampling is taken at all. Anthropic's migration guide and reports of its errors, read 2026-11-20. */
        f.one_sampling      = of >= dd_day_make(2025, 8, 5);
        f.adaptive_thinking = f.reasoning && of >= dd_day_make(2026, 2, 5);
        f.no_sampling       = of >= dd_day_make(2026, 4, 16);
    }
    return f;
}

static bool translate(exchange *x)
{
    dd_dialect_ctx  ctx   = { .arena = x->h->arena, .drops = &x->drops, .unsupported = x->s->unsupported, .names = &x->names, .ids = &x->ids,
                              .error = &x->error };
    dd_target_facts facts = target_facts(x);
    dd_buf          out   = DD_BUF_INIT(0);
    x->request = dd_new(x->h->arena, dd_request);
    *x->request = (dd_request){ 0 };
    bool ok = dd_request_read(x->ep.dialect, &x->body, &ctx, x->request);
    if (ok && !x->up_stream)
        x->request->stream = false;
    ok = ok && dd_request_write(x->to, x->request, x->decision.model, &facts, &ctx, &out);
    if (ok)
        x->up_body = dd_arena_dup(x->h->arena, dd_buf_str(&out));
    dd_buf_free(&out);
    return ok;
}

static bool same_family(exchange *x)
{
    x->ask_usage     = x->up_stream && (x->to == DD_DIALECT_CHAT || x->to == DD_DIALECT_COMPLETIONS) && !x->asked_usage;
    dd_splice change = { .ask_usage = x->ask_usage, .whole = x->stream && !x->up_stream, .ours = x->ep.omni };
    if (!dd_str_eq(x->model, x->decision.model))
        change.model = x->decision.model;
    x->up_body = dd_splice_request(&x->body, &change, x->h->arena);
    return true;
}

/* At the same step again the body is the same: large ones are not copied with every try. */
bool prepare_step(exchange *x, bool whole)
{
    x->to        = prepare_dialect(x, x->decision.provider);
    x->up_stream = x->stream && !whole;
    if (x->prepared == x->step + 1) {
        make_headers(x, x->to != x->ep.dialect);
        return true;
    }
    x->drops.n = x->names.n = x->ids.n = 0;
    if (x->to == DD_DIALECT_NONE)
        return fail_request(x, 400, "invalid_request_error", "unsupported_endpoint", "model",
                            "the provider \"" DD_STR_FMT "\" of the model \"" DD_STR_FMT "\" has no endpoint for %s",
                            DD_STR_ARG(x->provider->name), DD_STR_ARG(x->model), x->ep.name);
    bool across = x->to != x->ep.dialect;
    if (!(across ? translate(x) : same_family(x)))
        return false;
    x->prepared = x->step + 1;
    make_headers(x, across);
    return true;
}

/* A key with a list of models may ask for nothing that could be another model's work: what is sent must name one of them. */
static bool may_pass(exchange *x, size_t provider)
{
    dd_str method = x->h->method;
    bool   again  = false, reads = !x->h->body.len && (dd_str_eqz(method, "GET") || dd_str_eqz(method, "HEAD") || dd_str_eqz(method, "DELETE"));
    if (!x->caller.n_models || reads)
        return true;
    if (dd_jspan_parse(&x->body, x->h->arena, x->h->body, NULL) == DD_OK && dd_jspan_kind(&x->body, 0) == DD_J_OBJECT) {
        uint32_t node = dd_jspan_member(&x->body, 0, "model", &again);
        x->model      = dd_jspan_text(&x->body, node, x->h->arena);
        if (!again && dd_jspan_kind(&x->body, node) == DD_J_STRING && prepare_allows(x, provider, x->model))
            return true;
    } else {
        x->body.n = 0;
    }
    return fail_request(x, 403, "permission_error", "model_not_allowed", "model", "this key has a list of models, and the request names none of them");
}

/* As it came, to the provider that the path or the family names. */
bool prepare_pass(exchange *x)
{
    const dd_policy *p = &x->s->policy;
    size_t at = x->ep.kind == EP_PROVIDER ? dd_policy_find(p, x->ep.provider) : dd_policy_family(p, x->ep.family);
    if (at == SIZE_MAX && x->ep.kind == EP_PROVIDER)
        return fail_request(x, 404, "invalid_request_error", "provider_not_found", "", "there is no provider \"" DD_STR_FMT "\"", DD_STR_ARG(x->ep.provider));
    if (at == SIZE_MAX && p->n_providers == 1)
        at = 0;
    if (at == SIZE_MAX)
        return fail_request(x, 502, "server_error", "no_provider", "", "no provider is configured for this path");
    if (!may_pass(x, at))
        return false;
    x->provider          = &x->s->providers[at];
    x->decision.provider = at;
    x->decision.verdict  = DD_DECIDED_NO_MODEL;   /* nothing to price */
    x->decision.strategy = "passthrough";
    x->to      = DD_DIALECT_NONE;
    x->up_body = x->h->body;
    const dd_provider_key *key = dd_provider_pick(x->provider, x->w->picks++);
    x->key_at = key ? (size_t)(key - x->provider->keys) : 0;
    make_headers(x, false);
    return true;
}
