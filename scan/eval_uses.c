/* Calls and subclasses by name: from the index of a scan, or over the files that this project has parsed so far. */
#include "scan/eval.h"

typedef struct { void **v; size_t n, cap; } node_list;

static void list_add(dd_project *p, dd_map *map, dd_str name, void *node)
{
    if (!name.len)
        return;
    void **at = dd_map_at(map, name);
    if (!*at)
        *at = dd_new(dd_keep(p), node_list);
    dd_avec_push(dd_keep(p), (node_list *)*at, node);
}

static void index_units(dd_project *p)
{
    for (; p->units_indexed < p->units.n; p->units_indexed++) {
        const dd_unit_ir *u = p->units.v[p->units_indexed];
        for (uint32_t i = 0; i < u->n_calls; i++)
            list_add(p, &p->calls_by_name, u->calls[i]->name, u->calls[i]);
        for (uint32_t i = 0; i < u->n_classes; i++)
            for (uint32_t k = 0; k < u->classes[i]->n_bases; k++)
                list_add(p, &p->classes_by_base, dd_uses_base_name(u->classes[i]->bases[k]), u->classes[i]);
    }
}

static void *listed(const dd_map *map, dd_str name, size_t *i)
{
    const node_list *list = dd_map_get(map, name);
    return list && *i < list->n ? list->v[(*i)++] : NULL;
}

const dd_expr *dd_ev_next_call(dd_project *p, dd_str name, size_t *i)
{
    dd_use_entry use;
    if (!p->parsed) {
        index_units(p);
        return listed(&p->calls_by_name, name, i);
    }
    while (dd_uses_next(p->parsed->calls, name, i, &use)) {
        const dd_unit_ir *u = dd_project_parsed(p, use.file);
        if (u && use.at < u->n_calls && dd_str_eq(u->calls[use.at]->name, name))
            return u->calls[use.at];
    }
    return NULL;
}

dd_class_def *dd_ev_next_subclass(dd_project *p, dd_str base, size_t *i)
{
    dd_use_entry use;
    if (!p->parsed) {
        index_units(p);
        return listed(&p->classes_by_base, base, i);
    }
    while (dd_uses_next(p->parsed->bases, base, i, &use)) {
        const dd_unit_ir *u = dd_project_parsed(p, use.file);
        if (u && use.at < u->n_classes)
            return u->classes[use.at];
    }
    return NULL;
}
