/* What else a site could save, and what its reader should know: one short function a rule (docs/findings.md lists the rules). */
#include "route/suggest_parts.h"

enum { WARN_DAYS = 90, SHORT_OUTPUT_LIMIT = 2000, FIVE_MINUTES_A_MONTH = 8640 };

static void add(dd_suggest_ctx *c, dd_advice_kind kind, dd_pusd monthly, dd_str text, dd_str model, dd_day day)
{
    if (c->n_advice < DD_ADVICE_MOST)
        c->advice[c->n_advice++] = (dd_advice){ kind, monthly, text, model, day };
}

static bool billed(const dd_suggest_ctx *c)
{
    return c->row != NULL && c->site->per_call.expected != DD_PUSD_UNKNOWN;
}

static bool retires_soon(const dd_price *row, dd_day today)
{
    return row->status == DD_MODEL_RETIRED || dd_days_left(row, today) <= WARN_DAYS;
}

/* The successor that can still be had when this one's own successor is on its way out, too. */
static const dd_price *last_successor(const dd_suggest_ctx *c)
{
    const dd_price *at = c->row, *last = NULL;
    for (int hops = 0; hops < 4 && at != NULL && at->replacement.len > 0; hops++) {
        at = dd_prices_find(c->prices, at->provider, at->replacement).price;
        if (at != NULL)
            last = at;
        if (at != NULL && !retires_soon(at, c->opts->today))
            return at;
    }
    return last;
}

static void say_successor(const dd_suggest_ctx *c, const dd_price *last, dd_buf *b)
{
    if (c->row->replacement.len == 0)
        dd_buf_addz(b, "; no successor is named");
    else
        dd_buf_printf(b, "; its provider names " DD_STR_FMT, DD_STR_ARG(c->row->replacement));
    if (last != NULL && !dd_str_eq(last->id, c->row->replacement))
        dd_buf_printf(b, ", since followed by " DD_STR_FMT, DD_STR_ARG(last->id));
}

static void advise_retired(dd_suggest_ctx *c)
{
    const dd_price *row = c->row;
    char            day[11] = "";
    if (row == NULL || !retires_soon(row, c->opts->today))
        return;
    const dd_price *last = last_successor(c);
    bool            past = row->status == DD_MODEL_RETIRED || dd_days_left(row, c->opts->today) <= 0;
    dd_buf          b    = DD_BUF_INIT(0);
    if (row->retires != DD_DAY_NONE)
        dd_day_format(row->retires, day);
    dd_buf_printf(&b, DD_STR_FMT " %s%s%s", DD_STR_ARG(row->id), past ? "was retired" : "will be retired", day[0] ? " on " : "", day);
    say_successor(c, last, &b);
    if (past)
        dd_buf_addz(&b, "; priced at its last known price");
    add(c, DD_ADVICE_RETIRED, 0, dd_arena_dup(c->arena, dd_buf_str(&b)), last != NULL ? last->id : row->replacement, row->retires);
    dd_buf_free(&b);
}

static void advise_no_cap(dd_suggest_ctx *c)
{
    const dd_site *s = c->site;
    bool short_task  = s->cls.recognised && (s->cls.task == DD_TASK_CLASSIFICATION || s->cls.task == DD_TASK_EXTRACTION);
    if (!billed(c) || s->max_tokens_set || s->max_tokens > 0 || !short_task || s->output_tokens.expected > SHORT_OUTPUT_LIMIT)
        return;
    dd_buf b = DD_BUF_INIT(0);
    dd_buf_printf(&b, "no output cap: %s needs about ", dd_task_name(s->cls.task));
    dd_count_show(s->output_tokens.expected, &b);
    if (c->row->max_output > 0) {
        dd_buf_addz(&b, " tokens, one runaway answer may bill ");
        dd_count_show(c->row->max_output, &b);
    } else {
        dd_buf_addz(&b, " tokens");
    }
    add(c, DD_ADVICE_NO_CAP, 0, dd_arena_dup(c->arena, dd_buf_str(&b)), DD_STR(""), DD_DAY_NONE);
    dd_buf_free(&b);
}

/* Providers that cache a repeated prefix without being asked. */
static bool caches_by_itself(const dd_price *row)
{
    static const char *const names[] = { "openai", "azure", "google", "deepseek", "xai", "groq" };
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(row->provider, names[i]))
            return true;
    return false;
}

/* Reads that a month's calls can have when they come evenly: the cache lives five minutes, so one call in five minutes writes it; the
 * later rounds of one call always read. */
static dd_pusd cache_saving(const dd_suggest_ctx *c, int64_t prefix)
{
    dd_rates rates;
    dd_usage u      = { .input = c->plan[DD_EXPECTED].first };
    int64_t  calls  = c->site->calls, rounds = c->plan[DD_EXPECTED].rounds;
    int64_t  writes = calls < FIVE_MINUTES_A_MONTH ? calls : FIVE_MINUTES_A_MONTH;
    dd_cost_rates(c->row, &u, c->opts->today, c->site->batch || c->site->flex ? DD_COST_BATCH : 0, &rates);
    if (rates.input <= rates.cache_read)
        return 0;
    __int128 reads  = (__int128)calls * rounds - writes;
    __int128 saving = (reads * (rates.input - rates.cache_read) - (__int128)writes * (rates.cache_write - rates.input)) * prefix;
    return saving <= 0 || saving > INT64_MAX ? 0 : (dd_pusd)saving;
}

static void advise_cache(dd_suggest_ctx *c)
{
    const dd_site *s      = c->site;
    int64_t        prefix = c->plan[DD_EXPECTED].prefix;
    if (!billed(c) || s->cached || prefix <= 0 || c->row->rates.cache_read == DD_PRICE_NONE || c->row->rates.cache_read >= c->row->rates.input)
        return;
    dd_pusd saving = caches_by_itself(c->row) ? 0 : cache_saving(c, prefix);
    dd_buf  b      = DD_BUF_INIT(0);
    dd_buf_addz(&b, "a static prefix of ");
    dd_count_show(prefix, &b);
    dd_buf_addz(&b, caches_by_itself(c->row) ? " tokens leads the prompt: the provider bills it at the cached price when calls come within minutes, which this estimate does not count on"
                  : saving > 0 ? " tokens leads the prompt: mark it with cache_control"
                               : " tokens leads the prompt: cache_control pays when calls come within five minutes of each other");
    add(c, DD_ADVICE_CACHE, saving, dd_arena_dup(c->arena, dd_buf_str(&b)), DD_STR(""), DD_DAY_NONE);
    dd_buf_free(&b);
}

static bool can_wait(const dd_site *s)
{
    bool offline = s->context == DD_CTX_SCRIPT || (s->cls.task == DD_TASK_EMBEDDING && s->loop != 1);
    return offline && !s->stream && !s->batch && !s->flex && s->rounds <= 1 && s->tools == 0;
}

static void advise_batch(dd_suggest_ctx *c)
{
    dd_site        as = *c->site;
    dd_money_range cost;
    dd_pusd        saving = 0;
    if (!billed(c) || !can_wait(c->site) || c->site->price.batch || c->row->batch_input == DD_PRICE_NONE)
        return;
    as.batch = true;
    if (dd_plan_cost(&as, c->plan, &c->site->price, c->opts->today, &cost, NULL) != DD_OK || cost.expected >= c->site->per_call.expected)
        return;
    if (dd_money_mul(c->site->per_call.expected - cost.expected, c->site->calls, &saving) != DD_OK)
        saving = DD_PUSD_UNKNOWN;
    int less = (int)((__int128)(c->site->per_call.expected - cost.expected) * 100 / c->site->per_call.expected);
    add(c, DD_ADVICE_BATCH, saving, dd_arena_printf(c->arena, "if its answers can wait: the batch API costs %d%% less, results within a day", less),
        DD_STR(""), DD_DAY_NONE);
}

static void add_near(dd_suggest_ctx *c, dd_buf *b)
{
    const dd_price *near[3];
    size_t          n = dd_prices_near(c->prices, c->site->model, near, DD_COUNT(near));
    for (size_t i = 0; i < n; i++)
        dd_buf_printf(b, "%s" DD_STR_FMT, i == 0 ? "; near names: " : ", ", DD_STR_ARG(near[i]->id));
}

static void describe_dynamic(const dd_site *s, dd_buf *b)
{
    if (s->n_candidates > 0)
        dd_buf_printf(b, "one of %zu models", s->n_candidates);
    else
        dd_buf_addz(b, "model not known from the source");
    if (s->model_cause.len > 0)
        dd_buf_printf(b, " (" DD_STR_FMT ")", DD_STR_ARG(s->model_cause));
    dd_buf_addz(b, s->per_call.expected != DD_PUSD_UNKNOWN ? "; shown with a range, in no total" : "; in no total");
    dd_buf_addz(b, ": name it in the usage file to have it counted");
}

static void advise_unknown(dd_suggest_ctx *c)
{
    const dd_site *s = c->site;
    dd_buf         b = DD_BUF_INIT(0);
    if (s->monthly.expected != DD_PUSD_UNKNOWN)
        return;
    if (s->model.ptr == NULL) {
        describe_dynamic(s, &b);
    } else if (c->row == NULL) {
        dd_buf_printf(&b, "no price for \"" DD_STR_FMT "\", in no total", DD_STR_ARG(s->model));
        add_near(c, &b);
    } else {
        dd_buf_printf(&b, "deployment \"" DD_STR_FMT "\" may be " DD_STR_FMT ": shown with that price, in no total", DD_STR_ARG(s->model), DD_STR_ARG(c->row->id));
    }
    add(c, DD_ADVICE_UNKNOWN, DD_PUSD_UNKNOWN, dd_arena_dup(c->arena, dd_buf_str(&b)), DD_STR(""), DD_DAY_NONE);
    dd_buf_free(&b);
}

static void advise_default(dd_suggest_ctx *c)
{
    const dd_site *s = c->site;
    if (s->model_source != DD_SRC_SDK_DEFAULT || s->model.ptr == NULL)
        return;
    add(c, DD_ADVICE_SDK_DEFAULT, 0,
        dd_arena_printf(c->arena, "%.*s is the default of %.*s and moves with its version: set the model explicitly", DD_STR_ARG(s->model), DD_STR_ARG(s->sdk)),
        DD_STR(""), DD_DAY_NONE);
}

static bool cheaper_embedding(const dd_suggest_ctx *c, const dd_price *row)
{
    return row != c->row && row->kind == DD_KIND_EMBEDDING && row->status == DD_MODEL_ACTIVE && !row->free && row->rates.input > 0
        && dd_str_eq(row->provider, c->row->provider) && row->rates.input * 5 <= c->row->rates.input * 4
        && dd_quality_known(row) && dd_days_left(row, c->opts->today) >= WARN_DAYS;
}

/* Vectors of two models cannot be mixed: never a suggestion, only this advice. */
static void advise_embedding(dd_suggest_ctx *c)
{
    const dd_price *best = NULL;
    if (!billed(c) || c->row->kind != DD_KIND_EMBEDDING)
        return;
    for (size_t i = 0, n = dd_prices_count(c->prices); i < n; i++) {
        const dd_price *row = dd_prices_at(c->prices, i);
        if (cheaper_embedding(c, row) && (best == NULL || row->rates.input < best->rates.input))
            best = row;
    }
    if (best == NULL || c->site->monthly.expected == DD_PUSD_UNKNOWN)
        return;
    __int128 saving = (__int128)c->site->monthly.expected * (c->row->rates.input - best->rates.input) / c->row->rates.input;
    int      less   = (int)((c->row->rates.input - best->rates.input) * 100 / c->row->rates.input);
    add(c, DD_ADVICE_EMBED, (dd_pusd)saving,
        dd_arena_printf(c->arena, "%.*s costs %d%% less, but its vectors do not mix with those of %.*s: the whole index must be made again", DD_STR_ARG(best->id), less, DD_STR_ARG(c->row->id)),
        best->id, DD_DAY_NONE);
}

typedef void advise_fn(dd_suggest_ctx *c);
static advise_fn *const rules[] = {
    advise_retired, advise_unknown, advise_default, advise_no_cap, advise_cache, advise_batch, advise_embedding,
};

void dd_advise(dd_suggest_ctx *c)
{
    dd_advice found[DD_ADVICE_MOST] = { { DD_ADVICE_DOWNGRADE, 0, { NULL, 0 }, { NULL, 0 }, DD_DAY_NONE } };
    c->advice   = found;
    c->n_advice = 0;
    for (size_t i = 0; i < DD_COUNT(rules); i++)
        rules[i](c);
    c->site->n_advice = c->n_advice;
    c->site->advice   = NULL;
    if (c->n_advice > 0) {
        c->site->advice = dd_newn(c->arena, dd_advice, c->n_advice);
        memcpy(c->site->advice, found, sizeof *found * c->n_advice);
    }
}
