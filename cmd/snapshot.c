#include "base/near.h"
#include "cmd/snapshot_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "route/plan.h"

/* --- ${NAME}, ${NAME:-default}, os.environ/NAME, secret:NAME --- */

static dd_code look_up(dd_snapshot_maker *m, const char *owner, dd_str name, dd_buf *out)
{
    dd_buf z = DD_BUF_INIT(256);
    dd_buf_add(&z, name);
    const char *value = getenv(dd_buf_z(&z));
    dd_code     rc    = DD_OK;
    if (value && *value) {
        dd_buf_addz(out, value);
    } else if (m->missing) {
        dd_buf_printf(m->missing, "provider \"%s\": the environment has no %s\n", owner, dd_buf_z(&z));
    } else {
        rc = dd_fail(m->err, DD_ERR_NOT_FOUND, "provider \"%s\": the environment has no %s", owner, dd_buf_z(&z));
        dd_hint(m->err, "Set it, or write ${%s:-} where nothing is meant.", dd_buf_z(&z));
    }
    dd_buf_free(&z);
    return rc;
}

static dd_code open_secret(dd_snapshot_maker *m, const char *owner, dd_str name, dd_str *out)
{
    dd_secret value = DD_SECRET_NONE;
    *out            = DD_STR("");
    if (m->missing)
        return DD_OK;                 /* a check asks nobody for the master key */
    if (!m->vault)
        m->vault = dd_vault_open(m->err);
    dd_code rc = m->vault ? dd_vault_get(m->vault, name, &value, m->err) : m->err->code;
    if (rc == DD_OK)
        *out = dd_arena_dup(&m->s->arena, dd_secret_reveal(value));
    else
        dd_wrap(m->err, "provider \"%s\": secret \"" DD_STR_FMT "\"", owner, DD_STR_ARG(name));
    dd_secret_free(&value);
    return rc;
}

static dd_code expand(dd_snapshot_maker *m, const char *owner, const char *text, dd_str *out)
{
    dd_str  rest = dd_str_z(text);
    dd_buf  b    = DD_BUF_INIT(64 << 10);
    dd_code rc   = DD_OK;
    if (dd_str_startsz(rest, "secret:"))
        return open_secret(m, owner, dd_str_sub(rest, 7, rest.len), out);
    if (dd_str_startsz(rest, "os.environ/")) {
        rc       = look_up(m, owner, dd_str_sub(rest, 11, rest.len), &b);
        rest.len = 0;
    }
    while (rest.len && rc == DD_OK) {
        ptrdiff_t from = dd_str_findz(rest, "${"), to = from < 0 ? -1 : dd_str_chr(dd_str_sub(rest, (size_t)from, rest.len), '}');
        if (from >= 0 && to < 0) {
            rc = dd_fail(m->err, DD_ERR_USAGE, "provider \"%s\": \"${\" without \"}\"", owner);
            break;
        }
        if (from < 0) {
            dd_buf_add(&b, rest);
            break;
        }
        dd_buf_add(&b, dd_str_sub(rest, 0, (size_t)from));
        dd_str    name  = dd_str_sub(rest, (size_t)from + 2, (size_t)(from + to));
        ptrdiff_t other = dd_str_findz(name, ":-");
        if (other >= 0) {
            dd_buf z = DD_BUF_INIT(256);
            dd_buf_add(&z, dd_str_sub(name, 0, (size_t)other));
            const char *value = getenv(dd_buf_z(&z));
            dd_buf_free(&z);
            if (value && *value)
                dd_buf_addz(&b, value);
            else
                dd_buf_add(&b, dd_str_sub(name, (size_t)other + 2, name.len));
        } else {
            rc = look_up(m, owner, name, &b);
        }
        rest = dd_str_sub(rest, (size_t)(from + to + 1), rest.len);
    }
    *out = dd_arena_dup(&m->s->arena, dd_buf_str(&b));
    if (b.ptr)
        explicit_bzero(b.ptr, b.len);
    dd_buf_free(&b);
    return rc;
}

/* --- providers --- */

static int64_t limit(int64_t own, int64_t all, int64_t standard) { return own >= 0 ? own : all >= 0 ? all : standard; }

static dd_provider *new_provider(dd_snapshot_maker *m, dd_str name, const dd_provider_kind *kind, const dd_config_provider *entry)
{
    static const dd_config_provider none = { .cost = -1, .connect = -1, .first_token = -1, .idle = -1, .total = -1, .local = -1 };
    const dd_config *c = m->config;
    if (!entry)
        entry = &none;
    size_t       i = m->s->policy.n_providers++;
    dd_provider *p = &m->s->providers[i];
    *p = (dd_provider){ .name = name, .kind = kind, .connect_ms = limit(entry->connect, c->timeouts.connect, 3000), .first_ms = limit(entry->first_token, c->timeouts.first_token, 300000),
                        .idle_ms = limit(entry->idle, c->timeouts.idle, 60000), .total_ms = limit(entry->total, c->timeouts.total, 600000),
                        .insecure = entry->verify_tls && strcmp(entry->verify_tls, "no") == 0 };
    dd_str *models = dd_newn(&m->s->arena, dd_str, entry->models.n + 1);
    for (size_t k = 0; k < entry->models.n; k++)
        models[k] = dd_arena_dupz(&m->s->arena, entry->models.v[k]);
    m->known[i] = (dd_policy_provider){ .name = name, .billed_as = dd_str_z(kind->billed_as), .family = kind->family,
                                        .free = kind->free || entry->cost == 0, .models = models,
                                        .n_models = entry->models.n };
    return p;
}

enum { KEYS_MAX = 256 };   /* of one provider; more are refused where they are read */

static void add_key(dd_snapshot_maker *m, dd_provider *p, dd_str value, int64_t weight)
{
    value = dd_str_trim(value);   /* a file's last line break */
    if (!p->keys)
        p->keys = dd_newn(&m->s->arena, dd_provider_key, KEYS_MAX);
    if (value.len && p->n_keys < KEYS_MAX) {
        p->keys[p->n_keys++] = (dd_provider_key){ value, weight };
        p->total_weight += weight;
    }
}

static const char *first_env(const char *const names[3])
{
    for (size_t i = 0; i < 3 && names[i]; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return value;
    }
    return NULL;
}

/* An address of this machine: what on_exceed: local may use. */
static bool is_here(dd_str url)
{
    static const char *const hosts[] = { "localhost", "127.", "[::1]", "0.0.0.0" };
    ptrdiff_t at = dd_str_findz(url, "://");
    dd_str    host = at < 0 ? url : dd_str_sub(url, (size_t)at + 3, url.len);
    for (size_t i = 0; i < DD_COUNT(hosts); i++) {
        size_t n = strlen(hosts[i]);
        bool   whole = hosts[i][n - 1] == '.' || host.len == n || (host.len > n && strchr(":/", host.ptr[n]));
        if (dd_str_startsz(host, hosts[i]) && whole)
            return true;
    }
    return false;
}

static dd_code set_base(dd_snapshot_maker *m, dd_provider *p, dd_str url)
{
    dd_buf  b  = DD_BUF_INIT(4096);
    dd_code rc = dd_provider_base(p->kind, url, &b, m->err);
    if (rc != DD_OK)
        dd_wrap(m->err, "provider \"" DD_STR_FMT "\"", DD_STR_ARG(p->name));
    p->base = dd_arena_dup(&m->s->arena, dd_buf_str(&b));
    dd_policy_provider *known = &m->known[p - m->s->providers];
    known->local |= is_here(p->base) && (known->free || !known->billed_as.len);   /* a gateway beside us costs what its models cost */
    dd_buf_free(&b);
    return rc;
}

static dd_code read_keys(dd_snapshot_maker *m, const dd_config_provider *entry, dd_provider *p)
{
    dd_code rc = DD_OK;
    dd_str  value;
    if (entry->api_key && (rc = expand(m, entry->name, entry->api_key, &value)) == DD_OK)
        add_key(m, p, value, 1);
    if (rc == DD_OK && entry->n_keys >= KEYS_MAX)
        rc = dd_fail(m->err, DD_ERR_LIMIT, "provider \"%s\": more than %d keys", entry->name, KEYS_MAX - 1);
    for (size_t i = 0; i < entry->n_keys && rc == DD_OK; i++)
        if ((rc = expand(m, entry->name, entry->keys[i].value, &value)) == DD_OK)
            add_key(m, p, value, entry->keys[i].weight);
    /* A provider of that very name takes its key from the usual variable. */
    const char *env = first_env(p->kind->key_env);
    if (rc == DD_OK && !entry->api_key && !entry->n_keys && env && !entry->base_url && dd_str_eqz(p->name, p->kind->name))
        add_key(m, p, dd_arena_dupz(&m->s->arena, env), 1);
    return rc;
}

static dd_code no_type(dd_snapshot_maker *m, const char *owner, const char *type)
{
    dd_near near = { .asked = dd_str_z(type) };
    dd_fail(m->err, DD_ERR_USAGE, "provider \"%s\": there is no provider type \"%s\"", owner, type);
    for (const dd_provider_kind *k = dd_provider_kinds; k->name; k++)
        dd_near_look(&near, dd_str_z(k->name));
    if (!dd_near_hint(&near, m->err))
        dd_hint(m->err, "Types: openai (any compatible server), anthropic, google, mistral, deepseek, xai, azure, groq, together, openrouter, ollama.");
    return DD_ERR_USAGE;
}

static dd_code configured(dd_snapshot_maker *m, const dd_config_provider *entry)
{
    const dd_provider_kind *kind = dd_provider_kind_find(dd_str_z(entry->type ? entry->type : entry->name));
    if (!kind && !entry->type && entry->base_url)
        kind = dd_provider_kind_find(DD_STR("openai"));
    if (!kind)
        return no_type(m, entry->name, entry->type ? entry->type : entry->name);
    dd_provider *p = new_provider(m, dd_arena_dupz(&m->s->arena, entry->name), kind, entry);
    /* Someone else's server that speaks a maker's API does not bill as the maker does. */
    if (entry->base_url && !dd_str_eqz(p->name, kind->name) && !entry->type)
        m->known[m->s->policy.n_providers - 1].billed_as = DD_STR("");
    dd_str      url = DD_STR(""), version = DD_STR("");
    dd_code     rc  = entry->base_url ? expand(m, entry->name, entry->base_url, &url) : DD_OK;
    const char *env = first_env(kind->url_env);
    bool        later = m->missing && entry->base_url && strstr(entry->base_url, "${") != NULL;   /* a part of it may not be here */
    if (rc == DD_OK && !url.len)
        url = dd_str_z(env ? env : kind->base_url);
    if (rc == DD_OK && !url.len && !later) {
        rc = dd_fail(m->err, DD_ERR_USAGE, "provider \"%s\": base_url is missing", entry->name);
        dd_hint(m->err, "Its resource has a URL of its own, such as https://NAME.openai.azure.com; %s says it, too.", kind->url_env[0]);
    }
    if (rc == DD_OK && !later)
        rc = set_base(m, p, url);
    if (entry->local >= 0)
        m->known[p - m->s->providers].local = entry->local;
    if (rc == DD_OK && entry->api_version)
        rc = expand(m, entry->name, entry->api_version, &version);
    p->api_version = version;
    return rc == DD_OK ? read_keys(m, entry, p) : rc;
}

static dd_code add_kind(dd_snapshot_maker *m, const dd_provider_kind *k)
{
    const char  *key = first_env(k->key_env), *url = first_env(k->url_env);
    dd_provider *p   = new_provider(m, dd_str_z(k->name), k, NULL);
    dd_code      rc  = set_base(m, p, dd_str_z(url ? url : k->base_url));
    if (rc == DD_OK && key)
        add_key(m, p, dd_arena_dupz(&m->s->arena, key), 1);
    return rc;
}

/* Without a `providers:` section: what the environment offers. */
static dd_code from_environment(dd_snapshot_maker *m)
{
    for (const dd_provider_kind *k = dd_provider_kinds; k->name; k++) {
        const char *key = first_env(k->key_env), *url = first_env(k->url_env);
        bool        always = strcmp(k->name, "openai") == 0 || strcmp(k->name, "anthropic") == 0;
        if (!key && !(k->keyless && url) && !always && !m->missing)
            continue;
        if (!k->base_url && !url)
            continue;
        dd_code rc = add_kind(m, k);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

bool dd_snapshot_imply(dd_snapshot_maker *m, dd_str name, const char **lacks)
{
    const dd_provider_kind *k = dd_provider_kind_find(name);
    *lacks                    = NULL;
    if (!k || !dd_str_eqz(name, k->name) || m->s->policy.n_providers >= m->cap)
        return false;
    const char *key = first_env(k->key_env), *url = first_env(k->url_env);
    if (!k->base_url && !url)
        *lacks = k->url_env[0];
    else if (!key && !k->keyless)
        *lacks = k->key_env[0];
    else
        return add_kind(m, k) == DD_OK;
    return true;
}

/* --- development mode: one local provider, whatever is asked for --- */

static dd_route_step plain_step(dd_str model) { return (dd_route_step){ .model = model, .weight = 1, .timeout_ms = -1, .retries = -1, .threshold = -1 }; }

static dd_policy_alias *copy_map(dd_snapshot_maker *m, const dd_deployment *map, size_t n)
{
    dd_policy_alias *out = dd_newn(&m->s->arena, dd_policy_alias, n + 1);
    for (size_t i = 0; i < n; i++) {
        dd_route_step *target = dd_new(&m->s->arena, dd_route_step);
        *target               = plain_step(dd_arena_dup(&m->s->arena, map[i].model));
        out[i]         = (dd_policy_alias){ dd_arena_dup(&m->s->arena, map[i].name), target, 1, DD_ON_USUAL, DD_STRATEGY_PASSTHROUGH };
    }
    return out;
}

static dd_code development(dd_snapshot_maker *m)
{
    const dd_provider_kind *kind = dd_provider_kind_find(DD_STR("ollama"));
    const char  *env   = first_env(kind->url_env), *model = getenv("OLLAMA_MODEL");
    dd_provider *p     = new_provider(m, DD_STR("ollama"), kind, NULL);
    dd_policy   *policy = &m->s->policy;
    policy->dev_mode  = true;
    policy->dev       = copy_map(m, m->config->dev.models, m->config->dev.n_models);
    policy->n_dev     = m->config->dev.n_models;
    policy->dev_model = dd_arena_dupz(&m->s->arena, m->config->dev.model ? m->config->dev.model : model && *model ? model : "llama3.2");
    return set_base(m, p, dd_str_z(m->config->dev.base_url ? m->config->dev.base_url : env ? env : kind->base_url));
}

static dd_code open_prices(dd_snapshot_maker *m)
{
    dd_buf cache = DD_BUF_INIT(4096);
    dd_dir_cache(&cache);
    dd_prices_opts o = { .cache_dir = dd_buf_z(&cache), .override_file = m->config->prices.override };
    m->s->prices     = dd_prices_open(&o, m->err);
    dd_buf_free(&cache);
    return m->s->prices ? DD_OK : m->err->code;
}

static dd_snapshot *make(const dd_config *c, bool dev, dd_buf *missing, dd_err *err)
{
    enum { KINDS = 32 };
    dd_snapshot_maker m = { .config = c, .s = dd_snapshot_new(), .dev = dev, .missing = missing, .err = err };
    dd_policy_defaults(&m.s->policy);
    m.cap                 = c->n_providers + KINDS;
    m.known               = dd_newn(&m.s->arena, dd_policy_provider, m.cap);
    m.s->providers        = dd_newn(&m.s->arena, dd_provider, m.cap);
    m.s->policy.providers = m.known;
    m.s->unsupported      = c->unsupported && strcmp(c->unsupported, "error") == 0 ? DD_UNSUPPORTED_ERROR : DD_UNSUPPORTED_DROP;
    m.s->policy.refuse_unpriced = c->unpriced && strcmp(c->unpriced, "block") == 0;
    dd_str *origins = dd_newn(&m.s->arena, dd_str, c->server.cors_origins.n + 16);
    for (size_t i = 0; i < c->server.cors_origins.n; i++)
        origins[m.s->n_cors++] = dd_arena_dupz(&m.s->arena, c->server.cors_origins.v[i]);
    dd_str env = dd_arena_dupz(&m.s->arena, getenv("CORS_ORIGIN"));
    while (env.len && m.s->n_cors < c->server.cors_origins.n + 16)
        origins[m.s->n_cors++] = dd_str_trim(dd_str_cut(&env, ','));
    m.s->cors_origins = origins;
    dd_code rc = open_prices(&m);
    if (rc == DD_OK && dev)
        rc = development(&m);
    else if (rc == DD_OK && c->n_providers == 0)
        rc = from_environment(&m);
    for (size_t i = 0; i < c->n_providers && rc == DD_OK && !dev; i++)
        rc = configured(&m, &c->providers[i]);
    dd_vault_close(m.vault);
    if (rc == DD_OK)
        rc = dd_snapshot_rules(&m);
    if (rc == DD_OK)
        dd_policy_index(&m.s->policy, m.s->prices, &m.s->arena);
    if (rc == DD_OK)
        return m.s;
    dd_snapshot_drop(m.s);
    return NULL;
}

dd_snapshot *dd_snapshot_make(const dd_config *c, bool dev, dd_err *err) { return make(c, dev, NULL, err); }

dd_snapshot *dd_snapshot_draft(const dd_config *c, dd_buf *missing, dd_err *err) { return make(c, false, missing, err); }

dd_code dd_snapshot_check(const dd_config *c, dd_buf *missing, dd_err *err)
{
    dd_snapshot *s = dd_snapshot_draft(c, missing, err);
    dd_snapshot_drop(s);
    return s ? DD_OK : err->code;
}
