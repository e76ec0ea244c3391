/* cmd/config_policy.c - routing_policy and fallback_chain in dd0c.yaml itself: read as `config import policy` reads them.
 *
 * What has no equivalent is an error here: a rule that is silently left out would send requests where nobody meant them to go. */
#include "cmd/config_parts.h"
#include "cmd/import.h"

static dd_code not_taken(dd_config_reader *r, const dd_import *im)
{
    dd_fail(r->err, DD_ERR_PARSE, "%s: " DD_STR_FMT ": " DD_STR_FMT, r->what, DD_STR_ARG(im->lost.v[0].path), DD_STR_ARG(im->lost.v[0].why));
    dd_hint(r->err, "docs/import.md says what is read; routes: can say more.");
    return DD_ERR_PARSE;
}

/* Lines are those of routing_policy: the rules were written anew. */
static void set_lines(dd_config *c, int line)
{
    for (size_t i = 0; i < c->n_routes; i++) {
        dd_config_route *route = &c->routes[i];
        route->line = route->when_line = line;
        for (size_t k = 0; k < route->from.n; k++)
            route->from.v[k].line = line;
        for (size_t k = 0; k < route->fallback.n; k++)
            route->fallback.v[k].line = line;
    }
}

dd_code dd_config_read_policy(dd_config_reader *r, const cJSON *root)
{
    static const char *const keys[] = { "routing_policy", "fallback_chain" }, *const others[] = { "routes", "fallback" };
    cJSON    *part = cJSON_CreateObject();
    dd_import im   = { 0 };
    dd_buf    text = DD_BUF_INIT(0);
    dd_code   rc   = DD_OK;
    int       line = 0;
    for (size_t i = 0; i < DD_COUNT(keys) && rc == DD_OK; i++) {
        const cJSON *n = cJSON_GetObjectItemCaseSensitive(root, keys[i]);
        if (n && cJSON_GetObjectItemCaseSensitive(root, others[i]))
            rc = dd_config_fail(r, n, i ? "fallback stands beside" : "routes stands beside", keys[i]);
        else if (n)
            cJSON_AddItemToObject(part, keys[i], cJSON_Duplicate(n, true));
        line = n && !line ? dd_config_line(r, n) : line;
    }
    if (rc == DD_OK)
        rc = dd_import_policy(&im, part, r->err);
    if (rc == DD_OK && im.lost.n)
        rc = not_taken(r, &im);
    im.providers.n = 0;   /* those of the file, and of the environment */
    if (rc == DD_OK) {
        dd_import_write(&im, "policy", "itself", &text);
        const char *what = dd_arena_printf(&r->config->arena, "%s, line %d: routes of it", r->what, line).ptr;
        rc               = dd_config_parse_more(r, dd_buf_str(&text), what);
        set_lines(r->config, line);
    }
    cJSON_Delete(part);
    dd_import_fini(&im);
    dd_buf_free(&text);
    return rc;
}
