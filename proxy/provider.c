#include "proxy/provider.h"

#include "pricing-cache/provider.h"

/* Read on 2026-11-20 from each provider's API reference. */
const dd_provider_kind dd_provider_kinds[] = {
    { "openai", DD_FAMILY_OPENAI, "openai", "https://api.openai.com/v1", "/v1", { "OPENAI_API_KEY" }, { NULL }, "authorization", false, false, true,
      "https://platform.openai.com/docs/api-reference" },
    { "anthropic", DD_FAMILY_ANTHROPIC, "anthropic", "https://api.anthropic.com/v1", "/v1", { "ANTHROPIC_API_KEY" }, { NULL }, "x-api-key", false, false, false,
      "https://docs.anthropic.com/en/api/overview" },
    { "google", DD_FAMILY_OPENAI, "google", "https://generativelanguage.googleapis.com/v1beta/openai", "/v1beta/openai", { "GEMINI_API_KEY", "GOOGLE_API_KEY" }, { NULL },
      "authorization", false, false, false, "https://ai.google.dev/gemini-api/docs/openai" },
    { "mistral", DD_FAMILY_OPENAI, "mistral", "https://api.mistral.ai/v1", "/v1", { "MISTRAL_API_KEY" }, { NULL }, "authorization", false, false, false,
      "https://docs.mistral.ai/api" },
    { "deepseek", DD_FAMILY_OPENAI, "deepseek", "https://api.deepseek.com/v1", "/v1", { "DEEPSEEK_API_KEY" }, { NULL }, "authorization", false, false, false,
      "https://api-docs.deepseek.com" },
    { "xai", DD_FAMILY_OPENAI, "xai", "https://api.x.ai/v1", "/v1", { "XAI_API_KEY" }, { NULL }, "authorization", false, false, true, "https://docs.x.ai/docs/api-reference" },
    { "azure", DD_FAMILY_OPENAI, "azure", NULL, "/openai/v1", { "AZURE_OPENAI_API_KEY", "AZURE_API_KEY" }, { "AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE" }, "api-key", false,
      false, true, "https://learn.microsoft.com/azure/ai-foundry/openai/reference" },
    { "groq", DD_FAMILY_OPENAI, "groq", "https://api.groq.com/openai/v1", "/openai/v1", { "GROQ_API_KEY" }, { NULL }, "authorization", false, false, true,
      "https://console.groq.com/docs/api-reference" },
    { "together", DD_FAMILY_OPENAI, "together", "https://api.together.xyz/v1", "/v1", { "TOGETHER_API_KEY", "TOGETHERAI_API_KEY" }, { NULL }, "authorization", false, false,
      false, "https://docs.together.ai/reference" },
    { "openrouter", DD_FAMILY_OPENAI, "openrouter", "https://openrouter.ai/api/v1", "/api/v1", { "OPENROUTER_API_KEY" }, { NULL }, "authorization", false, false, true,
      "https://openrouter.ai/docs/api-reference" },
    { "ollama", DD_FAMILY_OPENAI, "", "http://127.0.0.1:11434/v1", "/v1", { NULL }, { "OLLAMA_BASE_URL", "OLLAMA_URL" }, "authorization", true, true, false,
      "https://github.com/ollama/ollama/blob/main/docs/openai.md" },
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

dd_code dd_provider_base(const dd_provider_kind *kind, dd_str url, dd_buf *out, dd_err *err)
{
    url = dd_str_trim(url);
    bool      plain = dd_str_startsz(url, "http://");
    size_t    skip  = plain ? 7 : 8;
    if ((!plain && !dd_str_startsz(url, "https://")) || url.len == skip || dd_str_has(url, "?") || dd_str_has(url, "#") || dd_str_has(url, " ")) {
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

size_t dd_provider_auth(const dd_provider *p, dd_str key, dd_arena *arena, dd_header out[2])
{
    size_t n = 0;
    dd_str header = dd_str_z(p->kind->key_header);
    if (key.len)
        out[n++] = (dd_header){ header, dd_str_eqz(header, "authorization") ? dd_arena_printf(arena, "Bearer " DD_STR_FMT, DD_STR_ARG(key)) : key };
    if (p->kind->family == DD_FAMILY_ANTHROPIC)
        out[n++] = (dd_header){ DD_STR("anthropic-version"), p->api_version.len ? p->api_version : DD_STR("2023-06-01") };
    return n;
}
