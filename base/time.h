/* base/time.h - dates and the two clocks.
 *
 * A dd_day counts days since 1970-01-01 (UTC); wall time and monotonic time are different types. Pure code gets them by parameter. */
#ifndef DD_BASE_TIME_H
#define DD_BASE_TIME_H
#include "base/str.h"

typedef int32_t dd_day;                         /* DD_DAY_NONE: not known */
#define DD_DAY_NONE INT32_MIN
typedef struct { int64_t s; } dd_wall;          /* seconds since 1970-01-01 UTC */
typedef struct { int64_t ns; } dd_mono;         /* nanoseconds, monotonic */

dd_wall dd_wall_now(void);                      /* honours SOURCE_DATE_EPOCH, for reproducible reports */
dd_mono dd_mono_now(void);
dd_day  dd_day_of(dd_wall t);
dd_day  dd_day_make(int year, int month, int day);
bool    dd_day_parse(dd_str s, dd_day *out);    /* "2026-11-20", also the front of a longer timestamp */
void    dd_day_split(dd_day day, int *year, int *month, int *of_month);   /* the last two from 1 */
dd_day  dd_day_monday(dd_day day);              /* of its week */
dd_day  dd_day_month(dd_day day, int later);    /* the first day of its month, or of one so many months later */
void    dd_day_format(dd_day day, char out[11]);
#endif
