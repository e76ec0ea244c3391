/* Any header: what is read can be written and read again, and is the same; what has a wrong byte is not read. */
#include <stdlib.h>

#include "route/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t span_of(const char *hex)
{
    uint64_t v = 0;
    for (int i = 0; i < 16; i++)
        v = v << 4 | (uint64_t)dd_hex_digit(hex[i]);
    return v;
}

static bool same(const dd_traceparent *a, const dd_traceparent *b)
{
    return strcmp(a->trace_id, b->trace_id) == 0 && strcmp(a->parent_span, b->parent_span) == 0 && a->sampled == b->sampled;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_traceparent a, b;
    char           text[56];
    if (!dd_traceparent_read((dd_str){ (const char *)data, size }, &a))
        return 0;
    if (size < 55 || memcmp(a.trace_id, data + 3, 32) != 0 || span_of(a.parent_span) == 0)
        abort();
    dd_traceparent_write(a.trace_id, span_of(a.parent_span), a.sampled, text);
    if (!dd_traceparent_read(dd_str_z(text), &b) || !same(&a, &b))
        abort();
    return 0;
}
