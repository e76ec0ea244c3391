#include "proxy/http/request.h"

#include "proxy/http/fields.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BLANK = 4, DIRECT_FROM = 16384, DIRECT_STEP = 256 << 10, CHUNK_EXTRA = 16384 };

static dd_request_step refuse(dd_request *r, int status, const char *why)
{
    r->status = status;
    r->why    = why;
    return DD_REQUEST_BAD;
}

/* ---- llhttp's callbacks: remember where things are ---- */

static uint32_t place(const dd_request *r, const char *at) { return (uint32_t)(r->chunk_at + (size_t)(at - r->chunk)); }

static int on_url(llhttp_t *p, const char *at, size_t n)
{
    dd_request *r = p->data;
    if (r->url_len == 0)
        r->url = place(r, at);
    r->url_len += (uint32_t)n;
    return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t n)
{
    dd_request *r = p->data;
    if (r->spans.n == 0 || r->in_value) {
        if (r->spans.n >= r->limits->fields) {
            refuse(r, 431, "too many header fields");
            return HPE_USER;
        }
        dd_avec_push(&r->arena, &r->spans, ((dd_span){ .name = place(r, at) }));
        r->in_value = false;
    }
    r->spans.v[r->spans.n - 1].name_len += (uint32_t)n;
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    dd_request *r = p->data;
    dd_span    *s = &r->spans.v[r->spans.n - 1];
    if (!r->in_value || s->value_len == 0)
        s->value = place(r, at);
    else if (s->value + s->value_len != place(r, at)) {
        refuse(r, 400, "a header field is folded over lines");
        return HPE_USER;
    }
    r->in_value = true;
    s->value_len += (uint32_t)n;
    return 0;
}

static int on_value_complete(llhttp_t *p)
{
    ((dd_request *)p->data)->in_value = true; /* also when it was empty */
    return 0;
}

static int on_head(llhttp_t *p)
{
    ((dd_request *)p->data)->head_done = true;
    return HPE_PAUSED;
}

static llhttp_settings_t settings;
__attribute__((constructor)) static void fill_settings(void)
{
    llhttp_settings_init(&settings);
    settings.on_url                   = on_url;
    settings.on_header_field          = on_field;
    settings.on_header_value          = on_value;
    settings.on_header_value_complete = on_value_complete;
    settings.on_headers_complete      = on_head;
}

/* ---- life ---- */

dd_request *dd_request_new(const dd_request_limits *limits)
{
    dd_arena    a = DD_ARENA_INIT;
    dd_request *r = dd_new(&a, dd_request);
    r->arena      = a;
    r->http.arena = &r->arena;
    r->limits     = limits;
    r->body.max   = limits->body_bytes;
    llhttp_init(&r->parser, HTTP_REQUEST, &settings);
    r->parser.data = r;
    return r;
}

void dd_request_free(dd_request *r)
{
    if (r == NULL)
        return;
    dd_arena a = r->arena;
    dd_coding_free(r->coding);
    dd_body_free(&r->body);
    dd_buf_free(&r->early);
    dd_arena_fini(&a);
}

/* ---- the head, once it is whole ---- */

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

static bool line_end(const char **p, const char *end)
{
    *p = skip_blanks(*p, end);
    if (end - *p < 2 || (*p)[0] != '\r' || (*p)[1] != '\n')
        return false;
    *p += 2;
    return true;
}

/* Between the fields that llhttp named stand a colon, blanks and CRLF, and nothing else. *end: behind the head. */
static bool gaps_are_clean(const dd_request *r, dd_str head, size_t *end)
{
    const char *stop = head.ptr + head.len, *p = head.ptr + r->url + r->url_len;
    if (stop - p < 11 || memcmp(p, " HTTP/1.", 8) != 0 || p[9] != '\r' || p[10] != '\n')
        return false;
    p += 11;
    for (size_t i = 0; i < r->spans.n; i++) {
        const dd_span *s = &r->spans.v[i];
        if (head.ptr + s->name != p || (p += s->name_len) >= stop || *p++ != ':')
            return false;
        p = skip_blanks(p, stop);
        if (s->value_len > 0 && head.ptr + s->value != p)
            return false;
        p += s->value_len;
        if (!line_end(&p, stop))
            return false;
    }
    if (stop - p < 2 || p[0] != '\r' || p[1] != '\n')
        return false;
    *end = (size_t)(p + 2 - head.ptr);
    return true;
}

/* What a second field of the same name would mean is not for us to guess. */
typedef struct { dd_str host, length, transfer, expect, encoding, connection; unsigned hosts, lengths, transfers, encodings; } framing;

static void note_connection(dd_request *r, dd_str value)
{
    r->says_close |= dd_field_lists(value, "close");
    r->keep_alive = !r->says_close && (!r->http_10 || r->keep_alive || dd_field_lists(value, "keep-alive"));
}

/* Fields that say how the request is framed, by their length. Servers that fold "_" to "-" must not see a lookalike (RFC 9112, 11.2): false. */
static bool note(dd_request *r, dd_header h, framing *f)
{
    const char *name = h.name.ptr;
    switch (h.name.len) {
    case 4:
        if (memcmp(name, "host", 4) == 0)
            f->host = h.value, f->hosts++;
        break;
    case 6:
        if (memcmp(name, "expect", 6) == 0)
            f->expect = h.value;
        break;
    case 10:
        if (memcmp(name, "connection", 10) == 0)
            note_connection(r, h.value);
        break;
    case 14:
        if (memcmp(name, "content-length", 14) == 0)
            f->length = h.value, f->lengths++;
        return memcmp(name, "content_length", 14) != 0;
    case 16:
        if (memcmp(name, "content-encoding", 16) == 0)
            f->encoding = h.value, f->encodings++;
        return memcmp(name, "content_encoding", 16) != 0;
    case 17:
        if (memcmp(name, "transfer-encoding", 17) == 0)
            f->transfer = h.value, f->transfers++;
        return memcmp(name, "transfer_encoding", 17) != 0;
    default:
        break;
    }
    return true;
}

static dd_str trim_end(dd_str s)
{
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static bool list_headers(dd_request *r, char *head, framing *f)
{
    bool sound      = true;
    r->http.headers = dd_arena_alloc(&r->arena, (r->spans.n + 1) * sizeof(dd_header));
    for (size_t i = 0; i < r->spans.n && sound; i++) {
        dd_span  *s = &r->spans.v[i];
        dd_header h = { { head + s->name, s->name_len }, trim_end((dd_str){ head + s->value, s->value_len }) };
        sound       = dd_field_name(head + s->name, s->name_len) && dd_field_value(h.value);
        if (sound && note(r, h, f))
            r->http.headers[r->http.n_headers++] = h;
    }
    return sound;
}

static const char *const methods[] = { "POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE" };

static dd_request_step read_line(dd_request *r, const char *head)
{
    dd_http *h    = &r->http;
    dd_str   line = { head, r->url };
    bool     known = false;
    while (line.len > 0 && line.ptr[line.len - 1] == ' ')
        line.len--;
    if (r->url != line.len + 1)
        return refuse(r, 400, "the request line is malformed");
    for (size_t i = 0; i < DD_COUNT(methods) && !known; i++)
        known = dd_str_eqz(line, methods[i]);
    if (!known)
        return refuse(r, 501, "the method is not known here");
    h->method = line;
    h->target = (dd_str){ head + r->url, r->url_len };
    if (!(dd_str_eqz(line, "OPTIONS") && dd_str_eqz(h->target, "*")))
        h->target = dd_target_origin(h->target);
    if (h->target.ptr == NULL)
        return refuse(r, 400, "the request target is not one that can be served");
    h->query = h->target;
    h->path  = dd_str_cut(&h->query, '?');
    return DD_REQUEST_DONE;
}

static dd_request_step read_coding(dd_request *r, const framing *f)
{
    if (f->encodings == 0 || f->encoding.len == 0 || dd_field_is(f->encoding, "identity"))
        return DD_REQUEST_DONE;
    if (f->encodings > 1 || !(r->coding = dd_coding_new(f->encoding)))
        return refuse(r, 415, "the content coding is not known here (gzip, deflate and zstd are)");
    size_t n = 0; /* the application gets a plain body */
    for (size_t i = 0; i < r->http.n_headers; i++)
        if (!dd_str_eqz(r->http.headers[i].name, "content-encoding"))
            r->http.headers[n++] = r->http.headers[i];
    r->http.n_headers = n;
    return DD_REQUEST_DONE;
}

/* How long the body is. Whatever could be read in two ways is refused (RFC 9112, 6.3 and 11.2). */
static dd_request_step read_framing(dd_request *r, const framing *f)
{
    int64_t length = 0;
    if (f->hosts > 1 || (f->hosts == 0 && !r->http_10) || !dd_host(f->host))
        return refuse(r, 400, "there must be one Host field that names a host");
    if (f->transfers > 0) {
        if (f->transfers > 1 || f->lengths > 0 || r->http_10)
            return refuse(r, 400, "Transfer-Encoding is there twice, beside Content-Length or in HTTP/1.0");
        if (!dd_field_is(f->transfer, "chunked"))
            return refuse(r, dd_field_lists(f->transfer, "chunked") ? 400 : 501, "the only transfer coding is chunked");
        r->chunked = true;
        r->chunks  = (dd_chunks){ .extra_max = CHUNK_EXTRA, .size_max = r->limits->body_bytes };
    } else if (f->lengths > 0) {
        if (f->lengths > 1 || f->length.len == 0 || f->length.ptr[0] < '0' || f->length.ptr[0] > '9')
            return refuse(r, 400, "Content-Length is no number or there twice");
        if (!dd_parse_i64(f->length, &length)) {
            for (size_t i = 0; i < f->length.len; i++)
                if (f->length.ptr[i] < '0' || f->length.ptr[i] > '9')
                    return refuse(r, 400, "Content-Length is no number");
            length = INT64_MAX;
        }
        if ((uint64_t)length > r->limits->body_bytes)
            return refuse(r, 413, "the body is larger than this server takes");
    }
    r->left     = (uint64_t)length;
    r->has_body = r->chunked || length > 0;
    if (f->expect.len > 0 && !r->http_10) {
        if (!dd_field_is(f->expect, "100-continue"))
            return refuse(r, 417, "the expectation cannot be met");
        r->expects_continue = r->has_body;
    }
    return read_coding(r, f);
}

static dd_request_step read_head(dd_request *r, char *head)
{
    framing f     = { 0 };
    r->http_10    = r->parser.http_minor == 0;
    r->keep_alive = !r->http_10;
    if (!list_headers(r, head, &f))
        return refuse(r, 400, "a header field holds bytes that may not be there");
    if (read_line(r, head) != DD_REQUEST_DONE || read_framing(r, &f) != DD_REQUEST_DONE)
        return DD_REQUEST_BAD;
    return r->has_body ? DD_REQUEST_MORE : DD_REQUEST_DONE;
}

/* ---- the head, as it comes ---- */

static dd_request_step head_error(dd_request *r, llhttp_errno_t e)
{
    if (r->status)
        return DD_REQUEST_BAD;
    if (e == HPE_INVALID_VERSION || e == HPE_PAUSED_H2_UPGRADE)
        return refuse(r, 505, "the version of HTTP is not one that is spoken here");
    return refuse(r, 400, "the request is malformed");
}

static dd_request_step feed_head(dd_request *r, dd_str in, size_t *used)
{
    size_t had = r->early.len, end = 0, room = r->limits->head_bytes - had;
    dd_str take = dd_str_sub(in, 0, room);
    r->chunk    = take.ptr;
    r->chunk_at = had;
    llhttp_errno_t e = llhttp_execute(&r->parser, take.ptr, take.len);
    if (!r->head_done && e != HPE_OK)
        return head_error(r, e);
    if (!r->head_done && take.len == room)
        return r->url + r->url_len < had + take.len ? refuse(r, 431, "the header section is larger than this server takes")
                                                    : refuse(r, 414, "the request target is too long");
    if (!r->head_done || had > 0)
        dd_buf_add(&r->early, take); /* when done: also what follows the head; gaps_are_clean tells where it ends */
    dd_str head = r->head_done && had == 0 ? take : dd_buf_str(&r->early);
    if (r->url_len > 0 && head.len > r->url + r->url_len && head.ptr[r->url + r->url_len] != ' ')
        return refuse(r, 400, "the request line has no version"); /* HTTP/0.9 */
    if (!r->head_done) {
        *used = take.len;
        return DD_REQUEST_MORE;
    }
    if (r->parser.http_major != 1)
        return refuse(r, 505, "the version of HTTP is not one that is spoken here");
    if (!gaps_are_clean(r, head, &end))
        return refuse(r, 400, "a header line is malformed");
    *used                  = end - had;
    r->http.received_bytes += (int64_t)end;
    return read_head(r, had > 0 ? r->early.ptr : (char *)(uintptr_t)dd_arena_dup(&r->arena, dd_str_sub(head, 0, end)).ptr);
}

/* ---- the body ---- */

static dd_request_step finish(dd_request *r)
{
    if (r->coding && !r->coded_whole)
        return refuse(r, 400, "the encoded body ends too early");
    r->http.body = (dd_str){ r->body.ptr, r->body.len };
    return DD_REQUEST_DONE;
}

static dd_request_step keep(dd_request *r, dd_str piece)
{
    if (piece.len == 0)
        return DD_REQUEST_MORE;
    r->raw_bytes += piece.len;
    if (r->raw_bytes > r->limits->body_bytes) /* gzip members that hold nothing could go on for ever */
        return refuse(r, 413, "the body is larger than this server takes");
    if (r->coding) {
        dd_decode rc   = dd_coding_feed(r->coding, piece, &r->body);
        r->coded_whole = rc == DD_DECODE_DONE;
        if (rc == DD_DECODE_BAD)
            return refuse(r, 400, "the encoded body cannot be decoded");
        return rc == DD_DECODE_LIMIT ? refuse(r, 413, "the decoded body is larger than this server takes") : DD_REQUEST_MORE;
    }
    return dd_body_add(&r->body, piece) ? DD_REQUEST_MORE : refuse(r, 413, "the body is larger than this server takes");
}

static dd_request_step feed_length(dd_request *r, dd_str in, size_t *used)
{
    dd_str piece = dd_str_sub(in, 0, r->left < in.len ? (size_t)r->left : in.len);
    if (r->body.ptr == NULL && !r->coding && r->left <= DIRECT_FROM)
        dd_body_room(&r->body, (size_t)r->left); /* a small one in one piece of its own size */
    *used   = piece.len;
    r->left -= piece.len;
    if (keep(r, piece) == DD_REQUEST_BAD)
        return DD_REQUEST_BAD;
    return r->left == 0 ? finish(r) : DD_REQUEST_MORE;
}

static dd_request_step feed_chunks(dd_request *r, dd_str in, size_t *used)
{
    *used = 0;
    while (*used < in.len) {
        size_t    n = 0;
        dd_str    piece;
        dd_decode rc = dd_chunks_next(&r->chunks, dd_str_sub(in, *used, in.len), &n, &piece);
        *used += n;
        if (rc == DD_DECODE_LIMIT)
            return refuse(r, 413, "a chunk's size, extensions or trailers are too long");
        if (rc == DD_DECODE_BAD)
            return refuse(r, 400, "the chunked body is malformed");
        if (keep(r, piece) == DD_REQUEST_BAD)
            return DD_REQUEST_BAD;
        if (rc == DD_DECODE_DONE)
            return finish(r);
    }
    return DD_REQUEST_MORE;
}

/* ---- all of it ---- */

/* Empty lines in front of a request line are let through, two of them (RFC 9112, 2.2). */
static dd_request_step skip_empty_lines(dd_request *r, dd_str in, size_t *used)
{
    size_t i = 0;
    while (i < in.len && (in.ptr[i] == '\r' || in.ptr[i] == '\n')) {
        if (r->blank >= MAX_BLANK || in.ptr[i] != "\r\n"[r->blank & 1])
            return refuse(r, 400, "there are empty lines in front of the request");
        r->blank++;
        i++;
    }
    *used = i;
    return i < in.len && (r->blank & 1) ? refuse(r, 400, "a line ends without LF") : DD_REQUEST_MORE;
}

dd_request_step dd_request_feed(dd_request *r, dd_str in, size_t *used)
{
    dd_request_step rc = DD_REQUEST_MORE;
    *used              = 0;
    if (!r->head_done && r->early.len == 0)
        rc = skip_empty_lines(r, in, used);
    while (rc == DD_REQUEST_MORE && *used < in.len) {
        size_t n    = 0;
        dd_str rest = dd_str_sub(in, *used, in.len);
        bool   head = !r->head_done;
        rc          = head ? feed_head(r, rest, &n) : r->chunked ? feed_chunks(r, rest, &n) : feed_length(r, rest, &n);
        *used += n;
        if (!head)
            r->http.received_bytes += (int64_t)n;
    }
    return rc;
}

char *dd_request_direct(dd_request *r, size_t *room)
{
    if (!r->head_done || r->chunked || r->coding || r->left < DIRECT_FROM)
        return NULL;
    size_t want = r->left < DIRECT_STEP ? (size_t)r->left : DIRECT_STEP;
    if (r->body.len > want) /* doubles */
        want = r->body.len < r->left ? r->body.len : (size_t)r->left;
    if (!dd_body_room(&r->body, r->body.cap > r->body.len ? 1 : want))
        return NULL;
    size_t have = r->body.cap - r->body.len;
    *room       = have < r->left ? have : (size_t)r->left;
    return r->body.ptr + r->body.len;
}

dd_request_step dd_request_took(dd_request *r, size_t n)
{
    r->body.len += n;
    r->left -= n;
    r->http.received_bytes += (int64_t)n;
    return r->left == 0 ? finish(r) : DD_REQUEST_MORE;
}
