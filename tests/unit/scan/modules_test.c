/* Which file an import means. */
#include "scan/eval.h"
#include "tests/unit/scan/tree.h"

static const struct { const char *why, *from, *module; int level; const char *want; } python[] = {
    { "relative", "app/a.py", "b", 1, "app/b.py" },
    { "parent", "app/sub/a.py", "b", 2, "app/b.py" },
    { "above the root", "app/a.py", "b", 4, NULL },
    { "package", "main.py", "app", 0, "app/__init__.py" },
    { "module of a package", "main.py", "app.b", 0, "app/b.py" },
    { "beside a script", "scripts/x.py", "util", 0, "scripts/util.py" },
    { "not itself", "scripts/util.py", "util", 0, NULL },
    { "src", "tests/t.py", "lib.core", 0, "src/lib/core.py" },
    { "an SDK's name is the SDK", "services/x.py", "openai", 0, NULL },
    { "outside", "main.py", "requests", 0, NULL },
    { "the only path that ends so", "elsewhere/deep/x.py", "proj.settings", 0, "backend/proj/settings.py" },
};
static const char *const py_files[] = { "app/__init__.py", "app/a.py", "app/b.py", "app/sub/__init__.py", "app/sub/a.py", "main.py", "scripts/x.py", "scripts/util.py",
                                        "src/lib/core.py", "src/lib/__init__.py", "tests/t.py", "services/x.py", "services/openai.py", "backend/proj/settings.py",
                                        "elsewhere/deep/x.py" };

static const struct { const char *why, *from, *module, *want; } js[] = {
    { "extension", "src/a.ts", "./b", "src/b.ts" },
    { "index", "src/a.ts", "./lib", "src/lib/index.ts" },
    { "the folder itself", "src/lib/x.ts", ".", "src/lib/index.ts" },
    { "js written for ts", "src/a.ts", "./b.js", "src/b.ts" },
    { "parent", "src/lib/x.ts", "../b", "src/b.ts" },
    { "exact", "src/a.ts", "./c.mjs", "src/c.mjs" },
    { "above the root", "src/a.ts", "../../../b", NULL },
    { "not itself", "src/a.ts", "./a", NULL },
    { "an SDK", "src/a.ts", "openai", NULL },
    { "a package", "src/a.ts", "react", NULL },
    { "@/ without configuration", "src/a.ts", "@/lib", "src/lib/index.ts" },
};
static const char *const js_files[] = { "src/a.ts", "src/b.ts", "src/c.mjs", "src/lib/index.ts", "src/lib/x.ts", "openai.ts" };

static dd_project *project_of(const char *const *paths, size_t n, dd_source_file *file, dd_source_file **files)
{
    for (size_t i = 0; i < n; i++) {
        file[i] = (dd_source_file){ .path = dd_str_z(paths[i]), .abs = dd_str_z(paths[i]), .text = DD_STR("") };
        files[i] = &file[i];
    }
    return dd_project_new(DD_STR("/nowhere"), files, n, 1 << 20);
}

static void check_path(const char *why, bool found, dd_str got, const char *want)
{
    if (found != (want != NULL) || (want && !dd_str_eqz(got, want)))
        dd_test_fail(__FILE__, __LINE__, "%s: got \"" DD_STR_FMT "\"", why, DD_STR_ARG(found ? got : DD_STR("nothing")));
}

TEST(python_modules)
{
    dd_source_file file[32], *files[32];
    dd_project *p = project_of(py_files, DD_COUNT(py_files), file, files);
    for (size_t i = 0; i < DD_COUNT(python); i++) {
        dd_str path = DD_STR("");
        bool   is_dir = false, found = dd_module_find_python(p, dd_str_z(python[i].from), dd_str_z(python[i].module), python[i].level, &path, &is_dir);
        check_path(python[i].why, found, path, python[i].want);
    }
    dd_project_free(p);
}

TEST(javascript_modules)
{
    dd_source_file file[32], *files[32];
    dd_project *p = project_of(js_files, DD_COUNT(js_files), file, files);
    for (size_t i = 0; i < DD_COUNT(js); i++) {
        dd_str path = DD_STR("");
        bool   found = dd_module_find_js(p, dd_str_z(js[i].from), dd_str_z(js[i].module), &path);
        check_path(js[i].why, found, path, js[i].want);
    }
    dd_project_free(p);
}

TEST(package_names_of_specifiers)      /* I-JS-11 */
{
    static const struct { const char *written, *want; } cases[] = {
        { "openai", "openai" }, { "npm:openai@7", "openai" }, { "npm:@anthropic-ai/sdk@^0.2/index.js", "@anthropic-ai/sdk/index.js" },
        { "https://esm.sh/openai@4.20.1?dts", "openai" }, { "https://deno.land/x/openai@v4.20.1/mod.ts", "openai" }, { "node:fs", "fs" },
        { "@scope/name", "@scope/name" },
    };
    dd_project *p = dd_project_new(DD_STR("/nowhere"), NULL, 0, 0);
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        CHECK_STR(dd_module_package(p, dd_str_z(cases[i].written)), cases[i].want);
    dd_project_free(p);
}

TEST(projects_share_a_tree)
{
    dd_source_file file[32], *files[32];
    for (size_t i = 0; i < DD_COUNT(js_files); i++) {
        file[i] = (dd_source_file){ .path = dd_str_z(js_files[i]), .abs = dd_str_z(js_files[i]) };
        files[i] = &file[i];
    }
    dd_tree    *shared = dd_tree_new(files, DD_COUNT(js_files));
    dd_project *p = dd_project_in(shared, DD_STR("/nowhere"), 1 << 20), *q = dd_project_in(shared, DD_STR("/nowhere"), 1 << 20);
    for (size_t i = 0; i < DD_COUNT(js); i++) {
        dd_str one = DD_STR(""), two = DD_STR("");
        bool   a = dd_module_find_js(p, dd_str_z(js[i].from), dd_str_z(js[i].module), &one);
        bool   b = dd_module_find_js(q, dd_str_z(js[i].from), dd_str_z(js[i].module), &two);
        CHECK_EQ(a, b, js[i].why);
        check_path(js[i].why, b, two, js[i].want);
    }
    dd_project_free(p);
    CHECK(dd_project_has(q, dd_str_z(js_files[0])));
    dd_project_free(q);
    dd_tree_free(shared);
}

TEST(folders_know_whether_they_hold_python)
{
    static const char *const names[] = { "a/b/x.py", "a/c/y.ts", "d/z.js" };
    dd_source_file file[3], *files[3];
    for (size_t i = 0; i < DD_COUNT(names); i++) {
        file[i] = (dd_source_file){ .path = dd_str_z(names[i]), .abs = dd_str_z(names[i]) };
        files[i] = &file[i];
    }
    dd_project *p = dd_project_new(DD_STR("/nowhere"), files, 3, 1 << 20);
    CHECK_EQ(dd_project_dir(p, DD_STR("a/b")), DD_DIR_PYTHON, "in it");
    CHECK_EQ(dd_project_dir(p, DD_STR("a")), DD_DIR_PYTHON, "further in");
    CHECK_EQ(dd_project_dir(p, DD_STR("")), DD_DIR_PYTHON, "the root");
    CHECK_EQ(dd_project_dir(p, DD_STR("a/c")), DD_DIR_PLAIN, "other code only");
    CHECK_EQ(dd_project_dir(p, DD_STR("d")), DD_DIR_PLAIN, "other code only");
    CHECK_EQ(dd_project_dir(p, DD_STR("e")), DD_DIR_NONE, "no such folder");
    dd_project_free(p);
}

TEST(paths_stay_in_the_tree)
{
    dd_project *p = dd_project_new(DD_STR("/nowhere"), NULL, 0, 0);
    CHECK_STR(dd_path_join(p, DD_STR("a/b"), DD_STR("../c/./d")), "a/c/d");
    CHECK_STR(dd_path_join(p, DD_STR("a"), DD_STR("..")), "");
    CHECK(dd_path_join(p, DD_STR("a"), DD_STR("../../x")).ptr == NULL);
    dd_project_free(p);
}
