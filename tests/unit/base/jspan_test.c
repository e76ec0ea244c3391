/* Bodies as offsets: what is JSON and what is not (RFC 8259), look-up, meaning of strings and numbers, splices. */
#include "base/jspan.h"
#include "tests/unit/test.h"

static dd_arena arena;
static dd_err   err;

static dd_jspan parse(const char *text)
{
    dd_jspan d;
    CHECK_OK(dd_jspan_parse(&d, &arena, dd_str_z(text), &err));
    return d;
}

static const char *const refused[] = {
    "", " ", "{", "}", "[", "]", "[1", "[1,", "[1,]", "[,1]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}",
    "{\"a\" 1}", "{1:1}", "[1 2]",
    "1 2", "[]]", "{}}", "[}", "{]", "01", "-", "-a", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "1_0", "NaN", "Infinity", "-Infinity", "tru",
    "True", "truex", "nul",
    "'a'", "\"", "\"a", "\"\\\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\U0041\"", "\"\n\"", "\"\t\"", "\"\x1f\"", "// c\n1", "/* */1",
    "\xef\xbb\xbf{}", "1\f", "\v1",
    "\"\x80\"", "\"\xc3\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"", "\"\xf0\x80\x80\xaf\"", "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"", "\"\xff\"", "\xc3\xa4",
};
static const char *const taken[] = {
    "{}", "[]", " [ ] ", "\t\r\n{ \"a\" : [ 1 , 2 ] } \n", "0", "-0", "-0.0e-0", "1E+5", "123456789012345678901234567890", "1e999999", "true",
    "false", "null", "\"\"", "\"\x7f\"",
    "\"\\u0000\\ud800\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x88\xef\xbf\xbf\xf4\x8f\xbf\xbf\"", "{\"a\":1,\"a\":2}",
    "{\"\":{}}",
};

TEST(json_that_is_and_is_not)
{
    for (size_t i = 0; i < DD_COUNT(refused); i++) {
        dd_jspan d;
        CHECK_EQ(dd_jspan_parse(&d, &arena, dd_str_z(refused[i]), &err), DD_ERR_PARSE, refused[i]);
        CHECK_EQ(d.n, 0, "a text that is refused has no nodes");
        CHECK(err.msg[0] != '\0');
    }
    for (size_t i = 0; i < DD_COUNT(taken); i++) {
        dd_jspan d;
        CHECK_EQ(dd_jspan_parse(&d, &arena, dd_str_z(taken[i]), &err), DD_OK, taken[i]);
    }
    dd_jspan d;
    CHECK_EQ(dd_jspan_parse(&d, &arena, DD_STR("[1]\0"), &err), DD_ERR_PARSE, "a NUL behind the value");
    CHECK_EQ(dd_jspan_parse(&d, &arena, DD_STR("[\"a\0b\"]"), &err), DD_ERR_PARSE, "a NUL in a string");
    dd_arena_fini(&arena);
}

TEST(errors_say_where)
{
    dd_jspan d;
    CHECK_EQ(dd_jspan_parse(&d, &arena, DD_STR("{\"a\": 1,\n  \"b\": tru}"), &err), DD_ERR_PARSE, "a broken word");
    CHECK_STR(dd_str_z(err.msg), "line 2, column 8: a value is missing");
    CHECK_EQ(dd_jspan_parse(&d, &arena, DD_STR("[1"), &err), DD_ERR_PARSE, "cut");
    CHECK_STR(dd_str_z(err.msg), "line 1, column 3: the text ends too early");
    CHECK_EQ(dd_jspan_parse(&d, &arena, DD_STR("\"0123456789abcdefghij\xff\""), &err), DD_ERR_PARSE, "no UTF-8");
    CHECK_STR(dd_str_z(err.msg), "line 1, column 22: bytes that are not UTF-8");
    dd_arena_fini(&arena);
}

TEST(depth_has_a_limit)
{
    static char text[2 * DD_JSPAN_DEPTH + 2];
    dd_jspan    d;
    memset(text, '[', DD_JSPAN_DEPTH + 1);
    memset(text + DD_JSPAN_DEPTH + 1, ']', DD_JSPAN_DEPTH + 1);
    CHECK_OK(dd_jspan_parse(&d, &arena, (dd_str){ text + 1, 2 * DD_JSPAN_DEPTH }, &err));
    CHECK_EQ(d.n, DD_JSPAN_DEPTH, "a node a level");
    CHECK_EQ(dd_jspan_parse(&d, &arena, (dd_str){ text, sizeof text }, &err), DD_ERR_LIMIT, "one level more");
    dd_arena_fini(&arena);
}

/* Every byte that ends a run of plain text, at every place in a block of 16 and of 8. */
TEST(strings_end_wherever_they_end)
{
    for (size_t n = 0; n < 70; n++) {
        char text[128];
        memset(text, 'x', sizeof text);
        text[0]     = '"';
        text[n + 1] = '"';
        dd_jspan d;
        CHECK_OK(dd_jspan_parse(&d, &arena, (dd_str){ text, n + 2 }, &err));
        CHECK_EQ(dd_jspan_inside(&d, 0).len, n, "the string's length");
        CHECK_EQ(dd_jspan_parse(&d, &arena, (dd_str){ text, n + 1 }, &err), DD_ERR_PARSE, "without its last quote");
        for (int c = 0; c < 256 && n; c++) {
            text[n] = (char)c;
            bool fine = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
            CHECK_EQ(dd_jspan_parse(&d, &arena, (dd_str){ text, n + 2 }, &err) == DD_OK, fine, "one byte of a string");
        }
        dd_arena_fini(&arena);
    }
}

TEST(members_by_name)
{
    dd_jspan d = parse("{\"mod\\u0065l\":\"a\", \"x\":{\"model\":1}, \"n\":[10,[20],30], \"\\u0000k\":2, \"mode\":3, \"models\":4,"
                       " \"dup\":1, \"du\\u0070\":2, \"\":5}");
    bool     twice = false;
    CHECK_STR(dd_jspan_raw(&d, dd_jspan_member(&d, 0, "model", &twice)), "\"a\"");
    CHECK(!twice);
    CHECK_STR(dd_jspan_raw(&d, dd_jspan_member(&d, 0, "", &twice)), "5");
    CHECK_EQ(dd_jspan_member(&d, 0, "Model", NULL), DD_J_NONE, "names have a case");
    CHECK_EQ(dd_jspan_member(&d, 0, "k", NULL), DD_J_NONE, "a NUL is part of a name");
    CHECK_EQ(dd_jspan_member(&d, dd_jspan_member(&d, 0, "n", NULL), "model", NULL), DD_J_NONE, "an array has no names");
    CHECK_EQ(dd_jspan_member(&d, DD_J_NONE, "model", NULL), DD_J_NONE, "nothing has no names");
    CHECK_STR(dd_jspan_raw(&d, dd_jspan_member(&d, dd_jspan_member(&d, 0, "x", NULL), "model", NULL)), "1");
    CHECK_STR(dd_jspan_raw(&d, dd_jspan_member(&d, 0, "dup", &twice)), "1");
    CHECK(twice);
    const char *names[] = { "absent", "dup", "model", "n" };
    uint32_t    at[4];
    CHECK_EQ(dd_jspan_members(&d, 0, names, at, 4), 1, "the name that is there twice");
    CHECK_EQ(at[0], DD_J_NONE, "no such member");
    CHECK_STR(dd_jspan_raw(&d, at[2]), "\"a\"");
    CHECK_STR(dd_jspan_raw(&d, dd_jspan_item(&d, at[3], 1)), "[20]");
    CHECK_STR(dd_jspan_raw(&d, dd_jspan_item(&d, at[3], 2)), "30");
    CHECK_EQ(dd_jspan_item(&d, at[3], 3), DD_J_NONE, "past the last item");
    CHECK_EQ(dd_jspan_item(&d, 0, 0), DD_J_NONE, "an object has no items");
    CHECK(dd_jspan_is(&d, at[2], "a") && !dd_jspan_is(&d, at[2], "ab") && !dd_jspan_is(&d, at[2], "") && !dd_jspan_is(&d, at[3], "a"));
    CHECK_EQ(dd_jspan_members(&d, at[3], names, at, 4), -1, "an array's members");
    dd_arena_fini(&arena);
}

TEST(text_of_strings)
{
    dd_jspan d = parse("[\"plain\", \"a\\n\\\"\\u00e4\\ud83d\\ude00\\/\", \"x\\ud83dy\\udc00\", \"\\u0000\", 1]");
    CHECK(dd_jspan_text(&d, 1, &arena).ptr == d.text.ptr + 2);
    CHECK_STR(dd_jspan_text(&d, 2, &arena), "a\n\"\xc3\xa4\xf0\x9f\x98\x80/");
    CHECK_STR(dd_jspan_text(&d, 3, &arena), "x\xef\xbf\xbdy\xef\xbf\xbd");
    CHECK(dd_str_eq(dd_jspan_text(&d, 4, &arena), DD_STR("\0")));
    CHECK_STR(dd_jspan_text(&d, 5, &arena), "");
    CHECK_STR(dd_jtext_decode(DD_STR("{\\\"a\\\":\\\"\\ud83d\\\\n\\ud83d\\ude00\\\"}"), &arena), "{\"a\":\"\\ud83d\\n\xf0\x9f\x98\x80\"}");
    CHECK_STR(dd_jtext_decode(DD_STR("\\"), &arena), "\\");
    CHECK_STR(dd_jtext_decode(DD_STR("\\ud83d\\ud83d\\ude00"), &arena), "\\ud83d\xf0\x9f\x98\x80");
    CHECK_STR(dd_jtext_decode(DD_STR("\\u12\\ud800\\u12"), &arena), "\\u12\\ud800\\u12");
    dd_buf b = DD_BUF_INIT(0);
    dd_jtext_escape(&b, DD_STR("a\"\\\b\f\n\r\t\x01\x1f/\xc3\xa4\xff\xe2\x82z\0"));
    CHECK_STR(dd_buf_str(&b), "a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\\u0000");
    dd_buf_free(&b);
    CHECK(dd_jtext_blank(DD_STR("")) && dd_jtext_blank(DD_STR(" \\n\\t\\r\\u0020\\u000a ")) && !dd_jtext_blank(DD_STR(" x")) &&
        !dd_jtext_blank(DD_STR("\\\\")));
    dd_arena_fini(&arena);
}

static const struct { const char *json; bool whole; int64_t want; } numbers[] = {
    { "0", true, 0 }, { "-0", true, 0 }, { "0e999999999999999999", true, 0 }, { "0.000", true, 0 }, { "1e3", true, 1000 }, { "5.0", true, 5 },
      { "-12.50e1", true, -125 },
    { "1.5", false, 0 }, { "1e-1", false, 0 }, { "10e-1", true, 1 }, { "0.0001e4", true, 1 }, { "9223372036854775807", true, INT64_MAX },
      { "9223372036854775808", false, 0 },
    { "-9223372036854775808", true, INT64_MIN }, { "-9223372036854775809", false, 0 }, { "9.223372036854775807e18", true, INT64_MAX },
      { "1e18", true, 1000000000000000000 },
    { "1e19", false, 0 }, { "1e99999999999999999999", false, 0 }, { "1e-99999999999999999999", false, 0 },
      { "100000000000000000000000000000e-29", true, 1 },
};

TEST(whole_numbers)
{
    for (size_t i = 0; i < DD_COUNT(numbers); i++) {
        dd_jspan d   = parse(numbers[i].json);
        int64_t  got = 0;
        CHECK_EQ(dd_jspan_i64(&d, 0, &got), numbers[i].whole, numbers[i].json);
        CHECK_EQ(got, numbers[i].want, numbers[i].json);
    }
    double   x = 0;
    dd_jspan d = parse("[0.25, 1e999, \"1\", 2500000000000000000000000000000000000000000000000000000000000000000000000e-72]");
    CHECK(dd_jspan_f64(&d, 1, &x) && x == 0.25);
    CHECK(!dd_jspan_f64(&d, 2, &x) && !dd_jspan_f64(&d, 3, &x));
    CHECK(dd_jspan_f64(&d, 4, &x) && x == 2.5);
    dd_arena_fini(&arena);
}

/* --- splices --- */

static void remove_by_letter(const dd_jspan *d, dd_jedits *e, const char *remove)
{
    for (dd_jit it = dd_jspan_each(d, 0); dd_jspan_step(d, &it);)
        if (strchr(remove, dd_jspan_inside(d, it.key).ptr[0]))
            dd_jedit_remove(e, &arena, d, 0, it.key);
}

static const struct { const char *text, *remove, *add, *want; } splices[] = {
    { "{\"a\":1,\"b\":2,\"c\":3}", "a", "", "{\"b\":2,\"c\":3}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "b", "", "{\"a\":1,\"c\":3}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "c", "", "{\"a\":1,\"b\":2}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "ab", "", "{\"c\":3}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "bc", "", "{\"a\":1}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "ac", "", "{\"b\":2}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "abc", "", "{}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "", "x", "{\"a\":1,\"b\":2,\"c\":3,\"x\":0}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "c", "xy", "{\"a\":1,\"b\":2,\"x\":0,\"y\":0}" },
    { "{\"a\":1,\"b\":2,\"c\":3}", "abc", "x", "{\"x\":0}" },
    { "{ \"a\" : 1 , \"b\" : 2 }", "a", "", "{ \"b\" : 2 }" },
    { "{ \"a\" : 1 , \"b\" : 2 }", "b", "", "{ \"a\" : 1 }" },
    { "{ \"a\" : 1 , \"b\" : 2 }", "ab", "", "{  }" },
    { "{ \"a\" : 1 , \"b\" : 2 }", "", "x", "{ \"a\" : 1 , \"b\" : 2,\"x\":0 }" },
    { "{}", "", "", "{}" },
    { "{}", "", "xy", "{\"x\":0,\"y\":0}" },
    { "{ }", "", "x", "{\"x\":0 }" },
};

TEST(members_come_and_go)
{
    for (size_t i = 0; i < DD_COUNT(splices); i++) {
        dd_jspan  d = parse(splices[i].text), again;
        dd_jedits e = { 0 };
        for (const char *p = splices[i].add; *p; p++)
            dd_jedit_add(&e, &arena, &d, 0, (char[]){ *p, '\0' }, DD_STR("0"));
        remove_by_letter(&d, &e, splices[i].remove);
        dd_str got = dd_jedit_apply(&e, &arena, &d);
        CHECK_STR(got, splices[i].want);
        CHECK_OK(dd_jspan_parse(&again, &arena, got, &err));
    }
    dd_arena_fini(&arena);
}

TEST(edits_in_what_goes_do_nothing)
{
    dd_jspan  d = parse("{\"keep\":{\"deep\":[1,{\"x\":1}]},\"gone\":{\"a\":1},\"big\":12345678901234567890,\"s\":\"\\u0000\\ud800\"}");
    dd_jedits e = { 0 };
    uint32_t  gone = dd_jspan_member(&d, 0, "gone", NULL), keep = dd_jspan_member(&d, 0, "keep", NULL);
    dd_jedit_add(&e, &arena, &d, gone, "b", DD_STR("2"));
    dd_jedit_replace(&e, &arena, &d, dd_jspan_member(&d, gone, "a", NULL), DD_STR("[]"));
    dd_jedit_remove(&e, &arena, &d, 0, gone - 1);
    dd_jedit_remove(&e, &arena, &d, 0, gone - 1);
    dd_jedit_add(&e, &arena, &d, keep, "q\"", DD_STR("true"));
    dd_jedit_replace(&e, &arena, &d, dd_jspan_item(&d, dd_jspan_member(&d, keep, "deep", NULL), 0), DD_STR("\"one\""));
    dd_jedit_replace(&e, &arena, &d, dd_jspan_item(&d, dd_jspan_member(&d, keep, "deep", NULL), 0), DD_STR("\"two\""));
    dd_jedit_add(&e, &arena, &d, dd_jspan_member(&d, 0, "big", NULL), "no", DD_STR("1"));
    dd_jedit_replace(&e, &arena, &d, DD_J_NONE, DD_STR("1"));
    CHECK_STR(dd_jedit_apply(&e, &arena, &d),
        "{\"keep\":{\"deep\":[\"one\",{\"x\":1}],\"q\\\"\":true},\"big\":12345678901234567890,\"s\":\"\\u0000\\ud800\"}");
    dd_jedits renamed = { 0 };
    dd_jedit_replace(&renamed, &arena, &d, gone - 1, DD_STR("\"new name\""));
    dd_jedit_replace(&renamed, &arena, &d, keep - 1, DD_STR("\"kept\""));
    dd_jedit_remove(&renamed, &arena, &d, 0, gone - 1);
    CHECK_STR(dd_jedit_apply(&renamed, &arena, &d), "{\"kept\":{\"deep\":[1,{\"x\":1}]},\"big\":12345678901234567890,\"s\":\"\\u0000\\ud800\"}");
    dd_jedits none = { 0 };
    CHECK(dd_jedit_apply(&none, &arena, &d).ptr == d.text.ptr);
    dd_jedits whole = { 0 };
    dd_jedit_add(&whole, &arena, &d, 0, "x", DD_STR("1"));
    dd_jedit_replace(&whole, &arena, &d, 0, DD_STR("7"));
    CHECK_STR(dd_jedit_apply(&whole, &arena, &d), "7");
    dd_arena_fini(&arena);
}

/* --- properties, over made texts: a small generator with a fixed seed --- */

static uint64_t seed;
static unsigned pick(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

static void make_space(dd_buf *b)
{
    while (pick(4) == 0)
        dd_buf_addc(b, " \t\r\n"[pick(4)]);
}

static void make_string(dd_buf *b)
{
    static const char *const pieces[] = { "a", "model", "\\u0000", "\\ud800", "\\\"", "\\\\", "\xc3\xa4", "\xf0\x9f\x98\x80",
        "0123456789abcdefghijklmnop", "\\n", "{", ",", "]" };
    dd_buf_addc(b, '"');
    while (pick(3))
        dd_buf_addz(b, pieces[pick(DD_COUNT(pieces))]);
    dd_buf_addc(b, '"');
}

static void make_value(dd_buf *b, int depth)
{
    static const char *const scalars[] = { "null", "true", "false", "0", "-1.50e+3", "123456789012345678901234567890" };
    unsigned kind = pick(depth > 4 ? 2 : 5);
    make_space(b);
    if (kind == 0) {
        dd_buf_addz(b, scalars[pick(DD_COUNT(scalars))]);
    } else if (kind == 1) {
        make_string(b);
    } else {
        bool object = kind < 4;
        dd_buf_addc(b, object ? '{' : '[');
        make_space(b);
        for (unsigned i = 0, n = pick(5); i < n; i++) {
            if (i)
                dd_buf_addc(b, ',');
            make_space(b);
            if (object) {
                make_string(b);
                make_space(b);
                dd_buf_addc(b, ':');
            }
            make_value(b, depth + 1);
        }
        dd_buf_addc(b, object ? '}' : ']');
    }
    make_space(b);
}

/* What stands between values, and the values themselves by their nodes, in turn: the text again. */
static uint32_t copy(const dd_jspan *d, uint32_t node, uint32_t from, dd_buf *out)
{
    dd_buf_add(out, dd_str_sub(d->text, from, d->v[node].start));
    if (d->v[node].kind < DD_J_ARRAY) {
        dd_buf_add(out, dd_jspan_raw(d, node));
        return d->v[node].end;
    }
    uint32_t at = d->v[node].start, left = d->v[node].count;
    for (dd_jit it = dd_jspan_each(d, node); dd_jspan_step(d, &it); left--) {
        if (it.object)
            at = copy(d, it.key, at, out);
        at = copy(d, it.value, at, out);
    }
    CHECK_EQ(left, 0, "as many members as the container counts");
    dd_buf_add(out, dd_str_sub(d->text, at, d->v[node].end));
    return d->v[node].end;
}

TEST(a_copy_of_every_value_is_the_text)
{
    for (uint64_t round = 1; round < 400; round++) {
        seed = round;
        dd_buf   text = DD_BUF_INIT(0), out = DD_BUF_INIT(0);
        dd_jspan d;
        make_value(&text, 0);
        CHECK_EQ(dd_jspan_parse(&d, &arena, dd_buf_str(&text), &err), DD_OK, "a made text");
        if (d.n) {
            dd_buf_add(&out, dd_str_sub(d.text, copy(&d, 0, 0, &out), d.text.len));
            CHECK(dd_str_eq(dd_buf_str(&out), d.text));
        }
        /* Cut anywhere, only white space behind the whole value may be missing. */
        for (size_t cut = 0; cut < text.len; cut += 1 + text.len / 64) {
            dd_jspan part;
            dd_code  rc = dd_jspan_parse(&part, &arena, (dd_str){ text.ptr, cut }, &err);
            CHECK(rc == DD_ERR_PARSE || cut >= d.v[0].end || d.v[0].kind == DD_J_NUMBER);
        }
        dd_buf_free(&text);
        dd_buf_free(&out);
        dd_arena_fini(&arena);
    }
}

/* Any edits, in any order, give JSON; what was added is the last member, what was replaced is there, what was removed is not. */
TEST(edits_compose_in_any_order)
{
    for (uint64_t round = 1; round < 600; round++) {
        dd_buf text = DD_BUF_INIT(0);
        seed = round;
        dd_buf_addz(&text, "{\"o\":");
        make_value(&text, 0);
        dd_buf_addz(&text, ",\"gone\":");
        make_value(&text, 3);
        dd_buf_addz(&text, "}");
        dd_jspan  d, after;
        dd_jedits e = { 0 };
        CHECK_OK(dd_jspan_parse(&d, &arena, dd_buf_str(&text), &err));
        uint32_t gone = dd_jspan_member(&d, 0, "gone", NULL);
        for (unsigned i = 0; i < 12; i++) {
            uint32_t node = pick((unsigned)d.n), nth;
            if (pick(2)) {
                dd_jedit_add(&e, &arena, &d, node, "new", DD_STR("[7]"));
            } else if (d.v[node].kind == DD_J_OBJECT && d.v[node].count && node) {
                nth = pick(d.v[node].count);
                for (dd_jit it = dd_jspan_each(&d, node); dd_jspan_step(&d, &it);)
                    if (nth-- == 0)
                        dd_jedit_remove(&e, &arena, &d, node, it.key);
            }
        }
        dd_jedit_remove(&e, &arena, &d, 0, gone - 1);
        dd_jedit_add(&e, &arena, &d, 0, "last", DD_STR("true"));
        dd_jedits turned = { 0 };
        for (size_t i = e.n; i-- > 0;)
            dd_avec_push(&arena, &turned, e.v[i]);
        dd_str a = dd_jedit_apply(&e, &arena, &d), b = dd_jedit_apply(&turned, &arena, &d);
        CHECK_EQ(dd_jspan_parse(&after, &arena, a, &err), DD_OK, "edited text is JSON");
        CHECK_EQ(dd_jspan_member(&after, 0, "gone", NULL), DD_J_NONE, "removed");
        CHECK_EQ(dd_jspan_kind(&after, dd_jspan_member(&after, 0, "last", NULL)), DD_J_TRUE, "added");
        CHECK_EQ(a.len, b.len, "the order of edits decides only the order of additions");
        dd_buf_free(&text);
        dd_arena_fini(&arena);
    }
}
