/* Same family: a request's bytes but for what must change, a stream's but for the usage chunk that nobody asked for. R1.2. */
#include "proxy/splice.h"

#include "tests/unit/test.h"

static dd_arena arena;
static dd_err   err;

static const struct { const char *why, *body, *model; bool ask; const char *want; } requests[] = {
    { "nothing changes",                  "{\"model\":\"a\", \"x\":1}", NULL, false, "{\"model\":\"a\", \"x\":1}" },
    { "only the name changes",            "{ \"x\":1e400,\"mod\\u0065l\" : \"a\",\"y\":\"\\ud800\" }", "b\"/c", false,
      "{ \"x\":1e400,\"mod\\u0065l\" : \"b\\\"/c\",\"y\":\"\\ud800\" }" },
    { "no name yet",                      "{}", "m", false, "{\"model\":\"m\"}" },
    { "usage is asked for",               "{\"model\":\"a\",\"stream\":true}", NULL, true,
      "{\"model\":\"a\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
    { "options that are null",            "{\"stream_options\":null}", NULL, true, "{\"stream_options\":{\"include_usage\":true}}" },
    { "other options stay",               "{\"stream_options\":{\"include_obfuscation\":false}}", NULL, true,
      "{\"stream_options\":{\"include_obfuscation\":false,\"include_usage\":true}}" },
    { "no options yet",                   "{\"stream_options\":{}}", NULL, true, "{\"stream_options\":{\"include_usage\":true}}" },
    { "a client that said false",         "{\"stream_options\":{\"include_usage\":false}}", NULL, true,
      "{\"stream_options\":{\"include_usage\":true}}" },
    { "a client that said true",          "{\"stream_options\":{\"include_usage\":true}}", NULL, true,
      "{\"stream_options\":{\"include_usage\":true}}" },
    { "nonsense is the provider's",       "{\"stream_options\":7}", NULL, true, "{\"stream_options\":7}" },
    { "both, and members of members stay", "{\"model\":\"a\",\"n\":{\"model\":1,\"stream_options\":0}}", "b", true,
      "{\"model\":\"b\",\"n\":{\"model\":1,\"stream_options\":0},\"stream_options\":{\"include_usage\":true}}" },
};

TEST(requests_change_where_they_must)
{
    for (size_t i = 0; i < DD_COUNT(requests); i++) {
        dd_jspan  d;
        dd_splice change = { requests[i].model ? dd_str_z(requests[i].model) : DD_STR_NULL, requests[i].ask };
        CHECK_EQ(dd_jspan_parse(&d, &arena, dd_str_z(requests[i].body), &err), DD_OK, requests[i].why);
        CHECK_STR(dd_splice_request(&d, &change, &arena), requests[i].want);
    }
    dd_arena_fini(&arena);
}

#define CHUNK(text) "data: {\"choices\":[{\"delta\":{\"content\":\"" text "\"}}],\"usage\":null}"
#define USAGE       "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3}}"
static const struct { const char *why, *in, *out; } streams[] = {
    { "as OpenAI sends it",             CHUNK("a") "\n\n" CHUNK("b") "\n\n" USAGE "\n\ndata: [DONE]\n\n",
      CHUNK("a") "\n\n" CHUNK("b") "\n\ndata: [DONE]\n\n" },
    { "CRLF",                           CHUNK("a") "\r\n\r\n" USAGE "\r\n\r\ndata: [DONE]\r\n\r\n", CHUNK("a") "\r\n\r\ndata: [DONE]\r\n\r\n" },
    { "CR",                             CHUNK("a") "\r\r" USAGE "\r\rdata: [DONE]\r\r", CHUNK("a") "\r\rdata: [DONE]\r\r" },
    { "a mix",                          CHUNK("a") "\r\n\n" USAGE "\n\r\ndata: [DONE]\r\r\n", CHUNK("a") "\r\n\ndata: [DONE]\r\r\n" },
    { "at the very end",                CHUNK("a") "\n\n" USAGE, CHUNK("a") "\n\n" },
    { "blanks in the JSON",             "data:{ \"usage\" : { } , \"choices\" : [ ] }\n\n" CHUNK("a") "\n\n", CHUNK("a") "\n\n" },
    { "on several lines",               "data: {\"usage\":{},\ndata: \"choices\":\ndata: []}\n\n" CHUNK("a") "\n\n", CHUNK("a") "\n\n" },
    { "a comment in front stays",       ": hello\n" USAGE "\n\n: bye\r\n\r\n", ": hello\n: bye\r\n\r\n" },
    { "a stream that begins with a mark", "\xef\xbb\xbf" USAGE "\n\n" CHUNK("a") "\n\n", CHUNK("a") "\n\n" },
    { "Azure's first chunk stays",      "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n", NULL },
    { "usage that is null stays",       "data: {\"choices\":[],\"usage\":null}\n\n", NULL },
    { "usage beside choices stays",     "data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":3}}\n\n", NULL },
    { "an error stays",                 "data: {\"error\":{\"message\":\"x\"},\"choices\":[],\"usage\":{}}\n\n", NULL },
    { "words in a text are words",      CHUNK("\\\"choices\\\":[],\\\"usage\\\":{}") "\n\n", NULL },
    { "what is no JSON stays",          "data: \"choices\":[] \"usage\":{}\n\n\n\nx\n\n:\n\n", NULL },
    { "an event that never ends stays", CHUNK("a") "\ndata: x", NULL },
};

static dd_str strip(dd_str in, size_t first, size_t size, dd_buf *out)
{
    dd_usage_strip *s = dd_usage_strip_new();
    dd_buf_clear(out);
    for (size_t at = 0, n = first; at < in.len; at += n, n = size) {
        dd_buf piece = DD_BUF_INIT(0);
        dd_buf_add(&piece, dd_str_sub(in, at, at + n));
        dd_usage_strip_feed(s, dd_buf_str(&piece), out);
        dd_buf_free(&piece);
    }
    dd_usage_strip_end(s, out);
    dd_usage_strip_free(s);
    return dd_buf_str(out);
}

TEST(streams_without_the_usage_chunk)
{
    dd_buf out = DD_BUF_INIT(0);
    for (size_t i = 0; i < DD_COUNT(streams); i++) {
        dd_str in = dd_str_z(streams[i].in);
        for (size_t cut = 0; cut <= in.len; cut++)
            CHECK_STR(strip(in, cut, in.len + 1, &out), streams[i].out ? streams[i].out : streams[i].in);
        for (size_t size = 1; size < 9; size++)
            CHECK_STR(strip(in, size, size, &out), streams[i].out ? streams[i].out : streams[i].in);
    }
    dd_buf_free(&out);
}

TEST(streams_are_not_held_back)
{
    dd_usage_strip *s = dd_usage_strip_new();
    dd_buf out = DD_BUF_INIT(0), long_text = DD_BUF_INIT(0);
    dd_usage_strip_feed(s, DD_STR(CHUNK("a") "\n\ndata: {\"cho"), &out);
    CHECK_STR(dd_buf_str(&out), CHUNK("a") "\n\n");
    dd_usage_strip_feed(s, DD_STR("ices\":[]}\r\r"), &out);
    CHECK_STR(dd_buf_str(&out), CHUNK("a") "\n\ndata: {\"choices\":[]}\r\r");
    dd_buf_clear(&out);
    dd_usage_strip_feed(s, DD_STR(": a comm"), &out);
    CHECK_STR(dd_buf_str(&out), ": a comm");
    dd_usage_strip_feed(s, DD_STR("ent\n\n"), &out);
    CHECK_STR(dd_buf_str(&out), ": a comment\n\n");
    dd_buf_pad(&long_text, 'x', 1000);
    dd_usage_strip_feed(s, DD_STR("data: "), &out);
    for (int i = 0; i < 100; i++)
        dd_usage_strip_feed(s, dd_buf_str(&long_text), &out);
    CHECK_EQ(out.len, 13 + 6 + 100 * 1000, "an event of 100 kB goes on before it ends");
    dd_usage_strip_feed(s, DD_STR("\n\n" USAGE "\n\n"), &out);
    CHECK_EQ(out.len, 13 + 6 + 100 * 1000 + 2, "and the one behind it is looked at again");
    dd_usage_strip_free(s);
    dd_usage_strip_free(NULL);
    dd_buf_clear(&long_text);
    dd_buf_addz(&long_text, USAGE "\n:");
    dd_buf_pad(&long_text, 'x', 70000);
    dd_buf_addz(&long_text, "\n\n");
    for (size_t size = 1000; size < 80000; size += 39000)
        CHECK_EQ(strip(dd_buf_str(&long_text), size, size, &out).len, long_text.len, "so long an event is passed on, however it came");
    dd_buf_free(&out);
    dd_buf_free(&long_text);
}
