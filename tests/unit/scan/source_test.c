#include "scan/source.h"

#include "base/file.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

static const struct { const char *path; int lang; } names[] = {
    { "a.py", DD_LANG_PYTHON }, { "x/a.ipynb", DD_LANG_NOTEBOOK }, { "a.js", DD_LANG_JAVASCRIPT }, { "a.jsx", DD_LANG_JAVASCRIPT },
    { "a.mjs", DD_LANG_JAVASCRIPT }, { "a.cjs", DD_LANG_JAVASCRIPT }, { "a.ts", DD_LANG_TYPESCRIPT }, { "a.mts", DD_LANG_TYPESCRIPT },
    { "a.cts", DD_LANG_TYPESCRIPT }, { "a.tsx", DD_LANG_TSX }, /* G-8 */
    { "a.d.ts", -1 }, { "a.d.mts", -1 }, { "jquery.min.js", -1 }, { "a.pyi", -1 }, { "py", -1 }, { "a.PY", -1 }, { "a.py/b", -1 }, { "", -1 },
    { "a.d.tsx", DD_LANG_TSX }, { "admin.js", DD_LANG_JAVASCRIPT }, { "id.ts", DD_LANG_TYPESCRIPT },
};

TEST(language_goes_by_the_ending)
{
    for (size_t i = 0; i < DD_COUNT(names); i++) {
        dd_lang lang;
        int     got = dd_source_lang(dd_str_z(names[i].path), &lang) ? (int)lang : -1;
        CHECK_EQ(got, names[i].lang, names[i].path);
    }
}

static dd_source_file loaded(dd_str bytes, dd_arena *arena)
{
    dd_source_file f = { .lang = DD_LANG_PYTHON };
    dd_err         err = DD_ERR_INIT;
    CHECK_OK(dd_source_take(&f, bytes, 0, arena, &err));
    return f;
}

TEST(a_byte_has_a_line_and_a_column)
{
    dd_arena       a = DD_ARENA_INIT;
    dd_source_file f = loaded(DD_STR("\xEF\xBB\xBF" "ab\r\n\xC3\xA9x\n\nz"), &a); /* G-11: BOM off, CRLF kept */
    CHECK_EQ(f.text.len, 4 + 4 + 1 + 1, "three bytes less");
    CHECK_EQ(f.n_rows, 4, "rows");
    CHECK_EQ(dd_source_place(&f, 0).line, 1, "first byte");
    CHECK_EQ(dd_source_place(&f, 3).column, 4, "CR and LF belong to their line");
    CHECK_EQ(dd_source_place(&f, 4).line, 2, "behind the line end");
    CHECK_EQ(dd_source_place(&f, 6).column, 2, "columns count characters");
    CHECK_EQ(dd_source_place(&f, 8).line, 3, "an empty line");
    CHECK_EQ(dd_source_place(&f, 9).line, 4, "the last");
    CHECK_EQ(dd_source_place(&f, 99).line, 4, "past the end is the end");
    CHECK_EQ(dd_source_place(&f, 9).cell, -1, "no notebook");
    f = loaded(DD_STR("x = '\xE9'\n"), &a); /* Latin-1 */
    CHECK_EQ(dd_source_place(&f, 6).column, 7, "a byte that is no UTF-8 is a character");
    f = loaded(DD_STR(""), &a);
    CHECK_EQ(dd_source_place(&f, 0).line, 1, "empty");
    dd_arena_fini(&a);
}

TEST(loading_has_limits)
{
    char           path[256];
    dd_arena       a   = DD_ARENA_INIT;
    dd_err         err = DD_ERR_INIT;
    snprintf(path, sizeof path, "%s/source.py", dd_test_dir());
    CHECK_OK(dd_file_replace(path, DD_STR("x = 1\n"), 0644, &err));
    dd_source_file f = { .path = DD_STR("source.py"), .abs = dd_str_z(path), .lang = DD_LANG_PYTHON };
    CHECK_OK(dd_source_load(&f, 6, &a, &err));
    CHECK_STR(f.text, "x = 1\n");
    CHECK_EQ(dd_source_load(&f, 5, &a, &err), DD_ERR_LIMIT, "larger than it may be");
    f.abs = dd_str_z(dd_test_dir());
    CHECK_EQ(dd_source_load(&f, 0, &a, &err), DD_ERR_IO, "a folder");
    f.abs = DD_STR("/nonexistent.py");
    CHECK_EQ(dd_source_load(&f, 0, &a, &err), DD_ERR_IO, "not there");
    dd_arena_fini(&a);
}
