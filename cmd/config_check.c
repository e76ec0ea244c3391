/* cmd/config_check.c - `dd0c config check` and `dd0c config schema`. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/config_parts.h"
#include "cmd/policy.h"
#include "cmd/route_lint.h"
#include "cmd/serve.h"
#include "cmd/snapshot.h"

/* --- the schema --- */

static void words(dd_json *j, const char *choices)
{
    dd_json_key(j, "enum");
    dd_json_open(j, '[');
    for (dd_str rest = dd_str_z(choices); rest.len;)
        dd_json_str(j, dd_str_cut(&rest, '|'));
    dd_json_close(j, ']');
}

static void properties(const char *section, dd_json *j);

#define TEXT_OR_NUMBER "[\"string\", \"number\"]"
/* The JSON types of each kind. */
static const char *const types[] = {
    [KEY_TEXT] = "\"string\"", [KEY_PATH] = "\"string\"", [KEY_LIST] = "\"array\"", [KEY_INT] = "\"integer\"", [KEY_SIZE] = TEXT_OR_NUMBER,
    [KEY_USD] = TEXT_OR_NUMBER, [KEY_DURATION] = TEXT_OR_NUMBER, [KEY_CHOICE] = "\"string\"", [KEY_MAP] = "\"object\"", [KEY_SECRETS] = "\"array\"",
    [KEY_SWITCH] = "[\"boolean\", \"string\"]", [KEY_SHARE] = TEXT_OR_NUMBER, [KEY_NUMBER] = "\"number\"", [KEY_WORD] = "\"string\"",
    [KEY_WORDS] = "[\"array\", \"string\", \"integer\"]", [KEY_STEPS] = "[\"array\", \"string\", \"object\"]", [KEY_SPAN] = TEXT_OR_NUMBER,
    [KEY_RATE] = TEXT_OR_NUMBER, [KEY_LIMIT] = TEXT_OR_NUMBER, [KEY_EXCEED] = "\"string\"", [KEY_KEYS] = "\"object\"",
        [KEY_POLICY] = "[\"object\", \"array\"]",
};

static void steps(dd_json *j)
{
    dd_json_key(j, "items");
    dd_json_open(j, '{');
    dd_json_key(j, "type");
    dd_json_raw(j, DD_STR("[\"string\", \"object\"]"));
    properties("step", j);
    dd_json_close(j, '}');
}

static void details(const dd_config_key *k, dd_json *j)
{
    switch (k->kind) {
    case KEY_INT:
    case KEY_NUMBER:
        dd_json_key(j, "minimum");
        dd_json_i64(j, 0);
        break;
    case KEY_LIST:
    case KEY_MAP:
        dd_json_key(j, k->kind == KEY_LIST ? "items" : "additionalProperties");
        dd_json_raw(j, DD_STR("{\"type\": \"string\"}"));
        break;
    case KEY_SECRETS:
        dd_json_key(j, "items");
        dd_json_raw(j, DD_STR("{\"type\": [\"string\", \"object\"], \"properties\": {\"value\": {\"type\": \"string\"}, "
                              "\"weight\": {\"type\": \"integer\", \"minimum\": 0}}, \"required\": [\"value\"], \"additionalProperties\": false}"));
        break;
    case KEY_WORDS:
        dd_json_key(j, "items");
        dd_json_raw(j, DD_STR("{\"type\": [\"string\", \"integer\"]}"));
        dd_json_key(j, "examples");
        dd_json_open(j, '[');
        for (dd_str rest = dd_str_z(k->choices); rest.len;)
            dd_json_str(j, dd_str_cut(&rest, '|'));
        dd_json_close(j, ']');
        break;
    case KEY_CHOICE:
    case KEY_WORD: words(j, k->choices); break;
    case KEY_STEPS: steps(j); break;
    case KEY_KEYS: properties(k->choices, j); break;
    default: break;
    }
}

static void one_key(const dd_config_key *k, dd_json *j)
{
    dd_json_key(j, k->name);
    dd_json_open(j, '{');
    dd_json_key(j, "description");
    dd_json_strz(j, k->help);
    dd_json_key(j, "type");
    bool off = k->kind == KEY_CHOICE && strstr(k->choices, "off") != NULL;
    dd_json_raw(j, off ? DD_STR("[\"string\", \"boolean\"]") : dd_str_z(types[k->kind]));
    if (off) {
        dd_json_key(j, "enum");
        dd_json_open(j, '[');
        for (dd_str rest = dd_str_z(k->choices); rest.len;)
            dd_json_str(j, dd_str_cut(&rest, '|'));
        dd_json_bool(j, false);
        dd_json_close(j, ']');
    } else {
        details(k, j);
    }
    dd_json_close(j, '}');
}

static void properties(const char *section, dd_json *j)
{
    dd_json_key(j, "additionalProperties");
    dd_json_bool(j, false);
    dd_json_key(j, "properties");
    dd_json_open(j, '{');
    for (size_t i = 0; i < dd_config_keys_count; i++)
        if (strcmp(dd_config_keys[i].section, section) == 0)
            one_key(&dd_config_keys[i], j);
    dd_json_close(j, '}');
}

/* Those whose entries have names of the user's, or are a list, describe the entry. */
static void one_section(const dd_config_section *s, dd_json *j)
{
    dd_json_key(j, s->name);
    if (s->shape == SECTION_KEYS) {
        dd_json_open(j, '{');
        dd_json_key(j, "description");
        dd_json_strz(j, s->help);
        dd_json_key(j, "type");
        dd_json_raw(j, DD_STR("[\"object\", \"null\"]"));
        properties(s->name, j);
        dd_json_close(j, '}');
        return;
    }
    dd_json_open(j, '{');
    dd_json_key(j, "description");
    dd_json_strz(j, s->help);
    dd_json_key(j, "type");
    dd_json_strz(j, s->shape == SECTION_LIST ? "array" : "object");
    dd_json_key(j, s->shape == SECTION_LIST ? "items" : "additionalProperties");
    dd_json_open(j, '{');
    dd_json_key(j, "type");
    const char *entry = s->shape == SECTION_LIST ? "\"object\"" : s->brief ? "[\"object\", \"array\", \"string\"]" : "[\"object\", \"null\"]";
    dd_json_raw(j, dd_str_z(entry));
    properties(s->name, j);
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
    for (size_t i = 0; i < dd_config_keys_count && !dd_config_keys[i].section[0]; i++)
        one_key(&dd_config_keys[i], &j);
    for (size_t i = 0; i < dd_config_sections_count; i++)
        if (dd_config_sections[i].shape != SECTION_PART)
            one_section(&dd_config_sections[i], &j);
    dd_json_close(&j, '}');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

const dd_opt dd_config_opts[] = { DD_OPT_END };

dd_code dd_cmd_config_schema(const dd_cmd *self, int argc, char **argv, int *status, dd_err *err)
{
    char unused;
    int  n;
    bool done;
    (void)status;
    dd_code rc = dd_cmd_args(self, argc, argv, &unused, &n, &done, err);
    if (rc != DD_OK || done)
        return rc;
    dd_buf out = DD_BUF_INIT(0);
    dd_config_schema(&out);
    rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

/* --- the check --- */

static void say(const dd_cmd *cmd, const char *path, const dd_lint_note *n)
{
    dd_buf where = DD_BUF_INIT(4096);
    dd_buf_printf(&where, "config \"%s\"", path);
    if (n->line > 0)
        dd_buf_printf(&where, ", line %d", n->line);
    if (n->severity == DD_LINT_WARNING)
        dd_cmd_warn(cmd, "%s: " DD_STR_FMT, dd_buf_z(&where), DD_STR_ARG(n->message));
    else
        fprintf(stderr, "dd0c %s: %s: " DD_STR_FMT "\n", cmd->name, dd_buf_z(&where), DD_STR_ARG(n->message));
    if (n->hint.len)
        fprintf(stderr, "hint: " DD_STR_FMT "\n", DD_STR_ARG(n->hint));
    dd_buf_free(&where);
}

/* Warnings are said; so are errors but the last, which is returned. */
static dd_code lint(const dd_cmd *cmd, const dd_config *c, const dd_snapshot *s, dd_err *err)
{
    dd_lint             notes = { 0 };
    const dd_lint_note *last  = NULL;
    dd_code             rc    = dd_route_lint(c, s, &notes);
    for (size_t i = 0; i < notes.n; i++) {
        const dd_lint_note *now = &notes.v[i];
        if (now->severity == DD_LINT_ERROR) {
            now  = last;
            last = &notes.v[i];
        }
        if (now)
            say(cmd, c->path, now);
    }
    if (rc == DD_OK && last) {
        rc = dd_fail(err, DD_ERR_PARSE, "config \"%s\", line %d: " DD_STR_FMT, c->path, last->line, DD_STR_ARG(last->message));
        if (last->hint.len)
            dd_hint(err, DD_STR_FMT, DD_STR_ARG(last->hint));
    }
    dd_lint_fini(&notes);
    return rc;
}

/* policy.json, where it is one of this machine: a proxy that starts here reads it. */
static dd_code check_policy(const dd_config *c, const dd_snapshot *s, dd_err *err)
{
    dd_policy_file file;
    dd_buf         path  = DD_BUF_INIT(4200);
    dd_arena       a     = DD_ARENA_INIT;
    dd_str        *names = dd_newn(&a, dd_str, s->policy.n_providers + 1);
    for (size_t i = 0; i < s->policy.n_providers; i++)
        names[i] = s->policy.providers[i].name;
    dd_policy_path(c, &path);
    dd_code rc = dd_policy_read(dd_buf_z(&path), &file, err);
    if (rc == DD_OK)
        rc = dd_policy_check(dd_buf_z(&path), &file, names, s->policy.n_providers, err);
    dd_buf_free(&path);
    dd_arena_fini(&a);
    return rc;
}

/* What the proxy would find when it starts, too. What only its environment can supply is a warning: it may start elsewhere. */
static dd_code check_all(const dd_cmd *cmd, const dd_config *c, dd_err *err)
{
    dd_buf       missing = DD_BUF_INIT(64 << 10), out = DD_BUF_INIT(0);
    dd_code      rc      = dd_serve_check(c, err);
    dd_snapshot *s       = rc == DD_OK ? dd_snapshot_draft(c, &missing, err) : NULL;
    if (rc == DD_OK)
        rc = s ? lint(cmd, c, s, err) : err->code;
    if (rc == DD_OK && s)
        rc = check_policy(c, s, err);
    dd_snapshot_drop(s);
    if (rc != DD_OK) {
        if (!dd_str_startsz(dd_str_z(err->msg), "config \"") && !dd_str_startsz(dd_str_z(err->msg), "policy \""))
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
    int       n;
    bool      done;
    dd_config config;
    (void)status;
    dd_code rc = dd_cmd_args(self, argc, argv, &unused, &n, &done, err);
    if (rc != DD_OK || done)
        return rc;
    rc = dd_config_load(&config, n ? argv[1] : NULL, err);
    if (rc == DD_OK && !config.path) {
        rc = dd_fail(err, DD_ERR_NOT_FOUND, "there is no dd0c.yaml here and none in the configuration folder");
        dd_hint(err, "Name a file: dd0c config check FILE.");
    } else if (rc == DD_OK) {
        rc = check_all(self, &config, err);
    }
    dd_config_fini(&config);
    return rc;
}
