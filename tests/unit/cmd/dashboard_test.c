/* cmd/dashboard: the first question after a start finds its sums. */
#include "cmd/dashboard.h"
#include "store/events.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

static const int64_t day_ms = 86400000, hour_ms = 3600000;

static void push(const char *dir, const char *const *orgs, size_t n)
{
    dd_err     err = DD_ERR_INIT;
    dd_events *s   = dd_events_open(&(dd_events_opts){ .dir = dir, .events_days = -1 }, &err);
    for (size_t i = 0; i < n; i++)
        for (int64_t day = 0; day < 20; day++) {
            dd_event e = sample_event(day);
            e.org      = dd_str_z(orgs[i]);
            e.id += (int64_t)i;
            e.time_ms -= day * day_ms + 2 * hour_ms;
            CHECK(dd_events_push(s, &e));
        }
    dd_events_close(s, 20000);
}

/* How often there was something to read. */
static int read_ahead(struct dd_dashboard *d)
{
    int n = 0;
    while (dd_dashboard_wants(d) && n < 1000)
        n += dd_dashboard_ahead(d, sample_now_ms() / 1000) ? 1 : 0;
    return n;
}

TEST(sums_are_read_ahead_once_at_the_start)
{
    static const char *const orgs[] = { "acme", "default" };
    const char          *dir = sample_dir("dashboard");
    push(dir, orgs, DD_COUNT(orgs));
    struct dd_dashboard *d = dd_dashboard_new(dir);
    CHECK(!dd_dashboard_wants(d));
    dd_dashboard_start(d);
    CHECK(read_ahead(d) >= 2 * 3);          /* 20 days are in three weeks at least, of each organisation */
    int64_t today = sample_now_ms() / day_ms * 86400;
    for (size_t i = 0; i < DD_COUNT(orgs); i++)
        CHECK(!dd_cross_ahead(d->cross, dd_str_z(orgs[i]), true, today - 89 * 86400, today));
    int64_t hour = sample_now_ms() / 3600000 * 3600;
    CHECK(!dd_cross_ahead(d->cross, dd_str_z(orgs[0]), false, hour - 23 * 3600, hour));
    CHECK_EQ(read_ahead(d), 0, "nothing is read again");
    dd_dashboard_free(d);
}

TEST(few_organisations_are_read_ahead_and_none_without_a_database)
{
    static const char *const orgs[] = { "a", "b", "c", "d", "e", "f" };
    const char          *dir = sample_dir("dashboard");
    struct dd_dashboard *d   = dd_dashboard_new(dir);
    dd_dashboard_start(d);
    CHECK(!dd_dashboard_wants(d));
    push(dir, orgs, DD_COUNT(orgs));
    dd_dashboard_start(d);
    read_ahead(d);
    int64_t today = sample_now_ms() / day_ms * 86400;
    CHECK(!dd_cross_ahead(d->cross, DD_STR("c"), true, today - 89 * 86400, today));
    CHECK(dd_cross_ahead(d->cross, DD_STR("d"), true, today - 89 * 86400, today));
    dd_dashboard_free(d);
}
