/* report/savings_html.h - the pictures of the statement's page, between its files. */
#ifndef DD_REPORT_SAVINGS_HTML_H
#define DD_REPORT_SAVINGS_HTML_H
#include "report/format.h"
#include "report/savings.h"

typedef struct {
    dd_buf               *out;
    dd_arena              tmp;
    const dd_savings     *s;
    const dd_report_opts *opts;
} dd_savings_page;

/* Each laid out twice, for wide and for narrow screens. */
void dd_savings_html_series(dd_savings_page *p);   /* spent and saved a day, or a week where there are many days */
void dd_savings_html_maps(dd_savings_page *p);     /* what was spent by feature, team and model, as areas */
#endif
