/* scan/prompt_int.h - parts of dd_prompt_fill. */
#ifndef DD_SCAN_PROMPT_INT_H
#define DD_SCAN_PROMPT_INT_H
#include "scan/prompt.h"

/* scan/schema.c: tools and response schemas as JSON text (P-8). */
void dd_prompt_tools(dd_project *p, const dd_value *args, dd_arena *arena, dd_site *site);
/* scan/multiply.c: loops, rounds, retries, n (X-1 ... X-10). */
void dd_multipliers_fill(dd_project *p, dd_unit_ir *unit, const dd_call_facts *facts, dd_site *site);
#endif
