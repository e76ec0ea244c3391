/* Any bytes: an error with a message, or a tree whose every value knows its line. */
#include <stdlib.h>

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const dd_yaml *y, const cJSON *node)
{
    if (dd_yaml_line(y, node) == 0)
        abort();
    for (const cJSON *child = node->child; child; child = child->next)
        check(y, child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dd_err   err = DD_ERR_INIT;
    dd_yaml *y   = dd_yaml_parse((dd_str){ (const char *)data, size }, "file", &err);
    if (!y && !err.msg[0])
        abort();
    if (y)
        for (const cJSON *child = dd_yaml_root(y)->child; child; child = child->next)
            check(y, child);
    dd_yaml_free(y);
    return 0;
}
