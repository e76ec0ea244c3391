#include "tests/unit/store/sample.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/db.h"
#include "store/rows.h"
#include "tests/unit/test.h"

int64_t sample_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

dd_event sample_event(int64_t n)
{
    static const dd_attempt tries[] = {
        { DD_STR("openai"), DD_STR("gpt-4o"), 503, DD_EC_OVERLOADED, 10, -1, 90, { -1, -1, -1, -1, -1 }, DD_PUSD_UNKNOWN },
        { DD_STR("anthropic"), DD_STR("claude-haiku-4-5"), 200, DD_EC_NONE, 100, 300, 900, { 7, 1, 0, 0, 2 }, 123456 },
    };
    static int64_t hour_ms; /* of the first call: all are of one hour */
    if (hour_ms == 0)
        hour_ms = sample_now_ms() / 3600000 * 3600000;
    int64_t time_ms = hour_ms + n % 3600000;
    return (dd_event){
        .id = (time_ms - DD_EVENT_EPOCH_MS) << 21 | (n / 3600000 & 255), .time_ms = time_ms, .org = DD_STR("default"), .key_id = DD_STR("k1"),
        .user = DD_STR("ada"), .feature = DD_STR("search"), .team = DD_STR("core"), .env = DD_STR("prod"), .tags = DD_STR("{\"ticket\":\"T-1\"}"),
        .task = DD_STR("classify"), .strategy = DD_STR("passthrough"), .route = DD_STR("main"), .endpoint = DD_STR("chat.completions"),
        .requested_model = DD_STR("gpt-4o"), .used_model = DD_STR("claude-haiku-4-5"), .provider = DD_STR("anthropic"), .stream = true,
        .status = 200, .error = DD_EC_NONE, .usage = { n, 0, 0, 0, 2 }, .reasoning_tokens = -1, .usage_source = DD_USAGE_REPORTED,
        .cost_original = n + 5, .cost_actual = n, .cost_saved = 5, .prices = 20000, .first_us = 300, .total_us = 1000, .overhead_us = 40,
        .queue_us = 1, .bytes_in = 100, .bytes_out = 200, .retries = 1, .dropped = DD_STR("logprobs"), .attempts = tries, .n_attempts = 2,
        .complexity = DD_STR("low"), .score = 0.25, .considered = DD_STR("[{\"model\":\"openai/gpt-4o\",\"why\":\"behind the others\"}]"), .fallback = true,
        .cost_premium = n + 9, .cache = DD_STR("miss"), .budget = DD_STR("core-month"), .session = DD_STR("00000000000000ff"),
        .call_site = DD_STR("app.py:12"), .prompt_hash = DD_STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    };
}

const char *sample_dir(const char *name)
{
    static char path[8][256];
    static int  turn;
    char       *p = path[turn++ % 8];
    snprintf(p, 256, "%s/%s-%d", dd_test_dir(), name, turn);
    mkdir(p, 0700);
    return p;
}

int64_t sample_number(const char *dir, const char *file, const char *sql)
{
    char          path[512];
    sqlite3      *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t       n = -2;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK && sqlite3_busy_timeout(db, 5000) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK) {
        int step = sqlite3_step(stmt);
        n = step == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : step == SQLITE_DONE ? -1 : -2;
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

sample_ids sample_plain(const char *dir, const char *const *filters, size_t n, dd_str org)
{
    dd_err        err = DD_ERR_INIT;
    dd_filter     f = {0};
    dd_buf        sql = DD_BUF_INIT(0);
    sqlite3_stmt *stmt = NULL;
    sample_ids    out = {0};
    dd_db        *db = dd_db_open(DD_DB_TELEMETRY, &(dd_db_opts){ .dir = dir }, &err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(dd_filter_add(&f, dd_str_z(filters[i]), &err));
    dd_buf_printf(&sql, "SELECT id FROM events WHERE ?1 IN ('', org)" DD_STR_FMT " ORDER BY id DESC", DD_STR_ARG(dd_buf_str(&f.sql)));
    CHECK_EQ(sqlite3_prepare_v2(dd_db_sqlite(db), dd_buf_z(&sql), -1, &stmt, NULL), SQLITE_OK, dd_buf_z(&sql));
    sqlite3_bind_text(stmt, 1, org.ptr != NULL ? org.ptr : "", (int)org.len, SQLITE_STATIC);
    dd_rows_bind(stmt, 2, &f, 0, f.values.n);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        out.v = dd_realloc(out.v, (out.n + 1) * sizeof *out.v);
        out.v[out.n++] = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    dd_db_close(db);
    dd_buf_free(&sql);
    dd_filter_fini(&f);
    return out;
}
