/* Each format against a file that somebody looked at. `make golden` rewrites them. */
#include "tests/unit/report/fixture.h"
#include "tests/unit/test.h"

#include "base/file.h"

typedef struct {
    const char    *file;
    fixture_kind   kind;
    const char    *format;   /* "explain": the first site with a suggestion */
    dd_report_opts opts;
} golden;

#define TEXT(w) "text", { .width = (w) }
static const golden goldens[] = {
    { "empty-80.txt", FIX_EMPTY, TEXT(80) },       { "empty-120.txt", FIX_EMPTY, TEXT(120) },
    { "one-80.txt", FIX_ONE, TEXT(80) },           { "one-120.txt", FIX_ONE, TEXT(120) },
    { "many-80.txt", FIX_MANY, TEXT(80) },         { "many-120.txt", FIX_MANY, TEXT(120) },
    { "mixed-50.txt", FIX_MIXED, TEXT(50) },       { "mixed-80.txt", FIX_MIXED, TEXT(80) },
    { "mixed-120.txt", FIX_MIXED, TEXT(120) },     { "no-production-80.txt", FIX_NO_PRODUCTION, TEXT(80) },
    { "hostile-80.txt", FIX_HOSTILE, TEXT(80) },
    { "mixed-80-verbose.txt", FIX_MIXED, "text", { .width = 80, .verbose = true } },
    { "mixed-80-ascii.txt", FIX_MIXED, "text", { .width = 80, .ascii = true } },
    { "mixed-80-truecolor.ansi", FIX_MIXED, "text", { .width = 80, .color = DD_COLOR_TRUE, .links = true, .cwd_abs = { "/r", 2 } } },
    { "one-80-256.ansi", FIX_ONE, "text", { .width = 80, .color = DD_COLOR_256 } },
    { "one-80-16.ansi", FIX_ONE, "text", { .width = 80, .color = DD_COLOR_16 } },
    { "mixed.json", FIX_MIXED, "json", { .width = 0 } },   { "mixed.jsonl", FIX_MIXED, "jsonl", { .width = 0 } },
    { "mixed.md", FIX_MIXED, "markdown", { .width = 0 } }, { "hostile.md", FIX_HOSTILE, "markdown", { .width = 0 } },
    { "empty.md", FIX_EMPTY, "markdown", { .width = 0 } }, { "mixed.sarif", FIX_MIXED, "sarif", { .width = 0 } },
    { "mixed.csv", FIX_MIXED, "csv", { .width = 0 } },     { "hostile.csv", FIX_HOSTILE, "csv", { .width = 0 } },
    { "mixed.html", FIX_MIXED, "html", { .width = 0 } },   { "hostile.html", FIX_HOSTILE, "html", { .width = 0 } },
    { "explain-80.txt", FIX_MIXED, "explain", { .width = 80 } },
};

static dd_code render(const golden *g, dd_buf *out, dd_err *err)
{
    dd_audit       a;
    dd_report_opts o = g->opts;
    o.version = DD_STR("0.0.0");
    fixture_make(&a, g->kind);
    dd_code rc = strcmp(g->format, "explain") == 0 ? dd_report_explain(&a, a.opportunities[0]->id, &o, out, err)
                                                   : dd_report_find(g->format)->write(&a, &o, out, err);
    dd_arena_fini(&a.arena);
    return rc;
}

static void compare(const golden *g)
{
    dd_buf got = DD_BUF_INIT(0), want = DD_BUF_INIT(0);
    dd_err err = DD_ERR_INIT;
    char   path[256];
    snprintf(path, sizeof path, "tests/golden/report/%s", g->file);
    CHECK_OK(render(g, &got, &err));
    if (getenv("DD_GOLDEN_UPDATE")) {
        CHECK_OK(dd_file_replace(path, dd_buf_str(&got), 0644, &err));
    } else {
        if (dd_file_read(path, &want, &err) != DD_OK)
            dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
        else if (!dd_str_eq(dd_buf_str(&got), dd_buf_str(&want)))
            dd_test_fail(__FILE__, __LINE__, "%s differs; `make golden` and `git diff tests/golden` show where", path);
    }
    dd_buf_free(&got);
    dd_buf_free(&want);
}

TEST(golden_reports)
{
    for (size_t i = 0; i < DD_COUNT(goldens); i++)
        compare(&goldens[i]);
}
