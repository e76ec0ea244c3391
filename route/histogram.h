/* route/histogram.h - how long things took, as counts in buckets whose width grows with the value.
 *
 * Bucket i holds durations in (bound(i - 1), bound(i)], bound(i) = 2^((i - DD_HIST_ZERO) / 8) seconds: eight to an octave, each 9% wider than the one
 * before, from a microsecond to a day. These are the buckets of Prometheus' native histograms of schema 3 and of OTLP's exponential histograms of
 * scale 3; every eighth is a power of two. Pure; no allocation. */
#ifndef DD_ROUTE_HISTOGRAM_H
#define DD_ROUTE_HISTOGRAM_H
#include <stddef.h>
#include <stdint.h>

enum { DD_HIST_OCTAVE = 8, DD_HIST_ZERO = 160 /* the bucket that ends at one second */, DD_HIST_BUCKETS = DD_HIST_ZERO + 17 * DD_HIST_OCTAVE };
typedef struct { int64_t count[DD_HIST_BUCKETS]; int64_t n, sum_us; } dd_hist;

/* Which bucket; what is below the first or above the last is counted there. us < 0: 0. */
unsigned dd_hist_bucket(int64_t us);
/* The bucket's upper end in microseconds, rounded up: a duration of that many is the longest in it. */
int64_t  dd_hist_bound_us(unsigned bucket);
void     dd_hist_add(dd_hist *h, int64_t us);
void     dd_hist_merge(dd_hist *into, const dd_hist *from);
/* The duration that a share q (0..1) of them do not pass, between the bucket's ends by their count; within 9% of the true one. < 0: none counted. */
double   dd_hist_quantile_us(const dd_hist *h, double q);
#endif
