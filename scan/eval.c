/* The evaluator's core: memo, one rule per kind of expression, conditions. */
#include "scan/eval.h"

/* --- memo of (expression, frame) --- */

static const char gone; /* marks a slot whose result was not kept */

static size_t memo_slot(const dd_project *p, const void *e, const void *f)
{
    uint64_t h = ((uint64_t)(uintptr_t)e * 0x9E3779B97F4A7C15u) ^ ((uint64_t)(uintptr_t)f * 0xC2B2AE3D27D4EB4Fu);
    return (size_t)(h ^ (h >> 29)) & (p->memo_cap - 1);
}

static dd_memo_slot *memo_find(const dd_project *p, const void *e, const void *f)
{
    if (!p->memo_cap)
        return NULL;
    for (size_t i = memo_slot(p, e, f);; i = (i + 1) & (p->memo_cap - 1)) {
        dd_memo_slot *s = &p->memo[i];
        if (!s->expr)
            return NULL;
        if (s->expr == e && s->frame == f)
            return s;
    }
}

static void memo_grow(dd_project *p)
{
    dd_memo_slot *old = p->memo;
    size_t        n = p->memo_cap;
    p->memo_cap = n ? n * 2 : 1024;
    p->memo = dd_calloc(p->memo_cap, sizeof *p->memo);
    p->memo_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!old[i].expr || old[i].expr == &gone)
            continue;
        size_t at = memo_slot(p, old[i].expr, old[i].frame);
        while (p->memo[at].expr)
            at = (at + 1) & (p->memo_cap - 1);
        p->memo[at] = old[i];
        p->memo_n++;
    }
    free(old);
}

static void memo_put(dd_project *p, const void *e, const void *f, dd_value *v)
{
    if ((p->memo_n + 1) * 2 > p->memo_cap)
        memo_grow(p);
    size_t at = memo_slot(p, e, f);
    while (p->memo[at].expr && p->memo[at].expr != &gone)
        at = (at + 1) & (p->memo_cap - 1);
    p->memo_n += p->memo[at].expr == NULL;
    p->memo[at] = (dd_memo_slot){ e, f, v, p->depth };
}

bool dd_ev_python(const dd_unit_ir *u)
{
    return u && u->file && (u->file->lang == DD_LANG_PYTHON || u->file->lang == DD_LANG_NOTEBOOK);
}

/* --- rules --- */

typedef dd_value *rule(dd_project *p, const dd_expr *e, const dd_frame *f);

static dd_value *ev_unknown(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    (void)f;
    return dd_v_unknown(p, "expression", e);
}

static dd_value *ev_string(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    (void)f;
    return dd_v_string(p, e->name, e);
}

static dd_value *ev_number(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    (void)f;
    return dd_v_number(p, e->number, e);
}

static dd_value *ev_bool(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    (void)f;
    return dd_v_bool(p, e->number != 0, e);
}

static dd_value *ev_none(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    (void)f;
    return dd_v_none(p, e);
}

static dd_value *ev_template(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_value **parts = dd_newn(&p->arena, dd_value *, e->n_items + 1);
    for (uint32_t i = 0; i < e->n_items; i++) {
        parts[i] = dd_ev(p, e->items[i], f);
        if (parts[i]->kind == DD_V_UNKNOWN && e->items[i]->kind == DD_X_NAME) { /* the name it is put in by says what it is */
            parts[i]       = dd_v_copy(p, parts[i]);
            parts[i]->expr = e->items[i];
        }
    }
    return dd_lib_join(p, parts, e->n_items, e);
}

static dd_value *ev_member(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    return dd_ev_member(p, dd_ev(p, e->a, f), e->name, e);
}

static dd_value *ev_index(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_value *of = dd_ev(p, e->a, f);
    return dd_ev_index(p, of, dd_ev(p, e->b, f), e);
}

static void list_spread(dd_project *p, dd_value *list, dd_value *from)
{
    if (from->kind != DD_V_LIST) {
        list->open = true;
        return;
    }
    list->open = list->open || from->open;
    for (uint32_t i = 0; i < from->n_items; i++)
        list->items[list->n_items++] = from->items[i];
    (void)p;
}

static dd_value *ev_list(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_value **spread = dd_newn(&p->arena, dd_value *, e->n_items + 1);
    size_t     n = e->n_items;
    for (uint32_t i = 0; i < e->n_items; i++) {
        const dd_expr *item = e->items[i];
        spread[i] = dd_ev(p, item->kind == DD_X_SPREAD ? item->a : item, f);
        if (item->kind == DD_X_SPREAD)
            n += spread[i]->n_items;
    }
    dd_value *list = dd_v_list(p, dd_newn(&p->arena, dd_value *, n + 1), 0, e);
    for (uint32_t i = 0; i < e->n_items; i++) {
        if (e->items[i]->kind == DD_X_SPREAD)
            list_spread(p, list, spread[i]);
        else
            list->items[list->n_items++] = spread[i];
    }
    return list;
}

/* Set keys in place: the dictionary is still ours. */
static void dict_pair(dd_project *p, dd_value **dict, const dd_expr *pair, const dd_frame *f)
{
    dd_value *key = pair->a->kind == DD_X_STRING ? NULL : dd_ev(p, pair->a, f);
    dd_value *v = dd_ev(p, pair->b, f);
    dd_value *d = *dict;
    if (key && key->kind != DD_V_STRING) {
        d->open = true;
        d->entries[d->n_entries++] = (dd_entry){ .key_value = key, .value = v };
        return;
    }
    dd_str   name = key ? key->text : pair->a->name;
    uint32_t to = 0;
    for (uint32_t i = 0; i < d->n_entries && d->n_entries < 256; i++)
        if (d->entries[i].key_value || !dd_str_eq(d->entries[i].key, name))
            d->entries[to++] = d->entries[i];
    d->n_entries = d->n_entries < 256 ? to : d->n_entries;
    d->entries[d->n_entries++] = (dd_entry){ .key = name, .value = v };
}

static dd_value *ev_dict(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_value *d = dd_v_new(p, DD_V_DICT, e);
    d->entries = dd_newn(&p->arena, dd_entry, e->n_items + 1);
    for (uint32_t i = 0; i < e->n_items; i++) {
        const dd_expr *item = e->items[i];
        if (item->kind == DD_X_PAIR && item->a) {
            dict_pair(p, &d, item, f);
        } else if (item->kind == DD_X_SPREAD || item->kind == DD_X_SPREAD_DICT) {
            d = dd_v_dict_merge(p, d, dd_ev(p, item->a, f), false);
            dd_entry *room = dd_newn(&p->arena, dd_entry, d->n_entries + e->n_items + 1);
            if (d->n_entries)
                memcpy(room, d->entries, d->n_entries * sizeof *room);
            d->entries = room;
        }
    }
    d->expr = e;
    return d;
}

static dd_value *ev_second(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    return dd_ev(p, e->b, f);
}

static dd_value *ev_first(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    return dd_ev(p, e->a, f);
}

static dd_value *ev_or(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    bool      falsy = e->kind == DD_X_OR;
    dd_value *a = dd_ev(p, e->a, f);
    int       t = dd_ev_truth_of(a);
    if (a->kind != DD_V_CHOICE && a->kind != DD_V_EXTERN && !a->maybe && (t == 1 || (!falsy && dd_v_known(a))))
        return a;
    return dd_v_or(p, a, dd_ev(p, e->b, f), falsy);
}

static dd_value *ev_and(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    int t = dd_ev_truth(p, e->a, f);
    if (t == 0)
        return dd_ev(p, e->a, f);
    dd_value *v = dd_ev(p, e->b, f);
    return t == 1 ? v : dd_v_maybe(p, v);
}

static dd_value *ev_choice(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    int t = dd_ev_truth(p, e->c, f);
    if (t >= 0)
        return dd_ev(p, t ? e->a : e->b, f);
    dd_value *a = dd_ev(p, e->a, f), *b = dd_ev(p, e->b, f);
    if (dd_ev_there_test(e->c, e->a))
        return dd_v_or(p, a, b, true);
    if (dd_ev_missing_test(e->c, e->b, DD_STR("")) == 1)
        return dd_v_or(p, b, a, true);
    return dd_v_either(p, a, b);
}

/* "a" + "b" + ... leans to the left: gathered without recursion. */
static dd_value *ev_add(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    size_t n = 0;
    const dd_expr *at = e;
    for (; at->kind == DD_X_ADD; at = at->a)
        n++;
    dd_value **parts = dd_newn(&p->arena, dd_value *, n + 1);
    size_t     i = n;
    for (at = e; at->kind == DD_X_ADD; at = at->a)
        parts[i--] = dd_ev(p, at->b, f);
    parts[0] = dd_ev(p, at, f);
    dd_value *v = parts[0];
    bool text = false;
    for (i = 0; i <= n; i++)
        text = text || dd_lib_textual(parts[i]);
    if (text)
        return dd_lib_join(p, parts, n + 1, e);
    for (i = 1; i <= n; i++)
        v = dd_lib_add(p, v, parts[i], e);
    return v;
}

static dd_value *ev_format(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_value *a = dd_ev(p, e->a, f), *b = dd_ev(p, e->b, f);
    if (a->kind != DD_V_STRING)
        return dd_v_unknown(p, "expression", e);
    dd_value  *parts[32];
    size_t     n = 0, used = 0;
    dd_str     rest = a->text;
    for (ptrdiff_t at; n + 2 < DD_COUNT(parts) && (at = dd_str_chr(rest, '%')) >= 0 && (size_t)at + 1 < rest.len;) {
        if (rest.ptr[at + 1] != 's' && rest.ptr[at + 1] != 'd')
            return dd_v_unknown(p, "format", e);
        parts[n++] = dd_v_string(p, dd_str_sub(rest, 0, (size_t)at), e);
        dd_value *arg = b->kind == DD_V_LIST ? (used < b->n_items ? b->items[used] : NULL) : used == 0 ? b : NULL;
        parts[n++] = arg ? arg : dd_v_unknown(p, "format", e);
        used++;
        rest = dd_str_sub(rest, (size_t)at + 2, rest.len);
    }
    parts[n++] = dd_v_string(p, rest, e);
    dd_value **kept = dd_newn(&p->arena, dd_value *, n);
    memcpy(kept, parts, n * sizeof *kept);
    return dd_lib_join(p, kept, n, e);
}

static bool arith(dd_str op, double a, double b, double *out)
{
    if (dd_str_eqz(op, "*")) *out = a * b;
    else if (dd_str_eqz(op, "-")) *out = a - b;
    else if (dd_str_eqz(op, "/") && b != 0) *out = a / b;
    else if (dd_str_eqz(op, "//") && b != 0) *out = (double)(int64_t)(a / b);
    else if (dd_str_eqz(op, "**") && a == 2 && b >= 0 && b < 60) *out = (double)((int64_t)1 << (int)b);
    else if (dd_str_eqz(op, "<<") && b >= 0 && b < 40 && a >= 0 && a < 65536) *out = a * (double)((int64_t)1 << (int)b);
    else return false;
    return true;
}

static dd_value *ev_binary(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    int t = dd_ev_truth(p, e, f);
    if (t >= 0)
        return dd_v_bool(p, t, e);
    dd_value *a = dd_ev(p, e->a, f), *b = dd_ev(p, e->b, f);
    double    n;
    if (a->kind == DD_V_NUMBER && b->kind == DD_V_NUMBER && arith(e->name, a->number, b->number, &n))
        return dd_v_number(p, n, e);
    if (dd_str_eqz(e->name, "|") && a->kind == DD_V_DICT && b->kind == DD_V_DICT)
        return dd_v_dict_merge(p, a, b, false);
    if (dd_str_eqz(e->name, "/") && b->kind == DD_V_STRING)    /* pathlib: the tail is what finds the file */
        return dd_lib_add(p, a->kind == DD_V_STRING ? dd_lib_add(p, a, dd_v_string(p, DD_STR("/"), e), e) : dd_v_string(p, DD_STR(""), e), b, e);
    return dd_v_unknown(p, "expression", e);
}

static dd_value *ev_unary(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    int t = dd_ev_truth(p, e, f);
    if (t >= 0 && (dd_str_eqz(e->name, "not") || dd_str_eqz(e->name, "!")))
        return dd_v_bool(p, t, e);
    dd_value *a = dd_ev(p, e->a, f);
    if (a->kind == DD_V_NUMBER && dd_str_eqz(e->name, "-"))
        return dd_v_number(p, -a->number, e);
    if (a->kind == DD_V_STRING && dd_str_eqz(e->name, "+"))
        return a;
    return dd_v_unknown(p, "expression", e);
}

static dd_value *ev_func(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    if (!e->func)
        return dd_v_unknown(p, "expression", e);
    dd_func *outer = e->func->scope && e->func->scope->parent ? dd_scope_func(e->func->scope->parent) : NULL;
    dd_value *v = dd_v_func(p, e->func, outer ? dd_ev_frame_for(f, outer) : NULL, NULL);
    v->expr = e;
    return v;
}

static dd_value *ev_class(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    (void)f;
    if (!e->cls)
        return dd_v_unknown(p, "expression", e);
    dd_value *v = dd_v_new(p, DD_V_CLASS, e);
    v->cls = e->cls;
    return v;
}

static dd_value *ev_assign(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_value *v = dd_ev(p, e->b, f);
    if (dd_str_startsz(e->name, "?") || dd_str_eqz(e->name, "||="))
        return dd_v_or(p, dd_ev(p, e->a, f), v, dd_str_eqz(e->name, "||="));
    return v;
}

static bool loop_part(const dd_expr *e, const char *part)
{
    const dd_binding *b = e->kind == DD_X_NAME && e->scope ? dd_scope_find(e->scope, e->name) : NULL;
    return b && !b->next && b->kind == DD_B_LOOP && b->n_keys == 1 && dd_str_eqz(b->keys[0], part);
}

static bool names_it(const dd_expr *e, dd_str name, int depth)
{
    if (!e || depth > 8)
        return e != NULL;
    if (e->kind == DD_X_NAME)
        return dd_str_eq(e->name, name);
    for (uint32_t i = 0; i < e->n_items; i++)
        if (names_it(e->items[i], name, depth + 1))
            return true;
    return names_it(e->a, name, depth + 1) || names_it(e->b, name, depth + 1) || names_it(e->c, name, depth + 1);
}

static bool is_text_of(const dd_expr *e, dd_str text) { return e->kind == DD_X_STRING && dd_str_eq(e->name, text); }

static bool is_var(const dd_expr *e, dd_str var) { return e->kind == DD_X_NAME && dd_str_eq(e->name, var); }

/* 1: the key `key` passes the test on `var`, 0: it does not, -1: who knows. A test of something else lets all keys pass. */
static int passes(const dd_expr *test, dd_str var, dd_str key, int depth)
{
    if (!names_it(test, var, 0))
        return 1;
    if (depth > 8)
        return -1;
    const dd_expr *a = test->a, *b = test->b;
    if (test->kind == DD_X_AND) {
        int left = passes(a, var, key, depth + 1), right = passes(b, var, key, depth + 1);
        return left == 0 || right == 0 ? 0 : left < 0 || right < 0 ? -1 : 1;
    }
    if (test->kind != DD_X_BINARY || !a || !b)
        return -1;
    bool other = dd_str_eqz(test->name, "!=") || dd_str_eqz(test->name, "not in");
    if (dd_str_eqz(test->name, "==") || dd_str_eqz(test->name, "!=")) {
        const dd_expr *text = is_var(a, var) ? b : is_var(b, var) ? a : NULL;
        return !text || text->kind != DD_X_STRING ? -1 : is_text_of(text, key) != other;
    }
    if ((!other && !dd_str_eqz(test->name, "in")) || !is_var(a, var) || b->kind != DD_X_LIST)
        return -1;
    bool found = false;
    for (uint32_t i = 0; i < b->n_items; i++) {
        if (b->items[i]->kind != DD_X_STRING)
            return -1;
        found = found || is_text_of(b->items[i], key);
    }
    return found != other;
}

/* The entries of `d` whose keys pass all tests; NULL: that cannot be told. */
static dd_value *passing(dd_project *p, dd_value *d, const dd_expr *tests, dd_str var)
{
    dd_value *out = dd_v_copy(p, d);
    out->n_entries = 0;
    out->entries = dd_newn(&p->arena, dd_entry, d->n_entries + 1);
    for (uint32_t i = 0; i < d->n_entries; i++) {
        bool dropped = false;
        for (uint32_t k = 0; k < tests->n_items && !dropped; k++) {
            int t = d->entries[i].key_value && names_it(tests->items[k], var, 0) ? -1 : passes(tests->items[k], var, d->entries[i].key, 0);
            if (t < 0)
                return NULL;
            dropped = t == 0;
        }
        if (!dropped)
            out->entries[out->n_entries++] = d->entries[i];
    }
    return out;
}

/* {k: v for k, v in d.items() if v is not None and k != "model"}: d with less in it; NULL: another comprehension, or one that
 * leaves out keys that are not named. */
static dd_value *filtered(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    const dd_expr *over = e->n_items && e->items[0]->n_items == 1 ? e->items[0]->items[0] : NULL;
    if (!over || over->kind != DD_X_CALL || over->n_items || !over->a || over->a->kind != DD_X_MEMBER || !dd_str_eqz(over->name, "items"))
        return NULL;
    if (!loop_part(e->a, "0") || !loop_part(e->b, "1"))
        return NULL;
    dd_value *d = dd_ev(p, over->a->a, f);
    if (d->kind != DD_V_DICT)
        return NULL;
    return e->n_items > 1 ? passing(p, d, e->items[1], e->a->name) : d;
}

static dd_value *ev_comprehension(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_value *same = e->b ? filtered(p, e, f) : NULL;
    if (same)
        return same;
    if (e->b) {
        dd_value *d = dd_v_new(p, DD_V_DICT, e);
        d->open = true;
        d->entries = dd_newn(&p->arena, dd_entry, 1);
        d->entries[0] = (dd_entry){ .key_value = dd_ev(p, e->a, f), .value = dd_ev(p, e->b, f) };
        d->n_entries = 1;
        return d;
    }
    dd_value **items = dd_newn(&p->arena, dd_value *, 1);
    items[0] = dd_ev(p, e->a, f);
    dd_value *list = dd_v_list(p, items, 1, e);
    list->open = true;
    return list;
}

static rule *const rules[] = {
    [DD_X_UNKNOWN] = ev_unknown, [DD_X_STRING] = ev_string, [DD_X_NUMBER] = ev_number, [DD_X_BOOL] = ev_bool,
    [DD_X_NONE] = ev_none, [DD_X_TEMPLATE] = ev_template, [DD_X_NAME] = dd_ev_name, [DD_X_MEMBER] = ev_member,
    [DD_X_INDEX] = ev_index, [DD_X_CALL] = dd_ev_call, [DD_X_NEW] = dd_ev_call, [DD_X_DICT] = ev_dict,
    [DD_X_PAIR] = ev_second, [DD_X_LIST] = ev_list, [DD_X_KEYWORD] = ev_second, [DD_X_SPREAD] = ev_first,
    [DD_X_SPREAD_DICT] = ev_first, [DD_X_OR] = ev_or, [DD_X_COALESCE] = ev_or, [DD_X_AND] = ev_and,
    [DD_X_CHOICE] = ev_choice, [DD_X_ADD] = ev_add, [DD_X_FORMAT] = ev_format, [DD_X_BINARY] = ev_binary,
    [DD_X_UNARY] = ev_unary, [DD_X_FUNC] = ev_func, [DD_X_CLASS] = ev_class, [DD_X_ASSIGN] = ev_assign,
    [DD_X_COMPREHENSION] = ev_comprehension
};

static bool literal(const dd_expr *e)
{
    return e->kind == DD_X_STRING || e->kind == DD_X_NUMBER || e->kind == DD_X_BOOL || e->kind == DD_X_NONE;
}

bool dd_memo_enter(dd_project *p, const void *key, const dd_frame *f, const dd_expr *e, dd_memo *m, dd_value **out)
{
    if (p->depth == 0) {
        p->steps = 0;
        p->cut = DD_EV_WHOLE;
    }
    dd_memo_slot *known = memo_find(p, key, f);
    if (known && known->value) {
        *out = known->value;
        return false;
    }
    if (known || p->depth >= DD_EV_DEPTH || ++p->steps > DD_EV_STEPS) {
        unsigned at = known ? known->depth : 0;
        p->cut = at < p->cut ? at : p->cut;
        *out = dd_v_unknown(p, known ? "cycle" : "limit", e);
        return false;
    }
    memo_put(p, key, f, NULL);
    *m = (dd_memo){ key, f, p->depth++, p->cut };
    p->cut = DD_EV_WHOLE;
    return true;
}

dd_value *dd_memo_leave(dd_project *p, const dd_memo *m, dd_value *v)
{
    dd_memo_slot *slot = memo_find(p, m->key, m->frame);
    bool whole = p->cut >= m->depth;               /* a cycle that closes here is done with */
    p->depth--;
    if (!p->soft && whole)
        slot->value = v;
    else
        slot->expr = &gone;
    p->cut = whole || m->cut < p->cut ? m->cut : p->cut;
    return v;
}

dd_value *dd_ev(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    dd_value *out;
    dd_memo   m;
    if (!e)
        return dd_v_unknown(p, "nothing", NULL);
    if (!dd_memo_enter(p, e, literal(e) ? NULL : f, e, &m, &out))
        return out;
    return dd_memo_leave(p, &m, rules[e->kind](p, e, f));
}

dd_value *dd_eval(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    return dd_ev(p, e, f);
}

/* --- elements --- */

static dd_value *any_entry(dd_project *p, dd_value *v)
{
    dd_value *out = NULL;
    for (uint32_t i = 0; i < v->n_entries; i++)
        out = dd_v_either(p, out, v->entries[i].value);
    if (out && out->kind != DD_V_CHOICE)
        out = dd_v_maybe(p, out);      /* or the key is not there */
    if (!out || v->open) {
        dd_value *u = dd_v_unknown(p, "key", v->expr);
        u->param_func = v->param_func;
        out = dd_v_either(p, out, u);
    }
    return out;
}

static dd_value *element(dd_project *p, dd_value *v, void *ctx)
{
    (void)ctx;
    if (v->kind == DD_V_DICT || v->kind == DD_V_DATA) {
        dd_value *out = NULL;
        for (uint32_t i = 0; i < v->n_entries; i++)
            out = dd_v_either(p, out, v->entries[i].key_value ? v->entries[i].key_value : dd_v_string(p, v->entries[i].key, v->expr));
        return out ? out : dd_v_unknown(p, "element", v->expr);
    }
    if (v->kind == DD_V_EXTERN)
        return dd_v_step(p, v, DD_E_INDEX, DD_STR(""));
    if (v->kind != DD_V_LIST) {
        dd_value *u = dd_v_unknown(p, "element", v->expr);
        if (v->kind == DD_V_UNKNOWN) {
            u->param_func = v->param_func;
            u->param_index = v->param_index;
            u->text = v->text;
        }
        return u;
    }
    dd_value *out = NULL;
    for (uint32_t i = 0; i < v->n_items; i++)
        out = dd_v_either(p, out, v->items[i]);
    if (!out || v->open)
        out = dd_v_either(p, out, dd_v_unknown(p, "element", v->expr));
    return out;
}

dd_value *dd_ev_element(dd_project *p, dd_value *v)
{
    return dd_v_map(p, v, element, NULL);
}

typedef struct { dd_value *key; const dd_expr *e; } index_ctx;

static dd_value *index_number(dd_project *p, dd_value *v, double n, const dd_expr *e)
{
    if (v->kind == DD_V_LIST && !v->open) {
        double at = n < 0 ? n + v->n_items : n;
        if (at >= 0 && at < v->n_items)
            return v->items[(uint32_t)at];
    }
    if (v->kind == DD_V_LIST && n >= 0 && n < v->n_items)
        return v->items[(uint32_t)n];
    if (v->kind == DD_V_EXTERN)
        return dd_v_step(p, v, DD_E_INDEX, DD_STR(""));
    return dd_v_unknown(p, "index", e);
}

static dd_value *index_one(dd_project *p, dd_value *v, void *vctx)
{
    index_ctx *c = vctx;
    if (c->key->kind == DD_V_STRING)
        return dd_ev_member(p, v, c->key->text, c->e);
    if (c->key->kind == DD_V_NUMBER)
        return index_number(p, v, c->key->number, c->e);
    if (c->key->kind == DD_V_CHOICE) {
        dd_value *out = NULL;
        for (uint32_t i = 0; i < c->key->n_items; i++) {
            index_ctx one = { c->key->items[i], c->e };
            out = dd_v_either(p, out, index_one(p, v, &one));
        }
        return out;
    }
    if (v->kind == DD_V_DICT || v->kind == DD_V_DATA)
        return any_entry(p, v);
    if (v->kind == DD_V_LIST)
        return dd_ev_element(p, v);
    if (v->kind == DD_V_EXTERN)
        return dd_v_step(p, v, DD_E_INDEX, DD_STR(""));
    if (v->kind == DD_V_UNKNOWN)
        return v;
    return dd_v_unknown(p, "index", c->e);
}

dd_value *dd_ev_index(dd_project *p, dd_value *v, dd_value *key, const dd_expr *e)
{
    index_ctx c = { key, e };
    return dd_v_map(p, v, index_one, &c);
}
