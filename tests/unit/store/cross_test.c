#include "store/cross.h"

#include "store/events.h"
#include "store/sums.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

enum { DAY_S = 86400, DAYS = 20 };

static uint64_t seed = 4101842887655102017u;
static uint64_t dice(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static void push(dd_events *s, int64_t base_s, int n)
{
    static const dd_str teams[] = { DD_STR("core"), DD_STR("web"), DD_STR_NULL }, models[] = { DD_STR("gpt-4o"), DD_STR("claude-haiku-4-5") };
    static int64_t      turn;
    for (int i = 0; i < n; i++) {
        dd_event e = sample_event(1);
        e.time_ms = (base_s + (int64_t)dice(DAYS * DAY_S)) * 1000;
        e.id = (e.time_ms - DD_EVENT_EPOCH_MS) << 21 | (++turn & 0x1fffff);
        e.org = dice(4) == 0 ? DD_STR("other") : DD_STR("default");
        e.team = teams[dice(3)];
        e.feature = dice(2) ? DD_STR("faq") : DD_STR_NULL;
        e.used_model = models[dice(2)];
        e.key_id = dice(2) ? DD_STR("k1") : DD_STR("k2");
        e.cost_actual = dice(7) == 0 ? DD_PUSD_UNKNOWN : (int64_t)dice(1000000);
        CHECK(dd_events_push(s, &e));
        if (i % 400 == 399)
            dd_events_flush(s, 20000);
    }
    CHECK(dd_events_flush(s, 20000));
}

typedef struct { const dd_cross_leaf *leaves; size_t n, found; } wanted;

/* Each row of the plain sums is one of the leaves. */
static void compare_row(void *ctx, const dd_sum *s)
{
    wanted *w = ctx;
    for (size_t i = 0; i < w->n; i++) {
        const dd_cross_leaf *l = &w->leaves[i];
        if (dd_str_eq(l->value[0], s->model) && dd_str_eq(l->value[1], s->team) && dd_str_eq(l->value[2], s->key_id))
            w->found += l->requests == s->requests && l->unpriced == s->unpriced && l->cost == s->cost && l->saved == s->saved;
    }
}

static void count_row(void *ctx, const dd_sum *s)
{
    (void)s;
    ++*(size_t *)ctx;
}

static void compare(dd_cross *t, const char *dir, const char *org, bool daily, int64_t from_s, int64_t to_s, int64_t over_s, dd_str feature)
{
    dd_err       err = DD_ERR_INIT;
    dd_arena     arena = DD_ARENA_INIT;
    dd_cross_ask ask = { .org = dd_str_z(org), .daily = daily, .from_s = from_s, .to_s = to_s, .over_s = over_s,
                         .by = { DD_CROSS_MODEL, DD_CROSS_TEAM, DD_CROSS_KEY }, .n_by = 3, .within = { [DD_CROSS_FEATURE] = feature } };
    dd_sums_ask  plain = { .daily = daily, .from_s = from_s, .to_s = to_s, .by = DD_BY_MODEL | DD_BY_TEAM | DD_BY_KEY, .org = ask.org,
                          .feature = feature };
    dd_cross_leaf *leaves;
    wanted       w = {0};
    size_t       rows = 0;
    CHECK_OK(dd_cross_read(t, &ask, &arena, &leaves, &w.n, &err));
    w.leaves = leaves;
    CHECK_OK(dd_sums_read(dir, &plain, compare_row, &w, &err));
    CHECK_OK(dd_sums_read(dir, &plain, count_row, &rows, &err));
    CHECK_EQ(w.found, rows, "R5.1 each combination's sums");
    CHECK_EQ(w.n, rows, "and no other");
    dd_arena_fini(&arena);
}

/* Whatever is kept of what is over: the sums are those of the table, for each organisation alone (R4.8), also when late events come. */
TEST(crossed_sums_are_those_of_the_table_R5_1_R4_8)
{
    const char *dir = sample_dir("cross");
    dd_err      err = DD_ERR_INIT;
    int64_t     now = sample_now_ms() / 1000, today = now / DAY_S * DAY_S, base = today - (DAYS - 1) * DAY_S;
    dd_events  *s = dd_events_open(&(dd_events_opts){ .dir = dir, .events_days = -1 }, &err);
    push(s, base, 600);
    dd_dims  *d = dd_dims_new(dir);
    dd_cross *t = dd_cross_new(dir, d);
    for (int i = 0; i < 60; i++) {
        bool    daily = dice(2);
        int64_t unit = daily ? DAY_S : 3600, from = base + (int64_t)dice((uint64_t)DAYS * DAY_S / (uint64_t)unit) * unit;
        int64_t to = from + (int64_t)(1 + dice(daily ? DAYS : 100)) * unit, over = base + (int64_t)dice(DAYS * DAY_S);
        compare(t, dir, dice(3) ? "default" : "other", daily, from, to, over, dice(2) ? DD_STR_NULL : dice(2) ? DD_STR("faq") : DD_STR(""));
        while (i % 5 == 4 && dd_cross_ahead(t, dice(2) ? DD_STR("default") : DD_STR("other"), dice(3), base, today))
            continue;
        if (i % 6 == 5)
            push(s, base, 5);
    }
    dd_cross_free(t);
    dd_dims_free(d);
    dd_events_close(s, 20000);
}
