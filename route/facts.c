#include "route/facts.h"

typedef bool reader(dd_facts_view *v, size_t offset, dd_cel_value *out);

static const void *member(const dd_facts_view *v, size_t offset) { return (const char *)v->facts + offset; }

static bool as_text(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    const dd_str *s = member(v, offset);
    *out = dd_cel_string(s->ptr ? *s : DD_STR(""));
    return true;
}

static bool as_bool(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_bool(*(const bool *)member(v, offset));
    return true;
}

static bool as_int(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_int(*(const int *)member(v, offset));
    return true;
}

/* -1: the request does not say. */
static bool as_count(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    int64_t n = *(const int64_t *)member(v, offset);
    *out      = n < 0 ? dd_cel_null() : dd_cel_int(n);
    return true;
}

static bool as_double(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_double(*(const double *)member(v, offset));
    return true;
}

static bool as_usd(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    dd_pusd m = *(const dd_pusd *)member(v, offset);
    *out      = m == DD_PUSD_UNKNOWN ? dd_cel_null() : dd_cel_double((double)m / (double)DD_PUSD_PER_USD);
    return true;
}

static bool reckoned(dd_facts_view *v)
{
    if (!(v->facts->known & DD_FACT_COST) && v->reckon)
        v->reckon(v->ctx, v->facts);
    return (v->facts->known & DD_FACT_COST) != 0;
}

static bool as_reckoned_usd(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_null();
    return !reckoned(v) || as_usd(v, offset, out);
}

static bool as_reckoned(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_null();
    if (reckoned(v) && *(const double *)member(v, offset) >= 0)
        as_double(v, offset, out);
    return true;
}

static bool as_task(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_string(dd_str_z(dd_task_name(((const dd_class *)member(v, offset))->task)));
    return true;
}

static bool as_complexity(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_string(dd_str_z(dd_complexity_name(((const dd_class *)member(v, offset))->complexity)));
    return true;
}

static bool as_score(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_double(((const dd_class *)member(v, offset))->score);
    return true;
}

static bool as_priority(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_string(dd_str_z(dd_priority_name(*(const dd_priority *)member(v, offset))));
    return true;
}

static bool as_family(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    *out = dd_cel_string(*(const dd_family *)member(v, offset) == DD_FAMILY_ANTHROPIC ? DD_STR("anthropic") : DD_STR("openai"));
    return true;
}

/* Of a name that is there twice the first one counts, as in a query string that is read from its front. */
static bool as_map(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    bool          keys = offset == offsetof(dd_facts, key_tags);
    const dd_tag *tags = keys ? v->facts->key_tags : v->facts->tags;
    size_t        n    = keys ? v->facts->n_key_tags : v->facts->n_tags, used = 0;
    dd_cel_entry *e    = dd_newn(v->arena, dd_cel_entry, n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < used && !dd_str_eq(e[k].key.s, tags[i].name))
            k++;
        if (k == used)
            e[used++] = (dd_cel_entry){ dd_cel_string(tags[i].name), dd_cel_string(tags[i].value) };
    }
    *out = dd_cel_map(e, used);
    return true;
}

static int64_t local_time(const dd_facts *f) { return f->time_s + (int64_t)f->tz_minutes * 60; }

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int dd_facts_hour(const dd_facts *f)
{
    int64_t t = local_time(f);
    return (int)((t - floor_div(t, 86400) * 86400) / 3600);
}

/* 1970-01-01 was a Thursday. */
int dd_facts_weekday(const dd_facts *f)
{
    int64_t d = floor_div(local_time(f), 86400) + 3;
    return (int)(d - floor_div(d, 7) * 7) + 1;
}

static bool as_hour(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    (void)offset;
    *out = dd_cel_int(dd_facts_hour(v->facts));
    return true;
}

static bool as_weekday(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    (void)offset;
    *out = dd_cel_int(dd_facts_weekday(v->facts));
    return true;
}

static bool as_time(dd_facts_view *v, size_t offset, dd_cel_value *out)
{
    (void)offset;
    *out = (dd_cel_value){ .type = DD_CEL_TIMESTAMP, .seconds = v->facts->time_s };
    return true;
}

/* name, type, how it is read, member, what has to be filled, for people. Sorted by name. */
#define FACTS(X) \
    X("budget.used", DOUBLE, as_double, budget_used, DD_FACT_BUDGET, "largest used share of the budgets that apply: 0.8 is 80%") \
    X("call_site", STRING, as_text, call_site, 0, "id of the place in the code that calls, as the scan names it") \
    X("complexity", STRING, as_complexity, class, DD_FACT_CLASS, "\"low\", \"medium\" or \"high\"") \
    X("endpoint", STRING, as_text, endpoint, 0, "\"chat.completions\", \"messages\", \"responses\", \"embeddings\", ...") \
    X("env", STRING, as_text, env, 0, "the environment that the request or its key names: \"production\"") \
    X("error_rate", DYN, as_reckoned, error_rate, 0, \
      "share of failures of the requested model of late, 0 to 1; null: not known") \
    X("expected_cost", DYN, as_reckoned_usd, expected_cost, 0, "what this request would cost at the requested model, in USD; null: not known") \
    X("family", STRING, as_family, family, 0, "whose API the client speaks: \"openai\" or \"anthropic\"") \
    X("fast", BOOL, as_bool, fast, 0, "POST /v1/chat asked for latency_pref fast") \
    X("feature", STRING, as_text, feature, 0, "the feature that the request names") \
    X("has_audio", BOOL, as_bool, has_audio, 0, "sound is among its parts") \
    X("has_documents", BOOL, as_bool, has_documents, 0, "a document is among its parts") \
    X("has_images", BOOL, as_bool, has_images, 0, "a picture is among its parts") \
    X("has_tools", BOOL, as_bool, has_tools, 0, "tools are offered to the model") \
    X("hour", INT, as_hour, time_s, 0, "0 to 23, in the policy's time zone") \
    X("input_tokens", DYN, as_count, input_tokens, DD_FACT_TOKENS, "tokens of the prompt, counted for the requested model; null: not known") \
    X("json_schema", BOOL, as_bool, json_schema, 0, "the answer has to be JSON") \
    X("key", STRING, as_text, key, 0, "id of the key that calls") \
    X("key_tags", MAP, as_map, key_tags, 0, "tags of the key: key_tags.plan == \"pro\"") \
    X("latency", DYN, as_reckoned, latency_ms, 0, "milliseconds that the requested model takes of late; null: not known") \
    X("max_cost", DYN, as_usd, max_cost, 0, "what the request may cost, in USD; null: not said") \
    X("max_tokens", DYN, as_count, max_tokens, 0, "cap on the answer; null: none, and then neither < nor > holds") \
    X("messages", INT, as_int, messages, 0, "messages, the system's among them") \
    X("model", STRING, as_text, model, 0, "the model as the client asked for it") \
    X("org", STRING, as_text, org, 0, "organisation of the key") \
    X("priority", STRING, as_priority, priority, 0, "\"cheap\", \"balanced\" or \"best\" of POST /v1/chat; \"\" elsewhere") \
    X("provider", STRING, as_text, provider, 0, "who would serve the requested model; \"\" not known") \
    X("reasoning", BOOL, as_bool, reasoning, 0, "the request asks for reasoning") \
    X("score", DOUBLE, as_score, class, DD_FACT_CLASS, "0 to 1: how much it needs a stronger model") \
    X("session", STRING, as_text, session, 0, "the session that the request names") \
    X("stream", BOOL, as_bool, stream, 0, "the answer is streamed") \
    X("tags", MAP, as_map, tags, 0, "other tags of the request, names in lower case: tags.tenant == \"acme\"") \
    X("task", STRING, as_task, class, DD_FACT_CLASS, "\"chat\", \"coding\", \"reasoning\", \"summarization\", \"translation\", ...") \
    X("team", STRING, as_text, team, 0, "the team that the request or its key names") \
    X("tier", STRING, as_text, tier, 0, "the tier of the key or request: \"free\"") \
    X("time", TIMESTAMP, as_time, time_s, 0, "when it came: time.getMinutes()") \
    X("tools", INT, as_int, tools, 0, "how many tools are offered") \
    X("turns", INT, as_int, turns, 0, "messages of the user") \
    X("user", STRING, as_text, user, 0, "the end user that the request names") \
    X("weekday", INT, as_weekday, time_s, 0, "1 Monday to 7 Sunday, in the policy's time zone")

#define AS_VAR(name, type, how, member, need, doc) { name, DD_CEL_##type, DD_CEL_##type == DD_CEL_MAP ? DD_CEL_STRING : DD_CEL_UNSET, doc },
#define AS_READER(name, type, how, member, need, doc) { how, offsetof(dd_facts, member), need },
static const dd_cel_var vars[] = { FACTS(AS_VAR) };
static const struct { reader *read; size_t offset; unsigned need; } readers[] = { FACTS(AS_READER) };

const dd_cel_env dd_facts_env = { .vars = vars, .n = DD_COUNT(vars) };

void dd_facts_need(dd_facts *f, unsigned which)
{
    unsigned missing = which & ~f->known;
    if (missing && f->fill)
        f->fill(f, missing);
}

bool dd_facts_fill(void *view, size_t variable, dd_cel_value *out)
{
    dd_facts_view *v = view;
    if (variable >= DD_COUNT(readers))
        return false;
    unsigned need = readers[variable].need;
    dd_facts_need(v->facts, need);
    return (v->facts->known & need) == need && readers[variable].read(v, readers[variable].offset, out);
}

static const char *const priorities[] = { "", "cheap", "balanced", "best" };

const char *dd_priority_name(dd_priority p) { return (size_t)p < DD_COUNT(priorities) ? priorities[p] : ""; }

bool dd_priority_find(dd_str name, dd_priority *out)
{
    for (size_t i = 1; i < DD_COUNT(priorities); i++)
        if (dd_str_eqz(name, priorities[i])) {
            *out = (dd_priority)i;
            return true;
        }
    return false;
}
