/* report/html.h - the HTML report's parts, between its files. */
#ifndef DD_REPORT_HTML_H
#define DD_REPORT_HTML_H
#include "report/digest.h"
#include "report/views.h"

extern const char dd_html_style[], dd_html_script[];

typedef struct {
    dd_buf               *out;
    dd_arena              tmp;
    dd_digest             d;
    const dd_audit       *audit;
    const dd_report_opts *opts;
} dd_html;

void dd_html_text(dd_buf *b, dd_str s);  /* escaped for text and for a quoted attribute */
void dd_html_where(dd_html *h, const dd_site *s);
/* The report's pieces. */
void dd_html_map(dd_html *h);
void dd_html_calls(dd_html *h);
#endif
