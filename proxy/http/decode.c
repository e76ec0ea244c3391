/* proxy/http/decode.c - the decoders' bodies. What they allocate is bounded: zlib 32 kB, zstd a window of 8 MiB (RFC 8878, 3.1.1.1.2). */
#include "proxy/http/decode.h"

#include "proxy/http/fields.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* ---- bodies ---- */

bool dd_body_room(dd_body *b, size_t n)
{
    size_t left = b->max - b->len;
    if (n > left)
        n = left;
    if (n == 0)
        return false;
    if (b->cap - b->len < n) {
        size_t cap = b->cap ? b->cap * 2 : n < 256 ? 256 : n;
        while (cap - b->len < n)
            cap *= 2;
        if (cap > b->max)
            cap = b->max;
        b->ptr = dd_realloc(b->ptr, cap);
        b->cap = cap;
    }
    return true;
}

bool dd_body_add(dd_body *b, dd_str s)
{
    if (s.len > b->max - b->len)
        return false;
    if (s.len && dd_body_room(b, s.len)) {
        memcpy(b->ptr + b->len, s.ptr, s.len);
        b->len += s.len;
    }
    return true;
}

void dd_body_free(dd_body *b)
{
    free(b->ptr);
    *b = (dd_body){ .max = b->max };
}

/* ---- chunked ---- */

enum { SIZE, SIZE_BLANK, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LF, END_LF };

static bool is_control(unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }

static dd_decode chunk_size(dd_chunks *c, unsigned char b)
{
    int v = dd_hex_digit((char)b);
    if (v >= 0) {
        if (++c->digits > 15) /* below 2^60: no overflow, and no body is that long */
            return DD_DECODE_LIMIT;
        c->left = c->left * 16 + (unsigned)v;
        return DD_DECODE_MORE;
    }
    if (c->digits == 0 || (b != '\r' && b != ';' && b != ' ' && b != '\t'))
        return DD_DECODE_BAD;
    c->state = b == '\r' ? SIZE_LF : b == ';' ? EXTENSION : SIZE_BLANK;
    return DD_DECODE_MORE;
}

/* A trailer line: "token: value". */
static dd_decode trailer(dd_chunks *c, unsigned char b)
{
    char name = (char)b;
    if (c->line_start && b == '\r')
        c->state = END_LF;
    else if (b == '\r' && c->colon)
        c->state = TRAILER_LF;
    else if (b == ':' && !c->line_start)
        c->colon = true;
    else if (c->colon ? is_control(b) : !dd_field_name(&name, 1))
        return DD_DECODE_BAD;
    c->line_start = false;
    return ++c->extra_bytes > c->extra_max ? DD_DECODE_LIMIT : DD_DECODE_MORE;
}

static dd_decode chunk_byte(dd_chunks *c, unsigned char b)
{
    switch (c->state) {
    case SIZE:
        return chunk_size(c, b);
    case SIZE_BLANK: /* blanks may stand before an extension, and nothing else */
    case EXTENSION:
        if (c->state == SIZE_BLANK && b != '\r' && b != ';' && b != ' ' && b != '\t')
            return DD_DECODE_BAD;
        if (b == ';')
            c->state = EXTENSION;
        if (b == '\r')
            c->state = SIZE_LF;
        else if (is_control(b))
            return DD_DECODE_BAD;
        return ++c->extra_bytes > c->extra_max ? DD_DECODE_LIMIT : DD_DECODE_MORE;
    case SIZE_LF:
        c->state      = c->left ? DATA : TRAILER;
        c->line_start = true;
        c->colon      = false;
        if (b != '\n')
            return DD_DECODE_BAD;
        return c->left > c->size_max ? DD_DECODE_LIMIT : DD_DECODE_MORE;
    case DATA_CR:
        c->state = DATA_LF;
        return b == '\r' ? DD_DECODE_MORE : DD_DECODE_BAD;
    case DATA_LF:
        c->state  = SIZE;
        c->digits = 0;
        return b == '\n' ? DD_DECODE_MORE : DD_DECODE_BAD;
    case TRAILER:
        return trailer(c, b);
    case TRAILER_LF:
        c->state      = TRAILER;
        c->line_start = true;
        c->colon      = false;
        return b == '\n' ? DD_DECODE_MORE : DD_DECODE_BAD;
    default:
        return b == '\n' ? DD_DECODE_DONE : DD_DECODE_BAD;
    }
}

dd_decode dd_chunks_next(dd_chunks *c, dd_str in, size_t *used, dd_str *data)
{
    size_t i = 0;
    *data    = DD_STR_NULL;
    while (i < in.len) {
        if (c->state == DATA) {
            size_t n = in.len - i < c->left ? in.len - i : (size_t)c->left;
            *data    = dd_str_sub(in, i, i + n);
            c->left -= n;
            if (c->left == 0)
                c->state = DATA_CR;
            *used = i + n;
            return DD_DECODE_MORE;
        }
        dd_decode rc = chunk_byte(c, (unsigned char)in.ptr[i++]);
        if (rc != DD_DECODE_MORE) {
            *used = i;
            return rc;
        }
    }
    *used = i;
    return DD_DECODE_MORE;
}

/* ---- content codings ---- */

typedef enum { GZIP, DEFLATE, ZSTD } coding;
struct dd_coding {
    coding        kind;
    bool          begun;   /* bytes of the member in hand were seen */
    z_stream      z;
    ZSTD_DStream *zstd;
};

static bool zlib_open(dd_coding *c, int window) { return inflateInit2(&c->z, window) == Z_OK; }

static const struct { const char *name; coding kind; } names[] = { { "gzip", GZIP }, { "x-gzip", GZIP }, { "deflate", DEFLATE }, { "zstd", ZSTD } };

dd_coding *dd_coding_new(dd_str name)
{
    for (size_t i = 0; i < DD_COUNT(names); i++) {
        if (!dd_field_is(name, names[i].name))
            continue;
        dd_coding *c = dd_calloc(1, sizeof *c);
        c->kind      = names[i].kind;
        if (c->kind == ZSTD && (c->zstd = ZSTD_createDStream()) != NULL)
            ZSTD_DCtx_setParameter(c->zstd, ZSTD_d_windowLogMax, 23);
        if (c->kind == ZSTD ? c->zstd != NULL : c->kind == DEFLATE || zlib_open(c, 15 + 16))
            return c;
        free(c);
        return NULL;
    }
    return NULL;
}

void dd_coding_free(dd_coding *c)
{
    if (c == NULL)
        return;
    if (c->kind == ZSTD)
        ZSTD_freeDStream(c->zstd);
    else if (c->z.state)
        inflateEnd(&c->z);
    free(c);
}

enum { STEP = 16384 };

static dd_decode zstd_step(dd_coding *c, ZSTD_inBuffer *in, dd_body *out)
{
    ZSTD_outBuffer to = { out->ptr + out->len, out->cap - out->len, 0 };
    size_t         rc = ZSTD_decompressStream(c->zstd, &to, in);
    out->len += to.pos;
    if (ZSTD_isError(rc))
        return DD_DECODE_BAD;
    c->begun = rc != 0;
    return rc == 0 ? DD_DECODE_DONE : DD_DECODE_MORE;
}

static dd_decode zlib_step(dd_coding *c, dd_str *in, dd_body *out)
{
    /* "deflate" is zlib's form (RFC 9110, 8.4.1.2), but some send it bare: the first byte tells. */
    if (c->kind == DEFLATE && !c->z.state && !zlib_open(c, (in->ptr[0] & 0x0f) == 8 ? 15 : -15))
        return DD_DECODE_BAD;
    size_t give    = in->len < (1u << 30) ? in->len : 1u << 30, room = out->cap - out->len;
    c->z.next_in   = (Bytef *)(uintptr_t)in->ptr;
    c->z.avail_in  = (uInt)give;
    c->z.next_out  = (Bytef *)out->ptr + out->len;
    c->z.avail_out = (uInt)(room < (1u << 30) ? room : 1u << 30);
    int rc         = inflate(&c->z, Z_NO_FLUSH);
    out->len       = (size_t)((char *)c->z.next_out - out->ptr);
    *in            = dd_str_sub(*in, give - c->z.avail_in, in->len);
    c->begun       = true;
    if (rc == Z_STREAM_END) {
        c->begun = false;
        return inflateReset(&c->z) == Z_OK ? DD_DECODE_DONE : DD_DECODE_BAD;
    }
    return rc == Z_OK || rc == Z_BUF_ERROR ? DD_DECODE_MORE : DD_DECODE_BAD;
}

dd_decode dd_coding_feed(dd_coding *c, dd_str in, dd_body *out)
{
    size_t max = out->max;
    out->max   = max + 1; /* the byte that is one too many must be seen */
    dd_decode rc = c->begun ? DD_DECODE_MORE : DD_DECODE_DONE;
    bool      full = false;
    while (rc != DD_DECODE_BAD && out->len <= max && (in.len > 0 || full)) {
        if (c->kind != ZSTD && in.len == 0 && rc == DD_DECODE_DONE)
            break;
        dd_body_room(out, out->cap - out->len > 0 ? 1 : STEP);
        size_t before = in.len;
        size_t had    = out->len;
        if (c->kind == ZSTD) {
            ZSTD_inBuffer from = { in.ptr, in.len, 0 };
            rc = zstd_step(c, &from, out);
            in = dd_str_sub(in, from.pos, in.len);
        } else
            rc = zlib_step(c, &in, out);
        full = rc == DD_DECODE_MORE && out->len == out->cap;
        if (in.len == before && out->len == had && rc == DD_DECODE_MORE)
            break;
    }
    out->max = max;
    if (rc != DD_DECODE_BAD && out->len > max)
        return DD_DECODE_LIMIT;
    return rc;
}
