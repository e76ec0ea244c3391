/* Property: more text around a text takes nothing away from it, wherever it comes to lie. */
#include <stdlib.h>
#include <string.h>

#include "scan/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_str  text = { (const char *)data, size };
    dd_lang lang = size && data[0] & 1 ? DD_LANG_PYTHON : DD_LANG_TYPESCRIPT;
    if (size < 2 || size > 4096 || !dd_prefilter(text, lang))
        return 0;
    size_t before = 1 + data[size - 1] % 64;
    char  *more   = malloc(before + size + 1);
    memset(more, '\n', before);
    memcpy(more + before, data, size);
    more[before + size] = '\n';
    if (!dd_prefilter((dd_str){ more, before + size + 1 }, lang))
        abort();
    free(more);
    return 0;
}
