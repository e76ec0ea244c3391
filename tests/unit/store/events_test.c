#include "store/events.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "store/ring.h"
#include "store/rollup.h"
#include "store/writer.h"
#include "tests/unit/store/sample.h"
#include "tests/unit/test.h"

enum { LONG_MS = 20000 };

static dd_events *start(const dd_events_opts *opts)
{
    dd_err     err = DD_ERR_INIT;
    dd_events *s = dd_events_open(opts, &err);
    CHECK(s != NULL);
    return s;
}

static int64_t push_some(dd_events *s, int64_t from, int64_t n)
{
    int64_t taken = 0;
    for (int64_t i = from; i < from + n; i++) {
        dd_event e = sample_event(i);
        taken += dd_events_push(s, &e);
    }
    return taken;
}

static dd_events_counts counts(const dd_events *s)
{
    dd_events_counts c;
    dd_events_count(s, &c);
    return c;
}

/* Waits until `n` rows are written (by this process), or known; or for very long. */
static bool wait_written(const dd_events *s, int64_t n)
{
    const struct timespec ms = { 0, 1000000 };
    for (int i = 0; i < LONG_MS; i++) {
        dd_events_counts c = counts(s);
        if (c.written + c.known >= n)
            return true;
        nanosleep(&ms, NULL);
    }
    return false;
}

static bool wait_down(const dd_events *s)
{
    const struct timespec ms = { 0, 1000000 };
    for (int i = 0; i < LONG_MS && counts(s).up; i++)
        nanosleep(&ms, NULL);
    return !counts(s).up;
}

static int64_t telemetry(const char *dir, const char *sql) { return sample_number(dir, "telemetry.db", sql); }

TEST(events_are_written_with_their_sums)
{
    const char *dir = sample_dir("events");
    dd_events  *s = start(&(dd_events_opts){ .dir = dir });
    CHECK_EQ(push_some(s, 1, 100), 100, "R3.1 taken");
    CHECK(dd_events_flush(s, LONG_MS));
    dd_event rejected = { .id = sample_event(200).id, .time_ms = sample_event(200).time_ms, .status = 429, .error = DD_EC_BUDGET, .total_us = -1,
                          .usage = { -1, -1, -1, -1, -1 }, .cost_original = DD_PUSD_UNKNOWN, .cost_actual = DD_PUSD_UNKNOWN,
                          .cost_saved = DD_PUSD_UNKNOWN, .prices = DD_DAY_NONE };
    CHECK(dd_events_push(s, &rejected));
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 101, "rows");
    /* 1 + ... + 100 */
    CHECK_EQ(telemetry(dir, "SELECT total_cost FROM hourly_cost_summary WHERE provider = 'anthropic'"), 5050, "R3.3 total_cost");
    CHECK_EQ(telemetry(dir, "SELECT total_cost FROM daily_cost_summary WHERE provider = 'anthropic'"), 5050, "by day");
    CHECK_EQ(telemetry(dir, "SELECT total_saved FROM hourly_cost_summary WHERE feature = 'search'"), 500, "total_saved");
    CHECK_EQ(telemetry(dir, "SELECT premium_saved FROM daily_cost_summary WHERE premium_count = 100"), 900, "RO.6: 9 a request");
    CHECK_EQ(telemetry(dir, "SELECT sum(premium_count) FROM hourly_cost_summary"), 100, "what is not known is not counted");
    CHECK_EQ(telemetry(dir, "SELECT request_count FROM hourly_cost_summary WHERE key_id = 'k1' AND org = 'default'"), 100, "counts");
    CHECK_EQ(telemetry(dir, "SELECT avg_latency = 1.0 FROM hourly_cost_summary WHERE model = 'claude-haiku-4-5'"), 1, "avg_latency in ms");
    CHECK_EQ(telemetry(dir, "SELECT input_tokens FROM hourly_cost_summary WHERE team = 'core'"), 5050, "tokens");
    CHECK_EQ(telemetry(dir, "SELECT hour % 3600 FROM hourly_cost_summary LIMIT 1"), 0, "start of an hour");
    CHECK_EQ(telemetry(dir, "SELECT day % 86400 FROM daily_cost_summary LIMIT 1"), 0, "start of a day");
    CHECK_EQ(telemetry(dir, "SELECT unpriced_count * 10 + error_count FROM hourly_cost_summary WHERE team = ''"), 11, "P8: counted, not 0");
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events WHERE cost_actual IS NULL AND total_us IS NULL AND key_id IS NULL"), 1, "not known is NULL");
}

/* Frames of events 1..n, as they stand in the queue and in the spool. */
static void frames_of(int64_t n, dd_buf *out)
{
    dd_ring *r = dd_ring_new((size_t)n);
    for (int64_t i = 1; i <= n; i++) {
        dd_event e = sample_event(i);
        CHECK(dd_ring_put(r, &e, SIZE_MAX) > 0);
        CHECK(dd_ring_take(r, out));
    }
    dd_ring_free(r);
}

TEST(a_batch_that_comes_twice_counts_once)
{
    const char *dir = sample_dir("events");
    dd_buf      frames = DD_BUF_INIT(0);
    frames_of(10, &frames);
    for (int round = 0; round < 3; round++) {
        dd_err          err = DD_ERR_INIT;
        dd_writer_count n = {0};
        dd_writer      *w = dd_writer_new(&(dd_writer_opts){ .dir = dir });
        CHECK_OK(dd_writer_put(w, dd_buf_str(&frames), &n, &err));
        CHECK_EQ(n.written, round == 0 ? 10 : 0, "R3.5 idempotent");
        CHECK_EQ(n.known, round == 0 ? 0 : 10, "known");
        dd_writer_free(w);
    }
    CHECK_EQ(telemetry(dir, "SELECT total_cost FROM daily_cost_summary"), 55, "once");
    dd_buf_free(&frames);
}

TEST(two_events_of_one_id_are_two)
{
    const char *dir = sample_dir("events");
    dd_buf      a = DD_BUF_INIT(0), b = DD_BUF_INIT(0);
    frames_of(5, &a); /* of two processes, and alike in every word */
    frames_of(5, &b);
    dd_buf_add(&a, dd_buf_str(&b));
    for (int round = 0; round < 2; round++) {
        dd_err          err = DD_ERR_INIT;
        dd_writer_count n = {0};
        dd_writer      *w = dd_writer_new(&(dd_writer_opts){ .dir = dir });
        CHECK_OK(dd_writer_put(w, dd_buf_str(&a), &n, &err));
        CHECK_EQ(n.written * 100 + n.known, round == 0 ? 1000 : 10, "all the first time, none the second");
        dd_writer_free(w);
    }
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 10, "each once");
    CHECK_EQ(telemetry(dir, "SELECT count(DISTINCT mark) FROM events"), 10, "each its own");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM hourly_cost_summary"), 10, "in the sums too");
    dd_buf_free(&a);
    dd_buf_free(&b);
}

TEST(a_lone_event_does_not_wait_for_company)
{
    const char *dir = sample_dir("events");
    dd_events  *s = start(&(dd_events_opts){ .dir = dir, .batch_ms = 100 });
    push_some(s, 1, 1);
    CHECK(wait_written(s, 1)); /* nobody asks for a flush */
    dd_events_close(s, LONG_MS);
}

/* ---- a store that stands still ---- */

typedef struct { _Atomic bool shut; _Atomic int code, calls; } gate;

static int pass(void *arg)
{
    gate *g = arg;
    atomic_fetch_add(&g->calls, 1);
    while (atomic_load(&g->shut))
        usleep(500);
    return atomic_load(&g->code);
}

static void open_gate(gate *g) { atomic_store(&g->shut, false); }

TEST(a_store_that_stands_still_is_not_felt_and_nothing_is_lost)
{
    static gate g;
    const char *dir = sample_dir("events");
    int64_t     worst = 0;
    atomic_store(&g.shut, true);
    dd_events *s = start(&(dd_events_opts){ .dir = dir, .fault = pass, .fault_ctx = &g });
    enum { N = 20000 };
    for (int64_t i = 0; i < N; i++) {
        dd_event e = sample_event(i);
        int64_t  t = dd_mono_now().ns;
        CHECK(dd_events_push(s, &e));
        t = dd_mono_now().ns - t;
        worst = t > worst ? t : worst;
        while (i % 100 == 99 && counts(s).queued > 3 * 1000)
            usleep(100); /* not in a push: this machine may give the spool thread no turn */
    }
    CHECK(worst < 1000000000); /* R3.1; the figure is bench/store.sh's: a test machine may be busy */
    dd_events_counts c = counts(s);
    CHECK_EQ(c.dropped, 0, "R3.5 nothing is lost that the spool can hold");
    CHECK(c.spooled >= N - 4 * 1000 - 1000);
    CHECK_EQ(c.written, 0, "the store stood still");
    open_gate(&g);
    CHECK(wait_written(s, N));
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 20000, "all are there");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM hourly_cost_summary"), 20000, "in the sums too");
}

TEST(without_a_spool_what_is_too_much_is_dropped_and_counted)
{
    static gate g;
    const char *dir = sample_dir("events");
    atomic_store(&g.shut, true);
    dd_events *s = start(&(dd_events_opts){ .dir = dir, .slots = 50, .spool_bytes = -1, .fault = pass, .fault_ctx = &g });
    int64_t    taken = push_some(s, 1, 500);
    CHECK(taken >= 50 && taken < 500); /* the writer holds a batch, too */
    CHECK_EQ(counts(s).dropped, 500 - taken, "R3.1 telemetry_dropped");
    CHECK_EQ(counts(s).spooled, 0, "off");
    open_gate(&g);
    CHECK(dd_events_flush(s, LONG_MS));
    CHECK_EQ(counts(s).written, taken, "what was taken is written");
    dd_events_close(s, LONG_MS);
}

TEST(a_full_spool_drops_and_counts)
{
    static gate g;
    const char *dir = sample_dir("events");
    atomic_store(&g.shut, true);
    dd_events *s = start(&(dd_events_opts){ .dir = dir, .slots = 50, .spool_bytes = 20000, .fault = pass, .fault_ctx = &g });
    int64_t    taken = 0;
    for (int64_t i = 0; i < 100; i++) {
        taken += push_some(s, i * 10, 10);
        usleep(200);
    }
    CHECK(taken < 1000);
    CHECK_EQ(counts(s).dropped, 1000 - taken, "counted");
    CHECK(counts(s).spool_bytes <= 20000);
    open_gate(&g);
    CHECK(wait_written(s, taken));
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), taken, "all that was taken");
}

TEST(closing_does_not_wait_for_a_store_that_hangs)
{
    static gate       g;
    static dd_events *hung; /* its thread lives on */
    const char       *dir = sample_dir("events");
    atomic_store(&g.shut, true);
    hung = start(&(dd_events_opts){ .dir = dir, .fault = pass, .fault_ctx = &g });
    push_some(hung, 1, 300);
    int64_t t = dd_mono_now().ns;
    dd_events_close(hung, 10);
    CHECK(dd_mono_now().ns - t < INT64_C(10000000000));
    dd_events *next = start(&(dd_events_opts){ .dir = dir });
    CHECK(wait_written(next, 300));
    open_gate(&g); /* the late one writes the same events again */
    dd_events_close(next, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 300, "all, once");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM daily_cost_summary"), 300, "all, once");
}

/* ---- a store that fails ---- */

typedef struct { _Atomic int down, up; } told;

static void note(void *ctx, bool up, const char *line)
{
    told *t = ctx;
    CHECK(line[0] != '\0');
    atomic_fetch_add(up ? &t->up : &t->down, 1);
}

TEST(a_store_that_fails_is_told_once_and_caught_up_with)
{
    static gate g;
    static told t;
    const char *dir = sample_dir("events");
    atomic_store(&g.code, SQLITE_IOERR);
    dd_events *s = start(&(dd_events_opts){ .dir = dir, .fault = pass, .fault_ctx = &g, .log = note, .log_ctx = &t, .batch_ms = 10 });
    for (int64_t i = 0; i < 20; i++) {
        push_some(s, i * 100, 100);
        CHECK(dd_events_flush(s, LONG_MS)); /* into the spool */
    }
    CHECK_EQ(counts(s).spooled, 2000, "R3.5 spooled");
    CHECK(!counts(s).up && counts(s).failures > 0);
    atomic_store(&g.code, SQLITE_OK);
    CHECK(wait_written(s, 2000));
    CHECK_EQ(atomic_load(&t.down), 1, "said once");
    CHECK_EQ(atomic_load(&t.up), 1, "said once");
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM hourly_cost_summary"), 2000, "all");
}

TEST(a_full_disk_loses_nothing)
{
    const char *dir = sample_dir("events");
    enum { N = 3000 };
    dd_events *s = start(&(dd_events_opts){ .dir = dir, .max_bytes = 400000, .batch_ms = 10 });
    for (int64_t i = 0; i < N; i += 100) {
        CHECK_EQ(push_some(s, i, 100), 100, "taken all the same");
        CHECK(dd_events_flush(s, LONG_MS));
    }
    CHECK(wait_down(s));
    dd_events_counts c = counts(s);
    CHECK(c.written < N && c.spooled > 0 && c.failures > 0);
    CHECK_EQ(c.dropped, 0, "nothing");
    dd_events_close(s, LONG_MS);
    s = start(&(dd_events_opts){ .dir = dir });
    CHECK(wait_written(s, N - c.written));
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), N, "all");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM daily_cost_summary"), N, "all, once");
}

/* In a process of its own, whose files may not grow past `limit`: the same as a disk that is full for database and spool alike. */
static int live_with_small_files(const char *dir, rlim_t limit)
{
    dd_err        err = DD_ERR_INIT;
    struct rlimit r = { limit, RLIM_INFINITY };
    setrlimit(RLIMIT_FSIZE, &r);
    dd_events *s = dd_events_open(&(dd_events_opts){ .dir = dir, .slots = 100, .spool_bytes = 1 << 20, .batch_ms = 5 }, &err);
    int64_t    taken = 0, n = 0;
    for (; n < 1000000 && (n < 5000 || counts(s).failures < 3); n += 50) {
        taken += push_some(s, n, 50);
        usleep(300);
    }
    dd_events_counts c = counts(s);
    bool             suffered = c.failures > 0 && c.pushed == taken && c.pushed + c.dropped == n;
    r.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &r);
    bool recovered = dd_events_flush(s, LONG_MS) && wait_written(s, taken);
    dd_events_close(s, LONG_MS);
    return !suffered ? 1 : !recovered ? 2 : telemetry(dir, "SELECT count(*) FROM events") != taken ? 3 : 0;
}

TEST(files_that_may_not_grow_are_survived)
{
    static const rlim_t limits[] = { 4096, 50000, 150000, 400000 };
    for (size_t i = 0; i < DD_COUNT(limits); i++) {
        const char *dir = sample_dir("events");
        int         status = -1;
        pid_t       child = fork();
        if (child == 0)
            _exit(live_with_small_files(dir, limits[i]));
        waitpid(child, &status, 0);
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), 0, "R3.5: 1 no failure, 2 not back, 3 not all there");
    }
}

TEST(a_removed_database_is_made_again)
{
    const char *dir = sample_dir("events");
    char        path[300];
    dd_events  *s = start(&(dd_events_opts){ .dir = dir });
    push_some(s, 1, 10);
    CHECK(dd_events_flush(s, LONG_MS));
    snprintf(path, sizeof path, "%s/telemetry.db", dir);
    CHECK(unlink(path) == 0);
    push_some(s, 100, 10);
    CHECK(dd_events_flush(s, LONG_MS));
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 10, "those after");
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 10, "those after");
}

TEST(a_removed_folder_is_made_again)
{
    const char *dir = sample_dir("events");
    char        cmd[400];
    dd_events  *s = start(&(dd_events_opts){ .dir = dir });
    push_some(s, 1, 10);
    CHECK(dd_events_flush(s, LONG_MS));
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", dir);
    CHECK(system(cmd) == 0);
    push_some(s, 100, 10);
    CHECK(dd_events_flush(s, LONG_MS));
    CHECK(wait_written(s, 20));
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 10, "those after");
}

TEST(a_locked_database_is_waited_for_elsewhere)
{
    const char *dir = sample_dir("events");
    char        path[300];
    sqlite3    *other;
    dd_events  *s = start(&(dd_events_opts){ .dir = dir, .busy_ms = 20, .batch_ms = 10 });
    push_some(s, 1, 10);
    CHECK(dd_events_flush(s, LONG_MS));
    snprintf(path, sizeof path, "%s/telemetry.db", dir);
    CHECK(sqlite3_open(path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    push_some(s, 100, 200);
    CHECK(dd_events_flush(s, LONG_MS));
    CHECK(wait_down(s));
    CHECK_EQ(counts(s).written, 10, "the others wait");
    CHECK(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(other);
    CHECK(wait_written(s, 210));
    dd_events_close(s, LONG_MS);
}

TEST(a_file_that_is_no_database_is_survived)
{
    const dd_str no_database = DD_STR("no database, but a text that is long enough to be looked at as if it had been a header of one, or more");
    const char *dir = sample_dir("events");
    char        path[300];
    dd_err      err = DD_ERR_INIT;
    snprintf(path, sizeof path, "%s/telemetry.db", dir);
    CHECK_OK(dd_file_replace(path, no_database, 0600, &err));
    dd_events *s = start(&(dd_events_opts){ .dir = dir, .batch_ms = 10 });
    CHECK(wait_down(s));
    push_some(s, 1, 10);
    CHECK(dd_events_flush(s, LONG_MS));
    CHECK_EQ(counts(s).spooled, 10, "kept");
    CHECK(unlink(path) == 0);
    CHECK(wait_written(s, 10));
    dd_events_close(s, LONG_MS);
}

/* ---- dying ---- */

TEST(a_kill_loses_the_queue_at_most_and_breaks_nothing)
{
    const char *dir = sample_dir("events");
    int         out[2];
    CHECK(pipe(out) == 0);
    pid_t child = fork();
    if (child == 0) { /* pushes without end, and says how far it is sure to have come */
        dd_err     err = DD_ERR_INIT;
        dd_events *s = dd_events_open(&(dd_events_opts){ .dir = dir, .batch_ms = 20 }, &err);
        for (int64_t i = 0;; i += 500) {
            push_some(s, i, 500);
            dd_events_flush(s, LONG_MS);
            int64_t sure = i + 500;
            if (write(out[1], &sure, sizeof sure) != sizeof sure)
                _exit(1);
            push_some(s, 1000000 + i, 200); /* may be lost */
        }
    }
    close(out[1]);
    int64_t sure = 0, got;
    while (sure < 5000 && read(out[0], &got, sizeof got) == sizeof got)
        sure = got;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(out[0], &got, sizeof got) == sizeof got)
        sure = got;
    close(out[0]);
    dd_events *s = start(&(dd_events_opts){ .dir = dir });
    push_some(s, 3000000, 1);
    CHECK(dd_events_flush(s, LONG_MS));
    while (counts(s).spool_bytes > 0)
        usleep(1000);
    dd_events_close(s, LONG_MS);
    CHECK(sure >= 5000);
    CHECK_EQ(telemetry(dir, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1, "never corrupts");
    CHECK(telemetry(dir, "SELECT count(*) FROM events WHERE cost_actual < 1000000") >= sure); /* R3.5 */
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM daily_cost_summary"), telemetry(dir, "SELECT count(*) FROM events"), "sums agree");
}

/* ---- many threads ---- */

typedef struct { dd_events *s; int64_t from, n, taken; } pusher;

static void *push_thread(void *arg)
{
    pusher *p = arg;
    for (int64_t i = 0; i < p->n; i += 50) {
        p->taken += push_some(p->s, p->from + i, 50);
        usleep(100);
    }
    return NULL;
}

TEST(threads_may_push_at_once)
{
    const char *dir = sample_dir("events");
    dd_events  *s = start(&(dd_events_opts){ .dir = dir, .slots = 100 });
    pusher      p[4];
    pthread_t   t[4];
    int64_t     taken = 0;
    for (int i = 0; i < 4; i++) {
        p[i] = (pusher){ s, i * 100000, 5000, 0 };
        pthread_create(&t[i], NULL, push_thread, &p[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        taken += p[i].taken;
    }
    CHECK_EQ(counts(s).dropped, 20000 - taken, "each is taken or counted");
    CHECK(wait_written(s, taken));
    CHECK_EQ(counts(s).pushed, taken, "counted");
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), taken, "all");
}

TEST(two_processes_may_share_a_database)
{
    const char *dir = sample_dir("events");
    dd_events  *a = start(&(dd_events_opts){ .dir = dir, .batch_ms = 10 }), *b = start(&(dd_events_opts){ .dir = dir, .batch_ms = 10 });
    for (int64_t i = 0; i < 10; i++) {
        push_some(a, i * 1000, 200);
        push_some(b, 100000 + i * 1000, 200);
    }
    CHECK(wait_written(a, 2000));
    CHECK(wait_written(b, 2000));
    dd_events_close(a, LONG_MS);
    dd_events_close(b, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM hourly_cost_summary"), 4000, "all");
}

/* ---- what is much, what is old ---- */

TEST(a_feature_for_each_request_does_not_fill_the_sums)
{
    const char *dir = sample_dir("events");
    char        name[32];
    dd_events  *s = start(&(dd_events_opts){ .dir = dir });
    enum { N = 14000 };
    for (int64_t i = 0; i < N; i++) {
        dd_event e = sample_event(i);
        snprintf(name, sizeof name, "request %d", (int)i);
        e.feature = dd_str_z(name);
        while (!dd_events_push(s, &e))
            usleep(100);
    }
    CHECK(wait_written(s, N));
    push_some(s, 20000, 5);
    dd_event known = sample_event(30000);
    known.feature = DD_STR("request 3");
    dd_events_push(s, &known);
    dd_events_close(s, LONG_MS);
    CHECK(telemetry(dir, "SELECT count(*) FROM daily_cost_summary") <= DD_ROLLUP_ROWS_A_DAY + 2000); /* P17 */
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM daily_cost_summary"), N + 6, "all are summed");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM hourly_cost_summary"), N + 6, "all are summed");
    CHECK(telemetry(dir, "SELECT request_count FROM daily_cost_summary WHERE feature = '(other)' AND key_id = 'k1'") > 1000);
    CHECK_EQ(telemetry(dir, "SELECT request_count FROM daily_cost_summary WHERE feature = 'request 3'"), 2, "what is there grows");
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events WHERE feature = 'request 13999'"), 1, "events keep their words");
}

TEST(old_events_and_hours_go_and_days_stay)
{
    const char *dir = sample_dir("events");
    int64_t     day = 86400000;
    dd_events  *s = start(&(dd_events_opts){ .dir = dir, .events_days = -1, .hourly_days = -1 });
    for (int64_t i = 0; i < 1300; i++) {
        dd_event e = sample_event(i);
        int64_t  back = i < 1100 ? 31 * day + (i < 600 ? 60 * day : 0) : 29 * day;
        e.time_ms -= back;
        e.id -= back << 21;
        dd_events_push(s, &e);
    }
    CHECK(wait_written(s, 1300));
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 1300, "kept for ever");
    s = start(&(dd_events_opts){ .dir = dir });
    for (int i = 0; i < LONG_MS && telemetry(dir, "SELECT count(*) FROM events") != 200; i++)
        usleep(1000);
    dd_events_close(s, LONG_MS);
    CHECK_EQ(telemetry(dir, "SELECT count(*) FROM events"), 200, "R3.4: 30 days");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM hourly_cost_summary"), 700, "R3.4: 90 days");
    CHECK_EQ(telemetry(dir, "SELECT sum(request_count) FROM daily_cost_summary"), 1300, "days are kept");
}
