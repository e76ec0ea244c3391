/* R1.7: no key leaves in text. The vectors are packed, as they look like keys to secret scanners; keys here are put together. */
#include "base/redact.h"

#include "base/jspan.h"
#include "tests/unit/gz.h"
#include "tests/unit/test.h"

static void check_text(const char *name, dd_str text, dd_str want)
{
    dd_buf once = DD_BUF_INIT(0), twice = DD_BUF_INIT(0);
    dd_redact(text, &once);
    if (!dd_str_eq(dd_buf_str(&once), want))
        dd_test_fail(__FILE__, __LINE__, "%s: got \"%.*s\", want \"%.*s\"", name, DD_STR_ARG(dd_buf_str(&once)), DD_STR_ARG(want));
    CHECK_EQ(dd_redact_needed(text), !dd_str_eq(text, want), name);
    CHECK_EQ(dd_redact_needed(dd_buf_str(&once)), false, name);
    dd_redact(dd_buf_str(&once), &twice);
    CHECK(dd_str_eq(dd_buf_str(&once), dd_buf_str(&twice)));
    char small[512];
    for (size_t cap = 0; cap <= sizeof small; cap += 16) {
        size_t n = dd_redact_into(small, cap, text);
        CHECK_EQ(n, cap < want.len ? cap : want.len, "a fixed buffer is filled and no further");
        CHECK(dd_str_eq((dd_str){ small, n }, dd_str_sub(want, 0, n)));
    }
    dd_buf_free(&once);
    dd_buf_free(&twice);
}

TEST(redaction_vectors)
{
    const char *path = getenv("DD_REDACTION_VECTORS");
    dd_buf      text = DD_BUF_INIT(0);
    dd_arena    arena = DD_ARENA_INIT;
    dd_err      err = DD_ERR_INIT;
    size_t      rows = 0;
    dd_test_gz(path ? path : "tests/data/redaction.jsonl.gz", &text);
    for (dd_str rest = dd_buf_str(&text); rest.len; rows++) {
        dd_jspan d;
        CHECK_OK(dd_jspan_parse(&d, &arena, dd_str_cut(&rest, '\n'), &err));
        const char *name = dd_arena_dup(&arena, dd_jspan_text(&d, dd_jspan_member(&d, 0, "name", NULL), &arena)).ptr;
        dd_str before = dd_jspan_text(&d, dd_jspan_member(&d, 0, "text", NULL), &arena);
        check_text(name, before, dd_jspan_text(&d, dd_jspan_member(&d, 0, "redacted", NULL), &arena));
    }
    CHECK(rows >= 90);
    dd_arena_fini(&arena);
    dd_buf_free(&text);
}

#define B20 "a1b2c3d4e5f6g7h8i9j0"   /* a body of 20 with digits */
#define GONE "\xe2\x80\xa6[redacted]"
static const struct { const char *why, *text, *want; } cases[] = {
    { "19 are too few",                        "sk" "-a1b2c3d4e5f6g7h8i9j", "sk" "-a1b2c3d4e5f6g7h8i9j" },
    { "20 are enough",                         "sk" "-" B20, "sk-" GONE },
    { "too short for its own prefix",          "sk" "-ant-a1b2c3d4e5f6g7h8", "sk-" GONE },
    { "a percent escape to the left",          "x%3Dsk" "-" B20, "x%3Dsk-" GONE },
    { "a JSON escape to the left",             "\\u0022sk" "-" B20, "\\u0022sk-" GONE },
    { "a tab written as one",                  "\\tsk" "-" B20 "\\r" "gsk" "_" B20, "\\tsk-" GONE "\\rgsk_" GONE },
    { "a letter to the left",                  "Dsk" "-" B20, "Dsk" "-" B20 },
    { "an underscore to the left",             "_sk" "-" B20, "_sk" "-" B20 },
    { "a key right behind a key",              "AKIA" "ABCDEFGHIJKLMNOPsk" "-" B20, "AKIA" GONE "sk-" GONE },
    { "35 of Google's",                        "AIza" "0123456789abcdefghijABCDEFGHIJ-_345", "AIza" GONE },
    { "36 are none",                           "AIza" "0123456789abcdefghijABCDEFGHIJ-_3456", "AIza" "0123456789abcdefghijABCDEFGHIJ-_3456" },
    { "35 once the key behind is gone",        "AIza" "0123456789abcdefghijABCDEFGHIJ5-sk" "-" B20, "AIza" GONE },
    { "a bearer without a digit",              "bearer abcdefghijklmnopqrst", "bearer abcdefghijklmnopqrst" },
    { "a bearer with escaped slashes",         "Bearer ab1\\/cdefgh\\/ijklmno\\/p==\"", "Bearer " GONE "\"" },
    { "a bearer in a URL",                     "Bearer%20ab1%2Fcdefgh%2Bijklmnop&x=1", "Bearer%20" GONE "&x=1" },
    { "a key in a bearer's token",             "Bearer ab/sk" "-ant-" B20 " x", "Bearer ab/sk-ant-" GONE " x" },
    { "a token, then a key",                   "Bearer abcdefgh12345678/sk" "-" B20, "Bearer " GONE },
    { "a bearer twice",                        "bearer bearer abcdefgh12345678", "bearer bearer " GONE },
};

TEST(redaction_at_the_edges)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        check_text(cases[i].why, dd_str_z(cases[i].text), dd_str_z(cases[i].want));
}

/* Rows of prefixes without a key must not cost a look at the whole rest each: at 4 MB that would be minutes. */
TEST(redaction_takes_linear_time)
{
    static const char *const rows[] = { "sk-", "sk-ant-", "Bearer+", "bearer ", "AIza-", "dd0c_sk_-", "-gsk_" };
    for (size_t i = 0; i < DD_COUNT(rows); i++) {
        dd_buf text = DD_BUF_INIT(0), out = DD_BUF_INIT(0);
        while (text.len < 4 << 20)
            dd_buf_addz(&text, rows[i]);
        dd_redact(dd_buf_str(&text), &out);
        CHECK(out.len <= text.len);
        dd_buf_free(&text);
        dd_buf_free(&out);
    }
}
