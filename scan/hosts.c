/* scan/hosts.c - who is billed for a host, a client class, a package or a model prefix (call-shapes 5, 14, 17, 23). */
#include "scan/detect_tables.h"

static const dd_host hosts[] = {
    { "api.openai.com", "openai" }, { "*.api.openai.com", "openai" },
    { "api.anthropic.com", "anthropic" },
    { "generativelanguage.googleapis.com", "google" }, { "*aiplatform.googleapis.com", "vertex" },
    { "*.openai.azure.com", "azure" }, { "*.services.ai.azure.com", "azure" }, { "*.cognitiveservices.azure.com", "azure" }, { "models.inference.ai.azure.com", "azure" },
    { "bedrock-runtime.*.amazonaws.com", "bedrock" }, { "bedrock-mantle.*.api.aws", "bedrock" },
    { "openrouter.ai", "openrouter" }, { "api.groq.com", "groq" }, { "api.mistral.ai", "mistral" }, { "codestral.mistral.ai", "mistral" },
    { "api.deepseek.com", "deepseek" }, { "api.together.xyz", "together" }, { "api.together.ai", "together" },
    { "api.fireworks.ai", "fireworks" }, { "api.x.ai", "xai" }, { "api.perplexity.ai", "perplexity" },
    { "api.cohere.com", "cohere" }, { "api.cohere.ai", "cohere" }, { "api.cerebras.ai", "cerebras" }, { "api.sambanova.ai", "sambanova" },
    { "integrate.api.nvidia.com", "nvidia" }, { "api.moonshot.*", "moonshot" }, { "open.bigmodel.cn", "zhipuai" }, { "api.z.ai", "zhipuai" },
    { "dashscope*.aliyuncs.com", "dashscope" }, { "ai-gateway.vercel.sh", "vercel" }, { "gateway.ai.cloudflare.com", "cloudflare" },
    { "api.cloudflare.com", "cloudflare" }, { "api.endpoints.anyscale.com", "anyscale" }, { "api.aimlapi.com", "aimlapi" }, { "api.deepinfra.com", "deepinfra" },
    { "api.hyperbolic.xyz", "hyperbolic" }, { "api.novita.ai", "novita" }, { "api.siliconflow.*", "siliconflow" }, { "api.studio.nebius.*", "nebius" },
    { "api-inference.huggingface.co", "huggingface" }, { "router.huggingface.co", "huggingface" }, { "models.github.ai", "github" },
    { "oai.hconeai.com", "openai" }, { "oai.helicone.ai", "openai" }, { "anthropic.helicone.ai", "anthropic" }, { "api.portkey.ai", "portkey" },
    { "api.replicate.com", "replicate" }, { "api.voyageai.com", "voyage" }, { "api.jina.ai", "jina" }, { "api.lepton.ai", "lepton" }, { "api.minimax*", "minimax" }, { "api.01.ai", "01ai" },
    { "qianfan.baidubce.com", "qianfan" }, { "aip.baidubce.com", "qianfan" },
    { "ark.*.volces.com", "volcengine" }, { "api.stepfun.com", "stepfun" }, { "api.ai21.com", "ai21" }, { "api.githubcopilot.com", "github" },
};
static const char *const local_hosts[] = {
    "localhost", "127.*", "0.0.0.0", "[::1]", "host.docker.internal", "ollama", "*.local", "*.internal", "192.168.*", "10.*", "vllm", "lmstudio", "llamacpp", "169.254.*",
    "example.com", "*.example.com", "example.org", "*.example.org", "example.net", "*.example.net", "*.example", "*.test", "*.invalid", /* reserved, RFC 2606 */
};
static const struct { const char *name, *provider; } classes[] = {
    { "AzureOpenAI", "azure" }, { "AsyncAzureOpenAI", "azure" }, { "BedrockOpenAI", "bedrock" }, { "AsyncBedrockOpenAI", "bedrock" },
    { "AnthropicBedrock", "bedrock" }, { "AsyncAnthropicBedrock", "bedrock" }, { "AnthropicBedrockMantle", "bedrock" }, { "AsyncAnthropicBedrockMantle", "bedrock" },
    { "AnthropicAWS", "bedrock" }, { "AsyncAnthropicAWS", "bedrock" }, { "AnthropicVertex", "vertex" }, { "AsyncAnthropicVertex", "vertex" },
    { "AnthropicGoogleCloud", "vertex" }, { "AsyncAnthropicGoogleCloud", "vertex" }, { "AnthropicFoundry", "azure" }, { "AsyncAnthropicFoundry", "azure" },
    { "BedrockClient", "bedrock" }, { "SagemakerClient", "sagemaker" }, { "Portkey", "" }, { "AsyncPortkey", "" },
};
static const struct { const char *package, *provider; } packages[] = {
    { "@anthropic-ai/bedrock-sdk", "bedrock" }, { "@anthropic-ai/vertex-sdk", "vertex" }, { "@anthropic-ai/foundry-sdk", "azure" },
    { "@anthropic-ai/google-cloud-sdk", "vertex" }, { "@anthropic-ai/aws-sdk", "bedrock" },
    { "@ai-sdk/openai", "openai" }, { "@ai-sdk/anthropic", "anthropic" }, { "@ai-sdk/google", "google" }, { "@ai-sdk/google-vertex*", "vertex" },
    { "@ai-sdk/azure", "azure" }, { "@ai-sdk/amazon-bedrock", "bedrock" }, { "@ai-sdk/mistral", "mistral" }, { "@ai-sdk/groq", "groq" },
    { "@ai-sdk/cohere", "cohere" }, { "@ai-sdk/xai", "xai" }, { "@ai-sdk/perplexity", "perplexity" }, { "@ai-sdk/deepseek", "deepseek" },
    { "@ai-sdk/fireworks", "fireworks" }, { "@ai-sdk/togetherai", "together" }, { "@ai-sdk/cerebras", "cerebras" }, { "@ai-sdk/deepinfra", "deepinfra" },
    { "@ai-sdk/gateway", "vercel" }, { "@openrouter/ai-sdk-provider", "openrouter" }, { "ollama-ai-provider*", "ollama" },
    { "langchain_openai*", "openai" }, { "langchain_anthropic*", "anthropic" }, { "langchain_google_genai*", "google" }, { "langchain_google_vertexai*", "vertex" },
    { "langchain_aws*", "bedrock" }, { "langchain_groq*", "groq" }, { "langchain_mistralai*", "mistral" }, { "langchain_cohere*", "cohere" },
    { "langchain_ollama*", "ollama" }, { "@langchain/openai", "openai" }, { "@langchain/anthropic", "anthropic" }, { "@langchain/google-genai", "google" },
    { "@langchain/google-vertexai*", "vertex" }, { "@langchain/aws", "bedrock" }, { "@langchain/groq", "groq" }, { "@langchain/mistralai", "mistral" },
    { "@langchain/cohere", "cohere" }, { "@langchain/ollama", "ollama" },
    { "llama_index.llms.openai*", "openai" }, { "llama_index.llms.anthropic*", "anthropic" }, { "llama_index.embeddings.openai*", "openai" },
    { "@llamaindex/openai", "openai" }, { "@llamaindex/anthropic", "anthropic" }, { "@llamaindex/google", "google" },
};
static const struct { const char *prefix, *provider; } prefixes[] = {
    { "openai", "openai" }, { "openai-responses", "openai" }, { "openai-chat", "openai" }, { "anthropic", "anthropic" }, { "google", "google" }, { "gemini", "google" },
    { "google-gla", "google" }, { "google_genai", "google" }, { "google-vertex", "vertex" }, { "google_vertexai", "vertex" }, { "vertex_ai", "vertex" },
    { "azure", "azure" }, { "azure_openai", "azure" }, { "azure_ai", "azure" }, { "bedrock", "bedrock" }, { "bedrock_converse", "bedrock" }, { "amazon-bedrock", "bedrock" },
    { "groq", "groq" }, { "mistral", "mistral" }, { "mistralai", "mistral" }, { "cohere", "cohere" }, { "deepseek", "deepseek" }, { "xai", "xai" },
    { "openrouter", "openrouter" }, { "together_ai", "together" }, { "together", "together" }, { "fireworks_ai", "fireworks" }, { "fireworks", "fireworks" },
    { "perplexity", "perplexity" }, { "ollama", "ollama" }, { "ollama_chat", "ollama" }, { "huggingface", "huggingface" }, { "cerebras", "cerebras" },
    { "watsonx", "watsonx" }, { "replicate", "replicate" },
};

static dd_str after_scheme(dd_str url, bool *has)
{
    ptrdiff_t at = dd_str_findz(url, "://");
    *has = at >= 0 && at < 12;
    return *has ? dd_str_sub(url, (size_t)at + 3, url.len) : url;
}

static bool host_char(char c)
{
    return c == '.' || c == '-' || c == '_' || c == '\x01' || c == '[' || c == ']' || (c >= '0' && c <= '9') || ((unsigned char)(c | 32) >= 'a' && (c | 32) <= 'z');
}

dd_url dd_url_read(dd_str url)
{
    dd_url out = { .provider = "" };
    dd_str rest = after_scheme(dd_str_trim(url), &out.has_host);
    if (!out.has_host) {
        out.path = rest;
        return out;
    }
    size_t n = 0;
    while (n < rest.len && host_char(rest.ptr[n]))
        n++;
    out.host = dd_str_sub(rest, 0, n);
    out.path = dd_str_sub(rest, n, rest.len);
    for (size_t i = 0; i < DD_COUNT(hosts); i++)
        if (dd_str_glob(dd_str_z(hosts[i].host), out.host, false)) {
            out.provider = hosts[i].provider;
            out.known = true;
            return out;
        }
    for (size_t i = 0; i < DD_COUNT(local_hosts); i++)
        out.local = out.local || dd_str_glob(dd_str_z(local_hosts[i]), out.host, false);
    return out;
}

const char *dd_provider_of_class(dd_str name)
{
    for (size_t i = 0; i < DD_COUNT(classes); i++)
        if (dd_str_eqz(name, classes[i].name))
            return classes[i].provider;
    return NULL;
}

const char *dd_provider_of_package(dd_str package)
{
    for (size_t i = 0; i < DD_COUNT(packages); i++)
        if (dd_str_glob(dd_str_z(packages[i].package), package, false))
            return packages[i].provider;
    return NULL;
}

const char *dd_provider_of_prefix(dd_str model)
{
    ptrdiff_t slash = dd_str_chr(model, '/'), colon = dd_str_chr(model, ':');
    ptrdiff_t at = slash < 0 ? colon : colon < 0 || slash < colon ? slash : colon;
    if (at <= 0)
        return NULL;
    dd_str head = dd_str_sub(model, 0, (size_t)at);
    for (size_t i = 0; i < DD_COUNT(prefixes); i++)
        if (dd_str_eqz(head, prefixes[i].prefix))
            return prefixes[i].provider;
    return NULL;
}
