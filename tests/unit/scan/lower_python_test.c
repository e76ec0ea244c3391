/* Ids are those of the call-shape catalogue: G traps of the grammar, I imports, C clients, M ways of the model. */
#include "tests/unit/scan/lower_support.h"

static const lower_case calls[] = {
    { "line rule: the row of the called name, end at the parenthesis", "x = (client.chat\n  .completions\n  .create(\n    a=1,\n  ))\n", { "call 3-5 client.chat.completions.create(a=1)" } },
    { "G-4: comments between arguments are no arguments", "f(1, # one\n  # two\n  2)\n", { "call 1-3 f(1, 2)" } },
    { "G-3: a plain string index is a step", "c.chat[\"completions\"].create()\n", { "call 1-1 c.chat[\"completions\"].create()" } },
    { "await and parentheses are unwrapped", "async def f():\n  return await (c.create)(x)\n", { "call 2-2 await c.create(x) in f", "return await c.create(x)" } },
    { "C-23: a call on a call", "c.create(a=1).parse()\n", { "call 1-1 c.create(a=1) up member", "call 1-1 c.create(a=1).parse()" } },
    { "decorator arguments, defaults", "@d(e())\ndef f(a=g(), *, b=h()): pass\n", { "call 1-1 d(e())", "call 1-1 e() up call", "call 2-2 g()", "call 2-2 h()" } },
    { "f-string holes", "x = f\"a{f(1)!r:>{g()}}b{{\"\n", { "call 1-1 f(1) up unknown", "call 1-1 g() up unknown", "1 assign x = `(\"a\", ?(f(1), g()), \"b{\")" } },
    { "comprehension", "r = [f(x) for x in g() if h(x)]\n", { "call 1-1 f(x) up comprehension", "call 1-1 g() up unknown", "call 1-1 h(x) up unknown", "1 loop x = g() in block" } },
    { "class body and lambda", "class A:\n  x = f()\n  y: int = field(default_factory=lambda: g())\n", { "call 2-2 f()", "call 3-3 g() in A.default_factory", "2 field x = f()" } },
    { "a splat and a dict splat", "f(*a, **b, **{'k': 1})\n", { "call 1-1 f(...a, **b, **{\"k\": 1})" } },
    { "N-1: annotations hold no calls and stay types", "def f(c: Annotated[OpenAI, Depends(get)]) -> List[X]: ...\n", { "!call ", "param c type Annotated[[OpenAI, Depends(get)]]" } },
    { "N-2 N-3 N-4: text is no call", "\"\"\"client.create(1)\"\"\"\n# client.create(2)\nx = 'client.create(3)'\n", { "!call " } },
    { "G-7: python 2 print", "print \"x\"\nprint f(1)\n", { "call 2-2 f(1)" } },
    { "G-7: an error is local", "f(1)\ndef g(:\n  pass\nh(2)\n", { "call 1-1 f(1)", "call 4-4 h(2)" } },
    { "G-7: a call whose arguments are broken says so", "f(1, 2 3)\ng(1)\n", { "call 2-2 g(1)", "~call 1-1 f(<broken>" } },
    { "G-11: CRLF", "x = 1\r\nf(\r\n)\r\n", { "call 2-3 f()", "1 assign x = 1" } },
    { "top-level await of notebooks", "r = await c.create()\n", { "1 assign r = await c.create()" } },
};

TEST(lower_python_calls) { check_cases(calls, DD_COUNT(calls), DD_LANG_PYTHON); }

static const lower_case bindings[] = {
    { "chained assignment binds both", "A = B = \"x\"\n", { "1 assign A = \"x\"", "1 assign B = \"x\"" } },
    { "pairs", "a, b = x, y\n", { "1 assign a = x", "1 assign b = y" } },
    { "a tuple from one value", "(a, (b, *c)) = f()\n", { "1 pattern a/0 = f()", "1 pattern b/1/0 = f()", "1 pattern c/1/... = f()" } },
    { "M-3", "M: Final[str] = 'x'\n", { "1 assign M = \"x\" type Final[str]" } },
    { "walrus, out of a comprehension", "def f():\n  return [y := g(x) for x in z]\n", { "2 assign y = g(x) in block", "block line 2", "2 loop x = z in block" } },
    { "loops, with, except", "for i, (j, k) in e: pass\nwith f() as (a, b), g() as c.d: pass\ntry: pass\nexcept E as x: pass\n",
      { "1 loop k/1/1 = e @loop#0.0/1", "2 with a/0 = f()", "2 member c op = target c.d = ?()", "4 except x = E @except#1.1/2" } },
    { "with in parentheses", "with (f() as a, g() as b,): pass\nwith (h() as c): pass\n", { "1 with a = f()", "1 with b = g()", "2 with c = h()" } },
    { "augmented, del", "x += 1\ndel x, d['k']\n", { "1 augment x op += = 1", "2 delete x", "2 member d op del target d[\"k\"]" } },
    { "M-19: members and mutations belong to the scope that binds the name", "p = {}\ndef f():\n  p['m'] = 1\n  p.update(n=2)\n",
      { "3 member p op = target p[\"m\"] = 1 in func", "4 mutate p = p.update(n=2) in func" } },
    { "global and nonlocal", "def f():\n  global g\n  g = 1\n  x = 2\n  def h():\n    nonlocal x\n    x = 3\n",
      { "2 global g op global in func", "3 assign g = 1 in func", "7 assign x = 3 in func" } },
    { "a shadowing parameter is of its function", "m = 1\ndef f(m, /, a: int = 2, *r, k=3, **kw): pass\n",
      { "param m", "param a type int default 2", "param rest r", "param keyword-only k default 3", "param rest-dict kw", "2 param k func f#3 default 3 in func" } },
    { "match captures", "match x:\n  case {'k': v}: pass\n  case y: pass\n", { "2 pattern v/* = x @case#0.0/2!", "3 pattern y = x @case#0.1/2!" } },
};

TEST(lower_python_bindings) { check_cases(bindings, DD_COUNT(bindings), DD_LANG_PYTHON); }

static const lower_case imports[] = {
    { "I-PY-1 2", "import openai\nimport openai as oai\nimport a.b.c\n", { "1 import openai module \"openai\"", "2 import oai module \"openai\"", "3 import a module \"a\"", "import 3 module \"a.b.c\"" } },
    { "I-PY-3 4", "from openai import OpenAI, AsyncOpenAI as A\n", { "1 import OpenAI name \"openai\" OpenAI", "1 import A name \"openai\" AsyncOpenAI" } },
    { "I-PY-6 7: lazy and guarded", "def f():\n  from anthropic import Anthropic\ntry:\n  import litellm\nexcept ImportError:\n  litellm = None\n",
      { "2 import Anthropic name \"anthropic\" Anthropic in func", "4 import litellm module \"litellm\" @try#0.0/2", "6 assign litellm = none @except#0.1/2" } },
    { "I-PY-8", "if TYPE_CHECKING:\n  from openai import OpenAI\nelse:\n  import x\n", { "2 import OpenAI type-only name \"openai\" OpenAI @if#0.0/2!", "4 import x module \"x\" @if#0.1/2!" } },
    { "I-PY-9", "m = importlib.import_module('openai')\n", { "1 import m module \"openai\" = importlib.import_module(\"openai\")" } },
    { "I-PY-10 11 12", "from . import a\nfrom ..x.y import b\nfrom m import *\n", { "1 import a name .\"\" a", "2 import b name ..\"x.y\" b", "3 import * wildcard \"m\" *" } },
};

TEST(lower_python_imports) { check_cases(imports, DD_COUNT(imports), DD_LANG_PYTHON); }

static const lower_case classes[] = {
    { "C-3 C-4 C-5: self attributes, whatever the receiver is called",
      "class S(Base[T], metaclass=M):\n  def __init__(me, c: X = None):\n    me.c: X = c or OpenAI()\n    me.a.b = 1\n  @property\n  def llm(self): return OpenAI()\n  @staticmethod\n  def s(x): x.y = 1\n",
      { "class S line 1 base Base[T]", "3 field c = (c or OpenAI()) type X in S.__init__", "func S.__init__ line 2 constructor", "func S.llm line 6 property", "func S.s line 8 static",
        "4 member me op = target me.a.b = 1 in func", "!field y", "!field b" } },
    { "a nested function sees self, one with its own does not", "class S:\n  def f(self):\n    def g(): self.x = 1\n    def h(self): self.y = 2\n", { "3 field x = 1 in S.f", "!field y" } },
    { "M-6 M-7: class attributes", "class C:\n  model = 'x'\n  cap: int = field(default=5)\n  only: str\n", { "2 field model = \"x\"", "3 field cap = field(default=5) type int", "4 field only = - type str" } },
    { "classmethod sets the class", "class C:\n  @classmethod\n  def f(cls): cls.x = 1\n", { "3 static field x = 1 in C.f", "func C.f line 3 classmethod" } },
    { "a setter is no method", "class C:\n  @property\n  def a(self): return self._a\n  @a.setter\n  def a(self, v): self._a = v\n", { "5 field _a = v in C.a", "func C.a line 3 property" } },
    { "two classes do not mix", "class A:\n  class B:\n    def f(self): self.x = 1\n  def g(self): self.y = 2\n", { "func A.B.f line 3", "3 field x = 1 in A.B.f", "4 field y = 2 in A.g" } },
    { "returns and yields", "def f(x):\n  if x: return 1\n  yield 2\n  return\n", { "return 1 @if#0.0/1x", "return -", "yield 2" } },
    { "qualified names", "def a():\n  def b():\n    f = lambda: 1\n", { "func a.b line 2", "func a.b.f line 3" } },
};

TEST(lower_python_classes) { check_cases(classes, DD_COUNT(classes), DD_LANG_PYTHON); }

static const lower_case branches[] = {
    { "arms share a construct; else makes it whole", "if a: x = 1\nelif b: x = 2\nelse: x = 3\n", { "1 assign x = 1 @if#0.0/3!", "2 assign x = 2 @if#0.1/3!", "3 assign x = 3 @if#0.2/3!" } },
    { "an arm that leaves", "def f():\n  if a:\n    x = 1\n    return x\n  x = 2\n", { "3 assign x = 1 in func @if#0.0/1x", "5 assign x = 2 in func" } },
    { "an arm leaves when all its arms do", "def f():\n  if a:\n    x = 1\n    if b: return\n    else: raise E\n", { "3 assign x = 1 in func @if#0.0/1x" } },
    { "main", "if __name__ == '__main__':\n  f()\n", { "call 2-2 f() @main#0.0/1" } },
    { "loops; else runs in any case", "for a in b:\n  f()\nelse:\n  g()\nwhile True:\n  h()\n", { "call 2-2 f() @loop#0.0/1", "call 4-4 g()", "call 6-6 h() @loop#1.0/1" } },
    { "try: else belongs to the body, finally to neither", "try: a()\nexcept E: b()\nelse: c()\nfinally: d()\n", { "call 1-1 a() @try#0.0/2", "call 2-2 b() @except#0.1/2", "call 3-3 c() @try#0.0/2", "call 4-4 d()" } },
    { "a function starts without a condition", "if a:\n  def f():\n    g()\n", { "call 3-3 g() in f" } },
    { "match with a catch-all", "match x:\n  case 'a': f()\n  case _: g()\n", { "call 2-2 f() @case#0.0/2!", "call 3-3 g() @case#0.1/2!" } },
};

TEST(lower_python_branches) { check_cases(branches, DD_COUNT(branches), DD_LANG_PYTHON); }

static const lower_case literals[] = {
    { "escapes, raw, bytes, triple, implicit concatenation", "a = 'x\\n\\x41\\u00e9\\'q'\nb = r'\\n'\nc = '''l\"l'''\nd = ('a' \"b\"\n  'c')\ne = b'z'\nf = 'a\\\nb'\n",
      { "1 assign a = \"x\\nA\xc3\xa9'q\"", "2 assign b = \"\\x5cn\"", "3 assign c = \"l\\x22l\"", "4 assign d = \"abc\"", "6 assign e = \"z\"", "7 assign f = \"ab\"" } },
    { "numbers", "a = 1_000\nb = -5\nc = 0x1f\nd = 1e3\ne = .5\n", { "1 assign a = 1000", "2 assign b = -5", "3 assign c = 31", "4 assign d = 1000", "5 assign e = 0.5" } },
    { "operators", "a = x or y and not z\nb = p if q else r\nc = 'gpt-%s' % v + f'{w}'\nd = a < b < c\n", { "1 assign a = (x or (y and not z))", "2 assign b = (p else r if q)", "3 assign c = ((\"gpt-%s\" % v) + `(w))" } },
    { "M-22: concatenation with an f-string", "a = 'x' f'{y}' 'z'\n", { "1 assign a = `(\"x\", y, \"z\")" } },
    { "inline notes", "# dd0c: calls=5\nf()  # dd0c: ignore\n# other\n", { "comment 1 # dd0c: calls=5", "comment 2 # dd0c: ignore", "!other" } },
};

TEST(lower_python_literals) { check_cases(literals, DD_COUNT(literals), DD_LANG_PYTHON); }
