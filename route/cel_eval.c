/* Evaluation: one function a kind of node. Errors are values: && and || and their macros absorb them, all else hands the first one on. */
#include "route/cel_parts.h"

static const dd_str no_text = { "", 0 };

void cel_fail(dd_cel_value *out, dd_cel_error kind, dd_str about)
{
    *out = (dd_cel_value){ .type = DD_CEL_ERROR, .kind = (uint8_t)kind, .s = about };
}

static void fail_at(const cel_node *n, dd_cel_value *out, dd_cel_error kind, dd_str about)
{
    cel_fail(out, kind, about);
    out->at = n->at;
}

bool cel_take(cel_frame *f, size_t n, dd_cel_value *out)
{
    if (n > INT32_MAX || (f->steps -= (int64_t)n) < 0) {
        f->steps = -1;
        cel_fail(out, DD_CEL_E_LIMIT, no_text);
        return false;
    }
    return true;
}

void cel_run_const(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    (void)f;
    *out = n->value;
}

void cel_run_name(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    (void)f;
    fail_at(n, out, DD_CEL_E_NAME, n->name);
}

void cel_run_var(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    dd_cel_value *v = f->vars ? &f->vars->values[n->index] : NULL;
    if (v && v->type == DD_CEL_UNSET && (!f->vars->fill || !f->vars->fill(f->vars->ctx, n->index, v)))
        v = NULL;
    if (v && v->type != DD_CEL_UNSET)
        *out = *v;
    else
        fail_at(n, out, DD_CEL_E_NAME, dd_str_z(f->env->vars[n->index].name));
}

void cel_run_local(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    *out = f->locals[n->index];
}

static const dd_cel_value *find_member(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    dd_cel_value of, key = dd_cel_string(n->name);
    n->kids[0]->run(n->kids[0], f, &of);
    *out = of;
    if (of.type == DD_CEL_ERROR)
        return NULL;
    if (of.type != DD_CEL_MAP) {
        fail_at(n, out, DD_CEL_E_FIELD, n->name);
        return NULL;
    }
    return cel_take(f, 1 + of.map.n / 8, out) ? cel_find(&of, &key) : NULL;
}

void cel_run_select(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    const dd_cel_value *found = find_member(n, f, out);
    if (found)
        *out = *found;
    else if (out->type != DD_CEL_ERROR)
        fail_at(n, out, DD_CEL_E_KEY, n->name);
}

void cel_run_has(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    if (n->n == 0) { /* a variable with dots in its name */
        cel_run_var(n, f, out);
        if (out->type != DD_CEL_ERROR)
            *out = dd_cel_bool(out->type != DD_CEL_NULL);
        return;
    }
    const dd_cel_value *found = find_member(n, f, out);
    if (out->type != DD_CEL_ERROR)
        *out = dd_cel_bool(found != NULL);
}

static bool takes(const cel_row *row, const cel_node *n, const dd_cel_value *a)
{
    if (row->n != n->n || !(row->style & (n->receiver ? CEL_RECEIVER : CEL_GLOBAL)))
        return false;
    for (size_t i = 0; i < row->n; i++)
        if (!(row->args[i] >> a[i].type & 1))
            return false;
    return true;
}

static void call(const cel_node *n, cel_frame *f, const dd_cel_value *a, dd_cel_value *out)
{
    for (size_t i = 0; i < n->n_rows; i++)
        if (takes(&n->rows[i], n, a)) {
            n->rows[i].fn(f, n, a, out);
            if (out->type == DD_CEL_ERROR)
                out->at = n->at;
            return;
        }
    fail_at(n, out, n->rows ? DD_CEL_E_OVERLOAD : DD_CEL_E_NAME, n->name);
}

void cel_run_call(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    dd_cel_value a[CEL_ARGS];
    if (!cel_take(f, 1, out))
        return;
    for (size_t i = 0; i < n->n; i++) {
        dd_cel_value *to = i < CEL_ARGS ? &a[i] : out; /* more than any function takes: still evaluated, for their errors */
        n->kids[i]->run(n->kids[i], f, to);
        if (to->type == DD_CEL_ERROR) {
            *out = *to;
            return;
        }
    }
    if (n->n > CEL_ARGS)
        fail_at(n, out, DD_CEL_E_OVERLOAD, n->name);
    else
        call(n, f, a, out);
}

/* Kids until one is `stop`; that decides, whatever failed before. */
static void run_logic(const cel_node *n, cel_frame *f, dd_cel_value *out, bool stop)
{
    dd_cel_value failed = dd_cel_bool(!stop);
    for (size_t i = 0; i < n->n; i++) {
        n->kids[i]->run(n->kids[i], f, out);
        if (out->type == DD_CEL_BOOL) {
            if (out->b == stop)
                return;
            continue;
        }
        if (out->type != DD_CEL_ERROR)
            fail_at(n, out, DD_CEL_E_OVERLOAD, n->name);
        if (failed.type != DD_CEL_ERROR)
            failed = *out;
    }
    *out = failed;
}

void cel_run_and(const cel_node *n, cel_frame *f, dd_cel_value *out) { run_logic(n, f, out, false); }
void cel_run_or(const cel_node *n, cel_frame *f, dd_cel_value *out) { run_logic(n, f, out, true); }

void cel_run_cond(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    n->kids[0]->run(n->kids[0], f, out);
    if (out->type == DD_CEL_ERROR)
        return;
    if (out->type != DD_CEL_BOOL) {
        fail_at(n, out, DD_CEL_E_OVERLOAD, DD_STR("?:"));
        return;
    }
    const cel_node *way = n->kids[out->b ? 1 : 2];
    way->run(way, f, out);
}

void cel_run_list(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    if (!cel_take(f, 1 + n->n, out))
        return;
    dd_cel_value *items = dd_arena_alloc(f->arena, (n->n + !n->n) * sizeof *items);
    for (size_t i = 0; i < n->n; i++) {
        n->kids[i]->run(n->kids[i], f, &items[i]);
        if (items[i].type == DD_CEL_ERROR) {
            *out = items[i];
            return;
        }
    }
    *out = dd_cel_list(items, n->n);
}

static bool run_entry(const cel_node *n, cel_frame *f, dd_cel_value *map, dd_cel_entry *to, dd_cel_value *out)
{
    static const unsigned keys = CEL_BIT(BOOL) | CEL_BIT(INT) | CEL_BIT(UINT) | CEL_BIT(STRING);
    cel_node *const      *pair = n->kids + map->map.n * 2;
    pair[0]->run(pair[0], f, &to->key);
    if (to->key.type == DD_CEL_ERROR)
        *out = to->key;
    else if (!(keys >> to->key.type & 1))
        fail_at(pair[0], out, DD_CEL_E_KEY_TYPE, cel_name(&to->key));
    else if (!cel_take(f, 1 + map->map.n / 8, out))
        return false;
    else if (cel_find(map, &to->key))
        fail_at(pair[0], out, DD_CEL_E_REPEATED, to->key.type == DD_CEL_STRING ? to->key.s : no_text);
    else {
        pair[1]->run(pair[1], f, &to->value);
        *out = to->value;
    }
    return out->type != DD_CEL_ERROR;
}

void cel_run_map(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    if (!cel_take(f, 1 + n->n, out))
        return;
    dd_cel_entry *entries = dd_arena_alloc(f->arena, (n->n / 2 + !n->n) * sizeof *entries);
    dd_cel_value  map = dd_cel_map(entries, 0);
    for (size_t i = 0; i < n->n / 2; i++, map.map.n++)
        if (!run_entry(n, f, &map, &entries[i], out))
            return;
    *out = map;
}

/* --- macros: each sees an item's filter and body, and says whether to go on --- */
typedef struct {
    const cel_node *n;
    cel_frame      *f;
    dd_cel_value    result; /* of all and exists: until an item decides */
    dd_cel_value   *items;
    size_t          found;
} loop;

/* all (stop false), exists (stop true) */
static bool step_quantifier(loop *l, dd_cel_value *v, bool stop)
{
    l->n->kids[2]->run(l->n->kids[2], l->f, v);
    if (v->type == DD_CEL_BOOL && v->b == stop) {
        l->result = *v;
        return false;
    }
    if (v->type == DD_CEL_BOOL)
        return true;
    if (v->type != DD_CEL_ERROR)
        fail_at(l->n, v, DD_CEL_E_OVERLOAD, l->n->name);
    if (l->result.type != DD_CEL_ERROR)
        l->result = *v;
    return true;
}

/* A predicate that is no bool fails the whole. */
static bool ask(loop *l, const cel_node *predicate, dd_cel_value *v)
{
    predicate->run(predicate, l->f, v);
    if (v->type == DD_CEL_BOOL)
        return true;
    if (v->type != DD_CEL_ERROR)
        fail_at(predicate, v, DD_CEL_E_OVERLOAD, l->n->name);
    l->result = *v;
    return false;
}

static bool step_all(loop *l, const dd_cel_value *item, dd_cel_value *v)
{
    (void)item;
    return step_quantifier(l, v, false);
}

static bool step_exists(loop *l, const dd_cel_value *item, dd_cel_value *v)
{
    (void)item;
    return step_quantifier(l, v, true);
}

static bool step_exists_one(loop *l, const dd_cel_value *item, dd_cel_value *v)
{
    (void)item;
    if (!ask(l, l->n->kids[2], v))
        return false;
    l->found += v->b;
    l->result = dd_cel_bool(l->found == 1);
    return true;
}

static bool step_collect(loop *l, const dd_cel_value *item, dd_cel_value *v)
{
    if (l->n->kids[1]) {
        if (!ask(l, l->n->kids[1], v))
            return false;
        if (!v->b)
            return true;
    }
    *v = *item;
    if (l->n->kids[2])
        l->n->kids[2]->run(l->n->kids[2], l->f, v);
    if (v->type == DD_CEL_ERROR) {
        l->result = *v;
        return false;
    }
    l->items[l->found++] = *v;
    l->result = dd_cel_list(l->items, l->found);
    return true;
}

static bool (*const steps[])(loop *, const dd_cel_value *, dd_cel_value *) = {
    [CEL_ALL] = step_all, [CEL_EXISTS] = step_exists, [CEL_EXISTS_ONE] = step_exists_one, [CEL_MAP] = step_collect, [CEL_FILTER] = step_collect,
};

static void run_items(loop *l, const dd_cel_value *range, dd_cel_value *out)
{
    bool   map = range->type == DD_CEL_MAP;
    size_t n = map ? range->map.n : range->list.n;
    if (l->n->loop == CEL_MAP || l->n->loop == CEL_FILTER) {
        l->items = dd_arena_alloc(l->f->arena, (n + !n) * sizeof *l->items);
        l->result = dd_cel_list(l->items, 0);
    }
    for (size_t i = 0; i < n; i++) {
        if (!cel_take(l->f, 2, out))
            return;
        const dd_cel_value *item = map ? &range->map.entries[i].key : &range->list.items[i];
        l->f->locals[l->n->index] = *item;
        if (!steps[l->n->loop](l, item, out))
            break;
    }
    *out = l->result;
}

void cel_run_loop(const cel_node *n, cel_frame *f, dd_cel_value *out)
{
    loop         l = { .n = n, .f = f, .result = dd_cel_bool(n->loop == CEL_ALL) };
    dd_cel_value range;
    n->kids[0]->run(n->kids[0], f, &range);
    *out = range;
    if (range.type == DD_CEL_ERROR)
        return;
    if (range.type != DD_CEL_LIST && range.type != DD_CEL_MAP)
        fail_at(n, out, DD_CEL_E_OVERLOAD, n->name);
    else
        run_items(&l, &range, out);
}

/* --- from outside --- */
dd_code dd_cel_eval(const dd_cel *p, const dd_cel_vars *vars, dd_arena *scratch, dd_cel_value *out, dd_err *err)
{
    cel_frame f;
    f.vars = vars;
    f.env = p->env;
    f.arena = scratch;
    f.steps = DD_CEL_MAX_STEPS;
    p->root->run(p->root, &f, out);
    if (f.steps < 0) /* whatever absorbed it */
        cel_fail(out, DD_CEL_E_LIMIT, no_text);
    if (out->type != DD_CEL_ERROR)
        return DD_OK;
    if (err) {
        dd_buf text = DD_BUF_INIT(sizeof err->msg);
        dd_cel_print(out, &text);
        dd_fail(err, DD_ERR_RANGE, DD_STR_FMT, DD_STR_ARG(dd_buf_str(&text)));
        dd_buf_free(&text);
    }
    return DD_ERR_RANGE;
}

bool dd_cel_test(const dd_cel *p, const dd_cel_vars *vars, dd_arena *scratch)
{
    dd_cel_value v;
    return dd_cel_eval(p, vars, scratch, &v, NULL) == DD_OK && v.type == DD_CEL_BOOL && v.b;
}
