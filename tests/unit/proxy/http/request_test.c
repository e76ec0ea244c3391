/* Requests out of bytes: any pieces, limits, codings. Rules: RFC 9110, 9112, 3986. */
#include "proxy/http/request.h"
#include "proxy/http/fields.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static const dd_request_limits usual = { 65536, 200, 1 << 20 };

typedef struct { dd_request_step step; int status; size_t used; dd_buf text; } outcome;

/* Everything the application would see, as one text. */
static outcome feed(const dd_request_limits *limits, dd_str in, size_t piece)
{
    outcome     o = { DD_REQUEST_MORE, 0, 0, DD_BUF_INIT(0) };
    dd_request *r = dd_request_new(limits);
    while (o.step == DD_REQUEST_MORE && o.used < in.len) {
        size_t used = 0, n = in.len - o.used < piece ? in.len - o.used : piece;
        char  *copy = dd_malloc(n);
        memcpy(copy, in.ptr + o.used, n);
        o.step = dd_request_feed(r, (dd_str){ copy, n }, &used);
        free(copy); /* nothing may point into it */
        o.used += used;
    }
    o.status = r->status;
    if (o.step == DD_REQUEST_DONE) {
        dd_buf_add(&o.text, r->http.method);
        dd_buf_addc(&o.text, ' ');
        dd_buf_add(&o.text, r->http.path);
        dd_buf_addc(&o.text, ' ');
        dd_buf_add(&o.text, r->http.query);
        for (size_t i = 0; i < r->http.n_headers; i++)
            dd_buf_printf(&o.text, "|" DD_STR_FMT "=" DD_STR_FMT, DD_STR_ARG(r->http.headers[i].name), DD_STR_ARG(r->http.headers[i].value));
        dd_buf_addc(&o.text, '#');
        dd_buf_add(&o.text, r->http.body);
    }
    dd_request_free(r);
    return o;
}

static outcome whole(dd_str in) { return feed(&usual, in, SIZE_MAX); }
#define H "Host: a\r\n"

static const struct { const char *why, *in, *want; int status; } cases[] = {
    { "a plain one", "GET /a?b=c HTTP/1.1\r\n" H "\r\n", "GET /a b=c|host=a#", 0 },
    { "names get small, values lose their blanks", "GET / HTTP/1.1\r\nHOST:\t a \t\r\nX-Y:  b c  \r\nZ:\r\n\r\n", "GET / |host=a|x-y=b c|z=#", 0 },
    { "Content-Length", "POST /a HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabcGET", "POST /a |host=a|content-length=3#abc", 0 },
    { "chunked with extension and trailer",
        "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: CHUNKED\r\n\r\n2;x=\"y\"\r\nab\r\n01\r\nc\r\n0\r\nT: v\r\n\r\n",
            "POST /a |host=a|transfer-encoding=CHUNKED#abc", 0 },
    { "an empty chunked body", "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST /a |host=a|transfer-encoding=chunked#",
        0 },
    { "absolute-form is reduced", "GET http://b:80/x?y HTTP/1.1\r\n" H "\r\n", "GET /x y|host=a#", 0 },
    { "absolute-form without path", "GET http://b HTTP/1.1\r\n" H "\r\n", "GET / |host=a#", 0 },
    { "one empty line in front", "\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET / |host=a#", 0 },
    { "OPTIONS *", "OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS * |host=a#", 0 },
    { "a lookalike of a framing field is left out", "GET / HTTP/1.1\r\n" H "Transfer_Encoding: chunked\r\nX_y: 1\r\n\r\n", "GET / |host=a|x_y=1#",
        0 },
    { "GET * is no target", "GET * HTTP/1.1\r\n" H "\r\n", "", 400 },
    { "no Host", "GET / HTTP/1.1\r\n\r\n", "", 400 },
    { "Host twice", "GET / HTTP/1.1\r\n" H H "\r\n", "", 400 },
    { "Host twice in HTTP/1.0", "GET / HTTP/1.0\r\n" H H "\r\n", "", 400 },
    { "lengths and codings", "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "", 400 },
    { "chunks in HTTP/1.0", "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", 400 },
    { "lengths as a list", "POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\nabc", "", 400 },
    { "an unknown transfer coding", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n", "", 501 },
    { "an unknown content coding", "POST / HTTP/1.1\r\n" H "Content-Encoding: br\r\nContent-Length: 1\r\n\r\na", "", 415 },
    { "an unknown expectation", "POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", "", 417 },
    { "a folded field", "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", "", 400 },
    { "a blank before the colon", "GET / HTTP/1.1\r\n" H "X : a\r\n\r\n", "", 400 },
    { "a bare LF", "GET / HTTP/1.1\r\n" H "X: a\nY: b\r\n\r\n", "", 400 },
    { "a bare CR", "GET / HTTP/1.1\r\n" H "X: a\rY: b\r\n\r\n", "", 400 },
    { "DEL in a value", "GET / HTTP/1.1\r\n" H "X: a\177\r\n\r\n", "", 400 },
    { "two blanks in the request line", "GET  / HTTP/1.1\r\n" H "\r\n", "", 400 },
    { "a method of WebDAV", "PROPFIND / HTTP/1.1\r\n" H "\r\n", "", 501 },
    { "TRACE would show credentials", "TRACE / HTTP/1.1\r\n" H "\r\n", "", 501 },
    { "HTTP/2 spoken plainly", "GET / HTTP/2.0\r\n" H "\r\n", "", 505 },
    { "a body past the limit is refused by its length", "POST / HTTP/1.1\r\n" H "Content-Length: 1048577\r\n\r\n", "", 413 },
    { "a chunk past the limit is refused by its size", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n100001\r\na", "", 413 },
    { "a size in sixteen digits", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0000000000000001\r\na", "", 413 },
    { "a blank behind the size", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0 ;x\r\n\r\n",
        "POST / |host=a|transfer-encoding=chunked#a", 0 },
    { "a word behind the size", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1 x\r\na\r\n0\r\n\r\n", "", 400 },
    { "a chunk's data ends in CRLF", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", "", 400 },
    { "a trailer without colon", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\nx\r\n\r\n", "", 400 },
};

TEST(requests_are_read_as_the_rfcs_say)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        outcome o = whole(dd_str_z(cases[i].in));
        CHECK_EQ(o.step, cases[i].status ? DD_REQUEST_BAD : DD_REQUEST_DONE, cases[i].why);
        CHECK_EQ(o.status, cases[i].status, cases[i].why);
        CHECK_STR(dd_buf_str(&o.text), cases[i].want);
        dd_buf_free(&o.text);
    }
}

TEST(requests_are_the_same_in_any_pieces)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_str  in  = dd_str_z(cases[i].in);
        outcome all = whole(in);
        for (size_t piece = 1; piece < in.len; piece++) {
            outcome o = feed(&usual, in, piece);
            CHECK_EQ(o.status, all.status, cases[i].why);
            CHECK_STR(dd_buf_str(&o.text), dd_buf_z(&all.text));
            if (all.step == DD_REQUEST_DONE)
                CHECK_EQ(o.used, all.used, cases[i].why);
            dd_buf_free(&o.text);
        }
        dd_buf_free(&all.text);
    }
}

static int status_of(const dd_request_limits *limits, dd_buf *in, size_t piece)
{
    outcome o = feed(limits, dd_buf_str(in), piece);
    int     s = o.step == DD_REQUEST_DONE ? 200 : o.status;
    dd_buf_free(&o.text);
    dd_buf_clear(in);
    return s;
}

TEST(requests_meet_limits)
{
    dd_request_limits small = { 1000, 5, 100 };
    dd_buf            in    = DD_BUF_INIT(0);
    for (int piece = 1; piece < 3000; piece += 2998) {
        dd_buf_addz(&in, "GET /");
        dd_buf_pad(&in, 'a', 2000);
        CHECK_EQ(status_of(&small, &in, (size_t)piece), 414, "a target past the head's limit");
        dd_buf_addz(&in, "GET / HTTP/1.1\r\n" H "X: ");
        dd_buf_pad(&in, 'a', 2000);
        CHECK_EQ(status_of(&small, &in, (size_t)piece), 431, "a field past the head's limit");
        dd_buf_addz(&in, "GET / HTTP/1.1\r\n" H "a: b\r\nc: d\r\ne: f\r\ng: h\r\n\r\n");
        CHECK_EQ(status_of(&small, &in, (size_t)piece), 200, "five fields of five");
        dd_buf_addz(&in, "GET / HTTP/1.1\r\n" H "a: b\r\nc: d\r\ne: f\r\ng: h\r\ni: j\r\n\r\n");
        CHECK_EQ(status_of(&small, &in, (size_t)piece), 431, "six fields of five");
        dd_buf_addz(&in, "POST / HTTP/1.1\r\n" H "Content-Length: 100\r\n\r\n");
        dd_buf_pad(&in, 'a', 100);
        CHECK_EQ(status_of(&small, &in, (size_t)piece), 200, "a body of all that is allowed");
        dd_buf_addz(&in, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 100; i++)
            dd_buf_addz(&in, "1\r\na\r\n");
        dd_buf_addz(&in, "0\r\n\r\n");
        CHECK_EQ(status_of(&small, &in, (size_t)piece), 200, "the same in chunks");
        dd_buf_addz(&in, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n32\r\n");
        dd_buf_pad(&in, 'a', 50);
        dd_buf_addz(&in, "\r\n33\r\n");
        dd_buf_pad(&in, 'a', 51);
        dd_buf_addz(&in, "\r\n0\r\n\r\n");
        CHECK_EQ(status_of(&small, &in, (size_t)piece), 413, "a byte more, in chunks");
        dd_buf_addz(&in, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1;");
        dd_buf_pad(&in, 'a', 20000);
        CHECK_EQ(status_of(&small, &in, (size_t)piece), 413, "extensions without end");
    }
    dd_buf_free(&in);
}

/* ---- codings ---- */

enum { BARE = -15, ZLIB = 15, GZIP = 31 };
static void zlib_add(dd_buf *out, dd_str text, int window)
{
    z_stream z = { 0 };
    deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
    size_t room  = deflateBound(&z, text.len);
    char  *bytes = dd_malloc(room);
    z.next_in    = (Bytef *)(uintptr_t)text.ptr;
    z.avail_in   = (uInt)text.len;
    z.next_out   = (Bytef *)bytes;
    z.avail_out  = (uInt)room;
    deflate(&z, Z_FINISH);
    dd_buf_add(out, (dd_str){ bytes, z.total_out });
    deflateEnd(&z);
    free(bytes);
}

static void zstd_add(dd_buf *out, dd_str text)
{
    size_t room  = ZSTD_compressBound(text.len);
    char  *bytes = dd_malloc(room);
    dd_buf_add(out, (dd_str){ bytes, ZSTD_compress(bytes, room, text.ptr, text.len, 3) });
    free(bytes);
}

static void wrap(dd_buf *in, const char *coding, dd_buf *body)
{
    dd_buf_printf(in, "POST / HTTP/1.1\r\n" H "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding, body->len);
    dd_buf_add(in, dd_buf_str(body));
    dd_buf_clear(body);
}

TEST(bodies_are_decoded)
{
    static const struct { const char *coding; int window; } ways[] = { { "gzip", GZIP }, { "X-GZIP", GZIP }, { "deflate", ZLIB },
                                                                       { "deflate", BARE }, { "zstd", 0 } };
    dd_buf text = DD_BUF_INIT(0), body = DD_BUF_INIT(0), in = DD_BUF_INIT(0), want = DD_BUF_INIT(0);
    for (int i = 0; i < 5000; i++)
        dd_buf_printf(&text, "line %d of a text\n", i * 7919);
    for (size_t w = 0; w < DD_COUNT(ways); w++)
        for (size_t piece = 1; piece < 1 << 20; piece = piece * 37 + 1) {
            dd_str t = dd_buf_str(&text);
            ways[w].window ? zlib_add(&body, t, ways[w].window) : zstd_add(&body, t);
            dd_buf_clear(&want);
            dd_buf_printf(&want, "POST / |host=a|content-length=%zu#", body.len); /* the application is not told of the coding */
            dd_buf_add(&want, t);
            wrap(&in, ways[w].coding, &body);
            outcome o = feed(&usual, dd_buf_str(&in), piece);
            CHECK_EQ(o.step, DD_REQUEST_DONE, ways[w].coding);
            CHECK(dd_str_eq(dd_buf_str(&o.text), dd_buf_str(&want)));
            dd_buf_free(&o.text);
            dd_buf_clear(&in);
        }
    dd_buf_free(&text), dd_buf_free(&body), dd_buf_free(&in), dd_buf_free(&want);
}

TEST(bombs_are_refused)
{
    dd_buf text = DD_BUF_INIT(0), body = DD_BUF_INIT(0), in = DD_BUF_INIT(0);
    for (int over = 0; over < 2; over++) {
        dd_buf_clear(&text);
        dd_buf_pad(&text, 'a', usual.body_bytes + (size_t)over);
        zlib_add(&body, dd_buf_str(&text), GZIP);
        wrap(&in, "gzip", &body);
        CHECK_EQ(status_of(&usual, &in, SIZE_MAX), over ? 413 : 200, "gzip to the limit and past it");
        zstd_add(&body, dd_buf_str(&text));
        wrap(&in, "zstd", &body);
        CHECK_EQ(status_of(&usual, &in, 100), over ? 413 : 200, "zstd to the limit and past it");
    }
    dd_buf_pad(&text, 'a', 64 << 20);
    zlib_add(&body, dd_buf_str(&text), GZIP);
    wrap(&in, "gzip", &body);
    CHECK_EQ(status_of(&usual, &in, SIZE_MAX), 413, "64 MiB in 64 kB");
    dd_buf_addz(&in, "POST / HTTP/1.1\r\n" H "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
    zlib_add(&body, DD_STR(""), GZIP);
    for (size_t i = 0; i < usual.body_bytes / body.len + 2; i++) {
        dd_buf_printf(&in, "%zx\r\n", body.len);
        dd_buf_add(&in, dd_buf_str(&body));
        dd_buf_addz(&in, "\r\n");
    }
    CHECK_EQ(status_of(&usual, &in, 70000), 413, "members that hold nothing, without end");
    dd_buf_free(&text), dd_buf_free(&body), dd_buf_free(&in);
}

TEST(broken_codings_are_refused)
{
    dd_buf body = DD_BUF_INIT(0), in = DD_BUF_INIT(0);
    zlib_add(&body, DD_STR("some text"), GZIP);
    body.len -= 3;
    wrap(&in, "gzip", &body);
    CHECK_EQ(status_of(&usual, &in, SIZE_MAX), 400, "gzip cut off");
    zstd_add(&body, DD_STR("some text"));
    body.len -= 1;
    wrap(&in, "zstd", &body);
    CHECK_EQ(status_of(&usual, &in, SIZE_MAX), 400, "zstd cut off");
    dd_buf_addz(&body, "{\"model\":\"m\"}");
    wrap(&in, "gzip", &body);
    CHECK_EQ(status_of(&usual, &in, SIZE_MAX), 400, "no gzip at all");
    zlib_add(&body, DD_STR("some text"), GZIP);
    dd_buf_addz(&body, "and more");
    wrap(&in, "gzip", &body);
    CHECK_EQ(status_of(&usual, &in, SIZE_MAX), 400, "something behind the end");
    zlib_add(&body, DD_STR("some "), GZIP);
    zlib_add(&body, DD_STR("text"), GZIP);
    wrap(&in, "gzip", &body);
    outcome o = feed(&usual, dd_buf_str(&in), 7);
    CHECK(dd_str_endsz(dd_buf_str(&o.text), "#some text")); /* two members are one text (RFC 1952, 2.2) */
    dd_buf_free(&o.text), dd_buf_free(&body), dd_buf_free(&in);
}

/* ---- characters ---- */

TEST(targets_are_plain_or_refused)
{
    static const struct { const char *in, *want; } t[] = {
        { "/a.b/..c/...", "/a.b/..c/..." }, { "/a%2Fb", "/a%2Fb" }, { "HTTPS://x/y", "/y" }, { "/?..", "/?.." }, { "/a/./b", NULL }, { "/..", NULL },
            { "/a/%2e%2E/b", NULL },
        { "/a%2f..%2fb", NULL }, { "/a%00", NULL }, { "/a\\b", NULL }, { "/a#b", NULL }, { "/a b", NULL }, { "/\303\251", NULL }, { "a", NULL },
            { "", NULL }, { "ftp://x/", NULL },
        { "http:///a", NULL }, { "http://u@h/a", NULL }, { "http://:80/a", NULL },
    };
    for (size_t i = 0; i < DD_COUNT(t); i++) {
        dd_str got = dd_target_origin(dd_str_z(t[i].in));
        CHECK_EQ(got.ptr != NULL, t[i].want != NULL, t[i].in);
        if (t[i].want)
            CHECK_STR(got, t[i].want);
    }
}

TEST(hosts_are_hosts)
{
    static const char *const good[] = { "", "a", "a.b:80", "127.0.0.1", "[::1]", "[::1]:4000", "a:" };
    static const char *const bad[]  = { "a/b", "a b", "a:b", "a:99999", "[::1", "[x]", "u@h", "a:80:80", "[::1]x" };
    for (size_t i = 0; i < DD_COUNT(good); i++)
        CHECK_EQ(dd_host(dd_str_z(good[i])), true, good[i]);
    for (size_t i = 0; i < DD_COUNT(bad); i++)
        CHECK_EQ(dd_host(dd_str_z(bad[i])), false, bad[i]);
}

/* Eight bytes are looked at together: a bad one must be found wherever it stands among good ones, and no good one be taken for it. */
TEST(a_bad_byte_of_a_header_value_is_found_wherever_it_stands)
{
    char value[40];
    for (size_t len = 1; len <= sizeof value; len++)
        for (size_t at = 0; at < len; at++)
            for (int c = 0; c < 256; c++) {
                bool good = c == '\t' || (c >= 0x20 && c != 0x7f);   /* RFC 9110, 5.5 */
                memset(value, c & 1 ? 'a' : 0xff, len);
                value[at] = (char)c;
                if (dd_field_value((dd_str){ value, len }) != good)
                    CHECK_EQ(c, -1, "byte, at its place");
            }
}
