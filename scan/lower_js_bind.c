/* scan/lower_js_bind.c - what binds names in JavaScript: patterns, parameters, functions, classes, enums. */
#include "scan/lower_js.h"

/* ---- patterns ---- */

static void bind_import(dd_low *cx, dd_binding *b, const dd_low_target *t)
{
    dd_str name = cx->keys.n ? cx->keys.v[0] : t->member;
    int    kind = !name.len ? DD_IMP_MODULE : dd_str_eqz(name, "default") ? DD_IMP_DEFAULT : DD_IMP_NAME;
    b->kind     = DD_B_IMPORT;
    b->import   = dd_low_import(cx, kind, t->module, kind == DD_IMP_NAME ? name : DD_STR(""), t->node);
}

static void bind_name(dd_low *cx, uint32_t n, const dd_low_target *t)
{
    bool deep = cx->keys.n > 0;
    bool part = deep && (t->kind == DD_B_ASSIGN || t->kind == DD_B_PARAM);
    dd_binding *b = dd_low_bind(cx, t->in, part ? DD_B_PATTERN : t->kind, dd_low_text(cx, n), t->node);
    b->decl  = (unsigned)t->decl;
    b->value = t->value;
    b->type  = t->type;
    b->deflt = t->deflt;
    b->func  = t->func;
    b->index = t->index;
    dd_low_keys(cx, b);
    /* const { A } = require("m") imports A; what is below one name, or a rest, stays a pattern. */
    bool imports = t->module.len && !(deep && t->member.len) && cx->keys.n <= 1;
    if (imports && !(deep && dd_str_eqz(cx->keys.v[0], "...")))
        bind_import(cx, b, t);
}

static void bind_at(dd_low *cx, uint32_t n, dd_str key, const dd_low_target *t, dd_expr *deflt)
{
    dd_low_target part = *t;
    part.deflt         = deflt;
    dd_vec_push(&cx->keys, key);
    dd_low_js_bind(cx, n, &part);
    cx->keys.n--;
}

static void bind_object(dd_low *cx, uint32_t n, const dd_low_target *t)
{
    dd_low_each_named(cx, i, n) {
        uint16_t kind = dd_low_kind(cx, i);
        if (kind == K_pair_pattern) {
            dd_str key = dd_low_js_key(cx, dd_low_child(cx, i, F_key));
            bind_at(cx, dd_low_child(cx, i, F_value), key.len ? key : DD_STR("*"), t, NULL);
        } else if (kind == K_object_assignment_pattern) {
            uint32_t left = dd_low_child(cx, i, F_left);
            bind_at(cx, left, dd_low_text(cx, left), t, dd_low_js_value(cx, dd_low_child(cx, i, F_right), DD_STR("")));
        } else if (kind == K_rest_pattern) {
            bind_at(cx, dd_low_only(cx, i), DD_STR("..."), t, NULL);
        } else {
            bind_at(cx, i, dd_low_text(cx, i), t, NULL);
        }
    }
}

static void bind_array(dd_low *cx, uint32_t n, const dd_low_target *t)
{
    uint32_t at = 0;
    dd_low_each(cx, i, n) {
        if (dd_low_kind(cx, i) == T_comma)
            at++;
        else if (dd_low_kind(cx, i) == K_rest_pattern)
            bind_at(cx, dd_low_only(cx, i), DD_STR("..."), t, NULL);
        else if (dd_low_named(cx, i))
            bind_at(cx, i, dd_low_index_key(cx, at), t, NULL);
    }
}

static void bind_place(dd_low *cx, uint32_t n, const dd_low_target *t)
{
    dd_expr *target = dd_low_expr(cx, n);
    dd_expr *value  = cx->keys.n || t->kind != DD_B_ASSIGN ? dd_low_new(cx, DD_X_UNKNOWN, n) : t->value;
    dd_low_note_member(cx, target, value, NULL, DD_STR("="), t->node);
}

static void bind_default(dd_low *cx, uint32_t n, const dd_low_target *t)
{
    dd_low_target part = *t;
    part.deflt         = dd_low_js_value(cx, dd_low_child(cx, n, F_right), DD_STR(""));
    dd_low_js_bind(cx, dd_low_child(cx, n, F_left), &part);
}

void dd_low_js_bind(dd_low *cx, uint32_t pattern, const dd_low_target *t)
{
    if (!pattern || cx->depth >= DD_LOW_DEPTH)
        return;
    cx->depth++;
    switch (dd_low_kind(cx, pattern)) {
    case K_identifier:
    case K_shorthand_property_identifier_pattern: bind_name(cx, pattern, t); break;
    case K_object_pattern: bind_object(cx, pattern, t); break;
    case K_array_pattern: bind_array(cx, pattern, t); break;
    case K_assignment_pattern: bind_default(cx, pattern, t); break;
    case K_member_expression:
    case K_subscript_expression: bind_place(cx, pattern, t); break;
    case K_rest_pattern:
    case K_non_null_expression:
    case K_parenthesized_expression: dd_low_js_bind(cx, dd_low_only(cx, pattern), t); break;
    default: break;
    }
    cx->depth--;
}

/* ---- names of things ---- */

dd_str dd_low_js_key(dd_low *cx, uint32_t n)
{
    const dd_syn *s = dd_low_node(cx, n);
    if (s->kind == K_string && s->end > s->start + 1)
        return dd_low_js_text(cx, s->start + 1, s->end - 1);
    uint32_t in = s->kind == K_computed_property_name ? dd_low_only(cx, n) : 0;
    if (in)
        return dd_low_kind(cx, in) == K_string ? dd_low_js_key(cx, in) : DD_STR("");
    return dd_low_text(cx, n);
}

dd_expr *dd_low_js_value(dd_low *cx, uint32_t n, dd_str name)
{
    uint32_t in = n;
    while (dd_low_kind(cx, in) == K_parenthesized_expression || dd_low_kind(cx, in) == K_as_expression ||
           dd_low_kind(cx, in) == K_satisfies_expression)
        in = dd_low_only(cx, in);
    uint16_t kind = dd_low_kind(cx, in);
    if (kind == K_arrow_function || kind == K_function_expression || kind == K_generator_function || kind == K_class)
        cx->hint = name;
    return dd_low_value(cx, n, name);
}

/* ---- parameters ---- */

typedef struct { dd_func *func; DD_VEC(dd_param) list; dd_str promised; } param_list;

static void param_property(dd_low *cx, const dd_param *p, uint32_t n)
{
    if (!p->property || !cx->receiver)
        return;
    dd_field f = { .name = p->name, .value = dd_low_name(cx, n, p->name), .type = p->type, .in = cx->func->func,
                   .pos = dd_low_node(cx, n)->start, .op = DD_STR("=") };
    dd_low_field(cx, cx->receiver, f);
}

static void add_param(dd_low *cx, param_list *ps, uint32_t n)
{
    uint16_t kind    = dd_low_kind(cx, n);
    bool     typed   = kind == K_required_parameter || kind == K_optional_parameter;
    uint32_t pattern = typed ? dd_low_child(cx, n, F_pattern) : n, value = typed ? dd_low_child(cx, n, F_value) : 0;
    if (typed && !pattern)
        pattern = dd_low_child(cx, n, F_name);
    if (dd_low_kind(cx, pattern) == K_this) /* f(this: T): no parameter */
        return;
    if (dd_low_kind(cx, pattern) == K_assignment_pattern) {
        value   = dd_low_child(cx, pattern, F_right);
        pattern = dd_low_child(cx, pattern, F_left);
    }
    dd_param p = { .kind = DD_P_PLAIN, .optional = kind == K_optional_parameter };
    if (dd_low_kind(cx, pattern) == K_rest_pattern) {
        p.kind  = DD_P_REST;
        pattern = dd_low_only(cx, pattern);
    }
    if (dd_low_kind(cx, pattern) == K_identifier)
        p.name = dd_low_text(cx, pattern);
    p.property = typed && (dd_low_kid(cx, n, K_accessibility_modifier) || dd_low_kid(cx, n, T_readonly));
    p.type     = dd_low_type(cx, typed ? dd_low_child(cx, n, F_type) : 0);
    p.deflt    = dd_low_js_value(cx, value, p.name);
    dd_low_each(cx, i, n)
        if (dd_low_kind(cx, i) == K_decorator)
            dd_low_expr(cx, i);
    dd_low_target t = { .kind = DD_B_PARAM, .in = cx->scope, .type = p.name.len ? p.type : NULL, .func = ps->func,
                        .index = (uint32_t)ps->list.n, .node = n, .module = ps->list.n ? DD_STR("") : ps->promised };
    t.deflt = p.name.len ? p.deflt : NULL;
    dd_low_js_bind(cx, pattern, &t);
    dd_vec_push(&ps->list, p);
    param_property(cx, &p, n);
}

static void add_params(dd_low *cx, dd_func *func, uint32_t n, dd_str promised)
{
    param_list ps   = { .func = func, .promised = promised };
    uint32_t   list = dd_low_child(cx, n, F_parameters), only = dd_low_child(cx, n, F_parameter);
    size_t     keys = cx->keys.n; /* a function may stand in the default of a pattern */
    dd_str     path[16];
    size_t     kept = keys < DD_COUNT(path) ? keys : DD_COUNT(path);
    if (kept)
        memcpy(path, cx->keys.v, kept * sizeof *path);
    cx->keys.n = 0;
    if (only)
        add_param(cx, &ps, only);
    dd_low_each_named(cx, i, list)
        add_param(cx, &ps, i);
    func->n_params = (uint32_t)ps.list.n;
    func->params   = dd_newn(cx->arena, dd_param, ps.list.n);
    if (ps.list.n)
        memcpy(func->params, ps.list.v, ps.list.n * sizeof *func->params);
    dd_vec_free(&ps.list);
    cx->keys.n = keys;
    if (kept)
        memcpy(cx->keys.v, path, kept * sizeof *path);
}

/* ---- functions ---- */

dd_func *dd_low_js_func(dd_low *cx, uint32_t n, dd_func *func)
{
    bool     arrow = dd_low_kind(cx, n) == K_arrow_function;
    uint32_t body  = dd_low_child(cx, n, F_body);
    dd_str   promised = cx->promised;
    dd_low_class *cls = cx->cls;
    cx->promised      = DD_STR("");
    func->is_async    = dd_low_kid(cx, n, T_async);
    func->returns_type = dd_low_type(cx, dd_low_child(cx, n, F_return_type));
    dd_low_func f;
    dd_low_func_begin(cx, &f, func, n);
    if (func->cls && cls) {
        cx->receiver = cls;
        cx->self     = DD_STR("this");
    } else if (!arrow) {
        cx->receiver = NULL;
    }
    add_params(cx, func, n, promised);
    if (dd_low_kind(cx, body) == K_statement_block)
        dd_low_js_body(cx, body);
    else if (body)
        dd_low_return(cx, dd_low_js_value(cx, body, DD_STR("")));
    dd_low_func_end(cx, &f);
    cx->promised = promised;
    return func;
}

dd_expr *dd_low_js_func_expr(dd_low *cx, uint32_t n, dd_str name)
{
    dd_expr *e = dd_low_new(cx, DD_X_FUNC, n);
    e->func    = dd_low_func_new(cx, name, n);
    e->func->expr = e;
    dd_low_js_func(cx, n, e->func);
    uint32_t own = dd_low_kind(cx, n) == K_method_definition ? 0 : dd_low_child(cx, n, F_name);
    if (own && dd_low_kind(cx, own) == K_identifier && !dd_scope_find(e->func->scope, e->func->name)) {
        dd_scope *outer = cx->scope;
        cx->scope       = e->func->scope;
        dd_low_bind(cx, cx->scope, DD_B_FUNC, e->func->name, n)->func = e->func;
        cx->scope       = outer;
    }
    return e;
}

/* ---- classes ---- */

static void take_bases(dd_low *cx, uint32_t n, dd_class_def *cls)
{
    uint32_t heritage = dd_low_kid(cx, n, K_class_heritage);
    size_t   base     = cx->stack.n;
    dd_low_each_named(cx, i, heritage) {
        uint16_t kind = dd_low_kind(cx, i);
        if (kind == K_extends_clause)
            dd_low_push(cx, dd_low_expr(cx, dd_low_child(cx, i, F_value)));
        else if (kind != K_implements_clause)
            dd_low_push(cx, dd_low_expr(cx, i));
    }
    cls->bases = dd_low_take(cx, base, &cls->n_bases);
}

static void push_decorators(dd_low *cx, uint32_t n)
{
    dd_low_each(cx, i, n)
        if (dd_low_kind(cx, i) == K_decorator)
            dd_low_push(cx, dd_low_expr(cx, i));
}

static void class_method(dd_low *cx, uint32_t n, size_t decorators)
{
    uint32_t key    = dd_low_child(cx, n, F_name);
    bool     setter = dd_low_kid(cx, n, T_set); /* of its class, but nothing that x.name() or x.name gives */
    dd_func *f      = setter ? dd_low_func_new(cx, dd_low_js_key(cx, key), n) : dd_low_method_new(cx, dd_low_js_key(cx, key), n);
    f->cls          = cx->cls->cls;
    if (dd_low_kind(cx, key) == K_computed_property_name)
        dd_low_only_expr(cx, key);
    push_decorators(cx, n);
    f->decorators     = dd_low_take(cx, decorators, &f->n_decorators);
    f->is_static      = dd_low_kid(cx, n, T_static);
    f->is_property    = dd_low_kid(cx, n, T_get);
    f->is_constructor = dd_str_eqz(f->name, "constructor");
    f->is_abstract    = dd_low_kind(cx, n) == K_abstract_method_signature;
    dd_low_js_func(cx, n, f);
}

/* A field that holds a function is a method too: this.ask() finds it. */
static dd_expr *field_value(dd_low *cx, uint32_t value, dd_str name)
{
    uint16_t kind = dd_low_kind(cx, value);
    if (kind != K_arrow_function && kind != K_function_expression)
        return dd_low_js_value(cx, value, name);
    dd_expr *e = dd_low_new(cx, DD_X_FUNC, value);
    e->func    = dd_low_method_new(cx, name, value);
    e->func->expr = e;
    dd_low_js_func(cx, value, e->func);
    return e;
}

static void class_field(dd_low *cx, uint32_t n, size_t decorators)
{
    dd_low_class *receiver = cx->receiver;
    dd_str        self     = cx->self;
    uint32_t      key = dd_low_child(cx, n, F_property), value = dd_low_child(cx, n, F_value);
    if (!key)
        key = dd_low_child(cx, n, F_name);
    push_decorators(cx, n);
    cx->stack.n   = decorators;
    cx->receiver  = cx->cls;
    cx->self      = DD_STR("this");
    dd_field f    = { .name = dd_low_js_key(cx, key), .pos = dd_low_node(cx, n)->start, .op = DD_STR("=") };
    f.is_static   = dd_low_kid(cx, n, T_static);
    f.type        = dd_low_type(cx, dd_low_child(cx, n, F_type));
    f.value       = value ? field_value(cx, value, f.name) : NULL;
    dd_low_field(cx, cx->cls, f);
    dd_low_js_errors(cx, n);
    cx->receiver = receiver;
    cx->self     = self;
}

static void static_block(dd_low *cx, uint32_t n)
{
    dd_low_class *receiver = cx->receiver;
    dd_str        self     = cx->self;
    dd_scope     *outer    = cx->scope;
    cx->receiver = cx->cls;
    cx->self     = DD_STR("this");
    cx->scope    = dd_low_scope(cx, DD_SCOPE_BLOCK, n);
    dd_low_js_body(cx, dd_low_child(cx, n, F_body));
    cx->scope    = outer;
    cx->receiver = receiver;
    cx->self     = self;
}

static void class_body(dd_low *cx, uint32_t n)
{
    size_t decorators = cx->stack.n;
    dd_low_each_named(cx, i, n) {
        switch (dd_low_kind(cx, i)) {
        case K_decorator: dd_low_push(cx, dd_low_expr(cx, i)); continue;
        case K_method_definition:
        case K_abstract_method_signature: class_method(cx, i, decorators); break;
        case K_field_definition:
        case K_public_field_definition: class_field(cx, i, decorators); break;
        case K_class_static_block: static_block(cx, i); break;
        case K_ERROR: dd_low_js_body(cx, i); break;
        default: break;
        }
        cx->stack.n = decorators;
    }
    cx->stack.n = decorators;
}

dd_class_def *dd_low_js_class(dd_low *cx, uint32_t n, dd_str name)
{
    dd_class_def *cls  = dd_low_class_new(cx, name, n);
    size_t        base = cx->stack.n;
    push_decorators(cx, n);
    cls->decorators = dd_low_take(cx, base, &cls->n_decorators);
    take_bases(cx, n, cls);
    dd_low_class c;
    dd_low_class_begin(cx, &c, cls, n);
    if (dd_low_kind(cx, n) == K_class && dd_low_child(cx, n, F_name))
        dd_low_bind(cx, cx->scope, DD_B_CLASS, name, n)->cls = cls;
    class_body(cx, dd_low_child(cx, n, F_body));
    dd_low_class_end(cx, &c);
    return cls;
}

void dd_low_js_enum(dd_low *cx, uint32_t n)
{
    dd_str        name = dd_low_text(cx, dd_low_child(cx, n, F_name));
    dd_class_def *cls  = dd_low_class_new(cx, name, n);
    cls->is_enum       = true;
    dd_low_bind(cx, cx->scope, DD_B_CLASS, name, n)->cls = cls;
    dd_low_class c;
    dd_low_class_begin(cx, &c, cls, n);
    dd_low_each_named(cx, i, dd_low_child(cx, n, F_body)) {
        bool     given = dd_low_kind(cx, i) == K_enum_assignment;
        dd_field f     = { .name = dd_low_js_key(cx, given ? dd_low_child(cx, i, F_name) : i), .pos = dd_low_node(cx, i)->start,
                           .op = DD_STR("="), .is_static = true };
        f.value = given ? dd_low_expr(cx, dd_low_child(cx, i, F_value)) : NULL;
        dd_low_field(cx, &c, f);
    }
    dd_low_class_end(cx, &c);
}
