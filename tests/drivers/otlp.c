/* Random requests as OTLP, in both forms of the same content: lines of "traces" or "metrics", protobuf as hex, JSON. argv: lines, seed. */
#include <stdio.h>
#include <stdlib.h>

#include "report/otlp.h"

static uint64_t state;

static uint64_t next(void)             /* xorshift64, G. Marsaglia */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t n) { return next() % n; }
static int64_t  sometimes(int64_t most) { return below(4) ? (int64_t)below((uint64_t)most) : -1; }
static dd_pusd  money(void) { return below(4) ? (dd_pusd)below(1000000000000) - 1000 : DD_PUSD_UNKNOWN; }

/* Text as it may come: words, none, Unicode, what JSON escapes, bytes that are no UTF-8. */
static dd_str word(dd_arena *a)
{
    static const char *const words[] = { "", "gpt-4o-mini", "openai", "a \"quoted\\ \n\t\x01 text", "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80", "\xe2\x80\xae" "turned",
                                         "\xf3\xa0\x81\x81" "tag", "broken\xff\xc3", "\x7f", "[{\"model\":\"x\"}]" };
    size_t which = below(DD_COUNT(words) + 1);
    if (which < DD_COUNT(words))
        return dd_str_z(words[which]);
    size_t n = below(3) ? below(40) : below(20000);
    char  *p = dd_arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(' ' + below(95));
    return (dd_str){ p, n };
}

static dd_usage usage(void) { return (dd_usage){ sometimes(5000), sometimes(100), sometimes(100), sometimes(100), sometimes(1 << 30) }; }

static dd_str one_of(const char *a, const char *b, const char *c) { return dd_str_z(below(3) == 0 ? a : below(2) ? b : c); }

static dd_event event(dd_arena *a, dd_attempt *attempts)
{
    dd_event e = { .id = (int64_t)(next() >> 2), .time_ms = INT64_C(1795132800000) + (int64_t)below(1 << 30), .org = word(a), .key_id = word(a), .team = word(a),
                   .feature = word(a), .env = word(a), .task = word(a), .strategy = word(a), .route = word(a),
                   .endpoint = one_of("chat.completions", "embeddings", "passthrough"), .requested_model = word(a), .used_model = word(a), .provider = word(a),
                   .stream = below(2), .disconnected = below(2), .status = (int)below(600), .error = (dd_error_class)below(DD_EC_COUNT), .usage = usage(),
                   .reasoning_tokens = sometimes(100), .cost_original = money(), .cost_actual = money(), .cost_saved = money(), .cost_premium = money(),
                   .first_us = sometimes(1000000), .total_us = sometimes(INT64_C(100000000000)), .overhead_us = sometimes(10000), .queue_us = sometimes(100),
                   .retries = (int)below(3), .attempts = attempts, .n_attempts = below(4), .complexity = one_of("", "low", "high"), .score = (double)below(1000) / 999,
                   .considered = word(a), .fallback = below(2), .cache = one_of("", "hit", "miss"), .call_site = word(a), .prompt_hash = word(a), .rules = word(a),
                   .finish_reason = one_of("", "stop", "length"), .trace_id = one_of("", "4bf92f3577b34da6a3ce929d0e0e4736", "none"),
                   .parent_span = one_of("", "00f067aa0ba902b7", ""), .unsampled = below(2), .auth_us = sometimes(10), .decide_us = sometimes(1000),
                   .cache_us = sometimes(100), .prepare_us = sometimes(100), .answer_us = sometimes(100) };
    for (size_t i = 0; i < e.n_attempts; i++)
        attempts[i] = (dd_attempt){ .provider = word(a), .model = word(a), .status = (int)below(600), .error = (dd_error_class)below(DD_EC_COUNT),
                                    .start_us = sometimes(1000), .first_us = sometimes(1000), .total_us = sometimes(1000000), .usage = usage(), .cost = money() };
    return e;
}

static void print(const char *kind, dd_str bytes, dd_str json)
{
    printf("%s ", kind);
    for (size_t i = 0; i < bytes.len; i++)
        printf("%02x", (unsigned char)bytes.ptr[i]);
    printf(" %.*s\n", (int)json.len, json.ptr);
}

int main(int argc, char **argv)
{
    char *end;
    long  lines = argc > 1 ? strtol(argv[1], &end, 10) : 10;
    state = argc > 2 ? strtoull(argv[2], &end, 10) | 1 : 1;
    static const dd_otlp_label labels[] = { { DD_STR("service.name"), DD_STR("t\xc3\xa4st") }, { DD_STR("bad\xff"), DD_STR("\xff") } };
    dd_otlp  *form[2] = { dd_otlp_new(DD_OTLP_PROTOBUF, labels, 2, DD_STR("1")), dd_otlp_new(DD_OTLP_JSON, labels, 2, DD_STR("1")) };
    dd_meter *meter   = dd_meter_new();
    dd_buf    out[2]  = { DD_BUF_INIT(0), DD_BUF_INIT(0) };
    dd_str    text[2];
    for (long line = 0; line < lines; line++) {
        dd_arena   arena = DD_ARENA_INIT;
        dd_attempt attempts[4];
        for (int f = 0; f < 2; f++)
            dd_otlp_begin(form[f], &out[f]);
        for (uint64_t n = below(4); n > 0; n--) {
            dd_trace t;
            dd_event e = event(&arena, attempts);
            dd_trace_make(&e, &arena, &t);
            dd_meter_add(meter, &e);
            for (int f = 0; f < 2; f++)
                dd_otlp_add(form[f], &t, &out[f]);
        }
        for (int f = 0; f < 2; f++)
            text[f] = dd_otlp_end(form[f], &out[f]);
        print("traces", text[0], text[1]);
        if (line % 10 == 9) {
            dd_otlp_queue  queue = { "q", (int64_t)below(100), (int64_t)below(100) };
            dd_otlp_moment at    = { .meter = meter, .start_ns = 1, .now_ns = INT64_C(1795132800000000000), .queues = &queue, .n_queues = 1 };
            for (int f = 0; f < 2; f++)
                text[f] = dd_otlp_metrics(form[f], &at, &out[f]);
            print("metrics", text[0], text[1]);
        }
        dd_arena_fini(&arena);
    }
    for (int f = 0; f < 2; f++) {
        dd_otlp_free(form[f]);
        dd_buf_free(&out[f]);
    }
    dd_meter_free(meter);
    return 0;
}
