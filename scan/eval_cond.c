/* Conditions: what they say about a name, whether they hold, and which arm is taken. */
#include "scan/eval.h"

/* Structure of small expressions, to see that `x ? x : y` asks about what it yields. */
static bool same_expr(const dd_expr *a, const dd_expr *b, int depth)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || depth > 12 || a->n_items != b->n_items || !dd_str_eq(a->name, b->name))
        return false;
    if (a->kind == DD_X_UNKNOWN || a->kind == DD_X_FUNC || a->kind == DD_X_CLASS)
        return a == b;
    if (!same_expr(a->a, b->a, depth + 1) || !same_expr(a->b, b->b, depth + 1))
        return false;
    for (uint32_t i = 0; i < a->n_items; i++)
        if (!same_expr(a->items[i], b->items[i], depth + 1))
            return false;
    return true;
}

bool dd_ev_same_path(const dd_expr *a, const dd_expr *b)
{
    return same_expr(a, b, 0);
}

static bool is_it(const dd_expr *e, const dd_expr *what, dd_str name)
{
    if (!e)
        return false;
    if (what && same_expr(e, what, 0))
        return true;
    return name.len && e->kind == DD_X_NAME && dd_str_eq(e->name, name);
}

static bool is_void(const dd_expr *e)
{
    return e && (e->kind == DD_X_NONE || (e->kind == DD_X_STRING && (e->name.len == 0 || dd_str_eqz(e->name, "undefined"))));
}

static int op_sense(dd_str op)   /* 1 equal, 0 different, -1 another operator */
{
    static const char *const eq[] = { "==", "===", "is" }, *const ne[] = { "!=", "!==", "is not", "<>" };
    for (size_t i = 0; i < DD_COUNT(eq); i++)
        if (dd_str_eqz(op, eq[i]))
            return 1;
    for (size_t i = 0; i < DD_COUNT(ne); i++)
        if (dd_str_eqz(op, ne[i]))
            return 0;
    return -1;
}

static const dd_expr *behind_typeof(const dd_expr *e)
{
    return e && e->kind == DD_X_UNARY && dd_str_eqz(e->name, "typeof") ? e->a : e;
}

/* `"model" in config` about config["model"], config.model or config.get("model"); hasattr(config, "model") likewise. */
static bool is_member_of(const dd_expr *key, const dd_expr *of, const dd_expr *what)
{
    if (!key || !of || !what || key->kind != DD_X_STRING)
        return false;
    const dd_expr *base = what->a;
    if (of->kind == DD_X_CALL && of->a && of->a->kind == DD_X_MEMBER && dd_str_eqz(of->a->name, "keys"))
        of = of->a->a;
    if (what->kind == DD_X_CALL && what->a && what->a->kind == DD_X_MEMBER && dd_str_eqz(what->a->name, "get"))
        return what->n_items && what->items[0]->kind == DD_X_STRING && dd_str_eq(what->items[0]->name, key->name) && same_expr(what->a->a, of, 0);
    dd_str step = dd_expr_step(what);
    return step.len && dd_str_eq(step, key->name) && same_expr(base, of, 0);
}

static int member_test(const dd_expr *t, const dd_expr *what)
{
    if (t->kind == DD_X_BINARY && (dd_str_eqz(t->name, "in") || dd_str_eqz(t->name, "not in")))
        return is_member_of(t->a, t->b, what) ? !dd_str_eqz(t->name, "in") : -1;
    if (t->kind == DD_X_CALL && dd_str_eqz(t->name, "hasattr") && t->n_items == 2)
        return is_member_of(t->items[1], t->items[0], what) ? 0 : -1;
    return -1;
}

static int missing(const dd_expr *t, const dd_expr *what, dd_str name, int depth)
{
    if (!t || depth > 8)
        return -1;
    if (is_it(t, what, name))
        return 0;
    if (t->kind == DD_X_UNARY && (dd_str_eqz(t->name, "not") || dd_str_eqz(t->name, "!"))) {
        int m = missing(t->a, what, name, depth + 1);
        return m < 0 ? m : !m;
    }
    if (t->kind == DD_X_AND || t->kind == DD_X_OR) {
        int a = missing(t->a, what, name, depth + 1), b = missing(t->b, what, name, depth + 1);
        int sure = t->kind == DD_X_AND ? 0 : 1;     /* there and more; missing or more */
        return a == sure || b == sure ? sure : a >= 0 && a == b ? a : -1;
    }
    if (t->kind == DD_X_CALL && dd_str_eqz(t->name, "isinstance") && t->n_items && is_it(t->items[0], what, name))
        return 0;
    if (t->kind == DD_X_BINARY && op_sense(t->name) == 1 && t->b && t->b->kind == DD_X_STRING && dd_str_eqz(t->b->name, "string") &&
        behind_typeof(t->a) != t->a && is_it(behind_typeof(t->a), what, name))
        return 0;
    if (what && member_test(t, what) >= 0)
        return member_test(t, what);
    if (t->kind == DD_X_BINARY && dd_str_eqz(t->name, "in") && is_it(t->a, what, name))
        return 0;                                   /* one of those that are known: given, then */
    if (t->kind == DD_X_CALL && t->n_items == 1 && (dd_str_eqz(t->name, "includes") || dd_str_eqz(t->name, "has")) && is_it(t->items[0], what, name))
        return 0;
    int sense = t->kind == DD_X_BINARY ? op_sense(t->name) : -1;
    if (sense >= 0 && ((is_void(t->b) && is_it(behind_typeof(t->a), what, name)) || (is_void(t->a) && is_it(behind_typeof(t->b), what, name))))
        return sense;
    return -1;
}

int dd_ev_missing_test(const dd_expr *test, const dd_expr *what, dd_str name)
{
    return missing(test, what, name, 0);
}

/* What a name that is given once stands for. */
static const dd_expr *alias_of(const dd_expr *e)
{
    for (dd_scope *s = e->kind == DD_X_NAME ? e->scope : NULL; s; s = s->parent) {
        dd_binding *b = dd_scope_find(s, e->name);
        if (b)
            return b->kind == DD_B_ASSIGN && !b->next ? b->value : NULL;
    }
    return NULL;
}

static bool there_test(const dd_expr *test, const dd_expr *value, int depth)
{
    static const char *const same[] = { "String", "str", "trim", "strip", "toString", "toLowerCase", "lower", "dict", "copy" };
    for (int i = 0; value && i < 4; i++) {
        if (missing(test, value, DD_STR(""), 0) == 0)
            return true;
        if (value->kind == DD_X_NAME) {
            value = alias_of(value);
            continue;
        }
        for (uint32_t k = 0; value->kind == DD_X_DICT && depth < 2 && k < value->n_items; k++)
            if (value->items[k]->kind == DD_X_PAIR && there_test(test, value->items[k]->b, depth + 1))
                return true;
        if (value->kind != DD_X_CALL || !value->a)
            return false;
        bool known = false;
        for (size_t k = 0; k < DD_COUNT(same); k++)
            known = known || dd_str_eqz(value->name, same[k]);
        if (!known)
            return false;
        value = value->a->kind == DD_X_MEMBER ? value->a->a : dd_call_arg(value, 0);
    }
    return false;
}

bool dd_ev_there_test(const dd_expr *test, const dd_expr *value)
{
    return there_test(test, value, 0);
}

/* --- conditions that only tests fulfil: what they guard is not what a bill comes from --- */

static bool test_word(dd_str s)
{
    static const char *const words[] = { "isTest", "is_test", "IS_TEST", "isTestEnvironment", "isTesting", "TESTING", "is_testing", "PLAYWRIGHT",
                                         "PLAYWRIGHT_TEST_BASE_URL", "VITEST", "JEST_WORKER_ID", "PYTEST_CURRENT_TEST", "CI_PLAYWRIGHT" };
    for (size_t i = 0; i < DD_COUNT(words); i++)
        if (dd_str_eqz(s, words[i]))
            return true;
    return false;
}

static int test_env(const dd_expr *t, int depth)   /* 1 holds in tests only, 0 outside only, -1 neither */
{
    if (!t || depth > 6)
        return -1;
    if ((t->kind == DD_X_NAME || t->kind == DD_X_MEMBER) && test_word(t->name))
        return 1;
    if (t->kind == DD_X_UNARY && (dd_str_eqz(t->name, "!") || dd_str_eqz(t->name, "not"))) {
        int m = test_env(t->a, depth + 1);
        return m < 0 ? m : !m;
    }
    if (t->kind == DD_X_AND)
        return test_env(t->a, depth + 1) == 1 || test_env(t->b, depth + 1) == 1 ? 1 : -1;
    if (t->kind == DD_X_OR) {
        int a = test_env(t->a, depth + 1);
        return a == test_env(t->b, depth + 1) ? a : -1;
    }
    if (t->kind == DD_X_BINARY && op_sense(t->name) >= 0 && t->a && t->b && dd_str_eqz(dd_expr_step(t->a), "NODE_ENV") &&
        t->b->kind == DD_X_STRING && dd_str_eqz(t->b->name, "test"))
        return op_sense(t->name);
    return -1;
}

bool dd_ev_test_env(const dd_expr *test)
{
    return test_env(test, 0) == 1;
}

/* --- truth --- */

int dd_ev_truth_of(const dd_value *v)
{
    switch (v->kind) {
    case DD_V_STRING: return v->text.len > 0;
    case DD_V_NUMBER: case DD_V_BOOL: return v->number != 0;
    case DD_V_NONE:   return 0;
    case DD_V_FUNC: case DD_V_CLASS: case DD_V_MODULE: return 1;
    case DD_V_DICT:   return v->n_entries ? 1 : v->open ? -1 : 0;
    case DD_V_EXTERN: return v->step == DD_E_NEW ? 1 : -1;
    default:          return -1;
    }
}

/* What a setting or a default says may be otherwise in another run: it decides nothing, unless the call at hand left it out. */
static bool firm(const dd_value *v, const dd_frame *f, bool soft)
{
    if (soft)
        return true;
    if (v->maybe)
        return false;
    if (v->source == DD_SRC_DEFAULT_PARAM)
        return f && f->call;
    return v->source < DD_SRC_DEFAULT_PARAM;
}

static int compare(dd_str op, const dd_value *a, const dd_value *b)
{
    int sense = op_sense(op);
    if (sense >= 0) {
        if (a->kind == DD_V_EXTERN || a->kind == DD_V_CHOICE || a->kind == DD_V_TEXT || a->kind == DD_V_UNKNOWN)
            return -1;
        if (b->kind == DD_V_EXTERN || b->kind == DD_V_CHOICE || b->kind == DD_V_TEXT || b->kind == DD_V_UNKNOWN)
            return -1;
        return dd_v_same(a, b) == (sense == 1);
    }
    if (a->kind == DD_V_NUMBER && b->kind == DD_V_NUMBER) {
        if (dd_str_eqz(op, "<")) return a->number < b->number;
        if (dd_str_eqz(op, "<=")) return a->number <= b->number;
        if (dd_str_eqz(op, ">")) return a->number > b->number;
        if (dd_str_eqz(op, ">=")) return a->number >= b->number;
    }
    bool in = dd_str_eqz(op, "in"), not_in = dd_str_eqz(op, "not in");
    if ((in || not_in) && a->kind == DD_V_STRING && !b->open) {
        if (b->kind == DD_V_DICT || b->kind == DD_V_DATA)
            return (dd_v_dict_find(b, a->text) != NULL) == in;
        if (b->kind == DD_V_STRING)
            return (dd_str_find(b->text, a->text) >= 0) == in;
        for (uint32_t i = 0; b->kind == DD_V_LIST && i < b->n_items; i++)
            if (dd_v_same(b->items[i], a))
                return in;
        if (b->kind == DD_V_LIST)
            return not_in;
    }
    return -1;
}

static int truth(dd_project *p, const dd_expr *e, const dd_frame *f, int depth)
{
    if (!e || depth > 16)
        return -1;
    int env = test_env(e, 0);
    if (env >= 0)
        return !env;
    if (e->kind == DD_X_UNARY && (dd_str_eqz(e->name, "not") || dd_str_eqz(e->name, "!"))) {
        int t = truth(p, e->a, f, depth + 1);
        return t < 0 ? t : !t;
    }
    if (e->kind == DD_X_AND || e->kind == DD_X_OR) {
        int a = truth(p, e->a, f, depth + 1), short_cut = e->kind == DD_X_OR;
        if (a == short_cut)
            return a;
        int b = truth(p, e->b, f, depth + 1);
        return b == short_cut ? b : a < 0 ? a : b;
    }
    if (e->kind == DD_X_BINARY) {
        if (op_sense(e->name) < 0 && !dd_str_eqz(e->name, "in") && !dd_str_eqz(e->name, "not in") && e->name.ptr && e->name.ptr[0] != '<' && e->name.ptr[0] != '>')
            return -1;
        dd_value *a = dd_ev(p, e->a, f), *b = dd_ev(p, e->b, f);
        return firm(a, f, p->soft) && firm(b, f, p->soft) ? compare(e->name, a, b) : -1;
    }
    if (e->kind == DD_X_UNKNOWN || e->kind == DD_X_TEMPLATE)
        return -1;
    dd_value *v = dd_ev(p, e, f);
    return firm(v, f, p->soft) ? dd_ev_truth_of(v) : -1;
}

int dd_ev_truth(dd_project *p, const dd_expr *e, const dd_frame *f)
{
    return truth(p, e, f, 0);
}

/* --- arms --- */

static int arm_test(dd_project *p, const dd_branch *b, const dd_frame *f)
{
    if (b->kind == DD_BR_IF)
        return b->test ? truth(p, b->test, f, 0) : 1;
    if (b->kind == DD_BR_CASE && b->label && b->test) {
        dd_value *subject = dd_ev(p, b->test, f), *label = dd_ev(p, b->label, f);
        if (dd_ev_truth_of(subject) == 1 && subject->kind == DD_V_BOOL)
            return truth(p, b->label, f, 0);       /* switch (true) */
        return firm(subject, f, p->soft) && firm(label, f, p->soft) ? compare(DD_STR("=="), subject, label) : -1;
    }
    if (b->kind == DD_BR_CASE)
        return b->exhaustive && b->arm + 1 == b->arms ? 1 : -1;
    return -1;
}

static int arm_taken(dd_project *p, const dd_branch *b, const dd_frame *f)
{
    if (b->kind == DD_BR_TRY || b->kind == DD_BR_MAIN)
        return 1;
    int own = arm_test(p, b, f);
    if (own == 0)
        return 0;
    for (const dd_branch *q = b->prev; q; q = q->prev) {
        int t = arm_test(p, q, f);
        if (t == 1)
            return 0;
        if (t < 0)
            own = -1;
    }
    if (!b->prev && b->arm > 0)
        return -1;
    return own;
}

int dd_ev_branch(dd_project *p, const dd_branch *b, const dd_frame *f)
{
    int all = 1;
    for (; b; b = b->parent) {
        int t = arm_taken(p, b, f);
        if (t == 0)
            return 0;
        if (t < 0)
            all = -1;
    }
    return all;
}

bool dd_eval_excluded(dd_project *p, const dd_expr *call, const dd_frame *f)
{
    bool was = p->soft;
    p->soft = true;
    int taken = dd_ev_branch(p, call->branch, f);
    p->soft = was;
    return taken == 0;
}
