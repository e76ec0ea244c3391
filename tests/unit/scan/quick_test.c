/* The fast reader says what tree-sitter says, or declines. Where the grammar reads a construct in a way that JavaScript does
 * not have, the fast one is right, and the case says so. */
#include "scan/quick.h"
#include "tests/unit/test.h"

typedef struct { const char *why; dd_lang lang; const char *text; } quick_case;

/* Ends are let off: the grammar counts a comment behind a statement to it. */
static bool same(const dd_syn *a, uint32_t x, const dd_syn *b, uint32_t y)
{
    if (a[x].kind != b[y].kind || a[x].field != b[y].field || a[x].start != b[y].start || (a[x].flags & DD_SYN_NAMED) != (b[y].flags & DD_SYN_NAMED))
        return false;
    uint32_t i = a[x].child, k = b[y].child;
    for (; i && k; i = a[i].next, k = b[k].next)
        if (!same(a, i, b, k))
            return false;
    return !i && !k;
}

static bool agree(const quick_case *c)
{
    dd_syn_tree    grammar = { 0 }, quick = { 0 };
    dd_source_file f = { .path = DD_STR("f"), .lang = c->lang, .text = dd_str_z(c->text) };
    bool           ok = dd_syn_parse_grammar(&f, c->lang, &grammar, NULL) == DD_OK && !grammar.n_errors && dd_quick(f.text, c->lang, &quick) &&
              same(grammar.v, 1, quick.v, 1) && grammar.comments.n == quick.comments.n;
    dd_syn_fini(&grammar);
    dd_syn_fini(&quick);
    return ok;
}

static const quick_case both[] = {
    { "a call and its arguments", DD_LANG_JAVASCRIPT, "client.chat.completions.create({ model: 'gpt-4o', ...rest, n, 'max': 1, [k]: 2 }, ...xs);" },
    { "statements end with their lines", DD_LANG_JAVASCRIPT, "let a = 1\nvar b = a\n  + 2, c\na++\n++b\nreturn\nx" },
    { "regular expressions and divisions", DD_LANG_JAVASCRIPT, "a = b / c / d; e = /[/\"]x/g.test(f) || /=/; if (x) /y/.exec(z);" },
    { "templates within templates", DD_LANG_JAVASCRIPT, "x = `a ${b} ${`c ${d + `e`}`} \\` f`; tag`g${h}`;" },
    { "arrows", DD_LANG_JAVASCRIPT, "f(x => x, async y => { await y; }, (a, { b, c = 1, ...d }, [e, , g] = []) => ({ a }), async (z) => z, () => {});" },
    { "operators by precedence", DD_LANG_JAVASCRIPT, "a || b && c | d ^ e & f == g < h << i + j * k ** l; a ?? b ? c : d ?? e; !a instanceof B; typeof a === 'b' in c;" },
    { "ternaries that look like arrows", DD_LANG_TYPESCRIPT, "x = a ? (b) : c; y = a ? (b, c) : d ? (e) : f;" },
    { "assignments", DD_LANG_JAVASCRIPT, "a = b = c; a.b ||= c; a[0] >>>= 1; [a, b.c] = d; ({ a, b: c } = d);" },
    { "optional chains", DD_LANG_JAVASCRIPT, "a?.b?.[c]?.(d); e ? .5 : 1;" },
    { "loops", DD_LANG_JAVASCRIPT, "for (const a of b) c(); for (let i = 0, n = 1; i < n; i++) {} for (;;) {} for (x in y) {} for await (const [k, v] of z) ; do x(); while (y)" },
    { "arms", DD_LANG_JAVASCRIPT, "if (a) b(); else if (c) { d() } else e\nswitch (a) { case 1: case 2: b(); break; default: c() }\ntry { a } catch { b } finally { c } lab: while (x) continue lab;" },
    { "classes", DD_LANG_JAVASCRIPT, "class A extends B.C { static x = 1; #y; get z() { return 1 } async *[w]() {} static { this.v = 1 } constructor(a) { super(a) } static async f() {} }" },
    { "objects with methods", DD_LANG_JAVASCRIPT, "x = { get a() { return 1 }, set b(v) {}, async c() {}, *d() {}, async: 1, get, e() {}, 'f'() {} };" },
    { "functions", DD_LANG_JAVASCRIPT, "async function* a(b, c = 1, ...d) { yield* b; yield; yield c }\nexport default function () {}\n(function () {})();" },
    { "imports and exports", DD_LANG_JAVASCRIPT, "import a, { b as c, default as d } from 'e'; import * as f from 'g'; import 'h'; export { c as default, d }; export * from 'i'; export * as j from 'k'; export const l = 1; export default { m };" },
    { "new and import()", DD_LANG_JAVASCRIPT, "new A; new A.B(c).d; new (require('x'))(); const m = await import('n'); new.target; import.meta.url;" },
    { "notes in comments", DD_LANG_JAVASCRIPT, "f(); // dd0c: ignore\n/* dd0c: calls=1 */ g();" },
    { "annotations", DD_LANG_TYPESCRIPT, "const a: string = 'b', c: A.B<C, D[]> | null = d; function e(this: F, g?: H, ...i: J[]): asserts g is H {}\nlet k: (l: M) => N; let o: typeof p.q; let r: { s: T; u?(): V };" },
    { "types that declare", DD_LANG_TYPESCRIPT, "interface A<T> extends B { c: `${D}-e`; }\ntype F<G> = G extends infer H ? H : never;\ndeclare module 'i' { const j: number }\nabstract class K<L> extends M<L> implements N, O { abstract p(): Q; }" },
    { "members of classes", DD_LANG_TYPESCRIPT, "class A { private readonly a: B = c; constructor(private d: E, public readonly f = 1) {} static g?: H; declare i: J; get k(): L { return 1 } m(): void; m(n?: O) {} [key: string]: P }" },
    { "decorators", DD_LANG_TYPESCRIPT, "@A() @b.c export class D { @E({ f: 1 }) g: H; @I j() {} constructor(@K l: M) {} }" },
    { "casts", DD_LANG_TYPESCRIPT, "a as B; c as const; <D>e; f satisfies G; h!.i; j<K>(l); new M<N>(o); p = q as R<S>[];" },
    { "generic arrows", DD_LANG_TYPESCRIPT, "const a = <T>(b: T): T => b; const c = async <T,>(d: T) => d;" },
    { "enums and namespaces", DD_LANG_TYPESCRIPT, "export enum A { B = 'b', C }\nconst enum D { E }\nnamespace F { export const g = 1 }\ndeclare global { interface H {} }" },
    { "imports of types", DD_LANG_TYPESCRIPT, "import type { A } from 'a'; import { type B, C } from 'b'; export type { D } from 'd'; import e = require('e'); import F = G.H; export = i;" },
    { "JSX", DD_LANG_TSX, "const a = <A.B c=\"d\" e={f} {...g} h><i>don't {j} &amp;</i><></><K l='m' /></A.B>;" },
    { "Python: a call and its arguments", DD_LANG_PYTHON, "r = client.chat.completions.create(model=\"gpt-4o\", *a, **b, n=-1, stop=[x for x in y if x])\n" },
    { "Python: strings", DD_LANG_PYTHON, "a = 'b' \"c\" f\"d {e!r:>{f}} {{g}} {h['i']}\" rb'\\x' \"\"\"j\nk\"\"\"\nl = (f'm'\n  'n')\n" },
    { "Python: operators by precedence", DD_LANG_PYTHON, "a or b and not c in d | e ^ f & g << h + i * -j ** k\nl if m else n < o is not p not in q\nr = lambda s, *t, u=1, **v: (w := s)\n" },
    { "Python: collections", DD_LANG_PYTHON, "a = [1, *b], (c,), (), {d, e}, {}, {f: g, **h}, {i: j for i, j in k}, {l for l in m}, (n for n in o), p[q:r, ::2], [...]\n" },
    { "Python: assignments", DD_LANG_PYTHON, "a = b = c\nd, *e = f\n(g, [h, i]), j.k, l[m] = n\no: int = 1\np: q\nr += yield s\nt, u\nx = yield\n" },
    { "Python: arms and loops", DD_LANG_PYTHON, "if a: b; c\nelif d:\n  e\nelse:\n  # f\n  g\nfor h, i in j, k:\n\tl\nelse: m\nwhile n: break\ntry:\n  o\nexcept (p, q) as r:\n  raise s from t\nexcept u: pass\nexcept:\n  pass\nelse:\n  v\nfinally:\n  w\n" },
    { "Python: with", DD_LANG_PYTHON, "with a as b, c: d\nwith (e as f, g as h):\n  i\nwith (j):\n  k\nwith (l) as m:\n  n\nwith (o as p): q\n" },
    { "Python: functions and classes", DD_LANG_PYTHON, "@a.b(c)\n@d\nasync def e(f, /, g: int, *, h: str = 'i', **j) -> K:\n  async with l as m:\n    await n\n  async for o in p: q\n\nclass R(S, metaclass=T):\n  u: V = 1\n  def w(self, *x: y, z=2): return\n" },
    { "Python: types", DD_LANG_PYTHON, "def a(b: List[str] | None, c: Dict[str, Tuple[int, ...]] = d, e: f.g[h] | i = None) -> Optional[Literal['j']]: pass\n" },
    { "Python: imports", DD_LANG_PYTHON, "from __future__ import a\nimport b.c as d, e\nfrom . import f\nfrom ..g.h import (i as j,\n  k,)\nfrom ... import *\n" },
    { "Python: lines", DD_LANG_PYTHON, "a = b + \\\n  c\n\n# d\nif e:\n    f\n  # g\n    h; i;\nj # dd0c: ignore\n" },
    { "Python: the rest", DD_LANG_PYTHON, "del a, b.c\nassert d, e\nglobal f, g\ndef h():\n  nonlocal i\n  yield from j\n  return k, l\nprint(m)\nx = y if z else w\n" },
    { "a name with a dash", DD_LANG_TSX, "x = <my-el data-a=\"1\" aria-b={c}>{/* d */}</my-el>;" },
};

TEST(quick_reads_as_the_grammar_does)
{
    for (size_t i = 0; i < DD_COUNT(both); i++)
        CHECK_EQ(agree(&both[i]), true, both[i].why);
}

static const quick_case declined[] = {
    { "an error", DD_LANG_JAVASCRIPT, "f(;" },
    { "an open string", DD_LANG_JAVASCRIPT, "a = 'b\n" },
    { "an open template", DD_LANG_JAVASCRIPT, "a = `b ${c" },
    { "an open comment", DD_LANG_JAVASCRIPT, "a /* b" },
    { "a zero byte or what is no UTF-8", DD_LANG_JAVASCRIPT, "a = '\xff'" },
    { "two expressions on a line", DD_LANG_JAVASCRIPT, "a b" },
    { "Python: an error", DD_LANG_PYTHON, "def f(:\n  pass\n" },
    { "Python: indents that do not fit", DD_LANG_PYTHON, "if a:\n    b\n  c\n" },
    { "Python: the print statement", DD_LANG_PYTHON, "print 'a'\n" },
    { "Python: an open string", DD_LANG_PYTHON, "a = 'b\n" },
    { "Python: an open f-string", DD_LANG_PYTHON, "a = f'{b'\n" },
    { "Python: a block without a line", DD_LANG_PYTHON, "if a:\nb\n" },
    { "a tag that is not closed", DD_LANG_TSX, "<a><b></a>x" },
};

TEST(quick_declines_what_it_is_not_sure_of)
{
    for (size_t i = 0; i < DD_COUNT(declined); i++) {
        dd_syn_tree t = { 0 };
        CHECK_EQ(dd_quick(dd_str_z(declined[i].text), declined[i].lang, &t), false, declined[i].why);
        dd_syn_fini(&t);
    }
}

TEST(quick_declines_deep_nesting)          /* recursion on input has a bound */
{
    dd_buf      b = DD_BUF_INIT(1 << 20);
    dd_syn_tree t = { 0 };
    for (int i = 0; i < 100000; i++)
        dd_buf_addz(&b, "[(");
    CHECK_EQ(dd_quick(dd_buf_str(&b), DD_LANG_TSX, &t), false, "nested 200,000 deep");
    CHECK_EQ(dd_quick(dd_buf_str(&b), DD_LANG_PYTHON, &t), false, "the same in Python");
    dd_syn_fini(&t);
    dd_buf_free(&b);
}
