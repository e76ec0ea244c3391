#include "cmd/render.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

typedef struct { const dd_report_format *format; const char *file; /* NULL: standard output */ } job;
typedef struct { job v[32]; size_t n; } plan;

static const dd_report_format *by_ending(const char *file)
{
    static const struct { const char *ending, *format; } others[] = {
        { ".txt", "text" }, { ".ndjson", "jsonl" }, { ".md", "markdown" }, { ".htm", "html" }, { ".sarif.json", "sarif" },
    };
    for (size_t i = 0; i < DD_COUNT(others); i++)
        if (dd_str_endsz(dd_str_z(file), others[i].ending))
            return dd_report_find(others[i].format);
    const char *dot = strrchr(file, '.');
    return dot ? dd_report_find(dot + 1) : NULL;
}

static dd_code add(plan *p, const dd_report_format *format, const char *file, dd_err *err)
{
    if (p->n == DD_COUNT(p->v))
        return dd_fail(err, DD_ERR_USAGE, "too many outputs");
    for (size_t i = 0; i < p->n; i++)
        if (file && p->v[i].file && strcmp(p->v[i].file, file) == 0)
            return dd_fail(err, DD_ERR_USAGE, "file \"%s\" is named twice", file);
    p->v[p->n++] = (job){ format, file };
    return DD_OK;
}

/* Takes the first unused format that fits `want` (NULL: any). */
static const dd_report_format *take(const dd_render_args *args, bool *used, const dd_report_format *want)
{
    for (size_t i = 0; i < args->formats.n; i++) {
        const dd_report_format *f = dd_report_find(args->formats.v[i]);
        if (!used[i] && f && (!want || f == want)) {
            used[i] = true;
            return f;
        }
    }
    return NULL;
}

/* Which format goes where: a file's ending first, then formats in order where the counts agree; what is left over goes to standard output. */
static dd_code make_plan(const dd_render_args *args, plan *p, dd_err *err)
{
    bool used[64] = { false };
    if (args->formats.n > DD_COUNT(used))
        return dd_fail(err, DD_ERR_USAGE, "too many formats");
    for (size_t i = 0; i < args->outputs.n; i++) {
        const char             *file = args->outputs.v[i];
        const dd_report_format *own  = by_ending(file), *f = own ? take(args, used, own) : NULL;
        if (!f && (!own || args->formats.n == args->outputs.n))
            f = take(args, used, NULL);
        if (!f)
            f = own;
        if (!f) {
            dd_fail(err, DD_ERR_USAGE, "file \"%s\" has no ending that names a format", file);
            dd_hint(err, "Give the format with --format, or use .json, .jsonl, .md, .sarif, .csv, .html or .txt.");
            return DD_ERR_USAGE;
        }
        dd_code rc = add(p, f, file, err);
        if (rc != DD_OK)
            return rc;
    }
    const dd_report_format *out = take(args, used, NULL);
    if (out && take(args, used, NULL)) {
        dd_fail(err, DD_ERR_USAGE, "more than one format would go to standard output");
        dd_hint(err, "Give each of the others a file: -f json -o audit.json.");
        return DD_ERR_USAGE;
    }
    if (out || args->outputs.n == 0)
        return add(p, out ? out : dd_report_find("text"), NULL, err);
    return DD_OK;
}

dd_code dd_render_check(const dd_render_args *args, dd_err *err)
{
    plan p = { .n = 0 };
    if (args->width && (args->width < 30 || args->width > 1000))
        return dd_fail(err, DD_ERR_USAGE, "option \"--width\" takes 30 to 1000 columns");
    return make_plan(args, &p, err);
}

/* The variable's text, "" when it is not set. */
static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v ? v : "";
}

/* https://no-color.org and CLICOLOR_FORCE of https://bixense.com/clicolors, read 2026-11-20. */
static dd_color colors(const char *when)
{
    const char *term = env("TERM"), *truecolor = env("COLORTERM");
    bool        on = strcmp(when, "always") == 0;
    if (strcmp(when, "never") == 0)
        return DD_COLOR_NONE;
    if (!on && *env("NO_COLOR"))
        return DD_COLOR_NONE;
    if (!on && *env("CLICOLOR_FORCE") && strcmp(env("CLICOLOR_FORCE"), "0") != 0)
        on = true;
    if (!on && (!isatty(STDOUT_FILENO) || strcmp(term, "dumb") == 0))
        return DD_COLOR_NONE;
    if (strcmp(truecolor, "truecolor") == 0 || strcmp(truecolor, "24bit") == 0)
        return DD_COLOR_TRUE;
    return strstr(term, "256color") ? DD_COLOR_256 : DD_COLOR_16;
}

static bool utf8_locale(void)
{
    setlocale(LC_CTYPE, "");
    const char *codeset = nl_langinfo(CODESET);
    if (strcasecmp(codeset, "UTF-8") == 0 || strcasecmp(codeset, "UTF8") == 0)
        return true;
    return !isatty(STDOUT_FILENO) && !*env("LC_ALL"); /* a CI log without a locale shows UTF-8 as a rule */
}

dd_report_opts dd_render_opts(const dd_render_args *args, dd_str root_abs)
{
    bool           tty = isatty(STDOUT_FILENO);
    dd_report_opts o   = {
          .width       = args->width ? (int)args->width : (int)dd_cmd_width(),
          .color       = colors(args->color),
          .ascii       = args->ascii || !utf8_locale(),
          .links       = tty && !*env("DD0C_NO_LINKS") && strcmp(env("TERM"), "dumb") != 0,
          .verbose     = args->verbose,
          .top         = (int)args->top,
          .show_source = args->show_source,
          .cwd_abs     = root_abs,
          .version     = DD_STR(DD_VERSION),
    };
    if (o.width > 160 && !args->width)
        o.width = 160;
    return o;
}

dd_code dd_render(const dd_cmd *cmd, const dd_audit *audit, const dd_render_args *args, dd_str root_abs, dd_err *err)
{
    plan    p  = { .n = 0 };
    dd_code rc = make_plan(args, &p, err);
    for (size_t i = 0; rc == DD_OK && i < p.n; i++) {
        dd_report_opts opts = dd_render_opts(args, root_abs);
        dd_buf         out  = DD_BUF_INIT(0);
        if (p.v[i].file) {
            opts.color = DD_COLOR_NONE;
            opts.links = false;
        }
        rc = p.v[i].format->write(audit, &opts, &out, err);
        if (rc == DD_OK)
            rc = p.v[i].file ? dd_file_replace(p.v[i].file, dd_buf_str(&out), 0644, err) : dd_cmd_print(dd_buf_str(&out), err);
        if (rc == DD_OK && p.v[i].file && !args->quiet)
            fprintf(stderr, "dd0c %s: wrote %s (%s)\n", cmd->name, p.v[i].file, p.v[i].format->name);
        dd_buf_free(&out);
    }
    return rc;
}
