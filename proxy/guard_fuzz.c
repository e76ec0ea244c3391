/* Cut anywhere, the guard gives the same bytes; where there is nothing to clean, those that came in. */
#include "proxy/guard.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool ok)
{
    if (!ok)
        abort();
}

static bool clean(void *ctx, dd_str text, dd_buf *out)
{
    ptrdiff_t at = *(bool *)ctx ? dd_str_findz(text, "KEY") : -1;
    if (at < 0)
        return false;
    for (; at >= 0; at = dd_str_findz(text, "KEY")) {
        dd_buf_add(out, dd_str_sub(text, 0, (size_t)at));
        dd_buf_addc(out, '*');
        text = dd_str_sub(text, (size_t)at + 3, text.len);
    }
    dd_buf_add(out, text);
    return true;
}

static void pass(dd_str in, size_t step, bool cleans, dd_buf *out)
{
    dd_guard g = { .through = false };
    for (size_t at = 0; at < in.len; at += step)
        dd_buf_add(out, dd_guard_feed(&g, dd_str_sub(in, at, at + step), clean, &cleans));
    dd_buf_add(out, dd_guard_end(&g, clean, &cleans));
    dd_guard_fini(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str in = { (const char *)data + 1, size ? size - 1 : 0 };
    dd_buf out[3] = { 0 };
    if (!size)
        return 0;
    pass(in, 1 + data[0] % 61, false, &out[0]);
    demand(dd_str_eq(dd_buf_str(&out[0]), in));
    pass(in, 1 + data[0] % 61, true, &out[1]);
    pass(in, 1, true, &out[2]);
    demand(dd_str_eq(dd_buf_str(&out[1]), dd_buf_str(&out[2])));
    for (int i = 0; i < 3; i++)
        dd_buf_free(&out[i]);
    return 0;
}
