/* Parameters: the argument of the call looked through, else the default, the annotation, the callers. */
#include "scan/eval.h"

/* --- frames: one object for equal ones, so that the memo hits --- */

static const dd_frame *frame_intern(dd_project *p, const dd_frame *like)
{
    const void *key[] = { like->up, like->func, like->call, like->self, like->closure, like->bound };
    dd_str name = { (const char *)key, sizeof key };
    const dd_frame *known = dd_map_get(&p->frame_map, name);
    if (known)
        return known;
    dd_frame *f = dd_new(&p->arena, dd_frame);
    *f = *like;
    f->depth = like->up ? like->up->depth + 1 : 1;
    dd_map_put(&p->frame_map, dd_arena_dup(&p->arena, name), f);
    return f;
}

const dd_frame *dd_ev_frame(dd_project *p, const dd_frame *up, const dd_func *fn, const dd_expr *call, dd_value *self, const dd_frame *closure)
{
    dd_frame like = { .up = up, .func = fn, .call = call, .self = self, .closure = closure };
    return frame_intern(p, &like);
}

const dd_frame *dd_ev_frame_bound(dd_project *p, const dd_frame *up, const dd_func *fn, dd_value *self, const dd_frame *closure, dd_value **bound, uint32_t n)
{
    dd_frame like = { .up = up, .func = fn, .self = self, .closure = closure, .bound = bound, .n_bound = n };
    return frame_intern(p, &like);
}

/* --- annotations --- */

static dd_value *typed_value(dd_project *p, dd_value *t)
{
    if (t->kind == DD_V_CLASS)
        return dd_class_is_enum(p, t->cls) ? NULL : dd_v_instance(p, t->cls, NULL, NULL);
    if (t->kind == DD_V_EXTERN && t->step != DD_E_CALL && t->step != DD_E_NEW) {
        const dd_value *root = dd_extern_root(t);
        if (dd_str_eqz(root->name, "builtins") || dd_str_eqz(root->name, "globalThis") || dd_str_eqz(root->name, "typing"))
            return NULL;
        return dd_v_step(p, t, DD_E_TYPED, DD_STR(""));
    }
    return NULL;
}

/* A type written as text: "OpenAI", "openai.OpenAI". */
static dd_value *type_from_text(dd_project *p, const dd_expr *type)
{
    dd_str text = dd_str_trim(type->name), rest = text;
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= 'a' && text.ptr[i] <= 'z') || (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') || (text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
              text.ptr[i] == '_' || text.ptr[i] == '.'))
            return NULL;
    dd_str first = dd_str_cut(&rest, '.');
    if (!first.len || !dd_ev_unit(type))
        return NULL;
    dd_value *v = NULL;
    for (dd_scope *s = type->scope; s && !v; s = s->parent)
        v = dd_ev_scope_name(p, s, first, NULL);
    while (v && rest.len)
        v = dd_ev_member(p, v, dd_str_cut(&rest, '.'), NULL);
    return v ? typed_value(p, v) : NULL;
}

static dd_value *type_of(dd_project *p, const dd_expr *t, int depth);

/* Optional[X], Annotated[X, ...], Union[X, Y], Literal["a", "b"]; what else has arguments is a container. */
static dd_value *type_index(dd_project *p, const dd_expr *t, int depth)
{
    dd_str name = t->a ? t->a->name : DD_STR("");
    const dd_expr *inner = t->b;
    if (dd_str_eqz(name, "Literal") && inner) {
        dd_value *out = NULL;
        for (uint32_t i = 0; inner->kind == DD_X_LIST && i < inner->n_items; i++)
            if (inner->items[i]->kind == DD_X_STRING)
                out = dd_v_either(p, out, dd_ev(p, inner->items[i], NULL));
        if (inner->kind == DD_X_STRING)
            out = dd_ev(p, inner, NULL);
        return out;
    }
    static const char *const open[] = { "Optional", "Annotated", "Union", "Final", "ClassVar", "InstanceOf", "SkipValidation", "Required", "NotRequired",
                                        "Promise", "Readonly", "NonNullable", "Awaitable", "Iterator", "Generator", "AsyncGenerator", "AsyncIterator" };
    for (size_t i = 0; i < DD_COUNT(open); i++) {
        if (!dd_str_eqz(name, open[i]) || !inner)
            continue;
        if (inner->kind != DD_X_LIST)
            return type_of(p, inner, depth + 1);
        for (uint32_t k = 0; k < inner->n_items; k++) {
            dd_value *v = type_of(p, inner->items[k], depth + 1);
            if (v)
                return v;
        }
    }
    return NULL;
}

static dd_value *type_of(dd_project *p, const dd_expr *t, int depth)
{
    if (!t || depth > 6)
        return NULL;
    switch (t->kind) {
    case DD_X_STRING:
        return type_from_text(p, t);
    case DD_X_NAME: case DD_X_MEMBER:
        return typed_value(p, dd_ev(p, t, NULL));
    case DD_X_INDEX:
        return type_index(p, t, depth);
    case DD_X_BINARY: {
        if (!dd_str_eqz(t->name, "|") && !dd_str_eqz(t->name, "&"))
            return NULL;
        dd_value *a = type_of(p, t->a, depth + 1);
        return a ? a : type_of(p, t->b, depth + 1);
    }
    case DD_X_LIST: case DD_X_UNKNOWN:
        for (uint32_t i = 0; i < t->n_items && i < 8; i++) {
            dd_value *v = t->kind == DD_X_UNKNOWN && t->n_items == 1 ? type_of(p, t->items[i], depth + 1) : NULL;
            if (v)
                return v;
        }
        return NULL;
    default:
        return NULL;
    }
}

dd_value *dd_ev_type(dd_project *p, const dd_expr *type)
{
    return type_of(p, type, 0);
}

/* --- the argument of a call --- */

static uint32_t receiver_params(const dd_func *fn)
{
    return fn->cls && !fn->is_static && dd_ev_python(fn->unit) && fn->n_params ? 1 : 0;
}

typedef struct { dd_value *value; bool open; } found_arg;

static dd_value *rest_list(dd_project *p, const dd_expr *call, uint32_t skip, const dd_frame *up)
{
    dd_value *list = dd_v_list(p, dd_newn(&p->arena, dd_value *, call->n_items + 1), 0, call);
    for (uint32_t i = 0; i < call->n_items; i++) {
        const dd_expr *a = call->items[i];
        if (a->kind == DD_X_KEYWORD || a->kind == DD_X_SPREAD_DICT)
            continue;
        if (skip) {
            skip--;
            continue;
        }
        if (a->kind == DD_X_SPREAD) {
            dd_value *v = dd_ev(p, a->a, up);
            for (uint32_t k = 0; v->kind == DD_V_LIST && k < v->n_items && k < 16; k++)
                list = dd_v_list_add(p, list, v->items[k]);
            list->open = list->open || v->kind != DD_V_LIST || v->open;
        } else {
            list = dd_v_list_add(p, list, dd_ev(p, a, up));
        }
    }
    return list;
}

static bool is_named_param(const dd_func *fn, dd_str name)
{
    for (uint32_t i = 0; i < fn->n_params; i++)
        if (fn->params[i].kind != DD_P_REST_DICT && fn->params[i].kind != DD_P_REST && dd_str_eq(fn->params[i].name, name))
            return true;
    return false;
}

static dd_value *rest_dict(dd_project *p, const dd_func *fn, const dd_expr *call, const dd_frame *up)
{
    dd_value *d = dd_v_new(p, DD_V_DICT, call);
    for (uint32_t i = 0; i < call->n_items; i++) {
        const dd_expr *a = call->items[i];
        if (a->kind == DD_X_SPREAD_DICT)
            d = dd_v_dict_merge(p, d, dd_ev(p, a->a, up), false);
        else if (a->kind == DD_X_KEYWORD && !is_named_param(fn, a->name))
            d = dd_v_dict_set(p, d, a->name, dd_ev(p, a->b, up), false);
    }
    return d;
}

static found_arg named_arg(dd_project *p, const dd_expr *call, dd_str name, const dd_frame *up)
{
    found_arg out = { NULL, false };
    for (uint32_t i = 0; i < call->n_items; i++) {
        const dd_expr *a = call->items[i];
        if (a->kind == DD_X_KEYWORD && dd_str_eq(a->name, name))
            out.value = dd_ev(p, a->b, up);
        if (a->kind != DD_X_SPREAD_DICT)
            continue;
        dd_value *d = dd_ev(p, a->a, up);
        dd_value *v = d->kind == DD_V_DICT || d->kind == DD_V_DATA ? dd_v_dict_find(d, name) : NULL;
        out.value = v ? v : out.value;
        out.open = out.open || (!v && (d->kind != DD_V_DICT || d->open));
    }
    return out;
}

static found_arg positional_arg(dd_project *p, const dd_expr *call, uint32_t at, const dd_frame *up)
{
    for (uint32_t i = 0; i < call->n_items; i++) {
        const dd_expr *a = call->items[i];
        if (a->kind == DD_X_KEYWORD || a->kind == DD_X_SPREAD_DICT)
            continue;
        if (a->kind == DD_X_SPREAD) {
            dd_value *v = dd_ev(p, a->a, up);
            if (v->kind != DD_V_LIST || v->open)
                return (found_arg){ NULL, true };
            if (at < v->n_items)
                return (found_arg){ v->items[at], false };
            at -= v->n_items;
            continue;
        }
        if (at-- == 0)
            return (found_arg){ dd_ev(p, a, up), false };
    }
    return (found_arg){ NULL, false };
}

dd_value *dd_ev_arg(dd_project *p, const dd_expr *call, uint32_t i, const dd_frame *f)
{
    return call ? positional_arg(p, call, i, f).value : NULL;
}

dd_value *dd_ev_keyword(dd_project *p, const dd_expr *call, const char *name, const dd_frame *f)
{
    return call ? named_arg(p, call, dd_str_z(name), f).value : NULL;
}

static found_arg argument(dd_project *p, const dd_func *fn, uint32_t index, const dd_frame *f)
{
    const dd_param *param = &fn->params[index];
    uint32_t first = receiver_params(fn);
    if (param->kind == DD_P_REST)
        return (found_arg){ rest_list(p, f->call, index - first, f->up), false };
    if (param->kind == DD_P_REST_DICT)
        return (found_arg){ rest_dict(p, fn, f->call, f->up), false };
    found_arg by_name = param->name.len && dd_ev_python(fn->unit) ? named_arg(p, f->call, param->name, f->up) : (found_arg){ NULL, false };
    if (by_name.value || param->kind == DD_P_KEYWORD_ONLY)
        return by_name;
    found_arg by_place = index >= first ? positional_arg(p, f->call, index - first, f->up) : (found_arg){ NULL, false };
    by_place.open = by_place.open || by_name.open;
    return by_place;
}

/* --- without an argument --- */

static bool user_object(dd_str name)
{
    static const char *const names[] = { "req", "request", "body", "event", "ctx", "context" };
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(name, names[i]))
            return true;
    return false;
}

static dd_value *unknown_param(dd_project *p, dd_func *fn, uint32_t index)
{
    const dd_param *param = &fn->params[index];
    dd_value *v = dd_v_unknown(p, "", NULL);
    v->unit = fn->unit;
    v->text = user_object(param->name) ? DD_STR("user-input") : dd_arena_printf(&p->arena, "parameter " DD_STR_FMT, DD_STR_ARG(param->name.len ? param->name : DD_STR("object")));
    v->param_func = fn;
    v->param_index = index;
    v->whole_param = true;
    if (param->kind == DD_P_REST_DICT) {
        v->kind = DD_V_DICT;
        v->open = true;
    }
    return v;
}

/* Objects only: a model that callers hand over is theirs to name (M-12), a client is what the parameter is. */
static dd_value *object_only(dd_project *p, dd_value *v, void *vctx)
{
    (void)vctx;
    switch (v->kind) {
    case DD_V_EXTERN: case DD_V_FUNC: case DD_V_CLASS: case DD_V_MODULE:
        return v;
    case DD_V_INSTANCE:
        return v->call ? dd_v_instance(p, v->cls, NULL, NULL) : v;
    default:
        return dd_v_unknown(p, "caller", NULL);
    }
}

static dd_value *from_callers(dd_project *p, dd_func *fn, uint32_t index)
{
    dd_caller callers[DD_EV_CALLERS];
    p->caller_depth++;
    size_t    n = dd_callers(p, fn, callers, DD_COUNT(callers));
    dd_value *out = NULL;
    for (size_t i = 0; i < n; i++) {
        dd_frame like = { .up = callers[i].frame, .func = fn, .call = callers[i].call };
        const dd_frame *f = frame_intern(p, &like);
        found_arg a = argument(p, fn, index, f);
        if (!a.value)
            continue;
        dd_value *v = dd_v_map(p, a.value, object_only, NULL);
        if (dd_v_known(v))
            out = dd_v_either(p, out, v);
    }
    p->caller_depth--;
    if (out && out->kind == DD_V_CHOICE) {           /* the unknown among them say nothing about an object */
        dd_value *kept = NULL;
        for (uint32_t i = 0; i < out->n_items; i++)
            if (out->items[i]->kind != DD_V_UNKNOWN)
                kept = dd_v_either(p, kept, out->items[i]);
        out = kept;
    }
    return out;
}

dd_value *dd_ev_param_object(dd_project *p, const dd_value *v)
{
    dd_func *fn = (dd_func *)v->param_func;
    if (v->kind != DD_V_UNKNOWN || !fn || !v->whole_param || v->param_index >= fn->n_params)
        return NULL;
    const dd_param *param = &fn->params[v->param_index];
    if (param->kind == DD_P_REST || param->kind == DD_P_REST_DICT || p->caller_depth >= 3 || p->depth > DD_EV_DEPTH - 24)
        return NULL;
    dd_value *out;
    dd_memo   m;
    if (dd_memo_enter(p, param, NULL, NULL, &m, &out)) {
        out = from_callers(p, fn, v->param_index);
        out = dd_memo_leave(p, &m, out ? out : dd_v_none(p, NULL));
    }
    return dd_v_known(out) ? out : NULL;
}

/* Depends(get_client), Option("x"), Query("x"): defaults that frameworks wrap. */
static dd_value *unwrap_default(dd_project *p, dd_value *v)
{
    static const char *const wrapped[] = { "typer.Option", "typer.Argument", "fastapi.Query", "fastapi.Body", "fastapi.Form", "fastapi.Header",
                                           "fastapi.Path", "fastapi.Cookie", "pydantic.Field" };
    if (v->kind != DD_V_EXTERN || v->step != DD_E_CALL || !v->call)
        return v;
    if (dd_lib_path_is(v->parent, "fastapi.Depends") || dd_lib_path_is(v->parent, "fastapi.params.Depends") || dd_lib_path_is(v->parent, "fastapi.Security")) {
        dd_value *fn = dd_ev_arg(p, v->call, 0, v->frame);
        fn = fn ? fn : dd_ev_keyword(p, v->call, "dependency", v->frame);
        if (fn && fn->kind == DD_V_CLASS)
            return dd_v_instance(p, fn->cls, NULL, NULL);
        return fn && fn->kind == DD_V_FUNC ? dd_ev_call_func(p, fn, NULL, NULL) : v;
    }
    for (size_t i = 0; i < DD_COUNT(wrapped); i++) {
        if (!dd_lib_path_is(v->parent, wrapped[i]))
            continue;
        dd_value *d = dd_ev_keyword(p, v->call, "default", v->frame);
        d = d ? d : dd_ev_arg(p, v->call, 0, v->frame);
        return d && !(d->kind == DD_V_EXTERN) ? d : dd_v_none(p, v->call);
    }
    return v;
}

static dd_value *default_value(dd_project *p, dd_func *fn, uint32_t index, const dd_frame *f)
{
    const dd_param *param = &fn->params[index];
    dd_value *d = param->deflt ? unwrap_default(p, dd_ev(p, param->deflt, dd_ev_python(fn->unit) ? NULL : f)) : NULL;
    if (!d)
        d = dd_lib_cli_param(p, fn, param->name);
    if (!d || d->kind == DD_V_NONE)
        return NULL;
    if (d->kind == DD_V_DICT && !(f && f->call)) {   /* = {}: callers may bring more */
        d = dd_v_dict_merge(p, d, unknown_param(p, fn, index), false);
        for (uint32_t i = 0; i < d->n_entries; i++)
            d->entries[i].value->maybe = false;
    }
    d = dd_v_stamp(p, d, DD_SRC_DEFAULT_PARAM, DD_STR(""));
    return dd_v_chain(p, d, fn->unit, param->deflt ? param->deflt->start : fn->start, "default of parameter " DD_STR_FMT, DD_STR_ARG(param->name));
}

static dd_value *receiver(dd_project *p, dd_func *fn, const dd_frame *f)
{
    if (f && f->self)
        return f->self;
    if (!fn->is_classmethod)
        return dd_v_instance(p, fn->cls, NULL, NULL);
    dd_value *v = dd_v_new(p, DD_V_CLASS, NULL);
    v->cls = fn->cls;
    v->unit = fn->unit;
    return v;
}

/* The function is an argument of a call: [..].map(m => ...), import("x").then(({ A }) => ...). */
static dd_value *callback_param(dd_project *p, dd_func *fn, uint32_t index, const dd_frame *f)
{
    const dd_expr *e = fn->expr, *call = e ? e->up : NULL;
    if (index != 0 || !call || call->kind != DD_X_CALL || !call->a || call->a->kind != DD_X_MEMBER)
        return NULL;
    static const char *const each[] = { "map", "forEach", "filter", "flatMap", "find", "some", "every" };
    dd_str verb = call->a->name;
    const dd_frame *outer = dd_ev_frame_for(f ? f->closure : NULL, dd_scope_func(call->scope));
    for (size_t i = 0; i < DD_COUNT(each); i++)
        if (dd_str_eqz(verb, each[i]))
            return dd_ev_element(p, dd_ev(p, call->a->a, outer));
    if (dd_str_eqz(verb, "then"))
        return dd_ev(p, call->a->a, outer);
    return NULL;
}

static dd_value *unbound_param(dd_project *p, dd_func *fn, uint32_t index, const dd_frame *f)
{
    const dd_param *param = &fn->params[index];
    dd_value *d = default_value(p, fn, index, f);
    dd_value *t = param->type ? dd_ev_type(p, param->type) : NULL;
    if (d)
        return d;
    if (t && t->kind != DD_V_STRING && t->kind != DD_V_CHOICE)
        return t;
    if (t && !(param->deflt || param->optional))     /* Literal[...]: what it may be, not what it is */
        return dd_v_either(p, t, unknown_param(p, fn, index));
    if (param->kind == DD_P_PLAIN || param->kind == DD_P_KEYWORD_ONLY) {
        dd_value *c = callback_param(p, fn, index, f);
        if (c && dd_v_known(c))
            return c;
    }
    return unknown_param(p, fn, index);
}

dd_value *dd_ev_param(dd_project *p, dd_func *fn, uint32_t index, const dd_frame *f)
{
    if (index >= fn->n_params)
        return dd_v_unknown(p, "parameter", NULL);
    const dd_frame *own = dd_ev_frame_for(f, fn);
    if (index == 0 && receiver_params(fn))
        return receiver(p, fn, own);
    if (!own)
        return unbound_param(p, fn, index, f);
    if (own->bound && index < own->n_bound)
        return own->bound[index];
    if (!own->call)
        return unbound_param(p, fn, index, own);
    found_arg a = argument(p, fn, index, own);
    if (a.value) {
        if (a.value->kind == DD_V_UNKNOWN && fn->params[index].type) {
            dd_value *t = dd_ev_type(p, fn->params[index].type);
            if (t && t->kind != DD_V_STRING && t->kind != DD_V_CHOICE)
                return t;
        }
        if (a.value->kind == DD_V_NONE && !dd_ev_python(fn->unit))
            a.value = NULL;                          /* undefined takes the default */
        else
            return a.value;
    }
    dd_value *d = default_value(p, fn, index, own);
    if (d)
        return a.open ? dd_v_maybe(p, d) : d;
    if (!a.open && (fn->params[index].deflt || !dd_ev_python(fn->unit)))
        return dd_v_none(p, own->call);
    return unknown_param(p, fn, index);
}
