#include "store/skip.h"

#include "store/dims.h"
#include "store/pages.h"
#include "store/query.h"
#include "store/ring.h"
#include "store/writer.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

enum { SPREAD_DAYS = 24, EVENTS = 600, COMBINATIONS = 40 };
static const int64_t day_ms = 86400000, hour_ms = 3600000;

static uint64_t seed;
static uint64_t dice(uint64_t n)      /* xorshift: the same sequence each time */
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed % n;
}
#define ONE_OF(...) dd_str_z(((const char *const[]){ __VA_ARGS__ })[dice(DD_COUNT(((const char *const[]){ __VA_ARGS__ })))])

/* What there is beside the plain case. */
typedef struct {
    const char *name;
    bool clocks;      /* some take days, and some clocks are put forth and back by days */
    bool other;       /* a user is called as the rest is */
    bool users;       /* a user for nearly each request, past what a day keeps */
    bool orgs;        /* more organisations than are asked one by one */
    bool tidied;      /* hours are removed, and some come again late */
    bool older;       /* an older program has written some, without their ids */
    bool gone;        /* events are removed, their sums stay */
    bool bare;        /* rows without any sums */
} history;

static int64_t base_ms(void) { return (sample_now_ms() / day_ms - SPREAD_DAYS) * day_ms; }

static dd_event any_event(const history *h, int64_t start_ms)
{
    static char    user[32], org[32];
    static int64_t turn;
    dd_event e = sample_event(1);
    int64_t  took_ms = dice(40) == 0 ? (int64_t)dice((uint64_t)day_ms) : (int64_t)dice(5000);
    if (h->clocks && dice(30) == 0)
        took_ms = (int64_t)dice((uint64_t)(8 * day_ms)) - 4 * day_ms;
    e.id = (start_ms - DD_EVENT_EPOCH_MS) << 21 | (++turn & 0x1fffff);
    e.time_ms = start_ms + took_ms;
    snprintf(org, sizeof org, "org-%d", (int)dice(20));
    e.org = h->orgs && dice(2) ? dd_str_z(org) : dice(4) ? DD_STR("default") : DD_STR("other");
    snprintf(user, sizeof user, "%s-%d", h->users && dice(3) ? "u" : "rare", (int)dice(h->users ? 100000 : 60));
    e.user = dice(12) == 0 || h->users ? dd_str_z(user) : ONE_OF("ada", "bob", "", h->other ? "(other)" : "eve", "it's", "\xc3\xa4");
    e.key_id = start_ms < base_ms() + 3 * day_ms ? ONE_OF("k1", "k-old", "") : ONE_OF("k1", "k2");
    e.provider = dice(60) == 0 ? DD_STR("azure") : ONE_OF("openai", "anthropic", "");
    e.requested_model = ONE_OF("gpt-4o", "openai/gpt-4o", "mini", "");
    e.used_model = ONE_OF("gpt-4o", "mini", "", "o[3]?");
    e.team = ONE_OF("core", "web", "");
    e.feature = dice(50) == 0 ? DD_STR("seldom") : ONE_OF("search", "faq", "");
    e.route = dice(70) == 0 ? DD_STR("nightly") : ONE_OF("main", "");
    e.task = dice(70) == 0 ? DD_STR("code") : DD_STR("chat");
    e.env = ONE_OF("prod", "");
    e.call_site = dice(70) == 0 ? DD_STR("jobs/x.py:1") : ONE_OF("app.py:12", "");
    e.status = dice(9) == 0 ? 503 : 200;
    e.error = e.status == 200 ? DD_EC_NONE : dice(9) == 0 ? DD_EC_TIMEOUT : DD_EC_UPSTREAM;
    e.cost_actual = dice(9) == 0 ? DD_PUSD_UNKNOWN : dice(70) == 0 ? 70 * DD_PUSD_PER_USD : (int64_t)dice(1000) * 1000000000 - 5;
    e.total_us = dice(9) == 0 ? -1 : dice(70) == 0 ? 40000000 : (int64_t)dice(900000);
    e.first_us = dice(70) == 0 ? 2 : (int64_t)dice(900000);
    e.overhead_us = (int64_t)dice(90);
    e.fallback = dice(70) == 0;
    e.cache = dice(70) == 0 ? DD_STR("hit") : ONE_OF("miss", "");
    return e;
}

static void write_events(dd_writer *w, const history *h, int n, int64_t from_ms, int64_t long_ms)
{
    dd_err          err = DD_ERR_INIT;
    dd_buf          batch = DD_BUF_INIT(0);
    dd_ring        *r = dd_ring_new(1);
    dd_writer_count count;
    int64_t         last_id = 0;
    for (int i = 0; i < n; i++) {
        dd_event e = any_event(h, from_ms + (int64_t)dice((uint64_t)long_ms));
        if (i == n - 1 && h->users)
            e.user = DD_STR("late");           /* the day has as many as it keeps */
        if (i % 40 == 1 && h->clocks)
            e.id = last_id;                    /* another process numbers alike */
        last_id = e.id;
        CHECK(dd_ring_put(r, &e, SIZE_MAX) > 0 && dd_ring_take(r, &batch));
        if (i % 150 == 149 || i == n - 1) {
            CHECK_OK(dd_writer_put(w, dd_buf_str(&batch), &count, &err));
            batch.len = 0;
        }
    }
    dd_ring_free(r);
    dd_buf_free(&batch);
}

static void tidy(dd_writer *w)
{
    dd_err err = DD_ERR_INIT;
    bool   more = true;
    for (int i = 0; i < 2000 && more; i++)
        CHECK_OK(dd_writer_tidy(w, sample_now_ms(), &more, &err));
    CHECK(!more);
}

static const char *make(const history *h)
{
    const char *dir = sample_dir("skip");
    seed = 88172645463325252u + (uint64_t)h->name[0];
    dd_writer  *w = dd_writer_new(&(dd_writer_opts){ .dir = dir, .hourly_days = h->tidied ? 9 : 0, .events_days = h->gone ? 9 : 0 });
    write_events(w, h, EVENTS / 2, base_ms(), SPREAD_DAYS * day_ms);
    if (h->older) {
        sample_number(dir, "telemetry.db", "DELETE FROM id_summary WHERE start % 3 = 0");
        sample_number(dir, "telemetry.db", "DELETE FROM id_summary WHERE unit = 86400 AND start / 86400 % 2 = 0");
        sample_number(dir, "telemetry.db", "UPDATE id_summary SET request_count = request_count - 1, first_id = last_id, most_cost = -1 WHERE start / 3600 % 2 = 0");
    }
    if (h->users)
        write_events(w, h, DD_DIMS_VALUES + 1700, base_ms() + 2 * day_ms, day_ms);
    if (h->tidied || h->gone)
        tidy(w);
    write_events(w, h, EVENTS / 2, base_ms(), SPREAD_DAYS * day_ms);
    if (h->tidied)
        sample_number(dir, "telemetry.db", "DELETE FROM id_summary WHERE unit = 3600 AND start / 3600 % 5 = 0");
    dd_writer_free(w);
    if (h->bare)
        sample_number(dir, "telemetry.db", "DELETE FROM dimension_summary");
    return dir;
}

/* ---- pages beside the plain rows ---- */

static const char *const pool[] = {
    "user=nobody", "user=ada", "user=rare-7", "user=rare-*", "user=rare-1*", "user=*7", "user=", "user!=", "user!=ada", "user=(other)", "user=u-1*", "user=late", "user=lat*e", "user=\xc3*",
    "key=k1", "key=k-old", "key=k-*", "key!=k1", "key=none", "provider=azure", "provider=a*", "provider=", "model=gpt-4o", "model=mini*", "model=", "model!=gpt-4o",
    "requested_model=mini", "requested_model=*4o", "requested_model=none", "team=core", "team=", "feature=seldom", "feature=none", "route=nightly", "route!=main",
    "route=n*y", "task=code", "task!=chat", "env=prod", "env=none", "call_site=jobs/*", "call_site=*", "error=timeout", "error=*", "error!=none", "error=abort*",
    "error!=upstream", "error=none", "cost>50", "cost>=70", "cost=70", "cost<0.1", "cost>900", "cost=", "latency>30s", "latency>=40s", "latency=40s", "latency<1ms",
    "latency=", "latency>300s", "first_us<=2us", "first_us=2", "overhead_us>80", "fallback=yes", "fallback=no", "cache=hit", "cache!=hit", "status=503", "org=default",
    "org=other", "tags.ticket=T-1", "stream=yes", "strategy=none", "strategy=passthrough",
};

static void keep(void *ctx, const dd_event *e)
{
    sample_ids *l = ctx;
    l->v = dd_realloc(l->v, (l->n + 1) * sizeof *l->v);
    l->v[l->n++] = e->id;
}

typedef struct { const char *filters[4]; size_t n; char times[2][40]; dd_str org; int64_t limit, work, work_us; } question;

static sample_ids paged(dd_pages *p, const question *q)
{
    dd_err     err = DD_ERR_INIT;
    sample_ids out = {0};
    dd_filter  f = {0};
    dd_page    page = {0};
    for (size_t i = 0; i < q->n; i++)
        CHECK_OK(dd_filter_add(&f, dd_str_z(q->filters[i]), &err));
    dd_pages_ask ask = { .org = q->org, .filter = &f, .limit = q->limit, .work = q->work, .work_us = q->work_us != 0 ? q->work_us : 1 << 30 };
    do {
        size_t  had = out.n;
        int64_t before = ask.before;
        CHECK_OK(dd_pages_read(p, &ask, keep, &out, &page, &err));
        CHECK(out.n - had <= (size_t)q->limit);
        CHECK(page.next == 0 || page.partial == (out.n - had < (size_t)q->limit));
        CHECK(page.next == 0 || before == 0 || page.next < before);
        CHECK(q->work == 0 || page.looked <= q->work);
        ask.before = page.next;
    } while (page.next != 0);
    dd_filter_fini(&f);
    return out;
}

static void expect(const char *how, const history *h, const question *q, const sample_ids *want, size_t n, const int64_t *got, size_t n_got)
{
    if (n == n_got && (n == 0 || memcmp(want->v + want->n - n, got, n * sizeof *got) == 0))
        return;
    dd_test_fail(__FILE__, __LINE__, "%s, %s: %s %s %s, limit %lld, work %lld, %lld us: %zu events, want %zu", how, h->name, q->filters[0], q->n > 1 ? q->filters[1] : "",
                 q->n > 2 ? q->filters[2] : "", (long long)q->limit, (long long)q->work, (long long)q->work_us, n_got, n);
}

static void compare(const char *dir, dd_pages *p, const history *h, const question *q)
{
    sample_ids want = sample_plain(dir, q->filters, q->n, q->org), got = paged(p, q);
    expect("pages", h, q, &want, want.n, got.v, got.n);
    free(want.v);
    free(got.v);
}

/* dd0c tail: oldest first. */
static void compare_query(const char *dir, const history *h, const question *q, int64_t limit)
{
    dd_err     err = DD_ERR_INIT;
    sample_ids want = sample_plain(dir, q->filters, q->n, DD_STR_NULL), got = {0};
    dd_query  *all = dd_query_new(dir);
    for (size_t i = 0; i < q->n; i++)
        CHECK_OK(dd_query_where(all, dd_str_z(q->filters[i]), &err));
    CHECK_OK(dd_query_newest(all, limit, keep, &got, &err));
    size_t n = limit >= 0 && (size_t)limit < want.n ? (size_t)limit : want.n;
    for (size_t i = 0; i < want.n / 2; i++) {
        int64_t t = want.v[i];
        want.v[i] = want.v[want.n - 1 - i];
        want.v[want.n - 1 - i] = t;
    }
    expect(limit < 0 ? "query, all" : "query", h, q, &want, n, got.v, got.n);
    dd_query_free(all);
    free(want.v);
    free(got.v);
}

static void add_time(question *q, int i)
{
    static const char *const ops[] = { ">", ">=", "<", "<=", "=" };
    int64_t ms = base_ms() + (int64_t)dice((uint64_t)(day_ms * SPREAD_DAYS));
    ms = dice(3) == 0 ? ms / hour_ms * hour_ms : ms;
    snprintf(q->times[i], sizeof q->times[i], "time%s%lld", ops[dice(5)], (long long)ms);
    q->filters[q->n++] = q->times[i];
}

static void every_id_once(const history *h)
{
    const char *dir = make(h);
    dd_pages   *p = dd_pages_new(dir);
    for (size_t i = 0; i < DD_COUNT(pool); i++) {
        compare(dir, p, h, &(question){ { pool[i] }, 1, .org = DD_STR("default"), .limit = 50 });
        compare(dir, p, h, &(question){ { pool[i] }, 1, .org = DD_STR("default"), .limit = 20, .work = 60 });
    }
    for (int i = 0; i < COMBINATIONS; i++) {
        question q = { .org = dice(3) ? DD_STR("default") : DD_STR_NULL, .limit = 5 + (int64_t)dice(90), .work = dice(3) ? 0 : 30 + (int64_t)dice(100),
                       .work_us = dice(3) ? 0 : 1 };
        for (size_t k = dice(3) + (i % 2); k > 0; k--)
            q.filters[q.n++] = pool[dice(DD_COUNT(pool))];
        if (q.n == 0 || dice(3) == 0)
            add_time(&q, 0);
        if (q.n < 3 && dice(3) == 0)
            add_time(&q, 1);
        compare(dir, p, h, &q);
        compare_query(dir, h, &q, dice(2) ? -1 : (int64_t)dice(30));
    }
    dd_pages_free(p);
}

TEST(pages_miss_nothing_that_fits_R4_4) { every_id_once(&(history){ "plain", .other = true }); }
TEST(pages_miss_nothing_when_clocks_are_put_forth_and_back_R4_4) { every_id_once(&(history){ "clocks", .clocks = true }); }
TEST(pages_miss_nothing_of_many_organisations_R4_4) { every_id_once(&(history){ "orgs", .orgs = true }); }
TEST(pages_miss_nothing_among_too_many_users_R4_4) { every_id_once(&(history){ "users", .users = true, .clocks = true }); }
TEST(pages_miss_nothing_when_hours_are_gone_and_come_late_R4_4) { every_id_once(&(history){ "tidied", .tidied = true, .clocks = true }); }
TEST(pages_miss_nothing_of_an_older_program_R4_4) { every_id_once(&(history){ "older", .older = true }); }
TEST(pages_find_what_is_left_when_events_are_gone_R4_4) { every_id_once(&(history){ "gone", .gone = true, .tidied = true, .clocks = true }); }

TEST(pages_find_rows_without_sums) { every_id_once(&(history){ "bare", .bare = true }); }

/* ---- how little is looked at ---- */

static dd_page look(dd_pages *p, const char *org, const char *filter, size_t *found)
{
    dd_err     err = DD_ERR_INIT;
    dd_filter  f = {0};
    dd_page    page;
    sample_ids got = {0};
    if (filter != NULL)
        CHECK_OK(dd_filter_add(&f, dd_str_z(filter), &err));
    CHECK_OK(dd_pages_read(p, &(dd_pages_ask){ .org = dd_str_z(org), .filter = &f, .limit = 10, .work_us = 1 << 30 }, keep, &got, &page, &err));
    *found = got.n;
    free(got.v);
    dd_filter_fini(&f);
    return page;
}

TEST(what_is_nowhere_is_known_without_looking)
{
    static const char *const nowhere[] = { "user=nobody", "user=nobody*", "key=none", "provider=none", "route=none", "call_site=none", "task=none", "env=none",
                                           "requested_model=none", "error=reset", "cost>900", "latency>300s", "time<2026-01-01" };
    const history plain = { "plain" };
    const char   *dir = make(&plain);
    dd_pages     *p = dd_pages_new(dir);
    for (size_t i = 0; i < DD_COUNT(nowhere); i++) {
        size_t  found;
        dd_page page = look(p, "default", nowhere[i], &found);
        CHECK_EQ(page.looked, 0, nowhere[i]);
        CHECK(!page.partial && page.next == 0 && found == 0);
    }
    size_t found;
    CHECK_EQ(look(p, "nobody", NULL, &found).looked, 0, "R4.8: an organisation without events among others");
    dd_pages_free(p);
}

TEST(what_is_seldom_is_looked_for_in_its_hours)
{
    const history plain = { "plain" };
    const char   *dir = make(&plain);
    dd_pages     *p = dd_pages_new(dir);
    size_t        found;
    dd_page       page = look(p, "default", "route=nightly", &found);
    CHECK(found > 0 && page.next == 0);
    CHECK(page.looked < EVENTS / 4);
    page = look(p, "default", "call_site=jobs/*", &found);
    CHECK(found > 0 && page.looked < EVENTS / 2);
    dd_pages_free(p);
}
