/* report/plan.h - a routing decision for people: what was asked, which rules were tried, who could answer at what price, who will. */
#ifndef DD_REPORT_PLAN_H
#define DD_REPORT_PLAN_H
#include "report/report.h"
#include "route/plan.h"

/* A plan that was made with `trace`. */
void dd_report_plan(const dd_plan *plan, const dd_policy *policy, const dd_facts *facts, const dd_report_opts *opts, dd_buf *out);
#endif
