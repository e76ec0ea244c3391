/* bench/views.c - how long views wait for the store, over the database that bench/history.c makes.
 *
 *   views DIR
 *
 * Milliseconds of each question: right after opening (the connection's memory is empty, the system's is not), and the median and worst of RUNS after
 * that; the same median in processor time, for a machine that others use. What is over BAR_MS in processor time is marked, and the exit status is 1.
 * Ends of periods are those of the history, not of the clock. */
#include <stdio.h>
#include <time.h>

#include "base/time.h"
#include "store/dims.h"

enum { RUNS = 21, BAR_MS = 20, HOUR_S = 3600, DAY_S = 86400 };

static const struct { const char *name; bool daily; int64_t length_s; } periods[] = {
    { "1h", false, HOUR_S }, { "24h", false, DAY_S }, { "7d", true, 7 * DAY_S }, { "30d", true, 30 * DAY_S }, { "90d", true, 90 * DAY_S },
};

typedef struct { size_t rows; int64_t requests, last_s; } seen;

static void see(void *ctx, const dd_dims_row *r)
{
    seen *s = ctx;
    s->rows++;
    s->requests += r->requests;
    s->last_s = r->period_s;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct question { const char *what; dd_dims_ask ask; int latency; /* kind, or -1 */ bool version; } question;

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

typedef struct { double wall, cpu; } took;

static took time_one(dd_dims *d, const question *q, seen *s)
{
    dd_err  err = DD_ERR_INIT;
    dd_hist h = {0};
    dd_code rc = DD_OK;
    int64_t t = dd_mono_now().ns;
    double  cpu = cpu_ms();
    *s = (seen){0};
    if (q->version)
        s->requests = dd_dims_version(d) & 0xffff;
    else if (q->latency >= 0) {
        rc = dd_dims_latency(d, (dd_latency_kind)q->latency, DD_STR_NULL, q->ask.daily, q->ask.from_s, 0, &h, &err);
        s->requests = h.n;
    } else
        rc = dd_dims_read(d, &q->ask, see, s, &err);
    took all = { (double)(dd_mono_now().ns - t) / 1e6, cpu_ms() - cpu };
    if (rc != DD_OK) {
        fprintf(stderr, "%s\n", err.msg);
        exit(3);
    }
    return all;
}

static bool measure(const char *dir, const question *q, const char *period)
{
    double   wall[RUNS], cpu[RUNS];
    seen     s;
    dd_dims *d = dd_dims_new(dir);
    took     first = time_one(d, q, &s);
    for (int i = 0; i < RUNS; i++) {
        took t = time_one(d, q, &s);
        wall[i] = t.wall;
        cpu[i] = t.cpu;
    }
    dd_dims_free(d);
    qsort(wall, RUNS, sizeof *wall, by_size);
    qsort(cpu, RUNS, sizeof *cpu, by_size);
    bool over = cpu[RUNS / 2] > BAR_MS || first.cpu > BAR_MS;
    printf("%-12s %-4s %6zu rows %10lld requests   first %7.2f ms (processor %6.2f)   p50 %7.2f (%6.2f)   worst %7.2f%s\n", q->what, period, s.rows,
           (long long)s.requests, first.wall, first.cpu, wall[RUNS / 2], cpu[RUNS / 2], wall[RUNS - 1], over ? "   OVER" : "");
    return over;
}

int main(int argc, char **argv)
{
    static const char *const kinds[DD_LATENCY_COUNT] = { "latency", "first", "overhead" };
    seen     s;
    int      over = 0;
    question all = { "", { DD_DIM_TOTAL, .by_period = true }, -1, false };
    if (argc < 2)
        return 2;
    dd_dims *d = dd_dims_new(argv[1]);
    time_one(d, &all, &s);
    dd_dims_free(d);
    int64_t end_s = s.last_s + HOUR_S;
    for (size_t p = 0; p < DD_COUNT(periods); p++) {
        int64_t unit = periods[p].daily ? DAY_S : HOUR_S, from_s = (end_s + unit - 1) / unit * unit - periods[p].length_s;
        for (int dim = 0; dim < DD_DIM_COUNT; dim++) {
            question q = { dim == DD_DIM_TOTAL ? "summary" : dd_dim_name((dd_dim)dim), { (dd_dim)dim, .daily = periods[p].daily, .from_s = from_s }, -1, false };
            over += measure(argv[1], &q, periods[p].name);
        }
        question series = { "series", { DD_DIM_TOTAL, .daily = periods[p].daily, .from_s = from_s, .by_period = true }, -1, false };
        question teams = { "team series", { DD_DIM_TEAM, .daily = periods[p].daily, .from_s = from_s, .by_period = true }, -1, false };
        question user = { "one user", { DD_DIM_USER, .daily = periods[p].daily, .from_s = from_s, .value = DD_STR("u-1007") }, -1, false };
        over += measure(argv[1], &series, periods[p].name) + measure(argv[1], &teams, periods[p].name) + measure(argv[1], &user, periods[p].name);
        for (int kind = 0; kind < DD_LATENCY_COUNT; kind++) {
            question q = { kinds[kind], { .daily = periods[p].daily, .from_s = from_s }, kind, false };
            over += measure(argv[1], &q, periods[p].name);
        }
    }
    over += measure(argv[1], &(question){ "version", { 0 }, -1, true }, "");
    return over != 0;
}
