#include "route/histogram.h"

#include <math.h>

/* 2^(r/8) for r = 0..7. */
static const double octave[DD_HIST_OCTAVE] = {
    1.0, 1.0905077326652577, 1.189207115002721, 1.2968395546510096, 1.4142135623730951, 1.5422108254079407, 1.681792830507429, 1.8340080864093424,
};
static const double second_us = 1e6;

static double bound(unsigned bucket)
{
    return ldexp(second_us * octave[bucket % DD_HIST_OCTAVE], (int)(bucket / DD_HIST_OCTAVE) - DD_HIST_ZERO / DD_HIST_OCTAVE);
}

int64_t dd_hist_bound_us(unsigned bucket)
{
    return (int64_t)ceil(bound(bucket < DD_HIST_BUCKETS ? bucket : DD_HIST_BUCKETS - 1));
}

unsigned dd_hist_bucket(int64_t us)
{
    int exponent;
    if (us <= 1)
        return 0;
    double share = frexp((double)us / second_us, &exponent) * 2;      /* 1 <= share < 2, of 2^(exponent - 1) seconds */
    int    at    = DD_HIST_ZERO + (exponent - 1) * DD_HIST_OCTAVE;
    for (int r = 0; r < DD_HIST_OCTAVE && share > octave[r]; r++)
        at++;
    return at < 0 ? 0 : at < DD_HIST_BUCKETS ? (unsigned)at : DD_HIST_BUCKETS - 1;
}

void dd_hist_add(dd_hist *h, int64_t us)
{
    h->count[dd_hist_bucket(us)]++;
    h->n++;
    h->sum_us += us > 0 ? us : 0;
}

void dd_hist_merge(dd_hist *into, const dd_hist *from)
{
    for (unsigned i = 0; i < DD_HIST_BUCKETS; i++)
        into->count[i] += from->count[i];
    into->n += from->n;
    into->sum_us += from->sum_us;
}

double dd_hist_quantile_us(const dd_hist *h, double q)
{
    double want = q * (double)h->n, passed = 0;
    for (unsigned i = 0; i < DD_HIST_BUCKETS; i++) {
        double here = (double)h->count[i];
        if (here > 0 && passed + here >= want) {
            double low = i > 0 ? bound(i - 1) : 0;
            return low + (bound(i) - low) * (want > passed ? (want - passed) / here : 0);
        }
        passed += here;
    }
    return -1;
}
