#include "tests/unit/scan/tree.h"

static const dd_expr *find_use(const dd_unit_ir *u)
{
    for (uint32_t i = 0; u && i < u->n_calls; i++)
        if (dd_str_eqz(u->calls[i]->name, "use"))
            return u->calls[i];
    return NULL;
}

void tree_open(tree *t, const tree_source *sources)
{
    *t = (tree){ .n = 0 };
    for (; t->n < TREE_FILES && sources[t->n].path; t->n++) {
        dd_source_file *f = &t->file[t->n];
        *f = (dd_source_file){ .path = dd_str_z(sources[t->n].path), .abs = dd_str_z(sources[t->n].path), .text = dd_str_z(sources[t->n].text) };
        dd_source_lang(f->path, &f->lang);
        if (f->lang == DD_LANG_NOTEBOOK)
            CHECK_OK(dd_notebook_join(f, f->text, &t->arena, NULL));
        dd_source_index(f, &t->arena);
        t->files[t->n] = f;
    }
    t->project = dd_project_new(DD_STR("/nowhere"), t->files, t->n, 1 << 20);
    for (size_t i = 0; i < t->n; i++) {
        dd_lang     lang;
        dd_unit_ir *u = dd_source_lang(t->files[i]->path, &lang) ? dd_project_unit(t->project, t->files[i]->path) : NULL;
        t->unit = i == 0 ? u : t->unit;
    }
    t->probe = find_use(t->unit);
}

void tree_close(tree *t)
{
    dd_project_free(t->project);
    dd_arena_fini(&t->arena);
}

dd_value *tree_value(tree *t)
{
    return t->probe ? dd_eval(t->project, dd_call_arg(t->probe, 0), NULL) : NULL;
}

static void show_items(tree *t, const dd_value *v, const char *open, const char *close, dd_buf *out)
{
    dd_buf_addz(out, open);
    for (uint32_t i = 0; i < v->n_items; i++) {
        if (i)
            dd_buf_addz(out, ", ");
        if (v->items[i]->kind == DD_V_STRING)
            dd_buf_add(out, v->items[i]->text);
        else
            tree_show(t, v->items[i], out);
    }
    dd_buf_addz(out, close);
}

void tree_show(tree *t, const dd_value *v, dd_buf *out)
{
    static const char *const kinds[] = { "unknown", "string", "number", "bool", "none", "text", "dict", "list", "func", "class", "instance", "module",
                                         "extern", "choice", "data" };
    if (!v) {
        dd_buf_addz(out, "nothing");
        return;
    }
    switch (v->kind) {
    case DD_V_STRING:  dd_buf_add(out, v->text); dd_buf_printf(out, " %s", dd_source_name(dd_value_source(v, t->unit, t->probe))); break;
    case DD_V_UNKNOWN: dd_buf_addz(out, "?"); break;
    case DD_V_NUMBER:  dd_buf_printf(out, "#%g", v->number); break;
    case DD_V_NONE:    dd_buf_addz(out, "none"); break;
    case DD_V_CHOICE:  show_items(t, v, "{", "}", out); break;
    case DD_V_TEXT:    show_items(t, v, "`", "`", out); break;
    case DD_V_LIST:    show_items(t, v, "[", v->open ? ", ...]" : "]", out); break;
    case DD_V_EXTERN:  dd_buf_addc(out, '='); dd_extern_path(v, out); break;
    default:           dd_buf_printf(out, "<%s>", kinds[v->kind]); break;
    }
}
