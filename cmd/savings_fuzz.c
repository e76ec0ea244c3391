/* A period is days, in order, that have begun, and days before them to compare with; a time is one wherever the same text is read again. */
#include <assert.h>

#include "cmd/savings.h"
#include "cmd/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t now_s = 1795183200; /* 2026-11-20T14:00:00Z */
    dd_str               text  = { (const char *)data, size };
    dd_savings           s     = { .now_s = now_s };
    dd_err               err   = DD_ERR_INIT;
    dd_day               today = dd_day_of((dd_wall){ now_s });
    int64_t              ms = -1, again = -2;
    if (dd_savings_period(text, &s, &err) == DD_OK) {
        assert(s.from < s.to && s.from <= today && s.to <= today + 1 && s.open == (s.to == today + 1));
        assert(s.before_from < s.before_to && s.before_to <= s.from && s.to - s.from <= 3660);
    } else {
        assert(err.code == DD_ERR_USAGE && err.msg[0] != '\0');
    }
    if (dd_tail_since(text, now_s * 1000, &ms))
        assert(dd_tail_since(text, now_s * 1000, &again) && ms == again && size <= 32);
    return 0;
}
