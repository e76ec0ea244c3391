#include "proxy/live.h"
#include "tests/unit/test.h"

static const int64_t second = 1000000000;

static void request(dd_meter *m, int64_t total_us)
{
    dd_event e = { .id = 1, .endpoint = { "chat", 4 }, .status = 200, .total_us = total_us, .first_us = -1, .overhead_us = 100 };
    dd_meter_add(m, &e);
}

static int64_t in_last(dd_minute *m, const dd_meter *meter, int64_t now_ns)
{
    dd_meter_sum sum;
    dd_spans     last;
    dd_meter_total(meter, &sum);
    dd_minute_last(m, &sum, now_ns, &last);
    CHECK_EQ(last.overhead.n, last.total.n, "each has both");
    CHECK_EQ(last.first.n, 0, "none has this");
    return last.total.n;
}

TEST(the_last_minute_is_50_to_60_seconds)
{
    dd_meter  *meter = dd_meter_new();
    dd_minute *m     = dd_minute_new();
    int64_t    start = 5000 * second;
    request(meter, 1000);
    CHECK_EQ(in_last(m, meter, start), 1, "before the first reading: all there was");
    dd_minute_tick(m, meter, start);
    for (int i = 1; i <= 600; i++) {               /* one each second */
        request(meter, 1000);
        dd_minute_tick(m, meter, start + i * second);
        int64_t n = in_last(m, meter, start + i * second);
        if (i < 50)
            CHECK_EQ(n, i, "since the start");
        else
            CHECK(n >= 50 && n <= 60);
    }
    for (int i = 601; i <= 670; i++)
        dd_minute_tick(m, meter, start + i * second);
    CHECK_EQ(in_last(m, meter, start + 670 * second), 0, "a quiet minute");
    request(meter, 1000);
    CHECK_EQ(in_last(m, meter, start + 671 * second), 1, "and one request");
    CHECK_EQ(in_last(m, meter, start + 4000 * second), 1, "nobody ticked for an hour: since the last reading");
    dd_minute_free(m);
    dd_meter_free(meter);
}
