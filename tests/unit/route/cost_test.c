#include "tests/unit/test.h"
#include "route/cost.h"

#define USD 1000000 /* microdollars per million tokens */
#define NO  DD_PRICE_NONE
#define NO_RATES { NO, NO, NO, NO, NO }

/* USD per million: 0.15 input, 0.075 cached, 0.60 output; batch is half. */
static const dd_price mini = {
    .id = { "mini", 4 }, .rates = { 150000, 600000, 75000, NO, NO }, .batch_input = 75000, .batch_output = 300000, .off_peak = NO_RATES,
};
/* 3 / 15, cache read 0.30, write 3.75, an hour 6; above 200,000 tokens 6 / 22.50 / 0.60 / 7.50. */
static const dd_price_tier sonnet_tiers[] = { { 200000, { 6 * USD, 22500000, 600000, 7500000, NO } } };
static const dd_price sonnet = {
    .id = { "sonnet", 6 }, .rates = { 3 * USD, 15 * USD, 300000, 3750000, 6 * USD }, .batch_input = 1500000, .batch_output = 7500000,
    .tiers = sonnet_tiers, .n_tiers = 1, .off_peak = NO_RATES,
};
/* 0.75 / 3.75 until the end of 2026, then 1.50 / 7.50, cache read 0.15; batch 0.375 / 1.875. */
static const dd_price_change flash_changes[] = { { 20819, { 1500000, 7500000, 150000, NO, NO } } }; /* 2027-01-01 */
static const dd_price flash = {
    .id = { "flash", 5 }, .rates = { 750000, 3750000, 75000, NO, NO }, .batch_input = 375000, .batch_output = 1875000,
    .scheduled = flash_changes, .n_scheduled = 1, .off_peak = NO_RATES,
};
static const dd_price deepseek = {
    .id = { "ds", 2 }, .rates = { 300000, 1200000, 6000, NO, NO }, .batch_input = NO, .batch_output = NO,
    .off_peak = { 150000, 600000, 3000, NO, NO },
};
static const dd_price embed = { .id = { "e", 1 }, .rates = { 20000, NO, NO, NO, NO }, .batch_input = 10000, .batch_output = NO, .off_peak = NO_RATES };
/* R2.5's example: 15 USD and 0.15 USD a million. */
static const dd_price dear = { .id = { "d", 1 }, .rates = { 15 * USD, NO, NO, NO, NO }, .batch_input = NO, .batch_output = NO, .off_peak = NO_RATES };

enum { DAY_2026 = 20777, DAY_2027 = 20819 }; /* 2026-11-20, 2027-01-01 */

static const struct { const char *why; const dd_price *price; dd_usage usage; dd_day day; unsigned flags; dd_pusd want; } cases[] = {
    { "a cached token has its own price: 1,000 x 75,000", &mini, { .cache_read = 1000 }, DAY_2026, 0, 75000000 },
    { "the three kinds add up: 150e6 + 75e6 + 0.6e6", &mini, { .input = 1000, .cache_read = 1000, .output = 1 }, DAY_2026, 0, 225600000 },
    { "nothing costs nothing", &mini, { 0 }, DAY_2026, 0, 0 },
    { "R2.5 asked: 1,000 x 15e6 = 0.015 USD", &dear, { .input = 1000 }, DAY_2026, 0, 15000000000 },
    { "R2.5 sent: 1,000 x 0.15e6 = 0.00015 USD", &mini, { .input = 1000 }, DAY_2026, 0, 150000000 },
    { "a cache write that is not listed is the input price", &mini, { .cache_write = 1000, .cache_write_1h = 10 }, DAY_2026, 0, 151500000 },
    { "both cache writes: 100 x 3.75e6 + 10 x 6e6", &sonnet, { .cache_write = 100, .cache_write_1h = 10 }, DAY_2026, 0, 435000000 },
    { "at the threshold still the low tier: 200,000 x 3e6", &sonnet, { .input = 200000 }, DAY_2026, 0, 600000000000 },
    { "one past it the whole request is dear: 200,001 x 6e6 + 10 x 22.5e6", &sonnet, { .input = 200001, .output = 10 }, DAY_2026, 0, 1200231000000 },
    { "the cached part counts for the tier: 1 x 6e6 + 200,000 x 0.6e6", &sonnet, { .input = 1, .cache_read = 200000 }, DAY_2026, 0, 120006000000 },
    { "an hour's write follows the tier in proportion: 6e6 x 6/3 = 12e6", &sonnet, { .input = 200001, .cache_write_1h = 1 }, DAY_2026, 0, 1200018000000 },
    { "batch is half: 1,000 x 75,000 + 100 x 300,000", &mini, { .input = 1000, .output = 100 }, DAY_2026, DD_COST_BATCH, 105000000 },
    { "batch halves cached reads too: 1,000 x 37,500", &mini, { .cache_read = 1000 }, DAY_2026, DD_COST_BATCH, 37500000 },
    { "batch in the high tier: 200,001 x 3e6", &sonnet, { .input = 200001 }, DAY_2026, DD_COST_BATCH, 600003000000 },
    { "before the change", &flash, { .input = 1000 }, DAY_2027 - 1, 0, 750000000 },
    { "from the day of the change", &flash, { .input = 1000, .cache_read = 1000, .output = 1 }, DAY_2027, 0, 1657500000 },
    { "batch follows the change: 1,000 x 0.75e6", &flash, { .input = 1000 }, DAY_2027, DD_COST_BATCH, 750000000 },
    { "no day known: the present price", &flash, { .input = 1000 }, DD_DAY_NONE, 0, 750000000 },
    { "peak is the listed price", &deepseek, { .input = 1000, .output = 1 }, DAY_2026, 0, 301200000 },
    { "off-peak is half", &deepseek, { .input = 1000, .cache_read = 10, .output = 1 }, DAY_2026, DD_COST_OFF_PEAK, 150630000 },
    { "no off-peak price: the listed one", &mini, { .input = 1000 }, DAY_2026, DD_COST_OFF_PEAK, 150000000 },
    { "no batch price: the listed one", &deepseek, { .input = 1000 }, DAY_2026, DD_COST_BATCH, 300000000 },
    { "an embedding has no output", &embed, { .input = 1000000 }, DAY_2026, 0, 20000000000 },
    { "batch of an embedding", &embed, { .input = 1000000 }, DAY_2026, DD_COST_BATCH, 10000000000 },
};

TEST(cost_of_a_request)
{
    for (size_t i = 0; i < DD_COUNT(cases); i++) {
        dd_err  err = DD_ERR_INIT;
        dd_pusd got = -1;
        CHECK_OK(dd_cost_request(cases[i].price, &cases[i].usage, cases[i].day, cases[i].flags, &got, &err));
        CHECK_EQ(got, cases[i].want, cases[i].why);
    }
}

static const struct { const char *why; const dd_price *price; dd_usage usage; dd_code want; } refused[] = {
    { "a negative count", &mini, { .input = -1 }, DD_ERR_RANGE },
    { "one line past dd_pusd", &sonnet, { .input = INT64_MAX }, DD_ERR_RANGE },
    { "lines that fit, a sum that does not", &dear, { .input = 400000000000, .cache_read = 400000000000 }, DD_ERR_RANGE },
    { "five lines at the limit do not wrap round", &sonnet, { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX }, DD_ERR_RANGE },
    { "output of a model that has none", &embed, { .input = 1, .output = 1 }, DD_ERR_NOT_FOUND },
};

TEST(cost_that_cannot_be_said_is_an_error)
{
    for (size_t i = 0; i < DD_COUNT(refused); i++) {
        dd_err  err = DD_ERR_INIT;
        dd_pusd got = 42;
        CHECK_EQ(dd_cost_request(refused[i].price, &refused[i].usage, DAY_2026, 0, &got, &err), refused[i].want, refused[i].why);
        CHECK_EQ(got, 42, "left as it was");
        CHECK(err.msg[0] != '\0');
    }
}

static uint64_t next(uint64_t *s)
{
    *s ^= *s << 13, *s ^= *s >> 7, *s ^= *s << 17;
    return *s;
}

TEST(cost_is_linear_and_monotonic)   /* properties: cost(a+b) == cost(a)+cost(b) without tiers; more tokens never cost less */
{
    uint64_t seed = 2463534242u;
    for (int i = 0; i < 20000; i++) {
        dd_usage a = { (int64_t)(next(&seed) % 100000), (int64_t)(next(&seed) % 100000), 0, 0, (int64_t)(next(&seed) % 100000) };
        dd_usage b = { (int64_t)(next(&seed) % 100000), (int64_t)(next(&seed) % 100000), 0, 0, (int64_t)(next(&seed) % 100000) };
        dd_usage c = { a.input + b.input, a.cache_read + b.cache_read, 0, 0, a.output + b.output };
        dd_pusd ca = 0, cb = 0, cc = 0, sum = 0;
        unsigned flags = next(&seed) & 1 ? DD_COST_BATCH : 0;
        CHECK_OK(dd_cost_request(&mini, &a, DAY_2026, flags, &ca, NULL));
        CHECK_OK(dd_cost_request(&mini, &b, DAY_2026, flags, &cb, NULL));
        CHECK_OK(dd_cost_request(&mini, &c, DAY_2026, flags, &cc, NULL));
        CHECK_OK(dd_money_add(ca, cb, &sum));
        CHECK_EQ(cc, sum, "additive");
        CHECK_OK(dd_cost_request(&sonnet, &a, DAY_2026, flags, &ca, NULL));
        CHECK_OK(dd_cost_request(&sonnet, &c, DAY_2026, flags, &cc, NULL));
        CHECK(cc >= ca);
    }
}
