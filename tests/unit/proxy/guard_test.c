/* Error events in relayed streams lose the keys in them; all else keeps its bytes (R1.7). */
#include "proxy/guard.h"

#include <time.h>

#include "tests/unit/test.h"

/* A stand-in for a key. */
static bool clean(void *ctx, dd_str text, dd_buf *out)
{
    ptrdiff_t at = dd_str_findz(text, "SECRET");
    ++*(int *)ctx;
    if (at < 0)
        return false;
    for (; at >= 0; at = dd_str_findz(text, "SECRET")) {
        dd_buf_add(out, dd_str_sub(text, 0, (size_t)at));
        dd_buf_addz(out, "***");
        text = dd_str_sub(text, (size_t)at + 6, text.len);
    }
    dd_buf_add(out, text);
    return true;
}

static const struct { const char *why, *in, *want; } cases[] = {
    { "an ordinary event may say anything", "data: {\"choices\":[{\"delta\":{\"content\":\"error: SECRET\"}}]}\n\n", NULL },
    { "its error member is null", "data: {\"choices\":[],\"error\":null,\"x\":\"SECRET\"}\n\n", NULL },
    { "chat", "data: {\"a\":\"SECRET error\"}\n\ndata: {\"error\":{\"message\":\"no SECRET\"}}\n\ndata: [DONE]\n\n",
      "data: {\"a\":\"SECRET error\"}\n\ndata: {\"error\":{\"message\":\"no ***\"}}\n\ndata: [DONE]\n\n" },
    { "a text as error", "data: {\"error\":\"SECRET\"}\r\n\r\n", "data: {\"error\":\"***\"}\r\n\r\n" },
    { "in a choice", "data: {\"choices\":[{\"error\":{\"message\":\"SECRET\"}}]}\n\n", "data: {\"choices\":[{\"error\":{\"message\":\"***\"}}]}\n\n" },
    { "messages", "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"SECRET\"}}\n\n", "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"***\"}}\n\n" },
    { "responses", "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"message\":\"SECRET\"}}}\n\ndata: {\"type\":\"error\",\"message\":\"SECRET\"}\n\n",
      "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"message\":\"***\"}}}\n\ndata: {\"type\":\"error\",\"message\":\"***\"}\n\n" },
    { "no JSON", "event: error\ndata: key SECRET\n\n", "event: error\ndata: key ***\n\n" },
    { "without the end of its event", "data: {\"error\":{\"message\":\"SECRET\"}}", "data: {\"error\":{\"message\":\"***\"}}" },
    { "CR alone; comments; a second error", ":error SECRET\n\ndata: {\"error\":\"SECRET\"}\r\rdata: 1\r\rdata: {\"error\":\"SECRET\"}\r\r",
      ":error ***\n\ndata: {\"error\":\"***\"}\r\rdata: 1\r\rdata: {\"error\":\"***\"}\r\r" },
};

static void run(const char *why, dd_str in, size_t first, size_t step, dd_str want)
{
    dd_guard g   = { .through = false };
    dd_buf   out = DD_BUF_INIT(0);
    int      calls = 0;
    for (size_t at = 0, to; at < in.len; at = to) {
        to = at + (at == 0 && first ? first : step);
        dd_buf_add(&out, dd_guard_feed(&g, dd_str_sub(in, at, to), clean, &calls));
    }
    dd_buf_add(&out, dd_guard_end(&g, clean, &calls));
    if (!dd_str_eq(dd_buf_str(&out), want))
        dd_test_fail(__FILE__, __LINE__, "%s, cut at %zu and each %zu: " DD_STR_FMT, why, first, step, DD_STR_ARG(dd_str_sub(dd_buf_str(&out), 0, 300)));
    dd_guard_fini(&g);
    dd_buf_free(&out);
}

TEST(error_events_lose_keys_wherever_they_are_cut)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_str in = dd_str_z(cases[i].in), want = dd_str_z(cases[i].want ? cases[i].want : cases[i].in);
        for (size_t k = 1; k <= in.len; k++) {
            run(cases[i].why, in, k, in.len, want);
            run(cases[i].why, in, 0, k, want);
        }
    }
}

TEST(whole_events_are_passed_on_without_a_copy_or_a_look)
{
    dd_guard g     = { .through = false };
    dd_str   in    = DD_STR("data: {\"choices\":[{\"delta\":{\"content\":\"Hi SECRET\"}}]}\n\n");
    int      calls = 0;
    dd_str   out   = dd_guard_feed(&g, in, clean, &calls);
    CHECK(out.ptr == in.ptr && out.len == in.len);
    CHECK_EQ(calls, 0, "only what has the word is looked through");
    dd_guard_fini(&g);
}

TEST(the_word_is_found_wherever_it_stands)
{
    for (size_t before = 0; before < 40; before++)
        for (size_t behind = 0; behind < 40; behind++) {
            dd_guard g     = { .through = false };
            dd_buf   in    = DD_BUF_INIT(0);
            int      calls = 0;
            dd_buf_addz(&in, "event: ");
            for (size_t i = 0; i < before; i++)
                dd_buf_addc(&in, 'r');
            dd_buf_addz(&in, "\ndata: {\"error\":\"SECRET\"");
            for (size_t i = 0; i < behind; i++)
                dd_buf_addc(&in, ' ');
            dd_buf_addz(&in, "}\n\n");
            CHECK(!dd_str_has(dd_guard_feed(&g, dd_buf_str(&in), clean, &calls), "SECRET"));
            dd_guard_fini(&g);
            dd_buf_free(&in);
        }
}

/* Of what waits there is a maximum; what is behind such an event is guarded again. */
TEST(an_event_without_end_goes_through)
{
    enum { LONG = 3 << 20 };
    dd_buf in = DD_BUF_INIT(0);
    dd_buf_addz(&in, "data: {\"error\":\"");
    for (int i = 0; i < LONG; i++)
        dd_buf_addc(&in, 'x');
    dd_buf_addz(&in, "SECRET\"}\n\n");
    size_t giant = in.len;
    dd_buf want = DD_BUF_INIT(0);
    dd_buf_add(&want, dd_buf_str(&in));
    dd_buf_addz(&in, "data: {\"error\":\"SECRET\"}\n\n");
    dd_buf_addz(&want, "data: {\"error\":\"***\"}\n\n");
    for (size_t first = giant - 3; first <= giant + 1; first++) {
        dd_guard g   = { .through = false };
        dd_buf   out = DD_BUF_INIT(0);
        int      calls = 0;
        dd_str   all = dd_buf_str(&in);
        for (size_t at = 0, to; at < all.len; at = to) {
            to = at < first && at + 100000 > first ? first : at + 100000;
            dd_buf_add(&out, dd_guard_feed(&g, dd_str_sub(all, at, to), clean, &calls));
            CHECK(g.held.len <= 1 << 20);
        }
        dd_buf_add(&out, dd_guard_end(&g, clean, &calls));
        CHECK(dd_str_eq(dd_buf_str(&out), dd_buf_str(&want)));
        dd_guard_fini(&g);
        dd_buf_free(&out);
    }
    dd_buf_free(&in);
    dd_buf_free(&want);
}

TEST(a_long_event_in_single_bytes_is_looked_through_once)
{
    enum { LONG = 128 << 10 };
    dd_buf in = DD_BUF_INIT(LONG + 64);
    dd_buf_addz(&in, "data: {\"error\":\"SECRET");
    for (int i = 0; i < LONG; i++)
        dd_buf_addc(&in, 'x');
    dd_buf want = DD_BUF_INIT(LONG + 64);
    dd_buf_addz(&want, "data: {\"error\":\"***");
    dd_buf_add(&want, dd_str_sub(dd_buf_str(&in), sizeof "data: {\"error\":\"SECRET" - 1, in.len));
    dd_buf_addz(&in, "\"}\n\n");
    dd_buf_addz(&want, "\"}\n\n");
    clock_t start = clock();
    run("long", dd_buf_str(&in), 0, 1, dd_buf_str(&want));
    CHECK(clock() - start < 3 * CLOCKS_PER_SEC); /* milliseconds; 10 s when each byte has all before it looked at again */
    dd_buf_free(&in);
    dd_buf_free(&want);
}
