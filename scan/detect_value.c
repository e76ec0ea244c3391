/* scan/detect_value.c - what detectors ask of values: arguments by key, texts, models with their source. */
#include "scan/detect_tables.h"

enum { MAX_MODELS = 16, MAX_CHAIN = 16, MAX_CALLERS = 32 };

dd_value *dd_args_of_value(dd_project *p, const dd_value *v, dd_value **positional)
{
    if (positional)
        *positional = NULL;
    if (!v || !v->call || (v->call->kind != DD_X_CALL && v->call->kind != DD_X_NEW))
        return NULL;
    return dd_eval_arguments(p, v->call, v->frame, positional);
}

static dd_value *get_one(dd_project *p, const dd_value *v, dd_str key);

/* One of several objects: only what all of them say alike. */
static dd_value *get_alike(dd_project *p, const dd_value *v, dd_str key)
{
    dd_value *one = NULL;
    for (uint32_t i = 0; i < v->n_items; i++) {
        const dd_value *item = v->items[i];
        dd_value *got = item->kind == DD_V_DICT || item->kind == DD_V_DATA ? get_one(p, item, key) : NULL;
        if (!got || (one && (got->kind != one->kind || (got->kind != DD_V_NUMBER && got->kind != DD_V_STRING))))
            return NULL;
        if (one && (got->kind == DD_V_NUMBER ? got->number != one->number : !dd_str_eq(got->text, one->text)))
            return NULL;
        one = got;
    }
    return one;
}

static dd_value *get_one(dd_project *p, const dd_value *v, dd_str key)
{
    char z[96];
    int64_t at;
    if (!v || key.len >= sizeof z)
        return NULL;
    if (v->kind == DD_V_CHOICE)
        return get_alike(p, v, key);
    if (v->kind == DD_V_LIST)
        return dd_parse_i64(key, &at) && at >= 0 && at < v->n_items ? v->items[at] : NULL;
    memcpy(z, key.ptr, key.len);
    z[key.len] = 0;
    if (v->kind == DD_V_EXTERN || (v->kind == DD_V_INSTANCE && v->call)) {
        dd_value *args = dd_args_of_value(p, v, NULL), *hit = args ? dd_value_get(args, z) : NULL;
        if (hit || v->kind == DD_V_EXTERN)
            return hit;
    }
    if (v->kind == DD_V_INSTANCE) {
        dd_value *m = dd_value_member(p, (dd_value *)(uintptr_t)v, key);
        return m && m->kind != DD_V_UNKNOWN ? m : NULL;
    }
    return dd_value_get(v, z);
}

dd_value *dd_args_get(dd_project *p, const dd_value *args, const char *dotted)
{
    dd_str rest = dd_str_z(dotted);
    const dd_value *v = args;
    while (v && rest.len)
        v = get_one(p, v, dd_str_cut(&rest, '.'));
    return (dd_value *)(uintptr_t)v;
}

static bool given(const dd_value *v)
{
    return v && v->kind != DD_V_NONE && !(v->kind == DD_V_STRING && v->text.len == 0);
}

dd_value *dd_args_first(dd_project *p, const dd_value *args, const char *const *keys)
{
    for (int i = 0; keys && keys[i]; i++) {
        dd_value *v = dd_args_get(p, args, keys[i]);
        if (given(v))
            return v;
    }
    return NULL;
}

dd_value *dd_positional(const dd_value *list, int at)
{
    return list && list->kind == DD_V_LIST && at > 0 && (uint32_t)at <= list->n_items ? list->items[at - 1] : NULL;
}

bool dd_inside(const dd_expr *outer, const dd_expr *inner)
{
    return inner->scope && outer->scope && inner->scope->unit == outer->scope->unit && inner->start >= outer->start && inner->end <= outer->end;
}

static const dd_expr *json_argument(const dd_expr *e)
{
    static const char names[] = "stringify|dumps|encode|dict|from|String|bytes|jsonable_encoder|omit_by|model_dump";
    if (!e || e->kind != DD_X_CALL || !e->a || !dd_word_in(names, e->name))
        return NULL;
    if (dd_str_eqz(e->name, "encode") || dd_str_eqz(e->name, "model_dump"))   /* json.dumps(x).encode() */
        return e->n_items == 0 || e->a->kind == DD_X_MEMBER ? e->a->a : NULL;
    return e->n_items ? dd_call_arg(e, 0) : NULL;
}

dd_value *dd_body_value(const dd_ctx *c, const dd_expr *e, dd_value *v)
{
    for (int i = 0; i < 4; i++) {
        if (v && (v->kind == DD_V_DICT || v->kind == DD_V_DATA || v->kind == DD_V_INSTANCE))
            return v;
        const dd_expr *inner = json_argument(e);
        if (!inner)
            inner = v ? json_argument(v->expr) : NULL;
        if (!inner)
            return NULL;
        e = inner;
        v = dd_eval(c->p, inner, c->frame);
    }
    return NULL;
}

static bool text_into(const dd_value *v, dd_buf *out, int depth)
{
    bool any = false;
    if (v && v->kind == DD_V_STRING) {
        dd_buf_add(out, v->text);
        return true;
    }
    if (v && v->kind == DD_V_TEXT && depth < 8) {
        for (uint32_t i = 0; i < v->n_items; i++)
            any |= text_into(v->items[i], out, depth + 1);
        return any;
    }
    if (v && v->kind == DD_V_CHOICE && depth < 8)
        for (uint32_t i = 0; i < v->n_items; i++)
            if (v->items[i]->kind == DD_V_STRING || v->items[i]->kind == DD_V_TEXT)
                return text_into(v->items[i], out, depth + 1);
    dd_buf_addc(out, '\x01');
    return false;
}

bool dd_value_text(const dd_value *v, dd_buf *out)
{
    return text_into(v, out, 0);
}

/* --- the model --- */
static void copy_chain(const dd_ctx *c, dd_site *site, const dd_value *v)
{
    size_t n = 0;
    for (const struct dd_value_chain *k = v->chain; k && n < MAX_CHAIN; k = k->next)
        n++;
    dd_step *steps = dd_newn(c->arena, dd_step, n ? n : 1);
    size_t i = 0;
    for (const struct dd_value_chain *k = v->chain; k && i < n; k = k->next, i++) {
        dd_place at = k->unit ? dd_source_place(k->unit->file, k->pos) : (dd_place){ 0, -1, 0 };
        steps[i] = (dd_step){ .path = k->unit ? k->unit->file->path : DD_STR(""), .line = at.line, .cell = at.cell, .what = k->what };
    }
    site->chain = steps;
    site->n_chain = n;
}

/* Literal only inside the call itself; else the file it stands in says which constant it is. */
static dd_source constant_source(const dd_ctx *c, const dd_value *v, const dd_unit_ir *other)
{
    const dd_unit_ir *home = v->expr && v->expr->scope ? v->expr->scope->unit : other;
    if (!other && v->expr && dd_inside(c->call, v->expr))
        return DD_SRC_LITERAL;
    if (v->source == DD_SRC_CONST_CROSS_FILE || (home && home != c->unit))
        return DD_SRC_CONST_CROSS_FILE;
    return home || v->source == DD_SRC_CONST_SAME_FILE ? DD_SRC_CONST_SAME_FILE : v->source;
}

static void set_string(const dd_ctx *c, dd_site *site, const dd_value *v, const dd_unit_ir *other)
{
    site->model = v->text;
    site->model_source = v->kind == DD_V_DATA ? DD_SRC_CONFIG_FILE : v->source;
    if (site->model_source == DD_SRC_DYNAMIC)
        site->model_source = DD_SRC_LITERAL;
    if (site->model_source <= DD_SRC_CONST_CROSS_FILE)
        site->model_source = constant_source(c, v, other);
    site->env_var = v->env_var;
    copy_chain(c, site, v);
}

/* M-12: what callers of the wrapper pass for the parameter the model comes from. */
static void set_variants(const dd_ctx *c, dd_site *site, const dd_value *v)
{
    dd_caller callers[MAX_CALLERS];
    const dd_func *f = v->param_func;
    if (!f || v->param_index >= f->n_params)
        return;
    dd_str name = f->params[v->param_index].name;
    char key[96];
    size_t n = dd_callers(c->p, f, callers, MAX_CALLERS), found = 0;
    dd_str *list = dd_newn(c->arena, dd_str, MAX_CALLERS);
    if (!name.len || name.len >= sizeof key)
        return;
    memcpy(key, name.ptr, name.len);
    key[name.len] = 0;
    int shift = f->cls && !f->is_static && f->unit && f->unit->file->lang != DD_LANG_JAVASCRIPT && f->unit->file->lang != DD_LANG_TYPESCRIPT && f->unit->file->lang != DD_LANG_TSX;
    for (size_t i = 0; i < n; i++) {
        dd_value *pos = NULL, *args = dd_eval_arguments(c->p, callers[i].call, callers[i].frame, &pos);
        dd_value *got = args ? dd_value_get(args, key) : NULL;
        if (!got)
            got = dd_positional(pos, (int)v->param_index - shift + 1);
        bool seen = !got || got->kind != DD_V_STRING;
        for (size_t k = 0; !seen && k < found; k++)
            seen = dd_str_eq(list[k], got->text);
        if (!seen)
            list[found++] = got->text;
    }
    site->variants = list;
    site->n_variants = found;
}

static void set_choice(const dd_ctx *c, dd_site *site, const dd_value *v, const dd_unit_ir *other)
{
    const dd_value *found[MAX_MODELS];
    bool complete = false;
    size_t n = dd_value_strings(v, found, MAX_MODELS, &complete);
    if (n == 1 && complete) {
        set_string(c, site, found[0], other);
        return;
    }
    dd_str *names = dd_newn(c->arena, dd_str, n ? n : 1);
    for (size_t i = 0; i < n; i++)
        if (found[i]->text.len)
            names[site->n_candidates++] = found[i]->text;
    site->candidates = names;
    site->model_cause = DD_STR("choice");
    copy_chain(c, site, v);
}

/* A model object of the project's own: the id it was made with (M-23). What was handed to its constructor is not the class's own. */
static const dd_value *id_of_object(const dd_ctx *c, const dd_value *v)
{
    static const char *const names[] = { "modelId", "model_id", "model", "model_name", "modelName" };
    for (size_t i = 0; v->call && i < DD_COUNT(names); i++) {
        const dd_value *m = dd_value_member(c->p, (dd_value *)v, dd_str_z(names[i]));
        if (m->kind != DD_V_STRING || !m->text.len)
            continue;
        dd_value *own = dd_new(c->arena, dd_value);
        *own = *m;
        bool in_class = m->unit == v->cls->unit && m->expr && m->expr->start >= v->cls->start && m->expr->end <= v->cls->end;
        if (m->source == DD_SRC_CLASS_ATTR && m->expr && !in_class)
            own->source = DD_SRC_LITERAL;
        return own;
    }
    return NULL;
}

void dd_model_set(const dd_ctx *c, dd_site *site, const dd_value *v, const dd_unit_ir *other)
{
    site->model = DD_STR_NULL;
    site->model_source = DD_SRC_DYNAMIC;
    if (!v || v->kind == DD_V_NONE) {
        site->model_cause = DD_STR("no model argument");
        return;
    }
    site->model_cause = DD_STR("runtime");
    switch (v->kind) {
    case DD_V_STRING:
        if (v->text.len) {
            site->model_cause = DD_STR("");
            set_string(c, site, v, other);
        }
        break;
    case DD_V_DATA:
        if (v->text.len)
            set_string(c, site, v, other);
        break;
    case DD_V_CHOICE: set_choice(c, site, v, other); break;
    case DD_V_TEXT:   site->model_cause = DD_STR("built at run time"); copy_chain(c, site, v); break;
    case DD_V_UNKNOWN:
        if (v->text.len)
            site->model_cause = v->text;
        site->env_var = v->env_var;
        copy_chain(c, site, v);
        set_variants(c, site, v);
        break;
    case DD_V_INSTANCE: {
        const dd_value *id = id_of_object(c, v);
        site->model_cause = id ? DD_STR("") : DD_STR("model object");
        if (id)
            set_string(c, site, id, other);
        break;
    }
    case DD_V_EXTERN:
        if (v->step == DD_E_CALL || v->step == DD_E_NEW || v->step == DD_E_TYPED)
            site->model_cause = DD_STR("model object");
        break;
    default: break;
    }
}

static int64_t number_of(const dd_value *v)
{
    int64_t n;
    if (v->kind == DD_V_NUMBER && v->number >= 0 && v->number < 1e9)
        return (int64_t)v->number;
    if (v->kind == DD_V_STRING && dd_parse_i64(v->text, &n) && n >= 0)
        return n;
    if (v->kind != DD_V_CHOICE || !v->n_items)
        return -1;
    int64_t first = number_of(v->items[0]);
    for (uint32_t i = 1; i < v->n_items; i++)
        if (number_of(v->items[i]) != first)
            return -1;
    return first;
}

int64_t dd_value_cap(dd_project *p, const dd_value *args, const char *const *keys, bool *set)
{
    for (int i = 0; keys && keys[i]; i++) {
        dd_value *v = dd_args_get(p, args, keys[i]);
        if (!given(v))
            continue;
        *set = true;
        return number_of(v);
    }
    return -1;
}
