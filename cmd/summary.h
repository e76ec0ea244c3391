/* cmd/summary.h - the anonymised summary that `scan --opt-in` sends (R6.3).
 *
 * Counts by words of our own vocabulary and by public model ids, and two amounts rounded to two digits: no path, no name, no id, no
 * prompt, no address. Schema "dd0c.summary/1", described in docs/summary.md. */
#ifndef DD_CMD_SUMMARY_H
#define DD_CMD_SUMMARY_H
#include "route/audit.h"

void dd_summary_write(const dd_audit *audit, dd_buf *out);
#endif
