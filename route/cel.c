/* A condition from its text to its program. */
#include "route/cel_parts.h"

static void note_reads(dd_cel *p, const cel_node *n)
{
    if (n->kind == CEL_N_VAR || (n->kind == CEL_N_HAS && n->n == 0))
        p->reads[n->index / 64] |= UINT64_C(1) << n->index % 64;
    for (size_t i = 0; i < n->n; i++)
        if (n->kids[i])
            note_reads(p, n->kids[i]);
}

dd_cel *dd_cel_compile(dd_str text, const dd_cel_env *env, dd_arena *arena, dd_err *err, size_t *at)
{
    dd_err     unseen = DD_ERR_INIT;
    cel_source src = { .text = text, .arena = arena, .err = err ? err : &unseen };
    dd_cel    *p = dd_new(arena, dd_cel);
    p->text = text;
    p->env = env;
    p->reads = dd_newn(arena, uint64_t, env->n / 64 + 1);
    dd_code rc = cel_parse(&src, &p->root);
    if (rc == DD_OK)
        rc = cel_check(&src, env, p);
    if (at)
        *at = src.at;
    if (rc != DD_OK)
        return NULL;
    note_reads(p, p->root);
    return p;
}

dd_cel_type dd_cel_result(const dd_cel *p) { return p->root->type->t; }
dd_str      dd_cel_text(const dd_cel *p) { return p->text; }
bool        dd_cel_reads(const dd_cel *p, size_t index) { return index < p->env->n && (p->reads[index / 64] >> index % 64 & 1); }

void dd_cel_position(dd_str text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at && i < text.len;) {
        bool end = text.ptr[i] == '\n';
        *column = end ? 1 : *column + 1;
        *line += end;
        dd_utf8_next(text, &i);
    }
}
