/* Keys and answers of proxies, without a terminal and without a proxy. */
#include "cmd/top.h"

#include "tests/unit/report/board_fixture.h"
#include "tests/unit/test.h"

static const dd_board_times none = { -1, -1, -1 };

static dd_top_live nothing(void) { return (dd_top_live){ .per_second = -1, .per_hour = DD_PUSD_UNKNOWN, .latency = none, .first = none,
                                                         .overhead = none }; }

TEST(answers_of_proxies_add_up)
{
    static const char one[] = "{\"schema\":\"dd0c.live/1\",\"panic\":false,\"under_way\":3,\"requests\":100,\"errors\":2,\"cost_usd\":0.25,"
                              "\"latency_ms\":{\"p50\":100,\"p95\":200,\"p99\":300},\"overhead_ms\":{\"p50\":0.2,\"p95\":null,\"p99\":1},"
                              "\"events\":{\"queued\":4,\"dropped\":1},\"providers\":[{\"provider\":\"openai\",\"breaker\":\"closed\",\"requests\":60,\"error_rate\":0.1,"
                              "\"under_way\":2},{\"provider\":\"openai\",\"model\":\"gpt-4o\",\"breaker\":null}]}";
    static const char two[] =
        "{\"schema\":\"dd0c.live/1\",\"panic\":true,\"under_way\":1,\"requests\":50,\"cost_usd\":0.5,\"latency_ms\":{\"p50\":90,\"p95\":500,\"p99\":510},"
                              "\"events\":null,\"providers\":[{\"provider\":\"openai\",\"breaker\":\"open\",\"requests\":40,\"error_rate\":0.4,\"under_way\":1}]}";
    dd_top_live l = nothing();
    CHECK(dd_top_live_add(dd_str_z(one), &l));
    CHECK(!l.panic);
    CHECK(dd_top_live_add(dd_str_z(two), &l));
    CHECK_EQ(l.answered, 2, "proxies");
    CHECK_EQ(l.requests, 150, "100 and 50");
    CHECK_EQ(l.under_way, 4, "3 and 1");
    CHECK_EQ(l.cost, DD_PUSD_PER_USD * 3 / 4, "0.25 and 0.5 USD");
    CHECK_EQ(l.queued, 4, "telemetry that is off adds nothing");
    CHECK(l.panic);
    CHECK_EQ(l.latency.p50, 100, "the slower one");
    CHECK_EQ(l.latency.p95, 500, "the slower one");
    CHECK(l.first.p50 < 0 && l.overhead.p95 < 0);
    CHECK_EQ(l.n_providers, 2, "openai, and its gpt-4o");
    CHECK_STR(dd_str_z(l.providers[0].breaker), "open");
    CHECK_EQ(l.providers[0].requests, 100, "60 and 40");
    CHECK(l.providers[1].error_rate < 0);
}

TEST(what_is_no_answer_of_a_proxy_adds_nothing)
{
    static const char *const bad[] = { "", "[]", "null", "{}", "{\"schema\":7}", "{\"schema\":\"other/1\",\"requests\":5}",
                                       "{\"schema\":\"dd0c.live/1\"" };
    static const char odd[] =
        "{\"schema\":\"dd0c.live/1\",\"requests\":1e300,\"cost_usd\":\"1\",\"providers\":{\"a\":[]},\"events\":[1],\"latency_ms\":5}";
    dd_top_live l = nothing();
    for (size_t i = 0; i < DD_COUNT(bad); i++)
        CHECK(!dd_top_live_add(dd_str_z(bad[i]), &l));
    CHECK_EQ(l.answered + l.requests, 0, "nothing");
    CHECK(dd_top_live_add(dd_str_z(odd), &l));
    CHECK_EQ(l.requests, 0, "no number of requests");
    CHECK_EQ(l.cost, 0, "no money");
    CHECK(l.latency.p50 < 0);
}

TEST(an_answer_that_says_too_much_overflows_nothing)
{
    enum { ROWS = 2000 };
    dd_buf      b = DD_BUF_INIT(0);
    dd_top_live l = nothing();
    dd_buf_addz(&b, "{\"schema\":\"dd0c.live/1\",\"requests\":8e15,\"under_way\":-8e15,\"cost_usd\":8e6,\"providers\":[");
    for (int i = 0; i < ROWS; i++)
        dd_buf_printf(&b, "%s{\"provider\":\"p\",\"requests\":8e15,\"failures\":8e15,\"under_way\":8e15}", i ? "," : "");
    dd_buf_addz(&b, "]}");
    for (int i = 0; i < ROWS; i++)
        CHECK(i % 100 || dd_top_live_add(dd_buf_str(&b), &l));
    CHECK_EQ(l.providers[0].requests, INT64_MAX, "16 * 10^18 * 20 would be past 64 bits");
    CHECK_EQ(l.under_way, 0, "a count below zero is none");
    CHECK(l.cost > 0);
    dd_buf_free(&b);
}

static void press(dd_board_view *v, const dd_board *b, const char *keys)
{
    for (; *keys; keys++) {
        dd_top_key k = { .kind = DD_KEY_CHAR, .ch = (uint32_t)*keys, .times = 1 };
        k.kind = *keys == '\n' ? DD_KEY_ENTER : *keys == '\x1b' ? DD_KEY_ESCAPE : *keys == '\t' ? DD_KEY_TAB : *keys == '>' ? DD_KEY_RIGHT
            : *keys == 'D' ? DD_KEY_DOWN : k.kind;
        CHECK(dd_top_key_press(v, b, &k, 10));
    }
}

TEST(keys_move_through_the_dashboard)
{
    dd_arena      a = DD_ARENA_INIT;
    dd_board      b;
    dd_board_view v = { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H };
    board_make(&b, BOARD_LIVE, &a);
    press(&v, &b, "p\t");
    CHECK_EQ(v.period, DD_BOARD_7D, "p looks further back");
    CHECK_EQ(v.tab, DD_BOARD_SPEND, "Tab");
    press(&v, &b, "DD\n");
    CHECK_EQ(v.n_drills, 1, "Enter looks into");
    CHECK_STR(dd_str_z(v.drills[0].value), "growth");
    CHECK_EQ(v.by, DD_BOARD_FEATURE, "by the next dimension");
    press(&v, &b, ">>");
    CHECK_EQ(v.by, DD_BOARD_PROVIDER, "past call sites: what was looked into does not cross with them");
    press(&v, &b, "\x1b");
    CHECK_EQ(v.n_drills, 0, "Esc goes back");
    CHECK_EQ(v.by, DD_BOARD_TEAM, "to where one was");
    press(&v, &b, "/gro");
    CHECK_STR(dd_str_z(v.find), "gro");
    CHECK(v.typing);
    press(&v, &b, "\nss");
    CHECK(!v.typing);
    CHECK_EQ(v.sort, DD_BOARD_SORT_SAVED, "cost, requests, saved");
    press(&v, &b, "5\n");
    CHECK_EQ(v.inspect, b.events[0].id, "the newest request");
    press(&v, &b, "nn");
    CHECK_EQ(v.inspect, b.events[2].id, "n: the older one");
    press(&v, &b, "\x1b/x y\x15z\n");
    CHECK_STR(dd_str_z(v.filter), "z");
    press(&v, &b, "/\x1b\x1b");
    CHECK_EQ(v.inspect, 0, "Esc leaves the inspector");
    CHECK_STR(dd_str_z(v.filter), "");
    CHECK(!v.typing);
    dd_top_key q = { .kind = DD_KEY_CHAR, .ch = 'q' };
    CHECK(!dd_top_key_press(&v, &b, &q, 10));
    dd_arena_fini(&a);
}

TEST(a_call_site_leads_to_its_requests)
{
    dd_arena     a = DD_ARENA_INIT;
    dd_board     b;
    dd_board_row row = { .name = DD_STR("app/my file.py:3"), .value = DD_STR("app/my file.py:3"), .now = { .requests = 1, .cost = 5 } };
    board_make(&b, BOARD_LIVE, &a);
    dd_board_view v = { .tab = DD_BOARD_SPEND, .by = DD_BOARD_CALL_SITE };
    b.by     = DD_BOARD_CALL_SITE;
    b.rows   = &row;
    b.n_rows = 1;
    press(&v, &b, "\n");
    CHECK_EQ(v.tab, DD_BOARD_REQUESTS, "there are no sums of call sites by another dimension");
    CHECK_STR(dd_str_z(v.filter), "call_site=app/my*file.py:3");
    dd_arena_fini(&a);
}

TEST(a_row_stays_selected_when_others_come)
{
    dd_arena a = DD_ARENA_INIT;
    dd_board before, now;
    board_make(&before, BOARD_LIVE, &a);
    now = before;
    now.events   = before.events + 2;     /* two are gone from the top */
    now.n_events = before.n_events - 2;
    dd_board_view v = { .tab = DD_BOARD_REQUESTS, .selected[DD_BOARD_REQUESTS] = 5 };
    dd_top_keep_selection(&v, &before, &now);
    CHECK_EQ(v.selected[DD_BOARD_REQUESTS], 3, "the same request");
    v.selected[DD_BOARD_REQUESTS] = 0;
    dd_top_keep_selection(&v, &before, &now);
    CHECK_EQ(v.selected[DD_BOARD_REQUESTS], 0, "at the top one follows the newest");
    v = (dd_board_view){ .tab = DD_BOARD_SPEND, .selected[DD_BOARD_SPEND] = 4 };
    now.rows   = before.rows + 1;
    now.n_rows = before.n_rows - 1;
    dd_top_keep_selection(&v, &before, &now);
    CHECK_EQ(v.selected[DD_BOARD_SPEND], 3, "the same spender");
    dd_arena_fini(&a);
}

TEST(no_key_breaks_an_empty_dashboard)
{
    dd_arena a = DD_ARENA_INIT;
    dd_board b;
    board_make(&b, BOARD_EMPTY, &a);
    for (int tab = 0; tab < DD_BOARD_TABS; tab++)
        for (int kind = DD_KEY_NONE; kind <= DD_KEY_RESIZE; kind++)
            for (uint32_t ch = 1; ch < 127; ch += kind == DD_KEY_CHAR ? 1 : 127) {
                dd_board_view v = { .tab = (dd_board_tab)tab };
                for (int64_t index = 0; index < 3; index++) {
                    dd_top_key k = { .kind = (dd_top_key_kind)kind, .ch = ch, .hit = { (dd_board_hit_kind)(ch % 7), index } };
                    (void)dd_top_key_press(&v, &b, &k, 10);
                    CHECK(v.tab < DD_BOARD_TABS && v.by < DD_BOARD_BYS && v.period < DD_BOARD_PERIODS && v.selected[v.tab] == 0);
                }
            }
    dd_arena_fini(&a);
}
