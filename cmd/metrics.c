/* cmd/metrics.c - GET /metrics: readings of this process, in a thread that serves nobody else, and their text (report/metrics.h). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/admin.h"
#include "cmd/budgets.h"
#include "report/metrics.h"

/* --- the process --- */

static int64_t count_descriptors(void)
{
    int64_t n = -1;                       /* not where there is no such folder */
    DIR    *d = opendir("/proc/self/fd");
    if (!d)
        return n;
    n = -1;                               /* the folder itself is open, too */
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* "pages resident ..." */
static void read_memory(dd_metrics *m)
{
    dd_buf  text = DD_BUF_INIT(4096);
    int64_t size = -1, resident = -1, page = sysconf(_SC_PAGESIZE);
    if (dd_file_read("/proc/self/statm", &text, NULL) == DD_OK) {
        dd_str rest = dd_buf_str(&text);
        if (!dd_parse_i64(dd_str_cut(&rest, ' '), &size) || !dd_parse_i64(dd_str_cut(&rest, ' '), &resident))
            size = resident = -1;
    }
    m->process.address_space = size < 0 ? -1 : size * page;
    m->process.resident      = resident < 0 ? -1 : resident * page;
    dd_buf_free(&text);
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void read_process(dd_metrics *m)
{
    struct rusage used;
    struct rlimit limit;
    m->process.cpu_s   = getrusage(RUSAGE_SELF, &used) == 0 ? seconds(used.ru_utime) + seconds(used.ru_stime) : -1;
    m->process.fds     = count_descriptors();
    m->process.fds_max = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? (int64_t)limit.rlim_cur : -1;
    read_memory(m);
}

/* --- the proxy --- */

static void read_gateway(dd_metrics *m, dd_gateway *g, const dd_question *q)
{
    dd_gateway_load load = dd_gateway_loaded(g);
    m->version           = dd_gateway_options(g)->version;
    m->meter             = dd_gateway_options(g)->meter;
    m->live              = dd_gateway_live(g);
    m->rule              = &q->s->policy.breaker;
    m->now_ms            = dd_mono_now().ns / 1000000;
    m->under_way         = load.under_way;
    m->connections       = load.connections;
    m->panic             = dd_gateway_panicking(g);
    m->prices            = dd_prices_about(q->s->prices).date;
    m->process.started_s = (double)dd_gateway_started(g).wall_ms / 1000;
}

static void read_told(dd_metrics *m, const dd_told *t, dd_metrics_way *ways)
{
    m->events.on          = t->events.on;
    m->events.queued      = t->events.queued;
    m->events.dropped     = t->events.dropped;
    m->events.spooled     = t->events.spooled;
    m->events.written     = t->events.written;
    m->events.spool_bytes = t->events.spool_bytes;
    m->events.up          = t->events.up;
    m->ways               = ways;
    m->n_ways             = t->n_ways < DD_COUNT(t->ways) ? t->n_ways : DD_COUNT(t->ways);
    for (size_t i = 0; i < m->n_ways; i++)
        ways[i] = (dd_metrics_way){ t->ways[i].name, t->ways[i].sent, t->ways[i].dropped, t->ways[i].failed, t->ways[i].queued, t->ways[i].up };
}

/* --- budgets --- */

/* Users are people: of a budget by user the fullest account alone is told, without a name. Keys go by name; two of one name by their ids. */
static dd_str value_of(const dd_spend_account *v, size_t n, size_t i)
{
    if (v[i].scope == DD_SCOPE_USER)
        return DD_STR("(fullest)");
    if (!v[i].shown.len)
        return v[i].value;
    for (size_t k = 0; k < n; k++)
        if (k != i && dd_str_eq(v[k].name, v[i].name) && dd_str_eq(v[k].shown, v[i].shown))
            return v[i].value;
    return v[i].shown;
}

static void read_budgets(dd_metrics *m, const dd_book *book, dd_arena *arena)
{
    size_t                  n;
    const dd_spend_account *v   = dd_book_accounts(book, &n);
    dd_metrics_budget      *out = dd_newn(arena, dd_metrics_budget, n + 1);
    m->budgets                  = out;
    for (size_t i = 0; i < n; i++) {
        bool known = v[i].outlook.kind != DD_OUTLOOK_NONE;
        if (!v[i].open && v[i].configured)
            out[m->n_budgets++] = (dd_metrics_budget){ .budget = v[i].name, .scope = dd_str_z(dd_budget_scope_name(v[i].scope)),
                                                       .value = value_of(v, n, i), .limit = v[i].limit, .spent = v[i].spent, .reserved = v[i].reserved,
                                                       .projected = known ? v[i].outlook.projection : DD_PUSD_UNKNOWN };
    }
}

int dd_answer_metrics(dd_question *q)
{
    dd_gateway     *g     = q->ask->gateway;
    const dd_hooks *hooks = dd_gateway_hooks(g);
    dd_metrics     *m     = dd_new(q->arena, dd_metrics);
    dd_told         told  = { .n_ways = 0 };
    dd_metrics_way  ways[DD_COUNT(told.ways)];
    dd_book        *book  = NULL;
    if (!q->s || !dd_gateway_options(g)->meter)
        return dd_answer_error(q, 503, NULL, "starting", "nothing is counted yet");
    if (hooks->tell)
        hooks->tell(hooks->ctx, &told);
    read_gateway(m, g, q);
    read_told(m, &told, ways);
    read_process(m);
    if (q->s->budgets.n) {
        book = dd_book_join(q->dir, q->s, q->ledger, q->now_s);
        read_budgets(m, book, q->arena);
    }
    dd_metrics_write(m, q->ask->open_metrics, q->arena, q->out);
    dd_book_close(book);
    return 200;
}
