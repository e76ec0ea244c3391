/* cmd/config.c - reads dd0c.yaml by one table of keys. */
#include "cmd/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/near.h"
#include "cmd/config_parts.h"

int dd_config_line(const dd_config_reader *r, const cJSON *node) { return (int)dd_yaml_line(r->yaml, node); }

dd_code dd_config_fail(dd_config_reader *r, const cJSON *node, const char *why, const char *name)
{
    return dd_fail(r->err, DD_ERR_PARSE, "%s, line %zu: %s \"%s\"", r->what, dd_yaml_line(r->yaml, node), why, name);
}

const char *dd_config_text(dd_config_reader *r, const char *text, bool path)
{
    if (path && text[0] != '/')
        return dd_arena_printf(&r->config->arena, DD_STR_FMT "%s", DD_STR_ARG(r->dir), text).ptr;
    return dd_arena_dupz(&r->config->arena, text).ptr;
}

/* --- an unknown key, and the one that may have been meant --- */

static dd_code unrecognized(dd_config_reader *r, const cJSON *node, const char *section)
{
    dd_near     near = { .asked = dd_str_z(node->string) };
    const char *away = NULL;   /* it stands in another section */
    dd_config_fail(r, node, "unrecognized key", node->string);
    for (size_t i = 0; i < dd_config_keys_count; i++) {
        if (strcmp(dd_config_keys[i].section, section) == 0)
            dd_near_look(&near, dd_str_z(dd_config_keys[i].name));
        else if (strcmp(dd_config_keys[i].name, node->string) == 0)
            away = dd_config_keys[i].section;
    }
    for (size_t i = 0; i < dd_config_sections_count && !section[0]; i++)
        if (dd_config_sections[i].shape != SECTION_PART)
            dd_near_look(&near, dd_str_z(dd_config_sections[i].name));
    if (dd_near_hint(&near, r->err))
        return DD_ERR_PARSE;
    if (away && away[0] && dd_config_section_find(away)->shape == SECTION_KEYS)
        dd_hint(r->err, "It stands under \"%s:\".", away);
    else
        dd_hint(r->err, "\"dd0c config schema\" prints all keys.");
    return DD_ERR_PARSE;
}

/* --- plain values --- */

static dd_code set_list(dd_config_reader *r, const dd_config_key *k, const cJSON *node, dd_opt_list *list)
{
    const cJSON *item;
    if (!cJSON_IsArray(node))
        return dd_config_fail(r, node, "a list is needed for", k->name);
    list->v = dd_newn(&r->config->arena, const char *, (size_t)cJSON_GetArraySize(node) + 1);
    list->n = 0;
    cJSON_ArrayForEach(item, node) {
        if (!cJSON_IsString(item))
            return dd_config_fail(r, item, "only text may stand in", k->name);
        list->v[list->n++] = dd_config_text(r, item->valuestring, false);
    }
    return DD_OK;
}

static dd_code set_map(dd_config_reader *r, const dd_config_key *k, const cJSON *node, void *base)
{
    const cJSON *item;
    if (!cJSON_IsObject(node))
        return dd_config_fail(r, node, "names and values are needed for", k->name);
    dd_deployment *list = dd_newn(&r->config->arena, dd_deployment, (size_t)cJSON_GetArraySize(node) + 1);
    size_t        *n    = (size_t *)((char *)base + k->count);
    *(dd_deployment **)((char *)base + k->offset) = list;
    *n = 0;
    cJSON_ArrayForEach(item, node) {
        if (!cJSON_IsString(item))
            return dd_config_fail(r, item, "a model name is needed for", item->string);
        list[(*n)++] = (dd_deployment){ dd_str_z(dd_config_text(r, item->string, false)), dd_str_z(dd_config_text(r, item->valuestring, false)) };
    }
    return DD_OK;
}

/* keys: [{value: ..., weight: 2}, "..."] */
static dd_code set_secrets(dd_config_reader *r, const cJSON *node, dd_config_provider *p)
{
    const cJSON *item, *field;
    if (!cJSON_IsArray(node))
        return dd_config_fail(r, node, "a list is needed for", "keys");
    p->keys   = dd_newn(&r->config->arena, dd_config_secret, (size_t)cJSON_GetArraySize(node) + 1);
    p->n_keys = 0;
    cJSON_ArrayForEach(item, node) {
        dd_config_secret *s = &p->keys[p->n_keys++];
        s->weight           = 1;
        if (cJSON_IsString(item))
            s->value = dd_config_text(r, item->valuestring, false);
        else if (!cJSON_IsObject(item))
            return dd_config_fail(r, item, "value and weight are needed in", "keys");
        for (field = cJSON_IsObject(item) ? item->child : NULL; field; field = field->next) {
            if (strcmp(field->string, "value") == 0 && cJSON_IsString(field))
                s->value = dd_config_text(r, field->valuestring, false);
            else if (strcmp(field->string, "weight") == 0 && cJSON_IsNumber(field) && field->valuedouble >= 0 && field->valuedouble <= 1000000)
                s->weight = (int64_t)field->valuedouble;
            else
                return dd_config_fail(r, field, "value or weight is needed, not", field->string);
        }
        if (!s->value)
            return dd_config_fail(r, item, "a value is missing in", "keys");
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

/* `off` and `no` are false to YAML 1.1, which others still write and read. */
static const char *plain_text(const dd_config_key *k, const cJSON *node)
{
    static const char *const spelled[2][2] = { { "off", "no" }, { "on", "yes" } };
    if (cJSON_IsString(node)) {
        const char *v = node->valuestring;
        if (k->kind == KEY_CHOICE && !is_choice(k->choices, v) && is_choice(k->choices, "off") && (strcmp(v, "no") == 0 || strcmp(v, "false") == 0))
            return "off";
        return v;
    }
    for (int i = 0; i < 2 && k->kind == KEY_CHOICE && cJSON_IsBool(node); i++)
        if (is_choice(k->choices, spelled[cJSON_IsTrue(node)][i]))
            return spelled[cJSON_IsTrue(node)][i];
    if (cJSON_IsBool(node) && strcmp(k->name, "health") == 0)   /* a switch, or a path */
        return cJSON_IsTrue(node) ? "yes" : "no";
    return NULL;
}

static dd_code set_text(dd_config_reader *r, const dd_config_key *k, const cJSON *node, void *member)
{
    const char *text = plain_text(k, node);
    if (!text) {
        dd_code rc = dd_config_fail(r, node, "text is needed for", k->name);
        dd_hint(r->err, cJSON_IsNumber(node) || cJSON_IsBool(node) ? "Put it into quotes." : "One value stands there, not a list and no keys.");
        return rc;
    }
    if (k->kind == KEY_CHOICE && !is_choice(k->choices, text)) {
        dd_config_fail(r, node, "no such choice for", k->name);
        dd_hint(r->err, "One of: %s.", k->choices);
        return DD_ERR_PARSE;
    }
    *(const char **)member = dd_config_text(r, text, k->kind == KEY_PATH);
    return DD_OK;
}

dd_code dd_config_set(dd_config_reader *r, const dd_config_key *k, const cJSON *node, void *base)
{
    void *member = (char *)base + k->offset;
    switch (k->kind) {
    case KEY_LIST: return set_list(r, k, node, member);
    case KEY_MAP: return set_map(r, k, node, base);
    case KEY_SECRETS: return set_secrets(r, node, base);
    case KEY_STEPS: return dd_config_set_steps(r, k, node, member);
    case KEY_WORD: return dd_config_set_word(r, k, node, member);
    case KEY_WORDS: return dd_config_set_words(r, k, node, member);
    case KEY_POLICY: return DD_OK;   /* read when all of the file is known */
    case KEY_KEYS:
        return cJSON_IsObject(node) ? dd_config_read_keys(r, k->choices, node, member) : dd_config_fail(r, node, "keys are needed under", k->name);
    case KEY_TEXT:
    case KEY_PATH:
    case KEY_CHOICE: return set_text(r, k, node, member);
    default: return dd_config_set_amount(r, k, node, base);
    }
}

static const dd_config_key *find_key(const char *section, const char *name)
{
    for (size_t i = 0; i < dd_config_keys_count; i++)
        if (strcmp(dd_config_keys[i].section, section) == 0 && strcmp(dd_config_keys[i].name, name) == 0)
            return &dd_config_keys[i];
    return NULL;
}

dd_code dd_config_read_keys(dd_config_reader *r, const char *section, const cJSON *mapping, void *base)
{
    const cJSON *node;
    cJSON_ArrayForEach(node, mapping) {
        const dd_config_key *k  = find_key(section, node->string);
        dd_code              rc = !k ? unrecognized(r, node, section) : cJSON_IsNull(node) ? DD_OK : dd_config_set(r, k, node, base);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

/* --- sections --- */

dd_code dd_config_end_provider(dd_config_reader *r, const cJSON *node, void *entry)
{
    const dd_config_provider *p = entry;
    if (strchr(p->name, '/') || !*p->name)
        return dd_config_fail(r, node, "a provider's name has no slash:", p->name);
    if (p->cost > 0)
        return dd_config_fail(r, node, "cost can only be 0 (other prices come from prices.override) for provider", p->name);
    return DD_OK;
}

static dd_code read_entry(dd_config_reader *r, const dd_config_section *s, const cJSON *node, void *entry)
{
    dd_code     rc    = DD_OK;
    const char *label = s->shape == SECTION_NAMED ? node->string : s->name;
    memcpy(entry, s->initial, s->size);
    if (s->shape == SECTION_NAMED)
        *(const char **)entry = dd_config_text(r, node->string, false);   /* the name is every entry's first member */
    if (s->brief && (cJSON_IsString(node) || cJSON_IsArray(node)))
        rc = dd_config_set(r, find_key(s->name, s->brief), node, entry);
    else if (cJSON_IsObject(node))
        rc = dd_config_read_keys(r, s->name, node, entry);
    else if (!cJSON_IsNull(node) || s->shape == SECTION_LIST)
        rc = dd_config_fail(r, node, "keys are needed under", label);
    return rc == DD_OK ? s->finish(r, node, entry) : rc;
}

static dd_code read_entries(dd_config_reader *r, const dd_config_section *s, const cJSON *section)
{
    const cJSON *node;
    bool         fits = s->shape == SECTION_NAMED ? cJSON_IsObject(section) : cJSON_IsArray(section);
    if (!fits)
        return dd_config_fail(r, section, s->shape == SECTION_NAMED ? "names are needed under" : "a list is needed under", section->string);
    char   *list = dd_arena_zalloc(&r->config->arena, s->size * ((size_t)cJSON_GetArraySize(section) + 1));
    size_t *n    = (size_t *)((char *)r->config + s->count);
    *(void **)((char *)r->config + s->list) = list;
    *n = 0;
    cJSON_ArrayForEach(node, section) {
        dd_code rc = read_entry(r, s, node, list + s->size * *n);
        if (rc != DD_OK)
            return rc;
        (*n)++;
    }
    return DD_OK;
}

static dd_code read_section(dd_config_reader *r, const cJSON *section)
{
    const dd_config_key     *k = find_key("", section->string);
    const dd_config_section *s = dd_config_section_find(section->string);
    if (!k && (!s || s->shape == SECTION_PART))
        return unrecognized(r, section, "");
    if (strcmp(section->string, "health") == 0)
        r->config->health.there = true;
    if (cJSON_IsNull(section))
        return DD_OK;
    if (k)
        return dd_config_set(r, k, section, r->config);
    if (s->shape != SECTION_KEYS)
        return read_entries(r, s, section);
    if (!cJSON_IsObject(section))
        return dd_config_fail(r, section, "keys are needed under", section->string);
    return dd_config_read_keys(r, s->name, section, r->config);
}

static dd_code read_text(dd_config_reader *r, dd_str text)
{
    r->yaml = dd_yaml_parse(text, r->what, r->err);
    if (!r->yaml)
        return r->err ? r->err->code : DD_ERR_PARSE;
    const cJSON *root = dd_yaml_root(r->yaml), *section;
    dd_code      rc   = DD_OK;
    if (!cJSON_IsObject(root))
        rc = dd_fail(r->err, DD_ERR_PARSE, "%s: sections such as \"scan:\" are needed at the top", r->what);
    else
        r->config->places = dd_newn(&r->config->arena, struct dd_config_place, (size_t)cJSON_GetArraySize(root) + 1);
    cJSON_ArrayForEach(section, root) {
        if (rc == DD_OK && section->string) {
            const char *name                         = dd_config_text(r, section->string, false);
            r->config->places[r->config->n_places++] = (struct dd_config_place){ name, dd_config_line(r, section) };
            rc = read_section(r, section);
        }
    }
    bool policy = cJSON_GetObjectItemCaseSensitive(root, "routing_policy") || cJSON_GetObjectItemCaseSensitive(root, "fallback_chain");
    if (rc == DD_OK && policy)
        rc = dd_config_read_policy(r, root);
    dd_yaml_free(r->yaml);
    return rc;
}

dd_code dd_config_parse_more(dd_config_reader *r, dd_str text, const char *what)
{
    dd_config_reader        more   = { .config = r->config, .what = what, .dir = r->dir, .err = r->err };
    struct dd_config_place *places = r->config->places;
    size_t                  n      = r->config->n_places;
    r->config->n_places            = 0;
    dd_code rc                     = read_text(&more, text);
    r->config->places              = places;
    r->config->n_places            = n;
    return rc;
}

dd_code dd_config_parse(dd_config *c, dd_str text, const char *what, dd_err *err)
{
    dd_config_reader r = { .config = c, .what = what, .err = err };
    c->n_places        = 0;
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
    dd_config_init(c);
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
    dd_config_reader r  = { .config = c, .what = dd_buf_z(&what), .dir = { c->path, slash < 0 ? 0 : (size_t)slash + 1 }, .err = err };
    dd_code          rc = dd_file_read(c->path, &text, err);
    if (rc == DD_OK)
        rc = read_text(&r, dd_buf_str(&text));
    dd_buf_free(&found);
    dd_buf_free(&text);
    dd_buf_free(&what);
    return rc;
}

int dd_config_section_line(const dd_config *c, const char *section)
{
    for (size_t i = 0; i < c->n_places; i++)
        if (strcmp(c->places[i].section, section) == 0)
            return c->places[i].line;
    return 0;
}

void dd_config_fini(dd_config *c) { dd_arena_fini(&c->arena); }
