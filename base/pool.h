/* base/pool.h - run work items on all cores.
 *
 * dd_parallel runs fn(ctx, worker, item) for item in [0, n), in any order, on `workers` threads (0: one a core), and
 * returns when all are done. fn must not touch what another worker writes. */
#ifndef DD_BASE_POOL_H
#define DD_BASE_POOL_H
#include <stddef.h>

typedef void dd_parallel_fn(void *ctx, unsigned worker, size_t item);
unsigned dd_cores(void);
void     dd_parallel(unsigned workers, size_t n, dd_parallel_fn *fn, void *ctx);
#endif
