/* The tree of a request. Attributes and names: OpenTelemetry's semantic conventions for GenAI spans (semantic-conventions-genai, gen-ai-spans.md and
 * its registry) and for HTTP (semantic-conventions 1.41, http-spans.md), read 2026-11-20; those of GenAI are in development, so a name may still
 * change there. All spans and attributes of a trace are one piece of the arena, nothing is printed but an id: an exporter makes one of each
 * request. */
#include "route/trace.h"

enum { ON_REQUEST = 24, ON_DECISION = 14, ON_ATTEMPT = 18, ON_OTHERS = 4, OTHERS = 6 /* spans beside the attempts */ };
static const int64_t end_of_time_ms = INT64_MAX / 1000000;   /* in nanoseconds, as OTLP has it: the year 2262 */

typedef struct {
    const dd_event *e;
    dd_arena       *arena;
    dd_span        *spans;
    dd_attr        *next;
    size_t          n;
    int64_t         last_us;     /* where the span before it starts */
} tree;

/* ---- words ---- */

static const struct { const char *endpoint, *name, *operation; } endpoints[] = {
    { "chat.completions", "POST /v1/chat/completions", "chat" },
    { "messages", "POST /v1/messages", "chat" },
    { "responses", "POST /v1/responses", "chat" },
    { "embeddings", "POST /v1/embeddings", "embeddings" },
    { "completions", "POST /v1/completions", "text_completion" },
    { "chat", "POST /v1/chat", "chat" },
    { "agent-step", "POST /v1/agent-step", "chat" },
    { "messages.count_tokens", "POST /v1/messages/count_tokens", "count_tokens" },
    { "router.debug", "POST /v1/router/debug", "router.debug" },
    { "models", "GET /v1/models", "models" },
    { "usage", "GET /v1/usage", "usage" },
};

static size_t endpoint_of(dd_str name)
{
    size_t i = 0;
    while (i < DD_COUNT(endpoints) && !dd_str_eqz(name, endpoints[i].endpoint))
        i++;
    return i;
}

dd_str dd_trace_operation(dd_str endpoint)
{
    size_t i = endpoint_of(endpoint);
    return i < DD_COUNT(endpoints) ? dd_str_z(endpoints[i].operation) : endpoint;
}

/* Ours and the well-known value of gen_ai.provider.name, where they differ. */
static const struct { const char *ours, *theirs; } providers[] = {
    { "azure", "azure.ai.openai" }, { "bedrock", "aws.bedrock" }, { "gemini", "gcp.gemini" }, { "google", "gcp.gemini" }, { "mistral", "mistral_ai" },
    { "moonshot", "moonshot_ai" },  { "vertex", "gcp.vertex_ai" }, { "watsonx", "ibm.watsonx.ai" }, { "xai", "x_ai" },
};

dd_str dd_trace_provider(dd_str provider)
{
    for (size_t i = 0; i < DD_COUNT(providers); i++)
        if (dd_str_eqz(provider, providers[i].ours))
            return dd_str_z(providers[i].theirs);
    return provider;
}

/* ---- attributes: what is not known is none ---- */

static void put(tree *t, dd_attr a) { *t->next++ = a; }

static void text(tree *t, const char *name, dd_str s)
{
    if (s.len)
        put(t, (dd_attr){ .name = name, .kind = DD_ATTR_TEXT, .text = s });
}

static void number(tree *t, const char *name, int64_t n)
{
    if (n >= 0)
        put(t, (dd_attr){ .name = name, .kind = DD_ATTR_INT, .number = n });
}

static void real(tree *t, const char *name, double d) { put(t, (dd_attr){ .name = name, .kind = DD_ATTR_DOUBLE, .real = d }); }

static void money(tree *t, const char *name, dd_pusd m)
{
    if (m != DD_PUSD_UNKNOWN)
        real(t, name, (double)m / (double)DD_PUSD_PER_USD);
}

static dd_str class_word(dd_error_class c) { return c == DD_EC_NONE ? DD_STR("") : dd_str_z(dd_error_class_name(c)); }

/* ---- spans ---- */

/* Clocks are read at different moments, and old events lack some: a span never starts before the one before it, and never ends behind the request. */
static dd_span *begin(tree *t, dd_span_kind kind, dd_str name, int64_t start_us, int64_t duration_us)
{
    dd_span *s   = &t->spans[t->n];
    int64_t  end = t->e->total_us, start = start_us > t->last_us ? start_us : t->last_us;
    if (end >= 0 && start > end)
        start = end;
    if (end >= 0 && duration_us > end - start)
        duration_us = end - start;
    t->last_us = start;
    *s = (dd_span){ .kind = kind, .name = name, .parent = t->n ? 0 : -1, .start_us = start, .duration_us = duration_us < 0 ? -1 : duration_us,
                    .attrs = t->next, .id = dd_trace_span(t->e->id, 0x10000u + (unsigned)kind) };
    t->n++;
    return s;
}

static void end(tree *t, dd_span *s) { s->n_attrs = (size_t)(t->next - s->attrs); }

static int64_t behind(int64_t start, int64_t duration) { return start + (duration > 0 ? duration : 0); }

static void add_request(tree *t)
{
    const dd_event *e    = t->e;
    size_t          at   = endpoint_of(e->endpoint);
    bool            some = at < DD_COUNT(endpoints);
    char           *id   = dd_arena_alloc(t->arena, 20);
    dd_str          path = some ? dd_str_z(endpoints[at].name) : DD_STR(""), method = dd_str_cut(&path, ' ');
    dd_event_spell(e->id, id);
    dd_span *s = begin(t, DD_SPAN_REQUEST, some ? dd_str_z(endpoints[at].name) : e->endpoint.len ? e->endpoint : DD_STR("request"), 0, e->total_us);
    s->id      = dd_trace_span(e->id, 0);
    s->error   = class_word(e->error);
    text(t, "http.request.method", method);
    text(t, "http.route", path);
    number(t, "http.response.status_code", e->status > 0 ? e->status : -1);
    text(t, "error.type", s->error);
    text(t, "dd0c.request.id", dd_str_z(id));
    text(t, "dd0c.endpoint", e->endpoint);
    text(t, "dd0c.org", e->org);
    text(t, "dd0c.key.id", e->key_id);
    text(t, "dd0c.team", e->team);
    text(t, "dd0c.feature", e->feature);
    text(t, "dd0c.env", e->env);
    text(t, "dd0c.call_site", e->call_site);
    text(t, "dd0c.route", e->route);
    text(t, "dd0c.cache", e->cache);
    text(t, "dd0c.budget", e->budget);
    money(t, "dd0c.cost", e->cost_actual);
    money(t, "dd0c.cost_original", e->cost_original);
    money(t, "dd0c.saved", e->cost_saved);
    number(t, "dd0c.overhead_us", e->overhead_us);
    number(t, "dd0c.queue_us", e->queue_us);
    number(t, "dd0c.first_us", e->first_us);
    number(t, "dd0c.retries", e->retries > 0 ? e->retries : -1);
    end(t, s);
}

static bool is_decided(const dd_event *e) { return e->decide_us >= 0 || e->strategy.len || e->route.len; }

/* Which of our own steps ended it, when nobody was asked. */
static bool ended_here(const dd_event *e) { return e->error != DD_EC_NONE && e->error != DD_EC_ABORTED && !e->n_attempts; }

/* Who calls is known when queue_us is over; of who was refused there is no such moment. */
static void add_auth(tree *t)
{
    const dd_event *e = t->e;
    if (e->auth_us < 0)
        return;
    int64_t  known = e->queue_us >= 0 ? e->queue_us : e->total_us;
    dd_span *s     = begin(t, DD_SPAN_AUTH, DD_STR("auth"), known - e->auth_us, e->auth_us);
    if (ended_here(e) && !is_decided(e))
        s->error = class_word(e->error);
    text(t, "error.type", s->error);
    end(t, s);
}

static void add_decision(tree *t)
{
    const dd_event *e = t->e;
    if (!is_decided(e))
        return;
    dd_span *s = begin(t, DD_SPAN_DECISION, DD_STR("ai_routing_decision"), e->queue_us, e->decide_us);
    if (ended_here(e))
        s->error = class_word(e->error);
    text(t, "ai.model_selected", e->used_model);
    text(t, "ai.model_alternatives", e->considered.len ? e->considered : DD_STR("[]"));
    money(t, "ai.cost_delta", dd_money_less(e->cost_actual, e->cost_original));
    if (e->score >= 0 && e->complexity.len)
        real(t, "ai.complexity_score", e->score);
    text(t, "ai.routing_strategy", e->strategy);
    text(t, "ai.prompt_hash", e->prompt_hash);
    text(t, "gen_ai.request.model", e->requested_model);
    text(t, "dd0c.route", e->route);
    text(t, "dd0c.rules", e->rules);
    text(t, "dd0c.task", e->task);
    text(t, "dd0c.complexity", e->complexity);
    text(t, "dd0c.budget", e->budget);
    text(t, "error.type", s->error);
    end(t, s);
}

/* Ours between the decision and the provider, one behind the other. Says where they end. */
static void add_cache_and_prepare(tree *t)
{
    const dd_event *e  = t->e;
    int64_t         at = behind(e->queue_us > 0 ? e->queue_us : 0, e->decide_us);
    if (e->cache_us >= 0 || e->cache.len) {
        dd_span *s = begin(t, DD_SPAN_CACHE, DD_STR("cache"), at, e->cache_us);
        text(t, "dd0c.cache", e->cache);
        end(t, s);
        at = behind(at, e->cache_us);
    }
    if (e->prepare_us >= 0) {
        int64_t  first = e->n_attempts ? e->attempts[0].start_us - e->prepare_us : at;
        dd_span *s     = begin(t, DD_SPAN_PREPARE, DD_STR("transform request"), first > at ? first : at, e->prepare_us);
        text(t, "dd0c.dropped", e->dropped);
        end(t, s);
    }
}

/* All tokens that went in, read from and written to the prompt cache among them. */
static int64_t all_input(const dd_usage *u)
{
    const int64_t parts[] = { u->input, u->cache_read, u->cache_write, u->cache_write_1h };
    int64_t       sum     = -1;
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        if (parts[i] >= 0 && (sum < 0 || sum <= INT64_MAX - parts[i]))
            sum = (sum < 0 ? 0 : sum) + parts[i];
    return sum;
}

static int64_t written(const dd_usage *u)
{
    const dd_usage only = { -1, -1, u->cache_write, u->cache_write_1h, -1 };
    return all_input(&only);
}

static void add_usage(tree *t, const dd_usage *u)
{
    number(t, "gen_ai.usage.input_tokens", all_input(u));
    number(t, "gen_ai.usage.output_tokens", u->output);
    number(t, "gen_ai.usage.cache_read.input_tokens", u->cache_read);
    number(t, "gen_ai.usage.cache_creation.input_tokens", written(u));
}

/* What the event knows of the attempt that gave the answer. */
static void add_answered(tree *t, const dd_attempt *a)
{
    const dd_event *e = t->e;
    number(t, "gen_ai.usage.reasoning.output_tokens", e->reasoning_tokens > 0 ? e->reasoning_tokens : -1);
    if (e->finish_reason.len)
        put(t, (dd_attr){ .name = "gen_ai.response.finish_reasons", .kind = DD_ATTR_TEXTS, .text = e->finish_reason });
    if (e->stream && e->first_us > a->start_us)
        real(t, "gen_ai.response.time_to_first_chunk", (double)(e->first_us - a->start_us) / 1e6);
}

static dd_str two_words(dd_arena *arena, dd_str a, dd_str b)
{
    if (!b.len)
        return a;
    char *out = dd_arena_alloc(arena, a.len + 1 + b.len);
    memcpy(out, a.ptr, a.len);
    out[a.len] = ' ';
    memcpy(out + a.len + 1, b.ptr, b.len);
    return (dd_str){ out, a.len + 1 + b.len };
}

/* A call to a model; who began it ends it. */
static dd_span *begin_call(tree *t, dd_span_kind kind, dd_str operation, const dd_attempt *a)
{
    bool     good = a->status >= 200 && a->status <= 299;
    dd_span *s    = begin(t, kind, two_words(t->arena, operation, a->model.len ? a->model : a->provider), a->start_us, a->total_us);
    s->client = true;
    s->error  = class_word(a->error);
    text(t, "gen_ai.operation.name", operation);
    text(t, "gen_ai.provider.name", dd_trace_provider(a->provider));
    text(t, "gen_ai.request.model", a->model);
    text(t, "gen_ai.response.model", good ? a->model : DD_STR(""));
    return s;
}

static void end_call(tree *t, dd_span *s, const dd_attempt *a)
{
    number(t, "http.response.status_code", a->status > 0 ? a->status : -1);
    text(t, "error.type", s->error);
    text(t, "dd0c.provider", a->provider);
    money(t, "dd0c.cost", a->cost);
    end(t, s);
}

static void add_aside(tree *t, size_t i)
{
    const dd_attempt *a = &t->e->asides[i];
    dd_span          *s = begin_call(t, DD_SPAN_ASIDE, DD_STR("chat"), a);
    s->id               = dd_trace_span(t->e->id, 0x30000u + (unsigned)i);
    add_usage(t, &a->usage);
    text(t, "dd0c.purpose", dd_str_z(dd_call_purpose_name(a->purpose)));
    end_call(t, s, a);
}

static void add_attempt(tree *t, size_t i)
{
    const dd_event   *e = t->e;
    const dd_attempt *a = &e->attempts[i];
    dd_span          *s = begin_call(t, DD_SPAN_ATTEMPT, dd_trace_operation(e->endpoint), a);
    s->id               = dd_trace_span(e->id, (unsigned)i + 1);
    if (e->stream)
        put(t, (dd_attr){ .name = "gen_ai.request.stream", .kind = DD_ATTR_BOOL, .number = 1 });
    add_usage(t, &a->usage);
    if (i + 1 == e->n_attempts)
        add_answered(t, a);
    number(t, "dd0c.attempt", (int64_t)i + 1);
    end_call(t, s, a);
}

static void add_classifying(tree *t)
{
    for (size_t i = 0; i < t->e->n_asides; i++)
        if (t->e->asides[i].purpose == DD_CALL_CLASSIFIES)
            add_aside(t, i);
}

/* Attempts, and between them those who were asked about their answers. */
static void add_calls(tree *t)
{
    const dd_event *e    = t->e;
    size_t          next = 0;
    for (size_t i = 0; i <= e->n_attempts; i++) {
        for (; next < e->n_asides && (i == e->n_attempts || e->asides[next].start_us < e->attempts[i].start_us); next++)
            if (e->asides[next].purpose != DD_CALL_CLASSIFIES)
                add_aside(t, next);
        if (i < e->n_attempts)
            add_attempt(t, i);
    }
}

static void add_answer(tree *t)
{
    const dd_event *e = t->e;
    if (e->answer_us >= 0 && e->total_us >= 0)
        end(t, begin(t, DD_SPAN_ANSWER, DD_STR("transform answer"), e->total_us - e->answer_us, e->answer_us));
}

static bool from_hex(dd_str s, uint8_t *out, size_t n)
{
    if (s.len != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = dd_hex_digit(s.ptr[2 * i]), low = dd_hex_digit(s.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void name_trace(const dd_event *e, dd_trace *out)
{
    uint8_t parent[8];
    char    own[33];
    out->parent_span = 0;
    if (!from_hex(e->trace_id, out->trace_id, sizeof out->trace_id)) {
        dd_trace_new_id(dd_trace_span(e->id, 0x20000u), dd_trace_span(e->id, 0x20001u), own);
        from_hex((dd_str){ own, 32 }, out->trace_id, sizeof out->trace_id);
    } else if (from_hex(e->parent_span, parent, sizeof parent)) {
        for (size_t i = 0; i < sizeof parent; i++)
            out->parent_span = out->parent_span << 8 | parent[i];
    }
}

void dd_trace_make(const dd_event *e, dd_arena *arena, dd_trace *out)
{
    size_t n = e->n_attempts + e->n_asides;
    tree   t = { .e = e, .arena = arena };
    t.spans  = dd_arena_alloc(arena, sizeof(dd_span) * (OTHERS + n));
    t.next   = dd_arena_alloc(arena, sizeof(dd_attr) * (ON_REQUEST + ON_DECISION + ON_OTHERS + ON_ATTEMPT * n));
    name_trace(e, out);
    add_request(&t);
    add_auth(&t);
    add_decision(&t);
    add_classifying(&t);
    add_cache_and_prepare(&t);
    add_calls(&t);
    add_answer(&t);
    out->sampled  = !e->unsampled;
    int64_t ended_ms = e->time_ms < end_of_time_ms ? e->time_ms : end_of_time_ms;
    out->start_ns = ended_ms * 1000000 - (e->total_us > 0 ? e->total_us : 0) * 1000;   /* the event's time is its end */
    out->spans    = t.spans;
    out->n_spans  = t.n;
}
