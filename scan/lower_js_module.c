/* scan/lower_js_module.c - imports and exports: ES modules, CommonJS, and what compilers make of the one for the other. */
#include "scan/lower_js.h"

/* ---- import ---- */

static dd_str source_of(dd_low *cx, uint32_t n) { return dd_low_js_key(cx, dd_low_child(cx, n, F_source)); }

static void bind(dd_low *cx, uint32_t n, dd_str as, int kind, dd_str module, dd_str name)
{
    if (!as.len)
        return;
    dd_binding *b = dd_low_bind(cx, cx->scope, DD_B_IMPORT, as, n);
    b->import     = dd_low_import(cx, kind, module, name, n);
    b->decl       = DD_DECL_CONST;
}

static void import_specifier(dd_low *cx, uint32_t n, dd_str module)
{
    bool     was   = cx->type_only;
    uint32_t alias = dd_low_child(cx, n, F_alias);
    dd_str   name  = dd_low_js_key(cx, dd_low_child(cx, n, F_name));
    bool     deflt = dd_str_eqz(name, "default");
    cx->type_only |= dd_low_kid(cx, n, T_type) || dd_low_kid(cx, n, T_typeof);
    bind(cx, n, alias ? dd_low_text(cx, alias) : name, deflt ? DD_IMP_DEFAULT : DD_IMP_NAME, module, deflt ? DD_STR("") : name);
    cx->type_only = was;
}

static void import_clause(dd_low *cx, uint32_t n, dd_str module)
{
    dd_low_each_named(cx, i, n) {
        if (dd_low_kind(cx, i) == K_identifier)
            bind(cx, i, dd_low_text(cx, i), DD_IMP_DEFAULT, module, DD_STR(""));
        else if (dd_low_kind(cx, i) == K_namespace_import)
            bind(cx, i, dd_low_text(cx, dd_low_only(cx, i)), DD_IMP_MODULE, module, DD_STR(""));
        else if (dd_low_kind(cx, i) == K_named_imports)
            dd_low_each_named(cx, k, i)
                import_specifier(cx, k, module);
    }
}

void dd_low_js_import(dd_low *cx, uint32_t n)
{
    bool     was    = cx->type_only;
    uint32_t clause = dd_low_kid(cx, n, K_import_clause), require = dd_low_kid(cx, n, K_import_require_clause);
    cx->type_only |= dd_low_kid(cx, n, T_type) || dd_low_kid(cx, n, T_typeof);
    if (require)
        bind(cx, require, dd_low_text(cx, dd_low_only(cx, require)), DD_IMP_MODULE, source_of(cx, require), DD_STR(""));
    else if (clause)
        import_clause(cx, clause, source_of(cx, n));
    else
        dd_low_import(cx, DD_IMP_MODULE, source_of(cx, n), DD_STR(""), n);
    cx->type_only = was;
}

/* ---- require() and import() ---- */

static bool is_loader(const dd_expr *e)
{
    return e->kind == DD_X_CALL && e->a->kind == DD_X_NAME && (dd_str_eqz(e->a->name, "require") || dd_str_eqz(e->a->name, "import"));
}

static bool is_interop(dd_str name)
{
    static const char *const helpers[] = { "__importDefault", "__importStar", "__toESM", "_interopRequireDefault", "_interopRequireWildcard",
                                           "_interop_require_default", "_interop_require_wildcard", "__rest_require" };
    for (size_t i = 0; i < DD_COUNT(helpers); i++)
        if (dd_str_eqz(name, helpers[i]))
            return true;
    return false;
}

static dd_str loaded(const dd_expr *e)
{
    for (int i = 0; e && i < 3; i++, e = e->items[0]) {
        const dd_expr *arg = e->kind == DD_X_CALL && e->n_items ? e->items[0] : NULL;
        if (!arg)
            break;
        if (is_loader(e))
            return arg->kind == DD_X_STRING ? arg->name : DD_STR("");
        if (!is_interop(e->name))
            break;
    }
    return DD_STR("");
}

/* import("m").then((x) => x.A): the member of the module that comes out. */
static dd_str loaded_then(const dd_expr *e, dd_str *member)
{
    const dd_expr *fn = e->n_items ? e->items[0] : NULL, *out;
    if (!fn || fn->kind != DD_X_FUNC || fn->func->n_params != 1 || fn->func->n_returns != 1 || !fn->func->returns[0])
        return DD_STR("");
    out = fn->func->returns[0];
    if (out->kind == DD_X_MEMBER) {
        *member = out->name;
        out     = out->a;
    }
    bool same = out->kind == DD_X_NAME && dd_str_eq(out->name, fn->func->params[0].name);
    return same ? loaded(e->a->a) : DD_STR("");
}

dd_str dd_low_js_module(const dd_expr *e, dd_str *member)
{
    *member = DD_STR("");
    if (e && e->kind == DD_X_CALL && e->a->kind == DD_X_MEMBER && dd_str_eqz(e->a->name, "then"))
        return loaded_then(e, member);
    dd_str step = dd_expr_step(e);
    if (!e || !step.len)
        return loaded(e);
    *member = step;
    return loaded(e->a);
}

/* ---- export ---- */

static void export_clause(dd_low *cx, uint32_t n, dd_str from, bool type_only)
{
    dd_low_each_named(cx, i, n) {
        uint32_t  alias = dd_low_child(cx, i, F_alias);
        dd_export x     = { .local = dd_low_js_key(cx, dd_low_child(cx, i, F_name)), .from = from };
        x.name          = alias ? dd_low_js_key(cx, alias) : x.local;
        x.type_only     = type_only || dd_low_kid(cx, i, T_type);
        dd_low_export(cx, x);
    }
}

static void export_name(dd_low *cx, dd_str name)
{
    dd_export x = { .name = name, .local = name, .from = DD_STR("") };
    if (name.len)
        dd_low_export(cx, x);
}

static void export_pattern(dd_low *cx, uint32_t n)
{
    uint16_t kind = dd_low_kind(cx, n);
    if (cx->depth >= DD_LOW_DEPTH)
        return;
    cx->depth++;
    if (kind == K_identifier || kind == K_shorthand_property_identifier_pattern)
        export_name(cx, dd_low_text(cx, n));
    else if (kind == K_pair_pattern)
        export_pattern(cx, dd_low_child(cx, n, F_value));
    else if (kind == K_assignment_pattern || kind == K_object_assignment_pattern)
        export_pattern(cx, dd_low_child(cx, n, F_left));
    else if (kind == K_object_pattern || kind == K_array_pattern || kind == K_rest_pattern)
        dd_low_each_named(cx, i, n)
            export_pattern(cx, i);
    cx->depth--;
}

static bool is_value(uint16_t kind)
{
    return kind == K_function_declaration || kind == K_generator_function_declaration || kind == K_class_declaration ||
           kind == K_abstract_class_declaration || kind == K_enum_declaration || kind == K_internal_module;
}

static void export_declaration(dd_low *cx, uint32_t n, bool deflt)
{
    uint16_t kind = dd_low_kind(cx, n);
    dd_low_js_statement(cx, n);
    if (is_value(kind)) {
        dd_str    name = dd_low_text(cx, dd_low_child(cx, n, F_name));
        dd_export x    = { .name = deflt ? DD_STR("default") : name, .local = name, .from = DD_STR("") };
        dd_low_export(cx, x);
    }
    if (kind == K_lexical_declaration || kind == K_variable_declaration)
        dd_low_each_named(cx, i, n)
            if (dd_low_kind(cx, i) == K_variable_declarator)
                export_pattern(cx, dd_low_child(cx, i, F_name));
}

static void export_from(dd_low *cx, uint32_t n, bool type_only)
{
    uint32_t  clause = dd_low_kid(cx, n, K_export_clause), space = dd_low_kid(cx, n, K_namespace_export);
    dd_str    from   = source_of(cx, n);
    dd_export x      = { .name = DD_STR("*"), .local = DD_STR("*"), .from = from, .type_only = type_only };
    if (clause) {
        export_clause(cx, clause, from, type_only);
        return;
    }
    if (space) {
        x.name  = dd_low_js_key(cx, dd_low_only(cx, space));
        x.local = DD_STR("");
    }
    dd_low_export(cx, x);
}

static void export_value(dd_low *cx, uint32_t n, bool deflt)
{
    uint32_t value = dd_low_child(cx, n, F_value);
    if (!value)
        value = dd_low_only(cx, n);
    if (!value)
        return;
    dd_export x = { .name = DD_STR("default"), .from = DD_STR(""), .local = DD_STR("") };
    x.value     = dd_low_js_value(cx, value, DD_STR("default"));
    cx->u->is_commonjs |= !deflt; /* export = x */
    dd_low_export(cx, x);
}

void dd_low_js_export(dd_low *cx, uint32_t n)
{
    bool     type_only   = dd_low_kid(cx, n, T_type), deflt = dd_low_kid(cx, n, T_default);
    uint32_t declaration = dd_low_child(cx, n, F_declaration), clause = dd_low_kid(cx, n, K_export_clause);
    dd_low_each(cx, i, n)
        if (dd_low_kind(cx, i) == K_decorator)
            dd_low_expr(cx, i);
    if (dd_low_child(cx, n, F_source))
        export_from(cx, n, type_only);
    else if (declaration)
        export_declaration(cx, declaration, deflt);
    else if (clause)
        export_clause(cx, clause, DD_STR(""), type_only);
    else if (!dd_low_kid(cx, n, K_namespace_export))
        export_value(cx, n, deflt);
}

/* ---- CommonJS ---- */

/* False inside a bundler's function (module, exports, require) { ... }: those exports are another module's. */
static bool is_free(const dd_low *cx, const char *name)
{
    for (const dd_scope *s = cx->scope; s && s->parent; s = s->parent)
        if (dd_scope_find(s, dd_str_z(name)))
            return false;
    return true;
}

static bool is_exports(const dd_low *cx, const dd_expr *e)
{
    if (!e)
        return false;
    if (e->kind == DD_X_NAME)
        return dd_str_eqz(e->name, "exports") && is_free(cx, "exports");
    return e->kind == DD_X_MEMBER && dd_str_eqz(e->name, "exports") && e->a->kind == DD_X_NAME && dd_str_eqz(e->a->name, "module") &&
           is_free(cx, "module");
}

static void add_export(dd_low *cx, dd_str name, dd_expr *value)
{
    dd_export x = { .name = name, .local = DD_STR(""), .value = value, .from = DD_STR("") };
    cx->u->is_commonjs = true;
    while (value && value->kind == DD_X_ASSIGN) /* exports.a = exports.b = void 0 */
        value = value->b;
    if (name.len && value && value->kind != DD_X_NONE && !dd_str_eqz(name, "__esModule"))
        dd_low_export(cx, x);
}

static void add_star(dd_low *cx, dd_str from)
{
    dd_export x = { .name = DD_STR("*"), .local = DD_STR("*"), .from = from };
    cx->u->is_commonjs = true;
    dd_low_export(cx, x);
}

void dd_low_js_exports_assign(dd_low *cx, const dd_expr *target, dd_expr *value)
{
    dd_str ignored, module;
    if (is_exports(cx, target)) {
        module = dd_low_js_module(value, &ignored);
        if (module.len && !ignored.len)
            add_star(cx, module); /* module.exports = require("./x") */
        add_export(cx, DD_STR("default"), value);
    } else if (target->a && is_exports(cx, target->a)) {
        add_export(cx, dd_expr_step(target), value);
    }
}

/* What a getter function of a compiled export returns. */
static dd_expr *getter_value(const dd_expr *e)
{
    return e && e->kind == DD_X_FUNC && e->func->n_returns ? e->func->returns[0] : NULL;
}

static void define_property(dd_low *cx, const dd_expr *call)
{
    const dd_expr *key = dd_call_arg(call, 1), *how = dd_call_arg(call, 2);
    if (!is_exports(cx, dd_call_arg(call, 0)) || !key || key->kind != DD_X_STRING)
        return;
    dd_expr *value = getter_value(dd_dict_get(how, "get"));
    add_export(cx, key->name, value ? value : dd_dict_get(how, "value"));
}

/* __export(target, { name: () => value, ... }): a bundler's ES module as CommonJS. Its target is module.exports later. */
static void export_getters(dd_low *cx, const dd_expr *getters)
{
    for (uint32_t i = 0; getters && getters->kind == DD_X_DICT && i < getters->n_items; i++) {
        const dd_expr *p = getters->items[i];
        if (p->kind == DD_X_PAIR && p->a && p->a->kind == DD_X_STRING)
            add_export(cx, p->a->name, getter_value(p->b));
    }
}

void dd_low_js_exports_call(dd_low *cx, dd_expr *call)
{
    dd_str ignored, module;
    if (cx->in_type || call->n_items < 2)
        return;
    if (dd_str_eqz(call->name, "defineProperty")) {
        define_property(cx, call);
    } else if (dd_str_eqz(call->name, "__exportStar") || dd_str_eqz(call->name, "__reExport")) {
        bool first = dd_str_eqz(call->name, "__exportStar");
        module     = dd_low_js_module(call->items[first ? 0 : 1], &ignored);
        if (module.len)
            add_star(cx, module);
    } else if (dd_str_eqz(call->name, "__export") && !cx->func) {
        export_getters(cx, dd_call_arg(call, 1));
    }
}
