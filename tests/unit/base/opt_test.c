/* base/opt.h */
#include "base/opt.h"
#include "tests/unit/test.h"

#include <string.h>

typedef struct {
    bool        all, quick;
    const char *name, *format;
    dd_opt_list globs;
    int64_t     n, size, usd;
} args;

static const dd_opt table[] = {
    { 0, "Group", DD_OPT_HEADING, 0, NULL, NULL },
    DD_OPT(DD_OPT_FLAG, 'a', "all", args, all, NULL, "everything"),
    DD_OPT(DD_OPT_FLAG, 'q', "quick", args, quick, NULL, "fast"),
    DD_OPT(DD_OPT_TEXT, 'n', "name", args, name, "text", "a name"),
    DD_OPT(DD_OPT_CHOICE, 'f', "format", args, format, "text|json", "how"),
    DD_OPT(DD_OPT_LIST, 'g', "glob", args, globs, "glob", "which"),
    DD_OPT(DD_OPT_INT, 0, "count", args, n, "n", "how many"),
    DD_OPT(DD_OPT_SIZE, 0, "size", args, size, "size", "how large"),
    DD_OPT(DD_OPT_USD, 0, "usd", args, usd, "usd", "how dear"),
    DD_OPT_END
};

static dd_code parse(args *into, int *words, bool *help, dd_err *err, char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    return dd_opt_parse(table, argc, argv, into, words, help, err);
}
#define PARSE(...) parse(&a, &words, &help, &err, (char *[]){ (char *)"cmd", __VA_ARGS__, NULL })

TEST(options_of_every_kind)
{
    args   a = { 0 };
    int    words;
    bool   help;
    dd_err err   = DD_ERR_INIT;
    char  *argv[] = { (char *)"cmd", (char *)"one", (char *)"-aqn", (char *)"x", (char *)"--format=json", (char *)"-gA", (char *)"--glob", (char *)"B",
                      (char *)"two", (char *)"--count", (char *)"12", (char *)"--size=1MB", (char *)"--usd", (char *)"$12.50", (char *)"--", (char *)"--all", NULL };
    CHECK_OK(parse(&a, &words, &help, &err, argv));
    CHECK(a.all && a.quick && !help);
    CHECK_STR(dd_str_z(a.name), "x");
    CHECK_STR(dd_str_z(a.format), "json");
    CHECK_EQ(a.globs.n, 2, "both globs");
    CHECK_EQ(a.n, 12, "number");
    CHECK_EQ(a.size, 1048576, "1 MB is 2^20 bytes");
    CHECK_EQ(a.usd, 12500000000000, "12.50 USD in picodollars");
    CHECK_EQ(words, 3, "words move to the front");
    CHECK_STR(dd_str_z(argv[1]), "one");
    CHECK_STR(dd_str_z(argv[2]), "two");
    CHECK_STR(dd_str_z(argv[3]), "--all");
    dd_opt_fini(table, &a);
    CHECK(!a.globs.v && a.globs.n == 0 && a.n == 12);
}

TEST(option_mistakes_have_reasons)
{
    static const struct { const char *word, *want; } cases[] = {
        { "--formt=json", "unknown option \"--formt\"" }, { "-z", "unknown option \"-z\"" }, { "--all=yes", "takes no value" },
        { "--name", "needs a value" }, { "--format=xml", "no such choice" }, { "--count=x", "whole number" }, { "--count=-1", "whole number" },
        { "--size=1XB", "a size" }, { "--size=99999999999G", "a size" }, { "--usd=1.2.3", "an amount" }, { "--usd=", "an amount" }, { "--usd=-1", "an amount" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        args   a = { 0 };
        int    words;
        bool   help;
        dd_err err = DD_ERR_INIT;
        CHECK_EQ(PARSE((char *)(uintptr_t)cases[i].word), DD_ERR_USAGE, cases[i].word);
        if (!strstr(err.msg, cases[i].want))
            dd_test_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\"", cases[i].want, err.msg);
    }
}

TEST(a_lone_dash_is_a_word)
{
    args   a = { 0 };
    int    words;
    bool   help;
    dd_err err = DD_ERR_INIT;
    CHECK_OK(PARSE((char *)"-"));
    CHECK_EQ(words, 1, "standard input by convention");
    CHECK_OK(PARSE((char *)"-h"));
    CHECK(help);
}

TEST(help_shows_every_option)
{
    dd_buf out = DD_BUF_INIT(0);
    dd_opt_help(table, 80, &out);
    for (const dd_opt *o = table; o->name; o++)
        CHECK(dd_str_has(dd_buf_str(&out), o->name));
    for (dd_str rest = dd_buf_str(&out); rest.len;)
        CHECK(dd_str_cut(&rest, '\n').len <= 80);
    dd_buf_free(&out);
}
