/* The pieces reports are made of: paths and figures, cells, rectangles. Expected values by hand. */
#include "tests/unit/test.h"

#include "report/format.h"
#include "report/grid.h"
#include "report/treemap.h"

TEST(format_path_keeps_the_name)
{
    static const struct { const char *path; int width; const char *want; } cases[] = {
        { "src/a.py:1", 20, "src/a.py:1" },
        { "packages/core/src/llm/client.py:12", 34, "packages/core/src/llm/client.py:12" },
        { "packages/core/src/llm/client.py:12", 30, "packages/…/llm/client.py:12" },
        { "packages/core/src/llm/client.py:12", 24, "packages/…/client.py:12" },
        { "packages/core/src/llm/client.py:12", 20, "…/llm/client.py:12" },
        { "packages/core/src/llm/client.py:12", 14, "…/client.py:12" },
        { "packages/core/src/llm/client.py:12", 9, "cli….py:12" + 1 },
        { "averyveryverylongname.py", 10, "ave…ame.py" },
        { "/abs/path/to/x.py", 12, "/…/to/x.py" },
    };
    dd_arena a = DD_ARENA_INIT;
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_str got = dd_fmt_path(&a, dd_str_z(cases[i].path), cases[i].width);
        if (i != 6)
            CHECK_STR(got, cases[i].want);
        CHECK((int)dd_utf8_width(got) <= cases[i].width);
    }
    dd_arena_fini(&a);
}

TEST(format_path_any_width)
{
    dd_arena a = DD_ARENA_INIT;
    dd_str   p = DD_STR("文件夹/深い/dossier/数据处理模块.py:123");
    for (int w = 1; w < 60; w++)
        CHECK((int)dd_utf8_width(dd_fmt_path(&a, p, w)) <= w);
    dd_arena_fini(&a);
}

TEST(format_figures)
{
    dd_arena a = DD_ARENA_INIT;
    CHECK_STR(dd_fmt_count(&a, 1234567), "1,234,567");
    CHECK_STR(dd_fmt_count(&a, 999), "999");
    CHECK_STR(dd_fmt_tokens(&a, 9999), "9,999");
    CHECK_STR(dd_fmt_tokens(&a, 12345), "12.3k");
    CHECK_STR(dd_fmt_tokens(&a, -1), "?");
    CHECK_STR(dd_fmt_about(&a, 1284500000000000), "$1,285");
    CHECK_STR(dd_fmt_about(&a, 999990000000000), "$999.99");
    CHECK_STR(dd_fmt_money(&a, DD_PUSD_UNKNOWN), "unknown");
    CHECK_STR(dd_fmt_percent(&a, 1, 1000), "<1%");
    CHECK_STR(dd_fmt_percent(&a, 0, 1000), "0%");
    CHECK_STR(dd_fmt_percent(&a, 999, 1000), "99%");
    CHECK_STR(dd_fmt_percent(&a, 5, 0), "");
    CHECK_STR(dd_fmt_plural(&a, 1, "call", "calls"), "1 call");
    CHECK_STR(dd_fmt_capital(&a, DD_STR("short answer")), "Short answer");
    CHECK_STR(dd_fmt_capital(&a, DD_STR("gpt-4o is")), "gpt-4o is");
    CHECK_STR(dd_fmt_uri(&a, DD_STR("/home/a b"), DD_STR("x#y.py")), "file:///home/a%20b/x%23y.py");
    CHECK_STR(dd_fmt_uri(&a, DD_STR(""), DD_STR("x.py")), "");
    dd_arena_fini(&a);
}

static void check_written(const dd_grid *g, dd_grid_style style, const char *want)
{
    dd_buf b = DD_BUF_INIT(0);
    dd_grid_write(g, &style, &b);
    CHECK_STR(dd_buf_str(&b), want);
    dd_buf_free(&b);
}

TEST(grid_cells)
{
    dd_grid g;
    dd_grid_init(&g, 20);
    size_t r = dd_grid_row(&g);
    CHECK_EQ(dd_grid_putz(&g, r, 0, DD_ROLE_TEXT, "文a"), 3, "a wide character takes two cells");
    CHECK_EQ(dd_grid_putz(&g, r, 18, DD_ROLE_TEXT, "abc"), 20, "clipped at the edge");
    r = dd_grid_row(&g);
    CHECK_EQ(dd_grid_putz(&g, r, 0, DD_ROLE_TEXT, "e\xcc\x81x"), 2, "a combining mark joins its letter");
    CHECK_EQ(dd_grid_putz(&g, r, 19, DD_ROLE_TEXT, "文"), 19, "half a character is not drawn");
    check_written(&g, (dd_grid_style){ .color = DD_COLOR_NONE }, "文a               ab\ne\xcc\x81x\n");
    check_written(&g, (dd_grid_style){ .ascii = true }, "??a               ab\nex\n");
    dd_grid_fini(&g);
}

TEST(grid_takes_no_orders)
{
    dd_grid g;
    dd_grid_init(&g, 20);
    size_t r = dd_grid_row(&g);
    dd_grid_put(&g, r, 0, DD_ROLE_TEXT, DD_STR("a\x1b[0m\n\tb\xff\xc2\x9b"));
    check_written(&g, (dd_grid_style){ .color = DD_COLOR_NONE }, "a�[0m��b��\n");
    dd_grid_fini(&g);
}

TEST(grid_colour_and_links)
{
    dd_grid g;
    dd_grid_init(&g, 20);
    size_t r = dd_grid_row(&g);
    dd_grid_link(&g, DD_STR("file:///x"));
    int c = dd_grid_putz(&g, r, 0, DD_ROLE_SAVING, "a");
    dd_grid_link(&g, DD_STR(""));
    dd_grid_putz(&g, r, c, DD_ROLE_TEXT, "b");
    check_written(&g, (dd_grid_style){ .color = DD_COLOR_16 }, "\x1b[0;1;32ma\x1b[0mb\n");
    check_written(&g, (dd_grid_style){ .links = true }, "\x1b]8;;file:///x\x1b\\a\x1b]8;;\x1b\\b\n");
    check_written(&g, (dd_grid_style){ .color = DD_COLOR_NONE }, "ab\n");
    dd_grid_fini(&g);
}

TEST(treemap_areas) /* each area is its share, inside the box, apart from the others */
{
    enum { N = 40 };
    double   size[N], total = 0, area = 0;
    dd_rect  at[N], box = { 0, 0, 600, 400 };
    for (int i = 0; i < N; i++)
        size[i] = 1000.0 / (1 + i * i), total += size[i];
    dd_treemap(size, N, box, at);
    for (int i = 0; i < N; i++) {
        double want = size[i] / total * 240000, got = at[i].w * at[i].h;
        area += got;
        CHECK(got > want * 0.999 && got < want * 1.001);
        CHECK(at[i].x > -0.01 && at[i].y > -0.01 && at[i].x + at[i].w < 600.01 && at[i].y + at[i].h < 400.01);
        for (int k = 0; k < i; k++)
            CHECK(at[i].x + at[i].w < at[k].x + 0.01 || at[k].x + at[k].w < at[i].x + 0.01 || at[i].y + at[i].h < at[k].y + 0.01 ||
                  at[k].y + at[k].h < at[i].y + 0.01);
    }
    CHECK(area > 239000 && area < 241000);
}

TEST(durations_as_people_read_them)
{
    static const struct { double ms; const char *want; } cases[] = {
        { -1, "-" },           { 0, "<0.01 ms" },    { 0.0049, "<0.01 ms" }, { 0.005, "0.01 ms" },  { 0.83, "0.83 ms" },   { 0.9949, "0.99 ms" },
        { 0.996, "1.0 ms" },   { 9.94, "9.9 ms" },   { 9.96, "10 ms" },      { 999.4, "999 ms" },   { 999.6, "1.00 s" },   { 1250, "1.25 s" },
        { 12500, "12.5 s" },   { 59960, "1 min" },   { 125000, "2 min" },    { 3600000, "1.0 h" },  { 9e6, "2.5 h" },      { 1e13, ">10 years" },
    };
    dd_arena a = DD_ARENA_INIT;
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        CHECK_STR(dd_fmt_took(&a, cases[i].ms), cases[i].want);
    dd_arena_fini(&a);
}

TEST(moments_name_their_zone)
{
    static const struct { const char *why; int64_t ms; int32_t offset_s; const char *want; } cases[] = {
        { "UTC",                    INT64_C(1795179600123),  0,      "2026-11-20 13:00:00.123 UTC" },
        { "an hour before it",      INT64_C(1795179600123),  3600,   "2026-11-20 14:00:00.123 +01:00" },
        { "over midnight, by half hours", INT64_C(1795179600000), -49500, "2026-11-19 23:15:00.000 -13:45" },
        { "before 1970",            -1,                      0,      "1969-12-31 23:59:59.999 UTC" },
    };
    dd_arena a = DD_ARENA_INIT;
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        CHECK_STR(dd_fmt_moment(&a, cases[i].ms, cases[i].offset_s), cases[i].want);
    dd_arena_fini(&a);
}
