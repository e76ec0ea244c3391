/* Any bytes: redacted twice is redacted once, nothing grows, and a fixed buffer gets the same text. */
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str text = { (const char *)data, size };
    dd_buf once = DD_BUF_INIT(0), twice = DD_BUF_INIT(0);
    dd_redact(text, &once);
    dd_redact(dd_buf_str(&once), &twice);
    if (!dd_str_eq(dd_buf_str(&once), dd_buf_str(&twice)) || dd_redact_needed(dd_buf_str(&once)) || once.len > size)
        abort();
    if (dd_redact_needed(text) != !dd_str_eq(text, dd_buf_str(&once)))
        abort();
    size_t cap   = size ? data[0] % (size + 1) : 0;
    char  *fixed = dd_malloc(cap + 1);
    size_t n     = dd_redact_into(fixed, cap, text);
    if (n != (cap < once.len ? cap : once.len) || (n && memcmp(fixed, once.ptr, n) != 0))
        abort();
    free(fixed);
    dd_buf_free(&once);
    dd_buf_free(&twice);
    return 0;
}
