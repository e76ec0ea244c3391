#include "store/pages.h"

#include "store/events.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

enum { DAY_MS = 86400000, SPREAD_DAYS = 20 };

static uint64_t seed = 88172645463325252u;
static uint64_t dice(uint64_t n)      /* xorshift: the same sequence each time */
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

/* Events that differ in all that a filter may ask for, of two organisations; some take hours. */
static dd_event any_event(int64_t base_ms)
{
    static const dd_str models[] = { DD_STR("gpt-4o"), DD_STR("gpt-4o-mini"), DD_STR("gpt-4.1"), DD_STR("claude-haiku-4-5"), DD_STR_NULL, DD_STR("o[3]?") };
    static const dd_str teams[] = { DD_STR("core"), DD_STR("web"), DD_STR_NULL, DD_STR("data") };
    static const int    states[] = { 200, 200, 200, 200, 400, 429, 500, 503 };
    static int64_t      turn;
    dd_event e = sample_event(1);
    int64_t  start_ms = base_ms + (int64_t)dice((uint64_t)DAY_MS * SPREAD_DAYS), took_ms = dice(50) == 0 ? (int64_t)dice(DAY_MS) : (int64_t)dice(5000);
    e.id = (start_ms - DD_EVENT_EPOCH_MS) << 21 | (++turn & 0x1fffff);
    e.time_ms = start_ms + took_ms;
    e.org = dice(4) == 0 ? DD_STR("other") : DD_STR("default");
    e.used_model = models[dice(6)];
    e.team = teams[dice(4)];
    e.feature = dice(3) ? DD_STR("search") : DD_STR("faq");
    e.status = states[dice(8)];
    e.error = e.status >= 400 ? DD_EC_UPSTREAM : DD_EC_NONE;
    e.user = dice(200) == 0 ? DD_STR("rare") : DD_STR("ada");
    e.provider = dice(2) ? DD_STR("openai") : DD_STR("anthropic");
    e.route = dice(2) ? DD_STR("main") : DD_STR_NULL;
    e.cost_actual = dice(9) == 0 ? DD_PUSD_UNKNOWN : (int64_t)dice(1000) * 1000000000;
    return e;
}

static void push(dd_events *s, int64_t base_ms, int n)
{
    for (int i = 0; i < n; i++) {
        dd_event e = any_event(base_ms);
        CHECK(dd_events_push(s, &e));
        if (i % 400 == 399)
            dd_events_flush(s, 20000);
    }
    CHECK(dd_events_flush(s, 20000));
}

typedef struct { DD_VEC(int64_t) v; bool foreign; dd_str org; } ids;
static void keep(void *ctx, const dd_event *e)
{
    ids *l = ctx;
    dd_vec_push(&l->v, e->id);
    l->foreign = l->foreign || (l->org.ptr != NULL && !dd_str_eq(e->org, l->org));
}

static ids plain(const char *dir, const char *const *filters, size_t n, dd_str org)
{
    ids        out = { .org = org };
    sample_ids all = sample_plain(dir, filters, n, org);
    for (size_t i = 0; i < all.n; i++)
        dd_vec_push(&out.v, all.v[i]);
    free(all.v);
    return out;
}

typedef struct { dd_events *more; int64_t base_ms; } meanwhile;

static ids paged(dd_pages *p, const char *const *filters, size_t n, dd_str org, int64_t limit, int64_t work, const meanwhile *m)
{
    dd_err    err = DD_ERR_INIT;
    ids       out = { .org = org };
    dd_filter f = {0};
    dd_page   page = {0};
    for (size_t i = 0; i < n; i++)
        CHECK_OK(dd_filter_add(&f, dd_str_z(filters[i]), &err));
    dd_pages_ask ask = { .org = org, .filter = &f, .limit = limit, .work = work };
    do {
        size_t had = out.v.n;
        int64_t before = ask.before;
        CHECK_OK(dd_pages_read(p, &ask, keep, &out, &page, &err));
        CHECK(out.v.n - had <= (size_t)limit);
        CHECK(page.next == 0 || page.partial == (out.v.n - had < (size_t)limit));
        CHECK(page.next == 0 || before == 0 || page.next < before);
        CHECK(work == 0 || page.looked <= work);
        ask.before = page.next;
        if (m != NULL && page.next != 0)
            push(m->more, m->base_ms, 3);
    } while (page.next != 0 && out.v.n < 1 << 20);
    dd_filter_fini(&f);
    return out;
}

static bool equal(const ids *a, const ids *b)
{
    return a->v.n == b->v.n && (a->v.n == 0 || memcmp(a->v.v, b->v.v, a->v.n * sizeof *a->v.v) == 0);
}

static const char *const pool[] = {
    "model=gpt-4o", "model=gpt-4*", "model=*mini", "model!=gpt-4o", "model=", "model!=", "model=o[3]?", "model=none-of-these", "team=core", "team=", "team!=web",
    "team=*", "team=w*b", "feature=faq", "feature!=faq", "status=503", "status=5xx", "status>=400", "status!=200", "status<300", "status=", "status=4*", "user=rare",
    "user=ada", "provider=openai", "key=k1", "error=*", "error=none", "cost>0.5", "cost<=0.1", "cost=", "route=main", "route=", "call_site=app.py:*", "latency>0",
    "tags.ticket=T-1", "stream=yes",
};

static void compare(const char *dir, dd_pages *p, const char *const *filters, size_t n, int64_t limit, int64_t work)
{
    ids want = plain(dir, filters, n, DD_STR("default")), got = paged(p, filters, n, DD_STR("default"), limit, work, NULL);
    if (!equal(&want, &got))
        dd_test_fail(__FILE__, __LINE__, "%s %s, limit %lld, work %lld: %zu events, want %zu", n > 0 ? filters[0] : "(all)", n > 1 ? filters[1] : "",
                     (long long)limit, (long long)work, got.v.n, want.v.n);
    CHECK(!got.foreign);
    dd_vec_free(&want.v);
    dd_vec_free(&got.v);
}

/* R4.4: keyset paging; R4.8: of one organisation alone. */
TEST(pages_together_are_the_plain_query_R4_4_R4_8)
{
    const char *dir = sample_dir("pages");
    dd_err      err = DD_ERR_INIT;
    int64_t     base_ms = sample_now_ms() - SPREAD_DAYS * (int64_t)DAY_MS - DAY_MS;
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir, .events_days = -1 }, &err);
    push(s, base_ms, 1500);
    dd_pages *p = dd_pages_new(dir);
    compare(dir, p, NULL, 0, 50, 0);
    compare(dir, p, NULL, 0, 1, 0);
    for (size_t i = 0; i < DD_COUNT(pool); i++) {
        compare(dir, p, &pool[i], 1, 50, 0);
        compare(dir, p, &pool[i], 1, 7, 20);
    }
    for (int i = 0; i < 150; i++) {
        const char *two[] = { pool[dice(DD_COUNT(pool))], pool[dice(DD_COUNT(pool))] };
        compare(dir, p, two, 2, 1 + (int64_t)dice(60), dice(2) ? 0 : 1 + (int64_t)dice(100));
    }
    dd_pages_free(p);
    dd_events_close(s, 20000);
}

TEST(pages_know_that_ids_are_times)
{
    static const char *const ops[] = { ">", ">=", "<", "<=", "=" };
    const char *dir = sample_dir("pages");
    dd_err      err = DD_ERR_INIT;
    int64_t     base_ms = sample_now_ms() - SPREAD_DAYS * (int64_t)DAY_MS - DAY_MS;
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir, .events_days = -1 }, &err);
    push(s, base_ms, 800);
    ids       all = plain(dir, NULL, 0, DD_STR("default"));
    dd_pages *p = dd_pages_new(dir);
    for (int i = 0; i < 60; i++) {
        char        time[64], id[64];
        const char *filters[] = { time, id };
        snprintf(time, sizeof time, "time%s%lld", ops[dice(5)], (long long)(base_ms + (int64_t)dice((uint64_t)DAY_MS * SPREAD_DAYS)));
        snprintf(id, sizeof id, "id%s%lld", ops[dice(5)], (long long)all.v.v[dice(all.v.n)]);
        compare(dir, p, filters, 1, 50, 0);
        compare(dir, p, filters + 1, 1, 50, 0);
        compare(dir, p, filters, 2, 10, 30);
    }
    dd_vec_free(&all.v);
    dd_pages_free(p);
    dd_events_close(s, 20000);
}

TEST(what_was_there_is_found_once_while_events_come_R4_4)
{
    static const char *const some[] = { "model=gpt-4*", "user=rare", "status>=400", "team=core" };
    const char *dir = sample_dir("pages");
    dd_err      err = DD_ERR_INIT;
    int64_t     base_ms = sample_now_ms() - SPREAD_DAYS * (int64_t)DAY_MS - DAY_MS;
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir, .events_days = -1 }, &err);
    push(s, base_ms, 600);
    dd_pages *p = dd_pages_new(dir);
    for (size_t i = 0; i < DD_COUNT(some); i++) {
        ids     want = plain(dir, &some[i], 1, DD_STR("default"));
        ids     got = paged(p, &some[i], 1, DD_STR("default"), 20, 40, &(meanwhile){ s, base_ms });
        size_t  at = 0;
        bool    falls = true;
        for (size_t k = 0; k < got.v.n; k++) {
            falls = falls && (k == 0 || got.v.v[k] < got.v.v[k - 1]);
            at += at < want.v.n && got.v.v[k] == want.v.v[at];
        }
        CHECK(falls);
        CHECK_EQ(at, want.v.n, some[i]);
        dd_vec_free(&want.v);
        dd_vec_free(&got.v);
    }
    dd_pages_free(p);
    dd_events_close(s, 20000);
}

TEST(a_page_ends_after_its_work_and_an_index_needs_little)
{
    const char *dir = sample_dir("pages");
    dd_err      err = DD_ERR_INIT;
    int64_t     base_ms = sample_now_ms() - SPREAD_DAYS * (int64_t)DAY_MS - DAY_MS;
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir, .events_days = -1 }, &err);
    dd_filter   rare = {0}, model = {0}, both = {0};
    ids         none = {0};
    dd_page     page;
    push(s, base_ms, 1000);
    dd_pages *p = dd_pages_new(dir);
    CHECK_OK(dd_filter_add(&rare, DD_STR("tags.ticket=none"), &err));
    CHECK_OK(dd_pages_read(p, &(dd_pages_ask){ .filter = &rare, .limit = 10, .work = 100 }, keep, &none, &page, &err));
    CHECK(page.partial && page.next > 0 && page.looked == 100 && none.v.n == 0);
    CHECK_OK(dd_pages_read(p, &(dd_pages_ask){ .filter = &rare, .limit = 10, .work = 100, .before = page.next }, keep, &none, &page, &err));
    CHECK_EQ(page.looked, 100, "it goes on from there");
    CHECK_OK(dd_filter_add(&model, DD_STR("model=none-*"), &err));
    CHECK_OK(dd_pages_read(p, &(dd_pages_ask){ .filter = &model, .limit = 10 }, keep, &none, &page, &err));
    CHECK(!page.partial && page.next == 0 && page.looked == 0);
    CHECK_OK(dd_filter_add(&both, DD_STR("status=200"), &err));
    CHECK_OK(dd_filter_add(&both, DD_STR("model=none-at-all"), &err));
    CHECK_OK(dd_pages_read(p, &(dd_pages_ask){ .filter = &both, .limit = 10 }, keep, &none, &page, &err));
    CHECK_EQ(page.looked, 0, "the filter with the fewest events leads");
    CHECK_EQ(none.v.n, 0, "nothing fits");
    dd_filter_fini(&rare);
    dd_filter_fini(&model);
    dd_filter_fini(&both);
    dd_pages_free(p);
    dd_events_close(s, 20000);
}

TEST(one_event_by_its_id_and_no_database)
{
    const char *dir = sample_dir("pages");
    dd_err      err = DD_ERR_INIT;
    dd_pages   *p = dd_pages_new(dir);
    ids         got = {0};
    dd_page     page;
    CHECK_EQ(dd_pages_read(p, &(dd_pages_ask){ .limit = 5 }, keep, &got, &page, &err), DD_ERR_NOT_FOUND, "nothing yet");
    CHECK_EQ(dd_pages_one(p, DD_STR_NULL, 7, keep, &got, &err), DD_ERR_NOT_FOUND, "nothing yet");
    dd_events *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    dd_event   e = sample_event(7);
    dd_events_push(s, &e);
    dd_events_close(s, 20000);
    CHECK_OK(dd_pages_one(p, DD_STR("default"), e.id, keep, &got, &err));
    CHECK(got.v.n == 1 && got.v.v[0] == e.id);
    CHECK_EQ(dd_pages_one(p, DD_STR("other"), e.id, keep, &got, &err), DD_ERR_NOT_FOUND, "R4.8");
    CHECK_EQ(dd_pages_one(p, DD_STR("default"), e.id + 1, keep, &got, &err), DD_ERR_NOT_FOUND, "no such id");
    CHECK_EQ(dd_pages_read(p, &(dd_pages_ask){ .limit = 0 }, keep, &got, &page, &err), DD_ERR_USAGE, "no page of none");
    CHECK_EQ(dd_pages_read(p, &(dd_pages_ask){ .limit = DD_PAGES_MOST + 1 }, keep, &got, &page, &err), DD_ERR_USAGE, "no page without end");
    dd_vec_free(&got.v);
    dd_pages_free(p);
}
