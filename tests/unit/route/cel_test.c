/* Conditions: what the language definition says (google/cel-spec, doc/langdef.md), errors with positions, what lint and explain are told, and the
 * time it takes. */
#include "route/cel.h"

#include <math.h>

#include "base/zone.h"
#include "tests/unit/test.h"

enum { FEATURE, INPUT, STREAM, SCORE, TAGS, USED, MODELS, KEY_TAGS, USER, NOW, N_VARS };
static const dd_cel_var vars[N_VARS] = {
    [FEATURE] = { "feature", DD_CEL_STRING, DD_CEL_UNSET, "" },   [INPUT] = { "input_tokens", DD_CEL_INT, DD_CEL_UNSET, "" },
    [STREAM] = { "stream", DD_CEL_BOOL, DD_CEL_UNSET, "" },       [SCORE] = { "score", DD_CEL_DOUBLE, DD_CEL_UNSET, "" },
    [TAGS] = { "tags", DD_CEL_MAP, DD_CEL_STRING, "" },           [USED] = { "budget.used", DD_CEL_DOUBLE, DD_CEL_UNSET, "" },
    [MODELS] = { "models", DD_CEL_LIST, DD_CEL_STRING, "" },      [KEY_TAGS] = { "key.tags", DD_CEL_MAP, DD_CEL_STRING, "" },
    [USER] = { "user", DD_CEL_STRING, DD_CEL_UNSET, "" },         [NOW] = { "now", DD_CEL_TIMESTAMP, DD_CEL_UNSET, "" },
};
static const dd_cel_env env = { .vars = vars, .n = N_VARS };

static dd_cel_value text(const char *z) { return dd_cel_string(dd_str_z(z)); }

/* The request of most tests: feature "chat", 812 tokens, no stream, tags {"team": "search"}. */
static dd_cel_vars request(dd_cel_value values[N_VARS])
{
    static dd_cel_entry tags[1];
    static dd_cel_value models[2];
    tags[0] = (dd_cel_entry){ text("team"), text("search") };
    models[0] = text("gpt-4o");
    models[1] = text("claude");
    memset(values, 0, N_VARS * sizeof *values);
    values[FEATURE] = text("chat");
    values[INPUT] = dd_cel_int(812);
    values[STREAM] = dd_cel_bool(false);
    values[SCORE] = dd_cel_double(0.25);
    values[TAGS] = values[KEY_TAGS] = dd_cel_map(tags, 1);
    values[USED] = dd_cel_double(0.9);
    values[MODELS] = dd_cel_list(models, 2);
    values[USER] = dd_cel_null();
    values[NOW] = (dd_cel_value){ .type = DD_CEL_TIMESTAMP, .seconds = 1700000000 }; /* Tuesday 2023-11-14T22:13:20Z */
    return (dd_cel_vars){ .values = values };
}

/* What an expression prints as: its value, "error: ..." or "cannot: message @offset | hint". */
static dd_str outcome(dd_arena *a, const char *expression, const dd_cel_env *e)
{
    dd_cel_value values[N_VARS], v;
    dd_cel_vars  all = request(values);
    dd_err       err = DD_ERR_INIT;
    size_t       at = 0;
    dd_buf       out = DD_BUF_INIT(4096);
    dd_cel      *p = dd_cel_compile(dd_str_z(expression), e, a, &err, &at);
    if (!p)
        dd_buf_printf(&out, "cannot: %s @%zu%s%s", err.msg, at, err.hint[0] ? " | " : "", err.hint);
    else if (dd_cel_eval(p, &all, a, &v, &err) != DD_OK)
        dd_buf_printf(&out, "error: %s", err.msg);
    else
        dd_cel_print(&v, &out);
    dd_str s = dd_arena_dup(a, dd_buf_str(&out));
    dd_buf_free(&out);
    return s;
}

typedef struct { const char *expression, *want; } row;
static void check_rows(const row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dd_arena a = DD_ARENA_INIT;
        dd_str   got = outcome(&a, rows[i].expression, &env);
        if (!dd_str_eqz(got, rows[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s\n  gives %.*s\n  want  %s", rows[i].expression, DD_STR_ARG(got), rows[i].want);
        dd_arena_fini(&a);
    }
}

TEST(cel_facts_of_a_request)
{
    static const row rows[] = {
        { "feature == \"chat\" && input_tokens < 1000", "true" },
        { "feature == 'classify' && input_tokens < 500", "false" },
        { "tags[\"team\"] == 'search'", "true" }, { "tags.team == 'search'", "true" }, { "key.tags.team.startsWith('sea')", "true" },
        { "tags.tier == 'gold'", "error: no such key: tier" }, { "tags.tier == 'gold' || true", "true" }, { "false && tags.tier == 'gold'", "false" },
        { "has(tags.team) && !has(tags.tier)", "true" }, { "'team' in tags", "true" }, { "budget.used > 0.8", "true" },
        { "has(budget.used)", "true" }, { "has(user)", "cannot: has() asks for a member, as in has(tags.name) @0" },
        { "models.exists(m, m.startsWith('gpt-'))", "true" }, { "feature in ['chat', 'draft']", "true" }, { "score * 2.0 <= 0.5", "true" },
        { "score < 1", "true" },
        { "user == null", "true" }, { "user == 'ann'", "false" }, { "user.startsWith('a')", "error: no such overload: startsWith" },
        { "now.getHours() >= 22", "true" }, { "now.getDayOfWeek() == 2", "true" },
        { "now - duration('20m') < timestamp('2023-11-14T22:00:00Z')", "true" },
        { "stream ? 'slow' : feature + '!'", "\"chat!\"" }, { "// the small ones\n input_tokens < 1000", "true" },
    };
    check_rows(rows, DD_COUNT(rows));
}

TEST(cel_values_and_operators)
{
    static const row rows[] = {
        { "1 + 2 * 3 - 4 / 2 % 3", "5" }, { "7 / -2", "-3" }, { "-7 % 3", "-1" }, { "2u - 1u", "1u" }, { "1 - 2 - 3", "-4" }, { "- -3", "3" },
        { "!!true", "true" },
        { "9223372036854775807 + 1", "error: overflow" }, { "-9223372036854775808 - 1", "error: overflow" }, { "0u - 1u", "error: overflow" },
        { "-(-9223372036854775808)", "error: overflow" },
        { "-9223372036854775808 / -1", "error: overflow" }, { "-9223372036854775808 % -1", "error: overflow" },
        { "1 / 0", "error: divide by zero" }, { "1 % 0", "error: modulus by zero" },
        { "1u / 0u", "error: divide by zero" }, { "1.0 / 0.0", "Infinity" }, { "-1.0 / 0.0", "-Infinity" }, { "0.0 / 0.0 == 0.0 / 0.0", "false" },
        { "0x1F", "31" }, { "0xFFu", "255u" }, { "1e3", "1000.0" }, { ".5", "0.5" }, { "1.5e-7", "1.5e-07" }, { "1 == 1u", "true" },
        { "dyn(1) == 1.0", "true" }, { "dyn(1) == '1'", "false" },
        { "[1, 2] == [1, 2]", "true" }, { "[1, [2]] != [1, [3]]", "true" }, { "{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "true" },
        { "{1: 2}[1u]", "2" }, { "[1, 2, 3][2]", "3" },
        { "[1][1]", "error: index out of bounds" }, { "[1][-1]", "error: index out of bounds" }, { "{'a': 1}['b']", "error: no such key: b" },
        { "{'a': 1, 'a': 2}", "error: repeated key: a" },
        { "[1, 2,]", "[1, 2]" }, { "{'a': 1,}", "{\"a\": 1}" }, { "1 in [1.0]", "true" }, { "'a' < 'b' && 'Z' < 'a' && 'a' < 'aa'", "true" },
        { "false < true", "true" }, { "b'a' < b'b'", "true" },
        { "type(1) == int && type(type(1)) == type", "true" }, { "type(null)", "null_type" }, { "type(timestamp(0))", "google.protobuf.Timestamp" },
        { "size('h\xc3\xa9llo') == 5 && size(b'h\xc3\xa9llo') == 6 && [1].size() == 1 && size({}) == 0", "true" },
        { "true || 1 / 0 == 0", "true" }, { "1 / 0 == 0 || true", "true" }, { "1 / 0 == 0 && false", "false" },
        { "1 / 0 == 0 && true", "error: divide by zero" },
        { "true ? 1 : 1 / 0", "1" }, { "(true ? false : true) ? 1 : 2", "2" }, { "dyn(1) && true", "error: no such overload: &&" },
    };
    check_rows(rows, DD_COUNT(rows));
}

TEST(cel_literals)
{
    static const row rows[] = {
        { "'''a\n'b' ''' + \"\"\"\"c\\\"\"\"\"", "\"a\\n'b' \\\"c\\\"\"" }, { "r'\\d'", "\"\\\\d\"" }, { "R\"\"\"\\\"\"\"", "\"\\\\\"" },
        { "'\\x41\\101\\u00e9\\U0001F600'", "\"AA\xc3\xa9\xf0\x9f\x98\x80\"" },
        { "b'\\xff\\377\xc3\xa9'", "b\"\\xff\\xff\\xc3\\xa9\"" }, { "'\\377' == '\\u00ff'", "true" }, { "br'\\x'", "b\"\\\\x\"" },
        { "'\\?\\`\\'\\\"\\\\' == r'?`' + \"'\" + '\"' + r'\\'", "true" },
        { "'a\\sb'", "cannot: string has an escape that is none @2 | A backslash is written \\\\, or as it is in r\"...\"." },
        { "'\\ud800'", "cannot: string has an escape that is none @1 | A backslash is written \\\\, or as it is in r\"...\"." },
        { "b'\\u0041'", "cannot: string has an escape that is none @2 | A backslash is written \\\\, or as it is in r\"...\"." },
        { "'\\400'", "cannot: string has an escape that is none @1 | A backslash is written \\\\, or as it is in r\"...\"." },
        { "\"open", "cannot: string has no closing \" @0" }, { "'a\nb'", "cannot: string has no closing ' @0" },
        { "9223372036854775808", "cannot: number \"9223372036854775808\" does not fit 64 bits @0" },
        { "-9223372036854775808", "-9223372036854775808" },
        { "18446744073709551616u", "cannot: number \"18446744073709551616u\" does not fit 64 bits @0" },
        { "1e999", "cannot: number \"1e999\" cannot be read @0" },
        { "{'content-type': 'json'}.`content-type`", "\"json\"" }, { "{'if': 1}.if", "1" },
    };
    check_rows(rows, DD_COUNT(rows));
}

TEST(cel_functions)
{
    static const row rows[] = {
        { "'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo') && 'x'.contains('')", "true" },
        { "int('-12') + int(3.99) + int(5u) + int(timestamp('1970-01-01T00:00:10Z'))", "6" }, { "int(-1.9)", "-1" },
        { "int(1e19)", "error: out of range" }, { "int('x')", "error: cannot convert: x" },
        { "uint(-1)", "error: out of range" }, { "uint('18446744073709551615')", "18446744073709551615u" },
        { "double('1e2') + double(1)", "101.0" }, { "double('NaN')", "NaN" },
        { "string(1.5) + string(2) + string(3u) + string(true) + string(b'x') + string(duration('90m')) + string(timestamp(1))",
            "\"1.523truex5400s1970-01-01T00:00:01Z\"" },
        { "string(b'\\xff')", "error: cannot convert" },
        { "string(1e23) + ' ' + string(0.1) + ' ' + string(-0.0001) + ' ' + string(123456789.0)", "\"1e+23 0.1 -0.0001 123456789\"" },
        { "bytes('\xc3\xa9')", "b\"\\xc3\\xa9\"" }, { "bool('True')", "true" }, { "bool('yes')", "error: cannot convert: yes" },
        { "timestamp('2024-02-29T12:00:00.25+01:30')", "timestamp(\"2024-02-29T10:30:00.25Z\")" },
        { "timestamp('2023-02-29T12:00:00Z')", "error: cannot convert: 2023-02-29T12:00:00Z" },
        { "duration('1h30m') + duration('1.5s')", "duration(\"5401.5s\")" }, { "duration('-1ns')", "duration(\"-0.000000001s\")" },
        { "duration('9223372036854775807ns') + duration('1ns')", "error: out of range" }, { "duration('1d')", "error: cannot convert: 1d" },
        { "timestamp('2024-03-01T00:00:00Z') - timestamp('2024-02-28T00:00:00Z') == duration('48h')", "true" },
        { "timestamp('9999-12-31T23:59:59Z') + duration('1s')", "error: out of range" },
        { "duration('3661.234s').getHours() == 1 && duration('3661.234s').getMinutes() == 61 && "
          "duration('3661.234s').getSeconds() == 3661 && duration('3661.234s').getMilliseconds() == 234", "true" },
        { "now.getFullYear() == 2023 && now.getMonth() == 10 && now.getDate() == 14 && "
          "now.getDayOfMonth() == 13 && now.getDayOfYear() == 317 && now.getMinutes() == 13 && now.getSeconds() == 20", "true" },
        { "now.getHours('+02:00') == 0 && now.getDate('+02:00') == 15 && now.getHours('-05:30') == 16", "true" },
        { "now.getHours('Mars/Base')", "error: unknown time zone: Mars/Base" },
        { "[1, 2, 3].all(x, x > 0) && ![1].exists(x, x > 1) && [1, 2].exists_one(x, x == 2)", "true" }, { "[1, 2, 3].map(x, x * x)", "[1, 4, 9]" },
        { "[1, 2, 3, 4].map(x, x % 2 == 0, x * 10)", "[20, 40]" },
        { "[1, 2, 3].filter(x, x != 2)", "[1, 3]" }, { "{'a': 1, 'b': 2}.map(k, k)", "[\"a\", \"b\"]" }, { "[0, 1].exists(x, 1 / x == 1)", "true" },
        { "[0, 1].exists_one(x, 1 / x == 1)", "error: divide by zero" },
        { "[1, 2].map(x, [3, 4].map(y, x * y))", "[[3, 4], [6, 8]]" }, { "[[1], [2]].map(feature, feature[0]) == [1, 2]", "true" },
        { "[1].exists(input_tokens, .input_tokens == 812)", "true" },
        { "'tacocat'.indexOf('c', 3) == 4 && 'tacocat'.lastIndexOf('c') == 4 && 'h\xc3\xa9llo'.indexOf('l') == 2 && ''.indexOf('') == 0", "true" },
        { "'h\xc3\xa9llo'.charAt(1)", "\"\xc3\xa9\"" },
        { "'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]" }, { "'abc'.split('')", "[\"a\", \"b\", \"c\"]" }, { "['a', 'b'].join('+')", "\"a+b\"" },
        { "'aXbX'.replace('X', '-', 1)", "\"a-bX\"" }, { "'ab'.replace('', '.')", "\".a.b.\"" },
        { "'h\xc3\xa9llo'.substring(1, 3)", "\"\xc3\xa9l\"" },
        { "' a '.trim() + 'Ab'.lowerAscii() + 'Ab'.upperAscii() + 'h\xc3\xa9'.reverse()", "\"aabAB\xc3\xa9h\"" },
        { "strings.quote('a\"b\\n')", "\"\\\"a\\\\\\\"b\\\\n\\\"\"" },
        { "'%s %d %.2f %e %x %X %o %b %%'.format([[1, 'a'], 5, 2.005, 1500.0, 255, b'\\xab', 8, 5])",
            "\"[1, a] 5 2.00 1.500000e+03 ff AB 10 101 %\"" },
        { "'%s'.format([{'b': 1, 'a': [null]}])", "\"{a: [null], b: 1}\"" }, { "'%d'.format(['x'])", "error: format does not fit: string" },
    };
    check_rows(rows, DD_COUNT(rows));
}

TEST(cel_patterns_are_those_of_re2)
{
    static const row rows[] = {
        { "'gpt-4o-mini'.matches('^gpt-4')", "true" }, { "'gpt-4o-mini'.matches('mini$')", "true" }, { "'gpt-4o'.matches('^gpt-4$')", "false" },
        { "'gpt-4.1'.matches(r'^gpt-4\\.1$')", "true" }, { "'gpt-4x1'.matches(r'^gpt-4\\.1$')", "false" },
        { "'abc'.matches('^(?:a|x)b+.$') && matches('ABC', '(?i)b')", "true" },
        { "'a\\n'.matches('^a$')", "false" }, { "'a\\n'.matches('^[a]$')", "false" },
        { "'a\\nb'.matches('(?m)^b$')", "true" }, { "'\xc3\xa9'.matches('^.$')", "true" },
        { "'\xce\xb1\xce\xb2'.matches(r'^\\p{Greek}+$') && 'aB'.matches(r'^\\pL{2,}$') && !'a1'.matches(r'^[\\p{L}]+$')", "true" },
        { "'aab'.matches('^a+b$') && 'b'.matches('^a*b$') && !'b'.matches('^a+b') && !'ab'.matches('^a{2,}b')", "true" },
        { "'aaab'.matches('^a{2,}b') && 'xyxy'.matches('^(xy)+$') && '\xc3\xa9\xc3\xa9'.matches('^\xc3\xa9{2,}$')", "true" },
        { "'a+'.matches(r'^a\\++$') && 'a-'.matches('^[a-c]+?-')", "true" },
        { "'x1'.matches(r'^(?P<letter>[a-z])(?P<digit>\\d)$')", "true" }, { "'a{b'.matches('a{b')", "true" },
        { "'aaa'.matches('^a{2,3}$')", "true" }, { "'a-]'.matches(r'^[a\\-\\]]+$')", "true" }, { "'\\v'.matches(r'\\s')", "false" },
        { "'k1'.matches('^[[:alpha:]][[:digit:]]$') && 'a.b'.matches(r'^\\Qa.b\\E$') && 'S'.matches(r'\\x53') && '\\t'.matches(r'\\011')", "true" },
        { "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')", "false" }, /* exponential in a backtracking matcher */
        { "'x'.matches('a(?=b)')", "cannot: pattern cannot be used: look-around, references and other extensions are not in RE2 @12" },
        { "'x'.matches(r'(a)\\1')", "cannot: pattern cannot be used: back references are not in RE2 @12" },
        { "'x'.matches('a**')", "cannot: pattern cannot be used: repetitions cannot be stacked @12" },
        { "'x'.matches('a++')", "cannot: pattern cannot be used: repetitions cannot be stacked @12" },
        { "'x'.matches('a)(b')", "cannot: pattern cannot be used: a parenthesis closes what was not opened @12" },
        { "'x'.matches('(a')", "cannot: pattern cannot be used: a parenthesis is not closed @12" },
        { "'x'.matches('[a')", "cannot: pattern cannot be used: a class has no closing bracket @12" },
        { "'x'.matches('a{1001}')", "cannot: pattern cannot be used: a repetition counts more than 1000 @12" },
        { "'x'.matches(r'\\k')", "cannot: pattern cannot be used: RE2 has no such escape @12" },
        { "feature.matches(user)", "error: no such overload: matches" }, { "feature.matches(feature + '$')", "true" },
        { "feature.matches('(' + feature)", "error: pattern cannot be used: a parenthesis is not closed" },
    };
    check_rows(rows, DD_COUNT(rows));
}

TEST(cel_says_what_is_wrong_and_where)
{
    static const row rows[] = {
        { "inptu_tokens < 5", "cannot: unknown name \"inptu_tokens\" @0 | Did you mean \"input_tokens\"?" },
        { "stream && budget.usd > 1.0", "cannot: unknown name \"budget.usd\" @10 | Did you mean \"budget.used\"?" },
        { "zzz == 1", "cannot: unknown name \"zzz\" @0" },
        { "feature.startWith('a')", "cannot: unknown function \"startWith\" @8 | Did you mean \"startsWith\"?" },
        { "sise(models)", "cannot: unknown function \"sise\" @0 | Did you mean \"size\"?" },
        { "feature == 1",
            "cannot: operator \"==\" does not take (string, int) @8 | Both sides must be of one type: convert with string(), int() or double()." },
        { "input_tokens < '500'",
            "cannot: operator \"<\" does not take (int, string) @13 | Both sides must be of one type: convert with string(), int() or double()." },
        { "feature in [1, 2]",
            "cannot: operator \"in\" does not take (string, list) @8 | Both sides must be of one type: convert with string(), int() or double()." },
        { "startsWith(feature, 'a')",
            "cannot: function \"startsWith\" does not take (string, string) @0 | It is called on a value: x.startsWith(...)." },
        { "input_tokens && stream", "cannot: \"&&\" takes bool, not int @0" },
        { "stream ? 1 : ", "cannot: expression ends where a value is expected @13" },
        { "feature ? 1 : 2", "cannot: \"?:\" takes bool, not string @0" }, { "feature.x", "cannot: string has no member \"x\" @8" },
        { "feature = 'a'", "cannot: unexpected \"=\" @8 | Write ==." }, { "stream & stream", "cannot: unexpected \"&\" @7 | Write &&." },
        { "stream stream", "cannot: unexpected \"stream\" where an operator or the end is expected @7" },
        { "", "cannot: expression ends where a value is expected @0" },
        { "(stream", "cannot: expression ends where \")\" is expected @7" }, { "if == 1", "cannot: \"if\" is a reserved word @0" },
        { "size(1, )", "cannot: unexpected \")\" where an argument is expected @8" },
        { "Thing{a: 1}", "cannot: there are no messages to construct here @5" },
        { "models.all(1, true)", "cannot: the first argument of all() is the name of a variable @11" },
        { "models.all(m, 1)", "cannot: a condition on \"m\" is bool, not int @14" },
        { "feature.all(m, true)", "cannot: a macro goes over a list or a map, not string @8" },
        { "{1.0: 2}", "cannot: double cannot be a key of a map @1" },
        { "stream ||\n  feature == 'a' && \xc3\xa9", "cannot: unexpected \"\xc3\xa9\" @30" },
    };
    check_rows(rows, DD_COUNT(rows));
    size_t line, column;
    dd_cel_position(DD_STR("stream ||\n  '\xc3\xa9' == 1"), 17, &line, &column);
    CHECK_EQ(line, 2, "R2.1: lines count from 1");
    CHECK_EQ(column, 7, "R2.1: columns count characters, from 1");
}

TEST(cel_is_bounded)
{
    dd_arena a = DD_ARENA_INIT;
    dd_buf   deep = DD_BUF_INIT(0);
    dd_buf_pad(&deep, '(', 5000);
    CHECK(dd_str_starts(outcome(&a, dd_buf_z(&deep), &env), DD_STR("cannot: expression is nested deeper than 200")));
    dd_buf_clear(&deep);
    dd_buf_pad(&deep, '!', 5000);
    CHECK(dd_str_starts(outcome(&a, dd_buf_z(&deep), &env), DD_STR("cannot: expression is nested deeper than 200")));
    dd_buf_clear(&deep);
    dd_buf_addz(&deep, "input_tokens");
    for (int i = 0; i < 500; i++)
        dd_buf_addz(&deep, " + 1");
    CHECK(dd_str_starts(outcome(&a, dd_buf_z(&deep), &env), DD_STR("cannot: expression is nested deeper than 200")));
    dd_buf_clear(&deep);
    dd_buf_addz(&deep, "stream");
    for (int i = 0; i < 500; i++)
        dd_buf_addz(&deep, " || stream");
    CHECK_STR(outcome(&a, dd_buf_z(&deep), &env), "false"); /* a chain is flat */
    dd_buf_clear(&deep);
    dd_buf_pad(&deep, ' ', DD_CEL_MAX_TEXT + 1);
    CHECK_STR(outcome(&a, dd_buf_z(&deep), &env), "cannot: expression is longer than 65536 bytes @0");
    static const row rows[] = {
        { "[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, [1,2,3,4,5,6,7,8,9,10].map(c, [1,2,3,4,5,6,7,8,9,10].map(d, "
          "[1,2,3,4,5,6,7,8,9,10].map(e, a * b * c * d * e + input_tokens))))).size() == 10 || !stream",
          "error: expression takes too many steps" }, /* nothing absorbs that */
        { "[feature].map(a, a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a)"
          ".map(a, a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a)"
          ".map(a, a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a)"
          ".map(a, a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a).size() == 1",
          "error: expression takes too many steps" },
    };
    check_rows(rows, DD_COUNT(rows));
    dd_buf_free(&deep);
    dd_arena_fini(&a);
}

typedef struct { int asked[N_VARS]; } host;
static bool fill(void *ctx, size_t index, dd_cel_value *out)
{
    ((host *)ctx)->asked[index]++;
    *out = index == INPUT ? dd_cel_int(100) : text("classify");
    return index != USER;
}

TEST(cel_asks_for_facts_when_they_are_needed)
{
    dd_arena     a = DD_ARENA_INIT;
    dd_cel_value values[N_VARS] = { { 0 } }, v;
    host         h = { { 0 } };
    dd_cel_vars  lazy = { values, fill, &h };
    dd_cel      *p = dd_cel_compile(DD_STR("feature == 'classify' && input_tokens < 500 && input_tokens > 50"), &env, &a, NULL, NULL);
    CHECK(p && dd_cel_test(p, &lazy, &a) && dd_cel_test(p, &lazy, &a));
    CHECK_EQ(h.asked[FEATURE], 1, "R2.1: a fact is computed once");
    CHECK_EQ(h.asked[INPUT], 1, "R2.1: a fact is computed once");
    CHECK_EQ(h.asked[SCORE], 0, "R2.1: and only if a rule asks");
    CHECK(dd_cel_reads(p, FEATURE) && dd_cel_reads(p, INPUT) && !dd_cel_reads(p, SCORE) && !dd_cel_reads(p, 1000));
    CHECK_EQ(dd_cel_result(p), DD_CEL_BOOL, "a condition is bool");
    p = dd_cel_compile(DD_STR("user == 'x'"), &env, &a, NULL, NULL);
    CHECK_EQ(dd_cel_eval(p, &lazy, &a, &v, NULL), DD_ERR_RANGE, "a fact without a value is an error");
    CHECK(v.type == DD_CEL_ERROR && v.kind == DD_CEL_E_NAME && !dd_cel_test(p, &lazy, &a));
    size_t used = a.used;
    p = dd_cel_compile(DD_STR("feature == 'x' || input_tokens in [1, 2, 3] || feature.startsWith('cl') && score >= 0.5"), &env, &a, NULL, NULL);
    values[SCORE] = dd_cel_double(0.5);
    used = a.used;
    CHECK(dd_cel_test(p, &lazy, &a));
    CHECK_EQ(a.used, used, "comparisons allocate nothing");
    dd_arena_fini(&a);
}

TEST(cel_conditions_that_cannot_hold)
{
    static const struct { const char *expression; dd_cel_truth want; } cases[] = {
        { "true", DD_CEL_ALWAYS }, { "1 < 2 || stream", DD_CEL_ALWAYS }, { "1 > 2", DD_CEL_NEVER }, { "1 / 0 == 1", DD_CEL_NEVER },
        { "stream && false", DD_CEL_NEVER },
        { "stream", DD_CEL_VARIES }, { "'x'", DD_CEL_NEVER },
        { "feature == 'a' && feature == 'b'", DD_CEL_NEVER }, { "feature == 'a' && 'b' == feature", DD_CEL_NEVER },
        { "feature in ['a', 'b'] && feature == 'c'", DD_CEL_NEVER }, { "feature in ['a', 'b'] && feature == 'b'", DD_CEL_VARIES },
        { "feature in []", DD_CEL_NEVER },
        { "input_tokens < 5 && input_tokens > 10", DD_CEL_NEVER }, { "input_tokens < 5 && input_tokens > 4", DD_CEL_NEVER },
        { "score < 5.0 && score > 4.0", DD_CEL_VARIES }, { "score < 0.5 && score >= 0.5", DD_CEL_NEVER },
        { "input_tokens < 10 && input_tokens > 4", DD_CEL_VARIES },
        { "!(input_tokens < 10) && input_tokens < 10", DD_CEL_NEVER }, { "!(score < 0.5) && score < 0.7", DD_CEL_VARIES },
        { "stream && !stream", DD_CEL_NEVER }, { "stream == true && stream == false", DD_CEL_NEVER },
        { "feature == 'abc' && feature.startsWith('x')", DD_CEL_NEVER },
        { "feature.startsWith('ab') && feature.startsWith('b')", DD_CEL_NEVER },
        { "feature.startsWith('ab') && feature.startsWith('abc')", DD_CEL_VARIES },
        { "feature == 'gpt-4' && feature.matches('^claude')", DD_CEL_NEVER },
        { "(feature == 'a' || feature == 'b') && feature == 'c'", DD_CEL_NEVER },
        { "(feature == 'a' || stream) && feature == 'c'", DD_CEL_VARIES }, { "tags['a'] == 'x' && tags['a'] == 'y'", DD_CEL_NEVER },
        { "tags['a'] == 'x' && tags['b'] == 'y'", DD_CEL_VARIES }, { "tags.a == 'x' && tags.a != 'x'", DD_CEL_NEVER },
        { "input_tokens == 3 && input_tokens > 3", DD_CEL_NEVER },
        { "feature != 'a' && feature == 'a'", DD_CEL_NEVER }, { "has(tags.a) && !has(tags.a)", DD_CEL_NEVER },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_arena a = DD_ARENA_INIT;
        dd_cel  *p = dd_cel_compile(dd_str_z(cases[i].expression), &env, &a, NULL, NULL);
        CHECK(p);
        CHECK_EQ(p ? (int)dd_cel_constant(p) : -1, cases[i].want, cases[i].expression);
        dd_arena_fini(&a);
    }
}

TEST(cel_rules_that_earlier_ones_cover)
{
    static const struct { const char *earlier, *later; bool want; } cases[] = {
        { "true", "stream", true }, { "stream", "stream", true }, { "stream", "stream && input_tokens < 5", true },
        { "stream && input_tokens < 5", "stream", false }, { "feature=='a'", "feature   == \"a\"", true },
        { "input_tokens < 500", "input_tokens < 100", true }, { "input_tokens < 100", "input_tokens < 500", false },
        { "input_tokens <= 99", "input_tokens < 100", true }, { "score <= 0.99", "score < 1.0", false },
        { "input_tokens < 500", "input_tokens == 3", true }, { "500 > input_tokens", "input_tokens in [1, 499]", true },
        { "input_tokens < 500", "input_tokens in [1, 500]", false }, { "feature in ['a', 'b']", "feature == 'a' && stream", true },
        { "feature in ['a', 'b']", "feature == 'a' || feature == 'b'", true },
        { "feature in ['a', 'b']", "feature == 'a' || feature == 'c'", false },
        { "feature == 'a' || stream", "stream", true }, { "feature == 'a' || stream", "feature == 'a' && user == 'x'", true },
        { "feature != 'a'", "feature == 'b'", true }, { "feature != 'a'", "feature != 'b'", false },
        { "!(feature == 'a')", "feature == 'b'", true },
        { "feature.startsWith('gpt')", "feature == 'gpt-4'", true }, { "feature.startsWith('gpt')", "feature.startsWith('gpt-4')", true },
        { "feature.contains('pt')", "feature.startsWith('gpt')", true }, { "feature.matches('^gpt')", "feature in ['gpt-4', 'gpt-5']", true },
        { "feature.matches('^gpt')", "feature in ['gpt-4', 'o3']", false },
        { "input_tokens != 5", "input_tokens > 10", true },
        { "input_tokens > 5 && input_tokens < 50", "input_tokens > 10 && input_tokens < 20", true }, { "!stream", "stream == false", true },
        { "stream || !stream", "feature == 'a'", false } /* true, but not seen */,
        { "tags.a == 'x'", "tags.a == 'x' && stream", true }, { "tags.a == 'x'", "tags['b'] == 'x'", false },
        { "user == 'x'", "feature == 'a' && feature == 'b'", true }, { "models.exists(m, m == 'a')", "models.exists(n, n == 'a') && stream", true },
        { "input_tokens < 500", "input_tokens < 500 || stream", false },
        { "now < timestamp('2024-01-01T00:00:00Z')", "now < timestamp('2023-01-01T00:00:00Z')", false } /* not seen */,
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_arena a = DD_ARENA_INIT;
        dd_cel  *x = dd_cel_compile(dd_str_z(cases[i].earlier), &env, &a, NULL, NULL), *y = dd_cel_compile(dd_str_z(cases[i].later), &env, &a, NULL,
            NULL);
        CHECK(x && y);
        CHECK_EQ(x && y && dd_cel_covers(x, y), cases[i].want, dd_arena_printf(&a, "%s covers %s", cases[i].earlier, cases[i].later).ptr);
        dd_arena_fini(&a);
    }
}

TEST(cel_explains_why_not)
{
    static const row rows[] = {
        { "feature == 'chat' && input_tokens < 500 && stream", "`input_tokens < 500` is false: input_tokens is 812" }, { "feature == 'chat'", "" },
        { "stream || feature in ['a', 'b']", "`stream || feature in ['a', 'b']` is false: stream is false, feature is \"chat\"" },
        { "tags.tier == 'gold' && stream", "`tags.tier == 'gold'` fails: no such key: tier: tags.tier has no value" },
        { "feature == 'chat' && (tags[\"team\"] == 'x')", "`(tags[\"team\"] == 'x')` is false: tags[\"team\"] is \"search\"" },
        { "budget.used < 0.5", "`budget.used < 0.5` is false: budget.used is 0.9" },
        { "models.exists(m, m == 'x')", "`models.exists(m, m == 'x')` is false: models is [\"gpt-4o\", \"claude\"]" },
        { "1 > 2", "`1 > 2` is false" },
    };
    for (size_t i = 0; i < DD_COUNT(rows); i++) {
        dd_arena     a = DD_ARENA_INIT;
        dd_buf       out = DD_BUF_INIT(0);
        dd_cel_value values[N_VARS];
        dd_cel_vars  all = request(values);
        dd_cel      *p = dd_cel_compile(dd_str_z(rows[i].expression), &env, &a, NULL, NULL);
        CHECK(p);
        if (p)
            dd_cel_why(p, &all, &a, &out);
        CHECK_STR(dd_buf_str(&out), rows[i].want);
        dd_buf_free(&out);
        dd_arena_fini(&a);
    }
}

/* One file with a change in 1970 and a rule, as RFC 8536 lays it out: version 1 block empty, then version 2. */
static size_t zone_file(char *out, const char *rule)
{
    static const unsigned char types[12] = { 0, 0, 0x0e, 0x10, 0, 0, 0, 0, 0x1c, 0x20, 1, 0 }; /* +1 h, +2 h summer */
    size_t n = 0;
    memset(out, 0, 256);
    memcpy(out, "TZif2", 5);
    out[39] = 1; /* a type and a letter are the least */
    out[43] = 1;
    n = 44 + 6 + 1;
    memcpy(out + n, "TZif2", 5);
    out[n + 35] = 1;  /* one change */
    out[n + 39] = 2;
    out[n + 43] = 4;
    n += 44;
    n += 8;           /* at 0, */
    out[n++] = 1;     /* to the second type */
    memcpy(out + n, types, sizeof types);
    n += sizeof types + 4;
    n += (size_t)snprintf(out + n, 64, "\n%s\n", rule);
    return n;
}

TEST(zones_by_file_and_by_rule)
{
    static const struct { const char *rule; int64_t t; int32_t want; const char *why; } cases[] = {
        { "CET-1CEST,M3.5.0,M10.5.0/3", -1, 3600, "before the first change" },
        { "CET-1CEST,M3.5.0,M10.5.0/3", 1711846799, 3600, "2024-03-31T00:59:59Z, winter's last second" },
        { "CET-1CEST,M3.5.0,M10.5.0/3", 1711846800, 7200, "2024-03-31T01:00:00Z" },
        { "CET-1CEST,M3.5.0,M10.5.0/3", 1729990799, 7200, "2024-10-27T00:59:59Z" },
        { "CET-1CEST,M3.5.0,M10.5.0/3", 1729990800, 3600, "2024-10-27T01:00:00Z" },
        { "EST5EDT,M3.2.0,M11.1.0", 1710054000, -14400, "2024-03-10T07:00:00Z" },
        { "EST5EDT,M3.2.0,M11.1.0", 1710053999, -18000, "2024-03-10T06:59:59Z" },
        { "AEST-10AEDT,M10.1.0,M4.1.0/3", 1704067200, 39600, "January is summer in the south" },
        { "AEST-10AEDT,M10.1.0,M4.1.0/3", 1719792000, 36000, "July is winter" },
        { "<+0545>-5:45", 1700000000, 20700, "names in brackets" }, { "nonsense,,", 1700000000, 7200, "without a rule the last change stays" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        char     file[256];
        size_t   n = zone_file(file, cases[i].rule);
        dd_tz *z = dd_tz_read((dd_str){ file, n });
        CHECK(z);
        CHECK_EQ(z ? dd_tz_offset(z, cases[i].t) : -1, cases[i].want, cases[i].why);
        dd_tz_free(z);
        for (size_t cut = 0; cut + strlen(cases[i].rule) + 2 < n; cut++) { /* half a file is none */
            z = dd_tz_read((dd_str){ file, cut });
            CHECK(!z);
            dd_tz_free(z);
        }
    }
    dd_zones *all = dd_zones_open(dd_test_dir());
    int32_t   offset;
    CHECK(!dd_zones_offset(all, DD_STR("../etc/passwd"), 0, &offset) && !dd_zones_offset(all, DD_STR("/etc/passwd"), 0, &offset) &&
        !dd_zones_offset(all, DD_STR("None/Such"), 0, &offset));
    dd_zones_close(all);
}
