#include "base/pool.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/crash.h"
#include "base/str.h"

#define MAX_WORKERS 64u

/* A lowered syntax tree may nest deep; the default of some systems (512 kB on macOS) is too small for that. */
#define STACK_BYTES ((size_t)8 << 20)

typedef struct {
    dd_parallel_fn *fn;
    void           *ctx;
    size_t          n;
    atomic_size_t   next;
} crew;

typedef struct {
    crew     *c;
    unsigned  worker;
    pthread_t thread;
    bool      started;
} member;

unsigned dd_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    if (n < 1)
        return 1;
    return n > (long)MAX_WORKERS ? MAX_WORKERS : (unsigned)n;
}

static void work(crew *c, unsigned worker)
{
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&c->next, 1, memory_order_relaxed);
        if (i >= c->n)
            return;
        c->fn(c->ctx, worker, i);
    }
}

static void *run_member(void *p)
{
    member *m = p;
    work(m->c, m->worker);
    return NULL;
}

void dd_parallel(unsigned workers, size_t n, dd_parallel_fn *fn, void *ctx)
{
    if (workers == 0)
        workers = dd_cores();
    if (workers > MAX_WORKERS)
        workers = MAX_WORKERS;
    if (workers > n)
        workers = n ? (unsigned)n : 1;
    crew           c = { .fn = fn, .ctx = ctx, .n = n };
    member         crowd[MAX_WORKERS] = { { 0 } };
    pthread_attr_t attr;
    bool           sized = pthread_attr_init(&attr) == 0;
    if (sized)
        (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    atomic_init(&c.next, 0);
    for (unsigned i = 1; i < workers; i++) {
        crowd[i] = (member){ .c = &c, .worker = i };
        /* A thread that cannot be had is no failure: the others take its share. */
        crowd[i].started = pthread_create(&crowd[i].thread, sized ? &attr : NULL, run_member, &crowd[i]) == 0;
    }
    work(&c, 0);
    for (unsigned i = 1; i < workers; i++)
        if (crowd[i].started)
            pthread_join(crowd[i].thread, NULL);
    if (sized)
        pthread_attr_destroy(&attr);
}

typedef struct { void *(*run)(void *); void *arg; } beginning;

static void *run_thread(void *p)
{
    beginning     b = *(beginning *)p;
    dd_crash_room room;
    free(p);
    dd_crash_room_open(&room);
    void *result = b.run(b.arg);
    dd_crash_room_close(&room);
    return result;
}

int dd_thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    sigset_t         most, old;
    sigfillset(&most);
    for (size_t i = 0; i < DD_COUNT(own); i++)
        sigdelset(&most, own[i]);
    pthread_sigmask(SIG_SETMASK, &most, &old);
    beginning *b = dd_malloc(sizeof *b);
    *b           = (beginning){ run, arg };
    int code     = pthread_create(thread, NULL, run_thread, b);
    if (code != 0)
        free(b);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return code;
}
