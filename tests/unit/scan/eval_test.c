/* The resolver over small projects. Ids are those of docs/resolver.md (call-shapes M-1 ... M-27, C-, I-, W-). */
#include "base/file.h"
#include "tests/unit/scan/tree.h"

typedef struct { const char *why, *want, *path, *text; } one_file;

static void check(const char *why, const char *want, const tree_source *sources)
{
    tree   t;
    dd_buf got = DD_BUF_INIT(4096);
    tree_open(&t, sources);
    tree_show(&t, tree_value(&t), &got);
    if (!dd_str_eqz(dd_buf_str(&got), want))
        dd_test_fail(__FILE__, __LINE__, "%s: got \"%s\", want \"%s\"", why, dd_buf_z(&got), want);
    dd_buf_free(&got);
    tree_close(&t);
}

static void check_all(const one_file *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tree_source one[2] = { { cases[i].path, cases[i].text }, { NULL, NULL } };
        check(cases[i].why, cases[i].want, one);
    }
}

static const one_file constants[] = {
    { "M-1 py", "gpt-4o literal", "a.py", "use('gpt-4o')\n" },
    { "M-1 js template", "gpt-4o literal", "a.ts", "use(`gpt-4o`)\n" },
    { "M-2 py", "x constant-same-file", "a.py", "MODEL = 'x'\nuse(MODEL)\n" },
    { "M-2 in a function", "x constant-same-file", "a.py", "MODEL = 'x'\ndef f():\n    use(MODEL)\n" },
    { "M-2 as const", "x constant-same-file", "a.ts", "export const MODEL = 'x' as const;\nfunction f() { use(MODEL) }\n" },
    { "M-2 defined below", "x constant-same-file", "a.py", "def f():\n    use(MODEL)\nMODEL = 'x'\n" },
    { "scope trap: reassigned later is no constant", "{a, b}", "a.py", "M = 'a'\ndef f():\n    use(M)\nM = 'b'\n" },
    { "M-2 reassigned before", "b constant-same-file", "a.py", "M = 'a'\nM = 'b'\nuse(M)\n" },
    { "M-2 global in a function", "{a, b}", "a.py", "M = 'a'\ndef g():\n    global M\n    M = 'b'\ndef f():\n    use(M)\n" },
    { "M-3 Final", "x constant-same-file", "a.py", "from typing import Final\nM: Final[str] = 'x'\nuse(M)\n" },
    { "M-3 ts", "x constant-same-file", "a.ts", "const M: ChatModel = 'x';\nuse(M)\n" },
    { "M-4 chain", "x constant-same-file", "a.py", "A = 'x'\nB = A\nC = B\nuse(C)\n" },
    { "M-4 cycle", "?", "a.py", "A = B\nB = A\nuse(A)\n" },
    { "M-5 key", "m constant-same-file", "a.py", "MODELS = {'fast': 'm', 'smart': 'n'}\nuse(MODELS['fast'])\n" },
    { "M-5 dynamic key", "{m, n}", "a.py", "MODELS = {'fast': 'm', 'smart': 'n'}\ndef f(k):\n    use(MODELS[k])\n" },
    { "M-5 member", "m constant-same-file", "a.ts", "const MODELS = Object.freeze({ fast: 'm', smart: 'n' } as const);\nuse(MODELS.fast)\n" },
    { "M-5 nested", "m constant-same-file", "a.js", "const C = { llm: { model: 'm' } };\nuse(C['llm'].model)\n" },
    { "M-5 list", "m constant-same-file", "a.py", "L = ['m', 'n']\nuse(L[0])\n" },
    { "M-5 item assigned later", "n constant-same-file", "a.py", "D = {}\nD['k'] = 'n'\nuse(D['k'])\n" },
    { "M-17 enum value", "m constant-same-file", "a.py", "from enum import Enum\nclass M(Enum):\n    FAST = 'm'\nuse(M.FAST.value)\n" },
    { "M-17 StrEnum", "m constant-same-file", "a.py", "from enum import StrEnum\nclass M(StrEnum):\n    FAST = 'm'\nuse(M.FAST)\n" },
    { "M-17 ts", "m constant-same-file", "a.ts", "enum M { Fast = 'm' }\nuse(M.Fast)\n" },
    { "M-22 f-string", "gpt-4o constant-same-file", "a.py", "V = '4o'\nm = f'gpt-{V}'\nuse(m)\n" },
    { "M-22 template", "gpt-4o constant-same-file", "a.ts", "const v = '4o';\nconst m = `gpt-${v}`;\nuse(m)\n" },
    { "M-22 hole", "`gpt-, ?`", "a.py", "def f(v):\n    use('gpt-' + v)\n" },
    { "M-22 percent", "gpt-4o constant-same-file", "a.py", "v = '4o'\nm = 'gpt-%s' % v\nuse(m)\n" },
    { "M-22 format", "gpt-4o-mini constant-same-file", "a.py", "m = 'gpt-{}-{s}'.format('4o', s='mini')\nuse(m)\n" },
    { "M-18 get with default", "m constant-same-file", "a.py", "CONFIG = {'x': 1}\nv = CONFIG.get('model', 'm')\nuse(v)\n" },
};
TEST(constants_resolve) { check_all(constants, DD_COUNT(constants)); }

static const one_file flow[] = {
    { "M-14 local", "b constant-same-file", "a.py", "def f():\n    m = 'a'\n    m = 'b'\n    use(m)\n    m = 'c'\n" },
    { "M-15 ternary", "{a, b}", "a.py", "def f(x):\n    use('a' if x else 'b')\n" },
    { "M-15 if/else", "{a, b}", "a.py", "def f(x):\n    if x:\n        m = 'a'\n    else:\n        m = 'b'\n    use(m)\n" },
    { "M-15 other arm is out of reach", "a constant-same-file", "a.py", "def f(x):\n    if x:\n        m = 'a'\n        use(m)\n    else:\n        m = 'b'\n" },
    { "M-15 an arm that returns", "a constant-same-file", "a.py", "def f(x):\n    m = 'a'\n    if x:\n        m = 'b'\n        return m\n    use(m)\n" },
    { "M-15 switch", "{a, b, c}", "a.ts", "function f(x) { let m; switch (x) { case 1: m = 'a'; break; case 2: m = 'b'; break; default: m = 'c' } use(m) }\n" },
    { "M-15 exhaustive arms hide what was before", "{a, b}", "a.py", "def f(x):\n    m = 'z'\n    if x:\n        m = 'a'\n    else:\n        m = 'b'\n    use(m)\n" },
    { "M-15 one arm leaves what was before", "{z, a}", "a.py", "def f(x):\n    m = 'z'\n    if x:\n        m = 'a'\n    use(m)\n" },
    { "M-15 both the same", "a constant-same-file", "a.ts", "function f(x) { const m = x ? 'a' : 'a'; use(m) }\n" },
    { "loop over models", "{a, b}", "a.py", "for m in ['a', 'b']:\n    use(m)\n" },
    { "loop carries around", "{a, b}", "a.py", "m = 'a'\nfor i in range(3):\n    use(m)\n    m = 'b'\n" },
    { "try or except", "{a, b}", "a.py", "def f(g):\n    try:\n        m = 'a'\n        g()\n    except ValueError:\n        m = 'b'\n    use(m)\n" },
    { "environment or its absence", "x env-default", "a.py", "import os\ntry:\n    m = os.environ['M']\nexcept KeyError:\n    m = 'x'\nuse(m)\n" },
    { "None before the first use", "=openai.OpenAI()", "a.py", "from openai import OpenAI\n_c = None\ndef get():\n    global _c\n    if _c is None:\n        _c = OpenAI()\n    return _c\nuse(get())\n" },
    { "C-19 lazy singleton", "=openai.default()", "a.ts", "import OpenAI from 'openai';\nlet cached;\nconst get = () => (cached ?\?= new OpenAI());\nuse(get())\n" },
    { "decided by a constant", "a constant-same-file", "a.py", "FAST = True\nm = 'a' if FAST else 'b'\nuse(m)\n" },
    { "a default decides nothing", "{a, b}", "a.py", "def f(fast=True):\n    m = 'a' if fast else 'b'\n    use(m)\n" },
    { "a test environment is not what bills", "b constant-same-file", "a.ts", "import { isTestEnvironment } from './env';\nfunction g() { if (isTestEnvironment) return 'a'; return 'b'; }\nuse(g())\n" },
    { "JS block scope", "a constant-same-file", "a.ts", "const m = 'a';\n{ const m = 'b'; }\nuse(m)\n" },
    { "JS assigned from a block", "{a, b}", "a.ts", "function f(x) { let m = 'a'; if (x) { m = 'b'; } use(m) }\n" },
    { "closure", "a constant-same-file", "a.ts", "function f() { const m = 'a'; return xs.map(async (x) => use(m)); }\n" },
    { "scope trap: a parameter hides the constant", "?", "a.py", "model = 'a'\ndef f(model):\n    use(model)\n" },
    { "scope trap: a class body is not seen from its methods", "a constant-same-file", "a.py", "m = 'a'\nclass C:\n    m = 'b'\n    def f(self):\n        use(m)\n" },
    { "comprehension variable", "{a, b}", "a.py", "r = [use(m) for m in ('a', 'b')]\n" },
    { "walrus", "a constant-same-file", "a.py", "if (m := 'a'):\n    use(m)\n" },
};
TEST(the_binding_that_reaches) { check_all(flow, DD_COUNT(flow)); }

static const one_file params[] = {
    { "M-12", "?", "a.py", "def f(q, model):\n    use(model)\nf(1, 'x')\n" },
    { "M-13 py", "x default-parameter", "a.py", "def f(q, model='x'):\n    use(model)\n" },
    { "M-13 counts although a caller overrides it", "x default-parameter", "a.py", "def f(q, model='x'):\n    use(model)\nf(1, model='y')\n" },
    { "M-13 keyword-only", "x default-parameter", "a.py", "def f(*, model='x'):\n    use(model)\n" },
    { "M-13 from a constant", "x default-parameter", "a.py", "D = 'x'\ndef f(model=D):\n    use(model)\n" },
    { "M-13 destructured", "x default-parameter", "a.ts", "function f({ model = 'x', n }: O = {}) { use(model) }\n" },
    { "M-13 Literal", "{a, b, ?}", "a.py", "from typing import Literal\ndef f(model: Literal['a', 'b']):\n    use(model)\n" },
    { "scope trap: two functions, two defaults", "b default-parameter", "a.py", "def f(model='a'):\n    pass\ndef g(model='b'):\n    use(model)\n" },
    { "M-9 ?? on an option", "x default-parameter", "a.ts", "function f(opts?: O) { use(opts?.model ?? 'x') }\n" },
    { "M-9 || on a parameter", "x default-parameter", "a.js", "function f(model) { model = model || 'x'; use(model) }\n" },
    { "M-9 or", "x default-parameter", "a.py", "def f(model=None):\n    model = model or 'x'\n    use(model)\n" },
    { "M-9 if not", "x default-parameter", "a.py", "def f(model=None):\n    if not model:\n        model = 'x'\n    use(model)\n" },
    { "M-9 if None", "x default-parameter", "a.py", "def f(model=None):\n    if model is None:\n        model = 'x'\n    use(model)\n" },
    { "M-9 if given", "x default-parameter", "a.ts", "function f(o) { let m = 'x'; if (o.model) m = o.model; use(m) }\n" },
    { "M-9 ternary on itself", "x default-parameter", "a.ts", "function f(o) { use(o.model ? o.model : 'x') }\n" },
    { "M-9 conditional expression", "x default-parameter", "a.py", "def f(m=None):\n    use('x' if m is None else m)\n" },
    { "M-9 ?\?=", "x default-parameter", "a.ts", "function f(opts) { opts.model ?\?= 'x'; use(opts.model) }\n" },
    { "M-9 left side resolves", "y constant-same-file", "a.py", "M = 'y'\nm = M or 'x'\nuse(m)\n" },
    { "M-9 if the key is in the options", "x default-parameter", "a.py", "def f(config):\n    if 'model' in config:\n        m = config['model']\n    else:\n        m = 'x'\n    use(m)\n" },
    { "M-9 if it is text", "x default-parameter", "a.ts", "function f(o) { use(typeof o.model === 'string' ? o.model : 'x') }\n" },
    { "M-9 else it is what was given", "x default-parameter", "a.py", "def f(model=None):\n    if model is None:\n        m = 'x'\n    else:\n        m = model\n    use(m)\n" },
    { "M-9 a lookup that may miss", "{m, ?}", "a.ts", "const A = { a: 'm' };\nfunction f(model: string) { use(A[model] ?? model) }\n" },
    { "kwargs.get", "x default-parameter", "a.py", "def f(**kw):\n    use(kw.get('model', 'x'))\n" },
    { "kwargs.setdefault", "x default-parameter", "a.py", "def f(**kw):\n    kw.setdefault('model', 'x')\n    use(kw['model'])\n" },
    { "M-24 argparse", "x default-parameter", "a.py", "import argparse\np = argparse.ArgumentParser()\np.add_argument('-m', '--model', default='x')\nargs = p.parse_args()\nuse(args.model)\n" },
    { "M-24 argparse without default", "?", "a.py", "import argparse\np = argparse.ArgumentParser()\np.add_argument('--model')\nargs = p.parse_args()\nuse(args.model)\n" },
    { "M-24 argparse handed on", "x default-parameter", "a.py", "import argparse\ndef run(args):\n    use(args.model_name)\np = argparse.ArgumentParser()\np.add_argument('--model-name', default='x')\nrun(p.parse_args())\n" },
    { "M-24 click", "x default-parameter", "a.py", "import click\n@click.command()\n@click.option('--model', default='x')\ndef main(model):\n    use(model)\n" },
    { "M-24 typer", "x default-parameter", "a.py", "import typer\ndef main(model: str = typer.Option('x', '--model')):\n    use(model)\n" },
    { "M-24 commander", "x default-parameter", "a.ts", "import { program } from 'commander';\nprogram.option('-m, --model <name>', 'which', 'x');\nconst o = program.opts();\nuse(o.model)\n" },
    { "M-24 input", "x default-parameter", "a.py", "m = input('model? ') or 'x'\nuse(m)\n" },
    { "M-24 form", "{a, b}", "a.py", "import streamlit as st\nm = st.sidebar.selectbox('Model', ['a', 'b'])\nuse(m)\n" },
    { "M-24 request", "?", "a.ts", "export async function POST(req) { const { model } = await req.json(); use(model) }\n" },
};
TEST(parameters_and_their_defaults) { check_all(params, DD_COUNT(params)); }

static const one_file env[] = {
    { "M-10 getenv", "x env-default", "a.py", "import os\nuse(os.getenv('M', 'x'))\n" },
    { "M-10 environ.get", "x env-default", "a.py", "from os import environ\nm = environ.get('M') or 'x'\nuse(m)\n" },
    { "M-10 decouple", "x env-default", "a.py", "from decouple import config\nuse(config('M', default='x'))\n" },
    { "M-10 process.env", "x env-default", "a.ts", "const m = process.env.M ?? 'x';\nuse(m)\n" },
    { "M-10 constant as default", "x env-default", "a.ts", "const D = 'x';\nconst m = process.env['M'] || D;\nuse(m)\n" },
    { "M-10 import.meta.env", "x env-default", "a.ts", "use(import.meta.env.VITE_M || 'x')\n" },
    { "M-10 Deno", "x env-default", "a.ts", "use(Deno.env.get('M') ?? 'x')\n" },
    { "M-10 destructured", "x env-default", "a.ts", "const { M = 'x' } = process.env;\nuse(M)\n" },
    { "M-10 getter", "x env-default", "a.js", "function getSetting(rt, key, d) { const v = rt.getSetting(key); if (v !== undefined && v !== null) { return String(v); } return process.env[key] ?? d; }\nuse(getSetting(rt, 'M', 'x'))\n" },
    { "M-10 two variables", "x env-default", "a.ts", "use(process.env.A ?? process.env.B ?? 'x')\n" },
    { "M-11", "?", "a.py", "import os\nuse(os.environ['M'])\n" },
};
TEST(environment) { check_all(env, DD_COUNT(env)); }

static const one_file objects[] = {
    { "M-6 class body", "x class-attribute", "a.py", "class C:\n    model = 'x'\n    def f(self):\n        use(self.model)\n" },
    { "M-6 cls", "x class-attribute", "a.py", "class C:\n    model = 'x'\n    @classmethod\n    def f(cls):\n        use(cls.model)\n" },
    { "M-6 by name", "x class-attribute", "a.py", "class C:\n    model = 'x'\nuse(C.model)\n" },
    { "M-6 static", "x class-attribute", "a.ts", "class C { static MODEL = 'x'; f() { use(C.MODEL) } }\n" },
    { "M-6 field", "x class-attribute", "a.ts", "const D = 'x';\nclass C { model: string = D; f() { use(this.model) } }\n" },
    { "M-7 dataclass", "x class-attribute", "a.py", "from dataclasses import dataclass\n@dataclass\nclass C:\n    model: str = 'x'\ncfg = C()\nuse(cfg.model)\n" },
    { "M-7 Field", "x class-attribute", "a.py", "from pydantic import BaseModel, Field\nclass C(BaseModel):\n    model: str = Field(default='x', description='d')\ndef f(self_: int, c=C()):\n    use(c.model)\n" },
    { "M-7 default_factory", "x class-attribute", "a.py", "from dataclasses import field\nclass C:\n    model: str = field(default_factory=lambda: 'x')\n    def f(self):\n        use(self.model)\n" },
    { "M-7 zod", "x class-attribute", "a.ts", "import { z } from 'zod';\nconst S = z.object({ model: z.string().default('x') });\nconst c = S.parse(input);\nuse(c.model)\n" },
    { "M-8", "x class-attribute", "a.py", "class C:\n    def __init__(self, model='x'):\n        self.model = model\n    def f(self):\n        use(self.model)\n" },
    { "M-8 property parameter", "x class-attribute", "a.ts", "class C { constructor(private model = 'x') {} f() { use(this.model) } }\n" },
    { "M-8 destructured", "x class-attribute", "a.ts", "class C { constructor({ model = 'x' } = {}) { this.model = model; } f() { use(this.model) } }\n" },
    { "M-8 option", "x class-attribute", "a.ts", "class C { private model: string; constructor(p: P) { this.model = p?.model || 'x'; } f() { use(this.model) } }\n" },
    { "M-8 no default", "?", "a.py", "class C:\n    def __init__(self, model):\n        self.model = model\n    def f(self):\n        use(self.model)\n" },
    { "M-8 known construction", "y class-attribute", "a.py", "class C:\n    def __init__(self, model='x'):\n        self.model = model\nc = C(model='y')\nuse(c.model)\n" },
    { "M-8 env in the constructor", "x env-default", "a.py", "import os\nclass C:\n    D = 'x'\n    def __init__(self, model: str | None = None):\n        self.model = model or os.getenv('M', self.D)\n    def f(self):\n        use(self.model)\n" },
    { "M-8 dict kept on the object", "x class-attribute", "a.py", "class C:\n    def __init__(self):\n        self.params = {'model': 'x'}\n    def f(self):\n        use(self.params['model'])\n" },
    { "M-8 deeper assignment", "x class-attribute", "a.py", "class C:\n    def __init__(self, config):\n        self.config = config\n        if not self.config.model:\n            self.config.model = 'x'\n    def f(self):\n        use(self.config.model)\n" },
    { "M-8 a config may override it", "x class-attribute", "a.py", "class C:\n    def __init__(self, config=None):\n        self.model = 'x'\n        if config is not None:\n            if 'model' in config:\n                self.model = config['model']\n    def f(self):\n        use(self.model)\n" },
    { "this of an object literal", "x constant-same-file", "a.js", "const o = { model: 'x', ask() { use(this.model) } };\n" },
    { "static getter", "x class-attribute", "a.ts", "class C { static get M() { return 'x'; } f() { use(C.M) } }\n" },
    { "set by another method", "x class-attribute", "a.js", "const D = 'x';\nclass C { constructor(o) { this.set(o); } set(o) { const m = o.m || {}; this.o = { ...m, model: m.model || D }; } f() { use(this.o.model) } }\n" },
    { "inheritance", "x class-attribute", "a.py", "class B:\n    model = 'x'\nclass C(B):\n    def f(self):\n        use(self.model)\n" },
    { "scope trap: a subclass overrides for itself only", "x class-attribute", "a.py", "class B:\n    model = 'x'\n    def f(self):\n        use(self.model)\nclass C(B):\n    model = 'y'\n" },
    { "scope trap: the class it is in", "x class-attribute", "a.py", "class A:\n    model = 'y'\nclass C:\n    model = 'x'\n    def f(self):\n        use(self.model)\n" },
    { "declared in the base, named below", "{x, y}", "a.py", "class B:\n    model: str\n    def f(self):\n        use(self.model)\nclass C(B):\n    model = 'x'\nclass D(B):\n    model = 'y'\n" },
    { "super().__init__ hands it up", "x class-attribute", "a.py", "class B:\n    def __init__(self, model):\n        self.model = model\nclass C(B):\n    def __init__(self):\n        super().__init__(model='x')\n    def f(self):\n        use(self.model)\n" },
    { "attribute set from outside", "y constant-same-file", "a.py", "class C:\n    model = 'x'\nc = C()\nc.model = 'y'\nuse(c.model)\n" },
    { "C-3", "=openai.OpenAI()", "a.py", "from openai import OpenAI\nclass C:\n    def __init__(self, client: OpenAI | None = None):\n        self.client = client or OpenAI()\n    def f(self):\n        use(self.client)\n" },
    { "C-4 property", "=openai.OpenAI()", "a.py", "from openai import OpenAI\nclass C:\n    @property\n    def llm(self):\n        return OpenAI()\n    def f(self):\n        use(self.llm)\n" },
    { "C-5", "=openai.OpenAI().chat", "a.py", "from openai import OpenAI\nclass C:\n    def __init__(self):\n        self._c = OpenAI()\n    def get(self):\n        return self._c\n    def f(self):\n        use(self.get().chat)\n" },
    { "C-18 private field", "=openai.default().responses", "a.ts", "import OpenAI from 'openai';\nclass C { #c = new OpenAI(); f() { use(this.#c.responses) } }\n" },
    { "C-18 typed property", "=openai.default().chat", "a.ts", "import OpenAI from 'openai';\nclass C { constructor(private readonly ai: OpenAI) {} f() { use(this.ai.chat) } }\n" },
    { "foreign base", "=openai.OpenAI().chat", "a.py", "from openai import OpenAI\nclass C(OpenAI):\n    pass\nuse(C().chat)\n" },
    { "a model that came with an object is its own", "{x, ?}", "a.py", "class Agent:\n    model: str = 'x'\ndef run(agent: Agent):\n    use(agent.model)\n" },
    { "settings are settings", "x class-attribute", "a.py", "class Settings:\n    model: str = 'x'\ndef run(settings: Settings):\n    use(settings.model)\n" },
};
TEST(attributes) { check_all(objects, DD_COUNT(objects)); }

static const one_file calls[] = {
    { "M-16", "x constant-same-file", "a.py", "def get_model():\n    return 'x'\nuse(get_model())\n" },
    { "M-16 branch by literal", "m constant-same-file", "a.ts", "const M = { fast: 'm', smart: 'n' };\nconst pick = (tier) => (tier === 'smart' ? M.smart : M.fast);\nuse(pick('fast'))\n" },
    { "M-16 if by literal", "n constant-same-file", "a.py", "def pick(t):\n    if t == 'fast':\n        return 'm'\n    return 'n'\nuse(pick('smart'))\n" },
    { "M-16 switch by literal", "n constant-same-file", "a.ts", "function pick(t) { switch (t) { case 'fast': return 'm'; case 'smart': return 'n'; default: return 'o'; } }\nuse(pick('smart'))\n" },
    { "M-16 unknown tier", "{m, n}", "a.py", "def pick(t):\n    if t == 'fast':\n        return 'm'\n    return 'n'\ndef f(t):\n    use(pick(t))\n" },
    { "M-16 argument", "x constant-same-file", "a.py", "def ident(m):\n    return m\nv = ident('x')\nuse(v)\n" },
    { "M-16 recursion ends", "{?, x}", "a.py", "def f(n):\n    if n:\n        return f(n)\n    return 'x'\ndef g(n):\n    use(f(n))\n" },
    { "C-6 cached factory", "=openai.AsyncOpenAI()", "a.py", "from functools import lru_cache\nfrom openai import AsyncOpenAI\n@lru_cache()\ndef make():\n    return AsyncOpenAI()\nuse(make())\n" },
    { "C-8 with", "=openai.OpenAI()", "a.py", "from openai import OpenAI\nwith OpenAI() as c:\n    use(c)\n" },
    { "C-9 container", "{=openai.OpenAI(), =groq.Groq()}", "a.py", "from openai import OpenAI\nfrom groq import Groq\nclients = {'a': OpenAI(), 'b': Groq()}\ndef f(n):\n    use(clients[n])\n" },
    { "C-10", "=openai.OpenAI().chat.completions", "a.py", "from openai import OpenAI\nclient = OpenAI()\ncompletions = client.chat.completions\nuse(completions)\n" },
    { "C-20", "=openai.default().chat", "a.ts", "import OpenAI from 'openai';\nconst openai = new OpenAI();\nconst { chat } = openai;\nuse(chat)\n" },
    { "C-21", "=openai.default().chat.completions.create", "a.ts", "import OpenAI from 'openai';\nconst openai = new OpenAI();\nconst create = openai.chat.completions.create.bind(openai.chat.completions);\nuse(create)\n" },
    { "a client handed over by its callers", "=openai.OpenAI().chat", "a.py", "from openai import OpenAI\ndef ask(c, q):\n    use(c.chat)\nask(OpenAI(), 'q')\n" },
    { "W-9", "=openai.OpenAI()", "a.py", "from openai import OpenAI\ndef traced(c):\n    return c\nclient = traced(OpenAI())\nuse(client)\n" },
    { "Depends", "=openai.OpenAI()", "a.py", "from fastapi import Depends\nfrom openai import OpenAI\ndef get():\n    return OpenAI()\ndef route(c=Depends(get)):\n    use(c)\n" },
};
TEST(functions) { check_all(calls, DD_COUNT(calls)); }

static const one_file imports[] = {
    { "I-PY-1", "=openai.OpenAI", "a.py", "import openai\nuse(openai.OpenAI)\n" },
    { "I-PY-2", "=openai.chat", "a.py", "import openai as oai\nuse(oai.chat)\n" },
    { "I-PY-4", "=openai.OpenAI", "a.py", "from openai import OpenAI as Client\nuse(Client)\n" },
    { "I-PY-6 lazy", "=anthropic.Anthropic()", "a.py", "def f():\n    from anthropic import Anthropic\n    use(Anthropic())\n" },
    { "I-PY-7 guarded", "=litellm", "a.py", "try:\n    import litellm\nexcept ImportError:\n    litellm = None\nuse(litellm)\n" },
    { "I-PY-12 wildcard", "=openai.OpenAI", "a.py", "from openai import *\nuse(OpenAI)\n" },
    { "dotted", "=google.generativeai.GenerativeModel", "a.py", "import google.generativeai as genai\nuse(genai.GenerativeModel)\n" },
    { "dotted without alias", "=google.generativeai.GenerativeModel", "a.py", "import google.generativeai\nuse(google.generativeai.GenerativeModel)\n" },
    { "I-JS-1", "=openai.default()", "a.ts", "import OpenAI from 'openai';\nuse(new OpenAI())\n" },
    { "I-JS-3", "=openai.AzureOpenAI", "a.ts", "import { OpenAI, AzureOpenAI as Az } from 'openai';\nuse(Az)\n" },
    { "I-JS-4", "=openai.OpenAI()", "a.ts", "import * as openai from 'openai';\nuse(new openai.OpenAI())\n" },
    { "I-JS-6 the class itself", "=openai.default()", "a.js", "const OpenAI = require('openai');\nuse(new OpenAI())\n" },
    { "I-JS-6 default of it", "=openai.default()", "a.js", "var openai_1 = __importDefault(require('openai'));\nuse(new openai_1.default())\n" },
    { "I-JS-7", "=openai.OpenAI", "a.js", "const { OpenAI: OA } = require('openai');\nuse(OA)\n" },
    { "I-JS-8", "=@anthropic-ai/sdk.default", "a.ts", "async function f() { const { default: A } = await import('@anthropic-ai/sdk'); use(A) }\n" },
    { "I-JS-9", "=openai.default()", "a.ts", "async function f() { const mod = await import('openai'); use(new mod.default()) }\n" },
    { "I-JS-10", "=openai.OpenAI()", "a.ts", "import('openai').then(({ OpenAI }) => use(new OpenAI()));\n" },
    { "I-JS-11", "=openai.default", "a.ts", "import OpenAI from 'npm:openai@7';\nuse(OpenAI)\n" },
    { "I-JS-11 esm.sh", "=openai.default", "a.ts", "import OpenAI from 'https://esm.sh/openai@4.20.1?dts';\nuse(OpenAI)\n" },
    { "I-JS-12", "=openai", "a.ts", "import OpenAI = require('openai');\nuse(OpenAI)\n" },
    { "bundled call", "=ai.generateText", "a.js", "var ai_1 = require('ai');\nuse((0, ai_1.generateText))\n" },
    { "globals", "=globalThis.fetch", "a.js", "use(fetch)\n" },
    { "builtins", "=builtins.open()", "a.py", "use(open('x'))\n" },
};
TEST(foreign_names) { check_all(imports, DD_COUNT(imports)); }

typedef struct { const char *why, *want; tree_source s[TREE_FILES]; } many_files;
static const many_files across[] = {
    { "M-21 py", "x constant-cross-file", { { "app/main.py", "from app.settings import MODEL\nuse(MODEL)\n" }, { "app/settings.py", "MODEL = 'x'\n" } } },
    { "I-PY-10 member", "x constant-cross-file", { { "app/main.py", "from app import settings\nuse(settings.MODEL)\n" }, { "app/settings.py", "MODEL = 'x'\n" }, { "app/__init__.py", "" } } },
    { "I-PY-11 relative", "x constant-cross-file", { { "app/a/main.py", "from ..llm import MODEL as M\nuse(M)\n" }, { "app/llm.py", "MODEL = 'x'\n" } } },
    { "package re-export", "x constant-cross-file", { { "main.py", "from cfg import MODEL\nuse(MODEL)\n" }, { "cfg/__init__.py", "from .models import *\n" }, { "cfg/models.py", "MODEL = 'x'\n" } } },
    { "src layout", "x constant-cross-file", { { "tests/t.py", "from pkg.conf import MODEL\nuse(MODEL)\n" }, { "src/pkg/conf.py", "MODEL = 'x'\n" } } },
    { "M-6 across files", "x class-attribute", { { "main.py", "from base import B\nclass C(B):\n    def f(self):\n        use(self.model)\n" }, { "base.py", "class B:\n    model = 'x'\n" } } },
    { "settings object", "x class-attribute", { { "main.py", "from conf import settings\nuse(settings.model)\n" }, { "conf.py", "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    model: str = 'x'\nsettings = Settings()\n" } } },
    { "a local file named like the SDK does not shadow it", "=openai.OpenAI", { { "services/chunks.py", "import openai\nuse(openai.OpenAI)\n" }, { "services/openai.py", "OpenAI = 1\n" } } },
    { "the SDK's own sources are the SDK to its examples", "=openai.OpenAI", { { "examples/a.py", "from openai import OpenAI\nuse(OpenAI)\n" }, { "src/openai/__init__.py", "class OpenAI: pass\n" } } },
    { "factory in another file", "=openai.OpenAI().chat", { { "main.py", "from llm import get_client\nuse(get_client().chat)\n" }, { "llm.py", "from openai import OpenAI\ndef get_client():\n    return OpenAI()\n" } } },
    { "M-21 ts relative", "x constant-cross-file", { { "src/a.ts", "import { MODEL } from './models';\nuse(MODEL)\n" }, { "src/models.ts", "export const MODEL = 'x';\n" } } },
    { "barrel", "x constant-cross-file", { { "src/a.ts", "import { MODEL } from './lib';\nuse(MODEL)\n" }, { "src/lib/index.ts", "export * from './models.js';\n" }, { "src/lib/models.ts", "export const MODEL = 'x';\n" } } },
    { "I-JS-15 renamed", "x constant-cross-file", { { "a.ts", "import { M } from './b';\nuse(M)\n" }, { "b.ts", "export { MODEL as M } from './c';\n" }, { "c.ts", "export const MODEL = 'x';\n" } } },
    { "export default", "x constant-cross-file", { { "a.ts", "import cfg from './b';\nuse(cfg.model)\n" }, { "b.ts", "export default { model: 'x' };\n" } } },
    { "paths of tsconfig", "x constant-cross-file", { { "src/a.ts", "import { MODEL } from '@/lib/models';\nuse(MODEL)\n" }, { "src/lib/models.ts", "export const MODEL = 'x';\n" }, { "tsconfig.json", "{ // c\n \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@/*\": [\"./src/*\"], }, } }" } } },
    { "alias without tsconfig", "x constant-cross-file", { { "app/a.ts", "import { MODEL } from '@/lib/models';\nuse(MODEL)\n" }, { "lib/models.ts", "export const MODEL = 'x';\n" } } },
    { "extends", "x constant-cross-file", { { "src/a.ts", "import { MODEL } from '~lib/models';\nuse(MODEL)\n" }, { "src/lib/models.ts", "export const MODEL = 'x';\n" }, { "tsconfig.json", "{\"extends\": \"./base\"}" }, { "base.json", "{\"compilerOptions\": {\"paths\": {\"~lib/*\": [\"./src/lib/*\"]}}}" } } },
    { "package imports", "x constant-cross-file", { { "src/a.js", "import { MODEL } from '#models';\nuse(MODEL)\n" }, { "src/models.js", "export const MODEL = 'x';\n" }, { "package.json", "{\"imports\": {\"#models\": \"./src/models.js\"}}" } } },
    { "workspace package", "x constant-cross-file", { { "apps/web/a.ts", "import { MODEL } from '@acme/ai';\nuse(MODEL)\n" }, { "packages/ai/src/index.ts", "export const MODEL = 'x';\n" }, { "package.json", "{\"workspaces\": [\"packages/*\"]}" }, { "packages/ai/package.json", "{\"name\": \"@acme/ai\", \"main\": \"dist/index.js\"}" } } },
    { "CommonJS", "x constant-cross-file", { { "a.js", "const { MODEL } = require('./b');\nuse(MODEL)\n" }, { "b.js", "const MODEL = 'x';\nmodule.exports = { MODEL };\n" } } },
    { "compiled CommonJS", "x constant-cross-file", { { "a.js", "const b_1 = require('./b');\nuse(b_1.MODEL)\n" }, { "b.js", "\"use strict\";\nObject.defineProperty(exports, '__esModule', { value: true });\nexports.MODEL = void 0;\nexports.MODEL = 'x';\n" } } },
    { "M-20 json import", "x config-file", { { "a.ts", "import cfg from './config.json';\nuse(cfg.llm.model)\n" }, { "config.json", "{\"llm\": {\"model\": \"x\"}}" } } },
    { "M-20 yaml", "x config-file", { { "app/a.py", "import yaml\nwith open('config.yaml') as f:\n    cfg = yaml.safe_load(f)\nuse(cfg['llm']['model'])\n" }, { "config.yaml", "llm:\n  model: x\n" } } },
    { "M-20 toml", "x config-file", { { "a.py", "import tomllib\ncfg = tomllib.load(open('c.toml', 'rb'))\nuse(cfg['llm']['model'])\n" }, { "c.toml", "[llm]\nmodel = \"x\"\n" } } },
    { "M-20 json by fs", "x config-file", { { "src/a.js", "import fs from 'node:fs';\nimport path from 'path';\nconst c = JSON.parse(fs.readFileSync(path.join(__dirname, 'config.json'), 'utf8'));\nuse(c.model)\n" }, { "src/config.json", "{\"model\": \"x\"}" } } },
    { "M-18 fallback of an ini file", "x config-file", { { "a.py", "import configparser\nc = configparser.ConfigParser()\nc.read('a.ini')\nuse(c.get('llm', 'model', fallback='x'))\n" } } },
    { "M-18 literal fallback of a file", "x config-file", { { "a.py", "import yaml\ncfg = yaml.safe_load(open(where))\nuse(cfg.get('model', 'x'))\n" } } },
    { "M-5 + M-10 + M-21 + M-16 together", "gpt-5.4-nano env-default", { { "app/route.ts", "import { pick } from '../lib/models';\nuse(pick('fast'))\n" }, { "lib/models.ts", "export const MODELS = { fast: process.env.FAST_MODEL ?? 'gpt-5.4-nano', smart: 'claude-sonnet-5' } as const;\nexport const pick = (tier: keyof typeof MODELS) => (tier === 'smart' ? MODELS.smart : MODELS.fast);\n" } } },
    { "typed by an import for types only", "=openai.default().chat", { { "a.ts", "import type OpenAI from 'openai';\nexport function f(c: OpenAI) { use(c.chat) }\n" } } },
    { "another cell", "x constant-same-file", { { "n.ipynb", "{\"cells\":[{\"cell_type\":\"code\",\"source\":[\"M = 'x'\"]},{\"cell_type\":\"code\",\"source\":[\"use(M)\"]}]}" } } },
};
TEST(across_files)
{
    for (size_t i = 0; i < DD_COUNT(across); i++)
        check(across[i].why, across[i].want, across[i].s);
}

/* --- arguments as one dictionary (M-19) --- */

static const struct { const char *why, *key, *want, *path, *text; } arguments[] = {
    { "keyword", "model", "x literal", "a.py", "use(model='x')\n" },
    { "M-19 splat", "model", "x constant-same-file", "a.py", "params = {'model': 'x', 'n': 1}\nparams['max_tokens'] = 9\nuse(**params)\n" },
    { "M-19 later item", "max_tokens", "#9", "a.py", "params = {'model': 'x'}\nparams['max_tokens'] = 9\nuse(**params)\n" },
    { "M-19 override in a literal", "model", "y literal", "a.py", "base = {'model': 'x'}\nuse(**{**base, 'model': 'y'})\n" },
    { "M-19 dict()", "model", "x constant-same-file", "a.py", "kw = dict(model='x')\nuse(**kw)\n" },
    { "M-19 update", "model", "y constant-same-file", "a.py", "kw = {'model': 'x'}\nkw.update(model='y')\nuse(**kw)\n" },
    { "M-19 last writer wins", "model", "y literal", "a.py", "kw = {'model': 'x'}\nuse(**kw, model='y')\n" },
    { "M-19 js spread", "model", "y literal", "a.ts", "const base = { model: 'x' };\nuse({ ...base, model: 'y' })\n" },
    { "M-19 js spread last", "model", "x constant-same-file", "a.ts", "const base = { model: 'x' };\nuse({ model: 'y', ...base })\n" },
    { "M-19 js object", "model", "x constant-same-file", "a.ts", "const params: P = { model: 'x' };\nuse(params)\n" },
    { "M-19 Object.assign", "model", "x constant-same-file", "a.ts", "const base = { n: 1 };\nconst p = Object.assign({}, base, { model: 'x' });\nuse(p)\n" },
    { "M-19 shorthand", "model", "x constant-same-file", "a.ts", "const model = 'x';\nuse({ model, n: 1 })\n" },
    { "M-19 with a condition", "max_tokens", "#9", "a.py", "def f(cap):\n    kw = {'model': 'x'}\n    if cap:\n        kw['max_tokens'] = 9\n    use(**kw)\n" },
    { "M-19 either object", "max_tokens", "{#9, ?}", "a.ts", "function f(r) { use({ model: 'x', ...(r ? { max_completion_tokens: 5 } : { max_tokens: 9 }) }) }\n" },
    { "M-19 parameters of the function", "model", "x default-parameter", "a.py", "def f(model='x', n=1):\n    p = {'model': model}\n    use(**p)\n" },
    { "M-19 JSON body", "model", "x literal", "a.ts", "use(JSON.stringify({ model: 'x' }))\n" },
    { "M-8, M-9, M-6 together", "model", "gpt-4o-mini env-default", "a.py", "import os\nclass Summariser:\n    DEFAULT = 'gpt-4o-mini'\n    def __init__(self, model: str | None = None):\n        self.model = model or os.getenv('SUMMARY_MODEL', self.DEFAULT)\n    def run(self, text):\n        kw = {'model': self.model, 'messages': []}\n        if self.cap: kw['max_tokens'] = self.cap\n        return use(**kw)\n" },
    { "max_tokens arithmetic", "max_tokens", "#4096", "a.py", "use(max_tokens=4 * 1024)\n" },
};
TEST(arguments_are_rebuilt_in_order)
{
    for (size_t i = 0; i < DD_COUNT(arguments); i++) {
        tree_source one[2] = { { arguments[i].path, arguments[i].text }, { NULL, NULL } };
        tree   t;
        dd_buf got = DD_BUF_INIT(4096);
        tree_open(&t, one);
        dd_value *args = t.probe ? dd_eval_arguments(t.project, t.probe, NULL, NULL) : NULL;
        tree_show(&t, args ? dd_value_get(args, arguments[i].key) : NULL, &got);
        if (!dd_str_eqz(dd_buf_str(&got), arguments[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s: got \"%s\", want \"%s\"", arguments[i].why, dd_buf_z(&got), arguments[i].want);
        dd_buf_free(&got);
        tree_close(&t);
    }
}

TEST(an_unknown_splat_behind_a_key_lowers_confidence)     /* M-19 */
{
    tree_source one[2] = { { "a.py", "def f(**more):\n    use(model='x', **more)\n" }, { NULL, NULL } };
    tree t;
    tree_open(&t, one);
    dd_value *args = dd_eval_arguments(t.project, t.probe, NULL, NULL), *m = dd_value_get(args, "model");
    CHECK(args->open);
    CHECK(m && m->kind == DD_V_STRING && m->maybe);
    tree_close(&t);
}

TEST(callers_of_a_wrapper_are_found)                      /* M-12 */
{
    tree_source s[3] = { { "llm.py", "def ask(q, model):\n    use(model)\n" }, { "b.py", "from llm import ask as go, ask\nask(1, model='a')\nask(2, 'b')\nprint(ask)\n" }, { NULL, NULL } };
    tree t;
    tree_open(&t, s);
    dd_caller callers[8];
    size_t n = dd_callers(t.project, t.unit->funcs[0], callers, 8);
    CHECK_EQ(n, 2, "two calls");
    CHECK(n == 2 && callers[0].unit != t.unit);
    tree_close(&t);
}

TEST(a_wrapper_keeps_its_client)                          /* W-1, W-8, W-12 */
{
    static const struct { const char *text, *path, *want; } cases[] = {
        { "import instructor\nfrom openai import OpenAI\nuse(instructor.from_openai(OpenAI()))\n", "a.py", "=openai.OpenAI()" },
        { "from langsmith.wrappers import wrap_openai\nfrom openai import OpenAI\nuse(wrap_openai(client=OpenAI()))\n", "a.py", "=openai.OpenAI()" },
        { "import { observeOpenAI } from 'langfuse';\nimport OpenAI from 'openai';\nuse(observeOpenAI(new OpenAI()))\n", "a.ts", "=openai.default()" },
        { "import Instructor from '@instructor-ai/instructor';\nimport OpenAI from 'openai';\nuse(Instructor({ client: new OpenAI(), mode: 'TOOLS' }))\n", "a.ts", "=openai.default()" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        tree_source one[2] = { { cases[i].path, cases[i].text }, { NULL, NULL } };
        tree   t;
        dd_buf got = DD_BUF_INIT(256);
        tree_open(&t, one);
        tree_show(&t, dd_value_unwrap_client(t.project, tree_value(&t)), &got);
        CHECK_STR(dd_buf_str(&got), cases[i].want);
        dd_buf_free(&got);
        tree_close(&t);
    }
}

TEST(a_default_of_another_family_is_excluded_by_its_branch)
{
    tree_source one[2] = { { "a.py", "class A:\n    def __init__(self, model='gpt-4'):\n        self.model = model\n    def f(self):\n        if 'claude' in self.model:\n            use(self.model)\n" }, { NULL, NULL } };
    tree t;
    tree_open(&t, one);
    CHECK(dd_eval_excluded(t.project, t.probe, NULL));
    tree_close(&t);
}

TEST(notebooks_hand_names_on_through_the_store)
{
    static const char *const names[] = { "b.ipynb", "a.ipynb", "c.ipynb" };
    static const char *const cells[] = { "\"%store -r MODEL\\n\",\"use(MODEL)\"", "\"MODEL = 'x'\\n\",\"%store MODEL\"", "\"MODEL = 'y'\"" };
    dd_source_file file[3], *files[3];
    dd_arena       arena = DD_ARENA_INIT;
    for (size_t i = 0; i < 3; i++) {
        dd_str abs = dd_arena_printf(&arena, "%s/%s", dd_test_dir(), names[i]);
        dd_str text = dd_arena_printf(&arena, "{\"cells\":[{\"cell_type\":\"code\",\"source\":[%s]}]}", cells[i]);
        CHECK_OK(dd_file_replace(abs.ptr, text, 0600, NULL));
        file[i] = (dd_source_file){ .path = dd_str_z(names[i]), .abs = abs, .lang = DD_LANG_NOTEBOOK };
        files[i] = &file[i];
    }
    tree t = { .n = 0 };
    t.project = dd_project_new(dd_str_z(dd_test_dir()), files, 3, 1 << 20);
    t.unit = dd_project_unit(t.project, DD_STR("b.ipynb"));
    CHECK(t.unit && t.unit->n_calls == 1);
    if (t.unit && t.unit->n_calls == 1) {
        t.probe = t.unit->calls[0];
        dd_buf got = DD_BUF_INIT(256);
        tree_show(&t, tree_value(&t), &got);
        CHECK_STR(dd_buf_str(&got), "x constant-cross-file");
        dd_buf_free(&got);
    }
    dd_project_free(t.project);
    dd_arena_fini(&arena);
}

TEST(the_chain_names_its_steps)                           /* --explain */
{
    tree_source s[3] = { { "a.py", "from conf import MODEL\nm = MODEL\nuse(m)\n" }, { "conf.py", "MODEL = 'x'\n" }, { NULL, NULL } };
    tree t;
    tree_open(&t, s);
    dd_value *v = tree_value(&t);
    CHECK(v->chain && v->chain->next && v->chain->next->next);
    if (v->chain && v->chain->next && v->chain->next->next) {
        CHECK_STR(v->chain->what, "name m");
        CHECK_STR(v->chain->next->what, "import conf.MODEL");
        CHECK_STR(v->chain->next->next->what, "name MODEL");
    }
    tree_close(&t);
}

TEST(many_definitions_of_a_name)
{
    dd_buf text = DD_BUF_INIT(1 << 20);
    for (int i = 0; i < 300; i++)
        dd_buf_printf(&text, "m = 'a%d'\nprint(m)\n", i);
    dd_buf_addz(&text, "use(m)\nm = 'z'\n");
    tree_source one[2] = { { "a.py", dd_buf_z(&text) }, { NULL, NULL } };
    check("the last of 300", "a299 constant-same-file", one);
    dd_buf_clear(&text);
    dd_buf_addz(&text, "const e = { model: 'x' };\n");
    for (int i = 0; i < 20000; i++)
        dd_buf_printf(&text, "e.k%d = %d;\n", i, i);
    dd_buf_addz(&text, "use(e.model)\n");
    one[0] = (tree_source){ "a.js", dd_buf_z(&text) };
    check("an object with 20,000 assignments", "x constant-same-file", one);
    dd_buf_free(&text);
}

TEST(a_variable_without_default_is_named)                 /* M-11 */
{
    tree_source s[3] = { { "app/a.py", "import os\nuse(os.environ['CHAT_MODEL'])\n" }, { ".env.example", "# c\nKEY=1\nCHAT_MODEL=\"gpt-4o\"\n" }, { NULL, NULL } };
    tree t;
    tree_open(&t, s);
    dd_value *v = tree_value(&t);
    CHECK_STR(v->env_var, "CHAT_MODEL");
    CHECK_STR(v->text, "env CHAT_MODEL, gpt-4o in the example environment");
    CHECK(v->kind == DD_V_UNKNOWN);
    tree_close(&t);
}

TEST(deep_nesting_ends)
{
    dd_buf text = DD_BUF_INIT(1 << 20);
    for (int i = 0; i < 400; i++)
        dd_buf_printf(&text, "v%d = v%d\n", i, i + 1);
    dd_buf_addz(&text, "def f(x):\n    use(v0)\n");
    tree_source one[2] = { { "a.py", dd_buf_z(&text) }, { NULL, NULL } };
    check("a chain of 400 names", "?", one);
    dd_buf_free(&text);
}
