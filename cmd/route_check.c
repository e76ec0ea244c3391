/* cmd/route_check.c - dd0c route check: what is wrong or doubtful in the rules of a configuration. */
#include <string.h>

#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/route_lint.h"
#include "cmd/snapshot.h"
#include "route/plan.h"

typedef struct { const char *config, *format; } check_args;

const dd_opt dd_route_check_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'c', "config", check_args, config, "file", "configuration (./dd0c.yaml)"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", check_args, format, "text|json", "print text (default) or JSON"),
    DD_OPT_END
};

typedef struct {
    dd_lint      lint;
    dd_snapshot *s;
    const char  *path;
    size_t       errors, warnings;
} result;

static void add(result *r, int line, dd_lint_severity severity, dd_str message, dd_str hint)
{
    dd_lint_note n = { line, severity, dd_arena_dup(&r->lint.arena, message), dd_arena_dup(&r->lint.arena, hint) };
    dd_avec_push(&r->lint.arena, &r->lint, n);
}

/* A step that stands in its chain before is never come to. */
static void check_chain(result *r, const char *kind, dd_str name, const char *what, int line, const dd_route_step *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (dd_str_eq(v[i].model, v[k].model)) {
                dd_str m = dd_arena_printf(&r->lint.arena, "%s" DD_STR_FMT "%s%s has \"" DD_STR_FMT "\" twice", kind, DD_STR_ARG(name),
                                           *kind ? "\": " : "", what, DD_STR_ARG(v[i].model));
                add(r, line, DD_LINT_WARNING, m, DD_STR("No model is asked twice by one chain; the second one does nothing."));
                break;
            }
}

static void check_chains(result *r)
{
    const dd_policy *p = &r->s->policy;
    for (size_t i = 0; i < p->n_routes; i++) {
        check_chain(r, "route \"", p->routes[i].name, "from", p->routes[i].line, p->routes[i].from, p->routes[i].n_from);
        check_chain(r, "route \"", p->routes[i].name, "fallback", p->routes[i].line, p->routes[i].fallback, p->routes[i].n_fallback);
    }
    for (size_t i = 0; i < p->n_aliases; i++)
        check_chain(r, "model \"", p->aliases[i].name, "targets", 0, p->aliases[i].targets, p->aliases[i].n);
    check_chain(r, "", DD_STR(""), "fallback", 0, p->fallback, p->n_fallback);
}

static void count(result *r)
{
    for (size_t i = 0; i < r->lint.n; i++) {
        r->errors += r->lint.v[i].severity == DD_LINT_ERROR;
        r->warnings += r->lint.v[i].severity == DD_LINT_WARNING;
    }
}

/* A configuration that does not load is what is checked for, not a failure of the check. */
static dd_code check(result *r, dd_config *config, dd_err *err)
{
    dd_buf  missing = DD_BUF_INIT(64 << 10);
    dd_err  wrong   = DD_ERR_INIT;
    dd_code rc      = DD_OK;
    r->s = dd_snapshot_draft(config, &missing, &wrong);
    if (!r->s)
        add(r, 0, DD_LINT_ERROR, dd_str_z(wrong.msg), dd_str_z(wrong.hint));
    else if ((rc = dd_route_lint(config, r->s, &r->lint)) == DD_OK)
        check_chains(r);
    dd_buf_free(&missing);
    (void)err;
    return rc;
}

/* --- printing --- */

static const char *severity(const dd_lint_note *n) { return n->severity == DD_LINT_ERROR ? "error" : "warning"; }

static void put_text(const result *r, dd_buf *out)
{
    for (size_t i = 0; i < r->lint.n; i++) {
        const dd_lint_note *n = &r->lint.v[i];
        if (n->line > 0)
            dd_buf_printf(out, "%s:%d: ", r->path, n->line);
        else if (!dd_str_startsz(n->message, "config \""))
            dd_buf_printf(out, "%s: ", r->path);
        dd_buf_printf(out, "%s: ", severity(n));
        dd_buf_add_line(out, n->message);
        dd_buf_addc(out, '\n');
        if (n->hint.len)
            dd_buf_printf(out, "    " DD_STR_FMT "\n", DD_STR_ARG(n->hint));
    }
    size_t routes = r->s ? r->s->policy.n_routes : 0;
    if (!r->lint.n)
        dd_buf_printf(out, "%s: %zu route%s, nothing wrong\n", r->path, routes, routes == 1 ? "" : "s");
    else
        dd_buf_printf(out, "%zu error%s, %zu warning%s\n", r->errors, r->errors == 1 ? "" : "s", r->warnings, r->warnings == 1 ? "" : "s");
}

static void put_json(const result *r, dd_buf *out)
{
    dd_json j = DD_JSON_INIT(out, 1);
    dd_json_open(&j, '{');
    dd_json_key(&j, "schema");
    dd_json_strz(&j, "dd0c.route-check/1");
    dd_json_key(&j, "config");
    dd_json_strz(&j, r->path);
    dd_json_key(&j, "routes");
    dd_json_i64(&j, r->s ? (int64_t)r->s->policy.n_routes : 0);
    dd_json_key(&j, "errors");
    dd_json_i64(&j, (int64_t)r->errors);
    dd_json_key(&j, "warnings");
    dd_json_i64(&j, (int64_t)r->warnings);
    dd_json_key(&j, "findings");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < r->lint.n; i++) {
        const dd_lint_note *n = &r->lint.v[i];
        dd_json_open(&j, '{');
        dd_json_key(&j, "severity");
        dd_json_strz(&j, severity(n));
        dd_json_key(&j, "line");
        if (n->line > 0)
            dd_json_i64(&j, n->line);
        else
            dd_json_null(&j);
        dd_json_key(&j, "message");
        dd_json_str(&j, n->message);
        dd_json_key(&j, "hint");
        if (n->hint.len)
            dd_json_str(&j, n->hint);
        else
            dd_json_null(&j);
        dd_json_close(&j, '}');
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    dd_buf_addc(out, '\n');
}

dd_code dd_cmd_route_check(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    check_args args = { 0 };
    dd_config  config;
    result     r   = { 0 };
    dd_buf     out = DD_BUF_INIT(0);
    dd_err     bad = DD_ERR_INIT;
    int        words;
    bool       done;
    dd_code    rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if (words > 1)
        return dd_fail(err, DD_ERR_USAGE, "one file is enough, \"%s\" is one too many", argv[2]);
    const char *path = words ? argv[1] : args.config;
    dd_code     read = dd_config_load(&config, path, &bad);
    r.path           = config.path ? config.path : path ? path : "dd0c.yaml";
    if (read == DD_OK && !config.path)
        rc = dd_fail(err, DD_ERR_NOT_FOUND, "there is no dd0c.yaml here and none in the configuration folder");
    else if (read == DD_ERR_IO || read == DD_ERR_NOT_FOUND)
        rc = (*err = bad).code;
    else if (read != DD_OK)
        add(&r, 0, DD_LINT_ERROR, dd_str_z(bad.msg), dd_str_z(bad.hint));
    else
        rc = check(&r, &config, err);
    if (rc == DD_OK) {
        count(&r);
        (args.format && strcmp(args.format, "json") == 0 ? put_json : put_text)(&r, &out);
        rc      = dd_cmd_print(dd_buf_str(&out), err);
        *status = r.errors ? DD_EXIT_GATE : DD_EXIT_DONE;
    }
    dd_buf_free(&out);
    if (r.s)
        dd_snapshot_drop(r.s);
    dd_lint_fini(&r.lint);
    dd_config_fini(&config);
    return rc;
}
