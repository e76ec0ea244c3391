#include "scan/lower_js.h"

/* ---- steps and calls ---- */

/* `await (0, m.f)(x)` parses as await(0, m.f)(x), a call of a function named await: compiled code is full of it. The last
 * argument is the value; that the chain behind it is awaited moves along its steps. */
static dd_expr *false_await(dd_low *cx, uint32_t args)
{
    dd_expr *e = NULL;
    dd_low_each_named(cx, i, args)
        e = dd_low_expr(cx, i);
    if (!e)
        return dd_low_new(cx, DD_X_UNKNOWN, args);
    e->awaited   = true;
    cx->awaiting = e;
    return e;
}

static dd_expr *step(dd_low *cx, dd_expr *e, dd_expr *head)
{
    if (cx->awaiting == head) {
        head->awaited = false;
        e->awaited    = true;
        cx->awaiting  = e;
    }
    return e;
}

/* The grammar reads `x as A.B.C` as a member C of `x as A.B`; without parentheses it is all type. */
static bool type_path(const dd_low *cx, uint32_t n)
{
    while (dd_low_kind(cx, n) == K_member_expression)
        n = dd_low_child(cx, n, F_object);
    return dd_low_kind(cx, n) == K_as_expression || dd_low_kind(cx, n) == K_satisfies_expression;
}

static dd_expr *member(dd_low *cx, uint32_t n, dd_expr *head)
{
    if (type_path(cx, n))
        return head;
    dd_expr *e    = dd_low_new(cx, DD_X_MEMBER, n);
    uint32_t name = dd_low_child(cx, n, F_property);
    e->name       = dd_low_text(cx, name);
    e->name_pos   = dd_low_node(cx, name)->start;
    dd_low_set(e, &e->a, head);
    return step(cx, e, head);
}

static dd_expr *subscript(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_expr *e = dd_low_new(cx, DD_X_INDEX, n);
    dd_low_set(e, &e->a, head);
    dd_low_set(e, &e->b, dd_low_expr(cx, dd_low_child(cx, n, F_index)));
    if (e->b)
        e->name_pos = e->b->start;
    return step(cx, e, head);
}

static void push_arguments(dd_low *cx, dd_expr *e, uint32_t args)
{
    size_t base = cx->stack.n;
    dd_low_each_named(cx, i, args)
        dd_low_push(cx, dd_low_expr(cx, i));
    dd_low_items(cx, e, base);
}

/* The text of a tagged template is not what the tag returns; both stay visible as items. */
static dd_expr *tagged(dd_low *cx, uint32_t n, dd_expr *tag, uint32_t text)
{
    dd_expr *e    = dd_low_new(cx, DD_X_UNKNOWN, n);
    size_t   base = cx->stack.n;
    dd_low_push(cx, tag);
    dd_low_push(cx, dd_low_expr(cx, text));
    dd_low_items(cx, e, base);
    return e;
}

static dd_str promised_module(const dd_expr *callee)
{
    dd_str none = DD_STR(""), ignored;
    return callee->kind == DD_X_MEMBER && dd_str_eqz(callee->name, "then") ? dd_low_js_module(callee->a, &ignored) : none;
}

static dd_expr *call(dd_low *cx, uint32_t n, dd_expr *head)
{
    uint32_t callee = dd_low_child(cx, n, F_function), args = dd_low_child(cx, n, F_arguments);
    if (dd_low_kind(cx, args) == K_template_string)
        return tagged(cx, n, head, args);
    if (head->kind == DD_X_NAME && dd_str_eqz(head->name, "await"))
        return false_await(cx, args);
    dd_expr *e = dd_low_call(cx, n, DD_X_CALL, head, dd_low_node(cx, args)->flags & DD_SYN_HAS_ERROR);
    if (dd_low_kind(cx, callee) == K_await_expression) { /* G-1: await f<T>() parses as (await f)<T>() */
        e->awaited    = true;
        head->awaited = false;
    }
    step(cx, e, head);
    dd_str was   = cx->promised;
    cx->promised = promised_module(head);
    push_arguments(cx, e, args);
    cx->promised = was;
    dd_str ignored, module = dd_low_js_module(e, &ignored);
    if (module.len && head->kind == DD_X_NAME && e->n_items && e->items[0]->kind == DD_X_STRING)
        dd_low_import(cx, DD_IMP_MODULE, module, DD_STR(""), n);
    dd_low_note_mutation(cx, e, n);
    dd_low_js_exports_call(cx, e);
    return e;
}

static dd_expr *construct(dd_low *cx, uint32_t n, dd_expr *head)
{
    uint32_t args = dd_low_child(cx, n, F_arguments);
    dd_expr *e    = dd_low_call(cx, n, DD_X_NEW, head, args && (dd_low_node(cx, args)->flags & DD_SYN_HAS_ERROR));
    if (args)
        push_arguments(cx, e, args);
    return e;
}

static dd_expr *last_of(dd_low *cx, uint32_t n)
{
    dd_expr *e = NULL;
    dd_low_each_named(cx, i, n)
        e = dd_low_expr(cx, i);
    return e ? e : dd_low_new(cx, DD_X_UNKNOWN, n);
}

static dd_expr *type_assertion(dd_low *cx, uint32_t n)
{
    uint32_t value = 0;
    dd_low_each_named(cx, i, n)
        value = i;
    return dd_low_unwrap(cx, n, dd_low_expr(cx, value));
}

static dd_expr *meta(dd_low *cx, uint32_t n)
{
    dd_str text = dd_low_text(cx, n);
    if (!dd_str_startsz(text, "import"))
        return dd_low_name(cx, n, text);
    dd_expr *e = dd_low_new(cx, DD_X_MEMBER, n);
    e->name    = DD_STR("meta");
    dd_low_set(e, &e->a, dd_low_name(cx, n, DD_STR("import")));
    return e;
}

/* ---- literals ---- */

static dd_expr *name(dd_low *cx, uint32_t n) { return dd_low_name(cx, n, dd_low_text(cx, n)); }

static dd_expr *opaque(dd_low *cx, uint32_t n) { return dd_low_new(cx, DD_X_UNKNOWN, n); }

static dd_expr *string(dd_low *cx, uint32_t n)
{
    const dd_syn *s  = dd_low_node(cx, n);
    uint32_t      to = s->end > s->start + 1 ? s->end - 1 : s->end;
    return dd_low_string(cx, n, dd_low_js_text(cx, s->start + 1, to));
}

static dd_expr *template(dd_low *cx, uint32_t n)
{
    const dd_syn *s  = dd_low_node(cx, n);
    uint32_t      at = s->start + 1, to = s->end > s->start + 1 ? s->end - 1 : s->end;
    if (!dd_low_kid(cx, n, K_template_substitution))
        return dd_low_string(cx, n, dd_low_js_text(cx, at, to));
    dd_expr *e    = dd_low_new(cx, DD_X_TEMPLATE, n);
    size_t   base = cx->stack.n;
    dd_low_each_named(cx, i, n) {
        if (dd_low_node(cx, i)->start > at)
            dd_low_push(cx, dd_low_string(cx, n, dd_low_js_text(cx, at, dd_low_node(cx, i)->start)));
        dd_low_push(cx, last_of(cx, i));
        at = dd_low_node(cx, i)->end;
    }
    if (to > at)
        dd_low_push(cx, dd_low_string(cx, n, dd_low_js_text(cx, at, to)));
    dd_low_items(cx, e, base);
    return e;
}

/* ---- containers ---- */

static dd_expr *key_expr(dd_low *cx, uint32_t key)
{
    if (dd_low_kind(cx, key) == K_computed_property_name)
        return dd_low_only_expr(cx, key);
    return dd_low_string(cx, key, dd_low_js_key(cx, key));
}

static dd_expr *pair_of(dd_low *cx, uint32_t n, dd_expr *key, dd_expr *value)
{
    dd_expr *e = dd_low_new(cx, DD_X_PAIR, n);
    dd_low_set(e, &e->a, key);
    dd_low_set(e, &e->b, value);
    return e;
}

static dd_expr *pair(dd_low *cx, uint32_t n)
{
    uint32_t key = dd_low_child(cx, n, F_key);
    dd_expr *k   = key_expr(cx, key);
    return pair_of(cx, n, k, dd_low_js_value(cx, dd_low_child(cx, n, F_value), dd_low_js_key(cx, key)));
}

static dd_expr *shorthand(dd_low *cx, uint32_t n)
{
    dd_str text = dd_low_text(cx, n);
    return pair_of(cx, n, dd_low_string(cx, n, text), dd_low_name(cx, n, text));
}

static dd_expr *method(dd_low *cx, uint32_t n)
{
    uint32_t key   = dd_low_child(cx, n, F_name);
    dd_expr *k     = key_expr(cx, key);
    dd_expr *value = dd_low_js_func_expr(cx, n, dd_low_js_key(cx, key));
    value->func->is_property = dd_low_kid(cx, n, T_get);
    return pair_of(cx, n, k, value);
}

static dd_expr *spread(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_SPREAD, n);
    dd_low_set(e, &e->a, dd_low_only_expr(cx, n));
    return e;
}

/* ---- operators ---- */

static dd_expr *binary(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_str       op   = dd_low_text(cx, dd_low_child(cx, n, F_operator));
    dd_expr_kind kind = dd_str_eqz(op, "||") ? DD_X_OR : dd_str_eqz(op, "??") ? DD_X_COALESCE : dd_str_eqz(op, "&&") ? DD_X_AND :
                        dd_str_eqz(op, "+")  ? DD_X_ADD : DD_X_BINARY;
    dd_expr *e = dd_low_two(cx, n, kind, head, dd_low_child(cx, n, F_right));
    e->name    = op;
    return e;
}

static dd_expr *ternary(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_CHOICE, n);
    dd_low_set(e, &e->c, dd_low_expr(cx, dd_low_child(cx, n, F_condition)));
    dd_low_set(e, &e->a, dd_low_expr(cx, dd_low_child(cx, n, F_consequence)));
    dd_low_set(e, &e->b, dd_low_expr(cx, dd_low_child(cx, n, F_alternative)));
    return e;
}

static dd_expr *unary(dd_low *cx, uint32_t n)
{
    dd_str   op = dd_low_text(cx, dd_low_child(cx, n, F_operator));
    dd_expr *a  = dd_low_expr(cx, dd_low_child(cx, n, F_argument));
    if (a && a->kind == DD_X_NUMBER && dd_str_eqz(op, "void"))
        return dd_low_none(cx, n);
    if (dd_str_eqz(op, "delete"))
        dd_low_note_member(cx, a, NULL, NULL, op, n);
    return dd_low_unary(cx, n, op, a);
}

static dd_expr *update(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_UNARY, n);
    e->name    = dd_low_text(cx, dd_low_child(cx, n, F_operator));
    dd_low_set(e, &e->a, dd_low_expr(cx, dd_low_child(cx, n, F_argument)));
    return e;
}

/* ---- assignments ---- */

static bool is_pattern(uint16_t kind) { return kind == K_object_pattern || kind == K_array_pattern; }

static uint32_t target_of(const dd_low *cx, uint32_t n)
{
    while (dd_low_kind(cx, n) == K_parenthesized_expression || dd_low_kind(cx, n) == K_non_null_expression ||
           dd_low_kind(cx, n) == K_as_expression)
        n = dd_low_only(cx, n);
    return n;
}

static void assign_to(dd_low *cx, dd_expr *e, uint32_t n)
{
    bool plain = dd_str_eqz(e->name, "=");
    if (e->a->kind == DD_X_NAME) {
        dd_binding *b = dd_low_bind(cx, NULL, plain ? DD_B_ASSIGN : DD_B_AUGMENT, e->a->name, n);
        b->value      = e->b;
        b->op         = e->name;
        return;
    }
    dd_low_note_member(cx, e->a, e->b, NULL, e->name, n);
    if (plain)
        dd_low_js_exports_assign(cx, e->a, e->b);
}

static dd_expr *assignment(dd_low *cx, uint32_t n)
{
    uint32_t left = target_of(cx, dd_low_child(cx, n, F_left)), right = dd_low_child(cx, n, F_right);
    uint32_t op   = dd_low_child(cx, n, F_operator);
    dd_expr *e    = dd_low_new(cx, DD_X_ASSIGN, n);
    e->name       = op ? dd_low_text(cx, op) : DD_STR("=");
    if (is_pattern(dd_low_kind(cx, left))) {
        dd_low_set(e, &e->a, dd_low_new(cx, DD_X_UNKNOWN, left));
        dd_low_set(e, &e->b, dd_low_expr(cx, right));
        dd_low_target t = { .kind = DD_B_ASSIGN, .value = e->b, .node = n };
        dd_low_js_bind(cx, left, &t);
        return e;
    }
    dd_low_set(e, &e->a, dd_low_expr(cx, left));
    if (!e->a)
        dd_low_set(e, &e->a, dd_low_new(cx, DD_X_UNKNOWN, n));
    bool named = e->a->kind == DD_X_NAME || e->a->kind == DD_X_MEMBER;
    dd_low_set(e, &e->b, dd_low_js_value(cx, right, named ? e->a->name : DD_STR("")));
    assign_to(cx, e, n);
    return e;
}

/* ---- functions, classes, JSX ---- */

static dd_str take_hint(dd_low *cx, uint32_t n)
{
    dd_str hint = cx->hint, own = dd_low_text(cx, dd_low_child(cx, n, F_name));
    cx->hint    = DD_STR("");
    return own.len ? own : hint;
}

static dd_expr *function(dd_low *cx, uint32_t n) { return dd_low_js_func_expr(cx, n, take_hint(cx, n)); }

static dd_expr *class_expr(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_CLASS, n);
    e->cls     = dd_low_js_class(cx, n, take_hint(cx, n));
    return e;
}

/* Of an element only its embedded expressions matter: {...} of attributes and children, and nested elements. */
static void push_jsx(dd_low *cx, uint32_t n)
{
    if (cx->depth >= DD_LOW_DEPTH)
        return;
    cx->depth++;
    dd_low_each_named(cx, i, n) {
        uint16_t kind = dd_low_kind(cx, i);
        if (kind == K_jsx_expression)
            dd_low_push(cx, dd_low_only(cx, i) ? last_of(cx, i) : NULL);
        else if (kind == K_jsx_element || kind == K_jsx_self_closing_element || kind == K_jsx_fragment)
            dd_low_push(cx, dd_low_expr(cx, i));
        else if (kind == K_jsx_opening_element || kind == K_jsx_attribute || kind == K_ERROR)
            push_jsx(cx, i);
    }
    cx->depth--;
}

static dd_expr *jsx(dd_low *cx, uint32_t n)
{
    dd_expr *e    = dd_low_new(cx, DD_X_UNKNOWN, n);
    size_t   base = cx->stack.n;
    push_jsx(cx, n);
    dd_low_items(cx, e, base);
    return e;
}

/* ---- types ---- */

static dd_expr *qualified(dd_low *cx, uint32_t n)
{
    dd_expr *e     = dd_low_new(cx, DD_X_MEMBER, n);
    uint32_t outer = dd_low_only(cx, n), name = outer ? dd_low_next(cx, outer) : 0;
    e->name        = dd_low_text(cx, name);
    e->name_pos    = name ? dd_low_node(cx, name)->start : e->start;
    dd_low_set(e, &e->a, dd_low_expr(cx, outer));
    return e;
}

static dd_expr *generic(dd_low *cx, uint32_t n)
{
    dd_expr *e    = dd_low_new(cx, DD_X_INDEX, n), *index = NULL;
    uint32_t args = dd_low_child(cx, n, F_type_arguments);
    if (args) {
        index = dd_low_list(cx, args);
        if (index->n_items == 1)
            index = index->items[0];
    }
    dd_low_set(e, &e->a, dd_low_expr(cx, dd_low_child(cx, n, F_name)));
    dd_low_set(e, &e->b, index);
    return e;
}

static dd_expr *array_type(dd_low *cx, uint32_t n, dd_expr *head)
{
    dd_expr *e = dd_low_new(cx, DD_X_INDEX, n);
    dd_low_set(e, &e->a, dd_low_name(cx, n, DD_STR("Array")));
    dd_low_set(e, &e->b, head);
    return e;
}

static dd_expr *joined_type(dd_low *cx, uint32_t n, dd_expr *head)
{
    uint32_t left = dd_low_only(cx, n), right = 0;
    if (left)
        for (right = dd_low_next(cx, left); right && !dd_low_named(cx, right);)
            right = dd_low_next(cx, right);
    if (!right) /* | "a" with a leading bar */
        return head;
    dd_expr *e = dd_low_new(cx, DD_X_BINARY, n);
    e->name    = dd_low_kind(cx, n) == K_union_type ? DD_STR("|") : DD_STR("&");
    dd_low_set(e, &e->a, head);
    dd_low_set(e, &e->b, dd_low_expr(cx, right));
    return e;
}

static dd_expr *type_query(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_UNARY, n);
    e->name    = DD_STR("typeof");
    dd_low_set(e, &e->a, dd_low_only_expr(cx, n));
    return e;
}

static dd_expr *object_type(dd_low *cx, uint32_t n)
{
    dd_expr *e    = dd_low_new(cx, DD_X_DICT, n);
    size_t   base = cx->stack.n;
    dd_low_each_named(cx, i, n)
        if (dd_low_kind(cx, i) == K_property_signature) {
            dd_expr *key = key_expr(cx, dd_low_child(cx, i, F_name));
            dd_low_push(cx, pair_of(cx, i, key, dd_low_expr(cx, dd_low_child(cx, i, F_type))));
        }
    dd_low_items(cx, e, base);
    return e;
}

const dd_low_rule dd_low_js_rules[K_COUNT] = {
    [K_identifier]                    = { name, NULL, 0 },
    [K_this]                          = { name, NULL, 0 },
    [K_super]                         = { name, NULL, 0 },
    [K_import]                        = { name, NULL, 0 },
    [K_meta_property]                 = { meta, NULL, 0 },
    [K_member_expression]             = { NULL, member, F_object },
    [K_subscript_expression]          = { NULL, subscript, F_object },
    [K_call_expression]               = { NULL, call, F_function },
    [K_new_expression]                = { NULL, construct, F_constructor },
    [K_await_expression]              = { NULL, dd_low_await, F_none },
    [K_parenthesized_expression]      = { NULL, dd_low_unwrap, F_none },
    [K_non_null_expression]           = { NULL, dd_low_unwrap, F_none },
    [K_as_expression]                 = { NULL, dd_low_unwrap, F_none },
    [K_satisfies_expression]          = { NULL, dd_low_unwrap, F_none },
    [K_instantiation_expression]      = { NULL, dd_low_unwrap, F_none },
    [K_decorator]                     = { NULL, dd_low_unwrap, F_none },
    [K_type_assertion]                = { type_assertion, NULL, 0 },
    [K_sequence_expression]           = { last_of, NULL, 0 },
    [K_string]                        = { string, NULL, 0 },
    [K_template_string]               = { template, NULL, 0 },
    [K_number]                        = { dd_low_number, NULL, 0 },
    [K_true]                          = { dd_low_bool, NULL, 0 },
    [K_false]                         = { dd_low_bool, NULL, 0 },
    [K_null]                          = { dd_low_none, NULL, 0 },
    [K_undefined]                     = { dd_low_none, NULL, 0 },
    [K_regex]                         = { opaque, NULL, 0 },
    [K_array]                         = { dd_low_list, NULL, 0 },
    [K_object]                        = { dd_low_dict, NULL, 0 },
    [K_pair]                          = { pair, NULL, 0 },
    [K_shorthand_property_identifier] = { shorthand, NULL, 0 },
    [K_method_definition]             = { method, NULL, 0 },
    [K_spread_element]                = { spread, NULL, 0 },
    [K_binary_expression]             = { NULL, binary, F_left },
    [K_ternary_expression]            = { ternary, NULL, 0 },
    [K_unary_expression]              = { unary, NULL, 0 },
    [K_update_expression]             = { update, NULL, 0 },
    [K_assignment_expression]         = { assignment, NULL, 0 },
    [K_augmented_assignment_expression] = { assignment, NULL, 0 },
    [K_arrow_function]                = { function, NULL, 0 },
    [K_function_expression]           = { function, NULL, 0 },
    [K_function]                      = { function, NULL, 0 },
    [K_generator_function]            = { function, NULL, 0 },
    [K_class]                         = { class_expr, NULL, 0 },
    [K_yield_expression]              = { dd_low_yield_expr, NULL, 0 },
    [K_jsx_element]                   = { jsx, NULL, 0 },
    [K_jsx_self_closing_element]      = { jsx, NULL, 0 },
    [K_jsx_fragment]                  = { jsx, NULL, 0 },
    [K_type_annotation]               = { NULL, dd_low_unwrap, F_none },
    [K_parenthesized_type]            = { NULL, dd_low_unwrap, F_none },
    [K_readonly_type]                 = { NULL, dd_low_unwrap, F_none },
    [K_literal_type]                  = { NULL, dd_low_unwrap, F_none },
    [K_flow_maybe_type]               = { NULL, dd_low_unwrap, F_none },
    [K_array_type]                    = { NULL, array_type, F_none },
    [K_union_type]                    = { NULL, joined_type, F_none },
    [K_intersection_type]             = { NULL, joined_type, F_none },
    [K_type_identifier]               = { name, NULL, 0 },
    [K_predefined_type]               = { name, NULL, 0 },
    [K_property_identifier]           = { name, NULL, 0 },
    [K_nested_type_identifier]        = { qualified, NULL, 0 },
    [K_nested_identifier]             = { qualified, NULL, 0 },
    [K_generic_type]                  = { generic, NULL, 0 },
    [K_type_query]                    = { type_query, NULL, 0 },
    [K_object_type]                   = { object_type, NULL, 0 },
    [K_function_type]                 = { opaque, NULL, 0 },
    [K_type_arguments]                = { opaque, NULL, 0 },
};
