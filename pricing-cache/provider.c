#include "pricing-cache/provider.h"

#include "base/str.h"

/* Sources of the spellings: docs/prices.md. Prefixes of model names and `provider` values share this list. */
static const struct { const char *name, *provider; } names[] = {
    { "openai", "openai" },
    { "openai-responses", "openai" },
    { "openai-chat", "openai" },
    { "openai_responses", "openai" },
    { "responses", "openai" },
    { "text-completion-openai", "openai" },
    { "anthropic", "anthropic" },
    { "claude", "anthropic" },
    { "google", "google" },
    { "gemini", "google" },
    { "google-gla", "google" },
    { "google-vertex", "google" },
    { "google-vertex-anthropic", "anthropic" },
    { "google_genai", "google" },
    { "google-genai", "google" },
    { "google_vertexai", "google" },
    { "googleai", "google" },
    { "google-ai", "google" },
    { "vertex", "google" },
    { "vertex_ai", "google" },
    { "vertex_ai_beta", "google" },
    { "vertexai", "google" },
    { "mistral", "mistral" },
    { "mistralai", "mistral" },
    { "codestral", "mistral" },
    { "text-completion-codestral", "mistral" },
    { "cohere", "cohere" },
    { "cohere_chat", "cohere" },
    { "deepseek", "deepseek" },
    { "xai", "xai" },
    { "x-ai", "xai" },
    { "grok", "xai" },
    { "azure", "azure" },
    { "azure_ai", "azure" },
    { "azure_text", "azure" },
    { "azure-openai", "azure" },
    { "azure_openai", "azure" },
    { "azureopenai", "azure" },
    { "bedrock", "bedrock" },
    { "bedrock_converse", "bedrock" },
    { "bedrock-converse", "bedrock" },
    { "amazon-bedrock", "bedrock" },
    { "amazon_bedrock", "bedrock" },
    { "aws-bedrock", "bedrock" },
    { "aws_bedrock", "bedrock" },
    { "aws", "bedrock" },
    { "openrouter", "openrouter" },
    { "groq", "groq" },
    { "together", "together" },
    { "together_ai", "together" },
    { "togetherai", "together" },
    { "fireworks", "fireworks" },
    { "fireworks_ai", "fireworks" },
    { "fireworks-ai", "fireworks" },
};

static const char *const transparent[] = { "gateway", "litellm", "litellm_proxy", "litellm-proxy", "vercel", "portkey", "helicone",
                                           "converse", "invoke", "chat", "completion" };

static const char *const elsewhere[] = {
    "ollama", "ollama_chat", "lmstudio", "lm_studio", "lm-studio", "vllm", "hosted_vllm", "llamafile", "llamacpp", "llama_cpp",
    "localai", "self-hosted", "local", "huggingface", "hf", "replicate", "deepinfra", "cerebras", "sambanova", "perplexity", "nvidia",
    "nvidia_nim", "github", "github_copilot", "github-models", "copilot", "databricks", "watsonx", "sagemaker", "cloudflare", "workers-ai",
    "voyage", "voyageai", "jina", "jina_ai", "nomic", "nebius", "hyperbolic", "novita", "moonshot", "dashscope", "zhipu", "zhipuai",
    "baseten", "predibase", "anyscale", "oci", "volcengine", "ai21", "nlp_cloud", "petals", "xinference",
};

/* Makers sell their own models; the rest sell others' (Groq, Together and Fireworks run open weights). */
static const struct { const char *provider; int rank; } ranks[] = {
    { "openai", 0 }, { "anthropic", 1 }, { "google", 2 }, { "mistral", 3 }, { "cohere", 4 }, { "deepseek", 5 }, { "xai", 6 },
    { "azure", 10 }, { "bedrock", 11 }, { "openrouter", 12 }, { "groq", 13 }, { "together", 14 }, { "fireworks", 15 },
};

dd_str dd_provider_find(dd_str name)
{
    for (size_t i = 0; name.len && i < DD_COUNT(names); i++)
        if (dd_str_eq_nocase(name, dd_str_z(names[i].name)))
            return dd_str_z(names[i].provider);
    return DD_STR("");
}

static bool listed(const char *const *list, size_t n, dd_str name)
{
    for (size_t i = 0; name.len && i < n; i++)
        if (dd_str_eq_nocase(name, dd_str_z(list[i])))
            return true;
    return false;
}

bool dd_provider_transparent(dd_str name) { return listed(transparent, DD_COUNT(transparent), name); }
bool dd_provider_elsewhere(dd_str name) { return listed(elsewhere, DD_COUNT(elsewhere), name); }

int dd_provider_rank(dd_str provider)
{
    for (size_t i = 0; i < DD_COUNT(ranks); i++)
        if (dd_str_eqz(provider, ranks[i].provider))
            return ranks[i].rank;
    return DD_PROVIDER_OTHER;
}
