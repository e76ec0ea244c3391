/* What a site gets back: by task, bounded by its cap; reasoning models add what nobody sees. Evidence: docs/estimates.md. */
#include "route/estimate_parts.h"

/* Visible tokens of one answer. percent: of the material instead, within [least, most]. */
static const struct { dd_range tokens, percent; int64_t least, most; } answers[DD_TASK_COUNT] = {
    [DD_TASK_CHAT]           = { .tokens = { 60, 350, 1200 } },
    [DD_TASK_CODING]         = { .tokens = { 120, 800, 3000 } },
    [DD_TASK_REASONING]      = { .tokens = { 150, 700, 2500 } },
    [DD_TASK_SUMMARIZATION]  = { .percent = { 5, 15, 40 }, .least = 60, .most = 1500 },
    [DD_TASK_TRANSLATION]    = { .percent = { 80, 110, 150 }, .least = 20, .most = 16000 },
    [DD_TASK_EXTRACTION]     = { .tokens = { 30, 150, 600 } },
    [DD_TASK_CLASSIFICATION] = { .tokens = { 1, 10, 60 } },
    [DD_TASK_GENERATION]     = { .tokens = { 150, 800, 2500 } },
    [DD_TASK_EMBEDDING]      = { .tokens = { 0, 0, 0 } },
    [DD_TASK_IMAGE]          = { .tokens = { 0, 0, 0 } },
    [DD_TASK_AGENT_STEP]     = { .tokens = { 70, 250, 1500 } },
};

/* A title, a sentence, a commit message. */
static const dd_range brief = { 5, 30, 120 };

/* Hidden tokens by effort, at medium complexity. */
static const struct { const char *effort; dd_range tokens; } efforts[] = {
    { "none", { 0, 0, 0 } },           { "minimal", { 0, 40, 300 } },     { "low", { 50, 250, 1500 } },
    { "medium", { 150, 700, 5000 } },  { "high", { 600, 2500, 16000 } },  { "xhigh", { 1500, 6000, 32000 } },
    { "max", { 1500, 6000, 32000 } },
};

/* Effort when the call says nothing; the first row whose text the name (without its provider) starts with. */
static const struct { const char *prefix, *effort; } defaults[] = {
    { "gpt-5-chat", "none" },  { "gpt-5-pro", "high" },    { "gpt-5.2-pro", "high" },  { "gpt-5.4-pro", "high" },  { "gpt-5.5-pro", "high" },
    { "gpt-5.1-codex", "medium" }, { "gpt-5.2-codex", "medium" }, { "gpt-5.3-codex", "medium" },
    { "gpt-5.1", "none" },     { "gpt-5.2", "none" },      { "gpt-5.3", "none" },      { "gpt-5.4", "none" },
    { "gpt-5", "medium" },     { "gpt-6", "medium" },      { "gpt-oss", "medium" },
    { "o1-pro", "high" },      { "o3-pro", "high" },       { "o1", "medium" },         { "o3", "medium" },         { "o4", "medium" },
    { "gemini-2.5-flash-lite", "none" }, { "gemini-3.1-flash-lite", "minimal" }, { "gemini-3.5-flash-lite", "minimal" },
    { "gemini-2.5", "medium" }, { "gemini-3", "medium" },  { "gemini-4", "medium" },   { "gemini-pro-latest", "medium" }, { "gemini-flash-latest", "medium" },
    { "deepseek-reasoner", "high" }, { "deepseek-r1", "high" },
    { "grok-3-mini", "low" },  { "grok-4", "medium" },     { "grok-code", "medium" },
    { "magistral", "medium" }, { "qwq", "high" },          { "kimi-k3", "medium" },    { "minimax-m", "medium" },  { "glm-", "medium" },
    { "sonar-reasoning", "medium" },
};

static dd_str bare_name(dd_str model)
{
    ptrdiff_t slash = dd_str_rchr(model, '/');
    dd_str    name  = slash >= 0 ? dd_str_sub(model, (size_t)slash + 1, model.len) : model;
    ptrdiff_t colon = dd_str_chr(name, ':');
    return colon > 0 && dd_str_startsz(name, "ft:") ? dd_str_sub(name, (size_t)colon + 1, name.len) : name;
}

const char *dd_default_effort(dd_str model)
{
    dd_str name = bare_name(model);
    if (dd_str_has(name, "non-reasoning") || dd_str_has(name, "non-thinking"))
        return "none";
    for (size_t i = 0; i < DD_COUNT(defaults); i++)
        if (dd_str_startsz(name, defaults[i].prefix))
            return defaults[i].effort;
    return dd_str_has(name, "thinking") || dd_str_has(name, "reason") ? "medium" : "none";
}

static dd_range effort_tokens(dd_str effort, const char **name)
{
    size_t medium = 3, i = 0;
    for (; i < DD_COUNT(efforts); i++)
        if (dd_str_eqz(effort, efforts[i].effort))
            break;
    if (i == DD_COUNT(efforts))
        i = medium; /* "auto", "adaptive", or a word of tomorrow */
    *name = efforts[i].effort;
    return efforts[i].tokens;
}

/* Easy work needs less thought than hard work at the same setting. */
static int64_t by_complexity(int64_t n, dd_complexity c)
{
    static const int percent[] = { [DD_COMPLEXITY_LOW] = 40, [DD_COMPLEXITY_MEDIUM] = 100, [DD_COMPLEXITY_HIGH] = 200 };
    return n * percent[c] / 100;
}

/* A budget is a bound, as a cap is: about a third of it is used, and seldom more than 3,000 tokens. */
static dd_range budget_tokens(int64_t budget, dd_complexity c)
{
    int64_t most     = by_complexity(3000, c);
    int64_t expected = budget / 3 < most ? budget / 3 : most;
    return (dd_range){ budget / 20 < expected ? budget / 20 : expected, expected, budget };
}

static bool can_reason(const dd_price *row)
{
    return row == NULL || (row->caps & DD_CAP_REASONING) != 0;
}

static dd_str effort_of(const dd_site *site, const dd_price *row, dd_str model)
{
    if (site->thinking_budget == 0 || !can_reason(row))
        return DD_STR("none");
    if (site->reasoning_effort.len > 0)
        return site->reasoning_effort;
    return dd_str_z(site->reasoning ? "medium" : dd_default_effort(model));
}

static dd_range hidden_tokens(const dd_site *site, const dd_price *row, dd_str model, const char **effort)
{
    if (site->thinking_budget > 0) {
        *effort = "thinking budget";
        return budget_tokens(site->thinking_budget, site->cls.complexity);
    }
    dd_range r = effort_tokens(effort_of(site, row, model), effort);
    if (r.high == 0)
        *effort = NULL;
    r.expected = by_complexity(r.expected, site->cls.complexity);
    return r;
}

static int64_t share(int64_t material, int64_t percent, int64_t least, int64_t most)
{
    int64_t n = dd_tokens_clamp_mul(material, percent) / 100;
    return n < least ? least : n > most ? most : n;
}

/* A JSON answer is about as long as the values its schema asks for, three times that when it asks for lists. Only for a schema of some
 * size, and when tools do not share the text. */
static bool schema_sized(const dd_site *site, const dd_prompt_size *p)
{
    return site->json_schema && site->tools == 0 && p->tools >= 40
        && (site->cls.task == DD_TASK_EXTRACTION || site->cls.task == DD_TASK_CLASSIFICATION);
}

static dd_range schema_tokens(const dd_site *site, const dd_prompt_size *p)
{
    int64_t times = dd_str_has(site->tools_text, "array") ? 3 : 1;
    int64_t least = site->cls.task == DD_TASK_EXTRACTION ? 60 : 15;
    return (dd_range){ share(p->tools, 25, least / 3, 2000), share(p->tools * times, 60, least, 2000), share(p->tools * times, 200, least * 3, 8000) };
}

/* --- a length that the prompt itself asks for --- */

static const struct { const char *unit; int tokens_percent; } units[] = { /* of one unit, in percent of a token */
    { "word", 140 }, { "character", 25 }, { "char", 25 }, { "sentence", 2500 }, { "paragraph", 10000 }, { "bullet", 3000 }, { "token", 100 }, { "line", 1500 },
};

static int64_t in_unit(dd_str rest, int64_t n)
{
    for (size_t i = 0; i < DD_COUNT(units); i++)
        if (dd_str_startsz(rest, units[i].unit))
            return dd_tokens_clamp_mul(n, units[i].tokens_percent) / 100;
    return 0;
}

/* The number that ends at `at`, when a unit follows: "80 characters", "2-5 words", "3 short sentences" (one word between). */
static int64_t length_at(dd_str text, size_t *at)
{
    int64_t n = 0;
    size_t  i = *at;
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
        n = n < 100000 ? n * 10 + (text.ptr[i] - '0') : n;
    *at = i;
    dd_str  rest  = dd_str_sub(text, i + 1, i + 40);
    int64_t found = in_unit(rest, n);
    if (found == 0 && dd_str_chr(rest, ' ') > 0)
        found = in_unit(dd_str_sub(rest, (size_t)dd_str_chr(rest, ' ') + 1, rest.len), n);
    return found;
}

/* The last length named in the text's first 16 kB, in tokens; 0: none. */
static int64_t stated_length(dd_str text)
{
    int64_t found = 0;
    text = dd_str_sub(text, 0, 16384);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '1' && text.ptr[i] <= '9') {
            int64_t n = length_at(text, &i);
            found = n >= 3 && n <= 8000 ? n : found;
        }
    return found;
}

static bool free_form(dd_task t)
{
    return t == DD_TASK_CHAT || t == DD_TASK_GENERATION || t == DD_TASK_SUMMARIZATION || t == DD_TASK_REASONING || t == DD_TASK_CODING;
}

static int64_t asked_length(const dd_site *site)
{
    int64_t n = 0;
    if (free_form(site->cls.task))
        n = stated_length(site->user_text);
    if (n == 0 && free_form(site->cls.task))
        n = stated_length(site->system_text);
    return n;
}

static dd_range visible_tokens(const dd_site *site, const dd_prompt_size *p, const char **by)
{
    dd_task t      = site->cls.task;
    int64_t length = asked_length(site);
    *by = NULL;
    if (length > 0) {
        *by = "length named in the prompt";
        return (dd_range){ length / 2, length, length * 2 };
    }
    if (site->cls.brief && free_form(t)) {
        *by = "short by the prompt";
        return brief;
    }
    if (schema_sized(site, p)) {
        *by = "size of the response schema";
        return schema_tokens(site, p);
    }
    if (answers[t].percent.expected == 0)
        return answers[t].tokens;
    return (dd_range){
        share(p->material.low, answers[t].percent.low, answers[t].least, answers[t].most),
        share(p->material.expected, answers[t].percent.expected, answers[t].least, answers[t].most),
        share(p->material.high, answers[t].percent.high, answers[t].least, answers[t].most * 2),
    };
}

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Three quarters of a cap: who sets one leaves room, so an answer that reached it would be cut off. At least one token. */
static int64_t room_under(int64_t cap)
{
    return cap - cap / 4 > 0 ? cap - cap / 4 : 1;
}

/* The cap bounds everything, reasoning included. It is the upper end, unless it is so large that it says nothing. */
static void apply_cap(int64_t cap, dd_answer_size *a)
{
    if (cap <= 0)
        return;
    a->capped          = a->tokens.expected > room_under(cap);
    a->tokens.low      = least_of(a->tokens.low, room_under(cap));
    a->tokens.expected = least_of(a->tokens.expected, room_under(cap));
    a->tokens.high     = cap <= dd_tokens_clamp_mul(a->tokens.high, 8) ? cap : a->tokens.high;
}

static void add_hidden(dd_answer_size *a)
{
    a->tokens.low += a->hidden.low;
    a->tokens.expected += a->hidden.expected;
    a->tokens.high += a->hidden.high;
}

static void bound_hidden(dd_answer_size *a)
{
    a->hidden.low      = least_of(a->hidden.low, a->tokens.low);
    a->hidden.expected = least_of(a->hidden.expected, a->tokens.expected);
    a->hidden.high     = least_of(a->hidden.high, a->tokens.high);
}

static bool answers_text(const dd_site *site, const dd_price *row)
{
    return site->cls.task != DD_TASK_EMBEDDING && (row == NULL || row->kind != DD_KIND_EMBEDDING);
}

/* OpenAI's old text completion stops after 16 tokens unless told otherwise. */
static bool implicit_cap(const dd_site *site, const dd_price *row)
{
    return dd_str_eqz(site->api, "completions") && !site->max_tokens_set && site->max_tokens <= 0 && row != NULL && row->kind == DD_KIND_COMPLETION
        && (dd_str_eqz(row->provider, "openai") || dd_str_eqz(row->provider, "azure"));
}

void dd_answer_guess(const dd_site *site, const dd_prompt_size *prompt, const dd_price *row, dd_str model, dd_answer_size *out)
{
    *out = (dd_answer_size){ .capped = false };
    if (!answers_text(site, row))
        return;
    if (implicit_cap(site, row)) {
        out->tokens = (dd_range){ 1, 16, 16 };
        out->by     = "the API's own cap of 16";
        return;
    }
    out->tokens = visible_tokens(site, prompt, &out->by);
    out->hidden = hidden_tokens(site, row, model, &out->effort);
    add_hidden(out);
    apply_cap(site->max_tokens, out);
    if (row != NULL && row->max_output >= out->tokens.expected)
        out->tokens.high = least_of(out->tokens.high, row->max_output);
    bound_hidden(out);
}

/* --- for one request --- */

int64_t dd_typical_visible(dd_task task, bool brief_text, int64_t input_tokens)
{
    if (brief_text && free_form(task))
        return brief.expected;
    if (answers[task].percent.expected == 0)
        return answers[task].tokens.expected;
    return share(input_tokens, answers[task].percent.expected, answers[task].least, answers[task].most);
}

int64_t dd_typical_hidden(const char *effort, dd_complexity complexity)
{
    const char *name;
    return by_complexity(effort_tokens(dd_str_z(effort), &name).expected, complexity);
}

int64_t dd_typical_capped(int64_t tokens, int64_t cap) { return cap > 0 ? least_of(tokens, room_under(cap)) : tokens; }
