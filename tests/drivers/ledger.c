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
    /* The full one stands behind all others, so that what asks for it holds them for a moment. */
    for (int n = 0; account(1).id % 64 < 60; n++) {
        snprintf(names[1], sizeof names[1], "full%d", n);
        budgets[1].name = dd_str_z(names[1]);
    }
    for (int i = 0; i < 2 + KEYS; i++)
        for (int n = 0; i != 1 && account(i).id % 64 > 50; n++) {
            snprintf(names[i], sizeof names[i], "b%d.%d", i, n);
            budgets[i].name = dd_str_z(names[i]);
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

/* What the limits are. ROOMY: there is always room. EXACT: half of the threads have room for what they may hold and not a picodollar more, and
 * hold nearly all of it all the time, the other half asks for what it cannot get. SCARCE: it is spent to the end. */
typedef enum { ROOMY, EXACT, SCARCE, KINDS } kind;

/* What a thread was about to settle, and has: in memory that outlives it. */
typedef struct {
    _Atomic int64_t settled[2 + KEYS], going;
    _Atomic int     key;
    _Atomic int64_t requests, refused, false_refusals;
} journal;
typedef struct { dd_ledger *l; journal *j; uint64_t seed; int holds; _Atomic bool *stop; kind kind; bool hopeless; dd_pusd amount; } worker;
typedef struct { dd_hold h; int key; dd_pusd amount; } request;

static void settle(worker *w, request *r)
{
    dd_account v[2] = { account(0), account(r->key) };
    uint64_t   x    = next_random(&w->seed);
    if (x % 4 == 0 || w->kind == EXACT) {
        dd_ledger_release(w->l, r->h);
    } else {
        dd_pusd actual = (dd_pusd)(x % (uint64_t)r->amount) + 1;
        atomic_store(&w->j->key, r->key);
        atomic_store(&w->j->going, actual);
        dd_ledger_settle(w->l, r->h, v, 2, actual);
        atomic_fetch_add(&w->j->settled[r->key], actual); /* one step: who is killed here has noted all of it or nothing */
        atomic_store(&w->j->going, 0);
    }
    r->h.turn = 0;
}

static void ask(worker *w, request *r)
{
    uint64_t          x = next_random(&w->seed);
    int               key = 2 + (int)(x % KEYS);
    bool              doomed = w->kind == EXACT ? w->hopeless : x >> 8 & 1;
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
    if (!doomed && (w->kind != SCARCE || verdict.spent + verdict.reserved + w->amount <= verdict.limit))
        atomic_fetch_add(&w->j->false_refusals, 1);
    if (doomed && w->kind != SCARCE && verdict.refused != 2)
        atomic_fetch_add(&w->j->false_refusals, 1);
}

static void *work(void *arg)
{
    worker  *w = arg;
    request *r = calloc((size_t)w->holds, sizeof *r);
    while (!atomic_load(w->stop)) {
        request *one = &r[next_random(&w->seed) % (uint64_t)w->holds];
        bool     held = one->h.turn != 0;
        if (held)
            settle(w, one);
        if (!held || w->kind == EXACT)
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

static void process(const char *dir, journal *j, uint64_t seed, int threads, int holds, kind k, dd_pusd amount)
{
    pthread_t *t = calloc((size_t)threads, sizeof *t);
    worker    *w = calloc((size_t)threads, sizeof *w);
    signal(SIGTERM, on_term);
    dd_ledger *l = open_at(dir, 64, 4096);
    for (int i = 0; i < threads; i++) {
        w[i] = (worker){ l, &j[i], seed * 7919 + (uint64_t)i + 1, holds, &told_to_stop, k, i % 2 == 1, amount };
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

static void judge(const dd_ledger *l, journal *j, int n, kind what)
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
            for (int of = 2; of < 2 + KEYS; of++)
                missing[i] -= i == 0 || i == of ? atomic_load(&j[k].settled[of]) : 0;
    }
    for (int k = 0; k < n; k++) {
        requests += atomic_load(&j[k].requests);
        refused += atomic_load(&j[k].refused);
        wrong += atomic_load(&j[k].false_refusals);
        if (atomic_load(&j[k].going) != 0 && n_open < 20)
            open[n_open++] = &j[k];
    }
    if (!explained(missing, open, n_open, left)) {
        for (int i = 0; i < 2 + KEYS; i++)
            fprintf(stderr, "account %d: %lld more than was settled\n", i, (long long)missing[i]);
        for (int i = 0; i < n_open; i++)
            fprintf(stderr, "killed while settling %lld of account %d\n", (long long)atomic_load(&open[i]->going), atomic_load(&open[i]->key));
        fail("spent is not what was settled", missing[0], n_open);
    }
    if (wrong != 0)
        fail("refused while there was room", wrong, refused);
    printf("{\"kind\": %d, \"requests\": %lld, \"refused\": %lld, \"killed_while_settling\": %d, \"spent\": %lld}\n", (int)what, (long long)requests,
           (long long)refused, n_open, (long long)row_of(l, 0).spent);
}

static int storm(const char *dir, uint64_t seed, int processes, int threads, int holds, int kills)
{
    enum { AMOUNT = 1000000 };
    kind     what  = (kind)(seed % KINDS);
    int      all   = processes * threads * holds, slots = (processes + kills) * threads;
    dd_pusd  held  = (dd_pusd)AMOUNT * all, limit = what == ROOMY ? held * 1000000 : what == EXACT ? held / 2 : held * 3;
    journal *j = mmap(NULL, (size_t)slots * sizeof *j, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t   *p = calloc((size_t)processes, sizeof *p);
    set_up(limit, what == SCARCE ? limit / KEYS : limit);
    dd_ledger *l = open_at(dir, 64, 4096);
    int        used = 0;
    for (int i = 0; i < processes; i++, used += threads)
        if ((p[i] = fork()) == 0)
            process(dir, &j[used], seed + (uint64_t)used, threads, holds, what, AMOUNT);
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
            process(dir, &j[used], seed + (uint64_t)used, threads, holds, what, AMOUNT);
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
    judge(l, j, slots, what);
    dd_ledger_close(l);
    return 0;
}

/* --- steps --- */

static char copy_dir[512];

/* The file as a kill now would leave it, as another one. `alive`: its owner looks as if it lived, so that opening does not clear it away. */
static dd_ledger *open_copy(const dd_ledger *like, const void *bytes, bool alive)
{
    static char path[600];
    char       *copy = aligned_alloc(64, like->bytes);
    memcpy(copy, bytes, like->bytes);
    for (uint32_t i = 0; alive && i < like->head->owners; i++) {
        ledger_owner *o = (ledger_owner *)(void *)(copy + LEDGER_HEAD_BYTES) + i;
        atomic_store(&o->locked, 0);
        *o = (ledger_owner){ .state = o->state, .pid = (uint32_t)getpid(), .start = like->owners[like->owner].start };
        ledger_boot(o->boot);
    }
    snprintf(path, sizeof path, "%s/ledger", copy_dir);
    if (dd_file_replace(path, (dd_str){ copy, like->bytes }, 0600, NULL) != DD_OK)
        fail("no copy", errno, 0);
    free(copy);
    return open_at(copy_dir, 64, 64);
}

static void all_die(dd_ledger *l)
{
    for (uint32_t i = 0; i < l->head->owners; i++)
        if (i != l->owner && atomic_load(&l->owners[i].state) == OWNER_OPEN)
            atomic_store(&l->owners[i].state, OWNER_CLOSED);
}

enum { OTHERS = 3, COST = 41, OTHERS_COST = 7 };

/* Others work on with the same accounts; then all is given back, and each account has all of what was killed or none has any. 1: it was charged. */
static int after_kill(const dd_ledger *like, const void *bytes, bool alive)
{
    dd_ledger        *l    = open_copy(like, bytes, alive);
    dd_account        v[3] = { account(0), account(2), account(3) };
    dd_ledger_verdict verdict;
    for (int i = 0; i < OTHERS; i++) {
        dd_hold h;
        if (!dd_ledger_reserve(l, v, 3, 300, NOW_MS, &h, &verdict))
            fail("no room after a kill", i, verdict.reserved);
        dd_ledger_settle(l, h, v, 3, OTHERS_COST);
    }
    all_die(l);
    dd_ledger_reclaim(l, NOW_MS);
    dd_pusd spent = row_of(l, 0).spent - OTHERS * OTHERS_COST;
    for (int i = 0; i < 3; i++) {
        dd_ledger_row r = row_of(l, i == 0 ? 0 : i + 1);
        if (r.reserved != 0 || r.spent - OTHERS * OTHERS_COST != spent || atomic_load(&l->accounts[ledger_find(l, &v[i])].committed.value) != r.spent)
            fail("half a settlement, or a leak", r.spent, r.reserved);
    }
    if (spent != 0 && spent != COST)
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
    dd_ledger_settle(l, h, v, 3, COST);
    if (dd_ledger_reserve(l, full, 3, 100, NOW_MS, &h, &verdict) || !dd_ledger_reserve(l, v, 3, 50, NOW_MS, &h, &verdict))
        _exit(4);
    dd_ledger_release(l, h);
}

static void reclaim(dd_ledger *l) { dd_ledger_reclaim(l, NOW_MS); }

typedef struct { int instructions, states, charged; } counts;
typedef void visit_fn(dd_ledger *l, const void *bytes, counts *c);

/* Runs `what` in a child, with this process's handle, and looks at the file after each instruction that changed it. False: not allowed here. */
static bool each_step(dd_ledger *l, void (*what)(dd_ledger *), visit_fn *visit, counts *c)
{
    int   status;
    char *last = calloc(1, l->bytes);
    pid_t p    = fork();
    if (p == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(9);
        raise(SIGSTOP);
        what(l);
        _exit(0);
    }
    for (waitpid(p, &status, 0); WIFSTOPPED(status); waitpid(p, &status, 0)) {
        if (memcmp(last, l->head, l->bytes) != 0) {
            memcpy(last, l->head, l->bytes);
            c->states++;
            visit(l, last, c);
        }
        c->instructions++;
        if (ptrace(PTRACE_SINGLESTEP, p, NULL, NULL) != 0)
            fail("could not step", errno, c->instructions);
    }
    free(last);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 9)
        return false;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("what was stepped through failed", status, c->instructions);
    return true;
}

static counts again; /* of kills while something killed is cleared away */

static void killed_twice(dd_ledger *l, const void *bytes, counts *c)
{
    c->charged += after_kill(l, bytes, false);
}

static void killed(dd_ledger *l, const void *bytes, counts *c)
{
    c->charged += after_kill(l, bytes, false);
    c->charged += after_kill(l, bytes, true);
    char saved[sizeof copy_dir];
    dd_ledger *one = open_copy(l, bytes, true);
    all_die(one);
    one->recycled_ms = NOW_MS;
    memcpy(saved, copy_dir, sizeof saved);
    snprintf(copy_dir, sizeof copy_dir, "%.400s/again", saved);
    each_step(one, reclaim, killed_twice, &again);
    memcpy(copy_dir, saved, sizeof saved);
    dd_ledger_close(one);
}

static int steps(const char *dir)
{
    counts c = { 0 };
    set_up(1000000, 1000000);
    snprintf(copy_dir, sizeof copy_dir, "%.400s/copy", dir);
    dd_ledger *l = open_at(dir, 64, 64);
    for (int i = 0; i < 4; i++) { /* the accounts are there */
        dd_account a = account(i);
        (void)ledger_find_or_make(l, &a);
    }
    if (each_step(l, one_request, killed, &c))
        printf("{\"instructions\": %d, \"states\": %d, \"charged\": %d, \"instructions_of_clearing\": %d, \"states_of_clearing\": %d}\n",
               c.instructions, c.states, c.charged, again.instructions, again.states);
    else
        printf("{\"skipped\": \"ptrace is not allowed here\"}\n");
    dd_ledger_close(l);
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
        return storm(argv[2], (uint64_t)n[0] + 88172645463325254u /* of KINDS a multiple */, (int)n[1], (int)n[2], (int)n[3], (int)n[4]);
    return 2;
}
