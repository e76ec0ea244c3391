/* Building and joining values. What a value is and owns: scan/value.h. */
#include "scan/eval.h"

dd_value *dd_v_new(dd_project *p, dd_value_kind kind, const dd_expr *e)
{
    dd_value *v = dd_new(&p->arena, dd_value);
    v->kind = kind;
    v->expr = e;
    v->unit = e && e->scope ? e->scope->unit : NULL;
    return v;
}

dd_value *dd_v_copy(dd_project *p, const dd_value *v)
{
    dd_value *c = dd_new(&p->arena, dd_value);
    *c = *v;
    return c;
}

dd_value *dd_v_unknown(dd_project *p, const char *cause, const dd_expr *e)
{
    dd_value *v = dd_v_new(p, DD_V_UNKNOWN, e);
    v->source = DD_SRC_DYNAMIC;
    v->text = dd_str_z(cause);
    return v;
}

dd_value *dd_v_string(dd_project *p, dd_str text, const dd_expr *e)
{
    dd_value *v = dd_v_new(p, DD_V_STRING, e);
    v->text = text;
    return v;
}

dd_value *dd_v_number(dd_project *p, double n, const dd_expr *e)
{
    dd_value *v = dd_v_new(p, DD_V_NUMBER, e);
    v->number = n;
    return v;
}

dd_value *dd_v_bool(dd_project *p, bool b, const dd_expr *e)
{
    dd_value *v = dd_v_new(p, DD_V_BOOL, e);
    v->number = b;
    return v;
}

dd_value *dd_v_none(dd_project *p, const dd_expr *e)
{
    return dd_v_new(p, DD_V_NONE, e);
}

dd_value *dd_v_list(dd_project *p, dd_value **items, size_t n, const dd_expr *e)
{
    dd_value *v = dd_v_new(p, DD_V_LIST, e);
    v->items = items;
    v->n_items = (uint32_t)n;
    return v;
}

dd_value *dd_v_package(dd_project *p, dd_str name)
{
    dd_value *v = dd_v_new(p, DD_V_EXTERN, NULL);
    v->step = DD_E_PACKAGE;
    v->name = name;
    return v;
}

dd_value *dd_v_step(dd_project *p, dd_value *parent, dd_extern_step step, dd_str name)
{
    /* A default export of a default export is the same thing seen through one more layer of module interop. */
    if (step == DD_E_MEMBER && dd_str_eqz(name, "default") && parent->step == DD_E_MEMBER && dd_str_eqz(parent->name, "default"))
        return parent;
    dd_value *v = dd_v_new(p, DD_V_EXTERN, NULL);
    v->step = step;
    v->parent = parent;
    v->name = name;
    return v;
}

/* One object for one construction, so that frames that hold it are equal and the memo ends cycles. */
dd_value *dd_v_instance(dd_project *p, dd_class_def *c, const dd_expr *call, const dd_frame *f)
{
    dd_value *known;
    dd_memo   m;
    const void *key = call ? (const void *)((const char *)call + 1) : (const void *)((const char *)c + 1);   /* beside the expression's own */
    bool fresh = dd_memo_enter(p, key, call ? f : NULL, call, &m, &known);
    if (!fresh && known->kind == DD_V_INSTANCE && known->cls == c)
        return known;
    dd_value *v = dd_v_new(p, DD_V_INSTANCE, call);
    v->unit = c->unit;
    v->cls = c;
    v->call = call;
    v->frame = f;
    return fresh ? dd_memo_leave(p, &m, v) : v;
}

dd_value *dd_v_func(dd_project *p, dd_func *fn, const dd_frame *closure, dd_value *self)
{
    dd_value *v = dd_v_new(p, DD_V_FUNC, NULL);
    v->unit = fn->unit;
    v->func = fn;
    v->frame = closure;
    v->self = self;
    return v;
}

bool dd_v_known(const dd_value *v)
{
    return v->kind != DD_V_UNKNOWN && v->kind != DD_V_NONE;
}

static bool plain_source(dd_source s)
{
    return s == DD_SRC_LITERAL || s == DD_SRC_CONST_SAME_FILE || s == DD_SRC_CONST_CROSS_FILE;
}

/* An attribute names itself over the constructor default that it was filled from (M-8); env and files stay. */
static bool stamps_over(dd_source now, dd_source old)
{
    return plain_source(old) || (now == DD_SRC_CLASS_ATTR && old == DD_SRC_DEFAULT_PARAM) ||
           (now == DD_SRC_ENV_DEFAULT && (old == DD_SRC_DEFAULT_PARAM || old == DD_SRC_CLASS_ATTR));
}

static dd_value *stamp(dd_project *p, dd_value *v, dd_source source, dd_str env_var, int depth)
{
    if (depth > 3)
        return v;
    switch (v->kind) {
    case DD_V_STRING: case DD_V_NUMBER: case DD_V_BOOL: case DD_V_TEXT:
        if (stamps_over(source, v->source)) {
            v = dd_v_copy(p, v);
            v->source = source;
            if (env_var.len)
                v->env_var = env_var;
        }
        return v;
    case DD_V_CHOICE: case DD_V_LIST: {
        if (v->n_items > 64)
            return v;
        dd_value *c = dd_v_copy(p, v);
        c->items = dd_newn(&p->arena, dd_value *, v->n_items + 1);
        for (uint32_t i = 0; i < v->n_items; i++)
            c->items[i] = stamp(p, v->items[i], source, env_var, depth + 1);
        return c;
    }
    case DD_V_DICT: {
        if (v->n_entries > 64)
            return v;
        dd_value *c = dd_v_copy(p, v);
        c->entries = dd_newn(&p->arena, dd_entry, v->n_entries + 1);
        for (uint32_t i = 0; i < v->n_entries; i++) {
            c->entries[i] = v->entries[i];
            c->entries[i].value = stamp(p, v->entries[i].value, source, env_var, depth + 1);
        }
        return c;
    }
    default:
        return v;
    }
}

dd_value *dd_v_stamp(dd_project *p, dd_value *v, dd_source source, dd_str env_var)
{
    return stamp(p, v, source, env_var, 0);
}

dd_value *dd_v_maybe(dd_project *p, dd_value *v)
{
    if (v->maybe)
        return v;
    v = dd_v_copy(p, v);
    v->maybe = true;
    return v;
}

static bool shows_chain(dd_value_kind k)
{
    return k == DD_V_STRING || k == DD_V_UNKNOWN || k == DD_V_CHOICE || k == DD_V_NUMBER || k == DD_V_TEXT;
}

dd_value *dd_v_chain(dd_project *p, dd_value *v, const dd_unit_ir *u, uint32_t pos, const char *fmt, ...)
{
    if (!shows_chain(v->kind))
        return v;
    dd_buf  text = DD_BUF_INIT(160);
    va_list ap;
    va_start(ap, fmt);
    dd_buf_vprintf(&text, fmt, ap);
    va_end(ap);
    struct dd_value_chain *link = dd_new(&p->arena, struct dd_value_chain);
    link->what = dd_arena_dup(&p->arena, dd_buf_str(&text));
    link->unit = u;
    link->pos = pos;
    link->next = v->chain;
    dd_buf_free(&text);
    v = dd_v_copy(p, v);
    v->chain = link;
    return v;
}

/* --- joining --- */

static bool same_extern(const dd_value *a, const dd_value *b)
{
    for (; a && b; a = a->parent, b = b->parent) {
        if (a == b)
            return true;
        if (a->step != b->step || !dd_str_eq(a->name, b->name) || a->call != b->call || (a->frame != b->frame && a->frame && b->frame))
            return false;
    }
    return a == b;
}

bool dd_v_same(const dd_value *a, const dd_value *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case DD_V_STRING:   return dd_str_eq(a->text, b->text);
    case DD_V_NUMBER: case DD_V_BOOL: return a->number == b->number;
    case DD_V_NONE:     return true;
    case DD_V_UNKNOWN:  return dd_str_eq(a->text, b->text) && dd_str_eq(a->env_var, b->env_var) && a->param_func == b->param_func;
    case DD_V_EXTERN:   return same_extern(a, b);
    case DD_V_FUNC:     return a->func == b->func && a->frame == b->frame;
    case DD_V_CLASS:    return a->cls == b->cls;
    case DD_V_INSTANCE: return a->cls == b->cls && a->call == b->call && a->frame == b->frame;
    case DD_V_MODULE:   return a->unit == b->unit && dd_str_eq(a->text, b->text);
    default:            return false;
    }
}

typedef struct { dd_value *v[DD_EV_CHOICES + 1]; size_t n; bool over; } bag;

static void bag_add(bag *b, dd_value *v)
{
    if (v->kind == DD_V_CHOICE) {
        for (uint32_t i = 0; i < v->n_items; i++)
            bag_add(b, v->items[i]);
        return;
    }
    for (size_t i = 0; i < b->n; i++)
        if (dd_v_same(b->v[i], v))
            return;
    if (b->n < DD_EV_CHOICES)
        b->v[b->n++] = v;
    else
        b->over = true;
}

static dd_value *bag_value(dd_project *p, bag *b, const dd_value *like)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)      /* an initial None is what the name is before it is given a value */
        if (b->v[i]->kind != DD_V_NONE)
            b->v[n++] = b->v[i];
    if (n == 0)
        return b->v[0];
    if (n == 1 && !b->over)
        return b->v[0];
    dd_value *c = dd_v_new(p, DD_V_CHOICE, like->expr);
    c->source = DD_SRC_DYNAMIC;
    c->open = b->over;
    c->items = dd_newn(&p->arena, dd_value *, n);
    memcpy(c->items, b->v, n * sizeof *c->items);
    c->n_items = (uint32_t)n;
    return c;
}

dd_value *dd_v_either(dd_project *p, dd_value *a, dd_value *b)
{
    if (!a || !b)
        return a ? a : b;
    bag both = { .n = 0 };
    bag_add(&both, a);
    bag_add(&both, b);
    return bag_value(p, &both, a);
}

/* What a fallback behind this unknown would be called. */
static dd_source fallback_source(const dd_value *v)
{
    if (v->env_var.len)
        return DD_SRC_ENV_DEFAULT;
    return v->source == DD_SRC_CONFIG_FILE ? DD_SRC_CONFIG_FILE : DD_SRC_DEFAULT_PARAM;
}

static bool counts_false(const dd_value *v, bool falsy_too)
{
    if (v->kind == DD_V_NONE)
        return true;
    if (!falsy_too)
        return false;
    return (v->kind == DD_V_STRING && v->text.len == 0) || ((v->kind == DD_V_BOOL || v->kind == DD_V_NUMBER) && v->number == 0);
}

static dd_value *or_one(dd_project *p, dd_value *a, dd_value *b, bool falsy_too)
{
    if (counts_false(a, falsy_too))
        return b;
    if (a->kind == DD_V_EXTERN && a->step == DD_E_TYPED && b->kind == DD_V_EXTERN)
        return b;                      /* C-3: injected or built; how it is built says more */
    if (a->kind != DD_V_UNKNOWN && a->maybe) {      /* MODELS[name] ?? "x", cond && "x" || "y" */
        a = dd_v_copy(p, a);
        a->maybe = false;
        return dd_v_either(p, a, b);
    }
    if (a->kind == DD_V_EXTERN && (b->kind == DD_V_STRING || b->kind == DD_V_NUMBER) && a->step != DD_E_NEW && a->step != DD_E_TYPED && dd_extern_made(a))
        return dd_v_stamp(p, b, dd_lib_reads_data(a) ? DD_SRC_CONFIG_FILE : DD_SRC_DEFAULT_PARAM, DD_STR(""));   /* input() or "x" */
    if (a->kind == DD_V_DICT && a->open && !a->n_entries && b->kind == DD_V_DICT)
        return dd_v_dict_merge(p, b, a, false);     /* dict(args) if args else dict(self.args) */
    if (a->kind != DD_V_UNKNOWN)
        return a;
    if (b->kind == DD_V_UNKNOWN || b->kind == DD_V_NONE) {
        if (b->kind == DD_V_UNKNOWN && b->env_var.len && !a->env_var.len)
            return b;
        return a;
    }
    if (b->kind == DD_V_DICT)          /* opts || {}: what is in opts is still not known */
        return dd_v_dict_merge(p, b, a, false);
    dd_value *v = dd_v_stamp(p, b, fallback_source(a), a->env_var);
    if (v->kind == DD_V_STRING || v->kind == DD_V_NUMBER)
        v = a->env_var.len ? dd_v_chain(p, v, b->unit, b->expr ? b->expr->start : 0, "default where env " DD_STR_FMT " is not set", DD_STR_ARG(a->env_var))
                           : dd_v_chain(p, v, b->unit, b->expr ? b->expr->start : 0, "default where " DD_STR_FMT " is not given", DD_STR_ARG(a->text));
    return v;
}

dd_value *dd_v_or(dd_project *p, dd_value *a, dd_value *b, bool falsy_too)
{
    if (a->kind != DD_V_CHOICE)
        return or_one(p, a, b, falsy_too);
    dd_value *out = NULL;
    for (uint32_t i = 0; i < a->n_items; i++)
        out = dd_v_either(p, out, or_one(p, a->items[i], b, falsy_too));
    return out ? out : b;
}

dd_value *dd_v_map(dd_project *p, dd_value *v, dd_map_fn *fn, void *ctx)
{
    if (v->kind != DD_V_CHOICE)
        return fn(p, v, ctx);
    dd_value *out = NULL;
    for (uint32_t i = 0; i < v->n_items; i++)
        out = dd_v_either(p, out, fn(p, v->items[i], ctx));
    return out ? out : dd_v_unknown(p, "no candidate", v->expr);
}

/* --- dictionaries and lists --- */

dd_value *dd_v_dict_find(const dd_value *dict, dd_str key)
{
    for (uint32_t i = dict->n_entries; i-- > 0;)
        if (!dict->entries[i].key_value && dd_str_eq(dict->entries[i].key, key))
            return dict->entries[i].value;
    return NULL;
}

static dd_value *dict_copy(dd_project *p, const dd_value *dict, uint32_t more)
{
    dd_value *c = dd_v_copy(p, dict);
    c->entries = dd_newn(&p->arena, dd_entry, dict->n_entries + more + 1);
    if (dict->n_entries)
        memcpy(c->entries, dict->entries, dict->n_entries * sizeof *c->entries);
    return c;
}

static void dict_put(dd_project *p, dd_value *d, dd_str key, dd_value *v, bool cond)
{
    uint32_t to = 0;
    dd_value *old = NULL;
    for (uint32_t i = 0; i < d->n_entries; i++) {
        if (!d->entries[i].key_value && dd_str_eq(d->entries[i].key, key))
            old = d->entries[i].value;
        else
            d->entries[to++] = d->entries[i];
    }
    d->n_entries = to;
    if (cond)
        v = old ? dd_v_either(p, old, v) : dd_v_maybe(p, v);
    d->entries[d->n_entries++] = (dd_entry){ .key = key, .value = v };
}

dd_value *dd_v_dict_set(dd_project *p, const dd_value *dict, dd_str key, dd_value *v, bool cond)
{
    dd_value *c = dict_copy(p, dict, 1);
    dict_put(p, c, key, v, cond);
    return c;
}

/* A splat of which nothing is known: every key so far may be overridden by it. */
static void dict_cloud(dd_project *p, dd_value *d, const dd_value *from)
{
    d->open = true;
    if (from->param_func && !d->param_func) {
        d->param_func = from->param_func;
        d->param_index = from->param_index;
        d->text = from->text;
        d->source = from->source;
    }
    if (from->source == DD_SRC_CONFIG_FILE && d->source == DD_SRC_LITERAL)
        d->source = DD_SRC_CONFIG_FILE;
    for (uint32_t i = 0; i < d->n_entries; i++)
        d->entries[i].value = dd_v_maybe(p, d->entries[i].value);
}

/* ...(a ? { x } : { y }): a key that only some of the objects have may as well be absent. */
static dd_value *merge_choice(dd_project *p, const dd_value *dict, const dd_value *from)
{
    dd_value *c = (dd_value *)dict;
    for (uint32_t i = 0; i < from->n_items; i++)
        c = dd_v_dict_merge(p, c, from->items[i], true);
    for (uint32_t k = 0; c != dict && k < c->n_entries; k++) {
        dd_entry *e = &c->entries[k];
        bool plain = e->value->kind == DD_V_NUMBER || e->value->kind == DD_V_STRING, everywhere = true;
        for (uint32_t i = 0; i < from->n_items; i++)
            everywhere = everywhere && (from->items[i]->kind != DD_V_DICT || dd_v_dict_find(from->items[i], e->key));
        if (plain && !everywhere && !e->key_value && !dd_v_dict_find(dict, e->key))
            e->value = dd_v_either(p, e->value, dd_v_unknown(p, "not always set", e->value->expr));
    }
    return c;
}

dd_value *dd_v_dict_merge(dd_project *p, const dd_value *dict, dd_value *from, bool cond)
{
    if (from->kind == DD_V_NONE || from->kind == DD_V_BOOL || from->kind == DD_V_STRING)
        return (dd_value *)dict;
    if (from->kind == DD_V_CHOICE)
        return merge_choice(p, dict, from);
    bool is_dict = from->kind == DD_V_DICT || from->kind == DD_V_DATA || (from->kind == DD_V_INSTANCE && from->n_entries);
    dd_value *c = dict_copy(p, dict, is_dict ? from->n_entries : 0);
    if (!is_dict) {
        dict_cloud(p, c, from);
        return c;
    }
    cond = cond || from->maybe;
    if (from->open)
        dict_cloud(p, c, from);
    for (uint32_t i = 0; i < from->n_entries; i++) {
        if (from->entries[i].key_value)
            c->entries[c->n_entries++] = from->entries[i];
        else
            dict_put(p, c, from->entries[i].key, from->entries[i].value, cond);
    }
    return c;
}

dd_value *dd_v_open_dict(dd_project *p, const dd_value *unknown)
{
    dd_value *d = dd_v_copy(p, unknown);
    d->kind = DD_V_DICT;
    d->open = true;
    return d;
}

dd_value *dd_v_list_add(dd_project *p, const dd_value *list, dd_value *item)
{
    dd_value *c = dd_v_copy(p, list);
    c->items = dd_newn(&p->arena, dd_value *, list->n_items + 1);
    if (list->n_items)
        memcpy(c->items, list->items, list->n_items * sizeof *c->items);
    c->items[c->n_items++] = item;
    return c;
}

dd_value *dd_value_get(const dd_value *dict, const char *key)
{
    if (!dict || (dict->kind != DD_V_DICT && dict->kind != DD_V_DATA))
        return NULL;
    return dd_v_dict_find(dict, dd_str_z(key));
}

/* --- foreign things --- */

const dd_value *dd_extern_root(const dd_value *v)
{
    while (v->parent)
        v = v->parent;
    return v;
}

const dd_value *dd_extern_made(const dd_value *v)
{
    for (; v && v->kind == DD_V_EXTERN; v = v->parent)
        if (v->step == DD_E_CALL || v->step == DD_E_NEW || v->step == DD_E_TYPED)
            return v;
    return NULL;
}

void dd_extern_path(const dd_value *v, dd_buf *out)
{
    const dd_value *steps[64];
    size_t n = 0;
    for (; v && n < DD_COUNT(steps); v = v->parent)
        steps[n++] = v;
    while (n-- > 0) {
        switch (steps[n]->step) {
        case DD_E_PACKAGE: dd_buf_add(out, steps[n]->name); break;
        case DD_E_MEMBER:  dd_buf_addc(out, '.'); dd_buf_add(out, steps[n]->name); break;
        case DD_E_INDEX:   dd_buf_addz(out, "[]"); break;
        default:           dd_buf_addz(out, "()"); break;
        }
    }
}

/* --- what callers ask --- */

typedef struct { const dd_value **out; size_t max, n; bool complete; } gather;

static void gather_strings(gather *g, const dd_value *v, int depth)
{
    if (v->kind == DD_V_CHOICE && depth < 4) {
        g->complete = g->complete && !v->open;
        for (uint32_t i = 0; i < v->n_items; i++)
            gather_strings(g, v->items[i], depth + 1);
        return;
    }
    if (v->kind != DD_V_STRING) {
        g->complete = false;
        return;
    }
    for (size_t i = 0; i < g->n; i++)
        if (dd_str_eq(g->out[i]->text, v->text))
            return;
    if (g->n < g->max)
        g->out[g->n++] = v;
    else
        g->complete = false;
}

size_t dd_value_strings(const dd_value *v, const dd_value **out, size_t max, bool *complete)
{
    gather g = { out, max, 0, true };
    if (v)
        gather_strings(&g, v, 0);
    if (complete)
        *complete = g.complete && v;
    return g.n;
}

dd_source dd_value_source(const dd_value *v, const dd_unit_ir *site_unit, const dd_expr *call)
{
    if (!plain_source(v->source))
        return v->source;
    if (v->unit && v->unit != site_unit)
        return DD_SRC_CONST_CROSS_FILE;
    bool inside = v->expr && call && v->unit == site_unit && v->expr->start >= call->start && v->expr->end <= call->end;
    return inside ? DD_SRC_LITERAL : DD_SRC_CONST_SAME_FILE;
}

dd_value *dd_value_unwrap_client(dd_project *p, dd_value *v)
{
    for (int i = 0; i < 4; i++) {
        if (v->kind != DD_V_EXTERN || (v->step != DD_E_CALL && v->step != DD_E_NEW) || !v->call)
            return v;
        dd_value *inner = dd_ev_keyword(p, v->call, "client", v->frame);
        dd_value *first = inner ? inner : dd_ev_arg(p, v->call, 0, v->frame);
        if (first && first->kind == DD_V_DICT) {       /* W-13 */
            dd_value *c = dd_value_get(first, "client");
            first = c ? c : first;
        }
        if (!first || first->kind != DD_V_EXTERN || !dd_extern_made(first))
            return v;
        v = first;
    }
    return v;
}
