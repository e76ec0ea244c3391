/* The dashboard: screens against files that somebody looked at (`make golden` rewrites them), and what must hold of each. */
#include "report/board_parts.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "report/treemap.h"
#include "tests/unit/report/board_fixture.h"
#include "tests/unit/test.h"

typedef struct { const char *name; board_kind kind; dd_board_view view; int sizes; /* how many of them */ } screen;
static const struct { int w, h; } sizes[] = { { 80, 24 }, { 120, 40 }, { 200, 60 } };

#define EVENT_0 ((INT64_C(1795179600000) - DD_EVENT_EPOCH_MS) << 21)
static const screen screens[] = {
    { "overview", BOARD_LIVE, { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H, .flat = true }, 3 },
    { "overview-no-proxy", BOARD_NO_PROXY, { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H, .flat = true }, 3 },
    { "overview-ascii", BOARD_LIVE, { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H, .flat = true, .ascii = true }, 2 },
    { "overview-unpriced", BOARD_UNPRICED, { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H, .flat = true }, 2 },
    { "spend", BOARD_LIVE, { .tab = DD_BOARD_SPEND, .period = DD_BOARD_24H, .flat = true, .selected[DD_BOARD_SPEND] = 2 }, 3 },
    { "spend-drilled", BOARD_LIVE, { .tab = DD_BOARD_SPEND, .period = DD_BOARD_24H, .flat = true, .sort = DD_BOARD_SORT_REQUESTS,
                                     .by = DD_BOARD_FEATURE, .n_drills = 1,
                                     .drills = { { DD_BOARD_TEAM, "search" } }, .find = "a" }, 2 },
    { "spend-unpriced", BOARD_UNPRICED, { .tab = DD_BOARD_SPEND, .period = DD_BOARD_24H, .flat = true }, 1 },
    { "spend-hostile", BOARD_HOSTILE, { .tab = DD_BOARD_SPEND, .period = DD_BOARD_24H, .flat = true }, 1 },
    { "providers", BOARD_LIVE, { .tab = DD_BOARD_PROVIDERS, .period = DD_BOARD_24H, .flat = true }, 3 },
    { "providers-no-proxy", BOARD_NO_PROXY, { .tab = DD_BOARD_PROVIDERS, .period = DD_BOARD_24H, .flat = true }, 1 },
    { "budgets", BOARD_LIVE, { .tab = DD_BOARD_BUDGETS, .period = DD_BOARD_24H, .flat = true, .selected[DD_BOARD_BUDGETS] = 1 }, 3 },
    { "requests", BOARD_LIVE, { .tab = DD_BOARD_REQUESTS, .period = DD_BOARD_24H, .flat = true, .selected[DD_BOARD_REQUESTS] = 3 }, 3 },
    { "requests-typing", BOARD_LIVE, { .tab = DD_BOARD_REQUESTS, .period = DD_BOARD_24H, .flat = true, .typing = true, .line = "status>=400",
                                       .paused = true }, 1 },
    { "inspector", BOARD_LIVE, { .tab = DD_BOARD_REQUESTS, .period = DD_BOARD_24H, .flat = true, .inspect = EVENT_0 }, 3 },
    { "help", BOARD_LIVE, { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H, .flat = true, .help = true }, 3 },
    { "empty", BOARD_EMPTY, { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H, .flat = true }, 3 },
};

static void draw(const screen *s, int w, int h, dd_color color, dd_buf *out)
{
    dd_arena a = DD_ARENA_INIT;
    dd_board b;
    dd_grid  g;
    board_make(&b, s->kind, &a);
    dd_grid_init(&g, w);
    dd_board_draw(&b, &s->view, h, &g);
    CHECK_EQ(g.rows, h, s->name);
    dd_grid_write(&g, &(dd_grid_style){ .color = color, .ascii = s->view.ascii }, out);
    dd_grid_fini(&g);
    dd_arena_fini(&a);
}

static void compare(const char *path, const dd_buf *got)
{
    dd_buf want = DD_BUF_INIT(0);
    dd_err err  = DD_ERR_INIT;
    if (getenv("DD_GOLDEN_UPDATE"))
        CHECK_OK(dd_file_replace(path, dd_buf_str(got), 0644, &err));
    else if (dd_file_read(path, &want, &err) != DD_OK)
        dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
    else if (!dd_str_eq(dd_buf_str(got), dd_buf_str(&want)))
        dd_test_fail(__FILE__, __LINE__, "%s differs; `make golden` and `git diff tests/golden` show where", path);
    dd_buf_free(&want);
}

TEST(golden_dashboard)
{
    for (size_t i = 0; i < DD_COUNT(screens); i++)
        for (int k = 0; k < screens[i].sizes; k++) {
            char   path[128];
            dd_buf out = DD_BUF_INIT(0);
            snprintf(path, sizeof path, "tests/golden/top/%s-%dx%d.txt", screens[i].name, sizes[k].w, sizes[k].h);
            draw(&screens[i], sizes[k].w, sizes[k].h, DD_COLOR_NONE, &out);
            compare(path, &out);
            dd_buf_free(&out);
        }
}

TEST(golden_dashboard_small_and_in_colours)
{
    static const struct { const char *path; int w, h; dd_color color; } all[] = {
        { "tests/golden/top/too-small-20x8.txt", 20, 8, DD_COLOR_NONE },       { "tests/golden/top/overview-50x12.txt", 50, 12, DD_COLOR_NONE },
        { "tests/golden/top/overview-80x24-256.ansi", 80, 24, DD_COLOR_256 },  { "tests/golden/top/overview-80x24-16.ansi", 80, 24, DD_COLOR_16 },
    };
    for (size_t i = 0; i < DD_COUNT(all); i++) {
        screen s   = screens[0];
        dd_buf out = DD_BUF_INIT(0);
        s.view.flat = all[i].color == DD_COLOR_NONE;
        draw(&s, all[i].w, all[i].h, all[i].color, &out);
        compare(all[i].path, &out);
        dd_buf_free(&out);
    }
}

TEST(a_dashboard_of_any_size_fills_it)
{
    static const int odd[] = { 20, 21, 49, 50, 51, 72, 79, 99, 110, 150, 399 };
    for (size_t i = 0; i < DD_COUNT(screens); i++)
        for (size_t k = 0; k < DD_COUNT(odd); k++)
            for (int h = 1; h < 70; h += h < 14 ? 1 : 11) {
                dd_buf out = DD_BUF_INIT(0);
                draw(&screens[i], odd[k], h, DD_COLOR_NONE, &out);
                dd_buf_free(&out);
            }
}

/* A screen as text: what of it must or must not be seen. */
static void text_of(const screen *s, int w, int h, dd_buf *out)
{
    draw(s, w, h, DD_COLOR_NONE, out);
    (void)dd_buf_z(out);
}

TEST(the_treemap_gives_the_larger_spender_the_larger_block_R5_1)
{
    dd_arena a = DD_ARENA_INIT;
    dd_board b;
    dd_grid  g;
    size_t   cells[16] = { 0 };
    board_make(&b, BOARD_LIVE, &a);
    for (size_t k = 0; k < DD_COUNT(sizes); k++) {
        dd_board_view v = { .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H };
        memset(cells, 0, sizeof cells);
        dd_grid_init(&g, sizes[k].w);
        dd_board_draw(&b, &v, sizes[k].h, &g);
        for (size_t i = 0; i < g.rows * (size_t)g.width; i++) {
            dd_board_hit hit = dd_board_hit_of(g.cells[i].link);
            if (hit.kind == DD_HIT_TILE && hit.index < 16)
                cells[hit.index]++;
        }
        for (size_t i = 1; i < 6; i++) {
            CHECK(cells[i] > 0);
            CHECK(cells[i - 1] >= cells[i]);
        }
        dd_grid_fini(&g);
    }
    dd_arena_fini(&a);
}

TEST(neighbours_in_the_treemap_differ_in_shade)
{
    dd_arena a = DD_ARENA_INIT;
    dd_board b;
    dd_grid  g;
    board_make(&b, BOARD_LIVE, &a);
    dd_grid_init(&g, 120);
    dd_board_draw(&b, &(dd_board_view){ .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H }, 40, &g);
    for (size_t i = 1; i < g.rows * (size_t)g.width; i++) {
        const dd_cell *x = &g.cells[i], *y = &g.cells[i - 1];
        if (i % (size_t)g.width && dd_board_hit_of(x->link).kind == DD_HIT_TILE && dd_board_hit_of(y->link).kind == DD_HIT_TILE && x->link != y->link)
            CHECK((x->role - DD_ROLE_TILE) % 7 != (y->role - DD_ROLE_TILE) % 7);
    }
    dd_grid_fini(&g);
    dd_arena_fini(&a);
}

TEST(a_model_that_is_set_aside_shows_at_its_provider)
{
    dd_arena          a = DD_ARENA_INIT;
    dd_board          b;
    dd_grid           g;
    dd_buf            out = DD_BUF_INIT(0);
    dd_board_provider rows[] = { { .name = DD_STR("openai"), .breaker = DD_STR("closed"), .error_rate = 1, .models = 1, .held = 1 },
                                 { .name = DD_STR("openai"), .model = DD_STR("gpt-4o"), .breaker = DD_STR("open") } };
    board_make(&b, BOARD_LIVE, &a);
    b.providers   = rows;
    b.n_providers = DD_COUNT(rows);
    dd_grid_init(&g, 120);
    dd_board_draw(&b, &(dd_board_view){ .tab = DD_BOARD_OVERVIEW, .period = DD_BOARD_24H }, 40, &g);
    dd_grid_write(&g, &(dd_grid_style){ .color = DD_COLOR_NONE }, &out);
    CHECK(dd_str_has(dd_buf_str(&out), "\u25d0 openai") && dd_str_has(dd_buf_str(&out), "gpt-4o set aside"));
    dd_buf_clear(&out);
    dd_board_draw(&b, &(dd_board_view){ .tab = DD_BOARD_PROVIDERS, .period = DD_BOARD_24H }, 40, &g);
    dd_grid_write(&g, &(dd_grid_style){ .color = DD_COLOR_NONE }, &out);
    CHECK(dd_str_has(dd_buf_str(&out), "\u25d0 openai") && dd_str_has(dd_buf_str(&out), "1/1 open"));
    dd_buf_free(&out);
    dd_grid_fini(&g);
    dd_arena_fini(&a);
}

TEST(what_is_hardly_recorded_is_not_compared_with)
{
    static const struct { const char *why; int steps, known; const char *want; } cases[] = {
        { "hours are not counted",             0,  0,  ">10x" }, { "all days",              90, 90, ">10x" },
        { "half of the days is enough",        90, 45, ">10x" }, { "fewer than half is not", 90, 44, "-" },
    };
    dd_arena     a   = DD_ARENA_INIT;
    dd_board_row row = { .now = { .requests = 10, .cost = 2000 }, .before = { .requests = 1, .cost = 100 } };
    dd_role      role;
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_board b = { .before_steps = cases[i].steps, .before_known = cases[i].known };
        CHECK_STR(dd_board_change(&a, &b, &row, &role), cases[i].want);
    }
    dd_arena_fini(&a);
}

TEST(the_table_is_sorted_and_narrowed)
{
    static const struct { dd_board_sort sort; const char *find, *first, *last; size_t n; } cases[] = {
        { DD_BOARD_SORT_COST, "", "search", "local-tests", 9 },       /* what is not priced stands last */
        { DD_BOARD_SORT_REQUESTS, "", "search", "local-tests", 9 },
        { DD_BOARD_SORT_SAVED, "", "search", "local-tests", 9 },
        { DD_BOARD_SORT_CHANGE, "", "search", "local-tests", 9 },     /* +40; data-platform -40 */
        { DD_BOARD_SORT_NAME, "", "", "support-desk", 9 },
        { DD_BOARD_SORT_COST, "SEARCH", "search", "research", 2 },
        { DD_BOARD_SORT_COST, "nobody", NULL, NULL, 0 },
    };
    dd_arena a = DD_ARENA_INIT;
    dd_board b;
    size_t   order[16];
    board_make(&b, BOARD_LIVE, &a);
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_board_view v = { .tab = DD_BOARD_SPEND, .sort = cases[i].sort };
        snprintf(v.find, sizeof v.find, "%s", cases[i].find);
        size_t n = dd_board_order(&b, &v, order);
        CHECK_EQ(n, cases[i].n, cases[i].find);
        CHECK_EQ(dd_board_count(&b, &v), cases[i].n, "rows to walk through");
        if (n) {
            CHECK_STR(b.rows[order[0]].name, cases[i].first);
            CHECK_STR(b.rows[order[n - 1]].name, cases[i].last);
        }
    }
    dd_arena_fini(&a);
}

TEST(shares_are_of_the_total_and_unknown_is_not_zero)
{
    screen s   = screens[4];   /* spend */
    dd_buf out = DD_BUF_INIT(0);
    text_of(&s, 200, 60, &out);
    CHECK(strstr(out.ptr, "$160.00     40%     +33%"));   /* 160 of 400; 160 after 120 */
    CHECK(strstr(out.ptr, "$40.00     10%     -50%"));
    CHECK(strstr(out.ptr, "$400.00    100%"));
    dd_buf_clear(&out);
    s.kind = BOARD_UNPRICED;
    text_of(&s, 200, 60, &out);
    CHECK(strstr(out.ptr, "local-tests") && !strstr(out.ptr, "$0"));
    dd_buf_clear(&out);
    s = screens[0];
    s.kind = BOARD_UNPRICED;
    text_of(&s, 80, 24, &out);
    CHECK(strstr(out.ptr, "You saved - this week") && !strstr(out.ptr, "$0"));
    dd_buf_free(&out);
}

TEST(names_of_clients_move_no_cursor_P4)
{
    for (int tab = 0; tab < DD_BOARD_TABS; tab++) {
        screen s   = { "hostile", BOARD_HOSTILE, { .tab = (dd_board_tab)tab }, 1 };
        dd_buf out = DD_BUF_INIT(0);
        text_of(&s, 100, 30, &out);
        CHECK(!strchr(out.ptr, 27) && !strstr(out.ptr, "\xe2\x80\xae"));
        dd_buf_free(&out);
    }
}

TEST(clicks_know_what_they_hit)
{
    dd_arena a = DD_ARENA_INIT;
    dd_board b;
    dd_grid  g;
    int64_t  tabs = 0, rows = 0;
    board_make(&b, BOARD_LIVE, &a);
    dd_grid_init(&g, 80);
    dd_board_draw(&b, &(dd_board_view){ .tab = DD_BOARD_REQUESTS }, 24, &g);
    for (int x = 0; x < 80; x++) {
        dd_board_hit hit = dd_board_hit_of(g.cells[x].link);
        tabs |= hit.kind == DD_HIT_TAB ? 1 << hit.index : 0;
    }
    CHECK_EQ(tabs, 31, "each tab");
    for (int y = 4; y < 23; y++, rows++) {
        dd_board_hit hit = dd_board_hit_of(g.cells[y * 80 + 40].link);
        CHECK_EQ(hit.kind, DD_HIT_ROW, "all of a row");
        CHECK_EQ(hit.index, rows, "rows in their order");
    }
    dd_grid_fini(&g);
    dd_arena_fini(&a);
}

TEST(a_screen_reader_hears_a_thing_once)
{
    dd_arena      a = DD_ARENA_INIT;
    dd_board      b;
    dd_board_said said = { 0 };
    dd_buf        out = DD_BUF_INIT(0);
    board_make(&b, BOARD_LIVE, &a);
    dd_board_plain(&b, &said, &out);
    CHECK(dd_str_has(dd_buf_str(&out), "Live: about 42 requests a second, $17.00 an hour.\n"));
    CHECK(dd_str_has(dd_buf_str(&out), "You saved $1,300 this week, $4,100 this month.\n"));
    CHECK(dd_str_has(dd_buf_str(&out), "Most is spent by team search: 40%.\n"));
    CHECK(dd_str_has(dd_buf_str(&out), "Set aside: anthropic, ollama.\n"));
    CHECK(dd_str_has(dd_buf_str(&out), "Budget per-team (team search): 102%, exceeded.\n"));
    dd_buf_clear(&out);
    b.per_second = 42.3;
    b.total.requests += 300;
    b.saved_week += 1000;
    dd_board_plain(&b, &said, &out);
    CHECK_EQ(out.len, 0, "what hardly changed is not told");
    b.per_second = 80;
    dd_board_plain(&b, &said, &out);
    CHECK_STR(dd_buf_str(&out), "Live: about 80 requests a second, $17.00 an hour.\n");
    dd_buf_clear(&out);
    dd_board_provider model = { .name = DD_STR("openai"), .model = DD_STR("gpt-4o"), .breaker = DD_STR("open") };
    b.providers   = &model;
    b.n_providers = 1;
    dd_board_plain(&b, &said, &out);
    CHECK_STR(dd_buf_str(&out), "Set aside: openai/gpt-4o.\n");
    dd_board_said_fini(&said);
    dd_buf_free(&out);
    dd_arena_fini(&a);
}

TEST(the_dashboard_as_json)
{
    dd_arena a = DD_ARENA_INIT;
    dd_board b;
    dd_buf   out = DD_BUF_INIT(0);
    dd_err   err = DD_ERR_INIT;
    for (int kind = BOARD_LIVE; kind <= BOARD_UNPRICED; kind++) {
        board_make(&b, (board_kind)kind, &a);
        dd_buf_clear(&out);
        dd_board_json(&b, &(dd_board_view){ .tab = DD_BOARD_OVERVIEW }, &out);
        cJSON *j = dd_json_parse(dd_buf_str(&out), "board", &err);
        CHECK(j != NULL);
        CHECK_STR(dd_str_z(cJSON_GetStringValue(cJSON_GetObjectItem(j, "schema"))), "dd0c.top/1");
        const cJSON *cost = cJSON_GetObjectItem(cJSON_GetObjectItem(j, "total"), "cost_usd");
        if (kind == BOARD_UNPRICED)
            CHECK(cJSON_IsNull(cost));
        else if (kind == BOARD_LIVE)
            CHECK_EQ(cJSON_GetNumberValue(cost), 400, "cost in USD");
        cJSON_Delete(j);
    }
    dd_buf_free(&out);
    dd_arena_fini(&a);
}
