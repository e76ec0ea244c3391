/* What a candidate can do for this request, what it would cost, and how it does of late. */
#include "route/plan_parts.h"
#include "route/typical.h"

void plan_need_costs(plan_work *w)
{
    if (w->costs)
        return;
    dd_facts_need(w->f, DD_FACT_TOKENS | DD_FACT_CLASS);
    w->costs = true;
    if (w->f->known & DD_FACT_CLASS)
        w->kind = dd_quality_kind_of(w->f->class.task);
    w->visible = dd_typical_visible(w->f->class.task, w->f->class.brief, w->f->known & DD_FACT_TOKENS ? w->f->input_tokens : 0);
}

/* --- money --- */

static double asked_weight(const plan_work *w) { return w->asked_target ? w->asked_target->weight : 1.0; }

/* The prompt was counted for the requested model; another tokenizer makes another number of it. */
int64_t plan_input(const plan_work *w, const plan_target *t)
{
    double by = t->weight / asked_weight(w);
    return by == 1.0 ? w->f->input_tokens : (int64_t)((double)w->f->input_tokens * by + 0.999999);
}

static int64_t hidden(const plan_work *w, const plan_target *t)
{
    if (w->f->reasoning && t->hidden[DD_COMPLEXITY_MEDIUM] == 0 && (!t->price.price || t->price.price->caps & DD_CAP_REASONING))
        return dd_typical_hidden("medium", w->f->class.complexity);
    return t->hidden[w->f->class.complexity];
}

int64_t plan_output(const plan_work *w, const plan_target *t)
{
    if (t->price.price && t->price.price->kind == DD_KIND_EMBEDDING)
        return 0;
    return dd_typical_capped(w->visible + hidden(w, t), w->f->max_tokens);
}

int64_t dd_plan_output(const dd_facts *f, const dd_price *model)
{
    dd_facts known = *f;
    dd_facts_need(&known, DD_FACT_TOKENS | DD_FACT_CLASS);
    int64_t     n      = dd_typical_visible(known.class.task, known.class.brief, known.known & DD_FACT_TOKENS ? known.input_tokens : 0);
    const char *effort = model && model->caps & DD_CAP_REASONING ? dd_default_effort(model->id) : "none";
    if (known.reasoning && strcmp(effort, "none") == 0 && (!model || model->caps & DD_CAP_REASONING))
        effort = "medium";
    if (model && model->kind == DD_KIND_EMBEDDING)
        return 0;
    return dd_typical_capped(n + dd_typical_hidden(effort, known.class.complexity), known.max_tokens);
}

dd_pusd plan_cost(plan_work *w, const plan_target *t, int64_t cached)
{
    dd_pusd cost;
    if (t->free)
        return 0;
    if (!t->price.price || !w->costs || !(w->f->known & DD_FACT_TOKENS) || w->f->input_tokens < 0)
        return DD_PUSD_UNKNOWN;
    int64_t  in = plan_input(w, t), read = cached < in ? cached : in;
    dd_usage u  = { .input = in - read, .cache_read = read, .output = plan_output(w, t) };
    return dd_cost_request(t->price.price, &u, w->o->day, t->price.batch ? DD_COST_BATCH : 0, &cost, NULL) == DD_OK ? cost : DD_PUSD_UNKNOWN;
}

/* --- capabilities --- */

static const struct { size_t fact; uint32_t cap, or_cap; dd_fit fit; bool sense; const char *unlisted; } needs[] = {
    /* or_cap: what lets it do so all the same, be it not listed. sense: lists of models name pictures and sound first of all, so that a row
     * which names other things and not them is strong evidence; tools, JSON and reasoning are often left out. */
    { offsetof(dd_facts, has_tools), DD_CAP_TOOLS, 0, DD_FIT_TOOLS, false, "tools are not listed for it" },
    { offsetof(dd_facts, has_images), DD_CAP_VISION, 0, DD_FIT_VISION, true, "pictures are not listed for it" },
    { offsetof(dd_facts, has_documents), DD_CAP_PDF_IN, DD_CAP_VISION, DD_FIT_DOCUMENTS, true, "documents are not listed for it" },
    { offsetof(dd_facts, has_audio), DD_CAP_AUDIO_IN, 0, DD_FIT_AUDIO, true, "sound is not listed for it" },
    { offsetof(dd_facts, json_schema), DD_CAP_JSON, DD_CAP_TOOLS, DD_FIT_JSON, false, "JSON by a schema is not listed for it" },
    { offsetof(dd_facts, reasoning), DD_CAP_REASONING, 0, DD_FIT_REASONING, false, "reasoning is not listed for it" },
};

static dd_fit lacks(const plan_work *w, const dd_price *row, bool named, const char **weak)
{
    for (size_t i = 0; i < DD_COUNT(needs); i++) {
        if (!*(const bool *)((const char *)w->f + needs[i].fact) || row->caps & needs[i].cap)
            continue;
        bool also = (row->caps & needs[i].or_cap) != 0, strong = needs[i].sense && row->caps != 0 && !row->suspect;
        if (!also && (strong || !named))
            return needs[i].fit;
        *weak = needs[i].unlisted;
    }
    return DD_FIT_OK;
}

/* What no chat model serves, and what only OpenAI's API has. Everything else is a conversation, whatever the endpoint is called. */
static bool is_chat_endpoint(dd_str e) { return !dd_str_eqz(e, "embeddings") && !dd_str_eqz(e, "completions") && !dd_str_eqz(e, "passthrough"); }

static bool wrong_endpoint(const plan_work *w, const plan_target *t)
{
    bool embeds = t->price.price && t->price.price->kind == DD_KIND_EMBEDDING, chat = is_chat_endpoint(w->f->endpoint);
    if (chat)
        return embeds;
    bool vectors = dd_str_eqz(w->f->endpoint, "embeddings");
    return w->policy->providers[t->provider].family == DD_FAMILY_ANTHROPIC || (vectors && t->price.price && !embeds);
}

static dd_fit room(const plan_work *w, const plan_target *t)
{
    const dd_price *row = t->price.price;
    if (row->max_output > 0 && w->f->max_tokens > row->max_output)
        return DD_FIT_OUTPUT;
    if (row->context <= 0 || !(w->f->known & DD_FACT_TOKENS))
        return DD_FIT_OK;
    int64_t out = w->f->max_tokens > 0 ? w->f->max_tokens : plan_output(w, t);
    return plan_input(w, t) > row->context - out ? DD_FIT_CONTEXT : DD_FIT_OK;
}

static bool retired(const dd_price *row, dd_day day)
{
    return row->status == DD_MODEL_RETIRED || (row->retires != DD_DAY_NONE && row->retires <= day);
}

static dd_fit can(const plan_work *w, const plan_candidate *k, const char **weak)
{
    const dd_price *row = k->t->price.price;
    if (wrong_endpoint(w, k->t))
        return DD_FIT_ENDPOINT;
    if (!row)
        return DD_FIT_OK;
    if (retired(row, w->o->day))
        return DD_FIT_RETIRED;
    dd_fit fit = room(w, k->t);
    return fit == DD_FIT_OK ? lacks(w, row, k->named, weak) : fit;
}

/* --- may --- */

static bool allowed(const plan_work *w, const plan_candidate *k)
{
    const dd_str *g = w->o->allow;
    size_t        n = w->o->n_allow;
    return n == 0 || dd_policy_allows(g, n, k->t->full) || (k->name.len && dd_policy_allows(g, n, k->name));
}

static bool too_dear(const plan_work *w, const plan_candidate *k)
{
    return w->f->max_cost != DD_PUSD_UNKNOWN && k->c.expected != DD_PUSD_UNKNOWN && k->c.expected > w->f->max_cost;
}

static dd_fit may(const plan_work *w, const plan_candidate *k)
{
    if (!allowed(w, k))
        return DD_FIT_NOT_ALLOWED;
    if (w->o->only_local && !k->t->free && !k->t->local)
        return DD_FIT_NOT_LOCAL;
    if (w->policy->refuse_unpriced && !k->t->free && !k->t->price.price)
        return DD_FIT_UNPRICED;
    return too_dear(w, k) ? DD_FIT_TOO_DEAR : DD_FIT_OK;
}

/* --- of late --- */

static void look(plan_work *w, plan_candidate *k)
{
    const dd_policy *p    = w->policy;
    dd_str           name = p->providers[k->t->provider].name;
    dd_live_facts    model, provider;
    if (!w->o->live)
        return;
    k->slot = dd_live_slot(w->o->live, name, k->t->model, 0, false);
    if (dd_live_look(w->o->live, k->slot, &p->breaker, w->o->now_ms, &model)) {
        k->c.latency_ms = model.latency_ms;
        k->c.error_rate = model.error_rate;
        k->c.breaker    = model.breaker;
    }
    uint32_t whole = dd_live_slot(w->o->live, name, DD_STR(""), 0, false);
    if (dd_live_look(w->o->live, whole, &p->breaker, w->o->now_ms, &provider) && provider.breaker == DD_BREAKER_OPEN)
        k->c.breaker = DD_BREAKER_OPEN;
}

static int64_t cached_tokens(const plan_work *w, const plan_candidate *k)
{
    bool here = w->has_stuck && k->slot != DD_LIVE_NONE && k->slot == w->stuck.target;
    return here ? w->stuck.cached_tokens : 0;
}

double plan_level(const plan_work *w, const plan_target *t) { return t->known ? t->quality.level[w->kind] : -1; }

double plan_ratio(const plan_work *w, const plan_target *t, const plan_target *than)
{
    double a = plan_level(w, t), b = plan_level(w, than);
    return t == than || t->price.price == than->price.price ? 1.0 : a >= 0 && b > 0 ? a / b : -1;
}

bool plan_usable(const plan_candidate *k) { return k->c.fit == DD_FIT_OK || k->c.fit == DD_FIT_BREAKER; }

static void hold_back(plan_candidate *k)
{
    if (k->c.fit == DD_FIT_OK && k->c.breaker == DD_BREAKER_OPEN)
        k->c.fit = DD_FIT_BREAKER;
}

void plan_weigh(plan_work *w, plan_candidate *k)
{
    const char *weak = NULL;
    if (k->weighed)
        return;
    k->weighed = true;
    k->slot    = DD_LIVE_NONE;
    k->c.latency_ms = k->c.error_rate = k->c.quality = -1;
    k->c.expected = DD_PUSD_UNKNOWN;
    if (k->c.fit == DD_FIT_NO_PROVIDER)
        return;
    k->c.provider = k->t->provider;
    k->c.model    = k->t->model;
    k->c.price    = k->t->price;
    look(w, k);
    k->c.quality  = plan_level(w, k->t);
    k->c.expected = plan_cost(w, k->t, cached_tokens(w, k));
    dd_fit able   = can(w, k, &weak);
    k->c.fit      = may(w, k);
    if (k->c.fit == DD_FIT_OK && !k->asked)
        k->c.fit = able;
    if (able != DD_FIT_OK)
        weak = dd_fit_text(able);
    k->c.weak = k->c.fit == DD_FIT_OK && weak;
    hold_back(k);
    k->c.why = dd_str_z(k->c.fit != DD_FIT_OK ? dd_fit_text(k->c.fit) : weak);
}
