/* The statement against files that somebody looked at (`make golden` rewrites them), and its arithmetic. */
#include "report/savings.h"
#include "report/spark.h"
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/file.h"

#define USD DD_PUSD_PER_USD
enum { TODAY = 20777 /* 2026-11-20, a Friday */ };
typedef enum { PLAIN, HOSTILE, LOSS, NONE } fixture;

static dd_savings_sum sum(int64_t n, dd_pusd original, dd_pusd cost)
{
    return (dd_savings_sum){ .requests = n, .compared = n, .premiums = n, .input = n * 1000, .output = n * 100, .cost = cost, .original = original,
                             .compared_cost = cost, .saved = original - cost, .premium_saved = 3 * original - cost };
}

static dd_savings_sum part_of(const dd_savings_sum *s, int64_t n, int64_t of)
{
    return (dd_savings_sum){ s->requests * n / of, s->errors * n / of, s->hits * n / of, s->unpriced * n / of, s->compared * n / of, s->premiums * n / of,
                             s->input * n / of, s->output * n / of, s->cost / of * n, s->original / of * n, s->compared_cost / of * n,
                             s->original / of * n - s->compared_cost / of * n, s->premium_saved / of * n };
}

static void add(dd_savings *s, dd_savings_by by, dd_str name, dd_savings_sum v) { dd_avec_push(&s->arena, &s->by[by], ((dd_savings_row){ name, v })); }

static const char *const plain_names[] = { "classify", "summarize", "search", "support-chat", "extract-invoices", "agent", "translate", "title", "" };
static const char *const hostile_names[] = { "<script>alert(1)</script>", "=cmd()|\"x\"", "a | b `c`", "two\nlines", "\xe2\x80\xaegnp.exe", "\x1b[31mred", "a > b > c",
                                             "\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97\xe5\xad\x97", "" };

static const struct { const char *swap; int64_t n; dd_pusd original, cost; } swaps[] = {
    { "gpt-4o > gpt-4o-mini", 3210, 2730 * USD, 164 * USD }, { "claude-sonnet-4-5 > claude-haiku-4-5", 802, 780 * USD + USD / 2, 260 * USD },
    { "", 2010, 1760 * USD, 1397 * USD },                    { "o3 > gpt-4o-mini", 290, 201 * USD, 15 * USD },
    { "gpt-4o-mini > claude-haiku-4-5", 101, 4 * USD, 29 * USD + 1 },
};

static const dd_spend_account accounts[] = {
    { .name = { "all", 3 }, .scope = DD_SCOPE_GLOBAL, .period = DD_PERIOD_MONTH, .spent = 900 * USD, .limit = 2000 * USD, .from_s = 20758 * 86400LL,
      .to_s = 20788 * 86400LL, .configured = true, .source = "ledger", .outlook = { DD_OUTLOOK_HOLDS, 1390 * USD, 0 } },
    { .name = { "per-team", 8 }, .value = { "web", 3 }, .scope = DD_SCOPE_TEAM, .period = DD_PERIOD_MONTH, .spent = 90 * USD, .limit = 100 * USD,
      .from_s = 20758 * 86400LL, .to_s = 20788 * 86400LL, .configured = true, .source = "ledger",
      .outlook = { DD_OUTLOOK_WILL_EXCEED, 140 * USD, 20780 * 86400LL } },
};

static void make(dd_savings *s, fixture kind)
{
    const char *const *names = kind == HOSTILE ? hostile_names : plain_names;
    *s = (dd_savings){ .period = DD_STR("30d"), .from = TODAY - 29, .to = TODAY + 1, .before_from = TODAY - 59, .before_to = TODAY - 29, .now_s = TODAY * 86400LL + 50400,
                       .open = true, .store = true, .prices_first = TODAY - 20, .prices_last = TODAY - 3, .premium = DD_STR("anthropic/claude-opus-5") };
    if (kind == NONE) {
        dd_savings_finish(s);
        return;
    }
    for (size_t i = 0; i < DD_COUNT(swaps); i++) {
        dd_savings_sum v = sum(swaps[i].n, swaps[i].original, swaps[i].cost);
        if (kind == LOSS) { /* the other way round */
            v = sum(swaps[i].n, swaps[i].cost, swaps[i].original);
        }
        dd_savings_add(&s->total, &v);
        add(s, DD_SAVINGS_SWAP, kind == HOSTILE ? dd_str_z(names[i]) : dd_str_z(swaps[i].swap), v);
    }
    dd_savings_sum odd = { .requests = 30, .errors = 12, .unpriced = 10, .cost = 3 * USD };
    dd_savings_add(&s->total, &odd);
    add(s, DD_SAVINGS_SWAP, DD_STR("smart > gpt-4o"), odd);
    for (size_t i = 0; i + 1 < DD_COUNT(plain_names); i++) {        /* a half, a quarter ...; what is left is told as such */
        dd_savings_sum v = part_of(&s->total, 1, 2 << i);
        add(s, DD_SAVINGS_FEATURE, dd_str_z(names[i]), v);
        add(s, DD_SAVINGS_ROUTE, dd_str_z(names[8 - i]), v);
        add(s, DD_SAVINGS_MODEL, dd_str_z(names[i]), v);
        if (i < 3)
            add(s, DD_SAVINGS_TEAM, dd_str_z(names[i]), v);
    }
    enum { PARTS = 30 * 39 / 2 + 30 * 5 };
    dd_savings_sum left = s->total;
    for (int d = 0; d < 30; d++) {
        dd_savings_span day = { .from = TODAY - 29 + d };
        if (d % 7 == 2)
            continue;
        day.s = d < 29 ? part_of(&s->total, 10 + d % 11 + d / 3, PARTS) : left;
        dd_savings_sum less = part_of(&day.s, -1, 1);
        dd_savings_add(&left, &less);
        dd_avec_push(&s->arena, &s->days, day);
    }
    s->before     = sum(5000, 3000 * USD, 1800 * USD);
    s->before_days = 15;   /* of 30: just enough */
    s->cache      = sum(45, 36 * USD + 33 * (USD / 100), 0);
    s->cache.hits = 45;
    s->accounts   = accounts;
    s->n_accounts = DD_COUNT(accounts);
    dd_savings_finish(s);
}

/* ---- goldens ---- */

static void as_csv(const dd_savings *s, const dd_report_opts *o, dd_buf *out) { (void)o, dd_savings_csv(s, out); }
static void as_json(const dd_savings *s, const dd_report_opts *o, dd_buf *out) { (void)o, dd_savings_json(s, out); }

static const struct { const char *file; fixture kind; void (*write)(const dd_savings *, const dd_report_opts *, dd_buf *); dd_report_opts opts; } goldens[] = {
    { "savings-80.txt", PLAIN, dd_savings_text, { .width = 80 } },          { "savings-120.txt", PLAIN, dd_savings_text, { .width = 120 } },
    { "savings-50.txt", PLAIN, dd_savings_text, { .width = 50 } },          { "savings-80-ascii.txt", PLAIN, dd_savings_text, { .width = 80, .ascii = true } },
    { "savings-loss-80.txt", LOSS, dd_savings_text, { .width = 80 } },      { "savings-hostile-80.txt", HOSTILE, dd_savings_text, { .width = 80 } },
    { "savings-empty-80.txt", NONE, dd_savings_text, { .width = 80 } },     { "savings.md", PLAIN, dd_savings_markdown, { .width = 0 } },
    { "savings-80-256.ansi", PLAIN, dd_savings_text, { .width = 80, .color = DD_COLOR_256 } },
    { "savings-hostile.md", HOSTILE, dd_savings_markdown, { .width = 0 } }, { "savings.html", PLAIN, dd_savings_html, { .width = 0 } },
    { "savings-hostile.html", HOSTILE, dd_savings_html, { .width = 0 } },   { "savings.csv", PLAIN, as_csv, { .width = 0 } },
    { "savings-hostile.csv", HOSTILE, as_csv, { .width = 0 } },             { "savings.json", PLAIN, as_json, { .width = 0 } },
};

TEST(golden_savings)
{
    for (size_t i = 0; i < DD_COUNT(goldens); i++) {
        dd_savings s;
        dd_buf     got = DD_BUF_INIT(0), want = DD_BUF_INIT(0);
        dd_err     err = DD_ERR_INIT;
        char       path[256];
        snprintf(path, sizeof path, "tests/golden/report/%s", goldens[i].file);
        make(&s, goldens[i].kind);
        goldens[i].write(&s, &goldens[i].opts, &got);
        if (getenv("DD_GOLDEN_UPDATE"))
            CHECK_OK(dd_file_replace(path, dd_buf_str(&got), 0644, &err));
        else if (dd_file_read(path, &want, &err) != DD_OK)
            dd_test_fail(__FILE__, __LINE__, "%s", err.msg);
        else if (!dd_str_eq(dd_buf_str(&got), dd_buf_str(&want)))
            dd_test_fail(__FILE__, __LINE__, "%s differs; `make golden` and `git diff tests/golden` show where", path);
        dd_savings_free(&s);
        dd_buf_free(&got);
        dd_buf_free(&want);
    }
}

/* ---- arithmetic ---- */

static void check_adds_up(const dd_savings *s, const dd_savings_list *list)
{
    dd_savings_sum all = { 0 };
    for (size_t i = 0; i < list->n; i++)
        CHECK(dd_savings_add(&all, &list->v[i].s));
    CHECK(memcmp(&all, &s->total, sizeof all) == 0);
}

TEST(savings_breakdowns_add_up_whatever_is_missing)
{
    dd_savings s;
    make(&s, PLAIN);
    for (int by = 0; by < DD_SAVINGS_BY; by++)
        check_adds_up(&s, &s.by[by]);
    bool rest = false;
    for (size_t i = 0; i < s.by[DD_SAVINGS_FEATURE].n; i++)
        rest = rest || dd_str_eqz(s.by[DD_SAVINGS_FEATURE].v[i].name, DD_SAVINGS_REST);
    CHECK(rest); /* what has no row is a row of its own */
    for (size_t top = 0; top < 12; top++) {
        dd_savings_sum others, all = { 0 };
        size_t         n = dd_savings_top(&s.by[DD_SAVINGS_ROUTE], top, &others);
        for (size_t i = 0; i < n; i++)
            CHECK(dd_savings_add(&all, &s.by[DD_SAVINGS_ROUTE].v[i].s));
        CHECK(dd_savings_add(&all, &others));
        CHECK_EQ(all.saved, s.total.saved, "R7.1: shown and not shown are all");
    }
    dd_savings_free(&s);
}

TEST(savings_unknown_is_not_nothing)
{
    dd_savings_sum none = { .requests = 3, .unpriced = 3 }, no_original = { .requests = 2, .cost = 5 }, nothing = { 0 };
    CHECK(dd_savings_spent(&none) == DD_PUSD_UNKNOWN && dd_savings_saved(&none) == DD_PUSD_UNKNOWN && dd_savings_instead(&none) == DD_PUSD_UNKNOWN);
    CHECK(dd_savings_saved(&no_original) == DD_PUSD_UNKNOWN);
    CHECK_EQ(dd_savings_instead(&no_original), 5, "with nothing to compare it counts with what it cost");
    CHECK_EQ(dd_savings_spent(&nothing), 0, "no requests cost nothing");
    dd_savings_sum most = { .cost = INT64_MAX, .saved = 1, .requests = 1, .compared = 1 }, more = most;
    CHECK(dd_savings_instead(&most) == DD_PUSD_UNKNOWN);
    CHECK(!dd_savings_add(&more, &most));
    CHECK_EQ(more.cost, INT64_MAX, "what is too large is as it was");
    CHECK_EQ(more.requests, 2, "and the rest is added");
}

TEST(savings_weeks_begin_on_mondays)
{
    dd_savings s;
    make(&s, PLAIN);
    CHECK_EQ(s.days.n, 30, "days without requests are there");
    CHECK_EQ(s.weeks.n, 5, "2026-10-22 is a Thursday");
    for (size_t i = 0; i < s.weeks.n; i++) {
        CHECK_EQ(s.weeks.v[i].whole, i > 0 && i < 4, "the first begins late, the last is not over");
        CHECK(i == 0 || (s.weeks.v[i].from + 3) % 7 == 0); /* 1970-01-05 was a Monday */
        CHECK(i == 0 || s.weeks.v[i].from == s.weeks.v[i - 1].to);
    }
    CHECK(!s.days.v[29].whole && s.days.v[28].whole); /* today so far */
    dd_savings_free(&s);
}

TEST(savings_swap_names)
{
    static const struct { const char *name; bool ok; const char *from, *to; } cases[] = {
        { "gpt-4o > gpt-4o-mini", true, "gpt-4o", "gpt-4o-mini" }, { "", false, "", "" }, { "a", false, "", "" }, { " > b", false, "", "" },
        { "a > ", false, "", "" }, { "a > b > c", false, "", "" }, { "a>b > c", true, "a>b", "c" }, { "a > > b", false, "", "" },
    };
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_str from = { 0 }, to = { 0 };
        CHECK_EQ(dd_savings_swap(dd_str_z(cases[i].name), &from, &to), cases[i].ok, cases[i].name);
        if (cases[i].ok)
            CHECK(dd_str_eqz(from, cases[i].from) && dd_str_eqz(to, cases[i].to));
    }
}

TEST(spark_lines)
{
    static const struct { const char *why; dd_pusd v[6]; size_t n; int width; bool ascii; const char *want; } cases[] = {
        { "the largest is full, nothing the lowest", { 0, 4, 8 }, 3, 10, false, "▁▅█" },
        { "a little is more than nothing", { 1, 1000 }, 2, 10, false, "▂█" },
        { "all nothing", { 0, 0 }, 2, 10, false, "▁▁" },
        { "less than nothing, and not known", { -5, 5, DD_PUSD_UNKNOWN }, 3, 10, false, "▁█▁" },
        { "neighbours share a column as their mean", { 2, 2, 8, 8, 0, 0 }, 6, 3, false, "▄█▁" },
        { "ASCII", { 0, 8 }, 2, 10, true, "_#" },
        { "no room", { 1 }, 1, 0, false, "" },
        { "none", { 0 }, 0, 10, false, "" },
        { "the largest there are", { INT64_MAX, INT64_MAX / 2, INT64_MAX, INT64_MAX }, 4, 2, false, "▇█" },
    };
    dd_arena a = DD_ARENA_INIT;
    for (size_t i = 0; i < DD_COUNT(cases); i++)
        if (!dd_str_eqz(dd_spark(&a, cases[i].v, cases[i].n, cases[i].width, cases[i].ascii), cases[i].want))
            dd_test_fail(__FILE__, __LINE__, "%s", cases[i].why);
    dd_arena_fini(&a);
}
