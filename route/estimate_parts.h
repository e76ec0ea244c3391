/* route/estimate_parts.h - the steps of an estimate, shared by estimate*.c and suggest*.c.
 *
 * A call is planned three times (low, expected, high): how many requests, what each sends and returns. Counts are
 * clamped at DD_TOKENS_MOST, so that no sum of them overflows; money is checked. Figures and reasons: docs/estimates.md. */
#ifndef DD_ROUTE_ESTIMATE_PARTS_H
#define DD_ROUTE_ESTIMATE_PARTS_H
#include "route/estimate.h"
#include "route/tokens.h"
#include "route/typical.h"

enum { DD_LOW, DD_EXPECTED, DD_HIGH, DD_LEVELS };
#define DD_TOKENS_MOST ((int64_t)1000000000000)

/* One call at one level: `rounds` requests; each sends `growth` more than the one before. */
typedef struct {
    int64_t rounds, first, growth; /* input tokens of the first request */
    int64_t step, last;            /* output tokens of each request but the last; of the last */
    int64_t prefix;                /* of each input: static text that leads it */
} dd_plan;

/* What a site's prompt is made of, for one tokenizer. */
typedef struct {
    const dd_tokenizer *tokenizer;
    bool     exact;       /* the static text was counted by the model's own tokenizer */
    int64_t  system, user, tools;   /* static tokens; tools: schemas too */
    int64_t  overhead;    /* of the chat form */
    dd_range dynamic;     /* allowance for everything that is not in the source */
    dd_range material;    /* of all input: what an answer's length can depend on */
    bool     unseen;      /* nothing of the prompt is in the source */
} dd_prompt_size;

typedef struct {
    dd_range    tokens;   /* of one answer, reasoning among them */
    dd_range    hidden;   /* reasoning */
    bool        capped;   /* the cap lowered `expected` */
    const char *effort;   /* that `hidden` rests on, or NULL */
    const char *by;       /* what the length rests on besides the task, or NULL */
} dd_answer_size;

/* --- estimate_prompt.c --- */
void dd_prompt_measure(const dd_site *site, dd_str tag, dd_prompt_size *out);
int64_t dd_tokens_clamp_add(int64_t a, int64_t b);
int64_t dd_tokens_clamp_mul(int64_t a, int64_t b);
/* --- estimate_answer.c --- */
/* `row` may be NULL (no price known): then `model` alone says whether it reasons by default. */
void dd_answer_guess(const dd_site *site, const dd_prompt_size *prompt, const dd_price *row, dd_str model, dd_answer_size *out);
/* --- estimate_plan.c --- */
void dd_plan_calls(const dd_site *site, const dd_prompt_size *prompt, const dd_answer_size *answer, const dd_price *row, dd_plan plan[DD_LEVELS]);
void dd_plan_totals(const dd_plan plan[DD_LEVELS], dd_range *input, dd_range *output);
/* Tokens from which a static prefix is cached. */
int64_t dd_cache_minimum(const dd_price *row);
/* One call at each level; DD_ERR_RANGE, DD_ERR_NOT_FOUND as dd_cost_request. */
dd_code dd_plan_cost(const dd_site *site, const dd_plan plan[DD_LEVELS], const dd_price_hit *hit, dd_day day, dd_money_range *out, dd_err *err);
/* --- estimate_volume.c --- */
/* Calls a month and where that comes from. */
dd_code dd_volume_of(dd_site *site, dd_arena *arena, const dd_estimate_opts *opts, dd_err *err);
/* The rule that gives `field` for this site, the most specific one; NULL: none does. */
typedef enum { DD_RULE_CALLS, DD_RULE_TOKENS_IN, DD_RULE_TOKENS_OUT, DD_RULE_MODEL } dd_rule_field;
typedef enum { DD_RULE_NONE, DD_RULE_BY_CONTEXT, DD_RULE_BY_PATH, DD_RULE_BY_ID } dd_rule_rank;
const dd_usage_rule *dd_usage_rule_find(const dd_site *site, const dd_estimate_opts *opts, dd_rule_field field, dd_rule_rank *rank);
/* "1,234" */
void dd_count_show(int64_t n, dd_buf *out);
/* --- estimate_totals.c --- */
dd_code dd_estimate_totals(dd_audit *audit, const dd_estimate_opts *opts, dd_err *err);
#endif
