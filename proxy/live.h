/* proxy/live.h - the durations of the last minute, for GET /admin/live (docs/live.md).
 *
 * A reading of the process's histograms every ten seconds; the last minute is what the newest has more than the one of a minute ago (50 to 60 s). So
 * nothing is added to a request's way. Any thread; the lock is held for the copy of some kilobytes. */
#ifndef DD_PROXY_LIVE_H
#define DD_PROXY_LIVE_H
#include "route/meter.h"

typedef struct { dd_hist total, first, overhead; } dd_spans;
typedef struct dd_minute dd_minute;
dd_minute *dd_minute_new(void);
void       dd_minute_free(dd_minute *m);   /* NULL is fine */
/* As often as one likes; reads when ten seconds have passed. */
void       dd_minute_tick(dd_minute *m, const dd_meter *meter, int64_t now_ns);
/* sum: of the meter, now. */
void       dd_minute_last(dd_minute *m, const dd_meter_sum *sum, int64_t now_ns, dd_spans *out);
#endif
