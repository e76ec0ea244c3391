/* One site: class, price, tokens, money, and a sentence for each figure. Sums over sites: estimate_totals.c. */
#include "route/estimate_parts.h"
#include "route/suggest.h"

static const dd_money_range unknown_money = { DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN };

static bool billed_by_token(const dd_site *site)
{
    return site->unit == DD_UNIT_TOKENS && !site->local;
}

static bool counts(const dd_site *site)
{
    return (site->context == DD_CTX_PRODUCTION || site->context == DD_CTX_SCRIPT) && !site->ignore;
}

/* --- class --- */

static void add_word_break(dd_buf *b, char before, char c)
{
    bool lower = before >= 'a' && before <= 'z', upper = c >= 'A' && c <= 'Z';
    if (lower && upper)
        dd_buf_addc(b, ' ');
}

/* "ReportService.summarizeText" to "Report Service.summarize Text": names are words, too. */
static void add_words(dd_buf *b, dd_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (i > 0)
            add_word_break(b, name.ptr[i - 1], name.ptr[i]);
        dd_buf_addc(b, name.ptr[i]);
    }
    dd_buf_addc(b, '\n');
}

static dd_str file_stem(dd_str path)
{
    ptrdiff_t slash = dd_str_rchr(path, '/');
    dd_str    name  = slash >= 0 ? dd_str_sub(path, (size_t)slash + 1, path.len) : path;
    ptrdiff_t dot   = dd_str_chr(name, '.');
    return dot > 0 ? dd_str_sub(name, 0, (size_t)dot) : name;
}

/* A prompt that is not in the source: the names around it say what it is for. */
static dd_class classify_by_name(const dd_site *site, dd_prompt p)
{
    dd_buf words = DD_BUF_INIT(4096);
    add_words(&words, site->label);
    add_words(&words, site->symbol);
    add_words(&words, file_stem(site->path));
    p.system = DD_STR("");
    p.text   = dd_buf_str(&words);
    p.tools  = 0;
    dd_class c = dd_classify(&p);
    dd_buf_free(&words);
    return c;
}

static dd_class form_default(const dd_site *site, dd_class c)
{
    static const struct { const char *api; dd_task task; double score; const char *why; } forms[] = {
        { "agent", DD_TASK_AGENT_STEP, 0.55, "an agent of a framework" },
        { "completions", DD_TASK_GENERATION, 0.50, "a text completion" },
    };
    if (site->json_schema)
        return (dd_class){ DD_TASK_EXTRACTION, DD_COMPLEXITY_MEDIUM, 0.40, false, false, "a response schema" };
    for (size_t i = 0; i < DD_COUNT(forms); i++)
        if (dd_str_eqz(site->api, forms[i].api))
            return (dd_class){ forms[i].task, DD_COMPLEXITY_MEDIUM, forms[i].score, false, false, forms[i].why };
    return c;
}

static dd_class classify_site(const dd_site *site, int64_t input_tokens)
{
    if (dd_str_eqz(site->api, "embeddings"))
        return (dd_class){ DD_TASK_EMBEDDING, DD_COMPLEXITY_LOW, 0.1, true, false, "an embeddings call" };
    if (dd_str_eqz(site->api, "images"))
        return (dd_class){ DD_TASK_IMAGE, DD_COMPLEXITY_MEDIUM, 0.5, true, false, "an images call" };
    dd_prompt p = {
        .system = site->system_text, .text = site->user_text, .input_tokens = input_tokens, .max_tokens = site->max_tokens,
        .messages = site->messages, .tools = site->tools, .json_schema = site->json_schema, .images = site->images > 0,
        .reasoning = site->reasoning || site->thinking_budget > 0, .source = true,
    };
    dd_class c = dd_classify(&p);
    if (!c.recognised)
        c = classify_by_name(site, p);
    return c.recognised ? c : form_default(site, c);
}

/* --- price --- */

/* The model that is priced: the one in the source, else what the user's usage file gives for this place. */
static dd_str priced_model(const dd_site *site, const dd_estimate_opts *opts)
{
    dd_rule_rank         rank;
    const dd_usage_rule *rule;
    if (site->model.ptr != NULL)
        return site->model;
    rule = dd_usage_rule_find(site, opts, DD_RULE_MODEL, &rank);
    return rule != NULL ? rule->model : DD_STR_NULL;
}

/* Free text that merely holds a model's name is shown with a range, and is in no total. */
static bool firm(const dd_price_hit *hit)
{
    return hit->price != NULL && hit->match != DD_MATCH_DEPLOYMENT;
}

/* --- tokens --- */

typedef struct {
    dd_str         model;     /* for the tokenizer and for reasoning by default */
    dd_prompt_size prompt;
    dd_answer_size answer;
    dd_plan        plan[DD_LEVELS];
} sizes;

static dd_str tokenizer_tag(const dd_site *site, const dd_price *row, dd_str model)
{
    static const struct { const char *provider, *tag; } usual[] = { { "openai", "o200k_base" }, { "azure", "o200k_base" }, { "anthropic", "claude-4.7" }, { "google", "gemini" } };
    if (row != NULL && row->tokenizer.len > 0)
        return row->tokenizer;
    if (model.ptr != NULL)
        return dd_tokenizer_guess(model);
    for (size_t i = 0; i < DD_COUNT(usual); i++)
        if (dd_str_eqz(site->provider, usual[i].provider))
            return dd_str_z(usual[i].tag);
    return dd_tokenizer_guess(DD_STR(""));
}

/* What the user says about tokens for this place wins over the estimate; the inline note wins unless a rule names the site. */
static void apply_token_rules(dd_site *site, const dd_estimate_opts *opts)
{
    dd_rule_rank         rank;
    const dd_usage_rule *in  = dd_usage_rule_find(site, opts, DD_RULE_TOKENS_IN, &rank);
    if (in != NULL && (site->note_tokens_in < 0 || rank == DD_RULE_BY_ID))
        site->note_tokens_in = in->tokens_in;
    const dd_usage_rule *out = dd_usage_rule_find(site, opts, DD_RULE_TOKENS_OUT, &rank);
    if (out != NULL && (site->note_tokens_out < 0 || rank == DD_RULE_BY_ID))
        site->note_tokens_out = out->tokens_out;
}

static void plan_for(const dd_site *site, const dd_price *row, dd_str model, sizes *z)
{
    z->model = model;
    dd_answer_guess(site, &z->prompt, row, model, &z->answer);
    dd_plan_calls(site, &z->prompt, &z->answer, row, z->plan);
}

static void measure_site(dd_site *site, const dd_price *row, dd_str model, sizes *z)
{
    dd_prompt_measure(site, tokenizer_tag(site, row, model), &z->prompt);
    site->static_tokens = z->prompt.system + z->prompt.user + z->prompt.tools;
    site->tokens_exact  = z->prompt.exact;
    site->cls = classify_site(site, site->static_tokens + z->prompt.dynamic.expected);
    plan_for(site, row, model, z);
    dd_plan_totals((const dd_plan *)z->plan, &site->input_tokens, &site->output_tokens);
    if (site->unit != DD_UNIT_TOKENS) /* what pictures and sound are billed by is no token */
        site->input_tokens = site->output_tokens = (dd_range){ -1, -1, -1 };
}

/* --- the sentence under the figure --- */

/* " + 2 large dynamic parts x 1,500"; `one` names a single one. */
static void add_part(dd_buf *b, int64_t n, const char *one, const char *each)
{
    if (n <= 0)
        return;
    dd_buf_addz(b, " + ");
    dd_count_show(n, b);
    dd_buf_printf(b, " %s%s%s", one, n == 1 ? "" : "s", each);
}

static void describe_parts(const dd_site *site, dd_buf *b)
{
    bool embed = dd_str_eqz(site->api, "embeddings");
    add_part(b, site->holes_small, "small dynamic part", " x 20");
    add_part(b, site->holes_typed, embed ? "text" : "typed part", embed ? " x 400" : " x 150");
    add_part(b, site->holes_large, embed ? "text" : "large dynamic part", embed ? " x 400" : " x 1,500");
    add_part(b, site->holes_history, embed ? "text list" : "conversation", embed ? " x 2,000" : " so far x 2,000");
    add_part(b, site->tools_unknown, "tool", " x 150");
    add_part(b, site->images, "image", "");
}

static void describe_input(const dd_site *site, const sizes *z, dd_buf *b)
{
    if (site->note_tokens_in >= 0) {
        dd_buf_addz(b, "input tokens given by the user");
        return;
    }
    dd_count_show(site->static_tokens, b);
    dd_buf_printf(b, " static tokens (%s%s)", z->prompt.tokenizer->tag, z->prompt.exact ? ", exact" : ", estimated");
    describe_parts(site, b);
    if (z->prompt.unseen)
        dd_buf_addz(b, " + prompt not in the source, 1,000 assumed");
    else if (site->holes_small + site->holes_typed + site->holes_large + site->holes_history == 0 && site->user_text.len == 0)
        dd_buf_addz(b, " + user's text assumed");
    if (z->prompt.overhead > 0) {
        dd_buf_addz(b, " + ");
        dd_count_show(z->prompt.overhead, b);
        dd_buf_addz(b, " of chat form");
    }
}

static void describe_answer(const dd_site *site, const sizes *z, dd_buf *b)
{
    if (site->note_tokens_out >= 0) {
        dd_buf_addz(b, "; output tokens given by the user");
        return;
    }
    if (site->cls.task == DD_TASK_EMBEDDING)
        return;
    dd_buf_addz(b, "; output ");
    dd_count_show(z->answer.tokens.expected, b);
    dd_buf_printf(b, " (%s%s%s%s%s)", dd_task_name(site->cls.task), site->cls.recognised ? "" : " by default", z->answer.by != NULL ? ", " : "",
                  z->answer.by != NULL ? z->answer.by : "", z->answer.capped ? ", bounded by the cap" : "");
    if (z->answer.hidden.expected > 0) {
        dd_buf_addz(b, ", of that ");
        dd_count_show(z->answer.hidden.expected, b);
        dd_buf_printf(b, " reasoning (%s)", z->answer.effort);
    }
}

static void describe_times(const dd_site *site, const sizes *z, dd_buf *b)
{
    if (site->n > 1)
        dd_buf_printf(b, "; %lld answers a request", (long long)site->n);
    if (z->plan[DD_EXPECTED].rounds > 1)
        dd_buf_printf(b, "; %lld rounds expected of at most %lld", (long long)z->plan[DD_EXPECTED].rounds, (long long)site->rounds);
}

static void describe_class(const dd_site *site, const dd_price *row, dd_buf *b)
{
    if (site->batch || site->flex || site->price.batch)
        dd_buf_addz(b, row->batch_input != DD_PRICE_NONE ? "; batch price" : "; batch price not known, list price used");
    if (site->priority || site->price.priority)
        dd_buf_addz(b, dd_str_startsz(row->id, "gpt-6") ? "; twice the price for priority" : "; price of faster service not known, list price used");
    if (site->cached)
        dd_buf_addz(b, "; static prefix at the cached price where it is long enough");
}

static void describe_price(const dd_site *site, dd_buf *b)
{
    const dd_price *row = site->price.price;
    if (row == NULL)
        return;
    describe_class(site, row, b);
    if (site->price.match == DD_MATCH_FINE_TUNED && !dd_str_startsz(row->id, "ft:"))
        dd_buf_addz(b, "; price of the base model, fine-tuned ones cost up to twice that");
    if (row->suspect)
        dd_buf_addz(b, "; the listed price is doubtful");
    if (site->user_host)
        dd_buf_addz(b, "; endpoint set by the user, first party's price used");
}

static void describe(dd_site *site, dd_arena *arena, const sizes *z)
{
    dd_buf b = DD_BUF_INIT(0);
    if (site->unit != DD_UNIT_TOKENS) {
        site->tokens_basis = DD_STR("not billed by tokens");
        return;
    }
    describe_input(site, z, &b);
    describe_answer(site, z, &b);
    describe_times(site, z, &b);
    describe_price(site, &b);
    if (site->model.ptr == NULL && site->price.price != NULL)
        dd_buf_printf(&b, "; model " DD_STR_FMT " from the usage file", DD_STR_ARG(z->model));
    else if (site->model.ptr == NULL && z->model.ptr != NULL)
        dd_buf_printf(&b, "; counted for " DD_STR_FMT ", one of several models", DD_STR_ARG(z->model));
    site->tokens_basis = dd_arena_dup(arena, dd_buf_str(&b));
    dd_buf_free(&b);
}

/* --- money --- */

static dd_code name_site(const dd_site *site, dd_code rc, dd_err *err)
{
    if (rc != DD_OK) {
        dd_wrap(err, DD_STR_FMT ":%u", DD_STR_ARG(site->path), site->line);
        dd_hint(err, "Check the calls and token counts given for this place.");
    }
    return rc;
}

static dd_code widen_by(const dd_money_range *one, dd_money_range *all, dd_pusd *sum, size_t n)
{
    if (n == 0 || one->low < all->low)
        all->low = one->low;
    if (n == 0 || one->high > all->high)
        all->high = one->high;
    return dd_money_add(*sum, one->expected, sum);
}

/* Several possible models: from the cheapest to the dearest that has a price, the mean as expected. No total includes it. */
static dd_code price_candidates(dd_site *site, const dd_prices *prices, const dd_estimate_opts *opts, dd_err *err)
{
    size_t  n   = 0;
    dd_pusd sum = 0;
    sizes   z;
    dd_code rc = DD_OK;
    for (size_t i = 0; i < site->n_candidates && rc == DD_OK; i++) {
        dd_price_hit hit = dd_prices_find(prices, site->provider, site->candidates[i]);
        dd_money_range one;
        if (hit.price == NULL)
            continue;
        dd_prompt_measure(site, tokenizer_tag(site, hit.price, site->candidates[i]), &z.prompt);
        plan_for(site, hit.price, site->candidates[i], &z);
        rc = dd_plan_cost(site, z.plan, &hit, opts->today, &one, err);
        if (rc == DD_OK)
            rc = widen_by(&one, &site->per_call, &sum, n++);
    }
    if (rc == DD_OK && n > 0)
        site->per_call.expected = sum / (dd_pusd)n;
    return rc == DD_ERR_NOT_FOUND ? DD_OK : rc;
}

static dd_code times_calls(const dd_site *site, dd_money_range *out)
{
    /* Retries are billed only at worst (call-shapes X-5). */
    int64_t worst = site->retries > 0 ? 1 + (site->retries < 4 ? site->retries : 4) : 1;
    dd_pusd once  = 0;
    dd_code rc    = dd_money_mul(site->per_call.low, site->calls, &out->low);
    if (rc == DD_OK)
        rc = dd_money_mul(site->per_call.expected, site->calls, &out->expected);
    if (rc == DD_OK)
        rc = dd_money_mul(site->per_call.high, site->calls, &once);
    return rc == DD_OK ? dd_money_mul(once, worst, &out->high) : rc;
}

static dd_code price_site(dd_site *site, const sizes *z, const dd_estimate_opts *opts, dd_err *err)
{
    dd_code rc = dd_plan_cost(site, z->plan, &site->price, opts->today, &site->per_call, err);
    if (rc == DD_ERR_NOT_FOUND) { /* a row without the price this call needs */
        site->per_call = unknown_money;
        return DD_OK;
    }
    if (rc != DD_OK || !firm(&site->price))
        return rc;
    rc = times_calls(site, &site->monthly);
    if (rc != DD_OK)
        return dd_fail(err, rc, "cost of a month is past 9.2 million USD");
    site->in_total = opts->count_all || counts(site);
    return DD_OK;
}

static void reset(dd_site *site)
{
    site->price    = (dd_price_hit){ .price = NULL };
    site->per_call = site->monthly = unknown_money;
    site->in_total = false;
    site->suggestion = site->other_provider = NULL;
    site->advice   = NULL;
    site->n_advice = 0;
}

static dd_code money_of(dd_site *site, const dd_prices *prices, const dd_estimate_opts *opts, const sizes *z, dd_err *err)
{
    if (site->local) {
        site->per_call = site->monthly = (dd_money_range){ 0, 0, 0 };
        return DD_OK;
    }
    if (!billed_by_token(site))
        return DD_OK;
    if (site->price.price != NULL)
        return price_site(site, z, opts, err);
    return site->model.ptr == NULL ? price_candidates(site, prices, opts, err) : DD_OK;
}

dd_code dd_estimate_site(dd_site *site, dd_arena *arena, const dd_prices *prices, const dd_estimate_opts *opts, dd_err *err)
{
    sizes  z;
    dd_str model = priced_model(site, opts);
    reset(site);
    if (model.ptr != NULL && billed_by_token(site))
        site->price = dd_prices_find(prices, site->provider, model);
    if (model.ptr == NULL && site->n_candidates > 0)
        model = site->candidates[0];
    apply_token_rules(site, opts);
    measure_site(site, site->price.price, model, &z);
    dd_code rc = dd_volume_of(site, arena, opts, err);
    if (rc == DD_OK)
        rc = name_site(site, money_of(site, prices, opts, &z, err), err);
    if (rc != DD_OK)
        return rc;
    describe(site, arena, &z);
    dd_suggest(site, arena, prices, opts);
    return DD_OK;
}

dd_code dd_estimate_audit(dd_audit *audit, const dd_prices *prices, const dd_estimate_opts *opts, dd_err *err)
{
    dd_code rc = DD_OK;
    for (size_t i = 0; i < audit->n_sites && rc == DD_OK; i++)
        rc = dd_estimate_site(audit->sites[i], &audit->arena, prices, opts, err);
    audit->prices = dd_prices_about(prices);
    return rc == DD_OK ? dd_estimate_totals(audit, opts, err) : rc;
}
