#include "store/events.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/pool.h"
#include "base/time.h"
#include "store/record.h"
#include "store/ring.h"
#include "store/spool.h"
#include "store/writer.h"

enum { SLACK = 4, TAKE_MAX = 2000, SPOOL_TAKE = 256, SPOOL_CHUNK = 1 << 20 };
enum { BACKOFF_MS = 100, BACKOFF_MAX_MS = 5000, TIDY_MS = 60000, TIDY_PAUSE_MS = 20, BLOCKED_MS = 1000, CLOSE_GRACE_MS = 1500, REST_MS = 100 };
static const int64_t ms_ns = 1000000;

/* A thread that sleeps until the queue is `at` deep. Who reaches it writes one byte, and only the first one does. */
typedef struct {
    int            fd[2];
    _Atomic size_t at;   /* SIZE_MAX: nobody sleeps */
} waker;

typedef struct { dd_buf frames; size_t n; } batch;

struct dd_events {
    dd_events_opts  opts;
    dd_ring        *ring;
    dd_spool       *spool;
    dd_writer      *writer;
    size_t          limit;             /* of the queue's depth, for pushers */
    waker           wake_writer, wake_spooler;
    pthread_t       writer_thread, spool_thread;
    _Atomic bool    stopping, hurry, writer_done, spooler_done, up;
    _Atomic int64_t stop_by_ns;
    _Atomic int64_t pushed, settled, dropped, written, known, spooled, bad, failures;

    pthread_mutex_t lock;              /* of the two batches: to fill, empty or copy one */
    batch           now, back;         /* the writer's; what the spool thread could not place and gives to the writer */

    /* the writer's own */
    int64_t         last_write, next_try, next_tidy, next_spool, down_since;
    int             backoff_ms;
};

/* ---- waking ---- */

static dd_code waker_init(waker *w, dd_err *err)
{
    atomic_init(&w->at, SIZE_MAX);
    if (pipe(w->fd) != 0)
        return dd_fail_errno(err, errno, "could not make a pipe");
    for (int i = 0; i < 2; i++) {
        fcntl(w->fd[i], F_SETFD, FD_CLOEXEC);
        fcntl(w->fd[i], F_SETFL, O_NONBLOCK);
    }
    return DD_OK;
}

static void waker_fini(waker *w)
{
    for (int i = 0; i < 2; i++)
        if (w->fd[i] >= 0)
            close(w->fd[i]);
}

static void poke(waker *w)
{
    ssize_t n = write(w->fd[1], "", 1);
    (void)n; /* a full pipe wakes as well */
}

static inline void notice(waker *w, size_t depth)
{
    if (depth >= atomic_load(&w->at) && atomic_exchange(&w->at, SIZE_MAX) != SIZE_MAX)
        poke(w);
}

/* Sleeps until the queue is `at` deep, somebody pokes, or the time is over. Pushers look at `at` after they have put, this thread looks at the queue
 * after it has set `at`: one of them sees the other. */
static void sleep_until(dd_events *s, waker *w, size_t at, int64_t timeout_ms)
{
    char          bytes[64];
    struct pollfd p = { w->fd[0], POLLIN, 0 };
    atomic_store(&w->at, at);
    if (dd_ring_depth(s->ring) < at)
        poll(&p, 1, timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms);
    atomic_store(&w->at, SIZE_MAX);
    while (read(w->fd[0], bytes, sizeof bytes) > 0)
        continue;
}

static int64_t now_ns(void) { return dd_mono_now().ns; }

/* ---- pushing ---- */

bool dd_events_push(dd_events *s, const dd_event *e)
{
    size_t depth = dd_ring_put(s->ring, e, s->limit);
    if (depth == 0) {
        atomic_fetch_add_explicit(&s->dropped, 1, memory_order_relaxed);
        return false;
    }
    atomic_fetch_add_explicit(&s->pushed, 1, memory_order_relaxed);
    notice(&s->wake_writer, depth);
    if (depth >= s->opts.slots)
        notice(&s->wake_spooler, depth);
    return true;
}

/* ---- moving events about ---- */

static void take(dd_events *s, batch *b, size_t max)
{
    while (b->n < max && dd_ring_take(s->ring, &b->frames))
        b->n++;
}

static void empty(batch *b)
{
    b->frames.len = 0;
    b->n = 0;
}

static bool to_spool(dd_events *s, batch *b)
{
    dd_err err = DD_ERR_INIT;
    if (b->n == 0)
        return true;
    if (dd_spool_append(s->spool, &b->frames, &err) != DD_OK)
        return false;
    atomic_fetch_add(&s->spooled, (int64_t)b->n);
    atomic_fetch_add(&s->settled, (int64_t)b->n);
    return true;
}

/* ---- the spool thread ---- */

static bool has_back(dd_events *s)
{
    pthread_mutex_lock(&s->lock);
    bool any = s->back.n > 0;
    pthread_mutex_unlock(&s->lock);
    return any;
}

/* What cannot be spooled goes to the writer's next batch, and the spool rests a moment. */
static void give_back(dd_events *s, batch *b)
{
    pthread_mutex_lock(&s->lock);
    batch was = s->back;
    s->back = *b;
    *b = was;
    pthread_mutex_unlock(&s->lock);
    poke(&s->wake_writer); /* it may sleep before an empty queue */
}

static void relieve(dd_events *s, batch *b)
{
    while (dd_ring_depth(s->ring) > s->opts.slots / 2 && !atomic_load(&s->stopping)) {
        take(s, b, SPOOL_TAKE);
        if (b->n == 0)
            return;
        if (to_spool(s, b))
            empty(b);
        else {
            give_back(s, b);
            return;
        }
    }
}

static void *spool_loop(void *arg)
{
    dd_events *s = arg;
    batch      b = { DD_BUF_INIT(0), 0 };
    while (!atomic_load(&s->stopping)) {
        bool stuck = has_back(s);
        sleep_until(s, &s->wake_spooler, stuck ? SIZE_MAX : s->opts.slots, stuck ? BACKOFF_MS : -1);
        if (!has_back(s) && dd_ring_depth(s->ring) >= s->opts.slots)
            relieve(s, &b);
    }
    dd_buf_free(&b.frames);
    atomic_store(&s->spooler_done, true);
    return NULL;
}

/* ---- the writer thread ---- */

static void note_down(dd_events *s, const dd_err *err)
{
    char line[sizeof err->msg + sizeof err->hint + 64];
    int64_t now = now_ns();
    atomic_fetch_add(&s->failures, 1);
    s->backoff_ms = s->backoff_ms == 0 ? BACKOFF_MS : s->backoff_ms * 2 < BACKOFF_MAX_MS ? s->backoff_ms * 2 : BACKOFF_MAX_MS;
    s->next_try = now + s->backoff_ms * ms_ns;
    if (!atomic_exchange(&s->up, false))
        return;
    s->down_since = now;
    snprintf(line, sizeof line, "%s; events wait in the %s%s%s", err->msg, s->opts.spool_bytes > 0 ? "spool" : "queue", err->hint[0] ? ". " : "",
             err->hint);
    if (s->opts.log != NULL)
        s->opts.log(s->opts.log_ctx, false, line);
}

static void note_up(dd_events *s)
{
    char line[128];
    s->backoff_ms = 0;
    s->next_try = 0;
    if (atomic_exchange(&s->up, true))
        return;
    long long seconds = (now_ns() - s->down_since) / ms_ns / 1000;
    snprintf(line, sizeof line, "the event store is back after %lld s; %lld bytes wait in the spool", seconds, (long long)dd_spool_bytes(s->spool));
    if (s->opts.log != NULL)
        s->opts.log(s->opts.log_ctx, true, line);
}

static bool put(dd_events *s, dd_str frames)
{
    dd_writer_count n = {0};
    dd_err          err = DD_ERR_INIT;
    if (dd_writer_put(s->writer, frames, &n, &err) != DD_OK) {
        note_down(s, &err);
        return false;
    }
    note_up(s); /* first, so that who sees the counts has been told */
    atomic_fetch_add(&s->written, n.written);
    atomic_fetch_add(&s->known, n.known);
    atomic_fetch_add(&s->bad, n.bad);
    return true;
}

static void take_batch(dd_events *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->back.n > 0) {
        dd_buf_add(&s->now.frames, dd_buf_str(&s->back.frames));
        s->now.n += s->back.n;
        empty(&s->back);
    }
    take(s, &s->now, TAKE_MAX);
    pthread_mutex_unlock(&s->lock);
    if (s->now.n > 0)
        return;
    atomic_store(&s->hurry, false);
    sched_yield(); /* perhaps a pusher was stopped between taking a slot and filling it */
}

static void settle_batch(dd_events *s, bool count)
{
    pthread_mutex_lock(&s->lock);
    if (count)
        atomic_fetch_add(&s->settled, (int64_t)s->now.n);
    empty(&s->now);
    pthread_mutex_unlock(&s->lock);
}

/* A batch goes to the table, else to the spool, else it stays and nothing more is taken. */
static void place_batch(dd_events *s)
{
    if (s->now.n == 0)
        return;
    s->last_write = now_ns();
    if (s->last_write >= s->next_try && put(s, dd_buf_str(&s->now.frames)))
        settle_batch(s, true);
    else if (to_spool(s, &s->now))
        settle_batch(s, false);
}

static bool spool_waits(const dd_events *s, int64_t now)
{
    return now >= s->next_spool && dd_spool_bytes(s->spool) > 0;
}

static void drain_spool(dd_events *s)
{
    dd_buf frames = DD_BUF_INIT(0);
    if (now_ns() < s->next_try || !spool_waits(s, now_ns()))
        return;
    dd_spool_read(s->spool, SPOOL_CHUNK, &frames, NULL);
    if (frames.len == 0)
        s->next_spool = now_ns() + BLOCKED_MS * ms_ns; /* another process has the rest in hand */
    else if (put(s, dd_buf_str(&frames)))
        dd_spool_done(s->spool);
    dd_buf_free(&frames);
}

static void tidy(dd_events *s)
{
    dd_err  err = DD_ERR_INIT;
    bool    more = false;
    int64_t now = now_ns();
    if (now < s->next_tidy || now < s->next_try)
        return;
    if (dd_writer_tidy(s->writer, dd_wall_now().s * 1000, &more, &err) != DD_OK)
        note_down(s, &err);
    s->next_tidy = now_ns() + (more ? TIDY_PAUSE_MS : TIDY_MS) * ms_ns;
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

/* How many events make a batch. Right after a batch more than usual: a transaction has a price of its own, and thousands a second must not each pay a share of a small one. */
static size_t enough(const dd_events *s, int64_t now)
{
    size_t half = s->opts.slots / 2;
    return now < s->last_write + REST_MS * ms_ns && half > s->opts.batch_events ? half : s->opts.batch_events;
}

/* The writer's sleep: until a batch is due, or something else is to be done. */
static void await_work(dd_events *s)
{
    int64_t now = now_ns(), due = s->next_tidy > s->next_try ? s->next_tidy : s->next_try;
    size_t  depth = dd_ring_depth(s->ring), at = 1;
    bool    held = s->now.n > 0; /* by a failure: the queue is not looked at until the next try */
    if (atomic_load(&s->stopping) || (atomic_load(&s->hurry) && !held))
        return;
    if (dd_spool_bytes(s->spool) > 0)
        due = earlier(due, s->next_try > s->next_spool ? s->next_try : s->next_spool);
    if (held) {
        due = s->next_try;
        at = SIZE_MAX;
    } else if (depth > 0 || has_back(s)) {
        due = earlier(due, s->last_write + s->opts.batch_ms * ms_ns);
        at = enough(s, now);
        if (at > s->opts.batch_events)
            due = earlier(due, s->last_write + REST_MS * ms_ns);
    }
    if (due > now)
        sleep_until(s, &s->wake_writer, at, (due - now + ms_ns - 1) / ms_ns);
}

static bool batch_due(const dd_events *s)
{
    bool asked = atomic_load(&s->stopping) || atomic_load(&s->hurry);
    return asked || dd_ring_depth(s->ring) >= enough(s, now_ns()) || now_ns() >= s->last_write + s->opts.batch_ms * ms_ns;
}

static bool must_end(dd_events *s)
{
    if (!atomic_load(&s->stopping))
        return false;
    bool nothing = s->now.n == 0 && !has_back(s) && dd_ring_depth(s->ring) == 0;
    return nothing || !atomic_load(&s->up) || now_ns() >= atomic_load(&s->stop_by_ns);
}

static void *write_loop(void *arg)
{
    dd_events *s = arg;
    while (!must_end(s)) {
        if (s->now.n == 0 && batch_due(s))
            take_batch(s);
        place_batch(s);
        if (!atomic_load(&s->stopping)) {
            drain_spool(s);
            tidy(s);
        }
        await_work(s);
    }
    dd_writer_free(s->writer);
    atomic_store(&s->writer_done, true);
    return NULL;
}

/* ---- life ---- */

static void set_defaults(dd_events *s)
{
    dd_events_opts *o = &s->opts;
    o->slots = o->slots == 0 ? 1000 : o->slots;
    o->spool_bytes = o->spool_bytes == 0 ? 64 << 20 : o->spool_bytes < 0 ? 0 : o->spool_bytes;
    o->batch_ms = o->batch_ms == 0 ? 1000 : o->batch_ms;
    o->batch_events = o->batch_events == 0 ? 100 : o->batch_events < o->slots ? o->batch_events : o->slots;
    o->events_days = o->events_days == 0 ? 30 : o->events_days;
    o->hourly_days = o->hourly_days == 0 ? 90 : o->hourly_days;
    o->busy_ms = o->busy_ms == 0 ? 1000 : o->busy_ms;
    s->limit = o->spool_bytes > 0 ? o->slots * SLACK : o->slots;
}

static void free_all(dd_events *s)
{
    waker_fini(&s->wake_writer);
    waker_fini(&s->wake_spooler);
    dd_spool_free(s->spool);
    dd_ring_free(s->ring);
    dd_buf_free(&s->now.frames);
    dd_buf_free(&s->back.frames);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static dd_code start_threads(dd_events *s, dd_err *err)
{
    int code = dd_thread_start(&s->writer_thread, write_loop, s);
    if (code != 0) {
        dd_writer_free(s->writer);
        return dd_fail_errno(err, code, "could not start a thread");
    }
    code = dd_thread_start(&s->spool_thread, spool_loop, s);
    if (code == 0)
        return DD_OK;
    atomic_store(&s->stopping, true);
    poke(&s->wake_writer);
    pthread_join(s->writer_thread, NULL);
    return dd_fail_errno(err, code, "could not start a thread");
}

dd_events *dd_events_open(const dd_events_opts *opts, dd_err *err)
{
    dd_events *s = dd_calloc(1, sizeof *s);
    dd_buf     dir = DD_BUF_INIT(0);
    s->opts = *opts;
    set_defaults(s);
    pthread_mutex_init(&s->lock, NULL);
    atomic_init(&s->up, true);
    s->wake_writer.fd[0] = s->wake_writer.fd[1] = s->wake_spooler.fd[0] = s->wake_spooler.fd[1] = -1;
    s->ring = dd_ring_new(s->limit);
    dd_buf_printf(&dir, "%s/spool", opts->dir);
    s->spool = dd_spool_new(dd_buf_z(&dir), s->opts.spool_bytes);
    dd_buf_free(&dir);
    dd_code rc = waker_init(&s->wake_writer, err);
    if (rc == DD_OK)
        rc = waker_init(&s->wake_spooler, err);
    if (rc == DD_OK) {
        const dd_writer_opts w = { opts->dir, s->opts.busy_ms, opts->max_bytes, s->opts.events_days, s->opts.hourly_days, opts->fault,
                                   opts->fault_ctx };
        s->writer = dd_writer_new(&w);
        rc = start_threads(s, err);
    }
    if (rc == DD_OK)
        return s;
    free_all(s);
    return NULL;
}

void dd_events_count(const dd_events *s, dd_events_counts *out)
{
    dd_events *m = (dd_events *)(uintptr_t)s;
    *out = (dd_events_counts){ .pushed = atomic_load(&m->pushed), .dropped = atomic_load(&m->dropped), .written = atomic_load(&m->written),
                               .known = atomic_load(&m->known), .spooled = atomic_load(&m->spooled),
                               .bad = atomic_load(&m->bad) + dd_spool_damaged(m->spool),
                               .failures = atomic_load(&m->failures), .queued = atomic_load(&m->pushed) - atomic_load(&m->settled),
                               .spool_bytes = dd_spool_bytes(m->spool), .up = atomic_load(&m->up) };
}

static void pause_ms(long ms)
{
    const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&t, NULL);
}

bool dd_events_flush(dd_events *s, int64_t timeout_ms)
{
    int64_t want = atomic_load(&s->pushed), by = now_ns() + timeout_ms * ms_ns;
    while (atomic_load(&s->settled) < want && now_ns() < by) {
        atomic_store(&s->hurry, true);
        poke(&s->wake_writer);
        pause_ms(1);
    }
    return atomic_load(&s->settled) >= want;
}

/* Whatever is still in memory; a batch that a hanging writer may yet write, too: it would be known by its ids. */
static void rescue(dd_events *s)
{
    batch all = { DD_BUF_INIT(0), 0 };
    pthread_mutex_lock(&s->lock);
    dd_buf_add(&all.frames, dd_buf_str(&s->now.frames));
    dd_buf_add(&all.frames, dd_buf_str(&s->back.frames));
    all.n = s->now.n + s->back.n;
    pthread_mutex_unlock(&s->lock);
    take(s, &all, SIZE_MAX);
    if (!to_spool(s, &all)) {
        atomic_fetch_add(&s->dropped, (int64_t)all.n);
        if (s->opts.log != NULL)
            s->opts.log(s->opts.log_ctx, false, "events were lost: neither the store nor the spool takes them");
    }
    dd_buf_free(&all.frames);
}

void dd_events_close(dd_events *s, int64_t timeout_ms)
{
    if (s == NULL)
        return;
    int64_t by = now_ns() + timeout_ms * ms_ns;
    atomic_store(&s->stop_by_ns, by);
    atomic_store(&s->stopping, true);
    poke(&s->wake_writer);
    poke(&s->wake_spooler);
    while (!(atomic_load(&s->writer_done) && atomic_load(&s->spooler_done)) && now_ns() < by + CLOSE_GRACE_MS * ms_ns)
        pause_ms(1);
    bool ended = atomic_load(&s->writer_done) && atomic_load(&s->spooler_done);
    rescue(s);
    if (ended) {
        pthread_join(s->writer_thread, NULL);
        pthread_join(s->spool_thread, NULL);
        free_all(s);
    } else { /* a thread hangs in the system: what it uses stays */
        dd_spool_release(s->spool);
        pthread_detach(s->writer_thread);
        pthread_detach(s->spool_thread);
    }
}
