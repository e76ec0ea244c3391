/* cmd/report_savings.c - dd0c report savings: the statement of what routing saved, from the sums by day. */
#include "cmd/savings.h"

#include <string.h>

#include "base/file.h"
#include "cmd/render.h"

typedef struct {
    const char    *period, *format, *output, *config;
    dd_render_args render;
} savings_args;

const dd_opt dd_report_savings_opts[] = {
    DD_OPT(DD_OPT_TEXT, 'p', "period", savings_args, period, "period",
           "7d, 30d (default), 90d; week, month, last-week, last-month; 2026-10; 2026-11-01..2026-11-15"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", savings_args, format, "text|markdown|html|csv|json",
           "how to print it; text, or what the file's ending says"),
    DD_OPT(DD_OPT_TEXT, 'o', "output", savings_args, output, "file", "write to a file"),
    DD_OPT(DD_OPT_TEXT, 'c', "config", savings_args, config, "file", "configuration (./dd0c.yaml), for budgets and the premium model"),
    DD_OPT(DD_OPT_CHOICE, 0, "color", savings_args, render.color, "auto|always|never", "colours: when the output is a terminal, always, never"),
    DD_OPT(DD_OPT_INT, 0, "width", savings_args, render.width, "columns", "lay the text out for so many columns"),
    DD_OPT(DD_OPT_INT, 0, "top", savings_args, render.top, "n", "rows in each table (text 6, Markdown 15, HTML 12); CSV and JSON have all"),
    DD_OPT(DD_OPT_FLAG, 0, "ascii", savings_args, render.ascii, NULL, "no box drawing and no block characters"),
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", savings_args, render.quiet, NULL, "no notes on standard error"),
    DD_OPT_END
};

static const char *format_of(const savings_args *args)
{
    static const struct { const char *ending, *format; } endings[] = {
        { ".md", "markdown" }, { ".markdown", "markdown" }, { ".html", "html" }, { ".htm", "html" }, { ".csv", "csv" }, { ".json", "json" },
    };
    for (size_t i = 0; !args->format && args->output && i < DD_COUNT(endings); i++)
        if (dd_str_endsz(dd_str_z(args->output), endings[i].ending))
            return endings[i].format;
    return args->format ? args->format : "text";
}

static void print(const savings_args *args, const dd_savings *s, dd_buf *out)
{
    dd_report_opts look   = dd_render_opts(&args->render, DD_STR(""));
    const char    *format = format_of(args);
    if (args->output) {
        look.color = DD_COLOR_NONE;
        look.links = false;
    }
    if (strcmp(format, "json") == 0)
        dd_savings_json(s, out);
    else if (strcmp(format, "csv") == 0)
        dd_savings_csv(s, out);
    else if (strcmp(format, "html") == 0)
        dd_savings_html(s, &look, out);
    else if (strcmp(format, "markdown") == 0)
        dd_savings_markdown(s, &look, out);
    else
        dd_savings_text(s, &look, out);
}

static dd_code write_out(const dd_cmd *cmd, const savings_args *args, const dd_savings *s, dd_err *err)
{
    dd_buf out = DD_BUF_INIT(0);
    print(args, s, &out);
    dd_code rc = args->output ? dd_file_replace(args->output, dd_buf_str(&out), 0644, err) : dd_cmd_print(dd_buf_str(&out), err);
    if (rc == DD_OK && args->output && !args->render.quiet)
        fprintf(stderr, "dd0c %s: wrote %s (%s)\n", cmd->name, args->output, format_of(args));
    dd_buf_free(&out);
    return rc;
}

dd_code dd_cmd_report_savings(const dd_cmd *cmd, int argc, char **argv, int *status, dd_err *err)
{
    savings_args args  = { .period = "30d", .render = DD_RENDER_ARGS_INIT };
    dd_savings   s     = { .now_s = dd_wall_now().s };
    bool         done  = false;
    (void)status;
    dd_code rc = dd_cmd_args(cmd, argc, argv, &args, NULL, &done, err);
    if (rc != DD_OK || done)
        return rc;
    if ((rc = dd_render_check(&args.render, err)) != DD_OK || (rc = dd_savings_period(dd_str_z(args.period), &s, err)) != DD_OK)
        return rc;
    dd_book *book = dd_book_open(cmd, args.config, s.now_s, err);
    if (!book)
        return err->code;
    rc = dd_savings_read(book, &s, err);
    if (rc == DD_OK)
        rc = write_out(cmd, &args, &s, err);
    dd_savings_free(&s);
    dd_book_close(book);
    return rc;
}
