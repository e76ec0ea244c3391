/* base/pool.h - run work items on all cores.
 *
 * dd_parallel runs fn(ctx, worker, item) for item in [0, n), in any order, on `workers` threads (0: one a core), and
 * returns when all are done. fn must not touch what another worker writes. Also threads that serve beside the program's own. */
#ifndef DD_BASE_POOL_H
#define DD_BASE_POOL_H
#include <pthread.h>
#include <stddef.h>

typedef void dd_parallel_fn(void *ctx, unsigned worker, size_t item);
unsigned dd_cores(void);
void     dd_parallel(unsigned workers, size_t n, dd_parallel_fn *fn, void *ctx);
/* Signals go to the program's own thread; this one takes those alone that its own faults raise, so that a crash is told. 0, or an error number. */
int      dd_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);
#endif
