#include "store/record.h"

#include "store/ring.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

static dd_attempt room[DD_RECORD_ATTEMPTS];

static dd_str text_of(const dd_event *e, dd_buf *out)
{
    dd_buf_clear(out);
    dd_event_json(e, out);
    return dd_buf_str(out);
}

TEST(a_record_brings_the_event_back)
{
    char     bytes[2048];
    dd_event e = sample_event(42), got;
    dd_buf   a = DD_BUF_INIT(0), b = DD_BUF_INIT(0);
    size_t   n = dd_record_write(&e, bytes);
    CHECK(n <= dd_record_bound(&e) && n <= sizeof bytes);
    CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, NULL));
    CHECK(dd_str_eq(text_of(&e, &a), text_of(&got, &b)));
    CHECK_EQ(got.n_attempts, 2, "R3.6 attempts");
    CHECK_EQ(got.attempts[0].cost, DD_PUSD_UNKNOWN, "unknown stays unknown");
    CHECK_EQ(got.attempts[1].cost, 123456, "cost of an attempt");
    CHECK_EQ(got.id, e.id, "id");
    dd_buf_free(&a);
    dd_buf_free(&b);
}

TEST(a_record_keeps_who_was_asked_beside)
{
    static const dd_attempt asides[] = {
        { { "openai", 6 }, { "gpt-5.6-luna", 12 }, 200, DD_EC_NONE, 10, 90, 100, { 80, 0, 0, 0, 3 }, 77, DD_CALL_CLASSIFIES },
        { { "judge", 5 }, { "gpt-4o", 6 }, 0, DD_EC_TIMEOUT, 900, -1, 100, { -1, -1, -1, -1, -1 }, DD_PUSD_UNKNOWN, DD_CALL_VERIFIES },
    };
    static dd_attempt many[DD_RECORD_ATTEMPTS];
    static char bytes[16384];
    dd_event    e = sample_event(42), got;
    e.asides   = asides;
    e.n_asides = 2;
    size_t n   = dd_record_write(&e, bytes);
    dd_str tail;
    CHECK(n <= dd_record_bound(&e));
    CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, &tail));
    CHECK_EQ(got.n_attempts, 2, "attempts are as before");
    CHECK_EQ(got.n_asides, 2, "two");
    CHECK(got.asides[0].purpose == DD_CALL_CLASSIFIES && got.asides[0].cost == 77 && got.asides[0].usage.output == 3);
    CHECK(got.asides[1].purpose == DD_CALL_VERIFIES && got.asides[1].error == DD_EC_TIMEOUT && got.asides[1].cost == DD_PUSD_UNKNOWN);
    CHECK_STR(got.asides[1].provider, "judge");
    CHECK_STR(got.attempts[1].model, e.attempts[1].model.ptr);
    got = (dd_event){ 0 };
    CHECK_OK(dd_record_read_attempts(tail, &got, room));
    CHECK_EQ(got.n_asides, 2, "out of the table, too");
    for (size_t cut = 1; cut < 20; cut++)
        CHECK(dd_record_read((dd_str){ bytes, n - cut }, &got, room, NULL) == DD_ERR_PARSE);
    for (size_t i = 0; i < DD_RECORD_ATTEMPTS; i++)
        many[i] = e.attempts[0];
    e.attempts   = many;
    e.n_attempts = DD_RECORD_ATTEMPTS - 1;
    n            = dd_record_write(&e, bytes);
    CHECK(n <= dd_record_bound(&e) && n <= sizeof bytes);
    CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, NULL));
    CHECK_EQ(got.n_attempts, DD_RECORD_ATTEMPTS - 1, "attempts come first");
    CHECK_EQ(got.n_asides, 1, "in the room that they leave");
}

/* Bytes of a spool file as dd0c 0.1's 39 fields were written: one answered request, one attempt. */
static const char of_39_fields[] =
    "\x01\x27\x83\x80\xec\xcc\xdb\x85\xbe\xd0\x0c\xa7\xcd\x82\x91\xbf\x68\x07" "default\x02k1\x00\x06search\x00\x00\x00\x00\x0b" "passthrough"
    "\x00\x00\x06gpt-4o\x06gpt-4o\x06openai\x03\x01\x91\x03\x01\x0f\x03\x01\x01\x05\x00\x03\x81\x89\x0f\x81\x89\x0f\x01\xc5\xc4\x02\xd9\x04\xd1\x0f"
    "Q\x03\xc9\x01\x91\x03\x01\x08logprobs\x01\x06openai\x06gpt-4o\x0b\x91\x03\x01\x15\xd9\x04\x89\x0e\x0f\x03\x01\x01\x05\x81\x89\x0f";

TEST(a_record_of_an_older_program_is_read_and_what_it_lacks_is_not_known)
{
    dd_event got;
    CHECK_EQ(sizeof of_39_fields - 1, 149, "bytes of the spool");
    CHECK_OK(dd_record_read((dd_str){ of_39_fields, sizeof of_39_fields - 1 }, &got, room, NULL));
    CHECK_EQ(got.time_ms, 1795179959123, "time");
    CHECK_EQ(got.cost_actual, 123456, "cost");
    CHECK_STR(got.dropped, "logprobs");
    CHECK_EQ(got.n_attempts, 1, "R3.6 attempts");
    CHECK_EQ(got.attempts[0].cost, 123456, "cost of an attempt");
    CHECK(got.complexity.len == 0 && got.considered.len == 0 && got.cache.len == 0 && got.prompt_hash.len == 0);
    CHECK(got.score < 0 && !got.fallback);
    CHECK_EQ(got.cost_premium, DD_PUSD_UNKNOWN, "RO.6 unknown is not 0");
}

TEST(a_record_keeps_scores_to_the_millionth_and_whole_reasons)
{
    static char long_list[DD_EVENT_CONSIDERED + 1];
    static const struct { double is, want; } scores[] = { { 0, 0 }, { 1, 1 }, { 0.1234564, 0.123456 }, { -1, -1 }, { 1.5, -1 } };
    char     bytes[2 * DD_EVENT_CONSIDERED];
    dd_event e = sample_event(1), got;
    for (size_t i = 0; i < DD_COUNT(scores); i++) {
        e.score = scores[i].is;
        size_t n = dd_record_write(&e, bytes);
        CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, NULL));
        CHECK_EQ((int64_t)(got.score * 1e6 + (got.score < 0 ? -0.5 : 0.5)), (int64_t)(scores[i].want * 1e6), "millionths");
    }
    memset(long_list, '[', sizeof long_list);
    e.considered = (dd_str){ long_list, sizeof long_list };
    size_t n = dd_record_write(&e, bytes);
    CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, NULL));
    CHECK_EQ(got.considered.len, 0, "a list that is too long must not be cut: it is JSON");
}

TEST(a_record_keeps_the_ends_of_numbers_apart)
{
    char     bytes[2048];
    dd_event e = sample_event(1), got;
    e.cost_actual = INT64_MAX;
    e.cost_saved = INT64_MIN + 2;
    e.cost_original = DD_PUSD_UNKNOWN;
    e.prices = DD_DAY_NONE;
    e.usage.input = 0;
    e.usage.output = -1;
    e.stream = false;
    e.disconnected = true;
    const dd_attempt free_one = { .status = 200, .cost = 0, .first_us = 0, .usage = { 0, -1, 0, 0, 0 } };
    e.attempts = &free_one;
    e.n_attempts = 1;
    size_t n = dd_record_write(&e, bytes);
    CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, NULL));
    CHECK_EQ(got.cost_actual, INT64_MAX, "largest");
    CHECK_EQ(got.cost_saved, INT64_MIN + 2, "smallest");
    CHECK_EQ(got.cost_original, DD_PUSD_UNKNOWN, "unknown is not 0");
    CHECK_EQ(got.prices, DD_DAY_NONE, "no day");
    CHECK_EQ(got.usage.input, 0, "zero is known");
    CHECK_EQ(got.usage.output, -1, "not known");
    CHECK(!got.stream && got.disconnected);
    CHECK_EQ(got.attempts[0].cost, 0, "free is known");
    CHECK_EQ(got.attempts[0].first_us, 0, "at once is known");
    CHECK_EQ(got.attempts[0].usage.cache_read, -1, "not known");
}

TEST(numbers_that_cannot_be_are_not_known)
{
    char     bytes[2048];
    dd_event e = sample_event(1), got;
    const dd_attempt odd = { .start_us = INT64_MAX, .first_us = INT64_MAX, .total_us = (INT64_C(1) << 53) + 1, .usage = { INT64_C(1) << 53, 0, 0, 0, INT64_MAX }, .cost = INT64_MAX };
    e.id = e.time_ms = e.total_us = e.usage.input = INT64_MAX;
    e.attempts = &odd;
    e.n_attempts = 1;
    size_t n = dd_record_write(&e, bytes);
    CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, NULL));
    CHECK_EQ(got.id, INT64_MAX, "an id is no count");
    CHECK_EQ(got.time_ms & got.total_us & got.usage.input, -1, "past 2^53");
    CHECK_EQ(got.attempts[0].start_us & got.attempts[0].first_us & got.attempts[0].total_us & got.attempts[0].usage.output, -1, "of an attempt, too");
    CHECK_EQ(got.attempts[0].usage.input, INT64_C(1) << 53, "the largest");
    CHECK_EQ(got.attempts[0].cost, INT64_MAX, "money has an end of its own");
}

TEST(a_cut_record_is_refused_at_every_length)
{
    char     bytes[2048];
    dd_event e = sample_event(7), got;
    size_t   n = dd_record_write(&e, bytes);
    for (size_t i = 0; i < n; i++) {
        char *exact = dd_malloc(i + 1); /* so that a read past the end is seen */
        memcpy(exact, bytes, i);
        CHECK_EQ(dd_record_read((dd_str){ exact, i }, &got, room, NULL), DD_ERR_PARSE, "cut");
        free(exact);
    }
    bytes[0] = 9;
    CHECK_EQ(dd_record_read((dd_str){ bytes, n }, &got, room, NULL), DD_ERR_PARSE, "of another version");
}

TEST(long_text_is_cut_between_characters_and_tags_are_left_out)
{
    static char long_name[1000], long_tags[20000];
    dd_event    e = sample_event(1), got;
    memset(long_name, 'x', sizeof long_name);
    memcpy(long_name + 255, "\xc3\xa9", 2); /* the 256th and 257th byte are one character */
    memset(long_tags, ' ', sizeof long_tags);
    long_tags[0] = '{';
    e.feature = (dd_str){ long_name, sizeof long_name };
    e.tags = (dd_str){ long_tags, sizeof long_tags };
    char  *bytes = dd_malloc(dd_record_bound(&e));
    size_t n = dd_record_write(&e, bytes);
    CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, NULL));
    CHECK_EQ(got.feature.len, 255, "cut before the character");
    CHECK_EQ(got.tags.len, 0, "tags must stay JSON");
    free(bytes);
}

TEST(attempts_past_the_limit_are_not_kept)
{
    static dd_attempt many[DD_RECORD_ATTEMPTS + 5];
    dd_event          e = sample_event(1), got;
    e.attempts = many;
    e.n_attempts = DD_COUNT(many);
    char  *bytes = dd_malloc(dd_record_bound(&e));
    size_t n = dd_record_write(&e, bytes);
    CHECK(n <= dd_record_bound(&e));
    CHECK_OK(dd_record_read((dd_str){ bytes, n }, &got, room, NULL));
    CHECK_EQ(got.n_attempts, DD_RECORD_ATTEMPTS, "kept");
    free(bytes);
}

TEST(frames_say_when_they_are_damaged)
{
    dd_buf   f = DD_BUF_INIT(0);
    dd_str   rest;
    dd_frame got;
    bool     damaged;
    dd_frame_add(&f, (dd_frame){ DD_STR("one"), 1 });
    dd_frame_add(&f, (dd_frame){ DD_STR("three"), -3 });
    dd_frames_seal(f.ptr, f.len);
    rest = dd_buf_str(&f);
    CHECK(dd_frame_check(&rest, &got, &damaged));
    CHECK_STR(got.record, "one");
    CHECK_EQ(got.mark, 1, "mark");
    CHECK(dd_frame_check(&rest, &got, &damaged));
    CHECK_STR(got.record, "three");
    CHECK_EQ(got.mark, -3, "mark");
    CHECK(!dd_frame_check(&rest, &got, &damaged) && !damaged);
    rest = (dd_str){ f.ptr, f.len - 1 };
    CHECK(dd_frame_check(&rest, &got, &damaged));
    CHECK(!dd_frame_check(&rest, &got, &damaged) && !damaged); /* a torn end */
    f.ptr[DD_FRAME_HEAD - 1] ^= 1; /* in the mark */
    rest = dd_buf_str(&f);
    CHECK(!dd_frame_check(&rest, &got, &damaged) && damaged);
    f.ptr[DD_FRAME_HEAD - 1] ^= 1;
    f.ptr[DD_FRAME_HEAD] = 'x';
    rest = dd_buf_str(&f);
    CHECK(!dd_frame_check(&rest, &got, &damaged) && damaged);
    dd_buf_free(&f);
}

TEST(a_queue_gives_back_in_order_and_refuses_what_is_too_much)
{
    dd_ring *r = dd_ring_new(4);
    dd_buf   out = DD_BUF_INIT(0);
    int64_t  mark = 0;
    dd_event e;
    for (int64_t i = 0; i < 4; i++) {
        e = sample_event(i);
        CHECK_EQ(dd_ring_put(r, &e, 4), i + 1, "depth");
    }
    CHECK_EQ(dd_ring_put(r, &e, 4), 0, "R3.1 full");
    for (int64_t i = 0; i < 4; i++) {
        dd_str   bytes;
        dd_frame frame;
        dd_event got;
        dd_buf_clear(&out);
        CHECK(dd_ring_take(r, &out));
        bytes = dd_buf_str(&out);
        CHECK(dd_frame_take(&bytes, &frame));
        CHECK_OK(dd_record_read(frame.record, &got, room, NULL));
        mark = i == 0 ? frame.mark : mark;
        CHECK_EQ(frame.mark - mark, i, "each its own mark");
        CHECK_EQ(got.cost_actual, i, "first in, first out");
    }
    CHECK(!dd_ring_take(r, &out));
    CHECK_EQ(dd_ring_put(r, &e, 4), 1, "free again");
    dd_ring_free(r);
    dd_buf_free(&out);
}

TEST(a_queue_keeps_to_a_limit_below_its_room)
{
    dd_ring *r = dd_ring_new(8);
    dd_event e = sample_event(1);
    CHECK_EQ(dd_ring_put(r, &e, 2), 1, "one");
    CHECK_EQ(dd_ring_put(r, &e, 2), 2, "two");
    CHECK_EQ(dd_ring_put(r, &e, 2), 0, "no more");
    CHECK_EQ(dd_ring_put(r, &e, 3), 3, "unless allowed");
    CHECK_EQ(dd_ring_depth(r), 3, "depth");
    dd_ring_free(r);
}

TEST(a_queue_takes_events_longer_than_a_slot)
{
    static char tags[15000];
    dd_ring    *r = dd_ring_new(2);
    dd_buf      out = DD_BUF_INIT(0);
    dd_event    e = sample_event(1), got;
    dd_str      bytes;
    dd_frame    frame;
    memset(tags, ' ', sizeof tags);
    e.tags = (dd_str){ tags, sizeof tags };
    CHECK_EQ(dd_ring_put(r, &e, 2), 1, "taken");
    CHECK_EQ(dd_ring_put(r, &e, 2), 2, "taken");
    CHECK_EQ(dd_ring_put(r, &e, 2), 0, "full, and the copy is freed");
    CHECK(dd_ring_take(r, &out));
    bytes = dd_buf_str(&out);
    CHECK(dd_frame_take(&bytes, &frame));
    CHECK_OK(dd_record_read(frame.record, &got, room, NULL));
    CHECK_EQ(got.tags.len, sizeof tags, "whole");
    dd_ring_free(r); /* with one still in it */
    dd_buf_free(&out);
}

TEST(a_slot_serves_events_of_every_length_in_turn)
{
    static const size_t lengths[] = { 10, 600, 590, 1500, 20, 5000, 700, 15000, 10, 2500 };
    static char tags[15000];
    dd_ring    *r = dd_ring_new(2);
    dd_buf      out = DD_BUF_INIT(0);
    memset(tags, ' ', sizeof tags);
    for (size_t i = 0; i < 4 * DD_COUNT(lengths); i++) {
        dd_event e = sample_event((int64_t)i), got;
        dd_str   bytes;
        dd_frame frame;
        e.tags = (dd_str){ tags, lengths[i % DD_COUNT(lengths)] };
        dd_buf_clear(&out);
        CHECK_EQ(dd_ring_put(r, &e, 2), 1, "taken");
        CHECK(dd_ring_take(r, &out));
        bytes = dd_buf_str(&out);
        CHECK(dd_frame_take(&bytes, &frame));
        CHECK_OK(dd_record_read(frame.record, &got, room, NULL));
        CHECK_EQ(got.tags.len, e.tags.len, "whole");
        CHECK_EQ(got.cost_actual, i, "its own");
    }
    dd_ring_free(r);
    dd_buf_free(&out);
}
