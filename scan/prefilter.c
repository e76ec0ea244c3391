/* Which files are worth a parse.
 *
 * A syntax tree costs a hundred times a look at the bytes, so one pass over them decides. A literal counts when no call
 * site can be without one of the list: the ends of the SDKs' call chains (`messages.create`), hosts and paths of raw HTTP,
 * and packages whose constructors are sites themselves. Names of packages count only where they are imported: a list of
 * providers in a settings page is no reason to parse it. Clients of `openai` and `anthropic` are made in many files that send
 * nothing, so those two need a verb beside the import. Which literals earn their place was measured: docs/walk.md.
 *
 * The pass looks for one key of four bytes a literal, chosen so that literals share keys and keys are rare. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "scan/walk.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAVE_WIDE 1
#endif

enum { PY = 1, JS = 2, ALL = PY | JS };
typedef enum {
    ANYWHERE,
    PATH,      /* outside of imports: "../embeddings" is a module of one's own */
    IMPORTED,  /* the first part of a module's name, in an import */
    WITHIN,    /* any part of it: `google.genai`, `langfuse.openai` */
} trigger_place;
typedef enum { ALONE, CLIENT, REQUEST, AI, DSPY, BEARER, BESIDE_COUNT } trigger_beside; /* what must be in the file as well */

typedef struct {
    const char    *text;
    uint8_t        languages;
    trigger_place  place;
    trigger_beside beside;
} trigger;

static const trigger triggers[] = {
    /* packages */
    { "openai", ALL, WITHIN, CLIENT },
    { "anthropic", ALL, WITHIN, CLIENT },
    { "langchain", ALL, IMPORTED },
    { "litellm", PY, IMPORTED },
    { "genai", ALL, WITHIN },
    { "generativeai", PY, WITHIN },
    { "generative-ai", JS, WITHIN },
    { "generative_models", PY, WITHIN },
    { "vertexai", ALL, IMPORTED },
    { "mistralai", ALL, IMPORTED },
    { "groq", ALL, IMPORTED },
    { "cohere", ALL, IMPORTED },
    { "llama_index", PY, IMPORTED },
    { "llamaindex", JS, IMPORTED },
    { "pydantic_ai", PY, IMPORTED },
    { "dspy", PY, IMPORTED, DSPY },
    { "crewai", PY, IMPORTED },
    { "agno", PY, IMPORTED },
    { "agents", PY, IMPORTED },
    { "openai/agents", JS, IMPORTED },
    { "openai-agents", JS, IMPORTED },
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
    { "qianfan", PY, IMPORTED },
    { "voyageai", ALL, IMPORTED },
    { "ibm_watson", PY, IMPORTED },
    { "watsonx-ai", JS, IMPORTED },
    { "generative_ai_inference", PY, WITHIN },
    { "generativeaiinference", JS, IMPORTED },
    { "xsai", JS, IMPORTED },
    { "ai-projects", JS, IMPORTED },
    { "ai-agents", JS, IMPORTED },
    { "browser_use", PY, IMPORTED },
    { "autogen", PY, IMPORTED },
    { "agent_framework", PY, IMPORTED },
    { "ai21", ALL, IMPORTED },
    { "azure.ai", PY, IMPORTED },
    { "ai-inference", JS, IMPORTED },
    { "portkey", ALL, IMPORTED },
    { "mastra", JS, IMPORTED },
    { "genkit", ALL, IMPORTED },
    { "tanstack/ai", JS, IMPORTED },
    { "bedrock-runtime", JS, IMPORTED },
    { "clarifai", PY, IMPORTED },
    { "volcengine", PY, IMPORTED },
    { "writerai", PY, IMPORTED },
    { "writer-sdk", JS, IMPORTED },
    { "any_llm", PY, IMPORTED },
    { "fal_client", PY, IMPORTED },
    { "fal-ai/", JS, IMPORTED },
    { "pipecat", PY, IMPORTED },
    { "livekit", ALL, IMPORTED },
    { "agentscope", PY, IMPORTED },
    { "qwen_agent", PY, IMPORTED },
    { "camel.models", PY, IMPORTED },
    { "atomic_agents", PY, IMPORTED },
    { "voltagent", JS, IMPORTED },
    { "inngest", JS, IMPORTED },
    { "stagehand", ALL, IMPORTED },
    { "copilotkit/runtime", JS, IMPORTED },
    { "guidance", PY, IMPORTED },
    { "outlines", PY, IMPORTED },
    { "magentic", PY, IMPORTED },
    { "beeai", ALL, IMPORTED },
    /* clients and model objects that another file of the project hands on */
    { "OpenAI(", ALL, ANYWHERE, CLIENT },
    { "Anthropic(", ALL, ANYWHERE, CLIENT },
    { "ChatOpenAI(", ALL, ANYWHERE },
    { "ChatAnthropic(", ALL, ANYWHERE },
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
    { "WorkflowAgent", JS, ANYWHERE },
    { "Experimental_Agent", JS, ANYWHERE },
    { "DurableAgent", JS, ANYWHERE },
    { "from zai import", PY, ANYWHERE },
    { "ell.simple", PY, ANYWHERE },
    { "ell.complex", PY, ANYWHERE },
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
    { "videos.create", ALL, ANYWHERE },
    { "videos.edit", ALL, ANYWHERE },
    { "videos.remix", ALL, ANYWHERE },
    { "audio.transcriptions", ALL, ANYWHERE },
    { "audio.translations", ALL, ANYWHERE },
    { "audio.speech", ALL, ANYWHERE },
    { "batches.create", ALL, ANYWHERE },
    { "threads.runs", ALL, ANYWHERE },
    { "createAndRun", JS, ANYWHERE },
    { "create_and_run", PY, ANYWHERE },
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
    { "embed(", JS, ANYWHERE, AI },
    { "rerank(", JS, ANYWHERE, AI },
    { "transcribe(", JS, ANYWHERE, AI },
    { "generateImage", JS, ANYWHERE, AI },
    { "generateSpeech", JS, ANYWHERE, AI },
    { "experimental_", JS, ANYWHERE, AI },
    { "acompletion", PY, ANYWHERE },
    { "litellm.", PY, PATH },
    { "create_with_completion", PY, ANYWHERE },
    { "create_partial", PY, ANYWHERE },
    { "create_iterable", PY, ANYWHERE },
    { "replicate.run", ALL, ANYWHERE },
    { ".AI.run(", JS, ANYWHERE },
    { "@cf/", JS, ANYWHERE },
    /* raw HTTP */
    { "/completions", ALL, PATH },
    { "/embeddings", ALL, PATH },
    { "/v1/messages", ALL, ANYWHERE },
    { "/v1/responses", ALL, ANYWHERE },
    { "/v1/complete", ALL, ANYWHERE },
    { "/images/generations", ALL, ANYWHERE },
    { "/images/edits", ALL, ANYWHERE },
    { "/images/variations", ALL, ANYWHERE },
    { "/audio/speech", ALL, ANYWHERE },
    { "/audio/transcriptions", ALL, ANYWHERE },
    { "/audio/translations", ALL, ANYWHERE },
    { "/v1/batches", ALL, ANYWHERE, REQUEST },
    { "bedrock-runtime.", JS, ANYWHERE, REQUEST },
    { ":generateContent", PY, ANYWHERE },
    { "treamGenerateContent", ALL, ANYWHERE },
    { ":embedContent", ALL, ANYWHERE },
    { "max_tokens", ALL, ANYWHERE, REQUEST },      /* the address may come from another file */
    { "\"prompt\":", PY, ANYWHERE, BEARER },
    { "\"messages\":", PY, ANYWHERE, BEARER },
    { "api.openai.com", ALL, ANYWHERE, REQUEST },
    { "openai.azure.com", ALL, ANYWHERE, REQUEST },
    { "api.anthropic.com", ALL, ANYWHERE, REQUEST },
    { "generativelanguage", ALL, ANYWHERE, REQUEST },
    { "aiplatform.googleapis", ALL, ANYWHERE, REQUEST },
    { "openrouter.ai", ALL, ANYWHERE, REQUEST },
    { "api.groq.com", ALL, ANYWHERE, REQUEST },
    { "api.mistral.ai", ALL, ANYWHERE, REQUEST },
    { "api.cohere", ALL, ANYWHERE, REQUEST },
    { "api.together", ALL, ANYWHERE, REQUEST },
    { "api.deepseek", ALL, ANYWHERE, REQUEST },
    { "api.x.ai", ALL, ANYWHERE, REQUEST },
    { "api.perplexity", ALL, ANYWHERE, REQUEST },
    { "api.fireworks", ALL, ANYWHERE, REQUEST },
    { "api.cerebras", ALL, ANYWHERE, REQUEST },
    { "api.replicate.com", ALL, ANYWHERE, REQUEST },
    { "huggingface.co", ALL, ANYWHERE, REQUEST },
    { "bigmodel.cn", ALL, ANYWHERE, REQUEST },
    { "ai-gateway.vercel", ALL, ANYWHERE, REQUEST },
    { "/chatcompletion", ALL, ANYWHERE, REQUEST },
    { "/wenxinworkshop/", ALL, ANYWHERE, REQUEST },
    { "gateway.ai.cloudflare", ALL, ANYWHERE, REQUEST },
};

/* Parts of LangChain that make no model, behind "langchain", "langchain_community" and their kin. */
static const char *const not_models[] = {
    "core",     "text_splitter", "textsplitters", "schema",    "prompts",       "doc",     "vectorstores", "memory",  "callbacks", "tools",   "chains",
    "retriev",  "cache",         "globals",       "runnables", "output_parser", "storage", "indexes",      "utilit",  "hub",       "load",    "messages",
    "mcp_adapters", "langgraph-sdk", "experimental.text", "agents/toolkits",
};
static const char *const models[] = { "core.language_models", "core/language_models" };

/* What one of must be in the file as well. */
static const char *const requests[] = {
    "fetch(", ".post(", "axios", "requests.", "httpx", "urlopen", "aiohttp", ".request(", "got(", "ky.", "session.", "http.client", "XMLHttpRequest", ".ajax(", "invoke(", NULL,
};
static const char *const ai_packages[] = { "'ai'", "\"ai\"", "'ai/", "\"ai/", "npm:ai", "\"ai@", "'ai@", NULL };
static const char *const bearer[] = { "\"Bearer ", "'Bearer ", NULL };
static const char *const dspy_models[] = { "LM(", "LM)", "Embedder", "dspy.OpenAI", "dspy.Azure", "dspy.Claude", "dspy.Google", "dspy.Cohere", "dspy.Together", "dspy.Groq", "import LM", NULL };
/* A client of these SDKs sends when a verb is there and a resource that it belongs to: found apart where a chain of names
 * is broken over lines or handed on in parts. */
static const char *const verbs[] = { ".create", ".acreate", ".parse(", ".stream(", ".generate", ".edit", ".runTools", ".transcri", ".translat", ".toolRunner", ".tool_runner", NULL };
static const char *const resources[] = {
    ".completions", ".responses", ".messages", ".embeddings", ".images", ".audio", ".videos", ".batches", ".beta", ".runs", ".chat", "Completion.", "Embedding.", "Image.", "Audio.", "Edit.", "OpenAIApi", NULL,
};

#define KEY_BYTES 4
#define N_SLOTS 512
#define BUCKETS 8
#define LOOK_BACK 240 /* bytes: a hit costs no more, whatever the file is made of */

/* Positions are ruled out in two steps. Each of the key's four bytes is looked up by its two halves in tables of 16 bytes,
 * one bit a bucket of keys: 32 positions at a time where the machine can. What is left, a position in twenty, must be a key
 * by a bit of its hash. [Hyperscan: Teddy] */
typedef struct {
    uint8_t  low[KEY_BYTES][16], high[KEY_BYTES][16];
    uint64_t hashes[1024];
    uint16_t slots[N_SLOTS];    /* by hash of the key: index + 1 of a trigger */
    uint16_t next[DD_COUNT(triggers)];
    uint8_t  offset[DD_COUNT(triggers)];
} search_table;

static search_table   tables[2]; /* Python, JavaScript */
static bool           wide;      /* AVX2 is there */
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static uint32_t key_at(const char *p)
{
    uint32_t k;
    memcpy(&k, p, sizeof k);
    return k;
}

static uint32_t slot_of(uint32_t key) { return (key * 2654435761u) >> 23; }
static uint32_t bit_of(uint32_t key) { return (key * 2654435761u) >> 16; }

/* Rarer letters make a better key; letters in the order of how often source text has them. */
static int byte_cost(char c)
{
    static const char common[] = " etaornsi\ncldpumh.fg\"(y)bv'=,_:w";
    const char *at = c ? strchr(common, c) : NULL;
    return at ? (int)(sizeof common - (size_t)(at - common)) : 0;
}

/* How many literals of the language hold each key: those that share one need but one. */
typedef struct {
    uint32_t key[4096];
    uint8_t  n[4096];
} key_count;

static uint8_t *count_of(key_count *c, uint32_t key)
{
    uint32_t i = (key * 2654435761u) >> 20;
    while (c->n[i] && c->key[i] != key)
        i = (i + 1) & 4095;
    c->key[i] = key;
    return &c->n[i];
}

static uint8_t best_offset(key_count *c, const char *text)
{
    size_t n = strlen(text), best = 0;
    int    most = INT32_MIN;
    for (size_t i = 0; i + KEY_BYTES <= n; i++) {
        int worth = 25 * *count_of(c, key_at(text + i));
        for (size_t k = 0; k < KEY_BYTES; k++)
            worth -= byte_cost(text[i + k]);
        if (worth > most) {
            most = worth;
            best = i;
        }
    }
    return (uint8_t)best;
}

static int by_key(const void *a, const void *b)
{
    return memcmp(*(const char *const *)a, *(const char *const *)b, KEY_BYTES);
}

static void add_to_bucket(search_table *s, const char *key, size_t bucket)
{
    for (size_t k = 0; k < KEY_BYTES; k++) {
        s->low[k][key[k] & 15] |= (uint8_t)(1u << bucket);
        s->high[k][(unsigned char)key[k] >> 4] |= (uint8_t)(1u << bucket);
    }
}

/* Keys that look alike share a bucket: so its tables let the fewest others through. */
static void fill_buckets(search_table *s, const char **keys, size_t n)
{
    size_t distinct = 0;
    qsort(keys, n, sizeof *keys, by_key);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_key(&keys[i], &keys[distinct - 1]) != 0)
            keys[distinct++] = keys[i];
    for (size_t i = 0; i < distinct; i++)
        add_to_bucket(s, keys[i], i * BUCKETS / distinct);
}

static void make_table(search_table *s, uint8_t language)
{
    const char *keys[DD_COUNT(triggers)];
    size_t      n = 0;
    key_count  *c = dd_calloc(1, sizeof *c);
    for (size_t i = 0; i < DD_COUNT(triggers); i++)
        for (size_t k = 0; triggers[i].languages & language && k + KEY_BYTES <= strlen(triggers[i].text); k++)
            *count_of(c, key_at(triggers[i].text + k)) += 1;
    for (size_t i = 0; i < DD_COUNT(triggers); i++) {
        if (!(triggers[i].languages & language))
            continue;
        s->offset[i]     = best_offset(c, triggers[i].text);
        const char *key  = triggers[i].text + s->offset[i];
        uint16_t   *slot = &s->slots[slot_of(key_at(key))];
        s->next[i]       = *slot;
        *slot            = (uint16_t)(i + 1);
        s->hashes[bit_of(key_at(key)) / 64] |= UINT64_C(1) << (bit_of(key_at(key)) % 64);
        keys[n++] = key;
    }
    fill_buckets(s, keys, n);
    free(c);
}

static void make_tables(void)
{
    make_table(&tables[0], PY);
    make_table(&tables[1], JS);
#ifdef HAVE_WIDE
    wide = __builtin_cpu_supports("avx2");
#endif
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

static bool of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* "import x.y", "from x import y", "import_module('x')": the word stands before the name, on its line. */
static bool imported_python(dd_str text, size_t at, bool within)
{
    size_t from = at;
    if (!within && at > 0 && (of_name(text.ptr[at - 1]) || text.ptr[at - 1] == '.'))
        return false;
    while (from > 0 && at - from < LOOK_BACK && text.ptr[from - 1] != '\n')
        from--;
    dd_str before = dd_str_sub(text, from, at);
    return dd_str_has(before, "import") || dd_str_has(before, "from ");
}

static size_t word_start(dd_str text, size_t at)
{
    size_t least = at > LOOK_BACK ? at - LOOK_BACK : 0;
    while (at > least && (of_name(text.ptr[at - 1]) || (text.ptr[at - 1] && strchr("@/:.-+~", text.ptr[at - 1]))))
        at--;
    return at;
}

/* Where the specifier begins that `at` is in, if that is one: from "x", import "x", import("x"), require("x"). Else 0. */
static size_t specifier(dd_str text, size_t at)
{
    size_t start = at = word_start(text, at);
    if (at == 0 || !strchr("\"'`", text.ptr[at - 1]))
        return 0;
    at--;
    while (at > 0 && (is_space(text.ptr[at - 1]) || text.ptr[at - 1] == '('))
        at--;
    dd_str before = dd_str_sub(text, 0, at);
    return dd_str_endsz(before, "from") || dd_str_endsz(before, "import") || dd_str_endsz(before, "require") ? start : 0;
}

static bool own_module(dd_str name)
{
    static const char *const starts[] = { "./", "../", "~/", "@/" };
    return one_of(name, starts, DD_COUNT(starts));
}

static bool imported_script(dd_str text, size_t at)
{
    size_t start = specifier(text, at);
    dd_str name  = dd_str_sub(text, start, text.len);
    return start && !own_module(name) && !dd_str_startsz(name, "@ai-sdk/"); /* a provider of the AI SDK sends nothing by itself */
}

static bool makes_models(dd_str behind)
{
    static const char *const umbrella[] = { "_community", "/community", "_classic", "/classic" };
    for (size_t i = 0; i < DD_COUNT(umbrella); i++)
        if (dd_str_startsz(behind, umbrella[i]))
            behind = dd_str_sub(behind, strlen(umbrella[i]), behind.len);
    if (behind.len && (behind.ptr[0] == '.' || behind.ptr[0] == '/' || behind.ptr[0] == '_' || behind.ptr[0] == '-'))
        behind = dd_str_sub(behind, 1, behind.len);
    return !one_of(behind, not_models, DD_COUNT(not_models)) || one_of(behind, models, DD_COUNT(models));
}

static bool imported(dd_str text, size_t at, bool script, const trigger *t)
{
    if (script ? !imported_script(text, at) : !imported_python(text, at, t->place == WITHIN))
        return false;
    return !dd_str_eqz(dd_str_z(t->text), "langchain") || makes_models(dd_str_sub(text, at + strlen(t->text), text.len));
}

/* The line begins as a comment. Within a text that is no line of code either. */
static bool commented(dd_str text, size_t at, bool script)
{
    dd_str before = dd_str_sub(text, at > LOOK_BACK ? at - LOOK_BACK : 0, at);
    dd_str head   = dd_str_trim(dd_str_sub(before, (size_t)(dd_str_rchr(before, '\n') + 1), before.len));
    if (!script)
        return dd_str_startsz(head, "#");
    return dd_str_startsz(head, "//") || dd_str_startsz(head, "/*") || dd_str_startsz(head, "* ") || dd_str_eqz(head, "*");
}

static bool counts(const trigger *t, dd_str text, size_t at, bool script)
{
    if (commented(text, at, script))
        return false;
    if (t->place == PATH)
        return !script || (!specifier(text, at) && !own_module(dd_str_sub(text, word_start(text, at), text.len)));
    return t->place == ANYWHERE || imported(text, at, script, t);
}

/* `at` is where a key stands. The bit of what is needed beside it; bit ALONE: nothing, the file is worth a parse. */
static unsigned verify(const search_table *s, dd_str text, size_t at, bool script)
{
    unsigned found = 0;
    for (uint16_t i = s->slots[slot_of(key_at(text.ptr + at))]; i; i = s->next[i - 1]) {
        const trigger *t = &triggers[i - 1];
        size_t         n = strlen(t->text), off = s->offset[i - 1];
        if (at < off || text.len - (at - off) < n || memcmp(text.ptr + at - off, t->text, n) != 0)
            continue;
        if (counts(t, text, at - off, script))
            found |= 1u << t->beside;
    }
    return found;
}

static bool has_any(dd_str text, const char *const *needles)
{
    for (; *needles; needles++)
        if (memmem(text.ptr, text.len, *needles, strlen(*needles)))
            return true;
    return false;
}

static bool is_beside(dd_str text, unsigned found)
{
    return (found >> CLIENT & 1 && has_any(text, resources) && has_any(text, verbs)) || (found >> REQUEST & 1 && has_any(text, requests)) ||
           (found >> AI & 1 && has_any(text, ai_packages)) || (found >> DSPY & 1 && has_any(text, dspy_models)) ||
           (found >> BEARER & 1 && has_any(text, bearer) && has_any(text, requests));
}

typedef struct {
    const search_table *table;
    dd_str              text;
    bool                script;
    unsigned            found;   /* bits: what is needed beside what was found */
} search;

/* A position that the tables let through. True: the file is worth a parse. */
static bool try_at(search *s, size_t at)
{
    uint32_t bit = bit_of(key_at(s->text.ptr + at));
    if (!(s->table->hashes[bit / 64] >> (bit % 64) & 1))
        return false;
    s->found |= verify(s->table, s->text, at, s->script);
    return s->found & 1u << ALONE;
}

static bool search_narrow(search *s, size_t from)
{
    for (size_t i = from; i + KEY_BYTES <= s->text.len; i++)
        if (try_at(s, i))
            return true;
    return false;
}

#ifdef HAVE_WIDE
__attribute__((target("avx2"))) static uint32_t let_through(const search_table *t, const char *p)
{
    const __m256i half = _mm256_set1_epi8(15);
    __m256i       left = _mm256_set1_epi8(-1);
    for (int k = 0; k < KEY_BYTES; k++) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(p + k));
        __m256i low   = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)t->low[k]));
        __m256i high  = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)t->high[k]));
        __m256i a     = _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half));
        __m256i b     = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half));
        left          = _mm256_and_si256(left, _mm256_and_si256(a, b));
    }
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(left, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static bool search_wide(search *s)
{
    size_t i = 0;
    for (; i + 32 + KEY_BYTES <= s->text.len; i += 32)
        for (uint32_t left = let_through(s->table, s->text.ptr + i); left; left &= left - 1)
            if (try_at(s, i + (size_t)__builtin_ctz(left)))
                return true;
    return search_narrow(s, i);
}
#endif

static bool search_all(search *s)
{
#ifdef HAVE_WIDE
    if (wide)
        return search_wide(s);
#endif
    return search_narrow(s, 0);
}

bool dd_prefilter(dd_str text, dd_lang lang)
{
    bool script = lang != DD_LANG_PYTHON && lang != DD_LANG_NOTEBOOK;
    pthread_once(&tables_once, make_tables);
    search s = { .table = &tables[script], .text = text, .script = script };
    return search_all(&s) || is_beside(text, s.found);
}
