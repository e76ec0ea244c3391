/* Sums of one key out of the daily table. */
#include "store/key_usage.h"

#include "store/db.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

TEST(usage_of_a_key_is_its_own_and_since_a_day)
{
    static const char insert[] =
        "INSERT INTO daily_cost_summary (day, org, team, feature, model, provider, key_id, request_count, error_count, unpriced_count,"
        " total_cost, total_saved,"
        " input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens) VALUES"
        " (1728000, 'default', '', '', 'm1', 'p', 'k1', 2, 1, 0, 100, 10, 1, 2, 3, 4, 5),"      /* 1970-01-21: too old */
        " (1814400, 'default', '', '', 'm1', 'p', 'k1', 2, 1, 0, 100, 10, 1, 2, 3, 4, 5),"      /* 1970-01-22 */
        " (1814400, 'default', 't', 'f', 'm1', 'p', 'k1', 3, 0, 1, 50, 5, 10, 20, 30, 40, 50)," /* another team, the same model */
        " (1900800, 'default', '', '', 'm2', 'p', 'k1', 1, 0, 0, 1000, 0, 1, 0, 0, 0, 1),"
        " (1900800, 'default', '', '', 'm2', 'p', 'k2', 9, 9, 9, 9, 9, 9, 9, 9, 9, 9),"         /* another key */
        " (1900800, 'other', '', '', 'm2', 'p', 'k1', 9, 9, 9, 9, 9, 9, 9, 9, 9, 9)";           /* R4.8: another org */
    const char *dir = sample_dir("key-usage");
    dd_err      err = DD_ERR_INIT;
    dd_arena    a   = DD_ARENA_INIT;
    dd_key_sum *rows;
    size_t      n;
    CHECK_OK(dd_key_usage(dir, DD_STR("default"), DD_STR("k1"), 0, false, &a, &rows, &n, &err));
    CHECK_EQ(n, 0, "no telemetry yet");
    dd_db *db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = dir, .create = true }, &err);
    CHECK_OK(dd_db_exec(db, insert, &err));
    dd_db_close(db);
    CHECK_OK(dd_key_usage(dir, DD_STR("default"), DD_STR("k1"), 21, false, &a, &rows, &n, &err));
    CHECK_EQ(n, 2, "two models");
    CHECK_STR(rows[0].model, "m2"); /* the dearest first */
    CHECK_EQ(rows[0].cost, 1000, "m2");
    CHECK_STR(rows[1].model, "m1");
    CHECK_STR(rows[1].provider, "p");
    CHECK_EQ(rows[1].requests, 5, "2 + 3");
    CHECK_EQ(rows[1].errors, 1, "1 + 0");
    CHECK_EQ(rows[1].unpriced, 1, "0 + 1");
    CHECK_EQ(rows[1].cost, 150, "100 + 50");
    CHECK_EQ(rows[1].saved, 15, "10 + 5");
    CHECK_EQ(rows[1].tokens.input, 11, "1 + 10");
    CHECK_EQ(rows[1].tokens.cache_read, 22, "2 + 20");
    CHECK_EQ(rows[1].tokens.cache_write, 33, "3 + 30");
    CHECK_EQ(rows[1].tokens.cache_write_1h, 44, "4 + 40");
    CHECK_EQ(rows[1].tokens.output, 55, "5 + 50");
    CHECK_EQ(rows[1].day, DD_DAY_NONE, "by model");
    CHECK_OK(dd_key_usage(dir, DD_STR("default"), DD_STR("k1"), 20, true, &a, &rows, &n, &err));
    CHECK_EQ(n, 3, "three days");
    CHECK_EQ(rows[0].day, 20, "the oldest first");
    CHECK_EQ(rows[2].day, 22, "1970-01-23");
    CHECK_EQ(rows[1].cost, 150, "both teams");
    dd_arena_fini(&a);
}
