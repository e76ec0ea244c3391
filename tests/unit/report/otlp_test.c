/* Bytes worked out by hand from opentelemetry-proto v1 and protobuf.dev/programming-guides/encoding; JSON from the OTLP specification. */
#include <stdio.h>
#include <stdlib.h>

#include "report/otlp.h"
#include "tests/unit/test.h"

static const dd_otlp_label one_label[] = { { { "service.name", 12 }, { "x", 1 } } };

static const dd_attr attrs[] = {
    { .name = "a", .kind = DD_ATTR_TEXT, .text = { "b", 1 } },
    { .name = "n", .kind = DD_ATTR_INT, .number = 300 },
    { .name = "t", .kind = DD_ATTR_BOOL, .number = 1 },
    { .name = "d", .kind = DD_ATTR_DOUBLE, .real = 0.5 },
    { .name = "f", .kind = DD_ATTR_TEXTS, .text = { "stop", 4 } },
};
static const dd_span auth = { .kind = DD_SPAN_AUTH, .name = { "auth", 4 }, .parent = -1, .id = UINT64_C(0x00f067aa0ba902b7), .start_us = 1,
                              .duration_us = 2, .attrs = attrs, .n_attrs = DD_COUNT(attrs) };
#define TRACE_ID { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36 }
static const dd_trace one = { .trace_id = TRACE_ID, .parent_span = UINT64_C(0x1122334455667788), .sampled = true, .start_ns = 1, .spans = &auth,
                              .n_spans = 1 };

static dd_str encode(dd_otlp_form form, const dd_trace *t, size_t n, dd_buf *out)
{
    dd_otlp *o = dd_otlp_new(form, one_label, 1, DD_STR("9"));
    dd_otlp_begin(o, out);
    for (size_t i = 0; i < n; i++)
        dd_otlp_add(o, t, out);
    dd_str s = dd_otlp_end(o, out);
    dd_otlp_free(o);
    return s;
}

static void check_hex(dd_str got, const char *want, int line)
{
    char hex[1024];
    for (size_t i = 0; i < got.len && i < sizeof hex / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)got.ptr[i]);
    if (got.len * 2 != strlen(want) || strncmp(hex, want, got.len * 2) != 0)
        dd_test_fail(__FILE__, line, "got %.*s", (int)(got.len * 2), hex);
}

TEST(otlp_a_span_is_these_bytes)                    /* R10.4 */
{
    dd_buf out = DD_BUF_INIT(0);
    check_hex(encode(DD_OTLP_PROTOBUF, &one, 1, &out),
              "0aac01"                                                              /* ResourceSpans, 172 bytes: 23 + 1 + 2 + 146 */
              "0a150a130a0c736572766963652e6e616d6512030a0178"                      /* Resource: service.name = x */
              "129201"                                                              /* ScopeSpans, 146: 11 + 135 */
              "0a090a0464643063120139"                                              /* dd0c 9 */
              "128401"                                                              /* Span, 132 */
              "0a104bf92f3577b34da6a3ce929d0e0e4736" "120800f067aa0ba902b7" "22081122334455667788" /* trace, span, parent: big-endian */
              "2a0461757468" "3001"                                                 /* auth, INTERNAL */
              "39e903000000000000" "41b90b000000000000"                             /* 1001 ns = 0x3e9, 3001 = 0xbb9 */
              "4a080a016112030a0162" "4a080a016e120318ac02" "4a070a017412021001"    /* a = b, n = 300 = ac 02, t = true */
              "4a0e0a0164120921000000000000e03f" "4a0f0a0166120a2a080a060a0473746f70"   /* d = 0.5, f = [stop] */
              "850101030000", __LINE__);                                            /* flags: sampled, the parent is remote, and that is known */
    dd_buf_free(&out);
}

TEST(otlp_json_is_as_the_specification_has_it)      /* hex ids, 64 bits as text, enumerations as numbers */
{
    dd_buf out = DD_BUF_INIT(0);
    CHECK_STR(encode(DD_OTLP_JSON, &one, 1, &out),
              "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"x\"}}]},"
              "\"scopeSpans\":[{\"scope\":{\"name\":\"dd0c\",\"version\":\"9\"},\"spans\":[{\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
              "\"spanId\":\"00f067aa0ba902b7\",\"parentSpanId\":\"1122334455667788\",\"name\":\"auth\",\"kind\":1,\"startTimeUnixNano\":\"1001\","
              "\"endTimeUnixNano\":\"3001\",\"attributes\":[{\"key\":\"a\",\"value\":{\"stringValue\":\"b\"}},{\"key\":\"n\",\"value\":{\"intValue\":\"300\"}},"
              "{\"key\":\"t\",\"value\":{\"boolValue\":true}},{\"key\":\"d\",\"value\":{\"doubleValue\":0.5}},"
              "{\"key\":\"f\",\"value\":{\"arrayValue\":{\"values\":[{\"stringValue\":\"stop\"}]}}}],\"flags\":769}]}]}]}");
    dd_buf_free(&out);
}

/* A number at the front of *s. */
static uint64_t varint(dd_str *s)
{
    uint64_t v = 0;
    for (unsigned shift = 0; s->len; shift += 7) {
        unsigned char c = (unsigned char)*s->ptr;
        *s = dd_str_sub(*s, 1, s->len);
        v |= (uint64_t)(c & 127) << shift;
        if (c < 128)
            break;
    }
    return v;
}

/* The bytes of the message in field `tag` at the front of *s; NULL: that is not what stands there. */
static dd_str inside(dd_str *s, unsigned char tag)
{
    if (!s->len || (unsigned char)*s->ptr != tag)
        return DD_STR_NULL;
    *s = dd_str_sub(*s, 1, s->len);
    uint64_t n = varint(s);
    if (n > s->len)
        return DD_STR_NULL;
    dd_str in = dd_str_sub(*s, 0, (size_t)n);
    *s = dd_str_sub(*s, (size_t)n, s->len);
    return in;
}

static dd_str spans_of(dd_str message)
{
    dd_str rs = inside(&message, 0x0a), scopes;
    CHECK_EQ(message.len, 0, "one ResourceSpans and nothing behind it");
    inside(&rs, 0x0a);
    scopes = inside(&rs, 0x12);
    CHECK_EQ(rs.len, 0, "one ScopeSpans and nothing behind it");
    inside(&scopes, 0x0a);
    return scopes;
}

/* Lengths of one, two and three bytes: each span's length holds what it says, whatever room was left for it. */
TEST(otlp_lengths_of_any_width_add_up)
{
    static const size_t sizes[] = { 0, 1, 20, 59, 60, 61, 62, 126, 127, 128, 5000, 16240, 16300, 16384, 100000 };
    char   *text = dd_malloc(100000);
    dd_buf  out = DD_BUF_INIT(0);
    memset(text, 'x', 100000);
    for (size_t i = 0; i < DD_COUNT(sizes); i++) {
        dd_attr  a = { .name = "k", .kind = DD_ATTR_TEXT, .text = { text, sizes[i] } };
        dd_span  two[2] = { { .kind = DD_SPAN_REQUEST, .parent = -1, .id = 1, .duration_us = -1, .attrs = &a, .n_attrs = 1 },
                            { .kind = DD_SPAN_ATTEMPT, .parent = 0, .id = 2, .client = true, .error = DD_STR("timeout") } };
        dd_trace t = { .trace_id = TRACE_ID, .spans = two, .n_spans = 2 };
        dd_str   spans = spans_of(encode(DD_OTLP_PROTOBUF, &t, 3, &out));
        for (size_t n = 0; n < 6; n++) {
            dd_str s = inside(&spans, 0x12);
            CHECK_EQ(inside(&s, 0x0a).len, 16, "a trace's id");
            CHECK_EQ(inside(&s, 0x12).len, 8, "a span's id");
            dd_str parent = inside(&s, 0x22);
            CHECK_EQ(parent.len, n % 2 ? 8 : 0, "the attempt's parent is the request, which has none");
            CHECK(n % 2 == 0 || (parent.len == 8 && parent.ptr[7] == 1));
        }
        CHECK_EQ(spans.len, 0, "three traces of two spans");
    }
    free(text);
    dd_buf_free(&out);
}

TEST(otlp_kinds_and_errors)
{
    dd_span  three[3] = { { .kind = DD_SPAN_REQUEST, .name = DD_STR("r"), .parent = -1, .id = 1, .duration_us = -1 },
                          { .kind = DD_SPAN_DECISION, .name = DD_STR("d"), .parent = 0, .id = 2 },
                          { .kind = DD_SPAN_ATTEMPT, .name = DD_STR("c"), .parent = 0, .id = 3, .client = true, .error = DD_STR("timeout") } };
    dd_trace t = { .trace_id = TRACE_ID, .start_ns = 5, .spans = three, .n_spans = 3 };
    dd_buf   out = DD_BUF_INIT(0);
    dd_str   json = encode(DD_OTLP_JSON, &t, 1, &out);
    CHECK(dd_str_has(json, "\"name\":\"r\",\"kind\":2,\"startTimeUnixNano\":\"5\",\"endTimeUnixNano\":\"5\","   /* SERVER; no time is known */
                           "\"attributes\":[],\"flags\":256"));
    CHECK(dd_str_has(json, "\"parentSpanId\":\"0000000000000001\",\"name\":\"d\",\"kind\":1"));
    CHECK(dd_str_has(json, "\"name\":\"c\",\"kind\":3"));
    CHECK(dd_str_has(json, "\"status\":{\"message\":\"timeout\",\"code\":2}"));
    dd_str bytes = encode(DD_OTLP_PROTOBUF, &t, 1, &out);
    CHECK(dd_str_find(bytes, (dd_str){ "\x7a\x0b\x12\x07timeout\x18\x02", 13 }) > 0);   /* Status { message, code = ERROR } */
    dd_buf_free(&out);
}

/* A receiver refuses a message with a string that is no UTF-8. */
TEST(otlp_text_is_made_utf8)
{
    dd_attr  a = { .name = "k", .kind = DD_ATTR_TEXT, .text = { "a\xff" "b", 3 } };
    dd_span  s = { .kind = DD_SPAN_REQUEST, .name = { "\xc3", 1 }, .parent = -1, .id = 1, .attrs = &a, .n_attrs = 1 };
    dd_trace t = { .trace_id = TRACE_ID, .spans = &s, .n_spans = 1 };
    dd_buf   out = DD_BUF_INIT(0);
    dd_str   bytes = encode(DD_OTLP_PROTOBUF, &t, 1, &out);
    CHECK(dd_str_find(bytes, (dd_str){ "\x0a\x05" "a\xef\xbf\xbd" "b", 7 }) > 0);
    CHECK(dd_str_find(bytes, (dd_str){ "\x2a\x03\xef\xbf\xbd", 5 }) > 0);
    CHECK(dd_str_has(encode(DD_OTLP_JSON, &t, 1, &out), "\"stringValue\":\"a\xef\xbf\xbd" "b\""));
    dd_buf_free(&out);
}

static const dd_event answered = {
    .id = 1, .endpoint = { "chat.completions", 16 }, .provider = { "openai", 6 }, .requested_model = { "gpt-4o", 6 }, .used_model = { "gpt-4o-mini", 11 },
    .team = { "desk", 4 }, .status = 200, .usage = { 100, 20, 3, 4, 50 }, .reasoning_tokens = 7,
    .cost_original = INT64_C(9000000000000), .cost_actual = INT64_C(4500000000000), .cost_saved = INT64_C(4500000000000), .cost_premium = DD_PUSD_UNKNOWN,
    .first_us = 500000, .total_us = 2000000, .overhead_us = -1,
};

static dd_str metrics(dd_otlp_form form, const dd_meter *m, const dd_otlp_queue *q, size_t n, dd_buf *out)
{
    dd_otlp       *o = dd_otlp_new(form, NULL, 0, DD_STR("9"));
    dd_otlp_moment at = { .meter = m, .start_ns = 5, .now_ns = 7, .queues = q, .n_queues = n };
    dd_str         s = dd_otlp_metrics(o, &at, out);
    dd_otlp_free(o);
    return s;
}

TEST(otlp_a_gauge_is_these_bytes)
{
    dd_otlp_queue q = { "q", 3, 2 };
    dd_buf        out = DD_BUF_INIT(0);
    dd_str        got = metrics(DD_OTLP_PROTOBUF, NULL, &q, 1, &out);
    static const char want[] = "\x12\x64"                                                            /* Metric, 100 = 12 + 34 + 8 + 46 */
        "\x0a\x0a" "dd0c.queue" "\x12\x20" "What waits to be written or sent" "\x1a\x06" "{item}"
        "\x2a\x2c" "\x0a\x2a"                                                                        /* Gauge { NumberDataPoint, 42 = 24 + 9 + 9 } */
        "\x3a\x16\x0a\x0f" "dd0c.queue.name" "\x12\x03\x0a\x01q"
        "\x19\x07\0\0\0\0\0\0\0" "\x31\x03\0\0\0\0\0\0\0";                                           /* at 7 ns: 3 */
    CHECK(dd_str_find(got, (dd_str){ want, sizeof want - 1 }) > 0);
    dd_buf_free(&out);
}

/* 2 s ends the bucket (2^(7/8), 2^(8/8)]: OTLP's index i holds (2^(i/8), 2^((i+1)/8)], so 7. Half a second: -9. */
TEST(otlp_times_are_exponential_histograms)
{
    dd_meter *m = dd_meter_new();
    dd_event  quick = answered;
    dd_buf    out = DD_BUF_INIT(0);
    quick.total_us = 0;
    quick.first_us = -1;
    dd_meter_add(m, &answered);
    dd_meter_add(m, &answered);
    dd_meter_add(m, &quick);
    dd_str json = metrics(DD_OTLP_JSON, m, NULL, 0, &out);
    CHECK(dd_str_has(json, "\"count\":\"3\",\"sum\":4,\"scale\":3,\"zeroCount\":\"1\",\"zeroThreshold\":9.5367431640625e-07,"
                           "\"positive\":{\"offset\":7,\"bucketCounts\":[\"2\"]}"));                 /* 2^-20 s and less count as zero */
    CHECK(dd_str_has(json, "\"count\":\"2\",\"sum\":1,\"scale\":3,\"zeroCount\":\"0\",\"zeroThreshold\":9.5367431640625e-07,"
                           "\"positive\":{\"offset\":-9,\"bucketCounts\":[\"2\"]}"));
    CHECK(dd_str_find(metrics(DD_OTLP_PROTOBUF, m, NULL, 0, &out),
          (dd_str){ "\x30\x06" "\x39\x01\0\0\0\0\0\0\0" "\x42\x05\x08\x0e\x12\x01\x02", 18 }) > 0);  /* sint32 3 is 6, 7 is 14 */
    CHECK(dd_str_find(metrics(DD_OTLP_PROTOBUF, m, NULL, 0, &out), (dd_str){ "\x42\x05\x08\x11\x12\x01\x02", 7 }) > 0);   /* -9 is 17 */
    dd_meter_free(m);
    dd_buf_free(&out);
}

TEST(otlp_tokens_and_money)
{
    dd_meter *m = dd_meter_new();
    dd_event  unpriced = answered;
    dd_buf    out = DD_BUF_INIT(0);
    unpriced.used_model  = DD_STR("own");
    unpriced.cost_actual = unpriced.cost_saved = unpriced.cost_original = DD_PUSD_UNKNOWN;
    dd_meter_add(m, &answered);
    dd_meter_add(m, &unpriced);
    dd_str json = metrics(DD_OTLP_JSON, m, NULL, 0, &out);
    CHECK(dd_str_has(json, "{\"key\":\"gen_ai.token.type\",\"value\":{\"stringValue\":\"input\"}}],\"startTimeUnixNano\":\"5\",\"timeUnixNano\":\"7\","
                           "\"count\":\"1\",\"sum\":127}"));                                          /* 100 + 20 + 3 + 4: cached ones are input */
    CHECK(dd_str_has(json, "\"sum\":50}"));
    CHECK(dd_str_has(json, "\"asDouble\":4.5}"));
    ptrdiff_t cost = dd_str_findz(json, "\"name\":\"dd0c.cost\""), end = dd_str_findz(json, "\"name\":\"dd0c.saved\"");
    CHECK(cost > 0 && end > cost && !dd_str_has(dd_str_sub(json, (size_t)cost, (size_t)end), "own"));   /* unknown is not 0 */
    CHECK(dd_str_has(json, "\"name\":\"dd0c.requests.unpriced\""));
    dd_meter_free(m);
    dd_buf_free(&out);
}

TEST(otlp_replies)
{
    dd_otlp_reply r;
    dd_otlp_reply_read(DD_OTLP_PROTOBUF, DD_STR(""), &r);
    CHECK(r.rejected == 0 && !r.why[0]);
    dd_otlp_reply_read(DD_OTLP_PROTOBUF, (dd_str){ "\x0a\x07\x08\xac\x02\x12\x02no", 9 }, &r);
    CHECK_EQ(r.rejected, 300, "rejected_spans");
    CHECK_STR(dd_str_z(r.why), "no");
    dd_otlp_reply_read(DD_OTLP_PROTOBUF, (dd_str){ "\x0a\x7f\x08", 3 }, &r);
    CHECK_EQ(r.rejected, 0, "cut off");
    dd_otlp_reply_read(DD_OTLP_JSON, DD_STR("{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"too old\"}}"), &r);
    CHECK_EQ(r.rejected, 3, "as text");
    CHECK_STR(dd_str_z(r.why), "too old");
    dd_otlp_reply_read(DD_OTLP_JSON, DD_STR("{\"partialSuccess\":{\"rejectedDataPoints\":4}}"), &r);
    CHECK_EQ(r.rejected, 4, "as a number, of metrics");
    dd_otlp_reply_read(DD_OTLP_JSON, DD_STR("<html>"), &r);
    CHECK(r.rejected == 0 && !r.why[0]);
}
