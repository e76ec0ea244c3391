#include "tests/unit/report/board_fixture.h"

#define USD(n) ((dd_pusd)((n) * 1e6) * 1000000)
enum { NOW_S = 1795179600 };   /* 2026-11-20 13:00 UTC, a Friday */

static dd_board_series wave(dd_arena *a, size_t n, double low, double high)
{
    double *v = dd_newn(a, double, n);
    for (size_t i = 0; i < n; i++) {
        double x = (double)(i * 5 % 12) / 12;
        v[i] = low + (high - low) * (x < 0.5 ? 2 * x : 2 - 2 * x);
    }
    return (dd_board_series){ v, n };
}

static const struct { const char *name; double cost, before, saved; int64_t requests, errors, unpriced; } spenders[] = {
    { "search", 160, 120, 240, 400000, 1200, 0 },    { "support-desk", 96, 100, 64, 240000, 300, 0 },
    { "growth", 64, 32, 12.5, 160000, 1000, 0 },     { "data-platform", 40, 80, 4, 80000, 80, 0 },
    { "checkout", 24, 24, 0, 60000, 0, 0 },          { "", 12, 0, 1, 40000, 600, 0 },
    { "mobile", 3.2, 3, 0.4, 15000, 15, 0 },         { "research", 0.8, 1.6, 0.1, 4900, 5, 0 },
    { "local-tests", 0, 0, 0, 100, 0, 100 },
};

static void make_rows(dd_board *b, dd_arena *a)
{
    dd_board_row *rows = dd_newn(a, dd_board_row, DD_COUNT(spenders));
    for (size_t i = 0; i < DD_COUNT(spenders); i++) {
        rows[i] = (dd_board_row){ .name = dd_str_z(spenders[i].name), .value = dd_str_z(spenders[i].name), .cost = wave(a, 24,
                spenders[i].cost / 48, spenders[i].cost / 12) };
        rows[i].now    = (dd_board_sum){ .requests = spenders[i].requests, .errors = spenders[i].errors, .unpriced = spenders[i].unpriced,
                                         .cost = USD(spenders[i].cost),
                                         .saved = USD(spenders[i].saved), .misses = -1 };
        rows[i].before = (dd_board_sum){ .requests = spenders[i].before > 0 ? spenders[i].requests : 0, .cost = USD(spenders[i].before),
                                         .misses = -1 };
    }
    b->rows   = b->top = rows;
    b->n_rows = b->n_top = DD_COUNT(spenders);
    b->total  = (dd_board_sum){ .requests = 1000000, .errors = 3200, .unpriced = 100, .hits = 250000, .misses = 750000, .cost = USD(400),
                                .saved = USD(322) };
    b->before = (dd_board_sum){ .requests = 900000, .errors = 2000, .cost = USD(360.6), .misses = -1 };
}

static void make_providers(dd_board *b, dd_arena *a)
{
    static const dd_board_provider all[] = {
        { { "openai", 6 }, { "", 0 }, { "closed", 6 }, 5000, 12, 31, 0.0024, 820, 240, { .requests = 600000, .errors = 1400, .cost = USD(230) } },
        { { "openai", 6 }, { "gpt-4o-mini", 11 }, { "closed", 6 }, 4200, 4, 24, 0.001, 610, 210, { .requests = 0 } },
        { { "openai", 6 }, { "gpt-4o", 6 }, { "closed", 6 }, 800, 8, 7, 0.01, 1900, 420, { .requests = 0 } },
        { { "anthropic", 9 }, { "", 0 }, { "half_open", 9 }, 300, 45, 3, 0.15, 2400, 650, { .requests = 250000, .errors = 1500, .cost = USD(160) } },
        { { "ollama", 6 }, { "", 0 }, { "open", 4 }, 90, 90, 0, 1, -1, -1, { .requests = 149900, .errors = 300, .cost = USD(10) } },
        { { "groq", 4 }, { "", 0 }, { "", 0 }, -1, -1, -1, -1, -1, -1, { .requests = 100, .errors = 0, .unpriced = 100, .latencies = 100,
                                                                         .latency_us = 8200000 } },
    };
    dd_board_provider *own = dd_newn(a, dd_board_provider, DD_COUNT(all));
    memcpy(own, all, sizeof all);
    own[0].models = 2;
    for (size_t i = 0; i < DD_COUNT(all) && b->link != DD_BOARD_LIVE; i++) {
        own[i].breaker = DD_STR("");
        own[i].requests = own[i].failures = own[i].under_way = -1;
        own[i].error_rate = own[i].latency_ms = own[i].first_ms = -1;
    }
    b->providers   = own;
    b->n_providers = DD_COUNT(all);
}

static const dd_spend_account budgets[] = {
    { .name = { "per-team", 8 }, .value = { "search", 6 }, .scope = DD_SCOPE_TEAM, .period = DD_PERIOD_DAY, .on_exceed = DD_EXCEED_DOWNGRADE,
      .spent = USD(205),
      .limit = USD(200), .from_s = 1795132800, .to_s = 1795219200, .outlook = { DD_OUTLOOK_EXCEEDED, USD(380), 0 } },
    { .name = { "everything", 10 }, .scope = DD_SCOPE_GLOBAL, .period = DD_PERIOD_MONTH, .on_exceed = DD_EXCEED_WARN, .spent = USD(6200),
      .reserved = USD(3.1),
      .limit = USD(8000), .from_s = 1793491200, .to_s = 1796083200, .outlook = { DD_OUTLOOK_WILL_EXCEED, USD(9537), 1795700000 } },
    { .name = { "per-key", 7 }, .value = { "key_ci", 6 }, .shown = { "ci", 2 }, .scope = DD_SCOPE_KEY, .period = DD_PERIOD_WEEK,
      .on_exceed = DD_EXCEED_BLOCK,
      .spent = USD(12.5), .limit = USD(50), .from_s = 1794787200, .to_s = 1795392000, .outlook = { DD_OUTLOOK_HOLDS, USD(19.3), 0 } },
    { .name = { "per-user", 8 }, .scope = DD_SCOPE_USER, .period = DD_PERIOD_MONTH, .on_exceed = DD_EXCEED_BLOCK, .limit = USD(5), .open = true,
      .to_s = 1796083200,
      .from_s = 1793491200, .outlook = { DD_OUTLOOK_NONE, DD_PUSD_UNKNOWN, 0 } },
};

static const dd_attempt attempts[] = {
    { { "anthropic", 9 }, { "claude-haiku-4-5", 16 }, 529, DD_EC_OVERLOADED, 4000, -1, 180000, { -1, -1, -1, -1, -1 }, DD_PUSD_UNKNOWN },
    { { "openai", 6 }, { "gpt-4o-mini", 11 }, 200, DD_EC_NONE, 190000, 230000, 640000, { 1200, 800, 0, 0, 350 }, 450000000 },
};

static dd_event event(int i)
{
    static const struct { const char *asked, *used, *provider, *feature, *team; int status; dd_error_class error; } kinds[] = {
        { "gpt-4o", "gpt-4o-mini", "openai", "classify", "search", 200, DD_EC_NONE },   { "claude-sonnet-4-5", "claude-sonnet-4-5", "anthropic",
                                                                                          "chat", "support-desk", 200, DD_EC_NONE },
        { "gpt-4o-mini", "gpt-4o-mini", "openai", "", "", 200, DD_EC_NONE },            { "claude-haiku-4-5", "", "anthropic", "chat", "growth",
                                                                                          529, DD_EC_OVERLOADED },
        { "llama3.2", "llama3.2", "ollama", "summaries", "local-tests", 200, DD_EC_NONE }, { "gpt-4o", "", "", "classify", "mobile", 402,
                                                                                             DD_EC_BUDGET },
    };
    int64_t time_ms = (int64_t)NOW_S * 1000 - i * 1370, id = (time_ms - DD_EVENT_EPOCH_MS) << 21;
    int     k = i % 6;
    bool    good = kinds[k].status == 200, local = k == 4;
    dd_event e = { .id = id, .time_ms = time_ms, .status = kinds[k].status, .error = kinds[k].error, .requested_model = dd_str_z(kinds[k].asked),
                   .used_model = dd_str_z(kinds[k].used),
                   .provider = dd_str_z(kinds[k].provider), .feature = dd_str_z(kinds[k].feature), .team = dd_str_z(kinds[k].team), .endpoint =
                       DD_STR("chat.completions") };
    e.usage       = good ? (dd_usage){ 1200 + i, 800, 0, 0, 350 } : (dd_usage){ -1, -1, -1, -1, -1 };
    e.cost_actual = !good || local ? DD_PUSD_UNKNOWN : USD(0.0004) + i * 1000000;
    e.cost_saved  = k == 0 ? USD(0.0061) : DD_PUSD_UNKNOWN;
    e.cost_original = k == 0 ? USD(0.0065) : DD_PUSD_UNKNOWN;
    e.total_us = good ? 640000 + i * 37000 : 3000;
    e.first_us = good ? 230000 : -1;
    e.queue_us = e.auth_us = e.decide_us = e.cache_us = e.prepare_us = e.answer_us = -1;
    e.overhead_us = 410;
    e.score = -1;
    e.reasoning_tokens = -1;
    e.cost_premium = DD_PUSD_UNKNOWN;
    return e;
}

static void make_events(dd_board *b, dd_arena *a)
{
    enum { N = 60 };
    dd_event *all = dd_newn(a, dd_event, N);
    for (int i = 0; i < N; i++)
        all[i] = event(i);
    all[0].fallback   = true;
    all[0].total_us   = 840000;
    all[0].queue_us   = 90;
    all[0].auth_us    = 40;
    all[0].cache_us   = 20;
    all[0].decide_us  = 190;
    all[0].prepare_us = 60;
    all[0].answer_us  = 120;
    all[0].attempts   = attempts;
    all[0].n_attempts = DD_COUNT(attempts);
    all[0].considered =
        DD_STR("[{\"model\":\"anthropic/claude-haiku-4-5\",\"cost\":0.0021,\"why\":\"asked first\"},{\"model\":\"openai/gpt-4o-mini\",\"cost\":0.00045,"
                               "\"why\":\"chosen: the cheapest that can\"},{\"model\":\"ollama/llama3.2\",\"why\":\"has no tools\"}]");
    all[0].rules      = DD_STR("[\"vip\",\"long-context\"]");
    all[0].route      = DD_STR("cheap-chat");
    all[0].strategy   = DD_STR("cheapest");
    all[0].complexity = DD_STR("low");
    all[0].score      = 0.21;
    all[0].task       = DD_STR("classification");
    all[0].cache      = DD_STR("miss");
    all[0].call_site  = DD_STR("app/triage.py:88");
    all[0].finish_reason = DD_STR("stop");
    all[0].key_id     = DD_STR("key_ci");
    b->events   = all;
    b->n_events = N;
    b->more     = true;
    b->event    = &all[0];
    dd_trace *t = dd_new(a, dd_trace);
    dd_trace_make(b->event, a, t);
    b->trace = t;
}

void board_make(dd_board *b, board_kind kind, dd_arena *a)
{
    static const dd_board_times none = { -1, -1, -1 };
    *b = (dd_board){ .now_ms = (int64_t)NOW_S * 1000, .dir = DD_STR("~/.local/state/dd0c"), .period = DD_BOARD_24H, .from_s = NOW_S - 86400,
                     .per_second = -1,
                     .per_hour = DD_PUSD_UNKNOWN, .under_way = -1, .queued = -1, .dropped = -1, .latency = none, .first = none, .overhead = none,
                     .total.misses = -1, .before.misses = -1 };
    if (kind == BOARD_EMPTY) {
        b->empty = true;
        return;
    }
    b->link = kind == BOARD_NO_PROXY ? DD_BOARD_NO_PROXY : DD_BOARD_LIVE;
    if (b->link == DD_BOARD_LIVE) {
        b->proxies    = 1;
        b->per_second = 42.4;
        b->per_hour   = USD(17.25);
        b->under_way  = 34;
        b->queued     = 3;
        b->dropped    = 0;
    }
    b->saved_today  = USD(182.4);
    b->saved_week   = USD(1284.2);
    b->saved_month  = USD(4120);
    b->spent_today  = USD(216);
    b->spent_month  = USD(6200);
    b->requests     = wave(a, 24, 20000, 60000);
    b->cost         = wave(a, 24, 8, 24);
    b->latency      = (dd_board_times){ 780, 2410, 6900 };
    b->first        = (dd_board_times){ 240, 700, 1500 };
    b->overhead     = (dd_board_times){ 0.41, 0.88, 2.1 };
    b->latency_live = b->link == DD_BOARD_LIVE;
    make_rows(b, a);
    make_providers(b, a);
    make_events(b, a);
    b->budgets   = budgets;
    b->n_budgets = DD_COUNT(budgets);
    if (kind == BOARD_HOSTILE)
        ((dd_board_row *)b->rows)[0].name = DD_STR("a\x1b[31mred\nline\xe2\x80\xae 表表表表表表表表表表表表");
    if (kind == BOARD_UNPRICED) {
        b->total = (dd_board_sum){ .requests = 100, .unpriced = 100, .misses = -1 };
        b->rows += 8;
        b->n_rows = b->n_top = 1;
        b->top    = b->rows;
        b->saved_week = b->saved_month = b->saved_today = DD_PUSD_UNKNOWN;
    }
}
