/* scan/detect.h - from calls to call sites.
 *
 * Tables of what a billable call looks like, by package and path, against what the evaluator says a callee is. Ids of shapes: docs/detectors.md. */
#ifndef DD_SCAN_DETECT_H
#define DD_SCAN_DETECT_H
#include "scan/project.h"

typedef struct { dd_site **v; size_t n, cap; } dd_site_list;
/* Finds the sites of one unit and appends them, upper half of dd_site filled but for the prompt (scan/prompt.h). Memory from `arena`. */
void dd_detect_unit(dd_project *p, dd_unit_ir *unit, dd_arena *arena, dd_site_list *out);
/* Test / example / script / production by path and content (call-shapes X-7). */
dd_context dd_context_of(const dd_unit_ir *unit, const dd_expr *call);
#endif
