#include "route/event.h"

#include "base/json.h"
#include "tests/unit/test.h"

static const struct { const char *why; int64_t id; const char *want; } ids[] = {
    { "nothing", 0, "req_0000000000000" },
    { "one", 1, "req_0000000000001" },
    { "31 is the last letter", 31, "req_000000000000z" },
    { "32 carries", 32, "req_0000000000010" },
    { "a byte: 255 = 7 * 32 + 31", 255, "req_000000000007z" },
    { "the largest: 63 bits are 12 times 5, and 3", INT64_MAX, "req_7zzzzzzzzzzzz" },
};

TEST(request_ids_are_spelled_and_read_back)
{
    char text[20];
    for (size_t i = 0; i < DD_COUNT(ids); i++) {
        int64_t back = -1;
        dd_event_spell(ids[i].id, text);
        CHECK_STR(dd_str_z(text), ids[i].want);
        CHECK(dd_event_unspell(dd_str_z(text), &back));
        CHECK_EQ(back, ids[i].id, ids[i].why);
    }
}

TEST(request_ids_sort_as_their_numbers)
{
    char a[20], b[20];
    for (int64_t id = 1; id < INT64_MAX / 3; id *= 3) {
        dd_event_spell(id, a);
        dd_event_spell(id + 1, b);
        CHECK(strcmp(a, b) < 0);
        dd_event_spell(id * 2, b);
        CHECK(strcmp(a, b) < 0);
    }
}

TEST(what_is_no_request_id_is_refused)
{
    static const char *const bad[] = { "", "req_", "req_000000000000", "req_00000000000000", "rex_0000000000000", "req_000000000000u", "req_00000000000!0",
                                       "req_8000000000000", "req_zzzzzzzzzzzzz", "req_000000 000000" };
    int64_t id;
    for (size_t i = 0; i < DD_COUNT(bad); i++)
        CHECK(!dd_event_unspell(dd_str_z(bad[i]), &id));
    CHECK(dd_event_unspell(DD_STR("req_000000000001Z"), &id));
    CHECK_EQ(id, 63, "case does not matter");
    CHECK(dd_event_unspell(DD_STR("req_00000000000oL"), &id));
    CHECK_EQ(id, 1, "nor do look-alikes");
}

TEST(times_are_iso_8601)
{
    char t[25];
    dd_event_time(1795179959123, t); /* date -u -d @1795179959 */
    CHECK_STR(dd_str_z(t), "2026-11-20T13:05:59.123Z");
    dd_event_time(0, t);
    CHECK_STR(dd_str_z(t), "1970-01-01T00:00:00.000Z");
    dd_event_time(-1, t);
    CHECK_STR(dd_str_z(t), "1969-12-31T23:59:59.999Z");
}

TEST(names_of_classes_lead_back)
{
    for (int c = 0; c < DD_EC_COUNT; c++) {
        dd_error_class got;
        CHECK(dd_error_class_find(dd_str_z(dd_error_class_name((dd_error_class)c)), &got) && (int)got == c);
    }
    dd_usage_source s;
    CHECK(dd_usage_source_find(DD_STR("counted"), &s) && s == DD_USAGE_COUNTED);
    CHECK_STR(dd_str_z(dd_error_class_name(DD_EC_RATE_LIMIT)), "rate_limit");
    CHECK_STR(dd_str_z(dd_error_class_name((dd_error_class)999)), "unknown");
}

TEST(an_event_is_one_line_of_json)
{
    const dd_attempt a = { DD_STR("openai"), DD_STR("gpt-4o"), 0, DD_EC_CONNECT, 5, -1, 90, { -1, -1, -1, -1, -1 }, DD_PUSD_UNKNOWN };
    const dd_event   e = { .id = 33, .time_ms = 1000, .org = DD_STR("default"), .feature = DD_STR("a\"b\n"), .tags = DD_STR("{\n \"k\": 1}"), .stream = true, .status = 200,
                           .usage = { 10, 2, 0, -1, 5 }, .reasoning_tokens = -1, .usage_source = DD_USAGE_COUNTED, .cost_original = 14850000000,
                           .cost_actual = DD_PUSD_UNKNOWN, .cost_saved = 0, .prices = DD_DAY_NONE, .first_us = -1, .attempts = &a, .n_attempts = 1,
                           .complexity = DD_STR("low"), .score = 0.125, .considered = DD_STR("[{\"model\":\"a\"}]"), .cost_premium = 29700000000,
                           .cache = DD_STR("hit") };
    dd_buf b = DD_BUF_INIT(0);
    dd_event_json(&e, &b);
    CHECK_STR(dd_buf_str(&b),
              "{\"id\":\"req_0000000000011\",\"time\":\"1970-01-01T00:00:01.000Z\",\"org\":\"default\",\"key_id\":null,\"user\":null,\"feature\":\"a\\\"b\\n\",\"team\":null,"
              "\"env\":null,\"tags\":{  \"k\": 1},\"task\":null,\"strategy\":null,\"route\":null,"
              "\"complexity\":\"low\",\"score\":0.125,\"considered\":[{\"model\":\"a\"}],\"fallback\":false,\"cache\":\"hit\",\"budget\":null,\"session\":null,"
              "\"call_site\":null,\"prompt_hash\":null,\"rules\":null,\"endpoint\":null,\"requested_model\":null,\"used_model\":null,"
              "\"provider\":null,\"stream\":true,\"disconnected\":false,\"status\":200,\"error\":null,\"finish_reason\":null,"
              "\"usage\":{\"input\":10,\"cache_read\":2,\"cache_write\":0,\"cache_write_1h\":null,\"output\":5},\"reasoning_tokens\":null,\"usage_source\":\"counted\","
              "\"cost_original\":0.01485,\"cost_actual\":null,\"cost_saved\":0,\"cost_premium\":0.0297,\"prices\":null,\"first_us\":null,\"total_us\":0,\"overhead_us\":0,\"queue_us\":0,"
              "\"bytes_in\":0,\"bytes_out\":0,\"retries\":0,\"dropped\":null,"
              "\"trace_id\":null,\"parent_span\":null,\"sampled\":true,\"auth_us\":0,\"decide_us\":0,\"cache_us\":0,\"prepare_us\":0,\"answer_us\":0,"
              "\"attempts\":[{\"provider\":\"openai\",\"model\":\"gpt-4o\",\"status\":0,\"error\":\"connect\",\"start_us\":5,\"first_us\":null,\"total_us\":90,"
              "\"usage\":{\"input\":null,\"cache_read\":null,\"cache_write\":null,\"cache_write_1h\":null,\"output\":null},\"cost\":null}],\"asides\":[]}");
    dd_event with_aside = e;
    with_aside.asides   = &(const dd_attempt){ .provider = DD_STR("mistral"), .model = DD_STR("small"), .status = 200, .usage = { 9, 0, 0, 0, 1 }, .cost = 5,
                                               .purpose = DD_CALL_VERIFIES };
    with_aside.n_asides = 1;
    dd_buf_clear(&b);
    dd_event_json(&with_aside, &b);
    CHECK(dd_str_endsz(dd_buf_str(&b), "\"asides\":[{\"purpose\":\"verify\",\"provider\":\"mistral\",\"model\":\"small\",\"status\":200,\"error\":null,\"start_us\":0,"
                                       "\"first_us\":0,\"total_us\":0,\"usage\":{\"input\":9,\"cache_read\":0,\"cache_write\":0,\"cache_write_1h\":0,\"output\":1},"
                                       "\"cost\":0.000000000005}]}"));
    dd_buf_free(&b);
}
