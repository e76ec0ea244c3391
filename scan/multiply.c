/* scan/multiply.c - how often one run of the enclosing code sends the request (call-shapes X-1 ... X-10). */
#include "scan/detect_tables.h"
#include "scan/prompt_int.h"

enum { MAX_CLIMB = 64, MAX_LOOP = 1000000 };

static int64_t range_length(dd_project *p, const dd_expr *call, const dd_frame *f)
{
    double n[3] = { 0, 0, 1 };
    uint32_t k = 0;
    for (; k < 3 && k < call->n_items; k++) {
        dd_value *v = dd_eval(p, call->items[k], f);
        if (v->kind != DD_V_NUMBER)
            return 0;
        n[k] = v->number;
    }
    double count = k == 1 ? n[0] : k && n[2] != 0 ? (n[1] - n[0]) / n[2] : 0;
    return count > 0 && count <= MAX_LOOP ? (int64_t)count : 0;
}

/* Items an expression yields when iterated; 0: not known. */
static int64_t length_of(dd_project *p, const dd_expr *e, const dd_frame *f, int depth)
{
    if (!e || depth > 4)
        return 0;
    if (e->kind == DD_X_UNKNOWN && e->n_items == 1)
        return length_of(p, e->items[0], f, depth + 1);
    if (e->kind == DD_X_CALL && dd_str_eqz(e->name, "range"))
        return range_length(p, e, f);
    if (e->kind == DD_X_CALL && e->n_items && dd_word_in("enumerate|tqdm|list|sorted|reversed|zip|set", e->name))
        return length_of(p, e->items[0], f, depth + 1);
    dd_value *v = dd_eval(p, e, f);
    if (v->kind == DD_V_LIST && !v->open)
        return v->n_items;
    if (v->kind == DD_V_DICT && !v->open)
        return v->n_entries;
    return 0;
}

static void times(dd_site *site, int64_t n)
{
    site->in_loop = true;
    if (n <= 0 || site->loop == 0 || site->loop > MAX_LOOP / n)
        site->loop = 0;
    else
        site->loop *= n;
}

/* `while` with a test or body about tools: rounds of one conversation, not items. */
static bool tool_loop(const dd_branch *b)
{
    dd_buf text = DD_BUF_INIT(512);
    if (!b->test || (b->test->kind != DD_X_BINARY && b->test->kind != DD_X_NAME && b->test->kind != DD_X_MEMBER))
        return false;
    dd_expr_path(b->test->kind == DD_X_BINARY ? b->test->a : b->test, &text);
    bool hit = dd_str_has(dd_buf_str(&text), "tool") || dd_str_has(dd_buf_str(&text), "stop_reason") || dd_str_has(dd_buf_str(&text), "finish_reason");
    dd_buf_free(&text);
    return hit;
}

static void loops_of_branches(dd_project *p, const dd_branch *b, const dd_frame *f, dd_site *site)
{
    for (int i = 0; b && i < MAX_CLIMB; b = b->parent, i++) {
        if (b->kind != DD_BR_LOOP)
            continue;
        if (tool_loop(b)) {
            if (site->rounds < 5)
                site->rounds = 5;
            continue;
        }
        times(site, b->test ? length_of(p, b->test, f, 0) : 0);
    }
}

static const dd_expr *mapped_over(const dd_expr *func)
{
    const dd_expr *call = func->up;
    if (!call || call->kind != DD_X_CALL || !dd_word_in("map|forEach|flatMap|filter|reduce|each|mapSeries|mapLimit|pMap|pLimit|submit", call->name))
        return NULL;
    if (call->a && call->a->kind == DD_X_MEMBER && call->n_items && call->items[0] == func)
        return call->a->a;
    return call->n_items > 1 ? call->items[0] : NULL;
}

/* From the call outward: statements' loops, comprehensions, .map() and its kin, then the function it stands in as an expression. */
static void climb(dd_project *p, const dd_call_facts *facts, dd_site *site)
{
    const dd_expr *e = facts->call;
    loops_of_branches(p, e->branch, facts->frame, site);
    for (int i = 0; e && i < MAX_CLIMB; i++) {
        if (e->up) {
            e = e->up;
            if (e->kind == DD_X_COMPREHENSION)
                times(site, e->n_items ? length_of(p, e->items[0], facts->frame, 0) : 0);
            continue;
        }
        const dd_func *f = dd_scope_func(e->scope);
        if (!f || !f->expr || f->expr == e)
            return;
        e = f->expr;
        const dd_expr *over = mapped_over(e);
        if (over)
            times(site, length_of(p, over, facts->frame, 0));
        loops_of_branches(p, e->branch, facts->frame, site);
    }
}

static int64_t number(dd_project *p, const dd_value *args, const char *const *keys)
{
    bool set = false;
    return dd_value_cap(p, args, keys, &set);
}

/* stopWhen: stepCountIs(5) */
static int64_t step_count(dd_project *p, const dd_value *args)
{
    dd_value *v = dd_args_get(p, args, "stopWhen"), *pos = NULL;
    if (v && v->kind == DD_V_LIST && v->n_items)
        v = v->items[0];
    const dd_expr *e = v ? v->call ? v->call : v->expr : NULL;
    if (!e || e->kind != DD_X_CALL || !dd_word_in("stepCountIs|isStepCount", e->name))
        return -1;
    dd_eval_arguments(p, e, v->frame, &pos);
    dd_value *n = dd_positional(pos, 1);
    return n && n->kind == DD_V_NUMBER ? (int64_t)n->number : -1;
}

static void from_arguments(dd_project *p, const dd_value *args, dd_site *site)
{
    static const char *const many[] = { "n", "best_of", "num_return_sequences", "number_of_images", "config.number_of_images", "config.numberOfImages", "candidateCount", "candidate_count", NULL };
    static const char *const turns[] = { "maxSteps", "max_steps", "max_turns", "maxTurns", "max_iterations", "maxIterations", "max_iter", "maxToolRoundtrips", "max_tool_calls", NULL };
    static const char *const retry[] = { "max_retries", "maxRetries", "num_retries", NULL };
    int64_t n = number(p, args, many), rounds = number(p, args, turns), tries = number(p, args, retry), steps = step_count(p, args);
    if (n > 0)
        site->n = n;
    if (steps > 0 || rounds > 0)
        site->rounds = steps > 0 ? steps : rounds;
    if (tries >= 0 && tries < 1000)
        site->retries = (int)tries;
}

static void from_decorators(dd_project *p, const dd_func *f, dd_site *site)
{
    for (uint32_t i = 0; f && i < f->n_decorators; i++) {
        const dd_expr *d = f->decorators[i], *head = d->kind == DD_X_CALL ? d->a : d;
        dd_str name = head->kind == DD_X_NAME ? head->name : dd_expr_step(head);
        if (dd_word_in("lru_cache|cache|cached|cached_property|cache_data|memoize|alru_cache|ttl_cache", name))
            site->guarded_by_cache = true;
        if (d->kind != DD_X_CALL || !dd_str_has(name, "retry"))
            continue;
        const dd_expr *stop = dd_call_keyword(d, "stop"), *tries = dd_call_keyword(d, "tries");
        if (stop && stop->kind == DD_X_CALL && dd_str_eqz(stop->name, "stop_after_attempt"))
            tries = dd_call_arg(stop, 0);
        dd_value *v = tries ? dd_eval(p, tries, NULL) : NULL;
        if (v && v->kind == DD_V_NUMBER && v->number > 0 && v->number < 1000)
            site->retries = (int)v->number - 1;
    }
}

void dd_multipliers_fill(dd_project *p, dd_unit_ir *unit, const dd_call_facts *facts, dd_site *site)
{
    (void)unit;
    climb(p, facts, site);
    from_decorators(p, dd_scope_func(facts->call->scope), site);
    if (facts->args)
        from_arguments(p, facts->args, site);
}
