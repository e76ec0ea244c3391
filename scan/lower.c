/* scan/lower.c - the builder that all languages share: nodes, scopes, bindings, branches, functions, and dd_lower. */
#include "scan/lower.h"

/* ---- the tree ---- */

uint32_t dd_low_child(const dd_low *cx, uint32_t n, dd_syn_field f)
{
    dd_low_each(cx, i, n)
        if (cx->s[i].field == f)
            return i;
    return 0;
}

uint32_t dd_low_kid(const dd_low *cx, uint32_t n, dd_syn_kind k)
{
    dd_low_each(cx, i, n)
        if (cx->s[i].kind == k)
            return i;
    return 0;
}

uint32_t dd_low_only(const dd_low *cx, uint32_t n)
{
    dd_low_each_named(cx, i, n)
        return i;
    return 0;
}

dd_str dd_low_text(const dd_low *cx, uint32_t n) { return n ? dd_str_sub(cx->text, cx->s[n].start, cx->s[n].end) : DD_STR(""); }

/* ---- expressions ---- */

enum { POOL = 16 };

dd_expr *dd_low_new(dd_low *cx, dd_expr_kind kind, uint32_t n)
{
    if (!cx->pooled) {
        cx->pool   = dd_newn(cx->arena, dd_expr, POOL);
        cx->pooled = POOL;
    }
    dd_expr *e  = &cx->pool[POOL - cx->pooled--];
    e->kind     = kind;
    e->in_type  = cx->in_type;
    e->broken   = cx->s[n].flags & DD_SYN_HAS_ERROR;
    e->start    = e->name_pos = cx->s[n].start;
    e->end      = cx->s[n].end;
    e->scope    = cx->scope;
    e->branch   = cx->branch;
    return e;
}

void dd_low_set(dd_expr *parent, dd_expr **slot, dd_expr *child)
{
    *slot = child;
    if (child)
        child->up = parent;
}

dd_expr *dd_low_name(dd_low *cx, uint32_t n, dd_str name)
{
    dd_expr *e = dd_low_new(cx, DD_X_NAME, n);
    e->name    = name;
    return e;
}

dd_expr *dd_low_string(dd_low *cx, uint32_t n, dd_str text)
{
    dd_expr *e = dd_low_new(cx, DD_X_STRING, n);
    e->name    = text;
    return e;
}

dd_expr *dd_low_number(dd_low *cx, uint32_t n)
{
    dd_expr *e = dd_low_new(cx, DD_X_NUMBER, n);
    e->name    = dd_low_text(cx, n);
    dd_low_parse_number(e->name, &e->number);
    return e;
}

void dd_low_push(dd_low *cx, dd_expr *e)
{
    if (e)
        dd_vec_push(&cx->stack, e);
}

dd_expr **dd_low_take(dd_low *cx, size_t base, uint32_t *n)
{
    *n            = (uint32_t)(cx->stack.n - base);
    dd_expr **out = NULL;
    if (*n) {
        out = dd_arena_alloc(cx->arena, *n * sizeof *out);
        memcpy(out, cx->stack.v + base, *n * sizeof *out);
    }
    cx->stack.n = base;
    return out;
}

void dd_low_items(dd_low *cx, dd_expr *e, size_t base)
{
    e->items = dd_low_take(cx, base, &e->n_items);
    for (uint32_t i = 0; i < e->n_items; i++)
        e->items[i]->up = e;
}

dd_expr *dd_low_unknown(dd_low *cx, uint32_t n)
{
    dd_expr *e    = dd_low_new(cx, DD_X_UNKNOWN, n);
    size_t   base = cx->stack.n;
    dd_low_each_named(cx, i, n)
        dd_low_push(cx, dd_low_expr(cx, i));
    dd_low_items(cx, e, base);
    return e;
}

dd_expr *dd_low_only_expr(dd_low *cx, uint32_t n) { return dd_low_expr(cx, dd_low_only(cx, n)); }

dd_expr *dd_low_unwrap(dd_low *cx, uint32_t n, dd_expr *head)
{
    return head ? head : dd_low_new(cx, DD_X_UNKNOWN, n);
}

static uint32_t head_of(const dd_low *cx, uint32_t n, const dd_low_rule *r)
{
    return r->head ? dd_low_child(cx, n, r->head) : dd_low_only(cx, n);
}

static dd_expr *lower_leaf(dd_low *cx, uint32_t n)
{
    const dd_low_rule *r = &cx->rules[cx->s[n].kind];
    if (cx->depth >= DD_LOW_DEPTH)
        return dd_low_new(cx, DD_X_UNKNOWN, n);
    cx->depth++;
    dd_expr *e = r->leaf ? r->leaf(cx, n) : dd_low_unknown(cx, n);
    cx->depth--;
    return e;
}

dd_expr *dd_low_expr(dd_low *cx, uint32_t n)
{
    if (!n)
        return NULL;
    size_t   base = cx->spine.n;
    uint32_t at   = n;
    while (at && cx->rules[cx->s[at].kind].tail) {
        dd_vec_push(&cx->spine, at);
        at = head_of(cx, at, &cx->rules[cx->s[at].kind]);
    }
    dd_expr *e = at ? lower_leaf(cx, at) : NULL;
    cx->depth++;
    while (cx->spine.n > base) {
        at = cx->spine.v[--cx->spine.n];
        if (!e)
            e = dd_low_new(cx, DD_X_UNKNOWN, at);
        if (cx->depth < DD_LOW_DEPTH)
            e = cx->rules[cx->s[at].kind].tail(cx, at, e);
    }
    cx->depth--;
    return e;
}

dd_expr *dd_low_value(dd_low *cx, uint32_t n, dd_str about)
{
    dd_str       was = cx->about;
    dd_low_func *in  = cx->about_in;
    if (about.len) {
        cx->about    = about;
        cx->about_in = cx->func;
    }
    dd_expr *e   = dd_low_expr(cx, n);
    cx->about    = was;
    cx->about_in = in;
    return e;
}

dd_expr *dd_low_type(dd_low *cx, uint32_t n)
{
    bool was    = cx->in_type;
    cx->in_type = true;
    dd_expr *e  = dd_low_expr(cx, n);
    cx->in_type = was;
    return e;
}

dd_expr *dd_low_call(dd_low *cx, uint32_t n, dd_expr_kind kind, dd_expr *callee, bool broken)
{
    dd_expr *e  = dd_low_new(cx, kind, n);
    e->broken   = broken;
    e->name_pos = callee->name_pos;
    if (callee->kind == DD_X_NAME || callee->kind == DD_X_MEMBER)
        e->name = callee->name;
    dd_low_set(e, &e->a, callee);
    if (!cx->in_type)
        dd_vec_push(&cx->calls, e);
    return e;
}

/* ---- scopes and bindings ---- */

dd_scope *dd_low_scope(dd_low *cx, int kind, uint32_t n)
{
    dd_scope *s = dd_new(cx->arena, dd_scope);
    s->kind     = kind;
    s->parent   = cx->scope;
    s->func     = cx->func ? cx->func->func : NULL;
    s->start    = cx->s[n].start;
    s->end      = cx->s[n].end;
    s->unit     = cx->u;
    dd_vec_push(&cx->scopes, s);
    return s;
}

dd_scope *dd_low_func_scope(const dd_scope *s)
{
    while (s->parent && s->kind != DD_SCOPE_FUNC && s->kind != DD_SCOPE_MODULE)
        s = s->parent;
    return (dd_scope *)s;
}

static void index_add(dd_scope *s, uint32_t name)
{
    uint64_t h = dd_str_hash(s->names[name]->name);
    while (s->index[h & s->index_mask])
        h++;
    s->index[h & s->index_mask] = name + 1;
}

static void names_grow(dd_low *cx, dd_scope *s)
{
    s->cap_names       = s->cap_names ? s->cap_names * 2 : 4;
    dd_binding **names = dd_newn(cx->arena, dd_binding *, s->cap_names);
    if (s->n_names)
        memcpy(names, s->names, s->n_names * sizeof *names);
    s->names = names;
    if (s->cap_names < 16)
        return;
    s->index_mask = s->cap_names * 2 - 1;
    s->index      = dd_newn(cx->arena, uint32_t, s->cap_names * 2);
    for (uint32_t i = 0; i < s->n_names; i++)
        index_add(s, i);
}

/* While the file is read, names[i] is the newest binding and its `next` the oldest (a ring): adding is O(1). */
static void scope_add(dd_low *cx, dd_scope *s, dd_binding *b)
{
    dd_binding *newest = dd_scope_find(s, b->name);
    if (newest) {
        b->next      = newest->next;
        newest->next = b;
        for (uint32_t i = 0; i < s->n_names && !s->index; i++)
            if (s->names[i] == newest)
                s->names[i] = b;
        for (uint64_t h = dd_str_hash(b->name); s->index; h++) {
            uint32_t at = s->index[h & s->index_mask];
            if (at && s->names[at - 1] == newest) {
                s->names[at - 1] = b;
                break;
            }
        }
        return;
    }
    if (s->n_names == s->cap_names)
        names_grow(cx, s);
    b->next               = b;
    s->names[s->n_names++] = b;
    if (s->index)
        index_add(s, s->n_names - 1);
}

/* The `global` or `nonlocal` of a name, which comes before all its other bindings; NULL: none. */
static dd_binding *elsewhere(const dd_scope *s, dd_str name)
{
    dd_binding *newest = dd_scope_find(s, name);
    return newest && newest->next->kind == DD_B_GLOBAL ? newest->next : NULL;
}

dd_binding *dd_low_bind(dd_low *cx, dd_scope *in, dd_binding_kind kind, dd_str name, uint32_t n)
{
    dd_binding *b = dd_new(cx->arena, dd_binding);
    b->kind       = kind;
    b->name       = name;
    b->pos        = cx->s[n].start;
    b->end        = cx->s[n].end;
    b->branch     = cx->branch;
    b->scope      = cx->scope;
    if (!in || (kind != DD_B_GLOBAL && elsewhere(in, name)))
        dd_vec_push(&cx->pending, b);
    else
        scope_add(cx, in, b);
    return b;
}

/* Where the name of an assignment that declares nothing is declared; else the module. A name of `this` goes to its class. */
static dd_scope *home_of(const dd_low *cx, const dd_binding *b)
{
    bool python = cx->u->file->lang == DD_LANG_PYTHON || cx->u->file->lang == DD_LANG_NOTEBOOK;
    bool is_this = dd_str_eqz(b->name, "this");
    dd_scope *s = b->scope;
    for (; s->parent; s = s->parent) {
        if (is_this ? s->kind == DD_SCOPE_CLASS : s->kind != DD_SCOPE_CLASS || s == b->scope || !python) {
            if (is_this)
                return s;
            if (!dd_scope_find(s, b->name))
                continue;
            dd_binding *global = elsewhere(s, b->name);
            if (!global)
                return s;
            if (dd_str_eqz(global->op, "global"))
                return cx->u->module;
        }
    }
    return s;
}

/* Ring to list in source order. Rings are nearly sorted: only pending ones come late. */
static dd_binding *merge(dd_binding *a, dd_binding *b)
{
    dd_binding *out = NULL, **tail = &out;
    while (a && b) {
        dd_binding **from = b->pos < a->pos ? &b : &a;
        *tail = *from;
        tail  = &(*from)->next;
        *from = *tail;
    }
    *tail = a ? a : b;
    return out;
}

static dd_binding *sort_list(dd_binding *list)
{
    dd_binding *parts[32] = { NULL };
    while (list) {
        dd_binding *run = list, *end = list;
        while (end->next && end->next->pos >= end->pos)
            end = end->next;
        list      = end->next;
        end->next = NULL;
        size_t i = 0;
        for (; i < DD_COUNT(parts) - 1 && parts[i]; i++) {
            run      = merge(parts[i], run);
            parts[i] = NULL;
        }
        parts[i] = merge(parts[i], run);
    }
    dd_binding *out = NULL;
    for (size_t i = 0; i < DD_COUNT(parts); i++)
        out = merge(parts[i], out);
    return out;
}

static void settle_bindings(dd_low *cx)
{
    for (size_t i = 0; i < cx->pending.n; i++)
        scope_add(cx, home_of(cx, cx->pending.v[i]), cx->pending.v[i]);
    for (size_t i = 0; i < cx->scopes.n; i++)
        for (uint32_t k = 0; k < cx->scopes.v[i]->n_names; k++) {
            dd_binding **at = &cx->scopes.v[i]->names[k], *newest = *at, *first = newest->next;
            newest->next = NULL;
            *at          = sort_list(first);
        }
}

dd_import *dd_low_import(dd_low *cx, int kind, dd_str module, dd_str name, uint32_t n)
{
    dd_import *i = dd_new(cx->arena, dd_import);
    i->kind      = kind;
    i->module    = module;
    i->name      = name;
    i->type_only = cx->type_only;
    i->start     = cx->s[n].start;
    dd_vec_push(&cx->imports, i);
    return i;
}

void dd_low_export(dd_low *cx, dd_export e) { dd_vec_push(&cx->exports, e); }

void dd_low_keys(dd_low *cx, dd_binding *b)
{
    b->n_keys = (uint32_t)cx->keys.n;
    if (!b->n_keys)
        return;
    b->keys = dd_newn(cx->arena, dd_str, b->n_keys);
    memcpy(b->keys, cx->keys.v, b->n_keys * sizeof *b->keys);
}

dd_str dd_low_index_key(dd_low *cx, uint32_t i)
{
    static const char digits[] = "0123456789";
    return i < 10 ? (dd_str){ digits + i, 1 } : dd_arena_printf(cx->arena, "%u", i);
}

dd_expr *dd_low_root(dd_expr *e)
{
    while (e && (e->kind == DD_X_MEMBER || e->kind == DD_X_INDEX))
        e = e->a;
    return e && e->kind == DD_X_NAME ? e : NULL;
}

static bool mutates(dd_str verb)
{
    static const char *const verbs[] = { "update", "append", "extend", "insert", "setdefault", "push", "unshift" };
    for (size_t i = 0; i < DD_COUNT(verbs); i++)
        if (dd_str_eqz(verb, verbs[i]))
            return true;
    return false;
}

void dd_low_note_mutation(dd_low *cx, dd_expr *call, uint32_t n)
{
    dd_expr *callee = call->a, *root = NULL;
    if (cx->in_type || !callee || callee->kind != DD_X_MEMBER)
        return;
    if (mutates(callee->name))
        root = dd_low_root(callee->a);
    else if (dd_str_eqz(callee->name, "assign") && callee->a->kind == DD_X_NAME && dd_str_eqz(callee->a->name, "Object"))
        root = dd_low_root(dd_call_arg(call, 0));
    if (root)
        dd_low_bind(cx, NULL, DD_B_MUTATE, root->name, n)->value = call;
}

void dd_low_field(dd_low *cx, dd_low_class *c, dd_field f)
{
    f.branch = cx->branch;
    if (f.name.len)
        dd_vec_push(&c->fields, f);
}

static dd_func *method_of(const dd_low *cx, const dd_low_class *c)
{
    for (const dd_low_func *f = cx->func; f; f = f->up)
        if (f->func->cls == c->cls)
            return f->func;
    return NULL;
}

void dd_low_note_member(dd_low *cx, dd_expr *target, dd_expr *value, dd_expr *type, dd_str op, uint32_t n)
{
    dd_expr *root = dd_low_root(target);
    if (!root)
        return;
    dd_binding *b = dd_low_bind(cx, NULL, DD_B_MEMBER, root->name, n);
    b->target     = target;
    b->value      = value;
    b->type       = type;
    b->op         = op;
    if (cx->receiver && target->a == root && target->kind == DD_X_MEMBER && dd_str_eq(root->name, cx->self)) {
        dd_func *in = method_of(cx, cx->receiver);
        dd_field f  = { .name = target->name, .value = value, .type = type, .in = in, .pos = cx->s[n].start, .op = op,
                        .is_static = in && (in->is_classmethod || in->is_static) };
        dd_low_field(cx, cx->receiver, f);
    }
}

/* ---- branches ---- */

dd_low_arms dd_low_construct(dd_low *cx, uint32_t arms, bool exhaustive)
{
    return (dd_low_arms){ .arms = arms < UINT16_MAX ? arms : UINT16_MAX, .exhaustive = exhaustive, .number = cx->constructs++ };
}

dd_branch *dd_low_arm(dd_low *cx, dd_low_arms *of, int kind, const dd_expr *test)
{
    dd_branch *b  = dd_new(cx->arena, dd_branch);
    b->parent     = cx->branch;
    b->kind       = kind;
    b->construct  = of->number;
    b->arm        = of->next;
    b->arms       = (uint16_t)of->arms;
    b->exhaustive = of->exhaustive;
    b->test       = test;
    b->prev       = of->last;
    of->last      = b;
    of->next      = (uint16_t)(of->next + (of->next < UINT16_MAX));
    return b;
}

dd_low_exit dd_low_leave(dd_branch *b, dd_low_exit how)
{
    b->exits = b->kind == DD_BR_LOOP ? how == DD_LOW_OUT : how > DD_LOW_BREAK;
    return how;
}

/* ---- functions and classes ---- */

static dd_str qualify(dd_low *cx, dd_str name)
{
    dd_str outer = DD_STR("");
    if (cx->cls)
        outer = cx->cls->cls->qualname;
    else if (cx->func)
        outer = cx->func->func->qualname;
    if (!name.len && cx->about.len && cx->about_in == cx->func)
        name = cx->about;
    if (!name.len)
        name = DD_STR("<anonymous>");
    /* Names of deeply nested functions would grow with the square of the depth. */
    if (!outer.len || outer.len > 400)
        return name;
    return dd_arena_printf(cx->arena, DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(outer), DD_STR_ARG(name));
}

dd_func *dd_low_func_new(dd_low *cx, dd_str name, uint32_t n)
{
    dd_func *f  = dd_new(cx->arena, dd_func);
    f->name     = name;
    f->qualname = qualify(cx, name);
    f->start    = cx->s[n].start;
    f->end      = cx->s[n].end;
    f->unit     = cx->u;
    dd_vec_push(&cx->funcs, f);
    return f;
}

dd_func *dd_low_method_new(dd_low *cx, dd_str name, uint32_t n)
{
    dd_func *f = dd_low_func_new(cx, name, n);
    f->cls     = cx->cls->cls;
    dd_vec_push(&cx->cls->methods, f);
    return f;
}

/* Anything in a function stands outside the class body it may be in, and under no branch. */
void dd_low_func_begin(dd_low *cx, dd_low_func *f, dd_func *func, uint32_t n)
{
    *f = (dd_low_func){ .up = cx->func, .func = func, .scope = cx->scope, .branch = cx->branch, .receiver = cx->receiver, .self = cx->self,
                        .cls = cx->cls, .in_switch = cx->in_switch };
    func->scope       = dd_low_scope(cx, DD_SCOPE_FUNC, n);
    func->scope->func = func;
    cx->scope         = func->scope;
    cx->func          = f;
    cx->branch        = NULL;
    cx->cls           = NULL;
    cx->in_switch     = false;
}

void dd_low_func_end(dd_low *cx, dd_low_func *f)
{
    dd_func *func     = f->func;
    func->n_returns   = (uint32_t)f->returns.n;
    func->n_yields    = (uint32_t)f->yields.n;
    func->returns     = dd_newn(cx->arena, dd_expr *, f->returns.n + f->yields.n);
    func->yields      = func->returns + f->returns.n;
    func->return_branch = dd_newn(cx->arena, const dd_branch *, f->returns.n);
    for (size_t i = 0; i < f->returns.n; i++) {
        func->returns[i]       = f->returns.v[i];
        func->return_branch[i] = f->branches.v[i];
    }
    for (size_t i = 0; i < f->yields.n; i++)
        func->yields[i] = f->yields.v[i];
    dd_vec_free(&f->returns);
    dd_vec_free(&f->branches);
    dd_vec_free(&f->yields);
    cx->scope    = f->scope;
    cx->branch   = f->branch;
    cx->receiver = f->receiver;
    cx->self     = f->self;
    cx->func     = f->up;
    cx->cls      = f->cls;
    cx->in_switch = f->in_switch;
}

void dd_low_return(dd_low *cx, dd_expr *e)
{
    if (!cx->func)
        return;
    dd_vec_push(&cx->func->returns, e);
    dd_vec_push(&cx->func->branches, cx->branch);
}

void dd_low_yield(dd_low *cx, dd_expr *e)
{
    if (cx->func)
        dd_vec_push(&cx->func->yields, e);
}

dd_class_def *dd_low_class_new(dd_low *cx, dd_str name, uint32_t n)
{
    dd_class_def *c = dd_new(cx->arena, dd_class_def);
    c->name         = name;
    c->qualname     = qualify(cx, name);
    c->start        = cx->s[n].start;
    c->end          = cx->s[n].end;
    c->unit         = cx->u;
    dd_vec_push(&cx->classes, c);
    return c;
}

void dd_low_class_begin(dd_low *cx, dd_low_class *c, dd_class_def *cls, uint32_t n)
{
    *c = (dd_low_class){ .up = cx->cls, .cls = cls, .scope = cx->scope, .receiver = cx->receiver, .self = cx->self };
    cls->scope      = dd_low_scope(cx, DD_SCOPE_CLASS, n);
    cls->scope->cls = cls;
    cx->scope       = cls->scope;
    cx->cls         = c;
}

void dd_low_class_end(dd_low *cx, dd_low_class *c)
{
    dd_class_def *cls = c->cls;
    cls->n_fields     = (uint32_t)c->fields.n;
    cls->n_methods    = (uint32_t)c->methods.n;
    cls->fields       = dd_newn(cx->arena, dd_field, c->fields.n);
    cls->methods      = dd_newn(cx->arena, dd_func *, c->methods.n);
    if (c->fields.n)
        memcpy(cls->fields, c->fields.v, c->fields.n * sizeof *c->fields.v);
    if (c->methods.n)
        memcpy(cls->methods, c->methods.v, c->methods.n * sizeof *c->methods.v);
    dd_vec_free(&c->fields);
    dd_vec_free(&c->methods);
    cx->scope    = c->scope;
    cx->receiver = c->receiver;
    cx->self     = c->self;
    cx->cls      = c->up;
}

/* ---- the whole file ---- */

static int by_place(const void *pa, const void *pb)
{
    const dd_expr *a = *(dd_expr *const *)pa, *b = *(dd_expr *const *)pb;
    if (a->name_pos != b->name_pos)
        return a->name_pos < b->name_pos ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

static void sort_calls(dd_low *cx)
{
    for (size_t i = 1; i < cx->calls.n; i++)
        if (by_place(&cx->calls.v[i - 1], &cx->calls.v[i]) > 0) {
            qsort(cx->calls.v, cx->calls.n, sizeof *cx->calls.v, by_place);
            return;
        }
}

#define KEEP(cx, T, member) do { \
    (cx)->u->n_##member = (uint32_t)(cx)->member.n; \
    (cx)->u->member     = dd_newn((cx)->arena, T, (cx)->member.n); \
    if ((cx)->member.n) \
        memcpy((cx)->u->member, (cx)->member.v, (cx)->member.n * sizeof(T)); \
    dd_vec_free(&(cx)->member); \
} while (0)

static void finish(dd_low *cx)
{
    settle_bindings(cx);
    sort_calls(cx);
    KEEP(cx, dd_expr *, calls);
    KEEP(cx, dd_scope *, scopes);
    KEEP(cx, dd_func *, funcs);
    KEEP(cx, dd_class_def *, classes);
    KEEP(cx, dd_import *, imports);
    KEEP(cx, dd_export, exports);
    dd_vec_free(&cx->spine);
    dd_vec_free(&cx->stack);
    dd_vec_free(&cx->pending);
    dd_vec_free(&cx->keys);
}

static bool is_python(dd_lang l) { return l == DD_LANG_PYTHON || l == DD_LANG_NOTEBOOK; }

/* A .js file with many errors may be Flow or TypeScript in disguise: the tsx grammar reads both better (G-8). */
static dd_code parse(const dd_source_file *file, dd_syn_tree *t, dd_err *err)
{
    dd_code rc = dd_syn_parse(file, file->lang, t, err);
    if (rc != DD_OK || file->lang != DD_LANG_JAVASCRIPT || !t->n_errors)
        return rc;
    dd_syn_tree other = { 0 };
    if (dd_syn_parse(file, DD_LANG_TSX, &other, NULL) == DD_OK && other.n_errors < t->n_errors) {
        dd_syn_tree worse = *t;
        *t    = other;
        other = worse;
    }
    dd_syn_fini(&other);
    return DD_OK;
}

static void keep_comments(dd_unit_ir *u, const dd_syn_tree *t)
{
    u->n_comments = (uint32_t)t->comments.n;
    u->comments   = dd_newn(u->arena, dd_comment, t->comments.n);
    if (t->comments.n)
        memcpy(u->comments, t->comments.v, t->comments.n * sizeof *u->comments);
}

dd_code dd_lower(dd_source_file *file, dd_arena *arena, dd_unit_ir **out, dd_err *err)
{
    dd_syn_tree tree = { 0 };
    dd_code     rc   = parse(file, &tree, err);
    if (rc == DD_OK) {
        dd_unit_ir *u = dd_new(arena, dd_unit_ir);
        u->file       = file;
        u->arena      = arena;
        u->n_errors   = tree.n_errors;
        dd_low cx     = { .u = u, .arena = arena, .text = file->text, .s = tree.v };
        cx.scope = u->module = dd_low_scope(&cx, DD_SCOPE_MODULE, 1);
        u->module->end       = (uint32_t)file->text.len;
        if (is_python(file->lang))
            dd_low_python(&cx);
        else
            dd_low_js(&cx);
        finish(&cx);
        keep_comments(u, &tree);
        *out = u;
    }
    dd_syn_fini(&tree);
    return rc;
}
