/* proxy/endpoints.c - what a path asks for, and the answers that need no provider. */
#include "proxy/exchange.h"

#include "base/json.h"
#include "route/tokens.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char   *method, *path;
    endpoint_kind kind;
    dd_dialect    dialect;
    dd_family     family;
    const char   *name, *ask;
    bool          admin, omni, whole;
} endpoints[] = {
    { "POST", "/chat/completions", EP_GENERATE, DD_DIALECT_CHAT, DD_FAMILY_OPENAI, "chat.completions", NULL, false, false },
    { "POST", "/messages", EP_GENERATE, DD_DIALECT_MESSAGES, DD_FAMILY_ANTHROPIC, "messages", NULL, false, false },
    { "POST", "/responses", EP_GENERATE, DD_DIALECT_RESPONSES, DD_FAMILY_OPENAI, "responses", NULL, false, false },
    { "POST", "/completions", EP_GENERATE, DD_DIALECT_COMPLETIONS, DD_FAMILY_OPENAI, "completions", NULL, false, false },
    { "POST", "/embeddings", EP_GENERATE, DD_DIALECT_EMBEDDINGS, DD_FAMILY_OPENAI, "embeddings", NULL, false, false },
    { "POST", "/messages/count_tokens", EP_COUNT_TOKENS, DD_DIALECT_MESSAGES, DD_FAMILY_ANTHROPIC, "messages.count_tokens", NULL, false, false },
    { "POST", "/chat", EP_GENERATE, DD_DIALECT_CHAT, DD_FAMILY_OPENAI, "chat", NULL, false, true },
    { "POST", "/agent-step", EP_GENERATE, DD_DIALECT_CHAT, DD_FAMILY_OPENAI, "agent-step", NULL, false, true },
    { "POST", "/router/debug", EP_EXPLAIN, DD_DIALECT_CHAT, DD_FAMILY_OPENAI, "router.debug", NULL, false, false },
    { "GET", "/models", EP_MODELS, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "models", NULL, false, false },
    { "GET", "/usage", EP_ASK, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "usage", "usage", false, false },
    { "POST", "/cache/invalidate", EP_ASK, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "cache.invalidate", "cache/invalidate", true, false },
    { "POST", "/admin/panic", EP_ASK, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "admin.panic", "panic", true, false, true },
    { "GET", "/admin/live", EP_LIVE, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "admin.live", NULL, true, false, true },
    { "GET", "/metrics", EP_ASK, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "metrics", "metrics", true, false, true },
    { "GET", "/api/dashboard/summary", EP_ASK, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "dashboard.summary", "dashboard/summary", true, false },
    { "GET", "/api/dashboard/treemap", EP_ASK, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "dashboard.treemap", "dashboard/treemap", true, false },
    { "GET", "/api/requests", EP_ASK, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "requests", "requests", true, false },
    { "GET", "/api/requests/*", EP_ASK, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "request", "request", true, false },
    { "GET", "/health", EP_HEALTH, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "health", NULL, false, false },
    { "GET", "/ready", EP_READY, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "ready", NULL, false, false },
    { "GET", "/health/providers", EP_PROVIDERS, DD_DIALECT_NONE, DD_FAMILY_OPENAI, "health.providers", NULL, false, false },
};

/* Whose client this is, where the path does not say: Anthropic's SDKs always send a version. */
static dd_family family_of(const dd_http *h)
{
    return dd_http_header(h, "anthropic-version").ptr ? DD_FAMILY_ANTHROPIC : DD_FAMILY_OPENAI;
}

/* --- what a path that is passed on is for --- */

/* Last segments of paths that generate or embed, and what follows a colon there; `not_in`: two segments before, where it means something else. */
static const struct { const char *last; endpoint_work work; const char *not_in; } works[] = {
    { "completions", WORK_GENERATE, NULL }, { "responses", WORK_GENERATE, NULL }, { "messages", WORK_GENERATE, "threads" }, { "complete", WORK_GENERATE, NULL },
    { "chat", WORK_GENERATE, NULL }, { "generate", WORK_GENERATE, NULL }, { "runs", WORK_GENERATE, NULL },
    { "generatecontent", WORK_GENERATE, NULL }, { "streamgeneratecontent", WORK_GENERATE, NULL },
    { "embeddings", WORK_EMBED, NULL }, { "embed", WORK_EMBED, NULL }, { "embedcontent", WORK_EMBED, NULL }, { "batchembedcontents", WORK_EMBED, NULL },
};

static char decoded_at(dd_str path, size_t *at)
{
    char c = path.ptr[(*at)++];
    int  high = c == '%' && *at + 1 < path.len ? dd_hex_digit(path.ptr[*at]) : -1, low = high >= 0 ? dd_hex_digit(path.ptr[*at + 1]) : -1;
    if (low < 0)
        return c;
    *at += 2;
    return (char)(high << 4 | low);
}

/* The segments that count, as lenient servers read them: percent codes decoded, empty ones and dots resolved, nothing behind a semicolon. */
typedef struct { char name[64]; } segment;
enum { SEGMENTS = 32 };

static size_t end_segment(segment *s, size_t n, size_t len)
{
    s[n].name[len] = '\0';
    if (strcmp(s[n].name, "..") == 0)
        return n > 0 ? n - 1 : 0;
    return len == 0 || strcmp(s[n].name, ".") == 0 ? n : n + 1;
}

static size_t split_path(dd_str path, segment *s)
{
    size_t n = 0, len = 0;
    bool   behind = false;
    for (size_t at = 0; at < path.len && n < SEGMENTS;) {
        char c = decoded_at(path, &at);
        if (c == '/' || c == '\\') {
            n      = end_segment(s, n, len);
            len    = 0;
            behind = false;
            continue;
        }
        behind = behind || c == ';' || c == '\0';
        if (c == ':')                        /* models/NAME:generateContent */
            len = 0;
        else if (!behind && len + 1 < sizeof s[n].name)
            s[n].name[len++] = c;
    }
    return n < SEGMENTS ? end_segment(s, n, len) : n;
}

static endpoint_work work_of(const dd_http *h, dd_str path)
{
    static const char *const reading[] = { "GET", "HEAD", "DELETE" };
    segment s[SEGMENTS];
    for (size_t i = 0; i < DD_COUNT(reading); i++)
        if (dd_str_eqz(h->method, reading[i]))
            return WORK_OTHER;
    size_t n = split_path(path, s);
    for (size_t i = 0; n > 0 && n < SEGMENTS && i < DD_COUNT(works); i++)
        if (strcasecmp(s[n - 1].name, works[i].last) == 0 && !(works[i].not_in && n > 2 && strcasecmp(s[n - 3].name, works[i].not_in) == 0))
            return works[i].work;
    return n < SEGMENTS ? WORK_OTHER : WORK_GENERATE;   /* no endpoint is that deep */
}

/* `*` at the end: one more segment. What is ours alone is not below /v1. */
static bool is_at(dd_str path, bool v1, const char *row)
{
    dd_str at = dd_str_z(row);
    if (v1 && dd_str_startsz(at, "/api/"))
        return false;
    if (!dd_str_endsz(at, "/*"))
        return dd_str_eq(path, at);
    at.len--;
    return dd_str_starts(path, at) && path.len > at.len && dd_str_chr(dd_str_sub(path, at.len, path.len), '/') < 0;
}

endpoint endpoint_find(const dd_http *h)
{
    dd_str   path   = h->path, method = dd_str_eqz(h->method, "HEAD") ? DD_STR("GET") : h->method;
    bool     v1     = dd_str_startsz(path, "/v1/");
    endpoint found  = { .kind = EP_UNKNOWN, .family = family_of(h), .name = "unknown" };
    if (dd_str_startsz(path, "/p/")) {
        dd_str rest    = dd_str_sub(path, 3, path.len);
        found.provider = dd_str_cut(&rest, '/');
        found.path     = dd_str_sub(path, 3 + found.provider.len, path.len);
        if (dd_str_startsz(found.path, "/v1/"))      /* the provider's base has its version */
            found.path = dd_str_sub(found.path, 3, found.path.len);
        found.kind = EP_PROVIDER;
        found.work = work_of(h, found.path);
        found.name = "passthrough";
        return found;
    }
    dd_str below = v1 ? dd_str_sub(path, 3, path.len) : path, bare = below;
    while (bare.len > 1 && bare.ptr[bare.len - 1] == '/')
        bare.len--;
    for (size_t i = 0; i < DD_COUNT(endpoints); i++) {
        if (!is_at(bare, v1, endpoints[i].path))
            continue;
        if (dd_str_eqz(method, endpoints[i].method)) {
            found.kind    = endpoints[i].kind;
            found.dialect = endpoints[i].dialect;
            found.family  = endpoints[i].kind == EP_MODELS ? found.family : endpoints[i].family;
            found.name    = endpoints[i].name;
            found.ask     = endpoints[i].ask;
            found.admin   = endpoints[i].admin;
            found.omni    = endpoints[i].omni;
            found.whole   = endpoints[i].whole;
            found.path    = bare;
            found.allow   = NULL;
            return found;
        }
        if (dd_str_startsz(bare, "/api/"))
            found.allow = endpoints[i].method;
    }
    if (v1) {
        found.kind = EP_PASS;
        found.work = work_of(h, below);
        found.path = below;
        found.name = "passthrough";
        if (dd_str_startsz(below, "/messages"))
            found.family = DD_FAMILY_ANTHROPIC;
    }
    return found;
}

bool endpoint_is_asked_of_us(const endpoint *ep)
{
    static const endpoint_kind kinds[] = { EP_ASK, EP_LIVE, EP_PROVIDERS, EP_HEALTH, EP_READY };
    for (size_t i = 0; i < DD_COUNT(kinds); i++)
        if (ep->kind == kinds[i])
            return true;
    return false;
}

bool endpoint_is_behind(const endpoint *ep, door d)
{
    bool health = ep->kind == EP_HEALTH || ep->kind == EP_READY;
    switch (d) {
    case DOOR_SOCKET: return endpoint_is_asked_of_us(ep) || ep->kind == EP_MODELS;
    case DOOR_METRICS: return health || (ep->ask && strcmp(ep->ask, "metrics") == 0);
    default: return true;
    }
}

/* Health: the process answers. Ready: it can serve; a store that is away is said, and stops nobody (RO.7). */
void endpoint_health(exchange *x, bool ready)
{
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    bool    can   = x->s->policy.n_providers > 0, store = !hooks->store_ok || hooks->store_ok(hooks->ctx);
    dd_buf  body  = DD_BUF_INIT(0);
    dd_json j     = DD_JSON_INIT(&body, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "status");
    dd_json_strz(&j, ready && !can ? "no provider is configured" : "ok");
    dd_json_key(&j, "version");
    dd_json_strz(&j, dd_gateway_options(x->w->gateway)->version);
    if (ready) {
        dd_json_key(&j, "degraded");
        dd_json_open(&j, '[');
        if (!store)
            dd_json_strz(&j, "store");
        dd_json_close(&j, ']');
    }
    dd_json_close(&j, '}');
    exchange_reply(x, ready && !can ? 503 : 200, "application/json", dd_buf_str(&body), NULL, 0);
    dd_buf_free(&body);
}

/* --- GET /v1/models --- */

static void usd(dd_json *j, const char *name, int64_t micros)   /* of a million tokens */
{
    dd_buf b = DD_BUF_INIT(64);
    dd_json_key(j, name);
    if (micros == DD_PRICE_NONE)
        dd_json_null(j);
    else {
        dd_money_json(micros * (DD_PUSD_PER_USD / 1000000), &b);
        dd_json_raw(j, dd_buf_str(&b));
    }
    dd_buf_free(&b);
}

static void figure(dd_json *j, const char *name, double n)
{
    dd_buf b = DD_BUF_INIT(40);
    dd_buf_printf(&b, "%.4g", n);
    dd_json_key(j, name);
    if (n < 0)
        dd_json_null(j);
    else
        dd_json_raw(j, dd_buf_str(&b));
    dd_buf_free(&b);
}

static void tokens(dd_json *j, const char *name, int64_t n)
{
    dd_json_key(j, name);
    if (n > 0)
        dd_json_i64(j, n);
    else
        dd_json_null(j);
}

/* What the registry knows of a model (RO.2): prices, what it takes and can, and how it does of late. */
static void registry(dd_json *j, exchange *x, dd_str provider, const dd_price *row)
{
    static const struct { uint32_t cap; const char *name; } caps[] = {
        { DD_CAP_TOOLS, "functions" }, { DD_CAP_VISION, "vision" }, { DD_CAP_JSON, "json_schema" }, { DD_CAP_REASONING, "reasoning" },
        { DD_CAP_PDF_IN, "documents" }, { DD_CAP_AUDIO_IN, "audio" }, { DD_CAP_PROMPT_CACHE, "prompt_cache" },
    };
    dd_live      *live = dd_gateway_live(x->w->gateway);
    dd_live_facts f;
    dd_live_look(live, dd_live_slot(live, provider, row->id, 0, false), &x->s->policy.breaker, dd_loop_now(x->w->loop).ns / 1000000, &f);
    dd_json_key(j, "dd0c");
    dd_json_open(j, '{');
    dd_json_key(j, "provider");
    dd_json_str(j, provider);
    usd(j, "input_usd_per_mtok", row->rates.input);
    usd(j, "output_usd_per_mtok", row->rates.output);
    usd(j, "cache_read_usd_per_mtok", row->rates.cache_read);
    tokens(j, "context", row->context);
    tokens(j, "max_output", row->max_output);
    dd_json_key(j, "capabilities");
    dd_json_open(j, '[');
    for (size_t i = 0; i < DD_COUNT(caps); i++)
        if (row->caps & caps[i].cap)
            dd_json_strz(j, caps[i].name);
    dd_json_close(j, ']');
    figure(j, "latency_ms", f.latency_ms);
    figure(j, "first_token_ms", f.first_ms);
    figure(j, "error_rate", f.error_rate);
    dd_json_close(j, '}');
}

static void openai_model(dd_json *j, exchange *x, dd_str id, dd_str provider, const dd_price *row)
{
    dd_str owner    = row ? row->provider : DD_STR("dd0c");
    dd_day released = row ? row->released : DD_DAY_NONE;
    dd_json_open(j, '{');
    dd_json_key(j, "id");
    dd_json_str(j, id);
    dd_json_key(j, "object");
    dd_json_strz(j, "model");
    dd_json_key(j, "created");
    dd_json_i64(j, released == DD_DAY_NONE ? 0 : (int64_t)released * 86400);
    dd_json_key(j, "owned_by");
    dd_json_str(j, owner);
    if (row)
        registry(j, x, provider, row);
    dd_json_close(j, '}');
}

static void anthropic_model(dd_json *j, dd_str id, dd_day released)
{
    char day[11] = "1970-01-01";
    if (released != DD_DAY_NONE)
        dd_day_format(released, day);
    dd_buf at = DD_BUF_INIT(0);
    dd_buf_printf(&at, "%sT00:00:00Z", day);
    dd_json_open(j, '{');
    dd_json_key(j, "type");
    dd_json_strz(j, "model");
    dd_json_key(j, "id");
    dd_json_str(j, id);
    dd_json_key(j, "display_name");
    dd_json_str(j, id);
    dd_json_key(j, "created_at");
    dd_json_str(j, dd_buf_str(&at));
    dd_json_close(j, '}');
    dd_buf_free(&at);
}

typedef struct { exchange *x; dd_json *j; dd_str first, last; } model_list;

/* row NULL: an alias. */
static void add_model(model_list *l, dd_str id, dd_str provider, const dd_price *row)
{
    if (!l->first.len)
        l->first = id;
    l->last = id;
    if (l->x->ep.family == DD_FAMILY_ANTHROPIC)
        anthropic_model(l->j, id, row ? row->released : DD_DAY_NONE);
    else
        openai_model(l->j, l->x, id, provider, row);
}

/* Aliases first, then what each provider sells: bare names where they lead there, else provider/model. */
static void list_models(model_list *l)
{
    const dd_policy *p = &l->x->s->policy;
    for (size_t i = 0; i < p->n_aliases; i++)
        add_model(l, p->aliases[i].name, DD_STR(""), NULL);
    for (size_t i = 0; i < p->n_providers; i++)
        for (size_t k = 0; k < dd_prices_count(l->x->s->prices); k++) {
            const dd_price *row = dd_prices_at(l->x->s->prices, k);
            if (!p->providers[i].billed_as.len || !dd_str_eq(row->provider, p->providers[i].billed_as) || row->status == DD_MODEL_RETIRED)
                continue;
            dd_decision d;
            dd_decide(p, l->x->s->prices, row->id, &d, NULL);
            bool   bare = d.verdict == DD_DECIDED && d.provider == i && dd_str_eq(d.model, row->id);
            dd_str name = p->providers[i].name;
            dd_str id   = bare ? row->id : dd_arena_printf(l->x->h->arena, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(name), DD_STR_ARG(row->id));
            add_model(l, id, name, row);
        }
}

void endpoint_models(exchange *x)
{
    dd_buf     body = DD_BUF_INIT(0);
    dd_json    j    = DD_JSON_INIT(&body, 0);
    model_list l    = { .x = x, .j = &j };
    bool       anth = x->ep.family == DD_FAMILY_ANTHROPIC;
    dd_json_open(&j, '{');
    if (!anth) {
        dd_json_key(&j, "object");
        dd_json_strz(&j, "list");
    }
    dd_json_key(&j, "data");
    dd_json_open(&j, '[');
    list_models(&l);
    dd_json_close(&j, ']');
    if (anth) {
        dd_json_key(&j, "has_more");
        dd_json_bool(&j, false);
        dd_json_key(&j, "first_id");
        l.first.len ? dd_json_str(&j, l.first) : dd_json_null(&j);
        dd_json_key(&j, "last_id");
        l.last.len ? dd_json_str(&j, l.last) : dd_json_null(&j);
    }
    dd_json_close(&j, '}');
    exchange_reply(x, 200, "application/json", dd_buf_str(&body), NULL, 0);
    dd_buf_free(&body);
}

/* S20: an estimate, and it says so. */
void endpoint_count_tokens(exchange *x)
{
    static const dd_header flag[] = { { { "x-dd0c-estimate", 15 }, { "true", 4 } } };
    char body[64];
    int  n = snprintf(body, sizeof body, "{\"input_tokens\":%lld}", (long long)settle_count_input(x));
    exchange_reply(x, 200, "application/json", (dd_str){ body, (size_t)n }, flag, 1);
}
