#include "proxy/provider.h"

#include <string.h>

#include "pricing-cache/provider.h"

/* They follow an older chat completions API. */
#define OLDER .old_max_tokens = true, .no_developer = true

/* Read on 2026-11-20 from each provider's API reference. */
const dd_provider_kind dd_provider_kinds[] = {
    { .name = "openai", .family = DD_FAMILY_OPENAI, .billed_as = "openai", .base_url = "https://api.openai.com/v1", .version = "/v1",
      .key_env = { "OPENAI_API_KEY" }, .key_header = "authorization", .responses = true,
      .source = "https://platform.openai.com/docs/api-reference" },
    { .name = "anthropic", .family = DD_FAMILY_ANTHROPIC, .billed_as = "anthropic", .base_url = "https://api.anthropic.com/v1", .version = "/v1",
      .key_env = { "ANTHROPIC_API_KEY" }, .key_header = "x-api-key",
      .source = "https://docs.anthropic.com/en/api/overview" },
    { .name = "google", .family = DD_FAMILY_OPENAI, .billed_as = "google", .base_url = "https://generativelanguage.googleapis.com/v1beta/openai", .version = "/v1beta/openai",
      .key_env = { "GEMINI_API_KEY", "GOOGLE_API_KEY" }, .key_header = "authorization",
      .facts = { OLDER }, .source = "https://ai.google.dev/gemini-api/docs/openai" },
    { .name = "mistral", .family = DD_FAMILY_OPENAI, .billed_as = "mistral", .base_url = "https://api.mistral.ai/v1", .version = "/v1",
      .key_env = { "MISTRAL_API_KEY" }, .key_header = "authorization",
      .facts = { OLDER, .no_extras = true }, .source = "https://docs.mistral.ai/api" },
    { .name = "deepseek", .family = DD_FAMILY_OPENAI, .billed_as = "deepseek", .base_url = "https://api.deepseek.com/v1", .version = "/v1",
      .key_env = { "DEEPSEEK_API_KEY" }, .key_header = "authorization",
      .facts = { OLDER, .plain_text = true }, .source = "https://api-docs.deepseek.com" },
    { .name = "xai", .family = DD_FAMILY_OPENAI, .billed_as = "xai", .base_url = "https://api.x.ai/v1", .version = "/v1",
      .key_env = { "XAI_API_KEY" }, .key_header = "authorization", .responses = true,
      .facts = { OLDER }, .source = "https://docs.x.ai/docs/api-reference" },
    { .name = "azure", .family = DD_FAMILY_OPENAI, .billed_as = "azure", .version = "/openai/v1",
      .key_env = { "AZURE_OPENAI_API_KEY", "AZURE_API_KEY" }, .url_env = { "AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE" }, .key_header = "api-key", .responses = true,
      .source = "https://learn.microsoft.com/azure/ai-foundry/openai/reference" },
    { .name = "groq", .family = DD_FAMILY_OPENAI, .billed_as = "groq", .base_url = "https://api.groq.com/openai/v1", .version = "/openai/v1",
      .key_env = { "GROQ_API_KEY" }, .key_header = "authorization", .responses = true,
      .facts = { OLDER, .plain_text = true }, .source = "https://console.groq.com/docs/api-reference" },
    { .name = "together", .family = DD_FAMILY_OPENAI, .billed_as = "together", .base_url = "https://api.together.xyz/v1", .version = "/v1",
      .key_env = { "TOGETHER_API_KEY", "TOGETHERAI_API_KEY" }, .key_header = "authorization",
      .facts = { OLDER, .top_k = true }, .source = "https://docs.together.ai/reference" },
    { .name = "openrouter", .family = DD_FAMILY_OPENAI, .billed_as = "openrouter", .base_url = "https://openrouter.ai/api/v1", .version = "/api/v1",
      .key_env = { "OPENROUTER_API_KEY" }, .key_header = "authorization", .responses = true,
      .facts = { OLDER, .cache_control = true, .top_k = true }, .source = "https://openrouter.ai/docs/api-reference" },
    { .name = "ollama", .family = DD_FAMILY_OPENAI, .billed_as = "", .base_url = "http://127.0.0.1:11434/v1", .version = "/v1",
      .url_env = { "OLLAMA_BASE_URL", "OLLAMA_URL" }, .key_header = "authorization", .keyless = true, .free = true,
      .facts = { OLDER, .plain_text = true }, .source = "https://github.com/ollama/ollama/blob/main/docs/openai.md" },
    { .name = NULL },
};

const dd_provider_kind *dd_provider_kind_find(dd_str name)
{
    dd_str other = dd_provider_find(name);
    for (const dd_provider_kind *k = dd_provider_kinds; k->name; k++)
        if (dd_str_eq_nocase(name, dd_str_z(k->name)) || (other.len && dd_str_eqz(other, k->name)))
            return k;
    return NULL;
}

/* Endpoints that people paste whole (the first of them wins). */
static const char *const tails[] = { "/chat/completions", "/completions", "/embeddings", "/messages", "/responses", "/models" };

/* "host", "host:8080", "[::1]:8080": the port, where one stands, is one. */
static bool is_host(dd_str rest)
{
    ptrdiff_t end   = dd_str_chr(rest, '/');
    dd_str    host  = end < 0 ? rest : dd_str_sub(rest, 0, (size_t)end);
    ptrdiff_t user  = dd_str_rchr(host, '@');
    host            = dd_str_sub(host, (size_t)(user + 1), host.len);
    ptrdiff_t colon = dd_str_rchr(host, ':');
    int64_t   port  = 1;
    if (colon >= 0 && !dd_str_endsz(host, "]") && !dd_parse_i64(dd_str_sub(host, (size_t)colon + 1, host.len), &port))
        return false;
    return host.len && colon != 0 && port >= 1 && port <= 65535;
}

dd_code dd_provider_base(const dd_provider_kind *kind, dd_str url, dd_buf *out, dd_err *err)
{
    url = dd_str_trim(url);
    bool      plain = dd_str_startsz(url, "http://");
    size_t    skip  = plain ? 7 : 8;
    if ((!plain && !dd_str_startsz(url, "https://")) || !is_host(dd_str_sub(url, skip, url.len)) || dd_str_has(url, "?") || dd_str_has(url, "#") || dd_str_has(url, " ")) {
        dd_fail(err, DD_ERR_USAGE, "\"" DD_STR_FMT "\" is no base URL", DD_STR_ARG(url));
        dd_hint(err, "It looks like https://host/v1, without a query.");
        return DD_ERR_USAGE;
    }
    while (dd_str_endsz(url, "/"))
        url.len--;
    for (size_t i = 0; i < DD_COUNT(tails); i++)
        if (dd_str_endsz(url, tails[i])) {
            url.len -= dd_str_z(tails[i]).len;
            break;
        }
    dd_buf_add(out, url);
    if (url.len <= skip || dd_str_chr(dd_str_sub(url, skip, url.len), '/') < 0)
        dd_buf_addz(out, kind->version);
    return DD_OK;
}

/* A resource of Azure's that is told its api-version follows the older scheme, a path for each deployment. */
static bool by_deployment(const dd_provider *p) { return p->api_version.len && dd_str_eqz(dd_str_z(p->kind->name), "azure"); }

/* A name as one segment of a path: it is the client's text. */
static void add_segment(dd_str name, dd_buf *out)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || (c == '.' && name.len > 2);
        plain ? dd_buf_addc(out, (char)c) : dd_buf_printf(out, "%%%02X", c);
    }
}

void dd_provider_url(const dd_provider *p, dd_str path, dd_str model, dd_str query, dd_buf *out)
{
    dd_str base = p->base;
    if (by_deployment(p)) {
        if (dd_str_endsz(base, "/v1"))
            base.len -= 3;
        dd_buf_add(out, base);
        dd_buf_addz(out, model.len ? "/deployments/" : "");
        add_segment(model, out);
        dd_buf_printf(out, DD_STR_FMT "?api-version=" DD_STR_FMT, DD_STR_ARG(path), DD_STR_ARG(p->api_version));
        if (query.len)
            dd_buf_addc(out, '&');
    } else {
        dd_buf_add(out, base);
        dd_buf_add(out, path);
        if (query.len)
            dd_buf_addc(out, '?');
    }
    dd_buf_add(out, query);
    dd_buf_z(out);
}

const dd_provider_key *dd_provider_pick(const dd_provider *p, uint64_t pick)
{
    if (p->n_keys == 0)
        return NULL;
    int64_t at = p->total_weight > 0 ? (int64_t)(pick % (uint64_t)p->total_weight) : 0;
    for (size_t i = 0; i < p->n_keys; i++) {
        at -= p->keys[i].weight;
        if (at < 0)
            return &p->keys[i];
    }
    return &p->keys[0];
}

static dd_str bearer(dd_str key, dd_arena *arena)
{
    enum { WORD = 7 };
    char *text = dd_arena_alloc(arena, WORD + key.len);
    memcpy(text, "Bearer ", WORD);
    memcpy(text + WORD, key.ptr, key.len);
    return (dd_str){ text, WORD + key.len };
}

size_t dd_provider_auth(const dd_provider *p, dd_str key, dd_arena *arena, dd_header out[2])
{
    size_t n = 0;
    dd_str header = dd_str_z(p->kind->key_header);
    if (key.len)
        out[n++] = (dd_header){ header, dd_str_eqz(header, "authorization") ? bearer(key, arena) : key };
    if (p->kind->family == DD_FAMILY_ANTHROPIC)
        out[n++] = (dd_header){ DD_STR("anthropic-version"), p->api_version.len ? p->api_version : DD_STR("2023-06-01") };
    return n;
}
