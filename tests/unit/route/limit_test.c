#include "route/limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "tests/unit/test.h"

enum { NOW = 1000000 };
#define NONE -1
static const dd_facts one = { .key = { "k1", 2 } }, two = { .key = { "k2", 2 } };

static dd_limit per_key(int64_t requests, int64_t tokens, int64_t window_ms, int64_t concurrent)
{
    dd_limit r = { .name = DD_STR("l"), .scope = DD_SCOPE_KEY, .requests = requests, .tokens = tokens, .window_ms = window_ms };
    r.concurrent = concurrent;
    return r;
}

static bool ask(dd_limits *l, const dd_limit *r, const dd_facts *f, int64_t tokens, int64_t now_ms, dd_limit_hold *h, dd_limit_verdict *v)
{
    return dd_limits_take(l, &(dd_limit_rules){ r, 1 }, f, tokens, now_ms, h, v);
}

static void end(dd_limits *l, const dd_limit *r, dd_limit_hold *h, int64_t tokens, int64_t now_ms)
{
    dd_limits_end(l, &(dd_limit_rules){ r, 1 }, h, tokens, now_ms);
}

TEST(RO_8_a_window_lets_its_limit_in_and_says_when_there_is_room)
{
    dd_limits       *l = dd_limits_new(0);
    dd_limit         r = per_key(100, NONE, 60000, NONE); /* one each 600 ms */
    dd_limit_hold    h;
    dd_limit_verdict v;
    for (int i = 0; i < 100; i++) {
        CHECK(ask(l, &r, &one, 0, NOW, &h, &v));
        CHECK_EQ(v.limit, 100, "the limit");
        CHECK_EQ(v.remaining, 99 - i, "what is left");
        CHECK_EQ(v.reset_ms, 600 * (i + 1), "when it is all there again");
        end(l, &r, &h, 0, NOW);
    }
    CHECK(!ask(l, &r, &one, 0, NOW, &h, &v));
    CHECK(v.rule == &r && v.what != NULL);
    CHECK_STR(dd_str_z(v.what), "requests");
    CHECK_EQ(v.retry_after_ms, 600, "one each 600 ms");
    CHECK_EQ(v.remaining, 0, "nothing is left");
    CHECK_EQ(h.n, 0, "nothing to give back");
    CHECK(ask(l, &r, &two, 0, NOW, &h, &v)); /* another key has its own */
    CHECK(!ask(l, &r, &one, 0, NOW + 599, &h, &v));
    CHECK_EQ(v.retry_after_ms, 1, "1 ms is left");
    CHECK(ask(l, &r, &one, 0, NOW + 600, &h, &v)); /* as was told */
    CHECK(!ask(l, &r, &one, 0, NOW + 600, &h, &v));
    CHECK(ask(l, &r, &(dd_facts){ .team = DD_STR("t") }, 0, NOW, &h, &v)); /* without a key the rule does not apply */
    CHECK_EQ(v.limit, -1, "none applies");
    dd_limits_free(l);
    dd_limits_free(NULL);
}

TEST(RO_8_concurrent_requests_are_counted_and_given_back_once)
{
    dd_limits       *l = dd_limits_new(64);
    dd_limit         r = per_key(NONE, NONE, 1000, 3);
    dd_limit_hold    h[4];
    dd_limit_verdict v;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++)
            CHECK(ask(l, &r, &one, 0, NOW, &h[i], &v));
        CHECK(!ask(l, &r, &one, 0, NOW, &h[3], &v));
        CHECK_STR(dd_str_z(v.what), "concurrent");
        CHECK_EQ(v.retry_after_ms, 1000, "when one ends nobody knows");
        end(l, &r, &h[3], 0, NOW); /* nothing */
        end(l, &r, &h[0], 0, NOW);
        end(l, &r, &h[0], 0, NOW); /* a hold that was given back holds nothing */
        CHECK(ask(l, &r, &one, 0, NOW, &h[0], &v));
        CHECK(!ask(l, &r, &one, 0, NOW, &h[3], &v));
        for (int i = 0; i < 3; i++)
            end(l, &r, &h[i], 0, NOW);
    }
    r.concurrent = 0;
    CHECK(!ask(l, &r, &one, 0, NOW, &h[0], &v));
    dd_limits_free(l);
}

TEST(RO_8_tokens_are_set_aside_by_estimate_and_counted_as_they_were)
{
    dd_limits       *l = dd_limits_new(64);
    dd_limit         r = per_key(NONE, 1000, 10000, NONE); /* one each 10 ms */
    dd_limit_hold    h, other;
    dd_limit_verdict v;
    CHECK(ask(l, &r, &one, 800, NOW, &h, &v));
    CHECK(!ask(l, &r, &one, 300, NOW, &other, &v));
    CHECK_STR(dd_str_z(v.what), "tokens");
    CHECK_EQ(v.retry_after_ms, 1000, "it waits for an answer: ask in a second");
    end(l, &r, &h, 50, NOW + 5000); /* estimated 800, used 50 */
    CHECK(ask(l, &r, &one, 950, NOW + 5000, &h, &v));
    end(l, &r, &h, -1, NOW + 5000); /* as estimated: the bucket is full */
    CHECK(!ask(l, &r, &one, 100, NOW + 5000, &h, &v));
    CHECK_EQ(v.retry_after_ms, 1000, "100 tokens at 10 ms");
    CHECK(!ask(l, &r, &one, 100, NOW + 5999, &h, &v));
    CHECK(ask(l, &r, &one, 100, NOW + 6000, &h, &v));
    end(l, &r, &h, 400, NOW + 6000); /* more than estimated: those behind wait longer */
    CHECK(!ask(l, &r, &one, 100, NOW + 6000, &h, &v));
    CHECK_EQ(v.retry_after_ms, 4000, "400 tokens too many");
    CHECK(ask(l, &r, &two, 5000, NOW, &h, &v)); /* above the whole limit: with nothing else there it is let in */
    CHECK(!ask(l, &r, &two, 5000, NOW, &other, &v));
    end(l, &r, &h, 2000, NOW);
    CHECK(!ask(l, &r, &two, 5000, NOW + 19999, &h, &v));
    CHECK(ask(l, &r, &two, 5000, NOW + 20000, &h, &v)); /* 2,000 tokens at 10 ms later */
    r.tokens = 0;
    CHECK(!ask(l, &r, &(dd_facts){ .key = DD_STR("k3") }, 1, NOW, &h, &v));
    dd_limits_free(l);
}

TEST(what_one_rule_refuses_costs_no_other_rule_anything)
{
    dd_limits       *l = dd_limits_new(64);
    dd_limit         r[2] = { per_key(10, 1000, 10000, 5), per_key(2, NONE, 1000, NONE) };
    dd_limit_rules   rules = { r, 2 };
    r[1].name  = DD_STR("all");
    r[1].scope = DD_SCOPE_GLOBAL;
    dd_limit_hold    h[3];
    dd_limit_verdict v;
    CHECK(dd_limits_take(l, &rules, &one, 100, NOW, &h[0], &v));
    CHECK_EQ(v.limit, 2, "the tightest is told");
    CHECK_EQ(v.remaining, 1, "of the tightest");
    CHECK(dd_limits_take(l, &rules, &two, 100, NOW, &h[1], &v));
    for (int i = 0; i < 20; i++) {
        CHECK(!dd_limits_take(l, &rules, &one, 100, NOW, &h[2], &v));
        CHECK(v.rule == &r[1] && v.retry_after_ms == 500);
    }
    dd_limits_end(l, &rules, &h[0], 0, NOW);
    dd_limits_end(l, &rules, &h[1], 0, NOW);
    int in = 0;
    for (int i = 0; i < 20; i++) /* 9 are left of the key's 10, one each 500 ms of all; the key gets one back a second */
        in += dd_limits_take(l, &rules, &one, 0, NOW + 500 * (i + 1), &h[2], &v), dd_limits_end(l, &rules, &h[2], 0, NOW);
    CHECK_EQ(in, 9 + 10, "9 and one a second");
    dd_limits_free(l);
}

/* GCRA's bound: an interval of length t has at most limit * (1 + t / window), and one that asks all the time gets at least limit * t / window. */
TEST(RO_8_no_interval_has_more_than_the_bound)
{
    enum { ASKS = 20000 };
    static int64_t   when[ASKS];
    uint64_t         x = 88172645463325252u;
    dd_limit_hold    h;
    dd_limit_verdict v;
    for (int c = 0; c < 6; c++) {
        static const struct { int64_t limit, window; } cases[] = { { 1, 1000 }, { 7, 1000 }, { 100, 60000 }, { 3, 7 }, { 1000, 1 }, { 60, 3600000 } };
        dd_limits *l = dd_limits_new(64);
        dd_limit   r = per_key(cases[c].limit, NONE, cases[c].window, NONE);
        int64_t    t = NOW;
        size_t     n = 0;
        for (int i = 0; i < ASKS; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            t += x % 3 == 0 ? (int64_t)(x >> 8) % (2 * cases[c].window / cases[c].limit + 2) : 0;
            if (ask(l, &r, &one, 0, t, &h, &v))
                when[n++] = t;
            else
                CHECK(v.retry_after_ms >= 1 && v.retry_after_ms <= cases[c].window / cases[c].limit + 1);
            end(l, &r, &h, 0, t);
        }
        for (size_t i = 0; i < n; i++)
            for (size_t j = i; j < n && j < i + 3 * (size_t)cases[c].limit + 3; j++)
                if ((int64_t)(j - i + 1) * cases[c].window > cases[c].limit * (cases[c].window + when[j] - when[i])) {
                    dd_test_fail(__FILE__, __LINE__, "case %d: %zu in %lld ms", c, j - i + 1, (long long)(when[j] - when[i]));
                    j = n, i = n;
                }
        dd_limits_free(l);
    }
}

TEST(what_retry_after_says_holds)
{
    uint64_t         x = 1234567;
    dd_limits       *l = dd_limits_new(64);
    dd_limit         r = per_key(13, NONE, 1000, NONE);
    dd_limit_hold    h;
    dd_limit_verdict v;
    int64_t          t = NOW;
    for (int i = 0; i < 5000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        t += (int64_t)(x % 60);
        if (ask(l, &r, &one, 0, t, &h, &v))
            continue;
        int64_t wait = v.retry_after_ms;
        CHECK(!ask(l, &r, &one, 0, t + wait - 1, &h, &v));
        CHECK(ask(l, &r, &one, 0, t += wait, &h, &v));
    }
    dd_limits_free(l);
}

TEST(P19_a_full_table_limits_nobody_and_counts_it)
{
    dd_limits       *l = dd_limits_new(16);
    dd_limit         r = per_key(1, NONE, 1000, NONE);
    dd_limit_hold    h[40];
    dd_limit_verdict v;
    for (int i = 0; i < 40; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        CHECK(ask(l, &r, &(dd_facts){ .key = dd_str_z(name) }, 0, NOW, &h[i], &v));
    }
    CHECK_EQ(dd_limits_full(l), 24, "16 places");
    for (int i = 0; i < 40; i++)
        end(l, &r, &h[i], 0, NOW);
    CHECK(ask(l, &r, &one, 0, NOW + 999, &h[0], &v));
    CHECK_EQ(dd_limits_full(l), 25, "their windows still run");
    CHECK(ask(l, &r, &one, 0, NOW + 1000, &h[0], &v));
    CHECK_EQ(dd_limits_full(l), 25, "those that have run empty make room");
    CHECK(!ask(l, &r, &one, 0, NOW + 1000, &h[1], &v));
    dd_limits_free(l);
}

typedef struct { dd_limits *l; const dd_limit *r; _Atomic int64_t *in, *now, *most; int id; } worker;

static void *work(void *arg)
{
    worker *w = arg;
    for (int i = 0; i < 20000; i++) {
        dd_limit_hold    h;
        dd_limit_verdict v;
        char             name[8];
        snprintf(name, sizeof name, "x%d", i % 50 + w->id % 2); /* others come and go beside it */
        if (ask(w->l, w->r, &(dd_facts){ .key = dd_str_z(name) }, 5, NOW + i, &h, &v))
            end(w->l, w->r, &h, 1, NOW + i);
        if (!ask(w->l, w->r, &one, 10, NOW, &h, &v))
            continue;
        int64_t now = atomic_fetch_add(w->now, 1) + 1, most = atomic_load(w->most);
        while (now > most && !atomic_compare_exchange_weak(w->most, &most, now))
            ;
        atomic_fetch_add(w->in, 1);
        atomic_fetch_sub(w->now, 1);
        end(w->l, w->r, &h, 9, NOW);
    }
    return NULL;
}

TEST(RO_8_eight_threads_get_what_one_would)
{
    _Atomic int64_t in = 0, now = 0, most = 0;
    dd_limits      *l = dd_limits_new(256);
    dd_limit        r = per_key(5000, 50000, 60000, 4);
    worker          w[8];
    pthread_t       t[8];
    for (int i = 0; i < 8; i++) {
        w[i] = (worker){ l, &r, &in, &now, &most, i };
        CHECK_EQ(pthread_create(&t[i], NULL, work, &w[i]), 0, "thread");
    }
    for (int i = 0; i < 8; i++)
        pthread_join(t[i], NULL);
    CHECK_EQ(in, 5000, "all of the limit and not one more");
    CHECK(most <= 4);
    dd_limit_hold    h[4];
    dd_limit_verdict v;
    r.requests = r.tokens = NONE;
    for (int i = 0; i < 4; i++)
        CHECK(ask(l, &r, &one, 0, NOW, &h[i], &v)); /* none is counted as under way */
    dd_limits_free(l);
}
