/* Any bytes: refused, or a record that, written again, reads as the same event; frames taken whole and frame by frame agree. */
#include "store/record.h"

#include <stddef.h>

static void same_again(dd_str bytes)
{
    static dd_attempt a[DD_RECORD_ATTEMPTS], b[DD_RECORD_ATTEMPTS];
    dd_event          first, second;
    dd_buf            one = DD_BUF_INIT(0), two = DD_BUF_INIT(0);
    if (dd_record_read(bytes, &first, a, NULL) != DD_OK)
        return;
    char  *again = dd_malloc(dd_record_bound(&first));
    size_t n = dd_record_write(&first, again);
    if (n > dd_record_bound(&first) || dd_record_read((dd_str){ again, n }, &second, b, NULL) != DD_OK)
        abort();
    char  *third = dd_malloc(dd_record_bound(&second));
    size_t m = dd_record_write(&second, third);
    if (m != n || memcmp(again, third, n) != 0)
        abort();
    dd_event_json(&second, &one);
    if (one.len == 0 || memchr(one.ptr, '\n', one.len) != NULL)
        abort();
    free(again);
    free(third);
    dd_buf_free(&one);
    dd_buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str bytes = { (const char *)data, size }, rest = bytes;
    dd_frame f;
    bool   damaged;
    same_again(bytes);
    dd_buf sealed = DD_BUF_INIT(0);
    while (dd_frame_take(&rest, &f)) {
        same_again(f.record);
        dd_frame_add(&sealed, f);
    }
    dd_frames_seal(sealed.ptr, sealed.len);
    rest = dd_buf_str(&sealed);
    while (dd_frame_check(&rest, &f, &damaged))
        continue;
    if (rest.len != 0 && !damaged)
        abort();
    dd_buf_free(&sealed);
    return 0;
}
