/* proxy/weigh.c - what rules may ask of a request, and the plan that comes of it.
 *
 * A request without routes costs nothing here: its body is looked through only when something needs it. Text is put together for the classifier when a
 * rule first asks what the request is about, tokens are counted when one asks how many. */
#include "proxy/exchange.h"

#include "base/json.h"

#include <string.h>

/* --- headers and tags --- */

static const struct { const char *header; size_t offset; } places[] = {
    { "x-dd0c-feature", offsetof(dd_facts, feature) }, { "x-dd0c-team", offsetof(dd_facts, team) },       { "x-dd0c-env", offsetof(dd_facts, env) },
    { "x-dd0c-user", offsetof(dd_facts, user) },       { "x-dd0c-session", offsetof(dd_facts, session) }, { "x-dd0c-tier", offsetof(dd_facts, tier) },
    { "x-dd0c-call-site", offsetof(dd_facts, call_site) },
};

enum { TAGS_MAX = 64 };
typedef struct { dd_tag *v; size_t n; } tag_list;

static void add_tag(exchange *x, tag_list *l, dd_str name, dd_str value)
{
    if (l->n == TAGS_MAX || !name.len)
        return;
    if (!l->v)
        l->v = dd_newn(x->h->arena, dd_tag, TAGS_MAX);
    char *lower = dd_arena_alloc(x->h->arena, name.len);
    for (size_t i = 0; i < name.len; i++)
        lower[i] = (char)(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? name.ptr[i] + 32 : name.ptr[i]);
    l->v[l->n++] = (dd_tag){ { lower, name.len }, value };
}

static void add_members(exchange *x, tag_list *l, const dd_jspan *d, uint32_t object)
{
    for (dd_jit it = dd_jspan_each(d, object); dd_jspan_step(d, &it);)
        if (dd_jspan_kind(d, it.value) == DD_J_STRING)
            add_tag(x, l, dd_jspan_text(d, it.key, x->h->arena), dd_jspan_text(d, it.value, x->h->arena));
}

static void read_tags(exchange *x, bool all)
{
    dd_facts *f = &x->asked;
    tag_list  l = { 0 }, of_key = { 0 };
    for (size_t i = 0; i < x->h->n_headers; i++) {
        dd_header h     = x->h->headers[i];
        bool      known = !dd_str_startsz(h.name, "x-dd0c-");
        for (size_t k = 0; !known && k < DD_COUNT(places); k++)
            if (dd_str_eqz(h.name, places[k].header)) {
                *(dd_str *)((char *)f + places[k].offset) = h.value;
                known = true;
            }
        if (!known && all)
            add_tag(x, &l, dd_str_sub(h.name, 7, h.name.len), h.value);
    }
    if (!all)
        return;
    if (x->metadata)
        add_members(x, &l, &x->body, x->metadata);
    dd_jspan tags = { .n = 0 };
    if (x->caller.tags.len && dd_jspan_parse(&tags, x->h->arena, x->caller.tags, NULL) == DD_OK)
        add_members(x, &of_key, &tags, 0);
    f->tags       = l.v;
    f->n_tags     = l.n;
    f->key_tags   = of_key.v;
    f->n_key_tags = of_key.n;
    for (size_t i = 0; i < of_key.n && !f->tier.len; i++)
        if (dd_str_eqz(of_key.v[i].name, "tier"))
            f->tier = of_key.v[i].value;
}

/* --- the body --- */

/* What a part of a message is, by the word of its `type`, in any of the three APIs. */
static void see_part(exchange *x, uint32_t part)
{
    static const struct { const char *type; size_t offset; } kinds[] = {
        { "image_url", offsetof(dd_facts, has_images) },   { "input_image", offsetof(dd_facts, has_images) },   { "image", offsetof(dd_facts, has_images) },
        { "file", offsetof(dd_facts, has_documents) },     { "input_file", offsetof(dd_facts, has_documents) }, { "document", offsetof(dd_facts, has_documents) },
        { "input_audio", offsetof(dd_facts, has_audio) },
    };
    uint32_t type = dd_jspan_member(&x->body, part, "type", NULL);
    for (size_t i = 0; type != DD_J_NONE && i < DD_COUNT(kinds); i++)
        if (dd_jspan_is(&x->body, type, kinds[i].type))
            *(bool *)((char *)&x->asked + kinds[i].offset) = true;
}

static void see_messages(exchange *x, uint32_t list)
{
    const dd_jspan *d = &x->body;
    if (dd_jspan_kind(d, list) == DD_J_STRING) {
        x->asked.messages = x->asked.turns = 1;
        return;
    }
    for (dd_jit it = dd_jspan_each(d, list); dd_jspan_step(d, &it);) {
        static const char *const names[] = { "role", "content" };
        uint32_t node[DD_COUNT(names)];
        if (dd_jspan_kind(d, it.value) != DD_J_OBJECT)
            continue;
        dd_jspan_members(d, it.value, names, node, DD_COUNT(names));
        x->asked.messages++;
        x->asked.turns += dd_jspan_is(d, node[0], "user");
        if (dd_jspan_kind(d, node[1]) == DD_J_ARRAY)
            for (dd_jit p = dd_jspan_each(d, node[1]); dd_jspan_step(d, &p);)
                see_part(x, p.value);
        else if (node[0] == DD_J_NONE)
            see_part(x, it.value);           /* responses: an item of its own */
    }
}

/* A format that is JSON, in chat's, responses' or messages' words. */
static bool wants_json(const dd_jspan *d, uint32_t format, uint32_t text, uint32_t output)
{
    uint32_t inner[] = { format, dd_jspan_member(d, text, "format", NULL), dd_jspan_member(d, output, "format", NULL) };
    for (size_t i = 0; i < DD_COUNT(inner); i++) {
        uint32_t type = dd_jspan_member(d, inner[i], "type", NULL);
        if (dd_jspan_is(d, type, "json_schema") || dd_jspan_is(d, type, "json_object"))
            return true;
    }
    return false;
}

/* What a provider's prompt cache would hold of the next request of this session, too. */
static uint64_t prefix_of(const dd_jspan *d, uint32_t system, uint32_t tools, uint32_t messages)
{
    enum { FRONT = 512 };
    dd_str   parts[] = { dd_jspan_raw(d, system), dd_jspan_raw(d, tools), dd_jspan_raw(d, dd_jspan_item(d, messages, 0)), dd_jspan_raw(d, dd_jspan_item(d, messages, 1)) };
    uint64_t h = 0;
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        h = h * UINT64_C(0x9e3779b97f4a7c15) + dd_str_mix(dd_str_sub(parts[i], 0, FRONT), 0) + parts[i].len * (i < 2);
    return h + !h;
}

static void read_wishes(exchange *x)
{
    static const char *const names[] = { "priority", "latency_pref", "max_cost", "session" };
    uint32_t  node[DD_COUNT(names)];
    dd_facts *f = &x->asked;
    dd_jspan_members(&x->body, 0, names, node, DD_COUNT(names));
    if (node[0] != DD_J_NONE && !dd_priority_find(dd_jspan_text(&x->body, node[0], x->h->arena), &f->priority))
        x->wish = "priority";
    if (f->priority == DD_PRIORITY_NONE && !f->model.len)
        f->priority = DD_PRIORITY_BALANCED;
    f->fast = dd_jspan_is(&x->body, node[1], "fast");
    double usd;
    if (dd_jspan_kind(&x->body, node[2]) == DD_J_STRING && dd_money_parse(dd_jspan_text(&x->body, node[2], x->h->arena), &f->max_cost, NULL) != DD_OK)
        x->wish = "max_cost";
    else if (dd_jspan_kind(&x->body, node[2]) == DD_J_NUMBER && dd_jspan_f64(&x->body, node[2], &usd) && usd >= 0 && usd < 1e6)
        f->max_cost = (dd_pusd)(usd * (double)DD_PUSD_PER_USD);
    else if (node[2] != DD_J_NONE && dd_jspan_kind(&x->body, node[2]) != DD_J_STRING)
        x->wish = "max_cost";
    if (node[3] != DD_J_NONE && !f->session.len)
        f->session = dd_jspan_text(&x->body, node[3], x->h->arena);
}

/* By the one name that the endpoint knows, of chat's two the larger: what a provider does not read caps nothing. -1: none. */
static int64_t cap_of(const exchange *x, uint32_t tokens, uint32_t completion, uint32_t output)
{
    int64_t first = -1, second = -1;
    dd_jspan_i64(&x->body, x->ep.dialect == DD_DIALECT_RESPONSES ? output : tokens, &first);
    if (x->ep.dialect == DD_DIALECT_CHAT)
        dd_jspan_i64(&x->body, completion, &second);
    int64_t cap = first > second ? first : second;
    return cap >= 0 ? cap : -1;
}

static void read_deep(exchange *x)
{
    static const char *const names[] = { "messages", "input", "system", "instructions", "tools", "functions", "max_tokens", "max_completion_tokens",
                                         "max_output_tokens", "response_format", "text", "output_config", "reasoning_effort", "reasoning", "thinking",
                                         "prompt_cache_key", "session_id" };
    enum { MESSAGES, INPUT, SYSTEM, INSTRUCTIONS, TOOLS, FUNCTIONS, MAX, MAX_COMPLETION, MAX_OUTPUT, FORMAT, TEXT, OUTPUT, EFFORT, REASONING, THINKING,
           CACHE_KEY, SESSION };
    const dd_jspan *d = &x->body;
    dd_facts       *f = &x->asked;
    uint32_t        node[DD_COUNT(names)];
    dd_jspan_members(d, 0, names, node, DD_COUNT(names));
    see_messages(x, node[MESSAGES] != DD_J_NONE ? node[MESSAGES] : node[INPUT]);
    uint32_t tools = dd_jspan_kind(d, node[TOOLS]) == DD_J_ARRAY ? node[TOOLS] : node[FUNCTIONS];
    f->tools       = dd_jspan_kind(d, tools) == DD_J_ARRAY ? (int)d->v[tools].count : 0;
    f->has_tools   = f->tools > 0;
    f->max_tokens = cap_of(x, node[MAX], node[MAX_COMPLETION], node[MAX_OUTPUT]);
    f->json_schema = wants_json(d, node[FORMAT], node[TEXT], node[OUTPUT]);
    f->reasoning   = dd_jspan_kind(d, node[EFFORT]) == DD_J_STRING || dd_jspan_kind(d, node[REASONING]) == DD_J_OBJECT || dd_jspan_kind(d, node[THINKING]) == DD_J_OBJECT;
    if (dd_jspan_is(d, node[EFFORT], "none") || dd_jspan_is(d, dd_jspan_member(d, node[THINKING], "type", NULL), "disabled"))
        f->reasoning = false;
    for (size_t i = CACHE_KEY; i <= SESSION && !f->session.len; i++)
        f->session = dd_jspan_text(d, node[i], x->h->arena);
    f->prefix = prefix_of(d, node[SYSTEM] != DD_J_NONE ? node[SYSTEM] : node[INSTRUCTIONS], tools, node[MESSAGES] != DD_J_NONE ? node[MESSAGES] : node[INPUT]);
    if (x->ep.omni)
        read_wishes(x);
}

/* --- what costs time, when it is first asked for --- */

enum { TEXT_MOST = 256 << 10 };   /* of a prompt that is looked at: the classifier reads the ends of long ones anyway */

static void add_text(exchange *x, dd_buf *out, uint32_t node)
{
    const dd_jspan *d = &x->body;
    if (dd_jspan_kind(d, node) == DD_J_STRING) {
        if (out->len)
            dd_buf_addc(out, '\n');
        dd_buf_add(out, dd_jspan_text(d, node, x->h->arena));
        return;
    }
    if (dd_jspan_kind(d, node) != DD_J_ARRAY)
        return;
    for (dd_jit it = dd_jspan_each(d, node); dd_jspan_step(d, &it);) {
        uint32_t text = dd_jspan_member(d, it.value, "text", NULL);
        if (dd_jspan_kind(d, text) == DD_J_STRING)
            add_text(x, out, text);
    }
}

/* Calls of tools and their results, as any of the three APIs writes them. */
static int calls_in(const dd_jspan *d, uint32_t message)
{
    static const char *const names[] = { "role", "type", "tool_calls", "content" };
    uint32_t node[DD_COUNT(names)];
    if (dd_jspan_kind(d, message) != DD_J_OBJECT)
        return 0;
    dd_jspan_members(d, message, names, node, DD_COUNT(names));
    int n = dd_jspan_is(d, node[0], "tool") || dd_jspan_is(d, node[1], "function_call") || dd_jspan_is(d, node[1], "function_call_output");
    if (dd_jspan_kind(d, node[2]) == DD_J_ARRAY)
        n += (int)d->v[node[2]].count;
    if (dd_jspan_kind(d, node[3]) == DD_J_ARRAY)
        for (dd_jit it = dd_jspan_each(d, node[3]); dd_jspan_step(d, &it);) {
            uint32_t type = dd_jspan_member(d, it.value, "type", NULL);
            n += dd_jspan_is(d, type, "tool_use") || dd_jspan_is(d, type, "tool_result");
        }
    return n;
}

/* *ask: where in `text` the user's newest turn begins. */
static void gather_text(exchange *x, dd_buf *system, dd_buf *text, size_t *ask, int *calls)
{
    static const char *const names[] = { "messages", "input", "system", "instructions", "prompt" };
    const dd_jspan *d = &x->body;
    uint32_t        node[DD_COUNT(names)];
    dd_jspan_members(d, 0, names, node, DD_COUNT(names));
    add_text(x, system, node[2]);
    add_text(x, system, node[3]);
    add_text(x, text, node[4]);
    uint32_t list = node[0] != DD_J_NONE ? node[0] : node[1];
    if (dd_jspan_kind(d, list) == DD_J_STRING)
        add_text(x, text, list);
    for (dd_jit it = dd_jspan_each(d, list); dd_jspan_step(d, &it);) {
        uint32_t role = dd_jspan_member(d, it.value, "role", NULL), content = dd_jspan_member(d, it.value, "content", NULL);
        bool     ours = dd_jspan_is(d, role, "system") || dd_jspan_is(d, role, "developer");
        size_t   from = text->len;
        *calls += calls_in(d, it.value);
        add_text(x, ours ? system : text, content);
        if (dd_jspan_is(d, role, "user") && text->len > from)
            *ask = from;
    }
}

void weigh_text(exchange *x, dd_buf *out)
{
    dd_buf text  = DD_BUF_INIT(TEXT_MOST);
    size_t ask   = 0;
    int    calls = 0;
    gather_text(x, out, &text, &ask, &calls);
    dd_buf_addc(out, '\n');
    dd_buf_add(out, dd_buf_str(&text));
    dd_buf_free(&text);
}

static void classify(exchange *x)
{
    dd_facts *f = &x->asked;
    dd_buf    system = DD_BUF_INIT(TEXT_MOST), text = DD_BUF_INIT(TEXT_MOST);
    size_t    ask    = 0;
    int       calls  = 0;
    gather_text(x, &system, &text, &ask, &calls);
    dd_prompt p = { .system = dd_buf_str(&system), .text = dd_buf_str(&text), .ask = dd_str_trim(dd_str_sub(dd_buf_str(&text), ask, text.len)),
                    .calls = calls, .input_tokens = f->known & DD_FACT_TOKENS ? f->input_tokens : -1,
                    .max_tokens = f->max_tokens, .messages = f->messages, .tools = f->tools, .json_schema = f->json_schema, .images = f->has_images,
                    .reasoning = f->reasoning };
    f->class = dd_classify(&p);
    const dd_classifier_settings *c = &x->s->classifier;
    if (c->low > 0 || c->high > 0)
        f->class.complexity = f->class.score < c->low ? DD_COMPLEXITY_LOW : f->class.score < c->high ? DD_COMPLEXITY_MEDIUM : DD_COMPLEXITY_HIGH;
    dd_buf_free(&system);
    dd_buf_free(&text);
}

/* The answer is on its way already, and a busy worker passes most requests over: classifying takes some 7 us, a fifth of a request. */
void weigh_class(exchange *x)
{
    enum { A_SECOND = 250, AT_ONCE = 50 };
    const int64_t gap = INT64_C(1000000000) / A_SECOND;
    worker       *w   = x->w;
    if (x->ep.kind != EP_GENERATE || !x->plan.n_steps || x->asked.known & DD_FACT_CLASS)
        return;
    int64_t now = dd_loop_now(w->loop).ns, first = now - AT_ONCE * gap;
    if (w->class_at > now)
        return;
    w->class_at = (w->class_at > first ? w->class_at : first) + gap;
    dd_http_flush(x->h);
    x->over_at = dd_mono_now().ns;
    dd_facts_need(&x->asked, DD_FACT_CLASS);
}

static void fill(dd_facts *f, unsigned which)
{
    exchange       *x     = f->ctx;
    const dd_hooks *hooks = dd_gateway_hooks(x->w->gateway);
    if (which & DD_FACT_TOKENS & ~f->known)
        f->input_tokens = settle_count_input(x);
    f->known |= which & DD_FACT_TOKENS;
    if (which & DD_FACT_CLASS & ~f->known)
        classify(x);
    if (which & DD_FACT_BUDGET & ~f->known) {
        dd_account *a = dd_newn(x->h->arena, dd_account, ACCOUNTS_MAX);
        size_t      n = dd_budget_accounts(&x->s->budgets, f, f->time_s, a, ACCOUNTS_MAX);
        f->budget_used = n && hooks->used ? hooks->used(hooks->ctx, a, n) : 0;
    }
    f->known |= which & (DD_FACT_CLASS | DD_FACT_BUDGET);
}

static void gather(exchange *x, bool all)
{
    const dd_snapshot *s = x->s;
    dd_facts          *f = &x->asked;
    *f = (dd_facts){ .model = x->model, .family = x->ep.family, .endpoint = dd_str_z(x->ep.name), .stream = x->stream, .max_tokens = -1,
                     .feature = x->caller.feature, .team = x->caller.team, .env = x->caller.env, .org = x->caller.org.len ? x->caller.org : DD_STR("default"),
                     .key = x->caller.key_id, .time_s = worker_wall_ms(x->w) / 1000, .max_cost = DD_PUSD_UNKNOWN, .expected_cost = DD_PUSD_UNKNOWN,
                     .random = (uint64_t)x->id * UINT64_C(0x9e3779b97f4a7c15) ^ x->w->picks, .fill = fill, .ctx = x, .latency_ms = -1, .error_rate = -1 };
    bool deep = all || s->policy.n_routes || s->policy.n_aliases || s->policy.n_fallback || s->budgets.n || s->limits.n || x->ep.omni;
    read_tags(x, deep);
    if (x->caller.team.len)
        f->team = x->caller.team;            /* the key says who it is: nobody spends as another */
    if (x->caller.user.len)
        f->user = x->caller.user;
    else if (!f->user.len)
        f->user = x->user;
    if (deep)
        read_deep(x);
}

/* --- the request's own chain (RC.7): x-dd0c-fallback: groq/llama-3.3-70b;timeout=2s;retries=1, anthropic/claude-haiku-4-5 --- */

static int64_t duration_ms(dd_str s)
{
    int64_t n = -1;
    size_t  digits = 0;
    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
        digits++;
    dd_str unit = dd_str_sub(s, digits, s.len);
    if (!dd_parse_i64(dd_str_sub(s, 0, digits), &n) || n > 86400000)
        return -1;
    return dd_str_eqz(unit, "ms") ? n : dd_str_eqz(unit, "s") || !unit.len ? n * 1000 : dd_str_eqz(unit, "m") ? n * 60000 : -1;
}

static size_t own_chain(exchange *x, dd_route_step **out)
{
    enum { MOST = 8 };
    dd_str list = dd_http_header(x->h, "x-dd0c-fallback");
    size_t n    = 0;
    if (!list.len)
        return 0;
    *out = dd_newn(x->h->arena, dd_route_step, MOST);
    while (list.len && n < MOST) {
        dd_str        one  = dd_str_trim(dd_str_cut(&list, ','));
        dd_route_step step = { .model = dd_str_trim(dd_str_cut(&one, ';')), .weight = 1, .timeout_ms = -1, .retries = -1, .threshold = -1 };
        int64_t       count;
        while (one.len) {
            dd_str value = dd_str_trim(dd_str_cut(&one, ';')), name = dd_str_cut(&value, '=');
            if (dd_str_eqz(name, "timeout"))
                step.timeout_ms = duration_ms(value);
            else if (dd_str_eqz(name, "retries") && dd_parse_i64(value, &count) && count >= 0 && count <= 10)
                step.retries = (int)count;
        }
        if (step.model.len)
            (*out)[n++] = step;
    }
    return n;
}

/* --- the plan --- */

static bool no_model(exchange *x)
{
    dd_str near  = x->plan.near;
    dd_buf names = DD_BUF_INIT(400);
    for (size_t i = 0; i < x->s->policy.n_providers; i++)
        dd_buf_printf(&names, "%s" DD_STR_FMT, i ? ", " : "", DD_STR_ARG(x->s->policy.providers[i].name));
    dd_str hint = near.len ? dd_arena_printf(x->h->arena, "; did you mean " DD_STR_FMT "?", DD_STR_ARG(near))
                           : dd_arena_printf(x->h->arena, "; a model they have all the same is asked for as PROVIDER/MODEL (" DD_STR_FMT ")",
                                             DD_STR_ARG(dd_buf_str(&names)));
    dd_buf_free(&names);
    return fail_request(x, 404, "invalid_request_error", "model_not_found", "model",
                        "no configured provider is known to have the model \"" DD_STR_FMT "\"" DD_STR_FMT, DD_STR_ARG(x->model), DD_STR_ARG(hint));
}

static bool too_dear(exchange *x)
{
    dd_buf money = DD_BUF_INIT(64);
    if (x->plan.cheapest != DD_PUSD_UNKNOWN)
        dd_money_show(x->plan.cheapest, &money);
    bool ok = fail_request(x, 400, "invalid_request_error", "max_cost", "max_cost", "nothing answers this within max_cost; the cheapest is expected to cost %s",
                           money.len ? dd_buf_z(&money) : "an unknown sum");
    dd_buf_free(&money);
    return ok;
}

/* Why each candidate will not do: the first few. */
static dd_str reasons(exchange *x)
{
    dd_buf b = DD_BUF_INIT(400);
    for (size_t i = 0; i < x->plan.n_considered && i < 4; i++)
        dd_buf_printf(&b, "%s" DD_STR_FMT ": %s", i ? "; " : "", DD_STR_ARG(x->plan.considered[i].model), dd_fit_text(x->plan.considered[i].fit));
    dd_str out = dd_arena_dup(x->h->arena, dd_buf_str(&b));
    dd_buf_free(&b);
    return out;
}

static bool verdict(exchange *x)
{
    switch (x->plan.verdict) {
    case DD_DECIDED: break;
    case DD_DECIDED_NO_MODEL: return no_model(x);
    case DD_DECIDED_TOO_DEAR: return too_dear(x);
    case DD_DECIDED_INCAPABLE:
        return fail_request(x, 400, "invalid_request_error", "no_capable_model", "model", "no model of this route can answer the request (" DD_STR_FMT ")",
                            DD_STR_ARG(reasons(x)));
    case DD_DECIDED_NO_PROVIDER:
        return fail_request(x, 502, "server_error", "no_provider", "", "no provider is configured for the model \"" DD_STR_FMT "\"", DD_STR_ARG(x->model));
    case DD_DECIDED_UNPRICED:
        return fail_request(x, 400, "invalid_request_error", "model_unpriced", "model",
                            "the price of \"" DD_STR_FMT "\" is not known, and the configuration refuses such models", DD_STR_ARG(x->model));
    default:
        return fail_request(x, 403, "permission_error", "model_not_allowed", "model", "this key may not use the model \"" DD_STR_FMT "\"", DD_STR_ARG(x->model));
    }
    x->decision = dd_plan_decision(&x->plan, 0);
    x->provider = &x->s->providers[x->decision.provider];
    return true;
}

static dd_candidate *copy(exchange *x, const dd_candidate *from, size_t n)
{
    dd_candidate *to = dd_newn(x->h->arena, dd_candidate, n + !n);
    for (size_t i = 0; i < n; i++) {
        to[i]       = from[i];
        to[i].model = dd_arena_dup(x->h->arena, from[i].model);
        to[i].why   = dd_arena_dup(x->h->arena, from[i].why);
    }
    return to;
}

static void keep_plan(exchange *x)
{
    dd_plan *p    = &x->plan;
    p->steps      = copy(x, p->steps, p->n_steps);
    p->considered = p->n_considered > 1 || !p->n_steps ? copy(x, p->considered, p->n_considered) : p->steps;
    p->near       = dd_arena_dup(x->h->arena, p->near);
}

static void make_plan(exchange *x, dd_str only_route, bool only_local, bool trace)
{
    dd_gateway  *g = x->w->gateway;
    dd_plan_opts o = { .policy = &x->s->policy, .prices = x->s->prices, .flags = &x->s->flags, .live = dd_gateway_live(g),
                       .now_ms = dd_loop_now(x->w->loop).ns / 1000000, .day = dd_day_of((dd_wall){ worker_wall_ms(x->w) / 1000 }), .allow = x->caller.models,
                       .n_allow = x->caller.n_models, .trace = trace, .only_route = only_route, .only_local = only_local };
    dd_route_step *own = NULL;
    o.n_own_chain = own_chain(x, &own);
    o.own_chain   = own;
    if (dd_gateway_panicking(g)) {
        dd_policy *frozen = dd_new(x->h->arena, dd_policy);
        *frozen           = x->s->policy;
        frozen->panic     = true;
        if (dd_gateway_panic_provider(g)[0])
            frozen->panic_provider = dd_str_z(dd_gateway_panic_provider(g));
        o.policy          = frozen;
    }
    /* Deciding takes more memory than what was decided: a stream that waits for minutes keeps the latter alone. */
    dd_arena_mark mark  = dd_arena_here(&x->w->scratch);
    size_t        tried = x->plan.n_tried;
    dd_plan_make(&o, &x->asked, trace ? x->h->arena : &x->w->scratch, &x->plan);
    if (only_route.len)
        x->plan.n_tried = tried;         /* a budget's downgrade tries none: they were before it */
    if (!trace)
        keep_plan(x);
    dd_arena_back(&x->w->scratch, mark);
}

void weigh_facts(exchange *x)
{
    if (!x->asked.fill)
        gather(x, false);
}

bool weigh_plan(exchange *x)
{
    weigh_facts(x);
    if (x->wish)
        return fail_request(x, 400, "invalid_request_error", "", x->wish, strcmp(x->wish, "priority") == 0 ? "the member \"%s\" is cheap, balanced or best"
                            : "the member \"%s\" is an amount in USD", x->wish);
    make_plan(x, DD_STR(""), false, false);
    return verdict(x);
}

bool weigh_again(exchange *x, dd_str only_route, bool only_local)
{
    x->only_local = only_local;
    make_plan(x, only_route, only_local, false);
    return verdict(x);
}

/* POST /v1/router/debug: the plan with its reasons; nothing is called, nothing is charged. */
bool weigh_explain(exchange *x)
{
    dd_buf body = DD_BUF_INIT(0);
    gather(x, true);
    make_plan(x, DD_STR(""), false, true);
    dd_facts_need(&x->asked, DD_FACT_TOKENS | DD_FACT_CLASS | DD_FACT_BUDGET);
    dd_plan_json(&x->plan, &x->s->policy, &x->asked, &body);
    exchange_reply(x, 200, "application/json", dd_buf_str(&body), NULL, 0);
    dd_buf_free(&body);
    return true;
}
