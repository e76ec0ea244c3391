/* cmd/config.c - reads dd0c.yaml by one table of keys. */
#include "cmd/config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "cmd/cmd.h"
#include "cmd/serve.h"
#include "cmd/snapshot.h"

typedef enum { KEY_TEXT, KEY_PATH, KEY_LIST, KEY_INT, KEY_SIZE, KEY_USD, KEY_DURATION, KEY_CHOICE, KEY_MAP, KEY_SECRETS } key_kind;

typedef struct {
    const char *section, *name;   /* section "": at the top; "providers", "models": of each entry below it */
    key_kind    kind;
    size_t      offset, count;    /* count: of the number of entries, for KEY_MAP */
    const char *choices, *help;
} key;

#define KEY(section, name, kind, member, choices, help) { section, name, kind, offsetof(dd_config, member), 0, choices, help }
#define MAP(section, name, member, number, help) { section, name, KEY_MAP, offsetof(dd_config, member), offsetof(dd_config, number), NULL, help }
#define PROVIDER(name, kind, member, choices, help) { "providers", name, kind, offsetof(dd_config_provider, member), 0, choices, help }
#define MODEL(name, kind, member, choices, help) { "models", name, kind, offsetof(dd_config_model, member), 0, choices, help }

static const key keys[] = {
    KEY("", "log_format", KEY_CHOICE, log_format, "text|json", "how the proxy writes its log"),
    KEY("", "unpriced", KEY_CHOICE, unpriced, "warn|block", "what the proxy does with a model whose price is not known"),
    KEY("", "unsupported", KEY_CHOICE, unsupported, "drop|error", "what translation does with a member that the target has no place for; it is named in x-dd0c-dropped"),
    KEY("dev", "base_url", KEY_TEXT, dev.base_url, NULL, "local server that development mode sends everything to"),
    KEY("dev", "model", KEY_TEXT, dev.model, NULL, "local model for every name that has none of its own"),
    MAP("dev", "models", dev.models, dev.n_models, "names asked for, and the local models for them"),
    MODEL("targets", KEY_LIST, targets, NULL, "provider/model, in order of preference"),
    PROVIDER("api_key", KEY_TEXT, api_key, NULL, "the provider's key: ${NAME} and os.environ/NAME read the environment, secret:NAME the secret store"),
    PROVIDER("api_version", KEY_TEXT, api_version, NULL, "api-version of Azure, anthropic-version of Anthropic"),
    PROVIDER("base_url", KEY_TEXT, base_url, NULL, "where it answers, with or without /v1"),
    PROVIDER("connect", KEY_DURATION, connect, NULL, "time to connect"),
    PROVIDER("cost", KEY_INT, cost, NULL, "0: its models cost nothing"),
    PROVIDER("first_token", KEY_DURATION, first_token, NULL, "time until the answer begins"),
    PROVIDER("idle", KEY_DURATION, idle, NULL, "time between two pieces of an answer"),
    PROVIDER("keys", KEY_SECRETS, keys, NULL, "several keys, each with value and weight"),
    PROVIDER("models", KEY_LIST, models, NULL, "globs of the only models it serves"),
    PROVIDER("total", KEY_DURATION, total, NULL, "time for the whole answer"),
    PROVIDER("type", KEY_TEXT, type, NULL, "which row of the provider table it follows; openai for any compatible server"),
    PROVIDER("verify_tls", KEY_CHOICE, verify_tls, "yes|no", "check its certificate"),
    KEY("prices", "max_age_days", KEY_INT, prices.max_age_days, NULL, "fail when the price table is older than this many days"),
    KEY("prices", "override", KEY_PATH, prices.override, NULL, "file of prices that win over the table"),
    KEY("prices", "url", KEY_TEXT, prices.url, NULL, "where `dd0c prices update` fetches the table"),
    KEY("scan", "calls", KEY_INT, scan.calls, NULL, "calls a month of each production site"),
    KEY("scan", "default_model", KEY_TEXT, scan.default_model, NULL, "model to price sites with whose own is only known at run time"),
    MAP("scan", "deployments", scan.deployments, scan.n_deployments, "Azure deployment names and the models behind them"),
    KEY("scan", "exclude", KEY_LIST, scan.exclude, NULL, "globs of files not to scan"),
    KEY("scan", "fail_on", KEY_LIST, scan.fail_on, NULL, "gates: unknown, retired, opportunity=USD"),
    KEY("scan", "include", KEY_LIST, scan.include, NULL, "globs of the only files to scan"),
    KEY("scan", "max_filesize", KEY_SIZE, scan.max_filesize, NULL, "files larger than this are listed, not scanned"),
    KEY("scan", "max_monthly", KEY_USD, scan.max_monthly, NULL, "exit 1 when the monthly estimate is above this"),
    KEY("scan", "preset", KEY_CHOICE, scan.preset, "default|small|medium|large", "volume preset"),
    KEY("scan", "summary_url", KEY_TEXT, scan.summary_url, NULL, "where `dd0c scan --opt-in` posts its summary"),
    KEY("scan", "tests", KEY_CHOICE, scan.tests, "exclude|separate|include", "what to do with tests, examples and notebooks"),
    KEY("scan", "usage", KEY_PATH, scan.usage, NULL, "usage file with calls and tokens a site"),
    KEY("server", "cors_origins", KEY_LIST, server.cors_origins, NULL, "origins that browsers may call from; * for all"),
    KEY("server", "listen", KEY_TEXT, server.listen, NULL, "address and port, 127.0.0.1:4000"),
    KEY("server", "max_body", KEY_SIZE, server.max_body, NULL, "largest request body (64MB)"),
    KEY("server", "tls_cert", KEY_PATH, server.tls_cert, NULL, "certificate chain, PEM"),
    KEY("server", "tls_key", KEY_PATH, server.tls_key, NULL, "its key, PEM"),
    KEY("server", "tls_min", KEY_CHOICE, server.tls_min, "1.2|1.3", "oldest TLS version that clients may use (1.3)"),
    KEY("server", "workers", KEY_INT, server.workers, NULL, "worker threads (one a core)"),
    KEY("telemetry", "queue", KEY_INT, telemetry.queue, NULL, "events that may wait to be written (1000)"),
    KEY("telemetry", "retention", KEY_DURATION, telemetry.retention, NULL, "how long events are kept (30d)"),
    KEY("telemetry", "spool", KEY_SIZE, telemetry.spool, NULL, "largest file for events that the store could not take (64MB); 0: none"),
    KEY("telemetry", "store", KEY_CHOICE, telemetry.store, "sqlite|off", "where events are kept"),
    KEY("timeouts", "connect", KEY_DURATION, timeouts.connect, NULL, "time to connect to a provider (3s)"),
    KEY("timeouts", "drain", KEY_DURATION, timeouts.drain, NULL, "time that open requests get when the proxy is told to end (30s)"),
    KEY("timeouts", "first_token", KEY_DURATION, timeouts.first_token, NULL, "time until an answer begins (5m)"),
    KEY("timeouts", "idle", KEY_DURATION, timeouts.idle, NULL, "time between two pieces of an answer (60s)"),
    KEY("timeouts", "total", KEY_DURATION, timeouts.total, NULL, "time for a whole answer (10m)"),
};

typedef struct {
    dd_config  *config;
    dd_yaml    *yaml;
    const char *what;   /* config "dd0c.yaml" */
    dd_str      dir;
    dd_err     *err;
} reader;

static dd_code fail_at(reader *r, const cJSON *node, const char *why, const char *name)
{
    return dd_fail(r->err, DD_ERR_PARSE, "%s, line %zu: %s \"%s\"", r->what, dd_yaml_line(r->yaml, node), why, name);
}

/* The nearest of the names in `section` (NULL: of the sections) as a hint. */
static dd_code unrecognized(reader *r, const cJSON *node, const char *section)
{
    fail_at(r, node, "unrecognized key", node->string);
    const char *near = NULL;
    size_t      best = 4;
    for (size_t i = 0; i < DD_COUNT(keys); i++) {
        const char *name = section || !keys[i].section[0] ? keys[i].name : keys[i].section;
        if (section && strcmp(section, keys[i].section) != 0)
            continue;
        size_t d = dd_str_distance(dd_str_z(node->string), dd_str_z(name), 3);
        if (d < best) {
            best = d;
            near = name;
        }
    }
    if (near)
        dd_hint(r->err, "Did you mean \"%s\"?", near);
    else
        dd_hint(r->err, "\"dd0c config schema\" prints all keys.");
    return DD_ERR_PARSE;
}

static const char *text_of(reader *r, const char *text, bool path)
{
    if (path && text[0] != '/')
        return dd_arena_printf(&r->config->arena, DD_STR_FMT "%s", DD_STR_ARG(r->dir), text).ptr;
    return dd_arena_dupz(&r->config->arena, text).ptr;
}

/* Numbers and amounts go through the option parser, so that both spell them alike. */
static dd_code set_number(reader *r, const key *k, const cJSON *node, void *member)
{
    static const dd_opt_kind kinds[] = { [KEY_INT] = DD_OPT_INT, [KEY_SIZE] = DD_OPT_SIZE, [KEY_USD] = DD_OPT_USD,
                                         [KEY_DURATION] = DD_OPT_DURATION };
    dd_opt                   table[] = { { 0, k->name, kinds[k->kind], 0, "value", "" }, DD_OPT_END };
    dd_buf                   word    = DD_BUF_INIT(0);
    dd_err                   why     = DD_ERR_INIT;
    int                      words;
    bool                     help;
    if (cJSON_IsString(node)) {
        dd_buf_printf(&word, "--%s=%s", k->name, node->valuestring);
    } else {
        char *number = cJSON_PrintUnformatted(node);
        dd_buf_printf(&word, "--%s=%s", k->name, number ? number : "");
        free(number);
    }
    char   *argv[] = { NULL, (char *)(uintptr_t)dd_buf_z(&word) };
    dd_code rc     = dd_opt_parse(table, 2, argv, member, &words, &help, &why);
    dd_buf_free(&word);
    return rc == DD_OK ? DD_OK : fail_at(r, node, why.msg[0] && k->kind == KEY_DURATION ? "not a duration such as 30s for" : "not a fitting number for", k->name);
}

static dd_code set_list(reader *r, const key *k, const cJSON *node, dd_opt_list *list)
{
    const cJSON *item;
    if (!cJSON_IsArray(node))
        return fail_at(r, node, "a list is needed for", k->name);
    list->v = dd_newn(&r->config->arena, const char *, (size_t)cJSON_GetArraySize(node) + 1);
    list->n = 0;
    cJSON_ArrayForEach(item, node) {
        if (!cJSON_IsString(item))
            return fail_at(r, item, "only text may stand in", k->name);
        list->v[list->n++] = text_of(r, item->valuestring, false);
    }
    return DD_OK;
}

static dd_code set_map(reader *r, const key *k, const cJSON *node, void *base)
{
    const cJSON *item;
    if (!cJSON_IsObject(node))
        return fail_at(r, node, "names and values are needed for", k->name);
    dd_deployment *list = dd_newn(&r->config->arena, dd_deployment, (size_t)cJSON_GetArraySize(node) + 1);
    size_t        *n    = (size_t *)((char *)base + k->count);
    *(dd_deployment **)((char *)base + k->offset) = list;
    *n = 0;
    cJSON_ArrayForEach(item, node) {
        if (!cJSON_IsString(item))
            return fail_at(r, item, "a model name is needed for", item->string);
        list[(*n)++] = (dd_deployment){ dd_str_z(text_of(r, item->string, false)), dd_str_z(text_of(r, item->valuestring, false)) };
    }
    return DD_OK;
}

/* keys: [{value: ..., weight: 2}, "..."] */
static dd_code set_secrets(reader *r, const cJSON *node, dd_config_provider *p)
{
    const cJSON *item, *field;
    if (!cJSON_IsArray(node))
        return fail_at(r, node, "a list is needed for", "keys");
    p->keys   = dd_newn(&r->config->arena, dd_config_secret, (size_t)cJSON_GetArraySize(node) + 1);
    p->n_keys = 0;
    cJSON_ArrayForEach(item, node) {
        dd_config_secret *s = &p->keys[p->n_keys++];
        s->weight           = 1;
        if (cJSON_IsString(item))
            s->value = text_of(r, item->valuestring, false);
        else if (!cJSON_IsObject(item))
            return fail_at(r, item, "value and weight are needed in", "keys");
        for (field = cJSON_IsObject(item) ? item->child : NULL; field; field = field->next) {
            if (strcmp(field->string, "value") == 0 && cJSON_IsString(field))
                s->value = text_of(r, field->valuestring, false);
            else if (strcmp(field->string, "weight") == 0 && cJSON_IsNumber(field) && field->valuedouble >= 0 && field->valuedouble <= 1000000)
                s->weight = (int64_t)field->valuedouble;
            else
                return fail_at(r, field, "value or weight is needed, not", field->string);
        }
        if (!s->value)
            return fail_at(r, item, "a value is missing in", "keys");
    }
    return DD_OK;
}

static bool is_choice(const char *choices, const char *value)
{
    dd_str rest = dd_str_z(choices);
    while (rest.len)
        if (dd_str_eqz(dd_str_cut(&rest, '|'), value))
            return true;
    return false;
}

static dd_code set(reader *r, const key *k, const cJSON *node, void *base)
{
    void *member = (char *)base + k->offset;
    switch (k->kind) {
    case KEY_LIST: return set_list(r, k, node, member);
    case KEY_MAP: return set_map(r, k, node, base);
    case KEY_SECRETS: return set_secrets(r, node, base);
    case KEY_INT:
    case KEY_SIZE:
    case KEY_DURATION:
    case KEY_USD: return set_number(r, k, node, member);
    case KEY_TEXT:
    case KEY_PATH:
    case KEY_CHOICE: break;
    }
    if (!cJSON_IsString(node)) {
        dd_code rc = fail_at(r, node, "text is needed for", k->name);
        dd_hint(r->err, cJSON_IsNumber(node) || cJSON_IsBool(node) ? "Put it into quotes." : "One value stands there, not a list and no keys.");
        return rc;
    }
    if (k->kind == KEY_CHOICE && !is_choice(k->choices, node->valuestring)) {
        fail_at(r, node, "no such choice for", k->name);
        dd_hint(r->err, "One of: %s.", k->choices);
        return DD_ERR_PARSE;
    }
    *(const char **)member = text_of(r, node->valuestring, k->kind == KEY_PATH);
    return DD_OK;
}

/* The keys of one mapping, into the struct at `base`. */
static dd_code read_keys(reader *r, const char *section, const cJSON *mapping, void *base)
{
    const cJSON *node;
    cJSON_ArrayForEach(node, mapping) {
        const key *found = NULL;
        for (size_t i = 0; i < DD_COUNT(keys); i++)
            if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, node->string) == 0)
                found = &keys[i];
        dd_code rc = !found ? unrecognized(r, node, section) : cJSON_IsNull(node) ? DD_OK : set(r, found, node, base);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

static dd_code read_providers(reader *r, const cJSON *section)
{
    const cJSON *entry;
    dd_config   *c = r->config;
    c->providers   = dd_newn(&c->arena, dd_config_provider, (size_t)cJSON_GetArraySize(section) + 1);
    c->n_providers = 0;
    cJSON_ArrayForEach(entry, section) {
        dd_config_provider *p = &c->providers[c->n_providers++];
        *p = (dd_config_provider){ .name = text_of(r, entry->string, false), .cost = -1, .connect = -1, .first_token = -1, .idle = -1, .total = -1 };
        if (strchr(p->name, '/') || !*p->name)
            return fail_at(r, entry, "a provider's name has no slash:", p->name);
        if (!cJSON_IsObject(entry) && !cJSON_IsNull(entry))
            return fail_at(r, entry, "keys are needed under", p->name);
        dd_code rc = read_keys(r, "providers", entry, p);
        if (rc != DD_OK)
            return rc;
        if (p->cost > 0)
            return fail_at(r, entry, "cost can only be 0 (other prices come from prices.override) for provider", p->name);
    }
    return DD_OK;
}

/* smart: {targets: [...]}, or short: smart: provider/model */
static dd_code read_models(reader *r, const cJSON *section)
{
    const cJSON *entry;
    dd_config   *c = r->config;
    c->models      = dd_newn(&c->arena, dd_config_model, (size_t)cJSON_GetArraySize(section) + 1);
    c->n_models    = 0;
    cJSON_ArrayForEach(entry, section) {
        dd_config_model *m = &c->models[c->n_models++];
        m->name            = text_of(r, entry->string, false);
        dd_code rc         = DD_OK;
        if (cJSON_IsString(entry)) {
            m->targets      = (dd_opt_list){ dd_newn(&c->arena, const char *, 1), 1 };
            m->targets.v[0] = text_of(r, entry->valuestring, false);
        } else if (cJSON_IsObject(entry)) {
            rc = read_keys(r, "models", entry, m);
        }
        if (rc == DD_OK && !m->targets.n)
            rc = fail_at(r, entry, "a target (provider/model) is needed for model", m->name);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

static dd_code read_section(reader *r, const cJSON *section)
{
    bool known = false;
    for (size_t i = 0; i < DD_COUNT(keys); i++) {
        if (!keys[i].section[0] && strcmp(keys[i].name, section->string) == 0)
            return cJSON_IsNull(section) ? DD_OK : set(r, &keys[i], section, r->config);
        known |= keys[i].section[0] && strcmp(keys[i].section, section->string) == 0;
    }
    if (!known)
        return unrecognized(r, section, NULL);
    if (!cJSON_IsObject(section))
        return cJSON_IsNull(section) ? DD_OK : fail_at(r, section, "keys are needed under", section->string);
    if (strcmp(section->string, "providers") == 0)
        return read_providers(r, section);
    if (strcmp(section->string, "models") == 0)
        return read_models(r, section);
    return read_keys(r, section->string, section, r->config);
}

static dd_code read_text(reader *r, dd_str text)
{
    r->yaml = dd_yaml_parse(text, r->what, r->err);
    if (!r->yaml)
        return r->err ? r->err->code : DD_ERR_PARSE;
    const cJSON *root = dd_yaml_root(r->yaml), *section;
    dd_code      rc   = DD_OK;
    if (!cJSON_IsObject(root))
        rc = dd_fail(r->err, DD_ERR_PARSE, "%s: sections such as \"scan:\" are needed at the top", r->what);
    cJSON_ArrayForEach(section, root) {
        if (rc == DD_OK && section->string)
            rc = read_section(r, section);
    }
    dd_yaml_free(r->yaml);
    return rc;
}

dd_code dd_config_parse(dd_config *c, dd_str text, const char *what, dd_err *err)
{
    reader r = { .config = c, .what = what, .err = err };
    return read_text(&r, text);
}

/* The file to read into *path, or false. */
static bool search(dd_buf *path)
{
    static const char *const names[] = { "dd0c.yaml", "dd0c.yml", "dd0c.json" };
    for (int where = 0; where < 2; where++)
        for (size_t i = 0; i < DD_COUNT(names); i++) {
            dd_buf_clear(path);
            if (where) {
                dd_dir_config(path);
                dd_buf_addc(path, '/');
            }
            dd_buf_addz(path, names[i]);
            if (dd_file_exists(dd_buf_z(path)))
                return true;
        }
    return false;
}

dd_code dd_config_load(dd_config *c, const char *path, dd_err *err)
{
    *c = (dd_config){ .scan      = { .calls = -1, .max_monthly = -1, .max_filesize = -1 },
                      .prices    = { .max_age_days = -1 },
                      .server    = { .workers = -1, .max_body = -1 },
                      .timeouts  = { -1, -1, -1, -1, -1 },
                      .telemetry = { .retention = -1, .spool = -1, .queue = -1 } };
    dd_buf found = DD_BUF_INIT(0), text = DD_BUF_INIT(1 << 20), what = DD_BUF_INIT(400);
    if (path)
        dd_buf_addz(&found, path);
    else if (!search(&found)) {
        dd_buf_free(&found);
        return DD_OK;
    }
    c->path         = dd_arena_dup(&c->arena, dd_buf_str(&found)).ptr;
    ptrdiff_t slash = dd_str_rchr(dd_buf_str(&found), '/');
    dd_buf_printf(&what, "config \"%s\"", c->path);
    reader  r  = { .config = c, .what = dd_buf_z(&what), .dir = { c->path, slash < 0 ? 0 : (size_t)slash + 1 }, .err = err };
    dd_code rc = dd_file_read(c->path, &text, err);
    if (rc == DD_OK)
        rc = read_text(&r, dd_buf_str(&text));
    dd_buf_free(&found);
    dd_buf_free(&text);
    dd_buf_free(&what);
    return rc;
}

void dd_config_fini(dd_config *c) { dd_arena_fini(&c->arena); }

/* --- config check, config schema --- */

static void schema_object(dd_json *j)
{
    dd_json_open(j, '{');
    dd_json_key(j, "type");
    dd_json_strz(j, "object");
    dd_json_key(j, "additionalProperties");
}

static void schema_key(const key *k, dd_json *j)
{
    static const char *const types[] = { [KEY_TEXT] = "string", [KEY_PATH] = "string", [KEY_LIST] = "array", [KEY_INT] = "integer",
                                         [KEY_CHOICE] = "string", [KEY_MAP] = "object", [KEY_SECRETS] = "array" };
    dd_json_key(j, k->name);
    dd_json_open(j, '{');
    dd_json_key(j, "description");
    dd_json_strz(j, k->help);
    dd_json_key(j, "type");
    if (k->kind == KEY_SIZE || k->kind == KEY_USD || k->kind == KEY_DURATION)
        dd_json_raw(j, DD_STR("[\"string\", \"number\"]"));
    else
        dd_json_strz(j, types[k->kind]);
    if (k->kind == KEY_INT) {
        dd_json_key(j, "minimum");
        dd_json_i64(j, 0);
    } else if (k->kind == KEY_LIST || k->kind == KEY_MAP) {
        dd_json_key(j, k->kind == KEY_LIST ? "items" : "additionalProperties");
        dd_json_raw(j, DD_STR("{\"type\": \"string\"}"));
    } else if (k->kind == KEY_SECRETS) {
        dd_json_key(j, "items");
        dd_json_raw(j, DD_STR("{\"type\": [\"string\", \"object\"], \"properties\": {\"value\": {\"type\": \"string\"}, \"weight\": {\"type\": \"integer\", "
                              "\"minimum\": 0}}, \"required\": [\"value\"], \"additionalProperties\": false}"));
    } else if (k->kind == KEY_CHOICE) {
        dd_json_key(j, "enum");
        dd_json_open(j, '[');
        for (dd_str rest = dd_str_z(k->choices); rest.len;)
            dd_json_str(j, dd_str_cut(&rest, '|'));
        dd_json_close(j, ']');
    }
    dd_json_close(j, '}');
}

/* One section; those whose entries have names of the user's describe the entry. */
static void schema_section(const char *section, dd_json *j)
{
    bool model = strcmp(section, "models") == 0, named = model || strcmp(section, "providers") == 0;
    dd_json_key(j, section);
    schema_object(j);
    if (named) {
        dd_json_open(j, '{');
        dd_json_key(j, "type");
        dd_json_raw(j, model ? DD_STR("[\"object\", \"string\"]") : DD_STR("[\"object\", \"null\"]"));
        dd_json_key(j, "additionalProperties");
    }
    dd_json_bool(j, false);
    dd_json_key(j, "properties");
    dd_json_open(j, '{');
    for (size_t i = 0; i < DD_COUNT(keys); i++)
        if (strcmp(keys[i].section, section) == 0)
            schema_key(&keys[i], j);
    dd_json_close(j, '}');
    if (named)
        dd_json_close(j, '}');
    dd_json_close(j, '}');
}

void dd_config_schema(dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 2);
    dd_json_open(&j, '{');
    dd_json_key(&j, "$schema");
    dd_json_strz(&j, "https://json-schema.org/draft/2020-12/schema");
    dd_json_key(&j, "title");
    dd_json_strz(&j, "dd0c.yaml");
    dd_json_key(&j, "type");
    dd_json_strz(&j, "object");
    dd_json_key(&j, "additionalProperties");
    dd_json_bool(&j, false);
    dd_json_key(&j, "properties");
    dd_json_open(&j, '{');
    for (size_t i = 0; i < DD_COUNT(keys); i++) {
        if (!keys[i].section[0])
            schema_key(&keys[i], &j);
        else if (i == 0 || strcmp(keys[i].section, keys[i - 1].section) != 0)
            schema_section(keys[i].section, &j);
    }
    dd_json_close(&j, '}');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

const dd_opt dd_config_opts[] = { DD_OPT_END };

dd_code dd_cmd_config_schema(const dd_cmd *self, int argc, char **argv, int *status, dd_err *err)
{
    char unused;
    int  words;
    bool done;
    (void)status;
    dd_code rc = dd_cmd_args(self, argc, argv, &unused, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    dd_buf out = DD_BUF_INIT(0);
    dd_config_schema(&out);
    rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

/* What the proxy would find when it starts, too. What only its environment can supply is a warning: it may start elsewhere. */
static dd_code check_all(const dd_cmd *cmd, const dd_config *c, dd_err *err)
{
    dd_buf  missing = DD_BUF_INIT(64 << 10), out = DD_BUF_INIT(0);
    dd_code rc      = dd_serve_check(c, err);
    if (rc == DD_OK)
        rc = dd_snapshot_check(c, &missing, err);
    if (rc != DD_OK) {
        dd_wrap(err, "config \"%s\"", c->path);
        rc = err->code = DD_ERR_PARSE;    /* the file is wrong, not the command line */
    } else {
        for (dd_str rest = dd_buf_str(&missing); rest.len;) {
            dd_str line = dd_str_cut(&rest, '\n');
            dd_cmd_warn(cmd, DD_STR_FMT, DD_STR_ARG(line));
        }
        dd_buf_printf(&out, "%s: fine\n", c->path);
        rc = dd_cmd_print(dd_buf_str(&out), err);
    }
    dd_buf_free(&missing);
    dd_buf_free(&out);
    return rc;
}

dd_code dd_cmd_config_check(const dd_cmd *self, int argc, char **argv, int *status, dd_err *err)
{
    char      unused;
    int       words;
    bool      done;
    dd_config config;
    (void)status;
    dd_code rc = dd_cmd_args(self, argc, argv, &unused, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    rc = dd_config_load(&config, words ? argv[1] : NULL, err);
    if (rc == DD_OK && !config.path) {
        rc = dd_fail(err, DD_ERR_NOT_FOUND, "there is no dd0c.yaml here and none in the configuration folder");
        dd_hint(err, "Name a file: dd0c config check FILE.");
    } else if (rc == DD_OK) {
        rc = check_all(self, &config, err);
    }
    dd_config_fini(&config);
    return rc;
}
