/* Which file an import means: paths, Python packages, and names of packages outside. JavaScript: modules_js.c. */
#include "scan/eval.h"

/* --- paths --- */

dd_str dd_path_dir(dd_str path)
{
    ptrdiff_t at = dd_str_rchr(path, '/');
    return at < 0 ? DD_STR("") : dd_str_sub(path, 0, (size_t)at);
}

dd_str dd_path_base(dd_str path)
{
    ptrdiff_t at = dd_str_rchr(path, '/');
    return at < 0 ? path : dd_str_sub(path, (size_t)at + 1, path.len);
}

dd_str dd_path_join(dd_project *p, dd_str dir, dd_str rest)
{
    dd_buf out = DD_BUF_INIT(4096);
    dd_buf_add(&out, dir);
    while (rest.len) {
        dd_str part = dd_str_cut(&rest, '/');
        if (!part.len || dd_str_eqz(part, "."))
            continue;
        if (dd_str_eqz(part, "..")) {
            if (!out.len) {
                dd_buf_free(&out);
                return DD_STR_NULL;
            }
            out.len = dd_path_dir(dd_buf_str(&out)).len;
            continue;
        }
        if (out.len)
            dd_buf_addc(&out, '/');
        dd_buf_add(&out, part);
    }
    dd_str s = out.over ? DD_STR_NULL : dd_arena_dup(&p->arena, dd_buf_str(&out));
    if (s.ptr == NULL && !out.over)
        s = DD_STR("");
    dd_buf_free(&out);
    return s;
}

/* --- packages outside --- */

/* Names that mean the SDK even where a file of the tree has the same name. */
bool dd_module_is_sdk(dd_str module)
{
    static const char *const names[] = {
        "openai", "anthropic", "cohere", "groq", "mistralai", "litellm", "together", "instructor", "dspy", "ollama", "replicate", "langchain",
        "langchain_openai", "langchain_anthropic", "langchain_core", "langchain_community", "langgraph", "llama_index", "pydantic_ai", "crewai", "agno",
        "autogen", "boto3", "google", "vertexai", "tiktoken", "langfuse", "langsmith", "portkey_ai", "fireworks", "cerebras", "voyageai", "ai21", "xai_sdk",
        "dashscope", "qianfan", "zhipuai", "huggingface_hub", "claude_agent_sdk", "claude_code_sdk",
        "ai", "groq-sdk", "cohere-ai", "llamaindex", "@anthropic-ai/sdk", "@google/genai", "@google/generative-ai", "@mistralai/mistralai", "@azure/openai",
        "@aws-sdk/client-bedrock-runtime", "together-ai", "openai-edge", "@langchain/openai", "@langchain/anthropic", "@langchain/core", "langchain"
    };
    dd_str first = module;
    if (!dd_str_startsz(module, "@")) {
        ptrdiff_t at = dd_str_chr(first, dd_str_chr(first, '/') >= 0 ? '/' : '.');
        if (at > 0)
            first = dd_str_sub(first, 0, (size_t)at);
    }
    for (size_t i = 0; i < DD_COUNT(names); i++)
        if (dd_str_eqz(first, names[i]) || dd_str_eqz(module, names[i]))
            return true;
    return dd_str_startsz(module, "@ai-sdk/") || dd_str_startsz(module, "@anthropic-ai/");
}

/* A version behind the name: "openai@7", "@scope/name@^1/sub". */
static dd_str without_version(dd_project *p, dd_str name)
{
    size_t    from = dd_str_startsz(name, "@") ? 1 : 0;
    ptrdiff_t at = dd_str_chr(dd_str_sub(name, from, name.len), '@');
    if (at < 0)
        return name;
    dd_str head = dd_str_sub(name, 0, from + (size_t)at), tail = dd_str_sub(name, head.len, name.len);
    ptrdiff_t slash = dd_str_chr(tail, '/');
    if (slash < 0)
        return head;
    return dd_arena_printf(&p->arena, DD_STR_FMT DD_STR_FMT, DD_STR_ARG(head), DD_STR_ARG(dd_str_sub(tail, (size_t)slash, tail.len)));
}

dd_str dd_module_package(dd_project *p, dd_str module)
{
    static const char *const fronts[] = { "npm:", "node:", "jsr:", "https://esm.sh/", "https://cdn.skypack.dev/", "https://esm.run/", "https://deno.land/x/",
                                          "https://cdn.jsdelivr.net/npm/", "https://unpkg.com/", "https://ga.jspm.io/npm:" };
    for (size_t i = 0; i < DD_COUNT(fronts); i++) {
        if (!dd_str_startsz(module, fronts[i]))
            continue;
        dd_str name = dd_str_sub(module, strlen(fronts[i]), module.len);
        while (dd_str_startsz(name, "/") || dd_str_startsz(name, "v1") == true)
            name = dd_str_sub(name, dd_str_startsz(name, "/") ? 1 : name.len, name.len);
        ptrdiff_t query = dd_str_chr(name, '?');
        if (query >= 0)
            name = dd_str_sub(name, 0, (size_t)query);
        name = without_version(p, name);
        if (dd_str_endsz(name, "/mod.ts"))
            name = dd_str_sub(name, 0, name.len - 7);
        return name;
    }
    return module;
}

/* --- Python --- */

static dd_str dotted_path(dd_project *p, dd_str dir, dd_str module)
{
    dd_buf out = DD_BUF_INIT(2048);
    dd_buf_add(&out, dir);
    while (module.len) {
        dd_str part = dd_str_cut(&module, '.');
        if (out.len)
            dd_buf_addc(&out, '/');
        dd_buf_add(&out, part);
    }
    dd_str s = out.over ? DD_STR_NULL : out.len ? dd_arena_dup(&p->arena, dd_buf_str(&out)) : DD_STR("");
    dd_buf_free(&out);
    return s;
}

static dd_str with(dd_project *p, dd_str path, const char *tail)
{
    if (!path.len && tail[0] == '/')
        tail++;
    return dd_arena_printf(&p->arena, DD_STR_FMT "%s", DD_STR_ARG(path), tail);
}

/* base: folder or module path without ending. */
static bool python_at(dd_project *p, dd_str base, dd_str not_this, dd_str *path, bool *is_dir)
{
    if (!base.ptr)
        return false;
    dd_str file = with(p, base, ".py"), init = with(p, base, "/__init__.py");
    if (dd_project_has(p, init)) {
        *path = init;
        *is_dir = true;
        return true;
    }
    if (base.len && dd_project_has(p, file) && !dd_str_eq(file, not_this)) {
        *path = file;
        *is_dir = false;
        return true;
    }
    if (base.len && dd_project_dir(p, base)) {        /* a namespace package: a folder without __init__.py */
        *path = base;
        *is_dir = true;
        return true;
    }
    return false;
}

/* The package that is the SDK itself (its own sources in the tree) is still the SDK to who imports it by name. */
static bool shadows_sdk(dd_str module, dd_str path, bool is_dir, dd_str root)
{
    if (!dd_module_is_sdk(module))
        return false;
    return is_dir || dd_str_chr(path, '/') >= (ptrdiff_t)root.len + 1 || root.len > 0;
}

static bool absolute_at(dd_project *p, dd_str root, dd_str module, dd_str from, dd_str *path, bool *is_dir)
{
    if (!python_at(p, dotted_path(p, root, module), from, path, is_dir))
        return false;
    if (*is_dir && !dd_str_endsz(*path, "__init__.py") && dd_project_dir(p, *path) != DD_DIR_PYTHON)
        return false;                                    /* a folder that only happens to have that name */
    return !shadows_sdk(module, *path, *is_dir, root);
}

static dd_str python_root(dd_project *p, dd_str from)
{
    dd_str dir = dd_path_dir(from);
    while (dir.len && dd_project_has(p, with(p, dir, "/__init__.py")))
        dir = dd_path_dir(dir);
    return dir;
}

typedef struct { dd_str *v; size_t n, cap; } dd_path_list;

static void index_tails(dd_project *p)
{
    dd_str key;
    void  *slot;
    for (size_t i = 0; dd_map_each(&p->tree->files, &i, &key, &slot);) {
        if (!dd_str_endsz(key, ".py"))
            continue;
        dd_str base = dd_path_base(key);
        bool   init = dd_str_eqz(base, "__init__.py");
        dd_str name = init ? dd_path_base(dd_path_dir(key)) : dd_str_sub(base, 0, base.len - 3);
        void **at = dd_map_at(&p->tails, name);
        if (!*at)
            *at = dd_new(dd_keep(p), dd_path_list);
        dd_avec_push(dd_keep(p), (dd_path_list *)*at, key);
    }
}

/* A module of two or more names that ends exactly one path of the tree. */
static bool unique_tail(dd_project *p, dd_str module, dd_str from, dd_str *path, bool *is_dir)
{
    ptrdiff_t dot = dd_str_rchr(module, '.');
    if (dot < 0 || dd_module_is_sdk(module))
        return false;
    if (!p->tails.n)
        index_tails(p);
    dd_path_list *list = dd_map_get(&p->tails, dd_str_sub(module, (size_t)dot + 1, module.len));
    dd_str want = dotted_path(p, DD_STR(""), module), hit = DD_STR_NULL;
    for (size_t i = 0; list && i < list->n && i < 512; i++) {
        dd_str stem = list->v[i];
        bool   init = dd_str_endsz(stem, "/__init__.py");
        stem = dd_str_sub(stem, 0, stem.len - (init ? 12 : 3));
        if (!dd_str_ends(stem, want) || (stem.len > want.len && stem.ptr[stem.len - want.len - 1] != '/') || dd_str_eq(list->v[i], from))
            continue;
        if (hit.ptr)
            return false;
        hit = list->v[i];
        *is_dir = init;
    }
    *path = hit;
    return hit.ptr != NULL;
}

static bool find_absolute(dd_project *p, dd_str from, dd_str module, dd_str *path, bool *is_dir)
{
    if (!module.len)
        return false;
    if (absolute_at(p, python_root(p, from), module, from, path, is_dir))
        return true;
    for (dd_str dir = dd_path_dir(from);; dir = dd_path_dir(dir)) {
        if (absolute_at(p, dir, module, from, path, is_dir) || absolute_at(p, with(p, dir, "/src"), module, from, path, is_dir))
            return true;
        if (!dir.len)
            break;
    }
    return unique_tail(p, module, from, path, is_dir);
}

bool dd_module_find_python(dd_project *p, dd_str from_path, dd_str module, int level, dd_str *path, bool *is_dir)
{
    if (level <= 0)
        return find_absolute(p, from_path, module, path, is_dir);
    dd_str dir = dd_path_dir(from_path);
    for (int i = 1; i < level; i++) {
        if (!dir.len)
            return false;
        dir = dd_path_dir(dir);
    }
    return python_at(p, dotted_path(p, dir, module), DD_STR(""), path, is_dir);
}

static void fill_python(dd_project *p, dd_str path, bool is_dir, dd_module_hit *hit)
{
    bool init = dd_str_endsz(path, "__init__.py") || dd_str_endsz(path, ".py");
    *hit = (dd_module_hit){ .is_dir = is_dir };
    if (init)
        hit->unit = dd_project_unit(p, path);
    if (is_dir) {
        hit->dir = init ? dd_path_dir(path) : path;
        if (!hit->dir.ptr)
            hit->dir = DD_STR("");
    }
}

bool dd_module_sub(dd_project *p, dd_str dir, dd_str name, dd_module_hit *hit)
{
    dd_str path;
    bool   is_dir;
    dd_str base = dir.len ? dd_arena_printf(&p->arena, DD_STR_FMT "/" DD_STR_FMT, DD_STR_ARG(dir), DD_STR_ARG(name)) : name;
    if (!name.len || dd_str_chr(name, '/') >= 0 || !python_at(p, base, DD_STR(""), &path, &is_dir))
        return false;
    fill_python(p, path, is_dir, hit);
    return true;
}

/* --- both --- */

typedef struct { bool found, is_dir; dd_str path; } import_memo;

/* Many files of a folder import the same modules, and a miss costs most. */
static const import_memo *where(dd_project *p, const dd_unit_ir *from, dd_str module, int level)
{
    dd_buf key = DD_BUF_INIT(8192);
    dd_buf_printf(&key, "%d ", level);
    dd_buf_add(&key, module);
    dd_buf_addc(&key, ' ');
    dd_buf_add(&key, from->file->path);
    import_memo *m = dd_map_get(&p->imports, dd_buf_str(&key));
    if (!m && !key.over) {
        dd_arena_mark before = dd_arena_here(&p->arena);
        m = dd_new(dd_keep(p), import_memo);
        m->found = dd_ev_python(from) ? dd_module_find_python(p, from->file->path, module, level, &m->path, &m->is_dir)
                                      : dd_module_find_js(p, from->file->path, module, &m->path);
        m->path = m->found ? dd_arena_dup(dd_keep(p), m->path) : DD_STR_NULL;
        dd_map_put(&p->imports, dd_arena_dup(dd_keep(p), dd_buf_str(&key)), m);
        if (!p->keeping)
            dd_arena_back(&p->arena, before);   /* paths that were tried: many times what is kept */
    }
    dd_buf_free(&key);
    return m;
}

bool dd_module_find(dd_project *p, const dd_unit_ir *from, dd_str module, int level, dd_module_hit *hit)
{
    dd_str path;
    bool   is_dir;
    *hit = (dd_module_hit){ .unit = NULL };
    const import_memo *m = from->file ? where(p, from, module, level) : NULL;
    if (!m || !m->found)
        return false;
    path = m->path;
    is_dir = m->is_dir;
    if (dd_ev_python(from)) {
        fill_python(p, path, is_dir, hit);
        return hit->unit || hit->is_dir;
    }
    hit->data = dd_project_file_data(p, path);
    if (!hit->data)
        hit->unit = dd_project_unit(p, path);
    return hit->data || hit->unit;
}

dd_unit_ir *dd_project_import(dd_project *p, const dd_unit_ir *from, dd_str module, int level)
{
    dd_module_hit hit;
    return dd_module_find(p, from, module, level, &hit) ? hit.unit : NULL;
}

bool dd_project_owns(dd_project *p, const dd_unit_ir *from, dd_str module)
{
    dd_module_hit hit;
    return dd_module_find(p, from, module, 0, &hit);
}
