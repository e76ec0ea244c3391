/* Which definitions of a name reach a use, from their places and the arms they stand in.
 *
 * The source form has no statements, so flow is read from positions: walking back from the use, a definition that
 * every path passes ends the search, one in an arm adds a candidate, one in an arm that excludes the use or leaves the
 * function is skipped. When all arms of a construct with else define the name, what stands before is dead. */
#include "scan/eval.h"

/* Bodies that run whenever their surroundings do. */
static bool transparent(const dd_branch *b)
{
    return b->kind == DD_BR_TRY || b->kind == DD_BR_MAIN || (b->kind == DD_BR_LOOP && !b->test);
}

static bool same_arm(const dd_branch *a, const dd_branch *b)
{
    return a == b || (a->construct == b->construct && a->arm == b->arm);
}

static bool stands_in(const dd_branch *b, const dd_branch *use)
{
    for (; use; use = use->parent)
        if (same_arm(b, use))
            return true;
    return false;
}

static bool other_arm(const dd_branch *b, const dd_branch *use)
{
    if (b->kind != DD_BR_IF && b->kind != DD_BR_CASE)
        return false;
    for (; use; use = use->parent)
        if (use->construct == b->construct && use->arm != b->arm)
            return true;
    return false;
}

/* `top`: the outermost arm of the definition that the use does not stand in. */
static dd_relation relate(const dd_branch *def, const dd_branch *use, const dd_branch **top)
{
    dd_relation r = DD_REL_CERTAIN;
    bool in_loop = false, left = false;
    *top = NULL;
    for (const dd_branch *b = def; b; b = b->parent) {
        if (stands_in(b, use))
            break;
        if (other_arm(b, use))
            return DD_REL_NEVER;
        in_loop = in_loop || b->kind == DD_BR_LOOP;
        left = left || (b->exits && !(b->kind == DD_BR_TRY));
        if (!transparent(b)) {
            r = DD_REL_PERHAPS;
            *top = b;
        }
    }
    return left && !in_loop ? DD_REL_NEVER : r;     /* an arm that breaks out of a loop does go on behind it */
}

dd_relation dd_flow_relation(const dd_branch *def, const dd_branch *use)
{
    const dd_branch *top;
    return relate(def, use, &top);
}

typedef struct { uint32_t construct, arms, seen; uint64_t bits; } cover;
typedef struct { cover v[8]; size_t n; } covers;

static bool covered(covers *all, const dd_def *d, const dd_branch *top)
{
    if (!top || !top->exhaustive || top->arms > 60 || (top->kind != DD_BR_IF && top->kind != DD_BR_CASE))
        return false;
    const dd_branch *own = d->branch;              /* only what the arm does in any case covers it */
    while (own && own != top && transparent(own))
        own = own->parent;
    if (own != top)
        return false;
    cover *c = NULL;
    for (size_t i = 0; i < all->n; i++)
        if (all->v[i].construct == top->construct)
            c = &all->v[i];
    if (!c) {
        if (all->n == DD_COUNT(all->v))
            return false;
        c = &all->v[all->n++];
        *c = (cover){ .construct = top->construct, .arms = top->arms };
        for (const dd_branch *q = top; q; q = q->prev)
            if (q->exits)
                c->bits |= (uint64_t)1 << q->arm;
    }
    c->bits |= (uint64_t)1 << top->arm;
    return c->bits == ((uint64_t)1 << c->arms) - 1;
}

static bool shares_loop(const dd_branch *def, const dd_branch *use)
{
    for (const dd_branch *b = use; b; b = b->parent)
        if (b->kind == DD_BR_LOOP && stands_in(b, def))
            return true;
    return false;
}

size_t dd_flow(const dd_def *defs, size_t n, uint32_t at, const dd_branch *use, dd_def *out, size_t max)
{
    covers all = { .n = 0 };
    size_t found = 0;
    const dd_branch *top;
    const dd_branch *kill = NULL;
    for (size_t i = n; i-- > 0 && found < max;) {
        if (defs[i].pos >= at || defs[i].end > at)
            continue;
        dd_relation r = relate(defs[i].branch, use, &top);
        if (r == DD_REL_NEVER)
            continue;
        out[found] = defs[i];
        out[found++].certain = r == DD_REL_CERTAIN;
        kill = defs[i].branch;
        if (r == DD_REL_CERTAIN || covered(&all, &defs[i], top))
            break;
    }
    for (size_t i = 0; i < found / 2; i++) {       /* oldest first */
        dd_def d = out[i];
        out[i] = out[found - 1 - i];
        out[found - 1 - i] = d;
    }
    /* The next round of a loop sees what the end of this one defined, unless each round defines it anew in front. */
    bool fresh = found && out[0].certain && shares_loop(kill, use);
    for (size_t i = 0; i < n && found < max && !fresh; i++) {
        if (defs[i].pos <= at || !shares_loop(defs[i].branch, use))
            continue;
        out[found] = defs[i];
        out[found++].certain = false;
    }
    return found;
}

/* `if x: m = x` / `else: m = "y"`, and what an except arm puts in the place of what could not be read: a default. */
static bool stands_in_for(const dd_branch *b, const dd_def *prev, const dd_value *before)
{
    if (b->kind == DD_BR_EXCEPT)
        return before->kind == DD_V_UNKNOWN;
    const dd_branch *first = b->prev;
    return first && !first->prev && first->kind == DD_BR_IF && prev && prev->branch == first && prev->value && dd_ev_there_test(first->test, prev->value);
}

dd_value *dd_flow_join(dd_project *p, dd_value *before, dd_value *v, const dd_def *d, const dd_def *prev, dd_str name, const dd_frame *f)
{
    const dd_branch *b = d->branch;
    if (!before || d->certain)
        return v;
    if (b && b->kind == DD_BR_IF && b->test && !b->prev && b->arm == 0) {
        if (dd_ev_missing_test(b->test, NULL, name) == 1)
            return dd_v_or(p, before, v, true);
        if (v->kind == DD_V_UNKNOWN && d->value && dd_ev_there_test(b->test, d->value))
            return dd_v_or(p, v, before, true);     /* if (opts.model) model = opts.model; */
    }
    if (b && (b->kind == DD_BR_IF || b->kind == DD_BR_CASE)) {
        int t = dd_ev_branch(p, b, f);
        if (t == 0)
            return before;
        if (t == 1)
            return v;
    }
    if (b && stands_in_for(b, prev, before))
        return dd_v_or(p, before, v, true);
    if (b && b->prev && !b->prev->prev && b->prev->kind == DD_BR_IF && v->kind == DD_V_UNKNOWN && d->value &&
        dd_ev_missing_test(b->prev->test, d->value, DD_STR("")) == 1)
        return dd_v_or(p, v, before, true);         /* if m is None: x = "d" / else: x = m */
    return dd_v_either(p, before, v);
}
