#include "tests/unit/gz.h"

#include <zlib.h>

#include "tests/unit/test.h"

bool dd_test_gz(const char *path, dd_buf *out)
{
    char   piece[8192];
    int    n = -1;
    gzFile f = gzopen(path, "rb");
    while (f && (n = gzread(f, piece, sizeof piece)) > 0)
        dd_buf_add(out, (dd_str){ piece, (size_t)n });
    if (f)
        gzclose(f);
    if (n < 0)
        dd_test_fail(__FILE__, __LINE__, "cannot read %s", path);
    return n == 0;
}
