/* tests/unit/test.h - the smallest test runner: a TEST registers itself; CHECKs count and go on. */
#ifndef DD_TEST_H
#define DD_TEST_H
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

typedef void dd_test_fn(void);
void dd_test_register(const char *file, const char *name, dd_test_fn *fn);
void dd_test_fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#define TEST(name)                                                                     \
    static void name(void);                                                            \
    __attribute__((constructor)) static void register_##name(void)                     \
    {                                                                                  \
        dd_test_register(__FILE__, #name, name);                                       \
    }                                                                                  \
    static void name(void)

#define CHECK(cond)                                                                    \
    do {                                                                               \
        if (!(cond))                                                                   \
            dd_test_fail(__FILE__, __LINE__, "%s", #cond);                             \
    } while (0)
#define CHECK_EQ(got, want, why)                                                       \
    do {                                                                               \
        long long got_ = (long long)(got), want_ = (long long)(want);                  \
        if (got_ != want_)                                                             \
            dd_test_fail(__FILE__, __LINE__, "%s: got %lld, want %lld", (why), got_, want_); \
    } while (0)
#define CHECK_STR(got, want)                                                           \
    do {                                                                               \
        dd_str got_ = (got), want_ = dd_str_z(want);                                   \
        if (!dd_str_eq(got_, want_))                                                   \
            dd_test_fail(__FILE__, __LINE__, "got \"%.*s\", want \"%.*s\"", DD_STR_ARG(got_), DD_STR_ARG(want_)); \
    } while (0)
#define CHECK_OK(code)                                                                 \
    do {                                                                               \
        int code_ = (int)(code);                                                       \
        if (code_ != DD_OK)                                                            \
            dd_test_fail(__FILE__, __LINE__, "%s gave error %d", #code, code_);        \
    } while (0)
/* A folder for this test's files, emptied first; the text is static. */
const char *dd_test_dir(void);
#endif
