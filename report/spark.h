/* report/spark.h - a row of figures as a line of small bars. */
#ifndef DD_REPORT_SPARK_H
#define DD_REPORT_SPARK_H
#include "base/arena.h"
#include "route/money.h"

/* `n` values in at most `width` columns: neighbours share a column where there are more, as their mean. The largest is a full bar, nothing the
 * lowest, and so is what is below nothing or not known. */
dd_str dd_spark(dd_arena *a, const dd_pusd *v, size_t n, int width, bool ascii);
#endif
