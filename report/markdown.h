/* report/markdown.h - names from outside in Markdown: never markup, a mention, a link or a new cell. */
#ifndef DD_REPORT_MARKDOWN_H
#define DD_REPORT_MARKDOWN_H
#include "base/str.h"

void dd_md_text(dd_buf *b, dd_str s);   /* in a sentence or a table's cell */
void dd_md_code(dd_buf *b, dd_str s);   /* as a code span */
#endif
