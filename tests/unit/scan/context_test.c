/* Where a call runs, and what its author says about it. */
#include "scan/detect.h"
#include "tests/unit/test.h"

static const struct { const char *why, *path; dd_lang lang; const char *text; dd_context want; } cases[] = {
    { "a plain module", "app/llm.py", DD_LANG_PYTHON, "def f(c):\n    c.chat.completions.create(model='x', messages=[])\n", DD_CTX_PRODUCTION },
    { "a test folder", "pkg/tests/llm.py", DD_LANG_PYTHON, "def f(c):\n    c.chat.completions.create(model='x', messages=[])\n", DD_CTX_TEST },
    { "a test file", "app/test_llm.py", DD_LANG_PYTHON, "def f(c):\n    c.chat.completions.create(model='x', messages=[])\n", DD_CTX_TEST },
    { "a spec file", "src/llm.spec.ts", DD_LANG_TYPESCRIPT, "export function f(c: any) { c.chat.completions.create({ model: 'x', messages: [] }); }\n", DD_CTX_TEST },
    { "an example folder", "examples/llm.py", DD_LANG_PYTHON, "def f(c):\n    c.chat.completions.create(model='x', messages=[])\n", DD_CTX_EXAMPLE },
    { "a scripts folder", "scripts/llm.py", DD_LANG_PYTHON, "def f(c):\n    c.chat.completions.create(model='x', messages=[])\n", DD_CTX_SCRIPT },
    { "the main guard", "llm.py", DD_LANG_PYTHON, "def f(c):\n    return c\nif __name__ == '__main__':\n    f(1).chat.completions.create(model='x', messages=[])\n", DD_CTX_SCRIPT },
    { "statements at the top", "llm.py", DD_LANG_PYTHON, "from openai import OpenAI\nOpenAI().chat.completions.create(model='x', messages=[])\n", DD_CTX_SCRIPT },
    { "a web application with a guard", "llm.py", DD_LANG_PYTHON, "from fastapi import FastAPI\ndef f(c):\n    c.chat.completions.create(model='x', messages=[])\nif __name__ == '__main__':\n    f(1)\n", DD_CTX_PRODUCTION },
    { "a command line", "llm.py", DD_LANG_PYTHON, "import click\ndef f(c):\n    c.chat.completions.create(model='x', messages=[])\n", DD_CTX_SCRIPT },
    { "a notebook", "a.ipynb", DD_LANG_NOTEBOOK, "def f(c):\n    c.chat.completions.create(model='x', messages=[])\n", DD_CTX_NOTEBOOK },
};

static dd_site *only_site(dd_arena *arena, dd_project **project, const char *path, dd_lang lang, const char *text)
{
    dd_err err = DD_ERR_INIT;
    dd_source_file *file = dd_new(arena, dd_source_file);
    dd_unit_ir *unit = NULL;
    dd_site_list list = { 0 };
    *file = (dd_source_file){ .path = dd_str_z(path), .abs = dd_str_z(path), .lang = lang, .text = dd_str_z(text) };
    dd_source_index(file, arena);
    CHECK_OK(dd_lower(file, arena, &unit, &err));
    *project = dd_project_new(DD_STR("/nowhere"), &file, 1, 1 << 20);
    dd_project_add(*project, unit);
    dd_detect_unit(*project, unit, 0, SIZE_MAX, arena, &list);
    return list.n == 1 ? list.v[0] : NULL;
}

TEST(context_of_a_call)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_arena arena = DD_ARENA_INIT;
        dd_project *p = NULL;
        dd_site *s = only_site(&arena, &p, cases[i].path, cases[i].lang, cases[i].text);
        CHECK_EQ(s ? (int)s->context : -1, cases[i].want, cases[i].why);
        dd_project_free(p);
        dd_arena_fini(&arena);
    }
}

TEST(annotations_stand_on_the_call_or_right_above)
{
    static const struct { const char *why, *text; int64_t calls; bool ignore; } notes[] = {
        { "above", "def f(c):\n    # dd0c: calls=300 label=summary\n    c.chat.completions.create(model='x', messages=[])\n", 300, false },
        { "behind", "def f(c):\n    c.chat.completions.create(model='x', messages=[])  # dd0c: calls=7, ignore\n", 7, true },
        { "inside", "def f(c):\n    c.chat.completions.create(\n        model='x',  # dd0c: calls=8\n        messages=[])\n", 8, false },
        { "of another statement", "def f(c):\n    x = 1  # dd0c: calls=9\n    c.chat.completions.create(model='x', messages=[])\n", -1, false },
        { "not a number", "def f(c):\n    # dd0c: calls=many\n    c.chat.completions.create(model='x', messages=[])\n", -1, false },
    };
    for (size_t i = 0; i < DD_COUNT(notes); i++) {
        dd_arena arena = DD_ARENA_INIT;
        dd_project *p = NULL;
        dd_site *s = only_site(&arena, &p, "app.py", DD_LANG_PYTHON, notes[i].text);
        CHECK(s != NULL);
        if (s) {
            CHECK_EQ(s->note_calls, notes[i].calls, notes[i].why);
            CHECK_EQ(s->ignore, notes[i].ignore, notes[i].why);
        }
        dd_project_free(p);
        dd_arena_fini(&arena);
    }
}
