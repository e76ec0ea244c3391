/* scan/prompt.c - what a call sends: static text, holes, tools, media, tiers.
 *
 * Text is taken from values, so constants, templates, lists built piece by piece and prompt files read by name arrive
 * here resolved. What is not text becomes a hole, classed by its name: a document is large, a name small, messages of
 * a conversation grow (call-shapes P-1 ... P-9). Multipliers: scan/multiply.c. */
#include "scan/detect_tables.h"
#include "scan/prompt_int.h"

enum { MAX_DEPTH = 12, MAX_TEXT = 4 << 20, CUT_TEXT = 4 << 10, MAX_PIECES = 50000 };   /* pieces: YAML aliases make trees that unfold without end */
typedef enum { HOLE_SMALL, HOLE_TYPED, HOLE_LARGE, HOLE_HISTORY } hole;
typedef struct {
    dd_project *p; dd_site *site;
    dd_buf system, user;
    bool system_hole, saw_system_first, started;
    unsigned pieces;
    hole whole;          /* what a prompt is that is one unknown value */
} gather;

static bool word_has(dd_str s, const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        size_t n = strlen(words[i]);
        for (size_t k = 0; k + n <= s.len; k++)
            if (!strncasecmp(s.ptr + k, words[i], n))
                return true;
    }
    return false;
}

static hole class_of(dd_str name, hole otherwise)
{
    static const char *const grows[] = { "history", "messages", "msgs", "conversation", "thread", "transcript_so_far", "turns", NULL };
    static const char *const large[] = { "document", "docs", "context", "text", "html", "transcript", "code", "content", "article", "body", "file", "diff", "page", "source",
        "chunk", "passage", "data", "email", "markdown", "json", "report", "notes", "schema", "results", "paper", "resume", "essay", "story", "log", NULL };
    static const char *const small[] = { "name", "date", "lang", "title", "topic", "city", "country", "number", "count", "time", "type", "label",
        "category", "style", "tone", "url", "index", "role", NULL };
    static const char *const typed[] = { "question", "query", "goal", "user_input", "userinput", "user_message", "usermessage", "description", "instruction", "task", "request",
        "command", "objective", "utterance", NULL };
    if (word_has(name, grows))
        return HOLE_HISTORY;
    if (word_has(name, typed))
        return HOLE_TYPED;
    if (word_has(name, small))
        return HOLE_SMALL;
    if (word_has(name, large))
        return HOLE_LARGE;
    size_t n = name.len;
    if (n >= 2 && !strncasecmp(name.ptr + n - 2, "id", 2))
        return HOLE_SMALL;
    return otherwise;
}

/* The last name an expression is known by: `doc.text` "text", `get_history()` "get_history". */
static dd_str name_of(const dd_value *v)
{
    const dd_expr *e = v->expr;
    if (!e)
        return v->kind == DD_V_UNKNOWN ? v->text : DD_STR("");
    if (e->kind == DD_X_CALL || e->kind == DD_X_NEW)
        return e->name.len ? e->name : e->a ? dd_expr_step(e->a) : DD_STR("");
    if (e->kind == DD_X_NAME || e->kind == DD_X_MEMBER)
        return e->name;
    return dd_expr_step(e);
}

static void count_hole(gather *g, const dd_value *v, bool system, hole otherwise)
{
    switch (otherwise == HOLE_HISTORY ? otherwise : class_of(name_of(v), otherwise)) {
    case HOLE_SMALL:   g->site->holes_small++; break;
    case HOLE_TYPED:   g->site->holes_typed++; break;
    case HOLE_LARGE:   g->site->holes_large++; break;
    case HOLE_HISTORY: g->site->holes_history++; break;
    }
    g->system_hole |= system;
}

static void add(gather *g, dd_str s, bool system)
{
    dd_buf *b = system ? &g->system : &g->user;
    if (!g->started && s.len) {
        g->started = true;
        g->saw_system_first = system;
    }
    if (b->len && b->ptr[b->len - 1] != '\n')
        dd_buf_addc(b, '\n');
    dd_buf_add(b, s);
}

static void add_text(gather *g, const dd_value *v, bool system, int depth);

static void add_template(gather *g, const dd_value *v, bool system, int depth)
{
    dd_buf *b = system ? &g->system : &g->user;
    add(g, DD_STR(""), system);
    for (uint32_t i = 0; i < v->n_items; i++) {
        const dd_value *part = v->items[i];
        if (part->kind == DD_V_STRING)
            dd_buf_add(b, part->text);
        else if (part->kind == DD_V_TEXT || part->kind == DD_V_CHOICE)
            add_text(g, part, system, depth + 1);
        else if (part->kind != DD_V_NUMBER)
            count_hole(g, part, system, HOLE_SMALL);
    }
    g->started |= v->n_items > 0;
}

static bool str_is(const dd_value *v, const char *words)
{
    return v && v->kind == DD_V_STRING && dd_word_in(words, v->text);
}

static bool is_media(const dd_value *part)
{
    static const char types[] = "image|image_url|input_image|document|file|input_file|input_audio|audio|video|media";
    return str_is(dd_value_get(part, "type"), types) || dd_value_get(part, "inlineData") || dd_value_get(part, "inline_data") || dd_value_get(part, "fileData") || dd_value_get(part, "image_url");
}

static void add_object(gather *g, const dd_value *v, bool system, int depth)
{
    static const char *const text_keys[] = { "content", "text", "parts", "input", "message", "prompt", NULL };
    const dd_value *role = dd_value_get(v, "role");
    if (role) {
        g->site->messages++;
        system = str_is(role, "system|developer");
    }
    if (dd_value_get(v, "cache_control") || dd_value_get(v, "cacheControl") || dd_value_get(v, "cachePoint"))
        g->site->cached = true;
    if (is_media(v)) {
        g->site->images++;
        return;
    }
    for (int i = 0; text_keys[i]; i++) {
        const dd_value *t = dd_value_get(v, text_keys[i]);
        if (t) {
            add_text(g, t, system, depth + 1);
            return;
        }
    }
    if (v->open)
        count_hole(g, v, system, HOLE_LARGE);
}

/* SystemMessage(content=...), HumanMessage("..."), types.Content(parts=[...]), textwrap.dedent("...") */
static void add_constructed(gather *g, const dd_value *v, bool system, int depth)
{
    dd_value *positional = NULL, *args = dd_args_of_value(g->p, v, &positional);
    dd_str name = v->call ? v->call->name : DD_STR("");
    if (!args) {
        count_hole(g, v, system, HOLE_LARGE);
        return;
    }
    if (dd_str_has(name, "Message") || dd_str_eqz(name, "Content"))
        g->site->messages++;
    system |= dd_str_startsz(name, "System") || dd_str_startsz(name, "Developer");
    dd_value *one = dd_positional(positional, 1);
    if (dd_str_has(name, "Image") || dd_str_has(name, "from_bytes") || dd_str_has(name, "from_uri")) {
        g->site->images++;
        return;
    }
    if (one && one->kind != DD_V_DICT)
        add_text(g, one, system, depth + 1);
    else if (args->kind == DD_V_DICT && args->n_entries)
        add_object(g, args, system, depth);
    else
        count_hole(g, v, system, HOLE_LARGE);
}

/* ("system", "...") of LangChain */
static bool add_pair(gather *g, const dd_value *v, int depth)
{
    if (v->kind != DD_V_LIST || v->n_items != 2 || !str_is(v->items[0], "system|human|user|ai|assistant|developer|placeholder"))
        return false;
    g->site->messages++;
    add_text(g, v->items[1], str_is(v->items[0], "system|developer"), depth + 1);
    return true;
}

static void add_text(gather *g, const dd_value *v, bool system, int depth)
{
    if (!v || depth > MAX_DEPTH || ++g->pieces > MAX_PIECES)
        return;
    switch (v->kind) {
    case DD_V_STRING: add(g, v->text, system); break;
    case DD_V_TEXT:   add_template(g, v, system, depth); break;
    case DD_V_LIST:
        if (add_pair(g, v, depth))
            break;
        for (uint32_t i = 0; i < v->n_items; i++)
            add_text(g, v->items[i], system, depth + 1);
        if (v->open)
            count_hole(g, v, system, HOLE_HISTORY);
        break;
    case DD_V_DICT: case DD_V_DATA: add_object(g, v, system, depth); break;
    case DD_V_EXTERN: add_constructed(g, v, system, depth); break;
    case DD_V_CHOICE:
        for (uint32_t i = 0; i < v->n_items; i++)
            if (v->items[i]->kind != DD_V_UNKNOWN && v->items[i]->kind != DD_V_NONE) {
                add_text(g, v->items[i], system, depth + 1);
                return;
            }
        count_hole(g, v, system, HOLE_LARGE);
        break;
    case DD_V_NONE: case DD_V_BOOL: case DD_V_NUMBER: break;
    default: count_hole(g, v, system, depth == 0 ? g->whole : HOLE_LARGE); break;
    }
}

static void add_keys(gather *g, const dd_call_facts *f, const char *const *keys, bool system)
{
    for (int i = 0; keys && keys[i]; i++) {
        dd_value *v = dd_args_get(g->p, f->args, keys[i]);
        g->whole = dd_word_in("messages|contents", dd_str_z(keys[i])) ? HOLE_HISTORY : HOLE_LARGE;
        if (v)
            add_text(g, v, system, 0);
    }
}

/* Thousands of calls may send the same megabyte: past the room there is, the start of each stands for the rest. */
static dd_str keep_text(gather *g, dd_arena *arena, const dd_buf *b)
{
    dd_str s = dd_buf_str(b);
    if (s.len > CUT_TEXT && !dd_project_prompt_room(g->p, s.len)) {
        size_t n = CUT_TEXT;
        while (n > CUT_TEXT - 4 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
            n--;
        g->site->text_cut += (int64_t)(s.len - n);
        s = dd_str_sub(s, 0, n);
    }
    return dd_arena_dup(arena, s);
}

static void fill_text(dd_project *p, const dd_call_facts *f, dd_arena *arena, dd_site *site)
{
    gather g = { .p = p, .site = site, .system = DD_BUF_INIT(MAX_TEXT), .user = DD_BUF_INIT(MAX_TEXT) };
    add_keys(&g, f, f->system_keys, true);
    add_keys(&g, f, f->prompt_keys, false);
    dd_value *at = dd_positional(f->positional, f->prompt_at);
    if (f->prompt_at && at && at != f->args && at->kind != DD_V_DICT)
        add_text(&g, at, false, 0);
    site->system_text = keep_text(&g, arena, &g.system);
    site->user_text = keep_text(&g, arena, &g.user);
    site->system_static_first = g.saw_system_first && g.system.len && !g.system_hole;
    dd_buf_free(&g.system);
    dd_buf_free(&g.user);
}

static bool truthy(const dd_value *v)
{
    return v && ((v->kind == DD_V_BOOL && v->number != 0) || v->kind == DD_V_STRING || v->kind == DD_V_DICT || v->kind == DD_V_EXTERN);
}

static void fill_reasoning(dd_project *p, const dd_value *args, dd_site *site)
{
    static const char *const effort[] = { "reasoning_effort", "reasoning.effort", "reasoningEffort", "output_config.effort", "providerOptions.openai.reasoningEffort", "model_kwargs.reasoning_effort", NULL };
    static const char *const budget[] = { "thinking.budget_tokens", "thinking.budgetTokens", "config.thinking_config.thinking_budget", "config.thinkingConfig.thinkingBudget",
        "generationConfig.thinkingConfig.thinkingBudget", "providerOptions.anthropic.thinking.budgetTokens", NULL };
    bool set = false;
    dd_value *e = dd_args_first(p, args, effort);
    site->thinking_budget = dd_value_cap(p, args, budget, &set);
    site->reasoning = set || e || dd_args_get(p, args, "thinking") || dd_args_get(p, args, "reasoning");
    if (e && e->kind == DD_V_STRING)
        site->reasoning_effort = e->text;
}

static void fill_tier(dd_project *p, const dd_value *args, dd_site *site)
{
    static const char *const cached[] = { "prompt_cache_key", "cached_content", "config.cached_content", "cachedContent", "config.cachedContent", "cache_control", NULL };
    static const char *const grows[] = { "previous_response_id", "previousResponseId", "conversation", "thread_id", "previous_interaction_id", NULL };
    dd_value *tier = dd_args_get(p, args, "service_tier");
    site->flex |= str_is(tier, "flex");
    site->batch |= str_is(tier, "batch");
    site->priority |= str_is(tier, "priority|fast") || str_is(dd_args_get(p, args, "speed"), "fast");
    site->cached |= dd_args_first(p, args, cached) != NULL;
    site->holes_history += dd_args_first(p, args, grows) != NULL;
    site->stream |= truthy(dd_args_get(p, args, "stream")) || dd_str_has(site->callee, "tream");
}

void dd_prompt_fill(dd_project *p, dd_unit_ir *unit, const dd_call_facts *facts, dd_arena *arena, dd_site *site)
{
    fill_text(p, facts, arena, site);
    if (facts->args) {
        dd_prompt_tools(p, facts->args, arena, site);
        fill_reasoning(p, facts->args, site);
        fill_tier(p, facts->args, site);
    }
    dd_multipliers_fill(p, unit, facts, site);
}
