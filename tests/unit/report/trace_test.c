/* A request on the screen, against files that somebody looked at. `make golden` rewrites them. */
#include "report/trace.h"
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/file.h"

static const dd_attempt two[] = {
    { .provider = { "openai", 6 }, .model = { "gpt-4o", 6 }, .status = 500, .error = DD_EC_UPSTREAM, .start_us = 14000, .first_us = 310000,
        .total_us = 300000,
      .usage = { -1, -1, -1, -1, -1 }, .cost = DD_PUSD_UNKNOWN },
    { .provider = { "mistral", 7 }, .model = { "mistral-small", 13 }, .status = 200, .start_us = 320000, .first_us = 400000, .total_us = 600000,
      .usage = { 1100, 300, 20, 7, 40 }, .cost = 2500000000 },
};
#define NOT -1, -1, -1, -1, -1
#define NO_MONEY .cost_original = DD_PUSD_UNKNOWN, .cost_actual = DD_PUSD_UNKNOWN, .cost_saved = DD_PUSD_UNKNOWN, .cost_premium = DD_PUSD_UNKNOWN
#define S(lit) { lit, sizeof(lit) - 1 }

static const dd_event fallback = {
    .id = INT64_C(456789012345678901), .time_ms = 1795000000000, .org = S("default"), .key_id = S("k_17"), .team = S("web"),
        .feature = S("support-chat"),
    .user = S("u-12"), .task = S("chat"), .strategy = S("fallback"), .route = S("cheap-chat"), .endpoint = S("chat.completions"),
    .requested_model = S("gpt-4o"), .used_model = S("mistral-small"), .provider = S("mistral"), .stream = true, .status = 200,
    .usage = { 1100, 300, 20, 7, 40 }, .reasoning_tokens = -1, .cost_original = 10000000000, .cost_actual = 2500000000, .cost_saved = 7500000000,
    .cost_premium = DD_PUSD_UNKNOWN, .first_us = 420000, .total_us = 925000, .overhead_us = 25000, .queue_us = 10000, .attempts = two,
        .n_attempts = 2,
    .retries = 1, .fallback = true, .complexity = S("low"), .score = 0.25,
    .considered = S("[{\"model\":\"openai/gpt-4o\",\"cost\":0.0091,\"why\":\"the requested model\"},"
                    "{\"model\":\"mistral/mistral-small\",\"cost\":0.0023,\"why\":\"fallback\"},"
                    "{\"model\":\"openai/gpt-4.1-nano-2025-04-14\",\"why\":\"below the rule's quality of 0.8, as public evidence has it for this "
                        "kind of task\"}]"),
    .cache = S("miss"), .rules = S("[\"night\",\"big documents\"]"), .finish_reason = S("stop"), .trace_id = S("0af7651916cd43dd8448eb211c80319c"),
    .parent_span = S("b7ad6b7169203331"), .auth_us = 500, .decide_us = 2000, .cache_us = 1000, .prepare_us = 80, .answer_us = 3000,
};
static const dd_event refused = {
    .id = INT64_C(456789012345678902), .time_ms = 1795000000000, .org = S("default"), .key_id = S("k_17"), .team = S("web"),
        .endpoint = S("messages"),
    .requested_model = S("claude-opus-4-1"), .status = 402, .error = DD_EC_BUDGET, .usage = { NOT }, .reasoning_tokens = -1, NO_MONEY, .first_us = -1,
    .total_us = 310, .overhead_us = 310, .queue_us = 90, .score = -1, .budget = S("team-web"), .strategy = S("passthrough"), .auth_us = 12,
        .decide_us = 150,
    .cache_us = -1, .prepare_us = -1, .answer_us = -1,
};
static const dd_event hit = {
    .id = INT64_C(456789012345678903), .time_ms = 1795000000000, .org = S("default"), .endpoint = S("chat.completions"),
        .requested_model = S("gpt-4o-mini"),
    .used_model = S("gpt-4o-mini"), .provider = S("openai"), .status = 200, .usage = { NOT }, .reasoning_tokens = -1, .cost_original = 21000000,
    .cost_actual = 0, .cost_saved = 21000000, .cost_premium = DD_PUSD_UNKNOWN, .first_us = 180, .total_us = 200, .overhead_us = 200, .queue_us = 60,
    .score = -1, .strategy = S("cache"), .cache = S("hit"), .auth_us = 5, .decide_us = 40, .cache_us = 70, .prepare_us = -1, .answer_us = -1,
        .unsampled = true,
};
/* Nothing but what an old record had, and words of somebody who means harm. */
static const dd_attempt old[] = { { .provider = { "p\x1b[31m", 6 },
    .model = { "a-model-with-a-very-long-name-that-no-terminal-holds-2026-11-20-preview-of-preview", 78 },
                                    .error = DD_EC_CONNECT, .start_us = 999999999, .first_us = -1, .total_us = 5, .usage = { NOT },
                                        .cost = DD_PUSD_UNKNOWN } };
static const dd_event hostile = {
    .id = 1, .time_ms = 0, .org = S("default"), .team = S("t\n\x1b[2Jgone"), .feature = S("\xff\xfe"), .endpoint = S("passthrough"), .status = 502,
    .requested_model = S("m\tx"), .used_model = S("\xe6\xa8\xa1\xe5\x9e\x8b"), .provider = S("p"), .error = DD_EC_CONNECT, .usage = { NOT },
        NO_MONEY, .first_us = -1, .total_us = 7,
    .overhead_us = -1, .queue_us = -1, .attempts = old, .n_attempts = 1, .score = -1, .rules = S("not json"),
        .considered = S("[1,{\"model\":3},{\"why\":\"\\u001b[1m\"}]"),
    .auth_us = -1, .decide_us = -1, .cache_us = -1, .prepare_us = -1, .answer_us = -1, .reasoning_tokens = -1,
};

static const struct { const char *file; const dd_event *e; dd_report_opts opts; } goldens[] = {
    { "trace-fallback-80.txt", &fallback, { .width = 80 } },   { "trace-fallback-120.txt", &fallback, { .width = 120 } },
    { "trace-fallback-40.txt", &fallback, { .width = 40 } },   { "trace-fallback-80-ascii.txt", &fallback, { .width = 80, .ascii = true } },
    { "trace-fallback-80-16.ansi", &fallback, { .width = 80, .color = DD_COLOR_16 } },
    { "trace-refused-80.txt", &refused, { .width = 80 } },     { "trace-hit-80.txt", &hit, { .width = 80 } },
    { "trace-hostile-80.txt", &hostile, { .width = 80 } },     { "trace-fallback.json", &fallback, { .width = 0 } },
};

static void compare(size_t i)
{
    dd_buf   got = DD_BUF_INIT(0), want = DD_BUF_INIT(0);
    dd_err   err = DD_ERR_INIT;
    dd_arena a   = DD_ARENA_INIT;
    dd_trace t;
    char     path[256];
    snprintf(path, sizeof path, "tests/golden/report/%s", goldens[i].file);
    dd_trace_make(goldens[i].e, &a, &t);
    if (dd_str_endsz(dd_str_z(path), ".json")) {
        dd_report_trace_json(goldens[i].e, &t, &got);
        dd_buf_addc(&got, '\n');
    } else
        dd_report_trace(goldens[i].e, &t, 0, &goldens[i].opts, &got);
    if (getenv("DD_GOLDEN_UPDATE")) {
        CHECK_OK(dd_file_replace(path, dd_buf_str(&got), 0644, &err));
    } else {
        if (dd_file_read(path, &want, &err) != DD_OK)
            dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
        else if (!dd_str_eq(dd_buf_str(&got), dd_buf_str(&want)))
            dd_test_fail(__FILE__, __LINE__, "%s differs; `make golden` and `git diff tests/golden` show where", path);
    }
    dd_buf_free(&got);
    dd_buf_free(&want);
    dd_arena_fini(&a);
}

TEST(golden_traces)
{
    for (size_t i = 0; i < DD_COUNT(goldens); i++)
        compare(i);
}

TEST(trace_draws_into_a_part_of_a_grid)      /* the inspector's box: nothing outside of its columns, rows behind those that are there */
{
    dd_arena       a    = DD_ARENA_INIT;
    dd_report_opts opts = { .ascii = true };
    dd_trace       t;
    dd_grid        g;
    dd_trace_make(&fallback, &a, &t);
    dd_grid_init(&g, 100);
    dd_grid_putz(&g, dd_grid_row(&g), 0, DD_ROLE_TEXT, "above");
    dd_report_trace_draw(&g, 10, 74, &fallback, &t, 3600, &opts);
    CHECK(g.rows > 20);
    CHECK(g.cells[0].text[0] == 'a' && g.cells[4].text[0] == 'e');
    for (size_t r = 1; r < g.rows; r++)
        for (int c = 0; c < g.width; c++)
            if ((c < 10 || c >= 74) && g.cells[r * (size_t)g.width + (size_t)c].len)
                dd_test_fail(__FILE__, __LINE__, "row %zu, column %d", r, c);
    dd_grid_fini(&g);
    dd_arena_fini(&a);
}
