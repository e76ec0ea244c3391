/* scan/lower_js.c - statements of JavaScript and TypeScript. */
#include "scan/lower_js.h"

typedef dd_low_exit statement(dd_low *cx, uint32_t n);
static statement *const statements[K_COUNT];
static statement        block;

dd_low_exit dd_low_js_statement(dd_low *cx, uint32_t n)
{
    statement  *fn   = statements[dd_low_kind(cx, n)];
    dd_low_exit left = DD_LOW_ON;
    if (!n || cx->depth >= DD_LOW_DEPTH)
        return left;
    cx->depth++;
    if (fn)
        left = fn(cx, n);
    else
        dd_low_expr(cx, n);
    if (fn && fn != block && fn != dd_low_js_body)
        dd_low_js_errors(cx, n);
    cx->depth--;
    return left;
}

/* What the parser could not place inside a statement is still read: G-7. */
void dd_low_js_errors(dd_low *cx, uint32_t n)
{
    if (dd_low_node(cx, n)->flags & DD_SYN_HAS_ERROR)
        dd_low_each_named(cx, i, n)
            if (dd_low_kind(cx, i) == K_ERROR)
                dd_low_js_body(cx, i);
}

dd_low_exit dd_low_js_body(dd_low *cx, uint32_t n)
{
    dd_low_exit left = DD_LOW_ON;
    dd_low_each_named(cx, i, n)
        left = dd_low_then(left, dd_low_js_statement(cx, i));
    return left;
}

bool dd_low_js_declares(const dd_low *cx, uint32_t n)
{
    dd_low_each_named(cx, i, n)
        switch (dd_low_kind(cx, i)) {
        case K_lexical_declaration: case K_class_declaration: case K_abstract_class_declaration: case K_function_declaration:
        case K_generator_function_declaration: case K_enum_declaration: case K_using_declaration: case K_export_statement: return true;
        default: break;
        }
    return false;
}

/* Most blocks declare nothing and get no scope. */
static dd_low_exit block(dd_low *cx, uint32_t n)
{
    dd_scope *outer = cx->scope;
    if (dd_low_js_declares(cx, n))
        cx->scope = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_exit left = dd_low_js_body(cx, n);
    cx->scope = outer;
    return left;
}

static dd_low_exit arm(dd_low *cx, dd_branch *b, uint32_t n)
{
    const dd_branch *outer = cx->branch;
    bool             was   = cx->in_switch;
    cx->branch             = b;
    cx->in_switch         &= b->kind != DD_BR_LOOP;
    dd_low_exit left       = dd_low_js_statement(cx, n);
    cx->in_switch          = was;
    cx->branch             = outer;
    return dd_low_leave(b, left);
}

/* ---- declarations ---- */

static int decl_of(const dd_low *cx, uint32_t n)
{
    dd_str kind = dd_low_text(cx, dd_low_child(cx, n, F_kind));
    if (dd_str_eqz(kind, "let"))
        return DD_DECL_LET;
    return dd_str_eqz(kind, "const") || dd_low_kind(cx, n) == K_using_declaration ? DD_DECL_CONST : DD_DECL_VAR;
}

static void declarator(dd_low *cx, uint32_t n, int decl)
{
    uint32_t      name = dd_low_child(cx, n, F_name);
    dd_low_target t    = { .kind = DD_B_ASSIGN, .decl = decl, .node = n, .module = DD_STR(""), .member = DD_STR("") };
    t.in    = decl == DD_DECL_VAR ? dd_low_func_scope(cx->scope) : cx->scope;
    t.type  = dd_low_type(cx, dd_low_child(cx, n, F_type));
    t.value = dd_low_js_value(cx, dd_low_child(cx, n, F_value), dd_low_kind(cx, name) == K_identifier ? dd_low_text(cx, name) : DD_STR(""));
    t.module = dd_low_js_module(t.value, &t.member);
    dd_low_js_bind(cx, name, &t);
}

static dd_low_exit declaration(dd_low *cx, uint32_t n)
{
    int decl = decl_of(cx, n);
    dd_low_each_named(cx, i, n)
        if (dd_low_kind(cx, i) == K_variable_declarator)
            declarator(cx, i, decl);
        else
            dd_low_js_statement(cx, i);
    return DD_LOW_ON;
}

static dd_low_exit function(dd_low *cx, uint32_t n)
{
    dd_str   name = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_func *func = dd_low_func_new(cx, name, n);
    dd_low_bind(cx, cx->scope, DD_B_FUNC, name, n)->func = func;
    dd_low_js_func(cx, n, func);
    return DD_LOW_ON;
}

static dd_low_exit class(dd_low *cx, uint32_t n)
{
    dd_str      name = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_binding *b    = dd_low_bind(cx, cx->scope, DD_B_CLASS, name, n);
    b->cls           = dd_low_js_class(cx, n, name);
    return DD_LOW_ON;
}

static dd_low_exit enumeration(dd_low *cx, uint32_t n)
{
    dd_low_js_enum(cx, n);
    return DD_LOW_ON;
}

/* namespace N { export const x = 1 }: its members are not resolved, its calls count. */
static dd_low_exit name_space(dd_low *cx, uint32_t n)
{
    dd_scope *outer   = cx->scope;
    size_t    exports = cx->exports.n;
    dd_str    name    = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_low_bind(cx, cx->scope, DD_B_ASSIGN, name, n)->decl = DD_DECL_CONST;
    cx->scope = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_js_body(cx, dd_low_child(cx, n, F_body));
    cx->exports.n = exports;
    cx->scope     = outer;
    return DD_LOW_ON;
}

static dd_low_exit import_alias(dd_low *cx, uint32_t n)
{
    uint32_t    name = dd_low_only(cx, n), value = name ? dd_low_next(cx, name) : 0;
    dd_binding *b    = dd_low_bind(cx, cx->scope, DD_B_ASSIGN, dd_low_text(cx, name), n);
    b->decl          = DD_DECL_CONST;
    b->value         = dd_low_expr(cx, value);
    return DD_LOW_ON;
}

static dd_low_exit import(dd_low *cx, uint32_t n)
{
    dd_low_js_import(cx, n);
    return DD_LOW_ON;
}

static dd_low_exit export(dd_low *cx, uint32_t n)
{
    dd_low_js_export(cx, n);
    return DD_LOW_ON;
}

/* ---- conditions ---- */

/* The next `if` of an else-if chain: chains are walked in a loop, they may be long. */
static uint32_t else_if(const dd_low *cx, uint32_t n, uint32_t *other)
{
    uint32_t clause = dd_low_child(cx, n, F_alternative);
    *other          = clause ? dd_low_only(cx, clause) : 0;
    return *other && dd_low_kind(cx, *other) == K_if_statement ? *other : 0;
}

static dd_low_exit if_statement(dd_low *cx, uint32_t n)
{
    uint32_t arms = 0, other = 0;
    for (uint32_t i = n; i; i = else_if(cx, i, &other))
        arms++;
    uint32_t    last = other; /* a plain else */
    dd_low_arms of   = dd_low_construct(cx, arms + (last != 0), last);
    dd_low_exit left = DD_LOW_OUT;
    for (uint32_t i = n; i; i = else_if(cx, i, &other)) {
        dd_expr *test = dd_low_expr(cx, dd_low_child(cx, i, F_condition));
        left          = dd_low_either(left, arm(cx, dd_low_arm(cx, &of, DD_BR_IF, test), dd_low_child(cx, i, F_consequence)));
    }
    if (last)
        left = dd_low_either(left, arm(cx, dd_low_arm(cx, &of, DD_BR_IF, NULL), last));
    return last ? left : DD_LOW_ON;
}

static dd_low_exit for_in(dd_low *cx, uint32_t n)
{
    dd_scope     *outer = cx->scope;
    uint32_t      kind  = dd_low_child(cx, n, F_kind);
    dd_expr      *over  = dd_low_expr(cx, dd_low_child(cx, n, F_right));
    dd_low_arms   of    = dd_low_construct(cx, 1, false);
    dd_branch    *b     = dd_low_arm(cx, &of, DD_BR_LOOP, over);
    dd_low_target t     = { .kind = DD_B_LOOP, .decl = kind ? decl_of(cx, n) : DD_DECL_NONE, .value = over, .node = n,
                            .module = DD_STR(""), .member = DD_STR("") };
    if (t.decl == DD_DECL_LET || t.decl == DD_DECL_CONST)
        cx->scope = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    t.in = t.decl == DD_DECL_VAR ? dd_low_func_scope(cx->scope) : t.decl ? cx->scope : NULL;
    const dd_branch *branch = cx->branch;
    cx->branch = b;
    dd_low_js_bind(cx, dd_low_child(cx, n, F_left), &t);
    cx->branch = branch;
    arm(cx, b, dd_low_child(cx, n, F_body));
    cx->scope = outer;
    return DD_LOW_ON;
}

static dd_low_exit for_statement(dd_low *cx, uint32_t n)
{
    dd_scope *outer = cx->scope;
    uint32_t  init  = dd_low_child(cx, n, F_initializer);
    if (dd_low_kind(cx, init) == K_lexical_declaration)
        cx->scope = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_js_statement(cx, init);
    uint32_t   test = dd_low_child(cx, n, F_condition);
    dd_expr   *e    = test && dd_low_named(cx, test) ? dd_low_expr(cx, test) : NULL;
    dd_low_arms of  = dd_low_construct(cx, 1, false);
    dd_branch *b    = dd_low_arm(cx, &of, DD_BR_LOOP, e);
    arm(cx, b, dd_low_child(cx, n, F_body));
    dd_low_expr(cx, dd_low_child(cx, n, F_increment));
    cx->scope = outer;
    return DD_LOW_ON;
}

static dd_low_exit while_statement(dd_low *cx, uint32_t n)
{
    dd_expr *test   = dd_low_expr(cx, dd_low_child(cx, n, F_condition));
    bool     always = test && (test->kind == DD_X_BOOL || test->kind == DD_X_NUMBER);
    dd_low_arms of  = dd_low_construct(cx, 1, false);
    arm(cx, dd_low_arm(cx, &of, DD_BR_LOOP, always ? NULL : test), dd_low_child(cx, n, F_body));
    return DD_LOW_ON;
}

static dd_low_exit case_body(dd_low *cx, uint32_t n, dd_branch *b)
{
    const dd_branch *outer = cx->branch;
    dd_low_exit      left  = DD_LOW_ON;
    cx->branch             = b;
    dd_low_each_named(cx, i, n)
        if (dd_low_node(cx, i)->field == F_body)
            left = dd_low_then(left, dd_low_js_statement(cx, i));
    cx->branch = outer;
    return dd_low_leave(b, left);
}

/* `case 1: case 2: f()` is one arm: a case without a body falls into the next. */
static bool falls_through(const dd_low *cx, uint32_t n) { return !dd_low_child(cx, n, F_body) && dd_low_skip(cx, dd_low_next(cx, n)); }

static dd_low_exit switch_statement(dd_low *cx, uint32_t n)
{
    dd_scope *outer   = cx->scope;
    bool      was     = cx->in_switch, shared = false;
    dd_expr  *subject = dd_low_expr(cx, dd_low_child(cx, n, F_value));
    uint32_t  body = dd_low_child(cx, n, F_body), arms = 0;
    cx->scope     = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    cx->in_switch = true;
    dd_low_each_named(cx, i, body)
        arms += !falls_through(cx, i);
    dd_low_arms of   = dd_low_construct(cx, arms, dd_low_kid(cx, body, K_switch_default));
    dd_low_exit left = DD_LOW_OUT;
    dd_low_each_named(cx, i, body) {
        dd_expr *label = dd_low_expr(cx, dd_low_child(cx, i, F_value));
        shared        |= falls_through(cx, i);
        if (falls_through(cx, i))
            continue;
        dd_branch *b = dd_low_arm(cx, &of, DD_BR_CASE, subject);
        b->label     = shared ? NULL : label;
        shared       = false;
        left         = dd_low_either(left, case_body(cx, i, b));
    }
    cx->in_switch = was;
    cx->scope     = outer;
    return of.exhaustive && left > DD_LOW_BREAK ? left : DD_LOW_ON;
}

static dd_low_exit catch_clause(dd_low *cx, dd_low_arms *of, uint32_t n)
{
    dd_scope     *outer = cx->scope;
    dd_branch    *b     = dd_low_arm(cx, of, DD_BR_EXCEPT, NULL);
    dd_low_target t     = { .kind = DD_B_EXCEPT, .decl = DD_DECL_LET, .node = n, .module = DD_STR(""), .member = DD_STR("") };
    cx->scope = t.in = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_js_bind(cx, dd_low_child(cx, n, F_parameter), &t);
    dd_low_exit left = arm(cx, b, dd_low_child(cx, n, F_body));
    cx->scope = outer;
    return left;
}

static dd_low_exit try_statement(dd_low *cx, uint32_t n)
{
    uint32_t    handler = dd_low_child(cx, n, F_handler), last = dd_low_child(cx, n, F_finalizer);
    dd_low_arms of      = dd_low_construct(cx, handler ? 2 : 1, false);
    dd_low_exit left    = arm(cx, dd_low_arm(cx, &of, DD_BR_TRY, NULL), dd_low_child(cx, n, F_body));
    if (handler)
        left = dd_low_either(left, catch_clause(cx, &of, handler));
    return dd_low_then(last ? dd_low_js_statement(cx, dd_low_child(cx, last, F_body)) : DD_LOW_ON, left);
}

/* ---- the rest ---- */

static dd_low_exit return_statement(dd_low *cx, uint32_t n)
{
    uint32_t value = dd_low_only(cx, n);
    dd_low_return(cx, value ? dd_low_js_value(cx, value, DD_STR("")) : NULL);
    return DD_LOW_OUT;
}

static dd_low_exit throw_statement(dd_low *cx, uint32_t n)
{
    dd_low_only_expr(cx, n);
    return DD_LOW_OUT;
}

static dd_low_exit labeled(dd_low *cx, uint32_t n) { return dd_low_js_statement(cx, dd_low_child(cx, n, F_body)); }

static dd_low_exit with_statement(dd_low *cx, uint32_t n)
{
    dd_low_expr(cx, dd_low_child(cx, n, F_object));
    return dd_low_js_statement(cx, dd_low_child(cx, n, F_body));
}

static dd_low_exit leave(dd_low *cx, uint32_t n)
{
    return cx->in_switch && dd_low_kind(cx, n) == K_break_statement ? DD_LOW_BREAK : DD_LOW_JUMP;
}

static dd_low_exit nothing(dd_low *cx, uint32_t n)
{
    (void)cx, (void)n;
    return DD_LOW_ON;
}

static statement *const statements[K_COUNT] = {
    [K_expression_statement]           = dd_low_js_body,
    [K_ERROR]                          = dd_low_js_body,
    [K_statement_block]                = block,
    [K_lexical_declaration]            = declaration,
    [K_variable_declaration]           = declaration,
    [K_using_declaration]              = declaration,
    [K_function_declaration]           = function,
    [K_generator_function_declaration] = function,
    [K_class_declaration]              = class,
    [K_abstract_class_declaration]     = class,
    [K_enum_declaration]               = enumeration,
    [K_internal_module]                = name_space,
    [K_module]                         = name_space,
    [K_import_alias]                   = import_alias,
    [K_import_statement]               = import,
    [K_export_statement]               = export,
    [K_if_statement]                   = if_statement,
    [K_for_in_statement]               = for_in,
    [K_for_statement]                  = for_statement,
    [K_while_statement]                = while_statement,
    [K_do_statement]                   = while_statement,
    [K_switch_statement]               = switch_statement,
    [K_try_statement]                  = try_statement,
    [K_return_statement]               = return_statement,
    [K_throw_statement]                = throw_statement,
    [K_labeled_statement]              = labeled,
    [K_with_statement]                 = with_statement,
    [K_break_statement]                = leave,
    [K_continue_statement]             = leave,
    [K_function_signature]             = nothing,
    [K_ambient_declaration]            = nothing,
    [K_interface_declaration]          = nothing,
    [K_type_alias_declaration]         = nothing,
    [K_debugger_statement]             = nothing,
    [K_property_identifier]            = nothing,
};

void dd_low_js(dd_low *cx)
{
    cx->rules = dd_low_js_rules;
    dd_low_js_body(cx, 1);
}
