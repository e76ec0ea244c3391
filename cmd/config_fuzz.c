/* Any bytes as a configuration: an error that names the file, or settings within their ranges. */
#include <stdlib.h>
#include <string.h>

#include "cmd/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_config c   = { 0 };
    dd_err    err = DD_ERR_INIT;
    dd_code   rc  = dd_config_parse(&c, (dd_str){ (const char *)data, size }, "config", &err);
    if (rc != DD_OK && strncmp(err.msg, "config", 6) != 0)
        abort();
    if (c.scan.calls < 0 || c.scan.max_monthly < 0 || c.scan.max_filesize < 0 || c.prices.max_age_days < 0)
        abort();
    dd_config_fini(&c);
    return 0;
}
