/* cmd/report.c - dd0c report FILE.json: a saved scan in another format. */
#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/render.h"

typedef struct {
    dd_render_args render;
    const char    *explain;
} report_args;

const dd_opt dd_report_opts_table[] = {
    DD_RENDER_OPTS(report_args),
    DD_OPT(DD_OPT_TEXT, 0, "explain", report_args, explain, "id", "print how one site's model, tokens and price were found"),
    DD_OPT_END
};

static dd_code render(const dd_cmd *cmd, const report_args *args, const dd_audit *audit, dd_err *err)
{
    if (!args->explain)
        return dd_render(cmd, audit, &args->render, DD_STR(""), err);
    dd_report_opts opts = dd_render_opts(&args->render, DD_STR(""));
    dd_buf         out  = DD_BUF_INIT(0);
    dd_code        rc   = dd_report_explain(audit, dd_str_z(args->explain), &opts, &out, err);
    if (rc == DD_OK)
        rc = dd_cmd_print(dd_buf_str(&out), err);
    dd_buf_free(&out);
    return rc;
}

static dd_code read_and_render(const dd_cmd *cmd, const report_args *args, const char *file, dd_err *err)
{
    dd_buf   text  = DD_BUF_INIT((size_t)1 << 30);
    dd_audit audit = { 0 };
    dd_code  rc    = dd_render_check(&args->render, err);
    if (rc == DD_OK)
        rc = dd_file_read(file, &text, err);
    if (rc == DD_OK && (rc = dd_report_read(dd_buf_str(&text), &audit, err)) != DD_OK)
        dd_wrap(err, "file \"%s\"", file);
    if (rc == DD_OK)
        rc = render(cmd, args, &audit, err);
    dd_arena_fini(&audit.arena);
    dd_buf_free(&text);
    return rc;
}

dd_code dd_cmd_report(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    report_args args = { .render = DD_RENDER_ARGS_INIT };
    int         words;
    bool        done;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, &words, &done, err);
    if (rc == DD_OK && !done && words != 1) {
        rc = dd_fail(err, DD_ERR_USAGE, "it takes one file that \"dd0c scan --format json\" wrote");
        dd_hint(err, "dd0c scan --format json -o audit.json, then dd0c report audit.json --format html -o audit.html.");
    } else if (rc == DD_OK && !done) {
        rc = read_and_render(cmd, &args, argv[1], err);
    }
    dd_opt_fini(cmd->opts, &args);
    return rc;
}
