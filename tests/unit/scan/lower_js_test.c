/* Ids are those of the call-shape catalogue: G traps of the grammar, I imports, C clients, M ways of the model, N no calls. */
#include "tests/unit/scan/lower_support.h"

static const lower_case traps[] = {
    { "G-1: await swallowed by type arguments", "async () => {\n  await client.chat\n    .create<T>({ a: 1 });\n  await gen<T>(1);\n}\n", { "call 3-3 await client.chat.create({\"a\": 1}) in <anonymous>", "call 4-4 await gen(1) in <anonymous>" } },
    { "await before a parenthesis is no call", "const a = async () => { const r = await (0, ai_1.generateText)({ m }); return await (b ?? c).d(1); };\n",
      { "call 1-1 await ai_1.generateText({\"m\": m}) in a", "call 1-1 await (b ?\? c).d(1) in a", "!call 1-1 await(" } },
    { "G-2: optional chaining", "client?.chat?.[k].create?.({});\n", { "call 1-1 client.chat[k].create({})" } },
    { "G-3: computed steps", "client.chat[\"completions\"].create();\n", { "call 1-1 client.chat[\"completions\"].create()" } },
    { "G-4: comments in arguments and objects", "f(/* a */ { // b\n  /* c */ x: 1, // d\n});\n", { "call 1-3 f({\"x\": 1})" } },
    { "G-5: keys", "f({ \"model\": 1, [k]: 2, short, 3: 4, ...rest, m() {}, get g() { return 5 } });\n", { "call 1-1 f({\"model\": 1, k: 2, \"short\": short, \"3\": 4, ...rest, \"m\": <func m>, \"g\": <func g>})", "func g line 1 property" } },
    { "G-6: private fields", "class A { #c = new B(); f() { this.#c.create(); } }\n", { "1 field #c = new B()", "call 1-1 this.#c.create() in A.f" } },
    { "unwrapped: as, satisfies, !, <T>, sequence", "f((x as any)!.y satisfies Z);\n(0, ai.gen)(1);\n(<T>z).w();\n", { "call 1-1 f(x.y)", "call 2-2 ai.gen(1)", "call 3-3 z.w()" } },
    { "G-7: an error is local", "f(1);\nconst = ;\ng(2);\n", { "call 1-1 f(1)", "call 3-3 g(2)" } },
    { "new, with and without arguments", "new a.B<C>(1);\nnew D;\n", { "call 1-1 new a.B(1)", "call 2-2 new D()" } },
    { "a tagged template is no call, its holes are", "tag`a${f(1)}b`;\n", { "call 1-1 f(1) up template", "!call 1-1 tag" } },
    { "decorators, defaults, template holes, class bodies", "@D(a())\nclass X { @E(b()) p = c(); static { d(); } m(@F(e()) q = g()) {} }\nx = `${h()}`;\n",
      { "call 1-1 a() up call", "call 2-2 b() up call", "call 2-2 c()", "call 2-2 d()", "call 2-2 e() in X.m up call", "call 2-2 g() in X.m", "call 3-3 h() up template" } },
    { "N-1 N-20 N-21: types hold no calls", "let c: Parameters<typeof a.b.create>;\ntype P = ReturnType<typeof f>;\ninterface I { x(): void }\n", { "!call " } },
    { "N-30: declarations", "declare module \"openai\" { export class OpenAI {} }\ndeclare const x: number;\n", { "!call ", "!class OpenAI", "!assign x" } },
    { "references handed on: R-4", "run(null, () => client.create({ m }));\n", { "call 1-1 client.create({\"m\": m}) in <anonymous>", "call 1-1 run(none, <func <anonymous>>)" } },
};

TEST(lower_js_traps) { check_cases(traps, DD_COUNT(traps), DD_LANG_TYPESCRIPT); }

static const lower_case jsx[] = {
    { "N-27: the handler inside may hold a call", "const a = <Chat model=\"gpt-4o\" onClick={async () => { await f(1); }} {...p(2)}>{g(3)}<B>{h(4)}</B></Chat>;\n",
      { "call 1-1 await f(1) in a", "call 1-1 p(2) up spread", "call 1-1 g(3) up unknown", "call 1-1 h(4) up unknown", "!call 1-1 Chat" } },
    { "a component", "export default function Page() { return <div>{x ? <A b={c()} /> : null}</div>; }\n", { "call 1-1 c() in Page up unknown", "export default local Page" } },
};

TEST(lower_tsx) { check_cases(jsx, DD_COUNT(jsx), DD_LANG_TSX); check_cases(jsx, DD_COUNT(jsx), DD_LANG_JAVASCRIPT); }

static const lower_case imports[] = {
    { "I-JS-1 to 5", "import OpenAI from \"openai\";\nimport { A, B as Az } from \"openai\";\nimport * as ns from \"openai\";\nimport D, { toFile } from \"openai\";\nimport \"side\";\n",
      { "1 const import OpenAI default \"openai\"", "2 const import A name \"openai\" A", "2 const import Az name \"openai\" B", "3 const import ns module \"openai\"", "4 const import D default \"openai\"", "4 const import toFile name \"openai\" toFile", "import 5 module \"side\"" } },
    { "I-JS-6 7", "const O = require(\"openai\");\nconst { OpenAI: OA, default: D } = require(\"openai\");\nconst E = require(\"e\").OpenAI;\nvar F = require(\"f\").default;\n",
      { "1 const import O module \"openai\" = require(\"openai\")", "2 const import OA/OpenAI name \"openai\" OpenAI = require(\"openai\")", "2 const import D/default default \"openai\" = require(\"openai\")", "3 const import E name \"e\" OpenAI = require(\"e\").OpenAI", "4 var import F default \"f\" = require(\"f\").default" } },
    { "I-JS-8 9", "const { default: A } = await import(\"@anthropic-ai/sdk\");\nconst mod = await import(\"openai\");\n",
      { "1 const import A/default default \"@anthropic-ai/sdk\" = await import(\"@anthropic-ai/sdk\")", "2 const import mod module \"openai\" = await import(\"openai\")" } },
    { "I-JS-10", "import(\"openai\").then(({ OpenAI }) => new OpenAI());\nconst B = await import(\"b\").then((m) => m.default);\n", { "1 import OpenAI/OpenAI func <anonymous>#0 name \"openai\" OpenAI in func", "2 const import B default \"b\" = await import(\"b\").then(<func B>)" } },
    { "I-JS-12", "import O = require(\"openai\");\nimport X = a.b;\n", { "1 const import O module \"openai\"", "2 const assign X = a.b" } },
    { "I-JS-13 14", "import type O from \"openai\";\nimport { type C, D } from \"openai\";\n", { "1 const import O type-only default \"openai\"", "2 const import C type-only name \"openai\" C", "2 const import D name \"openai\" D" } },
    { "I-JS-15 and other exports", "export { a, b as c } from \"./q\";\nexport * from \"./r\";\nexport * as ns from \"./s\";\nexport type { T } from \"./t\";\nconst x = 1;\nexport { x as y };\n",
      { "export a local a from \"./q\"", "export c local b from \"./q\"", "export * local * from \"./r\"", "export ns local  from \"./s\"", "export type-only T local T from \"./t\"", "export y local x" } },
    { "declarations that are exported", "export const a = 1, { b, c: [d] } = e;\nexport async function f() {}\nexport class G {}\nexport enum H { I }\nexport default new J();\n",
      { "export a local a", "export b local b", "export d local d", "export f local f", "export G local G", "export H local H", "export default local  = new J()" } },
};

TEST(lower_js_imports) { check_cases(imports, DD_COUNT(imports), DD_LANG_TYPESCRIPT); }

static const lower_case commonjs[] = {
    { "module.exports and exports", "exports.a = 1;\nmodule.exports.b = f;\nmodule.exports = { c, d: 2 };\n", { "module commonjs errors 0", "export a local  = 1", "export b local  = f", "export default local  = {\"c\": c, \"d\": 2}" } },
    { "what TypeScript makes of exports", "Object.defineProperty(exports, \"__esModule\", { value: true });\nexports.a = exports.b = void 0;\nObject.defineProperty(exports, \"x\", { enumerable: true, get: function () { return m.x; } });\n__exportStar(require(\"./a\"), exports);\nvar openai_1 = __importDefault(require(\"openai\"));\nexports.a = 1;\n",
      { "!export __esModule", "!export b", "export x local  = m.x", "export * local * from \"./a\"", "5 var import openai_1 module \"openai\" = __importDefault(require(\"openai\"))", "export a local  = 1" } },
    { "what esbuild makes of them", "__export(src_exports, { A: () => A, b: () => b2 });\nmodule.exports = __toCommonJS(src_exports);\nvar import_openai = __toESM(require(\"openai\"), 1);\n",
      { "export A local  = A", "export b local  = b2", "3 var import import_openai module \"openai\" = __toESM(require(\"openai\"), 1)" } },
    { "a bundler's inner modules export nothing", "var m = __commonJS({ \"x\"(exports, module) { exports.a = 1; module.exports = 2; } });\n", { "!export " } },
};

TEST(lower_commonjs) { check_cases(commonjs, DD_COUNT(commonjs), DD_LANG_JAVASCRIPT); }

static const lower_case bindings[] = {
    { "block scopes; var is the function's", "function f() { if (a) { let x = 1; var y = 2; const z = 3; } }\n", { "1 let assign x = 1 in block @if#0.0/1", "1 var assign y = 2 in block @if#0.0/1", "1 const assign z = 3 in block @if#0.0/1" } },
    { "an assignment goes to the scope that declares", "let m = 1;\nfunction f() { m = 2; let n; { n = 3; } }\n", { "1 let assign m = 1", "2 assign m op = = 2 in func", "2 assign n op = = 3 in func" } },
    { "patterns: nested, defaults, rest, holes", "const { a, b: { c = 1 } = {}, ...d } = e;\nlet [, g, ...h] = i;\n({ j } = k);\n",
      { "1 const pattern a/a = e", "1 const pattern c/b/c = e default 1", "1 const pattern d/... = e", "2 let pattern g/1 = i", "2 let pattern h/... = i", "3 pattern j/j = k" } },
    { "M-13 M-8: parameters", "function f(q, { model = \"x\", ...o }: Opts = {}, [p], n?: number, ...r) {}\n",
      { "param q", "param  type Opts default {}", "param n? type number", "param rest r", "1 pattern model/model func f#1 default \"x\" in func", "1 pattern o/... func f#1 in func", "1 pattern p/0 func f#2 in func", "1 param n func f#3 type number in func" } },
    { "C-19 M-9: augmented", "let c;\nconst g = () => (c ?\?= new A());\no.m ?\?= \"x\";\nc ||= 1;\n", { "2 augment c op ?\?= = new A() in func", "3 member o op ?\?= target o.m = \"x\"", "4 augment c op ||= = 1", "return (c ?\?= new A())" } },
    { "M-19: members and mutations", "const p = {};\nfunction f() { p.m = 1; p[\"n\"] = 2; p.x.push(3); Object.assign(p, q); delete p.o; }\n",
      { "2 member p op = target p.m = 1 in func", "2 member p op = target p[\"n\"] = 2 in func", "2 mutate p = p.x.push(3) in func", "2 mutate p = Object.assign(p, q) in func", "2 member p op delete target p.o in func" } },
    { "loops and catch", "for (const [k, v] of m) f(k);\nfor (x in y) ;\ntry { a() } catch ({ message }) { b() } finally { c() }\n",
      { "1 const loop v/1 = m in block @loop#0.0/1", "2 loop x = y @loop#1.0/1", "3 let except message/message in block", "call 3-3 b() @except#2.1/2", "call 3-3 c()" } },
    { "N-31: a project function with an SDK's name", "export async function generateText(o: Opts) { return 1; }\n", { "1 func generateText func generateText#0", "func generateText line 1 async" } },
    { "a function without a name is called after what it is for", "export const POST = wrap(async () => { f(() => 1); });\n", { "call 1-1 f(<func POST.<anonymous>>) in POST" } },
    { "names of function values", "const f = () => 1, g = function () {}, h = { i: () => 2 };\nx.y = () => 3;\n", { "func f line 1", "func g line 1", "func i line 1", "func y line 2" } },
};

TEST(lower_js_bindings) { check_cases(bindings, DD_COUNT(bindings), DD_LANG_TYPESCRIPT); }

static const lower_case classes[] = {
    { "C-18: fields and parameter properties", "class S extends Base<T> { constructor(private ai: OpenAI, readonly m = \"x\", plain: T) { super(); this.k = ai; } }\n",
      { "class S line 1 base Base", "1 field ai = ai type OpenAI in S.constructor", "1 field m = m in S.constructor", "1 field k = ai in S.constructor", "!field plain", "func S.constructor line 1 constructor" } },
    { "static fields, getters, setters, arrow fields", "class S { static M = \"x\"; get llm() { return 1; } set llm(v) { this._l = v; } ask = async () => { this.z = 2; }; }\n",
      { "1 static field M = \"x\"", "func S.llm line 1 property", "1 field _l = v in S.llm", "1 field ask = <func S.ask>", "1 field z = 2 in S.ask" } },
    { "this of an inner function is another", "class S { f() { function g() { this.no = 1; } const h = () => { this.yes = 2; }; } }\n", { "1 field yes = 2 in S.f", "!field no" } },
    { "M-17: enums", "enum M { Fast = \"gpt-4o\", Other, \"a b\" = 3 }\nconst enum N { X = 1 << 2 }\n", { "class M line 1 enum", "1 static field Fast = \"gpt-4o\"", "1 static field Other = -", "1 static field a b = 3", "2 static field X = (1 << 2)" } },
    { "class expressions, abstract methods", "const A = class { m() {} };\nabstract class B { abstract run(x: number): string; }\n", { "class A line 1", "func A.m line 1", "func B.run line 2 abstract" } },
};

TEST(lower_js_classes) { check_cases(classes, DD_COUNT(classes), DD_LANG_TYPESCRIPT); }

static const lower_case branches[] = {
    { "else-if arms are of one construct", "if (a) f(); else if (b) g(); else { h() }\n", { "call 1-1 f() @if#0.0/3!", "call 1-1 g() @if#0.1/3!", "call 1-1 h() @if#0.2/3!" } },
    { "break leaves its switch only, return the function", "function f(x) { switch (x) { case 1: a(); break; case 2: b(); return; default: c() } }\n",
      { "call 1-1 a() in f @case#0.0/3!", "call 1-1 b() in f @case#0.1/3!x", "call 1-1 c() in f @case#0.2/3!" } },
    { "cases that fall through are one arm", "switch (x) { case 1: case 2: a(); break; case 3: b() }\n", { "call 1-1 a() @case#0.0/2", "call 1-1 b() @case#0.1/2" } },
    { "a break in a loop leaves the arm, not the loop's", "for (;;) { if (a) { f(); break; } }\n", { "call 1-1 f() @if#1.0/1x @loop#0.0/1" } },
};

TEST(lower_js_branches) { check_cases(branches, DD_COUNT(branches), DD_LANG_JAVASCRIPT); }

static const lower_case literals[] = {
    { "escapes", "a = 'x\\n\\x41\\u00e9\\u{1F600}\\'\\\nq\\ud83d\\ude00';\nb = `l\\`${c}\\${d}`;\nc = \"\";\n", { "1 assign a op = = \"x\\nA\xc3\xa9\xf0\x9f\x98\x80'q\xf0\x9f\x98\x80\"", "3 assign b op = = `(\"l`\", c, \"${d}\")", "4 assign c op = = \"\"" } },
    { "M-1: a template without holes is text", "a = `gpt-4o`;\n", { "1 assign a op = = \"gpt-4o\"" } },
    { "operators", "a = x || y && z;\nb = p ?? \"q\";\nc = d ? 1 : -2;\ne = !f + void 0;\ng = undefined;\nh = null;\ni = true;\n",
      { "1 assign a op = = (x or (y and z))", "2 assign b op = = (p ?? \"q\")", "3 assign c op = = (1 else -2 if d)", "4 assign e op = = (! f + none)", "5 assign g op = = none", "6 assign h op = = none", "7 assign i op = = true" } },
    { "import.meta", "a = import.meta.env.M;\n", { "1 assign a op = = import.meta.env.M" } },
    { "inline notes", "// dd0c: calls=5\nf(); /* dd0c: ignore */\n", { "comment 1 // dd0c: calls=5", "comment 2 /* dd0c: ignore */" } },
};

TEST(lower_js_literals) { check_cases(literals, DD_COUNT(literals), DD_LANG_JAVASCRIPT); }

TEST(lower_flow_as_tsx) /* G-8: a .js file with many errors is read again */
{
    static const lower_case flow[] = { { "types in .js", "function f(x: number, y: ?string): Promise<void> { g(x); }\nconst z: Array<string> = h();\n", { "module errors 0", "call 1-1 g(x) in f", "call 2-2 h()" } } };
    check_cases(flow, 1, DD_LANG_JAVASCRIPT);
}
