/* scan/ir_dump.c - the source form as text, for tests and for looking at it. The format is in docs/ir.md. */
#include "scan/ir.h"

enum { DEEPEST = 40 };

static const char *const expr_names[] = {
    "unknown", "string", "number", "bool", "none", "template", "name", "member", "index", "call", "new", "dict", "pair", "list",
    "keyword", "spread", "spread-dict", "or", "coalesce", "and", "choice", "add", "format", "binary", "unary", "func", "class",
    "assign", "comprehension",
};
static const char *const binding_names[] = {
    "assign", "augment", "param", "func", "class", "import", "loop", "with", "except", "pattern", "member", "mutate", "global", "delete",
};
static const char *const import_names[] = { "module", "name", "default", "wildcard" };
static const char *const branch_names[] = { "if", "loop", "try", "except", "case", "main" };
static const char *const decl_names[]   = { "", "var ", "let ", "const " };
static const char *const scope_names[]  = { "module", "class", "func", "block" };
static const char *const param_names[]  = { "", "keyword-only ", "rest ", "rest-dict " };

static void add_text(dd_buf *out, dd_str s)
{
    dd_buf_addc(out, '"');
    for (size_t i = 0; i < s.len && i < 200; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '\n')
            dd_buf_addz(out, "\\n");
        else if (c < ' ' || c == '"' || c == '\\')
            dd_buf_printf(out, "\\x%02x", c);
        else
            dd_buf_addc(out, (char)c);
    }
    dd_buf_addz(out, s.len > 200 ? "...\"" : "\"");
}

static void add_expr(dd_buf *out, const dd_expr *e, int depth);

static void add_items(dd_buf *out, const dd_expr *e, const char *open, const char *close, int depth)
{
    dd_buf_addz(out, open);
    for (uint32_t i = 0; i < e->n_items; i++) {
        if (i)
            dd_buf_addz(out, ", ");
        add_expr(out, e->items[i], depth);
    }
    dd_buf_addz(out, close);
}

static void add_two(dd_buf *out, const dd_expr *e, const char *op, int depth)
{
    dd_buf_addc(out, '(');
    add_expr(out, e->a, depth);
    dd_buf_printf(out, " %s ", op);
    add_expr(out, e->b, depth);
    if (e->kind == DD_X_CHOICE) {
        dd_buf_addz(out, " if ");
        add_expr(out, e->c, depth);
    }
    dd_buf_addc(out, ')');
}

static void add_operator(dd_buf *out, const dd_expr *e, int depth)
{
    static const char *const ops[] = { [DD_X_OR] = "or", [DD_X_COALESCE] = "??", [DD_X_AND] = "and", [DD_X_CHOICE] = "else",
                                       [DD_X_ADD] = "+", [DD_X_FORMAT] = "%" };
    char op[32];
    if ((size_t)e->kind < DD_COUNT(ops) && ops[e->kind]) {
        add_two(out, e, ops[e->kind], depth);
        return;
    }
    snprintf(op, sizeof op, DD_STR_FMT, DD_STR_ARG(e->name));
    add_two(out, e, op, depth);
}

static void add_call(dd_buf *out, const dd_expr *e, int depth)
{
    dd_buf_addz(out, e->awaited ? "await " : "");
    dd_buf_addz(out, e->kind == DD_X_NEW ? "new " : "");
    add_expr(out, e->a, depth);
    add_items(out, e, e->broken ? "(<broken>" : "(", ")", depth);
}

static void add_prefixed(dd_buf *out, const char *prefix, const dd_expr *e, int depth)
{
    dd_buf_addz(out, prefix);
    add_expr(out, e, depth);
}

static void add_step(dd_buf *out, const dd_expr *e, int depth)
{
    add_expr(out, e->a, depth);
    if (e->kind == DD_X_MEMBER) {
        dd_buf_printf(out, "." DD_STR_FMT, DD_STR_ARG(e->name));
        return;
    }
    add_prefixed(out, "[", e->b, depth);
    dd_buf_addc(out, ']');
}

static void add_leaf(dd_buf *out, const dd_expr *e)
{
    if (e->kind == DD_X_STRING)
        add_text(out, e->name);
    else if (e->kind == DD_X_FUNC)
        dd_buf_printf(out, "<func " DD_STR_FMT ">", DD_STR_ARG(e->func->qualname));
    else if (e->kind == DD_X_CLASS)
        dd_buf_printf(out, "<class " DD_STR_FMT ">", DD_STR_ARG(e->cls->qualname));
    else if (e->kind == DD_X_NUMBER)
        dd_buf_printf(out, "%.15g", e->number);
    else if (e->kind == DD_X_BOOL)
        dd_buf_addz(out, e->number != 0 ? "true" : "false");
    else if (e->kind == DD_X_NONE)
        dd_buf_addz(out, "none");
    else
        dd_buf_add(out, e->name);
}

static void add_expr(dd_buf *out, const dd_expr *e, int depth)
{
    if (!e || depth > DEEPEST) {
        dd_buf_addz(out, e ? "..." : "-");
        return;
    }
    depth++;
    switch (e->kind) {
    case DD_X_STRING: case DD_X_FUNC: case DD_X_CLASS: case DD_X_NUMBER: case DD_X_BOOL: case DD_X_NONE:
    case DD_X_NAME: add_leaf(out, e); break;
    case DD_X_UNKNOWN: add_items(out, e, "?(", ")", depth); break;
    case DD_X_TEMPLATE: add_items(out, e, "`(", ")", depth); break;
    case DD_X_MEMBER: case DD_X_INDEX: add_step(out, e, depth); break;
    case DD_X_CALL: case DD_X_NEW: add_call(out, e, depth); break;
    case DD_X_DICT: add_items(out, e, "{", "}", depth); break;
    case DD_X_LIST: add_items(out, e, "[", "]", depth); break;
    case DD_X_PAIR: add_expr(out, e->a, depth); add_prefixed(out, ": ", e->b, depth); break;
    case DD_X_KEYWORD: dd_buf_add(out, e->name); add_prefixed(out, "=", e->b, depth); break;
    case DD_X_SPREAD: add_prefixed(out, "...", e->a, depth); break;
    case DD_X_SPREAD_DICT: add_prefixed(out, "**", e->a, depth); break;
    case DD_X_UNARY: dd_buf_add(out, e->name); add_prefixed(out, " ", e->a, depth); break;
    case DD_X_COMPREHENSION:
        add_prefixed(out, "each(", e->a, depth);
        if (e->b)
            add_prefixed(out, ": ", e->b, depth);
        add_items(out, e, " of ", ")", depth);
        break;
    default: add_operator(out, e, depth);
    }
}

void dd_expr_dump(const dd_expr *e, dd_buf *out) { add_expr(out, e, 0); }

static void add_branch(dd_buf *out, const dd_branch *b)
{
    for (; b; b = b->parent)
        dd_buf_printf(out, " @%s#%u.%u/%u%s%s", branch_names[b->kind], b->construct, b->arm, b->arms, b->exhaustive ? "!" : "", b->exits ? "x" : "");
}

static uint32_t line_of(const dd_unit_ir *u, uint32_t pos)
{
    const dd_source_file *f = u->file;
    uint32_t low = 0, high = f->n_rows;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        *(f->rows[mid] <= pos ? &low : &high) = mid;
    }
    return low + 1;
}

static void add_optional(dd_buf *out, const char *label, const dd_expr *e)
{
    if (e)
        add_prefixed(out, label, e, 0);
}

static void add_import(dd_buf *out, const dd_import *i)
{
    dd_buf_printf(out, " %s%s ", i->type_only ? "type-only " : "", import_names[i->kind]);
    dd_buf_pad(out, '.', (size_t)i->level);
    add_text(out, i->module);
    if (i->name.len)
        dd_buf_printf(out, " " DD_STR_FMT, DD_STR_ARG(i->name));
}

static void add_binding(dd_buf *out, const dd_unit_ir *u, const dd_binding *b)
{
    dd_buf_printf(out, "  %u %s%s " DD_STR_FMT, line_of(u, b->pos), decl_names[b->decl], binding_names[b->kind], DD_STR_ARG(b->name));
    for (uint32_t i = 0; i < b->n_keys; i++)
        dd_buf_printf(out, "/" DD_STR_FMT, DD_STR_ARG(b->keys[i]));
    if (b->op.len)
        dd_buf_printf(out, " op " DD_STR_FMT, DD_STR_ARG(b->op));
    if (b->func)
        dd_buf_printf(out, " func " DD_STR_FMT "#%u", DD_STR_ARG(b->func->qualname), b->index);
    if (b->cls)
        dd_buf_printf(out, " class " DD_STR_FMT, DD_STR_ARG(b->cls->qualname));
    if (b->import)
        add_import(out, b->import);
    add_optional(out, " target ", b->target);
    add_optional(out, " = ", b->value);
    add_optional(out, " type ", b->type);
    add_optional(out, " default ", b->deflt);
    if (b->scope->kind != DD_SCOPE_MODULE)
        dd_buf_printf(out, " in %s", scope_names[b->scope->kind]);
    add_branch(out, b->branch);
    dd_buf_addc(out, '\n');
}

void dd_scope_dump(const dd_scope *s, dd_buf *out)
{
    for (uint32_t i = 0; i < s->n_names; i++)
        for (const dd_binding *b = s->names[i]; b; b = b->next)
            add_binding(out, s->unit, b);
}

static void add_func(dd_buf *out, const dd_unit_ir *u, const dd_func *f)
{
    dd_buf_printf(out, "func " DD_STR_FMT " line %u%s%s%s%s%s%s\n", DD_STR_ARG(f->qualname), line_of(u, f->start), f->is_async ? " async" : "",
                  f->is_property ? " property" : "", f->is_static ? " static" : "", f->is_classmethod ? " classmethod" : "",
                  f->is_abstract ? " abstract" : "", f->is_constructor ? " constructor" : "");
    for (uint32_t i = 0; i < f->n_params; i++) {
        const dd_param *p = &f->params[i];
        dd_buf_printf(out, "  param %s" DD_STR_FMT "%s%s", param_names[p->kind], DD_STR_ARG(p->name), p->optional ? "?" : "",
                      p->property ? " property" : "");
        add_optional(out, " type ", p->type);
        add_optional(out, " default ", p->deflt);
        dd_buf_addc(out, '\n');
    }
    for (uint32_t i = 0; i < f->n_decorators; i++)
        add_prefixed(out, "  @", f->decorators[i], 0), dd_buf_addc(out, '\n');
    for (uint32_t i = 0; i < f->n_returns; i++)
        add_prefixed(out, "  return ", f->returns[i], 0), add_branch(out, f->return_branch[i]), dd_buf_addc(out, '\n');
    for (uint32_t i = 0; i < f->n_yields; i++)
        add_prefixed(out, "  yield ", f->yields[i], 0), dd_buf_addc(out, '\n');
    if (f->scope)
        dd_scope_dump(f->scope, out);
}

static void add_class(dd_buf *out, const dd_unit_ir *u, const dd_class_def *c)
{
    dd_buf_printf(out, "class " DD_STR_FMT " line %u%s", DD_STR_ARG(c->qualname), line_of(u, c->start), c->is_enum ? " enum" : "");
    for (uint32_t i = 0; i < c->n_bases; i++)
        add_prefixed(out, " base ", c->bases[i], 0);
    dd_buf_addc(out, '\n');
    for (uint32_t i = 0; i < c->n_decorators; i++)
        add_prefixed(out, "  @", c->decorators[i], 0), dd_buf_addc(out, '\n');
    for (uint32_t i = 0; i < c->n_fields; i++) {
        const dd_field *f = &c->fields[i];
        dd_buf_printf(out, "  %u %sfield " DD_STR_FMT " " DD_STR_FMT " ", line_of(u, f->pos), f->is_static ? "static " : "",
                      DD_STR_ARG(f->name), DD_STR_ARG(f->op));
        add_expr(out, f->value, 0);
        add_optional(out, " type ", f->type);
        if (f->in)
            dd_buf_printf(out, " in " DD_STR_FMT, DD_STR_ARG(f->in->qualname));
        add_branch(out, f->branch);
        dd_buf_addc(out, '\n');
    }
    for (uint32_t i = 0; i < c->n_methods; i++)
        dd_buf_printf(out, "  method " DD_STR_FMT "\n", DD_STR_ARG(c->methods[i]->name));
    if (c->scope)
        dd_scope_dump(c->scope, out);
}

static void add_calls(dd_buf *out, const dd_unit_ir *u)
{
    for (uint32_t i = 0; i < u->n_calls; i++) {
        const dd_expr *e = u->calls[i];
        const dd_func *f = dd_scope_func(e->scope);
        dd_buf_printf(out, "call %u-%u ", line_of(u, e->name_pos), line_of(u, e->end ? e->end - 1 : 0));
        add_expr(out, e, 0);
        if (f)
            dd_buf_printf(out, " in " DD_STR_FMT, DD_STR_ARG(f->qualname));
        if (e->up)
            dd_buf_printf(out, " up %s", expr_names[e->up->kind]);
        add_branch(out, e->branch);
        dd_buf_addc(out, '\n');
    }
}

void dd_ir_dump(const dd_unit_ir *u, dd_buf *out)
{
    dd_buf_printf(out, "module%s errors %u\n", u->is_commonjs ? " commonjs" : "", u->n_errors);
    dd_scope_dump(u->module, out);
    for (uint32_t i = 0; i < u->n_exports; i++) {
        const dd_export *x = &u->exports[i];
        dd_buf_printf(out, "export %s" DD_STR_FMT " local " DD_STR_FMT, x->type_only ? "type-only " : "", DD_STR_ARG(x->name), DD_STR_ARG(x->local));
        if (x->from.len)
            dd_buf_addz(out, " from "), add_text(out, x->from);
        add_optional(out, " = ", x->value);
        dd_buf_addc(out, '\n');
    }
    for (uint32_t i = 0; i < u->n_imports; i++) {
        dd_buf_printf(out, "import %u", line_of(u, u->imports[i]->start));
        add_import(out, u->imports[i]);
        dd_buf_addc(out, '\n');
    }
    for (uint32_t i = 0; i < u->n_funcs; i++)
        add_func(out, u, u->funcs[i]);
    for (uint32_t i = 0; i < u->n_classes; i++)
        add_class(out, u, u->classes[i]);
    for (uint32_t i = 0; i < u->n_scopes; i++)
        if (u->scopes[i]->kind == DD_SCOPE_BLOCK) {
            dd_buf_printf(out, "block line %u\n", line_of(u, u->scopes[i]->start));
            dd_scope_dump(u->scopes[i], out);
        }
    add_calls(out, u);
    for (uint32_t i = 0; i < u->n_comments; i++)
        dd_buf_printf(out, "comment %u " DD_STR_FMT "\n", u->comments[i].row + 1, DD_STR_ARG(u->comments[i].text));
}
