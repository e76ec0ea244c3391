/* report/otlp_parts.h - the wire format of protobuf, as far as OTLP needs it (https://protobuf.dev/programming-guides/encoding/). */
#ifndef DD_REPORT_OTLP_PARTS_H
#define DD_REPORT_OTLP_PARTS_H
#include <assert.h>
#include "base/json.h"
#include "report/otlp.h"

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5, VARINT_MAX = 10 };
#define TAG(field, wire) ((char)((field) << 3 | (wire)))      /* of the fields below 16: one byte */

/* What encloses both kinds: ExportXServiceRequest { resource_x = 1 { resource = 1, scope_x = 2 { scope = 1, spans or metrics = 2 } } }. */
struct dd_otlp {
    dd_otlp_form form;
    dd_buf       resource, scope;      /* protobuf: with tag and length; JSON: the values */
    size_t       head;                 /* bytes kept free in front of the first span, for lengths that are known at the end */
    dd_buf       clean, points, data;  /* for a moment */
    dd_json      json;
};

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static inline uint64_t otlp_little64(uint64_t v) { return __builtin_bswap64(v); }
static inline uint32_t otlp_little32(uint32_t v) { return __builtin_bswap32(v); }
static inline uint64_t otlp_big64(uint64_t v) { return v; }
#else
static inline uint64_t otlp_little64(uint64_t v) { return v; }
static inline uint32_t otlp_little32(uint32_t v) { return v; }
static inline uint64_t otlp_big64(uint64_t v) { return __builtin_bswap64(v); }
#endif

static inline size_t otlp_varint_len(uint64_t v) { return (size_t)(70 - __builtin_clzll(v | 1)) / 7; }

static inline char *otlp_varint(char *p, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        *p++ = (char)(v | 128);
    *p++ = (char)v;
    return p;
}

static inline char *otlp_fixed64(char *p, char tag, uint64_t v)
{
    v    = otlp_little64(v);
    *p++ = tag;
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline char *otlp_double(char *p, char tag, double d)
{
    uint64_t v;
    memcpy(&v, &d, sizeof v);
    return otlp_fixed64(p, tag, v);
}

static inline char *otlp_bytes(char *p, char tag, dd_str s)
{
    *p++ = tag;
    p    = otlp_varint(p, s.len);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    return p + s.len;
}

/* Room for n bytes more; where to write them. The caller moves len. */
static inline char *otlp_room(dd_buf *b, size_t n)
{
    if (b->cap - b->len < n + 1)
        dd_buf_reserve(b, b->len + n + b->cap);
    assert(b->ptr);
    return b->ptr + b->len;
}

static inline void otlp_wrote(dd_buf *b, const char *end) { b->len = (size_t)(end - b->ptr); }

/* --- otlp.c, for otlp_metrics.c --- */
void   otlp_open(dd_otlp *o, dd_buf *out, const char *resources, const char *scopes, const char *things);
dd_str otlp_close(dd_otlp *o, dd_buf *out);
dd_str otlp_utf8(dd_otlp *o, dd_str s);                       /* s, or as valid UTF-8 in o->clean */
void   otlp_attr(dd_otlp *o, char tag, const dd_attr *a, dd_buf *out);   /* a KeyValue in field `tag` */
void   otlp_attr_json(dd_json *j, const dd_attr *a);
void   otlp_json_number(dd_json *j, double d);
#endif
