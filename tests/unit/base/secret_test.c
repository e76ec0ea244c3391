/* Text that must not be seen. */
#include "base/secret.h"

#include <string.h>

#include "tests/unit/test.h"

TEST(a_secret_is_a_copy)
{
    char      text[] = "hunter2";
    dd_secret s      = dd_secret_new(dd_str_z(text));
    dd_wipe(text, sizeof text);
    CHECK_EQ(text[0], 0, "wiped");
    CHECK_EQ(text[6], 0, "wiped");
    CHECK_STR(dd_secret_reveal(s), "hunter2");
    CHECK_EQ(dd_secret_reveal(s).ptr[7], 0, "NUL behind its end");
    dd_secret_free(&s);
    CHECK(!dd_secret_is(s));
    CHECK_STR(dd_secret_reveal(s), "");
    dd_secret_free(&s);
    dd_secret_free(NULL);
}

TEST(a_buffer_is_taken_without_a_copy_left)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_buf_reserve(&b, 100);
    const char *at = b.ptr;
    for (int i = 0; i < 100; i++)
        dd_buf_addc(&b, 'k');
    CHECK(b.ptr == at);
    dd_secret s = dd_secret_take(&b);
    CHECK(!b.ptr && b.len == 0);
    CHECK_EQ(dd_secret_reveal(s).len, 100, "all of it");
    dd_secret_free(&s);
}

TEST(slow_comparison_compares)
{
    CHECK(dd_equal_slowly("abc", "abc", 3) && dd_equal_slowly("", "", 0));
    CHECK(!dd_equal_slowly("abc", "abd", 3) && !dd_equal_slowly("xbc", "abc", 3));
}

TEST(random_text_uses_the_alphabet_evenly)
{
    enum { N = 620000 };
    static char  text[N + 1];
    const dd_str alphabet = DD_STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    int          count[256] = { 0 };
    dd_random_text(text, N, alphabet);
    CHECK_EQ(strlen(text), N, "no NUL within");
    for (int i = 0; i < N; i++)
        count[(unsigned char)text[i]]++;
    for (size_t i = 0; i < alphabet.len; i++) /* 10,000 expected, deviation 99: bounds of seven; "bytes % 62" would give some 12,110 */
        CHECK(count[(unsigned char)alphabet.ptr[i]] > 9300 && count[(unsigned char)alphabet.ptr[i]] < 10700);
}
