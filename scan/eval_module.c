/* What an import brings: names of other files, members of packages, rows of data files. */
#include "scan/eval.h"

enum {
    MAX_HOPS = 10,        /* re-exports in a row */
    MAX_ASKED = 256,      /* modules in one search */
    MAX_EDGES = 1024,     /* imports of everything that one search follows */
    MAX_CUT = 32,         /* searches cut short before the tree is taken for one that means harm: then they go only so far */
    FEW = 16
};

/* One search for a name: a module is asked for a name once, however many re-exports lead to it. */
typedef struct { const dd_unit_ir *unit; dd_str name; } asked;
typedef struct { asked *v; size_t n, cap, edges; int hops; } name_search;

static bool asked_before(dd_project *p, name_search *s, const dd_unit_ir *u, dd_str name)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].unit == u && dd_str_eq(s->v[i].name, name))
            return true;
    if (s->n >= (p->searches_cut < MAX_CUT ? MAX_ASKED : FEW) || (p->depth && ++p->steps > DD_EV_STEPS)) {
        p->searches_cut += s->n == MAX_ASKED;
        return true;
    }
    if (s->n == s->cap) {
        s->cap    = s->cap ? 2 * s->cap : 16;
        asked *v = dd_newn(&p->arena, asked, s->cap);
        if (s->n)
            memcpy(v, s->v, s->n * sizeof *v);
        s->v = v;
    }
    s->v[s->n++] = (asked){ u, name };
    return false;
}

static bool too_many_edges(dd_project *p, name_search *s)
{
    p->searches_cut += ++s->edges == MAX_EDGES;
    return s->edges > (p->searches_cut < MAX_CUT ? MAX_EDGES : FEW);
}

static dd_value *module_value(dd_project *p, const dd_module_hit *hit)
{
    if (hit->data)
        return (dd_value *)hit->data;
    dd_value *v = dd_v_new(p, DD_V_MODULE, NULL);
    v->unit = hit->unit;
    v->text = hit->dir;
    return v;
}

static dd_value *foreign(dd_project *p, dd_str module)
{
    return dd_v_package(p, dd_module_package(p, module));
}

/* --- Python --- */

static dd_value *python_name(dd_project *p, const dd_module_hit *hit, dd_str name, name_search *search);

static dd_value *from_wildcards(dd_project *p, dd_unit_ir *u, dd_str name, name_search *search)
{
    if (asked_before(p, search, u, name))
        return NULL;
    for (uint32_t i = u->n_imports; i-- > 0;) {
        const dd_import *imp = u->imports[i];
        dd_module_hit hit;
        if (imp->kind != DD_IMP_WILDCARD)
            continue;
        if (too_many_edges(p, search))
            return NULL;
        if (dd_str_eqz(imp->module, "__ipython_store__")) {
            dd_value *v = dd_ev_store(p, u, name);
            if (v)
                return v;
            continue;
        }
        if (dd_module_find(p, u, imp->module, imp->level, &hit)) {
            search->hops++;
            dd_value *v = hit.unit != u ? python_name(p, &hit, name, search) : NULL;
            search->hops--;
            if (v)
                return v;
        } else if (!imp->level && dd_module_is_sdk(imp->module) && name.len && name.ptr[0] >= 'A' && name.ptr[0] <= 'Z') {
            return dd_v_step(p, foreign(p, imp->module), DD_E_MEMBER, name);      /* I-PY-12 */
        }
    }
    return NULL;
}

static dd_value *python_name(dd_project *p, const dd_module_hit *hit, dd_str name, name_search *search)
{
    if (search->hops > MAX_HOPS)
        return NULL;
    dd_value *v = hit->unit ? dd_ev_module_name(p, hit->unit, name) : NULL;
    if (v)
        return v;
    dd_module_hit sub;
    if (hit->is_dir && dd_module_sub(p, hit->dir, name, &sub))
        return module_value(p, &sub);
    return hit->unit ? from_wildcards(p, hit->unit, name, search) : NULL;
}

static dd_value *python_import(dd_project *p, dd_unit_ir *u, const dd_import *imp, dd_str bound)
{
    dd_module_hit hit;
    dd_str module = imp->module;
    if (dd_str_eqz(module, "__ipython_store__")) {       /* what the notebook reader makes of %store -r */
        dd_value *v = dd_ev_store(p, u, imp->name);
        return v ? v : dd_v_unknown(p, "%store", NULL);
    }
    if (imp->kind == DD_IMP_MODULE) {
        dd_str rest = module, first = dd_str_cut(&rest, '.');
        if (rest.len && dd_str_eq(bound, first))      /* import a.b binds a */
            module = first;
        if (dd_module_find(p, u, module, imp->level, &hit))
            return module_value(p, &hit);
        return foreign(p, module);
    }
    if (!dd_module_find(p, u, module, imp->level, &hit)) {
        if (imp->level)
            return dd_v_unknown(p, "import", NULL);
        return dd_v_step(p, foreign(p, module), DD_E_MEMBER, imp->name);
    }
    dd_value *v = python_name(p, &hit, imp->name, &(name_search){ 0 });
    if (!v && !hit.unit && !imp->level)                  /* a plain folder gives way to an installed package of its name */
        return dd_v_step(p, foreign(p, module), DD_E_MEMBER, imp->name);
    if (!v)
        return dd_v_unknown(p, "import", NULL);
    return dd_v_chain(p, v, u, imp->start, "import " DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(imp->module), DD_STR_ARG(imp->name));
}

dd_value *dd_ev_wildcard(dd_project *p, dd_unit_ir *u, dd_str name)
{
    return dd_ev_python(u) ? from_wildcards(p, u, name, &(name_search){ 0 }) : NULL;
}

/* --- JavaScript --- */

static dd_value *js_export(dd_project *p, dd_unit_ir *u, dd_str name, name_search *search);

static dd_value *js_from(dd_project *p, dd_unit_ir *u, dd_str module, dd_str name, name_search *search)
{
    dd_module_hit hit;
    bool whole = name.len == 0;
    if (!dd_module_find(p, u, module, 0, &hit)) {
        dd_value *pkg = foreign(p, module);
        return whole ? pkg : dd_v_step(p, pkg, DD_E_MEMBER, name);
    }
    if (whole)
        return module_value(p, &hit);
    if (hit.data)
        return dd_str_eqz(name, "default") ? (dd_value *)hit.data : dd_ev_member(p, (dd_value *)hit.data, name, NULL);
    if (!hit.unit)
        return NULL;
    search->hops++;
    dd_value *v = js_export(p, hit.unit, name, search);
    search->hops--;
    return v;
}

static dd_value *export_value(dd_project *p, dd_unit_ir *u, const dd_export *x, name_search *search)
{
    if (x->from.len)
        return js_from(p, u, x->from, x->local, search);
    if (x->value)
        return dd_ev(p, x->value, NULL);
    return x->local.len ? dd_ev_module_name(p, u, x->local) : NULL;
}

static dd_value *js_export(dd_project *p, dd_unit_ir *u, dd_str name, name_search *search)
{
    if (search->hops > MAX_HOPS || asked_before(p, search, u, name))
        return NULL;
    dd_value *out = NULL;
    for (uint32_t i = 0; i < u->n_exports; i++)
        if (dd_str_eq(u->exports[i].name, name)) {
            dd_value *v = export_value(p, u, &u->exports[i], search);
            if (v && (dd_v_known(v) || !out))      /* exports.x = void 0 comes first in compiled code */
                out = v;
        }
    if (out)
        return out;
    for (uint32_t i = 0; i < u->n_exports; i++) {
        const dd_export *x = &u->exports[i];
        dd_module_hit hit;
        if (!dd_str_eqz(x->name, "*") || !x->from.len || dd_str_eqz(name, "default"))
            continue;
        if (too_many_edges(p, search))
            return NULL;
        if (!dd_module_find(p, u, x->from, 0, &hit)) {
            if (dd_module_is_sdk(x->from))
                return dd_v_step(p, foreign(p, x->from), DD_E_MEMBER, name);
            continue;
        }
        search->hops++;
        dd_value *v = hit.unit && hit.unit != u ? js_export(p, hit.unit, name, search) : NULL;
        search->hops--;
        if (v)
            return v;
    }
    return NULL;
}

dd_value *dd_ev_module_default(dd_project *p, dd_unit_ir *u)
{
    return js_export(p, u, DD_STR("default"), &(name_search){ 0 });
}

static dd_value *js_member(dd_project *p, dd_unit_ir *u, dd_str name)
{
    dd_value *v = js_export(p, u, name, &(name_search){ 0 });
    if (v)
        return v;
    dd_value *whole = dd_ev_module_default(p, u);       /* module.exports = { a, b } */
    if (whole && u->is_commonjs && whole->kind != DD_V_MODULE)
        return dd_str_eqz(name, "default") ? whole : dd_ev_member(p, whole, name, NULL);
    if (dd_str_eqz(name, "default") && u->is_commonjs) {
        dd_value *m = dd_v_new(p, DD_V_MODULE, NULL);
        m->unit = u;
        return m;
    }
    return NULL;
}

static dd_value *js_import(dd_project *p, dd_unit_ir *u, const dd_import *imp)
{
    dd_module_hit hit;
    dd_str name = imp->kind == DD_IMP_DEFAULT ? DD_STR("default") : imp->kind == DD_IMP_NAME ? imp->name : DD_STR("");
    if (!dd_module_find(p, u, imp->module, 0, &hit)) {
        if (imp->module.len && imp->module.ptr[0] == '.')
            return dd_v_unknown(p, "import", NULL);
        dd_value *pkg = foreign(p, imp->module);
        return name.len ? dd_v_step(p, pkg, DD_E_MEMBER, name) : pkg;
    }
    if (!name.len)
        return module_value(p, &hit);
    if (hit.data)
        return dd_str_eqz(name, "default") ? (dd_value *)hit.data : dd_ev_member(p, (dd_value *)hit.data, name, NULL);
    dd_value *v = hit.unit ? js_member(p, hit.unit, name) : NULL;
    if (!v)
        return dd_v_unknown(p, "import", NULL);
    return dd_v_chain(p, v, u, imp->start, "import " DD_STR_FMT "." DD_STR_FMT, DD_STR_ARG(imp->module), DD_STR_ARG(name));
}

dd_value *dd_ev_require(dd_project *p, dd_unit_ir *u, dd_str module)
{
    dd_module_hit hit;
    if (!dd_module_find(p, u, module, 0, &hit))
        return module.len && module.ptr[0] == '.' ? dd_v_unknown(p, "import", NULL) : foreign(p, module);
    return module_value(p, &hit);
}

/* --- both --- */

dd_value *dd_ev_import(dd_project *p, dd_unit_ir *u, const dd_import *imp, dd_str bound_name)
{
    if (!imp)
        return dd_v_unknown(p, "import", NULL);
    return dd_ev_python(u) ? python_import(p, u, imp, bound_name) : js_import(p, u, imp);
}

dd_value *dd_ev_module_member(dd_project *p, dd_value *module, dd_str name)
{
    dd_value *v;
    if (module->unit && !dd_ev_python(module->unit)) {
        v = js_member(p, module->unit, name);
    } else {
        dd_module_hit hit = { .unit = module->unit, .dir = module->text, .is_dir = module->text.ptr != NULL };
        v = python_name(p, &hit, name, &(name_search){ 0 });
        if (!v && !hit.unit && hit.dir.len && dd_str_chr(hit.dir, '/') < 0)
            v = dd_v_step(p, foreign(p, hit.dir), DD_E_MEMBER, name);
    }
    return v ? v : dd_v_unknown(p, "module member", NULL);
}

/* --- %store: notebooks of one folder hand names to each other --- */

static bool stores(dd_project *p, dd_str path, dd_str name)
{
    dd_str text;
    char   want[160];
    if (!dd_project_file_text(p, path, &text) || name.len > 100)
        return false;
    snprintf(want, sizeof want, "%%store " DD_STR_FMT, DD_STR_ARG(name));
    return dd_str_has(text, want);
}

dd_value *dd_ev_store(dd_project *p, dd_unit_ir *u, dd_str name)
{
    dd_str dir = dd_path_dir(u->file->path);
    dd_value *out = NULL;
    for (size_t i = 0; i < p->tree->notebooks.n; i++) {
        dd_str key = p->tree->notebooks.v[i]->path;
        if (!dd_str_eq(dd_path_dir(key), dir) || dd_str_eq(key, u->file->path) || !stores(p, key, name))
            continue;
        dd_unit_ir *other = dd_project_unit(p, key);
        dd_value   *v = other ? dd_ev_module_name(p, other, name) : NULL;
        if (v)
            out = dd_v_either(p, out, v);
    }
    return out ? dd_v_chain(p, out, u, 0, "%%store " DD_STR_FMT " of another notebook", DD_STR_ARG(name)) : NULL;
}
