/* Event streams: our vectors and, in `make conformance`, published ones (DD_SSE_VECTORS), cut in every way. R1.2, S10. */
#include "proxy/http/sse.h"

#include "base/jspan.h"
#include "tests/unit/gz.h"
#include "tests/unit/test.h"

/* A broken sequence becomes U+FFFD: once for all its bytes in the vectors, once a byte in ours; so a row of them counts as one. */
static void add_data(dd_buf *out, dd_str data)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_jtext_escape(&b, data);
    for (dd_str rest = dd_buf_str(&b); rest.len; rest = dd_str_sub(rest, 1, rest.len))
        if (!dd_str_startsz(rest, "\xef\xbf\xbd\xef\xbf\xbd"))
            dd_buf_addc(out, rest.ptr[0]);
        else
            rest = dd_str_sub(rest, 2, rest.len);
    dd_buf_free(&b);
}

/* Events as text, so that two lists compare. */
static void note(void *ctx, const dd_sse_event *e)
{
    dd_buf *out = ctx;
    dd_buf_addz(out, "event=");
    dd_jtext_escape(out, e->event);
    dd_buf_addz(out, " data=");
    add_data(out, e->data);
    dd_buf_addz(out, e->id.ptr ? " id=" : "");
    dd_jtext_escape(out, e->id);
    if (e->retry >= 0)
        dd_buf_printf(out, " retry=%lld", (long long)e->retry);
    dd_buf_addc(out, '\n');
}

/* In pieces of `size` bytes, the first one of `first`. */
static bool read_in(dd_str stream, size_t first, size_t size, dd_buf *out)
{
    dd_sse s;
    dd_sse_init(&s, 0);
    for (size_t at = 0, n = first; at < stream.len; at += n, n = size) {
        dd_buf piece = DD_BUF_INIT(0); /* memory of its own: nothing of an old piece may be looked at */
        dd_buf_add(&piece, dd_str_sub(stream, at, at + n));
        CHECK(dd_sse_feed(&s, dd_buf_str(&piece), note, out));
        dd_buf_free(&piece);
    }
    dd_buf_addz(out, "end\n");
    bool pending = dd_sse_finish(&s, note, out);
    dd_sse_fini(&s);
    return pending;
}

static void want_event(const dd_jspan *d, uint32_t e, dd_arena *arena, dd_buf *out)
{
    uint32_t     id = dd_jspan_member(d, e, "id", NULL);
    dd_sse_event want = { dd_jspan_text(d, dd_jspan_member(d, e, "event", NULL), arena), dd_jspan_text(d, dd_jspan_member(d, e, "data", NULL), arena),
                          dd_jspan_text(d, id, arena), -1 };
    if (dd_jspan_kind(d, id) != DD_J_STRING)
        want.id.ptr = NULL;
    dd_jspan_i64(d, dd_jspan_member(d, e, "retry", NULL), &want.retry);
    note(out, &want);
}

static void add_base64(dd_buf *out, dd_str text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t          bits = 0;
    int               n = 0;
    for (size_t i = 0; i < text.len && text.ptr[i] != '='; i++) {
        bits = bits << 6 | (uint32_t)(strchr(letters, text.ptr[i]) - letters);
        n += 6;
        if (n >= 8)
            dd_buf_addc(out, (char)(bits >> (n -= 8)));
    }
}

static void check_row(dd_str row)
{
    dd_arena arena = DD_ARENA_INIT;
    dd_buf   stream = DD_BUF_INIT(0), want = DD_BUF_INIT(0);
    dd_err   err = DD_ERR_INIT;
    dd_jspan d;
    CHECK_OK(dd_jspan_parse(&d, &arena, row, &err));
    const char *name   = dd_arena_dup(&arena, dd_jspan_text(&d, dd_jspan_member(&d, 0, "name", NULL), &arena)).ptr;
    bool        base64 = dd_jspan_is(&d, dd_jspan_member(&d, 0, "encoding", NULL), "base64");
    for (dd_jit it = dd_jspan_each(&d, dd_jspan_member(&d, 0, "chunks", NULL)); dd_jspan_step(&d, &it);) {
        dd_str chunk = dd_jspan_text(&d, it.value, &arena);
        if (base64)
            add_base64(&stream, chunk);
        else
            dd_buf_add(&stream, chunk);
    }
    for (dd_jit it = dd_jspan_each(&d, dd_jspan_member(&d, 0, "events", NULL)); dd_jspan_step(&d, &it);)
        want_event(&d, it.value, &arena, &want);
    dd_buf_addz(&want, "end\n");
    uint32_t pending = dd_jspan_member(&d, 0, "pending", NULL);
    bool     more    = dd_jspan_kind(&d, pending) == DD_J_OBJECT;
    if (more)
        want_event(&d, pending, &arena, &want);

    size_t step = 1 + stream.len / 1500; /* every byte of all but the megabyte ones */
    for (size_t cut = 0; cut <= stream.len; cut += step) {
        dd_buf got = DD_BUF_INIT(0);
        CHECK_EQ(read_in(dd_buf_str(&stream), cut, stream.len + 1, &got), more, name);
        if (!dd_str_eq(dd_buf_str(&got), dd_buf_str(&want)))
            dd_test_fail(__FILE__, __LINE__, "%s, cut at %zu", name, cut);
        dd_buf_free(&got);
    }
    for (size_t size = 1; size < 8; size++) {
        dd_buf got = DD_BUF_INIT(0);
        CHECK_EQ(read_in(dd_buf_str(&stream), size, size, &got), more, name);
        if (!dd_str_eq(dd_buf_str(&got), dd_buf_str(&want)))
            dd_test_fail(__FILE__, __LINE__, "%s, in pieces of %zu", name, size);
        dd_buf_free(&got);
    }
    dd_buf_free(&stream);
    dd_buf_free(&want);
    dd_arena_fini(&arena);
}

TEST(event_streams_cut_anywhere)
{
    const char *path = getenv("DD_SSE_VECTORS");
    dd_buf      text = DD_BUF_INIT(0);
    dd_test_gz(path ? path : "tests/data/sse.jsonl.gz", &text);
    dd_str rest = dd_buf_str(&text);
    size_t rows = 0;
    for (; rest.len; rows++)
        check_row(dd_str_cut(&rest, '\n'));
    CHECK(rows >= 20);
    dd_buf_free(&text);
}

static void count(void *ctx, const dd_sse_event *e)
{
    *(size_t *)ctx += e->data.len;
}

TEST(an_event_has_a_maximum)
{
    static const struct { const char *why, *lines; int repeat; bool fits; } cases[] = {
        { "1,000 bytes in one line fit in 1,100",     "data: 0123456789012345678901234567890123456789\n", 20, true },
        { "data of many lines counts together",       "data: 0123456789012345678901234567890123456789\n", 40, false },
        { "many events have their own maximum each",  "data: 0123456789012345678901234567890123456789\n\n", 400, true },
        { "a line without an end",                    "data0123456789", 100, false },
        { "a comment is not kept",                    ":0123456789", 400, true },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_sse s;
        bool   ok  = true;
        size_t sum = 0;
        dd_sse_init(&s, 1100);
        for (int k = 0; k < cases[i].repeat; k++)
            ok = dd_sse_feed(&s, dd_str_z(cases[i].lines), count, &sum);
        CHECK_EQ(ok, cases[i].fits, cases[i].why);
        CHECK_EQ(dd_sse_feed(&s, DD_STR("\n\n"), count, &sum), cases[i].fits, "dead stays dead");
        CHECK(s.data.cap <= 4096 && s.line.cap <= 4096);
        dd_sse_fini(&s);
    }
}

TEST(an_event_comes_with_its_blank_line)
{
    dd_sse s;
    size_t sum = 0;
    dd_sse_init(&s, 0);
    dd_sse_feed(&s, DD_STR("data: abc\r\r"), count, &sum);
    CHECK_EQ(sum, 3, "S10: a CR that may be followed by LF is not waited for");
    dd_sse_feed(&s, DD_STR("\ndata: de\n"), count, &sum);
    CHECK_EQ(sum, 3, "the LF belonged to the CR");
    dd_sse_feed(&s, DD_STR("\n"), count, &sum);
    CHECK_EQ(sum, 5, "the second event");
    CHECK(!dd_sse_finish(&s, count, &sum));
    dd_sse_fini(&s);
}

TEST(lines_of_any_length_in_one_piece_or_two)
{
    dd_buf text = DD_BUF_INIT(0);
    size_t sum = 0;
    dd_buf_addz(&text, "nothing:");
    dd_buf_pad(&text, 'x', 2000);
    dd_buf_addz(&text, "\ndata: a\n\n");
    for (size_t cut = 0; cut < 1900; cut += 100) {
        dd_sse s;
        dd_sse_init(&s, 1000);
        CHECK(!dd_sse_feed(&s, dd_str_sub(dd_buf_str(&text), 0, cut), count, &sum) || !dd_sse_feed(&s, dd_str_sub(dd_buf_str(&text), cut, text.len),
            count, &sum));
        CHECK_EQ(sum, 0, "a line past the maximum fails, however it came");
        dd_sse_fini(&s);
    }
    dd_buf_free(&text);
}

TEST(marks_and_empty_lines_of_data)
{
    static const struct { const char *in, *data; } rows[] = { { "\xef\xbb\xbf" "data: a\n\n", "a" }, { "data:\ndata: b\n\n", "\nb" }, { "data\n\n",
        "" }, { "data: a\ndata\n\n", "a\n" } };
    for (size_t i = 0; i < DD_COUNT(rows); i++) {
        dd_str in = dd_str_z(rows[i].in);
        for (size_t cut = 0; cut <= in.len; cut++) {
            dd_buf got = DD_BUF_INIT(0), want = DD_BUF_INIT(0);
            CHECK(!read_in(in, cut, in.len, &got));
            note(&want, &(dd_sse_event){ .data = dd_str_z(rows[i].data), .retry = -1 });
            dd_buf_addz(&want, "end\n");
            CHECK_STR(dd_buf_str(&got), dd_buf_z(&want));
            dd_buf_free(&got);
            dd_buf_free(&want);
        }
    }
}

TEST(a_last_event_without_its_blank_line)
{
    static const char *const ends[] = { "data: [DONE]", "data: [DONE]\n", "data: [DONE]\r" };
    for (size_t i = 0; i < DD_COUNT(ends); i++) {
        dd_sse s;
        size_t sum = 0;
        dd_sse_init(&s, 0);
        dd_sse_feed(&s, dd_str_z(ends[i]), count, &sum);
        CHECK(sum == 0 && dd_sse_finish(&s, count, &sum));
        CHECK_EQ(sum, 6, "S10: [DONE] without a blank line");
        dd_sse_fini(&s);
    }
}

TEST(events_as_they_are_written)
{
    dd_buf out = DD_BUF_INIT(0);
    dd_sse_write(&out, "", DD_STR("{}"));
    dd_sse_write(&out, "ping", DD_STR("[DONE]"));
    CHECK_STR(dd_buf_str(&out), "data: {}\n\nevent: ping\ndata: [DONE]\n\n");
    dd_buf_free(&out);
}
