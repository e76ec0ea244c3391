/* call-shapes 24: cells, rows, magics, kernels. */
#include "scan/notebook_cell.h"
#include "scan/source.h"
#include "tests/unit/test.h"

#include <string.h>

static dd_arena arena;
static dd_err   err;

static dd_source_file joined(const char *json, dd_code want)
{
    dd_source_file f = { .path = DD_STR("n.ipynb"), .lang = DD_LANG_NOTEBOOK };
    CHECK_EQ(dd_source_take(&f, dd_str_z(json), 0, &arena, &err), want, json);
    return f;
}

TEST(notebook_cells_are_joined)
{
    dd_source_file f = joined("{\"cells\":[{\"cell_type\":\"markdown\",\"source\":[\"# t\\n\",\"openai\"]},"
                              "{\"cell_type\":\"code\",\"outputs\":[{\"text\":[\"fake(\\\"}]\"]}],\"source\":[\"a = 1\\n\",\"b = '\\u00e9\\\\n'\"]},"
                              "{\"source\":\"\\nc()\\n\",\"cell_type\":\"code\",\"metadata\":{}}],"
                              "\"metadata\":{\"kernelspec\":{\"language\":\"python\"}},\"nbformat\":4}", DD_OK);
    CHECK_STR(f.text, "a = 1\nb = '\xC3\xA9\\n'\n\nc()\n");
    CHECK_EQ(f.n_cells, 2, "code cells");
    dd_place at = dd_source_place(&f, (uint32_t)dd_str_findz(f.text, "b ="));
    CHECK_EQ(at.cell, 1, "cells count from 0, Markdown too");
    CHECK_EQ(at.line, 2, "lines count within the cell");
    at = dd_source_place(&f, (uint32_t)dd_str_findz(f.text, "c()"));
    CHECK_EQ(at.cell, 2, "next cell");
    CHECK_EQ(at.line, 2, "its first line is empty");
    dd_arena_fini(&arena);
}

TEST(notebook_format_3_and_surrogates)
{
    dd_source_file f = joined("{\"metadata\":{\"name\":\"\"},\"nbformat\":3,\"worksheets\":[{\"cells\":["
                              "{\"cell_type\":\"heading\",\"source\":\"x\"},"
                              "{\"cell_type\":\"code\",\"input\":[\"x = '\\ud83d\\ude00\\ud83d'\"],\"language\":\"python\"}]}]}", DD_OK);
    CHECK_STR(f.text, "x = '\xF0\x9F\x98\x80\xEF\xBF\xBD'\n");
    CHECK_EQ(f.cells[0].cell, 1, "index");
    dd_arena_fini(&arena);
}

TEST(notebook_kernels)
{
#define WITH(meta) "{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%time x\\n\"}],\"metadata\":" meta "}"
    CHECK_EQ(joined(WITH("{}"), DD_OK).lang, DD_LANG_NOTEBOOK, "none named: Python");
    CHECK_EQ(joined(WITH("{\"language_info\":{\"name\":\"python\"}}"), DD_OK).lang, DD_LANG_NOTEBOOK, "language_info");
    dd_source_file f = joined(WITH("{\"kernelspec\":{\"language\":\"typescript\",\"name\":\"deno\"}}"), DD_OK);
    CHECK_EQ(f.lang, DD_LANG_TYPESCRIPT, "TypeScript");
    CHECK_STR(f.text, "%time x\n");
    joined(WITH("{\"kernelspec\":{\"language\":\"R\"}}"), DD_ERR_USAGE);
    f = joined(WITH("{\"kernelspec\":{\"language\":\"coconut\"},\"language_info\":{\"codemirror_mode\":{\"name\":\"python\",\"version\":3}}}"), DD_OK);
    CHECK_EQ(f.lang, DD_LANG_NOTEBOOK, "a dialect that is read as Python");
    CHECK_EQ(joined(WITH("{\"kernelspec\":{\"name\":\"venv\",\"display_name\":\"venv\"}}"), DD_OK).lang, DD_LANG_NOTEBOOK, "an environment's name is no language");
    joined(WITH("{\"kernelspec\":{\"language\":\"scala\"},\"language_info\":{\"codemirror_mode\":\"text/x-scala\",\"pygments_lexer\":\"scala\"}}"), DD_ERR_USAGE);
    f = joined("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"SELECT 1\",\"metadata\":{\"vscode\":{\"languageId\":\"sql\"}}}]}", DD_OK);
    CHECK_EQ(f.n_cells, 0, "a cell in another language");
    dd_arena_fini(&arena);
}

static const char *const broken[] = { "", "[]", "{", "{}", "{\"cells\":[", "{\"cells\":[{\"a\":\"}]}", "{\"cells\" [1]}", "{\"cells\":\"x\"}", "nul", "{\"cells\":[{\"source\"}]}" };

TEST(broken_notebooks_are_errors)
{
    for (size_t i = 0; i < DD_COUNT(broken); i++)
        joined(broken[i], DD_ERR_PARSE);
    dd_arena_fini(&arena);
}

static const struct { const char *cell, *want, *why; } cells[] = {
    { "!pip install openai\nx = 1\n", "pass\nx = 1\n", "shell" },
    { "!pip install \\\n  openai anthropic\nx\n", "pass\n\nx\n", "a command goes on behind a backslash" },
    { "if a:\n    %matplotlib inline\n", "if a:\n    pass\n", "indented" },
    { "files = !ls *.py\n", "pass\n", "assigned" },
    { "a, b = %timeit -o f()\n", "pass\n", "assigned magic" },
    { "x %= 3\ny = 7 % x\nok = a != b\n", "x %= 3\ny = 7 % x\nok = a != b\n", "operators stay" },
    { "print('a %s'\n      % x)\n", "print('a %s'\n      % x)\n", "a line inside brackets" },
    { "s = '''\n!not a command\n%nor this\n'''\n", "s = '''\n!not a command\n%nor this\n'''\n", "a line inside a text" },
    { "s = 'it' # don't\n%time f()\n", "s = 'it' # don't\npass\n", "a quote in a comment" },
    { "x = 5 \\\n  % 3\n", "x = 5 \\\n  % 3\n", "behind a backslash" },
    { "client?\nclient.chat??\n?client\nx = a if b else c\n", "pass\npass\npass\nx = a if b else c\n", "questions" },
    { "%%bash\ncurl https://api.openai.com\n", "\n\n", "another language" },
    { "%%time\nx = 1\n", "\nx = 1\n", "timed cells are Python" },
    { "\n%%capture out\n%%timeit -n 1\ny = f()\n", "\n\n\ny = f()\n", "headers may be stacked, blank lines before them" },
    { "# note\n%%time\nx\n", "# note\npass\nx\n", "a header stands first" },
    { "%store -r MODEL key\n", "from __ipython_store__ import MODEL, key\n", "bound in another notebook" },
    { "%store -r\n%store MODEL\n", "from __ipython_store__ import *\npass\n", "all of them; storing binds nothing" },
    { "pip install -U openai\n", "pass\n", "a command without its sign" },
    { "await client.responses.create(model='m')\n", "await client.responses.create(model='m')\n", "top-level await" },
    { "x = 'unclosed\n!ls\n", "x = 'unclosed\npass\n", "an unclosed text ends with its line" },
    { "!ls\r\nx\r\n", "pass\nx\r\n", "CRLF" },
};

TEST(what_is_no_python_becomes_pass)
{
    for (size_t i = 0; i < DD_COUNT(cells); i++) {
        dd_buf   out  = DD_BUF_INIT(0);
        uint32_t rows = dd_notebook_cell(dd_str_z(cells[i].cell), true, &out), want = 0;
        for (const char *c = cells[i].cell; *c; c++)
            want += *c == '\n';
        if (!dd_str_eqz(dd_buf_str(&out), cells[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s: got \"" DD_STR_FMT "\"", cells[i].why, DD_STR_ARG(dd_buf_str(&out)));
        CHECK_EQ(rows, want, cells[i].why);
        dd_buf_free(&out);
    }
}

TEST(outputs_cost_nothing)
{
    dd_buf json = DD_BUF_INIT(0);
    dd_buf_addz(&json, "{\"cells\":[{\"cell_type\":\"code\",\"outputs\":[{\"data\":{\"image/png\":\"");
    dd_buf_pad(&json, 'A', 20 << 20);
    dd_buf_addz(&json, "\"}}],\"source\":[\"f()\"]}]}");
    dd_source_file f = { .path = DD_STR("n.ipynb"), .lang = DD_LANG_NOTEBOOK };
    CHECK_OK(dd_source_take(&f, dd_buf_str(&json), 1 << 20, &arena, &err));
    CHECK_STR(f.text, "f()\n");
    CHECK(arena.used < 100000);
    dd_buf_free(&json);
    dd_arena_fini(&arena);
}
