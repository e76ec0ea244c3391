/* Counts that are remembered are those of dd_tokens_model, whatever was counted before. */
#include "proxy/count.h"

#include <string.h>

#include "route/tokens.h"
#include "tests/unit/test.h"

static uint64_t next(uint64_t *s) { return *s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); }

/* A JSON string of words, numbers and escapes. */
static dd_str any_string(uint64_t *s, size_t bytes, char *out)
{
    static const char *const pieces[] = { "the ", "budget ", "12345", "\\n", "\\u00e9", "\\\"", "{}();", "zq", "  ", "\xe4\xb8\xad" };
    size_t n = 0;
    out[n++] = '"';
    while (n < bytes) {
        dd_str piece = dd_str_z(pieces[(next(s) >> 33) % DD_COUNT(pieces)]);
        memcpy(out + n, piece.ptr, piece.len);
        n += piece.len;
    }
    out[n++] = '"';
    return (dd_str){ out, n };
}

static int64_t count(dd_counts *c, dd_str tag, dd_str json, int64_t *plain)
{
    dd_arena a = DD_ARENA_INIT;
    dd_jspan d;
    dd_err   err = DD_ERR_INIT;
    CHECK_OK(dd_jspan_parse(&d, &a, json, &err));
    *plain    = dd_tokens_model(tag, dd_jspan_text(&d, 0, &a), NULL);
    int64_t n = dd_counts_string(c, tag, &d, 0, &a);
    dd_arena_fini(&a);
    return n;
}

TEST(what_was_counted_before_counts_the_same)
{
    static const char *const tags[] = { "o200k_base", "cl100k_base", "claude-4.7" };
    static char text[2400];
    dd_counts  *c = dd_counts_new();
    for (int round = 0; round < 3; round++) {
        uint64_t s = 5;                  /* the same strings in each round */
        for (int i = 0; i < 600; i++) {
            dd_str  json = any_string(&s, 1 + (next(&s) >> 33) % 2200, text);
            dd_str  tag  = dd_str_z(tags[i % (int)DD_COUNT(tags)]);
            int64_t plain, n = count(c, tag, json, &plain);
            CHECK_EQ(n, plain, "as counted anew");
        }
    }
    dd_counts_free(c);
}

TEST(texts_that_differ_in_a_byte_are_counted_each)
{
    static char text[602];
    dd_counts  *c = dd_counts_new();
    memset(text, 'a', sizeof text);
    text[0] = text[sizeof text - 1] = '"';
    for (size_t i = 1; i < sizeof text - 1; i++) {
        int64_t plain, n;
        text[i] = ' ';
        n = count(c, DD_STR("o200k_base"), (dd_str){ text, sizeof text }, &plain);
        CHECK_EQ(n, plain, "not another's");
        text[i] = 'a';
    }
    dd_counts_free(c);
}
