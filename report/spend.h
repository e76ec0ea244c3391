/* report/spend.h - what was spent, and how budgets stand, to terminal and pipe: `dd0c costs`, `dd0c budgets`. */
#ifndef DD_REPORT_SPEND_H
#define DD_REPORT_SPEND_H
#include "base/json.h"
#include "report/report.h"
#include "route/spend.h"

void dd_report_costs(const dd_spend_costs *c, const dd_report_opts *opts, dd_buf *out);
void dd_report_budgets(const dd_spend_account *v, size_t n, int64_t now_s, const dd_report_opts *opts, dd_buf *out);
/* One JSON object with its schema; a CSV line a row, with a head. */
void dd_report_costs_json(const dd_spend_costs *c, dd_buf *out);
void dd_report_costs_csv(const dd_spend_costs *c, dd_buf *out);
void dd_report_budgets_json(const dd_spend_account *v, size_t n, int64_t now_s, dd_buf *out);
void dd_spend_account_json(dd_json *j, const dd_spend_account *a, int64_t now_s);

/* "will be exceeded on 2026-11-27: $61.80 by 2026-12-01 at this pace; then requests get 402". */
dd_str dd_spend_verdict(dd_arena *a, const dd_spend_account *account);
/* "key ci", "all", "each team". */
dd_str dd_spend_who(dd_arena *a, const dd_spend_account *account);
/* The day of a moment in a zone that is so far from UTC. */
dd_str dd_spend_day(dd_arena *a, int64_t time_s, int32_t offset_s);
#endif
