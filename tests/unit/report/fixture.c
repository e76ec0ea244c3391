#include "tests/unit/report/fixture.h"

#define S(lit) DD_STR(lit)

/* USD per million tokens, in microdollars. */
static const dd_price prices[] = {
    { .provider = { "openai", 6 }, .id = { "gpt-4o", 6 }, .rates = { 2500000, 10000000, 1250000, DD_PRICE_NONE, DD_PRICE_NONE },
      .batch_input = 1250000, .batch_output = 5000000, .context = 128000, .max_output = 16384, .retires = DD_DAY_NONE,
      .source = { "OpenAI", 6 }, .source_date = 20700 },
    { .provider = { "openai", 6 }, .id = { "gpt-4o-mini", 11 }, .rates = { 150000, 600000, 75000, DD_PRICE_NONE, DD_PRICE_NONE },
      .batch_input = 75000, .batch_output = 300000, .context = 128000, .max_output = 16384, .retires = DD_DAY_NONE,
      .source = { "OpenAI", 6 }, .source_date = 20700 },
    { .provider = { "openai", 6 }, .id = { "gpt-4-0314", 10 }, .status = DD_MODEL_RETIRED,
      .rates = { 30000000, 60000000, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE }, .batch_input = DD_PRICE_NONE,
      .batch_output = DD_PRICE_NONE, .context = 8192, .max_output = 8192, .retires = 19887, .replacement = { "gpt-4o", 6 },
      .source = { "OpenAI", 6 }, .source_date = 20600 },
    { .provider = { "anthropic", 9 }, .id = { "claude-sonnet-4-5", 17 }, .rates = { 3000000, 15000000, 300000, 3750000, 6000000 },
      .batch_input = 1500000, .batch_output = 7500000, .context = 200000, .max_output = 64000, .retires = DD_DAY_NONE,
      .source = { "Anthropic", 9 }, .source_date = 20760 },
    { .provider = { "google", 6 }, .id = { "gemini-2.5-flash", 16 }, .rates = { 300000, 2500000, 75000, DD_PRICE_NONE, DD_PRICE_NONE },
      .batch_input = DD_PRICE_NONE, .batch_output = DD_PRICE_NONE, .context = 1048576, .max_output = 65536, .retires = DD_DAY_NONE,
      .source = { "Google", 6 }, .source_date = 20755 },
    { .provider = { "openai", 6 }, .id = { "text-embedding-ada-002", 22 }, .kind = DD_KIND_EMBEDDING,
      .rates = { 100000, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE, DD_PRICE_NONE }, .batch_input = DD_PRICE_NONE,
      .batch_output = DD_PRICE_NONE, .context = 8192, .retires = DD_DAY_NONE, .source = { "OpenAI", 6 }, .source_date = 20700 },
};
enum { GPT4O, MINI, OLD, SONNET, FLASH, ADA, NONE };

typedef struct {
    const char *path;
    int         line, cell;
    dd_lang     lang;
    const char *sdk, *api, *symbol;
    int         price;              /* row above, NONE: unknown */
    dd_source   source;
    dd_context  ctx;
    int         in, out, calls;     /* tokens of a call, calls a month */
    int         better;             /* row of the suggestion, NONE: none */
    dd_confidence confidence;
    const char *reason;
} plan;

static const plan mixed[] = {
    { "services/api/src/routes/summarize.ts", 42, -1, DD_LANG_TYPESCRIPT, "openai", "chat.completions", "summarizeThread", GPT4O, DD_SRC_LITERAL, DD_CTX_PRODUCTION, 3412, 500, 30000, MINI, DD_CONF_HIGH, "summarization of medium complexity; same provider, one tier down" },
    { "services/api/src/routes/classify.ts", 18, -1, DD_LANG_TYPESCRIPT, "openai", "chat.completions", "classifyTicket", GPT4O, DD_SRC_CONST_CROSS_FILE, DD_CTX_PRODUCTION, 612, 12, 30000, MINI, DD_CONF_HIGH, "classification, 12 tokens out; same provider, one tier down" },
    { "services/api/src/agents/research/planner.ts", 131, -1, DD_LANG_TSX, "vercel-ai", "generateText", "planSteps", SONNET, DD_SRC_ENV_DEFAULT, DD_CTX_PRODUCTION, 9120, 1800, 1000, NONE, DD_CONF_LOW, NULL },
    { "services/worker/jobs/nightly_digest.py", 77, -1, DD_LANG_PYTHON, "anthropic", "messages", "DigestJob.run", SONNET, DD_SRC_CLASS_ATTR, DD_CTX_SCRIPT, 14200, 900, 100, NONE, DD_CONF_LOW, NULL },
    { "services/worker/lib/extract/invoices.py", 205, -1, DD_LANG_PYTHON, "instructor", "chat.completions", "extract_invoice", GPT4O, DD_SRC_DEFAULT_PARAM, DD_CTX_PRODUCTION, 2100, 350, 1000, MINI, DD_CONF_MEDIUM, "extraction into a schema; same provider, one tier down" },
    { "services/worker/lib/search/embed.py", 33, -1, DD_LANG_PYTHON, "openai", "embeddings", "embed_batch", ADA, DD_SRC_CONST_SAME_FILE, DD_CTX_PRODUCTION, 8000, 0, 1000, NONE, DD_CONF_LOW, NULL },
    { "services/worker/legacy/answer.py", 12, -1, DD_LANG_PYTHON, "openai-legacy", "chat.completions", "answer", OLD, DD_SRC_LITERAL, DD_CTX_PRODUCTION, 820, 400, 1000, GPT4O, DD_CONF_MEDIUM, "retired model; its replacement costs a tenth" },
    { "services/worker/crew/team.py", 9, -1, DD_LANG_PYTHON, "crewai", "agent", "<module>", MINI, DD_SRC_SDK_DEFAULT, DD_CTX_PRODUCTION, 2400, 600, 1000, NONE, DD_CONF_LOW, NULL },
    { "services/gateway/proxy.py", 310, -1, DD_LANG_PYTHON, "litellm", "completion", "forward", NONE, DD_SRC_DYNAMIC, DD_CTX_PRODUCTION, 1500, 400, 1000, NONE, DD_CONF_LOW, NULL },
    { "services/gateway/azure.py", 58, -1, DD_LANG_PYTHON, "openai", "chat.completions", "ask", NONE, DD_SRC_DYNAMIC, DD_CTX_PRODUCTION, 900, 300, 1000, NONE, DD_CONF_LOW, NULL },
    { "services/gateway/azure.py", 94, -1, DD_LANG_PYTHON, "openai", "chat.completions", "ask_stream", NONE, DD_SRC_DYNAMIC, DD_CTX_PRODUCTION, 900, 300, 1000, NONE, DD_CONF_LOW, NULL },
    { "services/api/src/vision/describe.ts", 27, -1, DD_LANG_TYPESCRIPT, "google-genai", "generateContent", "describe", FLASH, DD_SRC_CONFIG_FILE, DD_CTX_PRODUCTION, 1290, 220, 1000, NONE, DD_CONF_LOW, NULL },
    { "tests/test_summarize.py", 14, -1, DD_LANG_PYTHON, "openai", "chat.completions", "test_summary", GPT4O, DD_SRC_LITERAL, DD_CTX_TEST, 212, 100, 0, NONE, DD_CONF_LOW, NULL },
    { "tests/test_classify.py", 30, -1, DD_LANG_PYTHON, "openai", "chat.completions", "test_labels", MINI, DD_SRC_LITERAL, DD_CTX_TEST, 96, 12, 0, NONE, DD_CONF_LOW, NULL },
    { "examples/quickstart.py", 6, -1, DD_LANG_PYTHON, "anthropic", "messages", "<module>", SONNET, DD_SRC_LITERAL, DD_CTX_EXAMPLE, 40, 300, 0, NONE, DD_CONF_LOW, NULL },
    { "notebooks/evaluate models.ipynb", 3, 7, DD_LANG_NOTEBOOK, "openai", "chat.completions", "<module>", GPT4O, DD_SRC_CONST_SAME_FILE, DD_CTX_NOTEBOOK, 1200, 400, 0, NONE, DD_CONF_LOW, NULL },
};

static dd_pusd price_of(const dd_price *p, int64_t in, int64_t out)
{
    int64_t o = p->rates.output == DD_PRICE_NONE ? 0 : p->rates.output;
    return p->rates.input * in + o * out; /* microdollars per million times tokens: picodollars */
}

static dd_money_range times(dd_money_range m, int64_t n)
{
    return (dd_money_range){ m.low * n, m.expected * n, m.high * n };
}

static void add_advice(dd_audit *a, dd_site *s, dd_advice_kind kind, dd_pusd monthly, dd_str text, dd_str model, dd_day day)
{
    dd_advice *grown = dd_newn(&a->arena, dd_advice, s->n_advice + 1);
    if (s->n_advice)
        memcpy(grown, s->advice, s->n_advice * sizeof *grown);
    grown[s->n_advice++] = (dd_advice){ kind, monthly, text, model, day };
    s->advice = grown;
}

static void suggest(dd_audit *a, dd_site *s, const plan *p)
{
    dd_pusd now = s->per_call.expected, then = price_of(&prices[p->better], p->in, p->out);
    s->suggestion = dd_new(&a->arena, dd_suggestion);
    *s->suggestion = (dd_suggestion){ .model = prices[p->better].id, .provider = prices[p->better].provider, .per_call = now - then,
        .monthly = p->calls ? (now - then) * p->calls : DD_PUSD_UNKNOWN, .confidence = p->confidence, .reason = dd_str_z(p->reason),
        .unchecked = S("answer quality on your own data") };
    add_advice(a, s, DD_ADVICE_DOWNGRADE, s->suggestion->monthly,
               dd_arena_printf(&a->arena, DD_STR_FMT " would do: %s", DD_STR_ARG(s->suggestion->model), p->reason), s->suggestion->model, DD_DAY_NONE);
}

static void notes(dd_audit *a, dd_site *s, const plan *p)
{
    if (p->price == OLD)
        add_advice(a, s, DD_ADVICE_RETIRED, 0, S("gpt-4-0314 was retired on 2024-06-13; OpenAI names gpt-4o as its successor"), S("gpt-4o"), 19887);
    if (p->source == DD_SRC_SDK_DEFAULT)
        add_advice(a, s, DD_ADVICE_SDK_DEFAULT, 0, S("crewai chooses gpt-4o-mini when the code names no model; set it, so that an update cannot change the bill"), s->model, DD_DAY_NONE);
    if (p->ctx == DD_CTX_SCRIPT)
        add_advice(a, s, DD_ADVICE_BATCH, s->monthly.expected / 2, S("a nightly script can wait: the batch API halves the price"), S(""), DD_DAY_NONE);
    if (p->price == SONNET && p->calls == 1000)
        add_advice(a, s, DD_ADVICE_CACHE, (dd_pusd)20 * DD_PUSD_PER_USD, S("7,900 static tokens lead the prompt and are not cached"), S(""), DD_DAY_NONE);
    if (p->price == ADA)
        add_advice(a, s, DD_ADVICE_EMBED, s->monthly.expected * 4 / 5, S("text-embedding-3-small costs a fifth; all vectors must be made again"), S("text-embedding-3-small"), DD_DAY_NONE);
    if (p->price == NONE)
        add_advice(a, s, DD_ADVICE_UNKNOWN, 0, S("model is not known: not in the total"), S(""), DD_DAY_NONE);
}

static void unknown_model(dd_audit *a, dd_site *s, const plan *p)
{
    s->model = DD_STR_NULL;
    s->per_call = s->monthly = (dd_money_range){ DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN, DD_PUSD_UNKNOWN };
    if (strstr(p->path, "azure"))
        s->env_var = S("AZURE_OPENAI_DEPLOYMENT");
    else {
        s->model_cause  = S("parameter model");
        dd_str *c       = dd_newn(&a->arena, dd_str, 2);
        c[0] = S("gpt-4o"), c[1] = S("gpt-4o-mini");
        s->candidates   = c;
        s->n_candidates = 2;
        s->per_call     = (dd_money_range){ price_of(&prices[MINI], p->in, p->out), price_of(&prices[MINI], p->in, p->out), price_of(&prices[GPT4O], p->in, p->out) };
    }
}

static dd_site *site(dd_audit *a, const plan *p, size_t ordinal)
{
    dd_site *s = dd_new(&a->arena, dd_site);
    s->id      = dd_arena_printf(&a->arena, "%012llx", (unsigned long long)(dd_str_hash(dd_str_z(p->path)) * 31 + ordinal) & 0xffffffffffffull);
    s->path    = dd_arena_dupz(&a->arena, p->path);
    s->line = s->start_line = (uint32_t)p->line, s->end_line = (uint32_t)p->line + 8, s->column = 5, s->cell = p->cell;
    s->lang = p->lang, s->sdk = dd_str_z(p->sdk), s->api = dd_str_z(p->api), s->symbol = dd_str_z(p->symbol);
    s->callee  = dd_arena_printf(&a->arena, "client.%s.create", p->api);
    s->context = p->ctx, s->provenance = DD_PROV_CONSTRUCTED, s->unit = DD_UNIT_TOKENS;
    s->model_source = p->source;
    s->max_tokens = p->out ? p->out * 2 : -1, s->max_tokens_set = p->out > 0;
    s->thinking_budget = -1, s->n = s->loop = s->rounds = 1, s->retries = -1;
    s->note_calls = s->note_tokens_in = s->note_tokens_out = -1;
    s->system_text = S("You are a SECRET PROMPT."), s->static_tokens = p->in / 2, s->holes_large = 1, s->messages = 2;
    s->cls = (dd_class){ .task = DD_TASK_SUMMARIZATION, .complexity = DD_COMPLEXITY_MEDIUM, .score = 0.5, .recognised = true, .why = "summarize" };
    s->input_tokens  = (dd_range){ p->in / 2, p->in, p->in * 2 };
    s->output_tokens = (dd_range){ p->out / 4, p->out, p->out * 2 };
    s->tokens_basis  = dd_arena_printf(&a->arena, "%d static tokens (o200k_base, exact) + 1 large part x %d", p->in / 2, p->in - p->in / 2);
    s->calls = p->calls;
    s->calls_basis = p->calls ? S("preset default") : S("none assumed");
    s->in_total = p->calls > 0 && p->price != NONE;
    if (p->price == NONE) {
        unknown_model(a, s, p);
    } else {
        const dd_price *row = &prices[p->price];
        s->price    = (dd_price_hit){ .price = row, .match = DD_MATCH_EXACT };
        s->provider = row->provider, s->model = row->id;
        s->per_call = (dd_money_range){ price_of(row, s->input_tokens.low, s->output_tokens.low), price_of(row, p->in, p->out),
                                        price_of(row, s->input_tokens.high, s->output_tokens.high) };
        s->monthly  = times(s->per_call, p->calls);
        dd_step *c  = dd_newn(&a->arena, dd_step, 2);
        c[0] = (dd_step){ s->path, s->line, s->cell, S("argument model") };
        c[1] = (dd_step){ s->path, 3, s->cell, dd_arena_printf(&a->arena, "MODEL = \"" DD_STR_FMT "\"", DD_STR_ARG(row->id)) };
        s->chain = c, s->n_chain = 2;
    }
    if (p->better != NONE)
        suggest(a, s, p);
    notes(a, s, p);
    return s;
}

/* --- sums --- */

static void into(dd_money_range *t, dd_money_range m)
{
    t->low += m.low, t->expected += m.expected, t->high += m.high;
}

static void add_sum(dd_audit *a, dd_sum **list, size_t *n, dd_str name, const dd_site *s)
{
    size_t i = 0;
    if (!*list)
        *list = dd_newn(&a->arena, dd_sum, a->n_sites);
    while (i < *n && !dd_str_eq((*list)[i].name, name))
        i++;
    if (i == *n)
        (*list)[(*n)++].name = name;
    (*list)[i].sites++;
    into(&(*list)[i].monthly, s->monthly);
    if (s->suggestion)
        (*list)[i].savings += s->suggestion->monthly;
}

static int dearer(const void *x, const void *y)
{
    const dd_sum *a = x, *b = y;
    return a->monthly.expected != b->monthly.expected ? (a->monthly.expected > b->monthly.expected ? -1 : 1) : dd_str_cmp(a->name, b->name);
}

static int saves_more(const void *x, const void *y)
{
    const dd_site *a = *(dd_site *const *)x, *b = *(dd_site *const *)y;
    return a->suggestion->monthly != b->suggestion->monthly ? (a->suggestion->monthly > b->suggestion->monthly ? -1 : 1) : dd_str_cmp(a->path, b->path);
}

static int placed(const void *x, const void *y)
{
    const dd_site *a = *(dd_site *const *)x, *b = *(dd_site *const *)y;
    int c = dd_str_cmp(a->path, b->path);
    return c ? c : a->cell != b->cell ? a->cell - b->cell : (int)a->line - (int)b->line;
}

static void total(dd_audit *a)
{
    if (a->n_sites)
        qsort(a->sites, a->n_sites, sizeof *a->sites, placed);
    a->opportunities = dd_newn(&a->arena, dd_site *, a->n_sites);
    for (size_t i = 0; i < a->n_sites; i++) {
        dd_site *s = a->sites[i];
        a->n_by_context[s->context]++;
        if (s->monthly.expected == DD_PUSD_UNKNOWN) {
            a->n_unknown++;
            a->n_ranged += s->per_call.expected != DD_PUSD_UNKNOWN;
            continue;
        }
        a->n_priced++;
        into(&a->per_1000, times(s->per_call, 1000));
        if (!s->in_total)
            continue;
        a->n_in_total++;
        into(&a->monthly, s->monthly);
        ptrdiff_t slash = dd_str_rchr(s->path, '/');
        add_sum(a, &a->by_model, &a->n_by_model, s->price.price->id, s);
        add_sum(a, &a->by_provider, &a->n_by_provider, s->provider, s);
        add_sum(a, &a->by_file, &a->n_by_file, s->path, s);
        add_sum(a, &a->by_dir, &a->n_by_dir, slash < 0 ? S(".") : dd_str_sub(s->path, 0, (size_t)slash), s);
        if (s->suggestion) {
            a->savings += s->suggestion->monthly;
            a->opportunities[a->n_opportunities++] = s;
        }
    }
    if (a->n_by_model) {
        qsort(a->by_model, a->n_by_model, sizeof *a->by_model, dearer);
        qsort(a->by_provider, a->n_by_provider, sizeof *a->by_provider, dearer);
        qsort(a->by_file, a->n_by_file, sizeof *a->by_file, dearer);
        qsort(a->by_dir, a->n_by_dir, sizeof *a->by_dir, dearer);
    }
    if (a->n_opportunities)
        qsort(a->opportunities, a->n_opportunities, sizeof *a->opportunities, saves_more);
    a->no_production = a->n_by_context[DD_CTX_PRODUCTION] == 0;
}

/* 500 sites that look like a large repository; a fixed sequence, so that golden files hold. */
static void many(dd_audit *a, size_t n)
{
    static const char *const dirs[] = { "apps/web/src/features/assistant", "apps/web/src/lib", "packages/core/src/pipelines/ingest", "packages/agents/src",
                                        "services/billing", "services/search/indexer", "services/support/bot/handlers", "tools", "tests/integration", "examples/basic" };
    static const char *const names[] = { "answer", "chat", "classify", "digest", "enrich", "extract", "generate_report", "moderate", "plan", "rank",
                                         "rewrite", "route_request", "summarize_conversation", "tag", "translate" };
    static const char *const why[]   = { "classification, 20 tokens out; same provider, one tier down", "short answer without tools; same provider, one tier down" };
    uint32_t seed = 7;
    a->sites = dd_newn(&a->arena, dd_site *, n);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t r  = seed >> 8;
        size_t   d  = r % DD_COUNT(dirs);
        bool     py = d >= 4;
        plan     p  = { .line = (int)(r % 400) + 1, .cell = -1, .lang = py ? DD_LANG_PYTHON : DD_LANG_TYPESCRIPT, .sdk = py ? "openai" : "vercel-ai",
                        .api = py ? "chat.completions" : "generateText", .symbol = "run", .source = (dd_source)(r % 7), .ctx = DD_CTX_PRODUCTION,
                        .in = 100 + (int)(r % 9000), .out = 20 + (int)(r % 900), .calls = 1000, .better = NONE };
        p.path  = dd_arena_printf(&a->arena, "%s/%s_%u.%s", dirs[d], names[r / 16 % DD_COUNT(names)], r / 512 % 9, py ? "py" : "ts").ptr;
        p.price = (int)(r / 64 % 5) == OLD ? (r % 40 ? GPT4O : OLD) : (int)(r / 64 % 5);
        if (r % 23 == 0)
            p.price = NONE, p.source = DD_SRC_DYNAMIC;
        if (d >= 8)
            p.ctx = d == 8 ? DD_CTX_TEST : DD_CTX_EXAMPLE, p.calls = 0;
        else if (d == 7)
            p.ctx = DD_CTX_SCRIPT, p.calls = 100;
        if (p.price == GPT4O && p.calls && r % 3)
            p.better = MINI, p.confidence = (dd_confidence)(r % 3), p.reason = why[r % 2];
        a->sites[a->n_sites++] = site(a, &p, i);
    }
}

static void planned(dd_audit *a, const plan *p, size_t n)
{
    a->sites = dd_newn(&a->arena, dd_site *, n);
    for (size_t i = 0; i < n; i++)
        a->sites[a->n_sites++] = site(a, &p[i], i);
}

/* Names that try to break out of whatever they are put into. */
static void hostile(dd_audit *a)
{
    plan p[3] = { mixed[0], mixed[12], mixed[8] };
    p[0].path = "a/</script><script>alert(1)</script>`|\\\"<img src=x onerror=alert(2)>.py";
    p[1].path = "=HYPERLINK(\"x\")\n\x1b[31m\xe2\x80\xae" "gpj.py";
    p[2].path = "\xff\xfe not utf8 -->]]> & \xe4\xb8\xad\xe6\x96\x87/\xe6\x96\x87\xe4\xbb\xb6.py";
    planned(a, p, 3);
}

void fixture_make(dd_audit *a, fixture_kind kind)
{
    static const char *const no_production_paths[] = { "examples/chat.py", "examples/nested/agents/tool_use.py", "tests/test_api.py", "notebooks/demo.ipynb" };
    memset(a, 0, sizeof *a);
    a->root = S("~/src/helpdesk");
    a->when = (dd_wall){ 20777LL * 86400 + 36000 };
    a->files_seen = 1312, a->files_candidates = 41, a->files_parsed = 41, a->files_ignored = 208;
    a->bytes_seen = 9412345, a->bytes_parsed = 612345;
    a->prices = (dd_prices_meta){ S("bundled"), 20770, 979, 1112 };
    a->price_age_days = 7;
    a->volume_basis   = S("preset default");
    if (kind == FIX_MIXED || kind == FIX_MANY) {
        dd_str *as = dd_newn(&a->arena, dd_str, 4);
        as[0] = S("volume of 8 sites in production by preset default: 1,000 calls a month each");
        as[1] = S("long dynamic parts taken as 1,500 tokens (300 to 6,000) at 11 sites");
        as[2] = S("output length by task, no cap in the code, at 4 sites");
        as[3] = S("static text counted with a ratio, the model's tokenizer is not public, at 2 sites");
        a->assumptions = as, a->n_assumptions = 4;
        a->failed = dd_newn(&a->arena, dd_file_note, 1), a->n_failed = 1;
        a->failed[0] = (dd_file_note){ S("services/api/private/keys.py"), S("permission denied") };
        a->skipped = dd_newn(&a->arena, dd_file_note, 2), a->n_skipped = 2;
        a->skipped[0] = (dd_file_note){ S("web/dist/app.min.js"), S("minified") };
        a->skipped[1] = (dd_file_note){ S("data/fixtures.py"), S("larger than 1 MB") };
    }
    switch (kind) {
    case FIX_ONE:   planned(a, mixed, 1); break;
    case FIX_MIXED: planned(a, mixed, DD_COUNT(mixed)); break;
    case FIX_MANY:  many(a, 500); break;
    case FIX_HUGE:  many(a, 4000); break;
    case FIX_HOSTILE: hostile(a); break;
    case FIX_NO_PRODUCTION: {
        plan p[4] = { mixed[0], mixed[1], mixed[13], mixed[15] };
        for (size_t i = 0; i < 4; i++) {
            p[i].path = no_production_paths[i], p[i].calls = 0;
            p[i].ctx  = i < 2 ? DD_CTX_EXAMPLE : p[i].ctx;
            p[i].lang = i < 3 ? DD_LANG_PYTHON : DD_LANG_NOTEBOOK;
        }
        planned(a, p, 4);
        break;
    }
    default: a->files_candidates = a->files_parsed = 3; break;
    }
    total(a);
}
