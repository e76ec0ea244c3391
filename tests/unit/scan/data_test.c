/* Data files: what JSON, YAML and TOML say, and that broken ones say nothing. */
#include "scan/eval.h"
#include "tests/unit/test.h"

static dd_value *at(dd_value *v, const char *path)
{
    for (dd_str rest = dd_str_z(path); v && rest.len;) {
        dd_str  key = dd_str_cut(&rest, '.');
        int64_t n;
        if (v->kind == DD_V_LIST && dd_parse_i64(key, &n))
            v = n >= 0 && n < v->n_items ? v->items[n] : NULL;
        else
            v = v->kind == DD_V_DATA ? dd_v_dict_find(v, key) : NULL;
    }
    return v;
}

typedef dd_value *reader(dd_project *p, dd_str text);
typedef struct { const char *why; reader *read; const char *text, *path, *want; } row;

static const row rows[] = {
    { "json", dd_data_json, "{\"a\": {\"b\": [1, \"x\"]}}", "a.b.1", "x" },
    { "json escapes", dd_data_json, "{\"a\": \"\\u00e9\\n\\ud83d\\ude00\"}", "a", "\xc3\xa9\n\xf0\x9f\x98\x80" },
    { "comments and trailing commas of tsconfig", dd_data_json, "// c\n{ /* d */ \"a\": [\"x\", ], }", "a.0", "x" },
    { "a slash in a text is no comment", dd_data_json, "{\"a\": \"http://x\"}", "a", "http://x" },
    { "yaml", dd_data_yaml, "a:\n  b:\n    - 1\n    - x\n", "a.b.1", "x" },
    { "yaml anchors", dd_data_yaml, "base: &b\n  model: x\nuse:\n  <<: *b\n  n: 1\n", "use.model", "x" },
    { "yaml block text", dd_data_yaml, "a: |\n  one\n  two\n", "a", "one\ntwo\n" },
    { "yaml: the first document", dd_data_yaml, "a: x\n---\na: y\n", "a", "x" },
    { "toml table", dd_data_toml, "top = \"t\"\n[llm.openai]\nmodel = \"x\" # c\n", "llm.openai.model", "x" },
    { "toml dotted key", dd_data_toml, "llm.model = 'x'\n", "llm.model", "x" },
    { "toml array", dd_data_toml, "m = [\n  \"a\",\n  \"x\",\n]\n", "m.1", "x" },
    { "toml inline table", dd_data_toml, "m = { a = 1, b = \"x\" }\n", "m.b", "x" },
    { "toml array of tables", dd_data_toml, "[[m]]\nid = \"a\"\n[[m]]\nid = \"x\"\n", "m.1.id", "x" },
    { "toml long text", dd_data_toml, "p = \"\"\"\nx\"\"\"\n", "p", "x" },
};

TEST(data_is_read)
{
    dd_project *p = dd_project_new(DD_STR("/nowhere"), NULL, 0, 1 << 20);
    for (size_t i = 0; i < DD_COUNT(rows); i++) {
        dd_value *v = at(rows[i].read(p, dd_str_z(rows[i].text)), rows[i].path);
        if (!v || v->kind != DD_V_STRING || !dd_str_eqz(v->text, rows[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s: not \"%s\"", rows[i].why, rows[i].want);
        else
            CHECK_EQ(v->source, DD_SRC_CONFIG_FILE, rows[i].why);
    }
    dd_project_free(p);
}

TEST(data_kinds)
{
    dd_project *p = dd_project_new(DD_STR("/nowhere"), NULL, 0, 1 << 20);
    dd_value   *v = dd_data_yaml(p, DD_STR("a: 4096\nb: true\nc: null\nd: '5'\n"));
    CHECK(v && at(v, "a")->kind == DD_V_NUMBER && at(v, "a")->number == 4096);
    CHECK(v && at(v, "b")->kind == DD_V_BOOL && at(v, "b")->number == 1);
    CHECK(v && at(v, "c")->kind == DD_V_NONE);
    CHECK(v && at(v, "d")->kind == DD_V_STRING);
    v = dd_data_toml(p, DD_STR("a = 1_000\nb = false\nd = 1979-05-27\n"));
    CHECK(v && at(v, "a")->number == 1000 && at(v, "b")->kind == DD_V_BOOL && at(v, "d")->kind == DD_V_STRING);
    dd_project_free(p);
}

TEST(broken_data_says_nothing)
{
    static const struct { reader *read; const char *text; } broken[] = {
        { dd_data_json, "" }, { dd_data_json, "{" }, { dd_data_json, "{\"a\" 1}" }, { dd_data_json, "[1 2]" }, { dd_data_json, "\"x" },
        { dd_data_json, "{\"a\": 1} x" }, { dd_data_yaml, "a: [1\n" }, { dd_data_yaml, "\t- x: : y" }, { dd_data_toml, "a =\n" }, { dd_data_toml, "[a\n" },
        { dd_data_toml, "a = \"x\n" }, { dd_data_toml, "a = [1\n" },
    };
    dd_project *p = dd_project_new(DD_STR("/nowhere"), NULL, 0, 1 << 20);
    for (size_t i = 0; i < DD_COUNT(broken); i++)
        if (broken[i].read(p, dd_str_z(broken[i].text)))
            dd_test_fail(__FILE__, __LINE__, "took \"%s\"", broken[i].text);
    dd_buf deep = DD_BUF_INIT(1 << 20);
    dd_buf_pad(&deep, '[', 100000);
    CHECK(!dd_data_json(p, dd_buf_str(&deep)));
    CHECK(!dd_data_yaml(p, dd_buf_str(&deep)));
    dd_buf_free(&deep);
    dd_project_free(p);
}

TEST(a_yaml_bomb_ends)      /* nine levels of nine aliases: a billion nodes when expanded */
{
    dd_project *p = dd_project_new(DD_STR("/nowhere"), NULL, 0, 1 << 20);
    dd_buf      text = DD_BUF_INIT(1 << 16);
    dd_buf_addz(&text, "a0: &a0 {k: x}\n");
    for (int i = 1; i < 10; i++) {
        dd_buf_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            dd_buf_printf(&text, "%s*a%d", k ? ", " : "", i - 1);
        dd_buf_addz(&text, "]\n");
    }
    dd_value *v = dd_data_yaml(p, dd_buf_str(&text));
    CHECK(v && at(v, "a9.0.0") != NULL);
    dd_buf_free(&text);
    dd_project_free(p);
}
