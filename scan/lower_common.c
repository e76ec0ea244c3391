/* Expressions that Python and JavaScript spell alike: rows of both tables name these. */
#include "scan/lower.h"

dd_expr *dd_low_await(dd_low *cx, uint32_t n, dd_expr *head)
{
    (void)cx, (void)n;
    head->awaited = true;
    return head;
}

dd_expr *dd_low_bool(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_BOOL, n);
    e->number  = dd_low_kind(cx, n) == K_true;
    return e;
}

dd_expr *dd_low_none(dd_low *cx, uint32_t n) { return dd_low_new(cx, DD_X_NONE, n); }

dd_expr *dd_low_list(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_unknown(cx, n);
    e->kind    = DD_X_LIST;
    return e;
}

dd_expr *dd_low_dict(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_unknown(cx, n);
    e->kind    = DD_X_DICT;
    return e;
}

dd_expr *dd_low_yield_expr(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_unknown(cx, n);
    dd_low_yield(cx, e->n_items ? e->items[0] : NULL);
    return e;
}

dd_expr *dd_low_unary(dd_low *cx, uint32_t n, dd_str op, dd_expr *a)
{
    if (a && a->kind == DD_X_NUMBER && dd_str_eqz(op, "-")) {
        a->start  = a->name_pos = dd_low_node(cx, n)->start;
        a->number = -a->number;
        a->name   = dd_low_text(cx, n);
        return a;
    }
    dd_expr *e = dd_low_new(cx, DD_X_UNARY, n);
    e->name    = op;
    dd_low_set(e, &e->a, a);
    return e;
}

dd_expr *dd_low_two(dd_low *cx, uint32_t n, dd_expr_kind kind, dd_expr *left, uint32_t right)
{
    dd_expr *e = dd_low_new(cx, kind, n);
    dd_low_set(e, &e->a, left);
    dd_low_set(e, &e->b, dd_low_expr(cx, right));
    return e;
}
