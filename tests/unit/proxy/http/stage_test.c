/* Where a worker's time goes, by stage. */
#include "proxy/http/stage.h"

#include <stdlib.h>

#include "base/time.h"
#include "tests/unit/test.h"

static double told(dd_str line, const char *stage)
{
    ptrdiff_t at = dd_str_findz(line, stage);
    return at < 0 ? -1 : strtod(line.ptr + at + strlen(stage), NULL);
}

static void spend(int64_t ns)
{
    for (int64_t until = dd_mono_now().ns + ns; dd_mono_now().ns < until;)
        ;
}

TEST(stages_are_told_apart_and_once)
{
    dd_buf line = DD_BUF_INIT(0);
    dd_stage_enter(DD_STAGE_auth);
    dd_stage_request();
    dd_stage_report(&line);
    CHECK_EQ(line.len, 0, "nothing is watched before it is asked for");
    dd_stage_start();
    for (int i = 0; i < DD_STAGE_WINDOW; i++) {
        dd_stage_enter(DD_STAGE_auth);
        spend(5000);
        CHECK_EQ(dd_stage_enter(DD_STAGE_loop), DD_STAGE_auth, "whose time it was is told");
        dd_stage_request();
    }
    dd_stage_report(&line);
    dd_buf_z(&line);
    CHECK_EQ(dd_str_startsz(dd_buf_str(&line), "128 requests:"), true, "one window");
    CHECK_EQ(told(dd_buf_str(&line), " auth ") >= 5, true, "5 us were spent in a stage, for each request");
    CHECK_EQ(told(dd_buf_str(&line), " route ") == 0, true, "and none in another");
    CHECK_EQ(told(dd_buf_str(&line), " calibration ") > 0, true, "a fixed piece of work is timed beside");
    dd_buf_clear(&line);
    dd_stage_report(&line);
    CHECK_EQ(line.len, 0, "the watch has ended");
    dd_buf_free(&line);
}
