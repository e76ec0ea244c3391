/* Calls: what a project function returns, what a class makes, what is handed on to the known libraries. */
#include "scan/eval.h"

/* Bundlers and compilers wrap imports in these; they change nothing. */
static bool interop_helper(dd_str name)
{
    static const char *const names[] = { "__importDefault", "__importStar", "_interopRequireDefault", "_interopRequireWildcard", "__toESM",
                                         "_interop_require_default", "_interop_require_wildcard", "_interopDefault", "_interopNamespace", "__toCommonJS" };
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(name, names[i]))
            return true;
    return false;
}

/* Settings by name: what stands behind is the environment or the host's store. */
bool dd_call_is_setting(dd_str name)
{
    static const char *const names[] = { "getSetting", "get_setting", "getEnv", "get_env", "getenv", "getEnvVar", "get_env_var", "getEnvironmentVariable",
                                         "getEnvOrDefault", "get_env_or_default", "envOr", "getConfigValue", "get_config_value", "requireEnv", "get_secret" };
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(name, names[i]))
            return true;
    return false;
}

static dd_value *setting(dd_project *p, const dd_expr *call, const dd_frame *f)
{
    for (uint32_t i = 0; i < 3; i++) {
        dd_value *name = dd_ev_arg(p, call, i, f);
        if (!name || name->kind != DD_V_STRING)
            continue;
        dd_value *env = dd_lib_env(p, name->text, call), *deflt = dd_ev_arg(p, call, i + 1, f);
        return deflt && deflt->kind != DD_V_FUNC ? dd_v_or(p, env, deflt, true) : env;
    }
    return NULL;
}

/* --- results of project functions --- */

/* { id: given } where it was given, else { id: DEFAULT }: the default stands in, field by field. */
static dd_value *or_fields(dd_project *p, dd_value *given, dd_value *other)
{
    if (given->kind != DD_V_DICT || other->kind != DD_V_DICT)
        return dd_v_or(p, given, other, true);
    dd_value *out = other;
    for (uint32_t i = 0; i < given->n_entries; i++) {
        dd_value *v = given->entries[i].value, *stands_in = dd_v_dict_find(other, given->entries[i].key);
        if (stands_in)
            v = v->kind == DD_V_UNKNOWN ? dd_v_or(p, v, stands_in, true) : dd_v_either(p, v, stands_in);
        out = dd_v_dict_set(p, out, given->entries[i].key, v, false);
    }
    return out;
}

static dd_value *joined_returns(dd_project *p, const dd_func *fn, const dd_frame *f)
{
    dd_value *out = NULL;
    for (uint32_t i = fn->n_returns; i-- > 0;) {
        if (!fn->returns[i])
            continue;
        const dd_branch *b = fn->return_branch[i];
        int taken = dd_ev_branch(p, b, f);
        if (taken == 0)
            continue;
        dd_value *v = dd_ev(p, fn->returns[i], f);
        bool there = out && b && b->kind == DD_BR_IF && b->test && dd_ev_there_test(b->test, fn->returns[i]);
        if (taken == 1 || !out)
            out = v;
        else if (there)
            out = or_fields(p, v, out);
        else
            out = dd_v_either(p, v, out);
    }
    return out;
}

static dd_value *yielded(dd_project *p, const dd_func *fn, const dd_frame *f)
{
    dd_value *one = NULL;
    for (uint32_t i = 0; i < fn->n_yields && i < 4; i++)
        if (fn->yields[i])
            one = dd_v_either(p, one, dd_ev(p, fn->yields[i], f));
    dd_value **items = dd_newn(&p->arena, dd_value *, 1);
    items[0] = one ? one : dd_v_none(p, NULL);
    dd_value *list = dd_v_list(p, items, 1, NULL);
    list->open = true;
    return list;
}

dd_value *dd_ev_call_func(dd_project *p, dd_value *fv, const dd_expr *call, const dd_frame *f)
{
    dd_func *fn = fv->func;
    if (f && f->depth >= DD_EV_FRAMES) {
        return dd_v_unknown(p, "limit", call);
    }
    const dd_frame *own = dd_ev_frame(p, f, fn, call, fv->self, fv->frame);
    dd_value *v;
    dd_memo   m;
    if (dd_memo_enter(p, fn, own, call, &m, &v)) {
        v = fn->n_yields ? yielded(p, fn, own) : joined_returns(p, fn, own);
        v = dd_memo_leave(p, &m, v ? v : dd_v_none(p, call));
    }
    if ((v->kind == DD_V_UNKNOWN || v->kind == DD_V_NONE) && fn->returns_type) {
        dd_value *t = dd_ev_type(p, fn->returns_type);
        if (t && t->kind != DD_V_STRING && t->kind != DD_V_CHOICE)
            return t;
    }
    if (fn->is_abstract && v->kind == DD_V_NONE)
        v = dd_v_unknown(p, "abstract", call);
    return dd_v_chain(p, v, fn->unit, fn->start, "return of " DD_STR_FMT "()", DD_STR_ARG(fn->name.len ? fn->name : DD_STR("function")));
}

/* --- applying --- */

typedef struct { const dd_expr *call; const dd_frame *f; } apply_ctx;

static dd_value *make_instance(dd_project *p, dd_value *v, const dd_expr *call, const dd_frame *f)
{
    if (dd_class_is_enum(p, v->cls)) {
        dd_value *a = dd_ev_arg(p, call, 0, f);
        return a ? a : dd_v_unknown(p, "enum", call);
    }
    return dd_v_instance(p, v->cls, call, f);
}

static dd_value *call_extern(dd_project *p, dd_value *v, const dd_expr *call, const dd_frame *f)
{
    dd_value *known = dd_lib_call(p, v, call, f);
    if (known)
        return known;
    if (v->step == DD_E_MEMBER && dd_call_is_setting(v->name)) {
        dd_value *s = setting(p, call, f);
        if (s)
            return s;
    }
    if (v->step == DD_E_PACKAGE && v->name.len)      /* the module itself is called: its default export */
        v = dd_v_step(p, v, DD_E_MEMBER, DD_STR("default"));
    dd_value *out = dd_v_step(p, v, call->kind == DD_X_NEW ? DD_E_NEW : DD_E_CALL, DD_STR(""));
    out->call = call;
    out->frame = f;
    out->expr = call;
    out->unit = dd_ev_unit(call);
    return out;
}

static dd_value *call_unknown(dd_project *p, dd_value *v, const dd_expr *call, const dd_frame *f)
{
    dd_value *handed = dd_ev_param_object(p, v);
    if (handed)
        return dd_ev_apply(p, handed, call, f);
    if (dd_call_is_setting(call->name)) {
        dd_value *s = setting(p, call, f);
        if (s)
            return s;
    }
    dd_value *u = dd_v_unknown(p, "runtime", call);
    u->param_func = v->param_func;
    u->param_index = v->param_index;
    u->source = v->source;
    u->whole_param = false;
    if (v->text.len)
        u->text = v->text;
    return u;
}

static dd_value *apply_one(dd_project *p, dd_value *v, void *vctx)
{
    apply_ctx *c = vctx;
    switch (v->kind) {
    case DD_V_FUNC:
        return dd_ev_call_func(p, v, c->call, c->f);
    case DD_V_CLASS:
        return make_instance(p, v, c->call, c->f);
    case DD_V_EXTERN:
        return call_extern(p, v, c->call, c->f);
    case DD_V_MODULE: {
        dd_value *d = v->unit ? dd_ev_module_default(p, v->unit) : NULL;
        return d && d->kind != DD_V_MODULE ? dd_v_map(p, d, apply_one, c) : dd_v_unknown(p, "runtime", c->call);
    }
    case DD_V_INSTANCE: {
        dd_func *m = dd_class_method(v->cls, DD_STR("__call__"));
        return m ? dd_ev_call_func(p, dd_v_func(p, m, NULL, v), c->call, c->f) : dd_v_unknown(p, "runtime", c->call);
    }
    default:
        return call_unknown(p, v, c->call, c->f);
    }
}

dd_value *dd_ev_apply(dd_project *p, dd_value *callee, const dd_expr *call, const dd_frame *f)
{
    apply_ctx c = { call, f };
    return dd_v_map(p, callee, apply_one, &c);
}

typedef struct { const dd_expr *call; const dd_frame *f; dd_str step; } method_ctx;

static dd_value *method_one(dd_project *p, dd_value *recv, void *vctx)
{
    method_ctx *c = vctx;
    dd_value *m = dd_lib_method(p, recv, c->step, c->call, c->f);
    if (m)
        return m;
    apply_ctx a = { c->call, c->f };
    return dd_v_map(p, dd_ev_member(p, recv, c->step, c->call->a), apply_one, &a);
}

dd_value *dd_ev_call(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    const dd_expr *c = e->a;
    dd_unit_ir    *u = dd_ev_unit(e);
    if (!c)
        return dd_v_unknown(p, "call", e);
    dd_str name = c->kind == DD_X_NAME ? c->name : dd_expr_step(c);
    if (interop_helper(name) && e->n_items) {
        dd_value *v = dd_ev_arg(p, e, 0, f);
        return v ? v : dd_v_unknown(p, "import", e);
    }
    if (c->kind == DD_X_NAME && !dd_ev_python(u) && (dd_str_eqz(name, "require") || dd_str_eqz(name, "import"))) {
        dd_value *m = dd_ev_arg(p, e, 0, f);
        return m && m->kind == DD_V_STRING && u ? dd_ev_require(p, u, m->text) : dd_v_unknown(p, "import", e);
    }
    if (c->kind == DD_X_NAME && dd_str_eqz(name, "super") && dd_ev_python(u))
        return dd_ev_super(p, e->scope, f);
    dd_str step = dd_expr_step(c);
    if (step.len) {
        method_ctx m = { e, f, step };
        return dd_v_map(p, dd_ev(p, c->a, f), method_one, &m);
    }
    return dd_ev_apply(p, dd_ev(p, c, f), e, f);
}

/* --- arguments as a dictionary --- */

static dd_value *python_arguments(dd_project *p, const dd_expr *call, const dd_frame *f, dd_value **list)
{
    dd_value *d = dd_v_new(p, DD_V_DICT, call);
    for (uint32_t i = 0; i < call->n_items; i++) {
        const dd_expr *a = call->items[i];
        if (a->kind == DD_X_KEYWORD)
            d = dd_v_dict_set(p, d, a->name, dd_ev(p, a->b, f), false);
        else if (a->kind == DD_X_SPREAD_DICT)
            d = dd_v_dict_merge(p, d, dd_v_as_dict(p, dd_ev(p, a->a, f)), false);
        else if (a->kind == DD_X_SPREAD)
            (*list)->open = true;
        else
            *list = dd_v_list_add(p, *list, dd_ev(p, a, f));
    }
    return d;
}

static bool like_dict(const dd_value *v)
{
    if (v->kind != DD_V_CHOICE)
        return v->kind == DD_V_DICT || v->kind == DD_V_DATA;
    for (uint32_t i = 0; i < v->n_items; i++)
        if (like_dict(v->items[i]))
            return true;
    return false;
}

/* Several objects at once: what they agree on is sure, the rest are candidates. */
static dd_value *one_dict(dd_project *p, dd_value *v)
{
    if (v->kind != DD_V_CHOICE)
        return v;
    dd_value *out = NULL;
    for (uint32_t i = 0; i < v->n_items; i++) {
        if (!like_dict(v->items[i]))
            continue;
        out = out ? dd_v_dict_merge(p, out, v->items[i], true) : dd_v_copy(p, v->items[i]);
    }
    if (out)
        out->kind = DD_V_DICT;
    return out;
}

/* Each on its own budget: what it takes to see the messages must not cost the model. */
static void warm(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    for (uint32_t i = 0; p->depth == 0 && e && e->kind == DD_X_DICT && i < e->n_items && i < 64; i++)
        if (e->items[i]->kind == DD_X_PAIR)
            dd_ev(p, e->items[i]->b, f);
}

static dd_value *js_arguments(dd_project *p, const dd_expr *call, const dd_frame *f, dd_value **list)
{
    for (uint32_t i = 0; i < call->n_items; i++)
        warm(p, call->items[i], f);
    for (uint32_t i = 0; i < call->n_items; i++) {
        const dd_expr *a = call->items[i];
        dd_value *v = dd_ev(p, a->kind == DD_X_SPREAD ? a->a : a, f);
        if (a->kind == DD_X_SPREAD && v->kind == DD_V_LIST) {
            for (uint32_t k = 0; k < v->n_items && k < 16; k++)
                *list = dd_v_list_add(p, *list, v->items[k]);
            (*list)->open = (*list)->open || v->open;
        } else if (a->kind == DD_X_SPREAD) {
            (*list)->open = true;
        } else {
            *list = dd_v_list_add(p, *list, v);
        }
    }
    for (uint32_t i = 0; i < (*list)->n_items; i++)
        if (like_dict((*list)->items[i]))
            return one_dict(p, (*list)->items[i]);
    dd_value *d = dd_v_new(p, DD_V_DICT, call);
    if ((*list)->n_items && ((*list)->items[0]->kind == DD_V_UNKNOWN || (*list)->items[0]->kind == DD_V_INSTANCE))
        d = dd_v_dict_merge(p, d, dd_v_as_dict(p, (*list)->items[0]), false);
    d->open = d->open || (*list)->open;
    return d;
}

dd_value *dd_eval_arguments(dd_project *p, const dd_expr *call, const dd_frame *f, dd_value **positional)
{
    dd_value *list = dd_v_list(p, NULL, 0, call);
    if (p->depth == 0)
        p->steps = 0;
    dd_value *d = dd_ev_python(dd_ev_unit(call)) ? python_arguments(p, call, f, &list) : js_arguments(p, call, f, &list);
    if (positional)
        *positional = list;
    return d;
}
