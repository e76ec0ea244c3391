/* route/typical.h - how long an answer usually is, where nobody says.
 *
 * The scan's figures (docs/estimates.md, route/estimate_answer.c) for one request, so that scan and proxy agree. Pure. */
#ifndef DD_ROUTE_TYPICAL_H
#define DD_ROUTE_TYPICAL_H
#include "route/classify.h"

/* Visible tokens of an answer to so many tokens of prompt. brief: a title, a sentence. */
int64_t     dd_typical_visible(dd_task task, bool brief, int64_t input_tokens);
/* Reasoning that nobody sees, at an effort ("none", "medium", ...). */
int64_t     dd_typical_hidden(const char *effort, dd_complexity complexity);
/* Under a cap: who sets one leaves room, so three quarters of it at most. cap <= 0: none. */
int64_t     dd_typical_capped(int64_t tokens, int64_t cap);
/* Effort a model uses when nothing is said: "medium", "none" ... never NULL. */
const char *dd_default_effort(dd_str model);
#endif
