/* Any bytes as a usage file: an error that names the file, or rules whose numbers are -1 or not negative. */
#include <stdlib.h>
#include <string.h>

#include "cmd/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_usage_file u   = { 0 };
    dd_err        err = DD_ERR_INIT;
    dd_code       rc  = dd_usage_parse(&u, (dd_str){ (const char *)data, size }, "usage file", NULL, &err);
    if (rc != DD_OK && strncmp(err.msg, "usage file", 10) != 0)
        abort();
    for (size_t i = 0; i < u.n_rules; i++)
        if (u.rules[i].calls < -1 || u.rules[i].tokens_in < -1 || u.rules[i].tokens_out < -1)
            abort();
    dd_usage_fini(&u);
    return 0;
}
