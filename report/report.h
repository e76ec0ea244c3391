/* report/report.h - an audit as text, JSON, JSON lines, Markdown, SARIF, CSV or HTML.
 *
 * Writers append to a dd_buf and only read the audit. A row of the table is a format. */
#ifndef DD_REPORT_REPORT_H
#define DD_REPORT_REPORT_H
#include "base/err.h"
#include "report/grid.h"
#include "route/audit.h"

typedef struct {
    int      width;          /* columns, 0: 80 */
    dd_color color;
    bool     ascii;          /* no box drawing, no block characters */
    bool     links;          /* OSC 8 */
    bool     verbose;        /* every site, not only the top */
    int      top;            /* rows in Top Opportunities, 0: default 10 */
    bool     show_source;    /* prompt text in JSON: off by default */
    dd_str   cwd_abs;        /* for links: absolute path of the root */
    dd_str   version;
} dd_report_opts;

typedef dd_code dd_report_fn(const dd_audit *audit, const dd_report_opts *opts, dd_buf *out, dd_err *err);
typedef struct { const char *name, *extension; dd_report_fn *write; } dd_report_format;
const dd_report_format *dd_report_find(const char *name);   /* NULL: no such */
const dd_report_format *dd_report_formats(size_t *n);
/* --explain ID: one site with its chain, tokens, price and suggestion. */
dd_code dd_report_explain(const dd_audit *audit, dd_str id, const dd_report_opts *opts, dd_buf *out, dd_err *err);
/* Reads what the JSON writer wrote ("dd0c.scan/1") back, so that a saved scan can be rendered again. audit->arena owns everything. */
dd_code dd_report_read(dd_str json, dd_audit *audit, dd_err *err);
#endif
