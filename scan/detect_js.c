/* scan/detect_js.c - the Vercel AI SDK: its calls, and what the `model` option of one may be.
 *
 * The call is the site; the model comes from a provider call (`openai("gpt-4o")`), a gateway string, a registry, an
 * alias map (customProvider) or a wrapper (wrapLanguageModel). The provider is the package that the call was imported
 * from, never the variable's name (call-shapes 8). */
#include "scan/detect_tables.h"

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
static const dd_keys text = { KEYS("model"), KEYS("messages", "prompt"), KEYS("system", "instructions"), KEYS("maxOutputTokens", "maxTokens", "max_tokens"), 0, 0 };
static const dd_keys embed = { KEYS("model"), KEYS("value", "values", "documents"), NULL, NULL, 0, 0 };
static const dd_keys xsai_embed = { KEYS("model"), KEYS("input"), NULL, NULL, 0, 0 };
static const dd_keys media = { KEYS("model"), KEYS("prompt", "text"), KEYS("instructions"), NULL, 0, 0 };

static const dd_row ai_rows[] = {
    { "generateText|experimental_generateText", "generateText", &text, DD_ROW_CALL, 0 },
    { "streamText|experimental_streamText|experimental_streamTextLowMemory", "streamText", &text, DD_ROW_CALL, 0 },
    { "generateObject|experimental_generateObject|experimental_extract|experimental_decide", "generateObject", &text, DD_ROW_CALL, 0 },
    { "streamObject|experimental_streamObject", "streamObject", &text, DD_ROW_CALL, 0 },
    { "streamUI|experimental_streamLanguageModelCall|experimental_streamTranslate", "streamText", &text, DD_ROW_CALL, 0 },
    { "experimental_startBatch", "batches", &text, DD_ROW_CALL, 0 },
    { "embed|embedMany", "embeddings", &embed, DD_ROW_CALL, 0 },
    { "rerank", "rerank", &embed, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "generateImage|experimental_generateImage", "images", &media, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { "generateSpeech|experimental_generateSpeech|experimental_streamSpeech", "audio", &media, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { "transcribe|experimental_transcribe|experimental_streamTranscribe", "audio", &media, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { "experimental_generateVideo|experimental_startVideo", "videos", &media, DD_ROW_CALL, 0, DD_UNIT_OTHER },
    { "ToolLoopAgent|Experimental_Agent|WorkflowAgent|DurableAgent", "agent", &text, DD_ROW_BINDING, DD_ROW_ROUNDS, .rounds = 20 },
    { "ToolLoopAgent|Experimental_Agent|WorkflowAgent|DurableAgent().generate|stream", "agent", &text, DD_ROW_TRIGGER, 0 },
    { NULL }
};
static const dd_row xsai_rows[] = {      /* the same names, with the model as text and the host as an option of the call */
    { "generateText", "generateText", &text, DD_ROW_CALL, 0 },
    { "streamText", "streamText", &text, DD_ROW_CALL, 0 },
    { "generateObject", "generateObject", &text, DD_ROW_CALL, 0 },
    { "streamObject", "streamObject", &text, DD_ROW_CALL, 0 },
    { "embed|embedMany", "embeddings", &xsai_embed, DD_ROW_CALL, 0 },
    { "generateImage", "images", &media, DD_ROW_CALL, 0, DD_UNIT_IMAGE },
    { "generateSpeech", "audio", &media, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { "generateTranscription", "audio", &media, DD_ROW_CALL, 0, DD_UNIT_AUDIO },
    { NULL }
};
const dd_family dd_families_js[] = {
    { "xsai|@xsai/*", "xsai", "", xsai_rows },
    { "ai|ai/rsc|@ai-sdk/rsc|@ai-sdk/workflow|@workflow/ai", "vercel-ai", "", ai_rows },
    { NULL }
};

enum { MAX_WRAPS = 6 };

static bool model_package(const dd_path *p)
{
    static const char names[] = "@ai-sdk/*|@openrouter/ai-sdk-provider|ollama-ai-provider*|workers-ai-provider|ai|@portkey-ai/vercel-provider|zhipu-ai-provider|voyage-ai-provider|*";
    return p->external && p->n > 0 && dd_word_in(names, p->v[0].name);
}

static void provider_from(dd_site *site, const dd_path *path)
{
    const char *who = dd_provider_of_package(path->v[0].name);
    if (who && !site->provider.len)
        site->provider = dd_str_z(who);
}

/* The last called step: `openai("x")`, `openai.chat("x")`, `createOpenAI({})("x")`, `registry.languageModel("x")`. */
static const dd_path_step *last_call(const dd_path *p)
{
    return p->n > 0 && p->v[p->n - 1].called ? &p->v[p->n - 1] : NULL;
}

static bool named(const dd_path *p, int back, const char *words)
{
    return p->n > back && dd_word_in(words, p->v[p->n - 1 - back].name);
}

/* customProvider({ languageModels: { fast: openai("x") } }).languageModel("fast") */
static dd_value *alias_of(const dd_ctx *c, const dd_path *p, const dd_path_step *call)
{
    if (!named(p, 1, "customProvider") || !p->v[p->n - 2].call)
        return NULL;
    static const char *const maps[] = { "languageModels", "textEmbeddingModels", "embeddingModels", "imageModels", NULL };
    dd_value *positional = NULL, *key, *args = dd_args_of_value(c->p, p->v[p->n - 2].call, NULL);
    dd_args_of_value(c->p, call->call, &positional);
    key = dd_positional(positional, 1);
    for (int i = 0; maps[i]; i++) {
        dd_value *map = dd_value_get(args, maps[i]);
        if (!map)
            continue;
        if (key && key->kind == DD_V_STRING) {
            char name[128];
            if (key->text.len >= sizeof name)
                return NULL;
            memcpy(name, key->text.ptr, key->text.len);
            name[key->text.len] = 0;
            dd_value *hit = dd_value_get(map, name);
            if (hit)
                return hit;
        }
    }
    return NULL;
}

static dd_value *step_in(const dd_ctx *c, dd_site *site, dd_value *v)
{
    dd_path path;
    if (v->kind != DD_V_EXTERN || !dd_path_of_value(v, &path) || !model_package(&path))
        return NULL;
    const dd_path_step *call = last_call(&path);
    if (!call || !call->call)
        return NULL;
    dd_value *alias = alias_of(c, &path, call);
    if (alias)
        return alias;
    dd_value *positional = NULL, *args = dd_args_of_value(c->p, call->call, &positional);
    dd_value *first = dd_positional(positional, 1);
    if (named(&path, 0, "wrapLanguageModel|experimental_wrapLanguageModel|wrapEmbeddingModel|wrapImageModel|defaultSettingsMiddleware"))
        return dd_value_get(args, "model");
    provider_from(site, &path);
    if (first && first->kind == DD_V_DICT)                 /* a model object of a framework: { model: "x" } */
        return dd_value_get(first, "model");
    return first;
}

/* Each alternative is looked through on its own, so that `fast ? openai("a") : anthropic("b")` keeps both. */
static dd_value *look_through(const dd_ctx *c, dd_site *site, dd_value *v, int depth);

static dd_value *through_choice(const dd_ctx *c, dd_site *site, dd_value *v, int depth)
{
    dd_value *out = dd_new(c->arena, dd_value);
    *out = *v;
    out->items = dd_newn(c->arena, dd_value *, v->n_items ? v->n_items : 1);
    for (uint32_t i = 0; i < v->n_items; i++)
        out->items[i] = look_through(c, site, v->items[i], depth + 1);
    return out;
}

static dd_value *with_source_of(const dd_ctx *c, dd_value *inner, const dd_value *outer)
{
    if (inner->kind != DD_V_STRING || inner->source != DD_SRC_LITERAL || outer->source == DD_SRC_LITERAL || outer->source == DD_SRC_DYNAMIC)
        return inner;
    dd_value *out = dd_new(c->arena, dd_value);
    *out = *inner;
    out->source = outer->source;
    return out;
}

static dd_value *look_through(const dd_ctx *c, dd_site *site, dd_value *v, int depth)
{
    for (int i = 0; v && i < MAX_WRAPS && depth < MAX_WRAPS; i++) {
        if (v->kind == DD_V_CHOICE)
            return through_choice(c, site, v, depth);
        dd_value *in = step_in(c, site, v);
        if (!in)
            break;
        v = with_source_of(c, in, v);
    }
    return v;
}

void dd_model_ai_sdk(const dd_ctx *c, dd_site *site, dd_value *v)
{
    dd_value *end = v ? look_through(c, site, v, 0) : NULL;
    dd_model_set(c, site, end, NULL);
    if (!site->provider.len && site->model.ptr) {
        const char *who = dd_provider_of_prefix(site->model);
        if (who)
            site->provider = dd_str_z(who);
    }
}
