/* Why a condition does not hold, for people: the first part of it that is not true, and what was looked at. */
#include "route/cel_parts.h"

enum { MOST_SUBJECTS = 6, VALUE_BYTES = 100, PART_BYTES = 200 };

typedef struct {
    const dd_cel      *p;
    cel_frame          f;
    const cel_node    *seen[MOST_SUBJECTS];
    size_t             n;
} looker;

static dd_str text_of(const looker *l, const cel_node *n) { return dd_str_sub(l->p->text, n->from, n->to); }

/* tags["team"], key.tags.team, budget.used: a variable, or a member of one by a constant. */
static bool is_subject(const cel_node *n)
{
    while (n->kind == CEL_N_SELECT || (n->kind == CEL_N_CALL && dd_str_eqz(n->name, "_[_]") && n->kids[1]->kind == CEL_N_CONST))
        n = n->kids[0];
    return n->kind == CEL_N_VAR || (n->kind == CEL_N_HAS && n->n == 0);
}

static void note_subjects(looker *l, const cel_node *n)
{
    if (is_subject(n)) {
        for (size_t i = 0; i < l->n; i++)
            if (cel_same(l->seen[i], n))
                return;
        if (l->n < MOST_SUBJECTS)
            l->seen[l->n++] = n;
        return;
    }
    for (size_t i = 0; i < n->n; i++)
        if (n->kids[i])
            note_subjects(l, n->kids[i]);
}

static void put_text(const looker *l, const cel_node *n, dd_buf *out)
{
    dd_str text = text_of(l, n);
    dd_buf_add_line(out, dd_str_sub(text, 0, PART_BYTES));
    dd_buf_addz(out, text.len > PART_BYTES ? "..." : "");
}

static void put_value(const dd_cel_value *v, dd_buf *out)
{
    dd_buf text = DD_BUF_INIT(VALUE_BYTES);
    dd_cel_print(v, &text);
    dd_buf_add_line(out, dd_buf_str(&text));
    dd_buf_addz(out, text.over ? "..." : "");
    dd_buf_free(&text);
}

static void put_subjects(looker *l, const cel_node *part, dd_buf *out)
{
    note_subjects(l, part);
    for (size_t i = 0; i < l->n; i++) {
        dd_cel_value v;
        l->f.steps = DD_CEL_MAX_STEPS;
        (l->seen[i]->kind == CEL_N_HAS ? cel_run_var : l->seen[i]->run)(l->seen[i], &l->f, &v);
        dd_buf_addz(out, i ? ", " : ": ");
        put_text(l, l->seen[i], out);
        dd_buf_addz(out, v.type == DD_CEL_ERROR ? " has no value" : " is ");
        if (v.type != DD_CEL_ERROR)
            put_value(&v, out);
    }
}

static bool is_true(const dd_cel_value *v) { return v->type == DD_CEL_BOOL && v->b; }

/* Says what is wrong with a part; false: it is true. */
static bool put_part(looker *l, const cel_node *part, dd_buf *out)
{
    dd_cel_value v;
    l->f.steps = DD_CEL_MAX_STEPS;
    part->run(part, &l->f, &v);
    if (is_true(&v))
        return false;
    dd_buf_addz(out, "`");
    put_text(l, part, out);
    dd_buf_addz(out, v.type == DD_CEL_ERROR ? "` fails: " : "` is ");
    put_value(&v, out);
    put_subjects(l, part, out);
    return true;
}

void dd_cel_why(const dd_cel *p, const dd_cel_vars *vars, dd_arena *scratch, dd_buf *out)
{
    looker          l = { .p = p, .f = { .vars = vars, .env = p->env, .arena = scratch } };
    const cel_node *root = p->root;
    if (root->kind != CEL_N_AND) {
        put_part(&l, root, out);
        return;
    }
    for (size_t i = 0; i < root->n; i++)
        if (put_part(&l, root->kids[i], out))
            return;
}
