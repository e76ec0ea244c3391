/* Detectors through the headers: what is a site, under which names, and what stays silent. Ids: call-shapes. */
#include "scan/detect.h"
#include "tests/unit/test.h"

typedef struct { dd_arena arena; dd_project *project; dd_source_file file, *files[1]; dd_unit_ir *unit; dd_site_list list; } scene;

static void open_scene(scene *s, const char *path, dd_lang lang, const char *text)
{
    dd_err err = DD_ERR_INIT;
    *s = (scene){ 0 };
    s->file = (dd_source_file){ .path = dd_str_z(path), .abs = dd_str_z(path), .lang = lang, .text = dd_str_z(text) };
    s->files[0] = &s->file;
    dd_source_index(&s->file, &s->arena);
    CHECK_OK(dd_lower(&s->file, &s->arena, &s->unit, &err));
    s->project = dd_project_new(DD_STR("/nowhere"), s->files, 1, 1 << 20);
    dd_project_add(s->project, s->unit);
    dd_detect_unit(s->project, s->unit, 0, SIZE_MAX, &s->arena, &s->list);
    dd_detect_finish(&s->list, &s->arena);
}

static void close_scene(scene *s)
{
    dd_project_free(s->project);
    dd_arena_fini(&s->arena);
}

static const struct { const char *why; dd_lang lang; const char *text, *sdk, *api, *model; uint32_t line; } positives[] = {
    { "OA-PY-1", DD_LANG_PYTHON, "from openai import OpenAI\nc = OpenAI()\nc.chat.completions.create(model='gpt-4o', messages=[])\n", "openai", "chat.completions", "gpt-4o", 3 },
    { "rule 1: the line of the name", DD_LANG_PYTHON, "from openai import OpenAI\n(OpenAI()\n .chat\n .completions\n .create(model='x', messages=[]))\n", "openai", "chat.completions", "x", 5 },
    { "C-14", DD_LANG_PYTHON, "import openai\nopenai.OpenAI().chat.completions.with_raw_response.create(model='x', messages=[])\n", "openai", "chat.completions", "x", 2 },
    { "rung 5, no import at all", DD_LANG_PYTHON, "def f(client):\n    client.chat.completions.create(model='x', messages=[])\n", "openai", "chat.completions", "x", 2 },
    { "rung 4, arguments fit", DD_LANG_PYTHON, "def f(client):\n    client.messages.create(model='x', max_tokens=3, messages=[1])\n", "anthropic", "messages", "x", 2 },
    { "OA-PY-11", DD_LANG_PYTHON, "import openai\nopenai.ChatCompletion.create(model='x', messages=[])\n", "openai-legacy", "chat.completions", "x", 2 },
    { "AI-1", DD_LANG_TYPESCRIPT, "import { generateText } from 'ai';\nimport { openai } from '@ai-sdk/openai';\ngenerateText({ model: openai('x'), prompt: 'p' });\n", "vercel-ai", "generateText", "x", 3 },
    { "I-JS-2: default import under another name", DD_LANG_TYPESCRIPT, "import Ai from 'openai';\nnew Ai().responses.create({ model: 'x', input: 'p' });\n", "openai", "responses", "x", 2 },
    { "I-JS-11: Deno specifier", DD_LANG_TYPESCRIPT, "import OpenAI from 'npm:openai@7';\nnew OpenAI().responses.create({ model: 'x', input: 'p' });\n", "openai", "responses", "x", 2 },
    { "LC-PY-1", DD_LANG_PYTHON, "from langchain_openai import ChatOpenAI\nChatOpenAI(model='x').invoke('p')\n", "langchain", "chat", "x", 2 },
    { "RH-JS-1", DD_LANG_JAVASCRIPT, "fetch('https://api.openai.com/v1/responses', { method: 'POST', body: JSON.stringify({ model: 'x', input: 'p' }) });\n", "http", "responses", "x", 1 },
    { "BR-PY-1", DD_LANG_PYTHON, "import boto3\nboto3.client('bedrock-runtime').converse(modelId='x', messages=[])\n", "aws-bedrock", "converse", "x", 2 },
};

TEST(a_shape_is_one_site)
{
    for (size_t i = 0; i < DD_COUNT(positives); i++) {
        scene s;
        open_scene(&s, "app.src", positives[i].lang, positives[i].text);
        CHECK_EQ(s.list.n, 1, positives[i].why);
        if (s.list.n == 1) {
            CHECK_STR(s.list.v[0]->sdk, positives[i].sdk);
            CHECK_STR(s.list.v[0]->api, positives[i].api);
            CHECK_STR(s.list.v[0]->model, positives[i].model);
            CHECK_EQ(s.list.v[0]->line, positives[i].line, positives[i].why);
        }
        close_scene(&s);
    }
}

static const struct { const char *why; dd_lang lang; const char *text; } negatives[] = {
    { "N-1 annotation", DD_LANG_PYTHON, "from openai import OpenAI\ndef f(c: OpenAI) -> 'openai.types.X': ...\n" },
    { "N-2 docstring", DD_LANG_PYTHON, "import openai\ndef f():\n    '''client.chat.completions.create(model=1)'''\n" },
    { "N-4 code in a string", DD_LANG_PYTHON, "import openai\nS = 'client.chat.completions.create(model=1)'\n" },
    { "N-6, N-7 mocks", DD_LANG_PYTHON, "from unittest.mock import MagicMock\nc = MagicMock()\nc.chat.completions.create(model='x', messages=[])\n" },
    { "N-8 an assertion", DD_LANG_PYTHON, "from openai import OpenAI\nOpenAI().chat.completions.create.assert_called_once_with(model='x')\n" },
    { "N-9 Twilio", DD_LANG_PYTHON, "from twilio.rest import Client\nClient().messages.create(body='hi', from_='a', to='b')\n" },
    { "N-10 a thread's message", DD_LANG_PYTHON, "from openai import OpenAI\nOpenAI().beta.threads.messages.create(thread_id='t', role='user', content='c')\n" },
    { "N-12 counting tokens", DD_LANG_PYTHON, "from anthropic import Anthropic\nAnthropic().messages.count_tokens(model='x', messages=[])\n" },
    { "N-14 a class of the project", DD_LANG_PYTHON, "class Coder:\n    @staticmethod\n    def create(model): return model\nCoder.create(model='x')\n" },
    { "N-16 HTTP mock", DD_LANG_PYTHON, "import responses\nresponses.post('https://api.openai.com/v1/chat/completions', json={})\n" },
    { "N-22 an ORM", DD_LANG_TYPESCRIPT, "import { PrismaClient } from '@prisma/client';\nnew PrismaClient().chat.create({ data: 1 });\n" },
    { "N-28 a network agent", DD_LANG_TYPESCRIPT, "import https from 'node:https';\nnew https.Agent({ keepAlive: true });\n" },
    { "N-29 an own route", DD_LANG_JAVASCRIPT, "app.post('/v1/chat/completions', (req, res) => res.end());\n" },
    { "N-31 a function of the project", DD_LANG_TYPESCRIPT, "function generateText(o: any) { return o; }\ngenerateText({ model: 'x', prompt: 'p' });\n" },
    { "rule 6: creating an assistant", DD_LANG_PYTHON, "from openai import OpenAI\nOpenAI().beta.assistants.create(model='x')\n" },
    { "rule 6: moderation", DD_LANG_PYTHON, "from openai import OpenAI\nOpenAI().moderations.create(input='x')\n" },
    { "17: an endpoint of one's own machine", DD_LANG_PYTHON, "import requests\nrequests.post('http://localhost:1234/v1/chat/completions', json={'model': 'x', 'messages': []})\n" },
    { "17: no request", DD_LANG_PYTHON, "URL = 'https://api.openai.com/v1/chat/completions'\nprint(URL)\n" },
};

TEST(look_alikes_stay_silent)
{
    for (size_t i = 0; i < DD_COUNT(negatives); i++) {
        scene s;
        open_scene(&s, "app.src", negatives[i].lang, negatives[i].text);
        CHECK_EQ(s.list.n, 0, negatives[i].why);
        close_scene(&s);
    }
}

TEST(an_id_survives_moved_lines)
{
    scene a, b;
    const char *call = "def f(c):\n    c.chat.completions.create(model='x', messages=[])\n    c.chat.completions.create(model='y', messages=[])\n";
    dd_buf moved = DD_BUF_INIT(4096);
    dd_buf_addz(&moved, "import os\n\n\nA = 1\n");
    dd_buf_addz(&moved, call);
    open_scene(&a, "app.py", DD_LANG_PYTHON, call);
    open_scene(&b, "app.py", DD_LANG_PYTHON, dd_buf_z(&moved));
    CHECK_EQ(a.list.n, 2, "both calls");
    CHECK_EQ(b.list.n, 2, "both calls");
    if (a.list.n == 2 && b.list.n == 2) {
        CHECK(dd_str_eq(a.list.v[0]->id, b.list.v[0]->id));
        CHECK(dd_str_eq(a.list.v[1]->id, b.list.v[1]->id));
        CHECK(!dd_str_eq(a.list.v[0]->id, a.list.v[1]->id));
        CHECK_EQ(a.list.v[0]->id.len, 12, "twelve digits");
    }
    close_scene(&a);
    close_scene(&b);
    dd_buf_free(&moved);
}

TEST(a_trigger_is_counted_for_its_binding)         /* LC-PY-1: invoke twice, once in a loop */
{
    scene s;
    open_scene(&s, "app.py", DD_LANG_PYTHON, "from langchain_openai import ChatOpenAI\nllm = ChatOpenAI(model='x')\ndef f(xs):\n    llm.invoke('a')\n    for x in xs:\n        llm.invoke(x)\n");
    CHECK_EQ(s.list.n, 1, "the constructor alone is the site");
    if (s.list.n == 1) {
        CHECK_EQ(s.list.v[0]->triggers, 2, "invoked twice");
        CHECK(s.list.v[0]->in_loop);
    }
    close_scene(&s);
}

TEST(the_base_url_decides_the_provider)            /* C-2, C-17 */
{
    static const struct { const char *url, *provider; bool local; } urls[] = {
        { "https://api.groq.com/openai/v1", "groq", false }, { "https://openrouter.ai/api/v1", "openrouter", false },
        { "http://localhost:11434/v1", "", true }, { "https://x.openai.azure.com/openai/v1/", "azure", false }, { "https://gw.acme.io/v1", "", false },
    };
    for (size_t i = 0; i < DD_COUNT(urls); i++) {
        scene s;
        dd_buf text = DD_BUF_INIT(4096);
        dd_buf_printf(&text, "from openai import OpenAI\nOpenAI(base_url='%s').chat.completions.create(model='m', messages=[])\n", urls[i].url);
        open_scene(&s, "app.py", DD_LANG_PYTHON, dd_buf_z(&text));
        CHECK_EQ(s.list.n, 1, urls[i].url);
        if (s.list.n == 1) {
            CHECK_STR(s.list.v[0]->provider, urls[i].provider);
            CHECK_EQ(s.list.v[0]->local, urls[i].local, urls[i].url);
        }
        close_scene(&s);
        dd_buf_free(&text);
    }
}

TEST(a_broken_file_is_no_crash)
{
    scene s;
    open_scene(&s, "app.py", DD_LANG_PYTHON, "from openai import OpenAI\nOpenAI().chat.completions.create(model=, ((\nx = = 3\nOpenAI().responses.create(model='x', input='y')\n");
    close_scene(&s);
}
