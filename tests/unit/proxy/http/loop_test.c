/* The loop: descriptors, timers, deferred calls, posts from other threads. */
#include "proxy/http/loop.h"
#include "tests/unit/test.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct { dd_loop *l; dd_buf said; int n; } log_of;
typedef struct { dd_io io; log_of *log; dd_io *other; char name; } end_of;

static void say(log_of *g, char c) { dd_buf_addc(&g->said, c); }
static void stop(void *arg) { dd_loop_stop(((log_of *)arg)->l); }

static log_of begin(void)
{
    log_of g = { dd_loop_new(NULL), DD_BUF_INIT(0), 0 };
    CHECK(g.l != NULL);
    return g;
}

static void finish(log_of *g, const char *want)
{
    CHECK_STR(dd_buf_str(&g->said), want);
    dd_buf_free(&g->said);
    dd_loop_free(g->l);
}

static void on_ready(dd_io *io, unsigned events)
{
    end_of *e = io->owner;
    char    c;
    if (events & DD_IO_WRITE)
        say(e->log, 'w');
    if (events & DD_IO_READ && read(io->fd, &c, 1) == 1)
        say(e->log, c);
    else if (events & DD_IO_READ)
        say(e->log, '.');
    CHECK_OK(dd_loop_watch(e->log->l, io, 0, NULL));
    if (e->other) {
        dd_loop_watch(e->log->l, e->other, 0, NULL);
        memset(e->other, 0xff, sizeof *e->other); /* as if its memory were another's already */
    }
    dd_loop_defer(e->log->l, stop, e->log);
}

TEST(loop_reports_what_was_asked)
{
    log_of g = begin();
    int    s[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    end_of e = { { .fd = s[0], .ready = on_ready }, &g, NULL, 'a' };
    e.io.owner = &e;
    CHECK_OK(dd_loop_watch(g.l, &e.io, DD_IO_WRITE, NULL));
    dd_loop_run(g.l);
    CHECK(write(s[1], "x", 1) == 1);
    CHECK_OK(dd_loop_watch(g.l, &e.io, DD_IO_READ, NULL));
    dd_loop_run(g.l);
    close(s[1]);
    CHECK_OK(dd_loop_watch(g.l, &e.io, DD_IO_READ, NULL));
    dd_loop_run(g.l);
    close(s[0]);
    finish(&g, "wx.");
}

TEST(loop_strikes_out_what_is_forgotten_in_the_same_turn)
{
    log_of g = begin();
    int    s[2], t[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, t) == 0);
    end_of a = { { .fd = s[0], .ready = on_ready }, &g, NULL, 'a' }, b = { { .fd = t[0], .ready = on_ready }, &g, NULL, 'b' };
    a.io.owner = &a;
    b.io.owner = &b;
    a.other    = &b.io;
    b.other    = &a.io;
    CHECK(write(s[1], "x", 1) == 1 && write(t[1], "x", 1) == 1);
    CHECK_OK(dd_loop_watch(g.l, &a.io, DD_IO_READ, NULL));
    CHECK_OK(dd_loop_watch(g.l, &b.io, DD_IO_READ, NULL));
    dd_loop_run(g.l);
    for (int i = 0; i < 2; i++)
        close(s[i]), close(t[i]);
    finish(&g, "x");
}

typedef struct { dd_timer t; log_of *log; char name; dd_timer *drop; } bell;
static void ring(dd_timer *t)
{
    bell *b = t->owner;
    CHECK(t->at_ns == 0 && dd_loop_now(b->log->l).ns > 0);
    say(b->log, b->name);
    if (b->drop)
        dd_loop_timer(b->log->l, b->drop, 0);
    if (--b->log->n == 0)
        dd_loop_stop(b->log->l);
}

TEST(loop_timers_ring_in_order_and_can_be_moved)
{
    log_of  g   = begin();
    int64_t now = dd_mono_now().ns;
    bell    b[5];
    for (int i = 0; i < 5; i++) {
        b[i] = (bell){ { .due = ring }, &g, (char)('a' + i), NULL };
        b[i].t.owner = &b[i];
        dd_loop_timer(g.l, &b[i].t, now + (5 - i) * 1000000); /* e d c b a */
    }
    dd_loop_timer(g.l, &b[4].t, now + 9000000);               /* d c b a e */
    dd_loop_timer(g.l, &b[1].t, 0);                           /* d c a e */
    b[2].drop = &b[0].t;                                      /* d c e */
    g.n = 3;
    dd_loop_run(g.l);
    CHECK(dd_mono_now().ns >= now + 9000000);
    finish(&g, "dce");
}

TEST(loop_timers_keep_heap_order)
{
    enum { N = 500 };
    dd_loop *l = dd_loop_new(NULL);
    static bell b[N];
    log_of   g    = { l, DD_BUF_INIT(0), N - N / 5 };
    uint32_t seed = 7;
    for (int i = 0; i < N; i++) {
        seed         = seed * 1664525 + 1013904223;
        b[i]         = (bell){ { .due = ring }, &g, (char)(33 + seed % 90), NULL };
        b[i].t.owner = &b[i];
        dd_loop_timer(l, &b[i].t, 1 + (int64_t)(seed % 90));  /* the past: all are due at once, earliest first */
    }
    for (int i = 0; i < N; i += 5)
        dd_loop_timer(l, &b[i].t, 0);
    dd_loop_run(l);
    CHECK_EQ(g.said.len, N - N / 5, "each timer that was left rang once");
    for (size_t i = 1; i < g.said.len; i++)
        CHECK(g.said.ptr[i - 1] <= g.said.ptr[i]);
    dd_buf_free(&g.said);
    dd_loop_free(l);
}

static void count_and_defer(void *arg)
{
    log_of *g = arg;
    say(g, 'd');
    if (++g->n < 100)
        dd_loop_defer(g->l, count_and_defer, g);
    else
        dd_loop_stop(g->l);
}

TEST(loop_defers_to_the_end_of_the_turn)
{
    log_of g = begin();
    dd_loop_defer(g.l, count_and_defer, &g);
    dd_loop_run(g.l);
    CHECK_EQ(g.said.len, 100, "what is deferred by what was deferred runs, too");
    dd_buf_free(&g.said);
    dd_loop_free(g.l);
}

enum { POSTS = 1000 };
static void posted(void *arg)
{
    log_of *g = arg;
    if (++g->n == 2 * POSTS)
        dd_loop_stop(g->l);
}
static void *poster(void *arg)
{
    for (int i = 0; i < POSTS; i++)
        dd_loop_post(((log_of *)arg)->l, posted, arg);
    return NULL;
}

TEST(loop_runs_posts_of_other_threads)
{
    log_of    g = begin();
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&t[i], NULL, poster, &g) == 0);
    dd_loop_run(g.l);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    CHECK_EQ(g.n, 2 * POSTS, "each post runs once");
    finish(&g, "");
}

TEST(loop_stopped_before_it_runs_returns_at_once)
{
    log_of g = begin();
    dd_loop_stop(g.l);
    dd_loop_run(g.l);
    dd_loop_post(g.l, stop, &g);
    dd_loop_run(g.l); /* and can run again */
    finish(&g, "");
}
