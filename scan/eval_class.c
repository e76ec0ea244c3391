/* Objects of project classes, their attributes, and members of everything else. */
#include "scan/eval.h"

enum { MAX_BASES = 8, MAX_FIELDS = 32 };

/* --- classes --- */

dd_func *dd_class_method(dd_class_def *c, dd_str name)
{
    dd_func *found = NULL;
    for (uint32_t i = 0; i < c->n_methods; i++)
        if (dd_str_eq(c->methods[i]->name, name) && !(found && found->is_property && !c->methods[i]->is_property))
            found = c->methods[i];        /* a setter does not hide its getter */
    return found;
}

dd_class_def *dd_class_base(dd_project *p, dd_class_def *c, uint32_t i, dd_value **foreign)
{
    *foreign = NULL;
    if (i >= c->n_bases || !c->bases[i])
        return NULL;
    dd_value *b = dd_ev(p, c->bases[i], NULL);
    if (b->kind == DD_V_CHOICE)
        b = b->items[0];
    if (b->kind == DD_V_CLASS && b->cls != c)
        return b->cls;
    if (b->kind == DD_V_EXTERN)
        *foreign = b;
    return NULL;
}

static bool base_named(dd_project *p, dd_class_def *c, bool (*is)(dd_str), int depth)
{
    for (uint32_t i = 0; depth < MAX_BASES && i < c->n_bases && i < MAX_BASES; i++) {
        dd_value *foreign;
        if (is(dd_uses_base_name(c->bases[i])))
            return true;
        dd_class_def *b = dd_class_base(p, c, i, &foreign);
        if (b && base_named(p, b, is, depth + 1))
            return true;
    }
    return false;
}

static bool enum_name(dd_str n)
{
    return dd_str_eqz(n, "Enum") || dd_str_eqz(n, "StrEnum") || dd_str_eqz(n, "IntEnum") || dd_str_eqz(n, "Flag");
}

static bool settings_name(dd_str n)
{
    return dd_str_eqz(n, "BaseSettings");
}

bool dd_class_is_enum(dd_project *p, dd_class_def *c)
{
    return c->is_enum || base_named(p, c, enum_name, 0);
}

/* Objects that stand for the configuration, or for what a user may send (M-24): their defaults count also where they arrive as a parameter. */
static bool is_settings(dd_project *p, dd_class_def *c)
{
    static const char *const tails[] = { "Settings", "Config", "Configuration", "Options", "Opts", "Params", "Parameters", "Args", "Arguments", "Request", "Payload", "Body", "Input" };
    for (size_t i = 0; i < DD_COUNT(tails); i++)
        if (dd_str_endsz(c->name, tails[i]))
            return true;
    return base_named(p, c, settings_name, 0);
}

static dd_func *own_constructor(const dd_class_def *c)
{
    for (uint32_t i = 0; i < c->n_methods; i++)
        if (c->methods[i]->is_constructor)
            return c->methods[i];
    return NULL;
}

dd_func *dd_class_constructor(dd_project *p, dd_class_def *c, dd_class_def **owner, int depth)
{
    dd_func *own = own_constructor(c);
    *owner = own ? c : *owner;
    if (own)
        return own;
    for (uint32_t i = 0; depth < MAX_BASES && i < c->n_bases && i < MAX_BASES; i++) {
        dd_value *foreign;
        dd_class_def *b = dd_class_base(p, c, i, &foreign);
        dd_func *m = b ? dd_class_constructor(p, b, owner, depth + 1) : NULL;
        if (m)
            return m;
    }
    return NULL;
}

/* --- this and super --- */

static dd_func *method_around(const dd_scope *s)
{
    for (; s; s = s->parent)
        if (s->func && s->func->cls)
            return s->func;
        else if (s->kind == DD_SCOPE_CLASS)
            return NULL;
    return NULL;
}

static dd_class_def *class_around(const dd_scope *s)
{
    for (; s; s = s->parent)
        if (s->kind == DD_SCOPE_CLASS)
            return s->cls;
    return NULL;
}

static dd_value *class_value(dd_project *p, dd_class_def *c)
{
    dd_value *v = dd_v_new(p, DD_V_CLASS, NULL);
    v->cls = c;
    v->unit = c->unit;
    return v;
}

/* const o = { model: "x", ask() { this.model } } */
static dd_value *object_around(dd_project *p, const dd_scope *s, const dd_frame *f)
{
    for (; s; s = s->parent) {
        const dd_expr *pair = s->func && s->func->expr ? s->func->expr->up : NULL;
        if (pair && pair->kind == DD_X_PAIR && pair->b == s->func->expr && pair->up && pair->up->kind == DD_X_DICT)
            return dd_ev(p, pair->up, f ? f->closure : NULL);
    }
    return dd_v_unknown(p, "this", NULL);
}

dd_value *dd_ev_this(dd_project *p, const dd_scope *s, const dd_frame *f)
{
    dd_func *m = method_around(s);
    dd_class_def *c = m ? m->cls : class_around(s);
    if (!c)
        return object_around(p, s, f);
    const dd_frame *own = m ? dd_ev_frame_for(f, m) : NULL;
    if (own && own->self)
        return own->self;
    if (m && (m->is_static || m->is_classmethod))
        return class_value(p, c);
    return dd_v_instance(p, c, NULL, NULL);
}

dd_value *dd_ev_super(dd_project *p, const dd_scope *s, const dd_frame *f)
{
    dd_value *self = dd_ev_this(p, s, f), *foreign;
    if (self->kind != DD_V_INSTANCE && self->kind != DD_V_CLASS)
        return dd_v_unknown(p, "super", NULL);
    dd_class_def *c = class_around(s), *b = c ? dd_class_base(p, c, 0, &foreign) : NULL;
    if (!b)
        return c && foreign ? dd_v_step(p, foreign, DD_E_TYPED, DD_STR("")) : dd_v_unknown(p, "super", NULL);
    dd_value *v = dd_v_copy(p, self);
    v->cls = b;
    return v;
}

/* --- attributes --- */

typedef struct {
    dd_str         name;
    const dd_expr *use;         /* the member expression, or NULL */
    dd_value      *inst;        /* INSTANCE or CLASS looked at */
    bool           any;         /* a field of that name was declared */
} attr;

/* pydantic and dataclass fields, attrs, zod: what the field holds when nobody sets it (M-7). */
static dd_value *field_default(dd_project *p, dd_value *v)
{
    static const char *const makers[] = { "Field", "field", "ib", "attrib", "PrivateAttr" };    /* many packages hand on pydantic's */
    if (v->kind != DD_V_EXTERN || v->step != DD_E_CALL || !v->call || v->parent->step != DD_E_MEMBER)
        return v;
    for (size_t i = 0; i < DD_COUNT(makers); i++) {
        if (!dd_str_eqz(v->parent->name, makers[i]))
            continue;
        dd_value *d = dd_ev_keyword(p, v->call, "default", v->frame);
        d = d ? d : dd_ev_arg(p, v->call, 0, v->frame);
        dd_value *factory = dd_ev_keyword(p, v->call, "default_factory", v->frame);
        factory = factory ? factory : dd_ev_keyword(p, v->call, "factory", v->frame);
        if (!d && factory && (factory->kind == DD_V_FUNC || factory->kind == DD_V_CLASS))
            d = dd_ev_apply(p, factory, v->call, NULL);
        if (!d || (d->kind == DD_V_EXTERN && dd_str_eqz(d->name, "Ellipsis")))
            return dd_v_unknown(p, "field without default", v->call);
        return d;
    }
    return v;
}

static const dd_frame *field_frame(dd_project *p, const dd_field *fd, const attr *a, const dd_frame *ctor)
{
    if (!fd->in)
        return NULL;
    if (ctor && ctor->func == fd->in)
        return ctor;
    return dd_ev_frame(p, NULL, fd->in, NULL, a->inst, NULL);
}

static dd_value *param_field(dd_project *p, const dd_field *fd, const dd_frame *f)
{
    for (uint32_t i = 0; fd->in && i < fd->in->n_params; i++)
        if (fd->in->params[i].property && dd_str_eq(fd->in->params[i].name, fd->name))
            return dd_ev_param(p, fd->in, i, f);
    return NULL;
}

static dd_value *field_value(dd_project *p, const dd_field *fd, const attr *a, const dd_frame *ctor)
{
    const dd_frame *f = field_frame(p, fd, a, ctor);
    dd_value *v = param_field(p, fd, f);
    if (!v)
        v = fd->value ? field_default(p, dd_ev(p, fd->value, f)) : dd_v_none(p, NULL);
    if (!dd_v_known(v) && fd->type) {
        dd_value *t = dd_ev_type(p, fd->type);
        if (t && t->kind != DD_V_STRING && t->kind != DD_V_CHOICE)
            return t;
        if (v->kind == DD_V_NONE && !fd->value)
            v = dd_v_unknown(p, "field without default", NULL);
    }
    return v;
}

static bool field_falls_back(const dd_field *fd)
{
    return dd_str_startsz(fd->op, "?") || dd_str_eqz(fd->op, "||=");
}

static bool tests_same_field(const dd_branch *b, dd_str name)
{
    if (!b || b->kind != DD_BR_IF || !b->test || b->arm != 0)
        return false;
    const dd_expr *t = b->test;
    while (t && (t->kind == DD_X_UNARY || t->kind == DD_X_BINARY))
        t = t->a;
    return t && dd_str_eq(dd_expr_step(t), name) && dd_ev_missing_test(b->test, t, DD_STR("")) == 1;
}

static dd_value *join_fields(dd_project *p, const dd_def *defs, size_t n, dd_value *before, const attr *a, const dd_frame *ctor)
{
    dd_value *out = before;
    for (size_t i = 0; i < n; i++) {
        const dd_field *fd = defs[i].ref;
        dd_value *v = field_value(p, fd, a, ctor);
        if (!out || (defs[i].certain && i == 0 && !field_falls_back(fd) && !dd_str_eqz(fd->op, "+=")))
            out = v;
        else if (field_falls_back(fd) || tests_same_field(fd->branch, a->name))
            out = dd_v_or(p, out, v, true);
        else if (dd_str_eqz(fd->op, "+="))
            out = dd_lib_add(p, out, v, fd->value);
        else {
            dd_def d = defs[i];
            d.certain = false;
            out = dd_flow_join(p, out, v, &d, i ? &defs[i - 1] : NULL, DD_STR(""), ctor);
        }
    }
    return out;
}

static size_t fields_in(dd_class_def *c, const attr *a, const dd_func *in, bool others, const dd_func *ctor, dd_def *defs)
{
    size_t n = 0;
    for (uint32_t i = 0; i < c->n_fields && n < MAX_FIELDS; i++) {
        const dd_field *fd = &c->fields[i];
        bool fits = others ? fd->in && fd->in != ctor : fd->in == in;
        if (fits && dd_str_eq(fd->name, a->name))
            defs[n++] = (dd_def){ .pos = fd->pos, .end = fd->pos, .branch = fd->branch, .ref = fd, .value = fd->value };
    }
    return n;
}

/* Set earlier in the method that the use stands in: that is what it sees, whatever the constructor did. */
static dd_value *set_in_same_method(dd_project *p, dd_class_def *c, attr *a, const dd_frame *ctor)
{
    const dd_func *m = a->use ? method_around(a->use->scope) : NULL;
    if (!m || m->cls != c || m->is_constructor || a->use->kind != DD_X_MEMBER || dd_scope_func(a->use->scope) != m)
        return NULL;
    dd_def defs[MAX_FIELDS], reach[MAX_FIELDS];
    size_t n = fields_in(c, a, m, false, NULL, defs);
    n = dd_flow(defs, n, a->use->start, a->use->branch, reach, MAX_FIELDS);
    return n && reach[0].certain ? join_fields(p, reach, n, NULL, a, ctor) : NULL;
}

static dd_value *set_by_methods(dd_project *p, dd_class_def *c, dd_value *v, const attr *a, const dd_func *ctor_func, const dd_frame *ctor)
{
    dd_def defs[MAX_FIELDS];
    size_t n = fields_in(c, a, NULL, true, ctor_func, defs);
    for (size_t i = 0; i < n; i++) {
        const dd_field *fd = defs[i].ref;
        if (a->use && a->use->start >= fd->pos && fd->value && a->use->end <= fd->value->end && dd_ev_unit(a->use) == c->unit)
            continue;
        dd_value *other = field_value(p, fd, a, ctor);
        if (!v || v->kind == DD_V_NONE)
            v = other;
        else if (v->kind == DD_V_UNKNOWN && dd_v_known(other))
            v = v->param_func || v->env_var.len ? dd_v_either(p, v, other) : other;
        else if (dd_v_known(other))       /* a setter's parameter takes nothing from what the constructor chose */
            v = field_falls_back(fd) || tests_same_field(fd->branch, a->name) ? dd_v_or(p, v, other, true) : dd_v_either(p, v, other);
    }
    return v;
}

static dd_value *own_attr(dd_project *p, dd_class_def *c, attr *a, const dd_frame *ctor)
{
    dd_value *v = set_in_same_method(p, c, a, ctor);
    if (v)
        return v;
    const dd_func *ctor_func = own_constructor(c);
    dd_def defs[MAX_FIELDS], reach[MAX_FIELDS];
    size_t n = fields_in(c, a, NULL, false, NULL, defs), got = dd_flow(defs, n, UINT32_MAX, NULL, reach, MAX_FIELDS);
    if (got)
        v = join_fields(p, reach, got, NULL, a, ctor);
    if (ctor_func && a->inst->kind == DD_V_INSTANCE) {
        n = fields_in(c, a, ctor_func, false, NULL, defs);
        uint32_t at = UINT32_MAX;
        if (a->use && dd_scope_func(a->use->scope) == ctor_func)
            at = a->use->start;
        got = dd_flow(defs, n, at, at == UINT32_MAX ? NULL : a->use->branch, reach, MAX_FIELDS);
        if (got)
            v = join_fields(p, reach, got, reach[0].certain ? NULL : v, a, ctor);
    }
    return a->inst->kind == DD_V_INSTANCE ? set_by_methods(p, c, v, a, ctor_func, ctor) : v;
}

/* Dataclasses and models without a constructor of their own take their fields by name, or in order. */
static dd_value *field_argument(dd_project *p, dd_class_def *c, const attr *a, bool positional)
{
    const dd_expr *call = a->inst->call;
    char name[128];
    if (!call || a->name.len >= sizeof name)
        return NULL;
    memcpy(name, a->name.ptr, a->name.len);
    name[a->name.len] = '\0';
    dd_value *v = dd_ev_keyword(p, call, name, a->inst->frame);
    if (v || !positional || !dd_ev_python(c->unit))
        return v;
    uint32_t at = 0;
    for (uint32_t i = 0; i < c->n_fields; i++) {
        if (c->fields[i].in || !c->fields[i].type)
            continue;
        if (dd_str_eq(c->fields[i].name, a->name))
            return dd_ev_arg(p, call, at, a->inst->frame);
        at++;
    }
    return NULL;
}

/* The call of super().__init__(...) or super(...) in a constructor binds the base's constructor. */
static const dd_expr *super_call(const dd_func *ctor)
{
    dd_unit_ir *u = ctor->unit;
    for (uint32_t i = 0; i < u->n_calls; i++) {
        const dd_expr *e = u->calls[i];
        if (e->start < ctor->start || e->end > ctor->end || !e->a)
            continue;
        if (e->a->kind == DD_X_NAME && dd_str_eqz(e->a->name, "super") && !dd_ev_python(u))
            return e;
        if (e->a->kind == DD_X_MEMBER && dd_str_eqz(e->a->name, "__init__") && e->a->a && e->a->a->kind == DD_X_CALL && dd_str_eqz(e->a->a->name, "super"))
            return e;
    }
    return NULL;
}

/* super().__init__(**kwargs) of a model class of another package: it sets the fields by name. */
static dd_value *handed_up(dd_project *p, dd_class_def *c, const attr *a, const dd_frame *ctor)
{
    dd_func *own = own_constructor(c);
    dd_value *foreign = NULL;
    bool declared = false;
    char name[128];
    for (uint32_t i = 0; i < c->n_fields && !declared; i++)
        declared = !c->fields[i].in && c->fields[i].type && dd_str_eq(c->fields[i].name, a->name);
    if (!own || !declared || a->inst->kind != DD_V_INSTANCE || !dd_ev_python(c->unit) || a->name.len >= sizeof name)
        return NULL;
    const dd_expr *call = dd_class_base(p, c, 0, &foreign) ? NULL : super_call(own);
    if (!call)
        return NULL;
    memcpy(name, a->name.ptr, a->name.len);
    name[a->name.len] = '\0';
    dd_value *v = dd_ev_keyword(p, call, name, ctor && ctor->func == own ? ctor : dd_ev_frame(p, NULL, own, NULL, a->inst, NULL));
    return v && dd_v_known(v) ? v : NULL;
}

static const dd_frame *base_ctor_frame(dd_project *p, dd_class_def *c, dd_class_def *base, const attr *a, const dd_frame *ctor)
{
    dd_class_def *owner = NULL;
    dd_func *own = own_constructor(c), *of_base = dd_class_constructor(p, base, &owner, 0);
    if (!of_base)
        return NULL;
    if (!own)
        return ctor;
    const dd_expr *call = super_call(own);
    if (!call)
        return dd_ev_frame(p, NULL, of_base, NULL, a->inst, NULL);
    const dd_frame *up = ctor && ctor->func == own ? ctor : dd_ev_frame(p, NULL, own, NULL, a->inst, NULL);
    return dd_ev_frame(p, up, of_base, call, a->inst, NULL);
}

static dd_value *bound_method(dd_project *p, dd_func *m, const attr *a)
{
    dd_value *fn = dd_v_func(p, m, NULL, m->is_static ? NULL : a->inst);
    if (m->is_property && (a->inst->kind == DD_V_INSTANCE || m->is_static || m->is_classmethod))
        return dd_ev_call_func(p, fn, NULL, NULL);
    return fn;
}

static dd_value *class_attr(dd_project *p, dd_class_def *c, attr *a, const dd_frame *ctor, dd_value **foreign, int depth);

static dd_value *from_bases(dd_project *p, dd_class_def *c, attr *a, const dd_frame *ctor, dd_value **foreign, int depth)
{
    for (uint32_t i = 0; i < c->n_bases && i < MAX_BASES; i++) {
        dd_value *ext;
        dd_class_def *b = dd_class_base(p, c, i, &ext);
        if (ext && !*foreign)
            *foreign = ext;
        dd_value *v = b ? class_attr(p, b, a, base_ctor_frame(p, c, b, a, ctor), foreign, depth + 1) : NULL;
        if (v)
            return v;
    }
    return NULL;
}

static dd_value *class_attr(dd_project *p, dd_class_def *c, attr *a, const dd_frame *ctor, dd_value **foreign, int depth)
{
    if (depth > MAX_BASES)
        return NULL;
    dd_value *v = own_attr(p, c, a, ctor), *handed = handed_up(p, c, a, ctor);
    if (v)
        a->any = true;
    if (handed)
        return handed;
    if (v && dd_v_known(v))
        return v;
    dd_func *m = dd_class_method(c, a->name);
    if (m && !v)
        return bound_method(p, m, a);
    dd_value *up = from_bases(p, c, a, ctor, foreign, depth);
    return up && dd_v_known(up) ? up : v ? v : up;
}

/* --- subclasses, where a base only declares (an abstract base's `model`) --- */

static dd_value *from_subclasses(dd_project *p, dd_class_def *c, const attr *a)
{
    dd_value *out = NULL;
    dd_class_def *sub;
    for (size_t i = 0; i < 8 && (sub = dd_ev_next_subclass(p, c->name, &i)) != NULL;) {
        dd_value *ext;
        if (dd_class_base(p, sub, 0, &ext) != c)
            continue;
        attr b = { .name = a->name, .inst = dd_v_instance(p, sub, NULL, NULL) };
        dd_value *v = own_attr(p, sub, &b, NULL);
        dd_func *m = v ? NULL : dd_class_method(sub, a->name);
        if (!v && m && !m->is_property)
            v = dd_v_func(p, m, NULL, b.inst);
        else if (!v && m)
            v = bound_method(p, m, &b);
        if (v && dd_v_known(v))
            out = dd_v_either(p, out, v);
    }
    return out;
}

static const dd_frame *constructor_frame(dd_project *p, dd_value *inst, dd_func **ctor_out)
{
    dd_class_def *owner = NULL;
    dd_func *ctor = dd_class_constructor(p, inst->cls, &owner, 0);
    *ctor_out = ctor;
    return ctor ? dd_ev_frame(p, inst->frame, ctor, inst->call, inst, NULL) : NULL;
}

static dd_value *stamp_attr(dd_project *p, dd_value *v, const attr *a)
{
    if (!a->inst->cls || dd_class_is_enum(p, a->inst->cls))
        return v;
    v = dd_v_stamp(p, v, DD_SRC_CLASS_ATTR, DD_STR(""));
    return dd_v_chain(p, v, a->inst->cls->unit, a->inst->cls->start, "attribute " DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(a->inst->cls->name), DD_STR_ARG(a->name));
}

/* A field of an object that arrived as a parameter: its class says what it may be, not what it is here. */
static dd_value *only_typed(dd_project *p, dd_value *v, const attr *a)
{
    bool own_use = a->use && a->use->a && a->use->a->kind == DD_X_NAME && (dd_str_eqz(a->use->a->name, "self") || dd_str_eqz(a->use->a->name, "this") || dd_str_eqz(a->use->a->name, "cls"));
    if (a->inst->call || a->inst->kind != DD_V_INSTANCE || own_use || !a->use || v->kind != DD_V_STRING || v->source != DD_SRC_CLASS_ATTR)
        return v;
    const dd_expr *head = a->use->a;
    if (!head || head->kind != DD_X_NAME || is_settings(p, a->inst->cls))
        return v;
    for (dd_scope *s = head->scope; s; s = s->parent) {
        dd_binding *b = dd_scope_find(s, head->name);
        if (b && b->kind == DD_B_PARAM) {
            dd_value *u = dd_v_unknown(p, "object", a->use);
            u->text = dd_arena_printf(&p->arena, "parameter " DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(head->name), DD_STR_ARG(a->name));
            return dd_v_either(p, v, u);
        }
        if (b)
            break;
    }
    return v;
}

/* self.config.model = ... in a constructor: done to what the field holds. */
static dd_value *set_inside(dd_project *p, dd_class_def *c, dd_value *v, const attr *a, const dd_frame *ctor, int depth)
{
    dd_value *foreign;
    for (uint32_t i = c->n_bases; depth < MAX_BASES && i-- > 0;) {
        dd_class_def *b = dd_class_base(p, c, i, &foreign);
        v = b ? set_inside(p, b, v, a, NULL, depth + 1) : v;
    }
    dd_func *own = own_constructor(c);
    if (!own)
        return v;
    const dd_frame *f = ctor && ctor->func == own ? ctor : dd_ev_frame(p, NULL, own, NULL, a->inst, NULL);
    bool python = dd_ev_python(c->unit);
    dd_scope *s = python ? own->scope : c->scope;
    dd_binding *first = s ? dd_scope_find(s, !python ? DD_STR("this") : own->n_params ? own->params[0].name : DD_STR("")) : NULL;
    return first ? dd_ev_changes_inside(p, v, first, own, a->name, a->use, f) : v;
}

static dd_value *instance_member(dd_project *p, dd_value *inst, dd_str name, const dd_expr *use)
{
    dd_value *set = inst->n_entries ? dd_v_dict_find(inst, name) : NULL;
    if (set)
        return set;
    attr a = { .name = name, .use = use, .inst = inst };
    dd_func *ctor;
    const dd_frame *f = constructor_frame(p, inst, &ctor);
    dd_value *v = !ctor ? field_argument(p, inst->cls, &a, true) : NULL, *foreign = NULL;
    if (v)
        return stamp_attr(p, v, &a);
    v = class_attr(p, inst->cls, &a, f, &foreign, 0);
    if ((!v || (!dd_v_known(v) && !(v->kind == DD_V_UNKNOWN && v->param_func)) || (v->kind == DD_V_FUNC && v->func->is_abstract)) && !inst->call) {
        dd_value *sub = from_subclasses(p, inst->cls, &a);
        v = sub ? sub : v;
    }
    if (v && v->kind != DD_V_STRING && v->kind != DD_V_FUNC && v->kind != DD_V_EXTERN)
        v = set_inside(p, inst->cls, v, &a, f, 0);
    if (v)
        return only_typed(p, stamp_attr(p, v, &a), &a);
    if (foreign)
        return dd_v_step(p, dd_v_step(p, foreign, DD_E_TYPED, DD_STR("")), DD_E_MEMBER, name);
    dd_value *u = dd_v_unknown(p, "", use);
    u->text = dd_arena_printf(&p->arena, "attribute " DD_STR_FMT, DD_STR_ARG(name));
    return u;
}

static dd_value *class_member(dd_project *p, dd_value *cv, dd_str name, const dd_expr *use)
{
    attr a = { .name = name, .use = use, .inst = cv };
    dd_value *foreign = NULL, *v = class_attr(p, cv->cls, &a, NULL, &foreign, 0);
    if (v)
        return v->kind == DD_V_FUNC ? v : stamp_attr(p, v, &a);
    for (dd_binding *b = dd_scope_find(cv->cls->scope, name); b; b = b->next)     /* a class in a class */
        if (b->kind == DD_B_CLASS)
            return class_value(p, b->cls);
    if (foreign)
        return dd_v_step(p, foreign, DD_E_MEMBER, name);
    return dd_v_unknown(p, "attribute", use);
}

/* --- members of anything --- */

static dd_value *dict_member(dd_project *p, dd_value *v, dd_str name, const dd_expr *use)
{
    dd_value *found = dd_v_dict_find(v, name);
    if (found)
        return found;
    dd_value *keyed = NULL;
    for (uint32_t i = 0; i < v->n_entries; i++)
        if (v->entries[i].key_value)
            keyed = dd_v_either(p, keyed, v->entries[i].value);
    if (!v->open && v->kind == DD_V_DICT && !keyed)
        return dd_v_none(p, use);
    dd_value *u = dd_v_unknown(p, "key", use);
    u->param_func = v->param_func;
    u->param_index = v->param_index;
    u->env_var = v->env_var;
    u->source = v->kind == DD_V_DATA ? DD_SRC_CONFIG_FILE : v->param_func || v->source == DD_SRC_CONFIG_FILE ? v->source : DD_SRC_DYNAMIC;
    u->text = v->kind == DD_V_DICT && v->text.len ? dd_arena_printf(&p->arena, DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(v->text), DD_STR_ARG(name))
                                                 : dd_arena_printf(&p->arena, "key " DD_STR_FMT, DD_STR_ARG(name));
    return keyed ? dd_v_either(p, keyed, u) : u;
}

static dd_value *unknown_member(dd_project *p, dd_value *v, dd_str name, const dd_expr *use)
{
    if (v->text.len > 120)
        return v;
    dd_value *u = dd_v_copy(p, v);
    u->whole_param = false;
    u->expr = use ? use : v->expr;
    u->env_var = DD_STR("");
    if (dd_str_startsz(v->text, "parameter "))
        u->text = dd_arena_printf(&p->arena, DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(v->text), DD_STR_ARG(name));
    return u;
}

typedef struct { dd_str name; const dd_expr *use; } member_ctx;

static dd_value *member_one(dd_project *p, dd_value *v, void *vctx)
{
    member_ctx *c = vctx;
    switch (v->kind) {
    case DD_V_DICT: case DD_V_DATA:
        return dict_member(p, v, c->name, c->use);
    case DD_V_INSTANCE:
        return instance_member(p, v, c->name, c->use);
    case DD_V_CLASS:
        return class_member(p, v, c->name, c->use);
    case DD_V_MODULE:
        return dd_ev_module_member(p, v, c->name);
    case DD_V_EXTERN: {
        dd_value *known = dd_lib_member(p, v, c->name, c->use);
        if (known)
            return known;
        dd_value *m = dd_v_step(p, v, DD_E_MEMBER, c->name);
        m->expr = c->use;
        return m;
    }
    case DD_V_STRING: case DD_V_TEXT:
        return dd_str_eqz(c->name, "value") || dd_str_eqz(c->name, "text") || dd_str_eqz(c->name, "content") ? v : dd_v_unknown(p, "text", c->use);
    case DD_V_UNKNOWN:
        return unknown_member(p, v, c->name, c->use);
    case DD_V_NONE:
        return dd_v_none(p, c->use);
    default:
        return dd_v_unknown(p, "attribute", c->use);
    }
}

/* Names that texts, lists and dictionaries have: what callers hand over for such a parameter is no client. */
static bool plain_member(dd_str name)
{
    static const char *const names[] = { "map", "forEach", "filter", "length", "join", "split", "strip", "trim", "lower", "upper", "format", "append", "push",
                                         "items", "keys", "values", "get", "replace", "slice", "find", "some", "every", "reduce", "startswith", "startsWith",
                                         "endswith", "endsWith", "includes", "toString", "model", "model_name", "modelName", "temperature", "content", "text",
                                         "role", "id", "name", "messages", "prompt", "url", "path", "type", "key", "value" };
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(name, names[i]))
            return true;
    return false;
}

dd_value *dd_ev_member(dd_project *p, dd_value *v, dd_str name, const dd_expr *use)
{
    member_ctx c = { name, use };
    if (v->kind == DD_V_UNKNOWN && v->whole_param && !plain_member(name)) {
        dd_value *handed = dd_ev_param_object(p, v);
        v = handed ? handed : v;
    }
    if (v->kind == DD_V_UNKNOWN && v->param_func && dd_str_startsz(v->text, "parameter ")) {
        dd_value *known = dd_lib_cli(p, v, name, use);
        if (known)
            return known;
    }
    return dd_v_map(p, v, member_one, &c);
}

dd_value *dd_value_member(dd_project *p, dd_value *v, dd_str name)
{
    return dd_ev_member(p, v, name, NULL);
}

dd_value *dd_v_as_dict(dd_project *p, dd_value *v)
{
    if (v->kind != DD_V_INSTANCE)
        return v;
    dd_value *d = dd_v_new(p, DD_V_DICT, v->call);
    for (uint32_t i = 0; i < v->cls->n_fields && i < 64; i++) {
        dd_str name = v->cls->fields[i].name;
        if (!dd_v_dict_find(d, name))
            d = dd_v_dict_set(p, d, name, dd_ev_member(p, v, name, NULL), false);
    }
    for (uint32_t i = 0; i < v->n_entries; i++)
        d = dd_v_dict_set(p, d, v->entries[i].key, v->entries[i].value, false);
    d->open = v->cls->n_bases > 0;
    return d;
}
