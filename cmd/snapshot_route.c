/* cmd/snapshot_route.c - from routes, budgets and limits of dd0c.yaml to those of a running proxy. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/near.h"
#include "cmd/flags.h"
#include "cmd/snapshot_parts.h"

dd_code dd_snapshot_fail(dd_snapshot_maker *m, int line, const char *fmt, ...)
{
    char    text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *path = m->config->path ? m->config->path : "dd0c.yaml";
    if (line <= 0)
        return dd_fail(m->err, DD_ERR_PARSE, "config \"%s\": %s", path, text);
    return dd_fail(m->err, DD_ERR_PARSE, "config \"%s\", line %d: %s", path, line, text);
}

dd_str dd_snapshot_text(dd_snapshot_maker *m, const char *z) { return dd_arena_dupz(&m->s->arena, z ? z : ""); }

/* --- steps --- */

/* Whether somebody serves it. A provider that only lacks its key here is passed over: the list goes on without it. */
typedef enum { SERVED, PASSED_OVER, WRONG } served;

static served imply(dd_snapshot_maker *m, const char *where, dd_str model, size_t slash)
{
    const char *lacks;
    dd_str      provider = dd_str_sub(model, 0, slash);
    if (dd_policy_find(&m->s->policy, provider) != SIZE_MAX)
        return SERVED;
    if (!dd_snapshot_imply(m, provider, &lacks))
        return WRONG;
    if (lacks && m->missing)
        dd_buf_printf(m->missing, "%s: \"" DD_STR_FMT "\" is passed over: the environment has no %s\n", where, DD_STR_ARG(model), lacks);
    return lacks ? PASSED_OVER : SERVED;
}

static dd_str near_provider(const dd_policy *p, dd_str name)
{
    dd_near near = { .asked = name };
    for (size_t i = 0; i < p->n_providers; i++)
        dd_near_look(&near, p->providers[i].name);
    for (const dd_provider_kind *k = dd_provider_kinds; k->name; k++)
        dd_near_look(&near, dd_str_z(k->name));
    return near.best;
}

static dd_code no_provider(dd_snapshot_maker *m, const char *where, dd_str name, int line)
{
    dd_str near = near_provider(&m->s->policy, name);
    dd_snapshot_fail(m, line, "%s: there is no provider \"" DD_STR_FMT "\"", where, DD_STR_ARG(name));
    if (near.len)
        dd_hint(m->err, "Did you mean \"" DD_STR_FMT "\"?", DD_STR_ARG(near));
    else
        dd_hint(m->err, "One of providers: is needed.");
    return DD_ERR_PARSE;
}

static served check_model(dd_snapshot_maker *m, const char *where, dd_str model, int line)
{
    const dd_policy *policy = &m->s->policy;
    ptrdiff_t        slash  = dd_str_chr(model, '/');
    dd_decision      d;
    if (m->dev || !model.len)
        return SERVED;
    if (slash > 0 && !dd_policy_alias_find(policy, model)) {
        served s = imply(m, where, model, (size_t)slash);
        if (s == PASSED_OVER)
            return s;
        if (s == WRONG && (size_t)slash + 1 == model.len) {
            no_provider(m, where, dd_str_sub(model, 0, (size_t)slash), line);
            return WRONG;
        }
        if ((size_t)slash + 1 == model.len)
            return SERVED;
    }
    dd_buf near = DD_BUF_INIT(200);
    dd_decide(policy, m->s->prices, model, &d, &near);
    /* an alias that has no targets yet is one of models:, and they are checked themselves */
    bool wrong = (d.verdict == DD_DECIDED_NO_MODEL || d.verdict == DD_DECIDED_NO_PROVIDER) && !dd_policy_alias_find(policy, model);
    if (wrong) {
        dd_snapshot_fail(m, line, "%s: no configured provider has the target \"" DD_STR_FMT "\"", where, DD_STR_ARG(model));
        dd_str provider = slash > 0 ? near_provider(policy, dd_str_sub(model, 0, (size_t)slash)) : DD_STR("");
        if (provider.len)
            dd_hint(m->err, "Did you mean \"" DD_STR_FMT "%.*s\"?", DD_STR_ARG(provider), (int)(model.len - (size_t)slash), model.ptr + slash);
        else if (near.len)
            dd_hint(m->err, "Did you mean one of: " DD_STR_FMT "?", DD_STR_ARG(dd_buf_str(&near)));
        else
            dd_hint(m->err, "A target is PROVIDER/MODEL with one of providers:.");
    }
    dd_buf_free(&near);
    return wrong ? WRONG : SERVED;
}

static dd_code model_or_none(dd_snapshot_maker *m, const char *where, dd_str model, int line)
{
    return check_model(m, where, model, line) == WRONG ? m->err->code : DD_OK;
}

static dd_code copy_steps(dd_snapshot_maker *m, const char *where, const dd_config_steps *from, const dd_route_step **out, size_t *n)
{
    dd_route_step *list = dd_newn(&m->s->arena, dd_route_step, from->n + 1);
    for (size_t i = 0; i < from->n; i++) {
        const dd_config_step *s  = &from->v[i];
        if (check_model(m, where, dd_str_z(s->model), s->line) == WRONG)
            return m->err->code;
        list[i] = (dd_route_step){ .model = dd_snapshot_text(m, s->model), .weight = s->weight < 0 ? 1 : s->weight, .timeout_ms = s->timeout,
                                   .retries = s->retries > 100 ? 100 : (int)s->retries, .threshold = s->threshold };
    }
    *out = list;
    *n   = from->n;
    return DD_OK;
}

static const char *label(dd_snapshot_maker *m, const char *kind, const char *name)
{
    return dd_arena_printf(&m->s->arena, "%s \"%s\"", kind, name).ptr;
}

static unsigned bits_or(int64_t set, unsigned other) { return set < 0 ? other : (unsigned)set; }

/* The names first: a target may be another name. */
static void name_aliases(dd_snapshot_maker *m)
{
    const dd_config *c    = m->config;
    dd_policy_alias *list = dd_newn(&m->s->arena, dd_policy_alias, c->n_models + 1);
    for (size_t i = 0; i < c->n_models; i++)
        list[i].name = dd_snapshot_text(m, c->models[i].name);
    m->s->policy.aliases   = list;
    m->s->policy.n_aliases = c->n_models;
}

/* A name that nothing stands behind would fail with each request. */
static bool any_served(const dd_snapshot_maker *m, const dd_policy_alias *a)
{
    for (size_t i = 0; i < a->n; i++) {
        ptrdiff_t slash = dd_str_chr(a->targets[i].model, '/');
        if (slash <= 0 || dd_policy_find(&m->s->policy, dd_str_sub(a->targets[i].model, 0, (size_t)slash)) != SIZE_MAX ||
            !dd_provider_kind_find(dd_str_sub(a->targets[i].model, 0, (size_t)slash)))
            return true;   /* a wrong one was refused before */
    }
    return m->missing || m->dev;
}

static dd_code fill_aliases(dd_snapshot_maker *m)
{
    const dd_config *c    = m->config;
    dd_policy_alias *list = (dd_policy_alias *)(uintptr_t)m->s->policy.aliases;
    for (size_t i = 0; i < c->n_models; i++) {
        const dd_config_model *from = &c->models[i];
        for (size_t k = 0; k < from->targets.n; k++)
            if (dd_policy_alias_find(&m->s->policy, dd_str_z(from->targets.v[k].model))) {
                dd_snapshot_fail(m, from->targets.v[k].line, "model \"%s\": its target \"%s\" is a name of models: itself", from->name,
                                 from->targets.v[k].model);
                dd_hint(m->err, "A target is provider/model.");
                return DD_ERR_PARSE;
            }
        dd_code                rc   = copy_steps(m, label(m, "model", from->name), &from->targets, &list[i].targets, &list[i].n);
        if (rc != DD_OK)
            return rc;
        if (!any_served(m, &list[i]))
            return dd_snapshot_fail(m, from->line, "model \"%s\": no configured provider has the target \"" DD_STR_FMT "\"", from->name,
                                    DD_STR_ARG(list[i].targets[0].model));
        list[i].fallback_on = bits_or(from->fallback_on, m->s->policy.fallback_on);
        list[i].strategy    = from->strategy < 0 ? DD_STRATEGY_PASSTHROUGH : (dd_strategy)from->strategy;
    }
    return DD_OK;
}

/* --- routes --- */

/* Zones that a condition names are read now, so that no request waits for a file. */
static void need_zones(dd_str when)
{
    static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    for (size_t i = 0; i < when.len; i++) {
        if (when.ptr[i] != '"' && when.ptr[i] != '\'')
            continue;
        size_t end = i + 1;
        while (end < when.len && strchr(more, when.ptr[end]) && when.ptr[end])
            end++;
        dd_str name = dd_str_sub(when, i + 1, end);
        if (end < when.len && when.ptr[end] == when.ptr[i] && dd_str_chr(name, '/') > 0)
            (void)dd_zones_find(dd_zones_shared(), name);
    }
}

static const dd_cel_env *environment(dd_snapshot_maker *m)
{
    dd_cel_env *env = dd_new(&m->s->arena, dd_cel_env);
    *env            = dd_facts_env;
    env->zone       = dd_zones_offset;
    env->zone_ctx   = dd_zones_shared();
    return env;
}

/* The nearest fact to the name at `at`, when no fact has that name. */
static dd_str near_fact(dd_str when, size_t at)
{
    size_t end = at;
    while (end < when.len && (((when.ptr[end] | 32) >= 'a' && (when.ptr[end] | 32) <= 'z') || when.ptr[end] == '_' || when.ptr[end] == '.' ||
                              (when.ptr[end] >= '0' && when.ptr[end] <= '9')))
        end++;
    dd_near near = { .asked = dd_str_sub(when, at, end) };
    for (size_t i = 0; i < dd_facts_env.n; i++)
        if (!dd_str_eq_nocase(near.asked, dd_str_z(dd_facts_env.vars[i].name)))
            dd_near_look(&near, dd_str_z(dd_facts_env.vars[i].name));
    return near.best;
}

static dd_code no_condition(dd_snapshot_maker *m, const dd_config_route *from, dd_str when, size_t at, const dd_err *why)
{
    size_t line = 1, column = 1;
    dd_cel_position(when, at, &line, &column);
    char place[64];
    if (line > 1)
        snprintf(place, sizeof place, "line %zu, column %zu", line, column);
    else
        snprintf(place, sizeof place, "column %zu", column);
    dd_snapshot_fail(m, from->when_line, "route \"%s\", when, %s: %s", from->name, place, why->msg);
    dd_str near = near_fact(when, at);
    if (why->hint[0])
        dd_hint(m->err, "%s", why->hint);
    else if (near.len)
        dd_hint(m->err, "Did you mean \"" DD_STR_FMT "\"?", DD_STR_ARG(near));
    else
        dd_hint(m->err, "docs/routing.md lists the names, docs/expressions.md the language.");
    return DD_ERR_PARSE;
}

static dd_code compile(dd_snapshot_maker *m, const dd_config_route *from, const dd_cel_env *env, dd_route *out)
{
    dd_err why = DD_ERR_INIT;
    size_t at  = 0;
    out->when  = dd_snapshot_text(m, from->when);
    if (!dd_str_trim(out->when).len)
        return DD_OK;
    need_zones(out->when);
    const dd_cel *test = dd_cel_compile(out->when, env, &m->s->arena, &why, &at);
    if (!test)
        return no_condition(m, from, out->when, at, &why);
    dd_cel_type is = dd_cel_result(test);
    if (is != DD_CEL_BOOL && is != DD_CEL_DYN) {
        dd_snapshot_fail(m, from->when_line, "route \"%s\", when: a condition is true or false, this is of type %s", from->name,
                         dd_cel_type_name(is));
        dd_hint(m->err, "Compare it with something: input_tokens < 500.");
        return DD_ERR_PARSE;
    }
    out->test = test;
    return DD_OK;
}

static unsigned checks(const dd_config_route *from)
{
    if (from->checks >= 0)
        return (unsigned)from->checks | (from->verifier ? DD_CHECK_VERIFIER : 0);
    return from->strategy != DD_STRATEGY_CASCADE ? 0 : DD_CHECK_USUAL | (from->verifier ? DD_CHECK_VERIFIER : 0);
}

static dd_code copy_route(dd_snapshot_maker *m, const dd_config_route *from, const dd_cel_env *env, dd_route *out)
{
    const char *where = label(m, "route", from->name);
    *out = (dd_route){ .name = dd_snapshot_text(m, from->name), .no_fallback = from->fallback.none, .checks = checks(from),
                       .strategy    = from->strategy < 0 ? DD_STRATEGY_PASSTHROUGH : (dd_strategy)from->strategy,
                       .fallback_on = bits_or(from->fallback_on, m->s->policy.fallback_on),
                       .verifier = dd_snapshot_text(m, from->verifier), .sticky = from->sticky < 0 ? DD_STICKY_NONE : (dd_sticky_by)from->sticky,
                       .w_cost = from->weights.cost, .w_latency = from->weights.latency, .w_task = from->weights.task,
                       .min_quality = from->min_quality < 0 ? 0 : from->min_quality, .flag = dd_snapshot_text(m, from->flag), .cache = from->cache,
                       .line = from->line };
    dd_code rc = compile(m, from, env, out);
    if (rc == DD_OK)
        rc = copy_steps(m, where, &from->from, &out->from, &out->n_from);
    if (rc == DD_OK)
        rc = copy_steps(m, where, &from->fallback, &out->fallback, &out->n_fallback);
    return rc == DD_OK ? model_or_none(m, where, out->verifier, from->line) : rc;
}

static dd_code copy_routes(dd_snapshot_maker *m)
{
    const dd_config  *c    = m->config;
    const dd_cel_env *env  = environment(m);
    dd_route         *list = dd_newn(&m->s->arena, dd_route, c->n_routes + 1);
    for (size_t i = 0; i < c->n_routes; i++) {
        dd_code rc = copy_route(m, &c->routes[i], env, &list[i]);
        if (rc != DD_OK)
            return rc;
    }
    m->s->policy.routes   = list;
    m->s->policy.n_routes = c->n_routes;
    return DD_OK;
}

/* --- budgets and limits --- */

static bool is_route(const dd_policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_routes; i++)
        if (dd_str_eqz(p->routes[i].name, name))
            return true;
    return false;
}

static dd_code no_route(dd_snapshot_maker *m, const dd_config_budget *b)
{
    dd_near near = { .asked = dd_str_z(b->downgrade) };
    for (size_t i = 0; i < m->config->n_routes; i++)
        dd_near_look(&near, dd_str_z(m->config->routes[i].name));
    dd_snapshot_fail(m, b->line, "budget \"%s\": there is no route \"%s\" to downgrade to", b->name, b->downgrade);
    if (!dd_near_hint(&near, m->err))
        dd_hint(m->err, "A route of routes: is needed; with when: \"false\" it is used for this alone.");
    return DD_ERR_PARSE;
}

static dd_code zone_of(dd_snapshot_maker *m, const char *name, const char *where, int line, const dd_zone **out)
{
    dd_err why = DD_ERR_INIT;
    if (dd_zone_load(dd_str_z(name), &m->s->arena, out, &why) == DD_OK)
        return DD_OK;
    dd_snapshot_fail(m, line, "%s: %s", where, why.msg);
    if (why.hint[0])
        dd_hint(m->err, "%s", why.hint);
    return DD_ERR_PARSE;
}

static dd_code copy_budgets(dd_snapshot_maker *m)
{
    const dd_config *c    = m->config;
    dd_budget       *list = dd_newn(&m->s->arena, dd_budget, c->n_budgets + 1);
    for (size_t i = 0; i < c->n_budgets; i++) {
        const dd_config_budget *b  = &c->budgets[i];
        const char             *tz = b->timezone ? b->timezone : c->timezone;
        if (b->downgrade && !is_route(&m->s->policy, b->downgrade))
            return no_route(m, b);
        list[i] = (dd_budget){ .name = dd_snapshot_text(m, b->name), .scope = (dd_budget_scope)b->scope, .match = dd_snapshot_text(m, b->match),
                               .limit = b->limit, .period = (dd_period)b->period, .tz = dd_snapshot_text(m, tz), .warn_at = b->warn_at,
                               .on_exceed = b->on_exceed,
                               .downgrade = dd_snapshot_text(m, b->downgrade), .plan = b->plan > 0 ? b->limit : 0, .line = b->line };
        dd_code rc = zone_of(m, tz, label(m, "budget", b->name), b->line, &list[i].zone);
        if (rc != DD_OK)
            return rc;
    }
    m->s->budgets = (dd_budgets){ list, c->n_budgets };
    return DD_OK;
}

/* RATE_LIMIT_MAX requests of an organisation in RATE_LIMIT_WINDOW_SEC seconds (RO.8). */
static dd_code limit_of_environment(dd_snapshot_maker *m, dd_limit *list, size_t *n)
{
    const char *max = getenv("RATE_LIMIT_MAX"), *window = getenv("RATE_LIMIT_WINDOW_SEC");
    int64_t     requests = 0, seconds = 60;
    if (!max || !*max)
        return DD_OK;
    if (!dd_parse_i64(dd_str_z(max), &requests) || requests < 0 || requests > 1000000000)
        return dd_fail(m->err, DD_ERR_USAGE, "RATE_LIMIT_MAX is not a number of requests: \"%s\"", max);
    if (window && *window && (!dd_parse_i64(dd_str_z(window), &seconds) || seconds < 1 || seconds > 31622400))
        return dd_fail(m->err, DD_ERR_USAGE, "RATE_LIMIT_WINDOW_SEC is not a number of seconds: \"%s\"", window);
    list[(*n)++] = (dd_limit){ DD_STR("RATE_LIMIT_MAX"), DD_SCOPE_ORG, DD_STR(""), requests, -1, seconds * 1000, -1 };
    return DD_OK;
}

static dd_code copy_limits(dd_snapshot_maker *m)
{
    const dd_config *c    = m->config;
    dd_limit        *list = dd_newn(&m->s->arena, dd_limit, 2 * c->n_limits + 1);
    size_t           n    = 0;
    for (size_t i = 0; i < c->n_limits; i++) {
        const dd_config_limit *l = &c->limits[i];
        bool apart = l->requests.n >= 0 && l->tokens.n >= 0 && l->requests.window_ms != l->tokens.window_ms;   /* a rule has one window */
        list[n++]  = (dd_limit){ dd_snapshot_text(m, l->name), (dd_budget_scope)l->scope, dd_snapshot_text(m, l->match), l->requests.n,
                                 apart ? -1 : l->tokens.n, l->requests.n >= 0 ? l->requests.window_ms : l->tokens.window_ms, l->concurrent };
        if (apart) {
            const dd_limit *first = &list[n - 1];
            list[n++] = (dd_limit){ first->name, first->scope, first->match, -1, l->tokens.n, l->tokens.window_ms, -1 };
        }
    }
    dd_code rc   = limit_of_environment(m, list, &n);
    m->s->limits = (dd_limit_rules){ list, n };
    return rc;
}

/* --- single settings --- */

static void set_retry(const dd_config *c, dd_retry *r)
{
    if (c->retry.attempts >= 0)
        r->attempts = c->retry.attempts < 1 ? 1 : c->retry.attempts > 100 ? 100 : (int)c->retry.attempts;
    if (c->retry.backoff.from_ms >= 0)
        r->backoff_ms = c->retry.backoff.from_ms;
    if (c->retry.backoff.to_ms >= 0)
        r->backoff_max_ms = c->retry.backoff.to_ms;
    if (r->backoff_max_ms < r->backoff_ms)
        r->backoff_max_ms = r->backoff_ms;
    if (c->retry.respect_retry_after >= 0)
        r->respect_retry_after = c->retry.respect_retry_after;
    if (c->retry.retry_after_max >= 0)
        r->retry_after_max_ms = c->retry.retry_after_max;
    if (c->retry.budget >= 0)
        r->budget = c->retry.budget;
    if (c->retry.budget_min >= 0)
        r->budget_min = c->retry.budget_min;
    r->on = bits_or(c->retry.on, r->on);
}

static void set_breaker(const dd_config *c, dd_breaker_rule *b)
{
    if (c->breaker.error_rate >= 0)
        b->error_rate = c->breaker.error_rate;
    if (c->breaker.window >= 0)
        b->window_ms = c->breaker.window;
    if (c->breaker.cooldown >= 0)
        b->cooldown_ms = c->breaker.cooldown;
    if (c->breaker.min_requests >= 0)
        b->min_requests = c->breaker.min_requests;
    if (c->breaker.probes >= 0)
        b->probes = c->breaker.probes < 1 ? 1 : c->breaker.probes > 1000 ? 1000 : (int)c->breaker.probes;
}

static void set_cache(const dd_config *c, dd_cache_settings *out)
{
    static const char *const scopes[] = { [DD_CACHE_BY_KEY] = "key", [DD_CACHE_BY_ORG] = "org", [DD_CACHE_BY_ALL] = "global" };
    *out = (dd_cache_settings){ .on = c->cache.mode && strcmp(c->cache.mode, "exact") == 0, .ttl_s = c->cache.ttl < 0 ? 86400 : c->cache.ttl / 1000,
                                .max_bytes = c->cache.max_memory < 0 ? 0 : c->cache.max_memory,
                                .max_entry_bytes = c->cache.max_entry < 0 ? 0 : c->cache.max_entry,
                                .max_disk_bytes = c->cache.disk == -2 ? -1 : c->cache.disk < 0 ? 0 : c->cache.disk };
    for (size_t i = 0; i < DD_COUNT(scopes); i++)
        if (c->cache.scope && strcmp(c->cache.scope, scopes[i]) == 0)
            out->scope = (dd_cache_scope)i;
}

static void set_health(dd_snapshot_maker *m)
{
    const dd_config    *c    = m->config;
    dd_health_target   *list = dd_newn(&m->s->arena, dd_health_target, m->s->policy.n_providers + 1);
    dd_health_settings *h    = &m->s->health;
    if (!c->health.there || m->dev)
        return;
    *h = (dd_health_settings){ c->health.interval < 0 ? 30000 : c->health.interval, c->health.timeout < 0 ? 5000 : c->health.timeout, list };
    for (size_t i = 0; i < m->s->policy.n_providers; i++) {
        const char *own = i < c->n_providers ? c->providers[i].health : NULL;
        bool        off = own && (strcmp(own, "no") == 0 || strcmp(own, "off") == 0);
        const char *path = own && own[0] == '/' ? own : c->health.path ? c->health.path : "/models";
        list[i] = (dd_health_target){ !off, dd_snapshot_text(m, path) };
    }
}

static bool is_on(const char *text)
{
    static const char *const off[] = { "", "0", "off", "no", "false" };
    for (size_t i = 0; text && i < DD_COUNT(off); i++)
        if (strcmp(text, off[i]) == 0)
            return false;
    return text != NULL;
}

static dd_code set_panic(dd_snapshot_maker *m)
{
    dd_policy       *p = &m->s->policy;
    const dd_config *c = m->config;
    p->panic           = is_on(getenv("DD0C_PANIC")) || c->panic.on > 0;
    p->panic_provider  = dd_snapshot_text(m, c->panic.provider);
    if (!m->dev && p->panic_provider.len && dd_policy_find(p, p->panic_provider) == SIZE_MAX)
        return no_provider(m, "panic", p->panic_provider, dd_config_section_line(c, "panic"));
    return DD_OK;
}

static dd_code set_models(dd_snapshot_maker *m)
{
    const dd_config *c = m->config;
    dd_policy       *p = &m->s->policy;
    const struct { const char *section, *where, *name; dd_str *out; } named[] = {
        { "premium", "premium", c->premium, &p->premium },
        { "roles", "role cheap", c->roles.cheap, &p->role_cheap },
        { "roles", "role coding", c->roles.coding, &p->role_coding },
        { "roles", "role fallback", c->roles.fallback, &p->role_fallback },
        { "roles", "role reasoning", c->roles.reasoning, &p->role_reasoning },
        { "classifier", "classifier", c->classifier.model, &m->s->classifier.model },
    };
    for (size_t i = 0; i < DD_COUNT(named); i++) {
        *named[i].out = dd_snapshot_text(m, named[i].name);
        dd_code rc    = model_or_none(m, named[i].where, *named[i].out, dd_config_section_line(c, named[i].section));
        if (rc != DD_OK)
            return rc;
    }
    m->s->classifier.timeout_ms = c->classifier.timeout < 0 ? 500 : c->classifier.timeout;
    if (c->classifier.thresholds.low >= 0 || c->classifier.thresholds.high >= 0) {
        double low = c->classifier.thresholds.low, high = c->classifier.thresholds.high;
        if (low < 0 || high < 0 || low > high) {
            dd_snapshot_fail(m, dd_config_section_line(c, "classifier"), "classifier: thresholds need both low and high, and low is not above high");
            return DD_ERR_PARSE;
        }
        m->s->classifier.low  = low;
        m->s->classifier.high = high;
    }
    return copy_steps(m, "registry", &c->registry, &p->registry, &p->n_registry);
}

static void set_weights(const dd_config_weights *w, dd_policy *p)
{
    if (w->cost < 0 && w->latency < 0 && w->task < 0)
        return;
    p->w_cost    = w->cost < 0 ? 0 : w->cost;      /* who sets one sets all: what is not named does not count */
    p->w_latency = w->latency < 0 ? 0 : w->latency;
    p->w_task    = w->task < 0 ? 0 : w->task;
}

static dd_code set_timezone(dd_snapshot_maker *m)
{
    const dd_zone *zone = NULL;
    int            line = dd_config_section_line(m->config, "timezone");
    dd_code        rc   = m->config->timezone ? zone_of(m, m->config->timezone, "timezone", line, &zone) : DD_OK;
    m->s->policy.zone   = zone;
    if (zone)
        m->s->policy.tz_minutes = dd_zone_offset(zone, (int64_t)time(NULL)) / 60;
    return rc;
}

dd_code dd_snapshot_rules(dd_snapshot_maker *m)
{
    const dd_config *c = m->config;
    dd_policy       *p = &m->s->policy;
    p->fallback_on     = bits_or(c->fallback_on, p->fallback_on);
    set_retry(c, &p->retry);
    set_breaker(c, &p->breaker);
    set_weights(&c->scoring.weights, p);
    set_cache(c, &m->s->cache);
    name_aliases(m);
    dd_code rc = set_timezone(m);
    if (rc == DD_OK)
        rc = fill_aliases(m);
    if (rc == DD_OK)
        rc = copy_steps(m, "fallback", &c->fallback, &p->fallback, &p->n_fallback);
    if (rc == DD_OK)
        rc = copy_routes(m);
    if (rc == DD_OK)
        rc = copy_budgets(m);
    if (rc == DD_OK)
        rc = copy_limits(m);
    if (rc == DD_OK)
        rc = set_models(m);
    if (rc == DD_OK)
        rc = set_panic(m);
    if (rc == DD_OK)
        rc = dd_flags_load(c, &m->s->arena, &m->s->flags, m->err);
    set_health(m);
    return rc;
}
