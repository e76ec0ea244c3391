/* report/csv.h - one cell of RFC 4180.
 *
 * A cell that a spreadsheet would take for a formula gets a ' in front, what would move a cursor or turn a line becomes U+FFFD: names come from
 * whoever wrote them. */
#ifndef DD_REPORT_CSV_H
#define DD_REPORT_CSV_H
#include "route/money.h"

void dd_csv_text(dd_buf *out, dd_str s);
void dd_csv_money(dd_buf *out, dd_pusd m);                 /* exact; nothing when it is not known */
void dd_csv_number(dd_buf *out, int64_t n, bool known);
#endif
