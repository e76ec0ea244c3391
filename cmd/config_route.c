/* cmd/config_route.c - steps, routes, budgets and limits of dd0c.yaml. */
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "cmd/config_parts.h"
#include "route/policy.h"

/* --- words --- */

static dd_code no_word(dd_config_reader *r, const dd_config_key *k, const cJSON *node, const char *word)
{
    dd_near near = { .asked = dd_str_z(word) };
    dd_fail(r->err, DD_ERR_PARSE, "%s, line %d: \"%s\" is not known to \"%s\"", r->what, dd_config_line(r, node), word, k->name);
    for (dd_str rest = dd_str_z(k->choices); rest.len;)
        dd_near_look(&near, dd_str_cut(&rest, '|'));
    if (!dd_near_hint(&near, r->err))
        dd_hint(r->err, "One of: %s.", k->choices);
    return DD_ERR_PARSE;
}

static dd_code one_word(dd_config_reader *r, const dd_config_key *k, const cJSON *node, int64_t *out)
{
    char        number[32];
    const char *word = cJSON_IsString(node) ? node->valuestring : NULL;
    if (cJSON_IsNumber(node) && node->valuedouble >= 100 && node->valuedouble <= 599) {   /* 429 needs no quotes */
        snprintf(number, sizeof number, "%d", (int)node->valuedouble);
        word = number;
    }
    if (cJSON_IsFalse(node))
        word = "no";   /* an unquoted no, elsewhere read as false */
    if (!word)
        return dd_config_fail(r, node, "a word is needed for", k->name);
    return k->word(dd_str_z(word), out) ? DD_OK : no_word(r, k, node, word);
}

dd_code dd_config_set_word(dd_config_reader *r, const dd_config_key *k, const cJSON *node, int64_t *out) { return one_word(r, k, node, out); }

dd_code dd_config_set_words(dd_config_reader *r, const dd_config_key *k, const cJSON *node, int64_t *out)
{
    int64_t      all = 0, bits = 0;
    const cJSON *item;
    if (!cJSON_IsArray(node))
        return one_word(r, k, node, out);
    cJSON_ArrayForEach(item, node) {
        dd_code rc = one_word(r, k, item, &bits);
        if (rc != DD_OK)
            return rc;
        all |= bits;
    }
    *out = all;
    return DD_OK;
}

/* --- steps --- */

static const dd_config_step plain = { NULL, -1, -1, -1, -1, 0 };

static dd_code read_step(dd_config_reader *r, const dd_config_key *k, const cJSON *node, dd_config_step *out)
{
    *out      = plain;
    out->line = dd_config_line(r, node);
    if (cJSON_IsString(node)) {
        out->model = dd_config_text(r, node->valuestring, false);
    } else if (cJSON_IsObject(node)) {
        dd_code rc = dd_config_read_keys(r, "step", node, out);
        if (rc != DD_OK)
            return rc;
        const cJSON *provider = cJSON_GetObjectItemCaseSensitive(node, "provider"), *model = cJSON_GetObjectItemCaseSensitive(node, "model");
        if (cJSON_IsString(provider) && cJSON_IsString(model))
            out->model = dd_arena_printf(&r->config->arena, "%s/%s", provider->valuestring, model->valuestring).ptr;
        else if (cJSON_IsString(provider))
            out->model = dd_arena_printf(&r->config->arena, "%s/", provider->valuestring).ptr;
    }
    if (!out->model || !out->model[0])
        return dd_config_fail(r, node, "a model (provider/model) is needed in", k->name);
    return DD_OK;
}

dd_code dd_config_set_steps(dd_config_reader *r, const dd_config_key *k, const cJSON *node, dd_config_steps *out)
{
    bool none = cJSON_IsFalse(node) || (cJSON_IsString(node) && (strcmp(node->valuestring, "none") == 0 || strcmp(node->valuestring, "off") == 0));
    bool list = cJSON_IsArray(node);
    *out      = (dd_config_steps){ NULL, 0, none || (list && !node->child) };
    if (out->none)
        return DD_OK;
    if (!list && !cJSON_IsString(node) && !cJSON_IsObject(node))
        return dd_config_fail(r, node, "a list of models is needed for", k->name);
    out->v = dd_newn(&r->config->arena, dd_config_step, list ? (size_t)cJSON_GetArraySize(node) : 1);
    for (const cJSON *item = list ? node->child : node; item; item = list ? item->next : NULL) {
        dd_code rc = read_step(r, k, item, &out->v[out->n++]);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

/* --- entries --- */

static dd_code twice(dd_config_reader *r, const cJSON *node, const char *kind, const char *name, int line)
{
    return dd_fail(r->err, DD_ERR_PARSE, "%s, line %d: %s \"%s\" is there already, on line %d", r->what, dd_config_line(r, node), kind, name, line);
}

dd_code dd_config_end_model(dd_config_reader *r, const cJSON *node, void *entry)
{
    dd_config_model *m = entry;
    m->line            = dd_config_line(r, node);
    return m->targets.n ? DD_OK : dd_config_fail(r, node, "a target (provider/model) is needed for model", m->name);
}

dd_code dd_config_end_route(dd_config_reader *r, const cJSON *node, void *entry)
{
    dd_config_route *route = entry;
    const cJSON     *when  = cJSON_GetObjectItemCaseSensitive(node, "when");
    route->line            = dd_config_line(r, node);
    route->when_line       = when ? dd_config_line(r, when) : route->line;
    if (!route->name || !route->name[0])
        return dd_config_fail(r, node, "a name is needed for each of", "routes");
    for (const dd_config_route *other = r->config->routes; other < route; other++)
        if (strcmp(other->name, route->name) == 0)
            return twice(r, node, "route", route->name, other->line);
    return DD_OK;
}

/* "key-month", "key-month-2": for those that have no name of their own. */
static const char *budget_name(dd_config_reader *r, const dd_config_budget *b)
{
    for (int n = 1;; n++) {
        const char *scope = dd_budget_scope_name((dd_budget_scope)b->scope), *period = dd_period_name((dd_period)b->period);
        const char *name  = n == 1 ? dd_arena_printf(&r->config->arena, "%s-%s", scope, period).ptr
                                   : dd_arena_printf(&r->config->arena, "%s-%s-%d", scope, period, n).ptr;
        bool        taken = false;
        for (const dd_config_budget *other = r->config->budgets; other < b; other++)
            taken |= strcmp(other->name, name) == 0;
        if (!taken)
            return name;
    }
}

dd_code dd_config_end_budget(dd_config_reader *r, const cJSON *node, void *entry)
{
    dd_config_budget *b = entry;
    b->line             = dd_config_line(r, node);
    if (b->limit < 0)
        return dd_config_fail(r, node, "a limit such as $100/month is needed for each of", "budgets");
    if (b->scope < 0)
        b->scope = DD_SCOPE_GLOBAL;
    if (b->period >= 0 && b->limit_period >= 0 && b->period != b->limit_period)
        return dd_config_fail(r, node, "the limit names another period than", "period");
    if (b->period < 0)
        b->period = b->limit_period >= 0 ? b->limit_period : DD_PERIOD_MONTH;
    if (b->warn_at < 0)
        b->warn_at = 0.8;
    if (!b->name || !b->name[0])
        b->name = budget_name(r, b);
    for (const dd_config_budget *other = r->config->budgets; other < b; other++)
        if (strcmp(other->name, b->name) == 0)
            return twice(r, node, "budget", b->name, other->line);
    return DD_OK;
}

dd_code dd_config_end_limit(dd_config_reader *r, const cJSON *node, void *entry)
{
    dd_config_limit *l = entry;
    l->line            = dd_config_line(r, node);
    if (l->requests.n < 0 && l->tokens.n < 0 && l->concurrent < 0)
        return dd_config_fail(r, node, "requests, tokens or concurrent is needed for each of", "limits");
    if (l->scope < 0)
        l->scope = DD_SCOPE_KEY;
    if (!l->name || !l->name[0])
        l->name = dd_arena_printf(&r->config->arena, "limit-%d", (int)(l - r->config->limits) + 1).ptr;
    for (const dd_config_limit *other = r->config->limits; other < l; other++)
        if (strcmp(other->name, l->name) == 0)
            return twice(r, node, "limit", l->name, other->line);
    return DD_OK;
}
