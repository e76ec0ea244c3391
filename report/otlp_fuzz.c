/* Whatever a trace's texts and numbers are, the message is whole: each length holds what it says, each span has the three ids its trace gives it, and
 * as many spans come out as went in. The same bytes are read as a collector's answer, in both forms: that must not crash. */
#include <assert.h>
#include <stdlib.h>

#include "report/otlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SPANS = 12, ATTRS = 6 };

typedef struct { const uint8_t *p; size_t n; } source;

static uint64_t number(source *s)
{
    uint64_t v = 0;
    size_t   n = s->n < sizeof v ? s->n : sizeof v;
    if (n)
        memcpy(&v, s->p, n);
    s->p += n;
    s->n -= n;
    return v;
}

static dd_str text(source *s)
{
    size_t n = s->n ? (size_t)*s->p * (*s->p > 250 ? 100u : 1u) : 0;
    n = n < s->n ? n : s->n;
    dd_str t = { (const char *)s->p, n };
    s->p += n;
    s->n -= n;
    return t;
}

static bool varint(dd_str *s, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; s->len && shift < 64; shift += 7) {
        unsigned char c = (unsigned char)*s->ptr;
        *s = dd_str_sub(*s, 1, s->len);
        *v |= (uint64_t)(c & 127) << shift;
        if (c < 128)
            return true;
    }
    return false;
}

/* One field off the front: its number; 0: not whole. */
static unsigned take(dd_str *s, dd_str *in)
{
    uint64_t tag, n = 0;
    *in = DD_STR("");
    if (!varint(s, &tag))
        return 0;
    switch (tag & 7) {
    case 0: return varint(s, &n) ? (unsigned)(tag >> 3) : 0;
    case 1: n = 8; break;
    case 5: n = 4; break;
    case 2: if (!varint(s, &n)) return 0; break;
    default: return 0;
    }
    if (n > s->len)
        return 0;
    *in = dd_str_sub(*s, 0, (size_t)n);
    *s  = dd_str_sub(*s, (size_t)n, s->len);
    return (unsigned)(tag >> 3);
}

static dd_str only(dd_str s, unsigned field)
{
    dd_str in, found = DD_STR_NULL;
    while (s.len) {
        unsigned f = take(&s, &in);
        assert(f);
        if (f == field)
            found = in;
    }
    return found;
}

static void check_value(dd_str s)
{
    dd_str in;
    unsigned f = take(&s, &in);
    assert(f >= 1 && f <= 5 && !s.len);
    assert(f != 1 || dd_utf8_valid(in));
    if (f == 5)
        assert(dd_utf8_valid(only(only(in, 1), 1)));
}

static void check_span(dd_str s, const dd_trace *t, const dd_span *want)
{
    size_t attrs = 0;
    dd_str in;
    while (s.len) {
        unsigned f = take(&s, &in);
        assert(f);
        assert(f != 1 || (in.len == 16 && memcmp(in.ptr, t->trace_id, 16) == 0));
        assert(f != 2 || in.len == 8);
        assert(f != 5 || dd_utf8_valid(in));
        if (f == 9) {
            attrs++;
            check_value(only(in, 2));
        }
    }
    assert(attrs == want->n_attrs);
}

static void check_traces(dd_str message, const dd_trace *t, size_t times)
{
    dd_str spans = only(only(message, 1), 2), in;
    size_t n = 0;
    while (spans.len) {
        unsigned f = take(&spans, &in);
        assert(f == 1 || f == 2);
        if (f == 2)
            check_span(in, t, &t->spans[n++ % t->n_spans]);
    }
    assert(n == t->n_spans * times);
}

static void make_trace(source *s, dd_trace *t, dd_span *spans, dd_attr *attrs)
{
    t->n_spans     = 1 + number(s) % SPANS;
    t->spans       = spans;
    t->start_ns    = (int64_t)(number(s) >> 2);
    t->parent_span = number(s);
    memset(t->trace_id, 7, sizeof t->trace_id);
    for (size_t i = 0; i < t->n_spans; i++) {
        uint64_t bits = number(s);
        spans[i] = (dd_span){ .kind = (dd_span_kind)(bits % 7), .parent = i ? (int)(bits / 7 % i) : -1, .id = i + 1,
                              .start_us = (int64_t)(bits >> 20), .duration_us = (int64_t)(bits >> 30) - 1, .client = bits & 64, .name = text(s),
                              .error = bits & 128 ? text(s) : DD_STR(""),
                              .attrs = attrs + i * ATTRS, .n_attrs = (bits >> 8) % (ATTRS + 1) };
        for (size_t k = 0; k < spans[i].n_attrs; k++)
            attrs[i * ATTRS + k] = (dd_attr){ .name = "some.name", .kind = (dd_attr_kind)(number(s) % 5), .text = text(s),
                                              .number = (int64_t)number(s), .real = (double)k };
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dd_span spans[SPANS];
    static dd_attr attrs[SPANS * ATTRS];
    dd_otlp_label  label = { DD_STR("service.name"), { (const char *)data, size < 40 ? size : 40 } };
    source         s = { data, size };
    dd_trace       t = { .sampled = true };
    dd_otlp_reply  reply;
    make_trace(&s, &t, spans, attrs);
    for (int form = 0; form < 2; form++) {
        dd_buf   out = DD_BUF_INIT(0);
        dd_otlp *o   = dd_otlp_new((dd_otlp_form)form, &label, 1, DD_STR("1"));
        for (size_t times = 0; times < 3; times++) {
            dd_otlp_begin(o, &out);
            for (size_t i = 0; i < times; i++)
                dd_otlp_add(o, &t, &out);
            dd_str message = dd_otlp_end(o, &out);
            if (form == DD_OTLP_PROTOBUF)
                check_traces(message, &t, times);
        }
        dd_otlp_free(o);
        dd_buf_free(&out);
        dd_otlp_reply_read((dd_otlp_form)form, (dd_str){ (const char *)data, size }, &reply);
        assert(reply.rejected >= 0 && strlen(reply.why) < sizeof reply.why);
    }
    return 0;
}
