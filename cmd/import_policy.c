/* cmd/import_policy.c - policy files: `routing_policy` with rules of name, condition and action, and a `fallback_chain`
 * (docs/import.md).
 *
 * A condition is an expression, or names with values; both become the same CEL. What a name or a value cannot say here is lost with its whole rule:
 * half a condition would match what it should not. */
#include <stdlib.h>
#include <string.h>

#include "cmd/import.h"

static const cJSON *first_of(const cJSON *object, const char *const *names)
{
    for (; *names; names++) {
        const cJSON *n = cJSON_GetObjectItemCaseSensitive(object, *names);
        if (n && !cJSON_IsNull(n))
            return n;
    }
    return NULL;
}

/* --- expressions: words instead of signs --- */

static bool is_word(char c) { return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

static const struct { const char *theirs, *ours; } names[] = {
    { "and", "&&" },       { "AND", "&&" },           { "or", "||" },              { "OR", "||" },          { "not", "!" },
    { "NOT", "!" },        { "True", "true" },        { "False", "false" },        { "tokens", "input_tokens" },
    { "token_count", "input_tokens" },                { "prompt_tokens", "input_tokens" }, { "output_tokens", "max_tokens" },
    { "user_tier", "tier" }, { "plan", "tier" },      { "hour_of_day", "hour" },   { "day_of_week", "weekday" },
    { "task_type", "task" }, { "latency_ms", "latency" }, { "estimated_cost", "expected_cost" }, { "cost", "expected_cost" },
};

static const char *ours(dd_str word)
{
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(word, names[i].theirs))
            return names[i].ours;
    return NULL;
}

static void expression(dd_str s, dd_buf *out)
{
    char quote = 0;
    for (size_t i = 0; i < s.len;) {
        char c = s.ptr[i];
        if (quote || c == '"' || c == '\'') {
            quote = !quote ? c : c == quote && s.ptr[i - 1] != '\\' ? 0 : quote;
            dd_buf_addc(out, c);
            i++;
            continue;
        }
        size_t n = 0;
        while (i + n < s.len && is_word(s.ptr[i + n]))
            n++;
        const char *word = n && (i == 0 || s.ptr[i - 1] != '.') ? ours(dd_str_sub(s, i, i + n)) : NULL;
        if (word)
            dd_buf_addz(out, word);
        else
            dd_buf_add(out, dd_str_sub(s, i, i + (n ? n : 1)));
        i += n ? n : 1;
    }
}

/* --- names and values --- */

static const struct { const char *theirs, *fact; bool most; } limits[] = {   /* names that are a comparison themselves */
    { "max_tokens", "input_tokens", true },     { "max_input_tokens", "input_tokens", true }, { "tokens_below", "input_tokens", true },
    { "min_tokens", "input_tokens", false },     { "min_input_tokens", "input_tokens", false }, { "tokens_above", "input_tokens", false },
    { "max_cost", "expected_cost", true },      { "min_cost", "expected_cost", false },        { "max_latency_ms", "latency", true },
    { "min_latency_ms", "latency", false },      { "max_complexity_score", "score", true },    { "min_complexity_score", "score", false },
};
static const char *const facts[] = {
    "call_site", "complexity", "endpoint", "env", "error_rate", "expected_cost", "family", "feature", "has_audio", "has_documents", "has_images",
        "has_tools", "hour",
    "input_tokens", "json_schema", "key", "latency", "messages", "model", "org", "priority", "provider", "reasoning", "score", "session", "stream",
        "task", "team", "tier",
    "tools", "turns", "user", "weekday",
};

static void also(dd_buf *out)
{
    if (out->len && out->ptr[out->len - 1] != '(')
        dd_buf_addz(out, " && ");
}

/* "< 500", ">= 0.01", "low": an operator in front of a value is that operator. */
static bool compared(const char *fact, const char *value, dd_buf *out)
{
    static const char *const signs[] = { "<=", ">=", "==", "!=", "<", ">", "=" };
    for (size_t i = 0; i < DD_COUNT(signs); i++) {
        size_t n = strlen(signs[i]);
        char  *end;
        if (strncmp(value, signs[i], n) != 0)
            continue;
        const char *rest = value + n + strspn(value + n, " $");
        (void)strtod(rest, &end);
        if (end == rest || *end)
            return false;
        dd_buf_printf(out, "%s %s %s", fact, n == 1 && signs[i][0] == '=' ? "==" : signs[i], rest);
        return true;
    }
    return false;
}

static bool clock_of(dd_str s, int *hour)
{
    int64_t h;
    s = dd_str_trim(s);
    if (dd_str_endsz(s, ":00"))
        s.len -= 3;
    if (!dd_parse_i64(s, &h) || h < 0 || h > 24)
        return false;
    *hour = (int)h;
    return true;
}

/* "22:00-06:00", "9-17": over midnight when it ends before it begins. */
static bool hours(const cJSON *v, dd_buf *out)
{
    int       from, to;
    dd_str    s    = dd_str_z(cJSON_IsString(v) ? v->valuestring : "");
    ptrdiff_t dash = dd_str_chr(s, '-');
    if (dash < 0 || !clock_of(dd_str_sub(s, 0, (size_t)dash), &from) || !clock_of(dd_str_sub(s, (size_t)dash + 1, s.len), &to))
        return false;
    also(out);
    dd_buf_printf(out, from <= to ? "hour >= %d && hour < %d" : "(hour >= %d || hour < %d)", from, to);
    return true;
}

static bool one_day(const char *s, int *day)
{
    static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
    for (int i = 0; i < 7; i++)
        if (strlen(s) >= 3 && dd_str_eq_nocase(dd_str_sub(dd_str_z(s), 0, 3), dd_str_z(days[i]))) {
            *day = i + 1;
            return true;
        }
    return false;
}

static bool weekdays(const cJSON *v, dd_buf *out)
{
    const cJSON *item;
    int          day;
    if (cJSON_IsString(v) && (strcmp(v->valuestring, "weekdays") == 0 || strcmp(v->valuestring, "weekend") == 0)) {
        also(out);
        dd_buf_addz(out, strcmp(v->valuestring, "weekend") == 0 ? "weekday >= 6" : "weekday <= 5");
        return true;
    }
    if (!cJSON_IsArray(v) || !v->child)
        return false;
    also(out);
    dd_buf_addz(out, "weekday in [");
    cJSON_ArrayForEach(item, v) {
        if (!cJSON_IsString(item) || !one_day(item->valuestring, &day))
            return false;
        dd_buf_printf(out, "%s%d", item == v->child ? "" : ", ", day);
    }
    dd_buf_addc(out, ']');
    return true;
}

/* {lt: 500, gte: 10} */
static bool bounds(const char *fact, const cJSON *v, dd_buf *out)
{
    static const struct { const char *name, *sign; } ops[] = { { "lt", "<" }, { "lte", "<=" }, { "gt", ">" }, { "gte", ">=" }, { "eq", "==" },
                                                               { "ne", "!=" }, { "max", "<=" }, { "min", ">=" } };
    const cJSON *b;
    dd_import_each(b, v) {
        const char *sign = NULL, *name = b->string[0] == '$' ? b->string + 1 : b->string;
        for (size_t i = 0; i < DD_COUNT(ops); i++)
            if (strcmp(ops[i].name, name) == 0)
                sign = ops[i].sign;
        if (!sign || (!cJSON_IsNumber(b) && !cJSON_IsString(b)))
            return false;
        also(out);
        dd_buf_printf(out, "%s %s ", fact, sign);
        dd_import_literal(out, b);
    }
    return v->child != NULL;
}

static bool equals(const char *fact, const cJSON *v, dd_buf *out)
{
    const cJSON *item;
    if (cJSON_IsObject(v))
        return bounds(fact, v, out);
    also(out);
    if (cJSON_IsString(v) && strchr("<>=!", v->valuestring[0]))
        return compared(fact, v->valuestring, out);
    if (!cJSON_IsArray(v)) {
        dd_buf_printf(out, "%s == ", fact);
        dd_import_literal(out, v);
        return true;
    }
    dd_buf_printf(out, "%s in [", fact);
    cJSON_ArrayForEach(item, v) {
        if (item != v->child)
            dd_buf_addz(out, ", ");
        dd_import_literal(out, item);
    }
    dd_buf_addc(out, ']');
    return v->child != NULL;
}

static bool tags(const cJSON *v, dd_buf *out)
{
    const cJSON *t;
    dd_import_each(t, v) {
        static const char *const own[] = { "feature", "team", "env", "user", "tier", "session" };
        dd_buf quoted = DD_BUF_INIT(0), fact = DD_BUF_INIT(0);
        cJSON *word  = cJSON_CreateString(t->string);
        bool   named = false;
        dd_import_literal(&quoted, word);
        cJSON_Delete(word);
        for (size_t i = 0; i < DD_COUNT(own); i++)
            named |= strcmp(own[i], t->string) == 0;
        if (named) {
            dd_buf_addz(&fact, t->string);
        } else {
            also(out);
            dd_buf_printf(out, DD_STR_FMT " in tags", DD_STR_ARG(dd_buf_str(&quoted)));
            dd_buf_printf(&fact, "tags[" DD_STR_FMT "]", DD_STR_ARG(dd_buf_str(&quoted)));
        }
        bool ok = equals(dd_buf_z(&fact), t, out);
        dd_buf_free(&quoted);
        dd_buf_free(&fact);
        if (!ok)
            return false;
    }
    return cJSON_IsObject(v) && v->child;
}

static bool member(const cJSON *m, dd_buf *out)
{
    const char *name = m->string, *other = ours(dd_str_z(name));
    if (strcmp(name, "tags") == 0 || strcmp(name, "metadata") == 0)
        return tags(m, out);
    if (strcmp(name, "time_of_day") == 0 || strcmp(name, "hours") == 0)
        return hours(m, out);
    if (strcmp(name, "days") == 0 || strcmp(name, "weekdays") == 0)
        return weekdays(m, out);
    for (size_t i = 0; i < DD_COUNT(limits); i++)
        if (strcmp(limits[i].theirs, name) == 0 && cJSON_IsNumber(m)) {
            also(out);
            dd_buf_printf(out, "%s %s ", limits[i].fact, limits[i].most ? "<=" : ">=");
            dd_import_literal(out, m);
            return true;
        }
    const char *fact = other && is_word(other[0]) ? other : name;
    for (size_t i = 0; i < DD_COUNT(facts); i++)
        if (strcmp(facts[i], fact) == 0)
            return equals(fact, m, out);
    return false;
}

static bool condition(dd_import *im, const cJSON *c, dd_str path, dd_buf *out)
{
    const cJSON *m;
    if (cJSON_IsString(c)) {
        bool always = strcmp(c->valuestring, "always") == 0 || strcmp(c->valuestring, "default") == 0 || strcmp(c->valuestring, "*") == 0;
        if (!always)
            expression(dd_str_z(c->valuestring), out);
        return true;
    }
    if (!c || cJSON_IsTrue(c))
        return true;
    if (cJSON_IsArray(c)) {   /* all of them */
        int i = 0;
        cJSON_ArrayForEach(m, c) {
            also(out);
            dd_buf_addc(out, '(');
            if (!condition(im, m, dd_import_item(im, path, i++), out))
                return false;
            dd_buf_addc(out, ')');
        }
        return true;
    }
    dd_import_each(m, c) {
        if (!member(m, out)) {
            dd_import_lose(im, dd_import_path(im, path, m->string), "routes cannot ask for this, so that its rule is left out");
            return false;
        }
    }
    return cJSON_IsObject(c);
}

/* --- steps and actions --- */

static double seconds(const cJSON *n)
{
    char  *end = NULL;
    double d   = cJSON_IsNumber(n) ? n->valuedouble : cJSON_IsString(n) ? strtod(n->valuestring, &end) : -1;
    if (end && strcmp(end, "ms") == 0)
        return d / 1000;
    return end && *end && strcmp(end, "s") != 0 ? strcmp(end, "m") == 0 ? d * 60 : -1 : d;
}

static bool read_step(dd_import *im, const cJSON *n, dd_str path, dd_import_step *out)
{
    static const char *const known[] = { "provider", "model", "timeout", "timeout_s", "timeout_ms", "retries", "max_retries", "weight", "name",
                                         NULL };
    static const char *const models[] = { "model", "name", NULL }, *const times[] = { "timeout", "timeout_s", NULL },
        *const tries[] = { "retries", "max_retries", NULL };
    *out = dd_import_plain(DD_STR(""));
    if (cJSON_IsString(n)) {
        out->model = dd_arena_dupz(&im->arena, n->valuestring);
        return out->model.len > 0;
    }
    const cJSON *provider = cJSON_GetObjectItemCaseSensitive(n, "provider"), *model = first_of(n, models),
        *ms = cJSON_GetObjectItemCaseSensitive(n, "timeout_ms");
    double       timeout = seconds(first_of(n, times));
    const cJSON *retries = first_of(n, tries), *weight = cJSON_GetObjectItemCaseSensitive(n, "weight");
    dd_import_rest(im, n, path, known, "");
    if (cJSON_IsString(provider)) {
        const char *kind = dd_import_kind(provider->valuestring);
        out->model = dd_arena_printf(&im->arena, "%s/%s", kind ? kind : provider->valuestring, cJSON_IsString(model) ? model->valuestring : "");
    } else if (cJSON_IsString(model)) {
        out->model = dd_arena_dupz(&im->arena, model->valuestring);
    }
    if (cJSON_IsNumber(ms))
        timeout = ms->valuedouble / 1000;
    if (timeout > 0 && timeout < 1e6)
        out->timeout_ms = (int64_t)(timeout * 1000 + 0.5);
    if (cJSON_IsNumber(retries) && retries->valuedouble >= 0 && retries->valuedouble <= 100)
        out->retries = (int64_t)retries->valuedouble;
    if (cJSON_IsNumber(weight) && weight->valuedouble >= 0 && weight->valuedouble <= 1e6)
        out->weight = (int64_t)weight->valuedouble;
    if (!out->model.len)
        dd_import_lose(im, path, "neither model nor provider is named");
    return out->model.len > 0;
}

static void read_steps(dd_import *im, const cJSON *n, dd_str path, dd_import_steps *out)
{
    const cJSON   *item;
    dd_import_step s;
    int            i = 0;
    if (n && !cJSON_IsArray(n) && !cJSON_IsNull(n) && read_step(im, n, path, &s))
        dd_import_add(im, out, s);
    if (!cJSON_IsArray(n))
        return;
    cJSON_ArrayForEach(item, n) {
        if (read_step(im, item, dd_import_item(im, path, i++), &s))
            dd_import_add(im, out, s);
    }
}

static const char *strategy_word(const char *name)
{
    static const char *const words[] = { "passthrough", "cheapest", "quality-first", "cascading", "score", "weighted", "latency", "complexity" };
    static const struct { const char *theirs, *ours; } others[] = { { "quality", "quality-first" }, { "quality_first", "quality-first" },
                                                                    { "best", "quality-first" },
        { "cascade", "cascading" }, { "fastest", "latency" }, { "lowest_latency", "latency" }, { "lowest_cost", "cheapest" }, { "cost", "cheapest" },
            { "cheap", "cheapest" },
        { "load_balance", "weighted" }, { "balanced", "score" } };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (strcmp(words[i], name) == 0)
            return words[i];
    for (size_t i = 0; i < DD_COUNT(others); i++)
        if (strcmp(others[i].theirs, name) == 0)
            return others[i].ours;
    return NULL;
}

static const char *const targets[]   = { "from", "models", "model", "route_to", "use", "target", "targets", NULL };
static const char *const fallbacks[] = { "fallback", "fallbacks", "fallback_chain", NULL };

static bool action(dd_import *im, const cJSON *a, dd_str path, dd_import_route *r)
{
    static const char *const known[] = { "from", "models", "model", "provider", "route_to", "use", "target", "targets", "fallback", "fallbacks",
                                         "fallback_chain", "strategy",
                                         "timeout", "timeout_ms", "timeout_s", "retries", "max_retries", "weight", NULL };
    const cJSON *to = first_of(a, targets), *strategy = cJSON_GetObjectItemCaseSensitive(a, "strategy");
    if (cJSON_IsString(a)) {   /* "cheapest", or a model */
        r->strategy = strategy_word(a->valuestring);
        if (!r->strategy)
            read_steps(im, a, path, &r->from);
        return true;
    }
    if (!cJSON_IsObject(a))
        return false;
    if (cJSON_IsString(strategy)) {
        r->strategy = strategy_word(strategy->valuestring);
        if (!r->strategy)
            dd_import_lose(im, dd_import_path(im, path, "strategy"), "no such strategy here");
    }
    if (cJSON_IsArray(to) || cJSON_IsObject(to))
        read_steps(im, to, dd_import_path(im, path, to->string), &r->from);
    else if (to || cJSON_GetObjectItemCaseSensitive(a, "provider")) {
        cJSON *copy = cJSON_CreateObject(), *field;   /* the action itself is the step */
        static const char *const own[] = { "provider", "timeout", "timeout_ms", "timeout_s", "retries", "max_retries", "weight" };
        for (size_t i = 0; i < DD_COUNT(own); i++)
            if ((field = cJSON_GetObjectItemCaseSensitive(a, own[i])))
                cJSON_AddItemToObject(copy, own[i], cJSON_Duplicate(field, true));
        if (to)
            cJSON_AddItemToObject(copy, "model", cJSON_Duplicate(to, true));
        read_steps(im, copy, path, &r->from);
        cJSON_Delete(copy);
    }
    read_steps(im, first_of(a, fallbacks), dd_import_path(im, path, "fallback"), &r->fallback);
    dd_import_rest(im, a, path, known, "");
    return r->from.n || r->strategy;
}

static dd_str name_of(dd_import *im, const cJSON *rule, int i)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(rule, "name");
    dd_str       s    = cJSON_IsString(name) && name->valuestring[0] ? dd_arena_dupz(&im->arena, name->valuestring)
        : dd_arena_printf(&im->arena, "rule-%d", i + 1);
    for (size_t k = 0; k < im->routes.n; k++)
        if (dd_str_eq(im->routes.v[k].name, s))
            return dd_arena_printf(&im->arena, DD_STR_FMT "-%d", DD_STR_ARG(s), i + 1);
    return s;
}

static void rule(dd_import *im, const cJSON *n, dd_str path, int i)
{
    static const char *const conditions[] = { "condition", "conditions", "when", "if", "match", NULL },
        *const actions[] = { "action", "actions", "then", NULL };
    static const char *const known[] = { "name", "description", "priority", "enabled", "condition", "conditions", "when", "if", "match", "action",
                                         "actions", "then",
                                         "from", "models", "model", "provider", "route_to", "use", "target", "targets", "fallback", "fallbacks",
                                             "fallback_chain", "strategy",
                                         "timeout", "timeout_ms", "timeout_s", "retries", "max_retries", NULL };
    const cJSON    *c = first_of(n, conditions), *a = first_of(n, actions);
    dd_import_route r = { .name = name_of(im, n, i) };
    dd_buf          when = DD_BUF_INIT(60000);
    if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(n, "enabled"))) {
        dd_import_lose(im, path, "it is switched off");
    } else if (condition(im, c, dd_import_path(im, path, c ? c->string : "condition"), &when)) {
        r.when = dd_arena_dup(&im->arena, dd_buf_str(&when));
        if (a ? action(im, a, dd_import_path(im, path, a->string), &r) : action(im, n, path, &r))
            dd_avec_push(&im->arena, &im->routes, r);
        else
            dd_import_lose(im, dd_import_path(im, path, "action"), "it names neither a model nor a strategy");
        if (a)
            dd_import_rest(im, n, path, known, "");
    } else if (!cJSON_IsObject(c)) {
        dd_import_lose(im, path, "no condition");
    }
    dd_buf_free(&when);
}

static double priority(const cJSON *n)
{
    const cJSON *p = cJSON_GetObjectItemCaseSensitive(n, "priority");
    return cJSON_IsNumber(p) ? p->valuedouble : 1e9;
}

/* Lower numbers first, as the rules stand otherwise; the first match wins in both. */
static void rules(dd_import *im, const cJSON *list, dd_str path)
{
    int   n    = cJSON_GetArraySize(list);
    bool *done = dd_newn(&im->arena, bool, (size_t)n + 1);
    for (int k = 0; k < n && k < 10000; k++) {
        int          best = -1, i = 0;
        const cJSON *item, *next = NULL;
        cJSON_ArrayForEach(item, list) {
            if (!done[i] && (!next || priority(item) < priority(next))) {
                next = item;
                best = i;
            }
            i++;
        }
        done[best] = true;
        rule(im, next, dd_import_item(im, path, best), best);
    }
}

/* A provider that a step names is one of the providers. */
static void need_providers(dd_import *im, const dd_import_steps *steps)
{
    for (size_t i = 0; i < steps->n; i++) {
        ptrdiff_t slash = dd_str_chr(steps->v[i].model, '/');
        if (slash <= 0)
            continue;
        const char *name = dd_arena_dup(&im->arena, dd_str_sub(steps->v[i].model, 0, (size_t)slash)).ptr, *kind = dd_import_kind(name);
        if (kind && strcmp(kind, name) != 0)
            steps->v[i].model = dd_arena_printf(&im->arena, "%s" DD_STR_FMT, kind, DD_STR_ARG(dd_str_sub(steps->v[i].model, (size_t)slash,
                    steps->v[i].model.len)));
        if (kind && strcmp(kind, "azure") != 0)
            (void)dd_import_provider_at(im, kind, DD_STR(""), DD_STR(""), DD_STR(""));
    }
}

dd_code dd_import_policy(dd_import *im, const cJSON *root, dd_err *err)
{
    static const char *const top[] = { "routing_policy", "fallback_chain", "version", "name", "description", NULL };
    static const char *const in[]  = { "rules", "default", "default_model", "default_action", "name", "version", "description", "fallback_chain",
                                       NULL };
    static const char *const defaults[] = { "default", "default_action", "default_model", NULL };
    const cJSON *policy = cJSON_GetObjectItemCaseSensitive(root, "routing_policy"), *chain = cJSON_GetObjectItemCaseSensitive(root, "fallback_chain");
    if (!policy && !chain)
        return dd_fail(err, DD_ERR_PARSE, "this is no policy file: neither routing_policy nor fallback_chain is there");
    bool         list  = cJSON_IsArray(policy);
    const cJSON *other = list ? NULL : first_of(policy, defaults);
    rules(im, list ? policy : cJSON_GetObjectItemCaseSensitive(policy, "rules"), list ? DD_STR("routing_policy") : DD_STR("routing_policy.rules"));
    if (other) {
        dd_import_route r = { .name = DD_STR("default") };
        if (action(im, other, dd_import_path(im, DD_STR("routing_policy"), other->string), &r))
            dd_avec_push(&im->arena, &im->routes, r);
    }
    if (!chain && !list)
        chain = cJSON_GetObjectItemCaseSensitive(policy, "fallback_chain");
    read_steps(im, chain, DD_STR("fallback_chain"), &im->fallback);
    need_providers(im, &im->fallback);
    for (size_t i = 0; i < im->routes.n; i++) {
        need_providers(im, &im->routes.v[i].from);
        need_providers(im, &im->routes.v[i].fallback);
    }
    dd_import_rest(im, root, DD_STR(""), top, "");
    if (!list)
        dd_import_rest(im, policy, DD_STR("routing_policy"), in, "");
    return DD_OK;
}
