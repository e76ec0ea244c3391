#include "scan/walk.h"

#include "base/file.h"
#include "tests/unit/test.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL "import openai\nopenai.OpenAI().chat.completions.create(model='m')\n"

static dd_arena arena;
static dd_walk  found;
static char     top[96];

/* A folder of its own under the test's folder. */
static void fresh(const char *name)
{
    snprintf(top, sizeof top, "%s/walk-%s", dd_test_dir(), name);
    mkdir(top, 0755);
}

__attribute__((format(printf, 2, 3))) static void put(const char *text, const char *fmt, ...)
{
    char    path[4096], rel[3500];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(rel, sizeof rel, fmt, ap);
    va_end(ap);
    snprintf(path, sizeof path, "%s/%s", top, rel);
    CHECK_OK(dd_file_replace(path, dd_str_z(text), 0644, NULL));
}

static dd_walk_opts options(void)
{
    return (dd_walk_opts){ .max_filesize = 1 << 20, .threads = 2 };
}

static void walk_with(const char *below, dd_walk_opts opts)
{
    char   root[512];
    dd_err err = DD_ERR_INIT;
    snprintf(root, sizeof root, "%s%s", top, below);
    CHECK_OK(dd_walk_tree(root, DD_STR_NULL, &opts, &arena, &found, &err));
}

/* The files' paths, joined by blanks. */
static dd_str seen(const char *below, dd_walk_opts opts)
{
    static dd_buf out;
    walk_with(below, opts);
    dd_buf_clear(&out);
    for (size_t i = 0; i < found.n_files; i++)
        dd_buf_printf(&out, "%s" DD_STR_FMT, i ? " " : "", DD_STR_ARG(found.files[i]->path));
    return dd_buf_str(&out);
}

static bool noted(const char *path, const char *why, bool failed)
{
    for (size_t i = 0; i < found.n_notes; i++)
        if (dd_str_eqz(found.notes[i].path, path) && dd_str_has(found.notes[i].why, why) && found.notes[i].failed == failed)
            return true;
    return false;
}

TEST(walk_gives_sources_in_the_order_of_their_paths)
{
    fresh("order");
    put("", "a/z.py");
    put("", "a-b/x.ts");
    put("", "a.py");
    put("", "a/b/c.ipynb");
    put("", "README.md");
    put("", "x.d.ts");
    put("", "x.min.js");
    put("", "a0.tsx");
    put("", ".hidden.py");
    put("", ".dir/h.py");
    CHECK_STR(seen("", options()), "a-b/x.ts a.py a/b/c.ipynb a/z.py a0.tsx");
    dd_walk_opts o = options();
    o.hidden = true;
    CHECK_STR(seen("", o), ".dir/h.py .hidden.py a-b/x.ts a.py a/b/c.ipynb a/z.py a0.tsx");
    o = options();
    o.langs = 1u << DD_LANG_TYPESCRIPT;
    CHECK_STR(seen("", o), "a-b/x.ts");
    dd_arena_fini(&arena);
}

TEST(walk_keeps_what_may_hold_a_call)
{
    fresh("candidates");
    put(CALL, "a.py");
    put("print('hello')\n", "b.py");
    put("import { generateText } from 'ai'\n", "c.ts");
    walk_with("", options());
    CHECK_EQ(found.n_candidates, 2, "one of each language");
    CHECK_STR(found.candidates[0]->path, "a.py");
    CHECK_STR(found.candidates[0]->text, CALL);
    CHECK_EQ(found.candidates[0]->n_rows, 3, "rows");
    CHECK_EQ(found.files[1]->text.len, 0, "the others are not kept");
    dd_arena_fini(&arena);
}

TEST(walk_holds_so_many_texts)
{
    fresh("texts");
    dd_buf text = DD_BUF_INIT(0);
    while (text.len < 900000)
        dd_buf_addz(&text, CALL);
    size_t n = DD_WALK_TEXT / text.len + 3, held = 0;
    char   name[16];
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%02zu.py", i);
        put(dd_buf_z(&text), name);
    }
    walk_with("", options());
    CHECK_EQ(found.n_candidates, n, "a candidate is one with its text and without");
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(found.candidates[i]->size, text.len, "its size is known");
        held += found.candidates[i]->text.len;
        CHECK_EQ(found.candidates[i]->n_rows > 0, found.candidates[i]->text.ptr != NULL, "rows go with the text");
    }
    CHECK(held < n * text.len && held <= DD_WALK_TEXT + text.len);
    dd_buf_free(&text);
    dd_arena_fini(&arena);
}

TEST(walk_obeys_ignore_files)
{
    fresh("ignore");
    put("*.gen.py\nlogs/\n", ".gitignore");
    put("", "a.py");
    put("", "b.gen.py");
    put("", "logs/c.py");
    put("!d.gen.py\n", "sub/.gitignore");
    put("", "sub/d.gen.py");
    put("sub/e.py\n!/b.gen.py\n", ".dd0cignore");
    put("", "sub/e.py");
    CHECK_STR(seen("", options()), "a.py b.gen.py sub/d.gen.py");
    CHECK_EQ(found.ignored_files, 1, "sub/e.py");
    dd_walk_opts o = options();
    o.no_ignore = true;
    CHECK_STR(seen("", o), "a.py b.gen.py logs/c.py sub/d.gen.py sub/e.py");
    CHECK_STR(seen("/logs", options()), "c.py"); /* no repository: rules above the root do not count */
    dd_arena_fini(&arena);
}

TEST(walk_knows_the_repository_above_the_root)
{
    fresh("above");
    put("x", ".git/config");
    put("secret.py\n", ".git/info/exclude");
    put("/app/gen.py\n*.log.py\n/ignored/\n/all/**\n", ".gitignore");
    put("", "app/a.py");
    put("", "app/gen.py");
    put("", "app/secret.py");
    put("", "app/x.log.py");
    put("", "ignored/y.log.py");
    put("", "all/z.log.py");
    put("x", "app/module/.git/config");
    put("", "app/module/secret.py");
    CHECK_STR(seen("", options()), "app/a.py app/module/secret.py");
    CHECK_STR(seen("/app", options()), "a.py module/secret.py");
    CHECK_STR(seen("/ignored", options()), "y.log.py"); /* named by the user: scanned although it is ignored */
    CHECK_STR(seen("/all", options()), "z.log.py");
    dd_arena_fini(&arena);
}

TEST(walk_takes_globs)
{
    fresh("globs");
    put("", "src/a.py");
    put("", "src/deep/b.py");
    put("", "test/c.py");
    put("", "d.py");
    const char  *src[] = { "src/" }, *tests[] = { "test", "*b.py" };
    dd_walk_opts o = options();
    o.include = src, o.n_include = 1;
    CHECK_STR(seen("", o), "src/a.py src/deep/b.py");
    o.exclude = tests, o.n_exclude = 2;
    CHECK_STR(seen("", o), "src/a.py");
    o.n_include = 0;
    CHECK_STR(seen("", o), "d.py src/a.py");
    dd_arena_fini(&arena);
}

TEST(walk_leaves_packages_and_built_files_out)
{
    fresh("skip");
    put("", "node_modules/x/a.js");
    put("", ".venv/b.py");
    put("", "env/pyvenv.cfg");
    put("", "env/lib/c.py");
    put("", "third_party/d.py");
    put("", "__pycache__/e.py");
    put("", "pkg/src/run.ts");
    put("", "pkg/dist/run.js");
    put("", "published/dist/run.js");
    put("", "npm/package.json");
    put("", "npm/src/run.ts");
    put("", "npm/dist/run.js");
    put("", "checkout/.gitignore");
    put("", "checkout/package.json");
    put("", "checkout/src/run.ts");
    put("", "checkout/dist/run.js");
    put("", "scripts/build/make.py");
    put("", "scripts/src/app.ts");
    put("", "shop/vendor/views.py");
    put("", "php/composer.json");
    put("", "php/vendor/x.js");
    CHECK_STR(seen("", options()), "checkout/src/run.ts npm/dist/run.js npm/src/run.ts pkg/src/run.ts published/dist/run.js scripts/build/make.py scripts/src/app.ts shop/vendor/views.py");
    CHECK(noted("node_modules/", "installed packages", false));
    CHECK(noted("pkg/dist/", "built from sources", false));
    CHECK(noted("php/vendor/", "vendored", false));
    put("!node_modules/x\n!node_modules\n", ".dd0cignore");
    CHECK(dd_str_has(seen("", options()), "node_modules/x/a.js"));
    CHECK_STR(seen("/node_modules", options()), "x/a.js");
    dd_arena_fini(&arena);
}

TEST(walk_lists_large_and_minified_files)
{
    fresh("large");
    dd_buf text = DD_BUF_INIT(0);
    dd_buf_addz(&text, CALL);
    dd_buf_pad(&text, '#', 2 << 20);
    put(dd_buf_z(&text), "large.py");
    dd_buf_clear(&text);
    dd_buf_addz(&text, "import O from'openai';new O().chat.completions.create({});");
    while (text.len < 9000)
        dd_buf_addz(&text, "f(1);");
    put(dd_buf_z(&text), "small.js");
    dd_buf_clear(&text);
    dd_buf_addz(&text, "const data = \"");
    dd_buf_pad(&text, 'A', 9000);
    dd_buf_addz(&text, "\";\nimport OpenAI from \"openai\";\nnew OpenAI().chat.completions.create({});\n");
    put(dd_buf_z(&text), "data.js");
    put("import O from 'openai';new O().chat.completions.create({});", "one.js");
    put("x();\n// node_modules/openai/index.js\nclient.chat.completions.create({});\n", "bundle.js");
    walk_with("", options());
    CHECK(noted("large.py", "larger than 1048576 bytes", false));
    CHECK(noted("small.js", "minified", false));
    CHECK(noted("bundle.js", "bundled", false));
    CHECK_EQ(found.n_candidates, 2, "data in one line, and a short line, are no reason");
    dd_buf_free(&text);
    dd_arena_fini(&arena);
}

TEST(walk_survives_odd_entries)
{
    char path[512], other[512];
    fresh("odd");
    put(CALL, "a/a.py");
    snprintf(path, sizeof path, "%s/a/loop", top);
    CHECK_EQ(symlink("..", path), 0, "a link to the folder above");
    snprintf(path, sizeof path, "%s/dangling.py", top);
    CHECK_EQ(symlink("nowhere", path), 0, "a link to nothing");
    snprintf(path, sizeof path, "%s/fifo.py", top);
    CHECK_EQ(mkfifo(path, 0644), 0, "a pipe that nobody writes to");
    snprintf(path, sizeof path, "%s/dir.py", top);
    CHECK_EQ(mkdir(path, 0755), 0, "a folder named like a file");
    put("", "new\nline.py");
    put("", "bad\xff\xfe.py");
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s/s.py", top);
    CHECK_EQ(bind(s, (struct sockaddr *)&at, sizeof at), 0, "a socket");
    CHECK_STR(seen("", options()), "a/a.py bad\xff\xfe.py new\nline.py");
    close(s);
    snprintf(path, sizeof path, "%s-link", top);
    snprintf(other, sizeof other, "%s", top);
    CHECK_EQ(symlink(other, path), 0, "the root may be a link");
    dd_err       err = DD_ERR_INIT;
    dd_walk_opts o   = options();
    CHECK_OK(dd_walk_tree(path, DD_STR("there/"), &o, &arena, &found, &err));
    CHECK_EQ(found.n_files, 3, "through the link");
    CHECK_STR(found.files[0]->path, "there/a/a.py");
    dd_arena_fini(&arena);
}

TEST(walk_takes_a_file)
{
    fresh("file");
    put("a.py\n", ".gitignore");
    put(CALL, "a.py");
    put("", "a.txt");
    walk_with("/a.py", options());
    CHECK_EQ(found.n_candidates, 1, "also when it is ignored");
    walk_with("/a.txt", options());
    CHECK_EQ(found.n_files, 0, "not ours");
    CHECK_EQ(found.n_notes, 1, "and says so");
    dd_err       err = DD_ERR_INIT;
    dd_walk_opts o   = options();
    CHECK_EQ(dd_walk_tree("/nonexistent/x", DD_STR_NULL, &o, &arena, &found, &err), DD_ERR_NOT_FOUND, "no such root");
    dd_arena_fini(&arena);
}

TEST(walk_goes_deep)
{
    char     here[PATH_MAX];
    unsigned depth = 0;
    fresh("deep");
    CHECK(getcwd(here, sizeof here) != NULL && chdir(top) == 0);
    /* 2,200 levels, longer than a path may be in one piece */
    while (depth < 2200 && mkdir("dd", 0755) == 0 && chdir("dd") == 0)
        depth++;
    FILE *f = fopen("x.py", "w");
    CHECK(f && fputs(CALL, f) > 0 && fclose(f) == 0);
    CHECK(chdir(here) == 0);
    walk_with("", options());
    CHECK_EQ(depth, 2200, "the folders could be made");
    CHECK_EQ(found.n_candidates, 1, "the file at the bottom was read");
    CHECK_EQ(found.n_notes, 0, "nothing failed");
    dd_arena_fini(&arena);
}

TEST(walk_does_not_depend_on_threads)
{
    fresh("threads");
    for (int i = 0; i < 300; i++)
        put(i % 3 ? "" : CALL, "d%d/f%d.py", i % 7, i);
    dd_walk_opts o = options();
    o.threads = 1;
    dd_str one = seen("", o);
    char  *kept = dd_strdup(one);
    size_t n = found.n_candidates;
    o.threads = 8;
    CHECK_STR(seen("", o), kept);
    CHECK_EQ(found.n_files, 300, "all");
    CHECK_EQ(found.n_candidates, n, "the same");
    CHECK_EQ(n, 100, "a third");
    free(kept);
    dd_arena_fini(&arena);
}
