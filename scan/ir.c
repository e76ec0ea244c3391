#include "scan/ir.h"

/* Scopes of generated code hold thousands of names: beyond a few, an index of hashes stands beside them. */
dd_binding *dd_scope_find(const dd_scope *s, dd_str name)
{
    if (!s->index) {
        for (uint32_t i = 0; i < s->n_names; i++)
            if (dd_str_eq(s->names[i]->name, name))
                return s->names[i];
        return NULL;
    }
    for (uint64_t h = dd_str_hash(name);; h++) {
        uint32_t at = s->index[h & s->index_mask];
        if (!at)
            return NULL;
        if (dd_str_eq(s->names[at - 1]->name, name))
            return s->names[at - 1];
    }
}

dd_func *dd_scope_func(const dd_scope *s) { return s ? s->func : NULL; }

dd_str dd_expr_step(const dd_expr *e)
{
    if (e && e->kind == DD_X_MEMBER)
        return e->name;
    if (e && e->kind == DD_X_INDEX && e->b && e->b->kind == DD_X_STRING)
        return e->b->name;
    return DD_STR("");
}

dd_expr *dd_call_keyword(const dd_expr *call, const char *name)
{
    for (uint32_t i = 0; call && i < call->n_items; i++)
        if (call->items[i]->kind == DD_X_KEYWORD && dd_str_eqz(call->items[i]->name, name))
            return call->items[i]->b;
    return NULL;
}

dd_expr *dd_call_arg(const dd_expr *call, uint32_t i)
{
    for (uint32_t k = 0; call && k < call->n_items; k++) {
        dd_expr *e = call->items[k];
        if (e->kind == DD_X_SPREAD)
            return NULL;
        if (e->kind == DD_X_KEYWORD || e->kind == DD_X_SPREAD_DICT)
            continue;
        if (i-- == 0)
            return e;
    }
    return NULL;
}

dd_expr *dd_dict_get(const dd_expr *dict, const char *key)
{
    dd_expr *found = NULL;
    if (!dict || dict->kind != DD_X_DICT)
        return NULL;
    for (uint32_t i = 0; i < dict->n_items; i++) {
        const dd_expr *p = dict->items[i];
        if (p->kind == DD_X_PAIR && p->a && p->a->kind == DD_X_STRING && dd_str_eqz(p->a->name, key))
            found = p->b;
    }
    return found;
}

/* Steps from the outside in; long chains are generated code, their head does not matter. */
#define PATH_STEPS 64

void dd_expr_path(const dd_expr *callee, dd_buf *out)
{
    const dd_expr *steps[PATH_STEPS];
    size_t         n = 0;
    const dd_expr *at = callee;
    while (at && n < PATH_STEPS) {
        steps[n++] = at;
        at = at->kind == DD_X_MEMBER || at->kind == DD_X_INDEX || at->kind == DD_X_CALL ? at->a : NULL;
    }
    bool head = true;
    while (n--) {
        const dd_expr *e = steps[n];
        if (e->kind == DD_X_CALL) {
            if (head)
                dd_buf_addz(out, "*");
            dd_buf_addz(out, "()");
            head = false;
            continue;
        }
        if (!head)
            dd_buf_addc(out, '.');
        head        = false;
        dd_str name = e->kind == DD_X_NAME ? e->name : dd_expr_step(e);
        if (name.len)
            dd_buf_add(out, name);
        else
            dd_buf_addz(out, "*");
    }
}
