/* base/crash.h - a fatal signal is told on standard error: where it was, never what was in memory. Also when it was the stack that ran out: the
 * handler has room of its own in each thread that dd_thread_start (base/pool.h) began. The process ends as it would have. */
#ifndef DD_BASE_CRASH_H
#define DD_BASE_CRASH_H
#include <signal.h>

/* Called first, from the signal handler: to give a terminal back. NULL: nothing. */
void dd_crash_before(void (*fn)(void));
void dd_crash_catch(void);      /* from now on; room for the calling thread, too, as long as the process lives */

/* The system's own picture of a dying process (core) would hold what was in memory: prompts, keys. From now on there is none of this process; again: of
 * a child that is about to become another program, as before. */
void dd_crash_dump_nothing(void);
void dd_crash_dump_again(void);

typedef struct { void *memory; stack_t before; } dd_crash_room;
void dd_crash_room_open(dd_crash_room *r);    /* for the calling thread; without memory it has none */
void dd_crash_room_close(dd_crash_room *r);   /* before that thread ends */
#endif
