/* base/str.h, arena.h, map.h, time.h: the ground everything stands on. */
#include "base/arena.h"
#include "base/map.h"
#include "base/near.h"
#include "base/time.h"
#include "tests/unit/test.h"

#include <string.h>

TEST(cut_find_trim)
{
    dd_str rest = DD_STR("a,b,,c");
    CHECK_STR(dd_str_cut(&rest, ','), "a");
    CHECK_STR(dd_str_cut(&rest, ','), "b");
    CHECK_STR(dd_str_cut(&rest, ','), "");
    CHECK_STR(dd_str_cut(&rest, ','), "c");
    CHECK_EQ(rest.len, 0, "nothing is left");
    CHECK_EQ(dd_str_findz(DD_STR("abcabc"), "ca"), 2, "first match");
    CHECK_EQ(dd_str_findz(DD_STR("abc"), "x"), -1, "no match");
    CHECK_EQ(dd_str_findz(DD_STR_NULL, "x"), -1, "nothing to look in");
    CHECK_EQ(dd_str_rchr(DD_STR("a/b/c"), '/'), 3, "last");
    CHECK_STR(dd_str_trim(DD_STR(" \t a b\r\n")), "a b");
    CHECK_STR(dd_str_sub(DD_STR("abc"), 2, 99), "c");
    CHECK_EQ(dd_str_sub(DD_STR("abc"), 5, 1).len, 0, "clamped");
}

TEST(whole_numbers_in_range)
{
    static const struct { const char *text; bool ok; int64_t want; } cases[] = {
        { "0", true, 0 }, { "-1", true, -1 }, { "+7", true, 7 }, { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN }, { "9223372036854775808", false, 0 }, { "", false, 0 }, { "-", false, 0 },
        { "1x", false, 0 }, { " 1", false, 0 }, { "99999999999999999999", false, 0 },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        int64_t got = 42;
        bool    ok  = dd_parse_i64(dd_str_z(cases[i].text), &got);
        CHECK_EQ(ok, cases[i].ok, cases[i].text);
        if (ok)
            CHECK_EQ(got, cases[i].want, cases[i].text);
    }
}

TEST(utf8_by_the_letter_of_rfc3629)
{
    CHECK(dd_utf8_valid(DD_STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
    CHECK(!dd_utf8_valid(DD_STR("\xc0\xaf")));             /* overlong */
    CHECK(!dd_utf8_valid(DD_STR("\xed\xa0\x80")));         /* surrogate */
    CHECK(!dd_utf8_valid(DD_STR("\xf4\x90\x80\x80")));     /* past U+10FFFF */
    CHECK(!dd_utf8_valid(DD_STR("\xe2\x82")));             /* cut */
    size_t at = 0;
    CHECK_EQ(dd_utf8_next(DD_STR("\xe2\x82\xac!"), &at), 0x20ac, "euro");
    CHECK_EQ(at, 3, "three bytes");
    at = 0;
    CHECK_EQ(dd_utf8_next(DD_STR("\xff!"), &at), 0xfffd, "broken byte");
    CHECK_EQ(at, 1, "one byte on");
}

TEST(columns_of_a_terminal)
{
    CHECK_EQ(dd_utf8_width(DD_STR("abc")), 3, "ASCII");
    CHECK_EQ(dd_utf8_width(DD_STR("\xe6\x97\xa5\xe6\x9c\xac")), 4, "CJK is two wide");
    CHECK_EQ(dd_utf8_width(DD_STR("e\xcc\x81")), 1, "a combining mark is none");
    CHECK_EQ(dd_utf8_width(DD_STR("\xf0\x9f\x98\x80")), 2, "emoji");
}

TEST(edit_distance_is_bounded)
{
    CHECK_EQ(dd_str_distance(DD_STR("scna"), DD_STR("scan"), 3), 1, "a swap of neighbours is one edit");
    CHECK_EQ(dd_str_distance(DD_STR("kitten"), DD_STR("sitting"), 3), 3, "two replaced, one added");
    CHECK_EQ(dd_str_distance(DD_STR("ca"), DD_STR("abc"), 3), 3, "what was swapped is not edited again");
    CHECK_EQ(dd_str_distance(DD_STR("Scan"), DD_STR("scan"), 3), 0, "case is folded");
    CHECK_EQ(dd_str_distance(DD_STR("abc"), DD_STR("xyzuvw"), 2), 3, "past the bound: bound + 1");
}

TEST(near_names_are_told_and_far_ones_are_not)
{
    static const struct { const char *why; dd_str asked, name; size_t want; } cases[] = {
        { "one of three letters",                   DD_STR("cst"),        DD_STR("cost"),        1 },
        { "a swap",                                 DD_STR("modle"),      DD_STR("model"),       1 },
        { "two of five",                            DD_STR("latnc"),      DD_STR("latency"),     2 },
        { "\"id\" is not meant by \"foo\"",         DD_STR("foo"),        DD_STR("id"),          DD_NEAR_NONE },
        { "two of four are half of it",             DD_STR("tema"),       DD_STR("time"),        DD_NEAR_NONE },
        { "two letters are too few to tell",        DD_STR("xd"),         DD_STR("id"),          DD_NEAR_NONE },
        { "never more than three",                  DD_STR("abcdefghijk"), DD_STR("abcdefgwxyz"), DD_NEAR_NONE },
        { "nothing is near to nothing",             DD_STR(""),           DD_STR("id"),          DD_NEAR_NONE },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        CHECK_EQ(dd_near_distance(cases[i].asked, cases[i].name), cases[i].want, cases[i].why);
    dd_err  err = DD_ERR_INIT;
    dd_near n   = { .asked = DD_STR("modell") };
    CHECK(!dd_near_hint(&n, &err) && !err.hint[0]);
    dd_near_look(&n, DD_STR("mode"));
    dd_near_look(&n, DD_STR("model"));
    dd_near_look(&n, DD_STR("models"));
    CHECK(dd_near_hint(&n, &err));
    CHECK_STR(dd_str_z(err.hint), "Did you mean \"model\"?");
}

TEST(buffers_grow_to_their_maximum_and_say_so)
{
    dd_buf b = DD_BUF_INIT(5);
    dd_buf_addz(&b, "abc");
    CHECK(!b.over);
    dd_buf_addz(&b, "def");
    CHECK(b.over);
    CHECK_STR(dd_buf_str(&b), "abcde");
    dd_buf_clear(&b);
    dd_buf_printf(&b, "%d", 42);
    CHECK_STR(dd_buf_str(&b), "42");
    CHECK_EQ(strlen(dd_buf_z(&b)), 2, "NUL-terminated");
    dd_buf_free(&b);
    dd_buf big = DD_BUF_INIT(0);
    dd_buf_printf(&big, "%0400d", 7); /* longer than the small buffer inside */
    CHECK_EQ(big.len, 400, "formatted whole");
    dd_buf_free(&big);
}

TEST(arena_pieces_are_apart_and_aligned)
{
    dd_arena a = DD_ARENA_INIT;
    char    *last = NULL;
    for (int i = 0; i < 2000; i++) {
        char *p = dd_arena_zalloc(&a, (size_t)(i * 7 % 5000) + 1);
        CHECK(((uintptr_t)p & 15) == 0);
        CHECK(p != last);
        memset(p, 0xee, (size_t)(i * 7 % 5000) + 1);
        last = p;
    }
    dd_str s = dd_arena_printf(&a, "%s-%d", "x", 12);
    CHECK_STR(s, "x-12");
    CHECK_EQ(s.ptr[s.len], 0, "NUL behind");
    struct { int *v; size_t n, cap; } list = { 0 };
    for (int i = 0; i < 100; i++)
        dd_avec_push(&a, &list, i * i);
    CHECK_EQ(list.v[99], 9801, "grown inside the arena");
    dd_arena_fini(&a);
    CHECK_EQ(a.used, 0, "empty");
    dd_arena_fini(&a);
}

TEST(map_keeps_what_was_put)
{
    dd_map   m = DD_MAP_INIT;
    dd_arena a = DD_ARENA_INIT;
    for (intptr_t i = 0; i < 5000; i++)
        CHECK(dd_map_put(&m, dd_arena_printf(&a, "key%ld", (long)i), (void *)(i + 1)) == NULL);
    CHECK_EQ(m.n, 5000, "all are there");
    for (intptr_t i = 0; i < 5000; i += 97) {
        char key[32];
        snprintf(key, sizeof key, "key%ld", (long)i);
        CHECK_EQ((intptr_t)dd_map_get(&m, dd_str_z(key)), i + 1, key);
    }
    CHECK(!dd_map_has(&m, DD_STR("other")));
    CHECK_EQ((intptr_t)dd_map_put(&m, DD_STR("key1"), NULL), 2, "the old value comes back");
    CHECK(dd_map_has(&m, DD_STR("key1")));
    dd_map_put(&m, DD_STR(""), &m);
    CHECK(dd_map_get(&m, DD_STR_NULL) == &m);
    dd_map_free(&m);
    CHECK(dd_map_get(&m, DD_STR("key2")) == NULL);
    dd_arena_fini(&a);
}

TEST(days_and_dates_agree)
{
    char   text[11];
    dd_day day;
    CHECK(dd_day_parse(DD_STR("1970-01-01"), &day));
    CHECK_EQ(day, 0, "the epoch");
    CHECK(dd_day_parse(DD_STR("2026-11-20T08:00:00Z"), &day));
    CHECK_EQ(day, 20777, "20,777 days of 86,400 s are 1,795,132,800 s");
    dd_day_format(day, text);
    CHECK_STR(dd_str_z(text), "2026-11-20");
    static const struct { const char *why, *day; int later; const char *want; } months[] = {
        { "its own",                  "2026-11-20", 0,   "2026-11-01" }, { "over the year's end",  "2026-11-20", 2,   "2027-01-01" },
        { "back over its beginning",  "2026-01-31", -1,  "2025-12-01" }, { "a year back",          "2024-02-29", -12, "2023-02-01" },
        { "thirty years on",          "2026-03-01", 360, "2056-03-01" },
    };
    for (size_t i = 0; i < DD_COUNT(months); i++) {
        CHECK(dd_day_parse(dd_str_z(months[i].day), &day));
        dd_day_format(dd_day_month(day, months[i].later), text);
        CHECK(strcmp(text, months[i].want) == 0);
    }
    CHECK(dd_day_parse(DD_STR("2024-02-29"), &day));
    CHECK(!dd_day_parse(DD_STR("2026-02-29"), &day));
    CHECK(!dd_day_parse(DD_STR("2026-13-01"), &day));
    CHECK(!dd_day_parse(DD_STR("2026-1-01"), &day));
    CHECK(!dd_day_parse(DD_STR("2026-01-01x"), &day));
    for (dd_day d = -1000; d < 60000; d += 13) {
        dd_day back;
        dd_day_format(d, text);
        CHECK(dd_day_parse(dd_str_z(text), &back) && back == d);
    }
    dd_day_format(INT32_MAX, text); /* a damaged record may say so */
    CHECK_EQ(strlen(text), 10, "a day past all years has a date's length");
    CHECK(dd_str_startsz(dd_str_z(text), "9999-"));
    CHECK_EQ(dd_day_monday(20777), 20773, "2026-11-20 is a Friday");
    CHECK_EQ(dd_day_monday(20773), 20773, "a Monday is its own");
    CHECK_EQ(dd_day_monday(0), -3, "1970-01-01 was a Thursday");
    CHECK_EQ(dd_day_monday(-4), -10, "a Sunday before the epoch");
    CHECK_EQ(dd_day_of((dd_wall){ 1795132800 }), 20777, "wall time to day");
    CHECK_EQ(dd_day_of((dd_wall){ -1 }), -1, "before the epoch");
}

static const struct { const char *glob, *text; bool fits; } globs[] = {
    { "gpt-4o", "gpt-4o", true },         { "gpt-4o", "gpt-4o-mini", false },    { "gpt-4o*", "gpt-4o-mini", true },     { "GPT-4O", "gpt-4o", true },
    { "*", "", true },                    { "", "", true },                      { "", "a", false },                     { "?", "", false },
    { "openai/*", "openai/gpt-4o", true },{ "openai/*", "azure/gpt-4o", false }, { "*/gpt-4o", "openrouter/openai/gpt-4o", true },
    { "a*b*c", "aXbXbXc", true },         { "a*b*c", "aXbXbX", false },          { "*mini", "gpt-4o-mini-mini", true },  { "gpt-?", "gpt-5", true },
};

TEST(globs_of_models) /* R1.5, pains of allow-lists: an exact name is exact */
{
    for (size_t i = 0; i < DD_COUNT(globs); i++)
        CHECK_EQ(dd_str_glob(dd_str_z(globs[i].glob), dd_str_z(globs[i].text), true), globs[i].fits, globs[i].glob);
    char stars[200];
    memset(stars, '*', sizeof stars);
    for (size_t i = 1; i < sizeof stars; i += 2)
        stars[i] = 'a';
    char as[4000];
    memset(as, 'a', sizeof as); /* would take 2^100 steps if each star were tried anew */
    CHECK(!dd_str_glob((dd_str){ stars, sizeof stars }, (dd_str){ "b", 1 }, false));
    as[sizeof as - 1] = 'b';
    CHECK(!dd_str_glob((dd_str){ stars, sizeof stars }, (dd_str){ as, sizeof as }, true));
    CHECK(!dd_str_glob(DD_STR("GPT-4O"), DD_STR("gpt-4o"), false));
}

TEST(a_mix_tells_texts_apart_that_differ_in_a_byte_or_in_length)
{
    char     text[600];
    uint64_t seen[sizeof text];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof text; i++) {
        dd_str whole = { text, sizeof text }, front = { text, i };
        CHECK(dd_str_mix(front, 7) != dd_str_mix(whole, 7));
        text[i] = 'b';
        seen[i] = dd_str_mix(whole, 7);
        text[i] = 'a';
        CHECK(seen[i] != dd_str_mix(whole, 7));
        for (size_t k = 0; k < i; k++)
            CHECK(seen[k] != seen[i]);
    }
    CHECK(dd_str_mix(DD_STR("ab"), 7) != dd_str_mix((dd_str){ "ab\0", 3 }, 7));
    CHECK(dd_str_mix(DD_STR("ab"), 7) != dd_str_mix(DD_STR("ab"), 8));
    CHECK(dd_str_mix(DD_STR(""), 7) == dd_str_mix(DD_STR_NULL, 7));
}
