/* scan/lower_js.c - statements of JavaScript and TypeScript. */
#include "scan/lower_js.h"

typedef bool statement(dd_low *cx, uint32_t n);
static statement *const statements[K_COUNT];
static statement        block;

bool dd_low_js_statement(dd_low *cx, uint32_t n)
{
    statement *fn   = statements[dd_low_kind(cx, n)];
    bool       left = false;
    if (!n || cx->depth >= DD_LOW_DEPTH)
        return false;
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

bool dd_low_js_body(dd_low *cx, uint32_t n)
{
    bool left = false;
    dd_low_each_named(cx, i, n)
        left |= dd_low_js_statement(cx, i);
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
static bool block(dd_low *cx, uint32_t n)
{
    dd_scope *outer = cx->scope;
    if (dd_low_js_declares(cx, n))
        cx->scope = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    bool left = dd_low_js_body(cx, n);
    cx->scope = outer;
    return left;
}

static bool arm(dd_low *cx, dd_branch *b, uint32_t n)
{
    const dd_branch *outer = cx->branch;
    cx->branch             = b;
    b->exits               = dd_low_js_statement(cx, n);
    cx->branch             = outer;
    return b->exits;
}

/* ---- declarations ---- */

static int decl_of(const dd_low *cx, uint32_t n)
{
    dd_str kind = dd_low_text(cx, dd_low_child(cx, n, F_kind));
    return dd_str_eqz(kind, "let") ? DD_DECL_LET : dd_str_eqz(kind, "const") || dd_low_kind(cx, n) == K_using_declaration ? DD_DECL_CONST : DD_DECL_VAR;
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

static bool declaration(dd_low *cx, uint32_t n)
{
    int decl = decl_of(cx, n);
    dd_low_each_named(cx, i, n)
        if (dd_low_kind(cx, i) == K_variable_declarator)
            declarator(cx, i, decl);
        else
            dd_low_js_statement(cx, i);
    return false;
}

static bool function(dd_low *cx, uint32_t n)
{
    dd_str   name = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_func *func = dd_low_func_new(cx, name, n);
    dd_low_bind(cx, cx->scope, DD_B_FUNC, name, n)->func = func;
    dd_low_js_func(cx, n, func);
    return false;
}

static bool class(dd_low *cx, uint32_t n)
{
    dd_str      name = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_binding *b    = dd_low_bind(cx, cx->scope, DD_B_CLASS, name, n);
    b->cls           = dd_low_js_class(cx, n, name);
    return false;
}

static bool enumeration(dd_low *cx, uint32_t n)
{
    dd_low_js_enum(cx, n);
    return false;
}

/* namespace N { export const x = 1 }: its members are not resolved, its calls count. */
static bool name_space(dd_low *cx, uint32_t n)
{
    dd_scope *outer   = cx->scope;
    size_t    exports = cx->exports.n;
    dd_str    name    = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_low_bind(cx, cx->scope, DD_B_ASSIGN, name, n)->decl = DD_DECL_CONST;
    cx->scope = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_js_body(cx, dd_low_child(cx, n, F_body));
    cx->exports.n = exports;
    cx->scope     = outer;
    return false;
}

static bool import_alias(dd_low *cx, uint32_t n)
{
    uint32_t    name = dd_low_only(cx, n), value = name ? dd_low_next(cx, name) : 0;
    dd_binding *b    = dd_low_bind(cx, cx->scope, DD_B_ASSIGN, dd_low_text(cx, name), n);
    b->decl          = DD_DECL_CONST;
    b->value         = dd_low_expr(cx, value);
    return false;
}

static bool import(dd_low *cx, uint32_t n)
{
    dd_low_js_import(cx, n);
    return false;
}

static bool export(dd_low *cx, uint32_t n)
{
    dd_low_js_export(cx, n);
    return false;
}

/* ---- conditions ---- */

/* The next `if` of an else-if chain: chains are walked in a loop, they may be long. */
static uint32_t else_if(const dd_low *cx, uint32_t n, uint32_t *other)
{
    uint32_t clause = dd_low_child(cx, n, F_alternative);
    *other          = clause ? dd_low_only(cx, clause) : 0;
    return *other && dd_low_kind(cx, *other) == K_if_statement ? *other : 0;
}

static bool if_statement(dd_low *cx, uint32_t n)
{
    uint32_t construct = dd_low_construct(cx), arms = 0, other = 0, at = 0;
    for (uint32_t i = n; i; i = else_if(cx, i, &other))
        arms++;
    bool exhaustive = other && dd_low_kind(cx, other) != K_if_statement, left = true;
    arms += exhaustive;
    for (uint32_t i = n; i; i = else_if(cx, i, &other)) {
        dd_expr *test = dd_low_expr(cx, dd_low_child(cx, i, F_condition));
        left &= arm(cx, dd_low_arm(cx, DD_BR_IF, construct, at++, arms, exhaustive, test), dd_low_child(cx, i, F_consequence));
    }
    if (exhaustive)
        left &= arm(cx, dd_low_arm(cx, DD_BR_IF, construct, at, arms, true, NULL), other);
    return left && exhaustive;
}

static bool for_in(dd_low *cx, uint32_t n)
{
    dd_scope     *outer = cx->scope;
    uint32_t      kind  = dd_low_child(cx, n, F_kind);
    dd_expr      *over  = dd_low_expr(cx, dd_low_child(cx, n, F_right));
    dd_branch    *b     = dd_low_arm(cx, DD_BR_LOOP, dd_low_construct(cx), 0, 1, false, over);
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
    return false;
}

static bool for_statement(dd_low *cx, uint32_t n)
{
    dd_scope *outer = cx->scope;
    uint32_t  init  = dd_low_child(cx, n, F_initializer);
    if (dd_low_kind(cx, init) == K_lexical_declaration)
        cx->scope = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_js_statement(cx, init);
    uint32_t   test = dd_low_child(cx, n, F_condition);
    dd_expr   *e    = test && dd_low_named(cx, test) ? dd_low_expr(cx, test) : NULL;
    dd_branch *b    = dd_low_arm(cx, DD_BR_LOOP, dd_low_construct(cx), 0, 1, false, e);
    arm(cx, b, dd_low_child(cx, n, F_body));
    dd_low_expr(cx, dd_low_child(cx, n, F_increment));
    cx->scope = outer;
    return false;
}

static bool while_statement(dd_low *cx, uint32_t n)
{
    dd_expr *test   = dd_low_expr(cx, dd_low_child(cx, n, F_condition));
    bool     always = test && (test->kind == DD_X_BOOL || test->kind == DD_X_NUMBER);
    arm(cx, dd_low_arm(cx, DD_BR_LOOP, dd_low_construct(cx), 0, 1, false, always ? NULL : test), dd_low_child(cx, n, F_body));
    return false;
}

static bool case_body(dd_low *cx, uint32_t n, dd_branch *b)
{
    const dd_branch *outer = cx->branch;
    cx->branch             = b;
    dd_low_each_named(cx, i, n)
        if (dd_low_node(cx, i)->field == F_body)
            b->exits |= dd_low_js_statement(cx, i);
    cx->branch = outer;
    return b->exits;
}

static bool switch_statement(dd_low *cx, uint32_t n)
{
    dd_scope *outer   = cx->scope;
    dd_expr  *subject = dd_low_expr(cx, dd_low_child(cx, n, F_value));
    uint32_t  body = dd_low_child(cx, n, F_body), construct = dd_low_construct(cx), arms = 0, at = 0;
    bool      exhaustive = dd_low_kid(cx, body, K_switch_default);
    cx->scope = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_each_named(cx, i, body)
        arms++;
    dd_low_each_named(cx, i, body) {
        uint32_t value = dd_low_child(cx, i, F_value);
        dd_low_expr(cx, value);
        case_body(cx, i, dd_low_arm(cx, DD_BR_CASE, construct, at++, arms, exhaustive, subject));
    }
    cx->scope = outer;
    return false; /* `break` leaves only the switch */
}

static bool catch_clause(dd_low *cx, uint32_t n, uint32_t construct)
{
    dd_scope     *outer = cx->scope;
    dd_branch    *b     = dd_low_arm(cx, DD_BR_EXCEPT, construct, 1, 2, false, NULL);
    dd_low_target t     = { .kind = DD_B_EXCEPT, .decl = DD_DECL_LET, .node = n, .module = DD_STR(""), .member = DD_STR("") };
    cx->scope = t.in = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_js_bind(cx, dd_low_child(cx, n, F_parameter), &t);
    bool left = arm(cx, b, dd_low_child(cx, n, F_body));
    cx->scope = outer;
    return left;
}

static bool try_statement(dd_low *cx, uint32_t n)
{
    uint32_t construct = dd_low_construct(cx), handler = dd_low_child(cx, n, F_handler), last = dd_low_child(cx, n, F_finalizer);
    bool     left = arm(cx, dd_low_arm(cx, DD_BR_TRY, construct, 0, handler ? 2 : 1, false, NULL), dd_low_child(cx, n, F_body));
    if (handler)
        left &= catch_clause(cx, handler, construct);
    if (last)
        left |= dd_low_js_statement(cx, dd_low_child(cx, last, F_body));
    return left;
}

/* ---- the rest ---- */

static bool return_statement(dd_low *cx, uint32_t n)
{
    uint32_t value = dd_low_only(cx, n);
    dd_low_return(cx, value ? dd_low_js_value(cx, value, DD_STR("")) : NULL);
    return true;
}

static bool throw_statement(dd_low *cx, uint32_t n)
{
    dd_low_only_expr(cx, n);
    return true;
}

static bool labeled(dd_low *cx, uint32_t n) { return dd_low_js_statement(cx, dd_low_child(cx, n, F_body)); }

static bool with_statement(dd_low *cx, uint32_t n)
{
    dd_low_expr(cx, dd_low_child(cx, n, F_object));
    return dd_low_js_statement(cx, dd_low_child(cx, n, F_body));
}

static bool leave(dd_low *cx, uint32_t n)
{
    (void)cx, (void)n;
    return true;
}

static bool nothing(dd_low *cx, uint32_t n)
{
    (void)cx, (void)n;
    return false;
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
