/* scan/lower_python.c - statements, bindings, functions and classes of Python. */
#include "scan/lower_python.h"

/* Each lowers a statement and says how control leaves it. */
typedef dd_low_exit statement(dd_low *cx, uint32_t n);
static statement *const statements[K_COUNT];

static dd_low_exit block(dd_low *cx, uint32_t n);

/* What the parser could not place inside a statement is still read: G-7. */
static void lower_errors(dd_low *cx, uint32_t n)
{
    if (dd_low_node(cx, n)->flags & DD_SYN_HAS_ERROR)
        dd_low_each_named(cx, i, n)
            if (dd_low_kind(cx, i) == K_ERROR)
                block(cx, i);
}

static dd_low_exit lower_statement(dd_low *cx, uint32_t n)
{
    statement  *fn   = statements[dd_low_kind(cx, n)];
    dd_low_exit left = DD_LOW_ON;
    if (cx->depth >= DD_LOW_DEPTH)
        return left;
    cx->depth++;
    if (fn)
        left = fn(cx, n);
    else
        dd_low_expr(cx, n);
    if (fn && fn != block)
        lower_errors(cx, n);
    cx->depth--;
    return left;
}

static dd_low_exit block(dd_low *cx, uint32_t n)
{
    dd_low_exit left = DD_LOW_ON;
    dd_low_each_named(cx, i, n)
        left = dd_low_then(left, lower_statement(cx, i));
    return left;
}

/* An arm's block, under its branch. */
static dd_low_exit arm(dd_low *cx, dd_branch *b, uint32_t n)
{
    const dd_branch *outer = cx->branch;
    cx->branch             = b;
    dd_low_exit left       = n ? block(cx, n) : DD_LOW_ON;
    cx->branch             = outer;
    return dd_low_leave(b, left);
}

/* ---- targets ---- */

static bool is_group(uint16_t kind)
{
    return kind == K_pattern_list || kind == K_tuple_pattern || kind == K_list_pattern || kind == K_tuple || kind == K_list ||
           kind == K_expression_list;
}

static bool is_splat(uint16_t kind) { return kind == K_list_splat_pattern || kind == K_list_splat; }

static void bind_name(dd_low *cx, uint32_t n, const dd_low_bound *b)
{
    dd_scope   *in   = cx->scope;
    bool        deep = cx->keys.n > 0;
    dd_binding *x    = dd_low_bind(cx, in, deep && b->kind == DD_B_ASSIGN ? DD_B_PATTERN : b->kind, dd_low_text(cx, n), b->node);
    x->value         = b->value;
    x->type          = b->type;
    dd_low_keys(cx, x);
    if (cx->cls && cx->scope == cx->cls->cls->scope && b->kind == DD_B_ASSIGN && !deep) {
        dd_field f = { .name = x->name, .value = b->value, .type = b->type, .pos = dd_low_node(cx, b->node)->start, .op = DD_STR("=") };
        dd_low_field(cx, cx->cls, f);
    }
}

/* `a, b = x, y` binds each to its own, when the two sides fit. */
static bool pairwise(dd_low *cx, uint32_t n, const dd_low_bound *b)
{
    uint32_t count = 0;
    if (b->kind != DD_B_ASSIGN || cx->keys.n || !b->value || b->value->kind != DD_X_LIST)
        return false;
    dd_low_each_named(cx, i, n) {
        if (is_splat(dd_low_kind(cx, i)))
            return false;
        count++;
    }
    for (uint32_t i = 0; i < b->value->n_items; i++)
        if (b->value->items[i]->kind == DD_X_SPREAD)
            return false;
    return count == b->value->n_items;
}

static void bind_group(dd_low *cx, uint32_t n, const dd_low_bound *b)
{
    bool     pairs = pairwise(cx, n, b);
    uint32_t at    = 0;
    dd_low_each_named(cx, i, n) {
        dd_low_bound one = *b;
        if (pairs)
            one.value = b->value->items[at];
        else
            dd_vec_push(&cx->keys, is_splat(dd_low_kind(cx, i)) ? DD_STR("...") : dd_low_index_key(cx, at));
        dd_low_python_bind(cx, i, &one);
        if (!pairs)
            cx->keys.n--;
        at++;
    }
}

static void bind_place(dd_low *cx, uint32_t n, const dd_low_bound *b)
{
    dd_expr *target = dd_low_expr(cx, n);
    bool     plain  = b->kind == DD_B_ASSIGN && !cx->keys.n;
    dd_expr *value  = plain ? b->value : dd_low_new(cx, DD_X_UNKNOWN, n);
    dd_low_note_member(cx, target, value, b->type, DD_STR("="), b->node);
}

void dd_low_python_bind(dd_low *cx, uint32_t target, const dd_low_bound *b)
{
    uint16_t kind = dd_low_kind(cx, target);
    if (!target || cx->depth >= DD_LOW_DEPTH)
        return;
    cx->depth++;
    if (kind == K_identifier)
        bind_name(cx, target, b);
    else if (is_group(kind))
        bind_group(cx, target, b);
    else if (is_splat(kind) || kind == K_parenthesized_expression || kind == K_as_pattern_target)
        dd_low_python_bind(cx, dd_low_only(cx, target), b);
    else if (kind == K_attribute || kind == K_subscript)
        bind_place(cx, target, b);
    cx->depth--;
}

dd_expr *dd_low_python_value(dd_low *cx, uint32_t n, dd_str name)
{
    if (n && dd_low_kind(cx, n) == K_lambda)
        cx->hint = name;
    return dd_low_value(cx, n, name);
}

/* importlib.import_module("x") and __import__("x") with a plain name (I-PY-9); else empty. */
static dd_str imported_module(dd_expr *e)
{
    dd_expr *arg = e && e->kind == DD_X_CALL ? dd_call_arg(e, 0) : NULL;
    bool     is  = arg && (dd_str_eqz(e->name, "import_module") || dd_str_eqz(e->name, "__import__"));
    return is && arg->kind == DD_X_STRING ? arg->name : DD_STR("");
}

static dd_low_exit assignment(dd_low *cx, uint32_t n)
{
    uint32_t targets[16], right = n, count = 0;
    for (; dd_low_kind(cx, right) == K_assignment; right = dd_low_child(cx, right, F_right))
        if (count < DD_COUNT(targets))
            targets[count++] = right;
    uint32_t left   = dd_low_child(cx, n, F_left);
    bool     simple = dd_low_kind(cx, left) == K_identifier;
    dd_low_bound b  = { .kind = DD_B_ASSIGN, .node = n };
    b.type          = dd_low_type(cx, dd_low_child(cx, n, F_type));
    b.value         = dd_low_python_value(cx, right, simple ? dd_low_text(cx, left) : DD_STR(""));
    dd_str module   = imported_module(b.value);
    if (module.len && simple && count == 1) {
        dd_binding *x = dd_low_bind(cx, cx->scope, DD_B_IMPORT, dd_low_text(cx, left), n);
        x->value      = b.value;
        x->import     = dd_low_import(cx, DD_IMP_MODULE, module, DD_STR(""), n);
        return DD_LOW_ON;
    }
    while (count--) /* chained: from the right, all get the same value */
        dd_low_python_bind(cx, dd_low_child(cx, targets[count], F_left), &b);
    return DD_LOW_ON;
}

static dd_low_exit augmented(dd_low *cx, uint32_t n)
{
    uint32_t left  = dd_low_child(cx, n, F_left);
    dd_str   op    = dd_low_text(cx, dd_low_child(cx, n, F_operator));
    dd_expr *value = dd_low_expr(cx, dd_low_child(cx, n, F_right));
    if (dd_low_kind(cx, left) != K_identifier) {
        dd_low_note_member(cx, dd_low_expr(cx, left), value, NULL, op, n);
        return DD_LOW_ON;
    }
    dd_binding *b = dd_low_bind(cx, cx->scope, DD_B_AUGMENT, dd_low_text(cx, left), n);
    b->op         = op;
    b->value      = value;
    return DD_LOW_ON;
}

static dd_low_exit delete(dd_low *cx, uint32_t n)
{
    dd_low_each_named(cx, i, n) {
        if (dd_low_kind(cx, i) == K_expression_list || dd_low_kind(cx, i) == K_tuple)
            delete(cx, i);
        else if (dd_low_kind(cx, i) == K_identifier)
            dd_low_bind(cx, cx->scope, DD_B_DELETE, dd_low_text(cx, i), n);
        else
            dd_low_note_member(cx, dd_low_expr(cx, i), NULL, NULL, DD_STR("del"), n);
    }
    return DD_LOW_ON;
}

static dd_low_exit global(dd_low *cx, uint32_t n)
{
    bool all = dd_low_kind(cx, n) == K_global_statement;
    dd_low_each_named(cx, i, n)
        dd_low_bind(cx, cx->scope, DD_B_GLOBAL, dd_low_text(cx, i), n)->op = all ? DD_STR("global") : DD_STR("nonlocal");
    return DD_LOW_ON;
}

/* ---- imports ---- */

static void bind_import(dd_low *cx, uint32_t n, dd_str as, dd_import *import)
{
    dd_low_bind(cx, cx->scope, DD_B_IMPORT, as, n)->import = import;
}

static dd_low_exit import(dd_low *cx, uint32_t n)
{
    dd_low_each_named(cx, i, n) {
        bool     alias  = dd_low_kind(cx, i) == K_aliased_import;
        dd_str   module = dd_low_text(cx, alias ? dd_low_child(cx, i, F_name) : i);
        dd_str   whole  = module;
        dd_import *all  = dd_low_import(cx, DD_IMP_MODULE, module, DD_STR(""), i);
        if (alias) {
            bind_import(cx, n, dd_low_text(cx, dd_low_child(cx, i, F_alias)), all);
            continue;
        }
        dd_str first = dd_str_trim(dd_str_cut(&module, '.'));
        bind_import(cx, n, first, first.len == whole.len ? all : dd_low_import(cx, DD_IMP_MODULE, first, DD_STR(""), i));
    }
    return DD_LOW_ON;
}

static dd_low_exit import_from(dd_low *cx, uint32_t n)
{
    uint32_t from   = dd_low_child(cx, n, F_module_name);
    dd_str   module = dd_low_text(cx, from);
    int      level  = 0;
    if (dd_low_kind(cx, from) == K_relative_import) {
        dd_str dots = dd_low_text(cx, dd_low_kid(cx, from, K_import_prefix));
        for (size_t i = 0; i < dots.len; i++)
            level += dots.ptr[i] == '.';
        module = dd_low_text(cx, dd_low_kid(cx, from, K_dotted_name));
    }
    dd_low_each_named(cx, i, n) {
        if (i == from)
            continue;
        bool   alias = dd_low_kind(cx, i) == K_aliased_import, all = dd_low_kind(cx, i) == K_wildcard_import;
        dd_str name  = dd_low_text(cx, alias ? dd_low_child(cx, i, F_name) : i);
        dd_import *x = dd_low_import(cx, all ? DD_IMP_WILDCARD : DD_IMP_NAME, module, name, i);
        x->level     = level;
        bind_import(cx, n, alias ? dd_low_text(cx, dd_low_child(cx, i, F_alias)) : name, x);
    }
    return DD_LOW_ON;
}

/* ---- conditions ---- */

static bool is_main_test(const dd_expr *e)
{
    if (!e || e->kind != DD_X_BINARY || !dd_str_eqz(e->name, "==") || !e->b)
        return false;
    const dd_expr *name = e->a->kind == DD_X_NAME ? e->a : e->b, *text = name == e->a ? e->b : e->a;
    return name->kind == DD_X_NAME && dd_str_eqz(name->name, "__name__") && text->kind == DD_X_STRING && dd_str_eqz(text->name, "__main__");
}

static bool is_type_checking(const dd_expr *e)
{
    return e && (e->kind == DD_X_NAME || e->kind == DD_X_MEMBER) && dd_str_eqz(e->name, "TYPE_CHECKING");
}

static dd_low_exit if_arm(dd_low *cx, dd_low_arms *of, uint32_t body, dd_expr *test)
{
    bool        was  = cx->type_only;
    bool        main = is_main_test(test);
    dd_branch  *b    = dd_low_arm(cx, of, main ? DD_BR_MAIN : DD_BR_IF, test);
    cx->u->has_main |= main;
    cx->type_only   |= is_type_checking(test);
    dd_low_exit left = arm(cx, b, body);
    cx->type_only    = was;
    return left;
}

static dd_expr *condition(dd_low *cx, uint32_t n) { return dd_low_expr(cx, dd_low_child(cx, n, F_condition)); }

static dd_low_exit if_statement(dd_low *cx, uint32_t n)
{
    uint32_t arms = 1;
    dd_low_each(cx, i, n)
        arms += dd_low_node(cx, i)->field == F_alternative;
    dd_low_arms of   = dd_low_construct(cx, arms, dd_low_kid(cx, n, K_else_clause));
    dd_low_exit left = if_arm(cx, &of, dd_low_child(cx, n, F_consequence), condition(cx, n));
    dd_low_each(cx, i, n) {
        if (dd_low_kind(cx, i) == K_elif_clause)
            left = dd_low_either(left, if_arm(cx, &of, dd_low_child(cx, i, F_consequence), condition(cx, i)));
        else if (dd_low_kind(cx, i) == K_else_clause)
            left = dd_low_either(left, if_arm(cx, &of, dd_low_child(cx, i, F_body), NULL));
    }
    return of.exhaustive ? left : DD_LOW_ON;
}

static void loop_else(dd_low *cx, uint32_t n)
{
    uint32_t other = dd_low_child(cx, n, F_alternative);
    if (other)
        block(cx, dd_low_child(cx, other, F_body));
}

static dd_low_exit for_statement(dd_low *cx, uint32_t n)
{
    dd_low_bound b = { .kind = DD_B_LOOP, .node = n };
    b.value        = dd_low_expr(cx, dd_low_child(cx, n, F_right));
    dd_low_arms of = dd_low_construct(cx, 1, false);
    dd_branch *br  = dd_low_arm(cx, &of, DD_BR_LOOP, b.value);
    const dd_branch *outer = cx->branch;
    cx->branch     = br;
    dd_low_python_bind(cx, dd_low_child(cx, n, F_left), &b);
    cx->branch     = outer;
    arm(cx, br, dd_low_child(cx, n, F_body));
    loop_else(cx, n);
    return DD_LOW_ON;
}

static dd_low_exit while_statement(dd_low *cx, uint32_t n)
{
    dd_expr    *test   = condition(cx, n);
    bool        always = test && (test->kind == DD_X_BOOL || test->kind == DD_X_NUMBER);
    dd_low_arms of     = dd_low_construct(cx, 1, false);
    arm(cx, dd_low_arm(cx, &of, DD_BR_LOOP, always ? NULL : test), dd_low_child(cx, n, F_body));
    loop_else(cx, n);
    return DD_LOW_ON;
}

static dd_low_exit except_clause(dd_low *cx, dd_low_arms *of, uint32_t n)
{
    uint32_t value = dd_low_child(cx, n, F_value), alias = dd_low_child(cx, n, F_alias);
    dd_expr *test  = NULL;
    dd_low_bound b = { .kind = DD_B_EXCEPT, .node = n };
    if (dd_low_kind(cx, value) == K_as_pattern) {
        alias = dd_low_child(cx, value, F_alias);
        value = dd_low_only(cx, value);
    }
    test = dd_low_expr(cx, value);
    b.value = test;
    dd_branch *br = dd_low_arm(cx, of, DD_BR_EXCEPT, test);
    const dd_branch *outer = cx->branch;
    cx->branch    = br;
    dd_low_python_bind(cx, alias, &b);
    cx->branch    = outer;
    return arm(cx, br, dd_low_kid(cx, n, K_block));
}

static bool is_except(uint16_t kind) { return kind == K_except_clause || kind == K_except_group_clause; }

static dd_low_exit try_statement(dd_low *cx, uint32_t n)
{
    uint32_t arms = 1;
    dd_low_each(cx, i, n)
        arms += is_except(dd_low_kind(cx, i));
    dd_low_arms of   = dd_low_construct(cx, arms, false);
    dd_branch  *body = dd_low_arm(cx, &of, DD_BR_TRY, NULL);
    dd_low_exit left = arm(cx, body, dd_low_child(cx, n, F_body)), handled = DD_LOW_OUT, last = DD_LOW_ON;
    dd_low_each(cx, i, n) {
        uint16_t kind = dd_low_kind(cx, i);
        if (is_except(kind)) {
            handled = dd_low_either(handled, except_clause(cx, &of, i));
        } else if (kind == K_else_clause) {
            left = dd_low_then(left, arm(cx, body, dd_low_child(cx, i, F_body)));
            dd_low_leave(body, left);
        } else if (kind == K_finally_clause) {
            last = block(cx, dd_low_kid(cx, i, K_block));
        }
    }
    return dd_low_then(last, dd_low_either(left, handled));
}

/* Names that a case captures. depth 0: the pattern is the name itself. */
static void bind_captures(dd_low *cx, uint32_t n, dd_low_bound *b)
{
    uint16_t kind = dd_low_kind(cx, n);
    if (cx->depth >= DD_LOW_DEPTH)
        return;
    cx->depth++;
    dd_low_each_named(cx, i, n) {
        uint16_t k = dd_low_kind(cx, i);
        uint32_t part = dd_low_first(cx, i);
        if (k == K_dotted_name && kind != K_class_pattern && part && !dd_low_next(cx, part))
            dd_low_python_bind(cx, part, b);
        else if (k == K_identifier && (kind == K_splat_pattern || kind == K_as_pattern))
            dd_low_python_bind(cx, i, b);
        else if (k != K_dotted_name && k != K_identifier)
            bind_captures(cx, i, b);
        if (kind != K_case_clause && kind != K_case_pattern && !cx->keys.n)
            dd_vec_push(&cx->keys, DD_STR("*"));
    }
    cx->depth--;
}

static bool is_catch_all(dd_low *cx, uint32_t clause)
{
    uint32_t pattern = dd_low_kid(cx, clause, K_case_pattern);
    if (dd_low_child(cx, clause, F_guard) || !pattern)
        return false;
    uint32_t in = dd_low_only(cx, pattern);
    return !in || (dd_low_kind(cx, in) == K_dotted_name && !dd_low_next(cx, dd_low_first(cx, in)));
}

/* The value of `case "a":`, when it is just one. */
static dd_expr *case_label(dd_low *cx, uint32_t clause)
{
    uint32_t pattern = dd_low_kid(cx, clause, K_case_pattern), in = pattern ? dd_low_only(cx, pattern) : 0;
    uint16_t kind    = dd_low_kind(cx, in);
    bool     literal = kind == K_string || kind == K_concatenated_string || kind == K_integer || kind == K_float || kind == K_true ||
                       kind == K_false || kind == K_none;
    if (!in || dd_low_child(cx, clause, F_guard) || dd_low_next(cx, pattern) != dd_low_child(cx, clause, F_consequence))
        return NULL;
    if (literal)
        return dd_low_expr(cx, in);
    return kind == K_dotted_name && dd_low_next(cx, dd_low_first(cx, in)) ? dd_low_dotted(cx, in) : NULL;
}

static dd_low_exit case_clause(dd_low *cx, dd_low_arms *of, uint32_t n, dd_expr *subject)
{
    dd_expr         *label = case_label(cx, n);
    dd_branch       *br    = dd_low_arm(cx, of, DD_BR_CASE, subject);
    const dd_branch *outer = cx->branch;
    dd_low_bound     b     = { .kind = DD_B_PATTERN, .value = subject, .node = n };
    size_t           keys  = cx->keys.n;
    br->label  = label;
    cx->branch = br;
    dd_low_each(cx, i, n)
        if (dd_low_kind(cx, i) == K_case_pattern) {
            uint32_t in = dd_low_only(cx, i);
            if (in && dd_low_kind(cx, in) != K_dotted_name && dd_low_kind(cx, in) != K_as_pattern)
                dd_vec_push(&cx->keys, DD_STR("*"));
            bind_captures(cx, i, &b);
            cx->keys.n = keys;
        }
    uint32_t guard = dd_low_child(cx, n, F_guard);
    if (guard)
        dd_low_only_expr(cx, guard);
    cx->branch = outer;
    return arm(cx, br, dd_low_child(cx, n, F_consequence));
}

static dd_low_exit match_statement(dd_low *cx, uint32_t n)
{
    size_t base = cx->stack.n;
    dd_low_each(cx, i, n)
        if (dd_low_node(cx, i)->field == F_subject)
            dd_low_push(cx, dd_low_expr(cx, i));
    dd_expr *subject = cx->stack.n == base + 1 ? cx->stack.v[base] : NULL;
    cx->stack.n      = base;
    uint32_t body    = dd_low_child(cx, n, F_body), arms = 0;
    bool     all     = false;
    dd_low_each(cx, i, body)
        if (dd_low_kind(cx, i) == K_case_clause) {
            arms++;
            all |= is_catch_all(cx, i);
        }
    dd_low_arms of   = dd_low_construct(cx, arms, all);
    dd_low_exit left = DD_LOW_OUT;
    dd_low_each(cx, i, body)
        if (dd_low_kind(cx, i) == K_case_clause)
            left = dd_low_either(left, case_clause(cx, &of, i, subject));
    return of.exhaustive ? left : DD_LOW_ON;
}

/* Also `with (a as b, c as d):`, which with a comma at its end parses as one tuple. */
static void with_item(dd_low *cx, uint32_t value, uint32_t statement_node)
{
    uint16_t     kind  = dd_low_kind(cx, value);
    uint32_t     alias = 0;
    dd_low_bound b     = { .kind = DD_B_WITH, .node = statement_node };
    if ((kind == K_tuple || kind == K_parenthesized_expression) && dd_low_kid(cx, value, K_as_pattern)) {
        dd_low_each_named(cx, i, value)
            with_item(cx, i, statement_node);
        return;
    }
    if (kind == K_as_pattern) {
        alias = dd_low_child(cx, value, F_alias);
        value = dd_low_only(cx, value);
    }
    b.value = dd_low_expr(cx, value);
    dd_low_python_bind(cx, alias, &b);
}

static dd_low_exit with_statement(dd_low *cx, uint32_t n)
{
    dd_low_each_named(cx, i, dd_low_kid(cx, n, K_with_clause))
        with_item(cx, dd_low_child(cx, i, F_value), n);
    return block(cx, dd_low_child(cx, n, F_body));
}

/* ---- functions and classes ---- */

typedef struct { dd_param p; uint32_t node, name; } read_param;
typedef DD_VEC(read_param) read_params;

static bool is_rest(uint16_t kind) { return kind == K_list_splat_pattern; }
static bool is_rest_dict(uint16_t kind) { return kind == K_dictionary_splat_pattern; }

static void read_one_param(dd_low *cx, uint32_t n, bool *keyword_only, read_params *out)
{
    uint16_t   kind = dd_low_kind(cx, n);
    read_param r    = { .node = n, .name = n };
    if (kind == K_keyword_separator || kind == K_positional_separator) {
        *keyword_only |= kind == K_keyword_separator;
        return;
    }
    if (kind == K_default_parameter || kind == K_typed_default_parameter) {
        r.name    = dd_low_child(cx, n, F_name);
        r.p.deflt = dd_low_python_value(cx, dd_low_child(cx, n, F_value), dd_low_text(cx, r.name));
    } else if (kind == K_typed_parameter) {
        r.name = dd_low_only(cx, n);
    }
    r.p.type = dd_low_type(cx, dd_low_child(cx, n, F_type));
    kind     = dd_low_kind(cx, r.name);
    r.p.kind = is_rest(kind) ? DD_P_REST : is_rest_dict(kind) ? DD_P_REST_DICT : *keyword_only ? DD_P_KEYWORD_ONLY : DD_P_PLAIN;
    *keyword_only |= is_rest(kind);
    if (is_rest(kind) || is_rest_dict(kind))
        r.name = dd_low_only(cx, r.name);
    if (dd_low_kind(cx, r.name) == K_identifier)
        r.p.name = dd_low_text(cx, r.name);
    dd_vec_push(out, r);
}

static void bind_params(dd_low *cx, dd_func *func, const read_params *in)
{
    func->n_params = (uint32_t)in->n;
    func->params   = dd_newn(cx->arena, dd_param, in->n);
    for (uint32_t i = 0; i < in->n; i++) {
        const read_param *r = &in->v[i];
        func->params[i]     = r->p;
        if (r->p.name.len) {
            dd_binding *b = dd_low_bind(cx, cx->scope, DD_B_PARAM, r->p.name, r->node);
            b->func       = func;
            b->index      = i;
            b->type       = r->p.type;
            b->deflt      = r->p.deflt;
            if (cx->receiver && func->cls != cx->receiver->cls && dd_str_eq(r->p.name, cx->self))
                cx->receiver = NULL; /* a parameter hides the receiver of the method around */
        } else {
            dd_low_bound b = { .kind = DD_B_ASSIGN, .node = r->node };
            dd_low_python_bind(cx, r->name, &b);
        }
    }
}

void dd_low_python_enter(dd_low *cx, dd_low_func *f, dd_func *func, uint32_t fn)
{
    read_params params       = { 0 };
    bool        keyword_only = false;
    dd_low_each_named(cx, i, dd_low_child(cx, fn, F_parameters))
        read_one_param(cx, i, &keyword_only, &params);
    dd_low_class *cls = cx->cls;
    dd_low_func_begin(cx, f, func, fn);
    if (cls && func->cls) {
        bool has_self = !func->is_static && params.n;
        cx->receiver  = has_self ? cls : NULL;
        cx->self      = has_self ? params.v[0].p.name : DD_STR("");
    }
    bind_params(cx, func, &params);
    dd_vec_free(&params);
}

static dd_str last_name(const dd_expr *e)
{
    if (e->kind == DD_X_CALL)
        e = e->a;
    return e->kind == DD_X_NAME || e->kind == DD_X_MEMBER ? e->name : DD_STR("");
}

static void apply_decorators(dd_func *f)
{
    for (uint32_t i = 0; i < f->n_decorators; i++) {
        dd_str name = last_name(f->decorators[i]);
        f->is_static |= dd_str_eqz(name, "staticmethod");
        f->is_classmethod |= dd_str_eqz(name, "classmethod");
        f->is_abstract |= dd_str_eqz(name, "abstractmethod");
        f->is_property |= dd_str_eqz(name, "property") || dd_str_eqz(name, "cached_property") || dd_str_eqz(name, "computed_field") ||
                          dd_str_eqz(name, "hybrid_property");
    }
}

/* @x.setter: what x gives is still the property. */
static bool is_setter(dd_expr *const *decorators, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (decorators[i]->kind == DD_X_MEMBER && (dd_str_eqz(decorators[i]->name, "setter") || dd_str_eqz(decorators[i]->name, "deleter")))
            return true;
    return false;
}

static bool starts_async(const dd_low *cx, uint32_t n)
{
    return dd_low_first(cx, n) && dd_low_kind(cx, dd_low_first(cx, n)) == T_async;
}

static void define_function(dd_low *cx, uint32_t n, dd_expr **decorators, uint32_t n_decorators)
{
    dd_str   name     = dd_low_text(cx, dd_low_child(cx, n, F_name));
    bool     setter   = is_setter(decorators, n_decorators);
    dd_func *func     = cx->cls && !setter ? dd_low_method_new(cx, name, n) : dd_low_func_new(cx, name, n);
    func->cls         = cx->cls ? cx->cls->cls : NULL;
    func->decorators  = decorators;
    func->n_decorators = n_decorators;
    func->is_async    = starts_async(cx, n);
    func->is_constructor = func->cls && dd_str_eqz(name, "__init__");
    apply_decorators(func);
    func->returns_type = dd_low_type(cx, dd_low_child(cx, n, F_return_type));
    if (!setter)
        dd_low_bind(cx, cx->scope, DD_B_FUNC, name, n)->func = func;
    dd_low_func f;
    dd_low_python_enter(cx, &f, func, n);
    block(cx, dd_low_child(cx, n, F_body));
    dd_low_func_end(cx, &f);
}

static void define_class(dd_low *cx, uint32_t n, dd_expr **decorators, uint32_t n_decorators)
{
    dd_str        name = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_class_def *cls  = dd_low_class_new(cx, name, n);
    size_t        base = cx->stack.n;
    cls->decorators    = decorators;
    cls->n_decorators  = n_decorators;
    dd_low_each_named(cx, i, dd_low_child(cx, n, F_superclasses)) {
        dd_expr *e = dd_low_expr(cx, i);
        if (e && e->kind != DD_X_KEYWORD)
            dd_low_push(cx, e);
    }
    cls->bases = dd_low_take(cx, base, &cls->n_bases);
    dd_low_bind(cx, cx->scope, DD_B_CLASS, name, n)->cls = cls;
    dd_low_class c;
    dd_low_class_begin(cx, &c, cls, n);
    block(cx, dd_low_child(cx, n, F_body));
    dd_low_class_end(cx, &c);
}

static void define(dd_low *cx, uint32_t n, dd_expr **decorators, uint32_t count)
{
    if (dd_low_kind(cx, n) == K_class_definition)
        define_class(cx, n, decorators, count);
    else if (n)
        define_function(cx, n, decorators, count);
}

static dd_low_exit definition(dd_low *cx, uint32_t n)
{
    define(cx, n, NULL, 0);
    return DD_LOW_ON;
}

static dd_low_exit decorated(dd_low *cx, uint32_t n)
{
    size_t base = cx->stack.n;
    dd_low_each(cx, i, n)
        if (dd_low_kind(cx, i) == K_decorator)
            dd_low_push(cx, dd_low_only_expr(cx, i));
    uint32_t  count;
    dd_expr **decorators = dd_low_take(cx, base, &count);
    define(cx, dd_low_child(cx, n, F_definition), decorators, count);
    return DD_LOW_ON;
}

/* ---- the rest ---- */

static dd_low_exit return_statement(dd_low *cx, uint32_t n)
{
    dd_low_return(cx, dd_low_only_expr(cx, n));
    return DD_LOW_OUT;
}

/* A method that does nothing but raise NotImplementedError is there to be overridden. */
static dd_low_exit raise(dd_low *cx, uint32_t n)
{
    dd_low_each_named(cx, i, n) {
        const dd_expr *e = dd_low_expr(cx, i);
        if (e && cx->func && cx->func->func->cls && !cx->branch && !cx->func->returns.n && dd_str_eqz(last_name(e), "NotImplementedError"))
            cx->func->func->is_abstract = true;
    }
    return DD_LOW_OUT;
}

static dd_low_exit leave(dd_low *cx, uint32_t n)
{
    (void)cx, (void)n;
    return DD_LOW_JUMP;
}

static dd_low_exit nothing(dd_low *cx, uint32_t n)
{
    (void)cx, (void)n;
    return DD_LOW_ON;
}

static statement *const statements[K_COUNT] = {
    [K_expression_statement]    = block,
    [K_block]                   = block,
    [K_ERROR]                   = block,
    [K_print_statement]         = block,
    [K_chevron]                 = block,
    [K_assert_statement]        = block,
    [K_exec_statement]          = block,
    [K_assignment]              = assignment,
    [K_augmented_assignment]    = augmented,
    [K_delete_statement]        = delete,
    [K_global_statement]        = global,
    [K_nonlocal_statement]      = global,
    [K_import_statement]        = import,
    [K_import_from_statement]   = import_from,
    [K_future_import_statement] = nothing,
    [K_if_statement]            = if_statement,
    [K_for_statement]           = for_statement,
    [K_while_statement]         = while_statement,
    [K_try_statement]           = try_statement,
    [K_match_statement]         = match_statement,
    [K_with_statement]          = with_statement,
    [K_function_definition]     = definition,
    [K_class_definition]        = definition,
    [K_decorated_definition]    = decorated,
    [K_return_statement]        = return_statement,
    [K_raise_statement]         = raise,
    [K_break_statement]         = leave,
    [K_continue_statement]      = leave,
    [K_pass_statement]          = nothing,
    [K_type_alias_statement]    = nothing,
};

void dd_low_python(dd_low *cx)
{
    cx->rules = dd_low_python_rules;
    block(cx, 1);
}
