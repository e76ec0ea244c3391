/* Who calls a function: calls by name over the files parsed so far, then the callee is evaluated to be sure. */
#include "scan/eval.h"

/* The function that `v` runs when it is called. */
static bool runs(dd_project *p, dd_value *v, const dd_func *fn)
{
    switch (v->kind) {
    case DD_V_FUNC:
        return v->func == fn;
    case DD_V_CLASS: {
        dd_class_def *owner = NULL;
        return dd_class_constructor(p, v->cls, &owner, 0) == fn;
    }
    case DD_V_INSTANCE:
        return dd_class_method(v->cls, DD_STR("__call__")) == fn;
    case DD_V_CHOICE:
        for (uint32_t i = 0; i < v->n_items; i++)
            if (v->items[i]->kind != DD_V_CHOICE && runs(p, v->items[i], fn))
                return true;
        return false;
    default:
        return false;
    }
}

static void look(dd_project *p, const dd_func *fn, dd_str name, dd_caller_memo *memo)
{
    const dd_expr *call;
    size_t tried = 0;
    for (size_t i = 0; memo->n < DD_EV_CALLERS && tried < 200 && (call = dd_ev_next_call(p, name, &i)) != NULL;) {
        if (!call->a || (call->start >= fn->start && call->end <= fn->end && dd_ev_unit(call) == fn->unit))
            continue;                       /* recursion says nothing new */
        tried++;
        if (runs(p, dd_ev(p, call->a, NULL), fn))
            memo->v[memo->n++] = (dd_caller){ .call = call, .unit = dd_ev_unit(call) };
    }
}

static void find_callers(dd_project *p, const dd_func *fn, dd_caller_memo *memo)
{
    memo->v = dd_newn(&p->arena, dd_caller, DD_EV_CALLERS);
    memo->busy = true;
    if (!fn->is_constructor) {
        look(p, fn, fn->name, memo);
    } else if (fn->cls) {
        look(p, fn, fn->cls->name, memo);
        dd_class_def *sub;
        for (size_t i = 0; i < 16 && (sub = dd_ev_next_subclass(p, fn->cls->name, &i)) != NULL;)
            look(p, fn, sub->name, memo);
    }
    memo->busy = false;
}

size_t dd_callers(dd_project *p, const dd_func *func, dd_caller *out, size_t max)
{
    dd_str name = { (const char *)&func, sizeof func };
    dd_caller_memo *memo = dd_map_get(&p->callers, name);
    if (!memo) {
        if (p->caller_depth > 3)
            return 0;
        memo = dd_new(&p->arena, dd_caller_memo);
        dd_map_put(&p->callers, dd_arena_dup(&p->arena, name), memo);
        find_callers(p, func, memo);
    }
    if (memo->busy)
        p->cut = 0;
    size_t got = memo->n < max ? memo->n : max;
    for (size_t i = 0; i < got && !memo->busy; i++)
        out[i] = memo->v[i];
    return memo->busy ? 0 : got;
}
