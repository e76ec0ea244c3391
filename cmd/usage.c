#include "cmd/usage.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/near.h"
#include "base/yaml.h"

typedef struct {
    dd_usage_file *file;
    dd_yaml       *yaml;
    const char    *what;
    dd_err        *err;
    DD_VEC(dd_usage_rule) rules;
} reader;

static dd_code fail_at(reader *r, const cJSON *node, const char *why, const char *name)
{
    return dd_fail(r->err, DD_ERR_PARSE, "%s, line %zu: %s \"%s\"", r->what, dd_yaml_line(r->yaml, node), why, name ? name : "");
}

static dd_code read_count(reader *r, const cJSON *node, int64_t *out)
{
    if (cJSON_IsNull(node))
        return DD_OK; /* left empty in the template */
    if (!cJSON_IsNumber(node) || node->valuedouble < 0 || node->valuedouble > 1e15 || node->valuedouble != floor(node->valuedouble))
        return fail_at(r, node, "a whole number is needed for", node->string);
    *out = (int64_t)node->valuedouble;
    return DD_OK;
}

/* {calls, tokens_in, tokens_out, model} of one rule. */
static dd_code read_rule(reader *r, const cJSON *entry, dd_usage_rule rule)
{
    static const struct { const char *name; size_t offset; } counts[] = {
        { "calls", offsetof(dd_usage_rule, calls) },
        { "tokens_in", offsetof(dd_usage_rule, tokens_in) },
        { "tokens_out", offsetof(dd_usage_rule, tokens_out) },
    };
    const cJSON *node;
    rule.calls = rule.tokens_in = rule.tokens_out = -1;
    if (cJSON_IsNull(entry))
        return DD_OK;
    if (!cJSON_IsObject(entry))
        return fail_at(r, entry, "calls, tokens_in, tokens_out or model are needed under", entry->string);
    cJSON_ArrayForEach(node, entry) {
        dd_code rc    = DD_OK;
        bool    known = false;
        for (size_t i = 0; i < DD_COUNT(counts); i++)
            if (strcmp(node->string, counts[i].name) == 0) {
                known = true;
                rc    = read_count(r, node, (int64_t *)((char *)&rule + counts[i].offset));
            }
        if (strcmp(node->string, "model") == 0) {
            known = true;
            if (cJSON_IsString(node))
                rule.model = dd_arena_dupz(&r->file->arena, node->valuestring);
            else if (!cJSON_IsNull(node))
                rc = fail_at(r, node, "text is needed for", node->string);
        }
        if (!known) {
            fail_at(r, node, "unrecognized key", node->string);
            dd_hint(r->err, "A rule holds calls, tokens_in, tokens_out and model.");
            rc = DD_ERR_PARSE;
        }
        if (rc != DD_OK)
            return rc;
    }
    dd_vec_push(&r->rules, rule);
    return DD_OK;
}

static dd_code unknown_id(reader *r, const cJSON *node, const dd_audit *audit)
{
    const dd_site *near = NULL;
    size_t         best = DD_NEAR_NONE;
    fail_at(r, node, "no call site has the id", node->string);
    for (size_t i = 0; i < audit->n_sites; i++) {
        size_t d = dd_near_distance(dd_str_z(node->string), audit->sites[i]->id);
        if (d < best) {
            best = d;
            near = audit->sites[i];
        }
    }
    if (near)
        dd_hint(r->err, "Did you mean " DD_STR_FMT " (" DD_STR_FMT ":%u)?", DD_STR_ARG(near->id), DD_STR_ARG(near->path), near->line);
    else
        dd_hint(r->err, "\"dd0c scan --sync-usage %s\" brings the file up to date and keeps your numbers.", r->file->path ? r->file->path : "FILE");
    return DD_ERR_PARSE;
}

static bool has_id(const dd_audit *audit, const char *id)
{
    for (size_t i = 0; i < audit->n_sites; i++)
        if (dd_str_eqz(audit->sites[i]->id, id))
            return true;
    return false;
}

static dd_code read_sites(reader *r, const cJSON *section, const dd_audit *audit)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, section) {
        if (audit && !has_id(audit, entry->string))
            return unknown_id(r, entry, audit);
        dd_usage_rule rule = { .id = dd_arena_dupz(&r->file->arena, entry->string), .context = -1 };
        dd_code       rc   = read_rule(r, entry, rule);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

static dd_code read_paths(reader *r, const cJSON *section)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, section) {
        dd_usage_rule rule = { .path_glob = dd_arena_dupz(&r->file->arena, entry->string), .context = -1 };
        dd_code       rc   = read_rule(r, entry, rule);
        if (rc != DD_OK)
            return rc;
    }
    return DD_OK;
}

static dd_code read_contexts(reader *r, const cJSON *section)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, section) {
        bool all = strcmp(entry->string, "all") == 0, known = all;
        for (int c = 0; c < DD_CTX_COUNT; c++) { /* "all" is one rule a context, so that a later one can be more exact */
            if (!all && strcmp(entry->string, dd_context_name((dd_context)c)) != 0)
                continue;
            dd_usage_rule rule = { .context = c };
            dd_code       rc   = read_rule(r, entry, rule);
            if (rc != DD_OK)
                return rc;
            known = true;
        }
        if (!known) {
            fail_at(r, entry, "unknown context", entry->string);
            dd_hint(r->err, "One of: all, production, script, test, example, notebook.");
            return DD_ERR_PARSE;
        }
    }
    return DD_OK;
}

static dd_code read_section(reader *r, const cJSON *section, const dd_audit *audit)
{
    const char *name = section->string;
    if (strcmp(name, "version") == 0)
        return cJSON_IsNumber(section) && section->valuedouble == 1 ? DD_OK : fail_at(r, section, "1 is the only known", name);
    if (strcmp(name, "preset") == 0) {
        if (cJSON_IsString(section))
            r->file->preset = dd_arena_dupz(&r->file->arena, section->valuestring).ptr;
        static const char *const presets[] = { "default", "small", "medium", "large" };
        for (size_t i = 0; r->file->preset && i < DD_COUNT(presets); i++)
            if (strcmp(r->file->preset, presets[i]) == 0)
                return DD_OK;
        fail_at(r, section, "no such choice for", name);
        dd_hint(r->err, "One of: default, small, medium, large.");
        return DD_ERR_PARSE;
    }
    bool sites = strcmp(name, "sites") == 0, paths = strcmp(name, "paths") == 0, contexts = strcmp(name, "contexts") == 0;
    if (!sites && !paths && !contexts) {
        fail_at(r, section, "unrecognized key", name);
        dd_hint(r->err, "The file holds version, preset, contexts, paths and sites.");
        return DD_ERR_PARSE;
    }
    if (cJSON_IsNull(section))
        return DD_OK;
    if (!cJSON_IsObject(section))
        return fail_at(r, section, "names and rules are needed under", name);
    return sites ? read_sites(r, section, audit) : paths ? read_paths(r, section) : read_contexts(r, section);
}

dd_code dd_usage_parse(dd_usage_file *u, dd_str text, const char *what, const dd_audit *audit, dd_err *err)
{
    reader r = { .file = u, .what = what, .err = err };
    r.yaml   = dd_yaml_parse(text, what, err);
    if (!r.yaml)
        return DD_ERR_PARSE;
    const cJSON *section, *root = dd_yaml_root(r.yaml);
    dd_code      rc = cJSON_IsObject(root) ? DD_OK : dd_fail(err, DD_ERR_PARSE, "%s: sections such as \"sites:\" are needed at the top", what);
    cJSON_ArrayForEach(section, root) {
        if (rc == DD_OK && section->string)
            rc = read_section(&r, section, audit);
    }
    u->rules   = dd_newn(&u->arena, dd_usage_rule, r.rules.n + 1);
    u->n_rules = r.rules.n;
    if (r.rules.n)
        memcpy(u->rules, r.rules.v, r.rules.n * sizeof *u->rules);
    dd_vec_free(&r.rules);
    dd_yaml_free(r.yaml);
    return rc;
}

dd_code dd_usage_load(dd_usage_file *u, const char *path, const dd_audit *audit, dd_err *err)
{
    dd_buf text = DD_BUF_INIT(16 << 20), what = DD_BUF_INIT(400);
    u->path     = path;
    dd_buf_printf(&what, "usage file \"%s\"", path);
    dd_code rc = dd_file_read(path, &text, err);
    if (rc == DD_OK)
        rc = dd_usage_parse(u, dd_buf_str(&text), dd_buf_z(&what), audit, err);
    else
        dd_hint(err, "\"dd0c scan --sync-usage %s\" writes a template.", path);
    dd_buf_free(&text);
    dd_buf_free(&what);
    return rc;
}

void dd_usage_fini(dd_usage_file *u) { dd_arena_fini(&u->arena); }

/* --- the template --- */

static void write_number(dd_buf *out, const char *name, int64_t n)
{
    if (n >= 0)
        dd_buf_printf(out, "    %s: %lld\n", name, (long long)n);
    else
        dd_buf_printf(out, "    %s:\n", name);
}

/* YAML double-quoted text: JSON's escapes are a subset of YAML's. */
static void write_quoted(dd_buf *out, dd_str s)
{
    dd_buf_addc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\')
            dd_buf_printf(out, "\\%c", c);
        else if (c < 0x20)
            dd_buf_printf(out, "\\x%02x", c);
        else
            dd_buf_addc(out, (char)c);
    }
    dd_buf_addc(out, '"');
}

static void write_rule(dd_buf *out, const dd_usage_rule *rule)
{
    write_number(out, "calls", rule ? rule->calls : -1);
    if (rule && rule->tokens_in >= 0)
        write_number(out, "tokens_in", rule->tokens_in);
    if (rule && rule->tokens_out >= 0)
        write_number(out, "tokens_out", rule->tokens_out);
    if (rule && rule->model.len) {
        dd_buf_addz(out, "    model: ");
        write_quoted(out, rule->model);
        dd_buf_addc(out, '\n');
    }
}

static void write_named(dd_buf *out, dd_str name, const dd_usage_rule *rule)
{
    dd_buf_addz(out, "  ");
    write_quoted(out, name);
    dd_buf_addz(out, ":\n");
    write_rule(out, rule);
}

static void write_general(dd_buf *out, const dd_usage_file *old)
{
    dd_buf_addz(out, "# How often each call runs in a month. Empty: the preset's assumption holds.\n"
                     "# A rule may hold calls, tokens_in, tokens_out (a call) and model (for calls whose model is only known at run time).\n"
                     "# The most specific rule wins: sites, then paths, then contexts.\nversion: 1\n");
    dd_buf_printf(out, "preset: %s\n\ncontexts:\n", old->preset ? old->preset : "default");
    for (size_t i = 0; i < old->n_rules; i++)
        if (!old->rules[i].id.len && !old->rules[i].path_glob.len)
            write_named(out, dd_str_z(dd_context_name((dd_context)old->rules[i].context)), &old->rules[i]);
    dd_buf_addz(out, "\npaths:\n");
    for (size_t i = 0; i < old->n_rules; i++)
        if (old->rules[i].path_glob.len)
            write_named(out, old->rules[i].path_glob, &old->rules[i]);
}

static const dd_usage_rule *rule_of(const dd_usage_file *old, dd_str id)
{
    for (size_t i = 0; i < old->n_rules; i++)
        if (old->rules[i].id.len && dd_str_eq(old->rules[i].id, id))
            return &old->rules[i];
    return NULL;
}

static bool is_there(const dd_audit *audit, dd_str id)
{
    for (size_t i = 0; i < audit->n_sites; i++)
        if (dd_str_eq(audit->sites[i]->id, id))
            return true;
    return false;
}

static void write_sites(dd_buf *out, const dd_usage_file *old, const dd_audit *audit)
{
    dd_buf_addz(out, "\nsites:\n");
    for (size_t i = 0; i < audit->n_sites; i++) {
        const dd_site *s = audit->sites[i];
        dd_buf comment   = DD_BUF_INIT(0);
        dd_buf_printf(&comment, DD_STR_FMT ":%u " DD_STR_FMT " " DD_STR_FMT, DD_STR_ARG(s->path), s->line, DD_STR_ARG(s->api),
                      DD_STR_ARG(s->model.ptr ? s->model : DD_STR("(model known at run time)")));
        dd_buf_addz(out, "  # ");
        dd_buf_add_line(out, dd_buf_str(&comment));      /* a file name may hold a line break, even one that only YAML knows */
        dd_buf_addc(out, '\n');
        dd_buf_free(&comment);
        write_named(out, s->id, rule_of(old, s->id));
    }
    for (size_t i = 0; i < old->n_rules; i++) {
        const dd_usage_rule *r = &old->rules[i];
        if (!r->id.len || is_there(audit, r->id))
            continue;
        dd_buf_addz(out, "  # gone: ");
        dd_buf_add_line(out, r->id);
        dd_buf_printf(out, " calls %lld tokens_in %lld tokens_out %lld model ", (long long)r->calls, (long long)r->tokens_in, (long long)r->tokens_out);
        dd_buf_add_line(out, r->model);
        dd_buf_addc(out, '\n');
    }
}

dd_code dd_usage_sync(const char *path, const dd_audit *audit, dd_err *err)
{
    dd_usage_file old = { 0 };
    dd_buf        out = DD_BUF_INIT(0);
    dd_code       rc  = dd_file_exists(path) ? dd_usage_load(&old, path, NULL, err) : DD_OK;
    if (rc == DD_OK) {
        write_general(&out, &old);
        write_sites(&out, &old, audit);
        rc = dd_file_replace(path, dd_buf_str(&out), 0644, err);
    }
    dd_buf_free(&out);
    dd_usage_fini(&old);
    return rc;
}
