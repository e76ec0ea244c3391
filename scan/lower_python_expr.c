#include "scan/lower_python.h"

/* ---- steps and calls ---- */

static dd_expr *attribute(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_expr *e    = dd_low_new(cx, DD_X_MEMBER, n);
    uint32_t name = dd_low_child(cx, n, F_attribute);
    e->name       = dd_low_text(cx, name);
    e->name_pos   = dd_low_node(cx, name)->start;
    dd_low_set(e, &e->a, head);
    return e;
}

static dd_expr *subscript(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_expr *e    = dd_low_new(cx, DD_X_INDEX, n);
    size_t   base = cx->stack.n;
    dd_low_each(cx, i, n)
        if (dd_low_node(cx, i)->field == F_subscript)
            dd_low_push(cx, dd_low_expr(cx, i));
    dd_expr *index = cx->stack.n > base ? cx->stack.v[base] : NULL;
    if (cx->stack.n > base + 1) {
        index = dd_low_new(cx, DD_X_LIST, n);
        dd_low_items(cx, index, base);
    }
    cx->stack.n = base;
    dd_low_set(e, &e->a, head);
    dd_low_set(e, &e->b, index);
    if (index)
        e->name_pos = index->start;
    return e;
}

static dd_expr *keyword(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_KEYWORD, n);
    e->name    = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_low_set(e, &e->b, dd_low_python_value(cx, dd_low_child(cx, n, F_value), e->name));
    return e;
}

static dd_expr *wrapped(dd_low *cx, uint32_t n, dd_expr_kind kind)
{
    dd_expr *e = dd_low_new(cx, kind, n);
    dd_low_set(e, &e->a, dd_low_only_expr(cx, n));
    return e;
}

static dd_expr *splat(dd_low *cx, uint32_t n) { return wrapped(cx, n, DD_X_SPREAD); }
static dd_expr *dict_splat(dd_low *cx, uint32_t n) { return wrapped(cx, n, DD_X_SPREAD_DICT); }

static dd_expr *call(dd_low *cx, uint32_t n, dd_expr *head)
{
    uint32_t args = dd_low_child(cx, n, F_arguments);
    dd_expr *e    = dd_low_call(cx, n, DD_X_CALL, head, dd_low_node(cx, args)->flags & DD_SYN_HAS_ERROR);
    size_t   base = cx->stack.n;
    if (dd_low_kind(cx, args) == K_generator_expression)
        dd_low_push(cx, dd_low_expr(cx, args));
    else
        dd_low_each_named(cx, i, args)
            dd_low_push(cx, dd_low_expr(cx, i));
    dd_low_items(cx, e, base);
    dd_low_note_mutation(cx, e, n);
    return e;
}

/* ---- literals ---- */

static dd_expr *name(dd_low *cx, uint32_t n) { return dd_low_name(cx, n, dd_low_text(cx, n)); }

dd_expr *dd_low_dotted(dd_low *cx, uint32_t n)
{
    dd_expr *e = NULL;
    dd_low_each_named(cx, i, n) {
        dd_expr *step = dd_low_new(cx, e ? DD_X_MEMBER : DD_X_NAME, i);
        step->name    = dd_low_text(cx, i);
        step->start   = dd_low_node(cx, n)->start;
        if (e)
            dd_low_set(step, &step->a, e);
        e = step;
    }
    return e ? e : dd_low_new(cx, DD_X_UNKNOWN, n);
}

static dd_expr *hole(dd_low *cx, uint32_t n)
{
    dd_expr *value = dd_low_expr(cx, dd_low_child(cx, n, F_expression));
    uint32_t spec  = dd_low_child(cx, n, F_format_specifier);
    if (!spec || !dd_low_only(cx, spec))
        return value;
    dd_expr *e    = dd_low_new(cx, DD_X_UNKNOWN, n);
    size_t   base = cx->stack.n;
    dd_low_push(cx, value);
    dd_low_each_named(cx, i, spec)
        dd_low_push(cx, dd_low_expr(cx, dd_low_child(cx, i, F_expression)));
    dd_low_items(cx, e, base);
    return e;
}

/* r"..", '''..''': where the text between the quotes starts and ends. */
static dd_str inside(dd_low *cx, uint32_t n, uint32_t *from, uint32_t *to)
{
    dd_str s = dd_low_text(cx, n);
    size_t p = 0, quotes = 1;
    while (p < s.len && s.ptr[p] != '"' && s.ptr[p] != '\'')
        p++;
    if (p + 6 <= s.len && s.ptr[p + 1] == s.ptr[p] && s.ptr[p + 2] == s.ptr[p])
        quotes = 3;
    size_t first = p + quotes < s.len ? p + quotes : s.len, last = s.len > first + quotes ? s.len - quotes : first;
    *from = dd_low_node(cx, n)->start + (uint32_t)first;
    *to   = dd_low_node(cx, n)->start + (uint32_t)last;
    return dd_str_sub(s, 0, p);
}

/* Pushes the parts of a string: text, holes. True: it has holes. */
static bool push_string(dd_low *cx, uint32_t n)
{
    uint32_t at, to;
    dd_str   prefix = inside(cx, n, &at, &to);
    bool     holes  = false;
    dd_low_each(cx, i, n) {
        if (dd_low_kind(cx, i) != K_interpolation)
            continue;
        holes = true;
        if (dd_low_node(cx, i)->start > at)
            dd_low_push(cx, dd_low_string(cx, n, dd_low_python_text(cx, at, dd_low_node(cx, i)->start, prefix)));
        dd_low_push(cx, hole(cx, i));
        at = dd_low_node(cx, i)->end;
    }
    if (to > at || !holes)
        dd_low_push(cx, dd_low_string(cx, n, dd_low_python_text(cx, at, to, prefix)));
    return holes;
}

static dd_expr *template_of(dd_low *cx, uint32_t n, size_t base)
{
    dd_expr *e = dd_low_new(cx, DD_X_TEMPLATE, n);
    dd_low_items(cx, e, base);
    return e;
}

static dd_expr *string(dd_low *cx, uint32_t n)
{
    size_t base = cx->stack.n;
    if (push_string(cx, n))
        return template_of(cx, n, base);
    return cx->stack.v[--cx->stack.n];
}

static dd_expr *concatenated(dd_low *cx, uint32_t n)
{
    size_t base  = cx->stack.n;
    bool   holes = false;
    dd_low_each_named(cx, i, n) {
        if (dd_low_kind(cx, i) == K_string)
            holes |= push_string(cx, i);
        else
            dd_low_push(cx, dd_low_expr(cx, i));
    }
    if (holes)
        return template_of(cx, n, base);
    dd_buf b = DD_BUF_INIT(0);
    for (size_t i = base; i < cx->stack.n; i++)
        dd_buf_add(&b, cx->stack.v[i]->name);
    cx->stack.n = base;
    dd_expr *e  = dd_low_string(cx, n, dd_arena_dup(cx->arena, dd_buf_str(&b)));
    dd_buf_free(&b);
    return e;
}

/* ---- containers ---- */

static dd_expr *pair(dd_low *cx, uint32_t n)
{
    dd_expr *e   = dd_low_new(cx, DD_X_PAIR, n);
    dd_expr *key = dd_low_expr(cx, dd_low_child(cx, n, F_key));
    dd_str   called = key && key->kind == DD_X_STRING ? key->name : DD_STR("");
    dd_low_set(e, &e->a, key);
    dd_low_set(e, &e->b, dd_low_python_value(cx, dd_low_child(cx, n, F_value), called));
    return e;
}

static void comprehension_clause(dd_low *cx, uint32_t n, dd_expr *iterated)
{
    dd_low_bound b = { .kind = DD_B_LOOP, .value = iterated, .node = n };
    dd_low_python_bind(cx, dd_low_child(cx, n, F_left), &b);
}

/* The first iterable is read outside, the rest inside; clauses come before the element, as they run. */
static dd_expr *comprehension(dd_low *cx, uint32_t n)
{
    dd_expr  *e     = dd_low_new(cx, DD_X_COMPREHENSION, n);
    dd_scope *outer = cx->scope;
    size_t    base = cx->stack.n, tests = 0;
    uint32_t  first = dd_low_kid(cx, n, K_for_in_clause);
    dd_expr  *over  = first ? dd_low_expr(cx, dd_low_child(cx, first, F_right)) : NULL;
    cx->scope       = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_each(cx, i, n)
        if (dd_low_kind(cx, i) == K_for_in_clause) {
            dd_expr *it = i == first ? over : dd_low_expr(cx, dd_low_child(cx, i, F_right));
            dd_low_push(cx, it);
            comprehension_clause(cx, i, it);
        }
    dd_expr *iterated = dd_low_new(cx, DD_X_UNKNOWN, n), *conditions = NULL;
    dd_low_items(cx, iterated, base);
    dd_low_each(cx, i, n)
        if (dd_low_kind(cx, i) == K_if_clause) {
            dd_low_push(cx, dd_low_only_expr(cx, i));
            tests++;
        }
    if (tests) {
        conditions = dd_low_new(cx, DD_X_UNKNOWN, n);
        dd_low_items(cx, conditions, base);
    }
    dd_low_push(cx, iterated);
    dd_low_push(cx, conditions);
    dd_low_items(cx, e, base);
    uint32_t body = dd_low_child(cx, n, F_body);
    bool     dict = body && dd_low_kind(cx, body) == K_pair;
    dd_low_set(e, &e->a, dd_low_expr(cx, dict ? dd_low_child(cx, body, F_key) : body));
    if (dict)
        dd_low_set(e, &e->b, dd_low_expr(cx, dd_low_child(cx, body, F_value)));
    cx->scope = outer;
    return e;
}

/* ---- operators ---- */

static dd_expr *binary(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_str       op   = dd_low_text(cx, dd_low_child(cx, n, F_operator));
    dd_expr_kind kind = dd_str_eqz(op, "+") ? DD_X_ADD : dd_str_eqz(op, "%") ? DD_X_FORMAT : DD_X_BINARY;
    dd_expr     *e    = dd_low_two(cx, n, kind, head, dd_low_child(cx, n, F_right));
    e->name           = op;
    return e;
}

static dd_expr *boolean_operator(dd_low *cx, uint32_t n, dd_expr *head)
{
    bool is_or = dd_str_eqz(dd_low_text(cx, dd_low_child(cx, n, F_operator)), "or");
    return dd_low_two(cx, n, is_or ? DD_X_OR : DD_X_AND, head, dd_low_child(cx, n, F_right));
}

/* a < b < c: b and further operands; the operator is the first one. */
static dd_expr *comparison(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_expr *e    = dd_low_new(cx, DD_X_BINARY, n);
    size_t   base = cx->stack.n;
    uint32_t seen = 0;
    e->name       = dd_low_text(cx, dd_low_child(cx, n, F_operators));
    dd_low_set(e, &e->a, head);
    dd_low_each_named(cx, i, n) {
        if (seen == 1)
            dd_low_set(e, &e->b, dd_low_expr(cx, i));
        else if (seen > 1)
            dd_low_push(cx, dd_low_expr(cx, i));
        seen++;
    }
    dd_low_items(cx, e, base);
    return e;
}

static dd_expr *unary(dd_low *cx, uint32_t n)
{
    return dd_low_unary(cx, n, dd_low_text(cx, dd_low_child(cx, n, F_operator)), dd_low_expr(cx, dd_low_child(cx, n, F_argument)));
}

static dd_expr *not_operator(dd_low *cx, uint32_t n)
{
    return dd_low_unary(cx, n, DD_STR("not"), dd_low_expr(cx, dd_low_child(cx, n, F_argument)));
}

static dd_expr *choice(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_CHOICE, n), **slots[] = { &e->a, &e->c, &e->b };
    size_t   i = 0;
    dd_low_each_named(cx, k, n)
        if (i < DD_COUNT(slots)) {
            dd_low_set(e, slots[i], dd_low_expr(cx, k));
            i++;
        }
    return e;
}

static dd_expr *walrus(dd_low *cx, uint32_t n)
{
    dd_expr  *e    = dd_low_new(cx, DD_X_ASSIGN, n);
    uint32_t  left = dd_low_child(cx, n, F_name);
    dd_scope *in   = cx->scope;
    e->name        = DD_STR(":=");
    dd_low_set(e, &e->a, dd_low_expr(cx, left));
    dd_low_set(e, &e->b, dd_low_expr(cx, dd_low_child(cx, n, F_value)));
    while (in->kind == DD_SCOPE_BLOCK && in->parent)
        in = in->parent;
    dd_low_bind(cx, in, DD_B_ASSIGN, dd_low_text(cx, left), n)->value = e->b;
    return e;
}

static dd_expr *lambda(dd_low *cx, uint32_t n)
{
    dd_expr *e  = dd_low_new(cx, DD_X_FUNC, n);
    dd_str hint = cx->hint;
    cx->hint    = DD_STR("");
    dd_func *func = dd_low_func_new(cx, hint, n);
    dd_low_func f;
    e->func    = func;
    func->expr = e;
    dd_low_python_enter(cx, &f, func, n);
    dd_low_return(cx, dd_low_expr(cx, dd_low_child(cx, n, F_body)));
    dd_low_func_end(cx, &f);
    return e;
}

/* ---- types ---- */

static dd_expr *generic_type(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_expr *e    = dd_low_new(cx, DD_X_INDEX, n), *index = NULL;
    uint32_t args = dd_low_kid(cx, n, K_type_parameter);
    if (args) {
        index = dd_low_list(cx, args);
        if (index->n_items == 1)
            index = index->items[0];
    }
    dd_low_set(e, &e->a, head);
    dd_low_set(e, &e->b, index);
    return e;
}

static dd_expr *union_type(dd_low *cx, uint32_t n, dd_expr *head)
{
    uint32_t right = dd_low_only(cx, n);
    dd_expr *e     = dd_low_two(cx, n, DD_X_BINARY, head, right ? dd_low_next(cx, right) : 0);
    e->name        = DD_STR("|");
    return e;
}

static dd_expr *member_type(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_expr *e = dd_low_new(cx, DD_X_MEMBER, n);
    dd_low_each_named(cx, i, n) {
        e->name     = dd_low_text(cx, i);
        e->name_pos = dd_low_node(cx, i)->start;
    }
    dd_low_set(e, &e->a, head);
    return e;
}

const dd_low_rule dd_low_python_rules[K_COUNT] = {
    [K_identifier]               = { name, NULL, 0 },
    [K_dotted_name]              = { dd_low_dotted, NULL, 0 },
    [K_attribute]                = { NULL, attribute, F_object },
    [K_subscript]                = { NULL, subscript, F_value },
    [K_call]                     = { NULL, call, F_function },
    [K_await]                    = { NULL, dd_low_await, F_none },
    [K_parenthesized_expression] = { NULL, dd_low_unwrap, F_none },
    [K_keyword_argument]         = { keyword, NULL, 0 },
    [K_list_splat]               = { splat, NULL, 0 },
    [K_list_splat_pattern]       = { splat, NULL, 0 },
    [K_parenthesized_list_splat] = { NULL, dd_low_unwrap, F_none },
    [K_dictionary_splat]         = { dict_splat, NULL, 0 },
    [K_string]                   = { string, NULL, 0 },
    [K_concatenated_string]      = { concatenated, NULL, 0 },
    [K_integer]                  = { dd_low_number, NULL, 0 },
    [K_float]                    = { dd_low_number, NULL, 0 },
    [K_true]                     = { dd_low_bool, NULL, 0 },
    [K_false]                    = { dd_low_bool, NULL, 0 },
    [K_none]                     = { dd_low_none, NULL, 0 },
    [K_list]                     = { dd_low_list, NULL, 0 },
    [K_tuple]                    = { dd_low_list, NULL, 0 },
    [K_set]                      = { dd_low_list, NULL, 0 },
    [K_expression_list]          = { dd_low_list, NULL, 0 },
    [K_pattern_list]             = { dd_low_list, NULL, 0 },
    [K_tuple_pattern]            = { dd_low_list, NULL, 0 },
    [K_list_pattern]             = { dd_low_list, NULL, 0 },
    [K_dictionary]               = { dd_low_dict, NULL, 0 },
    [K_pair]                     = { pair, NULL, 0 },
    [K_list_comprehension]       = { comprehension, NULL, 0 },
    [K_set_comprehension]        = { comprehension, NULL, 0 },
    [K_dictionary_comprehension] = { comprehension, NULL, 0 },
    [K_generator_expression]     = { comprehension, NULL, 0 },
    [K_binary_operator]          = { NULL, binary, F_left },
    [K_boolean_operator]         = { NULL, boolean_operator, F_left },
    [K_comparison_operator]      = { NULL, comparison, F_none },
    [K_unary_operator]           = { unary, NULL, 0 },
    [K_not_operator]             = { not_operator, NULL, 0 },
    [K_conditional_expression]   = { choice, NULL, 0 },
    [K_named_expression]         = { walrus, NULL, 0 },
    [K_lambda]                   = { lambda, NULL, 0 },
    [K_yield]                    = { dd_low_yield_expr, NULL, 0 },
    [K_type]                     = { NULL, dd_low_unwrap, F_none },
    [K_constrained_type]         = { NULL, dd_low_unwrap, F_none },
    [K_splat_type]               = { NULL, dd_low_unwrap, F_none },
    [K_generic_type]             = { NULL, generic_type, F_none },
    [K_union_type]               = { NULL, union_type, F_none },
    [K_member_type]              = { NULL, member_type, F_none },
};
