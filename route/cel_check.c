/* Names become variables, calls rows of the table, and types are checked as far as they are known; what is constant is computed here, once. */
#include "base/near.h"
#include "route/cel_parts.h"

const cel_type cel_types[DD_CEL_TYPES] = {
    { DD_CEL_DYN, NULL, NULL }, { DD_CEL_NULL, NULL, NULL }, { DD_CEL_BOOL, NULL, NULL }, { DD_CEL_INT, NULL, NULL }, { DD_CEL_UINT, NULL, NULL },
    { DD_CEL_DOUBLE, NULL, NULL }, { DD_CEL_STRING, NULL, NULL }, { DD_CEL_BYTES, NULL, NULL }, { DD_CEL_LIST, NULL, NULL },
    { DD_CEL_MAP, NULL, NULL }, { DD_CEL_TIMESTAMP, NULL, NULL }, { DD_CEL_DURATION, NULL, NULL }, { DD_CEL_TYPE, NULL, NULL },
    { DD_CEL_DYN, NULL, NULL }, { DD_CEL_DYN, NULL, NULL },
};

typedef struct {
    cel_source       *src;
    const dd_cel_env *env;
    dd_str            locals[CEL_MAX_LOCALS];
    const cel_type   *local_types[CEL_MAX_LOCALS];
    size_t            n_locals;
    int64_t           steps; /* left for computing constants */
} checker;

static dd_code check(checker *c, cel_node *n);

static const cel_type *any_if_null(const cel_type *t) { return t ? t : &cel_types[DD_CEL_DYN]; }

static const cel_type *make_type(checker *c, dd_cel_type t, const cel_type *key, const cel_type *of)
{
    cel_type *made = dd_new(c->src->arena, cel_type);
    *made = (cel_type){ t, key, of };
    return made;
}

static bool is_bool(const cel_node *n) { return n->type->t == DD_CEL_BOOL || n->type->t == DD_CEL_DYN; }

/* --- constants --- */
/* Reads nothing but itself: no variable, and no local of a macro around it. */
static bool is_closed(const cel_node *n, size_t locals)
{
    if (n->kind == CEL_N_VAR || n->kind == CEL_N_NAME || (n->kind == CEL_N_HAS && n->n == 0))
        return false;
    if (n->kind == CEL_N_LOCAL)
        return n->index >= locals;
    for (size_t i = 0; i < n->n; i++)
        if (n->kids[i] && !is_closed(n->kids[i], locals))
            return false;
    return true;
}

static void make_constant(cel_node *n, dd_cel_value v)
{
    n->kind = CEL_N_CONST;
    n->run = cel_run_const;
    n->value = v;
    n->n = 0;
}

static bool is_constant(const cel_node *n) { return n->kind == CEL_N_CONST; }

/* Kids that are computed already; a macro's body never is. */
static bool is_ready(const cel_node *n, size_t locals)
{
    if (n->kind == CEL_N_LOOP)
        return is_constant(n->kids[0]) && is_closed(n, locals);
    if (n->kind == CEL_N_LOCAL || n->kind == CEL_N_VAR || n->kind == CEL_N_NAME || (n->kind == CEL_N_HAS && n->n == 0))
        return false;
    for (size_t i = 0; i < n->n; i++)
        if (!is_constant(n->kids[i]))
            return false;
    return true;
}

/* What decides alone: false in a conjunction, true in a disjunction. What decides nothing goes. */
static void fold_logic(cel_node *n)
{
    bool   stop = n->kind == CEL_N_OR;
    size_t kept = 0;
    for (size_t i = 0; i < n->n; i++) {
        cel_node *kid = n->kids[i];
        if (is_constant(kid) && kid->value.type == DD_CEL_BOOL) {
            if (kid->value.b == stop) {
                make_constant(n, kid->value);
                return;
            }
            continue;
        }
        n->kids[kept++] = kid;
    }
    n->n = kept;
    if (kept == 0)
        make_constant(n, dd_cel_bool(!stop));
}

static void fold_choice(cel_node *n)
{
    const cel_node *asked = n->kids[0];
    if (is_constant(asked) && asked->value.type == DD_CEL_BOOL) {
        uint32_t  from = n->from, to = n->to;
        cel_node *way = n->kids[asked->value.b ? 1 : 2];
        *n = *way;
        n->from = from;
        n->to = to;
    }
}

static void fold(checker *c, cel_node *n)
{
    if (c->env->unfolded || is_constant(n))
        return;
    if (n->kind == CEL_N_AND || n->kind == CEL_N_OR)
        fold_logic(n);
    else if (n->kind == CEL_N_COND)
        fold_choice(n);
    else if (c->steps > 0 && is_ready(n, c->n_locals)) {
        cel_frame    f = { .env = c->env, .arena = c->src->arena, .steps = c->steps };
        dd_cel_value v;
        n->run(n, &f, &v);
        c->steps = f.steps;
        if (v.type != DD_CEL_ERROR && f.steps >= 0) /* errors stay where they are: || may absorb them */
            make_constant(n, v);
    }
}

/* --- names --- */
/* a.b.c of members of a plain name, into `out`; false: it is something else. */
static bool dotted(const cel_node *n, dd_buf *out)
{
    if (n->kind == CEL_N_NAME) {
        dd_buf_add(out, n->name);
        return true;
    }
    if (n->kind != CEL_N_SELECT || !dotted(n->kids[0], out))
        return false;
    dd_buf_addc(out, '.');
    dd_buf_add(out, n->name);
    return true;
}

static const cel_node *leftmost(const cel_node *n)
{
    while (n->kind == CEL_N_SELECT)
        n = n->kids[0];
    return n;
}

static size_t find_local(const checker *c, const cel_node *n)
{
    for (size_t i = c->n_locals; !n->rooted && i-- > 0;)
        if (dd_str_eq(c->locals[i], n->name))
            return i;
    return SIZE_MAX;
}

static bool take_variable(checker *c, cel_node *n, dd_str name)
{
    for (size_t i = 0; i < c->env->n; i++) {
        const dd_cel_var *v = &c->env->vars[i];
        if (!dd_str_eqz(name, v->name))
            continue;
        const cel_type *of = v->of == DD_CEL_UNSET ? NULL : &cel_types[v->of];
        bool            holds = v->type == DD_CEL_LIST || v->type == DD_CEL_MAP;
        n->index = i;
        n->type = holds ? make_type(c, v->type, v->type == DD_CEL_MAP ? &cel_types[DD_CEL_STRING] : NULL, of) : &cel_types[v->type];
        return true;
    }
    return false;
}

static bool take_type(cel_node *n, dd_str name)
{
    for (int t = DD_CEL_NULL; t < DD_CEL_DYN; t++)
        if (dd_str_eqz(name, dd_cel_type_name((dd_cel_type)t))) {
            make_constant(n, (dd_cel_value){ .type = DD_CEL_TYPE, .is = t });
            n->type = &cel_types[DD_CEL_TYPE];
            return true;
        }
    return false;
}

static bool take_name(checker *c, cel_node *n, dd_str name)
{
    if (take_variable(c, n, name)) {
        n->kind = CEL_N_VAR;
        n->run = cel_run_var;
        n->n = 0;
        return true;
    }
    return take_type(n, name);
}

/* In the container, in those around it, then at the root. */
static bool resolve(checker *c, cel_node *n, dd_str name, bool rooted)
{
    dd_str within = rooted ? DD_STR("") : dd_str_z(c->env->container);
    while (within.len) {
        if (take_name(c, n, dd_arena_printf(c->src->arena, DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(within), DD_STR_ARG(name))))
            return true;
        ptrdiff_t dot = dd_str_rchr(within, '.');
        within.len = dot < 0 ? 0 : (size_t)dot;
    }
    return take_name(c, n, name);
}

/* A name, or members of one, as the longest variable that is there. */
static bool resolve_chain(checker *c, cel_node *n)
{
    const cel_node *first = leftmost(n);
    dd_buf          name = DD_BUF_INIT(0);
    bool            found = first->kind == CEL_N_NAME && find_local(c, first) == SIZE_MAX && dotted(n, &name) &&
                 resolve(c, n, dd_buf_str(&name), first->rooted);
    dd_buf_free(&name);
    return found;
}

static dd_near near_variable(const checker *c, dd_str name)
{
    dd_near near = { .asked = name };
    for (size_t i = 0; i < c->env->n; i++)
        dd_near_look(&near, dd_str_z(c->env->vars[i].name));
    return near;
}

static bool is_name_part(char c) { return c == '.' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static dd_code unknown_name(checker *c, const cel_node *n)
{
    uint32_t end = n->to;
    while (end < c->src->text.len && is_name_part(c->src->text.ptr[end]))
        end++; /* the suggestion is for all of budget.usd */
    dd_near near = near_variable(c, dd_str_sub(c->src->text, n->from, end));
    if (!near.best.len)
        near = near_variable(c, n->name);
    cel_wrong(c->src, n->at, "unknown name \"" DD_STR_FMT "\"", DD_STR_ARG(near.asked));
    dd_near_hint(&near, c->src->err);
    return DD_ERR_PARSE;
}

static dd_code check_name(checker *c, cel_node *n)
{
    size_t local = find_local(c, n);
    n->type = &cel_types[DD_CEL_DYN];
    if (local != SIZE_MAX) {
        n->kind = CEL_N_LOCAL;
        n->run = cel_run_local;
        n->index = local;
        n->type = c->local_types[local];
        return DD_OK;
    }
    if (resolve_chain(c, n) || c->env->unchecked)
        return DD_OK;
    return unknown_name(c, n);
}

/* --- members --- */
static dd_code check_member(checker *c, cel_node *n)
{
    const cel_type *of = n->kids[0]->type;
    n->type = any_if_null(of->t == DD_CEL_MAP ? of->of : NULL);
    if (of->t == DD_CEL_MAP || of->t == DD_CEL_DYN || c->env->unchecked)
        return DD_OK;
    return cel_wrong(c->src, n->at, "%s has no member \"" DD_STR_FMT "\"", dd_cel_type_name(of->t), DD_STR_ARG(n->name));
}

static dd_code check_select(checker *c, cel_node *n)
{
    if (resolve_chain(c, n))
        return DD_OK;
    dd_code rc = check(c, n->kids[0]);
    return rc == DD_OK ? check_member(c, n) : rc;
}

static dd_code check_has(checker *c, cel_node *n)
{
    n->kind = CEL_N_SELECT;
    bool whole = resolve_chain(c, n) && n->kind == CEL_N_VAR; /* and no type of that name */
    n->kind = CEL_N_HAS;
    n->n = whole ? 0 : 1;
    n->run = cel_run_has;
    dd_code rc = whole ? DD_OK : check(c, n->kids[0]);
    if (rc == DD_OK && !whole)
        rc = check_member(c, n);
    n->type = &cel_types[DD_CEL_BOOL];
    return rc;
}

/* --- calls --- */
static dd_code check_kids(checker *c, cel_node *n)
{
    dd_code rc = DD_OK;
    for (size_t i = 0; rc == DD_OK && i < n->n; i++)
        rc = check(c, n->kids[i]);
    return rc;
}

/* strings.quote(x): what stands in front of the dot is part of the function's name. */
static void join_namespace(checker *c, cel_node *n)
{
    const cel_node *first = leftmost(n->kids[0]);
    dd_buf          name = DD_BUF_INIT(0);
    size_t          rows = 0;
    if (first->kind == CEL_N_NAME && find_local(c, first) == SIZE_MAX && dotted(n->kids[0], &name)) {
        dd_buf_addc(&name, '.');
        dd_buf_add(&name, n->name);
        if (cel_rows(dd_buf_str(&name), &rows)) {
            n->name = dd_arena_dup(c->src->arena, dd_buf_str(&name));
            n->receiver = false;
            n->kids++;
            n->n--;
        }
    }
    dd_buf_free(&name);
}

static bool fits(const cel_row *row, const cel_node *n)
{
    if (row->n != n->n || !(row->style & (n->receiver ? CEL_RECEIVER : CEL_GLOBAL)))
        return false;
    for (size_t i = 0; i < row->n; i++)
        if (n->kids[i]->type->t != DD_CEL_DYN && !(row->args[i] >> n->kids[i]->type->t & 1))
            return false;
    return true;
}

/* The type of the result by all rows that fit; NULL: none does. */
static const cel_type *result_of(checker *c, const cel_node *n)
{
    const cel_type *result = NULL;
    for (size_t i = 0; i < n->n_rows; i++) {
        const cel_row *row = &n->rows[i];
        if (!fits(row, n))
            continue;
        const cel_type *t = row->rule ? row->rule(c->src->arena, n) : &cel_types[row->result];
        if (t)
            result = result && result->t != t->t ? &cel_types[DD_CEL_DYN] : t;
    }
    return result;
}

static void list_types(const cel_node *n, dd_buf *out)
{
    for (size_t i = 0; i < n->n; i++) {
        dd_buf_addz(out, i == 0 ? "" : ", ");
        dd_buf_addz(out, dd_cel_type_name(n->kids[i]->type->t));
    }
}

/* "_<_" is called "<". */
static dd_str plain_name(dd_str name)
{
    size_t from = dd_str_startsz(name, "_") ? 1 : 0;
    return dd_str_sub(name, from, name.len - (dd_str_endsz(name, "_") ? 1 : 0));
}

static void hint_overload(checker *c, const cel_node *n, bool is_operator)
{
    if (is_operator && n->n == 2)
        dd_hint(c->src->err, "Both sides must be of one type: convert with string(), int() or double().");
    else if (!is_operator && !(n->rows->style & (n->receiver ? CEL_RECEIVER : CEL_GLOBAL)))
        dd_hint(c->src->err, n->receiver ? "It is called as %s(x)." : "It is called on a value: x.%s(...).", n->rows->name);
}

static dd_code no_overload(checker *c, const cel_node *n)
{
    dd_buf types = DD_BUF_INIT(200);
    dd_str name = plain_name(n->name);
    bool   is_operator = name.len != n->name.len;
    list_types(n, &types);
    cel_wrong(c->src, n->at, "%s \"" DD_STR_FMT "\" does not take (" DD_STR_FMT ")", is_operator ? "operator" : "function", DD_STR_ARG(name),
              DD_STR_ARG(dd_buf_str(&types)));
    dd_buf_free(&types);
    hint_overload(c, n, is_operator);
    return DD_ERR_PARSE;
}

static dd_code unknown_function(checker *c, const cel_node *n)
{
    dd_near near = cel_near_function(n->name);
    cel_wrong(c->src, n->at, "unknown function \"" DD_STR_FMT "\"", DD_STR_ARG(n->name));
    dd_near_hint(&near, c->src->err);
    return DD_ERR_PARSE;
}

static dd_code check_pattern(checker *c, cel_node *n)
{
    const char     *why = NULL;
    const cel_node *re = n->n == 2 ? n->kids[1] : NULL;
    if (!re || !is_constant(re) || re->value.type != DD_CEL_STRING || !dd_str_eqz(n->name, "matches"))
        return DD_OK;
    n->pattern = cel_pattern(c->src->arena, re->value.s, &why);
    return n->pattern || c->env->unchecked ? DD_OK : cel_wrong(c->src, re->from, "pattern cannot be used: %s", why);
}

static dd_code check_call(checker *c, cel_node *n)
{
    if (n->receiver)
        join_namespace(c, n);
    dd_code rc = check_kids(c, n);
    if (rc != DD_OK)
        return rc;
    n->rows = cel_rows(n->name, &n->n_rows);
    n->type = result_of(c, n);
    if (!n->type && !c->env->unchecked)
        return n->rows ? no_overload(c, n) : unknown_function(c, n);
    n->type = any_if_null(n->type);
    return check_pattern(c, n);
}

/* --- logic --- */
static dd_code not_bool(checker *c, const cel_node *n, const char *who)
{
    return cel_wrong(c->src, n->from, "%s takes bool, not %s", who, dd_cel_type_name(n->type->t));
}

static dd_code check_logic(checker *c, cel_node *n)
{
    dd_code rc = check_kids(c, n);
    n->type = &cel_types[DD_CEL_BOOL];
    for (size_t i = 0; rc == DD_OK && i < n->n && !c->env->unchecked; i++)
        if (!is_bool(n->kids[i]))
            rc = not_bool(c, n->kids[i], n->kind == CEL_N_AND ? "\"&&\"" : "\"||\"");
    return rc;
}

static const cel_type *join_types(const cel_type *a, const cel_type *b)
{
    if (a->t != b->t)
        return &cel_types[DD_CEL_DYN];
    return a->of == b->of && a->key == b->key ? a : &cel_types[a->t];
}

static dd_code check_choice(checker *c, cel_node *n)
{
    dd_code rc = check_kids(c, n);
    if (rc == DD_OK && !is_bool(n->kids[0]) && !c->env->unchecked)
        return not_bool(c, n->kids[0], "\"?:\"");
    if (rc == DD_OK)
        n->type = join_types(n->kids[1]->type, n->kids[2]->type);
    return rc;
}

/* --- lists, maps, macros --- */
/* The type that every step-th kid from `from` on has. */
static const cel_type *common_type(const cel_node *n, size_t from, size_t step)
{
    const cel_type *t = from < n->n ? n->kids[from]->type : NULL;
    for (size_t i = from + step; i < n->n; i += step)
        t = join_types(t, n->kids[i]->type);
    return t;
}

static dd_code check_list(checker *c, cel_node *n)
{
    dd_code rc = check_kids(c, n);
    if (rc == DD_OK)
        n->type = make_type(c, DD_CEL_LIST, NULL, common_type(n, 0, 1));
    return rc;
}

static dd_code check_map(checker *c, cel_node *n)
{
    static const unsigned keys = CEL_BIT(BOOL) | CEL_BIT(INT) | CEL_BIT(UINT) | CEL_BIT(STRING) | CEL_BIT(DYN);
    dd_code               rc = check_kids(c, n);
    for (size_t i = 0; rc == DD_OK && i < n->n && !c->env->unchecked; i += 2)
        if (!(keys >> n->kids[i]->type->t & 1))
            rc = cel_wrong(c->src, n->kids[i]->from, "%s cannot be a key of a map", dd_cel_type_name(n->kids[i]->type->t));
    if (rc == DD_OK)
        n->type = make_type(c, DD_CEL_MAP, common_type(n, 0, 2), common_type(n, 1, 2));
    return rc;
}

static dd_code check_predicate(checker *c, cel_node *n, const cel_node *predicate)
{
    bool ok = !predicate || is_bool(predicate) || c->env->unchecked;
    if (ok)
        return DD_OK;
    return cel_wrong(c->src, predicate->from, "a condition on \"" DD_STR_FMT "\" is bool, not %s", DD_STR_ARG(n->name),
                     dd_cel_type_name(predicate->type->t));
}

static dd_code check_body(checker *c, cel_node *n, const cel_type *item)
{
    dd_code rc = DD_OK;
    if (c->n_locals == CEL_MAX_LOCALS)
        return cel_wrong(c->src, n->at, "macros are nested deeper than %d", CEL_MAX_LOCALS);
    n->index = c->n_locals;
    c->locals[c->n_locals] = n->name;
    c->local_types[c->n_locals++] = item;
    for (size_t i = 1; rc == DD_OK && i < 3; i++)
        rc = n->kids[i] ? check(c, n->kids[i]) : DD_OK;
    c->n_locals--;
    return rc;
}

/* What a macro's variable is: an item, a key; NULL: this cannot be gone over. */
static const cel_type *item_type(const checker *c, const cel_type *range)
{
    if (range->t == DD_CEL_LIST || range->t == DD_CEL_MAP)
        return any_if_null(range->t == DD_CEL_LIST ? range->of : range->key);
    return range->t == DD_CEL_DYN || c->env->unchecked ? &cel_types[DD_CEL_DYN] : NULL;
}

static dd_code check_loop(checker *c, cel_node *n)
{
    cel_node       *predicate = n->kids[1];
    const cel_type *item;
    dd_code         rc = check(c, n->kids[0]);
    if (rc != DD_OK)
        return rc;
    if (!(item = item_type(c, n->kids[0]->type)))
        return cel_wrong(c->src, n->at, "a macro goes over a list or a map, not %s", dd_cel_type_name(n->kids[0]->type->t));
    rc = check_body(c, n, item);
    if (rc == DD_OK)
        rc = check_predicate(c, n, n->loop < CEL_MAP ? n->kids[2] : predicate);
    if (rc == DD_OK)
        n->type = n->loop < CEL_MAP ? &cel_types[DD_CEL_BOOL] : make_type(c, DD_CEL_LIST, NULL, n->kids[2] ? n->kids[2]->type : item);
    return rc;
}

static dd_code check_constant(checker *c, cel_node *n)
{
    (void)c;
    n->type = &cel_types[n->value.type];
    return DD_OK;
}

static const struct { dd_code (*check)(checker *, cel_node *); cel_run *run; } kinds[] = {
    [CEL_N_CONST] = { check_constant, cel_run_const }, [CEL_N_NAME] = { check_name, cel_run_name },  [CEL_N_VAR] = { check_constant, cel_run_var },
    [CEL_N_LOCAL] = { check_constant, cel_run_local }, [CEL_N_SELECT] = { check_select, cel_run_select }, [CEL_N_HAS] = { check_has, cel_run_has },
    [CEL_N_CALL] = { check_call, cel_run_call },       [CEL_N_AND] = { check_logic, cel_run_and },   [CEL_N_OR] = { check_logic, cel_run_or },
    [CEL_N_COND] = { check_choice, cel_run_cond },     [CEL_N_LIST] = { check_list, cel_run_list },  [CEL_N_MAP] = { check_map, cel_run_map },
    [CEL_N_LOOP] = { check_loop, cel_run_loop },
};

static dd_code check(checker *c, cel_node *n)
{
    n->run = kinds[n->kind].run;
    dd_code rc = kinds[n->kind].check(c, n);
    if (rc == DD_OK)
        fold(c, n);
    return rc;
}

dd_code cel_check(cel_source *src, const dd_cel_env *env, dd_cel *program)
{
    checker c = { .src = src, .env = env, .steps = DD_CEL_MAX_STEPS };
    return check(&c, program->root);
}
