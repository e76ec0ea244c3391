/* Lengths stand in front in protobuf. A span's is left open by two bytes, which fit nearly all of them; those of what encloses the spans are
 * written into room kept at the front, right-aligned, when the spans are there. So bytes are written once and are not moved. */
#include "report/otlp_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SPAN_OPEN = 3 /* tag, and two bytes of length */, NS_PER_US = 1000 };
enum { KIND_INTERNAL = 1, KIND_SERVER = 2, KIND_CLIENT = 3, STATUS_ERROR = 2 };
enum { FLAG_SAMPLED = 1, FLAG_KNOWN = 0x100, FLAG_REMOTE = 0x200 };   /* Span.flags: whether the parent is another process's is known; it is */

/* --- text --- */

dd_str otlp_utf8(dd_otlp *o, dd_str s)
{
    if (dd_utf8_valid(s))
        return s;
    dd_buf_clear(&o->clean);
    for (size_t i = 0; i < s.len;)
        dd_buf_utf8(&o->clean, dd_utf8_next(s, &i));
    return dd_buf_str(&o->clean);
}

/* --- attributes: KeyValue { key = 1, value = 2 AnyValue { string = 1, bool = 2, int = 3, double = 4, array = 5 { values = 1 } } } --- */

static size_t text_len(dd_str s) { return 1 + otlp_varint_len(s.len) + s.len; }

static size_t value_len(const dd_attr *a, dd_str text)
{
    size_t one = text_len(text), list = 1 + otlp_varint_len(one) + one;
    switch (a->kind) {
    case DD_ATTR_TEXT: return one;
    case DD_ATTR_INT: return 1 + otlp_varint_len((uint64_t)a->number);
    case DD_ATTR_DOUBLE: return 9;
    case DD_ATTR_BOOL: return 2;
    case DD_ATTR_TEXTS: return 1 + otlp_varint_len(list) + list;
    }
    return 0;
}

static char *put_value(char *p, const dd_attr *a, dd_str text)
{
    size_t one = text_len(text);
    switch (a->kind) {
    case DD_ATTR_TEXT: return otlp_bytes(p, TAG(1, WIRE_BYTES), text);
    case DD_ATTR_INT: *p++ = TAG(3, WIRE_VARINT); return otlp_varint(p, (uint64_t)a->number);
    case DD_ATTR_DOUBLE: return otlp_double(p, TAG(4, WIRE_FIXED64), a->real);
    case DD_ATTR_BOOL: *p++ = TAG(2, WIRE_VARINT); *p++ = a->number != 0; return p;
    case DD_ATTR_TEXTS:
        *p++ = TAG(5, WIRE_BYTES);
        p    = otlp_varint(p, 1 + otlp_varint_len(one) + one);
        *p++ = TAG(1, WIRE_BYTES);
        p    = otlp_varint(p, one);
        return otlp_bytes(p, TAG(1, WIRE_BYTES), text);
    }
    return p;
}

void otlp_attr(dd_otlp *o, char tag, const dd_attr *a, dd_buf *out)
{
    dd_str key = dd_str_z(a->name), text = otlp_utf8(o, a->text);
    size_t value = value_len(a, text), pair = text_len(key) + 1 + otlp_varint_len(value) + value;
    char  *p = otlp_room(out, 1 + VARINT_MAX + pair);
    *p++ = tag;
    p    = otlp_varint(p, pair);
    p    = otlp_bytes(p, TAG(1, WIRE_BYTES), key);
    *p++ = TAG(2, WIRE_BYTES);
    p    = otlp_varint(p, value);
    otlp_wrote(out, put_value(p, a, text));
}

void otlp_json_number(dd_json *j, double d)
{
    char text[32];
    if (isfinite(d)) {
        snprintf(text, sizeof text, "%.17g", d);
        dd_json_raw(j, dd_str_z(text));
    } else {
        dd_json_strz(j, isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
    }
}

static void json_i64_text(dd_json *j, const char *key, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, n);
    dd_json_key(j, key);
    dd_json_strz(j, text);
}

static void json_texts(dd_json *j, dd_str text)
{
    dd_json_key(j, "arrayValue");
    dd_json_open(j, '{');
    dd_json_key(j, "values");
    dd_json_open(j, '[');
    dd_json_open(j, '{');
    dd_json_key(j, "stringValue");
    dd_json_str(j, text);
    dd_json_close(j, '}');
    dd_json_close(j, ']');
    dd_json_close(j, '}');
}

void otlp_attr_json(dd_json *j, const dd_attr *a)
{
    dd_json_open(j, '{');
    dd_json_key(j, "key");
    dd_json_strz(j, a->name);
    dd_json_key(j, "value");
    dd_json_open(j, '{');
    switch (a->kind) {
    case DD_ATTR_TEXT: dd_json_key(j, "stringValue"); dd_json_str(j, a->text); break;
    case DD_ATTR_INT: json_i64_text(j, "intValue", a->number); break;
    case DD_ATTR_DOUBLE: dd_json_key(j, "doubleValue"); otlp_json_number(j, a->real); break;
    case DD_ATTR_BOOL: dd_json_key(j, "boolValue"); dd_json_bool(j, a->number != 0); break;
    case DD_ATTR_TEXTS: json_texts(j, a->text); break;
    }
    dd_json_close(j, '}');
    dd_json_close(j, '}');
}

/* --- resource and scope --- */

static dd_attr label_attr(dd_otlp *o, const dd_otlp_label *l, dd_buf *key)
{
    dd_buf_clear(key);
    dd_buf_add(key, otlp_utf8(o, l->name));
    return (dd_attr){ .name = dd_buf_z(key), .kind = DD_ATTR_TEXT, .text = l->value };
}

static void encode_frame(dd_otlp *o, const dd_otlp_label *labels, size_t n, dd_str version)
{
    dd_buf inside = DD_BUF_INIT(0), key = DD_BUF_INIT(0);
    for (size_t i = 0; i < n; i++) {
        dd_attr a = label_attr(o, &labels[i], &key);
        otlp_attr(o, TAG(1, WIRE_BYTES), &a, &inside);
    }
    otlp_wrote(&o->resource, otlp_bytes(otlp_room(&o->resource, inside.len + 12), TAG(1, WIRE_BYTES), dd_buf_str(&inside)));
    dd_buf_clear(&inside);
    char *p = otlp_bytes(otlp_room(&inside, version.len + 32), TAG(1, WIRE_BYTES), DD_STR("dd0c"));
    otlp_wrote(&inside, otlp_bytes(p, TAG(2, WIRE_BYTES), version));
    otlp_wrote(&o->scope, otlp_bytes(otlp_room(&o->scope, inside.len + 12), TAG(1, WIRE_BYTES), dd_buf_str(&inside)));
    dd_buf_free(&inside);
    dd_buf_free(&key);
    o->head = o->resource.len + o->scope.len + 3 * (1 + VARINT_MAX);
}

static void encode_frame_json(dd_otlp *o, const dd_otlp_label *labels, size_t n, dd_str version)
{
    dd_buf  key = DD_BUF_INIT(0);
    dd_json j   = DD_JSON_INIT(&o->resource, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "attributes");
    dd_json_open(&j, '[');
    for (size_t i = 0; i < n; i++) {
        dd_attr a = label_attr(o, &labels[i], &key);
        otlp_attr_json(&j, &a);
    }
    dd_json_close(&j, ']');
    dd_json_close(&j, '}');
    j = (dd_json)DD_JSON_INIT(&o->scope, 0);
    dd_json_open(&j, '{');
    dd_json_key(&j, "name");
    dd_json_strz(&j, "dd0c");
    dd_json_key(&j, "version");
    dd_json_str(&j, version);
    dd_json_close(&j, '}');
    dd_buf_free(&key);
}

dd_otlp *dd_otlp_new(dd_otlp_form form, const dd_otlp_label *resource, size_t n, dd_str version)
{
    dd_otlp *o = dd_calloc(1, sizeof *o);
    o->form    = form;
    if (form == DD_OTLP_JSON)
        encode_frame_json(o, resource, n, version);
    else
        encode_frame(o, resource, n, version);
    return o;
}

void dd_otlp_free(dd_otlp *o)
{
    if (!o)
        return;
    dd_buf_free(&o->resource);
    dd_buf_free(&o->scope);
    dd_buf_free(&o->clean);
    dd_buf_free(&o->points);
    dd_buf_free(&o->data);
    free(o);
}

/* --- what encloses spans, and metrics --- */

void otlp_open(dd_otlp *o, dd_buf *out, const char *resources, const char *scopes, const char *things)
{
    dd_buf_clear(out);
    if (o->form == DD_OTLP_PROTOBUF) {
        otlp_room(out, o->head);
        out->len = o->head;
        return;
    }
    o->json    = (dd_json)DD_JSON_INIT(out, 0);
    dd_json *j = &o->json;
    dd_json_open(j, '{');
    dd_json_key(j, resources);
    dd_json_open(j, '[');
    dd_json_open(j, '{');
    dd_json_key(j, "resource");
    dd_json_raw(j, dd_buf_str(&o->resource));
    dd_json_key(j, scopes);
    dd_json_open(j, '[');
    dd_json_open(j, '{');
    dd_json_key(j, "scope");
    dd_json_raw(j, dd_buf_str(&o->scope));
    dd_json_key(j, things);
    dd_json_open(j, '[');
}

dd_str otlp_close(dd_otlp *o, dd_buf *out)
{
    if (o->form == DD_OTLP_JSON) {
        dd_json_close(&o->json, ']');
        for (int i = 0; i < 2; i++) {
            dd_json_close(&o->json, '}');
            dd_json_close(&o->json, ']');
        }
        dd_json_close(&o->json, '}');
        return dd_buf_str(out);
    }
    size_t things = out->len - o->head, scope = o->scope.len + things;
    size_t all = o->resource.len + 1 + otlp_varint_len(scope) + scope, front = 1 + otlp_varint_len(all) + all - things;
    char  *from = out->ptr + o->head - front, *p = from;
    *p++ = TAG(1, WIRE_BYTES);
    p    = otlp_varint(p, all);
    memcpy(p, o->resource.ptr, o->resource.len);
    p   += o->resource.len;
    *p++ = TAG(2, WIRE_BYTES);
    p    = otlp_varint(p, scope);
    memcpy(p, o->scope.ptr, o->scope.len);
    return (dd_str){ from, front + things };
}

/* --- spans --- */

static int span_kind(const dd_span *s) { return s->client ? KIND_CLIENT : s->kind == DD_SPAN_REQUEST ? KIND_SERVER : KIND_INTERNAL; }

static uint64_t parent_of(const dd_trace *t, const dd_span *s) { return s->parent < 0 ? t->parent_span : t->spans[s->parent].id; }

static uint32_t flags_of(const dd_trace *t, const dd_span *s)
{
    return (t->sampled ? FLAG_SAMPLED : 0) | FLAG_KNOWN | (s->parent < 0 && t->parent_span ? FLAG_REMOTE : 0);
}

static int64_t start_of(const dd_trace *t, const dd_span *s) { return t->start_ns + s->start_us * NS_PER_US; }
static int64_t end_of(const dd_trace *t, const dd_span *s) { return start_of(t, s) + (s->duration_us > 0 ? s->duration_us * NS_PER_US : 0); }

static char *put_id(char *p, char tag, uint64_t id)
{
    id = otlp_big64(id);
    return otlp_bytes(p, tag, (dd_str){ (const char *)&id, sizeof id });
}

static char *put_status(char *p, dd_str error)
{
    *p++ = TAG(15, WIRE_BYTES);
    p    = otlp_varint(p, text_len(error) + 2);
    p    = otlp_bytes(p, TAG(2, WIRE_BYTES), error);
    *p++ = TAG(3, WIRE_VARINT);
    *p++ = STATUS_ERROR;
    return p;
}

/* The length of what was written behind `at`, into the room left there. */
static void close_span(dd_buf *out, size_t at)
{
    size_t len = out->len - at - SPAN_OPEN, width = otlp_varint_len(len);
    otlp_room(out, VARINT_MAX);
    char *p = out->ptr + at;
    if (width != SPAN_OPEN - 1) {
        memmove(p + 1 + width, p + SPAN_OPEN, len);
        out->len = at + 1 + width + len;
    }
    *p++ = TAG(2, WIRE_BYTES);
    otlp_varint(p, len);
}

static void add_span(dd_otlp *o, const dd_trace *t, const dd_span *s, dd_buf *out)
{
    static const char flags_tag[2] = { (char)0x85, 0x01 };   /* field 16, fixed32 */
    size_t   at = out->len;
    dd_str   name = otlp_utf8(o, s->name);
    char    *p = otlp_room(out, SPAN_OPEN + 96 + name.len) + SPAN_OPEN;
    uint64_t parent = parent_of(t, s);
    uint32_t flags = otlp_little32(flags_of(t, s));
    p = otlp_bytes(p, TAG(1, WIRE_BYTES), (dd_str){ (const char *)t->trace_id, sizeof t->trace_id });
    p = put_id(p, TAG(2, WIRE_BYTES), s->id);
    if (parent)
        p = put_id(p, TAG(4, WIRE_BYTES), parent);
    p    = otlp_bytes(p, TAG(5, WIRE_BYTES), name);
    *p++ = TAG(6, WIRE_VARINT);
    *p++ = (char)span_kind(s);
    p    = otlp_fixed64(p, TAG(7, WIRE_FIXED64), (uint64_t)start_of(t, s));
    p    = otlp_fixed64(p, TAG(8, WIRE_FIXED64), (uint64_t)end_of(t, s));
    otlp_wrote(out, p);
    for (size_t i = 0; i < s->n_attrs; i++)
        otlp_attr(o, TAG(9, WIRE_BYTES), &s->attrs[i], out);
    dd_str error = otlp_utf8(o, s->error);
    p = otlp_room(out, 40 + error.len);
    if (error.len)
        p = put_status(p, error);
    memcpy(p, flags_tag, sizeof flags_tag);
    memcpy(p + sizeof flags_tag, &flags, sizeof flags);
    otlp_wrote(out, p + sizeof flags_tag + sizeof flags);
    close_span(out, at);
}

static void json_hex(dd_json *j, const char *key, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char text[32];
    for (size_t i = 0; i < n; i++) {
        text[2 * i]     = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    dd_json_key(j, key);
    dd_json_str(j, (dd_str){ text, 2 * n });
}

static void json_id(dd_json *j, const char *key, uint64_t id)
{
    id = otlp_big64(id);
    json_hex(j, key, (const uint8_t *)&id, sizeof id);
}

static void json_status(dd_json *j, dd_str error)
{
    dd_json_key(j, "status");
    dd_json_open(j, '{');
    dd_json_member_str(j, "message", error);
    dd_json_member_i64(j, "code", STATUS_ERROR);
    dd_json_close(j, '}');
}

static void add_span_json(dd_json *j, const dd_trace *t, const dd_span *s)
{
    dd_json_open(j, '{');
    json_hex(j, "traceId", t->trace_id, sizeof t->trace_id);
    json_id(j, "spanId", s->id);
    if (parent_of(t, s))
        json_id(j, "parentSpanId", parent_of(t, s));
    dd_json_key(j, "name");
    dd_json_str(j, s->name);
    dd_json_member_i64(j, "kind", span_kind(s));
    json_i64_text(j, "startTimeUnixNano", start_of(t, s));
    json_i64_text(j, "endTimeUnixNano", end_of(t, s));
    dd_json_key(j, "attributes");
    dd_json_open(j, '[');
    for (size_t i = 0; i < s->n_attrs; i++)
        otlp_attr_json(j, &s->attrs[i]);
    dd_json_close(j, ']');
    if (s->error.len)
        json_status(j, s->error);
    dd_json_member_i64(j, "flags", flags_of(t, s));
    dd_json_close(j, '}');
}

void dd_otlp_begin(dd_otlp *o, dd_buf *out) { otlp_open(o, out, "resourceSpans", "scopeSpans", "spans"); }

void dd_otlp_add(dd_otlp *o, const dd_trace *t, dd_buf *out)
{
    for (size_t i = 0; i < t->n_spans; i++)
        if (o->form == DD_OTLP_JSON)
            add_span_json(&o->json, t, &t->spans[i]);
        else
            add_span(o, t, &t->spans[i], out);
}

dd_str dd_otlp_end(dd_otlp *o, dd_buf *out) { return otlp_close(o, out); }
