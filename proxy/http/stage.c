#include "proxy/http/stage.h"

#include <stdlib.h>

#include "base/time.h"

enum { WINDOWS_MAX = 1 << 16, CALIBRATION_BYTES = 2048 };

typedef struct { int64_t ns[DD_STAGE_COUNT]; } sums;

_Thread_local bool dd_stage_on;
static _Thread_local struct {
    dd_stage now;
    int64_t  since;
    sums     window;
    unsigned requests;      /* in the window */
    DD_VEC(sums) windows;
} watch;

dd_stage dd_stage_move(dd_stage to)
{
    dd_stage was = watch.now;
    int64_t  at  = dd_mono_now().ns;
    watch.window.ns[was] += at - watch.since;
    watch.since = at;
    watch.now   = to;
    return was;
}

void dd_stage_start(void)
{
    dd_stage_on = true;
    watch.now   = DD_STAGE_loop;
    watch.since = dd_mono_now().ns;
}

/* A loop whose every step needs the one before: as long as the processor is as fast, nothing else makes it faster or slower. */
static void calibrate(void)
{
    static const char bytes[CALIBRATION_BYTES] = { 1 };
    volatile uint64_t sink;
    dd_stage was = dd_stage_move(DD_STAGE_calibration);
    sink         = dd_str_hash((dd_str){ bytes, sizeof bytes });
    (void)sink;
    dd_stage_move(was);
}

void dd_stage_request(void)
{
    if (!dd_stage_on || ++watch.requests < DD_STAGE_WINDOW)
        return;
    calibrate();
    watch.window.ns[DD_STAGE_calibration] *= DD_STAGE_WINDOW;   /* timed once, told like the others */
    if (watch.windows.n < WINDOWS_MAX)
        dd_vec_push(&watch.windows, watch.window);
    watch.window   = (sums){ { 0 } };
    watch.requests = 0;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void dd_stage_report(dd_buf *out)
{
#define AS_NAME(name) #name,
    static const char *const names[] = { DD_STAGES(AS_NAME) };
#undef AS_NAME
    size_t n = watch.windows.n, quartile = n / 4;
    if (n) {
        int64_t *one = dd_malloc(n * sizeof *one);
        dd_buf_printf(out, "%zu requests:", n * DD_STAGE_WINDOW);
        for (int s = 0; s < DD_STAGE_COUNT; s++) {
            for (size_t i = 0; i < n; i++)
                one[i] = watch.windows.v[i].ns[s];
            qsort(one, n, sizeof *one, by_size);
            dd_buf_printf(out, " %s %.3f", names[s], (double)one[quartile] / (DD_STAGE_WINDOW * 1000.0));
        }
        free(one);
    }
    dd_vec_free(&watch.windows);
    dd_stage_on    = false;
    watch.window   = (sums){ { 0 } };
    watch.requests = 0;
}
