/* Any bytes as the file of a time zone: none, or one with its changes in order, that can be asked for each of those moments. */
#include <stdlib.h>

#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 400 };
    int64_t at[MOST];
    int32_t offsets[MOST], first = 0;
    dd_tz  *z = dd_tz_read((dd_str){ (const char *)data, size });
    size_t  n = z ? dd_tz_changes(z, INT64_C(4102444800), at, offsets, MOST, &first) : 0;
    for (size_t i = 1; i < n; i++)
        if (at[i] <= at[i - 1])
            abort();
    for (size_t i = 0; i < n; i++)
        (void)dd_tz_offset(z, at[i]);
    dd_tz_free(z);
    return 0;
}
