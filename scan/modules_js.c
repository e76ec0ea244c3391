/* What an ES import or require means: relative files, tsconfig paths, package.json imports, packages of the workspace. */
#include "scan/eval.h"

enum { MAX_EXTENDS = 6 };

static dd_str cat(dd_project *p, dd_str a, const char *b)
{
    if (!a.len && b[0] == '/')
        b++;
    return dd_arena_printf(&p->arena, DD_STR_FMT "%s", DD_STR_ARG(a), b);
}

static bool is_code(dd_project *p, dd_str path)
{
    return path.len && dd_project_has(p, path);
}

static bool is_data(dd_project *p, dd_str path)
{
    return dd_str_endsz(path, ".json") && dd_project_file_data(p, path);
}

/* Section 4.2's order: exact, extensions, index; and .js written for what is .ts in the tree. */
static bool file_at(dd_project *p, dd_str base, dd_str *path)
{
    static const char *const ends[] = { "", ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", "/index.ts", "/index.tsx", "/index.mts", "/index.js",
                                        "/index.jsx", "/index.mjs", "/index.cjs" };
    static const struct { const char *from, *to; } written[] = { { ".js", ".ts" }, { ".js", ".tsx" }, { ".jsx", ".tsx" }, { ".mjs", ".mts" }, { ".cjs", ".cts" } };
    if (!base.ptr)
        return false;
    for (size_t i = 0; i < DD_COUNT(ends); i++) {
        dd_str at = ends[i][0] ? cat(p, base, ends[i]) : base;
        if (is_code(p, at)) {
            *path = at;
            return true;
        }
    }
    for (size_t i = 0; i < DD_COUNT(written); i++) {
        if (!dd_str_endsz(base, written[i].from))
            continue;
        dd_str at = cat(p, dd_str_sub(base, 0, base.len - strlen(written[i].from)), written[i].to);
        if (is_code(p, at)) {
            *path = at;
            return true;
        }
    }
    if (is_data(p, base)) {
        *path = base;
        return true;
    }
    dd_str json = cat(p, base, ".json");
    if (!is_data(p, json))
        return false;
    *path = json;
    return true;
}

/* --- tsconfig --- */

static dd_str text_of(const dd_value *json, const char *key)
{
    const dd_value *v = json ? dd_value_get(json, key) : NULL;
    return v && v->kind == DD_V_STRING ? v->text : DD_STR("");
}

static void add_paths(dd_project *p, dd_js_config *c, const dd_value *paths, dd_str base)
{
    if (!paths || paths->kind != DD_V_DATA || c->n_paths)
        return;
    c->paths = dd_newn(&p->arena, dd_js_path, paths->n_entries);
    for (uint32_t i = 0; i < paths->n_entries; i++) {
        const dd_value *targets = paths->entries[i].value;
        if (targets->kind != DD_V_LIST)
            continue;
        dd_js_path *row = &c->paths[c->n_paths++];
        row->pattern = paths->entries[i].key;
        row->targets = dd_newn(&p->arena, dd_str, targets->n_items);
        for (uint32_t k = 0; k < targets->n_items; k++) {
            dd_str at = targets->items[k]->kind == DD_V_STRING ? dd_path_join(p, base, targets->items[k]->text) : DD_STR_NULL;
            if (at.ptr)
                row->targets[row->n_targets++] = at;
        }
    }
}

static void read_config(dd_project *p, dd_js_config *c, dd_str path, int depth)
{
    const dd_value *json = depth < MAX_EXTENDS ? dd_project_file_data(p, path) : NULL;
    if (!json)
        return;
    dd_str dir = dd_path_dir(path), base = dir;
    const dd_value *options = dd_value_get(json, "compilerOptions");
    dd_str base_url = text_of(options, "baseUrl");
    if (base_url.len) {
        base = dd_path_join(p, dir, base_url);
        if (base.ptr && !c->has_base) {
            c->has_base = true;
            c->base_url = base;
        }
    }
    if (options && base.ptr)
        add_paths(p, c, dd_value_get(options, "paths"), base);
    dd_str up = text_of(json, "extends");
    if (dd_str_startsz(up, ".")) {
        dd_str at = dd_path_join(p, dir, up);
        if (at.ptr)
            read_config(p, c, dd_str_endsz(at, ".json") ? at : cat(p, at, ".json"), depth + 1);
    }
    const dd_value *refs = dd_value_get(json, "references");
    for (uint32_t i = 0; refs && refs->kind == DD_V_LIST && i < refs->n_items && i < 8 && !c->n_paths; i++) {
        dd_str ref = text_of(refs->items[i], "path"), at = ref.len ? dd_path_join(p, dir, ref) : DD_STR_NULL;
        if (at.ptr)
            read_config(p, c, dd_str_endsz(at, ".json") ? at : cat(p, at, "/tsconfig.json"), depth + 1);
    }
}

static dd_js_config *config_of(dd_project *p, dd_str dir)
{
    static const char *const names[] = { "/tsconfig.json", "/jsconfig.json" };
    dd_js_config *c = dd_map_get(&p->js_configs, dir);
    if (c)
        return c;
    bool began = dd_project_keep(p);
    c = dd_new(&p->arena, dd_js_config);
    dd_map_put(&p->js_configs, dd_arena_dup(&p->arena, dir), c);
    for (size_t i = 0; i < DD_COUNT(names) && !c->n_paths && !c->has_base; i++)
        read_config(p, c, cat(p, dir, names[i]), 0);
    dd_project_kept(p, began);
    return c;
}

static bool match_pattern(dd_project *p, dd_str pattern, dd_str target, dd_str module, dd_str *out)
{
    ptrdiff_t star = dd_str_chr(pattern, '*');
    if (star < 0) {
        *out = target;
        return dd_str_eq(pattern, module);
    }
    dd_str head = dd_str_sub(pattern, 0, (size_t)star), tail = dd_str_sub(pattern, (size_t)star + 1, pattern.len);
    if (module.len < head.len + tail.len || !dd_str_starts(module, head) || !dd_str_ends(module, tail))
        return false;
    dd_str    middle = dd_str_sub(module, head.len, module.len - tail.len);
    ptrdiff_t at = dd_str_chr(target, '*');
    *out = at < 0 ? target
                  : dd_arena_printf(&p->arena, DD_STR_FMT DD_STR_FMT DD_STR_FMT, DD_STR_ARG(dd_str_sub(target, 0, (size_t)at)), DD_STR_ARG(middle),
                                    DD_STR_ARG(dd_str_sub(target, (size_t)at + 1, target.len)));
    return true;
}

static bool by_config(dd_project *p, const dd_js_config *c, dd_str module, dd_str *path)
{
    for (size_t i = 0; i < c->n_paths; i++)
        for (size_t k = 0; k < c->paths[i].n_targets; k++) {
            dd_str at;
            if (match_pattern(p, c->paths[i].pattern, c->paths[i].targets[k], module, &at) && file_at(p, at, path))
                return true;
        }
    return c->has_base && file_at(p, dd_path_join(p, c->base_url, module), path);
}

/* --- package.json --- */

static const dd_value *package_json(dd_project *p, dd_str dir)
{
    return dd_project_file_data(p, cat(p, dir, "/package.json"));
}

/* "./x", { "import": ..., "default": ... }, or a list of them. */
static dd_str condition(const dd_value *v, int depth)
{
    static const char *const keys[] = { "source", "development", "types", "import", "module", "node", "default", "require" };
    if (!v || depth > 4)
        return DD_STR("");
    if (v->kind == DD_V_STRING)
        return v->text;
    if (v->kind == DD_V_LIST && v->n_items)
        return condition(v->items[0], depth + 1);
    for (size_t i = 0; v->kind == DD_V_DATA && i < DD_COUNT(keys); i++) {
        dd_str s = condition(dd_value_get(v, keys[i]), depth + 1);
        if (s.len && !dd_str_endsz(s, ".d.ts"))
            return s;
    }
    return DD_STR("");
}

static bool by_imports(dd_project *p, dd_str dir, dd_str module, dd_str *path)
{
    const dd_value *json = package_json(p, dir), *imports = json ? dd_value_get(json, "imports") : NULL;
    for (uint32_t i = 0; imports && imports->kind == DD_V_DATA && i < imports->n_entries; i++) {
        dd_str target = condition(imports->entries[i].value, 0), at;
        if (target.len && match_pattern(p, imports->entries[i].key, target, module, &at) && file_at(p, dd_path_join(p, dir, at), path))
            return true;
    }
    return false;
}

static void add_workspace(dd_project *p, dd_str dir)
{
    const dd_value *json = package_json(p, dir);
    dd_str name = text_of(json, "name");
    if (!name.len || dd_map_has(&p->workspaces, name))
        return;
    dd_js_package *pkg = dd_new(&p->arena, dd_js_package);
    pkg->dir = dir;
    pkg->json = json;
    dd_map_put(&p->workspaces, name, pkg);
}

/* Folders that fit a workspace's glob: known ones only, nothing is listed from disk. */
static void expand_workspace(dd_project *p, dd_str base, dd_str glob)
{
    while (dd_str_startsz(glob, "./"))
        glob = dd_str_sub(glob, 2, glob.len);
    ptrdiff_t star = dd_str_chr(glob, '*');
    if (dd_str_startsz(glob, "!"))
        return;
    if (star < 0) {
        dd_str at = dd_path_join(p, base, glob);
        if (at.ptr)
            add_workspace(p, at);
        return;
    }
    dd_str head = dd_path_join(p, base, dd_str_sub(glob, 0, (size_t)star)), dir;
    bool   deep = dd_str_has(glob, "**");
    void  *x;
    for (size_t i = 0; head.ptr && dd_map_each(&p->tree->dirs, &i, &dir, &x);) {
        if (dir.len <= head.len || !dd_str_starts(dir, head))
            continue;
        dd_str rest = dd_str_sub(dir, head.len, dir.len);
        if (head.len && rest.ptr[0] != '/')
            continue;
        if (head.len)
            rest = dd_str_sub(rest, 1, rest.len);
        if (deep || dd_str_chr(rest, '/') < 0)
            add_workspace(p, dir);
    }
}

static void read_globs(dd_project *p, dd_str dir, const dd_value *list)
{
    if (list && list->kind == DD_V_DATA)
        list = dd_value_get(list, "packages");
    for (uint32_t i = 0; list && list->kind == DD_V_LIST && i < list->n_items; i++)
        if (list->items[i]->kind == DD_V_STRING)
            expand_workspace(p, dir, list->items[i]->text);
}

static void read_workspaces(dd_project *p, dd_str from_dir)
{
    for (dd_str dir = from_dir;; dir = dd_path_dir(dir)) {
        const dd_value *json = package_json(p, dir), *pnpm = dd_project_file_data(p, cat(p, dir, "/pnpm-workspace.yaml"));
        read_globs(p, dir, json ? dd_value_get(json, "workspaces") : NULL);
        read_globs(p, dir, pnpm ? dd_value_get(pnpm, "packages") : NULL);
        if (!dir.len)
            break;
    }
}

static bool package_file(dd_project *p, const dd_js_package *pkg, dd_str sub, dd_str *path)
{
    const dd_value *exports = dd_value_get(pkg->json, "exports");
    dd_str key = sub.len ? dd_arena_printf(&p->arena, "./" DD_STR_FMT, DD_STR_ARG(sub)) : DD_STR(".");
    for (uint32_t i = 0; exports && exports->kind == DD_V_DATA && i < exports->n_entries; i++) {
        dd_str target = condition(exports->entries[i].value, 0), at;
        if (target.len && match_pattern(p, exports->entries[i].key, target, key, &at) && file_at(p, dd_path_join(p, pkg->dir, at), path))
            return true;
    }
    if (sub.len)
        return file_at(p, dd_path_join(p, pkg->dir, sub), path) || file_at(p, dd_path_join(p, dd_path_join(p, pkg->dir, DD_STR("src")), sub), path);
    dd_str plain = condition(exports, 0);
    static const char *const mains[] = { "source", "module", "main", "types" };
    if (plain.len && file_at(p, dd_path_join(p, pkg->dir, plain), path))
        return true;
    for (size_t i = 0; i < DD_COUNT(mains); i++) {
        dd_str main = text_of(pkg->json, mains[i]);
        if (main.len && file_at(p, dd_path_join(p, pkg->dir, main), path))
            return true;
    }
    return file_at(p, dd_path_join(p, pkg->dir, DD_STR("src")), path) || file_at(p, pkg->dir, path);
}

static bool by_workspace(dd_project *p, dd_str from_dir, dd_str module, dd_str *path)
{
    if (!p->workspaces_read) {
        bool began = dd_project_keep(p);
        p->workspaces_read = true;
        read_workspaces(p, from_dir);
        dd_project_kept(p, began);
    }
    dd_str name = module;
    for (;;) {
        const dd_js_package *pkg = dd_map_get(&p->workspaces, name);
        if (pkg)
            return package_file(p, pkg, dd_str_sub(module, name.len + 1, module.len), path);
        ptrdiff_t slash = dd_str_rchr(name, '/');
        if (slash <= 0)
            return false;
        name = dd_str_sub(name, 0, (size_t)slash);
    }
}

/* "@/lib/ai" and "~/lib/ai" where no configuration says what they mean: the root of the package, or its src. */
static bool by_custom(dd_project *p, dd_str dir, dd_str module, dd_str *path)
{
    bool at = dd_str_startsz(module, "@/") || dd_str_startsz(module, "~/") || dd_str_startsz(module, "$lib/");
    if (!at)
        return false;
    bool   lib = dd_str_startsz(module, "$lib/");
    dd_str rest = lib ? dd_str_sub(module, 1, module.len) : dd_str_sub(module, 2, module.len);
    if (!lib && file_at(p, dd_path_join(p, dir, rest), path))
        return true;
    if (file_at(p, dd_path_join(p, cat(p, dir, "/src"), rest), path))
        return true;
    return !lib && file_at(p, dd_path_join(p, cat(p, dir, "/app"), rest), path);
}

bool dd_module_find_js(dd_project *p, dd_str from_path, dd_str module, dd_str *path)
{
    dd_str from_dir = dd_path_dir(from_path);
    if (!module.len || module.len > 512)
        return false;
    ptrdiff_t query = dd_str_chr(module, '?');       /* "./prompt.md?raw" */
    if (query > 0)
        module = dd_str_sub(module, 0, (size_t)query);
    if (module.ptr[0] == '.')
        return file_at(p, dd_path_join(p, from_dir, module), path) && !dd_str_eq(*path, from_path);
    if (module.ptr[0] == '/' || dd_str_has(module, "://") || dd_module_is_sdk(dd_module_package(p, module)))
        return false;
    for (dd_str dir = from_dir;; dir = dd_path_dir(dir)) {
        if (module.ptr[0] == '#' && by_imports(p, dir, module, path))
            return true;
        if (by_config(p, config_of(p, dir), module, path))
            return !dd_str_eq(*path, from_path);
        if (!dir.len)
            break;
    }
    if (by_workspace(p, from_dir, module, path))
        return true;
    for (dd_str dir = from_dir;; dir = dd_path_dir(dir)) {
        if (by_custom(p, dir, module, path))
            return true;
        if (!dir.len)
            return false;
    }
}
