/* cmd/import_litellm.c - a LiteLLM proxy's config.yaml (docs.litellm.ai/docs/proxy/config_settings, read on 2026-11-20). */
#include <stdlib.h>
#include <string.h>

#include "cmd/import.h"

static const cJSON *get(const cJSON *object, const char *name) { return cJSON_GetObjectItemCaseSensitive(object, name); }

static const char *text(const cJSON *object, const char *name)
{
    const cJSON *n = get(object, name);
    return cJSON_IsString(n) && n->valuestring[0] ? n->valuestring : NULL;
}

/* A number, also written as text; -1: none. */
static double number(const cJSON *n)
{
    if (cJSON_IsNumber(n))
        return n->valuedouble;
    char  *end = NULL;
    double d   = cJSON_IsString(n) ? strtod(n->valuestring, &end) : -1;
    return end && end != n->valuestring && !*end ? d : -1;
}

/* --- model_list --- */

typedef struct { const char *kind; dd_str model; } target;

/* "azure/my-deployment", "gpt-4o": who serves it, and what it is called there. */
static target split(const char *name, bool has_base)
{
    static const struct { const char *start, *kind; } bare[] = {
        { "gpt-", "openai" }, { "o1", "openai" }, { "o3", "openai" }, { "o4", "openai" }, { "chatgpt-", "openai" }, { "text-embedding-", "openai" },
        { "claude-", "anthropic" }, { "gemini-", "google" }, { "deepseek-", "deepseek" }, { "mistral-", "mistral" }, { "grok-", "xai" },
    };
    static const char *const servers[] = { "hosted_vllm", "vllm", "lm_studio", "openai_like", "custom_openai", "litellm_proxy", "llamafile",
                                           "xinference" };
    dd_str    s     = dd_str_z(name);
    ptrdiff_t slash = dd_str_chr(s, '/');
    if (slash <= 0) {
        for (size_t i = 0; i < DD_COUNT(bare); i++)
            if (dd_str_startsz(s, bare[i].start))
                return (target){ bare[i].kind, s };
        return (target){ has_base ? "openai" : NULL, s };
    }
    char prefix[64];
    snprintf(prefix, sizeof prefix, DD_STR_FMT, DD_STR_ARG(dd_str_sub(s, 0, (size_t)slash)));
    const char *kind = dd_import_kind(prefix);
    for (size_t i = 0; i < DD_COUNT(servers) && !kind; i++)
        if (strcmp(prefix, servers[i]) == 0)
            kind = "openai";
    if (!kind && has_base)   /* some server with a name of its own for its models */
        return (target){ "openai", s };
    return (target){ kind, dd_str_sub(s, (size_t)slash + 1, s.len) };
}

/* What a server that is no maker's is called: the first part of its host. */
static dd_str name_of(dd_import *im, const char *kind, dd_str base)
{
    static const char *const makers[] = { "api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "api.groq.com" };
    ptrdiff_t from = dd_str_findz(base, "://");
    if (!base.len || strcmp(kind, "openai") != 0 || from < 0)
        return dd_str_z(kind);
    dd_str host = dd_str_sub(base, (size_t)from + 3, base.len);
    for (size_t i = 0; i < DD_COUNT(makers); i++)
        if (dd_str_startsz(host, makers[i]))
            return dd_str_z(kind);
    size_t n = 0;
    while (n < host.len && !strchr(".:/[]", host.ptr[n]))
        n++;
    bool number = n > 0 && host.ptr[0] >= '0' && host.ptr[0] <= '9';
    return n == 0 || number || dd_str_eqz(dd_str_sub(host, 0, n), "localhost") ? DD_STR("local") : dd_arena_dup(&im->arena, dd_str_sub(host, 0, n));
}

static const char *const taken_params[] = { "model", "api_base", "base_url", "api_key", "api_version", "custom_llm_provider", "rpm", "tpm", "weight",
                                            "timeout",
                                            "stream_timeout", "num_retries", "max_retries", "order", NULL };
static const char *const taken_entry[]  = { "model_name", "litellm_params", "model_info", "rpm", "tpm", "weight", NULL };
static const char *const taken_info[]   = { "id", "mode", "description", "supports_function_calling", "supports_vision", "max_tokens",
                                            "max_input_tokens",
                                            "max_output_tokens", NULL };

static const char *const without_provider = "no provider of dd0c serves it: name an OpenAI-compatible address of it in providers:";

static void deployment(dd_import *im, const cJSON *entry, dd_str path)
{
    const cJSON *params = get(entry, "litellm_params");
    const char  *name = text(entry, "model_name"), *model = text(params, "model"), *base = text(params, "api_base");
    dd_str       at = dd_import_path(im, path, "litellm_params");
    if (!base)
        base = text(params, "base_url");
    if (!name || !model) {
        dd_import_lose(im, path, "model_name or litellm_params.model is missing");
        return;
    }
    const char *custom = text(params, "custom_llm_provider");
    target      t      = split(model, base != NULL);
    if (custom && dd_import_kind(custom))
        t.kind = dd_import_kind(custom);
    if (!t.kind) {
        dd_import_lose(im, dd_import_path(im, at, "model"), without_provider);
        return;
    }
    dd_str      url     = base ? dd_import_text(im, dd_import_path(im, at, "api_base"), base) : DD_STR("");
    const char *version = text(params, "api_version");
    dd_import_provider *p = dd_import_provider_at(im, t.kind, name_of(im, t.kind, url), url, version ? dd_import_text(im, at, version) : DD_STR(""));
    const char *key = text(params, "api_key");
    if (key && !dd_import_placeholder(key))
        dd_import_key(im, p, dd_import_secret(im, dd_import_path(im, at, "api_key"), key, dd_import_variable(im, p->name)));
    dd_import_rest(im, params, at, taken_params, "a parameter that LiteLLM adds to requests: dd0c sends what the client sent");
    dd_import_rest(im, entry, path, taken_entry, "");
    dd_import_rest(im, get(entry, "model_info"), dd_import_path(im, path, "model_info"), taken_info,
                   "dd0c has its own table of models; prices.override adds to it");
    dd_str full = dd_arena_printf(&im->arena, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(p->name), DD_STR_ARG(t.model));
    if (strchr(name, '*')) {
        dd_import_note(im,
                       "model_name \"%s\" needs no entry: " DD_STR_FMT " serves all its models, as " DD_STR_FMT "/MODEL or by name alone", name,
                       DD_STR_ARG(p->name), DD_STR_ARG(p->name));
        return;
    }
    dd_import_step step = dd_import_plain(full);
    double weight = number(get(params, "weight")), rpm = number(get(params, "rpm")), tpm = number(get(params, "tpm"));
    double timeout = number(get(params, "stream_timeout")) > 0 ? number(get(params, "stream_timeout")) : number(get(params, "timeout"));
    double retries = number(get(params, "num_retries")) >= 0 ? number(get(params, "num_retries")) : number(get(params, "max_retries"));
    double share   = weight >= 0 ? weight : rpm >= 0 ? rpm : tpm;
    if (share >= 1 && share < 1e9)
        step.weight = (int64_t)share;
    if (timeout > 0)
        step.timeout_ms = (int64_t)(timeout * 1000);
    if (retries >= 0 && retries <= 100)
        step.retries = (int64_t)retries;
    static const char *const capacities[] = { "rpm", "tpm" };
    for (size_t i = 0; i < DD_COUNT(capacities); i++)
        if (get(params, capacities[i]) || get(entry, capacities[i]))
            dd_import_lose(im, dd_import_path(im, get(params, capacities[i]) ? at : path, capacities[i]),
                           "limits of a deployment became weights; limits: are per key, org, user, team or feature");
    dd_import_model *m = dd_import_model_find(im, name);
    if (!m) {
        dd_avec_push(&im->arena, &im->models, ((dd_import_model){ .name = dd_arena_dupz(&im->arena, name) }));
        m = &im->models.v[im->models.n - 1];
    }
    dd_import_add(im, &m->targets, step);
}

/* --- fallbacks: [{a: [b, c]}] --- */

static dd_import_route *route_for(dd_import *im, const char *model)
{
    dd_str name = dd_arena_printf(&im->arena, "fallback of %s", model);
    for (size_t i = 0; i < im->routes.n; i++)
        if (dd_str_eq(im->routes.v[i].name, name))
            return &im->routes.v[i];
    dd_buf when = DD_BUF_INIT(0);
    cJSON *word = cJSON_CreateString(model);
    dd_buf_addz(&when, "model == ");
    dd_import_literal(&when, word);
    cJSON_Delete(word);
    dd_avec_push(&im->arena, &im->routes, ((dd_import_route){ .name = name, .when = dd_arena_dup(&im->arena, dd_buf_str(&when)) }));
    dd_buf_free(&when);
    return &im->routes.v[im->routes.n - 1];
}

static void add_on(dd_import *im, dd_import_route *r, const char *word)
{
    if (!r->fallback.n)
        return;
    if (!dd_str_has(r->on, word))
        r->on = r->on.len ? dd_arena_printf(&im->arena, DD_STR_FMT ", %s", DD_STR_ARG(r->on), word) : dd_arena_dupz(&im->arena, word);
}

/* A step of a chain: a name of models:, or a model that LiteLLM would call directly. */
static bool chain_step(dd_import *im, const char *name, dd_str path, dd_import_step *out)
{
    *out = dd_import_plain(dd_arena_dupz(&im->arena, name));
    if (dd_import_model_find(im, name))
        return true;
    target t = split(name, false);
    if (!t.kind) {
        dd_import_lose(im, path, "no entry of model_list has this name");
        return false;
    }
    dd_import_provider *p = dd_import_provider_at(im, t.kind, DD_STR(""), DD_STR(""), DD_STR(""));
    out->model = dd_arena_printf(&im->arena, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(p->name), DD_STR_ARG(t.model));
    return true;
}

static void fallbacks(dd_import *im, const cJSON *list, dd_str path, const char *on)
{
    const cJSON *map, *from, *to;
    int          i = 0;
    cJSON_ArrayForEach(map, list) {
        dd_str at = dd_import_item(im, path, i++);
        dd_import_each(from, map) {
            dd_import_route *r = strcmp(from->string, "*") == 0 ? NULL : route_for(im, from->string);
            cJSON_ArrayForEach(to, from) {
                dd_import_step s;
                if (!cJSON_IsString(to))
                    dd_import_lose(im, dd_import_path(im, at, from->string), "only names are taken, no parameters of their own");
                else if (chain_step(im, to->valuestring, dd_import_path(im, at, from->string), &s))
                    dd_import_add(im, r ? &r->fallback : &im->fallback, s);
            }
            if (r)
                add_on(im, r, on);
        }
    }
}

static void default_fallbacks(dd_import *im, const cJSON *list, dd_str path)
{
    const cJSON *to;
    int          i = 0;
    cJSON_ArrayForEach(to, list) {
        dd_import_step s;
        if (cJSON_IsString(to) && chain_step(im, to->valuestring, dd_import_item(im, path, i), &s))
            dd_import_add(im, &im->fallback, s);
        i++;
    }
}

static void aliases(dd_import *im, const cJSON *map, dd_str path)
{
    const cJSON *alias;
    dd_import_each(alias, map) {
        const char      *to = cJSON_IsString(alias) ? alias->valuestring : text(alias, "model");
        dd_import_model *m  = to ? dd_import_model_find(im, to) : NULL;
        if (!m) {
            dd_import_lose(im, dd_import_path(im, path, alias->string), "no entry of model_list has the name it stands for");
            continue;
        }
        if (dd_import_model_find(im, alias->string))
            continue;
        dd_import_model copy = *m;   /* a target of models: is no name of models: */
        copy.name            = dd_arena_dupz(&im->arena, alias->string);
        dd_avec_push(&im->arena, &im->models, copy);
    }
}

/* A retry may land on another deployment of the group: behind the choice stand its own targets, then what the group falls back to. */
static void retries_within(dd_import *im, const char *group)
{
    dd_import_route *r    = route_for(im, group);
    dd_import_steps  then = r->fallback.n ? r->fallback : im->fallback, all = { 0 };
    dd_import_add(im, &all, dd_import_plain(dd_arena_dupz(&im->arena, group)));
    for (size_t i = 0; i < then.n; i++)
        dd_import_add(im, &all, then.v[i]);
    r->fallback = all;
    add_on(im, r, "usual");
}

/* What holds for a group holds for its other names. */
static void alias_routes(dd_import *im, const cJSON *map)
{
    const cJSON *alias;
    dd_import_each(alias, map) {
        const char *to = cJSON_IsString(alias) ? alias->valuestring : text(alias, "model");
        dd_str      of = dd_arena_printf(&im->arena, "fallback of %s", to ? to : "");
        for (size_t i = 0; i < im->routes.n; i++)
            if (dd_str_eq(im->routes.v[i].name, of) && dd_import_model_find(im, alias->string)) {
                dd_import_route *r    = route_for(im, alias->string);   /* the list may have moved */
                dd_import_route *from = &im->routes.v[i];
                if (!r->fallback.n) {
                    r->fallback = from->fallback;
                    r->on       = from->on;
                }
                break;
            }
    }
}

/* --- settings --- */

typedef struct { dd_import *im; dd_str path; const cJSON *section; double retries, timeout, stream_timeout, allowed_fails, cooldown, wait; } settings;

static void strategy(settings *s, const char *name)
{
    static const struct { const char *theirs, *ours, *note; } table[] = {
        { "simple-shuffle", "weighted", NULL },
        { "least-busy", "latency", "least-busy became latency: the quickest of late" },
        { "usage-based-routing", "weighted", "usage-based routing became weighted, by the deployments' limits" },
        { "usage-based-routing-v2", "weighted", "usage-based routing became weighted, by the deployments' limits" },
        { "latency-based-routing", "latency", NULL },
        { "cost-based-routing", "cheapest", NULL },
    };
    const char *ours = NULL;
    for (size_t i = 0; i < DD_COUNT(table); i++)
        if (strcmp(table[i].theirs, name) == 0) {
            ours = table[i].ours;
            if (table[i].note)
                dd_import_note(s->im, "%s", table[i].note);
        }
    if (!ours)
        dd_import_lose(s->im, dd_import_path(s->im, s->path, "routing_strategy"), "no such strategy here; models: have one each");
    for (size_t i = 0; i < s->im->models.n && ours; i++)
        if (s->im->models.v[i].targets.n > 1)
            s->im->models.v[i].strategy = ours;
}

/* RateLimitErrorRetries: 3 */
static void retry_policy(settings *s, const cJSON *map)
{
    static const struct { const char *theirs, *ours; } table[] = {
        { "TimeoutErrorRetries", "timeout" }, { "RateLimitErrorRetries", "429" }, { "InternalServerErrorRetries", "5xx" },
            { "AuthenticationErrorRetries", "auth" },
        { "ContentPolicyViolationErrorRetries", "content_policy" },
    };
    dd_buf       on = DD_BUF_INIT(200);
    const cJSON *n;
    double       most = 0;
    dd_import_each(n, map) {
        const char *word = NULL;
        for (size_t i = 0; i < DD_COUNT(table); i++)
            if (strcmp(table[i].theirs, n->string) == 0)
                word = table[i].ours;
        if (!word)
            dd_import_lose(s->im, dd_import_path(s->im, dd_import_path(s->im, s->path, "retry_policy"), n->string),
                           "what a client did wrong is not tried again");
        else if (number(n) > 0)
            dd_buf_printf(&on, "%s%s", on.len ? ", " : "", word);
        most = number(n) > most ? number(n) : most;
    }
    if (on.len && most <= 100) {
        dd_import_set(s->im, "retry: {attempts: %d, on: [" DD_STR_FMT "]}", (int)most + 1, DD_STR_ARG(dd_buf_str(&on)));
        dd_import_note(s->im, "retry_policy has a number for each failure; the largest counts for all of them");
        s->retries = -2;   /* said */
    }
    dd_buf_free(&on);
}

static void budget(settings *s, const char *scope, const char *amount_key, const char *duration_key)
{
    static const struct { const char *theirs, *ours; } table[] = {
        { "1h", "hour" }, { "60m", "hour" }, { "24h", "day" }, { "1d", "day" }, { "7d", "week" }, { "1w", "week" }, { "30d", "month" },
            { "1mo", "month" }, { "31d", "month" },
    };
    double      amount = number(get(s->section, amount_key));
    const char *duration = text(s->section, duration_key), *period = duration ? NULL : "total";
    if (amount < 0)
        return;
    for (size_t i = 0; duration && i < DD_COUNT(table); i++)
        if (strcmp(table[i].theirs, duration) == 0)
            period = table[i].ours;
    if (!period) {
        period = "month";
        dd_import_lose(s->im, dd_import_path(s->im, s->path, duration_key), "periods are hour, day, week, month and total: month was taken");
    }
    dd_import_set(s->im, "budgets:\n  - {scope: %s, limit: $%.10g, period: %s, on_exceed: block}", scope, amount, period);
    dd_import_note(s->im, "budgets begin with the calendar's hour, day, week or month, not with their first request");
}

static void cache(settings *s, const cJSON *on)
{
    const cJSON *params = get(s->section, "cache_params");
    const char  *type   = text(params, "type");
    double       ttl    = number(get(params, "ttl"));
    dd_str       path   = dd_import_path(s->im, s->path, "cache_params");
    if (!cJSON_IsTrue(on)) {
        if (params)
            dd_import_note(s->im, "cache_params stand there, and cache is not on");
        return;
    }
    if (type && strstr(type, "semantic")) {
        dd_import_lose(s->im, dd_import_path(s->im, path, "type"), "answers are kept for equal requests only: the cache is left off");
        return;
    }
    if (type && strcmp(type, "local") != 0 && strcmp(type, "disk") != 0)
        dd_import_lose(s->im, dd_import_path(s->im, path, "type"), "answers are kept in memory and in a file of this machine");
    dd_import_set(s->im, "cache: {mode: \"exact\", ttl: " DD_STR_FMT ", scope: key}", DD_STR_ARG(dd_import_time(s->im, ttl > 0 ? ttl * 1000
            : 86400000)));
    dd_import_note(s->im, "kept answers stay with the key that asked (LiteLLM shares them): cache.scope: global shares them here, too");
    static const char *const known[] = { "type", "ttl", "mode", NULL };
    dd_import_rest(s->im, params, path, known, "");
}

/* What is there anyway, or is somebody else's affair; the reason is what the user reads. */
#define HERE   "state is this process's for now"
#define EVENTS "each request is an event in dd0c's own store (`dd0c tail`)"
static const struct { const char *key, *why; } reasons[] = {
    { "database_url", "events and keys are in SQLite under $DD0C_HOME, without a server" },
    { "redis_host", HERE }, { "redis_port", HERE }, { "redis_password", HERE }, { "redis_url", HERE },
    { "success_callback", EVENTS }, { "failure_callback", EVENTS }, { "callbacks", EVENTS }, { "service_callback", EVENTS },
    { "turn_off_message_logging", "prompts are never kept" },
    { "redact_user_api_key_info", "keys are never kept" },
    { "telemetry", "nothing is sent anywhere" },
    { "enable_pre_call_checks", "the length of a request is always checked" },
    { "store_model_in_db", "the configuration is this file" },
    { "set_verbose", "`dd0c proxy --log-level debug`" },
    { "allowed_fails_policy", "the breaker counts 429, 5xx, timeouts and resets" },
    { "database_connection_pool_limit", "there is no database server" },
    { "salt_key", "secrets are sealed with DD0C_MASTER_KEY" },
};

static const char *reason(const char *key)
{
    for (size_t i = 0; i < DD_COUNT(reasons); i++)
        if (strcmp(reasons[i].key, key) == 0)
            return reasons[i].why;
    return "";
}

typedef void setting_fn(settings *s, const cJSON *node);
static void set_retries(settings *s, const cJSON *n) { s->retries = s->retries == -2 ? -2 : number(n); }
static void set_timeout(settings *s, const cJSON *n) { s->timeout = number(n); }
static void set_stream(settings *s, const cJSON *n) { s->stream_timeout = number(n); }
static void set_fails(settings *s, const cJSON *n) { s->allowed_fails = number(n); }
static void set_cooldown(settings *s, const cJSON *n) { s->cooldown = number(n); }
static void set_wait(settings *s, const cJSON *n) { s->wait = number(n); }
static void set_fallbacks(settings *s, const cJSON *n) { fallbacks(s->im, n, dd_import_path(s->im, s->path, n->string), "usual"); }
static void set_context(settings *s, const cJSON *n) { fallbacks(s->im, n, dd_import_path(s->im, s->path, n->string), "context"); }
static void set_content(settings *s, const cJSON *n) { fallbacks(s->im, n, dd_import_path(s->im, s->path, n->string), "content_policy"); }
static void set_default(settings *s, const cJSON *n) { default_fallbacks(s->im, n, dd_import_path(s->im, s->path, n->string)); }
static void set_nothing(settings *s, const cJSON *n) { (void)s; (void)n; }   /* read before, or beside its partner */
static void set_drop(settings *s, const cJSON *n)
{
    dd_import_set(s->im, "unsupported: %s", cJSON_IsTrue(n) ? "drop" : "error");
}
static void set_json_logs(settings *s, const cJSON *n)
{
    if (cJSON_IsTrue(n))
        dd_import_set(s->im, "log_format: json");
}
static void set_budget(settings *s, const cJSON *n)
{
    (void)n;
    budget(s, "global", "max_budget", "budget_duration");
}
static void set_master_key(settings *s, const cJSON *n)
{
    (void)n;
    dd_import_note(s->im,
                   "general_settings.master_key is not copied: `dd0c keys create --name NAME` makes the keys of clients");
}
static void set_concurrent(settings *s, const cJSON *n)
{
    if (number(n) > 0)
        dd_import_set(s->im, "limits:\n  - {scope: global, concurrent: %.0f}", number(n));
}
static void set_body(settings *s, const cJSON *n)
{
    if (number(n) >= 1)
        dd_import_set(s->im, "server: {max_body: %.0fMB}", number(n));
}
static void set_health(settings *s, const cJSON *n)
{
    double every = number(get(s->section, "health_check_interval"));
    if (cJSON_IsTrue(n))
        dd_import_set(s->im, "health: {interval: " DD_STR_FMT "}", DD_STR_ARG(dd_import_time(s->im, (every > 0 ? every : 300) * 1000)));
}

static const struct { const char *key; setting_fn *set; } known[] = {
    { "allowed_fails", set_fails },         { "background_health_checks", set_health }, { "budget_duration", set_nothing },
    { "cache", cache },                     { "cache_params", set_nothing },            { "content_policy_fallbacks", set_content },
    { "context_window_fallbacks", set_context }, { "cooldown_time", set_cooldown },     { "default_fallbacks", set_default },
    { "drop_params", set_drop },            { "fallbacks", set_fallbacks },             { "global_max_parallel_requests", set_concurrent },
    { "health_check_interval", set_nothing }, { "json_logs", set_json_logs },           { "master_key", set_master_key },
    { "max_budget", set_budget },           { "max_request_size_mb", set_body },        { "model_group_alias", set_nothing },
    { "num_retries", set_retries },         { "request_timeout", set_timeout },         { "retry_after", set_wait },
    { "retry_policy", retry_policy },       { "routing_strategy", set_nothing },        { "stream_timeout", set_stream },
    { "timeout", set_timeout },
};

static void read_settings(settings *s, const cJSON *section, const char *name)
{
    const cJSON *n;
    s->section = section;
    s->path    = dd_str_z(name);
    dd_import_each(n, section) {
        setting_fn *set = NULL;
        for (size_t i = 0; i < DD_COUNT(known); i++)
            if (strcmp(known[i].key, n->string) == 0)
                set = known[i].set;
        if (set)
            set(s, n);
        else
            dd_import_lose(s->im, dd_import_path(s->im, s->path, n->string), reason(n->string));
    }
}

/* Settings that several sections may give become one line each. */
static void write_settings(settings *s)
{
    if (s->retries >= 0 && s->retries <= 100)
        dd_import_set(s->im, "retry: {attempts: %d%s}", (int)s->retries + 1,
                      s->wait > 0 ? dd_arena_printf(&s->im->arena, ", backoff: " DD_STR_FMT, DD_STR_ARG(dd_import_time(s->im, s->wait * 1000))).ptr
                          : "");
    if (s->allowed_fails >= 0 || s->cooldown > 0) {
        dd_import_set(s->im, "breaker: {error_rate: 50%%, window: 60s, min_requests: %d, cooldown: " DD_STR_FMT "}",
                      s->allowed_fails >= 0 && s->allowed_fails < 1e6 ? (int)s->allowed_fails + 1 : 4,
                      DD_STR_ARG(dd_import_time(s->im, (s->cooldown > 0 ? s->cooldown : 5) * 1000)));
        dd_import_note(s->im, "allowed_fails and cooldown_time became the breaker: more than half of so many requests in a minute must fail");
    }
    if (s->timeout > 0 || s->stream_timeout > 0) {
        const char *total = s->timeout > 0 ? dd_arena_printf(&s->im->arena, "total: " DD_STR_FMT,
                                                             DD_STR_ARG(dd_import_time(s->im, s->timeout * 1000))).ptr : "";
        const char *first = s->stream_timeout > 0
                                ? dd_arena_printf(&s->im->arena, "first_token: " DD_STR_FMT,
                                                  DD_STR_ARG(dd_import_time(s->im, s->stream_timeout * 1000))).ptr
                                : "";
        dd_import_set(s->im, "timeouts: {%s%s%s}", total, *total && *first ? ", " : "", first);
    }
}

dd_code dd_import_litellm(dd_import *im, const cJSON *root, dd_err *err)
{
    static const char *const sections[] = { "model_list", "router_settings", "litellm_settings", "general_settings", "environment_variables", NULL };
    const cJSON *entry, *router = get(root, "router_settings"), *environment = get(root, "environment_variables");
    int          i = 0;
    if (!cJSON_IsArray(get(root, "model_list")) && !router && !get(root, "litellm_settings"))
        return dd_fail(err, DD_ERR_PARSE, "this is no LiteLLM configuration: model_list is missing");
    cJSON_ArrayForEach(entry, get(root, "model_list")) {
        deployment(im, entry, dd_import_item(im, DD_STR("model_list"), i++));
    }
    settings s = { .im = im, .path = DD_STR("router_settings"), .retries = -1, .timeout = -1, .stream_timeout = -1, .allowed_fails = -1,
                   .cooldown = -1, .wait = -1 };
    strategy(&s, text(router, "routing_strategy") ? text(router, "routing_strategy") : "simple-shuffle");
    aliases(im, get(router, "model_group_alias"), DD_STR("router_settings.model_group_alias"));
    read_settings(&s, get(root, "litellm_settings"), "litellm_settings");
    read_settings(&s, router, "router_settings");
    read_settings(&s, get(root, "general_settings"), "general_settings");
    alias_routes(im, get(router, "model_group_alias"));
    for (size_t k = 0; k < im->models.n; k++)
        if (im->models.v[k].targets.n > 1)
            retries_within(im, im->models.v[k].name.ptr);
    write_settings(&s);
    dd_import_each(entry, environment) {
        dd_import_lose(im, dd_import_path(im, DD_STR("environment_variables"), entry->string),
                       "set it in the environment of dd0c: values are not copied");
    }
    dd_import_rest(im, root, DD_STR(""), sections, "");
    return DD_OK;
}
