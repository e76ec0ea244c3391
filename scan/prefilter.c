/* Which files are worth a parse.
 *
 * A syntax tree costs a hundred times a look at the bytes, so one pass over them decides. A literal counts when no call
 * site can be without one of the list: the ends of the SDKs' call chains (`messages.create`), hosts and paths of raw HTTP,
 * and packages whose constructors are sites themselves. Names of packages count only where they are imported: a list of
 * providers in a settings page is no reason to parse it. Clients of `openai` and `anthropic` are made in many files that send
 * nothing, so those two need a verb beside the import. Which literals earn their place was measured: docs/walk.md.
 *
 * The pass: every literal has a key of four bytes; a table of byte pairs says which positions can start a key. */
#include <pthread.h>
#include <string.h>

#include "scan/walk.h"

enum { PY = 1, JS = 2, ALL = PY | JS };
typedef enum {
    ANYWHERE,
    IMPORTED,  /* counts in an import */
    CLIENT,    /* counts in an import of a file that holds a verb as well */
} trigger_kind;

typedef struct {
    const char  *text;
    uint8_t      languages;
    trigger_kind kind;
} trigger;

static const trigger triggers[] = {
    /* packages */
    { "openai", ALL, CLIENT },
    { "anthropic", ALL, CLIENT },
    { "langchain", ALL, IMPORTED },
    { "langgraph", ALL, IMPORTED },
    { "litellm", PY, IMPORTED },
    { "genai", ALL, IMPORTED },
    { "generativeai", PY, IMPORTED },
    { "generative-ai", JS, IMPORTED },
    { "generative_models", PY, IMPORTED },
    { "vertexai", ALL, IMPORTED },
    { "mistralai", ALL, IMPORTED },
    { "groq", ALL, IMPORTED },
    { "cohere", ALL, IMPORTED },
    { "llama_index", PY, IMPORTED },
    { "llamaindex", JS, IMPORTED },
    { "pydantic_ai", PY, IMPORTED },
    { "dspy", PY, IMPORTED },
    { "crewai", PY, IMPORTED },
    { "agno", PY, IMPORTED },
    { "agents", PY, IMPORTED },
    { "google.adk", PY, IMPORTED },
    { "swarm", PY, IMPORTED },
    { "deepagents", ALL, IMPORTED },
    { "instructor", ALL, IMPORTED },
    { "together", ALL, IMPORTED },
    { "openrouter", ALL, IMPORTED },
    { "replicate", ALL, IMPORTED },
    { "ollama", ALL, IMPORTED },
    { "smolagents", PY, IMPORTED },
    { "strands", ALL, IMPORTED },
    { "haystack", PY, IMPORTED },
    { "semantic_kernel", PY, IMPORTED },
    { "marvin", PY, IMPORTED },
    { "mirascope", PY, IMPORTED },
    { "claude_agent_sdk", PY, IMPORTED },
    { "claude_code_sdk", PY, IMPORTED },
    { "claude-agent-sdk", JS, IMPORTED },
    { "claude-code", JS, IMPORTED },
    { "huggingface", ALL, IMPORTED },
    { "xai_sdk", PY, IMPORTED },
    { "fireworks", PY, IMPORTED },
    { "cerebras", ALL, IMPORTED },
    { "zhipuai", ALL, IMPORTED },
    { "dashscope", PY, IMPORTED },
    { "voyageai", ALL, IMPORTED },
    { "browser_use", PY, IMPORTED },
    { "autogen", PY, IMPORTED },
    { "ai21", ALL, IMPORTED },
    { "azure.ai", PY, IMPORTED },
    { "ai-inference", JS, IMPORTED },
    { "portkey", ALL, IMPORTED },
    { "mastra", JS, IMPORTED },
    { "genkit", ALL, IMPORTED },
    { "tanstack/ai", JS, IMPORTED },
    { "bedrock-runtime", JS, IMPORTED },
    /* clients and model objects that another file of the project hands on */
    { "OpenAI(", ALL, ANYWHERE },
    { "Anthropic(", ALL, ANYWHERE },
    { "ChatBedrock", ALL, ANYWHERE },
    { "LiteLlm(", PY, ANYWHERE },
    { "LlmAgent(", ALL, ANYWHERE },
    { "GenerativeModel", ALL, ANYWHERE },
    { "InferenceClient", ALL, ANYWHERE },
    { "MistralClient", ALL, ANYWHERE },
    { "init_chat_model", PY, ANYWHERE },
    { "initChatModel", JS, ANYWHERE },
    { "create_react_agent", PY, ANYWHERE },
    { "createReactAgent", JS, ANYWHERE },
    { "ToolLoopAgent", JS, ANYWHERE },
    { "xperimental_Agent", JS, ANYWHERE },
    /* ends of call chains */
    { ".completions", ALL, ANYWHERE },
    { "\"completions\"", ALL, ANYWHERE },
    { "'completions'", ALL, ANYWHERE },
    { "ChatCompletion", PY, ANYWHERE },
    { "createChatCompletion", JS, ANYWHERE },
    { ".createCompletion(", JS, ANYWHERE },
    { ".createEmbedding(", JS, ANYWHERE },
    { ".createImage(", JS, ANYWHERE },
    { ".createTranscription(", JS, ANYWHERE },
    { "getChatCompletions", JS, ANYWHERE },
    { "messages.create", ALL, ANYWHERE },
    { "messages.stream", ALL, ANYWHERE },
    { "messages.parse", ALL, ANYWHERE },
    { "messages.batches", ALL, ANYWHERE },
    { "responses.create", ALL, ANYWHERE },
    { "responses.parse", ALL, ANYWHERE },
    { "responses.stream", ALL, ANYWHERE },
    { "embeddings.create", ALL, ANYWHERE },
    { "images.generate", ALL, ANYWHERE },
    { "images.edit", ALL, ANYWHERE },
    { "images.create", ALL, ANYWHERE },
    { "audio.transcriptions", ALL, ANYWHERE },
    { "audio.translations", ALL, ANYWHERE },
    { "audio.speech", ALL, ANYWHERE },
    { "batches.create", ALL, ANYWHERE },
    { "threads.runs", ALL, ANYWHERE },
    { "threads.create", ALL, ANYWHERE },
    { "chat.complete", ALL, ANYWHERE },
    { "generate_content", PY, ANYWHERE },
    { "generateContent", JS, ANYWHERE },
    { "invoke_model", PY, ANYWHERE },
    { ".converse", PY, ANYWHERE },
    { "bedrock-", PY, ANYWHERE },
    { "ConverseCommand", JS, ANYWHERE },
    { "ConverseStreamCommand", JS, ANYWHERE },
    { "InvokeModel", JS, ANYWHERE },
    { "generateText", JS, ANYWHERE },
    { "streamText", JS, ANYWHERE },
    { "generateObject", JS, ANYWHERE },
    { "streamObject", JS, ANYWHERE },
    { "streamUI", JS, ANYWHERE },
    { "embedMany", JS, ANYWHERE },
    { "embed(", JS, ANYWHERE },
    { "rerank(", JS, ANYWHERE },
    { "doGenerate", JS, ANYWHERE },
    { "doStream", JS, ANYWHERE },
    { "generateImage", JS, ANYWHERE },
    { "generateSpeech", JS, ANYWHERE },
    { "experimental_transcribe", JS, ANYWHERE },
    { "acompletion", PY, ANYWHERE },
    { "create_with_completion", PY, ANYWHERE },
    { "create_partial", PY, ANYWHERE },
    { "create_iterable", PY, ANYWHERE },
    { "replicate.run", ALL, ANYWHERE },
    { ".AI.run(", JS, ANYWHERE },
    { "@cf/", JS, ANYWHERE },
    /* raw HTTP */
    { "/completions", ALL, ANYWHERE },
    { "/embeddings", ALL, ANYWHERE },
    { "/v1/messages", ALL, ANYWHERE },
    { "/v1/responses", ALL, ANYWHERE },
    { "/v1/complete", ALL, ANYWHERE },
    { "/images/generations", ALL, ANYWHERE },
    { "/audio/speech", ALL, ANYWHERE },
    { "/audio/transcriptions", ALL, ANYWHERE },
    { ":generateContent", PY, ANYWHERE },
    { "treamGenerateContent", ALL, ANYWHERE },
    { ":embedContent", ALL, ANYWHERE },
    { "api.openai.com", ALL, ANYWHERE },
    { "openai.azure.com", ALL, ANYWHERE },
    { "api.anthropic.com", ALL, ANYWHERE },
    { "generativelanguage", ALL, ANYWHERE },
    { "aiplatform.googleapis", ALL, ANYWHERE },
    { "openrouter.ai", ALL, ANYWHERE },
    { "api.groq.com", ALL, ANYWHERE },
    { "api.mistral.ai", ALL, ANYWHERE },
    { "api.cohere", ALL, ANYWHERE },
    { "api.together", ALL, ANYWHERE },
    { "api.deepseek", ALL, ANYWHERE },
    { "api.x.ai", ALL, ANYWHERE },
    { "api.perplexity", ALL, ANYWHERE },
    { "api.fireworks", ALL, ANYWHERE },
    { "api.cerebras", ALL, ANYWHERE },
    { "bigmodel.cn", ALL, ANYWHERE },
    { "ai-gateway.vercel", ALL, ANYWHERE },
    { "gateway.ai.cloudflare", ALL, ANYWHERE },
};

/* Parts of `langchain` that make no model. */
static const char *const not_models[] = {
    "_core", "-core", "_text_splitters", ".text_splitter", "/text_splitter", "/textsplitters", ".schema", "/schema", ".prompts",
    "/prompts", ".docstore", ".document", "/document", "/core/", ".vectorstores", "/vectorstores", ".memory", "/memory",
    ".callbacks", "/callbacks", ".tools", "/tools",
};
static const char *const models[] = { "_core.language_models", "/core/language_models" };

/* What an SDK call ends in when its chain of names is broken over lines or handed on in parts. */
static const char *const verbs[] = {
    ".create", ".stream(", ".generate", ".edit", ".runTools", ".transcri", ".translat", ".toolRunner", ".tool_runner", "Agent", "Runner", "Embedding", "OpenAIApi",
};

#define KEY_BYTES 4
#define N_SLOTS 512

typedef struct {
    uint64_t pairs[1024];       /* bit: a key starts with these two bytes */
    uint16_t slots[N_SLOTS];    /* by hash of the key: index + 1 of a trigger */
    uint16_t next[DD_COUNT(triggers)];
    uint8_t  offset[DD_COUNT(triggers)];
} search_table;

static search_table   tables[2]; /* Python, JavaScript */
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static uint32_t key_at(const char *p)
{
    uint32_t k;
    memcpy(&k, p, sizeof k);
    return k;
}

static uint32_t slot_of(uint32_t key)
{
    return (key * 2654435761u) >> 23;
}

static unsigned pair_at(const char *p)
{
    return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

/* Rarer letters make a better key; letters in the order of how often source text has them. */
static int byte_cost(char c)
{
    static const char common[] = " etaornsi\ncldpumh.fg\"(y)bv'=,_:w";
    const char *at = c ? strchr(common, c) : NULL;
    return at ? (int)(sizeof common - (size_t)(at - common)) : 0;
}

static uint8_t best_offset(const char *text)
{
    size_t n = strlen(text), best = 0;
    int    least = INT32_MAX;
    for (size_t i = 0; i + KEY_BYTES <= n; i++) {
        int cost = 0;
        for (size_t k = 0; k < KEY_BYTES; k++)
            cost += byte_cost(text[i + k]) * (k < 2 ? 2 : 1);
        if (cost < least) {
            least = cost;
            best  = i;
        }
    }
    return (uint8_t)best;
}

static void make_tables(void)
{
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < DD_COUNT(triggers); i++) {
            if (!(triggers[i].languages & (t ? JS : PY)))
                continue;
            search_table *s   = &tables[t];
            uint8_t       off = best_offset(triggers[i].text);
            const char   *key = triggers[i].text + off;
            uint16_t     *slot = &s->slots[slot_of(key_at(key))];
            s->offset[i] = off;
            s->next[i]   = *slot;
            *slot        = (uint16_t)(i + 1);
            s->pairs[pair_at(key) / 64] |= UINT64_C(1) << (pair_at(key) % 64);
        }
}

static bool one_of(dd_str text, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (dd_str_startsz(text, list[i]))
            return true;
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* "import x.y", "from x import y", "import_module('x')": the word stands before the name, on its line. */
static bool imported_python(dd_str text, size_t at)
{
    size_t from = at;
    while (from > 0 && at - from < 200 && text.ptr[from - 1] != '\n')
        from--;
    dd_str before = dd_str_sub(text, from, at);
    return dd_str_has(before, "import") || dd_str_has(before, "from ");
}

static bool in_specifier(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("@/_:.-+~", c));
}

/* from "x", import "x", import("x"), require("x"), with anything of a specifier before the name. */
static bool imported_script(dd_str text, size_t at)
{
    while (at > 0 && in_specifier(text.ptr[at - 1]))
        at--;
    if (at == 0 || !strchr("\"'`", text.ptr[at - 1]))
        return false;
    at--;
    while (at > 0 && (is_space(text.ptr[at - 1]) || text.ptr[at - 1] == '('))
        at--;
    dd_str before = dd_str_sub(text, 0, at);
    return dd_str_endsz(before, "from") || dd_str_endsz(before, "import") || dd_str_endsz(before, "require");
}

static bool imported(dd_str text, size_t at, bool script, const trigger *t)
{
    if (script ? !imported_script(text, at) : !imported_python(text, at))
        return false;
    dd_str behind = dd_str_sub(text, at + strlen(t->text), text.len);
    if (!dd_str_eqz(dd_str_z(t->text), "langchain"))
        return true;
    return !one_of(behind, not_models, DD_COUNT(not_models)) || one_of(behind, models, DD_COUNT(models));
}

typedef enum { NOTHING, A_CLIENT, FOUND } verdict;

/* `at` is where a key stands. */
static verdict verify(const search_table *s, dd_str text, size_t at, bool script)
{
    verdict best = NOTHING;
    for (uint16_t i = s->slots[slot_of(key_at(text.ptr + at))]; i; i = s->next[i - 1]) {
        const trigger *t = &triggers[i - 1];
        size_t         n = strlen(t->text), off = s->offset[i - 1];
        if (at < off || text.len - (at - off) < n || memcmp(text.ptr + at - off, t->text, n) != 0)
            continue;
        if (t->kind == ANYWHERE)
            return FOUND;
        if (!imported(text, at - off, script, t))
            continue;
        if (t->kind == IMPORTED)
            return FOUND;
        best = A_CLIENT;
    }
    return best;
}

static bool has_verb(dd_str text)
{
    for (size_t i = 0; i < DD_COUNT(verbs); i++)
        if (memmem(text.ptr, text.len, verbs[i], strlen(verbs[i])))
            return true;
    return false;
}

bool dd_prefilter(dd_str text, dd_lang lang)
{
    bool                script = lang != DD_LANG_PYTHON && lang != DD_LANG_NOTEBOOK;
    const search_table *s      = &tables[script];
    bool                client = false;
    pthread_once(&tables_once, make_tables);
    for (size_t i = 0; i + KEY_BYTES <= text.len; i++) {
        unsigned pair = pair_at(text.ptr + i);
        if (!(s->pairs[pair / 64] >> (pair % 64) & 1))
            continue;
        verdict v = verify(s, text, i, script);
        if (v == FOUND)
            return true;
        client = client || v == A_CLIENT;
    }
    return client && has_verb(text);
}
