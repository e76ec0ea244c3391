/* bench/store_bench.c - what events cost: a push, and a row with its sums (bench/store.sh).
 *
 * store_bench DIR push       nanoseconds of a push, the store working
 * store_bench DIR slow       the same with a store that takes 5 s a transaction
 * store_bench DIR seen       from a push to the event's coming out of `dd0c tail -f`, a push each 37 ms
 * store_bench DIR ingest N   events a second into telemetry.db, N events, as fast as it takes them
 * store_bench DIR traced N   the same when each came with a trace of its client's
 * store_bench DIR storm N    N events from four threads at 50,000 a second together, while one reader asks for sums each 100 ms and one follows as
 *                            `dd0c tail -f` does: what was dropped, and whether anybody was refused. Exit status 1: something was */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/time.h"
#include "store/dims.h"
#include "store/events.h"
#include "store/query.h"

enum { SAMPLES = 200000 };

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static dd_event make(int64_t i, int64_t time_ms)
{
    static const dd_attempt try = { DD_STR("openai"), DD_STR("gpt-4o-mini-2024-07-18"), 200, DD_EC_NONE, 20, 400000, 900000,
                                    { 812, 128, 0, 0, 96 }, 199200000 };
    static const dd_str     features[] = { DD_STR("search"), DD_STR("support-desk"), DD_STR("summary"), DD_STR("classify"), DD_STR("chat") };
    static const dd_str     teams[] = { DD_STR("core"), DD_STR("growth"), DD_STR("data") };
    time_ms += i / 64;
    return (dd_event){
        .id = (time_ms - DD_EVENT_EPOCH_MS) << 21 | (i % 8192), .time_ms = time_ms, .org = DD_STR("default"),
        .key_id = DD_STR("aB3dE5gH7jK9"), .user = DD_STR("user-17"), .feature = features[i % 5], .team = teams[i % 3], .env = DD_STR("production"), .task = DD_STR("chat"), .strategy = DD_STR("passthrough"),
        .endpoint = DD_STR("chat.completions"), .requested_model = DD_STR("gpt-4o-mini"),
        .used_model = DD_STR("gpt-4o-mini-2024-07-18"), .provider = DD_STR("openai"), .stream = true, .status = 200, .usage = { 812, 128, 0, 0, 96 }, .reasoning_tokens = -1, .usage_source = DD_USAGE_REPORTED,
        .cost_original = 199200000, .cost_actual = 199200000, .cost_saved = 0, .prices = 20770, .first_us = 400000, .total_us = 900000, .overhead_us = 60, .queue_us = 3,
        .bytes_in = 4000, .bytes_out = 9000, .retries = 0, .attempts = &try, .n_attempts = 1,
        .complexity = DD_STR("low"), .score = 0.2, .cost_premium = 199200000,
    };
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int slow(void *ctx)
{
    const struct timespec t = { 5, 0 };
    (void)ctx;
    nanosleep(&t, NULL);
    return 0;
}

static void say_counts(const dd_events *s)
{
    dd_events_counts c;
    dd_events_count(s, &c);
    printf("  pushed %lld, dropped %lld, spooled %lld, written %lld, failures %lld\n", (long long)c.pushed, (long long)c.dropped,
           (long long)c.spooled, (long long)c.written, (long long)c.failures);
}

/* 15,000 a second, the proxy's bar, each push timed. */
static void push(const char *dir, bool is_slow)
{
    static int64_t took[SAMPLES];
    dd_err         err = DD_ERR_INIT;
    dd_events     *s = dd_events_open(&(dd_events_opts){ .dir = dir, .fault = is_slow ? slow : NULL }, &err);
    int64_t        start_ms = now_ms(), begin = dd_mono_now().ns;
    if (s == NULL)
        exit(1);
    for (int64_t i = 0; i < SAMPLES; i++) {
        dd_event e = make(i, start_ms);
        if (i % 15 == 0)
            while (dd_mono_now().ns < begin + i * 66667)
                nanosleep(&(struct timespec){ 0, 50000 }, NULL);
        int64_t t = dd_mono_now().ns;
        dd_events_push(s, &e);
        took[i] = dd_mono_now().ns - t;
    }
    double seconds = (double)(dd_mono_now().ns - begin) / 1e9;
    qsort(took, SAMPLES, sizeof *took, by_size);
    printf("push, %s: %.0f/s, p50 %lld ns, p99 %lld ns, p99.9 %lld ns, worst %lld us\n", is_slow ? "store takes 5 s a transaction" : "store working",
           SAMPLES / seconds, (long long)took[SAMPLES / 2], (long long)took[SAMPLES / 100 * 99], (long long)took[SAMPLES / 1000 * 999],
           (long long)took[SAMPLES - 1] / 1000);
    say_counts(s);
    dd_events_close(s, 1);
}

static int64_t pushed_ns[400], seen_ns[400];

static void seen_one(void *ctx, const dd_event *e)
{
    (void)ctx;
    seen_ns[e->bytes_in] = dd_mono_now().ns - pushed_ns[e->bytes_in];
}

static void seen(const char *dir)
{
    enum { N = DD_COUNT(seen_ns), EACH_MS = 37, POLL_MS = 50 };
    dd_err     err = DD_ERR_INIT;
    dd_events *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    dd_query  *q = dd_query_new(dir);
    int64_t    start_ms = now_ms(), n = 0;
    if (s == NULL)
        exit(1);
    for (int64_t ms = 0; ms < N * EACH_MS + 1500; ms = now_ms() - start_ms) {
        for (; n < N && ms >= n * EACH_MS; n++) {
            dd_event e = make(n * 64, start_ms);
            e.bytes_in = n;
            pushed_ns[n] = dd_mono_now().ns;
            dd_events_push(s, &e);
        }
        if (ms % POLL_MS == 0)
            dd_query_more(q, seen_one, NULL, &err);
        nanosleep(&(struct timespec){ 0, 500000 }, NULL);
    }
    qsort(seen_ns, N, sizeof *seen_ns, by_size);
    printf("seen by tail -f after: p50 %lld ms, p99 %lld ms, worst %lld ms, never %s\n", (long long)seen_ns[N / 2] / 1000000,
           (long long)seen_ns[N / 100 * 99] / 1000000, (long long)seen_ns[N - 1] / 1000000, seen_ns[0] == 0 ? "some" : "none");
    dd_query_free(q);
    dd_events_close(s, 1000);
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Random, as those of tracing libraries are. */
static void name_trace(dd_event *e, char trace[33], char span[17])
{
    static uint64_t state = 1;
    uint64_t        words[3];
    for (size_t i = 0; i < DD_COUNT(words); i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        words[i] = state * UINT64_C(0x2545f4914f6cdd1d);
    }
    snprintf(trace, 33, "%016llx%016llx", (unsigned long long)words[0], (unsigned long long)words[1]);
    snprintf(span, 17, "%016llx", (unsigned long long)words[2]);
    e->trace_id    = (dd_str){ trace, 32 };
    e->parent_span = (dd_str){ span, 16 };
}

static void ingest(const char *dir, int64_t n, bool traced)
{
    char trace[33], span[17];
    dd_err     err = DD_ERR_INIT;
    dd_events *s = dd_events_open(&(dd_events_opts){ .dir = dir, .spool_bytes = -1, .slots = 4096 }, &err);
    int64_t    start_ms = now_ms(), begin = dd_mono_now().ns;
    double     cpu = cpu_us();
    if (s == NULL)
        exit(1);
    for (int64_t i = 0; i < n; i++) {
        dd_event e = make(i, start_ms);
        if (traced)
            name_trace(&e, trace, span);
        while (!dd_events_push(s, &e))
            nanosleep(&(struct timespec){ 0, 200000 }, NULL);
    }
    dd_events_flush(s, 600000);
    double seconds = (double)(dd_mono_now().ns - begin) / 1e9;
    printf("ingest%s: %lld events with sums in %.2f s: %.0f/s, %.2f us of processor time each\n", traced ? " of a client's traces" : "", (long long)n, seconds,
           (double)n / seconds, (cpu_us() - cpu) / (double)n);
    dd_events_close(s, 60000);
}

/* ---- the storm ---- */

enum { PUSHERS = 4, PUSHES_A_SECOND = 50000 };
typedef struct { dd_events *s; int64_t n, start_ms; int thread; } pusher;
typedef struct { const char *dir; _Atomic bool *over; int64_t asked, refused, worst_ns, events; } reader;

static void *push_thread(void *arg)
{
    const pusher *p = arg;
    int64_t       begin = dd_mono_now().ns;
    for (int64_t i = 0; i < p->n; i++) {
        dd_event e = make(i, p->start_ms);
        e.id |= (int64_t)p->thread << 13;
        dd_events_push(p->s, &e);
        if (i % 50 == 0)
            while (dd_mono_now().ns < begin + i * PUSHERS * (1000000000 / PUSHES_A_SECOND))
                nanosleep(&(struct timespec){ 0, 200000 }, NULL);
    }
    return NULL;
}

static void note(reader *r, dd_code rc, const dd_err *err, int64_t begin)
{
    int64_t took = dd_mono_now().ns - begin;
    r->asked++;
    r->worst_ns = took > r->worst_ns ? took : r->worst_ns;
    if (rc != DD_OK && rc != DD_ERR_NOT_FOUND && r->refused++ == 0)
        printf("  refused: %s\n", err->msg);
}

static void no_row(void *ctx, const dd_dims_row *row) { (void)ctx; (void)row; }
static void no_event(void *ctx, const dd_event *e) { (void)e; ++*(int64_t *)ctx; }

static void *ask_thread(void *arg)
{
    reader  *r = arg;
    dd_dims *d = dd_dims_new(r->dir);
    for (int dim = 0; !atomic_load(r->over); dim = (dim + 1) % DD_DIM_COUNT) {
        dd_err  err = DD_ERR_INIT;
        dd_hist h = {0};
        int64_t begin = dd_mono_now().ns;
        dd_code rc = dd_dims_read(d, &(dd_dims_ask){ (dd_dim)dim, .daily = dim % 2 }, no_row, NULL, &err);
        if (rc == DD_OK)
            rc = dd_dims_latency(d, DD_LATENCY_TOTAL, DD_STR_NULL, false, 0, 0, &h, &err);
        note(r, rc, &err, begin);
        nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
    }
    dd_dims_free(d);
    return NULL;
}

static void *follow_thread(void *arg)
{
    reader   *r = arg;
    dd_query *q = dd_query_new(r->dir);
    for (bool last = false; !last;) {
        dd_err  err = DD_ERR_INIT;
        int64_t begin = dd_mono_now().ns;
        last = atomic_load(r->over);
        note(r, dd_query_more(q, no_event, &r->events, &err), &err, begin);
        nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
    }
    dd_query_free(q);
    return NULL;
}

static int storm(const char *dir, int64_t n)
{
    dd_err           err = DD_ERR_INIT;
    dd_events_counts c;
    _Atomic bool     over = false;
    pusher           p[PUSHERS];
    pthread_t        t[PUSHERS], asking, following;
    reader           asker = { dir, &over }, follower = { dir, &over };
    dd_events       *s = dd_events_open(&(dd_events_opts){ .dir = dir }, &err);
    int64_t          start_ms = now_ms(), begin = dd_mono_now().ns;
    if (s == NULL)
        exit(1);
    pthread_create(&asking, NULL, ask_thread, &asker);
    pthread_create(&following, NULL, follow_thread, &follower);
    for (int i = 0; i < PUSHERS; i++) {
        p[i] = (pusher){ s, n / PUSHERS, start_ms, i };
        pthread_create(&t[i], NULL, push_thread, &p[i]);
    }
    for (int i = 0; i < PUSHERS; i++)
        pthread_join(t[i], NULL);
    double pushing = (double)(dd_mono_now().ns - begin) / 1e9;
    for (dd_events_count(s, &c); c.written + c.dropped + c.bad < c.pushed + c.dropped && dd_mono_now().ns < begin + 600000000000; dd_events_count(s, &c))
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    double writing = (double)(dd_mono_now().ns - begin) / 1e9;
    atomic_store(&over, true);
    pthread_join(asking, NULL);
    pthread_join(following, NULL);
    printf("storm: %.0f/s pushed by %d threads, all written after %.1f s: %.0f/s\n", (double)(c.pushed + c.dropped) / pushing, PUSHERS, writing,
           (double)c.written / writing);
    say_counts(s);
    printf("  sums asked %lld times, refused %lld, worst %.1f ms; followed %lld times, refused %lld, %lld of %lld events seen\n", (long long)asker.asked,
           (long long)asker.refused, (double)asker.worst_ns / 1e6, (long long)follower.asked, (long long)follower.refused, (long long)follower.events,
           (long long)c.written);
    dd_events_close(s, 60000);
    return c.dropped + c.failures + asker.refused + follower.refused + (c.written - follower.events) != 0;
}

int main(int argc, char **argv)
{
    int64_t n = 500000;
    if (argc < 3)
        return 2;
    if (argc > 3 && !dd_parse_i64(dd_str_z(argv[3]), &n))
        return 2;
    if (strcmp(argv[2], "ingest") == 0 || strcmp(argv[2], "traced") == 0)
        ingest(argv[1], n, argv[2][0] == 't');
    else if (strcmp(argv[2], "seen") == 0)
        seen(argv[1]);
    else if (strcmp(argv[2], "storm") == 0)
        return storm(argv[1], n);
    else
        push(argv[1], strcmp(argv[2], "slow") == 0);
    return 0;
}
