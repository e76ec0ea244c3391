/* cmd/render.h - an audit to the terminal, to a pipe and to files, in the formats the user asked for. */
#ifndef DD_CMD_RENDER_H
#define DD_CMD_RENDER_H
#include "cmd/cmd.h"
#include "report/report.h"

typedef struct {
    dd_opt_list formats, outputs;
    const char *color;
    int64_t     width, top;
    bool        ascii, verbose, show_source, quiet;
} dd_render_args;

#define DD_RENDER_ARGS_INIT { .color = "auto", .width = 0, .top = 0 }
/* Rows of an options table whose struct has a member `render`. */
#define DD_RENDER_OPTS(T)                                                                                                          \
    { 0, "Output", DD_OPT_HEADING, 0, NULL, NULL },                                                                                \
    DD_OPT(DD_OPT_CHOICES, 'f', "format", T, render.formats, "text|json|jsonl|markdown|sarif|csv|html", "how to print the result; may be given several times"), \
    DD_OPT(DD_OPT_LIST, 'o', "output", T, render.outputs, "file", "write to a file; its ending names the format, or the matching --format does"), \
    DD_OPT(DD_OPT_CHOICE, 0, "color", T, render.color, "auto|always|never", "colours: when the output is a terminal, always, never"), \
    DD_OPT(DD_OPT_INT, 0, "width", T, render.width, "columns", "lay the text out for so many columns"),                             \
    DD_OPT(DD_OPT_FLAG, 0, "ascii", T, render.ascii, NULL, "no box drawing and no block characters"),                               \
    DD_OPT(DD_OPT_FLAG, 'v', "verbose", T, render.verbose, NULL, "list every call site, not only the top"),                        \
    DD_OPT(DD_OPT_INT, 0, "top", T, render.top, "n", "rows in each top list (10)"),                                                \
    DD_OPT(DD_OPT_FLAG, 'q', "quiet", T, render.quiet, NULL, "no progress and no notes on standard error"),                        \
    DD_OPT(DD_OPT_FLAG, 0, "show-source", T, render.show_source, NULL, "include prompt text found in the source (JSON)")

/* Checks the pairs of formats and files before any work is done. DD_ERR_USAGE. */
dd_code dd_render_check(const dd_render_args *args, dd_err *err);
dd_report_opts dd_render_opts(const dd_render_args *args, dd_str root_abs);
/* Writes all of them; files atomically. */
dd_code dd_render(const dd_cmd *cmd, const dd_audit *audit, const dd_render_args *args, dd_str root_abs, dd_err *err);
#endif
