/* scan/prompt.h - what a call sends, as far as the source says it: static prompt text, holes, tools, caps, multipliers.
 *
 * Fills the prompt and multiplier members of a dd_site from its call. Text: call-shapes 19; multipliers: 20. */
#ifndef DD_SCAN_PROMPT_H
#define DD_SCAN_PROMPT_H
#include "scan/detect.h"

typedef struct {
    const dd_expr *call; const dd_frame *frame;
    dd_value *args;        /* dd_eval_arguments of the call (or of the body, for raw HTTP and invoke_model) */
    dd_value *positional;
    const char *const *prompt_keys; const char *const *system_keys; const char *const *cap_keys; /* NULL-terminated, by detector */
    int prompt_at;         /* positional index + 1 of the prompt, 0 none */
} dd_call_facts;
void dd_prompt_fill(dd_project *p, dd_unit_ir *unit, const dd_call_facts *facts, dd_arena *arena, dd_site *site);
#endif
