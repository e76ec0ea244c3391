/* report/views.h - the writers behind the table of formats, for report.c and tests. */
#ifndef DD_REPORT_VIEWS_H
#define DD_REPORT_VIEWS_H
#include "report/format.h"
#include "report/report.h"

dd_report_fn dd_report_text, dd_report_json, dd_report_jsonl, dd_report_markdown, dd_report_sarif, dd_report_csv, dd_report_html;
#endif
