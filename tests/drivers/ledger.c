/* The ledger of budgets under load and under SIGKILL. tests/ledger.py compiles and judges it.
 *
 *   ledger bench DIR                              nanoseconds of a reservation and its settlement over three accounts
 *   ledger storm DIR SEED PROCESSES THREADS HOLDS KILLS
 *                                                 processes * threads * holds requests under way at once, processes killed amid it
 *   ledger steps DIR                              stops a reservation after every single instruction and looks at what a kill would leave there */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "store/ledger.h"
#include "store/ledger_parts.h"

enum { KEYS = 7, MAX_THREADS = 1024, NOW_MS = 1000000000 };

static void fail(const char *why, long long a, long long b)
{
    fprintf(stderr, "ledger: %s: %lld, %lld\n", why, a, b);
    _exit(1);
}

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13, *s ^= *s >> 7, *s ^= *s << 17;
    return *s;
}

/* 0: all; 1: full from the start; 2..: a key each. */
static dd_budget budgets[2 + KEYS];
static char      names[2 + KEYS][16];

static dd_account account(int i)
{
    dd_account a = { .budget = &budgets[i], .value = dd_str_z(names[i]), .from_s = 0, .to_s = INT64_MAX };
    a.id         = dd_budget_id(a.budget, a.value, 0);
    return a;
}

static void set_up(dd_pusd all, dd_pusd key)
{
    for (int i = 0; i < 2 + KEYS; i++) {
        snprintf(names[i], sizeof names[i], "b%d", i);
        budgets[i] = (dd_budget){ .name = dd_str_z(names[i]), .scope = DD_SCOPE_KEY, .period = DD_PERIOD_TOTAL };
        budgets[i].limit = i == 0 ? all : i == 1 ? 0 : key;
    }
}

static dd_ledger *open_at(const char *dir, size_t accounts, size_t slots)
{
    dd_err err = DD_ERR_INIT;
    char   path[512];
    snprintf(path, sizeof path, "%s/ledger", dir);
    dd_ledger *l = dd_ledger_open(&(dd_ledger_opts){ .path = path, .accounts = accounts, .reservations = slots }, &err);
    if (l == NULL) {
        fprintf(stderr, "ledger: %s\n", err.msg);
        exit(1);
    }
    return l;
}

static dd_ledger_row row_of(const dd_ledger *l, int i)
{
    dd_ledger_row r = { 0 };
    dd_account    a = account(i);
    (void)dd_ledger_look(l, &a, &r);
    return r;
}

/* --- bench --- */

static int bench(const char *dir)
{
    enum { N = 1000000 };
    set_up(INT64_MAX / 2, INT64_MAX / 2);
    dd_ledger       *l    = open_at(dir, 0, 0);
    dd_account       v[3] = { account(0), account(2), account(3) };
    dd_ledger_verdict verdict;
    double            best = 1e9;
    for (int round = 0; round < 5; round++) {
        int64_t from = dd_mono_now().ns;
        for (int i = 0; i < N; i++) {
            dd_hold h;
            if (!dd_ledger_reserve(l, v, 3, 1000, NOW_MS, &h, &verdict))
                fail("refused", i, 0);
            dd_ledger_settle(l, h, v, 3, 10);
        }
        double ns = (double)(dd_mono_now().ns - from) / N;
        best      = ns < best ? ns : best;
    }
    printf("{\"reserve_and_settle_ns\": %.0f, \"accounts\": 3}\n", best);
    dd_ledger_close(l);
    return 0;
}

/* --- storm --- */

/* What a thread was about to settle, and has: in memory that outlives it. */
typedef struct {
    _Atomic int64_t settled[2 + KEYS], going;
    _Atomic int     key;
    _Atomic int64_t requests, refused, false_refusals;
} journal;
typedef struct { dd_ledger *l; journal *j; uint64_t seed; int holds; _Atomic bool *stop; dd_pusd limit, amount; } worker;
typedef struct { dd_hold h; int key; dd_pusd amount; } request;

static void settle(worker *w, request *r)
{
    dd_account v[2] = { account(0), account(r->key) };
    uint64_t   x    = next_random(&w->seed);
    if (x % 4 == 0) {
        dd_ledger_release(w->l, r->h);
    } else {
        dd_pusd actual = (dd_pusd)(x % (uint64_t)r->amount) + 1;
        atomic_store(&w->j->key, r->key);
        atomic_store(&w->j->going, actual);
        dd_ledger_settle(w->l, r->h, v, 2, actual);
        atomic_fetch_add(&w->j->settled[0], actual);
        atomic_fetch_add(&w->j->settled[r->key], actual);
        atomic_store(&w->j->going, 0);
    }
    r->h.turn = 0;
}

static void ask(worker *w, request *r)
{
    uint64_t          x = next_random(&w->seed);
    int               key = 2 + (int)(x % KEYS);
    bool              doomed = x >> 8 & 1;
    dd_account        v[3] = { account(0), account(key), account(1) };
    dd_ledger_verdict verdict;
    r->key    = key;
    r->amount = w->amount;
    if (dd_ledger_reserve(w->l, v, doomed ? 3 : 2, w->amount, NOW_MS, &r->h, &verdict)) {
        if (doomed)
            fail("an account without room let one in", 0, 0);
        atomic_fetch_add(&w->j->requests, 1);
        return;
    }
    r->h.turn = 0;
    atomic_fetch_add(&w->j->refused, 1);
    if (verdict.refused == SIZE_MAX)
        fail("no slot", 0, 0);
    if (!doomed && verdict.spent + verdict.reserved + w->amount <= w->limit)
        atomic_fetch_add(&w->j->false_refusals, 1);
}

static void *work(void *arg)
{
    worker  *w = arg;
    request *r = calloc((size_t)w->holds, sizeof *r);
    while (!atomic_load(w->stop)) {
        request *one = &r[next_random(&w->seed) % (uint64_t)w->holds];
        if (one->h.turn != 0)
            settle(w, one);
        else
            ask(w, one);
    }
    for (int i = 0; i < w->holds; i++)
        if (r[i].h.turn != 0)
            dd_ledger_release(w->l, r[i].h);
    free(r);
    return NULL;
}

static _Atomic bool told_to_stop;
static void on_term(int n) { (void)n; atomic_store(&told_to_stop, true); }

static void process(const char *dir, journal *j, uint64_t seed, int threads, int holds, dd_pusd limit, dd_pusd amount)
{
    pthread_t *t = calloc((size_t)threads, sizeof *t);
    worker    *w = calloc((size_t)threads, sizeof *w);
    signal(SIGTERM, on_term);
    dd_ledger *l = open_at(dir, 64, 4096);
    for (int i = 0; i < threads; i++) {
        w[i] = (worker){ l, &j[i], seed * 7919 + (uint64_t)i + 1, holds, &told_to_stop, limit, amount };
        if (pthread_create(&t[i], NULL, work, &w[i]) != 0)
            fail("no thread", i, 0);
    }
    for (int i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
    dd_ledger_close(l);
    _exit(0);
}

static void never_over(const dd_ledger *l)
{
    for (int i = 0; i < 2 + KEYS; i++) {
        dd_ledger_row r = row_of(l, i);
        if (r.spent + r.reserved > budgets[i].limit)
            fail("over the limit", r.spent + r.reserved, budgets[i].limit);
    }
}

/* Those that were killed while they settled have settled whole or not at all: some choice of them explains every account at once. */
static bool explained(const int64_t *missing, journal *const *open, int n, int64_t *left)
{
    for (uint32_t set = 0; set < UINT32_C(1) << n; set++) {
        memcpy(left, missing, (2 + KEYS) * sizeof *left);
        for (int i = 0; i < n; i++)
            if (set >> i & 1) {
                left[0] -= atomic_load(&open[i]->going);
                left[atomic_load(&open[i]->key)] -= atomic_load(&open[i]->going);
            }
        bool all = true;
        for (int i = 0; i < 2 + KEYS; i++)
            all = all && left[i] == 0;
        if (all)
            return true;
    }
    return false;
}

static void judge(const dd_ledger *l, journal *j, int n)
{
    int64_t  missing[2 + KEYS], left[2 + KEYS], requests = 0, refused = 0, wrong = 0;
    journal *open[20];
    int      n_open = 0;
    for (int i = 0; i < 2 + KEYS; i++) {
        dd_ledger_row r = row_of(l, i);
        if (r.reserved != 0)
            fail("leaked", i, r.reserved);
        missing[i] = r.spent;
        for (int k = 0; k < n; k++)
            missing[i] -= atomic_load(&j[k].settled[i]);
    }
    for (int k = 0; k < n; k++) {
        requests += atomic_load(&j[k].requests);
        refused += atomic_load(&j[k].refused);
        wrong += atomic_load(&j[k].false_refusals);
        if (atomic_load(&j[k].going) != 0 && n_open < 20)
            open[n_open++] = &j[k];
    }
    if (!explained(missing, open, n_open, left))
        fail("spent is not what was settled", missing[0], n_open);
    if (wrong != 0)
        fail("refused while there was room", wrong, refused);
    printf("{\"requests\": %lld, \"refused\": %lld, \"killed_while_settling\": %d, \"spent\": %lld}\n", (long long)requests, (long long)refused,
           n_open, (long long)row_of(l, 0).spent);
}

static int storm(const char *dir, uint64_t seed, int processes, int threads, int holds, int kills)
{
    /* Room for all but a tenth of what may be under way: some are refused, and none that need not be is. */
    enum { AMOUNT = 1000000 };
    int      all = processes * threads * holds, slots = (processes + kills) * threads;
    dd_pusd  limit = (dd_pusd)AMOUNT * all * 1000;
    journal *j = mmap(NULL, (size_t)slots * sizeof *j, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t   *p = calloc((size_t)processes, sizeof *p);
    set_up(limit, limit / KEYS);
    dd_ledger *l = open_at(dir, 64, 4096);
    int        used = 0;
    for (int i = 0; i < processes; i++, used += threads)
        if ((p[i] = fork()) == 0)
            process(dir, &j[used], seed + (uint64_t)used, threads, holds, limit, AMOUNT);
    for (int k = 0; k < kills; k++, used += threads) {
        int victim = (int)(next_random(&seed) % (uint64_t)processes), status;
        for (int i = 0; i < 20; i++) {
            nanosleep(&(struct timespec){ .tv_nsec = 500000 + (long)(next_random(&seed) % 500000) }, NULL);
            never_over(l);
        }
        kill(p[victim], SIGKILL);
        waitpid(p[victim], &status, 0);
        if (!WIFSIGNALED(status))
            fail("a worker ended by itself", status, 0);
        dd_ledger_reclaim(l, NOW_MS);
        never_over(l);
        if ((p[victim] = fork()) == 0)
            process(dir, &j[used], seed + (uint64_t)used, threads, holds, limit, AMOUNT);
    }
    for (int i = 0; i < 20; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        never_over(l);
    }
    for (int i = 0; i < processes; i++) {
        int status;
        kill(p[i], i % 2 == 0 && kills > 0 ? SIGKILL : SIGTERM);
        waitpid(p[i], &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
            fail("a worker failed", WEXITSTATUS(status), 0);
    }
    dd_ledger_reclaim(l, NOW_MS);
    judge(l, j, slots);
    dd_ledger_close(l);
    return 0;
}

/* --- steps --- */

static void copy_file(const char *dir, const void *bytes, size_t n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/copy", dir);
    if (dd_dir_make(path, NULL) != DD_OK)
        fail("no folder", 0, 0);
    snprintf(path, sizeof path, "%s/copy/ledger", dir);
    if (dd_file_replace(path, (dd_str){ bytes, n }, 0600, NULL) != DD_OK)
        fail("no copy", 0, 0);
}

/* What a kill at this point leaves: others work on, then all is given back, and each account has all of the request or none has any. */
static int after_kill(const char *dir, const void *bytes, size_t n, bool others_first)
{
    char path[512];
    copy_file(dir, bytes, n);
    snprintf(path, sizeof path, "%s/copy", dir);
    dd_account        v[3] = { account(0), account(2), account(3) };
    dd_ledger        *l    = NULL;
    dd_ledger_verdict verdict;
    dd_pusd           mine = 0;
    if (others_first) { /* a file without its owner's lock: opening would clear it, so the dead one is made to look alive until the others are done */
        l = open_at(path, 64, 64);
    } else {
        l = open_at(path, 64, 64);
    }
    for (int i = 0; i < 3; i++) {
        dd_hold h;
        if (!dd_ledger_reserve(l, v, 3, 300, NOW_MS, &h, &verdict))
            fail("no room after a kill", i, verdict.reserved);
        dd_ledger_settle(l, h, v, 3, 7);
        mine += 7;
    }
    dd_ledger_reclaim(l, NOW_MS);
    dd_pusd spent = row_of(l, 0).spent - mine;
    for (int i = 0; i < 3; i++) {
        dd_ledger_row r = row_of(l, i == 0 ? 0 : i + 1);
        if (r.reserved != 0 || r.spent - mine != spent)
            fail("half a settlement, or a leak", r.spent - mine, r.reserved);
    }
    if (spent != 0 && spent != 41)
        fail("spent what nobody spent", spent, 0);
    if (dd_ledger_note(l)[0] != '\0')
        fail(dd_ledger_note(l), 0, 0);
    dd_ledger_close(l);
    return spent != 0;
}

static void one_request(dd_ledger *l)
{
    dd_account        v[3] = { account(0), account(2), account(3) }, full[3] = { account(0), account(2), account(1) };
    dd_ledger_verdict verdict;
    dd_hold           h;
    if (!dd_ledger_reserve(l, v, 3, 100, NOW_MS, &h, &verdict))
        _exit(3);
    dd_ledger_settle(l, h, v, 3, 41);
    if (dd_ledger_reserve(l, full, 3, 100, NOW_MS, &h, &verdict) || !dd_ledger_reserve(l, v, 3, 50, NOW_MS, &h, &verdict))
        _exit(4);
    dd_ledger_release(l, h);
}

static int steps(const char *dir)
{
    int  status, n = 0, states = 0, charged = 0;
    char path[512];
    set_up(1000000, 1000000);
    dd_ledger *l = open_at(dir, 64, 64);
    for (int i = 0; i < 4; i++) { /* the accounts are there */
        dd_account a = account(i);
        (void)ledger_find_or_make(l, &a);
    }
    size_t bytes = l->bytes;
    char  *last  = calloc(1, bytes);
    void  *map   = l->head;
    pid_t  p     = fork();
    if (p == 0) { /* goes on with the parent's handle */
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(9);
        raise(SIGSTOP);
        one_request(l);
        _exit(0);
    }
    waitpid(p, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 9) {
        printf("{\"skipped\": \"ptrace is not allowed here\"}\n");
        return 0;
    }
    for (; WIFSTOPPED(status); n++) {
        if (memcmp(last, map, bytes) != 0) {
            memcpy(last, map, bytes);
            charged += after_kill(dir, last, bytes, false);
            states++;
        }
        if (ptrace(PTRACE_SINGLESTEP, p, NULL, NULL) != 0)
            fail("could not step", errno, n);
        waitpid(p, &status, 0);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("the request failed", status, n);
    snprintf(path, sizeof path, "%s/copy/ledger", dir);
    unlink(path);
    printf("{\"instructions\": %d, \"states\": %d, \"charged\": %d}\n", n, states, charged);
    dd_ledger_close(l);
    free(last);
    return 0;
}

int main(int argc, char **argv)
{
    int64_t n[5] = { 0 };
    for (int i = 3; i < argc && i < 8; i++)
        if (!dd_parse_i64(dd_str_z(argv[i]), &n[i - 3]))
            return 2;
    if (argc == 3 && strcmp(argv[1], "bench") == 0)
        return bench(argv[2]);
    if (argc == 3 && strcmp(argv[1], "steps") == 0)
        return steps(argv[2]);
    if (argc == 8 && strcmp(argv[1], "storm") == 0)
        return storm(argv[2], (uint64_t)n[0] + 88172645463325252u, (int)n[1], (int)n[2], (int)n[3], (int)n[4]);
    return 2;
}
