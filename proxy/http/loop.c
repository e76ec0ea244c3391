/* proxy/http/loop.c - the loop's body: epoll with an eventfd, or kqueue with a user event; a binary heap of timers.
 *
 * A turn: wait, descriptors, timers, posts, deferred. Events of the running batch that name a descriptor forgotten within the turn
 * are struck out, so that a callback may drop any other descriptor. Deferred calls that defer more run in the same turn,
 * a bounded number of rounds; what is left then runs after a wait of no time. */
#include "proxy/http/loop.h"
#include "proxy/http/stage.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { BATCH = 256, DEFER_ROUNDS = 16, FINE_NS = 10000000 };

typedef struct { void (*fn)(void *); void *arg; } todo;
typedef DD_VEC(todo) todos;
typedef struct { dd_io *io; unsigned events; } seen; /* io NULL: the wake-up, or struck out */

struct dd_loop {
    int             fd, wake_fd;       /* wake_fd: eventfd; not used with kqueue */
    atomic_bool     stop;
    bool            coarse;            /* the kernel waits for milliseconds only */
    dd_mono         now;
    DD_VEC(dd_timer *) heap;           /* slot of a timer: its index here plus 1 */
    todos           deferred, running;
    seen            batch[BATCH];
    size_t          batch_n, batch_at;
    pthread_mutex_t lock;              /* guards posts */
    todos           posts;
};

/* ---- the kernel's part ---- */

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>

static bool kernel_open(dd_loop *l)
{
    l->fd      = epoll_create1(EPOLL_CLOEXEC);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
    return l->fd >= 0 && l->wake_fd >= 0 && epoll_ctl(l->fd, EPOLL_CTL_ADD, l->wake_fd, &e) == 0;
}

static void kernel_wake(dd_loop *l)
{
    ssize_t rc = write(l->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
    (void)rc; /* a full counter is a wake-up, too */
}

static void kernel_woken(dd_loop *l)
{
    uint64_t n;
    ssize_t  rc = read(l->wake_fd, &n, sizeof n);
    (void)rc;
}

/* A library may close and open descriptors behind our back, so that the kernel knows less, or more, than we do. */
static bool kernel_watch(dd_loop *l, const dd_io *io, unsigned want)
{
    struct epoll_event e = { .data.ptr = (void *)(uintptr_t)io };
    e.events = (want & DD_IO_READ ? EPOLLIN | EPOLLRDHUP : 0u) | (want & DD_IO_WRITE ? EPOLLOUT : 0u) | (want & DD_IO_END ? EPOLLRDHUP : 0u);
    if (want == 0)
        return epoll_ctl(l->fd, EPOLL_CTL_DEL, io->fd, &e) == 0 || errno == ENOENT || errno == EBADF;
    if (epoll_ctl(l->fd, io->want ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, io->fd, &e) == 0)
        return true;
    if (errno != ENOENT && errno != EEXIST)
        return false;
    return epoll_ctl(l->fd, errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, io->fd, &e) == 0;
}

/* epoll_wait counts in milliseconds: who sends 5,000 requests a second by timers would send five each millisecond. Long waits need not be that exact. */
static int wait_finely(dd_loop *l, struct epoll_event *got, int64_t ns)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 35)
    struct timespec t = { 0, (long)ns };
    int             n = l->coarse ? -1 : epoll_pwait2(l->fd, got, BATCH, &t, NULL);
    if (n >= 0 || (!l->coarse && errno != ENOSYS && errno != EPERM))
        return n;
    l->coarse = true; /* a kernel before 5.11, or a sandbox that does not know the call */
#endif
    return epoll_wait(l->fd, got, BATCH, (int)((ns + 999999) / 1000000)); /* rounded up: a timer never finds itself early */
}

static void kernel_wait(dd_loop *l, int64_t ns)
{
    struct epoll_event got[BATCH];
    int64_t ms = ns < 0 ? -1 : (ns + 999999) / 1000000;
    int     n  = ns > 0 && ns < FINE_NS ? wait_finely(l, got, ns) : epoll_wait(l->fd, got, BATCH, ms > 3600000 ? 3600000 : (int)ms);
    l->batch_n = n > 0 ? (size_t)n : 0;
    for (size_t i = 0; i < l->batch_n; i++) {
        unsigned e  = got[i].events;
        l->batch[i] = (seen){ got[i].data.ptr, 0 };
        if (got[i].data.ptr == NULL)
            kernel_woken(l);
        if (e & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            l->batch[i].events |= DD_IO_READ;
        if (e & (EPOLLOUT | EPOLLHUP | EPOLLERR))
            l->batch[i].events |= DD_IO_WRITE;
        if (e & (EPOLLHUP | EPOLLERR))
            l->batch[i].events |= DD_IO_HANGUP;
        if (e & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            l->batch[i].events |= DD_IO_END;
    }
}
#else
#include <fcntl.h>
#include <sys/event.h>

static bool kernel_open(dd_loop *l)
{
    struct kevent e;
    l->wake_fd = -1;
    l->fd      = kqueue();
    if (l->fd >= 0)
        fcntl(l->fd, F_SETFD, FD_CLOEXEC);
    EV_SET(&e, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, NULL);
    return l->fd >= 0 && kevent(l->fd, &e, 1, NULL, 0, NULL) == 0;
}

static void kernel_wake(dd_loop *l)
{
    struct kevent e;
    EV_SET(&e, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
    kevent(l->fd, &e, 1, NULL, 0, NULL);
}

static bool kernel_filter(dd_loop *l, const dd_io *io, int filter, bool on, bool was)
{
    struct kevent e;
    if (on == was)
        return true;
    EV_SET(&e, io->fd, filter, on ? EV_ADD : EV_DELETE, 0, 0, (void *)(uintptr_t)io);
    return kevent(l->fd, &e, 1, NULL, 0, NULL) == 0 || (!on && (errno == ENOENT || errno == EBADF));
}

static bool kernel_watch(dd_loop *l, const dd_io *io, unsigned want)
{
    return kernel_filter(l, io, EVFILT_READ, want & DD_IO_READ, io->want & DD_IO_READ) &&
           kernel_filter(l, io, EVFILT_WRITE, want & DD_IO_WRITE, io->want & DD_IO_WRITE);
}

static void kernel_wait(dd_loop *l, int64_t ns)
{
    struct kevent   got[BATCH];
    struct timespec ts = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
    int             n  = kevent(l->fd, NULL, 0, got, BATCH, ns < 0 ? NULL : &ts);
    l->batch_n = n > 0 ? (size_t)n : 0;
    for (size_t i = 0; i < l->batch_n; i++) {
        l->batch[i] = (seen){ got[i].udata, got[i].filter == EVFILT_WRITE ? DD_IO_WRITE : DD_IO_READ };
        if (got[i].flags & EV_EOF && got[i].filter == EVFILT_WRITE)
            l->batch[i].events |= DD_IO_HANGUP;
    }
}
#endif

/* ---- life ---- */

dd_loop *dd_loop_new(dd_err *err)
{
    dd_loop *l = dd_calloc(1, sizeof *l);
    l->fd = l->wake_fd = -1;
    pthread_mutex_init(&l->lock, NULL);
    if (!kernel_open(l)) {
        dd_fail_errno(err, errno, "could not open an event loop");
        dd_loop_free(l);
        return NULL;
    }
    l->now = dd_mono_now();
    return l;
}

void dd_loop_free(dd_loop *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->deferred.n; i++) /* mostly what somebody wants to be freed */
        l->deferred.v[i].fn(l->deferred.v[i].arg);
    if (l->fd >= 0)
        close(l->fd);
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    for (size_t i = 0; i < l->heap.n; i++)
        l->heap.v[i]->at_ns = 0;
    pthread_mutex_destroy(&l->lock);
    dd_vec_free(&l->heap);
    dd_vec_free(&l->deferred);
    dd_vec_free(&l->running);
    dd_vec_free(&l->posts);
    free(l);
}

dd_mono dd_loop_now(const dd_loop *l) { return l->now; }

void dd_loop_stop(dd_loop *l)
{
    atomic_store(&l->stop, true);
    kernel_wake(l);
}

/* ---- descriptors ---- */

dd_code dd_loop_watch(dd_loop *l, dd_io *io, unsigned want, dd_err *err)
{
    want &= DD_IO_READ | DD_IO_WRITE | DD_IO_END;
    if (want == io->want)
        return DD_OK;
    if (!kernel_watch(l, io, want))
        return dd_fail_errno(err, errno, "could not watch a connection");
    io->want = want;
    if (want == 0)
        for (size_t i = l->batch_at; i < l->batch_n; i++)
            if (l->batch[i].io == io)
                l->batch[i].io = NULL;
    return DD_OK;
}

static void run_batch(dd_loop *l)
{
    for (l->batch_at = 0; l->batch_at < l->batch_n;) {
        seen s = l->batch[l->batch_at++];
        if (s.io && (s.events &= s.io->want | DD_IO_HANGUP) != 0)
            s.io->ready(s.io, s.events);
    }
    l->batch_at = l->batch_n = 0;
}

/* ---- timers ---- */

static void heap_set(dd_loop *l, size_t i, dd_timer *t)
{
    l->heap.v[i] = t;
    t->slot      = i + 1;
}

static void heap_up(dd_loop *l, size_t i)
{
    dd_timer *t = l->heap.v[i];
    for (; i > 0 && l->heap.v[(i - 1) / 2]->at_ns > t->at_ns; i = (i - 1) / 2)
        heap_set(l, i, l->heap.v[(i - 1) / 2]);
    heap_set(l, i, t);
}

static void heap_down(dd_loop *l, size_t i)
{
    dd_timer *t = l->heap.v[i];
    for (size_t kid; (kid = 2 * i + 1) < l->heap.n; i = kid) {
        if (kid + 1 < l->heap.n && l->heap.v[kid + 1]->at_ns < l->heap.v[kid]->at_ns)
            kid++;
        if (l->heap.v[kid]->at_ns >= t->at_ns)
            break;
        heap_set(l, i, l->heap.v[kid]);
    }
    heap_set(l, i, t);
}

static void heap_remove(dd_loop *l, dd_timer *t)
{
    size_t    i    = t->slot - 1;
    dd_timer *last = l->heap.v[--l->heap.n];
    assert(t->slot > 0 && i <= l->heap.n);
    t->slot  = 0;
    t->at_ns = 0;
    if (last == t)
        return;
    heap_set(l, i, last);
    heap_up(l, i);
    heap_down(l, last->slot - 1);
}

void dd_loop_timer(dd_loop *l, dd_timer *t, int64_t at_ns)
{
    if (at_ns <= 0) {
        if (t->at_ns)
            heap_remove(l, t);
        return;
    }
    bool set = t->at_ns != 0;
    t->at_ns = at_ns;
    if (!set) {
        dd_vec_push(&l->heap, t);
        t->slot = l->heap.n;
    }
    heap_up(l, t->slot - 1);
    heap_down(l, t->slot - 1);
}

/* At most as many as there were, so that a timer set to the past by a timer cannot hold the loop. */
static void run_timers(dd_loop *l)
{
    for (size_t left = l->heap.n; left > 0 && l->heap.n > 0 && l->heap.v[0]->at_ns <= l->now.ns; left--) {
        dd_timer *t = l->heap.v[0];
        heap_remove(l, t);
        t->due(t);
    }
}

/* ---- posts and what is deferred ---- */

void dd_loop_defer(dd_loop *l, void (*fn)(void *), void *arg)
{
    dd_vec_push(&l->deferred, ((todo){ fn, arg }));
}

void dd_loop_post(dd_loop *l, void (*fn)(void *), void *arg)
{
    pthread_mutex_lock(&l->lock);
    bool first = l->posts.n == 0;
    dd_vec_push(&l->posts, ((todo){ fn, arg }));
    if (first)
        kernel_wake(l);
    pthread_mutex_unlock(&l->lock);
}

/* Empties *from by way of l->running, whose memory both lists take turns to use. */
static void run_todos(dd_loop *l, todos *from)
{
    todos batch = *from;
    *from       = l->running;
    l->running  = (todos){ 0 };
    for (size_t i = 0; i < batch.n; i++)
        batch.v[i].fn(batch.v[i].arg);
    batch.n = 0;
    dd_vec_free(&l->running);
    l->running = batch;
}

static void run_posts(dd_loop *l)
{
    todos batch;
    pthread_mutex_lock(&l->lock);
    batch    = l->posts;
    l->posts = (todos){ 0 };
    pthread_mutex_unlock(&l->lock);
    if (batch.n)
        run_todos(l, &batch);
    dd_vec_free(&batch);
}

static int64_t wait_ns(const dd_loop *l)
{
    if (l->deferred.n > 0)
        return 0;
    if (l->heap.n == 0)
        return -1;
    int64_t left = l->heap.v[0]->at_ns - dd_mono_now().ns;
    return left > 0 ? left : 0;
}

void dd_loop_run(dd_loop *l)
{
    bool woken = true; /* what was posted before the loop ran */
    while (!atomic_load_explicit(&l->stop, memory_order_relaxed)) {
        if (!woken) {
            dd_stage_enter(DD_STAGE_wait);
            kernel_wait(l, wait_ns(l));
            dd_stage_enter(DD_STAGE_loop);
            for (size_t i = 0; i < l->batch_n; i++)
                woken |= l->batch[i].io == NULL;
        }
        l->now = dd_mono_now();
        run_batch(l);
        run_timers(l);
        if (woken)
            run_posts(l);
        woken = false;
        for (int round = 0; l->deferred.n > 0 && round < DEFER_ROUNDS; round++)
            run_todos(l, &l->deferred);
    }
    atomic_store(&l->stop, false);
}
