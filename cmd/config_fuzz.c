/* Any bytes as a configuration: an error that names the file, or settings within their ranges. */
#include <stdlib.h>
#include <string.h>

#include "cmd/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void check_steps(const dd_config_steps *s)
{
    for (size_t i = 0; i < s->n; i++)
        need(s->v[i].model && s->v[i].model[0] && s->v[i].weight >= -1 && s->v[i].timeout >= -1 && s->v[i].retries >= -1 && s->v[i].threshold <= 1);
}

static void check_lists(const dd_config *c)
{
    for (size_t i = 0; i < c->n_routes; i++) {
        need(c->routes[i].name && c->routes[i].name[0] && c->routes[i].line > 0 && c->routes[i].min_quality <= 1);
        check_steps(&c->routes[i].from);
        check_steps(&c->routes[i].fallback);
    }
    for (size_t i = 0; i < c->n_models; i++)
        check_steps(&c->models[i].targets);
    for (size_t i = 0; i < c->n_budgets; i++) {
        const dd_config_budget *b = &c->budgets[i];
        need(b->name && b->limit >= 0 && b->scope >= 0 && b->scope < DD_SCOPE_COUNT && b->period >= DD_PERIOD_HOUR && b->period <= DD_PERIOD_TOTAL);
        need((b->on_exceed == DD_EXCEED_DOWNGRADE) == (b->downgrade != NULL));
    }
    for (size_t i = 0; i < c->n_limits; i++)
        need(c->limits[i].name && c->limits[i].requests.window_ms > 0 && c->limits[i].tokens.window_ms > 0);
    check_steps(&c->fallback);
    check_steps(&c->registry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_config c;
    dd_err    err = DD_ERR_INIT;
    dd_config_init(&c);
    dd_code rc = dd_config_parse(&c, (dd_str){ (const char *)data, size }, "config", &err);
    need(rc == DD_OK || strncmp(err.msg, "config", 6) == 0);
    need(c.scan.calls >= -1 && c.scan.max_monthly >= -1 && c.scan.max_filesize >= -1 && c.prices.max_age_days >= -1 && c.cache.disk >= -2);
    need(c.retry.backoff.to_ms < 0 || c.retry.backoff.to_ms >= c.retry.backoff.from_ms);
    if (rc == DD_OK)
        check_lists(&c);
    dd_config_fini(&c);
    return 0;
}
