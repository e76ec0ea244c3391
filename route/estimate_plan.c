/* From sizes to requests to money: rounds of a tool loop resend what came before, cached prefixes are read, service classes change the rate. */
#include "route/estimate_parts.h"

/* What a tool's answer adds to the next request. */
static const dd_range tool_result = { 50, 500, 4000 };

typedef struct { int64_t up_to, expected, high; } round_guess;
/* A bound on rounds is there for the runaway case: most runs end after a few. */
static const round_guess rounds_by_bound[] = { { 25, 4, 25 }, { INT64_MAX, 10, 40 } };

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t positive(int64_t n)
{
    return n > 0 ? n : 1;
}

static dd_range rounds_of(const dd_site *site)
{
    size_t  i     = 0;
    int64_t bound = positive(site->rounds);
    while (bound > rounds_by_bound[i].up_to)
        i++;
    return (dd_range){ 1, least_of(bound, rounds_by_bound[i].expected), least_of(bound, rounds_by_bound[i].high) };
}

/* Shortest prefix that is cached, from the providers' pages; the first row whose words the model's name holds. */
static const struct { const char *provider, *model; int64_t tokens; } cache_least[] = {
    { "anthropic", "haiku-4", 4096 }, { "anthropic", "opus-4-5", 4096 }, { "anthropic", "opus-4-6", 4096 }, { "anthropic", "haiku", 2048 },
    { "anthropic", "", 1024 }, { "bedrock", "haiku", 4096 }, { "google", "pro", 4096 }, { "google", "", 1024 }, { "", "", 1024 },
};

int64_t dd_cache_minimum(const dd_price *row)
{
    size_t i = 0;
    for (; i + 1 < DD_COUNT(cache_least); i++)
        if (dd_str_eqz(row->provider, cache_least[i].provider) && dd_str_has(row->id, cache_least[i].model))
            break;
    return cache_least[i].tokens;
}

/* Static text that leads every request, when it is long enough to be cached. */
static int64_t prefix_of(const dd_site *site, const dd_prompt_size *p, const dd_price *row)
{
    int64_t n = site->cached || site->system_static_first ? p->system + p->tools : 0;
    return row != NULL && n >= dd_cache_minimum(row) ? n : 0;
}

static int64_t scaled(int64_t n, double factor)
{
    double v = (double)n * factor + 0.999999;
    return v >= (double)DD_TOKENS_MOST ? DD_TOKENS_MOST : (int64_t)v;
}

static dd_plan level(int64_t rounds, int64_t input, int64_t answer, int64_t step, int64_t result, int64_t prefix)
{
    dd_plan p = { rounds, input, 0, step, answer, prefix };
    if (rounds > 1)
        p.growth = dd_tokens_clamp_add(step, result);
    return p;
}

static int64_t step_of(int64_t step, int64_t answer)
{
    return least_of(step, answer);
}

static int64_t least_window(const dd_price *row, int64_t n, int64_t expected)
{
    return row != NULL && row->context >= expected ? least_of(n, row->context) : n;
}

/* Figures the user gave replace the estimate, all rounds included. */
static void apply_given(const dd_site *site, dd_plan plan[DD_LEVELS])
{
    for (int i = 0; i < DD_LEVELS; i++) {
        if (site->note_tokens_in < 0 && site->note_tokens_out < 0)
            return;
        dd_range in, out;
        dd_plan_totals((const dd_plan[DD_LEVELS]){ plan[i], plan[i], plan[i] }, &in, &out);
        plan[i].first  = site->note_tokens_in >= 0 ? least_of(site->note_tokens_in, DD_TOKENS_MOST) : in.low;
        plan[i].last   = site->note_tokens_out >= 0 ? least_of(site->note_tokens_out, DD_TOKENS_MOST) : out.low;
        plan[i].rounds = 1;
        plan[i].growth = plan[i].step = 0;
    }
}

void dd_plan_calls(const dd_site *site, const dd_prompt_size *p, const dd_answer_size *a, const dd_price *row, dd_plan plan[DD_LEVELS])
{
    static const dd_range step = { 70, 200, 900 };
    const dd_tokenizer *t      = p->tokenizer;
    dd_range  rounds = rounds_of(site);
    int64_t   text   = dd_tokens_clamp_add(p->system, dd_tokens_clamp_add(p->user, p->tools));
    int64_t   fixed  = p->overhead, n = positive(site->n), prefix = prefix_of(site, p, row);
    int64_t   low    = dd_tokens_clamp_add(fixed + scaled(text, p->exact ? 1 : t->low), p->dynamic.low);
    int64_t   mid    = dd_tokens_clamp_add(fixed + text, p->dynamic.expected);
    int64_t   high   = dd_tokens_clamp_add(fixed + scaled(text, p->exact ? 1 : t->high), p->dynamic.high);
    plan[DD_LOW]      = level(rounds.low, low, dd_tokens_clamp_mul(a->tokens.low, n), step_of(step.low, a->tokens.low), tool_result.low, least_of(prefix, low));
    plan[DD_EXPECTED] = level(rounds.expected, mid, dd_tokens_clamp_mul(a->tokens.expected, n), step_of(step.expected, a->tokens.expected), tool_result.expected, prefix);
    plan[DD_HIGH]     = level(rounds.high, least_window(row, high, mid), dd_tokens_clamp_mul(a->tokens.high, n), step_of(step.high, a->tokens.high), tool_result.high, prefix);
    apply_given(site, plan);
}

/* Sum over the rounds of first + k x growth, k from 0. */
static int64_t input_of(const dd_plan *p)
{
    int64_t grown = dd_tokens_clamp_mul(p->growth, p->rounds * (p->rounds - 1) / 2);
    return dd_tokens_clamp_add(dd_tokens_clamp_mul(p->first, p->rounds), grown);
}

static int64_t output_of(const dd_plan *p)
{
    return dd_tokens_clamp_add(dd_tokens_clamp_mul(p->step, p->rounds - 1), p->last);
}

void dd_plan_totals(const dd_plan plan[DD_LEVELS], dd_range *input, dd_range *output)
{
    *input  = (dd_range){ input_of(&plan[DD_LOW]), input_of(&plan[DD_EXPECTED]), input_of(&plan[DD_HIGH]) };
    *output = (dd_range){ output_of(&plan[DD_LOW]), output_of(&plan[DD_EXPECTED]), output_of(&plan[DD_HIGH]) };
}

/* How the static prefix is billed at each level when the code asks for prompt caching: at best and as a rule it is read, at worst written anew. */
static void split_cache(const dd_site *site, int which, int64_t prefix, dd_usage *u)
{
    if (!site->cached)
        return;
    prefix = least_of(prefix, u->input);
    u->input -= prefix;
    if (which == DD_HIGH)
        u->cache_write = prefix;
    else
        u->cache_read = prefix;
}

static unsigned class_of(const dd_site *site, const dd_price_hit *hit, int which)
{
    unsigned flags = 0;
    if (site->batch || site->flex || hit->batch)
        flags |= DD_COST_BATCH;
    if (which == DD_LOW)
        flags |= DD_COST_OFF_PEAK; /* at best the call runs outside the peak hours */
    return flags;
}

/* Faster service: twice the price on the GPT-6 line (data of 2026-11-20); elsewhere not known, then only the upper end doubles. */
static int64_t priority_factor(const dd_site *site, const dd_price_hit *hit, int which)
{
    if (!site->priority && !hit->priority)
        return 1;
    return which == DD_HIGH || dd_str_startsz(hit->price->id, "gpt-6") ? 2 : 1;
}

/* A fine-tuned model costs up to twice its base, whose price this is. */
static int64_t tuned_factor(const dd_price_hit *hit, int which)
{
    return hit->match == DD_MATCH_FINE_TUNED && which == DD_HIGH && !dd_str_startsz(hit->price->id, "ft:") ? 2 : 1;
}

static dd_code level_cost(const dd_site *site, const dd_plan *p, const dd_price_hit *hit, dd_day day, int which, dd_pusd *out, dd_err *err)
{
    dd_pusd sum = 0, one = 0;
    dd_code rc  = DD_OK;
    for (int64_t r = 0; r < p->rounds && rc == DD_OK; r++) {
        dd_usage u = { .input = dd_tokens_clamp_add(p->first, p->growth * r), .output = r + 1 < p->rounds ? p->step : p->last };
        split_cache(site, which, p->prefix, &u);
        rc = dd_cost_request(hit->price, &u, day, class_of(site, hit, which), &one, err);
        if (rc == DD_OK)
            rc = dd_money_add(sum, one, &sum);
    }
    if (rc == DD_OK)
        rc = dd_money_mul(sum, priority_factor(site, hit, which) * tuned_factor(hit, which), out);
    return rc;
}

dd_code dd_plan_cost(const dd_site *site, const dd_plan plan[DD_LEVELS], const dd_price_hit *hit, dd_day day, dd_money_range *out, dd_err *err)
{
    dd_pusd m[DD_LEVELS];
    dd_code rc = DD_OK;
    for (int i = 0; i < DD_LEVELS && rc == DD_OK; i++)
        rc = level_cost(site, &plan[i], hit, day, i, &m[i], err);
    if (rc != DD_OK)
        return rc;
    if (m[DD_LOW] > m[DD_EXPECTED])
        m[DD_LOW] = m[DD_EXPECTED];
    if (m[DD_HIGH] < m[DD_EXPECTED]) /* a cache write can be cheaper than reads when only reads have no price of their own */
        m[DD_HIGH] = m[DD_EXPECTED];
    *out = (dd_money_range){ m[DD_LOW], m[DD_EXPECTED], m[DD_HIGH] };
    return DD_OK;
}
