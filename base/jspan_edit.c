/* Splices of base/jspan.h.
 *
 * Edits name nodes, not bytes, until they are applied: which comma goes with a removed member, and whether an added one needs one,
 * is known only when all edits of the object are. */
#include "base/jspan.h"

typedef struct { uint32_t start, end; dd_str with; size_t order; } cut;
typedef DD_VEC(cut) cuts;

static void add_cut(cuts *c, dd_arena *arena, uint32_t start, uint32_t end, dd_str with)
{
    cut one = { start, end, with, c->n };
    dd_avec_push(arena, c, one);
}

void dd_jedit_replace(dd_jedits *e, dd_arena *arena, const dd_jspan *d, uint32_t value, dd_str json)
{
    if (value < d->n)
        dd_avec_push(arena, e, ((dd_jedit){ DD_JEDIT_REPLACE, DD_J_NONE, value, json }));
}

void dd_jedit_remove(dd_jedits *e, dd_arena *arena, const dd_jspan *d, uint32_t object, uint32_t key)
{
    if (dd_jspan_kind(d, object) == DD_J_OBJECT && key < d->n)
        dd_avec_push(arena, e, ((dd_jedit){ DD_JEDIT_REMOVE, object, key, DD_STR_NULL }));
}

void dd_jedit_add(dd_jedits *e, dd_arena *arena, const dd_jspan *d, uint32_t object, const char *name, dd_str json)
{
    if (dd_jspan_kind(d, object) != DD_J_OBJECT)
        return;
    dd_buf member = DD_BUF_INIT(0);
    dd_buf_addc(&member, '"');
    dd_jtext_escape(&member, dd_str_z(name));
    dd_buf_addz(&member, "\":");
    dd_buf_add(&member, json);
    dd_avec_push(arena, e, ((dd_jedit){ DD_JEDIT_ADD, object, DD_J_NONE, dd_arena_dup(arena, dd_buf_str(&member)) }));
    dd_buf_free(&member);
}

/* By object; within it removals in text order before additions, which stay in the order they came in (`order` breaks ties). */
typedef struct { const dd_jedit *edit; size_t order; } ranked;

static int by_object(const void *a, const void *b)
{
    const ranked   *x = a, *y = b;
    const dd_jedit *p = x->edit, *q = y->edit;
    if (p->object != q->object)
        return p->object < q->object ? -1 : 1;
    if (p->node != q->node)
        return p->node < q->node ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static int by_place(const void *a, const void *b)
{
    const cut *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end > y->end ? -1 : 1; /* a removed member before its name, if that was replaced */
    return x->order < y->order ? -1 : 1;
}

static dd_str join_added(const ranked *r, size_t n, bool comma, dd_arena *arena)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        len += r[i].edit->with.len + 1;
    char *text = dd_arena_alloc(arena, len);
    for (size_t i = 0; i < n; i++) {
        if (comma || i)
            text[at++] = ',';
        memcpy(text + at, r[i].edit->with.ptr, r[i].edit->with.len);
        at += r[i].edit->with.len;
    }
    return (dd_str){ text, at };
}

/* One object's removals and additions: a removed member goes with the comma behind it, those behind the last kept one with the comma in front. */
static void cut_members(const dd_jspan *d, const ranked *r, size_t n, cuts *out, dd_arena *arena)
{
    uint32_t object = r->edit->object, tail = d->v[object].start + 1, end = tail, gone = DD_J_NONE;
    size_t   i = 0;
    bool     kept = false;
    for (dd_jit it = dd_jspan_each(d, object); dd_jspan_step(d, &it);) {
        const dd_jnode *key = &d->v[it.key];
        while (i < n && r[i].edit->node < it.key)
            i++;
        bool removed = i < n && r[i].edit->node == it.key;
        if (!kept && end == tail)
            tail = key->start; /* white space behind the bracket stays */
        if (removed && gone == DD_J_NONE)
            gone = key->start;
        if (!removed) {
            if (gone != DD_J_NONE)
                add_cut(out, arena, gone, key->start, DD_STR_NULL);
            gone = DD_J_NONE;
            kept = true;
            tail = d->v[it.value].end;
        }
        end = d->v[it.value].end;
    }
    while (i < n && r[i].edit->node != DD_J_NONE)
        i++;
    dd_str with = join_added(r + i, n - i, kept, arena);
    if (end > tail || with.len)
        add_cut(out, arena, tail, end, with);
}

static void cut_objects(const dd_jspan *d, ranked *r, size_t n, cuts *out, dd_arena *arena)
{
    if (n)
        qsort(r, n, sizeof *r, by_object);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && r[k].edit->object == r[i].edit->object; k++)
            ;
        cut_members(d, r + i, k - i, out, arena);
    }
}

dd_str dd_jedit_apply(dd_jedits *e, dd_arena *arena, const dd_jspan *d)
{
    cuts    c = { 0 };
    ranked *r = dd_newn(arena, ranked, e->n + 1);
    size_t  n = 0, len = d->text.len;
    for (size_t i = 0; i < e->n; i++) {
        const dd_jedit *edit = &e->v[i];
        if (edit->kind == DD_JEDIT_REPLACE)
            add_cut(&c, arena, d->v[edit->node].start, d->v[edit->node].end, edit->with);
        else
            r[n++] = (ranked){ edit, i };
    }
    cut_objects(d, r, n, &c, arena);
    if (c.n == 0)
        return d->text;
    qsort(c.v, c.n, sizeof *c.v, by_place);
    for (size_t i = 0; i < c.n; i++)
        len += c.v[i].with.len;
    char  *text = dd_arena_alloc(arena, len + 1);
    size_t at = 0, from = 0;
    for (size_t i = 0; i < c.n; i++) {
        if (c.v[i].start < from)
            continue; /* inside what another edit took away */
        memcpy(text + at, d->text.ptr + from, c.v[i].start - from);
        at += c.v[i].start - from;
        if (c.v[i].with.len)
            memcpy(text + at, c.v[i].with.ptr, c.v[i].with.len);
        at += c.v[i].with.len;
        from = c.v[i].end;
    }
    memcpy(text + at, d->text.ptr + from, d->text.len - from);
    at += d->text.len - from;
    text[at] = '\0';
    return (dd_str){ text, at };
}
