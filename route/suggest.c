/* Which cheaper model would do: every row of the price table passes four gates - can be had, can do what the call needs, is strong
 * enough for the task, is cheaper at this very site's tokens - and the cheapest that is left is named, of the same provider and of others.
 * Rules and figures: docs/decisions/0006-suggestions.json. */
#include "route/suggest_parts.h"

enum {
    GONE_SOON_DAYS = 180,  /* a model that ends sooner is not suggested */
    CHEAPER_PERCENT = 80   /* of the present cost, at most */
};

/* Ability, as a share of the present model's, that a task of this complexity asks for; by ratings of conversations, which say less
 * about other work, a larger share, and nothing about hard work. */
static const double ability_needed[] = { [DD_COMPLEXITY_LOW] = 0.50, [DD_COMPLEXITY_MEDIUM] = 0.85, [DD_COMPLEXITY_HIGH] = 0.98 };
static const double rating_needed[]  = { [DD_COMPLEXITY_LOW] = 0.50, [DD_COMPLEXITY_MEDIUM] = 0.95, [DD_COMPLEXITY_HIGH] = 99.0 };
/* Tiers one may go down within a family. */
static const int tiers_down[] = { [DD_COMPLEXITY_LOW] = 9, [DD_COMPLEXITY_MEDIUM] = 1, [DD_COMPLEXITY_HIGH] = 0 };

typedef struct {
    const dd_price    *row;
    bool               successor;     /* the provider names it as replacement */
    const dd_price    *instead_of;    /* or as replacement of this model, which is no weaker than the present one; score: of the two */
    bool               scored;        dd_quality_compare score;
    bool               same_family;   int down;   /* tiers below the present model */
    bool               weak_json;     /* structured output is not listed, tools are */
    bool               no_effort;     /* priced with reasoning switched off */
    bool               thinks;        /* priced with reasoning, or cannot reason: the scores are its own */
    dd_pusd            cost;          /* a call, expected */
    const char        *family;
} candidate;

int32_t dd_days_left(const dd_price *row, dd_day today)
{
    if (row->retires == DD_DAY_NONE || today == DD_DAY_NONE)
        return INT32_MAX;
    int64_t days = (int64_t)row->retires - today;
    return days > INT32_MAX ? INT32_MAX : days < INT32_MIN ? INT32_MIN : (int32_t)days;
}

/* --- gate 1: can be had --- */

/* Moving names, trial versions and models for one purpose are not put into somebody's code by advice. */
static bool is_special(dd_str id)
{
    static const char *const words[] = { "latest", "preview", "-exp", "deep-research", "computer-use", "cyber", "daybreak", "search", "codex",
                                         "audio", "realtime", "guard", "translate", "embed", "-pro", ":free", "labs-", "vision" };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_has(id, words[i]))
            return true;
    return false;
}

/* A reseller's table has no end dates of its own: what the maker ends is not suggested there. */
static bool ends_at_maker(const dd_prices *prices, const dd_price *row)
{
    if (!dd_str_eqz(row->provider, "azure"))
        return false;
    const dd_price *own = dd_prices_find(prices, DD_STR("openai"), row->id).price;
    return own != NULL && dd_str_eqz(own->provider, "openai") && (own->status == DD_MODEL_RETIRED || own->status == DD_MODEL_DEPRECATED);
}

static bool available(const dd_price *row, dd_day today)
{
    return row->status == DD_MODEL_ACTIVE && row->kind == DD_KIND_CHAT && !row->suspect && !row->free && row->rates.input > 0
        && dd_days_left(row, today) >= GONE_SOON_DAYS;
}

/* --- gate 2: can do what the call needs --- */

static bool wants_reasoning(const dd_site *s)
{
    return s->reasoning || s->thinking_budget > 0 || (s->reasoning_effort.len > 0 && !dd_str_eqz(s->reasoning_effort, "none"));
}

static uint32_t caps_needed(const dd_site *s)
{
    uint32_t caps = 0;
    if (s->tools > 0 || s->tools_unknown > 0 || s->rounds > 1)
        caps |= DD_CAP_TOOLS;
    if (s->images > 0)
        caps |= DD_CAP_VISION;
    if (wants_reasoning(s))
        caps |= DD_CAP_REASONING;
    return caps;
}

static bool has_room(const dd_price *row, const dd_site *s)
{
    if (row->context <= 0 || row->context - s->output_tokens.expected < s->input_tokens.high)
        return false;
    int64_t out = s->max_tokens > s->output_tokens.expected ? s->max_tokens : s->output_tokens.expected;
    return row->max_output <= 0 || row->max_output >= out;
}

static bool capable(candidate *k, const dd_site *s)
{
    uint32_t need = caps_needed(s);
    if ((k->row->caps & need) != need)
        return false;
    if (s->json_schema && (k->row->caps & DD_CAP_JSON) == 0) {
        if ((k->row->caps & DD_CAP_TOOLS) == 0)
            return false;
        k->weak_json = true; /* a missing flag is weak evidence: said, not refused */
    }
    return has_room(k->row, s);
}

/* --- gate 3: strong enough --- */

static bool is_successor(const dd_suggest_ctx *c, const dd_price *row)
{
    const dd_price *at = c->row;
    for (int hops = 0; hops < 3 && at != NULL && at->replacement.len > 0; hops++) {
        at = dd_prices_find(c->prices, at->provider, at->replacement).price;
        if (at == row)
            return true;
    }
    return false;
}

/* Some third model of the provider that the candidate replaces, and that is at least as able as the present one. */
static void find_third(const dd_suggest_ctx *c, candidate *k)
{
    for (size_t i = 0, n = dd_prices_count(c->prices); i < n; i++) {
        const dd_price    *x = dd_prices_at(c->prices, i);
        dd_quality_compare q;
        if (!dd_str_eq(x->replacement, k->row->id) || !dd_str_eq(x->provider, k->row->provider))
            continue;
        if (dd_quality_between(c->row, x, c->site->cls.task, &q) && q.ratio >= 1.0 && (k->instead_of == NULL || q.ratio > k->score.ratio)) {
            k->instead_of = x;
            k->score      = q;
        }
    }
}

static void relate(const dd_suggest_ctx *c, candidate *k)
{
    dd_quality_tier from, to;
    k->successor = is_successor(c, k->row);
    k->scored    = dd_quality_between(c->row, k->row, c->site->cls.task, &k->score);
    if (!k->scored && !k->successor && c->site->cls.complexity == DD_COMPLEXITY_MEDIUM)
        find_third(c, k);
    if (dd_quality_tier_of(k->row, &to)) {
        k->family = to.family;
        if (dd_str_eq(c->row->provider, k->row->provider) && dd_quality_tier_of(c->row, &from) && strcmp(from.family, to.family) == 0) {
            k->same_family = true;
            k->down        = to.tier - from.tier;
        }
    }
}

static bool older(const dd_price *row, const dd_price *than)
{
    return row->released != DD_DAY_NONE && than->released != DD_DAY_NONE && row->released < than->released;
}

static bool known_enough(const dd_suggest_ctx *c, const candidate *k)
{
    bool here = dd_str_eq(c->row->provider, k->row->provider);
    return (here && k->family != NULL) || k->successor || k->instead_of != NULL;
}

/* A published comparison decides where there is one; else the provider's word, else the family's order. */
static bool strong_enough(const dd_suggest_ctx *c, const candidate *k)
{
    dd_complexity x = c->site->cls.complexity;
    if (k->scored)
        return k->score.ratio >= (k->score.rating ? rating_needed[x] : ability_needed[x]);
    if (x == DD_COMPLEXITY_LOW)
        return known_enough(c, k);
    if (k->successor || k->instead_of != NULL) /* the latter is sought for medium work only */
        return true;
    return k->same_family && k->down <= tiers_down[x] && !(x == DD_COMPLEXITY_HIGH && older(k->row, c->row));
}

/* --- gate 4: cheaper here --- */

/* The same text in another tokenizer, by the ratio of both to what is really counted (o200k over cl100k: 0.978 on mixed text). */
static double tokenizer_weight(const dd_tokenizer *t)
{
    return t->text * (t->base == DD_ENC_CL100K ? 1.0 / 0.978 : 1.0);
}

static int64_t rescaled(int64_t n, double by)
{
    return (int64_t)((double)n * by + 0.999999);
}

static dd_prompt_size prompt_for(const dd_suggest_ctx *c, const dd_price *row)
{
    dd_prompt_size p = c->prompt;
    dd_str         tag = row->tokenizer.len > 0 ? row->tokenizer : dd_tokenizer_guess(row->id);
    p.tokenizer = dd_tokenizer_find(tag);
    if (p.tokenizer == c->prompt.tokenizer)
        return p;
    double by = tokenizer_weight(p.tokenizer) / tokenizer_weight(c->prompt.tokenizer);
    p.exact             = false;
    p.system            = rescaled(p.system, by);
    p.user              = rescaled(p.user, by);
    p.tools             = rescaled(p.tools, by);
    p.dynamic.expected  = rescaled(p.dynamic.expected, by);
    p.material.expected = rescaled(p.material.expected, by);
    return p;
}

/* Reasoning by default can be switched off on these lines; then an easy task that is done without it now is priced without it. */
static bool can_switch_off(dd_str id)
{
    static const char *const lines[] = { "gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.5", "gpt-5.6", "gpt-6", "gemini-2.5-flash" };
    for (size_t i = 0; i < DD_COUNT(lines); i++)
        if (dd_str_has(id, lines[i]))
            return true;
    return false;
}

/* Effort the site's model works with now, or NULL: none. */
static const char *effort_now(const dd_suggest_ctx *c)
{
    dd_answer_size now;
    dd_answer_guess(c->site, &c->prompt, c->row, c->row->id, &now);
    return now.hidden.expected > 0 ? now.effort : NULL;
}

/* Like is priced with like: a model that thinks now is compared with one that thinks as much; an easy task that is done without
 * thinking now is priced without it where that can be had. */
static void set_effort(const candidate *k, const char *now, dd_site *as)
{
    bool by_default = strcmp(dd_default_effort(k->row->id), "none") != 0;
    if (now != NULL && !by_default && as->reasoning_effort.len == 0 && as->thinking_budget < 0)
        as->reasoning_effort = dd_str_z(now);
    if (now == NULL && by_default && as->cls.complexity == DD_COMPLEXITY_LOW && can_switch_off(k->row->id))
        as->reasoning_effort = DD_STR("none");
}

static bool price_candidate(const dd_suggest_ctx *c, candidate *k, const char *effort)
{
    dd_site        as     = *c->site;
    dd_prompt_size prompt = prompt_for(c, k->row);
    dd_answer_size answer;
    dd_plan        plan[DD_LEVELS];
    dd_money_range cost;
    dd_price_hit   hit = c->site->price;
    hit.price = k->row;
    hit.match = DD_MATCH_EXACT;
    set_effort(k, effort, &as);
    k->no_effort = effort == NULL && dd_str_eqz(as.reasoning_effort, "none");
    dd_answer_guess(&as, &prompt, k->row, k->row->id, &answer);
    k->thinks = answer.hidden.expected > 0 || (k->row->caps & DD_CAP_REASONING) == 0;
    dd_plan_calls(&as, &prompt, &answer, k->row, plan);
    if (dd_plan_cost(&as, plan, &hit, c->opts->today, &cost, NULL) != DD_OK)
        return false;
    k->cost = cost.expected;
    return true;
}

static bool cheap_enough(const dd_suggest_ctx *c, dd_pusd cost)
{
    return (__int128)cost * 100 <= (__int128)c->site->per_call.expected * CHEAPER_PERCENT;
}

/* --- choice --- */

/* The cheaper one; of the same cost the newer, then the one that is named first. */
static bool better(const candidate *a, const candidate *b)
{
    if (b->row == NULL)
        return true;
    if (a->cost != b->cost)
        return a->cost < b->cost;
    if (a->row->released != b->row->released)
        return a->row->released > b->row->released;
    return dd_str_cmp(a->row->id, b->row->id) < 0;
}

static bool list_price_falls(const dd_price *from, const dd_price *to)
{
    return to->rates.input < from->rates.input || (to->rates.output != DD_PRICE_NONE && to->rates.output < from->rates.output);
}

static bool passes(const dd_suggest_ctx *c, candidate *k, const char *effort)
{
    if (k->row == c->row || !available(k->row, c->opts->today) || !list_price_falls(c->row, k->row) || !capable(k, c->site)) /* the quick ones first */
        return false;
    if (!dd_quality_known(k->row) || is_special(k->row->id) || ends_at_maker(c->prices, k->row))
        return false;
    relate(c, k);
    return strong_enough(c, k) && price_candidate(c, k, effort) && cheap_enough(c, k->cost);
}

/* Providers whose own API one can move to. */
static bool elsewhere(dd_str provider)
{
    static const char *const names[] = { "openai", "anthropic", "google", "mistral", "groq", "deepseek", "xai" };
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(provider, names[i]))
            return true;
    return false;
}

static void choose(const dd_suggest_ctx *c, candidate *same, candidate *other)
{
    const char *effort = effort_now(c);
    for (size_t i = 0, n = dd_prices_count(c->prices); i < n; i++) {
        candidate k    = { .row = dd_prices_at(c->prices, i) };
        bool      here = dd_str_eq(k.row->provider, c->row->provider);
        if (!here && !elsewhere(k.row->provider))
            continue;
        candidate *best = here ? same : other;
        if (passes(c, &k, effort) && better(&k, best))
            *best = k;
    }
}

/* --- words --- */

/* Short, checkable answers need less of what the scores measure; a score reached with reasoning says less of work without it. */
static dd_confidence by_score(const dd_suggest_ctx *c, const candidate *k)
{
    dd_task task         = c->site->cls.task;
    double  ratio        = k->score.ratio;
    bool    short_answer = task == DD_TASK_CLASSIFICATION || task == DD_TASK_EXTRACTION;
    if (!k->score.rating && ((short_answer && ratio >= 0.85) || (k->thinks && ratio >= 1.1)))
        return DD_CONF_HIGH;
    return ratio >= 0.85 ? DD_CONF_MEDIUM : DD_CONF_LOW;
}

/* Without a comparison: what the provider or the family says, or an easy task for a model that is no older. */
static dd_confidence by_name(const dd_suggest_ctx *c, const candidate *k)
{
    bool easy = c->site->cls.complexity == DD_COMPLEXITY_LOW && !older(k->row, c->row);
    return k->successor || k->instead_of != NULL || easy || (k->same_family && k->down <= 1) ? DD_CONF_MEDIUM : DD_CONF_LOW;
}

static dd_confidence confidence_of(const dd_suggest_ctx *c, const candidate *k)
{
    dd_confidence level = k->scored ? by_score(c, k) : by_name(c, k);
    if ((!c->site->cls.recognised || k->weak_json) && level < DD_CONF_LOW)
        level++;
    return level;
}

static void say_relation(const dd_suggest_ctx *c, const candidate *k, dd_buf *b)
{
    if (k->successor)
        dd_buf_printf(b, "; named by the provider as successor of " DD_STR_FMT, DD_STR_ARG(c->row->id));
    if (k->instead_of != NULL)
        dd_buf_printf(b, "; named by the provider as successor of " DD_STR_FMT ", which is no weaker: %s %.4g against %.4g (%s)",
                      DD_STR_ARG(k->instead_of->id), k->score.title, k->score.to, k->score.from, k->score.date);
    if (k->scored)
        dd_buf_printf(b, "; %s %.4g against %.4g (%s)", k->score.title, k->score.to, k->score.from, k->score.date);
    else if (k->same_family && k->down > 0)
        dd_buf_printf(b, "; %d tier%s down in the %s family", k->down, k->down == 1 ? "" : "s", k->family);
    else if (k->same_family)
        dd_buf_printf(b, "; same tier of the %s family", k->family);
}

static dd_str reason_of(const dd_suggest_ctx *c, const candidate *k)
{
    dd_buf  b    = DD_BUF_INIT(0);
    dd_pusd now  = c->site->per_call.expected;
    int     less = (int)((__int128)(now - k->cost) * 100 / (now > 0 ? now : 1));
    dd_buf_printf(&b, "%s, %s complexity, about ", dd_task_name(c->site->cls.task), dd_complexity_name(c->site->cls.complexity));
    dd_count_show(c->site->output_tokens.expected, &b);
    dd_buf_printf(&b, " tokens out: %d%% cheaper", less);
    say_relation(c, k, &b);
    if (k->no_effort)
        dd_buf_addz(&b, "; with reasoning effort none");
    dd_str s = dd_arena_dup(c->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return s;
}

static dd_str unchecked_of(const dd_suggest_ctx *c, const candidate *k, bool other)
{
    return dd_arena_printf(c->arena, "answer quality on your data, latency, rate limits%s%s%s%s",
                           other ? ", data agreement and SDK of the other provider" : "", k->weak_json ? ", structured output (not listed)" : "",
                           k->scored && !k->thinks ? ", its score without reasoning" : "", k->no_effort ? ", whether effort none is accepted" : "");
}

static dd_suggestion *suggestion_of(const dd_suggest_ctx *c, const candidate *k, bool other)
{
    if (k->row == NULL)
        return NULL;
    dd_suggestion *s = dd_new(c->arena, dd_suggestion);
    s->model      = k->row->id;
    s->provider   = k->row->provider;
    s->per_call   = c->site->per_call.expected - k->cost;
    s->monthly    = DD_PUSD_UNKNOWN;
    if (c->site->calls > 0 && dd_money_mul(s->per_call, c->site->calls, &s->monthly) != DD_OK)
        s->monthly = DD_PUSD_UNKNOWN;
    s->confidence = confidence_of(c, k);
    s->reason     = reason_of(c, k);
    s->unchecked  = unchecked_of(c, k, other);
    return s;
}

/* A price that may not be the model's, a call that another model's API does not take, vectors: nothing is swapped. */
static bool swappable(const dd_site *s)
{
    return s->price.price != NULL && s->monthly.expected != DD_PUSD_UNKNOWN && s->per_call.expected > 0
        && s->price.price->kind == DD_KIND_CHAT && s->cls.task != DD_TASK_EMBEDDING && s->cls.task != DD_TASK_IMAGE;
}

static void prefer(dd_site *s, bool other_first)
{
    dd_suggestion *own = s->suggestion, *other = s->other_provider;
    if (!other_first || other == NULL || (own != NULL && own->per_call >= other->per_call))
        return;
    s->suggestion     = other;
    s->other_provider = own;
}

void dd_suggest(dd_site *site, dd_arena *arena, const dd_prices *prices, const dd_estimate_opts *opts)
{
    dd_suggest_ctx c = { .site = site, .arena = arena, .prices = prices, .opts = opts, .row = site->price.price };
    if (site->ignore || site->local || site->unit != DD_UNIT_TOKENS)
        return;
    if (c.row != NULL) {
        dd_answer_size answer;
        dd_prompt_measure(site, c.row->tokenizer.len > 0 ? c.row->tokenizer : dd_tokenizer_guess(c.row->id), &c.prompt);
        dd_answer_guess(site, &c.prompt, c.row, c.row->id, &answer);
        dd_plan_calls(site, &c.prompt, &answer, c.row, c.plan);
    }
    if (swappable(site)) {
        candidate same = { .row = NULL }, other = { .row = NULL };
        choose(&c, &same, &other);
        site->suggestion     = suggestion_of(&c, &same, false);
        site->other_provider = suggestion_of(&c, &other, true);
        prefer(site, opts->other_providers);
    }
    dd_advise(&c);
}
