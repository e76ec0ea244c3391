/* base/sum.h - sums that stay at their end when they would pass it.
 *
 * What is added comes from files that others may have written. The lowest number is never reached: as money it means "unknown". */
#ifndef DD_BASE_SUM_H
#define DD_BASE_SUM_H
#include <stdint.h>

static inline void dd_sum_add(int64_t *sum, int64_t n)
{
    int64_t whole;
    if (__builtin_add_overflow(*sum, n, &whole))
        whole = n > 0 ? INT64_MAX : INT64_MIN;
    *sum = whole == INT64_MIN ? INT64_MIN + 1 : whole;
}
#endif
