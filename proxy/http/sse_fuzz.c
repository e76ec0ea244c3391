/* Any bytes, in pieces whose sizes the input's end says: the same events as in one piece, and the same end. */
#include <stdlib.h>
#include <string.h>

#include "proxy/http/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(dd_buf *out, char mark, dd_str s)
{
    dd_buf_printf(out, "%c%zu:", mark, s.len);
    dd_buf_add(out, s);
}

static void note(void *ctx, const dd_sse_event *e)
{
    dd_buf *out = ctx;
    add(out, 'e', e->event);
    add(out, 'd', e->data);
    add(out, e->id.ptr ? 'i' : '-', e->id);
    dd_buf_printf(out, "%lld\n", (long long)e->retry);
}

static void read_all(dd_str text, const uint8_t *sizes, size_t n, dd_buf *out)
{
    dd_sse s;
    dd_sse_init(&s, 200);
    for (size_t at = 0, i = 0; at < text.len; i++) {
        size_t end  = n ? at + sizes[i % n] % 32 : text.len;
        dd_str part = dd_str_sub(text, at, end);
        char  *copy = dd_strdup(part);
        at += part.len;
        bool alive = dd_sse_feed(&s, (dd_str){ copy, part.len }, note, out);
        free(copy);
        if (!alive)
            break;
    }
    dd_buf_printf(out, "%d", dd_sse_finish(&s, note, out));
    if (s.data.len > 200 || s.line.len > 200)
        abort();
    dd_sse_fini(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n    = size < 8 ? 0 : 4;
    dd_str text = { (const char *)data, size - n };
    dd_buf whole = DD_BUF_INIT(0), pieces = DD_BUF_INIT(0);
    uint8_t sizes[4] = { 1, 2, 3, 5 };
    memcpy(sizes, data + size - n, n);
    sizes[0] |= 1; /* not zeros alone */
    read_all(text, NULL, 0, &whole);
    read_all(text, sizes, 4, &pieces);
    if (!dd_str_eq(dd_buf_str(&whole), dd_buf_str(&pieces)))
        abort();
    dd_buf_free(&whole);
    dd_buf_free(&pieces);
    return 0;
}
