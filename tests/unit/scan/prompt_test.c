/* What a call sends: static text, holes, tools, caps, multipliers. Ids: call-shapes 19 and 20. */
#include "scan/detect.h"
#include "tests/unit/test.h"

typedef struct { dd_arena arena; dd_project *p; dd_site *site; } scene;

static void open_scene(scene *s, dd_lang lang, const char *text)
{
    dd_err err = DD_ERR_INIT;
    *s = (scene){ 0 };
    dd_source_file *file = dd_new(&s->arena, dd_source_file);
    dd_unit_ir *unit = NULL;
    dd_site_list list = { 0 };
    *file = (dd_source_file){ .path = DD_STR("app.src"), .abs = DD_STR("app.src"), .lang = lang, .text = dd_str_z(text) };
    dd_source_index(file, &s->arena);
    CHECK_OK(dd_lower(file, &s->arena, &unit, &err));
    s->p = dd_project_new(DD_STR("/nowhere"), &file, 1, 1 << 20);
    dd_project_add(s->p, unit);
    dd_detect_unit(s->p, unit, 0, SIZE_MAX, &s->arena, &list);
    CHECK_EQ(list.n, 1, text);
    static dd_site none;
    s->site = list.n ? list.v[0] : &none;
}

static void close_scene(scene *s)
{
    dd_project_free(s->p);
    dd_arena_fini(&s->arena);
}

#define PY "from openai import OpenAI\nc = OpenAI()\n"

TEST(static_text_by_role)                          /* P-1, P-3 */
{
    scene s;
    open_scene(&s, DD_LANG_PYTHON, PY "SYS = 'You are terse.'\nc.chat.completions.create(model='x', messages=[{'role': 'system', 'content': SYS}, {'role': 'user', 'content': 'Say hi'}])\n");
    CHECK_STR(s.site->system_text, "You are terse.");
    CHECK_STR(s.site->user_text, "Say hi");
    CHECK_EQ(s.site->messages, 2, "two messages");
    CHECK(s.site->system_static_first);
    CHECK_EQ(s.site->holes_small + s.site->holes_large + s.site->holes_history, 0, "nothing is dynamic");
    close_scene(&s);
}

TEST(holes_by_name)                                /* P-2, P-4 */
{
    scene s;
    open_scene(&s, DD_LANG_PYTHON, PY "def f(document, name):\n    c.chat.completions.create(model='x', messages=[{'role': 'user', 'content': f'Summarise for {name}: {document}'}])\n");
    CHECK_STR(s.site->user_text, "Summarise for : ");
    CHECK_EQ(s.site->holes_small, 1, "a name is small");
    CHECK_EQ(s.site->holes_large, 1, "a document is large");
    close_scene(&s);
    open_scene(&s, DD_LANG_PYTHON, PY "def f(messages):\n    c.chat.completions.create(model='x', messages=messages)\n");
    CHECK_EQ(s.site->holes_history, 1, "P-9: messages grow");
    close_scene(&s);
}

TEST(tools_and_schemas_are_json)                   /* P-8 */
{
    scene s;
    open_scene(&s, DD_LANG_PYTHON, PY "T = [{'type': 'function', 'function': {'name': 'f'}}]\nc.chat.completions.create(model='x', messages=[], tools=T)\n");
    CHECK_EQ(s.site->tools, 1, "one tool");
    CHECK_STR(s.site->tools_text, "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]");
    CHECK_EQ(s.site->tools_unknown, 0, "its schema is static");
    close_scene(&s);
}

TEST(flags_of_the_request)                         /* reasoning */
{
    scene s;
    open_scene(&s, DD_LANG_PYTHON, PY "c.chat.completions.create(model='x', messages=[], stream=True, n=3, service_tier='flex', reasoning_effort='low', prompt_cache_key='k')\n");
    CHECK(s.site->stream && s.site->flex && s.site->cached && s.site->reasoning);
    CHECK_STR(s.site->reasoning_effort, "low");
    CHECK_EQ(s.site->n, 3, "X-1");
    close_scene(&s);
}

static const struct { const char *why, *text; int64_t loop; bool in_loop; } loops[] = {
    { "X-2 no loop", PY "def f():\n    c.responses.create(model='x', input='a')\n", 1, false },
    { "X-2 a literal list", PY "def f():\n    for i in [1, 2, 3]:\n        c.responses.create(model='x', input='a')\n", 3, true },
    { "X-2 range(k)", PY "def f():\n    for i in range(10):\n        c.responses.create(model='x', input='a')\n", 10, true },
    { "X-2 loops in loops", PY "def f():\n    for i in range(2):\n        for k in range(5):\n            c.responses.create(model='x', input='a')\n", 10, true },
    { "X-2 items not known", PY "def f(xs):\n    for x in xs:\n        c.responses.create(model='x', input='a')\n", 0, true },
    { "X-2 comprehension", PY "def f(xs):\n    return [c.responses.create(model='x', input=x) for x in xs]\n", 0, true },
};

TEST(loops_multiply)
{
    for (size_t i = 0; i < DD_COUNT(loops); i++) {
        scene s;
        open_scene(&s, DD_LANG_PYTHON, loops[i].text);
        CHECK_EQ(s.site->loop, loops[i].loop, loops[i].why);
        CHECK_EQ(s.site->in_loop, loops[i].in_loop, loops[i].why);
        close_scene(&s);
    }
    scene s;
    open_scene(&s, DD_LANG_TYPESCRIPT, "import OpenAI from 'openai';\nconst c = new OpenAI();\nexport const f = (xs: any[]) => Promise.all(xs.map(x => c.responses.create({ model: 'x', input: x })));\n");
    CHECK(s.site->in_loop && s.site->loop == 0);
    close_scene(&s);
}

TEST(retries_and_caches_are_noted)                 /* */
{
    scene s;
    open_scene(&s, DD_LANG_PYTHON, "from functools import lru_cache\n" PY "@lru_cache\ndef f(x):\n    return c.responses.create(model='x', input='a')\n");
    CHECK(s.site->guarded_by_cache);
    close_scene(&s);
}
