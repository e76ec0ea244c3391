/* G-10 and bytes that are no program: no crash, no stack, no time that grows with the square. */
#include "base/pool.h"
#include "tests/unit/scan/lower_support.h"

static void repeat(dd_buf *b, const char *z, size_t n)
{
    while (n--)
        dd_buf_addz(b, z);
}

static const struct { const char *why, *open, *middle, *close; size_t n; dd_lang lang; uint32_t calls; } deep[] = {
    { "parentheses", "(", "x", ")", 100000, DD_LANG_PYTHON, 0 },
    { "lists", "[", "", "]", 100000, DD_LANG_PYTHON, 0 },
    { "lambdas", "lambda: ", "f()", "", 50000, DD_LANG_PYTHON, 0 },
    { "open calls", "f((", "", "", 20000, DD_LANG_PYTHON, 0 },
    { "a chain of calls", "", "a", ".b()", 20000, DD_LANG_PYTHON, 20000 },
    { "a long sum", "", "f()", " + f()", 20000, DD_LANG_PYTHON, 20001 },
    { "many elifs", "", "if a: f()\n", "elif b: f()\n", 5000, DD_LANG_PYTHON, 5001 },
    { "a name that is set often", "x = f()\n", "", "", 20000, DD_LANG_PYTHON, 20000 },
    { "blocks", "{", "f()", "}", 50000, DD_LANG_JAVASCRIPT, 0 },
    { "arrows", "()=>", "f()", "", 50000, DD_LANG_JAVASCRIPT, 0 },
    { "elements", "<a>", "{f()}", "</a>", 5000, DD_LANG_JAVASCRIPT, 0 },
    { "classes", "x=class{x=", "1", "}", 5000, DD_LANG_TYPESCRIPT, 0 },
    { "else if", "", "if (a) f();", " else if (b) f();", 5000, DD_LANG_TYPESCRIPT, 5001 },
    { "a chain of promises", "", "a", ".then(x => f(x))", 5000, DD_LANG_TSX, 10000 },
    { "nothing but zeros", "", "", "", 0, DD_LANG_PYTHON, 0 },
};

TEST(lower_deep)
{
    for (size_t i = 0; i < DD_COUNT(deep); i++) {
        dd_arena       a = DD_ARENA_INIT;
        dd_buf         b = DD_BUF_INIT(0);
        dd_source_file f;
        repeat(&b, deep[i].open, deep[i].n);
        dd_buf_addz(&b, deep[i].middle);
        repeat(&b, deep[i].close, deep[i].n);
        dd_buf_pad(&b, '\0', deep[i].n ? 0 : 10000);
        dd_unit_ir *u = lower_text(&a, &f, deep[i].lang, dd_buf_str(&b));
        if (u)
            CHECK_EQ(u->n_calls, deep[i].calls ? deep[i].calls : u->n_calls, deep[i].why);
        dd_buf_free(&b);
        dd_arena_fini(&a);
    }
}

static const char module_text[] = "import { a } from 'b';\nexport class C { x = a.b(1); m(y = 2) { return this.x.z({ y }); } }\n";

typedef struct { size_t lengths[64]; } lengths;

static void lower_one(void *ctx, unsigned worker, size_t item)
{
    dd_arena       a = DD_ARENA_INIT;
    dd_buf         b = DD_BUF_INIT(0);
    dd_source_file f;
    dd_unit_ir    *u = lower_text(&a, &f, item % 2 ? DD_LANG_TSX : DD_LANG_JAVASCRIPT, DD_STR(module_text));
    (void)worker;
    if (u)
        dd_ir_dump(u, &b);
    ((lengths *)ctx)->lengths[item] = b.len;
    dd_buf_free(&b);
    dd_arena_fini(&a);
}

TEST(lower_on_several_threads)
{
    lengths l = { { 0 } };
    dd_parallel(4, DD_COUNT(l.lengths), lower_one, &l);
    CHECK(l.lengths[0] > 200);
    for (size_t i = 1; i < DD_COUNT(l.lengths); i++)
        CHECK_EQ(l.lengths[i], l.lengths[0], "each thread reads the same");
}

TEST(lower_positions) /* bytes of the file, also behind characters of several bytes */
{
    dd_arena       a = DD_ARENA_INIT;
    dd_source_file f;
    dd_unit_ir    *u = lower_text(&a, &f, DD_LANG_PYTHON, DD_STR("x = 'é'; client.chat.create(1)  \n"));
    CHECK_EQ(u->n_calls, 1, "one call");
    CHECK_EQ(u->calls[0]->start, 10, "x = '..'; has ten bytes");
    CHECK_EQ(u->calls[0]->name_pos, 22, "behind client.chat.");
    CHECK_EQ(u->calls[0]->end, 31, "behind the parenthesis");
    CHECK_STR(u->calls[0]->name, "create");
    dd_arena_fini(&a);
}

TEST(lower_helpers)
{
    dd_arena       a = DD_ARENA_INIT;
    dd_buf         b = DD_BUF_INIT(0);
    dd_source_file f;
    dd_unit_ir    *u = lower_text(&a, &f, DD_LANG_PYTHON, DD_STR("f(1, k=2, **d)\ng(*s, 3)\nh({'a': 1, 'a': 2})\nself.a['b'].c(x)[i].d()\n"));
    CHECK_EQ(u->n_calls, 5, "five calls");
    CHECK(dd_call_arg(u->calls[0], 0) && !dd_call_arg(u->calls[0], 1));
    CHECK(dd_call_keyword(u->calls[0], "k") && dd_call_keyword(u->calls[0], "k")->number == 2);
    CHECK(!dd_call_arg(u->calls[1], 0)); /* a spread stands before */
    CHECK(dd_dict_get(dd_call_arg(u->calls[2], 0), "a")->number == 2); /* the last one wins */
    dd_expr_path(u->calls[4]->a, &b);
    CHECK_STR(dd_buf_str(&b), "self.a.b.c().*.d");
    dd_buf_free(&b);
    dd_arena_fini(&a);
}
