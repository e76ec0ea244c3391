/* route/suggest_parts.h - shared by suggest.c (cheaper models) and suggest_advice.c (everything else that saves or warns). */
#ifndef DD_ROUTE_SUGGEST_PARTS_H
#define DD_ROUTE_SUGGEST_PARTS_H
#include "route/estimate_parts.h"
#include "route/quality.h"
#include "route/suggest.h"

/* What all steps need of one site. */
typedef struct {
    dd_site          *site;
    dd_arena         *arena;
    const dd_prices  *prices;
    const dd_estimate_opts *opts;
    const dd_price   *row;      /* the model's, not NULL once suggestions are sought */
    dd_prompt_size    prompt;   /* measured with the model's tokenizer */
    dd_plan           plan[DD_LEVELS];
    dd_advice        *advice; size_t n_advice;
} dd_suggest_ctx;

enum { DD_ADVICE_MOST = 8 };
void dd_advise(dd_suggest_ctx *c);
/* Days until the model is gone, as far as a date is announced; INT32_MAX: none. Negative: past. */
int32_t dd_days_left(const dd_price *row, dd_day today);
#endif
