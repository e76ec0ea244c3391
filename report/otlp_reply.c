/* ExportTraceServiceResponse, and that of metrics: { partial_success = 1 { rejected = 1, error_message = 2 } }. */
#include "base/jspan.h"
#include "report/otlp_parts.h"

typedef struct { unsigned field, wire; uint64_t number; dd_str bytes; } field;

static bool take_varint(dd_str *s, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; s->len && shift < 70; shift += 7) {
        unsigned char c = (unsigned char)*s->ptr;
        *s    = dd_str_sub(*s, 1, s->len);
        *out |= shift < 64 ? (uint64_t)(c & 127) << shift : 0;
        if (c < 128)
            return true;
    }
    return false;
}

static bool take_bytes(dd_str *s, uint64_t n, dd_str *out)
{
    if (n > s->len)
        return false;
    *out = dd_str_sub(*s, 0, (size_t)n);
    *s   = dd_str_sub(*s, (size_t)n, s->len);
    return true;
}

static bool take_field(dd_str *s, field *f)
{
    uint64_t tag;
    *f = (field){ 0 };
    if (!take_varint(s, &tag))
        return false;
    f->field = (unsigned)(tag >> 3);
    f->wire  = tag & 7;
    switch (f->wire) {
    case WIRE_VARINT: return take_varint(s, &f->number);
    case WIRE_FIXED64: return take_bytes(s, 8, &f->bytes);
    case WIRE_FIXED32: return take_bytes(s, 4, &f->bytes);
    case WIRE_BYTES: return take_varint(s, &f->number) && take_bytes(s, f->number, &f->bytes);
    default: return false;
    }
}

static void keep_why(dd_otlp_reply *out, dd_str why)
{
    size_t n = why.len < sizeof out->why ? why.len : sizeof out->why - 1;
    memcpy(out->why, why.ptr, n);
    out->why[n] = '\0';
}

static void read_partial(dd_str s, dd_otlp_reply *out)
{
    for (field f; s.len && take_field(&s, &f);) {
        if (f.field == 1 && f.wire == WIRE_VARINT && f.number <= INT64_MAX)
            out->rejected = (int64_t)f.number;
        if (f.field == 2 && f.wire == WIRE_BYTES && f.bytes.len)
            keep_why(out, f.bytes);
    }
}

static void read_json(dd_str body, dd_otlp_reply *out)
{
    static const char *const counts[] = { "rejectedSpans", "rejectedDataPoints" };
    dd_arena arena = DD_ARENA_INIT;
    dd_err   err   = DD_ERR_INIT;
    dd_jspan d;
    if (dd_jspan_parse(&d, &arena, body, &err) == DD_OK) {
        uint32_t partial = dd_jspan_member(&d, 0, "partialSuccess", NULL);
        for (size_t i = 0; i < DD_COUNT(counts); i++) {
            uint32_t n = dd_jspan_member(&d, partial, counts[i], NULL);
            int64_t  v = 0;
            if ((dd_jspan_i64(&d, n, &v) || dd_parse_i64(dd_jspan_inside(&d, n), &v)) && v > 0)
                out->rejected = v;
        }
        dd_str why = dd_jspan_text(&d, dd_jspan_member(&d, partial, "errorMessage", NULL), &arena);
        if (why.len)
            keep_why(out, why);
    }
    dd_arena_fini(&arena);
}

void dd_otlp_reply_read(dd_otlp_form form, dd_str body, dd_otlp_reply *out)
{
    *out = (dd_otlp_reply){ 0 };
    if (form == DD_OTLP_JSON) {
        read_json(body, out);
        return;
    }
    for (field f; body.len && take_field(&body, &f);)
        if (f.field == 1 && f.wire == WIRE_BYTES)
            read_partial(f.bytes, out);
}
