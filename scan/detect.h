/* scan/detect.h - from calls to call sites.
 *
 * Tables of what a billable call looks like, by package and path, against what the evaluator says a callee is. Ids of shapes: docs/detectors.md. */
#ifndef DD_SCAN_DETECT_H
#define DD_SCAN_DETECT_H
#include "scan/project.h"

/* Which call of a scan, also when its file was parsed again. path: the text of its file's path, by address. */
typedef struct { const char *path; uint32_t start, end; } dd_call_place;
/* A call that makes a bound model work (`llm.invoke(...)`): evidence for the site whose constructor is `binding`. */
typedef struct { dd_call_place binding; const dd_site *sends; /* prompt members filled */ } dd_trigger;
typedef struct {
    dd_site **v; size_t n, cap;
    struct { dd_call_place *v; size_t n, cap; } calls;       /* beside v: the call each site stands for */
    struct { dd_trigger *v; size_t n, cap; } triggers;
} dd_site_list;

/* Finds the sites of one unit, from its call `from` on, and appends them, upper half of dd_site filled (but for the id).
 * Memory from `arena`. The list starts as {0}. Returns where to go on: it stops where the project's values have grown past
 * held_bytes, so that they can be dropped, and at the unit's n_calls. */
uint32_t dd_detect_unit(dd_project *p, dd_unit_ir *unit, uint32_t from, size_t held_bytes, dd_arena *arena, dd_site_list *out);
/* False: nothing in the unit can be a site, so that it need not be looked at. */
bool dd_detect_worth(const dd_unit_ir *unit);
/* After the last unit: joins triggers to their sites and gives the sites their ids. A unit's sites stand together. */
void dd_detect_finish(dd_site_list *list, dd_arena *arena);
/* scan/context.c: test / example / script / production by path and content (call-shapes X-7). */
dd_context dd_context_of(const dd_unit_ir *unit, const dd_expr *call);
bool dd_path_is_test(dd_str path);
/* scan/annotate.c: "# dd0c: calls=30000 label=summary tokens_in=1200 ignore" on the call's rows or in the comment above it. */
void dd_annotate(const dd_unit_ir *unit, const dd_expr *call, dd_site *site);
#endif
