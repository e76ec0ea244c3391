/* proxy/http/loop.h - one thread's event loop: descriptors, timers, wake-ups.
 *
 * epoll on Linux, kqueue elsewhere, behind the same calls. Everything but dd_loop_post and dd_loop_stop belongs to the loop's thread. What a
 * queued event may still name is freed at the end of the turn (dd_loop_defer), never within it. */
#ifndef DD_PROXY_HTTP_LOOP_H
#define DD_PROXY_HTTP_LOOP_H
#include "base/err.h"
#include "base/time.h"

typedef struct dd_loop dd_loop;
/* HANGUP is only reported, never asked for. END: the other side sends no more, also when there is more to read; for who does not read now. Only epoll tells it. */
enum { DD_IO_READ = 1, DD_IO_WRITE = 2, DD_IO_HANGUP = 4, DD_IO_END = 8 };

typedef struct dd_io dd_io;            /* a watched descriptor; a member of its owner's struct */
struct dd_io {
    int      fd;
    unsigned want;                     /* set by dd_loop_watch */
    void   (*ready)(dd_io *io, unsigned events);
    void    *owner;
};
typedef struct dd_timer dd_timer;      /* a member of its owner's struct; all zero: not set */
struct dd_timer {
    int64_t at_ns;                     /* monotonic; 0: not set */
    size_t  slot;                      /* the loop's */
    void  (*due)(dd_timer *t);         /* the timer is no longer set when it is called */
    void   *owner;
};

dd_loop *dd_loop_new(dd_err *err);                       /* caller owns; NULL: *err */
void     dd_loop_free(dd_loop *l);
void     dd_loop_run(dd_loop *l);                        /* until dd_loop_stop */
void     dd_loop_stop(dd_loop *l);                       /* any thread, also from a signal handler */
dd_mono  dd_loop_now(const dd_loop *l);                  /* taken once a turn */

/* want 0: forget the descriptor (the caller closes it afterwards). Level-triggered. */
dd_code  dd_loop_watch(dd_loop *l, dd_io *io, unsigned want, dd_err *err);
void     dd_loop_timer(dd_loop *l, dd_timer *t, int64_t at_ns); /* sets or moves; 0 unsets; O(log n) */
/* at the end of this turn, before the loop waits again; at the latest when the loop is freed */
void     dd_loop_defer(dd_loop *l, void (*fn)(void *), void *arg);
/* Any thread: fn(arg) runs soon in the loop's thread. What was posted and never run when the loop is freed is not called. */
void     dd_loop_post(dd_loop *l, void (*fn)(void *), void *arg);
#endif
