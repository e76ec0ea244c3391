/* Any bytes as another gateway's configuration: a message, or a dd0c.yaml that the reader takes. */
#include <stdlib.h>

#include "base/yaml.h"
#include "cmd/config.h"
#include "cmd/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    typedef dd_code              reader_fn(dd_import *im, const cJSON *root, dd_err *err);
    static reader_fn *const      readers[] = { dd_import_litellm, dd_import_portkey, dd_import_policy };
    dd_err                       err       = DD_ERR_INIT;
    dd_yaml                     *yaml      = size ? dd_yaml_parse((dd_str){ (const char *)data + 1, size - 1 }, "source", &err) : NULL;
    dd_import                    im        = { 0 };
    dd_buf                       out       = DD_BUF_INIT(0);
    if (yaml) {
        dd_import_reserve(&im, dd_yaml_root(yaml));
        if (readers[data[0] % DD_COUNT(readers)](&im, dd_yaml_root(yaml), &err) == DD_OK) {
            dd_config c;
            dd_import_write(&im, "fuzz", "source", &out);
            dd_config_init(&c);
            if (dd_config_parse(&c, dd_buf_str(&out), "result", &err) != DD_OK)
                abort();
            dd_config_fini(&c);
        }
    }
    dd_yaml_free(yaml);
    dd_import_fini(&im);
    dd_buf_free(&out);
    return 0;
}
