/* Names: scopes, the bindings that reach a use, and what later statements did to the object a name holds. */
#include "scan/eval.h"

enum { MAX_DEFS = 48, MAX_CHANGES = 200 };   /* generated code sets thousands: then the object is open */

static bool gives_value(const dd_binding *b)
{
    switch (b->kind) {
    case DD_B_ASSIGN: case DD_B_AUGMENT: case DD_B_PARAM: case DD_B_FUNC: case DD_B_CLASS: case DD_B_IMPORT:
    case DD_B_LOOP: case DD_B_WITH: case DD_B_EXCEPT: case DD_B_PATTERN:
        return true;
    default:
        return false;
    }
}

const dd_frame *dd_ev_frame_for(const dd_frame *f, const dd_func *fn)
{
    for (; f && fn; f = f->closure)
        if (f->func == fn)
            return f;
    return NULL;
}

/* --- one binding --- */

static dd_value *through_keys(dd_project *p, dd_value *v, const dd_binding *b)
{
    for (uint32_t i = 0; i < b->n_keys && i < 8; i++) {
        int64_t n;
        if (dd_parse_i64(b->keys[i], &n) && v->kind != DD_V_DICT)
            v = dd_ev_index(p, v, dd_v_number(p, (double)n, b->value), b->value);
        else
            v = dd_ev_member(p, v, b->keys[i], NULL);
    }
    return v;
}

static dd_value *with_default(dd_project *p, dd_value *v, const dd_binding *b, const dd_frame *f)
{
    if (!b->deflt)
        return v;
    if (v->kind == DD_V_NONE || v->kind == DD_V_UNKNOWN)
        return dd_v_stamp(p, dd_v_or(p, v, dd_ev(p, b->deflt, f), false), v->env_var.len ? DD_SRC_ENV_DEFAULT : DD_SRC_DEFAULT_PARAM, v->env_var);
    return dd_v_or(p, v, dd_ev(p, b->deflt, f), false);
}

static dd_value *bound_pattern(dd_project *p, const dd_binding *b, const dd_frame *f)
{
    dd_value *whole;
    if (b->func)
        whole = dd_ev_param(p, b->func, b->index, f);
    else if (b->value)
        whole = dd_ev(p, b->value, f);
    else
        return dd_v_unknown(p, "pattern", NULL);
    return with_default(p, through_keys(p, whole, b), b, f);
}

static dd_value *bound_assign(dd_project *p, const dd_binding *b, const dd_frame *f)
{
    if (!b->value) {
        dd_value *t = b->type ? dd_ev_type(p, b->type) : NULL;
        return t ? t : dd_v_none(p, b->target);
    }
    dd_value *v = dd_ev(p, b->value, f);
    if (b->n_keys)
        v = through_keys(p, v, b);
    if (v->kind == DD_V_UNKNOWN && b->type) {
        dd_value *t = dd_ev_type(p, b->type);
        if (t && t->kind != DD_V_CHOICE)
            return t;
    }
    return v;
}

static dd_value *value_before(dd_project *p, const dd_binding *b, dd_scope *home, const dd_frame *f);

static dd_value *bound_augment(dd_project *p, const dd_binding *b, dd_scope *home, const dd_frame *f)
{
    dd_value *now = dd_ev(p, b->value, f);
    dd_value *old = value_before(p, b, home, f);
    if (!old)
        return now;
    if (dd_str_startsz(b->op, "?") || dd_str_eqz(b->op, "||="))
        return dd_v_or(p, old, now, dd_str_eqz(b->op, "||="));
    if (dd_str_eqz(b->op, "+="))
        return dd_lib_add(p, old, now, b->value);
    if (dd_str_eqz(b->op, "|=") && old->kind == DD_V_DICT)
        return dd_v_dict_merge(p, old, now, false);
    return dd_v_unknown(p, "expression", b->value);
}

/* The object a `with` hands out: for a project class what __enter__ returns, for a generator what it yields. */
static dd_value *bound_with(dd_project *p, const dd_binding *b, const dd_frame *f)
{
    dd_value *v = dd_ev(p, b->value, f);
    if (v->kind == DD_V_INSTANCE) {
        dd_func *enter = dd_class_method(v->cls, DD_STR("__enter__"));
        enter = enter ? enter : dd_class_method(v->cls, DD_STR("__aenter__"));
        if (enter && enter->n_returns)
            return dd_ev_call_func(p, dd_v_func(p, enter, NULL, v), NULL, f);
    }
    if (v->kind == DD_V_LIST && v->open && v->n_items == 1)
        return v->items[0];
    return v;
}

static dd_value *bound_func(dd_project *p, const dd_binding *b, const dd_frame *f)
{
    dd_func *outer = b->scope ? dd_scope_func(b->scope) : NULL;
    return dd_v_func(p, b->func, outer ? dd_ev_frame_for(f, outer) : NULL, NULL);
}

static dd_value *bound_class(dd_project *p, const dd_binding *b)
{
    dd_value *v = dd_v_new(p, DD_V_CLASS, NULL);
    v->cls = b->cls;
    v->unit = b->cls->unit;
    return v;
}

static dd_value *work_out(dd_project *p, const dd_binding *b, dd_scope *home, const dd_frame *f)
{
    switch (b->kind) {
    case DD_B_ASSIGN:  return bound_assign(p, b, f);
    case DD_B_AUGMENT: return bound_augment(p, b, home, f);
    case DD_B_PARAM:   return dd_ev_param(p, b->func, b->index, f);
    case DD_B_FUNC:    return bound_func(p, b, f);
    case DD_B_CLASS:   return bound_class(p, b);
    case DD_B_IMPORT:  return dd_ev_import(p, home->unit, b->import, b->name);
    case DD_B_LOOP:    return with_default(p, through_keys(p, dd_ev_element(p, dd_ev(p, b->value, f)), b), b, f);
    case DD_B_WITH:    return bound_with(p, b, f);
    case DD_B_PATTERN: return bound_pattern(p, b, f);
    default:           return dd_v_unknown(p, "exception", b->value);
    }
}

static dd_value *binding_value(dd_project *p, const dd_binding *b, dd_scope *home, const dd_frame *f)
{
    dd_value *out;
    dd_memo   m;
    const dd_func *own = dd_scope_func(b->scope);
    f = own ? dd_ev_frame_for(f, own) : NULL;
    if (!dd_memo_enter(p, b, f, b->value, &m, &out))
        return out;
    return dd_memo_leave(p, &m, work_out(p, b, home, f));
}

/* --- what happened to the object since --- */

typedef struct { dd_str key[6]; size_t n; bool known; } key_path;

static key_path target_path(dd_project *p, const dd_expr *target, const dd_frame *f)
{
    key_path out = { .known = true };
    const dd_expr *steps[6];
    for (const dd_expr *e = target; e && e->kind != DD_X_NAME; e = e->a) {
        if (out.n == DD_COUNT(steps)) {
            out.known = false;
            return out;
        }
        steps[out.n++] = e;
    }
    for (size_t i = 0; i < out.n; i++) {
        const dd_expr *e = steps[out.n - 1 - i];
        out.key[i] = dd_expr_step(e);
        if (out.key[i].len)
            continue;
        dd_value *k = e->kind == DD_X_INDEX ? dd_ev(p, e->b, f) : NULL;
        if (k && k->kind == DD_V_STRING)
            out.key[i] = k->text;
        else
            out.known = false;
    }
    return out;
}

static dd_value *set_at(dd_project *p, dd_value *in, const key_path *path, size_t at, dd_value *v, bool cond)
{
    if (in->kind == DD_V_CHOICE) {
        dd_value *c = dd_v_copy(p, in);
        c->items = dd_newn(&p->arena, dd_value *, in->n_items);
        for (uint32_t i = 0; i < in->n_items; i++)
            c->items[i] = set_at(p, in->items[i], path, at, v, cond);
        return c;
    }
    if (in->kind == DD_V_UNKNOWN)
        in = dd_v_open_dict(p, in);
    if (in->kind != DD_V_DICT && in->kind != DD_V_INSTANCE)
        return in;
    if (at + 1 < path->n) {
        dd_value *inner = dd_v_dict_find(in, path->key[at]);
        if (!inner && in->kind == DD_V_DICT && in->open)
            inner = dd_v_open_dict(p, in);
        if (!inner || (inner->kind != DD_V_DICT && inner->kind != DD_V_INSTANCE))
            return in;
        v = set_at(p, inner, path, at + 1, v, cond);
        cond = false;
    }
    return dd_v_dict_set(p, in, path->key[at], v, cond);
}

static dd_value *get_at(dd_project *p, dd_value *v, const key_path *path, size_t from)
{
    for (size_t i = from; i < path->n; i++)
        v = dd_ev_member(p, v, path->key[i], NULL);
    return v;
}

/* `config["key"] = ...`: what is known only by its type or its maker is a dictionary then. */
static dd_value *keyed(dd_project *p, dd_value *v)
{
    if (v->kind == DD_V_EXTERN)
        return dd_v_open_dict(p, v);
    if (v->kind != DD_V_CHOICE)
        return v;
    dd_value *c = dd_v_copy(p, v);
    c->items = dd_newn(&p->arena, dd_value *, v->n_items);
    for (uint32_t i = 0; i < v->n_items; i++)
        c->items[i] = v->items[i]->kind == DD_V_EXTERN ? dd_v_open_dict(p, v->items[i]) : v->items[i];
    return c;
}

/* skip: steps of the target that lead to v. */
static dd_value *apply_member(dd_project *p, dd_value *v, const dd_binding *b, const dd_frame *f, bool cond, size_t skip)
{
    if (!b->value || !b->target)
        return v;
    key_path path = target_path(p, b->target, f);
    if (path.n <= skip)
        return v;
    if (!path.known) {
        if (v->kind == DD_V_DICT) {
            v = dd_v_copy(p, v);
            v->open = true;
        }
        return v;
    }
    if (!skip && b->target->kind == DD_X_INDEX && b->target->a && b->target->a->kind == DD_X_NAME)
        v = keyed(p, v);
    dd_value *now = dd_ev(p, b->value, f);
    bool missing = b->branch && b->branch->kind == DD_BR_IF && b->branch->arm == 0 && dd_ev_missing_test(b->branch->test, b->target, DD_STR("")) == 1;
    if (missing || dd_str_startsz(b->op, "?") || dd_str_eqz(b->op, "||=")) {
        now = dd_v_or(p, get_at(p, v, &path, skip), now, !dd_str_startsz(b->op, "?"));
        cond = false;
    }
    return set_at(p, v, &path, skip, skip ? dd_v_stamp(p, now, DD_SRC_CLASS_ATTR, DD_STR("")) : now, cond);
}

static dd_value *add_items(dd_project *p, dd_value *list, dd_value *from)
{
    if (from->kind != DD_V_LIST) {
        list = dd_v_copy(p, list);
        list->open = true;
        return list;
    }
    for (uint32_t i = 0; i < from->n_items && i < 64; i++)
        list = dd_v_list_add(p, list, from->items[i]);
    return list;
}

static dd_value *mutate_list(dd_project *p, dd_value *v, const dd_expr *call, const dd_frame *f, bool cond)
{
    dd_str verb = call->name;
    if (v->n_items > 256)
        return v;
    dd_value *out = v;
    for (uint32_t i = 0; i < call->n_items && i < 16; i++) {
        const dd_expr *arg = call->items[i];
        dd_value *item = dd_ev(p, arg->kind == DD_X_SPREAD ? arg->a : arg, f);
        if (cond)
            item = dd_v_maybe(p, item);
        if (dd_str_eqz(verb, "extend") || arg->kind == DD_X_SPREAD)
            out = add_items(p, out, item);
        else if (!dd_str_eqz(verb, "insert") || i == 1)
            out = dd_v_list_add(p, out, item);
    }
    return out;
}

static dd_value *mutate_dict(dd_project *p, dd_value *v, const dd_expr *call, const dd_frame *f, bool cond)
{
    dd_str verb = call->name;
    if (dd_str_eqz(verb, "setdefault")) {
        dd_value *k = dd_ev_arg(p, call, 0, f), *d = dd_ev_arg(p, call, 1, f);
        if (!k || k->kind != DD_V_STRING || !d)
            return v;
        dd_value *old = dd_v_dict_find(v, k->text);
        return old ? v : dd_v_dict_set(p, v, k->text, v->open ? dd_v_stamp(p, d, DD_SRC_DEFAULT_PARAM, DD_STR("")) : d, cond);
    }
    bool assign = dd_str_eqz(verb, "assign");
    for (uint32_t i = assign ? 1 : 0; i < call->n_items; i++) {
        const dd_expr *arg = call->items[i];
        if (arg->kind == DD_X_KEYWORD)
            v = dd_v_dict_set(p, v, arg->name, dd_ev(p, arg->b, f), cond);
        else
            v = dd_v_dict_merge(p, v, dd_ev(p, arg->kind == DD_X_SPREAD || arg->kind == DD_X_SPREAD_DICT ? arg->a : arg, f), cond);
    }
    return v;
}

/* The call stands on the name itself (params.update), not on something inside it (params["x"].update). */
static bool on_name_itself(const dd_expr *call)
{
    if (!call->a || call->a->kind != DD_X_MEMBER)
        return false;
    if (dd_str_eqz(call->name, "assign"))
        return true;
    return call->a->a && call->a->a->kind == DD_X_NAME;
}

static dd_value *mutate_inside(dd_project *p, dd_value *v, const dd_binding *b, const dd_frame *f, bool cond)
{
    key_path path = target_path(p, b->value->a ? b->value->a->a : NULL, f);
    if (!path.known || path.n != 1 || v->kind != DD_V_DICT)
        return v;
    dd_value *inner = dd_v_dict_find(v, path.key[0]);
    if (!inner)
        return v;
    dd_value *now = inner->kind == DD_V_LIST ? mutate_list(p, inner, b->value, f, cond)
                  : inner->kind == DD_V_DICT ? mutate_dict(p, inner, b->value, f, cond) : inner;
    return now == inner ? v : dd_v_dict_set(p, v, path.key[0], now, false);
}

static dd_value *apply_mutation(dd_project *p, dd_value *v, const dd_binding *b, const dd_frame *f, bool cond)
{
    if (!b->value)
        return v;
    if (v->kind == DD_V_CHOICE) {
        dd_value *c = dd_v_copy(p, v);
        c->items = dd_newn(&p->arena, dd_value *, v->n_items);
        for (uint32_t i = 0; i < v->n_items; i++)
            c->items[i] = apply_mutation(p, v->items[i], b, f, cond);
        return c;
    }
    if (!on_name_itself(b->value))
        return mutate_inside(p, v, b, f, cond);
    if (v->kind == DD_V_UNKNOWN && (dd_str_eqz(b->value->name, "update") || dd_str_eqz(b->value->name, "setdefault") || dd_str_eqz(b->value->name, "assign")))
        v = dd_v_open_dict(p, v);
    if (v->kind == DD_V_DICT)
        return mutate_dict(p, v, b->value, f, cond);
    if (v->kind == DD_V_LIST)
        return mutate_list(p, v, b->value, f, cond);
    return v;
}

static bool holds_parts(const dd_value *v)
{
    return v->kind == DD_V_DICT || v->kind == DD_V_LIST || v->kind == DD_V_INSTANCE || v->kind == DD_V_CHOICE || v->kind == DD_V_UNKNOWN;
}

typedef struct {
    dd_scope *home;             /* scope that binds the name */
    const dd_func *func;        /* function of that scope */
    uint32_t at;                /* place the name is seen from, within that function */
    const dd_branch *branch;
    bool     inside;            /* the use stands in that function itself */
    const dd_expr *self;        /* the use, when it is one */
} name_use;

static dd_value *apply_changes(dd_project *p, dd_value *v, dd_binding *first, const name_use *use, uint32_t since, const dd_frame *f)
{
    int changes = 0;
    for (dd_binding *b = first; b && holds_parts(v); b = b->next) {
        if (b->kind != DD_B_MEMBER && b->kind != DD_B_MUTATE)
            continue;
        if (changes > MAX_CHANGES) {
            v = dd_v_copy(p, v);
            v->open = true;
            return v;
        }
        if (dd_scope_func(b->scope) != use->func || b->pos < since || (use->inside && b->end > use->at))
            continue;
        dd_relation r = dd_flow_relation(b->branch, use->inside ? use->branch : NULL);
        if (r == DD_REL_NEVER)
            continue;
        changes++;
        v = b->kind == DD_B_MEMBER ? apply_member(p, v, b, f, r != DD_REL_CERTAIN, 0) : apply_mutation(p, v, b, f, r != DD_REL_CERTAIN);
    }
    return v;
}

dd_value *dd_ev_changes_inside(dd_project *p, dd_value *v, dd_binding *first, const dd_func *in, dd_str field, const dd_expr *use, const dd_frame *f)
{
    for (dd_binding *b = first; b && holds_parts(v); b = b->next) {
        const dd_expr *t = b->kind == DD_B_MEMBER && dd_scope_func(b->scope) == in ? b->target : NULL;
        if (!t || !t->a || t->a->kind == DD_X_NAME || (use && use->start >= b->pos && use->end <= b->end && dd_ev_unit(use) == in->unit))
            continue;
        const dd_expr *step = t;                     /* the step on self itself */
        while (step->a && step->a->kind != DD_X_NAME)
            step = step->a;
        if (!dd_str_eq(dd_expr_step(step), field))
            continue;
        if (use && dd_scope_func(use->scope) == in && dd_ev_unit(use) == in->unit && b->pos > use->start)
            continue;
        dd_relation r = dd_flow_relation(b->branch, NULL);
        if (r != DD_REL_NEVER)
            v = apply_member(p, v, b, f, r != DD_REL_CERTAIN, 1);
    }
    return v;
}

/* --- joining bindings --- */

static dd_def def_of(const dd_binding *b)
{
    bool at_start = b->kind == DD_B_FUNC || b->kind == DD_B_CLASS || b->kind == DD_B_PARAM || b->kind == DD_B_LOOP || b->kind == DD_B_WITH;
    return (dd_def){ .pos = b->pos, .end = at_start ? b->pos : b->end, .branch = b->branch, .ref = b, .value = b->kind == DD_B_ASSIGN ? b->value : NULL };
}

/* Of more than fit, the nearest in front of the use matter. */
static size_t collect(const dd_binding *first, const name_use *use, dd_def defs[MAX_DEFS], bool foreign)
{
    const dd_binding *last[MAX_DEFS];
    size_t n = 0;
    for (const dd_binding *b = first; b && (n < MAX_DEFS || b->pos < use->at); b = b->next)
        if (gives_value(b) && (dd_scope_func(b->scope) != use->func) == foreign)
            last[n++ % MAX_DEFS] = b;
    size_t from = n > MAX_DEFS ? n - MAX_DEFS : 0;
    for (size_t i = from; i < n; i++)
        defs[i - from] = def_of(last[i % MAX_DEFS]);
    return n - from;
}

static dd_value *noted(dd_project *p, dd_value *v, const dd_binding *b, const dd_unit_ir *u)
{
    if (b->kind != DD_B_ASSIGN && b->kind != DD_B_AUGMENT && b->kind != DD_B_PATTERN)
        return v;
    return dd_v_chain(p, v, u, b->pos, "name " DD_STR_FMT, DD_STR_ARG(b->name));
}

static dd_value *join_defs(dd_project *p, const dd_def *defs, size_t n, const name_use *use, const dd_frame *f)
{
    dd_value *out = NULL;
    for (size_t i = 0; i < n; i++) {
        const dd_binding *b = defs[i].ref;
        dd_value *v = noted(p, binding_value(p, b, use->home, f), b, use->home->unit);
        dd_def d = defs[i];
        d.certain = d.certain && i == 0;
        out = dd_flow_join(p, out, v, &d, i ? &defs[i - 1] : NULL, b->name, f);
    }
    return out;
}

/* Assignments by `global`, or by inner functions: they may have happened by the time of the use. */
static dd_value *join_foreign(dd_project *p, dd_value *v, dd_binding *first, const name_use *use)
{
    dd_def defs[MAX_DEFS];
    size_t n = collect(first, use, defs, true);
    for (size_t i = 0; i < n; i++) {
        const dd_binding *b = defs[i].ref;
        if (use->self && use->self->start >= b->pos && use->self->end <= b->end)
            continue;
        dd_value *other = binding_value(p, b, use->home, NULL);
        if (!v || v->kind == DD_V_NONE)
            v = other;
        else if (dd_v_known(other))
            v = dd_flow_join(p, v, other, &defs[i], NULL, b->name, NULL);
        else if (v->kind == DD_V_STRING)
            v = dd_v_either(p, v, other);
    }
    return v;
}

static dd_value *settle(dd_project *p, dd_binding *first, const name_use *use, const dd_frame *f)
{
    dd_def defs[MAX_DEFS], reach[MAX_DEFS];
    size_t n = collect(first, use, defs, false);
    size_t got = dd_flow(defs, n, use->at, use->branch, reach, DD_COUNT(reach));
    uint32_t since = got ? reach[got - 1].pos : 0;
    for (size_t i = 0; i < got; i++)
        if (reach[i].certain)
            since = reach[i].pos;
    dd_value *v = got ? join_defs(p, reach, got, use, f) : NULL;
    if (!use->inside || got == 0) {
        /* Seen from another function: it runs later, so what the scope does after its definition counts as well (M-2). */
        for (size_t i = 0; i < n; i++) {
            if (defs[i].pos < use->at && got)
                continue;
            const dd_binding *b = defs[i].ref;
            if (use->self && use->self->start >= b->pos && use->self->end <= b->end && b->kind == DD_B_ASSIGN)
                continue;
            if (got && use->home->kind == DD_SCOPE_MODULE && use->home->unit->file->lang == DD_LANG_NOTEBOOK)
                continue;      /* cells run in order: what a later cell sets is not what this one used */
            dd_value *other = noted(p, binding_value(p, b, use->home, f), b, use->home->unit);
            v = v ? dd_flow_join(p, v, other, &defs[i], NULL, b->name, f) : other;
        }
    }
    v = join_foreign(p, v, first, use);
    return v && holds_parts(v) ? apply_changes(p, v, first, use, since, f) : v;
}

static dd_value *value_before(dd_project *p, const dd_binding *b, dd_scope *home, const dd_frame *f)
{
    name_use use = { .home = home, .func = dd_scope_func(b->scope), .at = b->pos, .branch = b->branch, .inside = true };
    dd_def defs[MAX_DEFS], reach[MAX_DEFS];
    size_t n = collect(dd_scope_find(home, b->name), &use, defs, false), kept = 0;
    for (size_t i = 0; i < n; i++)        /* not itself in the next round: that would never end */
        if (defs[i].pos < b->pos)
            defs[kept++] = defs[i];
    n = dd_flow(defs, kept, b->pos, b->branch, reach, DD_COUNT(reach));
    if (n)
        return join_defs(p, reach, n, &use, f);
    return dd_scope_func(home) == use.func ? NULL : dd_ev_scope_name(p, home, b->name, NULL);
}

/* --- looking up --- */

static bool skipped(const dd_scope *s, const dd_scope *from, bool python)
{
    return s->kind == DD_SCOPE_CLASS && (python ? s != from : true);
}

static bool only_global(const dd_binding *b)
{
    bool any = false;
    for (; b; b = b->next) {
        if (gives_value(b))
            return false;
        any = any || b->kind == DD_B_GLOBAL;
    }
    return any;
}

static bool binds(const dd_binding *b)
{
    for (; b; b = b->next)
        if (gives_value(b))
            return true;
    return false;
}

static bool names_global(const dd_scope *s, dd_str name)
{
    for (const dd_binding *b = dd_scope_find(s, name); b; b = b->next)
        if (b->kind == DD_B_GLOBAL)
            return dd_str_eqz(b->op, "global");
    return false;
}

/* The function, seen from `home`, that the use stands in: outermost one below home. */
static const dd_func *function_below(const dd_scope *from, const dd_scope *home)
{
    const dd_func *fn = NULL;
    for (const dd_scope *s = from; s && s != home; s = s->parent)
        if (s->func && s->func != home->func)
            fn = s->func;
    return fn;
}

static const dd_branch *branch_of_func(const dd_func *fn)
{
    if (fn->expr)
        return fn->expr->branch;
    for (dd_binding *b = fn->scope && fn->scope->parent ? dd_scope_find(fn->scope->parent, fn->name) : NULL; b; b = b->next)
        if (b->kind == DD_B_FUNC && b->func == fn)
            return b->branch;
    return NULL;
}

/* `global X` in this function: what it assigned before the use, else what the module says. */
static dd_value *through_global(dd_project *p, dd_scope *home, const dd_expr *e, const dd_frame *f)
{
    dd_binding *first = dd_scope_find(home, e->name);
    const dd_func *own = dd_scope_func(e->scope);
    name_use use = { .home = home, .func = own, .at = e->start, .branch = e->branch, .inside = true, .self = e };
    dd_def defs[MAX_DEFS], reach[MAX_DEFS];
    size_t n = collect(first, &use, defs, false);
    size_t got = dd_flow(defs, n, use.at, use.branch, reach, DD_COUNT(reach));
    dd_value *v = got ? join_defs(p, reach, got, &use, f) : NULL;
    if (got && reach[0].certain)
        return v;
    name_use outer = { .home = home, .func = NULL, .at = home->end, .self = e };
    dd_value *w = settle(p, first, &outer, NULL);
    return dd_v_either(p, w, v);
}

static dd_value *in_scope(dd_project *p, dd_scope *s, dd_binding *first, const dd_expr *e, const dd_frame *f)
{
    const dd_func *own = dd_scope_func(e->scope);
    if (own != s->func && own) {
        for (dd_binding *b = first; b; b = b->next)
            if (gives_value(b) && dd_scope_func(b->scope) == own)
                return through_global(p, s, e, f);
    }
    if (own == s->func) {
        name_use use = { .home = s, .func = s->func, .at = e->start, .branch = e->branch, .inside = true, .self = e };
        dd_value *v = settle(p, first, &use, f);
        return v;
    }
    const dd_func *below = function_below(e->scope, s);
    name_use use = { .home = s, .func = s->func, .at = below ? below->start : e->start, .branch = below ? branch_of_func(below) : NULL, .self = e };
    return settle(p, first, &use, dd_ev_frame_for(f, s->func));
}

dd_value *dd_ev_scope_name(dd_project *p, dd_scope *s, dd_str name, const dd_frame *f)
{
    dd_binding *first = dd_scope_find(s, name);
    if (!first || !binds(first))
        return NULL;
    name_use use = { .home = s, .func = s->func, .at = UINT32_MAX, .inside = true };
    return settle(p, first, &use, f);
}

dd_value *dd_ev_module_name(dd_project *p, dd_unit_ir *u, dd_str name)
{
    dd_binding *first = dd_scope_find(u->module, name);
    if (!first || !binds(first))
        return NULL;
    /* One entry a name: imports of the same constant from many files are one evaluation. */
    return dd_ev_scope_name(p, u->module, name, NULL);
}

static dd_value *unbound(dd_project *p, const dd_expr *e, dd_unit_ir *u)
{
    dd_value *v = dd_ev_wildcard(p, u, e->name);
    if (v)
        return v;
    bool python = dd_ev_python(u);
    static const char *const global_objects[] = { "globalThis", "window", "global" };
    for (size_t i = 0; !python && i < DD_COUNT(global_objects); i++)
        if (dd_str_eqz(e->name, global_objects[i]))
            return dd_v_package(p, DD_STR("globalThis"));
    if (!python && dd_str_eqz(e->name, "undefined"))
        return dd_v_none(p, e);
    if (dd_str_eqz(e->name, "__file__") || dd_str_eqz(e->name, "__dirname") || dd_str_eqz(e->name, "__filename"))
        return dd_v_string(p, DD_STR(""), e);
    v = dd_v_step(p, dd_v_package(p, python ? DD_STR("builtins") : DD_STR("globalThis")), DD_E_MEMBER, e->name);
    v->expr = e;
    return v;
}

dd_value *dd_ev_name(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_unit_ir *u = dd_ev_unit(e);
    if (!u)
        return dd_v_unknown(p, "name", e);
    bool python = dd_ev_python(u);
    if (!python && dd_str_eqz(e->name, "this"))
        return dd_ev_this(p, e->scope, f);
    if (!python && dd_str_eqz(e->name, "super"))
        return dd_ev_super(p, e->scope, f);
    for (dd_scope *s = e->scope; s; s = s->parent) {
        if (skipped(s, e->scope, python))
            continue;
        dd_binding *first = dd_scope_find(s, e->name);
        if (!first || only_global(first) || !binds(first)) {
            if (first && python && names_global(s, e->name))
                s = u->module->kind == DD_SCOPE_MODULE && s != u->module ? u->module : s;
            else
                continue;
            first = dd_scope_find(s, e->name);
            if (!first || !binds(first))
                break;
        }
        dd_value *v = in_scope(p, s, first, e, f);
        if (v)
            return v;
    }
    return unbound(p, e, u);
}
