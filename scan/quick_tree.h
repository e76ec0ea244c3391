/* scan/quick_tree.h - building a flat tree whose parents may come after their children. Private to scan/quick*.c. */
#ifndef DD_SCAN_QUICK_TREE_H
#define DD_SCAN_QUICK_TREE_H
#include <stdlib.h>

#include "scan/quick.h"

typedef struct {
    dd_syn_tree *t;
    uint32_t    *last;      /* beside t->v: a node's newest child */
    size_t       cap;
} quick_tree;

/* An empty tree: v[0] stands for nothing. */
static inline quick_tree quick_tree_new(dd_syn_tree *t)
{
    static const dd_syn nothing = { 0 };
    t->n = t->n_errors = 0;
    t->comments.n = 0;
    dd_vec_push(t, nothing);
    return (quick_tree){ t, dd_calloc(t->cap, sizeof(uint32_t)), t->cap };
}

static inline uint32_t quick_tree_node(quick_tree *q, uint16_t kind, uint32_t start)
{
    dd_syn n = { .kind = kind, .flags = DD_SYN_NAMED, .start = start, .end = start };
    dd_vec_push(q->t, n);
    if (q->t->cap > q->cap) {
        q->cap  = q->t->cap;
        q->last = dd_realloc(q->last, q->cap * sizeof *q->last);
    }
    q->last[q->t->n - 1] = 0;
    return (uint32_t)(q->t->n - 1);
}

static inline void quick_tree_add(quick_tree *q, uint32_t parent, uint32_t child, uint8_t field)
{
    dd_syn *v = q->t->v;
    if (!child || !parent)
        return;
    v[child].field = field;
    v[child].next  = 0;
    if (q->last[parent])
        v[q->last[parent]].next = child;
    else
        v[parent].child = child;
    q->last[parent] = child;
}

/* A comment that holds "dd0c:" is kept. */
static inline void quick_tree_comment(quick_tree *q, const char *text, uint32_t from, uint32_t to)
{
    dd_comment c    = { 0, { text + from, to - from } };
    ptrdiff_t  note = dd_str_findz(c.text, "dd0c:");
    if (note < 0)
        return;
    for (uint32_t i = 0; i < from + (uint32_t)note; i++)
        c.row += text[i] == '\n';
    dd_vec_push(&q->t->comments, c);
}
#endif
