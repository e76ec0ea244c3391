#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "route/meter.h"
#include "tests/unit/test.h"

static const dd_event good = {
    .id = 1, .endpoint = { "chat.completions", 16 }, .provider = { "openai", 6 }, .requested_model = { "gpt-4o", 6 }, .used_model = { "gpt-4o-mini", 11 },
    .team = { "desk", 4 }, .feature = { "classify", 8 }, .status = 200, .usage = { 100, 20, 3, 4, 50 }, .reasoning_tokens = 7,
    .cost_original = 9000, .cost_actual = 4000, .cost_saved = 5000, .cost_premium = 10000,
    .first_us = 250000, .total_us = 1000000, .overhead_us = 500, .cache = { "miss", 4 }, .retries = 2, .fallback = true,
};
static const dd_event refused = {
    .id = 1, .endpoint = { "chat.completions", 16 }, .status = 404, .error = DD_EC_NOT_FOUND, .usage = { -1, -1, -1, -1, -1 }, .reasoning_tokens = -1,
    .cost_original = DD_PUSD_UNKNOWN, .cost_actual = DD_PUSD_UNKNOWN, .cost_saved = DD_PUSD_UNKNOWN, .cost_premium = DD_PUSD_UNKNOWN,
    .first_us = -1, .total_us = 300, .overhead_us = 300,
};

/* The row, by the models' names; "" for all fields when there is none. */
static dd_meter_model row_of(const dd_meter *m, const char *requested, const char *used)
{
    dd_meter_model r;
    for (size_t i = 0; dd_meter_model_at(m, i, &r); i++)
        if (strcmp(r.requested, requested) == 0 && strcmp(r.used, used) == 0)
            return r;
    dd_test_fail(__FILE__, __LINE__, "no row %s > %s", requested, used);
    return r;
}

static dd_meter_spender spender_of(const dd_meter *m, const char *team, const char *feature)
{
    dd_meter_spender r;
    for (size_t i = 0; dd_meter_spender_at(m, i, &r); i++)
        if (strcmp(r.team, team) == 0 && strcmp(r.feature, feature) == 0)
            return r;
    dd_test_fail(__FILE__, __LINE__, "no row %s, %s", team, feature);
    return r;
}

TEST(meter_counts_a_request_in_each_table)
{
    dd_meter       *m = dd_meter_new();
    dd_meter_model  r;
    dd_meter_sum    s;
    dd_meter_total(m, &s);
    CHECK_EQ(s.requests + s.total.n + s.cost, 0, "nothing at first");
    CHECK(dd_meter_model_at(m, 0, &r));
    CHECK_STR(dd_str_z(r.used), "(other)");
    CHECK(!dd_meter_model_at(m, 1, &r));
    dd_meter_add(m, &good);
    dd_meter_add(m, &good);
    r = row_of(m, "gpt-4o", "gpt-4o-mini");
    CHECK_STR(dd_str_z(r.operation), "chat.completions");
    CHECK_STR(dd_str_z(r.provider), "openai");
    CHECK_EQ(r.requests, 2, "two");
    CHECK_EQ(r.errors[DD_EC_NONE], 2, "both good");
    CHECK_EQ(r.retries, 4, "two each");
    CHECK_EQ(r.fallbacks, 2, "one each");
    CHECK_EQ(r.cost, 8000, "2 x 4000");
    CHECK_EQ(r.saved, 10000, "2 x (9000 - 4000)");
    CHECK_EQ(r.premium_saved, 12000, "2 x (10000 - 4000)");
    CHECK_EQ(r.lost, 0, "nothing was dearer");
    CHECK_EQ(r.tokens[DD_METER_INPUT], 200, "uncached input");
    CHECK_EQ(r.tokens[DD_METER_CACHE_WRITE], 14, "2 x (3 + 4): minutes and an hour");
    CHECK_EQ(r.tokens[DD_METER_REASONING], 14, "2 x 7");
    CHECK_EQ(r.total.n, 2, "durations");
    CHECK_EQ(r.total.count[DD_HIST_ZERO], 2, "a second is the longest in the bucket that ends there");
    CHECK_EQ(r.first.count[DD_HIST_ZERO - 16], 2, "a quarter of one");
    CHECK_EQ(r.total.sum_us, 2000000, "in all");
    dd_meter_spender p = spender_of(m, "desk", "classify");
    CHECK_EQ(p.requests, 2, "by spender, too");
    CHECK_EQ(p.cost, 8000, "its money");
    CHECK_EQ(p.saved, 10000, "saved");
    dd_meter_total(m, &s);
    CHECK_EQ(s.requests, 2, "and in all");
    CHECK_EQ(s.errors + s.hits + s.bypasses, 0, "none of these");
    CHECK_EQ(s.misses, 2, "of the cache");
    CHECK_EQ(s.overhead.n, 2, "what we added");
    CHECK_EQ(s.overhead.sum_us, 1000, "2 x 500");
    dd_meter_free(m);
}

TEST(meter_counts_an_error_once_by_its_class)
{
    dd_meter      *m = dd_meter_new();
    dd_meter_sum   s;
    dd_event       e = refused;
    dd_meter_model r;
    e.requested_model = DD_STR("made-up");
    dd_meter_add(m, &e);
    e.error  = DD_EC_NONE;             /* a class may be missing, a status says it all the same */
    e.status = 502;
    dd_meter_add(m, &e);
    dd_meter_total(m, &s);
    CHECK_EQ(s.requests, 2, "both");
    CHECK_EQ(s.errors, 2, "once each");
    CHECK_EQ(s.unpriced, 2, "unknown is not 0 dollars");
    CHECK_EQ(s.cost, 0, "nor is it in the sum");
    CHECK_EQ(s.first.n, 0, "no first byte");
    r = row_of(m, "made-up", "");
    int64_t by_class = 0;
    for (size_t i = 0; i < DD_EC_COUNT; i++)
        by_class += r.errors[i];
    CHECK_EQ(by_class, r.requests, "classes together are the requests");
    CHECK_EQ(r.errors[DD_EC_NOT_FOUND], 1, "404");
    CHECK_EQ(r.errors[DD_EC_UPSTREAM], 1, "502");
    CHECK_EQ(r.tokens[DD_METER_INPUT], 0, "tokens that are not known add nothing");
    dd_meter_free(m);
}

TEST(meter_what_only_grows_never_goes_down)
{
    dd_meter    *m = dd_meter_new();
    dd_event     e = good;
    dd_meter_sum s;
    dd_meter_add(m, &e);               /* saves 5000 */
    e.cost_saved = -2000;              /* a dearer model answered */
    dd_meter_add(m, &e);
    dd_meter_total(m, &s);
    CHECK_EQ(s.saved, 3000, "5000 - 2000");
    CHECK_EQ(s.lost, 2000, "what went down");
    CHECK_EQ(s.saved + s.lost, 5000, "what only grows");
    CHECK_EQ(spender_of(m, "desk", "classify").lost, 2000, "by spender");
    e.cost_actual = INT64_MAX;
    dd_meter_add(m, &e);
    dd_meter_add(m, &e);
    dd_meter_total(m, &s);
    CHECK_EQ(s.cost, INT64_MAX, "past 9.2 million dollars a sum stays where it is");
    dd_meter_free(m);
}

TEST(meter_words_of_clients_have_an_end)
{
    dd_meter        *m = dd_meter_new();
    dd_meter_model   r;
    dd_meter_spender p;
    dd_meter_sum     s;
    char             word[32], team[32];
    dd_event         e = refused, paid = good;
    size_t           rows = 0, spenders = 0;
    int64_t          counted = 0, spent = 0, other = 0;
    for (int i = 0; i < 5000; i++) {
        snprintf(word, sizeof word, "made-up-%d", i);
        snprintf(team, sizeof team, "team-%d", i);
        e.requested_model = dd_str_z(word);
        e.team            = dd_str_z(team);
        dd_meter_add(m, &e);
    }
    paid.used_model = DD_STR("gpt-4.1");
    dd_meter_add(m, &paid);
    CHECK_EQ(row_of(m, "gpt-4o", "gpt-4.1").requests, 1, "names that nobody serves leave room for those that are");
    for (int i = 0; i < 5000; i++) {
        snprintf(word, sizeof word, "served-%d", i);
        paid.used_model = dd_str_z(word);
        dd_meter_add(m, &paid);
    }
    while (dd_meter_model_at(m, rows, &r)) {
        counted += r.requests;
        if (strcmp(r.provider, "openai") == 0)
            spent += r.cost;
        if (strcmp(r.used, "(other)") == 0)
            other += r.requests;
        rows++;
    }
    for (; dd_meter_spender_at(m, spenders, &p); spenders++)
        ;
    CHECK(rows <= DD_METER_SERIES);
    CHECK(spenders <= DD_METER_SERIES);
    CHECK_EQ(counted, 10001, "each is counted, whatever its row");
    CHECK_EQ(spent, 5001 * 4000, "a provider's money stays its own");
    CHECK(other > 4000);
    CHECK(spender_of(m, "(other)", "(other)").requests > 4000);
    dd_meter_total(m, &s);
    CHECK_EQ(s.requests, 10001, "all");
    dd_meter_free(m);
}

TEST(meter_labels_are_text)
{
    dd_meter        *m = dd_meter_new();
    dd_event         e = good;
    dd_meter_spender p;
    char             wide[120], cut[DD_METER_LABEL];
    for (size_t i = 0; i < sizeof wide; i += 3)
        memcpy(wide + i, "\xe2\x82\xac", 3);       /* 40 euro signs */
    e.team = (dd_str){ wide + 2, 0 };
    e.feature = (dd_str){ wide, sizeof wide };
    dd_meter_add(m, &e);
    memcpy(cut, wide, 93);                         /* 31 of them: the 32nd would end at byte 96 */
    cut[93] = '\0';
    CHECK_EQ(spender_of(m, "", cut).requests, 1, "cut between characters");
    e.feature = DD_STR("\xff\xfe");
    dd_meter_add(m, &e);
    e.feature = DD_STR("a\0b");
    dd_meter_add(m, &e);
    CHECK(dd_meter_spender_at(m, 0, &p));
    CHECK_EQ(p.requests, 2, "what is no text has no row of its own");
    e       = refused;
    e.error = DD_EC_AUTH;                          /* nobody knows who says it */
    e.team  = DD_STR("desk");
    dd_meter_add(m, &e);
    CHECK_EQ(spender_of(m, "", "").requests, 1, "a caller that is not known speaks for no team");
    dd_meter_free(m);
}

/* --- threads --- */

enum { THREADS = 20 /* more than shards */, EACH = 10000 };
typedef struct { dd_meter *m; int number; bool apart; pthread_barrier_t *all; } work;

static void *count(void *arg)
{
    work    *w = arg;
    dd_event e = good;
    char     feature[32];
    e.id = w->apart ? (int64_t)w->number << 13 : 0;
    pthread_barrier_wait(w->all);
    for (int i = 0; i < EACH; i++) {
        snprintf(feature, sizeof feature, "feature-%d", i % 50);
        e.feature  = dd_str_z(feature);
        e.total_us = i;
        e.error    = i % 10 == 0 ? DD_EC_TIMEOUT : DD_EC_NONE;
        dd_meter_add(w->m, &e);
    }
    return NULL;
}

static void count_with(dd_meter *m, bool apart)
{
    pthread_t     t[THREADS];
    work          w[THREADS];
    dd_meter_sum  s, before = { .requests = 0 };
    pthread_barrier_t all;
    pthread_barrier_init(&all, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        w[i] = (work){ m, i, apart, &all };
        pthread_create(&t[i], NULL, count, &w[i]);
    }
    for (int i = 0; i < 200; i++) {                /* read while they write */
        dd_meter_total(m, &s);
        CHECK(s.requests >= before.requests && s.cost >= before.cost && s.total.n >= before.total.n && s.total.n <= THREADS * EACH);
        before = s;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    pthread_barrier_destroy(&all);
    dd_meter_total(m, &s);
    CHECK_EQ(s.requests, THREADS * EACH, "none is lost");
    CHECK_EQ(s.errors, THREADS * EACH / 10, "one of ten");
    CHECK_EQ(s.cost, (int64_t)THREADS * EACH * 4000, "to the picodollar");
    CHECK_EQ(s.total.sum_us, (int64_t)THREADS * EACH * (EACH - 1) / 2, "n (n - 1) / 2 a thread");
    CHECK_EQ(s.total.n, THREADS * EACH, "each duration");
    dd_meter_model r = row_of(m, "gpt-4o", "gpt-4o-mini");
    CHECK_EQ(r.requests, THREADS * EACH, "one row, however many made it at once");
    CHECK_EQ(r.errors[DD_EC_TIMEOUT], THREADS * EACH / 10, "by class");
    for (int i = 0; i < 50; i++) {
        char feature[32];
        snprintf(feature, sizeof feature, "feature-%d", i);
        CHECK_EQ(spender_of(m, "desk", feature).requests, THREADS * EACH / 50, "each feature has its own");
    }
    dd_meter_spender p;
    CHECK(dd_meter_spender_at(m, 50, &p) && !dd_meter_spender_at(m, 51, &p));   /* and row 0 */
    dd_meter_free(m);
}

TEST(meter_is_exact_with_threads_that_are_workers) { count_with(dd_meter_new(), true); }
TEST(meter_is_exact_with_threads_that_meet) { count_with(dd_meter_new(), false); }
TEST(meter_is_exact_when_all_copies_are_taken) { count_with(dd_meter_new_of(1), false); }
TEST(meter_is_exact_with_one_copy_for_all) { count_with(dd_meter_new_of(0), false); }

enum { WORDS = 900 };
typedef struct { dd_meter *m; _Atomic int *here; } pair;

/* Both say each new word at the same moment. */
static void *say(void *arg)
{
    pair    *p = arg;
    dd_event e = good;
    char     feature[32];
    for (int i = 0; i < WORDS; i++) {
        snprintf(feature, sizeof feature, "word-%d", i);
        e.feature = dd_str_z(feature);
        atomic_fetch_add(p->here, 1);
        while (atomic_load(p->here) < 2 * (i + 1))
            sched_yield();
        dd_meter_add(p->m, &e);
    }
    return NULL;
}

TEST(meter_makes_a_row_once)
{
    dd_meter        *m = dd_meter_new();
    pthread_t        t[2];
    _Atomic int      here = 0;
    pair             p    = { m, &here };
    dd_meter_spender r;
    size_t           rows = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, say, &p);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    for (; dd_meter_spender_at(m, rows, &r); rows++)
        CHECK_EQ(r.requests, rows ? 2 : 0, "both");
    CHECK_EQ(rows, WORDS + 1, "and (other)");
    dd_meter_free(m);
}

/* Not a bound: DD_BENCH=1 prints what an event costs here. */
TEST(meter_cost_of_an_event)
{
    if (!getenv("DD_BENCH"))
        return;
    enum { N = 2000000 };
    dd_meter       *m = dd_meter_new();
    dd_event        e = good;
    struct timespec a, b;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    for (int i = 0; i < N; i++) {
        e.total_us = 20000 + i % 100000;
        dd_meter_add(m, &e);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    printf("meter: %.0f ns of processor time an event\n", ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / N);
    dd_meter_free(m);
}
