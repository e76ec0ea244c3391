#include "route/histogram.h"
#include "tests/unit/test.h"

#include <math.h>

TEST(a_bucket_ends_at_its_bound)     /* 2^((i - 160) / 8) seconds */
{
    CHECK_EQ(dd_hist_bound_us(DD_HIST_ZERO), 1000000, "2^0 s");
    CHECK_EQ(dd_hist_bound_us(DD_HIST_ZERO - 8), 500000, "2^-1 s");
    CHECK_EQ(dd_hist_bound_us(DD_HIST_ZERO + 80), 1024000000, "2^10 s");
    CHECK_EQ(dd_hist_bound_us(DD_HIST_ZERO + 4), 1414214, "2^(1/2) s, rounded up");
    for (unsigned i = 1; i < DD_HIST_BUCKETS; i++) {
        int64_t us = dd_hist_bound_us(i);
        double  exact = 1e6 * exp2((double)((int)i - DD_HIST_ZERO) / 8);
        if (us < 40)
            continue;                /* narrower than a microsecond */
        CHECK_EQ(dd_hist_bucket((int64_t)floor(exact)), i, "the longest that is whole");
        CHECK_EQ(dd_hist_bucket((int64_t)floor(exact) + 1), i + 1 < DD_HIST_BUCKETS ? i + 1 : i, "one more is the next");
    }
}

TEST(what_is_too_short_or_too_long_counts_at_the_ends)
{
    CHECK_EQ(dd_hist_bucket(-5), 0, "negative");
    CHECK_EQ(dd_hist_bucket(0), 0, "nothing");
    CHECK_EQ(dd_hist_bucket(1), 0, "a microsecond");
    CHECK_EQ(dd_hist_bucket(INT64_MAX), DD_HIST_BUCKETS - 1, "ever");
}

TEST(quantiles_are_within_a_bucket)
{
    dd_hist h = {0}, half[2] = {{{0}}}, both = {{0}};
    CHECK(dd_hist_quantile_us(&h, 0.5) < 0);       /* nothing counted */
    for (int64_t us = 1; us <= 100000; us++) {
        dd_hist_add(&h, us);
        dd_hist_add(&half[us & 1], us);
    }
    CHECK_EQ(h.n, 100000, "all");
    CHECK_EQ(h.sum_us, INT64_C(5000050000), "n (n + 1) / 2");
    static const double at[] = { 0.01, 0.5, 0.95, 0.99, 1 };
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
        CHECK(fabs(dd_hist_quantile_us(&h, at[i]) / (at[i] * 100000) - 1) < 0.0905);
    dd_hist_merge(&both, &half[0]);
    dd_hist_merge(&both, &half[1]);
    for (unsigned i = 0; i < DD_HIST_BUCKETS; i++)
        CHECK_EQ(both.count[i], h.count[i], "the halves are the whole");
}
