#include <stdlib.h>
#include <time.h>

#include "report/metrics.h"
#include "tests/unit/test.h"

static const dd_breaker_rule rule = { .error_rate = 0.10, .window_ms = 60000, .cooldown_ms = 30000, .min_requests = 20, .probes = 1 };
static const dd_event good = {
    .id = 1, .endpoint = { "chat.completions", 16 }, .provider = { "openai", 6 }, .requested_model = { "gpt-4o", 6 }, .used_model = { "gpt-4o-mini", 11 },
    .team = { "de\"sk\\", 6 }, .feature = { "two\nlines", 9 }, .status = 200, .usage = { 100, 0, 0, 0, 50 },
    .cost_original = 9000, .cost_actual = 4000, .cost_saved = 5000, .cost_premium = DD_PUSD_UNKNOWN, .first_us = 250000, .total_us = 1500000, .overhead_us = 500,
};

typedef struct { dd_metrics m; dd_arena arena; dd_buf out; } scene;

static scene *begin(void)
{
    scene *s = calloc(1, sizeof *s);
    s->m     = (dd_metrics){ .version = "1.2.3", .meter = dd_meter_new(), .live = dd_live_new(0, 0), .rule = &rule, .now_ms = 1000, .prices = DD_DAY_NONE,
                             .process = { -1, -1, -1, -1, -1, -1 } };
    return s;
}

static const char *text(scene *s, bool open)
{
    dd_buf_clear(&s->out);
    dd_metrics_write(&s->m, open, &s->arena, &s->out);
    return dd_buf_z(&s->out);
}

static void end(scene *s)
{
    dd_meter_free((dd_meter *)(uintptr_t)s->m.meter);
    dd_live_free((dd_live *)(uintptr_t)s->m.live);
    dd_arena_fini(&s->arena);
    dd_buf_free(&s->out);
    free(s);
}

static dd_meter *meter(scene *s) { return (dd_meter *)(uintptr_t)s->m.meter; }
static dd_live  *live(scene *s) { return (dd_live *)(uintptr_t)s->m.live; }
static bool      has(const char *in, const char *line) { return strstr(in, line) != NULL; }

static size_t count(const char *in, const char *part)
{
    size_t n = 0;
    for (const char *at = in; (at = strstr(at, part)); at++)
        n++;
    return n;
}

TEST(metrics_text_is_prometheus)     /* prometheus.io/docs/instrumenting/exposition_formats */
{
    scene *s = begin();
    dd_meter_add(meter(s), &good);
    const char *t = text(s, false);
    CHECK(has(t, "# HELP dd0c_requests_total Requests that ended, by what became of them: ok, or a class of error.\n# TYPE dd0c_requests_total counter\n"
                 "dd0c_requests_total{provider=\"openai\",model=\"gpt-4o-mini\",requested_model=\"gpt-4o\",operation=\"chat.completions\",outcome=\"ok\"} 1\n"));
    CHECK(has(t, "dd0c_spend_usd_total{team=\"de\\\"sk\\\\\",feature=\"two\\nlines\"} 0.000000004\n"));   /* 4000 picodollars */
    CHECK(has(t, "dd0c_saved_usd_total{provider=\"openai\",model=\"gpt-4o-mini\",requested_model=\"gpt-4o\",operation=\"chat.completions\"} 0.000000005\n"));
    CHECK(has(t, "dd0c_request_duration_seconds_bucket{provider=\"openai\",model=\"gpt-4o-mini\",operation=\"chat.completions\",le=\"1.0\"} 0\n"));
    CHECK(has(t, "dd0c_request_duration_seconds_bucket{provider=\"openai\",model=\"gpt-4o-mini\",operation=\"chat.completions\",le=\"2.0\"} 1\n"));
    CHECK(has(t, "dd0c_request_duration_seconds_sum{provider=\"openai\",model=\"gpt-4o-mini\",operation=\"chat.completions\"} 1.500000\n"));
    CHECK(has(t, "dd0c_overhead_seconds_bucket{le=\"0.00048828125\"} 0\n"));      /* 2^-11 s is 488 us, */
    CHECK(has(t, "dd0c_overhead_seconds_bucket{le=\"0.0009765625\"} 1\n"));       /* 2^-10 977 */
    CHECK(has(t, "dd0c_overhead_seconds_bucket{le=\"+Inf\"} 1\n"));
    CHECK(has(t, "# TYPE dd0c_build_info gauge\ndd0c_build_info{version=\"1.2.3\"} 1\n"));
    CHECK(!has(t, "# EOF") && !has(t, "# UNIT") && !has(t, "\n\n"));
    CHECK(!has(t, "\nprocess_cpu") && !has(t, "\ndd0c_prices_t") && !has(t, "\ndd0c_events_q"));   /* what is not known is left out */
    end(s);
}

TEST(metrics_text_is_open_metrics)   /* OpenMetrics 1.0: families without the suffix of their samples, units, an end */
{
    scene *s = begin();
    dd_meter_add(meter(s), &good);
    const char *t = text(s, true);
    CHECK(has(t, "# TYPE dd0c_cost_usd counter\n# UNIT dd0c_cost_usd usd\ndd0c_cost_usd_total{"));
    CHECK(has(t, "# TYPE dd0c_build info\ndd0c_build_info{version=\"1.2.3\"} 1\n"));
    CHECK(has(t, "# HELP dd0c_breaker_state Circuit breaker: 0 closed, 1 half open, 2 open. Model \\\"\\\" is all of the provider.\n"));
    CHECK(has(t, "# TYPE dd0c_overhead_seconds histogram\n# UNIT dd0c_overhead_seconds seconds\n"));
    CHECK(dd_str_endsz(dd_buf_str(&s->out), "\n# EOF\n"));
    CHECK_EQ(count(t, "# EOF"), 1, "one end");
    end(s);
}

TEST(metrics_of_the_same_name_are_one)
{
    scene *s = begin();
    char   wide[300];
    memset(wide, 'm', sizeof wide);
    for (int i = 0; i < 3; i++) {                  /* route/live.h cuts them at 127 bytes */
        wide[200] = (char)('a' + i);
        dd_live_slot(live(s), DD_STR("openai"), (dd_str){ wide, sizeof wide }, 0, true);
    }
    dd_live_slot(live(s), DD_STR("openai"), DD_STR("\xff"), 0, true);
    dd_live_slot(live(s), DD_STR("openai"), DD_STR("\xfe"), 0, true);
    dd_live_slot(live(s), DD_STR("openai"), DD_STR(""), 7, true);     /* a key: no target */
    const dd_metrics_budget b[] = { { DD_STR("all"), DD_STR("user"), DD_STR("(fullest)"), 5, 4, 1, DD_PUSD_UNKNOWN },
                                    { DD_STR("all"), DD_STR("user"), DD_STR("(fullest)"), 5, 1, 0, 7 } };
    s->m.budgets   = b;
    s->m.n_budgets = 2;
    const char *t = text(s, false);
    CHECK_EQ(count(t, "\ndd0c_breaker_state{"), 2, "one name of three, and one of two that are no text");
    CHECK_EQ(count(t, "\ndd0c_budget_spent_usd{"), 1, "the first, which is the fullest");
    CHECK(has(t, "value=\"(fullest)\"} 0.000000000004\n"));
    CHECK_EQ(count(t, "\ndd0c_budget_projected_usd{"), 0, "too early to tell");
    end(s);
}

TEST(metrics_have_an_end)
{
    scene   *s = begin();
    dd_event e = good;
    char     model[32], feature[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(model, sizeof model, "model-%d", i);
        snprintf(feature, sizeof feature, "feature-%d", i);
        e.used_model = dd_str_z(model);
        e.feature    = dd_str_z(feature);
        dd_meter_add(meter(s), &e);
        dd_live_slot(live(s), DD_STR("openai"), e.used_model, 0, true);
    }
    const char *t = text(s, false);
    CHECK_EQ(count(t, "\ndd0c_request_duration_seconds_count{"), DD_METRICS_GROUPS + 1, "and (other)");
    CHECK_EQ(count(t, "\ndd0c_breaker_state{"), DD_METRICS_TARGETS, "targets");
    CHECK(count(t, "\ndd0c_cost_usd_total{") <= DD_METER_SERIES);
    CHECK(s->out.len < 4 << 20);
    end(s);
}

/* Not a bound: DD_BENCH=1 prints what a scrape of full tables costs here. */
TEST(metrics_cost_of_a_scrape)
{
    if (!getenv("DD_BENCH"))
        return;
    scene   *s = begin();
    dd_event e = good;
    char     model[32], feature[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(model, sizeof model, "model-%d", i);
        snprintf(feature, sizeof feature, "feature-%d", i);
        e.id         = (int64_t)(i % 2) << 13;      /* two workers */
        e.used_model = dd_str_z(model);
        e.feature    = dd_str_z(feature);
        for (int k = 0; k < 20; k++)
            dd_meter_add(meter(s), &e);
    }
    struct timespec a, b;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    text(s, false);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    printf("metrics: %.1f ms of processor time, %zu lines, %zu bytes, %zu bytes of arena\n", (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6, count(s->out.ptr, "\n"), s->out.len,
           s->arena.used);
    end(s);
}
