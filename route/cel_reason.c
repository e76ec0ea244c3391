/* What can be said about conditions without values: that one never holds, that one covers another.
 *
 * A condition is taken apart into alternatives, each a conjunction of literals (parts, or their negations). A literal speaks about a subject: the
 * one thing in it that is no constant. What a conjunction allows for a subject is a finite set (from ==, in, a bare bool) or an interval (from <
 * and its like). A set is tried value by value against the other literals, by evaluating them; an interval is compared. All this is sound, not
 * complete: what is not seen is "not known". */
#include "route/cel_parts.h"

#include <math.h>

enum { MOST_LITERALS = 48, MOST_FORKS = 12, MOST_ALTERNATIVES = 256, MOST_TRIALS = 20000 };

typedef struct { const cel_node *node; bool negated; } literal;
typedef struct {
    literal todo[MOST_LITERALS], known[MOST_LITERALS];
    size_t  n_todo, n_known, forks;
} branch;
typedef struct reasoner reasoner;
typedef bool         claim(reasoner *r, const branch *b); /* about one alternative */
struct reasoner {
    const dd_cel   *program, *other;
    dd_arena        arena;
    size_t          alternatives, trials;
    claim          *holds;
};

/* --- the same tree --- */
static bool same_value(const dd_cel_value *a, const dd_cel_value *b) { return a->type == b->type && dd_cel_equal(a, b); }

static bool same_head(const cel_node *a, const cel_node *b)
{
    if (a->kind != b->kind || a->n != b->n || a->receiver != b->receiver || a->index != b->index || a->loop != b->loop)
        return false;
    if (a->kind == CEL_N_CONST)
        return same_value(&a->value, &b->value);
    /* a macro's variable goes by its index */
    return a->kind == CEL_N_VAR || a->kind == CEL_N_LOCAL || a->kind == CEL_N_LOOP || dd_str_eq(a->name, b->name);
}

bool cel_same(const cel_node *a, const cel_node *b)
{
    if (a == b || !a || !b)
        return a == b;
    if (!same_head(a, b))
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!cel_same(a->kids[i], b->kids[i]))
            return false;
    return true;
}

/* --- alternatives --- */
static bool is_call(const cel_node *n, const char *name) { return n->kind == CEL_N_CALL && dd_str_eqz(n->name, name); }

static bool push(literal *list, size_t *n, const cel_node *node, bool negated)
{
    if (!node || *n == MOST_LITERALS)
        return false;
    list[(*n)++] = (literal){ node, negated };
    return true;
}

static bool each_alternative(reasoner *r, branch *b);

static bool fork_branch(reasoner *r, const branch *b, literal l)
{
    if (b->forks == MOST_FORKS)
        return false;
    for (size_t i = 0; i < l.node->n; i++) {
        branch way = *b;
        way.forks++;
        if (!push(way.todo, &way.n_todo, l.node->kids[i], l.negated) || !each_alternative(r, &way))
            return false;
    }
    return true;
}

typedef enum { STEP_DONE, STEP_FAILED, STEP_DEAD, STEP_FORK } step;

static step take_kids(branch *b, const literal *l)
{
    if (l->node->kind != (l->negated ? CEL_N_OR : CEL_N_AND))
        return STEP_FORK;
    for (size_t i = l->node->n; i-- > 0;)
        if (!push(b->todo, &b->n_todo, l->node->kids[i], l->negated))
            return STEP_FAILED;
    return STEP_DONE;
}

/* One literal of the list: taken apart, or kept. DEAD: it is false, so this alternative is none. */
static step take_literal(branch *b, literal *l)
{
    bool ok;
    *l = b->todo[--b->n_todo];
    if (l->node->kind == CEL_N_CONST && l->node->value.type == DD_CEL_BOOL)
        return l->node->value.b == l->negated ? STEP_DEAD : STEP_DONE;
    if (l->node->kind == CEL_N_AND || l->node->kind == CEL_N_OR)
        return take_kids(b, l);
    if (is_call(l->node, "!_"))
        ok = push(b->todo, &b->n_todo, l->node->kids[0], !l->negated);
    else
        ok = push(b->known, &b->n_known, l->node, l->negated);
    return ok ? STEP_DONE : STEP_FAILED;
}

/* Does the claim hold of every alternative? Too many: not known, so no. */
static bool each_alternative(reasoner *r, branch *b)
{
    while (b->n_todo) {
        literal l;
        step    s = take_literal(b, &l);
        if (s == STEP_FORK)
            return fork_branch(r, b, l);
        if (s != STEP_DONE)
            return s == STEP_DEAD;
    }
    return ++r->alternatives <= MOST_ALTERNATIVES && r->holds(r, b);
}

static bool claim_of_all(reasoner *r, const cel_node *n, claim *holds)
{
    branch *b = dd_new(&r->arena, branch);
    r->holds = holds;
    r->alternatives = 0;
    push(b->todo, &b->n_todo, n, false);
    return each_alternative(r, b);
}

/* --- literals about a subject --- */
typedef struct {
    const cel_node *subject, *call; /* call NULL: the subject itself, a bool */
    size_t          at;             /* which argument of the call */
    bool            negated;
} view;

static view view_of(literal l)
{
    view   v = { .subject = l.node, .negated = l.negated };
    size_t open = 0, at = 0;
    for (size_t i = 0; l.node->kind == CEL_N_CALL && i < l.node->n; i++)
        if (l.node->kids[i]->kind != CEL_N_CONST) {
            open++;
            at = i;
        }
    if (open == 1 && l.node->n <= CEL_ARGS)
        v = (view){ l.node->kids[at], l.node, at, l.negated };
    return v;
}

/* Is the literal true when its subject has that value? */
static bool is_true_of(reasoner *r, const view *v, const dd_cel_value *value)
{
    dd_cel_value result = *value;
    if (v->call) {
        cel_frame    f = { .env = r->program->env, .arena = &r->arena, .steps = DD_CEL_MAX_STEPS };
        cel_node     subject = { .kind = CEL_N_CONST, .run = cel_run_const, .value = *value }, *kids[CEL_ARGS] = { 0 }, call = *v->call;
        for (size_t i = 0; i < call.n; i++)
            kids[i] = i == v->at ? &subject : v->call->kids[i];
        call.kids = kids;
        cel_run_call(&call, &f, &result);
    }
    return result.type == DD_CEL_BOOL && result.b != v->negated;
}

/* The values to which the literal holds its subject; NULL: to no finite set. */
static const dd_cel_value *values_of(const view *v, size_t *n)
{
    static const dd_cel_value truth[2] = { { .type = DD_CEL_BOOL, .b = false }, { .type = DD_CEL_BOOL, .b = true } };
    *n = 1;
    if (!v->call)
        return &truth[!v->negated];
    if (is_call(v->call, v->negated ? "_!=_" : "_==_"))
        return &v->call->kids[1 - v->at]->value;
    if (v->negated || v->at != 0 || !is_call(v->call, "_in_") || v->call->kids[1]->value.type != DD_CEL_LIST)
        return NULL;
    *n = v->call->kids[1]->value.list.n;
    return *n ? v->call->kids[1]->value.list.items : truth; /* none at all is a set, too */
}

/* Do all literals about that subject allow the value? */
static bool is_allowed(reasoner *r, const branch *b, const cel_node *subject, const dd_cel_value *value)
{
    for (size_t i = 0; i < b->n_known; i++) {
        view v = view_of(b->known[i]);
        if (cel_same(v.subject, subject) && !is_true_of(r, &v, value))
            return false;
    }
    return true;
}

/* Every value that the conjunction leaves to `subject` makes `wanted` true (NULL: there is no value left). False: not known. */
static bool set_decides(reasoner *r, const branch *b, const cel_node *subject, const view *wanted)
{
    for (size_t i = 0; i < b->n_known; i++) {
        size_t              n;
        view                v = view_of(b->known[i]);
        const dd_cel_value *set = cel_same(v.subject, subject) ? values_of(&v, &n) : NULL;
        if (!set)
            continue;
        for (size_t k = 0; k < n; k++)
            if (++r->trials > MOST_TRIALS || (is_allowed(r, b, subject, &set[k]) && !(wanted && is_true_of(r, wanted, &set[k]))))
                return false;
        return true;
    }
    return false;
}

/* --- intervals of numbers --- */
typedef struct { double lo, hi; bool lo_open, hi_open; } interval;
static const interval all_numbers = { -INFINITY, INFINITY, false, false };

static bool is_whole(const cel_node *n) { return n->type->t == DD_CEL_INT || n->type->t == DD_CEL_UINT; }

static const char *const orders[] = { "_<_", "_<=_", "_>_", "_>=_" };

/* Which of `orders` the literal is, seen from its subject: turned when the constant stands left, the other way when negated; -1: none. */
static int order_of(const view *v)
{
    static const int turned[] = { 2, 3, 0, 1 }, opposite[] = { 3, 2, 1, 0 };
    int k = 3;
    while (k >= 0 && !(v->call && is_call(v->call, orders[k])))
        k--;
    if (k < 0 || (v->negated && !is_whole(v->subject))) /* NaN is neither below nor not below */
        return -1;
    k = v->at ? turned[k] : k;
    return v->negated ? opposite[k] : k;
}

/* The constant of a comparison, where doubles are still exact. */
static bool limit_of(const view *v, double *out)
{
    const dd_cel_value *c = &v->call->kids[1 - v->at]->value;
    if (!(CEL_NUM >> c->type & 1))
        return false;
    *out = c->type == DD_CEL_INT ? (double)c->i : c->type == DD_CEL_UINT ? (double)c->u : c->d;
    return fabs(*out) < 9007199254740992.0;
}

/* Below or above c; of whole numbers, up to the last one that is. */
static interval below(double c, bool open, bool whole)
{
    return (interval){ -INFINITY, !whole ? c : open ? ceil(c) - 1 : floor(c), false, open && !whole };
}

static interval above(double c, bool open, bool whole)
{
    return (interval){ !whole ? c : open ? floor(c) + 1 : ceil(c), INFINITY, open && !whole, false };
}

static bool interval_of(const view *v, interval *out)
{
    int    k = order_of(v);
    double c;
    if (k < 0 || !limit_of(v, &c))
        return false;
    *out = (k < 2 ? below : above)(c, k % 2 == 0, is_whole(v->subject));
    return true;
}

static void narrow(interval *a, const interval *b)
{
    if (b->lo > a->lo || (b->lo == a->lo && b->lo_open)) {
        a->lo = b->lo;
        a->lo_open = b->lo_open;
    }
    if (b->hi < a->hi || (b->hi == a->hi && b->hi_open)) {
        a->hi = b->hi;
        a->hi_open = b->hi_open;
    }
}

static bool is_empty(const interval *a) { return a->lo > a->hi || (a->lo == a->hi && (a->lo_open || a->hi_open)); }

/* What the conjunction allows; false: nothing is said about that subject. */
static bool interval_in(const branch *b, const cel_node *subject, interval *out)
{
    bool said = false;
    *out = all_numbers;
    for (size_t i = 0; i < b->n_known; i++) {
        interval one;
        view     v = view_of(b->known[i]);
        if (cel_same(v.subject, subject) && interval_of(&v, &one)) {
            narrow(out, &one);
            said = true;
        }
    }
    return said;
}

static bool lies_within(const interval *in, const interval *out)
{
    interval both = *in;
    narrow(&both, out);
    return both.lo == in->lo && both.hi == in->hi && both.lo_open == in->lo_open && both.hi_open == in->hi_open;
}

static bool interval_decides(const branch *b, const view *wanted)
{
    interval have, want;
    double   c;
    if (!interval_in(b, wanted->subject, &have))
        return false;
    if (interval_of(wanted, &want))
        return lies_within(&have, &want);
    if (!wanted->call || !is_call(wanted->call, wanted->negated ? "_==_" : "_!=_") || !limit_of(wanted, &c))
        return false;
    narrow(&have, &(interval){ c, c, false, false }); /* x > 10 makes x != 5 true */
    return is_empty(&have);
}

/* --- parts of strings --- */
/* The text in x.startsWith("text") and its like; false: it is not that. */
static bool text_of(const view *v, const char *function, dd_str *out)
{
    if (!v->call || v->negated || v->at || v->call->n != 2 || v->call->kids[1]->value.type != DD_CEL_STRING || !is_call(v->call, function))
        return false;
    *out = v->call->kids[1]->value.s;
    return true;
}

/* x.startsWith("gpt-4o") makes x.startsWith("gpt-4") and x.contains("4o") true. */
static bool text_decides(const view *have, const view *want)
{
    dd_str h, w;
    if (text_of(want, "startsWith", &w))
        return text_of(have, "startsWith", &h) && dd_str_starts(h, w);
    if (text_of(want, "endsWith", &w))
        return text_of(have, "endsWith", &h) && dd_str_ends(h, w);
    if (!text_of(want, "contains", &w))
        return false;
    return (text_of(have, "startsWith", &h) || text_of(have, "endsWith", &h) || text_of(have, "contains", &h)) && dd_str_find(h, w) >= 0;
}

static bool text_conflicts(const view *a, const view *b)
{
    dd_str x, y;
    return text_of(a, "startsWith", &x) && text_of(b, "startsWith", &y) && !dd_str_starts(x, y) && !dd_str_starts(y, x);
}

/* --- claims --- */
static bool conflicts_with_another(const branch *b, size_t i)
{
    view v = view_of(b->known[i]);
    for (size_t k = 0; k < i; k++) {
        view other = view_of(b->known[k]);
        if (cel_same(b->known[k].node, b->known[i].node) && b->known[k].negated != b->known[i].negated)
            return true;
        if (cel_same(v.subject, other.subject) && text_conflicts(&v, &other))
            return true;
    }
    return false;
}

static bool is_impossible(reasoner *r, const branch *b)
{
    for (size_t i = 0; i < b->n_known; i++) {
        interval have;
        view     v = view_of(b->known[i]);
        if (set_decides(r, b, v.subject, NULL) || (interval_in(b, v.subject, &have) && is_empty(&have)) || conflicts_with_another(b, i))
            return true;
    }
    return false;
}

static bool literal_follows(reasoner *r, const branch *b, literal l)
{
    view want = view_of(l);
    for (size_t i = 0; i < b->n_known; i++) {
        view have = view_of(b->known[i]);
        if (b->known[i].negated == l.negated && cel_same(b->known[i].node, l.node))
            return true;
        if (cel_same(have.subject, want.subject) && text_decides(&have, &want))
            return true;
    }
    return set_decides(r, b, want.subject, &want) || interval_decides(b, &want);
}

static bool follows(reasoner *r, const branch *b, const cel_node *n, bool negated)
{
    if (n->kind == CEL_N_CONST)
        return n->value.type == DD_CEL_BOOL && n->value.b != negated;
    if (is_call(n, "!_"))
        return follows(r, b, n->kids[0], !negated);
    if (n->kind != CEL_N_AND && n->kind != CEL_N_OR)
        return literal_follows(r, b, (literal){ n, negated });
    bool every = (n->kind == CEL_N_AND) != negated; /* all parts must follow, or one */
    for (size_t i = 0; i < n->n; i++)
        if (follows(r, b, n->kids[i], negated) != every)
            return !every;
    return every;
}

static bool makes_other_true(reasoner *r, const branch *b)
{
    return follows(r, b, r->other->root, false) || is_impossible(r, b);
}

/* Without variables the outcome is always this one: what failed could not become a constant. */
static bool reads_nothing(const dd_cel *p)
{
    for (size_t i = 0; i < p->env->n; i++)
        if (dd_cel_reads(p, i))
            return false;
    return true;
}

dd_cel_truth dd_cel_constant(const dd_cel *p)
{
    reasoner r = { .program = p, .arena = DD_ARENA_INIT };
    bool     fixed = p->root->kind == CEL_N_CONST, always = fixed && p->root->value.type == DD_CEL_BOOL && p->root->value.b;
    bool     fails = !fixed && reads_nothing(p) && !dd_cel_test(p, NULL, &r.arena);
    bool     never = fixed ? !always : fails || claim_of_all(&r, p->root, is_impossible);
    dd_arena_fini(&r.arena);
    return always ? DD_CEL_ALWAYS : never ? DD_CEL_NEVER : DD_CEL_VARIES;
}

bool dd_cel_covers(const dd_cel *earlier, const dd_cel *later)
{
    reasoner r = { .program = later, .other = earlier, .arena = DD_ARENA_INIT };
    bool     covers = cel_same(earlier->root, later->root) || claim_of_all(&r, later->root, makes_other_true);
    dd_arena_fini(&r.arena);
    return covers;
}
