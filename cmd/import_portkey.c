/* cmd/import_portkey.c - a Portkey config, JSON (portkey.ai/docs: configs, conditional routing; read on 2026-11-20).
 *
 * A config is a tree: a strategy over targets, which may have strategies of their own. Conditions become routes; a load balance is a weighted
 * choice, a fallback a chain; what stands below one of those becomes a name of models:, which can be one level deep. */
#include <stdlib.h>
#include <string.h>

#include "cmd/import.h"

enum { MAX_DEPTH = 8 };

static const cJSON *get(const cJSON *object, const char *snake, const char *camel)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(object, snake);
    return n || !camel ? n : cJSON_GetObjectItemCaseSensitive(object, camel);
}

static const char *text(const cJSON *object, const char *snake, const char *camel)
{
    const cJSON *n = get(object, snake, camel);
    return cJSON_IsString(n) && n->valuestring[0] ? n->valuestring : NULL;
}

static double number(const cJSON *object, const char *snake, const char *camel)
{
    const cJSON *n = get(object, snake, camel);
    return cJSON_IsNumber(n) ? n->valuedouble : -1;
}

/* What a target takes over from those above it. */
typedef struct { double timeout_ms, retries; const char *model; } inherited;

typedef enum { MODE_SINGLE, MODE_BALANCE, MODE_FALLBACK, MODE_CONDITIONAL } mode;

static mode mode_of(const cJSON *node)
{
    const cJSON *strategy = get(node, "strategy", NULL);
    const char  *m        = cJSON_IsString(strategy) ? strategy->valuestring : text(strategy, "mode", NULL);
    return !m ? MODE_SINGLE : strcmp(m, "loadbalance") == 0 ? MODE_BALANCE : strcmp(m, "fallback") == 0 ? MODE_FALLBACK :
           strcmp(m, "conditional") == 0 ? MODE_CONDITIONAL : MODE_SINGLE;
}

/* --- a target --- */

static const char *const taken[] = {
    "strategy", "targets", "provider", "virtual_key", "virtualKey", "api_key", "apiKey", "override_params", "overrideParams", "weight", "retry",
        "cache", "request_timeout",
    "requestTimeout", "custom_host", "customHost", "name", "azure_resource_name", "resource_name", "resourceName", "azure_deployment_id",
        "deployment_id", "deploymentId",
    "azure_api_version", "api_version", "apiVersion", "anthropic_version", "model", NULL };

static inherited below(dd_import *im, const cJSON *node, dd_str path, inherited from)
{
    double timeout = number(node, "request_timeout", "requestTimeout"), tries = number(get(node, "retry", NULL), "attempts", NULL);
    const cJSON *params = get(node, "override_params", "overrideParams"), *p;
    dd_import_each(p, params) {
        if (strcmp(p->string, "model") == 0 && cJSON_IsString(p))
            from.model = p->valuestring;
        else
            dd_import_lose(im, dd_import_path(im, dd_import_path(im, path, "override_params"), p->string),
                           "dd0c sends what the client sent; only the model is replaced");
    }
    if (text(node, "model", NULL))
        from.model = text(node, "model", NULL);
    if (timeout > 0)
        from.timeout_ms = timeout;
    if (tries >= 0 && tries <= 100)
        from.retries = tries;
    return from;
}

/* "@openai-prod", "openai-virtual-key-1": a slug of Portkey's own store; the provider is in its name, if anywhere. */
static const char *kind_in(const char *slug)
{
    static const char *const kinds[] = { "azure-openai", "azure", "openrouter", "openai", "anthropic", "claude", "gemini", "google", "groq",
                                         "mistral", "deepseek", "together",
                                         "xai", "x-ai", "ollama" };
    for (size_t i = 0; i < DD_COUNT(kinds); i++)
        if (strstr(slug, kinds[i]))
            return strcmp(kinds[i], "claude") == 0 ? "anthropic" : dd_import_kind(kinds[i]);
    return NULL;
}

/* The provider of a target; *name, its name here. False: dd0c has none, and that is said. */
static bool provider(dd_import *im, const cJSON *node, dd_str path, dd_str *name, const char **model)
{
    const char *named = text(node, "provider", NULL), *slug = text(node, "virtual_key", "virtualKey"),
        *host = text(node, "custom_host", "customHost");
    const char *key = text(node, "api_key", "apiKey"), *kind = named && named[0] != '@' ? dd_import_kind(named) : NULL;
    const char *version = text(node, "azure_api_version", NULL), *deployment = text(node, "azure_deployment_id", NULL),
        *resource = text(node, "azure_resource_name", NULL);
    deployment = deployment ? deployment : text(node, "deployment_id", "deploymentId");
    resource   = resource ? resource : text(node, "resource_name", "resourceName");
    version    = version ? version : text(node, "api_version", "apiVersion");
    if (named && named[0] == '@')
        slug = named + 1;
    if (!kind && slug)
        kind = kind_in(slug);
    if (!kind && host)
        kind = "openai";
    if (!kind) {
        dd_import_lose(im, path, slug ? "which provider the virtual key is for is not told: name it in providers:"
                                      : "no provider of dd0c serves it: name an OpenAI-compatible address of it in providers:");
        return false;
    }
    dd_str base = host ? dd_import_text(im, dd_import_path(im, path, "custom_host"), host) : DD_STR("");
    if (resource && !host && strcmp(kind, "azure") == 0)
        base = dd_arena_printf(&im->arena, "https://%s.openai.azure.com", resource);
    if (strcmp(kind, "azure") == 0 && !base.len)
        base = DD_STR("${AZURE_OPENAI_ENDPOINT}");
    dd_str wanted = slug ? dd_str_z(slug) : host && strcmp(kind, "openai") == 0 && named && !dd_import_kind(named) ? dd_str_z(named) : DD_STR("");
    dd_import_provider *p = dd_import_provider_at(im, kind, wanted, base, version ? dd_import_text(im, path, version) : DD_STR(""));
    *name = p->name;
    if (key)
        dd_import_key(im, p, dd_import_secret(im, dd_import_path(im, path, "api_key"), key, dd_import_variable(im, p->name)));
    else if (slug && !p->keys.n)
        dd_import_key(im, p, dd_import_secret(im, dd_import_path(im, path, "virtual_key"), "", dd_import_variable(im, p->name)));
    if (deployment)
        *model = deployment;
    return true;
}

/* Weights are shares of one there, whole numbers here. */
static int64_t share(const cJSON *node)
{
    double w = number(node, "weight", NULL);
    return w >= 0 && w <= 1000000 ? (int64_t)(w * 1000 + 0.5) : -1;
}

static void shorten(dd_import_steps *list)
{
    int64_t common = 0;
    bool    said   = false;
    for (size_t i = 0; i < list->n; i++)
        said |= list->v[i].weight >= 0;
    for (size_t i = 0; i < list->n && said; i++) {
        if (list->v[i].weight < 0)
            list->v[i].weight = 1000;
        for (int64_t a = list->v[i].weight; a;) {
            int64_t rest = common % a;
            common       = a;
            a            = rest;
        }
    }
    for (size_t i = 0; i < list->n && common > 1; i++)
        list->v[i].weight /= common;
}

static bool leaf(dd_import *im, const cJSON *node, dd_str path, inherited from, dd_import_step *out)
{
    dd_str name;
    from = below(im, node, path, from);
    dd_import_rest(im, node, path, taken, "");
    if (!provider(im, node, path, &name, &from.model))
        return false;
    *out        = dd_import_plain(dd_arena_printf(&im->arena, DD_STR_FMT "/%s", DD_STR_ARG(name), from.model ? from.model : ""));
    out->weight = share(node);
    out->timeout_ms = from.timeout_ms > 0 && from.timeout_ms < 1e9 ? (int64_t)from.timeout_ms : -1;
    out->retries    = from.retries >= 0 ? (int64_t)from.retries : -1;
    return true;
}

/* --- nested targets --- */

static void collect(dd_import *im, const cJSON *node, dd_str path, inherited from, int depth, dd_import_steps *out);

static dd_str strategy_on(dd_import *im, const cJSON *node, dd_str path)
{
    const cJSON *strategy = get(node, "strategy", NULL), *codes = get(strategy, "on_status_codes", "onStatusCodes");
    dd_str       at       = dd_import_path(im, dd_import_path(im, path, "strategy"), "on_status_codes");
    return codes ? dd_import_statuses(im, codes, at) : DD_STR("");
}

/* A tree below a list becomes a name of models:; its own lists are laid flat. */
static bool group(dd_import *im, const cJSON *node, dd_str path, inherited from, int depth, dd_import_step *out)
{
    dd_import_model m = { .name = dd_arena_printf(&im->arena, "group-%zu", im->models.n + 1) };
    const char     *own = text(node, "name", NULL);
    mode            is  = mode_of(node);
    dd_str before = dd_import_once(im, path, DD_STR(""));
    if (before.len) {
        *out        = dd_import_plain(before);
        out->weight = share(node);
        return true;
    }
    if (own && !dd_import_model_find(im, own))
        m.name = dd_arena_dupz(&im->arena, own);
    collect(im, node, path, from, depth, &m.targets);
    if (!m.targets.n)
        return false;
    m.strategy = is == MODE_BALANCE ? "weighted" : NULL;
    m.on       = strategy_on(im, node, path);
    if (is == MODE_CONDITIONAL)
        dd_import_lose(im, dd_import_path(im, path, "strategy"), "conditions below a list: its targets were taken in their order");
    for (size_t i = 0; i < m.targets.n && is != MODE_BALANCE; i++)
        m.targets.v[i].weight = -1;
    shorten(&m.targets);
    dd_import_once(im, path, m.name);
    dd_avec_push(&im->arena, &im->models, m);
    *out        = dd_import_plain(m.name);
    out->weight = share(node);
    return true;
}

/* The targets of a node, each as a step; a list in a list as a group when `depth` is 0, else laid flat. */
static void collect(dd_import *im, const cJSON *node, dd_str path, inherited from, int depth, dd_import_steps *out)
{
    const cJSON *target, *targets = get(node, "targets", NULL);
    dd_str       at = dd_import_path(im, path, "targets");
    int          i  = 0;
    from            = below(im, node, path, from);
    cJSON_ArrayForEach(target, targets) {
        dd_str         here = dd_import_item(im, at, i++);
        dd_import_step s;
        if (!get(target, "targets", NULL)) {
            if (leaf(im, target, here, from, &s))
                dd_import_add(im, out, s);
        } else if (depth >= MAX_DEPTH) {
            dd_import_lose(im, here, "nested too deep");
        } else if (depth == 0) {
            if (group(im, target, here, from, depth + 1, &s))
                dd_import_add(im, out, s);
        } else {
            dd_import_note(im, "the targets at " DD_STR_FMT " stand in one list with those around them", DD_STR_ARG(here));
            collect(im, target, here, from, depth + 1, out);
        }
    }
}

/* --- conditions --- */

static bool query(dd_import *im, const cJSON *q, dd_str path, int depth, dd_buf *out);

/* metadata.plan, params.max_tokens, url.pathname: as a fact. */
static bool fact(dd_import *im, const char *name, dd_buf *out, const char **guard)
{
    static const struct { const char *theirs, *ours; } facts[] = {
        { "metadata._user", "user" }, { "metadata.user", "user" }, { "metadata.user_id", "user" }, { "metadata.feature", "feature" },
            { "metadata.team", "team" },
        { "metadata.env", "env" }, { "metadata._environment", "env" }, { "metadata.environment", "env" }, { "metadata.tier", "tier" },
            { "metadata.session", "session" },
        { "params.model", "model" }, { "params.max_tokens", "max_tokens" }, { "params.max_completion_tokens", "max_tokens" },
            { "params.stream", "stream" },
        { "params.user", "user" }, { "url.pathname", "endpoint" },
    };
    *guard = NULL;
    for (size_t i = 0; i < DD_COUNT(facts); i++)
        if (strcmp(facts[i].theirs, name) == 0) {
            dd_buf_addz(out, facts[i].ours);
            return true;
        }
    if (strncmp(name, "metadata.", 9) != 0 || !name[9])
        return false;
    char *z = (char *)(uintptr_t)dd_arena_dupz(&im->arena, name + 9).ptr;   /* names of tags are in lower case */
    for (char *p = z; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    cJSON *word = cJSON_CreateString(z);
    dd_buf quoted = DD_BUF_INIT(0);
    dd_import_literal(&quoted, word);
    cJSON_Delete(word);
    dd_buf_printf(out, "tags[" DD_STR_FMT "]", DD_STR_ARG(dd_buf_str(&quoted)));
    *guard = dd_arena_printf(&im->arena, DD_STR_FMT " in tags", DD_STR_ARG(dd_buf_str(&quoted))).ptr;
    dd_buf_free(&quoted);
    return true;
}

/* "/v1/chat/completions" is the endpoint "chat.completions". */
static void value(const char *of, const cJSON *v, dd_buf *out)
{
    if (strcmp(of, "url.pathname") != 0 || !cJSON_IsString(v)) {
        dd_import_literal(out, v);
        return;
    }
    const char *path = strncmp(v->valuestring, "/v1/", 4) == 0 ? v->valuestring + 4 : v->valuestring[0] == '/' ? v->valuestring + 1 : v->valuestring;
    cJSON      *word = cJSON_CreateString(path);
    for (char *p = word->valuestring; *p; p++)
        *p = *p == '/' ? '.' : *p;
    dd_import_literal(out, word);
    cJSON_Delete(word);
}

static bool operator_of(const char *name, const char *fact_text, const char *of, const cJSON *v, dd_buf *out)
{
    static const struct { const char *theirs, *ours; } table[] = { { "$eq", "==" }, { "$ne", "!=" }, { "$gt", ">" }, { "$gte", ">=" }, { "$lt", "<" },
                                                                   { "$lte", "<=" } };
    const cJSON *item;
    for (size_t i = 0; i < DD_COUNT(table); i++)
        if (strcmp(table[i].theirs, name) == 0) {
            dd_buf_printf(out, "%s %s ", fact_text, table[i].ours);
            value(of, v, out);
            return true;
        }
    if (strcmp(name, "$regex") == 0 && cJSON_IsString(v)) {
        dd_buf_printf(out, "%s.matches(", fact_text);
        dd_import_literal(out, v);
        dd_buf_addc(out, ')');
        return true;
    }
    bool in = strcmp(name, "$in") == 0;
    if ((!in && strcmp(name, "$nin") != 0) || !cJSON_IsArray(v))
        return false;
    dd_buf_printf(out, "%s%s in [", in ? "" : "!(", fact_text);
    cJSON_ArrayForEach(item, v) {
        if (item->prev && item != v->child)
            dd_buf_addz(out, ", ");
        value(of, item, out);
    }
    dd_buf_addz(out, in ? "]" : "])");
    return true;
}

/* One member of a query: a fact and its operators. */
static bool member(dd_import *im, const cJSON *m, dd_str path, dd_buf *out)
{
    const cJSON *op;
    const char  *guard;
    dd_buf       f = DD_BUF_INIT(4096);
    bool         ok = fact(im, m->string, &f, &guard);
    size_t       n  = 0;
    if (!ok)
        dd_import_lose(im, path, "routes cannot ask for this");
    if (ok && guard)
        dd_buf_printf(out, "%s", guard);
    if (ok && !cJSON_IsObject(m)) {   /* {"metadata.plan": "paid"} */
        dd_buf_printf(out, "%s" DD_STR_FMT " == ", guard ? " && " : "", DD_STR_ARG(dd_buf_str(&f)));
        value(m->string, m, out);
    } else if (ok) {
        dd_import_each(op, m) {
            if (guard || n++)
                dd_buf_addz(out, " && ");
            if (!operator_of(op->string, dd_buf_z(&f), m->string, op, out)) {
                dd_import_lose(im, dd_import_path(im, path, op->string), "no such operator here");
                ok = false;
                break;
            }
        }
        ok = ok && m->child;
    }
    dd_buf_free(&f);
    return ok;
}

static bool joined(dd_import *im, const cJSON *list, dd_str path, int depth, dd_buf *out)
{
    const cJSON *q;
    bool         any = strcmp(list->string, "$or") == 0, ok = cJSON_IsArray(list) && list->child;
    int          i   = 0;
    dd_buf_addc(out, '(');
    cJSON_ArrayForEach(q, list) {
        if (i)
            dd_buf_addz(out, any ? " || " : " && ");
        ok = query(im, q, dd_import_item(im, path, i++), depth + 1, out) && ok;
    }
    dd_buf_addc(out, ')');
    return ok;
}

/* False: a part could not be said, and the whole is not taken: it would match what it should not. */
static bool query(dd_import *im, const cJSON *q, dd_str path, int depth, dd_buf *out)
{
    const cJSON *m;
    bool         ok = cJSON_IsObject(q) && q->child && depth < MAX_DEPTH, many = ok && q->child->next;
    size_t       n  = 0;
    if (!ok)
        dd_import_lose(im, path, "no condition, or nested too deep");
    if (many)
        dd_buf_addc(out, '(');
    if (!ok)
        return false;
    dd_import_each(m, q) {
        dd_str here = dd_import_path(im, path, m->string);
        if (n++)
            dd_buf_addz(out, " && ");
        bool list = strcmp(m->string, "$and") == 0 || strcmp(m->string, "$or") == 0;
        ok        = (list ? joined(im, m, here, depth, out) : member(im, m, here, out)) && ok;
    }
    if (many)
        dd_buf_addc(out, ')');
    return ok;
}

/* --- routes --- */

static void make_route(dd_import *im, const cJSON *node, dd_str path, inherited from, dd_str name, dd_str when, int depth);

static const cJSON *target_named(const cJSON *node, const char *name, int *index)
{
    const cJSON *t;
    *index = 0;
    cJSON_ArrayForEach(t, get(node, "targets", NULL)) {
        const char *own = text(t, "name", NULL);
        if (own && name && strcmp(own, name) == 0)
            return t;
        ++*index;
    }
    return NULL;
}

static dd_str unique(dd_import *im, dd_str name)
{
    dd_str now = name;
    for (int n = 2;; n++) {
        bool taken_name = false;
        for (size_t i = 0; i < im->routes.n; i++)
            taken_name |= dd_str_eq(im->routes.v[i].name, now);
        if (!taken_name)
            return now;
        now = dd_arena_printf(&im->arena, DD_STR_FMT "-%d", DD_STR_ARG(name), n);
    }
}

static void conditional(dd_import *im, const cJSON *node, dd_str path, inherited from, dd_str when, int depth)
{
    const cJSON *strategy = get(node, "strategy", NULL), *c;
    const char  *other = text(strategy, "default", NULL);
    int          i = 0, at;
    from           = below(im, node, path, from);
    cJSON_ArrayForEach(c, get(strategy, "conditions", NULL)) {
        dd_str       here = dd_import_item(im, dd_import_path(im, path, "strategy.conditions"), i++);
        const char  *then = text(c, "then", NULL);
        const cJSON *t    = target_named(node, then, &at);
        dd_buf       q    = DD_BUF_INIT(60000);
        if (when.len)
            dd_buf_printf(&q, "(" DD_STR_FMT ") && ", DD_STR_ARG(when));
        if (!t)
            dd_import_lose(im, here, "no target has the name it leads to");
        else if (query(im, get(c, "query", NULL), dd_import_path(im, here, "query"), 0, &q) && !q.over)
            make_route(im, t, dd_import_item(im, dd_import_path(im, path, "targets"), at), from, dd_str_z(then),
                       dd_arena_dup(&im->arena, dd_buf_str(&q)), depth + 1);
        dd_buf_free(&q);
    }
    const cJSON *t = target_named(node, other, &at);
    if (t)
        make_route(im, t, dd_import_item(im, dd_import_path(im, path, "targets"), at), from, dd_str_z(other), when, depth + 1);
    else
        dd_import_note(im, "what matches no condition goes where its model is (Portkey answers it with an error)");
}

static void make_route(dd_import *im, const cJSON *node, dd_str path, inherited from, dd_str name, dd_str when, int depth)
{
    mode is = mode_of(node);
    if (depth >= MAX_DEPTH) {
        dd_import_lose(im, path, "nested too deep");
        return;
    }
    if (depth > 0)
        dd_import_rest(im, get(node, "targets", NULL) ? node : NULL, path, taken, "");
    if (is == MODE_CONDITIONAL) {
        conditional(im, node, path, from, when, depth);
        return;
    }
    dd_import_route r = { .name = unique(im, dd_arena_dup(&im->arena, name)), .when = when, .on = strategy_on(im, node, path) };
    dd_import_steps all = { 0 };
    dd_import_step  s;
    if (get(node, "targets", NULL))
        collect(im, node, path, from, 0, &all);
    else if ((text(node, "provider", NULL) || text(node, "virtual_key", "virtualKey") || text(node, "custom_host", "customHost")) &&
             leaf(im, node, path, from, &s))
        dd_import_add(im, &all, s);
    for (size_t i = 0; i < all.n; i++) {
        if (is != MODE_BALANCE)
            all.v[i].weight = -1;
        dd_import_add(im, is == MODE_BALANCE || i == 0 ? &r.from : &r.fallback, all.v[i]);
        if (is == MODE_SINGLE)
            break;   /* the others are never asked */
    }
    shorten(&r.from);
    if (is == MODE_BALANCE)
        r.strategy = "weighted";
    if (r.from.n)
        dd_avec_push(&im->arena, &im->routes, r);
}

/* --- the root's settings --- */

static void settings(dd_import *im, const cJSON *root)
{
    const cJSON *retry = get(root, "retry", NULL), *cache = get(root, "cache", NULL), *codes = get(retry, "on_status_codes", "onStatusCodes");
    double       tries = number(retry, "attempts", NULL), timeout = number(root, "request_timeout", "requestTimeout");
    const char  *kept  = cJSON_IsString(cache) ? cache->valuestring : text(cache, "mode", NULL);
    double       age   = number(cache, "max_age", "maxAge");
    if (tries >= 0 && tries <= 100) {
        dd_str on = codes ? dd_import_statuses(im, codes, DD_STR("retry.on_status_codes")) : DD_STR("");
        dd_import_set(im, on.len ? "retry: {attempts: %d, on: [" DD_STR_FMT "]}" : "retry: {attempts: %d}", (int)tries + 1, DD_STR_ARG(on));
    }
    if (timeout > 0)
        dd_import_set(im, "timeouts: {total: " DD_STR_FMT "}", DD_STR_ARG(dd_import_time(im, timeout)));
    if (kept && strcmp(kept, "simple") == 0) {
        if (age > 7776000)   /* more than Portkey's 90 days in seconds: milliseconds, as its gateway's own examples have it */
            age /= 1000;
        dd_import_set(im, "cache: {mode: \"exact\", ttl: " DD_STR_FMT ", scope: key}", DD_STR_ARG(dd_import_time(im,
                (age > 0 ? age : 604800) * 1000)));
    } else if (kept) {
        dd_import_lose(im, DD_STR("cache.mode"), "answers are kept for equal requests only: the cache is left off");
    }
}

dd_code dd_import_portkey(dd_import *im, const cJSON *root, dd_err *err)
{
    static const char *const marks[] = { "strategy", "targets", "provider", "virtual_key", "virtualKey", "retry", "cache", "api_key", "apiKey" };
    bool                     fits    = false;
    for (size_t i = 0; i < DD_COUNT(marks); i++)
        fits |= cJSON_GetObjectItemCaseSensitive(root, marks[i]) != NULL;
    if (!fits)
        return dd_fail(err, DD_ERR_PARSE, "this is no Portkey config: neither strategy, targets nor provider is there");
    settings(im, root);
    inherited none = { -1, -1, NULL };
    dd_import_note(im, "a Portkey config holds for the requests that name it; these routes hold for all");
    if (get(root, "targets", NULL))
        dd_import_rest(im, root, DD_STR(""), taken, "");
    /* What the root says of time and retries stands in timeouts: and retry:, and need not be in each step. */
    cJSON *plain = cJSON_Duplicate(root, true);
    static const char *const said[] = { "retry", "request_timeout", "requestTimeout", "cache" };
    for (size_t i = 0; i < DD_COUNT(said); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(plain, said[i]);
    make_route(im, plain, DD_STR(""), none, DD_STR("portkey"), DD_STR(""), 0);
    cJSON_Delete(plain);
    return DD_OK;
}
