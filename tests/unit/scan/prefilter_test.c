/* call-shapes 3.4 and the look-alikes of 21: which files are worth a parse. */
#include "scan/walk.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

static const struct { dd_lang lang; const char *text; bool want; const char *why; } cases[] = {
    { DD_LANG_PYTHON, "from openai import OpenAI\nOpenAI().chat.completions.create()", true, "OA-PY-1" },
    { DD_LANG_PYTHON, "import openai\nopenai.Embedding.create(input=x)", true, "legacy" },
    { DD_LANG_PYTHON, "x = client.messages.create(model=M)", true, "a client from elsewhere" },
    { DD_LANG_PYTHON, "from app.llm import client\nclient.responses.parse(x)", true, "I-PY-10" },
    { DD_LANG_PYTHON, "from langchain_openai import ChatOpenAI", true, "LangChain: the constructor is the site" },
    { DD_LANG_PYTHON, "from langchain_core.prompts import PromptTemplate", false, "makes no model" },
    { DD_LANG_PYTHON, "from langchain_core.language_models import BaseChatModel", true, "may be called" },
    { DD_LANG_PYTHON, "try: import litellm\nexcept ImportError: pass", true, "I-PY-7" },
    { DD_LANG_PYTHON, "m = importlib.import_module('litellm')", true, "I-PY-9" },
    { DD_LANG_PYTHON, "PROVIDERS = ['openai', 'groq', 'cohere', 'litellm']", false, "names in a list" },
    { DD_LANG_PYTHON, "import openai\nraise openai.RateLimitError()", false, "N-13: no verb" },
    { DD_LANG_PYTHON, "requests.post('https://api.openai.com/v1/x')", true, "RH-PY-1" },
    { DD_LANG_PYTHON, "httpx.post(f'{BASE}/v1/messages')", true, "RH-PY-2" },
    { DD_LANG_PYTHON, "br.converse(modelId=M)", true, "BR-PY-1" },
    { DD_LANG_PYTHON, "from agents import Agent, Runner", true, "AG-PY-1" },
    { DD_LANG_PYTHON, "async with c.chat.completions.with_raw_response.create() as r: pass", true, "C-14" },
    { DD_LANG_PYTHON, "print('hello')", false, "nothing" },
    { DD_LANG_PYTHON, "", false, "empty" },
    { DD_LANG_NOTEBOOK, "import anthropic\nclient.messages\\\n  .create()", true, "a broken chain, by its import and verb" },
    { DD_LANG_TYPESCRIPT, "import { generateText } from 'ai'", true, "AI-1" },
    { DD_LANG_TYPESCRIPT, "import OpenAI from \"openai\";\nawait c.responses\n  .create({})", true, "a chain over lines" },
    { DD_LANG_TYPESCRIPT, "const O = require( 'groq-sdk' )", true, "I-JS-6" },
    { DD_LANG_TYPESCRIPT, "import O from\"npm:openai@7\";o.beta\n.create()", true, "I-JS-11" },
    { DD_LANG_TYPESCRIPT, "const { default: A } = await import(`@anthropic-ai/sdk`); a.messages\n.create()", true, "I-JS-8" },
    { DD_LANG_TYPESCRIPT, "const names = [\"openai\", \"groq\", \"mistralai\"]; x.create()", false, "names in a list" },
    { DD_LANG_TYPESCRIPT, "import { ChatOpenAI } from '@langchain/openai'", true, "LC-JS-1" },
    { DD_LANG_TYPESCRIPT, "import { HumanMessage } from '@langchain/core/messages'", false, "makes no model" },
    { DD_LANG_TSX, "import { useChat } from '@ai-sdk/react'", false, "N-26" },
    { DD_LANG_JAVASCRIPT, "await fetch(`${base}/chat/completions`, o)", true, "RH-JS-2" },
    { DD_LANG_JAVASCRIPT, "new InvokeModelCommand({ modelId })", true, "BR-JS-2" },
    { DD_LANG_TYPESCRIPT, "/**\n * client.messages.create({})\n */\n// o.chat.completions.create()\nf()", false, "N-3: comments" },
    { DD_LANG_PYTHON, "x = 1\n    # client.messages.create()\n", false, "N-3" },
    { DD_LANG_PYTHON, "x = client.messages.create()  # a comment", true, "a comment behind it" },
    { DD_LANG_TYPESCRIPT, "import { E } from '../embeddings/base'", false, "a module of one's own" },
    { DD_LANG_TYPESCRIPT, "import { x } from './langchain/adapter'; import { openai } from '@ai-sdk/openai'; x.chat.create()", false, "one's own module; a provider alone" },
    { DD_LANG_TYPESCRIPT, "import { embed } from 'ai'; embed({ model, value })", true, "AI-7" },
    { DD_LANG_TYPESCRIPT, "message.embed({ title })", false, "another embed" },
    { DD_LANG_PYTHON, "from mem.llms.langchain import X\nfrom multi_agents import y", false, "one's own modules" },
    { DD_LANG_PYTHON, "from google import genai", true, "GO-PY-1" },
    { DD_LANG_PYTHON, "from langfuse.openai import openai\nopenai.chat\\\n.create()", true, "I-PY-5" },
    { DD_LANG_PYTHON, "HOSTS = ['https://api.openai.com', 'https://openrouter.ai']", false, "hosts in a table" },
    { DD_LANG_PYTHON, "from langchain_community.document_loaders import L\nfrom langchain.text_splitter import S", false, "makes no model" },
    { DD_LANG_PYTHON, "from langchain_community.chat_models import C", true, "makes models" },
    { DD_LANG_TYPESCRIPT, "await post(`${base}/embeddings`)", true, "RH-JS-2" },
    { DD_LANG_JAVASCRIPT, "client.chat[\"completions\"].create({})", true, "G-3" },
};

TEST(prefilter_finds_what_calls_need)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        CHECK_EQ(dd_prefilter(dd_str_z(cases[i].text), cases[i].lang), cases[i].want, cases[i].why);
}

/* The fast pass reads many bytes at once: a literal must be found at any offset, up to the very end. */
TEST(prefilter_finds_a_literal_anywhere)
{
    static const char *const literals[] = { "messages.create", "/v1/messages", ".completions", "embeddings.create", "ChatOpenAI(" };
    char text[200];
    for (size_t l = 0; l < DD_COUNT(literals); l++)
        for (size_t n = strlen(literals[l]); n < sizeof text; n++) {
            size_t len = strlen(literals[l]);
            for (size_t at = 0; at + len <= n; at += at + len + 7 < n ? 7 : 1) {
                memset(text, 'x', n);
                memcpy(text + at, literals[l], len);
                char *exact = malloc(n); /* so that a sanitizer sees a read past the end */
                memcpy(exact, text, n);
                CHECK(dd_prefilter((dd_str){ exact, n }, DD_LANG_PYTHON));
                exact[at + len - 1] = 'Q';
                CHECK(!dd_prefilter((dd_str){ exact, n }, DD_LANG_PYTHON));
                free(exact);
            }
        }
}

TEST(prefilter_takes_bounded_time)
{
    static const char *const pieces[] = { "openai", "'openai", "((((((openai", "/completions", "OpenAI(", "\n#OpenAI(" };
    dd_buf text = DD_BUF_INIT(0);
    for (size_t i = 0; i < DD_COUNT(pieces); i++) {
        dd_buf_clear(&text);
        while (text.len < 1 << 20)
            dd_buf_addz(&text, pieces[i]);
        (void)dd_prefilter(dd_buf_str(&text), DD_LANG_TYPESCRIPT);
        (void)dd_prefilter(dd_buf_str(&text), DD_LANG_PYTHON);
    }
    dd_buf_free(&text);
}
