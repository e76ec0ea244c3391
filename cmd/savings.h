/* cmd/savings.h - the figures of `dd0c report savings`, read from the sums by day. */
#ifndef DD_CMD_SAVINGS_H
#define DD_CMD_SAVINGS_H
#include "cmd/budgets.h"
#include "report/savings.h"

/* Days of "7d", "30d", "week", "month", "last-week", "last-month", "2026-10", "2026-11-05", "2026-11-01..2026-11-15", seen from s->now_s; and those
 * that it is compared with: as many days of the week or month before, else as many days before. Fills period, from, to, before_from, before_to, open.
 * DD_ERR_USAGE. */
dd_code dd_savings_period(dd_str text, dd_savings *s, dd_err *err);
/* Fills the rest, and finishes it. Sums that are written meanwhile are in all of it or in nothing of it. No database: no
 * requests. */
dd_code dd_savings_read(const dd_book *book, dd_savings *s, dd_err *err);
#endif
